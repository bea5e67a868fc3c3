/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher/hosts_file (with places): which names stand in the file, in what order and form. */
#include <arpa/inet.h>
#include <libknot/dname.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "registered.h"

#include "publisher/hosts_file.h"
#include "publisher/places.h"

enum { TEXT_MAX = 1 << 20 };

#define HEAD "# Written by ddnsd from what is registered; whatever is changed here is lost.\n"

static struct registry *registry;
static struct leases *leases; /* held by who reads the file; NULL: it has none */
static struct buffer text;
static char unfit[1024]; /* the names told of, each with a blank behind it */

static int
set_up(void **state)
{
	(void)state;
	registry = registry_new();
	assert_non_null(registry);
	buffer_init(&text, TEXT_MAX);
	unfit[0] = '\0';
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buffer_release(&text);
	registry_free(registry);
	leases_free(leases);
	leases = NULL;
	return 0;
}

static void
note_unfit(void *context, const uint8_t *name)
{
	char name_text[NAME_TEXT_MAX];
	size_t length = strlen(unfit);

	(void)context;
	(void)snprintf(unfit + length, sizeof(unfit) - length, "%s ",
	    name_to_text(name, name_text));
}

static size_t
render(bool short_names, int64_t now_s)
{
	struct hosts_file_options options = {
		.short_names = short_names,
		.leases = leases,
		.now_s = now_s,
		.on_unfit = note_unfit,
	};
	size_t names = 0;

	buffer_clear(&text);
	assert_int_equal(hosts_file_render(registry, &options, &text, &names), STATUS_OK);
	assert_int_equal(buffer_append(&text, "", 1), STATUS_OK);
	return names;
}

static void
expect(const char *lines)
{
	assert_memory_equal(text.data, HEAD, sizeof(HEAD) - 1);
	assert_string_equal(text.data + sizeof(HEAD) - 1, lines);
}

static void
nothing_registered_is_a_comment_alone(void **state)
{
	(void)state;
	assert_int_equal(render(true, 0), 0);
	expect("");
	registered_zone(registry, "home.arpa");
	registered_text(registry, "pc.home.arpa");
	assert_int_equal(render(true, 0), 0);
	expect("");
}

static void
each_address_is_a_line_in_canonical_order(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "z.home.arpa", "192.0.2.9");
	registered(registry, "home.arpa", "192.0.2.1");
	registered(registry, "a.z.home.arpa", "2001:db8::9");
	registered(registry, "pc.home.arpa", "2001:db8::2 10.0.0.20 2001:db8::1 10.0.0.3");
	assert_int_equal(render(true, 0), 4);
	expect("192.0.2.1 home.arpa\n"
	       "10.0.0.3 pc.home.arpa pc\n"
	       "10.0.0.20 pc.home.arpa pc\n"
	       "2001:db8::1 pc.home.arpa pc\n"
	       "2001:db8::2 pc.home.arpa pc\n"
	       "192.0.2.9 z.home.arpa z\n"
	       "2001:db8::9 a.z.home.arpa\n");
}

static void
the_order_of_registration_does_not_show(void **state)
{
	char *first;

	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "a.home.arpa", "10.0.0.1");
	registered(registry, "b.home.arpa", "10.0.0.2");
	(void)render(true, 0);
	first = strdup(text.data);
	registered_no_more(registry, "a.home.arpa");
	registered(registry, "a.home.arpa", "10.0.0.1");
	(void)render(true, 0);
	assert_string_equal(text.data, first);
	free(first);
}

/* --- addresses that several names have --- */

/* The name owns an address and was created then. */
static void
registered_at(const char *name_text, const char *address_text, int64_t created_s)
{
	_Alignas(knot_rdata_t) uint8_t storage[24];
	struct record record = {
		.type = KNOT_RRTYPE_A,
		.ttl_s = 60,
		.rdata = (knot_rdata_t *)storage,
		.lease = { .granted_until_s = LEASE_FOREVER, .stored_until_s = LEASE_FOREVER },
	};
	struct address address;
	struct name name;
	struct node *node;

	assert_int_equal(name_from_text(name_text, &name), STATUS_OK);
	assert_int_equal(address_from_text(address_text, &address), STATUS_OK);
	knot_rdata_init((knot_rdata_t *)storage, 4, address.bytes);
	node = registry_obtain(registry, registry_zone_of(registry, name.wire), name.wire);
	assert_non_null(node);
	registry_load(registry, node, records_build(&record, 1), NULL, created_s, created_s);
}

/* The name owns PTR records to these names, separated by blanks, and nothing else. */
static void
registered_pointers(const char *name, const char *targets, int64_t until_s)
{
	_Alignas(knot_rdata_t) uint8_t storage[REGISTERED_MAX][NAME_SIZE_MAX + 3];
	struct record list[REGISTERED_MAX];
	char copy[512];
	size_t count = 0;

	assert_true(snprintf(copy, sizeof(copy), "%s", targets) < (int)sizeof(copy));
	for (char *target = strtok(copy, " "); target != NULL; target = strtok(NULL, " ")) {
		knot_rdata_t *rdata = (knot_rdata_t *)storage[count];
		struct name wire;

		assert_true(count < REGISTERED_MAX);
		/* As somebody wrote it, capitals and all. */
		assert_non_null(knot_dname_from_str(wire.wire, target, sizeof(wire.wire)));
		knot_rdata_init(rdata, (uint16_t)name_size(wire.wire), wire.wire);
		list[count++] = (struct record){
			.type = KNOT_RRTYPE_PTR,
			.ttl_s = 60,
			.rdata = rdata,
			.lease = { .granted_until_s = until_s, .stored_until_s = until_s },
		};
	}
	registered_replace(registry, name, list, count);
}

static void
names_that_share_an_address_stand_in_one_line(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "lab.example");
	registered(registry, "pc.home.arpa", "10.0.0.3 2001:db8::3");
	registered(registry, "www.home.arpa", "10.0.0.3 10.0.0.4");
	registered(registry, "a.b.home.arpa", "2001:db8::3");
	registered(registry, "nas.lab.example", "10.0.0.4");
	registered(registry, "pc.lab.example", "10.0.0.3");
	assert_int_equal(render(true, 0), 5);
	expect("2001:db8::3 a.b.home.arpa pc.home.arpa pc\n"
	       "10.0.0.3 pc.home.arpa pc www.home.arpa www pc.lab.example\n"
	       "10.0.0.4 www.home.arpa www nas.lab.example nas\n");
}

static void
an_ipv4_address_and_one_mapped_from_it_are_two(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "a.home.arpa", "10.0.0.3");
	registered(registry, "b.home.arpa", "::ffff:10.0.0.3 a00:3::");
	(void)render(false, 0);
	expect("10.0.0.3 a.home.arpa\n"
	       "::ffff:a00:3 b.home.arpa\n"
	       "a00:3:: b.home.arpa\n");
}

static void
the_oldest_name_stands_first(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_at("a.home.arpa", "10.0.0.3", 300);
	registered_at("b.home.arpa", "10.0.0.3", 200);
	registered_at("c.home.arpa", "10.0.0.3", 100);
	registered_at("d.home.arpa", "10.0.0.3", 100);
	registered_at("bb.home.arpa", "10.0.0.9", 100);
	(void)render(false, 0);
	/* The line has the place of its first name. */
	expect("10.0.0.9 bb.home.arpa\n"
	       "10.0.0.3 c.home.arpa a.home.arpa b.home.arpa d.home.arpa\n");
}

static void
the_name_that_the_ptr_record_gives_stands_first(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "10.in-addr.arpa");
	registered_zone(registry, "8.b.d.0.1.0.0.2.ip6.arpa");
	registered(registry, "a.home.arpa", "10.200.0.13 2001:db8::1:af");
	registered(registry, "b.home.arpa", "10.200.0.13 2001:db8::1:af");
	registered(registry, "c.home.arpa", "10.200.0.13 2001:db8::1:af");
	registered_pointers("13.0.200.10.in-addr.arpa", "b.home.arpa", LEASE_FOREVER);
	registered_pointers("f.a.0.0.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2."
			    "ip6.arpa",
	    "C.Home.ARPA", LEASE_FOREVER);
	(void)render(false, 0);
	expect("10.200.0.13 b.home.arpa a.home.arpa c.home.arpa\n"
	       "2001:db8::1:af c.home.arpa a.home.arpa b.home.arpa\n");
}

/* Records of one type come in canonical order: those that count for nothing are before the good one. */
static void
a_ptr_record_to_a_name_without_the_address_counts_for_nothing(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "10.in-addr.arpa");
	registered(registry, "n.home.arpa", "10.0.0.3");
	registered(registry, "z.home.arpa", "10.0.0.3");
	registered(registry, "c.home.arpa", "10.0.0.4");
	registered(registry, "_.home.arpa", "10.0.0.3");
	registered(registry, "a.10.in-addr.arpa", "10.0.0.3");
	registered_until(registry, "b.home.arpa", "10.0.0.3", 100);
	registered_pointers("3.0.0.10.in-addr.arpa",
	    "_.home.arpa a.10.in-addr.arpa b.home.arpa c.home.arpa d.home.arpa e.example",
	    LEASE_FOREVER);
	(void)render(false, 200);
	expect("10.0.0.4 c.home.arpa\n"
	       "10.0.0.3 n.home.arpa z.home.arpa\n");
	registered_pointers("3.0.0.10.in-addr.arpa",
	    "_.home.arpa a.10.in-addr.arpa b.home.arpa c.home.arpa d.home.arpa e.example "
	    "z.home.arpa",
	    LEASE_FOREVER);
	(void)render(false, 200);
	expect("10.0.0.4 c.home.arpa\n"
	       "10.0.0.3 z.home.arpa n.home.arpa\n");
}

static void
a_ptr_record_counts_until_its_lease_ends(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "10.in-addr.arpa");
	registered(registry, "a.home.arpa", "10.0.0.3");
	registered(registry, "b.home.arpa", "10.0.0.3");
	registered_pointers("3.0.0.10.in-addr.arpa", "b.home.arpa", 100);
	(void)render(false, 99);
	expect("10.0.0.3 b.home.arpa a.home.arpa\n");
	(void)render(false, 100);
	expect("10.0.0.3 a.home.arpa b.home.arpa\n");
}

/* Each address is had by three names; the lines are checked against what was put in. */
static void
many_names_find_their_lines(void **state)
{
	enum { LINES = 2000 };
	const char *line;

	(void)state;
	registered_zone(registry, "home.arpa");
	for (unsigned i = 0; i < 3 * LINES; i++) {
		char name[64];
		char address[32];

		(void)snprintf(name, sizeof(name), "n%04u-%u.home.arpa", i % LINES, i / LINES);
		(void)snprintf(address, sizeof(address), "10.0.%u.%u", i % LINES / 100,
		    i % LINES % 100);
		registered(registry, name, address);
	}
	assert_int_equal(render(false, 0), 3 * LINES);
	line = text.data + sizeof(HEAD) - 1;
	for (unsigned i = 0; i < LINES; i++) {
		char expected[128];
		int length = snprintf(expected, sizeof(expected),
		    "10.0.%u.%u n%04u-0.home.arpa n%04u-1.home.arpa n%04u-2.home.arpa\n", i / 100,
		    i % 100, i, i, i);

		assert_memory_equal(line, expected, length);
		line += length;
	}
	assert_string_equal(line, "");
}

/* Without a registry: addresses that differ only in their lowest or their highest bits. */
static void
places_are_joined_whatever_their_addresses_are(void **state)
{
	enum { COUNT = 10000 };
	struct places places;

	(void)state;
	places_init(&places);
	for (unsigned i = 0; i < COUNT; i++) {
		struct place place = { .address = { .family = 6 } };
		unsigned value = i / 2;
		unsigned at = value % 2 == 0 ? 0 : 14;

		place.address.bytes[at] = (uint8_t)(value >> 8);
		place.address.bytes[at + 1] = (uint8_t)value;
		assert_int_equal(places_add(&places, &place), STATUS_OK);
	}
	assert_int_equal(places_join(&places), STATUS_OK);
	for (uint32_t i = 0; i < COUNT; i += 2) {
		assert_true(places.list[i].leads);
		assert_int_equal(places.list[i].next, i + 1);
		assert_false(places.list[i + 1].leads);
		assert_int_equal(places.list[i + 1].next, PLACE_NONE);
	}
	places_release(&places);
}

/* A lease whose label its server answers by itself, or not (is_ours), with the node that belongs to it. */
static void
leased(const char *label, const char *address, bool is_ours)
{
	struct dhcp_lease lease = { .is_ours = is_ours, .until_s = LEASES_FOREVER };
	char name[NAME_TEXT_MAX];

	assert_int_equal(address_from_text(address, &lease.address), STATUS_OK);
	(void)snprintf(lease.label, sizeof(lease.label), "%s", label);
	assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	leases_commit(leases);
	(void)snprintf(name, sizeof(name), "%s.home.arpa", label);
	registered_of(registry, name, address, "@lease");
}

static void
a_lease_that_the_reader_answers_by_itself_is_not_written(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	leases = leases_new();
	leased("desk", "10.0.0.5", false);
	registered(registry, "nas.home.arpa", "10.0.0.9");
	assert_int_equal(render(true, 0), 1);
	expect("10.0.0.9 nas.home.arpa nas\n");
}

static void
a_lease_that_the_reader_does_not_answer_is_written(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	leases = leases_new();
	leased("bobs-iphone", "10.0.0.5", true);
	assert_int_equal(render(true, 0), 1);
	expect("10.0.0.5 bobs-iphone.home.arpa bobs-iphone\n");
}

static void
leases_of_another_server_than_the_reader_are_all_written(void **state)
{
	struct leases *held;

	(void)state;
	registered_zone(registry, "home.arpa");
	leases = leases_new();
	leased("desk", "10.0.0.5", false);
	held = leases;
	leases = NULL;
	(void)render(true, 0);
	leases = held;
	expect("10.0.0.5 desk.home.arpa desk\n");
}

/* dnsmasq calls the client by the first name of its address' line. */
static void
the_leases_name_comes_before_aliases_older_ones_and_the_pointers(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "10.in-addr.arpa");
	leases = leases_new();
	registered(registry, "alias.home.arpa", "10.0.0.5");
	registered(registry, "printer.home.arpa", "10.0.0.5");
	registered_pointers("5.0.0.10.in-addr.arpa", "printer.home.arpa", LEASE_FOREVER);
	(void)render(true, 0);
	expect("10.0.0.5 printer.home.arpa printer alias.home.arpa alias\n");
	leased("desk", "10.0.0.5", false);
	(void)render(true, 0);
	expect("10.0.0.5 desk.home.arpa desk alias.home.arpa alias printer.home.arpa printer\n");
}

static void
of_a_name_with_two_leases_only_the_unknown_one_is_written(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	leases = leases_new();
	leased("desk", "10.0.0.5", false);
	leased("desk", "fd00::5", true);
	registered_of(registry, "desk.home.arpa", "10.0.0.5 fd00::5", "@lease");
	assert_int_equal(render(true, 0), 1);
	expect("fd00::5 desk.home.arpa desk\n");
}

static void
without_short_names_there_is_the_fqdn_alone(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "pc.home.arpa", "10.0.0.3");
	(void)render(false, 0);
	expect("10.0.0.3 pc.home.arpa\n");
}

static void
the_first_zone_has_the_short_name(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "lab.example");
	registered(registry, "pc.home.arpa", "10.0.0.3");
	registered(registry, "pc.lab.example", "10.1.0.3");
	registered(registry, "nas.lab.example", "10.1.0.4");
	(void)render(true, 0);
	expect("10.0.0.3 pc.home.arpa pc\n"
	       "10.1.0.4 nas.lab.example nas\n"
	       "10.1.0.3 pc.lab.example\n");
	/* What the first zone does not publish is free. */
	registered_text(registry, "pc.home.arpa");
	(void)render(true, 0);
	expect("10.1.0.4 nas.lab.example nas\n"
	       "10.1.0.3 pc.lab.example pc\n");
}

static void
nobody_becomes_localhost(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "localhost.home.arpa", "10.0.0.66");
	registered(registry, "localhosts.home.arpa", "10.0.0.67");
	(void)render(true, 0);
	expect("10.0.0.66 localhost.home.arpa\n"
	       "10.0.0.67 localhosts.home.arpa localhosts\n");
}

static void
names_that_are_no_host_names_are_told_of_and_left_out(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "*.home.arpa", "10.0.0.1");
	registered(registry, "my_pc.home.arpa", "10.0.0.2");
	registered(registry, "-pc.home.arpa", "10.0.0.3");
	registered(registry, "my\\032pc.home.arpa", "10.0.0.4");
	registered(registry, "x\\.y.home.arpa", "10.0.0.5");
	registered(registry, "pc\\010.home.arpa", "10.0.0.6");
	registered(registry, "ddnsd-publication.home.arpa", "100::7");
	registered_text(registry, "_acme.home.arpa");
	registered(registry, "ok.home.arpa", "10.0.0.8");
	assert_int_equal(render(true, 0), 1);
	expect("10.0.0.8 ok.home.arpa ok\n");
	assert_string_equal(unfit,
	    "*.home.arpa -pc.home.arpa ddnsd-publication.home.arpa my\\032pc.home.arpa "
	    "my_pc.home.arpa pc\\010.home.arpa x\\.y.home.arpa ");
}

static void
an_ended_lease_is_not_published(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	registered_until(registry, "pc.home.arpa", "10.0.0.3", 100);
	(void)render(false, 99);
	expect("10.0.0.3 pc.home.arpa\n");
	(void)render(false, 100);
	expect("");
	(void)render(false, INT64_MIN);
	expect("10.0.0.3 pc.home.arpa\n");
}

static void
reverse_zones_are_passed_over(void **state)
{
	(void)state;
	registered_zone(registry, "168.192.in-addr.arpa");
	registered_zone(registry, "8.b.d.0.1.0.0.2.ip6.arpa");
	registered(registry, "1.1.168.192.in-addr.arpa", "10.0.0.3");
	registered(registry, "1.8.b.d.0.1.0.0.2.ip6.arpa", "10.0.0.3");
	(void)render(true, 0);
	expect("");
}

static void
the_longest_name_fits(void **state)
{
	char name[300] = "";
	char line[700];
	char label[64];

	(void)state;
	memset(label, 'a', 63);
	label[63] = '\0';
	(void)snprintf(name, sizeof(name), "%s.%s.%s.%.51s.home.arpa", label, label, label, label);
	assert_int_equal(strlen(name), 253);
	registered_zone(registry, name + 64);
	registered(registry, name, "2001:1111:2222:3333:4444:5555:6666:7777");
	(void)render(true, 0);
	(void)snprintf(line, sizeof(line), "2001:1111:2222:3333:4444:5555:6666:7777 %s %s\n", name,
	    label);
	expect(line);
}

static void
addresses_look_as_inet_ntop_writes_them(void **state)
{
	static const char *const addresses[] = { "0.0.0.0", "255.255.255.255", "10.100.9.99",
		"::", "::1", "1::", "2001:db8::1:0:0:1", "2001:db8:0:1:1:1:1:1", "1:0:0:2::3",
		"1:2:3:4:5:6:7:8", "0:1:2:3:4:5:6:7", "fe80::", "1:2:3:4:5:6:7:0",
		"2001:0:0:1::", "abcd:ef01:20:3::f000" };

	(void)state;
	registered_zone(registry, "home.arpa");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		char line[100];

		registered(registry, "pc.home.arpa", addresses[i]);
		(void)render(false, 0);
		(void)snprintf(line, sizeof(line), "%s pc.home.arpa\n", addresses[i]);
		expect(line);
	}
}

/* 65,536 patterns of zero groups and short ones, against the C library. */
static void
every_pattern_of_groups_reads_back_as_the_same_address(void **state)
{
	(void)state;
	registered_zone(registry, "home.arpa");
	for (unsigned pattern = 0; pattern < 65536; pattern += 7) {
		struct address address = { .family = 6 };
		struct address read_back;
		char address_text[ADDRESS_TEXT_MAX];

		for (unsigned bit = 0; bit < 16; bit++)
			address.bytes[bit] = (pattern >> bit & 1) != 0 ? (uint8_t)(0x10 + bit) : 0;
		registered(registry, "pc.home.arpa", address_to_text(&address, address_text));
		(void)render(false, 0);
		text.data[strlen(text.data) - strlen(" pc.home.arpa\n")] = '\0';
		assert_int_equal(address_from_text(text.data + sizeof(HEAD) - 1, &read_back),
		    STATUS_OK);
		assert_true(address_is_equal(&address, &read_back));
	}
}

static void
a_text_over_its_ceiling_is_too_large(void **state)
{
	struct hosts_file_options options = { .now_s = 0 };
	size_t names;

	(void)state;
	registered_zone(registry, "home.arpa");
	registered(registry, "pc.home.arpa", "10.0.0.3");
	text.ceiling = 200;
	assert_int_equal(hosts_file_render(registry, &options, &text, &names), STATUS_TOO_LARGE);
}

static void
expect_marker(const char *expected)
{
	struct name marker;
	char name_text[NAME_TEXT_MAX];

	hosts_file_marker(registry, &marker);
	assert_string_equal(name_to_text(marker.wire, name_text), expected);
}

static void
the_marker_lies_below_the_first_forward_zone(void **state)
{
	(void)state;
	expect_marker("ddnsd-publication");
	registered_zone(registry, "168.192.in-addr.arpa");
	expect_marker("ddnsd-publication.168.192.in-addr.arpa");
	registered_zone(registry, "home.arpa");
	registered_zone(registry, "example");
	expect_marker("ddnsd-publication.home.arpa");
}

static void
a_zone_too_long_for_the_marker_leaves_it_alone(void **state)
{
	char apex[300];
	char label[64];

	(void)state;
	memset(label, 'a', 63);
	label[63] = '\0';
	(void)snprintf(apex, sizeof(apex), "%s.%s.%s.%.50s", label, label, label, label);
	registered_zone(registry, apex);
	expect_marker("ddnsd-publication");
}

static void
the_markers_number_comes_back(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 65536, 1753000000, UINT64_C(1) << 32,
		UINT64_C(0x0001000000000000), UINT64_MAX };
	struct name marker;

	(void)state;
	registered_zone(registry, "home.arpa");
	hosts_file_marker(registry, &marker);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		uint64_t number = 42;

		(void)render(true, 0);
		text.length--; /* the NUL */
		assert_int_equal(hosts_file_render_marker(marker.wire, numbers[i], &text),
		    STATUS_OK);
		assert_true(hosts_file_find_number(text.data, text.length, &number));
		assert_int_equal(number, numbers[i]);
	}
	buffer_clear(&text);
	assert_int_equal(hosts_file_render_marker(marker.wire, 258, &text), STATUS_OK);
	assert_int_equal(text.length, strlen("100::102 ddnsd-publication.home.arpa\n"));
	assert_memory_equal(text.data, "100::102 ddnsd-publication.home.arpa\n", text.length);
}

static void
other_peoples_files_have_no_number(void **state)
{
	static const char *const files[] = { "", "\n", "100::1 x", "10.0.0.1 x\n", "100::1\n",
		"101::1 x\n", "100::1 x\n10.0.0.1 y\n", "100:0:0:1::1 x\n", "# 100::1 x\n",
		"1000000000000000000000000000000000000000000000000000 x\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		uint64_t number = 42;

		assert_false(hosts_file_find_number(files[i], strlen(files[i]), &number));
		assert_int_equal(number, 42);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_registered_is_a_comment_alone),
		TEST(each_address_is_a_line_in_canonical_order),
		TEST(the_order_of_registration_does_not_show),
		TEST(names_that_share_an_address_stand_in_one_line),
		TEST(an_ipv4_address_and_one_mapped_from_it_are_two),
		TEST(the_oldest_name_stands_first),
		TEST(the_name_that_the_ptr_record_gives_stands_first),
		TEST(a_ptr_record_to_a_name_without_the_address_counts_for_nothing),
		TEST(a_ptr_record_counts_until_its_lease_ends),
		TEST(many_names_find_their_lines),
		TEST(places_are_joined_whatever_their_addresses_are),
		TEST(a_lease_that_the_reader_answers_by_itself_is_not_written),
		TEST(a_lease_that_the_reader_does_not_answer_is_written),
		TEST(leases_of_another_server_than_the_reader_are_all_written),
		TEST(the_leases_name_comes_before_aliases_older_ones_and_the_pointers),
		TEST(of_a_name_with_two_leases_only_the_unknown_one_is_written),
		TEST(without_short_names_there_is_the_fqdn_alone),
		TEST(the_first_zone_has_the_short_name),
		TEST(nobody_becomes_localhost),
		TEST(names_that_are_no_host_names_are_told_of_and_left_out),
		TEST(an_ended_lease_is_not_published),
		TEST(reverse_zones_are_passed_over),
		TEST(the_longest_name_fits),
		TEST(addresses_look_as_inet_ntop_writes_them),
		TEST(every_pattern_of_groups_reads_back_as_the_same_address),
		TEST(a_text_over_its_ceiling_is_too_large),
		TEST(the_marker_lies_below_the_first_forward_zone),
		TEST(a_zone_too_long_for_the_marker_leaves_it_alone),
		TEST(the_markers_number_comes_back),
		TEST(other_peoples_files_have_no_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
