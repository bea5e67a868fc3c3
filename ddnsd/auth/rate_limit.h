/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A token bucket: so many a minute, as many at once. Reads no clock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct rate_limit {
	uint32_t per_minute; /* 0 = no limit */
	int64_t level;       /* tokens times 60,000: a millisecond adds per_minute */
	int64_t filled_ms;   /* when level was right */
};

/* A full bucket. */
void rate_limit_init(struct rate_limit *limit, uint32_t per_minute);

/* Takes over how empty the bucket was before a reload; per_minute may have changed with it. */
void rate_limit_inherit(struct rate_limit *limit, const struct rate_limit *previous);

/* Takes one token; false when there is none. now_ms runs on clock_now_ms(). */
bool rate_limit_take(struct rate_limit *limit, int64_t now_ms);
