/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The book of DHCP leases: which device holds which address, what it wants to be called, and the
 * label it was given. Remembers labels of devices that are gone. Changes of a turn can be undone
 * until they are committed. Decides nothing: who gets which label is service/dhcp's.
 */
#pragma once

#include <bsd/sys/tree.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "wire/address.h"
#include "wire/dhcp.h"
#include "wire/label.h"

struct leases;

enum {
	LEASES_MAX = 100000,        /* more are refused */
	LEASES_DEVICES_MAX = 20000, /* remembered; then the one not seen for longest makes way */
	LEASES_SERVER_MAX = 32,
	/* "duid:" and a DUID, or "hw:" and a hardware address: what a device is known by. */
	LEASES_DEVICE_MAX = 8 + DHCP_DUID_TEXT_MAX,
};

/* One lease. Pointers to it live until it is put anew or removed. */
struct dhcp_lease {
	RB_ENTRY(dhcp_lease) by_address;
	RB_ENTRY(dhcp_lease) by_label;
	RB_ENTRY(dhcp_lease) by_wish;
	RB_ENTRY(dhcp_lease) by_end;
	RB_ENTRY(dhcp_lease) by_hardware;
	RB_ENTRY(dhcp_lease) by_duid;
	struct address address;
	struct dhcp_hardware hardware;
	bool is_hardware_proven; /* the server saw it; else it stands in the DUID only */
	struct dhcp_duid duid;
	char server[LEASES_SERVER_MAX];
	const char *client_name;    /* as the device calls itself, raw; NULL: unknown */
	const char *server_name;    /* as the server called it, before we did; NULL: it had none */
	char wish[LABEL_TEXT_MAX];  /* the label it asks for; "" = none */
	char label[LABEL_TEXT_MAX]; /* the label it has; "" = none */
	bool is_ours;     /* the server does not answer that label by itself: it is published */
	bool is_pinned;   /* wish comes from the configuration */
	bool is_ignored;  /* gets no label, by the configuration */
	uint64_t reading; /* the last reading of the lease file that had it; 0 = none */
	int64_t since_s;  /* wall clock */
	int64_t until_s;  /* clock_now_s(); LEASES_FOREVER: it does not end */
	int64_t stored_until_s; /* what the disk says: later, so that renewals need no write */
};

#define LEASES_FOREVER INT64_MAX

/* NULL when out of memory. */
struct leases *leases_new(void);
void leases_free(struct leases *leases);

/* Forgets everything, as leases_new() would have it. No turn may be open. */
void leases_clear(struct leases *leases);

size_t leases_count(const struct leases *leases);

/* Rises with every change of which lease has which label and is_ours, also when it is undone. */
uint64_t leases_version(const struct leases *leases);

/* Those with a label. */
size_t leases_named(const struct leases *leases);

const struct dhcp_lease *leases_find(const struct leases *leases, const struct address *address);

/* In order of address; NULL begins, NULL ends. */
const struct dhcp_lease *leases_next(const struct leases *leases, const struct dhcp_lease *lease);

/* All with this label, or with this wish; NULL begins, NULL ends. Not "". */
const struct dhcp_lease *leases_next_labelled(const struct leases *leases, const char *label,
    const struct dhcp_lease *lease);
const struct dhcp_lease *leases_next_wishing(const struct leases *leases, const char *wish,
    const struct dhcp_lease *lease);

/* All of this hardware address, or of this DUID, which are known; NULL begins, NULL ends. */
const struct dhcp_lease *leases_next_of_hardware(const struct leases *leases,
    const struct dhcp_hardware *hardware, const struct dhcp_lease *lease);
const struct dhcp_lease *leases_next_of_duid(const struct leases *leases,
    const struct dhcp_duid *duid, const struct dhcp_lease *lease);

/* The one that ends first, or NULL when none ends. */
const struct dhcp_lease *leases_first_to_end(const struct leases *leases);

/*
 * Puts a lease in, or what has become of the one with that address; texts are copied. Kept for
 * leases_rollback(). must_store: it is among those to be stored in this turn. STATUS_NO_MEMORY, or
 * STATUS_LIMITED at LEASES_MAX; then nothing has changed.
 */
enum status leases_put(struct leases *leases, const struct dhcp_lease *lease, bool must_store);
enum status leases_remove(struct leases *leases, const struct address *address);

/* A later end of a lease that is there, which needs no write yet. Not undone: it is what happened. */
void leases_renew(struct leases *leases, const struct dhcp_lease *lease, int64_t until_s);

/* Lets every lease be stored in this turn: the wall clock, by which ends are stored, was set. */
enum status leases_touch_all(struct leases *leases);

/* Sets dhcp_lease.reading. Not undone. */
void leases_mark(struct leases *leases, const struct dhcp_lease *lease, uint64_t reading);

/* --- what is remembered of devices --- */

struct dhcp_device {
	RB_ENTRY(dhcp_device) by_id;
	RB_ENTRY(dhcp_device) by_label;
	RB_ENTRY(dhcp_device) by_seen;
	char wish[LABEL_TEXT_MAX];
	char label[LABEL_TEXT_MAX];
	int64_t seen_s; /* wall clock: when its last lease ended, or began */
	char id[];
};

/* "hw:02:00:..." or "duid:00:01:...": what the lease's device is known by; "" = by nothing. */
const char *leases_device_id(const struct dhcp_lease *lease, char id[static LEASES_DEVICE_MAX]);

const struct dhcp_device *leases_find_device(const struct leases *leases, const char *id);

/* A device that is remembered with this label; NULL: none. */
const struct dhcp_device *leases_find_labelled_device(const struct leases *leases,
    const char *label);

/* Remembers, forgets. Undone by leases_rollback() as leases are. */
enum status leases_remember(struct leases *leases, const char *id, const char *wish,
    const char *label, int64_t seen_s);
enum status leases_forget(struct leases *leases, const char *id);
size_t leases_devices(const struct leases *leases);

/* The one not seen for longest, or NULL. */
const struct dhcp_device *leases_oldest_device(const struct leases *leases);
const struct dhcp_device *leases_next_device(const struct leases *leases,
    const struct dhcp_device *device);

/* --- turns, and what is stored --- */

/* What is to be stored in this turn: kind and key of a fact, and its value, or NULL: it goes. */
struct leases_fact {
	const char *kind;
	const char *key;
	const char *value;
};

/*
 * Hands out the facts of the turn; cursor begins at 0. Texts are valid until the next call.
 * wall_offset_s is the wall clock less the running clock. STATUS_NOT_FOUND: there are no more;
 * STATUS_NO_MEMORY.
 */
enum status leases_next_fact(struct leases *leases, size_t *cursor, int64_t wall_offset_s,
    struct leases_fact *ret_fact);
bool leases_is_dirty(const struct leases *leases);
void leases_commit(struct leases *leases);
void leases_rollback(struct leases *leases);

/* Puts in a fact as it was stored, outside of any turn. STATUS_DAMAGED: it is none of ours. */
extern const char leases_fact_lease[]; /* kinds */
extern const char leases_fact_device[];
enum status leases_load(struct leases *leases, const char *kind, const char *key, const char *value,
    int64_t wall_offset_s);
