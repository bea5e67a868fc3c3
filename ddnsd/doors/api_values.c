/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How names, records, leases, zones and times look in the API's JSON. Changes nothing. */
#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "doors/api_state.h"
#include "wire/address.h"
#include "wire/name.h"

enum { MS_A_S = 1000, NS_A_MS = 1000000, REPLACEMENT_SIZE = 3 };

/* --- texts and times --- */

/* Each octet that is no ASCII as U+FFFD: what a device calls itself may be anything. */
static json_t *
replaced_text(const char *text)
{
	char *copy = malloc(REPLACEMENT_SIZE * strlen(text) + 1);
	char *end = copy;
	json_t *json;

	if (copy == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80)
			*end++ = *text;
		else
			end = stpcpy(end, "\xef\xbf\xbd");
	}
	*end = '\0';
	json = json_string(copy);
	free(copy);
	return json;
}

json_t *
api_text(const char *text)
{
	json_t *json;

	if (text == NULL)
		return json_null();
	json = json_string(text);
	return json != NULL ? json : replaced_text(text);
}

json_t *
api_name(const uint8_t *name)
{
	char text[NAME_TEXT_MAX];

	return json_string(name_to_text(name, text));
}

json_t *
api_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return address->family != 0 ? json_string(address_to_text(address, text)) : json_null();
}

/* fraction: what stands between the seconds and the Z. */
static json_t *
time_text(int64_t wall_s, const char *fraction)
{
	time_t seconds = wall_s;
	char text[API_TIME_MAX];
	struct tm parts;

	if (wall_s == INT64_MAX || gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
		return json_null();
	return json_sprintf("%s%sZ", text, fraction);
}

json_t *
api_time(int64_t wall_s)
{
	return time_text(wall_s, "");
}

json_t *
api_time_ms(int64_t wall_ms)
{
	char fraction[8];

	(void)snprintf(fraction, sizeof(fraction), ".%03u", (unsigned)(wall_ms % MS_A_S));
	return time_text(wall_ms / MS_A_S, fraction);
}

/* A time of clock_now_s() as wall clock. */
static json_t *
running_time(struct api *api, int64_t now_s)
{
	struct service_report report;

	if (now_s == INT64_MAX)
		return json_null();
	if (!api->has_wall_offset) {
		service_report(api->service, &report);
		api->wall_offset_s = report.wall_s - clock_now_s();
		api->has_wall_offset = true;
	}
	return api_time(now_s + api->wall_offset_s);
}

static int
append_chunk(const char *bytes, size_t length, void *context)
{
	return buffer_append(context, bytes, length) == STATUS_OK ? 0 : -1;
}

void
api_append(struct buffer *buffer, json_t *json)
{
	/* Six digits: 1.4, not 1.3999999999999999. */
	if (json == NULL ||
	    json_dump_callback(json, append_chunk, buffer,
		JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) != 0) {
		if (buffer->status == STATUS_OK)
			buffer->status = STATUS_NO_MEMORY;
	}
	json_decref(json);
}

/* --- records and names --- */

json_t *
api_record(struct api *api, const struct record_report *record)
{
	char type[RECORD_TYPE_TEXT_MAX];

	if (record_data_to_text(record->type, record->rdata, api->data_text,
		sizeof(api->data_text)) != STATUS_OK)
		return NULL;
	return json_pack("{s:s, s:I, s:o, s:o}", "type", record_type_to_text(record->type, type),
	    "ttl", (json_int_t)record->ttl_s, "data", api_text(api->data_text), "expires",
	    record->expires ? api_time(record->expires_s) : json_null());
}

static json_t *
records_of(struct api *api, const struct name_report *report)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;
	json_t *records = json_array();
	bool is_good = records != NULL;

	while (is_good && name_report_next(api->service, report, &cursor, &record))
		is_good = json_array_append_new(records, api_record(api, &record)) == 0;
	if (is_good)
		return records;
	json_decref(records);
	return NULL;
}

const char *
api_publisher_state(enum publisher_state state)
{
	static const char *const states[] = {
		[PUBLISHER_CLEAN] = "clean",
		[PUBLISHER_DIRTY] = "dirty",
		[PUBLISHER_WRITTEN] = "written",
		[PUBLISHER_CONFIRMED] = "confirmed",
	};

	return states[state];
}

json_t *
api_confirm_ms(const struct publisher_report *report)
{
	if (report->confirmed_number == 0)
		return json_null();
	return json_real((double)report->confirm_ns / NS_A_MS);
}

static json_t *
publication_of(const struct api_call *call, const struct name_report *report)
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
	char why[PUBLISHER_WHY_MAX] = "";
	enum publisher_fate fate = publisher_explain(publisher, report->node, why);

	publisher_report(publisher, &state);
	return json_pack("{s:s, s:o, s:I, s:o}", "state", fates[fate], "why",
	    api_text(state.problem[0] != '\0' && strcmp(why, state.problem) == 0
		    ? api_problem(call, why)
		    : why),
	    "number", (json_int_t)(fate == FATE_CONFIRMED ? state.confirmed_number : state.number),
	    "confirm_ms", fate == FATE_CONFIRMED ? api_confirm_ms(&state) : json_null());
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

json_t *
api_lease(struct api *api, const struct dhcp_lease *lease)
{
	char hardware[DHCP_HARDWARE_TEXT_MAX];
	char duid[DHCP_DUID_TEXT_MAX];
	char why[SERVICE_DHCP_WHY_MAX] = "";
	struct name name;
	bool has_name = api_lease_name(api, lease, &name);

	service_dhcp_explain(api->service, lease, why);
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "address",
	    api_address(&lease->address), "hardware",
	    lease->hardware.size > 0
		? json_string(dhcp_hardware_to_text(&lease->hardware, hardware))
		: json_null(),
	    "duid",
	    lease->duid.size > 0 ? json_string(dhcp_duid_to_text(&lease->duid, duid)) : json_null(),
	    "server", api_text(lease->server), "client_name", api_text(lease->client_name),
	    "server_name", api_text(lease->server_name), "name",
	    has_name ? api_name(name.wire) : json_null(), "why", api_text(why), "since",
	    api_time(lease->since_s), "expires", running_time(api, lease->until_s), "published",
	    has_name && is_published(api, lease));
}

/* Appends a lease that was found by address, unless its label has brought it already. */
static bool
append_holder(struct api *api, json_t *leases, const struct record_report *record,
    const char *label)
{
	const struct dhcp_lease *lease;
	struct address address;

	if ((record->type != KNOT_RRTYPE_A && record->type != KNOT_RRTYPE_AAAA) ||
	    !address_from_bytes(record->rdata->data, record->rdata->len, &address))
		return true;
	lease = leases_find(service_leases(api->service), &address);
	if (lease == NULL || (label[0] != '\0' && strcmp(lease->label, label) == 0))
		return true;
	return json_array_append_new(leases, api_lease(api, lease)) == 0;
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
static json_t *
leases_of(struct api *api, const struct name_report *report)
{
	const struct leases *book = service_leases(api->service);
	const struct dhcp_lease *lease = NULL;
	struct records_cursor cursor = { 0 };
	struct record_report record;
	char label[LABEL_TEXT_MAX];
	json_t *leases = json_array();
	bool is_good = leases != NULL;

	label_of(api, report->name, label);
	while (is_good && label[0] != '\0' &&
	    (lease = leases_next_labelled(book, label, lease)) != NULL)
		is_good = json_array_append_new(leases, api_lease(api, lease)) == 0;
	while (is_good && name_report_next(api->service, report, &cursor, &record))
		is_good = append_holder(api, leases, &record, label);
	if (is_good)
		return leases;
	json_decref(leases);
	return NULL;
}

json_t *
api_name_report(const struct api_call *call, const struct name_report *report)
{
	struct api *api = call->api;
	/* Whoever may register an address would else learn what the device there calls itself. */
	bool has_leases = http_peer(call->exchange)->sees_all;

	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
	    api_name(report->name), "zone", api_name(report->zone), "source",
	    name_source_text(report->source), "owner", api_text(report->owner), "created",
	    api_time(report->created_s), "changed", api_time(report->changed_s), "records",
	    records_of(api, report), "publication", publication_of(call, report), "leases",
	    has_leases ? leases_of(api, report) : json_array());
}

json_t *
api_zone(const struct zone_report *report)
{
	return json_pack("{s:o, s:I, s:I, s:b}", "zone", api_name(report->apex), "serial",
	    (json_int_t)report->serial, "names", (json_int_t)report->names, "reverse",
	    report->is_reverse);
}
