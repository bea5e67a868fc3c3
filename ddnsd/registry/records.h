/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The records of one name as one block of memory: RRsets in order of type, rdata in canonical
 * order, a lease for each record. Immutable but for its leases, and the serial of its SOA: a
 * change builds a new block, so that going back means keeping the old one.
 */
#pragma once

#include <libknot/rrset.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/status.h"

enum { RECORDS_SIZE_MAX = 65535 }; /* ceiling of one block: what a message can carry */

/* LEASE_FOREVER as granted_until_s: the record does not expire. Times run on clock_now_s(). */
#define LEASE_FOREVER INT64_MAX

struct lease {
	int64_t granted_until_s; /* what the client was told */
	int64_t
	    stored_until_s; /* what the disk says: one length later, so refreshes need no write */
	uint32_t length_s;
};

/* The stored_until_s that belongs to a new lease; never LEASE_FOREVER for one that ends. */
int64_t records_stored_until(int64_t granted_until_s, uint32_t length_s);

/* One record, as it goes into a block or comes out of it. */
struct record {
	uint16_t type;
	uint32_t ttl_s;
	const knot_rdata_t *rdata;
	struct lease lease;
};

struct records;

/*
 * Builds a block from a list, which it sorts in place. No record stands twice and all of one type
 * have one TTL: the caller sees to that. NULL when the list is empty, when out of memory or over
 * RECORDS_SIZE_MAX (records_fit() tells beforehand, for a list in any order). Caller frees with
 * records_free().
 */
struct records *records_build(struct record *list, size_t count);
bool records_fit(const struct record *list, size_t count);
void records_free(struct records *records);

/* NULL counts as empty everywhere below. */
size_t records_count(const struct records *records);

/* The place-th type that it has, from 0, in order, and how many records of it. False behind the last. */
bool records_type(const struct records *records, size_t place, uint16_t *ret_type,
    uint16_t *ret_count);

/* Walks all records, in order; cursor begins zeroed. False at the end. */
struct records_cursor {
	uint32_t rdata_offset;
	uint16_t index;
	uint16_t rrset;
	uint16_t in_rrset; /* records of it that were handed out */
};
bool records_next(const struct records *records, struct records_cursor *cursor,
    struct record *ret_record);

/*
 * The live records of one type as an RRset owned by owner, or false when there is none. now_s:
 * records whose lease ended by then are left out (INT64_MIN leaves out none, and needs no arena).
 * Points into the block, or into the arena when something had to be left out; with no room there
 * the ended ones stay in, as that loses no name. rclass is IN.
 */
bool records_rrset(const struct records *records, const uint8_t *owner, uint16_t type,
    int64_t now_s, struct arena *arena, knot_rrset_t *ret_rrset);

/* True when at least one record, of any type, is live. */
bool records_any_live(const struct records *records, int64_t now_s);

/* The earliest end of a lease, or LEASE_FOREVER. */
int64_t records_next_expiry(const struct records *records);

/*
 * Takes the leases of these records (same records as in the block, in the block's order) over into
 * the block. Keeps each stored_until_s that the new lease does not pass; it is also passed when a
 * lease begins or ceases to be for ever, and when it became shorter and a crash would have the name
 * outlive it by more than its length. True when one was passed, so that the name has to be written;
 * records_must_store() tells the same beforehand and changes nothing.
 */
bool records_renew(struct records *records, const struct record *list);
bool records_must_store(const struct records *records, const struct record *list);

/* Sets the serial inside the SOA of the block. False when it has none. */
bool records_set_serial(struct records *records, uint32_t serial);

/*
 * The stored form: versioned, big-endian, each stored_until_s as wall clock. wall_offset_s is the
 * wall clock less the running clock. Appends to buffer. No records have no stored form
 * (STATUS_MALFORMED): the row is to be deleted.
 */
enum status records_encode(const struct records *records, int64_t wall_offset_s,
    struct buffer *buffer);

/*
 * The way back; granted_until_s becomes what was stored, so that no lease ends early. Rdata are
 * checked against the form of their type. STATUS_DAMAGED for anything that records_encode() does
 * not write, STATUS_NO_MEMORY.
 */
enum status records_decode(const uint8_t *bytes, size_t length, int64_t wall_offset_s,
    struct records **ret_records);
