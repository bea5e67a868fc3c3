/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The files of the store: who may have them, their mode, their times. Never reads one. */
#include "registry/store_state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

enum { FILE_MODE = 0640 };

struct store *
store_new(const char *path)
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

bool
store_is_writable(const struct store *store)
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

int
store_create_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

	if (fd >= 0 && fchmod(fd, FILE_MODE) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

enum status
store_fail_to_open(struct store *store, int error)
{
	const char *mend = "";

	if (error == ENOENT || error == ENOTDIR)
		mend = ": its folder does not exist; create it, owned by the user ddnsd runs as";
	else if (error == EACCES || error == EPERM)
		mend = ": the user ddnsd runs as must be able to write to it and to its folder";
	store_tell(store, "%s: %s%s", store->path, strerror(error), mend);
	/* STATUS_READ_ONLY would promise that there is something to read. */
	return error == EROFS ? STATUS_IO : store_status_of_errno(error);
}

bool
store_is_in_place(const struct store *store)
{
	struct stat held;
	struct stat found;

	return fstat(store->lock, &held) == 0 && stat(store->path, &found) == 0 &&
	    held.st_dev == found.st_dev && held.st_ino == found.st_ino;
}

enum status
store_lock(struct store *store)
{
	enum { TRIES = 10 };

	for (int i = 0; i < TRIES; i++) {
		int fd = open(store->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		struct stat about;

		if (fd < 0 && errno == ENOENT)
			fd = store_create_file(store->path);
		if (fd < 0 && errno == EEXIST)
			continue;
		if (fd < 0)
			return store_fail_to_open(store, errno);
		store->lock = fd;
		if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
			store_tell(store, "%s is not a file", store->path);
			return STATUS_IO;
		}
		if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
			store_tell(store,
			    "%s is in use by another ddnsd; stop that one, or give this one"
			    " another database",
			    store->path);
			return STATUS_IO;
		}
		if (store_is_in_place(store))
			return STATUS_OK;
		(void)close(fd);
		store->lock = -1;
	}
	store_tell(store, "%s does not stay in its place", store->path);
	return STATUS_IO;
}

int64_t
store_newest_change_s(const struct store *store)
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

bool
store_make_path(const struct store *store, const char *suffix, char path[static PATH_MAX])
{
	return snprintf(path, PATH_MAX, "%s%s", store->path, suffix) < PATH_MAX;
}
