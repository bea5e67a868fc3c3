/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service's life, its zones, and the group commit. What an update does is in update.c. */
#include "service/service.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/lease.h"
#include "service/state.h"

enum {
	/* A block of records, each with its lease: more than records_encode() ever makes of one. */
	ROW_SIZE_MAX = 4 * RECORDS_SIZE_MAX,
	/*
	 * Clients that keep a window full fall into two groups, each sent while the other's commit
	 * runs. Waiting a tenth of a commit joins them: nearly twice the changes on a card that
	 * syncs in 5 ms. Where a sync takes 0.1 ms nothing is won, so nobody waits.
	 */
	PATIENCE_PART = 10,
	PATIENCE_FROM_NS = 1000000,
	PATIENCE_MAX_NS = 5000000,
	NOTE_SIZE_MAX = 1000,
	NOTES_SIZE_MAX = 65536, /* of one turn; more lines are lost to the log */
};

struct service *
service_new(struct loop *loop, struct registry *registry, const struct service_options *options)
{
	struct service *service = calloc(1, sizeof(*service));

	if (service == NULL)
		return NULL;
	service->loop = loop;
	service->registry = registry;
	service->options = *options;
	service->floor_now_s = clock_now_s();
	service->quiet_until_s = service->floor_now_s + options->quiet_s;
	service->expiry_at_s = LEASE_FOREVER;
	service->expiry_timer = (struct loop_timer){ .handler = lease_expire, .context = service };
	service->started_s = clock_wall_s();
	buffer_init(&service->row, ROW_SIZE_MAX);
	buffer_init(&service->notes, NOTES_SIZE_MAX);
	if (!service_dhcp_init(service)) {
		service_free(service);
		return NULL;
	}
	return service;
}

void
service_settle(struct service *service)
{
	enum status status = registry_settle_serials(service->registry);

	if (status == STATUS_OK)
		status = service_store_uses(service, true);
	if (status == STATUS_OK)
		status = service_store_turn(service);
	if (status == STATUS_OK)
		registry_commit(service->registry);
	else
		store_rollback(service->store);
}

void
service_free(struct service *service)
{
	if (service == NULL)
		return;
	loop_timer_stop(service->loop, &service->expiry_timer);
	service_dhcp_release(service);
	service_tell_changes(service, false);
	buffer_release(&service->row);
	buffer_release(&service->notes);
	free(service);
}

void
service_attach_store(struct service *service, struct store *store)
{
	service->store = store;
	service->floor_wall_s = store_last_commit_s(store);
	service->floor_now_s = clock_now_s();
}

enum status
service_load_facts(struct service *service)
{
	enum status status = service_load_uses(service);

	return status == STATUS_OK ? service_dhcp_load(service) : status;
}

void
service_set_options(struct service *service, const struct service_options *options)
{
	service->options = *options;
}

int64_t
service_wall_s(const struct service *service)
{
	int64_t wall_s = clock_wall_s();
	int64_t passed_s = clock_now_s() - service->floor_now_s;
	int64_t least_s = service->floor_wall_s;

	/* The two clocks' seconds do not begin together: one may have passed in part only. */
	if (passed_s > 1)
		least_s += passed_s - 1;
	return wall_s > least_s ? wall_s : least_s;
}

int64_t
service_wall_offset_s(const struct service *service)
{
	return service_wall_s(service) - clock_now_s();
}

void
service_set_access(struct service *service, struct keyring *keyring,
    struct network_principal *networks, size_t network_count)
{
	if (service->keyring != NULL)
		keyring_inherit(keyring, service->keyring);
	service->keyring = keyring;
	service->networks = networks;
	service->network_count = network_count;
}

struct keyring *
service_keyring(struct service *service)
{
	return service->keyring;
}

struct principal *
service_find_network(struct service *service, const struct address *source, bool is_udp)
{
	return policy_find_network(service->networks, service->network_count, source, is_udp);
}

bool
service_has_zone(const struct service *service, const uint8_t *apex)
{
	return registry_find_zone(service->registry, apex) != NULL;
}

bool
service_is_dirty(const struct service *service)
{
	return registry_is_dirty(service->registry) || leases_is_dirty(service->leases);
}

static enum status
store_node(struct service *service, struct node *node)
{
	char name[NAME_TEXT_MAX];
	const struct owner *owner = node_owner(node);
	struct store_row row = {
		.name = name_to_text(node_name(node), name),
		.owner = owner != NULL ? owner_identity(owner) : "",
		.created_s = node_created_s(node),
		.changed_s = node_changed_s(node),
	};
	enum status status;

	if (node_records(node) == NULL || node_is_of_lease(node))
		return store_delete(service->store, name);
	buffer_clear(&service->row);
	status = registry_encode(node, service_wall_offset_s(service), &service->row);
	if (status != STATUS_OK)
		return status;
	row.records = (const uint8_t *)service->row.data;
	row.records_size = service->row.length;
	return store_put(service->store, &row);
}

static const char *
mend_for(enum status status)
{
	switch (status) {
	case STATUS_NO_SPACE:
		return "make room on that disk";
	case STATUS_READ_ONLY:
		return "make it writable again";
	default:
		return "look at the disk (dmesg)";
	}
}

static void
log_commit(struct service *service, enum status status)
{
	if (status == STATUS_OK && service->has_failed)
		log_notice("store: changes can be stored again");
	if (status != STATUS_OK && !service->has_failed)
		log_error("store: %s (%s): updates are answered SERVFAIL until it works again; %s",
		    status_text(status), store_problem(service->store), mend_for(status));
	service->has_failed = status != STATUS_OK;
}

/* Hands what the turn touched to the store, makes it durable, and logs when that begins or ends to fail. */
enum status
service_store_turn(struct service *service)
{
	int64_t now_s = clock_now_s();
	int64_t wall_s = service_wall_s(service);
	size_t cursor = 0;
	enum status status = STATUS_OK;
	struct node *node;

	while (status == STATUS_OK &&
	    (node = registry_next_touched(service->registry, &cursor)) != NULL)
		status = store_node(service, node);
	if (status == STATUS_OK)
		status = service_dhcp_store(service);
	if (status == STATUS_OK)
		status = service_store_uses(service, false);
	if (status == STATUS_OK)
		status = store_commit(service->store, wall_s);
	else
		store_rollback(service->store);
	if (status == STATUS_OK) {
		service->floor_wall_s = wall_s;
		service->floor_now_s = now_s;
	}
	log_commit(service, status);
	return status;
}

void
service_note(struct service *service, const char *format, ...)
{
	char line[NOTE_SIZE_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(line, sizeof(line), format, arguments);
	va_end(arguments);
	(void)buffer_append(&service->notes, line, strlen(line) + 1);
}

static void
log_notes(struct service *service)
{
	const char *line = service->notes.data;
	const char *end = line + service->notes.length;

	for (; line < end; line += strlen(line) + 1)
		log_info("%s", line);
}

int64_t
service_patience_ns(const struct service *service)
{
	int64_t patience_ns = service->commit_ns / PATIENCE_PART;

	if (service->commit_ns < PATIENCE_FROM_NS || !service_is_dirty(service))
		return 0;
	return patience_ns < PATIENCE_MAX_NS ? patience_ns : PATIENCE_MAX_NS;
}

/* Rises slowly and falls fast: one commit that folds the log back makes no slow card. */
static void
learn_commit_time(struct service *service, int64_t took_ns)
{
	int64_t difference_ns = took_ns - service->commit_ns;

	service->commit_ns += difference_ns > 0 ? difference_ns / 16 : difference_ns / 2;
}

static void
note_commit(struct service *service, enum status status, int64_t took_ns)
{
	histogram_note(&service->counts.commits, took_ns);
	service->counts.commits_failed += status != STATUS_OK;
	counts_note_turn(&service->counts, status == STATUS_OK);
}

enum status
service_commit(struct service *service)
{
	int64_t begun_ns;
	int64_t took_ns;
	bool restates = service->must_restate;
	enum status status;

	if (!service_is_dirty(service)) {
		counts_note_turn(&service->counts, true);
		return STATUS_OK;
	}
	service_dhcp_settle(service);
	/* Also what a commit that failed has left to do. */
	if (restates && registry_touch_leased(service->registry) != STATUS_OK)
		restates = false;
	begun_ns = clock_now_ns();
	status = service_store_turn(service);
	took_ns = clock_now_ns() - begun_ns;
	learn_commit_time(service, took_ns);
	note_commit(service, status, took_ns);
	if (status == STATUS_OK) {
		registry_commit(service->registry);
		if (restates)
			service->must_restate = false;
		if (service->notes.length > 0)
			log_notes(service);
	} else {
		registry_rollback(service->registry);
	}
	buffer_clear(&service->notes);
	service_dhcp_turn_ended(service, status == STATUS_OK);
	service_tell_changes(service, status == STATUS_OK);
	service_plan_expiry(service);
	return status;
}
