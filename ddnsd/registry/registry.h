/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All that is registered, in memory: zones, names in canonical order, their records, owners and
 * leases. Changes of a turn can be undone together until they are committed. Never touches a disk
 * or a socket; decides nothing about who may change what.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "registry/records.h"
#include "registry/tally.h"
#include "wire/name.h"

struct registry;
struct zone;
struct node;  /* a name with its records */
struct owner; /* an identity that names belong to */

struct zone_options {
	struct name apex;
	uint32_t ttl_s;       /* of SOA and NS, and the SOA's minimum */
	uint32_t lease_s;     /* without a request; 0 = for ever */
	uint32_t lease_min_s; /* clamps what is asked for */
	uint32_t lease_max_s;
	struct name nameserver; /* NS and SOA MNAME */
	struct name contact;    /* SOA RNAME */
};

/* NULL when out of memory. */
struct registry *registry_new(void);
void registry_free(struct registry *registry);

/*
 * Adds a zone, empty, or gives one that is there new options. The zone's SOA and NS are the
 * service's to make.
 */
enum status registry_add_zone(struct registry *registry, const struct zone_options *options);

/* Forgets a zone and its names (not what is stored of them). No turn may be open. */
void registry_remove_zone(struct registry *registry, struct zone *zone);

/* The zone with exactly this apex, or the deepest one that this name lies in. NULL: none. */
struct zone *registry_find_zone(const struct registry *registry, const uint8_t *apex);
struct zone *registry_zone_of(const struct registry *registry, const uint8_t *name);

/* All zones, in order of configuration; NULL begins, NULL ends. */
struct zone *registry_next_zone(const struct registry *registry, const struct zone *zone);

/* A mark for whoever loads zones: false in a new one. */
bool zone_is_loaded(const struct zone *zone);
void zone_set_loaded(struct zone *zone);

const struct zone_options *zone_options(const struct zone *zone);
const uint8_t *zone_apex(const struct zone *zone);
uint32_t zone_serial(const struct zone *zone);

/*
 * The name's node, or NULL when it owns no record (rule 7: an empty non-terminal is not in use).
 * Records whose lease has ended may still stand in it.
 */
struct node *zone_find(const struct zone *zone, const uint8_t *name);

/* True when some name with records lies below this one: then it exists, with or without records. */
bool zone_has_below(const struct zone *zone, const uint8_t *name);

/* Names with records, in canonical order (the apex first); NULL begins, NULL ends. */
struct node *zone_next(const struct zone *zone, struct node *node);

/* The first name behind this one, which need not be there. */
struct node *zone_next_after(const struct zone *zone, const uint8_t *name);

/* Number of names with records, the apex included. */
size_t zone_names(const struct zone *zone);

/* Its records by type, those of the apex and of leases that have ended included. */
const struct tally *zone_tally(const struct zone *zone);

const uint8_t *node_name(const struct node *node);
const struct records *node_records(const struct node *node); /* NULL: none */
struct zone *node_zone(const struct node *node);
struct owner *node_owner(const struct node *node); /* NULL: the zone's own */

/* True when the name is a DHCP lease's (owner "@lease"): derived from the leases, and not stored. NULL: false. */
bool node_is_of_lease(const struct node *node);
int64_t node_created_s(const struct node *node); /* wall clock, for people */
int64_t node_changed_s(const struct node *node);

/* The identity that owns the names of DHCP leases. */
extern const char registry_lease_identity[];

/* Interns an identity. NULL when out of memory. Owners live as long as the registry. */
struct owner *registry_owner(struct registry *registry, const char *identity);

/* The same for looking only: NULL when nobody has been called so yet. */
const struct owner *registry_find_owner(const struct registry *registry, const char *identity);
const char *owner_identity(const struct owner *owner);
size_t owner_names(const struct owner *owner); /* names that belong to it now */

/*
 * The names that belong to it, in no order; NULL begins, NULL ends. One that gets other records, and stays
 * its own, keeps its place; those that come meanwhile are not met.
 */
struct node *owner_next(const struct owner *owner, const struct node *node);

/* Names with records, over all zones, the apexes included. */
size_t registry_names(const struct registry *registry);

/* Rises with every change that is visible, also when one is undone: for "is there something new". */
uint64_t registry_version(const struct registry *registry);

/* --- changing --- */

/*
 * The node for a name, made without records when it is not there. NULL when out of memory. A node
 * that stays without records must be given back by registry_forget_if_empty().
 */
struct node *registry_obtain(struct registry *registry, struct zone *zone, const uint8_t *name);
void registry_forget_if_empty(struct registry *registry, struct node *node);

/* Makes room so that this many calls of registry_replace() and zone_raise_serial() cannot fail. */
enum status registry_reserve(struct registry *registry, size_t replacements);

/*
 * Gives the name other records (taken over; NULL = none: the name goes) and an owner. The old
 * ones are kept for registry_rollback(). wall_s dates it. Room must have been reserved.
 */
void registry_replace(struct registry *registry, struct node *node, struct records *records,
    struct owner *owner, int64_t wall_s);

/*
 * Takes renewed leases over: list holds the same records as the node, in the order of
 * records_next(). Nothing visible changes. Where a stored time is passed the name joins those to
 * be written, and this can fail for want of memory; room must have been reserved.
 */
enum status registry_renew(struct registry *registry, struct node *node, struct record *list,
    size_t count);

/*
 * Serial + 1 (RFC 1982), also inside the apex's SOA. What is stored of it runs ahead, so that the
 * apex joins those to be written only once in SERIAL_AHEAD times: after a crash the serial has jumped, but
 * never gone back.
 */
enum { SERIAL_AHEAD = 1000 };
void zone_raise_serial(struct registry *registry, struct zone *zone);

/* Makes the serial one past that, unless it is past it already (RFC 1982). Room must have been reserved. */
void zone_pass_serial(struct registry *registry, struct zone *zone, uint32_t passed);

/* Takes the serial that stands in the apex's SOA (after a load, or a client's replacement). */
void zone_adopt_serial(struct registry *registry, struct zone *zone);

/* Puts in a name as it was stored, outside of any turn. Takes the records over. */
void registry_load(struct registry *registry, struct node *node, struct records *records,
    struct owner *owner, int64_t created_s, int64_t changed_s);

/* Before an orderly end: serials that are stored ahead are to be written as they are. */
enum status registry_settle_serials(struct registry *registry);

/* True when the open turn has something to write. */
bool registry_is_dirty(const struct registry *registry);

/* Names to be written in this turn, each once; cursor begins at 0. NULL ends. */
struct node *registry_next_touched(const struct registry *registry, size_t *cursor);

/* Lets every name with a lease be written in this turn: what is stored of their ends went wrong. */
enum status registry_touch_leased(struct registry *registry);

/* A name's records in their stored form: records_encode(), with the apex's serial ahead. */
enum status registry_encode(struct node *node, int64_t wall_offset_s, struct buffer *buffer);

/* What the turn did stays; what was kept for going back is freed. */
void registry_commit(struct registry *registry);

/* Everything since the last commit is undone, serials and leases' stored times included. */
void registry_rollback(struct registry *registry);

/* --- leases --- */

/*
 * A name whose earliest lease ended at or before now_s, or NULL. The caller removes what ended, or
 * calls registry_requeue() when nothing had (a refresh moves the end but not the queue).
 */
struct node *registry_next_expired(const struct registry *registry, int64_t now_s);
void registry_requeue(struct registry *registry, struct node *node);

/* When registry_next_expired() will next have something: a time not later than that, or LEASE_FOREVER. */
int64_t registry_next_expiry(const struct registry *registry);
