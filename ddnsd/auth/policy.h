/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may change what (RULES 8, 31): pure questions over a principal's grants. Denies by default.
 * Ownership of names (rule 32) is the registry's and the service's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "auth/principal.h"

/* True when the principal may speak from this address. */
bool policy_may_speak_from(const struct principal *principal, const struct address *source);

/*
 * True when some grant covers the name and the type within this zone; false for a name outside it.
 * SOA and NS are covered only by a grant that names them. type is any record type; for a deletion
 * of a whole name ask once for each type that the name has (ANY asks whether the name is covered
 * at all). `self` of a key is its own name when that lies in the zone, else the key's name below
 * the zone's apex; nobody else has a self. A peer who is admin and has no grants (root) may change
 * everything, SOA and NS too.
 */
bool policy_may_change(const struct principal *principal, const uint8_t *zone, const uint8_t *name,
    uint16_t type);

/*
 * The unsigned principal for a sender: the network block with the longest matching prefix, or NULL
 * when there is none or that one does not allow the transport; a wider block does not stand in for
 * it. networks is an array of principals of kind PRINCIPAL_NETWORK whose sources[0] is the block;
 * allows_udp runs beside it.
 */
struct network_principal {
	struct principal principal;
	bool allows_udp;
};
struct principal *policy_find_network(struct network_principal *networks, size_t count,
    const struct address *source, bool is_udp);
