/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The database: who may have it, opening and mending it, and the transaction of a turn.
 * All that is SQLite's stays here and in salvage.c.
 */
#include "registry/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "registry/salvage.h"

enum {
	APPLICATION_ID = 0x64646e73, /* "ddns" */
	SCHEMA_VERSION = 1,
	FILE_MODE = 0640,
	BUSY_MS = 100, /* for somebody's sqlite3 shell; the loop stands still meanwhile */
	/*
	 * The log is folded back into the database from 1,000 frames (1 MB) on. Where that fails,
	 * or a reader holds it up, the log may grow to 64 MB before changes are refused.
	 */
	LOG_FRAMES = 1000,
	LOG_FRAMES_MAX = 65536,
};

enum statement { BEGIN, COMMIT, ROLLBACK, PUT, DELETE, STATEMENTS };

struct store {
	sqlite3 *db;
	sqlite3_stmt *statements[STATEMENTS];
	int lock;            /* holds the flock() */
	bool is_open;        /* a transaction */
	bool is_read_only;   /* db was opened for reading */
	bool is_damaged;     /* and could not be mended */
	bool has_table;      /* false: a new file that could not be written yet */
	bool must_fold;      /* an I/O error left the log's tail in doubt */
	int unfolded_frames; /* when the log was last folded back */
	int64_t last_commit_s;
	char problem[STORE_PROBLEM_MAX];
	char path[];
};

static const char *const statement_texts[STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	/* With one key and no trigger, REPLACE overwrites in place, after one search. */
	[PUT] = "REPLACE INTO names VALUES (?1, ?2, ?3, ?4, ?5)",
	[DELETE] = "DELETE FROM names WHERE name = ?1",
};

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE names (name TEXT PRIMARY KEY, owner TEXT NOT NULL, created INTEGER NOT NULL,"
    " changed INTEGER NOT NULL, records BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1684303475;"
    "PRAGMA user_version = 1;"
    "COMMIT;";
_Static_assert(APPLICATION_ID == 1684303475 && SCHEMA_VERSION == 1, "as in the schema");

/* --- what went wrong --- */

__attribute__((format(printf, 2, 3))) static void
write_text(char text[static STORE_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, STORE_PROBLEM_MAX, format, arguments);
	va_end(arguments);
}

#define tell(store, ...) write_text((store)->problem, __VA_ARGS__)

/* What a failed system call means here. A file-size limit and a quota are a full disk too. */
static enum status
status_of_errno(int error)
{
	enum status status = file_status(error);

	if (status == STATUS_TOO_LARGE)
		return STATUS_NO_SPACE;
	return status == STATUS_OK ? STATUS_IO : status;
}

static enum status
status_of(sqlite3 *db, int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:
	case SQLITE_ROW:
	case SQLITE_DONE:
		return STATUS_OK;
	case SQLITE_FULL:
		return STATUS_NO_SPACE;
	case SQLITE_READONLY:
		return rc == SQLITE_READONLY_DBMOVED ? STATUS_IO : STATUS_READ_ONLY;
	case SQLITE_NOMEM:
		return STATUS_NO_MEMORY;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return STATUS_PERMISSION;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return STATUS_DAMAGED;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return status_of_errno(db != NULL ? sqlite3_system_errno(db) : 0);
	default:
		return STATUS_IO;
	}
}

/* Keeps the failure in words and returns it as a status. */
static enum status
fail(struct store *store, int rc)
{
	enum status status = status_of(store->db, rc);
	int error = store->db != NULL ? sqlite3_system_errno(store->db) : 0;

	if (rc == SQLITE_READONLY_DBMOVED)
		tell(store, "%s was moved away or replaced while ddnsd had it open; restart ddnsd",
		    store->path);
	else if ((rc & 0xff) == SQLITE_BUSY)
		tell(store,
		    "%s is locked by another program, such as an sqlite3 shell with a"
		    " transaction open",
		    store->path);
	else if (((rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN) && error != 0)
		tell(store, "%s: %s: %s", store->path, sqlite3_errstr(rc), strerror(error));
	else
		tell(store, "%s: %s", store->path,
		    store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc));
	/* See begin(). */
	if ((rc & 0xff) == SQLITE_IOERR)
		store->must_fold = true;
	return status;
}

/* --- connecting --- */

static int64_t
read_number(sqlite3 *db, const char *sql, int *ret_rc)
{
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	(void)sqlite3_finalize(statement);
	if (*ret_rc == SQLITE_OK && rc != SQLITE_ROW && rc != SQLITE_DONE)
		*ret_rc = rc;
	return number;
}

/* True when the first column of the only row is this text. */
static bool
answers(sqlite3 *db, const char *sql, const char *text, int *ret_rc)
{
	sqlite3_stmt *statement = NULL;
	const unsigned char *answer = NULL;
	bool is_same;
	int rc = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(statement);
	if (rc == SQLITE_ROW)
		answer = sqlite3_column_text(statement, 0);
	is_same = answer != NULL && strcmp((const char *)answer, text) == 0;
	(void)sqlite3_finalize(statement);
	*ret_rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? SQLITE_OK : rc;
	return is_same;
}

/* Runs after each commit. Its result would change nothing: the commit has happened. */
static int
fold_back(void *context, sqlite3 *db, const char *database, int frames)
{
	struct store *store = context;
	int logged = 0;
	int folded = 0;
	int rc;

	if (frames < LOG_FRAMES)
		return SQLITE_OK;
	rc = sqlite3_wal_checkpoint_v2(db, database, SQLITE_CHECKPOINT_PASSIVE, &logged, &folded);
	store->unfolded_frames = rc == SQLITE_OK ? logged - folded : frames;
	return SQLITE_OK;
}

static void
disconnect(struct store *store)
{
	for (int i = 0; i < STATEMENTS; i++) {
		(void)sqlite3_finalize(store->statements[i]);
		store->statements[i] = NULL;
	}
	(void)sqlite3_close(store->db);
	store->db = NULL;
	store->is_open = false;
}

/* "file:PATH?immutable=1" with what a URI cannot hold escaped. NULL when out of memory. */
static char *
immutable_uri(const char *path)
{
	char *escaped = sqlite3_mprintf("");

	for (; escaped != NULL && *path != '\0'; path++) {
		bool is_plain = *path != '%' && *path != '?' && *path != '#';
		char *longer = sqlite3_mprintf(is_plain ? "%s%c" : "%s%%%02X", escaped, *path);

		sqlite3_free(escaped);
		escaped = longer;
	}
	if (escaped != NULL) {
		char *uri = sqlite3_mprintf("file:%s?immutable=1", escaped);

		sqlite3_free(escaped);
		escaped = uri;
	}
	return escaped;
}

static bool
has_log(const struct store *store)
{
	char path[PATH_MAX];
	struct stat about;

	return snprintf(path, sizeof(path), "%s-wal", store->path) < PATH_MAX &&
	    stat(path, &about) == 0 && about.st_size > 0;
}

/*
 * Opens for reading on a medium that takes no file beside the database. A log is read with its
 * index in memory, which SQLite does for exclusive access; a lock for that needs a writable file,
 * so it goes without locks, as ours keeps other daemons out. Where there is no log, SQLite would
 * want to create one, unless the file is said to be immutable.
 */
static int
open_to_read(struct store *store)
{
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	char *uri;
	int rc;

	if (has_log(store)) {
		rc = sqlite3_open_v2(store->path, &store->db, flags, "unix-none");
		if (rc == SQLITE_OK)
			rc = sqlite3_exec(store->db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL,
			    NULL);
		return rc;
	}
	uri = immutable_uri(store->path);
	if (uri == NULL)
		return SQLITE_NOMEM;
	rc = sqlite3_open_v2(uri, &store->db, flags | SQLITE_OPEN_URI, NULL);
	sqlite3_free(uri);
	return rc;
}

/* Tells whose database it is and whether there is a table yet; changes nothing in it. */
static enum status
identify(struct store *store)
{
	int rc = SQLITE_OK;
	int64_t application = read_number(store->db, "PRAGMA application_id", &rc);
	int64_t version = read_number(store->db, "PRAGMA user_version", &rc);
	int64_t entries = read_number(store->db, "SELECT count(*) FROM sqlite_schema", &rc);

	if (rc != SQLITE_OK)
		return fail(store, rc);
	store->has_table = entries > 0;
	if (application != APPLICATION_ID && (application != 0 || version != 0 || entries > 0)) {
		tell(store, "%s is the database of another program; it is left untouched",
		    store->path);
		return STATUS_REFUSED;
	}
	if (version > SCHEMA_VERSION) {
		tell(store,
		    "%s was written by a newer ddnsd (schema %lld, this one knows %d); it is"
		    " left untouched: install that version again, or use another database",
		    store->path, (long long)version, SCHEMA_VERSION);
		return STATUS_TOO_NEW;
	}
	return STATUS_OK;
}

static enum status
prepare(struct store *store)
{
	for (int i = 0; i < STATEMENTS; i++) {
		int rc = sqlite3_prepare_v3(store->db, statement_texts[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);

		if (rc != SQLITE_OK)
			return fail(store, rc);
	}
	return STATUS_OK;
}

/* Settings, and the table in a new database. The page size must be set before all else. */
static enum status
set_up(struct store *store)
{
	static const char settings[] =
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA temp_store = MEMORY;"
	    /* Debian's SQLite overwrites what is deleted; that is wear for names nobody hides. */
	    "PRAGMA secure_delete = OFF;"
	    "PRAGMA journal_size_limit = 2097152;";
	int rc = sqlite3_exec(store->db, "PRAGMA page_size = 1024", NULL, NULL, NULL);

	if (rc != SQLITE_OK)
		return fail(store, rc);
	if (!answers(store->db, "PRAGMA journal_mode = WAL", "wal", &rc)) {
		if (rc != SQLITE_OK)
			return fail(store, rc);
		tell(store,
		    "%s: this file system cannot hold SQLite's write-ahead log; keep the"
		    " database on a local disk",
		    store->path);
		return STATUS_IO;
	}
	rc = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
	if (rc == SQLITE_OK && !store->has_table)
		rc = sqlite3_exec(store->db, schema, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return fail(store, rc);
	store->has_table = true;
	return STATUS_OK;
}

static enum status
connect_to_read(struct store *store)
{
	int rc = open_to_read(store);

	if (rc != SQLITE_OK)
		return fail(store, rc);
	store->is_read_only = true;
	return identify(store);
}

/* Leaves a database that is not ours as it is: the log is only folded in on closing once it is. */
static enum status
connect_to_write(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);

	if (rc != SQLITE_OK)
		return fail(store, rc);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	(void)sqlite3_wal_hook(store->db, fold_back, store);
	store->is_read_only = false;
	return identify(store);
}

/* Moves all of the log into the database, synced, and empties it. */
static enum status
fold_all(struct store *store)
{
	int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (rc != SQLITE_OK)
		return fail(store, rc);
	store->must_fold = false;
	store->unfolded_frames = 0;
	return STATUS_OK;
}

/* Makes a connection that is known to be to our database ready for transactions. */
static enum status
make_ready(struct store *store)
{
	enum status status = set_up(store);

	if (status == STATUS_OK)
		status = prepare(store);
	if (status != STATUS_OK)
		return status;
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	/*
	 * What a crash left in the log may be in the page cache only, where its sync had failed:
	 * nothing may follow it before it is in the database. With the log busy or the disk full
	 * it goes on as it is.
	 */
	store->must_fold = false;
	if (fold_all(store) != STATUS_OK)
		store->problem[0] = '\0';
	return STATUS_OK;
}

static enum status
check(struct store *store)
{
	int rc = sqlite3_exec(store->db, "PRAGMA cache_size = -512", NULL, NULL, NULL);

	if (rc == SQLITE_OK && !answers(store->db, "PRAGMA quick_check(1)", "ok", &rc) &&
	    rc == SQLITE_OK) {
		tell(store, "%s is damaged", store->path);
		return STATUS_DAMAGED;
	}
	return rc == SQLITE_OK ? STATUS_OK : fail(store, rc);
}

/* --- files --- */

static struct store *
new_store(const char *path)
{
	char resolved[PATH_MAX];
	struct store *store;
	size_t size;

	/* SQLite puts its log beside what a link points to. */
	if (realpath(path, resolved) != NULL)
		path = resolved;
	size = strlen(path) + 1;
	store = calloc(1, sizeof(*store) + size);
	if (store == NULL)
		return NULL;
	memcpy(store->path, path, size);
	store->lock = -1;
	return store;
}

static bool
is_writable(const struct store *store)
{
	bool writable = false;
	int folder;

	if (faccessat(AT_FDCWD, store->path, R_OK | W_OK, AT_EACCESS) != 0)
		return false;
	if (file_open_directory_of(store->path, &folder) == STATUS_OK) {
		writable = faccessat(folder, ".", W_OK | X_OK, AT_EACCESS) == 0;
		(void)close(folder);
	}
	return writable;
}

/* The mode must be neither more than ours nor less, whatever the umask. */
static int
create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd >= 0 && fchmod(fd, FILE_MODE) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static enum status
fail_to_open(struct store *store, int error)
{
	const char *mend = "";

	if (error == ENOENT || error == ENOTDIR)
		mend = ": its folder does not exist; create it, owned by the user ddnsd runs as";
	else if (error == EACCES || error == EPERM)
		mend = ": the user ddnsd runs as must be able to write to it and to its folder";
	tell(store, "%s: %s%s", store->path, strerror(error), mend);
	/* STATUS_READ_ONLY would promise that there is something to read. */
	return error == EROFS ? STATUS_IO : status_of_errno(error);
}

/* True when this descriptor is of the file that has the path now. */
static bool
is_at_path(int fd, const char *path)
{
	struct stat held;
	struct stat found;

	return fstat(fd, &held) == 0 && stat(path, &found) == 0 && held.st_dev == found.st_dev &&
	    held.st_ino == found.st_ino;
}

/*
 * One daemon a database: flock() on the file itself, created where it is missing. SQLite's own
 * locks are fcntl() locks and do not see it, so that people can look in with sqlite3. But closing
 * any descriptor of the file drops SQLite's: ours is closed after SQLite's last, and nobody else
 * in this process opens the file.
 */
static enum status
lock_database(struct store *store)
{
	enum { TRIES = 10 };

	for (int i = 0; i < TRIES; i++) {
		int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		struct stat about;

		if (fd < 0 && errno == ENOENT)
			fd = create_file(store->path);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return fail_to_open(store, errno);
		store->lock = fd;
		if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
			tell(store, "%s is not a file", store->path);
			return STATUS_IO;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			tell(store,
			    "%s is in use by another ddnsd; stop that one, or give this one"
			    " another database",
			    store->path);
			return STATUS_IO;
		}
		if (is_at_path(fd, store->path))
			return STATUS_OK;
		(void)close(fd);
		store->lock = -1;
	}
	tell(store, "%s does not stay in its place", store->path);
	return STATUS_IO;
}

/* The times the files were last written, which cost nothing to keep. None for an empty file. */
static int64_t
newest_change_s(const struct store *store)
{
	static const char *const suffixes[] = { "", "-wal" };
	int64_t newest_s = 0;

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[PATH_MAX];
		struct stat about;

		if (snprintf(path, sizeof(path), "%s%s", store->path, suffixes[i]) < PATH_MAX &&
		    stat(path, &about) == 0 && about.st_size > 0 && about.st_mtime > newest_s)
			newest_s = about.st_mtime;
	}
	return newest_s;
}

/* --- mending --- */

/*
 * A mended copy is made as PATH.salvaging, and called PATH.salvaged once it is whole and synced:
 * a crash at any point leaves the damaged file in place or a mended one to be put there.
 */
static bool
make_path(const struct store *store, const char *suffix, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s%s", store->path, suffix) < PATH_MAX;
}

struct mending {
	struct store *copy;
	size_t rows;
};

static enum status
keep_row(void *context, const struct store_row *row)
{
	struct mending *mending = context;

	mending->rows++;
	return store_put(mending->copy, row);
}

/* An empty database beside the damaged one; what an earlier attempt left is overwritten. */
static enum status
begin_copy(struct store *store, struct store **ret_copy)
{
	static const char *const stale[] = { ".salvaging", ".salvaging-wal", ".salvaging-shm" };
	char path[PATH_MAX];
	enum status status;
	int fd;

	for (size_t i = sizeof(stale) / sizeof(stale[0]); i > 0; i--) {
		if (!make_path(store, stale[i - 1], path))
			return STATUS_TOO_LARGE;
		if (unlink(path) != 0 && errno != ENOENT)
			return fail_to_open(store, errno);
	}
	fd = create_file(path);
	if (fd < 0)
		return fail_to_open(store, errno);
	(void)close(fd);
	*ret_copy = new_store(path);
	if (*ret_copy == NULL)
		return STATUS_NO_MEMORY;
	status = connect_to_write(*ret_copy);
	if (status == STATUS_OK)
		status = make_ready(*ret_copy);
	return status;
}

/* Brings all that can be read over. store is connected for reading, or not at all. */
static enum status
copy_rows(struct store *store, size_t *ret_rows, bool *ret_is_whole)
{
	struct mending mending = { .rows = 0 };
	enum status status = begin_copy(store, &mending.copy);

	*ret_is_whole = false;
	if (status == STATUS_OK && store->db != NULL) {
		status = salvage_rows(store->db, keep_row, &mending, ret_is_whole);
		if (status == STATUS_DAMAGED)
			status = STATUS_OK;
	}
	if (status == STATUS_OK)
		status = store_commit(mending.copy, 0);
	if (status == STATUS_OK)
		status = fold_all(mending.copy);
	if (status != STATUS_OK && mending.copy != NULL)
		tell(store, "%s is damaged and cannot be mended: %s", store->path,
		    mending.copy->problem);
	store_close(mending.copy);
	*ret_rows = mending.rows;
	return status;
}

/* Puts PATH.salvaged in the place of PATH, which is moved aside, and locks it. No connection is open. */
static enum status
put_in_place(struct store *store, char aside[static PATH_MAX])
{
	enum status status = salvage_move_aside(store->path, PATH_MAX, aside);
	char salvaged[PATH_MAX];
	int folder;

	if (status != STATUS_OK || !make_path(store, ".salvaged", salvaged)) {
		tell(store, "%s is damaged and cannot be moved aside: %s", store->path,
		    status_text(status));
		return status != STATUS_OK ? status : STATUS_TOO_LARGE;
	}
	if (rename(salvaged, store->path) != 0)
		return fail_to_open(store, errno);
	status = file_open_directory_of(store->path, &folder);
	if (status == STATUS_OK) {
		(void)fsync(folder);
		(void)close(folder);
	}
	(void)close(store->lock);
	store->lock = -1;
	return lock_database(store);
}

/* Finds the database damaged; leaves a new one in its place, not yet connected. */
static enum status
mend(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	char salvaging[PATH_MAX];
	char salvaged[PATH_MAX];
	char aside[PATH_MAX];
	bool is_whole = false;
	size_t rows = 0;
	enum status status;

	disconnect(store);
	if (connect_to_read(store) != STATUS_OK)
		disconnect(store);
	status = copy_rows(store, &rows, &is_whole);
	disconnect(store);
	if (status != STATUS_OK)
		return status;
	if (!make_path(store, ".salvaging", salvaging) || !make_path(store, ".salvaged", salvaged))
		return STATUS_TOO_LARGE;
	if (rename(salvaging, salvaged) != 0)
		return fail_to_open(store, errno);
	status = put_in_place(store, aside);
	if (status == STATUS_OK)
		write_text(ret_told,
		    "%s was damaged: %zu names were brought over into a new one, %s; the damaged one"
		    " is %s",
		    store->path, rows,
		    is_whole ? "which is all of them" : "others could not be read", aside);
	return status;
}

/* A crash while the mended copy was being put in its place. */
static enum status
finish_mending(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	char salvaged[PATH_MAX];
	char aside[PATH_MAX];
	enum status status;

	if (!make_path(store, ".salvaged", salvaged) || access(salvaged, F_OK) != 0 ||
	    !is_writable(store))
		return STATUS_OK;
	status = put_in_place(store, aside);
	if (status == STATUS_OK)
		write_text(ret_told,
		    "%s was damaged: its mending, which was interrupted, is finished; the damaged one"
		    " is %s",
		    store->path, aside);
	return status;
}

/* --- opening --- */

static enum status
open_to_write(struct store *store)
{
	enum status status = connect_to_write(store);

	if (status == STATUS_OK)
		status = check(store);
	if (status == STATUS_OK)
		status = make_ready(store);
	return status;
}

/* When changes cannot be stored: store->problem says why, and keeps saying it. */
static enum status
open_read_only(struct store *store)
{
	char reason[STORE_PROBLEM_MAX];
	enum status status;

	memcpy(reason, store->problem, sizeof(reason));
	disconnect(store);
	status = connect_to_read(store);
	if (status == STATUS_OK)
		status = check(store);
	if (status == STATUS_DAMAGED && store->db != NULL && store->has_table) {
		store->is_damaged = true;
		status = STATUS_OK;
	}
	if (status != STATUS_OK)
		return status == STATUS_READ_ONLY ? STATUS_IO : status;
	tell(store, "%s%s; what is stored is read, changes are refused", reason,
	    store->is_damaged ? "; it is damaged: make it writable and restart ddnsd" : "");
	return STATUS_READ_ONLY;
}

static enum status
open_database(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	enum status status;

	if (!is_writable(store)) {
		tell(store, "%s or its folder cannot be written", store->path);
		return open_read_only(store);
	}
	status = open_to_write(store);
	if (status == STATUS_DAMAGED) {
		status = mend(store, ret_told);
		if (status == STATUS_OK)
			status = open_to_write(store);
	}
	if (status == STATUS_NO_SPACE || status == STATUS_READ_ONLY || status == STATUS_PERMISSION)
		return open_read_only(store);
	return status;
}

static void
date_last_commit(struct store *store, int64_t files_s)
{
	int rc = SQLITE_OK;
	int64_t rows_s = 0;

	if (store->has_table)
		rows_s = read_number(store->db, "SELECT max(changed) FROM names", &rc);
	store->last_commit_s = rows_s > files_s ? rows_s : files_s;
}

enum status
store_open(const char *path, struct store **ret_store, char ret_problem[static STORE_PROBLEM_MAX])
{
	struct store *store;
	enum status status;
	int64_t files_s;

	ret_problem[0] = '\0';
	/* One thread, and nobody asks for statistics. Fails, harmlessly, once SQLite is in use. */
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	store = new_store(path);
	if (store == NULL) {
		write_text(ret_problem, "%s: out of memory", path);
		return STATUS_NO_MEMORY;
	}
	status = lock_database(store);
	files_s = newest_change_s(store);
	if (status == STATUS_OK)
		status = finish_mending(store, ret_problem);
	if (status == STATUS_OK)
		status = open_database(store, ret_problem);
	if (status != STATUS_OK)
		memcpy(ret_problem, store->problem, STORE_PROBLEM_MAX);
	if (status != STATUS_OK && status != STATUS_READ_ONLY) {
		store_close(store);
		return status;
	}
	date_last_commit(store, files_s);
	*ret_store = store;
	return status;
}

void
store_close(struct store *store)
{
	if (store == NULL)
		return;
	store_rollback(store);
	disconnect(store);
	if (store->lock >= 0)
		(void)close(store->lock);
	free(store);
}

/* --- using it --- */

enum status
store_load(struct store *store, enum status (*handler)(void *context, const struct store_row *row),
    void *context)
{
	bool is_whole = true;
	enum status status;

	if (!store->has_table)
		return STATUS_OK;
	status = salvage_rows(store->db, handler, context, &is_whole);
	if (status == STATUS_OK && !is_whole && !store->is_damaged) {
		tell(store, "%s is damaged: restart ddnsd, which mends it", store->path);
		return STATUS_DAMAGED;
	}
	return status;
}

static enum status
run(struct store *store, enum statement which)
{
	sqlite3_stmt *statement = store->statements[which];
	int rc = sqlite3_step(statement);
	enum status status = rc == SQLITE_DONE ? STATUS_OK : fail(store, rc);

	(void)sqlite3_reset(statement);
	return status;
}

/* From reading to writing, when the medium allows it again. */
static enum status
reconnect(struct store *store)
{
	enum status status;

	if (store->is_damaged) {
		tell(store, "%s is damaged: make it writable and restart ddnsd, which mends it",
		    store->path);
		return STATUS_READ_ONLY;
	}
	if (!is_writable(store)) {
		tell(store, "%s or its folder cannot be written", store->path);
		return STATUS_READ_ONLY;
	}
	if (!is_at_path(store->lock, store->path)) {
		tell(store, "%s was moved away or replaced while ddnsd had it open; restart ddnsd",
		    store->path);
		return STATUS_IO;
	}
	disconnect(store);
	status = connect_to_write(store);
	if (status == STATUS_OK)
		status = make_ready(store);
	if (status != STATUS_OK) {
		char reason[STORE_PROBLEM_MAX];

		memcpy(reason, store->problem, sizeof(reason));
		disconnect(store);
		(void)connect_to_read(store);
		memcpy(store->problem, reason, sizeof(reason));
	}
	return status;
}

static enum status
begin(struct store *store)
{
	enum status status = STATUS_OK;

	if (store->is_open)
		return STATUS_OK;
	if (store->is_read_only)
		status = reconnect(store);
	/*
	 * After a failed write or sync the page cache may call pages of the log clean that never
	 * reached the disk. What was acknowledged is moved into the database before anything is
	 * added; by this connection, for one that is new would take the failed commit for a good one.
	 */
	if (status == STATUS_OK && store->must_fold)
		status = fold_all(store);
	if (status == STATUS_OK && store->unfolded_frames > LOG_FRAMES_MAX) {
		(void)fold_back(store, store->db, "main", store->unfolded_frames);
		if (store->unfolded_frames > LOG_FRAMES_MAX) {
			tell(store,
			    "%s-wal is at its ceiling: it cannot be folded into the database,"
			    " as another program reads that, or the disk is full",
			    store->path);
			return STATUS_NO_SPACE;
		}
	}
	if (status == STATUS_OK)
		status = run(store, BEGIN);
	store->is_open = status == STATUS_OK;
	return status;
}

enum status
store_put(struct store *store, const struct store_row *row)
{
	enum status status = begin(store);
	sqlite3_stmt *put = store->statements[PUT];

	if (status != STATUS_OK)
		return status;
	/* Static: the row outlives the step. SQLite copies what it keeps. */
	if (sqlite3_bind_text(put, 1, row->name, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(put, 2, row->owner, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_int64(put, 3, row->created_s) != SQLITE_OK ||
	    sqlite3_bind_int64(put, 4, row->changed_s) != SQLITE_OK ||
	    sqlite3_bind_blob64(put, 5, row->records, row->records_size, SQLITE_STATIC) !=
		SQLITE_OK)
		return fail(store, sqlite3_extended_errcode(store->db));
	return run(store, PUT);
}

enum status
store_delete(struct store *store, const char *name)
{
	enum status status = begin(store);
	sqlite3_stmt *statement = store->statements[DELETE];

	if (status != STATUS_OK)
		return status;
	if (sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
		return fail(store, sqlite3_extended_errcode(store->db));
	return run(store, DELETE);
}

enum status
store_commit(struct store *store, int64_t wall_s)
{
	enum status status;

	if (!store->is_open)
		return STATUS_OK;
	status = run(store, COMMIT);
	if (status != STATUS_OK) {
		store_rollback(store);
		return status;
	}
	store->is_open = false;
	store->last_commit_s = wall_s;
	return STATUS_OK;
}

void
store_rollback(struct store *store)
{
	char reason[STORE_PROBLEM_MAX];

	if (!store->is_open)
		return;
	/* SQLite has done it itself after some errors. The reason for it all is what people want. */
	memcpy(reason, store->problem, sizeof(reason));
	if (!sqlite3_get_autocommit(store->db))
		(void)run(store, ROLLBACK);
	memcpy(store->problem, reason, sizeof(reason));
	store->is_open = false;
}

int64_t
store_last_commit_s(const struct store *store)
{
	return store->last_commit_s;
}

const char *
store_problem(const struct store *store)
{
	return store->problem;
}

uint64_t
store_size(const struct store *store)
{
	uint64_t size = 0;
	char path[PATH_MAX];
	struct stat about;

	if (stat(store->path, &about) == 0)
		size += (uint64_t)about.st_size;
	if (make_path(store, "-wal", path) && stat(path, &about) == 0)
		size += (uint64_t)about.st_size;
	return size;
}
