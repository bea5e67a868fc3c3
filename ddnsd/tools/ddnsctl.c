/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ddnsctl: the options that all commands share, the dispatch, and the one exit. What a command does
 * is in tools/ctl/.
 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/command.h"
#include "tools/ctl/commands.h"
#include "tools/ctl/output.h"

#define SOCKET_DEFAULT "/run/ddnsd/control.sock"

struct invocation {
	struct ctl ctl;
	bool wants_help;
	bool wants_version;
	const struct ctl_entry *entry; /* NULL until the command was met */
	int count; /* of the arguments that are the command's, its name included */
	char **arguments;
};

/*
 * An option of all commands. What it is worth may be the next argument, or stand behind "=".
 * Returns how many arguments it took; 0: it is no such option; -1: what it needs is missing.
 */
static int
take_option(struct invocation *invocation, char *const *argv, int left)
{
	const char *option = argv[0];

	if (strcmp(option, "--json") == 0)
		invocation->ctl.is_json = true;
	else if (strcmp(option, "--yes") == 0 || strcmp(option, "-y") == 0)
		invocation->ctl.says_yes = true;
	else if (strcmp(option, "--help") == 0 || strcmp(option, "-h") == 0)
		invocation->wants_help = true;
	else if (strcmp(option, "--version") == 0 && invocation->entry == NULL)
		invocation->wants_version = true;
	else if (strncmp(option, "--socket=", 9) == 0)
		invocation->ctl.socket = option + 9;
	else if (strcmp(option, "--socket") == 0 || strcmp(option, "-s") == 0) {
		if (left < 2)
			return -1;
		invocation->ctl.socket = argv[1];
		return 2;
	} else
		return 0;
	return 1;
}

/* The command's name was met. A hidden one belongs to hooks: what follows is data of strangers. */
static enum ctl_exit
take_command(struct invocation *invocation, const char *name)
{
	const char *nearest;

	invocation->entry = commands_find(name);
	if (invocation->entry != NULL)
		return CTL_DONE;
	nearest = commands_nearest(name);
	if (nearest != NULL)
		return ctl_fail(CTL_USAGE, "there is no command \"%s\"; did you mean \"%s\"?", name,
		    nearest);
	return ctl_fail(CTL_USAGE, "there is no command \"%s\"; \"ddnsctl help\" lists them", name);
}

/* Sorts what belongs to all commands from what belongs to this one, which keeps its order. */
static enum ctl_exit
sort_arguments(struct invocation *invocation, int argc, char **argv)
{
	bool is_data = false;

	for (int i = 1; i < argc; i++) {
		int taken = 0;

		if (!is_data && argv[i][0] == '-')
			taken = take_option(invocation, argv + i, argc - i);
		if (taken < 0)
			return ctl_fail(CTL_USAGE, "%s needs the path of a socket behind it",
			    argv[i]);
		if (taken > 0) {
			i += taken - 1;
			continue;
		}
		if (invocation->entry == NULL) {
			if (argv[i][0] == '-')
				return ctl_fail(CTL_USAGE,
				    "there is no option \"%s\"; \"ddnsctl help\" lists them",
				    argv[i]);
			if (take_command(invocation, argv[i]) != CTL_DONE)
				return CTL_USAGE;
			is_data = invocation->entry->is_hidden;
		} else if (strcmp(argv[i], "--") == 0)
			is_data = true;
		invocation->arguments[invocation->count++] = argv[i];
	}
	return CTL_DONE;
}

static enum ctl_exit
run(struct invocation *invocation)
{
	if (invocation->wants_version) {
		puts("ddnsctl " DDNSD_VERSION);
		return CTL_DONE;
	}
	if (invocation->entry == NULL) {
		commands_overview(invocation->wants_help ? stdout : stderr);
		return invocation->wants_help ? CTL_DONE : CTL_USAGE;
	}
	if (invocation->wants_help) {
		commands_explain(invocation->entry);
		return CTL_DONE;
	}
	return invocation->entry->run(&invocation->ctl, invocation->count, invocation->arguments);
}

int
main(int argc, char **argv)
{
	const char *socket = getenv("DDNSD_SOCKET");
	struct invocation invocation = { 0 };
	enum ctl_exit code;

	/* Only what characters are: all else stays plain, and starts at once. */
	(void)setlocale(LC_CTYPE, "");
	/* A pipe that was closed is an error to be seen, not a death in the middle of a change. */
	(void)signal(SIGPIPE, SIG_IGN);
	invocation.ctl.socket = socket != NULL && socket[0] != '\0' ? socket : SOCKET_DEFAULT;
	invocation.arguments = calloc((size_t)argc + 1, sizeof(*invocation.arguments));
	if (invocation.arguments == NULL)
		exit(ctl_fail(CTL_FAILED, "no memory"));
	code = sort_arguments(&invocation, argc, argv);
	if (code == CTL_DONE)
		code = run(&invocation);
	if (code != CTL_DONE && invocation.ctl.is_json)
		ctl_tell_failure();
	ctl_keep_failure(NULL);
	if (!output_flush() && code == CTL_DONE)
		code = CTL_FAILED;
	free(invocation.arguments);
	exit(code);
}
