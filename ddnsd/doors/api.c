/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The API's routes, who may use them, when they run, and how they fail. What they do is in api_*.c. */
#include "doors/api.h"

#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/policy.h"
#include "base/clock.h"
#include "doors/api_state.h"
#include "wire/name.h"

enum {
	/* The changes of one request, and what the service makes of them. */
	SCRATCH_MAX = 4 << 20,
	RETRY_STORE_S = 10,
	RETRY_READERS_S = 2, /* by then a reader that is slow has had its time */
	MINUTE_S = 60,
	RATE_TOKEN = 60000, /* auth/rate_limit.h */
	LISTED_PEER_MAX = 200,
	RETRY_AFTER_MAX = 16,
};

static const char *const list_arguments[] = { "match", "zone", "source", "owner", "limit", "after",
	NULL };
static const char *const delete_arguments[] = { "type", "data", NULL };
static const char *const restore_arguments[] = { "check", NULL };

static const struct api_route routes[] = {
	{ "GET", "/v1/status", api_get_status, API_LOOK, API_CLEAN, 0, NULL },
	{ "GET", "/v1/names", api_list_names, API_LOOK, API_CLEAN, 0, list_arguments },
	{ "GET", "/v1/names/{name}", api_get_name, API_LOOK, API_CLEAN, 0, NULL },
	{ "PUT", "/v1/names/{name}", api_put_name, API_CHANGE, API_TURN, API_BODY_MAX, NULL },
	{ "POST", "/v1/names/{name}", api_post_name, API_CHANGE, API_TURN, API_BODY_MAX, NULL },
	{ "DELETE", "/v1/names/{name}", api_delete_name, API_CHANGE, API_TURN, 0,
	    delete_arguments },
	{ "GET", "/v1/leases", api_list_leases, API_LOOK_AT_ALL, API_CLEAN, 0, NULL },
	{ "POST", "/v1/leases", api_post_lease, API_LEASES, API_TURN, API_BODY_MAX, NULL },
	{ "GET", "/v1/zones", api_list_zones, API_LOOK, API_CLEAN, 0, NULL },
	{ "GET", "/v1/zones/{zone}", api_get_zone, API_LOOK_AT_ALL, API_CLEAN, 0, NULL },
	{ "GET", "/v1/events", api_get_events, API_LOOK, API_CLEAN, 0, NULL },
	{ "GET", "/v1/keys", api_list_keys, API_ADMIN, API_CLEAN, 0, NULL },
	{ "POST", "/v1/keys", api_post_key, API_ADMIN, API_RELOAD, API_KEY_BODY_MAX, NULL },
	{ "DELETE", "/v1/keys/{name}", api_delete_key, API_ADMIN, API_RELOAD, 0, NULL },
	{ "POST", "/v1/reload", api_post_reload, API_ADMIN, API_RELOAD, 0, NULL },
	{ "GET", "/v1/backup", api_get_backup, API_ADMIN, API_CLEAN, 0, NULL },
	{ "POST", "/v1/restore", api_post_restore, API_ADMIN, API_CLEAN, STORE_COPY_MAX,
	    restore_arguments },
};

enum { ROUTES = sizeof(routes) / sizeof(routes[0]) };

/* The one place where a status becomes HTTP's (rule 48). */
struct failure {
	unsigned code;
	const char *error;
	const char *hint;
};

static const char store_hint[] =
    "nothing was changed; the database in \"ddnsctl status\" tells the cause; mend it, and try again";

static const struct failure failures[STATUS_COUNT] = {
	[STATUS_MALFORMED] = { 400, "malformed", "see the API's description (openapi.yaml)" },
	[STATUS_NOT_IMPLEMENTED] = { 400, "not something that ddnsd does", "" },
	[STATUS_BAD_VERSION] = { 400, "of a version that is not known", "" },
	[STATUS_UNAUTHENTICATED] = { 401, "not authenticated", "" },
	[STATUS_REFUSED] = { 403, "not permitted", "grants stand in the configuration" },
	[STATUS_LIMITED] = { 429, "over a limit", "limits stand in the configuration" },
	[STATUS_NOT_OUR_ZONE] = { 404, "in no zone of this server",
	    "ddnsctl zone lists the zones" },
	[STATUS_OUTSIDE_ZONE] = { 400, "outside of its zone", "ddnsctl zone lists the zones" },
	[STATUS_NAME_EXISTS] = { 409, "the name exists", "" },
	[STATUS_NAME_MISSING] = { 404, "no such name",
	    "ddnsctl list shows the names that there are" },
	[STATUS_RRSET_EXISTS] = { 409, "records of that type exist", "" },
	[STATUS_RRSET_MISSING] = { 404, "no such records", "" },
	[STATUS_IO] = { 503, "the database cannot be written", store_hint },
	[STATUS_NO_SPACE] = { 503, "the disk of the database is full", store_hint },
	[STATUS_READ_ONLY] = { 503, "the database is read-only", store_hint },
	[STATUS_DAMAGED] = { 503, "the database is damaged", store_hint },
	[STATUS_TOO_NEW] = { 503, "the database is of a newer ddnsd", store_hint },
	[STATUS_NOT_FOUND] = { 404, "not found", "" },
	[STATUS_PERMISSION] = { 503, "the database may not be written", store_hint },
	[STATUS_TOO_LARGE] = { 503, "more than one answer can carry", "ask for less at a time" },
	[STATUS_NO_MEMORY] = { 503, "out of memory", "nothing was changed; try again" },
};

/* --- answers --- */

void
api_answer_body(struct api_call *call, unsigned code, const char *type)
{
	call->code = code;
	call->type = type;
}

void
api_answer_json(struct api_call *call, unsigned code, json_t *json)
{
	buffer_clear(&call->body);
	api_append(&call->body, json);
	(void)buffer_append_text(&call->body, "\n");
	api_answer_body(call, code, "application/json");
}

void
api_fail(struct api_call *call, unsigned code, const char *hint, const char *format, ...)
{
	char error[API_ERROR_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(error, sizeof(error), format, arguments);
	va_end(arguments);
	api_answer_json(call, code,
	    json_pack("{s:o, s:o}", "error", api_text(error), "hint", api_text(hint)));
	if (code == 503 && call->retry_after_s == 0)
		call->retry_after_s = RETRY_STORE_S;
}

/* Which limit it was: the bucket shows whether it is the one that fills again by itself. */
static void
fail_limited(struct api_call *call, const char *what)
{
	const struct principal *principal = http_peer(call->exchange)->principal;
	const struct rate_limit *updates = &principal->updates;

	call->retry_after_s = MINUTE_S;
	if (updates->per_minute > 0 && updates->level < RATE_TOKEN) {
		call->retry_after_s = (MINUTE_S + updates->per_minute - 1) / updates->per_minute;
		api_fail(call, 429,
		    api_is_local(call)
			? "updates-per-minute of the peer block, or in limits, sets this"
			: "updates-per-minute of the key block, or in limits, sets this",
		    "%s is over its %" PRIu32 " updates a minute", api_who(call),
		    updates->per_minute);
		return;
	}
	api_fail(call, 429,
	    "names-per-key, addresses-per-name and names in limits set these; the log says which",
	    "%s: a limit for names, addresses or data is reached", what);
}

void
api_fail_status(struct api_call *call, enum status status, const char *what)
{
	const struct failure *failure = &failures[status];

	if (status == STATUS_LIMITED && http_peer(call->exchange)->principal != NULL)
		fail_limited(call, what != NULL ? what : call->route->path);
	else
		api_fail(call, failure->code, failure->hint, "%s%s%s", what != NULL ? what : "",
		    what != NULL ? ": " : "", failure->error);
}

/* --- who asks --- */

bool
api_is_local(const struct api_call *call)
{
	return strcmp(http_peer(call->exchange)->door, "unix") == 0;
}

bool
api_sees_machine(const struct api_call *call)
{
	const struct principal *principal = http_peer(call->exchange)->principal;

	return api_is_local(call) || (principal != NULL && principal->is_admin);
}

const char *
api_public_problem(const char *text)
{
	return text[0] != '\0' ? "something is wrong; administrators, and the log, are told what"
			       : "";
}

const char *
api_problem(const struct api_call *call, const char *text)
{
	return api_sees_machine(call) ? text : api_public_problem(text);
}

bool
api_may_see(const struct api_call *call, const uint8_t *name, const char *owner)
{
	const struct http_peer *peer = http_peer(call->exchange);
	struct name zone;
	uint32_t ttl_s;

	if (peer->sees_all)
		return true;
	if (peer->principal == NULL)
		return false;
	return strcmp(peer->principal->identity, owner) == 0 ||
	    (api_find_zone(call->api, name, &zone, &ttl_s) &&
		policy_may_change(peer->principal, zone.wire, name, KNOT_RRTYPE_ANY));
}

bool
api_find_zone(const struct api *api, const uint8_t *name, struct name *ret_zone,
    uint32_t *ret_ttl_s)
{
	const struct zone *zone = NULL;
	struct zone_report report;
	bool is_found = false;

	while ((zone = service_next_zone(api->service, zone, &report)) != NULL) {
		if (!name_is_within(name, report.apex) ||
		    (is_found && name_labels(report.apex) < name_labels(ret_zone->wire)))
			continue;
		name_copy(ret_zone, report.apex);
		*ret_ttl_s = zone_options(zone)->ttl_s;
		is_found = true;
	}
	return is_found;
}

const char *
api_who(const struct api_call *call)
{
	const struct http_peer *peer = http_peer(call->exchange);

	if (peer->principal != NULL)
		return peer->principal->identity;
	return peer->who[0] != '\0' ? peer->who : "somebody unknown";
}

const char *
api_zones_text(const struct api *api, char text[static API_ERROR_MAX])
{
	const struct zone *zone = NULL;
	struct zone_report report;
	size_t used = 0;

	text[0] = '\0';
	while ((zone = service_next_zone(api->service, zone, &report)) != NULL) {
		char apex[NAME_TEXT_MAX];
		int length = snprintf(text + used, API_ERROR_MAX - used, "%s%s",
		    used > 0 ? ", " : "", name_to_text(report.apex, apex));

		if (length < 0 || (size_t)length >= API_ERROR_MAX - used) {
			text[used] = '\0';
			break;
		}
		used += (size_t)length;
	}
	return text;
}

bool
api_read_body(struct api_call *call, const char *const *members, json_t **ret_object)
{
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object = NULL;
	size_t length;
	const char *text = http_body(call->exchange, &length);
	enum status status = json_parse_object(text, length, &object, problem);

	if (status == STATUS_OK && json_has_only(object, members, problem)) {
		*ret_object = object;
		return true;
	}
	json_decref(object);
	if (status == STATUS_NO_MEMORY)
		api_fail_status(call, status, NULL);
	else
		api_fail(call, 400, "the body is one JSON object; openapi.yaml describes it", "%s",
		    problem);
	return false;
}

/* --- routes --- */

/* True when the path is the route's; *ret_rest then points at its value. */
static bool
path_fits(const struct api_route *route, const char *path, const char **ret_rest)
{
	size_t fixed = strcspn(route->path, "{");

	if (strncmp(path, route->path, fixed) != 0)
		return false;
	*ret_rest = path + fixed;
	return (route->path[fixed] == '{') == (path[fixed] != '\0');
}

static bool
method_fits(const struct api_route *route, const char *method)
{
	return strcmp(method, route->method) == 0 ||
	    (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0 &&
		route->handle != api_get_events);
}

/* NULL: none; allow then tells the methods that the path has ("" = there is no such path). */
static const struct api_route *
find_route(const char *method, const char *path, const char **ret_rest,
    char allow[static API_ALLOW_MAX])
{
	size_t used = 0;

	allow[0] = '\0';
	for (size_t i = 0; i < ROUTES; i++) {
		const struct api_route *route = &routes[i];

		if (!path_fits(route, path, ret_rest))
			continue;
		if (method_fits(route, method))
			return route;
		used += (size_t)snprintf(allow + used, API_ALLOW_MAX - used, "%s%s%s",
		    used > 0 ? ", " : "", route->method,
		    method_fits(route, "HEAD") ? ", HEAD" : "");
	}
	*ret_rest = "";
	return NULL;
}

static bool
may(const struct http_peer *peer, enum api_right right)
{
	const struct principal *principal = peer->principal;

	switch (right) {
	case API_LOOK:
		return principal != NULL || peer->sees_all;
	case API_LOOK_AT_ALL:
		return peer->sees_all;
	case API_CHANGE:
		return principal != NULL;
	case API_LEASES:
		/* Hooks run beside us; a key that may lie about leases takes names from devices. */
		return principal != NULL &&
		    (principal->is_admin ||
			(principal->may_tell_leases && strcmp(peer->door, "unix") == 0));
	case API_ADMIN:
		return principal != NULL && principal->is_admin;
	}
	return false;
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	char allow[API_ALLOW_MAX];
	const char *rest;
	const struct api_route *route = find_route(method, path, &rest, allow);

	(void)context;
	/* A stranger's body is read as far as it takes to tell what is wrong, and no further. */
	if (peer->login != STATUS_OK)
		return API_STRANGER_BODY_MAX;
	if (route == NULL || !may(peer, route->right))
		return API_BODY_MAX;
	return route->body_max;
}

static bool
is_known(struct api_call *call)
{
	const char *method = http_method(call->exchange);
	const char *path = http_path(call->exchange);

	call->route = find_route(method, path, &call->rest, call->allow);
	if (call->route != NULL)
		return true;
	if (call->allow[0] == '\0')
		api_fail(call, 404, "the API begins at /v1/; openapi.yaml lists its paths",
		    "there is no %.200s", path);
	else
		api_fail(call, 405, "the header Allow lists the methods", "%.200s knows no %.20s",
		    path, method);
	return false;
}

/* What to write into the configuration, so that this would be permitted. */
static void
fail_unknown_peer(struct api_call *call)
{
	const struct http_peer *peer = http_peer(call->exchange);
	static const char *const rights[] = {
		[API_LOOK] = "",
		[API_LOOK_AT_ALL] = "",
		[API_CHANGE] = "allow = {\"...\"}",
		[API_LEASES] = "allow = {\"lease\"}",
		[API_ADMIN] = "admin = true",
	};
	const char *user = peer->who;
	char hint[LISTED_PEER_MAX + HTTP_WHO_MAX];

	(void)snprintf(hint, sizeof(hint),
	    "peer \"NAME\" { user = \"USER\"  %s } in ddnsd.conf lets %s do it; or run it as root",
	    rights[call->route->right], user[0] != '\0' ? user : "a local user");
	api_fail(call, 403, hint, "%s may look, and change nothing: no peer block covers it",
	    api_who(call));
}

/* The Unix socket's: a peer block is what helps. */
static void
fail_known_peer(struct api_call *call, const struct principal *principal)
{
	if (call->route->right == API_LEASES)
		api_fail(call, 403, "write allow = {\"lease\"} into its peer block",
		    "%s may not tell of leases", principal->identity);
	else
		api_fail(call, 403, "run it as root, or write admin = true into its peer block",
		    "this is for administrators, and %s is none", principal->identity);
}

/* Over TCP it is the key's block. */
static void
fail_key(struct api_call *call, const struct principal *principal)
{
	if (call->route->right == API_LOOK_AT_ALL)
		api_fail(call, 403, "write the word look into allow of its key block",
		    "%s sees its own names only", principal->identity);
	else
		api_fail(call, 403,
		    "write admin = true into its key block, or use ddnsctl on the server",
		    "this is for administrators, and %s is none", principal->identity);
}

static void
fail_forbidden(struct api_call *call)
{
	const struct principal *principal = http_peer(call->exchange)->principal;

	if (!api_is_local(call) && principal == NULL)
		api_fail(call, 401,
		    "send the name and secret of a key: Authorization: Bearer NAME:SECRET",
		    "this needs a key");
	else if (!api_is_local(call))
		fail_key(call, principal);
	else if (principal == NULL)
		fail_unknown_peer(call);
	else
		fail_known_peer(call, principal);
}

static bool
is_permitted(struct api_call *call)
{
	uint64_t left_out = 0;

	if (may(http_peer(call->exchange), call->route->right))
		return true;
	fail_forbidden(call);
	/* Whoever has not said who they are is asked to; that is no event. */
	if (call->code == 401 || !log_limit_allows(&call->api->refusals, &left_out))
		return false;
	if (left_out > 0)
		log_warning("api: %" PRIu64 " more requests were refused", left_out);
	log_warning("api: refused %s %.200s for %s", http_method(call->exchange),
	    http_path(call->exchange), api_who(call));
	return false;
}

/* What became of the credentials; who gave none may still be somebody. login has logged it. */
static bool
has_good_login(struct api_call *call)
{
	const struct http_peer *peer = http_peer(call->exchange);
	char from[ADDRESS_TEXT_MAX] = "there";

	if (peer->source.family != 0)
		(void)address_to_text(&peer->source, from);
	switch (peer->login) {
	case STATUS_OK:
	case STATUS_NOT_FOUND:
		return true;
	case STATUS_LIMITED:
		call->retry_after_s = peer->wait_s > 0 ? peer->wait_s : 1;
		api_fail(call, 429, "wait, and check the name and secret of the key",
		    "too many log-ins from %s have failed", from);
		return false;
	case STATUS_REFUSED:
		api_fail(call, 403, "add the network to `from` in its key block",
		    "this key may not be used from %s", from);
		return false;
	default:
		api_fail(call, 401,
		    "both stand in the key's block: Authorization: Bearer NAME:SECRET",
		    "there is no such key, or its secret is another");
		return false;
	}
}

/* Its place among those that the route takes; -1: it is none of them. */
static int
argument_place(const struct api_route *route, const char *name)
{
	for (int i = 0; route->arguments != NULL && route->arguments[i] != NULL; i++) {
		if (strcmp(route->arguments[i], name) == 0)
			return i;
	}
	return -1;
}

/* A mistyped argument must not turn "delete this record" into "delete this name". */
static bool
has_known_arguments(struct api_call *call)
{
	const char *name;
	unsigned given = 0;

	for (size_t i = 0; (name = http_argument_name(call->exchange, i)) != NULL; i++) {
		int place = argument_place(call->route, name);

		if (place < 0) {
			api_fail(call, 400, "openapi.yaml lists the arguments of each path",
			    "%s takes no argument \"%.200s\"", call->route->path, name);
			return false;
		}
		if ((given & 1U << place) != 0) {
			api_fail(call, 400, "one request is about one of them",
			    "the argument \"%s\" is given twice", name);
			return false;
		}
		given |= 1U << place;
	}
	return true;
}

/* --- the site --- */

static void
add_headers(struct api_call *call, char retry_after[static RETRY_AFTER_MAX])
{
	(void)snprintf(retry_after, RETRY_AFTER_MAX, "%u", call->retry_after_s);
	if (call->retry_after_s > 0)
		http_add_header(call->exchange, "Retry-After", retry_after);
	if (call->code == 405)
		http_add_header(call->exchange, "Allow", call->allow);
	/* Not Basic: a browser would ask for a password, and send it ever after. */
	if (call->code == 401)
		http_add_header(call->exchange, "WWW-Authenticate", "Bearer realm=\"ddnsd\"");
}

static size_t
answer_length(const struct api_call *call)
{
	return call->copy != NULL ? call->copy_size : call->body.length;
}

/* Others have not read yet what was kept for them. */
static void
fail_crowded(struct api_call *call)
{
	service_free_backup(call->copy);
	call->copy = NULL;
	buffer_release(&call->body);
	call->retry_after_s = RETRY_READERS_S;
	api_fail(call, 503,
	    "come again in some seconds; names can be had in smaller pages (limit=)",
	    "others are reading as much as is kept for readers at a time");
}

/* The call may be gone when this returns. */
static void
send_answer(struct api_call *call)
{
	char retry_after[RETRY_AFTER_MAX];
	bool holds_secret = call->key_change != NULL;
	struct buffer body;
	uint8_t *copy;

	if (call->body.status != STATUS_OK) {
		enum status status = call->body.status;

		buffer_release(&call->body);
		api_fail_status(call, status, NULL);
	}
	/* What has been changed is told in any case. */
	if (call->route != NULL && call->route->timing == API_CLEAN &&
	    !http_has_room(call->exchange, answer_length(call)))
		fail_crowded(call);
	/* Not even that: the code alone tells enough. */
	if (call->body.status != STATUS_OK)
		call->type = NULL;
	add_headers(call, retry_after);
	body = call->body;
	copy = call->copy;
	call->body = (struct buffer){ 0 };
	call->copy = NULL;
	call->is_over = true;
	if (copy != NULL)
		(void)http_answer(call->exchange, call->code, call->type, copy, call->copy_size);
	else
		(void)http_answer(call->exchange, call->code, call->type, body.data,
		    call->type != NULL ? body.length : 0);
	service_free_backup(copy);
	if (holds_secret && body.data != NULL)
		explicit_bzero(body.data, body.capacity);
	buffer_release(&body);
}

/* Has the handler do its work; the answer goes out now, or is kept for finish(). */
static void
run(struct api_call *call)
{
	struct api *api = call->api;

	arena_reset(&api->arena);
	api->has_wall_offset = false;
	call->route->handle(call);
	if (call->is_over)
		return;
	/* Also a refusal may rest on what the turn has changed so far. */
	if (call->code == 0 || (call->route->timing == API_TURN && service_is_dirty(api->service)))
		http_wait(call->exchange);
	else
		send_answer(call);
}

static void
receive(void *context, struct http_exchange *exchange)
{
	struct api *api = context;
	struct api_call *call = calloc(1, sizeof(*call));

	if (call == NULL) {
		(void)http_answer(exchange, 503, NULL, NULL, 0);
		return;
	}
	call->api = api;
	call->exchange = exchange;
	buffer_init(&call->body, API_ANSWER_MAX);
	http_keep(exchange, call);
	if (!has_good_login(call) || !is_known(call) || !is_permitted(call) ||
	    !has_known_arguments(call))
		send_answer(call);
	else if (call->route->timing == API_CLEAN && service_is_dirty(api->service))
		http_wait(exchange);
	else
		run(call);
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	struct api_call *call = http_kept(exchange);

	(void)context;
	if (call->route->timing == API_CLEAN) {
		/* A reload meanwhile may have taken the key, or its rights. */
		if (has_good_login(call) && is_permitted(call))
			run(call);
		else
			send_answer(call);
		return;
	}
	if (call->code == 0)
		return;
	if (commit_status != STATUS_OK && call->route->timing == API_TURN && call->code != 400)
		api_fail_status(call, commit_status, NULL);
	send_answer(call);
}

static void
release(void *context, struct http_exchange *exchange)
{
	struct api_call *call = http_kept(exchange);

	(void)context;
	if (call == NULL)
		return;
	if (call->is_listed && call->route->timing == API_RELOAD)
		LIST_REMOVE(call, entry);
	else if (call->is_listed)
		api_end_stream(call);
	api_forget_key_change(call->key_change);
	service_free_backup(call->copy);
	buffer_release(&call->body);
	free(call);
}

/* --- life --- */

struct api *
api_new(struct loop *loop, struct service *service, const struct api_calls *calls)
{
	struct api *api = calloc(1, sizeof(*api));

	if (api == NULL)
		return NULL;
	api->loop = loop;
	api->service = service;
	api->calls = *calls;
	api->started_s = clock_now_s();
	api->site = (struct http_site){ api, NULL, body_max, receive, finish, release };
	arena_init(&api->arena, SCRATCH_MAX);
	LIST_INIT(&api->reloads);
	LIST_INIT(&api->streams);
	return api;
}

void
api_free(struct api *api)
{
	if (api == NULL)
		return;
	loop_timer_stop(api->loop, &api->keep_alive);
	arena_release(&api->arena);
	free(api);
}

const struct http_site *
api_site(const struct api *api)
{
	return &api->site;
}

void
api_set_facts(struct api *api, const struct api_facts *facts)
{
	api->facts = *facts;
}
