/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The option interface-ids of a key: the lower halves of its hosts' IPv6 addresses. Part of config.c;
 * nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "auth/principal.h"
#include "config/key.h"
#include "config/section.h"

enum { CONFIG_INTERFACE_IDS_MAX = 64 }; /* of one key */

/*
 * Reads the list, which may be empty, and warns of hosts that lie in no zone. key is the name that self
 * is made of. *ret_ids is the caller's to free, also on failure. False: complained.
 */
bool config_interface_ids_read(const struct config_keys *keys, const struct config_section *section,
    const struct name *key, struct interface_id **ret_ids, size_t *ret_count);
