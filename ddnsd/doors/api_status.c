/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /v1/status: how it goes, on one page. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "doors/api_state.h"

static json_t *
listen_texts(const char *const *listen, size_t count)
{
	json_t *texts = json_array();

	for (size_t i = 0; texts != NULL && i < count; i++)
		(void)json_array_append_new(texts, api_text(listen[i]));
	return texts;
}

static json_t *
http(const struct api_call *call)
{
	const struct api_facts *facts = &call->api->facts;

	return json_pack("{s:o, s:o, s:o}", "listen",
	    listen_texts(facts->http_listen, facts->http_listen_count), "tls_until",
	    facts->tls_until_s != 0 ? api_time(facts->tls_until_s) : json_null(), "problem",
	    api_text(api_problem(call, facts->http_problem != NULL ? facts->http_problem : "")));
}

static json_t *
zones(const struct api *api)
{
	json_t *array = json_array();
	const struct zone *zone = NULL;
	struct zone_report report;

	while (array != NULL && (zone = service_next_zone(api->service, zone, &report)) != NULL)
		(void)json_array_append_new(array, api_zone(&report));
	return array;
}

static json_t *
names(const struct service_report *report)
{
	return json_pack("{s:I, s:I, s:I, s:I}", "total", (json_int_t)report->names, "admin",
	    (json_int_t)report->admin_names, "registered",
	    (json_int_t)(report->names - report->admin_names - report->lease_names), "lease",
	    (json_int_t)report->lease_names);
}

/* A path, or what else is this machine's own. */
static json_t *
own_text(const struct api_call *call, const char *text)
{
	return api_text(text != NULL && api_sees_machine(call) ? text : "");
}

static json_t *
leases(const struct api_call *call)
{
	const struct api *api = call->api;
	const struct dhcp_options *options = service_dhcp_options(api->service);
	const struct leases *book = service_leases(api->service);
	bool has_zone = options != NULL && options->has_zone;

	return json_pack("{s:o, s:o, s:I, s:I, s:o}", "file",
	    own_text(call, options != NULL ? options->file : ""), "zone",
	    has_zone ? api_name(options->zone.wire) : json_string(""), "count",
	    (json_int_t)leases_count(book), "named", (json_int_t)leases_named(book), "error",
	    api_text(api_problem(call, api->calls.lease_problem(api->calls.context))));
}

static json_t *
publication(const struct api_call *call)
{
	static const char *const modes[] = {
		[PUBLISH_SIGNAL] = "signal",
		[PUBLISH_HOSTSDIR] = "hostsdir",
		[PUBLISH_COMMAND] = "command",
		[PUBLISH_NONE] = "none",
	};
	const struct publisher *publisher = service_publisher(call->api->service);
	const struct publisher_options *options = publisher_options(publisher);
	struct publisher_report report;
	char confirm[ENDPOINT_TEXT_MAX] = "";

	publisher_report(publisher, &report);
	if (options->confirm.address.family != 0)
		(void)endpoint_to_text(&options->confirm, confirm);
	return json_pack("{s:s, s:o, s:o, s:o, s:s, s:s, s:I, s:I, s:o, s:I, s:o}", "mode",
	    modes[options->mode], "file", own_text(call, options->file), "pid_file",
	    own_text(call, options->pid_file), "command", own_text(call, options->command),
	    "confirm", confirm, "state", api_publisher_state(report.state), "number",
	    (json_int_t)report.number, "confirmed_number", (json_int_t)report.confirmed_number,
	    "confirm_ms", api_confirm_ms(&report), "failures", (json_int_t)report.failures,
	    "problem", api_text(api_problem(call, report.problem)));
}

static json_t *
you(const struct api_call *call)
{
	const struct principal *principal = http_peer(call->exchange)->principal;

	return json_pack("{s:o, s:b}", "identity",
	    api_text(principal != NULL ? principal->identity : NULL), "admin",
	    principal != NULL && principal->is_admin);
}

void
api_get_status(struct api_call *call)
{
	const struct api *api = call->api;
	const struct api_facts *facts = &api->facts;
	struct service_report report;

	service_report(api->service, &report);
	api_answer_json(call, 200,
	    json_pack("{s:s, s:I, s:o, s:o, s:I, s:o, s:I,"
		      " s:{s:o, s:o, s:o, s:o}, s:{s:o, s:I, s:o}, s:{s:o},"
		      " s:o, s:o, s:o, s:o, s:o, s:o}",
		"version", DDNSD_VERSION, "pid",
		(json_int_t)(api_sees_machine(call) ? getpid() : 0), "user",
		own_text(call, facts->user), "started", api_time(report.started_s), "uptime_s",
		(json_int_t)(clock_now_s() - api->started_s), "time", api_time(report.wall_s),
		"quiet_s", (json_int_t)report.quiet_s, "configuration", "file",
		own_text(call, facts->config_file), "keys_directory",
		own_text(call, facts->keys_directory), "made_keys_directory",
		own_text(call, facts->made_keys_directory), "error",
		api_text(api_problem(call, api->config_error)), "database", "file",
		own_text(call, facts->database), "bytes", (json_int_t)report.store_bytes, "error",
		api_text(api_problem(call, report.store_problem)), "dns", "listen",
		listen_texts(facts->listen, facts->listen_count), "http", http(call), "zones",
		zones(api), "names", names(&report), "leases", leases(call), "publication",
		publication(call), "you", you(call)));
}
