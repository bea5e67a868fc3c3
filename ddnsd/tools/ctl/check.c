/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "ddnsctl check" and "ddnsctl reload". A configuration is checked by the program that reads it:
 * ddnsd itself, beside this one.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { REPORT_MAX = 1024 * 1024 };

/* --- check --- */

/* The one beside us first: what was built or installed together belongs together. */
static void
exec_ddnsd(const char *file)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof("ddnsd"));
	const char *const arguments[] = { "ddnsd", "-n", file != NULL ? "-c" : NULL, file, NULL };
	char *const *argv = (char *const *)(uintptr_t)arguments;
	char *slash;

	(void)signal(SIGPIPE, SIG_DFL);
	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL) {
			memcpy(slash + 1, "ddnsd", sizeof("ddnsd"));
			(void)execv(path, argv);
		}
	}
	(void)execvp("ddnsd", argv);
}

static enum ctl_exit
say_missing(void)
{
	return ctl_fail(CTL_FAILED, "there is no ddnsd beside ddnsctl, nor in PATH: %s",
	    strerror(errno));
}

/* Runs it, and gathers what it says on stderr. Returns its status; -1: it did not run. */
static int
run_ddnsd(const char *file, struct buffer *report)
{
	int pipes[2], status;
	ssize_t count = 1;
	pid_t child;

	if (pipe2(pipes, O_CLOEXEC) != 0)
		return -1;
	child = fork();
	if (child == 0) {
		/* stdout belongs to the JSON. */
		(void)dup2(pipes[1], STDERR_FILENO);
		(void)dup2(pipes[1], STDOUT_FILENO);
		exec_ddnsd(file);
		_exit(127);
	}
	(void)close(pipes[1]);
	while (child > 0 && count != 0 && buffer_reserve(report, 4096) == STATUS_OK) {
		count = read(pipes[0], report->data + report->length,
		    report->capacity - report->length);
		if (count > 0)
			report->length += (size_t)count;
		else if (count < 0 && errno != EINTR)
			break;
	}
	(void)close(pipes[0]);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* {"ok", "errors": [a line each]} */
static enum ctl_exit
check_as_json(const char *file)
{
	struct buffer report;
	json_t *answer, *errors = json_array();
	const char *line, *end;
	int status;

	buffer_init(&report, REPORT_MAX);
	status = run_ddnsd(file, &report);
	if (status < 0 || status == 127) {
		json_decref(errors);
		buffer_release(&report);
		errno = ENOENT;
		return say_missing();
	}
	end = report.data + report.length;
	for (line = report.data; status != 0 && line < end;) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t length = (size_t)((newline != NULL ? newline : end) - line);

		if (length > 0)
			json_array_append_new(errors, json_stringn(line, length));
		line += length + 1;
	}
	answer = json_pack("{s:b, s:o}", "ok", status == 0, "errors", errors);
	output_json(answer);
	json_decref(answer);
	buffer_release(&report);
	return (enum ctl_exit)status;
}

enum ctl_exit
ctl_check(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json)
		return check_as_json(argv[1]);
	(void)fflush(stdout);
	exec_ddnsd(argv[1]);
	return say_missing();
}

/* --- reload --- */

enum ctl_exit
ctl_reload(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	json_t *answer = NULL;
	const json_t *changes;
	const json_t *problems;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 0, "");
	if (code == CTL_DONE)
		code = client_call(ctl, "POST", "/v1/reload", NULL, &answer);
	if (code != CTL_DONE)
		return code;
	changes = json_object_get(answer, "changes");
	problems = json_object_get(answer, "problems");
	if (ctl->is_json)
		output_json(answer);
	else if (json_array_size(changes) == 0)
		output_format(STYLE_PLAIN, "nothing has changed\n");
	for (size_t i = 0; !ctl->is_json && i < json_array_size(changes); i++) {
		output_text(STYLE_PLAIN, json_string_value(json_array_get(changes, i)));
		output_format(STYLE_PLAIN, "\n");
	}
	for (size_t i = 0; i < json_array_size(problems); i++)
		code = ctl_fail(CTL_FAILED, "%s", json_string_value(json_array_get(problems, i)));
	json_decref(answer);
	return code;
}
