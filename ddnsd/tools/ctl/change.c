/* SPDX-License-Identifier: GPL-3.0-or-later */
/* "ddnsctl add" and "ddnsctl del": one name's records. What may be, the daemon decides. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/duration.h"
#include "tools/ctl/answer.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/options.h"
#include "tools/ctl/output.h"
#include "wire/address.h"

enum { DATA_MAX = 256 * 1024, CHARACTER_STRING_MAX = 255 };

struct addition {
	const char *ttl;
	const char *lease;
	const char *owner;
	bool replaces;
};

/* A mnemonic has letters first, and no dot or colon: what has one was meant as an address. */
static bool
looks_like_type(const char *text)
{
	return isalpha((unsigned char)text[0]) &&
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")] ==
	    '\0';
}

/* Character strings (RFC 1035 5.1) from a text as it is: quoted, in pieces of 255 octets. */
static void
append_quoted(struct buffer *data, const char *text)
{
	size_t length = 0;

	buffer_append_text(data, "\"");
	for (; *text != '\0'; text++) {
		if (length == CHARACTER_STRING_MAX) {
			buffer_append_text(data, "\" \"");
			length = 0;
		}
		if (*text == '"' || *text == '\\')
			buffer_append_text(data, "\\");
		if ((unsigned char)*text < ' ' || (unsigned char)*text >= 0x7f)
			buffer_format(data, "\\%03u", (unsigned char)*text);
		else
			buffer_append(data, text, 1);
		length++;
	}
	buffer_append_text(data, "\"");
}

/*
 * Data from what the shell left of them. Of TXT it has taken the quotes, so each argument is a
 * text; who brought quotes through the shell wrote the data as in a zone file.
 */
static const char *
join_data(struct buffer *data, const char *type, int argc, char *const *argv)
{
	bool is_plain = (strcasecmp(type, "TXT") == 0 || strcasecmp(type, "SPF") == 0) &&
	    argv[0][0] != '"' && strncmp(argv[0], "\\#", 2) != 0;

	for (int i = 0; i < argc; i++) {
		buffer_append_text(data, i > 0 ? " " : "");
		if (is_plain)
			append_quoted(data, argv[i]);
		else
			buffer_append_text(data, argv[i]);
	}
	return path_text(data);
}

/* argv: addresses, or a type and its data. */
static enum ctl_exit
take_records(json_t *body, int argc, char *const *argv)
{
	json_t *addresses = json_array();
	struct address address;
	struct buffer data;
	const char *text;

	for (int i = 0; i < argc; i++) {
		if (address_from_text(argv[i], &address) != STATUS_OK) {
			if (i == 0)
				break;
			json_decref(addresses);
			return ctl_fail(CTL_USAGE, "\"%s\" is no address", argv[i]);
		}
		json_array_append_new(addresses, json_string(argv[i]));
	}
	if (json_array_size(addresses) > 0) {
		json_object_set_new(body, "addresses", addresses);
		return CTL_DONE;
	}
	json_decref(addresses);
	if (!looks_like_type(argv[0]))
		return ctl_fail(CTL_USAGE, "\"%s\" is neither an address nor a type of records",
		    argv[0]);
	if (argc < 2)
		return ctl_usage("add", "the data of the %s record are missing", argv[0]);
	buffer_init(&data, DATA_MAX);
	text = join_data(&data, argv[0], argc - 1, argv + 1);
	if (text != NULL)
		json_object_set_new(body, "records",
		    json_pack("[{s:s, s:s}]", "type", argv[0], "data", text));
	buffer_release(&data);
	if (json_object_get(body, "records") == NULL)
		return ctl_fail(CTL_USAGE,
		    "the data of the %s record cannot be sent: they are no "
		    "UTF-8, or too long",
		    argv[0]);
	return CTL_DONE;
}

static enum ctl_exit
take_lengths(json_t *body, const struct addition *addition)
{
	int64_t seconds;

	if (addition->ttl != NULL) {
		if (duration_from_text(addition->ttl, &seconds) != STATUS_OK || seconds > INT32_MAX)
			return ctl_fail(CTL_USAGE,
			    "--ttl: \"%s\" is no length of time; write 60, 5m or 1h",
			    addition->ttl);
		json_object_set_new(body, "ttl", json_integer(seconds));
	}
	if (addition->lease != NULL) {
		if (strcmp(addition->lease, "forever") != 0 &&
		    duration_from_text(addition->lease, &seconds) != STATUS_OK)
			return ctl_fail(CTL_USAGE,
			    "--lease: \"%s\" is no length of time; write 12h, 7d or forever",
			    addition->lease);
		json_object_set_new(body, "lease", json_string(addition->lease));
	}
	return CTL_DONE;
}

/* The records that there are: addresses bare, others with their type. */
static void
print_records(const json_t *name)
{
	const json_t *record;
	size_t i;

	json_array_foreach(json_object_get(name, "records"), i, record)
	{
		const char *type = answer_text(record, "type");
		bool is_address = strcmp(type, "A") == 0 || strcmp(type, "AAAA") == 0;

		output_format(STYLE_PLAIN, "%s %s%s%s", i == 0 ? ":" : ",", is_address ? "" : type,
		    is_address ? "" : " ", answer_text(record, "data"));
	}
}

/* What there is now, as the answer to "did it work". */
static void
print_now(const json_t *name)
{
	const char *expiry = answer_expiry(name), *owner = answer_text(name, "owner");
	const json_t *publication = json_object_get(name, "publication");
	char until[SENTENCE_MAX];

	output_text(STYLE_STRONG, answer_text(name, "name"));
	print_records(name);
	output_format(STYLE_PLAIN, ", owned by %s", owner);
	if (expiry != NULL)
		output_format(STYLE_PLAIN, ", until %s", answer_until(expiry, until));
	output_format(STYLE_PLAIN, "\n");
	if (strcmp(answer_text(publication, "state"), "not-published") == 0)
		output_format(STYLE_WARN, "  not published: %s\n", answer_text(publication, "why"));
}

static enum ctl_exit
send_addition(const struct ctl *ctl, const char *name, bool replaces, const json_t *body)
{
	json_t *answer = NULL;
	struct buffer path;
	enum ctl_exit code;

	path_init(&path, "/v1/names");
	path_add_segment(&path, name);
	code = path_call(ctl, replaces ? "PUT" : "POST", &path, body, &answer);
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json)
		output_json(answer);
	else
		print_now(answer);
	json_decref(answer);
	return CTL_DONE;
}

enum ctl_exit
ctl_add(struct ctl *ctl, int argc, char **argv)
{
	struct addition addition = { 0 };
	const struct option_entry options[] = { { "--ttl", NULL, &addition.ttl },
		{ "--lease", NULL, &addition.lease }, { "--owner", NULL, &addition.owner },
		{ "--replace", &addition.replaces, NULL }, { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	json_t *body;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, argc, "NAME");
	if (code != CTL_DONE)
		return code;
	if (argc == 2 && (addition.owner == NULL || addition.replaces))
		return ctl_usage(argv[0], "what is \"%s\" to have? An address is missing", argv[1]);
	if (argc == 2 && (addition.ttl != NULL || addition.lease != NULL))
		return ctl_usage(argv[0], "--owner alone changes the owner and nothing else");
	body = json_object();
	if (argc > 2)
		code = take_records(body, argc - 2, argv + 2);
	if (code == CTL_DONE)
		code = take_lengths(body, &addition);
	if (addition.owner != NULL)
		json_object_set_new(body, "owner", json_string(addition.owner));
	if (code == CTL_DONE)
		code = send_addition(ctl, argv[1], addition.replaces, body);
	json_decref(body);
	return code;
}

/* The query of a deletion, from TYPE [DATA...] or an address alone. */
static enum ctl_exit
add_deletion(struct buffer *path, int argc, char *const *argv)
{
	struct address address;
	struct buffer data;
	const char *text;

	if (argc == 0)
		return CTL_DONE;
	if (argc == 1 && address_from_text(argv[0], &address) == STATUS_OK) {
		path_add_query(path, "type", address.family == 4 ? "A" : "AAAA");
		path_add_query(path, "data", argv[0]);
		return CTL_DONE;
	}
	if (!looks_like_type(argv[0]))
		return ctl_fail(CTL_USAGE, "\"%s\" is neither an address nor a type of records",
		    argv[0]);
	path_add_query(path, "type", argv[0]);
	if (argc == 1)
		return CTL_DONE;
	buffer_init(&data, DATA_MAX);
	text = join_data(&data, argv[0], argc - 1, argv + 1);
	path_add_query(path, "data", text);
	buffer_release(&data);
	return text != NULL ? CTL_DONE : CTL_FAILED;
}

enum ctl_exit
ctl_del(struct ctl *ctl, int argc, char **argv)
{
	static const struct option_entry options[] = { { NULL, NULL, NULL } };
	enum ctl_exit code = options_take(options, &argc, argv);
	struct buffer path;

	if (code == CTL_DONE)
		code = options_count(argc, argv, 1, argc, "NAME");
	if (code != CTL_DONE)
		return code;
	path_init(&path, "/v1/names");
	path_add_segment(&path, argv[1]);
	code = add_deletion(&path, argc - 2, argv + 2);
	if (code != CTL_DONE) {
		buffer_release(&path);
		return code;
	}
	code = path_call(ctl, "DELETE", &path, NULL, NULL);
	if (code != CTL_DONE)
		return code;
	if (ctl->is_json) {
		json_t *answer = json_pack("{s:s}", "deleted", argv[1]);

		output_json(answer);
		json_decref(answer);
	} else {
		output_text(STYLE_STRONG, argv[1]);
		for (int i = 2; i < argc; i++)
			output_format(STYLE_PLAIN, " %s", argv[i]);
		output_format(STYLE_PLAIN, ": deleted\n");
	}
	return CTL_DONE;
}
