/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What the service has done since it began, counted: updates by door and by what became of them,
 * and how long commits took. Plain increments; nobody decides by them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/status.h"

enum counted_door {
	COUNTED_UDP,
	COUNTED_TCP,
	COUNTED_UNIX,
	COUNTED_HTTP,
	COUNTED_HTTPS,
	COUNTED_LEASE, /* names of DHCP leases: the daemon's own updates, by whichever door they came */
	COUNTED_OTHER,
	COUNTED_DOORS
};

enum update_outcome {
	OUTCOME_CHANGED,
	OUTCOME_UNCHANGED, /* renewed, or as it was */
	OUTCOME_SOURCE,    /* the key may not speak from there */
	OUTCOME_GRANT,
	OUTCOME_ADDRESS, /* unsigned: not the sender's own */
	OUTCOME_OWNER,
	OUTCOME_ZONE,
	OUTCOME_RATE,
	OUTCOME_ADDRESSES,
	OUTCOME_SIZE,
	OUTCOME_NAMES,
	OUTCOME_NAMES_OF_KEY,
	OUTCOME_NAME_EXISTS,
	OUTCOME_NAME_MISSING,
	OUTCOME_RRSET_EXISTS,
	OUTCOME_RRSET_MISSING,
	OUTCOME_MALFORMED,
	OUTCOME_MEMORY,
	OUTCOME_STORE, /* was accepted, but could not be made durable */
	OUTCOME_FAILED,
	OUTCOMES
};

struct service_counts {
	uint64_t updates[COUNTED_DOORS][OUTCOMES];
	/* Accepted in the open turn: whether they stay so, its commit tells. */
	uint64_t open[COUNTED_DOORS][OUTCOME_UNCHANGED + 1];
	struct histogram commits;
	uint64_t commits_failed;
};

/* One update; accepted ones stay open until counts_note_turn(). */
void counts_note_update(struct service_counts *counts, enum counted_door door,
    enum update_outcome outcome);

/* The open turn is over. */
void counts_note_turn(struct service_counts *counts, bool is_committed);

/* The door of a request, by its text. */
enum counted_door counted_door_of(const char *text);

/* What a status says where the service did not say more. STATUS_OK is OUTCOME_UNCHANGED. */
enum update_outcome update_outcome_of(enum status status);

/* Words for people and for labels, static: "udp"; "refused"; "grant". */
const char *counted_door_text(enum counted_door door);
const char *update_outcome_result(enum update_outcome outcome);
const char *update_outcome_reason(enum update_outcome outcome);
