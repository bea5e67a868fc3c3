/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A byte buffer that grows up to a ceiling given when it is made. A failed append leaves what was
 * there, and marks the buffer: a chain of appends needs one check at its end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

struct buffer {
	char *data;
	size_t length;
	size_t capacity;
	size_t ceiling;
	enum status status; /* STATUS_OK, STATUS_TOO_LARGE or STATUS_NO_MEMORY */
};

/* Allocates nothing yet. ceiling is in bytes. */
void buffer_init(struct buffer *buffer, size_t ceiling);

/* Frees the bytes; the buffer is empty and usable again. */
void buffer_release(struct buffer *buffer);

/* Empties it and clears its status; keeps the memory. */
void buffer_clear(struct buffer *buffer);

/* Appends bytes. On failure nothing is added and the status stays until cleared. */
enum status buffer_append(struct buffer *buffer, const void *bytes, size_t length);

/* Appends text without its NUL. */
enum status buffer_append_text(struct buffer *buffer, const char *text);

/* Appends formatted text; one call adds at most 1,024 bytes, more is STATUS_TOO_LARGE. */
enum status buffer_format(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Makes room for that many more bytes behind length, without changing length. */
enum status buffer_reserve(struct buffer *buffer, size_t more);

/* Takes the first bytes out; the rest moves to the front. length is at most buffer->length. */
void buffer_consume(struct buffer *buffer, size_t length);
