/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl import": what a file holds goes to the daemon, a request for each name. */
#include "tools/ctl/import.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/file.h"
#include "tools/ctl/look.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum {
	CELL_MAX = 512 * 1024,
	/* A limit on updates a minute: so long one name waits for its turn. */
	LIMITED_PAUSE_MS = 1000,
	LIMITED_TRIES = 70,
};

struct job {
	const struct ctl *ctl;
	const char *file;
	enum import_format format;
	bool replaces;
	bool is_dry;
	bool is_admin;
	json_t *zones;
	json_t *refused; /* [{"line", "name", "error", "hint"}] */
	size_t created;
	size_t changed;
};

/* --- before --- */

/* The zone that holds a name; NULL: none of ours. */
static const char *
zone_of(const json_t *zones, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < json_array_size(zones); i++) {
		const char *zone = answer_text(json_array_get(zones, i), "zone");
		size_t size = strlen(zone);

		if (size > 0 && length >= size && strcasecmp(name + length - size, zone) == 0 &&
		    (length == size || name[length - size - 1] == '.'))
			return zone;
	}
	return NULL;
}

/* Where bare names go: the zone that was named, else the first forward one. */
static enum ctl_exit
choose_zone(const struct job *job, const char *wanted, const char **ret_zone)
{
	size_t length = wanted != NULL ? strlen(wanted) : 0;

	if (length > 1 && wanted[length - 1] == '.')
		length--;
	for (size_t i = 0; i < json_array_size(job->zones); i++) {
		const json_t *zone = json_array_get(job->zones, i);
		const char *name = answer_text(zone, "zone");

		if (wanted == NULL
			? !answer_is_true(zone, "reverse")
			: strlen(name) == length && strncasecmp(name, wanted, length) == 0) {
			*ret_zone = name;
			return CTL_DONE;
		}
	}
	if (wanted != NULL)
		return ctl_fail(CTL_FAILED,
		    "%s is no zone of this daemon; \"ddnsctl zone\" lists them", wanted);
	return ctl_fail(CTL_FAILED,
	    "the daemon has no forward zone; say with --zone where bare names go");
}

static enum ctl_exit
ask_daemon(struct job *job)
{
	json_t *status = NULL;
	enum ctl_exit code = client_call(job->ctl, "GET", "/v1/status", NULL, &status);

	if (code != CTL_DONE)
		return code;
	job->zones = json_incref(json_object_get(status, "zones"));
	job->is_admin = answer_is_true(json_object_get(status, "you"), "admin");
	json_decref(status);
	return CTL_DONE;
}

static void
refuse(struct job *job, int64_t line, const char *name, const char *error, const char *hint)
{
	json_array_append_new(job->refused,
	    json_pack("{s:I, s:s, s:s, s:s}", "line", (json_int_t)line, "name", name, "error",
		error, "hint", hint));
}

/* Names of other zones go, and each is told of. */
static void
drop_strangers(struct job *job, struct import *import)
{
	json_t *names = import->names;
	void *next;

	for (void *at = json_object_iter(names); at != NULL; at = next) {
		const char *name = json_object_iter_key(at);

		next = json_object_iter_next(names, at);
		if (zone_of(job->zones, name) != NULL)
			continue;
		refuse(job, answer_number(json_object_iter_value(at), "line"), name,
		    "lies in no zone of this daemon", "\"ddnsctl zone\" lists them");
		(void)json_object_del(names, name);
	}
}

/* --- what would be done --- */

/* The records of a body: addresses, then "TYPE data". */
static void
append_wanted(struct buffer *text, const json_t *body)
{
	const json_t *addresses = json_object_get(body, "addresses");
	const json_t *records = json_object_get(body, "records");

	for (size_t i = 0; i < json_array_size(addresses); i++) {
		buffer_append_text(text, text->length > 0 ? ", " : "");
		buffer_append_text(text, json_string_value(json_array_get(addresses, i)));
	}
	for (size_t i = 0; i < json_array_size(records); i++) {
		const json_t *record = json_array_get(records, i);
		const char *type = answer_text(record, "type");

		buffer_append_text(text, text->length > 0 ? ", " : "");
		if (strcmp(type, "A") != 0 && strcmp(type, "AAAA") != 0) {
			buffer_append_text(text, type);
			buffer_append_text(text, " ");
		}
		buffer_append_text(text, answer_text(record, "data"));
	}
	buffer_append(text, "", 1);
}

/* {"name": NAME, ...} of what the daemon has. */
static enum ctl_exit
fetch_present(const struct job *job, json_t **ret_present)
{
	const struct answer_filter filter = { 0 };
	json_t *names = NULL;
	enum ctl_exit code = answer_names(job->ctl, &filter, &names);

	if (code != CTL_DONE)
		return code;
	*ret_present = json_object();
	for (size_t i = 0; i < json_array_size(names); i++) {
		json_t *name = json_array_get(names, i);

		json_object_set(*ret_present, answer_text(name, "name"), name);
	}
	json_decref(names);
	return CTL_DONE;
}

static const char *
what_happens(const struct job *job, const json_t *present, const char *name)
{
	const json_t *there = json_object_get(present, name);

	if (there == NULL || strcmp(answer_text(there, "source"), "lease") == 0)
		return "new";
	return job->replaces ? "replaces" : "adds";
}

static enum ctl_exit
show_plan(struct job *job, const struct import *import)
{
	static const struct output_column columns[] = { { "NAME", true, false },
		{ "WHAT", false, false }, { "RECORDS", true, false } };
	struct output_table *table;
	json_t *names = import->names, *present = NULL;
	enum ctl_exit code = fetch_present(job, &present);
	struct buffer records;

	if (code != CTL_DONE)
		return code;
	table = output_table_new(columns, 3);
	buffer_init(&records, CELL_MAX);
	for (void *at = json_object_iter(names); at != NULL;
	     at = json_object_iter_next(names, at)) {
		const char *name = json_object_iter_key(at);
		const char *what = what_happens(job, present, name), *cells[3];

		if (strcmp(what, "new") == 0)
			job->created++;
		else
			job->changed++;
		buffer_clear(&records);
		append_wanted(&records, json_object_get(json_object_iter_value(at), "body"));
		cells[0] = name;
		cells[1] = what;
		cells[2] = records.status == STATUS_OK ? records.data : "?";
		output_table_add(table, cells, NULL);
	}
	if (!job->ctl->is_json && json_object_size(import->names) > 0)
		output_table_print(table);
	output_table_free(table);
	buffer_release(&records);
	json_decref(present);
	return CTL_DONE;
}

/* --- doing it --- */

/* One name. CTL_DONE: there is an answer, be it a refusal. */
static enum ctl_exit
send_name(struct job *job, const char *name, const json_t *entry, unsigned *ret_code)
{
	json_t *body = json_object_get(entry, "body"), *answer = NULL;
	const char *text;
	struct buffer path;
	enum ctl_exit code = CTL_FAILED;

	if (!job->is_admin)
		(void)json_object_del(body, "owner");
	path_init(&path, "/v1/names");
	path_add_segment(&path, name);
	text = path_text(&path);
	for (unsigned i = 0; text != NULL && i < LIMITED_TRIES; i++) {
		json_decref(answer);
		answer = NULL;
		code = look_send(job->ctl, job->replaces ? "PUT" : "POST", text, body, ret_code,
		    &answer);
		if (code != CTL_DONE || *ret_code != 429)
			break;
		look_pause(LIMITED_PAUSE_MS);
	}
	buffer_release(&path);
	if (code == CTL_DONE && *ret_code >= 300)
		refuse(job, answer_number(entry, "line"), name,
		    answer != NULL ? answer_text(answer, "error") : "the daemon gave no reason",
		    answer_text(answer, "hint"));
	json_decref(answer);
	return code;
}

static enum ctl_exit
send_all(struct job *job, const struct import *import)
{
	json_t *names = import->names;

	for (void *at = json_object_iter(names); at != NULL;
	     at = json_object_iter_next(names, at)) {
		const char *name = json_object_iter_key(at);
		unsigned answered = 0;
		enum ctl_exit code = send_name(job, name, json_object_iter_value(at), &answered);

		if (code == CTL_UNREACHABLE)
			return ctl_fail(code,
			    "the daemon at %s is gone; %zu names were done before %s",
			    job->ctl->socket, job->created + job->changed, name);
		if (code != CTL_DONE)
			return code;
		if (answered == 201)
			job->created++;
		else if (answered < 300)
			job->changed++;
	}
	return CTL_DONE;
}

/* --- after --- */

static void
print_complaint(int64_t line, const char *name, const char *text, const char *hint)
{
	if (line > 0)
		fprintf(stderr, "  line %" PRId64 ": ", line);
	else
		fputs("  ", stderr);
	if (name[0] != '\0') {
		output_text_to(stderr, STYLE_STRONG, name);
		fputs(": ", stderr);
	}
	output_text_to(stderr, STYLE_PLAIN, text);
	if (hint[0] != '\0') {
		fputs(" (", stderr);
		output_text_to(stderr, STYLE_PLAIN, hint);
		fputs(")", stderr);
	}
	fputc('\n', stderr);
}

static void
print_complaints(const struct job *job, const struct import *import)
{
	size_t count = json_array_size(import->problems) + import->problems_more +
	    json_array_size(job->refused);

	if (count == 0)
		return;
	(void)fflush(stdout);
	(void)ctl_fail(CTL_FAILED, "%s: %zu %s not be taken:", job->file, count,
	    count == 1 ? "thing could" : "things could");
	for (size_t i = 0; i < json_array_size(import->problems); i++) {
		const json_t *problem = json_array_get(import->problems, i);

		print_complaint(answer_number(problem, "line"), "", answer_text(problem, "problem"),
		    "");
	}
	if (import->problems_more > 0)
		fprintf(stderr, "  and %zu more\n", import->problems_more);
	for (size_t i = 0; i < json_array_size(job->refused); i++) {
		const json_t *refused = json_array_get(job->refused, i);

		print_complaint(answer_number(refused, "line"), answer_text(refused, "name"),
		    answer_text(refused, "error"), answer_text(refused, "hint"));
	}
}

static const char *
kind_of(enum import_format format)
{
	static const char *const kinds[] = {
		[IMPORT_HOSTS] = "a hosts file",
		[IMPORT_LEASES] = "dnsmasq's leases",
		[IMPORT_ZONE] = "a zone file",
		[IMPORT_JSON] = "an export",
	};

	return kinds[format];
}

static void
print_summary(const struct job *job, const struct import *import)
{
	output_format(STYLE_PLAIN, "%s: read as %s", job->file, kind_of(job->format));
	if (job->format == IMPORT_LEASES)
		output_format(STYLE_PLAIN, "; each becomes a name that no lease ends");
	output_format(STYLE_PLAIN, "\n%s%zu new, %zu %s", job->is_dry ? "would be done: " : "",
	    job->created, job->changed, job->replaces ? "replaced" : "added to");
	if (import->passed_over > 0)
		output_format(STYLE_PLAIN, ", %zu passed over", import->passed_over);
	output_format(STYLE_PLAIN, "\n");
}

static void
print_as_json(const struct job *job, const struct import *import)
{
	json_t *json = json_pack("{s:s, s:b, s:I, s:I, s:I, s:O, s:O}", "format",
	    import_format_to_text(job->format), "dry_run", job->is_dry, "created",
	    (json_int_t)job->created, "changed", (json_int_t)job->changed, "passed_over",
	    (json_int_t)import->passed_over, "problems", import->problems, "refused", job->refused);

	if (job->is_dry)
		json_object_set(json, "names", import->names);
	output_json(json);
	json_decref(json);
}

static enum ctl_exit
work(struct job *job, struct import *import, const struct buffer *text)
{
	enum ctl_exit code;

	import_read(import, job->format, text->data, text->length);
	if (import->status != STATUS_OK)
		return ctl_fail(CTL_FAILED, "%s: %s; nothing was imported (%d names at most)",
		    job->file, status_text(import->status), IMPORT_NAMES_MAX);
	drop_strangers(job, import);
	code = job->is_dry ? show_plan(job, import) : send_all(job, import);
	if (code != CTL_DONE && job->created + job->changed == 0)
		return code;
	if (job->ctl->is_json)
		print_as_json(job, import);
	else
		print_summary(job, import);
	print_complaints(job, import);
	if (code == CTL_DONE &&
	    (json_array_size(import->problems) > 0 || json_array_size(job->refused) > 0))
		code = CTL_FAILED;
	return code;
}

enum ctl_exit
ctl_import(struct ctl *ctl, int argc, char **argv)
{
	struct job job = { .ctl = ctl };
	const char *format = NULL, *wanted = NULL, *zone = NULL;
	const struct option_entry options[] = { { "--format", NULL, &format },
		{ "--zone", NULL, &wanted }, { "--replace", &job.replaces, NULL },
		{ "--dry-run", &job.is_dry, NULL }, { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	struct import import;
	struct buffer text;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, 1, "FILE");
	if (code == CTL_DONE && format != NULL && !import_format_from_text(format, &job.format))
		code = ctl_usage(argv[0],
		    "there is no format \"%s\"; the formats are hosts, leases, zone and json",
		    format);
	if (code != CTL_DONE)
		return code;
	job.file = strcmp(argv[1], "-") == 0 ? "standard input" : argv[1];
	job.refused = json_array();
	buffer_init(&text, IMPORT_SIZE_MAX);
	code = ctl_read_file(argv[1], &text);
	if (code == CTL_DONE)
		code = ask_daemon(&job);
	if (code == CTL_DONE)
		code = choose_zone(&job, wanted, &zone);
	if (code == CTL_DONE) {
		if (format == NULL)
			job.format = import_guess(text.data, text.length);
		import_init(&import, zone, clock_wall_s());
		code = work(&job, &import, &text);
		import_release(&import);
	}
	json_decref(job.zones);
	json_decref(job.refused);
	buffer_release(&text);
	return code;
}
