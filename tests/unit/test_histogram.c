/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/histogram: which bucket a length goes to, and what the sum is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/histogram.h"

static void
bounds_rise(void **state)
{
	(void)state;
	assert_true(histogram_bounds_ns[0] > 0);
	for (size_t i = 1; i < HISTOGRAM_BOUNDS; i++)
		assert_true(histogram_bounds_ns[i] > histogram_bounds_ns[i - 1]);
}

static void
a_bound_belongs_to_its_bucket_and_what_is_more_to_the_next(void **state)
{
	(void)state;
	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		struct histogram histogram = { 0 };

		histogram_note(&histogram, histogram_bounds_ns[i]);
		histogram_note(&histogram, histogram_bounds_ns[i] + 1);
		assert_int_equal(histogram.counts[i], 1);
		assert_int_equal(histogram.counts[i + 1], 1);
		assert_int_equal(histogram_count(&histogram), 2);
		assert_int_equal(histogram.sum_ns, 2 * histogram_bounds_ns[i] + 1);
	}
}

static void
nothing_and_less_count_as_nothing(void **state)
{
	struct histogram histogram = { 0 };

	(void)state;
	assert_int_equal(histogram_count(&histogram), 0);
	histogram_note(&histogram, 0);
	histogram_note(&histogram, -5);
	assert_int_equal(histogram.counts[0], 2);
	assert_int_equal(histogram.sum_ns, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bounds_rise),
		cmocka_unit_test(a_bound_belongs_to_its_bucket_and_what_is_more_to_the_next),
		cmocka_unit_test(nothing_and_less_count_as_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
