/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Prerequisites of an update (RFC 2136 3.2, rules 4 to 7), asked of the registry. */
#pragma once

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "registry/registry.h"
#include "wire/update.h"

/*
 * STATUS_OK when all hold at now_s, else the status of the first that does not; the exact RRsets
 * (RFC 2136 2.4.2) are compared last, as one set for each name and type.
 */
enum status prerequisite_check(const struct zone *zone, const struct update *update, int64_t now_s,
    struct arena *arena);
