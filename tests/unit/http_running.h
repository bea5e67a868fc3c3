/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An HTTP server that runs in the test's own thread: its socket, its loop, and how often that
 * turns. For one file of a program.
 */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "doors/http_server.h"

#include "folder.h"

enum { QUIET_MS = 100, LISTEN_QUEUE = 32 };

static struct folder folder;
static char path[PATH_MAX]; /* of the socket */
static struct loop *loop;
static struct http_server *server;
static unsigned turns; /* counted at their ends by the test */

static inline int
listen_at(const char *at)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_true(strlen(at) < sizeof(address.sun_path));
	memcpy(address.sun_path, at, strlen(at));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, LISTEN_QUEUE), 0);
	return fd;
}

/* Gives the server its socket, in the folder. */
static inline void
start_listening(void)
{
	assert_non_null(server);
	assert_int_equal(http_server_listen(server, listen_at(folder_entry(&folder, "s", path))),
	    STATUS_OK);
}

static inline void
settle(void)
{
	for (int i = 0; i < 10; i++)
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
}

static inline void
stop_waiting(void *context)
{
	*(bool *)context = true;
}

/* How often the loop turns while nothing happens. */
static inline unsigned
turns_while_quiet(void)
{
	bool is_over = false;
	struct loop_timer timer = { .handler = stop_waiting, .context = &is_over };

	settle();
	turns = 0;
	assert_int_equal(loop_timer_set(loop, &timer, QUIET_MS), STATUS_OK);
	while (!is_over)
		assert_int_equal(loop_turn(loop, -1), STATUS_OK);
	return turns;
}
