/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One child, one pipe. */
#include "tools/ctl/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

enum { STEP = 4096, NO_PROGRAM = 127 };

static void
become(const char *const *argv, int output)
{
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)signal(SIGPIPE, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	if (nothing >= 0 && dup2(nothing, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0 &&
	    dup2(output, STDERR_FILENO) >= 0)
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(NO_PROGRAM);
}

/* Until the child closes its end. */
static enum status
listen_to(int fd, int timeout_ms, struct buffer *output)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;

	for (;;) {
		int64_t left_ms = deadline_ms - clock_now_ms();
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		ssize_t got;

		if (left_ms <= 0 || (poll(&waiting, 1, (int)left_ms) == 0))
			return STATUS_IO;
		if (buffer_reserve(output, STEP) != STATUS_OK)
			return output->status;
		got = read(fd, output->data + output->length, STEP - 1);
		if (got == 0)
			return STATUS_OK;
		if (got < 0 && errno != EINTR)
			return STATUS_IO;
		if (got > 0)
			output->length += (size_t)got;
	}
}

enum status
program_run(const char *const *argv, int timeout_ms, struct buffer *ret_output, int *ret_code)
{
	enum status status;
	int ends[2];
	int wait_status = 0;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return STATUS_IO;
	child = fork();
	if (child == 0)
		become(argv, ends[1]);
	(void)close(ends[1]);
	if (child < 0) {
		(void)close(ends[0]);
		return STATUS_IO;
	}
	status = listen_to(ends[0], timeout_ms, ret_output);
	(void)close(ends[0]);
	if (status != STATUS_OK)
		(void)kill(child, SIGKILL);
	while (waitpid(child, &wait_status, 0) < 0 && errno == EINTR)
		continue;
	*ret_code = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
	if (status == STATUS_OK)
		status = buffer_append(ret_output, "", 1);
	if (status == STATUS_OK)
		ret_output->length--;
	return status == STATUS_OK && *ret_code == NO_PROGRAM ? STATUS_NOT_FOUND : status;
}
