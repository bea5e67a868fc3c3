/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block peer: a local user or group, and what it may do over the Unix socket. Part of config.c;
 * nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/peer.h"
#include "config/key.h"
#include "config/section.h"

/* What a peer's principal points to. */
struct config_peer {
	char *identity; /* "@TITLE" */
	struct grant *grants;
	unsigned line;
};

/*
 * Reads the block into *ret_values and a principal that points to them, or complains. others are the
 * peers read before it, whose titles it may not have. An account that was not looked up (see
 * config/account.h) has the number -1, which is nobody's. False: nothing is to be kept.
 */
bool config_peer_read(const struct config_keys *keys, const struct config_section *section,
    const struct config_peer *others, size_t other_count, struct config_peer *ret_values,
    struct peer_principal *ret_peer);

void config_peer_release(struct config_peer *values);
