/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl export": all names as a hosts file, a zone file or JSON, on standard output. */
#include <stdio.h>
#include <string.h>

#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"
#include "tools/ctl/zone.h"

/* Wildcards, and what only an escape can write, have no line in a hosts file. */
static bool
fits_hosts(const char *name)
{
	return strchr(name, '*') == NULL && strchr(name, '\\') == NULL;
}

/* "ADDRESS NAME" a line; the bare label is left to whoever reads it, who knows its own domain. */
static void
print_hosts(const json_t *names)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		const json_t *name = json_array_get(names, i);
		const json_t *records = json_object_get(name, "records");

		for (size_t k = 0;
		     fits_hosts(answer_text(name, "name")) && k < json_array_size(records); k++) {
			const json_t *record = json_array_get(records, k);
			const char *type = answer_text(record, "type");

			if (strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0)
				printf("%s\t%s\n", answer_text(record, "data"),
				    answer_text(name, "name"));
		}
	}
}

static enum ctl_exit
export_names(const struct ctl *ctl, const char *zone, bool is_json)
{
	const struct answer_filter filter = { .zone = zone };
	json_t *names = NULL;
	enum ctl_exit code = answer_names(ctl, &filter, &names);

	if (code != CTL_DONE)
		return code;
	if (is_json) {
		json_t *answer = json_pack("{s:O}", "names", names);

		output_json(answer);
		json_decref(answer);
	} else
		print_hosts(names);
	json_decref(names);
	return CTL_DONE;
}

static enum ctl_exit
export_zone(const struct ctl *ctl, const char *zone)
{
	struct client_answer answer;
	enum ctl_exit code = zone_fetch(ctl, zone, &answer);

	if (code != CTL_DONE)
		return code;
	(void)fwrite(answer.body.data, 1, answer.body.length, stdout);
	client_answer_release(&answer);
	return CTL_DONE;
}

/* Names in them are whole, so files of several zones may follow each other. */
static enum ctl_exit
export_zones(const struct ctl *ctl, const char *zone)
{
	json_t *zones = NULL;
	enum ctl_exit code;

	if (zone != NULL)
		return export_zone(ctl, zone);
	code = answer_zones(ctl, &zones);
	for (size_t i = 0; code == CTL_DONE && i < json_array_size(zones); i++)
		code = export_zone(ctl, answer_text(json_array_get(zones, i), "zone"));
	json_decref(zones);
	return code;
}

enum ctl_exit
ctl_export(struct ctl *ctl, int argc, char **argv)
{
	const char *format = ctl->is_json ? "json" : "hosts", *zone = NULL;
	const struct option_entry options[] = { { "--format", NULL, &format },
		{ "--zone", NULL, &zone }, { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 0, "");
	if (code != CTL_DONE)
		return code;
	if (strcmp(format, "hosts") == 0)
		return export_names(ctl, zone, false);
	if (strcmp(format, "json") == 0)
		return export_names(ctl, zone, true);
	if (strcmp(format, "zone") == 0)
		return export_zones(ctl, zone);
	return ctl_usage(argv[0], "there is no format \"%s\"; the formats are hosts, zone and json",
	    format);
}
