/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Templates of the clients that update by URL (doors/dyndns), and of Prometheus. */
#include <stdio.h>

#include "tools/ctl/snippet_table.h"

static const char curl_text[] =
    "# On @KEY@: name and secret in a file that nobody else reads ...\n"
    "umask 077\n"
    "cat >@KEY@.curl <<'END'\n"
    "user = \"@KEY@:@SECRET@\"\n"
    "END\n"
    "@TLS@# Unless a public authority made the certificate: copy @CERT@ from the server, and add its\n"
    "@TLS@# path:  echo 'cacert = \"/path/to/server.crt\"' >>@KEY@.curl\n"
    "\n"
    "# ... and the address that this machine has towards the server. Whatever fails is an exit status.\n"
    "address=$(ip @ROUTE@ route get @TARGET@ | sed -n 's/.* src \\([^ ]*\\).*/\\1/p')\n"
    "curl --fail-with-body -sS -K @KEY@.curl \"@URL@/v1/update?hostname=@NAME@&myip=$address\"\n";

static const char ddclient_text[] =
    "# /etc/ddclient.conf, mode 600, owner root. Put the name of your interface for eth0.\n"
    "# As its server ddclient takes no name without a dot.\n"
    "daemon=300\n"
    "use=if, if=eth0\n"
    "@TLS@ssl=yes\n"
    "@TLS@# Unless a public authority made the certificate: copy @CERT@ from the server, and name it.\n"
    "@TLS@#ssl_ca_file=/etc/ssl/certs/ddnsd.crt\n"
    "@PLAIN@ssl=no\n"
    "protocol=dyndns2\n"
    "server=@HOSTPORT@\n"
    "login=@KEY@\n"
    "password=@SECRET@\n"
    "@NAME@\n";

static const char inadyn_text[] =
    "# /etc/inadyn.conf, mode 600. Put the name of your interface for eth0; without that line inadyn asks a\n"
    "# server on the Internet what address it comes from.\n"
    "iface = eth0\n"
    "allow-ipv6 = true\n"
    "@TLS@# Unless a public authority made the certificate: copy @CERT@ from the server, and name it.\n"
    "@TLS@#ca-trust-file = /etc/ssl/certs/ddnsd.crt\n"
    "\n"
    "custom ddnsd {\n"
    "    username = @KEY@\n"
    "    password = \"@SECRET@\"\n"
    "    ddns-server = @HOSTPORT@\n"
    "    ddns-path = \"/nic/update?hostname=%h&myip=%i\"\n"
    "    hostname = @NAME@\n"
    "@TLS@    ssl = true\n"
    "@PLAIN@    ssl = false\n"
    "}\n";

static const char openwrt_text[] =
    "# On the router, as root. Needs: opkg install ddns-scripts curl\n"
    "uci batch <<'END'\n"
    "set ddns.@SECTION@=service\n"
    "set ddns.@SECTION@.enabled='1'\n"
    "set ddns.@SECTION@.use_ipv6='0'\n"
    "set ddns.@SECTION@.update_url='@SCHEME@://[USERNAME]:[PASSWORD]@@HOSTPORT@/nic/update?hostname=[DOMAIN]&myip=[IP]'\n"
    "set ddns.@SECTION@.lookup_host='@NAME@'\n"
    "set ddns.@SECTION@.domain='@NAME@'\n"
    "set ddns.@SECTION@.username='@KEY@'\n"
    "set ddns.@SECTION@.password='@SECRET@'\n"
    "@TLS@set ddns.@SECTION@.use_https='1'\n"
    "@TLS@set ddns.@SECTION@.cacert='/etc/ssl/certs/ddnsd.crt'\n"
    "set ddns.@SECTION@.ip_source='network'\n"
    "set ddns.@SECTION@.ip_network='wan'\n"
    "set ddns.@SECTION@.interface='wan'\n"
    "commit ddns\n"
    "END\n"
    "@TLS@# Copy @CERT@ from the server to /etc/ssl/certs/ddnsd.crt; where a public authority made it, leave cacert\n"
    "@TLS@# at /etc/ssl/certs instead.\n"
    "/etc/init.d/ddns restart\n";

static const char fritzbox_text[] =
    "# FRITZ!Box: Internet > Permit Access > DynDNS > User-defined. It sends user name and password apart from\n"
    "# the URL: they have no place in it. For hosts behind it that shall follow its IPv6 prefix, add\n"
    "# interface-ids to the key (ddnsd.conf(5)).\n"
    "Update-URL:   @URL@/nic/update?hostname=<domain>&myip=<ipaddr>&myipv6=<ip6addr>&ip6lanprefix=<ip6lanprefix>&dualstack=<dualstack>\n"
    "Domain name:  @NAME@\n"
    "User name:    @KEY@\n"
    "Password:     @SECRET@\n";

static const char unifi_text[] =
    "# UniFi gateway: Settings > Internet > the WAN > Dynamic DNS > Create New. It is inadyn that asks\n"
    "@TLS@# then, and it takes no certificate that no public authority made.\n"
    "@PLAIN@# then, over HTTPS: give listen \"http\" a certificate that it takes (tls-cert).\n"
    "Service:   custom\n"
    "Hostname:  @NAME@\n"
    "Username:  @KEY@\n"
    "Password:  @SECRET@\n"
    "Server:    @HOSTPORT@/nic/update?hostname=%h&myip=%i\n";

static const char synology_text[] =
    "# Synology DSM: Control Panel > External Access > DDNS > Customize Provider:\n"
    "Service provider:  ddnsd\n"
    "Query URL:         @SCHEME@://__USERNAME__:__PASSWORD__@@HOSTPORT@/nic/update?hostname=__HOSTNAME__&myip=__MYIP__\n"
    "# Then Add:\n"
    "Service provider:  ddnsd\n"
    "Hostname:          @NAME@\n"
    "Username/Email:    @KEY@\n"
    "Password/Key:      @SECRET@\n";

static const char ddns_go_text[] =
    "# ddns-go: DNS provider Callback, for IPv4 and for IPv6. It takes every status below 300 for success, which is\n"
    "# why this is the path with true statuses.\n"
    "URL:          @SCHEME@://@KEY@:@SECRET@@@HOSTPORT@/v1/update?hostname=#{domain}&myip=#{ip}\n"
    "RequestBody:  (empty)\n"
    "Domains:      @NAME@\n";

static const char prometheus_text[] =
    "# prometheus.yml, readable by Prometheus alone: a secret stands in it. The key may read, and change nothing.\n"
    "scrape_configs:\n"
    "  - job_name: ddnsd\n"
    "    scheme: @SCHEME@\n"
    "    basic_auth:\n"
    "      username: \"@KEY@\"\n"
    "      password: \"@SECRET@\"\n"
    "@TLS@    # Unless a public authority made the certificate: copy @CERT@ from the server, and name it.\n"
    "@TLS@    #tls_config:\n"
    "@TLS@    #  ca_file: /etc/prometheus/ddnsd.crt\n"
    "    static_configs:\n"
    "      - targets: [\"@HOSTPORT@\"]\n";

/* Who updates by URL gives addresses, and no text. */
static size_t
grant_addresses(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	(void)facts;
	(void)snprintf(grants[0], SNIPPET_GRANT_MAX, "self A AAAA");
	return 1;
}

static size_t
grant_look(const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX])
{
	(void)facts;
	(void)snprintf(grants[0], SNIPPET_GRANT_MAX, "look");
	return 1;
}

const struct snippet snippets_http[] = {
	{ "curl", curl_text, grant_addresses, .speaks_http = true },
	{ "ddclient-http", ddclient_text, grant_addresses, .speaks_http = true },
	{ "inadyn", inadyn_text, grant_addresses, .speaks_http = true },
	{ "openwrt-http", openwrt_text, grant_addresses, .speaks_http = true,
	    .writes_secret_in_url = true },
	{ "fritzbox", fritzbox_text, grant_addresses, .speaks_http = true,
	    .writes_secret_in_url = true },
	{ "unifi", unifi_text, grant_addresses, .speaks_http = true },
	{ "synology", synology_text, grant_addresses, .speaks_http = true,
	    .writes_secret_in_url = true },
	{ "ddns-go", ddns_go_text, grant_addresses, .speaks_http = true,
	    .writes_secret_in_url = true },
	{ "prometheus", prometheus_text, grant_look, .speaks_http = true },
	{ .client = NULL },
};
