/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service's insides, shared by its own files and by nobody else. */
#pragma once

#include "base/log.h"
#include "service/counts.h"
#include "service/dhcp.h"
#include "service/dhcp_order.h"
#include "service/report.h"
#include "service/service.h"

struct change_text;

struct service {
	struct loop *loop;
	struct registry *registry;
	struct store *store;
	struct service_options options;
	struct keyring *keyring;
	struct network_principal *networks;
	size_t network_count;

	int64_t floor_wall_s;  /* of the store's last commit: the wall clock was at least this */
	int64_t floor_now_s;   /* clock_now_s() at that time, or when the service began */
	int64_t quiet_until_s; /* nothing expires before (rule 35) */
	struct loop_timer expiry_timer;
	int64_t expiry_at_s; /* what the timer is set to; LEASE_FOREVER: not set */

	int64_t commit_ns; /* what a commit takes, smoothed */
	struct service_counts counts;
	struct buffer row; /* one encoded name */
	bool has_failed;   /* the last commit failed: logged */
	bool must_restate; /* the wall clock was set: ends of leases are to be stored anew */
	struct log_limit changes;
	struct buffer notes; /* lines, each with its NUL, to log once the turn is committed */

	int64_t started_s; /* wall clock */
	struct publisher *publisher;
	const struct service_watcher *watcher; /* NULL = nobody watches */
	struct change_text *changes_first;     /* of the open turn, for the watcher */
	struct change_text **changes_end;
	size_t change_count;

	/* --- service/dhcp --- */
	struct leases *leases;
	const struct dhcp_options *dhcp;
	struct principal lease_principal;
	struct arena lease_arena;
	struct loop_timer lease_timer;  /* the next end of a lease */
	int64_t lease_end_s;            /* what it is set to; LEASES_FOREVER: not set */
	struct loop_timer review_timer; /* names that the server took away, and may give back */
	uint64_t reading;               /* of the lease file, counted */
	bool is_reading;
	struct dhcp_order dhcp_order;
	/* A wish that found no label free, and the versions of the leases and of the names then. */
	char taken_wish[LABEL_TEXT_MAX];
	uint64_t taken_leases;
	uint64_t taken_names;
	bool must_name_all; /* since the options came no turn was committed */

	/* --- uses of keys, stored now and then --- */
	int64_t uses_stored_s; /* clock_now_s() */
};

/*
 * The wall clock, never before the store's last commit: a machine without an RTC starts in 1970. And
 * where it was ahead and is set back it goes on from there, for at the next start what is stored has to
 * be read by the same clock.
 */
int64_t service_wall_s(const struct service *service);

/* The wall clock less the running clock, for what is stored. */
int64_t service_wall_offset_s(const struct service *service);

/* As service_expiry_clock(). */
int64_t service_live_clock(const struct service *service);

/* Stores what the turn touched and syncs; the registry's turn stays open. */
enum status service_store_turn(struct service *service);

/*
 * Ends a turn that nobody outside has asked for: what cannot be stored yet stays in memory all the
 * same, as nobody was told of it.
 */
void service_keep_turn(struct service *service);

/* Keeps a line for the log until what it tells of is committed; it is dropped if that fails. */
void service_note(struct service *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Arms the timer for the next end of a lease. */
void service_plan_expiry(struct service *service);

/* --- changes.c: for who watches --- */

/* A change that is about to be made; node still has the old records. */
struct change_note {
	const struct node *node;
	const struct records *after;
	const char *who;
	const char *door;
	struct address source;
};

/* Keeps it until the turn is committed, if anybody watches. */
void service_note_change(struct service *service, const struct change_note *note);

/* The turn is over: tells the watcher what was committed, or drops it. */
void service_tell_changes(struct service *service, bool is_committed);

/* --- dhcp.c --- */

/* False: out of memory. */
bool service_dhcp_init(struct service *service);
void service_dhcp_release(struct service *service);

/* Before the turn's commit: leases whose names were taken by others, or became free. */
void service_dhcp_settle(struct service *service);

/* Stores what the turn did to leases. */
enum status service_dhcp_store(struct service *service);

/* After the commit, or after it failed. */
void service_dhcp_turn_ended(struct service *service, bool is_committed);

/* The wall clock was set, by which ends are stored. */
void service_dhcp_clock_stepped(struct service *service);

/* Reads what is stored of leases and names them; the names are loaded already. */
enum status service_dhcp_load(struct service *service);

/* --- uses.c: when keys were last used --- */

enum status service_load_uses(struct service *service);

/* Adds them to the open transaction where that is due, or in any case. */
enum status service_store_uses(struct service *service, bool in_any_case);
