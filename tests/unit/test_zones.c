/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/zones: what a zone begins with, what is loaded, and zones that come and go. */
/* LDWRAP: store_commit */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "failing_commit.h"
#include "served.h"

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
	served_grant(key, "zone example.net");
	served_grant(key, "zone home.arpa SOA NS");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	served_close(served);
	free(served);
	return 0;
}

static void
must(const char *script)
{
	assert_int_equal(served_do(served, key, script), STATUS_OK);
}

static enum status
set_zones(void)
{
	return service_set_zones(served->service, served->zones, served->zone_count);
}

static void
assert_apex(const char *ns, uint32_t serial)
{
	char expected[512];

	(void)snprintf(expected, sizeof(expected),
	    "60 NS %s\n60 SOA %s hostmaster.home.arpa. %u 3600 600 1209600 60\n", ns, ns, serial);
	assert_string_equal(served_records(served, "@"), expected);
}

/* A row as no ddnsd would write it. */
static void
put_row(const char *name, const void *records, size_t size)
{
	struct store_row row = {
		.name = name,
		.owner = "key",
		.records = records,
		.records_size = size,
	};

	assert_int_equal(store_put(served->store, &row), STATUS_OK);
	assert_int_equal(store_commit(served->store, served_wall_s), STATUS_OK);
}

/* --- a zone begins --- */

static void
a_new_zone_has_an_soa_and_an_ns_as_configured(void **state)
{
	(void)state;
	served_start(served);
	assert_apex("ns.home.arpa.", SERVED_WALL_S);
	assert_true(served_until(served, "@") == LEASE_FOREVER);
	assert_string_equal(served_owner(served, "@"), "");
	assert_false(service_is_dirty(served->service));
	service_settle(served->service);
	served_restart(served);
	assert_apex("ns.home.arpa.", SERVED_WALL_S);
}

static void
the_longest_names_fit_into_an_soa(void **state)
{
	static const char label[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char text[300];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s.%s.%s.%.61s", label, label, label, label);
	assert_int_equal(name_from_text(text, &served->zones[0].nameserver), STATUS_OK);
	served->zones[0].contact = served->zones[0].nameserver;
	served_start(served);
	assert_non_null(strstr(served_records(served, "@"), text));
	assert_non_null(strstr(served_ask(served, "@ SOA"), text));
}

static void
two_zones_live_side_by_side(void **state)
{
	(void)state;
	served_add_zone(served, "example.net");
	served_start(served);
	must("add laptop 60 A 192.0.2.1");
	must("zone example.net\nadd laptop 60 A 192.0.2.2");
	served_restart(served);
	assert_string_equal(served_records(served, "laptop"), "60 A 192.0.2.1\n");
	assert_string_equal(served_records(served, "laptop.example.net."), "60 A 192.0.2.2\n");
	assert_int_equal(registry_names(served->registry), 4);
}

/* --- the configuration changes --- */

static void
another_name_server_takes_the_place_of_the_old_one(void **state)
{
	(void)state;
	served_start(served);
	must("add @ 90 TXT a");
	assert_int_equal(name_from_text("other.home.arpa", &served->zones[0].nameserver),
	    STATUS_OK);
	assert_int_equal(set_zones(), STATUS_OK);
	assert_string_equal(served_records(served, "@"),
	    "60 NS other.home.arpa.\n"
	    "60 SOA other.home.arpa. hostmaster.home.arpa. 3000000002 3600 600 1209600 60\n"
	    "90 TXT \"a\"\n");
	assert_false(service_is_dirty(served->service));
	/* Again, the same changes nothing. */
	assert_int_equal(set_zones(), STATUS_OK);
	assert_int_equal(served_serial(served), SERVED_WALL_S + 2);
	service_settle(served->service);
	served_restart(served);
	assert_int_equal(served_serial(served), SERVED_WALL_S + 2);
	assert_non_null(strstr(served_records(served, "@"), "60 NS other.home.arpa.\n"));
}

static void
an_apex_that_somebody_took_stays_as_they_made_it(void **state)
{
	(void)state;
	served_start(served);
	must("add @ 60 NS mine.home.arpa.; delete @ NS ns.home.arpa.");
	assert_int_equal(name_from_text("other.home.arpa", &served->zones[0].nameserver),
	    STATUS_OK);
	assert_int_equal(set_zones(), STATUS_OK);
	served_restart(served);
	assert_non_null(strstr(served_records(served, "@"), "60 NS mine.home.arpa.\n"));
	assert_null(strstr(served_records(served, "@"), "other"));
}

static void
another_lease_counts_from_the_next_change(void **state)
{
	(void)state;
	served_start(served);
	must("add one 60 A 192.0.2.1");
	served->zones[0].lease_s = 100;
	assert_int_equal(set_zones(), STATUS_OK);
	assert_true(served_until(served, "one") == served_now_ms / 1000 + 3600);
	must("add one 60 A 192.0.2.1");
	assert_true(served_until(served, "one") == served_now_ms / 1000 + 100);
}

static void
a_zone_that_goes_is_kept_on_disk_and_comes_back(void **state)
{
	size_t names;

	(void)state;
	served_add_zone(served, "example.net");
	served_start(served);
	must("add laptop 60 A 192.0.2.1");
	must("zone example.net\nlease 600; add laptop 60 A 192.0.2.2");
	names = owner_names(registry_owner(served->registry, "key"));
	served->zone_count = 1;
	assert_int_equal(set_zones(), STATUS_OK);
	assert_string_equal(served_ask(served, "laptop.example.net. A"), "REFUSED\n");
	assert_int_equal(served_do(served, key, "zone example.net\nadd a 60 A 192.0.2.2"),
	    STATUS_NOT_OUR_ZONE);
	assert_int_equal(owner_names(registry_owner(served->registry, "key")), names - 1);
	assert_true(registry_next_expiry(served->registry) == served_now_ms / 1000 + 3600);
	served_restart(served);
	must("add laptop 60 A 192.0.2.7");
	served->zone_count = 2;
	assert_int_equal(set_zones(), STATUS_OK);
	assert_string_equal(served_records(served, "laptop.example.net."), "60 A 192.0.2.2\n");
	/* The zone that was there all the time is not read again. */
	assert_string_equal(served_records(served, "laptop"), "60 A 192.0.2.1\n60 A 192.0.2.7\n");
	assert_int_equal(owner_names(registry_owner(served->registry, "key")), names);
	/* Its leases are waited for. */
	served_pass(1200);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop.example.net."), "");
}

/* --- what is stored is damaged --- */

static void
a_damaged_row_is_left_out_and_the_rest_is_loaded(void **state)
{
	(void)state;
	served_start(served);
	must("add one 60 A 192.0.2.1; add two 60 A 192.0.2.2");
	put_row("one.home.arpa", "damaged", 7);
	put_row("bad..name", "damaged", 7);
	put_row("empty.home.arpa", "", 0);
	registry_remove_zone(served->registry, registry_next_zone(served->registry, NULL));
	assert_int_equal(set_zones(), STATUS_DAMAGED);
	assert_string_equal(served_records(served, "one"), "");
	assert_string_equal(served_records(served, "two"), "60 A 192.0.2.2\n");
	assert_non_null(strstr(served_ask(served, "@ NS"), "answer"));
	must("add one 60 A 192.0.2.9");
	served->zone_count = 1;
	registry_remove_zone(served->registry, registry_next_zone(served->registry, NULL));
	assert_int_equal(set_zones(), STATUS_DAMAGED);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.9\n");
}

static void
a_zone_whose_apex_row_is_lost_gets_a_new_one(void **state)
{
	(void)state;
	served_start(served);
	must("add one 60 A 192.0.2.1");
	assert_int_equal(store_delete(served->store, "home.arpa"), STATUS_OK);
	assert_int_equal(store_commit(served->store, served_wall_s), STATUS_OK);
	served_pass(5000);
	served_restart(served);
	assert_apex("ns.home.arpa.", (uint32_t)served_wall_s);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.1\n");
}

/* --- when the disk is full --- */

static void
a_zone_that_cannot_be_stored_yet_is_served_all_the_same(void **state)
{
	uint32_t serial;

	(void)state;
	served_start(served);
	must("add one 60 A 192.0.2.1");
	service_settle(served->service);
	served_restart(served);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(name_from_text("other.home.arpa", &served->zones[0].nameserver),
	    STATUS_OK);
	assert_int_equal(set_zones(), STATUS_OK);
	assert_false(service_is_dirty(served->service));
	assert_non_null(strstr(served_records(served, "@"), "60 NS other.home.arpa.\n"));
	/* Once it can be stored it is, so that the serial does not go back in a crash. */
	commit_outcome = STATUS_OK;
	must("add one 60 TXT a");
	must("add one 60 TXT b");
	serial = served_serial(served);
	served_restart(served);
	assert_true(served_serial(served) - serial <= SERIAL_AHEAD);
	assert_non_null(strstr(served_records(served, "@"), "60 NS other.home.arpa.\n"));
}

static void
a_new_zone_on_a_full_disk_is_served_and_stored_with_its_first_name(void **state)
{
	uint32_t serial;

	(void)state;
	served_start(served);
	served_add_zone(served, "example.net");
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(set_zones(), STATUS_OK);
	assert_non_null(strstr(served_ask(served, "example.net. NS"), "answer"));
	commit_outcome = STATUS_OK;
	must("zone example.net\nadd one 60 A 192.0.2.1");
	serial = zone_serial(
	    registry_next_zone(served->registry, registry_next_zone(served->registry, NULL)));
	served_restart(served);
	assert_true(zone_serial(registry_next_zone(served->registry,
			registry_next_zone(served->registry, NULL))) -
		serial <=
	    SERIAL_AHEAD);
	assert_string_equal(served_records(served, "one.example.net."), "60 A 192.0.2.1\n");
}

#define zones_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		zones_test(a_new_zone_has_an_soa_and_an_ns_as_configured),
		zones_test(the_longest_names_fit_into_an_soa),
		zones_test(two_zones_live_side_by_side),
		zones_test(another_name_server_takes_the_place_of_the_old_one),
		zones_test(an_apex_that_somebody_took_stays_as_they_made_it),
		zones_test(another_lease_counts_from_the_next_change),
		zones_test(a_zone_that_goes_is_kept_on_disk_and_comes_back),
		zones_test(a_damaged_row_is_left_out_and_the_rest_is_loaded),
		zones_test(a_zone_whose_apex_row_is_lost_gets_a_new_one),
		zones_test(a_zone_that_cannot_be_stored_yet_is_served_all_the_same),
		zones_test(a_new_zone_on_a_full_disk_is_served_and_stored_with_its_first_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
