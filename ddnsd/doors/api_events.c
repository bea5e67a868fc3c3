/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /v1/events: what happens, as it happens (server-sent events). While nobody listens nothing is
 * watched and no timer runs.
 */
#include <string.h>

#include "base/clock.h"
#include "doors/api_state.h"
#include "wire/name.h"

enum { KEEP_ALIVE_MS = 30000, EVENT_MAX = 1 << 20 };

static const char comment[] = ": ddnsd\n\n";

typedef bool audience(const struct api_call *call, const void *context);

/* is_for NULL: all of them. */
static void
write_to_all(struct api *api, audience *is_for, const void *context, const char *text,
    size_t length)
{
	struct api_call *call;
	struct api_call *next;

	/* A reader that is too far behind may be gone when this returns. */
	for (call = LIST_FIRST(&api->streams); call != NULL; call = next) {
		next = LIST_NEXT(call, entry);
		if (is_for == NULL || is_for(call, context))
			http_stream_write(call->exchange, text, length);
	}
}

/* The data are JSON on one line; their reference goes over. What finds no memory is lost. */
static void
tell(struct api *api, audience *is_for, const void *context, const char *event, json_t *data)
{
	struct buffer text;

	buffer_init(&text, EVENT_MAX);
	(void)buffer_format(&text, "event: %s\ndata: ", event);
	api_append(&text, data);
	if (buffer_append_text(&text, "\n\n") == STATUS_OK)
		write_to_all(api, is_for, context, text.data, text.length);
	buffer_release(&text);
}

static bool
may_see_change(const struct api_call *call, const void *context)
{
	const struct service_change *change = context;
	struct name_report report;

	/* Whose it is, or was: one who had it hears that it is gone. */
	return api_may_see(call, change->name, change->owner) ||
	    (service_find_name(call->api->service, change->name, &report) &&
		api_may_see(call, change->name, report.owner));
}

static void
tell_change(void *context, const struct service_change *change)
{
	tell(context, may_see_change, change, "change",
	    json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "time", api_time_ms(change->wall_ms),
		"name", api_name(change->name), "before", api_text(change->before), "after",
		api_text(change->after), "who", api_text(change->who), "door",
		api_text(change->door), "from", api_address(&change->source)));
}

static bool
sees_machine(const struct api_call *call, const void *context)
{
	(void)context;
	return api_sees_machine(call);
}

static bool
sees_no_machine(const struct api_call *call, const void *context)
{
	return !sees_machine(call, context);
}

static json_t *
publication(const struct publisher_report *report, const char *state, const char *problem)
{
	bool is_confirmed = strcmp(state, "confirmed") == 0;

	return json_pack("{s:o, s:I, s:s, s:o, s:o}", "time", api_time_ms(clock_wall_ms()),
	    "number", (json_int_t)(is_confirmed ? report->confirmed_number : report->number),
	    "state", state, "confirm_ms", is_confirmed ? api_confirm_ms(report) : json_null(),
	    "problem", api_text(problem));
}

static void
tell_publication(struct api *api, const struct publisher_report *report, const char *state)
{
	tell(api, sees_machine, NULL, "publication", publication(report, state, report->problem));
	tell(api, sees_no_machine, NULL, "publication",
	    publication(report, state, api_public_problem(report->problem)));
}

void
api_turn_ended(struct api *api)
{
	struct publisher_report report;

	if (LIST_EMPTY(&api->streams))
		return;
	publisher_report(service_publisher(api->service), &report);
	if (report.number != api->told.number)
		tell_publication(api, &report, "written");
	if (report.confirmed_number != api->told.confirmed_number)
		tell_publication(api, &report, "confirmed");
	if (report.failures != api->told.failures ||
	    (report.problem[0] != '\0' && strcmp(report.problem, api->told.problem) != 0))
		tell_publication(api, &report, "failed");
	api->told = report;
}

/* --- streams --- */

static void
keep_alive(void *context)
{
	struct api *api = context;

	write_to_all(api, NULL, NULL, comment, sizeof(comment) - 1);
	if (!LIST_EMPTY(&api->streams))
		(void)loop_timer_set(api->loop, &api->keep_alive, KEEP_ALIVE_MS);
}

/* The first listener: from now on there is something to watch for. */
static void
begin_watching(struct api *api)
{
	api->watcher = (struct service_watcher){ tell_change, api };
	service_set_watcher(api->service, &api->watcher);
	publisher_report(service_publisher(api->service), &api->told);
	api->keep_alive = (struct loop_timer){ .handler = keep_alive, .context = api };
	(void)loop_timer_set(api->loop, &api->keep_alive, KEEP_ALIVE_MS);
}

void
api_get_events(struct api_call *call)
{
	struct api *api = call->api;

	if (!http_stream(call->exchange, "text/event-stream")) {
		call->retry_after_s = KEEP_ALIVE_MS / 1000;
		api_fail(call, 503, "each open stream counts; end one", "too many event streams");
		return;
	}
	call->is_over = true;
	call->is_listed = true;
	if (LIST_EMPTY(&api->streams))
		begin_watching(api);
	LIST_INSERT_HEAD(&api->streams, call, entry);
	/* Lets the other end see that it is connected. */
	http_stream_write(call->exchange, comment, sizeof(comment) - 1);
}

void
api_end_stream(struct api_call *call)
{
	struct api *api = call->api;

	LIST_REMOVE(call, entry);
	if (!LIST_EMPTY(&api->streams))
		return;
	service_set_watcher(api->service, NULL);
	loop_timer_stop(api->loop, &api->keep_alive);
}
