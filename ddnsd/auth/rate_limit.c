/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token bucket in whole numbers. Reads no clock, so it takes any time that it is told. */
#include "auth/rate_limit.h"

enum { MINUTE_MS = 60000 };

void
rate_limit_init(struct rate_limit *limit, uint32_t per_minute)
{
	*limit = (struct rate_limit){
		.per_minute = per_minute,
		.level = (int64_t)per_minute * MINUTE_MS,
	};
}

void
rate_limit_inherit(struct rate_limit *limit, const struct rate_limit *previous)
{
	/* A bucket without a limit never counted, so it has nothing to hand on. */
	if (previous->per_minute == 0)
		return;
	if (previous->level < limit->level)
		limit->level = previous->level;
	limit->filled_ms = previous->filled_ms;
}

/* A minute fills any bucket, so longer gaps, and those that do not fit, count as one. */
static int64_t
elapsed_ms(int64_t since_ms, int64_t now_ms)
{
	int64_t elapsed;

	if (now_ms <= since_ms)
		return 0;
	if (__builtin_sub_overflow(now_ms, since_ms, &elapsed) || elapsed > MINUTE_MS)
		return MINUTE_MS;
	return elapsed;
}

bool
rate_limit_take(struct rate_limit *limit, int64_t now_ms)
{
	int64_t capacity = (int64_t)limit->per_minute * MINUTE_MS;

	if (limit->per_minute == 0)
		return true;
	limit->level += elapsed_ms(limit->filled_ms, now_ms) * limit->per_minute;
	if (limit->level > capacity)
		limit->level = capacity;
	limit->filled_ms = now_ms;
	if (limit->level < MINUTE_MS)
		return false;
	limit->level -= MINUTE_MS;
	return true;
}
