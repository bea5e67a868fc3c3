/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as a terminal may see it: nothing in it steers the terminal, and its width is known. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/*
 * Appends text with control characters, octets that are no UTF-8, and characters that turn the
 * direction of writing or have no width of their own escaped as \xNN; in a locale without UTF-8
 * all that is not ASCII. keeps_newlines: these pass. The buffer says how it went.
 */
void text_escape(struct buffer *buffer, const char *text, bool keeps_newlines);

/* Columns on a terminal, of text that text_escape() made. */
size_t text_width(const char *text, size_t length);

/* Octets of the longest beginning of it that is no wider than that. */
size_t text_cut(const char *text, size_t length, size_t width);

/* True when the locale writes UTF-8. */
bool text_is_utf8(void);
