/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl list": names, or leases, as a table. */
#include <string.h>

#include "base/buffer.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { CELL_MAX = 256 * 1024 };

/* Those texts that are there, one after the other; the buffer's text is ended by a NUL. */
static const char *
cell_text(struct buffer *buffer)
{
	if (buffer_append(buffer, "", 1) != STATUS_OK)
		return "?";
	buffer->length--;
	return buffer->data;
}

/* An apex with nothing but what every zone has tells nobody anything. */
static bool
is_bare_apex(const json_t *name)
{
	const json_t *records = json_object_get(name, "records");

	if (strcmp(answer_text(name, "source"), "zone") != 0)
		return false;
	for (size_t i = 0; i < json_array_size(records); i++) {
		const char *type = answer_text(json_array_get(records, i), "type");

		if (strcmp(type, "SOA") != 0 && strcmp(type, "NS") != 0)
			return false;
	}
	return true;
}

static void
drop_bare_apexes(json_t *names)
{
	for (size_t i = 0; i < json_array_size(names);) {
		if (is_bare_apex(json_array_get(names, i)))
			(void)json_array_remove(names, i);
		else
			i++;
	}
}

static void
print_names(const json_t *names)
{
	static const struct output_column columns[] = { { "NAME", true, false },
		{ "ADDRESSES", true, false }, { "SOURCE", false, false }, { "OWNER", true, false },
		{ "EXPIRES", false, false } };
	struct output_table *table = output_table_new(columns, 5);
	struct buffer addresses;
	const json_t *name;
	size_t i;

	buffer_init(&addresses, CELL_MAX);
	for (i = 0; i < json_array_size(names); i++) {
		name = json_array_get(names, i);
		const char *expiry = answer_expiry(name), *cells[5];
		char time[32];

		buffer_clear(&addresses);
		answer_addresses(name, " ", &addresses);
		cells[0] = answer_text(name, "name");
		cells[1] = cell_text(&addresses);
		cells[2] = answer_text(name, "source");
		cells[3] = answer_text(name, "owner");
		cells[4] = expiry != NULL ? output_time(expiry, time) : "";
		output_table_add(table, cells, NULL);
	}
	output_table_print(table);
	output_table_free(table);
	buffer_release(&addresses);
}

static bool
have_notes(const json_t *leases)
{
	for (size_t i = 0; i < json_array_size(leases); i++) {
		if (answer_text(json_array_get(leases, i), "why")[0] != '\0')
			return true;
	}
	return false;
}

/* The last column says why a lease has no name, or another one than it asked for. */
static void
print_leases(const json_t *leases)
{
	static const struct output_column columns[] = { { "ADDRESS", false, false },
		{ "DEVICE", true, false }, { "NAME", true, false }, { "ASKED FOR", true, false },
		{ "EXPIRES", false, false }, { "NOTE", true, false } };
	struct output_table *table = output_table_new(columns, have_notes(leases) ? 6 : 5);
	const json_t *lease;
	size_t i;

	for (i = 0; i < json_array_size(leases); i++) {
		lease = json_array_get(leases, i);
		const char *expiry = json_string_value(json_object_get(lease, "expires"));
		const char *device = answer_text(lease, "hardware"), *cells[6];
		char time[32];

		cells[0] = answer_text(lease, "address");
		cells[1] = device[0] != '\0' ? device : answer_text(lease, "duid");
		cells[2] = answer_text(lease, "name");
		cells[3] = answer_text(lease, "client_name");
		if (cells[3][0] == '\0')
			cells[3] = answer_text(lease, "server_name");
		cells[4] = expiry != NULL ? output_time(expiry, time) : "never";
		cells[5] = answer_text(lease, "why");
		output_table_add(table, cells, NULL);
	}
	output_table_print(table);
	output_table_free(table);
}

static bool
lease_fits(const json_t *lease, const char *pattern)
{
	static const char *const members[] = { "name", "address", "hardware", "duid", "client_name",
		"server_name" };

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		const char *text = answer_text(lease, members[i]);

		if (text[0] != '\0' && answer_name_fits(text, pattern))
			return true;
	}
	return false;
}

static enum ctl_exit
list_leases(const struct ctl *ctl, const char *pattern)
{
	json_t *answer = NULL, *leases, *lease;
	enum ctl_exit code = client_call(ctl, "GET", "/v1/leases", NULL, &answer);
	size_t i = 0;

	if (code != CTL_DONE)
		return code;
	leases = json_object_get(answer, "leases");
	while (pattern != NULL && i < json_array_size(leases)) {
		lease = json_array_get(leases, i);
		if (lease_fits(lease, pattern))
			i++;
		else
			(void)json_array_remove(leases, i);
	}
	if (ctl->is_json)
		output_json(answer);
	else if (json_array_size(leases) > 0)
		print_leases(leases);
	else
		output_format(STYLE_PLAIN, "no leases%s\n", pattern != NULL ? " that fit" : "");
	json_decref(answer);
	return CTL_DONE;
}

static enum ctl_exit
list_names(const struct ctl *ctl, const struct answer_filter *filter)
{
	json_t *names = NULL;
	enum ctl_exit code = answer_names(ctl, filter, &names);

	if (code != CTL_DONE)
		return code;
	if (!ctl->is_json && filter->source == NULL)
		drop_bare_apexes(names);
	if (ctl->is_json) {
		json_t *answer = json_pack("{s:O}", "names", names);

		output_json(answer);
		json_decref(answer);
	} else if (json_array_size(names) > 0)
		print_names(names);
	else
		output_format(STYLE_PLAIN, "no names%s\n",
		    filter->match != NULL || filter->zone != NULL || filter->source != NULL ||
			    filter->owner != NULL
			? " that fit"
			: "");
	json_decref(names);
	return CTL_DONE;
}

enum ctl_exit
ctl_list(struct ctl *ctl, int argc, char **argv)
{
	struct answer_filter filter = { 0 };
	bool wants_leases = false;
	const struct option_entry options[] = { { "--zone", NULL, &filter.zone },
		{ "--source", NULL, &filter.source }, { "--owner", NULL, &filter.owner },
		{ "--leases", &wants_leases, NULL }, { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 0, 1, "");
	if (code != CTL_DONE)
		return code;
	if (wants_leases && (filter.zone != NULL || filter.source != NULL || filter.owner != NULL))
		return ctl_usage(argv[0], "--leases goes with a pattern only");
	if (wants_leases)
		return list_leases(ctl, argv[1]);
	filter.match = argv[1];
	return list_names(ctl, &filter);
}
