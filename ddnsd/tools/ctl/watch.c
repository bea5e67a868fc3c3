/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl watch": changes and publications as they happen, a line each. */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { RETRY_MS = 500 };

struct watch {
	bool is_json;
	const char *pattern; /* NULL: all names */
	bool has_news;       /* a change was shown that no publication holds yet */
	int64_t awaited;     /* the publication that holds it, not yet confirmed; 0: none */
	bool is_broken;      /* stdout takes no more */
};

/* Each line was flushed: there is nothing to save. */
static void
end_watching(int signal_number)
{
	(void)signal_number;
	_exit(CTL_DONE);
}

/* "10:00:00.123" of "2026-11-22T10:00:00.123Z", local time. */
static void
print_time(const char *iso)
{
	const char *fraction = strchr(iso, '.');
	char text[16] = "?";
	int64_t wall_s;
	time_t time;
	struct tm fields;

	if (output_parse_time(iso, &wall_s)) {
		time = (time_t)wall_s;
		if (localtime_r(&time, &fields) != NULL)
			(void)strftime(text, sizeof(text), "%H:%M:%S", &fields);
	}
	output_format(STYLE_DIM, "%s%.*s", text, fraction != NULL ? (int)strcspn(fraction, "Z") : 0,
	    fraction != NULL ? fraction : "");
	output_format(STYLE_PLAIN, "  ");
}

static void
print_change(const json_t *data)
{
	const char *before = answer_text(data, "before"), *after = answer_text(data, "after");
	const char *who = answer_text(data, "who"), *door = answer_text(data, "door");
	const char *from = answer_text(data, "from");

	print_time(answer_text(data, "time"));
	output_text(STYLE_STRONG, answer_text(data, "name"));
	output_format(STYLE_PLAIN, "  ");
	output_text(STYLE_DIM, before[0] != '\0' ? before : "nothing");
	output_format(STYLE_PLAIN, " -> ");
	output_text(after[0] != '\0' ? STYLE_GOOD : STYLE_WARN,
	    after[0] != '\0' ? after : "nothing");
	output_format(STYLE_PLAIN, "  by ");
	output_text(STYLE_PLAIN, who[0] != '\0' ? who : "nobody");
	output_format(STYLE_PLAIN, " (%s%s%s)\n", door, from[0] != '\0' ? " from " : "", from);
}

static void
print_publication(const json_t *data)
{
	char sentence[SENTENCE_MAX];
	enum output_style style;

	print_time(answer_text(data, "time"));
	if (strcmp(answer_text(data, "state"), "confirmed") == 0)
		output_format(STYLE_PLAIN, "published; ");
	else if (strcmp(answer_text(data, "state"), "failed") == 0)
		output_format(STYLE_PLAIN, "publication ");
	(void)answer_publication(data, &style, sentence);
	output_text(style == STYLE_PLAIN ? STYLE_DIM : style, sentence);
	output_format(STYLE_PLAIN, "\n");
}

static void
print_as_json(const char *event, const json_t *data)
{
	json_t *line = json_pack("{s:s}", "event", event);

	json_object_update(line, (json_t *)(uintptr_t)data);
	(void)json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* Of the publications, who watches some names is told of those that hold their changes. */
static bool
is_wanted_publication(struct watch *watch, const json_t *data)
{
	const char *state = answer_text(data, "state");
	int64_t number = answer_number(data, "number");

	if (watch->pattern == NULL || strcmp(state, "failed") == 0)
		return true;
	if (strcmp(state, "written") == 0 && watch->has_news) {
		watch->has_news = false;
		watch->awaited = number;
		return true;
	}
	if (strcmp(state, "confirmed") == 0 && watch->awaited > 0 && number >= watch->awaited) {
		watch->awaited = 0;
		return true;
	}
	return false;
}

static bool
is_wanted(struct watch *watch, const char *event, const json_t *data)
{
	if (strcmp(event, "publication") == 0)
		return is_wanted_publication(watch, data);
	if (strcmp(event, "change") != 0 ||
	    (watch->pattern != NULL &&
		!answer_name_fits(answer_text(data, "name"), watch->pattern)))
		return false;
	watch->has_news = true;
	return true;
}

static bool
take_event(void *context, const char *event, const json_t *data)
{
	struct watch *watch = context;

	if (!is_wanted(watch, event, data))
		return true;
	if (watch->is_json)
		print_as_json(event, data);
	else if (strcmp(event, "change") == 0)
		print_change(data);
	else
		print_publication(data);
	watch->is_broken = !output_flush();
	return !watch->is_broken;
}

/* Until there is a daemon. Why there is none is said once; is_said: it has been. */
static void
wait_for_daemon(const struct ctl *ctl, bool is_said)
{
	const struct client_request request = { .method = "GET", .path = "/v1/zones" };
	struct client_answer answer;

	while (client_send(ctl, &request, is_said, &answer) != CTL_DONE) {
		is_said = true;
		(void)poll(NULL, 0, RETRY_MS);
	}
	client_answer_release(&answer);
}

enum ctl_exit
ctl_watch(struct ctl *ctl, int argc, char **argv)
{
	struct watch watch = { .is_json = ctl->is_json };
	bool tries_again = false, has_ended = false;
	const struct option_entry options[] = { { "--retry", &tries_again, NULL },
		{ NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code != CTL_DONE)
		return code;
	watch.pattern = argv[1];
	(void)signal(SIGINT, end_watching);
	for (;;) {
		if (tries_again)
			wait_for_daemon(ctl, has_ended);
		code = client_follow(ctl, "/v1/events", take_event, &watch);
		if (watch.is_broken)
			return CTL_FAILED;
		if (code != CTL_UNREACHABLE)
			return code;
		fprintf(stderr, "ddnsctl: the daemon at %s ended%s\n", ctl->socket,
		    tries_again ? "; waiting for it" : "");
		if (!tries_again)
			return code;
		has_ended = true;
	}
}
