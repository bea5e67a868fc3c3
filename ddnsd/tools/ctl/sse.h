/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A text/event-stream (HTML Living Standard 9.2.6), bytes in and events out, in pieces of any
 * size. Takes lines that end with LF or CR LF; a CR alone ends none. Identifiers and retry times
 * are passed over.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum { SSE_EVENT_MAX = 1024 * 1024 };

/* data is not ended by a NUL. Returning false ends the reading. */
typedef bool sse_handler(void *context, const char *event, const char *data, size_t length);

struct sse {
	struct buffer line;
	struct buffer event; /* its name; empty: "message" */
	struct buffer data;
	bool has_data;
};

void sse_init(struct sse *sse);
void sse_release(struct sse *sse);

/*
 * Reads on. *ret_goes_on becomes false when handler said so; what is behind is dropped.
 * STATUS_TOO_LARGE: a line or an event is over SSE_EVENT_MAX; STATUS_NO_MEMORY.
 */
enum status sse_feed(struct sse *sse, const char *bytes, size_t length, sse_handler *handler,
    void *context, bool *ret_goes_on);
