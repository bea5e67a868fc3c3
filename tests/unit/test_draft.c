/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/draft: rules 11 to 16, on the records of one name. */
#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "service/draft.h"

#include "asked.h"
#include "registered.h"
#include "served.h"

enum { NOW_S = 1000, LONG_S = 100 };

static const struct lease lease = { NOW_S + LONG_S, NOW_S + 2 * LONG_S, LONG_S };
static const struct lease forever = { LEASE_FOREVER, LEASE_FOREVER, 0 };

/* One name in a registry of its own, and a draft of it. */
struct desk {
	struct registry *registry;
	struct node *node;
	struct arena arena;
	struct draft draft;
	char text[4 * SERVED_RECORD_MAX];
};

static void
begin(struct desk *desk, const char *text)
{
	struct name name;

	desk->registry = registry_new();
	assert_non_null(desk->registry);
	arena_init(&desk->arena, 1 << 20);
	registered_zone(desk->registry, "home.arpa");
	asked_name(&name, text, "home.arpa");
	desk->node = registry_obtain(desk->registry, registry_next_zone(desk->registry, NULL),
	    name.wire);
	assert_non_null(desk->node);
	assert_int_equal(draft_init(&desk->draft, desk->node, false, NOW_S, &desk->arena),
	    STATUS_OK);
}

static void
end(struct desk *desk)
{
	arena_release(&desk->arena);
	registry_free(desk->registry);
}

static void
apply_with(struct desk *desk, const char *script, const struct lease *new_lease)
{
	const struct update *update = asked_for(&desk->arena, script);

	for (size_t i = 0; i < update->change_count; i++)
		assert_int_equal(draft_apply(&desk->draft, &update->changes[i], new_lease,
				     &desk->arena),
		    STATUS_OK);
}

static void
apply(struct desk *desk, const char *script)
{
	apply_with(desk, script, &lease);
}

/* What the draft holds becomes the node's, and a new draft begins at this time. */
static void
keep_until(struct desk *desk, int64_t now_s)
{
	assert_int_equal(registry_reserve(desk->registry, 1), STATUS_OK);
	registry_replace(desk->registry, desk->node,
	    records_build(desk->draft.list, desk->draft.count), NULL, 0);
	assert_int_equal(draft_init(&desk->draft, desk->node, false, now_s, &desk->arena),
	    STATUS_OK);
}

static void
keep(struct desk *desk)
{
	keep_until(desk, NOW_S);
}

/* The draft's records, a line each. */
static const char *
text_of(struct desk *desk)
{
	size_t used = 0;

	desk->text[0] = '\0';
	for (size_t i = 0; i < desk->draft.count; i++) {
		char record[SERVED_RECORD_MAX];

		served_record_text(&desk->draft.list[i], record);
		used += (size_t)snprintf(desk->text + used, sizeof(desk->text) - used, "%s\n",
		    record);
		assert_in_range(used, 0, sizeof(desk->text) - 1);
	}
	return desk->text;
}

#define SOA_TEXT " SOA ns.home.arpa. hostmaster.home.arpa. "
#define SOA_REST " 3600 600 1209600 60"

/* An apex with an SOA of that serial and two NS, as kept. */
static void
begin_apex(struct desk *desk, const char *serial)
{
	char script[512];

	begin(desk, "@");
	(void)snprintf(script, sizeof(script), "add @ 60" SOA_TEXT "%s" SOA_REST, serial);
	apply_with(desk, script, &forever);
	apply_with(desk, "add @ 60 NS ns.home.arpa.; add @ 60 NS ns2.home.arpa.", &forever);
	keep(desk);
}

/* The SOA's serial in the draft as text, through its rdata. */
static bool
has_serial(struct desk *desk, const char *serial)
{
	char wanted[256];

	(void)snprintf(wanted, sizeof(wanted), "hostmaster.home.arpa. %s 3600", serial);
	return strstr(text_of(desk), wanted) != NULL;
}

/* --- adding --- */

static void
records_stand_in_order_of_type_and_rdata_in_whatever_order_they_come(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk,
	    "add laptop 60 AAAA fd00::1; add laptop 60 A 192.0.2.2;"
	    "add laptop 60 TXT b; add laptop 60 A 192.0.2.1; add laptop 60 TXT a");
	assert_string_equal(text_of(&desk),
	    "60 A 192.0.2.1\n60 A 192.0.2.2\n60 TXT \"a\"\n"
	    "60 TXT \"b\"\n60 AAAA fd00::1\n");
	end(&desk);
}

static void
a_draft_grows_beyond_the_room_that_it_began_with(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	for (int i = 0; i < 200; i++) {
		char script[64];

		(void)snprintf(script, sizeof(script), "add laptop 60 A 192.0.2.%d", i * 7 % 200);
		apply(&desk, script);
	}
	assert_int_equal(desk.draft.count, 200);
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(desk.draft.list[i].rdata->data[3], i);
	end(&desk);
}

static void
rule_11_adding_what_is_there_changes_nothing_but_its_lease(void **state)
{
	static const struct lease longer = { 5000, 9000, 4000 };
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1; add laptop 60 A 192.0.2.2");
	keep(&desk);
	apply_with(&desk, "add laptop 60 A 192.0.2.1", &longer);
	assert_true(draft_is_unchanged(&desk.draft));
	assert_int_equal(desk.draft.count, 2);
	assert_int_equal(desk.draft.list[0].lease.granted_until_s, 5000);
	assert_int_equal(desk.draft.list[1].lease.granted_until_s, NOW_S + LONG_S);
	end(&desk);
}

static void
rule_11_another_ttl_moves_the_whole_rrset_and_no_other(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1; add laptop 60 TXT a; add laptop 60 A 192.0.2.2");
	keep(&desk);
	apply(&desk, "add laptop 300 A 192.0.2.1");
	assert_false(draft_is_unchanged(&desk.draft));
	assert_string_equal(text_of(&desk), "300 A 192.0.2.1\n300 A 192.0.2.2\n60 TXT \"a\"\n");
	apply(&desk, "add laptop 30 A 192.0.2.3");
	assert_string_equal(text_of(&desk),
	    "30 A 192.0.2.1\n30 A 192.0.2.2\n30 A 192.0.2.3\n60 TXT \"a\"\n");
	end(&desk);
}

/* --- CNAME --- */

static void
rule_12_a_cname_where_other_data_is_is_ignored(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1");
	keep(&desk);
	apply(&desk, "add laptop 60 CNAME other.home.arpa.");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
rule_12_other_data_where_a_cname_is_is_ignored(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 CNAME other.home.arpa.");
	keep(&desk);
	apply(&desk, "add laptop 60 A 192.0.2.1; add laptop 60 TXT a");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
rule_12_a_cname_replaces_a_cname(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 CNAME zzz.home.arpa.");
	keep(&desk);
	apply(&desk, "add laptop 60 CNAME aaa.home.arpa.");
	assert_string_equal(text_of(&desk), "60 CNAME aaa.home.arpa.\n");
	apply(&desk, "add laptop 60 CNAME mmm.home.arpa.");
	assert_string_equal(text_of(&desk), "60 CNAME mmm.home.arpa.\n");
	end(&desk);
}

static void
rule_12_the_same_cname_again_changes_only_its_ttl(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 CNAME other.home.arpa.");
	keep(&desk);
	apply(&desk, "add laptop 60 CNAME other.home.arpa.");
	assert_true(draft_is_unchanged(&desk.draft));
	apply(&desk, "add laptop 90 CNAME other.home.arpa.");
	assert_string_equal(text_of(&desk), "90 CNAME other.home.arpa.\n");
	end(&desk);
}

static void
rule_12_a_cname_follows_data_that_the_same_message_deletes(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1");
	keep(&desk);
	apply(&desk, "delete laptop; add laptop 60 CNAME other.home.arpa.");
	assert_string_equal(text_of(&desk), "60 CNAME other.home.arpa.\n");
	apply(&desk, "delete laptop CNAME; add laptop 60 A 192.0.2.1");
	assert_string_equal(text_of(&desk), "60 A 192.0.2.1\n");
	end(&desk);
}

static void
rule_12_no_cname_comes_to_the_apex(void **state)
{
	struct desk desk;

	(void)state;
	begin_apex(&desk, "5");
	apply(&desk, "add @ 60 CNAME other.home.arpa.");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

/* --- SOA and NS --- */

static void
rule_13_an_soa_replaces_only_when_its_serial_is_higher(void **state)
{
	static const struct {
		const char *old;
		const char *new;
		bool replaces;
	} cases[] = {
		{ "5", "6", true },
		{ "5", "5", false },
		{ "5", "4", false },
		/* RFC 1982 3.2. */
		{ "5", "2147483652", true },
		{ "5", "2147483653", false },
		{ "5", "2147483654", false },
		{ "4294967295", "0", true },
		{ "4294967295", "1", true },
		{ "0", "4294967295", false },
		{ "2147483648", "4294967295", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct desk desk;
		char script[512];

		begin_apex(&desk, cases[i].old);
		(void)snprintf(script, sizeof(script), "add @ 60" SOA_TEXT "%s" SOA_REST,
		    cases[i].new);
		apply(&desk, script);
		assert_true(has_serial(&desk, cases[i].replaces ? cases[i].new : cases[i].old));
		assert_int_equal(draft_changes_serial(&desk.draft), cases[i].replaces);
		assert_int_equal(draft_changes_apex_types(&desk.draft), cases[i].replaces);
		assert_int_equal(desk.draft.count, 3);
		end(&desk);
	}
}

static void
rule_13_an_soa_at_any_other_name_is_ignored(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1; add laptop 60" SOA_TEXT "9" SOA_REST);
	assert_string_equal(text_of(&desk), "60 A 192.0.2.1\n");
	end(&desk);
}

static void
rule_14_deleting_all_at_the_apex_keeps_soa_and_ns(void **state)
{
	struct desk desk;

	(void)state;
	begin_apex(&desk, "5");
	apply(&desk, "add @ 60 TXT a; add @ 60 MX 10 mail.home.arpa.");
	keep(&desk);
	assert_int_equal(desk.draft.count, 5);
	apply(&desk, "delete @");
	assert_int_equal(desk.draft.count, 3);
	assert_true(has_serial(&desk, "5"));
	assert_false(draft_changes_apex_types(&desk.draft));
	end(&desk);
}

static void
rule_14_deleting_the_soa_or_ns_rrset_at_the_apex_is_ignored(void **state)
{
	struct desk desk;

	(void)state;
	begin_apex(&desk, "5");
	apply(&desk, "delete @ SOA; delete @ NS");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
rule_14_elsewhere_an_ns_rrset_is_deleted_like_any(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "sub");
	apply(&desk, "add sub 60 NS ns.sub.home.arpa.; delete sub NS");
	assert_int_equal(desk.draft.count, 0);
	apply(&desk, "add sub 60 NS ns.sub.home.arpa.; delete sub NS ns.sub.home.arpa.");
	assert_int_equal(desk.draft.count, 0);
	end(&desk);
}

static void
rule_15_the_soa_and_the_last_ns_of_the_apex_stay(void **state)
{
	struct desk desk;

	(void)state;
	begin_apex(&desk, "5");
	apply(&desk, "delete @" SOA_TEXT "5" SOA_REST);
	assert_true(draft_is_unchanged(&desk.draft));
	apply(&desk, "delete @ NS ns.home.arpa.");
	assert_int_equal(desk.draft.count, 2);
	assert_true(draft_changes_apex_types(&desk.draft));
	assert_false(draft_changes_serial(&desk.draft));
	apply(&desk, "delete @ NS ns2.home.arpa.");
	assert_int_equal(desk.draft.count, 2);
	/* With another there, that one may go. */
	apply(&desk, "add @ 60 NS ns3.home.arpa.; delete @ NS ns2.home.arpa.");
	assert_non_null(strstr(text_of(&desk), "NS ns3.home.arpa."));
	assert_int_equal(desk.draft.count, 2);
	end(&desk);
}

static void
the_soa_and_ns_of_the_apex_never_get_a_lease(void **state)
{
	struct desk desk;

	(void)state;
	begin_apex(&desk, "5");
	apply(&desk,
	    "add @ 60" SOA_TEXT "6" SOA_REST
	    "; add @ 60 NS ns.home.arpa.; add @ 60 NS ns3.home.arpa.; add @ 60 TXT a");
	assert_int_equal(desk.draft.count, 5);
	for (size_t i = 0; i < desk.draft.count; i++) {
		const struct record *record = &desk.draft.list[i];

		assert_true(record->lease.granted_until_s ==
		    (record->type == KNOT_RRTYPE_TXT ? NOW_S + LONG_S : LEASE_FOREVER));
	}
	end(&desk);
}

/* --- deleting --- */

static void
rule_16_deleting_what_is_not_there_changes_nothing(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "delete laptop; delete laptop A; delete laptop A 192.0.2.1");
	assert_true(draft_is_unchanged(&desk.draft));
	apply(&desk, "add laptop 60 A 192.0.2.2; add laptop 60 AAAA fd00::1");
	keep(&desk);
	apply(&desk,
	    "delete laptop TXT; delete laptop A 192.0.2.1; delete laptop A 192.0.2.3;"
	    "delete laptop TXT a");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
one_record_one_rrset_or_all_are_deleted(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk,
	    "add laptop 60 A 192.0.2.1; add laptop 60 A 192.0.2.2; add laptop 60 TXT a;"
	    "add laptop 60 AAAA fd00::1");
	keep(&desk);
	apply(&desk, "delete laptop A 192.0.2.1");
	assert_string_equal(text_of(&desk), "60 A 192.0.2.2\n60 TXT \"a\"\n60 AAAA fd00::1\n");
	apply(&desk, "delete laptop AAAA");
	assert_string_equal(text_of(&desk), "60 A 192.0.2.2\n60 TXT \"a\"\n");
	apply(&desk, "delete laptop");
	assert_int_equal(desk.draft.count, 0);
	assert_false(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
deleting_and_adding_the_same_record_changes_nothing(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1");
	keep(&desk);
	apply(&desk, "delete laptop A; add laptop 60 A 192.0.2.1");
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

/* --- what has expired --- */

static void
rule_34_a_draft_begins_without_what_has_expired(void **state)
{
	static const struct lease shorter = { NOW_S + 10, NOW_S + 20, 10 };
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1");
	apply_with(&desk, "add laptop 60 A 192.0.2.2", &shorter);
	keep_until(&desk, NOW_S + 9);
	assert_int_equal(desk.draft.count, 2);
	assert_true(draft_is_unchanged(&desk.draft));
	assert_int_equal(draft_init(&desk.draft, desk.node, false, NOW_S + 10, &desk.arena),
	    STATUS_OK);
	assert_string_equal(text_of(&desk), "60 A 192.0.2.1\n");
	assert_false(draft_is_unchanged(&desk.draft));
	/* In quiet times. */
	assert_int_equal(draft_init(&desk.draft, desk.node, false, INT64_MIN, &desk.arena),
	    STATUS_OK);
	assert_int_equal(desk.draft.count, 2);
	assert_true(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
rule_34_what_comes_back_after_it_expired_is_a_change(void **state)
{
	static const struct lease later = { 9000, 9100, 100 };
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	apply(&desk, "add laptop 60 A 192.0.2.1");
	keep_until(&desk, NOW_S + LONG_S);
	assert_int_equal(desk.draft.count, 0);
	apply_with(&desk, "add laptop 60 A 192.0.2.1", &later);
	/* Nobody was served it any more. */
	assert_false(draft_is_unchanged(&desk.draft));
	end(&desk);
}

static void
addresses_of_both_families_are_counted_and_nothing_else(void **state)
{
	struct desk desk;

	(void)state;
	begin(&desk, "laptop");
	assert_int_equal(draft_addresses(&desk.draft), 0);
	apply(&desk,
	    "add laptop 60 A 192.0.2.1; add laptop 60 A 192.0.2.2; add laptop 60 TXT a;"
	    "add laptop 60 AAAA fd00::1");
	assert_int_equal(draft_addresses(&desk.draft), 3);
	end(&desk);
}

static void
a_full_arena_is_out_of_memory_and_no_more(void **state)
{
	struct desk desk;
	struct arena empty;
	const struct update *update;
	enum status status = STATUS_OK;
	struct draft draft;

	(void)state;
	begin(&desk, "laptop");
	arena_init(&empty, 1);
	assert_int_equal(draft_init(&draft, desk.node, false, NOW_S, &empty), STATUS_NO_MEMORY);
	for (int i = 0; i < 20 && status == STATUS_OK; i++) {
		char script[64];

		(void)snprintf(script, sizeof(script), "add laptop 60 A 192.0.2.%d", i);
		update = asked_for(&desk.arena, script);
		status = draft_apply(&desk.draft, &update->changes[0], &lease, &empty);
	}
	assert_int_equal(status, STATUS_NO_MEMORY);
	arena_release(&empty);
	end(&desk);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    records_stand_in_order_of_type_and_rdata_in_whatever_order_they_come),
		cmocka_unit_test(a_draft_grows_beyond_the_room_that_it_began_with),
		cmocka_unit_test(rule_11_adding_what_is_there_changes_nothing_but_its_lease),
		cmocka_unit_test(rule_11_another_ttl_moves_the_whole_rrset_and_no_other),
		cmocka_unit_test(rule_12_a_cname_where_other_data_is_is_ignored),
		cmocka_unit_test(rule_12_other_data_where_a_cname_is_is_ignored),
		cmocka_unit_test(rule_12_a_cname_replaces_a_cname),
		cmocka_unit_test(rule_12_the_same_cname_again_changes_only_its_ttl),
		cmocka_unit_test(rule_12_a_cname_follows_data_that_the_same_message_deletes),
		cmocka_unit_test(rule_12_no_cname_comes_to_the_apex),
		cmocka_unit_test(rule_13_an_soa_replaces_only_when_its_serial_is_higher),
		cmocka_unit_test(rule_13_an_soa_at_any_other_name_is_ignored),
		cmocka_unit_test(rule_14_deleting_all_at_the_apex_keeps_soa_and_ns),
		cmocka_unit_test(rule_14_deleting_the_soa_or_ns_rrset_at_the_apex_is_ignored),
		cmocka_unit_test(rule_14_elsewhere_an_ns_rrset_is_deleted_like_any),
		cmocka_unit_test(rule_15_the_soa_and_the_last_ns_of_the_apex_stay),
		cmocka_unit_test(the_soa_and_ns_of_the_apex_never_get_a_lease),
		cmocka_unit_test(rule_16_deleting_what_is_not_there_changes_nothing),
		cmocka_unit_test(one_record_one_rrset_or_all_are_deleted),
		cmocka_unit_test(deleting_and_adding_the_same_record_changes_nothing),
		cmocka_unit_test(rule_34_a_draft_begins_without_what_has_expired),
		cmocka_unit_test(rule_34_what_comes_back_after_it_expired_is_a_change),
		cmocka_unit_test(addresses_of_both_families_are_counted_and_nothing_else),
		cmocka_unit_test(a_full_arena_is_out_of_memory_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
