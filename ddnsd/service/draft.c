/* SPDX-License-Identifier: GPL-3.0-or-later */
/* RFC 2136 3.4.2 on the records of one name. Touches neither registry nor store. */
#include "service/draft.h"

#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>
#include <string.h>

enum { ROOM = 8 };

enum status
draft_init(struct draft *draft, struct node *node, bool over_lease, int64_t now_s,
    struct arena *arena)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	*draft = (struct draft){
		.node = node,
		.is_apex = name_is_equal(node_name(node), zone_apex(node_zone(node))),
		.is_over_lease = over_lease,
		.capacity = records_count(node_records(node)) + ROOM,
	};
	draft->list = arena_take(arena, draft->capacity * sizeof(*draft->list));
	if (draft->list == NULL)
		return STATUS_NO_MEMORY;
	while (!over_lease && records_next(node_records(node), &cursor, &record)) {
		if (record.lease.granted_until_s > now_s)
			draft->list[draft->count++] = record;
		else
			draft->has_expired = true;
	}
	draft->addresses_before = draft_addresses(draft);
	return STATUS_OK;
}

static void
take_out(struct draft *draft, size_t index)
{
	draft->count--;
	memmove(&draft->list[index], &draft->list[index + 1],
	    (draft->count - index) * sizeof(*draft->list));
}

static void
take_out_type(struct draft *draft, uint16_t type)
{
	size_t kept = 0;

	for (size_t i = 0; i < draft->count; i++) {
		if (draft->list[i].type != type)
			draft->list[kept++] = draft->list[i];
	}
	draft->count = kept;
}

static size_t
count_type(const struct draft *draft, uint16_t type)
{
	size_t count = 0;

	for (size_t i = 0; i < draft->count; i++)
		count += draft->list[i].type == type;
	return count;
}

/* Where the record stands or would stand; *ret_found tells which. */
static size_t
find(const struct draft *draft, uint16_t type, const knot_rdata_t *rdata, bool *ret_found)
{
	*ret_found = false;
	for (size_t i = 0; i < draft->count; i++) {
		const struct record *record = &draft->list[i];
		int order;

		if (record->type < type)
			continue;
		if (record->type > type)
			return i;
		order = knot_rdata_cmp(record->rdata, rdata);
		if (order < 0)
			continue;
		*ret_found = order == 0;
		return i;
	}
	return draft->count;
}

static enum status
grow(struct draft *draft, struct arena *arena)
{
	size_t capacity = 2 * draft->capacity;
	struct record *list;

	if (draft->count < draft->capacity)
		return STATUS_OK;
	list = arena_take(arena, capacity * sizeof(*list));
	if (list == NULL)
		return STATUS_NO_MEMORY;
	memcpy(list, draft->list, draft->count * sizeof(*list));
	draft->list = list;
	draft->capacity = capacity;
	return STATUS_OK;
}

/* Rule 13: true when the SOA may take the place of the one there. */
static bool
is_newer_soa(const struct draft *draft, const knot_rdata_t *rdata)
{
	for (size_t i = 0; i < draft->count; i++) {
		if (draft->list[i].type == KNOT_RRTYPE_SOA) {
			/* RFC 1982 3.2. */
			uint32_t ahead = knot_soa_serial(rdata) -
			    knot_soa_serial(draft->list[i].rdata);

			return ahead != 0 && ahead < 0x80000000u;
		}
	}
	return true;
}

/* Rules 12 and 13: true when the addition is to be ignored; makes way for one that replaces. */
static bool
is_ignored(struct draft *draft, const struct change *change)
{
	size_t cnames = count_type(draft, KNOT_RRTYPE_CNAME);

	if (change->type == KNOT_RRTYPE_CNAME) {
		if (draft->count > cnames)
			return true;
		if (cnames > 0 && knot_rdata_cmp(draft->list[0].rdata, change->rdata) != 0)
			take_out_type(draft, KNOT_RRTYPE_CNAME);
		return false;
	}
	if (cnames > 0)
		return true;
	if (change->type != KNOT_RRTYPE_SOA)
		return false;
	if (!draft->is_apex || !is_newer_soa(draft, change->rdata))
		return true;
	take_out_type(draft, KNOT_RRTYPE_SOA);
	return false;
}

/* Rules 14 and 15: the zone does not stand without them. */
static bool
is_kept_at_apex(const struct draft *draft, uint16_t type)
{
	return draft->is_apex && (type == KNOT_RRTYPE_SOA || type == KNOT_RRTYPE_NS);
}

static enum status
add(struct draft *draft, const struct change *change, const struct lease *lease,
    struct arena *arena)
{
	struct record record = { change->type, change->ttl_s, change->rdata, *lease };
	bool is_there;
	size_t at;

	if (is_ignored(draft, change))
		return STATUS_OK;
	draft->has_additions = true;
	if (is_kept_at_apex(draft, change->type))
		record.lease = (struct lease){ LEASE_FOREVER, LEASE_FOREVER, 0 };
	at = find(draft, change->type, change->rdata, &is_there);
	if (is_there) {
		record.rdata = draft->list[at].rdata;
		draft->list[at] = record;
	} else {
		if (grow(draft, arena) != STATUS_OK)
			return STATUS_NO_MEMORY;
		memmove(&draft->list[at + 1], &draft->list[at],
		    (draft->count - at) * sizeof(*draft->list));
		draft->list[at] = record;
		draft->count++;
	}
	/* Rule 11, RFC 2181 5.2: one TTL for the whole RRset. */
	for (size_t i = 0; i < draft->count; i++) {
		if (draft->list[i].type == change->type)
			draft->list[i].ttl_s = change->ttl_s;
	}
	return STATUS_OK;
}

static void
delete_name(struct draft *draft)
{
	size_t kept = 0;

	for (size_t i = 0; i < draft->count; i++) {
		if (is_kept_at_apex(draft, draft->list[i].type))
			draft->list[kept++] = draft->list[i];
	}
	draft->count = kept;
}

static void
delete_one(struct draft *draft, const struct change *change)
{
	bool is_there;
	size_t at = find(draft, change->type, change->rdata, &is_there);

	if (!is_there || change->type == KNOT_RRTYPE_SOA)
		return;
	if (is_kept_at_apex(draft, change->type) && count_type(draft, change->type) == 1)
		return;
	take_out(draft, at);
}

enum status
draft_apply(struct draft *draft, const struct change *change, const struct lease *lease,
    struct arena *arena)
{
	switch (change->kind) {
	case CHANGE_ADD:
		return add(draft, change, lease, arena);
	case CHANGE_DELETE_RRSET:
		if (!is_kept_at_apex(draft, change->type))
			take_out_type(draft, change->type);
		return STATUS_OK;
	case CHANGE_DELETE_NAME:
		delete_name(draft);
		return STATUS_OK;
	case CHANGE_DELETE:
		delete_one(draft, change);
		return STATUS_OK;
	}
	return STATUS_MALFORMED;
}

static bool
is_same(const struct record *one, const struct record *other)
{
	return one->type == other->type && one->ttl_s == other->ttl_s &&
	    knot_rdata_cmp(one->rdata, other->rdata) == 0;
}

bool
draft_is_unchanged(const struct draft *draft)
{
	const struct records *records = node_records(draft->node);
	struct records_cursor cursor = { 0 };
	struct record record;

	if (draft->is_over_lease)
		return draft->count == 0;
	if (draft->has_expired || draft->count != records_count(records))
		return false;
	for (size_t i = 0; records_next(records, &cursor, &record); i++) {
		if (!is_same(&draft->list[i], &record))
			return false;
	}
	return true;
}

/* True when the records of this type differ between the draft and the node. */
static bool
changes_type(const struct draft *draft, uint16_t type)
{
	struct records_cursor cursor = { 0 };
	struct record record;
	size_t count = 0;
	bool is_there;

	while (records_next(node_records(draft->node), &cursor, &record)) {
		size_t at;

		if (record.type != type)
			continue;
		count++;
		at = find(draft, type, record.rdata, &is_there);
		if (!is_there || draft->list[at].ttl_s != record.ttl_s)
			return true;
	}
	return count != count_type(draft, type);
}

bool
draft_changes_apex_types(const struct draft *draft)
{
	return draft->is_apex &&
	    (changes_type(draft, KNOT_RRTYPE_SOA) || changes_type(draft, KNOT_RRTYPE_NS));
}

bool
draft_changes_serial(const struct draft *draft)
{
	return draft->is_apex && changes_type(draft, KNOT_RRTYPE_SOA);
}

size_t
draft_addresses(const struct draft *draft)
{
	return count_type(draft, KNOT_RRTYPE_A) + count_type(draft, KNOT_RRTYPE_AAAA);
}
