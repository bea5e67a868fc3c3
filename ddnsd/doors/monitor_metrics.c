/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The metrics, by one table: name, kind, help, and where the value is. Text format 0.0.4 of
 * Prometheus. No label has more values than the configuration or a table gives it.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>

#include "base/process.h"
#include "doors/monitor_state.h"
#include "wire/name.h"

/* The start is computed from two clocks that are read one after the other. */
enum { STARTED_TOLERANCE_MS = 2000 };

/* What the table's plain entries show. */
struct figures {
	uint64_t commits_failed;
	uint64_t publications;
	uint64_t publish_failures;
	int64_t confirmed_s;
	uint64_t number;
	uint64_t confirmed_number;
	uint64_t is_asked;
	uint64_t has_problem;
	uint64_t is_ready;
	uint64_t leases;
	uint64_t leases_named;
	uint64_t rate_limited;
	uint64_t store_bytes;
	uint64_t store_failing;
	uint64_t keys;
	uint64_t dns_malformed;
	uint64_t dns_unsigned_refused;
	uint64_t dns_repeats;
	uint64_t http_connections;
	uint64_t http_streams;
	uint64_t http_accepted;
	uint64_t http_turned_away;
	uint64_t logins_failed;
	uint64_t logins_locked;
	int64_t certificate_until_s;
	int64_t cpu_ns;
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t threads;
	uint64_t open_files;
	uint64_t open_files_max;
	int64_t started_ms;
};

/* Whose figures there may be none of. */
enum part { PART_ALWAYS, PART_DNS, PART_WEB, PART_CERTIFICATE, PART_PROCESS, PARTS };

struct page {
	struct buffer *text;
	const struct monitor *monitor;
	struct service_report report;
	const struct service_counts *counts;
	const struct publisher_counts *publisher_counts;
	struct publisher_report publication;
	const struct dns_report *dns;
	struct figures figures;
	bool has[PARTS];
};

struct metric {
	const char *name;
	const char *kind;
	const char *help;
	void (*write)(struct page *page, const struct metric *metric);
	size_t place; /* in struct figures, where write is one for a plain value */
	enum part part;
};

struct label {
	const char *name;
	const char *value;
};

/* --- samples --- */

static void
write_escaped(struct buffer *text, const char *value)
{
	for (; *value != '\0'; value++) {
		if (*value == '\\' || *value == '"')
			(void)buffer_append(text, "\\", 1);
		if (*value == '\n')
			(void)buffer_append_text(text, "\\n");
		else
			(void)buffer_append(text, value, 1);
	}
}

static void
begin_sample(struct page *page, const char *name, const struct label *labels, size_t count)
{
	(void)buffer_append_text(page->text, name);
	for (size_t i = 0; i < count; i++) {
		(void)buffer_append_text(page->text, i == 0 ? "{" : ",");
		(void)buffer_append_text(page->text, labels[i].name);
		(void)buffer_append_text(page->text, "=\"");
		write_escaped(page->text, labels[i].value);
		(void)buffer_append_text(page->text, "\"");
	}
	(void)buffer_append_text(page->text, count > 0 ? "} " : " ");
}

static void
write_sample(struct page *page, const struct metric *metric, const struct label *labels,
    size_t count, uint64_t value)
{
	begin_sample(page, metric->name, labels, count);
	(void)buffer_format(page->text, "%" PRIu64 "\n", value);
}

static const void *
figure(const struct page *page, const struct metric *metric)
{
	return (const char *)&page->figures + metric->place;
}

static void
write_number(struct page *page, const struct metric *metric)
{
	write_sample(page, metric, NULL, 0, *(const uint64_t *)figure(page, metric));
}

static void
write_signed(struct page *page, const struct metric *metric)
{
	begin_sample(page, metric->name, NULL, 0);
	(void)buffer_format(page->text, "%" PRId64 "\n", *(const int64_t *)figure(page, metric));
}

static void
write_ns(struct page *page, const struct metric *metric)
{
	int64_t ns = *(const int64_t *)figure(page, metric);

	begin_sample(page, metric->name, NULL, 0);
	(void)buffer_format(page->text, "%" PRId64 ".%09" PRId64 "\n", ns / 1000000000,
	    ns % 1000000000);
}

static void
write_ms(struct page *page, const struct metric *metric)
{
	int64_t ms = *(const int64_t *)figure(page, metric);

	begin_sample(page, metric->name, NULL, 0);
	(void)buffer_format(page->text, "%" PRId64 ".%03" PRId64 "\n", ms / 1000, ms % 1000);
}

static void
write_histogram(struct page *page, const struct metric *metric, const struct histogram *histogram)
{
	uint64_t count = 0;

	for (size_t i = 0; i <= HISTOGRAM_BOUNDS; i++) {
		count += histogram->counts[i];
		if (i < HISTOGRAM_BOUNDS)
			(void)buffer_format(page->text, "%s_bucket{le=\"%g\"} %" PRIu64 "\n",
			    metric->name, (double)histogram_bounds_ns[i] / 1e9, count);
		else
			(void)buffer_format(page->text, "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n",
			    metric->name, count);
	}
	(void)buffer_format(page->text, "%s_sum %" PRIu64 ".%09" PRIu64 "\n%s_count %" PRIu64 "\n",
	    metric->name, histogram->sum_ns / 1000000000, histogram->sum_ns % 1000000000,
	    metric->name, count);
}

/* --- those with labels --- */

static void
write_build_info(struct page *page, const struct metric *metric)
{
	const struct label label = { "version", DDNSD_VERSION };

	write_sample(page, metric, &label, 1, 1);
}

static void
write_updates(struct page *page, const struct metric *metric)
{
	for (enum counted_door door = 0; door < COUNTED_DOORS; door++) {
		for (enum update_outcome outcome = 0; outcome < OUTCOMES; outcome++) {
			const struct label labels[] = {
				{ "door", counted_door_text(door) },
				{ "result", update_outcome_result(outcome) },
				{ "reason", update_outcome_reason(outcome) },
			};

			write_sample(page, metric, labels, 3, page->counts->updates[door][outcome]);
		}
	}
}

static void
write_names(struct page *page, const struct metric *metric)
{
	const struct service_report *report = &page->report;
	const struct {
		enum name_source source;
		size_t count;
	} sources[] = {
		{ SOURCE_ADMIN, report->admin_names },
		{ SOURCE_REGISTERED, report->names - report->admin_names - report->lease_names },
		{ SOURCE_LEASE, report->lease_names },
	};

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct label label = { "source", name_source_text(sources[i].source) };

		write_sample(page, metric, &label, 1, sources[i].count);
	}
}

static void
write_zone_names(struct page *page, const struct metric *metric)
{
	const struct zone *zone = NULL;
	struct zone_report report;
	char text[NAME_TEXT_MAX];

	while ((zone = service_next_zone(page->monitor->service, zone, &report)) != NULL) {
		const struct label label = { "zone", name_to_text(report.apex, text) };

		write_sample(page, metric, &label, 1, report.names);
	}
}

static void
write_zone_serials(struct page *page, const struct metric *metric)
{
	const struct zone *zone = NULL;
	struct zone_report report;
	char text[NAME_TEXT_MAX];

	while ((zone = service_next_zone(page->monitor->service, zone, &report)) != NULL) {
		const struct label label = { "zone", name_to_text(report.apex, text) };

		write_sample(page, metric, &label, 1, report.serial);
	}
}

static void
write_records(struct page *page, const struct metric *metric)
{
	const struct zone *zone = NULL;
	struct zone_report report;
	char text[NAME_TEXT_MAX];

	while ((zone = service_next_zone(page->monitor->service, zone, &report)) != NULL) {
		(void)name_to_text(report.apex, text);
		for (size_t i = 0; i < TALLY_PLACES; i++) {
			const struct label labels[] = {
				{ "zone", text },
				{ "type", tally_text(i) },
			};

			write_sample(page, metric, labels, 2, report.records->records[i]);
		}
	}
}

static void
write_state(struct page *page, const struct metric *metric)
{
	static const char *const states[] = {
		[PUBLISHER_CLEAN] = "clean",
		[PUBLISHER_DIRTY] = "dirty",
		[PUBLISHER_WRITTEN] = "written",
		[PUBLISHER_CONFIRMED] = "confirmed",
	};

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		const struct label label = { "state", states[i] };

		write_sample(page, metric, &label, 1, page->publication.state == i);
	}
}

static void
write_queries(struct page *page, const struct metric *metric)
{
	static const char *const results[DNS_QUERY_RESULTS] = {
		[DNS_QUERY_ANSWERED] = "answered",
		[DNS_QUERY_NO_DATA] = "no_data",
		[DNS_QUERY_NO_NAME] = "no_name",
		[DNS_QUERY_REFUSED] = "refused",
		[DNS_QUERY_FAILED] = "failed",
	};

	for (size_t i = 0; i < DNS_QUERY_RESULTS; i++) {
		const struct label label = { "result", results[i] };

		write_sample(page, metric, &label, 1, page->dns->queries[i]);
	}
}

static void
write_bad_signatures(struct page *page, const struct metric *metric)
{
	static const char *const errors[DNS_SIGNATURE_ERRORS] = {
		[DNS_SIGNATURE_BADSIG] = "badsig",
		[DNS_SIGNATURE_BADKEY] = "badkey",
		[DNS_SIGNATURE_BADTIME] = "badtime",
		[DNS_SIGNATURE_BADTRUNC] = "badtrunc",
	};

	for (size_t i = 0; i < DNS_SIGNATURE_ERRORS; i++) {
		const struct label label = { "error", errors[i] };

		write_sample(page, metric, &label, 1, page->dns->bad_signatures[i]);
	}
}

static void
write_commits(struct page *page, const struct metric *metric)
{
	write_histogram(page, metric, &page->counts->commits);
}

static void
write_writing(struct page *page, const struct metric *metric)
{
	write_histogram(page, metric, &page->publisher_counts->writing);
}

static void
write_confirming(struct page *page, const struct metric *metric)
{
	write_histogram(page, metric, &page->publisher_counts->confirming);
}

static void
write_answering(struct page *page, const struct metric *metric)
{
	write_histogram(page, metric, &page->publisher_counts->answering);
}

/* --- the table --- */

#define COUNTER "counter"
#define GAUGE "gauge"
#define HISTOGRAM "histogram"
#define NUMBER(figure) write_number, offsetof(struct figures, figure)
#define SIGNED(figure) write_signed, offsetof(struct figures, figure)
#define NS(figure) write_ns, offsetof(struct figures, figure)
#define MS(figure) write_ms, offsetof(struct figures, figure)

static const struct metric metrics[] = {
	{ "ddnsd_build_info", GAUGE, "The version that runs; always 1.", write_build_info, 0,
	    PART_ALWAYS },
	{ "ddnsd_ready", GAUGE,
	    "Whether /healthz says ok: the database can be written and dnsmasq answers what was "
	    "published.",
	    NUMBER(is_ready), PART_ALWAYS },

	{ "ddnsd_updates_total", COUNTER,
	    "Updates by the door they came through and what became of them.", write_updates, 0,
	    PART_ALWAYS },
	{ "ddnsd_rate_limited_total", COUNTER,
	    "Updates refused for the rate at which their key sends them.", NUMBER(rate_limited),
	    PART_ALWAYS },

	{ "ddnsd_names", GAUGE, "Registered names by who registered them, without the apexes.",
	    write_names, 0, PART_ALWAYS },
	{ "ddnsd_zone_names", GAUGE, "Registered names by zone, without the apex.",
	    write_zone_names, 0, PART_ALWAYS },
	{ "ddnsd_zone_serial", GAUGE, "Serial number of the zone's SOA.", write_zone_serials, 0,
	    PART_ALWAYS },
	{ "ddnsd_records", GAUGE, "Records by zone and type, those of the apex included.",
	    write_records, 0, PART_ALWAYS },
	{ "ddnsd_leases", GAUGE, "DHCP leases that are known.", NUMBER(leases), PART_ALWAYS },
	{ "ddnsd_leases_named", GAUGE, "DHCP leases that have a name.", NUMBER(leases_named),
	    PART_ALWAYS },
	{ "ddnsd_keys", GAUGE, "Keys that may sign or log in.", NUMBER(keys), PART_ALWAYS },

	{ "ddnsd_commit_duration_seconds", HISTOGRAM,
	    "Time to make a turn's changes durable, before they are answered.", write_commits, 0,
	    PART_ALWAYS },
	{ "ddnsd_commit_failures_total", COUNTER,
	    "Turns whose changes could not be stored and were undone.", NUMBER(commits_failed),
	    PART_ALWAYS },
	{ "ddnsd_store_size_bytes", GAUGE, "Size of the database with its log.",
	    NUMBER(store_bytes), PART_ALWAYS },
	{ "ddnsd_store_failing", GAUGE,
	    "1 where the last commit failed, or the database is read-only.", NUMBER(store_failing),
	    PART_ALWAYS },

	{ "ddnsd_publications_total", COUNTER, "Hosts files written with a number of their own.",
	    NUMBER(publications), PART_ALWAYS },
	{ "ddnsd_publish_failures_total", COUNTER,
	    "Hosts files not written, commands failed, publications not answered in time.",
	    NUMBER(publish_failures), PART_ALWAYS },
	{ "ddnsd_publish_duration_seconds", HISTOGRAM, "Time to make and write a hosts file.",
	    write_writing, 0, PART_ALWAYS },
	{ "ddnsd_change_to_confirmed_seconds", HISTOGRAM,
	    "Time from the first change of a publication until dnsmasq answers it.",
	    write_confirming, 0, PART_ALWAYS },
	{ "ddnsd_dnsmasq_response_seconds", HISTOGRAM,
	    "Time dnsmasq took to answer a question for the publication's number.", write_answering,
	    0, PART_ALWAYS },
	{ "ddnsd_publication_state", GAUGE,
	    "1 for the state of the last publication, 0 for the others.", write_state, 0,
	    PART_ALWAYS },
	{ "ddnsd_publication_failing", GAUGE,
	    "1 while there is trouble with the hosts file or with dnsmasq.", NUMBER(has_problem),
	    PART_ALWAYS },
	{ "ddnsd_publication_asked", GAUGE,
	    "1 where dnsmasq is asked for what was published (the option confirm).",
	    NUMBER(is_asked), PART_ALWAYS },
	{ "ddnsd_publication_number", GAUGE, "Number of the last publication; 0: none yet.",
	    NUMBER(number), PART_ALWAYS },
	{ "ddnsd_publication_confirmed_number", GAUGE,
	    "Number of the last publication that dnsmasq answered; 0: none yet.",
	    NUMBER(confirmed_number), PART_ALWAYS },
	{ "ddnsd_last_confirmed_timestamp_seconds", GAUGE,
	    "When dnsmasq last answered the last publication; 0: never.", SIGNED(confirmed_s),
	    PART_ALWAYS },

	{ "ddnsd_dns_queries_total", COUNTER, "Questions to ddnsd itself by result.", write_queries,
	    0, PART_DNS },
	{ "ddnsd_dns_bad_signatures_total", COUNTER, "Messages whose TSIG was wrong, by error.",
	    write_bad_signatures, 0, PART_DNS },
	{ "ddnsd_dns_malformed_total", COUNTER, "Messages that do not parse.",
	    NUMBER(dns_malformed), PART_DNS },
	{ "ddnsd_dns_unsigned_refused_total", COUNTER,
	    "Updates without a signature from where none are taken.", NUMBER(dns_unsigned_refused),
	    PART_DNS },
	{ "ddnsd_dns_repeats_total", COUNTER,
	    "Signed updates that came again and were answered as before.", NUMBER(dns_repeats),
	    PART_DNS },

	{ "ddnsd_http_connections", GAUGE, "Open connections over TCP to the HTTP door.",
	    NUMBER(http_connections), PART_WEB },
	{ "ddnsd_http_streams", GAUGE, "Of those, streams of events.", NUMBER(http_streams),
	    PART_WEB },
	{ "ddnsd_http_connections_accepted_total", COUNTER, "Connections taken by the HTTP door.",
	    NUMBER(http_accepted), PART_WEB },
	{ "ddnsd_http_connections_turned_away_total", COUNTER,
	    "Connections closed for a limit's sake.", NUMBER(http_turned_away), PART_WEB },
	{ "ddnsd_logins_failed_total", COUNTER, "Log-ins with a wrong name or secret.",
	    NUMBER(logins_failed), PART_WEB },
	{ "ddnsd_logins_locked_total", COUNTER, "Log-ins not looked at after too many failures.",
	    NUMBER(logins_locked), PART_WEB },
	{ "ddnsd_tls_certificate_expiry_timestamp_seconds", GAUGE,
	    "When the certificate of the HTTP door ends.", SIGNED(certificate_until_s),
	    PART_CERTIFICATE },

	{ "process_cpu_seconds_total", COUNTER, "Time on the processor, user and system.",
	    NS(cpu_ns), PART_PROCESS },
	{ "process_resident_memory_bytes", GAUGE, "Memory that is resident.",
	    NUMBER(resident_bytes), PART_PROCESS },
	{ "process_virtual_memory_bytes", GAUGE, "Address space that is in use.",
	    NUMBER(virtual_bytes), PART_PROCESS },
	{ "process_threads", GAUGE, "Threads.", NUMBER(threads), PART_PROCESS },
	{ "process_open_fds", GAUGE, "Open file descriptors.", NUMBER(open_files), PART_PROCESS },
	{ "process_max_fds", GAUGE, "Most file descriptors that may be open.",
	    NUMBER(open_files_max), PART_PROCESS },
	{ "process_start_time_seconds", GAUGE, "When the process began, by the wall clock.",
	    MS(started_ms), PART_PROCESS },
};

/* --- gathering --- */

static void
gather_service(struct page *page)
{
	struct service *service = page->monitor->service;
	const struct leases *leases = service_leases(service);
	const struct keyring *keyring = service_keyring(service);
	struct figures *figures = &page->figures;

	service_report(service, &page->report);
	page->counts = service_counts(service);
	figures->leases = leases_count(leases);
	figures->leases_named = leases_named(leases);
	figures->keys = keyring != NULL ? keyring_count(keyring) : 0;
	figures->commits_failed = page->counts->commits_failed;
	figures->store_bytes = page->report.store_bytes;
	figures->store_failing = page->report.has_store_failed || page->report.is_store_read_only;
	for (size_t door = 0; door < COUNTED_DOORS; door++)
		figures->rate_limited += page->counts->updates[door][OUTCOME_RATE];
}

static void
gather_publication(struct page *page)
{
	const struct publisher *publisher = service_publisher(page->monitor->service);
	const struct publisher_options *options = publisher_options(publisher);
	struct figures *figures = &page->figures;
	struct buffer sentence;

	publisher_report(publisher, &page->publication);
	page->publisher_counts = publisher_counts(publisher);
	figures->publications = page->publisher_counts->publications;
	figures->publish_failures = page->publication.failures;
	figures->confirmed_s = page->publisher_counts->confirmed_wall_s;
	figures->number = page->publication.number;
	figures->confirmed_number = page->publication.confirmed_number;
	figures->has_problem = page->publication.problem[0] != '\0';
	figures->is_asked = options->mode != PUBLISH_NONE && options->confirm.address.family != 0;
	buffer_init(&sentence, MONITOR_ANSWER_MAX);
	figures->is_ready = monitor_write_health(page->monitor, false, &sentence);
	buffer_release(&sentence);
}

static void
gather_dns(struct page *page)
{
	struct figures *figures = &page->figures;

	page->has[PART_DNS] = page->monitor->dns != NULL;
	if (page->monitor->dns == NULL)
		return;
	page->dns = dns_report(page->monitor->dns);
	figures->dns_malformed = page->dns->malformed;
	figures->dns_unsigned_refused = page->dns->unsigned_refused;
	figures->dns_repeats = page->dns->repeats;
}

static void
gather_web(struct page *page)
{
	struct figures *figures = &page->figures;
	struct web_report report;

	page->has[PART_WEB] = page->monitor->web != NULL;
	if (page->monitor->web == NULL)
		return;
	web_report(page->monitor->web, &report);
	page->has[PART_CERTIFICATE] = report.certificate_until_s != 0;
	figures->http_connections = report.server.connections;
	figures->http_streams = report.server.streams;
	figures->http_accepted = report.server.accepted;
	figures->http_turned_away = report.server.turned_away;
	figures->logins_failed = report.logins_failed;
	figures->logins_locked = report.logins_locked;
	figures->certificate_until_s = report.certificate_until_s;
}

static void
gather_process(struct page *page, struct monitor *monitor)
{
	struct figures *figures = &page->figures;
	struct process_report report;

	page->has[PART_PROCESS] = process_report(&report) == STATUS_OK;
	if (!page->has[PART_PROCESS])
		return;
	if (llabs(report.started_ms - monitor->started_ms) > STARTED_TOLERANCE_MS)
		monitor->started_ms = report.started_ms;
	figures->cpu_ns = report.cpu_ns;
	figures->resident_bytes = report.resident_bytes;
	figures->virtual_bytes = report.virtual_bytes;
	figures->threads = report.threads;
	figures->open_files = report.open_files;
	figures->open_files_max = report.open_files_max;
	figures->started_ms = monitor->started_ms;
}

void
monitor_write_metrics(struct monitor *monitor, struct buffer *text)
{
	struct page page = { .text = text, .monitor = monitor, .has[PART_ALWAYS] = true };

	gather_service(&page);
	gather_publication(&page);
	gather_dns(&page);
	gather_web(&page);
	gather_process(&page, monitor);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++) {
		const struct metric *metric = &metrics[i];

		if (!page.has[metric->part])
			continue;
		(void)buffer_format(text, "# HELP %s %s\n# TYPE %s %s\n", metric->name,
		    metric->help, metric->name, metric->kind);
		metric->write(&page, metric);
	}
}
