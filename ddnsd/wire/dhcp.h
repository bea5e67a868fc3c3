/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a DHCP server tells of a lease, as plain values, whoever brings it: a hook or the lease file.
 * Texts are raw: they came from the network, and only wire/label makes names of them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/address.h"

enum {
	DHCP_HARDWARE_MAX = 16, /* chaddr, RFC 2131 2 */
	DHCP_DUID_MAX = 130,    /* RFC 8415 11.1: type and 128 octets */
	DHCP_HARDWARE_TEXT_MAX = 3 + 3 * DHCP_HARDWARE_MAX,
	DHCP_DUID_TEXT_MAX = 3 * DHCP_DUID_MAX,
	DHCP_NAME_MAX = 255, /* octets of a name that a client sends; more is cut off */
};

/* A hardware address; size 0: not known. type is ARP's: 1 = Ethernet. */
struct dhcp_hardware {
	uint8_t type;
	uint8_t size;
	uint8_t bytes[DHCP_HARDWARE_MAX];
};

/* A DHCP unique identifier (RFC 8415 11); size 0: not known. */
struct dhcp_duid {
	uint8_t size;
	uint8_t bytes[DHCP_DUID_MAX];
};

enum dhcp_action {
	DHCP_ADD, /* a lease was given */
	DHCP_OLD, /* it is still there, or was renewed, or its name changed */
	DHCP_DEL, /* it ended */
};

#define DHCP_FOREVER (-1)

struct dhcp_event {
	enum dhcp_action action;
	const char *server; /* which program gave the lease: "dnsmasq", "isc-dhcp", "kea", ... */
	struct address address;
	struct dhcp_hardware hardware; /* of IPv6 leases only where the server found it out */
	struct dhcp_duid duid;         /* of IPv4 leases where the client identifier holds one */
	const char *name; /* as the server calls the client; NULL: it has no name there */
	/*
	 * As the client called itself, raw; NULL: not known, or none. is_complete: then NULL means
	 * that it gave none (the server has forgotten it at a restart, and a lease file never knows).
	 */
	const char *client_name;
	bool is_complete;
	const char *domain;  /* of the name at the server; NULL: not known, or none */
	int64_t remaining_s; /* DHCP_FOREVER: it does not end */
	int64_t order;       /* grows with what happened later; 0: not known */
};

/*
 * "02:00:00:00:00:01", or with the hardware type first, "06-02:00:..."; hexadecimal in either case.
 * STATUS_MALFORMED for anything else, the empty text included.
 */
enum status dhcp_hardware_from_text(const char *text, struct dhcp_hardware *ret_hardware);
const char *dhcp_hardware_to_text(const struct dhcp_hardware *hardware,
    char text[static DHCP_HARDWARE_TEXT_MAX]);
bool dhcp_hardware_is_equal(const struct dhcp_hardware *one, const struct dhcp_hardware *other);

/* "00:01:00:01:..." or without colons. */
enum status dhcp_duid_from_text(const char *text, struct dhcp_duid *ret_duid);
const char *dhcp_duid_to_text(const struct dhcp_duid *duid, char text[static DHCP_DUID_TEXT_MAX]);
bool dhcp_duid_is_equal(const struct dhcp_duid *one, const struct dhcp_duid *other);

/*
 * The DUID in an IPv4 client identifier of type 255 (RFC 4361 6.1: ff, IAID, DUID), given as text
 * with or without colons. False: it holds none.
 */
bool dhcp_duid_from_client_id(const char *client_id, struct dhcp_duid *ret_duid);

/*
 * The hardware address that a DUID-LLT or DUID-LL was made from (RFC 8415 11.2, 11.4): of one of the
 * client's interfaces, not always of this one. False for other DUIDs.
 */
bool dhcp_hardware_of_duid(const struct dhcp_duid *duid, struct dhcp_hardware *ret_hardware);
