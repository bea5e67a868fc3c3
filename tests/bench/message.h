/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owns the bytes of the messages that the benchmark sends: updates and queries for host00,
 * host01 ... of one zone, and the addresses these are given. All names of a zone have the same
 * number of digits, so that all its messages have the same size. Never signs and never sends.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include <libknot/dname.h>

#include "signer.h"

/* Header, zone section, two records, a TSIG with the longest names: well under this. */
#define MESSAGE_MAX 1400
#define MESSAGE_HEADER 12
#define MESSAGE_HOSTS_MAX (1U << 23)

enum message_rcode {
	MESSAGE_NOERROR = 0,
	MESSAGE_NOTAUTH = 9,
};

struct message_zone {
	uint8_t name[KNOT_DNAME_MAXLEN];
	size_t size;
	unsigned int digits;
};

/* Parses the name of a zone that has the given number of hosts; false when it is none. */
static inline bool
message_zone_init(struct message_zone *zone, const char *text, uint32_t hosts)
{
	if (knot_dname_from_str(zone->name, text, sizeof(zone->name)) == NULL)
		return false;
	zone->size = knot_dname_size(zone->name);
	zone->digits = 1;
	for (uint32_t last = hosts - 1; last > 9; last /= 10)
		zone->digits++;
	/* "host" and seven digits must fit in front of it. */
	return zone->size + 12 <= KNOT_DNAME_MAXLEN;
}

/* The address that HOST has in a filled zone: 10.0.0.0/9. */
static inline uint32_t
message_settled_address(uint32_t host)
{
	return 0x0a000000U | ((host + 1) & 0x7fffffU);
}

/* The address that the change number SEQUENCE brings: 10.128.0.0/9, never a settled one. */
static inline uint32_t
message_new_address(uint64_t sequence)
{
	return 0x0a800000U | ((uint32_t)sequence & 0x7fffffU);
}

/* The label of HOST. */
static inline uint8_t *
message_put_label(uint8_t *at, const struct message_zone *zone, uint32_t host)
{
	*at++ = (uint8_t)(4 + zone->digits);
	at = signer_put_bytes(at, "host", 4);
	for (unsigned int i = zone->digits; i > 0; i--) {
		at[i - 1] = (uint8_t)('0' + host % 10);
		host /= 10;
	}
	return at + zone->digits;
}

/* A header with one entry in the first section, and UPDATES in the third. */
static inline uint8_t *
message_put_header(uint8_t *at, uint16_t id, uint16_t flags, uint16_t updates)
{
	at = signer_put16(at, id);
	at = signer_put16(at, flags);
	at = signer_put16(at, 1);
	at = signer_put16(at, 0);
	at = signer_put16(at, updates);
	return signer_put16(at, 0);
}

/*
 * An unsigned RFC 2136 update: delete the A RRset of HOST, add ADDRESS. WIRE has MESSAGE_MAX
 * octets. Returns the size.
 */
static inline size_t
message_update(uint8_t *wire, const struct message_zone *zone, uint16_t id, uint32_t host,
    uint32_t ttl_s, uint32_t address)
{
	uint8_t *at = message_put_header(wire, id, 5 << 11, 2);
	uint16_t owner;

	at = signer_put_bytes(at, zone->name, zone->size);
	at = signer_put16(signer_put16(at, 6), 1);

	owner = (uint16_t)(at - wire);
	at = message_put_label(at, zone, host);
	at = signer_put16(at, 0xc000U | MESSAGE_HEADER);
	at = signer_put16(signer_put16(at, 1), 255);
	at = signer_put16(signer_put32(at, 0), 0);

	at = signer_put16(at, (uint16_t)(0xc000U | owner));
	at = signer_put16(signer_put16(at, 1), 1);
	at = signer_put16(signer_put32(at, ttl_s), 4);
	at = signer_put32(at, address);
	return (size_t)(at - wire);
}

/* A query for the A records of HOST, RD clear. Returns the size. */
static inline size_t
message_query(uint8_t *wire, const struct message_zone *zone, uint16_t id, uint32_t host)
{
	uint8_t *at = message_put_header(wire, id, 0, 0);

	at = message_put_label(at, zone, host);
	at = signer_put_bytes(at, zone->name, zone->size);
	at = signer_put16(signer_put16(at, 1), 1);
	return (size_t)(at - wire);
}

/* The RCODE of an answer of at least MESSAGE_HEADER octets. */
static inline unsigned int
message_rcode(const uint8_t *wire)
{
	return wire[3] & 0x0fU;
}

/*
 * Whether the NOERROR answer WIRE to a query of message_query() has ADDRESS as its first
 * record. The question is QUESTION_SIZE octets long; the answer's owner is a pointer to it,
 * as every server writes it.
 */
static inline bool
message_answers(const uint8_t *wire, size_t size, size_t question_size, uint32_t address)
{
	const uint8_t *record = wire + MESSAGE_HEADER + question_size;
	uint8_t wanted[4];

	if (size < MESSAGE_HEADER + question_size + 16 || message_rcode(wire) != MESSAGE_NOERROR)
		return false;
	if (signer_get16(wire + 6) == 0 || (record[0] & 0xc0) != 0xc0 || record[3] != 1)
		return false;
	signer_put32(wanted, address);
	return memcmp(record + 12, wanted, sizeof(wanted)) == 0;
}
