/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Decodes hostile bytes as the records of a name. What is taken must be written the same way
 * again, walk to its end, and show each type as a rdataset that libknot finds in order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "registry/records.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(int holds)
{
	if (!holds)
		abort();
}

/* Every record is in the RRset of its type, which is sorted and ends where its size says. */
static void
check_rrset(const struct records *records, const struct record *record, struct arena *arena)
{
	static const uint8_t owner[] = "\001a";
	const knot_rdata_t *rdata;
	const uint8_t *end;
	knot_rrset_t rrset;

	expect(records_rrset(records, owner, record->type, INT64_MIN, arena, &rrset));
	expect(rrset.ttl == record->ttl_s && rrset.rrs.count > 0);
	expect(knot_rdataset_member(&rrset.rrs, record->rdata));
	rdata = rrset.rrs.rdata;
	end = (const uint8_t *)rdata + rrset.rrs.size;
	for (unsigned i = 0; i < rrset.rrs.count; i++) {
		const uint8_t *next = (const uint8_t *)rdata + knot_rdata_size(rdata->len);

		expect(next <= end && (next == end) == (i + 1U == rrset.rrs.count));
		rdata = (const knot_rdata_t *)next;
	}
	(void)records_rrset(records, owner, record->type, record->lease.granted_until_s, arena,
	    &rrset);
	arena_reset(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct records_cursor cursor = { 0 };
	struct records *records = NULL;
	struct record record;
	struct buffer again;
	struct arena arena;
	size_t walked = 0;

	if (records_decode(data, size, 0, &records) != STATUS_OK) {
		expect(records == NULL);
		return 0;
	}
	arena_init(&arena, RECORDS_SIZE_MAX);
	buffer_init(&again, RECORDS_SIZE_MAX);
	expect(records_encode(records, 0, &again) == STATUS_OK);
	expect(again.length == size && memcmp(again.data, data, size) == 0);
	while (records_next(records, &cursor, &record)) {
		expect(record.lease.granted_until_s >= records_next_expiry(records));
		check_rrset(records, &record, &arena);
		walked++;
	}
	expect(walked == records_count(records) && walked > 0);
	(void)records_set_serial(records, 7);
	records_free(records);
	buffer_release(&again);
	arena_release(&arena);
	return 0;
}
