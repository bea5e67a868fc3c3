/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Clients of a server in this process, over Unix sockets. Knows no protocol. */
#include "talk.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "world.h"

enum {
	TURNS_MAX = 20000,
	QUIET_TURNS = 4,
	PATIENCE = 100, /* times that all is quiet, before time passes */
	SLOWNESS = 4,   /* a slow reader reads each so many times */
	SLOW_SIZE = 1024,
};

/* What the kernel calls a socket; an abstract name of its choice. */
struct label {
	struct sockaddr_un address;
	socklen_t size;
};

struct client {
	struct label label;
	int fd; /* -1: it has not come yet, or the connection has ended */
	bool has_come;
	unsigned looks;
};

static struct client clients[TALK_CLIENTS];
static struct label server;

static int
open_socket(int flags)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);

	expect(fd >= 0);
	/* No more than the family: the kernel chooses an abstract name. */
	expect(bind(fd, (struct sockaddr *)&address, sizeof(address.sun_family)) == 0);
	return fd;
}

static struct label
label_of(int fd)
{
	struct label label = { .size = sizeof(label.address) };

	expect(getsockname(fd, (struct sockaddr *)&label.address, &label.size) == 0);
	return label;
}

/* Who closes twice closes what others have opened meanwhile. */
int
close(int fd)
{
	int result = (int)syscall(SYS_close, fd);

	expect(result == 0 || errno != EBADF);
	return result;
}

int
talk_listen(void)
{
	int fd = open_socket(SOCK_NONBLOCK);

	expect(listen(fd, 1) == 0);
	return fd;
}

unsigned
talk_client_of(int connection)
{
	struct label label = { .size = sizeof(label.address) };
	unsigned i = 0;

	/* Not by its name: a target may have a function in its place. */
	expect(syscall(SYS_getpeername, connection, &label.address, &label.size) == 0);
	while (i < TALK_CLIENTS &&
	    (clients[i].label.size != label.size ||
		memcmp(&clients[i].label.address, &label.address, label.size) != 0))
		i++;
	expect(i < TALK_CLIENTS);
	return i;
}

int
talk_connect(int listening)
{
	struct label label = label_of(listening);
	int fd = open_socket(SOCK_NONBLOCK);

	expect(connect(fd, (struct sockaddr *)&label.address, label.size) == 0);
	return fd;
}

/* The server may listen no more. */
static void
come(struct client *client)
{
	client->has_come = true;
	client->fd = open_socket(SOCK_NONBLOCK);
	client->label = label_of(client->fd);
	if (connect(client->fd, (struct sockaddr *)&server.address, server.size) == 0)
		return;
	(void)close(client->fd);
	client->fd = -1;
}

static void
leave(struct client *client)
{
	(void)close(client->fd);
	client->fd = -1;
}

/* Reads what there is. */
static void
read_answers(const struct talk *talk, struct client *client)
{
	static char octets[65536];
	size_t most = talk->is_slow ? SLOW_SIZE : sizeof(octets);
	ssize_t count;

	if (client->fd < 0 || (talk->is_slow && ++client->looks % SLOWNESS != 0))
		return;
	do {
		count = recv(client->fd, octets, most, 0);
		if (count > 0 && talk->hear != NULL)
			talk->hear((unsigned)(client - clients), octets, (size_t)count);
	} while (count > 0 && !talk->is_slow);
	if (count == 0 || (count < 0 && errno != EAGAIN))
		leave(client);
}

/* Turns until nothing more happens. */
static void
settle(const struct talk *talk)
{
	for (int i = 0; i < QUIET_TURNS; i++) {
		expect(loop_turn(talk->loop, 0) == STATUS_OK);
		for (size_t j = 0; j < TALK_CLIENTS; j++)
			read_answers(talk, &clients[j]);
	}
}

static void
say(const struct talk *talk, const struct talk_part *part, size_t piece)
{
	struct client *client = &clients[part->client];
	const uint8_t *octets = part->octets;
	size_t size = part->size;

	if (!client->has_come)
		come(client);
	for (int turns = 0; size > 0 && client->fd >= 0; turns++) {
		ssize_t count = send(client->fd, octets, piece > 0 && piece < size ? piece : size,
		    MSG_NOSIGNAL);

		expect(turns < TURNS_MAX);
		if (count < 0 && errno != EAGAIN) {
			leave(client);
			return;
		}
		if (count > 0) {
			octets += count;
			size -= (size_t)count;
		}
		settle(talk);
	}
}

static bool
is_anybody_there(void)
{
	for (size_t i = 0; i < TALK_CLIENTS; i++) {
		if (clients[i].fd >= 0)
			return true;
	}
	return false;
}

void
talk_in_turns(const struct talk *talk, int listening, size_t piece, const struct talk_part *parts,
    size_t count)
{
	server = label_of(listening);
	for (size_t i = 0; i < TALK_CLIENTS; i++)
		clients[i] = (struct client){ .fd = -1 };
	for (size_t i = 0; i < count; i++)
		say(talk, &parts[i], piece);
	for (size_t i = 0; i < TALK_CLIENTS; i++) {
		if (clients[i].fd >= 0)
			(void)shutdown(clients[i].fd, SHUT_WR);
	}
	for (int turns = 1; is_anybody_there(); turns++) {
		expect(turns < TURNS_MAX);
		settle(talk);
		/* What they leave unfinished is waited for as long as any other request. */
		if (turns % PATIENCE == 0)
			talk->pass_time();
	}
	settle(talk);
}

void
talk(const struct talk *talk, int listening, size_t piece, const uint8_t *data, size_t size)
{
	const struct talk_part all = { 0, data, size };

	talk_in_turns(talk, listening, piece, &all, 1);
}
