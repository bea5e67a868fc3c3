/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Registry, store and times as plain values. Changes nothing. */
#include "service/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "auth/principal.h"
#include "base/clock.h"
#include "service/state.h"
#include "wire/reverse.h"

const char *
name_source_text(enum name_source source)
{
	static const char *const texts[] = {
		[SOURCE_ADMIN] = "admin",
		[SOURCE_REGISTERED] = "registered",
		[SOURCE_LEASE] = "lease",
		[SOURCE_ZONE] = "zone",
	};

	return texts[source];
}

static bool
is_apex(const struct node *node)
{
	return name_is_equal(node_name(node), zone_apex(node_zone(node)));
}

/* Whose word it is now: a key that was given admin rights, or lost them, counts as it is. */
static enum name_source
source_of(const struct service *service, const struct node *node)
{
	const struct owner *owner = node_owner(node);
	struct key *key;
	struct name name;

	if (is_apex(node))
		return SOURCE_ZONE;
	if (node_is_of_lease(node))
		return SOURCE_LEASE;
	if (owner != NULL && strcmp(owner_identity(owner), PRINCIPAL_ADMIN_IDENTITY) == 0)
		return SOURCE_ADMIN;
	if (owner == NULL || service->keyring == NULL ||
	    name_from_text(owner_identity(owner), &name) != STATUS_OK)
		return SOURCE_REGISTERED;
	key = keyring_find(service->keyring, name.wire);
	return key != NULL && key_principal(key)->is_admin ? SOURCE_ADMIN : SOURCE_REGISTERED;
}

static bool
fill(const struct service *service, const struct node *node, struct name_report *ret_report)
{
	int64_t live_s = service_live_clock(service);

	if (node == NULL || !records_any_live(node_records(node), live_s))
		return false;
	*ret_report = (struct name_report){
		.node = node,
		.name = node_name(node),
		.zone = zone_apex(node_zone(node)),
		.source = source_of(service, node),
		.owner = node_owner(node) != NULL ? owner_identity(node_owner(node)) : "",
		.created_s = node_created_s(node),
		.changed_s = node_changed_s(node),
		.live_s = live_s,
		.offset_s = service_wall_offset_s(service),
	};
	return true;
}

bool
service_find_name(const struct service *service, const uint8_t *name,
    struct name_report *ret_report)
{
	const struct zone *zone = registry_zone_of(service->registry, name);

	return zone != NULL && fill(service, zone_find(zone, name), ret_report);
}

/* A name without a dot, below the first zone that knows it, else below the first forward zone. */
static enum status
complete_name(const struct service *service, const struct name *label, struct name *ret_name)
{
	const struct zone *zone = NULL;
	const struct zone *first = NULL;
	struct name_report report;
	struct name name;

	while ((zone = registry_next_zone(service->registry, zone)) != NULL) {
		if (name_join(label->wire, zone_apex(zone), &name) == STATUS_OK &&
		    service_find_name(service, name.wire, &report)) {
			*ret_name = name;
			return STATUS_OK;
		}
		if (first == NULL && !reverse_is_within(zone_apex(zone)))
			first = zone;
	}
	if (first == NULL)
		return STATUS_NOT_OUR_ZONE;
	return name_join(label->wire, zone_apex(first), ret_name);
}

enum status
service_read_name(const struct service *service, const char *text, struct name *ret_name)
{
	struct name name;

	if (text[0] == '\0' || name_from_text(text, &name) != STATUS_OK)
		return STATUS_MALFORMED;
	if (registry_zone_of(service->registry, name.wire) != NULL) {
		*ret_name = name;
		return STATUS_OK;
	}
	if (name_labels(name.wire) != 1 || text[strlen(text) - 1] == '.')
		return STATUS_NOT_OUR_ZONE;
	return complete_name(service, &name, ret_name);
}

bool
service_next_name(const struct service *service, const uint8_t *after,
    struct name_report *ret_report)
{
	struct zone *zone = after != NULL ? registry_zone_of(service->registry, after)
					  : registry_next_zone(service->registry, NULL);
	struct node *node = zone != NULL && after != NULL ? zone_next_after(zone, after) : NULL;

	if (zone != NULL && after == NULL)
		node = zone_next(zone, NULL);
	for (;;) {
		if (fill(service, node, ret_report))
			return true;
		if (node != NULL) {
			node = zone_next(zone, node);
			continue;
		}
		zone = zone != NULL ? registry_next_zone(service->registry, zone) : NULL;
		if (zone == NULL)
			return false;
		node = zone_next(zone, NULL);
	}
}

bool
service_next_owned(const struct service *service, const char *identity, const struct node *after,
    struct name_report *ret_report)
{
	const struct owner *owner = registry_find_owner(service->registry, identity);

	while (owner != NULL && (after = owner_next(owner, after)) != NULL) {
		if (fill(service, after, ret_report))
			return true;
	}
	return false;
}

bool
name_report_next(const struct name_report *report, struct records_cursor *cursor,
    struct record_report *ret_record)
{
	struct record record;

	while (records_next(node_records(report->node), cursor, &record)) {
		int64_t until_s = record.lease.granted_until_s;

		if (until_s <= report->live_s)
			continue;
		*ret_record = (struct record_report){
			.type = record.type,
			.ttl_s = record.ttl_s,
			.rdata = record.rdata,
			.expires = until_s != LEASE_FOREVER,
			.expires_s = until_s != LEASE_FOREVER ? until_s + report->offset_s : 0,
		};
		return true;
	}
	return false;
}

const struct zone *
service_next_zone(const struct service *service, const struct zone *zone,
    struct zone_report *ret_report)
{
	const struct zone *next = registry_next_zone(service->registry, zone);

	if (next != NULL)
		*ret_report = (struct zone_report){
			.apex = zone_apex(next),
			.serial = zone_serial(next),
			.names = zone_names(next) - (zone_find(next, zone_apex(next)) != NULL),
			.is_reverse = reverse_is_within(zone_apex(next)),
			.records = zone_tally(next),
		};
	return next;
}

/* Names of admins: @admin's, and those of each key that is one. */
static size_t
count_admin_names(const struct service *service)
{
	size_t count = 0;
	struct key *key = NULL;
	const struct owner *owner = registry_find_owner(service->registry,
	    PRINCIPAL_ADMIN_IDENTITY);

	if (owner != NULL)
		count += owner_names(owner);
	while (service->keyring != NULL && (key = keyring_next(service->keyring, key)) != NULL) {
		if (!key_principal(key)->is_admin)
			continue;
		owner = registry_find_owner(service->registry, key_principal(key)->identity);
		if (owner != NULL)
			count += owner_names(owner);
	}
	return count;
}

void
service_report(const struct service *service, struct service_report *ret_report)
{
	const struct owner *lease = registry_find_owner(service->registry, registry_lease_identity);
	int64_t quiet_s = service->quiet_until_s - clock_now_s();
	const struct zone *zone = NULL;
	struct zone_report zone_report;
	size_t names = 0;

	while ((zone = service_next_zone(service, zone, &zone_report)) != NULL)
		names += zone_report.names;
	*ret_report = (struct service_report){
		.names = names,
		.admin_names = count_admin_names(service),
		.lease_names = lease != NULL ? owner_names(lease) : 0,
		.store_bytes = store_size(service->store),
		.has_store_failed = service->has_failed,
		.is_store_read_only = store_is_read_only(service->store),
		.quiet_s = quiet_s > 0 ? quiet_s : 0,
		.wall_s = service_wall_s(service),
		.system_wall_s = clock_wall_s(),
		.started_s = service->started_s,
	};
	if (service->has_failed)
		(void)snprintf(ret_report->store_problem, sizeof(ret_report->store_problem), "%s",
		    store_problem(service->store));
}

const struct service_counts *
service_counts(const struct service *service)
{
	return &service->counts;
}

void
service_attach_publisher(struct service *service, struct publisher *publisher)
{
	service->publisher = publisher;
}

const struct publisher *
service_publisher(const struct service *service)
{
	return service->publisher;
}

void
service_check_publication(struct service *service)
{
	if (service->publisher != NULL)
		publisher_check(service->publisher);
}

/* --- copies --- */

enum status
service_backup(struct service *service, uint8_t **ret_bytes, size_t *ret_size)
{
	return store_copy(service->store, ret_bytes, ret_size);
}

void
service_free_backup(uint8_t *bytes)
{
	store_free_copy(bytes);
}

enum status
service_check_backup(const uint8_t *bytes, size_t size, struct store_copy_report *ret_report,
    char ret_problem[static STORE_PROBLEM_MAX])
{
	return store_check_copy(bytes, size, ret_report, ret_problem);
}

/* The options and serials of all zones, kept while they are taken out and loaded again. */
struct kept_zones {
	struct zone_options *options;
	uint32_t *serials;
	size_t count;
};

static enum status
keep_zones(const struct service *service, struct kept_zones *kept)
{
	const struct zone *zone = NULL;
	size_t count = 0;

	while ((zone = registry_next_zone(service->registry, zone)) != NULL)
		count++;
	*kept = (struct kept_zones){
		.options = calloc(count + 1, sizeof(*kept->options)),
		.serials = calloc(count + 1, sizeof(*kept->serials)),
		.count = count,
	};
	if (kept->options == NULL || kept->serials == NULL) {
		free(kept->options);
		free(kept->serials);
		return STATUS_NO_MEMORY;
	}
	for (size_t i = 0; i < count; i++) {
		zone = registry_next_zone(service->registry, zone);
		kept->options[i] = *zone_options(zone);
		kept->serials[i] = zone_serial(zone);
	}
	return STATUS_OK;
}

static enum status
load_again(struct service *service, const struct kept_zones *kept)
{
	struct zone *zone;
	enum status status;

	while ((zone = registry_next_zone(service->registry, NULL)) != NULL)
		registry_remove_zone(service->registry, zone);
	leases_clear(service->leases);
	status = service_set_zones(service, kept->options, kept->count);
	for (size_t i = 0; i < kept->count && status == STATUS_OK; i++) {
		zone = registry_find_zone(service->registry, kept->options[i].apex.wire);
		status = registry_reserve(service->registry, 1);
		if (status == STATUS_OK && zone != NULL)
			zone_pass_serial(service->registry, zone, kept->serials[i]);
	}
	if (status == STATUS_OK)
		status = service_load_facts(service);
	return status == STATUS_OK ? service_commit(service) : status;
}

enum status
service_restore(struct service *service, const uint8_t *bytes, size_t size,
    char ret_problem[static STORE_PROBLEM_MAX])
{
	struct kept_zones kept;
	enum status status = keep_zones(service, &kept);

	ret_problem[0] = '\0';
	if (status != STATUS_OK)
		return status;
	status = store_restore(service->store, bytes, size, service_wall_s(service), ret_problem);
	if (status == STATUS_OK) {
		status = load_again(service, &kept);
		if (status != STATUS_OK)
			(void)snprintf(ret_problem, STORE_PROBLEM_MAX,
			    "the backup is stored, but could not be loaded (%s); restart ddnsd",
			    status_text(status));
	}
	free(kept.options);
	free(kept.serials);
	return status;
}
