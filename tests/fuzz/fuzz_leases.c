/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Leases told, read, ended and named, between registered updates, failing disks, new options and
 * restarts: a whole service with its store. After each turn what is registered is exactly what the
 * leases say.
 *
 * An input is a sequence of steps: an octet that says which, and a few that say what; octets that
 * are missing at the end count as 0.
 */
#include <errno.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "service/dhcp.h"
#include "service/dhcp_state.h"
#include "service/report.h"
#include "service/state.h"
#include "wire/reverse.h"

#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	STEPS_MAX = 200,
	PICTURE_MAX = 32 << 20,
	HOUR_S = 3600,
	DAY_S = 24 * HOUR_S,
	REMEMBER_S = 30 * DAY_S,
	ADDRESSES_PER_NAME = 3,
	ROWS_MAX = 200,
	TURNS_MAX = 50,
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct input {
	const uint8_t *data;
	size_t size;
};

/* The service under test, and what surrounds it. */
struct house {
	struct loop *loop;
	struct registry *registry;
	struct service *service;
	struct service_options options;
	struct dhcp_options dhcp[2]; /* those in force, and the next ones */
	unsigned dhcp_at;
	struct dhcp_pin pins[2];
	struct dhcp_hardware ignored;
	uint8_t *backup;
	size_t backup_size;
};

static const char *const apexes[] = { "home.arpa", "77.10.in-addr.arpa", "0.0.d.f.ip6.arpa" };
static const char *const macs[] = { NULL, "02:00:00:00:00:01", "02:00:00:00:00:02",
	"02:00:00:00:00:03", "06-02:00:00:00:00:01" };
static const char *const duids[] = { NULL, "00:03:00:01:02:00:00:00:00:01",
	"00:01:00:01:2a:2a:2a:2a:02:00:00:00:00:02", "00:04:aa:bb:cc:dd:ee:ff:00:11",
	"00:04:aa:bb:cc:dd:ee:ff:00:12" };
static const char *const addresses[] = { "10.77.0.1", "10.77.0.2", "10.77.0.3", "10.77.0.4",
	"192.0.2.1", "127.0.0.1", "0.0.0.0", "fd00::1", "fd00::2", "fd00::3", "fd00::4", "ff02::1",
	"2001:db8::1", "fe80::1", "10.77.0.5", "fd00::5" };
static const char *const names[] = { NULL, "laptop", "Laptop", "box", "box-2", "Bob's iPhone",
	"bobs-iphone", "under_score", "ns", "ddnsd-publication", "x;touch /x", "\xff\xfe bad",
	"wpad", "box.lan", "a..b", "", "phone", "ns2", "b\xc3\xbcro",
	"a-name-that-is-as-long-as-the-longest-label-there-may-ever-be-so" };
static const char *const registered[] = { "laptop", "box", "box-2", "phone", "bobs-iphone", "ns2" };
static const char *const pins[] = { "printer", "box", "ns", "laptop-2" };
static const char *const patterns[] = { "", "dhcp-%a", "%m", "x-%m-%a" };
static const char *const labels_ignored[] = { "wpad", "under-*" };
static const char *const servers[] = { "dnsmasq", "kea", "openwrt", "isc-dhcp" };
static const int64_t remaining_s[] = { HOUR_S, 0, 30, DAY_S, DHCP_FOREVER, 5, UINT32_MAX, HOUR_S };
static const int64_t times_s[] = { 1, 0, 10, 29, 61, 130, HOUR_S, HOUR_S + 3, DAY_S, 31 * DAY_S };

/* --- a disk that fails, and time --- */

static bool does_disk_fail;

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with "__". */
int
fdatasync(int fd)
{
	(void)fd;
	errno = ENOSPC;
	return does_disk_fail ? -1 : 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

static struct store *store;
static int64_t passed_ms;
static int64_t began_wall_s;

static int64_t
now_ns(void)
{
	return (1000 * 1000 + passed_ms) * 1000000;
}

static int64_t
wall_s(void)
{
	return began_wall_s + passed_ms / 1000;
}

/* --- the input --- */

static unsigned
take(struct input *input)
{
	if (input->size == 0)
		return 0;
	input->size--;
	return *input->data++;
}

/* --- the store, which is one for all inputs --- */

static char rows[ROWS_MAX][NAME_TEXT_MAX];
static size_t row_count;

static enum status
note_row(void *context, const struct store_row *row)
{
	(void)context;
	expect(row_count < ROWS_MAX);
	(void)snprintf(rows[row_count++], sizeof(rows[0]), "%s", row->name);
	return STATUS_OK;
}

static enum status
note_fact(void *context, const char *key, const char *value)
{
	(void)context;
	(void)value;
	expect(row_count < ROWS_MAX);
	(void)snprintf(rows[row_count++], sizeof(rows[0]), "%s", key);
	return STATUS_OK;
}

static void
clear_facts(const char *kind)
{
	row_count = 0;
	expect(store_load_facts(store, kind, note_fact, NULL) == STATUS_OK);
	for (size_t i = 0; i < row_count; i++)
		expect(store_delete_fact(store, kind, rows[i]) == STATUS_OK);
}

static char folder[] = "/tmp/ddnsd-fuzz-leases-XXXXXX";

/* The daemon looks whether its file is still there, so it is until the end. */
static void
remove_store(void)
{
	static const char *const files[] = { "names.db", "names.db-wal", "names.db-shm" };
	char path[sizeof(folder) + 16];

	store_close(store);
	for (size_t i = 0; i < COUNT(files); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, files[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

static void
open_store(void)
{
	char problem[STORE_PROBLEM_MAX];
	char path[sizeof(folder) + 16];

	expect(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof(path), "%s/names.db", folder);
	expect(store_open(path, &store, problem) == STATUS_OK);
	expect(atexit(remove_store) == 0);
}

static void
empty_store(void)
{
	row_count = 0;
	expect(store_load(store, note_row, NULL) == STATUS_OK);
	for (size_t i = 0; i < row_count; i++)
		expect(store_delete(store, rows[i]) == STATUS_OK);
	clear_facts(leases_fact_lease);
	clear_facts(leases_fact_device);
	expect(store_commit(store, store_last_commit_s(store)) == STATUS_OK);
}

/* --- building --- */

static void
start(struct house *house)
{
	struct zone_options zones[COUNT(apexes)];

	house->loop = loop_new();
	house->registry = registry_new();
	house->service = service_new(house->loop, house->registry, &house->options);
	expect(house->loop != NULL && house->registry != NULL && house->service != NULL);
	service_attach_store(house->service, store);
	for (size_t i = 0; i < COUNT(apexes); i++) {
		zones[i] = (struct zone_options){
			.apex = world_name(apexes[i]),
			.ttl_s = 60,
			.lease_s = HOUR_S,
			.lease_min_s = 10,
			.lease_max_s = DAY_S,
			.nameserver = world_name("ns.home.arpa"),
			.contact = world_name("hostmaster.home.arpa"),
		};
	}
	expect(service_set_zones(house->service, zones, COUNT(apexes)) == STATUS_OK);
	service_set_dhcp_options(house->service, &house->dhcp[house->dhcp_at]);
	expect(service_load_facts(house->service) == STATUS_OK);
	expect(!service_is_dirty(house->service));
}

static void
stop(struct house *house)
{
	service_free(house->service);
	registry_free(house->registry);
	loop_free(house->loop);
}

static void
set_dhcp_options(struct house *house, unsigned flags, unsigned more)
{
	struct dhcp_options *options = &house->dhcp[house->dhcp_at ^= 1];

	for (size_t i = 0; i < 2; i++) {
		expect(dhcp_hardware_from_text(macs[1 + (more + i) % 3],
			   &house->pins[i].hardware) == STATUS_OK);
		(void)snprintf(house->pins[i].label, sizeof(house->pins[i].label), "%s",
		    pins[(more >> 2) % COUNT(pins)]);
	}
	expect(dhcp_hardware_from_text(macs[3], &house->ignored) == STATUS_OK);
	*options = (struct dhcp_options){
		.has_zone = (flags & 1) == 0,
		.zone = world_name((flags & 0xc0) == 0xc0 ? "other.example" : "home.arpa"),
		.pins = house->pins,
		.pin_count = flags >> 1 & 3,
		.ignored = &house->ignored,
		.ignored_count = flags >> 3 & 1,
		.ignored_labels = labels_ignored,
		.ignored_label_count = COUNT(labels_ignored),
		.ttl_s = (more & 0x80) != 0 ? 120 : 60,
		.remember_s = REMEMBER_S,
	};
	if (options->pin_count > 2)
		options->pin_count = 0;
	(void)snprintf(options->nameless, sizeof(options->nameless), "%s",
	    patterns[flags >> 4 & 3]);
}

/* --- pictures --- */

/* Buffers are kept from input to input. */
static struct buffer before;
static struct buffer after;
static struct buffer kept;

static void
empty(struct buffer *buffer)
{
	if (buffer->ceiling == 0)
		buffer_init(buffer, PICTURE_MAX);
	buffer_clear(buffer);
}

static void
add_text(struct buffer *bytes, const char *text)
{
	(void)buffer_append_text(bytes, text != NULL ? text : "\1");
	(void)buffer_append(bytes, "", 1);
}

/* all: with what a restart need not bring back. */
static void
add_leases(const struct house *house, bool all, struct buffer *bytes)
{
	const struct leases *leases = service_leases(house->service);
	const struct dhcp_lease *lease = NULL;
	const struct dhcp_device *device = NULL;

	while ((lease = leases_next(leases, lease)) != NULL) {
		const uint8_t flags[] = { lease->is_ours, lease->is_pinned, lease->is_ignored,
			lease->is_hardware_proven };

		(void)buffer_append(bytes, &lease->address, sizeof(lease->address));
		(void)buffer_append(bytes, &lease->hardware, sizeof(lease->hardware));
		(void)buffer_append(bytes, &lease->duid, sizeof(lease->duid));
		(void)buffer_append(bytes, flags, sizeof(flags));
		(void)buffer_append(bytes, &lease->since_s, sizeof(lease->since_s));
		add_text(bytes, lease->server);
		add_text(bytes, lease->wish);
		add_text(bytes, lease->label);
		if (!all)
			continue;
		add_text(bytes, lease->client_name);
		add_text(bytes, lease->server_name);
		(void)buffer_append(bytes, &lease->stored_until_s, sizeof(lease->stored_until_s));
	}
	while ((device = leases_next_device(leases, device)) != NULL) {
		/* At a start those are forgotten that were not seen for too long. */
		if (!all && device->seen_s < service_wall_s(house->service) - REMEMBER_S + DAY_S)
			continue;
		add_text(bytes, device->id);
		add_text(bytes, device->wish);
		add_text(bytes, device->label);
	}
}

/* Names with their records; kind 'l': those of leases, 'r': registered ones that are live. */
static void
add_names(const struct house *house, char kind, struct buffer *bytes)
{
	struct zone *zone = NULL;

	while ((zone = registry_next_zone(house->registry, zone)) != NULL) {
		struct node *node = NULL;

		while ((node = zone_next(zone, node)) != NULL) {
			if (node_is_of_lease(node) != (kind == 'l') ||
			    name_is_equal(node_name(node), zone_apex(zone)) ||
			    !records_any_live(node_records(node),
				service_expiry_clock(house->service)))
				continue;
			(void)buffer_append(bytes, node_name(node), name_size(node_name(node)));
			add_text(bytes, owner_identity(node_owner(node)));
			(void)records_encode(node_records(node), 0, bytes);
		}
	}
}

static void
paint(const struct house *house, struct buffer *bytes)
{
	struct world world = { .registry = house->registry };

	empty(bytes);
	world_serialise(&world, bytes);
	add_leases(house, true, bytes);
}

static void
expect_same_pictures(void)
{
	expect(before.status == STATUS_OK && after.status == STATUS_OK);
	expect(before.length == after.length &&
	    (before.length == 0 || memcmp(before.data, after.data, before.length) == 0));
}

/* --- invariants --- */

static bool
are_both_pinned(const struct house *house, const struct dhcp_lease *one,
    const struct dhcp_lease *other)
{
	const struct dhcp_options *options = service_dhcp_options(house->service);
	unsigned found = 0;

	for (size_t i = 0; i < options->pin_count; i++) {
		found |= dhcp_hardware_is_equal(&options->pins[i].hardware, &one->hardware);
		found |= 2 * dhcp_hardware_is_equal(&options->pins[i].hardware, &other->hardware);
	}
	return found == 3;
}

static bool
are_of_two_devices(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	bool have_duids = one->duid.size > 0 && other->duid.size > 0;
	bool have_macs = one->hardware.size > 0 && other->hardware.size > 0;

	if ((have_macs && dhcp_hardware_is_equal(&one->hardware, &other->hardware)) ||
	    (have_duids && dhcp_duid_is_equal(&one->duid, &other->duid)))
		return false;
	return have_duids || (have_macs && one->is_hardware_proven && other->is_hardware_proven);
}

/* What the zone holds for a label: so many A and AAAA, each of a lease that has it, and no more. */
static void
check_label(const struct house *house, const struct dhcp_lease *lease)
{
	const struct dhcp_options *options = service_dhcp_options(house->service);
	struct zone *zone = registry_find_zone(house->registry, options->zone.wire);
	char fqdn[LABEL_TEXT_MAX + 16];
	char again[LABEL_TEXT_MAX];
	const struct dhcp_lease *other = NULL;
	struct records_cursor cursor = { 0 };
	const struct node *node;
	struct record record;
	struct name name;
	size_t count = 0;

	expect(options->has_zone && zone != NULL && !lease->is_ignored);
	expect(label_from_text(lease->label, again) && strcmp(again, lease->label) == 0);
	expect(strcmp(lease->label, "ns") != 0 && strcmp(lease->label, "ddnsd-publication") != 0);
	(void)snprintf(fqdn, sizeof(fqdn), "%s.home.arpa", lease->label);
	name = world_name(fqdn);
	expect(name_is_host(name.wire));
	node = zone_find(zone, name.wire);
	expect(node != NULL && node_is_of_lease(node));
	while ((other = leases_next_labelled(service_leases(house->service), lease->label,
		    other)) != NULL) {
		expect(!are_of_two_devices(lease, other) || are_both_pinned(house, lease, other));
		if (count == ADDRESSES_PER_NAME)
			continue;
		count++;
		expect(records_next(node_records(node), &cursor, &record));
		expect(
		    record.type == (other->address.family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA));
		expect(record.ttl_s == options->ttl_s);
		expect(memcmp(record.rdata->data, other->address.bytes, record.rdata->len) == 0);
		expect(record.lease.granted_until_s == LEASE_FOREVER);
	}
	expect(count == records_count(node_records(node)));
}

/* The PTR of a lease's address is its name, unless somebody registered one. */
static void
check_pointer(const struct house *house, const struct dhcp_lease *lease)
{
	struct records_cursor cursor = { 0 };
	char fqdn[LABEL_TEXT_MAX + 16];
	const struct node *node;
	struct name reverse;
	struct record record;
	struct name name;
	struct zone *zone;

	reverse_name(&lease->address, &reverse);
	zone = registry_zone_of(house->registry, reverse.wire);
	if (zone == NULL)
		return;
	node = zone_find(zone, reverse.wire);
	if (node != NULL && !node_is_of_lease(node) &&
	    records_any_live(node_records(node), service_expiry_clock(house->service)))
		return;
	if (lease->label[0] == '\0') {
		expect(node == NULL || !node_is_of_lease(node));
		return;
	}
	(void)snprintf(fqdn, sizeof(fqdn), "%s.home.arpa", lease->label);
	name = world_name(fqdn);
	expect(node != NULL && records_count(node_records(node)) == 1);
	expect(records_next(node_records(node), &cursor, &record));
	expect(record.type == KNOT_RRTYPE_PTR && name_is_equal(record.rdata->data, name.wire));
}

static void
check_leases(const struct house *house)
{
	const struct leases *leases = service_leases(house->service);
	const struct dhcp_lease *lease = NULL;
	char why[SERVICE_DHCP_WHY_MAX];
	size_t count = 0;
	size_t named = 0;

	while ((lease = leases_next(leases, lease)) != NULL) {
		count++;
		named += lease->label[0] != '\0';
		expect(lease->until_s <= lease->stored_until_s);
		expect(lease->label[0] != '\0' || !lease->is_ours);
		service_dhcp_explain(house->service, lease, why);
		expect(lease->label[0] != '\0' || why[0] != '\0');
		check_pointer(house, lease);
		if (lease->label[0] != '\0')
			check_label(house, lease);
	}
	expect(leases_count(leases) == count && leases_named(leases) == named);
}

/* No name of leases but those of the labels and addresses; and what is counted is there. */
static void
check_names(const struct house *house)
{
	const struct owner *owner = registry_find_owner(house->registry, registry_lease_identity);
	const struct leases *leases = service_leases(house->service);
	struct zone *zone = NULL;
	size_t of_leases = 0;
	size_t all = 0;

	while ((zone = registry_next_zone(house->registry, zone)) != NULL) {
		struct node *node = NULL;
		size_t here = 0;

		while ((node = zone_next(zone, node)) != NULL) {
			char label[LABEL_TEXT_MAX] = "";
			struct address address;

			here++;
			if (!node_is_of_lease(node))
				continue;
			of_leases++;
			if (reverse_address(node_name(node), &address)) {
				expect(leases_find(leases, &address) != NULL);
				continue;
			}
			memcpy(label, node_name(node) + 1, node_name(node)[0]);
			expect(leases_next_labelled(leases, label, NULL) != NULL);
		}
		expect(zone_names(zone) == here);
		all += here;
	}
	expect(registry_names(house->registry) == all);
	expect((owner != NULL ? owner_names(owner) : 0) == of_leases);
}

static void
check(const struct house *house)
{
	check_leases(house);
	check_names(house);
}

/* --- turns --- */

static void
commit(struct house *house)
{
	expect(service_commit(house->service) == STATUS_OK);
	expect(!service_is_dirty(house->service));
	check(house);
}

/* Timers that are due, with a commit after each turn, until nothing more is. */
static void
run_timers(struct house *house)
{
	const struct service *service = house->service;
	int64_t now_ms = clock_now_ms();
	int turns = 0;

	for (;;) {
		expect(loop_turn(house->loop, 0) == STATUS_OK);
		commit(house);
		if ((!loop_timer_is_set(&service->lease_timer) ||
			service->lease_timer.at_ms > now_ms) &&
		    (!loop_timer_is_set(&service->review_timer) ||
			service->review_timer.at_ms > now_ms) &&
		    (!loop_timer_is_set(&service->expiry_timer) ||
			service->expiry_timer.at_ms > now_ms))
			break;
		expect(++turns < TURNS_MAX);
	}
}

/* --- steps --- */

static void
make_event(struct input *input, struct dhcp_event *event)
{
	unsigned what = take(input);
	unsigned who = take(input);
	unsigned where = take(input);
	unsigned called = take(input);
	unsigned asked = take(input);

	*event = (struct dhcp_event){
		.action = (enum dhcp_action)(what % 3),
		.server = servers[where >> 6],
		.is_complete = (what & 0x20) != 0,
		.name = names[called % COUNT(names)],
		.client_name = names[asked % COUNT(names)],
		.domain = (what & 0xc0) == 0x40 ? "lan"
		    : (what & 0xc0) == 0x80     ? "home.arpa"
						: NULL,
		.remaining_s = remaining_s[(what >> 2) % COUNT(remaining_s)],
	};
	/* The server's word mostly stands for what the client asked for. */
	if (asked >= 0x80)
		event->client_name = event->name;
	expect(
	    address_from_text(addresses[where % COUNT(addresses)], &event->address) == STATUS_OK);
	if (macs[who % COUNT(macs)] != NULL)
		expect(dhcp_hardware_from_text(macs[who % COUNT(macs)], &event->hardware) ==
		    STATUS_OK);
	if (duids[(who >> 4) % COUNT(duids)] != NULL)
		expect(dhcp_duid_from_text(duids[(who >> 4) % COUNT(duids)], &event->duid) ==
		    STATUS_OK);
}

/* Nothing that is registered is changed by what is told of leases. */
static void
tell(struct house *house, const struct dhcp_event *event, const char *door)
{
	empty(&before);
	empty(&after);
	add_names(house, 'r', &before);
	expect(service_dhcp_event(house->service, event, door) == STATUS_OK);
	add_names(house, 'r', &after);
	expect_same_pictures();
}

static void
step_event(struct house *house, struct input *input)
{
	struct dhcp_event event;

	make_event(input, &event);
	tell(house, &event, "unix");
}

static void
step_reading(struct house *house, struct input *input)
{
	unsigned flags = take(input);
	struct dhcp_event event;

	service_dhcp_begin_reading(house->service);
	for (unsigned i = 0; i < (flags >> 1 & 7); i++) {
		make_event(input, &event);
		event.action = DHCP_OLD;
		event.server = "dnsmasq";
		event.client_name = NULL;
		event.domain = NULL;
		event.is_complete = false;
		tell(house, &event, "lease-file");
	}
	(void)service_dhcp_end_reading(house->service, (flags & 1) != 0);
}

static void
send_update(struct house *house, const struct update *update, unsigned who)
{
	static const char *const identities[] = { "desk", "admin", "other" };
	struct grant grants[COUNT(apexes)];
	struct principal principal = {
		.kind = PRINCIPAL_KEY,
		.identity = identities[who % COUNT(identities)],
		.grants = grants,
		.grant_count = COUNT(grants),
		.is_admin = who % COUNT(identities) == 1,
	};
	struct request request = {
		.principal = &principal,
		.door = "udp",
		.update = update,
		.owner = principal.is_admin && (who & 0x80) != 0 ? "desk" : NULL,
	};
	struct update_answer answer;
	struct arena arena;
	char text[64];

	for (size_t i = 0; i < COUNT(grants); i++) {
		(void)snprintf(text, sizeof(text), "zone %s ANY NS", apexes[i]);
		grants[i] = world_grant(text);
	}
	principal.name = world_name(principal.identity);
	arena_init(&arena, 1 << 20);
	(void)service_update(house->service, &request, &arena, &answer);
	arena_release(&arena);
}

/* What an update is about: a name of the zone, that of an address, or the zone's name servers. */
static void
choose_subject(const struct house *house, unsigned what, unsigned which, struct name *zone,
    struct name *name, uint16_t *type)
{
	const struct zone *reverse_zone;
	struct address address;
	char text[64];

	*zone = world_name("home.arpa");
	(void)snprintf(text, sizeof(text), "%s.home.arpa", registered[which % COUNT(registered)]);
	*name = world_name(text);
	*type = (what & 8) != 0 ? KNOT_RRTYPE_A : KNOT_RRTYPE_TXT;
	if ((what & 0x30) == 0x10) {
		expect(
		    address_from_text(addresses[which % COUNT(addresses)], &address) == STATUS_OK);
		reverse_name(&address, name);
		reverse_zone = registry_zone_of(house->registry, name->wire);
		if (reverse_zone != NULL)
			name_copy(zone, zone_apex(reverse_zone));
		*type = KNOT_RRTYPE_PTR;
	} else if ((what & 0x30) == 0x20 && (what & 0x80) != 0) {
		*name = *zone;
		*type = KNOT_RRTYPE_NS;
	}
}

static void
step_update(struct house *house, struct input *input)
{
	_Alignas(knot_rdata_t) uint8_t storage[2 + NAME_SIZE_MAX + 2];
	unsigned what = take(input);
	unsigned which = take(input);
	unsigned who = take(input);
	struct name zone;
	struct name name;
	struct name target = world_name((what & 4) != 0 ? "phone.home.arpa" : "ns2.home.arpa");
	struct change change = {
		.kind = (enum change_kind)(what % 4),
		.ttl_s = 60,
		.name = name.wire,
		.rdata = (knot_rdata_t *)storage,
	};
	struct update update = {
		.zone = zone.wire,
		.changes = &change,
		.change_count = 1,
		.has_lease = (what & 0x40) != 0,
		.lease_s = 100,
	};

	choose_subject(house, what, which, &zone, &name, &change.type);
	if (change.type == KNOT_RRTYPE_PTR || change.type == KNOT_RRTYPE_NS)
		knot_rdata_init((knot_rdata_t *)storage, (uint16_t)name_size(target.wire),
		    target.wire);
	else
		knot_rdata_init((knot_rdata_t *)storage, 4, (const uint8_t *)"\3abc");
	if (registry_zone_of(house->registry, name.wire) ==
	    registry_find_zone(house->registry, zone.wire))
		send_update(house, &update, who);
}

/* The open turn fails to be stored: all is as it was when it began. */
static void
step_failure(struct house *house, struct input *input)
{
	unsigned steps = take(input) % 4;

	commit(house);
	paint(house, &kept);
	for (unsigned i = 0; i < steps; i++) {
		if (take(input) % 2 == 0)
			step_event(house, input);
		else
			step_update(house, input);
	}
	does_disk_fail = true;
	/* What leaves the stored as it was needs no disk. */
	if (!service_is_dirty(house->service) || service_commit(house->service) == STATUS_OK)
		steps = 0;
	does_disk_fail = false;
	check(house);
	if (steps == 0)
		return;
	empty(&before);
	(void)buffer_append(&before, kept.data, kept.length);
	paint(house, &after);
	expect_same_pictures();
}

static void
step_pass(struct house *house, struct input *input)
{
	unsigned which = take(input);

	commit(house);
	passed_ms += times_s[which % COUNT(times_s)] * 1000;
	if ((which & 0x80) != 0)
		passed_ms += 600;
	run_timers(house);
}

static void
step_options(struct house *house, struct input *input)
{
	unsigned flags = take(input);
	unsigned more = take(input);

	set_dhcp_options(house, flags, more);
	service_set_dhcp_options(house->service, &house->dhcp[house->dhcp_at]);
	if ((more & 0x40) != 0) {
		does_disk_fail = true;
		(void)service_commit(house->service);
		does_disk_fail = false;
		passed_ms += 11000;
		run_timers(house);
	}
	commit(house);
}

/* What is stored brings all names of leases back. */
static void
step_restart(struct house *house)
{
	commit(house);
	passed_ms += 11000;
	run_timers(house);
	empty(&before);
	empty(&after);
	add_leases(house, false, &before);
	add_names(house, 'l', &before);
	stop(house);
	start(house);
	add_leases(house, false, &after);
	add_names(house, 'l', &after);
	expect_same_pictures();
	check(house);
}

static void
step_copy(struct house *house, struct input *input)
{
	char problem[STORE_PROBLEM_MAX];

	commit(house);
	if (take(input) % 2 == 0 || house->backup == NULL) {
		service_free_backup(house->backup);
		house->backup = NULL;
		expect(service_backup(house->service, &house->backup, &house->backup_size) ==
		    STATUS_OK);
		return;
	}
	expect(service_restore(house->service, house->backup, house->backup_size, problem) ==
	    STATUS_OK);
	commit(house);
}

static int64_t
at_least_0(int64_t seconds)
{
	return seconds > 0 ? seconds : 0;
}

/* After a SIGHUP dnsmasq runs its script for every lease: that must not change anything. */
static void
step_repeat(struct house *house, struct input *input)
{
	bool is_echo = take(input) % 2 == 1;
	const struct dhcp_lease *lease = NULL;
	int64_t now_s;

	commit(house);
	/* What a failing disk held up is made up for. */
	passed_ms += 11000;
	run_timers(house);
	now_s = clock_now_s();
	while ((lease = leases_next(service_leases(house->service), lease)) != NULL) {
		struct dhcp_event event = {
			.action = DHCP_OLD,
			.server = lease->server,
			.address = lease->address,
			.duid = lease->duid,
			.name = lease->server_name,
			.remaining_s = lease->until_s == LEASES_FOREVER
			    ? DHCP_FOREVER
			    : at_least_0(lease->until_s - now_s - 1),
		};

		/* It may have our own name of it by now. */
		if (is_echo && lease->is_ours && !dhcp_is_foreign_server(lease->server))
			event.name = lease->label;
		if (lease->is_hardware_proven)
			event.hardware = lease->hardware;
		expect(service_dhcp_event(house->service, &event, "unix") == STATUS_OK);
		expect(!service_is_dirty(house->service));
	}
}

static void
step(struct house *house, struct input *input)
{
	switch (take(input) % 16) {
	case 6:
		step_reading(house, input);
		break;
	case 7:
	case 8:
		step_update(house, input);
		break;
	case 9:
		commit(house);
		break;
	case 10:
		step_failure(house, input);
		break;
	case 11:
		step_pass(house, input);
		break;
	case 12:
		step_options(house, input);
		break;
	case 13:
		step_restart(house);
		break;
	case 14:
		step_copy(house, input);
		break;
	case 15:
		step_repeat(house, input);
		break;
	default:
		step_event(house, input);
		break;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock_source source = { now_ns, wall_s };
	struct house house = { .options.addresses_per_name = ADDRESSES_PER_NAME };
	struct input input = { data, size };
	unsigned flags = take(&input);

	if (store == NULL) {
		log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
		open_store();
	}
	/* The store's clock never goes back. */
	began_wall_s = WORLD_WALL_S;
	if (began_wall_s < store_last_commit_s(store))
		began_wall_s = store_last_commit_s(store);
	passed_ms = 0;
	clock_replace(&source);
	empty_store();
	house.options.quiet_s = (flags & 1) != 0 ? 100 : 0;
	set_dhcp_options(&house, flags & 0x7e, flags);
	start(&house);
	for (int i = 0; i < STEPS_MAX && input.size > 0; i++)
		step(&house, &input);
	step_repeat(&house, &input);
	step_restart(&house);
	stop(&house);
	service_free_backup(house.backup);
	return 0;
}
