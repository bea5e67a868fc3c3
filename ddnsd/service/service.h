/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The order of things, written once: every door hands its requests to service_update() and its
 * questions to service_query(); what a turn changed becomes durable in service_commit(), and only
 * then may answers go out. Knows neither packets nor sockets.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keyring.h"
#include "auth/policy.h"
#include "base/arena.h"
#include "base/loop.h"
#include "base/status.h"
#include "registry/registry.h"
#include "registry/store.h"
#include "service/counts.h"
#include "service/service_options.h"
#include "wire/address.h"
#include "wire/message.h"
#include "wire/update.h"

struct service;

/* All borrowed for the service's life. NULL when out of memory. */
struct service *service_new(struct loop *loop, struct registry *registry,
    const struct service_options *options);
void service_free(struct service *service);

/* Where changes become durable: once, before service_set_zones(). Borrowed. */
void service_attach_store(struct service *service, struct store *store);

void service_set_options(struct service *service, const struct service_options *options);

/*
 * Makes the zones be these: new ones are loaded from the store, or begun with an SOA and an NS; ones
 * that are gone are forgotten, what is stored of them stays. No turn may be open. STATUS_DAMAGED: a
 * stored row is not what we wrote (it is logged and left out); the rest is loaded.
 */
enum status service_set_zones(struct service *service, const struct zone_options *zones,
    size_t count);

/*
 * Loads what is remembered beside the names: leases, which get their names with it, and when keys were last
 * used. Once, after the zones, the access and service_set_dhcp_options().
 */
enum status service_load_facts(struct service *service);

/* Who may speak. Borrowed until the next call; state is carried over from the previous keyring. */
void service_set_access(struct service *service, struct keyring *keyring,
    struct network_principal *networks, size_t network_count);
struct keyring *service_keyring(struct service *service);

/* The principal for an unsigned update from there, or NULL (rule 31). */
struct principal *service_find_network(struct service *service, const struct address *source,
    bool is_udp);

/* True when this is the apex of a zone of ours (rule 2). */
bool service_has_zone(const struct service *service, const uint8_t *apex);

/* An update from somebody who has been authenticated. Everything is borrowed for the call. */
struct request {
	struct principal *principal;
	struct address source; /* family 0 where there is none */
	const char *door;      /* by which it came, static text: "udp", "tcp", "unix", ... */
	const struct update *update;
	/*
	 * Whose the names shall be, where an administrator registers them for somebody; NULL: the
	 * principal's own. Only for principals with is_admin.
	 */
	const char *owner;
	/*
	 * A lease of the door's own, where the update names none, in place of the zone's default and
	 * not clamped (dyndns2 clients come again when their address changes, and not before).
	 */
	bool has_lease;
	uint32_t lease_s; /* 0 = for ever */
	bool is_more; /* of the same request as one before, which updates-per-minute has counted */
};

struct update_answer {
	bool has_lease; /* the request asked for one */
	uint32_t lease_s;
	bool is_changed;             /* something visible is new */
	enum update_outcome outcome; /* what became of it, also where it failed */
};

/*
 * Authorises, checks prerequisites, prescans and applies an update, all of it or nothing (RFC 2136
 * 3, rules 2 to 18, 31 to 33). What it changed is in memory only until service_commit(): no answer may
 * go out before. Refusals are logged here. scratch is used until the call ends.
 */
enum status service_update(struct service *service, const struct request *request,
    struct arena *scratch, struct update_answer *ret_answer);

/*
 * Answers a question (rules 36, 37): fills rcode, AA and RRsets, which point into the registry and
 * into scratch until the next change. name is lower-cased. Not while service_is_dirty(): an answer
 * must not show what a failed commit would take back.
 */
void service_query(struct service *service, const uint8_t *name, uint16_t type, uint16_t class,
    struct arena *scratch, struct message_answer *ret_answer);

/*
 * How long it pays to wait for more messages before the open turn is committed: a small part of what
 * commits take of late where that is long (a slow card), else 0. Nanoseconds.
 */
int64_t service_patience_ns(const struct service *service);

/* True when the open turn has changes that are not durable yet. */
bool service_is_dirty(const struct service *service);

/*
 * Ends the turn: one sync makes all its changes durable. On failure all of them are undone, and
 * every request of the turn is to be answered with that status. Nothing to do is STATUS_OK. Failure and
 * recovery are logged once each.
 */
enum status service_commit(struct service *service);

/* Before an orderly end: stores what is kept ahead of itself as it is. No turn may be open. */
void service_settle(struct service *service);

/* What has expired before this time is neither served nor published (rules 34, 35). context: the service. */
int64_t service_expiry_clock(void *context);

/* The wall clock was set (rule 35): quiet time, and stored ends of leases are written anew. */
void service_clock_stepped(struct service *service, int64_t step_s);
