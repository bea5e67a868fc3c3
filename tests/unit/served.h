/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole service for one test: registry, a store in a temporary folder, a loop, and clocks that
 * stand still until they are moved. Fails the test when the system does.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/loop.h"
#include "registry/registry.h"
#include "registry/store.h"
#include "service/dhcp.h"
#include "service/service.h"

#include "folder.h"

enum {
	SERVED_KEYS = 8,
	SERVED_GRANTS = 4,
	SERVED_ZONES = 3,
	SERVED_TEXT_MAX = 131072,
};

/* When a test begins, by the wall clock: later than the date of any file. */
#define SERVED_WALL_S INT64_C(3000000000)

struct served_key {
	struct principal principal;
	struct grant grants[SERVED_GRANTS];
};

struct served {
	struct folder folder;
	struct loop *loop;
	struct registry *registry;
	struct store *store;
	struct service *service;
	struct service_options options;
	struct dhcp_options dhcp; /* without a zone: leases get no names */
	struct zone_options zones[SERVED_ZONES];
	size_t zone_count;
	struct served_key keys[SERVED_KEYS];
	size_t key_count;
	struct arena arena; /* of the request that is under way */
	struct update_answer granted;
	struct message_answer answer;
	char text[SERVED_TEXT_MAX];
};

/* What the clocks show. served_open() sets them; both move together by served_pass(). */
extern int64_t served_now_ms;
extern int64_t served_wall_s;
void served_pass(int64_t seconds);

/*
 * A service for home.arpa: TTL 60, lease 1 hour, from 1 minute to 1 day, no quiet time. The options
 * can be changed before served_start().
 */
void served_init(struct served *served);
void served_start(struct served *served);
void served_open(struct served *served); /* both */

void served_add_zone(struct served *served, const char *apex);

/* Before served_start(): leases get names in home.arpa, with a TTL of 60. */
void served_name_leases(struct served *served);

/* As a restart of the daemon: only what is stored comes back. The clocks go on. */
void served_restart(struct served *served);
void served_close(struct served *served);

/* A key of that name with this grant, and with more, without limits. */
struct principal *served_key(struct served *served, const char *identity, const char *grant);
void served_grant(struct principal *principal, const char *text);

/*
 * One message within the open turn; see asked.h for scripts. It comes in the last millisecond of a
 * second, so that the lease it is granted ends exactly its length from now.
 */
enum status served_update(struct served *served, struct principal *principal, const char *script);

/* One message that is a turn of its own: the update's status, or the commit's. */
enum status served_do(struct served *served, struct principal *principal, const char *script);

/* dnsmasq's hook tells of a lease for an hour: a turn of its own. It is always the same device. */
void served_lease(struct served *served, const char *address, const char *name);

/* Asks "NAME TYPE". The answer as text: RCODE, "aa", then a line "SECTION OWNER TTL TYPE RDATA" a record. */
const char *served_ask(struct served *served, const char *question);

/* The records of a name as "TTL TYPE RDATA", a line each, expired ones too; "" when it has none. */
const char *served_records(struct served *served, const char *name);

/* When the first record of a name ends, or LEASE_FOREVER. The name is there. */
int64_t served_until(struct served *served, const char *name);

/* Whose it is: the identity, or "". The name is there. */
const char *served_owner(struct served *served, const char *name);

uint32_t served_serial(const struct served *served);

/* All that the registry holds: names, records, leases, dates, owners' counts, serials, queue. */
const char *served_picture(struct served *served);

/* The same, kept for later. */
void served_remember(struct served *served, char picture[static SERVED_TEXT_MAX]);

/* One record as "TTL TYPE RDATA". */
enum { SERVED_RECORD_MAX = 8192 };
void served_record_text(const struct record *record, char text[static SERVED_RECORD_MAX]);

/* Runs one turn of the loop: timers that are due. Nothing is committed. */
void served_turn(struct served *served);
