/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a lease is called. Labels are unique among devices and come after everything registered. The
 * hard part is to tell what a device wants from what dnsmasq read in our own file (its
 * host_from_dns() names a client by the hosts line of its address).
 */
#include <libknot/descriptor.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "publisher/hosts_file.h"
#include "service/dhcp.h"
#include "service/dhcp_state.h"
#include "service/state.h"

enum {
	NUMBER_MAX = 999,       /* devices of one name; more get none */
	LABEL_LEASES_MAX = 256, /* leases of one label; more of the same device get none */
	MAC_PART = 3,
	FORGET_AT_ONCE = 4, /* more than are remembered in the same time */
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

/* --- what gets no name --- */

/* True when the zone's apex names this as a name server, whether it has an address yet or not. */
static bool
is_name_server(const struct zone *zone, const uint8_t *name)
{
	const struct node *apex = zone_find(zone, zone_apex(zone));
	struct records_cursor cursor = { 0 };
	struct record record;

	if (name_is_equal(zone_options(zone)->nameserver.wire, name))
		return true;
	while (apex != NULL && records_next(node_records(apex), &cursor, &record)) {
		if (record.type == KNOT_RRTYPE_NS && name_is_equal(record.rdata->data, name))
			return true;
	}
	return false;
}

/*
 * Why no lease gets this label, whatever its device asks for; NULL: one may. A client that calls
 * itself as the name server would have the queries of all others.
 */
static const char *
why_never(const struct service *service, const char *label)
{
	const struct zone *zone = NULL;
	struct name marker;
	struct name name;

	if (!dhcp_make_name(service, label, &name))
		return "the name would be too long";
	hosts_file_marker(service->registry, &marker);
	if (name_is_equal(marker.wire, name.wire))
		return "it is the mark of what was published last";
	while ((zone = registry_next_zone(service->registry, zone)) != NULL) {
		if (is_name_server(zone, name.wire))
			return "it is a zone's name server";
	}
	return NULL;
}

/* Why no lease of this address gets a name: it is not that of one host in the network; NULL: one may. */
static const char *
why_address_never(const struct address *address)
{
	static const struct {
		struct network network;
		const char *why;
	} kinds[] = {
		{ { { 4, { 0 } }, 8 }, "its address is none" },
		{ { { 4, { 127 } }, 8 }, "its address is the loopback's" },
		{ { { 4, { 169, 254 } }, 16 }, "its address is good on one link only" },
		{ { { 4, { 224 } }, 4 }, "its address is that of many" },
		{ { { 4, { 240 } }, 4 }, "its address is reserved" },
		{ { { 6, { 0 } }, 127 }, "its address is none, or the loopback's" },
		{ { { 6, { [10] = 0xff, 0xff } }, 96 },
		    "its address is an IPv4 one in IPv6's form" },
		{ { { 6, { 0xfe, 0x80 } }, 10 }, "its address is good on one link only" },
		{ { { 6, { 0xff } }, 8 }, "its address is that of many" },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (network_contains(&kinds[i].network, address))
			return kinds[i].why;
	}
	return NULL;
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

	if (dhcp_is_foreign_server(event->server) || !label_from_text(event->name, label))
		return false;
	if (is_alias(service, label, &event->address))
		return true;
	/* Unless it called the device so before we did. */
	return lease != NULL && lease->is_ours && strcmp(label, lease->label) == 0 &&
	    (lease->server_name == NULL || strcmp(event->name, lease->server_name) != 0);
}

/*
 * In a line that it shares with a registered name, the lease's own name comes first and holds the
 * server fast, though the device now asks for another.
 */
static bool
is_held_fast(const struct dhcp_lease *lease, const struct dhcp_event *event)
{
	char label[LABEL_TEXT_MAX];
	char asked[LABEL_TEXT_MAX];
	char asked_before[LABEL_TEXT_MAX];

	return !dhcp_is_foreign_server(event->server) && lease != NULL &&
	    event->client_name != NULL && lease->client_name != NULL &&
	    label_from_text(event->name, label) && strcmp(label, lease->label) == 0 &&
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

/* The last octets of what the device is known by; false where it is known by nothing. */
static bool
append_device(char *text, size_t size, const struct dhcp_lease *lease)
{
	if (lease->hardware.size >= MAC_PART)
		append_hex(text, size, lease->hardware.bytes + lease->hardware.size - MAC_PART,
		    MAC_PART);
	else if (lease->duid.size >= MAC_PART)
		append_hex(text, size, lease->duid.bytes + lease->duid.size - MAC_PART, MAC_PART);
	else
		return false;
	return true;
}

/* The name of who gives none, by the pattern: "" without one, and where it asks for what is not known. */
static void
name_nameless(const struct service *service, const struct dhcp_lease *lease,
    char ret_wish[static LABEL_TEXT_MAX])
{
	char text[4 * LABEL_TEXT_MAX] = "";
	char address[ADDRESS_TEXT_MAX];

	ret_wish[0] = '\0';
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
		} else if (!append_device(text, sizeof(text), lease)) {
			return;
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

/*
 * Takes the texts that an event brings, and tells whether they say what the device wants. A server
 * that repeats itself, or has forgotten a name, says nothing.
 */
static bool
take_texts(const struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event, struct dhcp_lease *next)
{
	bool has_asked = event->client_name != NULL || event->is_complete;
	bool is_new_name;

	if (has_asked)
		next->client_name = event->client_name;
	if (event->name != NULL && is_echo(service, lease, event)) {
		/* What it would call the device by itself is not known any more. */
		if (has_asked)
			next->server_name = NULL;
		return has_asked;
	}
	is_new_name = event->name != NULL &&
	    (lease == NULL || lease->server_name == NULL ||
		strcmp(event->name, lease->server_name) != 0);
	next->server_name = event->name;
	return has_asked || is_new_name;
}

/* The label that the device asks for: as its server calls it, else as it calls itself; "" = none. */
static void
read_wish(const struct dhcp_lease *lease, const struct dhcp_event *event, struct dhcp_lease *next)
{
	bool is_held = event != NULL && event->name != NULL && is_held_fast(lease, event);

	next->wish[0] = '\0';
	if (next->server_name != NULL && !is_held && label_from_text(next->server_name, next->wish))
		return;
	if (next->client_name != NULL)
		(void)label_from_text(next->client_name, next->wish);
}

void
dhcp_choose_wish(struct service *service, const struct dhcp_lease *lease,
    const struct dhcp_event *event, struct dhcp_lease *next)
{
	const struct dhcp_pin *pin = find_pin(service, next);
	bool is_news = lease == NULL || lease->is_pinned || lease->wish[0] == '\0';

	if (event != NULL && take_texts(service, lease, event, next))
		is_news = true;
	next->is_pinned = pin != NULL;
	if (pin != NULL)
		memcpy(next->wish, pin->label, sizeof(next->wish));
	else if (is_news)
		read_wish(lease, event, next);
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
	size_t count = 0;

	if (why_never(service, label) != NULL || dhcp_is_registered(service, label))
		return false;
	while ((other = leases_next_labelled(service->leases, label, other)) != NULL) {
		bool has_pin = find_pin(service, other) != NULL;

		if (address_is_equal(&other->address, &lease->address))
			continue;
		if (++count >= LABEL_LEASES_MAX)
			return false;
		/* A pin comes before a mere wish; two pins with one label are one device's. */
		if (is_pinned && (!has_pin || strcmp(other->wish, lease->wish) == 0))
			continue;
		if (dhcp_is_other_device(other, lease))
			return false;
	}
	return true;
}

/* True when that many leases have the label that one more would only cost time. */
static bool
is_crowded(const struct service *service, const char *label)
{
	const struct dhcp_lease *lease = NULL;
	size_t count = 0;

	while (count < LABEL_LEASES_MAX &&
	    (lease = leases_next_labelled(service->leases, label, lease)) != NULL)
		count++;
	return count == LABEL_LEASES_MAX;
}

static bool
is_too_old(const struct service *service, const struct dhcp_device *device)
{
	return device->seen_s < service_wall_s(service) - service->dhcp->remember_s;
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

/* True when that lease, of the same device, passes its label on. */
static bool
is_example(const struct dhcp_lease *lease, const struct dhcp_lease *next)
{
	return lease->label[0] != '\0' && strcmp(lease->wish, next->wish) == 0 &&
	    !address_is_equal(&lease->address, &next->address);
}

/* Another lease of the device, with the same wish and a label. NULL: none. */
static const struct dhcp_lease *
find_example(const struct leases *leases, const struct dhcp_lease *next)
{
	const struct dhcp_lease *lease = NULL;

	while (next->hardware.size > 0 &&
	    (lease = leases_next_of_hardware(leases, &next->hardware, lease)) != NULL) {
		if (is_example(lease, next))
			return lease;
	}
	lease = NULL;
	while (next->duid.size > 0 &&
	    (lease = leases_next_of_duid(leases, &next->duid, lease)) != NULL) {
		if (is_example(lease, next))
			return lease;
	}
	return NULL;
}

/*
 * The label that the device has, or had, with the same wish: on another of its leases (IPv4 and IPv6 join
 * so), else as it is remembered.
 */
static void
find_own_label(const struct service *service, const struct dhcp_lease *next,
    char ret_label[static LABEL_TEXT_MAX])
{
	const struct dhcp_lease *lease = find_example(service->leases, next);
	const struct dhcp_device *device;
	char id[LEASES_DEVICE_MAX];

	if (lease != NULL) {
		memcpy(ret_label, lease->label, sizeof(lease->label));
		return;
	}
	device = leases_find_device(service->leases, leases_device_id(next, id));
	if (device != NULL && strcmp(device->wish, next->wish) == 0 && !is_too_old(service, device))
		memcpy(ret_label, device->label, sizeof(device->label));
}

/* True when that was found for this wish, and nothing has changed since. */
static bool
is_known_to_be_taken(const struct service *service, const char *wish)
{
	return strcmp(service->taken_wish, wish) == 0 &&
	    service->taken_leases == leases_version(service->leases) &&
	    service->taken_names == registry_version(service->registry);
}

static void
note_taken(struct service *service, const char *wish)
{
	(void)snprintf(service->taken_wish, sizeof(service->taken_wish), "%s", wish);
	service->taken_leases = leases_version(service->leases);
	service->taken_names = registry_version(service->registry);
}

/* The wish itself, or the first number behind it that nobody has; "" = none of them is free. */
static void
find_free_label(struct service *service, struct dhcp_lease *next)
{
	char label[LABEL_TEXT_MAX];
	char id[LEASES_DEVICE_MAX];

	if (is_known_to_be_taken(service, next->wish) && find_pin(service, next) == NULL)
		return;
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
	note_taken(service, next->wish);
}

void
dhcp_choose_label(struct service *service, struct dhcp_lease *next, const char *kept)
{
	char label[LABEL_TEXT_MAX];

	(void)snprintf(label, sizeof(label), "%s", kept);
	next->label[0] = '\0';
	if (next->wish[0] == '\0' || next->is_ignored || dhcp_zone(service) == NULL ||
	    why_address_never(&next->address) != NULL || why_never(service, next->wish) != NULL)
		return;
	if (label[0] == '\0')
		find_own_label(service, next, label);
	if (label[0] != '\0' && is_free(service, label, next))
		memcpy(next->label, label, sizeof(label));
	else if (label[0] != '\0' && is_crowded(service, label))
		return;
	else if (!dhcp_is_registered(service, next->wish))
		find_free_label(service, next);
	else if (!is_known_to_lack(service, next))
		note_registered(service, next);
}

bool
dhcp_must_publish(const struct service *service, const struct dhcp_lease *lease, const char *domain)
{
	const char *server_name = lease->server_name != NULL ? lease->server_name : "";
	size_t length = strcspn(server_name, ".");
	char zone[NAME_TEXT_MAX];

	if (lease->label[0] == '\0')
		return false;
	if (dhcp_is_foreign_server(lease->server) || length != strlen(lease->label) ||
	    strncasecmp(server_name, lease->label, length) != 0)
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

/* Devices that were not seen for too long go as others come; those that are here are seen now. */
static void
forget_oldest(struct service *service)
{
	for (int i = 0; i < FORGET_AT_ONCE; i++) {
		const struct dhcp_device *device = leases_oldest_device(service->leases);
		enum status status;

		if (device == NULL || !is_too_old(service, device))
			break;
		status = leases_next_labelled(service->leases, device->label, NULL) != NULL
		    ? leases_remember(service->leases, device->id, device->wish, device->label,
			  service_wall_s(service))
		    : leases_forget(service->leases, device->id);
		if (status != STATUS_OK)
			break;
	}
}

void
dhcp_keep_label(struct service *service, const struct dhcp_lease *lease)
{
	char id[LEASES_DEVICE_MAX];
	const struct dhcp_device *device;

	/* The name that a device asks for is found again without a memory. */
	if (lease->label[0] == '\0' || strcmp(lease->label, lease->wish) == 0)
		return;
	device = leases_find_device(service->leases, leases_device_id(lease, id));
	if (id[0] == '\0' ||
	    (device != NULL && strcmp(device->wish, lease->wish) == 0 &&
		strcmp(device->label, lease->label) == 0))
		return;
	forget_oldest(service);
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

__attribute__((format(printf, 2, 3))) static void
tell(char ret_why[static SERVICE_DHCP_WHY_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(ret_why, SERVICE_DHCP_WHY_MAX, format, arguments);
	va_end(arguments);
}

static void
explain_label(const struct service *service, const struct dhcp_lease *lease,
    char ret_why[static SERVICE_DHCP_WHY_MAX])
{
	if (strcmp(lease->label, lease->wish) != 0)
		tell(ret_why, "%s is another device's", lease->wish);
	else if (find_pin(service, lease) != NULL)
		tell(ret_why, "pinned by the configuration");
}

static void
explain_lack(const struct service *service, const struct dhcp_lease *lease,
    char ret_why[static SERVICE_DHCP_WHY_MAX])
{
	const char *never = why_never(service, lease->wish);

	if (never != NULL)
		tell(ret_why, "no lease is called %s: %s", lease->wish, never);
	else if (is_crowded(service, lease->wish))
		tell(ret_why, "%s has the addresses of %d leases, and gets no more", lease->wish,
		    LABEL_LEASES_MAX);
	else if (dhcp_is_registered(service, lease->wish))
		tell(ret_why, "%s is registered, and a lease never takes a registered name",
		    lease->wish);
	else
		tell(ret_why, "no name like %s is free", lease->wish);
}

void
service_dhcp_explain(const struct service *service, const struct dhcp_lease *lease,
    char ret_why[static SERVICE_DHCP_WHY_MAX])
{
	const char *never = why_address_never(&lease->address);

	ret_why[0] = '\0';
	if (!service->dhcp->has_zone)
		tell(ret_why, "the configuration has no leases block, so leases get no names");
	else if (dhcp_zone(service) == NULL)
		tell(ret_why, "the zone of `leases` is none of those configured");
	else if (never != NULL)
		tell(ret_why, "no lease of it gets a name: %s", never);
	else if (lease->is_ignored)
		tell(ret_why, "the device or its name is in the list `ignore`");
	else if (lease->wish[0] == '\0')
		tell(ret_why, "the device gives no name; a pin, or `nameless`, would give it one");
	else if (lease->label[0] != '\0')
		explain_label(service, lease, ret_why);
	else
		explain_lack(service, lease, ret_why);
}
