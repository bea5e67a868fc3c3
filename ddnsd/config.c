/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The tables of options, and the parts' own option structs filled from them. The order is: outline,
 * libconfuse, values; each stage collects all that is wrong, and the next one runs on what is left.
 */
#include "config.h"

#include <confuse.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/account.h"
#include "config/control.h"
#include "config/key.h"
#include "config/leases.h"
#include "config/outline.h"
#include "config/parts.h"
#include "config/peer.h"
#include "config/reader.h"
#include "config/section.h"
#include "config/settings.h"
#include "config/web.h"

enum {
	HOUR_S = 60 * 60,
	NAMES_MAX = 10000000,
	ADDRESSES_MAX = 1000,
	CONNECTIONS_MAX = 10000,
};

/* --- options --- */

static cfg_opt_t in_zone[] = {
	CFG_STR("lease", "7d", CFGF_NONE),
	CFG_STR("lease-min", "1m", CFGF_NONE),
	CFG_STR("lease-max", "30d", CFGF_NONE),
	CFG_STR("ttl", "60s", CFGF_NONE),
	CFG_STR("nameserver", "", CFGF_NONE),
	CFG_STR("contact", "", CFGF_NONE),
	CFG_END(),
};

static char loopbacks[] = "{127.0.0.1, ::1}";

/* Of both doors; config/web.c knows what is of one alone, and its port. */
static cfg_opt_t in_listen[] = {
	CFG_STR_LIST("addresses", loopbacks, CFGF_NONE),
	CFG_INT_CB("port", 2136, CFGF_NONE, config_section_int),
	CFG_STR("tls-cert", "", CFGF_NONE),
	CFG_STR("tls-key", "", CFGF_NONE),
	CFG_BOOL_CB("plain", cfg_false, CFGF_NONE, config_section_bool),
	CFG_INT_CB("redirect-port", 0, CFGF_NONE, config_section_int),
	CFG_STR_LIST("look", NULL, CFGF_NONE),
	CFG_STR_LIST("metrics", loopbacks, CFGF_NONE),
	CFG_STR_LIST("proxies", NULL, CFGF_NONE),
	CFG_STR_LIST("hosts", NULL, CFGF_NONE),
	CFG_BOOL_CB("secrets-in-urls", cfg_false, CFGF_NONE, config_section_bool),
	CFG_STR("dyndns-lease", "45d", CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t in_publish[] = {
	CFG_STR("mode", "signal", CFGF_NONE),
	CFG_STR("file", "/run/ddnsd/hosts/ddnsd.hosts", CFGF_NONE),
	CFG_STR("pid-file", "/run/dnsmasq/dnsmasq.pid", CFGF_NONE),
	CFG_STR("command", "", CFGF_NONE),
	CFG_STR("confirm", "127.0.0.1:53", CFGF_NONE),
	CFG_STR("confirm-timeout", "5s", CFGF_NONE),
	CFG_BOOL_CB("short-names", cfg_true, CFGF_NONE, config_section_bool),
	CFG_BOOL_CB("leases-held-by-reader", cfg_true, CFGF_NONE, config_section_bool),
	CFG_END(),
};

static cfg_opt_t in_limits[] = {
	CFG_INT_CB("updates-per-minute", 60, CFGF_NONE, config_section_int),
	CFG_INT_CB("names-per-key", 64, CFGF_NONE, config_section_int),
	CFG_INT_CB("addresses-per-name", 16, CFGF_NONE, config_section_int),
	CFG_INT_CB("names", 100000, CFGF_NONE, config_section_int),
	CFG_INT_CB("tcp-connections", 64, CFGF_NONE, config_section_int),
	CFG_STR("tcp-idle", "10s", CFGF_NONE),
	CFG_INT_CB("http-connections", 64, CFGF_NONE, config_section_int),
	CFG_INT_CB("http-connections-per-address", 16, CFGF_NONE, config_section_int),
	CFG_STR("http-idle", "10s", CFGF_NONE),
	CFG_STR("quiet", "2m", CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t in_key[] = {
	CFG_STR("algorithm", "hmac-sha256", CFGF_NONE),
	CFG_STR("secret", "", CFGF_NONE),
	CFG_STR("secret-old", "", CFGF_NONE),
	CFG_STR("secret-old-until", "", CFGF_NONE),
	CFG_BOOL_CB("allow-weak", cfg_false, CFGF_NONE, config_section_bool),
	CFG_BOOL_CB("allow-truncated", cfg_false, CFGF_NONE, config_section_bool),
	CFG_BOOL_CB("admin", cfg_false, CFGF_NONE, config_section_bool),
	CFG_STR_LIST("allow", NULL, CFGF_NONE),
	CFG_STR_LIST("from", NULL, CFGF_NONE),
	CFG_STR_LIST("interface-ids", NULL, CFGF_NONE),
	CFG_INT_CB("updates-per-minute", -1, CFGF_NONE, config_section_int),
	CFG_INT_CB("names-per-key", -1, CFGF_NONE, config_section_int),
	CFG_END(),
};

static cfg_opt_t in_network[] = {
	CFG_STR_LIST("allow", NULL, CFGF_NONE),
	CFG_BOOL_CB("udp", cfg_false, CFGF_NONE, config_section_bool),
	CFG_BOOL_CB("any-address", cfg_false, CFGF_NONE, config_section_bool),
	CFG_END(),
};

static cfg_opt_t in_control[] = {
	CFG_STR("socket", "/run/ddnsd/control.sock", CFGF_NONE),
	CFG_STR("group", "", CFGF_NONE),
	CFG_STR("mode", "0660", CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t in_peer[] = {
	CFG_STR("user", "", CFGF_NONE),
	CFG_STR("group", "", CFGF_NONE),
	CFG_BOOL_CB("admin", cfg_false, CFGF_NONE, config_section_bool),
	CFG_STR_LIST("allow", NULL, CFGF_NONE),
	CFG_INT_CB("updates-per-minute", -1, CFGF_NONE, config_section_int),
	CFG_INT_CB("names-per-key", -1, CFGF_NONE, config_section_int),
	CFG_END(),
};

/* Whoever has one of them gets what is meant for others: proxies (wpad) and tunnels (isatap). */
static char names_of_nobody[] = "{localhost, wpad, isatap}";

static cfg_opt_t in_leases[] = {
	CFG_STR("file", "/var/lib/misc/dnsmasq.leases", CFGF_NONE),
	CFG_STR("zone", "", CFGF_NONE),
	CFG_STR("ttl", "60s", CFGF_NONE),
	CFG_STR_LIST("pins", NULL, CFGF_NONE),
	CFG_STR_LIST("ignore", names_of_nobody, CFGF_NONE),
	CFG_STR("nameless", "", CFGF_NONE),
	CFG_STR("remember", "30d", CFGF_NONE),
	CFG_END(),
};

/* CFGF_MULTI: has a title in the file (see config/outline.h). */
static cfg_opt_t in_file[] = {
	CFG_STR("user", "", CFGF_NONE),
	CFG_STR("group", "", CFGF_NONE),
	CFG_STR("log", "stderr", CFGF_NONE),
	CFG_STR("database", "/var/lib/ddnsd/ddnsd.db", CFGF_NONE),
	CFG_STR("keys-directory", "/etc/ddnsd/keys.d", CFGF_NONE),
	CFG_STR("made-keys-directory", "/var/lib/ddnsd/keys.d", CFGF_NONE),
	CFG_SEC("zone", in_zone, CFGF_MULTI),
	CFG_SEC("listen", in_listen, CFGF_MULTI),
	CFG_SEC("publish", in_publish, CFGF_NONE),
	CFG_SEC("limits", in_limits, CFGF_NONE),
	CFG_SEC("key", in_key, CFGF_MULTI),
	CFG_SEC("network", in_network, CFGF_MULTI),
	CFG_SEC("control", in_control, CFGF_NONE),
	CFG_SEC("peer", in_peer, CFGF_MULTI),
	CFG_SEC("leases", in_leases, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t in_key_file[] = {
	CFG_SEC("key", in_key, CFGF_MULTI),
	CFG_END(),
};

/* --- one file, from text to sections --- */

/* A file's text, read twice: its outline, and libconfuse's values. */
struct source {
	struct config_outline outline;
	cfg_t *values;
};

/* What is being built, and from what. */
struct builder {
	struct config_reader reader;
	struct config *config;
	struct config_keys keys;
	unsigned web_line;  /* where its port stands; 0 without the block */
	bool are_all_zones; /* none of them is wrong */
};

/* libconfuse hands its error function no context; its scanner is global anyway. */
static struct config_reader *listener;

static void __attribute__((format(printf, 2, 0)))
hear_error(cfg_t *values, const char *format, va_list words)
{
	char text[256];

	/* The outline leaves it nothing to complain about, but the format is its own business. */
	(void)vsnprintf(text, sizeof(text), format, words);
	config_complain(listener, (unsigned)values->line, "%s", text);
}

/* False: nothing in it can be judged. Release it either way. */
static bool
source_read(struct source *ret_source, struct config_reader *reader, cfg_opt_t *options,
    const char *text)
{
	*ret_source = (struct source){ 0 };
	if (!config_outline_read(&ret_source->outline, reader, options, text))
		return false;
	ret_source->values = cfg_init(options, CFGF_NONE);
	if (ret_source->values == NULL) {
		config_out_of_memory(reader);
		return false;
	}
	listener = reader;
	(void)cfg_set_error_function(ret_source->values, hear_error);
	if (cfg_parse_buf(ret_source->values, ret_source->outline.text.data) != CFG_SUCCESS) {
		/* A failed allocation is the one thing that it does not tell. */
		if (reader->status == STATUS_OK)
			config_out_of_memory(reader);
		return false;
	}
	return true;
}

/* What libconfuse's scanner and stdio had in buffers of their own is out of reach. */
static void
wipe_secret(cfg_t *section, const char *option)
{
	char *secret = cfg_getstr(section, option);

	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
}

static void
source_release(struct source *source)
{
	for (unsigned i = 0; source->values != NULL && i < cfg_size(source->values, "key"); i++) {
		cfg_t *section = cfg_getnsec(source->values, "key", i);

		wipe_secret(section, "secret");
		wipe_secret(section, "secret-old");
	}
	(void)cfg_free(source->values);
	config_outline_release(&source->outline);
}

/* Keeps the block's settings for config_describe_changes(). */
static void
keep_settings(struct builder *builder, const struct config_section *section)
{
	const struct config_block *block = section->block;
	const char *name = block->section != NULL ? block->section->name : "";
	char *label;

	if (asprintf(&label, "%s%s%s", name, block->title != NULL ? " " : "",
		block->title != NULL ? block->title : "") < 0) {
		config_out_of_memory(&builder->reader);
		return;
	}
	if (config_settings_add(builder->config->settings, label, section->values) != STATUS_OK)
		config_out_of_memory(&builder->reader);
	free(label);
}

typedef void section_reader(struct builder *builder, const struct config_section *section);

/* Calls read for each block of that name, in the file's order; not at all when there is none. */
static void
read_blocks(struct builder *builder, const struct source *source, const char *name,
    section_reader *read)
{
	unsigned number = 0;

	for (size_t i = 0; i < source->outline.block_count; i++) {
		const struct config_block *block = &source->outline.blocks[i];
		struct config_section section = { .reader = &builder->reader, .block = block };

		if (block->section == NULL || strcmp(block->section->name, name) != 0)
			continue;
		section.values = cfg_getnsec(source->values, name, number++);
		read(builder, &section);
		/* After it: a default may depend on the title. */
		keep_settings(builder, &section);
	}
}

/* Calls read once, with the defaults when the file does not have the block. */
static void
read_single(struct builder *builder, const struct source *source, const char *name,
    section_reader *read)
{
	cfg_opt_t *option = cfg_getopt(source->values, name);
	const struct config_block missing = { .section = option };
	struct config_section section = { .reader = &builder->reader, .block = &missing };

	section.values = cfg_opt_getnsec(option, 0);
	for (size_t i = 0; i < source->outline.block_count; i++) {
		const struct config_block *block = &source->outline.blocks[i];

		if (block->section != NULL && strcmp(block->section->name, name) == 0)
			section.block = block;
	}
	keep_settings(builder, &section);
	read(builder, &section);
}

static size_t
count_blocks(const struct source *source, const char *name)
{
	return cfg_size(source->values, name);
}

/* --- the top level --- */

/* An account that is not there would end the daemon after its sockets were open. */
static void
read_accounts(const struct config_section *section, struct config *config)
{
	uid_t uid;
	gid_t gid;

	(void)config_user_read(section, config->user, &uid);
	if (config_group_read(section, config->group, &gid) && config->group[0] != '\0' &&
	    config_section_text(section, "user")[0] == '\0')
		config_section_complain(section, "group",
		    "\"%s\" is set without a user; set the option user too", config->group);
}

static size_t
length_without_slashes(const char *path)
{
	size_t length = strlen(path);

	while (length > 0 && path[length - 1] == '/')
		length--;
	return length;
}

/* As far as their texts tell. */
static bool
is_same_folder(const char *one, const char *other)
{
	size_t length = length_without_slashes(one);

	return one[0] != '\0' && other[0] != '\0' && length == length_without_slashes(other) &&
	    memcmp(one, other, length) == 0;
}

static void
read_top(struct builder *builder, const struct config_section *section)
{
	static const char *const
	    targets[] = { [LOG_TARGET_STDERR] = "stderr", [LOG_TARGET_SYSLOG] = "syslog", NULL };
	struct config *config = builder->config;
	int target = LOG_TARGET_STDERR;

	read_accounts(section, config);
	if (config_section_choice(section, "log", targets, &target))
		config->log_target = (enum log_target)target;
	(void)config_section_path(section, "database", false, config->database);
	if (config_section_path(section, "keys-directory", true, config->keys_directory) &&
	    config_section_path(section, "made-keys-directory", true,
		config->made_keys_directory) &&
	    is_same_folder(config->keys_directory, config->made_keys_directory))
		config_section_complain(section, "made-keys-directory",
		    "is the keys-directory too, where the keys are that ddnsd does not change; choose "
		    "another, as /var/lib/ddnsd/keys.d");
}

/* --- limits --- */

static void
read_limits(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;
	struct config_keys *keys = &builder->keys;
	int64_t idle_s;
	long number;

	if (config_section_number(section, "updates-per-minute", 0, CONFIG_UPDATES_MAX, &number))
		keys->updates_per_minute = (uint32_t)number;
	if (config_section_number(section, "names-per-key", 0, CONFIG_NAMES_MAX, &number))
		keys->names_max = (uint32_t)number;
	if (config_section_number(section, "addresses-per-name", 0, ADDRESSES_MAX, &number))
		config->service.addresses_per_name = (uint32_t)number;
	if (config_section_number(section, "names", 0, NAMES_MAX, &number))
		config->service.names_max = (uint32_t)number;
	if (config_section_number(section, "tcp-connections", 1, CONNECTIONS_MAX, &number))
		config->dns.tcp_connections_max = (unsigned)number;
	if (config_section_duration(section, "tcp-idle", 1, HOUR_S, -1, &idle_s))
		config->dns.tcp_idle_ms = idle_s * 1000;
	if (config_section_number(section, "http-connections", 1, CONNECTIONS_MAX, &number))
		config->web.connections_max = (unsigned)number;
	if (config_section_number(section, "http-connections-per-address", 0, CONNECTIONS_MAX,
		&number))
		config->web.connections_per_source = (unsigned)number;
	if (config_section_duration(section, "http-idle", 1, HOUR_S, -1, &idle_s))
		config->web.idle_ms = idle_s * 1000;
	(void)config_section_duration(section, "quiet", 0, 24 * HOUR_S, -1,
	    &config->service.quiet_s);
}

/* --- the other blocks --- */

static void
read_zone(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;

	if (config_zone_read(section, config->zones, config->zone_count,
		&config->zones[config->zone_count]))
		config->zone_count++;
}

static void
read_web(struct builder *builder, const struct config_section *section)
{
	if (builder->web_line != 0) {
		config_complain(section->reader, section->block->line,
		    "listen \"http\" is given twice; join the blocks");
		return;
	}
	builder->web_line = config_section_line(section, "port");
	config_web_set_defaults(section);
	config_web_read(section, &builder->config->web);
}

static void
read_listen(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;
	const char *title = section->block->title;

	if (strcmp(title, "dns") == 0) {
		config_listen_read(section, &config->dns);
	} else if (strcmp(title, "http") == 0) {
		read_web(builder, section);
	} else {
		config_complain(section->reader, section->block->line,
		    "listen \"%.40s\" is unknown; allowed: listen \"dns\", listen \"http\"", title);
	}
}

static void
read_publish(struct builder *builder, const struct config_section *section)
{
	config_publish_read(section, &builder->config->publish);
}

static void
read_key(struct builder *builder, const struct config_section *section)
{
	config_key_read(&builder->keys, section);
}

static void
read_network(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;
	size_t count = config->network_count;

	if (config_network_read(&builder->keys, section, config->network_values, count,
		&config->network_values[count], &config->networks[count]))
		config->network_count++;
}

static void
read_control(struct builder *builder, const struct config_section *section)
{
	config_control_read(section, &builder->config->control);
}

static void
read_peer(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;
	size_t count = config->peer_count;

	if (config_peer_read(&builder->keys, section, config->peer_values, count,
		&config->peer_values[count], &config->peers[count]))
		config->peer_count++;
}

static void
read_leases(struct builder *builder, const struct config_section *section)
{
	struct config *config = builder->config;

	config->lease_values = config_leases_read(section, config->zones, config->zone_count,
	    builder->are_all_zones, &config->dhcp);
}

/* --- the whole --- */

/* Room for the blocks whose number the file decides. */
static bool
make_room(struct builder *builder, const struct source *source)
{
	struct config *config = builder->config;
	size_t zones = count_blocks(source, "zone") + 1;
	size_t networks = count_blocks(source, "network") + 1;
	size_t peers = count_blocks(source, "peer") + 1;

	config->zones = calloc(zones, sizeof(*config->zones));
	config->networks = calloc(networks, sizeof(*config->networks));
	config->network_values = calloc(networks, sizeof(*config->network_values));
	config->peers = calloc(peers, sizeof(*config->peers));
	config->peer_values = calloc(peers, sizeof(*config->peer_values));
	if (config->zones == NULL || config->networks == NULL || config->network_values == NULL ||
	    config->peers == NULL || config->peer_values == NULL) {
		config_out_of_memory(&builder->reader);
		return false;
	}
	return true;
}

/* A block that was left out for its form has been complained about already. */
static bool
has_left_out_blocks(const struct source *source)
{
	for (size_t i = 1; i < source->outline.block_count; i++) {
		if (source->outline.blocks[i].section == NULL)
			return true;
	}
	return false;
}

/* A title that is wrong has been complained about already. */
static bool
has_listen_dns(const struct source *source)
{
	for (size_t i = 0; i < source->outline.block_count; i++) {
		const struct config_block *block = &source->outline.blocks[i];

		if (block->section != NULL && strcmp(block->section->name, "listen") == 0 &&
		    strcmp(block->title, "http") != 0)
			return true;
	}
	return false;
}

static void
check_completeness(struct config_reader *reader, const struct source *source)
{
	if (has_left_out_blocks(source))
		return;
	if (count_blocks(source, "zone") == 0)
		config_complain(reader, 0,
		    "no zone; at least one is needed, as: zone \"home.arpa\" { }");
	if (!has_listen_dns(source))
		config_complain(reader, 0,
		    "no listen \"dns\" block; one is needed, as: listen \"dns\" { }");
}

/* ddnsd.conf. *ret_has_keys: it holds secrets. */
static void
read_main_text(struct builder *builder, const char *text, bool *ret_has_keys)
{
	struct config_reader *reader = &builder->reader;
	struct source source;

	if (source_read(&source, reader, in_file, text) && make_room(builder, &source)) {
		struct config_section top = { reader, &source.outline.blocks[0], source.values };

		keep_settings(builder, &top);
		read_top(builder, &top);
		read_single(builder, &source, "publish", read_publish);
		read_single(builder, &source, "limits", read_limits);
		read_blocks(builder, &source, "zone", read_zone);
		read_blocks(builder, &source, "listen", read_listen);
		config_web_check(reader, builder->web_line, &builder->config->web,
		    &builder->config->dns);
		builder->keys.zones = builder->config->zones;
		builder->keys.zone_count = builder->config->zone_count;
		builder->are_all_zones = !has_left_out_blocks(&source) &&
		    builder->config->zone_count == count_blocks(&source, "zone") &&
		    builder->config->zone_count > 0;
		read_blocks(builder, &source, "key", read_key);
		read_blocks(builder, &source, "network", read_network);
		read_blocks(builder, &source, "control", read_control);
		read_blocks(builder, &source, "peer", read_peer);
		read_blocks(builder, &source, "leases", read_leases);
		check_completeness(reader, &source);
	}
	*ret_has_keys = source.values != NULL && count_blocks(&source, "key") > 0;
	source_release(&source);
}

/* A file that others can read gives its secrets away; one that they can write is theirs. */
static void
check_mode(struct config_reader *reader, mode_t mode, bool holds_secrets)
{
	if ((mode & S_IWOTH) != 0)
		config_complain(reader, 0,
		    "everybody may write to it (mode %04o); run: chmod 640 %s",
		    (unsigned)(mode & 07777), reader->file);
	else if (holds_secrets && (mode & S_IROTH) != 0)
		config_complain(reader, 0,
		    "it holds keys and everybody may read it (mode %04o); run: chmod 640 %s",
		    (unsigned)(mode & 07777), reader->file);
}

static void
read_main_file(struct builder *builder)
{
	struct buffer text;
	mode_t mode;
	bool has_keys;

	if (config_read_file(&builder->reader, &text, &mode)) {
		read_main_text(builder, text.data, &has_keys);
		check_mode(&builder->reader, mode, has_keys);
	}
	config_wipe(&text);
}

static void
read_key_file(struct builder *builder, const char *path)
{
	const char *file = builder->reader.file;
	struct buffer text;
	mode_t mode;

	builder->reader.file = path;
	if (config_read_file(&builder->reader, &text, &mode)) {
		struct source source;

		check_mode(&builder->reader, mode, true);
		if (source_read(&source, &builder->reader, in_key_file, text.data))
			read_blocks(builder, &source, "key", read_key);
		source_release(&source);
	}
	config_wipe(&text);
	builder->reader.file = file;
}

static bool
ends_with(const char *name, const char *ending)
{
	size_t length = strlen(name);

	return length > strlen(ending) && strcmp(name + length - strlen(ending), ending) == 0;
}

/* Leaves out what is hidden, and what editors and package managers put beside a file. */
static int
is_meant_to_be_read(const struct dirent *entry)
{
	static const char *const endings[] = { "~", ".bak", ".old", ".orig", ".save", ".swp",
		".tmp", ".dpkg-dist", ".dpkg-new", ".dpkg-old", ".rpmnew", ".rpmsave" };
	const char *name = entry->d_name;

	if (name[0] == '.' || name[0] == '#' || strncmp(name, "README", strlen("README")) == 0)
		return 0;
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (ends_with(name, endings[i]))
			return 0;
	}
	return 1;
}

/* A folder of files with keys. */
struct key_folder {
	const char *option; /* that names it */
	const char *path;   /* "" = none */
	const char *mode;   /* that it should have */
	bool refuses_links; /* another user writes there, who must not lead root to other files */
};

static void
read_key_folder_entry(struct builder *builder, const char *folder, const struct dirent *entry)
{
	char *path;

	if (!ends_with(entry->d_name, ".conf")) {
		if (entry->d_type != DT_DIR)
			config_warn(&builder->reader, 0,
			    "\"%.255s\" is not read, only NAME.conf files are", entry->d_name);
		return;
	}
	if (asprintf(&path, "%s/%s", folder, entry->d_name) < 0) {
		config_out_of_memory(&builder->reader);
		return;
	}
	read_key_file(builder, path);
	free(path);
}

static void
read_key_folder(struct builder *builder, const struct key_folder *folder)
{
	const char *file = builder->reader.file;
	struct dirent **entries = NULL;
	struct stat about;
	int count;

	if (folder->path[0] == '\0')
		return;
	count = scandir(folder->path, &entries, is_meant_to_be_read, alphasort);
	builder->reader.file = folder->path;
	builder->reader.refuses_links = folder->refuses_links;
	if (count < 0 && errno == ENOTDIR)
		config_complain(&builder->reader, 0, "is not a folder, as %s must be",
		    folder->option);
	else if (count < 0 && errno != ENOENT)
		config_complain_access(&builder->reader, "cannot be read", true, errno);
	else if (count >= 0 && stat(folder->path, &about) == 0 && (about.st_mode & S_IWOTH) != 0)
		config_complain(&builder->reader, 0,
		    "everybody may write to this folder of keys (mode %04o); run: chmod %s %s",
		    (unsigned)(about.st_mode & 07777), folder->mode, folder->path);
	for (int i = 0; i < count; i++) {
		read_key_folder_entry(builder, folder->path, entries[i]);
		free(entries[i]);
	}
	free(entries);
	builder->reader.file = file;
	builder->reader.refuses_links = false;
}

static void
read_key_folders(struct builder *builder)
{
	const struct key_folder folders[] = {
		{ "keys-directory", builder->config->keys_directory, "750", false },
		{ "made-keys-directory", builder->config->made_keys_directory, "700", true },
	};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
		read_key_folder(builder, &folders[i]);
}

static bool
builder_init(struct builder *builder, const char *file, struct buffer *errors,
    struct buffer *warnings)
{
	struct config *config = calloc(1, sizeof(*config));
	size_t length = strlen(file);

	*builder = (struct builder){
		.reader = { .file = file, .errors = errors, .warnings = warnings },
		.config = config,
	};
	if (config != NULL) {
		config->keyring = keyring_new();
		config->settings = config_settings_new();
		builder->reader.user = config->user;
		builder->reader.group = config->group;
	}
	if (config == NULL || config->keyring == NULL || config->settings == NULL) {
		config_out_of_memory(&builder->reader);
		return false;
	}
	builder->keys.keyring = config->keyring;
	if (length >= sizeof(config->file))
		config_complain(&builder->reader, 0, "longer than a path can be");
	else
		memcpy(config->file, file, length + 1);
	return builder->reader.status == STATUS_OK;
}

/* What is right and still leads to nothing. */
static void
warn_of_nothing_to_do(struct config_reader *reader, const struct config *config)
{
	bool has_leases = config->dhcp.has_zone && config->dhcp.file[0] != '\0';

	if (keyring_count(config->keyring) == 0 && config->network_count == 0 &&
	    config->peer_count == 0 && config->control.socket[0] == '\0' && !has_leases)
		config_warn(reader, 0,
		    "no key, no network and no control socket: nobody can update; add control { }, "
		    "or a file to the keys-directory");
	if (config->peer_count > 0 && config->control.socket[0] == '\0')
		config_warn(reader, config->peer_values[0].line,
		    "peer \"%s\" cannot connect, as there is no socket; add: control { }",
		    config->peers[0].principal.identity + 1);
}

/* Hands the configuration over, or throws it away when anything was wrong. */
static enum status
builder_finish(struct builder *builder, struct config **ret_config)
{
	struct config *config = builder->config;

	config_keys_release(&builder->keys);
	if (builder->reader.status != STATUS_OK) {
		config_free(config);
		return builder->reader.status;
	}
	warn_of_nothing_to_do(&builder->reader, config);
	config_settings_sort(config->settings);
	*ret_config = config;
	return STATUS_OK;
}

enum status
config_load(const char *path, struct config **ret_config, struct buffer *ret_errors,
    struct buffer *ret_warnings)
{
	struct builder builder;

	if (builder_init(&builder, path, ret_errors, ret_warnings)) {
		builder.reader.may_look = true;
		read_main_file(&builder);
		read_key_folders(&builder);
		config_publish_look(&builder.reader, &builder.config->publish);
	}
	return builder_finish(&builder, ret_config);
}

enum status
config_parse(const char *name, const char *text, struct config **ret_config,
    struct buffer *ret_errors, struct buffer *ret_warnings)
{
	struct builder builder;
	bool has_keys;

	if (builder_init(&builder, name, ret_errors, ret_warnings)) {
		if (strlen(text) > CONFIG_FILE_MAX)
			config_complain(&builder.reader, 0,
			    "is larger than %d bytes, the most that is read", CONFIG_FILE_MAX);
		else
			read_main_text(&builder, text, &has_keys);
	}
	return builder_finish(&builder, ret_config);
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (size_t i = 0; i < config->network_count; i++)
		config_network_release(&config->network_values[i]);
	free(config->network_values);
	free(config->networks);
	for (size_t i = 0; i < config->peer_count; i++)
		config_peer_release(&config->peer_values[i]);
	free(config->peer_values);
	free(config->peers);
	config_leases_free(config->lease_values);
	free(config->zones);
	keyring_free(config->keyring);
	config_settings_free(config->settings);
	free(config);
}

void
config_describe_changes(const struct config *before, const struct config *after,
    struct buffer *text)
{
	config_settings_describe(before->settings, after->settings, text);
}
