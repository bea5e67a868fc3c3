/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Checks prerequisites against what is registered. Changes nothing. */
#include "service/prerequisite.h"

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

/* True when this record is among those that the prerequisites from index on ask for. */
static bool
is_asked_for(const struct update *update, size_t index, const knot_rdata_t *rdata)
{
	for (size_t i = index; i < update->prerequisite_count; i++) {
		const struct prerequisite *asked = &update->prerequisites[i];

		if (asked->kind == PREREQUISITE_RRSET_EQUALS &&
		    knot_rdata_cmp(asked->rdata, rdata) == 0 &&
		    speak_of_one_rrset(&update->prerequisites[index], asked))
			return true;
	}
	return false;
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

/* Two sets are equal when each holds all of the other: no third one is built, nothing is sorted. */
static enum status
check_exact(const struct zone *zone, const struct update *update, size_t index, int64_t now_s,
    struct arena *arena)
{
	const struct prerequisite *first = &update->prerequisites[index];
	const struct node *node = zone_find(zone, first->name);
	const knot_rdata_t *rdata;
	knot_rrset_t rrset;

	if (node == NULL ||
	    !records_rrset(node_records(node), first->name, first->type, now_s, arena, &rrset))
		return STATUS_RRSET_MISSING;
	for (size_t i = index; i < update->prerequisite_count; i++) {
		const struct prerequisite *asked = &update->prerequisites[i];

		if (speak_of_one_rrset(first, asked) &&
		    !knot_rdataset_member(&rrset.rrs, asked->rdata))
			return STATUS_RRSET_MISSING;
	}
	rdata = rrset.rrs.rdata;
	for (uint16_t i = 0; i < rrset.rrs.count; i++) {
		if (!is_asked_for(update, index, rdata))
			return STATUS_RRSET_MISSING;
		rdata = (const knot_rdata_t *)((const uint8_t *)rdata +
		    knot_rdata_size(rdata->len));
	}
	return STATUS_OK;
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
