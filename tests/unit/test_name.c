/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/name: text, ancestry, canonical order, and what may stand in a hosts file (rule 43). */
#include <libknot/dname.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/name.h"

static unsigned random_state;

static unsigned
random_below(unsigned end)
{
	random_state = random_state * 1103515245 + 12345;
	return (random_state >> 8) % end;
}

/* A name in wire form from a C string with its length octets written out; the root is added. */
#define WIRE(octets) ((const uint8_t *)(octets))

static struct name
name_of(const char *text)
{
	struct name name;

	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	return name;
}

static void
expect_wire(const char *text, const char *wire, size_t size)
{
	struct name name = name_of(text);

	assert_int_equal(name_size(name.wire), size);
	assert_memory_equal(name.wire, wire, size);
}

static void
text_becomes_wire_form_in_lower_case_with_or_without_the_last_dot(void **state)
{
	(void)state;
	expect_wire("home.arpa", "\4home\4arpa", 11);
	expect_wire("home.arpa.", "\4home\4arpa", 11);
	expect_wire("Laptop.HOME.Arpa", "\6laptop\4home\4arpa", 18);
	expect_wire(".", "", 1);
	expect_wire("*.home.arpa", "\1*\4home\4arpa", 13);
	expect_wire("_http._tcp.x", "\5_http\4_tcp\1x", 14);
}

static void
escapes_in_text_stand_for_octets(void **state)
{
	(void)state;
	expect_wire("a\\.b.c", "\3a.b\1c", 7);
	expect_wire("a\\\\b", "\3a\\b", 5);
	expect_wire("\\000\\001\\255", "\3\0\1\377", 5);
	expect_wire("\\065", "\1a", 3);
}

static void
text_that_is_no_name_is_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"..",
		".a",
		"a..b",
		"a..",
		"a\\",
		"a\\25",
		"\\256.a",
	};
	char text[400];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct name name = { .wire = { 7 } };

		if (name_from_text(texts[i], &name) != STATUS_MALFORMED)
			fail_msg("\"%s\" was taken for a name", texts[i]);
		assert_int_equal(name.wire[0], 7);
	}
	memset(text, 'a', sizeof(text));
	text[64] = '\0';
	assert_int_equal(name_from_text(text, &(struct name){ 0 }), STATUS_MALFORMED);
	text[63] = '\0';
	assert_int_equal(name_from_text(text, &(struct name){ 0 }), STATUS_OK);
}

static void
a_name_of_253_characters_fits_and_one_of_254_does_not(void **state)
{
	char text[300];
	struct name name;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[63] = text[127] = text[191] = '.';
	text[253] = '\0';
	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	assert_int_equal(name_size(name.wire), NAME_SIZE_MAX);
	assert_true(name_is_host(name.wire));
	text[253] = 'a';
	text[254] = '\0';
	assert_int_equal(name_from_text(text, &name), STATUS_MALFORMED);
}

static void
expect_text(const uint8_t *wire, const char *text)
{
	char written[NAME_TEXT_MAX];

	assert_ptr_equal(name_to_text(wire, written), written);
	assert_string_equal(written, text);
}

static void
wire_form_becomes_text_without_the_last_dot(void **state)
{
	(void)state;
	expect_text(WIRE("\6laptop\4home\4arpa"), "laptop.home.arpa");
	expect_text(WIRE(""), ".");
	expect_text(WIRE("\1*\1x"), "*.x");
}

static void
a_dot_inside_a_label_is_told_from_one_between_labels(void **state)
{
	(void)state;
	expect_text(WIRE("\3a.b\1c"), "a\\.b.c");
	expect_text(WIRE("\2a."), "a\\.");
}

static void
random_labels(struct name *ret_name, unsigned lowest, unsigned end)
{
	unsigned labels = random_below(6);
	size_t at = 0;

	for (unsigned i = 0; i < labels; i++) {
		unsigned length = 1 + random_below(i == 0 ? 40 : 4);

		ret_name->wire[at++] = (uint8_t)length;
		for (unsigned j = 0; j < length; j++) {
			unsigned octet = lowest + random_below(end - lowest);

			/* Names in ddnsd are lower-case. */
			if (octet >= 'A' && octet <= 'Z')
				octet += 'a' - 'A';
			ret_name->wire[at++] = (uint8_t)octet;
		}
	}
	ret_name->wire[at] = 0;
}

static void
any_name_comes_back_from_its_text(void **state)
{
	(void)state;
	random_state = 1;
	for (unsigned i = 0; i < 20000; i++) {
		struct name name, back;
		char text[NAME_TEXT_MAX];

		random_labels(&name, 0, 256);
		assert_int_equal(name_from_text(name_to_text(name.wire, text), &back), STATUS_OK);
		assert_true(name_is_equal(name.wire, back.wire));
	}
}

static void
the_longest_text_fits_its_storage(void **state)
{
	struct name name;
	char text[NAME_TEXT_MAX];

	(void)state;
	memset(name.wire, 0xff, sizeof(name.wire));
	name.wire[0] = name.wire[64] = name.wire[128] = 63;
	name.wire[192] = 61;
	name.wire[254] = 0;
	(void)name_to_text(name.wire, text);
	assert_int_equal(strlen(text), 4 * 250 + 3);
	assert_false(name_is_host(name.wire));
}

static void
labels_are_counted_without_the_root(void **state)
{
	(void)state;
	assert_int_equal(name_labels(WIRE("")), 0);
	assert_int_equal(name_labels(WIRE("\4arpa")), 1);
	assert_int_equal(name_labels(WIRE("\6laptop\4home\4arpa")), 3);
}

static void
the_parent_is_the_name_without_its_first_label(void **state)
{
	const uint8_t *name = WIRE("\6laptop\4home\4arpa");

	(void)state;
	assert_ptr_equal(name_parent(name), name + 7);
	assert_ptr_equal(name_parent(name + 12), name + 17);
	assert_ptr_equal(name_parent(name + 17), name + 17);
}

static void
copies_are_equal_and_one_of_them_lower_cases(void **state)
{
	struct name name;

	(void)state;
	name_copy(&name, WIRE("\4home\4arpa"));
	assert_true(name_is_equal(name.wire, WIRE("\4home\4arpa")));
	name_copy_lower(&name, WIRE("\4HoMe\4ARPA"));
	assert_true(name_is_equal(name.wire, WIRE("\4home\4arpa")));
	assert_false(name_is_equal(name.wire, WIRE("\4home")));
	assert_false(name_is_equal(name.wire, WIRE("\4hone\4arpa")));
}

static void
a_name_lies_within_itself_and_its_ancestors(void **state)
{
	const uint8_t *name = WIRE("\1a\6laptop\4home\4arpa");

	(void)state;
	assert_true(name_is_within(name, name));
	assert_true(name_is_within(name, WIRE("\6laptop\4home\4arpa")));
	assert_true(name_is_within(name, WIRE("\4home\4arpa")));
	assert_true(name_is_within(name, WIRE("\4arpa")));
	assert_true(name_is_within(name, WIRE("")));
	assert_true(name_is_within(WIRE(""), WIRE("")));
}

static void
a_name_does_not_lie_within_what_only_ends_alike(void **state)
{
	(void)state;
	assert_false(name_is_within(WIRE("\4home\4arpa"), WIRE("\6laptop\4home\4arpa")));
	assert_false(name_is_within(WIRE("\7ahome42\4arpa"), WIRE("\6home42\4arpa")));
	assert_false(name_is_within(WIRE("\4home\5tarpa"), WIRE("\4arpa")));
	assert_false(name_is_within(WIRE("\1a\4home\4arpa"), WIRE("\1b\4home\4arpa")));
	assert_false(name_is_within(WIRE(""), WIRE("\4arpa")));
}

static void
octets_of_a_label_that_look_like_labels_do_not_make_an_ancestor(void **state)
{
	(void)state;
	/* One label whose last octets are the wire form of "home.arpa" less its root. */
	assert_false(name_is_within(WIRE("\14xx\4home\4arpa"), WIRE("\4home\4arpa")));
	assert_false(name_is_within(WIRE("\13x\4home\4arpa"), WIRE("\4home\4arpa")));
	/* A dot inside a label is no border. */
	assert_false(name_is_within(WIRE("\6a.home\4arpa"), WIRE("\4home\4arpa")));
	/* Same size, other borders. */
	assert_false(name_is_within(WIRE("\3a\1b"), WIRE("\1a\1b")));
}

static void
a_wildcard_is_a_first_label_of_one_asterisk(void **state)
{
	(void)state;
	assert_true(name_is_wildcard(WIRE("\1*\4home\4arpa")));
	assert_true(name_is_wildcard(WIRE("\1*")));
	assert_false(name_is_wildcard(WIRE("\2**\4home")));
	assert_false(name_is_wildcard(WIRE("\2*a\4home")));
	assert_false(name_is_wildcard(WIRE("\1a\1*\4home")));
	assert_false(name_is_wildcard(WIRE("")));
}

static void
joining_puts_one_name_before_another(void **state)
{
	struct name name;

	(void)state;
	assert_int_equal(name_join(WIRE("\2ns"), WIRE("\4home\4arpa"), &name), STATUS_OK);
	assert_true(name_is_equal(name.wire, WIRE("\2ns\4home\4arpa")));
	assert_int_equal(name_join(WIRE(""), WIRE("\4arpa"), &name), STATUS_OK);
	assert_true(name_is_equal(name.wire, WIRE("\4arpa")));
	assert_int_equal(name_join(WIRE("\4arpa"), WIRE(""), &name), STATUS_OK);
	assert_true(name_is_equal(name.wire, WIRE("\4arpa")));
}

static void
a_joined_name_has_at_most_255_octets(void **state)
{
	struct name suffix, name = { .wire = { 7 } };

	(void)state;
	memset(suffix.wire, 'a', sizeof(suffix.wire));
	suffix.wire[0] = suffix.wire[64] = suffix.wire[128] = 63;
	suffix.wire[192] = 58;
	suffix.wire[251] = 0;
	assert_int_equal(name_join(WIRE("\3abc"), suffix.wire, &name), STATUS_TOO_LARGE);
	assert_int_equal(name.wire[0], 7);
	assert_int_equal(name_join(WIRE("\2ab"), suffix.wire, &name), STATUS_OK);
	assert_int_equal(name_size(name.wire), NAME_SIZE_MAX);
}

static int
sign_of(int number)
{
	return (number > 0) - (number < 0);
}

static int
compare_keys(const uint8_t *one, const uint8_t *other)
{
	uint8_t one_key[NAME_KEY_MAX], other_key[NAME_KEY_MAX];
	size_t one_length = name_key(one, one_key);
	size_t other_length = name_key(other, other_key);
	size_t both = one_length < other_length ? one_length : other_length;
	int order = memcmp(one_key, other_key, both);

	assert_in_range(one_length, 0, NAME_KEY_MAX);
	return order != 0 ? sign_of(order)
			  : sign_of((one_length > other_length) - (one_length < other_length));
}

/* The example of RFC 4034 6.1, in its order. */
static void
keys_sort_the_example_of_the_rfc(void **state)
{
	static const char *const ordered[] = {
		"example",
		"a.example",
		"yljkjljk.a.example",
		"Z.a.example",
		"zABC.a.EXAMPLE",
		"z.example",
		"\\001.z.example",
		"*.z.example",
		"\\200.z.example",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++) {
		for (size_t j = 0; j < sizeof(ordered) / sizeof(ordered[0]); j++) {
			struct name one = name_of(ordered[i]);
			struct name other = name_of(ordered[j]);

			assert_int_equal(compare_keys(one.wire, other.wire), (i > j) - (i < j));
		}
	}
}

/* Small alphabets make common prefixes, equal labels and the octets 0 and 1 frequent. */
static const unsigned alphabet_ends[] = { 2, 3, 5, 256 };

static void
expect_order_of_random_names(unsigned lowest, int (*compare)(const uint8_t *, const uint8_t *))
{
	unsigned equal = 0;

	random_state = 7;
	for (size_t a = 0; a < sizeof(alphabet_ends) / sizeof(alphabet_ends[0]); a++) {
		for (unsigned i = 0; i < 50000; i++) {
			struct name one, other;

			random_labels(&one, lowest, alphabet_ends[a]);
			random_labels(&other, lowest, alphabet_ends[a]);
			assert_int_equal(compare_keys(one.wire, other.wire),
			    sign_of(compare(one.wire, other.wire)));
			equal += name_is_equal(one.wire, other.wire) ? 1 : 0;
		}
	}
	assert_true(equal > 100);
}

/* libknot 3.2.6 puts a label "x" behind "x\000"; names without octet 0 it orders well. */
static void
keys_sort_random_names_as_libknot_compares_them(void **state)
{
	(void)state;
	expect_order_of_random_names(1, knot_dname_cmp);
}

/* RFC 4034 6.1 word for word: from the right, label by label; no octet sorts before octet 0. */
static int
compare_canonically(const uint8_t *one, const uint8_t *other)
{
	unsigned one_labels = name_labels(one);
	unsigned other_labels = name_labels(other);

	for (unsigned back = 1; back <= one_labels && back <= other_labels; back++) {
		const uint8_t *one_label = one;
		const uint8_t *other_label = other;
		size_t shorter;
		int order;

		for (unsigned i = back; i < one_labels; i++)
			one_label = name_parent(one_label);
		for (unsigned i = back; i < other_labels; i++)
			other_label = name_parent(other_label);
		shorter = one_label[0] < other_label[0] ? one_label[0] : other_label[0];
		order = memcmp(one_label + 1, other_label + 1, shorter);
		if (order == 0)
			order = one_label[0] - other_label[0];
		if (order != 0)
			return order;
	}
	return (int)one_labels - (int)other_labels;
}

static void
keys_sort_random_names_with_any_octet_in_canonical_order(void **state)
{
	(void)state;
	expect_order_of_random_names(0, compare_canonically);
}

static void
keys_of_names_with_octets_0_and_1_differ(void **state)
{
	static const char *const names[] = {
		"\1\0\1x",
		"\1\1\1x",
		"\1\2\1x",
		"\2\0\0\1x",
		"\2\0\1\1x",
		"\2\1\0\1x",
		"\2\1\1\1x",
		"\2\1\2\1x",
		"\3\1\0\1\1x",
		"\1\0\1\0\1x",
		"\1\1\1\0\1x",
		"\1\0\1\1\1x",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (size_t j = 0; j < sizeof(names) / sizeof(names[0]); j++)
			assert_int_equal(compare_keys(WIRE(names[i]), WIRE(names[j])) == 0, i == j);
	}
}

/* Half of the time one of its ancestors; half of these with an octet changed. */
static void
likely_ancestor(const struct name *name, struct name *ret_ancestor)
{
	const uint8_t *from = name->wire;

	if (random_below(2) == 0) {
		random_labels(ret_ancestor, 0, 3);
		return;
	}
	for (unsigned up = random_below(4); up > 0; up--)
		from = name_parent(from);
	name_copy(ret_ancestor, from);
	if (from[0] > 0 && random_below(2) == 0)
		ret_ancestor->wire[1 + random_below(from[0])] ^= 1;
}

static void
the_names_below_a_name_are_those_whose_key_begins_with_its_key(void **state)
{
	unsigned below = 0;

	(void)state;
	random_state = 99;
	for (unsigned i = 0; i < 100000; i++) {
		struct name name, ancestor;
		uint8_t name_bytes[NAME_KEY_MAX], ancestor_bytes[NAME_KEY_MAX];
		size_t name_length, ancestor_length;
		bool begins;

		random_labels(&name, 0, 3);
		likely_ancestor(&name, &ancestor);
		name_length = name_key(name.wire, name_bytes);
		ancestor_length = name_key(ancestor.wire, ancestor_bytes);
		begins = name_length >= ancestor_length &&
		    memcmp(name_bytes, ancestor_bytes, ancestor_length) == 0;
		assert_int_equal(begins, name_is_within(name.wire, ancestor.wire));
		below += begins && ancestor_length > 0 && ancestor_length < name_length ? 1 : 0;
	}
	assert_in_range(below, 5000, 50000);
}

static void
the_longest_key_fits_its_storage(void **state)
{
	struct name name;
	uint8_t key[NAME_KEY_MAX];

	(void)state;
	memset(name.wire, 0, sizeof(name.wire));
	name.wire[0] = name.wire[64] = name.wire[128] = 63;
	name.wire[192] = 61;
	assert_int_equal(name_size(name.wire), NAME_SIZE_MAX);
	assert_int_equal(name_key(name.wire, key), 2 * 250 + 4);

	/* The most labels. */
	for (size_t i = 0; i < 254; i += 2)
		name.wire[i] = 1;
	assert_int_equal(name_labels(name.wire), 127);
	assert_int_equal(name_key(name.wire, key), 3 * 127);
	assert_int_equal(name_key(WIRE(""), key), 0);
}

/* Rule 43. */
static void
rule_43_letters_digits_and_inner_hyphens_make_a_host_name(void **state)
{
	static const char *const hosts[] = {
		"laptop.home.arpa",
		"a",
		"0",
		"3com.example",
		"a-b--c.home.arpa",
		"1.2.3.4.in-addr.arpa",
		"xn--bcher-kva.example",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct name name = name_of(hosts[i]);

		if (!name_is_host(name.wire))
			fail_msg("%s is a host name", hosts[i]);
	}
}

/* Rule 43. */
static void
rule_43_anything_else_is_no_host_name(void **state)
{
	static const char *const others[] = {
		".",
		"-a.home.arpa",
		"a-.home.arpa",
		"-",
		"a.-.b",
		"a.home-.arpa",
		"_http._tcp.home.arpa",
		"a_b.home.arpa",
		"*.home.arpa",
		"a\\032b.home.arpa",
		"a\\010.home.arpa",
		"a\\000.home.arpa",
		"a\\.b.home.arpa",
		"a\\#b.home.arpa",
		"b\\252cher.example",
		"a\\`.home.arpa",
		"a\\{.home.arpa",
		"a\\/.home.arpa",
		"a\\:.home.arpa",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		struct name name = name_of(others[i]);

		if (name_is_host(name.wire))
			fail_msg("%s is no host name", others[i]);
	}
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_becomes_wire_form_in_lower_case_with_or_without_the_last_dot),
		cmocka_unit_test(escapes_in_text_stand_for_octets),
		cmocka_unit_test(text_that_is_no_name_is_malformed),
		cmocka_unit_test(a_name_of_253_characters_fits_and_one_of_254_does_not),
		cmocka_unit_test(wire_form_becomes_text_without_the_last_dot),
		cmocka_unit_test(a_dot_inside_a_label_is_told_from_one_between_labels),
		cmocka_unit_test(any_name_comes_back_from_its_text),
		cmocka_unit_test(the_longest_text_fits_its_storage),
		cmocka_unit_test(labels_are_counted_without_the_root),
		cmocka_unit_test(the_parent_is_the_name_without_its_first_label),
		cmocka_unit_test(copies_are_equal_and_one_of_them_lower_cases),
		cmocka_unit_test(a_name_lies_within_itself_and_its_ancestors),
		cmocka_unit_test(a_name_does_not_lie_within_what_only_ends_alike),
		cmocka_unit_test(octets_of_a_label_that_look_like_labels_do_not_make_an_ancestor),
		cmocka_unit_test(a_wildcard_is_a_first_label_of_one_asterisk),
		cmocka_unit_test(joining_puts_one_name_before_another),
		cmocka_unit_test(a_joined_name_has_at_most_255_octets),
		cmocka_unit_test(keys_sort_the_example_of_the_rfc),
		cmocka_unit_test(keys_sort_random_names_as_libknot_compares_them),
		cmocka_unit_test(keys_sort_random_names_with_any_octet_in_canonical_order),
		cmocka_unit_test(keys_of_names_with_octets_0_and_1_differ),
		cmocka_unit_test(the_names_below_a_name_are_those_whose_key_begins_with_its_key),
		cmocka_unit_test(the_longest_key_fits_its_storage),
		cmocka_unit_test(rule_43_letters_digits_and_inner_hyphens_make_a_host_name),
		cmocka_unit_test(rule_43_anything_else_is_no_host_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
