/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: the block leases, and each thing that may be wrong with it. */
#include "config_reading.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
text_of(const struct dhcp_hardware *hardware)
{
	static char text[DHCP_HARDWARE_TEXT_MAX];

	return dhcp_hardware_to_text(hardware, text);
}

static void
an_option_of_leases_that_is_not_given_has_its_default(void **state)
{
	struct reading reading;
	const struct dhcp_options *dhcp = &expect_good(&reading, FRAME "leases { }")->dhcp;
	char zone[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(reading.warnings.data, "");
	assert_string_equal(dhcp->file, "/var/lib/misc/dnsmasq.leases");
	assert_true(dhcp->has_zone);
	assert_string_equal(name_to_text(dhcp->zone.wire, zone), "home.arpa");
	assert_int_equal(dhcp->ttl_s, 60);
	assert_int_equal(dhcp->pin_count, 0);
	assert_int_equal(dhcp->ignored_count, 0);
	assert_int_equal(dhcp->ignored_label_count, 3);
	assert_string_equal(dhcp->ignored_labels[0], "localhost");
	assert_string_equal(dhcp->ignored_labels[1], "wpad");
	assert_string_equal(dhcp->ignored_labels[2], "isatap");
	assert_string_equal(dhcp->nameless, "");
	assert_true(dhcp->remember_s == 30 * 24 * 3600);
	reading_release(&reading);
}

static void
an_option_of_leases_that_is_given_has_that_value(void **state)
{
	struct reading reading;
	const struct dhcp_options *dhcp = &expect_good(&reading,
	    "leases { file = \"\" zone = \"Lan.\" ttl = 0s remember = 10w nameless = \"Pc-%m-%a\"\n"
	    "  pins = {\"02:00:00:00:00:01 Printer\", \"06-AA:bb   nas-2\"}\n"
	    "  ignore = {\"Android-*\", \"02:00:00:00:00:02\", \"be\", \"a?\"} }\n"
	    "zone \"1.168.192.in-addr.arpa\" { } zone home.arpa { } zone lan { }\n"
	    "listen dns { }")
					       ->dhcp;
	char zone[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(dhcp->file, "");
	assert_true(dhcp->has_zone);
	assert_string_equal(name_to_text(dhcp->zone.wire, zone), "lan");
	assert_int_equal(dhcp->ttl_s, 0);
	assert_true(dhcp->remember_s == 70 * 24 * 3600);
	assert_string_equal(dhcp->nameless, "pc-%m-%a");
	assert_int_equal(dhcp->pin_count, 2);
	assert_string_equal(text_of(&dhcp->pins[0].hardware), "02:00:00:00:00:01");
	assert_string_equal(dhcp->pins[0].label, "printer");
	assert_string_equal(text_of(&dhcp->pins[1].hardware), "06-aa:bb");
	assert_string_equal(dhcp->pins[1].label, "nas-2");
	assert_int_equal(dhcp->ignored_count, 1);
	assert_string_equal(text_of(&dhcp->ignored[0]), "02:00:00:00:00:02");
	assert_int_equal(dhcp->ignored_label_count, 3);
	assert_string_equal(dhcp->ignored_labels[0], "android-*");
	assert_string_equal(dhcp->ignored_labels[1], "be");
	assert_string_equal(dhcp->ignored_labels[2], "a?");
	reading_release(&reading);
}

static void
the_first_zone_that_is_not_for_reverse_names_has_the_leases(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    "zone \"8.b.d.0.1.0.0.2.ip6.arpa\" { } zone \"1.168.192.in-addr.arpa\" { }\n"
	    "zone lan { } zone home.arpa { } listen dns { } leases { }");
	char zone[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(name_to_text(config->dhcp.zone.wire, zone), "lan");
	reading_release(&reading);
}

static void
a_device_with_two_interfaces_may_have_one_name(void **state)
{
	struct reading reading;
	const struct dhcp_options *dhcp = &expect_good(&reading,
	    FRAME "leases { pins = {\"02:00:00:00:00:01 laptop\", \"02:00:00:00:00:02 laptop\"} }")
					       ->dhcp;

	(void)state;
	assert_int_equal(dhcp->pin_count, 2);
	assert_string_equal(dhcp->pins[0].label, "laptop");
	assert_string_equal(dhcp->pins[1].label, "laptop");
	reading_release(&reading);
}

#define NOT_A_PIN(text)                                                                            \
	"4: pins: \"" text "\" is not a pin; allowed: a MAC address such as 02:00:00:00:00:01, a " \
	"blank, and a name"
#define NOT_A_HOST(text, label)                                     \
	"4: pins: \"" text "\": \"" label                           \
	"\" is not a host's name; allowed: letters, digits and -, " \
	"the - at neither end, at most 63 in all"

static void
a_pin_is_a_device_and_its_name(void **state)
{
	static const struct refusal table[] = {
		{ "leases {\npins = \"printer\" }", NOT_A_PIN("printer") },
		{ "leases {\npins = \"\" }", NOT_A_PIN("") },
		{ "leases {\npins = \"02:00:00:00:00:01\" }", NOT_A_PIN("02:00:00:00:00:01") },
		{ "leases {\npins = \"02:00:00:00:00:01  \" }", NOT_A_PIN("02:00:00:00:00:01  ") },
		{ "leases {\npins = \"printer 02:00:00:00:00:01\" }",
		    NOT_A_PIN("printer 02:00:00:00:00:01") },
		{ "leases {\npins = \"02:00:00:00:00:0 a\" }", NOT_A_PIN("02:00:00:00:00:0 a") },
		{ "leases {\npins = \"02:00:00:00:00:01 my printer\" }",
		    NOT_A_HOST("02:00:00:00:00:01 my printer", "my printer") },
		{ "leases {\npins = \"02:00:00:00:00:01 -a\" }",
		    NOT_A_HOST("02:00:00:00:00:01 -a", "-a") },
		{ "leases {\npins = \"02:00:00:00:00:01 a-\" }",
		    NOT_A_HOST("02:00:00:00:00:01 a-", "a-") },
		{ "leases {\npins = \"02:00:00:00:00:01 a.lan\" }",
		    NOT_A_HOST("02:00:00:00:00:01 a.lan", "a.lan") },
		{ "leases {\npins = \"02:00:00:00:00:01 a_b\" }",
		    NOT_A_HOST("02:00:00:00:00:01 a_b", "a_b") },
		{ "leases {\npins = {\"02:00:00:00:00:01 a\",\n\"x\", \"02:00:00:00:00:01 b\"} }",
		    NOT_A_PIN(
			"x") "\n"
			     "t.conf:4: pins: \"02:00:00:00:00:01 b\": 02:00:00:00:00:01 is pinned "
			     "twice, first to \"a\"; keep one" },
	};
	struct reading reading;
	char text[512];

	(void)state;
	EXPECT_REFUSALS(table);
	stretch(text, sizeof(text), FRAME "leases { pins = \"02:00:00:00:00:01 ", 'a', 63, "\" }");
	expect_good(&reading, text);
	assert_int_equal(strlen(reading.config->dhcp.pins[0].label), 63);
	reading_release(&reading);
	stretch(text, sizeof(text), FRAME "leases { pins = \"02:00:00:00:00:01 ", 'a', 64, "\" }");
	reading_of_text(&reading, text);
	assert_non_null(strstr(reading.errors.data, "is not a host's name"));
	reading_release(&reading);
}

static void
a_device_longer_than_any_is_no_pin(void **state)
{
	struct reading reading;
	char text[512];

	(void)state;
	stretch(text, sizeof(text), FRAME "leases { pins = \"", '0', 100, " a\" }");
	reading_of_text(&reading, text);
	assert_non_null(strstr(reading.errors.data, "is not a pin; allowed: "));
	reading_release(&reading);
}

#define NOT_IGNORED(text)                                                        \
	"4: ignore: \"" text                                                     \
	"\" is neither a name nor a device; allowed: letters, digits, -, * for " \
	"any of them and ? for one, at most 63 in all, or a MAC address such as 02:00:00:00:00:01"

static void
what_is_ignored_is_a_pattern_or_a_device(void **state)
{
	static const struct refusal table[] = {
		{ "leases {\nignore = \"\" }", NOT_IGNORED("") },
		{ "leases {\nignore = {\"my phone\", a, \"a.lan\"} }",
		    NOT_IGNORED("my phone") "\nt.conf:" NOT_IGNORED("a.lan") },
		{ "leases {\nignore = \"[ab]\" }", NOT_IGNORED("[ab]") },
		{ "leases {\nignore = \"02:00:00:00:00:0g\" }", NOT_IGNORED("02:00:00:00:00:0g") },
		{ "leases {\nignore = \"02:00:00:*\" }", NOT_IGNORED("02:00:00:*") },
	};
	struct reading reading;
	char text[512];

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "leases { ignore = {} }");
	assert_int_equal(reading.config->dhcp.ignored_label_count, 0);
	assert_int_equal(reading.config->dhcp.ignored_count, 0);
	reading_release(&reading);
	expect_good(&reading, FRAME "leases { ignore += \"-*\" }");
	assert_int_equal(reading.config->dhcp.ignored_label_count, 4);
	assert_string_equal(reading.config->dhcp.ignored_labels[3], "-*");
	reading_release(&reading);
	stretch(text, sizeof(text), FRAME "leases { ignore = ", 'a', 63, " }");
	expect_good(&reading, text);
	reading_release(&reading);
	stretch(text, sizeof(text), FRAME "leases { ignore = ", 'a', 64, " }");
	reading_of_text(&reading, text);
	assert_non_null(strstr(reading.errors.data, "is neither a name nor a device"));
	reading_release(&reading);
}

static void
a_list_of_leases_has_at_most_a_thousand_items(void **state)
{
	static char text[64 * 1024];
	static const struct {
		const char *head;
		const char *error;
	} lists[] = {
		{ FRAME "leases { pins = {", "t.conf:3: pins: more than 1000\n" },
		{ FRAME "leases { ignore = {", "t.conf:3: ignore: more than 1000\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(lists); i++) {
		size_t length = strlen(lists[i].head);
		struct reading reading;
		char item[64];

		(void)snprintf(text, sizeof(text), "%s", lists[i].head);
		for (unsigned j = 0; j < 1000; j++) {
			(void)snprintf(item, sizeof(item), "\"02:00:00:00:%02x:%02x%s\",", j >> 8,
			    j & 0xff, i == 0 ? " a" : "");
			length += (size_t)snprintf(text + length, sizeof(text) - length, "%s",
			    item);
		}
		(void)snprintf(text + length, sizeof(text) - length, "} }");
		expect_good(&reading, text);
		assert_int_equal(reading.config->dhcp.pin_count, i == 0 ? 1000 : 0);
		assert_int_equal(reading.config->dhcp.ignored_count, i == 0 ? 0 : 1000);
		reading_release(&reading);
		(void)snprintf(text + length, sizeof(text) - length, "x} }");
		expect_errors(text, lists[i].error);
	}
}

#define NOT_A_TEMPLATE(text)                                                  \
	"4: nameless: \"" text                                                \
	"\" does not make a host's name; allowed: %a (up to 39 characters), " \
	"%m (6), and letters, digits and -, the - at neither end, at most 63 in all"
#define NAME_OF_ALL(text)                                                    \
	"4: nameless: \"" text                                               \
	"\" would be the name of all; it needs %a, the address, or %m, the " \
	"end of the MAC address, as dhcp-%a"

static void
a_template_makes_a_label_whatever_the_address_is(void **state)
{
	static const struct refusal table[] = {
		{ "leases {\nnameless = dhcp }", NAME_OF_ALL("dhcp") },
		{ "leases {\nnameless = \"%\" }", NOT_A_TEMPLATE("%") },
		{ "leases {\nnameless = \"%a%\" }", NOT_A_TEMPLATE("%a%") },
		{ "leases {\nnameless = \"%A\" }", NOT_A_TEMPLATE("%A") },
		{ "leases {\nnameless = \"dhcp-%i\" }", NOT_A_TEMPLATE("dhcp-%i") },
		{ "leases {\nnameless = \"%%a\" }", NOT_A_TEMPLATE("%%a") },
		{ "leases {\nnameless = \"-%a\" }", NOT_A_TEMPLATE("-%a") },
		{ "leases {\nnameless = \"%m-\" }", NOT_A_TEMPLATE("%m-") },
		{ "leases {\nnameless = \"dhcp_%a\" }", NOT_A_TEMPLATE("dhcp_%a") },
		{ "leases {\nnameless = \"%a.lan\" }", NOT_A_TEMPLATE("%a.lan") },
		{ "leases {\nnameless = \"%a%a\" }", NOT_A_TEMPLATE("%a%a") },
		{ "leases {\nnameless = \"%a-%m%m%m-01234\" }", NOT_A_TEMPLATE("%a-%m%m%m-01234") },
		{ "leases {\nnameless = \"0123456789012345678901234%a\" }",
		    NOT_A_TEMPLATE("0123456789012345678901234%a") },
	};
	static const char *const good[] = { "%a", "%m", "dhcp-%a", "d%m-%a-x", "%a-%m%m%m-0123",
		"012345678901234567890123%a" };

	(void)state;
	EXPECT_REFUSALS(table);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct reading reading;
		char text[256];

		(void)snprintf(text, sizeof(text), FRAME "leases { nameless = \"%s\" }", good[i]);
		expect_good(&reading, text);
		assert_string_equal(reading.config->dhcp.nameless, good[i]);
		reading_release(&reading);
	}
}

static void
other_values_of_leases_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "leases {\nfile = \"dnsmasq.leases\" }",
		    "4: file: \"dnsmasq.leases\" is not an absolute path; allowed: a path that begins "
		    "with /, or \"\"" },
		{ "leases { file = \"/var/lib/misc/\" }",
		    "3: file: names a folder; allowed: the path of a file, or \"\"" },
		{ "leases { file = \"/var/lib/.\" }",
		    "3: file: names a folder; allowed: the path of a file, or \"\"" },
		{ "leases { file = \"/var/lib/..\" }",
		    "3: file: names a folder; allowed: the path of a file, or \"\"" },
		{ "leases { ttl = 366d }",
		    "3: ttl: \"366d\" is not a time that is allowed here; allowed: 0s to 365d, as a "
		    "number and s, m, h, d or w" },
		{ "leases { remember = forever }",
		    "3: remember: \"forever\" is not a time that is allowed here; allowed: 0s to 3650d, "
		    "as a number and s, m, h, d or w" },
		{ "leases { }\nleases { }",
		    "4: leases is given twice, first in line 3; join the blocks" },
		{ "leases x { }", "3: leases takes no name; write: leases { ... }" },
		{ "leases { name = x }",
		    "3: \"name\" is unknown in a block of leases; allowed: file, zone, ttl, pins, "
		    "ignore, nameless, remember" },
		{ "leases {\nfile = x\nzone = x\nttl = x\npins = x\nignore = _\nnameless = x\n"
		  "remember = x }",
		    "4: file: \"x\" is not an absolute path; allowed: a path that begins with /, or "
		    "\"\"\n"
		    "t.conf:5: zone: \"x\" is not one of the zones for names; allowed: home.arpa, or "
		    "\"\" for the first\n"
		    "t.conf:6: ttl: \"x\" is not a time that is allowed here; allowed: 0s to 365d, as a "
		    "number and s, m, h, d or w\n"
		    "t.conf:7: pins: \"x\" is not a pin; allowed: a MAC address such as "
		    "02:00:00:00:00:01, a blank, and a name\n"
		    "t.conf:8: ignore: \"_\" is neither a name nor a device; allowed: letters, digits, "
		    "-, * for any of them and ? for one, at most 63 in all, or a MAC address such as "
		    "02:00:00:00:00:01\n"
		    "t.conf:9: nameless: \"x\" would be the name of all; it needs %a, the address, or "
		    "%m, the end of the MAC address, as dhcp-%a\n"
		    "t.conf:10: remember: \"x\" is not a time that is allowed here; allowed: 0s to "
		    "3650d, as a number and s, m, h, d or w" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
leases_are_named_in_a_zone_for_names(void **state)
{
	static const struct refusal table[] = {
		{ "zone lan { } zone \"2.0.192.in-addr.arpa\" { }\nleases { zone = \"x y..\" }",
		    "4: zone: \"x y..\" is not one of the zones for names; allowed: home.arpa, lan, or "
		    "\"\" for the first" },
		{ "zone \"2.0.192.in-addr.arpa\" { }\nleases {\nzone = \"2.0.192.in-addr.arpa\" }",
		    "5: zone: \"2.0.192.in-addr.arpa\" is not one of the zones for names; allowed: "
		    "home.arpa, or \"\" for the first" },
		{ "leases { zone = \"lab.home.arpa\" }",
		    "3: zone: \"lab.home.arpa\" is not one of the zones for names; allowed: home.arpa, "
		    "or \"\" for the first" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
	expect_errors("zone \"2.0.192.in-addr.arpa\" { } listen dns { }\nleases { }",
	    "t.conf:2: zone: names need a zone that is not for reverse names; add one, as: zone "
	    "\"home.arpa\" { }\n");
}

/* Whether the zone of the leases is the one that is wrong, nobody can say. */
static void
a_wrong_zone_is_told_once(void **state)
{
	(void)state;
	expect_errors("zone \"a b\" { } listen dns { }\nleases { zone = lan }",
	    "t.conf:1: zone \"a b\": not a name; allowed: letters, digits, - _ and / between dots, "
	    "at most 63 in a label and 253 in all\n");
	expect_errors("zone lan { } zone \"a b\" { } listen dns { }\nleases { zone = home.arpa }",
	    "t.conf:1: zone \"a b\": not a name; allowed: letters, digits, - _ and / between dots, "
	    "at most 63 in a label and 253 in all\n");
	expect_errors("zone lan { } zone { } listen dns { }\nleases { zone = home.arpa }",
	    "t.conf:1: zone needs a name in front of {; write: zone \"NAME\" { ... }\n");
	expect_errors("listen dns { }\nleases { }",
	    "t.conf: no zone; at least one is needed, as: zone \"home.arpa\" { }\n");
}

static void
very_many_zones_are_listed_as_far_as_there_is_room(void **state)
{
	static char text[8192];
	size_t length = 0;
	struct reading reading;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
		    "zone zone%u { }\n", i);
	(void)snprintf(text + length, sizeof(text) - length, "listen dns { }\nleases { zone = x }");
	reading_of_text(&reading, text);
	assert_non_null(strstr(reading.errors.data,
	    "t.conf:102: zone: \"x\" is not one of the zones for names; allowed: zone0, zone1, "));
	assert_int_equal(reading.errors.data[strlen(reading.errors.data) - 1], '\n');
	reading_release(&reading);
}

static void
names_of_leases_are_something_to_do(void **state)
{
	(void)state;
	expect_warnings(FRAME "leases { }", "");
	expect_warnings(FRAME "leases { file = \"\" }",
	    "t.conf: no key, no network and no control socket: nobody can update; add control { }, or a file to the "
	    "keys-directory\n");
}

static void
changes_of_leases_are_named(void **state)
{
	(void)state;
	expect_changes(FRAME, FRAME "leases { }", "leases: added\n");
	expect_changes(FRAME "leases { }", FRAME, "leases: removed\n");
	expect_changes(FRAME "leases { }", FRAME "leases { zone = home.arpa pins = \"02:00 a\" }",
	    "leases: zone is now \"home.arpa\" (was \"\")\n"
	    "leases: pins is now {\"02:00 a\"} (was {})\n");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_of_leases_that_is_not_given_has_its_default),
		cmocka_unit_test(an_option_of_leases_that_is_given_has_that_value),
		cmocka_unit_test(the_first_zone_that_is_not_for_reverse_names_has_the_leases),
		cmocka_unit_test(a_device_with_two_interfaces_may_have_one_name),
		cmocka_unit_test(a_pin_is_a_device_and_its_name),
		cmocka_unit_test(a_device_longer_than_any_is_no_pin),
		cmocka_unit_test(what_is_ignored_is_a_pattern_or_a_device),
		cmocka_unit_test(a_list_of_leases_has_at_most_a_thousand_items),
		cmocka_unit_test(a_template_makes_a_label_whatever_the_address_is),
		cmocka_unit_test(other_values_of_leases_are_checked),
		cmocka_unit_test(leases_are_named_in_a_zone_for_names),
		cmocka_unit_test(a_wrong_zone_is_told_once),
		cmocka_unit_test(very_many_zones_are_listed_as_far_as_there_is_room),
		cmocka_unit_test(names_of_leases_are_something_to_do),
		cmocka_unit_test(changes_of_leases_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
