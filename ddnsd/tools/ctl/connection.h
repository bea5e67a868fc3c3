/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One exchange with the daemon on the wire: connects, sends, and reads an HTTP/1.0 answer's head
 * and bytes, all before a deadline. What an answer means is the client's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "tools/ctl/client.h"

enum {
	CONNECTION_HEAD_MAX = 64 * 1024,
	CONNECTION_TIMEOUT_MS = 30 * 1000,
};

struct connection {
	int descriptor; /* -1: none */
	int64_t deadline_ms;
	const char *socket;
	bool is_quiet; /* unreachability is not said */
	/* The answer's head, once connection_read_head() is done. */
	unsigned code;
	char type[64];
	int64_t length;         /* Content-Length; -1: up to the end */
	struct buffer received; /* behind the head */
};

/*
 * Connects. CTL_UNREACHABLE: nobody listens there, or we may not. Failures are said on stderr. The
 * connection is to be closed whatever the outcome.
 */
enum ctl_exit connection_open(struct connection *connection, const char *socket, int timeout_ms,
    bool is_quiet);
void connection_close(struct connection *connection);

/* Sends the whole request. An answer that comes before all is sent is no failure: read it. */
enum ctl_exit connection_send(struct connection *connection, const struct client_request *request);

/* Reads the status line and the headers, and what came behind them into received. */
enum ctl_exit connection_read_head(struct connection *connection);

/* More bytes into received. *ret_count 0: the end. */
enum ctl_exit connection_read(struct connection *connection, size_t *ret_count);

/*
 * The head of an answer: "HTTP/1.x NNN ..." and headers, up to and with the empty line. False: it
 * is none. *ret_size 0 (and true): it is not whole yet.
 */
bool connection_parse_head(struct connection *connection, const char *bytes, size_t length,
    size_t *ret_size);
