/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/web_guard: what browsers tell of requests. */
/* LDWRAP: service_read_name */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "doors/web_guard.h"
#include "service/report.h"

/* The zones: home.arpa, and what is completed below it. */
enum status __wrap_service_read_name(const struct service *service, const char *text,
    struct name *ret_name);

enum status
__wrap_service_read_name(const struct service *service, const char *text, struct name *ret_name)
{
	struct name zone;

	(void)service;
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	if (name_from_text(text, ret_name) != STATUS_OK)
		return STATUS_MALFORMED;
	return name_is_within(ret_name->wire, zone.wire) ? STATUS_OK : STATUS_NOT_OUR_ZONE;
}

static bool
is_cross_site(const char *fetch_site, const char *origin)
{
	return web_guard_is_cross_site(fetch_site, origin, "pi:8053");
}

static void
a_program_sends_neither_header_and_may(void **state)
{
	(void)state;
	assert_false(is_cross_site(NULL, NULL));
	assert_false(web_guard_is_cross_site(NULL, NULL, NULL));
}

static void
our_own_page_may(void **state)
{
	(void)state;
	assert_false(is_cross_site("same-origin", NULL));
	assert_false(is_cross_site("same-origin", "http://pi:8053"));
	assert_false(is_cross_site(NULL, "http://PI:8053"));
	/* A proxy speaks TLS for us. */
	assert_false(is_cross_site(NULL, "https://pi:8053"));
	/* Typed into the address bar. */
	assert_false(is_cross_site("none", NULL));
}

static void
a_page_of_another_site_may_not(void **state)
{
	(void)state;
	assert_true(is_cross_site("cross-site", NULL));
	assert_true(is_cross_site("same-site", NULL));
	assert_true(is_cross_site("", NULL));
	assert_true(is_cross_site(NULL, "http://evil.example"));
	assert_true(is_cross_site(NULL, "null"));
	assert_true(is_cross_site(NULL, ""));
	/* Another port, and what only begins alike. */
	assert_true(is_cross_site(NULL, "http://pi"));
	assert_true(is_cross_site(NULL, "http://pi:8053.evil.example"));
	assert_true(web_guard_is_cross_site(NULL, "http://pi:8053", NULL));
}

static bool
is_ours(const char *host)
{
	struct name names[1];

	assert_int_equal(name_from_text("ddns.example.net", &names[0]), STATUS_OK);
	return web_guard_is_our_host(NULL, names, 1, host);
}

static void
addresses_and_names_that_nobody_else_can_lead_here_are_ours(void **state)
{
	static const char *const hosts[] = { "192.0.2.1", "192.0.2.1:8053", "[2001:db8::1]",
		"[2001:db8::1]:8053", "pi", "pi:8053", "localhost:1", "PI.local", "x.localhost",
		"pi.home.arpa:8053", "ddns.example.net", "DDNS.Example.NET:443" };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		assert_true(is_ours(hosts[i]));
	/* HTTP/1.0: no browser omits it. */
	assert_true(is_ours(NULL));
}

static void
names_that_others_can_lead_here_are_not(void **state)
{
	static const char *const hosts[] = { "evil.example", "evil.example:8053",
		"192.0.2.1.evil.example", "home.arpa.evil.example", "x.ddns.example.net", "",
		":8053", "[evil.example]", "[2001:db8::1", "a b", "pi/x", "..",
		"local.evil.example" };

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		if (is_ours(hosts[i]))
			fail_msg("\"%s\" was taken for ours", hosts[i]);
	}
}

static void
assert_origin(const char *host, uint16_t port, const char *expected)
{
	struct buffer text;

	buffer_init(&text, 1024);
	assert_int_equal(web_guard_append_origin(&text, host, port), expected != NULL);
	if (expected != NULL) {
		assert_int_equal(text.length, strlen(expected));
		assert_memory_equal(text.data, expected, text.length);
	}
	buffer_release(&text);
}

static void
the_way_to_https_keeps_the_host_and_has_our_port(void **state)
{
	(void)state;
	assert_origin("pi:8080", 8053, "https://pi:8053");
	assert_origin("pi", 443, "https://pi");
	assert_origin("192.0.2.1:80", 8443, "https://192.0.2.1:8443");
	assert_origin("[2001:db8::1]:80", 8443, "https://[2001:db8::1]:8443");
}

static void
nobody_is_led_to_what_is_no_host(void **state)
{
	char host[300];

	(void)state;
	assert_origin(NULL, 443, NULL);
	assert_origin("", 443, NULL);
	assert_origin("a\r\nSet-Cookie: b", 443, NULL);
	assert_origin("evil@pi", 443, NULL);
	assert_origin("pi/..", 443, NULL);
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_origin(host, 443, NULL);
}

static void
what_has_a_meaning_in_a_url_is_escaped(void **state)
{
	struct buffer text;
	static const char expected[] = "/nic/%26%3D%3F%25%20a%C3%BC-._~%2B";

	(void)state;
	buffer_init(&text, 1024);
	web_guard_append_escaped(&text, "/nic/&=?% a\xc3\xbc-._~+", "/");
	assert_int_equal(text.length, sizeof(expected) - 1);
	assert_memory_equal(text.data, expected, text.length);
	buffer_release(&text);
}

static void
assert_forwarded(const char *header, const char *expected)
{
	struct address source;
	char text[ADDRESS_TEXT_MAX];

	assert_int_equal(web_guard_read_forwarded(header, &source), expected != NULL);
	if (expected != NULL)
		assert_string_equal(address_to_text(&source, text), expected);
}

static void
a_proxy_speaks_for_the_last_address_that_it_names(void **state)
{
	(void)state;
	assert_forwarded("192.0.2.1", "192.0.2.1");
	/* What stands before is the client's own word. */
	assert_forwarded("127.0.0.1, 192.0.2.1", "192.0.2.1");
	assert_forwarded("x,2001:db8::1", "2001:db8::1");
	assert_forwarded("192.0.2.1:4711", "192.0.2.1");
	assert_forwarded("[2001:db8::1]:4711", "2001:db8::1");
	assert_forwarded("[2001:db8::1]", "2001:db8::1");
	assert_forwarded("::ffff:192.0.2.1", "192.0.2.1");
	assert_forwarded("[::ffff:192.0.2.1]:4711", "192.0.2.1");
	assert_forwarded("10.0.0.1 , 192.0.2.1 \t", "192.0.2.1");
}

static void
what_a_proxy_says_that_is_no_address_is_nobody(void **state)
{
	(void)state;
	assert_forwarded("", "unknown");
	assert_forwarded("192.0.2.1,", "unknown");
	assert_forwarded("192.0.2.1, unknown", "unknown");
	assert_forwarded("[192.0.2.1", "unknown");
	assert_forwarded("192.0.2.1 192.0.2.2", "unknown");
	assert_forwarded("fe80::1%eth0", "unknown");
}

static void
a_proxy_that_says_nothing_speaks_for_itself(void **state)
{
	(void)state;
	assert_forwarded(NULL, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_sends_neither_header_and_may),
		cmocka_unit_test(our_own_page_may),
		cmocka_unit_test(a_page_of_another_site_may_not),
		cmocka_unit_test(addresses_and_names_that_nobody_else_can_lead_here_are_ours),
		cmocka_unit_test(names_that_others_can_lead_here_are_not),
		cmocka_unit_test(the_way_to_https_keeps_the_host_and_has_our_port),
		cmocka_unit_test(nobody_is_led_to_what_is_no_host),
		cmocka_unit_test(what_has_a_meaning_in_a_url_is_escaped),
		cmocka_unit_test(a_proxy_speaks_for_the_last_address_that_it_names),
		cmocka_unit_test(what_a_proxy_says_that_is_no_address_is_nobody),
		cmocka_unit_test(a_proxy_that_says_nothing_speaks_for_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
