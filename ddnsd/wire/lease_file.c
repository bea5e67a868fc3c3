/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dnsmasq's lease file, a line at a time. Opens nothing, keeps nothing but its place. */
#include "wire/lease_file.h"

#include <string.h>

enum {
	FIELD_EXPIRY,
	FIELD_HARDWARE,
	FIELD_ADDRESS,
	FIELD_NAME,
	FIELD_CLIENT_ID,
	FIELDS,
};

/* Expiries below this are lengths: no machine with a clock has been before September 2001. */
static const uint64_t absolute_from_s = 1000000000;

/* The fields of one line; they point into its text. */
struct line {
	char text[LEASE_FILE_LINE_MAX + 1];
	size_t field_count;
	char *fields[FIELDS];
};

void
lease_file_begin(struct lease_file *file, const char *text, size_t length, int64_t wall_s)
{
	*file = (struct lease_file){ .next = text, .end = text + length, .wall_s = wall_s };
}

bool
lease_file_is_whole(const char *text, size_t length)
{
	return length == 0 || text[length - 1] == '\n';
}

/* Splits at blanks, as dnsmasq's scanf does. False: too long, a NUL in it, or too many fields. */
static bool
split(const char *text, size_t length, struct line *line)
{
	char *rest = line->text;
	char *field;

	line->field_count = 0;
	if (length > LEASE_FILE_LINE_MAX || memchr(text, '\0', length) != NULL)
		return false;
	memcpy(line->text, text, length);
	line->text[length] = '\0';
	while ((field = strsep(&rest, " \t\r\v\f")) != NULL) {
		if (*field == '\0')
			continue;
		if (line->field_count == FIELDS)
			return false;
		line->fields[line->field_count++] = field;
	}
	return true;
}

static bool
number_from_text(const char *text, uint64_t most, uint64_t *ret_number)
{
	uint64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(number, 10U, &number) ||
		    __builtin_add_overflow(number, (unsigned)(*text - '0'), &number))
			return false;
	}
	if (number > most)
		return false;
	*ret_number = number;
	return true;
}

static bool
remaining_from_text(const char *text, int64_t wall_s, int64_t *ret_remaining_s)
{
	uint64_t expiry_s;
	int64_t remaining_s;

	if (!number_from_text(text, INT64_MAX, &expiry_s))
		return false;
	/* A dnsmasq without a clock writes the length that DHCP has for "ever" (RFC 2131 3.3). */
	if (expiry_s == 0 || expiry_s == UINT32_MAX) {
		*ret_remaining_s = DHCP_FOREVER;
		return true;
	}
	if (expiry_s < absolute_from_s)
		remaining_s = (int64_t)expiry_s;
	else if (__builtin_sub_overflow((int64_t)expiry_s, wall_s, &remaining_s))
		return false;
	if (remaining_s < 0)
		remaining_s = 0;
	/* No lease is longer: its length has 32 bits. */
	*ret_remaining_s = remaining_s < UINT32_MAX ? remaining_s : UINT32_MAX;
	return true;
}

/* "06-" alone is the hardware of a client that has none. */
static bool
hardware_from_field(const char *text, struct dhcp_hardware *hardware)
{
	static const char hexadecimal[] = "0123456789abcdefABCDEF";

	if (strspn(text, hexadecimal) == 2 && strcmp(text + 2, "-") == 0)
		return true;
	return dhcp_hardware_from_text(text, hardware) == STATUS_OK;
}

static bool
is_iaid(const char *text)
{
	uint64_t iaid;

	return number_from_text(*text == 'T' ? text + 1 : text, UINT32_MAX, &iaid);
}

static bool
read_client(const struct line *line, struct dhcp_event *event)
{
	const char *hardware = line->fields[FIELD_HARDWARE];
	const char *client_id = line->fields[FIELD_CLIENT_ID];

	if (event->address.family == 4) {
		(void)dhcp_duid_from_client_id(client_id, &event->duid);
		return hardware_from_field(hardware, &event->hardware);
	}
	return is_iaid(hardware) &&
	    (strcmp(client_id, "*") == 0 ||
		dhcp_duid_from_text(client_id, &event->duid) == STATUS_OK);
}

/* A name with a domain behind it is taken apart, as a hook reports the two. */
static void
read_name(struct lease_file *file, const struct line *line, struct dhcp_event *event)
{
	const char *text = line->fields[FIELD_NAME];
	size_t length = strnlen(text, DHCP_NAME_MAX);
	char *dot;

	memcpy(file->name, text, length);
	file->name[length] = '\0';
	dot = strchr(file->name, '.');
	if (dot != NULL) {
		*dot = '\0';
		event->domain = dot[1] != '\0' ? dot + 1 : NULL;
	}
	if (file->name[0] != '\0' && strcmp(file->name, "*") != 0)
		event->name = file->name;
}

static bool
read_lease(struct lease_file *file, const struct line *line, struct dhcp_event *ret_event)
{
	struct dhcp_event event = { .action = DHCP_OLD, .server = "dnsmasq" };

	if (line->field_count != FIELDS ||
	    !remaining_from_text(line->fields[FIELD_EXPIRY], file->wall_s, &event.remaining_s) ||
	    address_from_text(line->fields[FIELD_ADDRESS], &event.address) != STATUS_OK ||
	    !read_client(line, &event))
		return false;
	read_name(file, line, &event);
	*ret_event = event;
	return true;
}

/*
 * What stands between the leases and is no mistake: the server's own DUID, and what dnsmasq 2.92
 * notes of a client for lease queries (RFC 4388).
 */
static bool
is_expected(const struct line *line)
{
	static const char *const words[] = { "duid", "agent-info", "vendorclass" };

	for (size_t i = 0; line->field_count > 0 && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(line->fields[0], words[i]) == 0)
			return true;
	}
	return line->field_count == 0;
}

bool
lease_file_next(struct lease_file *file, struct dhcp_event *ret_event)
{
	struct line line;

	while (file->next < file->end) {
		const char *start = file->next;
		const char *newline = memchr(start, '\n', (size_t)(file->end - start));
		const char *end = newline != NULL ? newline : file->end;
		bool is_split = split(start, (size_t)(end - start), &line);

		file->next = newline != NULL ? newline + 1 : file->end;
		if (is_split && read_lease(file, &line, ret_event))
			return true;
		if (!is_split || !is_expected(&line))
			file->skipped++;
	}
	return false;
}
