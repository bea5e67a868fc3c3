/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Matches what the kernel says of a local user with the configuration. Asks nobody. */
#include "auth/peer.h"

static bool
is_in_group(const struct peer_credentials *credentials, gid_t gid)
{
	for (size_t i = 0; i < credentials->group_count; i++) {
		if (credentials->groups[i] == gid)
			return true;
	}
	return false;
}

struct principal *
peer_find(struct peer_principal *peers, size_t count, struct principal *admin, uid_t own_uid,
    const struct peer_credentials *credentials)
{
	for (size_t i = 0; i < count; i++) {
		const struct peer_principal *peer = &peers[i];

		if ((!peer->has_user || peer->uid == credentials->uid) &&
		    (!peer->has_group || is_in_group(credentials, peer->gid)))
			return &peers[i].principal;
	}
	if (credentials->uid == 0 || credentials->uid == own_uid)
		return admin;
	return NULL;
}
