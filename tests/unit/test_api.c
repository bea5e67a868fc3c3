/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API answers, to whom, and when. */
#include "api_site.h"

/* --- names --- */

static void
a_name_that_is_put_is_created_and_shown(void **state)
{
	struct site *site = *state;

	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.1\",\"2001:db8::1\"],\"ttl\":120,\"lease\":\"2h\"}");
	assert_string_equal(at(site, "name"), "\"desk.home.arpa\"");
	assert_string_equal(at(site, "zone"), "\"home.arpa\"");
	assert_string_equal(at(site, "source"), "\"registered\"");
	assert_string_equal(at(site, "owner"), "\"@editor\"");
	assert_string_equal(at(site, "created"), "\"2065-01-24T05:20:00Z\"");
	assert_string_equal(at(site, "records.0"),
	    "{\"data\":\"192.0.2.1\",\"expires\":\"2065-01-24T07:20:01Z\",\"ttl\":120,"
	    "\"type\":\"A\"}");
	assert_string_equal(at(site, "records.1.data"), "\"2001:db8::1\"");
	assert_string_equal(at(site, "publication.state"), "\"off\"");
	assert_string_equal(at(site, "leases"), "[]");
	assert_string_equal(records(site, "desk"), "120 A 192.0.2.1\n120 AAAA 2001:db8::1\n");
	expect_ask(site, 200, NOBODY, "GET", "/v1/names/DESK.Home.arpa.", "");
	assert_string_equal(at(site, "records.0.ttl"), "120");
	expect_ask(site, 200, NOBODY, "HEAD", "/v1/names/desk", "");
	expect_ask(site, 404, NOBODY, "GET", "/v1/names/desk2", "");
	expect_error(site, "desk2.home.arpa", "ddnsctl list");
}

static void
a_name_that_is_put_again_is_replaced_and_posting_adds(void **state)
{
	struct site *site = *state;

	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.1\"],"
	    "\"records\":[{\"type\":\"TXT\",\"data\":\"one two\",\"ttl\":5}]}");
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.1\n5 TXT \"one\" \"two\"\n");
	expect_ask(site, 200, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.2\"]}");
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.2\n");
	expect_ask(site, 200, EDITOR, "POST", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.3\",\"2001:db8::3\"]}");
	assert_string_equal(records(site, "desk"),
	    "60 A 192.0.2.2\n60 A 192.0.2.3\n60 AAAA 2001:db8::3\n");
	expect_ask(site, 201, ADMIN, "POST", "/v1/names/*.new.home.arpa",
	    "{\"records\":[{\"type\":\"type65280\",\"data\":\"\\\\# 1 00\"},"
	    "{\"type\":\"MX\",\"data\":\"10 desk\"}]}");
	assert_string_equal(records(site, "*.new"),
	    "60 MX 10 desk.home.arpa.\n60 TYPE65280 \\# 1 00\n");
	/* The apex can be added to, and nothing more. */
	expect_ask(site, 200, ADMIN, "POST", "/v1/names/home.arpa",
	    "{\"records\":[{\"type\":\"TXT\",\"data\":\"hello\"}]}");
	expect_ask(site, 409, ADMIN, "PUT", "/v1/names/home.arpa", "{\"addresses\":[]}");
	expect_error(site, "SOA", "POST");
}

static void
deleting_takes_what_it_names_and_nothing_more(void **state)
{
	struct site *site = *state;

	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.1\",\"192.0.2.2\",\"2001:db8::1\"]}");
	expect_ask(site, 400, EDITOR, "DELETE", "/v1/names/desk?typ=A", "");
	expect_error(site, "typ", "openapi");
	expect_ask(site, 400, EDITOR, "DELETE", "/v1/names/desk?data=192.0.2.1", "");
	expect_ask(site, 400, EDITOR, "DELETE", "/v1/names/desk?type=ANY", "");
	expect_ask(site, 400, EDITOR, "DELETE", "/v1/names/desk?type=A&data=1.2.3", "");
	expect_ask(site, 400, EDITOR, "DELETE", "/v1/names/desk?type=A&type=AAAA", "");
	expect_ask(site, 404, EDITOR, "DELETE", "/v1/names/desk?type=A&data=192.0.2.9", "");
	expect_ask(site, 404, EDITOR, "DELETE", "/v1/names/desk?type=TXT", "");
	expect_ask(site, 204, EDITOR, "DELETE", "/v1/names/desk?type=A&data=192.0.2.1", "");
	assert_null(site->exchange.type);
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.2\n60 AAAA 2001:db8::1\n");
	expect_ask(site, 204, EDITOR, "DELETE", "/v1/names/desk?type=AAAA", "");
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.2\n");
	expect_ask(site, 204, EDITOR, "DELETE", "/v1/names/desk", "");
	assert_string_equal(records(site, "desk"), "");
	expect_ask(site, 404, EDITOR, "DELETE", "/v1/names/desk", "");
	expect_ask(site, 409, ADMIN, "DELETE", "/v1/names/home.arpa", "");
	expect_ask(site, 409, ADMIN, "DELETE", "/v1/names/home.arpa?type=NS", "");
	expect_ask(site, 400, ADMIN, "DELETE", "/v1/names/home.arpa?type=SOA", "");
}

static void
a_cname_stands_alone(void **state)
{
	struct site *site = *state;
	static const char cname[] = "{\"records\":[{\"type\":\"CNAME\",\"data\":\"desk\"}]}";

	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_ask(site, 409, EDITOR, "POST", "/v1/names/desk", cname);
	expect_error(site, "CNAME", "PUT");
	expect_ask(site, 201, EDITOR, "POST", "/v1/names/www", cname);
	expect_ask(site, 409, EDITOR, "POST", "/v1/names/www", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_ask(site, 400, EDITOR, "PUT", "/v1/names/www",
	    "{\"addresses\":[\"192.0.2.1\"],"
	    "\"records\":[{\"type\":\"CNAME\",\"data\":\"desk\"}]}");
	expect_ask(site, 400, EDITOR, "PUT", "/v1/names/www",
	    "{\"records\":[{\"type\":\"CNAME\",\"data\":\"desk\"},"
	    "{\"type\":\"CNAME\",\"data\":\"other\"}]}");
	assert_string_equal(records(site, "www"), "60 CNAME desk.home.arpa.\n");
	expect_ask(site, 200, EDITOR, "PUT", "/v1/names/www", "{\"addresses\":[\"192.0.2.1\"]}");
	assert_string_equal(records(site, "www"), "60 A 192.0.2.1\n");
}

static void
an_error_names_what_is_wrong(void **state)
{
	static const struct {
		const char *body;
		const char *error;
	} bodies[] = {
		{ "", "JSON" },
		{ "[]", "object" },
		{ "{", "JSON" },
		{ "{} {}", "JSON" },
		{ "{}", "nothing" },
		{ "{\"addresses\":[]}", "nothing" },
		{ "{\"ttl\":60}", "nothing" },
		{ "{\"adresses\":[]}", "adresses" },
		{ "{\"addresses\":\"192.0.2.1\"}", "addresses" },
		{ "{\"addresses\":[1]}", "no IP address" },
		{ "{\"addresses\":[null]}", "no IP address" },
		{ "{\"addresses\":[\"192.0.2.256\"]}", "192.0.2.256" },
		{ "{\"addresses\":[\"192.0.2.1/24\"]}", "192.0.2.1/24" },
		{ "{\"addresses\":[\"fe80::1%eth0\"]}", "eth0" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"addresses\":[]}", "addresses" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"ttl\":-1}", "ttl" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"ttl\":2147483648}", "ttl" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"ttl\":1.5}", "ttl" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"ttl\":\"60\"}", "ttl" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"lease\":-1}", "lease" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"lease\":\"soon\"}", "lease" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"lease\":[]}", "lease" },
		{ "{\"addresses\":[\"192.0.2.1\"],\"lease\":1e3}", "lease" },
		{ "{\"records\":{}}", "records" },
		{ "{\"records\":[\"A\"]}", "object" },
		{ "{\"records\":[{\"type\":\"A\"}]}", "needs" },
		{ "{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\",\"tll\":1}]}", "tll" },
		{ "{\"records\":[{\"type\":1,\"data\":\"192.0.2.1\"}]}", "type" },
		{ "{\"records\":[{\"type\":\"A\",\"data\":\"desk\"}]}", "desk" },
		{ "{\"records\":[{\"type\":\"A\",\"data\":\"192.0.2.1\\n@ A 192.0.2.2\"}]}", "A:" },
		{ "{\"records\":[{\"type\":\"TXT\",\"data\":\"(\"}]}", "TXT" },
		{ "{\"records\":[{\"type\":\"TXT\",\"data\":\"a\\u0000b\"}]}", "JSON" },
		{ "{\"records\":[{\"type\":\"ANY\",\"data\":\"x\"}]}", "ANY" },
		{ "{\"records\":[{\"type\":\"TSIG\",\"data\":\"x\"}]}", "TSIG" },
		{ "{\"records\":[{\"type\":\"NOPE\",\"data\":\"x\"}]}", "NOPE" },
		{ "{\"records\":[{\"type\":\"SOA\",\"data\":\"a b 1 1 1 1 1\"}]}", "SOA" },
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		expect_ask(site, 400, ADMIN, "PUT", "/v1/names/desk", bodies[i].body);
		if (strstr(at(site, "error"), bodies[i].error) == NULL)
			fail_msg("%s: %s", bodies[i].body, at(site, "error"));
	}
	assert_string_equal(records(site, "desk"), "");
}

static void
deep_or_endless_bodies_are_refused(void **state)
{
	struct site *site = *state;
	char *body = malloc(TEXT_SIZE);
	size_t length = 0;

	assert_non_null(body);
	memset(body, '[', 1000);
	body[1000] = '\0';
	expect_ask(site, 400, EDITOR, "PUT", "/v1/names/desk", body);
	expect_error(site, "nested", "");
	length = (size_t)sprintf(body, "{\"addresses\":[");
	for (int i = 0; i <= 1000; i++)
		length += (size_t)sprintf(body + length, "%s\"192.0.2.1\"", i > 0 ? "," : "");
	(void)sprintf(body + length, "]}");
	expect_ask(site, 400, EDITOR, "PUT", "/v1/names/desk", body);
	expect_error(site, "1000", "POST");
	free(body);
}

static void
a_path_that_is_no_name_is_malformed_and_one_elsewhere_is_not_found(void **state)
{
	static const struct {
		const char *path;
		unsigned code;
	} paths[] = {
		{ "/v1/names/..", 400 },
		{ "/v1/names/a..b", 400 },
		{ "/v1/names/.home.arpa", 400 },
		{ "/v1/names/%5C", 400 },
		{ "/v1/names/a%5C999", 400 },
		{ "/v1/names/"
		  "a123456789a123456789a123456789a123456789a123456789a123456789abcd.home.arpa",
		    400 },
		{ "/v1/names/desk.example.net", 404 },
		{ "/v1/names/arpa", 404 },
		{ "/v1/names/.", 404 },
		{ "/v1/names/", 404 },
		{ "/v1/names/a%2Fb.home.arpa", 404 },
		{ "/v1/names/%E4%F6%FC.home.arpa", 404 },
		{ "/v1/names/%01%7F", 404 },
		{ "/v1/names/%22%3Cb%3E", 404 },
		{ "/v1/zones/home.arp", 404 },
		{ "/v1/zones/..", 404 },
		{ "/v1/", 404 },
		{ "/v1", 404 },
		{ "/", 404 },
		{ "/v2/status", 404 },
		{ "/v1/status/", 404 },
		{ "/v1/statusx", 404 },
		{ "/v1//status", 404 },
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct http_peer peer = peer_of(site, ADMIN);
		struct http_exchange exchange;

		/* The server keeps control characters away. */
		if (!fake_begin(&exchange, &peer, "GET", paths[i].path, "", 0)) {
			assert_non_null(strstr(paths[i].path, "%01"));
			continue;
		}
		fake_end(&exchange);
		if (ask(site, ADMIN, "GET", paths[i].path, "") != paths[i].code)
			fail_msg("%s: %u %s", paths[i].path, site->exchange.code,
			    site->exchange.answer.data);
		assert_true(json_string_length(json_object_get(site->json, "error")) > 0);
	}
	expect_ask(site, 404, EDITOR, "PUT", "/v1/names/desk.example.net", "{}");
	expect_error(site, "desk.example.net", "home.arpa, 2.0.192.in-addr.arpa");
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/0%2F25.2.0.192.in-addr.arpa",
	    "{\"records\":[{\"type\":\"NS\",\"data\":\"ns.home.arpa.\"}]}");
	assert_string_equal(at(site, "name"), "\"0/25.2.0.192.in-addr.arpa\"");
}

static void
a_method_that_a_path_does_not_know_is_answered_with_those_it_knows(void **state)
{
	struct site *site = *state;

	expect_ask(site, 405, ADMIN, "PATCH", "/v1/names/desk", "{}");
	assert_string_equal(fake_header(&site->exchange, "Allow"), "GET, HEAD, PUT, POST, DELETE");
	expect_ask(site, 405, ADMIN, "DELETE", "/v1/status", "");
	assert_string_equal(fake_header(&site->exchange, "Allow"), "GET, HEAD");
	expect_ask(site, 405, ADMIN, "GET", "/v1/reload", "");
	assert_string_equal(fake_header(&site->exchange, "Allow"), "POST");
	expect_ask(site, 405, ADMIN, "HEAD", "/v1/events", "");
	assert_string_equal(fake_header(&site->exchange, "Allow"), "GET");
	expect_ask(site, 400, NOBODY, "GET", "/v1/status?verbose", "");
	expect_error(site, "verbose", "");
}

/* --- who may do what --- */

static void
who_is_nobody_looks_and_changes_nothing(void **state)
{
	struct site *site = *state;
	static const char *const targets[][2] = {
		{ "PUT", "/v1/names/desk" },
		{ "POST", "/v1/names/desk" },
		{ "DELETE", "/v1/names/desk" },
		{ "POST", "/v1/leases" },
		{ "GET", "/v1/keys" },
		{ "POST", "/v1/reload" },
		{ "GET", "/v1/backup" },
		{ "POST", "/v1/restore" },
	};

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		expect_ask(site, 403, NOBODY, targets[i][0], targets[i][1], "");
		expect_error(site, "uid 1000 (alice)", "peer ");
	}
	expect_ask(site, 200, NOBODY, "GET", "/v1/status", "");
	assert_string_equal(at(site, "you"), "{\"admin\":false,\"identity\":null}");
	assert_int_equal(site->reloads, 0);
}

static void
rights_are_those_of_the_peer(void **state)
{
	struct site *site = *state;
	struct http_peer peer = peer_of(site, EDITOR);
	const struct http_site *door = api_site(site->api);

	expect_ask(site, 403, EDITOR, "GET", "/v1/keys", "");
	expect_error(site, "@editor", "admin = true");
	expect_ask(site, 403, HOOK, "POST", "/v1/reload", "");
	expect_ask(site, 403, EDITOR, "POST", "/v1/leases", "{}");
	expect_error(site, "@editor", "lease");
	/* What is large is taken from administrators only. */
	assert_in_range(door->body_max(door->context, "POST", "/v1/restore", &peer), 0, 1 << 20);
	peer = peer_of(site, ADMIN);
	assert_int_equal(door->body_max(door->context, "POST", "/v1/restore", &peer),
	    STORE_COPY_MAX);
	expect_ask(site, 403, HOOK, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_error(site, "no grant of @hook covers desk.home.arpa", "allow");
	expect_ask(site, 403, OTHER, "PUT", "/v1/names/desk", "{\"addresses\":[\"2001:db8::1\"]}");
	expect_error(site, "types", "grant");
}

static void
a_name_of_another_is_a_conflict(void **state)
{
	struct site *site = *state;

	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_ask(site, 409, OTHER, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.2\"]}");
	expect_error(site, "desk.home.arpa belongs to @editor", "owner");
	expect_ask(site, 409, OTHER, "POST", "/v1/names/desk", "{\"addresses\":[\"192.0.2.2\"]}");
	expect_ask(site, 409, OTHER, "DELETE", "/v1/names/desk", "");
	/* That no grant covers it weighs more. */
	expect_ask(site, 403, HOOK, "DELETE", "/v1/names/desk", "");
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.1\n");
	expect_ask(site, 200, ADMIN, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.3\"]}");
	assert_string_equal(at(site, "owner"), "\"@admin\"");
	assert_string_equal(at(site, "source"), "\"admin\"");
	assert_string_equal(at(site, "records.0.expires"), "null");
}

static void
an_administrator_registers_names_for_others_and_gives_them_away(void **state)
{
	struct site *site = *state;
	static const char for_laptop[] = "{\"addresses\":[\"192.0.2.1\"],\"lease\":\"1h\","
					 "\"owner\":\"LAPTOP.\"}";

	expect_ask(site, 403, EDITOR, "PUT", "/v1/names/desk", for_laptop);
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/desk", for_laptop);
	assert_string_equal(at(site, "owner"), "\"laptop\"");
	served_pass(600);
	expect_ask(site, 200, ADMIN, "POST", "/v1/names/desk", "{\"owner\":\"@editor\"}");
	assert_string_equal(at(site, "owner"), "\"@editor\"");
	/* The lease goes on as it was. */
	assert_string_equal(at(site, "records"),
	    "[{\"data\":\"192.0.2.1\",\"expires\":\"2065-01-24T06:20:01Z\",\"ttl\":60,"
	    "\"type\":\"A\"}]");
	expect_ask(site, 403, EDITOR, "POST", "/v1/names/desk", "{\"owner\":\"@other\"}");
	expect_ask(site, 400, ADMIN, "POST", "/v1/names/desk", "{\"owner\":\"labtop\"}");
	expect_error(site, "labtop", "ddnsctl key list");
	expect_ask(site, 400, ADMIN, "POST", "/v1/names/desk", "{\"owner\":\"@lease\"}");
	expect_ask(site, 400, ADMIN, "POST", "/v1/names/desk", "{\"owner\":\"@a b\"}");
	expect_ask(site, 404, ADMIN, "POST", "/v1/names/nothing", "{\"owner\":\"laptop\"}");
	expect_ask(site, 409, ADMIN, "POST", "/v1/names/home.arpa", "{\"owner\":\"laptop\"}");
	expect_ask(site, 200, ADMIN, "POST", "/v1/names/desk", "{\"owner\":\"192.0.2.0/24\"}");
}

static void
only_administrators_register_for_ever(void **state)
{
	struct site *site = *state;
	static const char forever[] = "{\"addresses\":[\"192.0.2.1\"],\"lease\":\"forever\"}";

	expect_ask(site, 403, EDITOR, "PUT", "/v1/names/desk", forever);
	expect_error(site, "@editor", "default");
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/desk", forever);
	assert_string_equal(at(site, "records.0.expires"), "null");
	/* The zone's bounds are kept. */
	expect_ask(site, 200, ADMIN, "PUT", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.1\"],\"lease\":99999999999}");
	assert_string_equal(at(site, "records.0.expires"), "\"2065-01-25T05:20:01Z\"");
}

static void
a_limit_says_when_to_come_back(void **state)
{
	struct site *site = *state;
	struct principal *editor = &site->principals[EDITOR];

	editor->names_max = 1;
	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_ask(site, 429, EDITOR, "PUT", "/v1/names/two", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_error(site, "two.home.arpa", "names-per-key");
	assert_non_null(fake_header(&site->exchange, "Retry-After"));
	rate_limit_init(&editor->updates, 2);
	expect_ask(site, 200, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.2\"]}");
	expect_ask(site, 200, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.3\"]}");
	expect_ask(site, 429, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.4\"]}");
	expect_error(site, "@editor is over its 2 updates a minute", "updates-per-minute");
	assert_string_equal(fake_header(&site->exchange, "Retry-After"), "30");
}

/* --- turns --- */

static void
what_reads_waits_for_the_commit(void **state)
{
	struct site *site = *state;
	struct http_exchange put;
	struct http_exchange get;

	begin(site, &put, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	begin(site, &get, NOBODY, "GET", "/v1/names/desk", "");
	assert_true(put.is_waiting && get.is_waiting);
	assert_int_equal(service_commit(site->served.service), STATUS_OK);
	finish(site, &put, STATUS_OK);
	finish(site, &get, STATUS_OK);
	assert_int_equal(put.code, 201);
	assert_int_equal(get.code, 200);
	assert_string_equal(put.answer.data, get.answer.data);
	end(site, &put);
	end(site, &get);
}

static void
a_commit_that_fails_is_told_to_all_who_changed_something(void **state)
{
	struct site *site = *state;
	struct http_exchange put;
	struct http_exchange late;
	struct http_exchange bad;
	struct http_exchange get;

	begin(site, &put, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	/* Refused for what the first one did, which will not have been. */
	begin(site, &late, OTHER, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.2\"]}");
	begin(site, &bad, OTHER, "PUT", "/v1/names/desk", "{");
	begin(site, &get, NOBODY, "GET", "/v1/names/desk", "");
	registry_rollback(site->served.registry);
	finish(site, &put, STATUS_NO_SPACE);
	finish(site, &late, STATUS_NO_SPACE);
	finish(site, &bad, STATUS_NO_SPACE);
	finish(site, &get, STATUS_NO_SPACE);
	assert_int_equal(put.code, 503);
	assert_non_null(strstr(put.answer.data, "full"));
	assert_non_null(fake_header(&put, "Retry-After"));
	assert_int_equal(late.code, 503);
	assert_int_equal(bad.code, 400);
	assert_int_equal(get.code, 404);
	end(site, &put);
	end(site, &late);
	end(site, &bad);
	end(site, &get);
}

static void
who_goes_away_while_waiting_leaves_nothing_behind(void **state)
{
	struct site *site = *state;
	struct http_exchange put;
	struct http_exchange reload;
	struct buffer lines;

	begin(site, &put, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	begin(site, &reload, ADMIN, "POST", "/v1/reload", "");
	end(site, &put);
	end(site, &reload);
	buffer_init(&lines, 1);
	api_reloaded(site->api, STATUS_OK, &lines, NULL);
	assert_int_equal(service_commit(site->served.service), STATUS_OK);
	assert_string_equal(records(site, "desk"), "60 A 192.0.2.1\n");
}

/* --- listing --- */

static void
put_some(struct site *site)
{
	static const char *const names[] = { "a", "b", "bb", "c", "1.2.0.192.in-addr.arpa" };

	for (size_t i = 0; i < 4; i++) {
		(void)snprintf(site->text, 64, "/v1/names/%s", names[i]);
		expect_ask(site, 201, i < 2 ? EDITOR : ADMIN, "PUT", site->text,
		    "{\"addresses\":[\"192.0.2.1\"]}");
	}
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/1.2.0.192.in-addr.arpa",
	    "{\"records\":[{\"type\":\"PTR\",\"data\":\"a.home.arpa.\"}]}");
}

/* The first labels of the names that a query lists, and its next. */
static const char *
listed(struct site *site, const char *query)
{
	static char text[512];
	char target[256];
	size_t used = 0;
	size_t index;
	json_t *name;

	(void)snprintf(target, sizeof(target), "/v1/names%s", query);
	expect_ask(site, 200, NOBODY, "GET", target, "");
	text[0] = '\0';
	json_array_foreach(json_object_get(site->json, "names"), index, name)
	{
		const char *full = json_string_value(json_object_get(name, "name"));

		used += (size_t)snprintf(text + used, sizeof(text) - used, "%.*s ",
		    (int)strcspn(full, "."), full);
	}
	(void)snprintf(text + used, sizeof(text) - used, "%s", at(site, "next"));
	return text;
}

static void
names_are_listed_in_pages_and_by_what_they_are(void **state)
{
	struct site *site = *state;

	put_some(site);
	assert_string_equal(listed(site, ""), "home a b bb c 2 1 null");
	assert_string_equal(listed(site, "?limit=2"), "home a \"a.home.arpa\"");
	assert_string_equal(listed(site, "?limit=2&after=a.home.arpa"), "b bb \"bb.home.arpa\"");
	assert_string_equal(listed(site, "?limit=4&after=b.home.arpa"), "bb c 2 1 null");
	assert_string_equal(listed(site, "?after=bZ.home.arpa"), "c 2 1 null");
	assert_string_equal(listed(site, "?source=admin"), "bb c 1 null");
	assert_string_equal(listed(site, "?source=zone"), "home 2 null");
	assert_string_equal(listed(site, "?source=lease"), "null");
	assert_string_equal(listed(site, "?owner=%40editor&limit=1"), "a \"a.home.arpa\"");
	assert_string_equal(listed(site, "?owner=nobody"), "null");
	assert_string_equal(listed(site, "?zone=2.0.192.in-addr.arpa"), "2 1 null");
	assert_string_equal(listed(site, "?match=b*"), "b bb null");
	assert_string_equal(listed(site, "?match=B"), "b null");
	assert_string_equal(listed(site, "?match=?"), "a b c 2 1 null");
	assert_string_equal(listed(site, "?match=*.arpa&source=registered"), "a b null");
	assert_string_equal(listed(site, "?match=b*b*pa"), "bb null");
}

static void
a_listing_says_what_it_cannot_do(void **state)
{
	struct site *site = *state;
	static const char *const queries[][2] = {
		{ "?limit=0", "limit" },
		{ "?limit=1001", "limit" },
		{ "?limit=99999999999999999999999", "limit" },
		{ "?limit=-1", "limit" },
		{ "?limit=", "limit" },
		{ "?limit=1x", "limit" },
		{ "?after=a..b", "after" },
		{ "?zone=example.net", "example.net" },
		{ "?zone=", "zone" },
		{ "?source=me", "source" },
		{ "?names=x", "names" },
	};

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		(void)snprintf(site->text, 128, "/v1/names%s", queries[i][0]);
		expect_ask(site, 400, NOBODY, "GET", site->text, "");
		expect_error(site, queries[i][1], "");
	}
}

/* --- zones --- */

static void
a_zone_is_a_zone_file(void **state)
{
	struct site *site = *state;

	put_some(site);
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/*.w.home.arpa",
	    "{\"records\":[{\"type\":\"TXT\",\"data\":\"\\\"say \\\\\\\"hi\\\\\\\"\\\" x\"}]}");
	expect_ask(site, 200, NOBODY, "GET", "/v1/zones/Home.Arpa", "");
	assert_string_equal(site->exchange.type, "text/dns");
	assert_string_equal(strchr(site->exchange.answer.data, '\n') + 1,
	    "home.arpa.\t60\tIN\tNS\tns.home.arpa.\n"
	    "a.home.arpa.\t60\tIN\tA\t192.0.2.1\n"
	    "b.home.arpa.\t60\tIN\tA\t192.0.2.1\n"
	    "bb.home.arpa.\t60\tIN\tA\t192.0.2.1\n"
	    "c.home.arpa.\t60\tIN\tA\t192.0.2.1\n"
	    "*.w.home.arpa.\t60\tIN\tTXT\t\"say \\\"hi\\\"\" \"x\"\n");
	assert_int_equal(strncmp(site->exchange.answer.data,
			     "home.arpa.\t60\tIN\tSOA\tns.home.arpa. hostmaster.home.arpa. ", 57),
	    0);
	expect_ask(site, 404, NOBODY, "GET", "/v1/zones/a.home.arpa", "");
	expect_error(site, "a.home.arpa", "home.arpa, 2.0.192.in-addr.arpa");
	expect_ask(site, 200, NOBODY, "GET", "/v1/zones", "");
	assert_string_equal(at(site, "zones.0.names"), "5");
	assert_string_equal(at(site, "zones.1.reverse"), "true");
}

/* --- leases --- */

static void
a_lease_that_is_told_of_gets_its_name(void **state)
{
	struct site *site = *state;

	expect_ask(site, 200, HOOK, "POST", "/v1/leases",
	    "{\"action\":\"add\",\"server\":\"kea\",\"address\":\"192.0.2.17\","
	    "\"hardware\":\"02:00:00:00:00:01\",\"name\":\"Bob's iPhone\",\"client_name\":null,"
	    "\"expires_in_s\":3600}");
	assert_string_equal(at(site, "name"), "\"bobs-iphone.home.arpa\"");
	expect_ask(site, 200, NOBODY, "GET", "/v1/leases", "");
	assert_string_equal(at(site, "leases.0.address"), "\"192.0.2.17\"");
	assert_string_equal(at(site, "leases.0.hardware"), "\"02:00:00:00:00:01\"");
	assert_string_equal(at(site, "leases.0.duid"), "null");
	assert_string_equal(at(site, "leases.0.server"), "\"kea\"");
	assert_string_equal(at(site, "leases.0.name"), "\"bobs-iphone.home.arpa\"");
	assert_string_equal(at(site, "leases.0.since"), "\"2065-01-24T05:20:00Z\"");
	assert_string_equal(at(site, "leases.0.expires"), "\"2065-01-24T06:20:01Z\"");
	expect_ask(site, 200, NOBODY, "GET", "/v1/names/bobs-iphone", "");
	assert_string_equal(at(site, "source"), "\"lease\"");
	assert_string_equal(at(site, "leases.0.address"), "\"192.0.2.17\"");
	assert_string_equal(at(site, "leases.1"), "");
	expect_ask(site, 409, ADMIN, "DELETE", "/v1/names/bobs-iphone", "");
	expect_error(site, "DHCP", "pins");
	expect_ask(site, 409, ADMIN, "POST", "/v1/names/bobs-iphone", "{\"owner\":\"laptop\"}");
	/* Whoever registers it comes first; the lease is shown with the name that has its address. */
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.17\"]}");
	assert_string_equal(at(site, "leases.0.address"), "\"192.0.2.17\"");
	expect_ask(site, 200, EDITOR, "PUT", "/v1/names/bobs-iphone",
	    "{\"addresses\":[\"192.0.2.99\"]}");
	assert_string_equal(at(site, "owner"), "\"@editor\"");
	expect_ask(site, 200, HOOK, "POST", "/v1/leases",
	    "{\"action\":\"del\",\"server\":\"kea\",\"address\":\"192.0.2.17\"}");
	assert_string_equal(at(site, "name"), "null");
	expect_ask(site, 200, NOBODY, "GET", "/v1/leases", "");
	assert_string_equal(at(site, "leases"), "[]");
	assert_string_equal(records(site, "bobs-iphone"), "60 A 192.0.2.99\n");
}

static void
a_lease_that_is_told_of_wrongly_is_refused(void **state)
{
	static const char *const bodies[][2] = {
		{ "{}", "action" },
		{ "{\"action\":\"ad\",\"address\":\"192.0.2.1\"}", "action" },
		{ "{\"action\":\"add\"}", "address" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2\"}", "192.0.2" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"hardware\":\"\"}", "hardware" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"duid\":\"xx\"}", "duid" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"server\":\"\"}", "server" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\","
		  "\"server\":\"a-name-of-more-than-31-characters\"}",
		    "server" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"expires_in_s\":-1}",
		    "expires_in_s" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"complete\":1}", "complete" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"order\":-1}", "order" },
		{ "{\"action\":\"add\",\"address\":\"192.0.2.1\",\"mac\":\"x\"}", "mac" },
	};
	struct site *site = *state;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		expect_ask(site, 400, HOOK, "POST", "/v1/leases", bodies[i][0]);
		if (strstr(at(site, "error"), bodies[i][1]) == NULL)
			fail_msg("%s: %s", bodies[i][0], at(site, "error"));
	}
	expect_ask(site, 200, NOBODY, "GET", "/v1/leases", "");
	assert_string_equal(at(site, "leases"), "[]");
}

static void
what_a_device_calls_itself_may_be_no_text_at_all(void **state)
{
	struct site *site = *state;
	struct dhcp_event event = {
		.action = DHCP_ADD,
		.server = "dnsmasq",
		.address = { .family = 4, .bytes = { 192, 0, 2, 18 } },
		.client_name = "caf\xe9\x01",
		.remaining_s = DHCP_FOREVER,
	};

	assert_int_equal(service_dhcp_event(site->served.service, &event, "lease-file"), STATUS_OK);
	expect_ask(site, 200, NOBODY, "GET", "/v1/leases", "");
	assert_string_equal(at(site, "leases.0.client_name"), "\"caf\xef\xbf\xbd\\u0001\"");
	assert_string_equal(at(site, "leases.0.expires"), "null");
}

/* What is written as text is what a library would write, whatever names and data are. */
static void
what_is_hostile_is_written_as_json_all_the_same(void **state)
{
	struct site *site = *state;
	struct dhcp_event event = {
		.action = DHCP_ADD,
		.server = "dns\"masq\\",
		.address = { .family = 4, .bytes = { 192, 0, 2, 7 } },
		.client_name = "\x7f\xc3\xa9\t\"\\</\x01",
		.name = "\xc3\xa9\xff\n",
		.remaining_s = 3600,
	};

	assert_int_equal(service_dhcp_event(site->served.service, &event, "lease-file"), STATUS_OK);
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/a%5C%22b%5C255%5C001.home.arpa",
	    "{\"addresses\":[\"192.0.2.7\",\"2001:db8::7\"],\"lease\":\"2h\",\"records\":["
	    "{\"type\":\"TXT\",\"data\":\"\\\"a\\\\\\\"b\\\\001\\\\255\\\"\",\"ttl\":5}]}");
	expect_ask(site, 200, NOBODY, "GET", "/v1/names?after=home.arpa&limit=1", "");
	assert_string_equal(site->exchange.answer.data,
	    "{\"names\":[{\"name\":\"a\\\\\\\"b\\\\255\\\\001.home.arpa\",\"zone\":\"home.arpa\","
	    "\"source\":\"admin\",\"owner\":\"@admin\",\"created\":\"2065-01-24T05:20:00Z\","
	    "\"changed\":\"2065-01-24T05:20:00Z\",\"records\":[{\"type\":\"A\",\"ttl\":60,"
	    "\"data\":\"192.0.2.7\",\"expires\":\"2065-01-24T07:20:01Z\"},{\"type\":\"TXT\","
	    "\"ttl\":5,\"data\":\"\\\"a\\\\\\\"b\\\\001\\\\255\\\"\","
	    "\"expires\":\"2065-01-24T07:20:01Z\"},{\"type\":\"AAAA\",\"ttl\":60,"
	    "\"data\":\"2001:db8::7\",\"expires\":\"2065-01-24T07:20:01Z\"}],"
	    "\"publication\":{\"state\":\"off\","
	    "\"why\":\"publish mode is \\\"none\\\": dnsmasq has to forward the zone to ddnsd\","
	    "\"number\":0,\"confirm_ms\":null},\"leases\":[{\"address\":\"192.0.2.7\","
	    "\"hardware\":null,\"duid\":null,\"server\":\"dns\\\"masq\\\\\","
	    "\"client_name\":\"\x7f\xc3\xa9\\t\\\"\\\\</\\u0001\","
	    "\"server_name\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\\n\","
	    "\"name\":\"xn--9ca.home.arpa\",\"why\":\"\",\"since\":\"2065-01-24T05:20:00Z\","
	    "\"expires\":\"2065-01-24T06:20:01Z\",\"published\":false}]}],"
	    "\"next\":\"a\\\\\\\"b\\\\255\\\\001.home.arpa\"}\n");
}

static void
an_answer_without_room_beside_those_of_others_is_asked_for_again(void **state)
{
	struct site *site = *state;

	fake_room = 200;
	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk",
	    "{\"addresses\":[\"192.0.2.1\",\"192.0.2.2\",\"192.0.2.3\"]}");
	assert_in_range(site->exchange.answer.length, 201, 1000);
	expect_ask(site, 503, NOBODY, "GET", "/v1/names", "");
	expect_error(site, "reading", "again");
	assert_string_equal(fake_header(&site->exchange, "Retry-After"), "2");
	expect_ask(site, 503, ADMIN, "GET", "/v1/backup", "");
	fake_room = SIZE_MAX;
	expect_ask(site, 200, NOBODY, "GET", "/v1/names", "");
	expect_ask(site, 200, ADMIN, "GET", "/v1/backup", "");
}

/* --- events --- */

static void
changes_are_streamed_while_somebody_listens(void **state)
{
	struct site *site = *state;
	struct http_exchange one;
	struct http_exchange two;
	struct http_exchange three;

	begin(site, &one, NOBODY, "GET", "/v1/events", "");
	begin(site, &two, NOBODY, "GET", "/v1/events", "");
	assert_string_equal(one.type, "text/event-stream");
	assert_string_equal(one.answer.data, ": ddnsd\n\n");
	begin(site, &three, NOBODY, "GET", "/v1/events", "");
	assert_int_equal(three.code, 503);
	assert_non_null(fake_header(&three, "Retry-After"));
	end(site, &three);
	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	assert_string_equal(one.answer.data,
	    ": ddnsd\n\nevent: change\ndata: {\"time\":\"2065-01-24T05:20:00.000Z\","
	    "\"name\":\"desk.home.arpa\",\"before\":\"\",\"after\":\"192.0.2.1\","
	    "\"who\":\"@editor\",\"door\":\"unix\",\"from\":null}\n\n");
	assert_string_equal(one.answer.data, two.answer.data);
	end(site, &one);
	expect_ask(site, 204, EDITOR, "DELETE", "/v1/names/desk", "");
	assert_non_null(strstr(two.answer.data, "\"before\":\"192.0.2.1\",\"after\":\"\""));
	end(site, &two);
	/* Nobody listens: what happens now has nowhere to go. */
	expect_ask(site, 201, EDITOR, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
}

static void
a_stream_is_kept_alive(void **state)
{
	struct site *site = *state;
	struct http_exchange stream;

	begin(site, &stream, NOBODY, "GET", "/v1/events", "");
	served_pass(29);
	served_turn(&site->served);
	assert_string_equal(stream.answer.data, ": ddnsd\n\n");
	served_pass(2);
	served_turn(&site->served);
	assert_string_equal(stream.answer.data, ": ddnsd\n\n: ddnsd\n\n");
	served_pass(31);
	served_turn(&site->served);
	assert_string_equal(stream.answer.data, ": ddnsd\n\n: ddnsd\n\n: ddnsd\n\n");
	end(site, &stream);
}

static void
publications_are_streamed(void **state)
{
	struct site *site = *state;
	struct publisher_options publish = site->publish;
	struct http_exchange stream;

	begin(site, &stream, NOBODY, "GET", "/v1/events", "");
	publish.mode = PUBLISH_HOSTSDIR;
	(void)folder_entry(&site->served.folder, "hosts", publish.file);
	publisher_set_options(site->publisher, &publish);
	api_turn_ended(site->api);
	assert_non_null(strstr(stream.answer.data, "event: publication\ndata: {\"time\":"));
	assert_non_null(strstr(stream.answer.data, "\"state\":\"written\",\"confirm_ms\":null"));
	stream.answer.length = 0;
	api_turn_ended(site->api);
	assert_int_equal(stream.answer.length, 0);
	/* A folder that is not there. */
	site->publish = publish;
	(void)folder_entry(&site->served.folder, "none/hosts", site->publish.file);
	publisher_set_options(site->publisher, &site->publish);
	api_turn_ended(site->api);
	assert_non_null(strstr(stream.answer.data, "\"state\":\"failed\""));
	assert_non_null(strstr(stream.answer.data, "none"));
	expect_ask(site, 200, NOBODY, "GET", "/v1/status", "");
	assert_string_equal(at(site, "publication.failures"), "1");
	end(site, &stream);
}

/* --- status and administration --- */

static void
the_status_says_how_it_goes(void **state)
{
	static const char *const listen[] = { "127.0.0.1:2136", "[::1]:2136" };
	struct site *site = *state;
	static const char *const http_listen[] = { "https://192.0.2.1:8053" };
	struct api_facts facts = { .config_file = "/etc/ddnsd.conf",
		.keys_directory = "",
		.made_keys_directory = "/var/keys",
		.database = "/var/db",
		.user = "ddnsd",
		.listen = listen,
		.listen_count = 2,
		.http_listen = http_listen,
		.http_listen_count = 1,
		.tls_until_s = served_wall_s + 3600,
		.http_problem = "old" };

	api_set_facts(site->api, &facts);
	put_some(site);
	served_pass(90);
	expect_ask(site, 200, EDITOR, "GET", "/v1/status", "");
	assert_string_equal(at(site, "uptime_s"), "90");
	assert_string_equal(at(site, "time"), "\"2065-01-24T05:21:30Z\"");
	assert_string_equal(at(site, "started"), "\"2065-01-24T05:20:00Z\"");
	assert_string_equal(at(site, "configuration"),
	    "{\"error\":\"\",\"file\":\"/etc/ddnsd.conf\",\"keys_directory\":\"\","
	    "\"made_keys_directory\":\"/var/keys\"}");
	assert_string_equal(at(site, "dns.listen"), "[\"127.0.0.1:2136\",\"[::1]:2136\"]");
	assert_string_equal(at(site, "http"),
	    "{\"listen\":[\"https://192.0.2.1:8053\"],\"problem\":\"old\","
	    "\"tls_until\":\"2065-01-24T06:20:00Z\"}");
	assert_string_equal(at(site, "names"),
	    "{\"admin\":3,\"lease\":0,\"registered\":2,\"total\":5}");
	assert_string_equal(at(site, "leases.error"), "\"not there\"");
	assert_string_equal(at(site, "leases.zone"), "\"home.arpa\"");
	assert_string_equal(at(site, "publication.mode"), "\"none\"");
	assert_string_equal(at(site, "publication.confirm_ms"), "null");
	assert_string_equal(at(site, "database.error"), "\"\"");
	assert_string_equal(at(site, "zones.0.names"), "4");
	assert_string_equal(at(site, "you"), "{\"admin\":false,\"identity\":\"@editor\"}");
}

static void
the_status_knows_of_a_door_that_is_not_there(void **state)
{
	struct site *site = *state;

	expect_ask(site, 200, EDITOR, "GET", "/v1/status", "");
	assert_string_equal(at(site, "http"),
	    "{\"listen\":[],\"problem\":\"\",\"tls_until\":null}");
}

static void
keys_are_listed_without_their_secrets(void **state)
{
	struct site *site = *state;
	struct name name;
	struct key *key;

	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/laptop",
	    "{\"addresses\":[\"192.0.2.1\"],\"owner\":\"laptop\"}");
	assert_int_equal(name_from_text("laptop", &name), STATUS_OK);
	key = keyring_find(site->keyring, name.wire);
	key_note_use(key, served_wall_s,
	    &(struct address){ .family = 4, .bytes = { 192, 0, 2, 5 } });
	expect_ask(site, 200, ADMIN, "GET", "/v1/keys", "");
	assert_string_equal(at(site, "keys.0.name"), "\"boss\"");
	assert_string_equal(at(site, "keys.0.admin"), "true");
	assert_string_equal(at(site, "keys.0.last_used"), "null");
	assert_string_equal(at(site, "keys.1"),
	    "{\"admin\":false,\"algorithm\":\"hmac-sha256\",\"allow\":[\"self A AAAA\"],"
	    "\"from\":[\"192.0.2.0/24\"],\"has_old_secret\":false,\"last_from\":\"192.0.2.5\","
	    "\"last_used\":\"2065-01-24T05:20:00Z\",\"made\":false,\"name\":\"laptop\",\"names\":1,"
	    "\"old_secret_until\":null}");
	assert_null(strstr(site->exchange.answer.data, "0123456789"));
}

static void
a_reload_is_answered_when_it_is_over(void **state)
{
	struct site *site = *state;
	const struct buffer nothing = { 0 };
	struct buffer lines;
	const struct http_site *door = api_site(site->api);

	buffer_init(&lines, 1024);
	(void)buffer_append_text(&lines, "ddnsd.conf:3: no such option\nddnsd.conf:4: x\n");
	assert_int_equal(ask(site, ADMIN, "POST", "/v1/reload", ""), 0);
	assert_int_equal(site->reloads, 1);
	assert_true(site->exchange.is_waiting);
	api_reloaded(site->api, STATUS_MALFORMED, &lines, NULL);
	door->finish(door->context, &site->exchange, STATUS_OK);
	assert_int_equal(site->exchange.code, 400);
	site->json = json_loads(site->exchange.answer.data, 0, NULL);
	assert_string_equal(at(site, "errors"),
	    "[\"ddnsd.conf:3: no such option\",\"ddnsd.conf:4: x\"]");
	expect_ask(site, 200, NOBODY, "GET", "/v1/status", "");
	assert_string_equal(at(site, "configuration.error"), "\"ddnsd.conf:3: no such option\"");
	assert_int_equal(ask(site, ADMIN, "POST", "/v1/reload", ""), 0);
	buffer_clear(&lines);
	assert_int_equal(buffer_append_text(&lines, "a port is taken\n"), STATUS_OK);
	api_reloaded(site->api, STATUS_OK, &nothing, &lines);
	/* It is no change of names: that a commit fails does not matter. */
	door->finish(door->context, &site->exchange, STATUS_IO);
	assert_int_equal(site->exchange.code, 200);
	assert_string_equal(site->exchange.answer.data,
	    "{\"changes\":[],\"problems\":[\"a port is taken\"]}\n");
	expect_ask(site, 200, NOBODY, "GET", "/v1/status", "");
	assert_string_equal(at(site, "configuration.error"), "\"\"");
	buffer_release(&lines);
}

static void
a_backup_brings_back_what_was_registered(void **state)
{
	struct site *site = *state;
	struct buffer copy;

	put_some(site);
	expect_ask(site, 200, ADMIN, "GET", "/v1/backup", "");
	assert_string_equal(site->exchange.type, "application/vnd.sqlite3");
	buffer_init(&copy, TEXT_SIZE);
	assert_int_equal(buffer_append(&copy, site->exchange.answer.data,
			     site->exchange.answer.length),
	    STATUS_OK);
	assert_memory_equal(copy.data, "SQLite format 3", 16);
	expect_ask(site, 204, ADMIN, "DELETE", "/v1/names/a", "");
	expect_ask(site, 201, ADMIN, "PUT", "/v1/names/new", "{\"addresses\":[\"192.0.2.9\"]}");
	assert_int_equal(ask_bytes(site, ADMIN, "POST", "/v1/restore?check=1", copy.data,
			     copy.length),
	    200);
	assert_string_equal(at(site, "replaced"), "");
	assert_int_equal(site->restores, 0);
	assert_string_equal(at(site, "newest"), "\"2065-01-24T05:20:00Z\"");
	assert_string_equal(records(site, "a"), "");
	assert_int_equal(ask_bytes(site, ADMIN, "POST", "/v1/restore", copy.data, copy.length),
	    200);
	assert_string_equal(at(site, "replaced"), "5");
	assert_int_equal(site->restores, 1);
	assert_string_equal(records(site, "a"), "60 A 192.0.2.1\n");
	assert_string_equal(records(site, "new"), "");
	buffer_release(&copy);
}

static void
what_is_no_backup_changes_nothing(void **state)
{
	struct site *site = *state;

	put_some(site);
	expect_ask(site, 400, ADMIN, "POST", "/v1/restore", "no database at all");
	expect_error(site, "", "ddnsctl backup");
	expect_ask(site, 400, ADMIN, "POST", "/v1/restore", "");
	expect_ask(site, 400, ADMIN, "POST", "/v1/restore?check=yes", "x");
	expect_error(site, "check", "");
	assert_string_equal(records(site, "a"), "60 A 192.0.2.1\n");
	assert_int_equal(site->restores, 0);
}

#define site_test(name) cmocka_unit_test_setup_teardown(name, open_site, close_site)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		site_test(a_name_that_is_put_is_created_and_shown),
		site_test(a_name_that_is_put_again_is_replaced_and_posting_adds),
		site_test(deleting_takes_what_it_names_and_nothing_more),
		site_test(a_cname_stands_alone),
		site_test(an_error_names_what_is_wrong),
		site_test(deep_or_endless_bodies_are_refused),
		site_test(a_path_that_is_no_name_is_malformed_and_one_elsewhere_is_not_found),
		site_test(a_method_that_a_path_does_not_know_is_answered_with_those_it_knows),
		site_test(who_is_nobody_looks_and_changes_nothing),
		site_test(rights_are_those_of_the_peer),
		site_test(a_name_of_another_is_a_conflict),
		site_test(an_administrator_registers_names_for_others_and_gives_them_away),
		site_test(only_administrators_register_for_ever),
		site_test(a_limit_says_when_to_come_back),
		site_test(what_reads_waits_for_the_commit),
		site_test(a_commit_that_fails_is_told_to_all_who_changed_something),
		site_test(who_goes_away_while_waiting_leaves_nothing_behind),
		site_test(names_are_listed_in_pages_and_by_what_they_are),
		site_test(a_listing_says_what_it_cannot_do),
		site_test(a_zone_is_a_zone_file),
		site_test(a_lease_that_is_told_of_gets_its_name),
		site_test(a_lease_that_is_told_of_wrongly_is_refused),
		site_test(what_a_device_calls_itself_may_be_no_text_at_all),
		site_test(what_is_hostile_is_written_as_json_all_the_same),
		site_test(an_answer_without_room_beside_those_of_others_is_asked_for_again),
		site_test(changes_are_streamed_while_somebody_listens),
		site_test(a_stream_is_kept_alive),
		site_test(publications_are_streamed),
		site_test(the_status_says_how_it_goes),
		site_test(the_status_knows_of_a_door_that_is_not_there),
		site_test(keys_are_listed_without_their_secrets),
		site_test(a_reload_is_answered_when_it_is_over),
		site_test(a_backup_brings_back_what_was_registered),
		site_test(what_is_no_backup_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
