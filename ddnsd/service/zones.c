/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which zones there are: loading them from the store, and their SOA and NS. */
#include <libknot/descriptor.h>
#include <libknot/wire.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "service/service.h"
#include "service/state.h"

enum {
	SOA_REFRESH_S = 3600,
	SOA_RETRY_S = 600,
	SOA_EXPIRE_S = 1209600, /* RFC 1912 2.2: two to four weeks */
	SOA_NUMBERS_SIZE = 20,
	SOA_RDATA_MAX = 2 * NAME_SIZE_MAX + SOA_NUMBERS_SIZE,
	NS_RDATA_MAX = NAME_SIZE_MAX + 1, /* knot_rdata_init() pads to an even length */
};

struct load {
	struct service *service;
	size_t loaded;
	size_t orphans;
	size_t damaged;
};

/* Puts one stored name into its zone, if that zone is one that is being loaded. */
static enum status
load_row(void *context, const struct store_row *row)
{
	struct load *load = context;
	struct registry *registry = load->service->registry;
	struct owner *owner = NULL;
	struct records *records = NULL;
	struct name name;
	struct zone *zone;
	struct node *node;

	if (name_from_text(row->name, &name) != STATUS_OK ||
	    records_decode(row->records, row->records_size, service_wall_offset_s(load->service),
		&records) != STATUS_OK) {
		log_error("store: the row of %s is damaged and left out", row->name);
		load->damaged++;
		return STATUS_OK;
	}
	zone = registry_zone_of(registry, name.wire);
	if (zone == NULL || zone_is_loaded(zone)) {
		load->orphans += zone == NULL;
		records_free(records);
		return STATUS_OK;
	}
	node = registry_obtain(registry, zone, name.wire);
	if (row->owner[0] != '\0')
		owner = registry_owner(registry, row->owner);
	if (node == NULL || (owner == NULL && row->owner[0] != '\0')) {
		records_free(records);
		return STATUS_NO_MEMORY;
	}
	registry_load(registry, node, records, owner, row->created_s, row->changed_s);
	load->loaded++;
	return STATUS_OK;
}

static void
make_soa(const struct zone_options *options, uint32_t serial, knot_rdata_t *rdata)
{
	size_t mname_size = name_size(options->nameserver.wire);
	size_t rname_size = name_size(options->contact.wire);
	uint8_t *numbers = rdata->data + mname_size + rname_size;

	memcpy(rdata->data, options->nameserver.wire, mname_size);
	memcpy(rdata->data + mname_size, options->contact.wire, rname_size);
	knot_wire_write_u32(numbers, serial);
	knot_wire_write_u32(numbers + 4, SOA_REFRESH_S);
	knot_wire_write_u32(numbers + 8, SOA_RETRY_S);
	knot_wire_write_u32(numbers + 12, SOA_EXPIRE_S);
	knot_wire_write_u32(numbers + 16, options->ttl_s);
	rdata->len = (uint16_t)(mname_size + rname_size + SOA_NUMBERS_SIZE);
}

static bool
has_record(const struct records *records, const struct record *wanted)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	while (records_next(records, &cursor, &record)) {
		if (record.type == wanted->type && record.ttl_s == wanted->ttl_s &&
		    knot_rdata_cmp(record.rdata, wanted->rdata) == 0)
			return true;
	}
	return false;
}

/* The apex's records with this SOA and NS in the place of those there. NULL: out of memory. */
static struct records *
build_apex(const struct records *old, const struct record *soa, const struct record *ns)
{
	struct record *list = calloc(records_count(old) + 2, sizeof(*list));
	struct records_cursor cursor = { 0 };
	struct records *records;
	struct record record;
	size_t count = 0;

	if (list == NULL)
		return NULL;
	while (records_next(old, &cursor, &record)) {
		if (record.type != KNOT_RRTYPE_SOA && record.type != KNOT_RRTYPE_NS)
			list[count++] = record;
	}
	list[count++] = *soa;
	list[count++] = *ns;
	records = records_build(list, count);
	free(list);
	return records;
}

/*
 * Gives the apex the SOA and NS that the configuration asks for, unless somebody with a grant for
 * them has put others there: then the apex has an owner.
 */
static enum status
make_apex(struct service *service, struct zone *zone)
{
	const struct zone_options *options = zone_options(zone);
	alignas(knot_rdata_t) uint8_t soa_storage[sizeof(knot_rdata_t) + SOA_RDATA_MAX];
	alignas(knot_rdata_t) uint8_t ns_storage[sizeof(knot_rdata_t) + NS_RDATA_MAX];
	knot_rdata_t *soa_rdata = (void *)soa_storage;
	knot_rdata_t *ns_rdata = (void *)ns_storage;
	struct lease forever = { LEASE_FOREVER, LEASE_FOREVER, 0 };
	struct record soa = { KNOT_RRTYPE_SOA, options->ttl_s, soa_rdata, forever };
	struct record ns = { KNOT_RRTYPE_NS, options->ttl_s, ns_rdata, forever };
	struct node *node = registry_obtain(service->registry, zone, zone_apex(zone));
	struct records *records;
	bool is_new;

	if (node == NULL || registry_reserve(service->registry, 1) != STATUS_OK)
		return STATUS_NO_MEMORY;
	is_new = node_records(node) == NULL;
	make_soa(options, is_new ? (uint32_t)service_wall_s(service) : zone_serial(zone),
	    soa_rdata);
	knot_rdata_init(ns_rdata, (uint16_t)name_size(options->nameserver.wire),
	    options->nameserver.wire);
	if (!is_new &&
	    (node_owner(node) != NULL ||
		(has_record(node_records(node), &soa) && has_record(node_records(node), &ns))))
		return STATUS_OK;
	records = build_apex(node_records(node), &soa, &ns);
	if (records == NULL)
		return STATUS_NO_MEMORY;
	registry_replace(service->registry, node, records, NULL, service_wall_s(service));
	if (is_new)
		zone_adopt_serial(service->registry, zone);
	else
		zone_raise_serial(service->registry, zone);
	return STATUS_OK;
}

static bool
is_wanted(const struct zone *zone, const struct zone_options *zones, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (name_is_equal(zone_apex(zone), zones[i].apex.wire))
			return true;
	}
	return false;
}

static void
remove_unwanted(struct service *service, const struct zone_options *zones, size_t count)
{
	struct zone *zone = registry_next_zone(service->registry, NULL);

	while (zone != NULL) {
		struct zone *next = registry_next_zone(service->registry, zone);

		if (!is_wanted(zone, zones, count))
			registry_remove_zone(service->registry, zone);
		zone = next;
	}
}

/* Reads what is stored of the zones that are new. */
static enum status
load_zones(struct service *service)
{
	struct load load = { .service = service };
	struct zone *zone = NULL;
	enum status status = store_load(service->store, load_row, &load);

	if (status == STATUS_DAMAGED)
		log_error("%s", store_problem(service->store));
	else if (status != STATUS_OK)
		return status;
	while ((zone = registry_next_zone(service->registry, zone)) != NULL) {
		if (!zone_is_loaded(zone))
			zone_adopt_serial(service->registry, zone);
		zone_set_loaded(zone);
	}
	if (load.orphans > 0)
		log_notice("store: %zu names belong to no zone of the configuration; they are kept "
			   "for when their zone comes back",
		    load.orphans);
	log_info("store: %zu rows loaded", load.loaded);
	return load.damaged > 0 ? STATUS_DAMAGED : status;
}

void
service_keep_turn(struct service *service)
{
	enum status status = service_store_turn(service);
	struct zone *zone = NULL;

	registry_commit(service->registry);
	if (status == STATUS_OK)
		return;
	/* Its serial counts as stored, and no further: so the next change writes the apex too. */
	while ((zone = registry_next_zone(service->registry, zone)) != NULL)
		zone_adopt_serial(service->registry, zone);
}

enum status
service_set_zones(struct service *service, const struct zone_options *zones, size_t count)
{
	enum status status = STATUS_OK;
	enum status load_status = STATUS_OK;
	struct zone *zone = NULL;
	bool is_any_new = false;

	remove_unwanted(service, zones, count);
	for (size_t i = 0; i < count && status == STATUS_OK; i++) {
		is_any_new |= registry_find_zone(service->registry, zones[i].apex.wire) == NULL;
		status = registry_add_zone(service->registry, &zones[i]);
	}
	if (status == STATUS_OK && is_any_new)
		load_status = load_zones(service);
	if (load_status != STATUS_OK && load_status != STATUS_DAMAGED)
		status = load_status;
	while (status == STATUS_OK && (zone = registry_next_zone(service->registry, zone)) != NULL)
		status = make_apex(service, zone);
	if (registry_is_dirty(service->registry))
		service_keep_turn(service);
	service_plan_expiry(service);
	return status != STATUS_OK ? status : load_status;
}
