/* SPDX-License-Identifier: GPL-3.0-or-later */
/* When and from where keys were last used: kept by the keyring, stored with other changes now and then. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "service/state.h"
#include "wire/json.h"

static const char fact_key_use[] = "key-use";

enum {
	/* Between two times that it is stored. What a crash loses is a date for people. */
	STORE_EVERY_S = 6 * 60 * 60,
};

static enum status
load_use(void *context, const char *key_name, const char *value)
{
	struct service *service = context;
	char problem[JSON_PROBLEM_MAX] = "";
	struct address source = { 0 };
	const char *from = "";
	int64_t wall_s = 0;
	json_t *object;
	struct name name;
	struct key *key;
	bool is_good;

	if (name_from_text(key_name, &name) != STATUS_OK)
		return STATUS_OK;
	key = keyring_find(service->keyring, name.wire);
	if (key == NULL || json_parse_object(value, strlen(value), &object, problem) != STATUS_OK)
		return STATUS_OK;
	is_good = json_take_integer(object, "at", 1, INT64_MAX, &wall_s, problem) &&
	    json_take_text(object, "from", &from, problem);
	if (is_good && (from[0] == '\0' || address_from_text(from, &source) == STATUS_OK) &&
	    wall_s > key_last_use(key)->wall_s)
		key_note_use(key, wall_s, &source);
	json_decref(object);
	return STATUS_OK;
}

enum status
service_load_uses(struct service *service)
{
	service->uses_stored_s = clock_now_s();
	if (service->keyring == NULL)
		return STATUS_OK;
	return store_load_facts(service->store, fact_key_use, load_use, service);
}

static enum status
store_use(struct service *service, const char *name, const struct key_use *use)
{
	char value[128];
	char from[ADDRESS_TEXT_MAX] = "";

	if (use->source.family != 0)
		(void)address_to_text(&use->source, from);
	(void)snprintf(value, sizeof(value), "{\"at\":%lld,\"from\":\"%s\"}",
	    (long long)use->wall_s, from);
	return store_put_fact(service->store, fact_key_use, name, value);
}

enum status
service_store_uses(struct service *service, bool in_any_case)
{
	int64_t now_s = clock_now_s();
	enum status status = STATUS_OK;
	struct key *key = NULL;

	if (service->keyring == NULL ||
	    (!in_any_case && now_s - service->uses_stored_s < STORE_EVERY_S))
		return STATUS_OK;
	while (status == STATUS_OK && (key = keyring_next(service->keyring, key)) != NULL) {
		const struct key_use *use = key_last_use(key);

		if (use->wall_s > 0)
			status = store_use(service, key_principal(key)->identity, use);
	}
	if (status == STATUS_OK)
		service->uses_stored_s = now_s;
	return status;
}
