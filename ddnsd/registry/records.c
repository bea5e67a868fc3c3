/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One malloc'ed block a name: times, lengths, RRset heads, then the rdata as libknot's rdatasets
 * hold them, so that an RRset is a pointer into the block. Trusts nothing that it decodes.
 */
#include "registry/records.h"

#include <endian.h>
#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <stdlib.h>
#include <string.h>

/*
 * Behind times[] (all granted_until_s, then all stored_until_s) follow uint32_t lengths[count],
 * struct rrset_head heads[rrsets] and the rdata: an order in which nothing needs padding. A name
 * with one A record takes 46 bytes.
 */
struct records {
	uint16_t count;
	uint16_t rrsets;
	uint32_t size; /* of the whole block */
	int64_t times[];
};

struct rrset_head {
	uint16_t type;
	uint16_t count;
	uint32_t ttl_s;
	uint32_t rdata_size;
};

/* The stored form: a version, the number of RRsets, for each a head, for each record a head. */
enum {
	VERSION = 1,
	STORED_HEAD = 1 + 2,
	STORED_RRSET_HEAD = 2 + 4 + 2,
	STORED_RECORD_HEAD = 8 + 4 + 2,
	INSERTION_MAX = 16, /* up to here insertion sort beats qsort() and its allocation */
	SOA_NUMBERS_SIZE = 20,
};

static int64_t *
granted_times(const struct records *records)
{
	return ((struct records *)(uintptr_t)records)->times;
}

static int64_t *
stored_times(const struct records *records)
{
	return granted_times(records) + records->count;
}

static uint32_t *
lengths(const struct records *records)
{
	return (uint32_t *)(stored_times(records) + records->count);
}

static struct rrset_head *
heads(const struct records *records)
{
	return (struct rrset_head *)(lengths(records) + records->count);
}

static uint8_t *
rdata_bytes(const struct records *records)
{
	return (uint8_t *)(heads(records) + records->rrsets);
}

static size_t
block_size(size_t count, size_t rrsets, size_t rdata_size)
{
	return sizeof(struct records) + count * (2 * sizeof(int64_t) + sizeof(uint32_t)) +
	    rrsets * sizeof(struct rrset_head) + rdata_size;
}

/* NULL when out of memory. All that the caller has left to fill is what lies behind the head. */
static struct records *
new_block(size_t count, size_t rrsets, size_t rdata_size)
{
	size_t size = block_size(count, rrsets, rdata_size);
	struct records *records = malloc(size);

	if (records == NULL)
		return NULL;
	records->count = (uint16_t)count;
	records->rrsets = (uint16_t)rrsets;
	records->size = (uint32_t)size;
	return records;
}

static int
compare(const void *left, const void *right)
{
	const struct record *one = left;
	const struct record *other = right;

	if (one->type != other->type)
		return one->type < other->type ? -1 : 1;
	return knot_rdata_cmp(one->rdata, other->rdata);
}

static void
sort(struct record *list, size_t count)
{
	if (count > INSERTION_MAX) {
		qsort(list, count, sizeof(*list), compare);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		struct record moving = list[i];
		size_t place = i;

		for (; place > 0 && compare(&list[place - 1], &moving) > 0; place--)
			list[place] = list[place - 1];
		if (place != i)
			list[place] = moving;
	}
}

/* The size of a block for a list in any order; an RRset counts once for each run of its type. */
static size_t
size_of(const struct record *list, size_t count, size_t *ret_rrsets, size_t *ret_rdata_size)
{
	size_t rrsets = 0;
	size_t rdata_size = 0;

	for (size_t i = 0; i < count; i++) {
		if (i == 0 || list[i].type != list[i - 1].type)
			rrsets++;
		rdata_size += knot_rdata_size(list[i].rdata->len);
	}
	*ret_rrsets = rrsets;
	*ret_rdata_size = rdata_size;
	return block_size(count, rrsets, rdata_size);
}

struct records *
records_build(struct record *list, size_t count)
{
	struct records *records;
	struct rrset_head *head = NULL;
	size_t rrsets;
	size_t rdata_size;
	uint8_t *place;

	if (count == 0)
		return NULL;
	sort(list, count);
	if (size_of(list, count, &rrsets, &rdata_size) > RECORDS_SIZE_MAX)
		return NULL;
	records = new_block(count, rrsets, rdata_size);
	if (records == NULL)
		return NULL;
	place = rdata_bytes(records);
	for (size_t i = 0; i < count; i++) {
		size_t size = knot_rdata_size(list[i].rdata->len);

		granted_times(records)[i] = list[i].lease.granted_until_s;
		stored_times(records)[i] = list[i].lease.stored_until_s;
		lengths(records)[i] = list[i].lease.length_s;
		if (head == NULL || list[i].type != head->type) {
			head = head == NULL ? heads(records) : head + 1;
			*head = (struct rrset_head){ .type = list[i].type, .ttl_s = list[i].ttl_s };
		}
		head->count++;
		head->rdata_size += (uint32_t)size;
		knot_rdata_init((knot_rdata_t *)place, list[i].rdata->len, list[i].rdata->data);
		place += size;
	}
	return records;
}

bool
records_fit(const struct record *list, size_t count)
{
	size_t rdata_size = 0;

	/* As if each record were an RRset of its own, so that the order does not matter. */
	for (size_t i = 0; i < count; i++)
		rdata_size += knot_rdata_size(list[i].rdata->len);
	return block_size(count, count, rdata_size) <= RECORDS_SIZE_MAX;
}

void
records_free(struct records *records)
{
	free(records);
}

size_t
records_count(const struct records *records)
{
	return records != NULL ? records->count : 0;
}

bool
records_type(const struct records *records, size_t place, uint16_t *ret_type, uint16_t *ret_count)
{
	const struct rrset_head *head;

	if (records == NULL || place >= records->rrsets)
		return false;
	head = heads(records) + place;
	*ret_type = head->type;
	*ret_count = head->count;
	return true;
}

bool
records_next(const struct records *records, struct records_cursor *cursor,
    struct record *ret_record)
{
	const struct rrset_head *head;
	const knot_rdata_t *rdata;
	unsigned i = cursor->index;

	if (records == NULL || i >= records->count)
		return false;
	head = heads(records) + cursor->rrset;
	if (cursor->in_rrset == head->count) {
		head++;
		cursor->rrset++;
		cursor->in_rrset = 0;
	}
	rdata = (const knot_rdata_t *)(rdata_bytes(records) + cursor->rdata_offset);
	*ret_record = (struct record){
		.type = head->type,
		.ttl_s = head->ttl_s,
		.rdata = rdata,
		.lease = { granted_times(records)[i], stored_times(records)[i],
		    lengths(records)[i] },
	};
	cursor->rdata_offset += (uint32_t)knot_rdata_size(rdata->len);
	cursor->in_rrset++;
	cursor->index++;
	return true;
}

static bool
is_live(int64_t granted_until_s, int64_t now_s)
{
	return granted_until_s > now_s || now_s == INT64_MIN;
}

static unsigned
count_live(const int64_t *granted, unsigned count, int64_t now_s)
{
	unsigned live = 0;

	for (unsigned i = 0; i < count; i++)
		live += is_live(granted[i], now_s) ? 1 : 0;
	return live;
}

/* Leaves in set only the records that are live, as a copy in the arena. */
static void
copy_live(knot_rdataset_t *set, unsigned live, const int64_t *granted, int64_t now_s,
    struct arena *arena)
{
	uint8_t *copy = arena_take(arena, set->size);
	const knot_rdata_t *rdata = set->rdata;
	size_t copied = 0;

	if (copy == NULL)
		return;
	for (unsigned i = 0; i < set->count; i++) {
		size_t size = knot_rdata_size(rdata->len);

		if (is_live(granted[i], now_s)) {
			memcpy(copy + copied, rdata, size);
			copied += size;
		}
		rdata = (const knot_rdata_t *)((const uint8_t *)rdata + size);
	}
	set->rdata = (knot_rdata_t *)copy;
	set->count = (uint16_t)live;
	set->size = (uint32_t)copied;
}

bool
records_rrset(const struct records *records, const uint8_t *owner, uint16_t type, int64_t now_s,
    struct arena *arena, knot_rrset_t *ret_rrset)
{
	const struct rrset_head *head = records != NULL ? heads(records) : NULL;
	const struct rrset_head *end = records != NULL ? head + records->rrsets : NULL;
	const int64_t *granted = records != NULL ? granted_times(records) : NULL;
	uint8_t *rdata = records != NULL ? rdata_bytes(records) : NULL;
	unsigned live;

	for (; head != end && head->type < type; head++) {
		granted += head->count;
		rdata += head->rdata_size;
	}
	if (head == end || head->type != type)
		return false;
	live = count_live(granted, head->count, now_s);
	if (live == 0)
		return false;
	*ret_rrset = (knot_rrset_t){
		.owner = (knot_dname_t *)(uintptr_t)owner,
		.ttl = head->ttl_s,
		.type = type,
		.rclass = KNOT_CLASS_IN,
		.rrs = { .count = head->count,
		    .size = head->rdata_size,
		    .rdata = (knot_rdata_t *)rdata },
	};
	if (live < head->count)
		copy_live(&ret_rrset->rrs, live, granted, now_s, arena);
	return true;
}

bool
records_any_live(const struct records *records, int64_t now_s)
{
	for (size_t i = 0; i < records_count(records); i++)
		if (is_live(granted_times(records)[i], now_s))
			return true;
	return false;
}

int64_t
records_next_expiry(const struct records *records)
{
	int64_t earliest_s = LEASE_FOREVER;

	for (size_t i = 0; i < records_count(records); i++)
		if (granted_times(records)[i] < earliest_s)
			earliest_s = granted_times(records)[i];
	return earliest_s;
}

static int64_t
add_saturated(int64_t time_s, int64_t more_s)
{
	int64_t sum;

	if (time_s == LEASE_FOREVER)
		return LEASE_FOREVER;
	if (__builtin_add_overflow(time_s, more_s, &sum))
		sum = more_s > 0 ? INT64_MAX : INT64_MIN + 1;
	/* A time that ends, however late, must not become one that does not. */
	return sum == LEASE_FOREVER ? LEASE_FOREVER - 1 : sum;
}

int64_t
records_stored_until(int64_t granted_until_s, uint32_t length_s)
{
	return add_saturated(granted_until_s, length_s);
}

/* True when what the disk says of a record no longer covers this lease, or covers far too much. */
static bool
is_passed(int64_t stored_until_s, uint32_t length_s, const struct lease *lease)
{
	if (lease->granted_until_s > stored_until_s)
		return true;
	if (lease->granted_until_s != LEASE_FOREVER && stored_until_s == LEASE_FOREVER)
		return true;
	return lease->length_s < length_s &&
	    stored_until_s > records_stored_until(lease->granted_until_s, lease->length_s);
}

bool
records_must_store(const struct records *records, const struct record *list)
{
	for (size_t i = 0; i < records_count(records); i++)
		if (is_passed(stored_times(records)[i], lengths(records)[i], &list[i].lease))
			return true;
	return false;
}

bool
records_renew(struct records *records, const struct record *list)
{
	bool must_store = false;

	for (size_t i = 0; i < records_count(records); i++) {
		const struct lease *lease = &list[i].lease;

		if (is_passed(stored_times(records)[i], lengths(records)[i], lease)) {
			stored_times(records)[i] = records_stored_until(lease->granted_until_s,
			    lease->length_s);
			must_store = true;
		}
		granted_times(records)[i] = lease->granted_until_s;
		lengths(records)[i] = lease->length_s;
	}
	return must_store;
}

bool
records_set_serial(struct records *records, uint32_t serial)
{
	uint32_t wire = htobe32(serial);
	knot_rrset_t soa;

	if (!records_rrset(records, NULL, KNOT_RRTYPE_SOA, INT64_MIN, NULL, &soa) ||
	    soa.rrs.rdata->len < SOA_NUMBERS_SIZE)
		return false;
	/* RFC 1035 3.3.13: behind two names, five numbers, the serial first. */
	memcpy(soa.rrs.rdata->data + soa.rrs.rdata->len - SOA_NUMBERS_SIZE, &wire, sizeof(wire));
	return true;
}

static uint8_t *
put_u16(uint8_t *place, uint16_t value)
{
	value = htobe16(value);
	memcpy(place, &value, sizeof(value));
	return place + sizeof(value);
}

static uint8_t *
put_u32(uint8_t *place, uint32_t value)
{
	value = htobe32(value);
	memcpy(place, &value, sizeof(value));
	return place + sizeof(value);
}

static uint8_t *
put_i64(uint8_t *place, int64_t value)
{
	uint64_t wire = htobe64((uint64_t)value);

	memcpy(place, &wire, sizeof(wire));
	return place + sizeof(wire);
}

enum status
records_encode(const struct records *records, int64_t wall_offset_s, struct buffer *buffer)
{
	const struct rrset_head *head;
	const knot_rdata_t *rdata;
	enum status status;
	uint8_t *start;
	uint8_t *place;
	size_t i = 0;

	if (records == NULL)
		return STATUS_MALFORMED;
	/* The stored form is the smaller one, head by head. */
	status = buffer_reserve(buffer, records->size);
	if (status != STATUS_OK)
		return status;
	start = (uint8_t *)buffer->data + buffer->length;
	*start = VERSION;
	place = put_u16(start + 1, records->rrsets);
	rdata = (const knot_rdata_t *)rdata_bytes(records);
	head = heads(records);
	for (const struct rrset_head *end = head + records->rrsets; head != end; head++) {
		place = put_u16(place, head->type);
		place = put_u32(place, head->ttl_s);
		place = put_u16(place, head->count);
		for (unsigned left = head->count; left > 0; left--, i++) {
			place = put_i64(place,
			    add_saturated(stored_times(records)[i], wall_offset_s));
			place = put_u32(place, lengths(records)[i]);
			place = put_u16(place, rdata->len);
			memcpy(place, rdata->data, rdata->len);
			place += rdata->len;
			rdata = (const knot_rdata_t *)((const uint8_t *)rdata +
			    knot_rdata_size(rdata->len));
		}
	}
	buffer->length += (size_t)(place - start);
	return STATUS_OK;
}

/* What is left to be read; a read beyond the end yields zero and marks it. */
struct reader {
	const uint8_t *place;
	size_t left;
	bool is_short;
};

static const uint8_t *
take(struct reader *reader, size_t size)
{
	const uint8_t *place = reader->place;

	if (size > reader->left) {
		reader->is_short = true;
		reader->left = 0;
		return NULL;
	}
	reader->place += size;
	reader->left -= size;
	return place;
}

static uint64_t
take_number(struct reader *reader, size_t size)
{
	const uint8_t *bytes = take(reader, size);
	uint64_t value = 0;

	for (size_t i = 0; bytes != NULL && i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* Length of a NAPTR's order, preference and three character-strings, RFC 3403 4.1; 0: cut off. */
static size_t
naptr_head(const uint8_t *bytes, size_t left)
{
	size_t length = 4;

	for (int i = 0; i < 3; i++) {
		if (length >= left)
			return 0;
		length += 1U + bytes[length];
	}
	return length <= left ? length : 0;
}

/*
 * True when the rdata holds what libknot's table says of its type, no more and no less: those who
 * read an address or a name out of it need not look again.
 */
static bool
is_whole(uint16_t type, const uint8_t *bytes, size_t left)
{
	const knot_rdata_descriptor_t *form = knot_get_rdata_descriptor(type);
	const uint8_t *end = bytes + left;

	if (form->type_name == NULL)
		form = knot_get_obsolete_rdata_descriptor(type);
	for (const int *block = form->block_types; *block != KNOT_RDATA_WF_END; block++) {
		int size = *block;

		if (size == KNOT_RDATA_WF_REMAINDER)
			return true;
		if (size == KNOT_RDATA_WF_NAPTR_HEADER)
			size = (int)naptr_head(bytes, (size_t)(end - bytes));
		else if (size < 0)
			size = bytes < end ? knot_dname_wire_check(bytes, end, NULL) : 0;
		if (size <= 0 || size > end - bytes)
			return false;
		bytes += size;
	}
	return bytes == end;
}

/* Where decoding writes; all NULL in the first pass, which only checks and counts. */
struct target {
	struct records *records;
	size_t count;
	size_t rdata_size;
};

static void
fill_record(struct target *target, const struct lease *lease, uint16_t length, const uint8_t *bytes)
{
	struct records *records = target->records;

	if (records != NULL) {
		granted_times(records)[target->count] = lease->granted_until_s;
		stored_times(records)[target->count] = lease->stored_until_s;
		lengths(records)[target->count] = lease->length_s;
		knot_rdata_init((knot_rdata_t *)(rdata_bytes(records) + target->rdata_size), length,
		    bytes);
	}
	target->count++;
	target->rdata_size += knot_rdata_size(length);
}

/* -1, 0 or 1, as knot_rdata_cmp() on rdata that are not in its form. */
static int
compare_bytes(const uint8_t *one, size_t one_length, const uint8_t *other, size_t other_length)
{
	size_t common = one_length < other_length ? one_length : other_length;
	int order = common > 0 ? memcmp(one, other, common) : 0;

	if (order == 0 && one_length != other_length)
		order = one_length < other_length ? -1 : 1;
	return order;
}

/* One RRset behind its type. False when something is wrong with it. */
static bool
decode_rrset(struct reader *reader, uint16_t type, int64_t wall_offset_s, size_t index,
    struct target *target)
{
	struct rrset_head head = { .type = type };
	const uint8_t *last = NULL;
	size_t last_length = 0;
	size_t before = target->rdata_size;

	head.ttl_s = (uint32_t)take_number(reader, 4);
	head.count = (uint16_t)take_number(reader, 2);
	if (head.count == 0)
		return false;
	for (unsigned i = 0; i < head.count; i++) {
		int64_t stored_s = (int64_t)take_number(reader, 8);
		struct lease lease = { .length_s = (uint32_t)take_number(reader, 4) };
		uint16_t length = (uint16_t)take_number(reader, 2);
		const uint8_t *bytes = take(reader, length);

		if (reader->is_short || !is_whole(type, bytes, length))
			return false;
		if (i > 0 && compare_bytes(last, last_length, bytes, length) >= 0)
			return false;
		lease.stored_until_s = add_saturated(stored_s, wall_offset_s);
		lease.granted_until_s = lease.stored_until_s;
		fill_record(target, &lease, length, bytes);
		last = bytes;
		last_length = length;
	}
	head.rdata_size = (uint32_t)(target->rdata_size - before);
	if (target->records != NULL)
		heads(target->records)[index] = head;
	return true;
}

/* One pass over all RRsets. wall_offset_s is what to add to a stored time. */
static bool
decode_all(struct reader reader, size_t rrsets, int64_t wall_offset_s, struct target *target)
{
	uint16_t last_type = 0;

	for (size_t i = 0; i < rrsets; i++) {
		uint16_t type = (uint16_t)take_number(&reader, 2);

		if (reader.is_short || (i > 0 && type <= last_type) ||
		    !decode_rrset(&reader, type, wall_offset_s, i, target))
			return false;
		last_type = type;
	}
	return reader.left == 0;
}

enum status
records_decode(const uint8_t *bytes, size_t length, int64_t wall_offset_s,
    struct records **ret_records)
{
	struct reader reader = { .place = bytes, .left = length };
	struct target counted = { .records = NULL };
	struct target filled = { .records = NULL };
	size_t rrsets;
	int64_t back_s = wall_offset_s > INT64_MIN ? -wall_offset_s : INT64_MAX;

	if (length < STORED_HEAD || length > RECORDS_SIZE_MAX || take_number(&reader, 1) != VERSION)
		return STATUS_DAMAGED;
	rrsets = (size_t)take_number(&reader, 2);
	if (rrsets == 0 || !decode_all(reader, rrsets, back_s, &counted) ||
	    block_size(counted.count, rrsets, counted.rdata_size) > RECORDS_SIZE_MAX)
		return STATUS_DAMAGED;
	filled.records = new_block(counted.count, rrsets, counted.rdata_size);
	if (filled.records == NULL)
		return STATUS_NO_MEMORY;
	(void)decode_all(reader, rrsets, back_s, &filled);
	*ret_records = filled.records;
	return STATUS_OK;
}
