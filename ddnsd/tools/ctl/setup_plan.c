/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which dnsmasq this machine has, and what has to be written for it. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "tools/ctl/setup.h"

enum { SNIPPET_MAX = 65536, LINE_MAX_SHOWN = 512 };

static const char next_script[] = "/etc/ddnsd/dhcp-script.next";

static const struct {
	const char *name;
	const char *title;
	const char *snippet;  /* the file that is written; NULL: commands only */
	const char *main;     /* dnsmasq's own file */
	const char *folder;   /* as conf-dir= has it */
	const char *pid_file; /* what it writes by default */
	const char *leases;
	const char *restart;
} platforms[SETUP_PLATFORMS] = {
	[SETUP_DEBIAN] = { "debian", "the dnsmasq of Debian or Raspberry Pi OS",
	    "/etc/dnsmasq.d/ddnsd.conf", "/etc/dnsmasq.conf",
	    "/etc/dnsmasq.d,.dpkg-dist,.dpkg-old,.dpkg-new", "/run/dnsmasq/dnsmasq.pid",
	    "/var/lib/misc/dnsmasq.leases", "systemctl restart dnsmasq" },
	[SETUP_PIHOLE] = { "pihole", "Pi-hole, version 6", "/etc/dnsmasq.d/ddnsd.conf",
	    "/etc/pihole/dnsmasq.conf", "/etc/dnsmasq.d,*.conf", "/run/pihole-FTL.pid",
	    "/etc/pihole/dhcp.leases", "systemctl restart pihole-FTL" },
	[SETUP_OPENWRT] = { "openwrt", "OpenWrt", NULL, NULL, NULL, "", "/tmp/dhcp.leases",
	    "/etc/init.d/dnsmasq restart" },
	[SETUP_NETWORKMANAGER] = { "networkmanager", "NetworkManager's dnsmasq",
	    "/etc/NetworkManager/dnsmasq.d/ddnsd.conf", NULL, "/etc/NetworkManager/dnsmasq.d",
	    "/run/NetworkManager/dnsmasq.pid", "", "systemctl restart NetworkManager" },
};

const char *
setup_platform_name(enum setup_platform platform)
{
	return platforms[platform].name;
}

const char *
setup_platform_title(enum setup_platform platform)
{
	return platforms[platform].title;
}

const char *
setup_path(const char *root, const char *path, char text[static SETUP_PATH_MAX])
{
	(void)snprintf(text, SETUP_PATH_MAX, "%s%s", root, path);
	return text;
}

static bool
exists(const struct setup_plan *plan, const char *path)
{
	char full[SETUP_PATH_MAX];
	struct stat about;

	return stat(setup_path(plan->root, path, full), &about) == 0;
}

__attribute__((format(printf, 2, 3))) static void
add_to(json_t *list, const char *format, ...)
{
	char text[2 * PATH_MAX];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	(void)json_array_append_new(list, json_string(text));
}

/* --- which one --- */

/* True when a file has a line that is this, blanks aside. */
static bool
has_line(const struct setup_plan *plan, const char *path, const char *line)
{
	char full[SETUP_PATH_MAX];
	struct buffer text;
	bool has = false;
	char *rest;

	buffer_init(&text, DNSMASQ_FILE_SIZE_MAX);
	if (file_read(setup_path(plan->root, path, full), &text) != STATUS_OK ||
	    buffer_append(&text, "", 1) != STATUS_OK) {
		buffer_release(&text);
		return false;
	}
	rest = text.data;
	while (rest != NULL && !has) {
		char *at = strsep(&rest, "\n");
		const char *wanted = line;

		for (; *at != '\0' && *at != '#'; at++) {
			if (*at == ' ' || *at == '\t' || *at == '\r')
				continue;
			if (*at != *wanted)
				break;
			wanted++;
		}
		has = *wanted == '\0' && (*at == '\0' || *at == '#');
	}
	buffer_release(&text);
	return has;
}

static bool
is_networkmanager(const struct setup_plan *plan)
{
	return exists(plan, "/etc/NetworkManager/dnsmasq.d") &&
	    (has_line(plan, "/etc/NetworkManager/NetworkManager.conf", "dns=dnsmasq") ||
		has_line(plan, "/etc/NetworkManager/conf.d/dns.conf", "dns=dnsmasq") ||
		has_line(plan, "/etc/NetworkManager/conf.d/00-use-dnsmasq.conf", "dns=dnsmasq"));
}

static bool
find_platform(struct setup_plan *plan, const char *wanted)
{
	for (int i = 0; wanted != NULL && i < SETUP_PLATFORMS; i++) {
		if (strcmp(platforms[i].name, wanted) == 0) {
			plan->platform = (enum setup_platform)i;
			return true;
		}
	}
	if (wanted != NULL)
		return false;
	if (exists(plan, "/etc/openwrt_release"))
		plan->platform = SETUP_OPENWRT;
	else if (exists(plan, "/etc/pihole/pihole.toml"))
		plan->platform = SETUP_PIHOLE;
	else if (exists(plan, "/etc/dnsmasq.conf") || exists(plan, "/etc/default/dnsmasq") ||
	    exists(plan, "/lib/systemd/system/dnsmasq.service"))
		plan->platform = SETUP_DEBIAN;
	else if (is_networkmanager(plan))
		plan->platform = SETUP_NETWORKMANAGER;
	else
		return false;
	return true;
}

/* --- what is there --- */

static bool
read_conf(struct setup_plan *plan)
{
	const char *main = platforms[plan->platform].main;

	plan->conf = dnsmasq_conf_new(plan->root);
	if (plan->conf == NULL)
		return false;
	if (main != NULL && exists(plan, main))
		(void)dnsmasq_conf_read_file(plan->conf, main);
	(void)dnsmasq_conf_read_folder(plan->conf, platforms[plan->platform].folder);
	return true;
}

/* Debian's service reads the folder by an argument; elsewhere conf-dir has to say so. */
static enum ctl_exit
check_folder(const struct setup_plan *plan)
{
	struct dnsmasq_conf *own;
	bool is_read;

	if (plan->platform != SETUP_DEBIAN)
		return CTL_DONE;
	if (exists(plan, "/etc/default/dnsmasq"))
		return CTL_DONE;
	own = dnsmasq_conf_new(plan->root);
	if (own == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	(void)dnsmasq_conf_read_file(own, "/etc/dnsmasq.conf");
	is_read = dnsmasq_conf_reads_folder(own, "/etc/dnsmasq.d");
	dnsmasq_conf_free(own);
	if (is_read)
		return CTL_DONE;
	return ctl_fail(CTL_FAILED,
	    "dnsmasq does not read /etc/dnsmasq.d; write this line into /etc/dnsmasq.conf first: "
	    "conf-dir=/etc/dnsmasq.d/,*.conf");
}

static enum ctl_exit
conflict(const struct dnsmasq_option *option, const char *why)
{
	return ctl_fail(CTL_FAILED, "%s:%u: %s=%s %s; nothing is changed: take that line out first",
	    option->file, option->line, option->name, option->value, why);
}

/* Lines that would make ours worthless, or that ours would break. */
static enum ctl_exit
check_conflicts(const struct setup_plan *plan)
{
	const struct site *site = plan->site;
	bool is_hostsdir = strcmp(site->mode, "hostsdir") == 0;

	for (size_t i = 0; i < site->zone_count; i++) {
		const char *zone = site->zones[i].name;
		const char *rest = "";
		const struct dnsmasq_option *option = dnsmasq_conf_domain(plan->conf, "address",
		    zone, NULL);

		if (option != NULL)
			return conflict(option, "answers every name of the zone by itself");
		option = dnsmasq_conf_domain(plan->conf, "server", zone, &rest);
		if (option != NULL && rest[0] != '\0' && strncmp(rest, "127.", 4) != 0 &&
		    strncmp(rest, "::1", 3) != 0)
			return conflict(option, "asks somebody else for the zone");
	}
	for (size_t i = 0; i < dnsmasq_conf_count(plan->conf); i++) {
		const struct dnsmasq_option *option = dnsmasq_conf_at(plan->conf, i);
		char full[SETUP_PATH_MAX];
		struct stat about;

		if (is_hostsdir && strcmp(option->name, "addn-hosts") == 0 &&
		    stat(setup_path(plan->root, option->value, full), &about) == 0 &&
		    S_ISDIR(about.st_mode))
			return conflict(option,
			    "names a folder, whose names and those of hostsdir wipe each other out");
	}
	return CTL_DONE;
}

/* --- the lease script --- */

static bool
gives_leases(const struct setup_plan *plan)
{
	return dnsmasq_conf_last(plan->conf, "dhcp-range") != NULL;
}

/* Where "make install" put the hook; NULL: nowhere. */
static const char *
find_hook(const struct setup_plan *plan)
{
	static const char *const places[] = {
		"/usr/local/lib/ddnsd/dhcp-script",
		"/usr/lib/ddnsd/dhcp-script",
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (exists(plan, places[i]))
			return places[i];
	}
	return NULL;
}

static struct setup_action *
add_action(struct setup_plan *plan, enum setup_kind kind, const char *path)
{
	struct setup_action *action = &plan->actions[plan->count++];

	*action = (struct setup_action){ .kind = kind };
	(void)snprintf(action->path, sizeof(action->path), "%s", path);
	return action;
}

/* The whole text with "#" and our mark before one line. NULL when out of memory. */
static char *
comment_out(const char *text, unsigned line)
{
	const char *at = text;
	char *edited = NULL;

	for (unsigned i = 1; i < line && strchr(at, '\n') != NULL; i++)
		at = strchr(at, '\n') + 1;
	if (asprintf(&edited, "%.*s# ddnsctl setup: %s", (int)(at - text), text, at) < 0)
		return NULL;
	return edited;
}

static enum ctl_exit
add_edit(struct setup_plan *plan, const struct dnsmasq_option *option)
{
	struct setup_action *action;
	char full[SETUP_PATH_MAX];
	struct stat about;
	struct buffer text;

	(void)setup_path(plan->root, option->file, full);
	if (lstat(full, &about) == 0 && S_ISLNK(about.st_mode))
		return conflict(option, "stands in a file that is a symbolic link");
	buffer_init(&text, DNSMASQ_FILE_SIZE_MAX);
	if (file_read(full, &text) != STATUS_OK || buffer_append(&text, "", 1) != STATUS_OK ||
	    strlen(text.data) + 1 != text.length) {
		buffer_release(&text);
		return ctl_fail(CTL_FAILED, "%s cannot be read, or is no text", option->file);
	}
	action = add_action(plan, SETUP_EDIT, option->file);
	action->line = option->line;
	action->before = text.data;
	action->after = comment_out(text.data, option->line);
	return action->after != NULL ? CTL_DONE : ctl_fail(CTL_FAILED, "out of memory");
}

/* A script of the administrator's goes on: ours calls it (hooks/dnsmasq). */
static enum ctl_exit
chain(struct setup_plan *plan, const struct dnsmasq_option *option)
{
	struct setup_action *action;
	char full[SETUP_PATH_MAX];
	struct stat about;
	enum ctl_exit code;

	if (plan->platform == SETUP_PIHOLE &&
	    strcmp(option->file, platforms[SETUP_PIHOLE].main) == 0)
		return conflict(option, "comes from Pi-hole's own settings (misc.dnsmasq_lines)");
	if (option->value[0] != '/')
		return conflict(option, "is no absolute path, so it cannot be called by ours");
	if (lstat(setup_path(plan->root, next_script, full), &about) == 0)
		return ctl_fail(CTL_FAILED,
		    "%s:%u: dhcp-script=%s should be called by ours, but %s is there already; nothing "
		    "is changed",
		    option->file, option->line, option->value, next_script);
	code = add_edit(plan, option);
	if (code != CTL_DONE)
		return code;
	action = add_action(plan, SETUP_LINK, next_script);
	action->after = strdup(option->value);
	return action->after != NULL ? CTL_DONE : ctl_fail(CTL_FAILED, "out of memory");
}

static enum ctl_exit
plan_leases(struct setup_plan *plan, struct buffer *snippet)
{
	const struct site *site = plan->site;
	const struct dnsmasq_option *domain = dnsmasq_conf_last(plan->conf, "domain");
	const struct dnsmasq_option *script = dnsmasq_conf_last(plan->conf, "dhcp-script");
	const char *zone = site->has_leases ? site->leases_zone : site_first_zone(site);
	const char *hook = find_hook(plan);

	if (!gives_leases(plan))
		return CTL_DONE;
	if (!site->has_leases || !site->has_control)
		add_to(plan->notes,
		    "dnsmasq gives leases here; for their names, %s needs: control { } and leases { }",
		    site->file);
	if (domain == NULL)
		(void)buffer_format(snippet, "\n# Names of leases, as ddnsd has them.\ndomain=%s\n",
		    zone);
	else if (strcspn(domain->value, ",") != strlen(zone) ||
	    strncasecmp(domain->value, zone, strlen(zone)) != 0)
		add_to(plan->notes,
		    "%s:%u: domain=%s stays; dnsmasq names its leases by it, ddnsd by %s: set leases { "
		    "zone = ... } in %s to the same",
		    domain->file, domain->line, domain->value, zone, site->file);
	if (hook == NULL) {
		add_to(plan->notes,
		    "the hook (dhcp-script) is not installed; ddnsd learns of leases from %s alone",
		    platforms[plan->platform].leases);
		return CTL_DONE;
	}
	if (script != NULL && strcmp(script->value, hook) == 0)
		return CTL_DONE;
	(void)buffer_format(snippet,
	    "\n# Tells ddnsd of each lease at once; goes on to %s where that is there.\n"
	    "dhcp-script=%s\n",
	    next_script, hook);
	return script != NULL ? chain(plan, script) : CTL_DONE;
}

/* --- the snippet --- */

static void
plan_hosts(const struct setup_plan *plan, struct buffer *snippet)
{
	const struct site *site = plan->site;
	bool is_hostsdir = strcmp(site->mode, "hostsdir") == 0;
	size_t length = (size_t)(file_base_name(site->hosts) - site->hosts);
	char folder[PATH_MAX];

	if (strcmp(site->mode, "none") == 0)
		return;
	memcpy(folder, site->hosts, length);
	folder[length > 1 ? length - 1 : length] = '\0';
	if (is_hostsdir && dnsmasq_conf_exact(plan->conf, "hostsdir", folder) == NULL)
		(void)buffer_format(snippet, "\n# The names that ddnsd knows.\nhostsdir=%s\n",
		    folder);
	else if (!is_hostsdir && dnsmasq_conf_exact(plan->conf, "addn-hosts", site->hosts) == NULL)
		(void)buffer_format(snippet, "\n# The names that ddnsd knows.\naddn-hosts=%s\n",
		    site->hosts);
}

static void
plan_zones(const struct setup_plan *plan, struct buffer *snippet)
{
	const struct site *site = plan->site;
	bool is_first = true;

	for (size_t i = 0; i < site->zone_count; i++) {
		const char *zone = site->zones[i].name;

		if (site->zones[i].is_reverse ||
		    dnsmasq_conf_domain(plan->conf, "local", zone, NULL) != NULL ||
		    dnsmasq_conf_domain(plan->conf, "server", zone, NULL) != NULL)
			continue;
		if (is_first)
			(void)buffer_append_text(snippet,
			    "\n# Answered here, and never asked of the provider.\n");
		is_first = false;
		if (strcmp(site->mode, "none") == 0)
			(void)buffer_format(snippet, "server=/%s/127.0.0.1#%u\n", zone, site->port);
		else
			(void)buffer_format(snippet, "local=/%s/\n", zone);
	}
}

static void
note_settings(struct setup_plan *plan)
{
	const struct site *site = plan->site;
	const char *pid_file = platforms[plan->platform].pid_file;
	const char *leases = platforms[plan->platform].leases;
	const struct dnsmasq_option *option = dnsmasq_conf_last(plan->conf, "pid-file");

	if (option != NULL)
		pid_file = option->value;
	option = dnsmasq_conf_last(plan->conf, "dhcp-leasefile");
	if (option != NULL)
		leases = option->value;
	if (strcmp(site->mode, "signal") == 0 && strcmp(pid_file, site->pid_file) != 0)
		add_to(plan->notes, "set publish { pid-file = \"%s\" } in %s: it is %s there",
		    pid_file, site->file, site->pid_file);
	if (gives_leases(plan) && site->has_leases && site->leases[0] != '\0' &&
	    strcmp(leases, site->leases) != 0)
		add_to(plan->notes, "set leases { file = \"%s\" } in %s: it is %s there", leases,
		    site->file, site->leases);
	if (plan->platform == SETUP_PIHOLE)
		add_to(plan->commands, "pihole-FTL --config misc.etc_dnsmasq_d true");
	if (plan->platform == SETUP_PIHOLE && gives_leases(plan))
		add_to(plan->notes,
		    "Pi-hole runs scripts as its own user: peer \"pihole\" { user = \"pihole\" allow = "
		    "{\"lease\"} } in %s, and control { mode = \"0666\" }",
		    site->file);
	if (plan->platform == SETUP_PIHOLE || plan->platform == SETUP_NETWORKMANAGER)
		add_to(plan->notes,
		    "setup for %s is tested on prepared folders, not on a live machine; \"ddnsctl "
		    "doctor\" looks whether it works",
		    platforms[plan->platform].title);
}

/*
 * OpenWrt makes dnsmasq's files from its own configuration at every start: nothing is written
 * there.
 */
static void
plan_openwrt(struct setup_plan *plan)
{
	const struct site *site = plan->site;

	for (size_t i = 0; i < site->zone_count; i++) {
		if (!site->zones[i].is_reverse)
			add_to(plan->commands, "uci add_list dhcp.@dnsmasq[0].server='/%s/'",
			    site->zones[i].name);
	}
	add_to(plan->commands, "uci commit dhcp");
	add_to(plan->commands,
	    "printf '#!/bin/sh\\nkillall -HUP dnsmasq\\n' >/etc/ddnsd/reload; "
	    "chmod 755 /etc/ddnsd/reload");
	add_to(plan->commands, "%s", platforms[SETUP_OPENWRT].restart);
	if (strncmp(site->hosts, "/tmp/hosts/", strlen("/tmp/hosts/")) != 0)
		add_to(plan->notes,
		    "set publish { file = \"/tmp/hosts/ddnsd\" } in %s: OpenWrt's dnsmasq reads that "
		    "folder",
		    site->file);
	if (strcmp(site->mode, "command") != 0)
		add_to(plan->notes,
		    "set publish { mode = \"command\" command = \"/etc/ddnsd/reload\" } in %s: dnsmasq "
		    "runs in a jail, and its pid file says 1",
		    site->file);
	add_to(plan->notes,
	    "for leases, put hooks/openwrt/50-ddnsd into /etc/hotplug.d/dhcp/, and leases { file = "
	    "\"/tmp/dhcp.leases\" } and control { } into %s",
	    site->file);
	add_to(plan->notes,
	    "nothing is written on OpenWrt, whose dnsmasq files are made anew at each start; this "
	    "is not tested on a device");
}

static enum ctl_exit
plan_snippet(struct setup_plan *plan)
{
	const char *path = platforms[plan->platform].snippet;
	struct setup_action *action;
	struct buffer snippet;
	size_t bare;
	enum ctl_exit code;

	buffer_init(&snippet, SNIPPET_MAX);
	(void)buffer_append_text(&snippet,
	    "# Written by \"ddnsctl setup\"; \"ddnsctl setup --undo\" takes it away again.\n");
	bare = snippet.length;
	plan_hosts(plan, &snippet);
	plan_zones(plan, &snippet);
	code = plan_leases(plan, &snippet);
	note_settings(plan);
	if (code != CTL_DONE || snippet.length == bare) {
		buffer_release(&snippet);
		return code;
	}
	if (exists(plan, path)) {
		buffer_release(&snippet);
		return ctl_fail(CTL_FAILED,
		    "%s is there already, and lacks what setup would write; nothing is changed: move it "
		    "away first",
		    path);
	}
	if (buffer_append(&snippet, "", 1) != STATUS_OK) {
		buffer_release(&snippet);
		return ctl_fail(CTL_FAILED, "out of memory");
	}
	action = add_action(plan, SETUP_WRITE, path);
	action->after = snippet.data;
	add_to(plan->commands, "%s", platforms[plan->platform].restart);
	return CTL_DONE;
}

enum ctl_exit
setup_plan_make(struct setup_plan *plan, const struct site *site, const char *root,
    const char *wanted)
{
	enum ctl_exit code;

	*plan = (struct setup_plan){ .root = root, .site = site };
	plan->notes = json_array();
	plan->commands = json_array();
	if (wanted != NULL && !find_platform(plan, wanted))
		return ctl_usage("setup",
		    "--for: \"%s\" is unknown; allowed: debian, pihole, openwrt, networkmanager",
		    wanted);
	if (wanted == NULL && !find_platform(plan, NULL))
		return ctl_fail(CTL_FAILED,
		    "no dnsmasq is found here (looked for Debian's, Pi-hole's, OpenWrt's, "
		    "NetworkManager's); install one, or say which by --for");
	if (plan->platform == SETUP_OPENWRT) {
		plan_openwrt(plan);
		return CTL_DONE;
	}
	if (!read_conf(plan))
		return ctl_fail(CTL_FAILED, "out of memory");
	code = check_folder(plan);
	if (code == CTL_DONE)
		code = check_conflicts(plan);
	return code == CTL_DONE ? plan_snippet(plan) : code;
}

void
setup_plan_free(struct setup_plan *plan)
{
	for (size_t i = 0; i < plan->count; i++) {
		free(plan->actions[i].before);
		free(plan->actions[i].after);
	}
	dnsmasq_conf_free(plan->conf);
	json_decref(plan->notes);
	json_decref(plan->commands);
}
