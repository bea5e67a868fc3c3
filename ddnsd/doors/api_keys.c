/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /v1/keys: which keys there are, and how they are used. Never a secret. */
#include <stdlib.h>
#include <string.h>

#include "doors/api_state.h"
#include "wire/name.h"
#include "wire/tsig.h"

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
	if (array != NULL && principal->may_look)
		(void)json_array_append_new(array, json_string("look"));
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
key_json(const struct api *api, struct key *key)
{
	const struct principal *principal = key_principal(key);
	const struct key_use *use = key_last_use(key);
	bool has_old = key_has_old_secret(key);
	char name[NAME_TEXT_MAX];

	return json_pack("{s:o, s:s, s:b, s:o, s:o, s:I, s:o, s:o, s:b, s:o, s:b}", "name",
	    api_text(principal->identity), "algorithm", tsig_algorithm_to_text(key_algorithm(key)),
	    "admin", principal->is_admin, "allow", grants(principal), "from", sources(principal),
	    "names", (json_int_t)0, "last_used",
	    use->wall_s != 0 ? api_time(use->wall_s) : json_null(), "last_from",
	    api_address(&use->source), "has_old_secret", has_old, "old_secret_until",
	    has_old ? api_time(key_old_until_s(key)) : json_null(), "made",
	    api_made_key_is_there(api, name_to_text(principal->name.wire, name)));
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
		json_t *key = key_json(api, list[i]);

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
