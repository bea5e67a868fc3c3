/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The fuzz targets' small daemon: how it is built, and what must always be true of it. */
#include "world.h"

#include <libknot/descriptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "publisher/hosts_file.h"
#include "service/lease.h"

enum { SERIALISED_MAX = 32 << 20, QUIET_S = 100, HOUR_S = 3600, FOLDER_MAX = 32 };

const char *const world_key_names[WORLD_KEYS] = {
	"admin",
	"laptop.home.arpa",
	WORLD_LONG_LABEL "." WORLD_LONG_LABEL "." WORLD_LONG_LABEL "." WORLD_LONG_LABEL,
};

const uint8_t world_secrets[WORLD_KEYS][WORLD_SECRET_SIZE + 1] = {
	"the administrator's, 32 octets..",
	"that of the laptop, 32 octets...",
	"that of the long name, 32 octets",
};

static const char *const apexes[] = {
	"home.arpa",
	"2.0.192.in-addr.arpa",
	WORLD_LONG_ZONE,
};

enum { ZONES = sizeof(apexes) / sizeof(apexes[0]) };

static const char block[] = "192.0.2.0/24";
static const char loopback[] = "127.0.0.0/8";

/* What stands in every world from the start. */
struct entry {
	const char *name;
	const char *owner;
	int64_t lease_s; /* 0 = for ever */
	uint16_t type;
	uint16_t size;
	const char *rdata;
};

static const struct entry entries[] = {
	{ "laptop.home.arpa", "laptop.home.arpa", HOUR_S, KNOT_RRTYPE_A, 4, "\300\0\2\12" },
	{ "printer.home.arpa", "admin", 0, KNOT_RRTYPE_A, 4, "\300\0\2\24" },
	{ "www.home.arpa", "admin", 0, KNOT_RRTYPE_CNAME, 19, "\7printer\4home\4arpa" },
	{ "*.wild.home.arpa", "admin", 0, KNOT_RRTYPE_TXT, sizeof(WORLD_HIDDEN_TEXT),
	    "\40" WORLD_HIDDEN_TEXT },
	{ "sub.home.arpa", "admin", 0, KNOT_RRTYPE_NS, 18, "\2ns\3sub\4home\4arpa" },
	{ "ns.sub.home.arpa", "admin", 0, KNOT_RRTYPE_A, 4, "\300\0\2\65" },
	{ "host.deep.home.arpa", block, HOUR_S, KNOT_RRTYPE_A, 4, "\300\0\2\1" },
	{ "10.2.0.192.in-addr.arpa", "admin", HOUR_S, KNOT_RRTYPE_PTR, 18, "\6laptop\4home\4arpa" },
};

enum { ENTRIES = sizeof(entries) / sizeof(entries[0]) };

static int64_t passed_s;
static struct store *store;

void
expect_failed(const char *what, const char *file, int line)
{
	(void)fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* --- time --- */

static int64_t
now_ns(void)
{
	return (1000 + passed_s) * 1000000000;
}

int64_t
world_wall_s(void)
{
	return WORLD_WALL_S + passed_s;
}

/* --- building --- */

static void
open_store(char folder[static FOLDER_MAX])
{
	char problem[STORE_PROBLEM_MAX];
	char path[FOLDER_MAX + 16];

	(void)snprintf(folder, FOLDER_MAX, "/tmp/ddnsd-fuzz-XXXXXX");
	expect(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof(path), "%s/names.db", folder);
	expect(store_open(path, &store, problem) == STATUS_OK);
}

/* The apexes are stored now, and nothing else ever is: a fuzzer that is killed leaves no files. */
static void
unlink_store(const char *folder)
{
	static const char *const names[] = { "names.db", "names.db-wal", "names.db-shm" };
	char path[FOLDER_MAX + 16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path);
	}
	expect(rmdir(folder) == 0);
}

struct name
world_name(const char *text)
{
	struct name name;

	expect(name_from_text(text, &name) == STATUS_OK);
	return name;
}

struct grant
world_grant(const char *text)
{
	const char *reason;
	struct grant grant;

	expect(grant_from_text(text, &grant, &reason) == STATUS_OK);
	return grant;
}

static void
add_key(struct keyring *keyring, enum world_key which, const struct grant *grants, size_t count)
{
	bool is_admin = which == WORLD_ADMIN;
	struct key_options options = {
		.name_text = world_key_names[which],
		.name = world_name(world_key_names[which]),
		.algorithm = TSIG_HMAC_SHA256,
		.secret = world_secrets[which],
		.secret_size = WORLD_SECRET_SIZE,
		.allows_truncated = which == WORLD_LONG,
		.is_admin = is_admin,
		.grants = grants,
		.grant_count = count,
		.updates_per_minute = is_admin ? 0 : 10,
		.names_max = is_admin ? 0 : WORLD_LAPTOP_NAMES,
	};

	expect(keyring_add(keyring, &options) == STATUS_OK);
}

static struct keyring *
build_keys(bool has_keys)
{
	struct grant of_admin[] = { world_grant("zone home.arpa ANY SOA NS"),
		world_grant("zone 2.0.192.in-addr.arpa") };
	struct grant of_laptop[] = { world_grant("self A AAAA TXT"), world_grant("*.self A") };
	struct keyring *keyring = keyring_new();

	expect(keyring != NULL);
	if (!has_keys)
		return keyring;
	add_key(keyring, WORLD_ADMIN, of_admin, 2);
	add_key(keyring, WORLD_LAPTOP, of_laptop, 2);
	add_key(keyring, WORLD_LONG, NULL, 0);
	return keyring;
}

/* One that is as careful as the default, one that is as careless as can be. */
static void
build_networks(struct world *world)
{
	world->network_grant = world_grant("*.home.arpa A AAAA");
	expect(network_from_text(block, &world->networks[0]) == STATUS_OK);
	expect(network_from_text(loopback, &world->networks[1]) == STATUS_OK);
	for (size_t i = 0; i < 2; i++) {
		world->network_principals[i] = (struct network_principal){
			.principal = {
				.kind = PRINCIPAL_NETWORK,
				.identity = i == 0 ? block : loopback,
				.grants = &world->network_grant,
				.grant_count = 1,
				.sources = &world->networks[i],
				.source_count = 1,
				.own_address_only = i == 0,
			},
			.allows_udp = i == 1,
		};
		rate_limit_init(&world->network_principals[i].principal.updates, 0);
	}
}

static void
build_zones(struct world *world)
{
	struct zone_options zones[ZONES];

	for (size_t i = 0; i < ZONES; i++) {
		zones[i] = (struct zone_options){
			.apex = world_name(apexes[i]),
			.ttl_s = 60,
			.lease_s = HOUR_S,
			.lease_min_s = 60,
			.lease_max_s = WORLD_LEASE_MAX_S,
			.nameserver = world_name("ns.home.arpa"),
			.contact = world_name("hostmaster.home.arpa"),
		};
	}
	expect(service_set_zones(world->service, zones, ZONES) == STATUS_OK);
}

static void
load_entry(struct world *world, const struct entry *entry)
{
	_Alignas(knot_rdata_t) uint8_t storage[64];
	struct name name = world_name(entry->name);
	int64_t until_s = clock_now_s() + entry->lease_s;
	struct record record = {
		.type = entry->type,
		.ttl_s = 60,
		.rdata = (knot_rdata_t *)storage,
		.lease = entry->lease_s == 0
		    ? (struct lease){ LEASE_FOREVER, LEASE_FOREVER, 0 }
		    : (struct lease){ until_s, until_s, (uint32_t)entry->lease_s },
	};
	struct zone *zone = registry_zone_of(world->registry, name.wire);
	struct node *node = registry_obtain(world->registry, zone, name.wire);

	knot_rdata_init((knot_rdata_t *)storage, entry->size, (const uint8_t *)entry->rdata);
	registry_load(world->registry, node, records_build(&record, 1),
	    registry_owner(world->registry, entry->owner), WORLD_WALL_S, WORLD_WALL_S);
}

void
world_build(struct world *world)
{
	static const struct clock_source source = { now_ns, world_wall_s };
	static const struct service_options options = {
		.addresses_per_name = WORLD_ADDRESSES_PER_NAME,
		.names_max = WORLD_NAMES,
		.quiet_s = QUIET_S,
	};
	bool is_first = store == NULL;
	char folder[FOLDER_MAX];

	passed_s = 0;
	clock_replace(&source);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	if (is_first)
		open_store(folder);
	*world = (struct world){ .loop = loop_new(), .registry = registry_new() };
	expect(world->loop != NULL && world->registry != NULL);
	world->service = service_new(world->loop, world->registry, &options);
	expect(world->service != NULL);
	service_attach_store(world->service, store);
	world->keyring = build_keys(true);
	build_networks(world);
	service_set_access(world->service, world->keyring, world->network_principals, 2);
	build_zones(world);
	if (is_first)
		unlink_store(folder);
	for (size_t i = 0; i < ENTRIES; i++)
		load_entry(world, &entries[i]);
	world->dns = dns_new(world->service);
	expect(world->dns != NULL);
}

void
world_release(struct world *world)
{
	dns_free(world->dns);
	service_free(world->service);
	registry_free(world->registry);
	keyring_free(world->keyring);
	loop_free(world->loop);
}

void
world_replace_keys(struct world *world, bool has_keys)
{
	struct keyring *previous = world->keyring;

	world->keyring = build_keys(has_keys);
	service_set_access(world->service, world->keyring, world->network_principals, 2);
	keyring_free(previous);
}

/* --- turns --- */

void
world_pass(struct world *world, int64_t seconds)
{
	passed_s += seconds;
	lease_expire(world->service);
}

enum status
world_end_turn(struct world *world, int does_fail)
{
	if (!registry_is_dirty(world->registry))
		return STATUS_OK;
	if (does_fail)
		registry_rollback(world->registry);
	else
		registry_commit(world->registry);
	expect(!registry_is_dirty(world->registry));
	return does_fail ? STATUS_NO_SPACE : STATUS_OK;
}

/* --- looking --- */

static const char *
identity_of(const struct node *node)
{
	const struct owner *owner = node_owner(node);

	return owner != NULL ? owner_identity(owner) : "";
}

/* Buffers are kept from input to input: allocating is what costs most here. */
static void
empty(struct buffer *buffer)
{
	if (buffer->ceiling == 0)
		buffer_init(buffer, SERIALISED_MAX);
	buffer_clear(buffer);
}

static void
serialise_node(const struct node *node, struct buffer *bytes)
{
	int64_t times[] = { node_created_s(node), node_changed_s(node) };

	(void)buffer_append(bytes, node_name(node), name_size(node_name(node)));
	(void)buffer_append_text(bytes, identity_of(node));
	(void)buffer_append(bytes, times, sizeof(times));
	(void)records_encode(node_records(node), 0, bytes);
}

void
world_serialise(const struct world *world, struct buffer *bytes)
{
	struct zone *zone = NULL;

	empty(bytes);
	while ((zone = registry_next_zone(world->registry, zone)) != NULL) {
		uint32_t serial = zone_serial(zone);
		struct node *node = NULL;

		(void)buffer_append(bytes, &serial, sizeof(serial));
		while ((node = zone_next(zone, node)) != NULL)
			serialise_node(node, bytes);
	}
	expect(bytes->status == STATUS_OK);
}

/* --- invariants --- */

struct name_counts {
	size_t names;
	size_t of_key[WORLD_KEYS];
	size_t of_block;
	size_t of_loopback;
};

static bool
is_type(uint16_t type, const uint16_t *types, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

/* Nobody but the administrator has a record without a lease, or of a type without a grant. */
static void
check_rights(const struct node *node, const struct record *record)
{
	static const uint16_t laptop_types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA, KNOT_RRTYPE_TXT };
	const char *identity = identity_of(node);

	if (identity[0] == '\0' || strcmp(identity, world_key_names[WORLD_ADMIN]) == 0)
		return;
	/* The second that has begun comes on top. */
	expect(record->lease.granted_until_s <= clock_now_s() + 1 + WORLD_LEASE_MAX_S);
	expect(is_type(record->type, laptop_types,
	    strcmp(identity, world_key_names[WORLD_LAPTOP]) == 0 ? 3 : 2));
}

static void
check_records(const struct node *node, bool is_apex)
{
	const struct records *records = node_records(node);
	struct records_cursor cursor = { 0 };
	struct record last = { 0 };
	struct record record;
	size_t addresses = 0;
	size_t count = 0;
	bool has_soa = false;
	bool has_ns = false;
	bool has_cname = false;

	for (; records_next(records, &cursor, &record); count++) {
		expect(count == 0 || record.type > last.type ||
		    (record.type == last.type && record.ttl_s == last.ttl_s &&
			knot_rdata_cmp(last.rdata, record.rdata) < 0));
		expect(record.type != 0 && record.type != KNOT_RRTYPE_OPT);
		expect(record.type < 128 || record.type > 255);
		expect(records_next_expiry(records) <= record.lease.granted_until_s);
		expect(record.lease.granted_until_s <= record.lease.stored_until_s);
		check_rights(node, &record);
		has_soa |= record.type == KNOT_RRTYPE_SOA;
		has_ns |= record.type == KNOT_RRTYPE_NS;
		has_cname |= record.type == KNOT_RRTYPE_CNAME;
		addresses += record.type == KNOT_RRTYPE_A || record.type == KNOT_RRTYPE_AAAA;
		last = record;
	}
	expect(count > 0 && count == records_count(records));
	expect(has_soa == is_apex && (has_ns || !is_apex));
	expect(!has_cname || count == 1);
	expect(addresses <= WORLD_ADDRESSES_PER_NAME);
}

/* What is registered can be stored, and comes back from the disk as it was. */
static void
check_stored_form(const struct node *node)
{
	static struct buffer one;
	static struct buffer other;
	struct records *again = NULL;

	empty(&one);
	empty(&other);
	expect(records_encode(node_records(node), WORLD_WALL_S, &one) == STATUS_OK);
	expect(records_decode((const uint8_t *)one.data, one.length, WORLD_WALL_S, &again) ==
	    STATUS_OK);
	expect(records_encode(again, WORLD_WALL_S, &other) == STATUS_OK);
	expect(one.length == other.length && memcmp(one.data, other.data, one.length) == 0);
	records_free(again);
}

static void
check_node(const struct zone *zone, struct node *node, struct name_counts *counts)
{
	bool is_apex = name_is_equal(node_name(node), zone_apex(zone));
	const char *identity = identity_of(node);

	expect(name_is_within(node_name(node), zone_apex(zone)));
	expect(zone_find(zone, node_name(node)) == node && node_zone(node) == zone);
	check_records(node, is_apex);
	check_stored_form(node);
	counts->names++;
	if (strcmp(identity, block) == 0)
		counts->of_block++;
	else if (strcmp(identity, loopback) == 0)
		counts->of_loopback++;
	for (size_t i = 0; i < WORLD_KEYS; i++)
		counts->of_key[i] += strcmp(identity, world_key_names[i]) == 0;
}

static size_t
names_of(const struct world *world, const char *identity)
{
	const struct owner *owner = registry_owner(world->registry, identity);

	expect(owner != NULL);
	return owner_names(owner);
}

/* One name of a line; returns what follows it. */
static const char *
check_host(const char *at)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	const char *start = at;

	for (;;) {
		size_t label = strspn(at, allowed);

		expect(label > 0 && label <= 63 && at[0] != '-' && at[label - 1] != '-');
		at += label;
		if (*at != '.')
			break;
		at++;
	}
	expect(at - start <= 253);
	return at;
}

/* ADDRESS NAME..., and nothing else that dnsmasq could make something of. */
static void
check_hosts_line(char *line)
{
	char *blank = strchr(line, ' ');
	struct address address;
	const char *end;

	expect(blank != NULL);
	*blank = '\0';
	expect(address_from_text(line, &address) == STATUS_OK);
	end = check_host(blank + 1);
	while (*end == ' ')
		end = check_host(end + 1);
	expect(*end == '\0');
}

static void
check_hosts_file(const struct world *world)
{
	struct hosts_file_options options = {
		.short_names = true,
		.now_s = service_expiry_clock(world->service),
	};
	static struct buffer text;
	size_t names = 0;
	char *rest;
	char *line;

	empty(&text);
	expect(hosts_file_render(world->registry, &options, &text, &names) == STATUS_OK);
	expect(names <= registry_names(world->registry));
	expect(text.length > 0 && text.data[text.length - 1] == '\n');
	expect(memchr(text.data, '\0', text.length) == NULL);
	text.data[text.length - 1] = '\0';
	rest = text.data;
	expect(rest[0] == '#');
	(void)strsep(&rest, "\n");
	while ((line = strsep(&rest, "\n")) != NULL)
		check_hosts_line(line);
}

void
world_check(const struct world *world)
{
	struct name_counts counts = { 0 };
	struct zone *zone = NULL;

	while ((zone = registry_next_zone(world->registry, zone)) != NULL) {
		struct node *node = zone_next(zone, NULL);

		expect(node != NULL && name_is_equal(node_name(node), zone_apex(zone)));
		for (; node != NULL; node = zone_next(zone, node))
			check_node(zone, node, &counts);
	}
	expect(counts.names == registry_names(world->registry) && counts.names <= WORLD_NAMES);
	expect(counts.of_block == names_of(world, block));
	expect(counts.of_loopback == names_of(world, loopback));
	for (size_t i = 0; i < WORLD_KEYS; i++)
		expect(counts.of_key[i] == names_of(world, world_key_names[i]));
	expect(counts.of_key[WORLD_LAPTOP] <= WORLD_LAPTOP_NAMES);
	check_hosts_file(world);
}
