/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/reverse: addresses as names of the reverse zones, and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "wire/reverse.h"

#define ZEROS "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0"

static void
every_form_goes_there_and_back(void **state)
{
	static const struct {
		const char *address;
		const char *name;
	} pairs[] = {
		{ "192.168.1.17", "17.1.168.192.in-addr.arpa" },
		{ "0.0.0.0", "0.0.0.0.in-addr.arpa" },
		{ "255.255.255.255", "255.255.255.255.in-addr.arpa" },
		{ "2001:db8::", ZEROS ".8.b.d.0.1.0.0.2.ip6.arpa" },
		{ "::f", "f.0.0.0.0.0.0.0." ZEROS ".ip6.arpa" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		char text[NAME_TEXT_MAX];
		struct address address;
		struct address back;
		struct name name;

		assert_int_equal(address_from_text(pairs[i].address, &address), STATUS_OK);
		reverse_name(&address, &name);
		assert_string_equal(name_to_text(name.wire, text), pairs[i].name);
		assert_true(reverse_is_within(name.wire));
		assert_true(reverse_address(name.wire, &back));
		assert_true(address_is_equal(&address, &back));
	}
}

static void
other_names_are_no_addresses(void **state)
{
	static const char *const names[] = { "in-addr.arpa", "1.168.192.in-addr.arpa",
		"9.17.1.168.192.in-addr.arpa", "256.1.168.192.in-addr.arpa",
		"01.1.168.192.in-addr.arpa", "x.1.168.192.in-addr.arpa",
		"1000.1.168.192.in-addr.arpa", "17.1.168.192.in-addr.home.arpa",
		"g.0.0.0.0.0.0.0." ZEROS ".ip6.arpa", "10.0.0.0.0.0.0.0." ZEROS ".ip6.arpa",
		"0.0.0.0.0.0.0." ZEROS ".ip6.arpa", "home.arpa" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct address address;
		struct name name;

		assert_int_equal(name_from_text(names[i], &name), STATUS_OK);
		assert_false(reverse_address(name.wire, &address));
	}
}

static void
forward_names_are_not_within(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_from_text("home.arpa", &name), STATUS_OK);
	assert_false(reverse_is_within(name.wire));
	assert_int_equal(name_from_text("ip6.arpa", &name), STATUS_OK);
	assert_true(reverse_is_within(name.wire));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_goes_there_and_back),
		cmocka_unit_test(other_names_are_no_addresses),
		cmocka_unit_test(forward_names_are_not_within),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
