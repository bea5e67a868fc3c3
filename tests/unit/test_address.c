/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/address: addresses, endpoints and networks as text, bytes and socket addresses. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/address.h"

#include "address_of.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void
addresses_come_back_from_their_text(void **state)
{
	static const struct {
		const char *text;
		const char *written;
		int family;
	} table[] = {
		{ "192.0.2.1", "192.0.2.1", 4 },
		{ "0.0.0.0", "0.0.0.0", 4 },
		{ "255.255.255.255", "255.255.255.255", 4 },
		{ "2001:DB8:0:0:0:0:0:1", "2001:db8::1", 6 },
		{ "::", "::", 6 },
		{ "::1", "::1", 6 },
		{ "fe80::1", "fe80::1", 6 },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 6 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct address address = address_of(table[i].text);
		char text[ADDRESS_TEXT_MAX];

		assert_int_equal(address.family, table[i].family);
		assert_ptr_equal(address_to_text(&address, text), text);
		assert_string_equal(text, table[i].written);
	}
}

static void
what_is_no_address_is_malformed_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"1.2.3",
		"1.2.3.4.5",
		"1.2.3.256",
		"01.2.3.4",
		"0x1.2.3.4",
		" 1.2.3.4",
		"1.2.3.4 ",
		"1.2.3.4:53",
		"[::1]",
		"fe80::1%lo",
		"1::2::3",
		"12345::",
		"::1/128",
		"localhost",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct address address = { .family = 77 };

		if (address_from_text(texts[i], &address) != STATUS_MALFORMED)
			fail_msg("\"%s\" was taken for an address", texts[i]);
		assert_int_equal(address.family, 77);
	}
}

static void
no_address_has_a_text_too(void **state)
{
	struct address none = { 0 };
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	assert_string_equal(address_to_text(&none, text), "unknown");
}

static void
rdata_of_4_and_16_octets_is_an_address_and_no_other(void **state)
{
	static const uint8_t bytes[17] = { 192, 0, 2, 1, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		16 };
	struct address address;
	struct address expected = address_of("192.0.2.1");

	(void)state;
	assert_true(address_from_bytes(bytes, 4, &address));
	assert_true(address_is_equal(&address, &expected));
	assert_true(address_from_bytes(bytes, 16, &address));
	assert_int_equal(address.family, 6);
	assert_memory_equal(address.bytes, bytes, 16);
	for (size_t length = 0; length <= 17; length++) {
		if (length != 4 && length != 16)
			assert_false(address_from_bytes(bytes, length, &address));
	}
}

static void
addresses_are_equal_in_family_and_all_bytes(void **state)
{
	struct address one = address_of("192.0.2.1");
	struct address same = address_of("192.0.2.1");
	struct address other = address_of("192.0.2.2");
	struct address six = address_of("c000:201::");

	(void)state;
	assert_true(address_is_equal(&one, &same));
	assert_false(address_is_equal(&one, &other));
	/* The same first bytes, and zeros. */
	assert_memory_equal(one.bytes, six.bytes, 16);
	assert_false(address_is_equal(&one, &six));
}

static void
endpoints_come_back_from_their_text(void **state)
{
	static const char *const texts[] = {
		"127.0.0.1:53",
		"[::1]:2136",
		"255.255.255.255:65535",
		"[2001:db8:1111:2222:3333:4444:5555:6666]:1",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct endpoint endpoint;
		char text[ENDPOINT_TEXT_MAX];

		assert_int_equal(endpoint_from_text(texts[i], &endpoint), STATUS_OK);
		assert_ptr_equal(endpoint_to_text(&endpoint, text), text);
		assert_string_equal(text, texts[i]);
	}
}

static void
what_is_no_endpoint_is_malformed_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		":",
		":53",
		"127.0.0.1",
		"127.0.0.1:",
		"127.0.0.1:0",
		"127.0.0.1:65536",
		"127.0.0.1:999999999999",
		"127.0.0.1:-1",
		"127.0.0.1:+53",
		"127.0.0.1: 53",
		"127.0.0.1:53x",
		"[127.0.0.1]:53",
		"::1:53",
		"[::1]",
		"[::1]53",
		"[::1:53",
		"[]:53",
		"[:53",
		"]:53",
		"::1]:53",
		"[[::1]]:53",
		"localhost:53",
		"[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555]:53",
		"11111111111111111111111111111111111111111111111111111111111111111:53",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct endpoint endpoint = { .port = 77 };

		if (endpoint_from_text(texts[i], &endpoint) != STATUS_MALFORMED)
			fail_msg("\"%s\" was taken for an endpoint", texts[i]);
		assert_int_equal(endpoint.port, 77);
	}
}

static void
endpoints_come_back_from_socket_addresses(void **state)
{
	static const char *const texts[] = { "192.0.2.1:53", "[2001:db8::1]:65535" };
	static const socklen_t sizes[] = { sizeof(struct sockaddr_in),
		sizeof(struct sockaddr_in6) };
	static const sa_family_t families[] = { AF_INET, AF_INET6 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct endpoint endpoint, back;
		struct sockaddr_storage storage;

		assert_int_equal(endpoint_from_text(texts[i], &endpoint), STATUS_OK);
		memset(&storage, 0xff, sizeof(storage));
		assert_int_equal(endpoint_to_sockaddr(&endpoint, &storage), sizes[i]);
		assert_int_equal(storage.ss_family, families[i]);
		endpoint_from_sockaddr(&storage, &back);
		assert_true(address_is_equal(&endpoint.address, &back.address));
		assert_int_equal(back.port, endpoint.port);
	}
}

static void
the_port_of_a_socket_address_is_in_network_order(void **state)
{
	struct endpoint endpoint = { .address = address_of("192.0.2.1"), .port = 2136 };
	struct sockaddr_storage storage;
	struct sockaddr_in in;

	(void)state;
	assert_int_equal(endpoint_to_sockaddr(&endpoint, &storage), sizeof(in));
	memcpy(&in, &storage, sizeof(in));
	assert_int_equal(in.sin_port, htons(2136));
	assert_int_equal(in.sin_addr.s_addr, htonl(0xc0000201));
}

static void
an_ipv4_client_on_an_ipv6_socket_has_its_ipv4_address(void **state)
{
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(4242) };
	struct sockaddr_storage storage = { 0 };
	struct address expected = address_of("192.0.2.1");
	struct endpoint endpoint;

	(void)state;
	assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.1", &in6.sin6_addr), 1);
	memcpy(&storage, &in6, sizeof(in6));
	endpoint_from_sockaddr(&storage, &endpoint);
	assert_true(address_is_equal(&endpoint.address, &expected));
	assert_int_equal(endpoint.port, 4242);
}

static void
an_address_of_another_family_is_none(void **state)
{
	struct sockaddr_storage storage = { .ss_family = AF_UNIX };
	struct endpoint endpoint = { .address = address_of("192.0.2.1"), .port = 9 };

	(void)state;
	endpoint_from_sockaddr(&storage, &endpoint);
	assert_int_equal(endpoint.address.family, 0);
	assert_int_equal(endpoint.port, 0);
}

static void
networks_come_back_from_their_text(void **state)
{
	static const struct {
		const char *text;
		const char *written;
	} table[] = {
		{ "192.168.1.0/24", "192.168.1.0/24" },
		{ "0.0.0.0/0", "0.0.0.0/0" },
		{ "10.20.30.40", "10.20.30.40/32" },
		{ "10.20.30.40/32", "10.20.30.40/32" },
		{ "172.16.0.0/12", "172.16.0.0/12" },
		{ "192.0.2.128/25", "192.0.2.128/25" },
		{ "::/0", "::/0" },
		{ "2001:db8::/32", "2001:db8::/32" },
		{ "2001:db8::1", "2001:db8::1/128" },
		{ "fe80::/10", "fe80::/10" },
		{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128",
		    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct network network;
		char text[NETWORK_TEXT_MAX];

		assert_int_equal(network_from_text(table[i].text, &network), STATUS_OK);
		assert_ptr_equal(network_to_text(&network, text), text);
		assert_string_equal(text, table[i].written);
	}
}

static void
what_is_no_network_is_malformed_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"/",
		"/24",
		"10.0.0.0/",
		"10.0.0.0/33",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8 ",
		"10.0.0.0/8/8",
		"10.0.0.0/255.0.0.0",
		"10.0.0.1/8",
		"10.0.0.0/6",
		"192.0.2.128/24",
		"::/129",
		"2001:db8::1/64",
		"fe80::%lo/10",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2555/8",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct network network = { .prefix = 77 };

		if (network_from_text(texts[i], &network) != STATUS_MALFORMED)
			fail_msg("\"%s\" was taken for a network", texts[i]);
		assert_int_equal(network.prefix, 77);
	}
}

static bool
contains(const char *network_text, const char *address_text)
{
	struct network network;
	struct address address = address_of(address_text);

	assert_int_equal(network_from_text(network_text, &network), STATUS_OK);
	return network_contains(&network, &address);
}

static void
a_network_contains_what_agrees_in_its_prefix(void **state)
{
	(void)state;
	assert_true(contains("192.168.1.0/24", "192.168.1.0"));
	assert_true(contains("192.168.1.0/24", "192.168.1.255"));
	assert_false(contains("192.168.1.0/24", "192.168.2.0"));
	assert_false(contains("192.168.1.0/24", "192.168.0.255"));
	assert_true(contains("172.16.0.0/12", "172.31.255.255"));
	assert_false(contains("172.16.0.0/12", "172.32.0.0"));
	assert_true(contains("192.0.2.128/25", "192.0.2.200"));
	assert_false(contains("192.0.2.128/25", "192.0.2.127"));
	assert_true(contains("10.0.0.0/31", "10.0.0.1"));
	assert_false(contains("10.0.0.0/31", "10.0.0.2"));
	assert_true(contains("10.0.0.1", "10.0.0.1"));
	assert_false(contains("10.0.0.1", "10.0.0.0"));
	assert_true(contains("fe80::/10", "febf::1"));
	assert_false(contains("fe80::/10", "fec0::1"));
	assert_true(contains("2001:db8::/127", "2001:db8::1"));
	assert_false(contains("2001:db8::/127", "2001:db8::2"));
}

static void
a_network_of_no_bits_contains_all_of_its_family_and_none_of_the_other(void **state)
{
	struct network any;
	struct address none = { 0 };

	(void)state;
	assert_true(contains("0.0.0.0/0", "255.255.255.255"));
	assert_false(contains("0.0.0.0/0", "::"));
	assert_true(contains("::/0", "ffff::"));
	assert_false(contains("::/0", "0.0.0.0"));
	assert_int_equal(network_from_text("0.0.0.0/0", &any), STATUS_OK);
	assert_false(network_contains(&any, &none));
}

/* Bit by bit against arithmetic on one number. */
static void
every_prefix_of_ipv4_agrees_with_arithmetic(void **state)
{
	static const uint32_t address_bits = 0xa5c3967e;

	(void)state;
	for (unsigned prefix = 0; prefix <= 32; prefix++) {
		uint32_t mask = prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
		uint32_t base = htonl(address_bits & mask);
		struct network network = { .address.family = 4, .prefix = (uint8_t)prefix };

		memcpy(network.address.bytes, &base, 4);
		for (unsigned bit = 0; bit < 32; bit++) {
			uint32_t flipped = htonl(address_bits ^ (UINT32_C(1) << bit));
			struct address address = { .family = 4 };

			memcpy(address.bytes, &flipped, 4);
			assert_int_equal(network_contains(&network, &address), 31 - bit >= prefix);
		}
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_come_back_from_their_text),
		cmocka_unit_test(what_is_no_address_is_malformed_and_changes_nothing),
		cmocka_unit_test(no_address_has_a_text_too),
		cmocka_unit_test(rdata_of_4_and_16_octets_is_an_address_and_no_other),
		cmocka_unit_test(addresses_are_equal_in_family_and_all_bytes),
		cmocka_unit_test(endpoints_come_back_from_their_text),
		cmocka_unit_test(what_is_no_endpoint_is_malformed_and_changes_nothing),
		cmocka_unit_test(endpoints_come_back_from_socket_addresses),
		cmocka_unit_test(the_port_of_a_socket_address_is_in_network_order),
		cmocka_unit_test(an_ipv4_client_on_an_ipv6_socket_has_its_ipv4_address),
		cmocka_unit_test(an_address_of_another_family_is_none),
		cmocka_unit_test(networks_come_back_from_their_text),
		cmocka_unit_test(what_is_no_network_is_malformed_and_changes_nothing),
		cmocka_unit_test(a_network_contains_what_agrees_in_its_prefix),
		cmocka_unit_test(
		    a_network_of_no_bits_contains_all_of_its_family_and_none_of_the_other),
		cmocka_unit_test(every_prefix_of_ipv4_agrees_with_arithmetic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
