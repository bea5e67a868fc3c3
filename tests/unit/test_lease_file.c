/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/lease_file: what dnsmasq writes about its leases, and whatever else may stand in that file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/lease_file.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEN "abcdefghij"
#define FIFTY TEN TEN TEN TEN TEN

static const int64_t wall_s = 1795327600;

static void
begin(struct lease_file *file, const char *text)
{
	lease_file_begin(file, text, strlen(text), wall_s);
}

static struct dhcp_event
expect_lease(struct lease_file *file, const char *address_text)
{
	struct dhcp_event event;
	char text[ADDRESS_TEXT_MAX];

	assert_true(lease_file_next(file, &event));
	assert_string_equal(address_to_text(&event.address, text), address_text);
	return event;
}

static void
expect_end(struct lease_file *file, size_t skipped)
{
	struct dhcp_event event = { .remaining_s = 77 };

	assert_false(lease_file_next(file, &event));
	assert_false(lease_file_next(file, &event));
	assert_int_equal(event.remaining_s, 77);
	assert_int_equal(file->skipped, skipped);
}

static void
expect_hardware(const struct dhcp_event *event, const char *expected)
{
	char text[DHCP_HARDWARE_TEXT_MAX];

	assert_string_equal(dhcp_hardware_to_text(&event->hardware, text), expected);
}

static void
expect_duid(const struct dhcp_event *event, const char *expected)
{
	char text[DHCP_DUID_TEXT_MAX];

	assert_string_equal(dhcp_duid_to_text(&event->duid, text), expected);
}

static void
leases_of_both_families_are_read(void **state)
{
	static const char text[] =
	    "1795327720 02:00:00:00:00:01 10.77.0.55 Laptop 01:02:00:00:00:00:01\n"
	    "1795327725 06-02:00:00:00:00:02 10.77.0.56 * "
	    "ff:00:00:00:02:00:03:00:01:02:00:00:00:00:02\n"
	    "1795327730 02:00:00:00:00:03 10.77.0.57 printer *\n"
	    "duid 00:01:00:01:2a:fe:10:20:02:00:00:00:00:ff\n"
	    "1795327740 1234567 fd00::55 Laptop 00:03:00:01:02:00:00:00:00:01\n"
	    "1795327750 T4294967295 fd00::56 * 00:03:00:01:02:00:00:00:00:01\n"
	    "1795327760 0 fd00::57 tv *\n";
	struct lease_file file;
	struct dhcp_event event;

	(void)state;
	begin(&file, text);
	event = expect_lease(&file, "10.77.0.55");
	assert_int_equal(event.action, DHCP_OLD);
	assert_string_equal(event.server, "dnsmasq");
	assert_string_equal(event.name, "Laptop");
	assert_null(event.client_name);
	assert_null(event.domain);
	assert_false(event.is_complete);
	assert_int_equal(event.remaining_s, 120);
	expect_hardware(&event, "02:00:00:00:00:01");
	expect_duid(&event, "");

	event = expect_lease(&file, "10.77.0.56");
	assert_null(event.name);
	assert_int_equal(event.remaining_s, 125);
	expect_hardware(&event, "06-02:00:00:00:00:02");
	expect_duid(&event, "00:03:00:01:02:00:00:00:00:02");

	event = expect_lease(&file, "10.77.0.57");
	assert_string_equal(event.name, "printer");
	expect_duid(&event, "");

	event = expect_lease(&file, "fd00::55");
	assert_string_equal(event.name, "Laptop");
	assert_int_equal(event.remaining_s, 140);
	expect_hardware(&event, "");
	expect_duid(&event, "00:03:00:01:02:00:00:00:00:01");

	event = expect_lease(&file, "fd00::56");
	assert_null(event.name);
	expect_duid(&event, "00:03:00:01:02:00:00:00:00:01");

	event = expect_lease(&file, "fd00::57");
	assert_string_equal(event.name, "tv");
	expect_duid(&event, "");
	expect_end(&file, 0);
}

static void
an_expiry_becomes_what_remains(void **state)
{
	static const struct {
		const char *expiry;
		int64_t remaining_s;
	} table[] = {
		{ "0", DHCP_FOREVER },
		{ "1795327601", 1 },
		{ "1795327600", 0 },
		{ "1795327599", 0 },
		{ "1000000000", 0 },
		{ "999999999", 999999999 },
		{ "1", 1 },
		{ "3600", 3600 },
		{ "0003600", 3600 },
		/* Without a clock, the longest length of DHCP stands for no end. */
		{ "4294967295", DHCP_FOREVER },
		{ "4294967294", 4294967294 - 1795327600 },
		{ "9000000000000000000", UINT32_MAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct lease_file file;
		char text[200];

		(void)snprintf(text, sizeof(text), "%s 02:00:00:00:00:01 10.0.0.1 * *\n",
		    table[i].expiry);
		begin(&file, text);
		assert_int_equal(expect_lease(&file, "10.0.0.1").remaining_s, table[i].remaining_s);
	}
}

static void
lines_that_are_no_leases_are_skipped_and_counted(void **state)
{
	static const char *const lines[] = {
		"x",
		"1795327720",
		"1795327720 02:00:00:00:00:01 10.0.0.1",
		"1795327720 02:00:00:00:00:01 10.0.0.1 name",
		"1795327720 02:00:00:00:00:01 10.0.0.1 name * more",
		"-1 02:00:00:00:00:01 10.0.0.1 name *",
		"1795327720x 02:00:00:00:00:01 10.0.0.1 name *",
		"9223372036854775808 02:00:00:00:00:01 10.0.0.1 name *",
		"18446744073709551617 02:00:00:00:00:01 10.0.0.1 name *",
		"18446744073709551620 02:00:00:00:00:01 10.0.0.1 name *",
		"1795327720 02:00:00:00:00:01 10.0.0.256 name *",
		"1795327720 02:00:00:00:00:01 10.0.0.1/24 name *",
		"1795327720 02:00:00:00:00:zz 10.0.0.1 name *",
		"1795327720 1234567 10.0.0.1 name *",
		"1795327720 02:00:00:00:00:01 fd00::1 name 00:01",
		"1795327720 4294967296 fd00::1 name 00:01",
		"1795327720 T fd00::1 name 00:01",
		"1795327720 X12 fd00::1 name 00:01",
		"1795327720 12 fd00::1 name 00:zz",
		"1795327720 12 fe80::1%lo name 00:01",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct lease_file file;
		char text[400];

		(void)snprintf(text, sizeof(text), "%s\n7 02:00:00:00:00:01 10.0.0.7 * *\n",
		    lines[i]);
		begin(&file, text);
		(void)expect_lease(&file, "10.0.0.7");
		expect_end(&file, 1);
	}
}

static void
what_stands_between_the_leases_is_no_mistake(void **state)
{
	struct lease_file file;

	(void)state;
	begin(&file,
	    "\n  \r\nduid 00:01\nduid\nagent-info 10.0.0.7 01:02\nvendorclass 10.0.0.7 61:62\n"
	    "7 02:00:00:00:00:01 10.0.0.7 * *\r\n");
	(void)expect_lease(&file, "10.0.0.7");
	expect_end(&file, 0);
}

static void
a_client_without_hardware_address_has_a_lease_too(void **state)
{
	struct lease_file file;
	struct dhcp_event event;

	(void)state;
	begin(&file,
	    "7 00- 10.0.0.7 name 01:02:03\n7 - 10.0.0.8 name *\n7 0- 10.0.0.8 name *\n"
	    "7 zz- 10.0.0.8 name *\n");
	event = expect_lease(&file, "10.0.0.7");
	expect_hardware(&event, "");
	expect_end(&file, 3);
}

static void
a_client_identifier_that_is_none_spoils_no_lease(void **state)
{
	struct lease_file file;
	struct dhcp_event event;

	(void)state;
	begin(&file, "7 02:00:00:00:00:01 10.0.0.7 name zz\n");
	event = expect_lease(&file, "10.0.0.7");
	expect_hardware(&event, "02:00:00:00:00:01");
	expect_duid(&event, "");
}

static void
a_domain_is_parted_from_its_name(void **state)
{
	static const struct {
		const char *field;
		const char *name;
		const char *domain;
	} table[] = {
		{ "laptop", "laptop", NULL },
		{ "laptop.home.lan", "laptop", "home.lan" },
		{ "laptop.", "laptop", NULL },
		{ ".home.lan", NULL, "home.lan" },
		{ ".", NULL, NULL },
		{ "*", NULL, NULL },
		{ "*.home.lan", NULL, "home.lan" },
		{ "**", "**", NULL },
		{ "x;touch", "x;touch", NULL },
		{ "B\xfcro", "B\xfcro", NULL },
		{ FIFTY FIFTY FIFTY FIFTY FIFTY "12345", FIFTY FIFTY FIFTY FIFTY FIFTY "12345",
		    NULL },
		{ FIFTY FIFTY FIFTY FIFTY FIFTY "123456", FIFTY FIFTY FIFTY FIFTY FIFTY "12345",
		    NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct lease_file file;
		struct dhcp_event event;
		char text[600];

		(void)snprintf(text, sizeof(text), "7 02:00:00:00:00:01 10.0.0.7 %s *\n",
		    table[i].field);
		begin(&file, text);
		event = expect_lease(&file, "10.0.0.7");
		if (table[i].name != NULL)
			assert_string_equal(event.name, table[i].name);
		else
			assert_null(event.name);
		if (table[i].domain != NULL)
			assert_string_equal(event.domain, table[i].domain);
		else
			assert_null(event.domain);
	}
}

static void
a_line_that_is_too_long_is_skipped_and_the_next_is_read(void **state)
{
	static const char end[] = "\n7 02:00:00:00:00:01 10.0.0.7 * *\n";
	char text[LEASE_FILE_LINE_MAX + 100];
	struct lease_file file;

	(void)state;
	for (size_t length = LEASE_FILE_LINE_MAX; length <= LEASE_FILE_LINE_MAX + 1; length++) {
		int head = sprintf(text, "7 02:00:00:00:00:01 10.0.0.6 a ");

		memset(text + head, 'c', length - head);
		memcpy(text + length, end, sizeof(end));
		begin(&file, text);
		if (length == LEASE_FILE_LINE_MAX)
			(void)expect_lease(&file, "10.0.0.6");
		(void)expect_lease(&file, "10.0.0.7");
		expect_end(&file, length == LEASE_FILE_LINE_MAX ? 0 : 1);
	}
}

static void
a_nul_spoils_its_line_only(void **state)
{
	static const char text[] = "7 02:00:00:00:00:01 10.0.0.5 a\0b *\n"
				   "7 02:00:00:00:00:01 10.0.0.6 a *\0\n"
				   "7 02:00:00:00:00:01 10.0.0.7 * *\n";
	struct lease_file file;

	(void)state;
	lease_file_begin(&file, text, sizeof(text) - 1, wall_s);
	(void)expect_lease(&file, "10.0.0.7");
	expect_end(&file, 2);
}

/* No octet behind the text's end is read: the sanitizer watches. */
static void
a_text_may_end_anywhere(void **state)
{
	static const char text[] = "7 02:00:00:00:00:01 10.0.0.7 a *\n7 1 fd00::7 b *\n";

	(void)state;
	for (size_t length = 0; length < sizeof(text); length++) {
		char *copy = malloc(length > 0 ? length : 1);
		struct lease_file file;
		struct dhcp_event event;
		size_t count = 0;

		assert_non_null(copy);
		memcpy(copy, text, length);
		lease_file_begin(&file, copy, length, wall_s);
		while (lease_file_next(&file, &event))
			count++;
		assert_int_equal(count, (length >= 32) + (length >= 48));
		free(copy);
	}
}

static void
a_file_is_whole_that_ends_with_a_newline(void **state)
{
	(void)state;
	assert_true(lease_file_is_whole("", 0));
	assert_true(lease_file_is_whole("a\n", 2));
	assert_false(lease_file_is_whole("a\nb", 3));
	assert_false(lease_file_is_whole("a\n", 1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leases_of_both_families_are_read),
		cmocka_unit_test(an_expiry_becomes_what_remains),
		cmocka_unit_test(lines_that_are_no_leases_are_skipped_and_counted),
		cmocka_unit_test(what_stands_between_the_leases_is_no_mistake),
		cmocka_unit_test(a_client_without_hardware_address_has_a_lease_too),
		cmocka_unit_test(a_client_identifier_that_is_none_spoils_no_lease),
		cmocka_unit_test(a_domain_is_parted_from_its_name),
		cmocka_unit_test(a_line_that_is_too_long_is_skipped_and_the_next_is_read),
		cmocka_unit_test(a_nul_spoils_its_line_only),
		cmocka_unit_test(a_text_may_end_anywhere),
		cmocka_unit_test(a_file_is_whole_that_ends_with_a_newline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
