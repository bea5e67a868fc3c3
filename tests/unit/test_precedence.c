/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/update: administrators before registered names before leases, and names given to others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "asked.h"
#include "service/dhcp.h"

#include "served.h"

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_name_leases(&served);
	served_start(&served);
	*state = &served;
	return 0;
}

static int
close_world(void **state)
{
	served_close(*state);
	return 0;
}

static struct principal *
admin(struct served *served)
{
	struct principal *principal = served_key(served, "boss", "zone home.arpa");

	principal->is_admin = true;
	return principal;
}

static enum status
do_for(struct served *served, struct principal *principal, const char *owner, const char *script)
{
	struct request request = { .principal = principal, .door = "unix", .owner = owner };
	struct update_answer answer;
	enum status status;

	arena_reset(&served->arena);
	request.update = asked_for(&served->arena, script);
	status = service_update(served->service, &request, &served->arena, &answer);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	return status;
}

static void
administrator_gives_a_name_to_somebody(void **state)
{
	struct served *served = *state;
	struct principal *desk = served_key(served, "desk", "zone home.arpa");
	struct principal *other = served_key(served, "other", "zone home.arpa");

	assert_int_equal(do_for(served, admin(served), "desk", "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_string_equal(served_owner(served, "a"), "desk");
	assert_int_equal(served_do(served, other, "add a 60 A 192.0.2.2"), STATUS_REFUSED);
	assert_int_equal(served_do(served, desk, "add a 60 A 192.0.2.2"), STATUS_OK);
	served_restart(served);
	assert_string_equal(served_owner(served, "a"), "desk");
	assert_string_equal(served_records(served, "a"), "60 A 192.0.2.1\n60 A 192.0.2.2\n");
}

static void
name_given_to_another_counts_as_his(void **state)
{
	struct served *served = *state;
	struct principal *boss = admin(served);
	struct principal *desk = served_key(served, "desk", "zone home.arpa");
	const struct owner *owner;

	desk->names_max = 1;
	assert_int_equal(served_do(served, desk, "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, desk, "add b 60 A 192.0.2.1"), STATUS_LIMITED);
	/* The same records again, with another owner. */
	assert_int_equal(do_for(served, boss, "other", "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_string_equal(served_owner(served, "a"), "other");
	owner = registry_find_owner(served->registry, "desk");
	assert_int_equal(owner_names(owner), 0);
	owner = registry_find_owner(served->registry, "other");
	assert_int_equal(owner_names(owner), 1);
	assert_int_equal(served_do(served, desk, "add b 60 A 192.0.2.1"), STATUS_OK);
	served_restart(served);
	assert_string_equal(served_owner(served, "a"), "other");
}

static void
administrator_takes_any_name_over(void **state)
{
	struct served *served = *state;
	struct principal *boss = admin(served);
	struct principal *desk = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_do(served, desk, "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, boss, "add a 60 A 192.0.2.2"), STATUS_OK);
	assert_string_equal(served_owner(served, "a"), "boss");
	assert_int_equal(served_do(served, desk, "add a 60 A 192.0.2.3"), STATUS_REFUSED);
	assert_int_equal(served_do(served, desk, "delete a"), STATUS_REFUSED);
	/* What is only mended stays whose it was. */
	assert_int_equal(served_do(served, desk, "add b 60 A 192.0.2.1; add b 60 A 192.0.2.2"),
	    STATUS_OK);
	assert_int_equal(served_do(served, boss, "delete b A 192.0.2.1"), STATUS_OK);
	assert_string_equal(served_owner(served, "b"), "desk");
}

static void
registration_begins_without_the_leases_records(void **state)
{
	struct served *served = *state;
	struct principal *desk = served_key(served, "desk", "zone home.arpa");

	desk->names_max = 1;
	served_lease(served, "10.0.0.1", "laptop");
	assert_int_equal(served_do(served, desk, "add laptop 60 AAAA 2001:db8::1"), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 AAAA 2001:db8::1\n");
	assert_string_equal(served_owner(served, "laptop"), "desk");
	assert_int_equal(owner_names(registry_find_owner(served->registry, "@lease")), 0);
	/* It counts as a name of its own. */
	assert_int_equal(served_do(served, desk, "add b 60 A 192.0.2.1"), STATUS_LIMITED);
	/* And back: the name is the lease's again, and costs nobody anything. */
	assert_int_equal(served_do(served, desk, "delete laptop"), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.0.0.1\n");
	assert_int_equal(owner_names(registry_find_owner(served->registry, "desk")), 0);
	assert_int_equal(owner_names(registry_find_owner(served->registry, "@lease")), 1);
}

static void
grant_is_needed_for_a_leases_name_too(void **state)
{
	struct served *served = *state;
	struct principal *desk = served_key(served, "desk", "*.desk.home.arpa A");

	served_lease(served, "10.0.0.1", "laptop");
	assert_int_equal(served_do(served, desk, "add laptop 60 A 192.0.2.1"), STATUS_REFUSED);
	assert_string_equal(served_owner(served, "laptop"), "@lease");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.0.0.1\n");
}

static void
deletions_leave_a_leases_name_alone(void **state)
{
	struct served *served = *state;
	struct principal *boss = admin(served);
	uint32_t serial;

	served_lease(served, "10.0.0.1", "laptop");
	serial = served_serial(served);
	assert_int_equal(served_do(served, boss, "delete laptop"), STATUS_OK);
	assert_int_equal(served_do(served, boss, "delete laptop A"), STATUS_OK);
	assert_int_equal(served_do(served, boss, "delete laptop A 10.0.0.1"), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.0.0.1\n");
	assert_int_equal(served_serial(served), serial);
	/* Deleting first and then adding is how a client replaces. */
	assert_int_equal(served_do(served, boss, "delete laptop A; add laptop 60 A 192.0.2.1"),
	    STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 A 192.0.2.1\n");
	assert_string_equal(served_owner(served, "laptop"), "boss");
}

static void
lease_does_not_take_an_administrators_name(void **state)
{
	struct served *served = *state;
	struct principal *boss = admin(served);

	assert_int_equal(served_do(served, boss, "add laptop 60 TXT hello"), STATUS_OK);
	served_lease(served, "10.0.0.1", "laptop");
	assert_string_equal(served_records(served, "laptop"), "60 TXT \"hello\"\n");
	assert_string_equal(served_owner(served, "laptop"), "boss");
	assert_int_equal(leases_named(service_leases(served->service)), 0);
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(administrator_gives_a_name_to_somebody),
		WORLD_TEST(name_given_to_another_counts_as_his),
		WORLD_TEST(administrator_takes_any_name_over),
		WORLD_TEST(registration_begins_without_the_leases_records),
		WORLD_TEST(grant_is_needed_for_a_leases_name_too),
		WORLD_TEST(deletions_leave_a_leases_name_alone),
		WORLD_TEST(lease_does_not_take_an_administrators_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
