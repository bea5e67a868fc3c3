/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole connection of an HTTP client: whatever it says, and in whatever pieces, each request that
 * the site gets is complete, in bounds, and released once; and the connection ends some time after
 * the client has said all.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/http_server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 32768,
	BODY_MAX = 1000,
	TURNS_MAX = 20000,
	QUIET_TURNS = 4,
	STREAM_PARTS = 3,
	LIMIT_MS = 60000,
	PATIENCE = 100, /* times that all is quiet, before time passes */
};

static struct http_server *server;
static struct http_exchange *stream;
static unsigned open_exchanges;
static unsigned parts;

#define expect(holds) ((holds) ? (void)0 : expect_failed(#holds, __LINE__))

static void
expect_failed(const char *what, int line)
{
	(void)fprintf(stderr, "fuzz_http.c:%d: %s does not hold\n", line, what);
	abort();
}

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

/* --- the client --- */

/* Connects to a listening socket without a name in the file system. */
static int
connect_to(int listening)
{
	struct sockaddr_un address;
	socklen_t size = sizeof(address);
	int client = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	expect(client >= 0);
	expect(getsockname(listening, (struct sockaddr *)&address, &size) == 0);
	expect(connect(client, (struct sockaddr *)&address, size) == 0);
	return client;
}

static int
listen_somewhere(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	expect(fd >= 0);
	/* No more than the family: the kernel chooses an abstract name. */
	expect(bind(fd, (struct sockaddr *)&address, sizeof(address.sun_family)) == 0);
	expect(listen(fd, 1) == 0);
	return fd;
}

/* Reads what there is. False: the connection has ended. */
static bool
read_answers(int client)
{
	static char octets[65536];
	ssize_t count;

	do
		count = recv(client, octets, sizeof(octets), 0);
	while (count > 0);
	return count < 0 && errno == EAGAIN;
}

/* Turns until nothing more happens. False: the connection has ended. */
static bool
settle(struct loop *loop, int client)
{
	bool is_open = true;

	for (int i = 0; i < QUIET_TURNS && is_open; i++) {
		expect(loop_turn(loop, 0) == STATUS_OK);
		is_open = read_answers(client);
	}
	return is_open;
}

/* The first octet says how long the pieces are; 0 = all at once. */
static void
talk(struct loop *loop, int client, const uint8_t *data, size_t size)
{
	size_t piece = data[0] > 0 ? data[0] : size;
	bool is_open = true;

	data++;
	size--;
	for (int turns = 0; size > 0 && is_open; turns++) {
		ssize_t count = send(client, data, piece < size ? piece : size, MSG_NOSIGNAL);

		expect(turns < TURNS_MAX);
		if (count > 0) {
			data += count;
			size -= (size_t)count;
		}
		is_open = (count > 0 || errno == EAGAIN) && settle(loop, client);
	}
	(void)shutdown(client, SHUT_WR);
	for (int turns = 1; is_open; turns++) {
		expect(turns < TURNS_MAX);
		is_open = settle(loop, client);
		/* What it leaves unfinished is waited for as long as any other request. */
		if (turns % PATIENCE == 0)
			now_ns += (int64_t)2 * LIMIT_MS * 1000000;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_site site = { NULL, body_max, receive, finish, release };
	static const struct http_limits limits = { 2, 1, LIMIT_MS, LIMIT_MS };
	static const struct clock_source told = { told_ns, fixed_s };
	struct loop *loop;
	int client;
	int listening;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	clock_replace(&told);
	loop = loop_new();
	expect(loop != NULL);
	server = http_server_new(loop, &site, identify, NULL, &limits);
	expect(server != NULL);
	listening = listen_somewhere();
	expect(http_server_listen(server, listening) == STATUS_OK);
	loop_at_turn_end(loop, end_turn, NULL);
	client = connect_to(listening);
	talk(loop, client, data, size);
	(void)close(client);
	for (int i = 0; i < QUIET_TURNS; i++)
		expect(loop_turn(loop, 0) == STATUS_OK);
	expect(open_exchanges == 0);
	http_server_free(server);
	loop_free(loop);
	clock_replace(NULL);
	return 0;
}
