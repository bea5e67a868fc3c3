/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Zones, names, owners and leases in memory, and the way back to the last commit. No disk, no
 * socket, no decision about who may change what.
 */
#include "registry/registry.h"

#include <assert.h>
#include <bsd/sys/queue.h>
#include <bsd/sys/tree.h>
#include <libknot/consts.h>
#include <libknot/descriptor.h>
#include <libknot/rrtype/soa.h>
#include <stdlib.h>
#include <string.h>

const char registry_lease_identity[] = "@lease";

struct node {
	RB_ENTRY(node) by_key;
	RB_ENTRY(node) by_expiry;
	LIST_ENTRY(node) by_owner; /* while it has records and an owner */
	struct zone *zone;
	struct records *records; /* NULL only within a turn */
	struct owner *owner;
	int64_t created_s;
	int64_t changed_s;
	int64_t expires_s; /* its place by_expiry; LEASE_FOREVER: not in there */
	bool is_touched;
	uint16_t key_size;
	uint8_t name_size;
	uint8_t bytes[]; /* the name, then its key */
};

RB_HEAD(node_tree, node);
RB_HEAD(expiry_tree, node);

struct zone {
	TAILQ_ENTRY(zone) entry;
	struct zone_options options;
	struct node_tree nodes;
	size_t names;
	struct tally tally;
	bool is_loaded;
	uint32_t serial;
	uint32_t committed_serial;
	uint32_t stored_serial; /* what the disk says: not behind, most often ahead */
	uint32_t ahead;         /* of the serial, when the apex is next written */
};

struct owner {
	SLIST_ENTRY(owner) entry;
	LIST_HEAD(, node) nodes;
	size_t names;
	bool is_lease;
	char identity[];
};

/* What one call of registry_replace() took away. */
struct undo {
	struct node *node;
	struct records *records;
	struct owner *owner;
	int64_t created_s;
	int64_t changed_s;
};

enum { OWNER_BUCKETS = 256 };

struct registry {
	TAILQ_HEAD(, zone) zones;
	SLIST_HEAD(, owner) owners[OWNER_BUCKETS];
	struct expiry_tree expiries;
	size_t names;
	uint64_t version;

	struct undo *undos;
	size_t undo_count;
	size_t undo_capacity;
	struct node **touched;
	size_t touched_count;
	size_t touched_capacity;
};

static const uint8_t *
key_of(const struct node *node)
{
	return node->bytes + node->name_size;
}

static int
compare_keys(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size)
{
	int order = memcmp(one, other, one_size < other_size ? one_size : other_size);

	if (order != 0)
		return order;
	return one_size < other_size ? -1 : one_size > other_size;
}

static int
compare_by_key(const struct node *one, const struct node *other)
{
	return compare_keys(key_of(one), one->key_size, key_of(other), other->key_size);
}

static int
compare_by_expiry(const struct node *one, const struct node *other)
{
	if (one->expires_s != other->expires_s)
		return one->expires_s < other->expires_s ? -1 : 1;
	return one < other ? -1 : one > other;
}

/* RB_GENERATE_STATIC() wants a macro that libbsd defines only where it overlays the system. */
RB_GENERATE_INTERNAL(node_tree, node, by_key, compare_by_key, __attribute__((unused)) static)
RB_GENERATE_INTERNAL(expiry_tree, node, by_expiry, compare_by_expiry,
    __attribute__((unused)) static)

struct registry *
registry_new(void)
{
	struct registry *registry = calloc(1, sizeof(*registry));

	if (registry == NULL)
		return NULL;
	TAILQ_INIT(&registry->zones);
	RB_INIT(&registry->expiries);
	return registry;
}

void
registry_free(struct registry *registry)
{
	if (registry == NULL)
		return;
	registry_rollback(registry);
	while (!TAILQ_EMPTY(&registry->zones))
		registry_remove_zone(registry, TAILQ_FIRST(&registry->zones));
	for (size_t i = 0; i < OWNER_BUCKETS; i++) {
		while (!SLIST_EMPTY(&registry->owners[i])) {
			struct owner *owner = SLIST_FIRST(&registry->owners[i]);

			SLIST_REMOVE_HEAD(&registry->owners[i], entry);
			free(owner);
		}
	}
	free(registry->undos);
	free(registry->touched);
	free(registry);
}

enum status
registry_add_zone(struct registry *registry, const struct zone_options *options)
{
	struct zone *zone = registry_find_zone(registry, options->apex.wire);

	if (zone == NULL) {
		zone = calloc(1, sizeof(*zone));
		if (zone == NULL)
			return STATUS_NO_MEMORY;
		RB_INIT(&zone->nodes);
		zone->ahead = SERIAL_AHEAD;
		TAILQ_INSERT_TAIL(&registry->zones, zone, entry);
	}
	zone->options = *options;
	return STATUS_OK;
}

/* Keeps the counts and the queue of leases true while a node's records change hands. */
static void
node_set(struct registry *registry, struct node *node, struct records *records, struct owner *owner)
{
	int64_t expires_s = records_next_expiry(records);
	struct owner *old_owner = node->owner;

	if (node->records != NULL) {
		registry->names--;
		node->zone->names--;
		tally_take_off(&node->zone->tally, node->records);
		if (node->owner != NULL)
			node->owner->names--;
	}
	node->records = records;
	node->owner = records != NULL ? owner : NULL;
	if (records != NULL) {
		registry->names++;
		node->zone->names++;
		tally_add(&node->zone->tally, records);
		if (owner != NULL)
			owner->names++;
	}
	/* Who walks an owner's names may change each on the way: one that stays keeps its place. */
	if (node->owner != old_owner) {
		if (old_owner != NULL)
			LIST_REMOVE(node, by_owner);
		if (node->owner != NULL)
			LIST_INSERT_HEAD(&owner->nodes, node, by_owner);
	}
	if (expires_s == node->expires_s)
		return;
	if (node->expires_s != LEASE_FOREVER)
		RB_REMOVE(expiry_tree, &registry->expiries, node);
	node->expires_s = expires_s;
	if (expires_s != LEASE_FOREVER)
		RB_INSERT(expiry_tree, &registry->expiries, node);
}

static void
remove_node(struct registry *registry, struct node *node)
{
	struct records *records = node->records;

	node_set(registry, node, NULL, NULL);
	records_free(records);
	RB_REMOVE(node_tree, &node->zone->nodes, node);
	free(node);
}

void
registry_remove_zone(struct registry *registry, struct zone *zone)
{
	struct node *node;

	/* It would keep pointing at nodes that are gone. */
	assert(!registry_is_dirty(registry));
	while ((node = RB_MIN(node_tree, &zone->nodes)) != NULL)
		remove_node(registry, node);
	TAILQ_REMOVE(&registry->zones, zone, entry);
	free(zone);
	registry->version++;
}

struct zone *
registry_find_zone(const struct registry *registry, const uint8_t *apex)
{
	struct zone *zone;

	TAILQ_FOREACH(zone, &registry->zones, entry) {
		if (name_is_equal(zone->options.apex.wire, apex))
			return zone;
	}
	return NULL;
}

struct zone *
registry_zone_of(const struct registry *registry, const uint8_t *name)
{
	struct zone *zone;

	/* The configuration lets no two zones overlap, so the first is the only one. */
	TAILQ_FOREACH(zone, &registry->zones, entry) {
		if (name_is_within(name, zone->options.apex.wire))
			return zone;
	}
	return NULL;
}

struct zone *
registry_next_zone(const struct registry *registry, const struct zone *zone)
{
	return zone == NULL ? TAILQ_FIRST(&registry->zones) : TAILQ_NEXT(zone, entry);
}

bool
zone_is_loaded(const struct zone *zone)
{
	return zone->is_loaded;
}

void
zone_set_loaded(struct zone *zone)
{
	zone->is_loaded = true;
}

const struct zone_options *
zone_options(const struct zone *zone)
{
	return &zone->options;
}

const uint8_t *
zone_apex(const struct zone *zone)
{
	return zone->options.apex.wire;
}

uint32_t
zone_serial(const struct zone *zone)
{
	return zone->serial;
}

/* The first node whose key is not below this one; NULL when all are. */
static struct node *
lower_bound(const struct zone *zone, const uint8_t *key, size_t key_size)
{
	struct node *node = RB_ROOT(&zone->nodes);
	struct node *bound = NULL;

	while (node != NULL) {
		int order = compare_keys(key, key_size, key_of(node), node->key_size);

		if (order == 0)
			return node;
		if (order < 0) {
			bound = node;
			node = RB_LEFT(node, by_key);
		} else {
			node = RB_RIGHT(node, by_key);
		}
	}
	return bound;
}

static struct node *
skip_empty(struct node *node)
{
	while (node != NULL && node->records == NULL)
		node = RB_NEXT(node_tree, , node);
	return node;
}

static bool
has_key(const struct node *node, const uint8_t *key, size_t key_size)
{
	return node->key_size == key_size && memcmp(key_of(node), key, key_size) == 0;
}

struct node *
zone_find(const struct zone *zone, const uint8_t *name)
{
	uint8_t key[NAME_KEY_MAX];
	size_t key_size = name_key(name, key);
	struct node *node = lower_bound(zone, key, key_size);

	if (node == NULL || node->records == NULL || !has_key(node, key, key_size))
		return NULL;
	return node;
}

bool
zone_has_below(const struct zone *zone, const uint8_t *name)
{
	uint8_t key[NAME_KEY_MAX];
	size_t key_size = name_key(name, key);
	struct node *node = lower_bound(zone, key, key_size);

	if (node != NULL && has_key(node, key, key_size))
		node = RB_NEXT(node_tree, , node);
	node = skip_empty(node);
	return node != NULL && node->key_size > key_size &&
	    memcmp(key_of(node), key, key_size) == 0;
}

struct node *
zone_next(const struct zone *zone, struct node *node)
{
	if (node != NULL)
		return skip_empty(RB_NEXT(node_tree, , node));
	node = RB_ROOT(&zone->nodes);
	while (node != NULL && RB_LEFT(node, by_key) != NULL)
		node = RB_LEFT(node, by_key);
	return skip_empty(node);
}

struct node *
zone_next_after(const struct zone *zone, const uint8_t *name)
{
	uint8_t key[NAME_KEY_MAX];
	size_t key_size = name_key(name, key);
	struct node *node = lower_bound(zone, key, key_size);

	if (node != NULL && has_key(node, key, key_size))
		node = RB_NEXT(node_tree, , node);
	return skip_empty(node);
}

size_t
zone_names(const struct zone *zone)
{
	return zone->names;
}

const struct tally *
zone_tally(const struct zone *zone)
{
	return &zone->tally;
}

const uint8_t *
node_name(const struct node *node)
{
	return node->bytes;
}

const struct records *
node_records(const struct node *node)
{
	return node->records;
}

struct zone *
node_zone(const struct node *node)
{
	return node->zone;
}

struct owner *
node_owner(const struct node *node)
{
	return node->owner;
}

bool
node_is_of_lease(const struct node *node)
{
	return node != NULL && node->owner != NULL && node->owner->is_lease;
}

int64_t
node_created_s(const struct node *node)
{
	return node->created_s;
}

int64_t
node_changed_s(const struct node *node)
{
	return node->changed_s;
}

/* FNV-1a: identities come from the administrator, nobody gains by making them collide. */
static size_t
bucket_of(const char *identity)
{
	uint32_t hash = 2166136261u;

	for (; *identity != '\0'; identity++)
		hash = (hash ^ (unsigned char)*identity) * 16777619u;
	return hash % OWNER_BUCKETS;
}

static struct owner *
find_owner(const struct registry *registry, const char *identity)
{
	struct owner *owner;

	SLIST_FOREACH(owner, &registry->owners[bucket_of(identity)], entry) {
		if (strcmp(owner->identity, identity) == 0)
			return owner;
	}
	return NULL;
}

const struct owner *
registry_find_owner(const struct registry *registry, const char *identity)
{
	return find_owner(registry, identity);
}

struct owner *
registry_owner(struct registry *registry, const char *identity)
{
	size_t size = strlen(identity) + 1;
	struct owner *owner = find_owner(registry, identity);

	if (owner != NULL)
		return owner;
	owner = malloc(sizeof(*owner) + size);
	if (owner == NULL)
		return NULL;
	LIST_INIT(&owner->nodes);
	owner->names = 0;
	owner->is_lease = strcmp(identity, registry_lease_identity) == 0;
	memcpy(owner->identity, identity, size);
	SLIST_INSERT_HEAD(&registry->owners[bucket_of(identity)], owner, entry);
	return owner;
}

const char *
owner_identity(const struct owner *owner)
{
	return owner->identity;
}

size_t
owner_names(const struct owner *owner)
{
	return owner->names;
}

struct node *
owner_next(const struct owner *owner, const struct node *node)
{
	return node != NULL ? LIST_NEXT(node, by_owner) : LIST_FIRST(&owner->nodes);
}

size_t
registry_names(const struct registry *registry)
{
	return registry->names;
}

uint64_t
registry_version(const struct registry *registry)
{
	return registry->version;
}

struct node *
registry_obtain(struct registry *registry, struct zone *zone, const uint8_t *name)
{
	uint8_t key[NAME_KEY_MAX];
	size_t key_size = name_key(name, key);
	size_t size = name_size(name);
	struct node *node = lower_bound(zone, key, key_size);

	(void)registry;
	if (node != NULL && has_key(node, key, key_size))
		return node;
	node = calloc(1, sizeof(*node) + size + key_size);
	if (node == NULL)
		return NULL;
	node->zone = zone;
	node->expires_s = LEASE_FOREVER;
	node->name_size = (uint8_t)size;
	node->key_size = (uint16_t)key_size;
	memcpy(node->bytes, name, size);
	memcpy(node->bytes + size, key, key_size);
	RB_INSERT(node_tree, &zone->nodes, node);
	return node;
}

void
registry_forget_if_empty(struct registry *registry, struct node *node)
{
	if (node->records == NULL && !node->is_touched)
		remove_node(registry, node);
}

/* Makes room for more elements in an array that doubles. */
static void *
grow(void *array, size_t *capacity, size_t needed, size_t element)
{
	size_t wanted = *capacity > 0 ? *capacity : 64;
	void *grown;

	if (array != NULL && needed <= *capacity)
		return array;
	while (wanted < needed)
		wanted *= 2;
	grown = reallocarray(array, wanted, element);
	if (grown != NULL)
		*capacity = wanted;
	return grown;
}

enum status
registry_reserve(struct registry *registry, size_t replacements)
{
	/* One more each for the apex, whose serial rises. */
	size_t more = 2 * replacements + 1;
	struct undo *undos = grow(registry->undos, &registry->undo_capacity,
	    registry->undo_count + more, sizeof(*undos));
	struct node **touched;

	if (undos == NULL)
		return STATUS_NO_MEMORY;
	registry->undos = undos;
	touched = grow(registry->touched, &registry->touched_capacity,
	    registry->touched_count + more, sizeof(struct node *));
	if (touched == NULL)
		return STATUS_NO_MEMORY;
	registry->touched = touched;
	return STATUS_OK;
}

static void
touch(struct registry *registry, struct node *node)
{
	if (node->is_touched)
		return;
	node->is_touched = true;
	registry->touched[registry->touched_count++] = node;
}

/* Puts new records in place and the old ones where a rollback finds them. */
static void
exchange(struct registry *registry, struct node *node, struct records *records, struct owner *owner)
{
	registry->undos[registry->undo_count++] = (struct undo){
		.node = node,
		.records = node->records,
		.owner = node->owner,
		.created_s = node->created_s,
		.changed_s = node->changed_s,
	};
	touch(registry, node);
	node_set(registry, node, records, owner);
}

void
registry_replace(struct registry *registry, struct node *node, struct records *records,
    struct owner *owner, int64_t wall_s)
{
	/* Who takes a name over from a lease begins anew. */
	bool is_new = node->records == NULL || (node_is_of_lease(node) && node->owner != owner);

	exchange(registry, node, records, owner);
	if (is_new)
		node->created_s = wall_s;
	node->changed_s = wall_s;
	registry->version++;
}

void
registry_load(struct registry *registry, struct node *node, struct records *records,
    struct owner *owner, int64_t created_s, int64_t changed_s)
{
	struct records *old = node->records;

	node_set(registry, node, records, owner);
	records_free(old);
	node->created_s = created_s;
	node->changed_s = changed_s;
	registry->version++;
}

enum status
registry_touch_leased(struct registry *registry)
{
	enum status status = registry_reserve(registry, registry->names);
	struct node *node;

	if (status != STATUS_OK)
		return status;
	RB_FOREACH(node, expiry_tree, &registry->expiries)
		touch(registry, node);
	return STATUS_OK;
}

enum status
registry_renew(struct registry *registry, struct node *node, struct record *list, size_t count)
{
	struct records *records;

	if (!records_must_store(node->records, list)) {
		(void)records_renew(node->records, list);
		/* A later end is found when the queue comes to the name; an earlier one is not. */
		if (records_next_expiry(node->records) < node->expires_s)
			registry_requeue(registry, node);
		return STATUS_OK;
	}
	/* Written anew as a whole, so that a failed commit can bring the old times back. */
	records = records_build(list, count);
	if (records == NULL)
		return STATUS_NO_MEMORY;
	exchange(registry, node, records, node->owner);
	return STATUS_OK;
}

static struct node *
apex_node(const struct zone *zone)
{
	return zone_find(zone, zone->options.apex.wire);
}

/* RFC 1982 3.2. */
static bool
is_past(uint32_t serial, uint32_t other)
{
	return serial != other && serial - other < UINT32_C(0x80000000);
}

void
zone_raise_serial(struct registry *registry, struct zone *zone)
{
	struct node *apex = apex_node(zone);

	zone->serial++;
	/* 0 is a serial like any other, but some secondaries take it for "none". */
	if (zone->serial == 0)
		zone->serial = 1;
	if (apex == NULL)
		return;
	(void)records_set_serial(apex->records, zone->serial);
	if (is_past(zone->serial, zone->stored_serial))
		touch(registry, apex);
}

void
zone_pass_serial(struct registry *registry, struct zone *zone, uint32_t passed)
{
	struct node *apex = apex_node(zone);

	if (is_past(zone->serial, passed))
		return;
	zone->serial = passed;
	/* What is stored is behind now: the apex is written with this turn. */
	zone->stored_serial = passed;
	if (apex != NULL)
		zone_raise_serial(registry, zone);
}

void
zone_adopt_serial(struct registry *registry, struct zone *zone)
{
	const struct node *apex = apex_node(zone);
	struct records_cursor cursor = { 0 };
	struct record record;

	while (apex != NULL && records_next(apex->records, &cursor, &record)) {
		if (record.type == KNOT_RRTYPE_SOA)
			zone->serial = knot_soa_serial(record.rdata);
	}
	/* What is loaded, with no turn open, is what the disk holds. */
	if (!registry_is_dirty(registry)) {
		zone->committed_serial = zone->serial;
		zone->stored_serial = zone->serial;
	}
}

enum status
registry_settle_serials(struct registry *registry)
{
	struct zone *zone;

	TAILQ_FOREACH(zone, &registry->zones, entry) {
		struct node *apex = apex_node(zone);

		if (apex == NULL || zone->stored_serial == zone->serial)
			continue;
		if (registry_reserve(registry, 1) != STATUS_OK)
			return STATUS_NO_MEMORY;
		zone->ahead = 0;
		touch(registry, apex);
	}
	return STATUS_OK;
}

bool
registry_is_dirty(const struct registry *registry)
{
	return registry->touched_count > 0;
}

struct node *
registry_next_touched(const struct registry *registry, size_t *cursor)
{
	if (*cursor >= registry->touched_count)
		return NULL;
	return registry->touched[(*cursor)++];
}

static bool
is_apex(const struct node *node)
{
	return node->name_size == name_size(zone_apex(node->zone));
}

enum status
registry_encode(struct node *node, int64_t wall_offset_s, struct buffer *buffer)
{
	const struct zone *zone = node->zone;
	enum status status;

	if (!is_apex(node))
		return records_encode(node->records, wall_offset_s, buffer);
	(void)records_set_serial(node->records, zone->serial + zone->ahead);
	status = records_encode(node->records, wall_offset_s, buffer);
	(void)records_set_serial(node->records, zone->serial);
	return status;
}

/* Ends the turn: nothing is touched any more, and names without records go. */
static void
close_turn(struct registry *registry)
{
	for (size_t i = 0; i < registry->touched_count; i++) {
		struct node *node = registry->touched[i];

		node->is_touched = false;
		if (node->records == NULL)
			remove_node(registry, node);
	}
	registry->touched_count = 0;
	registry->undo_count = 0;
}

void
registry_commit(struct registry *registry)
{
	struct zone *zone;

	for (size_t i = 0; i < registry->undo_count; i++)
		records_free(registry->undos[i].records);
	TAILQ_FOREACH(zone, &registry->zones, entry)
		zone->committed_serial = zone->serial;
	for (size_t i = 0; i < registry->touched_count; i++) {
		zone = registry->touched[i]->zone;
		if (is_apex(registry->touched[i]))
			zone->stored_serial = zone->serial + zone->ahead;
	}
	close_turn(registry);
}

void
registry_rollback(struct registry *registry)
{
	struct zone *zone;

	for (size_t i = registry->undo_count; i > 0; i--) {
		struct undo *undo = &registry->undos[i - 1];
		struct records *discarded = undo->node->records;

		node_set(registry, undo->node, undo->records, undo->owner);
		undo->node->created_s = undo->created_s;
		undo->node->changed_s = undo->changed_s;
		records_free(discarded);
		registry->version++;
	}
	TAILQ_FOREACH(zone, &registry->zones, entry) {
		struct node *apex = apex_node(zone);

		zone->serial = zone->committed_serial;
		if (apex != NULL)
			(void)records_set_serial(apex->records, zone->serial);
	}
	close_turn(registry);
}

static struct node *
first_to_expire(const struct registry *registry)
{
	struct node *node = RB_ROOT(&registry->expiries);

	while (node != NULL && RB_LEFT(node, by_expiry) != NULL)
		node = RB_LEFT(node, by_expiry);
	return node;
}

struct node *
registry_next_expired(const struct registry *registry, int64_t now_s)
{
	struct node *node = first_to_expire(registry);

	return node != NULL && node->expires_s <= now_s ? node : NULL;
}

void
registry_requeue(struct registry *registry, struct node *node)
{
	node_set(registry, node, node->records, node->owner);
}

int64_t
registry_next_expiry(const struct registry *registry)
{
	const struct node *node = first_to_expire(registry);

	return node != NULL ? node->expires_s : LEASE_FOREVER;
}
