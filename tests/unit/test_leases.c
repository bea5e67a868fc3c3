/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry/leases: the book of leases, its way back, and what is stored of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/leases.h"

#include "address_of.h"

enum { OFFSET_S = 1000000, TEXT_MAX = 4096 };

static struct leases *leases;
static char text[TEXT_MAX];

static int
set_up(void **state)
{
	(void)state;
	leases = leases_new();
	assert_non_null(leases);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	leases_free(leases);
	return 0;
}

static struct dhcp_lease
lease_of(const char *address, const char *wish, const char *label, int64_t until_s)
{
	struct dhcp_lease lease = {
		.address = address_of(address),
		.server = "dnsmasq",
		.until_s = until_s,
		.stored_until_s = until_s,
	};

	(void)snprintf(lease.wish, sizeof(lease.wish), "%s", wish);
	(void)snprintf(lease.label, sizeof(lease.label), "%s", label);
	return lease;
}

static void
put(const char *address, const char *wish, const char *label, int64_t until_s)
{
	struct dhcp_lease lease = lease_of(address, wish, label, until_s);

	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
}

static void
write_down(const struct dhcp_lease *lease)
{
	size_t used = strlen(text);
	char address[ADDRESS_TEXT_MAX];

	(void)snprintf(text + used, sizeof(text) - used, "%s=%s ",
	    address_to_text(&lease->address, address), lease->label);
}

/* All leases, in order. */
static const char *
all(void)
{
	const struct dhcp_lease *lease = NULL;

	text[0] = '\0';
	while ((lease = leases_next(leases, lease)) != NULL)
		write_down(lease);
	return text;
}

static const char *
labelled(const char *label)
{
	const struct dhcp_lease *lease = NULL;

	text[0] = '\0';
	while ((lease = leases_next_labelled(leases, label, lease)) != NULL)
		write_down(lease);
	return text;
}

static const char *
wishing(const char *wish)
{
	const struct dhcp_lease *lease = NULL;

	text[0] = '\0';
	while ((lease = leases_next_wishing(leases, wish, lease)) != NULL)
		write_down(lease);
	return text;
}

/* The facts of the open turn, a line each. */
static const char *
facts(void)
{
	struct leases_fact fact;
	size_t cursor = 0;
	enum status status;

	text[0] = '\0';
	while ((status = leases_next_fact(leases, &cursor, OFFSET_S, &fact)) == STATUS_OK) {
		size_t used = strlen(text);

		(void)snprintf(text + used, sizeof(text) - used, "%s %s %s\n", fact.kind, fact.key,
		    fact.value != NULL ? fact.value : "-");
	}
	assert_int_equal(status, STATUS_NOT_FOUND);
	return text;
}

static void
leases_stand_in_order_of_their_addresses(void **state)
{
	(void)state;
	put("fd00::1", "", "", LEASES_FOREVER);
	put("10.0.0.9", "", "", LEASES_FOREVER);
	put("10.0.0.10", "", "", LEASES_FOREVER);
	assert_string_equal(all(), "10.0.0.9= 10.0.0.10= fd00::1= ");
	assert_int_equal(leases_count(leases), 3);
	assert_int_equal(leases_named(leases), 0);
}

static void
they_are_found_by_label_and_by_wish(void **state)
{
	(void)state;
	put("10.0.0.1", "tv", "tv", LEASES_FOREVER);
	put("10.0.0.2", "tv", "tv-2", LEASES_FOREVER);
	put("fd00::1", "tv", "tv", LEASES_FOREVER);
	put("10.0.0.3", "tva", "tva", LEASES_FOREVER);
	assert_string_equal(labelled("tv"), "10.0.0.1=tv fd00::1=tv ");
	assert_string_equal(wishing("tv"), "10.0.0.1=tv 10.0.0.2=tv-2 fd00::1=tv ");
	assert_string_equal(labelled("t"), "");
	assert_int_equal(leases_named(leases), 4);
	/* A lease that is put anew leaves its old places. */
	put("10.0.0.1", "radio", "radio", LEASES_FOREVER);
	assert_string_equal(labelled("tv"), "fd00::1=tv ");
	assert_string_equal(wishing("radio"), "10.0.0.1=radio ");
}

static void
the_one_that_ends_first_is_known(void **state)
{
	struct address second = address_of("10.0.0.2");

	(void)state;
	assert_null(leases_first_to_end(leases));
	put("10.0.0.1", "", "", LEASES_FOREVER);
	assert_null(leases_first_to_end(leases));
	put("10.0.0.2", "", "", 50);
	put("10.0.0.3", "", "", 40);
	assert_int_equal(leases_first_to_end(leases)->until_s, 40);
	leases_renew(leases, leases_find(leases, &second), 30);
	assert_int_equal(leases_first_to_end(leases)->until_s, 30);
	leases_renew(leases, leases_find(leases, &second), LEASES_FOREVER);
	assert_int_equal(leases_first_to_end(leases)->until_s, 40);
}

static void
turn_can_be_undone(void **state)
{
	struct address first = address_of("10.0.0.1");
	struct address second = address_of("10.0.0.2");
	uint64_t version;

	(void)state;
	put("10.0.0.1", "tv", "tv", 100);
	assert_int_equal(leases_remember(leases, "hw:1", "tv", "tv-2", 7), STATUS_OK);
	leases_commit(leases);
	assert_false(leases_is_dirty(leases));
	version = leases_version(leases);
	put("10.0.0.1", "radio", "radio", 200);
	put("10.0.0.2", "tv", "tv", 300);
	assert_int_equal(leases_remove(leases, &first), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:1", "tv", "tv-3", 8), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:2", "tv", "tv-4", 9), STATUS_OK);
	assert_int_equal(leases_forget(leases, "hw:1"), STATUS_OK);
	assert_true(leases_is_dirty(leases));
	leases_rollback(leases);
	assert_false(leases_is_dirty(leases));
	assert_string_equal(all(), "10.0.0.1=tv ");
	assert_string_equal(labelled("tv"), "10.0.0.1=tv ");
	assert_int_equal(leases_first_to_end(leases)->until_s, 100);
	assert_null(leases_find(leases, &second));
	assert_string_equal(leases_find_device(leases, "hw:1")->label, "tv-2");
	assert_null(leases_find_device(leases, "hw:2"));
	assert_null(leases_find_labelled_device(leases, "tv-3"));
	assert_true(leases_version(leases) > version);
	assert_string_equal(facts(), "");
}

static void
version_rises_with_what_can_be_seen_only(void **state)
{
	struct dhcp_lease lease = lease_of("10.0.0.1", "tv", "tv", 100);
	uint64_t version;

	(void)state;
	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
	version = leases_version(leases);
	lease.until_s = 200;
	lease.client_name = "TV";
	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
	assert_int_equal(leases_version(leases), version);
	lease.is_ours = true;
	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
	assert_true(leases_version(leases) > version);
}

static void
devices_are_found_by_id_and_by_label_in_order(void **state)
{
	const struct dhcp_device *device = NULL;
	unsigned count = 0;

	(void)state;
	assert_int_equal(leases_remember(leases, "hw:2", "tv", "tv-3", 1), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:1", "tv", "tv-2", 2), STATUS_OK);
	assert_string_equal(leases_find_labelled_device(leases, "tv-3")->id, "hw:2");
	assert_null(leases_find_labelled_device(leases, "tv"));
	while ((device = leases_next_device(leases, device)) != NULL)
		assert_string_equal(device->id, ++count == 1 ? "hw:1" : "hw:2");
	assert_int_equal(count, 2);
	assert_int_equal(leases_forget(leases, "hw:2"), STATUS_OK);
	assert_int_equal(leases_forget(leases, "hw:9"), STATUS_OK);
	assert_null(leases_find_device(leases, "hw:2"));
}

static void
device_is_known_by_its_hardware_else_by_its_duid(void **state)
{
	struct dhcp_lease lease = { 0 };
	char id[LEASES_DEVICE_MAX];

	(void)state;
	assert_string_equal(leases_device_id(&lease, id), "");
	assert_int_equal(dhcp_duid_from_text("00:04:01", &lease.duid), STATUS_OK);
	assert_string_equal(leases_device_id(&lease, id), "duid:00:04:01");
	assert_int_equal(dhcp_hardware_from_text("02:00:00:00:00:01", &lease.hardware), STATUS_OK);
	assert_string_equal(leases_device_id(&lease, id), "hw:02:00:00:00:00:01");
}

static void
what_is_stored_comes_back(void **state)
{
	struct dhcp_lease lease = lease_of("fd00::5", "bobs-iphone", "bobs-iphone-2", 500);
	const struct dhcp_lease *back;
	static char kept[TEXT_MAX];
	struct leases_fact fact;
	size_t cursor = 0;

	(void)state;
	lease.client_name = "Bob\xe2\x80\x99s iPhone \"\\";
	lease.server_name = "";
	lease.since_s = 77;
	lease.stored_until_s = 900;
	lease.is_ours = true;
	lease.is_hardware_proven = true;
	assert_int_equal(dhcp_hardware_from_text("06-02:00:00:00:00:01", &lease.hardware),
	    STATUS_OK);
	assert_int_equal(dhcp_duid_from_text("00:04:01:02", &lease.duid), STATUS_OK);
	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
	assert_int_equal(leases_next_fact(leases, &cursor, OFFSET_S, &fact), STATUS_OK);
	assert_string_equal(fact.kind, "lease");
	assert_string_equal(fact.key, "fd00::5");
	(void)snprintf(kept, sizeof(kept), "%s", fact.value);
	leases_commit(leases);
	leases_clear(leases);
	assert_int_equal(leases_count(leases), 0);
	/* The clocks of another start. */
	assert_int_equal(leases_load(leases, "lease", "fd00::5", kept, OFFSET_S - 10), STATUS_OK);
	back = leases_find(leases, &lease.address);
	assert_non_null(back);
	assert_int_equal(back->until_s, 910);
	assert_int_equal(back->stored_until_s, 910);
	assert_string_equal(back->client_name, lease.client_name);
	assert_string_equal(back->server_name, "");
	assert_string_equal(back->wish, "bobs-iphone");
	assert_string_equal(back->label, "bobs-iphone-2");
	assert_string_equal(back->server, "dnsmasq");
	assert_true(dhcp_hardware_is_equal(&back->hardware, &lease.hardware));
	assert_true(dhcp_duid_is_equal(&back->duid, &lease.duid));
	assert_int_equal(back->since_s, 77);
	assert_true(back->is_ours && back->is_hardware_proven);
	assert_false(back->is_pinned || back->is_ignored);
	assert_false(leases_is_dirty(leases));
}

static void
facts_of_a_turn_are_what_must_be_stored(void **state)
{
	struct dhcp_lease lease = lease_of("10.0.0.1", "tv", "tv", 100);

	(void)state;
	assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	assert_string_equal(facts(), "");
	leases_commit(leases);
	assert_int_equal(leases_remove(leases, &lease.address), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:1", "tv", "tv-2", 5), STATUS_OK);
	assert_string_equal(facts(),
	    "lease 10.0.0.1 -\ndevice hw:1 {\"wish\":\"tv\",\"label\":\"tv-2\",\"seen\":5}\n");
	leases_commit(leases);
	assert_int_equal(leases_forget(leases, "hw:1"), STATUS_OK);
	assert_string_equal(facts(), "device hw:1 -\n");
}

static void
stored_forms_that_are_none_of_ours_are_damaged(void **state)
{
	static const char *const values[] = { "", "x", "[]", "{\"label\":7}",
		"{\"label\":\"UPPER\"}", "{\"label\":\"a b\"}", "{\"wish\":\"-x\"}",
		"{\"hardware\":\"zz\"}", "{\"duid\":\"zz\"}", "{\"until\":-5}",
		"{\"server\":\"a server with a name of more than thirty-two octets\"}",
		"{\"ours\":1}" };

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(leases_load(leases, "lease", "10.0.0.1", values[i], 0),
		    STATUS_DAMAGED);
	assert_int_equal(leases_load(leases, "lease", "nowhere", "{}", 0), STATUS_DAMAGED);
	assert_int_equal(leases_load(leases, "device", "hw:1", "{}", 0), STATUS_DAMAGED);
	assert_int_equal(leases_count(leases), 0);
	assert_int_equal(leases_load(leases, "lease", "10.0.0.1", "{}", 0), STATUS_OK);
	assert_int_equal(leases_load(leases, "lease", "10.0.0.1", "{}", 0), STATUS_DAMAGED);
}

static void
over_the_ceiling_is_limited(void **state)
{
	struct dhcp_lease lease = lease_of("10.0.0.0", "", "", LEASES_FOREVER);

	(void)state;
	for (unsigned i = 0; i < LEASES_MAX; i++) {
		lease.address.bytes[1] = (uint8_t)(i >> 16);
		lease.address.bytes[2] = (uint8_t)(i >> 8);
		lease.address.bytes[3] = (uint8_t)i;
		assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	}
	leases_commit(leases);
	/* One that is there can still change. */
	assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	lease.address.bytes[0] = 11;
	assert_int_equal(leases_put(leases, &lease, false), STATUS_LIMITED);
	assert_int_equal(leases_count(leases), LEASES_MAX);
}

static void
put_of(const char *address, const char *hardware, const char *duid)
{
	struct dhcp_lease lease = lease_of(address, "box", "box", 100);

	if (hardware != NULL)
		assert_int_equal(dhcp_hardware_from_text(hardware, &lease.hardware), STATUS_OK);
	if (duid != NULL)
		assert_int_equal(dhcp_duid_from_text(duid, &lease.duid), STATUS_OK);
	assert_int_equal(leases_put(leases, &lease, true), STATUS_OK);
}

static const char *
of_hardware(const char *hardware_text)
{
	const struct dhcp_lease *lease = NULL;
	struct dhcp_hardware hardware;

	assert_int_equal(dhcp_hardware_from_text(hardware_text, &hardware), STATUS_OK);
	text[0] = '\0';
	while ((lease = leases_next_of_hardware(leases, &hardware, lease)) != NULL)
		write_down(lease);
	return text;
}

static const char *
of_duid(const char *duid_text)
{
	const struct dhcp_lease *lease = NULL;
	struct dhcp_duid duid;

	assert_int_equal(dhcp_duid_from_text(duid_text, &duid), STATUS_OK);
	text[0] = '\0';
	while ((lease = leases_next_of_duid(leases, &duid, lease)) != NULL)
		write_down(lease);
	return text;
}

static void
leases_of_a_device_are_found_by_what_it_is_known_by(void **state)
{
	struct address address = address_of("192.0.2.1");

	(void)state;
	put_of("192.0.2.1", "02:00:00:00:00:01", NULL);
	put_of("192.0.2.2", "02:00:00:00:00:02", "00:04:01");
	put_of("192.0.2.3", "06-02:00:00:00:00:01", NULL);
	put_of("2001:db8::1", "02:00:00:00:00:01", "00:04:02");
	put_of("2001:db8::2", NULL, "00:04:01");
	put_of("2001:db8::3", NULL, "00:04");
	put_of("192.0.2.4", NULL, NULL);
	assert_string_equal(of_hardware("02:00:00:00:00:01"), "192.0.2.1=box 2001:db8::1=box ");
	assert_string_equal(of_hardware("06-02:00:00:00:00:01"), "192.0.2.3=box ");
	assert_string_equal(of_hardware("02:00:00:00:00"), "");
	assert_string_equal(of_duid("00:04:01"), "192.0.2.2=box 2001:db8::2=box ");
	assert_string_equal(of_duid("00:04"), "2001:db8::3=box ");
	assert_string_equal(of_duid("00:04:03"), "");
	leases_commit(leases);
	assert_int_equal(leases_remove(leases, &address), STATUS_OK);
	assert_string_equal(of_hardware("02:00:00:00:00:01"), "2001:db8::1=box ");
	leases_rollback(leases);
	assert_string_equal(of_hardware("02:00:00:00:00:01"), "192.0.2.1=box 2001:db8::1=box ");
}

static void
device_not_seen_for_longest_makes_way(void **state)
{
	char id[32];

	(void)state;
	assert_null(leases_oldest_device(leases));
	for (unsigned i = 0; i < LEASES_DEVICES_MAX; i++) {
		(void)snprintf(id, sizeof(id), "hw:%06u", i);
		/* The one in the middle is the oldest. */
		assert_int_equal(leases_remember(leases, id, "tv", "tv-2",
				     i == 500 ? 7 : (int64_t)1000 + i),
		    STATUS_OK);
	}
	assert_int_equal(leases_devices(leases), LEASES_DEVICES_MAX);
	assert_string_equal(leases_oldest_device(leases)->id, "hw:000500");
	leases_commit(leases);
	/* One that is there already needs no room. */
	assert_int_equal(leases_remember(leases, "hw:000500", "tv", "tv-9", 8), STATUS_OK);
	assert_int_equal(leases_devices(leases), LEASES_DEVICES_MAX);
	assert_non_null(leases_find_device(leases, "hw:000500"));
	assert_int_equal(leases_remember(leases, "hw:new", "tv", "tv-3", 9), STATUS_OK);
	assert_int_equal(leases_devices(leases), LEASES_DEVICES_MAX);
	assert_null(leases_find_device(leases, "hw:000500"));
	assert_non_null(leases_find_device(leases, "hw:000000"));
	leases_rollback(leases);
	assert_string_equal(leases_find_device(leases, "hw:000500")->label, "tv-2");
	assert_null(leases_find_device(leases, "hw:new"));
	/* The same when they are loaded: what is over the ceiling stays where it is. */
	assert_int_equal(leases_load(leases, leases_fact_device, "hw:more",
			     "{\"wish\":\"tv\",\"label\":\"tv-2\",\"seen\":5}", OFFSET_S),
	    STATUS_LIMITED);
}

static void
all_are_stored_after_the_clock_was_set(void **state)
{
	struct leases_fact fact;
	size_t cursor = 0;
	size_t count = 0;
	uint64_t version;

	(void)state;
	put("192.0.2.1", "box", "box", 100);
	put("192.0.2.2", "tv", "tv", 100);
	leases_commit(leases);
	version = leases_version(leases);
	assert_false(leases_is_dirty(leases));
	assert_int_equal(leases_touch_all(leases), STATUS_OK);
	assert_int_equal(leases_version(leases), version);
	while (leases_next_fact(leases, &cursor, OFFSET_S, &fact) == STATUS_OK) {
		assert_non_null(fact.value);
		count++;
	}
	assert_int_equal(count, 2);
	assert_string_equal(all(), "192.0.2.1=box 192.0.2.2=tv ");
}

static void
times_that_no_sum_holds_are_damage(void **state)
{
	static const char *const values[] = {
		"{\"wish\":\"tv\",\"label\":\"tv-2\",\"seen\":9223372036854775807}",
		"{\"wish\":\"tv\",\"label\":\"tv-2\",\"seen\":-1}",
		"{\"wish\":\"tv\",\"label\":\"\",\"seen\":1}",
		"{\"wish\":\"tv\",\"label\":\"Tv\",\"seen\":1}",
		"[]",
	};
	static const char *const lease_values[] = {
		"{\"since\":9223372036854775807,\"until\":1}",
		"{\"since\":1,\"until\":9223372036854775807}",
		"{\"since\":1,\"until\":-1}",
		"{\"since\":1,\"until\":1,\"label\":\"a.b\"}",
		"{\"since\":1,\"until\":1,\"hardware\":\"zz\"}",
		"{\"since\":1,\"until\":1,\"server\":\"a-server-with-a-name-of-32-octets.\"}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		assert_int_equal(leases_load(leases, leases_fact_device, "hw:1", values[i],
				     OFFSET_S),
		    STATUS_DAMAGED);
	assert_int_equal(leases_load(leases, leases_fact_device, "",
			     "{\"wish\":\"tv\",\"label\":\"tv-2\",\"seen\":1}", OFFSET_S),
	    STATUS_DAMAGED);
	for (size_t i = 0; i < sizeof(lease_values) / sizeof(lease_values[0]); i++)
		assert_int_equal(leases_load(leases, leases_fact_lease, "192.0.2.1",
				     lease_values[i], OFFSET_S),
		    STATUS_DAMAGED);
	assert_int_equal(leases_load(leases, leases_fact_lease, "192.0.2.1",
			     "{\"since\":1,\"until\":1}", OFFSET_S),
	    STATUS_OK);
	assert_int_equal(leases_load(leases, leases_fact_lease, "192.0.2.1",
			     "{\"since\":1,\"until\":1}", OFFSET_S),
	    STATUS_DAMAGED);
}

static void
devices_with_one_label_are_kept_apart(void **state)
{
	(void)state;
	assert_int_equal(leases_remember(leases, "hw:1", "tv", "tv-2", 5), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:2", "tv", "tv-2", 5), STATUS_OK);
	assert_int_equal(leases_remember(leases, "hw:0", "tv", "tv-2", 5), STATUS_OK);
	assert_int_equal(leases_devices(leases), 3);
	assert_int_equal(leases_forget(leases, "hw:1"), STATUS_OK);
	assert_int_equal(leases_forget(leases, "hw:0"), STATUS_OK);
	assert_string_equal(leases_find_labelled_device(leases, "tv-2")->id, "hw:2");
	assert_string_equal(leases_oldest_device(leases)->id, "hw:2");
	assert_int_equal(leases_forget(leases, "hw:2"), STATUS_OK);
	assert_null(leases_find_labelled_device(leases, "tv-2"));
	assert_null(leases_oldest_device(leases));
}

static void
version_rises_with_labels_only(void **state)
{
	struct address named = address_of("192.0.2.1");
	struct address nameless = address_of("192.0.2.2");
	uint64_t version = leases_version(leases);

	(void)state;
	put("192.0.2.2", "box", "", 100);
	assert_int_equal(leases_remove(leases, &nameless), STATUS_OK);
	assert_int_equal(leases_version(leases), version);
	put("192.0.2.1", "box", "box", 100);
	assert_true(leases_version(leases) > version);
	version = leases_version(leases);
	assert_int_equal(leases_remove(leases, &named), STATUS_OK);
	assert_true(leases_version(leases) > version);
}

static void
clearing_is_a_change_for_whoever_looks_at_the_version(void **state)
{
	uint64_t version;

	(void)state;
	put("192.0.2.1", "box", "box", 100);
	assert_int_equal(leases_remember(leases, "hw:1", "box", "box-2", 1), STATUS_OK);
	leases_commit(leases);
	version = leases_version(leases);
	leases_clear(leases);
	assert_true(leases_version(leases) > version);
	assert_int_equal(leases_count(leases), 0);
	assert_int_equal(leases_named(leases), 0);
	assert_int_equal(leases_devices(leases), 0);
	assert_null(leases_first_to_end(leases));
	assert_string_equal(labelled("box"), "");
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(leases_stand_in_order_of_their_addresses),
		TEST(they_are_found_by_label_and_by_wish),
		TEST(the_one_that_ends_first_is_known),
		TEST(turn_can_be_undone),
		TEST(version_rises_with_what_can_be_seen_only),
		TEST(devices_are_found_by_id_and_by_label_in_order),
		TEST(device_is_known_by_its_hardware_else_by_its_duid),
		TEST(what_is_stored_comes_back),
		TEST(facts_of_a_turn_are_what_must_be_stored),
		TEST(stored_forms_that_are_none_of_ours_are_damaged),
		TEST(over_the_ceiling_is_limited),
		TEST(leases_of_a_device_are_found_by_what_it_is_known_by),
		TEST(device_not_seen_for_longest_makes_way),
		TEST(all_are_stored_after_the_clock_was_set),
		TEST(times_that_no_sum_holds_are_damage),
		TEST(devices_with_one_label_are_kept_apart),
		TEST(version_rises_with_labels_only),
		TEST(clearing_is_a_change_for_whoever_looks_at_the_version),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
