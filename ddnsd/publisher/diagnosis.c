/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sentences for the log and the status: what happened, why it likely did, what to do. */
#include "publisher/diagnosis.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

/* Cuts what is too long: paths may be, their beginnings say enough. Returns the length. */
__attribute__((format(printf, 2, 3))) static size_t
say(char problem[static PUBLISHER_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem, PUBLISHER_PROBLEM_MAX, format, arguments);
	va_end(arguments);
	return strlen(problem);
}

/* The folder of a path, without the slash behind it. Returns folder. */
static const char *
folder_of(const char *file, char folder[static PATH_MAX])
{
	size_t length = (size_t)(file_base_name(file) - file);

	if (length > 1)
		length--;
	if (length == 0) {
		file = ".";
		length = 1;
	}
	memcpy(folder, file, length);
	folder[length] = '\0';
	return folder;
}

void
diagnosis_of_writing(const char *file, enum status status, struct diagnosis *ret_diagnosis)
{
	char folder[PATH_MAX];
	struct stat about;

	ret_diagnosis->trouble = TROUBLE_UNWRITTEN;
	ret_diagnosis->cause = 0;
	(void)folder_of(file, folder);
	if (status == STATUS_NOT_FOUND && stat(folder, &about) != 0)
		(void)say(ret_diagnosis->problem,
		    "the folder %s does not exist: create it, owned by ddnsd and open to all "
		    "(mode 0755; tmpfiles.d does so at boot)",
		    folder);
	else if (status == STATUS_PERMISSION)
		(void)say(ret_diagnosis->problem,
		    "%s cannot be written: ddnsd may not write to the folder %s", file, folder);
	else
		(void)say(ret_diagnosis->problem, "%s cannot be written: %s", file,
		    status_text(status));
}

void
diagnosis_of_command(const struct publisher_options *options, const char *what,
    struct diagnosis *ret_diagnosis)
{
	ret_diagnosis->trouble = TROUBLE_COMMAND;
	ret_diagnosis->cause = 0;
	(void)say(ret_diagnosis->problem, "publish command %.300s %s; it is run again %s",
	    options->command, what,
	    options->confirm.address.family != 0 ? "unless dnsmasq answers the publication"
						 : "within a minute");
}

/*
 * The first folder on the way to the file that keeps others out; dnsmasq reads as a user of its own.
 * What it watches with hostsdir it must also be able to list.
 */
static bool
find_closed_folder(const struct publisher_options *options, char folder[static PATH_MAX])
{
	const char *slash = strchr(options->file + 1, '/');

	for (; slash != NULL; slash = strchr(slash + 1, '/')) {
		size_t length = (size_t)(slash - options->file);
		bool is_last = strchr(slash + 1, '/') == NULL;
		mode_t needed = S_IXOTH;
		struct stat about;

		if (is_last && options->mode == PUBLISH_HOSTSDIR)
			needed |= S_IROTH;
		memcpy(folder, options->file, length);
		folder[length] = '\0';
		if (stat(folder, &about) != 0)
			return false;
		if ((about.st_mode & needed) != needed)
			return true;
	}
	return false;
}

/* Why dnsmasq that answers does not answer the publication; "FILE: cause" without what it answers. */
static void
explain(enum trouble trouble, const struct diagnosis_facts *facts,
    char cause[static PUBLISHER_PROBLEM_MAX])
{
	const struct publisher_options *options = facts->options;
	bool is_old = trouble == TROUBLE_OLD;
	char folder[PATH_MAX];

	if (facts->signal_problem[0] != '\0')
		(void)say(cause, "%s", facts->signal_problem);
	else if (find_closed_folder(options, folder))
		(void)say(cause,
		    "the folder %s keeps other users out, dnsmasq among them: chmod o+rx %s",
		    folder, folder);
	else if (options->mode == PUBLISH_HOSTSDIR)
		(void)say(cause,
		    "its configuration needs hostsdir=%s, a folder that is there when it starts; "
		    "restart dnsmasq",
		    folder_of(options->file, folder));
	else if (is_old && options->mode == PUBLISH_COMMAND)
		(void)say(cause, "%s did not make it read the file", options->command);
	else if (is_old)
		(void)say(cause,
		    "it was signalled and did not read the file: does %s name another dnsmasq?",
		    options->pid_file);
	else
		(void)say(cause, "its configuration needs addn-hosts=%s; restart dnsmasq then",
		    options->file);
}

/* Says what dnsmasq answers, then why. */
static void
say_answer(enum trouble trouble, const struct diagnosis_facts *facts, const char *server,
    struct diagnosis *diagnosis)
{
	char cause[PUBLISHER_PROBLEM_MAX];

	if (trouble == TROUBLE_NOT_READ)
		diagnosis->cause = say(diagnosis->problem,
		    "dnsmasq at %s does not know publication %" PRIu64 " of %s: ", server,
		    facts->number, facts->options->file);
	else
		diagnosis->cause = say(diagnosis->problem,
		    "dnsmasq at %s answers publication %" PRIu64 ", not %" PRIu64 " of %s: ",
		    server, facts->answered, facts->number, facts->options->file);
	explain(trouble, facts, cause);
	(void)snprintf(diagnosis->problem + diagnosis->cause,
	    sizeof(diagnosis->problem) - diagnosis->cause, "%s", cause);
}

void
diagnosis_of_telling(enum trouble trouble, const struct diagnosis_facts *facts,
    struct diagnosis *ret_diagnosis)
{
	const struct publisher_options *options = facts->options;
	char server[ENDPOINT_TEXT_MAX];

	ret_diagnosis->trouble = trouble;
	ret_diagnosis->cause = 0;
	(void)endpoint_to_text(&options->confirm, server);
	switch (trouble) {
	case TROUBLE_NOBODY:
		(void)say(ret_diagnosis->problem,
		    "nobody answers at %s: is dnsmasq running, is `confirm` right?", server);
		break;
	case TROUBLE_SILENT:
		(void)say(ret_diagnosis->problem,
		    "no answer from %s within %" PRId64
		    " ms: is dnsmasq there, is `confirm` right?",
		    server, options->confirm_timeout_ms);
		break;
	case TROUBLE_NOT_READ:
	case TROUBLE_OLD:
		say_answer(trouble, facts, server, ret_diagnosis);
		break;
	default:
		(void)say(ret_diagnosis->problem, "dnsmasq was not told: %s",
		    facts->signal_problem);
		break;
	}
}

bool
diagnosis_is_closed(const struct publisher_options *options)
{
	char folder[PATH_MAX];

	return find_closed_folder(options, folder);
}
