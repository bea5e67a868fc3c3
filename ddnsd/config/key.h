/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks that say who may speak: key and network. Turns their text into principals and wipes what was
 * secret. Part of config.c; nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keyring.h"
#include "auth/policy.h"
#include "config/section.h"
#include "registry/registry.h"
#include "wire/address.h"

enum {
	CONFIG_UPDATES_MAX = 1000000, /* a minute */
	CONFIG_NAMES_MAX = 1000000,   /* of one key */
};

struct config_key_place;

/* What the blocks of all files have in common. Zeroed, then filled by the caller, is ready for use. */
struct config_keys {
	struct keyring *keyring; /* takes the keys; borrowed */
	const struct zone_options *zones;
	size_t zone_count;
	uint32_t updates_per_minute; /* for blocks that do not say; 0 = no limit */
	uint32_t names_max;
	struct config_key_place *places; /* of the keys read so far */
	size_t place_count;
};

/* Adds the block's key, or complains. */
void config_key_read(struct config_keys *keys, const struct config_section *section);

/* Frees the places; the keyring is the caller's. */
void config_keys_release(struct config_keys *keys);

/* What a network's principal points to. */
struct config_network {
	struct network network;
	char identity[NETWORK_TEXT_MAX];
	struct grant *grants;
	unsigned line;
};

/*
 * Reads the block into *ret_values and a principal that points to them, or complains. others are the
 * networks read before it, which it may not repeat. False: nothing is to be kept.
 */
bool config_network_read(const struct config_keys *keys, const struct config_section *section,
    const struct config_network *others, size_t other_count, struct config_network *ret_values,
    struct network_principal *ret_principal);

void config_network_release(struct config_network *values);
