/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/duration: lengths of time from text and to text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/duration.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
a_number_with_or_without_a_unit_is_read_as_seconds(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} table[] = {
		{ "0", 0 },
		{ "90", 90 },
		{ "090", 90 },
		{ "10s", 10 },
		{ "2m", 120 },
		{ "3h", 10800 },
		{ "7d", 604800 },
		{ "1w", 604800 },
		{ "1000000000000", INT64_C(1000000000000) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		int64_t seconds = -1;

		assert_int_equal(duration_from_text(table[i].text, &seconds), STATUS_OK);
		assert_int_equal(seconds, table[i].seconds);
	}
}

static void
what_is_no_length_of_time_is_malformed_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", "s", "-1", "+1", " 1", "1 s", "1.5h", "1S", "1ms",
		"1y", "0x10", "1d2h", "forever", "\xc2\xb2" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t seconds = -1;

		assert_int_equal(duration_from_text(texts[i], &seconds), STATUS_MALFORMED);
		assert_int_equal(seconds, -1);
	}
}

static void
a_time_that_no_integer_holds_is_too_large(void **state)
{
	static const char *const texts[] = { "1000000000001", "1653440w",
		"99999999999999999999999999999999" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		int64_t seconds = -1;

		assert_int_equal(duration_from_text(texts[i], &seconds), STATUS_TOO_LARGE);
		assert_int_equal(seconds, -1);
	}
}

static void
a_time_is_written_in_the_largest_unit_that_divides_it(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {
		{ 0, "0s" },
		{ 59, "59s" },
		{ 60, "1m" },
		{ 90, "90s" },
		{ 3600, "1h" },
		{ 86400, "1d" },
		{ 604800, "1w" },
		{ 2592000, "30d" },
		{ INT64_MAX, "9223372036854775807s" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[DURATION_TEXT_MAX];

		assert_string_equal(duration_to_text(table[i].seconds, text), table[i].text);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_with_or_without_a_unit_is_read_as_seconds),
		cmocka_unit_test(what_is_no_length_of_time_is_malformed_and_changes_nothing),
		cmocka_unit_test(a_time_that_no_integer_holds_is_too_large),
		cmocka_unit_test(a_time_is_written_in_the_largest_unit_that_divides_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
