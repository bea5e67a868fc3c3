/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings from /v1/status, and from ddnsd.conf. */
#include "tools/ctl/site.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "tools/ctl/conf_text.h"
#include "tools/ctl/look.h"
#include "wire/address.h"

static const char default_file[] = "/etc/ddnsd/ddnsd.conf";

static void
set(char *field, size_t size, const char *text)
{
	(void)snprintf(field, size, "%s", text);
}

#define SET(field, text) set((field), sizeof(field), (text))

bool
site_is_within(const char *name, const char *ancestor)
{
	size_t length = strlen(name);
	size_t tail = strlen(ancestor);

	if (length > 0 && name[length - 1] == '.')
		length--;
	if (tail > 0 && ancestor[tail - 1] == '.')
		tail--;
	if (tail > length || strncasecmp(name + length - tail, ancestor, tail) != 0)
		return false;
	return tail == length || name[length - tail - 1] == '.';
}

static void
add_zone(struct site *site, const char *name)
{
	struct site_zone *zone = &site->zones[site->zone_count];

	if (site->zone_count == SITE_ZONES_MAX || strlen(name) >= sizeof(zone->name) ||
	    name[0] == '\0')
		return;
	SET(zone->name, name);
	for (char *at = zone->name; *at != '\0'; at++)
		*at = (char)tolower((unsigned char)*at);
	if (zone->name[0] != '\0' && zone->name[strlen(zone->name) - 1] == '.')
		zone->name[strlen(zone->name) - 1] = '\0';
	zone->is_reverse = site_is_within(zone->name, "in-addr.arpa") ||
	    site_is_within(zone->name, "ip6.arpa");
	site->zone_count++;
}

/* --- the file --- */

static void
take_http_option(struct site *site, const struct conf_text *conf, const struct conf_item *item)
{
	if (strcmp(item->name, "addresses") == 0)
		SET(site->http_listen, item->first);
	else if (strcmp(item->name, "port") == 0)
		site->http_port = (unsigned)strtoul(item->first, NULL, 10);
	else if (strcmp(item->name, "tls-cert") == 0)
		SET(site->tls_cert, item->first);
	else if (strcmp(item->name, "tls-key") == 0)
		SET(site->tls_key, item->first);
	else if (strcmp(item->name, "look") == 0) {
		for (unsigned i = 0; i < item->count; i++)
			site->is_open_to_all |= strcmp(conf_text_value(conf, i), "0.0.0.0/0") ==
				0 ||
			    strcmp(conf_text_value(conf, i), "::/0") == 0;
	}
	site->is_https = site->tls_cert[0] != '\0';
}

static void
take_option(struct site *site, const struct conf_text *conf, const struct conf_item *item)
{
	struct {
		const char *block;
		const char *option;
		char *field;
		size_t size;
	} wanted[] = {
		{ "", "keys-directory", site->keys, sizeof(site->keys) },
		{ "", "made-keys-directory", site->made_keys, sizeof(site->made_keys) },
		{ "", "database", site->database, sizeof(site->database) },
		{ "", "user", site->user, sizeof(site->user) },
		{ "listen", "addresses", site->listen, sizeof(site->listen) },
		{ "publish", "mode", site->mode, sizeof(site->mode) },
		{ "publish", "file", site->hosts, sizeof(site->hosts) },
		{ "publish", "pid-file", site->pid_file, sizeof(site->pid_file) },
		{ "publish", "confirm", site->confirm, sizeof(site->confirm) },
		{ "leases", "file", site->leases, sizeof(site->leases) },
		{ "leases", "zone", site->leases_zone, sizeof(site->leases_zone) },
	};

	if (strcmp(conf->block, "listen") == 0 && strcmp(conf->title, "http") == 0)
		take_http_option(site, conf, item);
	if (strcmp(conf->block, "listen") == 0 && strcmp(conf->title, "dns") != 0)
		return;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcmp(conf->block, wanted[i].block) == 0 &&
		    strcmp(item->name, wanted[i].option) == 0)
			set(wanted[i].field, wanted[i].size, item->first);
	}
	if (strcmp(conf->block, "listen") == 0 && strcmp(item->name, "port") == 0)
		site->port = (unsigned)strtoul(item->first, NULL, 10);
	if (strcmp(conf->block, "publish") == 0 && strcmp(item->name, "leases-held-by-reader") == 0)
		site->leases_held_by_reader = strcmp(item->first, "false") != 0 &&
		    strcmp(item->first, "no") != 0 && strcmp(item->first, "off") != 0;
}

static void
take_text(struct site *site, const char *text, size_t length)
{
	struct conf_text conf;
	struct conf_item item;

	conf_text_begin(&conf, text, length);
	while (conf_text_next(&conf, &item)) {
		if (item.kind == CONF_OPTION)
			take_option(site, &conf, &item);
		else if (item.kind == CONF_BLOCK && strcmp(item.name, "zone") == 0)
			add_zone(site, conf.title);
		else if (item.kind == CONF_BLOCK && strcmp(item.name, "control") == 0)
			site->has_control = true;
		else if (item.kind == CONF_BLOCK && strcmp(item.name, "leases") == 0)
			site->has_leases = true;
		else if (item.kind == CONF_BLOCK && strcmp(item.name, "listen") == 0)
			site->has_http |= strcmp(conf.title, "http") == 0;
	}
	SET(site->problem, conf.problem);
	site->has_file = conf.problem[0] == '\0';
	conf_text_release(&conf);
}

static void
read_configuration(struct site *site)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, CONF_SIZE_MAX);
	status = file_read(site->file, &text);
	if (status == STATUS_OK)
		take_text(site, text.data, text.length);
	else
		SET(site->problem, status_text(status));
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_release(&text);
}

/* --- the daemon --- */

static void
take_listen(struct site *site, const json_t *list)
{
	const char *text = json_string_value(json_array_get(list, 0));
	struct endpoint endpoint;
	char address[ADDRESS_TEXT_MAX];

	if (text == NULL || endpoint_from_text(text, &endpoint) != STATUS_OK)
		return;
	site->port = endpoint.port;
	SET(site->listen, address_to_text(&endpoint.address, address));
}

/* The first of "https://192.0.2.1:8053" and so on. Where nobody is served, the file tells. */
static void
take_http_listen(struct site *site, const json_t *list)
{
	const char *text = json_string_value(json_array_get(list, 0));
	const char *separator = text != NULL ? strstr(text, "://") : NULL;
	struct endpoint endpoint;
	char address[ADDRESS_TEXT_MAX];

	if (separator == NULL || endpoint_from_text(separator + 3, &endpoint) != STATUS_OK)
		return;
	site->has_http = true;
	site->is_https = strncmp(text, "https:", 6) == 0;
	site->http_port = endpoint.port;
	SET(site->http_listen, address_to_text(&endpoint.address, address));
}

/*
 * What the daemon says ends up in files that root writes, and in lines that people paste into a
 * shell: what could mean something there is taken from nobody, a daemon in bad hands included.
 */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (iscntrl((unsigned char)*text) || strchr("\"'`\\$;&|<>(){}*?#", *text) != NULL)
			return false;
	}
	return true;
}

static const char *
plain_text(const json_t *status, const char *path, const char *otherwise)
{
	const char *text = look_text(status, path, otherwise);

	return is_plain(text) ? text : otherwise;
}

static void
take_status(struct site *site)
{
	const json_t *status = site->status;
	const json_t *zones = look_value(status, "zones");
	size_t count = json_array_size(zones);

	SET(site->keys, plain_text(status, "configuration.keys_directory", ""));
	/* Root changes files there: the daemon's word counts only where there is no other. */
	if (!site->has_file)
		SET(site->made_keys,
		    plain_text(status, "configuration.made_keys_directory", site->made_keys));
	SET(site->database, plain_text(status, "database.file", site->database));
	SET(site->mode, plain_text(status, "publication.mode", site->mode));
	SET(site->hosts, plain_text(status, "publication.file", site->hosts));
	SET(site->pid_file, plain_text(status, "publication.pid_file", site->pid_file));
	SET(site->confirm, plain_text(status, "publication.confirm", ""));
	SET(site->leases, plain_text(status, "leases.file", ""));
	SET(site->leases_zone, plain_text(status, "leases.zone", ""));
	site->has_leases = site->leases_zone[0] != '\0' || site->leases[0] != '\0';
	take_listen(site, look_value(status, "dns.listen"));
	take_http_listen(site, look_value(status, "http.listen"));
	if (count > 0)
		site->zone_count = 0;
	for (size_t i = 0; i < count; i++)
		add_zone(site, plain_text(json_array_get(zones, i), "zone", ""));
}

struct site *
site_new(const struct ctl *ctl, const char *root)
{
	struct site *site = calloc(1, sizeof(*site));

	if (site == NULL)
		return NULL;
	site->reach = CTL_UNREACHABLE;
	if (root[0] == '\0') {
		unsigned code;

		site->reach = look_send(ctl, "GET", "/v1/status", NULL, &code, &site->status);
		if (site->reach == CTL_DONE && (code != 200 || site->status == NULL)) {
			json_decref(site->status);
			site->status = NULL;
			site->reach = CTL_FAILED;
		}
	}
	SET(site->keys, "/etc/ddnsd/keys.d");
	SET(site->made_keys, "/var/lib/ddnsd/keys.d");
	SET(site->database, "/var/lib/ddnsd/ddnsd.db");
	SET(site->mode, "signal");
	SET(site->hosts, "/run/ddnsd/hosts/ddnsd.hosts");
	SET(site->pid_file, "/run/dnsmasq/dnsmasq.pid");
	SET(site->confirm, "127.0.0.1:53");
	site->port = 2136;
	site->http_port = 8053;
	SET(site->http_listen, "127.0.0.1");
	site->leases_held_by_reader = true;
	(void)snprintf(site->file, sizeof(site->file), "%s%s", root,
	    plain_text(site->status, "configuration.file", default_file));
	read_configuration(site);
	if (site->has_leases && site->leases[0] == '\0')
		SET(site->leases, "/var/lib/misc/dnsmasq.leases");
	if (site->status != NULL)
		take_status(site);
	if (site->zone_count == 0) {
		add_zone(site, "home.arpa");
		site->is_zone_guessed = true;
	}
	if (site->has_leases && site->leases_zone[0] == '\0')
		SET(site->leases_zone, site_first_zone(site));
	return site;
}

void
site_free(struct site *site)
{
	if (site == NULL)
		return;
	json_decref(site->status);
	free(site);
}

const char *
site_first_zone(const struct site *site)
{
	for (size_t i = 0; i < site->zone_count; i++) {
		if (!site->zones[i].is_reverse)
			return site->zones[i].name;
	}
	return "home.arpa";
}

const struct site_zone *
site_zone_of(const struct site *site, const char *name)
{
	for (size_t i = 0; i < site->zone_count; i++) {
		if (site_is_within(name, site->zones[i].name))
			return &site->zones[i];
	}
	return NULL;
}
