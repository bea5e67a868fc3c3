/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service for tests: putting it together, asking it, and writing down what it holds. */
#include "served.h"

#include <inttypes.h>
#include <libknot/libknot.h>
#include <stdio.h>
#include <string.h>

#include "asked.h"
#include "base/clock.h"
#include "base/log.h"

enum { SCRATCH_MAX = 4 << 20 };

int64_t served_now_ms;
int64_t served_wall_s;

static int64_t
now_ns(void)
{
	return served_now_ms * 1000000;
}

static int64_t
wall_s(void)
{
	return served_wall_s;
}

static const struct clock_source still = { .now_ns = now_ns, .wall_s = wall_s };

void
served_pass(int64_t seconds)
{
	served_now_ms += seconds * 1000;
	served_wall_s += seconds;
}

void
served_add_zone(struct served *served, const char *apex)
{
	struct zone_options *zone = &served->zones[served->zone_count++];
	char text[NAME_TEXT_MAX];

	assert_in_range(served->zone_count, 1, SERVED_ZONES);
	*zone = (struct zone_options){
		.ttl_s = 60,
		.lease_s = 3600,
		.lease_min_s = 60,
		.lease_max_s = 86400,
	};
	assert_int_equal(name_from_text(apex, &zone->apex), STATUS_OK);
	(void)snprintf(text, sizeof(text), "ns.%s", apex);
	assert_int_equal(name_from_text(text, &zone->nameserver), STATUS_OK);
	(void)snprintf(text, sizeof(text), "hostmaster.%s", apex);
	assert_int_equal(name_from_text(text, &zone->contact), STATUS_OK);
}

void
served_name_leases(struct served *served)
{
	served->dhcp.has_zone = true;
	served->dhcp.ttl_s = 60;
	assert_int_equal(name_from_text("home.arpa", &served->dhcp.zone), STATUS_OK);
}

void
served_init(struct served *served)
{
	memset(served, 0, sizeof(*served));
	folder_make(&served->folder);
	arena_init(&served->arena, SCRATCH_MAX);
	served_add_zone(served, "home.arpa");
	served_now_ms = 1000000;
	served_wall_s = SERVED_WALL_S;
	clock_replace(&still);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
}

void
served_start(struct served *served)
{
	char problem[STORE_PROBLEM_MAX];
	char path[PATH_MAX];

	served->loop = loop_new();
	served->registry = registry_new();
	assert_non_null(served->loop);
	assert_non_null(served->registry);
	assert_int_equal(store_open(folder_entry(&served->folder, "ddnsd.db", path), &served->store,
			     problem),
	    STATUS_OK);
	served->service = service_new(served->loop, served->registry, &served->options);
	assert_non_null(served->service);
	service_attach_store(served->service, served->store);
	assert_int_equal(service_set_zones(served->service, served->zones, served->zone_count),
	    STATUS_OK);
	service_set_dhcp_options(served->service, &served->dhcp);
	assert_int_equal(service_load_facts(served->service), STATUS_OK);
}

void
served_open(struct served *served)
{
	served_init(served);
	served_start(served);
}

static void
stop(struct served *served)
{
	service_free(served->service);
	store_close(served->store);
	registry_free(served->registry);
	loop_free(served->loop);
}

void
served_restart(struct served *served)
{
	stop(served);
	served_start(served);
}

void
served_close(struct served *served)
{
	stop(served);
	arena_release(&served->arena);
	folder_remove(&served->folder);
	clock_replace(NULL);
}

void
served_grant(struct principal *principal, const char *text)
{
	struct grant *grants = (struct grant *)(uintptr_t)principal->grants;
	const char *reason;

	assert_in_range(principal->grant_count, 0, SERVED_GRANTS - 1);
	assert_int_equal(grant_from_text(text, &grants[principal->grant_count++], &reason),
	    STATUS_OK);
}

struct principal *
served_key(struct served *served, const char *identity, const char *grant)
{
	struct served_key *key = &served->keys[served->key_count++];

	assert_in_range(served->key_count, 1, SERVED_KEYS);
	key->principal = (struct principal){
		.kind = PRINCIPAL_KEY,
		.identity = identity,
		.grants = key->grants,
	};
	assert_int_equal(name_from_text(identity, &key->principal.name), STATUS_OK);
	served_grant(&key->principal, grant);
	return &key->principal;
}

enum status
served_update(struct served *served, struct principal *principal, const char *script)
{
	struct request request = {
		.principal = principal,
		.source = { .family = 4, .bytes = { 192, 0, 2, 200 } },
		.door = "udp",
	};

	enum status status;

	arena_reset(&served->arena);
	request.update = asked_for(&served->arena, script);
	served_now_ms--;
	status = service_update(served->service, &request, &served->arena, &served->granted);
	served_now_ms++;
	return status;
}

enum status
served_do(struct served *served, struct principal *principal, const char *script)
{
	enum status status = served_update(served, principal, script);
	enum status commit_status = service_commit(served->service);

	return status != STATUS_OK ? status : commit_status;
}

void
served_turn(struct served *served)
{
	assert_int_equal(loop_turn(served->loop, 0), STATUS_OK);
}

/* --- writing down --- */

__attribute__((format(printf, 2, 3))) static void
write_down(struct served *served, const char *format, ...)
{
	size_t used = strlen(served->text);
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(served->text + used, sizeof(served->text) - used, format, arguments);
	va_end(arguments);
	assert_in_range(length, 0, sizeof(served->text) - used - 1);
}

/* "TTL TYPE RDATA" of the record at that place. */
static void
rrset_text(const knot_rrset_t *rrset, uint16_t place, char text[static SERVED_RECORD_MAX])
{
	char type[32];
	int length;

	assert_true(knot_rrtype_to_string(rrset->type, type, sizeof(type)) > 0);
	length = snprintf(text, SERVED_RECORD_MAX, "%" PRIu32 " %s ", rrset->ttl, type);
	assert_true(knot_rrset_txt_dump_data(rrset, place, text + length,
			SERVED_RECORD_MAX - (size_t)length, &KNOT_DUMP_STYLE_DEFAULT) >= 0);
}

void
served_record_text(const struct record *record, char text[static SERVED_RECORD_MAX])
{
	static const uint8_t root[] = { 0 };
	knot_rrset_t rrset = {
		.owner = (knot_dname_t *)(uintptr_t)root,
		.ttl = record->ttl_s,
		.type = record->type,
		.rclass = KNOT_CLASS_IN,
		.rrs = { .count = 1,
		    .size = (uint32_t)knot_rdata_size(record->rdata->len),
		    .rdata = (knot_rdata_t *)(uintptr_t)record->rdata },
	};

	rrset_text(&rrset, 0, text);
}

static struct node *
find_node(struct served *served, const char *text)
{
	struct name name;
	struct zone *zone;

	asked_name(&name, text, "home.arpa");
	zone = registry_zone_of(served->registry, name.wire);
	return zone != NULL ? zone_find(zone, name.wire) : NULL;
}

const char *
served_records(struct served *served, const char *name)
{
	const struct node *node = find_node(served, name);
	struct records_cursor cursor = { 0 };
	char text[SERVED_RECORD_MAX];
	struct record record;

	served->text[0] = '\0';
	while (node != NULL && records_next(node_records(node), &cursor, &record)) {
		served_record_text(&record, text);
		write_down(served, "%s\n", text);
	}
	return served->text;
}

int64_t
served_until(struct served *served, const char *name)
{
	const struct node *node = find_node(served, name);
	struct records_cursor cursor = { 0 };
	struct record record;

	assert_non_null(node);
	assert_true(records_next(node_records(node), &cursor, &record));
	return record.lease.granted_until_s;
}

const char *
served_owner(struct served *served, const char *name)
{
	const struct node *node = find_node(served, name);

	assert_non_null(node);
	return node_owner(node) != NULL ? owner_identity(node_owner(node)) : "";
}

uint32_t
served_serial(const struct served *served)
{
	return zone_serial(registry_next_zone(served->registry, NULL));
}

static void
write_node(struct served *served, const struct node *node)
{
	struct records_cursor cursor = { 0 };
	const struct owner *owner = node_owner(node);
	char name[NAME_TEXT_MAX];
	char text[SERVED_RECORD_MAX];
	struct record record;

	write_down(served, "%s created %" PRId64 " changed %" PRId64 " owner %s\n",
	    name_to_text(node_name(node), name), node_created_s(node), node_changed_s(node),
	    owner != NULL ? owner_identity(owner) : "-");
	while (records_next(node_records(node), &cursor, &record)) {
		served_record_text(&record, text);
		write_down(served, "\t%s until %" PRId64 " stored %" PRId64 " length %" PRIu32 "\n",
		    text, record.lease.granted_until_s, record.lease.stored_until_s,
		    record.lease.length_s);
	}
}

/* Records are counted as they come and go; here they are counted over. */
static void
write_tally(struct served *served, const struct zone *zone)
{
	const struct tally *tally = zone_tally(zone);
	struct tally recount = { 0 };
	struct node *node = NULL;

	while ((node = zone_next(zone, node)) != NULL)
		tally_add(&recount, node_records(node));
	for (size_t i = 0; i < TALLY_PLACES; i++) {
		assert_int_equal(tally->records[i], recount.records[i]);
		if (tally->records[i] > 0)
			write_down(served, "%" PRIu64 " of type %s\n", tally->records[i],
			    tally_text(i));
	}
}

const char *
served_picture(struct served *served)
{
	struct zone *zone = NULL;

	served->text[0] = '\0';
	while ((zone = registry_next_zone(served->registry, zone)) != NULL) {
		struct node *node = NULL;

		write_down(served, "serial %" PRIu32 "\n", zone_serial(zone));
		while ((node = zone_next(zone, node)) != NULL)
			write_node(served, node);
		write_tally(served, zone);
	}
	for (size_t i = 0; i < served->key_count; i++) {
		const char *identity = served->keys[i].principal.identity;

		write_down(served, "%s owns %zu\n", identity,
		    owner_names(registry_owner(served->registry, identity)));
	}
	write_down(served, "names %zu, next expiry %" PRId64 "\n", registry_names(served->registry),
	    registry_next_expiry(served->registry));
	return served->text;
}

void
served_remember(struct served *served, char picture[static SERVED_TEXT_MAX])
{
	const char *text = served_picture(served);

	memcpy(picture, text, strlen(text) + 1);
}

static void
write_answer(struct served *served)
{
	static const char *const sections[] = { "answer", "authority", "additional" };
	const knot_lookup_t *rcode = knot_lookup_by_id(knot_rcode_names, served->answer.rcode);

	assert_non_null(rcode);
	served->text[0] = '\0';
	write_down(served, "%s%s\n", rcode->name, served->answer.is_authoritative ? " aa" : "");
	for (size_t i = 0; i < served->answer.rrset_count; i++) {
		const struct message_rrset *item = &served->answer.rrsets[i];
		char owner[NAME_TEXT_MAX];
		char text[SERVED_RECORD_MAX];

		for (uint16_t place = 0; place < item->rrset.rrs.count; place++) {
			rrset_text(&item->rrset, place, text);
			write_down(served, "%s %s %s\n", sections[item->section],
			    name_to_text(item->rrset.owner, owner), text);
		}
	}
}

void
served_lease(struct served *served, const char *address, const char *name)
{
	struct dhcp_event event = {
		.action = DHCP_ADD,
		.server = "dnsmasq",
		.name = name,
		.client_name = name,
		.is_complete = true,
		.remaining_s = 3600,
	};

	assert_int_equal(address_from_text(address, &event.address), STATUS_OK);
	assert_int_equal(dhcp_hardware_from_text("02:00:00:00:00:01", &event.hardware), STATUS_OK);
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
}

const char *
served_ask(struct served *served, const char *question)
{
	char text[NAME_TEXT_MAX];
	struct name name;
	uint16_t type;
	char *blank;

	(void)snprintf(text, sizeof(text), "%s", question);
	blank = strchr(text, ' ');
	assert_non_null(blank);
	*blank = '\0';
	asked_name(&name, text, "home.arpa");
	assert_int_equal(knot_rrtype_from_string(blank + 1, &type), 0);
	arena_reset(&served->arena);
	service_query(served->service, name.wire, type, KNOT_CLASS_IN, &served->arena,
	    &served->answer);
	/* The questions' names are borrowed until the answer is written. */
	write_answer(served);
	return served->text;
}
