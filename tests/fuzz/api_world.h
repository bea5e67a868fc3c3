/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A world (world.h) with the API's site on it, for fuzz targets: three peers, DHCP leases, a folder for
 * keys (made_keys.h), and a publisher that writes nothing. Requests come from the target.
 */
#pragma once

#include <stdbool.h>

#include "auth/principal.h"
#include "doors/api.h"
#include "publisher/publisher.h"
#include "service/dhcp.h"

#include "world.h"

/* The editor has narrow grants and three names at most; the hook may tell of leases. */
enum api_world_peer { API_WORLD_ADMIN, API_WORLD_EDITOR, API_WORLD_HOOK, API_WORLD_PEERS };

struct api_world {
	struct world world;
	struct principal principals[API_WORLD_PEERS];
	struct grant grants[API_WORLD_PEERS];
	struct publisher_options publish;
	struct publisher *publisher;
	struct dhcp_options dhcp;
	struct dhcp_pin pin;
	struct api *api;
	bool is_reload_asked; /* api_world_answer_reload() is due */
};

/* It is not moved from then on: its parts point into it. */
void api_world_build(struct api_world *all);
void api_world_release(struct api_world *all);

/* As service_commit(), with a store that fails or does not. */
enum status api_world_commit(struct api_world *all, bool fails);

/* A reload: keys that were made over the API among the same keys, or none at all. */
void api_world_replace_keys(struct api_world *all, bool has_keys);

/* The reload that was asked for is over; without one, nothing happens. */
void api_world_answer_reload(struct api_world *all, bool fails);
