/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The client's side of TSIG, for tests: DNS UPDATEs, signed by libknot or, where a test needs what
 * libknot never sends, by a second implementation of RFC 8945 4.3 that shares no code with ddnsd.
 */
#pragma once

#include <libknot/packet/pkt.h>
#include <libknot/tsig.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_WIRE_MAX = 2048, CLIENT_ALGORITHMS = 6, CLIENT_SECRET_SIZE = 32 };

extern const char *const client_algorithms[CLIENT_ALGORITHMS];

/* Two secrets; the NUL behind them is no part of them. */
extern const uint8_t client_secret[CLIENT_SECRET_SIZE + 1];
extern const uint8_t client_other_secret[CLIENT_SECRET_SIZE + 1];

/* An unsigned UPDATE of the zone "Home.ARPA" that adds one A record. Returns its length. */
size_t client_make_update(uint8_t wire[static CLIENT_WIRE_MAX], uint16_t id);

/* A key with client_secret for libknot's functions; freed by knot_tsig_key_deinit(). */
void client_make_key(knot_tsig_key_t *key, const char *algorithm, const char *name);

/* What goes into a TSIG RR. Zeroed fields are what a client sends that has nothing to say. */
struct client_tsig {
	const char *algorithm; /* its text; signs by it */
	const char *key_name;  /* text */
	const uint8_t *secret; /* CLIENT_SECRET_SIZE octets */
	uint64_t time_s;
	uint16_t fudge_s;
	uint16_t error;
	const uint8_t *other;
	uint16_t other_size;
	const uint8_t *prior; /* the request's MAC, when this is an answer */
	uint16_t prior_size;
};

/* Signs the message with a full MAC. Returns the new length. */
size_t client_sign(const struct client_tsig *tsig, uint8_t wire[static CLIENT_WIRE_MAX],
    size_t length);

/* Cuts the MAC in a signed message down, or stretches it with zeros. Returns the new length. */
size_t client_resize_mac(uint8_t wire[static CLIENT_WIRE_MAX], size_t length, size_t mac_size);

/* A parsed copy of these bytes, in memory that ends where they end. NULL when libknot refuses it. */
knot_pkt_t *client_parse(const uint8_t *wire, size_t length);

/* Frees what client_parse() gave; takes NULL. */
void client_free(knot_pkt_t *packet);
