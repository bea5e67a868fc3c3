/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Preloaded into a program: its wall clock is the system's plus what stands in a file, and a FIFO takes
 * the place of the timer that the kernel cancels when somebody sets the clock.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset_s;
static int step_fd = -1;

__attribute__((constructor)) static void
map_offset(void)
{
	const char *path = getenv("STEPPED_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *page;

	if (fd < 0)
		return;
	page = mmap(NULL, sizeof(*offset_s), PROT_READ, MAP_SHARED, fd, 0);
	offset_s = page != MAP_FAILED ? page : NULL;
	(void)close(fd);
}

int
clock_gettime(clockid_t clock_id, struct timespec *tp)
{
	int result = (int)syscall(SYS_clock_gettime, clock_id, tp);

	if (result == 0 && clock_id == CLOCK_REALTIME && offset_s != NULL)
		tp->tv_sec += *offset_s;
	return result;
}

time_t
time(time_t *timer)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (timer != NULL)
		*timer = now.tv_sec;
	return now.tv_sec;
}

int
timerfd_create(clockid_t clock_id, int flags)
{
	const char *path = getenv("STEPPED_CLOCK_FIFO");

	if (clock_id != CLOCK_REALTIME || path == NULL)
		return (int)syscall(SYS_timerfd_create, clock_id, flags);
	step_fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return step_fd;
}

int
timerfd_settime(int ufd, int flags, const struct itimerspec *utmr, struct itimerspec *otmr)
{
	if (ufd == step_fd)
		return 0;
	return (int)syscall(SYS_timerfd_settime, ufd, flags, utmr, otmr);
}
