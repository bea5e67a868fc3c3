/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What DHCP leases are called, told by events as hooks and the lease file bring them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/dhcp.h"
#include "service/report.h"
#include "wire/dhcp.h"

#include "served.h"

static const char laptop[] = "02:00:00:00:00:01";
static const char phone[] = "02:00:00:00:00:02";
static const char third[] = "02:00:00:00:00:03";

/* DUID-UUID: no hardware address in it. DUID-LL: that of the laptop. */
static const char uuid[] = "00:04:aa:bb:cc:dd:ee:ff:00:11:22:33:44:55:66:77:88:99";
static const char laptop_duid[] = "00:03:00:01:02:00:00:00:00:01";

enum { HOUR_S = 3600 };

/* LDWRAP: store_commit */
static enum status commit_status;

enum status __real_store_commit(struct store *store, int64_t wall_s);
enum status __wrap_store_commit(struct store *store, int64_t wall_s);

enum status
__wrap_store_commit(struct store *store, int64_t wall_s)
{
	if (commit_status == STATUS_OK)
		return __real_store_commit(store, wall_s);
	store_rollback(store);
	return commit_status;
}

static int
open_world(void **state)
{
	static struct served served;

	served_init(&served);
	served_add_zone(&served, "77.10.in-addr.arpa");
	served.dhcp.has_zone = true;
	served.dhcp.ttl_s = 60;
	served.dhcp.remember_s = 30 * 24 * HOUR_S;
	assert_int_equal(name_from_text("home.arpa", &served.dhcp.zone), STATUS_OK);
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
	/* dnsmasq takes the name from the first and gives it to the second (FACTS 3). */
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
	commit_status = STATUS_NO_SPACE;
	assert_int_equal(service_commit(served->service), STATUS_NO_SPACE);
	commit_status = STATUS_OK;
	assert_string_equal(served_picture(served), before);
	assert_null(lease_of(served, "10.77.0.56"));
	assert_string_equal(label_of(served, "10.77.0.55"), "box");
	/* And it can be told again. */
	tell(served, &event);
	assert_string_equal(label_of(served, "10.77.0.56"), "box-2");
}

int
main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)
	const struct CMUnitTest tests[] = {
		WORLD_TEST(new_lease_has_name_address_and_pointer),
		WORLD_TEST(ended_lease_leaves_nothing),
		WORLD_TEST(end_of_an_earlier_lease_of_the_address_is_no_news),
		WORLD_TEST(address_that_goes_to_another_device_changes_its_name),
		WORLD_TEST(lease_without_an_end_told_ends_by_time),
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
