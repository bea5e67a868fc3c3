/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's steps on our side: the daemon, the clock, the configuration, the files. */
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "tools/ctl/doctor.h"
#include "tools/ctl/key_store.h"
#include "tools/ctl/look.h"
#include "tools/ctl/output.h"
#include "tools/ctl/program.h"

enum { CHECK_TIMEOUT_MS = 10000, REPORT_MAX = 65536, FIRST_YEAR = 2026 };

/* --- the daemon --- */

/* Why nobody answers at the socket: errno of connect(); 0 = somebody does. */
static int
try_socket(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int error = 0;

	if (fd < 0)
		return errno;
	if (strlen(path) >= sizeof(address.sun_path)) {
		(void)close(fd);
		return ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

static void
explain_silence(struct doctor *doctor)
{
	const char *path = doctor->ctl->socket;
	const struct site *site = doctor->site;
	bool is_running = process_is_running("ddnsd");
	int error = try_socket(path);

	if (!is_running)
		doctor_say(doctor, "daemon", DOCTOR_FAULT,
		    "systemctl start ddnsd; journalctl -u ddnsd -n 20 tells why it ended",
		    "ddnsd does not run");
	else if (error == EACCES)
		doctor_say(doctor, "daemon", DOCTOR_FAULT,
		    "run ddnsctl as root, or add your user to the group of the socket (ls -l)",
		    "you may not connect to %s", path);
	else if (error == 0)
		doctor_say(doctor, "daemon", DOCTOR_FAULT, "systemctl restart ddnsd",
		    "somebody listens at %s, and does not answer as ddnsd does", path);
	else if (site->has_file && !site->has_control)
		doctor_say(doctor, "daemon", DOCTOR_FAULT,
		    doctor_mend("write this line into %s: control { }", site->file),
		    "ddnsd runs without a control socket: its configuration has no control block");
	else
		doctor_say(doctor, "daemon", DOCTOR_FAULT,
		    "is the socket elsewhere (control { socket = ... })? Then: ddnsctl -s SOCKET doctor",
		    "ddnsd runs, and nobody answers at %s: %s", path, strerror(error));
}

void
doctor_look_at_daemon(struct doctor *doctor)
{
	const json_t *status = doctor->site->status;
	char length[32];

	if (status == NULL) {
		explain_silence(doctor);
		return;
	}
	doctor_say(doctor, "daemon", DOCTOR_OK, NULL, "ddnsd %s answers at %s (up for %s)",
	    look_text(status, "version", "?"), doctor->ctl->socket,
	    output_length(json_integer_value(look_value(status, "uptime_s")), length));
	if (!json_is_true(look_value(status, "you.admin")))
		doctor_say(doctor, "daemon", DOCTOR_WARNING, "run ddnsctl as root",
		    "you are no administrator to it: keys and the test of a name are left out");
	if (look_text(status, "database.error", NULL) != NULL)
		doctor_say(doctor, "database", DOCTOR_FAULT,
		    "make room on the disk, or mend its errors (dmesg); ddnsd goes on by itself then",
		    "%s cannot be written: %s", look_text(status, "database.file", "?"),
		    look_text(status, "database.error", "?"));
}

/* --- the clock --- */

void
doctor_look_at_clock(struct doctor *doctor)
{
	struct timex state = { 0 };
	time_t now = time(NULL);
	struct tm parts;
	int result = adjtimex(&state);

	if (gmtime_r(&now, &parts) == NULL || parts.tm_year + 1900 < FIRST_YEAR)
		doctor_say(doctor, "clock", DOCTOR_FAULT,
		    "set the clock: timedatectl set-ntp true, or install chrony",
		    "the clock says it is %d: signed updates are refused",
		    gmtime_r(&now, &parts) != NULL ? parts.tm_year + 1900 : 0);
	else if (result == -1 || result == TIME_ERROR || (state.status & STA_UNSYNC) != 0)
		doctor_say(doctor, "clock", DOCTOR_WARNING,
		    "timedatectl set-ntp true, or install chrony",
		    "the clock is not synchronised; signatures need it right within five minutes");
	else
		doctor_say(doctor, "clock", DOCTOR_OK, NULL, "synchronised");
}

/* --- the configuration --- */

/* The ddnsd beside us, else the one in PATH. */
static enum status
run_check(const char *file, struct buffer *report, int *ret_code)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("ddnsd"));
	char *slash = NULL;

	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
	}
	if (slash != NULL)
		memcpy(slash + 1, "ddnsd", sizeof("ddnsd"));
	return program_run((const char *const[]){ slash != NULL && access(path, X_OK) == 0
				   ? path
				   : "ddnsd",
			       "-n", "-c", file, NULL },
	    CHECK_TIMEOUT_MS, report, ret_code);
}

void
doctor_look_at_configuration(struct doctor *doctor)
{
	const struct site *site = doctor->site;
	const char *error = look_text(site->status, "configuration.error", NULL);
	struct buffer report;
	int code = 0;
	enum status status;

	if (error != NULL)
		doctor_say(doctor, "configuration", DOCTOR_FAULT,
		    "mend that line; ddnsd reads the file again by itself (ddnsctl check)",
		    "ddnsd goes on with the configuration that it had: %s", error);
	buffer_init(&report, REPORT_MAX);
	status = run_check(site->file, &report, &code);
	if (status == STATUS_NOT_FOUND)
		doctor_say(doctor, "configuration", DOCTOR_WARNING, "make install",
		    "there is no ddnsd beside ddnsctl, nor in PATH, so %s is not checked",
		    site->file);
	else if (status != STATUS_OK)
		doctor_say(doctor, "configuration", DOCTOR_WARNING, NULL, "ddnsd -n: %s",
		    status_text(status));
	else if (code != 0 && error == NULL)
		doctor_say(doctor, "configuration", DOCTOR_FAULT,
		    "mend that line, then: ddnsctl check", "%.*s", (int)strcspn(report.data, "\n"),
		    report.data);
	else if (code == 0 && error == NULL)
		doctor_say(doctor, "configuration", DOCTOR_OK, NULL, "%s", site->file);
	buffer_release(&report);
	if (site->has_file && !site->has_control && site->status == NULL)
		doctor_say(doctor, "configuration", DOCTOR_WARNING,
		    doctor_mend("write this line into %s: control { }", site->file),
		    "no control block: ddnsctl cannot reach the daemon");
}

/* --- files --- */

/* The account that the daemon runs as, so far as we can tell: false when we cannot. */
static bool
find_account(const struct site *site, struct process *ret_account)
{
	const char *user = look_text(site->status, "user", site->user);
	const json_t *pid = look_value(site->status, "pid");
	const struct passwd *entry;

	if (pid != NULL && process_read((pid_t)json_integer_value(pid), ret_account))
		return true;
	entry = getpwnam(user[0] != '\0' ? user : "ddnsd");
	if (entry == NULL)
		return false;
	*ret_account = (struct process){ .uid = entry->pw_uid, .group_count = 1 };
	ret_account->groups[0] = entry->pw_gid;
	return true;
}

struct walk {
	struct doctor *doctor;
	const struct process *account; /* NULL: not known */
	unsigned faults;
};

/* A file that holds secrets: nobody else's to read, and the daemon's to read. */
static void
check_secret(struct walk *walk, const char *path, bool holds_secrets)
{
	struct doctor *doctor = walk->doctor;
	char obstacle[PATH_MAX];
	struct stat about;
	unsigned before = walk->faults;

	if (stat(path, &about) != 0) {
		if (errno != ENOENT)
			doctor_say(doctor, "files", DOCTOR_WARNING, "run ddnsctl as root",
			    "%s cannot be looked at: %s", path, strerror(errno));
		return;
	}
	if ((about.st_mode & S_IWOTH) != 0 && ++walk->faults)
		doctor_say(doctor, "files", DOCTOR_FAULT, doctor_mend("chmod o-w %s", path),
		    "everybody may write to %s", path);
	if (holds_secrets && (about.st_mode & S_IROTH) != 0 && ++walk->faults)
		doctor_say(doctor, "files", DOCTOR_FAULT, doctor_mend("chmod 640 %s", path),
		    "everybody may read the secrets in %s", path);
	if (before == walk->faults && walk->account != NULL &&
	    !process_may(walk->account, path, S_ISDIR(about.st_mode) ? R_OK | X_OK : R_OK,
		obstacle) &&
	    obstacle[0] != '\0' && ++walk->faults)
		doctor_say(doctor, "files", DOCTOR_FAULT,
		    doctor_mend("chgrp ddnsd %s && chmod g+r%s %s", obstacle,
			strcmp(obstacle, path) != 0 || S_ISDIR(about.st_mode) ? "x" : "", obstacle),
		    "ddnsd cannot read %s: %s keeps it out", path, obstacle);
}

static bool
check_key_file(void *context, const char *path)
{
	check_secret(context, path, true);
	return true;
}

static void
check_database(struct walk *walk, const char *path)
{
	struct doctor *doctor = walk->doctor;
	char obstacle[PATH_MAX];
	struct stat about;

	if (stat(path, &about) != 0) {
		if (errno == ENOENT && doctor->site->status != NULL && ++walk->faults)
			doctor_say(doctor, "files", DOCTOR_FAULT, "systemctl restart ddnsd",
			    "the database %s is gone while ddnsd uses it", path);
		return;
	}
	if ((about.st_mode & S_IWOTH) != 0 && ++walk->faults)
		doctor_say(doctor, "files", DOCTOR_FAULT, doctor_mend("chmod 600 %s", path),
		    "everybody may write to the database %s", path);
	if (walk->account != NULL && !process_may(walk->account, path, R_OK | W_OK, obstacle) &&
	    obstacle[0] != '\0' && ++walk->faults)
		doctor_say(doctor, "files", DOCTOR_FAULT, doctor_mend("chown ddnsd: %s", obstacle),
		    "ddnsd cannot write to its database: %s keeps it out", obstacle);
}

void
doctor_look_at_files(struct doctor *doctor)
{
	const struct site *site = doctor->site;
	struct process account;
	struct walk walk = { .doctor = doctor };
	enum status status;

	if (find_account(site, &account))
		walk.account = &account;
	check_secret(&walk, site->file, false);
	if (site->keys[0] != '\0') {
		check_secret(&walk, site->keys, false);
		status = key_store_walk(site->keys, check_key_file, &walk);
		if (status == STATUS_PERMISSION)
			doctor_say(doctor, "files", DOCTOR_WARNING, "run ddnsctl as root",
			    "the folder of keys, %s, is closed to you", site->keys);
	}
	if (site->tls_cert[0] != '\0')
		check_secret(&walk, site->tls_cert, false);
	if (site->tls_key[0] != '\0')
		check_secret(&walk, site->tls_key, true);
	check_database(&walk, site->database);
	if (walk.faults == 0)
		doctor_say(doctor, "files", DOCTOR_OK, NULL,
		    "owners and modes of the configuration, the keys and the database are right");
}
