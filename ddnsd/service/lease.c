/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Granting leases, ending them, and the quiet time in which nothing ends. */
#include "service/lease.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "service/state.h"

enum {
	NAMES_A_TURN = 1000, /* a turn stays short however much ends at once */
	RETRY_MS = 10000,    /* the store failed: expired names stay unserved and are tried again */
	WAIT_MAX_S = 86400,  /* a stored end may be as far away as a number can be */
	STEP_MIN_S = 60,     /* smaller steps of the wall clock are what NTP does all day */
};

uint32_t
lease_length_s(const struct zone_options *options, bool is_requested, uint32_t requested_s,
    bool is_admin)
{
	if (!is_requested)
		return is_admin ? 0 : options->lease_s;
	if (requested_s < options->lease_min_s)
		return options->lease_min_s;
	return requested_s > options->lease_max_s ? options->lease_max_s : requested_s;
}

struct lease
lease_begin(int64_t now_s, uint32_t length_s)
{
	if (length_s == 0)
		return (struct lease){ LEASE_FOREVER, LEASE_FOREVER, 0 };
	return (struct lease){ now_s + length_s, records_stored_until(now_s + length_s, length_s),
		length_s };
}

int64_t
service_live_clock(const struct service *service)
{
	int64_t now_s = clock_now_s();

	return now_s < service->quiet_until_s ? INT64_MIN : now_s;
}

int64_t
service_expiry_clock(void *context)
{
	return service_live_clock(context);
}

/* Removes the ended records of one name. */
static enum status
expire_node(struct service *service, struct node *node, int64_t now_s)
{
	struct record *list = calloc(records_count(node_records(node)) + 1, sizeof(*list));
	struct records_cursor cursor = { 0 };
	struct records *records = NULL;
	char text[NAME_TEXT_MAX];
	size_t count = 0;

	if (list == NULL || registry_reserve(service->registry, 1) != STATUS_OK) {
		free(list);
		return STATUS_NO_MEMORY;
	}
	while (records_next(node_records(node), &cursor, &list[count]))
		count += list[count].lease.granted_until_s > now_s;
	if (count == records_count(node_records(node))) {
		/* Refreshed since it was queued. */
		registry_requeue(service->registry, node);
		free(list);
		return STATUS_OK;
	}
	if (count > 0)
		records = records_build(list, count);
	free(list);
	if (count > 0 && records == NULL)
		return STATUS_NO_MEMORY;
	service_note(service, "lease: %s expired%s", name_to_text(node_name(node), text),
	    count > 0 ? " in part" : "");
	service_note_change(service,
	    &(struct change_note){
		.node = node,
		.after = records,
		.who = node_owner(node) != NULL ? owner_identity(node_owner(node)) : "",
		.door = "expiry",
	    });
	registry_replace(service->registry, node, records, node_owner(node),
	    service_wall_s(service));
	zone_raise_serial(service->registry, node_zone(node));
	return STATUS_OK;
}

void
lease_expire(void *context)
{
	struct service *service = context;
	int64_t now_s = clock_now_s();
	enum status status = STATUS_OK;
	struct node *node;

	service->expiry_at_s = LEASE_FOREVER;
	if (now_s >= service->quiet_until_s) {
		for (int i = 0; i < NAMES_A_TURN && status == STATUS_OK; i++) {
			node = registry_next_expired(service->registry, now_s);
			if (node == NULL)
				break;
			status = expire_node(service, node, now_s);
		}
	}
	if (status != STATUS_OK)
		(void)loop_timer_set(service->loop, &service->expiry_timer, RETRY_MS);
	else if (!registry_is_dirty(service->registry))
		service_plan_expiry(service);
}

void
service_plan_expiry(struct service *service)
{
	int64_t at_s = registry_next_expiry(service->registry);
	int64_t now_ms = clock_now_ms();
	int64_t delay_ms;

	if (at_s == LEASE_FOREVER) {
		loop_timer_stop(service->loop, &service->expiry_timer);
		service->expiry_at_s = LEASE_FOREVER;
		return;
	}
	if (at_s < service->quiet_until_s)
		at_s = service->quiet_until_s;
	if (at_s == service->expiry_at_s)
		return;
	service->expiry_at_s = at_s;
	delay_ms = at_s - now_ms / 1000 < WAIT_MAX_S ? at_s * 1000 - now_ms : WAIT_MAX_S * 1000;
	/* While the store fails, what has expired would come back at once. */
	if (service->has_failed && delay_ms < RETRY_MS)
		delay_ms = RETRY_MS;
	(void)loop_timer_set(service->loop, &service->expiry_timer, delay_ms);
}

void
service_clock_stepped(struct service *service, int64_t step_s)
{
	if (step_s > -STEP_MIN_S && step_s < STEP_MIN_S)
		return;
	log_notice("clock: the wall clock was set by %" PRId64 " s: nothing expires for %" PRId64
		   " s",
	    step_s, service->options.quiet_s);
	service->quiet_until_s = clock_now_s() + service->options.quiet_s;
	service->must_restate = true;
	if (registry_touch_leased(service->registry) != STATUS_OK)
		log_error(
		    "clock: out of memory; the stored ends of leases are wrong until the next "
		    "change is stored");
	service_dhcp_clock_stepped(service);
	service_plan_expiry(service);
}
