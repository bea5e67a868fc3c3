/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: what a text means, and each thing that may be wrong with it. Files: test_config_files. */
#include "config_reading.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *
text_of(const struct name *name)
{
	static char text[NAME_TEXT_MAX];

	return name_to_text(name->wire, text);
}

static struct key *
find_key(const struct config *config, const char *text)
{
	struct name name;

	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	return keyring_find(config->keyring, name.wire);
}

/* --- what is read --- */

static void
an_option_that_is_not_given_has_its_default(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading, FRAME);
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_string_equal(config->file, "t.conf");
	assert_string_equal(config->keys_directory, "/etc/ddnsd/keys.d");
	assert_string_equal(config->made_keys_directory, "/var/lib/ddnsd/keys.d");
	assert_string_equal(config->user, "");
	assert_string_equal(config->group, "");
	assert_int_equal(config->log_target, LOG_TARGET_STDERR);
	assert_string_equal(config->database, "/var/lib/ddnsd/ddnsd.db");

	assert_int_equal(config->zone_count, 1);
	assert_string_equal(text_of(&config->zones[0].apex), "home.arpa");
	assert_int_equal(config->zones[0].lease_s, 7 * 24 * 3600);
	assert_int_equal(config->zones[0].lease_min_s, 60);
	assert_int_equal(config->zones[0].lease_max_s, 30 * 24 * 3600);
	assert_int_equal(config->zones[0].ttl_s, 60);
	assert_string_equal(text_of(&config->zones[0].nameserver), "ns.home.arpa");
	assert_string_equal(text_of(&config->zones[0].contact), "hostmaster.home.arpa");

	assert_int_equal(config->dns.listen_count, 2);
	assert_string_equal(endpoint_to_text(&config->dns.listen[0], text), "127.0.0.1:2136");
	assert_string_equal(endpoint_to_text(&config->dns.listen[1], text), "[::1]:2136");
	assert_int_equal(config->dns.tcp_connections_max, 64);
	assert_int_equal(config->dns.tcp_idle_ms, 10000);
	assert_int_equal(config->web.connections_max, 64);
	assert_int_equal(config->web.connections_per_source, 16);
	assert_int_equal(config->web.idle_ms, 10000);
	assert_int_equal(config->web.listen_count, 0);

	assert_int_equal(config->publish.mode, PUBLISH_SIGNAL);
	assert_string_equal(config->publish.file, "/run/ddnsd/hosts/ddnsd.hosts");
	assert_string_equal(config->publish.pid_file, "/run/dnsmasq/dnsmasq.pid");
	assert_string_equal(config->publish.command, "");
	assert_string_equal(endpoint_to_text(&config->publish.confirm, text), "127.0.0.1:53");
	assert_int_equal(config->publish.confirm_timeout_ms, 5000);
	assert_true(config->publish.short_names);
	assert_true(config->publish.leases_held_by_reader);

	assert_int_equal(config->service.addresses_per_name, 16);
	assert_int_equal(config->service.names_max, 100000);
	assert_int_equal(config->service.quiet_s, 120);

	assert_int_equal(keyring_count(config->keyring), 0);
	assert_int_equal(config->network_count, 0);

	assert_string_equal(config->control.socket, "");
	assert_int_equal(config->peer_count, 0);
	assert_false(config->dhcp.has_zone);
	assert_string_equal(config->dhcp.file, "");
	assert_int_equal(config->dhcp.ignored_label_count, 0);
	reading_release(&reading);
}

static void
an_option_that_is_given_has_that_value(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    "user = \"ddnsd\" group = \"dip\" log = \"syslog\" database = \"/d/b.db\"\n"
	    "keys-directory = \"\" made-keys-directory = \"\"\n"
	    "zone \"Example.ORG.\" { lease = \"forever\" lease-min = \"5\" lease-max = \"2h\"\n"
	    "  ttl = \"0s\" nameserver = \"a.example.net\" contact = \"me.example.net\" }\n"
	    "zone \"1.168.192.in-addr.arpa\" { }\n"
	    "listen \"dns\" { addresses = {\"0.0.0.0\", \"::\"} port = 5300 }\n"
	    "publish { mode = \"command\" file = \"/h/f\" pid-file = \"\" command = \"/bin/x\"\n"
	    "  confirm = \"[::1]:5353\" confirm-timeout = \"1m\" short-names = false\n"
	    "  leases-held-by-reader = no }\n"
	    "limits { addresses-per-name = 0 names = 7 tcp-connections = 1 tcp-idle = \"1s\"\n"
	    "  http-connections = 3 http-connections-per-address = 2 http-idle = \"4s\"\n"
	    "  quiet = \"0s\" }\n");
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_string_equal(config->user, "ddnsd");
	assert_string_equal(config->group, "dip");
	assert_int_equal(config->log_target, LOG_TARGET_SYSLOG);
	assert_string_equal(config->database, "/d/b.db");
	assert_string_equal(config->keys_directory, "");
	assert_string_equal(config->made_keys_directory, "");

	assert_int_equal(config->zone_count, 2);
	assert_string_equal(text_of(&config->zones[0].apex), "example.org");
	assert_int_equal(config->zones[0].lease_s, 0);
	assert_int_equal(config->zones[0].lease_min_s, 5);
	assert_int_equal(config->zones[0].lease_max_s, 7200);
	assert_int_equal(config->zones[0].ttl_s, 0);
	assert_string_equal(text_of(&config->zones[0].nameserver), "a.example.net");
	assert_string_equal(text_of(&config->zones[0].contact), "me.example.net");
	assert_string_equal(text_of(&config->zones[1].apex), "1.168.192.in-addr.arpa");

	assert_int_equal(config->dns.listen_count, 2);
	assert_string_equal(endpoint_to_text(&config->dns.listen[0], text), "0.0.0.0:5300");
	assert_string_equal(endpoint_to_text(&config->dns.listen[1], text), "[::]:5300");
	assert_int_equal(config->dns.tcp_connections_max, 1);
	assert_int_equal(config->dns.tcp_idle_ms, 1000);
	assert_int_equal(config->web.connections_max, 3);
	assert_int_equal(config->web.connections_per_source, 2);
	assert_int_equal(config->web.idle_ms, 4000);

	assert_int_equal(config->publish.mode, PUBLISH_COMMAND);
	assert_string_equal(config->publish.file, "/h/f");
	assert_string_equal(config->publish.pid_file, "");
	assert_string_equal(config->publish.command, "/bin/x");
	assert_string_equal(endpoint_to_text(&config->publish.confirm, text), "[::1]:5353");
	assert_int_equal(config->publish.confirm_timeout_ms, 60000);
	assert_false(config->publish.short_names);
	assert_false(config->publish.leases_held_by_reader);

	assert_int_equal(config->service.addresses_per_name, 0);
	assert_int_equal(config->service.names_max, 7);
	assert_int_equal(config->service.quiet_s, 0);
	reading_release(&reading);
}

static void
an_empty_confirm_asks_nobody(void **state)
{
	struct reading reading;

	(void)state;
	expect_good(&reading, FRAME "publish { confirm = \"\" }");
	assert_int_equal(reading.config->publish.confirm.address.family, 0);
	reading_release(&reading);
}

static void
values_may_stand_without_quotes_in_single_ones_and_on_any_line(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    "zone home.arpa{lease=3d}// one\n"
	    "listen 'dns'/* two\n /* lines */{\tport\n=\n5300\r\n"
	    "addresses = {127.0.0.1,\n}}\n"
	    "database = '/a\\b\\'c\\\\d'\n"
	    "user=\"a\\\"b\\\\c\" # the end");

	(void)state;
	assert_int_equal(config->zones[0].lease_s, 3 * 24 * 3600);
	assert_int_equal(config->dns.listen_count, 1);
	assert_int_equal(config->dns.listen[0].port, 5300);
	assert_string_equal(config->database, "/a\\b'c\\d");
	assert_string_equal(config->user, "a\"b\\c");
	reading_release(&reading);
}

static void
a_list_is_replaced_by_an_equals_sign_and_extended_by_plus_equals(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    "zone \"home.arpa\" { } listen \"dns\" { addresses += 192.0.2.1 }");
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_int_equal(config->dns.listen_count, 3);
	assert_string_equal(endpoint_to_text(&config->dns.listen[0], text), "127.0.0.1:2136");
	assert_string_equal(endpoint_to_text(&config->dns.listen[2], text), "192.0.2.1:2136");
	reading_release(&reading);

	config = expect_good(&reading,
	    "zone \"home.arpa\" { } listen \"dns\" { addresses = "
	    "{192.0.2.1} addresses += {192.0.2.2, 192.0.2.3} }");
	assert_int_equal(config->dns.listen_count, 3);
	assert_string_equal(endpoint_to_text(&config->dns.listen[2], text), "192.0.2.3:2136");
	reading_release(&reading);
}

static void
a_key_becomes_a_principal(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    FRAME "limits { updates-per-minute = 9 names-per-key = 8 }\n"
		  "key \"Laptop\" { secret = \"" SECRET "\" allow = {\"self A\", \"*.self\"}\n"
		  "  from = {\"192.168.1.0/24\", \"fd00::1\"} }\n"
		  "key \"old.example\" { algorithm = \"hmac-md5\" allow-weak = true\n"
		  "  secret = \"" SECRET "\" admin = yes allow = {\"zone home.arpa\"}\n"
		  "  updates-per-minute = 0 names-per-key = 3 }\n");
	struct key *key = find_key(config, "laptop");
	const struct principal *principal;

	(void)state;
	assert_non_null(key);
	assert_false(key_principal(key)->may_look);
	assert_int_equal(key_principal(key)->interface_id_count, 0);
	assert_int_equal(key_algorithm(key), TSIG_HMAC_SHA256);
	principal = key_principal(key);
	assert_string_equal(principal->identity, "Laptop");
	assert_false(principal->is_admin);
	assert_int_equal(principal->grant_count, 2);
	assert_int_equal(principal->grants[1].pattern, GRANT_BELOW_SELF);
	assert_int_equal(principal->source_count, 2);
	assert_int_equal(principal->sources[1].prefix, 128);
	assert_int_equal(principal->names_max, 8);
	assert_int_equal(principal->updates.per_minute, 9);

	key = find_key(config, "OLD.example");
	assert_non_null(key);
	assert_int_equal(key_algorithm(key), TSIG_HMAC_MD5);
	principal = key_principal(key);
	assert_true(principal->is_admin);
	assert_int_equal(principal->source_count, 0);
	assert_int_equal(principal->names_max, 3);
	assert_int_equal(principal->updates.per_minute, 0);
	assert_string_equal(reading.warnings.data, "");
	reading_release(&reading);
}

static void
a_network_becomes_a_principal_that_may_add_only_its_own_address(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    FRAME "network \"192.168.1.0/24\" { allow = {\"*.home.arpa A\"} }\n"
		  "network \"2001:DB8::/32\" { allow = {\"zone home.arpa\", \"nas.home.arpa\"}\n"
		  "  udp = true any-address = true }\n");
	const struct network_principal *network = &config->networks[0];

	(void)state;
	assert_int_equal(config->network_count, 2);
	assert_int_equal(network->principal.kind, PRINCIPAL_NETWORK);
	assert_string_equal(network->principal.identity, "192.168.1.0/24");
	assert_int_equal(network->principal.source_count, 1);
	assert_int_equal(network->principal.sources[0].prefix, 24);
	assert_int_equal(network->principal.grant_count, 1);
	assert_true(network->principal.own_address_only);
	assert_false(network->principal.is_admin);
	assert_int_equal(network->principal.names_max, 64);
	assert_int_equal(network->principal.updates.per_minute, 60);
	assert_false(network->allows_udp);

	network = &config->networks[1];
	assert_string_equal(network->principal.identity, "2001:db8::/32");
	assert_int_equal(network->principal.grant_count, 2);
	assert_false(network->principal.own_address_only);
	assert_true(network->allows_udp);
	reading_release(&reading);
}

/* --- form --- */

static void
broken_form_is_told_with_its_line(void **state)
{
	static const struct refusal table[] = {
		{ "publish {", "3: this block does not end; } is missing" },
		{ "\n}", "4: unexpected }; no block is open here" },
		{ "publish {\nlimits {",
		    "4: a block cannot stand inside another, which began in line "
		    "3; is a } missing above?" },
		{ "user", "3: = is missing behind \"user\"; write: user = \"...\"" },
		{ "log \"syslog\"", "3: = is missing behind \"log\"; write: log = \"stderr\"" },
		{ "user 2136\n=", "3: = is missing behind \"user\"; write: user = \"...\"" },
		{ "limits { names 7 }", "3: = is missing behind \"names\"; write: names = 100000" },
		{ "key k { from ::1 }",
		    "3: = is missing behind \"from\"; write: from = {\"...\"}" },
		{ "network ::1 { udp", "3: = is missing behind \"udp\"; write: udp = false" },
		{ "key k { what yes }", "3: = is missing behind \"what\"" },
		{ "key", "3: { is missing behind \"key\"; write: key \"NAME\" { ... }" },
		{ "limits", "3: { is missing behind \"limits\"; write: limits { ... }" },
		{ "user =", "3: a value is missing behind =" },
		{ "user = }", "3: a value is missing behind =" },
		{ "user = =", "3: a value is missing behind =" },
		{ "zone \"a.b\" zone",
		    "3: { is missing behind \"zone\" and its name; write: zone \"NAME\" { ... }" },
		{ "publish = \n\"x\" }",
		    "3: publish is a block, not an option; write: publish { ... }\n"
		    "t.conf:4: unexpected }; no block is open here" },
		{ "\"user\" = \"x\"", "3: the name of an option or a block is missing here" },
		{ "= 3", "3: the name of an option or a block is missing here" },
		{ "key \"k\" { allow = {\"a\" \"b\"} }",
		    "3: a comma or } is missing in this list" },
		{ "key \"k\" { allow = {,} }", "3: a value or } is missing in this list" },
		{ "key \"k\" { allow = {{} }", "3: a value or } is missing in this list" },
		{ "key \"k\" { allow = {\n", "4: a value or } is missing in this list" },
		{ "include(\"/etc/passwd\")",
		    "3: \"(\" does not belong here; a value that holds it must stand in quotes" },
		{ "publish|mode = \"none\"",
		    "3: \"|\" does not belong here; a value that holds it must stand in quotes" },
		{ "limits { names = + 3 }",
		    "3: \"+\" does not belong here; a value that holds it must stand in quotes" },
		{ "\xef\xbb\xbf",
		    "3: byte 0xef does not belong here; a value that holds it must stand in quotes" },
		{ "\x01",
		    "3: byte 0x01 does not belong here; a value that holds it must stand in quotes" },
		{ "\r user",
		    "3: byte 0x0d does not belong here; a value that holds it must stand in quotes" },
		{ "/* never ends\n\n", "3: this comment does not end; \"*/\" is missing" },
		{ "user = \"abc\n\"", "3: this string does not end on its line; \" is missing" },
		{ "user = 'abc", "3: this string does not end on its line; ' is missing" },
		{ "user = 'abc\\", "3: this string does not end on its line; ' is missing" },
		{ "user = \"a\tb\"", "3: control character 0x09 in a string; remove it" },
		{ "user = 'a\x7f'", "3: control character 0x7f in a string; remove it" },
		{ "user = \"\\101\"",
		    "3: a single \\ in a string; write \\\\ for it, there are no other "
		    "escapes but \\\"" },
		{ "user = \"a\\\nb\"",
		    "3: a single \\ in a string; write \\\\ for it, there are no other "
		    "escapes but \\\"" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
what_other_programs_write_is_told_with_our_own_form(void **state)
{
	static const struct refusal table[] = {
		{ "key \"k\" {\n\talgorithm hmac-sha512;\n\tsecret \"hush\";\n};",
		    "4: \";\" does not belong here; options are written: algorithm = "
		    "\"hmac-sha256\"" },
		{ "key \"k\" { algorithm hmac-sha512\nsecret \"hush\" }",
		    "3: = is missing behind \"algorithm\"; write: algorithm = \"hmac-sha256\"" },
		{ "key \"k\" { secret \"hush\"; };",
		    "3: \";\" does not belong here; options are written: secret = \"...\"" },
		{ "key \"k\" { allow-weak = true; };",
		    "3: \";\" does not belong here; options are written: allow-weak = false" },
		{ "key \"k\" { secret = \"hush\" };", "3: \";\" does not belong here; remove it" },
		{ "key \"k\"; {", "3: \";\" does not belong here; remove it" },
		{ "; a comment elsewhere", "3: \";\" does not belong here; remove it" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
comments_do_not_shift_the_line(void **state)
{
	static const struct refusal table[] = {
		{ "# one\n#two\n// three\n/* four\n\n*/ # five\n\nuser",
		    "10: = is missing behind \"user\"; write: user = \"...\"" },
		{ "# one\n#two\n// three\n/* four\n\n*/ # five\n\nlog = x",
		    "10: log: \"x\" is unknown; allowed: stderr, syslog" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
the_environment_replaces_nothing(void **state)
{
	static const struct refusal table[] = {
		{ "user = \"${HOME}\"",
		    "3: ${...} is not replaced by anything here; write the value itself" },
		{ "user = ${HOME}",
		    "3: \"$\" does not belong here; a value that holds it must stand in quotes" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "user = '${HOME}' group = \"$HOME\" database = \"/~\"");
	assert_string_equal(reading.config->user, "${HOME}");
	assert_string_equal(reading.config->group, "$HOME");
	assert_string_equal(reading.config->database, "/~");
	reading_release(&reading);
}

static void
an_unknown_name_is_told_with_those_that_are_known(void **state)
{
	static const struct refusal table[] = {
		{ "port = 53",
		    "3: \"port\" is unknown here; allowed: user, group, log, database, "
		    "keys-directory, made-keys-directory, zone, listen, publish, limits, key, network, "
		    "control, peer, leases" },
		{ "metrics { socket = \"x\" a = {b, c} a += d }",
		    "3: \"metrics\" is unknown here; allowed: user, group, log, database, "
		    "keys-directory, made-keys-directory, zone, listen, publish, limits, key, network, "
		    "control, peer, leases" },
		{ "network 10.0.0.0/8 { }\nlimits {\nname = {3, 4}\n}",
		    "5: \"name\" is unknown in a block of limits; allowed: updates-per-minute, "
		    "names-per-key, addresses-per-name, names, tcp-connections, tcp-idle, "
		    "http-connections, http-connections-per-address, http-idle, quiet" },
		{ "zone \"b\" { Lease = 3d }",
		    "3: this word is unknown in a block of zone; allowed: "
		    "lease, lease-min, lease-max, ttl, nameserver, contact" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
what_is_given_twice_is_told_with_both_places(void **state)
{
	static const struct refusal table[] = {
		{ "log = stderr\nlog = syslog",
		    "4: log is given twice, first in line 3; keep one" },
		{ "limits {\nnames = 1\nnames = 1 }",
		    "5: names is given twice, first in line 4; keep one" },
		{ "publish { }\nlimits { }\npublish { }",
		    "5: publish is given twice, first in line 3; join the blocks" },
		{ "listen \"dns\" { }", "3: listen \"dns\" is given twice; join the blocks" },
		{ "zone \"Home.Arpa.\" { }",
		    "3: zone \"Home.Arpa.\" is given twice, first as zone "
		    "\"home.arpa\"; zones must not overlap" },
		{ "key \"a\" { secret = \"" SECRET "\" allow = {self} }\n"
		  "key \"A.\" { secret = \"" SECRET "\" allow = {self} }",
		    "4: key \"A.\" is given twice, first in t.conf:3; keep one" },
		{ "network \"10.0.0.0/8\" { allow = {\"*.home.arpa\"} }\n"
		  "network 10.0.0.0/8 { allow = {\"*.home.arpa\"} }",
		    "4: network \"10.0.0.0/8\" is given twice, first in line 3; join the blocks" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
the_wrong_kind_of_name_or_value_is_told_with_the_right_one(void **state)
{
	static const struct refusal table[] = {
		{ "user { }", "3: user is an option, not a block; write: user = \"...\"" },
		{ "zone = \"a\"",
		    "3: zone is a block, not an option; write: zone \"NAME\" { ... }" },
		{ "zone { }", "3: zone needs a name in front of {; write: zone \"NAME\" { ... }" },
		{ "limits \"x\" { }", "3: limits takes no name; write: limits { ... }" },
		{ "user = {a, b}", "3: user takes one value, not a list" },
		{ "user += a", "3: user takes one value; write = in place of +=" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
all_errors_of_a_file_are_told_at_once(void **state)
{
	(void)state;
	expect_errors("log = \"x\"\n"
		      "wrong = 1\n"
		      "zone \"local\" {\n"
		      "    lease = 0\n"
		      "    ttl = \"x\" }\n"
		      "listen \"https\" { }\n"
		      "publish { mode = \"x\" confirm = \"y\" short-names = 3 }\n"
		      "limits { names = -1 names = 2\n"
		      "    quiet = \"2y\" }\n"
		      "key \"k\" { secret = \"x\"\n"
		      "    algorithm = \"x\"\n"
		      "    allow = {\"a b\", \"c d\"} }\n",
	    "t.conf:2: \"wrong\" is unknown here; allowed: user, group, log, database, "
	    "keys-directory, made-keys-directory, zone, listen, publish, limits, key, network, "
	    "control, peer, leases\n"
	    "t.conf:8: names is given twice, first in line 8; keep one\n"
	    "t.conf:1: log: \"x\" is unknown; allowed: stderr, syslog\n"
	    "t.conf:7: mode: \"x\" is unknown; allowed: signal, hostsdir, command, none\n"
	    "t.conf:7: confirm: \"y\" is not an address and a port; allowed: ADDRESS:PORT, "
	    "[ADDRESS6]:PORT, or \"\" to ask nobody\n"
	    "t.conf:7: short-names: \"3\" is neither true nor false; allowed: true, false, yes, no, on, off\n"
	    "t.conf:8: names: -1 is not allowed; allowed: 0 to 10000000\n"
	    "t.conf:9: quiet: \"2y\" is not a time that is allowed here; allowed: 0s to 1d, as a "
	    "number and s, m, h, d or w\n"
	    "t.conf:4: lease: \"0\" is not a time that is allowed here; allowed: 1s to 3650d or "
	    "\"forever\", as a number and s, m, h, d or w\n"
	    "t.conf:5: ttl: \"x\" is not a time that is allowed here; allowed: 0s to 365d, as a "
	    "number and s, m, h, d or w\n"
	    "t.conf:3: zone \"local\": names under .local belong to multicast DNS (RFC 6762), clients "
	    "do not ask a server for them; allowed: home.arpa (RFC 8375) or a domain of your own\n"
	    "t.conf:6: listen \"https\" is unknown; allowed: listen \"dns\", listen \"http\"\n"
	    "t.conf:11: algorithm: \"x\" is unknown; allowed: hmac-md5, hmac-sha1, hmac-sha224, "
	    "hmac-sha256, hmac-sha384, hmac-sha512\n"
	    "t.conf:12: allow: \"a b\": the type is unknown; write its name, TYPE and a number, or "
	    "ANY\n"
	    "t.conf:12: allow: \"c d\": the type is unknown; write its name, TYPE and a number, or "
	    "ANY\n"
	    "t.conf:10: secret: not base64 (RFC 4648); allowed: A-Z a-z 0-9 + /, filled up with = to "
	    "a multiple of four, without blanks\n");
}

static void
a_text_that_is_too_much_is_refused(void **state)
{
	enum { SIZE = 1024 * 1024 + 2 };
	char *text = calloc(1, SIZE);
	size_t length = 0;

	(void)state;
	assert_non_null(text);
	stretch(text, SIZE, "", ' ', SIZE - 1, "");
	expect_errors(text, "t.conf: is larger than 1048576 bytes, the most that is read\n");
	stretch(text, SIZE, FRAME "user = \"", 'u', 5000, "\"");
	expect_errors(text, "t.conf:3: this string is longer than 4096 characters\n");
	stretch(text, SIZE, FRAME "user = ", 'u', 5000, "");
	expect_errors(text, "t.conf:3: this word is longer than 4096 characters\n");
	for (int i = 0; i < 10001; i++)
		length += (size_t)snprintf(text + length, SIZE - length, "zone a%d{ }\n", i);
	expect_errors(text, "t.conf:10000: more than 10000 blocks in one file\n");
	free(text);
}

/* libconfuse's scanner is global: what a broken text leaves in it must not reach the next one. */
static void
a_good_text_is_read_after_a_bad_one(void **state)
{
	static const char *const bad[] = { "user = \"abc", "user = 'abc", "/* abc", "publish {",
		"user = {", "key \"k\" { allow = {\"x\"", "user = \"\\8\"", "user = \"${\"", "}",
		"" };

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct reading reading;

		reading_of_text(&reading, bad[i]);
		assert_int_equal(reading.status, STATUS_MALFORMED);
		reading_release(&reading);
		expect_good(&reading, FRAME "user = \"good\" limits { names = 010 }");
		assert_string_equal(reading.config->user, "good");
		assert_int_equal(reading.config->service.names_max, 10);
		reading_release(&reading);
	}
}

static void
a_full_buffer_of_errors_holds_whole_lines(void **state)
{
	struct config *config = NULL;
	struct buffer errors;
	struct buffer warnings;

	(void)state;
	buffer_init(&errors, 100);
	buffer_init(&warnings, 100);
	assert_int_equal(config_parse("t.conf", "log = x database = y", &config, &errors,
			     &warnings),
	    STATUS_MALFORMED);
	assert_null(config);
	assert_int_equal(errors.length,
	    strlen("t.conf:1: log: \"x\" is unknown; allowed: stderr, "
		   "syslog\n"));
	assert_int_equal(errors.data[errors.length - 1], '\n');
	buffer_release(&errors);
	buffer_release(&warnings);
}

/* --- values --- */

static void
a_zone_and_a_listen_block_are_needed(void **state)
{
	(void)state;
	expect_errors("",
	    "t.conf: no zone; at least one is needed, as: zone \"home.arpa\" { }\n"
	    "t.conf: no listen \"dns\" block; one is needed, as: listen \"dns\" { }\n");
	expect_errors("zone \"home.arpa\" { }",
	    "t.conf: no listen \"dns\" block; one is needed, as: listen \"dns\" { }\n");
}

static void
a_path_is_absolute(void **state)
{
	static const struct refusal table[] = {
		{ "database = \"ddnsd.db\"",
		    "3: database: \"ddnsd.db\" is not an absolute path; "
		    "allowed: a path that begins with /" },
		{ "database = \"\"",
		    "3: database: \"\" is not an absolute path; allowed: a path that "
		    "begins with /" },
		{ "made-keys-directory = \"k\"",
		    "3: made-keys-directory: \"k\" is not an absolute path; "
		    "allowed: a path that begins with /, or \"\"" },
		{ "keys-directory = \"~/k\"",
		    "3: keys-directory: \"~/k\" is not an absolute path; "
		    "allowed: a path that begins with /, or \"\"" },
		{ "publish { file = \"hosts\" }",
		    "3: file: \"hosts\" is not an absolute path; "
		    "allowed: a path that begins with /" },
		{ "publish { file = \"/run/\" }",
		    "3: file: names a folder; allowed: the path of a file" },
		{ "publish { file = \"/run/..\" }",
		    "3: file: names a folder; allowed: the path of a file" },
		{ "publish { pid-file = \"\" }",
		    "3: pid-file: \"\" is not an absolute path; allowed: "
		    "a path that begins with /" },
		{ "publish { command = \"reload\" }",
		    "3: command: \"reload\" is not an absolute "
		    "path; allowed: a path that begins with /, or "
		    "\"\"" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
a_path_or_name_that_the_system_cannot_hold_is_refused(void **state)
{
	char text[8192];

	(void)state;
	stretch(text, sizeof(text), FRAME "database = /", 'd', PATH_MAX - 1, "");
	expect_errors(text, "t.conf:3: database: longer than a path can be\n");
	stretch(text, sizeof(text), FRAME "publish { file = /", 'f', 251, " }");
	expect_errors(text, "t.conf:3: file: its name is longer than 250 characters\n");
	stretch(text, sizeof(text), FRAME "user = ", 'u', 64, "");
	expect_errors(text, "t.conf:3: user: longer than 63 characters\n");
}

static void
a_zone_is_a_name_and_not_under_local(void **state)
{
	static const struct refusal table[] = {
		{ "zone \"a..b\" { }",
		    "3: zone \"a..b\": not a name; allowed: letters, digits, - _ and "
		    "/ between dots, at most 63 in a label and 253 in all" },
		{ "zone \"\" { }",
		    "3: zone \"\": not a name; allowed: letters, digits, - _ and / "
		    "between dots, at most 63 in a label and 253 in all" },
		{ "zone \".\" { }",
		    "3: zone \".\": not a name; allowed: letters, digits, - _ and / "
		    "between dots, at most 63 in a label and 253 in all" },
		{ "zone \"my home\" { }",
		    "3: zone \"my home\": not a name; allowed: letters, digits, - "
		    "_ and / between dots, at most 63 in a label and 253 in all" },
		{ "zone \"*.lan\" { }",
		    "3: zone \"*.lan\": not a name; allowed: letters, digits, - _ "
		    "and / between dots, at most 63 in a label and 253 in all" },
		{ "zone \"Office.LOCAL\" { }",
		    "3: zone \"Office.LOCAL\": names under .local belong to multicast DNS (RFC 6762), "
		    "clients do not ask a server for them; allowed: home.arpa (RFC 8375) or a domain "
		    "of your own" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "zone \"localdomain\" { } zone \"local.lan\" { }");
	reading_release(&reading);
}

static void
zones_do_not_overlap(void **state)
{
	static const struct refusal table[] = {
		{ "zone \"lab.home.arpa\" { }",
		    "3: zone \"lab.home.arpa\" lies inside zone "
		    "\"home.arpa\"; zones must not overlap" },
		{ "zone \"arpa\" { }",
		    "3: zone \"arpa\" contains zone \"home.arpa\"; zones must not overlap" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "zone \"myhome.arpa\" { } zone \"lan\" { }");
	assert_int_equal(reading.config->zone_count, 3);
	reading_release(&reading);
}

static void
leases_are_in_order(void **state)
{
	static const struct refusal table[] = {
		{ "zone a { lease-min = 1h lease-max = 59m }",
		    "3: lease-min: 1h is longer than lease-max, 59m" },
		{ "zone a {\nlease = 31d\n}",
		    "4: lease: 31d is not between lease-min, 1m, and lease-max, 30d" },
		{ "zone a {\nlease-max = 1d\n}",
		    "3: lease: 7d, the default, is not between "
		    "lease-min, 1m, and lease-max, 1d" },
		{ "zone a { lease-max = \"forever\" }",
		    "3: lease-max: \"forever\" is not a time that is allowed here; allowed: 1s to 3650d, "
		    "as a number and s, m, h, d or w" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "zone a { lease = forever lease-max = 1d }");
	reading_release(&reading);
}

static void
the_names_of_a_zone_are_names(void **state)
{
	static const struct refusal table[] = {
		{ "zone a { nameserver = \"ns 1\" }",
		    "3: nameserver: \"ns 1\" is not a name; allowed: letters, digits, - _ and / between "
		    "dots, at most 63 in a label and 253 in all" },
		{ "zone a { contact = \"me@example.org\" }",
		    "3: contact: \"me@example.org\" is not a name; write . in place of @" },
	};
	static const char label[] =
	    "abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnopqrstuvwxyz";
	char text[512];

	(void)state;
	EXPECT_REFUSALS(table);
	(void)snprintf(text, sizeof(text), FRAME "zone %s.%s.%s.%s { contact = x }", label, label,
	    label, label);
	expect_errors(text,
	    "t.conf:3: nameserver: the default, ns in front of the zone's name, is too "
	    "long a name; set it\n");
}

static void
addresses_and_ports_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "addresses = {} }",
		    "2: addresses: empty; allowed: one address or more, as "
		    "{\"0.0.0.0\", \"::\"} for all" },
		{ "addresses = {\"localhost\"} }",
		    "2: addresses: \"localhost\" is not an address; allowed: IPv4 and IPv6 addresses "
		    "without a port, as 0.0.0.0 and :: for all" },
		{ "addresses = {\"::1\", \"0:0::1\"} }",
		    "2: addresses: \"0:0::1\" is given twice; keep one" },
		{ "addresses = {\"0.0.0.0\", \"::1\", \"192.0.2.1\"} }",
		    "2: addresses: \"0.0.0.0\" is all IPv4 addresses, \"192.0.2.1\" among them; keep "
		    "one of the two" },
		{ "addresses = {\"127.0.0.1\", \"2001:DB8::1\", \"::\"} }",
		    "2: addresses: \"::\" is all IPv6 addresses, \"2001:db8::1\" among them; keep one "
		    "of the two" },
		{ "port = 0 }", "2: port: 0 is not allowed; allowed: 1 to 65535" },
		{ "port = 65536 }", "2: port: 65536 is not allowed; allowed: 1 to 65535" },
		{ "port = \"53x\" }",
		    "2: port: \"53x\" is not a number that is allowed here; allowed: 1 to 65535" },
		{ "port = 0x35 }",
		    "2: port: \"0x35\" is not a number that is allowed here; allowed: 1 to 65535" },
		{ "port = \"\" }",
		    "2: port: \"\" is not a number that is allowed here; allowed: 1 to 65535" },
		{ "port = 99999999999999999999 }",
		    "2: port: \"99999999999999999999\" is not a number that is allowed here; allowed: 1 to 65535" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(table); i++) {
		char text[512];
		char errors[512];

		(void)snprintf(text, sizeof(text), "zone \"home.arpa\" { }\nlisten \"dns\" { %s",
		    table[i].text);
		(void)snprintf(errors, sizeof(errors), "t.conf:%s\n", table[i].errors);
		expect_errors(text, errors);
	}
}

static void
at_most_sixteen_addresses_are_listened_to(void **state)
{
	char text[1024];
	char most[1024];
	char addresses[512] = "";
	struct reading reading;

	(void)state;
	for (int i = 1; i <= 16; i++)
		(void)snprintf(addresses + strlen(addresses), sizeof(addresses) - strlen(addresses),
		    "192.0.2.%d,", i);
	(void)snprintf(most, sizeof(most), "zone lan { }\nlisten dns { addresses = {%s} }",
	    addresses);
	(void)snprintf(text, sizeof(text), "zone lan { }\nlisten dns { addresses = {%s::} }",
	    addresses);
	expect_good(&reading, most);
	assert_int_equal(reading.config->dns.listen_count, 16);
	reading_release(&reading);
	expect_errors(text, "t.conf:2: addresses: more than 16\n");
}

static void
a_mode_of_publishing_has_what_it_needs(void **state)
{
	static const struct refusal table[] = {
		{ "publish {\nmode = \"command\" }",
		    "3: command: mode \"command\" needs a program; set it to an absolute path" },
		{ "publish { mode = hostsdir file = \"/run/.hosts\" }",
		    "3: file: dnsmasq reads no file called \".hosts\" in a hostsdir; allowed: names "
		    "without . or # at the front and ~ or # at the end" },
		{ "publish { mode = hostsdir file = \"/run/hosts~\" }",
		    "3: file: dnsmasq reads no file called \"hosts~\" in a hostsdir; allowed: names "
		    "without . or # at the front and ~ or # at the end" },
		{ "publish { confirm = \"127.0.0.1\" }",
		    "3: confirm: \"127.0.0.1\" is not an address and a port; allowed: ADDRESS:PORT, "
		    "[ADDRESS6]:PORT, or \"\" to ask nobody" },
		{ "publish { confirm = \"::1:53\" }",
		    "3: confirm: \"::1:53\" is not an address and a port; allowed: ADDRESS:PORT, "
		    "[ADDRESS6]:PORT, or \"\" to ask nobody" },
		{ "publish { confirm-timeout = \"0s\" }",
		    "3: confirm-timeout: \"0s\" is not a time that is allowed here; allowed: 1s to 1h, "
		    "as a number and s, m, h, d or w" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "publish { mode = none file = \"\" pid-file = \"\" }");
	reading_release(&reading);
	expect_good(&reading, FRAME "publish { mode = signal file = \"/run/.hosts\" }");
	reading_release(&reading);
}

static void
an_unknown_mode_is_the_one_thing_told_of_what_depends_on_it(void **state)
{
	static const struct refusal table[] = {
		{ "publish { mode = \"sginal\" file = \"hosts\" pid-file = \"\" command = \"x\" }",
		    "3: mode: \"sginal\" is unknown; allowed: signal, hostsdir, command, none" },
		{ "publish { mode = \"sginal\"\nfile = \"\" confirm = \"x\" }",
		    "3: mode: \"sginal\" is unknown; allowed: signal, hostsdir, command, none\n"
		    "t.conf:4: confirm: \"x\" is not an address and a port; allowed: ADDRESS:PORT, "
		    "[ADDRESS6]:PORT, or \"\" to ask nobody" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
a_group_needs_a_user(void **state)
{
	static const struct refusal table[] = {
		{ "group = \"ddnsd\"",
		    "3: group: \"ddnsd\" is set without a user; set the option user too" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
limits_are_numbers_within_bounds(void **state)
{
	static const struct refusal table[] = {
		{ "limits { tcp-connections = 0 }",
		    "3: tcp-connections: 0 is not allowed; allowed: 1 to 10000" },
		{ "limits { updates-per-minute = 1000001 }",
		    "3: updates-per-minute: 1000001 is not allowed; allowed: 0 to 1000000" },
		{ "limits { names-per-key = many }",
		    "3: names-per-key: \"many\" is not a number that is allowed here; allowed: 0 to 1000000" },
		{ "limits { addresses-per-name = 1001 }",
		    "3: addresses-per-name: 1001 is not allowed; allowed: 0 to 1000" },
		{ "limits { http-connections = 0 }",
		    "3: http-connections: 0 is not allowed; allowed: 1 to 10000" },
		{ "limits { http-connections-per-address = 10001 }",
		    "3: http-connections-per-address: 10001 is not allowed; allowed: 0 to 10000" },
		{ "limits { http-idle = 0 }",
		    "3: http-idle: \"0\" is not a time that is allowed here; allowed: 1s to 1h, as a "
		    "number and s, m, h, d or w" },
		{ "limits { tcp-idle = 2h }",
		    "3: tcp-idle: \"2h\" is not a time that is allowed here; "
		    "allowed: 1s to 1h, as a number and s, m, h, d or w" },
		{ "key k { secret = \"" SECRET "\" allow = self names-per-key = -2 }",
		    "3: names-per-key: -2 is not allowed; allowed: -1 to 1000000" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
a_secret_is_base64_of_128_bits_and_more(void **state)
{
	static const struct refusal table[] = {
		{ "key k { allow = self }",
		    "3: secret: key \"k\" has none; set it to 128 bits or more in base64, as \"head -c 32 "
		    "/dev/urandom | base64\" prints" },
		{ "key k { allow = self\nsecret = \"c2VjcmV0 c2VjcmV0c2VjcmV0\" }",
		    "4: secret: not base64 (RFC 4648); allowed: A-Z a-z 0-9 + /, filled up with = to a "
		    "multiple of four, without blanks" },
		{ "key k { allow = self secret = \"" SECRET "\"\nsecret-old = \"c2VjcmV0\" }",
		    "4: secret-old: 48 bits are too short for a secret; allowed: 128 bits and more, as "
		    "\"head -c 32 /dev/urandom | base64\" prints" },
		{ "key k { allow = self secret = \"MTIzNDU2Nzg5MDEyMzQ1\" }",
		    "3: secret: 120 bits are too short for a secret; allowed: 128 bits and more, as "
		    "\"head -c 32 /dev/urandom | base64\" prints" },
	};
	char text[1024];
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_good(&reading, FRAME "key k { allow = self secret = \"MTIzNDU2Nzg5MDEyMzQ1Ng==\" }");
	reading_release(&reading);
	stretch(text, sizeof(text), FRAME "key k { secret = \"", 'A', 688, "\" allow = self }");
	expect_errors(text, "t.conf:3: secret: longer than 512 octets, the most that is allowed\n");
}

static void
an_old_secret_may_end_at_a_time_that_there_is(void **state)
{
#define KEY_UNTIL(time)                                                       \
	"key k { secret = \"" SECRET "\" allow = self secret-old = \"" SECRET \
	"\"\nsecret-old-until = \"" time "\" }"
#define NOT_A_TIME(text)                                                                          \
	"4: secret-old-until: \"" text "\" is not a time; allowed: a date and a time in UTC, as " \
	"2026-12-01T00:00:00Z, or \"\" for no end"
	static const struct refusal table[] = {
		{ KEY_UNTIL("2026-12-01"), NOT_A_TIME("2026-12-01") },
		{ KEY_UNTIL("2026-12-01T00:00:00"), NOT_A_TIME("2026-12-01T00:00:00") },
		{ KEY_UNTIL("2026-12-01T00:00:00ZZ"), NOT_A_TIME("2026-12-01T00:00:00ZZ") },
		{ KEY_UNTIL("2026-12-01 00:00:00Z"), NOT_A_TIME("2026-12-01 00:00:00Z") },
		{ KEY_UNTIL("2026-12-01T00:00:0xZ"), NOT_A_TIME("2026-12-01T00:00:0xZ") },
		{ KEY_UNTIL("+026-12-01T00:00:00Z"), NOT_A_TIME("+026-12-01T00:00:00Z") },
		{ KEY_UNTIL(" 2026-12-01T00:00:00Z"), NOT_A_TIME(" 2026-12-01T00:00:00Z") },
		{ KEY_UNTIL("2026-12-1T00:00:00Z"), NOT_A_TIME("2026-12-1T00:00:00Z") },
		{ KEY_UNTIL("2026-12-01T00:00:61Z"), NOT_A_TIME("2026-12-01T00:00:61Z") },
		{ KEY_UNTIL("2026-00-01T00:00:00Z"), NOT_A_TIME("2026-00-01T00:00:00Z") },
		{ KEY_UNTIL("2026-13-01T00:00:00Z"), NOT_A_TIME("2026-13-01T00:00:00Z") },
		{ KEY_UNTIL("2026-02-29T00:00:00Z"), NOT_A_TIME("2026-02-29T00:00:00Z") },
		{ KEY_UNTIL("2026-12-01T24:00:00Z"), NOT_A_TIME("2026-12-01T24:00:00Z") },
		{ KEY_UNTIL("2026-12-01T00:60:00Z"), NOT_A_TIME("2026-12-01T00:60:00Z") },
		{ KEY_UNTIL("2026-12-01T00:00:60Z"), NOT_A_TIME("2026-12-01T00:00:60Z") },
		{ KEY_UNTIL("1970-01-01T00:00:00Z"), NOT_A_TIME("1970-01-01T00:00:00Z") },
		{ "key k { secret = \"" SECRET "\" allow = self\n\n"
		  "secret-old-until = \"2026-12-01T00:00:00Z\" }",
		    "5: secret-old-until: there is no secret-old that could end; set it, or remove "
		    "this" },
	};
	static const struct {
		const char *text;
		int64_t until_s;
	} good[] = {
		{ FRAME KEY_UNTIL("2026-12-01T00:00:00Z"), 1796083200 },
		{ FRAME KEY_UNTIL("2028-02-29T23:59:59Z"), 1835481599 },
		{ FRAME KEY_UNTIL("1970-01-01T00:00:01Z"), 1 },
		{ FRAME KEY_UNTIL(""), INT64_MAX },
		{ FRAME "key k { secret = \"" SECRET "\" allow = self }", INT64_MAX },
	};

	(void)state;
	EXPECT_REFUSALS(table);
	for (size_t i = 0; i < COUNT(good); i++) {
		struct reading reading;

		expect_good(&reading, good[i].text);
		assert_true(key_old_until_s(find_key(reading.config, "k")) == good[i].until_s);
		reading_release(&reading);
	}
}

static void
no_error_shows_a_secret(void **state)
{
	static const char *const texts[] = {
		"key k { secret \"hush-hush\" }",
		"key k { secret = hush-hush== }",
		"key k { secret = abcd hush/hush = 1 }",
		"key k { secret = abcd HUSH = 1 }",
		"key k { secret = {\"hush-hush\"} }",
		"key k { secret = \"hush-hush\" }",
		"key k { secret = \"hush-hush }",
		"key \"k\" \"hush-hush\" { }",
		"key k { secret = \"c2VjcmV0c2VjcmV0c2VjcmV0\" secret = \"hush-hush\" }",
		"key k { secret = \"c2VjcmV0c2VjcmV0c2VjcmV0\" secret-old = \"aHVzaA==\" }",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct reading reading;
		char text[512];

		(void)snprintf(text, sizeof(text), FRAME "%s", texts[i]);
		reading_of_text(&reading, text);
		assert_int_equal(reading.status, STATUS_MALFORMED);
		assert_null(strcasestr(reading.errors.data, "hush"));
		assert_null(strstr(reading.errors.data, "aHVzaA"));
		assert_null(strstr(reading.errors.data, "c2VjcmV0"));
		reading_release(&reading);
	}
}

static void
weak_algorithms_need_an_explicit_yes(void **state)
{
	static const struct refusal table[] = {
		{ "key k { secret = \"" SECRET "\" allow = self\nalgorithm = hmac-md5 }",
		    "4: algorithm: hmac-md5 is weak; allowed: hmac-sha224 and up, or allow-weak = true "
		    "beside it where a client knows nothing better" },
		{ "key k { secret = \"" SECRET "\" allow = self algorithm = \"HMAC-SHA1\" }",
		    "3: algorithm: hmac-sha1 is weak; allowed: hmac-sha224 and up, or allow-weak = true "
		    "beside it where a client knows nothing better" },
		{ "key k { secret = \"" SECRET "\" allow = self algorithm = sha256 }",
		    "3: algorithm: \"sha256\" is unknown; allowed: hmac-md5, hmac-sha1, hmac-sha224, "
		    "hmac-sha256, hmac-sha384, hmac-sha512" },
		{ "key k { secret = \"" SECRET "\" allow = self allow-weak = maybe }",
		    "3: allow-weak: \"maybe\" is neither true nor false; allowed: true, false, yes, no, on, off" },
	};
	static const char *const names[] = { "hmac-md5", "hmac-sha1", "hmac-sha224", "hmac-sha256",
		"hmac-sha384", "hmac-sha512" };

	(void)state;
	EXPECT_REFUSALS(table);
	for (size_t i = 0; i < COUNT(names); i++) {
		struct reading reading;
		char text[256];

		(void)snprintf(text, sizeof(text),
		    FRAME "key k { secret = \"" SECRET "\" algorithm = %s allow-weak = %s }",
		    names[i], i < 2 ? "true" : "false");
		expect_good(&reading, text);
		assert_string_equal(tsig_algorithm_to_text(
					key_algorithm(find_key(reading.config, "k"))),
		    names[i]);
		reading_release(&reading);
	}
}

static void
a_key_has_a_name(void **state)
{
	static const struct refusal table[] = {
		{ "key \"\" { secret = \"" SECRET "\" allow = self }",
		    "3: key \"\": not a name; allowed: letters, digits, - _ and / between dots, at most "
		    "63 in a label and 253 in all" },
		{ "key \"my laptop\" { secret = \"" SECRET "\" allow = self }",
		    "3: key \"my laptop\": not a name; allowed: letters, digits, - _ and / between dots, "
		    "at most 63 in a label and 253 in all" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
networks_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "network \"192.168.1.1/24\" { allow = \"*.home.arpa\" }",
		    "3: network \"192.168.1.1/24\": not a network; allowed: ADDRESS/BITS with no bit set "
		    "behind them, as 192.168.1.0/24 or fd00::/8, or one address" },
		{ "key k { secret = \"" SECRET
		  "\" allow = self\nfrom = {\"10.0.0.0/33\", ::1, lan} }",
		    "4: from: \"10.0.0.0/33\" is not a network; allowed: ADDRESS/BITS with no bit set "
		    "behind them, as 192.168.1.0/24 or fd00::/8, or one address\n"
		    "t.conf:4: from: \"lan\" is not a network; allowed: ADDRESS/BITS with no bit set "
		    "behind them, as 192.168.1.0/24 or fd00::/8, or one address" },
		{ "network \"10.0.0.0/8\" { allow = {\"self A\"} }",
		    "3: allow: \"self A\": self is a key's own name, and a network has none; allowed: "
		    "NAME, *.NAME, zone NAME" },
		{ "network \"10.0.0.0/8\" { allow = {\"*.self\"} udp = 1 }",
		    "3: allow: \"*.self\": self is a key's own name, and a network has none; allowed: "
		    "NAME, *.NAME, zone NAME\n"
		    "t.conf:3: udp: \"1\" is neither true nor false; allowed: true, false, yes, no, on, off" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

/* --- warnings --- */

static void
a_configuration_in_which_nobody_can_update_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(FRAME,
	    "t.conf: no key, no network and no control socket: nobody can update; add control { }, or a file to the "
	    "keys-directory\n");
	expect_warnings(FRAME "network ::1 { allow = \"zone home.arpa\" }", "");
	expect_warnings(FRAME "key k { secret = \"" SECRET "\" allow = self }", "");
}

static void
a_grant_that_allows_nothing_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(FRAME "key k { secret = \"" SECRET "\" }",
	    "t.conf:3: key \"k\" allows nothing: allow is empty\n");
	expect_warnings(FRAME "network ::1 {\nallow = {} }",
	    "t.conf:4: network \"::1\" allows nothing: allow is empty\n");
	expect_warnings(FRAME "key k { secret = \"" SECRET "\"\n"
			      "allow = {\"nas.lan A\", \"arpa\", \"*.lan\", \"zone lan\"} }",
	    "t.conf:4: allow: \"nas.lan A\" lies in none of the zones, so it allows nothing\n"
	    "t.conf:4: allow: \"arpa\" lies in none of the zones, so it allows nothing\n"
	    "t.conf:4: allow: \"*.lan\" lies in none of the zones, so it allows nothing\n"
	    "t.conf:4: allow: \"zone lan\" lies in none of the zones, so it allows nothing\n");
	expect_warnings(FRAME "key k { secret = \"" SECRET "\" allow = {\"*.arpa\", \"zone arpa\", "
			      "\"home.arpa\", \"*.lab.home.arpa\"} }",
	    "");
}

/* --- changes --- */

static void
the_same_settings_are_no_change(void **state)
{
	(void)state;
	expect_changes(FRAME, FRAME, "");
	expect_changes(FRAME, "listen dns { port = 2136 } # moved\nzone 'home.arpa' {lease = 7d}",
	    "");
}

static void
every_changed_setting_is_named_with_both_values(void **state)
{
	(void)state;
	expect_changes(FRAME "limits { names = 1 }",
	    "zone \"home.arpa\" { lease = 1d }\nlisten \"dns\" { addresses = {::} port = 53 }\n"
	    "publish { mode = none short-names = false } keys-directory = \"\"\n"
	    "limits { names = 2 }",
	    "keys-directory is now \"\" (was \"/etc/ddnsd/keys.d\")\n"
	    "limits: names is now 2 (was 1)\n"
	    "listen dns: addresses is now {\"::\"} (was {\"127.0.0.1\", \"::1\"})\n"
	    "listen dns: port is now 53 (was 2136)\n"
	    "publish: mode is now \"none\" (was \"signal\")\n"
	    "publish: short-names is now false (was true)\n"
	    "zone home.arpa: lease is now \"1d\" (was \"7d\")\n");
}

static void
blocks_that_come_and_go_are_named(void **state)
{
	(void)state;
	expect_changes(FRAME "zone lan { }\nkey a { secret = \"" SECRET "\" }",
	    FRAME "network ::1 { }\nkey b { secret = \"" SECRET "\" }",
	    "key a: removed\nkey b: added\nnetwork ::1: added\nzone lan: removed\n");
}

static void
settings_that_need_a_new_start_are_marked(void **state)
{
	(void)state;
	expect_changes(FRAME, FRAME "user = a group = b log = syslog database = /c",
	    "user is now \"a\" (was \"\"); takes effect at the next start\n"
	    "group is now \"b\" (was \"\"); takes effect at the next start\n"
	    "log is now \"syslog\" (was \"stderr\"); takes effect at the next start\n"
	    "database is now \"/c\" (was \"/var/lib/ddnsd/ddnsd.db\"); takes effect at the next "
	    "start\n");
}

static void
a_changed_secret_is_named_and_not_shown(void **state)
{
	(void)state;
	expect_changes(FRAME "key a { secret = \"" SECRET "\" }",
	    FRAME "key a { secret = \"MTIzNDU2Nzg5MDEyMzQ1Ng==\" secret-old = \"" SECRET "\"\n"
		  "allow = {\"self A\", \"*.self\"} }",
	    "key a: secret changed\nkey a: secret-old changed\n"
	    "key a: allow is now {\"self A\", \"*.self\"} (was {})\n");
}

static void
a_very_long_value_is_cut_in_the_description(void **state)
{
	char after[2048];
	char changes[1024];

	(void)state;
	stretch(after, sizeof(after), FRAME "keys-directory = /", 'k', 1000, "");
	stretch(changes, sizeof(changes), "keys-directory is now \"/", 'k', 298,
	    " (was \"/etc/ddnsd/keys.d\")\n");
	expect_changes(FRAME, after, changes);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_option_that_is_not_given_has_its_default),
		cmocka_unit_test(an_option_that_is_given_has_that_value),
		cmocka_unit_test(an_empty_confirm_asks_nobody),
		cmocka_unit_test(values_may_stand_without_quotes_in_single_ones_and_on_any_line),
		cmocka_unit_test(a_list_is_replaced_by_an_equals_sign_and_extended_by_plus_equals),
		cmocka_unit_test(a_key_becomes_a_principal),
		cmocka_unit_test(a_network_becomes_a_principal_that_may_add_only_its_own_address),
		cmocka_unit_test(broken_form_is_told_with_its_line),
		cmocka_unit_test(what_other_programs_write_is_told_with_our_own_form),
		cmocka_unit_test(comments_do_not_shift_the_line),
		cmocka_unit_test(the_environment_replaces_nothing),
		cmocka_unit_test(an_unknown_name_is_told_with_those_that_are_known),
		cmocka_unit_test(what_is_given_twice_is_told_with_both_places),
		cmocka_unit_test(the_wrong_kind_of_name_or_value_is_told_with_the_right_one),
		cmocka_unit_test(all_errors_of_a_file_are_told_at_once),
		cmocka_unit_test(a_text_that_is_too_much_is_refused),
		cmocka_unit_test(a_good_text_is_read_after_a_bad_one),
		cmocka_unit_test(a_full_buffer_of_errors_holds_whole_lines),
		cmocka_unit_test(a_zone_and_a_listen_block_are_needed),
		cmocka_unit_test(a_path_is_absolute),
		cmocka_unit_test(a_path_or_name_that_the_system_cannot_hold_is_refused),
		cmocka_unit_test(a_zone_is_a_name_and_not_under_local),
		cmocka_unit_test(zones_do_not_overlap),
		cmocka_unit_test(leases_are_in_order),
		cmocka_unit_test(the_names_of_a_zone_are_names),
		cmocka_unit_test(addresses_and_ports_are_checked),
		cmocka_unit_test(at_most_sixteen_addresses_are_listened_to),
		cmocka_unit_test(a_mode_of_publishing_has_what_it_needs),
		cmocka_unit_test(an_unknown_mode_is_the_one_thing_told_of_what_depends_on_it),
		cmocka_unit_test(a_group_needs_a_user),
		cmocka_unit_test(limits_are_numbers_within_bounds),
		cmocka_unit_test(a_secret_is_base64_of_128_bits_and_more),
		cmocka_unit_test(an_old_secret_may_end_at_a_time_that_there_is),
		cmocka_unit_test(no_error_shows_a_secret),
		cmocka_unit_test(weak_algorithms_need_an_explicit_yes),
		cmocka_unit_test(a_key_has_a_name),
		cmocka_unit_test(networks_are_checked),
		cmocka_unit_test(a_configuration_in_which_nobody_can_update_is_warned_of),
		cmocka_unit_test(a_grant_that_allows_nothing_is_warned_of),
		cmocka_unit_test(the_same_settings_are_no_change),
		cmocka_unit_test(every_changed_setting_is_named_with_both_values),
		cmocka_unit_test(blocks_that_come_and_go_are_named),
		cmocka_unit_test(settings_that_need_a_new_start_are_marked),
		cmocka_unit_test(a_changed_secret_is_named_and_not_shown),
		cmocka_unit_test(a_very_long_value_is_cut_in_the_description),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
