/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /v1/zones: the zones, and each as a zone file (RFC 1035 5). */
#include <inttypes.h>
#include <libknot/descriptor.h>
#include <string.h>

#include "doors/api_state.h"
#include "wire/name.h"

void
api_list_zones(struct api_call *call)
{
	const struct zone *zone = NULL;
	struct zone_report report;
	bool is_first = true;

	(void)buffer_append_text(&call->body, "{\"zones\":[");
	while ((zone = service_next_zone(call->api->service, zone, &report)) != NULL) {
		(void)buffer_append_text(&call->body, is_first ? "" : ",");
		api_append(&call->body, api_zone(&report));
		is_first = false;
	}
	(void)buffer_append_text(&call->body, "]}\n");
	api_answer_body(call, 200, "application/json");
}

/* --- a zone file --- */

/* A name that goes on to the root: "laptop.home.arpa.". */
static void
write_owner(struct buffer *file, const uint8_t *name)
{
	char text[NAME_TEXT_MAX];

	(void)buffer_append_text(file, name_to_text(name, text));
	(void)buffer_append_text(file, name[0] != 0 ? "." : "");
}

static void
write_record(struct api *api, struct buffer *file, const uint8_t *owner,
    const struct record_report *record)
{
	char type[RECORD_TYPE_TEXT_MAX];

	write_owner(file, owner);
	(void)buffer_format(file, "\t%" PRIu32 "\tIN\t%s\t", record->ttl_s,
	    record_type_to_text(record->type, type));
	if (record_data_to_text(record->type, record->rdata, api->data_text,
		sizeof(api->data_text)) != STATUS_OK)
		file->status = STATUS_NO_MEMORY;
	(void)buffer_append_text(file, api->data_text);
	(void)buffer_append_text(file, "\n");
}

/* The SOA alone, or all but that: it has to come first. */
static void
write_name(struct api *api, struct buffer *file, const struct name_report *report, bool only_soa)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;

	while (name_report_next(report, &cursor, &record)) {
		if ((record.type == KNOT_RRTYPE_SOA) == only_soa)
			write_record(api, file, report->name, &record);
	}
}

static bool
find_zone(const struct api *api, const char *text, struct zone_report *ret_report)
{
	const struct zone *zone = NULL;
	struct name name;

	if (name_from_text(text, &name) != STATUS_OK)
		return false;
	while ((zone = service_next_zone(api->service, zone, ret_report)) != NULL) {
		if (name_is_equal(ret_report->apex, name.wire))
			return true;
	}
	return false;
}

void
api_get_zone(struct api_call *call)
{
	struct api *api = call->api;
	struct zone_report zone;
	struct name_report report;
	char zones[API_ERROR_MAX];

	if (!find_zone(api, call->rest, &zone)) {
		api_fail(call, 404, api_zones_text(api, zones),
		    "%.200s is no zone of this server; the hint lists them", call->rest);
		return;
	}
	if (service_find_name(api->service, zone.apex, &report)) {
		write_name(api, &call->body, &report, true);
		write_name(api, &call->body, &report, false);
	}
	report.name = zone.apex;
	while (service_next_name(api->service, report.name, &report) &&
	    name_is_equal(report.zone, zone.apex))
		write_name(api, &call->body, &report, false);
	api_answer_body(call, 200, "text/dns");
}
