/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/dns: RCODEs, signatures, repeats, failed commits, and who may speak unsigned. */
/* LDWRAP: store_commit */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "door.h"
#include "failing_commit.h"

enum { ID = 0x1234 };

/* --- a conversation --- */

static struct door door;

/* A request and what comes back. */
struct exchange {
	struct letter request;
	enum dns_outcome outcome;
	struct dns_ticket ticket;
	size_t room;
	uint8_t answer[DNS_TCP_ANSWER_MAX];
	size_t length;
};

static struct exchange one;
static struct exchange other;

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	door_open(&door);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	door_close(&door);
	return 0;
}

static void
receive_from(struct exchange *exchange, const char *source, bool is_udp)
{
	struct dns_origin origin = { .source.port = 5353, .is_udp = is_udp };
	uint8_t wire[CLIENT_WIRE_MAX];

	assert_int_equal(address_from_text(source, &origin.source.address), STATUS_OK);
	memcpy(wire, exchange->request.wire, exchange->request.length);
	exchange->length = 0;
	exchange->outcome = dns_receive(door.dns, wire, exchange->request.length, &origin,
	    exchange->answer, &exchange->ticket, &exchange->room);
	if (exchange->outcome == DNS_AFTER_COMMIT)
		assert_memory_equal(wire, exchange->request.wire, exchange->request.length);
}

static void
receive(struct exchange *exchange)
{
	receive_from(exchange, "203.0.113.5", true);
}

static enum status
end_turn(void)
{
	enum status status = service_commit(door.served.service);

	dns_turn_ended(door.dns, status);
	return status;
}

static void
finish(struct exchange *exchange, enum status commit_status)
{
	assert_int_equal(exchange->outcome, DNS_ANSWER);
	exchange->length = dns_finish(&exchange->ticket, commit_status, exchange->answer,
	    exchange->room);
	assert_true(exchange->length <= exchange->room);
}

/* EDNS' upper bits included. */
static unsigned
rcode_of(const struct exchange *exchange)
{
	knot_pkt_t *packet = client_parse(exchange->answer, exchange->length);
	unsigned rcode;

	assert_non_null(packet);
	rcode = knot_wire_get_rcode(packet->wire);
	if (packet->opt_rr != NULL)
		rcode |= (unsigned)knot_edns_get_ext_rcode(packet->opt_rr) << 4;
	client_free(packet);
	return rcode;
}

/* A whole turn with one message in it. Returns the RCODE. */
static unsigned
say_from(struct exchange *exchange, const char *source, bool is_udp)
{
	receive_from(exchange, source, is_udp);
	finish(exchange, end_turn());
	return rcode_of(exchange);
}

static unsigned
say(struct exchange *exchange)
{
	return say_from(exchange, "203.0.113.5", true);
}

static void
sign(struct exchange *exchange)
{
	letter_sign(&exchange->request, door_key, client_secret, served_wall_s);
}

static bool
is_signed(const struct exchange *exchange)
{
	return letter_is_signed(&exchange->request, door_key, client_secret, exchange->answer,
	    exchange->length);
}

/* A signed update that gives laptop.home.arpa this address. */
static void
ask_for_address(struct exchange *exchange, const char *address)
{
	letter_update(&exchange->request, ID);
	letter_add(&exchange->request, door_key, address);
	sign(exchange);
}

static unsigned
tsig_error_of(const struct exchange *exchange)
{
	knot_pkt_t *packet = client_parse(exchange->answer, exchange->length);
	unsigned error;

	assert_non_null(packet);
	assert_non_null(packet->tsig_rr);
	error = knot_tsig_rdata_error(packet->tsig_rr);
	client_free(packet);
	return error;
}

static size_t
mac_size_of(const struct exchange *exchange)
{
	knot_pkt_t *packet = client_parse(exchange->answer, exchange->length);
	size_t size;

	assert_non_null(packet);
	assert_non_null(packet->tsig_rr);
	size = knot_tsig_rdata_mac_length(packet->tsig_rr);
	client_free(packet);
	return size;
}

/* --- RCODEs --- */

static void
an_answer_copies_id_opcode_and_question(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_id(one.answer), ID);
	assert_int_equal(knot_wire_get_opcode(one.answer), KNOT_OPCODE_UPDATE);
	assert_true(knot_wire_get_qr(one.answer));
	assert_int_equal(knot_wire_get_qdcount(one.answer), 1);
	assert_int_equal(knot_wire_get_ancount(one.answer), 0);
	assert_int_equal(knot_wire_get_nscount(one.answer), 0);
	assert_memory_equal(one.answer + 12, one.request.wire + 12, 15);
	assert_true(is_signed(&one));
	assert_string_equal(served_records(&door.served, "laptop"), "60 A 192.0.2.1\n");
}

/* Rules 4 to 6: what is asked about laptop.home.arpa, which owns 192.0.2.1. */
static const struct asked {
	const char *owner;
	uint16_t type;
	uint16_t class;
	const char *rdata;
	unsigned rcode;
} prerequisites[] = {
	{ "nobody.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, "", KNOT_RCODE_NXDOMAIN },
	{ "laptop.home.arpa", KNOT_RRTYPE_TXT, KNOT_CLASS_ANY, "", KNOT_RCODE_NXRRSET },
	{ "laptop.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, "", KNOT_RCODE_YXDOMAIN },
	{ "laptop.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, "", KNOT_RCODE_YXRRSET },
	{ "laptop.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, "\300\0\2\2", KNOT_RCODE_NXRRSET },
	{ "laptop.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, "\300\0\2\1", KNOT_RCODE_NOERROR },
	{ "laptop.example", KNOT_RRTYPE_A, KNOT_CLASS_ANY, "", KNOT_RCODE_NOTZONE },
	{ "laptop.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_CH, "", KNOT_RCODE_FORMERR },
};

static void
each_prerequisite_that_fails_has_its_rcode(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	for (size_t i = 0; i < sizeof(prerequisites) / sizeof(prerequisites[0]); i++) {
		const struct asked *asked = &prerequisites[i];

		letter_update(&one.request, (uint16_t)i);
		letter_put(&one.request, LETTER_PREREQUISITES, asked->owner, asked->type,
		    asked->class, 0, asked->rdata, asked->class == KNOT_CLASS_IN ? 4 : 0);
		sign(&one);
		assert_int_equal(say(&one), asked->rcode);
		assert_true(is_signed(&one));
	}
}

static void
a_zone_that_is_not_ours_is_notauth_and_one_of_another_type_formerr(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "example.com", KNOT_RRTYPE_SOA);
	knot_wire_set_opcode(one.request.wire, KNOT_OPCODE_UPDATE);
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_NOTAUTH);
	assert_true(is_signed(&one));
	assert_int_equal(tsig_error_of(&one), 0);
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_A);
	knot_wire_set_opcode(one.request.wire, KNOT_OPCODE_UPDATE);
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_FORMERR);
}

static void
what_has_no_grant_is_refused_and_signed(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, "printer.home.arpa", "192.0.2.1");
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_REFUSED);
	assert_true(is_signed(&one));
	assert_string_equal(served_records(&door.served, "printer"), "");
}

static void
an_opcode_that_we_do_not_have_is_notimp(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		if (opcode == KNOT_OPCODE_QUERY || opcode == KNOT_OPCODE_NOTIFY ||
		    opcode == KNOT_OPCODE_UPDATE)
			continue;
		knot_wire_set_opcode(one.request.wire, (uint8_t)opcode);
		assert_int_equal(say(&one), KNOT_RCODE_NOTIMPL);
		assert_int_equal(knot_wire_get_opcode(one.answer), opcode);
		assert_int_equal(one.length, KNOT_WIRE_HEADER_SIZE);
	}
}

static void
a_notify_is_refused(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	knot_wire_set_opcode(one.request.wire, KNOT_OPCODE_NOTIFY);
	assert_int_equal(say(&one), KNOT_RCODE_REFUSED);
}

static void
an_edns_version_of_the_future_is_badvers(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	letter_put_opt(&one.request, 1, 1232, NULL, 0);
	assert_int_equal(say(&one), KNOT_RCODE_BADVERS);
	assert_int_equal(knot_wire_get_ancount(one.answer), 0);
}

static void
what_does_not_parse_is_formerr_with_the_header_alone(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	one.request.length -= 3;
	assert_int_equal(say(&one), KNOT_RCODE_FORMERR);
	assert_int_equal(one.length, KNOT_WIRE_HEADER_SIZE);
	assert_int_equal(knot_wire_get_id(one.answer), ID);
}

static void
a_response_and_a_scrap_get_no_answer(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	knot_wire_set_qr(one.request.wire);
	receive(&one);
	assert_int_equal(one.outcome, DNS_SILENCE);
	one.request.wire[2] = 0;
	one.request.length = KNOT_WIRE_HEADER_SIZE - 1;
	receive(&one);
	assert_int_equal(one.outcome, DNS_SILENCE);
	one.request.length = 0;
	receive(&one);
	assert_int_equal(one.outcome, DNS_SILENCE);
}

/* --- signatures --- */

static void
a_key_that_does_not_exist_is_badkey_unsigned(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, door_key, "192.0.2.1");
	letter_sign(&one.request, "stranger", client_secret, served_wall_s);
	assert_int_equal(say(&one), KNOT_RCODE_NOTAUTH);
	assert_int_equal(tsig_error_of(&one), KNOT_RCODE_BADKEY);
	assert_int_equal(mac_size_of(&one), 0);
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

static void
a_wrong_secret_is_badsig_unsigned(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, door_key, "192.0.2.1");
	letter_sign(&one.request, door_key, client_other_secret, served_wall_s);
	assert_int_equal(say(&one), KNOT_RCODE_NOTAUTH);
	assert_int_equal(tsig_error_of(&one), KNOT_RCODE_BADSIG);
	assert_int_equal(mac_size_of(&one), 0);
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

static void
a_wrong_clock_is_badtime_signed_with_our_time(void **state)
{
	knot_pkt_t *packet;

	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, door_key, "192.0.2.1");
	letter_sign(&one.request, door_key, client_secret, served_wall_s - 301);
	assert_int_equal(say(&one), KNOT_RCODE_NOTAUTH);
	assert_int_equal(tsig_error_of(&one), KNOT_RCODE_BADTIME);
	assert_true(is_signed(&one));
	packet = client_parse(one.answer, one.length);
	assert_int_equal(knot_tsig_rdata_time_signed(packet->tsig_rr), served_wall_s - 301);
	assert_int_equal(knot_tsig_rdata_fudge(packet->tsig_rr), 300);
	assert_int_equal(knot_tsig_rdata_other_data_length(packet->tsig_rr), 6);
	assert_int_equal(knot_wire_read_u48(knot_tsig_rdata_other_data(packet->tsig_rr)),
	    served_wall_s);
	client_free(packet);
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

static void
a_truncated_mac_is_badtrunc_signed(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	one.request.length = client_resize_mac(one.request.wire, one.request.length, 16);
	assert_int_equal(say(&one), KNOT_RCODE_NOTAUTH);
	assert_int_equal(tsig_error_of(&one), KNOT_RCODE_BADTRUNC);
	assert_true(is_signed(&one));
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

static void
a_mac_of_an_impossible_length_is_formerr_without_a_tsig(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	one.request.length = client_resize_mac(one.request.wire, one.request.length, 9);
	assert_int_equal(say(&one), KNOT_RCODE_FORMERR);
	assert_int_equal(knot_wire_get_arcount(one.answer), 0);
}

static void
a_signed_query_has_a_signed_answer_and_an_unsigned_one_has_not(void **state)
{
	(void)state;
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_true(is_signed(&one));
	assert_int_equal(knot_wire_get_ancount(one.answer), 1);
	letter_query(&one.request, ID, "home.arpa", KNOT_RRTYPE_SOA);
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_arcount(one.answer), 0);
}

static void
an_answer_that_does_not_fit_keeps_question_and_signature(void **state)
{
	(void)state;
	door_put_text(&door, "big", 2000);
	letter_query(&one.request, ID, "big.home.arpa", KNOT_RRTYPE_TXT);
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_true(one.length <= 512);
	assert_true(knot_wire_get_tc(one.answer));
	assert_int_equal(knot_wire_get_qdcount(one.answer), 1);
	assert_true(is_signed(&one));
}

/* --- repeats (rule 30) --- */

static void
a_repeat_hears_the_same_and_changes_nothing(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, door_key, "192.0.2.1");
	letter_put_opt(&one.request, 0, 1232, "\0\2\0\4\0\0\7\10", 8);
	sign(&one);
	other.request = one.request;
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	served_pass(1);
	/* Somebody takes the address away meanwhile: the repeat must not bring it back. */
	letter_update(&one.request, ID);
	letter_put(&one.request, LETTER_CHANGES, door_key, KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, NULL,
	    0);
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	served_pass(1);
	one.request = other.request;
	assert_int_equal(say(&other), KNOT_RCODE_NOERROR);
	assert_true(is_signed(&other));
	assert_int_equal(knot_wire_get_arcount(other.answer), 2);
	assert_memory_equal(other.answer + other.ticket.question_end + 11, "\0\2\0\4\0\0\7\10", 8);
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

static void
a_repeat_of_a_refusal_is_refused(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_put(&one.request, LETTER_PREREQUISITES, door_key, KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0,
	    NULL, 0);
	letter_add(&one.request, door_key, "192.0.2.1");
	sign(&one);
	assert_int_equal(say(&one), KNOT_RCODE_NXDOMAIN);
	ask_for_address(&other, "192.0.2.2");
	assert_int_equal(say(&other), KNOT_RCODE_NOERROR);
	/* The prerequisite holds by now, but the message had its answer. */
	assert_int_equal(say(&one), KNOT_RCODE_NXDOMAIN);
	assert_string_equal(served_records(&door.served, "laptop"), "60 A 192.0.2.2\n");
}

static void
a_repeat_within_the_turn_is_one_message(void **state)
{
	uint32_t serial = served_serial(&door.served);

	(void)state;
	ask_for_address(&one, "192.0.2.1");
	other.request = one.request;
	receive(&one);
	receive(&other);
	assert_int_equal(end_turn(), STATUS_OK);
	finish(&one, STATUS_OK);
	finish(&other, STATUS_OK);
	assert_int_equal(rcode_of(&one), KNOT_RCODE_NOERROR);
	assert_int_equal(rcode_of(&other), KNOT_RCODE_NOERROR);
	assert_int_equal(served_serial(&door.served), serial + 1);
}

static void
a_repeat_after_a_failed_commit_is_applied(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(say(&one), KNOT_RCODE_SERVFAIL);
	assert_string_equal(served_records(&door.served, "laptop"), "");
	commit_outcome = STATUS_OK;
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "laptop"), "60 A 192.0.2.1\n");
}

static void
a_failed_commit_forgets_only_its_own_messages(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	letter_update(&other.request, ID);
	letter_put(&other.request, LETTER_CHANGES, door_key, KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0,
	    NULL, 0);
	sign(&other);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(say(&other), KNOT_RCODE_SERVFAIL);
	commit_outcome = STATUS_OK;
	assert_int_equal(say(&other), KNOT_RCODE_NOERROR);
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "laptop"), "");
}

/* --- failed commits --- */

static void
a_failed_commit_is_a_signed_servfail_without_a_lease(void **state)
{
	(void)state;
	letter_update(&one.request, ID);
	letter_add(&one.request, door_key, "192.0.2.1");
	letter_put_opt(&one.request, 0, 1232, "\0\2\0\10\0\0\7\10\0\0\7\10", 12);
	sign(&one);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(say(&one), KNOT_RCODE_SERVFAIL);
	assert_true(is_signed(&one));
	/* OPT, empty, and TSIG. */
	assert_int_equal(knot_wire_get_arcount(one.answer), 2);
	assert_memory_equal(one.answer + one.ticket.question_end, "\0\0\51\4\320\0\0\0\0\0\0", 11);
}

static void
a_failed_commit_fails_the_refreshes_of_its_turn_and_no_query(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	served_pass(1);
	ask_for_address(&one, "192.0.2.1");
	ask_for_address(&other, "192.0.2.2");
	receive(&one);
	receive(&other);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(end_turn(), STATUS_NO_SPACE);
	finish(&one, STATUS_NO_SPACE);
	assert_int_equal(rcode_of(&one), KNOT_RCODE_SERVFAIL);
	letter_query(&other.request, ID, door_key, KNOT_RRTYPE_A);
	receive(&other);
	finish(&other, STATUS_NO_SPACE);
	assert_int_equal(rcode_of(&other), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_ancount(other.answer), 1);
}

static void
a_query_waits_while_changes_are_open(void **state)
{
	(void)state;
	ask_for_address(&one, "192.0.2.1");
	letter_query(&other.request, ID, door_key, KNOT_RRTYPE_A);
	receive(&one);
	receive(&other);
	assert_int_equal(other.outcome, DNS_AFTER_COMMIT);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(end_turn(), STATUS_NO_SPACE);
	assert_int_equal(say(&other), KNOT_RCODE_NXDOMAIN);
}

/* --- unsigned updates (rule 31) --- */

static void
ask_unsigned(struct exchange *exchange, const char *address)
{
	letter_update(&exchange->request, ID);
	letter_add(&exchange->request, "host.home.arpa", address);
}

static void
an_unsigned_update_needs_a_network_block(void **state)
{
	(void)state;
	ask_unsigned(&one, "203.0.113.5");
	assert_int_equal(say_from(&one, "203.0.113.5", false), KNOT_RCODE_REFUSED);
	assert_int_equal(knot_wire_get_arcount(one.answer), 0);
	assert_string_equal(served_records(&door.served, "host"), "");
}

static void
a_careful_network_takes_the_senders_own_address_over_tcp(void **state)
{
	(void)state;
	ask_unsigned(&one, "192.0.2.7");
	assert_int_equal(say_from(&one, "192.0.2.7", true), KNOT_RCODE_REFUSED);
	assert_int_equal(say_from(&one, "192.0.2.8", false), KNOT_RCODE_REFUSED);
	assert_string_equal(served_records(&door.served, "host"), "");
	assert_int_equal(say_from(&one, "192.0.2.7", false), KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "host"), "60 A 192.0.2.7\n");
	assert_string_equal(served_owner(&door.served, "host"), door_careful_network);
}

static void
a_careless_network_takes_any_address_over_udp(void **state)
{
	(void)state;
	ask_unsigned(&one, "192.0.2.99");
	assert_int_equal(say_from(&one, "198.51.100.1", true), KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "host"), "60 A 192.0.2.99\n");
}

static void
a_bad_signature_is_not_an_unsigned_update(void **state)
{
	(void)state;
	ask_unsigned(&one, "192.0.2.99");
	letter_sign(&one.request, door_key, client_other_secret, served_wall_s);
	assert_int_equal(say_from(&one, "198.51.100.1", true), KNOT_RCODE_NOTAUTH);
	assert_string_equal(served_records(&door.served, "host"), "");
}

/* --- limits --- */

static void
over_its_rate_a_key_is_refused_until_time_has_passed(void **state)
{
	struct principal *principal;
	struct name name;

	(void)state;
	assert_int_equal(name_from_text(door_key, &name), STATUS_OK);
	principal = key_principal(keyring_find(door.keyring, name.wire));
	rate_limit_init(&principal->updates, 1);
	ask_for_address(&one, "192.0.2.1");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
	ask_for_address(&one, "192.0.2.2");
	assert_int_equal(say(&one), KNOT_RCODE_REFUSED);
	assert_true(is_signed(&one));
	served_pass(60);
	ask_for_address(&one, "192.0.2.2");
	assert_int_equal(say(&one), KNOT_RCODE_NOERROR);
}

static void
an_update_as_large_as_a_message_can_be_is_taken(void **state)
{
	(void)state;
	door_put_text(&door, "big", 40000);
	letter_query(&one.request, ID, "big.home.arpa", KNOT_RRTYPE_TXT);
	assert_int_equal(say_from(&one, "192.0.2.1", false), KNOT_RCODE_NOERROR);
	assert_int_equal(knot_wire_get_ancount(one.answer), 40000 / DOOR_TEXT_SIZE);
	assert_false(knot_wire_get_tc(one.answer));
}

/* --- what is counted --- */

static void
what_comes_in_is_counted(void **state)
{
	const struct dns_report *report = dns_report(door.dns);

	(void)state;
	ask_for_address(&one, "192.0.2.1");
	(void)say(&one);
	(void)say(&one);
	assert_int_equal(report->repeats, 1);
	letter_query(&one.request, ID, "laptop.home.arpa", KNOT_RRTYPE_A);
	(void)say(&one);
	assert_int_equal(report->queries[DNS_QUERY_ANSWERED], 1);
	letter_query(&one.request, ID, "laptop.home.arpa", KNOT_RRTYPE_TXT);
	(void)say(&one);
	assert_int_equal(report->queries[DNS_QUERY_NO_DATA], 1);
	letter_query(&one.request, ID, "nobody.home.arpa", KNOT_RRTYPE_A);
	(void)say(&one);
	assert_int_equal(report->queries[DNS_QUERY_NO_NAME], 1);
	letter_query(&one.request, ID, "example.com", KNOT_RRTYPE_A);
	(void)say(&one);
	assert_int_equal(report->queries[DNS_QUERY_REFUSED], 1);
	one.request.length -= 3;
	(void)say(&one);
	assert_int_equal(report->malformed, 1);
	letter_update(&one.request, ID);
	letter_add(&one.request, "laptop.home.arpa", "192.0.2.7");
	(void)say(&one);
	assert_int_equal(report->unsigned_refused, 1);
}

static void
a_bad_signature_is_counted_by_what_is_wrong_with_it(void **state)
{
	const struct dns_report *report = dns_report(door.dns);

	(void)state;
	letter_update(&one.request, ID);
	letter_sign(&one.request, "stranger", client_secret, served_wall_s);
	(void)say(&one);
	letter_update(&one.request, ID);
	letter_sign(&one.request, door_key, client_other_secret, served_wall_s);
	(void)say(&one);
	letter_update(&one.request, ID);
	letter_sign(&one.request, door_key, client_secret, served_wall_s - 301);
	(void)say(&one);
	assert_int_equal(report->bad_signatures[DNS_SIGNATURE_BADKEY], 1);
	assert_int_equal(report->bad_signatures[DNS_SIGNATURE_BADSIG], 1);
	assert_int_equal(report->bad_signatures[DNS_SIGNATURE_BADTIME], 1);
	assert_int_equal(report->bad_signatures[DNS_SIGNATURE_BADTRUNC], 0);
	assert_int_equal(report->malformed, 0);
}

/* A query that has to come again after the commit is one query. */
static void
a_query_that_waits_is_counted_once(void **state)
{
	const struct dns_report *report = dns_report(door.dns);

	(void)state;
	ask_for_address(&one, "192.0.2.1");
	receive(&one);
	letter_query(&other.request, ID, "laptop.home.arpa", KNOT_RRTYPE_A);
	receive(&other);
	assert_int_equal(other.outcome, DNS_AFTER_COMMIT);
	assert_int_equal(report->queries[DNS_QUERY_ANSWERED], 0);
	assert_int_equal(end_turn(), STATUS_OK);
	(void)say(&other);
	assert_int_equal(report->queries[DNS_QUERY_ANSWERED], 1);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_copies_id_opcode_and_question),
		TEST(each_prerequisite_that_fails_has_its_rcode),
		TEST(a_zone_that_is_not_ours_is_notauth_and_one_of_another_type_formerr),
		TEST(what_has_no_grant_is_refused_and_signed),
		TEST(an_opcode_that_we_do_not_have_is_notimp),
		TEST(a_notify_is_refused),
		TEST(an_edns_version_of_the_future_is_badvers),
		TEST(what_does_not_parse_is_formerr_with_the_header_alone),
		TEST(a_response_and_a_scrap_get_no_answer),
		TEST(a_key_that_does_not_exist_is_badkey_unsigned),
		TEST(a_wrong_secret_is_badsig_unsigned),
		TEST(a_wrong_clock_is_badtime_signed_with_our_time),
		TEST(a_truncated_mac_is_badtrunc_signed),
		TEST(a_mac_of_an_impossible_length_is_formerr_without_a_tsig),
		TEST(a_signed_query_has_a_signed_answer_and_an_unsigned_one_has_not),
		TEST(an_answer_that_does_not_fit_keeps_question_and_signature),
		TEST(a_repeat_hears_the_same_and_changes_nothing),
		TEST(a_repeat_of_a_refusal_is_refused),
		TEST(a_repeat_within_the_turn_is_one_message),
		TEST(a_repeat_after_a_failed_commit_is_applied),
		TEST(a_failed_commit_forgets_only_its_own_messages),
		TEST(a_failed_commit_is_a_signed_servfail_without_a_lease),
		TEST(a_failed_commit_fails_the_refreshes_of_its_turn_and_no_query),
		TEST(a_query_waits_while_changes_are_open),
		TEST(an_unsigned_update_needs_a_network_block),
		TEST(a_careful_network_takes_the_senders_own_address_over_tcp),
		TEST(a_careless_network_takes_any_address_over_udp),
		TEST(a_bad_signature_is_not_an_unsigned_update),
		TEST(over_its_rate_a_key_is_refused_until_time_has_passed),
		TEST(an_update_as_large_as_a_message_can_be_is_taken),
		TEST(what_comes_in_is_counted),
		TEST(a_bad_signature_is_counted_by_what_is_wrong_with_it),
		TEST(a_query_that_waits_is_counted_once),
	};
#undef TEST

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
