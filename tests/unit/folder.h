/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A temporary folder for one test, and small files in it. Fails the test when the system does. */
#pragma once

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct folder {
	char path[256];
};

static inline void
folder_make(struct folder *folder)
{
	const char *parent = getenv("TMPDIR");
	int length = snprintf(folder->path, sizeof(folder->path), "%s/unit.ddnsd.XXXXXX",
	    parent != NULL ? parent : "/tmp");

	assert_in_range(length, 1, sizeof(folder->path) - 1);
	assert_non_null(mkdtemp(folder->path));
}

static inline int
folder_remove_entry(const char *path, const struct stat *about, int kind, struct FTW *walk)
{
	(void)about;
	(void)kind;
	(void)walk;
	return remove(path);
}

/* With everything in it; links are not followed. */
static inline void
folder_remove(const struct folder *folder)
{
	(void)nftw(folder->path, folder_remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

/* Writes FOLDER/name to path and returns path. */
static inline const char *
folder_entry(const struct folder *folder, const char *name, char path[static PATH_MAX])
{
	int length = snprintf(path, PATH_MAX, "%s/%s", folder->path, name);

	assert_in_range(length, 1, PATH_MAX - 1);
	return path;
}

/* Writes text into FOLDER/name in place; makes the file (mode 0644 less the umask) if need be. */
static inline void
folder_write(const struct folder *folder, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd = open(folder_entry(folder, name, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(close(fd), 0);
}

/* The content of FOLDER/name must be text. */
static inline void
folder_expect(const struct folder *folder, const char *name, const char *text)
{
	char path[PATH_MAX];
	char content[4096];
	int fd = open(folder_entry(folder, name, path), O_RDONLY | O_CLOEXEC);
	ssize_t length;

	assert_true(fd >= 0);
	length = read(fd, content, sizeof(content) - 1);
	assert_true(length >= 0);
	content[length] = '\0';
	(void)close(fd);
	assert_string_equal(content, text);
}

/* How many entries it has. */
static inline unsigned
folder_count(const struct folder *folder)
{
	DIR *list = opendir(folder->path);
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list) != NULL)
		count++;
	(void)closedir(list);
	return count - 2; /* "." and ".." */
}

/* The permissions of FOLDER/name, which is a regular file. */
static inline mode_t
folder_mode(const struct folder *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat about;

	assert_int_equal(lstat(folder_entry(folder, name, path), &about), 0);
	assert_true(S_ISREG(about.st_mode));
	return about.st_mode & 07777;
}
