/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the database, and the transaction of a turn. */
#include "registry/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "registry/salvage.h"
#include "registry/store_state.h"

static enum status
open_to_write(struct store *store)
{
	enum status status = store_connect_to_write(store);

	if (status == STATUS_OK)
		status = store_check(store);
	if (status == STATUS_OK)
		status = store_make_ready(store);
	return status;
}

/* When changes cannot be stored: store->problem says why, and keeps saying it. */
static enum status
open_read_only(struct store *store)
{
	char reason[STORE_PROBLEM_MAX];
	enum status status;

	memcpy(reason, store->problem, sizeof(reason));
	store_disconnect(store);
	status = store_connect_to_read(store);
	if (status == STATUS_OK)
		status = store_check(store);
	if (status == STATUS_DAMAGED && store->db != NULL && store->has_table) {
		store->is_damaged = true;
		status = STATUS_OK;
	}
	if (status != STATUS_OK)
		return status == STATUS_READ_ONLY ? STATUS_IO : status;
	store_tell(store, "%s%s; what is stored is read, changes are refused", reason,
	    store->is_damaged ? "; it is damaged: make it writable and restart ddnsd" : "");
	return STATUS_READ_ONLY;
}

static enum status
open_database(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	enum status status;

	if (!store_is_writable(store)) {
		store_tell(store, "%s or its folder cannot be written", store->path);
		return open_read_only(store);
	}
	status = open_to_write(store);
	if (status == STATUS_DAMAGED) {
		status = store_mend(store, ret_told);
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
		rows_s = store_read_number(store->db, "SELECT max(changed) FROM names", &rc);
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
	store = store_new(path);
	if (store == NULL) {
		store_write_text(ret_problem, "%s: out of memory", path);
		return STATUS_NO_MEMORY;
	}
	status = store_lock(store);
	files_s = store_newest_change_s(store);
	if (status == STATUS_OK)
		status = store_finish_mending(store, ret_problem);
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
	store_disconnect(store);
	if (store->lock >= 0)
		(void)close(store->lock);
	free(store);
}

/* What becomes of a load that read around damage. */
static enum status
end_load(struct store *store, enum status status, bool is_whole)
{
	if (status == STATUS_OK && !is_whole && !store->is_damaged) {
		store_tell(store, "%s is damaged: restart ddnsd, which mends it", store->path);
		return STATUS_DAMAGED;
	}
	return status;
}

enum status
store_load(struct store *store, enum status (*handler)(void *context, const struct store_row *row),
    void *context)
{
	bool is_whole = true;
	enum status status;

	if (!store->has_table)
		return STATUS_OK;
	status = salvage_rows(store->db, handler, context, &is_whole);
	return end_load(store, status, is_whole);
}

struct fact_handler {
	enum status (*handler)(void *context, const char *key, const char *value);
	void *context;
};

static enum status
hand_out_fact(void *context, const struct salvage_fact *fact)
{
	const struct fact_handler *handler = context;

	return handler->handler(handler->context, fact->key, fact->value);
}

enum status
store_load_facts(struct store *store, const char *kind,
    enum status (*handler)(void *context, const char *key, const char *value), void *context)
{
	struct fact_handler facts = { .handler = handler, .context = context };
	bool is_whole = true;
	enum status status;

	if (!store->has_facts)
		return STATUS_OK;
	status = salvage_facts(store->db, kind, hand_out_fact, &facts, &is_whole);
	return end_load(store, status, is_whole);
}

enum status
store_run(struct store *store, enum statement which)
{
	sqlite3_stmt *statement = store->statements[which];
	enum status status = STATUS_OK;
	int rc;

	errno = 0;
	rc = sqlite3_step(statement);
	if (rc != SQLITE_DONE)
		status = store_fail(store, rc);
	(void)sqlite3_reset(statement);
	return status;
}

/* From reading to writing, when the medium allows it again. */
static enum status
reconnect(struct store *store)
{
	enum status status;

	if (store->is_damaged) {
		store_tell(store,
		    "%s is damaged: make it writable and restart ddnsd, which mends it",
		    store->path);
		return STATUS_READ_ONLY;
	}
	if (!store_is_writable(store)) {
		store_tell(store, "%s or its folder cannot be written", store->path);
		return STATUS_READ_ONLY;
	}
	store_disconnect(store);
	status = store_connect_to_write(store);
	if (status == STATUS_OK)
		status = store_make_ready(store);
	if (status != STATUS_OK) {
		char reason[STORE_PROBLEM_MAX];

		memcpy(reason, store->problem, sizeof(reason));
		store_disconnect(store);
		(void)store_connect_to_read(store);
		memcpy(store->problem, reason, sizeof(reason));
	}
	return status;
}

enum status
store_begin(struct store *store)
{
	enum status status = STATUS_OK;

	if (store->is_open)
		return STATUS_OK;
	if (store->lock >= 0 && !store_is_in_place(store)) {
		store_tell(store,
		    "%s was moved away or replaced while ddnsd had it open; restart ddnsd",
		    store->path);
		return STATUS_IO;
	}
	if (store->is_read_only)
		status = reconnect(store);
	/*
	 * After a failed write or sync the page cache may call pages of the log clean that never
	 * reached the disk. What was acknowledged is moved into the database before anything is
	 * added; by this connection, for one that is new would take the failed commit for a good one.
	 */
	if (status == STATUS_OK && store->must_fold)
		status = store_fold_all(store);
	if (status == STATUS_OK && store->unfolded_frames > STORE_LOG_FRAMES_MAX) {
		(void)store_fold_back(store, store->db, "main", store->unfolded_frames);
		if (store->unfolded_frames > STORE_LOG_FRAMES_MAX) {
			store_tell(store,
			    "%s-wal is at its ceiling: it cannot be folded into the database,"
			    " as another program reads that, or the disk is full",
			    store->path);
			return STATUS_NO_SPACE;
		}
	}
	if (status == STATUS_OK)
		status = store_run(store, STATEMENT_BEGIN);
	store->is_open = status == STATUS_OK;
	return status;
}

enum status
store_put(struct store *store, const struct store_row *row)
{
	enum status status = store_begin(store);
	sqlite3_stmt *put = store->statements[STATEMENT_PUT];

	if (status != STATUS_OK)
		return status;
	/* Static: the row outlives the step. SQLite copies what it keeps. */
	if (sqlite3_bind_text(put, 1, row->name, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(put, 2, row->owner, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_int64(put, 3, row->created_s) != SQLITE_OK ||
	    sqlite3_bind_int64(put, 4, row->changed_s) != SQLITE_OK ||
	    sqlite3_bind_blob64(put, 5, row->records, row->records_size, SQLITE_STATIC) !=
		SQLITE_OK)
		return store_fail(store, sqlite3_extended_errcode(store->db));
	return store_run(store, STATEMENT_PUT);
}

enum status
store_delete(struct store *store, const char *name)
{
	enum status status = store_begin(store);
	sqlite3_stmt *statement = store->statements[STATEMENT_DELETE];

	if (status != STATUS_OK)
		return status;
	if (sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC) != SQLITE_OK)
		return store_fail(store, sqlite3_extended_errcode(store->db));
	return store_run(store, STATEMENT_DELETE);
}

enum status
store_put_fact(struct store *store, const char *kind, const char *key, const char *value)
{
	sqlite3_stmt *put;
	enum status status;

	if (strlen(value) > STORE_FACT_MAX || strlen(kind) + strlen(key) > STORE_FACT_KEY_MAX) {
		store_tell(store, "%s: the %s %.100s is too large to be stored", store->path, kind,
		    key);
		return STATUS_TOO_LARGE;
	}
	status = store_begin(store);
	if (status != STATUS_OK)
		return status;
	put = store->statements[STATEMENT_PUT_FACT];
	if (sqlite3_bind_text(put, 1, kind, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(put, 2, key, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(put, 3, value, -1, SQLITE_STATIC) != SQLITE_OK)
		return store_fail(store, sqlite3_extended_errcode(store->db));
	return store_run(store, STATEMENT_PUT_FACT);
}

enum status
store_delete_fact(struct store *store, const char *kind, const char *key)
{
	enum status status = store_begin(store);
	sqlite3_stmt *statement = store->statements[STATEMENT_DELETE_FACT];

	if (status != STATUS_OK)
		return status;
	if (sqlite3_bind_text(statement, 1, kind, -1, SQLITE_STATIC) != SQLITE_OK ||
	    sqlite3_bind_text(statement, 2, key, -1, SQLITE_STATIC) != SQLITE_OK)
		return store_fail(store, sqlite3_extended_errcode(store->db));
	return store_run(store, STATEMENT_DELETE_FACT);
}

enum status
store_commit(struct store *store, int64_t wall_s)
{
	enum status status;

	if (!store->is_open)
		return STATUS_OK;
	status = store_run(store, STATEMENT_COMMIT);
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
		(void)store_run(store, STATEMENT_ROLLBACK);
	memcpy(store->problem, reason, sizeof(reason));
	store->is_open = false;
}

int64_t
store_last_commit_s(const struct store *store)
{
	return store->last_commit_s;
}

bool
store_is_read_only(const struct store *store)
{
	return store->is_read_only;
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
	if (store_make_path(store, "-wal", path) && stat(path, &about) == 0)
		size += (uint64_t)about.st_size;
	return size;
}
