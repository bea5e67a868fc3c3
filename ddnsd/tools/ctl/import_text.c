/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts files, dnsmasq's leases and our own JSON, to requests. Zone files are in import_zone.c. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/import.h"
#include "tools/ctl/output.h"
#include "wire/address.h"
#include "wire/lease_file.h"

enum { WORDS_MAX = 64, PROBLEM_MAX = 512, GUESS_LINES = 200 };

struct word {
	const char *text;
	size_t length;
};

/* --- what all formats share --- */

void
import_init(struct import *import, const char *zone, int64_t wall_s)
{
	*import = (struct import){ .zone = zone, .wall_s = wall_s };
	import->names = json_object();
	import->problems = json_array();
}

void
import_release(struct import *import)
{
	json_decref(import->names);
	json_decref(import->problems);
	*import = (struct import){ 0 };
}

static const char *const format_texts[] = {
	[IMPORT_HOSTS] = "hosts",
	[IMPORT_LEASES] = "leases",
	[IMPORT_ZONE] = "zone",
	[IMPORT_JSON] = "json",
};

bool
import_format_from_text(const char *text, enum import_format *ret_format)
{
	for (size_t i = 0; i < sizeof(format_texts) / sizeof(format_texts[0]); i++) {
		if (strcmp(format_texts[i], text) == 0) {
			*ret_format = (enum import_format)i;
			return true;
		}
	}
	return false;
}

const char *
import_format_to_text(enum import_format format)
{
	return format_texts[format];
}

/* Text of strangers for JSON, which takes UTF-8 only. */
static void
make_ascii(char *text)
{
	for (; *text != '\0'; text++)
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			*text = '?';
}

void
import_complain(struct import *import, uint64_t line, const char *format, ...)
{
	char text[PROBLEM_MAX];
	va_list arguments;

	if (json_array_size(import->problems) >= IMPORT_PROBLEMS_MAX) {
		import->problems_more++;
		return;
	}
	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	make_ascii(text);
	if (json_array_append_new(import->problems,
		json_pack("{s:I, s:s}", "line", (json_int_t)line, "problem", text)) != 0)
		import->status = STATUS_NO_MEMORY;
}

json_t *
import_body(struct import *import, const char *name, uint64_t line)
{
	json_t *entry = json_object_get(import->names, name);

	if (entry == NULL) {
		if (json_object_size(import->names) >= IMPORT_NAMES_MAX) {
			import->status = STATUS_TOO_LARGE;
			return NULL;
		}
		entry = json_pack("{s:I, s:{}}", "line", (json_int_t)line, "body");
		if (json_object_set_new(import->names, name, entry) != 0) {
			import->status = STATUS_NO_MEMORY;
			return NULL;
		}
	}
	return json_object_get(entry, "body");
}

/* Appends to an array that is a member of the body, unless it is there. The item goes over. */
static void
append_once(struct import *import, const char *name, uint64_t line, const char *member,
    json_t *item)
{
	json_t *body = import_body(import, name, line), *array;

	if (body == NULL || item == NULL) {
		json_decref(item);
		if (body != NULL)
			import->status = STATUS_NO_MEMORY;
		return;
	}
	array = json_object_get(body, member);
	if (array == NULL) {
		array = json_array();
		json_object_set_new(body, member, array);
	}
	for (size_t i = 0; i < json_array_size(array); i++) {
		if (json_equal(json_array_get(array, i), item)) {
			json_decref(item);
			return;
		}
	}
	if (json_array_size(array) >= IMPORT_RECORDS_MAX) {
		import_complain(import, line, "%s has over %d records", name, IMPORT_RECORDS_MAX);
		json_decref(item);
	} else if (json_array_append_new(array, item) != 0)
		import->status = STATUS_NO_MEMORY;
}

void
import_add_address(struct import *import, const char *name, uint64_t line, const char *address)
{
	append_once(import, name, line, "addresses", json_string(address));
}

void
import_add_record(struct import *import, const char *name, uint64_t line, const char *type,
    const char *data, int64_t ttl_s)
{
	json_t *record = json_pack("{s:s, s:s}", "type", type, "data", data);

	if (record != NULL && ttl_s >= 0)
		json_object_set_new(record, "ttl", json_integer(ttl_s));
	append_once(import, name, line, "records", record);
}

bool
import_host_name(const struct import *import, const char *text, size_t length,
    char ret_name[static IMPORT_NAME_MAX])
{
	size_t label = 0, size;
	bool is_bare = true;

	if (length > 0 && text[length - 1] == '.') {
		length--;
		is_bare = false;
	}
	if (length == 0 || length > 253)
		return false;
	for (size_t i = 0; i < length; i++) {
		unsigned char octet = (unsigned char)text[i];

		if (octet == '.') {
			if (label == 0)
				return false;
			ret_name[i] = '.';
			is_bare = false;
			label = 0;
			continue;
		}
		if (octet >= 0x80 || (!isalnum(octet) && octet != '-' && octet != '_') ||
		    ++label > 63)
			return false;
		ret_name[i] = (char)tolower(octet);
	}
	ret_name[length] = '\0';
	size = length + 1 + strlen(import->zone);
	if (label == 0 || (is_bare && size > 253))
		return false;
	if (is_bare)
		(void)snprintf(ret_name + length, IMPORT_NAME_MAX - length, ".%s", import->zone);
	return true;
}

/* --- words of a line --- */

static bool
is_blank(char character)
{
	return character == ' ' || character == '\t' || character == '\r';
}

/* Splits a line at its blanks; what is behind comment (0: none) is dropped. */
static size_t
split(const char *line, size_t length, char comment, struct word words[static WORDS_MAX])
{
	size_t count = 0, at = 0;

	while (at < length && count < WORDS_MAX) {
		size_t start;

		while (at < length && is_blank(line[at]))
			at++;
		if (at == length || (comment != 0 && line[at] == comment))
			break;
		start = at;
		while (at < length && !is_blank(line[at]) && (comment == 0 || line[at] != comment))
			at++;
		words[count++] = (struct word){ line + start, at - start };
	}
	return count;
}

static bool
word_is(const struct word *word, const char *text)
{
	return word->length == strlen(text) && memcmp(word->text, text, word->length) == 0;
}

static bool
word_to_address(const struct word *word, struct address *ret_address)
{
	char text[ADDRESS_TEXT_MAX];

	if (word->length >= sizeof(text) || memchr(word->text, '\0', word->length) != NULL)
		return false;
	memcpy(text, word->text, word->length);
	text[word->length] = '\0';
	return address_from_text(text, ret_address) == STATUS_OK;
}

/* The next line, without its newline; false at the end. */
static bool
next_line(const char **text, const char *end, struct word *ret_line)
{
	const char *newline;

	if (*text >= end)
		return false;
	newline = memchr(*text, '\n', (size_t)(end - *text));
	ret_line->text = *text;
	ret_line->length = (size_t)((newline != NULL ? newline : end) - *text);
	*text = newline != NULL ? newline + 1 : end;
	return true;
}

/* --- hosts files --- */

/* What every hosts file has, and what tells of the machine itself only. */
static bool
is_own_address(const struct address *address)
{
	static const uint8_t nothing[16] = { 0 };

	if (address->family == 4)
		return address->bytes[0] == 127 || memcmp(address->bytes, nothing, 4) == 0 ||
		    memcmp(address->bytes, "\xff\xff\xff\xff", 4) == 0;
	/* ::1, ::, fe00::0 (ip6-localnet) and the multicast of ff00::/8. */
	return (memcmp(address->bytes, nothing, 15) == 0 && address->bytes[15] <= 1) ||
	    address->bytes[0] == 0xff ||
	    (address->bytes[0] == 0xfe && memcmp(address->bytes + 1, nothing, 15) == 0);
}

static bool
is_own_name(const struct word *word)
{
	static const char *const names[] = { "localhost", "localhost.localdomain", "localhost4",
		"localhost6", "localhost4.localdomain4", "localhost6.localdomain6",
		"broadcasthost" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (word_is(word, names[i]))
			return true;
	return word->length > 4 && memcmp(word->text, "ip6-", 4) == 0;
}

static void
read_hosts_line(struct import *import, uint64_t line, const struct word *words, size_t count)
{
	char name[IMPORT_NAME_MAX], text[ADDRESS_TEXT_MAX];
	struct address address;

	if (!word_to_address(&words[0], &address)) {
		import_complain(import, line, "\"%.*s\" is no address", (int)words[0].length,
		    words[0].text);
		return;
	}
	if (count == 1) {
		import_complain(import, line, "no name is behind the address %s",
		    address_to_text(&address, text));
		return;
	}
	for (size_t i = 1; i < count; i++) {
		if (is_own_address(&address) || is_own_name(&words[i]))
			import->passed_over++;
		else if (import_host_name(import, words[i].text, words[i].length, name))
			import_add_address(import, name, line, address_to_text(&address, text));
		else
			import_complain(import, line, "\"%.*s\" is no host name",
			    (int)words[i].length, words[i].text);
	}
}

static void
read_hosts(struct import *import, const char *text, size_t length)
{
	const char *end = text + length;
	struct word line, words[WORDS_MAX];

	for (uint64_t number = 1; import->status == STATUS_OK && next_line(&text, end, &line);
	     number++) {
		size_t count = split(line.text, line.length, '#', words);

		if (count == WORDS_MAX)
			import_complain(import, number, "over %d names in one line", WORDS_MAX - 2);
		else if (count > 0)
			read_hosts_line(import, number, words, count);
	}
}

/* --- dnsmasq's leases --- */

static void
read_leases(struct import *import, const char *text, size_t length)
{
	char name[IMPORT_NAME_MAX], address[ADDRESS_TEXT_MAX];
	struct lease_file file;
	struct dhcp_event event;

	lease_file_begin(&file, text, length, import->wall_s);
	while (import->status == STATUS_OK && lease_file_next(&file, &event)) {
		/* What has no name, or has ended, is no fault of the file. */
		if (event.name == NULL || event.remaining_s == 0)
			import->passed_over++;
		else if (import_host_name(import, event.name, strlen(event.name), name))
			import_add_address(import, name, 0,
			    address_to_text(&event.address, address));
		else
			import_complain(import, 0, "\"%s\" (%s) is no host name", event.name,
			    address_to_text(&event.address, address));
	}
	if (file.skipped > 0)
		import_complain(import, 0, "%zu lines are no leases of dnsmasq", file.skipped);
}

/* --- our own JSON --- */

/* How long a name has left: below 0 it has ended, INT64_MAX it does not end. */
static int64_t
time_left(const struct import *import, const json_t *records)
{
	int64_t latest_s = INT64_MIN;

	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *expires = json_object_get(json_array_get(records, i), "expires");
		int64_t wall_s;

		if (!output_parse_time(json_string_value(expires), &wall_s))
			return INT64_MAX;
		if (wall_s > latest_s)
			latest_s = wall_s;
	}
	return latest_s <= import->wall_s ? -1 : latest_s - import->wall_s;
}

static void
read_json_records(struct import *import, const char *name, const json_t *records)
{
	for (size_t i = 0; import->status == STATUS_OK && i < json_array_size(records); i++) {
		const json_t *record = json_array_get(records, i);
		const json_t *ttl = json_object_get(record, "ttl");
		const char *type = json_string_value(json_object_get(record, "type"));
		const char *data = json_string_value(json_object_get(record, "data"));

		if (type == NULL || data == NULL)
			import_complain(import, 0, "a record of %s has no type or no data", name);
		else
			import_add_record(import, name, 0, type, data,
			    json_is_integer(ttl) ? json_integer_value(ttl) : -1);
	}
}

static void
read_json_name(struct import *import, const json_t *item)
{
	const char *name = json_string_value(json_object_get(item, "name"));
	const char *source = json_string_value(json_object_get(item, "source"));
	const char *owner = json_string_value(json_object_get(item, "owner"));
	const json_t *records = json_object_get(item, "records");
	int64_t left_s = time_left(import, records);
	json_t *body;

	if (name == NULL || name[0] == '\0' || strlen(name) >= IMPORT_NAME_MAX) {
		import_complain(import, 0, "a member of \"names\" has no \"name\"");
		return;
	}
	/* Leases come back by themselves, and the zone's own records with the zone. */
	if (left_s < 0 || json_array_size(records) == 0 ||
	    (source != NULL && (strcmp(source, "lease") == 0 || strcmp(source, "zone") == 0))) {
		import->passed_over++;
		return;
	}
	read_json_records(import, name, records);
	body = json_object_get(json_object_get(import->names, name), "body");
	if (body == NULL)
		return;
	if (left_s != INT64_MAX)
		json_object_set_new(body, "lease", json_integer(left_s));
	if (owner != NULL && source != NULL && strcmp(source, "registered") == 0)
		json_object_set_new(body, "owner", json_string(owner));
}

static void
read_json(struct import *import, const char *text, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	const json_t *names = json_object_get(json, "names");

	if (json == NULL)
		import_complain(import, error.line > 0 ? (uint64_t)error.line : 0, "no JSON: %s",
		    error.text);
	else if (!json_is_array(names))
		import_complain(import, 0,
		    "there is no array \"names\"; \"ddnsctl export --format "
		    "json\" shows how it looks");
	for (size_t i = 0; import->status == STATUS_OK && i < json_array_size(names); i++)
		read_json_name(import, json_array_get(names, i));
	json_decref(json);
}

/* --- which format --- */

static bool
is_number(const struct word *word)
{
	for (size_t i = 0; i < word->length; i++)
		if (!isdigit((unsigned char)word->text[i]))
			return false;
	return word->length > 0;
}

/* What a line can only be; false: it says nothing. */
static bool
guess_line(const struct word *line, enum import_format *ret_format)
{
	struct word words[WORDS_MAX];
	struct address address;
	size_t count = split(line->text, line->length, 0, words);

	if (count == 0 || words[0].text[0] == '#')
		return false;
	if (words[0].text[0] == '{' || words[0].text[0] == '[')
		*ret_format = IMPORT_JSON;
	else if ((count >= 4 && is_number(&words[0]) && word_to_address(&words[2], &address)) ||
	    (count == 2 && word_is(&words[0], "duid")))
		*ret_format = IMPORT_LEASES;
	else if (word_to_address(&words[0], &address))
		*ret_format = IMPORT_HOSTS;
	else
		*ret_format = IMPORT_ZONE;
	return true;
}

enum import_format
import_guess(const char *text, size_t length)
{
	enum import_format format;
	const char *end = text + length;
	struct word line;

	for (unsigned i = 0; i < GUESS_LINES && next_line(&text, end, &line); i++)
		if (guess_line(&line, &format))
			return format;
	return IMPORT_HOSTS;
}

void
import_read(struct import *import, enum import_format format, const char *text, size_t length)
{
	if (import->names == NULL || import->problems == NULL) {
		import->status = STATUS_NO_MEMORY;
		return;
	}
	if (length > IMPORT_SIZE_MAX) {
		import->status = STATUS_TOO_LARGE;
		return;
	}
	switch (format) {
	case IMPORT_HOSTS:
		read_hosts(import, text, length);
		break;
	case IMPORT_LEASES:
		read_leases(import, text, length);
		break;
	case IMPORT_ZONE:
		import_zone_file(import, text, length);
		break;
	case IMPORT_JSON:
		read_json(import, text, length);
		break;
	}
}
