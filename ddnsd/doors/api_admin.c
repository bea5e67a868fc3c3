/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is for administrators: reloading, copies of the database and their way back. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/api_state.h"
#include "wire/name.h"
#include "wire/tsig.h"

/* --- reloading --- */

void
api_post_reload(struct api_call *call)
{
	log_notice("api: %s asks for a reload", api_who(call));
	api_await_reload(call);
}

void
api_await_reload(struct api_call *call)
{
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
api_reloaded(struct api *api, enum status status, const struct buffer *lines,
    const struct buffer *problems)
{
	struct api_call *call;
	json_t *array = lines_of(lines);
	json_t *failed = problems != NULL ? lines_of(problems) : json_array();
	const char *first = json_string_value(json_array_get(array, 0));

	if (status == STATUS_OK)
		first = "";
	(void)snprintf(api->config_error, sizeof(api->config_error), "%s",
	    first != NULL ? first : "the configuration has errors");
	while ((call = LIST_FIRST(&api->reloads)) != NULL) {
		LIST_REMOVE(call, entry);
		call->is_listed = false;
		if (call->key_change != NULL)
			api_end_key_change(call, status, array);
		else if (status == STATUS_OK)
			api_answer_json(call, 200,
			    json_pack("{s:O, s:O}", "changes", array, "problems", failed));
		else
			api_answer_json(call, 400,
			    json_pack("{s:s, s:s, s:O}", "error",
				"the configuration has errors; the running one stays", "hint",
				"mend the lines in \"errors\"; ddnsd -n checks them", "errors",
				array));
	}
	json_decref(array);
	json_decref(failed);
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
