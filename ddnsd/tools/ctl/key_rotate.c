/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl key rotate": a new secret, while the present one goes on for some time. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "tools/ctl/key.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { REASON_MAX = 1024, OVERLAP_MAX_S = 366 * 24 * 60 * 60 };

struct job {
	struct key_client client;
	const char *directory;
	int64_t overlap_s;
	int64_t until_s;
	char until[KEY_UNTIL_MAX];
	struct key_place place;
};

static enum ctl_exit
read_arguments(struct job *job, int argc, char **argv)
{
	const char *program = "nsupdate";
	const char *overlap = "7d";
	const struct option_entry options[] = {
		{ "--overlap", NULL, &overlap },
		{ "--for", NULL, &program },
		{ "--directory", NULL, &job->directory },
		{ "--server", NULL, &job->client.server },
		{ NULL, NULL, NULL },
	};
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code != CTL_DONE)
		return code;
	if (argc != 2)
		return ctl_usage("key", "rotate takes one name, the key's");
	job->client.key = argv[1];
	job->client.snippet = snippet_find(program);
	if (job->client.snippet == NULL)
		return ctl_usage("key", "--for: \"%s\" is unknown; allowed: %s", program,
		    snippet_clients);
	if (duration_from_text(overlap, &job->overlap_s) != STATUS_OK || job->overlap_s < 1 ||
	    job->overlap_s > OVERLAP_MAX_S)
		return ctl_usage("key",
		    "--overlap: \"%s\" is no length of time from 1s to 52w; write 7d, 12h",
		    overlap);
	return CTL_DONE;
}

static enum ctl_exit
find(const struct ctl *ctl, struct job *job)
{
	enum ctl_exit code = key_client_look(&job->client, ctl);

	if (code == CTL_DONE)
		code = key_find(job->client.site, job->directory, job->client.key, &job->place);
	return code == CTL_DONE ? key_client_find_facts(&job->client) : code;
}

/* A second rotation ends the secret that the first one kept: somebody may still use it. */
static enum ctl_exit
ask_about_old_secret(const struct ctl *ctl, const struct job *job)
{
	const struct key_found *found = &job->place.found;
	int64_t until_s;
	char when[64] = "without an end";
	char question[256];

	if (!found->has_old_secret)
		return CTL_DONE;
	if (found->old_until[0] != '\0') {
		if (key_until_from_text(found->old_until, &until_s) && until_s <= clock_wall_s())
			return CTL_DONE;
		(void)snprintf(when, sizeof(when), "until %s", found->old_until);
	}
	(void)snprintf(question, sizeof(question),
	    "The secret before this one is still accepted %s; rotating ends it now. Rotate?", when);
	if (ctl->says_yes || output_ask(question))
		return CTL_DONE;
	return ctl_fail(CTL_FAILED,
	    "the secret before this one is still accepted %s, and rotating would end it now; --yes "
	    "does so",
	    when);
}

static enum ctl_exit
edit(struct job *job)
{
	const struct key_algorithm *algorithm = key_algorithm_find(job->place.found.algorithm);
	char problem[KEY_STORE_PROBLEM_MAX] = "";
	char reason[KEY_PROBLEM_MAX];
	struct buffer text;
	enum status status;

	if (algorithm == NULL)
		return ctl_fail(CTL_FAILED, "%s: the algorithm \"%s\" is unknown", job->place.path,
		    job->place.found.algorithm);
	if (!snippet_make_secret(job->client.snippet, algorithm, job->client.secret))
		return ctl_fail(CTL_FAILED, "the kernel gives no random octets");
	job->client.facts.algorithm = algorithm;
	job->until_s = clock_wall_s() + job->overlap_s;
	(void)key_until_to_text(job->until_s, job->until);
	buffer_init(&text, KEY_FILE_MAX);
	status = key_file_rotate(job->place.text.data, job->place.text.length, job->client.key,
	    job->client.secret, job->until_s, &text, reason);
	if (status == STATUS_OK)
		status = key_store_replace(&job->place, &text, problem);
	else
		(void)snprintf(problem, sizeof(problem), "%s stays as it is: %s", job->place.path,
		    status == STATUS_MALFORMED ? reason : status_text(status));
	key_store_wipe(&text);
	return status == STATUS_OK ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", problem);
}

static void
print_json(const struct job *job, enum key_knowledge knowledge)
{
	const struct key_client *client = &job->client;
	json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:s, s:s%}", "name", client->key,
	    "file", job->place.path, "algorithm", job->place.found.algorithm, "secret",
	    client->secret, "old_secret_until", job->until, "taken", key_knowledge_json(knowledge),
	    "client", snippet_client(client->snippet), "configuration", client->configuration.data,
	    client->configuration.length);

	output_json(json);
	json_decref(json);
}

static void
print_notes(const struct key_client *client)
{
	char notes[SNIPPET_NOTES_MAX][SNIPPET_NOTE_MAX];
	size_t count = snippet_notes(client->snippet, &client->facts, notes);

	for (size_t i = 0; i < count; i++)
		fprintf(stderr, "Note: %s.\n", notes[i]);
}

static enum ctl_exit
run(struct ctl *ctl, struct job *job)
{
	char reason[REASON_MAX] = "";
	enum key_knowledge knowledge;
	enum ctl_exit code = find(ctl, job);

	if (code == CTL_DONE)
		code = ask_about_old_secret(ctl, job);
	if (code == CTL_DONE)
		code = edit(job);
	if (code != CTL_DONE)
		return code;
	if (snippet_append(job->client.snippet, &job->client.facts, &job->client.configuration) !=
	    STATUS_OK)
		return ctl_fail(CTL_FAILED,
		    "the key has a new secret, in %s, but memory ran out before it could be shown",
		    job->place.path);
	knowledge = key_wait(ctl, job->client.key, job->until, reason, sizeof(reason));
	if (ctl->is_json) {
		print_json(job, knowledge);
	} else {
		fprintf(stderr,
		    "Key \"%s\" has a new secret, in %s. The one before is accepted until %s.\n",
		    job->client.key, job->place.path, job->until);
		key_say_knowledge(knowledge, reason);
		print_notes(&job->client);
		key_client_print(&job->client);
	}
	return output_flush() ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit
key_rotate(struct ctl *ctl, int argc, char **argv)
{
	struct job job = { .directory = NULL };
	enum ctl_exit code;

	key_client_init(&job.client);
	code = read_arguments(&job, argc, argv);
	if (code == CTL_DONE)
		code = run(ctl, &job);
	key_client_release(&job.client);
	key_place_release(&job.place);
	return code;
}
