/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/dhcp: hardware addresses, DUIDs and client identifiers as text and as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/dhcp.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* count times "ab", with what stands between. */
static const char *
repeat(char *text, size_t count, const char *between)
{
	size_t length = 0;

	for (size_t i = 0; i < count; i++)
		length += (size_t)sprintf(text + length, "%sab", i > 0 ? between : "");
	return text;
}

static struct dhcp_duid
duid_of(const char *text)
{
	struct dhcp_duid duid;

	assert_int_equal(dhcp_duid_from_text(text, &duid), STATUS_OK);
	return duid;
}

static struct dhcp_hardware
hardware_of(const char *text)
{
	struct dhcp_hardware hardware;

	assert_int_equal(dhcp_hardware_from_text(text, &hardware), STATUS_OK);
	return hardware;
}

static void
hardware_addresses_come_back_from_their_text(void **state)
{
	static const struct {
		const char *text;
		const char *written;
		unsigned type;
		size_t size;
		unsigned last;
	} table[] = {
		{ "02:00:00:00:00:01", "02:00:00:00:00:01", 1, 6, 0x01 },
		{ "02:00:5E:AB:CD:EF", "02:00:5e:ab:cd:ef", 1, 6, 0xef },
		{ "06-02:00:00:00:00:9a", "06-02:00:00:00:00:9a", 6, 6, 0x9a },
		{ "01-02:00:00:00:00:9a", "02:00:00:00:00:9a", 1, 6, 0x9a },
		{ "fF-0A", "ff-0a", 255, 1, 0x0a },
		{ "20-00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
		    "20-00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f", 32, 16, 0x0f },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct dhcp_hardware hardware = hardware_of(table[i].text);
		char text[DHCP_HARDWARE_TEXT_MAX];

		assert_int_equal(hardware.type, table[i].type);
		assert_int_equal(hardware.size, table[i].size);
		assert_int_equal(hardware.bytes[hardware.size - 1], table[i].last);
		assert_ptr_equal(dhcp_hardware_to_text(&hardware, text), text);
		assert_string_equal(text, table[i].written);
	}
}

static void
what_is_no_hardware_address_is_malformed_and_changes_nothing(void **state)
{
	static const char *const texts[] = { "", ":", "0", "02:", ":02", "02:0", "0:2", "02::01",
		"02:00:00:00:00:0g", "020000000001", "02-00-00-00-00-01", "06-", "6-02:00", "-02",
		"006-02:00", " 02:00", "02:00 ", "0x:00", "+2:00",
		"00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct dhcp_hardware hardware = { .type = 77 };

		assert_int_equal(dhcp_hardware_from_text(texts[i], &hardware), STATUS_MALFORMED);
		assert_int_equal(hardware.type, 77);
	}
}

static void
what_is_not_known_has_an_empty_text(void **state)
{
	const struct dhcp_hardware no_hardware = { .type = 6 };
	const struct dhcp_duid no_duid = { 0 };
	char hardware_text[DHCP_HARDWARE_TEXT_MAX];
	char duid_text[DHCP_DUID_TEXT_MAX];

	(void)state;
	assert_string_equal(dhcp_hardware_to_text(&no_hardware, hardware_text), "");
	assert_string_equal(dhcp_duid_to_text(&no_duid, duid_text), "");
}

static void
hardware_addresses_are_equal_in_type_and_octets(void **state)
{
	struct dhcp_hardware one = hardware_of("02:00:00:00:00:01");
	struct dhcp_hardware same = hardware_of("02:00:00:00:00:01");
	struct dhcp_hardware other = hardware_of("02:00:00:00:00:02");
	struct dhcp_hardware typed = hardware_of("06-02:00:00:00:00:01");
	struct dhcp_hardware shorter = hardware_of("02:00:00:00:00");
	struct dhcp_hardware none = { 0 };
	struct dhcp_hardware typed_none = { .type = 6 };

	(void)state;
	same.bytes[6] = 1;
	assert_true(dhcp_hardware_is_equal(&one, &same));
	assert_false(dhcp_hardware_is_equal(&one, &other));
	assert_false(dhcp_hardware_is_equal(&one, &typed));
	assert_false(dhcp_hardware_is_equal(&one, &shorter));
	assert_false(dhcp_hardware_is_equal(&one, &none));
	assert_true(dhcp_hardware_is_equal(&none, &typed_none));
}

static void
duids_come_back_from_their_text(void **state)
{
	char longest[3 * DHCP_DUID_MAX];
	static const struct {
		const char *text;
		const char *written;
	} table[] = {
		{ "00:01:00:01:2a:fe", "00:01:00:01:2a:fe" },
		{ "000100012AFE", "00:01:00:01:2a:fe" },
		{ "07", "07" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct dhcp_duid duid = duid_of(table[i].text);
		char text[DHCP_DUID_TEXT_MAX];

		assert_ptr_equal(dhcp_duid_to_text(&duid, text), text);
		assert_string_equal(text, table[i].written);
	}
	for (size_t i = 0; i < 2; i++) {
		struct dhcp_duid duid = duid_of(repeat(longest, DHCP_DUID_MAX, i == 0 ? ":" : ""));
		char text[DHCP_DUID_TEXT_MAX];

		assert_int_equal(duid.size, DHCP_DUID_MAX);
		assert_string_equal(dhcp_duid_to_text(&duid, text),
		    repeat(longest, DHCP_DUID_MAX, ":"));
	}
}

static void
what_is_no_duid_is_malformed_and_changes_nothing(void **state)
{
	char too_long[3 * DHCP_DUID_MAX + 3];
	static const char *const texts[] = { "", "0", "000", "00:1", "00:", ":00", "00::01",
		"0001:0002", "00:0102", "0x", "*", "00 01", "00-01" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct dhcp_duid duid = { .size = 77 };

		assert_int_equal(dhcp_duid_from_text(texts[i], &duid), STATUS_MALFORMED);
		assert_int_equal(duid.size, 77);
	}
	for (size_t i = 0; i < 2; i++) {
		struct dhcp_duid duid;

		(void)repeat(too_long, DHCP_DUID_MAX + 1, i == 0 ? ":" : "");
		assert_int_equal(dhcp_duid_from_text(too_long, &duid), STATUS_MALFORMED);
	}
}

static void
duids_are_equal_in_all_octets(void **state)
{
	struct dhcp_duid one = duid_of("00:03:00:01:02:00");
	struct dhcp_duid same = duid_of("000300010200");
	struct dhcp_duid other = duid_of("00:03:00:01:02:01");
	struct dhcp_duid shorter = duid_of("00:03:00:01:02");

	(void)state;
	same.bytes[6] = 1;
	assert_true(dhcp_duid_is_equal(&one, &same));
	assert_false(dhcp_duid_is_equal(&one, &other));
	assert_false(dhcp_duid_is_equal(&one, &shorter));
}

static void
a_client_identifier_of_type_255_holds_a_duid(void **state)
{
	struct dhcp_duid expected = duid_of("00:03:00:01:02:00:00:00:00:01");
	struct dhcp_duid duid;

	(void)state;
	assert_true(
	    dhcp_duid_from_client_id("ff:11:22:33:44:00:03:00:01:02:00:00:00:00:01", &duid));
	assert_true(dhcp_duid_is_equal(&duid, &expected));
	assert_true(dhcp_duid_from_client_id("FF1122334400030001020000000001", &duid));
	assert_true(dhcp_duid_is_equal(&duid, &expected));
}

static void
other_client_identifiers_hold_none(void **state)
{
	char text[3 * 140];
	struct dhcp_duid duid = { .size = 77 };
	static const char *const texts[] = { "", "*", "01:02:00:00:00:00:01", "ff",
		"ff:11:22:33:44", "ff:11:22:33:44:00:03", "00:11:22:33:44:00:03:00:01:02", "ff:zz",
		"ff:11:22:33:44:00:03:00:01:" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		assert_false(dhcp_duid_from_client_id(texts[i], &duid));
		assert_int_equal(duid.size, 77);
	}
	(void)repeat(text, 5 + DHCP_DUID_MAX + 1, ":");
	memcpy(text, "ff", 2);
	assert_false(dhcp_duid_from_client_id(text, &duid));
	text[3 * (5 + DHCP_DUID_MAX) - 1] = '\0';
	assert_true(dhcp_duid_from_client_id(text, &duid));
	assert_int_equal(duid.size, DHCP_DUID_MAX);
}

static void
a_duid_made_from_a_hardware_address_gives_it_back(void **state)
{
	static const struct {
		const char *duid;
		const char *hardware;
	} table[] = {
		{ "00:01:00:01:2a:fe:10:20:02:00:00:00:00:01", "02:00:00:00:00:01" },
		{ "00:03:00:01:02:00:00:00:00:01", "02:00:00:00:00:01" },
		{ "00:03:00:20:aa", "20-aa" },
		{ "00:03:00:01:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
		    "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		struct dhcp_duid duid = duid_of(table[i].duid);
		struct dhcp_hardware expected = hardware_of(table[i].hardware);
		struct dhcp_hardware hardware;

		assert_true(dhcp_hardware_of_duid(&duid, &hardware));
		assert_true(dhcp_hardware_is_equal(&hardware, &expected));
	}
}

static void
other_duids_give_none(void **state)
{
	static const char *const texts[] = { "00", "00:03", "00:03:00:01", "00:01:00:01:2a:fe:10",
		"00:01:00:01:2a:fe:10:20", "00:02:00:00:00:09:0c:c0", "01:03:00:01:02:00:00",
		"00:04:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f",
		"00:03:01:01:02:00:00:00:00:01",
		"00:03:00:01:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f:10" };
	struct dhcp_hardware hardware = { .type = 77 };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct dhcp_duid duid = duid_of(texts[i]);

		assert_false(dhcp_hardware_of_duid(&duid, &hardware));
		assert_int_equal(hardware.type, 77);
	}
	assert_false(dhcp_hardware_of_duid(&(struct dhcp_duid){ 0 }, &hardware));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hardware_addresses_come_back_from_their_text),
		cmocka_unit_test(what_is_no_hardware_address_is_malformed_and_changes_nothing),
		cmocka_unit_test(what_is_not_known_has_an_empty_text),
		cmocka_unit_test(hardware_addresses_are_equal_in_type_and_octets),
		cmocka_unit_test(duids_come_back_from_their_text),
		cmocka_unit_test(what_is_no_duid_is_malformed_and_changes_nothing),
		cmocka_unit_test(duids_are_equal_in_all_octets),
		cmocka_unit_test(a_client_identifier_of_type_255_holds_a_duid),
		cmocka_unit_test(other_client_identifiers_hold_none),
		cmocka_unit_test(a_duid_made_from_a_hardware_address_gives_it_back),
		cmocka_unit_test(other_duids_give_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
