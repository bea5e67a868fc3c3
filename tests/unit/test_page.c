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

/* Of GET /page.js: whether it came compressed; NULL: asked without that header. */
static bool
is_compressed_for(const char *codings)
{
	const struct http_argument headers[] = { { "Accept-Encoding", codings }, { NULL, NULL } };
	struct http_exchange exchange;
	const char *coding;
	bool is_compressed;

	ask(&exchange, "GET", "/page.js", codings == NULL ? nothing : headers);
	assert_int_equal(exchange.code, 200);
	assert_string_equal(fake_header(&exchange, "Vary"), "Accept-Encoding");
	coding = fake_header(&exchange, "Content-Encoding");
	is_compressed = memcmp(exchange.answer.data, "\x1f\x8b", 2) == 0;
	assert_int_equal(coding != NULL, is_compressed);
	if (coding != NULL)
		assert_string_equal(coding, "gzip");
	fake_end(&exchange);
	return is_compressed;
}

static void
compressed_for_who_takes_it(void **state)
{
	static const char *const takers[] = { "gzip", "GZIP", "x-gzip", "gzip, deflate, br, zstd",
		"deflate,gzip", "br;q=1, gzip;q=0.5", "gzip ; Q=0.001", "gzip;q=1.000", "*",
		"br, *;q=0.1", "gzip;q=0.5, *;q=0", "gzip;level=9", "gzip;q=" };
	static const char *const others[] = { NULL, "", ",", "identity", "br, deflate", "gzip;q=0",
		"gzip;q=0.0, br", "gzip; q=0.000", "*;q=0", "gzip;q=0, *", "*, gzip;q=0", "gzipped",
		"gzi", "br;gzip" };

	(void)state;
	for (size_t i = 0; i < sizeof(takers) / sizeof(takers[0]); i++)
		assert_true(is_compressed_for(takers[i]));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		assert_false(is_compressed_for(others[i]));
}

static void
compressed_files_are_the_same_and_have_their_own_tags(void **state)
{
	const struct http_argument headers[] = { { "Accept-Encoding", "gzip" }, { NULL, NULL } };
	struct http_exchange plain;
	struct http_exchange small;

	(void)state;
	for (size_t i = 0; i < PATH_COUNT; i++) {
		const unsigned char *octets;
		size_t length;

		ask(&plain, "GET", paths[i], nothing);
		ask(&small, "GET", paths[i], headers);
		octets = (const unsigned char *)small.answer.data;
		length = small.answer.length;
		assert_true(length > 18 && length < plain.answer.length);
		/* RFC 1952 2.3: neither a name nor a time, which would differ from build to build. */
		assert_memory_equal(octets, "\x1f\x8b\x08\0\0\0\0\0", 8);
		assert_int_equal(octets[length - 4] | octets[length - 3] << 8 |
			octets[length - 2] << 16 | octets[length - 1] << 24,
		    plain.answer.length);
		assert_string_equal(small.type, plain.type);
		assert_string_not_equal(fake_header(&small, "ETag"), fake_header(&plain, "ETag"));
		fake_end(&plain);
		fake_end(&small);
	}
}

static void
a_tag_is_for_one_form_of_a_file(void **state)
{
	struct http_exchange exchange;
	char tag[FAKE_HEADER_MAX];
	const struct http_argument headers[] = { { "Accept-Encoding", "gzip" },
		{ "If-None-Match", tag }, { NULL, NULL } };

	(void)state;
	ask(&exchange, "GET", "/page.js", nothing);
	(void)snprintf(tag, sizeof(tag), "%s", fake_header(&exchange, "ETag"));
	fake_end(&exchange);
	ask(&exchange, "GET", "/page.js", headers);
	assert_int_equal(exchange.code, 200);
	(void)snprintf(tag, sizeof(tag), "%s", fake_header(&exchange, "ETag"));
	fake_end(&exchange);
	ask(&exchange, "GET", "/page.js", headers);
	assert_int_equal(exchange.code, 304);
	assert_string_equal(fake_header(&exchange, "ETag"), tag);
	assert_string_equal(fake_header(&exchange, "Vary"), "Accept-Encoding");
	assert_null(fake_header(&exchange, "Content-Encoding"));
	fake_end(&exchange);
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
		cmocka_unit_test(compressed_for_who_takes_it),
		cmocka_unit_test(compressed_files_are_the_same_and_have_their_own_tags),
		cmocka_unit_test(a_tag_is_for_one_form_of_a_file),
		cmocka_unit_test(only_reading_is_allowed),
		cmocka_unit_test(nothing_else_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
