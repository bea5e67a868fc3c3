/* SPDX-License-Identifier: GPL-3.0-or-later */
/* LDWRAP: calloc */
/* The memory of accepted MACs (rule 30). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/replay.h"

enum { MAC_SIZE = 32, NOW_S = 1700000000, MESSAGES = 200000 };

/* Counts down to the allocation that fails; negative = none does. */
static int fails_in = -1;

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_in >= 0 && fails_in-- == 0 ? NULL : __real_calloc(count, size);
}

/* A different MAC for each number, as evenly spread as an HMAC's (splitmix64). */
static void
make_mac(uint64_t number, uint8_t mac[static MAC_SIZE])
{
	for (unsigned i = 0; i < MAC_SIZE / 8; i++) {
		uint64_t mixed = (number * 4 + i) * UINT64_C(0x9e3779b97f4a7c15);

		mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
		mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
		mixed ^= mixed >> 31;
		memcpy(mac + (size_t)i * 8, &mixed, 8);
	}
}

/* The number is the answer's lease too. */
static void
add(struct replay *replay, uint64_t number, int64_t valid_until_s)
{
	const struct replay_answer answer = {
		.status = number % 2 == 0 ? STATUS_OK : STATUS_NAME_EXISTS,
		.has_lease = number % 3 == 0,
		.lease_s = (uint32_t)number,
	};
	uint8_t mac[MAC_SIZE];

	make_mac(number, mac);
	replay_add(replay, mac, MAC_SIZE, valid_until_s, &answer);
}

static bool
is_found(const struct replay *replay, uint64_t number, int64_t now_s)
{
	struct replay_answer answer;
	uint8_t mac[MAC_SIZE];

	make_mac(number, mac);
	if (!replay_find(replay, mac, MAC_SIZE, now_s, &answer))
		return false;
	assert_int_equal(answer.status, number % 2 == 0 ? STATUS_OK : STATUS_NAME_EXISTS);
	assert_int_equal(answer.has_lease, number % 3 == 0);
	assert_int_equal(answer.lease_s, number);
	return true;
}

/* Exactly the numbers from first up to but not with last are found, of all below MESSAGES. */
static void
assert_holds(const struct replay *replay, uint64_t first, uint64_t last)
{
	for (uint64_t i = 0; i < MESSAGES; i++)
		assert_int_equal(is_found(replay, i, NOW_S), i >= first && i < last);
}

static void
a_repeat_gets_the_answer_of_the_first(void **state)
{
	struct replay *replay = replay_new();

	(void)state;
	assert_false(is_found(replay, 6, NOW_S));
	add(replay, 6, NOW_S + 300);
	add(replay, 7, NOW_S + 300);
	assert_true(is_found(replay, 6, NOW_S));
	assert_true(is_found(replay, 7, NOW_S));
	assert_false(is_found(replay, 8, NOW_S));
	replay_free(replay);
	replay_free(NULL);
}

static void
rule_30_a_mac_is_remembered_to_the_last_second_of_its_fudge(void **state)
{
	struct replay *replay = replay_new();

	(void)state;
	add(replay, 1, NOW_S + 300);
	add(replay, 2, INT64_C(0xffffffffffff) + UINT16_MAX);
	assert_true(is_found(replay, 1, NOW_S + 300));
	assert_false(is_found(replay, 1, NOW_S + 301));
	/* A clock that is set back lets the message in again, so it is known again. */
	assert_true(is_found(replay, 1, NOW_S));
	assert_true(is_found(replay, 2, INT64_C(0xffffffffffff)));
	replay_free(replay);
}

static void
a_mac_cut_to_any_allowed_length_is_the_same(void **state)
{
	struct replay *replay = replay_new();
	struct replay_answer answer;
	uint8_t mac[MAC_SIZE];

	(void)state;
	add(replay, 1, NOW_S);
	make_mac(1, mac);
	for (size_t size = 10; size <= MAC_SIZE; size++)
		assert_true(replay_find(replay, mac, size, NOW_S, &answer));
	mac[9] ^= 1;
	assert_false(replay_find(replay, mac, MAC_SIZE, NOW_S, &answer));
	replay_free(replay);
}

static void
rule_30_the_last_65536_are_known_and_the_oldest_went_first(void **state)
{
	struct replay *replay = replay_new();

	(void)state;
	for (uint64_t i = 0; i < MESSAGES; i++) {
		add(replay, i, NOW_S + 300);
		if (i == REPLAY_CAPACITY - 1)
			assert_holds(replay, 0, REPLAY_CAPACITY);
		if (i == REPLAY_CAPACITY)
			assert_holds(replay, 1, REPLAY_CAPACITY + 1);
	}
	assert_holds(replay, MESSAGES - REPLAY_CAPACITY, MESSAGES);
	replay_free(replay);
}

static void
macs_that_begin_alike_are_told_apart_and_forgotten_in_any_place(void **state)
{
	struct replay *replay = replay_new();
	const struct replay_answer answer = { .status = STATUS_OK };
	struct replay_answer found;
	uint8_t mac[MAC_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8 };

	(void)state;
	/* All in one chain of the index: the first go as the ring turns, the last by the mark. */
	for (unsigned i = 0; i < 100; i++) {
		mac[8] = (uint8_t)i;
		replay_add(replay, mac, MAC_SIZE, NOW_S, &answer);
	}
	for (uint64_t i = 0; i < REPLAY_CAPACITY - 100 + 10; i++)
		add(replay, i, NOW_S);
	for (unsigned i = 0; i < 100; i++) {
		mac[8] = (uint8_t)i;
		assert_int_equal(replay_find(replay, mac, MAC_SIZE, NOW_S, &found), i >= 10);
	}
	replay_forget_since(replay, 50);
	for (unsigned i = 0; i < 100; i++) {
		mac[8] = (uint8_t)i;
		assert_int_equal(replay_find(replay, mac, MAC_SIZE, NOW_S, &found),
		    i >= 10 && i < 50);
	}
	replay_free(replay);
}

static void
a_failed_turn_is_forgotten_and_only_that(void **state)
{
	struct replay *replay = replay_new();
	uint64_t mark;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++)
		add(replay, i, NOW_S);
	mark = replay_mark(replay);
	replay_forget_since(replay, mark);
	assert_holds(replay, 0, 1000);
	for (uint64_t i = 1000; i < 1500; i++)
		add(replay, i, NOW_S);
	replay_forget_since(replay, mark);
	assert_holds(replay, 0, 1000);
	assert_int_equal(replay_mark(replay), mark);
	for (uint64_t i = 1000; i < 1500; i++)
		add(replay, i, NOW_S);
	assert_holds(replay, 0, 1500);
	replay_free(replay);
}

static void
a_turn_larger_than_the_table_is_forgotten_whole(void **state)
{
	struct replay *replay = replay_new();
	uint64_t mark;

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		add(replay, i, NOW_S);
	mark = replay_mark(replay);
	for (uint64_t i = 10; i < MESSAGES; i++)
		add(replay, i, NOW_S);
	replay_forget_since(replay, mark);
	assert_holds(replay, 0, 0);
	for (uint64_t i = 0; i < MESSAGES; i++)
		add(replay, i, NOW_S);
	assert_holds(replay, MESSAGES - REPLAY_CAPACITY, MESSAGES);
	replay_free(replay);
}

static void
without_memory_there_is_no_table(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		fails_in = i;
		assert_null(replay_new());
	}
	fails_in = -1;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_repeat_gets_the_answer_of_the_first),
		cmocka_unit_test(rule_30_a_mac_is_remembered_to_the_last_second_of_its_fudge),
		cmocka_unit_test(a_mac_cut_to_any_allowed_length_is_the_same),
		cmocka_unit_test(rule_30_the_last_65536_are_known_and_the_oldest_went_first),
		cmocka_unit_test(macs_that_begin_alike_are_told_apart_and_forgotten_in_any_place),
		cmocka_unit_test(a_failed_turn_is_forgotten_and_only_that),
		cmocka_unit_test(a_turn_larger_than_the_table_is_forgotten_whole),
		cmocka_unit_test(without_memory_there_is_no_table),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
