/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Updates by URL: /nic/update and its aliases as dyndns2 has them (rules 45 to 47), and /v1/update, the
 * same with true statuses and JSON (rule 48). Requests become struct update; no socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "doors/http_server.h"
#include "service/service.h"

struct dyndns;

/* service is borrowed. NULL when out of memory. */
struct dyndns *dyndns_new(struct service *service);
void dyndns_free(struct dyndns *dyndns);

/* The lease of what is registered so; has_lease false: the zone's own. */
void dyndns_set_lease(struct dyndns *dyndns, bool has_lease, uint32_t lease_s);

/* Lives with dyndns. */
const struct http_site *dyndns_site(const struct dyndns *dyndns);

/* True for the paths that are its own. */
bool dyndns_has_path(const char *path);
