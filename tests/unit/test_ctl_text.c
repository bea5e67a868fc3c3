/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/text: what a terminal may see, and how wide it is. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
expect_escaped(const char *text, bool keeps_newlines, const char *expected)
{
	struct buffer buffer;

	buffer_init(&buffer, 4096);
	text_escape(&buffer, text, keeps_newlines);
	assert_int_equal(buffer_append(&buffer, "", 1), STATUS_OK);
	assert_string_equal(buffer.data, expected);
	buffer_release(&buffer);
}

static void
what_steers_a_terminal_is_escaped(void **state)
{
	static const struct {
		const char *text;
		const char *escaped;
	} table[] = {
		{ "", "" },
		{ "laptop", "laptop" },
		{ "a\033[2Jb", "a\\x1b[2Jb" },
		{ "a\tb\r", "a\\x09b\\x0d" },
		{ "\177", "\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" },                /* CSI as one character */
		{ "\xe2\x80\xaegnp", "\\xe2\\x80\\xaegnp" }, /* right to left */
		{ "a\xe2\x80\x8b.b", "a\\xe2\\x80\\x8b.b" }, /* of no width */
		{ "\xef\xbb\xbf.", "\\xef\\xbb\\xbf." },
		{ "b\xc3\xbc"
		  "cher",
		    "b\xc3\xbc"
		    "cher" },
		{ "\xe6\x97\xa5\xe6\x9c\xac", "\xe6\x97\xa5\xe6\x9c\xac" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		expect_escaped(table[i].text, false, table[i].escaped);
}

static void
what_is_no_utf8_is_escaped_octet_by_octet(void **state)
{
	static const struct {
		const char *text;
		const char *escaped;
	} table[] = {
		{ "\xff", "\\xff" },
		{ "\x80z", "\\x80z" },
		{ "\xc3", "\\xc3" },
		{ "\xc3(", "\\xc3(" },
		{ "\xc0\xaf", "\\xc0\\xaf" }, /* overlong */
		{ "\xe0\x80\xaf", "\\xe0\\x80\\xaf" },
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* surrogate */
		{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
		{ "\xf0\x9f\x98", "\\xf0\\x9f\\x98" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		expect_escaped(table[i].text, false, table[i].escaped);
}

static void
a_newline_passes_only_where_it_is_wanted(void **state)
{
	(void)state;
	expect_escaped("a\nb\n", true, "a\nb\n");
	expect_escaped("a\nb\n", false, "a\\x0ab\\x0a");
}

static void
in_a_locale_without_utf8_all_but_ascii_is_escaped(void **state)
{
	(void)state;
	assert_non_null(setlocale(LC_CTYPE, "C"));
	expect_escaped("b\xc3\xbc"
		       "cher",
	    false, "b\\xc3\\xbccher");
	assert_false(text_is_utf8());
	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	assert_true(text_is_utf8());
}

static void
wide_characters_count_as_two_columns_and_are_never_cut_in_halves(void **state)
{
	static const char wide[] = "\xe6\x97\xa5\xe6\x9c\xac"
				   "x";
	static const char combined[] = "e\xcc\x81x"; /* e, acute accent, x */

	(void)state;
	assert_int_equal(text_width(wide, strlen(wide)), 5);
	assert_int_equal(text_cut(wide, strlen(wide), 1), 0);
	assert_int_equal(text_cut(wide, strlen(wide), 2), 3);
	assert_int_equal(text_cut(wide, strlen(wide), 3), 3);
	assert_int_equal(text_cut(wide, strlen(wide), 4), 6);
	assert_int_equal(text_cut(wide, strlen(wide), 9), 7);
	assert_int_equal(text_width(combined, strlen(combined)), 2);
	assert_int_equal(text_cut(combined, strlen(combined), 1), 3);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_steers_a_terminal_is_escaped),
		cmocka_unit_test(what_is_no_utf8_is_escaped_octet_by_octet),
		cmocka_unit_test(a_newline_passes_only_where_it_is_wanted),
		cmocka_unit_test(in_a_locale_without_utf8_all_but_ascii_is_escaped),
		cmocka_unit_test(wide_characters_count_as_two_columns_and_are_never_cut_in_halves),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
