/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One program of the administrator's at a time: started without a shell, waited for inside the
 * loop by pidfd, killed with its process group when it takes too long. Decides nothing.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "base/status.h"

enum { COMMAND_LIMIT_MS = 30000, COMMAND_PROBLEM_MAX = 128 };

/* Embedded in its owner's struct; command_init() fills it. */
struct command {
	struct loop *loop;
	struct loop_watch watch; /* on the pidfd */
	struct loop_timer timer; /* the time limit */
	pid_t pid;               /* 0: nothing runs */
	bool is_overdue;
	void (*on_end)(void *context, const char *problem);
	void *context;
};

/*
 * on_end is called from the loop when the program has ended: problem is NULL for exit status 0, else
 * "ended with exit status 3" or the like, to stand behind the program's name.
 */
void command_init(struct command *command, struct loop *loop,
    void (*on_end)(void *context, const char *problem), void *context);

/* Forgets a program that still runs, without ending it or waiting for it; on_end is not called. */
void command_release(struct command *command);

/*
 * Runs program (an absolute path) with one argument: standard input is /dev/null, no signal is
 * blocked or ignored, a process group of its own. Nothing may be running. STATUS_NOT_FOUND,
 * STATUS_PERMISSION, STATUS_IO.
 */
enum status command_start(struct command *command, const char *program, const char *argument);

bool command_is_running(const struct command *command);
