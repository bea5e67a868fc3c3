/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zone files by libzscanner, to requests. Opens no file; of class IN only. */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <libzscanner/scanner.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "tools/ctl/import.h"

enum {
	CLASS_IN = 1,
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_CNAME = 5,
	TYPE_SOA = 6,
	TYPE_PTR = 12,
	TYPE_MX = 15,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	TYPE_SRV = 33,
	TYPE_DNAME = 39,
	TYPE_TEXT_MAX = 16,
	DATA_TEXT_MAX = 4 * ZS_MAX_RDATA_LENGTH + 64,
	/* "No TTL is given anywhere": the largest one (RFC 2181 8), which nobody means. */
	NO_TTL = 0x7fffffff,
};

/* --- types and data as text --- */

static const char *
type_to_text(uint16_t type, char text[static TYPE_TEXT_MAX])
{
	static const struct {
		uint16_t type;
		const char *text;
	} mnemonics[] = { { TYPE_A, "A" }, { TYPE_NS, "NS" }, { TYPE_CNAME, "CNAME" },
		{ TYPE_PTR, "PTR" }, { 13, "HINFO" }, { TYPE_MX, "MX" }, { TYPE_TXT, "TXT" },
		{ 17, "RP" }, { TYPE_AAAA, "AAAA" }, { 29, "LOC" }, { TYPE_SRV, "SRV" },
		{ 35, "NAPTR" }, { TYPE_DNAME, "DNAME" }, { 43, "DS" }, { 44, "SSHFP" },
		{ 49, "DHCID" }, { 52, "TLSA" }, { 61, "OPENPGPKEY" }, { 64, "SVCB" },
		{ 65, "HTTPS" }, { 99, "SPF" }, { 256, "URI" }, { 257, "CAA" } };

	for (size_t i = 0; i < sizeof(mnemonics) / sizeof(mnemonics[0]); i++)
		if (mnemonics[i].type == type)
			return mnemonics[i].text;
	(void)snprintf(text, TYPE_TEXT_MAX, "TYPE%u", type);
	return text;
}

/* What signs a zone belongs to the server that signed it. */
static bool
is_signature(uint16_t type)
{
	static const uint16_t types[] = { 46 /* RRSIG */, 47 /* NSEC */, 48 /* DNSKEY */,
		50 /* NSEC3 */, 51 /* NSEC3PARAM */, 59 /* CDS */, 60 /* CDNSKEY */,
		63 /* ZONEMD */ };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

/* Octets as RFC 1035 5.1 writes them: letters, digits and what is harmless, else \DDD. */
static void
append_octets(struct buffer *text, const uint8_t *octets, size_t length, const char *harmless,
    bool lowers)
{
	for (size_t i = 0; i < length; i++) {
		char character = (char)octets[i];

		if (octets[i] < 0x80 &&
		    (isalnum(octets[i]) ||
			(octets[i] != 0 && strchr(harmless, character) != NULL))) {
			character = (char)(lowers ? tolower(octets[i]) : octets[i]);
			buffer_append(text, &character, 1);
		} else if (octets[i] == '"' || octets[i] == '\\') {
			buffer_append_text(text, "\\");
			buffer_append(text, &character, 1);
		} else
			buffer_format(text, "\\%03u", octets[i]);
	}
}

/* Returns the octets of the name on the wire; 0: it does not end within them. */
static size_t
append_name(struct buffer *text, const uint8_t *name, size_t length, bool lowers)
{
	size_t at = 0;

	while (at < length && name[at] != 0 && at + 1 + name[at] < length) {
		append_octets(text, name + at + 1, name[at], "-_*", lowers);
		buffer_append_text(text, ".");
		at += 1U + name[at];
	}
	if (at >= length || name[at] != 0)
		return 0;
	if (at == 0)
		buffer_append_text(text, ".");
	return at + 1;
}

static bool
append_strings(struct buffer *text, const uint8_t *data, size_t length)
{
	for (size_t at = 0; at < length; at += 1U + data[at]) {
		if (at + 1 + data[at] > length)
			return false;
		buffer_append_text(text, at > 0 ? " \"" : "\"");
		append_octets(text, data + at + 1, data[at], " !#$%&'()*+,-./:;<=>?@[]^_`{|}~",
		    false);
		buffer_append_text(text, "\"");
	}
	return length > 0;
}

/* So many numbers of 16 bits, then a name. */
static bool
append_numbers_and_name(struct buffer *text, const uint8_t *data, size_t length, size_t numbers)
{
	if (length < 2 * numbers)
		return false;
	for (size_t i = 0; i < numbers; i++)
		buffer_format(text, "%u ", (unsigned)data[2 * i] << 8 | data[2 * i + 1]);
	return append_name(text, data + 2 * numbers, length - 2 * numbers, false) ==
	    length - 2 * numbers;
}

static bool
append_known(struct buffer *text, uint16_t type, const uint8_t *data, size_t length)
{
	char address[INET6_ADDRSTRLEN];

	switch (type) {
	case TYPE_A:
	case TYPE_AAAA:
		if (length != (type == TYPE_A ? 4 : 16))
			return false;
		buffer_append_text(text,
		    inet_ntop(type == TYPE_A ? AF_INET : AF_INET6, data, address, sizeof(address)));
		return true;
	case TYPE_NS:
	case TYPE_CNAME:
	case TYPE_PTR:
	case TYPE_DNAME:
		return append_numbers_and_name(text, data, length, 0);
	case TYPE_MX:
		return append_numbers_and_name(text, data, length, 1);
	case TYPE_SRV:
		return append_numbers_and_name(text, data, length, 3);
	case TYPE_TXT:
		return append_strings(text, data, length);
	default:
		return false;
	}
}

/* Readable where it is simple, else as RFC 3597 5 has any data. NULL: no memory. */
static const char *
data_to_text(struct buffer *text, uint16_t type, const uint8_t *data, size_t length)
{
	buffer_clear(text);
	if (!append_known(text, type, data, length)) {
		buffer_clear(text);
		buffer_format(text, "\\# %zu%s", length, length > 0 ? " " : "");
		for (size_t i = 0; i < length; i++)
			buffer_format(text, "%02x", data[i]);
	}
	return buffer_append(text, "", 1) == STATUS_OK ? text->data : NULL;
}

/* --- records --- */

struct reading {
	struct import *import;
	json_t *apexes; /* owners of an SOA */
	struct buffer name;
	struct buffer data;
};

/* The owner without its final dot; NULL for the root, which is nobody's zone here. */
static const char *
owner_of(struct reading *reading, const zs_scanner_t *scanner)
{
	struct buffer *name = &reading->name;

	buffer_clear(name);
	if (append_name(name, scanner->r_owner, scanner->r_owner_length, true) <= 1)
		return NULL;
	name->length--;
	return buffer_append(name, "", 1) == STATUS_OK ? name->data : NULL;
}

static void
take_record(struct reading *reading, const zs_scanner_t *scanner)
{
	struct import *import = reading->import;
	const char *name = owner_of(reading, scanner), *data;
	char type[TYPE_TEXT_MAX];
	bool is_apex;

	if (name == NULL || scanner->r_class != CLASS_IN) {
		import_complain(import, scanner->line_counter, "%s",
		    name == NULL ? "the root is no zone of ours" : "only class IN can be taken");
		return;
	}
	if (scanner->r_type == TYPE_SOA)
		json_object_set_new(reading->apexes, name, json_true());
	is_apex = strcmp(name, import->zone) == 0 || json_object_get(reading->apexes, name) != NULL;
	if (scanner->r_type == TYPE_SOA || (scanner->r_type == TYPE_NS && is_apex) ||
	    is_signature(scanner->r_type)) {
		import->passed_over++;
		return;
	}
	data = data_to_text(&reading->data, scanner->r_type, scanner->r_data,
	    scanner->r_data_length);
	if (data == NULL)
		import->status = STATUS_NO_MEMORY;
	else
		import_add_record(import, name, scanner->line_counter,
		    type_to_text(scanner->r_type, type), data,
		    scanner->r_ttl == NO_TTL ? -1 : (int64_t)scanner->r_ttl);
}

static void
scan(struct reading *reading, zs_scanner_t *scanner)
{
	struct import *import = reading->import;

	while (import->status == STATUS_OK && zs_parse_record(scanner) == 0) {
		switch (scanner->state) {
		case ZS_STATE_DATA:
			take_record(reading, scanner);
			break;
		case ZS_STATE_ERROR:
			import_complain(import, scanner->line_counter, "%s",
			    zs_strerror(scanner->error.code));
			if (scanner->error.fatal)
				return;
			break;
		case ZS_STATE_INCLUDE:
			import_complain(import, scanner->line_counter,
			    "$INCLUDE is not followed; import that file by itself");
			/* libzscanner 3.2 leaves it set, and the next error would end the reading. */
			scanner->error.fatal = false;
			break;
		case ZS_STATE_NONE:
		case ZS_STATE_EOF:
		case ZS_STATE_STOP:
			return;
		}
	}
}

void
import_zone_file(struct import *import, const char *text, size_t length)
{
	struct reading reading = { .import = import, .apexes = json_object() };
	zs_scanner_t *scanner = malloc(sizeof(*scanner));
	char origin[IMPORT_NAME_MAX + 2];

	(void)snprintf(origin, sizeof(origin), "%s.", import->zone);
	buffer_init(&reading.name, IMPORT_NAME_MAX);
	buffer_init(&reading.data, DATA_TEXT_MAX);
	if (scanner == NULL || reading.apexes == NULL)
		import->status = STATUS_NO_MEMORY;
	else if (zs_init(scanner, origin, CLASS_IN, NO_TTL) != 0)
		import_complain(import, 0, "%s is no zone", import->zone);
	else {
		if (length > 0 && zs_set_input_string(scanner, text, length) == 0)
			scan(&reading, scanner);
		zs_deinit(scanner);
	}
	free(scanner);
	json_decref(reading.apexes);
	buffer_release(&reading.name);
	buffer_release(&reading.data);
}
