/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes the target of a request line apart, in a copy of its text. */
#include "doors/http_target.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int
hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Decodes in place. False: it is malformed. */
static bool
decode(char *text, bool plus_is_blank)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int octet = (unsigned char)*from;

		if (octet == '%') {
			int high = hex_value(from[1]);
			int low = high >= 0 ? hex_value(from[2]) : -1;

			if (low < 0)
				return false;
			octet = 16 * high + low;
			from += 2;
		} else if (octet == '+' && plus_is_blank) {
			octet = ' ';
		}
		if (octet < ' ' || octet == 0x7f)
			return false;
		*to++ = (char)octet;
	}
	*to = '\0';
	return true;
}

static bool
read_arguments(struct http_target *target, char *text)
{
	while (text != NULL) {
		char *part = strsep(&text, "&");
		char *value = strchr(part, '=');

		if (*part == '\0')
			continue;
		if (value != NULL)
			*value++ = '\0';
		if (target->argument_count == HTTP_ARGUMENTS_MAX || !decode(part, true) ||
		    (value != NULL && !decode(value, true)))
			return false;
		target->arguments[target->argument_count++] = (struct http_argument){ part,
			value != NULL ? value : "" };
	}
	return true;
}

/* A client may send the absolute form to any server (RFC 9112 3.2.2); the host does not matter. */
static char *
find_path(char *text)
{
	static const char *const schemes[] = { "http://", "https://" };

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return strchr(text + strlen(schemes[i]), '/');
	}
	return *text == '/' ? text : NULL;
}

enum status
http_target_init(struct http_target *target, const char *text)
{
	char *arguments;
	char *path;

	*target = (struct http_target){ .text = strdup(text) };
	if (target->text == NULL)
		return STATUS_NO_MEMORY;
	arguments = target->text;
	/* The first "?" ends the path, also where an absolute form has none. */
	path = find_path(strsep(&arguments, "?"));
	if (path == NULL || !decode(path, false) || !read_arguments(target, arguments)) {
		http_target_release(target);
		return STATUS_MALFORMED;
	}
	target->path = path;
	return STATUS_OK;
}

void
http_target_release(struct http_target *target)
{
	free(target->text);
	*target = (struct http_target){ 0 };
}

const char *
http_target_argument(const struct http_target *target, const char *name)
{
	for (size_t i = 0; i < target->argument_count; i++) {
		if (strcmp(target->arguments[i].name, name) == 0)
			return target->arguments[i].value;
	}
	return NULL;
}
