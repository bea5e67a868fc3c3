/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Records counted by type, in a table of fixed size: the types that clients use have a place each,
 * all others share one. Knows no zone.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "registry/records.h"

enum { TALLY_PLACES = 18 };

/* Zeroed is empty. */
struct tally {
	uint64_t records[TALLY_PLACES];
};

/* All records of the block, ended leases included. NULL: none. What is taken off was added before. */
void tally_add(struct tally *tally, const struct records *records);
void tally_take_off(struct tally *tally, const struct records *records);

/* "A", "AAAA", ..., "other". Static. */
const char *tally_text(size_t place);
