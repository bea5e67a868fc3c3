/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a lease is called. Labels are unique among devices and come after everything registered. The
 * hard part is to tell what a device wants from what dnsmasq read in our own file (its
 * host_from_dns() names a client by the hosts line of its address).
 */
#include <libknot/descriptor.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "service/dhcp.h"
#include "service/dhcp_state.h"
#include "service/state.h"

enum {
	NUMBER_MAX = 999, /* devices of one name; more get none */
	MAC_PART = 3,
};

bool
dhcp_is_foreign_server(const char *server)
{
	/* OpenWrt's hotplug events are its dnsmasq's. */
	return strcmp(server, "dnsmasq") != 0 && strcmp(server, "openwrt") != 0;
}

static bool
have_hardware(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	return one->hardware.size > 0 && other->hardware.size > 0;
}

static bool
have_duids(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	return one->duid.size > 0 && other->duid.size > 0;
}

static bool
is_same_device(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	return (have_hardware(one, other) &&
		   dhcp_hardware_is_equal(&one->hardware, &other->hardware)) ||
	    (have_duids(one, other) && dhcp_duid_is_equal(&one->duid, &other->duid));
}

bool
dhcp_is_other_device(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	if (is_same_device(one, other))
		return false;
	/* A DUID may be made from another interface of the same device (RFC 8415 11.2). */
	return have_duids(one, other) ||
	    (have_hardware(one, other) && one->is_hardware_proven && other->is_hardware_proven);
}

bool
dhcp_is_registered(const struct service *service, const char *label)
{
	const struct node *node = NULL;
	struct name name;

	if (dhcp_make_name(service, label, &name))
		node = zone_find(dhcp_zone(service), name.wire);
	return node != NULL && !node_is_of_lease(node) &&
	    records_any_live(node_records(node), service_live_clock(service));
}

/* --- what a device wants --- */

static const struct dhcp_pin *
find_pin(const struct service *service, const struct dhcp_lease *lease)
{
	for (size_t i = 0; i < service->dhcp->pin_count && lease->hardware.size > 0; i++) {
		if (dhcp_hardware_is_equal(&service->dhcp->pins[i].hardware, &lease->hardware))
			return &service->dhcp->pins[i];
	}
	return NULL;
}

/* True when a registered name of that label has this address. */
static bool
is_alias(const struct service *service, const char *label, const struct address *address)
{
	struct records_cursor cursor = { 0 };
	const struct node *node;
	struct record record;
	struct address other;
	struct name name;

	if (!dhcp_is_registered(service, label) || !dhcp_make_name(service, label, &name))
		return false;
	node = zone_find(dhcp_zone(service), name.wire);
	while (node != NULL && records_next(node_records(node), &cursor, &record)) {
		if ((record.type == KNOT_RRTYPE_A || record.type == KNOT_RRTYPE_AAAA) &&
		    address_from_bytes(record.rdata->data, record.rdata->len, &other) &&
		    address_is_equal(&other, address))
			return true;
	}
	return false;
}

/* True when the server has the name from us: it says nothing of what the device wants. */
static bool
is_echo(const struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event)
{
	char label[LABEL_TEXT_MAX];
	char asked[LABEL_TEXT_MAX];
	char asked_before[LABEL_TEXT_MAX];

	if (dhcp_is_foreign_server(event->server) || !label_from_text(event->name, label))
		return false;
	if (is_alias(service, label, &event->address))
		return true;
	if (lease == NULL || strcmp(label, lease->label) != 0)
		return false;
	if (lease->is_ours)
		return true;
	/*
	 * In a line that it shares with a registered name, the lease's own name comes first and
	 * holds the server fast, though the device now asks for another.
	 */
	return event->client_name != NULL && lease->client_name != NULL &&
	    label_from_text(event->client_name, asked) &&
	    label_from_text(lease->client_name, asked_before) && strcmp(asked, asked_before) != 0;
}

static void
append_hex(char *text, size_t size, const uint8_t *bytes, size_t count)
{
	size_t used = strlen(text);

	for (size_t i = 0; i < count && used + 2 < size; i++, used += 2)
		(void)snprintf(text + used, size - used, "%02x", bytes[i]);
}

/* The name of who gives none, by the pattern: "" without one. */
static void
name_nameless(const struct service *service, const struct dhcp_lease *lease,
    char ret_wish[static LABEL_TEXT_MAX])
{
	char text[4 * LABEL_TEXT_MAX] = "";
	char address[ADDRESS_TEXT_MAX];

	for (const char *at = service->dhcp->nameless; *at != '\0'; at++) {
		size_t used = strlen(text);

		if (at[0] != '%' || at[1] == '\0') {
			(void)snprintf(text + used, sizeof(text) - used, "%c", *at);
			continue;
		}
		at++;
		if (*at == 'a') {
			(void)address_to_text(&lease->address, address);
			for (char *dot = address; *dot != '\0'; dot++) {
				if (*dot == '.' || *dot == ':')
					*dot = '-';
			}
			(void)snprintf(text + used, sizeof(text) - used, "%s", address);
		} else if (lease->hardware.size >= MAC_PART) {
			append_hex(text, sizeof(text),
			    lease->hardware.bytes + lease->hardware.size - MAC_PART, MAC_PART);
		} else if (lease->duid.size >= MAC_PART) {
			append_hex(text, sizeof(text),
			    lease->duid.bytes + lease->duid.size - MAC_PART, MAC_PART);
		}
	}
	if (!label_from_text(text, ret_wish))
		ret_wish[0] = '\0';
}

static bool
is_ignored(const struct service *service, const struct dhcp_lease *lease)
{
	const struct dhcp_options *options = service->dhcp;

	for (size_t i = 0; i < options->ignored_count && lease->hardware.size > 0; i++) {
		if (dhcp_hardware_is_equal(&options->ignored[i], &lease->hardware))
			return true;
	}
	for (size_t i = 0; i < options->ignored_label_count && lease->wish[0] != '\0'; i++) {
		if (label_matches(lease->wish, options->ignored_labels[i]))
			return true;
	}
	return false;
}

/* Texts that an event brings; NULL observed: it says nothing new of the name. */
static const char *
take_texts(const struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event, struct dhcp_lease *next)
{
	if (event->client_name != NULL || event->is_complete)
		next->client_name = event->client_name;
	if (event->name != NULL && is_echo(service, lease, event))
		return NULL;
	next->server_name = event->name;
	return event->name;
}

void
dhcp_choose_wish(struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event, struct dhcp_lease *next)
{
	const struct dhcp_pin *pin = find_pin(service, next);
	bool was_configured = lease != NULL && lease->is_pinned;
	const char *observed = event != NULL ? take_texts(service, lease, event, next)
					     : next->server_name;

	next->is_pinned = false;
	if (pin != NULL) {
		memcpy(next->wish, pin->label, sizeof(next->wish));
		next->is_pinned = true;
	} else if ((observed == NULL || !label_from_text(observed, next->wish)) &&
	    (next->client_name == NULL || !label_from_text(next->client_name, next->wish))) {
		/* Nothing is known. What was known stays, unless the device itself takes it back. */
		if (was_configured || (event != NULL && event->is_complete))
			next->wish[0] = '\0';
	}
	next->is_ignored = is_ignored(service, next);
	if (next->wish[0] == '\0' && !next->is_ignored) {
		name_nameless(service, next, next->wish);
		next->is_pinned = next->wish[0] != '\0';
	}
}

/* --- which label it gets --- */

static bool
is_free(const struct service *service, const char *label, const struct dhcp_lease *lease)
{
	bool is_pinned = find_pin(service, lease) != NULL;
	const struct dhcp_lease *other = NULL;
	struct name name;

	if (!dhcp_make_name(service, label, &name) || dhcp_is_registered(service, label))
		return false;
	while ((other = leases_next_labelled(service->leases, label, other)) != NULL) {
		bool has_pin = find_pin(service, other) != NULL;

		if (address_is_equal(&other->address, &lease->address))
			continue;
		/* A pin comes before a mere wish; two pins with one label are one device's. */
		if (is_pinned && (!has_pin || strcmp(other->wish, lease->wish) == 0))
			continue;
		if (dhcp_is_other_device(other, lease))
			return false;
	}
	return true;
}

static bool
is_too_old(const struct service *service, const struct dhcp_device *device)
{
	return device->seen_s + service->dhcp->remember_s < service_wall_s(service);
}

/* True when another device, that may be away, has this label. */
static bool
is_reserved(struct service *service, const char *label, const char *id)
{
	const struct dhcp_device *device = leases_find_labelled_device(service->leases, label);

	if (device == NULL || strcmp(device->id, id) == 0)
		return false;
	if (!is_too_old(service, device))
		return true;
	(void)leases_forget(service->leases, device->id);
	return false;
}

static void
note_registered(struct service *service, const struct dhcp_lease *lease)
{
	char address[ADDRESS_TEXT_MAX];
	char text[NAME_TEXT_MAX];
	struct name name;

	if (dhcp_make_name(service, lease->wish, &name))
		service_note(service,
		    "lease: %s asks for %s, which is registered: a lease never takes such a name",
		    address_to_text(&lease->address, address), name_to_text(name.wire, text));
}

/* True when it was said already: the lease had this wish, and no label. */
static bool
is_known_to_lack(const struct service *service, const struct dhcp_lease *next)
{
	const struct dhcp_lease *lease = leases_find(service->leases, &next->address);

	return lease != NULL && lease->label[0] == '\0' && strcmp(lease->wish, next->wish) == 0;
}

/*
 * The label that the device has, or had, with the same wish: on another of its leases (IPv4 and IPv6 join
 * so), else as it is remembered.
 */
static void
find_own_label(const struct service *service, const struct dhcp_lease *next,
    char ret_label[static LABEL_TEXT_MAX])
{
	const struct dhcp_lease *lease = NULL;
	const struct dhcp_device *device;
	char id[LEASES_DEVICE_MAX];

	while ((lease = leases_next_wishing(service->leases, next->wish, lease)) != NULL) {
		if (lease->label[0] != '\0' && !address_is_equal(&lease->address, &next->address) &&
		    is_same_device(lease, next)) {
			memcpy(ret_label, lease->label, sizeof(lease->label));
			return;
		}
	}
	device = leases_find_device(service->leases, leases_device_id(next, id));
	if (device != NULL && strcmp(device->wish, next->wish) == 0 && !is_too_old(service, device))
		memcpy(ret_label, device->label, sizeof(device->label));
}

void
dhcp_choose_label(struct service *service, struct dhcp_lease *next, const char *kept)
{
	char id[LEASES_DEVICE_MAX];
	char label[LABEL_TEXT_MAX];

	(void)snprintf(label, sizeof(label), "%s", kept);
	next->label[0] = '\0';
	if (next->wish[0] == '\0' || next->is_ignored || dhcp_zone(service) == NULL)
		return;
	if (label[0] == '\0')
		find_own_label(service, next, label);
	if (label[0] != '\0' && is_free(service, label, next)) {
		memcpy(next->label, label, sizeof(label));
		return;
	}
	if (dhcp_is_registered(service, next->wish)) {
		if (!is_known_to_lack(service, next))
			note_registered(service, next);
		return;
	}
	(void)leases_device_id(next, id);
	for (unsigned number = 1; number <= NUMBER_MAX; number++) {
		if (number == 1)
			memcpy(label, next->wish, sizeof(label));
		else
			label_with_number(next->wish, number, label);
		if (is_free(service, label, next) &&
		    (number == 1 || !is_reserved(service, label, id))) {
			memcpy(next->label, label, sizeof(label));
			return;
		}
	}
}

bool
dhcp_must_publish(const struct service *service, const struct dhcp_lease *lease, const char *domain)
{
	size_t length = lease->server_name != NULL ? strcspn(lease->server_name, ".") : 0;
	char zone[NAME_TEXT_MAX];

	if (lease->label[0] == '\0')
		return false;
	if (dhcp_is_foreign_server(lease->server) || length != strlen(lease->label) ||
	    strncasecmp(lease->server_name, lease->label, length) != 0)
		return true;
	/* dnsmasq answers the name below its own domain only. */
	return domain != NULL &&
	    strcasecmp(domain, name_to_text(service->dhcp->zone.wire, zone)) != 0;
}

void
dhcp_displace(struct service *service, const struct address *address, const char *door)
{
	const struct dhcp_lease *lease = leases_find(service->leases, address);
	const struct dhcp_lease *other = NULL;
	char label[LABEL_TEXT_MAX];

	if (lease == NULL || lease->label[0] == '\0' || find_pin(service, lease) == NULL)
		return;
	memcpy(label, lease->label, sizeof(label));
	while ((other = leases_next_labelled(service->leases, label, other)) != NULL) {
		struct address others = other->address;

		if (find_pin(service, other) == NULL && dhcp_is_other_device(lease, other))
			(void)dhcp_choose_again(service, &others, door);
	}
}

/* --- what is remembered --- */

void
dhcp_keep_label(struct service *service, const struct dhcp_lease *lease)
{
	char id[LEASES_DEVICE_MAX];
	const struct dhcp_device *device;

	/* The name that a device asks for is found again without a memory. */
	if (lease->label[0] == '\0' || strcmp(lease->label, lease->wish) == 0)
		return;
	device = leases_find_device(service->leases, leases_device_id(lease, id));
	if (device != NULL && strcmp(device->wish, lease->wish) == 0 &&
	    strcmp(device->label, lease->label) == 0)
		return;
	if (leases_remember(service->leases, id, lease->wish, lease->label,
		service_wall_s(service)) != STATUS_OK)
		log_error("lease: out of memory; %s may get another name the next time",
		    lease->label);
}

void
dhcp_remember_end(struct service *service, const struct dhcp_lease *lease)
{
	char id[LEASES_DEVICE_MAX];
	const struct dhcp_device *device = leases_find_device(service->leases,
	    leases_device_id(lease, id));

	if (device != NULL && strcmp(device->label, lease->label) == 0)
		(void)leases_remember(service->leases, id, device->wish, lease->label,
		    service_wall_s(service));
}

void
dhcp_forget_old(struct service *service)
{
	const struct dhcp_device *device = leases_next_device(service->leases, NULL);

	while (device != NULL) {
		const struct dhcp_device *next = leases_next_device(service->leases, device);
		bool is_here = leases_next_labelled(service->leases, device->label, NULL) != NULL;

		if (!is_here && is_too_old(service, device))
			(void)leases_forget(service->leases, device->id);
		device = next;
	}
}

/* --- for people --- */

void
service_dhcp_explain(const struct service *service, const struct dhcp_lease *lease,
    char ret_why[static SERVICE_DHCP_WHY_MAX])
{
	ret_why[0] = '\0';
	if (!service->dhcp->has_zone)
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX,
		    "the configuration has no leases block, so leases get no names");
	else if (lease->is_ignored)
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX,
		    "the device or its name is in the list `ignore`");
	else if (lease->wish[0] == '\0')
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX,
		    "the device gives no name; a pin, or `nameless`, would give it one");
	else if (lease->label[0] == '\0' && dhcp_is_registered(service, lease->wish))
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX,
		    "%s is registered, and a lease never takes a registered name", lease->wish);
	else if (lease->label[0] == '\0')
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX, "no name like %s is free",
		    lease->wish);
	else if (strcmp(lease->label, lease->wish) != 0)
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX, "%s is another device's",
		    lease->wish);
	else if (find_pin(service, lease) != NULL)
		(void)snprintf(ret_why, SERVICE_DHCP_WHY_MAX, "pinned by the configuration");
}
