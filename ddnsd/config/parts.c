/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Zones, doors and publishing, from a block's values to the part's own options. */
#include "config/parts.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/addresses.h"
#include "config/web.h"

enum {
	YEAR_S = 365 * 24 * 60 * 60,
	HOUR_S = 60 * 60,
	FILE_NAME_MAX = 250, /* ".NAME.tmp" stands beside it for a moment */
};

#define LEASE_MAX_S (INT64_C(10) * YEAR_S)

/* --- zones --- */

static void
read_leases(const struct config_section *section, struct zone_options *zone)
{
	int64_t lease_s;
	int64_t min_s;
	int64_t max_s;
	bool are_good = config_section_duration(section, "lease", 1, LEASE_MAX_S, 0, &lease_s);

	are_good &= config_section_duration(section, "lease-min", 1, LEASE_MAX_S, -1, &min_s);
	are_good &= config_section_duration(section, "lease-max", 1, LEASE_MAX_S, -1, &max_s);
	if (!are_good)
		return;
	if (min_s > max_s) {
		config_section_complain(section, "lease-min", "%s is longer than lease-max, %s",
		    config_section_text(section, "lease-min"),
		    config_section_text(section, "lease-max"));
		return;
	}
	/* 0 is for ever: nothing to compare. */
	if (lease_s != 0 && (lease_s < min_s || lease_s > max_s)) {
		config_section_complain(section, "lease",
		    "%s%s is not between lease-min, %s, and lease-max, %s",
		    config_section_text(section, "lease"),
		    config_section_has(section, "lease") ? "" : ", the default,",
		    config_section_text(section, "lease-min"),
		    config_section_text(section, "lease-max"));
		return;
	}
	zone->lease_s = (uint32_t)lease_s;
	zone->lease_min_s = (uint32_t)min_s;
	zone->lease_max_s = (uint32_t)max_s;
}

static bool
read_apex(const struct config_section *section, struct name *ret_apex)
{
	const char *title = section->block->title;
	unsigned line = section->block->line;
	struct name local;

	if (!config_plain_name(title, ret_apex)) {
		config_complain(section->reader, line,
		    "zone \"%.80s\": not a name; " CONFIG_NAME_HELP, title);
		return false;
	}
	if (name_from_text("local", &local) == STATUS_OK &&
	    name_is_within(ret_apex->wire, local.wire)) {
		config_complain(section->reader, line,
		    "zone \"%.80s\": names under .local belong to multicast DNS (RFC 6762), clients do "
		    "not ask a server for them; allowed: home.arpa (RFC 8375) or a domain of your own",
		    title);
		return false;
	}
	return true;
}

/* Zones may not lie inside each other: which of the two a name is in must be plain to see. */
static bool
overlaps(const struct config_section *section, const struct name *apex,
    const struct zone_options *others, size_t other_count)
{
	char other[NAME_TEXT_MAX];

	for (size_t i = 0; i < other_count; i++) {
		const uint8_t *wire = others[i].apex.wire;
		const char *relation = "lies inside";

		if (name_is_equal(apex->wire, wire))
			relation = "is given twice, first as";
		else if (name_is_within(wire, apex->wire))
			relation = "contains";
		else if (!name_is_within(apex->wire, wire))
			continue;
		config_complain(section->reader, section->block->line,
		    "zone \"%.80s\" %s zone \"%.300s\"; zones must not overlap",
		    section->block->title, relation, name_to_text(wire, other));
		return true;
	}
	return false;
}

bool
config_zone_read(const struct config_section *section, const struct zone_options *others,
    size_t other_count, struct zone_options *ret_zone)
{
	struct zone_options zone = { 0 };
	int64_t ttl_s;

	read_leases(section, &zone);
	/* RFC 2181 8: a TTL has 31 bits; a year is more than anybody waits. */
	if (config_section_duration(section, "ttl", 0, YEAR_S, -1, &ttl_s))
		zone.ttl_s = (uint32_t)ttl_s;
	if (!read_apex(section, &zone.apex))
		return false;
	(void)config_section_name(section, "nameserver", "ns", &zone.apex, &zone.nameserver);
	(void)config_section_name(section, "contact", "hostmaster", &zone.apex, &zone.contact);
	if (overlaps(section, &zone.apex, others, other_count))
		return false;
	*ret_zone = zone;
	return true;
}

/* --- doors --- */

void
config_listen_read(const struct config_section *section, struct dns_options *dns)
{
	long port = 0;

	if (dns->listen_count > 0) {
		config_complain(section->reader, section->block->line,
		    "listen \"dns\" is given twice; join the blocks");
		return;
	}
	(void)config_section_number(section, "port", 1, UINT16_MAX, &port);
	config_addresses_read(section, (uint16_t)port, dns->listen, DNS_LISTEN_MAX,
	    &dns->listen_count);
	config_web_refuse_options(section);
}

/* --- publishing --- */

/* dnsmasq passes such names by in a hostsdir: x~ .x #x#. */
static bool
is_ignored_by_dnsmasq(const char *name)
{
	size_t length = strlen(name);

	return name[0] == '.' || name[length - 1] == '~' ||
	    (name[0] == '#' && name[length - 1] == '#');
}

static void
check_hosts_file(const struct config_section *section, const struct publisher_options *publish)
{
	const char *name = file_base_name(publish->file);

	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		config_section_complain(section, "file",
		    "names a folder; allowed: the path of a file");
	else if (strlen(name) > FILE_NAME_MAX)
		config_section_complain(section, "file", "its name is longer than %d characters",
		    FILE_NAME_MAX);
	else if (publish->mode == PUBLISH_HOSTSDIR && is_ignored_by_dnsmasq(name))
		config_section_complain(section, "file",
		    "dnsmasq reads no file called \"%.250s\" in a hostsdir; allowed: names without . or # "
		    "at the front and ~ or # at the end",
		    name);
}

static void
read_confirm(const struct config_section *section, struct publisher_options *publish)
{
	const char *text = config_section_text(section, "confirm");
	int64_t timeout_s;

	if (text[0] != '\0' && endpoint_from_text(text, &publish->confirm) != STATUS_OK)
		config_section_complain(section, "confirm",
		    "\"%.80s\" is not an address and a port; allowed: ADDRESS:PORT, [ADDRESS6]:PORT, "
		    "or \"\" to ask nobody",
		    text);
	if (config_section_duration(section, "confirm-timeout", 1, HOUR_S, -1, &timeout_s))
		publish->confirm_timeout_ms = timeout_s * 1000;
}

/* Not an error: the program may still come, and names are served without it. */
static void
look_for_command(const struct config_section *section, const char *program)
{
	unsigned line = config_section_line(section, "command");
	struct stat about;

	if (stat(program, &about) != 0)
		config_warn(section->reader, line,
		    "command: %.600s cannot be run: %s; put the program there", program,
		    status_text(file_status(errno)));
	else if (!S_ISREG(about.st_mode))
		config_warn(section->reader, line,
		    "command: %.600s cannot be run: it is not a file; name a program", program);
	else if (access(program, X_OK) != 0)
		config_warn(section->reader, line,
		    "command: %.400s cannot be run: %s; run: chmod a+x %.400s", program,
		    status_text(file_status(errno)), program);
}

static void
read_command(const struct config_section *section, struct publisher_options *publish)
{
	if (!config_section_path(section, "command", true, publish->command) ||
	    publish->mode != PUBLISH_COMMAND)
		return;
	if (publish->command[0] == '\0')
		config_section_complain(section, "command",
		    "mode \"command\" needs a program; set it to an absolute path");
	else if (section->reader->may_look)
		look_for_command(section, publish->command);
}

static void
read_paths(const struct config_section *section, struct publisher_options *publish)
{
	bool is_none = publish->mode == PUBLISH_NONE;
	bool is_signal = publish->mode == PUBLISH_SIGNAL;

	if (config_section_path(section, "file", is_none, publish->file) && !is_none)
		check_hosts_file(section, publish);
	(void)config_section_path(section, "pid-file", !is_signal, publish->pid_file);
	read_command(section, publish);
}

void
config_publish_read(const struct config_section *section, struct publisher_options *publish)
{
	static const char *const modes[] = { [PUBLISH_SIGNAL] = "signal",
		[PUBLISH_HOSTSDIR] = "hostsdir",
		[PUBLISH_COMMAND] = "command",
		[PUBLISH_NONE] = "none",
		NULL };
	int mode;

	/* What the paths must be is up to the mode: without it nothing can be said of them. */
	if (config_section_choice(section, "mode", modes, &mode)) {
		publish->mode = (enum publish_mode)mode;
		read_paths(section, publish);
	}
	read_confirm(section, publish);
	(void)config_section_flag(section, "short-names", &publish->short_names);
	(void)config_section_flag(section, "leases-held-by-reader",
	    &publish->leases_held_by_reader);
}

/* dnsmasq takes every file in its hostsdir for a hosts file. */
void
config_publish_look(struct config_reader *reader, const struct publisher_options *publish)
{
	const char *name = file_base_name(publish->file);
	char folder[PATH_MAX];
	struct dirent *entry;
	DIR *directory;

	if (publish->mode != PUBLISH_HOSTSDIR)
		return;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(name - publish->file), publish->file);
	directory = opendir(folder);
	if (directory == NULL)
		return;
	for (entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
		if (is_ignored_by_dnsmasq(entry->d_name) || strcmp(entry->d_name, name) == 0)
			continue;
		config_warn(reader, 0,
		    "publish: %.500s also holds \"%.255s\", which dnsmasq reads as a hosts file in mode "
		    "\"hostsdir\"; give the file a folder of its own",
		    folder, entry->d_name);
		break;
	}
	(void)closedir(directory);
}
