/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The HTTP door, from its block's values to its options. */
#include "config/web.h"

#include <string.h>

#include "base/duration.h"
#include "config/addresses.h"

enum {
	LOOPBACK_OCTET = 127, /* 127.0.0.0/8, RFC 1122 3.2.1.3 */
	LEASE_MIN_S = 60,
};

#define LEASE_MAX_S (INT64_C(10) * 365 * 24 * 60 * 60)

/* What listen "dns" does not have. */
static const char *const own_options[] = { "tls-cert", "tls-key", "plain", "redirect-port", "look",
	"metrics", "proxies", "hosts", "secrets-in-urls", "dyndns-lease" };

void
config_web_set_defaults(const struct config_section *section)
{
	if (!config_section_has(section, "port"))
		(void)cfg_setint(section->values, "port", CONFIG_WEB_PORT);
}

void
config_web_refuse_options(const struct config_section *section)
{
	for (size_t i = 0; i < sizeof(own_options) / sizeof(own_options[0]); i++) {
		if (config_section_has(section, own_options[i]))
			config_section_complain(section, own_options[i],
			    "belongs to listen \"http\"; listen \"%.40s\" has addresses and port",
			    section->block->title);
	}
}

/* --- where --- */

static struct address
loopback_of(uint8_t family)
{
	struct address address = { .family = family };

	if (family == 4)
		address.bytes[0] = LOOPBACK_OCTET;
	address.bytes[family == 4 ? 3 : 15] = 1;
	return address;
}

static bool
is_loopback(const struct address *address)
{
	struct address first = loopback_of(address->family);

	return (address->family == 4 && address->bytes[0] == LOOPBACK_OCTET) ||
	    address_is_equal(address, &first);
}

static bool
is_loopback_alone(const struct web_options *web)
{
	for (size_t i = 0; i < web->listen_count; i++) {
		if (!is_loopback(&web->listen[i].address))
			return false;
	}
	return true;
}

static bool
listens_on(const struct web_options *web, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (address_is_equal(&web->listen[i].address, address))
			return true;
	}
	return false;
}

/* Secrets that cross a network in the clear belong to whoever listens there. */
static void
hold_back(const struct config_section *section, struct web_options *web)
{
	size_t count = 0;

	if (is_loopback_alone(web))
		return;
	for (size_t i = 0; i < web->listen_count; i++) {
		struct endpoint endpoint = web->listen[i];

		if (!is_loopback(&endpoint.address))
			endpoint.address = loopback_of(endpoint.address.family);
		if (!listens_on(web, count, &endpoint.address))
			web->listen[count++] = endpoint;
	}
	web->listen_count = count;
	web->is_held_back = true;
	config_warn(section->reader, config_section_line(section, "addresses"),
	    "addresses: HTTP is served on loopback only, as keys would cross the network in the clear; "
	    "set tls-cert and tls-key (\"ddnsctl tls self-signed\" makes both), or plain = true where "
	    "nobody listens in");
}

/* --- the certificate --- */

/* True when both or none are there, and right. */
static bool
read_certificate(const struct config_section *section, struct web_options *web)
{
	bool are_good = config_section_path(section, "tls-cert", true, web->certificate);

	are_good &= config_section_path(section, "tls-key", true, web->key);
	if (!are_good)
		return false;
	if (web->certificate[0] != '\0' && web->key[0] == '\0') {
		config_section_complain(section, "tls-cert",
		    "there is no tls-key for it; set both, or none");
		return false;
	}
	if (web->key[0] != '\0' && web->certificate[0] == '\0') {
		config_section_complain(section, "tls-key",
		    "there is no tls-cert that it is for; set both, or none");
		return false;
	}
	return true;
}

static void
read_redirect(const struct config_section *section, struct web_options *web, long port)
{
	long redirect;

	if (!config_section_number(section, "redirect-port", 0, UINT16_MAX, &redirect) ||
	    redirect == 0)
		return;
	if (web->certificate[0] == '\0' && config_section_text(section, "tls-key")[0] == '\0')
		config_section_complain(section, "redirect-port",
		    "there is no TLS that it could lead to; set tls-cert and tls-key, or 0");
	else if (redirect == port)
		config_section_complain(section, "redirect-port",
		    "%ld is the port that it leads to; choose another, or 0", redirect);
	web->redirect_port = (uint16_t)redirect;
}

/* --- who, and what for --- */

static void
read_networks(const struct config_section *section, const char *option,
    struct network ret_networks[static WEB_NETWORKS_MAX], size_t *ret_count)
{
	unsigned count = config_section_items(section, option);

	if (count > WEB_NETWORKS_MAX) {
		config_section_complain(section, option, "more than %d", WEB_NETWORKS_MAX);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *text = config_section_item(section, option, i);

		if (network_from_text(text, &ret_networks[i]) != STATUS_OK)
			config_section_complain(section, option,
			    "\"%.80s\" is not a network; " CONFIG_NETWORK_HELP, text);
	}
	*ret_count = count;
}

static void
warn_of_everybody(const struct config_section *section, const char *option,
    const struct network *networks, size_t count, const char *consequence)
{
	for (size_t i = 0; i < count; i++) {
		char text[NETWORK_TEXT_MAX];

		/* Family 0: it has been complained about. */
		if (networks[i].address.family != 0 && networks[i].prefix == 0)
			config_warn(section->reader, config_section_line(section, option),
			    "%s: \"%s\" is everybody: %s", option,
			    network_to_text(&networks[i], text), consequence);
	}
}

static void
read_hosts(const struct config_section *section, struct web_options *web)
{
	unsigned count = config_section_items(section, "hosts");

	if (count > WEB_HOSTS_MAX) {
		config_section_complain(section, "hosts", "more than %d", WEB_HOSTS_MAX);
		return;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *text = config_section_item(section, "hosts", i);

		if (!config_plain_name(text, &web->hosts[i]))
			config_section_complain(section, "hosts",
			    "\"%.200s\" is not a name, without a port; " CONFIG_NAME_HELP, text);
	}
	web->host_count = count;
}

static void
read_dyndns_lease(const struct config_section *section, struct web_options *web)
{
	const char *text = config_section_text(section, "dyndns-lease");
	int64_t seconds = 0;

	if (strcmp(text, "zone") == 0)
		return;
	if (strcmp(text, "forever") != 0 &&
	    (duration_from_text(text, &seconds) != STATUS_OK || seconds < LEASE_MIN_S ||
		seconds > LEASE_MAX_S)) {
		config_section_complain(section, "dyndns-lease",
		    "\"%.40s\" is not a time that is allowed here; allowed: 1m to 3650d, as a number "
		    "and s, m, h, d or w, or \"forever\", or \"zone\" for what the zone says",
		    text);
		return;
	}
	web->has_dyndns_lease = true;
	web->dyndns_lease_s = (uint32_t)seconds;
}

static void
read_secrets_in_urls(const struct config_section *section, struct web_options *web)
{
	if (!config_section_flag(section, "secrets-in-urls", &web->secrets_in_urls) ||
	    !web->secrets_in_urls || web->certificate[0] != '\0' || is_loopback_alone(web))
		return;
	config_warn(section->reader, config_section_line(section, "secrets-in-urls"),
	    "secrets-in-urls: without TLS these secrets can be read on the network too; set tls-cert and "
	    "tls-key");
}

/* --- the whole --- */

void
config_web_read(const struct config_section *section, struct web_options *web)
{
	bool has_good_certificate = read_certificate(section, web);
	bool is_plain = false;
	long port = 0;

	(void)config_section_number(section, "port", 1, UINT16_MAX, &port);
	config_addresses_read(section, (uint16_t)port, web->listen, WEB_LISTEN_MAX,
	    &web->listen_count);
	if (config_section_flag(section, "plain", &is_plain) && !is_plain && has_good_certificate &&
	    web->certificate[0] == '\0')
		hold_back(section, web);
	if (is_plain && web->certificate[0] != '\0')
		config_warn(section->reader, config_section_line(section, "plain"),
		    "plain: has no meaning beside tls-cert: all is served over TLS");
	read_redirect(section, web, port);
	read_networks(section, "look", web->look, &web->look_count);
	read_networks(section, "metrics", web->metrics, &web->metrics_count);
	read_networks(section, "proxies", web->proxies, &web->proxy_count);
	warn_of_everybody(section, "look", web->look, web->look_count,
	    "all names and addresses can be read without a key; name the networks that you trust");
	warn_of_everybody(section, "proxies", web->proxies, web->proxy_count,
	    "whoever connects may claim any address as its own; name the proxies alone");
	read_hosts(section, web);
	read_secrets_in_urls(section, web);
	read_dyndns_lease(section, web);
}

/* True when both sockets cannot be had. */
static bool
collide(const struct endpoint *one, const struct endpoint *other)
{
	return one->address.family == other->address.family &&
	    (address_is_equal(&one->address, &other->address) ||
		config_address_is_wildcard(&one->address) ||
		config_address_is_wildcard(&other->address));
}

void
config_web_check(struct config_reader *reader, unsigned line, const struct web_options *web,
    const struct dns_options *dns)
{
	for (size_t i = 0; i < web->listen_count * dns->listen_count; i++) {
		const struct endpoint *mine = &web->listen[i / dns->listen_count];
		const struct endpoint *other = &dns->listen[i % dns->listen_count];
		char at[ENDPOINT_TEXT_MAX];

		if (other->port == 0 ||
		    (mine->port != other->port && web->redirect_port != other->port) ||
		    !collide(mine, other))
			continue;
		config_complain(reader, line,
		    "%s: %u is the port of listen \"dns\" on %s already, whose TCP is the same; choose "
		    "another",
		    mine->port == other->port ? "port" : "redirect-port", other->port,
		    endpoint_to_text(other, at));
		return;
	}
}
