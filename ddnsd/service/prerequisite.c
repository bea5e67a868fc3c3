/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks prerequisites against what is registered. Changes nothing. */
#include "service/prerequisite.h"

#include <string.h>

static bool
has_rrset(const struct zone *zone, const struct prerequisite *wanted, int64_t now_s,
    struct arena *arena)
{
	const struct node *node = zone_find(zone, wanted->name);
	knot_rrset_t rrset;

	return node != NULL &&
	    records_rrset(node_records(node), wanted->name, wanted->type, now_s, arena, &rrset);
}

static bool
is_in_use(const struct zone *zone, const uint8_t *name, int64_t now_s)
{
	const struct node *node = zone_find(zone, name);

	return node != NULL && records_any_live(node_records(node), now_s);
}

static enum status
check_one(const struct zone *zone, const struct prerequisite *wanted, int64_t now_s,
    struct arena *arena)
{
	switch (wanted->kind) {
	case PREREQUISITE_NAME_IN_USE:
		return is_in_use(zone, wanted->name, now_s) ? STATUS_OK : STATUS_NAME_MISSING;
	case PREREQUISITE_NAME_NOT_IN_USE:
		return is_in_use(zone, wanted->name, now_s) ? STATUS_NAME_EXISTS : STATUS_OK;
	case PREREQUISITE_RRSET_EXISTS:
		return has_rrset(zone, wanted, now_s, arena) ? STATUS_OK : STATUS_RRSET_MISSING;
	case PREREQUISITE_RRSET_ABSENT:
		return has_rrset(zone, wanted, now_s, arena) ? STATUS_RRSET_EXISTS : STATUS_OK;
	case PREREQUISITE_RRSET_EQUALS:
		break;
	}
	return STATUS_OK;
}

static bool
speak_of_one_rrset(const struct prerequisite *one, const struct prerequisite *other)
{
	return one->kind == other->kind && one->type == other->type &&
	    name_is_equal(one->name, other->name);
}

/* The RRset that the prerequisites from index on ask for, without repetitions. */
static enum status
collect(const struct update *update, size_t index, knot_rdataset_t *ret_wanted, knot_mm_t *memory)
{
	const struct prerequisite *first = &update->prerequisites[index];

	knot_rdataset_init(ret_wanted);
	for (size_t i = index; i < update->prerequisite_count; i++) {
		if (speak_of_one_rrset(first, &update->prerequisites[i]) &&
		    knot_rdataset_add(ret_wanted, update->prerequisites[i].rdata, memory) != 0)
			return STATUS_NO_MEMORY;
	}
	return STATUS_OK;
}

static bool
is_first_of_rrset(const struct update *update, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (speak_of_one_rrset(&update->prerequisites[i], &update->prerequisites[index]))
			return false;
	}
	return true;
}

static void *
take(void *arena, size_t size)
{
	return arena_take(arena, size);
}

static void
keep(void *pointer)
{
	(void)pointer;
}

static enum status
check_exact(const struct zone *zone, const struct update *update, size_t index, int64_t now_s,
    struct arena *arena)
{
	const struct prerequisite *first = &update->prerequisites[index];
	const struct node *node = zone_find(zone, first->name);
	knot_mm_t memory = { .ctx = arena, .alloc = take, .free = keep };
	knot_rdataset_t wanted;
	knot_rrset_t rrset;

	if (node == NULL ||
	    !records_rrset(node_records(node), first->name, first->type, now_s, arena, &rrset))
		return STATUS_RRSET_MISSING;
	if (collect(update, index, &wanted, &memory) != STATUS_OK)
		return STATUS_NO_MEMORY;
	return knot_rdataset_eq(&wanted, &rrset.rrs) ? STATUS_OK : STATUS_RRSET_MISSING;
}

enum status
prerequisite_check(const struct zone *zone, const struct update *update, int64_t now_s,
    struct arena *arena)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < update->prerequisite_count && status == STATUS_OK; i++)
		status = check_one(zone, &update->prerequisites[i], now_s, arena);
	for (size_t i = 0; i < update->prerequisite_count && status == STATUS_OK; i++) {
		if (update->prerequisites[i].kind == PREREQUISITE_RRSET_EQUALS &&
		    is_first_of_rrset(update, i))
			status = check_exact(zone, update, i, now_s, arena);
	}
	return status;
}
