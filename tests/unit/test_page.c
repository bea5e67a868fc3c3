/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/page: the page's files, as browsers ask for them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "doors/page.h"
#include "fake_exchange.h"

enum { PAGE_MAX = 60000 };

static const struct http_argument nothing[] = { { NULL, NULL } };
static const char *const paths[] = { "/", "/page.css", "/page.js", "/icon.svg" };
enum { PATH_COUNT = sizeof(paths) / sizeof(paths[0]) };

/* The exchange is for the caller to end. */
static void
ask(struct http_exchange *exchange, const char *method, const char *target,
    const struct http_argument *headers)
{
	const struct http_site *site = page_site();
	struct http_peer nobody = { .door = "http", .login = STATUS_NOT_FOUND };

	assert_true(fake_begin(exchange, &nobody, method, target, NULL, 0));
	exchange->asked = headers;
	assert_int_equal(site->body_max(site->context, method, http_path(exchange), &nobody), 0);
	site->receive(site->context, exchange);
	site->release(site->context, exchange);
}

static void
expect_type(const char *path, const char *type)
{
	struct http_exchange exchange;

	ask(&exchange, "GET", path, nothing);
	assert_int_equal(exchange.code, 200);
	assert_string_equal(exchange.type, type);
	assert_string_equal(fake_header(&exchange, "Cache-Control"), "no-cache");
	assert_non_null(
	    strstr(fake_header(&exchange, "Content-Security-Policy"), "default-src 'none'"));
	fake_end(&exchange);
}

static void
files_have_their_types_and_a_policy(void **state)
{
	(void)state;
	expect_type("/", "text/html; charset=utf-8");
	expect_type("/?a=b", "text/html; charset=utf-8");
	expect_type("/page.css", "text/css; charset=utf-8");
	expect_type("/page.js", "text/javascript; charset=utf-8");
	expect_type("/icon.svg", "image/svg+xml; charset=utf-8");
	expect_type("/favicon.ico", "image/svg+xml; charset=utf-8");
}

static void
files_are_whole_and_small(void **state)
{
	struct http_exchange exchange;
	size_t sum = 0;

	(void)state;
	for (size_t i = 0; i < PATH_COUNT; i++) {
		ask(&exchange, "GET", paths[i], nothing);
		assert_true(exchange.answer.length > 0);
		assert_int_equal(strlen(exchange.answer.data), exchange.answer.length);
		assert_int_equal(exchange.answer.data[exchange.answer.length - 1], '\n');
		sum += exchange.answer.length;
		fake_end(&exchange);
	}
	assert_true(sum < PAGE_MAX);
	ask(&exchange, "GET", "/", nothing);
	assert_memory_equal(exchange.answer.data, "<!DOCTYPE html>\n", 16);
	assert_non_null(strstr(exchange.answer.data, "</html>\n"));
	fake_end(&exchange);
}

static unsigned
code_knowing(const char *known)
{
	const struct http_argument headers[] = { { "If-None-Match", known }, { NULL, NULL } };
	struct http_exchange exchange;

	ask(&exchange, "GET", "/page.js", headers);
	assert_int_equal(exchange.answer.length == 0, exchange.code == 304);
	assert_non_null(fake_header(&exchange, "ETag"));
	fake_end(&exchange);
	return exchange.code;
}

static void
what_a_browser_has_is_not_sent_again(void **state)
{
	struct http_exchange exchange;
	char tag[FAKE_HEADER_MAX];
	char list[2 * FAKE_HEADER_MAX];

	(void)state;
	ask(&exchange, "GET", "/page.js", nothing);
	(void)snprintf(tag, sizeof(tag), "%s", fake_header(&exchange, "ETag"));
	fake_end(&exchange);
	assert_int_equal(tag[0], '"');
	assert_int_equal(code_knowing(tag), 304);
	assert_int_equal(code_knowing("*"), 304);
	(void)snprintf(list, sizeof(list), "\"0123\", W/%s, \"x\"", tag);
	assert_int_equal(code_knowing(list), 304);
	assert_int_equal(code_knowing(""), 200);
	assert_int_equal(code_knowing("\"0123456789abcdef\""), 200);
	tag[strlen(tag) - 1] = '\0';
	assert_int_equal(code_knowing(tag), 200);
}

static void
each_file_has_a_tag_of_its_own(void **state)
{
	struct http_exchange exchange;
	char tags[PATH_COUNT][FAKE_HEADER_MAX];

	(void)state;
	for (size_t i = 0; i < PATH_COUNT; i++) {
		ask(&exchange, "HEAD", paths[i], nothing);
		assert_int_equal(exchange.code, 200);
		(void)snprintf(tags[i], sizeof(tags[i]), "%s", fake_header(&exchange, "ETag"));
		fake_end(&exchange);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(tags[i], tags[j]);
	}
}

static void
only_reading_is_allowed(void **state)
{
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get" };
	struct http_exchange exchange;

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		ask(&exchange, methods[i], "/", nothing);
		assert_int_equal(exchange.code, 405);
		assert_string_equal(fake_header(&exchange, "Allow"), "GET, HEAD");
		fake_end(&exchange);
	}
}

static void
nothing_else_is_there(void **state)
{
	static const char *const others[] = { "/index.html", "/page.js/", "//", "/page.jsx",
		"/v2/names", "/../page.c" };
	struct http_exchange exchange;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ask(&exchange, "GET", others[i], nothing);
		assert_int_equal(exchange.code, 404);
		assert_string_equal(exchange.type, "text/plain; charset=utf-8");
		fake_end(&exchange);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_have_their_types_and_a_policy),
		cmocka_unit_test(files_are_whole_and_small),
		cmocka_unit_test(what_a_browser_has_is_not_sent_again),
		cmocka_unit_test(each_file_has_a_tag_of_its_own),
		cmocka_unit_test(only_reading_is_allowed),
		cmocka_unit_test(nothing_else_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
