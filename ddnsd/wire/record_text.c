/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Presentation form of records, over libzscanner and libknot's printer. Keeps nothing. */
#include "wire/record_text.h"

#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <libknot/errcode.h>
#include <libknot/rrset-dump.h>
#include <libknot/rrset.h>
#include <libzscanner/scanner.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/name.h"
#include "wire/rdata.h"

/* "@ 0 IN TYPE65535 " and a newline. */
enum { LINE_HEAD_MAX = 32, LABEL_SIZE_MAX = 64 };

/* A time is a number: printed as a date, one after 2038 would be read as another. */
static const knot_dump_style_t plain_style = {
	.wrap = false,
	.show_class = false,
	.show_ttl = false,
	.verbose = false,
	.original_ttl = true,
	.human_timestamp = false,
	.generic = false,
};

/* RFC 6895 3.1: 0 is reserved, 41 is OPT, 128 to 255 are question and meta types. */
static bool
is_meta_type(uint16_t type)
{
	return type == 0 || type == KNOT_RRTYPE_OPT || (type >= 128 && type <= 255);
}

const char *
record_type_to_text(uint16_t type, char text[static RECORD_TYPE_TEXT_MAX])
{
	if (knot_rrtype_to_string(type, text, RECORD_TYPE_TEXT_MAX) < 0)
		(void)snprintf(text, RECORD_TYPE_TEXT_MAX, "TYPE%u", type);
	return text;
}

enum status
record_type_from_text(const char *text, uint16_t *ret_type)
{
	static const char allowed[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
	uint16_t type;

	/* libknot itself takes "TYPE+1" and "TYPE 1". */
	if (text[strspn(text, allowed)] != '\0' || knot_rrtype_from_string(text, &type) != 0 ||
	    is_meta_type(type))
		return STATUS_MALFORMED;
	*ret_type = type;
	return STATUS_OK;
}

/* An RRset of one record. libknot's structs are not const; owner is at least a root's storage. */
static knot_rrset_t
rrset_of(uint8_t *owner, uint16_t type, const knot_rdata_t *rdata)
{
	return (knot_rrset_t){
		.owner = owner,
		.type = type,
		.rclass = KNOT_CLASS_IN,
		.rrs = { .count = 1,
		    .size = (uint32_t)knot_rdata_size(rdata->len),
		    .rdata = (knot_rdata_t *)(uintptr_t)rdata },
	};
}

/*
 * Refuses what a zone file's parser would take, but not as one record's data: line breaks, a
 * directive, a comment that swallows the rest. Returns the reason, or NULL.
 */
static const char *
objection_to(const char *text)
{
	bool is_quoted = false;
	unsigned brackets = 0;

	if (text[strspn(text, " \t(")] == '$')
		return "what begins with $ looks like a directive; put it in quotes";
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text < ' ' && *text != '\t')
			return "control characters may not stand there; write them as \\DDD";
		if (*text == '\\' && (uint8_t)text[1] >= ' ')
			text++;
		else if (*text == '"')
			is_quoted = !is_quoted;
		else if (is_quoted)
			continue;
		else if (*text == ';')
			return "a semicolon begins a comment; put it in quotes";
		else if (*text == '(')
			brackets++;
		else if (*text == ')' && brackets-- == 0)
			return "a bracket is closed that was never opened";
	}
	if (is_quoted)
		return "a quotation mark is never closed";
	return brackets > 0 ? "a bracket is never closed" : NULL;
}

static void
scanner_free(zs_scanner_t *scanner)
{
	zs_deinit(scanner);
	free(scanner);
}

/* A scanner has 206 KB: too much for a stack. NULL when out of memory. */
static zs_scanner_t *
scanner_new(const uint8_t *origin)
{
	char text[NAME_TEXT_MAX];
	zs_scanner_t *scanner = malloc(sizeof(*scanner));

	if (scanner == NULL)
		return NULL;
	if (zs_init(scanner, knot_dname_to_str(text, origin, sizeof(text)), KNOT_CLASS_IN, 0) !=
	    0) {
		scanner_free(scanner);
		return NULL;
	}
	return scanner;
}

/* Reads data as one record of the type; what was found stays in the scanner. */
static enum status
scan(zs_scanner_t *scanner, uint16_t type, const char *data, const char **ret_reason)
{
	size_t size = strlen(data) + LINE_HEAD_MAX;
	char *line = malloc(size);
	int length;
	bool is_read;

	if (line == NULL)
		return STATUS_NO_MEMORY;
	/* Types by number: the scanner knows fewer names than libknot. */
	length = snprintf(line, size, "@ 0 IN TYPE%u %s\n", type, data);
	is_read = zs_set_input_string(scanner, line, (size_t)length) == 0 &&
	    zs_parse_record(scanner) == 0 && scanner->state == ZS_STATE_DATA &&
	    scanner->r_type == type;
	free(line);
	if (!is_read) {
		*ret_reason = zs_strerror(scanner->error.code);
		return STATUS_MALFORMED;
	}
	return STATUS_OK;
}

/* libknot has one error for a text without room and for rdata that end too early. */
static bool
print(const knot_rrset_t *rrset, bool is_generic, char *text, size_t size)
{
	knot_dump_style_t style = plain_style;
	int length;

	style.generic = is_generic;
	length = knot_rrset_txt_dump_data(rrset, 0, text, size, &style);
	if (length < 0)
		return false;
	/* libknot 3.2.6 ends some records with a blank. */
	while (length > 0 && text[length - 1] == ' ')
		length--;
	text[length] = '\0';
	return true;
}

/* Why there is no text: rdata that no room would be enough for are not of their type's form. */
static enum status
reason_of_no_text(const knot_rrset_t *rrset, size_t size)
{
	char *text;
	bool has_text;

	if (size >= RECORD_DATA_TEXT_MAX)
		return STATUS_MALFORMED;
	text = malloc(RECORD_DATA_TEXT_MAX);
	if (text == NULL)
		return STATUS_NO_MEMORY;
	has_text = print(rrset, false, text, RECORD_DATA_TEXT_MAX);
	free(text);
	return has_text ? STATUS_TOO_LARGE : STATUS_MALFORMED;
}

/* Types whose text needs no proof; they are nearly all that there is. */
static bool
is_printed_well(uint16_t type)
{
	switch (type) {
	case KNOT_RRTYPE_A:
	case KNOT_RRTYPE_NS:
	case KNOT_RRTYPE_CNAME:
	case KNOT_RRTYPE_SOA:
	case KNOT_RRTYPE_PTR:
	case KNOT_RRTYPE_MX:
	case KNOT_RRTYPE_TXT:
	case KNOT_RRTYPE_AAAA:
	case KNOT_RRTYPE_SRV:
	case KNOT_RRTYPE_DHCID:
		return true;
	default:
		return false;
	}
}

/*
 * libknot 3.2.6 prints some rdata as what libzscanner does not read, or reads as another: a
 * semicolon in a parameter of SVCB (RFC 9460) begins a comment. A text that leaves its record
 * would do harm in a zone file.
 */
static bool
is_read_back(uint16_t type, const knot_rdata_t *rdata, const char *text)
{
	static const uint8_t root[1];
	zs_scanner_t *scanner;
	const char *reason;
	bool is_same;

	if (is_printed_well(type))
		return true;
	scanner = objection_to(text) == NULL ? scanner_new(root) : NULL;
	if (scanner == NULL)
		return false;
	is_same = scan(scanner, type, text, &reason) == STATUS_OK &&
	    scanner->r_data_length == rdata->len &&
	    memcmp(scanner->r_data, rdata->data, rdata->len) == 0;
	scanner_free(scanner);
	return is_same;
}

enum status
record_data_to_text(uint16_t type, const knot_rdata_t *rdata, char *text, size_t size)
{
	uint8_t root[1] = { 0 };
	knot_rrset_t rrset = rrset_of(root, type, rdata);

	if (!rdata_is_whole(type, rdata->data, rdata->data + rdata->len, NULL))
		return STATUS_MALFORMED;
	if (!print(&rrset, false, text, size))
		return reason_of_no_text(&rrset, size);
	if (is_read_back(type, rdata, text) || print(&rrset, true, text, size))
		return STATUS_OK;
	return STATUS_TOO_LARGE;
}

/*
 * Copies rdata that can be printed as their type's, for generic data (RFC 3597 5) may have passed
 * the scanner unread; RFC 4034 6.2 for the names in them.
 */
static enum status
keep(uint16_t type, const uint8_t *bytes, uint16_t size, struct arena *arena,
    const knot_rdata_t **ret_rdata, const char **ret_reason)
{
	knot_rdata_t *rdata = arena_take(arena, knot_rdata_size(size) + LABEL_SIZE_MAX);
	char *text = malloc(RECORD_DATA_TEXT_MAX);
	uint8_t root[1] = { 0 };
	knot_rrset_t rrset;
	bool is_valid;

	if (rdata == NULL || text == NULL) {
		free(text);
		return STATUS_NO_MEMORY;
	}
	knot_rdata_init(rdata, size, bytes);
	/* libknot 3.2.6 looks for the end of a name in an IPSECKEY beyond that of the rdata. */
	memset(rdata->data + size, 0, LABEL_SIZE_MAX);
	rrset = rrset_of(root, type, rdata);
	is_valid = rdata_is_whole(type, rdata->data, rdata->data + rdata->len, NULL) &&
	    print(&rrset, false, text, RECORD_DATA_TEXT_MAX) &&
	    knot_rrset_rr_to_canonical(&rrset) == KNOT_EOK;
	free(text);
	if (!is_valid) {
		*ret_reason = "the data are not of the type's form";
		return STATUS_MALFORMED;
	}
	*ret_rdata = rdata;
	return STATUS_OK;
}

enum status
record_data_from_text(uint16_t type, const char *text, const uint8_t *origin, struct arena *arena,
    const knot_rdata_t **ret_rdata, const char **ret_reason)
{
	zs_scanner_t *scanner;
	enum status status;

	*ret_reason = objection_to(text);
	if (*ret_reason == NULL && strlen(text) >= RECORD_DATA_TEXT_MAX)
		*ret_reason = "the text is too long";
	if (*ret_reason == NULL && is_meta_type(type))
		*ret_reason = "no record has that type";
	if (*ret_reason != NULL)
		return STATUS_MALFORMED;
	*ret_reason = "out of memory";
	scanner = scanner_new(origin);
	if (scanner == NULL)
		return STATUS_NO_MEMORY;
	status = scan(scanner, type, text, ret_reason);
	if (status == STATUS_OK)
		status = keep(type, scanner->r_data, (uint16_t)scanner->r_data_length, arena,
		    ret_rdata, ret_reason);
	scanner_free(scanner);
	return status;
}
