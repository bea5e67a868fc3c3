/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets, for every door: opened, watched, and exchanged when the configuration changes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/loop.h"
#include "base/status.h"
#include "wire/address.h"

enum { LISTEN_PROBLEM_MAX = 256, LISTENERS_MAX = 16 };

enum listen_kind { LISTEN_UDP, LISTEN_TCP };

struct listener {
	struct loop_watch watch; /* its handler is called with the listener */
	struct endpoint at;
	void *owner;
	bool takes_segments; /* UDP: UDP_SEGMENT has not failed on it yet */
};

/* Zeroed apart from kind, loop, handler and owner. */
struct listeners {
	enum listen_kind kind;
	struct loop *loop;
	void (*handler)(void *listener, unsigned events);
	void *owner;
	struct listener *list[LISTENERS_MAX];
	size_t count;
};

/*
 * A socket of that kind, bound, for TCP listening, for who watches it himself; the same as those below.
 * On failure ret_problem says what failed, where, and what may help.
 */
enum status listen_open(enum listen_kind kind, const struct endpoint *at, int *ret_socket,
    char ret_problem[static LISTEN_PROBLEM_MAX]);

/*
 * Makes these the addresses: sockets that are there stay, others are opened or closed. On failure all is
 * as it was, and ret_problem says what failed, where, and what may help; also which address is lost, where
 * one that had to go first (for 0.0.0.0 in the place of 127.0.0.1) cannot be had again. Sockets do not block, are
 * closed on exec, and IPv6 ones take IPv6 only; on a wildcard UDP address the kernel is asked to
 * tell where each datagram was sent to.
 */
enum status listeners_set(struct listeners *listeners, const struct endpoint *at, size_t count,
    char ret_problem[static LISTEN_PROBLEM_MAX]);

void listeners_close(struct listeners *listeners);
