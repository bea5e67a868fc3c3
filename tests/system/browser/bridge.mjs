// SPDX-License-Identifier: GPL-3.0-or-later
// Drives Chromium for harness/browser.py: a request a line on stdin, an answer a line on stdout, in JSON.
//   {"do": "open", "options": {...}}                  -> a page of its own context: its number
//   {"do": "call", "page": 1, "name": "click", "arguments": [...]}   -> what playwright's page returns
//   {"do": "seen", "page": 1}                         -> requests made, complaints of the browser
//   {"do": "offline", "page": 1, "is": true} | {"do": "axe", "page": 1} | {"do": "close", "page": 1}
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const [, , modules, executable, ...flags] = process.argv;
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const browser = await chromium.launch({ executablePath: executable, args: flags });
const pages = new Map();
let count = 0;

async function open({ timeout, ...options }) {
	const context = await browser.newContext(options);
	context.setDefaultTimeout(timeout);
	const page = await context.newPage();
	const seen = { requests: [], complaints: [] };
	page.on("request", (request) => seen.requests.push({ method: request.method(), url: request.url(), type: request.resourceType() }));
	page.on("pageerror", (error) => seen.complaints.push({ kind: "error", text: String(error), url: "" }));
	page.on("console", (message) => {
		if (message.type() === "error" || message.type() === "warning") {
			seen.complaints.push({ kind: message.type(), text: message.text(), url: message.location().url });
		}
	});
	await page.addInitScript(() => {
		globalThis.violations = [];
		document.addEventListener("securitypolicyviolation", (event) => globalThis.violations.push(`${event.violatedDirective} ${event.blockedURI}`));
	});
	pages.set(++count, { page, context, seen });
	return count;
}

const actions = {
	open: ({ options }) => open(options),
	call: ({ page, name, arguments: given }) => pages.get(page).page[name](...given),
	seen: ({ page }) => pages.get(page).seen,
	offline: ({ page, is }) => pages.get(page).context.setOffline(is),
	axe: async ({ page }) => {
		// By the debugger, which the page's content policy does not bind.
		await pages.get(page).page.evaluate(axe);
		return pages.get(page).page.evaluate("axe.run(document, {resultTypes: ['violations', 'incomplete']})");
	},
	close: async ({ page }) => {
		await pages.get(page).context.close();
		pages.delete(page);
	},
};

/** What JSON has no form for (a response, say) is left out. */
function plain(value) {
	if (value === undefined || value === null) return null;
	return typeof value === "object" && ![Object.prototype, Array.prototype].includes(Object.getPrototypeOf(value)) ? null : value;
}

for await (const line of createInterface({ input: process.stdin })) {
	const request = JSON.parse(line);
	let answer;
	try {
		answer = { value: plain(await actions[request.do](request)) };
	} catch (error) {
		answer = { error: error.message };
	}
	process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
