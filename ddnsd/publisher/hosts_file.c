/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From the registry to the text of the hosts file. Writes addresses by hand: inet_ntop() alone
 * would take longer than all the rest.
 */
#include "publisher/hosts_file.h"

#include <endian.h>
#include <libknot/descriptor.h>
#include <string.h>

#include "publisher/places.h"
#include "wire/address.h"
#include "wire/reverse.h"

static const char head[] =
    "# Written by ddnsd from what is registered; whatever is changed here is lost.\n";

static const char localhost[] = "localhost";

/* Wire form. */
static const uint8_t marker_label[] = "\021ddnsd-publication";

enum {
	ADDRESS_MAX = 39, /* eight groups of four digits, seven colons */
	FQDN_MAX = 253,
	LABEL_MAX = 63,
	NAMES_SIZE_MAX = 1 + FQDN_MAX + 1 + LABEL_MAX,
	GROUPS = 8,
};

struct rendering {
	const struct registry *registry;
	const struct hosts_file_options *options;
	struct name marker;
	struct places places;
	size_t names;
};

static char *
put_octet(char *place, unsigned octet)
{
	if (octet >= 100)
		*place++ = (char)('0' + octet / 100);
	if (octet >= 10)
		*place++ = (char)('0' + octet / 10 % 10);
	*place++ = (char)('0' + octet % 10);
	return place;
}

static char *
put_ipv4(char *place, const uint8_t bytes[static 4])
{
	for (unsigned i = 0; i < 4; i++) {
		if (i > 0)
			*place++ = '.';
		place = put_octet(place, bytes[i]);
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

static enum status
put_names(struct buffer *text, const struct place *of)
{
	enum status status = buffer_reserve(text, NAMES_SIZE_MAX);
	const uint8_t *name = node_name(of->node);
	char *place;

	if (status != STATUS_OK)
		return status;
	place = text->data + text->length;
	*place++ = ' ';
	place = put_name(place, name);
	if (of->has_short) {
		*place++ = ' ';
		place = put_label(place, name);
	}
	text->length = (size_t)(place - text->data);
	return STATUS_OK;
}

/* Writes the line of an address with all its names, from the place that leads. */
static enum status
put_line(struct buffer *text, const struct places *places, const struct place *place)
{
	const struct address *address = &place->address;
	enum status status = buffer_reserve(text, ADDRESS_MAX);
	char *end;

	if (status != STATUS_OK)
		return status;
	end = text->data + text->length;
	end = address->family == 4 ? put_ipv4(end, address->bytes) : put_ipv6(end, address->bytes);
	text->length = (size_t)(end - text->data);
	status = put_names(text, place);
	while (status == STATUS_OK && place->next != PLACE_NONE) {
		place = &places->list[place->next];
		status = put_names(text, place);
	}
	return status == STATUS_OK ? buffer_append(text, "\n", 1) : status;
}

static bool
is_live(const struct record *record, int64_t now_s)
{
	return record->lease.granted_until_s > now_s || now_s == INT64_MIN;
}

/* The name's next live address; records come in order of their type, A (1) before AAAA (28). */
static bool
next_address(const struct node *node, struct records_cursor *cursor, int64_t now_s,
    struct address *ret_address)
{
	struct record record;

	while (records_next(node_records(node), cursor, &record)) {
		if (record.type > KNOT_RRTYPE_AAAA)
			return false;
		if (record.type != KNOT_RRTYPE_A && record.type != KNOT_RRTYPE_AAAA)
			continue;
		if (is_live(&record, now_s) &&
		    address_from_bytes(record.rdata->data, record.rdata->len, ret_address))
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
		struct address address;

		earlier = registry_next_zone(rendering->registry, earlier);
		if (earlier == NULL || earlier == zone)
			return false;
		if (!reverse_is_within(zone_apex(earlier)) &&
		    name_join(label, zone_apex(earlier), &rival) == STATUS_OK)
			node = zone_find(earlier, rival.wire);
		if (node != NULL && is_fit(rendering, rival.wire) &&
		    next_address(node, &cursor, rendering->options->now_s, &address))
			return true;
	}
}

/* True when the short name stands beside the FQDN. */
static bool
has_short(const struct rendering *rendering, const struct zone *zone, const uint8_t *name)
{
	if (!rendering->options->short_names || !name_is_equal(name_parent(name), zone_apex(zone)))
		return false;
	if (name[0] == strlen(localhost) && memcmp(name + 1, localhost, name[0]) == 0)
		return false;
	return !is_taken(rendering, zone, name);
}

/* True when the reader answers the name of this address' lease by itself. */
static bool
is_known(const struct hosts_file_options *options, const struct address *address)
{
	const struct dhcp_lease *lease = NULL;

	if (options->leases != NULL)
		lease = leases_find(options->leases, address);
	return lease != NULL && !lease->is_ours;
}

static enum status
collect_node(struct rendering *rendering, const struct zone *zone, const struct node *node)
{
	const struct hosts_file_options *options = rendering->options;
	struct records_cursor cursor = { 0 };
	struct place place = { .node = node, .is_lease = node_is_of_lease(node) };
	bool is_named = false;
	enum status status;

	if (!next_address(node, &cursor, options->now_s, &place.address))
		return STATUS_OK;
	if (!is_fit(rendering, node_name(node))) {
		if (options->on_unfit != NULL)
			options->on_unfit(options->context, node_name(node));
		return STATUS_OK;
	}
	place.has_short = has_short(rendering, zone, node_name(node));
	do {
		place.is_known = place.is_lease && is_known(options, &place.address);
		is_named |= !place.is_known;
		status = places_add(&rendering->places, &place);
	} while (
	    status == STATUS_OK && next_address(node, &cursor, options->now_s, &place.address));
	rendering->names += is_named;
	return status;
}

static enum status
collect(struct rendering *rendering)
{
	const struct zone *zone = registry_next_zone(rendering->registry, NULL);
	enum status status = STATUS_OK;

	for (; zone != NULL; zone = registry_next_zone(rendering->registry, zone)) {
		struct node *node = reverse_is_within(zone_apex(zone)) ? NULL
								       : zone_next(zone, NULL);

		for (; node != NULL && status == STATUS_OK; node = zone_next(zone, node))
			status = collect_node(rendering, zone, node);
	}
	return status;
}

static const struct node *
find_node(const struct rendering *rendering, const uint8_t *name)
{
	const struct zone *zone = registry_zone_of(rendering->registry, name);

	return zone != NULL ? zone_find(zone, name) : NULL;
}

/* True when the name is published with this address. */
static bool
is_published(const struct rendering *rendering, const struct node *node,
    const struct address *address)
{
	struct records_cursor cursor = { 0 };
	struct address other;

	if (reverse_is_within(zone_apex(node_zone(node))) || !is_fit(rendering, node_name(node)))
		return false;
	while (next_address(node, &cursor, rendering->options->now_s, &other)) {
		if (address_is_equal(&other, address))
			return true;
	}
	return false;
}

/* The name that the address' PTR record gives, if it is published with it; the first of several. */
static const struct node *
find_pointed_to(const struct rendering *rendering, const struct address *address)
{
	struct records_cursor cursor = { 0 };
	const struct node *pointer;
	struct record record;
	struct name name;

	reverse_name(address, &name);
	pointer = find_node(rendering, name.wire);
	if (pointer == NULL)
		return NULL;
	while (records_next(node_records(pointer), &cursor, &record)) {
		const struct node *node;

		if (record.type != KNOT_RRTYPE_PTR || !is_live(&record, rendering->options->now_s))
			continue;
		name_copy_lower(&name, record.rdata->data);
		node = find_node(rendering, name.wire);
		if (node != NULL && is_published(rendering, node, address))
			return node;
	}
	return NULL;
}

/*
 * Which of two names of an address comes first. The lease's own: dnsmasq calls a DHCP client by the
 * first name of its address' line. Then the one that the PTR record gives, then the older one.
 */
static bool
comes_before(const struct place *one, const struct place *other, const struct node *pointed_to)
{
	if (one->is_lease != other->is_lease)
		return one->is_lease;
	if (other->node == pointed_to || one->node == pointed_to)
		return other->node != pointed_to;
	return node_created_s(one->node) < node_created_s(other->node);
}

/* Puts the name first that dnsmasq shall answer the PTR of a shared address with. */
static void
choose_leader(struct rendering *rendering, uint32_t leader)
{
	const struct place *list = rendering->places.list;
	const struct node *pointed_to = find_pointed_to(rendering, &list[leader].address);
	uint32_t chosen = leader;

	for (uint32_t i = list[leader].next; i != PLACE_NONE; i = list[i].next) {
		if (comes_before(&list[i], &list[chosen], pointed_to))
			chosen = i;
	}
	places_lead(&rendering->places, leader, chosen);
}

/* A lease's name that the reader has by itself stands in the file only to come before others. */
static bool
is_needless(const struct place *place)
{
	return place->is_known && place->next == PLACE_NONE;
}

static enum status
put_lines(struct rendering *rendering, struct buffer *text)
{
	const struct places *places = &rendering->places;
	enum status status = STATUS_OK;

	/* From the last to the first: who is given a lead stands behind who had it. */
	for (uint32_t i = places->count; i-- > 0;) {
		if (places->list[i].leads && places->list[i].next != PLACE_NONE)
			choose_leader(rendering, i);
	}
	for (uint32_t i = 0; i < places->count && status == STATUS_OK; i++) {
		if (places->list[i].leads && !is_needless(&places->list[i]))
			status = put_line(text, places, &places->list[i]);
	}
	return status;
}

enum status
hosts_file_render(const struct registry *registry, const struct hosts_file_options *options,
    struct buffer *text, size_t *ret_names)
{
	struct rendering rendering = { .registry = registry, .options = options };
	enum status status = buffer_append(text, head, sizeof(head) - 1);

	hosts_file_marker(registry, &rendering.marker);
	places_init(&rendering.places);
	if (status == STATUS_OK)
		status = collect(&rendering);
	if (status == STATUS_OK)
		status = places_join(&rendering.places);
	if (status == STATUS_OK)
		status = put_lines(&rendering, text);
	places_release(&rendering.places);
	if (status == STATUS_OK)
		*ret_names = rendering.names;
	return status;
}

void
hosts_file_marker(const struct registry *registry, struct name *ret_marker)
{
	const struct zone *zone = registry_next_zone(registry, NULL);
	const struct zone *chosen = zone;

	while (zone != NULL && reverse_is_within(zone_apex(zone)))
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
