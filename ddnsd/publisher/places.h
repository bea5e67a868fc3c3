/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The addresses of names in one list, and which of them are the same, so that names which share an
 * address can stand in one line. Decides neither which names are listed nor which of them leads.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "registry/registry.h"
#include "wire/address.h"

/* A ceiling of 64 MB; 100,000 names with 16 addresses each are 1.6 million. */
enum { PLACES_MAX = 2 * 1024 * 1024 };

#define PLACE_NONE UINT32_MAX

/* One address of one name. */
struct place {
	struct address address;
	/* Whoever lists it says so, and reads it: */
	bool has_short;
	bool is_lease; /* the name of the DHCP lease of this address */
	bool is_known; /* and the reader of the file answers it without the file */
	bool leads;    /* is the first of those that share its address, if only by itself */
	uint32_t next; /* the next of them, as an index into the list; PLACE_NONE: there is none */
	const struct node *node; /* borrowed */
};

struct places {
	struct place *list;
	uint32_t count;
	uint32_t capacity;
};

/* Allocates nothing yet. */
void places_init(struct places *places);
void places_release(struct places *places);

/* Appends a copy, which leads by itself. STATUS_NO_MEMORY; STATUS_TOO_LARGE over PLACES_MAX. */
enum status places_add(struct places *places, const struct place *place);

/*
 * Links the places that share an address, in the order they were added; the first of them leads.
 * Once, after the last was added. The time is in proportion to their number, whatever the addresses
 * are: a hash with a secret finds them. STATUS_NO_MEMORY.
 */
enum status places_join(struct places *places);

/* Gives the lead of those that share an address to another of them; the others keep their order. */
void places_lead(struct places *places, uint32_t leader, uint32_t new_leader);
