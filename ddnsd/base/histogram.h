/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Lengths of time, counted by size: for figures that are added up elsewhere. All histograms have
 * the same bounds, so that their buckets can be compared. Allocates nothing.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* From 0.1 ms, a commit on a fast disk, to 60 s, a dnsmasq that was restarted by hand. */
enum { HISTOGRAM_BOUNDS = 18 };

/* Upper bounds, in nanoseconds, rising; what is above the last is in one more bucket. */
extern const int64_t histogram_bounds_ns[HISTOGRAM_BOUNDS];

/* Zeroed is empty. */
struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* each bucket by itself */
	uint64_t sum_ns;
};

/* Less than nothing counts as nothing: a clock may be replaced. */
void histogram_note(struct histogram *histogram, int64_t length_ns);

/* All that were noted. */
uint64_t histogram_count(const struct histogram *histogram);
