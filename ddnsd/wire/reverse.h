/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names of addresses in the reverse zones (RFC 1035 3.5, RFC 3596 2.5), both ways. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "wire/address.h"
#include "wire/name.h"

/* 17.1.168.192.in-addr.arpa, or thirty-two nibbles below ip6.arpa. */
void reverse_name(const struct address *address, struct name *ret_name);

/* The way back; false for a name that is not of exactly that form. */
bool reverse_address(const uint8_t *name, struct address *ret_address);

/* True for in-addr.arpa, ip6.arpa, and all below them. */
bool reverse_is_within(const uint8_t *name);
