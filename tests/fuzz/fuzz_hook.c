/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads hostile bytes as a call of a DHCP server's hook. What it tells must be JSON that the daemon's own
 * parser takes, with every member of its kind and length, and texts that came in come out the same. An
 * input is fields with NUL between them: the server, arguments, "--", the environment as NAME=VALUE.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/lease_call.h"
#include "wire/address.h"
#include "wire/json.h"

enum { FIELDS_MAX = 64, WALL_S = 1795327700 };

struct fields {
	char *text[FIELDS_MAX];
	int count;
	int environment; /* the first field that is a variable */
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

/* bytes ends with a NUL of its own. */
static void
split(char *bytes, size_t size, struct fields *fields)
{
	char *end = bytes + size;

	fields->count = 0;
	fields->environment = -1;
	for (char *field = bytes; field <= end && fields->count < FIELDS_MAX;) {
		if (fields->environment < 0 && strcmp(field, "--") == 0)
			fields->environment = fields->count;
		else
			fields->text[fields->count++] = field;
		field += strlen(field) + 1;
	}
	if (fields->environment < 0)
		fields->environment = fields->count;
}

static const char *
look_up(void *context, const char *name)
{
	const struct fields *fields = context;
	size_t length = strlen(name);

	for (int i = fields->environment; i < fields->count; i++) {
		const char *entry = fields->text[i];

		if (strncmp(entry, name, length) == 0 && entry[length] == '=')
			return entry + length + 1;
	}
	return NULL;
}

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

/* An argument, or the value of a variable. */
static bool
came_in(const struct fields *fields, const char *text)
{
	for (int i = 1; i < fields->count; i++) {
		const char *value = fields->text[i];

		if (i >= fields->environment && strchr(value, '=') != NULL)
			value = strchr(value, '=') + 1;
		if (strcmp(value, text) == 0)
			return true;
	}
	return false;
}

static void
check_text(const struct fields *fields, const json_t *event, const char *member)
{
	char problem[JSON_PROBLEM_MAX] = "";
	const char *text = NULL;

	expect(json_take_text(event, member, &text, problem));
	if (text == NULL)
		return;
	expect(text[0] != '\0' && strlen(text) <= LEASE_EVENT_TEXT_MAX);
	/* A text that was cut has at least this many octets: one character less than there may be. */
	if (strstr(text, "\xef\xbf\xbd") == NULL && strlen(text) <= LEASE_EVENT_TEXT_MAX - 4)
		expect(came_in(fields, text));
}

static void
check_identifiers(const json_t *event, const char *address)
{
	const char *hardware_text = NULL, *duid_text = NULL, *client_id = NULL;
	char problem[JSON_PROBLEM_MAX] = "";
	struct dhcp_hardware hardware;
	struct address parsed;
	struct dhcp_duid duid;

	expect(json_take_text(event, "hardware", &hardware_text, problem));
	expect(json_take_text(event, "duid", &duid_text, problem));
	expect(json_take_text(event, "client_id", &client_id, problem));
	expect(address_from_text(address, &parsed) == STATUS_OK);
	expect(hardware_text == NULL ||
	    dhcp_hardware_from_text(hardware_text, &hardware) == STATUS_OK);
	expect(duid_text == NULL || dhcp_duid_from_text(duid_text, &duid) == STATUS_OK);
	expect(client_id == NULL || strlen(client_id) < 3 * LEASE_EVENT_OCTETS_MAX);
}

static void
check_event(const struct fields *fields, const json_t *told)
{
	static const char *const members[] = { "action", "server", "address", "hardware", "duid",
		"client_id", "name", "client_name", "complete", "domain", "expires_in_s", NULL };
	static const char *const actions[] = { "add", "old", "del", NULL };
	static const char *const servers[] = { "dnsmasq", "isc-dhcp", "kea", NULL };
	const char *action = NULL, *server = NULL, *address = NULL;
	char problem[JSON_PROBLEM_MAX] = "";
	char *text = json_dumps(told, JSON_COMPACT);
	int64_t expiry = 0;
	bool flag = false;
	json_t *event;

	expect(text != NULL);
	expect(json_parse_object(text, strlen(text), &event, problem) == STATUS_OK);
	expect(json_equal(event, told) && json_has_only(event, members, problem));
	expect(json_take_text(event, "action", &action, problem) && is_one_of(action, actions));
	expect(json_take_text(event, "server", &server, problem) && is_one_of(server, servers));
	expect(json_take_text(event, "address", &address, problem) && came_in(fields, address));
	expect(json_take_flag(event, "complete", &flag, problem));
	expect(json_take_integer(event, "expires_in_s", 0, UINT32_MAX, &expiry, problem));
	check_text(fields, event, "name");
	check_text(fields, event, "client_name");
	check_text(fields, event, "domain");
	check_identifiers(event, address);
	json_decref(event);
	free(text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char problem[LEASE_CALL_PROBLEM_MAX] = "";
	char *bytes = malloc(size + 1);
	json_t *events = NULL;
	struct fields fields;
	struct lease_call call;

	expect(bytes != NULL);
	if (size > 0)
		memcpy(bytes, data, size);
	bytes[size] = '\0';
	split(bytes, size, &fields);
	if (fields.environment > 0) {
		call = (struct lease_call){
			.argc = fields.environment - 1,
			.argv = fields.text + 1,
			.variable = look_up,
			.context = &fields,
			.wall_s = WALL_S,
		};
		if (lease_call_read(fields.text[0], &call, &events, problem) == STATUS_OK)
			for (size_t i = 0; i < json_array_size(events); i++)
				check_event(&fields, json_array_get(events, i));
	}
	json_decref(events);
	free(bytes);
	return 0;
}
