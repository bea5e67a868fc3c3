/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The paths, who may use them, and the answers: a line a host (rules 45, 47), or JSON (rule 48). */
#include "doors/dyndns.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "doors/dyndns_state.h"
#include "wire/json.h"

enum {
	BODY_MAX = 16 << 10,
	ANSWER_MAX = 256 << 10,
	/* One host's names and records, and what the service makes of them. */
	SCRATCH_MAX = 4 << 20,
	RETRY_STORE_S = 10,
	RETRY_AFTER_MAX = 16,
	ERROR_MAX = 512,
};

static const char json_path[] = "/v1/update";

static const char *const paths[] = { "/nic/update", "/nic/dyndns", "/v3/update", "/update",
	"/dyndns/update", json_path };

/* The one place where a verdict becomes a word and a status. No error says "good" or "nochg". */
struct wording {
	const char *word;
	unsigned code;
	const char *error;
	const char *hint;
};

static const struct wording wordings[VERDICTS] = {
	[VERDICT_CHANGED] = { "good", 200, "", "" },
	[VERDICT_UNCHANGED] = { "nochg", 200, "", "" },
	[VERDICT_NO_LOGIN] = { "badauth", 401, "no key with that name and secret",
	    "a key's name and secret, as Basic or Bearer credentials" },
	[VERDICT_NOT_FROM_THERE] = { "badauth", 403, "the key may not be used from there",
	    "`from` in the key's block lists its networks" },
	[VERDICT_LOCKED_OUT] = { "abuse", 429, "too many wrong secrets came from there",
	    "Retry-After tells when the right one is looked at again" },
	[VERDICT_TOO_OFTEN] = { "abuse", 429, "over its updates a minute",
	    "updates-per-minute in the key's block, or in limits, sets this" },
	[VERDICT_MALFORMED] = { "notfqdn", 400, "malformed",
	    "a query, a form, or a JSON object; openapi.yaml lists the parameters" },
	[VERDICT_NO_HOST] = { "notfqdn", 400, "no host is named", "give hostname=NAME" },
	[VERDICT_NO_NAME] = { "notfqdn", 400, "not a full domain name",
	    "give it with its zone, as in desk.home.arpa" },
	[VERDICT_TOO_MANY_HOSTS] = { "numhost", 400, "over 20 hosts in one request",
	    "send them in several requests" },
	[VERDICT_NO_ZONE] = { "nohost", 404, "in no zone of this server",
	    "ddnsctl zone lists the zones" },
	[VERDICT_NO_GRANT] = { "nohost", 403, "no grant of the key covers it with these types",
	    "a grant in the key's block would: allow = {\"NAME A AAAA\"}" },
	[VERDICT_ANOTHERS] = { "nohost", 409, "it belongs to somebody else",
	    "it is free when its owner deletes it or its lease ends; an administrator may give "
	    "it away (ddnsctl add NAME --owner KEY)" },
	[VERDICT_NO_ADDRESS] = { "dnserr", 400, "no usable address", "give myip=ADDRESS" },
	[VERDICT_ALIAS] = { "dnserr", 409, "a CNAME stands there, and nothing stands beside one",
	    "delete it first: ddnsctl del NAME CNAME" },
	[VERDICT_TOO_MANY_ADDRESSES] = { "dnserr", 429, "over its limit of addresses or data",
	    "addresses-per-name in limits sets this" },
	[VERDICT_TOO_MANY_NAMES] = { "numhost", 429, "a limit for names is reached",
	    "names-per-key and names in limits set these; the log says which" },
	[VERDICT_STORE] = { "911", 503, "it cannot be stored",
	    "nothing was changed; the database in \"ddnsctl status\" tells the cause" },
};

bool
dyndns_has_path(const char *path)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		if (strcmp(paths[i], path) == 0)
			return true;
	}
	return false;
}

void
dyndns_judge_all(struct dyndns_call *call, enum verdict verdict)
{
	for (size_t i = 0; i < DYNDNS_HOSTS_MAX; i++)
		call->results[i] = (struct dyndns_result){ .verdict = verdict };
}

static bool
is_detailed(const struct dyndns_call *call, enum verdict verdict)
{
	return (verdict == VERDICT_NO_ADDRESS || verdict == VERDICT_MALFORMED) &&
	    call->problem[0] != '\0';
}

const char *
dyndns_verdict_text(const struct dyndns_call *call, enum verdict verdict)
{
	return is_detailed(call, verdict) ? call->problem : wordings[verdict].error;
}

const char *
dyndns_verdict_hint(const struct dyndns_call *call, enum verdict verdict)
{
	return is_detailed(call, verdict) ? "" : wordings[verdict].hint;
}

/* --- answers --- */

/* True when it says the same of every host, once. */
static bool
is_of_request(enum verdict verdict)
{
	return verdict >= VERDICT_NO_LOGIN && verdict <= VERDICT_TOO_MANY_HOSTS;
}

/* One line a result; there is one, also where no host was named. */
static size_t
count_results(const struct dyndns_call *call)
{
	if (is_of_request(call->results[0].verdict) || call->request.host_count == 0)
		return 1;
	return call->request.host_count;
}

static bool
is_well(const struct dyndns_result *result)
{
	return wordings[result->verdict].code == 200;
}

/* "good 192.0.2.1,2001:db8::1" */
static void
write_line(const struct dyndns_result *result, struct buffer *body)
{
	(void)buffer_append_text(body, wordings[result->verdict].word);
	for (size_t i = 0; i < result->address_count && is_well(result); i++) {
		char address[ADDRESS_TEXT_MAX];

		(void)buffer_append_text(body, i == 0 ? " " : ",");
		(void)buffer_append_text(body, address_to_text(&result->addresses[i], address));
	}
	(void)buffer_append_text(body, "\n");
}

static json_t *
host_to_json(const struct dyndns_host *host)
{
	char text[NAME_TEXT_MAX];
	json_t *json = json_string(
	    host->is_name ? name_to_text(host->name.wire, text) : host->text);

	/* Where it is no UTF-8. */
	return json != NULL ? json : json_null();
}

static json_t *
result_to_json(const struct dyndns_host *host, const struct dyndns_result *result)
{
	json_t *addresses = json_array();

	for (size_t i = 0; i < result->address_count && is_well(result); i++) {
		char address[ADDRESS_TEXT_MAX];

		(void)json_array_append_new(addresses,
		    json_string(address_to_text(&result->addresses[i], address)));
	}
	return json_pack("{s:o, s:s, s:o}", "host", host_to_json(host), "result",
	    wordings[result->verdict].word, "addresses", addresses);
}

/* Those that were looked at; {"results"}, and what went wrong first. */
static json_t *
answer_to_json(const struct dyndns_call *call, const struct dyndns_host *host,
    const struct dyndns_result *failed)
{
	json_t *object = json_object();
	json_t *results = json_array();
	char error[ERROR_MAX];

	for (size_t i = 0; i < call->request.host_count && !is_of_request(call->results[0].verdict);
	     i++)
		(void)json_array_append_new(results,
		    result_to_json(&call->request.hosts[i], &call->results[i]));
	if (failed != NULL) {
		(void)snprintf(error, sizeof(error), "%s%s%s", host != NULL ? host->text : "",
		    host != NULL ? ": " : "", dyndns_verdict_text(call, failed->verdict));
		(void)json_object_set_new(object, "error", json_string(error));
		/* A text of octets that are no UTF-8 does without the host. */
		if (json_object_get(object, "error") == NULL)
			(void)json_object_set_new(object, "error",
			    json_string(wordings[failed->verdict].error));
		(void)json_object_set_new(object, "hint",
		    json_string(wordings[failed->verdict].hint));
	}
	(void)json_object_set_new(object, "results", results);
	return object;
}

static int
append_chunk(const char *bytes, size_t length, void *context)
{
	return buffer_append(context, bytes, length) == STATUS_OK ? 0 : -1;
}

/* Returns the answer's status. */
static unsigned
write_json(const struct dyndns_call *call, struct buffer *body)
{
	const struct dyndns_result *failed = NULL;
	const struct dyndns_host *host = NULL;
	json_t *json;

	for (size_t i = 0; i < count_results(call) && failed == NULL; i++) {
		if (is_well(&call->results[i]))
			continue;
		failed = &call->results[i];
		host = call->request.host_count > i ? &call->request.hosts[i] : NULL;
	}
	if (failed != NULL && failed->verdict <= VERDICT_TOO_OFTEN)
		host = NULL;
	json = answer_to_json(call, host, failed);
	if (json == NULL || json_dump_callback(json, append_chunk, body, JSON_COMPACT) != 0)
		body->status = STATUS_NO_MEMORY;
	json_decref(json);
	(void)buffer_append_text(body, "\n");
	return failed != NULL ? wordings[failed->verdict].code : 200;
}

/* Only who is not let in gets another status: clients of dyndns2 look at nothing else then. */
static unsigned
write_text(const struct dyndns_call *call, struct buffer *body)
{
	enum verdict first = call->results[0].verdict;

	for (size_t i = 0; i < count_results(call); i++)
		write_line(&call->results[i], body);
	return first == VERDICT_NO_LOGIN || first == VERDICT_NOT_FROM_THERE ? 401 : 200;
}

static void
send_answer(struct dyndns_call *call)
{
	char retry_after[RETRY_AFTER_MAX];
	struct buffer body;
	unsigned code;

	buffer_init(&body, ANSWER_MAX);
	code = call->is_json ? write_json(call, &body) : write_text(call, &body);
	if (call->retry_after_s == 0 && code == 503)
		call->retry_after_s = RETRY_STORE_S;
	(void)snprintf(retry_after, sizeof(retry_after), "%u", call->retry_after_s);
	if (call->retry_after_s > 0)
		http_add_header(call->exchange, "Retry-After", retry_after);
	/* A browser that is asked for Basic keeps what it is told, for other sites' requests too. */
	if (code == 401)
		http_add_header(call->exchange, "WWW-Authenticate",
		    call->is_json ? "Bearer realm=\"ddnsd\"" : "Basic realm=\"ddnsd\"");
	if (body.status != STATUS_OK)
		(void)http_answer(call->exchange, 503, NULL, NULL, 0);
	else
		(void)http_answer(call->exchange, code,
		    call->is_json ? "application/json" : "text/plain", body.data, body.length);
	buffer_release(&body);
}

static void
refuse_method(struct http_exchange *exchange, bool is_json)
{
	static const char text[] = "Only GET and POST update.\n";
	static const char json[] =
	    "{\"error\":\"only GET and POST update\",\"hint\":\"PUT and DELETE are for "
	    "/v1/names/NAME\"}\n";

	http_add_header(exchange, "Allow", "GET, POST");
	(void)http_answer(exchange, 405, is_json ? "application/json" : "text/plain",
	    is_json ? json : text, strlen(is_json ? json : text));
}

/* --- requests --- */

/* False: it is answered by its verdict. */
static bool
is_let_in(struct dyndns_call *call)
{
	const struct http_peer *peer = http_peer(call->exchange);

	if (peer->login == STATUS_LIMITED) {
		call->retry_after_s = peer->wait_s > 0 ? peer->wait_s : 1;
		dyndns_judge_all(call, VERDICT_LOCKED_OUT);
	} else if (peer->login == STATUS_REFUSED) {
		dyndns_judge_all(call, VERDICT_NOT_FROM_THERE);
	} else if (peer->principal == NULL || peer->login != STATUS_OK) {
		dyndns_judge_all(call, VERDICT_NO_LOGIN);
	} else {
		return true;
	}
	return false;
}

static void
log_malformed(struct dyndns_call *call, enum verdict verdict)
{
	uint64_t left_out;

	if (log_limit_allows(&call->dyndns->strangers, &left_out))
		log_warning("dyndns: refused a request for %s from %s: %s; %s",
		    http_peer(call->exchange)->principal->identity, http_peer(call->exchange)->who,
		    dyndns_verdict_text(call, verdict), wordings[verdict].hint);
}

static enum status
read_request(struct dyndns_call *call)
{
	struct http_exchange *exchange = call->exchange;
	const char *name;
	const char *body;
	size_t length;

	for (size_t i = 0; (name = http_argument_name(exchange, i)) != NULL; i++)
		dyndns_request_take(&call->request, name, http_argument_value(exchange, i));
	body = http_body(exchange, &length);
	return dyndns_request_take_body(&call->request, http_header(exchange, "Content-Type"), body,
	    length, call->problem);
}

/* True: the answer depends on the turn's commit, if there is to be one. */
static bool
run(struct dyndns_call *call)
{
	enum status status = read_request(call);
	enum verdict verdict = VERDICT_NO_HOST;

	if (!is_let_in(call))
		return false;
	if (status == STATUS_OK && call->request.host_count > 0) {
		dyndns_update(call);
		return true;
	}
	if (status != STATUS_OK)
		verdict = status == STATUS_NO_MEMORY ? VERDICT_STORE : VERDICT_MALFORMED;
	dyndns_judge_all(call, verdict);
	log_malformed(call, verdict);
	return false;
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)path;
	(void)peer;
	return BODY_MAX;
}

static void
receive(void *context, struct http_exchange *exchange)
{
	struct dyndns *dyndns = context;
	bool is_json = strcmp(http_path(exchange), json_path) == 0;
	struct dyndns_call *call;

	if (strcmp(http_method(exchange), "GET") != 0 &&
	    strcmp(http_method(exchange), "POST") != 0) {
		refuse_method(exchange, is_json);
		return;
	}
	call = calloc(1, sizeof(*call));
	if (call == NULL) {
		(void)http_answer(exchange, 503, NULL, NULL, 0);
		return;
	}
	call->dyndns = dyndns;
	call->exchange = exchange;
	call->is_json = is_json;
	dyndns_request_init(&call->request);
	http_keep(exchange, call);
	/* Also "nochg", and a refusal, may rest on what others changed in the open turn. */
	if (run(call) && service_is_dirty(dyndns->service))
		http_wait(exchange);
	else
		send_answer(call);
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	struct dyndns_call *call = http_kept(exchange);

	(void)context;
	for (size_t i = 0; i < count_results(call) && commit_status != STATUS_OK; i++) {
		if (wordings[call->results[i].verdict].code != 400)
			call->results[i] = (struct dyndns_result){ .verdict = VERDICT_STORE };
	}
	send_answer(call);
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	free(http_kept(exchange));
}

/* --- life --- */

struct dyndns *
dyndns_new(struct service *service)
{
	struct dyndns *dyndns = calloc(1, sizeof(*dyndns));

	if (dyndns == NULL)
		return NULL;
	dyndns->service = service;
	dyndns->site = (struct http_site){ dyndns, NULL, body_max, receive, finish, release };
	arena_init(&dyndns->arena, SCRATCH_MAX);
	return dyndns;
}

void
dyndns_free(struct dyndns *dyndns)
{
	if (dyndns == NULL)
		return;
	arena_release(&dyndns->arena);
	free(dyndns);
}

void
dyndns_set_lease(struct dyndns *dyndns, bool has_lease, uint32_t lease_s)
{
	dyndns->has_lease = has_lease;
	dyndns->lease_s = lease_s;
}

const struct http_site *
dyndns_site(const struct dyndns *dyndns)
{
	return &dyndns->site;
}
