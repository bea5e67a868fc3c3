/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS messages (RFC 1035 4): a request's bytes to structs, an answer's structs to bytes. Knows
 * formats; knows neither zones, nor keys, nor sockets.
 */
#pragma once

#include <libknot/packet/pkt.h>
#include <libknot/rrset.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "wire/update.h"

enum {
	MESSAGE_HEADER_SIZE = 12,
	MESSAGE_UDP_SIZE = 512,      /* RFC 1035 4.2.1: without EDNS */
	MESSAGE_UDP_EDNS_MAX = 1232, /* rule 37 */
	MESSAGE_SIZE_MAX = 65535,
	MESSAGE_OPCODE_QUERY = 0,
	MESSAGE_OPCODE_NOTIFY = 4,
	MESSAGE_OPCODE_UPDATE = 5,
};

/* A parsed request. Points into the wire and the arena that message_parse() was given. */
struct message {
	knot_pkt_t *packet;
	uint16_t id;
	uint8_t opcode;
	bool has_edns;
	uint8_t edns_version;
	uint16_t edns_size; /* what the client can take over UDP; at least 512 */
	bool has_tsig;
	bool has_lease_option; /* EDNS option 2, RFC 9664 */
	uint16_t lease_option_size;
	uint32_t lease_s;
	const uint8_t *question_name; /* lower-cased; NULL without a question */
	uint16_t question_type;
	uint16_t question_class;
};

/* True for a response, and for what is too short to be a message: nothing is ever said to those. */
bool message_is_to_be_dropped(const uint8_t *wire, size_t length);

/*
 * Parses a request. The bytes are changed by it (TSIG taken out). STATUS_MALFORMED: libknot cannot
 * parse it, TSIG is not last or stands twice, an rdata has bytes left over. STATUS_NOT_IMPLEMENTED:
 * an opcode that we do not have; nothing else of *ret_message is set then but id and opcode.
 */
enum status message_parse(uint8_t *wire, size_t length, struct arena *arena,
    struct message *ret_message);

/*
 * Turns a parsed UPDATE into values and checks all that can be checked without a zone: counts,
 * classes, TTLs, types, rdata (rules 2-6, 9, 33). STATUS_MALFORMED, STATUS_OUTSIDE_ZONE,
 * STATUS_NO_MEMORY. The zone's name comes back in any case where there is one.
 */
enum status message_read_update(const struct message *message, struct arena *arena,
    struct update *ret_update);

/* What an answer holds beside the question. */
enum message_section { MESSAGE_ANSWER, MESSAGE_AUTHORITY, MESSAGE_ADDITIONAL, MESSAGE_SECTIONS };

enum { MESSAGE_RRSETS_MAX = 48 }; /* CNAME chain of 16, answer, authority, glue */

struct message_rrset {
	enum message_section section; /* in rising order within the answer */
	knot_rrset_t rrset;
};

struct message_answer {
	uint16_t rcode; /* extended RCODEs included */
	bool is_authoritative;
	bool has_lease; /* the granted lease goes into the OPT record (rule 33) */
	uint32_t lease_s;
	uint16_t lease_option_size; /* 4 or 8, as the request had it */
	size_t rrset_count;
	struct message_rrset rrsets[MESSAGE_RRSETS_MAX];
};

/*
 * Writes an answer to a parsed request: ID, opcode, RD copied, QR set, the question in its own
 * case, the RRsets, OPT if the request had one. What does not fit sets TC and is left out; glue is
 * left out silently, and the OPT (with TC) where it leaves no room for the question. capacity is
 * what may be used, the room for a TSIG already taken off. Returns the length; at least the header
 * is written, so capacity is at least MESSAGE_HEADER_SIZE.
 */
size_t message_write_answer(const struct message *message, const struct message_answer *answer,
    struct arena *arena, uint8_t *wire, size_t capacity);

/*
 * An answer to bytes that did not parse: the header alone, with the request's ID, opcode and RD.
 * Also for what was parsed but has no answer of its own. Returns the length, 12.
 */
size_t message_write_error(const uint8_t *request, uint16_t rcode, uint8_t wire[static 12]);
