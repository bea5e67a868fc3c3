/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The MACs of accepted updates, remembered for as long as their fudge would let them in again
 * (rule 30). A bounded table; the oldest goes first. Memory is touched only as it fills.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { REPLAY_CAPACITY = 65536 };

struct replay;

/* What the first message was told, so that a repeat hears the same. */
struct replay_answer {
	enum status status;
	bool has_lease;
	uint32_t lease_s;
};

/* NULL when out of memory. */
struct replay *replay_new(void);
void replay_free(struct replay *replay);

/*
 * True when this MAC was seen and is not out of date at now_s (wall clock, as TSIG's own). size is
 * at least 10, as tsig_verify() sees to; a MAC and the same one truncated further are the same.
 */
bool replay_find(const struct replay *replay, const uint8_t *mac, size_t size, int64_t now_s,
    struct replay_answer *ret_answer);

/* Remembers it up to and including valid_until_s (wall clock): Time Signed + Fudge. The caller has made sure that it is new. */
void replay_add(struct replay *replay, const uint8_t *mac, size_t size, int64_t valid_until_s,
    const struct replay_answer *answer);

/*
 * A mark, and the way back to it: what was added since is forgotten. For a turn whose commit
 * failed: its messages were not applied, so their repeats must be.
 */
uint64_t replay_mark(const struct replay *replay);
void replay_forget_since(struct replay *replay, uint64_t mark);
