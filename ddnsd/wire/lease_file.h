/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsmasq's lease file: "EXPIRY MAC ADDRESS NAME-or-* CLIENT-ID-or-*" a line, then "duid ..." and the
 * IPv6 leases, with an IAID (of a temporary address "T" and an IAID) in the place of the MAC and the
 * DUID in that of the client identifier. Pure: text in, events out.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/dhcp.h"

enum {
	LEASE_FILE_SIZE_MAX = 16 * 1024 * 1024, /* 100,000 leases with the longest DUIDs */
	LEASE_FILE_LINE_MAX = 2048,             /* longer lines are skipped */
};

struct lease_file {
	const char *next;
	const char *end;
	int64_t wall_s;
	char name[DHCP_NAME_MAX + 1]; /* what the last event points to */
	size_t
	    skipped; /* lines that are no leases: malformed, or of an address family unknown to us */
};

/*
 * Begins to read. text need not end with a NUL. wall_s: the present time, to make lengths of the
 * expiries; an expiry of 0 is for ever, and one below 1,000,000,000 is itself a length (a dnsmasq built for
 * machines without a clock).
 */
void lease_file_begin(struct lease_file *file, const char *text, size_t length, int64_t wall_s);

/*
 * The next lease as a DHCP_OLD event of server "dnsmasq", is_complete false, its texts valid until
 * the next call. What has ended has remaining_s 0. False at the end.
 */
bool lease_file_next(struct lease_file *file, struct dhcp_event *ret_event);

/* False when the text does not end as dnsmasq ends it, with a newline: it was caught while being written. An empty one is whole. */
bool lease_file_is_whole(const char *text, size_t length);
