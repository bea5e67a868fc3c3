/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who may change what (rule 31). */
#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "auth/policy.h"

#include "address_of.h"

enum {
	A = KNOT_RRTYPE_A,
	AAAA = KNOT_RRTYPE_AAAA,
	ANY = KNOT_RRTYPE_ANY,
	NS = KNOT_RRTYPE_NS,
	SOA = KNOT_RRTYPE_SOA,
	TXT = KNOT_RRTYPE_TXT,
};

/* May the key of this name, with this one grant, change this in this zone? */
static bool
may_in(const char *zone_text, const char *key_name, const char *grant_text, const char *name_text,
    uint16_t type)
{
	struct name zone;
	struct name name;
	struct grant grant;
	const char *reason;
	struct principal principal = { .kind = PRINCIPAL_KEY, .grants = &grant, .grant_count = 1 };

	assert_int_equal(name_from_text(zone_text, &zone), STATUS_OK);
	assert_int_equal(name_from_text(name_text, &name), STATUS_OK);
	assert_int_equal(name_from_text(key_name, &principal.name), STATUS_OK);
	assert_int_equal(grant_from_text(grant_text, &grant, &reason), STATUS_OK);
	return policy_may_change(&principal, zone.wire, name.wire, type);
}

static bool
may(const char *grant_text, const char *name_text, uint16_t type)
{
	return may_in("home.arpa", "laptop.home.arpa", grant_text, name_text, type);
}

static void
without_a_grant_nothing_is_allowed(void **state)
{
	struct principal principal = { .kind = PRINCIPAL_KEY };
	struct name name;

	(void)state;
	assert_int_equal(name_from_text("laptop.home.arpa", &name), STATUS_OK);
	principal.name = name;
	assert_false(policy_may_change(&principal, name.wire, name.wire, A));
	assert_false(policy_may_change(&principal, name.wire, name.wire, ANY));
}

static void
self_is_the_keys_own_name_and_no_other(void **state)
{
	(void)state;
	assert_true(may("self", "laptop.home.arpa", A));
	assert_false(may("self", "www.laptop.home.arpa", A));
	assert_false(may("self", "xlaptop.home.arpa", A));
	assert_false(may("self", "home.arpa", A));
	assert_false(may("self", "desktop.home.arpa", A));
}

static void
self_of_a_key_outside_the_zone_is_its_name_below_the_apex(void **state)
{
	(void)state;
	assert_true(may_in("home.arpa", "laptop", "self", "laptop.home.arpa", A));
	assert_false(may_in("home.arpa", "laptop", "self", "home.arpa", A));
	assert_true(may_in("example", "laptop", "self", "laptop.example", A));
	assert_true(may_in("example", "laptop.home.arpa", "self", "laptop.home.arpa.example", A));
	assert_false(may_in("example", "laptop.home.arpa", "self", "laptop.home.arpa", A));
	assert_true(may_in("home.arpa", "laptop", "*.self", "www.laptop.home.arpa", A));
	assert_false(may_in("home.arpa", "laptop", "*.self", "laptop.home.arpa", A));
}

static void
a_key_whose_name_does_not_fit_below_the_zone_has_no_self(void **state)
{
	char key_name[252];

	(void)state;
	memset(key_name, 'k', sizeof(key_name));
	for (size_t i = 49; i < sizeof(key_name) - 1; i += 50)
		key_name[i] = '.';
	key_name[sizeof(key_name) - 1] = '\0';
	assert_false(may_in("home.arpa", key_name, "self", "laptop.home.arpa", A));
	assert_false(may_in("home.arpa", key_name, "*.self", "laptop.home.arpa", A));
}

static void
below_self_is_any_depth_but_not_itself(void **state)
{
	(void)state;
	assert_true(may("*.self", "www.laptop.home.arpa", A));
	assert_true(may("*.self", "a.b.c.laptop.home.arpa", A));
	assert_true(may("*.self", "*.laptop.home.arpa", A));
	assert_false(may("*.self", "laptop.home.arpa", A));
	assert_false(may("*.self", "www.desktop.home.arpa", A));
}

static void
an_exact_grant_covers_one_name(void **state)
{
	(void)state;
	assert_true(may("nas.home.arpa", "nas.home.arpa", A));
	assert_true(may("NAS.home.arpa.", "nas.home.arpa", A));
	assert_false(may("nas.home.arpa", "www.nas.home.arpa", A));
	assert_false(may("nas.home.arpa", "laptop.home.arpa", A));
}

static void
a_suffix_grant_covers_what_is_below_and_literal_wildcards_too(void **state)
{
	(void)state;
	assert_true(may("*.home.arpa", "nas.home.arpa", A));
	assert_true(may("*.home.arpa", "a.b.home.arpa", A));
	assert_true(may("*.home.arpa", "*.home.arpa", A));
	assert_false(may("*.home.arpa", "home.arpa", A));
	assert_true(may("*.lab.home.arpa", "nas.lab.home.arpa", A));
	assert_false(may("*.lab.home.arpa", "nas.home.arpa", A));
	assert_false(may("*.lab.home.arpa", "naslab.home.arpa", A));
}

static void
a_zone_grant_covers_the_apex_and_all_below(void **state)
{
	(void)state;
	assert_true(may("zone home.arpa", "home.arpa", A));
	assert_true(may("zone home.arpa", "a.b.home.arpa", A));
	assert_false(may("zone lab.home.arpa", "home.arpa", A));
	assert_true(may("zone .", "nas.home.arpa", A));
}

static void
no_grant_reaches_outside_the_zone(void **state)
{
	(void)state;
	assert_false(may("zone .", "nas.example", A));
	assert_false(may("nas.example", "nas.example", A));
	assert_false(may("zone .", "arpa", A));
}

static void
only_the_types_of_the_grant_are_allowed(void **state)
{
	(void)state;
	assert_true(may("self A TXT", "laptop.home.arpa", A));
	assert_true(may("self A TXT", "laptop.home.arpa", TXT));
	assert_false(may("self A TXT", "laptop.home.arpa", AAAA));
	assert_true(may("self TYPE65280", "laptop.home.arpa", 65280));
	assert_true(may("self", "laptop.home.arpa", 65280));
	assert_true(may("self ANY", "laptop.home.arpa", AAAA));
}

static void
rule_31_soa_and_ns_are_allowed_only_by_their_own_names(void **state)
{
	(void)state;
	assert_false(may("zone home.arpa", "home.arpa", NS));
	assert_false(may("zone home.arpa", "home.arpa", SOA));
	assert_false(may("zone home.arpa ANY", "home.arpa", NS));
	assert_false(may("zone home.arpa ANY", "home.arpa", SOA));
	assert_true(may("zone home.arpa ANY NS", "home.arpa", NS));
	assert_false(may("zone home.arpa ANY NS", "home.arpa", SOA));
	assert_true(may("zone home.arpa SOA", "home.arpa", SOA));
	assert_false(may("zone home.arpa SOA", "home.arpa", A));
}

static void
any_asks_whether_the_name_is_covered_at_all(void **state)
{
	(void)state;
	assert_true(may("self A", "laptop.home.arpa", ANY));
	assert_true(may("zone home.arpa NS", "home.arpa", ANY));
	assert_false(may("self", "nas.home.arpa", ANY));
}

static void
one_of_several_grants_is_enough_but_they_do_not_mix(void **state)
{
	struct grant grants[2];
	const char *reason;
	struct name zone;
	struct name laptop;
	struct name nas;
	struct principal principal = { .kind = PRINCIPAL_KEY, .grants = grants, .grant_count = 2 };

	(void)state;
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	assert_int_equal(name_from_text("laptop.home.arpa", &laptop), STATUS_OK);
	assert_int_equal(name_from_text("nas.home.arpa", &nas), STATUS_OK);
	principal.name = laptop;
	assert_int_equal(grant_from_text("self A", &grants[0], &reason), STATUS_OK);
	assert_int_equal(grant_from_text("nas.home.arpa TXT", &grants[1], &reason), STATUS_OK);
	assert_true(policy_may_change(&principal, zone.wire, laptop.wire, A));
	assert_true(policy_may_change(&principal, zone.wire, nas.wire, TXT));
	assert_false(policy_may_change(&principal, zone.wire, laptop.wire, TXT));
	assert_false(policy_may_change(&principal, zone.wire, nas.wire, A));
}

static void
a_network_has_no_self(void **state)
{
	struct grant grants[2];
	const char *reason;
	struct name zone;
	struct name name;
	struct principal principal = { .kind = PRINCIPAL_NETWORK,
		.grants = grants,
		.grant_count = 2 };

	(void)state;
	assert_int_equal(grant_from_text("self", &grants[0], &reason), STATUS_OK);
	assert_int_equal(grant_from_text("*.self", &grants[1], &reason), STATUS_OK);
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	assert_int_equal(name_from_text("laptop.home.arpa", &name), STATUS_OK);
	assert_false(policy_may_change(&principal, zone.wire, zone.wire, A));
	assert_false(policy_may_change(&principal, zone.wire, name.wire, A));
}

static void
an_admin_among_the_peers_needs_no_grants_but_is_held_to_those_it_has(void **state)
{
	struct grant grant;
	const char *reason;
	struct name zone;
	struct name name;
	struct name other;
	struct principal principal = { .kind = PRINCIPAL_PEER, .is_admin = true };

	(void)state;
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	assert_int_equal(name_from_text("laptop.home.arpa", &name), STATUS_OK);
	assert_int_equal(name_from_text("laptop.example", &other), STATUS_OK);
	assert_true(policy_may_change(&principal, zone.wire, name.wire, A));
	assert_true(policy_may_change(&principal, zone.wire, name.wire, ANY));
	assert_true(policy_may_change(&principal, zone.wire, zone.wire, SOA));
	assert_true(policy_may_change(&principal, zone.wire, zone.wire, NS));
	assert_false(policy_may_change(&principal, zone.wire, other.wire, A));

	assert_int_equal(grant_from_text("*.home.arpa A", &grant, &reason), STATUS_OK);
	principal.grants = &grant;
	principal.grant_count = 1;
	assert_true(policy_may_change(&principal, zone.wire, name.wire, A));
	assert_false(policy_may_change(&principal, zone.wire, name.wire, TXT));
	assert_false(policy_may_change(&principal, zone.wire, zone.wire, NS));
}

static void
only_an_admin_among_the_peers_needs_no_grants(void **state)
{
	struct name zone;
	struct principal peer = { .kind = PRINCIPAL_PEER };
	struct principal key = { .kind = PRINCIPAL_KEY, .is_admin = true };
	struct principal network = { .kind = PRINCIPAL_NETWORK, .is_admin = true };

	(void)state;
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	assert_int_equal(name_from_text("admin", &key.name), STATUS_OK);
	assert_false(policy_may_change(&peer, zone.wire, zone.wire, A));
	assert_false(policy_may_change(&key, zone.wire, zone.wire, A));
	assert_false(policy_may_change(&network, zone.wire, zone.wire, A));
}

static void
a_peer_has_no_self(void **state)
{
	struct grant grants[2];
	const char *reason;
	struct name zone;
	struct name name;
	struct principal principal = { .kind = PRINCIPAL_PEER, .grants = grants, .grant_count = 2 };

	(void)state;
	assert_int_equal(grant_from_text("self", &grants[0], &reason), STATUS_OK);
	assert_int_equal(grant_from_text("*.self", &grants[1], &reason), STATUS_OK);
	assert_int_equal(name_from_text("home.arpa", &zone), STATUS_OK);
	assert_int_equal(name_from_text("laptop.home.arpa", &name), STATUS_OK);
	assert_false(policy_may_change(&principal, zone.wire, zone.wire, A));
	assert_false(policy_may_change(&principal, zone.wire, name.wire, A));
}

static struct network
network_of(const char *text)
{
	struct network network;

	assert_int_equal(network_from_text(text, &network), STATUS_OK);
	return network;
}

static void
a_key_speaks_from_its_networks_or_from_anywhere(void **state)
{
	const struct network sources[] = { network_of("192.0.2.0/24"),
		network_of("2001:db8::/32") };
	struct principal principal = { .kind = PRINCIPAL_KEY,
		.sources = sources,
		.source_count = 2 };
	struct address inside = address_of("192.0.2.200");
	struct address inside6 = address_of("2001:db8::1");
	struct address outside = address_of("192.0.3.1");

	(void)state;
	assert_true(policy_may_speak_from(&principal, &inside));
	assert_true(policy_may_speak_from(&principal, &inside6));
	assert_false(policy_may_speak_from(&principal, &outside));
	principal.source_count = 0;
	assert_true(policy_may_speak_from(&principal, &outside));
}

static void
rule_31_the_narrowest_network_decides_and_udp_needs_its_leave(void **state)
{
	const struct network blocks[] = { network_of("10.0.0.0/8"), network_of("10.1.2.0/24"),
		network_of("10.1.0.0/16"), network_of("2001:db8::/32") };
	struct network_principal networks[4] = { 0 };
	struct address sender = address_of("10.1.2.3");
	struct address wider = address_of("10.9.9.9");
	struct address sender6 = address_of("2001:db8::1");
	struct address stranger = address_of("192.0.2.1");

	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		networks[i].principal.kind = PRINCIPAL_NETWORK;
		networks[i].principal.sources = &blocks[i];
		networks[i].principal.source_count = 1;
	}
	networks[0].allows_udp = true;
	assert_ptr_equal(policy_find_network(networks, 4, &sender, false), &networks[1].principal);
	assert_ptr_equal(policy_find_network(networks, 4, &wider, false), &networks[0].principal);
	assert_ptr_equal(policy_find_network(networks, 4, &wider, true), &networks[0].principal);
	assert_ptr_equal(policy_find_network(networks, 4, &sender6, false), &networks[3].principal);
	assert_null(policy_find_network(networks, 4, &sender6, true));
	assert_null(policy_find_network(networks, 4, &stranger, false));
	/* The wider block allows UDP, but the one that was written for this sender does not. */
	assert_null(policy_find_network(networks, 4, &sender, true));
	assert_null(policy_find_network(NULL, 0, &sender, false));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_grant_nothing_is_allowed),
		cmocka_unit_test(self_is_the_keys_own_name_and_no_other),
		cmocka_unit_test(self_of_a_key_outside_the_zone_is_its_name_below_the_apex),
		cmocka_unit_test(a_key_whose_name_does_not_fit_below_the_zone_has_no_self),
		cmocka_unit_test(below_self_is_any_depth_but_not_itself),
		cmocka_unit_test(an_exact_grant_covers_one_name),
		cmocka_unit_test(a_suffix_grant_covers_what_is_below_and_literal_wildcards_too),
		cmocka_unit_test(a_zone_grant_covers_the_apex_and_all_below),
		cmocka_unit_test(no_grant_reaches_outside_the_zone),
		cmocka_unit_test(only_the_types_of_the_grant_are_allowed),
		cmocka_unit_test(rule_31_soa_and_ns_are_allowed_only_by_their_own_names),
		cmocka_unit_test(any_asks_whether_the_name_is_covered_at_all),
		cmocka_unit_test(one_of_several_grants_is_enough_but_they_do_not_mix),
		cmocka_unit_test(a_network_has_no_self),
		cmocka_unit_test(
		    an_admin_among_the_peers_needs_no_grants_but_is_held_to_those_it_has),
		cmocka_unit_test(only_an_admin_among_the_peers_needs_no_grants),
		cmocka_unit_test(a_peer_has_no_self),
		cmocka_unit_test(a_key_speaks_from_its_networks_or_from_anywhere),
		cmocka_unit_test(rule_31_the_narrowest_network_decides_and_udp_needs_its_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
