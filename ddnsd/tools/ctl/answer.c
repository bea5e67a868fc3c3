/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Paths to the API and what its answers have in common. Prints nothing but errors. */
#include "tools/ctl/answer.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "tools/ctl/client.h"

#define PAGE "1000"

enum { NUMBER_MAX = 64, WHY_MAX = 384 };

void
path_init(struct buffer *path, const char *begin)
{
	buffer_init(path, PATH_TEXT_MAX);
	buffer_append_text(path, begin);
}

void
path_add_segment(struct buffer *path, const char *segment)
{
	buffer_append_text(path, "/");
	client_append_escaped(path, segment);
}

void
path_add_query(struct buffer *path, const char *key, const char *value)
{
	bool is_first = path->length == 0 || memchr(path->data, '?', path->length) == NULL;

	if (value == NULL)
		return;
	buffer_append_text(path, is_first ? "?" : "&");
	buffer_append_text(path, key);
	buffer_append_text(path, "=");
	client_append_escaped(path, value);
}

const char *
path_text(struct buffer *path)
{
	if (buffer_append(path, "", 1) != STATUS_OK) {
		(void)ctl_fail(CTL_FAILED, "what was given is too long for a request");
		return NULL;
	}
	path->length--;
	return path->data;
}

enum ctl_exit
path_call(const struct ctl *ctl, const char *method, struct buffer *path, const json_t *body,
    json_t **ret_json)
{
	const char *text = path_text(path);
	enum ctl_exit code = text == NULL ? CTL_FAILED
					  : client_call(ctl, method, text, body, ret_json);

	buffer_release(path);
	return code;
}

const char *
answer_text(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));

	return text != NULL ? text : "";
}

int64_t
answer_number(const json_t *object, const char *member)
{
	return json_integer_value(json_object_get(object, member));
}

bool
answer_is_true(const json_t *object, const char *member)
{
	return json_is_true(json_object_get(object, member));
}

void
answer_addresses(const json_t *name, const char *separator, struct buffer *ret_text)
{
	const json_t *records = json_object_get(name, "records"), *record;
	const char *last = "";
	bool has_address = false;
	size_t i;

	for (i = 0; i < json_array_size(records); i++) {
		record = json_array_get(records, i);
		const char *type = answer_text(record, "type");

		if (strcmp(type, "A") != 0 && strcmp(type, "AAAA") != 0)
			continue;
		buffer_append_text(ret_text, has_address ? separator : "");
		buffer_append_text(ret_text, answer_text(record, "data"));
		has_address = true;
	}
	if (has_address || json_array_size(records) == 0)
		return;
	for (i = 0; i < json_array_size(records); i++) {
		record = json_array_get(records, i);
		const char *type = answer_text(record, "type");

		/* Records of one type stand together. */
		if (strcmp(type, last) == 0)
			continue;
		buffer_append_text(ret_text, last[0] == '\0' ? "(" : " ");
		buffer_append_text(ret_text, type);
		last = type;
	}
	buffer_append_text(ret_text, ")");
}

const char *
answer_expiry(const json_t *name)
{
	const json_t *records = json_object_get(name, "records"), *record;
	const char *earliest = NULL;
	size_t i;

	for (i = 0; i < json_array_size(records); i++) {
		record = json_array_get(records, i);
		const char *expires = json_string_value(json_object_get(record, "expires"));

		/* ISO 8601 in UTC sorts as text. */
		if (expires != NULL && (earliest == NULL || strcmp(expires, earliest) < 0))
			earliest = expires;
	}
	return earliest;
}

const char *
answer_until(const char *iso, char text[static SENTENCE_MAX])
{
	char time[32], length[32];
	int64_t wall_s;

	if (iso == NULL)
		snprintf(text, SENTENCE_MAX, "never");
	else if (!output_parse_time(iso, &wall_s))
		snprintf(text, SENTENCE_MAX, "?");
	else if (wall_s <= clock_wall_s())
		snprintf(text, SENTENCE_MAX, "%s (over)", output_time(iso, time));
	else
		snprintf(text, SENTENCE_MAX, "%s (in %s)", output_time(iso, time),
		    output_length(wall_s - clock_wall_s(), length));
	return text;
}

/* Where there is something behind the colon: ": why". */
static const char *
reason_of(const json_t *object, char text[static WHY_MAX])
{
	const char *why = answer_text(object, "why");

	if (why[0] == '\0')
		why = answer_text(object, "problem");
	snprintf(text, WHY_MAX, "%s%s", why[0] != '\0' ? ": " : "", why);
	return text;
}

static void
write_number(const json_t *object, char text[static NUMBER_MAX], const char *without,
    const char *with)
{
	int64_t number = answer_number(object, "number");

	if (number > 0)
		snprintf(text, NUMBER_MAX, "%s %" PRId64, with, number);
	else
		snprintf(text, NUMBER_MAX, "%s", without);
}

const char *
answer_publication(const json_t *object, enum output_style *ret_style,
    char text[static SENTENCE_MAX])
{
	const char *state = answer_text(object, "state");
	const json_t *delay = json_object_get(object, "confirm_ms");
	char number[NUMBER_MAX], why[WHY_MAX], after[48] = "";

	*ret_style = STYLE_GOOD;
	reason_of(object, why);
	if (json_is_number(delay))
		snprintf(after, sizeof(after), " after %.1f ms", json_number_value(delay));
	if (strcmp(state, "confirmed") == 0) {
		write_number(object, number, "it", "publication");
		snprintf(text, SENTENCE_MAX, "dnsmasq answered %s%s", number, after);
	} else if (strcmp(state, "written") == 0) {
		write_number(object, number, "written", "written as publication");
		*ret_style = why[0] != '\0' ? STYLE_WARN : STYLE_PLAIN;
		snprintf(text, SENTENCE_MAX, "%s%s", number, why);
	} else if (strcmp(state, "by-dnsmasq") == 0) {
		snprintf(text, SENTENCE_MAX, "dnsmasq gives it itself, from its leases");
	} else if (strcmp(state, "clean") == 0) {
		*ret_style = STYLE_PLAIN;
		snprintf(text, SENTENCE_MAX, "nothing waits to be published");
	} else {
		bool waits = strcmp(state, "waiting") == 0 || strcmp(state, "dirty") == 0;

		*ret_style = strcmp(state, "failed") == 0 ? STYLE_BAD : STYLE_WARN;
		snprintf(text, SENTENCE_MAX, "%s%s",
		    waits                              ? "waits to be written"
			: strcmp(state, "failed") == 0 ? "failed"
						       : "not published",
		    why);
	}
	return text;
}

enum ctl_exit
answer_names(const struct ctl *ctl, const struct answer_filter *filter, json_t **ret_names)
{
	json_t *names = json_array(), *page = NULL;
	const char *after = NULL;
	enum ctl_exit code;

	do {
		struct buffer path;
		json_t *next = NULL;

		path_init(&path, "/v1/names?limit=" PAGE);
		path_add_query(&path, "match", filter->match);
		path_add_query(&path, "zone", filter->zone);
		path_add_query(&path, "source", filter->source);
		path_add_query(&path, "owner", filter->owner);
		path_add_query(&path, "after", after);
		code = path_call(ctl, "GET", &path, NULL, &next);
		json_decref(page);
		page = next;
		if (code != CTL_DONE)
			break;
		if (json_array_extend(names, json_object_get(page, "names")) != 0)
			code = ctl_fail(CTL_FAILED,
			    "the daemon's list of names is none; is it ddnsd?");
		after = json_string_value(json_object_get(page, "next"));
	} while (code == CTL_DONE && after != NULL);
	json_decref(page);
	if (code == CTL_DONE)
		*ret_names = names;
	else
		json_decref(names);
	return code;
}

enum ctl_exit
answer_zones(const struct ctl *ctl, json_t **ret_zones)
{
	json_t *answer = NULL;
	enum ctl_exit code = client_call(ctl, "GET", "/v1/zones", NULL, &answer);

	if (code != CTL_DONE)
		return code;
	if (json_is_array(json_object_get(answer, "zones")))
		*ret_zones = json_incref(json_object_get(answer, "zones"));
	else
		code = ctl_fail(CTL_FAILED, "the daemon's list of zones is none; is it ddnsd?");
	json_decref(answer);
	return code;
}

bool
answer_name_fits(const char *name, const char *pattern)
{
	char longer[PATH_TEXT_MAX];

	if (fnmatch(pattern, name, FNM_CASEFOLD) == 0)
		return true;
	if (strchr(pattern, '.') != NULL)
		return false;
	snprintf(longer, sizeof(longer), "%s.*", pattern);
	return fnmatch(longer, name, FNM_CASEFOLD) == 0;
}
