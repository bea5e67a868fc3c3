/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How names, their records and leases look in the API's JSON. A listing has thousands of them: they are
 * written as text at once. Changes nothing.
 */
#include <libknot/descriptor.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_out.h"
#include "doors/api_state.h"
#include "wire/address.h"
#include "wire/name.h"

enum { NS_A_MS = 1000000 };

/* --- values --- */

void
api_write_name(struct buffer *out, const char *member, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];

	json_out_text(out, member, name_to_text(name, text));
}

static void
write_address(struct buffer *out, const char *member, const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	json_out_text(out, member, address->family != 0 ? address_to_text(address, text) : NULL);
}

/* A time of clock_now_s() as wall clock; INT64_MAX: none. */
static void
write_running_time(struct buffer *out, const char *member, struct api *api, int64_t now_s)
{
	struct service_report report;

	if (now_s == INT64_MAX) {
		json_out_null(out, member);
		return;
	}
	if (!api->has_wall_offset) {
		service_report(api->service, &report);
		api->wall_offset_s = report.wall_s - clock_now_s();
		api->has_wall_offset = true;
	}
	json_out_time(out, member, now_s + api->wall_offset_s);
}

/* --- records --- */

static void
write_record(struct buffer *out, struct api *api, const struct record_report *record)
{
	char type[RECORD_TYPE_TEXT_MAX];

	if (record_data_to_text(record->type, record->rdata, api->data_text,
		sizeof(api->data_text)) != STATUS_OK) {
		out->status = STATUS_NO_MEMORY;
		return;
	}
	json_out_open_object(out, NULL);
	json_out_text(out, "type", record_type_to_text(record->type, type));
	json_out_integer(out, "ttl", record->ttl_s);
	json_out_text(out, "data", api->data_text);
	if (record->expires)
		json_out_time(out, "expires", record->expires_s);
	else
		json_out_null(out, "expires");
	json_out_close_object(out);
}

static void
write_records(struct buffer *out, struct api *api, const struct name_report *report)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;

	json_out_open_array(out, "records");
	while (name_report_next(report, &cursor, &record))
		write_record(out, api, &record);
	json_out_close_array(out);
}

/* --- publication --- */

static void
write_publication(struct buffer *out, const struct api_call *call, const struct name_report *report)
{
	static const char *const fates[] = {
		[FATE_OFF] = "off",
		[FATE_NOT_PUBLISHED] = "not-published",
		[FATE_WAITING] = "waiting",
		[FATE_WRITTEN] = "written",
		[FATE_CONFIRMED] = "confirmed",
		[FATE_BY_READER] = "by-dnsmasq",
	};
	const struct publisher *publisher = service_publisher(call->api->service);
	struct publisher_report state;
	char why[PUBLISHER_WHY_MAX];
	enum publisher_fate fate = publisher_explain(publisher, report->node, why);
	bool is_confirmed = fate == FATE_CONFIRMED;

	publisher_report(publisher, &state);
	json_out_open_object(out, "publication");
	json_out_text(out, "state", fates[fate]);
	json_out_text(out, "why",
	    state.problem[0] != '\0' && strcmp(why, state.problem) == 0 ? api_problem(call, why)
									: why);
	json_out_integer(out, "number",
	    (int64_t)(is_confirmed ? state.confirmed_number : state.number));
	if (is_confirmed && state.confirmed_number != 0)
		json_out_real(out, "confirm_ms", (double)state.confirm_ns / NS_A_MS);
	else
		json_out_null(out, "confirm_ms");
	json_out_close_object(out);
}

/* --- leases --- */

bool
api_lease_name(const struct api *api, const struct dhcp_lease *lease, struct name *ret_name)
{
	const struct dhcp_options *options = service_dhcp_options(api->service);
	struct name label;

	return lease->label[0] != '\0' && options != NULL && options->has_zone &&
	    name_from_text(lease->label, &label) == STATUS_OK &&
	    name_join(label.wire, options->zone.wire, ret_name) == STATUS_OK;
}

/* True when its name stands in the hosts file; else dnsmasq answers it by itself, or nobody. */
static bool
is_published(const struct api *api, const struct dhcp_lease *lease)
{
	const struct publisher_options *options = publisher_options(
	    service_publisher(api->service));

	return lease->label[0] != '\0' && options->mode != PUBLISH_NONE &&
	    (lease->is_ours || !options->leases_held_by_reader);
}

void
api_write_lease(struct buffer *out, struct api *api, const struct dhcp_lease *lease)
{
	char hardware[DHCP_HARDWARE_TEXT_MAX];
	char duid[DHCP_DUID_TEXT_MAX];
	char why[SERVICE_DHCP_WHY_MAX];
	struct name name;
	bool has_name = api_lease_name(api, lease, &name);

	service_dhcp_explain(api->service, lease, why);
	json_out_open_object(out, NULL);
	write_address(out, "address", &lease->address);
	json_out_text(out, "hardware",
	    lease->hardware.size > 0 ? dhcp_hardware_to_text(&lease->hardware, hardware) : NULL);
	json_out_text(out, "duid",
	    lease->duid.size > 0 ? dhcp_duid_to_text(&lease->duid, duid) : NULL);
	json_out_text(out, "server", lease->server);
	json_out_text(out, "client_name", lease->client_name);
	json_out_text(out, "server_name", lease->server_name);
	if (has_name)
		api_write_name(out, "name", name.wire);
	else
		json_out_null(out, "name");
	json_out_text(out, "why", why);
	json_out_time(out, "since", lease->since_s);
	write_running_time(out, "expires", api, lease->until_s);
	json_out_flag(out, "published", has_name && is_published(api, lease));
	json_out_close_object(out);
}

/* The lease that holds the record's address, unless its label has brought it already. */
static void
write_holder(struct buffer *out, struct api *api, const struct record_report *record,
    const char *label)
{
	const struct dhcp_lease *lease;
	struct address address;

	if ((record->type != KNOT_RRTYPE_A && record->type != KNOT_RRTYPE_AAAA) ||
	    !address_from_bytes(record->rdata->data, record->rdata->len, &address))
		return;
	lease = leases_find(service_leases(api->service), &address);
	if (lease != NULL && (label[0] == '\0' || strcmp(lease->label, label) != 0))
		api_write_lease(out, api, lease);
}

/* The label that leases' names have, when this is such a name; else "". */
static void
label_of(const struct api *api, const uint8_t *name, char label[static LABEL_TEXT_MAX])
{
	const struct dhcp_options *options = service_dhcp_options(api->service);

	label[0] = '\0';
	if (options == NULL || !options->has_zone || name[0] == 0 ||
	    !name_is_equal(name_parent(name), options->zone.wire))
		return;
	memcpy(label, name + 1, name[0]);
	label[name[0]] = '\0';
}

/* The leases of a name: those that have its label, and those that hold one of its addresses. */
static void
write_leases(struct buffer *out, struct api *api, const struct name_report *report)
{
	const struct leases *book = service_leases(api->service);
	const struct dhcp_lease *lease = NULL;
	struct records_cursor cursor = { 0 };
	struct record_report record;
	char label[LABEL_TEXT_MAX];

	if (leases_count(book) == 0)
		return;
	label_of(api, report->name, label);
	while (label[0] != '\0' && (lease = leases_next_labelled(book, label, lease)) != NULL)
		api_write_lease(out, api, lease);
	while (name_report_next(report, &cursor, &record))
		write_holder(out, api, &record, label);
}

/* --- names --- */

void
api_write_name_report(struct buffer *out, const struct api_call *call,
    const struct name_report *report)
{
	json_out_open_object(out, NULL);
	api_write_name(out, "name", report->name);
	api_write_name(out, "zone", report->zone);
	json_out_text(out, "source", name_source_text(report->source));
	json_out_text(out, "owner", report->owner);
	json_out_time(out, "created", report->created_s);
	json_out_time(out, "changed", report->changed_s);
	write_records(out, call->api, report);
	write_publication(out, call, report);
	json_out_open_array(out, "leases");
	/* Whoever may register an address would else learn what the device there calls itself. */
	if (http_peer(call->exchange)->sees_all)
		write_leases(out, call->api, report);
	json_out_close_array(out);
	json_out_close_object(out);
}
