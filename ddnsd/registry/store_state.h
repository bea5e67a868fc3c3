/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's insides, shared by its own files and by nobody else. */
#pragma once

#include <limits.h>
#include <sqlite3.h>
#include <stdbool.h>

#include "registry/store.h"

enum {
	/*
	 * The log is folded back into the database from 1,000 frames (1 MB) on. Where that fails,
	 * or a reader holds it up, the log may grow to 64 MB before changes are refused.
	 */
	STORE_LOG_FRAMES = 1000,
	STORE_LOG_FRAMES_MAX = 65536,

	STORE_APPLICATION_ID = 0x64646e73, /* "ddns" */
	STORE_SCHEMA_VERSION = 2,          /* 1 had no facts */
};

/* What sqlite_schema says of the tables, in the order in which they were made. */
enum { STORE_TABLES = 2 };
struct store_table {
	const char *name;
	const char *sql;
};
extern const struct store_table store_tables[STORE_TABLES];

enum statement {
	STATEMENT_BEGIN,
	STATEMENT_COMMIT,
	STATEMENT_ROLLBACK,
	STATEMENT_PUT,
	STATEMENT_DELETE,
	STATEMENT_PUT_FACT,
	STATEMENT_DELETE_FACT,
	STATEMENT_DELETE_ALL,
	STATEMENT_DELETE_ALL_FACTS,
	STATEMENT_COUNT,
};

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENT_COUNT];
	int lock;            /* holds the flock(); -1: a copy that nobody else knows of */
	bool is_open;        /* a transaction */
	bool is_read_only;   /* db was opened for reading */
	bool is_damaged;     /* and could not be mended */
	bool has_table;      /* false: a new file that could not be written yet */
	bool has_facts;      /* false: also one of version 1 that could not be written yet */
	bool must_fold;      /* an I/O error left the log's tail in doubt */
	int unfolded_frames; /* when the log was last folded back */
	int64_t last_commit_s;
	char problem[STORE_PROBLEM_MAX];
	char path[];
};

/* --- store.c --- */

/* Opens the transaction, if none is. */
enum status store_begin(struct store *store);

/* Runs what yields no row, in the open transaction. */
enum status store_run(struct store *store, enum statement which);

/* --- store_connection.c: SQLite --- */

/* Words for people, in store->problem or elsewhere; what is too long is cut. */
void store_tell(struct store *store, const char *format, ...) __attribute__((format(printf, 2, 3)));
void store_write_text(char text[static STORE_PROBLEM_MAX], const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What a failed system call means to a commit. */
enum status store_status_of_errno(int error);

/*
 * Keeps SQLite's failure in words and returns it as a status. errno must be as SQLite left it,
 * having been 0 before: sqlite3_system_errno() is not set when a COMMIT fails (3.40).
 */
enum status store_fail(struct store *store, int rc);

/*
 * Opens and finds out whose database it is; nothing in it is changed. On failure
 * store_disconnect().
 */
enum status store_connect_to_read(struct store *store);
enum status store_connect_to_write(struct store *store);

/* Closes, which folds the log in once store_make_ready() was reached. */
void store_disconnect(struct store *store);

/* The number that a statement yields first, 0 for none. *ret_rc is set when it fails. */
int64_t store_read_number(sqlite3 *db, const char *sql, int *ret_rc);

/* True when the first column of the first row is this text. */
bool store_answers(sqlite3 *db, const char *sql, const char *text, int *ret_rc);

/* STATUS_DAMAGED when pages do not hold what they should. */
enum status store_check(struct store *store);

/* Settings, the tables that are missing, statements: ready for transactions. */
enum status store_make_ready(struct store *store);

/* Moves all of the log into the database, synced, and empties it. */
enum status store_fold_all(struct store *store);

/* Moves what can be moved; for SQLite to call after each commit. */
int store_fold_back(void *context, sqlite3 *db, const char *database, int frames);

/* --- store_file.c: the files --- */

/* Not opened. NULL when out of memory. */
struct store *store_new(const char *path);

/* Path and suffix. False when that is too long. */
bool store_make_path(const struct store *store, const char *suffix, char path[static PATH_MAX]);

/* A new file of the mode that all have, whatever the umask; -1 and errno. */
int store_create_file(const char *path);

/* Says why a file of ours could not be opened, and how that is mended. */
enum status store_fail_to_open(struct store *store, int error);

/* The database and its folder may be written to. */
bool store_is_writable(const struct store *store);

/*
 * One daemon a database: flock() on the file itself, created where it is missing. SQLite's own
 * locks are fcntl() locks and do not see it, so that people can look in with sqlite3. But closing
 * any descriptor of the file drops SQLite's: ours is closed after SQLite's last, and nobody else
 * in this process opens the file.
 */
enum status store_lock(struct store *store);

/* The file that is locked is the one that has the path. */
bool store_is_in_place(const struct store *store);

/* When the files were last written, which costs nothing to keep. 0 for a new one. */
int64_t store_newest_change_s(const struct store *store);

/* --- store_mend.c: damage --- */

/*
 * Puts a new database with all rows that can be read in the place of a damaged one, which is moved
 * aside. Leaves it unconnected. ret_told says what was done.
 */
enum status store_mend(struct store *store, char ret_told[static STORE_PROBLEM_MAX]);

/* Ends what a crash interrupted when the mended copy was being put in its place. */
enum status store_finish_mending(struct store *store, char ret_told[static STORE_PROBLEM_MAX]);
