// SPDX-License-Identifier: GPL-3.0-or-later
// Asks the API, follows its events, shows names: as text only, for what devices call themselves may be hostile.
// Secrets go in headers, never in a URL.

const CHUNK = 200; // rows that are drawn at once
const PAGE = 1000; // names that the API gives at once
const FEW = 20; // over so many changed names the whole list is fetched
const REST_MS = 100; // at least between two rounds of fetching what has changed
const SILENCE_MS = 45000; // the stream says something every 30 s
const STORED = "ddnsd-login";

const at = (id) => document.getElementById(id);
const on = (id, kind, job) => at(id).addEventListener(kind, job);
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const relative = new Intl.RelativeTimeFormat("en");
const number = new Intl.NumberFormat();

const SOURCES = { admin: "Administrator", registered: "Registered", lease: "DHCP lease", zone: "The zone itself" };
const STATES = {
	confirmed: ["Confirmed", "dnsmasq has answered with it."],
	written: ["Written", "It stands in the file for dnsmasq."],
	waiting: ["Waiting", "It will be written at once."],
	"by-dnsmasq": ["By dnsmasq", "dnsmasq answers it from its own lease."],
	"not-published": ["Not published", "Only ddnsd answers it."],
	off: ["Off", "Publishing is off."],
};

/** Makes an element. Of attributes "text" is its text, and functions are listeners. */
function el(tag, attributes = {}, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) {
		if (value === undefined || value === null || value === false) continue;
		if (name === "text") element.textContent = value;
		else if (typeof value === "function") element.addEventListener(name, value);
		else element.setAttribute(name, value === true ? "" : value);
	}
	element.append(...children.filter((child) => child !== null));
	return element;
}

const plural = (count, one, many) => `${number.format(count)} ${count === 1 ? one : many}`;
const lines = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
const words = (text) => text.split(/[\s,]+/).filter(Boolean);

function show(element, isShown) {
	if (element.hidden === isShown) element.hidden = !isShown;
}

function setText(element, text) {
	if (element.textContent !== text) element.textContent = text;
}

let saidTimer;
function say(text) {
	at("said").textContent = text;
	clearTimeout(saidTimer);
	saidTimer = setTimeout(() => (at("said").textContent = ""), 8000);
}

let skewMs = 0; // the server's clock less ours
const nowMs = () => Date.now() + skewMs;

const UNITS = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60]];

function relativeText(ms) {
	const s = (ms - nowMs()) / 1000;
	for (const [unit, length] of UNITS) {
		if (Math.abs(s) >= length) return relative.format(Math.trunc(s / length), unit);
	}
	return s > 5 ? "in a moment" : "just now";
}

const timeElement = (iso) => el("time", { datetime: iso, title: exact.format(Date.parse(iso)), text: relativeText(Date.parse(iso)) });

function duration(ms) {
	const hours = Math.max(1, Math.ceil(ms / 3600000));
	return hours < 48 ? `${hours}h` : `${Math.ceil(hours / 24)}d`;
}

class Refused extends Error {
	constructor(status, error, hint) {
		super(error);
		this.status = status;
		this.hint = hint || "";
	}
}

let session = null; // of one log-in: {login, abort, ...}; whatever belongs to an older one is dropped

/** RFC 6750; null when it cannot be right. */
function authorization(login) {
	const text = `${login.name}:${login.secret}`;
	return /^[\x21-\x7e]+$/.test(text) ? `Bearer ${text}` : null;
}

async function request(method, path, { body, signal } = {}) {
	const headers = {};
	if (session.login) {
		headers.Authorization = authorization(session.login);
		if (!headers.Authorization) throw new Refused(401, "", "");
	}
	if (body !== undefined) headers["Content-Type"] = "application/json";
	const response = await fetch(path, {
		method, headers, signal: signal || session.abort.signal, body: body && JSON.stringify(body),
		cache: "no-store", credentials: "omit", redirect: "error",
	});
	if (response.ok) return response;
	const answer = await response.json().catch(() => ({}));
	const wait = response.headers.get("Retry-After");
	throw new Refused(response.status, answer.error || `The server answered ${response.status}`,
		[wait && `Try again in ${wait} seconds.`, answer.hint].filter(Boolean).join(" "));
}

async function ask(method, path, body) {
	const response = await request(method, path, { body });
	return response.status === 204 ? null : response.json();
}

const namePath = (name) => `v1/names/${encodeURIComponent(name)}`;

let status = null;
let names = new Map();
let sortBy = "name";
let isAscending = true;
let shown = CHUNK;
let total = 0; // rows that the search leaves
const facts = new WeakMap(); // of a name: what it is sorted and found by, its row

const me = () => (status && status.you.identity) || null;
const isAdmin = () => Boolean(status && status.you.admin);
const zones = () => status.zones.filter((zone) => !zone.reverse).map((zone) => zone.zone);

const mayChange = (item) => me() && item.source !== "zone" && (isAdmin() || item.owner === me());
const mayDelete = (item) => mayChange(item) && item.source !== "lease";

/** What follows a DHCP lease is nobody's. */
const ownerText = (item) => (item.source === "lease" ? "" : item.owner);

const recordLine = (record) => `${record.type} ${record.data}`;
const isAddress = (record) => record.type === "A" || record.type === "AAAA";

/** When the first of its records goes, or the lease that it follows. */
function soonest(item) {
	const ends = [...item.records, ...(item.source === "lease" ? item.leases : [])].map((one) => one.expires).filter(Boolean);
	return ends.length ? ends.reduce((one, other) => (one < other ? one : other)) : null;
}

function factsOf(item) {
	let fact = facts.get(item);
	if (!fact) {
		const records = [...item.records].sort((one, other) => isAddress(other) - isAddress(one));
		const leases = item.leases.map((lease) => `${lease.hardware} ${lease.duid} ${lease.client_name}`);
		const [state] = STATES[item.publication.state];
		fact = {
			records,
			expires: soonest(item),
			text: [item.name, ...records.map(recordLine), item.owner,
				SOURCES[item.source], state, ...leases].join("\n").toLowerCase(),
			isReverse: /\.(in-addr|ip6)\.arpa$/.test(item.name),
			row: null,
		};
		fact.sort = {
			name: item.name, records: records.length ? recordLine(records[0]) : "", source: SOURCES[item.source],
			owner: ownerText(item), changed: item.changed, expires: fact.expires || "9999", state,
		};
		facts.set(item, fact);
	}
	return fact;
}

function chosen() {
	const wanted = words(at("search").value.toLowerCase());
	const list = [...names.values()].filter((item) => {
		const { text } = factsOf(item);
		return wanted.every((word) => text.includes(word));
	});
	const way = isAscending ? 1 : -1;
	return list.sort((one, other) => {
		const [a, b] = [factsOf(one), factsOf(other)];
		return (sortBy === "name" && a.isReverse - b.isReverse) || way * collator.compare(a.sort[sortBy], b.sort[sortBy]) ||
			collator.compare(one.name, other.name);
	});
}

const COLUMNS = [
	["name", "Name"], ["records", "Addresses"], ["source", "Source"], ["owner", "Owner"],
	["changed", "Changed"], ["expires", "Expires"], ["state", "In dnsmasq"],
];

function drawHeads() {
	at("heads").append(...COLUMNS.map(([key, title]) => el("th", { scope: "col", role: "columnheader", "data-key": key },
		el("button", { text: title, click: () => sort(key, key === sortBy ? !isAscending : true) }))),
	el("th", { scope: "col", role: "columnheader", class: "doing" }, el("span", { class: "unseen", text: "Actions" })));
	at("sort-by").append(...COLUMNS.map(([key, title]) => el("option", { value: key, text: title })));
}

function showSort() {
	for (const head of at("heads").children) {
		if (head.dataset.key === sortBy) head.setAttribute("aria-sort", isAscending ? "ascending" : "descending");
		else head.removeAttribute("aria-sort");
	}
	at("sort-by").value = sortBy;
	at("sort-way").textContent = isAscending ? "↑ Ascending" : "↓ Descending";
}

function sort(key, ascending) {
	sortBy = key;
	isAscending = ascending;
	shown = CHUNK;
	showSort();
	draw();
}

function recordElement(record) {
	return el("span", { class: "data" }, el("span", { class: "type", text: record.type }), `\u200b${record.data}`);
}

function nameParts(item) {
	if (item.name === item.zone || !item.name.endsWith(`.${item.zone}`)) return [item.name];
	const cut = item.name.length - item.zone.length - 1;
	return [item.name.slice(0, cut), el("wbr"), el("span", { class: "zone", text: item.name.slice(cut) })];
}

function recordsCell(item) {
	const records = factsOf(item).records.filter((record) => record.type !== "SOA");
	const most = records.length > 4 ? 3 : 4;
	const cell = records.slice(0, most).map(recordElement);
	if (records.length > most) cell.push(el("span", { class: "soft", text: `and ${records.length - most} more` }));
	return el("div", {}, ...cell);
}

function stateCell(item) {
	const { state, why } = item.publication;
	const [word, meaning] = STATES[state];
	const isSaid = !why || state === "by-dnsmasq" || why === status.publication.problem;
	return el("div", {}, el("span", { class: `state ${state}`, title: why || meaning, text: word }),
		isSaid ? null : el("span", { class: "why", title: why, text: why }));
}

function makeRow(item) {
	const { expires } = factsOf(item);
	const cell = (key, ...children) => el("td", { role: "cell", "data-head": COLUMNS.find((column) => column[0] === key)[1] }, ...children);
	const button = (act, text, kind) => el("button", { class: kind, "data-act": act, "aria-label": `${text} ${item.name}`, text });
	return el("tr", { role: "row", "data-name": item.name },
		el("th", { scope: "row", role: "rowheader" },
			el("button", { "data-act": "details" }, ...nameParts(item))),
		cell("records", recordsCell(item)),
		cell("source", el("span", { text: SOURCES[item.source] })),
		cell("owner", el("span", { text: ownerText(item) || "–" })),
		cell("changed", timeElement(item.changed)),
		cell("expires", expires ? timeElement(expires) : el("span", { class: "soft", text: "Never" })),
		cell("state", stateCell(item)),
		el("td", { role: "cell", class: "doing" },
			mayChange(item) ? button("change", "Change") : null,
			mayDelete(item) ? button("delete", "Delete", "danger") : null));
}

function focusPlace() {
	const button = document.activeElement;
	if (!at("rows").contains(button) || !button.dataset.act) return null;
	return { name: button.closest("tr").dataset.name, act: button.dataset.act };
}

function focusOn(place) {
	const row = [...at("rows").children].find((one) => one.dataset.name === place.name);
	const button = row && (row.querySelector(`[data-act=${place.act}]`) || row.querySelector("button"));
	(button || at("names")).focus();
}

function rowOf(item) {
	const fact = factsOf(item);
	fact.row = fact.row || makeRow(item);
	return fact.row;
}

/** Rows that stay are not touched: they keep the focus, and what is selected in them. */
function placeRows(list) {
	const body = at("rows");
	const place = focusPlace();
	const wanted = new Set(list.map(rowOf));
	for (const row of [...body.children]) if (!wanted.has(row)) row.remove();
	let next = body.firstElementChild;
	for (const row of wanted) {
		if (row === next) next = row.nextElementSibling;
		else body.insertBefore(row, next);
	}
	if (place && !body.contains(document.activeElement)) focusOn(place);
}

function showEmpty(isEmpty) {
	const box = at("empty");
	const isSearch = at("search").value.trim() !== "";
	show(box, isEmpty);
	show(at("table"), !isEmpty);
	if (!isEmpty) return;
	const [head, text, button] = box.children;
	show(button, isSearch);
	setText(head, isSearch ? "Nothing fits the search" : "No names yet");
	setText(text, isSearch ? `No name, address or owner has “${at("search").value.trim()}” in it.`
		: `${me() ? "Add" : "Log in to add"} the first one here; or give a device a key, and it registers itself.`);
}

let isComplete = false; // the list has been fetched whole, once

function draw() {
	if (!status) return;
	const list = chosen();
	total = list.length;
	placeRows(list.slice(0, shown));
	const left = total - Math.min(shown, total);
	show(at("more"), left > 0);
	setText(at("more"), `Show ${number.format(Math.min(left, CHUNK))} more of ${number.format(left)}`);
	const all = plural(names.size, "name", "names");
	setText(at("count"), !isComplete ? `${all}, and more are coming …`
		: total === names.size ? all : `${number.format(total)} of ${all}`);
	showEmpty(total === 0 && isComplete);
}

let isDrawing = false;

/** However much comes, it is drawn once a frame; and not at all while nobody sees it. */
function drawSoon() {
	if (isDrawing) return;
	isDrawing = true;
	requestAnimationFrame(() => {
		isDrawing = false;
		draw();
	});
}

function showMore() {
	if (shown >= total) return;
	const first = at("rows").children.length;
	const hadFocus = document.activeElement === at("more");
	shown += CHUNK;
	draw();
	if (hadFocus) at("rows").children[first].querySelector("button").focus();
}

function forgetRows() {
	for (const item of names.values()) factsOf(item).row = null;
}

function publicationText(p) {
	if (p.mode === "none") return "ddnsd answers by itself; publishing to dnsmasq is off (publish { mode = \"none\" }).";
	if (p.problem) return p.problem[0].toUpperCase() + p.problem.slice(1);
	if (p.state === "dirty") return "A change is on its way to dnsmasq.";
	if (p.state === "written") {
		return `Publication ${p.number} is written; ${p.confirm ? "dnsmasq has not answered it yet."
			: "nobody asks dnsmasq whether it has read it (publish { confirm = \"\" })."}`;
	}
	if (!p.confirmed_number) return "Nothing has been published yet.";
	return `dnsmasq answered publication ${p.confirmed_number} after ${number.format(Number(p.confirm_ms.toFixed(1)))} ms.`;
}

function showHealth() {
	const { database, leases, configuration, publication } = status;
	const troubles = [
		database.error && `The database: ${database.error}`,
		leases.error && `The leases: ${leases.error}`,
		configuration.error && `The configuration that is in force is an older one, for the new one has errors: ${configuration.error}`,
	].filter(Boolean);
	const [level, head] = database.error ? ["bad", "Changes cannot be stored"]
		: publication.problem ? ["bad", "dnsmasq does not answer as it should"]
		: troubles.length ? ["warn", "Something needs a look"] : ["good", "All is well"];
	at("health").className = `card ${level}`;
	setText(at("health-head"), head);
	setText(at("health-text"), publicationText(publication));
	at("troubles").replaceChildren(...troubles.map((trouble) => el("li", { text: trouble })));
	const { names: n } = status;
	setText(at("facts"), [`In all, ${number.format(n.admin)} by administrators, ${number.format(n.registered)} registered, ${number.format(n.lease)} from DHCP leases.`,
		`ddnsd ${status.version}, started ${relativeText(nowMs() - 1000 * status.uptime_s)}.`,
		status.quiet_s > 0 ? `As after each start, nothing expires yet; it does ${relativeText(nowMs() + 1000 * status.quiet_s)}.` : ""].join(" "));
	show(at("health"), true);
}

function showUnreachable() {
	at("health").className = "card bad";
	setText(at("health-head"), "ddnsd does not answer");
	setText(at("health-text"), "What stands here may be out of date. If it stays so, look on the server: systemctl status ddnsd");
	at("troubles").replaceChildren();
	setText(at("facts"), "");
	show(at("health"), true);
}

function setStatus(fresh) {
	const before = status && `${me()} ${isAdmin()}`;
	status = fresh;
	skewMs = Date.parse(fresh.time) - Date.now();
	if (before !== null && before !== `${me()} ${isAdmin()}`) forgetRows();
	setText(at("where"), ` in ${zones().join(", ")}`);
	document.title = `Names${at("where").textContent}`;
	setText(at("who"), me() ? `${me()}${isAdmin() ? " (admin)" : ""}` : "");
	show(at("login-open"), !me());
	show(at("logout"), Boolean(session.login));
	show(at("keys-open"), isAdmin());
	show(at("add"), Boolean(me()));
	show(at("names"), true);
	if (session.isArriving) at("names").focus();
	session.isArriving = false;
	showHealth();
}

async function loadStatus() {
	const mine = session;
	const fresh = await ask("GET", "v1/status");
	if (mine === session) setStatus(fresh);
}

/** Names that stay the same keep their object, and so their row. */
function keep(item) {
	const old = names.get(item.name);
	return old && JSON.stringify(old) === JSON.stringify(item) ? old : item;
}

async function loadAll() {
	const mine = session;
	const isFirst = !isComplete;
	const fresh = new Map();
	mine.isLoading = true;
	mine.dirty.clear();
	try {
		const first = ask("GET", `v1/names?limit=${PAGE}`);
		first.catch(() => {}); // where the status fails too, that is what is told
		const [now, page] = [await ask("GET", "v1/status"), await first];
		if (mine !== session) return;
		setStatus(now);
		for (let answer = page; ; ) {
			for (const item of answer.names) fresh.set(item.name, keep(item));
			if (answer.next === null) break;
			if (isFirst) {
				names = fresh;
				drawSoon();
			}
			answer = await ask("GET", `v1/names?limit=${PAGE}&after=${encodeURIComponent(answer.next)}`);
			if (mine !== session) return;
		}
		names = fresh;
		isComplete = true;
		drawSoon();
	} finally {
		mine.isLoading = false;
	}
	flushSoon();
}

async function loadName(name) {
	const mine = session;
	const item = await orNull(ask("GET", namePath(name)));
	if (mine !== session) return;
	if (!item) {
		names.delete(name);
		return;
	}
	const kept = keep(item);
	if (kept === names.get(item.name)) return;
	rowOf(kept).className = "new";
	names.set(item.name, kept);
}

/** One after the other: a server may allow few connections from one address. */
async function loadSome(mine, dirty) {
	mine.isLoading = true;
	try {
		await loadStatus();
		for (const name of dirty) {
			if (mine !== session) return;
			mine.dirty.delete(name);
			await loadName(name);
		}
	} finally {
		mine.isLoading = false;
	}
	drawSoon();
}

/** Of names that dnsmasq had not yet confirmed a publication may tell more. */
function markUnsettled() {
	for (const { name, publication } of names.values()) {
		if (["waiting", "written"].includes(publication.state)) session.dirty.add(name);
	}
}

async function flush() {
	const mine = session;
	const began = performance.now();
	mine.flushTimer = null;
	if (mine.isLoading || document.hidden) return;
	if (mine.isPublished) markUnsettled();
	mine.isPublished = false;
	const dirty = [...mine.dirty];
	try {
		if (dirty.length > FEW) await loadAll();
		else await loadSome(mine, dirty);
		// A flood of changes leaves the browser, and ddnsd, most of their time.
		mine.restMs = Math.max(REST_MS, 2 * (performance.now() - began));
	} catch (error) {
		if (mine !== session) return;
		for (const name of dirty) mine.dirty.add(name);
		mine.restMs = 5000;
		notice(error);
	}
	if (mine === session) flushSoon();
}

/** While the tab is hidden, nothing; once it is seen, all. */
function flushSoon() {
	const mine = session;
	if (mine.flushTimer || document.hidden || !(mine.dirty.size || mine.isPublished)) return;
	mine.flushTimer = setTimeout(() => mine === session && flush(), mine.restMs);
}

function onEvent(kind, data) {
	if (kind === "change") session.dirty.add(data.name);
	else if (kind === "publication") session.isPublished = true;
	flushSoon();
}

function eventReader() {
	let rest = "";
	return (text) => {
		const blocks = (rest + text).split("\n\n");
		rest = blocks.pop();
		for (const block of blocks) {
			const fields = {};
			for (const line of block.split("\n")) {
				const cut = line.indexOf(": ");
				if (cut > 0) fields[line.slice(0, cut)] = line.slice(cut + 2);
			}
			if (fields.event && fields.data) onEvent(fields.event, JSON.parse(fields.data));
		}
	};
}

function showLive(isLive, text) {
	at("live").classList.toggle("is-live", isLive);
	setText(at("live-text"), text);
	show(at("live"), true);
	show(at("retry"), !isLive);
}

async function follow(mine) {
	const abort = new AbortController();
	const stop = () => abort.abort();
	mine.stop = stop;
	let timer = setTimeout(stop, SILENCE_MS);
	mine.abort.signal.addEventListener("abort", stop);
	try {
		const response = await request("GET", "v1/events", { signal: abort.signal });
		const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
		const feed = eventReader();
		await loadAll();
		mine.tries = 0;
		mine.isLive = true;
		showLive(true, "Live");
		for (;;) {
			const { value, done } = await reader.read();
			if (done || mine !== session) return;
			clearTimeout(timer);
			timer = setTimeout(stop, SILENCE_MS);
			feed(value);
		}
	} finally {
		clearTimeout(timer);
		mine.abort.signal.removeEventListener("abort", stop);
		stop();
	}
}

async function live() {
	const mine = session;
	while (mine === session) {
		let failure = null;
		try {
			await follow(mine);
		} catch (error) {
			failure = error;
		}
		if (mine !== session) return;
		if ([401, 403, 429].includes(failure?.status)) return askForLogin(failure);
		// ddnsd ends streams whenever keys have changed: then it is there at once.
		const wasLive = mine.isLive;
		mine.isLive = false;
		if (wasLive && mine.spare-- > 0) continue;
		const isRefused = failure instanceof Refused; // the stream, but not the rest
		const reason = isRefused ? failure.message.toLowerCase() : "connection lost";
		if (!isRefused) showUnreachable();
		else await loadAll().catch(showUnreachable);
		if (mine !== session) return;
		// 1, 2, 4 ... 30 s, more or less, so that not all pages come at once.
		const ms = Math.min(30000, 1000 * 2 ** mine.tries++) * (0.75 + Math.random() / 2);
		showLive(false, `Not live: ${reason}. Trying again in ${Math.ceil(ms / 1000)} s.`);
		await rest(mine, ms);
	}
}

/** Until then, or until somebody hurries it; nothing is tried while the tab is hidden. */
function rest(mine, ms) {
	return new Promise((resolve) => {
		mine.hurry = resolve;
		setTimeout(() => document.hidden || resolve(), ms);
	});
}

function notice(error) {
	if (error.name === "AbortError") return;
	if (error.status === 401) askForLogin(error);
	else if (error instanceof Refused) say([error.message, error.hint].filter(Boolean).join(". "));
}

function storedLogin() {
	try {
		return JSON.parse(sessionStorage.getItem(STORED));
	} catch {
		return null;
	}
}

function store(login) {
	try {
		if (login) sessionStorage.setItem(STORED, JSON.stringify(login));
		else sessionStorage.removeItem(STORED);
	} catch {
		// The browser allows no storage: then it lasts as long as the page.
	}
}

function renew(login) {
	if (session) session.abort.abort();
	session = {
		login, abort: new AbortController(), stop() {}, hurry() {}, // its requests; its stream
		tries: 0, isLive: false, spare: 5,
		dirty: new Set(), isPublished: false, isLoading: false, flushTimer: null, restMs: REST_MS, // what is to be fetched
	};
	status = null;
	names = new Map();
	isComplete = false;
	shown = CHUNK;
	at("rows").replaceChildren();
	for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
	for (const id of ["names", "health", "live", "retry", "login-open", "logout", "keys-open", "login"]) show(at(id), false);
	setText(at("who"), "");
	say("");
}

function start(login) {
	renew(login);
	showLive(false, "Connecting …");
	show(at("retry"), false);
	live();
}

function openLogin(error) {
	const form = at("login-form");
	showError(form, error);
	show(at("login"), true);
	show(at("login-cancel"), Boolean(status));
	show(at("login-open"), false);
	at(at("login-name").value ? "login-secret" : "login-name").focus();
}

function askForLogin(error) {
	const { login } = session;
	const wasIn = login && status;
	store(null);
	renew(null);
	if (error.status !== 401) openLogin(error);
	else if (wasIn) openLogin(new Refused(401, `The key ${login.name} is not accepted any more.`, "It was deleted, or has another secret now."));
	else if (login) openLogin(new Refused(401, "That name and secret do not fit together.", "The secret is the long text that came with the key."));
	else openLogin(null);
}

on("login-form", "submit", (event) => {
	event.preventDefault();
	const login = { name: at("login-name").value.trim(), secret: at("login-secret").value.trim() };
	at("login-secret").value = "";
	store(at("login-keep").checked ? login : null);
	start(login);
	session.isArriving = true;
});
on("login-open", "click", () => openLogin(null));
on("login-cancel", "click", () => {
	show(at("login"), false);
	show(at("login-open"), true);
	at("login-open").focus();
});
on("logout", "click", () => {
	store(null);
	at("login-name").value = "";
	start(null);
	say("You are logged out.");
});
on("retry", "click", () => session.hurry());

function showError(form, error, field) {
	const box = form.querySelector(".error");
	for (const old of form.querySelectorAll("[aria-invalid]")) old.removeAttribute("aria-invalid");
	show(box, Boolean(error));
	if (!error) return;
	const text = error instanceof TypeError ? "ddnsd does not answer." : error.message;
	box.replaceChildren(el("strong", { text }), el("span", { text: error.hint || "" }));
	if (field) {
		field.setAttribute("aria-invalid", "true");
		field.focus();
	}
	box.scrollIntoView({ block: "nearest" });
}

/** The browser gives the focus back to the opener; but a row may have been drawn again, or be gone. */
function openDialog(dialog, onClose = () => {}) {
	const place = focusPlace();
	dialog.showModal();
	dialog.addEventListener("close", () => {
		onClose();
		// Of a closed dialog a button may have the focus until the next frame.
		const { activeElement } = document;
		if (activeElement !== document.body && !dialog.contains(activeElement)) return;
		const below = document.querySelector("dialog[open]");
		if (below) below.querySelector("[autofocus]").focus();
		else if (place) focusOn(place);
		else at("names").focus();
	}, { once: true });
}

/** What a form's button does, once at a time. True: it went well. */
async function run(form, job) {
	const button = form.querySelector("[type=submit]");
	if (button.disabled) return false;
	const mine = session;
	button.disabled = true;
	showError(form, null);
	try {
		await job();
		return mine === session;
	} catch (error) {
		if (mine !== session) return false;
		if (error.status === 401) askForLogin(error);
		else showError(form, error);
		return false;
	} finally {
		button.disabled = false;
		// Disabled, it has lost the focus.
		if (document.activeElement === document.body) button.focus();
	}
}

for (const button of document.querySelectorAll(".close")) button.addEventListener("click", () => button.closest("dialog").close());

const term = (title, ...values) => [el("dt", { text: title }), el("dd", {}, ...values)];

const expiry = (one) => (one.expires ? ["expires ", timeElement(one.expires)] : ["does not expire"]);

function detailedRecord(record) {
	return el("li", {}, recordElement(record), el("span", { class: "soft" }, `TTL ${record.ttl} s, `, ...expiry(record)));
}

function leaseElement(lease) {
	return el("li", {}, el("span", { class: "data", text: lease.address }),
		el("span", { class: "soft" }, [lease.hardware, lease.client_name && `calls itself “${lease.client_name}”`, `from ${lease.server}`]
			.filter(Boolean).join(", "), ", ", ...expiry(lease)),
		lease.why ? el("span", { class: "why", text: lease.why }) : null);
}

function openDetails(item) {
	const p = item.publication;
	const [state, meaning] = STATES[p.state];
	at("details-title").textContent = item.name;
	at("details-body").replaceChildren(
		el("dl", {}, ...term("In dnsmasq", `${state}. ${p.why || meaning}`,
			p.state === "confirmed" && p.confirm_ms !== null ? ` It answered publication ${p.number} after ${p.confirm_ms.toFixed(1)} ms.` : ""),
		...term("Source", SOURCES[item.source]), ...term("Owner", ownerText(item) || "nobody in particular"),
		...term("Created", timeElement(item.created)), ...term("Changed", timeElement(item.changed))),
		el("h3", { text: "Records" }), el("ul", {}, ...factsOf(item).records.map(detailedRecord)),
		...(item.leases.length ? [el("h3", { text: "DHCP leases" }), el("ul", {}, ...item.leases.map(leaseElement))] : []));
	openDialog(at("details"));
}

let edited = null; // the name that is changed, as it was seen; null: a new one

const dataOf = (item) => (item ? item.records : []).map(recordLine).join(", ");

function openEdit(item) {
	const records = item ? item.records.filter((record) => record.type !== "SOA") : [];
	const ttls = new Set(records.map((record) => record.ttl));
	const isLease = item && item.source === "lease";
	edited = item;
	showError(at("edit"), null);
	at("edit-title").textContent = item ? `Change ${item.name}` : "Add a name";
	show(at("edit-note"), Boolean(isLease));
	show(at("edit-name-field"), !item);
	at("edit-name").value = "";
	at("edit-name-hint").textContent = `For example nas; without a dot it is below ${zones()[0] || "the zone"}.`;
	at("edit-addresses").value = records.filter(isAddress).map((record) => record.data).join("\n");
	at("edit-addresses").rows = Math.min(8, 2 + records.length);
	at("edit-records").value = records.filter((record) => !isAddress(record)).map(recordLine).join("\n");
	const expires = item && !isLease && factsOf(item).expires;
	at("edit-lease").value = expires ? duration(Date.parse(expires) - nowMs()) : "";
	at("edit-lease-hint").textContent = `As 12h or 7d. Empty: ${isAdmin() ? "it does not expire" : "as long as the zone gives"}.`;
	at("edit-ttl").value = ttls.size === 1 ? [...ttls][0] : "";
	at("edit-ttl-hint").textContent = ttls.size > 1 ? "Empty: each record keeps its own." : "How long others may remember it. Empty: as the zone has it.";
	show(at("edit-owner-field"), isAdmin());
	at("edit-owner").value = item && item.owner !== me() && !isLease ? item.owner : "";
	at("edit-rest").open = Boolean(at("edit-records").value);
	if (isAdmin()) {
		ask("GET", "v1/keys").then(({ keys }) => at("owners").replaceChildren(...keys.map((key) => el("option", { value: key.name }))), () => {});
	}
	openDialog(at("edit"));
	at(item ? "edit-addresses" : "edit-name").focus();
}

function editedBody() {
	const ttl = at("edit-ttl").value.trim();
	const lease = at("edit-lease").value.trim();
	const owner = at("edit-owner").value.trim();
	const old = new Map((edited ? edited.records : []).map((record) => [recordLine(record), record.ttl]));
	const body = { addresses: [], records: [] };
	const add = (type, data) => {
		const before = ttl === "" ? old.get(`${type} ${data}`) : undefined;
		body.records.push(before === undefined ? { type, data } : { type, data, ttl: before });
	};
	for (const text of words(at("edit-addresses").value)) {
		const type = text.includes(":") ? "AAAA" : "A";
		if (old.has(`${type} ${text}`)) add(type, text);
		else body.addresses.push(text);
	}
	for (const line of lines(at("edit-records").value)) {
		const [, type, data] = /^(\S+)\s*(.*)$/.exec(line);
		add(type.toUpperCase(), data);
	}
	if (ttl !== "") body.ttl = /^\d+$/.test(ttl) ? Number(ttl) : ttl;
	if (lease !== "") body.lease = lease;
	if (owner !== "" && isAdmin()) body.owner = owner;
	return body;
}

function editProblem() {
	const name = at("edit-name").value.trim();
	if (!edited && !name) return ["The name is missing.", at("edit-name")];
	if (!edited && /[^!-~]/.test(name)) return ["A name has no blanks, and of letters only a to z.", at("edit-name")];
	if (!at("edit-addresses").value.trim() && !at("edit-records").value.trim()) {
		return [edited ? "Nothing would be left. To remove the name, delete it." : "An address, or another record, is missing.", at("edit-addresses")];
	}
	return null;
}

at("edit").querySelector("form").addEventListener("submit", async (event) => {
	event.preventDefault();
	const problem = editProblem();
	if (problem) {
		showError(at("edit"), new Error(problem[0]), problem[1]);
		return;
	}
	const name = edited ? edited.name : at("edit-name").value.trim();
	let saved = null;
	const isGood = await run(at("edit"), async () => {
		const now = await orNull(ask("GET", namePath(name)));
		if (edited && dataOf(now) !== dataOf(edited)) {
			edited = now || { name, records: [] };
			throw new Refused(409, "It has changed meanwhile.", `Now it has: ${dataOf(now) || "nothing"}. Save again to have it as it stands here.`);
		}
		if (!edited && now) throw new Refused(409, `${name} is there already.`, "Find it in the list and change it there.");
		saved = await ask("PUT", namePath(name), editedBody());
	});
	if (!isGood) return;
	at("edit").close();
	session.dirty.add(saved.name);
	flushSoon();
	say(edited ? `${saved.name} is changed.` : `${saved.name} is added.`);
});

/** null where the API has no such thing. */
function orNull(promise) {
	return promise.catch((error) => {
		if (error.status === 404) return null;
		throw error;
	});
}

let deletion = null; // what the button does

function confirmDeletion(title, text, job) {
	deletion = job;
	showError(at("confirm"), null);
	at("confirm-title").textContent = title;
	at("confirm-text").textContent = text;
	openDialog(at("confirm"));
}

at("confirm").querySelector("form").addEventListener("submit", async (event) => {
	event.preventDefault();
	if (await run(at("confirm"), deletion)) at("confirm").close();
});

function openDelete(item) {
	const { records } = factsOf(item);
	const first = records.slice(0, 3).map((record) => record.data).join(", ");
	const rest = records.length > 3 ? ` and ${plural(records.length - 3, "other record", "other records")}` : "";
	confirmDeletion(`Delete ${item.name}?`,
		`${first}${rest} will not be found under this name any more. A device that has a key for it may register it again.`,
		async () => {
			await orNull(ask("DELETE", namePath(item.name)));
			names.delete(item.name);
			draw();
			say(`${item.name} is deleted.`);
		});
}

on("rows", "click", (event) => {
	const button = event.target.closest("[data-act]");
	const item = button && names.get(button.closest("tr").dataset.name);
	if (!item) return;
	if (button.dataset.act === "details") openDetails(item);
	else if (button.dataset.act === "change") openEdit(item);
	else openDelete(item);
});

function keyElement(key) {
	const grants = key.allow.map((grant) => grant.replace(/^\*\.self\b/, "names below its own").replace(/^self\b/, "its own name"));
	return el("li", {}, el("div", {}, el("strong", { text: key.name }),
		el("div", { text: key.admin ? "Administrator: may change any name" : `May change: ${grants.join(", ") || "nothing"}` }),
		key.from.length ? el("div", { text: `Only from ${key.from.join(", ")}` }) : null,
		el("div", { class: "soft" }, `${plural(key.names, "name", "names")}, `,
			...(key.last_used ? ["last used ", timeElement(key.last_used), key.last_from ? ` from ${key.last_from}` : ""] : ["never used"]))),
	key.made ? el("button", { class: "danger", text: "Delete", "aria-label": `Delete key ${key.name}`, click: () => deleteKey(key) }) : null);
}

async function showKeys() {
	const answer = await ask("GET", "v1/keys");
	at("key-list").replaceChildren(...(answer.keys.length ? answer.keys.map(keyElement)
		: [el("li", { text: "There is no key yet. Make one for the first device." })]));
}

async function openKeys() {
	showError(at("keys"), null);
	at("key-list").replaceChildren(el("li", { class: "soft", text: "Asking …" }));
	openDialog(at("keys"));
	await showKeys().catch((error) => {
		at("key-list").replaceChildren();
		showError(at("keys"), error);
	});
}

function deleteKey(key) {
	confirmDeletion(`Delete key ${key.name}?`,
		`Whatever device has it cannot change names any more, at once. It has ${plural(key.names, "name, which stays", "names, which stay")} until deleted or expired.`,
		async () => {
			await ask("DELETE", `v1/keys/${encodeURIComponent(key.name)}`);
			await showKeys();
		});
}

function openNewKey() {
	showError(at("key-form"), null);
	for (const id of ["key-name", "key-from"]) at(id).value = "";
	at("key-look").checked = false;
	at("key-may").replaceChildren(
		el("option", { value: "self A AAAA TXT", text: "Its own name" }),
		el("option", { value: "self\n*.self", text: "Its own name and those below it" }),
		...zones().map((zone) => el("option", { value: `*.${zone} A AAAA TXT`, text: `All free names in ${zone}` })));
	openDialog(at("key"));
	at("key-name").focus();
}

on("key-form", "submit", async (event) => {
	event.preventDefault();
	const name = at("key-name").value.trim();
	const allow = lines(at("key-may").value);
	if (!name) return showError(at("key-form"), new Error("The name is missing."), at("key-name"));
	if (at("key-look").checked) allow.push("look");
	let made = null;
	const isGood = await run(at("key-form"), async () => {
		made = await ask("POST", "v1/keys", { name, algorithm: "hmac-sha256", allow, from: words(at("key-from").value) });
	});
	if (!isGood) return;
	at("key").close();
	openMade(made);
	showKeys().catch(() => {});
});

function nameFor(key) {
	const within = zones().some((zone) => key.name === zone || key.name.endsWith(`.${zone}`));
	if (key.allow.some((grant) => /^self\b/.test(grant))) return within ? key.name : `${key.name}.${zones()[0]}`;
	return `NAME.${zones()[0]}`;
}

function nsupdateText(key, name) {
	const zone = zones().find((one) => name.endsWith(`.${one}`)) || zones()[0];
	return `umask 077
cat >${key.name}.key <<'END'
key "${key.name}" { algorithm ${key.algorithm}; secret "${key.secret}"; };
END
nsupdate -k ${key.name}.key <<END
server ${location.hostname.replace(/[[\]]/g, "")} ${(status.dns.listen[0] || "").replace(/^.*:/, "")}
zone ${zone}
update delete ${name} A
update add ${name} 60 A $(hostname -I | cut -d' ' -f1)
send
END
`;
}

function ddclientText(key, name) {
	return `# /etc/ddclient.conf, mode 600; put your interface for eth0
daemon=300
protocol=dyndns2
use=if, if=eth0
server=${location.host}
ssl=${location.protocol === "https:" ? "yes" : "no"}
login=${key.name}
password='${key.secret}'
${name}
`;
}

function fritzText(key, name) {
	return `Update URL:  ${location.origin}/nic/update?hostname=<domain>&myip=<ipaddr>&myipv6=<ip6addr>&ip6lanprefix=<ip6lanprefix>&dualstack=<dualstack>
Domain name: ${name}
User name:   ${key.name}
Password:    ${key.secret}
`;
}

async function copyFrom(element, told) {
	try {
		await navigator.clipboard.writeText(element.textContent);
		told.textContent = "Copied.";
	} catch {
		// Without TLS browsers give no clipboard; then the old way.
		getSelection().selectAllChildren(element);
		told.textContent = document.execCommand("copy") ? "Copied." : "It is selected; copy it with Ctrl+C.";
	}
}

function copyable(element, what) {
	const told = el("span", { role: "status", class: "soft" });
	return [element, el("p", {}, el("button", { text: "Copy", "aria-label": `Copy ${what}`, click: () => copyFrom(element, told) }), " ", told)];
}

function snippet(title, text) {
	return el("details", {}, el("summary", { text: title }), ...copyable(el("pre", { tabindex: 0, "aria-label": title, text }), title));
}

function openMade(key) {
	const name = nameFor(key);
	at("made-title").textContent = `Key ${key.name} is made`;
	at("made-body").replaceChildren(
		el("h3", { text: "Secret", id: "made-secret" }),
		...copyable(el("output", { "aria-labelledby": "made-secret", text: key.secret }), "the secret"),
		el("h3", { text: "Ready to paste" }),
		snippet("nsupdate, on Linux", nsupdateText(key, name)),
		snippet("ddclient", ddclientText(key, name)),
		snippet("FritzBox: Internet, Permit Access, DynDNS", fritzText(key, name)));
	openDialog(at("made"), () => at("made-body").replaceChildren());
}

on("search", "input", () => {
	shown = CHUNK;
	draw();
});
on("search", "keydown", (event) => {
	if (event.key !== "Escape" || !at("search").value) return;
	event.preventDefault();
	at("search").value = "";
	draw();
});
at("empty").querySelector("button").addEventListener("click", () => {
	at("search").value = "";
	draw();
	at("search").focus();
});
on("sort-by", "change", () => sort(at("sort-by").value, true));
on("sort-way", "click", () => sort(sortBy, !isAscending));
on("add", "click", () => openEdit(null));
on("keys-open", "click", openKeys);
on("key-new", "click", openNewKey);
on("more", "click", showMore);
new IntersectionObserver((entries) => entries[0].isIntersecting && showMore(), { rootMargin: "600px" }).observe(at("more"));
addEventListener("beforeprint", () => {
	shown = Infinity;
	draw();
});

function tick() {
	for (const time of document.querySelectorAll("time")) setText(time, relativeText(Date.parse(time.dateTime)));
	if (!isComplete) return;
	const now = new Date(nowMs() - 2000).toISOString();
	for (const item of names.values()) {
		const { expires } = factsOf(item);
		if (expires && expires < now) session.dirty.add(item.name);
	}
	flushSoon();
}

function refresh() {
	session.spare = 5;
	if (isComplete) loadStatus().catch(notice);
}

let timers = [];

function keepTime() {
	timers.forEach(clearInterval);
	timers = document.hidden ? [] : [setInterval(tick, 20000), setInterval(refresh, 60000)];
}

document.addEventListener("visibilitychange", () => {
	keepTime();
	if (document.hidden) return;
	session.hurry();
	refresh();
	tick();
});
// A stream through a network that went away may never end.
addEventListener("online", () => {
	session.stop();
	session.hurry();
});

for (const hint of document.querySelectorAll("[id$=-hint]")) at(hint.id.slice(0, -5)).setAttribute("aria-describedby", hint.id);
drawHeads();
showSort();
keepTime();
start(storedLogin());
