/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole connection of an HTTP client: whatever it says, and in whatever pieces, each request that
 * the site gets is complete, in bounds, and released once; and the connection ends some time after
 * the client has said all.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/http_server.h"

#include "talk.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 32768,
	BODY_MAX = 1000,
	STREAM_PARTS = 3,
	LIMIT_MS = 60000,
};

static struct http_server *server;
static struct http_exchange *stream;
static unsigned open_exchanges;
static unsigned parts;

/* --- a clock that moves when told, so that no time-out depends on the machine --- */

static int64_t now_ns;

static int64_t
told_ns(void)
{
	return now_ns;
}

static int64_t
fixed_s(void)
{
	return 1753000000;
}

static void
pass_time(void)
{
	now_ns += (int64_t)2 * LIMIT_MS * 1000000;
}

/* --- the site --- */

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
	return strcmp(path, "/e") == 0 ? BODY_MAX : 0;
}

static void
look_at(struct http_exchange *exchange)
{
	const char *name;
	size_t length;
	const char *body = http_body(exchange, &length);

	expect(length <= BODY_MAX && body[length] == '\0');
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
	if (http_argument(exchange, "late") != NULL && parts++ < STREAM_PARTS)
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

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	(void)connection;
	ret_peer->door = "fuzz";
	return true;
}

static void
end_turn(void *context)
{
	(void)context;
	http_server_flush(server, STATUS_OK);
	if (stream != NULL && parts++ < STREAM_PARTS)
		http_stream_write(stream, "data\n\n", 6);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_site site = { NULL, NULL, body_max, receive, finish, release };
	static const struct http_limits limits = { 2, 1, LIMIT_MS, LIMIT_MS, 0, 0 };
	static const struct clock_source told = { told_ns, fixed_s };
	struct loop *loop;
	struct talk client = { .pass_time = pass_time };
	int listening;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	clock_replace(&told);
	loop = loop_new();
	expect(loop != NULL);
	server = http_server_new(loop, &site, identify, NULL, &limits);
	expect(server != NULL);
	listening = talk_listen();
	expect(http_server_listen(server, listening) == STATUS_OK);
	loop_at_turn_end(loop, end_turn, NULL);
	client.loop = loop;
	talk(&client, listening, data[0], data + 1, size - 1);
	expect(open_exchanges == 0);
	http_server_free(server);
	loop_free(loop);
	clock_replace(NULL);
	return 0;
}
