/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Carries a plan out, records it, and takes it back. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "tools/ctl/setup.h"

enum { RECORD_MAX = 64 * 1024 * 1024, TARGET_MAX = PATH_MAX };

/* Not where the daemon may write: what stands in it is undone as root. */
const char setup_record[] = "/etc/ddnsd/setup.json";

static const char *const words[] = {
	[SETUP_WRITE] = "write",
	[SETUP_EDIT] = "edit",
	[SETUP_LINK] = "link",
};

/* --- single steps --- */

/* Writes a file; one that was there keeps owner and mode. */
static enum status
put(const char *path, const char *text)
{
	struct stat about;
	bool was_there = stat(path, &about) == 0;
	int directory;
	enum status status = file_open_directory_of(path, &directory);

	if (status != STATUS_OK)
		return status;
	status = file_replace(directory, file_base_name(path), text, strlen(text),
	    was_there ? about.st_mode & 07777 : 0644);
	if (status == STATUS_OK && was_there &&
	    (about.st_uid != geteuid() || about.st_gid != getegid()) &&
	    fchownat(directory, file_base_name(path), about.st_uid, about.st_gid,
		AT_SYMLINK_NOFOLLOW) != 0)
		status = file_status(errno);
	(void)close(directory);
	return status;
}

static enum status
take_away(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT ? STATUS_OK : file_status(errno);
}

static enum status
do_one(const struct setup_plan *plan, const struct setup_action *action)
{
	char path[SETUP_PATH_MAX];

	(void)setup_path(plan->root, action->path, path);
	if (action->kind != SETUP_LINK)
		return put(path, action->after);
	return symlink(action->after, path) == 0 ? STATUS_OK : file_status(errno);
}

static enum status
undo_one(const struct setup_plan *plan, const struct setup_action *action)
{
	char path[SETUP_PATH_MAX];

	(void)setup_path(plan->root, action->path, path);
	return action->kind == SETUP_EDIT ? put(path, action->before) : take_away(path);
}

/* --- the record --- */

static json_t *
to_json(const struct setup_plan *plan)
{
	json_t *actions = json_array();

	for (size_t i = 0; i < plan->count; i++) {
		const struct setup_action *action = &plan->actions[i];
		json_t *entry = json_pack("{s:s, s:s, s:s?, s:s, s:i}", "action",
		    words[action->kind], "path", action->path, "before", action->before, "after",
		    action->after, "line", (int)action->line);

		if (entry == NULL) {
			json_decref(actions);
			return NULL;
		}
		(void)json_array_append_new(actions, entry);
	}
	return json_pack("{s:i, s:s, s:o}", "version", 1, "platform",
	    setup_platform_name(plan->platform), "actions", actions);
}

/* Not for all to read: a file that is edited may not be, either. */
static enum status
write_record(const struct setup_plan *plan)
{
	char path[SETUP_PATH_MAX];
	json_t *json = to_json(plan);
	char *text = json != NULL ? json_dumps(json, JSON_INDENT(2)) : NULL;
	int directory;
	enum status status = text != NULL ? STATUS_OK : STATUS_MALFORMED;

	if (status == STATUS_OK)
		status = file_open_directory_of(setup_path(plan->root, setup_record, path),
		    &directory);
	if (status == STATUS_OK) {
		status = file_replace(directory, file_base_name(path), text, strlen(text), 0600);
		(void)close(directory);
	}
	free(text);
	json_decref(json);
	return status;
}

static enum ctl_exit
say_failure(const struct setup_plan *plan, const char *path, enum status status)
{
	if (status == STATUS_MALFORMED)
		return ctl_fail(CTL_FAILED,
		    "a file that has to be changed is not UTF-8: comment its dhcp-script out by hand");
	return ctl_fail(CTL_FAILED, "%s%s cannot be written: %s%s", plan->root, path,
	    status_text(status), status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
}

/* The record first: whatever stops us afterwards, undo knows what may have been done. */
enum ctl_exit
setup_apply(const struct setup_plan *plan)
{
	char path[SETUP_PATH_MAX];
	enum status status = write_record(plan);

	if (status != STATUS_OK)
		return say_failure(plan, setup_record, status);
	for (size_t i = 0; i < plan->count; i++) {
		status = do_one(plan, &plan->actions[i]);
		if (status == STATUS_OK)
			continue;
		while (i > 0)
			(void)undo_one(plan, &plan->actions[--i]);
		(void)take_away(setup_path(plan->root, setup_record, path));
		return say_failure(plan, plan->actions[i].path, status);
	}
	return CTL_DONE;
}

bool
setup_is_done(const char *root)
{
	char path[SETUP_PATH_MAX];
	struct stat about;

	return lstat(setup_path(root, setup_record, path), &about) == 0;
}

/* --- undoing --- */

static bool
take_entry(struct setup_plan *plan, const json_t *entry)
{
	const char *word = json_string_value(json_object_get(entry, "action"));
	const char *path = json_string_value(json_object_get(entry, "path"));
	const char *before = json_string_value(json_object_get(entry, "before"));
	const char *after = json_string_value(json_object_get(entry, "after"));
	struct setup_action *action = &plan->actions[plan->count];

	if (word == NULL || path == NULL || after == NULL || path[0] != '/' ||
	    strlen(path) >= sizeof(action->path) || plan->count == SETUP_ACTIONS_MAX)
		return false;
	*action = (struct setup_action){ .kind = SETUP_WRITE };
	while (action->kind <= SETUP_LINK && strcmp(words[action->kind], word) != 0)
		action->kind++;
	if (action->kind > SETUP_LINK || (action->kind == SETUP_EDIT) != (before != NULL))
		return false;
	memcpy(action->path, path, strlen(path) + 1);
	plan->count++;
	action->line = (unsigned)json_integer_value(json_object_get(entry, "line"));
	action->before = before != NULL ? strdup(before) : NULL;
	action->after = strdup(after);
	return action->after != NULL && (before == NULL || action->before != NULL);
}

static void
take_platform(struct setup_plan *plan, const json_t *record)
{
	const char *name = json_string_value(json_object_get(record, "platform"));

	for (int i = 0; name != NULL && i < SETUP_PLATFORMS; i++) {
		if (strcmp(setup_platform_name((enum setup_platform)i), name) == 0)
			plan->platform = (enum setup_platform)i;
	}
}

static bool
is_file_as(const char *path, const char *text)
{
	struct buffer content;
	bool is_same;

	buffer_init(&content, RECORD_MAX);
	is_same = file_read(path, &content) == STATUS_OK && content.length == strlen(text) &&
	    (content.length == 0 || memcmp(content.data, text, content.length) == 0);
	buffer_release(&content);
	return is_same;
}

/*
 * As setup left it; what setup made and somebody removed needs no undoing, and an edit undone by
 * hand neither.
 */
static bool
is_as_left(const struct setup_plan *plan, const struct setup_action *action)
{
	char path[SETUP_PATH_MAX];
	char target[TARGET_MAX];
	struct stat about;
	ssize_t length;

	(void)setup_path(plan->root, action->path, path);
	if (lstat(path, &about) != 0)
		return action->kind != SETUP_EDIT && errno == ENOENT;
	if (action->kind == SETUP_WRITE)
		return is_file_as(path, action->after);
	if (action->kind == SETUP_EDIT)
		return is_file_as(path, action->after) || is_file_as(path, action->before);
	length = readlink(path, target, sizeof(target));
	return length >= 0 && (size_t)length == strlen(action->after) &&
	    memcmp(target, action->after, (size_t)length) == 0;
}

static enum ctl_exit
check_all(const struct setup_plan *plan)
{
	enum ctl_exit code = CTL_DONE;

	for (size_t i = 0; i < plan->count; i++) {
		if (!is_as_left(plan, &plan->actions[i]))
			code = ctl_fail(CTL_FAILED,
			    "%s was changed since setup; put it right by hand, then remove %s",
			    plan->actions[i].path, setup_record);
	}
	return code;
}

/* Somebody else's record would have us write what and where they please. */
static bool
is_our_record(const char *path)
{
	struct stat about;

	return lstat(path, &about) == 0 && S_ISREG(about.st_mode) &&
	    (about.st_uid == 0 || about.st_uid == geteuid()) && (about.st_mode & 022) == 0;
}

enum ctl_exit
setup_recall(struct setup_plan *plan, const char *root)
{
	char path[SETUP_PATH_MAX];
	struct buffer text;
	const json_t *actions;
	json_t *json;
	bool is_good = true;
	enum status status;

	*plan = (struct setup_plan){ .root = root };
	buffer_init(&text, RECORD_MAX);
	status = file_read(setup_path(root, setup_record, path), &text);
	if (status != STATUS_OK) {
		buffer_release(&text);
		if (status == STATUS_NOT_FOUND)
			return ctl_fail(CTL_FAILED, "setup has done nothing here: there is no %s",
			    path);
		return ctl_fail(CTL_FAILED, "%s cannot be read: %s%s", path, status_text(status),
		    status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
	}
	if (!is_our_record(path)) {
		buffer_release(&text);
		return ctl_fail(CTL_FAILED,
		    "%s is a link, or others than root may write it, so it is not trusted; take back "
		    "by hand what setup did, then remove it",
		    path);
	}
	json = json_loadb(text.data, text.length, JSON_REJECT_DUPLICATES, NULL);
	buffer_release(&text);
	actions = json_object_get(json, "actions");
	for (size_t i = 0; i < json_array_size(actions) && is_good; i++)
		is_good = take_entry(plan, json_array_get(actions, i));
	is_good &= json_is_array(actions);
	take_platform(plan, json);
	json_decref(json);
	if (!is_good)
		return ctl_fail(CTL_FAILED, "%s is damaged; take back by hand what setup did",
		    path);
	return check_all(plan);
}

enum ctl_exit
setup_undo(const struct setup_plan *plan)
{
	char path[SETUP_PATH_MAX];
	enum status status;

	for (size_t i = plan->count; i > 0; i--) {
		status = undo_one(plan, &plan->actions[i - 1]);
		if (status != STATUS_OK)
			return say_failure(plan, plan->actions[i - 1].path, status);
	}
	status = take_away(setup_path(plan->root, setup_record, path));
	return status == STATUS_OK ? CTL_DONE : say_failure(plan, setup_record, status);
}
