/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client of a server that runs in this process's loop, for fuzz targets: a connection over
 * which octets go in pieces, until the server ends it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"

struct talk {
	struct loop *loop;
	void (*pass_time)(void); /* more than any time limit of the server */
	void (*hear)(const char *octets, size_t length); /* what it answers; NULL: nobody listens */
};

/* A listening socket without a name in the file system. */
int talk_listen(void);

/*
 * Connects, says the octets in pieces of this length (0 = all at once), and reads all answers.
 * Aborts when the server does not end the connection.
 */
void talk(const struct talk *talk, int listening, size_t piece, const uint8_t *data, size_t size);
