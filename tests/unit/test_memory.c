/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/memory: less is resident afterwards, and all goes on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static char constants[] = "these can be written to, and must stay";

/* Pages of this process that are in memory. */
static long
resident_pages(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	char text[128];
	char *blank;

	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_int_equal(fclose(file), 0);
	blank = strchr(text, ' ');
	assert_non_null(blank);
	return strtol(blank, NULL, 10);
}

static void
less_is_resident_afterwards_and_all_goes_on(void **state)
{
	long before = resident_pages();

	(void)state;
	constants[0] = 'T';
	memory_give_back();
	assert_true(resident_pages() < before);
	assert_string_equal(constants, "These can be written to, and must stay");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(less_is_resident_afterwards_and_all_goes_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
