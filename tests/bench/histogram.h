/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owns a histogram of latencies: logarithmic, 128 steps an octave, so a percentile is right
 * within 0.8 %. Never grows: a run of any length takes the same 58 KB.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_STEP_BITS 7
#define HISTOGRAM_STEPS (1U << HISTOGRAM_STEP_BITS)
#define HISTOGRAM_BUCKETS ((64U - HISTOGRAM_STEP_BITS + 1U) * HISTOGRAM_STEPS)

struct histogram {
	uint64_t count;
	uint64_t max_ns;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* Counts one latency. */
static inline void
histogram_add(struct histogram *histogram, uint64_t value_ns)
{
	unsigned int octave = 0;
	uint64_t step = value_ns;

	if (value_ns >= HISTOGRAM_STEPS) {
		octave = 63U - (unsigned int)__builtin_clzll(value_ns) - HISTOGRAM_STEP_BITS + 1U;
		step = (value_ns >> (octave - 1U)) - HISTOGRAM_STEPS;
	}
	histogram->buckets[octave * HISTOGRAM_STEPS + step]++;
	histogram->count++;
	if (value_ns > histogram->max_ns)
		histogram->max_ns = value_ns;
}

/* The latency in ns that PERCENT of all stay under or at; 0 when nothing was counted. */
static inline uint64_t
histogram_percentile(const struct histogram *histogram, double percent)
{
	uint64_t wanted = (uint64_t)((double)histogram->count * percent / 100.0 + 0.5);
	uint64_t seen = 0;

	if (wanted == 0)
		wanted = 1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		unsigned int octave = i / HISTOGRAM_STEPS;
		uint64_t step = i % HISTOGRAM_STEPS;

		seen += histogram->buckets[i];
		if (seen < wanted)
			continue;
		return octave == 0 ? step : (step + HISTOGRAM_STEPS) << (octave - 1U);
	}
	return 0;
}

/* Writes the usual percentiles in microseconds as one JSON object, without a line end. */
static inline void
histogram_print_json(const struct histogram *histogram, FILE *out)
{
	static const struct {
		const char *name;
		double percent;
	} points[] = { { "p50", 50 }, { "p90", 90 }, { "p99", 99 }, { "p99.9", 99.9 } };

	fputc('{', out);
	for (unsigned int i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		fprintf(out, "\"%s\": %.2f, ", points[i].name,
		    (double)histogram_percentile(histogram, points[i].percent) / 1000.0);
	fprintf(out, "\"max\": %.2f}", (double)histogram->max_ns / 1000.0);
}

/* Writes the same percentiles as one line for people. */
static inline void
histogram_print_line(const struct histogram *histogram, FILE *out)
{
	fprintf(out, "p50 %.1f us, p90 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us\n",
	    (double)histogram_percentile(histogram, 50) / 1000.0,
	    (double)histogram_percentile(histogram, 90) / 1000.0,
	    (double)histogram_percentile(histogram, 99) / 1000.0,
	    (double)histogram_percentile(histogram, 99.9) / 1000.0,
	    (double)histogram->max_ns / 1000.0);
}
