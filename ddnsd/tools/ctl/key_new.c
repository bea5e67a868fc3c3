/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl key new": a secret, its file, and what the client needs. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/ctl/key.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"
#include "wire/address.h"

enum { WARNINGS_MAX = 16, WARNING_MAX = SNIPPET_NOTE_MAX, REASON_MAX = 1024 };

/* One run of the command. */
struct job {
	struct key_client client;
	const char *directory;
	const struct key_algorithm *algorithm;
	struct key_items allow;
	struct key_items from;
	bool is_admin;
	char grants[SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX];
	char path[PATH_MAX];
	char folder[PATH_MAX];
	char warnings[WARNINGS_MAX][WARNING_MAX];
	size_t warning_count;
};

__attribute__((format(printf, 2, 3))) static void
warn(struct job *job, const char *format, ...)
{
	va_list arguments;

	if (job->warning_count == WARNINGS_MAX)
		return;
	va_start(arguments, format);
	(void)vsnprintf(job->warnings[job->warning_count++], WARNING_MAX, format, arguments);
	va_end(arguments);
}

/* --- what was asked for --- */

static enum ctl_exit
read_arguments(struct job *job, int argc, char **argv)
{
	const char *program = "nsupdate";
	const char *algorithm = "hmac-sha256";
	const struct option_entry options[] = {
		{ "--admin", &job->is_admin, NULL },
		{ "--for", NULL, &program },
		{ "--algorithm", NULL, &algorithm },
		{ "--directory", NULL, &job->directory },
		{ "--server", NULL, &job->client.server },
		{ NULL, NULL, NULL },
	};
	const char *reason;
	enum ctl_exit code = key_take_items("key", "--allow", &job->allow, &argc, argv);

	if (code == CTL_DONE)
		code = key_take_items("key", "--from", &job->from, &argc, argv);
	if (code == CTL_DONE)
		code = options_take(options, &argc, argv);
	if (code != CTL_DONE)
		return code;
	if (argc != 2)
		return ctl_usage("key", "new takes one name, the key's");
	job->client.key = argv[1];
	job->algorithm = key_algorithm_find(algorithm);
	job->client.snippet = snippet_find(program);
	if (!key_name_is_good(argv[1], &reason))
		return ctl_usage("key", "\"%s\" cannot be a key's name: %s", argv[1], reason);
	if (job->algorithm == NULL)
		return ctl_usage("key", "--algorithm: \"%s\" is unknown; allowed: %s", algorithm,
		    key_algorithm_names);
	if (job->client.snippet == NULL)
		return ctl_usage("key", "--for: \"%s\" is unknown; allowed: %s", program,
		    snippet_clients);
	return CTL_DONE;
}

/* A grant's form; what it means is the daemon's to judge. */
static bool
is_good_grant(const char *grant)
{
	for (const char *at = grant; *at != '\0'; at++) {
		if (!isalnum((unsigned char)*at) && strchr(" .-_*/", *at) == NULL)
			return false;
	}
	return grant[0] != '\0' && grant[0] != ' ';
}

static enum ctl_exit
check_items(const struct job *job)
{
	for (size_t i = 0; i < job->allow.count; i++) {
		if (!is_good_grant(job->allow.items[i]))
			return ctl_usage("key",
			    "--allow: \"%s\" is no grant; write a name and types, as \"self A AAAA\", "
			    "\"*.lab.home.arpa TXT\" or \"zone home.arpa\"",
			    job->allow.items[i]);
	}
	for (size_t i = 0; i < job->from.count; i++) {
		struct network network;

		if (network_from_text(job->from.items[i], &network) != STATUS_OK)
			return ctl_usage("key",
			    "--from: \"%s\" is no network; write ADDRESS/BITS with no bit set behind "
			    "them, as 192.168.1.0/24, or one address",
			    job->from.items[i]);
	}
	return CTL_DONE;
}

/* --- what may surprise --- */

/* The one grant that is about no name. */
static bool
is_look(const char *grant)
{
	return strcmp(grant, "look") == 0;
}

/* The name that a grant is about: without "*." and "zone "; "" for self. */
static void
subject_of(const char *grant, char subject[static SITE_NAME_MAX])
{
	size_t length;

	subject[0] = '\0';
	if (strncmp(grant, "zone ", 5) == 0)
		grant += 5;
	if (strncmp(grant, "*.", 2) == 0)
		grant += 2;
	length = strcspn(grant, " ");
	if (length < SITE_NAME_MAX && !(length == 4 && memcmp(grant, "self", 4) == 0)) {
		memcpy(subject, grant, length);
		subject[length] = '\0';
	}
}

/* Who makes an administrator often thinks that it may change everything. */
static void
warn_of_admin(struct job *job, bool changes_self, bool changes_others)
{
	const char *zone = site_first_zone(job->client.site);

	if (job->is_admin && changes_self && !changes_others)
		warn(job,
		    "it administrates, but changes only its own name; --allow \"zone %s\" lets it change "
		    "all",
		    zone);
}

static void
warn_of_grants(struct job *job)
{
	const struct site *site = job->client.site;
	bool uses_others = false;
	bool uses_self = false;

	for (size_t i = 0; i < job->allow.count; i++) {
		char subject[SITE_NAME_MAX];
		bool concerns = false;

		if (is_look(job->allow.items[i]))
			continue;
		subject_of(job->allow.items[i], subject);
		uses_self |= subject[0] == '\0';
		uses_others |= subject[0] != '\0';
		for (size_t j = 0; j < site->zone_count && subject[0] != '\0'; j++)
			concerns |= site_is_within(subject, site->zones[j].name) ||
			    site_is_within(site->zones[j].name, subject);
		if (subject[0] != '\0' && !site->is_zone_guessed && !concerns)
			warn(job, "\"%s\" lies in none of the daemon's zones, so it allows nothing",
			    job->allow.items[i]);
	}
	if (uses_self && strchr(job->client.key, '.') != NULL &&
	    site_zone_of(site, job->client.key) == NULL)
		warn(job,
		    "the key's name lies in none of the daemon's zones: its own name is %s; a name "
		    "without dots is usual",
		    job->client.self);
	warn_of_admin(job, uses_self, uses_others);
}

/* The daemon runs, and reads another folder. */
static bool
is_elsewhere(const struct job *job)
{
	const struct site *site = job->client.site;
	char folder[PATH_MAX];

	if (site->status == NULL)
		return false;
	return strcmp(realpath(site->keys, folder) != NULL ? folder : site->keys, job->directory) !=
	    0;
}

static void
warn_of_surprises(struct job *job)
{
	const struct key_client *client = &job->client;
	const struct site *site = client->site;
	char notes[SNIPPET_NOTES_MAX][SNIPPET_NOTE_MAX];
	size_t note_count = snippet_notes(client->snippet, &client->facts, notes);

	warn_of_grants(job);
	if (job->algorithm->is_weak)
		warn(job, "%s is weak: only for clients that know nothing better",
		    job->algorithm->name);
	if (job->is_admin && job->from.count == 0)
		warn(job,
		    "an admin key may take over every name that its grants cover; bind it to networks by "
		    "--from");
	if (strcmp(client->facts.address, "127.0.0.1") == 0 && client->server == client->guess)
		warn(job,
		    "the client's server is %s, this machine itself; others need --server HOST%s",
		    client->guess,
		    !snippet_speaks_http(client->snippet) && strcmp(site->listen, "127.0.0.1") == 0
			? ", and addresses = {\"0.0.0.0\", \"::\"} in the listen block"
			: "");
	for (size_t i = 0; i < note_count; i++)
		warn(job, "%s", notes[i]);
	if (is_elsewhere(job))
		warn(job, "the daemon reads its keys from %s, not from %s",
		    site->keys[0] != '\0' ? site->keys : "no folder", job->directory);
	if (!key_store_is_safe(job->directory))
		warn(job,
		    "others than root may write %s, and so make keys of their own: chown root and "
		    "chmod 750 it",
		    job->directory);
	if (site->is_zone_guessed)
		warn(job, "no zone is known here (%s: %s): home.arpa stands for it", site->file,
		    site->problem);
}

/* --- the work --- */

static enum ctl_exit
prepare(const struct ctl *ctl, struct job *job)
{
	struct key_client *client = &job->client;
	enum ctl_exit code = key_client_look(client, ctl);

	if (code == CTL_DONE)
		code = key_choose_directory(client->site, &job->directory);
	if (code != CTL_DONE)
		return code;
	/* What is told and compared is the real place. */
	if (realpath(job->directory, job->folder) != NULL)
		job->directory = job->folder;
	code = key_client_find_facts(client);
	if (code != CTL_DONE)
		return code;
	if (job->allow.count == 0) {
		job->allow.count = snippet_grants(client->snippet, &client->facts, job->grants);
		for (size_t i = 0; i < job->allow.count; i++)
			job->allow.items[i] = job->grants[i];
	}
	if (!snippet_make_secret(client->snippet, job->algorithm, client->secret))
		return ctl_fail(CTL_FAILED, "the kernel gives no random octets");
	client->facts.algorithm = job->algorithm;
	if (!key_store_path(job->directory, client->key, job->path))
		return ctl_usage("key", "\"%s\" is too long for a file's name", client->key);
	warn_of_surprises(job);
	return CTL_DONE;
}

static enum ctl_exit
write_file(const struct job *job)
{
	const struct key_client *client = &job->client;
	const struct key_draft draft = { .name = client->key,
		.algorithm = job->algorithm,
		.secret = client->secret,
		.allow = job->allow.items,
		.allow_count = job->allow.count,
		.from = job->from.items,
		.from_count = job->from.count,
		.is_admin = job->is_admin,
		.is_for_many = snippet_is_for_many(client->snippet) };
	char problem[KEY_STORE_PROBLEM_MAX];
	struct buffer text;
	struct key_place place = { 0 };
	enum status status = key_store_find(job->directory, client->key, &place, problem);

	/* The daemon would have two of that name, and take neither. */
	if (status != STATUS_OK && !is_elsewhere(job) && client->site->made_keys[0] != '\0') {
		key_place_release(&place);
		status = key_store_find_made(client->site->made_keys, client->key, &place, problem);
	}
	if (status == STATUS_OK) {
		(void)snprintf(problem, sizeof(problem),
		    "the key \"%s\" is there already, in %s; \"ddnsctl key rotate\" gives it a new "
		    "secret, \"ddnsctl key revoke\" ends it",
		    client->key, place.path);
		status = STATUS_NAME_EXISTS;
	} else {
		buffer_init(&text, KEY_FILE_MAX);
		status = key_file_compose(&draft, &text);
		if (status == STATUS_OK)
			status = key_store_add(job->directory, client->key, &text, problem);
		else
			(void)snprintf(problem, sizeof(problem), "%s", status_text(status));
		key_store_wipe(&text);
	}
	key_place_release(&place);
	return status == STATUS_OK ? CTL_DONE : ctl_fail(CTL_FAILED, "%s", problem);
}

/* Puts things back when it is this very file that the daemon does not take. */
static enum ctl_exit
take_back(const struct job *job, const char *reason)
{
	if (unlink(job->path) != 0)
		return ctl_fail(CTL_FAILED, "the daemon does not take %s: %s", job->path, reason);
	return ctl_fail(CTL_FAILED, "the daemon does not take it, and %s is removed again: %s",
	    job->path, reason);
}

static json_t *
texts(const struct key_items *items)
{
	json_t *array = json_array();

	for (size_t i = 0; i < items->count; i++)
		(void)json_array_append_new(array, json_string(items->items[i]));
	return array;
}

static void
print_json(const struct job *job, enum key_knowledge knowledge)
{
	const struct key_client *client = &job->client;
	json_t *warnings = json_array();
	json_t *json;

	for (size_t i = 0; i < job->warning_count; i++)
		(void)json_array_append_new(warnings, json_string(job->warnings[i]));
	json = json_pack("{s:s, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:s, s:s%, s:o}", "name",
	    client->key, "file", job->path, "algorithm", job->algorithm->name, "secret",
	    client->secret, "admin", job->is_admin, "allow", texts(&job->allow), "from",
	    texts(&job->from), "taken", key_knowledge_json(knowledge), "client",
	    snippet_client(client->snippet), "configuration", client->configuration.data,
	    client->configuration.length, "warnings", warnings);
	output_json(json);
	json_decref(json);
}

static void
print_news(const struct job *job, enum key_knowledge knowledge, const char *reason)
{
	size_t changes = 0;

	fprintf(stderr, "Key \"%s\" is in %s.\nIt may change:", job->client.key, job->path);
	for (size_t i = 0; i < job->allow.count; i++) {
		if (!is_look(job->allow.items[i]))
			fprintf(stderr, "%s %s", changes++ > 0 ? ";" : "", job->allow.items[i]);
	}
	fprintf(stderr, "%s.\n", changes > 0 ? "" : " nothing");
	if (changes < job->allow.count)
		fprintf(stderr, "It may read all names.\n");
	key_say_knowledge(knowledge, reason);
	for (size_t i = 0; i < job->warning_count; i++)
		fprintf(stderr, "Note: %s.\n", job->warnings[i]);
}

static enum ctl_exit
run(struct ctl *ctl, struct job *job)
{
	char reason[REASON_MAX] = "";
	enum key_knowledge knowledge;
	enum ctl_exit code = check_items(job);

	if (code == CTL_DONE)
		code = prepare(ctl, job);
	if (code == CTL_DONE &&
	    snippet_append(job->client.snippet, &job->client.facts, &job->client.configuration) !=
		STATUS_OK)
		code = ctl_fail(CTL_FAILED, "out of memory");
	if (code == CTL_DONE)
		code = write_file(job);
	if (code != CTL_DONE)
		return code;
	if (is_elsewhere(job))
		knowledge = KEY_IS_NOT;
	else
		knowledge = key_wait(ctl, job->client.key, NULL, reason, sizeof(reason));
	if (knowledge == KEY_IS_NOT && strstr(reason, job->path) != NULL)
		return take_back(job, reason);
	if (ctl->is_json) {
		print_json(job, knowledge);
	} else {
		print_news(job, knowledge, reason);
		key_client_print(&job->client);
	}
	return output_flush() ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit
key_new(struct ctl *ctl, int argc, char **argv)
{
	struct job *job = calloc(1, sizeof(*job));
	enum ctl_exit code;

	if (job == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	key_client_init(&job->client);
	code = read_arguments(job, argc, argv);
	if (code == CTL_DONE)
		code = run(ctl, job);
	key_client_release(&job->client);
	free(job);
	return code;
}
