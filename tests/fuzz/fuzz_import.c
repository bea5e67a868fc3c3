/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads hostile bytes as a file to be imported: the first one chooses the format, or has it
 * guessed. What comes out must be requests that can be sent: names and data in UTF-8, within the
 * ceilings, the same at each reading.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/import.h"

enum { WALL_S = 1795327700, FORMATS = 4 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(int holds)
{
	if (!holds)
		abort();
}

static void
check_records(const json_t *records)
{
	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *record = json_array_get(records, i);

		expect(json_is_string(json_object_get(record, "type")));
		expect(json_is_string(json_object_get(record, "data")));
	}
}

/* Hosts files and leases give host names below the zone or whole ones; all are of one case. */
static void
check_name(const char *name, enum import_format format)
{
	size_t length = strlen(name);

	expect(length > 0 && length < IMPORT_NAME_MAX);
	for (size_t i = 0; i < length && format != IMPORT_JSON; i++) {
		unsigned char octet = (unsigned char)name[i];

		expect(octet > ' ' && octet < 0x7f && !isupper(octet));
	}
	expect(format == IMPORT_JSON || name[length - 1] != '.');
}

static void
check(const struct import *import, enum import_format format)
{
	expect(json_object_size(import->names) <= IMPORT_NAMES_MAX);
	expect(json_array_size(import->problems) <= IMPORT_PROBLEMS_MAX);
	for (void *at = json_object_iter(import->names); at != NULL;
	     at = json_object_iter_next(import->names, at)) {
		const json_t *body = json_object_get(json_object_iter_value(at), "body");
		const json_t *addresses = json_object_get(body, "addresses");
		char *text = json_dumps(body, JSON_COMPACT);

		expect(text != NULL);
		free(text);
		check_name(json_object_iter_key(at), format);
		expect(json_array_size(addresses) <= IMPORT_RECORDS_MAX);
		for (size_t i = 0; i < json_array_size(addresses); i++)
			expect(json_is_string(json_array_get(addresses, i)));
		check_records(json_object_get(body, "records"));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum import_format format;
	struct import import, again;
	const char *text;

	if (size == 0)
		return 0;
	text = (const char *)data + 1;
	format = data[0] % (FORMATS + 1) < FORMATS ? (enum import_format)(data[0] % (FORMATS + 1))
						   : import_guess(text, size - 1);
	import_init(&import, "home.arpa", WALL_S);
	import_init(&again, "home.arpa", WALL_S);
	import_read(&import, format, text, size - 1);
	import_read(&again, format, text, size - 1);
	check(&import, format);
	expect(import.status == again.status && json_equal(import.names, again.names));
	expect(json_equal(import.problems, again.problems));
	import_release(&import);
	import_release(&again);
	return 0;
}
