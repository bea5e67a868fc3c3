/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/dyndns_request: what clients of dyndns2 send, as values (rules 45, 46). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "doors/dyndns_request.h"

#include "address_of.h"

enum { TEXT_SIZE = 4096 };

static struct dyndns_request request;
static char problem[DYNDNS_PROBLEM_MAX];

static enum status
read_body(const char *type, const char *body)
{
	dyndns_request_init(&request);
	return dyndns_request_take_body(&request, type, body, strlen(body), problem);
}

static void
read_form(const char *form)
{
	assert_int_equal(read_body("application/x-www-form-urlencoded", form), STATUS_OK);
}

/* "192.0.2.1 2001:db8::1" */
static void
expect_addresses(const char *expected)
{
	char text[TEXT_SIZE] = "";

	for (size_t i = 0; i < request.address_count; i++) {
		char address[ADDRESS_TEXT_MAX];
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
		    address_to_text(&request.addresses[i], address));
	}
	assert_string_equal(text, expected);
	assert_string_equal(request.bad_value, "");
}

static void
expect_hosts(const char *expected)
{
	char text[TEXT_SIZE] = "";

	for (size_t i = 0; i < request.host_count; i++) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
		    request.hosts[i].text);
	}
	assert_string_equal(text, expected);
}

static void
hosts_come_in_a_list_in_order(void **state)
{
	(void)state;
	read_form("hostname=b.home.arpa,A.Home.Arpa.,b.home.arpa");
	expect_hosts("b.home.arpa A.Home.Arpa. b.home.arpa");
	assert_true(request.hosts[1].is_name);
	assert_memory_equal(request.hosts[1].name.wire, "\1a\4home\4arpa", 13);
	read_form("hostname=,a.x,,%20b.x%2c+c.x,");
	expect_hosts("a.x b.x c.x");
}

static void
routers_call_the_host_by_other_names_too(void **state)
{
	static const char *const names[] = { "hostname", "hostnames", "host", "hosts", "domain",
		"domains", "HOSTNAME" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		dyndns_request_init(&request);
		dyndns_request_take(&request, names[i], "a.home.arpa");
		expect_hosts("a.home.arpa");
	}
}

static void
what_is_no_name_is_marked(void **state)
{
	(void)state;
	read_form("hostname=a..b,good.x");
	assert_false(request.hosts[0].is_name);
	assert_true(request.hosts[1].is_name);
}

static void
a_very_long_host_is_no_name_and_is_quoted_cut(void **state)
{
	char host[3000];

	(void)state;
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	dyndns_request_init(&request);
	dyndns_request_take(&request, "hostname", host);
	assert_int_equal(request.host_count, 1);
	assert_false(request.hosts[0].is_name);
	assert_int_equal(strlen(request.hosts[0].text), DYNDNS_QUOTE_MAX - 1);
}

static void
append(char form[static TEXT_SIZE], const char *text)
{
	size_t used = strlen(form);

	(void)snprintf(form + used, TEXT_SIZE - used, "%s", text);
}

static void
twenty_hosts_are_enough(void **state)
{
	char form[TEXT_SIZE] = "hostname=";

	(void)state;
	for (int i = 0; i < DYNDNS_HOSTS_MAX; i++)
		append(form, "a.x,");
	read_form(form);
	assert_int_equal(request.host_count, DYNDNS_HOSTS_MAX);
	assert_false(request.has_too_many_hosts);
	append(form, "b.x");
	read_form(form);
	assert_int_equal(request.host_count, DYNDNS_HOSTS_MAX);
	assert_true(request.has_too_many_hosts);
}

static void
every_address_parameter_takes_addresses(void **state)
{
	static const char *const names[] = { "myip", "ip", "address", "ipaddr", "myipv4", "ipv4",
		"ip4", "ip4addr", "myipv6", "myip6", "ipv6", "ip6", "ip6addr", "MyIP" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		dyndns_request_init(&request);
		dyndns_request_take(&request, names[i], "2001:db8::1,192.0.2.1");
		expect_addresses("192.0.2.1 2001:db8::1");
		assert_false(request.asks_source4 || request.asks_source6);
	}
}

static void
addresses_are_forgiven_their_dress(void **state)
{
	(void)state;
	read_form(
	    "myip=192.0.2.1/24&myipv6=[2001:DB8::1]&ip6=2001:db8:0::2/64,%5b2001:db8::3%5d/128");
	expect_addresses("192.0.2.1 2001:db8::1 2001:db8::2 2001:db8::3");
	read_form("myip=::ffff:192.0.2.1");
	expect_addresses("192.0.2.1");
	read_form("myip=2001%3adb8%3a%3a1");
	expect_addresses("2001:db8::1");
}

static void
a_parameter_given_twice_joins_and_an_address_counts_once(void **state)
{
	(void)state;
	read_form("hostname=a.x&hostname=b.x&myip=192.0.2.1&ip=192.0.2.2&myipv4=192.0.2.1");
	expect_hosts("a.x b.x");
	expect_addresses("192.0.2.1 192.0.2.2");
}

static void
an_empty_parameter_asks_for_the_source(void **state)
{
	(void)state;
	read_form("hostname=a.x&myip=");
	assert_true(request.asks_source4 && request.asks_source6);
	read_form("hostname=a.x&myip");
	assert_true(request.asks_source4 && request.asks_source6);
	read_form("hostname=a.x&myipv4=+");
	assert_true(request.asks_source4 && !request.asks_source6);
	read_form("hostname=a.x&ipv6=&wildcard=");
	assert_true(!request.asks_source4 && request.asks_source6);
	read_form("hostname=a.x");
	assert_true(!request.asks_source4 && !request.asks_source6);
}

static void
what_is_no_usable_address_is_told(void **state)
{
	static const char *const addresses[] = { "x", "192.0.2", "192.0.2.1:80", "192.0.2.1/33",
		"192.0.2.1/", "192.0.2.1/x", "192.0.2.1/1000", "2001:db8::1/129", "[2001:db8::1",
		"fe80::1%eth0", "0.0.0.0", "127.0.0.1", "169.254.1.1", "224.0.0.1",
		"255.255.255.255", "::", "::1", "fe80::1", "ff02::1", "::ffff:127.0.0.1", "[]",
		"2001:db8::1111:1111:1111:1111:1111:1111:1111:1111:1111" };

	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		dyndns_request_init(&request);
		dyndns_request_take(&request, "myip", addresses[i]);
		assert_int_equal(request.address_count, 0);
		assert_string_equal(request.bad_value, addresses[i]);
	}
}

static void
sixteen_addresses_are_enough(void **state)
{
	char form[TEXT_SIZE] = "myip=";

	(void)state;
	for (int i = 1; i <= DYNDNS_ADDRESSES_MAX; i++) {
		char address[ADDRESS_TEXT_MAX + 1];

		(void)snprintf(address, sizeof(address), "192.0.2.%d,", i);
		append(form, address);
	}
	read_form(form);
	assert_int_equal(request.address_count, DYNDNS_ADDRESSES_MAX);
	assert_string_equal(request.bad_value, "");
	append(form, "2001:db8::1");
	read_form(form);
	assert_string_equal(request.bad_value, "2001:db8::1");
}

static void
expect_prefix(const char *value, const char *expected)
{
	char text[NETWORK_TEXT_MAX];

	dyndns_request_init(&request);
	dyndns_request_take(&request, "ip6lanprefix", value);
	assert_true(request.has_prefix);
	assert_string_equal(network_to_text(&request.prefix, text), expected);
	assert_string_equal(request.bad_value, "");
}

static void
a_prefix_is_cut_to_its_length(void **state)
{
	(void)state;
	expect_prefix("2001:db8:1::/64", "2001:db8:1::/64");
	expect_prefix("2001:db8:1:2:211:32ff:fe12:3456/56", "2001:db8:1::/56");
	expect_prefix("2001:db8:1:2::", "2001:db8:1:2::/64");
	expect_prefix("fd00::/8", "fd00::/8");
	expect_prefix("[2001:db8::]/33", "2001:db8::/33");
}

static void
prefixes_that_number_no_network_are_refused(void **state)
{
	static const char *const prefixes[] = { "::/0", "::/64", "fe80::/64", "ff02::/16",
		"2001:db8::/65", "2001:db8::/128", "192.0.2.0/24", "x", "2001:db8::/" };

	(void)state;
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		dyndns_request_init(&request);
		dyndns_request_take(&request, "ip6lanprefix", prefixes[i]);
		assert_false(request.has_prefix);
		assert_string_equal(request.bad_value, prefixes[i]);
	}
	/* A FritzBox without IPv6. */
	read_form("ip6lanprefix=");
	assert_false(request.has_prefix);
	assert_string_equal(request.bad_value, "");
}

static void
expect_renumbered(const char *address, const char *prefix, const char *expected)
{
	struct address old = address_of(address);
	struct network network;
	struct address renumbered;
	char text[ADDRESS_TEXT_MAX];

	assert_int_equal(network_from_text(prefix, &network), STATUS_OK);
	renumbered = dyndns_renumber(&old, &network);
	assert_string_equal(address_to_text(&renumbered, text), expected);
}

static void
renumbering_keeps_the_bits_behind_the_prefix(void **state)
{
	(void)state;
	expect_renumbered("2001:db8:1:2::5", "2001:db8:9::/64", "2001:db8:9::5");
	expect_renumbered("2001:db8:1:2::5", "2001:db8:9::/48", "2001:db8:9:2::5");
	expect_renumbered("2001:db8:1:12ff::5", "2001:db8:9:3400::/56", "2001:db8:9:34ff::5");
	expect_renumbered("2001:db8:1:ffff::5", "2001:db8:9:8000::/49", "2001:db8:9:ffff::5");
	expect_renumbered("2001:db8:1:7fff::5", "2001:db8:9:8000::/49", "2001:db8:9:ffff::5");
	expect_renumbered("2001:db8:1:7fff::5", "2001:db8:9::/49", "2001:db8:9:7fff::5");
}

static bool
has_scope(const char *text, const char *prefix)
{
	struct address address = address_of(text);
	struct network network;

	assert_int_equal(network_from_text(prefix, &network), STATUS_OK);
	return dyndns_has_scope_of(&address, &network);
}

static void
a_prefix_is_about_addresses_of_its_kind(void **state)
{
	(void)state;
	assert_true(has_scope("2001:db8::1", "2a00::/64"));
	assert_false(has_scope("fd00::1", "2a00::/64"));
	assert_true(has_scope("fd00::1", "fdff::/64"));
	assert_true(has_scope("fc00::1", "fdff::/64"));
	assert_false(has_scope("2001:db8::1", "fdff::/64"));
	assert_false(has_scope("fe80::1", "2a00::/64"));
	assert_false(has_scope("192.0.2.1", "2a00::/64"));
}

static void
offline_wants_a_yes(void **state)
{
	(void)state;
	read_form("offline=YES");
	assert_true(request.is_offline);
	read_form("offline=yes");
	assert_true(request.is_offline);
	read_form("offline=NO");
	assert_false(request.is_offline);
	read_form("offline=");
	assert_false(request.is_offline);
	read_form("offline=NOCHG");
	assert_false(request.is_offline);
}

static void
what_other_providers_want_is_ignored(void **state)
{
	(void)state;
	read_form("system=dyndns&hostname=a.x&myip=192.0.2.1&wildcard=NOCHG&mx=&backmx=NO&url=x"
		  "&dualstack=1&user=u&pass=p\r\n");
	expect_hosts("a.x");
	expect_addresses("192.0.2.1");
}

static void
query_and_body_join(void **state)
{
	(void)state;
	dyndns_request_init(&request);
	dyndns_request_take(&request, "hostname", "a.x");
	assert_int_equal(dyndns_request_take_body(&request, NULL, "hostname=b.x&myip=192.0.2.1", 27,
			     problem),
	    STATUS_OK);
	expect_hosts("a.x b.x");
	expect_addresses("192.0.2.1");
}

static void
json_says_the_same_in_texts_and_arrays(void **state)
{
	(void)state;
	assert_int_equal(
	    read_body("application/json; charset=utf-8",
		"{\"hostname\":\"a.x,b.x\",\"myip\":\"192.0.2.1\",\"ttl\":60,\"x\":{}}"),
	    STATUS_OK);
	expect_hosts("a.x b.x");
	expect_addresses("192.0.2.1");
	assert_int_equal(read_body(NULL,
			     " {\"hostname\":[\"a.x\",\"b.x\"],\"ipv4\":null,\"offline\":true,"
			     "\"myip\":[\"2001:db8::1\",\"192.0.2.1\"]}"),
	    STATUS_OK);
	expect_hosts("a.x b.x");
	expect_addresses("192.0.2.1 2001:db8::1");
	assert_true(request.is_offline);
	assert_false(request.asks_source4);
	assert_int_equal(read_body("application/json", "{\"myip\":\"\",\"offline\":false}"),
	    STATUS_OK);
	assert_true(request.asks_source4);
	assert_false(request.is_offline);
}

static void
a_malformed_body_is_said_to_be_so(void **state)
{
	static const char *const bodies[][2] = {
		{ "application/json", "hostname=a.x" },
		{ "application/json", "{\"hostname\":1}" },
		{ "application/json", "{\"hostname\":[\"a.x\",2]}" },
		{ "application/json", "{\"hostname\":{}}" },
		{ "application/json", "{\"hostname\":\"a\",\"hostname\":\"b\"}" },
		{ "application/json", "[]" },
		{ NULL, "{" },
		{ NULL, "hostname=%" },
		{ NULL, "hostname=%00" },
		{ NULL, "a=\x01" },
		{ "multipart/form-data; boundary=x", "--x\r\n" },
		{ NULL, "1&2&3&4&5&6&7&8&9&a&b&c&d&e&f&g&h" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(read_body(bodies[i][0], bodies[i][1]), STATUS_MALFORMED);
		assert_string_not_equal(problem, "");
		/* Rule 47. */
		assert_null(strstr(problem, "good"));
		assert_null(strstr(problem, "nochg"));
	}
	dyndns_request_init(&request);
	assert_int_equal(dyndns_request_take_body(&request, NULL, "a=b\0c", 5, problem),
	    STATUS_MALFORMED);
}

static void
no_body_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(read_body(NULL, ""), STATUS_OK);
	assert_int_equal(read_body("application/json", " \r\n"), STATUS_OK);
	assert_int_equal(request.host_count, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hosts_come_in_a_list_in_order),
		cmocka_unit_test(routers_call_the_host_by_other_names_too),
		cmocka_unit_test(what_is_no_name_is_marked),
		cmocka_unit_test(a_very_long_host_is_no_name_and_is_quoted_cut),
		cmocka_unit_test(twenty_hosts_are_enough),
		cmocka_unit_test(every_address_parameter_takes_addresses),
		cmocka_unit_test(addresses_are_forgiven_their_dress),
		cmocka_unit_test(a_parameter_given_twice_joins_and_an_address_counts_once),
		cmocka_unit_test(an_empty_parameter_asks_for_the_source),
		cmocka_unit_test(what_is_no_usable_address_is_told),
		cmocka_unit_test(sixteen_addresses_are_enough),
		cmocka_unit_test(a_prefix_is_cut_to_its_length),
		cmocka_unit_test(prefixes_that_number_no_network_are_refused),
		cmocka_unit_test(renumbering_keeps_the_bits_behind_the_prefix),
		cmocka_unit_test(a_prefix_is_about_addresses_of_its_kind),
		cmocka_unit_test(offline_wants_a_yes),
		cmocka_unit_test(what_other_providers_want_is_ignored),
		cmocka_unit_test(query_and_body_join),
		cmocka_unit_test(json_says_the_same_in_texts_and_arrays),
		cmocka_unit_test(a_malformed_body_is_said_to_be_so),
		cmocka_unit_test(no_body_says_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
