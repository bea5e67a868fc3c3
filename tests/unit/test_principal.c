/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grants as the administrator writes them. */
#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/principal.h"

static struct grant
read_grant(const char *text)
{
	struct grant grant;
	const char *reason = NULL;

	if (grant_from_text(text, &grant, &reason) != STATUS_OK)
		fail_msg("%s: %s", text, reason);
	assert_null(reason);
	return grant;
}

static void
assert_pattern(const char *text, enum grant_pattern pattern, const char *name)
{
	struct grant grant = read_grant(text);
	char name_text[NAME_TEXT_MAX];

	assert_int_equal(grant.pattern, pattern);
	if (name != NULL)
		assert_string_equal(name_to_text(grant.name.wire, name_text), name);
}

/* Refused, with a reason that has this in it; *ret_grant stays as it was. */
static void
assert_refused(const char *text, const char *part_of_reason)
{
	struct grant grant;
	struct grant before;
	const char *reason = NULL;

	memset(&grant, 0x5a, sizeof(grant));
	memcpy(&before, &grant, sizeof(before));
	assert_int_equal(grant_from_text(text, &grant, &reason), STATUS_MALFORMED);
	assert_non_null(reason);
	if (strstr(reason, part_of_reason) == NULL)
		fail_msg("\"%s\": the reason is \"%s\"", text, reason);
	assert_memory_equal(&grant, &before, sizeof(grant));
}

static void
every_kind_of_pattern_is_understood(void **state)
{
	(void)state;
	assert_pattern("self", GRANT_SELF, NULL);
	assert_pattern("SELF A", GRANT_SELF, NULL);
	assert_pattern("*.self TXT", GRANT_BELOW_SELF, NULL);
	assert_pattern("laptop.home.arpa", GRANT_EXACT, "laptop.home.arpa");
	assert_pattern("*.home.arpa A", GRANT_BELOW, "home.arpa");
	assert_pattern("zone home.arpa", GRANT_ZONE, "home.arpa");
	assert_pattern("Zone home.arpa ANY", GRANT_ZONE, "home.arpa");
	assert_pattern("zone .", GRANT_ZONE, ".");
}

static void
a_final_dot_upper_case_and_blanks_change_nothing(void **state)
{
	(void)state;
	assert_pattern("Laptop.Home.ARPA.", GRANT_EXACT, "laptop.home.arpa");
	assert_pattern("*.Home.ARPA. A", GRANT_BELOW, "home.arpa");
	assert_pattern(" \t zone \t home.arpa. \t A  AAAA ", GRANT_ZONE, "home.arpa");
	/* With a dot it is a name and no longer the word. */
	assert_pattern("self.", GRANT_EXACT, "self");
}

static void
types_are_read_by_name_and_by_number(void **state)
{
	struct grant grant = read_grant("self A aaaa TYPE65280 DHCID type16 A");

	(void)state;
	assert_false(grant.any_type);
	assert_int_equal(grant.type_count, 5);
	assert_int_equal(grant.types[0], KNOT_RRTYPE_A);
	assert_int_equal(grant.types[1], KNOT_RRTYPE_AAAA);
	assert_int_equal(grant.types[2], 65280);
	assert_int_equal(grant.types[3], KNOT_RRTYPE_DHCID);
	assert_int_equal(grant.types[4], KNOT_RRTYPE_TXT);
}

static void
no_type_is_as_any_and_others_may_stand_beside_any(void **state)
{
	struct grant grant = read_grant("zone home.arpa");

	(void)state;
	assert_true(grant.any_type);
	assert_int_equal(grant.type_count, 0);
	grant = read_grant("zone home.arpa ANY");
	assert_true(grant.any_type);
	assert_int_equal(grant.type_count, 0);
	grant = read_grant("zone home.arpa NS any SOA");
	assert_true(grant.any_type);
	assert_int_equal(grant.type_count, 2);
	grant = read_grant("zone home.arpa SOA");
	assert_false(grant.any_type);
}

static void
types_that_no_record_has_are_refused_with_the_reason(void **state)
{
	static const char *const types[] = { "OPT", "TSIG", "TKEY", "AXFR", "IXFR", "TYPE0",
		"TYPE128", "TYPE253", "TYPE254", "TYPE65535" };

	(void)state;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char text[64];

		(void)snprintf(text, sizeof(text), "self A %s", types[i]);
		assert_refused(text, "only queries and messages");
	}
}

static void
what_is_not_a_grant_is_refused_with_the_reason(void **state)
{
	char long_word[NAME_TEXT_MAX + 100];
	char label[128];

	(void)state;
	assert_refused("", "empty");
	assert_refused("  \t", "empty");
	assert_refused("zone", "name is missing");
	assert_refused("*.", "name is missing");
	assert_refused("*", "only at the front");
	assert_refused("lap*.home.arpa", "only at the front");
	assert_refused("laptop.*", "only at the front");
	assert_refused("*.*.home.arpa", "only at the front");
	assert_refused("zone *.home.arpa", "only at the front");
	assert_refused("laptop..home.arpa", "not a domain name");
	assert_refused("self BOGUS", "type is unknown");
	assert_refused("self TYPE65536", "type is unknown");
	assert_refused("self A,AAAA", "type is unknown");
	assert_refused("laptop.home.arpa self", "type is unknown");
	memset(label, 'a', 64);
	(void)snprintf(label + 64, sizeof(label) - 64, ".home.arpa");
	assert_refused(label, "not a domain name");
	memset(long_word, 'a', sizeof(long_word) - 1);
	long_word[sizeof(long_word) - 1] = '\0';
	assert_refused(long_word, "too long");
	memcpy(long_word, "self ", 5);
	assert_refused(long_word, "type is unknown");
	memcpy(long_word, "zone ", 5);
	assert_refused(long_word, "too long");
}

/* "self" and so many types, and one more. */
static size_t
read_types(unsigned count, const char *last, const char **ret_reason)
{
	char text[1024] = "self";
	size_t length = 4;
	struct grant grant = { .type_count = 0 };

	for (unsigned i = 0; i < count; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, " TYPE%u",
		    1000 + i);
	(void)snprintf(text + length, sizeof(text) - length, " %s", last);
	(void)grant_from_text(text, &grant, ret_reason);
	return grant.type_count;
}

static void
more_than_32_types_are_refused(void **state)
{
	const char *reason = NULL;

	(void)state;
	assert_int_equal(read_types(GRANT_TYPES_MAX - 1, "A", &reason), GRANT_TYPES_MAX);
	/* One that is there already is no more. */
	assert_int_equal(read_types(GRANT_TYPES_MAX, "TYPE1000", &reason), GRANT_TYPES_MAX);
	assert_null(reason);
	assert_int_equal(read_types(GRANT_TYPES_MAX, "A", &reason), 0);
	assert_non_null(strstr(reason, "more than 32 types"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_pattern_is_understood),
		cmocka_unit_test(a_final_dot_upper_case_and_blanks_change_nothing),
		cmocka_unit_test(types_are_read_by_name_and_by_number),
		cmocka_unit_test(no_type_is_as_any_and_others_may_stand_beside_any),
		cmocka_unit_test(types_that_no_record_has_are_refused_with_the_reason),
		cmocka_unit_test(what_is_not_a_grant_is_refused_with_the_reason),
		cmocka_unit_test(more_than_32_types_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
