/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How DHCP servers call their hooks: arguments and environment in, the leases they tell of out. Every octet
 * of both is hostile: names come raw from the network. Talks to nobody, runs nothing.
 */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/status.h"
#include "tools/ctl/lease_event.h"

enum {
	LEASE_CALL_PROBLEM_MAX = 128,
	LEASE_CALL_EVENTS_MAX =
	    16, /* Kea tells of several at once: one for each address asked for */
};

struct lease_call {
	int argc; /* what stands behind the word for the server */
	char *const *argv;
	const char *(*variable)(void *context, const char *name); /* NULL: not set */
	void *context;
	int64_t wall_s; /* now, for expiries that are told as points in time */
};

/*
 * Reads a call of server: "dnsmasq", "openwrt", "isc-dhcp" or "kea". *ret_events is an array for the
 * caller to free, empty where there is nothing to tell. STATUS_NOT_FOUND: no such server; STATUS_MALFORMED:
 * ret_problem says what is wrong, without a word of the input; STATUS_NO_MEMORY.
 */
enum status lease_call_read(const char *server, const struct lease_call *call, json_t **ret_events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX]);

/* --- for the files that read one server's calls each --- */

/* Never NULL: "" for an argument that is not there, or a variable that is not set. */
const char *lease_call_argument(const struct lease_call *call, int index);
const char *lease_call_variable(const struct lease_call *call, const char *name);

/* A decimal number of seconds; fallback for anything else. */
int64_t lease_call_seconds(const char *text, int64_t fallback);

/* How long a lease of that length lasts: 32 bits, of which all ones mean for ever (RFC 2131 3.3). */
int64_t lease_call_length(const char *text);

/* Checks the address, and adds the event to the array. */
enum status lease_call_add(json_t *events, const struct lease_event *event,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX]);

typedef enum status lease_call_reader(const struct lease_call *call, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX]);

lease_call_reader lease_dnsmasq_read;
lease_call_reader lease_openwrt_read;
lease_call_reader lease_isc_read;
lease_call_reader lease_kea_read;
