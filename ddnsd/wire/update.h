/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What an update asks for (RFC 2136 2), as plain values: every door fills one, the service applies
 * it. Names are lower-cased wire form, rdata canonical; everything points into its maker's memory.
 */
#pragma once

#include <libknot/rdata.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum prerequisite_kind {
	PREREQUISITE_NAME_IN_USE,     /* 2.4.4 */
	PREREQUISITE_NAME_NOT_IN_USE, /* 2.4.5 */
	PREREQUISITE_RRSET_EXISTS,    /* 2.4.1 */
	PREREQUISITE_RRSET_ABSENT,    /* 2.4.3 */
	PREREQUISITE_RRSET_EQUALS,    /* 2.4.2: one for each RR that the RRset must hold */
};

struct prerequisite {
	enum prerequisite_kind kind;
	uint16_t type; /* unless the kind speaks of the name */
	const uint8_t *name;
	const knot_rdata_t *rdata; /* RRSET_EQUALS only */
};

enum change_kind {
	CHANGE_ADD,          /* 2.5.1 */
	CHANGE_DELETE_RRSET, /* 2.5.2 */
	CHANGE_DELETE_NAME,  /* 2.5.3 */
	CHANGE_DELETE,       /* 2.5.4: one RR */
};

struct change {
	enum change_kind kind;
	uint16_t type;  /* unless CHANGE_DELETE_NAME */
	uint32_t ttl_s; /* CHANGE_ADD only */
	const uint8_t *name;
	const knot_rdata_t *rdata; /* CHANGE_ADD and CHANGE_DELETE */
};

struct update {
	const uint8_t *zone;
	const struct prerequisite *prerequisites;
	size_t prerequisite_count;
	const struct change *changes; /* in the order in which they apply */
	size_t change_count;
	bool has_lease;   /* the client named a lease (RFC 9664 4) */
	uint32_t lease_s; /* what it asked for; 0 asks for the shortest */
};
