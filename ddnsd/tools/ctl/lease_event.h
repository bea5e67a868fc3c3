/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One lease as the daemon wants to be told of it: the JSON of POST /v1/leases. Texts go in as they came
 * from the network, and come out as UTF-8 of bounded length; nothing is made of them here.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/dhcp.h"

enum {
	LEASE_EVENT_TEXT_MAX = DHCP_NAME_MAX,
	LEASE_EVENT_OCTETS_MAX = 255, /* of a client identifier, RFC 2132 2 */
};

/* Any text but action, server and address may be NULL or empty: not known, or none. */
struct lease_event {
	const char *action; /* "add", "old" or "del" */
	const char *server;
	const char *address;
	const char
	    *hardware;    /* as dhcp_hardware_from_text() takes it; what it does not is left out */
	const char *duid; /* as dhcp_duid_from_text() */
	const char *client_id; /* hexadecimal octets with colons between them; else left out */
	const char *name;
	const char *client_name;
	const char *domain;
	bool is_complete;
	int64_t expires_in_s; /* DHCP_FOREVER, or not below 0 */
};

/* The caller frees with json_decref(). NULL when out of memory. */
json_t *lease_event_to_json(const struct lease_event *event);

/*
 * Copies text, U+FFFD in the place of each octet that is no part of valid UTF-8 (RFC 3629), and
 * cut before the character that would make it longer than LEASE_EVENT_TEXT_MAX octets.
 */
void lease_event_clean(const char *text, char ret_clean[static LEASE_EVENT_TEXT_MAX + 1]);
