/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/monitor: who reads what, when, and what stands there: with a service behind it and no socket. */
/* LDWRAP: store_commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "auth/rate_limit.h"
#include "base/file.h"
#include "doors/monitor.h"
#include "publisher/publisher.h"
#include "service/report.h"

#include "failing_commit.h"
#include "fake_exchange.h"
#include "served.h"
#include "stand_in.h"

enum { CERTIFICATE_S = 1800000000, KIND_MAX = 16 };

/* --- what stands in for the other parts --- */

static struct web_report web_figures;

void
web_report(const struct web *web, struct web_report *ret_report)
{
	(void)web;
	*ret_report = web_figures;
}

/* --- the site --- */

static struct served served;
static struct keyring *keyring;
static struct publisher_options publish;
static struct publisher *publisher;
static struct principal *key;
static struct dns *dns;
static struct monitor *monitor;
static struct http_exchange exchange; /* the last one */
static bool is_open;

/* In dnsmasq's place; fd -1: nobody is. */
static struct loop_watch server;
static unsigned questions;
static bool is_silent;

static void
forget_answer(void)
{
	const struct http_site *site = monitor_site(monitor);

	if (!is_open)
		return;
	site->release(site->context, &exchange);
	fake_end(&exchange);
	is_open = false;
}

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	is_silent = false;
	questions = 0;
	server.fd = -1;
	web_figures = (struct web_report){ .logins_failed = 3, .server.connections = 2 };
	served_init(&served);
	served_add_zone(&served, "2.0.192.in-addr.arpa");
	served_start(&served);
	keyring = keyring_new();
	assert_non_null(keyring);
	service_set_access(served.service, keyring, NULL, 0);
	publish = (struct publisher_options){ .mode = PUBLISH_NONE, .confirm_timeout_ms = 1000 };
	publisher = publisher_new(served.loop, served.registry, service_leases(served.service),
	    &publish, service_expiry_clock, served.service);
	assert_non_null(publisher);
	service_attach_publisher(served.service, publisher);
	key = served_key(&served, "key", "zone home.arpa");
	dns = dns_new(served.service);
	monitor = monitor_new(served.service);
	assert_non_null(monitor);
	monitor_attach_dns(monitor, dns);
	monitor_attach_web(monitor, (const struct web *)&web_figures);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	forget_answer();
	monitor_free(monitor);
	dns_free(dns);
	publisher_free(publisher);
	if (server.fd >= 0) {
		loop_unwatch(served.loop, &server);
		(void)close(server.fd);
	}
	served_close(&served);
	keyring_free(keyring);
	return 0;
}

static unsigned
ask_as(const struct http_peer *peer, const char *method, const char *target)
{
	const struct http_site *site = monitor_site(monitor);

	forget_answer();
	assert_true(fake_begin(&exchange, peer, method, target, "", 0));
	is_open = true;
	assert_int_equal(site->body_max(site->context, method, target, peer), 0);
	site->receive(site->context, &exchange);
	assert_true(exchange.code != 0 || exchange.is_waiting);
	return exchange.code;
}

static const struct http_peer looker = { .door = "http", .login = STATUS_OK, .sees_all = true };
static const struct http_peer stranger = { .door = "http", .login = STATUS_NOT_FOUND };

static unsigned
ask(const char *target)
{
	return ask_as(&looker, "GET", target);
}

static const char *
body(void)
{
	return exchange.answer.data;
}

#define expect_line(line) assert_non_null(strstr(body(), "\n" line "\n"))

/* --- the metrics --- */

static void
the_metrics_are_text_of_version_0_0_4(void **state)
{
	(void)state;
	assert_int_equal(ask("/metrics"), 200);
	assert_string_equal(exchange.type, "text/plain; version=0.0.4; charset=utf-8");
	assert_int_equal(body()[exchange.answer.length - 1], '\n');
	expect_line("ddnsd_build_info{version=\"" DDNSD_VERSION "\"} 1");
	assert_int_equal(ask_as(&looker, "HEAD", "/metrics"), 200);
	assert_int_equal(ask_as(&looker, "POST", "/metrics"), 405);
	assert_string_equal(fake_header(&exchange, "Allow"), "GET, HEAD");
	assert_int_equal(ask("/metrics/more"), 404);
}

/* HELP and TYPE once, and every sample behind its own. */
static void
each_sample_stands_below_its_type(void **state)
{
	char family[256] = "";
	char kind[KIND_MAX];
	char seen[64][256];
	size_t families = 0;
	char *rest;
	char *line;

	(void)state;
	assert_int_equal(ask("/metrics"), 200);
	rest = exchange.answer.data;
	while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
		if (sscanf(line, "# HELP %255s", family) == 1) {
			for (size_t i = 0; i < families; i++)
				assert_string_not_equal(seen[i], family);
			assert_in_range(families, 0, 63);
			(void)strncpy(seen[families++], family, sizeof(seen[0]));
			line = strsep(&rest, "\n");
			assert_int_equal(sscanf(line, "# TYPE %*s %15s", kind), 1);
			assert_memory_equal(line + 7, family, strlen(family));
			continue;
		}
		assert_memory_equal(line, family, strlen(family));
		if (strcmp(kind, "counter") == 0)
			assert_non_null(strstr(family, "_total"));
	}
	assert_true(families > 30);
}

static void
all_that_can_be_counted_is_there_from_the_start(void **state)
{
	(void)state;
	assert_int_equal(ask("/metrics"), 200);
	for (size_t door = 0; door < COUNTED_DOORS; door++) {
		for (size_t i = 0; i < OUTCOMES; i++) {
			char line[256];

			(void)snprintf(line, sizeof(line),
			    "\nddnsd_updates_total{door=\"%s\",result=\"%s\",reason=\"%s\"} ",
			    counted_door_text((enum counted_door)door),
			    update_outcome_result((enum update_outcome)i),
			    update_outcome_reason((enum update_outcome)i));
			assert_non_null(strstr(body(), line));
		}
	}
	expect_line("ddnsd_dns_queries_total{result=\"answered\"} 0");
	expect_line("ddnsd_dns_bad_signatures_total{error=\"badtime\"} 0");
	expect_line("ddnsd_change_to_confirmed_seconds_bucket{le=\"0.0001\"} 0");
	expect_line("ddnsd_change_to_confirmed_seconds_bucket{le=\"60\"} 0");
	expect_line("ddnsd_change_to_confirmed_seconds_bucket{le=\"+Inf\"} 0");
	expect_line("ddnsd_change_to_confirmed_seconds_sum 0.000000000");
	expect_line("ddnsd_publication_state{state=\"clean\"} 1");
	expect_line("ddnsd_publication_state{state=\"confirmed\"} 0");
	expect_line("ddnsd_ready 1");
	expect_line("ddnsd_logins_failed_total 3");
	expect_line("ddnsd_http_connections 2");
	assert_null(strstr(body(), "certificate"));
	web_figures.certificate_until_s = CERTIFICATE_S;
	assert_int_equal(ask("/metrics"), 200);
	expect_line("ddnsd_tls_certificate_expiry_timestamp_seconds 1800000000");
}

static void
updates_names_and_records_are_counted(void **state)
{
	(void)state;
	assert_int_equal(served_do(&served, key,
			     "add desk 60 A 192.0.2.1; add desk 60 A 192.0.2.2;"
			     "add lap 60 TXT a"),
	    STATUS_OK);
	assert_int_equal(served_do(&served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(&served, key, "yxdomain x; delete desk"), STATUS_NAME_MISSING);
	rate_limit_init(&key->updates, 1);
	assert_int_equal(served_do(&served, key, "delete nothing"), STATUS_OK);
	assert_int_equal(served_do(&served, key, "delete desk"), STATUS_LIMITED);
	assert_int_equal(service_commit(served.service), STATUS_OK);
	assert_int_equal(ask("/metrics"), 200);
	expect_line("ddnsd_updates_total{door=\"udp\",result=\"accepted\",reason=\"changed\"} 1");
	expect_line("ddnsd_updates_total{door=\"udp\",result=\"unchanged\",reason=\"same\"} 2");
	expect_line(
	    "ddnsd_updates_total{door=\"udp\",result=\"prerequisite\",reason=\"name_missing\"} 1");
	expect_line("ddnsd_updates_total{door=\"udp\",result=\"limited\",reason=\"rate\"} 1");
	expect_line("ddnsd_rate_limited_total 1");
	expect_line("ddnsd_names{source=\"registered\"} 2");
	expect_line("ddnsd_zone_names{zone=\"home.arpa\"} 2");
	expect_line("ddnsd_zone_names{zone=\"2.0.192.in-addr.arpa\"} 0");
	expect_line("ddnsd_records{zone=\"home.arpa\",type=\"A\"} 2");
	expect_line("ddnsd_records{zone=\"home.arpa\",type=\"TXT\"} 1");
	expect_line("ddnsd_records{zone=\"home.arpa\",type=\"other\"} 0");
	expect_line("ddnsd_records{zone=\"2.0.192.in-addr.arpa\",type=\"SOA\"} 1");
	expect_line("ddnsd_commit_duration_seconds_count 1");
}

static void
a_zone_of_odd_octets_is_escaped(void **state)
{
	(void)state;
	served_add_zone(&served, "a\\\"b\\\\c\\010.test");
	assert_int_equal(service_set_zones(served.service, served.zones, served.zone_count),
	    STATUS_OK);
	assert_int_equal(ask("/metrics"), 200);
	/* As a name it has backslashes already, and each of them is escaped once more. */
	assert_non_null(
	    strstr(body(), "ddnsd_zone_names{zone=\"a\\\\\\\"b\\\\\\\\c\\\\010.test\"} 0\n"));
}

static void
metrics_wait_for_the_commit(void **state)
{
	const struct http_site *site = monitor_site(monitor);

	(void)state;
	assert_int_equal(served_update(&served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(ask("/metrics"), 0);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(service_commit(served.service), STATUS_NO_SPACE);
	site->finish(site->context, &exchange, STATUS_NO_SPACE);
	assert_int_equal(exchange.code, 200);
	/* What was undone was never there. */
	expect_line("ddnsd_names{source=\"registered\"} 0");
	expect_line("ddnsd_updates_total{door=\"udp\",result=\"failed\",reason=\"store\"} 1");
	expect_line("ddnsd_updates_total{door=\"udp\",result=\"accepted\",reason=\"changed\"} 0");
	expect_line("ddnsd_store_failing 1");
	expect_line("ddnsd_commit_failures_total 1");
	expect_line("ddnsd_ready 0");
}

static void
the_metrics_are_for_who_may_look(void **state)
{
	struct principal principal = { .identity = "laptop" };
	struct http_peer peer = stranger;

	(void)state;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 401);
	assert_non_null(fake_header(&exchange, "WWW-Authenticate"));
	assert_int_equal(exchange.header_count, 2);
	assert_string_equal(exchange.headers[0][1], "Bearer realm=\"ddnsd\"");
	assert_string_equal(exchange.headers[1][1], "Basic realm=\"ddnsd\"");
	assert_null(strstr(body(), "ddnsd_"));
	peer.sees_metrics = true;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 200);
	/* An address does not make a wrong secret right. */
	peer.login = STATUS_UNAUTHENTICATED;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 401);
	peer.login = STATUS_LIMITED;
	peer.wait_s = 17;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 429);
	assert_string_equal(fake_header(&exchange, "Retry-After"), "17");
	peer.login = STATUS_REFUSED;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 403);
	assert_non_null(strstr(body(), "from"));
	peer = (struct http_peer){ .principal = &principal, .login = STATUS_OK };
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 403);
	assert_non_null(strstr(body(), "look"));
	peer.sees_all = true;
	assert_int_equal(ask_as(&peer, "GET", "/metrics"), 200);
}

/* --- health --- */

static void
the_loop_that_answers_lives(void **state)
{
	(void)state;
	assert_int_equal(served_update(&served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz/live"), 200);
	assert_string_equal(body(), "ok: ddnsd runs\n");
}

static void
what_is_not_published_is_well_and_said(void **state)
{
	(void)state;
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 200);
	assert_string_equal(body(),
	    "ok: names are not published (mode \"none\"), so dnsmasq is not asked\n");
	assert_int_equal(ask_as(&stranger, "HEAD", "/healthz/ready"), 200);
	assert_int_equal(ask_as(&stranger, "DELETE", "/healthz"), 405);
	/* Also to who fails to log in: a probe needs no key. */
	assert_int_equal(ask_as(&(struct http_peer){ .login = STATUS_UNAUTHENTICATED }, "GET",
			     "/healthz"),
	    200);
}

static void
a_store_that_fails_is_not_well_until_it_works_again(void **state)
{
	(void)state;
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(served_do(&served, key, "add desk 60 A 192.0.2.1"), STATUS_NO_SPACE);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 503);
	assert_string_equal(body(),
	    "failing: the database could not be written at the last change\n");
	commit_outcome = STATUS_OK;
	assert_int_equal(served_do(&served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 200);
}

/* Publishes into the folder by an option of that kind. */
static void
publish_to(const char *entry, const char *confirm)
{
	static struct publisher_options options;

	options = publish;
	options.mode = PUBLISH_HOSTSDIR;
	(void)folder_entry(&served.folder, entry, options.file);
	if (confirm != NULL)
		assert_true(endpoint_from_text(confirm, &options.confirm) == STATUS_OK);
	publisher_set_options(publisher, &options);
}

static void
a_file_that_nobody_asks_for_is_well_and_said(void **state)
{
	(void)state;
	publish_to("hosts", NULL);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 200);
	assert_non_null(strstr(body(), "is not asked"));
}

static void
a_file_that_cannot_be_written_is_told_and_its_path_only_to_some(void **state)
{
	(void)state;
	publish_to("missing/hosts", NULL);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 503);
	assert_string_equal(body(), "failing: the hosts file cannot be written\n");
	assert_int_equal(ask("/healthz"), 503);
	assert_non_null(strstr(body(), served.folder.path));
	assert_int_equal(ask("/metrics"), 200);
	expect_line("ddnsd_ready 0");
	expect_line("ddnsd_publication_failing 1");
	expect_line("ddnsd_publish_failures_total 1");
}

static void
two_things_that_fail_are_both_told(void **state)
{
	(void)state;
	publish_to("missing/hosts", NULL);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(served_do(&served, key, "add desk 60 A 192.0.2.1"), STATUS_NO_SPACE);
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 503);
	assert_string_equal(body(),
	    "failing: the database could not be written at the last change; "
	    "the hosts file cannot be written\n");
}

/* Nobody listens there: fine until the time is over, then not. */
static void
a_dnsmasq_that_does_not_answer_in_time_is_told(void **state)
{
	(void)state;
	publish_to("hosts", "127.0.0.1:1");
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 200);
	assert_non_null(strstr(body(), "under way"));
	served_now_ms += 1500;
	for (int i = 0; i < 1000 && ask_as(&stranger, "GET", "/healthz") == 200; i++)
		served_turn(&served);
	assert_int_equal(exchange.code, 503);
	assert_string_equal(body(), "failing: dnsmasq does not answer what was published\n");
	assert_int_equal(ask("/healthz"), 503);
	assert_non_null(strstr(body(), "127.0.0.1:1"));
}

/* --- the question that a look causes --- */

/* Says that it has read the last publication. */
static void
take_question(void *context, unsigned events)
{
	struct stand_in_question question;
	uint8_t answer[STAND_IN_DATAGRAM_MAX];
	struct publisher_report report;
	char address[64];

	(void)context;
	(void)events;
	if (!stand_in_receive(server.fd, &question, 0))
		return;
	questions++;
	if (is_silent)
		return;
	publisher_report(publisher, &report);
	(void)snprintf(address, sizeof(address), "100::%x:%x:%x:%x",
	    (unsigned)(report.number >> 48), (unsigned)(report.number >> 32 & 0xffff),
	    (unsigned)(report.number >> 16 & 0xffff), (unsigned)(report.number & 0xffff));
	stand_in_send(server.fd, &question, answer, stand_in_answer(&question, address, answer));
}

static bool
is_confirmed(void)
{
	struct publisher_report report;

	publisher_report(publisher, &report);
	return report.state == PUBLISHER_CONFIRMED;
}

/* Published, answered, and some time ago. */
static void
have_an_old_answer(void)
{
	struct endpoint at = { 0 };
	char text[ENDPOINT_TEXT_MAX];
	int fd = stand_in_socket(&at);

	server = (struct loop_watch){ .handler = take_question };
	assert_int_equal(loop_watch(served.loop, &server, fd, LOOP_READ), STATUS_OK);
	publish_to("hosts", endpoint_to_text(&at, text));
	for (int i = 0; i < 1000 && !is_confirmed(); i++)
		served_turn(&served);
	assert_true(is_confirmed());
	assert_int_equal(ask("/healthz"), 200);
	served_now_ms += 6000;
	questions = 0;
}

/* A turn, and what waits is looked at again. */
static unsigned
wait_a_turn(struct http_exchange *waiting)
{
	const struct http_site *site = monitor_site(monitor);

	served_turn(&served);
	if (waiting->code == 0)
		site->finish(site->context, waiting, STATUS_OK);
	return waiting->code;
}

static unsigned
wait_for_answer(struct http_exchange *waiting)
{
	for (int i = 0; i < 1000 && waiting->code == 0; i++)
		(void)wait_a_turn(waiting);
	return waiting->code;
}

static void
a_look_waits_for_the_answer_to_its_question(void **state)
{
	(void)state;
	have_an_old_answer();
	assert_int_equal(ask("/healthz"), 0);
	assert_int_equal(wait_for_answer(&exchange), 200);
	assert_non_null(strstr(body(), "ok: dnsmasq answers publication"));
	/* It holds for a while. */
	assert_int_equal(ask("/healthz"), 200);
	assert_int_equal(questions, 1);
}

static void
a_dnsmasq_that_went_is_told_to_who_looks_first(void **state)
{
	(void)state;
	have_an_old_answer();
	is_silent = true;
	assert_int_equal(ask_as(&stranger, "GET", "/healthz"), 0);
	assert_int_equal(wait_a_turn(&exchange), 0);
	served_now_ms += 1500;
	assert_int_equal(wait_for_answer(&exchange), 503);
	assert_string_equal(body(), "failing: dnsmasq does not answer what was published\n");
	/* Nobody waits for what is known. */
	assert_int_equal(ask("/healthz"), 503);
}

static void
looks_share_a_question_and_the_metrics_wait_for_none(void **state)
{
	const struct http_site *site = monitor_site(monitor);
	struct http_exchange second;

	(void)state;
	have_an_old_answer();
	is_silent = true;
	assert_int_equal(ask("/metrics"), 200);
	expect_line("ddnsd_publication_state{state=\"confirmed\"} 1");
	assert_int_equal(ask_as(&stranger, "GET", "/healthz/ready"), 0);
	assert_true(fake_begin(&second, &stranger, "GET", "/healthz", "", 0));
	site->receive(site->context, &second);
	assert_int_equal(wait_a_turn(&exchange), 0);
	assert_int_equal(wait_a_turn(&second), 0);
	assert_int_equal(questions, 1);
	served_now_ms += 1500;
	assert_int_equal(wait_for_answer(&exchange), 503);
	assert_int_equal(wait_a_turn(&second), 503);
	site->release(site->context, &second);
	fake_end(&second);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_metrics_are_text_of_version_0_0_4),
		TEST(each_sample_stands_below_its_type),
		TEST(all_that_can_be_counted_is_there_from_the_start),
		TEST(updates_names_and_records_are_counted),
		TEST(a_zone_of_odd_octets_is_escaped),
		TEST(metrics_wait_for_the_commit),
		TEST(the_metrics_are_for_who_may_look),
		TEST(the_loop_that_answers_lives),
		TEST(what_is_not_published_is_well_and_said),
		TEST(a_store_that_fails_is_not_well_until_it_works_again),
		TEST(a_file_that_nobody_asks_for_is_well_and_said),
		TEST(a_file_that_cannot_be_written_is_told_and_its_path_only_to_some),
		TEST(two_things_that_fail_are_both_told),
		TEST(a_dnsmasq_that_does_not_answer_in_time_is_told),
		TEST(a_look_waits_for_the_answer_to_its_question),
		TEST(a_dnsmasq_that_went_is_told_to_who_looks_first),
		TEST(looks_share_a_question_and_the_metrics_wait_for_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
