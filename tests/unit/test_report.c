/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/report: names in pages, what a person means by a name, counts, and copies. */
#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/report.h"

#include "served.h"

enum { TEXT_MAX = 8192 };

static struct keyring *keyring;

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_add_zone(&served, "2.0.192.in-addr.arpa");
	served_add_zone(&served, "lab.example");
	served_name_leases(&served);
	keyring = keyring_new();
	assert_non_null(keyring);
	served_start(&served);
	service_set_access(served.service, keyring, NULL, 0);
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

static void
add_key(const char *name, bool is_admin)
{
	struct key_options options = {
		.name_text = name,
		.algorithm = TSIG_HMAC_SHA256,
		.secret = (const uint8_t *)"a secret of thirty-two octets...",
		.secret_size = 32,
		.old_until_s = INT64_MAX,
		.is_admin = is_admin,
	};

	assert_int_equal(name_from_text(name, &options.name), STATUS_OK);
	assert_int_equal(keyring_add(keyring, &options), STATUS_OK);
}

/* All names from behind one on, "NAME SOURCE OWNER" each; limit: at most so many. */
static const char *
page(struct served *served, const char *after, size_t limit)
{
	static char text[TEXT_MAX];
	char name_text[NAME_TEXT_MAX];
	struct name_report report;
	struct name name;
	bool is_first = after == NULL;

	text[0] = '\0';
	if (after != NULL)
		assert_int_equal(name_from_text(after, &name), STATUS_OK);
	while (limit-- > 0 &&
	    service_next_name(served->service, is_first ? NULL : name.wire, &report)) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s %s %s\n",
		    name_to_text(report.name, name_text), name_source_text(report.source),
		    report.owner);
		name_copy(&name, report.name);
		is_first = false;
	}
	return text;
}

static void
names_come_in_order_and_in_pages(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	served_grant(key, "zone lab.example");
	assert_int_equal(served_do(served, key, "add b 60 A 192.0.2.1; add a.b 60 A 192.0.2.2"),
	    STATUS_OK);
	assert_int_equal(served_do(served, key, "zone lab.example; add z 60 A 192.0.2.3"),
	    STATUS_OK);
	served_lease(served, "192.0.2.9", "laptop");
	assert_string_equal(page(served, NULL, 100),
	    "home.arpa zone \n"
	    "b.home.arpa registered desk\n"
	    "a.b.home.arpa registered desk\n"
	    "laptop.home.arpa lease @lease\n"
	    "2.0.192.in-addr.arpa zone \n"
	    "9.2.0.192.in-addr.arpa lease @lease\n"
	    "lab.example zone \n"
	    "z.lab.example registered desk\n");
	/* From a name that is not there, or is the last of its zone, or of all. */
	assert_string_equal(page(served, "b.home.arpa", 1), "a.b.home.arpa registered desk\n");
	assert_string_equal(page(served, "c.home.arpa", 1), "laptop.home.arpa lease @lease\n");
	assert_string_equal(page(served, "zzz.home.arpa", 1), "2.0.192.in-addr.arpa zone \n");
	assert_string_equal(page(served, "z.lab.example", 1), "");
	assert_string_equal(page(served, "example.org", 5), "");
}

static void
names_whose_records_have_ended_are_not_shown(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	struct records_cursor cursor = { 0 };
	struct record_report record;
	struct name_report report;
	struct name name;

	assert_int_equal(served_do(served, key, "lease 120; add b 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, key, "lease 600; add b 60 TXT hello"), STATUS_OK);
	assert_int_equal(name_from_text("b.home.arpa", &name), STATUS_OK);
	assert_true(service_find_name(served->service, name.wire, &report));
	assert_true(name_report_next(&report, &cursor, &record));
	assert_int_equal(record.type, KNOT_RRTYPE_A);
	assert_true(record.expires);
	assert_int_equal(record.expires_s, served_wall_s + 120);
	served_pass(130);
	/* A report is of the moment when it was made. */
	cursor = (struct records_cursor){ 0 };
	assert_true(name_report_next(&report, &cursor, &record));
	assert_int_equal(record.type, KNOT_RRTYPE_A);
	cursor = (struct records_cursor){ 0 };
	assert_true(service_find_name(served->service, name.wire, &report));
	assert_true(name_report_next(&report, &cursor, &record));
	assert_int_equal(record.type, KNOT_RRTYPE_TXT);
	assert_false(name_report_next(&report, &cursor, &record));
	served_pass(600);
	assert_false(service_find_name(served->service, name.wire, &report));
	assert_string_equal(page(served, "home.arpa", 1), "2.0.192.in-addr.arpa zone \n");
}

static void
record_without_an_end_does_not_expire(void **state)
{
	struct served *served = *state;
	struct records_cursor cursor = { 0 };
	struct record_report record;
	struct name_report report;
	struct name name;

	assert_int_equal(name_from_text("home.arpa", &name), STATUS_OK);
	assert_true(service_find_name(served->service, name.wire, &report));
	assert_int_equal(report.source, SOURCE_ZONE);
	assert_true(name_report_next(&report, &cursor, &record));
	assert_false(record.expires);
	assert_int_equal(record.expires_s, 0);
	assert_int_equal(name_from_text("nothing.home.arpa", &name), STATUS_OK);
	assert_false(service_find_name(served->service, name.wire, &report));
	assert_int_equal(name_from_text("example.org", &name), STATUS_OK);
	assert_false(service_find_name(served->service, name.wire, &report));
}

static void
expect_read(struct served *served, const char *text, enum status status, const char *full)
{
	char name_text[NAME_TEXT_MAX];
	struct name name;

	assert_int_equal(service_read_name(served->service, text, &name), status);
	if (status == STATUS_OK)
		assert_string_equal(name_to_text(name.wire, name_text), full);
}

static void
name_without_a_dot_is_in_the_zone_that_has_it(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone lab.example");

	assert_int_equal(served_do(served, key, "zone lab.example; add z 60 A 192.0.2.3"),
	    STATUS_OK);
	expect_read(served, "z", STATUS_OK, "z.lab.example");
	expect_read(served, "y", STATUS_OK, "y.home.arpa");
	expect_read(served, "Y.Home.Arpa.", STATUS_OK, "y.home.arpa");
	expect_read(served, "home.arpa", STATUS_OK, "home.arpa");
	expect_read(served, "z.", STATUS_NOT_OUR_ZONE, NULL);
	expect_read(served, "z.example.org", STATUS_NOT_OUR_ZONE, NULL);
	expect_read(served, "", STATUS_MALFORMED, NULL);
	expect_read(served, "a..b", STATUS_MALFORMED, NULL);
	expect_read(served, ".", STATUS_NOT_OUR_ZONE, NULL);
}

static void
zones_are_reported_without_their_apexes(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char name_text[NAME_TEXT_MAX];
	const struct zone *zone;
	struct zone_report report;

	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1; add b 60 A 192.0.2.1"),
	    STATUS_OK);
	zone = service_next_zone(served->service, NULL, &report);
	assert_string_equal(name_to_text(report.apex, name_text), "home.arpa");
	assert_int_equal(report.names, 2);
	assert_int_equal(report.serial, served_serial(served));
	assert_false(report.is_reverse);
	zone = service_next_zone(served->service, zone, &report);
	assert_true(report.is_reverse);
	assert_int_equal(report.names, 0);
	zone = service_next_zone(served->service, zone, &report);
	assert_non_null(zone);
	assert_null(service_next_zone(served->service, zone, &report));
}

static void
names_are_counted_by_whose_they_are(void **state)
{
	struct served *served = *state;
	struct principal *desk = served_key(served, "desk", "zone home.arpa");
	struct principal *boss = served_key(served, "boss", "zone home.arpa");
	struct principal *root = served_key(served, "admin", "zone home.arpa");
	struct service_report report;

	add_key("desk", false);
	add_key("boss", true);
	root->identity = PRINCIPAL_ADMIN_IDENTITY;
	assert_int_equal(served_do(served, desk, "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, boss, "add b 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, root, "add c 60 A 192.0.2.1"), STATUS_OK);
	served_lease(served, "10.0.0.1", "laptop");
	service_report(served->service, &report);
	assert_int_equal(report.names, 4);
	assert_int_equal(report.admin_names, 2);
	assert_int_equal(report.lease_names, 1);
	assert_string_equal(report.store_problem, "");
	assert_true(report.store_bytes > 0);
	assert_int_equal(report.started_s, SERVED_WALL_S);
	assert_int_equal(report.quiet_s, 0);
	assert_string_equal(page(served, "home.arpa", 4),
	    "a.home.arpa registered desk\n"
	    "b.home.arpa admin boss\n"
	    "c.home.arpa admin @admin\n"
	    "laptop.home.arpa lease @lease\n");
}

static void
quiet_time_and_a_wrong_clock_are_reported(void **state)
{
	struct served *served = *state;
	struct service_report report;

	served->options.quiet_s = 100;
	served_restart(served);
	service_report(served->service, &report);
	assert_int_equal(report.quiet_s, 100);
	served_pass(30);
	served_wall_s -= 1000000;
	service_report(served->service, &report);
	assert_int_equal(report.quiet_s, 70);
	assert_int_equal(report.system_wall_s, served_wall_s);
	assert_true(report.wall_s > served_wall_s + 900000);
}

/* --- copies --- */

static void
restored_names_are_those_of_the_copy_and_serials_go_up(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char problem[STORE_PROBLEM_MAX];
	struct store_copy_report report;
	uint8_t *bytes;
	size_t size;
	uint32_t serial;

	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	served_lease(served, "192.0.2.9", "laptop");
	assert_int_equal(service_backup(served->service, &bytes, &size), STATUS_OK);
	assert_int_equal(service_check_backup(bytes, size, &report, problem), STATUS_OK);
	assert_int_equal(report.newest_s, SERVED_WALL_S);
	assert_int_equal(served_do(served, key, "delete a; add b 60 A 192.0.2.2"), STATUS_OK);
	served_lease(served, "192.0.2.9", "notebook");
	serial = served_serial(served);
	assert_int_equal(service_restore(served->service, bytes, size, problem), STATUS_OK);
	assert_string_equal(problem, "");
	assert_false(service_is_dirty(served->service));
	assert_string_equal(served_records(served, "a"), "60 A 192.0.2.1\n");
	assert_string_equal(served_records(served, "b"), "");
	assert_string_equal(served_records(served, "laptop"), "60 A 192.0.2.9\n");
	assert_string_equal(served_records(served, "notebook"), "");
	assert_true((int32_t)(served_serial(served) - serial) > 0);
	/* It is what is stored, too. */
	serial = served_serial(served);
	served_restart(served);
	assert_true((int32_t)(served_serial(served) - serial) >= 0);
	assert_string_equal(served_records(served, "a"), "60 A 192.0.2.1\n");
	assert_string_equal(served_records(served, "laptop"), "60 A 192.0.2.9\n");
	service_free_backup(bytes);
}

static void
what_is_no_copy_changes_nothing(void **state)
{
	static char before[SERVED_TEXT_MAX];
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char problem[STORE_PROBLEM_MAX];
	struct store_copy_report report;
	const uint8_t bytes[] = "this is no database, whatever it says";

	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	served_lease(served, "192.0.2.9", "laptop");
	served_remember(served, before);
	assert_int_equal(service_check_backup(bytes, sizeof(bytes), &report, problem),
	    STATUS_MALFORMED);
	assert_string_not_equal(problem, "");
	assert_int_equal(service_restore(served->service, bytes, sizeof(bytes), problem),
	    STATUS_MALFORMED);
	assert_string_not_equal(problem, "");
	assert_string_equal(served_picture(served), before);
	assert_int_equal(leases_named(service_leases(served->service)), 1);
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(names_come_in_order_and_in_pages),
		WORLD_TEST(names_whose_records_have_ended_are_not_shown),
		WORLD_TEST(record_without_an_end_does_not_expire),
		WORLD_TEST(name_without_a_dot_is_in_the_zone_that_has_it),
		WORLD_TEST(zones_are_reported_without_their_apexes),
		WORLD_TEST(names_are_counted_by_whose_they_are),
		WORLD_TEST(quiet_time_and_a_wrong_clock_are_reported),
		WORLD_TEST(restored_names_are_those_of_the_copy_and_serials_go_up),
		WORLD_TEST(what_is_no_copy_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
