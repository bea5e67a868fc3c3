/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/login: whose request it is, and who is not heard any more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "auth/lockout.h"
#include "base/base64.h"
#include "base/clock.h"
#include "doors/login.h"
#include "fake_exchange.h"
#include "served.h"

/* 32 octets of 'k', 'o' and 'a'. */
#define SECRET "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
#define OLD_SECRET "b29vb29vb29vb29vb29vb29vb29vb29vb29vb29vb28="
#define ADMIN_SECRET "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE="

struct world {
	struct served served;
	struct keyring *keyring;
	struct login *login;
};

static void
add_key(struct world *world, struct key_options options, char octet, const struct network *from)
{
	uint8_t secret[32];
	uint8_t old_secret[32];

	memset(secret, octet, sizeof(secret));
	memset(old_secret, 'o', sizeof(old_secret));
	assert_int_equal(name_from_text(options.name_text, &options.name), STATUS_OK);
	options.algorithm = TSIG_HMAC_SHA256;
	options.secret = secret;
	options.secret_size = sizeof(secret);
	if (options.old_until_s != 0) {
		options.old_secret = old_secret;
		options.old_secret_size = sizeof(old_secret);
	}
	options.sources = from;
	options.source_count = from != NULL ? 1 : 0;
	assert_int_equal(keyring_add(world->keyring, &options), STATUS_OK);
}

static int
begin(void **state)
{
	static struct world world;
	struct network home;

	served_open(&world.served);
	assert_int_equal(network_from_text("192.0.2.0/24", &home), STATUS_OK);
	world.keyring = keyring_new();
	add_key(&world,
	    (struct key_options){ .name_text = "laptop", .old_until_s = served_wall_s + 60 }, 'k',
	    NULL);
	add_key(&world, (struct key_options){ .name_text = "boss", .is_admin = true }, 'a', NULL);
	add_key(&world, (struct key_options){ .name_text = "viewer", .may_look = true }, 'v', NULL);
	add_key(&world, (struct key_options){ .name_text = "homely" }, 'h', &home);
	service_set_access(world.served.service, world.keyring, NULL, 0);
	world.login = login_new(world.served.service);
	*state = &world;
	return world.login != NULL ? 0 : -1;
}

static int
end(void **state)
{
	struct world *world = *state;

	login_free(world->login);
	served_close(&world->served);
	keyring_free(world->keyring);
	return 0;
}

/* What becomes of a request with that header, or none, and that target. */
static struct http_peer
ask(struct world *world, const char *source, const char *header, const char *target,
    bool takes_query)
{
	const struct http_argument headers[] = { { "Authorization", header }, { NULL, NULL } };
	struct http_peer peer = { .door = "http", .login = STATUS_NOT_FOUND };
	struct http_exchange exchange;

	assert_int_equal(address_from_text(source, &peer.source), STATUS_OK);
	assert_true(fake_begin(&exchange, &peer, "GET", target, "", 0));
	if (header != NULL)
		exchange.asked = headers;
	login_identify(world->login, &exchange, takes_query, &peer);
	fake_end(&exchange);
	return peer;
}

static struct http_peer
with_header(struct world *world, const char *header)
{
	return ask(world, "198.51.100.1", header, "/", false);
}

static struct http_peer
basic(struct world *world, const char *source, const char *credentials)
{
	char header[1024] = "Basic ";

	(void)base64_encode((const uint8_t *)credentials, strlen(credentials), header + 6);
	return ask(world, source, header, "/", false);
}

static void
assert_is(const struct http_peer *peer, const char *identity)
{
	assert_int_equal(peer->login, STATUS_OK);
	assert_non_null(peer->principal);
	assert_string_equal(peer->principal->identity, identity);
}

static void
assert_is_nobody(const struct http_peer *peer, enum status login)
{
	assert_int_equal(peer->login, login);
	assert_null(peer->principal);
	assert_false(peer->sees_all);
}

static void
who_gives_nothing_is_nobody_in_particular(void **state)
{
	struct http_peer peer = with_header(*state, NULL);

	assert_is_nobody(&peer, STATUS_NOT_FOUND);
}

static void
name_and_secret_are_a_key_by_either_scheme(void **state)
{
	static const char *const headers[] = { "Bearer laptop:" SECRET, "bearer  " SECRET,
		"BEARER LAPTOP.:" SECRET };
	struct http_peer peer = basic(*state, "192.0.2.1", "laptop:" SECRET);

	assert_is(&peer, "laptop");
	peer = basic(*state, "2001:db8::1", "Laptop:" SECRET);
	assert_is(&peer, "laptop");
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		peer = with_header(*state, headers[i]);
		assert_is(&peer, "laptop");
		assert_false(peer.sees_all);
	}
}

static void
a_secret_may_be_written_as_devices_write_it(void **state)
{
	/* Without its end, which some forms cut off. */
	struct http_peer peer = basic(*state, "192.0.2.1",
	    "laptop:a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s");

	assert_is(&peer, "laptop");
}

static void
wrong_secrets_wrong_names_and_wrong_forms_are_nobody(void **state)
{
	static const char *const credentials[] = { "laptop:" ADMIN_SECRET, "printer:" SECRET,
		"laptop:", "laptop", ":", "", "laptop:x", ":" SECRET "x", "a..b:" SECRET };
	static const char *const headers[] = { "Basic", "Basic !", "Digest " SECRET, "", "Bearer ",
		"Bearer laptop:x", "Bearer " OLD_SECRET "x", "Basic bGFwdG9wAHg=" };
	char source[ADDRESS_TEXT_MAX];
	struct http_peer peer;

	for (size_t i = 0; i < sizeof(credentials) / sizeof(credentials[0]); i++) {
		(void)snprintf(source, sizeof(source), "192.0.2.%zu", i + 1);
		peer = basic(*state, source, credentials[i]);
		assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	}
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		(void)snprintf(source, sizeof(source), "203.0.113.%zu", i + 1);
		peer = ask(*state, source, headers[i], "/", false);
		assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	}
}

static void
credentials_longer_than_any_key_are_nobody(void **state)
{
	char header[4096] = "Bearer ";
	struct http_peer peer;

	memset(header + 7, 'a', sizeof(header) - 8);
	peer = with_header(*state, header);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	memcpy(header, "Basic ", 6);
	memset(header + 6, 'A', sizeof(header) - 7 - 1);
	header[sizeof(header) - 2] = '\0';
	peer = with_header(*state, header);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
}

static void
who_gives_two_logins_is_nobody(void **state)
{
	static const struct http_argument headers[] = {
		{ "Authorization", "Bearer laptop:" SECRET },
		{ "authorization", "Bearer laptop:" SECRET },
		{ NULL, NULL },
	};
	struct world *world = *state;
	struct http_peer peer = { .door = "https" };
	struct http_exchange exchange;

	assert_int_equal(address_from_text("192.0.2.1", &peer.source), STATUS_OK);
	assert_true(fake_begin(&exchange, &peer, "GET", "/", "", 0));
	exchange.asked = headers;
	login_identify(world->login, &exchange, false, &peer);
	fake_end(&exchange);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
}

static void
the_old_secret_is_good_until_its_end(void **state)
{
	struct http_peer peer = basic(*state, "192.0.2.1", "laptop:" OLD_SECRET);

	assert_is(&peer, "laptop");
	served_pass(60);
	peer = basic(*state, "192.0.2.1", "laptop:" OLD_SECRET);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	peer = basic(*state, "192.0.2.1", "laptop:" SECRET);
	assert_is(&peer, "laptop");
}

static void
administrators_and_who_may_look_see_all(void **state)
{
	struct http_peer peer = basic(*state, "192.0.2.1", "boss:" ADMIN_SECRET);

	assert_is(&peer, "boss");
	assert_true(peer.sees_all);
	peer = basic(*state, "192.0.2.1", "viewer:dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnY=");
	assert_is(&peer, "viewer");
	assert_true(peer.sees_all);
}

static void
a_key_is_refused_where_it_may_not_be_used(void **state)
{
	static const char credentials[] = "homely:aGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGhoaGg=";
	struct http_peer peer = basic(*state, "192.0.2.7", credentials);

	assert_is(&peer, "homely");
	peer = basic(*state, "198.51.100.7", credentials);
	assert_is_nobody(&peer, STATUS_REFUSED);
}

static void
a_use_is_noted_with_its_time_and_place(void **state)
{
	struct world *world = *state;
	struct http_peer peer = basic(world, "192.0.2.7", "laptop:" SECRET);
	char text[ADDRESS_TEXT_MAX];
	struct name name;
	struct key *key;

	assert_is(&peer, "laptop");
	assert_int_equal(name_from_text("laptop", &name), STATUS_OK);
	key = keyring_find(world->keyring, name.wire);
	assert_int_equal(key_last_use(key)->wall_s, served_wall_s);
	assert_string_equal(address_to_text(&key_last_use(key)->source, text), "192.0.2.7");
}

static void
arguments_of_the_url_count_only_where_that_is_allowed(void **state)
{
	static const char *const targets[] = { "/?token=laptop:" SECRET, "/?token=" SECRET,
		"/?username=laptop&password=" SECRET, "/?user=laptop&pass=" SECRET };
	struct http_peer peer;

	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		peer = ask(*state, "192.0.2.1", NULL, targets[i], true);
		assert_is(&peer, "laptop");
		peer = ask(*state, "192.0.2.1", NULL, targets[i], false);
		assert_is_nobody(&peer, STATUS_NOT_FOUND);
	}
	peer = ask(*state, "192.0.2.1", NULL, "/?username=laptop", true);
	assert_is_nobody(&peer, STATUS_NOT_FOUND);
	peer = ask(*state, "192.0.2.1", NULL, "/?token=x", true);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	/* The header is what counts, wherever there is one. */
	peer = ask(*state, "192.0.2.1", "Bearer x", targets[0], true);
	assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
}

static void
who_fails_too_often_is_not_heard_for_a_while(void **state)
{
	struct world *world = *state;
	struct login_report report;
	struct http_peer peer;

	for (int i = 0; i < LOCKOUT_FREE_PAIR; i++) {
		peer = basic(world, "192.0.2.1", "laptop:" ADMIN_SECRET);
		assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	}
	/* Also with the right secret, or else one could go on guessing. */
	peer = basic(world, "192.0.2.1", "laptop:" SECRET);
	assert_is_nobody(&peer, STATUS_LIMITED);
	assert_int_equal(peer.wait_s, LOCKOUT_FIRST_MS / 1000);
	peer = basic(world, "192.0.2.2", "laptop:" SECRET);
	assert_is(&peer, "laptop");
	peer = basic(world, "192.0.2.1", "boss:" ADMIN_SECRET);
	assert_is(&peer, "boss");
	served_pass(1);
	peer = basic(world, "192.0.2.1", "laptop:" SECRET);
	assert_is(&peer, "laptop");
	login_report(world->login, &report);
	assert_int_equal(report.failed, LOCKOUT_FREE_PAIR);
	assert_int_equal(report.locked, 1);
}

static void
new_keys_are_tried_at_once(void **state)
{
	struct world *world = *state;
	struct http_peer peer;

	for (int i = 0; i < LOCKOUT_FREE_PAIR; i++)
		(void)basic(world, "192.0.2.1", "laptop:" ADMIN_SECRET);
	peer = basic(world, "192.0.2.1", "laptop:" SECRET);
	assert_is_nobody(&peer, STATUS_LIMITED);
	login_forget_failures(world->login);
	peer = basic(world, "192.0.2.1", "laptop:" SECRET);
	assert_is(&peer, "laptop");
}

static void
failures_count_together_however_the_name_is_written(void **state)
{
	static const char *const names[] = { "laptop", "LAPTOP", "Laptop.", "lapTop", "laptop." };
	char credentials[128];
	struct http_peer peer;

	for (size_t i = 0; i < LOCKOUT_FREE_PAIR; i++) {
		(void)snprintf(credentials, sizeof(credentials), "%s:%s", names[i], ADMIN_SECRET);
		peer = basic(*state, "192.0.2.1", credentials);
		assert_is_nobody(&peer, STATUS_UNAUTHENTICATED);
	}
	peer = basic(*state, "192.0.2.1", "laptop:" SECRET);
	assert_is_nobody(&peer, STATUS_LIMITED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
		TEST(who_gives_nothing_is_nobody_in_particular),
		TEST(name_and_secret_are_a_key_by_either_scheme),
		TEST(a_secret_may_be_written_as_devices_write_it),
		TEST(wrong_secrets_wrong_names_and_wrong_forms_are_nobody),
		TEST(credentials_longer_than_any_key_are_nobody),
		TEST(who_gives_two_logins_is_nobody),
		TEST(the_old_secret_is_good_until_its_end),
		TEST(administrators_and_who_may_look_see_all),
		TEST(a_key_is_refused_where_it_may_not_be_used),
		TEST(a_use_is_noted_with_its_time_and_place),
		TEST(arguments_of_the_url_count_only_where_that_is_allowed),
		TEST(who_fails_too_often_is_not_heard_for_a_while),
		TEST(new_keys_are_tried_at_once),
		TEST(failures_count_together_however_the_name_is_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
