/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/changes: who watches is told of what was committed, in words, and of nothing else. */
/* LDWRAP: store_commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/report.h"

#include "failing_commit.h"
#include "served.h"

enum { TEXT_MAX = 65536, HOUR_S = 3600 };

static char told[TEXT_MAX];
static size_t told_count;

static void
changed(void *context, const struct service_change *change)
{
	size_t used = strlen(told);
	char name[NAME_TEXT_MAX];
	char source[ADDRESS_TEXT_MAX] = "-";

	assert_ptr_equal(context, told);
	assert_int_equal(change->wall_ms / 1000, served_wall_s);
	if (change->source.family != 0)
		(void)address_to_text(&change->source, source);
	(void)snprintf(told + used, sizeof(told) - used, "%s [%s] -> [%s] %s %s %s\n",
	    name_to_text(change->name, name), change->before, change->after, change->who,
	    change->door, source);
	told_count++;
}

static const struct service_watcher watcher = { .changed = changed, .context = told };

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_name_leases(&served);
	served_start(&served);
	service_set_watcher(served.service, &watcher);
	told[0] = '\0';
	told_count = 0;
	*state = &served;
	return 0;
}

static int
close_world(void **state)
{
	served_close(*state);
	return 0;
}

static void
change_is_told_after_the_commit(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_update(served, key, "add a 60 A 192.0.2.1; add a 60 TXT hello"),
	    STATUS_OK);
	assert_string_equal(told, "");
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(told,
	    "a.home.arpa [] -> [192.0.2.1, TXT \"hello\"] desk udp 192.0.2.200\n");
	told[0] = '\0';
	assert_int_equal(served_do(served, key, "delete a TXT; add a 60 AAAA 2001:db8::1"),
	    STATUS_OK);
	assert_string_equal(told,
	    "a.home.arpa [192.0.2.1, TXT \"hello\"] -> [192.0.2.1, 2001:db8::1] desk udp "
	    "192.0.2.200\n");
	told[0] = '\0';
	assert_int_equal(served_do(served, key, "delete a"), STATUS_OK);
	assert_string_equal(told,
	    "a.home.arpa [192.0.2.1, 2001:db8::1] -> [] desk udp 192.0.2.200\n");
}

static void
what_could_not_be_stored_is_not_told(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_NO_SPACE);
	commit_outcome = STATUS_OK;
	assert_int_equal(served_do(served, key, "add b 60 A 192.0.2.2"), STATUS_OK);
	assert_string_equal(told, "b.home.arpa [] -> [192.0.2.2] desk udp 192.0.2.200\n");
}

static void
what_changes_nothing_is_not_told(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	told[0] = '\0';
	served_pass(10);
	assert_int_equal(served_do(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_do(served, key, "delete b"), STATUS_OK);
	assert_string_equal(told, "");
}

static void
expiry_and_leases_are_told_with_their_door(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	struct dhcp_event event = {
		.action = DHCP_ADD,
		.server = "dnsmasq",
		.name = "laptop",
		.remaining_s = 5,
	};

	assert_int_equal(address_from_text("10.0.0.1", &event.address), STATUS_OK);
	assert_int_equal(served_do(served, key, "lease 60; add a 60 A 192.0.2.1"), STATUS_OK);
	told[0] = '\0';
	assert_int_equal(service_dhcp_event(served->service, &event, "lease-file"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(told, "laptop.home.arpa [] -> [10.0.0.1] @lease lease-file -\n");
	told[0] = '\0';
	served_pass(61);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_non_null(strstr(told, "laptop.home.arpa [10.0.0.1] -> [] @lease expiry -\n"));
	assert_non_null(strstr(told, "a.home.arpa [192.0.2.1] -> [] desk expiry -\n"));
}

static void
long_list_of_records_is_cut(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char script[8192] = "";
	const char *after;
	size_t length;

	for (int i = 1; i <= 100; i++) {
		size_t used = strlen(script);

		(void)snprintf(script + used, sizeof(script) - used, "add a 60 A 192.0.2.%d;",
		    i + 100);
	}
	assert_int_equal(served_do(served, key, script), STATUS_OK);
	assert_int_equal(told_count, 1);
	after = strstr(told, "-> [");
	assert_non_null(after);
	length = strcspn(after + 4, "]");
	assert_in_range(length, 900, 1023);
	assert_memory_equal(after + 4 + length - 3, "...", 3);
	assert_memory_equal(after + 4, "192.0.2.101, 192.0.2.102, ", 26);
}

static void
nobody_is_told_after_the_watcher_has_gone(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_update(served, key, "add a 60 A 192.0.2.1"), STATUS_OK);
	service_set_watcher(served->service, NULL);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(served_do(served, key, "add b 60 A 192.0.2.1"), STATUS_OK);
	service_set_watcher(served->service, &watcher);
	assert_int_equal(served_do(served, key, "add c 60 A 192.0.2.1"), STATUS_OK);
	assert_string_equal(told, "c.home.arpa [] -> [192.0.2.1] desk udp 192.0.2.200\n");
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(change_is_told_after_the_commit),
		WORLD_TEST(what_could_not_be_stored_is_not_told),
		WORLD_TEST(what_changes_nothing_is_not_told),
		WORLD_TEST(expiry_and_leases_are_told_with_their_door),
		WORLD_TEST(long_list_of_records_is_cut),
		WORLD_TEST(nobody_is_told_after_the_watcher_has_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
