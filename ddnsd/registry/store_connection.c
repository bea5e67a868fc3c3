/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How the store speaks to SQLite: connections for writing and for reading only, the schema, the
 * log, and failures in our words. Knows nothing of transactions.
 */
#include "registry/store_state.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum { BUSY_MS = 100 }; /* for somebody's sqlite3 shell; the loop stands still meanwhile */

static const char *const statement_texts[STATEMENT_COUNT] = {
	[STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
	[STATEMENT_COMMIT] = "COMMIT",
	[STATEMENT_ROLLBACK] = "ROLLBACK",
	/* With one key and no trigger, REPLACE overwrites in place, after one search. */
	[STATEMENT_PUT] = "REPLACE INTO names VALUES (?1, ?2, ?3, ?4, ?5)",
	[STATEMENT_DELETE] = "DELETE FROM names WHERE name = ?1",
	[STATEMENT_PUT_FACT] = "REPLACE INTO facts VALUES (?1, ?2, ?3)",
	[STATEMENT_DELETE_FACT] = "DELETE FROM facts WHERE kind = ?1 AND key = ?2",
	[STATEMENT_DELETE_ALL] = "DELETE FROM names",
	[STATEMENT_DELETE_ALL_FACTS] = "DELETE FROM facts",
};

const struct store_table store_tables[STORE_TABLES] = {
	{ "names",
	    "CREATE TABLE names (name TEXT PRIMARY KEY, owner TEXT NOT NULL,"
	    " created INTEGER NOT NULL, changed INTEGER NOT NULL, records BLOB NOT NULL)"
	    " STRICT, WITHOUT ROWID" },
	{ "facts",
	    "CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	    " PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID" },
};

static const char end_of_schema[] = "PRAGMA application_id = 1684303475;"
				    "PRAGMA user_version = 2;"
				    "COMMIT;";
_Static_assert(STORE_APPLICATION_ID == 1684303475 && STORE_SCHEMA_VERSION == 2, "as in the schema");

__attribute__((format(printf, 2, 3))) void
store_tell(struct store *store, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(store->problem, sizeof(store->problem), format, arguments);
	va_end(arguments);
}

void
store_write_text(char text[static STORE_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, STORE_PROBLEM_MAX, format, arguments);
	va_end(arguments);
}

/* What a failed system call means here. A file-size limit and a quota are a full disk too. */
enum status
store_status_of_errno(int error)
{
	enum status status = file_status(error);

	if (status == STATUS_TOO_LARGE)
		return STATUS_NO_SPACE;
	return status == STATUS_OK ? STATUS_IO : status;
}

static enum status
status_of(int rc, int error)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return STATUS_NO_SPACE;
	case SQLITE_READONLY:
		return STATUS_READ_ONLY;
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
		return store_status_of_errno(error);
	default:
		return STATUS_IO;
	}
}

enum status
store_fail(struct store *store, int rc)
{
	int error = errno;
	bool is_of_system = (rc & 0xff) == SQLITE_IOERR || (rc & 0xff) == SQLITE_CANTOPEN;

	if ((rc & 0xff) == SQLITE_BUSY)
		store_tell(store,
		    "%s is locked by another program, such as an sqlite3 shell with a transaction open",
		    store->path);
	else if (is_of_system && error != 0)
		store_tell(store, "%s: %s: %s", store->path, sqlite3_errstr(rc), strerror(error));
	else
		store_tell(store, "%s: %s", store->path,
		    store->db != NULL ? sqlite3_errmsg(store->db) : sqlite3_errstr(rc));
	/* See store_begin(). */
	if ((rc & 0xff) == SQLITE_IOERR)
		store->must_fold = true;
	return status_of(rc, error);
}

int64_t
store_read_number(sqlite3 *db, const char *sql, int *ret_rc)
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

bool
store_answers(sqlite3 *db, const char *sql, const char *text, int *ret_rc)
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

int
store_fold_back(void *context, sqlite3 *db, const char *database, int frames)
{
	struct store *store = context;
	int logged = 0;
	int folded = 0;
	int rc;

	if (frames < STORE_LOG_FRAMES)
		return SQLITE_OK;
	/* The commit has happened: what comes of this changes nothing for it. */
	rc = sqlite3_wal_checkpoint_v2(db, database, SQLITE_CHECKPOINT_PASSIVE, &logged, &folded);
	store->unfolded_frames = rc == SQLITE_OK ? logged - folded : frames;
	return SQLITE_OK;
}

void
store_disconnect(struct store *store)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
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
	int64_t application = store_read_number(store->db, "PRAGMA application_id", &rc);
	int64_t version = store_read_number(store->db, "PRAGMA user_version", &rc);
	int64_t entries = store_read_number(store->db, "SELECT count(*) FROM sqlite_schema", &rc);

	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	store->has_table = entries > 0;
	store->has_facts = entries > 0 && version > 1;
	if (application != STORE_APPLICATION_ID &&
	    (application != 0 || version != 0 || entries > 0)) {
		store_tell(store, "%s is the database of another program; it is left untouched",
		    store->path);
		return STATUS_REFUSED;
	}
	if (version > STORE_SCHEMA_VERSION) {
		store_tell(store,
		    "%s was written by a newer ddnsd (schema %lld, this one knows %d); it is"
		    " left untouched: install that version again, or use another database",
		    store->path, (long long)version, STORE_SCHEMA_VERSION);
		return STATUS_TOO_NEW;
	}
	return STATUS_OK;
}

static enum status
prepare(struct store *store)
{
	for (int i = 0; i < STATEMENT_COUNT; i++) {
		int rc = sqlite3_prepare_v3(store->db, statement_texts[i], -1,
		    SQLITE_PREPARE_PERSISTENT, &store->statements[i], NULL);

		if (rc != SQLITE_OK)
			return store_fail(store, rc);
	}
	return STATUS_OK;
}

/* The page size must be set before all else. */
static enum status
set_up(struct store *store)
{
	static const char settings[] =
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA temp_store = MEMORY;"
	    /* Debian's SQLite overwrites what is deleted; that is wear for names nobody hides. */
	    "PRAGMA secure_delete = OFF;"
	    "PRAGMA journal_size_limit = 2097152;";
	int rc;

	errno = 0;
	rc = sqlite3_exec(store->db, "PRAGMA page_size = 1024", NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	if (!store_answers(store->db, "PRAGMA journal_mode = WAL", "wal", &rc)) {
		if (rc != SQLITE_OK)
			return store_fail(store, rc);
		store_tell(store,
		    "%s: this file system cannot hold SQLite's write-ahead log; keep the"
		    " database on a local disk",
		    store->path);
		return STATUS_IO;
	}
	rc = sqlite3_exec(store->db, settings, NULL, NULL, NULL);
	return rc == SQLITE_OK ? STATUS_OK : store_fail(store, rc);
}

/* The tables that a new database has not, or one of version 1, in one transaction. */
static enum status
make_tables(struct store *store)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
	for (int i = store->has_table ? 1 : 0; i < STORE_TABLES && rc == SQLITE_OK; i++)
		rc = sqlite3_exec(store->db, store_tables[i].sql, NULL, NULL, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(store->db, end_of_schema, NULL, NULL, NULL);
	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	store->has_table = true;
	store->has_facts = true;
	return STATUS_OK;
}

enum status
store_connect_to_read(struct store *store)
{
	int rc;

	errno = 0;
	rc = open_to_read(store);
	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	store->is_read_only = true;
	return identify(store);
}

/* Leaves a database that is not ours as it is: the log is only folded in on closing once it is. */
enum status
store_connect_to_write(struct store *store)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	int rc;

	errno = 0;
	rc = sqlite3_open_v2(store->path, &store->db, flags, NULL);
	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	(void)sqlite3_busy_timeout(store->db, BUSY_MS);
	(void)sqlite3_wal_hook(store->db, store_fold_back, store);
	store->is_read_only = false;
	return identify(store);
}

enum status
store_fold_all(struct store *store)
{
	int rc;

	errno = 0;
	rc = sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	if (rc != SQLITE_OK)
		return store_fail(store, rc);
	store->must_fold = false;
	store->unfolded_frames = 0;
	return STATUS_OK;
}

/*
 * Fills the log with zeros up to the size at which it is folded back, so that commits overwrite
 * it in place. A log that grows costs the file system's journal a commit for each of ours: three
 * times the bytes on the device, and milliseconds in the place of microseconds. SQLite takes what
 * is no frame of its own for the end of the log. Where it fails, the log grows as it is used.
 */
static void
fill_log(struct store *store)
{
	static const uint8_t zeros[16384];
	const sqlite3_int64 wanted = STORE_LOG_FRAMES * (1024 + 24) + (sqlite3_int64)sizeof(zeros);
	sqlite3_file *log = NULL;
	sqlite3_int64 size = 0;
	int rc = sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);

	if (rc != SQLITE_OK || log == NULL || log->pMethods == NULL ||
	    log->pMethods->xFileSize(log, &size) != SQLITE_OK || size != 0)
		return;
	while (rc == SQLITE_OK && size < wanted) {
		rc = log->pMethods->xWrite(log, zeros, sizeof(zeros), size);
		size += (sqlite3_int64)sizeof(zeros);
	}
	if (rc == SQLITE_OK)
		rc = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	if (rc != SQLITE_OK)
		(void)log->pMethods->xTruncate(log, 0);
}

enum status
store_make_ready(struct store *store)
{
	bool is_folded;
	enum status status = set_up(store);

	if (status != STATUS_OK)
		return status;
	/*
	 * What a crash left in the log may be in the page cache only, where its sync had failed:
	 * nothing may follow it before it is in the database. With the log busy or the disk full
	 * it goes on as it is.
	 */
	is_folded = store_fold_all(store) == STATUS_OK;
	if (!store->has_facts) {
		status = make_tables(store);
		if (status == STATUS_OK)
			is_folded = store_fold_all(store) == STATUS_OK;
	}
	if (status == STATUS_OK)
		status = prepare(store);
	if (status != STATUS_OK)
		return status;
	(void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	store->must_fold = false;
	store->problem[0] = '\0';
	if (is_folded)
		fill_log(store);
	return STATUS_OK;
}

enum status
store_check(struct store *store)
{
	int rc;

	errno = 0;
	rc = sqlite3_exec(store->db, "PRAGMA cache_size = -2048", NULL, NULL, NULL);
	if (rc == SQLITE_OK && !store_answers(store->db, "PRAGMA quick_check(1)", "ok", &rc) &&
	    rc == SQLITE_OK) {
		store_tell(store, "%s is damaged", store->path);
		return STATUS_DAMAGED;
	}
	return rc == SQLITE_OK ? STATUS_OK : store_fail(store, rc);
}
