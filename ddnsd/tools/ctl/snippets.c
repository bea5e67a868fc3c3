/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of the clients that speak DNS, a client each, and what is put into all of them. */
#include "tools/ctl/snippets.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "tools/ctl/snippet_table.h"
#include "wire/address.h"

const char snippet_clients[] =
    "nsupdate, agent, kea, ddclient, openwrt, certbot, external-dns; by HTTP curl, ddclient-http, inadyn, "
    "openwrt-http, fritzbox, unifi, synology, ddns-go, prometheus";

static const char default_cert[] = "/etc/ddnsd/tls/server.crt";

static const char nsupdate_text[] =
    "# On @KEY@: the secret in a file that nobody else reads ...\n"
    "umask 077\n"
    "cat >@KEY@.key <<'END'\n"
    "key \"@KEY@\" {\n"
    "\talgorithm @ALGORITHM@;\n"
    "\tsecret \"@SECRET@\";\n"
    "};\n"
    "END\n"
    "\n"
    "# ... and the address that this machine has towards the server.\n"
    "address=$(ip @ROUTE@ route get @TARGET@ | sed -n 's/.* src \\([^ ]*\\).*/\\1/p')\n"
    "nsupdate -k @KEY@.key <<END\n"
    "server @SERVER@ @PORT@\n"
    "zone @ZONE@\n"
    "update delete @NAME@ @TYPE@\n"
    "update add @NAME@ 60 @TYPE@ $address\n"
    "send\n"
    "END\n";

static const char agent_text[] =
    "# Registers the addresses of this machine as @NAME@: at boot, and every hour, which also\n"
    "# renews the lease. As root; it needs nsupdate (Debian: bind9-dnsutils) and ip (iproute2).\n"
    "# There is no agent program yet that follows the addresses as they change; a timer does.\n"
    "install -d -m 700 /etc/ddns-register\n"
    "(umask 077; cat >/etc/ddns-register/key) <<'END'\n"
    "key \"@KEY@\" {\n"
    "\talgorithm @ALGORITHM@;\n"
    "\tsecret \"@SECRET@\";\n"
    "};\n"
    "END\n"
    "cat >/usr/local/sbin/ddns-register <<'END'\n"
    "#!/bin/sh\n"
    "# Sends this machine's global addresses to @SERVER@; privacy and deprecated ones stay at home.\n"
    "set -eu\n"
    "list() {\n"
    "    ip -o \"$@\" scope global -deprecated | sed -n 's/.* inet6\\{0,1\\} \\([^ /]*\\).*/\\1/p'\n"
    "}\n"
    "{\n"
    "    echo \"server @SERVER@ @PORT@\"\n"
    "    echo \"zone @ZONE@\"\n"
    "    echo \"update delete @NAME@ A\"\n"
    "    echo \"update delete @NAME@ AAAA\"\n"
    "    list -4 addr show up | sed 's/.*/update add @NAME@ 60 A &/'\n"
    "    list -6 addr show up -temporary -tentative | sed 's/.*/update add @NAME@ 60 AAAA &/'\n"
    "    echo send\n"
    "} | nsupdate -k /etc/ddns-register/key\n"
    "END\n"
    "chmod 755 /usr/local/sbin/ddns-register\n"
    "cat >/etc/systemd/system/ddns-register.service <<'END'\n"
    "[Unit]\n"
    "Description=Register the addresses of this machine\n"
    "Wants=network-online.target\n"
    "After=network-online.target\n"
    "\n"
    "[Service]\n"
    "Type=oneshot\n"
    "ExecStart=/usr/local/sbin/ddns-register\n"
    "END\n"
    "cat >/etc/systemd/system/ddns-register.timer <<'END'\n"
    "[Unit]\n"
    "Description=Register the addresses of this machine\n"
    "\n"
    "[Timer]\n"
    "OnBootSec=10s\n"
    "OnUnitActiveSec=1h\n"
    "\n"
    "[Install]\n"
    "WantedBy=timers.target\n"
    "END\n"
    "systemctl daemon-reload\n"
    "systemctl enable --now ddns-register.timer\n"
    "# Without systemd, a line for root's crontab:  @HOURLY@ /usr/local/sbin/ddns-register\n";

static const char ddclient_text[] =
    "# /etc/ddclient-@KEY@.key, mode 600, owner root: what nsupdate signs with\n"
    "#\n"
    "#   key \"@KEY@\" { algorithm @ALGORITHM@; secret \"@SECRET@\"; };\n"
    "#\n"
    "# /etc/ddclient.conf. ddclient needs nsupdate; put the name of your interface for eth0.\n"
    "daemon=300\n"
    "use=if, if=eth0\n"
    "protocol=nsupdate\n"
    "server=@SERVER@:@PORT@\n"
    "password=/etc/ddclient-@KEY@.key\n"
    "zone=@ZONE@\n"
    "ttl=60\n"
    "@NAME@\n";

static const char openwrt_text[] =
    "# On the router, as root. Needs: opkg install ddns-scripts-nsupdate\n"
    "# ddns-scripts sends to port 53 only, so it gets an update script that names the port.\n"
    "sed 's/^\\([[:space:]]*server \\$dns_server\\)$/\\1 @PORT@/' \\\n"
    "    /usr/lib/ddns/update_nsupdate.sh >/usr/lib/ddns/update_ddnsd.sh\n"
    "uci batch <<'END'\n"
    "set ddns.@SECTION@=service\n"
    "set ddns.@SECTION@.enabled='1'\n"
    "set ddns.@SECTION@.use_ipv6='0'\n"
    "set ddns.@SECTION@.update_script='/usr/lib/ddns/update_ddnsd.sh'\n"
    "set ddns.@SECTION@.lookup_host='@NAME@'\n"
    "set ddns.@SECTION@.domain='@NAME@'\n"
    "set ddns.@SECTION@.username='@ALGORITHM@:@KEY@'\n"
    "set ddns.@SECTION@.password='@SECRET@'\n"
    "set ddns.@SECTION@.dns_server='@SERVER@'\n"
    "set ddns.@SECTION@.ip_source='network'\n"
    "set ddns.@SECTION@.ip_network='wan'\n"
    "set ddns.@SECTION@.interface='wan'\n"
    "commit ddns\n"
    "END\n"
    "/etc/init.d/ddns restart\n";

static const char certbot_text[] =
    "# /etc/letsencrypt/ddnsd.ini, mode 600; for: certbot certonly --dns-rfc2136\n"
    "#   --dns-rfc2136-credentials /etc/letsencrypt/ddnsd.ini -d @NAME@\n"
    "# The key may write the TXT record of _acme-challenge.@NAME@ and nothing else; certificates for other\n"
    "# names need a grant each, such as --allow \"_acme-challenge.www.@ZONE@ TXT\".\n"
    "# The certificate authority must be able to ask for that record: a public one cannot see @ZONE@ unless\n"
    "# the zone is delegated to you and reaches ddnsd; your own one (step-ca and the like) can.\n"
    "dns_rfc2136_server = @ADDRESS@\n"
    "dns_rfc2136_port = @PORT@\n"
    "dns_rfc2136_name = @KEY@\n"
    "dns_rfc2136_secret = @SECRET@\n"
    "dns_rfc2136_algorithm = @UPPER@\n";

static const char external_dns_text[] =
    "# For the container of external-dns. The secret goes in as an environment variable, best from a\n"
    "# Kubernetes Secret; as an argument everybody on the node could read it.\n"
    "#\n"
    "# external-dns lists what is there by a zone transfer, and ddnsd gives none. So leave out\n"
    "# --rfc2136-tsig-axfr, and use --policy=upsert-only: then it adds its names again at every interval, which\n"
    "# also renews their leases. What it does not do without the list is delete: a name that is no longer wanted\n"
    "# goes when its lease ends, and an address that changed stays beside the new one until\n"
    "# \"ddnsctl del NAME A ADDRESS\".\n"
    "env:\n"
    "  - name: EXTERNAL_DNS_RFC2136_TSIG_SECRET\n"
    "    value: \"@SECRET@\"\n"
    "args:\n"
    "  - --provider=rfc2136\n"
    "  - --rfc2136-host=@SERVER@\n"
    "  - --rfc2136-port=@PORT@\n"
    "  - --rfc2136-zone=@ZONE@\n"
    "  - --rfc2136-tsig-keyname=@KEY@\n"
    "  - --rfc2136-tsig-secret-alg=@ALGORITHM@\n"
    "  - --domain-filter=@ZONE@\n"
    "  - --policy=upsert-only\n"
    "  - --registry=noop\n"
    "  - --source=service\n"
    "  - --source=ingress\n";

static const char kea_head_text[] =
    "// kea-dhcp-ddns.conf: the program that sends Kea's updates. In kea-dhcp4.conf and kea-dhcp6.conf\n"
    "// it needs beside it:\n"
    "//   \"dhcp-ddns\": { \"enable-updates\": true },\n"
    "//   \"ddns-qualifying-suffix\": \"@ZONE@.\", \"ddns-override-client-update\": true\n"
    "// Check it: kea-dhcp-ddns -t FILE\n"
    "{\n"
    "  \"DhcpDdns\": {\n"
    "    \"ip-address\": \"127.0.0.1\",\n"
    "    \"port\": 53001,\n"
    "    \"tsig-keys\": [\n"
    "      {\n"
    "        \"name\": \"@KEY@\",\n"
    "        \"algorithm\": \"@UPPER@\",\n"
    "        \"secret\": \"@SECRET@\"\n"
    "      }\n"
    "    ],\n";

/* --- what stands for the placeholders --- */

static void
append_section(const struct snippet_facts *facts, struct buffer *text)
{
	for (const char *key = facts->key; *key != '\0'; key++)
		(void)buffer_append(text, isalnum((unsigned char)*key) ? key : "_", 1);
}

static bool
is_v6(const struct snippet_facts *facts)
{
	return strchr(facts->address, ':') != NULL;
}

static void
append_target(const struct snippet_facts *facts, struct buffer *text)
{
	struct address address;

	if (address_from_text(facts->server, &address) == STATUS_OK)
		(void)buffer_append_text(text, facts->server);
	else
		(void)buffer_format(text, "\"$(getent ahosts %s | sed -n '1s/ .*//p')\"",
		    facts->server);
}

/* HOST:PORT of the HTTP door, as in a URL. */
static void
append_host(const struct snippet_facts *facts, struct buffer *text)
{
	bool is_v6_text = strchr(facts->server, ':') != NULL;

	(void)buffer_format(text, "%s%s%s:%u", is_v6_text ? "[" : "", facts->server,
	    is_v6_text ? "]" : "", facts->site->http_port);
}

static void
append_url(const struct snippet_facts *facts, struct buffer *text)
{
	(void)buffer_format(text, "%s://", snippet_scheme(facts->site));
	append_host(facts, text);
}

static void
append_port(const struct snippet_facts *facts, struct buffer *text)
{
	(void)buffer_format(text, "%u", facts->port);
}

static bool
is_word(const char *word, size_t length, const char *wanted)
{
	return strlen(wanted) == length && memcmp(wanted, word, length) == 0;
}

static void
append_placeholder(const char *word, size_t length, const struct snippet_facts *facts,
    struct buffer *text)
{
	const struct {
		const char *word;
		const char *text;
	} words[] = {
		{ "KEY", facts->key },
		{ "SECRET", facts->secret },
		{ "ALGORITHM", facts->algorithm->name },
		{ "UPPER", facts->algorithm->kea },
		{ "SERVER", facts->server },
		{ "ADDRESS", facts->address },
		{ "NAME", facts->name },
		{ "ZONE", facts->zone },
		{ "ROUTE", is_v6(facts) ? "-6" : "-4" },
		{ "TYPE", is_v6(facts) ? "AAAA" : "A" },
		{ "HOURLY", "17 * * * *" },
		{ "SCHEME", snippet_scheme(facts->site) },
		{ "CERT", facts->site->tls_cert[0] != '\0' ? facts->site->tls_cert : default_cert },
	};
	static const struct {
		const char *word;
		void (*append)(const struct snippet_facts *facts, struct buffer *text);
	} makers[] = {
		{ "PORT", append_port },
		{ "SECTION", append_section },
		{ "TARGET", append_target },
		{ "HOSTPORT", append_host },
		{ "URL", append_url },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (is_word(word, length, words[i].word))
			(void)buffer_append_text(text, words[i].text);
	}
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (is_word(word, length, makers[i].word))
			makers[i].append(facts, text);
	}
}

/* True when the line that the word begins is for the other kind of door. */
static bool
is_left_out(const char *word, size_t length, const struct snippet_facts *facts)
{
	bool is_secure = strcmp(snippet_scheme(facts->site), "https") == 0;

	return is_word(word, length, is_secure ? "PLAIN" : "TLS");
}

static void
expand(const char *template, const struct snippet_facts *facts, struct buffer *text)
{
	static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	for (;;) {
		size_t plain = strcspn(template, "@");
		const char *word = template + plain + 1;
		size_t length;

		(void)buffer_append(text, template, plain);
		if (template[plain] == '\0')
			return;
		length = strspn(word, capitals);
		if (length > 0 && word[length] == '@' && is_left_out(word, length, facts)) {
			template = word + strcspn(word, "\n") + 1;
		} else if (length > 0 && word[length] == '@') {
			append_placeholder(word, length, facts, text);
			template = word + length + 1;
		} else {
			(void)buffer_append(text, "@", 1);
			template = word;
		}
	}
}

/* --- Kea's zones --- */

static void
append_kea_domains(const struct snippet_facts *facts, bool is_reverse, struct buffer *text)
{
	const struct site *site = facts->site;
	bool is_first = true;

	(void)buffer_format(text, "    \"%s-ddns\": {\n      \"ddns-domains\": [",
	    is_reverse ? "reverse" : "forward");
	for (size_t i = 0; i < site->zone_count; i++) {
		if (site->zones[i].is_reverse != is_reverse)
			continue;
		(void)buffer_format(text,
		    "%s\n        {\n          \"name\": \"%s.\",\n          \"key-name\": \"%s\",\n",
		    is_first ? "" : ",", site->zones[i].name, facts->key);
		(void)buffer_format(text,
		    "          \"dns-servers\": [ { \"ip-address\": \"%s\", \"port\": %u } ]\n"
		    "        }",
		    facts->address, facts->port);
		is_first = false;
	}
	(void)buffer_format(text, "%s]\n    }%s\n", is_first ? " " : "\n      ",
	    is_reverse ? "" : ",");
}

static void
append_kea_tail(const struct snippet_facts *facts, struct buffer *text)
{
	append_kea_domains(facts, false, text);
	append_kea_domains(facts, true, text);
	(void)buffer_append_text(text, "  }\n}\n");
}

/* --- grants --- */

static size_t
grant_own_name(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	(void)facts;
	(void)snprintf(grants[0], SNIPPET_GRANT_MAX, "self A AAAA TXT");
	return 1;
}

static size_t
grant_challenge(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	(void)snprintf(grants[0], SNIPPET_GRANT_MAX, "_acme-challenge.%s TXT", facts->name);
	return 1;
}

/* Each forward zone's names, with the types that this client sends. */
static size_t
grant_zones(const struct snippet_facts *facts, const char *forward, const char *reverse,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	const struct site *site = facts->site;
	size_t count = 0;

	for (size_t i = 0; i < site->zone_count && count < SNIPPET_GRANTS_MAX; i++) {
		const char *types = site->zones[i].is_reverse ? reverse : forward;

		if (types != NULL)
			(void)snprintf(grants[count++], SNIPPET_GRANT_MAX, "*.%s %s",
			    site->zones[i].name, types);
	}
	return count;
}

/* The DHCID records are how Kea tells its own names (RFC 4703). */
static size_t
grant_to_kea(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	return grant_zones(facts, "A AAAA DHCID", "PTR DHCID", grants);
}

static size_t
grant_to_external_dns(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	return grant_zones(facts, "A AAAA CNAME TXT", NULL, grants);
}

/* --- the table --- */

static const struct snippet snippets[] = {
	{ "nsupdate", nsupdate_text, grant_own_name, .tail = NULL },
	{ "agent", agent_text, grant_own_name, .tail = NULL },
	{ "kea", kea_head_text, grant_to_kea, append_kea_tail, .needs_address = true,
	    .is_for_many = true },
	{ "ddclient", ddclient_text, grant_own_name, .tail = NULL },
	{ "openwrt", openwrt_text, grant_own_name, .tail = NULL },
	{ "certbot", certbot_text, grant_challenge, .needs_address = true },
	{ "external-dns", external_dns_text, grant_to_external_dns, .is_for_many = true },
};

const struct snippet *
snippet_find(const char *client)
{
	for (size_t i = 0; i < sizeof(snippets) / sizeof(snippets[0]); i++) {
		if (strcmp(client, snippets[i].client) == 0)
			return &snippets[i];
	}
	for (const struct snippet *at = snippets_http; at->client != NULL; at++) {
		if (strcmp(client, at->client) == 0)
			return at;
	}
	return NULL;
}

const char *
snippet_client(const struct snippet *snippet)
{
	return snippet->client;
}

bool
snippet_needs_address(const struct snippet *snippet)
{
	return snippet->needs_address;
}

bool
snippet_is_for_many(const struct snippet *snippet)
{
	return snippet->is_for_many;
}

bool
snippet_speaks_http(const struct snippet *snippet)
{
	return snippet->speaks_http;
}

const char *
snippet_scheme(const struct site *site)
{
	return site->has_http && !site->is_https ? "http" : "https";
}

const char *
snippet_listen(const struct snippet *snippet, const struct site *site)
{
	return snippet->speaks_http ? site->http_listen : site->listen;
}

bool
snippet_make_secret(const struct snippet *snippet, const struct key_algorithm *algorithm,
    char secret[static KEY_SECRET_TEXT_MAX])
{
	do {
		if (!key_secret_make(algorithm, secret))
			return false;
	} while (snippet->writes_secret_in_url && strpbrk(secret, "+/") != NULL);
	return true;
}

static bool
is_loopback(const char *address)
{
	return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0;
}

size_t
snippet_notes(const struct snippet *snippet, const struct snippet_facts *facts,
    char notes[static SNIPPET_NOTES_MAX][SNIPPET_NOTE_MAX])
{
	const struct site *site = facts->site;
	bool is_far = !is_loopback(facts->address);
	size_t count = 0;

	if (!snippet->speaks_http)
		return 0;
	if (!site->has_http)
		(void)snprintf(notes[count++], SNIPPET_NOTE_MAX,
		    "nothing is served over HTTP yet; write into %s: listen \"http\" { addresses = "
		    "{\"0.0.0.0\", \"::\"} tls-cert = \"%s\" tls-key = \"/etc/ddnsd/tls/server.key\" } "
		    "(\"ddnsctl tls self-signed\" makes that pair)",
		    site->file, default_cert);
	if (site->has_http && is_far && is_loopback(site->http_listen))
		(void)snprintf(notes[count++], SNIPPET_NOTE_MAX,
		    "HTTP is served on loopback alone; set addresses = {\"0.0.0.0\", \"::\"}, tls-cert "
		    "and tls-key in listen \"http\" of %s",
		    site->file);
	if (site->has_http && is_far && !site->is_https)
		(void)snprintf(notes[count++], SNIPPET_NOTE_MAX,
		    "the secret crosses the network readable; set tls-cert and tls-key in listen "
		    "\"http\" of %s, and make a new secret then (\"ddnsctl key rotate\")",
		    site->file);
	return count;
}

size_t
snippet_grants(const struct snippet *snippet, const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	return snippet->grants(facts, grants);
}

enum status
snippet_append(const struct snippet *snippet, const struct snippet_facts *facts,
    struct buffer *text)
{
	expand(snippet->template, facts, text);
	if (snippet->tail != NULL)
		snippet->tail(facts, text);
	return text->status;
}
