/* SPDX-License-Identifier: GPL-3.0-or-later */
/* service/query: rules 36 and 37, RFC 1034 4.3.2. */
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

#define SOA "authority home.arpa 60 SOA ns.home.arpa. hostmaster.home.arpa. "
#define SOA_REST " 3600 600 1209600 60\n"

static struct served *served;
static struct principal *boss;

static void
must(const char *script)
{
	assert_int_equal(served_do(served, boss, script), STATUS_OK);
}

static int
set_up(void **state)
{
	(void)state;
	served = malloc(sizeof(*served));
	assert_non_null(served);
	served_open(served);
	boss = served_key(served, "boss", "zone home.arpa");
	served_grant(boss, "zone home.arpa NS SOA");
	must("add laptop 60 A 192.0.2.1; add laptop 60 A 192.0.2.2; add laptop 30 TXT hello;"
	     "add b.ent 60 A 192.0.2.3; add alias 90 CNAME laptop.home.arpa.;"
	     "add *.wild 60 A 192.0.2.9; add *.wild 60 TXT wild; add x.below.wild 60 A 192.0.2.8;"
	     "add sub 300 NS ns.sub.home.arpa.; add sub 300 NS laptop.home.arpa.;"
	     "add sub 300 NS ns.example.net.; add ns.sub 300 A 192.0.2.53;"
	     "add ns.sub 300 AAAA fd00::53; add sub 300 DS 1 8 2"
	     " 0000000000000000000000000000000000000000000000000000000000000000");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	served_close(served);
	free(served);
	return 0;
}

/* RCODE, then the SOA of a negative answer. */
static void
assert_negative(const char *question, const char *rcode)
{
	char expected[256];

	(void)snprintf(expected, sizeof(expected), "%s aa\n" SOA "%u" SOA_REST, rcode,
	    served_serial(served));
	assert_string_equal(served_ask(served, question), expected);
}

static void
rule_36_an_exact_match_is_answered(void **state)
{
	(void)state;
	assert_string_equal(served_ask(served, "laptop A"),
	    "NOERROR aa\n"
	    "answer laptop.home.arpa 60 A 192.0.2.1\nanswer laptop.home.arpa 60 A 192.0.2.2\n");
	assert_string_equal(served_ask(served, "laptop TXT"),
	    "NOERROR aa\nanswer laptop.home.arpa 30 TXT \"hello\"\n");
	assert_string_equal(served_ask(served, "@ NS"),
	    "NOERROR aa\nanswer home.arpa 60 NS ns.home.arpa.\n");
}

static void
rule_36_no_such_type_is_nodata_and_no_such_name_nxdomain_with_the_soa(void **state)
{
	(void)state;
	assert_negative("laptop AAAA", "NOERROR");
	assert_negative("@ TXT", "NOERROR");
	assert_negative("nobody A", "NXDOMAIN");
	assert_negative("a.b.c.nobody A", "NXDOMAIN");
	assert_negative("a.laptop A", "NXDOMAIN");
}

static void
rule_36_an_empty_non_terminal_is_nodata(void **state)
{
	(void)state;
	assert_negative("ent A", "NOERROR");
	assert_negative("ent ANY", "NOERROR");
	assert_negative("a.ent A", "NXDOMAIN");
	assert_negative("wild A", "NOERROR");
}

static void
rule_36_the_negative_ttl_is_the_lesser_of_ttl_and_minimum(void **state)
{
	char expected[256];

	(void)state;
	must("add @ 500 SOA ns.home.arpa. hostmaster.home.arpa. 3100000000 1 1 1 20");
	assert_string_equal(served_ask(served, "nobody A"),
	    "NXDOMAIN aa\n"
	    "authority home.arpa 20 SOA ns.home.arpa. hostmaster.home.arpa. 3100000000 1 1 1 20\n");
	must("add @ 10 SOA ns.home.arpa. hostmaster.home.arpa. 3100000001 1 1 1 20");
	(void)snprintf(expected, sizeof(expected), "%s\n",
	    "NXDOMAIN aa\nauthority home.arpa 10 SOA ns.home.arpa. hostmaster.home.arpa."
	    " 3100000001 1 1 1 20");
	assert_string_equal(served_ask(served, "nobody A"), expected);
	/* Asked for, it has its own. */
	must("add @ 500 SOA ns.home.arpa. hostmaster.home.arpa. 3100000002 1 1 1 20");
	assert_non_null(strstr(served_ask(served, "@ SOA"), "answer home.arpa 500 SOA"));
}

static void
rule_36_what_is_not_in_our_zones_is_refused(void **state)
{
	struct name name;

	(void)state;
	assert_string_equal(served_ask(served, "example.net. A"), "REFUSED\n");
	assert_string_equal(served_ask(served, "arpa. A"), "REFUSED\n");
	assert_string_equal(served_ask(served, ". NS"), "REFUSED\n");
	assert_string_equal(served_ask(served, "laptop AXFR"), "REFUSED\n");
	assert_string_equal(served_ask(served, "@ IXFR"), "REFUSED\n");
	asked_name(&name, "laptop", "home.arpa");
	service_query(served->service, name.wire, KNOT_RRTYPE_A, KNOT_CLASS_CH, &served->arena,
	    &served->answer);
	assert_int_equal(served->answer.rcode, KNOT_RCODE_REFUSED);
	assert_int_equal(served->answer.rrset_count, 0);
	assert_false(served->answer.is_authoritative);
}

static void
an_answer_keeps_nothing_of_the_one_before(void **state)
{
	(void)state;
	served->answer.has_lease = true;
	(void)served_ask(served, "nobody A");
	assert_string_equal(served_ask(served, "laptop TXT"),
	    "NOERROR aa\nanswer laptop.home.arpa 30 TXT \"hello\"\n");
	assert_false(served->answer.has_lease);
	assert_string_equal(served_ask(served, "example.net. A"), "REFUSED\n");
}

/* --- CNAME --- */

static void
rule_36_a_cname_is_followed(void **state)
{
	(void)state;
	assert_string_equal(served_ask(served, "alias TXT"),
	    "NOERROR aa\nanswer alias.home.arpa 90 CNAME laptop.home.arpa.\n"
	    "answer laptop.home.arpa 30 TXT \"hello\"\n");
	assert_string_equal(served_ask(served, "alias CNAME"),
	    "NOERROR aa\nanswer alias.home.arpa 90 CNAME laptop.home.arpa.\n");
}

static void
rule_36_a_cname_to_nothing_is_nxdomain_and_to_no_such_type_nodata(void **state)
{
	char expected[512];

	(void)state;
	must("add lost 60 CNAME nobody.home.arpa.");
	(void)snprintf(expected, sizeof(expected),
	    "NXDOMAIN aa\nanswer lost.home.arpa 60 CNAME nobody.home.arpa.\n" SOA "%u" SOA_REST,
	    served_serial(served));
	assert_string_equal(served_ask(served, "lost A"), expected);
	(void)snprintf(expected, sizeof(expected),
	    "NOERROR aa\nanswer alias.home.arpa 90 CNAME laptop.home.arpa.\n" SOA "%u" SOA_REST,
	    served_serial(served));
	assert_string_equal(served_ask(served, "alias AAAA"), expected);
}

static void
rule_36_a_cname_that_leaves_the_zone_ends_the_answer(void **state)
{
	(void)state;
	must("add out 60 CNAME www.example.net.");
	assert_string_equal(served_ask(served, "out A"),
	    "NOERROR aa\nanswer out.home.arpa 60 CNAME www.example.net.\n");
}

static void
a_cname_that_leads_back_is_given_once(void **state)
{
	(void)state;
	must("add self 60 CNAME self.home.arpa.");
	assert_string_equal(served_ask(served, "self A"),
	    "NOERROR aa\nanswer self.home.arpa 60 CNAME self.home.arpa.\n");
	must("add one 60 CNAME two.home.arpa.; add two 60 CNAME three.home.arpa.;"
	     "add three 60 CNAME two.home.arpa.");
	assert_string_equal(served_ask(served, "one A"),
	    "NOERROR aa\nanswer one.home.arpa 60 CNAME two.home.arpa.\n"
	    "answer two.home.arpa 60 CNAME three.home.arpa.\n"
	    "answer three.home.arpa 60 CNAME two.home.arpa.\n");
	/* A wildcard makes as many names as anybody likes, but the same chain. */
	must("add *.loop 60 CNAME a.loop.home.arpa.");
	assert_string_equal(served_ask(served, "b.loop A"),
	    "NOERROR aa\nanswer b.loop.home.arpa 60 CNAME a.loop.home.arpa.\n"
	    "answer a.loop.home.arpa 60 CNAME a.loop.home.arpa.\n");
}

static void
a_chain_of_cnames_is_followed_16_names_long(void **state)
{
	char script[128];

	(void)state;
	for (int i = 0; i < 30; i++) {
		(void)snprintf(script, sizeof(script), "add c%d 60 CNAME c%d.home.arpa.", i, i + 1);
		must(script);
	}
	must("add c30 60 A 192.0.2.30");
	assert_null(strstr(served_ask(served, "c0 A"), "192.0.2.30"));
	assert_int_equal(served->answer.rrset_count, 16);
	assert_int_equal(served->answer.rcode, KNOT_RCODE_NOERROR);
	assert_non_null(
	    strstr(served_ask(served, "c15 A"), "answer c30.home.arpa 60 A 192.0.2.30\n"));
	assert_int_equal(served->answer.rrset_count, 16);
}

/* --- wildcards --- */

static void
rule_36_a_wildcard_answers_under_the_name_that_was_asked_for(void **state)
{
	(void)state;
	assert_string_equal(served_ask(served, "a.wild A"),
	    "NOERROR aa\nanswer a.wild.home.arpa 60 A 192.0.2.9\n");
	assert_string_equal(served_ask(served, "a.b.c.wild A"),
	    "NOERROR aa\nanswer a.b.c.wild.home.arpa 60 A 192.0.2.9\n");
	assert_string_equal(served_ask(served, "*.wild A"),
	    "NOERROR aa\nanswer *.wild.home.arpa 60 A 192.0.2.9\n");
	assert_negative("a.wild AAAA", "NOERROR");
}

static void
rule_36_a_wildcard_does_not_answer_for_what_exists_nor_below_it(void **state)
{
	(void)state;
	/* RFC 4592 2.2.1: an empty non-terminal exists, and what lies below it is not the wildcard's. */
	assert_negative("below.wild A", "NOERROR");
	assert_negative("y.below.wild A", "NXDOMAIN");
	assert_negative("a.x.below.wild A", "NXDOMAIN");
	assert_negative("x.below.wild TXT", "NOERROR");
	/* Below the wildcard's own name nothing is synthesised. */
	assert_negative("a.*.wild A", "NXDOMAIN");
}

static void
rule_36_a_wildcard_at_the_apex_and_one_of_a_cname(void **state)
{
	(void)state;
	must("add * 60 CNAME laptop.home.arpa.");
	assert_string_equal(served_ask(served, "nobody TXT"),
	    "NOERROR aa\nanswer nobody.home.arpa 60 CNAME laptop.home.arpa.\n"
	    "answer laptop.home.arpa 30 TXT \"hello\"\n");
	assert_negative("a.laptop TXT", "NXDOMAIN");
}

static void
the_longest_name_is_answered_for(void **state)
{
	static const char label[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	char question[300];

	(void)state;
	/* 255 octets on the wire with home.arpa, which takes 11. */
	(void)snprintf(question, sizeof(question), "%.63s.%.63s.%.63s.%.51s A", label, label, label,
	    label);
	assert_negative(question, "NXDOMAIN");
	must("add * 60 A 192.0.2.99");
	assert_non_null(strstr(served_ask(served, question), " A 192.0.2.99\n"));
}

/* --- delegation --- */

static const char referral[] = "NOERROR\n"
			       "authority sub.home.arpa 300 NS laptop.home.arpa.\n"
			       "authority sub.home.arpa 300 NS ns.example.net.\n"
			       "authority sub.home.arpa 300 NS ns.sub.home.arpa.\n"
			       "additional laptop.home.arpa 60 A 192.0.2.1\n"
			       "additional laptop.home.arpa 60 A 192.0.2.2\n"
			       "additional ns.sub.home.arpa 300 A 192.0.2.53\n"
			       "additional ns.sub.home.arpa 300 AAAA fd00::53\n";

/* The NS in whatever order they stand. */
static void
assert_referral(const char *question)
{
	const char *answer = served_ask(served, question);
	char line[128];
	const char *at = referral;

	assert_int_equal(strlen(answer), strlen(referral));
	while (sscanf(at, "%127[^\n]\n", line) == 1 && *at != '\0') {
		assert_non_null(strstr(answer, line));
		at += strlen(line) + 1;
	}
}

static void
rule_36_a_delegation_is_answered_with_a_referral_and_glue_without_aa(void **state)
{
	(void)state;
	assert_referral("sub A");
	assert_referral("sub NS");
	assert_referral("sub ANY");
	assert_referral("host.sub A");
	assert_referral("a.b.c.sub DS");
	/* Glue is not ours to answer with. */
	assert_referral("ns.sub A");
}

static void
a_ds_at_the_cut_is_answered_by_the_parent(void **state)
{
	(void)state;
	assert_non_null(
	    strstr(served_ask(served, "sub DS"), "NOERROR aa\nanswer sub.home.arpa 300 DS"));
	must("delete sub DS");
	assert_negative("sub DS", "NOERROR");
}

static void
the_highest_cut_counts(void **state)
{
	(void)state;
	must("add deep.sub 60 NS ns.example.net.");
	assert_referral("host.deep.sub A");
	assert_referral("deep.sub DS");
}

static void
a_cname_into_a_delegation_is_authoritative_for_itself(void **state)
{
	const char *answer;

	(void)state;
	must("add into 60 CNAME www.sub.home.arpa.");
	answer = served_ask(served, "into A");
	assert_memory_equal(answer,
	    "NOERROR aa\nanswer into.home.arpa 60 CNAME www.sub.home.arpa.\n",
	    strlen("NOERROR aa\nanswer into.home.arpa 60 CNAME www.sub.home.arpa.\n"));
	assert_non_null(strstr(answer, "authority sub.home.arpa 300 NS ns.sub.home.arpa.\n"));
}

static void
no_more_glue_is_given_than_there_is_room_for(void **state)
{
	char script[256];

	(void)state;
	for (int i = 0; i < 100; i++) {
		(void)snprintf(script, sizeof(script),
		    "add big 60 NS s%d.home.arpa.; add s%d 60 A 192.0.2.4; add s%d 60 AAAA fd00::4",
		    i, i, i);
		must(script);
	}
	for (int i = 0; i < 15; i++) {
		(void)snprintf(script, sizeof(script), "add c%d 60 CNAME c%d.home.arpa.", i, i + 1);
		must(script);
	}
	must("delete c14; add c14 60 CNAME www.big.home.arpa.");
	(void)served_ask(served, "c0 A");
	assert_int_equal(served->answer.rrset_count, MESSAGE_RRSETS_MAX);
	assert_int_equal(served->answer.rrsets[14].section, MESSAGE_ANSWER);
	assert_int_equal(served->answer.rrsets[15].section, MESSAGE_AUTHORITY);
	assert_int_equal(served->answer.rrsets[15].rrset.rrs.count, 100);
	assert_int_equal(served->answer.rrsets[16].section, MESSAGE_ADDITIONAL);
}

/* --- ANY, and what has expired --- */

static void
rule_37_any_is_answered_with_one_rrset(void **state)
{
	(void)state;
	assert_string_equal(served_ask(served, "laptop ANY"),
	    "NOERROR aa\n"
	    "answer laptop.home.arpa 60 A 192.0.2.1\nanswer laptop.home.arpa 60 A 192.0.2.2\n");
	assert_int_equal(served->answer.rrset_count, 1);
	assert_string_equal(served_ask(served, "alias ANY"),
	    "NOERROR aa\nanswer alias.home.arpa 90 CNAME laptop.home.arpa.\n");
	assert_string_equal(served_ask(served, "a.wild ANY"),
	    "NOERROR aa\nanswer a.wild.home.arpa 60 A 192.0.2.9\n");
	assert_negative("nobody ANY", "NXDOMAIN");
}

static void
rule_34_what_has_expired_is_not_served(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.66; add target 60 A 192.0.2.67");
	must("lease 200; add guest 60 A 192.0.2.77; add guest 60 TXT still");
	must("lease 100; add gone 60 CNAME laptop.home.arpa.; add away 60 NS ns.example.net.");
	must("add host.away 60 A 192.0.2.78; add point 60 CNAME target.home.arpa.");
	served_pass(99);
	assert_non_null(strstr(served_ask(served, "guest A"), "192.0.2.66"));
	assert_non_null(strstr(served_ask(served, "host.away A"), "authority away"));
	served_pass(1);
	assert_string_equal(served_ask(served, "guest A"),
	    "NOERROR aa\nanswer guest.home.arpa 60 A 192.0.2.77\n");
	assert_negative("gone A", "NXDOMAIN");
	assert_negative("target A", "NXDOMAIN");
	assert_int_equal(strncmp(served_ask(served, "point A"), "NXDOMAIN aa\nanswer point", 24),
	    0);
	assert_string_equal(served_ask(served, "host.away A"),
	    "NOERROR aa\nanswer host.away.home.arpa 60 A 192.0.2.78\n");
	served_pass(100);
	assert_negative("guest ANY", "NXDOMAIN");
}

static void
rule_35_in_quiet_times_what_has_expired_is_served(void **state)
{
	(void)state;
	must("lease 100; add guest 60 A 192.0.2.66");
	/* What was stored of its end. */
	served_pass(200);
	assert_negative("guest A", "NXDOMAIN");
	served->options.quiet_s = 50;
	served_restart(served);
	served_pass(49);
	assert_non_null(strstr(served_ask(served, "guest A"), "192.0.2.66"));
	served_pass(1);
	assert_negative("guest A", "NXDOMAIN");
}

#define query_test(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		query_test(rule_36_an_exact_match_is_answered),
		query_test(rule_36_no_such_type_is_nodata_and_no_such_name_nxdomain_with_the_soa),
		query_test(rule_36_an_empty_non_terminal_is_nodata),
		query_test(rule_36_the_negative_ttl_is_the_lesser_of_ttl_and_minimum),
		query_test(rule_36_what_is_not_in_our_zones_is_refused),
		query_test(an_answer_keeps_nothing_of_the_one_before),
		query_test(rule_36_a_cname_is_followed),
		query_test(rule_36_a_cname_to_nothing_is_nxdomain_and_to_no_such_type_nodata),
		query_test(rule_36_a_cname_that_leaves_the_zone_ends_the_answer),
		query_test(a_cname_that_leads_back_is_given_once),
		query_test(a_chain_of_cnames_is_followed_16_names_long),
		query_test(rule_36_a_wildcard_answers_under_the_name_that_was_asked_for),
		query_test(rule_36_a_wildcard_does_not_answer_for_what_exists_nor_below_it),
		query_test(rule_36_a_wildcard_at_the_apex_and_one_of_a_cname),
		query_test(the_longest_name_is_answered_for),
		query_test(rule_36_a_delegation_is_answered_with_a_referral_and_glue_without_aa),
		query_test(a_ds_at_the_cut_is_answered_by_the_parent),
		query_test(the_highest_cut_counts),
		query_test(a_cname_into_a_delegation_is_authoritative_for_itself),
		query_test(no_more_glue_is_given_than_there_is_room_for),
		query_test(rule_37_any_is_answered_with_one_rrset),
		query_test(rule_34_what_has_expired_is_not_served),
		query_test(rule_35_in_quiet_times_what_has_expired_is_served),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
