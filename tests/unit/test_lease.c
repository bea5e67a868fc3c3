/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/lease: what is granted, when it ends, and when it does not (rules 33 to 35). */
/* LDWRAP: store_commit store_put */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "service/lease.h"
#include "service/state.h"

#include "asked.h"
#include "failing_commit.h"
#include "served.h"

enum { YEAR_S = 365 * 86400 };

static unsigned rows_put;

enum status __real_store_put(struct store *store, const struct store_row *row);
enum status __wrap_store_put(struct store *store, const struct store_row *row);

enum status
__wrap_store_put(struct store *store, const struct store_row *row)
{
	rows_put++;
	return __real_store_put(store, row);
}

static struct served *served;
static struct principal *key;

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	served = malloc(sizeof(*served));
	assert_non_null(served);
	served_init(served);
	key = served_key(served, "key", "zone home.arpa");
	served_start(served);
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

static void
must(const char *script)
{
	assert_int_equal(served_do(served, key, script), STATUS_OK);
}

/* A turn of the loop with its commit. */
static enum status
turn(void)
{
	served_turn(served);
	return service_commit(served->service);
}

/* Lets time pass, and the loop with it. */
static void
pass(int64_t seconds)
{
	served_pass(seconds);
	assert_int_equal(turn(), STATUS_OK);
}

static bool
is_there(const char *name)
{
	return served_records(served, name)[0] != '\0';
}

static bool
is_served(const char *name)
{
	char question[64];

	(void)snprintf(question, sizeof(question), "%s A", name);
	return strstr(served_ask(served, question), "answer") != NULL;
}

/* --- what is granted --- */

static void
rule_33_a_lease_is_clamped_to_the_zones_bounds(void **state)
{
	static const struct zone_options zone = { .lease_s = 3600,
		.lease_min_s = 60,
		.lease_max_s = 86400 };
	static const struct zone_options endless = { .lease_s = 0,
		.lease_min_s = 60,
		.lease_max_s = 86400 };

	(void)state;
	assert_int_equal(lease_length_s(&zone, false, 0, false), 3600);
	assert_int_equal(lease_length_s(&zone, false, 0, true), 0);
	assert_int_equal(lease_length_s(&endless, false, 0, false), 0);
	for (int admin = 0; admin < 2; admin++) {
		assert_int_equal(lease_length_s(&zone, true, 0, admin), 60);
		assert_int_equal(lease_length_s(&zone, true, 59, admin), 60);
		assert_int_equal(lease_length_s(&zone, true, 61, admin), 61);
		assert_int_equal(lease_length_s(&zone, true, 86400, admin), 86400);
		assert_int_equal(lease_length_s(&zone, true, UINT32_MAX, admin), 86400);
		assert_int_equal(lease_length_s(&endless, true, UINT32_MAX, admin), 86400);
	}
}

static void
what_is_stored_of_a_lease_is_one_length_longer(void **state)
{
	struct lease lease = lease_begin(1000, 60);

	(void)state;
	assert_true(lease.granted_until_s == 1060);
	assert_true(lease.stored_until_s == 1120);
	assert_int_equal(lease.length_s, 60);
	lease = lease_begin(1000, UINT32_MAX);
	assert_true(lease.stored_until_s == 1000 + 2 * (int64_t)UINT32_MAX);
	lease = lease_begin(1000, 0);
	assert_true(lease.granted_until_s == LEASE_FOREVER);
	assert_true(lease.stored_until_s == LEASE_FOREVER);
}

static void
rule_33_a_lease_is_not_shorter_by_the_second_that_has_begun(void **state)
{
	(void)state;
	served_now_ms += 800;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_now_ms += 99999;
	assert_int_equal(turn(), STATUS_OK);
	assert_true(is_served("guest"));
	served_now_ms += 1001;
	assert_int_equal(turn(), STATUS_OK);
	assert_false(is_there("guest"));
}

/* --- the end --- */

static void
rule_34_a_name_goes_when_its_lease_ends(void **state)
{
	uint32_t serial;

	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1; add other 60 A 192.0.2.2");
	serial = served_serial(served);
	pass(99);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
	assert_false(is_there("other"));
	/* Once for each name. */
	assert_int_equal(served_serial(served), serial + 2);
	assert_int_equal(owner_names(registry_owner(served->registry, "key")), 0);
	commits_seen = 0;
	pass(1000);
	assert_int_equal(commits_seen, 0);
	/* From the disk as well. */
	served_restart(served);
	assert_false(is_there("guest"));
}

static void
rule_34_of_a_name_only_those_records_go_that_have_ended(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1; add guest 60 TXT a");
	must("lease 200; add guest 60 A 192.0.2.2");
	pass(100);
	assert_string_equal(served_records(served, "guest"), "60 A 192.0.2.2\n");
	assert_string_equal(served_owner(served, "guest"), "key");
	pass(100);
	assert_false(is_there("guest"));
}

static void
a_refresh_puts_the_end_off_without_a_commit(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_pass(90);
	commits_seen = 0;
	must("lease 100; add guest 60 A 192.0.2.1");
	/* The queue comes to it at its old end. */
	pass(10);
	assert_true(is_there("guest"));
	assert_true(is_served("guest"));
	assert_int_equal(commits_seen, 0);
	pass(89);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
}

static void
a_lease_made_shorter_ends_at_its_new_end(void **state)
{
	(void)state;
	must("lease 80000; add guest 60 A 192.0.2.1");
	must("lease 100; add guest 60 A 192.0.2.1");
	pass(99);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
	/* And where nothing has to be stored for it. */
	must("lease 1000; add guest 60 A 192.0.2.1");
	served_pass(990);
	must("lease 1000; add guest 60 A 192.0.2.1");
	pass(11);
	commits_seen = 0;
	must("lease 500; add guest 60 A 192.0.2.1");
	assert_int_equal(commits_seen, 0);
	pass(499);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
}

static void
a_lease_for_ever_becomes_one_that_ends_and_back(void **state)
{
	(void)state;
	key->is_admin = true;
	must("add guest 60 A 192.0.2.1");
	must("lease 100; add guest 60 A 192.0.2.1");
	pass(99);
	must("add guest 60 A 192.0.2.1");
	pass(YEAR_S);
	assert_true(is_there("guest"));
	must("lease 100; add guest 60 A 192.0.2.1");
	pass(100);
	assert_false(is_there("guest"));
}

static void
the_next_name_is_waited_for(void **state)
{
	(void)state;
	must("lease 300; add third 60 A 192.0.2.3");
	must("lease 100; add first 60 A 192.0.2.1");
	must("lease 200; add second 60 A 192.0.2.2");
	must("delete first");
	pass(100);
	assert_true(is_there("second"));
	pass(100);
	assert_false(is_there("second"));
	assert_true(is_there("third"));
	pass(100);
	assert_false(is_there("third"));
}

static void
many_names_end_in_turns_of_a_thousand(void **state)
{
	char script[64];
	size_t left[] = { 1501, 501, 1 };

	(void)state;
	for (int i = 0; i < 2500; i++) {
		(void)snprintf(script, sizeof(script), "lease 100; add h%d 60 A 192.0.2.1", i);
		assert_int_equal(served_update(served, key, script), STATUS_OK);
	}
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(registry_names(served->registry), 2501);
	served_pass(100);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(turn(), STATUS_OK);
		assert_int_equal(registry_names(served->registry), left[i]);
	}
}

static void
the_leases_of_the_apex_end_but_the_zone_stays(void **state)
{
	(void)state;
	must("lease 100; add @ 60 A 192.0.2.1");
	pass(100);
	assert_non_null(strstr(served_ask(served, "@ A"), "NOERROR aa\nauthority home.arpa"));
	assert_non_null(strstr(served_ask(served, "@ NS"), "answer"));
}

/* --- across a restart --- */

static void
a_lease_goes_on_across_a_restart_and_never_ends_early(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_pass(90);
	must("lease 100; add guest 60 A 192.0.2.1");
	served_restart(served);
	/* The refresh was not written; what was stored is one length longer. */
	assert_true(served_until(served, "guest") == served_now_ms / 1000 + 110);
	pass(109);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
}

static void
time_passes_while_the_machine_is_off(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1; add other 60 A 192.0.2.2");
	/* After a reboot the running clock begins anew. */
	served_now_ms = 5000;
	served_wall_s += 150;
	served_restart(served);
	assert_true(served_until(served, "guest") == 5 + 50);
	pass(50);
	assert_false(is_there("guest"));
}

static void
a_clock_that_starts_in_1970_neither_ends_leases_nor_makes_them_endless(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_now_ms = 5000;
	served_wall_s = 40;
	served_restart(served);
	/* The time of the last commit is the least that it can be; files are dated by the real clock. */
	assert_true(served_until(served, "guest") <= 5 + 200);
	pass(200);
	assert_false(is_there("guest"));
}

static void
an_end_that_somebody_stored_in_the_far_future_is_taken_as_it_is(void **state)
{
	static const uint8_t address[] = { 192, 0, 2, 1 };
	uint8_t storage[16] __attribute__((aligned(8)));
	struct record record = { KNOT_RRTYPE_A, 60, (knot_rdata_t *)storage,
		{ INT64_MAX - 1, INT64_MAX - 1, 100 } };
	struct store_row row = { .name = "guest.home.arpa", .owner = "key" };
	struct records *records;
	struct buffer buffer;

	(void)state;
	knot_rdata_init((knot_rdata_t *)storage, 4, address);
	records = records_build(&record, 1);
	buffer_init(&buffer, RECORDS_SIZE_MAX);
	assert_int_equal(records_encode(records, 0, &buffer), STATUS_OK);
	row.records = (const uint8_t *)buffer.data;
	row.records_size = buffer.length;
	assert_int_equal(store_put(served->store, &row), STATUS_OK);
	assert_int_equal(store_commit(served->store, served_wall_s), STATUS_OK);
	records_free(records);
	buffer_release(&buffer);
	served_restart(served);
	pass(YEAR_S);
	assert_true(is_there("guest"));
	must("lease 100; add guest 60 A 192.0.2.1");
	pass(100);
	assert_false(is_there("guest"));
}

/* --- quiet times --- */

static void
rule_35_nothing_expires_in_the_first_minutes_after_a_start(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1; add fresh 60 A 192.0.2.2");
	served->options.quiet_s = 120;
	served_pass(500);
	served_restart(served);
	pass(0);
	assert_true(is_served("guest"));
	/* Until then nobody wakes up. */
	assert_true(served->service->expiry_timer.at_ms == served_now_ms + 120000);
	pass(119);
	assert_true(is_there("guest"));
	assert_true(is_served("guest"));
	/* Who refreshes in that time stays. */
	must("lease 100; add fresh 60 A 192.0.2.2");
	pass(1);
	assert_false(is_there("guest"));
	assert_false(is_served("guest"));
	assert_true(is_there("fresh"));
}

static void
rule_35_a_name_that_expired_in_quiet_times_is_still_its_owners(void **state)
{
	struct principal *other = served_key(served, "other", "zone home.arpa");

	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served->options.quiet_s = 120;
	served_pass(500);
	served_restart(served);
	assert_int_equal(served_do(served, other, "add guest 60 A 192.0.2.2"), STATUS_REFUSED);
	served_pass(121);
	assert_int_equal(served_do(served, other, "add guest 60 A 192.0.2.2"), STATUS_OK);
}

static void
rule_35_nothing_expires_for_a_while_after_the_wall_clock_was_set(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served->options.quiet_s = 120;
	service_set_options(served->service, &served->options);
	served_pass(90);
	/* What NTP does all day is no step. */
	service_clock_stepped(served->service, 59);
	service_clock_stepped(served->service, -59);
	assert_false(service_is_dirty(served->service));
	assert_true(service_expiry_clock(served->service) == clock_now_s());
	served_wall_s += 60;
	service_clock_stepped(served->service, 60);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	pass(119);
	assert_true(is_there("guest"));
	pass(1);
	assert_false(is_there("guest"));
}

static void
rule_35_leases_run_on_the_clock_that_nobody_sets(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_wall_s += YEAR_S;
	service_clock_stepped(served->service, YEAR_S);
	pass(99);
	assert_true(is_there("guest"));
	served_wall_s -= 2 * YEAR_S;
	service_clock_stepped(served->service, -2 * YEAR_S);
	pass(1);
	assert_false(is_there("guest"));
}

static void
stored_ends_follow_the_wall_clock_when_it_is_set(void **state)
{
	static const int64_t steps[] = { YEAR_S, -YEAR_S };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		must("lease 100; add guest 60 A 192.0.2.1");
		served_wall_s += steps[i];
		service_clock_stepped(served->service, steps[i]);
		assert_int_equal(service_commit(served->service), STATUS_OK);
		served_restart(served);
		assert_true(served_until(served, "guest") == served_now_ms / 1000 + 200);
		pass(200);
		assert_false(is_there("guest"));
	}
}

static void
stored_ends_follow_also_when_the_disk_was_full_at_that_time(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	served_wall_s += YEAR_S;
	service_clock_stepped(served->service, YEAR_S);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	assert_int_equal(served_do(served, key, "add other 60 A 192.0.2.2"), STATUS_NO_SPACE);
	commit_outcome = STATUS_OK;
	rows_put = 0;
	must("add other 60 A 192.0.2.2");
	assert_int_equal(rows_put, 2);
	/* Once is enough. */
	must("add other 60 A 192.0.2.3");
	assert_int_equal(rows_put, 3);
	served_restart(served);
	assert_true(served_until(served, "guest") == served_now_ms / 1000 + 200);
}

/* --- when the disk is full --- */

static void
rule_34_what_expires_while_the_disk_is_full_is_not_served_and_goes_later(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	commit_outcome = STATUS_NO_SPACE;
	served_pass(100);
	assert_int_equal(turn(), STATUS_NO_SPACE);
	assert_true(is_there("guest"));
	assert_false(is_served("guest"));
	/* Not again and again, but every few seconds. */
	commits_seen = 0;
	for (int i = 0; i < 100; i++)
		assert_int_equal(turn(), STATUS_OK);
	assert_int_equal(commits_seen, 0);
	served_pass(10);
	assert_int_equal(turn(), STATUS_NO_SPACE);
	assert_int_equal(commits_seen, 1);
	assert_false(is_served("guest"));
	commit_outcome = STATUS_OK;
	pass(10);
	assert_int_equal(commits_seen, 2);
	assert_false(is_there("guest"));
}

static void
a_refresh_brings_back_what_expired_while_the_disk_was_full(void **state)
{
	uint64_t version;

	(void)state;
	must("lease 100; add guest 60 A 192.0.2.1");
	commit_outcome = STATUS_NO_SPACE;
	served_pass(101);
	assert_int_equal(turn(), STATUS_NO_SPACE);
	commit_outcome = STATUS_OK;
	version = registry_version(served->registry);
	must("lease 100; add guest 60 A 192.0.2.1");
	assert_true(is_served("guest"));
	assert_true(registry_version(served->registry) > version);
	pass(10);
	assert_true(is_there("guest"));
	pass(90);
	assert_false(is_there("guest"));
}

#define lease_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		lease_test(rule_33_a_lease_is_clamped_to_the_zones_bounds),
		lease_test(what_is_stored_of_a_lease_is_one_length_longer),
		lease_test(rule_33_a_lease_is_not_shorter_by_the_second_that_has_begun),
		lease_test(rule_34_a_name_goes_when_its_lease_ends),
		lease_test(rule_34_of_a_name_only_those_records_go_that_have_ended),
		lease_test(a_refresh_puts_the_end_off_without_a_commit),
		lease_test(a_lease_made_shorter_ends_at_its_new_end),
		lease_test(a_lease_for_ever_becomes_one_that_ends_and_back),
		lease_test(the_next_name_is_waited_for),
		lease_test(many_names_end_in_turns_of_a_thousand),
		lease_test(the_leases_of_the_apex_end_but_the_zone_stays),
		lease_test(a_lease_goes_on_across_a_restart_and_never_ends_early),
		lease_test(time_passes_while_the_machine_is_off),
		lease_test(a_clock_that_starts_in_1970_neither_ends_leases_nor_makes_them_endless),
		lease_test(an_end_that_somebody_stored_in_the_far_future_is_taken_as_it_is),
		lease_test(rule_35_nothing_expires_in_the_first_minutes_after_a_start),
		lease_test(rule_35_a_name_that_expired_in_quiet_times_is_still_its_owners),
		lease_test(rule_35_nothing_expires_for_a_while_after_the_wall_clock_was_set),
		lease_test(rule_35_leases_run_on_the_clock_that_nobody_sets),
		lease_test(stored_ends_follow_the_wall_clock_when_it_is_set),
		lease_test(stored_ends_follow_also_when_the_disk_was_full_at_that_time),
		lease_test(
		    rule_34_what_expires_while_the_disk_is_full_is_not_served_and_goes_later),
		lease_test(a_refresh_brings_back_what_expired_while_the_disk_was_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
