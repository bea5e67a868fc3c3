/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Hooks that overtake each other. Kea does not wait for its scripts, so what they tell of one
 * address can come in another order than it happened: a lease given back, then its renewal.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/address.h"

enum {
	DHCP_ORDER_SIZE =
	    64, /* addresses that are told of within the time below; more only forget */
	DHCP_ORDER_LATE_S =
	    10, /* a hook ends within a second; what is older says nothing any more */
};

/* Zeroed is valid. Lives in the memory of its owner, and needs no release. */
struct dhcp_order {
	struct dhcp_order_entry {
		struct address address;
		int64_t order; /* of the last event; 0 = empty */
		int64_t seen_s;
	} entries[DHCP_ORDER_SIZE];
	unsigned next;
};

/*
 * Notes that an event of this order came at now_s (clock_now_s()). False: one that happened later
 * has come before it. An order of 0 is not known, and never late.
 */
bool dhcp_order_take(struct dhcp_order *orders, const struct address *address, int64_t order,
    int64_t now_s);
