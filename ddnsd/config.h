/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ddnsd.conf and the key folder to one struct, or to every error as "file:line: what is wrong; what
 * is allowed". Pushes nothing and keeps nothing: main.c hands the parts to whom they concern.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keyring.h"
#include "auth/peer.h"
#include "auth/policy.h"
#include "base/buffer.h"
#include "base/log.h"
#include "base/status.h"
#include "doors/control.h"
#include "doors/dns_options.h"
#include "doors/web.h"
#include "publisher/publisher.h"
#include "registry/registry.h"
#include "service/dhcp.h"
#include "service/service_options.h"

struct config_leases;
struct config_network;
struct config_peer;
struct config_settings;

struct config {
	char file[PATH_MAX];
	char keys_directory[PATH_MAX];      /* "" = none */
	char made_keys_directory[PATH_MAX]; /* of keys that the daemon makes; "" = it makes none */
	char user[64];                      /* "" = stay */
	char group[64];
	enum log_target log_target;
	char database[PATH_MAX];

	struct zone_options *zones;
	size_t zone_count;
	struct dns_options dns;
	struct publisher_options publish;
	struct service_options service; /* limits that are the service's */

	struct keyring *keyring; /* may be taken out: set to NULL by who takes it */
	struct network_principal *networks;
	size_t network_count;

	struct web_options web; /* listens nowhere without its block */

	struct control_options control; /* socket "" without the block */
	struct peer_principal *peers;
	size_t peer_count;
	struct dhcp_options dhcp; /* no zone, no file without the block */

	struct config_network *network_values; /* what the networks point to */
	struct config_peer *peer_values;       /* what the peers point to */
	struct config_leases *lease_values;    /* what dhcp points to */
	struct config_settings *settings;      /* as text, for config_describe_changes() */
};

/*
 * Reads path and the key folder it names. STATUS_OK: *ret_config is the caller's, freed with
 * config_free(). STATUS_MALFORMED or STATUS_NO_MEMORY: every error found stands in ret_errors, a line
 * each, as far as that buffer's ceiling lets it. Warnings (no key at all, say) go to ret_warnings,
 * also on success. Secrets stand in neither. A file that holds secrets must not be readable by others,
 * and the accounts must exist on this machine.
 */
enum status config_load(const char *path, struct config **ret_config, struct buffer *ret_errors,
    struct buffer *ret_warnings);

/* The same from text, for tests and fuzzing; name stands for the file. Asks nothing of the machine. */
enum status config_parse(const char *name, const char *text, struct config **ret_config,
    struct buffer *ret_errors, struct buffer *ret_warnings);

/* Takes NULL. Wipes secrets. */
void config_free(struct config *config);

/*
 * What differs, a line each ("key laptop: added"), for the log of a reload. Secrets are compared,
 * never shown. Appends nothing when they are the same.
 */
void config_describe_changes(const struct config *before, const struct config *after,
    struct buffer *text);
