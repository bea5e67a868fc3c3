/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/loop: descriptors, timers, signals and the set clock, as their owners see them. */
/* LDWRAP: timerfd_create */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/loop.h"

enum { LIMIT_MS = 5000 };

static int made_timerfd = -1;

int __real_timerfd_create(int clock, int flags);
int __wrap_timerfd_create(int clock, int flags);

int
__wrap_timerfd_create(int clock, int flags)
{
	made_timerfd = __real_timerfd_create(clock, flags);
	return made_timerfd;
}

static int64_t fake_now_ms;
static int64_t fake_wall_s;

static int64_t
read_fake_now_ns(void)
{
	return fake_now_ms * 1000000;
}

static int64_t
read_fake_wall_s(void)
{
	return fake_wall_s;
}

static const struct clock_source fake = {
	.now_ns = read_fake_now_ns,
	.wall_s = read_fake_wall_s,
};

static struct loop *loop;

static int
make_loop(void **state)
{
	(void)state;
	fake_now_ms = 1000000;
	fake_wall_s = 1700000000;
	loop = loop_new();
	return loop != NULL ? 0 : -1;
}

static int
free_loop(void **state)
{
	sigset_t all;

	(void)state;
	loop_free(loop);
	clock_replace(NULL);
	(void)sigfillset(&all);
	return sigprocmask(SIG_UNBLOCK, &all, NULL);
}

/* --- descriptors ------------------------------------------------------------------------------ */

struct pipe_end {
	struct loop_watch watch;
	int reader;
	int writer;
	unsigned calls;
	unsigned events;
	void (*then)(struct pipe_end *end);
	struct pipe_end *other;
};

static void
on_pipe(void *context, unsigned events)
{
	struct pipe_end *end = context;

	end->calls++;
	end->events = events;
	if (end->then != NULL)
		end->then(end);
}

static void
open_pipe(struct pipe_end *end)
{
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	*end = (struct pipe_end){
		.watch = { .handler = on_pipe, .context = end },
		.reader = fds[0],
		.writer = fds[1],
	};
}

static void
close_pipe(struct pipe_end *end)
{
	(void)close(end->reader);
	if (end->writer >= 0)
		(void)close(end->writer);
}

static void
fill_pipe(struct pipe_end *end)
{
	assert_int_equal(write(end->writer, "x", 1), 1);
}

static void
drain_pipe(struct pipe_end *end)
{
	char bytes[16];

	assert_true(read(end->reader, bytes, sizeof(bytes)) > 0);
}

static void
a_readable_descriptor_is_told_until_it_is_read(void **state)
{
	struct pipe_end end;

	(void)state;
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	assert_int_equal(end.watch.fd, end.reader);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(end.calls, 0);
	fill_pipe(&end);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(end.calls, 2);
	assert_int_equal(end.events, LOOP_READ);
	drain_pipe(&end);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(end.calls, 2);
	loop_unwatch(loop, &end.watch);
	close_pipe(&end);
}

static void
what_is_waited_for_can_be_changed(void **state)
{
	struct pipe_end end;

	(void)state;
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, end.writer, 0), STATUS_OK);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(end.calls, 0);
	assert_int_equal(loop_rewatch(loop, &end.watch, LOOP_WRITE), STATUS_OK);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(end.calls, 1);
	assert_int_equal(end.events, LOOP_WRITE);
	assert_int_equal(loop_rewatch(loop, &end.watch, 0), STATUS_OK);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(end.calls, 1);
	loop_unwatch(loop, &end.watch);
	close_pipe(&end);
}

static void
a_hang_up_shows_itself_to_readers_and_writers(void **state)
{
	struct pipe_end end;

	(void)state;
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	(void)close(end.writer);
	end.writer = -1;
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(end.calls, 1);
	assert_true((end.events & LOOP_READ) != 0);
	loop_unwatch(loop, &end.watch);
	close_pipe(&end);
}

static void
what_cannot_be_watched_is_told(void **state)
{
	struct pipe_end end;
	int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	(void)state;
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, -1, LOOP_READ), STATUS_IO);
	assert_int_equal(loop_watch(loop, &end.watch, file, LOOP_READ), STATUS_PERMISSION);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_IO);
	loop_unwatch(loop, &end.watch);
	assert_int_equal(loop_rewatch(loop, &end.watch, LOOP_READ), STATUS_NOT_FOUND);
	close_pipe(&end);
	(void)close(file);
}

static void
unwatch_the_other(struct pipe_end *end)
{
	loop_unwatch(loop, &end->other->watch);
}

static void
a_watch_removed_by_another_handler_of_the_same_turn_is_not_called(void **state)
{
	struct pipe_end one, other;

	(void)state;
	open_pipe(&one);
	open_pipe(&other);
	one.then = other.then = unwatch_the_other;
	one.other = &other;
	other.other = &one;
	assert_int_equal(loop_watch(loop, &one.watch, one.reader, LOOP_READ), STATUS_OK);
	assert_int_equal(loop_watch(loop, &other.watch, other.reader, LOOP_READ), STATUS_OK);
	fill_pipe(&one);
	fill_pipe(&other);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(one.calls + other.calls, 1);
	loop_unwatch(loop, &one.watch);
	loop_unwatch(loop, &other.watch);
	close_pipe(&one);
	close_pipe(&other);
}

/* As a connection that ends and its number goes to the next one, all in one turn. */
static void
reuse_the_others_watch(struct pipe_end *end)
{
	struct pipe_end *other = end->other;

	loop_unwatch(loop, &other->watch);
	close_pipe(other);
	open_pipe(other);
	assert_int_equal(loop_watch(loop, &other->watch, other->reader, LOOP_READ), STATUS_OK);
}

static void
an_event_of_a_closed_descriptor_does_not_reach_its_successor(void **state)
{
	struct pipe_end one, other;

	(void)state;
	open_pipe(&one);
	open_pipe(&other);
	one.then = other.then = reuse_the_others_watch;
	one.other = &other;
	other.other = &one;
	assert_int_equal(loop_watch(loop, &one.watch, one.reader, LOOP_READ), STATUS_OK);
	assert_int_equal(loop_watch(loop, &other.watch, other.reader, LOOP_READ), STATUS_OK);
	fill_pipe(&one);
	fill_pipe(&other);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(one.calls + other.calls, 1);
	loop_unwatch(loop, &one.watch);
	loop_unwatch(loop, &other.watch);
	close_pipe(&one);
	close_pipe(&other);
}

static void
unwatch_and_close_itself(struct pipe_end *end)
{
	loop_unwatch(loop, &end->watch);
	close_pipe(end);
}

static void
a_handler_may_end_its_own_watch(void **state)
{
	struct pipe_end end;

	(void)state;
	open_pipe(&end);
	end.then = unwatch_and_close_itself;
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	fill_pipe(&end);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(end.calls, 1);
}

static void
more_descriptors_than_fit_into_one_turn_all_get_theirs(void **state)
{
	enum { COUNT = 150 };
	struct pipe_end *ends = calloc(COUNT, sizeof(*ends));

	(void)state;
	assert_non_null(ends);
	for (unsigned i = 0; i < COUNT; i++) {
		open_pipe(&ends[i]);
		ends[i].then = drain_pipe;
		assert_int_equal(loop_watch(loop, &ends[i].watch, ends[i].reader, LOOP_READ),
		    STATUS_OK);
		fill_pipe(&ends[i]);
	}
	for (unsigned turn = 0; turn < 10; turn++)
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	for (unsigned i = 0; i < COUNT; i++) {
		assert_int_equal(ends[i].calls, 1);
		loop_unwatch(loop, &ends[i].watch);
		close_pipe(&ends[i]);
	}
	free(ends);
}

/* --- timers ----------------------------------------------------------------------------------- */

enum { TIMERS = 1000 };

struct test_timer {
	struct loop_timer timer;
	unsigned calls;
	unsigned turn;    /* of the last call */
	int64_t rearm_ms; /* set itself again, -1 = no */
	struct test_timer *stops;
};

static struct test_timer timers[TIMERS];
static unsigned fired[2 * TIMERS];
static unsigned fired_count;
static unsigned turn_number;

static void
on_timer(void *context)
{
	struct test_timer *timer = context;

	timer->calls++;
	timer->turn = turn_number;
	assert_false(loop_timer_is_set(&timer->timer));
	assert_true(fired_count < 2 * TIMERS);
	fired[fired_count++] = (unsigned)(timer - timers);
	if (timer->rearm_ms >= 0)
		assert_int_equal(loop_timer_set(loop, &timer->timer, timer->rearm_ms), STATUS_OK);
	if (timer->stops != NULL)
		loop_timer_stop(loop, &timer->stops->timer);
}

static void
prepare_timers(void)
{
	clock_replace(&fake);
	fired_count = 0;
	for (unsigned i = 0; i < TIMERS; i++)
		timers[i] = (struct test_timer){
			.timer = { .handler = on_timer, .context = &timers[i] },
			.rearm_ms = -1,
		};
}

static void
set_timer(unsigned number, int64_t delay_ms)
{
	assert_int_equal(loop_timer_set(loop, &timers[number].timer, delay_ms), STATUS_OK);
}

static void
turn(void)
{
	turn_number++;
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
}

static void
turn_after(int64_t ms)
{
	fake_now_ms += ms;
	turn();
}

static void
a_timer_fires_once_when_its_time_has_come_and_not_before(void **state)
{
	(void)state;
	prepare_timers();
	assert_false(loop_timer_is_set(&timers[0].timer));
	set_timer(0, 100);
	assert_true(loop_timer_is_set(&timers[0].timer));
	assert_int_equal(timers[0].timer.at_ms, fake_now_ms + 100);
	turn_after(99);
	assert_int_equal(timers[0].calls, 0);
	turn_after(1);
	assert_int_equal(timers[0].calls, 1);
	assert_false(loop_timer_is_set(&timers[0].timer));
	turn_after(100000);
	assert_int_equal(timers[0].calls, 1);
}

static void
timers_fire_in_the_order_of_their_times(void **state)
{
	(void)state;
	prepare_timers();
	set_timer(0, 30);
	set_timer(1, 10);
	set_timer(2, 20);
	turn_after(1000);
	assert_int_equal(fired_count, 3);
	assert_int_equal(fired[0], 1);
	assert_int_equal(fired[1], 2);
	assert_int_equal(fired[2], 0);
}

static void
timers_of_the_same_millisecond_fire_in_the_order_they_were_set(void **state)
{
	(void)state;
	prepare_timers();
	for (unsigned i = 0; i < 100; i++)
		set_timer(99 - i, 5);
	set_timer(99, 5);
	turn_after(5);
	assert_int_equal(fired_count, 100);
	for (unsigned i = 0; i < 99; i++)
		assert_int_equal(fired[i], 98 - i);
	assert_int_equal(fired[99], 99);
}

static void
a_timer_that_is_set_again_moves(void **state)
{
	(void)state;
	prepare_timers();
	set_timer(0, 10);
	set_timer(0, 1000);
	turn_after(500);
	assert_int_equal(timers[0].calls, 0);
	set_timer(0, 0);
	turn();
	assert_int_equal(timers[0].calls, 1);
	turn_after(5000);
	assert_int_equal(timers[0].calls, 1);
}

static void
a_stopped_timer_does_not_fire(void **state)
{
	(void)state;
	prepare_timers();
	set_timer(0, 10);
	set_timer(1, 10);
	loop_timer_stop(loop, &timers[0].timer);
	loop_timer_stop(loop, &timers[0].timer);
	assert_false(loop_timer_is_set(&timers[0].timer));
	turn_after(10);
	assert_int_equal(timers[0].calls, 0);
	assert_int_equal(timers[1].calls, 1);
}

static void
a_handler_may_stop_a_timer_that_is_due_in_the_same_turn(void **state)
{
	(void)state;
	prepare_timers();
	timers[0].stops = &timers[1];
	set_timer(0, 1);
	set_timer(1, 2);
	turn_after(10);
	assert_int_equal(timers[0].calls, 1);
	assert_int_equal(timers[1].calls, 0);
	assert_false(loop_timer_is_set(&timers[1].timer));
}

static void
a_timer_that_sets_itself_to_zero_starves_neither_timers_nor_descriptors(void **state)
{
	struct pipe_end end;

	(void)state;
	prepare_timers();
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	timers[0].rearm_ms = 0;
	set_timer(0, 0);
	for (unsigned i = 1; i < 10; i++)
		set_timer(i, 0);
	fill_pipe(&end);
	turn();
	/* The clock stands still: all this is one millisecond. */
	for (unsigned i = 0; i < 10; i++)
		assert_int_equal(timers[i].calls, 1);
	for (unsigned i = 2; i <= 20; i++) {
		turn();
		assert_int_equal(timers[0].calls, i);
		assert_int_equal(end.calls, i);
	}
	loop_timer_stop(loop, &timers[0].timer);
	loop_unwatch(loop, &end.watch);
	close_pipe(&end);
}

/* What a connection does with its idle timer. */
static void
set_timer_anew(struct pipe_end *end)
{
	(void)end;
	set_timer(0, 100);
	set_timer(1, 0);
}

static void
after_a_stall_who_is_ready_is_heard_before_time_is_up(void **state)
{
	struct pipe_end end;

	(void)state;
	prepare_timers();
	open_pipe(&end);
	end.then = set_timer_anew;
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	set_timer(0, 100);
	fill_pipe(&end);
	turn_after(100000);
	assert_int_equal(end.calls, 1);
	assert_int_equal(timers[0].calls, 0);
	/* What the handler set to 0 ms is for the next turn. */
	assert_int_equal(timers[1].calls, 0);
	loop_unwatch(loop, &end.watch);
	turn_after(100);
	assert_int_equal(timers[0].calls, 1);
	assert_int_equal(timers[1].calls, 1);
	close_pipe(&end);
}

static void
a_delay_below_zero_is_now_and_an_endless_one_never(void **state)
{
	(void)state;
	prepare_timers();
	set_timer(0, INT64_MIN);
	assert_int_equal(timers[0].timer.at_ms, fake_now_ms);
	set_timer(1, INT64_MAX);
	turn_after(INT64_C(100) * 365 * 86400000);
	assert_int_equal(timers[0].calls, 1);
	assert_int_equal(timers[1].calls, 0);
	loop_timer_stop(loop, &timers[1].timer);
}

static void
a_thousand_timers_set_moved_and_stopped_at_random_fire_in_order(void **state)
{
	unsigned random = 20240229;
	unsigned set = 0;
	int64_t last_ms = 0;

	(void)state;
	prepare_timers();
	for (unsigned round = 0; round < 10 * TIMERS; round++) {
		random = random * 1103515245 + 12345;
		unsigned number = (random >> 8) % TIMERS;

		if (random >> 30 == 0)
			loop_timer_stop(loop, &timers[number].timer);
		else
			set_timer(number, (random >> 12) % 5000);
	}
	for (unsigned i = 0; i < TIMERS; i++)
		set += loop_timer_is_set(&timers[i].timer) ? 1 : 0;
	assert_in_range(set, TIMERS / 2, TIMERS);
	for (unsigned ms = 0; ms <= 5000; ms += 50)
		turn_after(50);
	assert_int_equal(fired_count, set);
	for (unsigned i = 0; i < fired_count; i++) {
		assert_true(timers[fired[i]].timer.at_ms >= last_ms);
		last_ms = timers[fired[i]].timer.at_ms;
	}
	for (unsigned i = 0; i < TIMERS; i++)
		assert_in_range(timers[i].calls, 0, 1);
}

static void
a_timer_fires_in_the_turn_after_its_time_whatever_else_is_set(void **state)
{
	(void)state;
	prepare_timers();
	for (unsigned i = 0; i < TIMERS; i++)
		set_timer(i, 10 * (int64_t)((i * 7919) % TIMERS) + 1);
	for (unsigned step = 0; step < TIMERS; step++) {
		turn_after(step == 0 ? 1 : 10);
		assert_int_equal(fired_count, step + 1);
		assert_int_equal((fired[step] * 7919) % TIMERS, step);
	}
}

static unsigned turns;

static void
count_turn(void *context)
{
	(void)context;
	turns++;
}

static void
stop_loop(void *context)
{
	(void)context;
	loop_stop(loop);
}

static void
an_idle_loop_sleeps_until_the_timer_and_wakes_for_nothing_else(void **state)
{
	struct loop_timer timer = { .handler = stop_loop };
	int64_t start_ms = clock_now_ms();

	(void)state;
	turns = 0;
	loop_at_turn_end(loop, count_turn, NULL);
	assert_int_equal(loop_timer_set(loop, &timer, 60), STATUS_OK);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_in_range(clock_now_ms() - start_ms, 60, LIMIT_MS);
	assert_in_range(turns, 1, 2);
}

/* --- turns ------------------------------------------------------------------------------------ */

static void
expect_handlers_done(void *context)
{
	const struct pipe_end *end = context;

	turns++;
	assert_int_equal(end->calls, turns);
	assert_int_equal(timers[0].calls, 1);
}

static void
the_turn_hook_comes_after_all_handlers_and_timers(void **state)
{
	struct pipe_end end;

	(void)state;
	prepare_timers();
	turns = 0;
	open_pipe(&end);
	assert_int_equal(loop_watch(loop, &end.watch, end.reader, LOOP_READ), STATUS_OK);
	loop_at_turn_end(loop, expect_handlers_done, &end);
	fill_pipe(&end);
	set_timer(0, 0);
	turn();
	turn();
	assert_int_equal(turns, 2);
	loop_unwatch(loop, &end.watch);
	close_pipe(&end);
}

static void
stop_asked_for_in_a_turn_ends_after_that_turn(void **state)
{
	(void)state;
	prepare_timers();
	turns = 0;
	struct loop_timer stop = { .handler = stop_loop };

	loop_at_turn_end(loop, count_turn, NULL);
	assert_int_equal(loop_timer_set(loop, &stop, 0), STATUS_OK);
	set_timer(0, 0);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_int_equal(turns, 1);
	assert_int_equal(timers[0].calls, 1);
}

/* SIGTERM during start-up, while single turns are run, must not be forgotten. */
static void
stop_asked_for_before_the_run_is_kept(void **state)
{
	struct loop_timer stop = { .handler = stop_loop };

	(void)state;
	turns = 0;
	loop_at_turn_end(loop, count_turn, NULL);
	loop_stop(loop);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_int_equal(turns, 0);

	assert_int_equal(loop_timer_set(loop, &stop, 0), STATUS_OK);
	assert_int_equal(loop_run(loop), STATUS_OK);
	assert_in_range(turns, 1, 2);
}

/* --- signals ---------------------------------------------------------------------------------- */

static unsigned signal_calls[NSIG];

static void
on_signal(void *context, int signal)
{
	assert_ptr_equal(context, signal_calls);
	signal_calls[signal]++;
}

static void
signals_arrive_in_the_loop_and_only_there(void **state)
{
	(void)state;
	memset(signal_calls, 0, sizeof(signal_calls));
	assert_int_equal(loop_on_signal(loop, SIGUSR1, on_signal, signal_calls), STATUS_OK);
	assert_int_equal(loop_on_signal(loop, SIGHUP, on_signal, signal_calls), STATUS_OK);
	/* Not caught by the loop, they would end this process. */
	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(kill(getpid(), SIGHUP), 0);
	assert_int_equal(signal_calls[SIGUSR1], 0);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(signal_calls[SIGUSR1], 1);
	assert_int_equal(signal_calls[SIGHUP], 1);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(signal_calls[SIGUSR1], 1);

	assert_int_equal(kill(getpid(), SIGUSR1), 0);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(signal_calls[SIGUSR1], 2);
	assert_int_equal(signal_calls[SIGHUP], 1);
}

static void
a_signal_number_that_does_not_exist_is_refused(void **state)
{
	(void)state;
	assert_int_not_equal(loop_on_signal(loop, 0, on_signal, signal_calls), STATUS_OK);
	assert_int_not_equal(loop_on_signal(loop, 4096, on_signal, signal_calls), STATUS_OK);
	memset(signal_calls, 0, sizeof(signal_calls));
	assert_int_equal(loop_on_signal(loop, SIGUSR2, on_signal, signal_calls), STATUS_OK);
	assert_int_equal(kill(getpid(), SIGUSR2), 0);
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(signal_calls[SIGUSR2], 1);
}

/* --- the set clock ---------------------------------------------------------------------------- */

static unsigned steps;
static int64_t last_step_s;

static void
on_step(void *context, int64_t step_s)
{
	assert_ptr_equal(context, &steps);
	steps++;
	last_step_s = step_s;
}

/* A number that the kernel tells of a descriptor: proc(5), /proc/PID/fdinfo. */
static uint64_t
descriptor_number(int fd, const char *label, int base)
{
	char path[64];
	char line[128];
	uint64_t number = UINT64_MAX;
	FILE *info;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	assert_non_null(info);
	while (fgets(line, sizeof(line), info) != NULL) {
		if (strncmp(line, label, strlen(label)) == 0)
			number = strtoull(line + strlen(label), NULL, base);
	}
	(void)fclose(info);
	return number;
}

static void
expect_clock_watch(void)
{
	assert_int_equal(descriptor_number(made_timerfd, "clockid: ", 10), CLOCK_REALTIME);
	assert_int_equal(descriptor_number(made_timerfd, "settime flags: ", 8),
	    TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET);
}

static void
setting_the_clock_is_watched_by_a_timer_that_never_fires_by_itself(void **state)
{
	(void)state;
	steps = 0;
	assert_int_equal(loop_on_clock_step(loop, on_step, &steps), STATUS_OK);
	expect_clock_watch();
	assert_in_range(descriptor_number(made_timerfd, "it_value: (", 10),
	    UINT64_C(10) * 365 * 86400, UINT64_C(100) * 365 * 86400);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(steps, 0);
}

/* The kernel's cancellation needs a set clock; an expiry wakes the loop in the same way. */
static void
expire_clock_watch(void)
{
	struct itimerspec past = { .it_value.tv_sec = 1 };

	assert_int_equal(timerfd_settime(made_timerfd, TFD_TIMER_ABSTIME, &past, NULL), 0);
}

static void
the_step_is_what_the_wall_clock_moved_beyond_the_running_one(void **state)
{
	(void)state;
	steps = 0;
	clock_replace(&fake);
	assert_int_equal(loop_on_clock_step(loop, on_step, &steps), STATUS_OK);
	fake_now_ms += 60000;
	fake_wall_s += 60 + 3600;
	expire_clock_watch();
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(steps, 1);
	assert_int_equal(last_step_s, 3600);
	expect_clock_watch();
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(steps, 1);

	fake_now_ms += 10000;
	fake_wall_s += 10 - 86400;
	expire_clock_watch();
	assert_int_equal(loop_turn(loop, LIMIT_MS), STATUS_OK);
	assert_int_equal(steps, 2);
	assert_int_equal(last_step_s, -86400);
}

/* --- what is inherited, what is left ---------------------------------------------------------- */

static unsigned
count_descriptors(unsigned *ret_inherited)
{
	unsigned count = 0;

	*ret_inherited = 0;
	for (int fd = 3; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);

		if (flags < 0)
			continue;
		count++;
		*ret_inherited += (flags & FD_CLOEXEC) == 0 ? 1 : 0;
	}
	return count;
}

static void
a_loop_leaves_no_descriptor_behind_and_lets_no_child_inherit_one(void **state)
{
	unsigned inherited, inherited_within;
	unsigned before = count_descriptors(&inherited);
	struct loop *other = loop_new();

	(void)state;
	assert_non_null(other);
	assert_int_equal(loop_on_signal(other, SIGUSR1, on_signal, signal_calls), STATUS_OK);
	assert_int_equal(loop_on_clock_step(other, on_step, &steps), STATUS_OK);
	assert_int_equal(count_descriptors(&inherited_within), before + 3);
	/* Whoever runs the tests may have left some open. */
	assert_int_equal(inherited_within, inherited);
	loop_free(other);
	assert_int_equal(count_descriptors(&inherited), before);
	loop_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_loop, free_loop)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_readable_descriptor_is_told_until_it_is_read),
		TEST(what_is_waited_for_can_be_changed),
		TEST(a_hang_up_shows_itself_to_readers_and_writers),
		TEST(what_cannot_be_watched_is_told),
		TEST(a_watch_removed_by_another_handler_of_the_same_turn_is_not_called),
		TEST(an_event_of_a_closed_descriptor_does_not_reach_its_successor),
		TEST(a_handler_may_end_its_own_watch),
		TEST(more_descriptors_than_fit_into_one_turn_all_get_theirs),
		TEST(a_timer_fires_once_when_its_time_has_come_and_not_before),
		TEST(timers_fire_in_the_order_of_their_times),
		TEST(timers_of_the_same_millisecond_fire_in_the_order_they_were_set),
		TEST(a_timer_that_is_set_again_moves),
		TEST(a_stopped_timer_does_not_fire),
		TEST(a_handler_may_stop_a_timer_that_is_due_in_the_same_turn),
		TEST(a_timer_that_sets_itself_to_zero_starves_neither_timers_nor_descriptors),
		TEST(after_a_stall_who_is_ready_is_heard_before_time_is_up),
		TEST(a_delay_below_zero_is_now_and_an_endless_one_never),
		TEST(a_thousand_timers_set_moved_and_stopped_at_random_fire_in_order),
		TEST(a_timer_fires_in_the_turn_after_its_time_whatever_else_is_set),
		TEST(an_idle_loop_sleeps_until_the_timer_and_wakes_for_nothing_else),
		TEST(the_turn_hook_comes_after_all_handlers_and_timers),
		TEST(stop_asked_for_in_a_turn_ends_after_that_turn),
		TEST(stop_asked_for_before_the_run_is_kept),
		TEST(signals_arrive_in_the_loop_and_only_there),
		TEST(a_signal_number_that_does_not_exist_is_refused),
		TEST(setting_the_clock_is_watched_by_a_timer_that_never_fires_by_itself),
		TEST(the_step_is_what_the_wall_clock_moved_beyond_the_running_one),
		TEST(a_loop_leaves_no_descriptor_behind_and_lets_no_child_inherit_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
