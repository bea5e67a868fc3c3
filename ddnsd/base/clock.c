/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the system's clocks, or those that a test put in their place. */
#include "base/clock.h"

#include <time.h>

static int64_t
system_now_ns(void)
{
	struct timespec now;

	/* Cannot fail: the clock is known to every kernel since 2.6.39. */
	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static int64_t
system_wall_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec;
}

static const struct clock_source system_source = {
	.now_ns = system_now_ns,
	.wall_s = system_wall_s,
};
static const struct clock_source *source = &system_source;

int64_t
clock_now_ns(void)
{
	return source->now_ns();
}

int64_t
clock_now_ms(void)
{
	return clock_now_ns() / 1000000;
}

int64_t
clock_now_s(void)
{
	return clock_now_ns() / 1000000000;
}

int64_t
clock_wall_s(void)
{
	return source->wall_s();
}

int64_t
clock_wall_ms(void)
{
	struct timespec now;

	if (source != &system_source)
		return clock_wall_s() * 1000;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t
clock_monotonic_us(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void
clock_replace(const struct clock_source *replacement)
{
	source = replacement != NULL ? replacement : &system_source;
}
