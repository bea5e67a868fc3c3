/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The option allow, which says what a key, a network or a peer may change. Turns its text into
 * grants and decides nothing. Part of config.c; nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/principal.h"
#include "config/key.h"
#include "config/section.h"

/*
 * Whose block it is: a key has a name, "self"; a peer may have the word "lease" in its list; both may
 * have the word "look".
 */
enum config_speaker { CONFIG_KEY, CONFIG_NETWORK, CONFIG_PEER };

struct config_grants {
	struct grant *items; /* the caller's to free, also on failure */
	size_t count;
	bool may_tell_leases; /* "lease" is among them; it is no grant and is not counted */
	bool may_look;        /* the same of "look" */
};

/*
 * Reads the list, which may be empty, and warns of names that lie in no zone. False: complained.
 */
bool config_grants_read(const struct config_keys *keys, const struct config_section *section,
    enum config_speaker speaker, struct config_grants *ret_grants);

/* Warns that the block allows nothing, its list being empty. */
void config_grants_warn_empty(const struct config_section *section);
