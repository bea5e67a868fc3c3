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
 * Opens or creates the database (mode 0640), locks out other daemons, and checks it: whose it is,
 * schema version, integrity. Nothing else in this process may open the file: closing it would drop
 * SQLite's locks. Other programs may read it, and write to it in short transactions.
 *
 *   STATUS_OK         ready. ret_problem is empty, or tells in one sentence what was mended: a
 *                     damaged file was moved aside to PATH.damaged-N and every row that could be
 *                     read was brought over into a new one.
 *   STATUS_READ_ONLY  *ret_store can be read, its log included, and ret_problem says why no more
 *                     (a read-only medium, a full one, permissions). Each transaction begins by
 *                     trying to open it for writing.
 *   STATUS_TOO_NEW    written by a newer ddnsd: left untouched.
 *   STATUS_REFUSED    the database of another program: left untouched.
 *   others            nothing is opened; ret_problem says what, where, and what to do: no such
 *                     folder, no permission, in use by another ddnsd, no room to create it, ...
 */
enum status store_open(const char *path, struct store **ret_store,
    char ret_problem[static STORE_PROBLEM_MAX]);

/* Rolls back what is open, checkpoints, closes. Takes NULL. */
void store_close(struct store *store);

/*
 * Hands every row to handler, in any order; ends at its first failure and returns that. The handler
 * must not call the store. STATUS_DAMAGED: pages were damaged since the start; all that can be read
 * was handed out.
 */
enum status store_load(struct store *store,
    enum status (*handler)(void *context, const struct store_row *row), void *context);

/*
 * Adds to the open transaction, opening one if there is none. On failure (that of store_commit(),
 * STATUS_DAMAGED or STATUS_NO_MEMORY) roll back. No row to delete is STATUS_OK.
 */
enum status store_put(struct store *store, const struct store_row *row);
enum status store_delete(struct store *store, const char *name);

/*
 * Wall-clock time of the last commit, 0 in a new database: a clock that shows less is wrong (no
 * RTC). After a start it is the newest of changed_s of all rows and of the times of the files, so
 * that it costs no write; only a last commit that merely deleted may go unseen, if files were copied.
 */
int64_t store_last_commit_s(const struct store *store);

/*
 * Makes the open transaction durable: on return with STATUS_OK it survives a power cut. Nothing
 * open is STATUS_OK and costs nothing. On failure (STATUS_NO_SPACE, STATUS_READ_ONLY, STATUS_IO,
 * rarely another) the transaction is rolled back and the store is ready to try again; should the
 * process die before it does, the rows of a commit that failed may be found stored. wall_s dates
 * the commit.
 */
enum status store_commit(struct store *store, int64_t wall_s);
void store_rollback(struct store *store);

/* The last failure in words (SQLite's and errno's), for the log. The store's, until its next one. */
const char *store_problem(const struct store *store);

/* Bytes of the database and its write-ahead log. */
uint64_t store_size(const struct store *store);
