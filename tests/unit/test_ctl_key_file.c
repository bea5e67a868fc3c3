/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/key_file, over conf_text: key files made and edited, every other byte left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/base64.h"
#include "tools/ctl/conf_text.h"
#include "tools/ctl/key_file.h"

#define OLD "b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xkb2w="
#define NEW "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU="
#define OLDER "b2xkZXJvbGRlcm9sZGVyb2xkZXJvbGRlcm9sZGVyb2w="

enum { UNTIL_S = 1796083200 }; /* 2026-12-01T00:00:00Z */

static char problem[KEY_PROBLEM_MAX];

/* Rotates "laptop" in text; the result must be that. */
static void
expect_rotated(const char *text, const char *expected)
{
	struct buffer rotated;

	buffer_init(&rotated, CONF_SIZE_MAX);
	assert_int_equal(key_file_rotate(text, strlen(text), "laptop", NEW, UNTIL_S, &rotated,
			     problem),
	    STATUS_OK);
	assert_int_equal(buffer_append(&rotated, "", 1), STATUS_OK);
	assert_string_equal(rotated.data, expected);
	buffer_release(&rotated);
}

/* It is not understood, for a reason that holds this. */
static void
expect_refused(const char *text, const char *reason)
{
	struct buffer rotated;

	buffer_init(&rotated, CONF_SIZE_MAX);
	assert_int_equal(key_file_rotate(text, strlen(text), "laptop", NEW, UNTIL_S, &rotated,
			     problem),
	    STATUS_MALFORMED);
	assert_int_equal(rotated.length, 0);
	assert_non_null(strstr(problem, reason));
	assert_null(strstr(problem, OLD));
	buffer_release(&rotated);
}

static void
expect_removed(const char *text, const char *expected)
{
	struct buffer left;

	buffer_init(&left, CONF_SIZE_MAX);
	assert_int_equal(key_file_remove(text, strlen(text), "laptop", &left, problem), STATUS_OK);
	assert_int_equal(buffer_append(&left, "", 1), STATUS_OK);
	assert_string_equal(left.data, expected);
	buffer_release(&left);
}

static void
the_present_secret_becomes_the_old_one_with_its_end(void **state)
{
	(void)state;
	expect_rotated("key \"laptop\" {\n"
		       "    algorithm = \"hmac-sha256\"\n"
		       "    secret = \"" OLD "\"\n"
		       "    allow = {\"self A AAAA\"}\n"
		       "}\n",
	    "key \"laptop\" {\n"
	    "    algorithm = \"hmac-sha256\"\n"
	    "    secret-old = \"" OLD "\"\n"
	    "    secret-old-until = \"2026-12-01T00:00:00Z\"\n"
	    "    secret = \"" NEW "\"\n"
	    "    allow = {\"self A AAAA\"}\n"
	    "}\n");
}

static void
comments_blanks_and_other_blocks_stay_byte_for_byte(void **state)
{
	(void)state;
	expect_rotated("# by Ada; key \"laptop\" { secret = \"no\" }\r\n"
		       "key 'other' { secret = \"" OLD "\" } // } \"\n"
		       "/* key \"laptop\" {\n*/\n"
		       "\tkey  \"LapTop\"{\n"
		       "\t\tsecret='" OLD "' # from the old server\n"
		       "\t\tfrom={ \"192.0.2.0/24\" ,\n\t\t }\n"
		       "}   \n\n\n# end, without a newline",
	    "# by Ada; key \"laptop\" { secret = \"no\" }\r\n"
	    "key 'other' { secret = \"" OLD "\" } // } \"\n"
	    "/* key \"laptop\" {\n*/\n"
	    "\tkey  \"LapTop\"{\n"
	    "\t\tsecret-old = \"" OLD "\"\n"
	    "\t\tsecret-old-until = \"2026-12-01T00:00:00Z\"\n"
	    "\t\tsecret=\"" NEW "\" # from the old server\n"
	    "\t\tfrom={ \"192.0.2.0/24\" ,\n\t\t }\n"
	    "}   \n\n\n# end, without a newline");
}

static void
an_old_secret_that_is_there_is_replaced_in_its_place(void **state)
{
	(void)state;
	expect_rotated("key \"laptop\" {\n"
		       "  secret-old-until = \"2020-01-01T00:00:00Z\" # soon\n"
		       "  secret = \"" OLD "\"\n"
		       "  secret-old = \"" OLDER "\"\n"
		       "}\n",
	    "key \"laptop\" {\n"
	    "  secret-old-until = \"2026-12-01T00:00:00Z\" # soon\n"
	    "  secret = \"" NEW "\"\n"
	    "  secret-old = \"" OLD "\"\n"
	    "}\n");
}

static void
an_old_secret_without_an_end_gets_one(void **state)
{
	(void)state;
	expect_rotated("key \"laptop\" {\n  secret = \"" OLD "\"\n  secret-old = \"\"\n}\n",
	    "key \"laptop\" {\n  secret-old-until = \"2026-12-01T00:00:00Z\"\n"
	    "  secret = \"" NEW "\"\n  secret-old = \"" OLD "\"\n}\n");
}

static void
a_block_on_one_line_stays_on_one_line(void **state)
{
	(void)state;
	expect_rotated("key \"laptop\" { secret = \"" OLD "\" allow = {\"self\"} }\n",
	    "key \"laptop\" { secret-old = \"" OLD
	    "\"  secret-old-until = \"2026-12-01T00:00:00Z\"  secret = \"" NEW
	    "\" allow = {\"self\"} }\n");
}

static void
a_file_that_is_not_understood_is_refused_with_the_line(void **state)
{
	(void)state;
	expect_refused("key \"laptop\" {\n secret = \"" OLD "\n}\n", "line 2");
	expect_refused("key \"laptop\" {\n secret = \"" OLD "\"\n", "does not end");
	expect_refused("key \"laptop\" {\n secret \"" OLD "\";\n}\n", "line 2");
	expect_refused("key \"laptop\" {\n secret = {\"" OLD "\"}\n}\n", "one value");
	expect_refused("key \"laptop\" {\n secret = \"" OLD "\"\n secret = \"" OLD "\"\n}\n",
	    "twice");
	expect_refused("key \"laptop\" {}\nkey \"laptop\" {}\n", "twice");
	expect_refused("key \"laptop\" {\n algorithm = \"hmac-sha256\"\n}\n", "no secret");
	expect_refused("key \"laptop\" {\n secret = \"a\\\"b\"\n}\n", "not base64");
	expect_refused("/* key \"laptop\" {\n secret = \"" OLD "\"\n}\n", "comment");
}

static void
a_key_that_is_not_there_is_not_found(void **state)
{
	static const char text[] = "key \"laptop2\" { secret = \"" OLD "\" }\n";
	struct key_found found;

	(void)state;
	assert_int_equal(key_file_find(text, strlen(text), "laptop", &found, problem),
	    STATUS_NOT_FOUND);
	assert_int_equal(key_file_find("", 0, "laptop", &found, problem), STATUS_NOT_FOUND);
}

static void
what_a_file_says_of_a_key_is_found(void **state)
{
	static const char text[] = "key \"a\" { secret = \"" NEW "\" }\n"
				   "key \"laptop\" {\n algorithm = \"hmac-sha512\"\n"
				   " secret = \"" OLD "\"\n secret-old = \"" OLDER "\"\n"
				   " secret-old-until = \"2026-12-01T00:00:00Z\"\n}\n";
	struct key_found found;

	(void)state;
	assert_int_equal(key_file_find(text, strlen(text), "LAPTOP", &found, problem), STATUS_OK);
	assert_string_equal(found.algorithm, "hmac-sha512");
	assert_string_equal(found.secret, OLD);
	assert_string_equal(found.old_until, "2026-12-01T00:00:00Z");
	assert_true(found.has_old_secret);
	assert_int_equal(found.keys, 2);
	assert_int_equal(found.line, 2);
}

static void
a_removed_block_takes_its_lines_with_it_and_nothing_else(void **state)
{
	(void)state;
	expect_removed("# one\nkey \"laptop\" {\n secret = \"" OLD "\"\n}\n# two\nkey \"b\" {}\n",
	    "# one\n# two\nkey \"b\" {}\n");
	expect_removed("key \"b\" {} key \"laptop\" { secret = \"" OLD "\" } # mine\n",
	    "key \"b\" {}  # mine\n");
	expect_removed("key \"laptop\" { secret = \"" OLD "\" }", "");
}

static void
a_composed_file_says_what_was_asked_for(void **state)
{
	static const char *const allow[] = { "self A AAAA", "*.lab.home.arpa TXT" };
	static const char *const from[] = { "192.0.2.0/24" };
	const struct key_draft draft = { .name = "laptop",
		.algorithm = key_algorithm_find("sha256"),
		.secret = OLD,
		.allow = allow,
		.allow_count = 2,
		.from = from,
		.from_count = 1,
		.is_admin = true };
	struct buffer text;

	(void)state;
	buffer_init(&text, CONF_SIZE_MAX);
	assert_int_equal(key_file_compose(&draft, &text), STATUS_OK);
	assert_int_equal(buffer_append(&text, "", 1), STATUS_OK);
	assert_string_equal(text.data,
	    "key \"laptop\" {\n"
	    "    algorithm = \"hmac-sha256\"\n"
	    "    secret = \"" OLD "\"\n"
	    "    admin = true\n"
	    "    allow = {\"self A AAAA\", \"*.lab.home.arpa TXT\"}\n"
	    "    from = {\"192.0.2.0/24\"}\n"
	    "}\n");
	buffer_release(&text);
}

static void
a_secret_has_its_algorithms_length_and_never_comes_twice(void **state)
{
	static const struct {
		const char *algorithm;
		size_t octets;
	} cases[] = { { "hmac-md5", 16 }, { "hmac-sha1", 20 }, { "hmac-sha224", 28 },
		{ "HMAC-SHA256", 32 }, { "sha384", 48 }, { "hmac-sha512", 64 } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char one[KEY_SECRET_TEXT_MAX];
		char other[KEY_SECRET_TEXT_MAX];
		uint8_t bytes[64];
		size_t size;

		assert_true(key_secret_make(key_algorithm_find(cases[i].algorithm), one));
		assert_true(key_secret_make(key_algorithm_find(cases[i].algorithm), other));
		assert_string_not_equal(one, other);
		assert_int_equal(base64_decode(one, bytes, sizeof(bytes), &size), STATUS_OK);
		assert_int_equal(size, cases[i].octets);
	}
	assert_null(key_algorithm_find("hmac-sha3"));
	assert_null(key_algorithm_find(""));
}

static void
a_name_that_can_be_no_key_or_no_file_is_refused_with_the_reason(void **state)
{
	static const char *const bad[] = { "", ".", "..", ".hidden", "a/b", "../etc", "a..b", "a b",
		"a.", "a\"b", "ä", "a\n",
		"a123456789b123456789c123456789d123456789e123456789f123456789g123" };
	static const char *const good[] = { "laptop", "a-b_c", "laptop.home.arpa", "7",
		"a123456789b123456789c123456789d123456789e123456789f123456789g12" };
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		reason = NULL;
		assert_false(key_name_is_good(bad[i], &reason));
		assert_non_null(reason);
	}
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(key_name_is_good(good[i], &reason));
}

static void
an_end_is_written_and_read_as_the_configuration_has_it(void **state)
{
	char text[KEY_UNTIL_MAX];
	int64_t seconds;

	(void)state;
	assert_string_equal(key_until_to_text(UNTIL_S, text), "2026-12-01T00:00:00Z");
	assert_true(key_until_from_text(text, &seconds));
	assert_int_equal(seconds, UNTIL_S);
	assert_false(key_until_from_text("2026-12-01", &seconds));
	assert_false(key_until_from_text("2026-12-01T00:00:00Zz", &seconds));
	assert_false(key_until_from_text("", &seconds));
}

static void
statements_are_read_with_their_places_and_values(void **state)
{
	static const char text[] = "user = ddnsd\nzone \"a\\\"b\" { }\n"
				   "key x { allow = {\"one\", 'two\\\\'} }";
	struct conf_text conf;
	struct conf_item item;

	(void)state;
	conf_text_begin(&conf, text, strlen(text));
	assert_true(conf_text_next(&conf, &item));
	assert_int_equal(item.kind, CONF_OPTION);
	assert_string_equal(item.first, "ddnsd");
	assert_string_equal(conf.block, "");
	assert_true(conf_text_next(&conf, &item));
	assert_int_equal(item.kind, CONF_BLOCK);
	assert_string_equal(conf.title, "a\"b");
	assert_true(conf_text_next(&conf, &item));
	assert_int_equal(item.kind, CONF_BLOCK_END);
	assert_true(conf_text_next(&conf, &item));
	assert_string_equal(conf.title, "x");
	assert_true(conf_text_next(&conf, &item));
	assert_string_equal(item.name, "allow");
	assert_int_equal(item.line, 3);
	assert_int_equal(item.count, 2);
	assert_string_equal(conf_text_value(&conf, 0), "one");
	assert_string_equal(conf_text_value(&conf, 1), "two\\");
	assert_int_equal(item.value.to - item.value.from, strlen("{\"one\", 'two\\\\'}"));
	assert_true(conf_text_next(&conf, &item));
	assert_false(conf_text_next(&conf, &item));
	assert_string_equal(conf.problem, "");
	conf_text_release(&conf);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_present_secret_becomes_the_old_one_with_its_end),
		cmocka_unit_test(comments_blanks_and_other_blocks_stay_byte_for_byte),
		cmocka_unit_test(an_old_secret_that_is_there_is_replaced_in_its_place),
		cmocka_unit_test(an_old_secret_without_an_end_gets_one),
		cmocka_unit_test(a_block_on_one_line_stays_on_one_line),
		cmocka_unit_test(a_file_that_is_not_understood_is_refused_with_the_line),
		cmocka_unit_test(a_key_that_is_not_there_is_not_found),
		cmocka_unit_test(what_a_file_says_of_a_key_is_found),
		cmocka_unit_test(a_removed_block_takes_its_lines_with_it_and_nothing_else),
		cmocka_unit_test(a_composed_file_says_what_was_asked_for),
		cmocka_unit_test(a_secret_has_its_algorithms_length_and_never_comes_twice),
		cmocka_unit_test(a_name_that_can_be_no_key_or_no_file_is_refused_with_the_reason),
		cmocka_unit_test(an_end_is_written_and_read_as_the_configuration_has_it),
		cmocka_unit_test(statements_are_read_with_their_places_and_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
