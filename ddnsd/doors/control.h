/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The Unix socket: made with its mode and group, taken over from a daemon that is dead, never from
 * one that lives; and who connects to it, by the kernel's word. The API behind it is doors/api.
 */
#pragma once

#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "auth/peer.h"
#include "base/loop.h"
#include "base/status.h"
#include "doors/http_server.h"

enum { CONTROL_PROBLEM_MAX = 256, CONTROL_CONNECTIONS_MAX = 64, CONTROL_STREAMS_MAX = 16 };

struct control_options {
	char socket[108]; /* sun_path; "" = no socket */
	char group[64];   /* "" = the process's own, as files that it makes have */
	mode_t mode;      /* 0660 */
};

struct control;

/* site is borrowed. NULL when out of memory. */
struct control *control_new(struct loop *loop, const struct http_site *site);

/* Closes and removes the socket. Takes NULL. */
void control_free(struct control *control);

/*
 * Opens the socket, before privileges are dropped (its group may need root); or, at a reload,
 * exchanges it where the options differ, which may then not be possible. On failure all is as it was and
 * ret_problem says what, where, and what to do. STATUS_REFUSED: another daemon listens there.
 */
enum status control_listen(struct control *control, const struct control_options *options,
    char ret_problem[static CONTROL_PROBLEM_MAX]);

/* Who may do what. Borrowed until the next call. */
void control_set_peers(struct control *control, struct peer_principal *peers, size_t count);

/* After service_commit(), each turn; then control_send() (see http_server_send()). */
void control_flush(struct control *control, enum status commit_status);
void control_send(struct control *control);
