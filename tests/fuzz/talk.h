/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The clients of a server that runs in this process's loop, for fuzz targets: connections over
 * which octets go in pieces, until the server ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

enum { TALK_CLIENTS = 3 };

struct talk {
	struct loop *loop;
	void (*pass_time)(void); /* more than any time limit of the server */
	/* What it answers a client; NULL: nobody listens. */
	void (*hear)(unsigned client, const char *octets, size_t length);
	bool is_slow; /* the clients read little at a time, and seldom */
};

/* What one of the clients, below TALK_CLIENTS, says next. */
struct talk_part {
	unsigned client;
	const uint8_t *octets;
	size_t size;
};

/* A listening socket without a name in the file system. */
int talk_listen(void);

/* A client's socket, connected to it. */
int talk_connect(int listening);

/*
 * Connects, says the octets in pieces of this length (0 = all at once), and reads all answers.
 * Aborts when the server does not end the connection.
 */
void talk(const struct talk *talk, int listening, size_t piece, const uint8_t *data, size_t size);

/* The same for several clients: each connects when it has something to say for the first time. */
void talk_in_turns(const struct talk *talk, int listening, size_t piece,
    const struct talk_part *parts, size_t count);

/* Whose the other end of a connection that the server has accepted is. */
unsigned talk_client_of(int connection);
