/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Takes a stream of events apart, line by line. */
#include "tools/ctl/sse.h"

#include <string.h>

void
sse_init(struct sse *sse)
{
	buffer_init(&sse->line, SSE_EVENT_MAX);
	buffer_init(&sse->event, SSE_EVENT_MAX);
	buffer_init(&sse->data, SSE_EVENT_MAX);
	sse->has_data = false;
}

void
sse_release(struct sse *sse)
{
	buffer_release(&sse->line);
	buffer_release(&sse->event);
	buffer_release(&sse->data);
}

/* An empty line: what was gathered is an event, if it has data. */
static bool
dispatch(struct sse *sse, sse_handler *handler, void *context)
{
	bool goes_on = true;

	if (sse->has_data && sse->event.status == STATUS_OK && sse->data.status == STATUS_OK) {
		if (sse->event.length == 0)
			buffer_append_text(&sse->event, "message");
		/* Data are never NULL, not even of no length. */
		buffer_append(&sse->event, "", 1);
		buffer_append(&sse->data, "", 1);
		if (sse->event.status == STATUS_OK && sse->data.status == STATUS_OK)
			goes_on = handler(context, sse->event.data, sse->data.data,
			    sse->data.length - 1);
	}
	buffer_clear(&sse->event);
	buffer_clear(&sse->data);
	sse->has_data = false;
	return goes_on;
}

static enum status
take_field(struct sse *sse)
{
	const char *line = sse->line.data;
	size_t length = sse->line.length, name = 0, value;

	while (name < length && line[name] != ':')
		name++;
	value = name < length ? name + 1 : length;
	if (value < length && line[value] == ' ')
		value++;
	if (name == 5 && memcmp(line, "event", 5) == 0) {
		buffer_clear(&sse->event);
		return buffer_append(&sse->event, line + value, length - value);
	}
	if (name == 4 && memcmp(line, "data", 4) == 0) {
		if (sse->has_data)
			buffer_append_text(&sse->data, "\n");
		sse->has_data = true;
		return buffer_append(&sse->data, line + value, length - value);
	}
	return STATUS_OK;
}

enum status
sse_feed(struct sse *sse, const char *bytes, size_t length, sse_handler *handler, void *context,
    bool *ret_goes_on)
{
	const char *end = bytes + length;

	while (bytes < end && *ret_goes_on) {
		const char *newline = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t size = (size_t)((newline != NULL ? newline : end) - bytes);
		enum status status = buffer_append(&sse->line, bytes, size);

		if (status != STATUS_OK)
			return status;
		if (newline == NULL)
			return STATUS_OK;
		bytes = newline + 1;
		if (sse->line.length > 0 && sse->line.data[sse->line.length - 1] == '\r')
			sse->line.length--;
		if (sse->line.length == 0)
			*ret_goes_on = dispatch(sse, handler, context);
		else
			status = take_field(sse);
		if (status != STATUS_OK)
			return status;
		buffer_clear(&sse->line);
	}
	return STATUS_OK;
}
