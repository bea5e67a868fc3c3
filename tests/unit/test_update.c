/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/update: who may change what, whose names are whose, limits, and all or nothing. */
/* LDWRAP: malloc calloc free */
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
#include "served.h"

/* --- memory: how many blocks are held, and how many more there may be --- */

static long blocks;
static unsigned allocations_left = UINT32_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void __real_free(void *bytes);
void __wrap_free(void *bytes);

static bool
may_allocate(void)
{
	if (allocations_left == 0)
		return false;
	if (allocations_left != UINT32_MAX)
		allocations_left--;
	blocks++;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void
__wrap_free(void *bytes)
{
	blocks -= bytes != NULL;
	__real_free(bytes);
}

/* --- a service and its clients --- */

static struct served *served;
static struct principal *laptop; /* self alone */
static struct principal *first;  /* all of the zone */
static struct principal *second;
static struct principal *boss; /* the same, and an administrator */
static char before[SERVED_TEXT_MAX];

static int
set_up(void **state)
{
	(void)state;
	served = malloc(sizeof(*served));
	assert_non_null(served);
	served_open(served);
	laptop = served_key(served, "laptop", "self A AAAA TXT");
	first = served_key(served, "first", "zone home.arpa");
	second = served_key(served, "second", "zone home.arpa");
	boss = served_key(served, "boss", "zone home.arpa");
	served_grant(boss, "zone home.arpa SOA NS");
	boss->is_admin = true;
	/* The first piece that the arena keeps. */
	assert_non_null(arena_take(&served->arena, 1));
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	allocations_left = UINT32_MAX;
	served_close(served);
	free(served);
	return 0;
}

static void
must(struct principal *principal, const char *script)
{
	assert_int_equal(served_do(served, principal, script), STATUS_OK);
}

static void
remember(void)
{
	served_remember(served, before);
}

/* The message ends like that, and leaves nothing behind. */
static void
assert_refused(struct principal *principal, const char *script, enum status expected)
{
	long held;

	remember();
	arena_reset(&served->arena);
	held = blocks;
	assert_int_equal(served_update(served, principal, script), expected);
	assert_false(service_is_dirty(served->service));
	arena_reset(&served->arena);
	assert_int_equal(blocks, held);
	assert_string_equal(served_picture(served), before);
}

/* Nothing changed, and nothing is to be stored. */
static void
assert_no_change(struct principal *principal, const char *script)
{
	uint32_t serial = served_serial(served);

	assert_int_equal(served_update(served, principal, script), STATUS_OK);
	assert_false(service_is_dirty(served->service));
	assert_int_equal(served_serial(served), serial);
}

/* --- the zone --- */

static void
rule_2_a_zone_that_is_not_ours_is_notauth(void **state)
{
	(void)state;
	assert_refused(boss, "zone example.net\nadd laptop 60 A 192.0.2.1", STATUS_NOT_OUR_ZONE);
	/* A name inside a zone is no zone. */
	assert_refused(boss, "zone laptop.home.arpa\nadd @ 60 A 192.0.2.1", STATUS_NOT_OUR_ZONE);
	assert_true(service_has_zone(served->service, (const uint8_t *)"\004home\004arpa"));
	assert_false(service_has_zone(served->service, (const uint8_t *)"\004arpa"));
}

/* --- permission --- */

static void
rule_31_what_no_grant_covers_is_refused(void **state)
{
	(void)state;
	must(laptop, "add laptop 60 A 192.0.2.1");
	assert_refused(laptop, "add other 60 A 192.0.2.1", STATUS_REFUSED);
	assert_refused(laptop, "add a.laptop 60 A 192.0.2.1", STATUS_REFUSED);
	assert_refused(laptop, "add laptop 60 MX 10 mail.home.arpa.", STATUS_REFUSED);
	assert_refused(laptop, "delete laptop MX", STATUS_REFUSED);
	assert_refused(laptop, "delete laptop MX 10 mail.home.arpa.", STATUS_REFUSED);
	assert_refused(laptop, "delete other", STATUS_REFUSED);
	assert_refused(first, "add @ 60 NS ns9.home.arpa.", STATUS_REFUSED);
	assert_refused(first, "add sub 60 NS ns9.home.arpa.", STATUS_REFUSED);
	assert_refused(first, "delete @ SOA", STATUS_REFUSED);
}

static void
rule_31_the_last_change_without_a_grant_refuses_the_whole_message(void **state)
{
	(void)state;
	assert_refused(laptop,
	    "add laptop 60 A 192.0.2.1; add laptop 60 TXT a; add laptop 60 MX 10 m.home.arpa.",
	    STATUS_REFUSED);
}

static void
rule_31_all_of_a_name_is_deleted_only_where_each_type_is_covered(void **state)
{
	(void)state;
	must(laptop, "add laptop 60 A 192.0.2.1; add laptop 60 TXT a");
	must(laptop, "delete laptop");
	assert_string_equal(served_records(served, "laptop"), "");
	/* An administrator adds what the key may not touch, and gives the name back. */
	served_grant(laptop, "self MX");
	must(laptop, "add laptop 60 A 192.0.2.1; add laptop 60 MX 10 mail.home.arpa.");
	laptop->grant_count--;
	assert_refused(laptop, "delete laptop", STATUS_REFUSED);
	must(laptop, "delete laptop A");
	/* Of what is not there, too. */
	must(laptop, "add laptop 60 A 192.0.2.1");
	assert_refused(laptop, "delete laptop; add laptop 60 A 192.0.2.1", STATUS_REFUSED);
}

static void
rule_14_all_of_the_apex_may_be_deleted_without_a_grant_for_soa_and_ns(void **state)
{
	(void)state;
	must(first, "add @ 60 TXT a; add @ 60 A 192.0.2.1");
	must(first, "delete @");
	assert_string_equal(served_ask(served, "@ NS"),
	    "NOERROR aa\nanswer home.arpa 60 NS ns.home.arpa.\n");
	assert_non_null(strstr(served_ask(served, "@ SOA"), "NOERROR aa\nanswer home.arpa 60 SOA"));
	assert_null(strstr(served_ask(served, "@ TXT"), "answer"));
}

static void
rule_8_permission_comes_before_prerequisites(void **state)
{
	(void)state;
	must(first, "add secret 60 A 192.0.2.1");
	assert_refused(laptop, "nxdomain secret; add other 60 A 192.0.2.1", STATUS_REFUSED);
	assert_refused(second, "yxdomain nobody; delete secret", STATUS_REFUSED);
}

static void
a_prerequisite_that_fails_leaves_nothing(void **state)
{
	(void)state;
	must(first, "add one 60 A 192.0.2.1");
	assert_refused(first, "nxdomain one; add two 60 A 192.0.2.1", STATUS_NAME_EXISTS);
	assert_refused(first, "yxdomain two; add two 60 A 192.0.2.1", STATUS_NAME_MISSING);
	assert_refused(first, "yxrrset one TXT; add two 60 A 192.0.2.1", STATUS_RRSET_MISSING);
	assert_refused(first, "nxrrset one A; delete one", STATUS_RRSET_EXISTS);
	must(first, "yxrrset one A 192.0.2.1; nxdomain two; add two 60 A 192.0.2.1");
}

static void
rule_31_a_key_is_refused_from_elsewhere(void **state)
{
	struct network home;

	(void)state;
	assert_int_equal(network_from_text("192.0.2.0/25", &home), STATUS_OK);
	first->sources = &home;
	first->source_count = 1;
	/* Requests come from 192.0.2.200. */
	assert_refused(first, "add one 60 A 192.0.2.1", STATUS_REFUSED);
	assert_int_equal(network_from_text("192.0.2.0/24", &home), STATUS_OK);
	must(first, "add one 60 A 192.0.2.1");
}

static void
updates_over_the_rate_are_limited(void **state)
{
	(void)state;
	rate_limit_init(&first->updates, 2);
	must(first, "add one 60 A 192.0.2.1");
	/* What is refused counts as well: it is work. */
	assert_refused(first, "nxdomain one", STATUS_NAME_EXISTS);
	assert_refused(first, "add two 60 A 192.0.2.1", STATUS_LIMITED);
	must(second, "add three 60 A 192.0.2.1");
	served_pass(30);
	must(first, "add two 60 A 192.0.2.1");
}

static void
rule_31_an_unsigned_update_adds_only_the_senders_own_address(void **state)
{
	(void)state;
	first->own_address_only = true;
	must(first, "add one 60 A 192.0.2.200");
	assert_refused(first, "add one 60 A 192.0.2.201", STATUS_REFUSED);
	assert_refused(first, "add one 60 AAAA fd00::1", STATUS_REFUSED);
	assert_refused(first, "add one 60 TXT a", STATUS_REFUSED);
	assert_refused(first, "add one 60 A 192.0.2.200; add one 60 TXT a", STATUS_REFUSED);
	must(first, "delete one A 192.0.2.200");
}

/* --- ownership --- */

static void
rule_32_a_name_belongs_to_who_registered_it(void **state)
{
	(void)state;
	must(first, "add shared 60 A 192.0.2.1");
	assert_refused(second, "add shared 60 A 192.0.2.2", STATUS_REFUSED);
	assert_refused(second, "add shared 60 TXT a", STATUS_REFUSED);
	assert_refused(second, "delete shared", STATUS_REFUSED);
	assert_refused(second, "delete shared A", STATUS_REFUSED);
	assert_refused(second, "delete shared TXT", STATUS_REFUSED);
	assert_refused(second, "add own 60 A 192.0.2.2; delete shared A 192.0.2.1", STATUS_REFUSED);
	must(first, "add shared 60 TXT a");
	assert_string_equal(served_owner(served, "shared"), "first");
}

static void
rule_32_a_deleted_name_is_free(void **state)
{
	(void)state;
	must(first, "add shared 60 A 192.0.2.1");
	must(first, "delete shared");
	must(second, "add shared 60 A 192.0.2.2");
	assert_string_equal(served_owner(served, "shared"), "second");
	assert_refused(first, "add shared 60 A 192.0.2.1", STATUS_REFUSED);
}

static void
rule_32_a_name_is_free_for_the_next_message_of_the_same_turn(void **state)
{
	(void)state;
	must(first, "add shared 60 A 192.0.2.1");
	assert_int_equal(served_update(served, first, "delete shared"), STATUS_OK);
	assert_int_equal(served_update(served, second, "add shared 60 A 192.0.2.2"), STATUS_OK);
	assert_int_equal(served_update(served, first, "add shared 60 A 192.0.2.1"), STATUS_REFUSED);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "shared"), "60 A 192.0.2.2\n");
	assert_string_equal(served_owner(served, "shared"), "second");
}

static void
rule_32_an_expired_name_is_free_before_it_is_removed(void **state)
{
	(void)state;
	must(first, "lease 100; add shared 60 A 192.0.2.1");
	served_pass(99);
	assert_refused(second, "add shared 60 A 192.0.2.2", STATUS_REFUSED);
	served_pass(2);
	must(second, "add shared 60 A 192.0.2.2");
	assert_string_equal(served_records(served, "shared"), "60 A 192.0.2.2\n");
	assert_string_equal(served_owner(served, "shared"), "second");
	assert_int_equal(owner_names(registry_owner(served->registry, "first")), 0);
}

static void
rule_32_a_name_with_one_record_left_keeps_its_owner(void **state)
{
	(void)state;
	must(first, "lease 100; add shared 60 A 192.0.2.1");
	must(first, "lease 200; add shared 60 TXT a");
	served_pass(150);
	assert_refused(second, "add shared 60 A 192.0.2.2", STATUS_REFUSED);
	served_pass(51);
	must(second, "add shared 60 A 192.0.2.2");
	assert_string_equal(served_records(served, "shared"), "60 A 192.0.2.2\n");
}

static void
rule_32_an_administrator_takes_a_name_over_by_adding_to_it(void **state)
{
	(void)state;
	must(first, "add shared 60 A 192.0.2.1");
	must(boss, "add shared 60 TXT a");
	assert_string_equal(served_owner(served, "shared"), "boss");
	assert_string_equal(served_records(served, "shared"), "60 A 192.0.2.1\n60 TXT \"a\"\n");
	assert_refused(first, "add shared 60 A 192.0.2.1", STATUS_REFUSED);
	must(boss, "delete shared");
	must(first, "add shared 60 A 192.0.2.1");
}

static void
rule_32_an_administrator_takes_over_also_by_adding_what_is_there(void **state)
{
	uint32_t serial;

	(void)state;
	must(first, "add shared 60 A 192.0.2.1");
	serial = served_serial(served);
	must(boss, "add shared 60 A 192.0.2.1");
	assert_string_equal(served_owner(served, "shared"), "boss");
	/* Rule 11: nothing visible has changed. */
	assert_int_equal(served_serial(served), serial);
	served_restart(served);
	assert_string_equal(served_owner(served, "shared"), "boss");
}

static void
rule_32_an_administrator_who_deletes_a_record_leaves_the_name_to_its_owner(void **state)
{
	(void)state;
	must(first, "add shared 60 A 192.0.2.1; add shared 60 A 192.0.2.2");
	must(boss, "delete shared A 192.0.2.2");
	assert_string_equal(served_owner(served, "shared"), "first");
	/* Nor does one who deletes what is not there: rule 16. */
	assert_no_change(boss, "delete shared A 192.0.2.2; delete shared TXT");
	assert_string_equal(served_owner(served, "shared"), "first");
	must(first, "add shared 60 A 192.0.2.3");
}

static void
rule_32_the_apex_belongs_to_nobody_until_its_soa_or_ns_change(void **state)
{
	(void)state;
	must(first, "add @ 60 A 192.0.2.1");
	must(second, "add @ 60 TXT a");
	assert_string_equal(served_owner(served, "@"), "");
	must(boss, "add @ 60 NS ns2.home.arpa.");
	assert_string_equal(served_owner(served, "@"), "boss");
	/* Which takes nothing from the others' grants. */
	must(second, "add @ 60 TXT b");
	assert_string_equal(served_owner(served, "@"), "boss");
}

/* --- serials, and what changes nothing --- */

static void
rule_18_the_serial_rises_once_a_message_that_changed_something(void **state)
{
	uint32_t serial = served_serial(served);

	(void)state;
	must(first, "add one 60 A 192.0.2.1; add two 60 A 192.0.2.2; add three 60 A 192.0.2.3");
	assert_int_equal(served_serial(served), serial + 1);
	assert_int_equal(served_update(served, first, "delete one"), STATUS_OK);
	assert_int_equal(served_update(served, first, "delete two"), STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_int_equal(served_serial(served), serial + 3);
}

static void
rule_11_adding_what_is_there_is_no_change_and_costs_no_commit(void **state)
{
	(void)state;
	must(first, "add one 60 A 192.0.2.1; add one 60 TXT a");
	served_pass(1000);
	assert_no_change(first, "add one 60 A 192.0.2.1; add one 60 TXT a");
	assert_true(served_until(served, "one") == served_now_ms / 1000 + 3600);
	assert_no_change(first, "delete one A; add one 60 A 192.0.2.1");
}

static void
rule_16_deleting_what_is_not_there_is_no_change(void **state)
{
	(void)state;
	must(first, "add one 60 A 192.0.2.1");
	assert_no_change(first,
	    "delete one TXT; delete one A 192.0.2.9; delete nobody; delete no A");
	assert_refused(first, "delete nobody; delete a.b.c.nobody TXT", STATUS_OK);
}

static void
rule_20_the_same_message_again_has_the_effect_of_one(void **state)
{
	static const char move[] = "delete one A; add one 60 A 192.0.2.2";

	(void)state;
	must(first, "add one 60 A 192.0.2.1");
	must(first, move);
	assert_no_change(first, move);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.2\n");
}

static void
rule_13_a_serial_that_a_client_brings_is_the_zones(void **state)
{
	(void)state;
	must(boss,
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 3100000000 1 1 1 20;"
	    "add one 60 A 192.0.2.1");
	assert_int_equal(served_serial(served), 3100000000);
	must(boss, "add one 60 A 192.0.2.2");
	assert_int_equal(served_serial(served), 3100000001);
	assert_non_null(strstr(served_ask(served, "@ SOA"), " 3100000001 1 1 1 20"));
	/* Too old: ignored, and the rest of the message counts. */
	must(boss,
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 2900000000 9 9 9 9;"
	    "add one 60 A 192.0.2.3");
	assert_non_null(strstr(served_ask(served, "@ SOA"), " 3100000002 1 1 1 20"));
	assert_no_change(boss,
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 3100000002 9 9 9 9");
}

static void
changes_apply_in_the_order_of_the_message(void **state)
{
	(void)state;
	must(first,
	    "add one 60 A 192.0.2.1; delete one; add one 60 A 192.0.2.2;"
	    "add two 60 TXT a; add one 60 A 192.0.2.3; delete one A 192.0.2.2; delete two");
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.3\n");
	assert_string_equal(served_records(served, "two"), "");
}

static void
messages_of_a_turn_see_what_those_before_them_did(void **state)
{
	(void)state;
	assert_int_equal(served_update(served, first, "nxdomain one; add one 60 A 192.0.2.1"),
	    STATUS_OK);
	assert_int_equal(served_update(served, first, "nxdomain one; add one 60 A 192.0.2.1"),
	    STATUS_NAME_EXISTS);
	assert_int_equal(served_update(served, first, "yxrrset one A 192.0.2.1; delete one"),
	    STATUS_OK);
	assert_int_equal(served_update(served, first, "nxdomain one; add one 60 A 192.0.2.7"),
	    STATUS_OK);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.7\n");
}

static void
a_message_of_prerequisites_alone_changes_nothing(void **state)
{
	(void)state;
	must(first, "add one 60 A 192.0.2.1");
	assert_no_change(first, "yxdomain one");
	assert_no_change(first, "");
}

static void
rule_34_an_expired_name_that_comes_back_is_a_change(void **state)
{
	uint64_t version;
	uint32_t serial;

	(void)state;
	must(first, "lease 100; add one 60 A 192.0.2.1; add one 60 TXT a");
	/* Expired, and not removed yet, as while the store fails. */
	served_pass(101);
	serial = served_serial(served);
	version = registry_version(served->registry);
	must(first, "lease 100; add one 60 A 192.0.2.1; add one 60 TXT a");
	/* Whoever publishes has to look again. */
	assert_true(registry_version(served->registry) > version);
	assert_int_equal(served_serial(served), serial + 1);
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.1\n60 TXT \"a\"\n");
}

static void
rule_34_the_expired_records_of_a_name_go_with_its_next_change(void **state)
{
	(void)state;
	must(first, "lease 100; add one 60 A 192.0.2.1");
	must(first, "lease 200; add one 60 A 192.0.2.2");
	served_pass(101);
	must(first, "lease 200; add one 60 A 192.0.2.3");
	assert_string_equal(served_records(served, "one"), "60 A 192.0.2.2\n60 A 192.0.2.3\n");
	served_pass(200);
	must(first, "delete one");
	assert_string_equal(served_records(served, "one"), "");
}

/* --- leases --- */

static void
rule_33_the_lease_asked_for_is_clamped_granted_and_told(void **state)
{
	static const struct {
		const char *script;
		uint32_t granted;
	} cases[] = {
		{ "lease 600; add one 60 A 192.0.2.1", 600 },
		{ "lease 0; add one 60 A 192.0.2.1", 60 },
		{ "lease 59; add one 60 A 192.0.2.1", 60 },
		{ "lease 4294967295; add one 60 A 192.0.2.1", 86400 },
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		must(first, cases[i].script);
		assert_true(served->granted.has_lease);
		assert_int_equal(served->granted.lease_s, cases[i].granted);
		assert_true(served_until(served, "one") == served_now_ms / 1000 + cases[i].granted);
	}
	must(first, "add one 60 A 192.0.2.1");
	assert_false(served->granted.has_lease);
	assert_true(served_until(served, "one") == served_now_ms / 1000 + 3600);
	/* What is refused grants nothing. */
	assert_refused(laptop, "lease 600; add one 60 A 192.0.2.1", STATUS_REFUSED);
	assert_false(served->granted.has_lease);
}

static void
rule_33_an_administrators_records_end_only_when_asked(void **state)
{
	(void)state;
	must(boss, "add one 60 A 192.0.2.1");
	assert_true(served_until(served, "one") == LEASE_FOREVER);
	must(boss, "lease 600; add one 60 A 192.0.2.1");
	assert_true(served_until(served, "one") == served_now_ms / 1000 + 600);
	must(boss, "add one 60 A 192.0.2.1");
	assert_true(served_until(served, "one") == LEASE_FOREVER);
	served_restart(served);
	assert_true(served_until(served, "one") == LEASE_FOREVER);
}

static void
the_soa_and_ns_of_the_apex_never_end(void **state)
{
	(void)state;
	boss->is_admin = false;
	must(boss,
	    "lease 100; add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 3100000000 1 1 1 20;"
	    "add @ 60 NS ns.home.arpa.; add @ 60 NS ns2.home.arpa.; add @ 60 TXT a");
	served_pass(101);
	served_turn(served);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "@"),
	    "60 NS ns.home.arpa.\n60 NS ns2.home.arpa.\n"
	    "60 SOA ns.home.arpa. hostmaster.home.arpa. 3100000001 1 1 1 20\n");
}

/* --- limits --- */

static void
addresses_a_name_are_limited_both_families_together(void **state)
{
	(void)state;
	served->options.addresses_per_name = 3;
	service_set_options(served->service, &served->options);
	must(first,
	    "add one 60 A 192.0.2.1; add one 60 A 192.0.2.2; add one 60 AAAA fd00::1;"
	    "add one 60 TXT a");
	assert_refused(first, "add one 60 AAAA fd00::2", STATUS_LIMITED);
	/* Rule 10: nothing remains of what came before. */
	assert_refused(first,
	    "add new 60 A 192.0.2.1; add a.b.new 60 A 192.0.2.1; add one 60 TXT b;"
	    "add one 60 A 192.0.2.9",
	    STATUS_LIMITED);
	must(first, "delete one A 192.0.2.1; add one 60 AAAA fd00::2");
	assert_no_change(first, "add one 60 AAAA fd00::2");
}

static void
a_name_over_a_limit_that_was_lowered_may_shrink_but_not_grow(void **state)
{
	(void)state;
	must(first,
	    "add one 60 A 192.0.2.1; add one 60 A 192.0.2.2; add one 60 A 192.0.2.3;"
	    "add one 60 A 192.0.2.4");
	served->options.addresses_per_name = 2;
	service_set_options(served->service, &served->options);
	assert_no_change(first, "add one 60 A 192.0.2.1");
	must(first, "add one 60 TXT a");
	must(first, "delete one A 192.0.2.4");
	must(first, "delete one A 192.0.2.3; add one 60 A 192.0.2.5");
	assert_refused(first, "add one 60 A 192.0.2.6", STATUS_LIMITED);
}

static void
names_a_key_are_limited(void **state)
{
	(void)state;
	first->names_max = 2;
	must(first, "add one 60 A 192.0.2.1");
	assert_refused(first, "add two 60 A 192.0.2.1; add three 60 A 192.0.2.1", STATUS_LIMITED);
	must(first, "add two 60 A 192.0.2.1; add one 60 A 192.0.2.2");
	assert_refused(first, "add three 60 A 192.0.2.1", STATUS_LIMITED);
	assert_refused(first, "delete one A 192.0.2.1; add three 60 A 192.0.2.1", STATUS_LIMITED);
	/* What it has goes on, and what is added and deleted in one message takes no place. */
	must(first, "add one 60 TXT a; add three 60 A 192.0.2.1; delete three");
	/* The apex is no name of a key's. */
	must(first, "add @ 60 A 192.0.2.1");
	must(second, "add three 60 A 192.0.2.1");
	must(first, "delete one");
	must(first, "add four 60 A 192.0.2.1");
}

static void
a_key_at_its_limit_may_rename(void **state)
{
	(void)state;
	first->names_max = 2;
	must(first, "add one 60 A 192.0.2.1; add two 60 A 192.0.2.1");
	must(first, "delete one; add three 60 A 192.0.2.1");
	assert_refused(first, "add four 60 A 192.0.2.1; delete nobody", STATUS_LIMITED);
	assert_refused(first, "delete three; add four 60 A 192.0.2.1; add five 60 A 192.0.2.1",
	    STATUS_LIMITED);
	assert_int_equal(owner_names(registry_owner(served->registry, "first")), 2);
}

static void
a_key_over_a_limit_that_was_lowered_keeps_what_it_has(void **state)
{
	(void)state;
	must(first, "add one 60 A 192.0.2.1; add two 60 A 192.0.2.1; add three 60 A 192.0.2.1");
	first->names_max = 1;
	must(first, "add one 60 A 192.0.2.2; add two 60 TXT a");
	assert_no_change(first, "add one 60 A 192.0.2.2");
	must(first, "delete three");
	must(first, "delete two; add four 60 A 192.0.2.1");
	assert_refused(first, "add five 60 A 192.0.2.1", STATUS_LIMITED);
}

static void
taking_over_counts_as_a_name(void **state)
{
	(void)state;
	boss->names_max = 1;
	must(first, "add one 60 A 192.0.2.1; add two 60 A 192.0.2.1");
	must(boss, "add one 60 TXT a");
	assert_refused(boss, "add two 60 TXT a", STATUS_LIMITED);
	must(boss, "delete two A 192.0.2.1");
	second->names_max = 1;
	must(first, "lease 100; add old 60 A 192.0.2.1; add older 60 A 192.0.2.1");
	served_pass(101);
	must(second, "add old 60 A 192.0.2.2");
	assert_refused(second, "add older 60 A 192.0.2.2", STATUS_LIMITED);
}

static void
all_names_together_are_limited(void **state)
{
	(void)state;
	/* The apex is one. */
	served->options.names_max = 3;
	service_set_options(served->service, &served->options);
	must(first, "add one 60 A 192.0.2.1");
	assert_refused(second, "add two 60 A 192.0.2.1; add three 60 A 192.0.2.1", STATUS_LIMITED);
	must(second, "add two 60 A 192.0.2.1");
	assert_refused(second, "add three 60 A 192.0.2.1", STATUS_LIMITED);
	must(first, "add one 60 TXT a; add @ 60 TXT a");
	must(second, "delete two; add three 60 A 192.0.2.1");
}

static void
rule_10_a_name_that_would_hold_too_much_leaves_nothing(void **state)
{
	static char script[80000];
	char text[251];
	size_t used = 0;

	(void)state;
	memset(text, 'x', 250);
	text[250] = '\0';
	used += (size_t)sprintf(script, "add new 60 A 192.0.2.1;");
	for (int i = 0; i < 140; i++)
		used += (size_t)sprintf(script + used, "add one 60 TXT a%d%s;", i, text + 10);
	must(first, script);
	for (char *at = script; (at = strstr(at, "TXT a")) != NULL; at += 5)
		at[4] = 'b';
	memcpy(script, "add old 60 A", 12);
	assert_refused(first, script, STATUS_LIMITED);
}

/* --- memory --- */

static void
rule_10_out_of_memory_anywhere_leaves_all_or_nothing(void **state)
{
	static const char script[] = "nxdomain new; add new 60 A 192.0.2.1; add a.new 60 TXT a;"
				     "delete one; add two 60 A 192.0.2.7; add @ 60 TXT a";
	enum status status = STATUS_NO_MEMORY;
	unsigned failures = 0;

	(void)state;
	must(first, "add one 60 A 192.0.2.1; add two 60 A 192.0.2.2");
	remember();
	for (unsigned room = 0; status != STATUS_OK; room++) {
		struct request request = { .principal = first, .door = "udp" };
		long held;

		arena_reset(&served->arena);
		request.update = asked_for(&served->arena, script);
		held = blocks;
		allocations_left = room;
		status = service_update(served->service, &request, &served->arena,
		    &served->granted);
		allocations_left = UINT32_MAX;
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_NO_MEMORY);
		failures++;
		assert_false(service_is_dirty(served->service));
		assert_int_equal(blocks, held);
		assert_string_equal(served_picture(served), before);
	}
	/* Two new names and four blocks of records. */
	assert_true(failures >= 5);
	assert_int_equal(service_commit(served->service), STATUS_OK);
	assert_string_equal(served_records(served, "two"), "60 A 192.0.2.2\n60 A 192.0.2.7\n");
	assert_string_equal(served_records(served, "one"), "");
}

static void
a_message_larger_than_the_scratch_memory_leaves_nothing(void **state)
{
	struct request request = { .principal = first, .door = "udp" };
	struct update_answer granted;
	struct arena scratch;
	char *script = malloc(200000);
	size_t used = 0;

	(void)state;
	assert_non_null(script);
	for (int i = 0; i < 2000; i++)
		used += (size_t)sprintf(script + used, "add h%d 60 A 192.0.2.1;", i);
	remember();
	arena_reset(&served->arena);
	request.update = asked_for(&served->arena, script);
	for (size_t ceiling = 0; ceiling < 800000; ceiling += 50000) {
		arena_init(&scratch, ceiling);
		assert_int_equal(service_update(served->service, &request, &scratch, &granted),
		    STATUS_NO_MEMORY);
		arena_release(&scratch);
		assert_false(service_is_dirty(served->service));
		assert_string_equal(served_picture(served), before);
	}
	free(script);
}

#define update_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		update_test(rule_2_a_zone_that_is_not_ours_is_notauth),
		update_test(rule_31_what_no_grant_covers_is_refused),
		update_test(rule_31_the_last_change_without_a_grant_refuses_the_whole_message),
		update_test(rule_31_all_of_a_name_is_deleted_only_where_each_type_is_covered),
		update_test(rule_14_all_of_the_apex_may_be_deleted_without_a_grant_for_soa_and_ns),
		update_test(rule_8_permission_comes_before_prerequisites),
		update_test(a_prerequisite_that_fails_leaves_nothing),
		update_test(rule_31_a_key_is_refused_from_elsewhere),
		update_test(updates_over_the_rate_are_limited),
		update_test(rule_31_an_unsigned_update_adds_only_the_senders_own_address),
		update_test(rule_32_a_name_belongs_to_who_registered_it),
		update_test(rule_32_a_deleted_name_is_free),
		update_test(rule_32_a_name_is_free_for_the_next_message_of_the_same_turn),
		update_test(rule_32_an_expired_name_is_free_before_it_is_removed),
		update_test(rule_32_a_name_with_one_record_left_keeps_its_owner),
		update_test(rule_32_an_administrator_takes_a_name_over_by_adding_to_it),
		update_test(rule_32_an_administrator_takes_over_also_by_adding_what_is_there),
		update_test(
		    rule_32_an_administrator_who_deletes_a_record_leaves_the_name_to_its_owner),
		update_test(rule_32_the_apex_belongs_to_nobody_until_its_soa_or_ns_change),
		update_test(rule_18_the_serial_rises_once_a_message_that_changed_something),
		update_test(rule_11_adding_what_is_there_is_no_change_and_costs_no_commit),
		update_test(rule_16_deleting_what_is_not_there_is_no_change),
		update_test(rule_20_the_same_message_again_has_the_effect_of_one),
		update_test(rule_13_a_serial_that_a_client_brings_is_the_zones),
		update_test(changes_apply_in_the_order_of_the_message),
		update_test(messages_of_a_turn_see_what_those_before_them_did),
		update_test(a_message_of_prerequisites_alone_changes_nothing),
		update_test(rule_34_an_expired_name_that_comes_back_is_a_change),
		update_test(rule_34_the_expired_records_of_a_name_go_with_its_next_change),
		update_test(rule_33_the_lease_asked_for_is_clamped_granted_and_told),
		update_test(rule_33_an_administrators_records_end_only_when_asked),
		update_test(the_soa_and_ns_of_the_apex_never_end),
		update_test(addresses_a_name_are_limited_both_families_together),
		update_test(a_name_over_a_limit_that_was_lowered_may_shrink_but_not_grow),
		update_test(names_a_key_are_limited),
		update_test(a_key_at_its_limit_may_rename),
		update_test(a_key_over_a_limit_that_was_lowered_keeps_what_it_has),
		update_test(taking_over_counts_as_a_name),
		update_test(all_names_together_are_limited),
		update_test(rule_10_a_name_that_would_hold_too_much_leaves_nothing),
		update_test(rule_10_out_of_memory_anywhere_leaves_all_or_nothing),
		update_test(a_message_larger_than_the_scratch_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
