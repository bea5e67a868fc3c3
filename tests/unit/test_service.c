/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/service: the turn, its commit, what happens when that fails, and the wall clock. */
/* LDWRAP: store_commit store_put */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "service/state.h"

#include "asked.h"
#include "failing_commit.h"
#include "served.h"

/* --- a disk that fails --- */

static unsigned puts_left = UINT32_MAX;
static unsigned rows_put;

enum status __real_store_put(struct store *store, const struct store_row *row);
enum status __wrap_store_put(struct store *store, const struct store_row *row);

enum status
__wrap_store_put(struct store *store, const struct store_row *row)
{
	if (puts_left == 0)
		return STATUS_IO;
	puts_left -= puts_left != UINT32_MAX;
	rows_put++;
	return __real_store_put(store, row);
}

static struct served *served;
static struct principal *key;
static char before[SERVED_TEXT_MAX];

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	commit_takes_ms = 0;
	puts_left = UINT32_MAX;
	served = malloc(sizeof(*served));
	assert_non_null(served);
	served_open(served);
	key = served_key(served, "key", "zone home.arpa");
	served_grant(key, "zone home.arpa SOA NS");
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

static void
must_update(const char *script)
{
	assert_int_equal(served_update(served, key, script), STATUS_OK);
}

static void
remember(void)
{
	served_remember(served, before);
}

static void
assert_as_remembered(void)
{
	assert_string_equal(served_picture(served), before);
}

/* A turn with all kinds of changes, none of them committed. */
static void
change_all(void)
{
	must_update("add new 60 A 192.0.2.9; add a.b.new 60 TXT a");
	must_update("delete one; add two 60 A 192.0.2.8");
	must_update("add one 60 TXT b");
	must_update("lease 7200; add three 90 A 192.0.2.3");
	must_update("add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 3100000000 1 1 1 20;"
		    "add @ 60 NS ns2.home.arpa.");
	must_update("delete new; delete a.b.new; add two 60 TXT c");
}

static void
furnish(void)
{
	must("lease 600; add one 60 A 192.0.2.1; add two 60 A 192.0.2.2; add three 60 A 192.0.2.3");
	served_pass(10);
	remember();
}

/* --- the turn --- */

static void
a_turn_is_dirty_from_its_first_change_to_its_commit(void **state)
{
	(void)state;
	assert_false(service_is_dirty(served->service));
	must_update("add one 60 A 192.0.2.1");
	assert_true(service_is_dirty(served->service));
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_false(service_is_dirty(served->service));
}

static void
one_commit_makes_all_of_a_turn_durable(void **state)
{
	(void)state;
	commits_seen = 0;
	rows_put = 0;
	for (int i = 0; i < 50; i++) {
		char script[64];

		(void)snprintf(script, sizeof(script), "add h%d 60 A 192.0.2.%d", i % 25, i);
		must_update(script);
	}
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(commits_seen, 1);
	/* A name that changed twice is written once, and the apex not for its serial. */
	assert_int_equal(rows_put, 25);
	served_restart(served);
	assert_string_equal(served_records(served, "h7"), "60 A 192.0.2.7\n60 A 192.0.2.32\n");
}

static void
a_turn_without_changes_commits_nothing(void **state)
{
	(void)state;
	must("add one 60 A 192.0.2.1");
	commits_seen = 0;
	assert_int_equal(service_commit(served->service), STATUS_OK);
	must("add one 60 A 192.0.2.1");
	must("delete nobody");
	assert_int_equal(served_do(served, key, "nxdomain one"), STATUS_NAME_EXISTS);
	assert_int_equal(commits_seen, 0);
}

static void
a_name_that_came_and_went_in_a_turn_leaves_nothing(void **state)
{
	(void)state;
	must_update("add one 60 A 192.0.2.1");
	must_update("delete one");
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(strncmp(served_ask(served, "one A"), "NXDOMAIN", 8), 0);
	served_restart(served);
	assert_int_equal(registry_names(served->registry), 1);
}

static void
rule_17_what_was_committed_is_there_after_a_restart(void **state)
{
	(void)state;
	furnish();
	change_all();
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "two"),
	    "60 A 192.0.2.2\n60 A 192.0.2.8\n60 TXT \"c\"\n");
	served_restart(served);
	assert_string_equal(served_records(served, "one"), "60 TXT \"b\"\n");
	assert_string_equal(served_records(served, "two"),
	    "60 A 192.0.2.2\n60 A 192.0.2.8\n60 TXT \"c\"\n");
	assert_string_equal(served_records(served, "three"), "90 A 192.0.2.3\n");
	assert_string_equal(served_records(served, "new"), "");
	assert_string_equal(served_owner(served, "one"), "key");
	assert_string_equal(served_owner(served, "@"), "key");
	assert_int_equal(owner_names(registry_owner(served->registry, "key")), 4);
	assert_non_null(strstr(served_records(served, "@"), "NS ns2.home.arpa."));
}

static void
rule_17_what_was_not_committed_is_not_there_after_a_restart(void **state)
{
	(void)state;
	furnish();
	served_restart(served);
	remember();
	change_all();
	served_restart(served);
	assert_as_remembered();
}

/* --- when the commit fails --- */

static void
rule_10_a_commit_that_fails_takes_the_whole_turn_back(void **state)
{
	static const enum status failures[] = { STATUS_NO_SPACE, STATUS_READ_ONLY, STATUS_IO };

	(void)state;
	furnish();
	for (size_t i = 0; i < 3; i++) {
		change_all();
		commit_outcome = failures[i];
		assert_int_equal(service_commit(served->service), failures[i]);
		assert_false(service_is_dirty(served->service));
		assert_as_remembered();
	}
	commit_outcome = STATUS_OK;
	change_all();
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "one"), "60 TXT \"b\"\n");
}

static void
rule_10_a_row_that_cannot_be_put_takes_the_whole_turn_back(void **state)
{
	(void)state;
	furnish();
	for (unsigned room = 0; room < 4; room++) {
		change_all();
		puts_left = room;
		commits_seen = 0;
		assert_int_equal(service_commit(served->service), STATUS_IO);
		assert_int_equal(commits_seen, 0);
		assert_as_remembered();
	}
	puts_left = UINT32_MAX;
	/* What the store had of it does not come with the next commit. */
	must("add other 60 A 192.0.2.7");
	served_restart(served);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.1\n");
	assert_string_equal(served_records(served, "other"), "60 A 192.0.2.7\n");
}

static void
rule_17_on_a_disk_that_is_really_full_names_are_served_and_updates_fail(void **state)
{
	struct rlimit limit;
	struct rlimit none;
	char script[128];
	enum status status = STATUS_OK;

	(void)state;
	(void)signal(SIGXFSZ, SIG_IGN);
	furnish();
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = limit;
	none.rlim_cur = 65536;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	for (int i = 0; i < 200 && status == STATUS_OK; i++) {
		remember();
		(void)snprintf(script, sizeof(script), "add h%d 60 A 192.0.2.1", i);
		status = served_do(served, key, script);
	}
	assert_int_equal(status, STATUS_NO_SPACE);
	assert_as_remembered();
	assert_non_null(strstr(served_ask(served, "one A"), "192.0.2.1"));
	/* A refresh needs no disk. */
	assert_int_equal(served_do(served, key, "lease 600; add one 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(served_do(served, key, script), STATUS_OK);
	served_restart(served);
	assert_non_null(strstr(served_ask(served, "one A"), "192.0.2.1"));
	assert_string_equal(served_records(served, strtok(script + 4, " ")), "60 A 192.0.2.1\n");
}

static void
the_serial_never_goes_back_across_a_crash(void **state)
{
	uint32_t serial;

	(void)state;
	must("add one 60 A 192.0.2.1");
	for (int i = 0; i < 2500; i++)
		must_update(i % 2 == 0 ? "add one 60 TXT a" : "delete one TXT");
	assert_int_equal(service_commit(served->service), STATUS_OK);
	serial = served_serial(served);
	/* Nothing was settled: as a crash. */
	served_restart(served);
	assert_true(served_serial(served) - serial <= SERIAL_AHEAD);
	serial = served_serial(served);
	must("add one 60 TXT a");
	assert_int_equal(served_serial(served), serial + 1);
	serial = served_serial(served);
	service_settle(served->service);
	served_restart(served);
	assert_int_equal(served_serial(served), serial);
}

static void
the_serial_stays_behind_what_is_stored_also_when_commits_fail(void **state)
{
	uint32_t serial;

	(void)state;
	for (int i = 0; i < SERIAL_AHEAD + 10; i++)
		must_update(i % 2 == 0 ? "add one 60 TXT a" : "delete one TXT");
	commit_outcome = STATUS_IO;
	assert_int_equal(service_commit(served->service), STATUS_IO);
	commit_outcome = STATUS_OK;
	for (int i = 0; i < SERIAL_AHEAD + 10; i++)
		must_update(i % 2 == 0 ? "add one 60 TXT a" : "delete one TXT");
	assert_int_equal(service_commit(served->service), STATUS_OK);
	serial = served_serial(served);
	served_restart(served);
	assert_true(served_serial(served) - serial <= SERIAL_AHEAD);
}

/* --- the wall clock --- */

static void
the_wall_clock_is_the_systems_where_that_is_later(void **state)
{
	(void)state;
	must("add one 60 A 192.0.2.1");
	served_wall_s += 500;
	assert_true(service_wall_s(served->service) == served_wall_s);
	assert_true(service_wall_offset_s(served->service) == served_wall_s - served_now_ms / 1000);
}

static void
the_wall_clock_never_goes_before_the_last_commit(void **state)
{
	int64_t committed_s = served_wall_s;

	(void)state;
	must("add one 60 A 192.0.2.1");
	served_wall_s = 100;
	served_now_ms += 7000;
	/* Of seven seconds the first may have been over in part. */
	assert_true(service_wall_s(served->service) == committed_s + 6);
	served_now_ms = 2000;
	served_restart(served);
	served_now_ms += 9000;
	assert_true(service_wall_s(served->service) == committed_s + 8);
	must("add two 60 A 192.0.2.1");
	served_wall_s = committed_s + 1000;
	assert_true(service_wall_s(served->service) == committed_s + 1000);
}

static void
a_wall_clock_that_was_ahead_and_is_set_back_ends_no_lease_early(void **state)
{
	(void)state;
	served_wall_s += 86400;
	must("lease 600; add one 60 A 192.0.2.1");
	served_wall_s -= 86400;
	service_clock_stepped(served->service, -86400);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	must("lease 600; add two 60 A 192.0.2.1");
	served_restart(served);
	assert_true(served_until(served, "one") >= served_now_ms / 1000 + 600);
	assert_true(served_until(served, "two") >= served_now_ms / 1000 + 600);
	assert_true(served_until(served, "two") <= served_now_ms / 1000 + 1200);
}

/* --- who may speak --- */

static void
rule_31_the_closest_network_block_speaks_for_a_sender(void **state)
{
	struct network wide;
	struct network narrow;
	struct network_principal networks[2] = {
		{ .principal = { .kind = PRINCIPAL_NETWORK, .sources = &wide, .source_count = 1 },
		    .allows_udp = true },
		{ .principal = { .kind = PRINCIPAL_NETWORK,
		      .sources = &narrow,
		      .source_count = 1 } },
	};
	struct keyring *keyring = keyring_new();
	struct address address;

	(void)state;
	assert_non_null(keyring);
	assert_int_equal(network_from_text("192.0.2.0/24", &wide), STATUS_OK);
	assert_int_equal(network_from_text("192.0.2.64/26", &narrow), STATUS_OK);
	service_set_access(served->service, keyring, networks, 2);
	assert_ptr_equal(service_keyring(served->service), keyring);
	assert_int_equal(address_from_text("192.0.2.1", &address), STATUS_OK);
	assert_ptr_equal(service_find_network(served->service, &address, true),
	    &networks[0].principal);
	assert_int_equal(address_from_text("192.0.2.65", &address), STATUS_OK);
	assert_null(service_find_network(served->service, &address, true));
	assert_ptr_equal(service_find_network(served->service, &address, false),
	    &networks[1].principal);
	assert_int_equal(address_from_text("198.51.100.1", &address), STATUS_OK);
	assert_null(service_find_network(served->service, &address, false));
	keyring_free(keyring);
}

static void
commit_times(unsigned times, int64_t takes_ms)
{
	char script[64];

	commit_takes_ms = takes_ms;
	for (unsigned i = 0; i < times; i++) {
		(void)snprintf(script, sizeof(script), "delete one A; add one 60 A 192.0.2.%u",
		    i % 2 + (takes_ms > 0 ? 1 : 3));
		must(script);
	}
}

static void
only_a_slow_card_is_worth_patience_and_only_for_a_change(void **state)
{
	(void)state;
	commit_times(40, 0);
	must_update("add two 60 A 192.0.2.8");
	assert_true(service_patience_ns(served->service) == 0);
	assert_int_equal(service_commit(served->service), STATUS_OK);

	/* One commit that takes long is no slow card. */
	commit_times(1, 10);
	must_update("delete two A");
	assert_true(service_patience_ns(served->service) == 0);
	assert_int_equal(service_commit(served->service), STATUS_OK);

	commit_times(100, 10);
	assert_true(service_patience_ns(served->service) == 0);
	must_update("add two 60 A 192.0.2.8");
	assert_in_range(service_patience_ns(served->service), 900000, 1000000);
	assert_int_equal(service_commit(served->service), STATUS_OK);

	commit_times(100, 1000);
	must_update("delete two A");
	assert_int_equal(service_patience_ns(served->service), 5000000);

	/* It is forgotten fast. */
	commit_times(12, 0);
	must_update("add two 60 A 192.0.2.8");
	assert_true(service_patience_ns(served->service) == 0);
}

#define service_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		service_test(a_turn_is_dirty_from_its_first_change_to_its_commit),
		service_test(one_commit_makes_all_of_a_turn_durable),
		service_test(a_turn_without_changes_commits_nothing),
		service_test(a_name_that_came_and_went_in_a_turn_leaves_nothing),
		service_test(rule_17_what_was_committed_is_there_after_a_restart),
		service_test(rule_17_what_was_not_committed_is_not_there_after_a_restart),
		service_test(rule_10_a_commit_that_fails_takes_the_whole_turn_back),
		service_test(rule_10_a_row_that_cannot_be_put_takes_the_whole_turn_back),
		service_test(
		    rule_17_on_a_disk_that_is_really_full_names_are_served_and_updates_fail),
		service_test(the_serial_never_goes_back_across_a_crash),
		service_test(the_serial_stays_behind_what_is_stored_also_when_commits_fail),
		service_test(the_wall_clock_is_the_systems_where_that_is_later),
		service_test(the_wall_clock_never_goes_before_the_last_commit),
		service_test(a_wall_clock_that_was_ahead_and_is_set_back_ends_no_lease_early),
		service_test(rule_31_the_closest_network_block_speaks_for_a_sender),
		service_test(only_a_slow_card_is_worth_patience_and_only_for_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
