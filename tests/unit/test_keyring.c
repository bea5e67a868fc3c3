/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LDWRAP: malloc calloc strdup */
/* The keys, and the order of the checks of RFC 8945 (rules 21-26, 29). */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/keyring.h"
#include "base/base64.h"
#include "tsig_client.h"

enum { NOW_S = 1700000000, FUDGE_S = 300 };

/* Counts down to the allocation that fails; negative = none does. */
static int fails_in = -1;

static bool
is_to_fail(void)
{
	return fails_in >= 0 && fails_in-- == 0;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
char *__wrap_strdup(const char *text);

void *
__wrap_malloc(size_t size)
{
	return is_to_fail() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return is_to_fail() ? NULL : __real_calloc(count, size);
}

char *
__wrap_strdup(const char *text)
{
	return is_to_fail() ? NULL : __real_strdup(text);
}

static struct key_options
make_options(const char *name)
{
	struct key_options options = {
		.name_text = name,
		.algorithm = TSIG_HMAC_SHA256,
		.secret = client_secret,
		.secret_size = CLIENT_SECRET_SIZE,
		.old_until_s = INT64_MAX,
	};

	assert_int_equal(name_from_text(name, &options.name), STATUS_OK);
	return options;
}

static struct keyring *
make_keyring(const struct key_options *options)
{
	struct keyring *keyring = keyring_new();

	assert_non_null(keyring);
	assert_int_equal(keyring_add(keyring, options), STATUS_OK);
	return keyring;
}

static struct client_tsig
make_tsig(void)
{
	return (struct client_tsig){
		.algorithm = "hmac-sha256",
		.key_name = "laptop.home.arpa.",
		.secret = client_secret,
		.time_s = NOW_S,
		.fudge_s = FUDGE_S,
	};
}

struct outcome {
	enum status status;
	struct key *key;
	struct tsig_answer answer;
};

static struct outcome
check_wire(struct keyring *keyring, const uint8_t *wire, size_t length, int64_t wall_s)
{
	knot_pkt_t *packet = client_parse(wire, length);
	struct tsig_request request;
	struct outcome outcome = { .key = NULL };

	assert_int_equal(tsig_read(packet, &request), STATUS_OK);
	outcome.status = keyring_check(keyring, packet, &request, wall_s, &outcome.key,
	    &outcome.answer);
	client_free(packet);
	return outcome;
}

/* Signs an UPDATE, cuts its MAC if mac_size is not 0, and has it checked at wall_s. */
static struct outcome
check(struct keyring *keyring, const struct client_tsig *tsig, size_t mac_size, int64_t wall_s)
{
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length = client_sign(tsig, wire, client_make_update(wire, 0x1234));

	if (mac_size != 0)
		length = client_resize_mac(wire, length, mac_size);
	return check_wire(keyring, wire, length, wall_s);
}

static void
assert_error(const struct outcome *outcome, uint16_t error, bool is_signed)
{
	assert_int_equal(outcome->status, STATUS_UNAUTHENTICATED);
	assert_int_equal(outcome->answer.error, error);
	assert_int_equal(outcome->answer.secret != NULL, is_signed);
}

static void
a_right_signature_gives_the_key_and_its_principal(void **state)
{
	struct key_options options = make_options("Laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome = check(keyring, &tsig, 0, NOW_S);

	(void)state;
	assert_int_equal(outcome.status, STATUS_OK);
	assert_int_equal(outcome.answer.error, 0);
	assert_int_equal(key_algorithm(outcome.key), TSIG_HMAC_SHA256);
	assert_int_equal(key_principal(outcome.key)->kind, PRINCIPAL_KEY);
	assert_string_equal(key_principal(outcome.key)->identity, "Laptop.home.arpa");
	keyring_free(keyring);
}

static void
rule_22_an_unknown_key_is_badkey_unsigned(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	tsig.key_name = "desktop.home.arpa.";
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADKEY, false);
	assert_null(outcome.key);
	keyring_free(keyring);
}

static void
rule_22_another_algorithm_than_the_keys_is_badkey_and_names_the_key(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	tsig.algorithm = "hmac-md5";
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADKEY, false);
	assert_non_null(outcome.key);
	assert_int_equal(key_algorithm(outcome.key), TSIG_HMAC_SHA256);
	keyring_free(keyring);
}

static void
rule_23_a_wrong_mac_is_badsig_unsigned(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	tsig.secret = client_other_secret;
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADSIG, false);
	assert_string_equal(key_principal(outcome.key)->identity, "laptop.home.arpa");
	keyring_free(keyring);
}

static void
rule_21_the_order_is_key_mac_time_truncation(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	tsig.secret = client_other_secret;
	tsig.key_name = "desktop.home.arpa.";
	outcome = check(keyring, &tsig, 16, NOW_S + 1000);
	assert_error(&outcome, TSIG_ERROR_BADKEY, false);
	tsig.key_name = "laptop.home.arpa.";
	outcome = check(keyring, &tsig, 16, NOW_S + 1000);
	assert_error(&outcome, TSIG_ERROR_BADSIG, false);
	tsig.secret = client_secret;
	outcome = check(keyring, &tsig, 16, NOW_S + 1000);
	assert_error(&outcome, TSIG_ERROR_BADTIME, true);
	outcome = check(keyring, &tsig, 16, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADTRUNC, true);
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_int_equal(outcome.status, STATUS_OK);
	keyring_free(keyring);
}

static void
rule_24_an_impossible_mac_length_is_malformed(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;
	struct client_tsig tsig = make_tsig();

	(void)state;
	options.allows_truncated = true;
	keyring = make_keyring(&options);
	assert_int_equal(check(keyring, &tsig, 15, NOW_S).status, STATUS_MALFORMED);
	assert_int_equal(check(keyring, &tsig, 33, NOW_S).status, STATUS_MALFORMED);
	keyring_free(keyring);
}

static void
rule_24_a_key_that_allows_it_takes_truncated_macs(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	options.allows_truncated = true;
	keyring = make_keyring(&options);
	outcome = check(keyring, &tsig, 16, NOW_S);
	assert_int_equal(outcome.status, STATUS_OK);
	assert_int_equal(outcome.answer.mac_size, 16);
	keyring_free(keyring);
}

static void
rule_25_the_fudge_counts_both_ways_and_includes_its_ends(void **state)
{
	static const struct {
		uint64_t time_s;
		uint16_t fudge_s;
		int64_t wall_s;
		bool is_in_time;
	} cases[] = {
		{ NOW_S, FUDGE_S, NOW_S + FUDGE_S, true },
		{ NOW_S, FUDGE_S, NOW_S + FUDGE_S + 1, false },
		{ NOW_S, FUDGE_S, NOW_S - FUDGE_S, true },
		{ NOW_S, FUDGE_S, NOW_S - FUDGE_S - 1, false },
		{ NOW_S, 0, NOW_S, true },
		{ NOW_S, 0, NOW_S + 1, false },
		{ NOW_S, UINT16_MAX, NOW_S + UINT16_MAX, true },
		/* A machine without an RTC begins in 1970, or before. */
		{ NOW_S, FUDGE_S, 0, false },
		{ NOW_S, FUDGE_S, INT64_MIN, false },
		{ NOW_S, FUDGE_S, INT64_MAX, false },
		{ 0, FUDGE_S, 0, true },
		{ 0, FUDGE_S, -1, true },
		{ 10, FUDGE_S, 310, true },
		{ 10, FUDGE_S, 311, false },
		{ UINT64_C(0xffffffffffff), UINT16_MAX, NOW_S, false },
		{ UINT64_C(0xffffffffffff), UINT16_MAX, 0, false },
		{ UINT64_C(0xffffffffffff), 1, INT64_C(0x1000000000000), true },
	};
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client_tsig tsig = make_tsig();
		struct outcome outcome;

		tsig.time_s = cases[i].time_s;
		tsig.fudge_s = cases[i].fudge_s;
		outcome = check(keyring, &tsig, 0, cases[i].wall_s);
		if (cases[i].is_in_time)
			assert_int_equal(outcome.status, STATUS_OK);
		else
			assert_error(&outcome, TSIG_ERROR_BADTIME, true);
	}
	keyring_free(keyring);
}

static void
rule_25_badtime_carries_both_clocks(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	tsig.fudge_s = 7;
	outcome = check(keyring, &tsig, 0, 86400);
	assert_error(&outcome, TSIG_ERROR_BADTIME, true);
	assert_int_equal(outcome.answer.time_s, NOW_S);
	assert_int_equal(outcome.answer.fudge_s, 7);
	assert_int_equal(outcome.answer.server_time_s, 86400);
	keyring_free(keyring);
}

/* True when a client with this secret accepts the answer to its request. */
static bool
is_signed_with(const struct tsig_answer *answer, const uint8_t *secret)
{
	struct client_tsig expected = make_tsig();
	uint8_t wire[CLIENT_WIRE_MAX];
	uint8_t expected_wire[CLIENT_WIRE_MAX];
	size_t length = client_make_update(wire, 1);
	size_t expected_length = client_make_update(expected_wire, 1);

	expected.secret = secret;
	expected.prior = answer->mac;
	expected.prior_size = answer->mac_size;
	expected_length = client_sign(&expected, expected_wire, expected_length);
	assert_int_equal(tsig_sign(answer, wire, &length, sizeof(wire)), STATUS_OK);
	return length == expected_length && memcmp(wire, expected_wire, length) == 0;
}

static void
while_a_secret_is_rotated_both_work_and_the_answer_uses_the_clients(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	options.old_secret = client_other_secret;
	options.old_secret_size = CLIENT_SECRET_SIZE;
	keyring = make_keyring(&options);
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_int_equal(outcome.status, STATUS_OK);
	assert_true(is_signed_with(&outcome.answer, client_secret));
	assert_false(is_signed_with(&outcome.answer, client_other_secret));
	tsig.secret = client_other_secret;
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_int_equal(outcome.status, STATUS_OK);
	assert_true(is_signed_with(&outcome.answer, client_other_secret));
	tsig.secret = (const uint8_t *)"a third secret, which nobody has";
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADSIG, false);
	keyring_free(keyring);
}

static void
an_old_secret_is_refused_from_its_end_on_and_the_new_one_is_not(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;
	struct key *key;
	struct client_tsig tsig = make_tsig();
	struct outcome outcome;

	(void)state;
	options.old_secret = client_other_secret;
	options.old_secret_size = CLIENT_SECRET_SIZE;
	options.old_until_s = NOW_S;
	keyring = make_keyring(&options);
	key = keyring_find(keyring, options.name.wire);
	assert_true(key_has_old_secret(key));
	assert_true(key_old_until_s(key) == NOW_S);
	assert_int_equal(check(keyring, &tsig, 0, NOW_S).status, STATUS_OK);
	tsig.secret = client_other_secret;
	assert_int_equal(check(keyring, &tsig, 0, NOW_S - 1).status, STATUS_OK);
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_error(&outcome, TSIG_ERROR_BADSIG, false);
	outcome = check(keyring, &tsig, 0, NOW_S + 1);
	assert_error(&outcome, TSIG_ERROR_BADSIG, false);
	keyring_free(keyring);
}

static void
a_key_knows_whether_it_has_an_old_secret(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = make_keyring(&options);
	struct key *key = keyring_find(keyring, options.name.wire);

	(void)state;
	assert_false(key_has_old_secret(key));
	assert_true(key_old_until_s(key) == INT64_MAX);
	keyring_free(keyring);
}

static void
a_walk_meets_every_key_once(void **state)
{
	enum { KEYS = 100 };
	struct keyring *keyring = keyring_new();
	bool is_met[KEYS] = { false };
	unsigned met = 0;

	(void)state;
	assert_null(keyring_next(keyring, NULL));
	for (unsigned i = 0; i < KEYS; i++) {
		char text[32];
		struct key_options options;

		(void)snprintf(text, sizeof(text), "host%u", i);
		options = make_options(text);
		assert_int_equal(keyring_add(keyring, &options), STATUS_OK);
	}
	for (struct key *key = keyring_next(keyring, NULL); key != NULL && met <= KEYS;
	     key = keyring_next(keyring, key)) {
		unsigned long number = strtoul(key_principal(key)->identity + strlen("host"), NULL,
		    10);

		assert_true(number < KEYS);
		assert_false(is_met[number]);
		is_met[number] = true;
		met++;
	}
	assert_int_equal(met, KEYS);
	keyring_free(keyring);
}

static void
the_last_use_of_a_key_is_remembered_over_a_reload(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct key_options new_options = make_options("desktop.home.arpa");
	struct keyring *before = make_keyring(&options);
	struct keyring *after = make_keyring(&options);
	struct key *key = keyring_find(before, options.name.wire);
	struct address source;

	(void)state;
	assert_int_equal(keyring_add(after, &new_options), STATUS_OK);
	assert_int_equal(key_last_use(key)->wall_s, 0);
	assert_int_equal(address_from_text("192.0.2.1", &source), STATUS_OK);
	key_note_use(key, NOW_S, &source);
	assert_int_equal(address_from_text("2001:db8::1", &source), STATUS_OK);
	key_note_use(key, NOW_S + 1, &source);
	keyring_inherit(after, before);
	keyring_free(before);
	key = keyring_find(after, options.name.wire);
	assert_int_equal(key_last_use(key)->wall_s, NOW_S + 1);
	assert_true(address_is_equal(&key_last_use(key)->source, &source));
	key = keyring_find(after, new_options.name.wire);
	assert_int_equal(key_last_use(key)->wall_s, 0);
	keyring_free(after);
}

static void
a_thousand_keys_are_found_and_no_other(void **state)
{
	struct keyring *keyring = keyring_new();
	struct name name;

	(void)state;
	for (unsigned i = 0; i < 1000; i++) {
		char text[32];
		struct key_options options;

		(void)snprintf(text, sizeof(text), "host%u.home.arpa", i);
		options = make_options(text);
		assert_int_equal(keyring_add(keyring, &options), STATUS_OK);
	}
	assert_int_equal(keyring_count(keyring), 1000);
	for (unsigned i = 0; i < 1100; i++) {
		char text[32];
		struct key *key;

		(void)snprintf(text, sizeof(text), "host%u.home.arpa", i);
		assert_int_equal(name_from_text(text, &name), STATUS_OK);
		key = keyring_find(keyring, name.wire);
		assert_int_equal(key != NULL, i < 1000);
		if (key != NULL)
			assert_string_equal(key_principal(key)->identity, text);
	}
	keyring_free(keyring);
	keyring_free(NULL);
}

static void
a_key_keeps_copies_of_its_options(void **state)
{
	char text[] = "laptop.home.arpa";
	struct grant grant;
	struct network network;
	uint8_t secret[CLIENT_SECRET_SIZE];
	const char *reason;
	struct key_options options = make_options(text);
	struct keyring *keyring;
	struct client_tsig tsig = make_tsig();
	struct principal *principal;
	struct outcome outcome;

	(void)state;
	memcpy(secret, client_secret, sizeof(secret));
	assert_int_equal(grant_from_text("self A", &grant, &reason), STATUS_OK);
	assert_int_equal(network_from_text("192.0.2.0/24", &network), STATUS_OK);
	options.secret = secret;
	options.grants = &grant;
	options.grant_count = 1;
	options.sources = &network;
	options.source_count = 1;
	options.is_admin = true;
	options.names_max = 7;
	options.updates_per_minute = 3;
	keyring = make_keyring(&options);
	memset(text, 'x', sizeof(text) - 1);
	memset(&grant, 0xff, sizeof(grant));
	memset(&network, 0xff, sizeof(network));
	memset(secret, 0, sizeof(secret));
	outcome = check(keyring, &tsig, 0, NOW_S);
	assert_int_equal(outcome.status, STATUS_OK);
	principal = key_principal(outcome.key);
	assert_string_equal(principal->identity, "laptop.home.arpa");
	assert_int_equal(principal->grant_count, 1);
	assert_int_equal(principal->grants[0].pattern, GRANT_SELF);
	assert_int_equal(principal->source_count, 1);
	assert_int_equal(principal->sources[0].prefix, 24);
	assert_true(principal->is_admin);
	assert_int_equal(principal->names_max, 7);
	assert_int_equal(principal->updates.per_minute, 3);
	keyring_free(keyring);
}

static void
a_reload_keeps_empty_buckets_empty(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct key_options new_options = make_options("desktop.home.arpa");
	struct keyring *before;
	struct keyring *after;
	struct principal *principal;

	(void)state;
	options.updates_per_minute = 2;
	new_options.updates_per_minute = 2;
	before = make_keyring(&options);
	after = make_keyring(&options);
	assert_int_equal(keyring_add(after, &new_options), STATUS_OK);
	principal = key_principal(keyring_find(before, options.name.wire));
	assert_true(rate_limit_take(&principal->updates, 1000));
	assert_true(rate_limit_take(&principal->updates, 1000));
	assert_false(rate_limit_take(&principal->updates, 1000));
	principal->refusals.left_out = 5;
	keyring_inherit(after, before);
	keyring_free(before);
	principal = key_principal(keyring_find(after, options.name.wire));
	assert_int_equal(principal->refusals.left_out, 5);
	assert_false(rate_limit_take(&principal->updates, 1000));
	assert_true(rate_limit_take(&principal->updates, 31000));
	principal = key_principal(keyring_find(after, new_options.name.wire));
	assert_true(rate_limit_take(&principal->updates, 1000));
	keyring_free(after);
}

static void
without_memory_nothing_is_added_and_nothing_lost(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring = NULL;
	unsigned failures = 0;

	(void)state;
	for (int i = 0; keyring == NULL; i++) {
		fails_in = i;
		keyring = keyring_new();
		failures += keyring == NULL ? 1 : 0;
	}
	assert_int_equal(failures, 2);
	failures = 0;
	options.old_secret = client_other_secret;
	options.old_secret_size = CLIENT_SECRET_SIZE;
	for (int i = 0; keyring_count(keyring) == 0; i++) {
		enum status status;

		fails_in = i;
		status = keyring_add(keyring, &options);
		fails_in = -1;
		assert_int_equal(status,
		    keyring_count(keyring) == 0 ? STATUS_NO_MEMORY : STATUS_OK);
		failures += status == STATUS_OK ? 0 : 1;
	}
	/* The key, two secrets, the identity, grants, sources, interface identifiers. */
	assert_int_equal(failures, 7);
	keyring_free(keyring);
}

static void
without_memory_a_full_table_keeps_its_keys(void **state)
{
	struct keyring *keyring = keyring_new();
	struct name first;
	enum status status = STATUS_OK;

	(void)state;
	assert_int_equal(name_from_text("host0", &first), STATUS_OK);
	for (unsigned i = 0; status == STATUS_OK && i < 100; i++) {
		char text[32];
		struct key_options options;

		(void)snprintf(text, sizeof(text), "host%u", i);
		options = make_options(text);
		/* A key takes six allocations; a seventh is the table's. */
		fails_in = 6;
		status = keyring_add(keyring, &options);
		fails_in = -1;
	}
	assert_int_equal(status, STATUS_NO_MEMORY);
	assert_true(keyring_count(keyring) > 0 && keyring_count(keyring) < 100);
	assert_non_null(keyring_find(keyring, first.wire));
	keyring_free(keyring);
}

/* Base64 of octets 0xfb, 0xef, 0xbe, ...: "++++" and "////" alternately. */
static const uint8_t odd_secret[] = { 0xfb, 0xef, 0xbe, 0xff, 0xff, 0xff, 0xfb, 0xef, 0xbe, 0xff,
	0xff, 0xff, 0xfb, 0xef, 0xbe, 0xff };

static struct keyring *
make_odd_keyring(void)
{
	struct key_options options = make_options("laptop.home.arpa");

	options.secret = odd_secret;
	options.secret_size = sizeof(odd_secret);
	return make_keyring(&options);
}

static bool
logs_in(struct keyring *keyring, const char *name, const char *secret)
{
	struct name wire;
	struct key *key;

	if (name != NULL)
		assert_int_equal(name_from_text(name, &wire), STATUS_OK);
	key = keyring_log_in(keyring, name != NULL ? wire.wire : NULL, secret, NOW_S);
	if (key != NULL)
		assert_string_equal(key_principal(key)->identity, "laptop.home.arpa");
	return key != NULL;
}

static void
a_secret_as_text_logs_in_in_any_way_of_writing_base64(void **state)
{
	static const char *const texts[] = { "++++////++++////++++/w==", "++++////++++////++++/w",
		"----____----____----_w==", "    ////    ////    /w", "++++////++++////++++/w=" };
	struct keyring *keyring = make_odd_keyring();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_true(logs_in(keyring, "Laptop.home.arpa", texts[i]));
		assert_true(logs_in(keyring, NULL, texts[i]));
	}
	keyring_free(keyring);
}

static void
no_other_text_logs_in(void **state)
{
	static const char *const texts[] = { "", "=", "====", "++++////++++////++++", "A",
		"++++////++++////++++/x==", "++++////++++////++++/w==\n", "\xff" };
	char longest[BASE64_TEXT_SIZE(TSIG_SECRET_MAX) + 8];
	struct keyring *keyring = make_odd_keyring();

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		assert_false(logs_in(keyring, "laptop.home.arpa", texts[i]));
		assert_false(logs_in(keyring, NULL, texts[i]));
	}
	assert_false(logs_in(keyring, "printer.home.arpa", "++++////++++////++++/w=="));
	for (size_t length = sizeof(longest) - 12; length < sizeof(longest); length++) {
		memset(longest, 'A', sizeof(longest));
		longest[length] = '\0';
		assert_false(logs_in(keyring, "laptop.home.arpa", longest));
	}
	keyring_free(keyring);
}

static void
the_longest_secret_logs_in(void **state)
{
	uint8_t secret[TSIG_SECRET_MAX];
	char text[BASE64_TEXT_SIZE(TSIG_SECRET_MAX)];
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;

	(void)state;
	memset(secret, 0xa5, sizeof(secret));
	options.secret = secret;
	options.secret_size = sizeof(secret);
	keyring = make_keyring(&options);
	assert_true(
	    logs_in(keyring, "laptop.home.arpa", base64_encode(secret, sizeof(secret), text)));
	keyring_free(keyring);
}

static void
an_old_secret_logs_in_before_its_end_only(void **state)
{
	struct key_options options = make_options("laptop.home.arpa");
	struct keyring *keyring;

	(void)state;
	options.old_secret = odd_secret;
	options.old_secret_size = sizeof(odd_secret);
	options.old_until_s = NOW_S + 1;
	keyring = make_keyring(&options);
	assert_true(logs_in(keyring, "laptop.home.arpa", "++++////++++////++++/w=="));
	keyring_free(keyring);
	options.old_until_s = NOW_S;
	keyring = make_keyring(&options);
	assert_false(logs_in(keyring, "laptop.home.arpa", "++++////++++////++++/w=="));
	assert_false(logs_in(keyring, NULL, "++++////++++////++++/w=="));
	keyring_free(keyring);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_signature_gives_the_key_and_its_principal),
		cmocka_unit_test(rule_22_an_unknown_key_is_badkey_unsigned),
		cmocka_unit_test(
		    rule_22_another_algorithm_than_the_keys_is_badkey_and_names_the_key),
		cmocka_unit_test(rule_23_a_wrong_mac_is_badsig_unsigned),
		cmocka_unit_test(rule_21_the_order_is_key_mac_time_truncation),
		cmocka_unit_test(rule_24_an_impossible_mac_length_is_malformed),
		cmocka_unit_test(rule_24_a_key_that_allows_it_takes_truncated_macs),
		cmocka_unit_test(rule_25_the_fudge_counts_both_ways_and_includes_its_ends),
		cmocka_unit_test(rule_25_badtime_carries_both_clocks),
		cmocka_unit_test(
		    while_a_secret_is_rotated_both_work_and_the_answer_uses_the_clients),
		cmocka_unit_test(an_old_secret_is_refused_from_its_end_on_and_the_new_one_is_not),
		cmocka_unit_test(a_key_knows_whether_it_has_an_old_secret),
		cmocka_unit_test(a_walk_meets_every_key_once),
		cmocka_unit_test(the_last_use_of_a_key_is_remembered_over_a_reload),
		cmocka_unit_test(a_thousand_keys_are_found_and_no_other),
		cmocka_unit_test(a_key_keeps_copies_of_its_options),
		cmocka_unit_test(a_reload_keeps_empty_buckets_empty),
		cmocka_unit_test(a_secret_as_text_logs_in_in_any_way_of_writing_base64),
		cmocka_unit_test(no_other_text_logs_in),
		cmocka_unit_test(the_longest_secret_logs_in),
		cmocka_unit_test(an_old_secret_logs_in_before_its_end_only),
		cmocka_unit_test(without_memory_nothing_is_added_and_nothing_lost),
		cmocka_unit_test(without_memory_a_full_table_keeps_its_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
