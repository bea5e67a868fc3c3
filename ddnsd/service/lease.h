/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of leases: how long is granted, and what happens at the end (rules 33 to 35). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "registry/registry.h"

/*
 * The length granted, in seconds; 0 is for ever. Without a request it is the zone's default, and
 * for ever for an administrator's key; with one it is clamped to the zone's bounds.
 */
uint32_t lease_length_s(const struct zone_options *options, bool is_requested, uint32_t requested_s,
    bool is_admin);

/* The times of a lease that begins at now_s (clock_now_s()). */
struct lease lease_begin(int64_t now_s, uint32_t length_s);

/* Timer handler (context: the service): takes out what has expired, a bounded number of names a turn. */
void lease_expire(void *context);
