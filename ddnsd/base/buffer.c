/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Growing byte buffers with a ceiling. */
#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 512, FORMAT_MAX = 1024 };

void
buffer_init(struct buffer *buffer, size_t ceiling)
{
	*buffer = (struct buffer){ .ceiling = ceiling };
}

void
buffer_release(struct buffer *buffer)
{
	free(buffer->data);
	buffer_init(buffer, buffer->ceiling);
}

void
buffer_clear(struct buffer *buffer)
{
	buffer->length = 0;
	buffer->status = STATUS_OK;
}

enum status
buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;
	char *data;

	if (buffer->status != STATUS_OK)
		return buffer->status;
	if (more > buffer->ceiling || buffer->length > buffer->ceiling - more) {
		buffer->status = STATUS_TOO_LARGE;
		return buffer->status;
	}
	if (buffer->data != NULL && buffer->length + more <= buffer->capacity)
		return STATUS_OK;
	while (capacity < buffer->length + more)
		capacity = capacity <= buffer->ceiling / 2 ? 2 * capacity : buffer->ceiling;
	if (capacity > buffer->ceiling)
		capacity = buffer->ceiling;
	data = realloc(buffer->data, capacity);
	if (data == NULL) {
		buffer->status = STATUS_NO_MEMORY;
		return buffer->status;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return STATUS_OK;
}

enum status
buffer_append(struct buffer *buffer, const void *bytes, size_t length)
{
	enum status status = buffer_reserve(buffer, length);

	if (status != STATUS_OK || length == 0)
		return status;
	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	return STATUS_OK;
}

enum status
buffer_append_text(struct buffer *buffer, const char *text)
{
	return buffer_append(buffer, text, strlen(text));
}

enum status
buffer_format(struct buffer *buffer, const char *format, ...)
{
	char text[FORMAT_MAX + 1];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (length < 0 || length > FORMAT_MAX) {
		if (buffer->status == STATUS_OK)
			buffer->status = STATUS_TOO_LARGE;
		return buffer->status;
	}
	return buffer_append(buffer, text, (size_t)length);
}

void
buffer_consume(struct buffer *buffer, size_t length)
{
	if (length == 0)
		return;
	buffer->length -= length;
	memmove(buffer->data, buffer->data + length, buffer->length);
}
