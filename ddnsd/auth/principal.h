/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A principal: somebody who may speak, and what they may change (rule 31). Plain values, filled
 * from the configuration and read by policy.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/rate_limit.h"
#include "base/log.h"
#include "wire/address.h"
#include "wire/name.h"

enum principal_kind {
	PRINCIPAL_KEY,
	PRINCIPAL_NETWORK,
	PRINCIPAL_PEER,  /* a local user, over the Unix socket */
	PRINCIPAL_LEASE, /* the names of DHCP leases: the daemon's own */
};

/* The built-in identity of root and of the daemon's own user. No key's name begins with "@". */
#define PRINCIPAL_ADMIN_IDENTITY "@admin"

enum grant_pattern {
	GRANT_SELF,       /* the principal's own name */
	GRANT_BELOW_SELF, /* *.self */
	GRANT_EXACT,      /* one name */
	GRANT_BELOW,      /* *.suffix: names below it, not itself */
	GRANT_ZONE,       /* "zone NAME": it and everything below */
};

enum { GRANT_TYPES_MAX = 32, INTERFACE_ID_SIZE = 8 };

/* The lower half of a host's IPv6 addresses (RFC 4291 2.5.1), for prefixes that change. */
struct interface_id {
	struct name host;
	uint8_t octets[INTERFACE_ID_SIZE];
};

struct grant {
	enum grant_pattern pattern;
	struct name name;                /* EXACT, BELOW, ZONE */
	bool any_type;                   /* every type but SOA and NS */
	uint16_t types[GRANT_TYPES_MAX]; /* beside those of any_type */
	size_t type_count;
};

/*
 * "PATTERN [TYPE...]" as the configuration has it: "self A AAAA", "*.home.arpa", "zone home.arpa ANY".
 * Names with or without the final dot; no type is as ANY. STATUS_MALFORMED with *ret_reason (static
 * text) set.
 */
enum status grant_from_text(const char *text, struct grant *ret_grant, const char **ret_reason);

struct principal {
	enum principal_kind kind;
	const char *identity; /* owns names, and is in the log: key, network, "@PEER" */
	struct name name;     /* a key's name; unused for others */
	bool is_admin;
	bool may_tell_leases; /* may report DHCP leases (the grant "lease"; an admin may) */
	bool may_look;        /* may read all that is registered (the grant "look"; an admin may) */
	const struct grant *grants;
	size_t grant_count;
	const struct network *sources; /* where it may speak from; none = anywhere */
	size_t source_count;
	const struct interface_id *interface_ids; /* of its hosts, as configured */
	size_t interface_id_count;
	bool own_address_only; /* network: adds only the sender's own address */
	unsigned names_max;    /* 0 = no limit */
	struct rate_limit updates;
	struct log_limit refusals; /* one line at a time, however often it is refused */
};
