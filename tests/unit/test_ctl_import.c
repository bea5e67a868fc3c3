/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/import: files of other programs, to requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/import.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WALL_S = 1795327700 }; /* 2026-11-22T06:08:20Z */

/* The result as one text: names with their bodies, then what was complained about. */
static void
expect_import(enum import_format format, const char *text, const char *names,
    const char *const *problems, size_t passed_over)
{
	struct import import;
	json_t *bodies = json_object(), *expected;
	size_t count = 0;

	import_init(&import, "home.arpa", WALL_S);
	import_read(&import, format, text, strlen(text));
	assert_int_equal(import.status, STATUS_OK);
	for (void *at = json_object_iter(import.names); at != NULL;
	     at = json_object_iter_next(import.names, at))
		json_object_set(bodies, json_object_iter_key(at),
		    json_object_get(json_object_iter_value(at), "body"));
	expected = json_loads(names, 0, NULL);
	assert_non_null(expected);
	if (!json_equal(bodies, expected)) {
		json_dumpf(bodies, stderr, JSON_COMPACT);
		fail_msg(" is not %s", names);
	}
	while (problems != NULL && problems[count] != NULL) {
		char problem[512];
		const json_t *said = json_array_get(import.problems, count);

		(void)snprintf(problem, sizeof(problem), "%d: %s",
		    (int)json_integer_value(json_object_get(said, "line")),
		    json_string_value(json_object_get(said, "problem")));
		assert_string_equal(problem, problems[count++]);
	}
	assert_int_equal(json_array_size(import.problems), count);
	assert_int_equal(import.passed_over, passed_over);
	json_decref(bodies);
	json_decref(expected);
	import_release(&import);
}

static void
a_hosts_file_gives_each_name_its_addresses(void **state)
{
	(void)state;
	expect_import(IMPORT_HOSTS,
	    "# comment\n"
	    "192.0.2.1\tprinter.home.arpa  printer   # twice the same\n"
	    "2001:db8::1 PRINTER.\tprinter.home.arpa.\r\n"
	    "\n"
	    "192.0.2.2 nas files#comment\n"
	    "192.0.2.3 nas",
	    "{\"printer.home.arpa\":{\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},"
	    "\"printer\":{\"addresses\":[\"2001:db8::1\"]},"
	    "\"nas.home.arpa\":{\"addresses\":[\"192.0.2.2\",\"192.0.2.3\"]},"
	    "\"files.home.arpa\":{\"addresses\":[\"192.0.2.2\"]}}",
	    NULL, 0);
}

static void
what_a_hosts_file_says_of_its_own_machine_is_passed_over(void **state)
{
	(void)state;
	expect_import(IMPORT_HOSTS,
	    "127.0.0.1 localhost\n"
	    "127.0.1.1 mymachine.home.arpa mymachine\n"
	    "::1 localhost ip6-localhost ip6-loopback\n"
	    "fe00::0 ip6-localnet\nff00::0 ip6-mcastprefix\n"
	    "ff02::1 ip6-allnodes\nff02::2 ip6-allrouters\n"
	    "0.0.0.0 ads.example.com\n255.255.255.255 broadcasthost\n"
	    "192.0.2.1 localhost\n",
	    "{}", NULL, 13);
}

static void
what_no_hosts_file_may_hold_is_named_by_its_line(void **state)
{
	(void)state;
	expect_import(IMPORT_HOSTS,
	    "300.0.0.1 a\n"
	    "192.0.2.1\n"
	    "fe80::1%eth0 b\n"
	    "192.0.2.2 a/b -x_ .c d..e\n"
	    "nonsense\n",
	    "{\"-x_.home.arpa\":{\"addresses\":[\"192.0.2.2\"]}}",
	    (const char *const[]){ "1: \"300.0.0.1\" is no address",
		"2: no name is behind the address 192.0.2.1", "3: \"fe80::1%eth0\" is no address",
		"4: \"a/b\" is no host name", "4: \".c\" is no host name",
		"4: \"d..e\" is no host name", "5: \"nonsense\" is no address", NULL },
	    0);
}

static void
hostile_octets_are_shown_as_question_marks(void **state)
{
	(void)state;
	expect_import(IMPORT_HOSTS, "192.0.2.1 a\033[2J\xff\n", "{}",
	    (const char *const[]){ "1: \"a?[2J?\" is no host name", NULL }, 0);
}

static void
leases_give_names_and_nothing_without_a_name_or_ended(void **state)
{
	(void)state;
	expect_import(IMPORT_LEASES,
	    "1795399999 02:00:00:00:00:01 192.0.2.50 Phone 01:02:00:00:00:00:01\n"
	    "0 02:00:00:00:00:02 192.0.2.51 tv *\n"
	    "1795399999 02:00:00:00:00:03 192.0.2.52 * *\n"
	    "1795000000 02:00:00:00:00:04 192.0.2.53 gone *\n"
	    "duid 00:01:00:01:2a:2a:2a:2a:02:00:00:00:00:01\n"
	    "1795399999 12345 2001:db8::50 Phone 00:01:00:01:2a:2a:2a:2a:02:00:00:00:00:01\n",
	    "{\"phone.home.arpa\":{\"addresses\":[\"192.0.2.50\",\"2001:db8::50\"]},"
	    "\"tv.home.arpa\":{\"addresses\":[\"192.0.2.51\"]}}",
	    NULL, 2);
}

static void
a_zone_file_gives_records_in_readable_or_generic_form(void **state)
{
	(void)state;
	expect_import(IMPORT_ZONE,
	    "$TTL 300\n"
	    "@ SOA ns hostmaster ( 1 2 3\n 4 5 )\n"
	    "@ NS ns\n"
	    "  TXT \"a b\" \"\\\"\\\\\\200\"\n"
	    "Web 60 IN CNAME Ns\n"
	    "a.b AAAA 2001:db8::1\n"
	    "mail MX 10 mx.example.com.\n"
	    "_sip._tcp SRV 1 2 5060 ns\n"
	    "caa CAA 0 issue \"x\"\n"
	    "odd TYPE65280 \\# 2 00ff\n"
	    "sp\\032ace A 192.0.2.1\n"
	    "a RRSIG A 8 2 300 20300101000000 20200101000000 1 home.arpa. AAAA\n"
	    "last A 192.0.2.9",
	    "{\"home.arpa\":{\"records\":[{\"type\":\"TXT\",\"data\":\"\\\"a b\\\" "
	    "\\\"\\\\\\\"\\\\\\\\\\\\200\\\"\",\"ttl\":300}]},"
	    "\"web.home.arpa\":{\"records\":[{\"type\":\"CNAME\",\"data\":\"Ns.home.arpa.\","
	    "\"ttl\":60}]},"
	    "\"a.b.home.arpa\":{\"records\":[{\"type\":\"AAAA\",\"data\":\"2001:db8::1\","
	    "\"ttl\":300}]},"
	    "\"mail.home.arpa\":{\"records\":[{\"type\":\"MX\",\"data\":\"10 mx.example.com.\","
	    "\"ttl\":300}]},"
	    "\"_sip._tcp.home.arpa\":{\"records\":[{\"type\":\"SRV\",\"data\":"
	    "\"1 2 5060 ns.home.arpa.\",\"ttl\":300}]},"
	    "\"caa.home.arpa\":{\"records\":[{\"type\":\"CAA\",\"data\":"
	    "\"\\\\# 8 0005697373756578\",\"ttl\":300}]},"
	    "\"odd.home.arpa\":{\"records\":[{\"type\":\"TYPE65280\",\"data\":\"\\\\# 2 00ff\","
	    "\"ttl\":300}]},"
	    "\"sp\\\\032ace.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\","
	    "\"ttl\":300}]},"
	    "\"last.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.9\","
	    "\"ttl\":300}]}}",
	    NULL, 3);
}

static void
a_record_without_a_ttl_leaves_it_to_the_zone(void **state)
{
	(void)state;
	expect_import(IMPORT_ZONE, "a A 192.0.2.1\na A 192.0.2.1\n",
	    "{\"a.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\"}]}}", NULL, 0);
}

static void
an_apex_of_another_zone_in_the_file_loses_its_ns_too(void **state)
{
	(void)state;
	expect_import(IMPORT_ZONE,
	    "$ORIGIN example.org.\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nsub NS ns\n",
	    "{\"sub.example.org\":{\"records\":[{\"type\":\"NS\",\"data\":\"ns.example.org.\"}]}}",
	    NULL, 2);
}

static void
an_include_and_wrong_records_do_not_end_a_zone_file(void **state)
{
	(void)state;
	expect_import(IMPORT_ZONE,
	    "a A 1.2.3\n$INCLUDE /etc/passwd\nb A 192.0.2.2\nc WRONG x\nd A 192.0.2.4\n",
	    "{\"b.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.2\"}]},"
	    "\"d.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.4\"}]}}",
	    (const char *const[]){ "1: invalid IPv4 address",
		"2: $INCLUDE is not followed; import that file by itself", "4: invalid number",
		NULL },
	    0);
}

static void
an_export_comes_back_with_its_owners_and_what_is_left_of_leases(void **state)
{
	(void)state;
	expect_import(IMPORT_JSON,
	    "{\"names\":["
	    "{\"name\":\"a.home.arpa\",\"source\":\"registered\",\"owner\":\"laptop\",\"records\":["
	    "{\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.1\",\"expires\":\"2026-11-22T06:09:20Z\"},"
	    "{\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.2\",\"expires\":\"2026-11-22T06:10:20Z\"}]},"
	    "{\"name\":\"b.home.arpa\",\"source\":\"admin\",\"owner\":\"@admin\",\"records\":["
	    "{\"type\":\"TXT\",\"ttl\":0,\"data\":\"\\\"x\\\"\",\"expires\":null}]},"
	    "{\"name\":\"c.home.arpa\",\"source\":\"lease\",\"owner\":\"@lease\",\"records\":["
	    "{\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.3\",\"expires\":null}]},"
	    "{\"name\":\"home.arpa\",\"source\":\"zone\",\"records\":[{\"type\":\"NS\",\"data\":\"x.\"}]},"
	    "{\"name\":\"d.home.arpa\",\"source\":\"registered\",\"owner\":\"l\",\"records\":["
	    "{\"type\":\"A\",\"ttl\":60,\"data\":\"192.0.2.4\",\"expires\":\"2026-11-22T06:08:20Z\"}]}"
	    "]}",
	    "{\"a.home.arpa\":{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\",\"ttl\":60},"
	    "{\"type\":\"A\",\"data\":\"192.0.2.2\",\"ttl\":60}],\"lease\":120,\"owner\":\"laptop\"},"
	    "\"b.home.arpa\":{\"records\":[{\"type\":\"TXT\",\"data\":\"\\\"x\\\"\",\"ttl\":0}]}}",
	    NULL, 3);
}

static void
json_of_another_shape_is_complained_about(void **state)
{
	(void)state;
	expect_import(IMPORT_JSON, "{\"x\":1}", "{}",
	    (const char *const[]){
		"0: there is no array \"names\"; \"ddnsctl export --format json\" shows how it "
		"looks",
		NULL },
	    0);
	expect_import(IMPORT_JSON, "{\"names\":[1,{\"name\":\"a\",\"records\":[{}]}]}", "{}",
	    (const char *const[]){ "0: a member of \"names\" has no \"name\"",
		"0: a record of a has no type or no data", NULL },
	    0);
	expect_import(IMPORT_JSON, "{", "{}",
	    (const char *const[]){ "1: no JSON: string or '}' expected near end of file", NULL },
	    0);
}

static void
the_format_is_guessed_from_the_first_line_that_tells(void **state)
{
	static const struct {
		const char *text;
		enum import_format format;
	} table[] = {
		{ "", IMPORT_HOSTS },
		{ "# only\n# comments\n", IMPORT_HOSTS },
		{ "# x\n\n127.0.0.1 localhost\n", IMPORT_HOSTS },
		{ "::1\tlocalhost", IMPORT_HOSTS },
		{ "1795399999 02:00:00:00:00:01 192.0.2.50 phone *\n", IMPORT_LEASES },
		{ "duid 00:01:00:01\n", IMPORT_LEASES },
		{ "; a zone\n@ IN SOA", IMPORT_ZONE },
		{ "$ORIGIN home.arpa.\n", IMPORT_ZONE },
		{ "a 60 IN A 192.0.2.1\n", IMPORT_ZONE },
		{ "1795399999 60 IN A\n", IMPORT_ZONE },
		{ "  {\n", IMPORT_JSON },
		{ "{\"names\":[]}", IMPORT_JSON },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(import_guess(table[i].text, strlen(table[i].text)),
		    table[i].format);
}

static void
formats_have_names(void **state)
{
	static const char *const names[] = { "hosts", "leases", "zone", "json" };
	enum import_format format;

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		assert_true(import_format_from_text(names[i], &format));
		assert_string_equal(import_format_to_text(format), names[i]);
	}
	assert_false(import_format_from_text("host", &format));
}

static void
too_many_records_of_a_name_and_too_many_problems_have_an_end(void **state)
{
	struct import import;
	char line[64];

	(void)state;
	import_init(&import, "home.arpa", WALL_S);
	for (unsigned i = 0; i < IMPORT_RECORDS_MAX + 2; i++) {
		(void)snprintf(line, sizeof(line), "10.1.%u.%u a\n", i / 250, i % 250);
		import_read(&import, IMPORT_HOSTS, line, strlen(line));
	}
	assert_int_equal(json_array_size(import.problems), 2);
	for (unsigned i = 0; i < IMPORT_PROBLEMS_MAX; i++)
		import_read(&import, IMPORT_HOSTS, "x\n", 2);
	assert_int_equal(json_array_size(import.problems), IMPORT_PROBLEMS_MAX);
	assert_int_equal(import.problems_more, 2);
	import_release(&import);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hosts_file_gives_each_name_its_addresses),
		cmocka_unit_test(what_a_hosts_file_says_of_its_own_machine_is_passed_over),
		cmocka_unit_test(what_no_hosts_file_may_hold_is_named_by_its_line),
		cmocka_unit_test(hostile_octets_are_shown_as_question_marks),
		cmocka_unit_test(leases_give_names_and_nothing_without_a_name_or_ended),
		cmocka_unit_test(a_zone_file_gives_records_in_readable_or_generic_form),
		cmocka_unit_test(a_record_without_a_ttl_leaves_it_to_the_zone),
		cmocka_unit_test(an_apex_of_another_zone_in_the_file_loses_its_ns_too),
		cmocka_unit_test(an_include_and_wrong_records_do_not_end_a_zone_file),
		cmocka_unit_test(an_export_comes_back_with_its_owners_and_what_is_left_of_leases),
		cmocka_unit_test(json_of_another_shape_is_complained_about),
		cmocka_unit_test(the_format_is_guessed_from_the_first_line_that_tells),
		cmocka_unit_test(formats_have_names),
		cmocka_unit_test(too_many_records_of_a_name_and_too_many_problems_have_an_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
