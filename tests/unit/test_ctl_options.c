/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/options and tools/ctl/commands: arguments sorted, slips of the fingers understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/commands.h"
#include "tools/ctl/options.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct given {
	bool is_new;
	const char *zone;
};

static enum ctl_exit
take(struct given *given, int *argc, char **argv)
{
	const struct option_entry options[] = { { "--new", &given->is_new, NULL },
		{ "--zone", NULL, &given->zone }, { NULL, NULL, NULL } };

	*given = (struct given){ 0 };
	for (*argc = 0; argv[*argc] != NULL;)
		++*argc;
	return options_take(options, argc, argv);
}

static void
options_are_taken_wherever_they_stand(void **state)
{
	char *argv[] = { (char[]){ "list" }, (char[]){ "a" }, (char[]){ "--zone" }, (char[]){ "z" },
		(char[]){ "-" }, (char[]){ "--new" }, (char[]){ "b" }, NULL };
	struct given given;
	int argc;

	(void)state;
	assert_int_equal(take(&given, &argc, argv), CTL_DONE);
	assert_true(given.is_new);
	assert_string_equal(given.zone, "z");
	assert_int_equal(argc, 4);
	assert_string_equal(argv[1], "a");
	assert_string_equal(argv[2], "-");
	assert_string_equal(argv[3], "b");
	assert_null(argv[4]);
}

static void
a_value_may_stand_behind_an_equals_sign_and_the_last_one_counts(void **state)
{
	char *argv[] = { (char[]){ "list" }, (char[]){ "--zone=a" }, (char[]){ "--zone=b=c" },
		NULL };
	struct given given;
	int argc;

	(void)state;
	assert_int_equal(take(&given, &argc, argv), CTL_DONE);
	assert_string_equal(given.zone, "b=c");
	assert_int_equal(argc, 1);
}

static void
behind_two_hyphens_nothing_is_an_option(void **state)
{
	char *argv[] = { (char[]){ "add" }, (char[]){ "--" }, (char[]){ "--new" }, (char[]){ "--" },
		NULL };
	struct given given;
	int argc;

	(void)state;
	assert_int_equal(take(&given, &argc, argv), CTL_DONE);
	assert_false(given.is_new);
	assert_int_equal(argc, 3);
	assert_string_equal(argv[1], "--new");
	assert_string_equal(argv[2], "--");
}

static void
what_is_wrong_with_an_option_is_usage(void **state)
{
	static const char *const wrong[] = { "--zon", "--zones", "-z", "--zone", "--new=1", "--=x",
		"---" };

	(void)state;
	for (size_t i = 0; i < COUNT(wrong); i++) {
		char option[16], command[] = "list";
		char *argv[] = { command, option, NULL };
		struct given given;
		int argc;

		(void)snprintf(option, sizeof(option), "%s", wrong[i]);
		assert_int_equal(take(&given, &argc, argv), CTL_USAGE);
	}
}

static void
too_few_and_too_many_arguments_are_usage(void **state)
{
	char list[] = "list", a[] = "a", b[] = "b";
	char *const argv[] = { list, a, b, NULL };

	(void)state;
	assert_int_equal(options_count(1, argv, 1, 2, "NAME"), CTL_USAGE);
	assert_int_equal(options_count(2, argv, 1, 2, "NAME"), CTL_DONE);
	assert_int_equal(options_count(3, argv, 1, 2, "NAME"), CTL_DONE);
	assert_int_equal(options_count(3, argv, 0, 1, "NAME"), CTL_USAGE);
}

static void
every_command_is_found_and_explained(void **state)
{
	(void)state;
	for (const struct ctl_entry *entry = ctl_entries; entry->name != NULL; entry++) {
		assert_ptr_equal(commands_find(entry->name), entry);
		assert_non_null(entry->run);
		assert_true(strlen(entry->name) <= 8);
		assert_non_null(entry->summary);
		assert_non_null(entry->arguments);
		/* Further lines end as lines do. */
		if (entry->details != NULL)
			assert_int_equal(entry->details[strlen(entry->details) - 1], '\n');
	}
	assert_null(commands_find("nothing"));
	assert_null(commands_find(""));
}

static void
a_slip_of_the_fingers_leads_to_the_command_that_was_meant(void **state)
{
	static const char *const slips[][2] = { { "lst", "list" }, { "lits", "list" },
		{ "lisst", "list" }, { "stauts", "status" }, { "remove", "del" }, { "ls", "list" },
		{ "imprt", "import" }, { "exprot", "export" }, { "adn", "add" },
		{ "docter", "doctor" } };
	static const char *const strangers[] = { "", "xy", "frobnicate", "a", "restoration",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };

	(void)state;
	for (size_t i = 0; i < COUNT(slips); i++)
		assert_string_equal(commands_nearest(slips[i][0]), slips[i][1]);
	for (size_t i = 0; i < COUNT(strangers); i++)
		assert_null(commands_nearest(strangers[i]));
}

static void
hidden_commands_are_never_suggested(void **state)
{
	const char *nearest = commands_nearest("leas");

	(void)state;
	assert_true(nearest == NULL || !commands_find(nearest)->is_hidden);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(options_are_taken_wherever_they_stand),
		cmocka_unit_test(a_value_may_stand_behind_an_equals_sign_and_the_last_one_counts),
		cmocka_unit_test(behind_two_hyphens_nothing_is_an_option),
		cmocka_unit_test(what_is_wrong_with_an_option_is_usage),
		cmocka_unit_test(too_few_and_too_many_arguments_are_usage),
		cmocka_unit_test(every_command_is_found_and_explained),
		cmocka_unit_test(a_slip_of_the_fingers_leads_to_the_command_that_was_meant),
		cmocka_unit_test(hidden_commands_are_never_suggested),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
