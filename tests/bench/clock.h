/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owns how the benchmark programs read time, sleep and pick their core.
 * Never decides what is measured.
 */
#pragma once

#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

#define CLOCK_NS_PER_S 1000000000ULL
#define CLOCK_NS_PER_US 1000ULL

/* Nanoseconds on the monotonic clock. */
static inline uint64_t
clock_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * CLOCK_NS_PER_S + (uint64_t)now.tv_nsec;
}

/* Seconds since 1970, as a TSIG's Time Signed wants them. */
static inline uint64_t
clock_wall_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return (uint64_t)now.tv_sec;
}

/* Sleeps until the monotonic clock reads WHEN_NS. */
static inline void
clock_sleep_until(uint64_t when_ns)
{
	struct timespec when = {
		.tv_sec = (time_t)(when_ns / CLOCK_NS_PER_S),
		.tv_nsec = (long)(when_ns % CLOCK_NS_PER_S),
	};
	int error;

	do {
		error = clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, NULL);
	} while (error == EINTR);
}

/* Binds this process to CORE; a negative CORE leaves it free. False when the core is not there. */
static inline int
clock_pin(int core)
{
	cpu_set_t cores;

	if (core < 0)
		return 1;
	if (core >= CPU_SETSIZE)
		return 0;
	CPU_ZERO(&cores);
	CPU_SET((size_t)core, &cores);
	return sched_setaffinity(0, sizeof(cores), &cores) == 0;
}
