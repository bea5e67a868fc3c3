/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An HTTP client that turns the server's loop while it waits. */
#include "http_client.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include <cmocka.h>

enum { TURN_MS = 20 };

static char body[HTTP_CLIENT_BODY_MAX + 1];

static int64_t
real_now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int
http_client_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_in_range(strlen(path), 1, sizeof(address.sun_path) - 1);
	memcpy(address.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

void
http_client_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

size_t
http_client_receive(struct loop *loop, int fd, char *octets, size_t room)
{
	int64_t until_ms = real_now_ms() + HTTP_CLIENT_LIMIT_MS;

	for (;;) {
		ssize_t count = recv(fd, octets, room, MSG_DONTWAIT);

		/* A server that closes with something unread resets the connection. */
		if (count >= 0 || errno == ECONNRESET)
			return count > 0 ? (size_t)count : 0;
		assert_int_equal(errno, EAGAIN);
		assert_true(real_now_ms() < until_ms);
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
}

static bool
ends_with(const char *text, size_t length, const char *end)
{
	return length >= strlen(end) && memcmp(text + length - strlen(end), end, strlen(end)) == 0;
}

/* Octet by octet: what follows belongs to the body, or to the next answer. */
static void
read_line(struct loop *loop, int fd, char *line, size_t room)
{
	size_t length = 0;

	while (!ends_with(line, length, "\r\n")) {
		assert_true(length + 1 < room);
		assert_int_equal(http_client_receive(loop, fd, line + length, 1), 1);
		length++;
	}
	line[length] = '\0';
}

static void
read_octets(struct loop *loop, int fd, size_t length, struct http_reply *reply)
{
	assert_true(length <= HTTP_CLIENT_BODY_MAX - reply->length);
	while (length > 0) {
		size_t count = http_client_receive(loop, fd, reply->body + reply->length, length);

		assert_true(count > 0);
		reply->length += count;
		length -= count;
	}
}

static void
read_chunks(struct loop *loop, int fd, struct http_reply *reply)
{
	char line[32];

	for (;;) {
		size_t length;

		read_line(loop, fd, line, sizeof(line));
		length = strtoul(line, NULL, 16);
		read_octets(loop, fd, length, reply);
		read_line(loop, fd, line, sizeof(line));
		assert_string_equal(line, "\r\n");
		if (length == 0)
			return;
	}
}

void
http_client_read_head(struct loop *loop, int fd, struct http_reply *ret_reply)
{
	size_t length = 0;

	*ret_reply = (struct http_reply){ .body = body };
	body[0] = '\0';
	do {
		size_t before = length;

		read_line(loop, fd, ret_reply->head + length, sizeof(ret_reply->head) - length);
		length = strlen(ret_reply->head);
		assert_true(length > before);
	} while (!ends_with(ret_reply->head, length, "\r\n\r\n"));
	assert_memory_equal(ret_reply->head, "HTTP/1.", 7);
	ret_reply->code = (unsigned)strtoul(ret_reply->head + 9, NULL, 10);
}

void
http_client_read(struct loop *loop, int fd, struct http_reply *ret_reply)
{
	const char *coding;
	const char *length;

	http_client_read_head(loop, fd, ret_reply);
	if (ret_reply->code == 204)
		return;
	length = http_client_header(ret_reply, "Content-Length");
	if (length != NULL) {
		read_octets(loop, fd, strtoul(length, NULL, 10), ret_reply);
	} else {
		coding = http_client_header(ret_reply, "Transfer-Encoding");
		if (coding != NULL) {
			assert_string_equal(coding, "chunked");
			read_chunks(loop, fd, ret_reply);
		} else {
			size_t count;

			do {
				count = http_client_receive(loop, fd, body + ret_reply->length,
				    HTTP_CLIENT_BODY_MAX - ret_reply->length);
				ret_reply->length += count;
			} while (count > 0);
			ret_reply->is_closed = true;
		}
	}
	body[ret_reply->length] = '\0';
}

void
http_client_ask(struct loop *loop, int fd, const char *text, struct http_reply *ret_reply)
{
	http_client_send(fd, text);
	http_client_read(loop, fd, ret_reply);
}

const char *
http_client_header(const struct http_reply *reply, const char *name)
{
	static char value[1024];
	const char *line = strstr(reply->head, "\r\n");

	for (; line != NULL; line = strstr(line + 2, "\r\n")) {
		const char *at = line + 2;
		size_t length;

		if (strncasecmp(at, name, strlen(name)) != 0 || at[strlen(name)] != ':')
			continue;
		at += strlen(name) + 1;
		at += strspn(at, " ");
		length = strcspn(at, "\r");
		assert_true(length < sizeof(value));
		memcpy(value, at, length);
		value[length] = '\0';
		return value;
	}
	return NULL;
}

void
http_client_expect_end(struct loop *loop, int fd)
{
	char octets[4096];

	while (http_client_receive(loop, fd, octets, sizeof(octets)) > 0)
		;
}

bool
http_client_has_something(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN;
}
