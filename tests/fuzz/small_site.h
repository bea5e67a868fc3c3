/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A site for fuzz targets of doors/http_server: each request that it gets is complete, in bounds, and
 * released once. By path: /w waits for a commit (?late: for several), /s is a stream (?large: of much at a
 * time), /n has no answer but its status, /b a large one; /e takes a body, and answers it. One file of a program includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "doors/http_server.h"

#include "world.h"

enum { SMALL_SITE_BODY_MAX = 1000, SMALL_SITE_PARTS = 20, SMALL_SITE_LARGE = 200000 };

extern const struct http_site small_site;

/* Everybody is somebody. */
bool small_site_identify(void *context, int connection, struct http_peer *ret_peer);

/* The turn of this server is over. */
void small_site_end_turn(struct http_server *server);

/* Aborts where one is left. */
void small_site_expect_no_exchange(void);

static struct http_exchange *stream;
static unsigned open_exchanges;
static unsigned parts;
static char large[SMALL_SITE_LARGE];

static bool
has_no_control_character(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	}
	return true;
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	(void)context;
	expect(method[0] != '\0');
	expect(path[0] == '/');
	expect(strcmp(peer->door, "fuzz") == 0);
	return strcmp(path, "/e") == 0 ? SMALL_SITE_BODY_MAX : 0;
}

static void
look_at(struct http_exchange *exchange)
{
	const char *name;
	size_t length;
	const char *body = http_body(exchange, &length);

	expect(length <= SMALL_SITE_BODY_MAX && body[length] == '\0');
	expect(has_no_control_character(http_path(exchange)));
	for (size_t i = 0; (name = http_argument_name(exchange, i)) != NULL; i++) {
		expect(has_no_control_character(name));
		expect(http_argument(exchange, name) != NULL);
		expect(has_no_control_character(http_argument(exchange, name)));
	}
	(void)http_header(exchange, "Authorization");
}

static void
receive(void *context, struct http_exchange *exchange)
{
	const char *path = http_path(exchange);
	size_t length;
	const char *body = http_body(exchange, &length);

	(void)context;
	open_exchanges++;
	look_at(exchange);
	expect(http_kept(exchange) == NULL);
	http_keep(exchange, &open_exchanges);
	if (strcmp(path, "/w") == 0) {
		http_wait(exchange);
	} else if (strcmp(path, "/s") == 0 && http_stream(exchange, "text/event-stream")) {
		stream = exchange;
		parts = 0;
	} else if (strcmp(path, "/n") == 0) {
		expect(http_answer(exchange, 204, NULL, NULL, 0) == STATUS_OK);
	} else if (strcmp(path, "/b") == 0 && http_has_room(exchange, SMALL_SITE_LARGE)) {
		expect(
		    http_answer(exchange, 200, "text/plain", large, SMALL_SITE_LARGE) == STATUS_OK);
	} else {
		http_add_header(exchange, "Allow", "GET");
		expect(http_answer(exchange, 200, "text/plain", body, length) == STATUS_OK);
	}
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	(void)commit_status;
	look_at(exchange);
	if (http_argument(exchange, "late") != NULL && parts++ < SMALL_SITE_PARTS)
		return;
	expect(http_answer(exchange, 200, "text/plain", "done", 4) == STATUS_OK);
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	expect(open_exchanges-- > 0);
	expect(http_kept(exchange) == &open_exchanges);
	if (exchange == stream)
		stream = NULL;
}

bool
small_site_identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	(void)connection;
	ret_peer->door = "fuzz";
	return true;
}

const struct http_site small_site = { NULL, NULL, body_max, receive, finish, release };

void
small_site_end_turn(struct http_server *server)
{
	http_server_flush(server, STATUS_OK);
	http_server_send(server);
	if (stream != NULL && parts++ < SMALL_SITE_PARTS)
		http_stream_write(stream, large,
		    http_argument(stream, "large") != NULL ? SMALL_SITE_LARGE : 6);
}

void
small_site_expect_no_exchange(void)
{
	expect(open_exchanges == 0);
}
