/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the registry to the text of the hosts file. Writes addresses by hand: inet_ntop() alone
 * would take longer than all the rest.
 */
#include "publisher/hosts_file.h"

#include <endian.h>
#include <libknot/descriptor.h>
#include <string.h>

#include "wire/address.h"

static const char head[] =
    "# Written by ddnsd from what is registered; whatever is changed here is lost.\n";

static const char localhost[] = "localhost";

/* Wire forms. */
static const uint8_t marker_label[] = "\021ddnsd-publication";
static const uint8_t in_addr_arpa[] = "\007in-addr\004arpa";
static const uint8_t ip6_arpa[] = "\003ip6\004arpa";

enum {
	ADDRESS_MAX = 39, /* eight groups of four digits, seven colons */
	FQDN_MAX = 253,
	LABEL_MAX = 63,
	LINE_SIZE_MAX = ADDRESS_MAX + 1 + FQDN_MAX + 1 + LABEL_MAX + 1,
	GROUPS = 8,
};

struct rendering {
	const struct registry *registry;
	const struct hosts_file_options *options;
	struct buffer *text;
	struct name marker;
	size_t names;
};

static char *
put_ipv4(char *place, const uint8_t bytes[static 4])
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned octet = bytes[i];

		if (i > 0)
			*place++ = '.';
		if (octet >= 100)
			*place++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*place++ = (char)('0' + octet / 10 % 10);
		*place++ = (char)('0' + octet % 10);
	}
	return place;
}

static unsigned
group_of(const uint8_t bytes[static 16], unsigned i)
{
	return (unsigned)bytes[2 * i] << 8 | bytes[2 * i + 1];
}

static char *
put_group(char *place, unsigned group)
{
	static const char digits[] = "0123456789abcdef";

	if (group >= 0x1000)
		*place++ = digits[group >> 12];
	if (group >= 0x100)
		*place++ = digits[group >> 8 & 15];
	if (group >= 0x10)
		*place++ = digits[group >> 4 & 15];
	*place++ = digits[group & 15];
	return place;
}

/* RFC 5952 4.2: "::" stands for the longest run of at least two zero groups, the first of equals. */
static char *
put_ipv6(char *place, const uint8_t bytes[static 16])
{
	unsigned run = GROUPS;
	unsigned run_length = 1;

	for (unsigned i = 0; i < GROUPS; i++) {
		unsigned end = i;

		while (end < GROUPS && group_of(bytes, end) == 0)
			end++;
		if (end - i > run_length) {
			run = i;
			run_length = end - i;
		}
	}
	for (unsigned i = 0; i < GROUPS; i++) {
		if (i == run) {
			*place++ = ':';
			*place++ = ':';
			i += run_length - 1;
			continue;
		}
		if (i > 0 && i != run + run_length)
			*place++ = ':';
		place = put_group(place, group_of(bytes, i));
	}
	return place;
}

static char *
put_label(char *place, const uint8_t *label)
{
	memcpy(place, label + 1, label[0]);
	return place + label[0];
}

/* Only for names that name_is_host() let pass: nothing in them needs an escape. */
static char *
put_name(char *place, const uint8_t *name)
{
	for (;;) {
		place = put_label(place, name);
		name = name_parent(name);
		if (name[0] == 0)
			return place;
		*place++ = '.';
	}
}

/* Writes one line, with short_label if that is not NULL. */
static enum status
put_line(struct buffer *text, const knot_rdata_t *address, const uint8_t *name,
    const uint8_t *short_label)
{
	enum status status = buffer_reserve(text, LINE_SIZE_MAX);
	char *place;

	if (status != STATUS_OK)
		return status;
	place = text->data + text->length;
	place = address->len == 4 ? put_ipv4(place, address->data) : put_ipv6(place, address->data);
	*place++ = ' ';
	place = put_name(place, name);
	if (short_label != NULL) {
		*place++ = ' ';
		place = put_label(place, short_label);
	}
	*place++ = '\n';
	text->length = (size_t)(place - text->data);
	return STATUS_OK;
}

static bool
is_reverse(const uint8_t *apex)
{
	return name_is_within(apex, in_addr_arpa) || name_is_within(apex, ip6_arpa);
}

/* A live A or AAAA record. */
static bool
is_address(const struct record *record, int64_t now_s)
{
	if (record->type == KNOT_RRTYPE_A
		? record->rdata->len != 4
		: record->type != KNOT_RRTYPE_AAAA || record->rdata->len != 16)
		return false;
	return record->lease.granted_until_s > now_s || now_s == INT64_MIN;
}

/* The name's next address; records come in order of their type, A (1) before AAAA (28). */
static bool
next_address(const struct records *records, struct records_cursor *cursor, int64_t now_s,
    struct record *ret_record)
{
	while (records_next(records, cursor, ret_record)) {
		if (ret_record->type > KNOT_RRTYPE_AAAA)
			return false;
		if (is_address(ret_record, now_s))
			return true;
	}
	return false;
}

static bool
is_fit(const struct rendering *rendering, const uint8_t *name)
{
	return name_is_host(name) && !name_is_equal(name, rendering->marker.wire);
}

/* True when a zone before this one publishes a name with the same first label below its apex. */
static bool
is_taken(const struct rendering *rendering, const struct zone *zone, const uint8_t *name)
{
	uint8_t label[LABEL_MAX + 2];
	struct zone *earlier = NULL;
	struct name rival;

	memcpy(label, name, (size_t)name[0] + 1);
	label[name[0] + 1] = 0;
	for (;;) {
		struct records_cursor cursor = { 0 };
		const struct node *node = NULL;
		struct record record;

		earlier = registry_next_zone(rendering->registry, earlier);
		if (earlier == NULL || earlier == zone)
			return false;
		if (!is_reverse(zone_apex(earlier)) &&
		    name_join(label, zone_apex(earlier), &rival) == STATUS_OK)
			node = zone_find(earlier, rival.wire);
		if (node != NULL && is_fit(rendering, rival.wire) &&
		    next_address(node_records(node), &cursor, rendering->options->now_s, &record))
			return true;
	}
}

/* The label to write beside the FQDN, or NULL. */
static const uint8_t *
short_label_of(const struct rendering *rendering, const struct zone *zone, const uint8_t *name)
{
	if (!rendering->options->short_names || !name_is_equal(name_parent(name), zone_apex(zone)))
		return NULL;
	if (name[0] == strlen(localhost) && memcmp(name + 1, localhost, name[0]) == 0)
		return NULL;
	return is_taken(rendering, zone, name) ? NULL : name;
}

static enum status
render_node(struct rendering *rendering, const struct zone *zone, const struct node *node)
{
	const struct hosts_file_options *options = rendering->options;
	const uint8_t *name = node_name(node);
	struct records_cursor cursor = { 0 };
	const uint8_t *short_label;
	struct record record;
	enum status status = STATUS_OK;

	if (!next_address(node_records(node), &cursor, options->now_s, &record))
		return STATUS_OK;
	if (!is_fit(rendering, name)) {
		if (options->on_unfit != NULL)
			options->on_unfit(options->context, name);
		return STATUS_OK;
	}
	rendering->names++;
	short_label = short_label_of(rendering, zone, name);
	do
		status = put_line(rendering->text, record.rdata, name, short_label);
	while (status == STATUS_OK &&
	    next_address(node_records(node), &cursor, options->now_s, &record));
	return status;
}

enum status
hosts_file_render(const struct registry *registry, const struct hosts_file_options *options,
    struct buffer *text, size_t *ret_names)
{
	struct rendering rendering = { .registry = registry, .options = options, .text = text };
	enum status status = buffer_append(text, head, sizeof(head) - 1);
	const struct zone *zone = registry_next_zone(registry, NULL);

	hosts_file_marker(registry, &rendering.marker);
	for (; zone != NULL; zone = registry_next_zone(registry, zone)) {
		struct node *node = is_reverse(zone_apex(zone)) ? NULL : zone_next(zone, NULL);

		for (; node != NULL && status == STATUS_OK; node = zone_next(zone, node))
			status = render_node(&rendering, zone, node);
	}
	if (status == STATUS_OK)
		*ret_names = rendering.names;
	return status;
}

void
hosts_file_marker(const struct registry *registry, struct name *ret_marker)
{
	const struct zone *zone = registry_next_zone(registry, NULL);
	const struct zone *chosen = zone;

	while (zone != NULL && is_reverse(zone_apex(zone)))
		zone = registry_next_zone(registry, zone);
	if (zone != NULL)
		chosen = zone;
	if (chosen == NULL || name_join(marker_label, zone_apex(chosen), ret_marker) != STATUS_OK)
		name_copy(ret_marker, marker_label);
}

enum status
hosts_file_render_marker(const uint8_t *marker, uint64_t number, struct buffer *text)
{
	struct address address = { .family = 6, .bytes = { 0x01, 0x00 } };
	uint64_t wire = htobe64(number);
	char address_text[ADDRESS_TEXT_MAX];
	char name_text[NAME_TEXT_MAX];

	memcpy(address.bytes + 8, &wire, sizeof(wire));
	return buffer_format(text, "%s %s\n", address_to_text(&address, address_text),
	    name_to_text(marker, name_text));
}

bool
hosts_file_number_of(const uint8_t address[static 16], uint64_t *ret_number)
{
	static const uint8_t prefix[8] = { 0x01, 0x00 };
	uint64_t wire;

	if (memcmp(address, prefix, sizeof(prefix)) != 0)
		return false;
	memcpy(&wire, address + 8, sizeof(wire));
	*ret_number = be64toh(wire);
	return true;
}

bool
hosts_file_find_number(const char *text, size_t length, uint64_t *ret_number)
{
	char address_text[ADDRESS_TEXT_MAX];
	struct address address;
	const char *line;
	const char *blank;

	if (length == 0 || text[length - 1] != '\n')
		return false;
	line = memrchr(text, '\n', length - 1);
	line = line != NULL ? line + 1 : text;
	blank = memchr(line, ' ', (size_t)(text + length - line));
	if (blank == NULL || (size_t)(blank - line) >= sizeof(address_text))
		return false;
	memcpy(address_text, line, (size_t)(blank - line));
	address_text[blank - line] = '\0';
	return address_from_text(address_text, &address) == STATUS_OK && address.family == 6 &&
	    hosts_file_number_of(address.bytes, ret_number);
}
