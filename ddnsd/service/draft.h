/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A draft: one name's records as they will stand when the message is applied. The changes of an
 * update are made to drafts (RFC 2136 3.4.2); the registry sees only the result.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "registry/registry.h"
#include "wire/update.h"

struct draft {
	struct node *node;
	bool is_apex;
	bool has_expired;   /* records of the node had ended, and are not in the list */
	bool is_over_lease; /* a lease's records stand in the node, and give way to what is added */
	bool has_additions; /* also of records that were there already */
	size_t addresses_before;
	struct record *list; /* sorted as records_next() gives them */
	size_t count;
	size_t capacity;
};

/*
 * Loads the live records of a node. over_lease: they are a lease's, and the draft is somebody's who
 * comes before it: it begins empty. The list lives in the arena. STATUS_NO_MEMORY.
 */
enum status draft_init(struct draft *draft, struct node *node, bool over_lease, int64_t now_s,
    struct arena *arena);

/*
 * Makes one change (rules 11 to 16). What RFC 2136 has ignored is ignored: STATUS_OK. lease is for what
 * is added; a record that is there already and is added again takes it too.
 */
enum status draft_apply(struct draft *draft, const struct change *change, const struct lease *lease,
    struct arena *arena);

/*
 * True when the draft's records, leases aside, are those that the node serves: what had expired and
 * came back is a change.
 */
bool draft_is_unchanged(const struct draft *draft);

/* True when SOA or NS differ between the draft and the node. */
bool draft_changes_apex_types(const struct draft *draft);

/* True when the SOA's serial differs: a client has brought its own (rule 13). */
bool draft_changes_serial(const struct draft *draft);

/* Number of A and AAAA records. */
size_t draft_addresses(const struct draft *draft);
