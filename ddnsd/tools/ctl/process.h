/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Processes by /proc: which one is the dnsmasq that reads our names, who it runs as, how it was
 * started.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buffer.h"

enum { PROCESS_GROUPS_MAX = 64, PROCESS_COMM_MAX = 16, PROCESS_COMMAND_MAX = 128 * 1024 };

struct process {
	pid_t pid;
	pid_t parent;
	char comm[PROCESS_COMM_MAX];
	uid_t uid;                        /* effective */
	gid_t groups[PROCESS_GROUPS_MAX]; /* the effective one first */
	unsigned group_count;
	int64_t started_wall_s; /* 0 = not known */
	bool is_elsewhere;      /* another root folder: a container, a jail */
};

/* False when there is none of that number. */
bool process_read(pid_t pid, struct process *ret_process);

/* dnsmasq or pihole-FTL, by its comm. */
bool process_is_dnsmasq(const struct process *process);

/* The number in a pid file; 0 when there is none. */
pid_t process_of_pid_file(const char *path);

/*
 * The processes that are dnsmasq, without those that a dnsmasq started (its script helper, its TCP
 * children); at most capacity. Returns how many there are.
 */
unsigned process_find_dnsmasq(struct process *processes, unsigned capacity);

/* True when a process with that comm runs. */
bool process_is_running(const char *comm);

/* Appends /proc/PID/cmdline, its last argument ended by a NUL. */
enum status process_command(pid_t pid, struct buffer *ret_arguments);

/* The folder under which its own files are found from here: "" or "/proc/PID/root". */
const char *process_root(const struct process *process, char text[static 32]);

/*
 * True when that user may do what mode says (R_OK, W_OK, X_OK) with the file, and pass every folder
 * on the way. ret_obstacle: the folder or file that does not let it; "" where something is not
 * there.
 */
bool process_may(const struct process *process, const char *path, int mode,
    char ret_obstacle[static PATH_MAX]);
