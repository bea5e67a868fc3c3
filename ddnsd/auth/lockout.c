/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Counts failures in sets of a few entries, found by a hash that nobody outside can foresee. */
#include "auth/lockout.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
	WAYS = 8, /* entries of one set: the oldest of them goes */
	SETS = LOCKOUT_ENTRIES / WAYS,
};

/* FNV-1a, 64 bits. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
#define HASH_PRIME UINT64_C(0x100000001b3)

struct entry {
	uint64_t who; /* the hash; 0 = free */
	uint32_t failures;
	int64_t last_ms;
	int64_t until_ms;
};

struct table {
	struct entry sets[SETS][WAYS];
};

struct lockout {
	uint64_t seed;
	struct table failed;
	struct table succeeded; /* pairs; apart, so that no flood of failures pushes them out */
};

struct lockout *
lockout_new(void)
{
	struct lockout *lockout = calloc(1, sizeof(*lockout));

	if (lockout == NULL)
		return NULL;
	/* Without a seed, on a kernel that has none yet, it counts all the same. */
	if (getrandom(&lockout->seed, sizeof(lockout->seed), GRND_NONBLOCK) < 0)
		lockout->seed = 1;
	return lockout;
}

void
lockout_free(struct lockout *lockout)
{
	free(lockout);
}

static uint64_t
hash(uint64_t start, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		start = (start ^ at[i]) * HASH_PRIME;
	return start;
}

static uint64_t
hash_source(const struct lockout *lockout, const struct address *source)
{
	struct address subscriber = address_subscriber(source);
	uint64_t start = hash(HASH_START, &lockout->seed, sizeof(lockout->seed));

	start = hash(start, &subscriber.family, sizeof(subscriber.family));
	return hash(start, subscriber.bytes, sizeof(subscriber.bytes)) | 1;
}

/* No name is as long as none: the source's own entry is another one than that of the name "". */
static uint64_t
hash_pair(uint64_t source, const char *name, size_t length)
{
	return hash(hash(source, "n", 1), name, length) | 1;
}

static struct entry *
find_set(struct table *table, uint64_t who)
{
	/*
	 * The last octets of what FNV hashed change few of its bits: names that differ in these alone would
	 * crowd one set, and make each other forgotten. A product's upper half has something of all bits (the
	 * first step of MurmurHash3's fmix64).
	 */
	return table->sets[((who ^ who >> 33) * UINT64_C(0xff51afd7ed558ccd) >> 32) % SETS];
}

/* NULL: nothing is known. */
static struct entry *
find(struct table *table, uint64_t who)
{
	struct entry *set = find_set(table, who);

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].who == who)
			return &set[i];
	}
	return NULL;
}

/* NULL also where it was long ago. */
static struct entry *
find_failed(struct lockout *lockout, uint64_t who, int64_t now_ms)
{
	struct entry *entry = find(&lockout->failed, who);

	return entry != NULL && now_ms - entry->last_ms < LOCKOUT_FORGET_MS ? entry : NULL;
}

/* A new one where there is none, in the place of the oldest of its set. */
static struct entry *
obtain(struct table *table, uint64_t who)
{
	struct entry *found = find(table, who);
	struct entry *set = find_set(table, who);
	struct entry *oldest = &set[0];

	if (found != NULL)
		return found;
	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].who == 0) {
			oldest = &set[i];
			break;
		}
		if (set[i].last_ms < oldest->last_ms)
			oldest = &set[i];
	}
	*oldest = (struct entry){ .who = who };
	return oldest;
}

static void
fail(struct lockout *lockout, uint64_t who, uint32_t free_failures, int64_t now_ms)
{
	struct entry *entry = obtain(&lockout->failed, who);
	int64_t wait_ms = LOCKOUT_FIRST_MS;

	if (now_ms - entry->last_ms >= LOCKOUT_FORGET_MS)
		*entry = (struct entry){ .who = who };
	if (entry->failures < UINT32_MAX)
		entry->failures++;
	entry->last_ms = now_ms;
	if (entry->failures < free_failures)
		return;
	for (uint32_t i = free_failures; i < entry->failures && wait_ms < LOCKOUT_LAST_MS; i++)
		wait_ms *= 2;
	entry->until_ms = now_ms + (wait_ms < LOCKOUT_LAST_MS ? wait_ms : LOCKOUT_LAST_MS);
}

static int64_t
wait_of(struct lockout *lockout, uint64_t who, int64_t now_ms)
{
	const struct entry *entry = find_failed(lockout, who, now_ms);

	return entry != NULL && entry->until_ms > now_ms ? entry->until_ms - now_ms : 0;
}

int64_t
lockout_wait_ms(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms)
{
	uint64_t of_source = hash_source(lockout, source);
	uint64_t of_pair = hash_pair(of_source, name, length);
	int64_t source_ms = wait_of(lockout, of_source, now_ms);
	int64_t pair_ms = wait_of(lockout, of_pair, now_ms);

	if (source_ms > 0 && find(&lockout->succeeded, of_pair) != NULL)
		return pair_ms;
	return source_ms > pair_ms ? source_ms : pair_ms;
}

void
lockout_note_failure(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms)
{
	uint64_t of_source = hash_source(lockout, source);

	fail(lockout, of_source, LOCKOUT_FREE_SOURCE, now_ms);
	fail(lockout, hash_pair(of_source, name, length), LOCKOUT_FREE_PAIR, now_ms);
}

void
lockout_note_success(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms)
{
	uint64_t of_source = hash_source(lockout, source);
	uint64_t of_pair = hash_pair(of_source, name, length);
	struct entry *failed = find_failed(lockout, of_pair, now_ms);
	struct entry *all = find_failed(lockout, of_source, now_ms);

	if (failed != NULL)
		*failed = (struct entry){ 0 };
	if (all != NULL)
		all->failures /= 2;
	obtain(&lockout->succeeded, of_pair)->last_ms = now_ms;
}

void
lockout_forget_failures(struct lockout *lockout)
{
	memset(&lockout->failed, 0, sizeof(lockout->failed));
}
