/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/status: every status has words of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/status.h"

static void
every_status_has_a_text_that_fits_into_a_log_line(void **state)
{
	(void)state;
	for (int status = 0; status < STATUS_COUNT; status++) {
		const char *text = status_text((enum status)status);
		size_t length;

		assert_non_null(text);
		length = strlen(text);
		assert_in_range(length, 1, 60);
		assert_null(strpbrk(text, "\r\n\t"));
		assert_true(text[length - 1] != '.' && text[length - 1] != ' ');
	}
}

static void
no_two_statuses_share_a_text(void **state)
{
	(void)state;
	for (int one = 0; one < STATUS_COUNT; one++) {
		for (int other = 0; other < one; other++)
			assert_string_not_equal(status_text((enum status)one),
			    status_text((enum status)other));
	}
}

static void
a_value_out_of_range_has_a_text_too(void **state)
{
	static const int values[] = { -1, STATUS_COUNT, 1000000, INT32_MIN };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_string_equal(status_text((enum status)values[i]), "unknown status");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_status_has_a_text_that_fits_into_a_log_line),
		cmocka_unit_test(no_two_statuses_share_a_text),
		cmocka_unit_test(a_value_out_of_range_has_a_text_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
