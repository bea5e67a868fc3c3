/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TSIG on the wire (rules 22-26, 29), checked against libknot, dnspython and a second implementation. */
#include <ctype.h>
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tsig_client.h"
#include "wire/name.h"
#include "wire/tsig.h"

enum { NOW_S = 1700000000, FUDGE_S = 300 };

static const char key_name[] = "laptop.home.arpa.";

static struct tsig_secret *
new_secret(const char *algorithm)
{
	struct tsig_secret *secret = tsig_secret_new(tsig_algorithm_from_text(algorithm),
	    client_secret, CLIENT_SECRET_SIZE);

	assert_non_null(secret);
	return secret;
}

static size_t
make_signed(uint8_t wire[static CLIENT_WIRE_MAX], const char *algorithm)
{
	const struct client_tsig tsig = {
		.algorithm = algorithm,
		.key_name = key_name,
		.secret = client_secret,
		.time_s = NOW_S,
		.fudge_s = FUDGE_S,
	};

	return client_sign(&tsig, wire, client_make_update(wire, 0x1234));
}

/* All that a server does with the bytes, up to the MAC. No TSIG counts as not authenticated. */
static enum status
check(const uint8_t *wire, size_t length, struct tsig_secret *secret, bool *ret_is_truncated)
{
	knot_pkt_t *packet = client_parse(wire, length);
	enum status status = STATUS_MALFORMED;
	struct tsig_request request;

	if (packet != NULL && packet->tsig_rr == NULL)
		status = STATUS_UNAUTHENTICATED;
	else if (packet != NULL)
		status = tsig_read(packet, &request);
	if (status == STATUS_OK)
		status = tsig_verify(packet, &request, secret, ret_is_truncated);
	client_free(packet);
	return status;
}

static enum status
check_with(const uint8_t *wire, size_t length, const char *algorithm)
{
	struct tsig_secret *secret = new_secret(algorithm);
	bool is_truncated = true;
	enum status status = check(wire, length, secret, &is_truncated);

	if (status == STATUS_OK)
		assert_false(is_truncated);
	tsig_secret_free(secret);
	return status;
}

static void
algorithms_have_the_names_of_rfc_8945(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENT_ALGORITHMS; i++) {
		enum tsig_algorithm algorithm = tsig_algorithm_from_text(client_algorithms[i]);

		assert_int_not_equal(algorithm, TSIG_UNKNOWN);
		assert_string_equal(tsig_algorithm_to_text(algorithm), client_algorithms[i]);
	}
	assert_int_equal(tsig_algorithm_from_text("HMAC-SHA256"), TSIG_HMAC_SHA256);
	assert_int_equal(tsig_algorithm_from_text("HMAC-MD5.SIG-ALG.REG.INT"), TSIG_HMAC_MD5);
	assert_int_equal(tsig_algorithm_from_text("hmac-md5.sig-alg.reg.int."), TSIG_HMAC_MD5);
	assert_int_equal(tsig_algorithm_from_text("hmac-sha"), TSIG_UNKNOWN);
	assert_int_equal(tsig_algorithm_from_text("unknown"), TSIG_UNKNOWN);
	assert_int_equal(tsig_algorithm_from_text(""), TSIG_UNKNOWN);
	assert_string_equal(tsig_algorithm_to_text(TSIG_UNKNOWN), "unknown");
	assert_string_equal(tsig_algorithm_to_text((enum tsig_algorithm)99), "unknown");
	assert_int_equal(tsig_mac_size(TSIG_UNKNOWN), 0);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_MD5), 16);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_SHA1), 20);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_SHA224), 28);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_SHA256), 32);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_SHA384), 48);
	assert_int_equal(tsig_mac_size(TSIG_HMAC_SHA512), 64);
}

static void
an_empty_secret_and_an_unknown_algorithm_make_no_secret(void **state)
{
	(void)state;
	assert_null(tsig_secret_new(TSIG_HMAC_SHA256, client_secret, 0));
	assert_null(tsig_secret_new(TSIG_UNKNOWN, client_secret, CLIENT_SECRET_SIZE));
	tsig_secret_free(NULL);
}

static void
what_libknot_signs_is_verified_with_every_algorithm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENT_ALGORITHMS; i++) {
		uint8_t wire[CLIENT_WIRE_MAX];
		size_t length = client_make_update(wire, 0x1234);
		uint8_t mac[64];
		size_t mac_size = sizeof(mac);
		knot_tsig_key_t key;

		client_make_key(&key, client_algorithms[i], key_name);
		assert_int_equal(knot_tsig_sign(wire, &length, sizeof(wire), NULL, 0, mac,
				     &mac_size, &key, 0, 0),
		    KNOT_EOK);
		assert_int_equal(check_with(wire, length, client_algorithms[i]), STATUS_OK);
		knot_tsig_key_deinit(&key);
	}
}

static void
what_dnspython_signed_once_is_verified(void **state)
{
	/* Made by dnspython 2.3.0: time 1700000000, key Laptop.Home.ARPA, its name compressed. */
	static const uint8_t vector[] =
	    "\x12\x34\x28\x00\x00\x01\x00\x00\x00\x01\x00\x01\x04\x68\x6f\x6d\x65\x04\x61\x72\x70"
	    "\x61\x00\x00\x06\x00\x01\x06\x6c\x61\x70\x74\x6f\x70\xc0\x0c\x00\x01\x00\x01\x00\x00"
	    "\x00\x3c\x00\x04\xc0\x00\x02\x01\xc0\x1b\x00\xfa\x00\xff\x00\x00\x00\x00\x00\x3d\x0b"
	    "\x68\x6d\x61\x63\x2d\x73\x68\x61\x32\x35\x36\x00\x00\x00\x65\x53\xf1\x00\x01\x2c\x00"
	    "\x20\x1a\xfa\xcf\x42\x8f\x3c\x70\x17\x3f\xbc\x43\x55\xc8\x7f\x80\x81\x2f\x92\x2a\x2f"
	    "\x4a\x46\xd4\xd9\xf5\x56\xbb\x69\x53\x50\x44\xa6\x12\x34\x00\x00\x00\x00";
	knot_pkt_t *packet = client_parse(vector, sizeof(vector) - 1);
	struct tsig_request request;
	char text[NAME_TEXT_MAX];

	(void)state;
	assert_int_equal(check_with(vector, sizeof(vector) - 1, "hmac-sha256"), STATUS_OK);
	assert_int_equal(tsig_read(packet, &request), STATUS_OK);
	assert_string_equal(name_to_text(request.key_name, text), "laptop.home.arpa");
	assert_string_equal(name_to_text(request.algorithm_name, text), "hmac-sha256");
	assert_int_equal(request.algorithm, TSIG_HMAC_SHA256);
	assert_int_equal(request.time_s, NOW_S);
	assert_int_equal(request.fudge_s, 300);
	assert_int_equal(request.original_id, 0x1234);
	assert_int_equal(request.mac_size, 32);
	assert_int_equal(request.mac[0], 0x1a);
	client_free(packet);
}

static void
another_secret_or_another_algorithm_does_not_verify(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = make_signed(wire, "hmac-sha256");
	struct tsig_secret *other = tsig_secret_new(TSIG_HMAC_SHA256, client_other_secret,
	    CLIENT_SECRET_SIZE);
	bool is_truncated;

	(void)state;
	assert_int_equal(check(wire, length, other, &is_truncated), STATUS_UNAUTHENTICATED);
	tsig_secret_free(other);
	/* A MAC of 32 octets is a possible, truncated one of SHA-512, but a wrong one. */
	assert_int_equal(check_with(wire, length, "hmac-sha512"), STATUS_UNAUTHENTICATED);
}

static void
rule_26_a_changed_message_id_is_put_back(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = make_signed(wire, "hmac-sha256");

	(void)state;
	knot_wire_set_id(wire, 0xbeef);
	assert_int_equal(check_with(wire, length, "hmac-sha256"), STATUS_OK);
	/* But not in the packet: the answer goes to who sent it under this ID. */
	assert_int_equal(knot_wire_get_id(wire), 0xbeef);
}

static void
rule_26_the_names_of_key_and_algorithm_count_in_any_case(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t start = client_make_update(wire, 0);
	size_t length = make_signed(wire, "hmac-sha256");
	size_t algorithm_start = start + sizeof(key_name) + 10;
	knot_pkt_t *packet;
	struct tsig_request request;
	char text[NAME_TEXT_MAX];

	(void)state;
	for (size_t i = start; i < start + sizeof(key_name); i++)
		wire[i] = (uint8_t)toupper(wire[i]);
	for (size_t i = algorithm_start; i < algorithm_start + sizeof("hmac-sha256"); i++)
		wire[i] = (uint8_t)toupper(wire[i]);
	assert_memory_equal(wire + start,
	    "\x06LAPTOP\x04HOME\x04"
	    "ARPA",
	    sizeof(key_name));
	assert_memory_equal(wire + algorithm_start, "\x0bHMAC-SHA256", sizeof("hmac-sha256"));
	packet = client_parse(wire, length);
	assert_int_equal(tsig_read(packet, &request), STATUS_OK);
	assert_int_equal(request.algorithm, TSIG_HMAC_SHA256);
	assert_string_equal(name_to_text(request.key_name, text), "laptop.home.arpa");
	assert_string_equal(name_to_text(request.algorithm_name, text), "hmac-sha256");
	client_free(packet);
	assert_int_equal(check_with(wire, length, "hmac-sha256"), STATUS_OK);
}

/* The two kinds of bits that are free to change: the ID, and the case of the TSIG's own names. */
static bool
is_free(const uint8_t *wire, size_t tsig_start, size_t octet, unsigned bit)
{
	size_t algorithm_start = tsig_start + sizeof(key_name) + 10;
	bool is_in_name = (octet >= tsig_start && octet < tsig_start + sizeof(key_name)) ||
	    (octet >= algorithm_start && octet < algorithm_start + sizeof("hmac-sha256"));

	return octet < 2 || (is_in_name && bit == 5 && isalpha(wire[octet]));
}

static void
rule_23_every_flipped_bit_is_found(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t tsig_start = client_make_update(wire, 0);
	size_t length = make_signed(wire, "hmac-sha256");
	struct tsig_secret *secret = new_secret("hmac-sha256");
	bool is_truncated;
	unsigned free_bits = 0;

	(void)state;
	assert_int_equal(check(wire, length, secret, &is_truncated), STATUS_OK);
	for (size_t octet = 0; octet < length; octet++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			bool is_expected = is_free(wire, tsig_start, octet, bit);
			bool is_accepted;

			wire[octet] ^= (uint8_t)(1U << bit);
			is_accepted = check(wire, length, secret, &is_truncated) == STATUS_OK;
			wire[octet] ^= (uint8_t)(1U << bit);
			if (is_accepted != is_expected)
				fail_msg("octet %zu, bit %u: %d", octet, bit, is_accepted);
			free_bits += is_accepted ? 1 : 0;
		}
	}
	assert_int_equal(free_bits, 16 + strlen("laptophomearpa") + strlen("hmacsha"));
	tsig_secret_free(secret);
}

static void
every_cut_message_is_refused(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = make_signed(wire, "hmac-sha256");

	(void)state;
	for (size_t cut = 12; cut < length; cut++)
		assert_int_not_equal(check_with(wire, cut, "hmac-sha256"), STATUS_OK);
}

static void
rule_24_a_mac_has_between_half_the_hash_or_ten_octets_and_the_whole_hash(void **state)
{
	static const size_t least[CLIENT_ALGORITHMS] = { 10, 10, 14, 16, 24, 32 };
	static const size_t full[CLIENT_ALGORITHMS] = { 16, 20, 28, 32, 48, 64 };

	(void)state;
	for (unsigned i = 0; i < CLIENT_ALGORITHMS; i++) {
		struct tsig_secret *secret = new_secret(client_algorithms[i]);

		for (size_t size = 0; size <= full[i] + 1; size++) {
			uint8_t wire[CLIENT_WIRE_MAX];
			size_t length = make_signed(wire, client_algorithms[i]);
			bool is_possible = size >= least[i] && size <= full[i];
			bool is_truncated;

			length = client_resize_mac(wire, length, size);
			assert_int_equal(check(wire, length, secret, &is_truncated),
			    is_possible ? STATUS_OK : STATUS_MALFORMED);
			if (is_possible)
				assert_int_equal(is_truncated, size < full[i]);
		}
		tsig_secret_free(secret);
	}
}

static void
a_truncated_mac_that_is_wrong_does_not_verify(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = client_resize_mac(wire, make_signed(wire, "hmac-sha256"), 16);

	(void)state;
	/* Its last octet stands before Original ID, Error and Other Len. */
	wire[length - 7] ^= 1;
	assert_int_equal(check_with(wire, length, "hmac-sha256"), STATUS_UNAUTHENTICATED);
}

static enum status
read_changed(size_t offset, const uint8_t *bytes, size_t size)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t start = client_make_update(wire, 0) + sizeof(key_name);
	size_t length = make_signed(wire, "hmac-sha256");
	knot_pkt_t *packet;
	struct tsig_request request;
	enum status status = STATUS_MALFORMED;

	memcpy(wire + start + offset, bytes, size);
	packet = client_parse(wire, length);
	if (packet != NULL)
		status = tsig_read(packet, &request);
	client_free(packet);
	return status;
}

static void
a_tsig_with_another_class_ttl_or_length_is_malformed(void **state)
{
	enum { CLASS = 2, TTL = 4, ALGORITHM = 10, MAC_SIZE = 31, OTHER_SIZE = 69 };

	(void)state;
	assert_int_equal(read_changed(CLASS, (const uint8_t[]){ 0, 255 }, 2), STATUS_OK);
	assert_int_equal(read_changed(CLASS, (const uint8_t[]){ 0, 1 }, 2), STATUS_MALFORMED);
	assert_int_equal(read_changed(TTL, (const uint8_t[]){ 0, 0, 0, 1 }, 4), STATUS_MALFORMED);
	assert_int_equal(read_changed(MAC_SIZE, (const uint8_t[]){ 0, 32 }, 2), STATUS_OK);
	assert_int_equal(read_changed(MAC_SIZE, (const uint8_t[]){ 0, 31 }, 2), STATUS_MALFORMED);
	assert_int_equal(read_changed(MAC_SIZE, (const uint8_t[]){ 0, 33 }, 2), STATUS_MALFORMED);
	assert_int_equal(read_changed(MAC_SIZE, (const uint8_t[]){ 255, 255 }, 2),
	    STATUS_MALFORMED);
	assert_int_equal(read_changed(OTHER_SIZE, (const uint8_t[]){ 0, 0 }, 2), STATUS_OK);
	assert_int_equal(read_changed(OTHER_SIZE, (const uint8_t[]){ 0, 1 }, 2), STATUS_MALFORMED);
	assert_int_equal(read_changed(OTHER_SIZE, (const uint8_t[]){ 255, 255 }, 2),
	    STATUS_MALFORMED);
	/* The first label of the algorithm's name runs over the end, or is a pointer. */
	assert_int_equal(read_changed(ALGORITHM, (const uint8_t[]){ 63 }, 1), STATUS_MALFORMED);
	assert_int_equal(read_changed(ALGORITHM, (const uint8_t[]){ 0xc0, 12 }, 2),
	    STATUS_MALFORMED);
}

/* Reads an RR that no parser has looked at. */
static enum status
read_rdata(const uint8_t *rdata, size_t size)
{
	knot_dname_storage_t owner = "\x06laptop";
	knot_rrset_t rr;
	knot_pkt_t packet = { .tsig_rr = &rr };
	struct tsig_request request;
	enum status status;

	knot_rrset_init(&rr, owner, KNOT_RRTYPE_TSIG, KNOT_CLASS_ANY, 0);
	assert_int_equal(knot_rrset_add_rdata(&rr, rdata, (uint16_t)size, NULL), KNOT_EOK);
	status = tsig_read(&packet, &request);
	knot_rdataset_clear(&rr.rrs, NULL);
	return status;
}

static void
a_tsig_whose_lengths_do_not_add_up_is_malformed_whatever_libknot_says(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX] = { 0 };
	size_t start = client_make_update(wire, 0) + sizeof(key_name) + 10;
	size_t size = make_signed(wire, "hmac-sha256") - start;

	(void)state;
	assert_int_equal(read_rdata(wire + start, size), STATUS_OK);
	assert_int_equal(read_rdata(wire + start, size + 1), STATUS_MALFORMED);
	for (size_t cut = 0; cut < size; cut++)
		assert_int_equal(read_rdata(wire + start, cut), STATUS_MALFORMED);
}

static void
an_algorithm_that_nobody_knows_is_read_as_unknown(void **state)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t start = client_make_update(wire, 0) + sizeof(key_name) + 10;
	size_t length = make_signed(wire, "hmac-sha256");
	knot_pkt_t *packet;
	struct tsig_request request;
	char text[NAME_TEXT_MAX];

	(void)state;
	memcpy(wire + start, "\x0bHMAC-SHA999", 12);
	packet = client_parse(wire, length);
	assert_int_equal(tsig_read(packet, &request), STATUS_OK);
	assert_int_equal(request.algorithm, TSIG_UNKNOWN);
	assert_string_equal(name_to_text(request.algorithm_name, text), "hmac-sha999");
	client_free(packet);
}

static void
error_and_other_data_of_a_request_are_digested(void **state)
{
	static const uint8_t other[] = "seven!!";
	const struct client_tsig tsig = {
		.algorithm = "hmac-sha256",
		.key_name = key_name,
		.secret = client_secret,
		.time_s = UINT64_C(0xffffffffffff),
		.fudge_s = UINT16_MAX,
		.error = 23,
		.other = other,
		.other_size = sizeof(other),
	};
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = client_sign(&tsig, wire, client_make_update(wire, 1));

	(void)state;
	assert_int_equal(check_with(wire, length, "hmac-sha256"), STATUS_OK);
	wire[length - 1] ^= 1;
	assert_int_equal(check_with(wire, length, "hmac-sha256"), STATUS_UNAUTHENTICATED);
}

static void
one_secret_serves_many_messages(void **state)
{
	struct tsig_secret *secret = new_secret("hmac-sha384");
	bool is_truncated;

	(void)state;
	/* libdnssec promises nowhere that a context may be used again: this test watches it. */
	for (unsigned i = 0; i < 1000; i++) {
		uint8_t wire[CLIENT_WIRE_MAX];
		size_t length = make_signed(wire, "hmac-sha384");

		assert_int_equal(check(wire, length, secret, &is_truncated), STATUS_OK);
		wire[20] ^= 1;
		assert_int_equal(check(wire, length, secret, &is_truncated),
		    STATUS_UNAUTHENTICATED);
	}
	tsig_secret_free(secret);
}

/* An answer to the message that make_signed() makes; the packet is gone when it is signed. */
static void
make_answer(struct tsig_answer *answer, const char *algorithm, struct tsig_secret *secret,
    uint64_t now_s, uint16_t error)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = make_signed(wire, algorithm);
	knot_pkt_t *packet = client_parse(wire, length);
	struct tsig_request request;

	assert_int_equal(tsig_read(packet, &request), STATUS_OK);
	tsig_answer_init(answer, &request, secret, now_s, error);
	client_free(packet);
}

static void
libknot_accepts_our_signed_answers_with_every_algorithm(void **state)
{
	(void)state;
	for (unsigned i = 0; i < CLIENT_ALGORITHMS; i++) {
		struct tsig_secret *secret = new_secret(client_algorithms[i]);
		struct tsig_answer answer;
		uint8_t wire[CLIENT_WIRE_MAX];
		size_t length = client_make_update(wire, 0xbeef);
		knot_tsig_key_t key;
		knot_pkt_t *packet;

		make_answer(&answer, client_algorithms[i], secret, (uint64_t)time(NULL), 0);
		assert_int_equal(tsig_sign(&answer, wire, &length, sizeof(wire)), STATUS_OK);
		client_make_key(&key, client_algorithms[i], key_name);
		packet = client_parse(wire, length);
		assert_non_null(packet);
		assert_int_equal(knot_tsig_client_check(packet->tsig_rr, packet->wire, packet->size,
				     answer.mac, answer.mac_size, &key, 0),
		    KNOT_EOK);
		client_free(packet);
		knot_tsig_key_deinit(&key);
		tsig_secret_free(secret);
	}
}

/* Our answer equals, octet for octet, what the second implementation makes of the same fields. */
static void
assert_answer_is(const struct tsig_answer *answer, const struct client_tsig *expected)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	uint8_t expected_wire[CLIENT_WIRE_MAX];
	size_t length = client_make_update(wire, 0xbeef);
	size_t expected_length = client_make_update(expected_wire, 0xbeef);

	expected_length = client_sign(expected, expected_wire, expected_length);
	assert_int_equal(tsig_answer_size(answer), expected_length - length);
	assert_int_equal(tsig_sign(answer, wire, &length, sizeof(wire)), STATUS_OK);
	assert_int_equal(length, expected_length);
	assert_memory_equal(wire, expected_wire, length);
}

static void
rule_27_an_answer_digests_the_requests_mac(void **state)
{
	struct tsig_secret *secret = new_secret("hmac-sha512");
	struct tsig_answer answer;

	(void)state;
	make_answer(&answer, "hmac-sha512", secret, NOW_S + 5, 0);
	assert_int_equal(answer.mac_size, 64);
	assert_answer_is(&answer,
	    &(const struct client_tsig){
		.algorithm = "hmac-sha512",
		.key_name = key_name,
		.secret = client_secret,
		.time_s = NOW_S + 5,
		.fudge_s = 300,
		.prior = answer.mac,
		.prior_size = 64,
	    });
	tsig_secret_free(secret);
}

static void
rule_25_badtime_is_signed_with_the_requests_time_and_tells_ours(void **state)
{
	static const uint8_t server_time[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05 };
	struct tsig_secret *secret = new_secret("hmac-sha256");
	struct tsig_answer answer;

	(void)state;
	make_answer(&answer, "hmac-sha256", secret, UINT64_C(0x000102030405), TSIG_ERROR_BADTIME);
	assert_answer_is(&answer,
	    &(const struct client_tsig){
		.algorithm = "hmac-sha256",
		.key_name = key_name,
		.secret = client_secret,
		.time_s = NOW_S,
		.fudge_s = FUDGE_S,
		.error = TSIG_ERROR_BADTIME,
		.other = server_time,
		.other_size = 6,
		.prior = answer.mac,
		.prior_size = 32,
	    });
	tsig_secret_free(secret);
}

static void
rules_22_and_23_badkey_and_badsig_are_unsigned_with_an_empty_mac(void **state)
{
	static const uint16_t errors[] = { TSIG_ERROR_BADKEY, TSIG_ERROR_BADSIG };

	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct tsig_answer answer;
		uint8_t wire[CLIENT_WIRE_MAX];
		size_t length = client_make_update(wire, 0xbeef);
		size_t unsigned_length = length;
		knot_pkt_t *packet;
		struct tsig_request request;

		make_answer(&answer, "hmac-sha256", NULL, NOW_S, errors[i]);
		assert_int_equal(tsig_sign(&answer, wire, &length, sizeof(wire)), STATUS_OK);
		assert_int_equal(length, unsigned_length + tsig_answer_size(&answer));
		packet = client_parse(wire, length);
		assert_int_equal(tsig_read(packet, &request), STATUS_OK);
		assert_int_equal(request.mac_size, 0);
		assert_int_equal(request.original_id, 0xbeef);
		assert_int_equal(request.time_s, NOW_S);
		assert_int_equal(request.tail_size, 4);
		assert_int_equal(request.tail[1], errors[i]);
		client_free(packet);
	}
}

static void
an_answer_that_does_not_fit_stays_as_it_is(void **state)
{
	struct tsig_secret *secret = new_secret("hmac-sha256");
	struct tsig_answer answer;
	uint8_t wire[CLIENT_WIRE_MAX];
	uint8_t before[CLIENT_WIRE_MAX];
	size_t length = client_make_update(wire, 1);
	size_t unsigned_length = length;
	size_t needed;

	(void)state;
	make_answer(&answer, "hmac-sha256", secret, NOW_S, 0);
	needed = length + tsig_answer_size(&answer);
	memcpy(before, wire, sizeof(wire));
	assert_int_equal(tsig_sign(&answer, wire, &length, needed - 1), STATUS_TOO_LARGE);
	assert_int_equal(length, unsigned_length);
	assert_memory_equal(wire, before, sizeof(wire));
	assert_int_equal(tsig_sign(&answer, wire, &length, needed), STATUS_OK);
	assert_int_equal(length, needed);
	assert_int_equal(knot_wire_get_arcount(wire), 1);
	tsig_secret_free(secret);
}

static void
an_answer_with_the_longest_names_and_mac_fits_tsig_rr_max(void **state)
{
	struct tsig_answer answer = {
		.secret = new_secret("hmac-sha512"),
		.error = TSIG_ERROR_BADTIME,
		.key_name_size = NAME_SIZE_MAX,
		.algorithm_name_size = NAME_SIZE_MAX,
	};
	uint8_t wire[12 + TSIG_RR_MAX] = { 0 };
	size_t length = 12;

	(void)state;
	assert_int_equal(tsig_answer_size(&answer), TSIG_RR_MAX);
	assert_int_equal(tsig_sign(&answer, wire, &length, sizeof(wire)), STATUS_OK);
	assert_int_equal(length, sizeof(wire));
	tsig_secret_free(answer.secret);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(algorithms_have_the_names_of_rfc_8945),
		cmocka_unit_test(an_empty_secret_and_an_unknown_algorithm_make_no_secret),
		cmocka_unit_test(what_libknot_signs_is_verified_with_every_algorithm),
		cmocka_unit_test(what_dnspython_signed_once_is_verified),
		cmocka_unit_test(another_secret_or_another_algorithm_does_not_verify),
		cmocka_unit_test(rule_26_a_changed_message_id_is_put_back),
		cmocka_unit_test(rule_26_the_names_of_key_and_algorithm_count_in_any_case),
		cmocka_unit_test(rule_23_every_flipped_bit_is_found),
		cmocka_unit_test(every_cut_message_is_refused),
		cmocka_unit_test(
		    rule_24_a_mac_has_between_half_the_hash_or_ten_octets_and_the_whole_hash),
		cmocka_unit_test(a_truncated_mac_that_is_wrong_does_not_verify),
		cmocka_unit_test(a_tsig_with_another_class_ttl_or_length_is_malformed),
		cmocka_unit_test(
		    a_tsig_whose_lengths_do_not_add_up_is_malformed_whatever_libknot_says),
		cmocka_unit_test(an_algorithm_that_nobody_knows_is_read_as_unknown),
		cmocka_unit_test(error_and_other_data_of_a_request_are_digested),
		cmocka_unit_test(one_secret_serves_many_messages),
		cmocka_unit_test(libknot_accepts_our_signed_answers_with_every_algorithm),
		cmocka_unit_test(rule_27_an_answer_digests_the_requests_mac),
		cmocka_unit_test(rule_25_badtime_is_signed_with_the_requests_time_and_tells_ours),
		cmocka_unit_test(rules_22_and_23_badkey_and_badsig_are_unsigned_with_an_empty_mac),
		cmocka_unit_test(an_answer_that_does_not_fit_stays_as_it_is),
		cmocka_unit_test(an_answer_with_the_longest_names_and_mac_fits_tsig_rr_max),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
