/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The option addresses of a door: where it listens. Binds nothing. Part of config.c; nobody else
 * includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/section.h"
#include "wire/address.h"

/* 0.0.0.0 or ::, all addresses of its family. */
bool config_address_is_wildcard(const struct address *address);

/*
 * Reads the list, each with this port, into ret_endpoints, which has room for most of them. Complains
 * about none, too many, what is no address, and those that are given twice or cover each other.
 */
void config_addresses_read(const struct config_section *section, uint16_t port,
    struct endpoint *ret_endpoints, size_t most, size_t *ret_count);
