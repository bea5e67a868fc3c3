/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/json_out: what it writes is what another's library writes, and reads. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/json_out.h"

enum { TEXT_MAX = 256 };

static int
open_buffer(void **state)
{
	static struct buffer out;

	buffer_init(&out, 1 << 20);
	*state = &out;
	return 0;
}

static int
close_buffer(void **state)
{
	buffer_release(*state);
	return 0;
}

/* What stands in the buffer, which is empty then. */
static const char *
taken(struct buffer *out)
{
	static char text[1 << 16];

	assert_int_equal(out->status, STATUS_OK);
	assert_in_range(out->length, 0, sizeof(text) - 1);
	memcpy(text, out->data, out->length);
	text[out->length] = '\0';
	buffer_clear(out);
	return text;
}

/* The library's own writing of a value, whose reference goes over. */
static void
assert_as_library(struct buffer *out, json_t *json)
{
	char *expected = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	assert_non_null(expected);
	assert_string_equal(taken(out), expected);
	free(expected);
	json_decref(json);
}

static void
members_and_values_are_divided_by_commas(void **state)
{
	struct buffer *out = *state;

	json_out_open_object(out, NULL);
	json_out_open_array(out, "empty");
	json_out_close_array(out);
	json_out_open_array(out, "all");
	json_out_null(out, NULL);
	json_out_flag(out, NULL, true);
	json_out_flag(out, NULL, false);
	json_out_integer(out, NULL, 7);
	json_out_text(out, NULL, "");
	json_out_open_object(out, NULL);
	json_out_close_object(out);
	json_out_open_object(out, NULL);
	json_out_text(out, "a", "[");
	json_out_text(out, "b", NULL);
	json_out_close_object(out);
	json_out_close_array(out);
	json_out_real(out, "last", 1.5);
	json_out_close_object(out);
	assert_string_equal(taken(out),
	    "{\"empty\":[],\"all\":[null,true,false,7,\"\",{},{\"a\":\"[\",\"b\":null}],"
	    "\"last\":1.5}");
}

/* An octet that opens something, at the end of a text, divides as any other. */
static void
a_value_stands_behind_what_is_there(void **state)
{
	struct buffer *out = *state;

	(void)buffer_append_text(out, "data: ");
	json_out_open_array(out, NULL);
	for (const char *at = "[{:, \n"; *at != '\0'; at++)
		json_out_text(out, NULL, (const char[]){ *at, '\0' });
	json_out_close_array(out);
	assert_string_equal(taken(out), "data: [\"[\",\"{\",\":\",\",\",\" \",\"\\n\"]");
	(void)buffer_append_text(out, "{\"error\":\"x\"}\n");
	json_out_integer(out, NULL, 1);
	assert_string_equal(taken(out), "{\"error\":\"x\"}\n1");
}

static void
each_octet_is_escaped_as_the_library_does(void **state)
{
	struct buffer *out = *state;

	for (int octet = 1; octet < 0x80; octet++) {
		const char text[] = { 'a', (char)octet, (char)octet, 'z', '\0' };

		json_out_text(out, NULL, text);
		assert_as_library(out, json_string(text));
	}
}

static void
utf8_passes_as_it_is(void **state)
{
	static const char *const texts[] = {
		"\xc3\xbc",
		"k\xc3\xbcrzer \"\xe2\x82\xac\"\n",
		"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf",
		"\xf0\x90\x80\x80 \xf0\x9f\x98\x80 \xf4\x8f\xbf\xbf",
	};
	struct buffer *out = *state;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		json_out_text(out, NULL, texts[i]);
		assert_as_library(out, json_string(texts[i]));
	}
}

/* Pseudo-random, the same each time. */
static unsigned
next_number(uint32_t *number)
{
	*number = *number * 1664525 + 1013904223;
	return *number >> 16;
}

static void
make_text(uint32_t *number, char text[static TEXT_MAX])
{
	static const char *const pieces[] = { "a", "\"", "\\", "\x01", "\x1f", "\x7f", "\xc3\xa4",
		"\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xed\x9f\xbf", "\xc3", "\xe2\x82", "\x80",
		"\xed\xa0\x80", "\xc0\xaf", "\xe0\x80\x80", "\xf4\x90\x80\x80", "\xf5", "\xff" };
	unsigned count = next_number(number) % 8;
	char *end = text;

	*end = '\0';
	while (count-- > 0)
		end = stpcpy(end,
		    pieces[next_number(number) % (sizeof(pieces) / sizeof(pieces[0]))]);
}

/* What the library takes it writes alike; of the rest what is ASCII is read back, the others are U+FFFD. */
static void
octets_that_are_no_utf8_are_replaced(void **state)
{
	struct buffer *out = *state;
	unsigned refused = 0;
	uint32_t number = 1;
	char text[TEXT_MAX];

	for (int i = 0; i < 20000; i++) {
		char expected[3 * TEXT_MAX];
		char *end = expected;
		json_t *json;

		make_text(&number, text);
		json = json_string(text);
		if (json == NULL) {
			refused++;
			for (const char *at = text; *at != '\0'; at++) {
				if ((unsigned char)*at < 0x80)
					*end++ = *at;
				else
					end = stpcpy(end, "\xef\xbf\xbd");
			}
			*end = '\0';
			json = json_string(expected);
		}
		json_out_text(out, NULL, text);
		assert_as_library(out, json);
	}
	assert_in_range(refused, 1000, 19000);
}

static void
numbers_are_those_of_the_library(void **state)
{
	static const int64_t integers[] = { 0, 1, -1, 9, 10, 4294967295, -4294967296, INT64_MAX,
		INT64_MIN };
	static const double reals[] = { 0, 1, 1.4, 1.3999999999999999, 2.5e-3, 0.25, 999999,
		123456.789, -12.5, 86400000 };
	struct buffer *out = *state;

	for (size_t i = 0; i < sizeof(integers) / sizeof(integers[0]); i++) {
		json_out_integer(out, NULL, integers[i]);
		assert_as_library(out, json_integer(integers[i]));
	}
	for (size_t i = 0; i < sizeof(reals) / sizeof(reals[0]); i++) {
		char *again;

		json_out_real(out, NULL, reals[i]);
		assert_float_equal(strtod(taken(out), &again), reals[i], 1);
		json_out_real(out, NULL, reals[i]);
		/* Of exponents there is more than one form. */
		if (reals[i] < 1e6)
			assert_as_library(out, json_real(reals[i]));
		else
			assert_string_equal(taken(out), "8.64e+07");
	}
}

static void
assert_time(struct buffer *out, int64_t wall_s)
{
	char expected[64];
	time_t seconds = wall_s;
	struct tm parts;

	assert_non_null(gmtime_r(&seconds, &parts));
	/* %Y has no zeroes before it. */
	(void)snprintf(expected, sizeof(expected), "\"%04d-", parts.tm_year + 1900);
	(void)strftime(expected + 6, sizeof(expected) - 6, "%m-%dT%H:%M:%SZ\"", &parts);
	json_out_time(out, NULL, wall_s);
	assert_string_equal(taken(out), expected);
}

static void
times_are_those_of_the_c_library(void **state)
{
	static const int64_t day_s = 86400;
	struct buffer *out = *state;

	/* Each day of two circles of the calendar and more, at another hour each. */
	for (int64_t day = -200 * 365; day < 700 * 365; day++)
		assert_time(out, day * day_s + day * 7919 % day_s);
	for (int64_t year = -1969; year < 8030; year++) {
		int64_t around_s = year * 31556952;

		assert_time(out, around_s - 1);
		assert_time(out, around_s);
	}
	assert_time(out, -1);
	assert_time(out, 253402300799);
	json_out_time(out, "t", 253402300800);
	assert_string_equal(taken(out), "\"t\":null");
	json_out_time(out, NULL, -62167219201);
	json_out_time(out, NULL, INT64_MAX);
	json_out_time(out, NULL, INT64_MIN);
	assert_string_equal(taken(out), "null,null,null");
}

/* Up to each length that it may have, and one chain of appends is marked once. */
static void
a_text_without_room_marks_the_buffer(void **state)
{
	(void)state;
	for (size_t ceiling = 0; ceiling < 64; ceiling++) {
		struct buffer out;

		buffer_init(&out, ceiling);
		json_out_open_object(&out, NULL);
		json_out_text(&out, "name", "a\"b");
		json_out_integer(&out, "number", 12);
		json_out_close_object(&out);
		assert_in_range(out.length, 0, ceiling);
		if (out.status == STATUS_OK) {
			assert_int_equal(out.length, strlen("{\"name\":\"a\\\"b\",\"number\":12}"));
			assert_memory_equal(out.data, "{\"name\":\"a\\\"b\",\"number\":12}",
			    out.length);
		} else {
			assert_int_equal(out.status, STATUS_TOO_LARGE);
			assert_in_range(ceiling, 0, 40);
		}
		buffer_release(&out);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_and_values_are_divided_by_commas),
		cmocka_unit_test(a_value_stands_behind_what_is_there),
		cmocka_unit_test(each_octet_is_escaped_as_the_library_does),
		cmocka_unit_test(utf8_passes_as_it_is),
		cmocka_unit_test(octets_that_are_no_utf8_are_replaced),
		cmocka_unit_test(numbers_are_those_of_the_library),
		cmocka_unit_test(times_are_those_of_the_c_library),
		cmocka_unit_test(a_text_without_room_marks_the_buffer),
	};

	return cmocka_run_group_tests(tests, open_buffer, close_buffer);
}
