/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Edits of key files. */
#include "tools/ctl/key_file.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>

#include "tools/ctl/conf_text.h"

enum { OCTETS_MAX = 64, LABEL_MAX = 63 };

/* --- names, algorithms, secrets, times --- */

static const struct key_algorithm algorithms[] = {
	{ "hmac-md5", "HMAC-MD5", 16, true },
	{ "hmac-sha1", "HMAC-SHA1", 20, true },
	{ "hmac-sha224", "HMAC-SHA224", 28, false },
	{ "hmac-sha256", "HMAC-SHA256", 32, false },
	{ "hmac-sha384", "HMAC-SHA384", 48, false },
	{ "hmac-sha512", "HMAC-SHA512", 64, false },
};

const char key_algorithm_names[] =
    "hmac-sha224, hmac-sha256, hmac-sha384, hmac-sha512; hmac-md5, hmac-sha1 for clients that know "
    "nothing better";

const struct key_algorithm *
key_algorithm_find(const char *text)
{
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		const char *name = algorithms[i].name;

		if (strcasecmp(text, name) == 0 || strcasecmp(text, name + strlen("hmac-")) == 0)
			return &algorithms[i];
	}
	return NULL;
}

bool
key_name_is_good(const char *name, const char **ret_reason)
{
	size_t label = 0;

	*ret_reason = "allowed: letters, digits, - and _ between dots, at most 63 in a label and "
		      "253 in all";
	if (strchr(name, '/') != NULL) {
		*ret_reason = "a / cannot stand in a file's name";
		return false;
	}
	if (strlen(name) > KEY_NAME_MAX)
		return false;
	for (const char *at = name; *at != '\0'; at++) {
		if (*at != '.' && !isalnum((unsigned char)*at) && *at != '-' && *at != '_')
			return false;
		label = *at == '.' ? 0 : label + 1;
		if (label > LABEL_MAX || (*at == '.' && (at == name || at[-1] == '.')))
			return false;
	}
	return label > 0;
}

static void
encode(const uint8_t *bytes, size_t size, char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		unsigned bits = (unsigned)bytes[i] << 16 |
		    (left > 1 ? (unsigned)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0u);

		*text++ = digits[bits >> 18];
		*text++ = digits[bits >> 12 & 63];
		*text++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*text++ = left > 2 ? digits[bits & 63] : '=';
	}
	*text = '\0';
}

bool
key_secret_make(const struct key_algorithm *algorithm, char secret[static KEY_SECRET_TEXT_MAX])
{
	uint8_t bytes[OCTETS_MAX];
	ssize_t got;

	do
		got = getrandom(bytes, algorithm->octets, 0);
	while (got < 0 && errno == EINTR);
	if (got != (ssize_t)algorithm->octets)
		return false;
	encode(bytes, algorithm->octets, secret);
	explicit_bzero(bytes, sizeof(bytes));
	return true;
}

bool
key_until_from_text(const char *text, int64_t *ret_wall_s)
{
	struct tm parts = { 0 };
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &parts);
	time_t seconds;

	if (end == NULL || *end != '\0')
		return false;
	seconds = timegm(&parts);
	if (seconds == (time_t)-1)
		return false;
	*ret_wall_s = (int64_t)seconds;
	return true;
}

const char *
key_until_to_text(int64_t wall_s, char text[static KEY_UNTIL_MAX])
{
	time_t seconds = (time_t)wall_s;
	struct tm parts;

	if (gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, KEY_UNTIL_MAX, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		text[0] = '\0';
	return text;
}

/* --- a new file --- */

static void
append_list(struct buffer *text, const char *option, const char *const *items, size_t count)
{
	(void)buffer_format(text, "    %s = {", option);
	for (size_t i = 0; i < count; i++)
		(void)buffer_format(text, "%s\"%s\"", i > 0 ? ", " : "", items[i]);
	(void)buffer_append_text(text, "}\n");
}

enum status
key_file_compose(const struct key_draft *draft, struct buffer *ret_text)
{
	if (draft->remark != NULL)
		(void)buffer_format(ret_text, "# %s\n", draft->remark);
	(void)buffer_format(ret_text, "key \"%s\" {\n    algorithm = \"%s\"\n    secret = \"%s\"\n",
	    draft->name, draft->algorithm->name, draft->secret);
	if (draft->algorithm->is_weak)
		(void)buffer_append_text(ret_text, "    allow-weak = true\n");
	if (draft->is_admin)
		(void)buffer_append_text(ret_text, "    admin = true\n");
	append_list(ret_text, "allow", draft->allow, draft->allow_count);
	if (draft->from_count > 0)
		append_list(ret_text, "from", draft->from, draft->from_count);
	if (draft->is_for_many)
		(void)buffer_append_text(ret_text,
		    "    # It speaks for many machines.\n"
		    "    names-per-key = 0\n    updates-per-minute = 0\n");
	return buffer_append_text(ret_text, "}\n");
}

/* --- edits --- */

/* Where things stand in one key's block. A span whose to is 0 is not there. */
struct places {
	struct conf_span block; /* from its name to behind its } */
	struct conf_span secret;
	struct conf_span secret_value;
	struct conf_span old_value;
	struct conf_span until_value;
};

static enum status
complain(char problem[static KEY_PROBLEM_MAX], unsigned line, const char *what)
{
	(void)snprintf(problem, KEY_PROBLEM_MAX, "line %u: %s", line, what);
	return STATUS_MALFORMED;
}

/* Takes one option of the key's block. */
static enum status
take_option(const struct conf_text *conf, const struct conf_item *item, struct places *places,
    struct key_found *found, char problem[static KEY_PROBLEM_MAX])
{
	struct {
		const char *name;
		struct conf_span *place;
		char *text;
		size_t size;
	} wanted[] = {
		{ "secret", &places->secret_value, found->secret, sizeof(found->secret) },
		{ "secret-old", &places->old_value, NULL, 0 },
		{ "secret-old-until", &places->until_value, found->old_until,
		    sizeof(found->old_until) },
		{ "algorithm", NULL, found->algorithm, sizeof(found->algorithm) },
	};

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		if (strcmp(item->name, wanted[i].name) != 0)
			continue;
		if (item->count != 1 || conf->text[item->value.from] == '{')
			return complain(problem, item->line, "this option takes one value");
		if (wanted[i].place != NULL && wanted[i].place->to != 0)
			return complain(problem, item->line, "this option is given twice");
		if (wanted[i].text != NULL && strlen(item->first) >= wanted[i].size)
			return complain(problem, item->line,
			    "its value is longer than ddnsctl makes them");
		if (wanted[i].place != NULL)
			*wanted[i].place = item->value;
		if (wanted[i].text != NULL)
			memcpy(wanted[i].text, item->first, strlen(item->first) + 1);
	}
	if (strcmp(item->name, "secret") == 0)
		places->secret = item->whole;
	if (strcmp(item->name, "secret-old") == 0)
		found->has_old_secret = item->first[0] != '\0';
	return STATUS_OK;
}

static enum status
scan(struct conf_text *conf, const char *name, struct places *places, struct key_found *found,
    char problem[static KEY_PROBLEM_MAX])
{
	struct conf_item item;
	bool is_ours = false;

	while (conf_text_next(conf, &item)) {
		if (item.kind == CONF_BLOCK && strcmp(conf->block, "key") == 0) {
			found->keys++;
			is_ours = strcasecmp(conf->title, name) == 0;
			if (is_ours && places->block.to != 0)
				return complain(problem, item.line, "this key is given twice");
			if (is_ours) {
				places->block = item.whole;
				found->line = item.line;
			}
		} else if (is_ours && item.kind == CONF_OPTION) {
			enum status status = take_option(conf, &item, places, found, problem);

			if (status != STATUS_OK)
				return status;
		} else if (is_ours && item.kind == CONF_BLOCK_END) {
			places->block.to = item.whole.to;
			is_ours = false;
		}
	}
	if (conf->problem[0] != '\0') {
		(void)snprintf(problem, KEY_PROBLEM_MAX, "%s", conf->problem);
		return STATUS_MALFORMED;
	}
	return places->block.to != 0 ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status
find(const char *text, size_t length, const char *name, struct places *ret_places,
    struct key_found *ret_found, char problem[static KEY_PROBLEM_MAX])
{
	struct conf_text conf;
	enum status status;

	*ret_places = (struct places){ 0 };
	*ret_found = (struct key_found){ 0 };
	problem[0] = '\0';
	conf_text_begin(&conf, text, length);
	status = scan(&conf, name, ret_places, ret_found, problem);
	conf_text_release(&conf);
	if (status == STATUS_OK && ret_found->algorithm[0] == '\0')
		memcpy(ret_found->algorithm, "hmac-sha256", sizeof("hmac-sha256"));
	return status;
}

enum status
key_file_find(const char *text, size_t length, const char *name, struct key_found *ret_found,
    char ret_problem[static KEY_PROBLEM_MAX])
{
	struct places places;

	return find(text, length, name, &places, ret_found, ret_problem);
}

/* The blanks in front of a statement that is the first of its line; NULL when it is not. */
static const char *
indentation(const char *text, size_t at, size_t *ret_length)
{
	size_t from = at;

	while (from > 0 && (text[from - 1] == ' ' || text[from - 1] == '\t'))
		from--;
	if (from > 0 && text[from - 1] != '\n')
		return NULL;
	*ret_length = at - from;
	return text + from;
}

/* A replacement of some bytes; from equal to to inserts. */
struct edit {
	struct conf_span span;
	char text[2 * KEY_SECRET_TEXT_MAX + 128];
};

static void
plan_value(struct edit *edit, const struct conf_span *span, const char *value)
{
	edit->span = *span;
	(void)snprintf(edit->text, sizeof(edit->text), "\"%s\"", value);
}

/*
 * The options that are not there yet: lines above the secret's, or beside it where it shares its
 * line.
 */
static void
plan_missing(struct edit *edit, const char *text, const struct places *places, const char *old,
    const char *until)
{
	size_t indented = 0;
	const char *blanks = indentation(text, places->secret.from, &indented);
	size_t length = 0;
	struct {
		const char *name;
		const char *value;
		bool is_missing;
	} options[] = {
		{ "secret-old", old, places->old_value.to == 0 },
		{ "secret-old-until", until, places->until_value.to == 0 },
	};

	edit->text[0] = '\0';
	edit->span.from = blanks != NULL ? places->secret.from - indented : places->secret.from;
	edit->span.to = edit->span.from;
	if (indented > 32)
		indented = 32;
	for (size_t i = 0; i < 2; i++) {
		int added;

		if (!options[i].is_missing)
			continue;
		added = snprintf(edit->text + length, sizeof(edit->text) - length,
		    "%.*s%s = \"%s\"%s", blanks != NULL ? (int)indented : 0,
		    blanks != NULL ? blanks : "", options[i].name, options[i].value,
		    blanks != NULL ? "\n" : "  ");
		length += added > 0 ? (size_t)added : 0;
	}
}

/* Sorts by place; there are four at most. */
static void
sort_edits(struct edit *edits, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		for (size_t j = i; j > 0 && edits[j].span.from < edits[j - 1].span.from; j--) {
			struct edit later = edits[j - 1];

			edits[j - 1] = edits[j];
			edits[j] = later;
			explicit_bzero(&later, sizeof(later));
		}
	}
}

enum status
key_file_rotate(const char *text, size_t length, const char *name, const char *secret,
    int64_t until_s, struct buffer *ret_text, char ret_problem[static KEY_PROBLEM_MAX])
{
	char until[KEY_UNTIL_MAX];
	struct edit edits[4];
	struct places places;
	struct key_found found;
	size_t count = 0;
	size_t at = 0;
	enum status status = find(text, length, name, &places, &found, ret_problem);

	if (status == STATUS_OK && places.secret.to == 0)
		status = complain(ret_problem, found.line, "this key has no secret");
	if (status == STATUS_OK && !conf_text_is_plain(found.secret))
		status = complain(ret_problem, found.line, "its secret is not base64");
	if (status != STATUS_OK)
		goto out;
	(void)key_until_to_text(until_s, until);
	plan_value(&edits[count++], &places.secret_value, secret);
	if (places.old_value.to != 0)
		plan_value(&edits[count++], &places.old_value, found.secret);
	if (places.until_value.to != 0)
		plan_value(&edits[count++], &places.until_value, until);
	if (count < 3)
		plan_missing(&edits[count++], text, &places, found.secret, until);
	sort_edits(edits, count);
	for (size_t i = 0; i < count; i++) {
		(void)buffer_append(ret_text, text + at, edits[i].span.from - at);
		(void)buffer_append_text(ret_text, edits[i].text);
		at = edits[i].span.to;
	}
	status = buffer_append(ret_text, text + at, length - at);
	explicit_bzero(edits, sizeof(edits));
out:
	explicit_bzero(&found, sizeof(found));
	return status;
}

enum status
key_file_remove(const char *text, size_t length, const char *name, struct buffer *ret_text,
    char ret_problem[static KEY_PROBLEM_MAX])
{
	struct places places;
	struct key_found found;
	enum status status = find(text, length, name, &places, &found, ret_problem);
	size_t indented;

	explicit_bzero(&found, sizeof(found));
	if (status != STATUS_OK)
		return status;
	/* A block that has its lines for itself goes with them. */
	if (indentation(text, places.block.from, &indented) != NULL) {
		size_t end = places.block.to;

		while (end < length && (text[end] == ' ' || text[end] == '\t' || text[end] == '\r'))
			end++;
		if (end < length && text[end] == '\n') {
			places.block.from -= indented;
			places.block.to = end + 1;
		}
	}
	(void)buffer_append(ret_text, text, places.block.from);
	return buffer_append(ret_text, text + places.block.to, length - places.block.to);
}
