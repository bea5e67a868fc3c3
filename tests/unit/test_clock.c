/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/clock: the system's clocks, and those that a test puts in their place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"

static int64_t fake_now_ns;
static int64_t fake_wall_s;

static int64_t
read_fake_now_ns(void)
{
	return fake_now_ns;
}

static int64_t
read_fake_wall_s(void)
{
	return fake_wall_s;
}

static const struct clock_source fake = {
	.now_ns = read_fake_now_ns,
	.wall_s = read_fake_wall_s,
};

static int
restore_clock(void **state)
{
	(void)state;
	clock_replace(NULL);
	return 0;
}

static void
a_replaced_clock_is_what_all_readers_see(void **state)
{
	(void)state;
	clock_replace(&fake);
	fake_now_ns = INT64_C(12345678901234);
	fake_wall_s = INT64_C(4102444800);
	assert_int_equal(clock_now_ns(), INT64_C(12345678901234));
	assert_int_equal(clock_now_ms(), 12345678);
	assert_int_equal(clock_now_s(), 12345);
	assert_int_equal(clock_wall_s(), INT64_C(4102444800));
}

static void
milliseconds_and_seconds_are_whole_ones_that_have_passed(void **state)
{
	(void)state;
	clock_replace(&fake);
	fake_now_ns = 1999999999;
	assert_int_equal(clock_now_ms(), 1999);
	assert_int_equal(clock_now_s(), 1);
}

static void
null_brings_the_systems_clocks_back(void **state)
{
	time_t before = time(NULL);

	(void)state;
	clock_replace(&fake);
	fake_wall_s = 1;
	clock_replace(NULL);
	assert_in_range(clock_wall_s(), before, before + 60);
}

static void
the_running_clock_never_goes_back(void **state)
{
	int64_t last = clock_now_ns();
	int64_t first = last;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		int64_t now = clock_now_ns();

		assert_true(now >= last);
		last = now;
	}
	assert_true(last > first);
}

static void
the_running_clock_counts_the_time_that_the_machine_slept(void **state)
{
	struct timespec before, after;
	int64_t now_ns;

	(void)state;
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &before), 0);
	now_ns = clock_now_ns();
	assert_int_equal(clock_gettime(CLOCK_BOOTTIME, &after), 0);
	assert_true(now_ns >= (int64_t)before.tv_sec * 1000000000 + before.tv_nsec);
	assert_true(now_ns <= (int64_t)after.tv_sec * 1000000000 + after.tv_nsec);
}

static void
the_service_managers_clock_is_the_real_monotonic_one_whatever_is_replaced(void **state)
{
	struct timespec before, after;
	int64_t now_us;

	(void)state;
	clock_replace(&fake);
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &before), 0);
	now_us = clock_monotonic_us();
	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &after), 0);
	assert_true(now_us >= (int64_t)before.tv_sec * 1000000 + before.tv_nsec / 1000);
	assert_true(now_us <= (int64_t)after.tv_sec * 1000000 + after.tv_nsec / 1000);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_replaced_clock_is_what_all_readers_see, restore_clock),
		cmocka_unit_test_teardown(milliseconds_and_seconds_are_whole_ones_that_have_passed,
		    restore_clock),
		cmocka_unit_test_teardown(null_brings_the_systems_clocks_back, restore_clock),
		cmocka_unit_test(the_running_clock_never_goes_back),
		cmocka_unit_test(the_running_clock_counts_the_time_that_the_machine_slept),
		cmocka_unit_test_teardown(
		    the_service_managers_clock_is_the_real_monotonic_one_whatever_is_replaced,
		    restore_clock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
