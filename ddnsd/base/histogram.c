/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounds, and the bucket that a length belongs to. */
#include "base/histogram.h"

#define MS INT64_C(1000000)

const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS] = {
	MS / 10,
	MS / 4,
	MS / 2,
	1 * MS,
	5 * MS / 2,
	5 * MS,
	10 * MS,
	25 * MS,
	50 * MS,
	100 * MS,
	250 * MS,
	500 * MS,
	1000 * MS,
	2500 * MS,
	5000 * MS,
	10000 * MS,
	30000 * MS,
	60000 * MS,
};

void
histogram_note(struct histogram *histogram, int64_t length_ns)
{
	size_t place = 0;

	if (length_ns < 0)
		length_ns = 0;
	while (place < HISTOGRAM_BOUNDS && length_ns > histogram_bounds_ns[place])
		place++;
	histogram->counts[place]++;
	histogram->sum_ns += (uint64_t)length_ns;
}

uint64_t
histogram_count(const struct histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++)
		count += histogram->counts[i];
	return count;
}
