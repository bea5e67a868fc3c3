/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DHCP leases are called, told by events as hooks and the lease file bring them. */
/* LDWRAP: store_commit */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/dhcp.h"
#include "service/report.h"
#include "service/state.h"
#include "wire/dhcp.h"

#include "failing_commit.h"
#include "served.h"

static const char laptop[] = "02:00:00:00:00:01";
static const char phone[] = "02:00:00:00:00:02";
static const char third[] = "02:00:00:00:00:03";

/* DUID-UUID: no hardware address in it. DUID-LL: that of the laptop. */
static const char uuid[] = "00:04:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99";
static const char laptop_duid[] = "00:03:00:01:02:00:00:00:00:01";

enum { HOUR_S = 3600 };

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_add_zone(&served, "77.10.in-addr.arpa");
	served_name_leases(&served);
	served.dhcp.remember_s = 30 * 24 * HOUR_S;
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

/* An event as dnsmasq's hook brings it while dnsmasq still knows the request. */
static struct dhcp_event
event_of(enum dhcp_action action, const char *device, const char *address, const char *name,
    const char *client_name)
{
	struct dhcp_event event = {
		.action = action,
		.server = "dnsmasq",
		.name = name,
		.client_name = client_name,
		.is_complete = true,
		.domain = name != NULL ? "home.arpa" : NULL,
		.remaining_s = HOUR_S,
	};

	assert_int_equal(address_from_text(address, &event.address), STATUS_OK);
	if (event.address.family == 4)
		assert_int_equal(dhcp_hardware_from_text(device, &event.hardware), STATUS_OK);
	else
		assert_int_equal(dhcp_duid_from_text(device, &event.duid), STATUS_OK);
	return event;
}

static void
tell(struct served *served, const struct dhcp_event *event)
{
	assert_int_equal(service_dhcp_event(served->service, event, "unix"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
}

/* A new lease, or one whose client asked again. */
static void
give(struct served *served, const char *device, const char *address, const char *name,
    const char *client_name)
{
	struct dhcp_event event = event_of(DHCP_ADD, device, address, name, client_name);

	tell(served, &event);
}

/* As after a SIGHUP or a restart of dnsmasq: it knows its own name of the client only. */
static void
repeat(struct served *served, const char *device, const char *address, const char *name)
{
	struct dhcp_event event = event_of(DHCP_OLD, device, address, name, NULL);

	event.is_complete = false;
	tell(served, &event);
}

static void
end(struct served *served, const char *device, const char *address)
{
	struct dhcp_event event = event_of(DHCP_DEL, device, address, NULL, NULL);

	tell(served, &event);
}

static const struct dhcp_lease *
lease_of(struct served *served, const char *text)
{
	struct address address;

	assert_int_equal(address_from_text(text, &address), STATUS_OK);
	return leases_find(service_leases(served->service), &address);
}

static const char *
label_of(struct served *served, const char *address)
{
	const struct dhcp_lease *lease = lease_of(served, address);

	assert_non_null(lease);
	return lease->label;
}

static bool
is_ours(struct served *served, const char *address)
{
	return lease_of(served, address)->is_ours;
}

/* Time goes by with the loop running, and a commit a turn. */
static void
run_for(struct served *served, int64_t ms)
{
	served_now_ms += ms;
	for (int i = 0; i < 3; i++) {
		served_turn(served);
		(void)service_commit(served->service);
	}
}

static void
new_lease_has_name_address_and_pointer(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "Laptop", "Laptop");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "60 PTR laptop.home.arpa.\n");
	assert_string_equal(served_owner(served, "laptop"), "@lease");
	assert_false(is_ours(served, "10.77.0.55"));
}

static void
ended_lease_leaves_nothing(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	end(served, laptop, "10.77.0.55");
	assert_null(lease_of(served, "10.77.0.55"));
	assert_string_equal(served_records(served, "laptop"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
}

static void
end_of_an_earlier_lease_of_the_address_is_no_news(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	end(served, phone, "10.77.0.55");
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

/* Kea does not wait for its hooks. */
static void
renewal_that_was_overtaken_by_the_end_changes_nothing(void **state)
{
	struct served *served = *state;
	struct dhcp_event renewal = event_of(DHCP_OLD, laptop, "10.77.0.55", "laptop", "laptop");
	struct dhcp_event ending = event_of(DHCP_DEL, laptop, "10.77.0.55", NULL, NULL);

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	renewal.order = 1;
	ending.order = 2;
	tell(served, &ending);
	tell(served, &renewal);
	assert_null(lease_of(served, "10.77.0.55"));
	assert_string_equal(served_records(served, "laptop"), "");
	renewal.order = 3;
	tell(served, &renewal);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
address_that_goes_to_another_device_changes_its_name(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	give(served, phone, "10.77.0.55", "phone", "phone");
	assert_string_equal(served_records(served, "laptop"), "");
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.55\n");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "60 PTR phone.home.arpa.\n");
}

static void
lease_without_an_end_told_ends_by_time(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	served_pass(HOUR_S);
	served_turn(served);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	served_pass(2);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "");
	assert_null(lease_of(served, "10.77.0.55"));
}

static void
lease_that_is_not_over_stays_when_another_ends(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	/* What is over already does not begin. */
	event.remaining_s = 0;
	tell(served, &event);
	assert_null(lease_of(served, "10.77.0.55"));
	event.remaining_s = 5;
	tell(served, &event);
	assert_int_equal(served->service->lease_timer.at_ms - served_now_ms, 6000);
	give(served, phone, "10.77.0.56", "phone", "phone");
	served_pass(12);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_null(lease_of(served, "10.77.0.55"));
	assert_non_null(lease_of(served, "10.77.0.56"));
	/* One without an end outlives everything. */
	event.remaining_s = DHCP_FOREVER;
	tell(served, &event);
	served_pass(1000 * 24 * (int64_t)HOUR_S);
	served_restart(served);
	run_for(served, 1000);
	assert_true(lease_of(served, "10.77.0.55")->until_s == LEASES_FOREVER);
	assert_null(lease_of(served, "10.77.0.56"));
}

static void
device_that_was_away_too_long_is_forgotten_at_a_start(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, phone, "10.77.0.56", "tv", "tv");
	end(served, phone, "10.77.0.56");
	end(served, laptop, "10.77.0.55");
	served_pass(29 * 24 * HOUR_S);
	served_restart(served);
	assert_int_equal(leases_devices(service_leases(served->service)), 1);
	served_pass(2 * 24 * HOUR_S);
	served_restart(served);
	assert_int_equal(leases_devices(service_leases(served->service)), 0);
}

static void
renewal_moves_the_end_and_writes_nothing(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	for (int i = 0; i < 2; i++) {
		struct dhcp_event event = event_of(DHCP_OLD, laptop, "10.77.0.55", "laptop",
		    "laptop");

		served_pass(HOUR_S / 2);
		assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
		assert_false(service_is_dirty(served->service));
	}
	served_pass(HOUR_S - 10);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
name_that_the_server_lacks_is_sanitised_and_published(void **state)
{
	struct served *served = *state;

	give(served, phone, "10.77.0.56", NULL, "Bob's iPhone");
	assert_string_equal(label_of(served, "10.77.0.56"), "bobs-iphone");
	assert_true(is_ours(served, "10.77.0.56"));
	/* dnsmasq has read the file: what it now calls the device is our word, not the device's. */
	repeat(served, phone, "10.77.0.56", "bobs-iphone");
	assert_string_equal(label_of(served, "10.77.0.56"), "bobs-iphone");
	assert_true(is_ours(served, "10.77.0.56"));
	/* And when the device asks for another name, that one counts. */
	give(served, phone, "10.77.0.56", "bobs-iphone", "Bob's Telephone");
	assert_string_equal(label_of(served, "10.77.0.56"), "bobs-telephone");
	assert_string_equal(served_records(served, "bobs-iphone"), "");
}

static void
name_that_the_server_answers_is_not_published(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "Laptop", "Laptop");
	repeat(served, laptop, "10.77.0.55", "Laptop");
	assert_false(is_ours(served, "10.77.0.55"));
}

static void
name_below_another_domain_is_published(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	event.domain = "lan";
	tell(served, &event);
	assert_true(is_ours(served, "10.77.0.55"));
}

static void
leases_of_another_server_are_published(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	event.server = "kea";
	tell(served, &event);
	assert_true(is_ours(served, "10.77.0.55"));
}

static void
underscore_becomes_a_hyphen_and_is_published(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "under_score", "under_score");
	assert_string_equal(label_of(served, "10.77.0.55"), "under-score");
	assert_true(is_ours(served, "10.77.0.55"));
}

static void
second_device_gets_a_number_and_keeps_it(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "notebook", "notebook");
	/* dnsmasq takes the name from the first and gives it to the second. */
	repeat(served, laptop, "10.77.0.55", NULL);
	give(served, phone, "10.77.0.56", "notebook", "notebook");
	assert_string_equal(label_of(served, "10.77.0.55"), "notebook");
	assert_string_equal(label_of(served, "10.77.0.56"), "notebook-2");
	assert_true(is_ours(served, "10.77.0.56"));
	/* It has read our file by now. */
	repeat(served, phone, "10.77.0.56", "notebook-2");
	give(served, phone, "10.77.0.56", "notebook-2", "notebook");
	assert_string_equal(label_of(served, "10.77.0.56"), "notebook-2");
	/* The first goes; the second keeps what it is called, also over a restart, also when it comes back. */
	end(served, laptop, "10.77.0.55");
	give(served, phone, "10.77.0.56", "notebook-2", "notebook");
	assert_string_equal(label_of(served, "10.77.0.56"), "notebook-2");
	served_restart(served);
	assert_string_equal(served_records(served, "notebook-2"), "60 A 10.77.0.56\n");
	end(served, phone, "10.77.0.56");
	give(served, phone, "10.77.0.57", "notebook", "notebook");
	assert_string_equal(label_of(served, "10.77.0.57"), "notebook-2");
}

static void
number_of_a_device_that_is_away_is_kept_for_it(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, phone, "10.77.0.56", "tv", "tv");
	end(served, phone, "10.77.0.56");
	give(served, third, "10.77.0.57", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.57"), "tv-3");
	/* Not for ever. */
	end(served, third, "10.77.0.57");
	served_pass(31 * 24 * HOUR_S);
	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, "02:00:00:00:00:04", "10.77.0.58", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.58"), "tv-2");
}

static void
server_that_renames_in_two_steps_gets_no_line(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "old-name", "old-name");
	give(served, laptop, "10.77.0.55", NULL, "new-name");
	assert_false(is_ours(served, "10.77.0.55"));
	give(served, laptop, "10.77.0.55", "new-name", "new-name");
	assert_string_equal(label_of(served, "10.77.0.55"), "new-name");
	served_now_ms += 1000;
	served_turn(served);
	assert_false(is_ours(served, "10.77.0.55"));
}

static void
name_that_the_server_has_taken_away_for_good_is_published(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "notebook", "notebook");
	repeat(served, laptop, "10.77.0.55", NULL);
	assert_false(is_ours(served, "10.77.0.55"));
	served_now_ms += 1000;
	served_turn(served);
	assert_true(is_ours(served, "10.77.0.55"));
	assert_string_equal(label_of(served, "10.77.0.55"), "notebook");
}

static void
lease_never_takes_a_registered_name(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char why[SERVICE_DHCP_WHY_MAX];

	assert_int_equal(served_do(served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_string_equal(served_records(served, "desk"), "60 A 192.0.2.1\n");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
	service_dhcp_explain(served->service, lease_of(served, "10.77.0.55"), why);
	assert_non_null(strstr(why, "desk is registered"));
	/* When it is free, the lease has it. */
	assert_int_equal(served_do(served, key, "delete desk"), STATUS_OK);
	assert_string_equal(served_records(served, "desk"), "60 A 10.77.0.55\n");
	assert_string_equal(served_owner(served, "desk"), "@lease");
}

static void
name_that_is_given_back_and_taken_in_one_turn_leaves_the_next_lease_a_number(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	struct dhcp_event event = event_of(DHCP_ADD, phone, "10.77.0.56", "desk", "desk");

	assert_int_equal(served_do(served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_int_equal(served_update(served, key, "delete desk"), STATUS_OK);
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.56"), "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "desk-2");
}

static void
registration_takes_a_name_from_a_lease(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_int_equal(served_do(served, key, "add desk 60 TXT hello"), STATUS_OK);
	assert_string_equal(served_records(served, "desk"), "60 TXT \"hello\"\n");
	assert_string_equal(served_owner(served, "desk"), "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	served_restart(served);
	assert_string_equal(served_owner(served, "desk"), "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
}

static void
deleting_the_name_of_a_lease_does_nothing(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_int_equal(served_do(served, key, "delete desk"), STATUS_OK);
	assert_string_equal(served_records(served, "desk"), "60 A 10.77.0.55\n");
}

static void
name_of_an_expired_registration_goes_to_the_lease(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "desk", "desk");

	event.remaining_s = 100 * HOUR_S;
	assert_int_equal(served_do(served, key, "lease 120; add desk 60 A 192.0.2.1"), STATUS_OK);
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	served_pass(130);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "desk"), "60 A 10.77.0.55\n");
}

static void
registered_pointer_comes_before_the_leases(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone 77.10.in-addr.arpa");

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	assert_int_equal(served_do(served, key,
			     "zone 77.10.in-addr.arpa; add 55.0 60 PTR alias.home.arpa."),
	    STATUS_OK);
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "60 PTR alias.home.arpa.\n");
	assert_int_equal(served_do(served, key, "zone 77.10.in-addr.arpa; delete 55.0"), STATUS_OK);
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "60 PTR laptop.home.arpa.\n");
}

static void
alias_that_the_server_read_is_not_what_the_device_wants(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_do(served, key, "add printer 60 A 10.77.0.55"), STATUS_OK);
	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "desk");
	/* dnsmasq renamed the lease after the hosts line of its address. */
	repeat(served, laptop, "10.77.0.55", "printer");
	assert_string_equal(label_of(served, "10.77.0.55"), "desk");
	/* The line begins with the lease's own name, which pins it; the device's wish is heard all the same. */
	give(served, laptop, "10.77.0.55", "desk", "newdesk");
	assert_string_equal(label_of(served, "10.77.0.55"), "newdesk");
}

static void
ipv6_joins_by_hardware_by_duid_and_else_by_name(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, uuid, "fd00::3", "box", NULL);

	give(served, laptop, "10.77.0.55", "box", "box");
	give(served, phone, "10.77.0.56", "box", "box");
	assert_string_equal(label_of(served, "10.77.0.56"), "box-2");
	/* By the hardware address that dnsmasq found: the phone's. */
	assert_int_equal(dhcp_hardware_from_text(phone, &event.hardware), STATUS_OK);
	tell(served, &event);
	assert_string_equal(label_of(served, "fd00::3"), "box-2");
	/* By the one in the DUID: the laptop's. */
	give(served, laptop_duid, "fd00::1", "box", NULL);
	assert_string_equal(served_records(served, "box"), "60 A 10.77.0.55\n60 AAAA fd00::1\n");
	/* A further address of the same DUID. */
	give(served, uuid, "fd00::4", "box", NULL);
	assert_string_equal(label_of(served, "fd00::4"), "box-2");
}

static void
pin_names_a_device_and_comes_before_wishes(void **state)
{
	struct served *served = *state;
	struct dhcp_pin pin = { .label = "printer" };
	struct dhcp_options options = served->dhcp;

	assert_int_equal(dhcp_hardware_from_text(phone, &pin.hardware), STATUS_OK);
	options.pins = &pin;
	options.pin_count = 1;
	service_set_dhcp_options(served->service, &options);
	give(served, laptop, "10.77.0.55", "printer", "printer");
	assert_string_equal(label_of(served, "10.77.0.55"), "printer");
	give(served, phone, "10.77.0.56", "HP1234", "HP1234");
	assert_string_equal(label_of(served, "10.77.0.56"), "printer");
	assert_string_equal(label_of(served, "10.77.0.55"), "printer-2");
	assert_true(is_ours(served, "10.77.0.56"));
	assert_string_equal(served_records(served, "printer"), "60 A 10.77.0.56\n");
	service_set_dhcp_options(served->service, &served->dhcp);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.56"), "hp1234");
}

static void
ignored_devices_and_names_get_none(void **state)
{
	struct served *served = *state;
	const char *const labels[] = { "wpad", "guest-*" };
	struct dhcp_hardware hardware;
	struct dhcp_options options = served->dhcp;

	assert_int_equal(dhcp_hardware_from_text(third, &hardware), STATUS_OK);
	options.ignored = &hardware;
	options.ignored_count = 1;
	options.ignored_labels = labels;
	options.ignored_label_count = 2;
	service_set_dhcp_options(served->service, &options);
	give(served, laptop, "10.77.0.55", "WPAD", "WPAD");
	give(served, phone, "10.77.0.56", "guest-7", "guest-7");
	give(served, third, "10.77.0.57", "tv", "tv");
	assert_int_equal(leases_named(service_leases(served->service)), 0);
	assert_int_equal(leases_count(service_leases(served->service)), 3);
	service_set_dhcp_options(served->service, &served->dhcp);
}

static void
nameless_leases_are_named_by_the_pattern(void **state)
{
	struct served *served = *state;
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", NULL, NULL);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	(void)snprintf(options.nameless, sizeof(options.nameless), "dhcp-%%a-%%m");
	service_set_dhcp_options(served->service, &options);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.55"), "dhcp-10-77-0-55-000001");
	assert_true(is_ours(served, "10.77.0.55"));
	service_set_dhcp_options(served->service, &served->dhcp);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
}

static void
another_zone_takes_all_names_along(void **state)
{
	struct served *served = *state;
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	options.has_zone = false;
	service_set_dhcp_options(served->service, &options);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
	service_set_dhcp_options(served->service, &served->dhcp);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
reading_brings_what_no_hook_told_and_ends_what_is_gone(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_OLD, phone, "10.77.0.56", "phone", NULL);

	event.is_complete = false;
	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	for (int i = 0; i < 2; i++) {
		service_dhcp_begin_reading(served->service);
		assert_int_equal(service_dhcp_event(served->service, &event, "lease-file"),
		    STATUS_OK);
		assert_int_equal(service_dhcp_end_reading(served->service, i == 0), 1);
		assert_int_equal(service_commit(served->service), STATUS_OK);
		assert_string_equal(served_records(served, "laptop"),
		    i == 0 ? "60 A 10.77.0.55\n" : "");
	}
	assert_string_equal(served_records(served, "phone"), "60 A 10.77.0.56\n");
}

static void
reading_does_not_end_leases_of_other_servers(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	event.server = "isc-dhcp";
	tell(served, &event);
	service_dhcp_begin_reading(served->service);
	assert_int_equal(service_dhcp_end_reading(served->service, false), 0);
	assert_non_null(lease_of(served, "10.77.0.55"));
}

static void
file_and_hook_agree(void **state)
{
	struct served *served = *state;

	give(served, phone, "10.77.0.56", NULL, "Bob's iPhone");
	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	served_picture(served);
	/* The file knows nothing of what the device asked for, nor of the end of the world. */
	for (int i = 0; i < 3; i++) {
		struct dhcp_event one = event_of(DHCP_OLD, phone, "10.77.0.56", NULL, NULL);
		struct dhcp_event other = event_of(DHCP_OLD, laptop, "10.77.0.55", "laptop", NULL);

		one.is_complete = false;
		other.is_complete = false;
		service_dhcp_begin_reading(served->service);
		assert_int_equal(service_dhcp_event(served->service, &one, "lease-file"),
		    STATUS_OK);
		assert_int_equal(service_dhcp_event(served->service, &other, "lease-file"),
		    STATUS_OK);
		assert_int_equal(service_dhcp_end_reading(served->service, false), 0);
		assert_false(service_is_dirty(served->service));
	}
	assert_string_equal(label_of(served, "10.77.0.56"), "bobs-iphone");
}

static void
restart_brings_leases_back(void **state)
{
	struct served *served = *state;

	give(served, phone, "10.77.0.56", NULL, "Bob's iPhone");
	give(served, uuid, "fd00::3", "box", NULL);
	served_restart(served);
	assert_string_equal(served_records(served, "bobs-iphone"), "60 A 10.77.0.56\n");
	assert_string_equal(served_records(served, "box"), "60 AAAA fd00::3\n");
	assert_true(is_ours(served, "10.77.0.56"));
	assert_string_equal(lease_of(served, "10.77.0.56")->client_name, "Bob's iPhone");
}

static void
failed_commit_takes_the_lease_back(void **state)
{
	static char before[SERVED_TEXT_MAX];
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, phone, "10.77.0.56", "box", "box");
	struct dhcp_event other = event_of(DHCP_DEL, laptop, "10.77.0.55", NULL, NULL);

	give(served, laptop, "10.77.0.55", "box", "box");
	served_remember(served, before);
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_int_equal(service_dhcp_event(served->service, &other, "unix"), STATUS_OK);
	commit_outcome = STATUS_NO_SPACE;
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	commit_outcome = STATUS_OK;
	assert_string_equal(served_picture(served), before);
	assert_null(lease_of(served, "10.77.0.56"));
	assert_string_equal(label_of(served, "10.77.0.55"), "box");
	/* And it can be told again. */
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.56"), "box-2");
}

static const char *
why(struct served *served, const char *address)
{
	static char text[SERVICE_DHCP_WHY_MAX];

	service_dhcp_explain(served->service, lease_of(served, address), text);
	return text;
}

static void
set_options(struct served *served, const struct dhcp_options *options)
{
	service_set_dhcp_options(served->service, options);
	assert_int_equal(service_commit(served->service), STATUS_OK);
}

static void
name_server_and_marker_are_never_a_leases(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "admin", "zone home.arpa ANY NS");
	struct dhcp_pin pin = { .label = "ns" };
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", "ns", "ns");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_string_equal(served_records(served, "ns"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
	assert_string_equal(why(served, "10.77.0.55"),
	    "no lease is called ns: it is a zone's name server");
	give(served, phone, "10.77.0.56", "DDNSD-publication", NULL);
	assert_string_equal(label_of(served, "10.77.0.56"), "");
	assert_non_null(strstr(why(served, "10.77.0.56"), "published"));
	/* Not by a pin either. */
	assert_int_equal(dhcp_hardware_from_text(third, &pin.hardware), STATUS_OK);
	options.pins = &pin;
	options.pin_count = 1;
	set_options(served, &options);
	give(served, third, "10.77.0.57", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.57"), "");
	set_options(served, &served->dhcp);
	/* Nor where an administrator names another server, as long as he does. */
	give(served, "02:00:00:00:00:04", "10.77.0.58", "radio", "radio");
	assert_string_equal(label_of(served, "10.77.0.57"), "tv");
	assert_int_equal(served_do(served, key, "add @ 60 NS tv"), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.57"), "");
	assert_string_equal(served_records(served, "tv"), "");
	assert_int_equal(served_do(served, key, "delete @ NS tv"), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.57"), "tv");
}

static void
address_that_is_not_of_one_host_gets_no_name(void **state)
{
	static const char *const addresses[] = { "0.0.0.0", "0.1.2.3", "127.0.0.1", "127.9.9.9",
		"169.254.1.1", "224.0.0.251", "239.1.1.1", "240.0.0.1", "255.255.255.255" };
	static const char *const six[] = { "::", "::1", "::ffff:10.0.0.1", "fe80::1", "febf::1",
		"ff02::1" };
	struct served *served = *state;

	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		give(served, laptop, addresses[i], "laptop", "laptop");
		assert_string_equal(label_of(served, addresses[i]), "");
		assert_non_null(strstr(why(served, addresses[i]), "its address is"));
	}
	for (size_t i = 0; i < sizeof(six) / sizeof(six[0]); i++) {
		give(served, uuid, six[i], "laptop", "laptop");
		assert_string_equal(label_of(served, six[i]), "");
		assert_non_null(strstr(why(served, six[i]), "its address is"));
	}
	assert_string_equal(served_records(served, "laptop"), "");
	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	give(served, laptop_duid, "fec0::1", "laptop", NULL);
	give(served, laptop_duid, "::2", "laptop", NULL);
	assert_string_equal(served_records(served, "laptop"),
	    "60 A 10.77.0.55\n60 AAAA ::2\n60 AAAA fec0::1\n");
}

static void
pattern_that_asks_for_what_is_not_known_gives_no_name(void **state)
{
	struct served *served = *state;
	struct dhcp_options options = served->dhcp;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", NULL, NULL);

	(void)snprintf(options.nameless, sizeof(options.nameless), "dhcp-%%m");
	set_options(served, &options);
	event.hardware.size = 0;
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	/* By the DUID where there is no hardware address. */
	give(served, uuid, "fd00::3", NULL, NULL);
	assert_string_equal(label_of(served, "fd00::3"), "dhcp-778899");
	event = event_of(DHCP_ADD, laptop, "10.77.0.55", NULL, NULL);
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.55"), "dhcp-000001");
	/* A name that it gives later comes first. */
	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	assert_string_equal(label_of(served, "10.77.0.55"), "laptop");
	service_set_dhcp_options(served->service, &served->dhcp);
}

static void
wish_outlives_a_server_that_holds_to_the_old_name(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_do(served, key, "add printer 60 A 10.77.0.55"), STATUS_OK);
	give(served, laptop, "10.77.0.55", "desk", "desk");
	give(served, laptop, "10.77.0.55", "desk", "newdesk");
	assert_string_equal(label_of(served, "10.77.0.55"), "newdesk");
	repeat(served, laptop, "10.77.0.55", "desk");
	assert_string_equal(label_of(served, "10.77.0.55"), "newdesk");
	set_options(served, &served->dhcp);
	assert_string_equal(label_of(served, "10.77.0.55"), "newdesk");
	served_restart(served);
	assert_string_equal(label_of(served, "10.77.0.55"), "newdesk");
}

static void
server_that_forgets_a_name_takes_back_no_wish(void **state)
{
	struct served *served = *state;

	/* The server calls it by a name of the administrator's. */
	give(served, laptop, "10.77.0.55", "desk", "DESKTOP-4711");
	assert_string_equal(label_of(served, "10.77.0.55"), "desk");
	repeat(served, laptop, "10.77.0.55", NULL);
	assert_string_equal(label_of(served, "10.77.0.55"), "desk");
	/* The device itself does. */
	give(served, laptop, "10.77.0.55", NULL, "DESKTOP-4711");
	assert_string_equal(label_of(served, "10.77.0.55"), "desktop-4711");
	give(served, laptop, "10.77.0.55", NULL, NULL);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_non_null(strstr(why(served, "10.77.0.55"), "gives no name"));
}

static void
name_that_the_server_had_first_is_no_echo(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "box", "box");

	event.domain = "lan";
	tell(served, &event);
	assert_true(is_ours(served, "10.77.0.55"));
	/* It says so still, though the device has stopped to give a name. */
	event.client_name = NULL;
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.55"), "box");
	repeat(served, laptop, "10.77.0.55", "box");
	assert_string_equal(label_of(served, "10.77.0.55"), "box");
	assert_true(is_ours(served, "10.77.0.55"));
}

static void
device_with_too_many_addresses_has_the_first_ones(void **state)
{
	struct served *served = *state;

	served->options.addresses_per_name = 2;
	service_set_options(served->service, &served->options);
	give(served, laptop_duid, "fd00::1", "box", NULL);
	give(served, laptop, "10.77.0.56", "box", "box");
	give(served, laptop, "10.77.0.55", "box", "box");
	assert_string_equal(served_records(served, "box"), "60 A 10.77.0.55\n60 A 10.77.0.56\n");
	/* What has ended is not held fast by what there is too much of. */
	give(served, laptop, "10.77.0.57", "box", "box");
	end(served, laptop, "10.77.0.55");
	assert_string_equal(served_records(served, "box"), "60 A 10.77.0.56\n60 A 10.77.0.57\n");
	end(served, laptop, "10.77.0.56");
	assert_string_equal(served_records(served, "box"), "60 A 10.77.0.57\n60 AAAA fd00::1\n");
	assert_string_equal(served_records(served, "57.0.77.10.in-addr.arpa."),
	    "60 PTR box.home.arpa.\n");
}

static void
many_addresses_without_a_limit_are_bounded_all_the_same(void **state)
{
	struct served *served = *state;
	char address[32];

	for (int i = 1; i <= 70; i++) {
		(void)snprintf(address, sizeof(address), "10.77.1.%d", i);
		give(served, laptop, address, "box", "box");
	}
	assert_non_null(strstr(served_records(served, "box"), "10.77.1.64\n"));
	assert_null(strstr(served_records(served, "box"), "10.77.1.65\n"));
}

static void
name_registered_and_given_back_in_one_turn_stays_the_leases(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_int_equal(served_update(served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(served_update(served, key, "delete desk"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "desk"), "60 A 10.77.0.55\n");
	assert_string_equal(served_owner(served, "desk"), "@lease");
}

static void
numbered_name_gives_way_to_a_registered_one(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, phone, "10.77.0.56", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.56"), "tv-2");
	assert_string_equal(why(served, "10.77.0.56"), "tv is another device's");
	assert_int_equal(served_do(served, key, "add tv-2 60 A 192.0.2.1"), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.56"), "tv-3");
	assert_string_equal(served_records(served, "tv-2"), "60 A 192.0.2.1\n");
	assert_string_equal(served_records(served, "tv-3"), "60 A 10.77.0.56\n");
	assert_true(is_ours(served, "10.77.0.56"));
	served_restart(served);
	assert_string_equal(label_of(served, "10.77.0.56"), "tv-3");
	assert_true(is_ours(served, "10.77.0.56"));
}

static void
names_are_there_though_nothing_can_be_stored_at_the_start(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	give(served, phone, "10.77.0.56", NULL, "Bob's iPhone");
	commit_outcome = STATUS_READ_ONLY;
	served_restart(served);
	commit_outcome = STATUS_OK;
	assert_false(service_is_dirty(served->service));
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	assert_string_equal(served_records(served, "bobs-iphone"), "60 A 10.77.0.56\n");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "60 PTR laptop.home.arpa.\n");
}

static void
options_that_could_not_be_stored_are_tried_again(void **state)
{
	struct served *served = *state;
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	options.has_zone = false;
	commit_outcome = STATUS_NO_SPACE;
	service_set_dhcp_options(served->service, &options);
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
	/* Not at once, and again and again. */
	run_for(served, 9000);
	assert_string_equal(label_of(served, "10.77.0.55"), "laptop");
	run_for(served, 2000);
	assert_string_equal(label_of(served, "10.77.0.55"), "laptop");
	commit_outcome = STATUS_OK;
	run_for(served, 11000);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_string_equal(served_records(served, "laptop"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
	assert_false(loop_timer_is_set(&served->service->review_timer));
	service_set_dhcp_options(served->service, &served->dhcp);
	assert_int_equal(service_commit(served->service), STATUS_OK);
}

static void
taken_away_name_is_published_though_the_disk_failed_at_first(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "notebook", "notebook");
	repeat(served, laptop, "10.77.0.55", NULL);
	commit_outcome = STATUS_NO_SPACE;
	run_for(served, 1000);
	assert_false(is_ours(served, "10.77.0.55"));
	commit_outcome = STATUS_OK;
	run_for(served, 11000);
	assert_true(is_ours(served, "10.77.0.55"));
	run_for(served, 11000);
	assert_false(loop_timer_is_set(&served->service->review_timer));
}

static void
taken_away_name_is_published_after_a_restart_too(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "notebook", "notebook");
	repeat(served, laptop, "10.77.0.55", NULL);
	served_restart(served);
	assert_false(is_ours(served, "10.77.0.55"));
	run_for(served, 1000);
	assert_true(is_ours(served, "10.77.0.55"));
	assert_false(loop_timer_is_set(&served->service->review_timer));
}

static void
ended_lease_that_cannot_be_stored_does_not_spin(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	served_pass(HOUR_S + 5);
	commit_outcome = STATUS_NO_SPACE;
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	assert_non_null(lease_of(served, "10.77.0.55"));
	assert_true(served->service->lease_timer.at_ms >= served_now_ms + 10000);
	commit_outcome = STATUS_OK;
	run_for(served, 10000);
	assert_null(lease_of(served, "10.77.0.55"));
	assert_false(loop_timer_is_set(&served->service->lease_timer));
}

static void
nothing_ends_in_quiet_times_and_the_timer_waits_for_their_end(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_OLD, laptop, "10.77.0.55", "laptop", NULL);

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	served_pass(2 * HOUR_S);
	served->options.quiet_s = 120;
	served_restart(served);
	run_for(served, 1000);
	assert_non_null(lease_of(served, "10.77.0.55"));
	assert_int_equal(served->service->lease_timer.at_ms, served->service->quiet_until_s * 1000);
	/* The file has it still, and says that it is over: no reason to write, each time. */
	event.is_complete = false;
	event.remaining_s = 0;
	assert_int_equal(service_dhcp_event(served->service, &event, "lease-file"), STATUS_OK);
	assert_false(service_is_dirty(served->service));
	run_for(served, 120000);
	assert_null(lease_of(served, "10.77.0.55"));
	served->options.quiet_s = 0;
}

static int64_t
stored_until(struct served *served, const char *address)
{
	return lease_of(served, address)->stored_until_s - served_now_ms / 1000;
}

static void
end_that_comes_much_earlier_is_stored(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	event.remaining_s = 100 * HOUR_S;
	tell(served, &event);
	assert_int_equal(stored_until(served, "10.77.0.55"), 200 * HOUR_S + 1);
	/* The timer wakes once a day at most, whatever a server says. */
	assert_int_equal(served->service->lease_timer.at_ms - served_now_ms, 24 * HOUR_S * 1000);
	event.remaining_s = HOUR_S;
	tell(served, &event);
	assert_int_equal(stored_until(served, "10.77.0.55"), 2 * HOUR_S + 1);
	assert_int_equal(served->service->lease_timer.at_ms - served_now_ms, (HOUR_S + 1) * 1000);
	/* A little earlier is what rounding does. */
	event.remaining_s = HOUR_S - 50;
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_false(service_is_dirty(served->service));
	/* For ever is written, and that it ceases to be. */
	event.remaining_s = UINT32_MAX;
	tell(served, &event);
	assert_true(lease_of(served, "10.77.0.55")->until_s == LEASES_FOREVER);
	assert_false(loop_timer_is_set(&served->service->lease_timer));
	event.remaining_s = HOUR_S;
	tell(served, &event);
	assert_int_equal(stored_until(served, "10.77.0.55"), 2 * HOUR_S + 1);
}

static void
wall_clock_that_is_set_lets_all_ends_be_stored_anew(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	served_wall_s += 50 * 365 * 24 * (int64_t)HOUR_S;
	service_clock_stepped(served->service, 50 * 365 * 24 * (int64_t)HOUR_S);
	assert_true(service_is_dirty(served->service));
	assert_int_equal(service_commit(served->service), STATUS_OK);
	served_restart(served);
	run_for(served, 1000);
	assert_non_null(lease_of(served, "10.77.0.55"));
	assert_string_equal(served_records(served, "laptop"), "60 A 10.77.0.55\n");
}

static void
event_that_could_not_be_stored_is_malformed(void **state)
{
	static char text[4096];
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "laptop", "laptop");

	memset(text, 'x', sizeof(text) - 1);
	event.client_name = text;
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.client_name = NULL;
	event.name = text;
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.name = NULL;
	event.domain = text;
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.domain = NULL;
	event.server = "caf\xc3\xa9";
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.server = "";
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.server = "a server";
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.server = "a-server-with-a-name-of-32-chars";
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	event.server = "kea";
	event.address.family = 0;
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_MALFORMED);
	assert_int_equal(leases_count(service_leases(served->service)), 0);
	/* Bytes from the network are no reason to refuse: they get no name, or what is left of one. */
	give(served, laptop, "10.77.0.55", NULL, "\xff\xfe");
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	served_restart(served);
	assert_null(lease_of(served, "10.77.0.55")->client_name);
}

static void
device_that_is_here_all_the_time_is_not_forgotten(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, phone, "10.77.0.56", "tv", "tv");

	event.remaining_s = DHCP_FOREVER;
	give(served, laptop, "10.77.0.55", "tv", "tv");
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.56"), "tv-2");
	served_pass(31 * 24 * HOUR_S);
	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, third, "10.77.0.57", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.57"), "tv-3");
	end(served, phone, "10.77.0.56");
	served_restart(served);
	give(served, "02:00:00:00:00:04", "10.77.0.58", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.58"), "tv-4");
	/* Those that are away too long go as others come. */
	served_pass(31 * 24 * HOUR_S);
	give(served, laptop, "10.77.0.55", "box", "box");
	give(served, third, "10.77.0.57", "box", "box");
	assert_null(leases_find_labelled_device(service_leases(served->service), "tv-2"));
}

static void
devices_that_nobody_knows_are_not_remembered_as_one(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.57", "tv", "tv");

	give(served, laptop, "10.77.0.55", "tv", "tv");
	give(served, phone, "10.77.0.56", "tv", "tv");
	event.hardware.size = 0;
	tell(served, &event);
	/* What is not known joins. */
	assert_string_equal(label_of(served, "10.77.0.57"), "tv");
	assert_int_equal(leases_devices(service_leases(served->service)), 1);
	assert_null(leases_find_device(service_leases(served->service), ""));
}

static void
names_that_are_all_taken_leave_a_lease_without_one(void **state)
{
	struct served *served = *state;
	char hardware[32];
	char address[32];

	for (unsigned i = 1; i <= 1001; i++) {
		struct dhcp_event event;

		(void)snprintf(hardware, sizeof(hardware), "02:00:00:00:%02x:%02x", i >> 8,
		    i & 255);
		(void)snprintf(address, sizeof(address), "10.77.%u.%u", i >> 8, i & 255);
		event = event_of(DHCP_ADD, hardware, address, "tv", "tv");
		assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	}
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.3.231"), "tv-999");
	assert_string_equal(label_of(served, "10.77.3.232"), "");
	assert_string_equal(why(served, "10.77.3.232"), "no name like tv is free");
	assert_int_equal(leases_named(service_leases(served->service)), 999);
	served_restart(served);
	assert_string_equal(label_of(served, "10.77.3.231"), "tv-999");
	assert_string_equal(label_of(served, "10.77.3.232"), "");
}

static void
device_with_very_many_leases_gets_no_more_names(void **state)
{
	struct served *served = *state;
	char address[32];

	for (unsigned i = 1; i <= 300; i++) {
		struct dhcp_event event;

		(void)snprintf(address, sizeof(address), "10.77.%u.%u", i >> 8, i & 255);
		event = event_of(DHCP_ADD, laptop, address, "tv", "tv");
		assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	}
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.1.0"), "tv");
	assert_string_equal(label_of(served, "10.77.1.1"), "");
	assert_string_equal(why(served, "10.77.1.1"),
	    "tv has the addresses of 256 leases, and gets no more");
	/* Those that have it keep it. */
	give(served, laptop, "10.77.1.0", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.1.0"), "tv");
	/* Another device is not kept from its own. */
	give(served, phone, "10.77.2.1", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.2.1"), "tv-2");
}

static void
name_that_became_free_is_found_though_all_were_taken(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	char hardware[32];
	char address[32];

	for (unsigned i = 1; i <= 1000; i++) {
		struct dhcp_event event;

		(void)snprintf(hardware, sizeof(hardware), "02:00:00:00:%02x:%02x", i >> 8,
		    i & 255);
		(void)snprintf(address, sizeof(address), "10.77.%u.%u", i >> 8, i & 255);
		event = event_of(DHCP_ADD, hardware, address, "tv", "tv");
		assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	}
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.3.232"), "");
	end(served, "02:00:00:00:00:01", "10.77.0.1");
	repeat(served, "02:00:00:00:03:e8", "10.77.3.232", "tv");
	assert_string_equal(label_of(served, "10.77.3.232"), "tv");
	/* The same by a registered name that goes. */
	assert_int_equal(served_do(served, key, "add box 60 A 192.0.2.1"), STATUS_OK);
	give(served, third, "10.77.4.1", "box", "box");
	assert_string_equal(label_of(served, "10.77.4.1"), "");
	assert_int_equal(served_do(served, key, "delete box"), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.4.1"), "box");
}

static void
registered_name_of_another_address_is_no_echo(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");

	assert_int_equal(served_do(served, key,
			     "add printer 60 A 192.0.2.1; add alias 60 AAAA fd00::3"),
	    STATUS_OK);
	give(served, laptop, "10.77.0.55", "printer", NULL);
	assert_string_equal(why(served, "10.77.0.55"),
	    "printer is registered, and a lease never takes a registered name");
	/* By its IPv6 address it is one. */
	give(served, uuid, "fd00::3", "box", "box");
	repeat(served, uuid, "fd00::3", "alias");
	assert_string_equal(label_of(served, "fd00::3"), "box");
	/* Nor is another name than ours. */
	give(served, phone, "10.77.0.56", NULL, "Bob's iPhone");
	repeat(served, phone, "10.77.0.56", "other");
	assert_string_equal(label_of(served, "10.77.0.56"), "other");
}

static void
hardware_address_in_a_duid_proves_nothing_against_another(void **state)
{
	struct served *served = *state;

	give(served, laptop, "10.77.0.55", "box", "box");
	give(served, "00:03:00:01:02:00:00:00:00:09", "fd00::9", "box", NULL);
	assert_string_equal(label_of(served, "fd00::9"), "box");
	/* Another DUID does. */
	give(served, uuid, "fd00::3", "box", NULL);
	assert_string_equal(label_of(served, "fd00::3"), "box-2");
	/* But it joins what has it. */
	give(served, phone, "10.77.0.56", "box", "box");
	give(served, "00:03:00:01:02:00:00:00:00:02", "fd00::8", "box", NULL);
	assert_string_not_equal(label_of(served, "10.77.0.56"), "box");
	assert_string_equal(label_of(served, "fd00::8"), "box-3");
}

static void
time_away_counts_from_the_end_of_the_lease(void **state)
{
	struct served *served = *state;
	struct dhcp_event event = event_of(DHCP_ADD, laptop, "10.77.0.55", "tv", "tv");

	event.remaining_s = DHCP_FOREVER;
	tell(served, &event);
	event = event_of(DHCP_ADD, phone, "10.77.0.56", "tv", "tv");
	event.remaining_s = DHCP_FOREVER;
	tell(served, &event);
	served_pass(31 * 24 * HOUR_S);
	end(served, phone, "10.77.0.56");
	served_restart(served);
	give(served, third, "10.77.0.57", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.57"), "tv-3");
	give(served, phone, "10.77.0.56", "tv", "tv");
	assert_string_equal(label_of(served, "10.77.0.56"), "tv-2");
}

static void
registration_counts_in_the_turn_of_other_leases(void **state)
{
	struct served *served = *state;
	struct principal *key = served_key(served, "desk", "zone home.arpa");
	struct dhcp_event event = event_of(DHCP_ADD, phone, "10.77.0.56", "phone", "phone");

	served_grant(key, "zone 77.10.in-addr.arpa");
	give(served, laptop, "10.77.0.55", "desk", "desk");
	assert_int_equal(service_dhcp_event(served->service, &event, "unix"), STATUS_OK);
	assert_int_equal(served_update(served, key, "add desk 60 A 192.0.2.1"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.55"), "");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."), "");
	/* A reverse name of no lease, and names further below, are nobody's business here. */
	assert_int_equal(served_do(served, key,
			     "zone 77.10.in-addr.arpa; add 99.0 60 PTR desk.home.arpa."),
	    STATUS_OK);
	assert_int_equal(served_do(served, key, "add phone.desk 60 A 192.0.2.1"), STATUS_OK);
	assert_string_equal(label_of(served, "10.77.0.56"), "phone");
}

static void
one_address_a_name_is_a_limit_too(void **state)
{
	struct served *served = *state;

	served->options.addresses_per_name = 1;
	service_set_options(served->service, &served->options);
	give(served, laptop, "10.77.0.55", "box", "box");
	give(served, laptop, "10.77.0.56", "box", "box");
	assert_string_equal(served_records(served, "box"), "60 A 10.77.0.55\n");
}

static void
explanations_say_what_is_in_the_way(void **state)
{
	struct served *served = *state;
	const char *const labels[] = { "wpad" };
	struct dhcp_pin pin = { .label = "printer" };
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", "wpad", "wpad");
	assert_string_equal(why(served, "10.77.0.55"), "");
	assert_int_equal(dhcp_hardware_from_text(phone, &pin.hardware), STATUS_OK);
	options.ignored_labels = labels;
	options.ignored_label_count = 1;
	options.pins = &pin;
	options.pin_count = 1;
	set_options(served, &options);
	assert_non_null(strstr(why(served, "10.77.0.55"), "`ignore`"));
	give(served, phone, "10.77.0.56", "hp", "hp");
	assert_string_equal(why(served, "10.77.0.56"), "pinned by the configuration");
	options.has_zone = false;
	set_options(served, &options);
	assert_non_null(strstr(why(served, "10.77.0.56"), "no leases block"));
	options.has_zone = true;
	assert_int_equal(name_from_text("other.example", &options.zone), STATUS_OK);
	set_options(served, &options);
	assert_non_null(strstr(why(served, "10.77.0.56"), "none of those configured"));
	assert_string_equal(label_of(served, "10.77.0.56"), "");
	assert_string_equal(served_records(served, "printer"), "");
	service_set_dhcp_options(served->service, &served->dhcp);
}

static void
two_pins_with_one_label_are_one_device(void **state)
{
	struct served *served = *state;
	struct dhcp_pin pins[] = { { .label = "nas" }, { .label = "nas" } };
	struct dhcp_options options = served->dhcp;

	assert_int_equal(dhcp_hardware_from_text(laptop, &pins[0].hardware), STATUS_OK);
	assert_int_equal(dhcp_hardware_from_text(phone, &pins[1].hardware), STATUS_OK);
	options.pins = pins;
	options.pin_count = 2;
	set_options(served, &options);
	give(served, laptop, "10.77.0.55", "a", "a");
	give(served, phone, "10.77.0.56", "b", "b");
	give(served, third, "10.77.0.57", "nas", "nas");
	assert_string_equal(served_records(served, "nas"), "60 A 10.77.0.55\n60 A 10.77.0.56\n");
	assert_string_equal(label_of(served, "10.77.0.57"), "nas-2");
	/* When they go, so does that. */
	set_options(served, &served->dhcp);
	assert_string_equal(label_of(served, "10.77.0.55"), "a");
	assert_string_equal(label_of(served, "10.77.0.56"), "b");
}

static void
new_ttl_is_in_all_records(void **state)
{
	struct served *served = *state;
	struct dhcp_options options = served->dhcp;

	give(served, laptop, "10.77.0.55", "laptop", "laptop");
	options.ttl_s = 300;
	set_options(served, &options);
	assert_string_equal(served_records(served, "laptop"), "300 A 10.77.0.55\n");
	assert_string_equal(served_records(served, "55.0.77.10.in-addr.arpa."),
	    "300 PTR laptop.home.arpa.\n");
	service_set_dhcp_options(served->service, &served->dhcp);
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(new_lease_has_name_address_and_pointer),
		WORLD_TEST(ended_lease_leaves_nothing),
		WORLD_TEST(end_of_an_earlier_lease_of_the_address_is_no_news),
		WORLD_TEST(renewal_that_was_overtaken_by_the_end_changes_nothing),
		WORLD_TEST(address_that_goes_to_another_device_changes_its_name),
		WORLD_TEST(lease_without_an_end_told_ends_by_time),
		WORLD_TEST(lease_that_is_not_over_stays_when_another_ends),
		WORLD_TEST(device_that_was_away_too_long_is_forgotten_at_a_start),
		WORLD_TEST(renewal_moves_the_end_and_writes_nothing),
		WORLD_TEST(name_that_the_server_lacks_is_sanitised_and_published),
		WORLD_TEST(name_that_the_server_answers_is_not_published),
		WORLD_TEST(name_below_another_domain_is_published),
		WORLD_TEST(leases_of_another_server_are_published),
		WORLD_TEST(underscore_becomes_a_hyphen_and_is_published),
		WORLD_TEST(second_device_gets_a_number_and_keeps_it),
		WORLD_TEST(number_of_a_device_that_is_away_is_kept_for_it),
		WORLD_TEST(server_that_renames_in_two_steps_gets_no_line),
		WORLD_TEST(name_that_the_server_has_taken_away_for_good_is_published),
		WORLD_TEST(lease_never_takes_a_registered_name),
		WORLD_TEST(
		    name_that_is_given_back_and_taken_in_one_turn_leaves_the_next_lease_a_number),
		WORLD_TEST(registration_takes_a_name_from_a_lease),
		WORLD_TEST(deleting_the_name_of_a_lease_does_nothing),
		WORLD_TEST(name_of_an_expired_registration_goes_to_the_lease),
		WORLD_TEST(registered_pointer_comes_before_the_leases),
		WORLD_TEST(alias_that_the_server_read_is_not_what_the_device_wants),
		WORLD_TEST(ipv6_joins_by_hardware_by_duid_and_else_by_name),
		WORLD_TEST(pin_names_a_device_and_comes_before_wishes),
		WORLD_TEST(ignored_devices_and_names_get_none),
		WORLD_TEST(nameless_leases_are_named_by_the_pattern),
		WORLD_TEST(another_zone_takes_all_names_along),
		WORLD_TEST(reading_brings_what_no_hook_told_and_ends_what_is_gone),
		WORLD_TEST(reading_does_not_end_leases_of_other_servers),
		WORLD_TEST(file_and_hook_agree),
		WORLD_TEST(restart_brings_leases_back),
		WORLD_TEST(failed_commit_takes_the_lease_back),
		WORLD_TEST(name_server_and_marker_are_never_a_leases),
		WORLD_TEST(address_that_is_not_of_one_host_gets_no_name),
		WORLD_TEST(pattern_that_asks_for_what_is_not_known_gives_no_name),
		WORLD_TEST(wish_outlives_a_server_that_holds_to_the_old_name),
		WORLD_TEST(server_that_forgets_a_name_takes_back_no_wish),
		WORLD_TEST(name_that_the_server_had_first_is_no_echo),
		WORLD_TEST(device_with_too_many_addresses_has_the_first_ones),
		WORLD_TEST(many_addresses_without_a_limit_are_bounded_all_the_same),
		WORLD_TEST(name_registered_and_given_back_in_one_turn_stays_the_leases),
		WORLD_TEST(numbered_name_gives_way_to_a_registered_one),
		WORLD_TEST(names_are_there_though_nothing_can_be_stored_at_the_start),
		WORLD_TEST(options_that_could_not_be_stored_are_tried_again),
		WORLD_TEST(taken_away_name_is_published_though_the_disk_failed_at_first),
		WORLD_TEST(taken_away_name_is_published_after_a_restart_too),
		WORLD_TEST(ended_lease_that_cannot_be_stored_does_not_spin),
		WORLD_TEST(nothing_ends_in_quiet_times_and_the_timer_waits_for_their_end),
		WORLD_TEST(end_that_comes_much_earlier_is_stored),
		WORLD_TEST(wall_clock_that_is_set_lets_all_ends_be_stored_anew),
		WORLD_TEST(event_that_could_not_be_stored_is_malformed),
		WORLD_TEST(device_that_is_here_all_the_time_is_not_forgotten),
		WORLD_TEST(devices_that_nobody_knows_are_not_remembered_as_one),
		WORLD_TEST(names_that_are_all_taken_leave_a_lease_without_one),
		WORLD_TEST(device_with_very_many_leases_gets_no_more_names),
		WORLD_TEST(name_that_became_free_is_found_though_all_were_taken),
		WORLD_TEST(registered_name_of_another_address_is_no_echo),
		WORLD_TEST(hardware_address_in_a_duid_proves_nothing_against_another),
		WORLD_TEST(time_away_counts_from_the_end_of_the_lease),
		WORLD_TEST(registration_counts_in_the_turn_of_other_leases),
		WORLD_TEST(one_address_a_name_is_a_limit_too),
		WORLD_TEST(explanations_say_what_is_in_the_way),
		WORLD_TEST(two_pins_with_one_label_are_one_device),
		WORLD_TEST(new_ttl_is_in_all_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
