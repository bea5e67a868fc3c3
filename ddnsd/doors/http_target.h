/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The target of a request line: path and arguments, percent-decoded (RFC 9112 3.2, RFC 3986 2.1).
 * Text in, text out; knows no site and no socket.
 */
#pragma once

#include <stddef.h>

#include "base/status.h"

enum { HTTP_ARGUMENTS_MAX = 16 };

struct http_argument {
	const char *name;
	const char *value; /* "" when there is none */
};

struct http_target {
	char *text; /* holds all the others */
	const char *path;
	struct http_argument arguments[HTTP_ARGUMENTS_MAX];
	size_t argument_count;
};

/*
 * Reads "/path?name=value&..." or the same behind "http://host" (RFC 9112 3.2.2). "+" is a blank in
 * arguments. STATUS_MALFORMED: it is neither; a "%" without two digits; a NUL or another control
 * character, encoded or not; more arguments than HTTP_ARGUMENTS_MAX. On failure there is nothing to
 * release.
 */
enum status http_target_init(struct http_target *target, const char *text);
void http_target_release(struct http_target *target);

/* The first argument of that name: its value, or NULL when there is none. */
const char *http_target_argument(const struct http_target *target, const char *name);
