/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is registered, on disk: one SQLite database, one row a name. Turns collect puts and
 * deletes and become durable in store_commit(), with one sync. Never looks into the records.
 */
#pragma once

#include <stdbool.h>
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
 * that it costs no write; only a last commit that merely deleted, or changed facts, may go unseen,
 * if files were copied.
 */
int64_t store_last_commit_s(const struct store *store);

/* True from a STATUS_READ_ONLY of store_open() until a transaction could be written. */
bool store_is_read_only(const struct store *store);

/*
 * Makes the open transaction durable: on return with STATUS_OK it survives a power cut. Nothing
 * open is STATUS_OK and costs nothing. On failure (STATUS_NO_SPACE, STATUS_READ_ONLY, STATUS_IO,
 * rarely another) the transaction is rolled back and the store is ready to try again; should the
 * process die before it does, the rows of a commit that failed may be found stored. wall_s dates
 * the commit.
 */
enum status store_commit(struct store *store, int64_t wall_s);
void store_rollback(struct store *store);

/* --- facts: what must be remembered beside the names --- */

enum {
	STORE_FACT_MAX = 16384,    /* octets of a value */
	STORE_FACT_KEY_MAX = 1000, /* octets of kind and key together */
};

/*
 * Small texts under a kind and a key ("lease", "192.168.1.17"), in a table of their own; part of
 * the same transactions. Neither kind nor key is empty or has an octet 1 or 255. Puts and deletes
 * fail as store_put() and store_delete() do; a put over a ceiling is STATUS_TOO_LARGE, and the
 * transaction may go on without it. What a fact's value says is its owner's.
 */
enum status store_put_fact(struct store *store, const char *kind, const char *key,
    const char *value);
enum status store_delete_fact(struct store *store, const char *kind, const char *key);

/* Hands out all facts of a kind, as store_load() does the names. */
enum status store_load_facts(struct store *store, const char *kind,
    enum status (*handler)(void *context, const char *key, const char *value), void *context);

/* --- copies --- */

/* A copy of the whole database as of the last commit is refused over this many octets. */
enum { STORE_COPY_MAX = 256 * 1024 * 1024 };

/*
 * The database as the bytes of a file, made in memory without a write: what SQLite opens, with its
 * log folded in. No transaction may be open. Caller frees with store_free_copy(). It is checked as
 * store_check_copy() does, so that it can be restored: STATUS_DAMAGED when pages are, or could not
 * be read; STATUS_REFUSED when somebody put tables of his own into the database; STATUS_TOO_LARGE;
 * STATUS_READ_ONLY when nothing could ever be stored. store_problem() says so in words.
 */
enum status store_copy(struct store *store, uint8_t **ret_bytes, size_t *ret_size);
void store_free_copy(uint8_t *bytes);

/* What a copy holds. */
struct store_copy_report {
	uint64_t names; /* that somebody owns */
	uint64_t facts;
	int64_t newest_s; /* the newest changed_s of its names */
};

/*
 * Looks at bytes from anywhere without touching the store: a database of ours, of a version that
 * is known, with our tables and nothing else, all pages sound, all rows readable. STATUS_MALFORMED:
 * no SQLite database; STATUS_REFUSED: another program's, or changed by one; STATUS_TOO_NEW;
 * STATUS_DAMAGED (or STATUS_NO_MEMORY); STATUS_TOO_LARGE: over STORE_COPY_MAX. ret_problem says so
 * in words. The records are not looked into.
 */
enum status store_check_copy(const uint8_t *bytes, size_t size,
    struct store_copy_report *ret_report, char ret_problem[static STORE_PROBLEM_MAX]);

/*
 * Puts the copy's names and facts in the place of all that is stored, in one transaction that is
 * committed on return with STATUS_OK; else nothing has changed. No transaction may be open. Checks
 * the copy first, and fails as that does or as store_commit(). The caller loads anew. The last
 * commit is then at wall_s, or at the copy's newest change if that is later.
 */
enum status store_restore(struct store *store, const uint8_t *bytes, size_t size, int64_t wall_s,
    char ret_problem[static STORE_PROBLEM_MAX]);

/* The last failure in words (SQLite's and errno's), for the log. The store's, until its next one. */
const char *store_problem(const struct store *store);

/* Bytes of the database and its write-ahead log. */
uint64_t store_size(const struct store *store);
