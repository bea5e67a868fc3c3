/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The only place that reads time. Lengths of time run on a clock that is never set and goes on
 * while the machine sleeps (CLOCK_BOOTTIME); the wall clock serves TSIG and what is stored.
 */
#pragma once

#include <stdint.h>

/* Nanoseconds since an arbitrary point, never going back. */
int64_t clock_now_ns(void);

/* The same clock in whole milliseconds and whole seconds. */
int64_t clock_now_ms(void);
int64_t clock_now_s(void);

/* Seconds since 1970-01-01 UTC. It may jump, and be wrong by decades on a machine without an RTC. */
int64_t clock_wall_s(void);

/* The same in milliseconds, for people; a replaced clock has whole seconds only. */
int64_t clock_wall_ms(void);

/* Microseconds on CLOCK_MONOTONIC, for the service manager's protocol only. Never replaced. */
int64_t clock_monotonic_us(void);

struct clock_source {
	int64_t (*now_ns)(void);
	int64_t (*wall_s)(void);
};

/* Replaces the source, for tests; NULL brings the system's clocks back. Borrowed. */
void clock_replace(const struct clock_source *replacement);
