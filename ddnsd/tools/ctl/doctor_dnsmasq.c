/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's steps on dnsmasq's side: which one it is, what it was told, what would hurt. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/ctl/dns_ask.h"
#include "tools/ctl/doctor.h"
#include "tools/ctl/program.h"

enum {
	CANDIDATES_MAX = 16,
	VERSION_TIMEOUT_MS = 2000,
	VERSION_TEXT_MAX = 8192,
	STRANGERS_SHOWN = 5,
	SAFE_HOSTSDIR = 290,  /* 2.90 */
	CLEAN_HOSTSDIR = 288, /* from 2.88 on old names go, and up to 2.89 it crashes */
};

/* --- which one --- */

static struct dnsmasq_conf *
read_conf(const struct process *process)
{
	char root[32];
	struct dnsmasq_conf *conf = dnsmasq_conf_new(process_root(process, root));
	struct buffer command;
	enum status status;

	if (conf == NULL)
		return NULL;
	buffer_init(&command, PROCESS_COMMAND_MAX + 1);
	status = process_command(process->pid, &command);
	if (status == STATUS_OK)
		status = dnsmasq_conf_read_command(conf, command.data, command.length,
		    strcmp(process->comm, "pihole-FTL") == 0 ? "/etc/pihole/dnsmasq.conf"
							     : "/etc/dnsmasq.conf");
	buffer_release(&command);
	if (status == STATUS_OK || status == STATUS_TOO_LARGE)
		return conf;
	dnsmasq_conf_free(conf);
	return NULL;
}

/* The folder that holds the hosts file. Returns folder. */
static const char *
hosts_folder(const struct site *site, char folder[static PATH_MAX])
{
	size_t length = (size_t)(file_base_name(site->hosts) - site->hosts);

	memcpy(folder, site->hosts, length);
	folder[length > 1 ? length - 1 : length] = '\0';
	return folder;
}

static const struct dnsmasq_option *
find_reading(const struct site *site, const struct dnsmasq_conf *conf, bool *ret_is_folder)
{
	char folder[PATH_MAX];
	const struct dnsmasq_option *option = dnsmasq_conf_exact(conf, "addn-hosts", site->hosts);

	*ret_is_folder = option == NULL;
	if (option == NULL)
		option = dnsmasq_conf_exact(conf, "hostsdir", hosts_folder(site, folder));
	if (option == NULL)
		option = dnsmasq_conf_exact(conf, "addn-hosts", hosts_folder(site, folder));
	return option;
}

/* Among several: the one that reads our file, else the first. */
static void
choose(struct doctor *doctor, const struct process *found, unsigned count)
{
	for (unsigned i = 0; i < count && i < CANDIDATES_MAX; i++) {
		struct dnsmasq_conf *conf = read_conf(&found[i]);
		bool is_folder;
		bool reads = conf != NULL && find_reading(doctor->site, conf, &is_folder) != NULL;

		if (reads || !doctor->has_dnsmasq) {
			dnsmasq_conf_free(doctor->conf);
			doctor->conf = conf;
			doctor->dnsmasq = found[i];
			doctor->has_dnsmasq = true;
		} else {
			dnsmasq_conf_free(conf);
		}
		if (reads)
			return;
	}
}

/* "dnsmasq-2.90", "dnsmasq-pi-hole-v2.91", "Dnsmasq version 2.90": the first NUMBER.NUMBER. */
static unsigned
version_of(const char *text)
{
	for (; *text != '\0'; text++) {
		char *end;
		unsigned long major;

		if (*text < '0' || *text > '9')
			continue;
		major = strtoul(text, &end, 10);
		if (*end == '.' && end[1] >= '0' && end[1] <= '9' && major < 100)
			return (unsigned)(major * 100 + strtoul(end + 1, NULL, 10) % 100);
		text = end - 1;
	}
	return 0;
}

/* It says so itself, unless it was told not to (no-ident). */
static unsigned
ask_version(const struct site *site)
{
	struct endpoint server;
	struct dns_reply reply;

	if (endpoint_from_text(site->confirm, &server) != STATUS_OK ||
	    dns_ask(&server, "version.bind", DNS_TYPE_TXT, DNS_CLASS_CHAOS, VERSION_TIMEOUT_MS,
		&reply) != STATUS_OK)
		return 0;
	return version_of(reply.text);
}

/* Only a program that is root's alone: any user may call a process of his dnsmasq. */
static unsigned
run_version(const struct process *process)
{
	char path[32];
	struct stat about;
	struct buffer text;
	unsigned version = 0;
	int code;

	(void)snprintf(path, sizeof(path), "/proc/%d/exe", (int)process->pid);
	if (process->is_elsewhere || stat(path, &about) != 0 || about.st_uid != 0 ||
	    (about.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return 0;
	buffer_init(&text, VERSION_TEXT_MAX);
	if (program_run((const char *const[]){ path, "--version", NULL }, VERSION_TIMEOUT_MS, &text,
		&code) == STATUS_OK &&
	    code == 0)
		version = version_of(text.data);
	buffer_release(&text);
	return version;
}

static void
say_version(struct doctor *doctor)
{
	const struct process *process = &doctor->dnsmasq;

	doctor->version = ask_version(doctor->site);
	if (doctor->version == 0 && strcmp(process->comm, "dnsmasq") == 0)
		doctor->version = run_version(process);
	if (doctor->version == 0)
		doctor_say(doctor, "dnsmasq", DOCTOR_OK, NULL,
		    "%s runs as process %d; its version is not known", process->comm,
		    (int)process->pid);
	else
		doctor_say(doctor, "dnsmasq", DOCTOR_OK, NULL,
		    "%s runs as process %d, version %u.%02u", process->comm, (int)process->pid,
		    doctor->version / 100, doctor->version % 100);
}

void
doctor_find_dnsmasq(struct doctor *doctor)
{
	const struct site *site = doctor->site;
	bool needs_pid = strcmp(site->mode, "signal") == 0;
	struct process found[CANDIDATES_MAX];
	unsigned count = 1;
	const char *problems;
	pid_t pid = needs_pid ? process_of_pid_file(site->pid_file) : 0;
	bool is_by_pid_file = pid > 0 && process_read(pid, &found[0]) &&
	    process_is_dnsmasq(&found[0]);

	if (!is_by_pid_file)
		count = process_find_dnsmasq(found, CANDIDATES_MAX);
	if (count == 0) {
		doctor_say(doctor, "dnsmasq", DOCTOR_FAULT,
		    "systemctl start dnsmasq (Pi-hole: systemctl start pihole-FTL)",
		    "neither dnsmasq nor pihole-FTL runs on this machine");
		return;
	}
	choose(doctor, found, count);
	if (needs_pid && !is_by_pid_file) {
		const struct dnsmasq_option *option = doctor->conf != NULL
		    ? dnsmasq_conf_last(doctor->conf, "pid-file")
		    : NULL;

		doctor_say(doctor, "dnsmasq", DOCTOR_FAULT,
		    option != NULL && option->value[0] == '/'
			? doctor_mend("publish { pid-file = \"%s\" } in %s", option->value,
			      site->file)
			: doctor_mend("pid-file=%s in dnsmasq's configuration, and restart it",
			      site->pid_file),
		    "%s does not hold the number of a dnsmasq, so ddnsd cannot signal it (one runs as "
		    "%d)",
		    site->pid_file, (int)doctor->dnsmasq.pid);
	}
	say_version(doctor);
	problems = doctor->conf != NULL ? dnsmasq_conf_problems(doctor->conf) : "";
	if (doctor->conf == NULL || problems[0] != '\0')
		doctor_say(doctor, "dnsmasq", DOCTOR_WARNING,
		    geteuid() != 0 ? "run ddnsctl as root" : NULL,
		    "its configuration is not known in full: %.*s", (int)strcspn(problems, "\n"),
		    problems[0] != '\0' ? problems : "no access");
}

/* --- what it was told --- */

static const char *
place(const struct dnsmasq_option *option, char text[static PATH_MAX + 16])
{
	if (option->line > 0)
		(void)snprintf(text, PATH_MAX + 16, "%s:%u", option->file, option->line);
	else
		(void)snprintf(text, PATH_MAX + 16, "%s", option->file);
	return text;
}

static void
check_reading(struct doctor *doctor)
{
	const struct site *site = doctor->site;
	bool wants_folder = strcmp(site->mode, "hostsdir") == 0;
	char folder[PATH_MAX];
	char where[PATH_MAX + 16];
	bool is_folder;
	const struct dnsmasq_option *option = find_reading(site, doctor->conf, &is_folder);

	(void)hosts_folder(site, folder);
	if (wants_folder && (option == NULL || strcmp(option->name, "hostsdir") != 0))
		doctor_say(doctor, "reads-file", DOCTOR_FAULT,
		    doctor_mend("hostsdir=%s in dnsmasq's configuration, and restart it", folder),
		    "dnsmasq does not watch %s, where ddnsd publishes (mode \"hostsdir\")", folder);
	else if (option == NULL)
		doctor_say(doctor, "reads-file", DOCTOR_FAULT,
		    doctor_mend("ddnsctl setup (it writes addn-hosts=%s), then restart dnsmasq",
			site->hosts),
		    "dnsmasq does not read %s: no addn-hosts names it", site->hosts);
	else
		doctor_say(doctor, "reads-file", DOCTOR_OK, NULL, "%s=%s (%s)", option->name,
		    option->value, place(option, where));
}

/* dnsmasq reads as a user of its own; a container has its own view of the folder. */
static void
check_access(struct doctor *doctor)
{
	const struct process *dnsmasq = &doctor->dnsmasq;
	const char *hosts = doctor->site->hosts;
	char obstacle[PATH_MAX];
	char inside[PATH_MAX + 32];
	char root[32];
	struct stat about;

	(void)snprintf(inside, sizeof(inside), "%s%s", process_root(dnsmasq, root), hosts);
	if (stat(hosts, &about) != 0) {
		doctor_say(doctor, "hosts-file", DOCTOR_FAULT,
		    "systemd-tmpfiles --create ddnsd.conf; systemctl restart ddnsd",
		    "%s is not there, or closed to you", hosts);
	} else if (dnsmasq->is_elsewhere && stat(inside, &about) != 0) {
		doctor_say(doctor, "hosts-file", DOCTOR_FAULT,
		    "give the container the folder of the file (a bind mount, read only)",
		    "dnsmasq runs in a container or jail that does not have %s", hosts);
	} else if (!dnsmasq->is_elsewhere && !process_may(dnsmasq, hosts, R_OK, obstacle) &&
	    obstacle[0] != '\0') {
		doctor_say(doctor, "hosts-file", DOCTOR_FAULT,
		    stat(obstacle, &about) == 0 && S_ISDIR(about.st_mode)
			? doctor_mend("chmod o+rx %s", obstacle)
			: doctor_mend("chmod 644 %s", obstacle),
		    "dnsmasq (user %u) cannot read %s: %s keeps it out", (unsigned)dnsmasq->uid,
		    hosts, obstacle);
	} else {
		doctor_say(doctor, "hosts-file", DOCTOR_OK, NULL, "dnsmasq may read %s", hosts);
	}
}

/* One forward zone: kept here, or asked of us. */
static void
check_zone(struct doctor *doctor, const char *zone)
{
	const struct dnsmasq_conf *conf = doctor->conf;
	const char *rest = "";
	char where[PATH_MAX + 16];
	const struct dnsmasq_option *option = dnsmasq_conf_domain(conf, "local", zone, &rest);

	if (option == NULL)
		option = dnsmasq_conf_domain(conf, "server", zone, &rest);
	if (option == NULL) {
		doctor_say(doctor, "zone", DOCTOR_WARNING,
		    doctor_mend("local=/%s/ in dnsmasq's configuration (ddnsctl setup writes it)",
			zone),
		    "%s is not kept here: what dnsmasq does not know of it is asked of the provider",
		    zone);
		return;
	}
	if (rest[0] != '\0' && rest[0] != '#') {
		const char *port = strchr(rest, '#');

		if (dnsmasq_conf_last(conf, "stop-dns-rebind") != NULL &&
		    dnsmasq_conf_domain(conf, "rebind-domain-ok", zone, NULL) == NULL) {
			doctor_say(doctor, "zone", DOCTOR_FAULT,
			    doctor_mend("rebind-domain-ok=/%s/ in dnsmasq's configuration", zone),
			    "stop-dns-rebind throws away the private addresses that %s answers for %s",
			    rest, zone);
			return;
		}
		if (strncmp(rest, "127.", 4) == 0 &&
		    (port == NULL || strtoul(port + 1, NULL, 10) != doctor->site->port)) {
			doctor_say(doctor, "zone", DOCTOR_FAULT,
			    doctor_mend("server=/%s/127.0.0.1#%u", zone, doctor->site->port),
			    "%s: %s is asked for %s, and ddnsd listens on port %u",
			    place(option, where), rest, zone, doctor->site->port);
			return;
		}
	}
	doctor_say(doctor, "zone", DOCTOR_OK, NULL, "%s: %s=%s (%s)", zone, option->name,
	    option->value, place(option, where));
}

void
doctor_look_at_dnsmasq(struct doctor *doctor)
{
	const struct site *site = doctor->site;

	if (!doctor->has_dnsmasq || doctor->conf == NULL)
		return;
	if (strcmp(site->mode, "none") != 0) {
		check_reading(doctor);
		check_access(doctor);
	}
	for (size_t i = 0; i < site->zone_count; i++) {
		if (!site->zones[i].is_reverse)
			check_zone(doctor, site->zones[i].name);
	}
}

/* --- what hurts --- */

static void
check_hostsdir_version(struct doctor *doctor, const struct dnsmasq_option *hostsdir)
{
	char where[PATH_MAX + 16];

	if (doctor->version == 0 || doctor->version >= SAFE_HOSTSDIR)
		return;
	doctor_say(doctor, "danger", DOCTOR_FAULT,
	    "publish { mode = \"signal\" } and addn-hosts=FILE in place of hostsdir; or dnsmasq 2.90",
	    "hostsdir (%s) with dnsmasq %u.%02u: %s", place(hostsdir, where), doctor->version / 100,
	    doctor->version % 100,
	    doctor->version < CLEAN_HOSTSDIR ? "names that are gone stay"
					     : "this version crashes when a file changes");
}

/* dnsmasq reads everything there but x~, .x and #x#. */
static bool
is_read_there(const char *name)
{
	size_t length = strlen(name);

	return name[0] != '.' && name[length - 1] != '~' &&
	    !(name[0] == '#' && name[length - 1] == '#');
}

static void
check_strangers(struct doctor *doctor, const char *folder)
{
	const char *own = file_base_name(doctor->site->hosts);
	char shown[512] = "";
	unsigned count = 0;
	DIR *entries = opendir(folder);
	const struct dirent *entry;

	while (entries != NULL && (entry = readdir(entries)) != NULL) {
		size_t length = strlen(shown);

		if (!is_read_there(entry->d_name) || strcmp(entry->d_name, own) == 0)
			continue;
		if (count++ < STRANGERS_SHOWN)
			(void)snprintf(shown + length, sizeof(shown) - length, " %.80s",
			    entry->d_name);
	}
	if (entries != NULL)
		(void)closedir(entries);
	if (count > 0)
		doctor_say(doctor, "danger", DOCTOR_WARNING,
		    doctor_mend("move them out of %s", folder),
		    "dnsmasq reads every file in %s, these too:%s%s", folder, shown,
		    count > STRANGERS_SHOWN ? " ..." : "");
}

/* A folder that was made after dnsmasq started is not watched. */
static void
check_folder_age(struct doctor *doctor, const char *folder)
{
	struct statx about;
	struct stat plain;

	if (stat(folder, &plain) != 0) {
		doctor_say(doctor, "danger", DOCTOR_FAULT,
		    "systemd-tmpfiles --create ddnsd.conf; then restart dnsmasq",
		    "the folder %s that dnsmasq should watch is not there", folder);
		return;
	}
	if (statx(-1, folder, 0, STATX_BTIME, &about) == 0 && (about.stx_mask & STATX_BTIME) != 0 &&
	    doctor->dnsmasq.started_wall_s > 0 &&
	    about.stx_btime.tv_sec > doctor->dnsmasq.started_wall_s + 1)
		doctor_say(doctor, "danger", DOCTOR_FAULT, "systemctl restart dnsmasq",
		    "%s was made after dnsmasq started, so dnsmasq does not watch it", folder);
}

static void
check_hostsdir(struct doctor *doctor)
{
	const struct dnsmasq_option *hostsdir = dnsmasq_conf_last(doctor->conf, "hostsdir");
	char folder[PATH_MAX];
	char where[PATH_MAX + 16];

	if (hostsdir == NULL)
		return;
	check_hostsdir_version(doctor, hostsdir);
	if (dnsmasq_conf_exact(doctor->conf, "hostsdir", hosts_folder(doctor->site, folder)) !=
	    NULL) {
		check_folder_age(doctor, folder);
		check_strangers(doctor, folder);
	}
	for (size_t i = 0; i < dnsmasq_conf_count(doctor->conf); i++) {
		const struct dnsmasq_option *option = dnsmasq_conf_at(doctor->conf, i);
		struct stat about;

		if (strcmp(option->name, "addn-hosts") == 0 && stat(option->value, &about) == 0 &&
		    S_ISDIR(about.st_mode))
			doctor_say(doctor, "danger", DOCTOR_FAULT,
			    "name the files of that folder, one addn-hosts=FILE each",
			    "%s: addn-hosts names a folder (%s) beside hostsdir; each change in one "
			    "wipes names of the other",
			    place(option, where), option->value);
	}
}

/* dnsmasq dies of a folder that it may not read. */
static void
check_hosts_folders(struct doctor *doctor)
{
	for (size_t i = 0; i < dnsmasq_conf_count(doctor->conf); i++) {
		const struct dnsmasq_option *option = dnsmasq_conf_at(doctor->conf, i);
		char obstacle[PATH_MAX];
		char where[PATH_MAX + 16];
		struct stat about;

		if (strcmp(option->name, "addn-hosts") != 0 || stat(option->value, &about) != 0 ||
		    !S_ISDIR(about.st_mode) || doctor->dnsmasq.is_elsewhere ||
		    process_may(&doctor->dnsmasq, option->value, R_OK | X_OK, obstacle))
			continue;
		doctor_say(doctor, "danger", DOCTOR_FAULT,
		    doctor_mend("chmod o+rx %s", obstacle[0] != '\0' ? obstacle : option->value),
		    "%s: dnsmasq may not read the folder %s, and crashes at the next signal",
		    place(option, where), option->value);
	}
}

static void
check_suffix(struct doctor *doctor)
{
	const struct dnsmasq_option *domain = dnsmasq_conf_last(doctor->conf, "domain");
	const char *expand = dnsmasq_conf_last(doctor->conf, "expand-hosts") != NULL ? "" : NULL;
	char name[SITE_NAME_MAX];
	char where[PATH_MAX + 16];

	if (expand == NULL || domain == NULL || domain->value[0] == '#')
		return;
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(domain->value, ","), domain->value);
	if (site_zone_of(doctor->site, name) == NULL)
		doctor_say(doctor, "danger", DOCTOR_WARNING,
		    doctor_mend("publish { short-names = false } in %s, or no expand-hosts",
			doctor->site->file),
		    "expand-hosts gives every short name of ours a second one below %s (%s)", name,
		    place(domain, where));
}

void
doctor_look_for_dangers(struct doctor *doctor)
{
	unsigned before = doctor->faults + doctor->warnings;

	if (!doctor->has_dnsmasq || doctor->conf == NULL)
		return;
	check_hostsdir(doctor);
	check_hosts_folders(doctor);
	check_suffix(doctor);
	if (doctor->faults + doctor->warnings == before)
		doctor_say(doctor, "danger", DOCTOR_OK, NULL,
		    "no combination of options that is known to hurt");
}

/* --- DHCP --- */

static void
check_lease_file(struct doctor *doctor)
{
	const struct dnsmasq_option *option = dnsmasq_conf_last(doctor->conf, "dhcp-leasefile");
	const char *file = option != NULL ? option->value : "/var/lib/misc/dnsmasq.leases";
	const struct site *site = doctor->site;

	if (site->leases[0] != '\0' && strcmp(site->leases, file) != 0)
		doctor_say(doctor, "dhcp", DOCTOR_FAULT,
		    doctor_mend("leases { file = \"%s\" } in %s", file, site->file),
		    "dnsmasq keeps its leases in %s, and ddnsd watches %s", file, site->leases);
}

static void
check_lease_zone(struct doctor *doctor)
{
	const struct dnsmasq_option *domain = dnsmasq_conf_last(doctor->conf, "domain");
	const char *zone = doctor->site->leases_zone;
	char name[SITE_NAME_MAX];
	char where[PATH_MAX + 16];

	if (domain == NULL) {
		doctor_say(doctor, "dhcp", DOCTOR_WARNING,
		    doctor_mend("domain=%s in dnsmasq's configuration, and restart it", zone),
		    "dnsmasq has no domain=, so it answers the names of its leases without %s only",
		    zone);
		return;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(domain->value, ","), domain->value);
	if (strcmp(domain->value, "#") != 0 &&
	    (!site_is_within(name, zone) || strlen(name) != strlen(zone)))
		doctor_say(doctor, "dhcp", DOCTOR_WARNING,
		    doctor_mend("domain=%s there, or leases { zone = \"%s\" } in %s", zone, name,
			doctor->site->file),
		    "dnsmasq names its leases below %s (%s), ddnsd below %s", name,
		    place(domain, where), zone);
}

/* dhcp-script runs our hook, or something that may lead to it. */
static void
check_script(struct doctor *doctor)
{
	const struct dnsmasq_option *option = dnsmasq_conf_last(doctor->conf, "dhcp-script");
	char where[PATH_MAX + 16];

	if (option == NULL)
		doctor_say(doctor, "dhcp", DOCTOR_OK, NULL,
		    "leases come from %s; dhcp-script (ddnsctl setup) would tell of them at once",
		    doctor->site->leases[0] != '\0' ? doctor->site->leases : "nowhere");
	else if (strstr(option->value, "ddnsd") != NULL && access(option->value, X_OK) == 0)
		doctor_say(doctor, "dhcp", DOCTOR_OK, NULL, "dhcp-script=%s (%s)", option->value,
		    place(option, where));
	else if (access(option->value, X_OK) != 0 && !doctor->dnsmasq.is_elsewhere)
		doctor_say(doctor, "dhcp", DOCTOR_FAULT,
		    "name a program that is there and may be run, and restart dnsmasq",
		    "%s: dhcp-script=%s cannot be run", place(option, where), option->value);
	else
		doctor_say(doctor, "dhcp", DOCTOR_WARNING,
		    "ddnsctl setup puts ours before it, and calls it afterwards",
		    "%s: dhcp-script=%s is not ours; leases come from the lease file only",
		    place(option, where), option->value);
}

void
doctor_look_at_dhcp(struct doctor *doctor)
{
	if (!doctor->has_dnsmasq || doctor->conf == NULL || !doctor->site->has_leases ||
	    dnsmasq_conf_last(doctor->conf, "dhcp-range") == NULL)
		return;
	check_lease_file(doctor);
	check_lease_zone(doctor);
	check_script(doctor);
}
