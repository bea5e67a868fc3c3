/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The running clock with a skew that a test adds to, so that it need not wait; a fixed wall clock. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "base/clock.h"

#define SKEWED_WALL_S INT64_C(1753000000)

static int64_t skewed_by_ns;

static inline int64_t
skewed_now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_BOOTTIME, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec + skewed_by_ns;
}

static inline int64_t
skewed_wall_s(void)
{
	return SKEWED_WALL_S;
}

static inline void
skewed_clock_use(void)
{
	static const struct clock_source source = { skewed_now_ns, skewed_wall_s };

	skewed_by_ns = 0;
	clock_replace(&source);
}

static inline void
skewed_clock_pass_ms(int64_t ms)
{
	skewed_by_ns += ms * 1000000;
}
