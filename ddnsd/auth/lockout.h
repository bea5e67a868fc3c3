/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Failed log-ins, counted by who comes from where and for all who come from there, and how long
 * each has to wait. Tables of fixed size: the oldest goes first. Reads no clock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "wire/address.h"

enum {
	LOCKOUT_ENTRIES = 1024,   /* of failures, and as many of successes */
	LOCKOUT_FREE_PAIR = 5,    /* with so many failures of a name from one subscriber it waits */
	LOCKOUT_FREE_SOURCE = 20, /* with so many of one subscriber, whatever names it tries */
	LOCKOUT_FIRST_MS = 1000,  /* then this long, twice as long each further time, */
	LOCKOUT_LAST_MS = 900000, /* to this */
	LOCKOUT_FORGET_MS = 3600000, /* without a failure: all is forgotten */
};

struct lockout;

/* NULL when out of memory. */
struct lockout *lockout_new(void);
void lockout_free(struct lockout *lockout);

/*
 * How long until a log-in from there as that name is looked at again; 0: now. Who has logged in from there
 * before waits for failures of that name alone: others at the same address cannot keep it out. name is
 * what the client said, of any length; source as it is, subscribers are told apart here. now_ms runs on
 * clock_now_ms().
 */
int64_t lockout_wait_ms(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms);

void lockout_note_failure(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms);

/*
 * The name's failures from there are forgotten, and half of what counts for all from there: one device
 * with a wrong secret must not keep out its neighbours behind the same address for ever.
 */
void lockout_note_success(struct lockout *lockout, const struct address *source, const char *name,
    size_t length, int64_t now_ms);

/* The keys may be other ones now: who failed with the old ones may try at once. */
void lockout_forget_failures(struct lockout *lockout);
