/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small daemon without sockets for fuzz targets: three zones with names in them, three keys,
 * two networks, a clock that only moves when told. Each input gets a new one.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keyring.h"
#include "auth/policy.h"
#include "base/buffer.h"
#include "base/loop.h"
#include "doors/dns.h"
#include "registry/registry.h"
#include "service/service.h"

enum {
	WORLD_WALL_S = 1753000000, /* when each world begins */
	WORLD_SECRET_SIZE = 32,
	WORLD_LEASE_MAX_S = 7200,
	WORLD_ADDRESSES_PER_NAME = 4,
	WORLD_NAMES = 24,       /* all names, at most */
	WORLD_LAPTOP_NAMES = 3, /* of the key "laptop" */
};

/* The last has nearly the longest name there can be, may do nothing, and may truncate its MACs. */
enum world_key { WORLD_ADMIN, WORLD_LAPTOP, WORLD_LONG, WORLD_KEYS };

/* In a record of the administrator's, and unlikely to come up otherwise: who is not to see it, does not. */
#define WORLD_HIDDEN_TEXT "only-who-may-look-reads-this-one"

#define WORLD_LONG_LABEL "a-name-that-is-as-long-as-the-longest-label-there-may-ever-be"
#define WORLD_LONG_ZONE WORLD_LONG_LABEL "." WORLD_LONG_LABEL "." WORLD_LONG_LABEL ".example"

extern const char *const world_key_names[WORLD_KEYS];
extern const uint8_t world_secrets[WORLD_KEYS][WORLD_SECRET_SIZE + 1];

struct world {
	struct loop *loop;
	struct registry *registry;
	struct keyring *keyring;
	struct network networks[2];
	struct grant network_grant;
	struct network_principal network_principals[2];
	struct service *service;
	struct dns *dns;
};

/* Aborts, saying where, when an invariant does not hold or the test cannot go on. */
#define expect(holds) ((holds) ? (void)0 : expect_failed(#holds, __FILE__, __LINE__))
_Noreturn void expect_failed(const char *what, const char *file, int line);

/* Values from texts that are good. */
struct name world_name(const char *text);
struct grant world_grant(const char *text);

void world_build(struct world *world);
void world_release(struct world *world);

/* A reload: the same keys, or none. Principals from before are gone. */
void world_replace_keys(struct world *world, bool has_keys);

/* Time goes by; what has expired meanwhile is taken out, in the open turn. */
void world_pass(struct world *world, int64_t seconds);
int64_t world_wall_s(void);

/* Ends the registry's turn as service_commit() does, with a store that fails or does not. */
enum status world_end_turn(struct world *world, int does_fail);

/*
 * All that is registered, as bytes: two worlds with the same bytes are the same. The buffer is
 * zeroed before its first use, and emptied.
 */
void world_serialise(const struct world *world, struct buffer *bytes);

/* Aborts when what is registered breaks a rule. */
void world_check(const struct world *world);
