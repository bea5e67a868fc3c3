/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is registered, on disk: one SQLite database, one row a name. Turns collect puts and
 * deletes and become durable in store_commit(), with one sync. Never looks into the records.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct store;

/* One name. Texts and bytes are borrowed in both directions. */
struct store_row {
	const char *name;  /* presentation form, without the final dot */
	const char *owner; /* identity, "" = the zone's own */
	int64_t created_s; /* wall clock */
	int64_t changed_s;
	const uint8_t *records; /* records_encode() */
	size_t records_size;
};

enum { STORE_PROBLEM_MAX = 512 };

/*
 * Opens or creates the database (mode 0640 at most) and checks it: schema version, integrity.
 *
 *   STATUS_OK         ready. ret_problem is empty, or tells in one sentence what was mended: a damaged
 *                     file was moved aside to PATH.damaged-N and every row that could be read was
 *                     brought over into a new one.
 *   STATUS_READ_ONLY  *ret_store can be read and every commit fails, until the medium can be written
 *                     again: each store_commit() tries to reopen it.
 *   STATUS_TOO_NEW    written by a newer ddnsd: left untouched.
 *   others            nothing is opened; ret_problem says what, where, and what to do.
 */
enum status store_open(const char *path, struct store **ret_store,
    char ret_problem[static STORE_PROBLEM_MAX]);

/* Rolls back what is open, checkpoints, closes. Takes NULL. */
void store_close(struct store *store);

/* Hands every row to handler, in any order; ends at its first failure and returns that. */
enum status store_load(struct store *store,
    enum status (*handler)(void *context, const struct store_row *row), void *context);

/* Adds to the open transaction, opening one if there is none. On failure roll back. */
enum status store_put(struct store *store, const struct store_row *row);
enum status store_delete(struct store *store, const char *name);

/*
 * Wall-clock time of the last commit, 0 in a new database: a clock that shows less is wrong (no
 * RTC). store_put() callers need not care: it is written with each commit that stores rows.
 */
int64_t store_last_commit_s(const struct store *store);

/*
 * Makes the open transaction durable: on return with STATUS_OK it survives a power cut. Nothing
 * open is STATUS_OK and costs nothing. On failure (STATUS_NO_SPACE, STATUS_READ_ONLY, STATUS_IO) the
 * transaction is rolled back and the store is ready to try again. wall_s dates the commit.
 */
enum status store_commit(struct store *store, int64_t wall_s);
void store_rollback(struct store *store);

/* The last failure in words (SQLite's and errno's), for the log. Static storage or the store's. */
const char *store_problem(const struct store *store);

/* Bytes of the database and its write-ahead log. */
uint64_t store_size(const struct store *store);
