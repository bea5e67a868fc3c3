/* SPDX-License-Identifier: GPL-3.0-or-later */
/* config: the block listen "http", keys for it, and each thing that may be wrong with them. */
#include "config_reading.h"

#include "wire/name.h"

#define WEB(text) FRAME "listen \"http\" {\n" text " }\n"

#define HELD_BACK                                                                                   \
	"t.conf:4: addresses: HTTP is served on loopback only, as keys would cross the network in " \
	"the clear; set tls-cert and tls-key (\"ddnsctl tls self-signed\" makes both), or plain = " \
	"true where nobody listens in\n"

#define NOBODY                                                                                      \
	"t.conf: no key, no network and no control socket: nobody can update; add control { }, or " \
	"a file to the keys-directory\n"

#define NETWORK_HELP                                                                                \
	"allowed: ADDRESS/BITS with no bit set behind them, as 192.168.1.0/24 or fd00::/8, or one " \
	"address"

#define NAME_HELP \
	"allowed: letters, digits, - _ and / between dots, at most 63 in a label and 253 in all"

/* Where the door listens, a blank behind each. */
static const char *
listens(const struct web_options *web)
{
	static char text[(ENDPOINT_TEXT_MAX + 1) * WEB_LISTEN_MAX];
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < web->listen_count; i++) {
		char endpoint[ENDPOINT_TEXT_MAX];

		length += (size_t)snprintf(text + length, sizeof(text) - length, "%s ",
		    endpoint_to_text(&web->listen[i], endpoint));
	}
	return text;
}

static const char *
network_text(const struct network *network)
{
	static char text[NETWORK_TEXT_MAX];

	return network_to_text(network, text);
}

/* Options of the block, in its second line, and where the door listens then. */
static void
expect_listening(const char *options, bool is_held_back, const char *endpoints)
{
	struct reading reading;
	char text[1024];
	const struct web_options *web;

	(void)snprintf(text, sizeof(text), WEB("%s"), options);
	web = &expect_good(&reading, text)->web;
	assert_string_equal(listens(web), endpoints);
	assert_int_equal(web->is_held_back, is_held_back);
	assert_string_equal(reading.warnings.data, is_held_back ? HELD_BACK NOBODY : NOBODY);
	reading_release(&reading);
}

/* --- what is read --- */

static void
without_the_block_there_is_no_such_door(void **state)
{
	struct reading reading;
	const struct web_options *web = &expect_good(&reading, FRAME)->web;

	(void)state;
	assert_int_equal(web->listen_count, 0);
	assert_int_equal(web->connections_max, 64);
	reading_release(&reading);
}

static void
an_empty_block_serves_this_machine(void **state)
{
	struct reading reading;
	const struct web_options *web = &expect_good(&reading, WEB(""))->web;

	(void)state;
	assert_string_equal(listens(web), "127.0.0.1:8053 [::1]:8053 ");
	assert_false(web->is_held_back);
	assert_string_equal(web->certificate, "");
	assert_string_equal(web->key, "");
	assert_int_equal(web->redirect_port, 0);
	assert_int_equal(web->look_count, 0);
	assert_int_equal(web->metrics_count, 2);
	assert_string_equal(network_text(&web->metrics[0]), "127.0.0.1/32");
	assert_string_equal(network_text(&web->metrics[1]), "::1/128");
	assert_int_equal(web->proxy_count, 0);
	assert_int_equal(web->host_count, 0);
	assert_false(web->secrets_in_urls);
	assert_true(web->has_dyndns_lease);
	assert_int_equal(web->dyndns_lease_s, 45 * 24 * 3600);
	/* The DNS door keeps its own port. */
	assert_int_equal(reading.config->dns.listen[0].port, 2136);
	reading_release(&reading);
}

static void
each_option_has_the_value_that_is_given(void **state)
{
	struct reading reading;
	const struct web_options *web = &expect_good(&reading,
	    "listen \"http\" { addresses = {\"192.0.2.1\", \"::\"} port = 443 redirect-port = 80\n"
	    "  tls-cert = \"/c.pem\" tls-key = \"/k.pem\" look = {\"192.0.2.0/24\"}\n"
	    "  metrics = {\"2001:db8::/32\", \"192.0.2.9\"} proxies = {\"127.0.0.2\"}\n"
	    "  hosts = {\"Pi.Example.\", \"www.example\"} secrets-in-urls = true\n"
	    "  dyndns-lease = \"2h\" }\n"
	    "zone \"home.arpa\" { } listen \"dns\" { }")
					     ->web;
	char text[NAME_TEXT_MAX];

	(void)state;
	assert_string_equal(listens(web), "192.0.2.1:443 [::]:443 ");
	assert_false(web->is_held_back);
	assert_string_equal(web->certificate, "/c.pem");
	assert_string_equal(web->key, "/k.pem");
	assert_int_equal(web->redirect_port, 80);
	assert_int_equal(web->look_count, 1);
	assert_string_equal(network_text(&web->look[0]), "192.0.2.0/24");
	assert_int_equal(web->metrics_count, 2);
	assert_string_equal(network_text(&web->metrics[0]), "2001:db8::/32");
	assert_string_equal(network_text(&web->metrics[1]), "192.0.2.9/32");
	assert_int_equal(web->proxy_count, 1);
	assert_string_equal(network_text(&web->proxies[0]), "127.0.0.2/32");
	assert_int_equal(web->host_count, 2);
	assert_string_equal(name_to_text(web->hosts[0].wire, text), "pi.example");
	assert_string_equal(name_to_text(web->hosts[1].wire, text), "www.example");
	assert_true(web->secrets_in_urls);
	assert_int_equal(web->dyndns_lease_s, 7200);
	assert_string_equal(reading.warnings.data, NOBODY);
	reading_release(&reading);
}

static void
a_lease_of_dyndns_may_be_for_ever_or_the_zones(void **state)
{
	struct reading reading;
	const struct web_options *web = &expect_good(&reading, WEB("dyndns-lease = forever"))->web;

	(void)state;
	assert_true(web->has_dyndns_lease);
	assert_int_equal(web->dyndns_lease_s, 0);
	reading_release(&reading);
	web = &expect_good(&reading, WEB("dyndns-lease = zone"))->web;
	assert_false(web->has_dyndns_lease);
	reading_release(&reading);
	web = &expect_good(&reading, WEB("dyndns-lease = 1m"))->web;
	assert_int_equal(web->dyndns_lease_s, 60);
	reading_release(&reading);
	web = &expect_good(&reading, WEB("dyndns-lease = 3650d"))->web;
	assert_int_equal(web->dyndns_lease_s, 315360000);
	reading_release(&reading);
}

/* --- beyond loopback --- */

static void
without_a_certificate_only_this_machine_is_served(void **state)
{
	(void)state;
	expect_listening("addresses = {\"0.0.0.0\", \"::\"}", true, "127.0.0.1:8053 [::1]:8053 ");
	expect_listening("addresses = {\"0.0.0.0\"} port = 80", true, "127.0.0.1:80 ");
	expect_listening("addresses = {\"192.0.2.1\", \"192.0.2.2\"}", true, "127.0.0.1:8053 ");
	expect_listening("addresses = {\"2001:db8::1\"}", true, "[::1]:8053 ");
	expect_listening("addresses = {\"127.0.0.1\", \"192.0.2.1\"}", true, "127.0.0.1:8053 ");
	expect_listening("addresses = {\"192.0.2.1\", \"127.0.0.1\"}", true, "127.0.0.1:8053 ");
	expect_listening("addresses = {\"::ffff:127.0.0.1\"}", true, "[::1]:8053 ");
}

static void
loopback_needs_no_certificate(void **state)
{
	(void)state;
	expect_listening("addresses = {\"127.0.0.1\", \"127.255.0.9\", \"::1\"}", false,
	    "127.0.0.1:8053 127.255.0.9:8053 [::1]:8053 ");
}

static void
plain_or_a_certificate_lets_others_in(void **state)
{
	(void)state;
	expect_listening("addresses = {\"0.0.0.0\"} plain = true", false, "0.0.0.0:8053 ");
	expect_listening("addresses = {\"0.0.0.0\"} tls-cert = /c tls-key = /k", false,
	    "0.0.0.0:8053 ");
}

/* --- what is wrong --- */

static void
a_certificate_and_its_key_go_together(void **state)
{
	static const struct refusal table[] = {
		{ "listen http {\ntls-cert = /c }",
		    "4: tls-cert: there is no tls-key for it; set both, or none" },
		{ "listen http {\ntls-key = /k }",
		    "4: tls-key: there is no tls-cert that it is for; set both, or none" },
		{ "listen http {\ntls-cert = c\ntls-key = k }",
		    "4: tls-cert: \"c\" is not an absolute path; allowed: a path that begins with "
		    "/, or \"\"\n"
		    "t.conf:5: tls-key: \"k\" is not an absolute path; allowed: a path that begins "
		    "with /, or \"\"" },
		{ "listen http {\nredirect-port = 80 }",
		    "4: redirect-port: there is no TLS that it could lead to; set tls-cert and "
		    "tls-key, or 0" },
		{ "listen http {\nplain = maybe }",
		    "4: plain: \"maybe\" is neither true nor false; allowed: true, false, yes, no, "
		    "on, off" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
each_port_is_one_doors_alone(void **state)
{
	static const struct refusal table[] = {
		{ "listen http {\ntls-cert = /c tls-key = /k\nredirect-port = 8053 }",
		    "5: redirect-port: 8053 is the port that it leads to; choose another, or 0" },
		{ "listen http {\nport = 2136 }",
		    "4: port: 2136 is the port of listen \"dns\" on 127.0.0.1:2136 already, whose TCP "
		    "is the same; choose another" },
		{ "listen http {\nport = 2136 plain = true addresses = {\"::\"} }",
		    "4: port: 2136 is the port of listen \"dns\" on [::1]:2136 already, whose TCP is "
		    "the same; choose another" },
		{ "listen http {\ntls-cert = /c tls-key = /k port = 443 redirect-port = 2136 }",
		    "4: redirect-port: 2136 is the port of listen \"dns\" on 127.0.0.1:2136 already, "
		    "whose TCP is the same; choose another" },
		{ "listen http {\nport = 0 }", "4: port: 0 is not allowed; allowed: 1 to 65535" },
		{ "listen http {\nredirect-port = 65536 }",
		    "4: redirect-port: 65536 is not allowed; allowed: 0 to 65535" },
	};
	struct reading reading;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_errors("listen http {\nport = 53 }\nzone lan { }\n"
		      "listen dns { port = 53 addresses = {\"0.0.0.0\"} }",
	    "t.conf:2: port: 53 is the port of listen \"dns\" on 0.0.0.0:53 already, whose TCP is the "
	    "same; choose another\n");
	(void)expect_good(&reading,
	    FRAME "listen http { port = 2136 addresses = {\"127.0.0.2\"} }");
	reading_release(&reading);
}

static void
the_two_doors_have_options_of_their_own(void **state)
{
	(void)state;
#define OTHERS "belongs to listen \"http\"; listen \"dns\" has addresses and port\n"
	expect_errors("zone lan { }\nlisten dns {\nport = 53\ntls-cert = /c\ntls-key = /k\n"
		      "plain = false\nredirect-port = 0\nlook = {}\nmetrics = {}\nproxies = {}\n"
		      "hosts = {}\nsecrets-in-urls = false\ndyndns-lease = zone }",
	    "t.conf:4: tls-cert: " OTHERS "t.conf:5: tls-key: " OTHERS "t.conf:6: plain: " OTHERS
	    "t.conf:7: redirect-port: " OTHERS "t.conf:8: look: " OTHERS
	    "t.conf:9: metrics: " OTHERS "t.conf:10: proxies: " OTHERS "t.conf:11: hosts: " OTHERS
	    "t.conf:12: secrets-in-urls: " OTHERS "t.conf:13: dyndns-lease: " OTHERS);
	expect_errors(WEB("") "listen \"http\" { }",
	    "t.conf:5: listen \"http\" is given twice; join the blocks\n");
	expect_errors("zone lan { }\nlisten http { }",
	    "t.conf: no listen \"dns\" block; one is needed, as: listen \"dns\" { }\n");
}

static void
networks_and_hosts_are_checked(void **state)
{
	static const struct refusal table[] = {
		{ "listen http {\nlook = {\"192.0.2.1/24\"} }",
		    "4: look: \"192.0.2.1/24\" is not a network; " NETWORK_HELP },
		{ "listen http {\nmetrics = {\"::1\", \"lan\"} }",
		    "4: metrics: \"lan\" is not a network; " NETWORK_HELP },
		{ "listen http {\nproxies = {\"proxy.lan\"} }",
		    "4: proxies: \"proxy.lan\" is not a network; " NETWORK_HELP },
		{ "listen http {\nhosts = {\"pi.example:8053\", \"ok.example\", \"*.lan\"} }",
		    "4: hosts: \"pi.example:8053\" is not a name, without a port; " NAME_HELP
		    "\nt.conf:4: hosts: \"*.lan\" is not a name, without a port; " NAME_HELP },
		{ "listen http {\naddresses = {} }",
		    "4: addresses: empty; allowed: one address or more, as {\"0.0.0.0\", \"::\"} for "
		    "all" },
		{ "listen http {\naddresses = {\"::1\", \"::1\"} }",
		    "4: addresses: \"::1\" is given twice; keep one" },
		{ "listen http {\nsecrets-in-urls = 2 }",
		    "4: secrets-in-urls: \"2\" is neither true nor false; allowed: true, false, yes, "
		    "no, on, off" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

/* OPTION = {count of them} in the block; each item is the format with a number from 1. */
static void
make_list(char *text, size_t size, const char *option, const char *format, unsigned count)
{
	size_t length = (size_t)snprintf(text, size, FRAME "listen http {\n%s = {", option);

	for (unsigned i = 1; i <= count; i++) {
		length += (size_t)snprintf(text + length, size - length, "%s", i > 1 ? ", " : "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		length += (size_t)snprintf(text + length, size - length, format, i);
#pragma GCC diagnostic pop
	}
	assert_true(length + 4 < size);
	(void)snprintf(text + length, size - length, "} }");
}

static void
lists_have_a_greatest_length(void **state)
{
	static const struct {
		const char *option;
		const char *format;
		unsigned most;
	} lists[] = {
		{ "addresses", "127.0.0.%u", 8 },
		{ "look", "10.0.0.%u", 32 },
		{ "metrics", "10.0.0.%u", 32 },
		{ "proxies", "10.0.0.%u", 32 },
		{ "hosts", "h%u.lan", 16 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		struct reading reading;
		char text[2048];
		char errors[128];

		make_list(text, sizeof(text), lists[i].option, lists[i].format, lists[i].most);
		(void)expect_good(&reading, text);
		reading_release(&reading);
		make_list(text, sizeof(text), lists[i].option, lists[i].format, lists[i].most + 1);
		(void)snprintf(errors, sizeof(errors), "t.conf:4: %s: more than %u\n",
		    lists[i].option, lists[i].most);
		expect_errors(text, errors);
	}
}

static void
a_lease_of_dyndns_is_a_time_within_bounds(void **state)
{
#define NOT_A_LEASE(text)                                                                          \
	"4: dyndns-lease: \"" text "\" is not a time that is allowed here; allowed: 1m to 3650d, " \
	"as a number and s, m, h, d or w, or \"forever\", or \"zone\" for what the zone says"
	static const struct refusal table[] = {
		{ "listen http {\ndyndns-lease = 59s }", NOT_A_LEASE("59s") },
		{ "listen http {\ndyndns-lease = 3651d }", NOT_A_LEASE("3651d") },
		{ "listen http {\ndyndns-lease = \"\" }", NOT_A_LEASE("") },
		{ "listen http {\ndyndns-lease = zones }", NOT_A_LEASE("zones") },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
one_folder_is_not_for_both_kinds_of_keys(void **state)
{
	struct reading reading;

	(void)state;
	expect_errors(FRAME "keys-directory = /k\nmade-keys-directory = \"/k/\"",
	    "t.conf:4: made-keys-directory: is the keys-directory too, where the keys are that ddnsd "
	    "does not change; choose another, as /var/lib/ddnsd/keys.d\n");
	(void)expect_good(&reading, FRAME "keys-directory = \"\"\nmade-keys-directory = \"\"");
	reading_release(&reading);
}

/* --- warnings --- */

static void
secrets_that_others_can_read_are_warned_of(void **state)
{
#define IN_THE_CLEAR                                                                                \
	"t.conf:5: secrets-in-urls: without TLS these secrets can be read on the network too; set " \
	"tls-cert and tls-key\n"
	(void)state;
	expect_warnings(WEB("addresses = {\"::\"} plain = true\nsecrets-in-urls = true"),
	    IN_THE_CLEAR NOBODY);
	expect_warnings(WEB("secrets-in-urls = true"), NOBODY);
	expect_warnings(WEB("addresses = {\"::\"}\nsecrets-in-urls = true"), HELD_BACK NOBODY);
	expect_warnings(
	    WEB("addresses = {\"::\"} tls-cert = /c tls-key = /k\nsecrets-in-urls = on"), NOBODY);
}

static void
plain_beside_a_certificate_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(WEB("tls-cert = /c tls-key = /k\nplain = true"),
	    "t.conf:5: plain: has no meaning beside tls-cert: all is served over TLS\n" NOBODY);
}

static void
trust_in_everybody_is_warned_of(void **state)
{
	(void)state;
	expect_warnings(WEB("look = {\"10.0.0.0/8\", \"0.0.0.0/0\", \"::/0\"}"),
	    "t.conf:4: look: \"0.0.0.0/0\" is everybody: all names and addresses can be read without "
	    "a key; name the networks that you trust\n"
	    "t.conf:4: look: \"::/0\" is everybody: all names and addresses can be read without a "
	    "key; name the networks that you trust\n" NOBODY);
	expect_warnings(WEB("proxies = {\"::/0\"}"),
	    "t.conf:4: proxies: \"::/0\" is everybody: whoever connects may claim any address as its "
	    "own; name the proxies alone\n" NOBODY);
}

/* --- keys --- */

static const struct principal *
principal_of(const struct config *config, const char *text)
{
	struct name name;
	struct key *key;

	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	key = keyring_find(config->keyring, name.wire);
	assert_non_null(key);
	return key_principal(key);
}

#define KEY(name, options) "key \"" name "\" { secret = \"" SECRET "\"\n" options " }\n"

static void
look_is_a_word_and_no_name(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    FRAME KEY("a", "allow = {\"look\"}") KEY("b", "allow = {\"self A\", \"Look\"}") KEY("c",
		"allow = {\"look.home.arpa\"}") "peer p { user = root allow = {look} }\ncontrol { }");

	(void)state;
	assert_string_equal(reading.warnings.data, "");
	assert_true(principal_of(config, "a")->may_look);
	assert_int_equal(principal_of(config, "a")->grant_count, 0);
	assert_true(principal_of(config, "b")->may_look);
	assert_int_equal(principal_of(config, "b")->grant_count, 1);
	assert_false(principal_of(config, "c")->may_look);
	assert_int_equal(principal_of(config, "c")->grant_count, 1);
	assert_true(config->peers[0].principal.may_look);
	assert_false(config->peers[0].principal.may_tell_leases);
	reading_release(&reading);
}

static void
look_stands_alone_and_in_no_network(void **state)
{
	static const struct refusal table[] = {
		{ "network ::1 {\nallow = {\"look\"} }",
		    "4: allow: \"look\": a network may not look; allowed: look in a key, or the "
		    "network in look of listen \"http\"" },
		{ KEY("k", "allow = {\"look A\"}"),
		    "4: allow: \"look A\": look has no types; allowed: look" },
	};

	(void)state;
	EXPECT_REFUSALS(table);
}

static void
expect_interface_id(const struct principal *principal, size_t place, const char *host,
    const char *address)
{
	const struct interface_id *id = &principal->interface_ids[place];
	char text[NAME_TEXT_MAX];
	struct address wanted;

	assert_true(place < principal->interface_id_count);
	assert_string_equal(name_to_text(id->host.wire, text), host);
	assert_int_equal(address_from_text(address, &wanted), STATUS_OK);
	assert_memory_equal(id->octets, wanted.bytes + 8, sizeof(id->octets));
}

static void
a_key_knows_the_interface_ids_of_its_hosts(void **state)
{
	struct reading reading;
	const struct config *config = expect_good(&reading,
	    "zone 8.b.d.0.1.0.0.2.ip6.arpa { } zone home.arpa { } zone lan { } listen dns { }\n" KEY(
		"router",
		"allow = {\"zone lan\"}\n"
		"interface-ids = {\"NAS.home.arpa ::211:32ff:fe12:3456\", \"self  ::1\"}")
		KEY("pi.lan", "allow = {self} interface-ids = {\"SELF ::8000:0:0:0\"}"));
	const struct principal *router = principal_of(config, "router");

	(void)state;
	assert_string_equal(reading.warnings.data, "");
	assert_int_equal(router->interface_id_count, 2);
	expect_interface_id(router, 0, "nas.home.arpa", "::211:32ff:fe12:3456");
	expect_interface_id(router, 1, "router.home.arpa", "::1");
	expect_interface_id(principal_of(config, "pi.lan"), 0, "pi.lan", "::8000:0:0:0");
	reading_release(&reading);
}

static void
interface_ids_are_checked(void **state)
{
#define NOT_AN_ID(text)                                                                            \
	"4: interface-ids: \"" text "\" is not a host's interface identifier; allowed: self or a " \
	"full name, a blank, and the last 64 bits of its IPv6 addresses, as \"nas.home.arpa "      \
	"::211:32ff:fe12:3456\""
#define KEY_ID(text) KEY("k", "interface-ids = {\"" text "\"} allow = {self}")
	static const struct refusal table[] = {
		{ KEY_ID("self"), NOT_AN_ID("self") },
		{ KEY_ID("self ::"), NOT_AN_ID("self ::") },
		{ KEY_ID("self fe80::1"), NOT_AN_ID("self fe80::1") },
		{ KEY_ID("self 0:0:0:1::1"), NOT_AN_ID("self 0:0:0:1::1") },
		{ KEY_ID("self 192.0.2.1"), NOT_AN_ID("self 192.0.2.1") },
		{ KEY_ID("self ::1/64"), NOT_AN_ID("self ::1/64") },
		{ KEY_ID("::1"), NOT_AN_ID("::1") },
		{ KEY_ID("*.lan ::1"), NOT_AN_ID("*.lan ::1") },
		{ KEY_ID(""), NOT_AN_ID("") },
	};
	char text[2048];
	size_t length;

	(void)state;
	EXPECT_REFUSALS(table);
	expect_errors("zone 8.b.d.0.1.0.0.2.ip6.arpa { }\nlisten dns { }\n" KEY_ID("self ::1"),
	    "t.conf:" NOT_AN_ID("self ::1") "\n");
	expect_warnings(FRAME KEY_ID("nas.lan ::1"),
	    "t.conf:4: interface-ids: \"nas.lan ::1\" lies in none of the zones, so it does "
	    "nothing\n");
	length = (size_t)snprintf(text, sizeof(text),
	    FRAME "key k { secret = \"" SECRET "\"\n"
		  "allow = {self} interface-ids = {");
	for (unsigned i = 0; i < 65; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "\"self ::1\",");
	(void)snprintf(text + length, sizeof(text) - length, "\"self ::1\"} }");
	expect_errors(text, "t.conf:4: interface-ids: more than 64\n");
}

/* --- changes --- */

static void
a_change_of_each_option_is_told(void **state)
{
	(void)state;
	expect_changes(FRAME "listen http { } key k { secret = \"" SECRET "\" }",
	    FRAME
	    "made-keys-directory = /m\nlimits { http-connections = 9\n"
	    "http-connections-per-address = 8 http-idle = 7s }\n"
	    "listen http { addresses = {\"127.0.0.1\"} port = 443 tls-cert = /c tls-key = /k\n"
	    "plain = true redirect-port = 80 look = {\"10.0.0.0/8\"} metrics = {}\n"
	    "proxies = {\"127.0.0.1\"} hosts = {\"a.b\"} secrets-in-urls = true\n"
	    "dyndns-lease = zone }\n"
	    "key k { secret = \"" SECRET "\" interface-ids = {\"self ::1\"} }",
	    "made-keys-directory is now \"/m\" (was \"/var/lib/ddnsd/keys.d\")\n"
	    "key k: interface-ids is now {\"self ::1\"} (was {})\n"
	    "limits: http-connections is now 9 (was 64)\n"
	    "limits: http-connections-per-address is now 8 (was 16)\n"
	    "limits: http-idle is now \"7s\" (was \"10s\")\n"
	    "listen http: addresses is now {\"127.0.0.1\"} (was {\"127.0.0.1\", \"::1\"})\n"
	    "listen http: port is now 443 (was 8053)\n"
	    "listen http: tls-cert is now \"/c\" (was \"\")\n"
	    "listen http: tls-key is now \"/k\" (was \"\")\n"
	    "listen http: plain is now true (was false)\n"
	    "listen http: redirect-port is now 80 (was 0)\n"
	    "listen http: look is now {\"10.0.0.0/8\"} (was {})\n"
	    "listen http: metrics is now {} (was {\"127.0.0.1\", \"::1\"})\n"
	    "listen http: proxies is now {\"127.0.0.1\"} (was {})\n"
	    "listen http: hosts is now {\"a.b\"} (was {})\n"
	    "listen http: secrets-in-urls is now true (was false)\n"
	    "listen http: dyndns-lease is now \"zone\" (was \"45d\")\n");
	expect_changes(FRAME, FRAME "listen http { }", "listen http: added\n");
	expect_changes(FRAME "listen http { }", FRAME "listen http { port = 8053 }", "");
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_block_there_is_no_such_door),
		cmocka_unit_test(an_empty_block_serves_this_machine),
		cmocka_unit_test(each_option_has_the_value_that_is_given),
		cmocka_unit_test(a_lease_of_dyndns_may_be_for_ever_or_the_zones),
		cmocka_unit_test(without_a_certificate_only_this_machine_is_served),
		cmocka_unit_test(loopback_needs_no_certificate),
		cmocka_unit_test(plain_or_a_certificate_lets_others_in),
		cmocka_unit_test(a_certificate_and_its_key_go_together),
		cmocka_unit_test(each_port_is_one_doors_alone),
		cmocka_unit_test(the_two_doors_have_options_of_their_own),
		cmocka_unit_test(networks_and_hosts_are_checked),
		cmocka_unit_test(lists_have_a_greatest_length),
		cmocka_unit_test(a_lease_of_dyndns_is_a_time_within_bounds),
		cmocka_unit_test(one_folder_is_not_for_both_kinds_of_keys),
		cmocka_unit_test(secrets_that_others_can_read_are_warned_of),
		cmocka_unit_test(plain_beside_a_certificate_is_warned_of),
		cmocka_unit_test(trust_in_everybody_is_warned_of),
		cmocka_unit_test(look_is_a_word_and_no_name),
		cmocka_unit_test(look_stands_alone_and_in_no_network),
		cmocka_unit_test(a_key_knows_the_interface_ids_of_its_hosts),
		cmocka_unit_test(interface_ids_are_checked),
		cmocka_unit_test(a_change_of_each_option_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
