/* SPDX-License-Identifier: GPL-3.0-or-later */
/* auth/lockout: who waits after wrong secrets, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/lockout.h"

static struct address
at(const char *text)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), STATUS_OK);
	return address;
}

static int64_t
wait_ms(struct lockout *lockout, const char *source, const char *name, int64_t now_ms)
{
	struct address address = at(source);

	return lockout_wait_ms(lockout, &address, name, strlen(name), now_ms);
}

static void
fail_times(struct lockout *lockout, const char *source, const char *name, unsigned times,
    int64_t now_ms)
{
	struct address address = at(source);

	for (unsigned i = 0; i < times; i++)
		lockout_note_failure(lockout, &address, name, strlen(name), now_ms);
}

static int
open_lockout(void **state)
{
	*state = lockout_new();
	return *state != NULL ? 0 : -1;
}

static int
close_lockout(void **state)
{
	lockout_free(*state);
	return 0;
}

static void
a_few_mistakes_cost_nothing(void **state)
{
	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_PAIR - 1, 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
}

static void
more_of_them_cost_twice_as_much_each_time_up_to_a_bound(void **state)
{
	int64_t expected_ms = LOCKOUT_FIRST_MS;
	int64_t now_ms = 1000;

	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_PAIR - 1, now_ms);
	for (int i = 0; i < 14; i++) {
		fail_times(*state, "192.0.2.1", "laptop", 1, now_ms);
		assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", now_ms), expected_ms);
		now_ms += expected_ms;
		assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", now_ms), 0);
		expected_ms = expected_ms * 2 < LOCKOUT_LAST_MS ? expected_ms * 2 : LOCKOUT_LAST_MS;
	}
	assert_int_equal(expected_ms, LOCKOUT_LAST_MS);
}

/* As many as may fail before the source waits, all but alike: they must not crowd one set of the table. */
static void
names_that_are_alike_do_not_make_each_other_forgotten(void **state)
{
	char name[] = "laptop?";

	fail_times(*state, "192.0.2.1", "laptop0", LOCKOUT_FREE_PAIR, 0);
	for (int i = 1; i < LOCKOUT_FREE_SOURCE - LOCKOUT_FREE_PAIR; i++) {
		name[sizeof(name) - 2] = (char)('0' + i);
		fail_times(*state, "192.0.2.1", name, 1, i);
	}
	assert_true(wait_ms(*state, "192.0.2.1", "laptop0", LOCKOUT_FREE_SOURCE) > 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "another", LOCKOUT_FREE_SOURCE), 0);
}

static void
other_sources_and_other_names_do_not_wait(void **state)
{
	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_PAIR, 0);
	assert_int_not_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
	assert_int_equal(wait_ms(*state, "192.0.2.2", "laptop", 0), 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "printer", 0), 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "", 0), 0);
}

static void
who_tries_many_names_waits_with_all_of_them(void **state)
{
	char name[16];

	for (unsigned i = 0; i < LOCKOUT_FREE_SOURCE; i++) {
		assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
		(void)snprintf(name, sizeof(name), "name%u", i);
		fail_times(*state, "192.0.2.1", name, 1, 0);
	}
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), LOCKOUT_FIRST_MS);
	assert_int_equal(wait_ms(*state, "192.0.2.2", "laptop", 0), 0);
}

static void
a_network_of_ipv6_addresses_is_one_subscriber(void **state)
{
	char source[ADDRESS_TEXT_MAX];

	for (unsigned i = 1; i <= LOCKOUT_FREE_PAIR; i++) {
		(void)snprintf(source, sizeof(source), "2001:db8:0:1::%u", i);
		fail_times(*state, source, "laptop", 1, 0);
	}
	assert_int_not_equal(wait_ms(*state, "2001:db8:0:1:ffff::", "laptop", 0), 0);
	assert_int_equal(wait_ms(*state, "2001:db8:0:2::1", "laptop", 0), 0);
}

static void
success_is_forgiven_everything_of_that_name(void **state)
{
	struct address source = at("192.0.2.1");

	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_PAIR - 1, 0);
	lockout_note_success(*state, &source, "laptop", strlen("laptop"), 0);
	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_PAIR - 1, 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
}

static void
neighbours_with_the_right_secret_outweigh_one_with_a_wrong_one(void **state)
{
	struct address source = at("192.0.2.1");

	for (unsigned i = 0; i < 10 * LOCKOUT_FREE_SOURCE; i++) {
		fail_times(*state, "192.0.2.1", "broken", 1, 0);
		lockout_note_success(*state, &source, "laptop", strlen("laptop"), 0);
	}
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
	assert_int_not_equal(wait_ms(*state, "192.0.2.1", "broken", 0), 0);
}

static void
note_success(struct lockout *lockout, const char *source, const char *name, int64_t now_ms)
{
	struct address address = at(source);

	lockout_note_success(lockout, &address, name, strlen(name), now_ms);
}

static void
who_has_logged_in_before_waits_for_its_own_failures_only(void **state)
{
	int64_t now_ms = 0;
	char name[16];

	note_success(*state, "192.0.2.1", "router", now_ms);
	for (; now_ms < 2 * LOCKOUT_ENTRIES; now_ms++) {
		(void)snprintf(name, sizeof(name), "guess%d", (int)now_ms);
		fail_times(*state, "192.0.2.1", name, 1, now_ms);
	}
	assert_true(wait_ms(*state, "192.0.2.1", "another", now_ms) > 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "router", now_ms), 0);
	fail_times(*state, "192.0.2.1", "router", LOCKOUT_FREE_PAIR, now_ms);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "router", now_ms), LOCKOUT_FIRST_MS);
}

static void
forgotten_failures_are_forgotten_and_successes_are_not(void **state)
{
	note_success(*state, "192.0.2.1", "router", 0);
	fail_times(*state, "192.0.2.1", "laptop", 2 * LOCKOUT_FREE_SOURCE, 0);
	lockout_forget_failures(*state);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), 0);
	fail_times(*state, "192.0.2.1", "laptop", LOCKOUT_FREE_SOURCE, 0);
	assert_true(wait_ms(*state, "192.0.2.1", "nas", 0) > 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "router", 0), 0);
}

static void
an_hour_without_a_mistake_makes_it_all_forgotten(void **state)
{
	fail_times(*state, "192.0.2.1", "laptop", 30, 0);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", 0), LOCKOUT_LAST_MS);
	fail_times(*state, "192.0.2.1", "laptop", 1, LOCKOUT_FORGET_MS);
	assert_int_equal(wait_ms(*state, "192.0.2.1", "laptop", LOCKOUT_FORGET_MS), 0);
}

static void
a_flood_of_sources_does_not_free_who_goes_on_trying(void **state)
{
	char source[ADDRESS_TEXT_MAX];

	for (unsigned i = 0; i < 20000; i++) {
		(void)snprintf(source, sizeof(source), "10.%u.%u.%u", i >> 16, i >> 8 & 255,
		    i & 255);
		fail_times(*state, source, "laptop", 1, i);
		if (i % 8 == 0)
			fail_times(*state, "192.0.2.1", "laptop", 1, i);
	}
	assert_int_not_equal(wait_ms(*state, "192.0.2.1", "laptop", 20000), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_lockout, close_lockout)
		TEST(a_few_mistakes_cost_nothing),
		TEST(more_of_them_cost_twice_as_much_each_time_up_to_a_bound),
		TEST(names_that_are_alike_do_not_make_each_other_forgotten),
		TEST(other_sources_and_other_names_do_not_wait),
		TEST(who_tries_many_names_waits_with_all_of_them),
		TEST(a_network_of_ipv6_addresses_is_one_subscriber),
		TEST(success_is_forgiven_everything_of_that_name),
		TEST(neighbours_with_the_right_secret_outweigh_one_with_a_wrong_one),
		TEST(who_has_logged_in_before_waits_for_its_own_failures_only),
		TEST(forgotten_failures_are_forgotten_and_successes_are_not),
		TEST(an_hour_without_a_mistake_makes_it_all_forgotten),
		TEST(a_flood_of_sources_does_not_free_who_goes_on_trying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
