/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A small HTTP client for tests, in the same thread as the server: it sends text as it stands, and
 * turns the loop until an answer is complete. Fails the test when none comes in time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"

enum { HTTP_CLIENT_LIMIT_MS = 20000, HTTP_CLIENT_HEAD_MAX = 8192, HTTP_CLIENT_BODY_MAX = 4 << 20 };

struct http_reply {
	unsigned code;
	char head[HTTP_CLIENT_HEAD_MAX]; /* the status line and the headers */
	char *body;                      /* ended with a NUL; static, until the next reply */
	size_t length;
	bool is_closed; /* the server has closed the connection behind it */
};

/* Connects to a Unix socket; close-on-exec, blocking. */
int http_client_connect(const char *path);

void http_client_send(int fd, const char *text);

/* One answer with Content-Length, chunked, or up to the end of the connection. */
void http_client_read(struct loop *loop, int fd, struct http_reply *ret_reply);

/* The same for an answer that has no body (to HEAD, and 1xx). */
void http_client_read_head(struct loop *loop, int fd, struct http_reply *ret_reply);

/* Sends the text and reads the answer. */
void http_client_ask(struct loop *loop, int fd, const char *text, struct http_reply *ret_reply);

/* The value of a header of the answer, in static memory, or NULL. */
const char *http_client_header(const struct http_reply *reply, const char *name);

/* Turns the loop until some octets are there; their number, 0 at the end of the connection. */
size_t http_client_receive(struct loop *loop, int fd, char *octets, size_t room);

/* Turns the loop until the server has closed the connection; what it says before is dropped. */
void http_client_expect_end(struct loop *loop, int fd);

/* True when there is something to be read now, or the end; turns nothing. */
bool http_client_has_something(int fd);
