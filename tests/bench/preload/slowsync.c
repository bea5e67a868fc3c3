/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A shared object for LD_PRELOAD that makes each fsync and fdatasync take SLOWSYNC_US
 * microseconds longer, as on a slow memory card. Never fails one that would have succeeded.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

typedef int sync_function(int fd);

static int
slow(const char *name, int fd)
{
	/* POSIX wants a data pointer to become a function pointer; ISO C has no cast for it. */
	union {
		void *data;
		sync_function *function;
	} next = { .data = dlsym(RTLD_NEXT, name) };
	const char *text = getenv("SLOWSYNC_US");
	long delay_us = text != NULL ? strtol(text, NULL, 10) : 5000;
	struct timespec delay = {
		.tv_sec = delay_us / 1000000,
		.tv_nsec = delay_us % 1000000 * 1000,
	};
	int result = next.function(fd);

	nanosleep(&delay, NULL);
	return result;
}

int
fsync(int fd)
{
	return slow("fsync", fd);
}

int
fdatasync(int fildes)
{
	return slow("fdatasync", fildes);
}
