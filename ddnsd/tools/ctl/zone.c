/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl zone": which zones there are, and one of them as a zone file. */
#include "tools/ctl/zone.h"

#include <inttypes.h>
#include <stdio.h>

#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

static void
print_zones(const json_t *zones)
{
	static const struct output_column columns[] = { { "ZONE", true, false },
		{ "NAMES", false, true }, { "SERIAL", false, true }, { "KIND", false, false } };
	struct output_table *table = output_table_new(columns, 4);

	for (size_t i = 0; i < json_array_size(zones); i++) {
		const json_t *zone = json_array_get(zones, i);
		const char *cells[4];
		char names[32], serial[32];

		snprintf(names, sizeof(names), "%" PRId64, answer_number(zone, "names"));
		snprintf(serial, sizeof(serial), "%" PRId64, answer_number(zone, "serial"));
		cells[0] = answer_text(zone, "zone");
		cells[1] = names;
		cells[2] = serial;
		cells[3] = answer_is_true(zone, "reverse") ? "reverse" : "forward";
		output_table_add(table, cells, NULL);
	}
	output_table_print(table);
	output_table_free(table);
}

static enum ctl_exit
list_zones(const struct ctl *ctl)
{
	json_t *zones = NULL;
	enum ctl_exit code = answer_zones(ctl, &zones);

	if (code != CTL_DONE)
		return code;
	if (ctl->is_json) {
		json_t *answer = json_pack("{s:O}", "zones", zones);

		output_json(answer);
		json_decref(answer);
	} else
		print_zones(zones);
	json_decref(zones);
	return CTL_DONE;
}

enum ctl_exit
zone_fetch(const struct ctl *ctl, const char *zone, struct client_answer *ret_answer)
{
	struct client_request request = { .method = "GET" };
	struct buffer path;
	enum ctl_exit code = CTL_FAILED;

	path_init(&path, "/v1/zones");
	path_add_segment(&path, zone);
	request.path = path_text(&path);
	if (request.path != NULL)
		code = client_send(ctl, &request, false, ret_answer);
	buffer_release(&path);
	if (code != CTL_DONE || ret_answer->code == 200)
		return code;
	code = client_refused(ctl, ret_answer);
	client_answer_release(ret_answer);
	return code;
}

enum ctl_exit
ctl_zone(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	struct client_answer answer;
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code == CTL_DONE && argc == 1)
		return list_zones(ctl);
	if (code == CTL_DONE)
		code = zone_fetch(ctl, argv[1], &answer);
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json) {
		json_t *json = json_pack("{s:s, s:s%}", "zone", argv[1], "text", answer.body.data,
		    answer.body.length);

		output_json(json);
		json_decref(json);
	} else
		(void)fwrite(answer.body.data, 1, answer.body.length, stdout);
	client_answer_release(&answer);
	return CTL_DONE;
}
