/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peers, from text. */
#include "config/peer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config/account.h"
#include "config/grants.h"

enum { TITLE_MAX = 63 };

static bool
is_title(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && text[i] != '-' && text[i] != '_')
			return false;
	}
	return length > 0 && length <= TITLE_MAX;
}

/* Names belong to "@TITLE", so a title means one peer and none of the built-in identities. */
static bool
check_title(const struct config_section *section, const struct config_peer *others,
    size_t other_count)
{
	const char *title = section->block->title;
	unsigned line = section->block->line;

	if (!is_title(title)) {
		config_complain(section->reader, line,
		    "peer \"%.80s\": not a title; allowed: letters, digits, - and _, at most %d",
		    title, TITLE_MAX);
		return false;
	}
	if (strcasecmp(title, "admin") == 0 || strcasecmp(title, "lease") == 0) {
		config_complain(section->reader, line,
		    "peer \"%s\": this title is ddnsd's own; choose another, as the user's name",
		    title);
		return false;
	}
	for (size_t i = 0; i < other_count; i++) {
		if (strcasecmp(others[i].identity + 1, title) != 0)
			continue;
		config_complain(section->reader, line,
		    "peer \"%s\" is given twice, first in line %u; keep one", title,
		    others[i].line);
		return false;
	}
	return true;
}

static bool
read_accounts(const struct config_section *section, struct peer_principal *peer)
{
	char user[CONFIG_ACCOUNT_MAX];
	char group[CONFIG_ACCOUNT_MAX];
	bool are_good = config_user_read(section, user, &peer->uid);

	are_good &= config_group_read(section, group, &peer->gid);
	if (!are_good)
		return false;
	peer->has_user = user[0] != '\0';
	peer->has_group = group[0] != '\0';
	if (!peer->has_user && !peer->has_group) {
		config_complain(section->reader, section->block->line,
		    "peer \"%.80s\" is nobody; set its user, its group, or both",
		    section->block->title);
		return false;
	}
	return true;
}

/* Everything but the title. The grants are the caller's to free, also on failure. */
static bool
read_peer_options(const struct config_keys *keys, const struct config_section *section,
    struct peer_principal *peer, struct grant **ret_grants)
{
	struct principal *principal = &peer->principal;
	uint32_t updates_per_minute;
	uint32_t names_max;
	struct config_grants grants;
	/* Each of them is read, so that each complains. */
	bool are_good = read_accounts(section, peer);

	are_good &= config_section_flag(section, "admin", &principal->is_admin);
	are_good &= config_grants_read(keys, section, CONFIG_PEER, &grants);
	are_good &= config_section_limit(section, "updates-per-minute", CONFIG_UPDATES_MAX,
	    keys->updates_per_minute, &updates_per_minute);
	are_good &= config_section_limit(section, "names-per-key", CONFIG_NAMES_MAX,
	    keys->names_max, &names_max);
	*ret_grants = grants.items;
	if (!are_good)
		return false;
	if (grants.count == 0 && !grants.may_tell_leases && !grants.may_look &&
	    !principal->is_admin)
		config_grants_warn_empty(section);
	principal->kind = PRINCIPAL_PEER;
	principal->may_tell_leases = grants.may_tell_leases || principal->is_admin;
	principal->may_look = grants.may_look || principal->is_admin;
	principal->grants = grants.items;
	principal->grant_count = grants.count;
	principal->names_max = names_max;
	rate_limit_init(&principal->updates, updates_per_minute);
	return true;
}

bool
config_peer_read(const struct config_keys *keys, const struct config_section *section,
    const struct config_peer *others, size_t other_count, struct config_peer *ret_values,
    struct peer_principal *ret_peer)
{
	struct config_peer values = { .line = section->block->line };
	struct peer_principal peer = { .has_user = false };
	bool is_good = check_title(section, others, other_count);

	is_good &= read_peer_options(keys, section, &peer, &values.grants);
	if (is_good && asprintf(&values.identity, "@%s", section->block->title) < 0) {
		values.identity = NULL;
		config_out_of_memory(section->reader);
		is_good = false;
	}
	if (!is_good) {
		config_peer_release(&values);
		return false;
	}
	peer.principal.identity = values.identity;
	*ret_values = values;
	*ret_peer = peer;
	return true;
}

void
config_peer_release(struct config_peer *values)
{
	free(values->identity);
	free(values->grants);
	values->identity = NULL;
	values->grants = NULL;
}
