/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl show": all there is to know of one name, in sentences. */
#include <inttypes.h>
#include <string.h>

#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

static void
print_label(const char *label)
{
	output_format(STYLE_DIM, "  %-10s ", label);
}

static void
print_records(const json_t *records)
{
	static const struct output_column columns[] = { { "  TYPE", false, false },
		{ "DATA", true, false }, { "TTL", false, true }, { "EXPIRES", false, false } };
	struct output_table *table = output_table_new(columns, 4);
	const json_t *record;
	size_t i;

	for (i = 0; i < json_array_size(records); i++) {
		record = json_array_get(records, i);
		const char *expires = json_string_value(json_object_get(record, "expires"));
		const char *cells[4];
		char type[32], ttl[32], until[SENTENCE_MAX];

		snprintf(type, sizeof(type), "  %s", answer_text(record, "type"));
		snprintf(ttl, sizeof(ttl), "%" PRId64, answer_number(record, "ttl"));
		cells[0] = type;
		cells[1] = answer_text(record, "data");
		cells[2] = ttl;
		cells[3] = answer_until(expires, until);
		output_table_add(table, cells, NULL);
	}
	output_table_print(table);
	output_table_free(table);
}

/* Whose it is, in words: where it came from decides who may change it. */
static void
print_source(const json_t *name)
{
	const char *source = answer_text(name, "source"), *owner = answer_text(name, "owner");

	print_label("source");
	if (strcmp(source, "lease") == 0)
		output_format(STYLE_PLAIN, "a DHCP lease; a registration may take it over\n");
	else if (strcmp(source, "zone") == 0)
		output_format(STYLE_PLAIN, "the zone itself, by ddnsd.conf\n");
	else if (strcmp(source, "admin") == 0)
		output_format(STYLE_PLAIN, "administrator%s%s\n", owner[0] != '\0' ? ", " : "",
		    owner);
	else
		output_format(STYLE_PLAIN, "%s, owned by %s\n", source,
		    owner[0] != '\0' ? owner : "nobody");
}

static void
print_times(const json_t *name)
{
	const char *created = answer_text(name, "created"), *changed = answer_text(name, "changed");
	char time[32], until[SENTENCE_MAX];

	if (created[0] != '\0') {
		print_label("since");
		output_format(STYLE_PLAIN, "%s", output_time(created, time));
		if (changed[0] != '\0' && strcmp(changed, created) != 0)
			output_format(STYLE_PLAIN, ", changed %s", output_time(changed, time));
		output_format(STYLE_PLAIN, "\n");
	}
	print_label("until");
	if (answer_expiry(name) != NULL)
		output_format(STYLE_PLAIN, "%s, unless it is refreshed\n",
		    answer_until(answer_expiry(name), until));
	else if (strcmp(answer_text(name, "source"), "lease") == 0)
		output_format(STYLE_PLAIN, "its lease ends\n");
	else
		output_format(STYLE_PLAIN, "it is deleted\n");
}

static void
print_leases(const json_t *leases)
{
	const json_t *lease;
	size_t i;

	for (i = 0; i < json_array_size(leases); i++) {
		lease = json_array_get(leases, i);
		const char *device = answer_text(lease, "hardware");
		const char *client = answer_text(lease, "client_name");
		const char *why = answer_text(lease, "why");
		char until[SENTENCE_MAX], time[32];

		if (device[0] == '\0')
			device = answer_text(lease, "duid");
		print_label("lease");
		output_format(STYLE_PLAIN, "%s%s%s", answer_text(lease, "address"),
		    device[0] != '\0' ? " of " : "", device);
		if (client[0] != '\0') {
			output_format(STYLE_PLAIN, ", which calls itself \"");
			output_text(STYLE_PLAIN, client);
			output_format(STYLE_PLAIN, "\"");
		}
		output_format(STYLE_PLAIN, "\n");
		print_label("");
		output_format(STYLE_PLAIN, "given by %s %s, ends %s\n",
		    answer_text(lease, "server"), output_time(answer_text(lease, "since"), time),
		    answer_until(json_string_value(json_object_get(lease, "expires")), until));
		if (why[0] != '\0') {
			print_label("");
			output_text(STYLE_PLAIN, why);
			output_format(STYLE_PLAIN, "\n");
		}
	}
}

static void
print_name(const json_t *name)
{
	const json_t *publication = json_object_get(name, "publication");
	char sentence[SENTENCE_MAX];
	enum output_style style;

	output_text(STYLE_STRONG, answer_text(name, "name"));
	output_format(STYLE_PLAIN, " in zone %s\n", answer_text(name, "zone"));
	if (json_array_size(json_object_get(name, "records")) > 0)
		print_records(json_object_get(name, "records"));
	print_source(name);
	print_times(name);
	print_label("published");
	(void)answer_publication(publication, &style, sentence);
	output_text(style, sentence);
	output_format(STYLE_PLAIN, "\n");
	print_leases(json_object_get(name, "leases"));
}

enum ctl_exit
ctl_show(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	json_t *name = NULL;
	struct buffer path;
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, 1, "NAME");
	if (code != CTL_DONE)
		return code;
	path_init(&path, "/v1/names");
	path_add_segment(&path, argv[1]);
	code = path_call(ctl, "GET", &path, NULL, &name);
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json)
		output_json(name);
	else
		print_name(name);
	json_decref(name);
	return CTL_DONE;
}
