/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/prerequisite: rules 4 to 7, asked of a registry. */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/prerequisite.h"

#include "asked.h"
#include "registered.h"

enum { NOW_S = 1000 };

static struct registry *registry;
static struct arena arena;

static int
set_up(void **state)
{
	(void)state;
	registry = registry_new();
	assert_non_null(registry);
	arena_init(&arena, 4 << 20);
	registered_zone(registry, "home.arpa");
	registered(registry, "laptop.home.arpa", "192.0.2.1 192.0.2.2 fd00::1");
	registered(registry, "*.wild.home.arpa", "192.0.2.9");
	registered_until(registry, "old.home.arpa", "192.0.2.3", NOW_S);
	registered_text(registry, "b.ent.home.arpa");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	arena_release(&arena);
	registry_free(registry);
	return 0;
}

static enum status
check_at(const char *script, int64_t now_s)
{
	arena_reset(&arena);
	return prerequisite_check(registry_next_zone(registry, NULL), asked_for(&arena, script),
	    now_s, &arena);
}

static enum status
check(const char *script)
{
	return check_at(script, NOW_S);
}

static void
no_prerequisites_hold(void **state)
{
	(void)state;
	assert_int_equal(check("add x 60 A 192.0.2.1"), STATUS_OK);
}

static void
rule_4_a_name_that_is_not_in_use_is_nxdomain(void **state)
{
	(void)state;
	assert_int_equal(check("yxdomain laptop"), STATUS_OK);
	assert_int_equal(check("yxdomain nobody"), STATUS_NAME_MISSING);
	assert_int_equal(check("yxdomain a.laptop"), STATUS_NAME_MISSING);
}

static void
rule_4_an_rrset_that_does_not_exist_is_nxrrset(void **state)
{
	(void)state;
	assert_int_equal(check("yxrrset laptop A"), STATUS_OK);
	assert_int_equal(check("yxrrset laptop TXT"), STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset nobody A"), STATUS_RRSET_MISSING);
}

static void
rule_5_a_name_in_use_is_yxdomain_and_an_rrset_that_exists_yxrrset(void **state)
{
	(void)state;
	assert_int_equal(check("nxdomain nobody"), STATUS_OK);
	assert_int_equal(check("nxdomain laptop"), STATUS_NAME_EXISTS);
	assert_int_equal(check("nxrrset laptop TXT"), STATUS_OK);
	assert_int_equal(check("nxrrset nobody A"), STATUS_OK);
	assert_int_equal(check("nxrrset laptop AAAA"), STATUS_RRSET_EXISTS);
}

static void
rule_6_an_exact_rrset_is_compared_as_a_set(void **state)
{
	static const char one_and_two[] = "yxrrset laptop A 192.0.2.1; yxrrset laptop A 192.0.2.2";

	(void)state;
	assert_int_equal(check(one_and_two), STATUS_OK);
	assert_int_equal(check("yxrrset laptop A 192.0.2.2; yxrrset laptop A 192.0.2.1"),
	    STATUS_OK);
	/* A record asked for twice is still one of the set. */
	assert_int_equal(check("yxrrset laptop A 192.0.2.2; yxrrset laptop A 192.0.2.1;"
			       "yxrrset laptop A 192.0.2.2"),
	    STATUS_OK);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1"), STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset laptop A 192.0.2.2;"
			       "yxrrset laptop A 192.0.2.3"),
	    STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset laptop A 192.0.2.3"),
	    STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset laptop A 192.0.2.1"),
	    STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset laptop TXT hi"), STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset nobody A 192.0.2.1"), STATUS_RRSET_MISSING);
}

static void
rule_6_several_exact_rrsets_are_each_compared(void **state)
{
	(void)state;
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset b.ent TXT hi;"
			       "yxrrset laptop AAAA fd00::1; yxrrset laptop A 192.0.2.2"),
	    STATUS_OK);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset b.ent TXT ho;"
			       "yxrrset laptop AAAA fd00::1; yxrrset laptop A 192.0.2.2"),
	    STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset laptop A 192.0.2.1; yxrrset b.ent TXT hi;"
			       "yxrrset laptop AAAA fd00::2; yxrrset laptop A 192.0.2.2"),
	    STATUS_RRSET_MISSING);
}

static void
rule_6_the_largest_rrset_of_a_message_can_be_asked_for(void **state)
{
	enum { COUNT = 230, TEXT = 250 };
	static char script[COUNT * (TEXT + 40)];
	static uint8_t storage[COUNT][TEXT + 16] __attribute__((aligned(8)));
	static struct record list[COUNT];
	size_t used = 0;

	(void)state;
	for (int i = 0; i < COUNT; i++) {
		char text[TEXT + 1];
		uint8_t bytes[TEXT + 1];

		memset(text, 'x', TEXT);
		text[TEXT] = '\0';
		text[0] = (char)('a' + i / 16);
		text[1] = (char)('a' + i % 16);
		bytes[0] = TEXT;
		memcpy(bytes + 1, text, TEXT);
		knot_rdata_init((knot_rdata_t *)storage[i], sizeof(bytes), bytes);
		list[i] = (struct record){ KNOT_RRTYPE_TXT, 60, (knot_rdata_t *)storage[i],
			{ LEASE_FOREVER, LEASE_FOREVER, 0 } };
		used += (size_t)sprintf(script + used, "yxrrset big TXT %s;", text);
	}
	registered_replace(registry, "big.home.arpa", list, COUNT);
	assert_int_equal(check(script), STATUS_OK);
	script[strlen("yxrrset big TXT ")] = 'z';
	assert_int_equal(check(script), STATUS_RRSET_MISSING);
}

static void
exact_rrsets_are_compared_after_all_others(void **state)
{
	(void)state;
	/* RFC 2136 3.2.5: collected first, compared when all others have held. */
	assert_int_equal(check("yxrrset laptop A 192.0.2.7; nxdomain laptop"), STATUS_NAME_EXISTS);
	assert_int_equal(check("nxrrset laptop A; yxdomain nobody"), STATUS_RRSET_EXISTS);
	assert_int_equal(check("yxdomain nobody; nxrrset laptop A"), STATUS_NAME_MISSING);
}

static void
rule_7_an_empty_non_terminal_is_not_in_use(void **state)
{
	(void)state;
	assert_int_equal(check("yxdomain ent"), STATUS_NAME_MISSING);
	assert_int_equal(check("nxdomain ent"), STATUS_OK);
	assert_int_equal(check("nxrrset ent TXT"), STATUS_OK);
}

static void
rule_7_wildcards_synthesise_nothing(void **state)
{
	(void)state;
	assert_int_equal(check("yxdomain a.wild"), STATUS_NAME_MISSING);
	assert_int_equal(check("nxdomain a.wild; nxrrset a.wild A"), STATUS_OK);
	assert_int_equal(check("yxrrset a.wild A 192.0.2.9"), STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset *.wild A 192.0.2.9"), STATUS_OK);
}

static void
rule_34_what_has_expired_is_not_there(void **state)
{
	(void)state;
	assert_int_equal(check("yxdomain old"), STATUS_NAME_MISSING);
	assert_int_equal(check("yxrrset old A"), STATUS_RRSET_MISSING);
	assert_int_equal(check("yxrrset old A 192.0.2.3"), STATUS_RRSET_MISSING);
	assert_int_equal(check("nxdomain old; nxrrset old A"), STATUS_OK);
	assert_int_equal(check_at("yxrrset old A 192.0.2.3", NOW_S - 1), STATUS_OK);
	/* Quiet times. */
	assert_int_equal(check_at("nxdomain old", INT64_MIN), STATUS_NAME_EXISTS);
}

#define registry_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		registry_test(no_prerequisites_hold),
		registry_test(rule_4_a_name_that_is_not_in_use_is_nxdomain),
		registry_test(rule_4_an_rrset_that_does_not_exist_is_nxrrset),
		registry_test(rule_5_a_name_in_use_is_yxdomain_and_an_rrset_that_exists_yxrrset),
		registry_test(rule_6_an_exact_rrset_is_compared_as_a_set),
		registry_test(rule_6_several_exact_rrsets_are_each_compared),
		registry_test(rule_6_the_largest_rrset_of_a_message_can_be_asked_for),
		registry_test(exact_rrsets_are_compared_after_all_others),
		registry_test(rule_7_an_empty_non_terminal_is_not_in_use),
		registry_test(rule_7_wildcards_synthesise_nothing),
		registry_test(rule_34_what_has_expired_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
