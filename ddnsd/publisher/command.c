/* SPDX-License-Identifier: GPL-3.0-or-later */
/* posix_spawn() and a pidfd: no SIGCHLD, so nobody else's children are meddled with. */
#include "publisher/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

static void
kill_group(void *context)
{
	struct command *command = context;

	command->is_overdue = true;
	/* Not waited for yet, so the group's number is still its own. */
	(void)kill(-command->pid, SIGKILL);
}

static void
describe_end(const struct command *command, int end, char problem[static COMMAND_PROBLEM_MAX])
{
	if (command->is_overdue)
		(void)snprintf(problem, COMMAND_PROBLEM_MAX, "ran longer than %d s and was killed",
		    COMMAND_LIMIT_MS / 1000);
	else if (WIFSIGNALED(end))
		(void)snprintf(problem, COMMAND_PROBLEM_MAX, "was ended by signal %d",
		    WTERMSIG(end));
	else
		(void)snprintf(problem, COMMAND_PROBLEM_MAX, "ended with exit status %d",
		    WEXITSTATUS(end));
}

static void
read_end(void *context, unsigned events)
{
	struct command *command = context;
	char problem[COMMAND_PROBLEM_MAX];
	bool is_good;
	int end = -1; /* what stays if somebody else took its end: not a good one */

	(void)events;
	if (waitpid(command->pid, &end, WNOHANG) == 0)
		return;
	is_good = WIFEXITED(end) && WEXITSTATUS(end) == 0;
	describe_end(command, end, problem);
	command_release(command);
	command->on_end(command->context, is_good ? NULL : problem);
}

void
command_init(struct command *command, struct loop *loop,
    void (*on_end)(void *context, const char *problem), void *context)
{
	*command = (struct command){
		.loop = loop,
		.watch = { .handler = read_end, .context = command, .fd = -1 },
		.timer = { .handler = kill_group, .context = command },
		.on_end = on_end,
		.context = context,
	};
}

void
command_release(struct command *command)
{
	if (command->pid == 0)
		return;
	loop_timer_stop(command->loop, &command->timer);
	loop_unwatch(command->loop, &command->watch);
	(void)close(command->watch.fd);
	command->watch.fd = -1;
	command->pid = 0;
}

/* The loop blocks signals for its signalfd; the program gets none of that. */
static int
set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none;
	sigset_t all;
	int error;

	sigemptyset(&none);
	sigfillset(&all);
	error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &all);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setflags(attributes,
		    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return error;
}

static int
spawn(const char *program, const char *argument, pid_t *ret_pid)
{
	char *const arguments[] = {
		(char *)(uintptr_t)program,
		(char *)(uintptr_t)argument,
		NULL,
	};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int error = posix_spawn_file_actions_init(&actions);

	if (error != 0)
		return error;
	error = posix_spawnattr_init(&attributes);
	if (error != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return error;
	}
	error = set_attributes(&attributes);
	if (error == 0)
		error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null",
		    O_RDONLY, 0);
	if (error == 0)
		error = posix_spawn(ret_pid, program, &actions, &attributes, arguments, environ);
	(void)posix_spawnattr_destroy(&attributes);
	(void)posix_spawn_file_actions_destroy(&actions);
	return error;
}

/* Watches what was spawned. On failure it is ended and waited for. */
static enum status
watch_process(struct command *command, pid_t pid)
{
	int process = (int)syscall(SYS_pidfd_open, pid, 0);
	enum status status = process < 0 ? file_status(errno) : STATUS_OK;

	if (status == STATUS_OK)
		status = loop_watch(command->loop, &command->watch, process, LOOP_READ);
	if (status == STATUS_OK)
		return STATUS_OK;
	if (process >= 0)
		(void)close(process);
	(void)kill(-pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	return status;
}

enum status
command_start(struct command *command, const char *program, const char *argument)
{
	enum status status;
	pid_t pid = 0;

	status = file_status(spawn(program, argument, &pid));
	if (status != STATUS_OK)
		return status;
	status = watch_process(command, pid);
	if (status != STATUS_OK)
		return status;
	command->pid = pid;
	command->is_overdue = false;
	(void)loop_timer_set(command->loop, &command->timer, COMMAND_LIMIT_MS);
	return STATUS_OK;
}

bool
command_is_running(const struct command *command)
{
	return command->pid != 0;
}
