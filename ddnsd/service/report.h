/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What is registered and how it goes, as plain values for doors that show it. Not while
 * service_is_dirty(): what a failed commit takes back must not be seen. Pointers live until the
 * next change.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "publisher/publisher.h"
#include "registry/registry.h"
#include "service/counts.h"
#include "service/dhcp.h"
#include "service/service.h"

enum name_source {
	SOURCE_ADMIN, /* @admin, and keys with admin rights */
	SOURCE_REGISTERED,
	SOURCE_LEASE,
	SOURCE_ZONE, /* the apex: SOA and NS */
};

/* "admin", "registered", "lease", "zone". */
const char *name_source_text(enum name_source source);

struct name_report {
	const struct node *node;
	const uint8_t *name;
	const uint8_t *zone;
	enum name_source source;
	const char *owner; /* identity; "" at the apex */
	int64_t created_s; /* wall clock */
	int64_t changed_s;
	int64_t live_s; /* what ends behind this is live: service_expiry_clock() when it was made */
	int64_t offset_s; /* the wall clock less clock_now_s() then */
};

struct record_report {
	uint16_t type;
	uint32_t ttl_s;
	const knot_rdata_t *rdata;
	bool expires;
	int64_t expires_s; /* wall clock */
};

/* False: no such name with live records. */
bool service_find_name(const struct service *service, const uint8_t *name,
    struct name_report *ret_report);

/*
 * The name of that a person means: a full one, or one without a dot below the first zone that has it
 * (below the first forward zone, where none has). STATUS_MALFORMED, or STATUS_NOT_OUR_ZONE.
 */
enum status service_read_name(const struct service *service, const char *text,
    struct name *ret_name);

/*
 * All names with live records, zones as configured, canonical order in each. Begins behind
 * *after (a name that need not exist); NULL begins with the first. False at the end.
 */
bool service_next_name(const struct service *service, const uint8_t *after,
    struct name_report *ret_report);

/*
 * The names with live records that belong to an identity, in no order; after: the node of the last one, NULL
 * begins. False at the end. Between two calls the last one may be given other records.
 */
bool service_next_owned(const struct service *service, const char *identity,
    const struct node *after, struct name_report *ret_report);

/* The records of a name that were live when the report was made, in order of type; cursor begins zeroed. */
bool name_report_next(const struct name_report *report, struct records_cursor *cursor,
    struct record_report *ret_record);

struct zone_report {
	const uint8_t *apex;
	uint32_t serial;
	size_t names; /* without the apex */
	bool is_reverse;
	const struct tally *records; /* by type, those of the apex included */
};

/* In order of configuration; zone NULL begins, NULL ends. */
const struct zone *service_next_zone(const struct service *service, const struct zone *zone,
    struct zone_report *ret_report);

struct service_report {
	size_t names; /* without the apexes */
	size_t admin_names;
	size_t lease_names;
	uint64_t store_bytes;
	char store_problem[STORE_PROBLEM_MAX]; /* "" = the last commit succeeded */
	bool has_store_failed;                 /* the last commit */
	bool is_store_read_only; /* could not be opened for writing, or was found so */
	int64_t quiet_s;         /* nothing expires for so many seconds more */
	int64_t wall_s;          /* the service's wall clock */
	int64_t system_wall_s;   /* the system's, when it differs */
	int64_t started_s;       /* wall clock */
};
void service_report(const struct service *service, struct service_report *ret_report);

/* What was done so far; goes on counting. */
const struct service_counts *service_counts(const struct service *service);

/* The publisher, for the reports; once. Borrowed. */
void service_attach_publisher(struct service *service, struct publisher *publisher);
const struct publisher *service_publisher(const struct service *service);

/* publisher_check(): what service_publisher() says of dnsmasq may be a while ago. */
void service_check_publication(struct service *service);

/* --- what happens, live --- */

/* One name's change, after it was committed. Texts are valid during the call. */
struct service_change {
	int64_t wall_ms;
	const uint8_t *name;
	const char *before; /* addresses and other records, "192.0.2.1, TXT "..."" ; "" = none */
	const char *after;
	const char *owner; /* whose it was before; "" = nobody's */
	const char *who;
	const char *door;      /* "udp", "tcp", "unix", "lease-file", "expiry" */
	struct address source; /* family 0: none */
};

struct service_watcher {
	void (*changed)(void *context, const struct service_change *change);
	void *context;
};

/* Calls the watcher for each change from now on; NULL: nobody. Costs nothing while nobody watches. */
void service_set_watcher(struct service *service, const struct service_watcher *watcher);

/* --- copies --- */

/* store_copy() of what is committed. */
enum status service_backup(struct service *service, uint8_t **ret_bytes, size_t *ret_size);
void service_free_backup(uint8_t *bytes);
enum status service_check_backup(const uint8_t *bytes, size_t size,
    struct store_copy_report *ret_report, char ret_problem[static STORE_PROBLEM_MAX]);

/*
 * Puts a backup in the place of all that is registered, and loads it. No turn may be open. Serials
 * go up. STATUS_OK: it is stored; else nothing has changed.
 */
enum status service_restore(struct service *service, const uint8_t *bytes, size_t size,
    char ret_problem[static STORE_PROBLEM_MAX]);
