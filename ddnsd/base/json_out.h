/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON (RFC 8259) written straight into a buffer, compact, commas and all: nothing is built in memory
 * first, and nothing is checked for sense. What fails marks the buffer, as all appends do.
 *
 * name is the member's name, ASCII that needs no escapes; NULL: a value in an array, or alone.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"

void json_out_open_object(struct buffer *out, const char *name);
void json_out_close_object(struct buffer *out);
void json_out_open_array(struct buffer *out, const char *name);
void json_out_close_array(struct buffer *out);

/*
 * Any octets that end with a NUL. In what is no UTF-8 each octet that is no ASCII becomes U+FFFD. NULL
 * becomes null.
 */
void json_out_text(struct buffer *out, const char *name, const char *text);
void json_out_integer(struct buffer *out, const char *name, int64_t integer);

/* With six digits: 1.4, not 1.3999999999999999. Finite. */
void json_out_real(struct buffer *out, const char *name, double real);
void json_out_flag(struct buffer *out, const char *name, bool flag);
void json_out_null(struct buffer *out, const char *name);

/* "2026-11-22T10:00:00Z" (RFC 3339), of the wall clock; null for a year that has not four digits. */
void json_out_time(struct buffer *out, const char *name, int64_t wall_s);
