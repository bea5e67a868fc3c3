/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/http_target: paths and arguments of request lines. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "doors/http_target.h"

static void
expect_path(const char *text, const char *path)
{
	struct http_target target;

	assert_int_equal(http_target_init(&target, text), STATUS_OK);
	assert_string_equal(target.path, path);
	http_target_release(&target);
}

static void
a_path_is_decoded_once(void **state)
{
	(void)state;
	expect_path("/", "/");
	expect_path("/v1/names/%2A.home.arpa", "/v1/names/*.home.arpa");
	expect_path("/a%2fb", "/a/b");
	expect_path("/a%252fb", "/a%2fb");
	expect_path("/a+b", "/a+b");
	expect_path("/a%3Fb%23c", "/a?b#c");
	expect_path("/%C3%A4", "/\xc3\xa4");
	expect_path("/\xc3\xa4", "/\xc3\xa4");
	expect_path("//a/../b", "//a/../b");
}

static void
the_absolute_form_is_taken_without_its_host(void **state)
{
	(void)state;
	expect_path("http://host/a", "/a");
	expect_path("HTTPS://host/a?b", "/a");
	expect_path("HTTP://[::1]:80/a?b=/c", "/a");
}

static void
arguments_are_split_before_they_are_decoded(void **state)
{
	struct http_target target;

	(void)state;
	assert_int_equal(http_target_init(&target, "/p?a=1%262&b=x%3Dy=z&c&&d=&e=+%2B&%61a=7"),
	    STATUS_OK);
	assert_string_equal(target.path, "/p");
	assert_int_equal(target.argument_count, 6);
	assert_string_equal(http_target_argument(&target, "a"), "1&2");
	assert_string_equal(http_target_argument(&target, "b"), "x=y=z");
	assert_string_equal(http_target_argument(&target, "c"), "");
	assert_string_equal(http_target_argument(&target, "d"), "");
	assert_string_equal(http_target_argument(&target, "e"), " +");
	assert_string_equal(http_target_argument(&target, "aa"), "7");
	assert_null(http_target_argument(&target, "A"));
	assert_null(http_target_argument(&target, ""));
	http_target_release(&target);
	http_target_release(&target);
}

static void
of_two_arguments_with_one_name_the_first_counts(void **state)
{
	struct http_target target;

	(void)state;
	assert_int_equal(http_target_init(&target, "/?a=1&a=2"), STATUS_OK);
	assert_string_equal(http_target_argument(&target, "a"), "1");
	http_target_release(&target);
}

static void
sixteen_arguments_are_enough(void **state)
{
	struct http_target target;

	(void)state;
	assert_int_equal(http_target_init(&target, "/?1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g"), STATUS_OK);
	http_target_release(&target);
	assert_int_equal(http_target_init(&target, "/?1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g&h"),
	    STATUS_MALFORMED);
}

static void
what_is_malformed_is_refused(void **state)
{
	static const char *const targets[] = { "", "a", "*", "?", "http://", "http://host",
		"http://host?/a", "ftp://host/a", "/%", "/%1", "/%g1", "/%1g", "/%00", "/%0A",
		"/%7f", "/\x01", "/?%", "/?a=%2", "/?a=%00", "/?\x7f" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct http_target target;

		assert_int_equal(http_target_init(&target, targets[i]), STATUS_MALFORMED);
		assert_null(target.text);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_is_decoded_once),
		cmocka_unit_test(the_absolute_form_is_taken_without_its_host),
		cmocka_unit_test(arguments_are_split_before_they_are_decoded),
		cmocka_unit_test(of_two_arguments_with_one_name_the_first_counts),
		cmocka_unit_test(sixteen_arguments_are_enough),
		cmocka_unit_test(what_is_malformed_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
