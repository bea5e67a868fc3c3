/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The service's insides, shared by its own files and by nobody else. */
#pragma once

#include "base/log.h"
#include "service/service.h"

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
	struct buffer row; /* one encoded name */
	bool has_failed;   /* the last commit failed: logged */
	bool must_restate; /* the wall clock was set: ends of leases are to be stored anew */
	struct log_limit changes;
	struct buffer notes; /* lines, each with its NUL, to log once the turn is committed */
};

/*
 * The wall clock, never before the store's last commit: a machine without an RTC starts in 1970. And
 * where it was ahead and is set back it goes on from there, for at the next start what is stored has to
 * be read by the same clock.
 */
int64_t service_wall_s(const struct service *service);

/* The wall clock less the running clock, for what is stored. */
int64_t service_wall_offset_s(const struct service *service);

/* Stores what the turn touched and syncs; the registry's turn stays open. */
enum status service_store_turn(struct service *service);

/* Keeps a line for the log until what it tells of is committed; it is dropped if that fails. */
void service_note(struct service *service, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Arms the timer for the next end of a lease. */
void service_plan_expiry(struct service *service);
