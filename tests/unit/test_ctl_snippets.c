/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/snippets: URLs, lines for one kind of door only, secrets for URLs, and notes. */
#include <string.h>

#include "folder.h"

#include "tools/ctl/snippets.h"

static const char *const http_clients[] = { "curl", "ddclient-http", "inadyn", "openwrt-http",
	"fritzbox", "unifi", "synology", "ddns-go", "prometheus" };

enum { HTTP_CLIENTS = sizeof(http_clients) / sizeof(http_clients[0]) };

static struct site site;
static struct snippet_facts facts;
static struct buffer text;

static int
set_up(void **state)
{
	(void)state;
	memset(&site, 0, sizeof(site));
	site.has_http = true;
	site.is_https = true;
	site.http_port = 8053;
	(void)snprintf(site.file, sizeof(site.file), "/etc/ddnsd/ddnsd.conf");
	(void)snprintf(site.http_listen, sizeof(site.http_listen), "0.0.0.0");
	facts = (struct snippet_facts){ .site = &site,
		.key = "laptop",
		.secret = "c2VjcmV0",
		.algorithm = key_algorithm_find("hmac-sha256"),
		.server = "192.0.2.1",
		.address = "192.0.2.1",
		.port = 2136,
		.name = "laptop.home.arpa",
		.zone = "home.arpa" };
	buffer_init(&text, SNIPPET_SIZE_MAX);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	buffer_release(&text);
	return 0;
}

static const char *
text_for(const char *client)
{
	const struct snippet *snippet = snippet_find(client);

	assert_non_null(snippet);
	buffer_clear(&text);
	assert_int_equal(snippet_append(snippet, &facts, &text), STATUS_OK);
	assert_int_equal(buffer_append(&text, "", 1), STATUS_OK);
	return text.data;
}

static void
expect_has(const char *client, const char *part)
{
	const char *found = text_for(client);

	if (strstr(found, part) == NULL)
		fail_msg("%s: \"%s\" is not in\n%s", client, part, found);
}

/* The only note, or none. */
static void
expect_note(const char *client, const char *part)
{
	char notes[SNIPPET_NOTES_MAX][SNIPPET_NOTE_MAX];
	size_t count = snippet_notes(snippet_find(client), &facts, notes);

	assert_int_equal(count, part != NULL ? 1 : 0);
	if (part != NULL)
		assert_non_null(strstr(notes[0], part));
}

static void
every_client_that_is_offered_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < HTTP_CLIENTS; i++) {
		assert_non_null(strstr(snippet_clients, http_clients[i]));
		assert_string_equal(snippet_client(snippet_find(http_clients[i])), http_clients[i]);
		assert_true(snippet_speaks_http(snippet_find(http_clients[i])));
	}
	assert_false(snippet_speaks_http(snippet_find("ddclient")));
	assert_null(snippet_find("bind"));
}

static void
a_text_holds_the_secret_once_and_no_placeholder(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * HTTP_CLIENTS; i++) {
		const char *client = http_clients[i % HTTP_CLIENTS];
		const char *found;
		const char *secret;

		site.is_https = i < HTTP_CLIENTS;
		found = text_for(client);
		secret = strstr(found, facts.secret);
		assert_non_null(secret);
		assert_null(strstr(secret + 1, facts.secret));
		assert_null(strstr(found, "@TLS"));
		assert_null(strstr(found, "@PLAIN"));
		assert_non_null(strstr(found, "192.0.2.1:8053"));
		assert_null(strstr(found, "2136"));
	}
}

static void
lines_are_for_the_kind_of_door_that_there_is(void **state)
{
	(void)state;
	expect_has("curl", "\"https://192.0.2.1:8053/v1/update?hostname=laptop.home.arpa&myip=");
	expect_has("curl", "cacert");
	expect_has("inadyn", "\n    ssl = true\n}");
	expect_has("ddclient-http", "\nssl=yes\n");
	expect_has("prometheus", "scheme: https\n");
	site.is_https = false;
	expect_has("curl", "\"http://192.0.2.1:8053/v1/update?");
	assert_null(strstr(text_for("curl"), "cacert"));
	expect_has("inadyn", "\n    ssl = false\n}");
	expect_has("ddclient-http", "\nssl=no\n");
	expect_has("prometheus", "scheme: http\n");
	assert_null(strstr(text_for("openwrt-http"), "use_https"));
}

static void
an_ipv6_address_stands_in_brackets(void **state)
{
	(void)state;
	facts.server = facts.address = "2001:db8::1";
	expect_has("ddns-go", "https://laptop:c2VjcmV0@[2001:db8::1]:8053/v1/update?");
	expect_has("synology", "https://__USERNAME__:__PASSWORD__@[2001:db8::1]:8053/nic/update?");
	expect_has("curl", "ip -6 route get 2001:db8::1 ");
}

static void
a_certificate_is_called_by_its_file(void **state)
{
	(void)state;
	expect_has("inadyn", "copy /etc/ddnsd/tls/server.crt from");
	(void)snprintf(site.tls_cert, sizeof(site.tls_cert), "/srv/c.pem");
	expect_has("inadyn", "copy /srv/c.pem from");
}

/* 200 secrets of 43 letters: by chance alone, the chance that none has one is below 10^-100. */
static void
a_secret_for_a_url_needs_no_escape(void **state)
{
	const struct snippet *synology = snippet_find("synology");
	const struct snippet *curl = snippet_find("curl");
	char secret[KEY_SECRET_TEXT_MAX];
	unsigned ordinary = 0;

	(void)state;
	for (int i = 0; i < 200; i++) {
		assert_true(snippet_make_secret(synology, facts.algorithm, secret));
		assert_null(strpbrk(secret, "+/"));
		assert_int_equal(strlen(secret), 44);
		assert_true(snippet_make_secret(curl, facts.algorithm, secret));
		ordinary += strpbrk(secret, "+/") != NULL;
	}
	assert_true(ordinary > 0);
}

static void
what_the_door_lacks_is_noted(void **state)
{
	(void)state;
	expect_note("curl", NULL);
	site.has_http = false;
	expect_note("curl", "write into /etc/ddnsd/ddnsd.conf: listen \"http\" {");
	expect_note("nsupdate", NULL);
	site.has_http = true;
	site.is_https = false;
	expect_note("curl", "readable");
	facts.address = "127.0.0.1";
	expect_note("curl", NULL);
	facts.address = "192.0.2.1";
	site.is_https = true;
	(void)snprintf(site.http_listen, sizeof(site.http_listen), "127.0.0.1");
	expect_note("curl", "loopback alone");
}

static void
a_key_that_only_looks_gets_no_right_to_change(void **state)
{
	char grants[SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX];

	(void)state;
	assert_int_equal(snippet_grants(snippet_find("prometheus"), &facts, grants), 1);
	assert_string_equal(grants[0], "look");
	assert_int_equal(snippet_grants(snippet_find("fritzbox"), &facts, grants), 1);
	assert_string_equal(grants[0], "self A AAAA");
}

#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT(every_client_that_is_offered_is_there),
		UNIT(a_text_holds_the_secret_once_and_no_placeholder),
		UNIT(lines_are_for_the_kind_of_door_that_there_is),
		UNIT(an_ipv6_address_stands_in_brackets),
		UNIT(a_certificate_is_called_by_its_file),
		UNIT(a_secret_for_a_url_needs_no_escape),
		UNIT(what_the_door_lacks_is_noted),
		UNIT(a_key_that_only_looks_gets_no_right_to_change),
	};

	return cmocka_run_group_tests_name("ctl_snippets", tests, NULL, NULL);
}
