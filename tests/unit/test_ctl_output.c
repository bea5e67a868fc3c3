/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tools/ctl/output and tools/ctl/answer: sentences, times and tables, as somebody reads them in a
 * pipe.
 */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/output.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { WALL_S = 1795342800 }; /* 2026-11-22T10:20:00Z */

/* --- what is written to stdout --- */

static int saved_stdout = -1;
static FILE *captured;

static void
capture_begin(void)
{
	captured = tmpfile();
	assert_non_null(captured);
	(void)fflush(stdout);
	saved_stdout = dup(STDOUT_FILENO);
	assert_true(saved_stdout >= 0);
	assert_true(dup2(fileno(captured), STDOUT_FILENO) >= 0);
}

static void
capture_expect(const char *expected)
{
	char text[4096];
	size_t length;

	(void)fflush(stdout);
	assert_true(dup2(saved_stdout, STDOUT_FILENO) >= 0);
	(void)close(saved_stdout);
	rewind(captured);
	length = fread(text, 1, sizeof(text) - 1, captured);
	text[length] = '\0';
	(void)fclose(captured);
	assert_string_equal(text, expected);
}

static int64_t
fixed_wall_s(void)
{
	return WALL_S;
}

static int64_t
fixed_now_ns(void)
{
	return 1;
}

static int
set_clock(void **state)
{
	static const struct clock_source source = { fixed_now_ns, fixed_wall_s };

	(void)state;
	clock_replace(&source);
	(void)setenv("TZ", "UTC0", 1);
	tzset();
	return 0;
}

/* --- texts --- */

static void
a_length_of_time_has_at_most_two_units(void **state)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} table[] = {
		{ -5, "0 s" },
		{ 0, "0 s" },
		{ 12, "12 s" },
		{ 60, "1 min" },
		{ 119, "1 min 59 s" },
		{ 600, "10 min" },
		{ 659, "10 min" },
		{ 3600, "1 h" },
		{ 3660, "1 h 1 min" },
		{ 86399, "23 h 59 min" },
		{ 86400, "1 d" },
		{ 3 * 86400 + 4 * 3600 + 59, "3 d 4 h" },
		{ 7 * 86400 + 3600, "7 d" },
		{ 400 * 86400, "400 d" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[32];

		assert_string_equal(output_length(table[i].seconds, text), table[i].text);
	}
}

static void
a_time_is_told_as_near_as_it_is(void **state)
{
	static const struct {
		const char *iso;
		const char *text;
	} table[] = {
		{ "2026-11-22T10:00:00Z", "today 10:00" },
		{ "2026-11-22T10:00:00.123Z", "today 10:00" },
		{ "2026-11-23T09:05:59Z", "23 Nov 09:05" },
		{ "2026-01-02T00:00:00Z", "2 Jan 00:00" },
		{ "2027-11-22T10:00:00Z", "22 Nov 2027" },
		{ "2026-11-22T10:00:00", "?" },
		{ "2026-11-22 10:00:00Z", "?" },
		{ "2026-11-22T10:00:00+01:00", "?" },
		{ "", "?" },
		{ NULL, "?" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[32];

		assert_string_equal(output_time(table[i].iso, text), table[i].text);
	}
}

static void
an_expiry_says_how_long_there_is(void **state)
{
	char text[SENTENCE_MAX];

	(void)state;
	assert_string_equal(answer_until(NULL, text), "never");
	assert_string_equal(answer_until("2026-11-22T10:20:30Z", text), "today 10:20 (in 30 s)");
	assert_string_equal(answer_until("2026-11-22T10:19:00Z", text), "today 10:19 (over)");
	assert_string_equal(answer_until("soon", text), "?");
}

static void
text_is_escaped_and_keeps_its_last_newline(void **state)
{
	(void)state;
	capture_begin();
	output_text(STYLE_BAD, "a\nb\033[1m\n");
	output_format(STYLE_GOOD, "%s\n%d\n", "c\r", 1);
	output_text(STYLE_PLAIN, "");
	output_format(STYLE_PLAIN, "%s", "");
	capture_expect("a\\x0ab\\x1b[1m\nc\\x0d\n1\n");
}

static void
a_table_in_a_pipe_is_whole_and_has_no_blanks_at_its_lines_ends(void **state)
{
	static const struct output_column columns[] = { { "NAME", true, false },
		{ "TTL", false, true }, { "OWNER", true, false } };
	static const char *const rows[][3] = {
		{ "a", "5", "laptop" },
		{ "\xe6\x97\xa5\xe6\x9c\xac.home.arpa.with.a.long.name", "86400", "" },
		{ "b\n", "", "" },
		{ "", "1", "x" },
	};
	struct output_table *table = output_table_new(columns, COUNT(columns));

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++)
		output_table_add(table, rows[i], NULL);
	(void)setenv("COLUMNS", "20", 1);
	capture_begin();
	output_table_print(table);
	capture_expect("NAME                               TTL  OWNER\n"
		       "a                                    5  laptop\n"
		       "\xe6\x97\xa5\xe6\x9c\xac.home.arpa.with.a.long.name  86400\n"
		       "b\\x0a\n"
		       "                                     1  x\n");
	output_table_free(table);
	output_table_free(NULL);
}

static void
json_in_a_pipe_is_one_line(void **state)
{
	json_t *json = json_pack("{s:[i, i]}", "a", 1, 2);

	(void)state;
	capture_begin();
	output_json(json);
	capture_expect("{\"a\":[1,2]}\n");
	json_decref(json);
}

/* --- answers --- */

static void
a_publication_is_told_in_words(void **state)
{
	static const struct {
		const char *json;
		const char *text;
		enum output_style style;
	} table[] = {
		{ "{\"state\":\"confirmed\",\"number\":812,\"confirm_ms\":1.44,\"why\":\"\"}",
		    "dnsmasq answered publication 812 after 1.4 ms", STYLE_GOOD },
		{ "{\"state\":\"confirmed\"}", "dnsmasq answered it", STYLE_GOOD },
		{ "{\"state\":\"written\",\"number\":812,\"confirm_ms\":null}",
		    "written as publication 812", STYLE_PLAIN },
		{ "{\"state\":\"written\",\"number\":812,\"problem\":\"no answer\"}",
		    "written as publication 812: no answer", STYLE_WARN },
		{ "{\"state\":\"waiting\",\"why\":\"soon\"}", "waits to be written: soon",
		    STYLE_WARN },
		{ "{\"state\":\"dirty\"}", "waits to be written", STYLE_WARN },
		{ "{\"state\":\"not-published\",\"why\":\"a wildcard\"}",
		    "not published: a wildcard", STYLE_WARN },
		{ "{\"state\":\"by-dnsmasq\"}", "dnsmasq gives it itself, from its leases",
		    STYLE_GOOD },
		{ "{\"state\":\"failed\",\"problem\":\"disk full\"}", "failed: disk full",
		    STYLE_BAD },
		{ "{\"state\":\"clean\"}", "nothing waits to be published", STYLE_PLAIN },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		json_t *object = json_loads(table[i].json, 0, NULL);
		char text[SENTENCE_MAX];
		enum output_style style;

		assert_string_equal(answer_publication(object, &style, text), table[i].text);
		assert_int_equal(style, table[i].style);
		json_decref(object);
	}
}

static void
expect_addresses(const char *json, const char *expected)
{
	json_t *name = json_loads(json, 0, NULL);
	struct buffer text;

	buffer_init(&text, 1024);
	answer_addresses(name, ", ", &text);
	buffer_append(&text, "", 1);
	assert_string_equal(text.data, expected);
	buffer_release(&text);
	json_decref(name);
}

static void
a_name_is_told_by_its_addresses_or_else_by_its_types(void **state)
{
	(void)state;
	expect_addresses("{\"records\":[]}", "");
	expect_addresses("{}", "");
	expect_addresses("{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\"},{\"type\":\"TXT\","
			 "\"data\":\"x\"},{\"type\":\"AAAA\",\"data\":\"::2\"}]}",
	    "192.0.2.1, ::2");
	expect_addresses("{\"records\":[{\"type\":\"MX\"},{\"type\":\"TXT\"},{\"type\":\"TXT\"}]}",
	    "(MX TXT)");
}

static void
a_name_expires_when_its_first_record_does(void **state)
{
	json_t *name =
	    json_loads("{\"records\":[{\"expires\":null},{\"expires\":\"2027-01-01T00:00:00Z\"},"
		       "{\"expires\":\"2026-12-01T00:00:00Z\"}]}",
		0, NULL);
	json_t *lasting = json_loads("{\"records\":[{\"expires\":null}]}", 0, NULL);

	(void)state;
	assert_string_equal(answer_expiry(name), "2026-12-01T00:00:00Z");
	assert_null(answer_expiry(lasting));
	json_decref(name);
	json_decref(lasting);
}

static void
a_pattern_without_a_dot_fits_the_first_label(void **state)
{
	(void)state;
	assert_true(answer_name_fits("printer.home.arpa", "printer"));
	assert_true(answer_name_fits("printer.home.arpa", "PRINT*"));
	assert_true(answer_name_fits("printer.home.arpa", "*.home.arpa"));
	assert_true(answer_name_fits("printer.home.arpa", "print?r"));
	assert_false(answer_name_fits("printer.home.arpa", "print"));
	assert_false(answer_name_fits("printer.home.arpa", "inter.*"));
	assert_true(answer_name_fits("192.0.2.1", "192.0.2.*"));
}

static void
a_path_takes_segments_and_queries(void **state)
{
	struct buffer path;

	(void)state;
	path_init(&path, "/v1/names");
	path_add_segment(&path, "a b");
	path_add_query(&path, "type", NULL);
	path_add_query(&path, "type", "TXT");
	path_add_query(&path, "data", "\"x&y\"");
	assert_string_equal(path_text(&path), "/v1/names/a%20b?type=TXT&data=%22x%26y%22");
	assert_string_equal(path_text(&path), "/v1/names/a%20b?type=TXT&data=%22x%26y%22");
	for (unsigned i = 0; i < PATH_TEXT_MAX / 10; i++)
		path_add_segment(&path, "0123456789");
	assert_null(path_text(&path));
	buffer_release(&path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_length_of_time_has_at_most_two_units),
		cmocka_unit_test(a_time_is_told_as_near_as_it_is),
		cmocka_unit_test(an_expiry_says_how_long_there_is),
		cmocka_unit_test(text_is_escaped_and_keeps_its_last_newline),
		cmocka_unit_test(a_table_in_a_pipe_is_whole_and_has_no_blanks_at_its_lines_ends),
		cmocka_unit_test(json_in_a_pipe_is_one_line),
		cmocka_unit_test(a_publication_is_told_in_words),
		cmocka_unit_test(a_name_is_told_by_its_addresses_or_else_by_its_types),
		cmocka_unit_test(a_name_expires_when_its_first_record_does),
		cmocka_unit_test(a_pattern_without_a_dot_fits_the_first_label),
		cmocka_unit_test(a_path_takes_segments_and_queries),
	};

	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		return 1;
	return cmocka_run_group_tests(tests, set_clock, NULL);
}
