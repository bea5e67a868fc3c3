/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/lease_call and lease_event: the calls of DHCP servers' hooks, recorded and hostile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/lease_call.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WORDS_MAX = 24, LINE_LENGTH_MAX = 512, WALL_S = 1795327700 };

/* A call as it arrives; both lists end with NULL. */
struct arrival {
	const char *arguments[WORDS_MAX];
	const char *environment[WORDS_MAX]; /* "NAME=VALUE" */
};

static const char *
look_up(void *context, const char *name)
{
	const struct arrival *arrival = context;
	size_t length = strlen(name);

	for (size_t i = 0; i < WORDS_MAX && arrival->environment[i] != NULL; i++) {
		const char *entry = arrival->environment[i];

		if (strncmp(entry, name, length) == 0 && entry[length] == '=')
			return entry + length + 1;
	}
	return NULL;
}

static enum status
read_arrival(const char *server, struct arrival *arrival, json_t **ret_events)
{
	char problem[LEASE_CALL_PROBLEM_MAX] = "";
	char *words[WORDS_MAX] = { 0 };
	struct lease_call call = {
		.argv = words,
		.variable = look_up,
		.context = arrival,
		.wall_s = WALL_S,
	};
	enum status status;

	while (call.argc < WORDS_MAX && arrival->arguments[call.argc] != NULL) {
		words[call.argc] = strdup(arrival->arguments[call.argc]);
		call.argc++;
	}
	status = lease_call_read(server, &call, ret_events, problem);
	assert_int_equal(problem[0] != '\0', status == STATUS_MALFORMED);
	for (int i = 0; i < call.argc; i++)
		free(words[i]);
	return status;
}

/* The call must tell exactly this; expected is a JSON array with ' in the place of ". */
static void
expect(const char *server, struct arrival arrival, const char *expected)
{
	json_t *events = NULL, *wanted;
	char *text = strdup(expected);
	char *told;

	for (char *quote = text; *quote != '\0'; quote++)
		*quote = *quote == '\'' ? '"' : *quote;
	wanted = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(wanted);
	assert_int_equal(read_arrival(server, &arrival, &events), STATUS_OK);
	told = json_dumps(events, JSON_INDENT(1));
	if (!json_equal(events, wanted))
		fail_msg("told: %s\nwanted: %s", told, text);
	free(told);
	free(text);
	json_decref(wanted);
	json_decref(events);
}

static void
expect_nothing(const char *server, struct arrival arrival)
{
	expect(server, arrival, "[]");
}

/* dnsmasq */

static void
a_new_lease_is_told_with_all_that_dnsmasq_knows(void **state)
{
	(void)state;
	expect("dnsmasq",
	    (struct arrival){
		{ "add", "02:00:00:00:00:01", "10.77.0.55", "Laptop" },
		{ "DNSMASQ_CLIENT_ID=01:02:00:00:00:00:01", "DNSMASQ_DOMAIN=home.lan",
		    "DNSMASQ_LEASE_EXPIRES=1795327720", "DNSMASQ_SUPPLIED_HOSTNAME=Laptop",
		    "DNSMASQ_TIME_REMAINING=120", "DNSMASQ_VENDOR_CLASS=udhcp 1.35.0" },
	    },
	    "[{'action': 'add', 'server': 'dnsmasq', 'address': '10.77.0.55',"
	    " 'hardware': '02:00:00:00:00:01', 'duid': null, 'client_id': '01:02:00:00:00:00:01',"
	    " 'name': 'Laptop', 'client_name': 'Laptop', 'complete': true, 'domain': 'home.lan',"
	    " 'expires_in_s': 120}]");
}

static void
what_dnsmasq_has_forgotten_is_told_as_incomplete(void **state)
{
	(void)state;
	expect("dnsmasq",
	    (struct arrival){
		{ "old", "02:00:00:00:00:01", "10.77.0.55" },
		{ "DNSMASQ_DATA_MISSING=1", "DNSMASQ_LEASE_EXPIRES=1795327732",
		    "DNSMASQ_OLD_HOSTNAME=notebook", "DNSMASQ_TIME_REMAINING=117" },
	    },
	    "[{'action': 'old', 'server': 'dnsmasq', 'address': '10.77.0.55',"
	    " 'hardware': '02:00:00:00:00:01', 'duid': null, 'client_id': null, 'name': null,"
	    " 'client_name': null, 'complete': false, 'domain': null, 'expires_in_s': 117}]");
}

static void
an_ipv6_lease_has_a_duid_and_the_mac_that_dnsmasq_found(void **state)
{
	(void)state;
	expect("dnsmasq",
	    (struct arrival){
		{ "del", "00:01:00:01:32:95:44:6b:02:00:00:00:00:01", "fd77::10c", "v6box" },
		{ "DNSMASQ_DATA_MISSING=1", "DNSMASQ_IAID=1", "DNSMASQ_LEASE_EXPIRES=1795327699",
		    "DNSMASQ_MAC=02:00:00:00:00:01" },
	    },
	    "[{'action': 'del', 'server': 'dnsmasq', 'address': 'fd77::10c',"
	    " 'hardware': '02:00:00:00:00:01',"
	    " 'duid': '00:01:00:01:32:95:44:6b:02:00:00:00:00:01', 'client_id': null,"
	    " 'name': 'v6box', 'client_name': null, 'complete': false, 'domain': null,"
	    " 'expires_in_s': 0}]");
}

/* The recorded log of one call after the other: "=== ...", " argv[1]=[add]", " NAME=VALUE". */
static bool
next_recorded(FILE *file, char lines[WORDS_MAX][LINE_LENGTH_MAX], struct arrival *arrival)
{
	size_t arguments = 0, variables = 0, used = 0;
	bool is_one = false;
	int first;

	*arrival = (struct arrival){ 0 };
	for (;;) {
		char *line = lines[used];

		first = fgetc(file);
		if (first == EOF || (first == '=' && is_one))
			break;
		assert_true(used + 1 < WORDS_MAX);
		assert_non_null(fgets(line, LINE_LENGTH_MAX, file));
		line[strcspn(line, "\n")] = '\0';
		is_one = true;
		if (first == '=' || strncmp(line, "argv[0]", 7) == 0)
			continue;
		used++;
		if (strncmp(line, "argv[", 5) == 0) {
			line[strlen(line) - 1] = '\0';
			arrival->arguments[arguments++] = strchr(line, '=') + 2;
		} else {
			arrival->environment[variables++] = line;
		}
	}
	if (first != EOF)
		(void)ungetc(first, file);
	return is_one;
}

static void
every_recorded_call_is_read(void **state)
{
	static const struct {
		const char *path;
		unsigned calls, told, complete, named;
	} logs[] = {
		{ "tests/data/dnsmasq-dhcp-script-v4.log", 27, 27, 9, 18 },
		{ "tests/data/dnsmasq-dhcp-script-v6.log", 22, 18, 7, 15 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(logs); i++) {
		static char lines[WORDS_MAX][LINE_LENGTH_MAX];
		unsigned calls = 0, told = 0, complete = 0, named = 0;
		FILE *file = fopen(logs[i].path, "re");
		struct arrival arrival;

		assert_non_null(file);
		while (next_recorded(file, lines, &arrival)) {
			json_t *events = NULL, *event;

			calls++;
			assert_int_equal(read_arrival("dnsmasq", &arrival, &events), STATUS_OK);
			event = json_array_get(events, 0);
			told += event != NULL;
			complete += json_is_true(json_object_get(event, "complete"));
			named += json_is_string(json_object_get(event, "name"));
			if (event != NULL)
				assert_string_equal(json_string_value(
							json_object_get(event, "address")),
				    arrival.arguments[2]);
			json_decref(events);
		}
		(void)fclose(file);
		assert_int_equal(calls, logs[i].calls);
		assert_int_equal(told, logs[i].told);
		assert_int_equal(complete, logs[i].complete);
		assert_int_equal(named, logs[i].named);
	}
}

static void
what_is_no_lease_tells_nothing(void **state)
{
	static const char *const actions[] = { "init", "arp-add", "arp-del", "tftp", "relay-snoop",
		"ADD", "", "add\n" };

	(void)state;
	for (size_t i = 0; i < COUNT(actions); i++)
		expect_nothing("dnsmasq",
		    (struct arrival){ { actions[i], "02:00:00:00:00:01", "10.77.0.55" }, { 0 } });
	expect_nothing("dnsmasq", (struct arrival){ 0 });
	expect_nothing("isc-dhcp", (struct arrival){ { "offer", "10.77.0.55" }, { 0 } });
	expect_nothing("kea",
	    (struct arrival){ { "lease4_select" }, { "LEASE4_ADDRESS=10.1.1.1" } });
	expect_nothing("openwrt", (struct arrival){ { 0 }, { "ACTION=ifup", "IPADDR=10.1.1.1" } });
}

static int64_t
expiry_of(const char *one, const char *other)
{
	struct arrival arrival = {
		{ "old", "02:00:00:00:00:01", "10.77.0.55" },
		{ one, other },
	};
	json_t *events = NULL, *expiry;
	int64_t told;

	assert_int_equal(read_arrival("dnsmasq", &arrival, &events), STATUS_OK);
	expiry = json_object_get(json_array_get(events, 0), "expires_in_s");
	told = json_is_null(expiry) ? DHCP_FOREVER : json_integer_value(expiry);
	json_decref(events);
	return told;
}

static void
the_end_of_a_lease_is_found_in_each_of_the_ways_dnsmasq_tells_it(void **state)
{
	(void)state;
	assert_int_equal(expiry_of("DNSMASQ_TIME_REMAINING=7", "DNSMASQ_LEASE_EXPIRES=5"), 7);
	assert_int_equal(expiry_of("DNSMASQ_LEASE_EXPIRES=1795327790", NULL), 90);
	assert_int_equal(expiry_of("DNSMASQ_LEASE_EXPIRES=1795327600", NULL), 0);
	assert_int_equal(expiry_of("DNSMASQ_LEASE_EXPIRES=0", NULL), DHCP_FOREVER);
	assert_int_equal(expiry_of("DNSMASQ_LEASE_LENGTH=3600", NULL), 3600);
	assert_int_equal(expiry_of("DNSMASQ_LEASE_LENGTH=4294967295", NULL), DHCP_FOREVER);
	assert_int_equal(expiry_of("DNSMASQ_TIME_REMAINING=4294967297", NULL), UINT32_MAX);
	assert_int_equal(expiry_of("DNSMASQ_TIME_REMAINING=-7", NULL), DHCP_FOREVER);
	assert_int_equal(expiry_of("DNSMASQ_TIME_REMAINING=99999999999999999999", NULL),
	    DHCP_FOREVER);
	assert_int_equal(expiry_of(NULL, NULL), DHCP_FOREVER);
}

/* OpenWrt */

static void
openwrts_variables_are_told_as_dnsmasqs_arguments(void **state)
{
	(void)state;
	expect("openwrt",
	    (struct arrival){
		{ 0 },
		{ "ACTION=update", "MACADDR=02:00:00:00:00:01", "IPADDR=10.77.0.55",
		    "HOSTNAME=desk", "DNSMASQ_LEASE_EXPIRES=1795327800",
		    "DNSMASQ_TIME_REMAINING=100", "DNSMASQ_SUPPLIED_HOSTNAME=desk" },
	    },
	    "[{'action': 'old', 'server': 'dnsmasq', 'address': '10.77.0.55',"
	    " 'hardware': '02:00:00:00:00:01', 'duid': null, 'client_id': null, 'name': 'desk',"
	    " 'client_name': 'desk', 'complete': true, 'domain': null, 'expires_in_s': 100}]");
}

static void
an_old_openwrt_tells_little_and_that_is_told(void **state)
{
	(void)state;
	expect("openwrt",
	    (struct arrival){
		{ 0 },
		{ "ACTION=remove", "MACADDR=02:00:00:00:00:01", "IPADDR=10.77.0.55", "HOSTNAME=" },
	    },
	    "[{'action': 'del', 'server': 'dnsmasq', 'address': '10.77.0.55',"
	    " 'hardware': '02:00:00:00:00:01', 'duid': null, 'client_id': null, 'name': null,"
	    " 'client_name': null, 'complete': false, 'domain': null, 'expires_in_s': null}]");
}

/* ISC dhcpd */

static void
isc_dhcpd_writes_octets_with_one_digit(void **state)
{
	(void)state;
	expect("isc-dhcp",
	    (struct arrival){
		{ "commit", "10.77.1.1", "1:2:0:dd:0:0:a", "600", "ff:0:0:0:1:0:3:0:1:2", "desk" },
		{ 0 },
	    },
	    "[{'action': 'add', 'server': 'isc-dhcp', 'address': '10.77.1.1',"
	    " 'hardware': '02:00:dd:00:00:0a', 'duid': null,"
	    " 'client_id': 'ff:00:00:00:01:00:03:00:01:02', 'name': null, 'client_name': 'desk',"
	    " 'complete': true, 'domain': null, 'expires_in_s': 600}]");
	expect("isc-dhcp",
	    (struct arrival){ { "commit", "10.77.1.1", "6:2:0:0:0:0:1", "4294967295", "", "" },
		{ 0 } },
	    "[{'action': 'add', 'server': 'isc-dhcp', 'address': '10.77.1.1',"
	    " 'hardware': '06-02:00:00:00:00:01', 'duid': null, 'client_id': null, 'name': null,"
	    " 'client_name': null, 'complete': true, 'domain': null, 'expires_in_s': null}]");
}

static void
isc_dhcpd_tells_the_end_by_the_address_alone(void **state)
{
	static const char *const actions[] = { "release", "expiry" };

	(void)state;
	for (size_t i = 0; i < COUNT(actions); i++)
		expect("isc-dhcp", (struct arrival){ { actions[i], "10.77.1.1" }, { 0 } },
		    "[{'action': 'del', 'server': 'isc-dhcp', 'address': '10.77.1.1',"
		    " 'hardware': null, 'duid': null, 'client_id': null, 'name': null,"
		    " 'client_name': null, 'complete': false, 'domain': null,"
		    " 'expires_in_s': null}]");
}

/* Kea */

static void
kea_tells_of_leases_that_came_and_leases_that_went(void **state)
{
	(void)state;
	expect("kea",
	    (struct arrival){
		{ "leases4_committed" },
		{ "LEASES4_SIZE=1", "LEASES4_AT0_ADDRESS=10.77.1.2",
		    "LEASES4_AT0_CLIENT_ID=01:02:00:00:00:00:01", "LEASES4_AT0_HOSTNAME=desk",
		    "LEASES4_AT0_HWADDR=02:00:00:00:00:01", "LEASES4_AT0_HWADDR_TYPE=1",
		    "LEASES4_AT0_STATE=default", "LEASES4_AT0_VALID_LIFETIME=120",
		    "DELETED_LEASES4_SIZE=1", "DELETED_LEASES4_AT0_ADDRESS=10.77.1.1",
		    "DELETED_LEASES4_AT0_HWADDR=02:00:00:00:00:01",
		    "DELETED_LEASES4_AT0_HWADDR_TYPE=6",
		    "DELETED_LEASES4_AT0_VALID_LIFETIME=4294967295" },
	    },
	    "[{'action': 'del', 'server': 'kea', 'address': '10.77.1.1',"
	    " 'hardware': '06-02:00:00:00:00:01', 'duid': null, 'client_id': null, 'name': null,"
	    " 'client_name': null, 'complete': true, 'domain': null, 'expires_in_s': null},"
	    " {'action': 'add', 'server': 'kea', 'address': '10.77.1.2',"
	    " 'hardware': '02:00:00:00:00:01', 'duid': null, 'client_id': '01:02:00:00:00:00:01',"
	    " 'name': null, 'client_name': 'desk', 'complete': true, 'domain': null,"
	    " 'expires_in_s': 120}]");
}

static void
kea_tells_of_one_lease_at_the_other_hook_points(void **state)
{
	static const char *const points[][2] = { { "lease6_renew", "old" },
		{ "lease6_rebind", "old" }, { "lease6_release", "del" }, { "lease6_expire", "del" },
		{ "lease6_decline", "del" } };

	(void)state;
	for (size_t i = 0; i < COUNT(points); i++) {
		char expected[LINE_LENGTH_MAX];

		(void)snprintf(expected, sizeof(expected),
		    "[{'action': '%s', 'server': 'kea', 'address': 'fd77::5', 'hardware': null,"
		    " 'duid': '00:03:00:01:02:00:00:00:00:01', 'client_id': null, 'name': null,"
		    " 'client_name': 'v6box.home.arpa.', 'complete': true, 'domain': null,"
		    " 'expires_in_s': 4000}]",
		    points[i][1]);
		expect("kea",
		    (struct arrival){
			{ points[i][0] },
			{ "LEASE6_ADDRESS=fd77::5", "LEASE6_TYPE=IA_NA",
			    "LEASE6_HWADDR=", "LEASE6_DUID=00:03:00:01:02:00:00:00:00:01",
			    "LEASE6_HOSTNAME=v6box.home.arpa.", "LEASE6_VALID_LIFETIME=4000" },
		    },
		    expected);
	}
}

static void
prefixes_and_declined_addresses_get_no_name(void **state)
{
	(void)state;
	expect_nothing("kea",
	    (struct arrival){ { "lease6_renew" },
		{ "LEASE6_ADDRESS=fd77::", "LEASE6_TYPE=IA_PD" } });
	expect_nothing("kea",
	    (struct arrival){
		{ "leases4_committed" },
		{ "LEASES4_SIZE=1", "LEASES4_AT0_ADDRESS=10.77.1.1", "LEASES4_AT0_STATE=declined" },
	    });
}

static void
kea_cannot_make_us_count_for_ever(void **state)
{
	struct arrival arrival = { { "leases4_committed" }, { "LEASES4_SIZE=1000000000" } };
	json_t *events = NULL;

	(void)state;
	assert_int_equal(read_arrival("kea", &arrival, &events), STATUS_MALFORMED);
	assert_null(events);
}

/* Hostile input */

static void
what_is_no_address_is_refused_and_not_repeated(void **state)
{
	static const char *const addresses[] = { "", "10.77.0", "10.77.0.55;id", "10.77.0.55\n",
		"fe80::1%lo", "desk" };

	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		struct arrival arrival = { { "add", "02:00:00:00:00:01", addresses[i] }, { 0 } };
		json_t *events = NULL;

		assert_int_equal(read_arrival("dnsmasq", &arrival, &events), STATUS_MALFORMED);
		assert_null(events);
	}
}

static void
another_server_is_unknown(void **state)
{
	struct arrival arrival = { { "add" }, { 0 } };
	json_t *events = NULL;

	(void)state;
	assert_int_equal(read_arrival("odhcpd", &arrival, &events), STATUS_NOT_FOUND);
	assert_int_equal(read_arrival("", &arrival, &events), STATUS_NOT_FOUND);
}

static void
identifiers_that_are_none_are_left_out(void **state)
{
	(void)state;
	expect("dnsmasq",
	    (struct arrival){
		{ "old", "02:00;reboot", "10.77.0.55", "" },
		{ "DNSMASQ_CLIENT_ID=01:02 $(id)", "DNSMASQ_TIME_REMAINING=1" },
	    },
	    "[{'action': 'old', 'server': 'dnsmasq', 'address': '10.77.0.55', 'hardware': null,"
	    " 'duid': null, 'client_id': null, 'name': null, 'client_name': null,"
	    " 'complete': true, 'domain': null, 'expires_in_s': 1}]");
}

static void
clean_gives(const char *text, const char *expected)
{
	char clean[LEASE_EVENT_TEXT_MAX + 1];

	lease_event_clean(text, clean);
	assert_string_equal(clean, expected);
}

#define FFFD "\xef\xbf\xbd"

static void
octets_that_are_no_utf_8_become_the_replacement_character(void **state)
{
	static const struct {
		const char *text;
		const char *clean;
	} table[] = {
		{ "x;touch /x/a\n\"\\", "x;touch /x/a\n\"\\" },
		{ "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x96\xa8",
		    "Caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x96\xa8" },
		{ "Caf\xe9", "Caf" FFFD },
		{ "\xe9"
		  "a",
		    FFFD "a" },
		{ "\x80\xff", FFFD FFFD },
		{ "\xc0\xaf", FFFD FFFD }, /* overlong "/" */
		{ "\xe0\x80\xaf", FFFD FFFD FFFD },
		{ "\xed\xa0\x80", FFFD FFFD FFFD },          /* half a surrogate pair */
		{ "\xf4\x90\x80\x80", FFFD FFFD FFFD FFFD }, /* beyond U+10FFFF */
		{ "\xef\xbf\xbf\xf4\x8f\xbf\xbf", "\xef\xbf\xbf\xf4\x8f\xbf\xbf" },
		{ "a\xe2\x82", "a" FFFD FFFD }, /* cut off */
		{ "\xf0\x9f\x96", FFFD FFFD FFFD },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		clean_gives(table[i].text, table[i].clean);
}

static void
a_long_text_is_cut_between_characters(void **state)
{
	char text[400], clean[LEASE_EVENT_TEXT_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	text[255] = '\0';
	clean_gives(text, text);
	text[255] = 'a';
	text[399] = '\0';
	lease_event_clean(text, clean);
	assert_int_equal(strlen(clean), 255);
	memcpy(text + 253, "\xe2\x82\xac", 3);
	lease_event_clean(text, clean);
	assert_int_equal(strlen(clean), 253);
	memset(text, '\xff', 399);
	lease_event_clean(text, clean);
	assert_int_equal(strlen(clean), 255);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_new_lease_is_told_with_all_that_dnsmasq_knows),
		cmocka_unit_test(what_dnsmasq_has_forgotten_is_told_as_incomplete),
		cmocka_unit_test(an_ipv6_lease_has_a_duid_and_the_mac_that_dnsmasq_found),
		cmocka_unit_test(every_recorded_call_is_read),
		cmocka_unit_test(what_is_no_lease_tells_nothing),
		cmocka_unit_test(the_end_of_a_lease_is_found_in_each_of_the_ways_dnsmasq_tells_it),
		cmocka_unit_test(openwrts_variables_are_told_as_dnsmasqs_arguments),
		cmocka_unit_test(an_old_openwrt_tells_little_and_that_is_told),
		cmocka_unit_test(isc_dhcpd_writes_octets_with_one_digit),
		cmocka_unit_test(isc_dhcpd_tells_the_end_by_the_address_alone),
		cmocka_unit_test(kea_tells_of_leases_that_came_and_leases_that_went),
		cmocka_unit_test(kea_tells_of_one_lease_at_the_other_hook_points),
		cmocka_unit_test(prefixes_and_declined_addresses_get_no_name),
		cmocka_unit_test(kea_cannot_make_us_count_for_ever),
		cmocka_unit_test(what_is_no_address_is_refused_and_not_repeated),
		cmocka_unit_test(another_server_is_unknown),
		cmocka_unit_test(identifiers_that_are_none_are_left_out),
		cmocka_unit_test(octets_that_are_no_utf_8_become_the_replacement_character),
		cmocka_unit_test(a_long_text_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
