/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/counts: each update is counted once, by its door and by what became of it. */
/* LDWRAP: store_commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "auth/rate_limit.h"
#include "service/report.h"

#include "failing_commit.h"
#include "served.h"

static struct served *served;
static struct principal *key;
static struct service_counts before;

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	commit_takes_ms = 0;
	served = malloc(sizeof(*served));
	assert_non_null(served);
	served_open(served);
	key = served_key(served, "key", "zone home.arpa");
	before = *service_counts(served->service);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	served_close(served);
	free(served);
	return 0;
}

static uint64_t
more_of(enum update_outcome outcome)
{
	return service_counts(served->service)->updates[COUNTED_UDP][outcome] -
	    before.updates[COUNTED_UDP][outcome];
}

static uint64_t
more_of_all(void)
{
	uint64_t sum = 0;

	for (size_t door = 0; door < COUNTED_DOORS; door++) {
		for (size_t i = 0; i < OUTCOMES; i++)
			sum += service_counts(served->service)->updates[door][i] -
			    before.updates[door][i];
	}
	return sum;
}

/* The message is a turn of its own, and counts as that and as nothing else. */
static void
expect(struct principal *principal, const char *script, enum update_outcome outcome)
{
	before = *service_counts(served->service);
	(void)served_do(served, principal, script);
	/* Where the update was refused no turn was ended. */
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(more_of(outcome), 1);
	assert_int_equal(more_of_all(), 1);
}

static void
each_outcome_has_a_reason_of_its_own(void **state)
{
	struct principal *other = served_key(served, "other", "zone home.arpa");
	struct principal *narrow = served_key(served, "narrow", "self A");
	struct network network;

	(void)state;
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_CHANGED);
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_UNCHANGED);
	expect(key, "delete nothing", OUTCOME_UNCHANGED);
	expect(key, "zone example.com; add one 60 A 192.0.2.1", OUTCOME_ZONE);
	expect(narrow, "add one 60 A 192.0.2.1", OUTCOME_GRANT);
	expect(other, "add one 60 A 192.0.2.2", OUTCOME_OWNER);
	expect(key, "yxdomain two; add two 60 A 192.0.2.1", OUTCOME_NAME_MISSING);
	expect(key, "nxdomain one; add two 60 A 192.0.2.1", OUTCOME_NAME_EXISTS);
	expect(key, "yxrrset one TXT; add two 60 A 192.0.2.1", OUTCOME_RRSET_MISSING);
	expect(key, "nxrrset one A; add two 60 A 192.0.2.1", OUTCOME_RRSET_EXISTS);
	assert_int_equal(network_from_text("198.51.100.0/24", &network), STATUS_OK);
	other->sources = &network;
	other->source_count = 1;
	expect(other, "add three 60 A 192.0.2.2", OUTCOME_SOURCE);
}

static void
each_limit_has_a_reason_of_its_own(void **state)
{
	struct principal *other = served_key(served, "other", "zone home.arpa");

	(void)state;
	served->options.addresses_per_name = 1;
	served->options.names_max = 3;
	service_set_options(served->service, &served->options);
	expect(key, "add one 60 A 192.0.2.1; add one 60 A 192.0.2.2", OUTCOME_ADDRESSES);
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_CHANGED);
	key->names_max = 1;
	expect(key, "add two 60 A 192.0.2.1", OUTCOME_NAMES_OF_KEY);
	expect(other, "add two 60 A 192.0.2.1", OUTCOME_CHANGED);
	expect(other, "add three 60 A 192.0.2.1", OUTCOME_NAMES);
	rate_limit_init(&key->updates, 1);
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_UNCHANGED);
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_RATE);
}

static void
what_a_failed_commit_takes_back_was_not_accepted(void **state)
{
	(void)state;
	assert_int_equal(served_update(served, key, "add one 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_update(served, key, "add two 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_update(served, key, "delete nothing"), STATUS_OK);
	assert_int_equal(served_update(served, key, "yxdomain x; delete y"), STATUS_NAME_MISSING);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	assert_int_equal(more_of(OUTCOME_STORE), 3);
	assert_int_equal(more_of(OUTCOME_NAME_MISSING), 1);
	assert_int_equal(more_of_all(), 4);
	assert_int_equal(service_counts(served->service)->commits_failed, 1);
	commit_outcome = STATUS_OK;
	expect(key, "add one 60 A 192.0.2.1", OUTCOME_CHANGED);
}

static void
commits_are_timed_and_turns_without_changes_are_none(void **state)
{
	const struct histogram *commits = &service_counts(served->service)->commits;

	(void)state;
	commit_takes_ms = 3;
	assert_int_equal(served_do(served, key, "add one 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(histogram_count(commits) - histogram_count(&before.commits), 1);
	assert_int_equal(commits->sum_ns - before.commits.sum_ns, 3000000);
	assert_int_equal(served_do(served, key, "add one 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(histogram_count(commits) - histogram_count(&before.commits), 1);
}

static void
doors_are_known_by_their_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTED_DOORS; i++)
		assert_int_equal(counted_door_of(counted_door_text((enum counted_door)i)), i);
	assert_int_equal(counted_door_of("somewhere"), COUNTED_OTHER);
}

static void
no_two_outcomes_have_the_same_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < OUTCOMES; i++) {
		for (size_t j = 0; j < i; j++)
			assert_false(strcmp(update_outcome_result((enum update_outcome)i),
					 update_outcome_result((enum update_outcome)j)) == 0 &&
			    strcmp(update_outcome_reason((enum update_outcome)i),
				update_outcome_reason((enum update_outcome)j)) == 0);
	}
}

static void
each_status_has_an_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < STATUS_COUNT; i++)
		assert_in_range(update_outcome_of((enum status)i), OUTCOME_UNCHANGED, OUTCOMES - 1);
	assert_int_equal(update_outcome_of(STATUS_NO_MEMORY), OUTCOME_MEMORY);
	assert_int_equal(update_outcome_of(STATUS_OUTSIDE_ZONE), OUTCOME_MALFORMED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(each_outcome_has_a_reason_of_its_own),
		TEST(each_limit_has_a_reason_of_its_own),
		TEST(what_a_failed_commit_takes_back_was_not_accepted),
		TEST(commits_are_timed_and_turns_without_changes_are_none),
		TEST(doors_are_known_by_their_words),
		TEST(no_two_outcomes_have_the_same_words),
		TEST(each_status_has_an_outcome),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
