/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * From events to leases, and when they end. What a lease is called is in dhcp_names.c, and how that
 * becomes records in dhcp_records.c.
 */
#include "service/dhcp.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "registry/records.h"
#include "service/dhcp_state.h"
#include "service/state.h"

enum {
	SCRATCH_MAX = 1 << 20, /* of one name's update */
	ENDS_A_TURN = 1000,
	RETRY_MS = 10000,
	WAIT_MAX_S = 86400,
	/*
	 * A server that renames a client tells it in two events, first without a name: only when
	 * the second one stays away has the name gone.
	 */
	REVIEW_MS = 500,
	/* A text of DHCP_NAME_MAX octets, each of which a hook may write as several. */
	TEXT_MAX = 4 * DHCP_NAME_MAX,
	SHORTER_MIN_S = 60, /* an end that comes earlier by less is a matter of rounding */
};

static const struct dhcp_options no_options = { 0 };

static void end_leases(void *context);
static void review(void *context);

bool
service_dhcp_init(struct service *service)
{
	service->leases = leases_new();
	service->dhcp = &no_options;
	service->lease_principal = (struct principal){
		.kind = PRINCIPAL_LEASE,
		.identity = registry_lease_identity,
	};
	service->lease_timer = (struct loop_timer){ .handler = end_leases, .context = service };
	service->review_timer = (struct loop_timer){ .handler = review, .context = service };
	service->lease_end_s = LEASES_FOREVER;
	arena_init(&service->lease_arena, SCRATCH_MAX);
	return service->leases != NULL;
}

void
service_dhcp_release(struct service *service)
{
	loop_timer_stop(service->loop, &service->lease_timer);
	loop_timer_stop(service->loop, &service->review_timer);
	arena_release(&service->lease_arena);
	leases_free(service->leases);
}

const struct dhcp_options *
service_dhcp_options(const struct service *service)
{
	return service->dhcp;
}

const struct leases *
service_leases(const struct service *service)
{
	return service->leases;
}

/* --- one lease --- */

/* Puts a lease as it shall be, and its names with it. before: as it was, or zeroed. */
static enum status
put_lease(struct service *service, const struct dhcp_lease *lease, bool must_store,
    const char *label_before, const char *door)
{
	enum status status = leases_put(service->leases, lease, must_store);
	struct address address = lease->address;

	if (status != STATUS_OK)
		return status;
	if (strcmp(label_before, lease->label) != 0 && label_before[0] != '\0')
		dhcp_derive_name(service, label_before, door);
	dhcp_keep_label(service, lease);
	dhcp_derive_name(service, lease->label, door);
	dhcp_derive_pointer(service, &address, door);
	dhcp_displace(service, &address, door);
	return STATUS_OK;
}

enum status
dhcp_choose_again(struct service *service, const struct address *address, const char *door)
{
	const struct dhcp_lease *lease = leases_find(service->leases, address);
	char before[LABEL_TEXT_MAX];
	struct dhcp_lease next;

	if (lease == NULL)
		return STATUS_OK;
	next = *lease;
	memcpy(before, lease->label, sizeof(before));
	dhcp_choose_label(service, &next, before);
	if (strcmp(before, next.label) == 0)
		return STATUS_OK;
	next.is_ours = dhcp_must_publish(service, &next, NULL);
	return put_lease(service, &next, true, before, door);
}

static enum status
end_lease(struct service *service, const struct dhcp_lease *lease, const char *door)
{
	struct address address = lease->address;
	char label[LABEL_TEXT_MAX];
	enum status status;

	memcpy(label, lease->label, sizeof(label));
	dhcp_remember_end(service, lease);
	status = leases_remove(service->leases, &address);
	if (status != STATUS_OK)
		return status;
	if (label[0] != '\0')
		dhcp_derive_name(service, label, door);
	dhcp_derive_pointer(service, &address, door);
	return STATUS_OK;
}

/* --- events --- */

/* True when the event cannot be of the device that has the lease. */
static bool
is_of_another(const struct dhcp_lease *lease, const struct dhcp_event *event)
{
	struct dhcp_lease other = {
		.address = event->address,
		.hardware = event->hardware,
		.is_hardware_proven = event->hardware.size > 0,
		.duid = event->duid,
	};

	return dhcp_is_other_device(lease, &other);
}

static void
take_device(struct dhcp_lease *lease, const struct dhcp_event *event)
{
	struct dhcp_hardware hardware;

	if (event->duid.size > 0)
		lease->duid = event->duid;
	if (event->hardware.size > 0) {
		lease->hardware = event->hardware;
		lease->is_hardware_proven = true;
	} else if (lease->hardware.size == 0 && dhcp_hardware_of_duid(&lease->duid, &hardware)) {
		lease->hardware = hardware;
		lease->is_hardware_proven = false;
	}
}

/*
 * What is stored may run ahead by the length of the lease. Where a lease became shorter it is
 * stored anew, lest its name outlive it for as long as the old one was.
 */
static bool
must_store_end(const struct dhcp_lease *lease, int64_t until_s, int64_t remaining_s)
{
	if (lease->stored_until_s == LEASES_FOREVER || lease->stored_until_s < until_s)
		return true;
	return until_s < lease->until_s - SHORTER_MIN_S &&
	    lease->stored_until_s - until_s > 2 * remaining_s;
}

static void
take_end(struct dhcp_lease *lease, const struct dhcp_event *event)
{
	/* The second that has begun counts as over: too long, never too short. */
	int64_t until_s;

	/* RFC 2131 3.3, RFC 8415 7.7: all ones are infinity. */
	if (event->remaining_s < 0 || event->remaining_s >= UINT32_MAX) {
		lease->until_s = LEASES_FOREVER;
		lease->stored_until_s = LEASES_FOREVER;
		return;
	}
	until_s = clock_now_s() + 1 + event->remaining_s;
	/* What is over ends when it was to end; in quiet times that may be told again and again. */
	if (event->remaining_s == 0 && lease->until_s < until_s)
		return;
	if (must_store_end(lease, until_s, event->remaining_s))
		lease->stored_until_s = records_stored_until(until_s, (uint32_t)event->remaining_s);
	lease->until_s = until_s;
}

static bool
is_same_text(const char *one, const char *other)
{
	if (one == NULL || other == NULL)
		return one == other;
	return strcmp(one, other) == 0;
}

/* True when nothing but the end differs, and that not further than what is stored. */
static bool
is_mere_renewal(const struct dhcp_lease *before, const struct dhcp_lease *after)
{
	return dhcp_hardware_is_equal(&before->hardware, &after->hardware) &&
	    before->is_hardware_proven == after->is_hardware_proven &&
	    dhcp_duid_is_equal(&before->duid, &after->duid) &&
	    strcmp(before->server, after->server) == 0 &&
	    is_same_text(before->client_name, after->client_name) &&
	    is_same_text(before->server_name, after->server_name) &&
	    strcmp(before->wish, after->wish) == 0 && strcmp(before->label, after->label) == 0 &&
	    before->is_ours == after->is_ours && before->is_pinned == after->is_pinned &&
	    before->is_ignored == after->is_ignored &&
	    before->stored_until_s == after->stored_until_s;
}

/* A server takes a name away, and may be about to give another. */
static bool
is_losing_its_name(const struct dhcp_lease *lease, const struct dhcp_event *event)
{
	return lease != NULL && lease->server_name != NULL && event->name == NULL &&
	    !lease->is_ours && !dhcp_is_foreign_server(event->server);
}

/* The lease after the event. lease: before it, NULL where it begins. */
static void
apply_event(struct service *service, const struct dhcp_lease *lease, const struct dhcp_event *event,
    struct dhcp_lease *ret_next)
{
	struct dhcp_lease next = { .address = event->address };
	char kept[LABEL_TEXT_MAX] = "";

	if (lease != NULL)
		next = *lease;
	else
		next.since_s = service_wall_s(service);
	take_device(&next, event);
	(void)snprintf(next.server, sizeof(next.server), "%s", event->server);
	take_end(&next, event);
	dhcp_choose_wish(service, lease, event, &next);
	if (lease != NULL && strcmp(lease->wish, next.wish) == 0)
		memcpy(kept, lease->label, sizeof(kept));
	dhcp_choose_label(service, &next, kept);
	if (lease != NULL && lease->is_ours && strcmp(lease->wish, next.wish) == 0 &&
	    strcmp(lease->label, next.label) == 0) {
		/* The server has taken our name over: taking it back would make it flap. */
		next.is_ours = true;
	} else if (is_losing_its_name(lease, event)) {
		next.is_ours = false;
		(void)loop_timer_set(service->loop, &service->review_timer, REVIEW_MS);
	} else {
		next.is_ours = dhcp_must_publish(service, &next, event->domain);
	}
	*ret_next = next;
}

static enum status
note_lease(struct service *service, const struct dhcp_lease *lease, const struct dhcp_event *event,
    const char *door)
{
	char before[LABEL_TEXT_MAX] = "";
	struct dhcp_lease next;

	/* What has ended already needs no beginning. */
	if (lease == NULL && event->remaining_s == 0)
		return STATUS_OK;
	apply_event(service, lease, event, &next);
	if (lease != NULL && is_mere_renewal(lease, &next)) {
		if (lease->until_s != next.until_s)
			leases_renew(service->leases, lease, next.until_s);
		return STATUS_OK;
	}
	if (lease != NULL)
		memcpy(before, lease->label, sizeof(before));
	return put_lease(service, &next, true, before, door);
}

static bool
is_text(const char *text)
{
	return text == NULL || strlen(text) <= TEXT_MAX;
}

/* What could not be stored, whoever says it, must not spoil the turn of all others. */
static bool
is_sound(const struct dhcp_event *event)
{
	size_t length = strlen(event->server);

	for (size_t i = 0; i < length; i++) {
		if (event->server[i] <= ' ' || event->server[i] > '~')
			return false;
	}
	return length > 0 && length < LEASES_SERVER_MAX &&
	    (event->address.family == 4 || event->address.family == 6) && is_text(event->name) &&
	    is_text(event->client_name) && is_text(event->domain);
}

enum status
service_dhcp_event(struct service *service, const struct dhcp_event *event, const char *door)
{
	const struct dhcp_lease *lease = leases_find(service->leases, &event->address);
	enum status status = STATUS_OK;

	if (!is_sound(event))
		return STATUS_MALFORMED;
	if (!dhcp_order_take(&service->dhcp_order, &event->address, event->order, clock_now_s()))
		return STATUS_OK;
	if (lease != NULL && is_of_another(lease, event)) {
		/* The end of a lease that the address had before is no news. */
		if (event->action == DHCP_DEL)
			return STATUS_OK;
		status = end_lease(service, lease, door);
		lease = NULL;
	}
	if (status == STATUS_OK && event->action == DHCP_DEL)
		status = lease != NULL ? end_lease(service, lease, door) : STATUS_OK;
	else if (status == STATUS_OK)
		status = note_lease(service, lease, event, door);
	lease = leases_find(service->leases, &event->address);
	if (service->is_reading && lease != NULL)
		leases_mark(service->leases, lease, service->reading);
	dhcp_plan_end(service);
	return status;
}

/* --- readings of the lease file --- */

void
service_dhcp_begin_reading(struct service *service)
{
	service->reading++;
	service->is_reading = true;
}

size_t
service_dhcp_end_reading(struct service *service, bool keeps_missing)
{
	const struct dhcp_lease *lease = leases_next(service->leases, NULL);
	size_t missing = 0;

	service->is_reading = false;
	while (lease != NULL) {
		const struct dhcp_lease *next = leases_next(service->leases, lease);

		if (lease->reading != service->reading && !dhcp_is_foreign_server(lease->server)) {
			missing++;
			if (!keeps_missing && end_lease(service, lease, "lease-file") != STATUS_OK)
				log_error("lease: out of memory; a lease that ended stays");
		}
		lease = next;
	}
	return missing;
}

/* --- the end of leases --- */

void
dhcp_plan_end(struct service *service)
{
	const struct dhcp_lease *first = leases_first_to_end(service->leases);
	int64_t at_s = first != NULL ? first->until_s : LEASES_FOREVER;
	int64_t now_ms = clock_now_ms();
	int64_t delay_ms;

	if (at_s != LEASES_FOREVER && at_s < service->quiet_until_s)
		at_s = service->quiet_until_s;
	if (at_s == service->lease_end_s)
		return;
	service->lease_end_s = at_s;
	if (at_s == LEASES_FOREVER) {
		loop_timer_stop(service->loop, &service->lease_timer);
		return;
	}
	delay_ms = at_s - now_ms / 1000 < WAIT_MAX_S ? at_s * 1000 - now_ms : WAIT_MAX_S * 1000;
	if (service->has_failed && delay_ms < RETRY_MS)
		delay_ms = RETRY_MS;
	(void)loop_timer_set(service->loop, &service->lease_timer, delay_ms > 0 ? delay_ms : 0);
}

/* Timer handler: rule 34, for leases that nobody said the end of. */
static void
end_leases(void *context)
{
	struct service *service = context;
	int64_t now_s = clock_now_s();
	enum status status = STATUS_OK;

	service->lease_end_s = LEASES_FOREVER;
	for (int i = 0; now_s >= service->quiet_until_s && i < ENDS_A_TURN; i++) {
		const struct dhcp_lease *lease = leases_first_to_end(service->leases);
		char address[ADDRESS_TEXT_MAX];

		if (lease == NULL || lease->until_s > now_s || status != STATUS_OK)
			break;
		service_note(service, "lease: that of %s%s%s ended",
		    address_to_text(&lease->address, address), lease->label[0] != '\0' ? ", " : "",
		    lease->label);
		status = end_lease(service, lease, "expiry");
	}
	if (status == STATUS_OK)
		dhcp_plan_end(service);
	else
		(void)loop_timer_set(service->loop, &service->lease_timer, RETRY_MS);
}

/* --- turns --- */

enum status
service_dhcp_store(struct service *service)
{
	int64_t offset_s = service_wall_offset_s(service);
	struct leases_fact fact;
	size_t cursor = 0;
	enum status status;

	while (
	    (status = leases_next_fact(service->leases, &cursor, offset_s, &fact)) == STATUS_OK) {
		status = fact.value != NULL
		    ? store_put_fact(service->store, fact.kind, fact.key, fact.value)
		    : store_delete_fact(service->store, fact.kind, fact.key);
		if (status != STATUS_OK)
			return status;
	}
	return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

void
service_dhcp_turn_ended(struct service *service, bool is_committed)
{
	if (is_committed) {
		leases_commit(service->leases);
		service->must_name_all = false;
	} else {
		leases_rollback(service->leases);
		/* What no server tells again is tried again from here. */
		if (!loop_timer_is_set(&service->review_timer) &&
		    (leases_count(service->leases) > 0 || service->must_name_all))
			(void)loop_timer_set(service->loop, &service->review_timer, RETRY_MS);
	}
	dhcp_plan_end(service);
}

void
service_dhcp_clock_stepped(struct service *service)
{
	if (leases_touch_all(service->leases) != STATUS_OK)
		log_error(
		    "clock: out of memory; the stored ends of leases are wrong until they are "
		    "renewed");
	dhcp_plan_end(service);
}

/* --- loading and options --- */

static enum status
load_fact(struct service *service, const char *kind, const char *key, const char *value)
{
	enum status status = leases_load(service->leases, kind, key, value,
	    service_wall_offset_s(service));

	if (status == STATUS_DAMAGED)
		log_error("store: what is stored of the %s %s is damaged and left out", kind, key);
	return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}

static enum status
load_lease(void *context, const char *key, const char *value)
{
	return load_fact(context, leases_fact_lease, key, value);
}

static enum status
load_device(void *context, const char *key, const char *value)
{
	return load_fact(context, leases_fact_device, key, value);
}

/* Every lease by the options that are now in force. */
static void
name_all(struct service *service, const char *door)
{
	const struct dhcp_lease *lease = NULL;

	while ((lease = leases_next(service->leases, lease)) != NULL) {
		struct address address = lease->address;
		struct dhcp_lease next = *lease;
		char kept[LABEL_TEXT_MAX] = "";

		dhcp_choose_wish(service, lease, NULL, &next);
		if (strcmp(lease->wish, next.wish) == 0)
			memcpy(kept, lease->label, sizeof(kept));
		dhcp_choose_label(service, &next, kept);
		if (strcmp(lease->label, next.label) != 0)
			next.is_ours = dhcp_must_publish(service, &next, NULL);
		if (!is_mere_renewal(lease, &next)) {
			char before[LABEL_TEXT_MAX];

			memcpy(before, lease->label, sizeof(before));
			if (put_lease(service, &next, true, before, door) != STATUS_OK)
				log_error("lease: out of memory; a lease keeps its old name");
		} else {
			dhcp_derive_name(service, lease->label, door);
			dhcp_derive_pointer(service, &address, door);
		}
		lease = leases_find(service->leases, &address);
	}
	dhcp_withdraw_strays(service, door);
}

/* Timer handler: leases whose server has taken their name away for good, and what failed before. */
static void
review(void *context)
{
	struct service *service = context;
	const struct dhcp_lease *lease = NULL;

	if (service->must_name_all)
		name_all(service, "review");
	while ((lease = leases_next(service->leases, lease)) != NULL) {
		struct dhcp_lease next = *lease;

		next.is_ours = dhcp_must_publish(service, &next, NULL);
		if (next.is_ours && !lease->is_ours && lease->server_name == NULL)
			(void)put_lease(service, &next, true, next.label, "review");
		lease = leases_find(service->leases, &next.address);
	}
}

enum status
service_dhcp_load(struct service *service)
{
	enum status status = store_load_facts(service->store, leases_fact_lease, load_lease,
	    service);

	if (status == STATUS_OK)
		status = store_load_facts(service->store, leases_fact_device, load_device, service);
	if (status != STATUS_OK)
		return status;
	dhcp_forget_old(service);
	name_all(service, "start");
	dhcp_plan_end(service);
	/* A name that was being taken away when the daemon ended. */
	if (leases_count(service->leases) > 0)
		(void)loop_timer_set(service->loop, &service->review_timer, REVIEW_MS);
	service_keep_turn(service);
	leases_commit(service->leases);
	return STATUS_OK;
}

void
service_set_dhcp_options(struct service *service, const struct dhcp_options *options)
{
	service->dhcp = options;
	service->must_name_all = true;
	name_all(service, "reload");
}
