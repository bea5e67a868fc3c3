/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "ddnsctl key revoke": the key ends; what it registered is told, and goes where that is asked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/key.h"
#include "tools/ctl/look.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { REASON_MAX = 1024, PATH_TEXT_MAX = 4096 };

struct job {
	const char *name;
	const char *directory;
	bool takes_names;
	bool has_list; /* names is what the daemon says */
	json_t *names; /* NAME objects */
	struct site *site;
	struct key_place place;
	size_t deleted;
};

static enum ctl_exit
read_arguments(struct job *job, int argc, char **argv)
{
	const struct option_entry options[] = {
		{ "--names", &job->takes_names, NULL },
		{ "--directory", NULL, &job->directory },
		{ NULL, NULL, NULL },
	};
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code != CTL_DONE)
		return code;
	if (argc != 2)
		return ctl_usage("key", "revoke takes one name, the key's");
	job->name = argv[1];
	return CTL_DONE;
}

/*
 * One page of the names that the key owns, appended to the others. Returns where the next one
 * begins.
 */
static char *
read_page(const struct ctl *ctl, struct job *job, const char *after)
{
	struct buffer path;
	json_t *answer;
	char *next = NULL;

	buffer_init(&path, PATH_TEXT_MAX);
	(void)buffer_append_text(&path, "/v1/names?limit=1000&owner=");
	(void)client_append_escaped(&path, job->name);
	if (after != NULL) {
		(void)buffer_append_text(&path, "&after=");
		(void)client_append_escaped(&path, after);
	}
	if (buffer_append(&path, "", 1) == STATUS_OK) {
		answer = look_get(ctl, path.data);
		job->has_list = answer != NULL;
		(void)json_array_extend(job->names, json_object_get(answer, "names"));
		if (look_text(answer, "next", NULL) != NULL)
			next = strdup(look_text(answer, "next", ""));
		json_decref(answer);
	}
	buffer_release(&path);
	return next;
}

static void
read_names(const struct ctl *ctl, struct job *job)
{
	char *after = NULL;

	if (job->site->status == NULL)
		return;
	do {
		char *next = read_page(ctl, job, after);

		free(after);
		after = next;
	} while (after != NULL);
}

/* When the last of a name's records ends; NULL: never. */
static const char *
end_of(const json_t *name)
{
	const json_t *records = json_object_get(name, "records");
	const char *last = NULL;

	for (size_t i = 0; i < json_array_size(records); i++) {
		const char *expires = look_text(json_array_get(records, i), "expires", NULL);

		if (expires == NULL)
			return NULL;
		if (last == NULL || strcmp(expires, last) > 0)
			last = expires;
	}
	return last;
}

static void
say_names(const struct job *job)
{
	size_t count = json_array_size(job->names);

	if (!job->has_list) {
		fprintf(stderr,
		    "Which names it owns is not known: the daemon does not answer. They stay until "
		    "their leases end.\n");
		return;
	}
	if (count == 0)
		fprintf(stderr, "It owns no names.\n");
	else
		fprintf(stderr, "It owns %zu name%s:\n", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++) {
		const json_t *name = json_array_get(job->names, i);
		const char *end = end_of(name);
		char text[32];

		fprintf(stderr, "  %s", look_text(name, "name", "?"));
		if (job->takes_names)
			fprintf(stderr, " is deleted too\n");
		else if (end != NULL)
			fprintf(stderr, " stays until its lease ends, %s\n",
			    output_time(end, text));
		else
			fprintf(stderr, " stays for ever: ddnsctl del %s\n",
			    look_text(name, "name", "?"));
	}
	fflush(stderr);
}

static enum ctl_exit
remove_key(const struct job *job)
{
	char problem[KEY_STORE_PROBLEM_MAX] = "";
	char reason[KEY_PROBLEM_MAX] = "";
	struct buffer text;
	enum status status;

	if (job->place.found.keys == 1)
		return key_store_remove(&job->place, problem) == STATUS_OK
		    ? CTL_DONE
		    : ctl_fail(CTL_FAILED, "%s", problem);
	buffer_init(&text, KEY_FILE_MAX);
	status = key_file_remove(job->place.text.data, job->place.text.length, job->name, &text,
	    reason);
	if (status == STATUS_OK)
		status = key_store_replace(&job->place, &text, problem);
	else
		(void)snprintf(problem, sizeof(problem), "%s stays as it is: %s", job->place.path,
		    reason);
	key_store_wipe(&text);
	return status == STATUS_OK ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", problem);
}

/* After the key is gone, so that it cannot register them again. */
static enum ctl_exit
delete_names(const struct ctl *ctl, struct job *job)
{
	enum ctl_exit code = CTL_DONE;

	for (size_t i = 0; job->takes_names && i < json_array_size(job->names); i++) {
		const char *name = look_text(json_array_get(job->names, i), "name", "");
		struct buffer path;
		enum ctl_exit result = CTL_FAILED;

		buffer_init(&path, PATH_TEXT_MAX);
		(void)buffer_append_text(&path, "/v1/names/");
		(void)client_append_escaped(&path, name);
		if (buffer_append(&path, "", 1) == STATUS_OK)
			result = client_call(ctl, "DELETE", path.data, NULL, NULL);
		buffer_release(&path);
		if (result == CTL_DONE)
			job->deleted++;
		else
			code = result;
	}
	return code;
}

static void
print_result(const struct ctl *ctl, const struct job *job, enum key_knowledge knowledge,
    const char *reason)
{
	json_t *names;
	json_t *json;

	if (!ctl->is_json) {
		fprintf(stderr, "Key \"%s\" is revoked (%s).\n", job->name, job->place.path);
		key_say_knowledge(knowledge, reason);
		if (job->takes_names)
			fprintf(stderr, "%zu name%s deleted.\n", job->deleted,
			    job->deleted == 1 ? "" : "s");
		return;
	}
	names = json_array();
	for (size_t i = 0; i < json_array_size(job->names); i++)
		(void)json_array_append_new(names,
		    json_string(look_text(json_array_get(job->names, i), "name", "")));
	json = json_pack("{s:s, s:s, s:o, s:o, s:I}", "name", job->name, "file", job->place.path,
	    "taken", key_knowledge_json(knowledge), "names", names, "deleted",
	    (json_int_t)job->deleted);
	output_json(json);
	json_decref(json);
}

static enum ctl_exit
run(struct ctl *ctl, struct job *job)
{
	char question[PATH_MAX + 512];
	char reason[REASON_MAX] = "";
	enum key_knowledge knowledge;
	enum ctl_exit code;

	job->names = json_array();
	job->site = site_new(ctl, "");
	if (job->site == NULL || job->names == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	code = key_find(job->site, job->directory, job->name, &job->place);
	if (code != CTL_DONE)
		return code;
	read_names(ctl, job);
	if (job->takes_names && !job->has_list)
		return ctl_fail(job->site->reach == CTL_DONE ? CTL_FAILED : CTL_UNREACHABLE,
		    "--names needs the daemon, and it does not answer; start it, or leave --names out");
	if (!ctl->is_json)
		say_names(job);
	(void)snprintf(question, sizeof(question), "Revoke the key \"%s\" (%s)?", job->name,
	    job->place.path);
	if (!ctl->says_yes && !output_ask(question))
		return ctl_fail(CTL_FAILED, "nothing is changed; --yes revokes without asking");
	code = remove_key(job);
	if (code != CTL_DONE)
		return code;
	knowledge = key_wait(ctl, job->name, "", reason, sizeof(reason));
	code = delete_names(ctl, job);
	print_result(ctl, job, knowledge, reason);
	return output_flush() ? code : CTL_FAILED;
}

enum ctl_exit
key_revoke(struct ctl *ctl, int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	enum ctl_exit code;

	if (job == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	code = read_arguments(job, argc, argv);
	if (code == CTL_DONE)
		code = run(ctl, job);
	json_decref(job->names);
	key_place_release(&job->place);
	site_free(job->site);
	free(job);
	return code;
}
