/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is for administrators: keys (never a secret), reloading, copies of the database and their
 * way back.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/api_state.h"
#include "wire/name.h"
#include "wire/tsig.h"

/* --- keys --- */

enum { GRANT_TEXT_MAX = NAME_TEXT_MAX + (GRANT_TYPES_MAX + 1) * (RECORD_TYPE_TEXT_MAX + 1) + 8 };

/* As the configuration has it. */
static json_t *
grant_text(const struct grant *grant)
{
	static const char *const prefixes[] = {
		[GRANT_SELF] = "self",
		[GRANT_BELOW_SELF] = "*.self",
		[GRANT_EXACT] = "",
		[GRANT_BELOW] = "*.",
		[GRANT_ZONE] = "zone ",
	};
	bool has_name = grant->pattern != GRANT_SELF && grant->pattern != GRANT_BELOW_SELF;
	char name[NAME_TEXT_MAX] = "";
	char type[RECORD_TYPE_TEXT_MAX];
	struct buffer text;
	json_t *json;

	buffer_init(&text, GRANT_TEXT_MAX);
	(void)buffer_append_text(&text, prefixes[grant->pattern]);
	(void)buffer_append_text(&text, has_name ? name_to_text(grant->name.wire, name) : "");
	(void)buffer_append_text(&text, grant->any_type && grant->type_count > 0 ? " ANY" : "");
	for (size_t i = 0; i < grant->type_count; i++)
		(void)buffer_format(&text, " %s", record_type_to_text(grant->types[i], type));
	json = text.status == STATUS_OK ? json_stringn(text.data, text.length) : NULL;
	buffer_release(&text);
	return json;
}

static json_t *
grants(const struct principal *principal)
{
	json_t *array = json_array();

	for (size_t i = 0; array != NULL && i < principal->grant_count; i++)
		(void)json_array_append_new(array, grant_text(&principal->grants[i]));
	return array;
}

static json_t *
sources(const struct principal *principal)
{
	json_t *array = json_array();
	char text[NETWORK_TEXT_MAX];

	for (size_t i = 0; array != NULL && i < principal->source_count; i++)
		(void)json_array_append_new(array,
		    json_string(network_to_text(&principal->sources[i], text)));
	return array;
}

static json_t *
key_json(struct key *key)
{
	const struct principal *principal = key_principal(key);
	const struct key_use *use = key_last_use(key);
	bool has_old = key_has_old_secret(key);

	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:I, s:o, s:o, s:b, s:o}", "name",
	    api_text(principal->identity), "algorithm", tsig_algorithm_to_text(key_algorithm(key)),
	    "admin", principal->is_admin, "allow", grants(principal), "from", sources(principal),
	    "names", (json_int_t)0, "last_used",
	    use->wall_s != 0 ? api_time(use->wall_s) : json_null(), "last_from",
	    api_address(&use->source), "has_old_secret", has_old, "old_secret_until",
	    has_old ? api_time(key_old_until_s(key)) : json_null());
}

/* How many names each owner has, by one walk over all names. */
static json_t *
count_names(const struct api *api)
{
	json_t *counts = json_object();
	struct name_report report = { 0 };
	const uint8_t *after = NULL;

	for (; service_next_name(api->service, after, &report); after = report.name) {
		json_t *count = json_object_get(counts, report.owner);

		if (count != NULL)
			(void)json_integer_set(count, json_integer_value(count) + 1);
		else
			(void)json_object_set_new(counts, report.owner, json_integer(1));
	}
	return counts;
}

static int
compare_keys(const void *one, const void *other)
{
	struct key *const *keys[] = { one, other };

	return strcmp(key_principal(*keys[0])->identity, key_principal(*keys[1])->identity);
}

/* Appends the keys in order of name. */
static void
append_keys(struct api *api, struct key **list, size_t count, struct buffer *body)
{
	json_t *counts = count_names(api);

	qsort(list, count, sizeof(struct key *), compare_keys);
	for (size_t i = 0; i < count; i++) {
		json_t *key = key_json(list[i]);

		(void)json_integer_set(json_object_get(key, "names"),
		    json_integer_value(json_object_get(counts, key_principal(list[i])->identity)));
		(void)buffer_append_text(body, i > 0 ? "," : "");
		api_append(body, key);
	}
	json_decref(counts);
}

void
api_list_keys(struct api_call *call)
{
	const struct keyring *keyring = service_keyring(call->api->service);
	size_t count = keyring != NULL ? keyring_count(keyring) : 0;
	struct key **list = arena_take(&call->api->arena, (count + 1) * sizeof(struct key *));
	struct key *key = NULL;
	size_t filled = 0;

	if (list == NULL) {
		api_fail_status(call, STATUS_NO_MEMORY, NULL);
		return;
	}
	while (filled < count && (key = keyring_next(keyring, key)) != NULL)
		list[filled++] = key;
	(void)buffer_append_text(&call->body, "{\"keys\":[");
	append_keys(call->api, list, filled, &call->body);
	(void)buffer_append_text(&call->body, "]}\n");
	api_answer_body(call, 200, "application/json");
}

/* --- reloading --- */

void
api_post_reload(struct api_call *call)
{
	log_notice("api: %s asks for a reload", api_who(call));
	call->is_listed = true;
	LIST_INSERT_HEAD(&call->api->reloads, call, entry);
	call->api->calls.reload(call->api->calls.context);
}

/* Each line of the text, in an array. */
static json_t *
lines_of(const struct buffer *lines)
{
	json_t *array = json_array();
	const char *at = lines->data;
	const char *end = at != NULL ? at + lines->length : NULL;

	while (array != NULL && at < end) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline != NULL ? newline : end) - at);
		char *line = strndup(at, length);

		if (line != NULL)
			(void)json_array_append_new(array, api_text(line));
		free(line);
		at += length + 1;
	}
	return array;
}

void
api_reloaded(struct api *api, enum status status, const struct buffer *lines)
{
	struct api_call *call;
	json_t *array = lines_of(lines);
	const char *first = json_string_value(json_array_get(array, 0));

	if (status == STATUS_OK)
		first = "";
	(void)snprintf(api->config_error, sizeof(api->config_error), "%s",
	    first != NULL ? first : "the configuration has errors");
	while ((call = LIST_FIRST(&api->reloads)) != NULL) {
		LIST_REMOVE(call, entry);
		call->is_listed = false;
		if (status == STATUS_OK)
			api_answer_json(call, 200, json_pack("{s:O}", "changes", array));
		else
			api_answer_json(call, 400,
			    json_pack("{s:s, s:s, s:O}", "error",
				"the configuration has errors; the running one stays", "hint",
				"mend the lines in \"errors\"; ddnsd -n checks them", "errors",
				array));
	}
	json_decref(array);
}

/* --- copies --- */

void
api_get_backup(struct api_call *call)
{
	enum status status = service_backup(call->api->service, &call->copy, &call->copy_size);

	if (status != STATUS_OK) {
		api_fail_status(call, status, "the copy");
		return;
	}
	log_notice("api: %s takes a copy of the database, %zu octets", api_who(call),
	    call->copy_size);
	api_answer_body(call, 200, "application/vnd.sqlite3");
}

/* What was sent is at fault, not the disk. */
static bool
is_about_copy(enum status status)
{
	return status == STATUS_MALFORMED || status == STATUS_REFUSED || status == STATUS_TOO_NEW ||
	    status == STATUS_DAMAGED || status == STATUS_TOO_LARGE;
}

static void
fail_copy(struct api_call *call, enum status status, const char *problem)
{
	if (is_about_copy(status))
		api_fail(call, 400, "nothing was changed; send a file that ddnsctl backup made",
		    "%s", problem[0] != '\0' ? problem : status_text(status));
	else
		api_fail_status(call, status, problem[0] != '\0' ? problem : NULL);
}

/* Puts the copy in the place of all names. */
static void
restore(struct api_call *call, const uint8_t *bytes, size_t size,
    const struct store_copy_report *copy)
{
	char problem[STORE_PROBLEM_MAX] = "";
	struct service_report before;
	enum status status;

	service_report(call->api->service, &before);
	status = service_restore(call->api->service, bytes, size, problem);
	if (status != STATUS_OK) {
		fail_copy(call, status, problem);
		return;
	}
	call->api->calls.restored(call->api->calls.context);
	log_notice("api: %s put a copy with %" PRIu64 " names in the place of %zu", api_who(call),
	    copy->names, before.names - before.lease_names);
	api_answer_json(call, 200,
	    json_pack("{s:I, s:o, s:I}", "names", (json_int_t)copy->names, "newest",
		copy->newest_s != 0 ? api_time(copy->newest_s) : json_null(), "replaced",
		(json_int_t)(before.names - before.lease_names)));
}

void
api_post_restore(struct api_call *call)
{
	const char *check = http_argument(call->exchange, "check");
	char problem[STORE_PROBLEM_MAX] = "";
	struct store_copy_report copy = { 0 };
	size_t size;
	const uint8_t *bytes = (const uint8_t *)http_body(call->exchange, &size);
	enum status status;

	if (check != NULL && strcmp(check, "0") != 0 && strcmp(check, "1") != 0) {
		api_fail(call, 400, "1 only looks, 0 restores", "check is neither 0 nor 1");
		return;
	}
	status = service_check_backup(bytes, size, &copy, problem);
	if (status != STATUS_OK)
		fail_copy(call, status, problem);
	else if (check == NULL || check[0] == '0')
		restore(call, bytes, size, &copy);
	else
		api_answer_json(call, 200,
		    json_pack("{s:I, s:o}", "names", (json_int_t)copy.names, "newest",
			copy.newest_s != 0 ? api_time(copy.newest_s) : json_null()));
}
