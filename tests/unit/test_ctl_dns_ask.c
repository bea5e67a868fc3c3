/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/dns_ask: what an answer says, and answers that say nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/dns_ask.h"

enum { ID = 0x1234 };

/* "a.example A": two addresses and a TXT, the names compressed. */
static const uint8_t answer[] = { 0x12, 0x34, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0, 1, 'a', 7, 'e',
	'x', 'a', 'm', 'p', 'l', 'e', 0, 0, 1, 0, 1, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192,
	0, 2, 1, 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 1, 0xc0, 12, 0, 16, 0, 3, 0, 0, 0, 0, 0, 13, 12, 'd', 'n', 's', 'm', 'a', 's',
	'q', '-', '2', '.', '9', '0' };

static void
addresses_and_texts_are_taken_from_the_answer(void **state)
{
	struct dns_reply reply;
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	assert_int_equal(dns_ask_read(answer, sizeof(answer), ID, &reply), STATUS_OK);
	assert_int_equal(reply.rcode, 0);
	assert_int_equal(reply.address_count, 2);
	assert_string_equal(address_to_text(&reply.addresses[0], text), "192.0.2.1");
	assert_string_equal(address_to_text(&reply.addresses[1], text), "2001:db8::1");
	assert_string_equal(reply.text, "dnsmasq-2.90");
}

static void
an_answer_cut_anywhere_is_malformed_and_never_read_past_its_end(void **state)
{
	(void)state;
	for (size_t size = 0; size < sizeof(answer); size++) {
		/* A block of its own, so that a sanitizer sees a step too far. */
		uint8_t *copy = malloc(size > 0 ? size : 1);
		struct dns_reply reply;

		assert_non_null(copy);
		memcpy(copy, answer, size);
		assert_int_equal(dns_ask_read(copy, size, ID, &reply), STATUS_MALFORMED);
		free(copy);
	}
}

static void
what_is_no_answer_to_us_is_refused(void **state)
{
	uint8_t copy[sizeof(answer)];
	struct dns_reply reply;

	(void)state;
	assert_int_equal(dns_ask_read(answer, sizeof(answer), ID + 1, &reply), STATUS_MALFORMED);
	memcpy(copy, answer, sizeof(copy));
	copy[2] &= 0x7f;
	assert_int_equal(dns_ask_read(copy, sizeof(copy), ID, &reply), STATUS_MALFORMED);
}

static void
a_name_that_no_question_can_hold_is_malformed(void **state)
{
	struct endpoint server;
	struct dns_reply reply;
	char long_name[300];

	(void)state;
	assert_int_equal(endpoint_from_text("127.0.0.1:9", &server), STATUS_OK);
	memset(long_name, 'a', sizeof(long_name));
	for (size_t i = 50; i < sizeof(long_name); i += 50)
		long_name[i] = '.';
	long_name[sizeof(long_name) - 1] = '\0';
	assert_int_equal(dns_ask(&server, long_name, DNS_TYPE_A, DNS_CLASS_IN, 10, &reply),
	    STATUS_MALFORMED);
	assert_int_equal(dns_ask(&server, "a..b", DNS_TYPE_A, DNS_CLASS_IN, 10, &reply),
	    STATUS_MALFORMED);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_texts_are_taken_from_the_answer),
		cmocka_unit_test(an_answer_cut_anywhere_is_malformed_and_never_read_past_its_end),
		cmocka_unit_test(what_is_no_answer_to_us_is_refused),
		cmocka_unit_test(a_name_that_no_question_can_hold_is_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
