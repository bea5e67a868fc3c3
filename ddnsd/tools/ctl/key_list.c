/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl key list": from the daemon, or from the files where it is down. Never a secret. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "tools/ctl/client.h"
#include "tools/ctl/conf_text.h"
#include "tools/ctl/key.h"
#include "tools/ctl/look.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"

enum { CELL_MAX = 512 };

/* --- from the files --- */

static json_t *
list_of(const struct conf_text *conf, const struct conf_item *item)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < item->count; i++)
		(void)json_array_append_new(array, json_string(conf_text_value(conf, i)));
	return array;
}

static void
take_option(json_t *key, const struct conf_text *conf, const struct conf_item *item)
{
	if (strcmp(item->name, "algorithm") == 0)
		(void)json_object_set_new(key, "algorithm", json_string(item->first));
	else if (strcmp(item->name, "admin") == 0)
		(void)json_object_set_new(key, "admin",
		    json_boolean(strcmp(item->first, "true") == 0));
	else if (strcmp(item->name, "allow") == 0 || strcmp(item->name, "from") == 0)
		(void)json_object_set_new(key, item->name, list_of(conf, item));
	else if (strcmp(item->name, "secret-old") == 0)
		(void)json_object_set_new(key, "has_old_secret",
		    json_boolean(item->first[0] != '\0'));
	else if (strcmp(item->name, "secret-old-until") == 0 && item->first[0] != '\0')
		(void)json_object_set_new(key, "old_secret_until", json_string(item->first));
}

static void
take_keys(json_t *keys, const char *path, bool is_made, const struct buffer *text)
{
	struct conf_text conf;
	struct conf_item item;
	json_t *key = NULL;

	conf_text_begin(&conf, text->data != NULL ? text->data : "", text->length);
	while (conf_text_next(&conf, &item)) {
		if (item.kind == CONF_BLOCK) {
			key = NULL;
			if (strcmp(item.name, "key") != 0)
				continue;
			key = json_pack(
			    "{s:s, s:s, s:b, s:[], s:[], s:n, s:n, s:n, s:b, s:n, s:b, s:s}",
			    "name", conf.title, "algorithm", "hmac-sha256", "admin", 0, "allow",
			    "from", "names", "last_used", "last_from", "has_old_secret", 0,
			    "old_secret_until", "made", is_made, "file", path);
			(void)json_array_append_new(keys, key);
		} else if (item.kind == CONF_OPTION && key != NULL) {
			take_option(key, &conf, &item);
		} else if (item.kind == CONF_BLOCK_END) {
			key = NULL;
		}
	}
	if (conf.problem[0] != '\0')
		fprintf(stderr, "ddnsctl: %s: %s\n", path, conf.problem);
	conf_text_release(&conf);
}

static bool
take_file(json_t *keys, const char *path, bool is_made)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, KEY_FILE_MAX);
	status = is_made ? key_store_read_made(path, &text) : file_read(path, &text);
	if (status == STATUS_OK)
		take_keys(keys, path, is_made, &text);
	else if (status == STATUS_REFUSED)
		fprintf(stderr, "ddnsctl: %s is no plain file of the daemon's own\n", path);
	else
		fprintf(stderr, "ddnsctl: %s cannot be read: %s%s\n", path, status_text(status),
		    status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
	key_store_wipe(&text);
	return true;
}

static bool
read_file(void *context, const char *path)
{
	return take_file(context, path, false);
}

static bool
read_made_file(void *context, const char *path)
{
	return take_file(context, path, true);
}

/* folder: in place of all that the daemon would read; NULL = none. */
static enum ctl_exit
list_files(const struct site *site, const char *folder, json_t **ret_keys)
{
	json_t *keys = json_array();
	const char *made = folder == NULL ? site->made_keys : "";
	enum status status = STATUS_OK;

	if (folder == NULL) {
		(void)read_file(keys, site->file);
		folder = site->keys;
	}
	if (folder[0] != '\0')
		status = key_store_walk(folder, read_file, keys);
	if (made[0] != '\0' && (status == STATUS_OK || status == STATUS_NOT_FOUND)) {
		folder = made;
		status = key_store_walk(folder, read_made_file, keys);
	}
	if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
		json_decref(keys);
		return ctl_fail(CTL_FAILED, "%s cannot be read: %s%s", folder, status_text(status),
		    status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
	}
	*ret_keys = keys;
	return CTL_DONE;
}

/* --- the table --- */

static const char *
join(const json_t *array, const char *separator, const char *otherwise, char cell[static CELL_MAX])
{
	size_t length = 0;

	cell[0] = '\0';
	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *text = json_string_value(json_array_get(array, i));
		int more = snprintf(cell + length, CELL_MAX - length, "%s%s",
		    i > 0 ? separator : "", text != NULL ? text : "?");

		if (more < 0 || (size_t)more >= CELL_MAX - length)
			break;
		length += (size_t)more;
	}
	return cell[0] != '\0' ? cell : otherwise;
}

static void
add_row(struct output_table *table, const json_t *key, bool is_live)
{
	char may[CELL_MAX];
	char from[CELL_MAX];
	char names[24] = "-";
	char used[CELL_MAX] = "?";
	char until[64] = "";
	char time_text[32];
	const char *last = look_text(key, "last_used", NULL);
	const char *end = look_text(key, "old_secret_until", NULL);
	const char *cells[8];
	enum output_style styles[8] = { STYLE_STRONG };

	(void)join(json_object_get(key, "allow"), "; ", "nothing", may);
	if (json_is_true(json_object_get(key, "admin")))
		(void)snprintf(may + strlen(may), sizeof(may) - strlen(may), " (admin)");
	if (json_is_integer(json_object_get(key, "names")))
		(void)snprintf(names, sizeof(names), "%lld",
		    (long long)json_integer_value(json_object_get(key, "names")));
	if (last != NULL)
		(void)snprintf(used, sizeof(used), "%s (%s)", output_time(last, time_text),
		    look_text(key, "last_from", "?"));
	else if (is_live)
		(void)snprintf(used, sizeof(used), "never");
	if (json_is_true(json_object_get(key, "has_old_secret")))
		(void)snprintf(until, sizeof(until), "%s",
		    end != NULL ? output_time(end, time_text) : "no end");
	cells[0] = look_text(key, "name", "?");
	cells[1] = look_text(key, "algorithm", "?");
	cells[2] = may[0] != '\0' ? may : "nothing";
	cells[3] = join(json_object_get(key, "from"), " ", "anywhere", from);
	cells[4] = names;
	cells[5] = used;
	cells[6] = json_is_true(json_object_get(key, "made")) ? "ddnsd" : "root";
	cells[7] = until;
	output_table_add(table, cells, styles);
}

static void
print_table(const json_t *keys, bool is_live)
{
	static const struct output_column columns[] = {
		{ "NAME", false, false },
		{ "ALGORITHM", false, false },
		{ "MAY CHANGE", true, false },
		{ "FROM", true, false },
		{ "NAMES", false, true },
		{ "LAST USED", false, false },
		{ "MADE BY", false, false },
		{ "OLD SECRET UNTIL", false, false },
	};
	struct output_table *table = output_table_new(columns,
	    sizeof(columns) / sizeof(columns[0]));

	if (table == NULL)
		return;
	for (size_t i = 0; i < json_array_size(keys); i++)
		add_row(table, json_array_get(keys, i), is_live);
	output_table_print(table);
	output_table_free(table);
}

static enum ctl_exit
print(const struct ctl *ctl, json_t *keys, bool is_live)
{
	if (ctl->is_json) {
		json_t *json = json_pack("{s:O}", "keys", keys);

		output_json(json);
		json_decref(json);
	} else if (json_array_size(keys) == 0) {
		fprintf(stderr, "There is no key. \"ddnsctl key new NAME\" makes one.\n");
	} else {
		print_table(keys, is_live);
	}
	return output_flush() ? CTL_DONE : CTL_FAILED;
}

static enum ctl_exit
list(const struct ctl *ctl, const struct site *site, const char *folder)
{
	json_t *answer = NULL;
	json_t *keys = NULL;
	enum ctl_exit code;

	if (folder != NULL || site->reach == CTL_UNREACHABLE) {
		if (folder == NULL)
			fprintf(stderr,
			    "The daemon does not answer; this is what the files say.\n");
		code = list_files(site, folder, &keys);
		if (code == CTL_DONE)
			code = print(ctl, keys, false);
		json_decref(keys);
		return code;
	}
	code = client_call(ctl, "GET", "/v1/keys", NULL, &answer);
	if (code == CTL_DONE)
		code = print(ctl, json_object_get(answer, "keys"), true);
	json_decref(answer);
	return code;
}

enum ctl_exit
key_list(struct ctl *ctl, int argc, char **argv)
{
	const char *folder = NULL;
	const struct option_entry options[] = {
		{ "--directory", NULL, &folder },
		{ NULL, NULL, NULL },
	};
	struct site *site;
	enum ctl_exit code = options_take(options, &argc, argv);

	if (code != CTL_DONE)
		return code;
	if (argc != 1)
		return ctl_usage("key", "list takes no name");
	site = site_new(ctl, "");
	if (site == NULL)
		return ctl_fail(CTL_FAILED, "out of memory");
	code = list(ctl, site, folder);
	site_free(site);
	return code;
}
