/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The commands of ddnsctl: one table in tools/ctl/commands.c, one function each, in a file each or with
 * its like. What all of them share is in struct ctl.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

/* What ddnsctl ends with. */
enum ctl_exit {
	CTL_DONE = 0,
	CTL_FAILED = 1, /* refused, or it failed; stderr says why */
	CTL_USAGE = 2,
	CTL_UNREACHABLE = 3, /* no daemon at the socket */
};

struct ctl {
	const char *socket; /* path of the Unix socket */
	bool is_json;       /* for programs: JSON instead of tables */
	bool says_yes;      /* --yes: ask nothing */
};

/* A command's function: argv[0] is the command's name. */
typedef enum ctl_exit ctl_command(struct ctl *ctl, int argc, char **argv);

struct ctl_entry {
	const char *name;
	ctl_command *run;
	const char *arguments; /* of the usage line */
	const char *summary;   /* one line of --help */
	const char *details;   /* further lines of "help COMMAND": options, examples; NULL: none */
	bool is_hidden;        /* for hooks, not for people; its arguments are taken as they are */
};

/* Ends with an entry whose name is NULL. */
extern const struct ctl_entry ctl_entries[];

ctl_command ctl_status;
ctl_command ctl_list;
ctl_command ctl_show;
ctl_command ctl_add;
ctl_command ctl_del;
ctl_command ctl_watch;
ctl_command ctl_zone;
ctl_command ctl_export;
ctl_command ctl_import;
ctl_command ctl_backup;
ctl_command ctl_restore;
ctl_command ctl_reload;
ctl_command ctl_check;
ctl_command ctl_key;
ctl_command ctl_doctor;
ctl_command ctl_setup;
ctl_command ctl_tls;
ctl_command ctl_lease;

/*
 * Writes "ddnsctl: ...\n" and where usage is at fault how it goes to stderr, control characters
 * escaped; keeps it for ctl_tell_failure(); returns code.
 */
enum ctl_exit ctl_fail(enum ctl_exit code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
enum ctl_exit ctl_usage(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Keeps {"error", "hint", ...} in the place of what was kept; the reference goes over. NULL: none. */
void ctl_keep_failure(json_t *json);

/*
 * At the end of a command that failed with --json: writes the failure that is kept, unless the
 * command has written a document of its own.
 */
void ctl_tell_failure(void);
