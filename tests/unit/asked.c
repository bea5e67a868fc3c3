/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads scripts of updates; libzscanner reads the records in them. */
#include "asked.h"

#include <libknot/libknot.h>
#include <libzscanner/scanner.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RECORD_TEXT_MAX = 4096 };

struct script {
	struct arena *arena;
	char zone[256];
	struct update *update;
	struct prerequisite *prerequisites;
	struct change *changes;
};

static void *
must_take(struct arena *arena, size_t size)
{
	void *bytes = arena_take(arena, size);

	assert_non_null(bytes);
	return bytes;
}

void
asked_name(struct name *ret_name, const char *text, const char *zone)
{
	char whole[NAME_TEXT_MAX];
	size_t length = strlen(text);

	if (strcmp(text, "@") == 0)
		(void)snprintf(whole, sizeof(whole), "%s", zone);
	else if (length > 0 && text[length - 1] == '.')
		(void)snprintf(whole, sizeof(whole), "%s", text);
	else
		(void)snprintf(whole, sizeof(whole), "%s.%s", text, zone);
	assert_int_equal(name_from_text(whole, ret_name), STATUS_OK);
}

static const uint8_t *
take_name(struct script *script, const char *text)
{
	struct name name;
	void *copy;

	asked_name(&name, text, script->zone);
	copy = arena_copy(script->arena, name.wire, name_size(name.wire));
	assert_non_null(copy);
	return copy;
}

static uint16_t
take_type(const char *text)
{
	uint16_t type;

	assert_int_equal(knot_rrtype_from_string(text, &type), 0);
	return type;
}

static const knot_rdata_t *
take_rdata(struct script *script, const char *type, const char *text)
{
	static zs_scanner_t scanner;
	char line[RECORD_TEXT_MAX];
	char origin[260];
	int length = snprintf(line, sizeof(line), "@ 1 IN %s %s\n", type, text);
	knot_rdata_t *rdata;

	assert_in_range(length, 1, sizeof(line) - 1);
	(void)snprintf(origin, sizeof(origin), "%s.", script->zone);
	assert_int_equal(zs_init(&scanner, origin, KNOT_CLASS_IN, 1), 0);
	assert_int_equal(zs_set_input_string(&scanner, line, (size_t)length), 0);
	assert_int_equal(zs_parse_record(&scanner), 0);
	if (scanner.state != ZS_STATE_DATA)
		fail_msg("cannot read %s", line);
	rdata = must_take(script->arena, knot_rdata_size((uint16_t)scanner.r_data_length));
	knot_rdata_init(rdata, (uint16_t)scanner.r_data_length, scanner.r_data);
	zs_deinit(&scanner);
	return rdata;
}

static void
read_addition(struct script *script, char *rest)
{
	char *name = strsep(&rest, " ");
	char *ttl = strsep(&rest, " ");
	char *type = strsep(&rest, " ");

	assert_non_null(rest);
	script->changes[script->update->change_count++] = (struct change){
		.kind = CHANGE_ADD,
		.name = take_name(script, name),
		.ttl_s = (uint32_t)strtoul(ttl, NULL, 10),
		.type = take_type(type),
		.rdata = take_rdata(script, type, rest),
	};
}

static void
read_deletion(struct script *script, char *rest)
{
	char *name = strsep(&rest, " ");
	char *type = strsep(&rest, " ");
	struct change *change = &script->changes[script->update->change_count++];

	*change = (struct change){ .kind = CHANGE_DELETE_NAME, .name = take_name(script, name) };
	if (type == NULL)
		return;
	change->kind = rest != NULL ? CHANGE_DELETE : CHANGE_DELETE_RRSET;
	change->type = take_type(type);
	if (rest != NULL)
		change->rdata = take_rdata(script, type, rest);
}

static enum prerequisite_kind
kind_of(const char *verb)
{
	static const struct {
		const char *verb;
		enum prerequisite_kind kind;
	} kinds[] = {
		{ "yxdomain", PREREQUISITE_NAME_IN_USE },
		{ "nxdomain", PREREQUISITE_NAME_NOT_IN_USE },
		{ "yxrrset", PREREQUISITE_RRSET_EXISTS },
		{ "nxrrset", PREREQUISITE_RRSET_ABSENT },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].verb, verb) == 0)
			return kinds[i].kind;
	}
	fail_msg("no such line: %s", verb);
	return PREREQUISITE_NAME_IN_USE;
}

static void
read_prerequisite(struct script *script, const char *verb, char *rest)
{
	char *name = strsep(&rest, " ");
	char *type = strsep(&rest, " ");
	struct prerequisite *asked = &script->prerequisites[script->update->prerequisite_count++];

	*asked = (struct prerequisite){ .kind = kind_of(verb), .name = take_name(script, name) };
	if (type != NULL)
		asked->type = take_type(type);
	if (rest != NULL) {
		asked->kind = PREREQUISITE_RRSET_EQUALS;
		asked->rdata = take_rdata(script, type, rest);
	}
}

static void
read_line(struct script *script, char *line)
{
	char *rest = line + strspn(line, " \t");
	const char *verb = strsep(&rest, " ");

	if (verb[0] == '\0')
		return;
	assert_non_null(rest);
	if (strcmp(verb, "zone") == 0) {
		(void)snprintf(script->zone, sizeof(script->zone), "%s", rest);
		script->update->zone = take_name(script, "@");
	} else if (strcmp(verb, "lease") == 0) {
		script->update->has_lease = true;
		script->update->lease_s = (uint32_t)strtoul(rest, NULL, 10);
	} else if (strcmp(verb, "add") == 0) {
		read_addition(script, rest);
	} else if (strcmp(verb, "delete") == 0) {
		read_deletion(script, rest);
	} else {
		read_prerequisite(script, verb, rest);
	}
}

const struct update *
asked_for(struct arena *arena, const char *text)
{
	struct script script = { .arena = arena, .zone = "home.arpa" };
	char *copy = arena_copy(arena, text, strlen(text) + 1);
	size_t lines = 1;

	assert_non_null(copy);
	for (const char *c = text; *c != '\0'; c++)
		lines += *c == '\n' || *c == ';';
	script.update = must_take(arena, sizeof(*script.update));
	script.prerequisites = must_take(arena, lines * sizeof(*script.prerequisites));
	script.changes = must_take(arena, lines * sizeof(*script.changes));
	*script.update = (struct update){ .zone = take_name(&script, "@") };
	while (copy != NULL)
		read_line(&script, strsep(&copy, "\n;"));
	script.update->prerequisites = script.prerequisites;
	script.update->changes = script.changes;
	return script.update;
}
