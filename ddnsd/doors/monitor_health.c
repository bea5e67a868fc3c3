/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether the chain holds, in words: the database, the hosts file, dnsmasq's answer. */
#include <inttypes.h>

#include "doors/monitor_state.h"

/* One more thing that fails. The first begins the line. */
static void
fail(struct buffer *text, const char *reason, const char *detail)
{
	(void)buffer_append_text(text, text->length == 0 ? "failing: " : "; ");
	(void)buffer_append_text(text, reason);
	if (detail[0] != '\0')
		(void)buffer_format(text, " (%s)", detail);
}

static void
judge_store(const struct service_report *report, bool with_details, struct buffer *text)
{
	if (report->has_store_failed)
		fail(text, "the database could not be written at the last change",
		    with_details ? report->store_problem : "");
	else if (report->is_store_read_only)
		fail(text, "the database is read-only", "");
}

static void
judge_publication(const struct publisher_report *report, const struct publisher_options *options,
    bool with_details, struct buffer *text)
{
	const char *detail = with_details ? report->problem : "";

	if (options->mode == PUBLISH_NONE)
		return;
	if (report->is_unwritten)
		fail(text, "the hosts file cannot be written", detail);
	else if (report->problem[0] != '\0' && options->confirm.address.family != 0)
		fail(text, "dnsmasq does not answer what was published", detail);
	else if (report->problem[0] != '\0')
		fail(text, "dnsmasq could not be told of what was published", detail);
	else if (report->number == 0)
		fail(text, "nothing has been published yet", "");
}

static void
praise(const struct publisher_report *report, const struct publisher_options *options,
    struct buffer *text)
{
	uint64_t number = report->number;

	if (options->mode == PUBLISH_NONE)
		(void)buffer_append_text(text,
		    "ok: names are not published (mode \"none\"), so dnsmasq is not asked");
	else if (options->confirm.address.family == 0)
		(void)buffer_format(text,
		    "ok: publication %" PRIu64
		    " is written; whether dnsmasq answers it is not asked (`confirm`)",
		    number);
	else if (report->state == PUBLISHER_CONFIRMED)
		(void)buffer_format(text, "ok: dnsmasq answers publication %" PRIu64, number);
	else
		(void)buffer_format(text,
		    "ok: publication %" PRIu64 " is under way, and within its time", number);
}

bool
monitor_write_health(const struct monitor *monitor, bool with_details, struct buffer *text)
{
	const struct publisher *publisher = service_publisher(monitor->service);
	const struct publisher_options *options = publisher_options(publisher);
	struct publisher_report publication;
	struct service_report report;
	bool is_well;

	service_report(monitor->service, &report);
	publisher_report(publisher, &publication);
	judge_store(&report, with_details, text);
	judge_publication(&publication, options, with_details, text);
	is_well = text->length == 0;
	if (is_well)
		praise(&publication, options, text);
	(void)buffer_append_text(text, "\n");
	return is_well;
}
