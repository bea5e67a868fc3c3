/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates, a client each, and what is put into them. */
#include "tools/ctl/snippets.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "wire/address.h"

typedef size_t grants_maker(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX]);
typedef void text_maker(const struct snippet_facts *facts, struct buffer *text);

struct snippet {
	const char *client;
	const char *template;
	grants_maker *grants;
	text_maker *tail; /* what depends on the zones; NULL = nothing */
	bool needs_address;
	bool is_for_many;
};

const char snippet_clients[] = "nsupdate, agent, kea, ddclient, openwrt, certbot, external-dns";

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
append_section(const char *key, struct buffer *text)
{
	for (; *key != '\0'; key++)
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
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) == length && memcmp(words[i].word, word, length) == 0)
			(void)buffer_append_text(text, words[i].text);
	}
	if (length == strlen("PORT") && memcmp(word, "PORT", length) == 0)
		(void)buffer_format(text, "%u", facts->port);
	else if (length == strlen("SECTION") && memcmp(word, "SECTION", length) == 0)
		append_section(facts->key, text);
	else if (length == strlen("TARGET") && memcmp(word, "TARGET", length) == 0)
		append_target(facts, text);
}

/* Placeholders are capitals between two @. */
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
		if (length > 0 && word[length] == '@') {
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
	{ "nsupdate", nsupdate_text, grant_own_name, NULL, false, false },
	{ "agent", agent_text, grant_own_name, NULL, false, false },
	{ "kea", kea_head_text, grant_to_kea, append_kea_tail, true, true },
	{ "ddclient", ddclient_text, grant_own_name, NULL, false, false },
	{ "openwrt", openwrt_text, grant_own_name, NULL, false, false },
	{ "certbot", certbot_text, grant_challenge, NULL, true, false },
	{ "external-dns", external_dns_text, grant_to_external_dns, NULL, false, true },
};

const struct snippet *
snippet_find(const char *client)
{
	for (size_t i = 0; i < sizeof(snippets) / sizeof(snippets[0]); i++) {
		if (strcmp(client, snippets[i].client) == 0)
			return &snippets[i];
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
