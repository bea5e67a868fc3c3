/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests as bytes. Uses nothing of ddnsd. */
#include "letter.h"

#include <arpa/inet.h>
#include <assert.h>
#include <libknot/libknot.h>
#include <string.h>

static void
put(struct letter *letter, const void *bytes, size_t size)
{
	assert(letter->length + size <= sizeof(letter->wire));
	if (size > 0)
		memcpy(letter->wire + letter->length, bytes, size);
	letter->length += size;
}

static void
put_number(struct letter *letter, uint32_t value, unsigned octets)
{
	while (octets-- > 0) {
		uint8_t octet = (uint8_t)(value >> (8 * octets));

		put(letter, &octet, 1);
	}
}

static void
put_name(struct letter *letter, const char *text)
{
	knot_dname_storage_t name;

	if (knot_dname_from_str(name, text, sizeof(name)) == NULL)
		assert(!"a name that libknot takes");
	put(letter, name, knot_dname_size(name));
}

static void
begin(struct letter *letter, uint16_t id, uint8_t opcode, const char *name, uint16_t type)
{
	memset(letter->wire, 0, KNOT_WIRE_HEADER_SIZE);
	letter->length = KNOT_WIRE_HEADER_SIZE;
	knot_wire_set_id(letter->wire, id);
	knot_wire_set_opcode(letter->wire, opcode);
	knot_wire_set_qdcount(letter->wire, 1);
	put_name(letter, name);
	put_number(letter, type, 2);
	put_number(letter, KNOT_CLASS_IN, 2);
}

void
letter_query(struct letter *letter, uint16_t id, const char *name, uint16_t type)
{
	begin(letter, id, KNOT_OPCODE_QUERY, name, type);
}

void
letter_update(struct letter *letter, uint16_t id)
{
	begin(letter, id, KNOT_OPCODE_UPDATE, "home.arpa", KNOT_RRTYPE_SOA);
}

void
letter_put(struct letter *letter, enum letter_section section, const char *owner, uint16_t type,
    uint16_t class, uint32_t ttl, const void *rdata, uint16_t size)
{
	uint8_t *count = letter->wire + 4 + 2 * (unsigned)section;

	put_name(letter, owner);
	put_number(letter, type, 2);
	put_number(letter, class, 2);
	put_number(letter, ttl, 4);
	put_number(letter, size, 2);
	put(letter, rdata, size);
	knot_wire_write_u16(count, (uint16_t)(knot_wire_read_u16(count) + 1));
}

void
letter_add(struct letter *letter, const char *owner, const char *address)
{
	struct in_addr bytes;

	if (inet_pton(AF_INET, address, &bytes) != 1)
		assert(!"an IPv4 address");
	letter_put(letter, LETTER_CHANGES, owner, KNOT_RRTYPE_A, KNOT_CLASS_IN, 60, &bytes,
	    sizeof(bytes));
}

void
letter_put_opt(struct letter *letter, uint8_t version, uint16_t payload, const void *options,
    uint16_t size)
{
	letter_put(letter, LETTER_ADDITIONAL, ".", KNOT_RRTYPE_OPT, payload,
	    (uint32_t)version << 16, options, size);
}

void
letter_sign(struct letter *letter, const char *key, const uint8_t *secret, int64_t time_s)
{
	struct client_tsig tsig = {
		.algorithm = "hmac-sha256",
		.key_name = key,
		.secret = secret,
		.time_s = (uint64_t)time_s,
		.fudge_s = 300,
	};

	letter->length = client_sign(&tsig, letter->wire, letter->length);
}

bool
letter_is_signed(const struct letter *request, const char *key, const uint8_t *secret,
    const uint8_t *answer, size_t length)
{
	knot_pkt_t *asked = client_parse(request->wire, request->length);
	knot_pkt_t *heard = client_parse(answer, length);
	uint8_t again[CLIENT_WIRE_MAX];
	bool is_signed = false;

	if (asked != NULL && heard != NULL && heard->tsig_rr != NULL && length <= sizeof(again)) {
		struct client_tsig tsig = {
			.algorithm = "hmac-sha256",
			.key_name = key,
			.secret = secret,
			.time_s = knot_tsig_rdata_time_signed(heard->tsig_rr),
			.fudge_s = knot_tsig_rdata_fudge(heard->tsig_rr),
			.error = knot_tsig_rdata_error(heard->tsig_rr),
			.other = knot_tsig_rdata_other_data(heard->tsig_rr),
			.other_size = knot_tsig_rdata_other_data_length(heard->tsig_rr),
			.prior = knot_tsig_rdata_mac(asked->tsig_rr),
			.prior_size = (uint16_t)knot_tsig_rdata_mac_length(asked->tsig_rr),
		};

		memcpy(again, heard->wire, heard->size);
		is_signed = client_sign(&tsig, again, heard->size) == length &&
		    memcmp(again, answer, length) == 0;
	}
	client_free(asked);
	client_free(heard);
	return is_signed;
}
