/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A growing array with links in it, and a hash table for the time of making these. */
#include "publisher/places.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { FIRST_CAPACITY = 64, WORDS = 4 };

struct table {
	uint32_t *slots; /* index + 1 of a place that leads; 0: free */
	unsigned bits;   /* there are 1 << bits slots, at least twice as many as places */
	uint64_t factors[WORDS];
};

void
places_init(struct places *places)
{
	*places = (struct places){ 0 };
}

void
places_release(struct places *places)
{
	free(places->list);
	places_init(places);
}

static enum status
grow(struct places *places)
{
	uint32_t capacity = places->capacity > 0 ? 2 * places->capacity : FIRST_CAPACITY;
	struct place *list;

	if (capacity > PLACES_MAX)
		return STATUS_TOO_LARGE;
	list = realloc(places->list, capacity * sizeof(*list));
	if (list == NULL)
		return STATUS_NO_MEMORY;
	places->list = list;
	places->capacity = capacity;
	return STATUS_OK;
}

enum status
places_add(struct places *places, const struct place *place)
{
	if (places->count == places->capacity) {
		enum status status = grow(places);

		if (status != STATUS_OK)
			return status;
	}
	places->list[places->count] = *place;
	places->list[places->count].leads = true;
	places->list[places->count].next = PLACE_NONE;
	places->count++;
	return STATUS_OK;
}

/*
 * Multilinear hashing: who does not know the factors finds no addresses that collide more often
 * than chance lets them. Without randomness, early at boot, the factors are known.
 */
static void
choose_factors(uint64_t factors[static WORDS])
{
	static const uint64_t known[WORDS] = { UINT64_C(0x9e3779b97f4a7c15),
		UINT64_C(0xbf58476d1ce4e5b9), UINT64_C(0x94d049bb133111eb),
		UINT64_C(0xd6e8feb86659fd93) };

	if (getrandom(factors, sizeof(known), GRND_NONBLOCK) != (ssize_t)sizeof(known))
		memcpy(factors, known, sizeof(known));
}

static enum status
table_init(struct table *table, uint32_t count)
{
	*table = (struct table){ .bits = 4 };
	while (UINT32_C(1) << table->bits < 2 * count)
		table->bits++;
	choose_factors(table->factors);
	table->slots = calloc((size_t)1 << table->bits, sizeof(*table->slots));
	return table->slots != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The slot of the place with this address, or the free one where it belongs. */
static uint32_t *
table_find(const struct table *table, const struct place *list, const struct address *address)
{
	uint32_t mask = (UINT32_C(1) << table->bits) - 1;
	uint32_t words[WORDS];
	uint64_t sum = 0;
	uint32_t slot;

	memcpy(words, address->bytes, sizeof(words));
	for (unsigned i = 0; i < WORDS; i++)
		sum += table->factors[i] * words[i];
	slot = (uint32_t)(sum >> (64 - table->bits));
	while (table->slots[slot] != 0 &&
	    !address_is_equal(&list[table->slots[slot] - 1].address, address))
		slot = (slot + 1) & mask;
	return &table->slots[slot];
}

enum status
places_join(struct places *places)
{
	struct place *list = places->list;
	struct table table;
	enum status status = table_init(&table, places->count);

	if (status != STATUS_OK)
		return status;
	/* From the last to the first: so each needs to know of one behind it only. */
	for (uint32_t i = places->count; i-- > 0;) {
		uint32_t *slot = table_find(&table, list, &list[i].address);

		if (*slot != 0) {
			list[i].next = *slot - 1;
			list[*slot - 1].leads = false;
		}
		*slot = i + 1;
	}
	free(table.slots);
	return STATUS_OK;
}

void
places_lead(struct places *places, uint32_t leader, uint32_t new_leader)
{
	struct place *list = places->list;
	uint32_t before = leader;

	if (new_leader == leader)
		return;
	while (list[before].next != new_leader)
		before = list[before].next;
	list[before].next = list[new_leader].next;
	list[new_leader].next = leader;
	list[new_leader].leads = true;
	list[leader].leads = false;
}
