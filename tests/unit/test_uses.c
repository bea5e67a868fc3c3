/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/uses: when keys were last used is known after a restart, and costs no commit of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/state.h"

#include "served.h"

enum { HOUR_S = 3600 };

static struct keyring *keyring;
static struct key *laptop;
static struct address source;

static void
make_keyring(void)
{
	struct key_options options = {
		.name_text = "Laptop.home.arpa",
		.algorithm = TSIG_HMAC_SHA256,
		.secret = (const uint8_t *)"a secret of thirty-two octets...",
		.secret_size = 32,
		.old_until_s = INT64_MAX,
	};

	keyring = keyring_new();
	assert_non_null(keyring);
	assert_int_equal(name_from_text(options.name_text, &options.name), STATUS_OK);
	assert_int_equal(keyring_add(keyring, &options), STATUS_OK);
	laptop = keyring_find(keyring, options.name.wire);
	assert_non_null(laptop);
}

static int
open_world(void **state)
{
	static struct served served;

	served_open(&served);
	make_keyring();
	service_set_access(served.service, keyring, NULL, 0);
	assert_int_equal(service_load_facts(served.service), STATUS_OK);
	assert_int_equal(address_from_text("2001:db8::7", &source), STATUS_OK);
	*state = &served;
	return 0;
}

static int
close_world(void **state)
{
	served_close(*state);
	keyring_free(keyring);
	return 0;
}

/* As after a restart: with keys that know nothing yet. */
static void
restart(struct served *served)
{
	served_restart(served);
	keyring_free(keyring);
	make_keyring();
	service_set_access(served->service, keyring, NULL, 0);
	assert_int_equal(service_load_facts(served->service), STATUS_OK);
}

static void
orderly_end_stores_uses(void **state)
{
	struct served *served = *state;

	key_note_use(laptop, SERVED_WALL_S + 7, &source);
	service_settle(served->service);
	restart(served);
	assert_int_equal(key_last_use(laptop)->wall_s, SERVED_WALL_S + 7);
	assert_true(address_is_equal(&key_last_use(laptop)->source, &source));
}

static void
use_without_an_address_is_stored_too(void **state)
{
	struct served *served = *state;
	struct address none = { 0 };

	key_note_use(laptop, SERVED_WALL_S + 7, &none);
	service_settle(served->service);
	restart(served);
	assert_int_equal(key_last_use(laptop)->wall_s, SERVED_WALL_S + 7);
	assert_int_equal(key_last_use(laptop)->source.family, 0);
}

static void
commit_stores_uses_now_and_then_only(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	key_note_use(laptop, SERVED_WALL_S + 7, &source);
	assert_false(service_is_dirty(served->service));
	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	restart(served);
	assert_int_equal(key_last_use(laptop)->wall_s, 0);
	key_note_use(laptop, SERVED_WALL_S + 8, &source);
	served_pass(6 * HOUR_S);
	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.2"), STATUS_OK);
	restart(served);
	assert_int_equal(key_last_use(laptop)->wall_s, SERVED_WALL_S + 8);
}

static void
later_use_is_not_replaced_by_what_is_stored(void **state)
{
	struct served *served = *state;

	key_note_use(laptop, SERVED_WALL_S + 7, &source);
	service_settle(served->service);
	key_note_use(laptop, SERVED_WALL_S + 9, &source);
	assert_int_equal(service_load_uses(served->service), STATUS_OK);
	assert_int_equal(key_last_use(laptop)->wall_s, SERVED_WALL_S + 9);
}

static void
what_cannot_be_read_is_left_out(void **state)
{
	static const char *const values[] = { "", "[]", "{\"at\":\"x\"}", "{\"at\":-5}",
		"{\"at\":5,\"from\":\"nowhere\"}", "{\"from\":\"192.0.2.1\"}" };
	struct served *served = *state;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		assert_int_equal(store_put_fact(served->store, "key-use", "laptop.home.arpa",
				     values[i]),
		    STATUS_OK);
		assert_int_equal(store_put_fact(served->store, "key-use", "a..b", values[i]),
		    STATUS_OK);
		assert_int_equal(store_put_fact(served->store, "key-use", "gone", "{\"at\":5}"),
		    STATUS_OK);
		assert_int_equal(store_commit(served->store, SERVED_WALL_S), STATUS_OK);
		assert_int_equal(service_load_uses(served->service), STATUS_OK);
		assert_int_equal(key_last_use(laptop)->wall_s, 0);
	}
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(orderly_end_stores_uses),
		WORLD_TEST(use_without_an_address_is_stored_too),
		WORLD_TEST(commit_stores_uses_now_and_then_only),
		WORLD_TEST(later_use_is_not_replaced_by_what_is_stored),
		WORLD_TEST(what_cannot_be_read_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
