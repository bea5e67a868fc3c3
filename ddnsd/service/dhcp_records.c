/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Labels of leases as records: A and AAAA below the zone of the leases, PTR where the reverse zone is
 * ours, all by service_update(); and what registered names do to them.
 */
#include <libknot/descriptor.h>
#include <libknot/rdata.h>
#include <string.h>

#include "service/dhcp.h"
#include "service/dhcp_state.h"
#include "service/state.h"
#include "wire/reverse.h"

enum { ADDRESSES_MAX = 64 }; /* of one name, where the configuration sets no limit */

struct zone *
dhcp_zone(const struct service *service)
{
	if (!service->dhcp->has_zone)
		return NULL;
	return registry_find_zone(service->registry, service->dhcp->zone.wire);
}

bool
dhcp_make_name(const struct service *service, const char *label, struct name *ret_name)
{
	uint8_t wire[LABEL_TEXT_MAX + 1] = { 0 };
	size_t length = strlen(label);

	if (length == 0 || dhcp_zone(service) == NULL)
		return false;
	wire[0] = (uint8_t)length;
	memcpy(wire + 1, label, length);
	return name_join(wire, service->dhcp->zone.wire, ret_name) == STATUS_OK;
}

/* Rdata in the arena, or NULL. */
static const knot_rdata_t *
make_rdata(struct arena *arena, const uint8_t *bytes, size_t length)
{
	knot_rdata_t *rdata = arena_take(arena, knot_rdata_size((uint16_t)length));

	if (rdata != NULL)
		knot_rdata_init(rdata, (uint16_t)length, bytes);
	return rdata;
}

/* Hands changes to service_update() as those of the leases, and takes the scratch back. */
static void
apply(struct service *service, const uint8_t *zone, const struct change *changes, size_t count,
    const char *door)
{
	struct update update = { .zone = zone, .changes = changes, .change_count = count };
	struct request request = {
		.principal = &service->lease_principal,
		.door = door,
		.update = &update,
	};
	struct update_answer answer;
	enum status status = service_update(service, &request, &service->lease_arena, &answer);

	/* A refusal has been logged, with the name. */
	if (status == STATUS_NO_MEMORY)
		log_error("lease: out of memory; a name is not as its lease wants it");
	arena_reset(&service->lease_arena);
}

/* How many addresses a lease's name may have, so that service_update() refuses none. */
static size_t
addresses_max(const struct service *service)
{
	uint32_t limit = service->options.addresses_per_name;

	return limit > 0 && limit < ADDRESSES_MAX ? limit : ADDRESSES_MAX;
}

void
dhcp_derive_name(struct service *service, const char *label, const char *door)
{
	struct arena *arena = &service->lease_arena;
	const struct dhcp_lease *lease = NULL;
	struct change changes[1 + ADDRESSES_MAX];
	size_t count = 0;
	struct name name;

	if (!dhcp_make_name(service, label, &name) || dhcp_is_registered(service, label))
		return;
	changes[count++] = (struct change){ .kind = CHANGE_DELETE_NAME, .name = name.wire };
	/* In order of address: of a device with very many the IPv4 ones come first. */
	while (count <= addresses_max(service) &&
	    (lease = leases_next_labelled(service->leases, label, lease)) != NULL) {
		bool is_ipv4 = lease->address.family == 4;
		const knot_rdata_t *rdata = make_rdata(arena, lease->address.bytes,
		    is_ipv4 ? 4 : 16);

		if (rdata == NULL)
			break;
		changes[count++] = (struct change){
			.kind = CHANGE_ADD,
			.type = is_ipv4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
			.ttl_s = service->dhcp->ttl_s,
			.name = name.wire,
			.rdata = rdata,
		};
	}
	if (count > 1 || zone_find(dhcp_zone(service), name.wire) != NULL)
		apply(service, service->dhcp->zone.wire, changes, count, door);
	else
		arena_reset(arena);
}

void
dhcp_derive_pointer(struct service *service, const struct address *address, const char *door)
{
	const struct dhcp_lease *lease = leases_find(service->leases, address);
	struct change changes[2] = { { .kind = CHANGE_DELETE_RRSET, .type = KNOT_RRTYPE_PTR } };
	const struct zone *zone;
	const struct node *node;
	struct name reverse;
	struct name name;
	size_t count = 1;

	reverse_name(address, &reverse);
	zone = registry_zone_of(service->registry, reverse.wire);
	if (zone == NULL)
		return;
	node = zone_find(zone, reverse.wire);
	if (node != NULL && !node_is_of_lease(node) &&
	    records_any_live(node_records(node), service_live_clock(service)))
		return;
	changes[0].name = reverse.wire;
	if (lease != NULL && dhcp_make_name(service, lease->label, &name)) {
		changes[count++] = (struct change){
			.kind = CHANGE_ADD,
			.type = KNOT_RRTYPE_PTR,
			.ttl_s = service->dhcp->ttl_s,
			.name = reverse.wire,
			.rdata = make_rdata(&service->lease_arena, name.wire, name_size(name.wire)),
		};
		if (changes[1].rdata == NULL)
			return;
	} else if (node == NULL) {
		return;
	}
	apply(service, zone_apex(zone), changes, count, door);
}

/* The label of a name right below the zone of the leases; false for others. */
static bool
label_of(const struct service *service, const uint8_t *name, char label[static LABEL_TEXT_MAX])
{
	if (!name_is_equal(name_parent(name), service->dhcp->zone.wire) ||
	    memchr(name + 1, '\0', name[0]) != NULL)
		return false;
	memcpy(label, name + 1, name[0]);
	label[name[0]] = '\0';
	return true;
}

/* True when a name of the leases is that of one, or the name of its address. */
static bool
is_still_leased(const struct service *service, const uint8_t *name)
{
	const struct dhcp_lease *lease;
	char label[LABEL_TEXT_MAX];
	struct address address;

	if (dhcp_zone(service) == NULL)
		return false;
	if (label_of(service, name, label))
		return leases_next_labelled(service->leases, label, NULL) != NULL;
	if (!reverse_address(name, &address))
		return false;
	lease = leases_find(service->leases, &address);
	return lease != NULL && lease->label[0] != '\0';
}

void
dhcp_withdraw_strays(struct service *service, const char *door)
{
	struct zone *zone = NULL;

	while ((zone = registry_next_zone(service->registry, zone)) != NULL) {
		struct node *node = zone_next(zone, NULL);

		while (node != NULL) {
			struct node *next = zone_next(zone, node);
			struct change change = { .kind = CHANGE_DELETE_NAME,
				.name = node_name(node) };

			if (node_is_of_lease(node) && !is_still_leased(service, node_name(node)))
				apply(service, zone_apex(zone), &change, 1, door);
			node = next;
		}
	}
}

/* --- what others did in the turn --- */

/* A name was registered, or went: who has the label loses it, and who wants it may have it. */
static void
settle_label(struct service *service, const char *label)
{
	const struct dhcp_lease *lease = NULL;

	while ((lease = leases_next_labelled(service->leases, label, NULL)) != NULL) {
		struct address address = lease->address;

		if (dhcp_choose_again(service, &address, "precedence") != STATUS_OK)
			return;
		lease = leases_find(service->leases, &address);
		if (strcmp(lease->label, label) == 0)
			break;
	}
	lease = NULL;
	while ((lease = leases_next_wishing(service->leases, label, lease)) != NULL) {
		struct address address = lease->address;

		if (dhcp_choose_again(service, &address, "precedence") != STATUS_OK)
			return;
		lease = leases_find(service->leases, &address);
	}
	/* It may have been registered and given back in one turn. */
	dhcp_derive_name(service, label, "precedence");
}

/* Leases that have asked for this label in vain: they can have another, with a number. */
static void
settle_unnamed_wishing(struct service *service, const char *label)
{
	const struct dhcp_lease *lease = NULL;

	while ((lease = leases_next_wishing(service->leases, label, lease)) != NULL) {
		struct address address = lease->address;

		if (lease->label[0] != '\0')
			continue;
		if (dhcp_choose_again(service, &address, "precedence") != STATUS_OK)
			return;
		lease = leases_find(service->leases, &address);
	}
}

/* Leases that ask in vain, for a name that may be free now. */
static void
settle_unnamed(struct service *service)
{
	const struct dhcp_lease *lease = NULL;

	while ((lease = leases_next(service->leases, lease)) != NULL) {
		struct address address = lease->address;

		if (lease->label[0] != '\0' || lease->wish[0] == '\0')
			continue;
		if (dhcp_choose_again(service, &address, "precedence") != STATUS_OK)
			return;
		lease = leases_find(service->leases, &address);
	}
}

/* The apex may name other name servers now, whose names no lease has. */
static void
settle_name_servers(struct service *service, const struct node *apex)
{
	struct records_cursor cursor = { 0 };
	char label[LABEL_TEXT_MAX];
	struct record record;

	while (records_next(node_records(apex), &cursor, &record)) {
		if (record.type == KNOT_RRTYPE_NS && label_of(service, record.rdata->data, label))
			settle_label(service, label);
	}
	settle_unnamed(service);
}

void
service_dhcp_settle(struct service *service)
{
	struct node *node;
	size_t cursor = 0;

	if (leases_count(service->leases) == 0 || dhcp_zone(service) == NULL)
		return;
	while ((node = registry_next_touched(service->registry, &cursor)) != NULL) {
		char label[LABEL_TEXT_MAX];
		struct address address;

		/* A name that somebody gave back may be another lease's by now. */
		if (node_is_of_lease(node)) {
			if (label_of(service, node_name(node), label))
				settle_unnamed_wishing(service, label);
			continue;
		}
		if (label_of(service, node_name(node), label))
			settle_label(service, label);
		else if (name_is_equal(node_name(node), zone_apex(node_zone(node))))
			settle_name_servers(service, node);
		else if (reverse_address(node_name(node), &address) &&
		    leases_find(service->leases, &address) != NULL)
			dhcp_derive_pointer(service, &address, "precedence");
	}
}
