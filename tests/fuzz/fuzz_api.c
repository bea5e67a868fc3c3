/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends sequences of hostile requests to the API's site, with a whole service behind it: methods, paths,
 * queries and bodies; commits that succeed and that fail; readers that wait, and streams.
 *
 * An input is text: requests with a line "%%" between them. Each begins with a line "FLAGS METHOD TARGET",
 * and goes on with the body. Flags: A administrator, E editor, H hook, N nobody; T over TCP, W with a wrong
 * key, L seeing all names; + the turn goes on; ! the commit of the turn fails; a digit: time passes.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fake_exchange.h"
#include "api_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TURN_MAX = 8, LIST_MAX = 1000, TARGET_SIZE = 4096 };

static const int64_t times_s[10] = { 0, 1, 30, 60, 100, 299, 3600, 7200, 86400, 86400 * 40 };

struct call {
	struct http_exchange exchange;
	bool changes; /* it waits for the commit of what it changed */
};

struct site {
	struct api_world all;
	bool is_open; /* a turn has begun */
	struct call *turn[TURN_MAX];
	size_t count;
	struct call *streams[FAKE_STREAMS];
	size_t stream_count;
};

/* What was registered when the turn began, and what is now; kept from input to input. */
static struct buffer before;
static struct buffer after;

/* --- what is true of every answer --- */

static bool
is_known_code(unsigned code)
{
	static const unsigned codes[] = { 200, 201, 204, 400, 401, 403, 404, 405, 409, 429, 503 };

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (code == codes[i])
			return true;
	}
	return false;
}

static void
check_answer(const struct http_exchange *exchange)
{
	unsigned code = exchange->code;
	json_t *json;

	expect(is_known_code(code));
	expect((exchange->type == NULL) == (code == 204));
	expect((fake_header(exchange, "Allow") != NULL) == (code == 405));
	expect((fake_header(exchange, "WWW-Authenticate") != NULL) == (code == 401));
	expect((fake_header(exchange, "Retry-After") != NULL) == (code == 429 || code == 503));
	if (exchange->type == NULL || strcmp(exchange->type, "application/json") != 0) {
		expect(code < 400);
		return;
	}
	json = json_loadb(exchange->answer.data, exchange->answer.length, JSON_REJECT_DUPLICATES,
	    NULL);
	expect(json_is_object(json));
	if (code >= 400) {
		expect(json_string_length(json_object_get(json, "error")) > 0);
		expect(json_is_string(json_object_get(json, "hint")));
	}
	json_decref(json);
}

/* The server lets go of it. */
static void
release(struct site *site, struct call *call)
{
	const struct http_site *door = api_site(site->all.api);

	door->release(door->context, &call->exchange);
	fake_end(&call->exchange);
	free(call);
}

/* --- turns --- */

static void
finish_call(struct site *site, struct call *call, enum status status)
{
	const struct http_site *door = api_site(site->all.api);
	struct http_exchange *exchange = &call->exchange;

	if (exchange->is_waiting)
		door->finish(door->context, exchange, status);
	expect(!exchange->is_waiting && exchange->code != 0);
	if (exchange->is_stream) {
		site->streams[site->stream_count++] = call;
		expect(http_kept(exchange) != NULL);
		return;
	}
	check_answer(exchange);
	if (call->changes && status != STATUS_OK)
		expect(exchange->code == 503 || exchange->code == 400);
	release(site, call);
}

static void
end_turn(struct site *site, bool fails)
{
	enum status status = api_world_commit(&site->all, fails);

	if (status != STATUS_OK) {
		world_serialise(&site->all.world, &after);
		expect(after.length == before.length &&
		    memcmp(after.data, before.data, after.length) == 0);
	}
	if (site->all.is_reload_asked && !fails)
		api_world_replace_keys(&site->all, true);
	api_world_answer_reload(&site->all, fails);
	for (size_t i = 0; i < site->count; i++)
		finish_call(site, site->turn[i], status);
	site->count = 0;
	site->is_open = false;
	publisher_notice(site->all.publisher);
	api_turn_ended(site->all.api);
	expect(registry_names(site->all.world.registry) <= WORLD_NAMES);
}

/* --- requests --- */

struct asking {
	int peer; /* -1: nobody */
	bool is_remote;
	bool is_wrong;
	bool sees_all;
	bool goes_on;
	bool fails;
	int64_t passes_s;
	const char *method;
	const char *target;
	const char *body;
	size_t length;
};

static void
read_flag(char flag, struct asking *request)
{
	static const char peers[] = "AEH";
	const char *peer = flag != '\0' ? strchr(peers, flag) : NULL;

	if (peer != NULL)
		request->peer = (int)(peer - peers);
	else if (flag == 'T')
		request->is_remote = true;
	else if (flag == 'W')
		request->is_wrong = true;
	else if (flag == 'L')
		request->sees_all = true;
	else if (flag == '+')
		request->goes_on = true;
	else if (flag == '!')
		request->fails = true;
	else if (flag >= '0' && flag <= '9')
		request->passes_s = times_s[flag - '0'];
}

/* text ends with a NUL of its own and is taken apart in place. False: it is no request. */
static bool
read_asking(char *text, size_t length, struct asking *request)
{
	char *body = memchr(text, '\n', length);
	char *rest = text;
	char *flags;

	*request = (struct asking){ .peer = -1, .body = "" };
	if (body != NULL) {
		*body++ = '\0';
		request->body = body;
		request->length = length - (size_t)(body - text);
	}
	flags = strsep(&rest, " ");
	request->method = strsep(&rest, " ");
	request->target = rest;
	for (; *flags != '\0'; flags++)
		read_flag(*flags, request);
	return request->method != NULL && request->target != NULL;
}

static struct http_peer
peer_of(struct site *site, const struct asking *request)
{
	struct http_peer peer = {
		.door = request->is_remote ? "http" : "unix",
		.who = "uid 1000",
		.sees_all = !request->is_remote || request->sees_all,
	};

	if (request->is_remote && request->is_wrong) {
		peer.login = STATUS_UNAUTHENTICATED;
		return peer;
	}
	if (request->peer >= 0)
		peer.principal = &site->all.principals[request->peer];
	else if (request->is_remote)
		peer.login = STATUS_NOT_FOUND;
	return peer;
}

static void
take(struct site *site, const struct asking *request)
{
	const struct http_site *door = api_site(site->all.api);
	struct call *call = calloc(1, sizeof(*call));
	struct http_exchange *exchange = &call->exchange;
	struct http_peer peer = peer_of(site, request);
	uint64_t version = registry_version(site->all.world.registry);

	expect(call != NULL);
	if (!fake_begin(exchange, &peer, request->method, request->target, request->body,
		request->length)) {
		free(call);
		return;
	}
	if (request->length >
	    door->body_max(door->context, request->method, exchange->target.path, &peer)) {
		fake_end(exchange);
		free(call);
		return;
	}
	door->receive(door->context, exchange);
	expect(exchange->is_waiting || exchange->code != 0);
	call->changes = exchange->is_waiting && !site->all.is_reload_asked &&
	    strcmp(request->method, "GET") != 0 && strcmp(request->method, "HEAD") != 0 &&
	    strncmp(exchange->target.path, "/v1/restore", 11) != 0;
	if (peer.principal == NULL || (!exchange->is_waiting && exchange->code >= 400))
		expect(registry_version(site->all.world.registry) == version);
	site->turn[site->count++] = call;
}

/* --- what was listed can be had one by one --- */

/* Asks for one thing, in no turn. The caller frees the JSON. */
static json_t *
get(struct site *site, const char *target)
{
	const struct http_site *door = api_site(site->all.api);
	struct http_peer peer = { .door = "unix", .sees_all = true };
	struct call *call = calloc(1, sizeof(*call));
	json_t *json;

	expect(call != NULL && fake_begin(&call->exchange, &peer, "GET", target, "", 0));
	door->receive(door->context, &call->exchange);
	expect(call->exchange.code == 200);
	json = json_loads(call->exchange.answer.data, 0, NULL);
	expect(json != NULL);
	release(site, call);
	return json;
}

static void
check_listing(struct site *site)
{
	char target[TARGET_SIZE];
	json_t *list = get(site, "/v1/names?limit=1000");
	json_t *names = json_object_get(list, "names");
	size_t index;
	json_t *name;

	expect(json_is_null(json_object_get(list, "next")));
	json_array_foreach(names, index, name)
	{
		const char *text = json_string_value(json_object_get(name, "name"));
		char *end = stpcpy(target, "/v1/names/");
		json_t *one;

		for (; *text != '\0'; text++)
			end += sprintf(end, "%%%02x", (unsigned char)*text);
		one = get(site, target);
		expect(json_equal(name, one));
		json_decref(one);
	}
	json_decref(list);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct asking request;
	struct site *site = malloc(sizeof(*site));
	char *rest = text;

	expect(text != NULL && site != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	*site = (struct site){ 0 };
	api_world_build(&site->all);
	while (rest != NULL) {
		char *at = rest;
		char *end = memmem(at, size - (size_t)(at - text), "\n%%\n", 4);
		size_t length = end != NULL ? (size_t)(end - at) : size - (size_t)(at - text);

		rest = end != NULL ? end + 4 : NULL;
		at[length] = '\0';
		if (!read_asking(at, length, &request))
			continue;
		if (!site->is_open)
			world_serialise(&site->all.world, &before);
		site->is_open = true;
		if (request.passes_s > 0 && site->count == 0)
			world_pass(&site->all.world, request.passes_s);
		take(site, &request);
		if (!request.goes_on || site->count == TURN_MAX)
			end_turn(site, request.fails);
	}
	end_turn(site, false);
	check_listing(site);
	for (size_t i = 0; i < site->stream_count; i++)
		release(site, site->streams[i]);
	api_world_release(&site->all);
	free(site);
	free(text);
	return 0;
}
