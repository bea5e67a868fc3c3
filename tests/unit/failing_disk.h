/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * SQLite's system calls, which come here first and fail on request. For one file of a program: it
 * takes the place of libc's functions.
 */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int fail_errno;    /* 0: none */
static int calls_to_fail; /* 1: the next one, and so on */
static int calls_seen;    /* of those that can fail */
static bool keeps_failing;
static bool only_syncs_fail;

static inline bool
fails_now(void)
{
	calls_seen++;
	if (fail_errno == 0 || (calls_to_fail > 1 && --calls_to_fail > 0))
		return false;
	errno = fail_errno;
	if (!keeps_failing)
		fail_errno = 0;
	return true;
}

static inline void
let_fail(int number, int error, bool forever)
{
	fail_errno = error;
	calls_to_fail = number;
	keeps_failing = forever;
	only_syncs_fail = false;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with "__". */
int
fdatasync(int fd)
{
	return fails_now() ? -1 : (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate64(int fd, off64_t length)
{
	return !only_syncs_fail && fails_now() ? -1 : (int)syscall(SYS_ftruncate, fd, length);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
	return !only_syncs_fail && fails_now() ? -1
					       : syscall(SYS_pwrite64, fd, bytes, length, offset);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
