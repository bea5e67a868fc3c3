/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl backup" and "ddnsctl restore": the whole registry as one file, there and back. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/file.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

#define DATABASE_TYPE "application/vnd.sqlite3"

/* A registry of 100,000 names has some 50 MB; sending that takes its time. */
enum { BACKUP_TIMEOUT_MS = 300 * 1000, BACKUP_MODE = 0600 };

/* --- backup --- */

static enum ctl_exit
may_write(const char *path, bool overwrites)
{
	struct stat info;

	if (strcmp(path, "-") == 0) {
		if (isatty(STDOUT_FILENO) == 1)
			return ctl_fail(CTL_USAGE,
			    "a database is nothing for a terminal; name a file, or send the output "
			    "somewhere else");
		return CTL_DONE;
	}
	if (lstat(path, &info) != 0)
		return CTL_DONE;
	if (!S_ISREG(info.st_mode))
		return ctl_fail(CTL_FAILED, "%s is no file; name another", path);
	if (!overwrites)
		return ctl_fail(CTL_FAILED,
		    "%s is there already; name another file, or overwrite it "
		    "with --force",
		    path);
	return CTL_DONE;
}

static enum ctl_exit
write_backup(const char *path, const struct buffer *bytes)
{
	enum status status;
	int directory;

	if (strcmp(path, "-") == 0)
		return fwrite(bytes->data, 1, bytes->length, stdout) == bytes->length ? CTL_DONE
										      : CTL_FAILED;
	status = file_open_directory_of(path, &directory);
	if (status == STATUS_OK) {
		status = file_replace(directory, file_base_name(path), bytes->data, bytes->length,
		    BACKUP_MODE);
		(void)close(directory);
	}
	if (status != STATUS_OK)
		return ctl_fail(CTL_FAILED, "cannot write %s: %s", path, status_text(status));
	return CTL_DONE;
}

static enum ctl_exit
say_backup(const struct ctl *ctl, const char *path, size_t size)
{
	json_t *json;

	if (strcmp(path, "-") == 0)
		return CTL_DONE;
	if (!ctl->is_json) {
		output_format(STYLE_PLAIN, "%s: %zu KiB\n", path, (size + 1023) / 1024);
		return CTL_DONE;
	}
	json = json_pack("{s:s, s:I}", "file", path, "bytes", (json_int_t)size);
	output_json(json);
	json_decref(json);
	return CTL_DONE;
}

enum ctl_exit
ctl_backup(struct ctl *ctl, int argc, char **argv)
{
	const struct client_request request = { .method = "GET",
		.path = "/v1/backup",
		.timeout_ms = BACKUP_TIMEOUT_MS };
	bool overwrites = false;
	const struct option_entry options[] = { { "--force", &overwrites, NULL },
		{ NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	struct client_answer answer;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, 1, "FILE");
	if (code == CTL_DONE)
		code = may_write(argv[1], overwrites || ctl->says_yes);
	if (code == CTL_DONE)
		code = client_send(ctl, &request, false, &answer);
	if (code != CTL_DONE)
		return code;
	if (answer.code != 200)
		code = client_refused(ctl, &answer);
	else if (strcmp(answer.type, DATABASE_TYPE) != 0)
		code = ctl_fail(CTL_FAILED, "the daemon at %s sent no database; is it ddnsd?",
		    ctl->socket);
	else
		code = write_backup(argv[1], &answer.body);
	if (code == CTL_DONE)
		code = say_backup(ctl, argv[1], answer.body.length);
	client_answer_release(&answer);
	return code;
}

/* --- restore --- */

static const char *
plural(int64_t count)
{
	return count == 1 ? "" : "s";
}

static enum ctl_exit
post_database(const struct ctl *ctl, const char *path, const struct buffer *bytes,
    json_t **ret_answer)
{
	const struct client_request request = { .method = "POST",
		.path = path,
		.type = DATABASE_TYPE,
		.body = bytes->data,
		.length = bytes->length,
		.timeout_ms = BACKUP_TIMEOUT_MS };
	struct client_answer answer;
	enum ctl_exit code = client_send(ctl, &request, false, &answer);

	if (code != CTL_DONE)
		return code;
	if (answer.code != 200)
		code = client_refused(ctl, &answer);
	else {
		*ret_answer = json_loadb(answer.body.data, answer.body.length, 0, NULL);
		if (*ret_answer == NULL)
			code = ctl_fail(CTL_FAILED,
			    "the daemon at %s answered with something else "
			    "than JSON; is it ddnsd?",
			    ctl->socket);
	}
	client_answer_release(&answer);
	return code;
}

static enum ctl_exit
ask_first(const struct ctl *ctl, const char *path, const json_t *report)
{
	const char *newest = answer_text(report, "newest");
	json_t *status = NULL;
	int64_t now;
	char time[32];
	enum ctl_exit code = client_call(ctl, "GET", "/v1/status", NULL, &status);

	if (code != CTL_DONE)
		return code;
	now = answer_number(json_object_get(status, "names"), "total");
	json_decref(status);
	if (!ctl->is_json) {
		output_format(STYLE_PLAIN, "%s holds %" PRId64 " name%s", path,
		    answer_number(report, "names"), plural(answer_number(report, "names")));
		if (newest[0] != '\0')
			output_format(STYLE_PLAIN, ", the newest of %s", output_time(newest, time));
		output_format(STYLE_PLAIN,
		    ".\nThey take the place of the %" PRId64 " name%s that the daemon has now.\n",
		    now, plural(now));
	}
	if (ctl->says_yes || output_ask("Restore?"))
		return CTL_DONE;
	return ctl_fail(CTL_FAILED, "nothing was changed; answer y, or say --yes");
}

enum ctl_exit
ctl_restore(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	json_t *report = NULL, *outcome = NULL;
	struct buffer bytes;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, 1, "FILE");
	if (code != CTL_DONE)
		return code;
	buffer_init(&bytes, CLIENT_ANSWER_MAX);
	code = ctl_read_file(argv[1], &bytes);
	if (code == CTL_DONE)
		code = post_database(ctl, "/v1/restore?check=1", &bytes, &report);
	if (code == CTL_DONE)
		code = ask_first(ctl, argv[1], report);
	if (code == CTL_DONE)
		code = post_database(ctl, "/v1/restore", &bytes, &outcome);
	if (code == CTL_DONE && ctl->is_json)
		output_json(outcome);
	else if (code == CTL_DONE)
		output_format(STYLE_PLAIN, "restored: %" PRId64 " name%s\n",
		    answer_number(outcome, "names"), plural(answer_number(outcome, "names")));
	json_decref(outcome);
	json_decref(report);
	buffer_release(&bytes);
	return code;
}
