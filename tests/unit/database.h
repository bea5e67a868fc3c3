/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A place for one database, on a disk that fails on request, and what other programs and bad media
 * do to it. For one file of a program.
 */
#pragma once

#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include "failing_disk.h"
#include "folder.h"
#include "registry/store.h"

static struct folder folder;
static char path[PATH_MAX];
static char problem[STORE_PROBLEM_MAX];
static bool may_mount;

static inline int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	(void)folder_entry(&folder, "ddnsd.db", path);
	let_fail(0, 0, false);
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	let_fail(0, 0, false);
	(void)umount2(folder.path, MNT_DETACH);
	folder_remove(&folder);
	return 0;
}

/* A mount namespace of our own, where we may have one: read-only and full media need it. */
static inline void
enter_namespace(void)
{
	if (unshare(CLONE_NEWNS) != 0)
		return;
	may_mount = mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
}

/* Something was amiss, and is told with these words. */
static inline struct store *
open_mended(const char *words)
{
	struct store *store = NULL;

	if (store_open(path, &store, problem) != STATUS_OK)
		fail_msg("%s", problem);
	if (strstr(problem, words) == NULL)
		fail_msg("\"%s\" is not in: %s", words, problem);
	return store;
}

static inline struct store *
open_ok(void)
{
	struct store *store = open_mended("");

	assert_string_equal(problem, "");
	return store;
}

/* The name of a row. */
static inline const char *
host(int number)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), "host%05d.home.arpa", number);
	return name;
}

/* Runs SQL as another program, killed before it closes or not. In a child: see store.c on closing. */
static inline void
run_sql_as(bool is_killed, const char *sql)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		sqlite3 *db = NULL;
		bool is_good = sqlite3_open(path, &db) == SQLITE_OK &&
		    sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;

		if (is_good && is_killed)
			(void)kill(getpid(), SIGKILL);
		_exit(is_good && sqlite3_close(db) == SQLITE_OK ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(is_killed ? WIFSIGNALED(status) : status == 0);
}

static inline void
run_sql(const char *sql)
{
	run_sql_as(false, sql);
}

static inline void
run_sql_and_die(const char *sql)
{
	run_sql_as(true, sql);
}

static inline void
overwrite(off_t offset, size_t length)
{
	char garbage[4096];
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	memset(garbage, 0xa5, sizeof(garbage));
	assert_true(fd >= 0);
	assert_int_equal(syscall(SYS_pwrite64, fd, garbage, length, offset), length);
	(void)close(fd);
}
