/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One client of a server in this process, over a Unix socket. Knows no protocol. */
#include "talk.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "world.h"

enum {
	TURNS_MAX = 20000,
	QUIET_TURNS = 4,
	PATIENCE = 100, /* times that all is quiet, before time passes */
};

int
talk_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	expect(fd >= 0);
	/* No more than the family: the kernel chooses an abstract name. */
	expect(bind(fd, (struct sockaddr *)&address, sizeof(address.sun_family)) == 0);
	expect(listen(fd, 1) == 0);
	return fd;
}

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

/* Reads what there is. False: the connection has ended. */
static bool
read_answers(const struct talk *talk, int client)
{
	static char octets[65536];
	ssize_t count;

	while ((count = recv(client, octets, sizeof(octets), 0)) > 0) {
		if (talk->hear != NULL)
			talk->hear(octets, (size_t)count);
	}
	return count < 0 && errno == EAGAIN;
}

/* Turns until nothing more happens. False: the connection has ended. */
static bool
settle(const struct talk *talk, int client)
{
	bool is_open = true;

	for (int i = 0; i < QUIET_TURNS && is_open; i++) {
		expect(loop_turn(talk->loop, 0) == STATUS_OK);
		is_open = read_answers(talk, client);
	}
	return is_open;
}

/* False: the connection has ended before all was said. */
static bool
say(const struct talk *talk, int client, const uint8_t *data, size_t size, size_t piece)
{
	bool is_open = true;

	for (int turns = 0; size > 0 && is_open; turns++) {
		ssize_t count = send(client, data, piece < size ? piece : size, MSG_NOSIGNAL);

		expect(turns < TURNS_MAX);
		if (count > 0) {
			data += count;
			size -= (size_t)count;
		}
		is_open = (count > 0 || errno == EAGAIN) && settle(talk, client);
	}
	return is_open;
}

void
talk(const struct talk *talk, int listening, size_t piece, const uint8_t *data, size_t size)
{
	int client = connect_to(listening);
	bool is_open = say(talk, client, data, size, piece > 0 ? piece : size);

	(void)shutdown(client, SHUT_WR);
	for (int turns = 1; is_open; turns++) {
		expect(turns < TURNS_MAX);
		is_open = settle(talk, client);
		/* What it leaves unfinished is waited for as long as any other request. */
		if (turns % PATIENCE == 0)
			talk->pass_time();
	}
	(void)close(client);
	for (int i = 0; i < QUIET_TURNS; i++)
		expect(loop_turn(talk->loop, 0) == STATUS_OK);
}
