/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who speaks over the Unix socket: the kernel says which user it is (SO_PEERCRED) and which groups
 * (SO_PEERGROUPS); `peer` blocks of the configuration say what that user may do. Plain values; no
 * socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "auth/principal.h"

enum { PEER_GROUPS_MAX = 64 };

/* What the kernel says of a connection. */
struct peer_credentials {
	pid_t pid;
	uid_t uid;
	gid_t groups[PEER_GROUPS_MAX]; /* the primary one first */
	size_t group_count;
};

/* A `peer` block. */
struct peer_principal {
	struct principal principal; /* kind PRINCIPAL_PEER; identity "@TITLE" */
	bool has_user;
	uid_t uid;
	bool has_group;
	gid_t gid;
};

/*
 * The principal of a connection: the first block whose user and group both fit (one that is not
 * given fits anybody), else admin for root and for the daemon's own user, else NULL: it may only
 * look.
 */
struct principal *peer_find(struct peer_principal *peers, size_t count, struct principal *admin,
    uid_t own_uid, const struct peer_credentials *credentials);
