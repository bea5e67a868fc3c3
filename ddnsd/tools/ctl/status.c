/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl status": the whole chain on one screen, what is wrong first. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { LABEL_WIDTH = 13, CERTIFICATE_SOON_S = 14 * 24 * 60 * 60 };

static void
print_label(const char *label)
{
	output_format(STYLE_DIM, "%-*s ", LABEL_WIDTH, label);
}

/* One problem, if the object has it under that member. */
static unsigned
print_problem(const json_t *object, const char *member, const char *where)
{
	const char *problem = answer_text(object, member);

	if (problem[0] == '\0')
		return 0;
	output_text(STYLE_BAD, "problem");
	output_format(STYLE_PLAIN, "  %s: ", where);
	output_text(STYLE_STRONG, problem);
	output_format(STYLE_PLAIN, "\n");
	return 1;
}

static void
print_problems(const json_t *status)
{
	unsigned count = 0;
	int64_t quiet_s = answer_number(status, "quiet_s");
	char length[32];

	count += print_problem(json_object_get(status, "configuration"), "error", "configuration");
	count += print_problem(json_object_get(status, "database"), "error", "database");
	count += print_problem(json_object_get(status, "http"), "problem", "http");
	count += print_problem(json_object_get(status, "leases"), "error", "leases");
	count += print_problem(json_object_get(status, "publication"), "problem", "publication");
	if (quiet_s > 0) {
		output_text(STYLE_WARN, "quiet");
		output_format(STYLE_PLAIN,
		    "    nothing expires for %s, so that clients can refresh their names\n",
		    output_length(quiet_s, length));
		count++;
	}
	if (count > 0)
		output_format(STYLE_PLAIN, "\n");
}

static void
print_size(int64_t bytes)
{
	if (bytes >= 1024 * 1024)
		output_format(STYLE_PLAIN, ", %.1f MiB", (double)bytes / (1024 * 1024));
	else if (bytes > 0)
		output_format(STYLE_PLAIN, ", %" PRId64 " KiB", (bytes + 1023) / 1024);
}

static void
print_listen(const char *label, const json_t *listen)
{
	print_label(label);
	for (size_t i = 0; i < json_array_size(listen); i++) {
		const char *text = json_string_value(json_array_get(listen, i));

		output_text(STYLE_PLAIN, i > 0 ? ", " : "");
		output_text(STYLE_PLAIN, text != NULL ? text : "");
	}
	output_format(STYLE_PLAIN, "\n");
}

/* The HTTP door, where there is one; its certificate only where that asks for something. */
static void
print_http(const json_t *http)
{
	const char *until = answer_text(http, "tls_until");
	const json_t *listen = json_object_get(http, "listen");
	char text[SENTENCE_MAX];
	int64_t end_s;
	int64_t left_s;

	if (json_array_size(listen) > 0)
		print_listen("HTTP at", listen);
	if (!output_parse_time(until, &end_s))
		return;
	left_s = end_s - clock_wall_s();
	if (left_s >= CERTIFICATE_SOON_S)
		return;
	print_label("");
	output_format(left_s > 0 ? STYLE_WARN : STYLE_BAD, "its certificate %s %s\n",
	    left_s > 0 ? "ends" : "ended", left_s > 0 ? answer_until(until, text) : until);
}

static void
print_daemon(const json_t *status)
{
	const json_t *configuration = json_object_get(status, "configuration");
	const json_t *database = json_object_get(status, "database");
	char length[32];

	print_label("daemon");
	output_format(STYLE_PLAIN, "ddnsd %s, process %" PRId64 " as %s, up %s\n",
	    answer_text(status, "version"), answer_number(status, "pid"),
	    answer_text(status, "user"), output_length(answer_number(status, "uptime_s"), length));
	print_label("configuration");
	output_text(STYLE_PLAIN, answer_text(configuration, "file"));
	if (answer_text(configuration, "keys_directory")[0] != '\0')
		output_format(STYLE_PLAIN, ", keys in %s",
		    answer_text(configuration, "keys_directory"));
	output_format(STYLE_PLAIN, "\n");
	print_label("database");
	output_text(STYLE_PLAIN, answer_text(database, "file"));
	print_size(answer_number(database, "bytes"));
	output_format(STYLE_PLAIN, "\n");
	print_listen("updates at", json_object_get(json_object_get(status, "dns"), "listen"));
	print_http(json_object_get(status, "http"));
}

static void
print_zones(const json_t *zones)
{
	const json_t *zone;
	size_t i;

	for (i = 0; i < json_array_size(zones); i++) {
		zone = json_array_get(zones, i);
		int64_t names = answer_number(zone, "names");

		print_label(i == 0 ? "zones" : "");
		output_text(STYLE_STRONG, answer_text(zone, "zone"));
		output_format(STYLE_PLAIN, "%s, %" PRId64 " name%s, serial %" PRId64 "\n",
		    answer_is_true(zone, "reverse") ? " (reverse)" : "", names,
		    names == 1 ? "" : "s", answer_number(zone, "serial"));
	}
}

static void
print_names(const json_t *names, const json_t *leases)
{
	int64_t count = answer_number(leases, "count");
	const char *file = answer_text(leases, "file"), *zone = answer_text(leases, "zone");

	print_label("names");
	output_format(STYLE_PLAIN,
	    "%" PRId64 ": %" PRId64 " by admin, %" PRId64 " registered, %" PRId64 " of leases\n",
	    answer_number(names, "total"), answer_number(names, "admin"),
	    answer_number(names, "registered"), answer_number(names, "lease"));
	print_label("leases");
	output_format(STYLE_PLAIN, "%" PRId64, count);
	if (file[0] != '\0')
		output_format(STYLE_PLAIN, ", from hooks and %s", file);
	if (zone[0] != '\0')
		output_format(STYLE_PLAIN, "; %" PRId64 " named, below %s\n",
		    answer_number(leases, "named"), zone);
	else
		output_format(STYLE_PLAIN, "; none gets a name (there is no leases block)\n");
}

static void
print_publication(const json_t *publication)
{
	const char *mode = answer_text(publication, "mode");
	const char *confirm = answer_text(publication, "confirm");
	char sentence[SENTENCE_MAX];
	enum output_style style;

	print_label("publication");
	if (strcmp(mode, "none") == 0) {
		output_format(STYLE_PLAIN, "none is wanted (publish mode \"none\")\n");
		return;
	}
	output_text(STYLE_PLAIN, answer_text(publication, "file"));
	output_format(STYLE_PLAIN, " (mode %s%s%s)\n", mode,
	    confirm[0] != '\0' ? ", asked back at " : ", nobody is asked back", confirm);
	print_label("");
	(void)answer_publication(publication, &style, sentence);
	output_text(style, sentence);
	if (answer_number(publication, "failures") > 0)
		output_format(STYLE_WARN, "; %" PRId64 " failed since the start",
		    answer_number(publication, "failures"));
	output_format(STYLE_PLAIN, "\n");
}

static void
print_you(const json_t *you)
{
	const char *identity = answer_text(you, "identity");

	print_label("you");
	if (identity[0] == '\0')
		output_format(STYLE_PLAIN,
		    "may look, not change (no peer block in ddnsd.conf names you)\n");
	else
		output_format(STYLE_PLAIN, "%s%s\n", identity,
		    answer_is_true(you, "admin") ? ", who may do all" : "");
}

enum ctl_exit
ctl_status(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	json_t *status = NULL;
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 0, "");
	if (code == CTL_DONE)
		code = client_call(ctl, "GET", "/v1/status", NULL, &status);
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json) {
		output_json(status);
	} else {
		print_problems(status);
		print_daemon(status);
		print_zones(json_object_get(status, "zones"));
		print_names(json_object_get(status, "names"), json_object_get(status, "leases"));
		print_publication(json_object_get(status, "publication"));
		print_you(json_object_get(status, "you"));
	}
	json_decref(status);
	return CTL_DONE;
}
