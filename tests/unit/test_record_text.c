/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/record_text: records as people write them, and as they are stored. */
/* LDWRAP: malloc */
#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/record_text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const uint8_t origin[] = "\004home\004arpa";

/* Allocations until one fails; SIZE_MAX: none does. */
static size_t allocations_left = SIZE_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *
__wrap_malloc(size_t size)
{
	if (allocations_left == 0)
		return NULL;
	if (allocations_left != SIZE_MAX)
		allocations_left--;
	return __real_malloc(size);
}

static int
make_arena(void **state)
{
	static struct arena arena;

	arena_init(&arena, 1024 * 1024);
	*state = &arena;
	return 0;
}

static int
release_arena(void **state)
{
	arena_release(*state);
	return 0;
}

static uint16_t
type_of(const char *text)
{
	uint16_t type;

	assert_int_equal(record_type_from_text(text, &type), STATUS_OK);
	return type;
}

static const knot_rdata_t *
rdata_of(struct arena *arena, const char *type, const char *text)
{
	const knot_rdata_t *rdata = NULL;
	const char *reason = "";

	if (record_data_from_text(type_of(type), text, origin, arena, &rdata, &reason) != STATUS_OK)
		fail_msg("%s %s: %s", type, text, reason);
	assert_non_null(rdata);
	return rdata;
}

/* Bytes to rdata, as a message brings them. */
static const knot_rdata_t *
raw_rdata(struct arena *arena, const void *bytes, size_t size)
{
	knot_rdata_t *rdata = arena_take(arena, knot_rdata_size((uint16_t)size));

	assert_non_null(rdata);
	knot_rdata_init(rdata, (uint16_t)size, bytes);
	return rdata;
}

static void
expect_malformed(struct arena *arena, uint16_t type, const char *text, const char *word)
{
	const knot_rdata_t *rdata = NULL;
	const char *reason = NULL;

	assert_int_equal(record_data_from_text(type, text, origin, arena, &rdata, &reason),
	    STATUS_MALFORMED);
	assert_null(rdata);
	assert_non_null(reason);
	if (strstr(reason, word) == NULL)
		fail_msg("%s: \"%s\" lacks \"%s\"", text, reason, word);
}

static void
types_come_back_from_their_text(void **state)
{
	static const struct {
		const char *text;
		uint16_t type;
		const char *written;
	} table[] = {
		{ "A", 1, "A" },
		{ "aaaa", 28, "AAAA" },
		{ "Txt", 16, "TXT" },
		{ "NSEC3PARAM", 51, "NSEC3PARAM" },
		{ "HTTPS", 65, "HTTPS" },
		{ "TYPE65280", 65280, "TYPE65280" },
		{ "type1", 1, "A" },
		{ "TYPE3", 3, "TYPE3" },
		{ "TYPE65535", 65535, "TYPE65535" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[RECORD_TYPE_TEXT_MAX];

		assert_int_equal(type_of(table[i].text), table[i].type);
		assert_ptr_equal(record_type_to_text(table[i].type, text), text);
		assert_string_equal(text, table[i].written);
	}
}

static void
every_type_has_a_text_that_names_it(void **state)
{
	(void)state;
	for (unsigned type = 0; type <= UINT16_MAX; type++) {
		char text[RECORD_TYPE_TEXT_MAX];
		uint16_t again = 0;
		bool is_meta = type == 0 || type == 41 || (type >= 128 && type <= 255);

		(void)record_type_to_text((uint16_t)type, text);
		assert_int_equal(record_type_from_text(text, &again),
		    is_meta ? STATUS_MALFORMED : STATUS_OK);
		assert_int_equal(again, is_meta ? 0 : type);
	}
}

static void
what_is_no_type_is_malformed(void **state)
{
	static const char *const texts[] = { "", "FOO", "A ", " A", "TYPE", "TYPE65536", "TYPE+1",
		"TYPE 1", "TYPE-1", "TYPE1x", "ANY", "AXFR", "OPT", "TSIG", "TYPE0", "TYPE255",
		"1" };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		uint16_t type = 77;

		assert_int_equal(record_type_from_text(texts[i], &type), STATUS_MALFORMED);
		assert_int_equal(type, 77);
	}
}

static void
data_come_back_from_their_text(void **state)
{
	static const struct {
		const char *type;
		const char *text;
		const char *written;
	} table[] = {
		{ "A", "192.0.2.1", "192.0.2.1" },
		{ "A", "  192.0.2.1\t", "192.0.2.1" },
		{ "A", "\\# 4 c0000201", "192.0.2.1" },
		{ "AAAA", "2001:DB8::0:1", "2001:db8::1" },
		{ "CNAME", "Host.Example.", "host.example." },
		{ "CNAME", "Host", "host.home.arpa." },
		{ "CNAME", "@", "home.arpa." },
		{ "MX", "10 Mail", "10 mail.home.arpa." },
		{ "SRV", "0 5 5060 Sip.example.", "0 5 5060 sip.example." },
		{ "SOA", "ns admin ( 1 2\t3 4 5 )", "ns.home.arpa. admin.home.arpa. 1 2 3 4 5" },
		{ "TXT", "plain", "\"plain\"" },
		{ "TXT", "two texts", "\"two\" \"texts\"" },
		{ "TXT", "\"one text; with (all) $\" \"\"", "\"one text; with (all) $\" \"\"" },
		{ "TXT", "\"$ORIGIN x\"", "\"$ORIGIN x\"" },
		{ "TXT", "a\\;b", "\"a;b\"" },
		{ "TXT", "\"\\\"\\\\\"", "\"\\\"\\\\\"" },
		{ "TXT", "\"\\010\\195\\188\"", "\"\\010\\195\\188\"" },
		{ "CAA", "0 issue \"ca.example\"", "0 issue \"ca.example\"" },
		{ "URI", "10 1 \"https://a/\"", "10 1 \"https://a/\"" },
		{ "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=",
		    "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=" },
		{ "HTTPS", "1 . alpn=h2,h3", "1 . alpn=h2,h3" },
		{ "HINFO", "\"a b\" c", "\"a b\" \"c\"" },
		{ "TYPE65280", "\\# 3 0a0B0c", "\\# 3 0A0B0C" },
		{ "TYPE65280", "\\# 0", "\\# 0" },
		{ "TYPE10", "\\# 2 0a0b", "\\# 2 0A0B" },
		{ "APL", "1:192.0.2.0/24", "1:192.0.2.0/24" },
		{ "APL", "", "" },
		{ "RRSIG", "A 8 2 60 20361231000000 4294967295 12 foo. AAAA",
		    "A 8 2 60 2114294400 4294967295 12 foo. AAAA" },
	};
	struct arena *arena = *state;

	for (size_t i = 0; i < COUNT(table); i++) {
		uint16_t type = type_of(table[i].type);
		const knot_rdata_t *rdata = rdata_of(arena, table[i].type, table[i].text);
		const knot_rdata_t *again;
		char text[1000];

		assert_int_equal(record_data_to_text(type, rdata, text, sizeof(text)), STATUS_OK);
		assert_string_equal(text, table[i].written);
		again = rdata_of(arena, table[i].type, text);
		assert_int_equal(again->len, rdata->len);
		assert_memory_equal(again->data, rdata->data, rdata->len);
	}
}

static void
rdata_are_canonical(void **state)
{
	static const uint8_t mail[] = "\000\012\004mail\007example";
	static const uint8_t text[] = "\003AbC";
	const knot_rdata_t *rdata = rdata_of(*state, "MX", "10 MAIL.Example.");

	assert_int_equal(rdata->len, sizeof(mail));
	assert_memory_equal(rdata->data, mail, sizeof(mail));
	rdata = rdata_of(*state, "TXT", "AbC");
	assert_int_equal(rdata->len, sizeof(text) - 1);
	assert_memory_equal(rdata->data, text, sizeof(text) - 1);
}

static void
relative_names_are_below_any_origin(void **state)
{
	static const uint8_t root[] = "";
	static const uint8_t odd[] = "\003a.b\002c.";
	static const struct {
		const uint8_t *origin;
		const char *written;
	} table[] = { { root, "host." }, { odd, "host.a\\.b.c\\.." } };

	for (size_t i = 0; i < COUNT(table); i++) {
		const knot_rdata_t *rdata;
		const char *reason;
		char text[100];

		assert_int_equal(record_data_from_text(KNOT_RRTYPE_CNAME, "host", table[i].origin,
				     *state, &rdata, &reason),
		    STATUS_OK);
		assert_int_equal(record_data_to_text(KNOT_RRTYPE_CNAME, rdata, text, sizeof(text)),
		    STATUS_OK);
		assert_string_equal(text, table[i].written);
	}
}

static void
what_is_no_data_is_malformed_with_a_reason(void **state)
{
	static const struct {
		const char *type;
		const char *text;
		const char *word;
	} table[] = {
		{ "A", "", "address" },
		{ "A", "fd00::1", "address" },
		{ "A", "192.0.2.256", "address" },
		{ "A", "192.0.2.1 192.0.2.2", "unexpected" },
		{ "A", "\\# 5 c000020101", "form" },
		{ "A", "\\# 3 c00002", "" },
		{ "MX", "mail", "number" },
		{ "MX", "\\# 3 000a05", "" },
		{ "CNAME", "a..b", "" },
		{ "CNAME", "\\# 2 c000", "form" },
		{ "IPSECKEY", "\\# 4 0a03023f", "form" },
		{ "TXT", "", "data" },
		{ "TYPE65280", "foo", "" },
		{ "TYPE65280", "\\# 2 0a", "" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		expect_malformed(*state, type_of(table[i].type), table[i].text, table[i].word);
	expect_malformed(*state, KNOT_RRTYPE_ANY, "\\# 0", "no record has that type");
	expect_malformed(*state, KNOT_RRTYPE_OPT, "\\# 0", "no record has that type");
	expect_malformed(*state, 0, "\\# 0", "no record has that type");
}

static void
nothing_stands_beside_the_record(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} table[] = {
		{ "a\n", "control character" },
		{ "a\nb 0 IN A 192.0.2.1", "control character" },
		{ "(a\nb)", "control character" },
		{ "\"a\nb\"", "control character" },
		{ "a\\\nb", "control character" },
		{ "a\r", "control character" },
		{ "a\x1b", "control character" },
		{ "a;b", "semicolon" },
		{ "a ; b", "semicolon" },
		{ "\"a\" ;", "semicolon" },
		{ "\"\\\\\";", "semicolon" },
		{ "$INCLUDE /etc/passwd", "directive" },
		{ " \t$ORIGIN a.", "directive" },
		{ "($TTL 1)", "directive" },
		{ "(a", "never closed" },
		{ "a)", "never opened" },
		{ ")(", "never opened" },
		{ "\"a", "never closed" },
		{ "\"a\\\"", "never closed" },
	};

	for (size_t i = 0; i < COUNT(table); i++)
		expect_malformed(*state, KNOT_RRTYPE_TXT, table[i].text, table[i].word);
	expect_malformed(*state, KNOT_RRTYPE_TXT, "a\\", "");
}

static void
a_text_that_is_too_long_is_malformed(void **state)
{
	char *text = malloc(RECORD_DATA_TEXT_MAX + 1);

	assert_non_null(text);
	memset(text, ' ', RECORD_DATA_TEXT_MAX);
	text[0] = 'a';
	text[RECORD_DATA_TEXT_MAX - 1] = '\0';
	(void)rdata_of(*state, "TXT", text);
	text[RECORD_DATA_TEXT_MAX - 1] = ' ';
	text[RECORD_DATA_TEXT_MAX] = '\0';
	expect_malformed(*state, KNOT_RRTYPE_TXT, text, "too long");
	free(text);
}

/* As long as rdata can be, of the octets that need most room. */
static void
the_longest_record_has_a_text_and_is_read_back(void **state)
{
	static uint8_t bytes[UINT16_MAX];
	char *text = malloc(RECORD_DATA_TEXT_MAX);
	const knot_rdata_t *again;
	const knot_rdata_t *rdata;
	const char *reason;

	assert_non_null(text);
	memset(bytes, 0xff, sizeof(bytes));
	for (size_t at = 0; at < sizeof(bytes); at += 256)
		bytes[at] = sizeof(bytes) - at > 255 ? 255 : (uint8_t)(sizeof(bytes) - at - 1);
	rdata = raw_rdata(*state, bytes, sizeof(bytes));
	assert_int_equal(record_data_to_text(KNOT_RRTYPE_TXT, rdata, text, RECORD_DATA_TEXT_MAX),
	    STATUS_OK);
	assert_int_equal(record_data_from_text(KNOT_RRTYPE_TXT, text, origin, *state, &again,
			     &reason),
	    STATUS_OK);
	assert_int_equal(again->len, sizeof(bytes));
	assert_memory_equal(again->data, bytes, sizeof(bytes));
	free(text);
}

static void
rdata_that_are_not_of_the_types_form_have_no_text(void **state)
{
	static const struct {
		const char *type;
		const char *bytes;
		size_t size;
	} table[] = {
		{ "A", "\300\000\002", 3 },
		{ "A", "\300\000\002\001\001", 5 },
		{ "AAAA", "\300\000\002\001", 4 },
		{ "TXT", "\005abc", 4 },
		{ "MX", "\000\012\004mai", 6 },
		{ "CNAME", "\300\000", 2 },
		{ "CNAME", "", 0 },
		{ "SRV", "\000\000\000\000\000\000", 6 },
		{ "TXT", "", 0 },
	};

	for (size_t i = 0; i < COUNT(table); i++) {
		const knot_rdata_t *rdata = raw_rdata(*state, table[i].bytes, table[i].size);
		char text[1000];

		assert_int_equal(record_data_to_text(type_of(table[i].type), rdata, text,
				     sizeof(text)),
		    STATUS_MALFORMED);
	}
}

static void
a_text_without_room_is_too_large(void **state)
{
	const knot_rdata_t *rdata = rdata_of(*state, "A", "192.0.2.1");
	char text[10];

	for (size_t size = 1; size < sizeof(text); size++)
		assert_int_equal(record_data_to_text(KNOT_RRTYPE_A, rdata, text, size),
		    STATUS_TOO_LARGE);
	assert_int_equal(record_data_to_text(KNOT_RRTYPE_A, rdata, text, sizeof(text)), STATUS_OK);
	assert_string_equal(text, "192.0.2.1");
}

/* What a client sends on the wire stays within its record when it is printed. */
static void
service_parameters_of_any_octets_are_read_back(void **state)
{
	static const char *const values[] = { "h2;x", "h\n2", "h2 x=y", "h\"2", "h)2", "h,2",
		"h\\2" };

	for (size_t i = 0; i < COUNT(values); i++) {
		size_t length = strlen(values[i]);
		uint8_t bytes[32] = { 0, 1, 0, 0, 1, 0, (uint8_t)(length + 1), (uint8_t)length };
		const knot_rdata_t *rdata;
		const knot_rdata_t *again;
		char text[200];

		memcpy(bytes + 8, values[i], length);
		rdata = raw_rdata(*state, bytes, 8 + length);
		assert_int_equal(record_data_to_text(KNOT_RRTYPE_HTTPS, rdata, text, sizeof(text)),
		    STATUS_OK);
		again = rdata_of(*state, "HTTPS", text);
		assert_int_equal(again->len, rdata->len);
		assert_memory_equal(again->data, rdata->data, rdata->len);
	}
}

static void
a_lack_of_memory_is_told(void **state)
{
	struct arena small;
	const knot_rdata_t *rdata = NULL;
	const char *reason;
	enum status status = STATUS_NO_MEMORY;
	size_t failures = 0;

	(void)rdata_of(*state, "A", "192.0.2.1");
	for (size_t count = 0; status == STATUS_NO_MEMORY; count++) {
		allocations_left = count;
		status = record_data_from_text(KNOT_RRTYPE_A, "192.0.2.2", origin, *state, &rdata,
		    &reason);
		allocations_left = SIZE_MAX;
		failures += status == STATUS_NO_MEMORY;
	}
	assert_int_equal(status, STATUS_OK);
	assert_int_equal(failures, 3);

	arena_init(&small, 1);
	assert_int_equal(record_data_from_text(KNOT_RRTYPE_A, "192.0.2.2", origin, &small, &rdata,
			     &reason),
	    STATUS_NO_MEMORY);
	arena_release(&small);
}

#define test_with_arena(test) cmocka_unit_test_setup_teardown(test, make_arena, release_arena)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(types_come_back_from_their_text),
		cmocka_unit_test(every_type_has_a_text_that_names_it),
		cmocka_unit_test(what_is_no_type_is_malformed),
		test_with_arena(data_come_back_from_their_text),
		test_with_arena(rdata_are_canonical),
		test_with_arena(relative_names_are_below_any_origin),
		test_with_arena(what_is_no_data_is_malformed_with_a_reason),
		test_with_arena(nothing_stands_beside_the_record),
		test_with_arena(a_text_that_is_too_long_is_malformed),
		test_with_arena(the_longest_record_has_a_text_and_is_read_back),
		test_with_arena(rdata_that_are_not_of_the_types_form_have_no_text),
		test_with_arena(a_text_without_room_is_too_large),
		test_with_arena(service_parameters_of_any_octets_are_read_back),
		test_with_arena(a_lack_of_memory_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
