/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The counters, and the tables of words for them. */
#include "service/counts.h"

#include <string.h>

static const char *const doors[COUNTED_DOORS] = {
	[COUNTED_UDP] = "udp",
	[COUNTED_TCP] = "tcp",
	[COUNTED_UNIX] = "unix",
	[COUNTED_HTTP] = "http",
	[COUNTED_HTTPS] = "https",
	[COUNTED_LEASE] = "lease",
	[COUNTED_OTHER] = "other",
};

static const struct words {
	const char *result;
	const char *reason;
} words[OUTCOMES] = {
	[OUTCOME_CHANGED] = { "accepted", "changed" },
	[OUTCOME_UNCHANGED] = { "unchanged", "same" },
	[OUTCOME_SOURCE] = { "refused", "source" },
	[OUTCOME_GRANT] = { "refused", "grant" },
	[OUTCOME_ADDRESS] = { "refused", "not_own_address" },
	[OUTCOME_OWNER] = { "refused", "owner" },
	[OUTCOME_ZONE] = { "refused", "zone" },
	[OUTCOME_RATE] = { "limited", "rate" },
	[OUTCOME_ADDRESSES] = { "limited", "addresses_per_name" },
	[OUTCOME_SIZE] = { "limited", "size" },
	[OUTCOME_NAMES] = { "limited", "names" },
	[OUTCOME_NAMES_OF_KEY] = { "limited", "names_per_key" },
	[OUTCOME_NAME_EXISTS] = { "prerequisite", "name_exists" },
	[OUTCOME_NAME_MISSING] = { "prerequisite", "name_missing" },
	[OUTCOME_RRSET_EXISTS] = { "prerequisite", "rrset_exists" },
	[OUTCOME_RRSET_MISSING] = { "prerequisite", "rrset_missing" },
	[OUTCOME_MALFORMED] = { "malformed", "malformed" },
	[OUTCOME_MEMORY] = { "failed", "memory" },
	[OUTCOME_STORE] = { "failed", "store" },
	[OUTCOME_FAILED] = { "failed", "other" },
};

void
counts_note_update(struct service_counts *counts, enum counted_door door,
    enum update_outcome outcome)
{
	bool is_accepted = outcome == OUTCOME_CHANGED || outcome == OUTCOME_UNCHANGED;

	if (is_accepted)
		counts->open[door][outcome]++;
	else
		counts->updates[door][outcome]++;
}

void
counts_note_turn(struct service_counts *counts, bool is_committed)
{
	for (size_t door = 0; door < COUNTED_DOORS; door++) {
		for (size_t outcome = 0; outcome <= OUTCOME_UNCHANGED; outcome++) {
			counts->updates[door][is_committed ? outcome : OUTCOME_STORE] +=
			    counts->open[door][outcome];
			counts->open[door][outcome] = 0;
		}
	}
}

enum counted_door
counted_door_of(const char *text)
{
	for (size_t i = 0; i < COUNTED_DOORS; i++) {
		if (strcmp(doors[i], text) == 0)
			return (enum counted_door)i;
	}
	return COUNTED_OTHER;
}

enum update_outcome
update_outcome_of(enum status status)
{
	switch (status) {
	case STATUS_OK:
		return OUTCOME_UNCHANGED;
	case STATUS_REFUSED:
		return OUTCOME_GRANT;
	case STATUS_LIMITED:
		return OUTCOME_RATE;
	case STATUS_NOT_OUR_ZONE:
		return OUTCOME_ZONE;
	case STATUS_NAME_EXISTS:
		return OUTCOME_NAME_EXISTS;
	case STATUS_NAME_MISSING:
		return OUTCOME_NAME_MISSING;
	case STATUS_RRSET_EXISTS:
		return OUTCOME_RRSET_EXISTS;
	case STATUS_RRSET_MISSING:
		return OUTCOME_RRSET_MISSING;
	case STATUS_MALFORMED:
	case STATUS_OUTSIDE_ZONE:
	case STATUS_NOT_IMPLEMENTED:
		return OUTCOME_MALFORMED;
	case STATUS_NO_MEMORY:
		return OUTCOME_MEMORY;
	default:
		return OUTCOME_FAILED;
	}
}

const char *
counted_door_text(enum counted_door door)
{
	return doors[door];
}

const char *
update_outcome_result(enum update_outcome outcome)
{
	return words[outcome].result;
}

const char *
update_outcome_reason(enum update_outcome outcome)
{
	return words[outcome].reason;
}
