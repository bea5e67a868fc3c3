/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The store's commit, which fails on request, takes time and is counted. For one file of a program,
 * which says LDWRAP: store_commit.
 */
#pragma once

#include <stdint.h>

#include "registry/store.h"

#include "served.h"

static enum status commit_outcome; /* what the next ones come to; STATUS_OK: the real one decides */
static int64_t commit_takes_ms;
static unsigned commits_seen;

enum status __real_store_commit(struct store *store, int64_t wall_s);
enum status __wrap_store_commit(struct store *store, int64_t wall_s);

enum status
__wrap_store_commit(struct store *store, int64_t wall_s)
{
	commits_seen++;
	served_now_ms += commit_takes_ms;
	if (commit_outcome == STATUS_OK)
		return __real_store_commit(store, wall_s);
	store_rollback(store);
	return commit_outcome;
}
