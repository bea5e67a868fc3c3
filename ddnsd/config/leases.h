/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block leases: which names the devices get that have a DHCP lease. Part of config.c; nobody else
 * includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/section.h"
#include "registry/registry.h"
#include "service/dhcp.h"

struct config_leases;

/*
 * Fills dhcp, or complains. are_all_zones: false when a zone could not be read, so that nothing can
 * be said of one that is not among these. Returns what dhcp points to then, or NULL when out of
 * memory, which is complained about.
 */
struct config_leases *config_leases_read(const struct config_section *section,
    const struct zone_options *zones, size_t zone_count, bool are_all_zones,
    struct dhcp_options *dhcp);

/* Takes NULL. */
void config_leases_free(struct config_leases *leases);
