/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for the HTTP server: exchanges made from values, whose answers can be read. Defines
 * what doors/http_server.h declares for sites; one file of a program includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "doors/http_server.h"
#include "doors/http_target.h"

enum { FAKE_ANSWER_MAX = 512 << 20, FAKE_HEADERS = 8, FAKE_HEADER_MAX = 128, FAKE_STREAMS = 2 };

struct http_exchange {
	const char *method;
	struct http_target target;
	struct http_peer peer;
	const struct http_argument
	    *asked; /* headers of the request, ended by a NULL name; NULL: none */
	char *body; /* in a block of exactly its size, its NUL included */
	size_t length;
	void *kept;

	bool is_waiting;
	bool is_stream;
	unsigned code; /* 0: not answered */
	const char *type;
	struct buffer
	    answer; /* its body, or what was streamed; ended with a NUL that does not count */
	char headers[FAKE_HEADERS][2][FAKE_HEADER_MAX];
	size_t header_count;
};

static unsigned fake_streams;       /* that are open */
static size_t fake_room = SIZE_MAX; /* for answers */

/* Makes an exchange, of "/path?query" as a client writes it. False: the server would not take it. */
static inline bool
fake_begin(struct http_exchange *exchange, const struct http_peer *peer, const char *method,
    const char *target, const void *body, size_t length)
{
	*exchange = (struct http_exchange){ .method = method, .peer = *peer, .length = length };
	if (http_target_init(&exchange->target, target) != STATUS_OK)
		return false;
	buffer_init(&exchange->answer, FAKE_ANSWER_MAX);
	exchange->body = malloc(length + 1);
	if (exchange->body == NULL)
		abort();
	if (length > 0)
		memcpy(exchange->body, body, length);
	exchange->body[length] = '\0';
	return true;
}

/* The server has let the site release it. */
static inline void
fake_end(struct http_exchange *exchange)
{
	if (exchange->is_stream)
		fake_streams--;
	http_target_release(&exchange->target);
	buffer_release(&exchange->answer);
	free(exchange->body);
}

static inline const char *
fake_header(const struct http_exchange *exchange, const char *name)
{
	for (size_t i = 0; i < exchange->header_count; i++) {
		if (strcmp(exchange->headers[i][0], name) == 0)
			return exchange->headers[i][1];
	}
	return NULL;
}

static inline void
fake_write(struct http_exchange *exchange, const void *bytes, size_t length)
{
	if (buffer_append(&exchange->answer, bytes, length) != STATUS_OK ||
	    buffer_append(&exchange->answer, "", 1) != STATUS_OK)
		abort();
	exchange->answer.length--;
}

/* --- what sites call --- */

const char *
http_method(const struct http_exchange *exchange)
{
	return exchange->method;
}

const char *
http_path(const struct http_exchange *exchange)
{
	return exchange->target.path;
}

const char *
http_argument(const struct http_exchange *exchange, const char *name)
{
	return http_target_argument(&exchange->target, name);
}

const char *
http_argument_name(const struct http_exchange *exchange, size_t place)
{
	return place < exchange->target.argument_count ? exchange->target.arguments[place].name
						       : NULL;
}

const char *
http_argument_value(const struct http_exchange *exchange, size_t place)
{
	return exchange->target.arguments[place].value;
}

const char *
http_header(const struct http_exchange *exchange, const char *name)
{
	for (const struct http_argument *header = exchange->asked;
	     header != NULL && header->name != NULL; header++) {
		if (strcasecmp(header->name, name) == 0)
			return header->value;
	}
	return NULL;
}

size_t
http_header_count(const struct http_exchange *exchange, const char *name)
{
	size_t count = 0;

	for (const struct http_argument *header = exchange->asked;
	     header != NULL && header->name != NULL; header++)
		count += strcasecmp(header->name, name) == 0;
	return count;
}

const char *
http_last_header(const struct http_exchange *exchange, const char *name)
{
	const char *last = NULL;

	for (const struct http_argument *header = exchange->asked;
	     header != NULL && header->name != NULL; header++) {
		if (strcasecmp(header->name, name) == 0)
			last = header->value;
	}
	return last;
}

const char *
http_body(const struct http_exchange *exchange, size_t *ret_length)
{
	*ret_length = exchange->length;
	return exchange->body;
}

const struct http_peer *
http_peer(const struct http_exchange *exchange)
{
	return &exchange->peer;
}

void
http_set_peer(struct http_exchange *exchange, const struct http_peer *peer)
{
	exchange->peer = *peer;
}

void
http_keep(struct http_exchange *exchange, void *state)
{
	exchange->kept = state;
}

void *
http_kept(const struct http_exchange *exchange)
{
	return exchange->kept;
}

enum status
http_answer(struct http_exchange *exchange, unsigned code, const char *type, const void *body,
    size_t length)
{
	/* Once, with a real code. */
	if (exchange->code != 0 || exchange->is_stream || code < 200 || code > 599)
		abort();
	exchange->code = code;
	exchange->type = type;
	exchange->is_waiting = false;
	fake_write(exchange, body, type != NULL ? length : 0);
	return STATUS_OK;
}

bool
http_has_room(struct http_exchange *exchange, size_t length)
{
	(void)exchange;
	return length <= fake_room;
}

void
http_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
	if (exchange->header_count == FAKE_HEADERS || exchange->code != 0)
		abort();
	(void)strncpy(exchange->headers[exchange->header_count][0], name, FAKE_HEADER_MAX - 1);
	(void)strncpy(exchange->headers[exchange->header_count][1], value, FAKE_HEADER_MAX - 1);
	exchange->header_count++;
}

void
http_wait(struct http_exchange *exchange)
{
	if (exchange->code != 0 || exchange->is_stream)
		abort();
	exchange->is_waiting = true;
}

bool
http_stream(struct http_exchange *exchange, const char *type)
{
	if (exchange->code != 0 || exchange->is_stream)
		abort();
	if (fake_streams == FAKE_STREAMS)
		return false;
	fake_streams++;
	exchange->is_stream = true;
	exchange->is_waiting = false;
	exchange->code = 200;
	exchange->type = type;
	return true;
}

void
http_stream_write(struct http_exchange *exchange, const char *text, size_t length)
{
	if (!exchange->is_stream)
		abort();
	fake_write(exchange, text, length);
}
