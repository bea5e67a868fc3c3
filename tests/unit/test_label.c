/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/label: what devices call themselves, as labels of host names. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/label.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEN "abcdefghij"
#define SIXTY TEN TEN TEN TEN TEN TEN

struct example {
	const char *text;
	const char *label;
};

/* The label is that, and is its own label. */
static void
expect_labels(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char label[LABEL_TEXT_MAX];
		char again[LABEL_TEXT_MAX];

		assert_true(label_from_text(examples[i].text, label));
		assert_string_equal(label, examples[i].label);
		assert_true(label_from_text(label, again));
		assert_string_equal(again, label);
	}
}

static void
expect_nothing(const char *text)
{
	char label[LABEL_TEXT_MAX] = "something";

	assert_false(label_from_text(text, label));
	assert_string_equal(label, "");
}

static void
a_label_stays_as_it_is_but_in_lower_case(void **state)
{
	static const struct example examples[] = {
		{ "desk", "desk" },
		{ "Laptop", "laptop" },
		{ "LAPTOP-77AZ09", "laptop-77az09" },
		{ "7", "7" },
		{ "a--b", "a--b" },
		{ "ab--c", "ab--c" },
		{ "xn--bro-hoa", "xn--bro-hoa" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
apostrophes_vanish(void **state)
{
	static const struct example examples[] = {
		{ "Bob's iPhone", "bobs-iphone" },
		{ "Bob\xe2\x80\x99s iPhone", "bobs-iphone" },
		{ "Bob\xe2\x80\x98s iPhone", "bobs-iphone" },
		{ "Bob`s iPhone", "bobs-iphone" },
		{ "Bob\xc2\xb4s iPhone", "bobs-iphone" },
		{ "Bob\xca\xbcs iPhone", "bobs-iphone" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
what_may_not_stand_in_a_host_name_is_one_hyphen(void **state)
{
	static const struct example examples[] = {
		{ "under_score", "under-score" },
		{ "a b", "a-b" },
		{ "a  \t b", "a-b" },
		{ "x;touch /x", "x-touch-x" },
		{ "a\nb", "a-b" },
		{ "a\x7f"
		  "b",
		    "a-b" },
		{ "$(reboot)", "reboot" },
		{ "a - b", "a-b" },
		{ "a -- b", "a--b" },
		{ "a_-b", "a-b" },
		{ "a-_b", "a-b" },
		{ "a@[`{b", "a-b" },
		{ "a/:b", "a-b" },
		{ "a\xc2\xa0"
		  "b",
		    "a-b" },
		{ "a\xe2\x80\x93"
		  "b",
		    "a-b" },
		{ "a\xe3\x80\x80"
		  "b",
		    "a-b" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
no_hyphen_stands_at_an_end(void **state)
{
	static const struct example examples[] = {
		{ "-desk-", "desk" },
		{ "  desk  ", "desk" },
		{ "--desk--.net", "desk" },
		{ "__-desk-__", "desk" },
		{ "\xe2\x80\x93"
		  "desk",
		    "desk" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
of_a_domain_name_the_first_label_counts(void **state)
{
	static const struct example examples[] = {
		{ "desk.example.net", "desk" },
		{ "desk.", "desk" },
		{ "a b.c d", "a-b" },
		{ "desk\xe3\x80\x82"
		  "example",
		    "desk" },
		{ "B\xc3\xbcro.example", "xn--bro-hoa" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
letters_beyond_ascii_go_through_idna(void **state)
{
	static const struct example examples[] = {
		{ "B\xc3\xbcro", "xn--bro-hoa" },
		{ "B\xc3\x9cRO", "xn--bro-hoa" },
		{ "Bu\xcc\x88ro", "xn--bro-hoa" },
		{ "stra\xc3\x9f"
		  "e",
		    "xn--strae-oqa" },
		{ "\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d", "xn--9dbne9b" },
		{ "B\xc3\xbcro 2", "xn--bro-2-kva" },
		{ "\xef\xbd\x84\xef\xbd\x85\xef\xbd\x93\xef\xbd\x8b", "desk" },
		{ "TV\xe2\x84\xa2", "tvtm" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
what_idna_does_not_take_is_left_out(void **state)
{
	static const struct example examples[] = {
		{ "phone \xf0\x9f\x98\x80", "phone" },
		{ "a \xf0\x9f\x98\x80 b", "a-b" },
		{ "B\xc3\xbcro\xf0\x9f\x98\x80", "xn--bro-hoa" },
		{ "\xf0\x9f\x98\x80 B\xc3\xbcro \xf0\x9f\x98\x80", "xn--bro-hoa" },
		{ "a\xe2\x84\x80"
		  "b",
		    "ab" },
		{ "a\xc2\xad"
		  "b",
		    "ab" },
		/* One script that runs to the right and one that runs to the left: RFC 5893 2. */
		{ "tv\xd7\xa9", "tv" },
		/* Two hyphens in third and fourth place are no U-label's: RFC 5891 4.2.3.1. */
		{ "xn--\xc3\xbc"
		  "b",
		    "xn--b" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
octets_that_are_no_utf_8_are_left_out(void **state)
{
	static const struct example examples[] = {
		{ "B\xfcro", "bro" },
		{ "a\xc3", "a" },
		{ "a\xe2\x80", "a" },
		{ "a\xf0\x9f\x98", "a" },
		{ "a\x80"
		  "b",
		    "ab" },
		/* "/" in more octets than it needs; a surrogate; beyond Unicode. */
		{ "a\xc0\xaf"
		  "b",
		    "ab" },
		{ "a\xe0\x80\xaf"
		  "b",
		    "ab" },
		{ "a\xed\xa0\x80"
		  "b",
		    "ab" },
		{ "a\xf4\x90\x80\x80"
		  "b",
		    "ab" },
		{ "a\xff\xfe"
		  "b",
		    "ab" },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

static void
what_leaves_nothing_is_no_label(void **state)
{
	(void)state;
	expect_nothing("");
	expect_nothing(".");
	expect_nothing("...");
	expect_nothing(".foo");
	expect_nothing("-");
	expect_nothing(" _ ");
	expect_nothing("'");
	expect_nothing("\xf0\x9f\x98\x80");
	expect_nothing("\xff");
	expect_nothing("\xcc\x88");
}

static void
a_long_label_is_cut(void **state)
{
	static const struct example examples[] = {
		{ SIXTY "123", SIXTY "123" },
		{ SIXTY "1234", SIXTY "123" },
		{ SIXTY "12-4", SIXTY "12" },
		{ SIXTY "1---4", SIXTY "1" },
		{ SIXTY SIXTY SIXTY SIXTY SIXTY SIXTY, SIXTY "abc" },
		/* In punycode that would be 64. */
		{ SIXTY "\xc3\xbc", SIXTY },
	};

	(void)state;
	expect_labels(examples, COUNT(examples));
}

/* No DHCP option is longer. */
static void
of_a_long_text_255_octets_are_read(void **state)
{
	char text[300];
	char label[LABEL_TEXT_MAX];

	(void)state;
	memset(text, '\'', sizeof(text));
	memcpy(text + 254, "ab", 3);
	assert_true(label_from_text(text, label));
	assert_string_equal(label, "a");
	/* A character that begins within and ends behind is not read either. */
	memcpy(text + 253, "a\xc3\xbc", 4);
	assert_true(label_from_text(text, label));
	assert_string_equal(label, "a");
}

static void
punycode_is_never_cut(void **state)
{
	static const char letter[] = "\xd0\xb6";
	char text[4 * LABEL_TEXT_MAX] = "";
	char label[LABEL_TEXT_MAX];
	bool was_idna = false;
	bool was_dropped = false;

	(void)state;
	for (size_t letters = 1; letters <= 100; letters++) {
		memmove(text + 2, text, 2 * (letters - 1) + 1);
		memcpy(text, letter, 2);
		memcpy(text + 2 * letters, "-tv", 4);
		assert_true(label_from_text(text, label));
		if (strcmp(label, "tv") == 0) {
			was_dropped = true;
		} else {
			assert_false(was_dropped);
			assert_memory_equal(label, "xn---tv-", strlen("xn---tv-"));
			was_idna = true;
		}
		text[2 * letters] = '\0';
	}
	assert_true(was_idna && was_dropped);
}

static void
the_locale_makes_no_difference(void **state)
{
	static const struct example examples[] = { { "B\xc3\xbcro", "xn--bro-hoa" } };

	(void)state;
	assert_non_null(setlocale(LC_ALL, "C"));
	expect_labels(examples, COUNT(examples));
	if (setlocale(LC_ALL, "C.UTF-8") != NULL)
		expect_labels(examples, COUNT(examples));
}

static void
a_number_is_added_behind_a_hyphen(void **state)
{
	static const struct {
		const char *label;
		unsigned number;
		const char *numbered;
	} table[] = {
		{ "printer", 2, "printer-2" },
		{ "printer-2", 2, "printer-2-2" },
		{ "a", 4294967295, "a-4294967295" },
		{ SIXTY "123", 2, SIXTY "1-2" },
		{ SIXTY "1", 2, SIXTY "1-2" },
		{ SIXTY "1", 10, SIXTY "-10" },
		{ TEN TEN TEN TEN TEN "abcdefgh-k", 10, TEN TEN TEN TEN TEN "abcdefgh-k-10" },
		{ TEN TEN TEN TEN TEN "abcdefghi-123", 10, TEN TEN TEN TEN TEN "abcdefghi-10" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char label[LABEL_TEXT_MAX];

		label_with_number(table[i].label, table[i].number, label);
		assert_string_equal(label, table[i].numbered);
		(void)snprintf(label, sizeof(label), "%s", table[i].label);
		label_with_number(label, table[i].number, label);
		assert_string_equal(label, table[i].numbered);
	}
}

static void
a_number_goes_into_punycode_not_behind_it(void **state)
{
	char label[LABEL_TEXT_MAX];
	char expected[LABEL_TEXT_MAX];

	(void)state;
	label_with_number("xn--bro-hoa", 2, label);
	assert_true(label_from_text("b\xc3\xbcro-2", expected));
	assert_string_equal(label, expected);
	/* What only looks like punycode is a text like any other. */
	label_with_number("xn--99999999", 2, label);
	assert_string_equal(label, "xn--99999999-2");
}

static void
patterns_match_whole_labels(void **state)
{
	static const struct {
		const char *label;
		const char *pattern;
		bool does_match;
	} table[] = {
		{ "desk", "desk", true },
		{ "desk", "des", false },
		{ "desk", "desks", false },
		{ "desk", "*", true },
		{ "desk", "**", true },
		{ "desk", "d*", true },
		{ "desk", "*k", true },
		{ "desk", "*s*", true },
		{ "desk", "*x*", false },
		{ "desk", "d*s", false },
		{ "desk", "desk*", true },
		{ "desk", "*desk", true },
		{ "desk", "????", true },
		{ "desk", "???", false },
		{ "desk", "?????", false },
		{ "desk", "?*?", true },
		{ "desk", "d?s*", true },
		{ "a", "?*?", false },
		{ "aab", "*ab", true },
		{ "abab", "a*b*b", true },
		{ "ab", "a*b*b", false },
		{ "mississippi", "m*iss*ip*i", true },
		{ "mississippi", "m*iss*ix*i", false },
		{ "", "", true },
		{ "", "*", true },
		{ "", "?", false },
		{ "a", "", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++)
		assert_int_equal(label_matches(table[i].label, table[i].pattern),
		    table[i].does_match);
}

/* A matcher that tries all the stars' lengths would need 2^60 steps. */
static void
a_pattern_of_many_stars_is_soon_done(void **state)
{
	static const char label[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char pattern[200] = "";

	(void)state;
	for (size_t i = 0; i < 60; i++)
		memcpy(pattern + 2 * i, "*a", 3);
	assert_true(label_matches(label, pattern));
	memcpy(pattern + 120, "*b", 3);
	assert_false(label_matches(label, pattern));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_label_stays_as_it_is_but_in_lower_case),
		cmocka_unit_test(apostrophes_vanish),
		cmocka_unit_test(what_may_not_stand_in_a_host_name_is_one_hyphen),
		cmocka_unit_test(no_hyphen_stands_at_an_end),
		cmocka_unit_test(of_a_domain_name_the_first_label_counts),
		cmocka_unit_test(letters_beyond_ascii_go_through_idna),
		cmocka_unit_test(what_idna_does_not_take_is_left_out),
		cmocka_unit_test(octets_that_are_no_utf_8_are_left_out),
		cmocka_unit_test(what_leaves_nothing_is_no_label),
		cmocka_unit_test(a_long_label_is_cut),
		cmocka_unit_test(of_a_long_text_255_octets_are_read),
		cmocka_unit_test(punycode_is_never_cut),
		cmocka_unit_test(the_locale_makes_no_difference),
		cmocka_unit_test(a_number_is_added_behind_a_hyphen),
		cmocka_unit_test(a_number_goes_into_punycode_not_behind_it),
		cmocka_unit_test(patterns_match_whole_labels),
		cmocka_unit_test(a_pattern_of_many_stars_is_soon_done),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
