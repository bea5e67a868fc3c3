/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The token bucket: what a client feels, at any time of any clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/rate_limit.h"

/* How many of a thousand tries at this moment succeed. */
static unsigned
take_all(struct rate_limit *limit, int64_t now_ms)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < 1000; i++)
		taken += rate_limit_take(limit, now_ms) ? 1 : 0;
	return taken;
}

static void
a_bucket_begins_full_and_gives_a_minutes_worth_at_once(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 60);
	assert_int_equal(take_all(&limit, 0), 60);
	assert_int_equal(take_all(&limit, 999), 0);
}

static void
it_refills_evenly(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 60);
	assert_int_equal(take_all(&limit, 5000), 60);
	assert_int_equal(take_all(&limit, 5999), 0);
	assert_int_equal(take_all(&limit, 6000), 1);
	assert_int_equal(take_all(&limit, 16000), 10);
	assert_int_equal(take_all(&limit, 16000 + 60000), 60);
	assert_int_equal(take_all(&limit, 16000 + 600000), 60);
}

static void
many_short_gaps_lose_nothing(void **state)
{
	struct rate_limit limit;
	unsigned taken = 0;

	(void)state;
	rate_limit_init(&limit, 7);
	assert_int_equal(take_all(&limit, 0), 7);
	for (int64_t now_ms = 1; now_ms <= 600000; now_ms++)
		taken += rate_limit_take(&limit, now_ms) ? 1 : 0;
	assert_int_equal(taken, 70);
}

static void
one_a_minute_is_one_a_minute(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 1);
	assert_true(rate_limit_take(&limit, 100));
	assert_false(rate_limit_take(&limit, 60099));
	assert_true(rate_limit_take(&limit, 60100));
}

static void
zero_is_no_limit(void **state)
{
	struct rate_limit limit;
	struct rate_limit zeroed = { 0 };

	(void)state;
	rate_limit_init(&limit, 0);
	assert_int_equal(take_all(&limit, 0), 1000);
	assert_int_equal(take_all(&zeroed, 0), 1000);
}

static void
a_clock_that_goes_back_gives_nothing_and_stops_nothing(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, 60);
	assert_int_equal(take_all(&limit, 1000000), 60);
	assert_int_equal(take_all(&limit, 500), 0);
	assert_int_equal(take_all(&limit, INT64_MIN), 0);
	assert_int_equal(take_all(&limit, INT64_MIN + 1000), 1);
}

static void
the_largest_gap_and_the_largest_limit_do_not_overflow(void **state)
{
	struct rate_limit limit;

	(void)state;
	rate_limit_init(&limit, UINT32_MAX);
	assert_true(rate_limit_take(&limit, INT64_MIN));
	assert_true(rate_limit_take(&limit, INT64_MAX));
	rate_limit_init(&limit, UINT32_MAX);
	assert_true(rate_limit_take(&limit, 0));
	assert_true(rate_limit_take(&limit, INT64_MAX));
	rate_limit_init(&limit, 2);
	assert_int_equal(take_all(&limit, INT64_MIN), 2);
	assert_int_equal(take_all(&limit, INT64_MAX), 2);
}

static void
a_reload_carries_the_level_over_and_clips_it(void **state)
{
	struct rate_limit before;
	struct rate_limit after;

	(void)state;
	rate_limit_init(&before, 60);
	for (unsigned i = 0; i < 50; i++)
		assert_true(rate_limit_take(&before, 1000));
	rate_limit_init(&after, 100);
	rate_limit_inherit(&after, &before);
	assert_int_equal(take_all(&after, 1000), 10);
	rate_limit_init(&after, 4);
	rate_limit_inherit(&after, &before);
	assert_int_equal(take_all(&after, 1000), 4);
	rate_limit_init(&before, 0);
	rate_limit_init(&after, 4);
	rate_limit_inherit(&after, &before);
	assert_int_equal(take_all(&after, 1000), 4);
	rate_limit_init(&before, 60);
	rate_limit_init(&after, 0);
	rate_limit_inherit(&after, &before);
	assert_int_equal(take_all(&after, 1000), 1000);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_begins_full_and_gives_a_minutes_worth_at_once),
		cmocka_unit_test(it_refills_evenly),
		cmocka_unit_test(many_short_gaps_lose_nothing),
		cmocka_unit_test(one_a_minute_is_one_a_minute),
		cmocka_unit_test(zero_is_no_limit),
		cmocka_unit_test(a_clock_that_goes_back_gives_nothing_and_stops_nothing),
		cmocka_unit_test(the_largest_gap_and_the_largest_limit_do_not_overflow),
		cmocka_unit_test(a_reload_carries_the_level_over_and_clips_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
