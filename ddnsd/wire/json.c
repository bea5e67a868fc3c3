/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict reading of JSON over jansson. Keeps nothing. */
#include "wire/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 32 };

/*
 * Writes a sentence unless one is there. It may quote what strangers wrote and go to logs and
 * into JSON again, so it is made printable ASCII.
 */
__attribute__((format(printf, 2, 3))) static void
complain(char problem[static JSON_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	if (problem[0] != '\0')
		return;
	va_start(arguments, format);
	(void)vsnprintf(problem, JSON_PROBLEM_MAX, format, arguments);
	va_end(arguments);
	for (; *problem != '\0'; problem++) {
		if (*problem < ' ' || *problem > '~')
			*problem = '?';
	}
}

/* Counts brackets ahead of jansson, whose own ceiling is 2,048 recursions. */
static bool
is_nested_too_deep(const char *text, size_t length)
{
	bool is_in_text = false;
	unsigned depth = 0;

	for (size_t i = 0; i < length; i++) {
		if (is_in_text) {
			if (text[i] == '\\')
				i++;
			else if (text[i] == '"')
				is_in_text = false;
		} else if (text[i] == '"') {
			is_in_text = true;
		} else if (text[i] == '{' || text[i] == '[') {
			if (++depth > DEPTH_MAX)
				return true;
		} else if ((text[i] == '}' || text[i] == ']') && depth > 0) {
			depth--;
		}
	}
	return false;
}

/* jansson says why a text is no JSON, and mostly nothing when an allocation fails. */
static bool
is_lack_of_memory(const json_error_t *error)
{
	enum json_error_code code = json_error_code(error);

	return code == json_error_out_of_memory || code == json_error_unknown;
}

enum status
json_parse_object(const char *text, size_t length, json_t **ret_object,
    char ret_problem[static JSON_PROBLEM_MAX])
{
	/* jansson 2.14 leaves the code unset where it gives no reason. */
	json_error_t error = { 0 };
	json_t *object;

	ret_problem[0] = '\0';
	if (is_nested_too_deep(text, length)) {
		complain(ret_problem, "the JSON is nested deeper than %d levels", DEPTH_MAX);
		return STATUS_MALFORMED;
	}
	object = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (object == NULL && is_lack_of_memory(&error)) {
		complain(ret_problem, "out of memory");
		return STATUS_NO_MEMORY;
	}
	if (object == NULL) {
		complain(ret_problem, "no JSON: line %d, column %d: %s", error.line, error.column,
		    error.text);
		return STATUS_MALFORMED;
	}
	if (!json_is_object(object)) {
		json_decref(object);
		complain(ret_problem, "the JSON is no object; it must begin with {");
		return STATUS_MALFORMED;
	}
	*ret_object = object;
	return STATUS_OK;
}

/* NULL: not there, or null. */
static const json_t *
member_of(const json_t *object, const char *member)
{
	const json_t *value = json_object_get(object, member);

	return json_is_null(value) ? NULL : value;
}

bool
json_take_text(const json_t *object, const char *member, const char **ret_text,
    char ret_problem[static JSON_PROBLEM_MAX])
{
	const json_t *value = member_of(object, member);

	if (value == NULL)
		return true;
	if (!json_is_string(value)) {
		complain(ret_problem, "\"%s\" must be a text", member);
		return false;
	}
	*ret_text = json_string_value(value);
	return true;
}

bool
json_take_integer(const json_t *object, const char *member, int64_t low, int64_t high,
    int64_t *ret_number, char ret_problem[static JSON_PROBLEM_MAX])
{
	const json_t *value = member_of(object, member);

	if (value == NULL)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < low ||
	    json_integer_value(value) > high) {
		complain(ret_problem, "\"%s\" must be a whole number from %lld to %lld", member,
		    (long long)low, (long long)high);
		return false;
	}
	*ret_number = json_integer_value(value);
	return true;
}

bool
json_take_flag(const json_t *object, const char *member, bool *ret_flag,
    char ret_problem[static JSON_PROBLEM_MAX])
{
	const json_t *value = member_of(object, member);

	if (value == NULL)
		return true;
	if (!json_is_boolean(value)) {
		complain(ret_problem, "\"%s\" must be true or false", member);
		return false;
	}
	*ret_flag = json_is_true(value);
	return true;
}

bool
json_take_array(const json_t *object, const char *member, const json_t **ret_array,
    char ret_problem[static JSON_PROBLEM_MAX])
{
	const json_t *value = member_of(object, member);

	if (value == NULL)
		return true;
	if (!json_is_array(value)) {
		complain(ret_problem, "\"%s\" must be an array", member);
		return false;
	}
	*ret_array = value;
	return true;
}

static bool
is_among(const char *member, const char *const *members)
{
	for (; *members != NULL; members++) {
		if (strcmp(member, *members) == 0)
			return true;
	}
	return false;
}

/* "a, b, c", cut where the room ends. */
static void
list(const char *const *members, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; members[i] != NULL && length < size; i++) {
		int written = snprintf(text + length, size - length, "%s%s", i > 0 ? ", " : "",
		    members[i]);

		length += written > 0 ? (size_t)written : 0;
	}
}

bool
json_has_only(const json_t *object, const char *const *members,
    char ret_problem[static JSON_PROBLEM_MAX])
{
	char known[JSON_PROBLEM_MAX];
	const char *member;
	json_t *value;

	/* jansson's iteration takes no const object, and changes none. */
	json_object_foreach((json_t *)(uintptr_t)object, member, value)
	{
		if (is_among(member, members))
			continue;
		list(members, known, sizeof(known));
		complain(ret_problem, "there is no member \"%.64s\"; there are: %s", member, known);
		return false;
	}
	return true;
}
