/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A served home.arpa with two keys, two networks and its DNS doors, put together as main.c does,
 * for tests that speak to it. Fails the test when the system does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/keyring.h"
#include "auth/policy.h"
#include "doors/dns.h"
#include "doors/dns_tcp.h"
#include "doors/dns_udp.h"

#include "letter.h"
#include "served.h"

enum { DOOR_LIMIT_MS = 10000, DOOR_IDLE_MS = 10000, DOOR_NETWORKS = 2, DOOR_TEXT_SIZE = 200 };

/* Of client_secret, may change its own name and those below; and of client_other_secret, all. */
extern const char door_key[];
extern const char door_admin[];

/* Where the network blocks are: over TCP and for its own address only, and without either bound. */
extern const char door_careful_network[];
extern const char door_careless_network[];

struct door {
	struct served served;
	struct keyring *keyring;
	struct grant network_grant;
	struct network networks[DOOR_NETWORKS];
	struct network_principal principals[DOOR_NETWORKS];
	struct dns *dns;
	struct dns_udp *udp;
	struct dns_tcp *tcp;
	enum status commit_status; /* of the last turn */
};

void door_open(struct door *door);
void door_close(struct door *door);

/* Has both doors listen there, TCP with room for that many connections. */
void door_listen(struct door *door, const struct endpoint *at, size_t count, unsigned connections);

/* An endpoint on loopback that no other process has. */
struct endpoint door_free_endpoint(void);

/* A port that is free on all addresses of the family (4 or 6), over UDP and TCP. */
uint16_t door_free_port(uint8_t family);

/* One turn of the loop, with the commit at its end; waits no longer than that. */
void door_turn(struct door *door, int limit_ms);

/* Runs turns until the client's socket can be read. False: not within DOOR_LIMIT_MS. */
bool door_wait(struct door *door, int client);

/* Sends one message from a client's socket; over TCP behind its length. */
void door_send_letter(int client, const struct letter *letter);
void door_send_query(int client, uint16_t id, const char *name, uint16_t type);

/* Signed by door_key, which adds the address to its own name. */
void door_send_update(int client, uint16_t id, const char *address);

/* Gives a name (below home.arpa) so many octets of TXT records, DOOR_TEXT_SIZE each. */
void door_put_text(struct door *door, const char *name, size_t octets);
