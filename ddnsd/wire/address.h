/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP addresses, networks and endpoints, as values. No socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"

enum {
	ADDRESS_TEXT_MAX = 46,  /* INET6_ADDRSTRLEN */
	ENDPOINT_TEXT_MAX = 56, /* [address]:port */
	NETWORK_TEXT_MAX = 50,  /* address/128 */
};

struct address {
	uint8_t family;    /* 4 or 6; 0 = none */
	uint8_t bytes[16]; /* the first four for IPv4, the rest zero */
};

struct endpoint {
	struct address address;
	uint16_t port; /* host order */
};

struct network {
	struct address address; /* no bit set behind the prefix */
	uint8_t prefix;         /* bits */
};

/* Strict: dotted quad or RFC 4291 text; no zone index, no port. */
enum status address_from_text(const char *text, struct address *ret_address);

/* Returns text. */
const char *address_to_text(const struct address *address, char text[static ADDRESS_TEXT_MAX]);

/* From rdata of an A (4 octets) or AAAA (16 octets) record; false for any other length. */
bool address_from_bytes(const uint8_t *bytes, size_t length, struct address *ret_address);

/* ::ffff:192.0.2.1 becomes 192.0.2.1 (RFC 4291 2.5.5.2); others stay. */
void address_unmap(struct address *address);

/*
 * What one subscriber has at most: all of an IPv4 address, the first 64 bits of an IPv6 one (RFC 4291
 * 2.5.4), the rest zero. For limits that a whole network must not get around.
 */
struct address address_subscriber(const struct address *address);

bool address_is_equal(const struct address *one, const struct address *other);

/* "ADDR:PORT" or "[ADDR]:PORT"; the port is not 0. */
enum status endpoint_from_text(const char *text, struct endpoint *ret_endpoint);

const char *endpoint_to_text(const struct endpoint *endpoint, char text[static ENDPOINT_TEXT_MAX]);

/* ::ffff:a.b.c.d becomes a.b.c.d. Other families leave family 0. */
void endpoint_from_sockaddr(const struct sockaddr_storage *socket_address,
    struct endpoint *ret_endpoint);

/* Returns the size of what was written. */
socklen_t endpoint_to_sockaddr(const struct endpoint *endpoint,
    struct sockaddr_storage *ret_socket_address);

/* "ADDR/PREFIX" or a bare address. Bits behind the prefix are STATUS_MALFORMED, not dropped. */
enum status network_from_text(const char *text, struct network *ret_network);

const char *network_to_text(const struct network *network, char text[static NETWORK_TEXT_MAX]);

bool network_contains(const struct network *network, const struct address *address);

/* True when one of them does. */
bool networks_contain(const struct network *networks, size_t count, const struct address *address);
