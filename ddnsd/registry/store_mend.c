/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Mends a damaged database. A copy is made as PATH.salvaging, and called PATH.salvaged once it is
 * whole and synced: a crash at any point leaves the damaged file in place, or a mended one to be
 * put there. Never deletes or overwrites what was damaged.
 */
#include "registry/store_state.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "registry/salvage.h"

struct mending {
	struct store *copy;
	size_t rows;
	size_t facts;
	bool is_whole;
};

static enum status
keep_row(void *context, const struct store_row *row)
{
	struct mending *mending = context;

	mending->rows++;
	return store_put(mending->copy, row);
}

static enum status
keep_fact(void *context, const struct salvage_fact *fact)
{
	struct mending *mending = context;
	enum status status = store_put_fact(mending->copy, fact->kind, fact->key, fact->value);

	if (status == STATUS_TOO_LARGE) {
		/* None that we stored. */
		mending->is_whole = false;
		return STATUS_OK;
	}
	mending->facts++;
	return status;
}

/* What one table gave. A table that cannot be searched at all keeps nobody from the other. */
static enum status
end_table(struct mending *mending, enum status status, bool is_whole)
{
	mending->is_whole = mending->is_whole && is_whole && status == STATUS_OK;
	return status == STATUS_DAMAGED ? STATUS_OK : status;
}

static enum status
keep_all(struct mending *mending, struct store *store)
{
	bool is_whole = false;
	enum status status = salvage_rows(store->db, keep_row, mending, &is_whole);

	mending->is_whole = true;
	status = end_table(mending, status, is_whole);
	if (status != STATUS_OK || !store->has_facts)
		return status;
	status = salvage_facts(store->db, NULL, keep_fact, mending, &is_whole);
	return end_table(mending, status, is_whole);
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
		if (!store_make_path(store, stale[i - 1], path))
			return STATUS_TOO_LARGE;
		if (unlink(path) != 0 && errno != ENOENT)
			return store_fail_to_open(store, errno);
	}
	fd = store_create_file(path);
	if (fd < 0)
		return store_fail_to_open(store, errno);
	(void)close(fd);
	*ret_copy = store_new(path);
	if (*ret_copy == NULL)
		return STATUS_NO_MEMORY;
	status = store_connect_to_write(*ret_copy);
	if (status == STATUS_OK)
		status = store_make_ready(*ret_copy);
	return status;
}

/* Brings all that can be read over. store is connected for reading, or not at all. */
static enum status
copy_rows(struct store *store, struct mending *mending)
{
	enum status status = begin_copy(store, &mending->copy);

	if (status == STATUS_OK && store->db != NULL)
		status = keep_all(mending, store);
	if (status == STATUS_OK)
		status = store_commit(mending->copy, 0);
	if (status == STATUS_OK)
		status = store_fold_all(mending->copy);
	if (status != STATUS_OK && mending->copy != NULL)
		store_tell(store, "%s is damaged and cannot be mended: %s", store->path,
		    mending->copy->problem);
	store_close(mending->copy);
	return status;
}

/* Puts PATH.salvaged in the place of PATH, which is moved aside, and locks it. No connection is open. */
static enum status
put_in_place(struct store *store, char aside[static PATH_MAX])
{
	enum status status = salvage_move_aside(store->path, PATH_MAX, aside);
	char salvaged[PATH_MAX];
	int folder;

	if (status != STATUS_OK || !store_make_path(store, ".salvaged", salvaged)) {
		store_tell(store, "%s is damaged and cannot be moved aside: %s", store->path,
		    status_text(status));
		return status != STATUS_OK ? status : STATUS_TOO_LARGE;
	}
	if (rename(salvaged, store->path) != 0)
		return store_fail_to_open(store, errno);
	status = file_open_directory_of(store->path, &folder);
	if (status == STATUS_OK) {
		(void)fsync(folder);
		(void)close(folder);
	}
	(void)close(store->lock);
	store->lock = -1;
	return store_lock(store);
}

enum status
store_mend(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	char salvaging[PATH_MAX];
	char salvaged[PATH_MAX];
	char aside[PATH_MAX];
	struct mending mending = { .rows = 0 };
	enum status status;

	store_disconnect(store);
	if (store_connect_to_read(store) != STATUS_OK)
		store_disconnect(store);
	status = copy_rows(store, &mending);
	store_disconnect(store);
	if (status != STATUS_OK)
		return status;
	if (!store_make_path(store, ".salvaging", salvaging) ||
	    !store_make_path(store, ".salvaged", salvaged))
		return STATUS_TOO_LARGE;
	if (rename(salvaging, salvaged) != 0)
		return store_fail_to_open(store, errno);
	status = put_in_place(store, aside);
	if (status == STATUS_OK)
		store_write_text(ret_told,
		    "%s was damaged: %zu names and %zu facts beside them were brought over into a"
		    " new one, %s; the damaged one is %s",
		    store->path, mending.rows, mending.facts,
		    mending.is_whole ? "which is all of them" : "others could not be read", aside);
	return status;
}

enum status
store_finish_mending(struct store *store, char ret_told[static STORE_PROBLEM_MAX])
{
	char salvaged[PATH_MAX];
	char aside[PATH_MAX];
	enum status status;

	if (!store_make_path(store, ".salvaged", salvaged) || access(salvaged, F_OK) != 0 ||
	    !store_is_writable(store))
		return STATUS_OK;
	status = put_in_place(store, aside);
	if (status == STATUS_OK)
		store_write_text(ret_told,
		    "%s was damaged: its mending, which was interrupted, is finished; the damaged one"
		    " is %s",
		    store->path, aside);
	return status;
}
