/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "ddnsctl tls" is a program of its own, ddnsctl-tls: the library that it needs would make every other
 * command start slowly.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/ctl/command.h"

static const char program[] = "ddnsctl-tls";

/* The one beside us first: what was built or installed together belongs together. */
static void
exec_program(char **argv)
{
	char path[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - sizeof(program));
	char *slash;

	if (length > 0) {
		path[length] = '\0';
		slash = strrchr(path, '/');
		if (slash != NULL) {
			memcpy(slash + 1, program, sizeof(program));
			(void)execv(path, argv);
		}
	}
	(void)execvp(program, argv);
}

enum ctl_exit
ctl_tls(struct ctl *ctl, int argc, char **argv)
{
	char name[] = "ddnsctl-tls";
	char json[] = "--json";
	char **arguments = calloc((size_t)argc + 2, sizeof(*arguments));
	int count = 0;
	int error;

	if (arguments == NULL || setenv("DDNSD_SOCKET", ctl->socket, 1) != 0) {
		free(arguments);
		return ctl_fail(CTL_FAILED, "no memory");
	}
	arguments[count++] = name;
	if (ctl->is_json)
		arguments[count++] = json;
	for (int i = 1; i < argc; i++)
		arguments[count++] = argv[i];
	(void)signal(SIGPIPE, SIG_DFL);
	exec_program(arguments);
	error = errno;
	free(arguments);
	return ctl_fail(CTL_FAILED, "there is no %s beside ddnsctl, nor in PATH: %s", program,
	    strerror(error));
}
