/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes dnsmasq read a publication and waits until it answers it: signal or command first, then
 * questions for the marker at growing intervals. Neither writes the file nor logs; who owns it does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "publisher/command.h"
#include "publisher/diagnosis.h"
#include "publisher/dnsmasq.h"
#include "publisher/publisher.h"
#include "wire/name.h"

/*
 * Embedded in its owner's struct; telling_init() fills it. What is not private may be read.
 */
struct telling {
	bool is_busy;                /* from telling_begin() to on_told() */
	bool is_late;                /* confirm_timeout_ms is over */
	bool was_nobody_there;       /* at some question since it became busy */
	struct command command;      /* one may run on when the rest has stopped */
	struct histogram *answering; /* the owner's, or NULL: how long dnsmasq took to answer */

	/* Private. */
	struct loop *loop;
	const struct publisher_options *options;
	void (*on_told)(void *context);
	void (*on_trouble)(void *context, const struct diagnosis *diagnosis);
	void *context;
	struct name marker;
	uint64_t number;
	struct loop_timer timer; /* the next step */
	struct loop_watch watch; /* on the socket; fd -1: none is open */
	int64_t asked_ns;        /* the last question; 0: answered */
	int64_t begun_ms;        /* when it became busy, without the time that commands took */
	int64_t command_begun_ms;
	unsigned steps;             /* since the publication, or since it was told late */
	unsigned late_steps;        /* since it became late */
	unsigned quick_questions;   /* in these steps */
	bool nudges_first;          /* before the first question, not only after a wrong answer */
	bool wants_nudge;           /* dnsmasq has not been told, as far as we know */
	bool was_closed;            /* at the last late step it could not get to the file */
	uint16_t id;                /* of the questions */
	enum dnsmasq_answer answer; /* the last one since it became busy */
	uint64_t answered_number;
	char signal_problem[DNSMASQ_PROBLEM_MAX];
};

/*
 * on_told: dnsmasq answers the number; or, where nobody is to be asked, it was told. on_trouble: it
 * fails so far, and goes on trying; comes again, with the same or other trouble, while it lasts.
 */
void telling_init(struct telling *telling, struct loop *loop, void (*on_told)(void *context),
    void (*on_trouble)(void *context, const struct diagnosis *diagnosis), void *context);

/* Ends whatever goes on, without a call, except for a command, which runs to its end. */
void telling_stop(struct telling *telling);

/* The same, and forgets the command: before the loop goes. */
void telling_release(struct telling *telling);

/*
 * Tells of a publication, in the place of one that is being told. is_new: dnsmasq cannot know it yet
 * and is nudged first; else it is asked, where it may be, and nudged only when it does not know it.
 * options are borrowed until it is told or stopped. May call on_told before it returns.
 */
void telling_begin(struct telling *telling, const struct publisher_options *options,
    const uint8_t *marker, uint64_t number, bool is_new);
