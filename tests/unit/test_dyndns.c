/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What updates by URL do and are told (rules 45 to 48): a service behind, no socket before. */
#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "doors/dyndns.h"
#include "service/report.h"

#include "fake_exchange.h"
#include "served.h"

enum { LEASE_S = 3888000, TARGET_SIZE = 2048 };

struct site {
	struct served served;
	struct principal *laptop;
	struct principal *router;
	struct principal *other;
	struct interface_id ids[2];
	struct dyndns *dyndns;
	struct http_peer peer;
	struct http_exchange exchange;
	bool is_open;
	bool has_waited; /* the last answer came after a commit */
};

/* --- the site --- */

static void
speak_from(struct site *site, struct principal *principal, const char *source)
{
	site->peer = (struct http_peer){ .door = "https", .principal = principal };
	(void)snprintf(site->peer.who, sizeof(site->peer.who), "%s", source);
	assert_int_equal(address_from_text(source, &site->peer.source), STATUS_OK);
}

static int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));

	assert_non_null(site);
	served_init(&site->served);
	served_add_zone(&site->served, "example.net");
	served_start(&site->served);
	site->laptop = served_key(&site->served, "laptop", "self A AAAA");
	site->router = served_key(&site->served, "router", "zone home.arpa A AAAA");
	site->other = served_key(&site->served, "other", "*.home.arpa A");
	site->dyndns = dyndns_new(site->served.service);
	assert_non_null(site->dyndns);
	dyndns_set_lease(site->dyndns, true, LEASE_S);
	speak_from(site, site->router, "192.0.2.77");
	*state = site;
	return 0;
}

static void
forget_answer(struct site *site)
{
	const struct http_site *door = dyndns_site(site->dyndns);

	if (!site->is_open)
		return;
	door->release(door->context, &site->exchange);
	fake_end(&site->exchange);
	site->is_open = false;
}

static int
close_site(void **state)
{
	struct site *site = *state;

	forget_answer(site);
	dyndns_free(site->dyndns);
	served_close(&site->served);
	free(site);
	return 0;
}

/* --- asking --- */

/* Receives; the answer is there, or waits for finish(). */
static void
begin(struct site *site, const char *method, const char *target, const char *type, const char *body)
{
	const struct http_site *door = dyndns_site(site->dyndns);
	const struct http_argument headers[] = { { "Content-Type", type }, { NULL, NULL } };

	forget_answer(site);
	assert_true(fake_begin(&site->exchange, &site->peer, method, target, body, strlen(body)));
	site->exchange.asked = type != NULL ? headers : NULL;
	site->is_open = true;
	assert_true(dyndns_has_path(http_path(&site->exchange)));
	assert_in_range(strlen(body), 0,
	    door->body_max(door->context, method, http_path(&site->exchange), &site->peer));
	door->receive(door->context, &site->exchange);
	site->exchange.asked = NULL;
	site->has_waited = site->exchange.is_waiting;
	assert_true(site->has_waited != (site->exchange.code != 0));
}

static void
finish(struct site *site, enum status commit_status)
{
	const struct http_site *door = dyndns_site(site->dyndns);

	if (site->exchange.is_waiting)
		door->finish(door->context, &site->exchange, commit_status);
	assert_int_not_equal(site->exchange.code, 0);
}

static const char *
ask(struct site *site, const char *method, const char *target, const char *type, const char *body)
{
	begin(site, method, target, type, body);
	finish(site, service_commit(site->served.service));
	return site->exchange.answer.data;
}

/* A GET that is a turn of its own: the answer's body. */
static const char *
get(struct site *site, const char *target)
{
	return ask(site, "GET", target, NULL, "");
}

static const char *
update(struct site *site, const char *query)
{
	char target[TARGET_SIZE];

	(void)snprintf(target, sizeof(target), "/nic/update?%s", query);
	return get(site, target);
}

static const char *
rest(struct site *site, const char *query)
{
	char target[TARGET_SIZE];

	(void)snprintf(target, sizeof(target), "/v1/update?%s", query);
	return get(site, target);
}

static void
expect_code(struct site *site, unsigned code, const char *type)
{
	assert_int_equal(site->exchange.code, code);
	assert_string_equal(site->exchange.type, type);
}

static void
expect_records(struct site *site, const char *name, const char *records)
{
	assert_string_equal(served_records(&site->served, name), records);
}

static void
must_do(struct site *site, struct principal *principal, const char *script)
{
	assert_int_equal(served_do(&site->served, principal, script), STATUS_OK);
}

/* --- rule 45 --- */

static void
rule_45_a_new_address_is_good_and_the_same_again_is_nochg(void **state)
{
	struct site *site = *state;

	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\n");
	expect_code(site, 200, "text/plain");
	assert_true(site->has_waited);
	expect_records(site, "nas", "60 A 192.0.2.1\n");
	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.1"),
	    "nochg 192.0.2.1\n");
	expect_code(site, 200, "text/plain");
	/* A refresh costs no commit. */
	assert_false(site->has_waited);
	assert_string_equal(update(site, "hostname=NAS.Home.Arpa.&myip=192.0.2.2"),
	    "good 192.0.2.2\n");
	expect_records(site, "nas", "60 A 192.0.2.2\n");
}

static void
rule_45_hosts_are_answered_a_line_each_in_order(void **state)
{
	struct site *site = *state;

	(void)update(site, "hostname=b.home.arpa&myip=192.0.2.1");
	assert_string_equal(update(site,
				"hostname=a.home.arpa,nodot,b.home.arpa,a.example.net,x.org,a..b"
				"&myip=192.0.2.1"),
	    "good 192.0.2.1\nnotfqdn\nnochg 192.0.2.1\nnohost\nnohost\nnotfqdn\n");
	expect_code(site, 200, "text/plain");
	expect_records(site, "a", "60 A 192.0.2.1\n");
	expect_records(site, "a.example.net.", "");
}

static void
rule_45_both_families_come_in_one_line_ipv4_first(void **state)
{
	struct site *site = *state;

	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=2001:db8::1,192.0.2.1"),
	    "good 192.0.2.1,2001:db8::1\n");
	expect_records(site, "nas", "60 A 192.0.2.1\n60 AAAA 2001:db8::1\n");
}

static void
rule_45_one_family_leaves_the_other_alone(void **state)
{
	struct site *site = *state;

	(void)update(site, "hostname=nas.home.arpa&myip=2001:db8::1,192.0.2.1");
	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.9"),
	    "good 192.0.2.9\n");
	expect_records(site, "nas", "60 A 192.0.2.9\n60 AAAA 2001:db8::1\n");
	assert_string_equal(update(site, "hostname=nas.home.arpa&myipv6=2001:db8::9"),
	    "good 2001:db8::9\n");
	expect_records(site, "nas", "60 A 192.0.2.9\n60 AAAA 2001:db8::9\n");
}

static void
other_records_of_the_name_stay(void **state)
{
	struct site *site = *state;

	served_grant(site->router, "zone home.arpa TXT");
	must_do(site, site->router, "add nas 300 TXT \"x\"; add nas 300 A 192.0.2.1");
	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.2"),
	    "good 192.0.2.2\n");
	expect_records(site, "nas", "60 A 192.0.2.2\n300 TXT \"x\"\n");
}

static void
rule_45_a_form_by_post_does_the_same(void **state)
{
	struct site *site = *state;

	assert_string_equal(ask(site, "POST", "/nic/update", "application/x-www-form-urlencoded",
				"hostname=nas.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\n");
	assert_string_equal(ask(site, "POST", "/nic/update?hostname=nas.home.arpa", NULL,
				"myip=192.0.2.1"),
	    "nochg 192.0.2.1\n");
	assert_string_equal(ask(site, "POST", "/nic/update", NULL, "hostname=%"), "notfqdn\n");
	assert_string_equal(ask(site, "POST", "/nic/update", NULL, ""), "notfqdn\n");
}

static void
the_paths_that_routers_know_are_there(void **state)
{
	static const char *const paths[] = { "/nic/update", "/nic/dyndns", "/v3/update", "/update",
		"/dyndns/update" };
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		char target[TARGET_SIZE];

		(void)snprintf(target, sizeof(target), "%s?hostname=nas.home.arpa&myip=192.0.2.%zu",
		    paths[i], i + 1);
		assert_memory_equal(get(site, target), "good", 4);
	}
	assert_true(dyndns_has_path("/v1/update"));
	assert_false(dyndns_has_path("/v1/updates"));
	assert_false(dyndns_has_path("/nic"));
	assert_false(dyndns_has_path("/"));
}

static void
other_methods_are_405(void **state)
{
	static const char *const methods[] = { "HEAD", "PUT", "DELETE", "OPTIONS", "get" };
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		(void)ask(site, methods[i], "/nic/update?hostname=nas.home.arpa&myip=192.0.2.1",
		    NULL, "");
		expect_code(site, 405, "text/plain");
		assert_string_equal(fake_header(&site->exchange, "Allow"), "GET, POST");
	}
	expect_records(site, "nas", "");
}

static void
rule_45_without_a_host_it_is_notfqdn_and_over_twenty_numhost(void **state)
{
	struct site *site = *state;
	char query[TARGET_SIZE] = "myip=192.0.2.1&hostname=";

	assert_string_equal(update(site, "myip=192.0.2.1"), "notfqdn\n");
	assert_string_equal(update(site, "hostname=&myip=192.0.2.1"), "notfqdn\n");
	for (int i = 0; i <= 20; i++) {
		size_t used = strlen(query);

		(void)snprintf(query + used, sizeof(query) - used, "h%d.home.arpa,", i);
	}
	assert_string_equal(update(site, query), "numhost\n");
	expect_records(site, "h0", "");
}

/* --- who may (rules 31, 32, 45) --- */

static void
rule_45_who_is_not_logged_in_hears_badauth_with_401(void **state)
{
	static const enum status logins[] = { STATUS_NOT_FOUND, STATUS_UNAUTHENTICATED,
		STATUS_REFUSED };
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		speak_from(site, NULL, "192.0.2.77");
		site->peer.login = logins[i];
		assert_string_equal(update(site, "hostname=a.home.arpa,b.home.arpa&myip=192.0.2.1"),
		    "badauth\n");
		expect_code(site, 401, "text/plain");
		assert_string_equal(fake_header(&site->exchange, "WWW-Authenticate"),
		    "Basic realm=\"ddnsd\"");
	}
	/* A principal beside a refusal counts for nothing. */
	site->peer.principal = site->router;
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.1"), "badauth\n");
	expect_records(site, "a", "");
}

static void
who_is_locked_out_hears_abuse_and_for_how_long(void **state)
{
	struct site *site = *state;

	speak_from(site, NULL, "192.0.2.77");
	site->peer.login = STATUS_LIMITED;
	site->peer.wait_s = 17;
	assert_string_equal(update(site, "hostname=a.home.arpa,b.home.arpa"), "abuse\nabuse\n");
	expect_code(site, 200, "text/plain");
	assert_string_equal(fake_header(&site->exchange, "Retry-After"), "17");
	(void)rest(site, "hostname=a.home.arpa");
	expect_code(site, 429, "application/json");
	assert_string_equal(fake_header(&site->exchange, "Retry-After"), "17");
}

static void
rule_31_a_name_without_a_grant_is_nohost(void **state)
{
	struct site *site = *state;

	speak_from(site, site->laptop, "192.0.2.77");
	assert_string_equal(update(site, "hostname=laptop.home.arpa,nas.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\nnohost\n");
	expect_records(site, "nas", "");
	speak_from(site, site->other, "192.0.2.77");
	/* All of a host's addresses, or none. */
	assert_string_equal(update(site, "hostname=tv.home.arpa&myip=192.0.2.1,2001:db8::1"),
	    "nohost\n");
	expect_records(site, "tv", "");
}

static void
rule_32_anothers_name_is_nohost(void **state)
{
	struct site *site = *state;

	must_do(site, site->router, "add nas 60 A 192.0.2.1");
	speak_from(site, site->other, "192.0.2.78");
	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.2"), "nohost\n");
	expect_records(site, "nas", "60 A 192.0.2.1\n");
}

static void
a_request_takes_one_of_the_updates_a_minute_whatever_its_hosts(void **state)
{
	struct site *site = *state;

	rate_limit_init(&site->router->updates, 2);
	assert_string_equal(update(site,
				"hostname=a.home.arpa,b.home.arpa,c.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\ngood 192.0.2.1\ngood 192.0.2.1\n");
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.1"),
	    "nochg 192.0.2.1\n");
	assert_string_equal(update(site, "hostname=a.home.arpa,b.home.arpa&myip=192.0.2.2"),
	    "abuse\nabuse\n");
	expect_code(site, 200, "text/plain");
	assert_string_equal(fake_header(&site->exchange, "Retry-After"), "30");
	expect_records(site, "a", "60 A 192.0.2.1\n");
	served_pass(30);
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.2"),
	    "good 192.0.2.2\n");
}

static void
limits_for_names_are_numhost_and_for_addresses_dnserr(void **state)
{
	struct site *site = *state;
	struct service_options options = { .addresses_per_name = 2 };

	site->router->names_max = 1;
	service_set_options(site->served.service, &options);
	assert_string_equal(update(site, "hostname=a.home.arpa,b.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\nnumhost\n");
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.1,192.0.2.2,192.0.2.3"),
	    "dnserr\n");
	(void)rest(site, "hostname=b.home.arpa&myip=192.0.2.1");
	expect_code(site, 429, "application/json");
}

static void
an_alias_keeps_its_cname_and_hears_dnserr(void **state)
{
	struct site *site = *state;

	served_grant(site->router, "zone home.arpa CNAME");
	must_do(site, site->router, "add www 60 CNAME nas");
	assert_string_equal(update(site, "hostname=www.home.arpa&myip=192.0.2.1"), "dnserr\n");
	expect_records(site, "www", "60 CNAME nas.home.arpa.\n");
	(void)rest(site, "hostname=www.home.arpa&myip=192.0.2.1");
	expect_code(site, 409, "application/json");
	/* Who may not change the name does not learn what stands there. */
	speak_from(site, site->laptop, "192.0.2.78");
	(void)rest(site, "hostname=www.home.arpa&myip=192.0.2.1");
	expect_code(site, 403, "application/json");
	(void)rest(site, "hostname=www.home.arpa&ip6lanprefix=2001:db8::/64");
	expect_code(site, 403, "application/json");
}

/* --- rule 46 --- */

static void
rule_46_absent_or_empty_means_where_the_request_came_from(void **state)
{
	static const char *const queries[] = { "hostname=nas.home.arpa",
		"hostname=nas.home.arpa&myip=", "hostname=nas.home.arpa&myip",
		"hostname=nas.home.arpa&ipv4=&ipv6=", "hostname=nas.home.arpa&ipv6=" };
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		char source[ADDRESS_TEXT_MAX];
		char expected[64];

		(void)snprintf(source, sizeof(source), "192.0.2.%zu", 101 + i);
		(void)snprintf(expected, sizeof(expected), "good %s\n", source);
		speak_from(site, site->router, source);
		assert_string_equal(update(site, queries[i]), expected);
	}
	speak_from(site, site->router, "2001:db8::77");
	assert_string_equal(update(site, queries[1]), "good 2001:db8::77\n");
	expect_records(site, "nas", "60 A 192.0.2.105\n60 AAAA 2001:db8::77\n");
}

static void
rule_46_empty_beside_one_that_is_given_means_the_source_for_the_other_family(void **state)
{
	struct site *site = *state;

	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=&myipv6=2001:db8::1"),
	    "good 192.0.2.77,2001:db8::1\n");
	/* What is given comes before where it came from. */
	speak_from(site, site->router, "2001:db8::77");
	assert_string_equal(update(site, "hostname=tv.home.arpa&myip=&myipv6=2001:db8::1"),
	    "good 2001:db8::1\n");
	/* Nothing empty: nothing but what is given. */
	assert_string_equal(update(site, "hostname=pc.home.arpa&myip=192.0.2.1"),
	    "good 192.0.2.1\n");
}

static void
rule_46_nothing_is_ever_deleted_for_want_of_an_address(void **state)
{
	static const char *const sources[] = { "127.0.0.1", "::1", "169.254.1.1", "fe80::1" };
	struct site *site = *state;

	(void)update(site, "hostname=nas.home.arpa&myip=192.0.2.1,2001:db8::1");
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		speak_from(site, site->router, sources[i]);
		assert_string_equal(update(site, "hostname=nas.home.arpa&myip="), "dnserr\n");
		/* What is given is good for itself. */
		assert_string_equal(update(site, "hostname=nas.home.arpa&myip=&myipv6=2001:db8::1"),
		    "nochg 2001:db8::1\n");
	}
	expect_records(site, "nas", "60 A 192.0.2.1\n60 AAAA 2001:db8::1\n");
}

static void
an_address_that_is_none_changes_nothing(void **state)
{
	struct site *site = *state;

	assert_string_equal(update(site, "hostname=a.home.arpa,b.home.arpa&myip=192.0.2.1,x"),
	    "dnserr\ndnserr\n");
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=127.0.0.1"), "dnserr\n");
	expect_records(site, "a", "");
	(void)rest(site, "hostname=a.home.arpa&myip=x");
	expect_code(site, 400, "application/json");
	assert_non_null(strstr(site->exchange.answer.data, "\\\"x\\\" is no address"));
}

static void
rule_46_offline_deletes_what_the_key_may_change(void **state)
{
	struct site *site = *state;

	served_grant(site->router, "zone home.arpa TXT");
	must_do(site, site->router,
	    "add nas 60 A 192.0.2.1; add nas 60 AAAA 2001:db8::1; add nas 60 TXT \"x\"");
	assert_string_equal(update(site, "hostname=nas.home.arpa&offline=NO&myip=192.0.2.1"),
	    "nochg 192.0.2.1\n");
	assert_string_equal(update(site, "hostname=nas.home.arpa&offline=YES"), "good\n");
	expect_records(site, "nas", "60 TXT \"x\"\n");
	assert_string_equal(update(site, "hostname=nas.home.arpa&offline=YES"), "nochg\n");
	speak_from(site, site->other, "192.0.2.77");
	(void)update(site, "hostname=tv.home.arpa&myip=192.0.2.1");
	assert_string_equal(update(site, "hostname=tv.home.arpa&offline=YES"), "good\n");
	expect_records(site, "tv", "");
	speak_from(site, site->laptop, "192.0.2.77");
	assert_string_equal(update(site, "hostname=nas.home.arpa&offline=YES"), "nohost\n");
}

/* --- leases --- */

static void
the_door_has_a_lease_of_its_own(void **state)
{
	struct site *site = *state;

	(void)update(site, "hostname=nas.home.arpa&myip=192.0.2.1");
	assert_int_equal(served_until(&site->served, "nas"), served_now_ms / 1000 + LEASE_S + 1);
	served_pass(1000);
	assert_string_equal(update(site, "hostname=nas.home.arpa&myip=192.0.2.1"),
	    "nochg 192.0.2.1\n");
	assert_int_equal(served_until(&site->served, "nas"), served_now_ms / 1000 + LEASE_S + 1);
	dyndns_set_lease(site->dyndns, true, 0);
	(void)update(site, "hostname=nas.home.arpa&myip=192.0.2.1");
	assert_int_equal(served_until(&site->served, "nas"), LEASE_FOREVER);
	dyndns_set_lease(site->dyndns, false, 0);
	(void)update(site, "hostname=nas.home.arpa&myip=192.0.2.1");
	assert_int_equal(served_until(&site->served, "nas"), served_now_ms / 1000 + 3600 + 1);
}

/* --- the store --- */

static void
rule_45_what_cannot_be_stored_is_911_and_nothing_else(void **state)
{
	struct site *site = *state;

	(void)update(site, "hostname=b.home.arpa&myip=192.0.2.1");
	begin(site, "GET",
	    "/nic/update?hostname=a.home.arpa,b.home.arpa,nodot,x.org&myip=192.0.2.1", NULL, "");
	assert_true(site->has_waited);
	finish(site, STATUS_NO_SPACE);
	assert_string_equal(site->exchange.answer.data, "911\n911\nnotfqdn\n911\n");
	expect_code(site, 200, "text/plain");
	assert_int_equal(service_commit(site->served.service), STATUS_OK);
	begin(site, "GET", "/v1/update?hostname=c.home.arpa&myip=192.0.2.1", NULL, "");
	finish(site, STATUS_NO_SPACE);
	expect_code(site, 503, "application/json");
	assert_non_null(fake_header(&site->exchange, "Retry-After"));
	assert_null(strstr(site->exchange.answer.data, "good"));
}

static void
nochg_waits_for_the_commit_of_what_it_rests_on(void **state)
{
	struct site *site = *state;

	assert_int_equal(served_update(&site->served, site->router, "add nas 60 A 192.0.2.1"),
	    STATUS_OK);
	begin(site, "GET", "/nic/update?hostname=nas.home.arpa&myip=192.0.2.1", NULL, "");
	assert_true(site->has_waited);
	finish(site, STATUS_IO);
	assert_string_equal(site->exchange.answer.data, "911\n");
	/* Who is not let in need not wait. */
	site->peer.login = STATUS_UNAUTHENTICATED;
	begin(site, "GET", "/nic/update?hostname=nas.home.arpa&myip=192.0.2.1", NULL, "");
	assert_false(site->has_waited);
}

/* --- a new prefix --- */

static void
configure_ids(struct site *site)
{
	static const uint8_t nas[] = { 0x02, 0x11, 0x32, 0xff, 0xfe, 0x12, 0x34, 0x56 };

	assert_int_equal(name_from_text("nas.home.arpa", &site->ids[0].host), STATUS_OK);
	memcpy(site->ids[0].octets, nas, sizeof(nas));
	assert_int_equal(name_from_text("tv.home.arpa", &site->ids[1].host), STATUS_OK);
	site->ids[1].octets[7] = 0x42;
	site->router->interface_ids = site->ids;
	site->router->interface_id_count = 2;
}

static void
one_prefix_renumbers_every_host_of_the_key(void **state)
{
	struct site *site = *state;

	configure_ids(site);
	must_do(site, site->router,
	    "add pc 60 AAAA 2001:db8:1::5; add pc 60 AAAA fd00::5; add pc 60 A 192.0.2.5;"
	    "add tv 60 AAAA 2001:db8:1::7");
	must_do(site, site->other, "add cam 60 A 192.0.2.9");
	assert_string_equal(update(site,
				"hostname=router.home.arpa&myip=192.0.2.1&myipv6=2001:db8:2::1"
				"&ip6lanprefix=2001:db8:2::/64"),
	    "good 192.0.2.1,2001:db8:2::1\n");
	expect_records(site, "router", "60 A 192.0.2.1\n60 AAAA 2001:db8:2::1\n");
	expect_records(site, "pc", "60 A 192.0.2.5\n60 AAAA 2001:db8:2::5\n60 AAAA fd00::5\n");
	expect_records(site, "nas", "60 AAAA 2001:db8:2:0:211:32ff:fe12:3456\n");
	expect_records(site, "tv", "60 AAAA 2001:db8:2::42\n");
	expect_records(site, "cam", "60 A 192.0.2.9\n");
}

static void
the_same_prefix_again_changes_and_writes_nothing(void **state)
{
	static const char query[] =
	    "hostname=router.home.arpa&myip=192.0.2.1&ip6lanprefix=2001:db8:2::/64";
	static char before[SERVED_TEXT_MAX];
	struct site *site = *state;
	uint32_t serial;

	configure_ids(site);
	must_do(site, site->router,
	    "add pc 60 AAAA 2001:db8:1::5; add router 60 AAAA 2001:db8:1::1");
	assert_string_equal(update(site, query), "good 192.0.2.1,2001:db8:2::1\n");
	serial = served_serial(&site->served);
	served_remember(&site->served, before);
	assert_string_equal(update(site, query), "nochg 192.0.2.1,2001:db8:2::1\n");
	assert_false(site->has_waited);
	assert_int_equal(served_serial(&site->served), serial);
	assert_string_equal(served_picture(&site->served), before);
}

static void
a_host_that_is_renumbered_keeps_the_end_of_its_lease(void **state)
{
	struct site *site = *state;
	int64_t until_s;

	must_do(site, site->router, "add pc 60 AAAA 2001:db8:1::5");
	until_s = served_until(&site->served, "pc");
	served_pass(600);
	assert_string_equal(update(site,
				"hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix=2001:db8:2::/64"),
	    "good 192.0.2.1\n");
	expect_records(site, "pc", "60 AAAA 2001:db8:2::5\n");
	assert_in_range(served_until(&site->served, "pc"), until_s, until_s + 1);
}

static void
a_configured_host_that_is_listed_gets_the_prefix_and_not_the_routers_address(void **state)
{
	struct site *site = *state;

	configure_ids(site);
	assert_string_equal(update(site,
				"hostname=nas.home.arpa&myip=192.0.2.1&myipv6=2001:db8:2::1"
				"&ip6lanprefix=2001:db8:2::/64"),
	    "good 192.0.2.1,2001:db8:2:0:211:32ff:fe12:3456\n");
	expect_records(site, "tv", "60 AAAA 2001:db8:2::42\n");
}

static void
a_shorter_prefix_keeps_the_subnet(void **state)
{
	struct site *site = *state;

	configure_ids(site);
	must_do(site, site->router,
	    "add nas 60 AAAA 2001:db8:1:7::1; add pc 60 AAAA 2001:db8:1:8::1");
	assert_string_equal(update(site, "hostname=nas.home.arpa&ip6lanprefix=2001:db8:2::/56"),
	    "good 2001:db8:2:7:211:32ff:fe12:3456\n");
	expect_records(site, "pc", "60 AAAA 2001:db8:2:8::1\n");
}

static void
a_prefix_alone_does_not_take_the_source_for_an_address(void **state)
{
	struct site *site = *state;

	speak_from(site, site->router, "2001:db8:2::1");
	must_do(site, site->router, "add pc 60 AAAA 2001:db8:1::5");
	assert_string_equal(update(site, "hostname=pc.home.arpa&ip6lanprefix=2001:db8:2::/64"),
	    "good 2001:db8:2::5\n");
	assert_string_equal(update(site, "hostname=tv.home.arpa&ip6lanprefix=2001:db8:2::/64"),
	    "dnserr\n");
	expect_records(site, "tv", "");
}

static void
a_bad_prefix_changes_nothing_and_an_empty_one_is_none(void **state)
{
	struct site *site = *state;

	must_do(site, site->router, "add pc 60 AAAA 2001:db8:1::5");
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix=::/0"),
	    "dnserr\n");
	assert_string_equal(update(site,
				"hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix=fe80::/64"),
	    "dnserr\n");
	expect_records(site, "a", "");
	assert_string_equal(update(site, "hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix="),
	    "good 192.0.2.1\n");
	expect_records(site, "pc", "60 AAAA 2001:db8:1::5\n");
}

static void
a_renumbering_that_cannot_be_stored_is_undone_as_a_whole(void **state)
{
	struct site *site = *state;

	must_do(site, site->router, "add pc 60 AAAA 2001:db8:1::5; add tv 60 AAAA 2001:db8:1::6");
	begin(site, "GET",
	    "/nic/update?hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix=2001:db8:2::/64", NULL,
	    "");
	registry_rollback(site->served.registry);
	finish(site, STATUS_IO);
	assert_string_equal(site->exchange.answer.data, "911\n");
	expect_records(site, "pc", "60 AAAA 2001:db8:1::5\n");
	expect_records(site, "tv", "60 AAAA 2001:db8:1::6\n");
	assert_string_equal(update(site,
				"hostname=a.home.arpa&myip=192.0.2.1&ip6lanprefix=2001:db8:2::/64"),
	    "good 192.0.2.1\n");
	expect_records(site, "pc", "60 AAAA 2001:db8:2::5\n");
	expect_records(site, "tv", "60 AAAA 2001:db8:2::6\n");
}

/* --- rule 48 --- */

static void
rule_48_v1_update_answers_with_json(void **state)
{
	struct site *site = *state;

	assert_string_equal(rest(site,
				"hostname=a.home.arpa,B.home.arpa&myip=192.0.2.1,2001:db8::1"),
	    "{\"results\":[{\"host\":\"a.home.arpa\",\"result\":\"good\","
	    "\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]},"
	    "{\"host\":\"b.home.arpa\",\"result\":\"good\","
	    "\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"]}]}\n");
	expect_code(site, 200, "application/json");
	assert_string_equal(ask(site, "POST", "/v1/update", "application/json",
				"{\"hostname\":[\"a.home.arpa\"],\"myip\":\"192.0.2.1\"}"),
	    "{\"results\":[{\"host\":\"a.home.arpa\",\"result\":\"nochg\","
	    "\"addresses\":[\"192.0.2.1\"]}]}\n");
	assert_false(site->has_waited);
	(void)ask(site, "POST", "/v1/update", "application/x-www-form-urlencoded",
	    "hostname=a.home.arpa&myip=192.0.2.2");
	expect_code(site, 200, "application/json");
	expect_records(site, "a", "60 A 192.0.2.2\n60 AAAA 2001:db8::1\n");
}

static void
rule_48_v1_update_answers_with_the_status_of_what_failed_first(void **state)
{
	struct site *site = *state;
	static const struct {
		const char *query;
		unsigned code;
	} failures[] = {
		{ "myip=192.0.2.1", 400 },
		{ "hostname=nodot&myip=192.0.2.1", 400 },
		{ "hostname=x.org&myip=192.0.2.1", 404 },
		{ "hostname=a.example.net&myip=192.0.2.1", 403 },
		{ "hostname=cam.home.arpa&myip=192.0.2.1", 409 },
		{ "hostname=a.home.arpa,x.org,nodot&myip=192.0.2.1", 404 },
		{ "hostname=a.home.arpa&myip=nowhere", 400 },
	};

	must_do(site, site->other, "add cam 60 A 192.0.2.9");
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		(void)rest(site, failures[i].query);
		expect_code(site, failures[i].code, "application/json");
		assert_non_null(strstr(site->exchange.answer.data, "\"error\":\""));
		assert_non_null(strstr(site->exchange.answer.data, "\"hint\":\""));
	}
	site->peer.principal = NULL;
	site->peer.login = STATUS_NOT_FOUND;
	(void)rest(site, "hostname=a.home.arpa&myip=192.0.2.1");
	expect_code(site, 401, "application/json");
	/* Not Basic: a browser would keep it. */
	assert_string_equal(fake_header(&site->exchange, "WWW-Authenticate"),
	    "Bearer realm=\"ddnsd\"");
	site->peer.login = STATUS_REFUSED;
	(void)rest(site, "hostname=a.home.arpa&myip=192.0.2.1");
	expect_code(site, 403, "application/json");
}

static void
rule_47_no_error_says_good_or_nochg(void **state)
{
	static const char *const queries[] = { "", "hostname=nodot", "hostname=x.org",
		"hostname=a.example.net", "hostname=a.home.arpa&myip=x", "hostname=%ff..x",
		"hostname=a.home.arpa&ip6lanprefix=2001:db8::/64" };
	struct site *site = *state;

	for (size_t i = 0; i < 2 * sizeof(queries) / sizeof(queries[0]); i++) {
		const char *text = i % 2 == 0 ? rest(site, queries[i / 2])
					      : update(site, queries[i / 2]);

		assert_null(strstr(text, "good"));
		assert_null(strstr(text, "nochg"));
	}
}

static void
hosts_of_any_octets_are_answered_in_json_that_reads(void **state)
{
	struct site *site = *state;
	json_t *json;

	(void)rest(site, "hostname=%ff%22..x,%c3%a4..x&myip=192.0.2.1");
	expect_code(site, 400, "application/json");
	json = json_loads(site->exchange.answer.data, 0, NULL);
	assert_non_null(json);
	assert_int_equal(json_array_size(json_object_get(json, "results")), 2);
	json_decref(json);
}

#define SITE_TEST(test) cmocka_unit_test_setup_teardown(test, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(rule_45_a_new_address_is_good_and_the_same_again_is_nochg),
		SITE_TEST(rule_45_hosts_are_answered_a_line_each_in_order),
		SITE_TEST(rule_45_both_families_come_in_one_line_ipv4_first),
		SITE_TEST(rule_45_one_family_leaves_the_other_alone),
		SITE_TEST(other_records_of_the_name_stay),
		SITE_TEST(rule_45_a_form_by_post_does_the_same),
		SITE_TEST(the_paths_that_routers_know_are_there),
		SITE_TEST(other_methods_are_405),
		SITE_TEST(rule_45_without_a_host_it_is_notfqdn_and_over_twenty_numhost),
		SITE_TEST(rule_45_who_is_not_logged_in_hears_badauth_with_401),
		SITE_TEST(who_is_locked_out_hears_abuse_and_for_how_long),
		SITE_TEST(rule_31_a_name_without_a_grant_is_nohost),
		SITE_TEST(rule_32_anothers_name_is_nohost),
		SITE_TEST(a_request_takes_one_of_the_updates_a_minute_whatever_its_hosts),
		SITE_TEST(limits_for_names_are_numhost_and_for_addresses_dnserr),
		SITE_TEST(an_alias_keeps_its_cname_and_hears_dnserr),
		SITE_TEST(rule_46_absent_or_empty_means_where_the_request_came_from),
		SITE_TEST(
		    rule_46_empty_beside_one_that_is_given_means_the_source_for_the_other_family),
		SITE_TEST(rule_46_nothing_is_ever_deleted_for_want_of_an_address),
		SITE_TEST(an_address_that_is_none_changes_nothing),
		SITE_TEST(rule_46_offline_deletes_what_the_key_may_change),
		SITE_TEST(the_door_has_a_lease_of_its_own),
		SITE_TEST(rule_45_what_cannot_be_stored_is_911_and_nothing_else),
		SITE_TEST(nochg_waits_for_the_commit_of_what_it_rests_on),
		SITE_TEST(one_prefix_renumbers_every_host_of_the_key),
		SITE_TEST(the_same_prefix_again_changes_and_writes_nothing),
		SITE_TEST(a_host_that_is_renumbered_keeps_the_end_of_its_lease),
		SITE_TEST(
		    a_configured_host_that_is_listed_gets_the_prefix_and_not_the_routers_address),
		SITE_TEST(a_shorter_prefix_keeps_the_subnet),
		SITE_TEST(a_prefix_alone_does_not_take_the_source_for_an_address),
		SITE_TEST(a_bad_prefix_changes_nothing_and_an_empty_one_is_none),
		SITE_TEST(a_renumbering_that_cannot_be_stored_is_undone_as_a_whole),
		SITE_TEST(rule_48_v1_update_answers_with_json),
		SITE_TEST(rule_48_v1_update_answers_with_the_status_of_what_failed_first),
		SITE_TEST(rule_47_no_error_says_good_or_nochg),
		SITE_TEST(hosts_of_any_octets_are_answered_in_json_that_reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
