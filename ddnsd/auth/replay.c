/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Remembers accepted MACs in a ring with an index of chains. Reads no clock, grows never. */
#include "auth/replay.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	/*
	 * The least that RFC 8945 5.2.2.1 lets through of any MAC. No more is compared: where
	 * truncation is allowed, a repeat may come with a shorter MAC than the first.
	 */
	DIGEST_SIZE = 10,
	BUCKETS = REPLAY_CAPACITY,
};

static_assert((REPLAY_CAPACITY & (REPLAY_CAPACITY - 1)) == 0, "slots and buckets are masked");

struct entry {
	uint8_t digest[DIGEST_SIZE];
	uint8_t status;
	bool has_lease;
	uint32_t lease_s;
	uint32_t next; /* slot + 1 of an older entry in the same bucket; 0 = none */
	int64_t valid_until_s;
};

static_assert(sizeof(struct entry) <= 32, "the full table stays within 2 MB");
static_assert(STATUS_COUNT <= UINT8_MAX, "a status fits its octet");

/* Entry number n, counted from 0, lives in slot n modulo the capacity. */
struct replay {
	uint64_t oldest;
	uint64_t added;
	uint32_t *buckets; /* slot + 1 of the newest entry; 0 = none */
	struct entry *entries;
};

struct replay *
replay_new(void)
{
	struct replay *replay = calloc(1, sizeof(*replay));

	if (replay == NULL)
		return NULL;
	/* Large enough to be mapped, not cleared: a page costs nothing until it is written. */
	replay->buckets = calloc(BUCKETS, sizeof(*replay->buckets));
	replay->entries = calloc(REPLAY_CAPACITY, sizeof(*replay->entries));
	if (replay->buckets == NULL || replay->entries == NULL) {
		replay_free(replay);
		return NULL;
	}
	return replay;
}

void
replay_free(struct replay *replay)
{
	if (replay == NULL)
		return;
	free(replay->buckets);
	free(replay->entries);
	free(replay);
}

/* A MAC that was accepted is as good as random: its first octets are hash enough. */
static uint32_t *
find_bucket(const struct replay *replay, const uint8_t *digest)
{
	uint32_t hash;

	memcpy(&hash, digest, sizeof(hash));
	return &replay->buckets[hash & (BUCKETS - 1)];
}

static uint32_t
slot_of(uint64_t number)
{
	return (uint32_t)(number & (REPLAY_CAPACITY - 1));
}

bool
replay_find(const struct replay *replay, const uint8_t *mac, size_t size, int64_t now_s,
    struct replay_answer *ret_answer)
{
	assert(size >= DIGEST_SIZE);
	for (uint32_t link = *find_bucket(replay, mac); link != 0;) {
		const struct entry *entry = &replay->entries[link - 1];

		if (memcmp(entry->digest, mac, DIGEST_SIZE) == 0 && entry->valid_until_s >= now_s) {
			ret_answer->status = (enum status)entry->status;
			ret_answer->has_lease = entry->has_lease;
			ret_answer->lease_s = entry->lease_s;
			return true;
		}
		link = entry->next;
	}
	return false;
}

static void
forget(struct replay *replay, uint64_t number)
{
	uint32_t own_link = slot_of(number) + 1;
	const struct entry *entry = &replay->entries[own_link - 1];
	uint32_t *link = find_bucket(replay, entry->digest);

	while (*link != own_link)
		link = &replay->entries[*link - 1].next;
	*link = entry->next;
}

void
replay_add(struct replay *replay, const uint8_t *mac, size_t size, int64_t valid_until_s,
    const struct replay_answer *answer)
{
	uint32_t slot = slot_of(replay->added);
	uint32_t *bucket;

	assert(size >= DIGEST_SIZE);
	if (replay->added - replay->oldest == REPLAY_CAPACITY)
		forget(replay, replay->oldest++);
	bucket = find_bucket(replay, mac);
	replay->entries[slot] = (struct entry){
		.status = (uint8_t)answer->status,
		.has_lease = answer->has_lease,
		.lease_s = answer->lease_s,
		.next = *bucket,
		.valid_until_s = valid_until_s,
	};
	memcpy(replay->entries[slot].digest, mac, DIGEST_SIZE);
	*bucket = slot + 1;
	replay->added++;
}

uint64_t
replay_mark(const struct replay *replay)
{
	return replay->added;
}

void
replay_forget_since(struct replay *replay, uint64_t mark)
{
	assert(mark <= replay->added);
	/* More than the capacity may have been added: what the ring has lost is forgotten already. */
	while (replay->added > mark && replay->added > replay->oldest)
		forget(replay, --replay->added);
}
