/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Sends sequences of hostile messages through the DNS conversation, as the doors do: parse, TSIG,
 * update, commit or rollback, answer. The input signs nothing itself: a message whose head names a
 * key is signed here, so that what lies behind the MAC is reached.
 *
 * An input is a sequence of: flags, passing time, length (2 octets), that many octets of message.
 */
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <libknot/libknot.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum flags {
	FLAG_UDP = 1,
	FLAG_SOURCE_SHIFT = 1, /* 2 bits */
	FLAG_SIGNER_SHIFT = 3, /* 2 bits: nobody, or one more than the key */
	FLAG_FAIL = 32,        /* the commit of this turn fails */
	FLAG_TWICE = 64,       /* the same bytes come a second time */
	FLAG_GO_ON = 128,      /* the turn does not end yet */
};

enum {
	HEAD_SIZE = 4,
	TURN_MAX = 8,
	UDP_MAX = 4096,
	SHORT_MAC_SIZE = 16,
	MAC_SIZE = 32,
	FUDGE_S = 300,
	VARIABLES_MAX = 2 * 255 + 24,
};

/* Inside the careful network (twice), outside of any, inside the careless one. */
static const char *const sources[] = { "192.0.2.1", "192.0.2.77", "2001:db8::7", "127.0.0.1" };

static const int64_t times_s[] = { 0, 1, 30, 100, 299, 301, 3600, 7200, 86400 };

enum { TIMES = sizeof(times_s) / sizeof(times_s[0]) };

struct signature {
	bool is_there;
	enum world_key key;
	int64_t time_s;
	size_t mac_size;
	uint8_t mac[MAC_SIZE];
};

/* One message on its way. */
struct exchange {
	struct dns_origin origin;
	struct signature signature;
	uint8_t *request; /* as it came, in a block of exactly its size */
	size_t request_size;
	uint8_t *answer; /* in a block of exactly its room */
	size_t room;
	size_t length;
	int64_t answered_s; /* when, by the wall clock */
	bool is_waiting;    /* a query that waits for the commit */
	struct dns_ticket ticket;
};

struct conversation {
	struct world world;
	uint64_t version; /* what was checked last */
	bool is_open;     /* a turn has begun */
	struct exchange turn[TURN_MAX];
	size_t count;
};

/* What was registered when the turn began, and what is now; kept from input to input. */
static struct buffer before;
static struct buffer after;

/* --- signing, as a client does (RFC 8945 4.3) --- */

static uint8_t *
put(uint8_t *at, uint64_t value, unsigned octets)
{
	while (octets-- > 0)
		*at++ = (uint8_t)(value >> (8 * octets));
	return at;
}

static uint8_t *
put_bytes(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static void
make_mac(enum world_key key, const struct signature *prior, const uint8_t *wire, size_t length,
    const uint8_t *variables, size_t variables_size, uint8_t mac[static MAC_SIZE])
{
	uint8_t secret[WORLD_SECRET_SIZE];
	uint8_t prior_bytes[2 + MAC_SIZE];
	dnssec_binary_t parts[] = {
		{ .data = prior_bytes },
		{ .data = (uint8_t *)(uintptr_t)wire, .size = length },
		{ .data = (uint8_t *)(uintptr_t)variables, .size = variables_size },
	};
	dnssec_binary_t key_bytes = { .data = secret, .size = sizeof(secret) };
	dnssec_tsig_ctx_t *context = NULL;

	memcpy(secret, world_secrets[key], sizeof(secret));
	if (prior != NULL) {
		put_bytes(put(prior_bytes, prior->mac_size, 2), prior->mac, prior->mac_size);
		parts[0].size = 2 + prior->mac_size;
	}
	expect(dnssec_tsig_new(&context, DNSSEC_TSIG_HMAC_SHA256, &key_bytes) == DNSSEC_EOK);
	for (size_t i = 0; i < 3; i++)
		expect(parts[i].size == 0 || dnssec_tsig_add(context, &parts[i]) == DNSSEC_EOK);
	expect(dnssec_tsig_write(context, mac) == DNSSEC_EOK);
	dnssec_tsig_free(context);
}

/*
 * Appends a TSIG to a message, whose block has TSIG_RR_MAX octets behind length; prior is the
 * request's when this is an answer. Returns the new length.
 */
static size_t
sign(struct signature *signature, const struct signature *prior, uint8_t *wire, size_t length)
{
	static const uint8_t algorithm[] = "\013hmac-sha256";
	uint8_t variables[VARIABLES_MAX];
	struct name key_name;
	size_t key_size;
	uint8_t *end = variables;
	uint8_t *at = wire + length;

	expect(name_from_text(world_key_names[signature->key], &key_name) == STATUS_OK);
	key_size = name_size(key_name.wire);
	end = put_bytes(end, key_name.wire, key_size);
	end = put(put(end, KNOT_CLASS_ANY, 2), 0, 4);
	end = put_bytes(end, algorithm, sizeof(algorithm));
	end = put(put(end, (uint64_t)signature->time_s, 6), FUDGE_S, 2);
	end = put(end, 0, 4);
	make_mac(signature->key, prior, wire, length, variables, (size_t)(end - variables),
	    signature->mac);
	at = put_bytes(at, key_name.wire, key_size);
	at = put(put(put(at, KNOT_RRTYPE_TSIG, 2), KNOT_CLASS_ANY, 2), 0, 4);
	at = put(at, sizeof(algorithm) + 10 + signature->mac_size + 6, 2);
	at = put_bytes(at, algorithm, sizeof(algorithm));
	at = put(put(at, (uint64_t)signature->time_s, 6), FUDGE_S, 2);
	at = put_bytes(put(at, signature->mac_size, 2), signature->mac, signature->mac_size);
	at = put(put_bytes(at, wire, 2), 0, 4);
	knot_wire_set_arcount(wire, (uint16_t)(knot_wire_get_arcount(wire) + 1));
	return (size_t)(at - wire);
}

/* --- what is true of every answer --- */

/* The answer's TSIG is what a client computes, or it is an error without a MAC. */
static void
check_answer_tsig(const struct exchange *exchange, const knot_pkt_t *answer)
{
	struct signature own = exchange->signature;
	size_t length = answer->size;
	uint8_t *again;
	uint16_t error = knot_tsig_rdata_error(answer->tsig_rr);

	if (!exchange->signature.is_there)
		return;
	/* The message ended in a TSIG of its own. */
	if (error != 0) {
		expect(knot_wire_get_rcode(answer->wire) == KNOT_RCODE_NOTAUTH);
		return;
	}
	own.mac_size = MAC_SIZE;
	own.time_s = exchange->answered_s;
	again = malloc(length + TSIG_RR_MAX);
	expect(again != NULL);
	memcpy(again, exchange->answer, length);
	knot_wire_set_arcount(again, (uint16_t)(knot_wire_get_arcount(again) - 1));
	expect(sign(&own, &exchange->signature, again, length) == exchange->length);
	expect(memcmp(again, exchange->answer, exchange->length) == 0);
	free(again);
}

static void
check_answer(const struct exchange *exchange, enum status commit_status)
{
	const uint8_t *wire = exchange->answer;
	uint8_t *copy = malloc(exchange->length);
	knot_pkt_t *packet;
	uint8_t rcode = knot_wire_get_rcode(wire);

	expect(exchange->length >= KNOT_WIRE_HEADER_SIZE && exchange->length <= exchange->room);
	expect(copy != NULL);
	memcpy(copy, wire, exchange->length);
	packet = knot_pkt_new(copy, (uint16_t)exchange->length, NULL);
	expect(packet != NULL && knot_pkt_parse(packet, 0) == KNOT_EOK);
	expect(knot_wire_get_id(wire) == knot_wire_get_id(exchange->request));
	expect(knot_wire_get_opcode(wire) == knot_wire_get_opcode(exchange->request));
	expect(knot_wire_get_qr(wire));
	/* Rule 27: the question goes out, whatever has to stay away. */
	if (exchange->ticket.question_end > KNOT_WIRE_HEADER_SIZE)
		expect(knot_wire_get_qdcount(wire) == 1 &&
		    exchange->length >= exchange->ticket.question_end &&
		    memcmp(wire + KNOT_WIRE_HEADER_SIZE, exchange->request + KNOT_WIRE_HEADER_SIZE,
			exchange->ticket.question_end - KNOT_WIRE_HEADER_SIZE) == 0);
	if (knot_wire_get_opcode(wire) != KNOT_OPCODE_QUERY)
		expect(knot_wire_get_ancount(wire) == 0 && knot_wire_get_nscount(wire) == 0);
	if (exchange->ticket.is_update && commit_status != STATUS_OK)
		expect(rcode == KNOT_RCODE_SERVFAIL);
	expect(knot_pkt_has_tsig(packet) == exchange->ticket.has_tsig);
	if (exchange->ticket.has_tsig)
		check_answer_tsig(exchange, packet);
	knot_pkt_free(packet);
	free(copy);
}

/* --- the conversation --- */

/* Puts the request into the dns module. False: there will be no answer. */
static bool
receive(struct conversation *conversation, struct exchange *exchange)
{
	static uint8_t datagram[DNS_UDP_ANSWER_MAX];
	static uint8_t segment[DNS_TCP_ANSWER_MAX];
	size_t maximum = exchange->origin.is_udp ? sizeof(datagram) : sizeof(segment);
	uint8_t *answer = exchange->origin.is_udp ? datagram : segment;
	uint8_t *wire = malloc(exchange->request_size);
	enum dns_outcome outcome;

	expect(wire != NULL);
	memcpy(wire, exchange->request, exchange->request_size);
	outcome = dns_receive(conversation->world.dns, wire, exchange->request_size,
	    &exchange->origin, answer, &exchange->ticket, &exchange->room);
	exchange->answered_s = world_wall_s();
	exchange->is_waiting = outcome == DNS_AFTER_COMMIT;
	if (outcome == DNS_AFTER_COMMIT)
		expect(memcmp(wire, exchange->request, exchange->request_size) == 0);
	if (outcome == DNS_ANSWER) {
		expect(exchange->ticket.length <= exchange->room && exchange->room <= maximum);
		exchange->answer = malloc(exchange->room);
		expect(exchange->answer != NULL);
		memcpy(exchange->answer, answer, exchange->ticket.length);
	}
	free(wire);
	return outcome != DNS_SILENCE;
}

static void
finish(struct conversation *conversation, struct exchange *exchange, enum status commit_status)
{
	if (exchange->is_waiting) {
		commit_status = STATUS_OK;
		expect(receive(conversation, exchange) && !exchange->is_waiting);
	}
	exchange->length = dns_finish(&exchange->ticket, commit_status, exchange->answer,
	    exchange->room);
	check_answer(exchange, commit_status);
	free(exchange->answer);
	free(exchange->request);
}

static void
end_turn(struct conversation *conversation, bool does_fail)
{
	struct world *world = &conversation->world;
	enum status status = world_end_turn(world, does_fail);

	if (status != STATUS_OK) {
		world_serialise(world, &after);
		expect(after.length == before.length &&
		    memcmp(after.data, before.data, after.length) == 0);
	}
	dns_turn_ended(world->dns, status);
	for (size_t i = 0; i < conversation->count; i++)
		finish(conversation, &conversation->turn[i], status);
	conversation->count = 0;
	conversation->is_open = false;
	if (registry_version(world->registry) != conversation->version)
		world_check(world);
	conversation->version = registry_version(world->registry);
}

static bool
is_stranger(const struct world *world, const struct exchange *exchange)
{
	return !exchange->ticket.has_tsig &&
	    service_find_network(world->service, &exchange->origin.source.address,
		exchange->origin.is_udp) == NULL;
}

static void
begin_exchange(struct exchange *exchange, unsigned flags, const uint8_t *message, size_t size)
{
	unsigned signer = flags >> FLAG_SIGNER_SHIFT & 3;

	*exchange = (struct exchange){
		.origin = { .is_udp = (flags & FLAG_UDP) != 0, .source.port = 5353 },
		.signature = {
			.is_there = signer != 0 && size >= KNOT_WIRE_HEADER_SIZE &&
			    size <= UINT16_MAX - TSIG_RR_MAX,
			.key = signer == 0 ? WORLD_ADMIN : (enum world_key)(signer - 1),
			.time_s = world_wall_s(),
			.mac_size = signer == 1 + WORLD_LONG ? SHORT_MAC_SIZE : MAC_SIZE,
		},
		.request_size = size,
	};
	expect(address_from_text(sources[flags >> FLAG_SOURCE_SHIFT & 3],
		   &exchange->origin.source.address) == STATUS_OK);
	exchange->request = malloc(size + TSIG_RR_MAX);
	expect(exchange->request != NULL);
	memcpy(exchange->request, message, size);
	if (exchange->signature.is_there)
		exchange->request_size = sign(&exchange->signature, NULL, exchange->request, size);
}

/* Takes one message; is_repeat: it has just been taken already. */
static void
take(struct conversation *conversation, unsigned flags, const uint8_t *message, size_t size,
    bool is_repeat)
{
	struct world *world = &conversation->world;
	struct exchange *exchange = &conversation->turn[conversation->count];
	uint64_t version = registry_version(world->registry);

	begin_exchange(exchange, flags, message, size);
	if (receive(conversation, exchange))
		conversation->count++;
	else
		free(exchange->request);
	if ((is_repeat && exchange->signature.is_there) || is_stranger(world, exchange))
		expect(registry_version(world->registry) == version);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct conversation conversation = { .is_open = false };

	world_build(&conversation.world);
	while (size > HEAD_SIZE) {
		unsigned flags = data[0];
		size_t length = (size_t)data[2] << 8 | data[3];

		if (length > size - HEAD_SIZE)
			length = size - HEAD_SIZE;
		if ((flags & FLAG_UDP) != 0 && length > UDP_MAX)
			length = UDP_MAX;
		if (!conversation.is_open)
			world_serialise(&conversation.world, &before);
		conversation.is_open = true;
		world_pass(&conversation.world, times_s[data[1] % TIMES]);
		take(&conversation, flags, data + HEAD_SIZE, length, false);
		if ((flags & FLAG_TWICE) != 0)
			take(&conversation, flags, data + HEAD_SIZE, length, true);
		if ((flags & FLAG_GO_ON) == 0 || conversation.count > TURN_MAX - 2)
			end_turn(&conversation, (flags & FLAG_FAIL) != 0);
		data += HEAD_SIZE + length;
		size -= HEAD_SIZE + length;
	}
	end_turn(&conversation, false);
	world_release(&conversation.world);
	return 0;
}
