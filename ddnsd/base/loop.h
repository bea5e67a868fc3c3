/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The event loop: descriptors (epoll), timers and signals, on one thread. One turn waits, runs the
 * handlers of descriptors, then the timers that are due, then the turn hook (where the group commit
 * happens): after a stall nobody is too late whose octets are here. An idle loop sleeps in the kernel and never wakes by itself.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct loop;

/* NULL when out of memory or descriptors. */
struct loop *loop_new(void);

/* Takes NULL. Watches and timers must be gone before. */
void loop_free(struct loop *loop);

enum loop_events { LOOP_READ = 1, LOOP_WRITE = 2 };

/* A watched descriptor, embedded in its owner's struct. events: what happened. */
struct loop_watch {
	void (*handler)(void *context, unsigned events);
	void *context;
	int fd;
};

/* Watches fd, level-triggered. handler and context are set by the caller beforehand. */
enum status loop_watch(struct loop *loop, struct loop_watch *watch, int fd, unsigned events);

/* Changes what is waited for; 0 waits for errors only. */
enum status loop_rewatch(struct loop *loop, struct loop_watch *watch, unsigned events);

/* Safe inside any handler: no event that is already on its way reaches the watch afterwards. */
void loop_unwatch(struct loop *loop, struct loop_watch *watch);

/* A timer, embedded in its owner's struct; zeroed apart from handler and context. */
struct loop_timer {
	void (*handler)(void *context);
	void *context;
	int64_t at_ms;  /* on clock_now_ms(); meaningful while armed */
	uint64_t order; /* among timers of the same millisecond: the order of setting */
	unsigned index; /* place in the loop's heap, from 1; 0 = not armed */
};

/*
 * Arms or moves a timer to clock_now_ms() + delay_ms. Fires once; timers of the same millisecond in
 * the order they were set, and never in the turn that set it. Fails only for want of memory.
 */
enum status loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms);

/* Disarms; also fine when it is not armed. */
void loop_timer_stop(struct loop *loop, struct loop_timer *timer);

bool loop_timer_is_set(const struct loop_timer *timer);

/* Blocks the signal and calls handler for it inside the loop. */
enum status loop_on_signal(struct loop *loop, int signal,
    void (*handler)(void *context, int signal), void *context);

/*
 * Calls handler when the wall clock is set (TFD_TIMER_CANCEL_ON_SET), with the step in seconds
 * (positive: forward) as far as it can be known; and with about 0 when the machine wakes from
 * sleep. That also lets timers fire that fell due meanwhile, for epoll's own clock sleeps with it.
 */
enum status loop_on_clock_step(struct loop *loop, void (*handler)(void *context, int64_t step_s),
    void *context);

/* Calls hook at the end of each turn, after all handlers. */
void loop_at_turn_end(struct loop *loop, void (*hook)(void *context), void *context);

/* Runs turns until loop_stop(), which may have come before. STATUS_IO when the kernel fails us. */
enum status loop_run(struct loop *loop);

/* Runs one turn, waiting at most limit_ms (-1: for ever). For tests and for start-up. */
enum status loop_turn(struct loop *loop, int limit_ms);

/* Ends loop_run() after the turn that is running; called before loop_run(), it runs no turn. */
void loop_stop(struct loop *loop);
