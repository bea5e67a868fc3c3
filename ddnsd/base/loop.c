/* SPDX-License-Identifier: GPL-3.0-or-later */
/* epoll, signalfd, a heap of timers. Knows nothing of what its handlers do. */
#include "base/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum { EVENTS_MAX = 64, SIGNALS_MAX = 16 };

struct signal_handler {
	void (*handler)(void *context, int signal);
	void *context;
};

struct loop {
	int epoll;
	bool stopping;

	struct epoll_event ready[EVENTS_MAX];
	int ready_count;
	int ready_next; /* events before this one have been handed out */

	struct loop_timer **heap; /* heap[0] is the earliest */
	unsigned timers;
	unsigned capacity;
	uint64_t timer_order; /* that of the next timer to be set */

	sigset_t signals;
	struct loop_watch signal_watch;
	struct signal_handler signal_handlers[SIGNALS_MAX];
	int signal_numbers[SIGNALS_MAX];
	unsigned signal_count;

	struct loop_watch clock_watch;
	void (*clock_handler)(void *context, int64_t step_s);
	void *clock_context;
	int64_t clock_offset_s; /* wall clock less running clock when last looked at */

	void (*turn_hook)(void *context);
	void *turn_context;
};

struct loop *
loop_new(void)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (loop == NULL)
		return NULL;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0) {
		free(loop);
		return NULL;
	}
	sigemptyset(&loop->signals);
	loop->signal_watch.fd = -1;
	loop->clock_watch.fd = -1;
	return loop;
}

void
loop_free(struct loop *loop)
{
	if (loop == NULL)
		return;
	if (loop->signal_watch.fd >= 0)
		(void)close(loop->signal_watch.fd);
	if (loop->clock_watch.fd >= 0)
		(void)close(loop->clock_watch.fd);
	(void)close(loop->epoll);
	free(loop->heap);
	free(loop);
}

static struct epoll_event
wanted(struct loop_watch *watch, unsigned events)
{
	return (struct epoll_event){
		.events = ((events & LOOP_READ) != 0 ? (uint32_t)EPOLLIN : 0) |
		    ((events & LOOP_WRITE) != 0 ? (uint32_t)EPOLLOUT : 0),
		.data.ptr = watch,
	};
}

enum status
loop_watch(struct loop *loop, struct loop_watch *watch, int fd, unsigned events)
{
	struct epoll_event event = wanted(watch, events);

	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) != 0)
		return file_status(errno);
	watch->fd = fd;
	return STATUS_OK;
}

enum status
loop_rewatch(struct loop *loop, struct loop_watch *watch, unsigned events)
{
	struct epoll_event event = wanted(watch, events);

	if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, watch->fd, &event) != 0)
		return file_status(errno);
	return STATUS_OK;
}

void
loop_unwatch(struct loop *loop, struct loop_watch *watch)
{
	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
	for (int i = loop->ready_next; i < loop->ready_count; i++) {
		if (loop->ready[i].data.ptr == watch)
			loop->ready[i].data.ptr = NULL;
	}
}

static void
place(struct loop *loop, unsigned index, struct loop_timer *timer)
{
	loop->heap[index] = timer;
	timer->index = index + 1;
}

static bool
is_before(const struct loop_timer *one, const struct loop_timer *other)
{
	return one->at_ms != other->at_ms ? one->at_ms < other->at_ms : one->order < other->order;
}

static void
sift_up(struct loop *loop, unsigned index)
{
	struct loop_timer *timer = loop->heap[index];

	while (index > 0) {
		unsigned parent = (index - 1) / 2;

		if (!is_before(timer, loop->heap[parent]))
			break;
		place(loop, index, loop->heap[parent]);
		index = parent;
	}
	place(loop, index, timer);
}

static void
sift_down(struct loop *loop, unsigned index)
{
	struct loop_timer *timer = loop->heap[index];

	for (;;) {
		unsigned child = 2 * index + 1;

		if (child >= loop->timers)
			break;
		if (child + 1 < loop->timers && is_before(loop->heap[child + 1], loop->heap[child]))
			child++;
		if (!is_before(loop->heap[child], timer))
			break;
		place(loop, index, loop->heap[child]);
		index = child;
	}
	place(loop, index, timer);
}

enum status
loop_timer_set(struct loop *loop, struct loop_timer *timer, int64_t delay_ms)
{
	loop_timer_stop(loop, timer);
	if (loop->timers == loop->capacity) {
		unsigned capacity = loop->capacity > 0 ? 2 * loop->capacity : 16;
		struct loop_timer **heap = reallocarray(loop->heap, capacity,
		    sizeof(struct loop_timer *));

		if (heap == NULL)
			return STATUS_NO_MEMORY;
		loop->heap = heap;
		loop->capacity = capacity;
	}
	if (__builtin_add_overflow(clock_now_ms(), delay_ms > 0 ? delay_ms : 0, &timer->at_ms))
		timer->at_ms = INT64_MAX;
	timer->order = loop->timer_order++;
	loop->heap[loop->timers] = timer;
	sift_up(loop, loop->timers++);
	return STATUS_OK;
}

void
loop_timer_stop(struct loop *loop, struct loop_timer *timer)
{
	unsigned index;

	if (timer->index == 0)
		return;
	index = timer->index - 1;
	timer->index = 0;
	loop->timers--;
	if (index == loop->timers)
		return;
	place(loop, index, loop->heap[loop->timers]);
	sift_up(loop, index);
	sift_down(loop, loop->heap[index]->index - 1);
}

bool
loop_timer_is_set(const struct loop_timer *timer)
{
	return timer->index != 0;
}

static void
read_signals(void *context, unsigned events)
{
	struct loop *loop = context;
	struct signalfd_siginfo info;

	(void)events;
	while (read(loop->signal_watch.fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		for (unsigned i = 0; i < loop->signal_count; i++) {
			if (loop->signal_numbers[i] == (int)info.ssi_signo)
				loop->signal_handlers[i].handler(loop->signal_handlers[i].context,
				    loop->signal_numbers[i]);
		}
	}
}

enum status
loop_on_signal(struct loop *loop, int signal, void (*handler)(void *context, int signal),
    void *context)
{
	bool is_first = loop->signal_watch.fd < 0;
	int fd;

	if (loop->signal_count == SIGNALS_MAX)
		return STATUS_TOO_LARGE;
	if (sigaddset(&loop->signals, signal) != 0 ||
	    sigprocmask(SIG_BLOCK, &loop->signals, NULL) != 0)
		return file_status(errno);
	fd = signalfd(loop->signal_watch.fd, &loop->signals, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return file_status(errno);
	loop->signal_numbers[loop->signal_count] = signal;
	loop->signal_handlers[loop->signal_count++] = (struct signal_handler){ handler, context };
	if (!is_first)
		return STATUS_OK;
	loop->signal_watch = (struct loop_watch){ .handler = read_signals,
		.context = loop,
		.fd = fd };
	return loop_watch(loop, &loop->signal_watch, fd, LOOP_READ);
}

static int64_t
clock_offset_s(void)
{
	return clock_wall_s() - clock_now_s();
}

static_assert(sizeof(time_t) >= 8, "32-bit glibc: -D_FILE_OFFSET_BITS=64 -D_TIME_BITS=64");

/* A timer decades away that the kernel cancels when somebody sets the clock: it never fires. */
static enum status
arm_clock_watch(struct loop *loop)
{
	struct itimerspec never = { .it_value.tv_sec = clock_wall_s() + 1000000000 };

	if (timerfd_settime(loop->clock_watch.fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET,
		&never, NULL) != 0)
		return file_status(errno);
	loop->clock_offset_s = clock_offset_s();
	return STATUS_OK;
}

static void
read_clock_step(void *context, unsigned events)
{
	struct loop *loop = context;
	int64_t step_s = clock_offset_s() - loop->clock_offset_s;
	uint64_t expirations;

	(void)events;
	if (read(loop->clock_watch.fd, &expirations, sizeof(expirations)) < 0 && errno != ECANCELED)
		return;
	(void)arm_clock_watch(loop);
	loop->clock_handler(loop->clock_context, step_s);
}

enum status
loop_on_clock_step(struct loop *loop, void (*handler)(void *context, int64_t step_s), void *context)
{
	int fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	enum status status;

	if (fd < 0)
		return file_status(errno);
	loop->clock_handler = handler;
	loop->clock_context = context;
	loop->clock_watch = (struct loop_watch){ .handler = read_clock_step,
		.context = loop,
		.fd = fd };
	status = arm_clock_watch(loop);
	if (status == STATUS_OK)
		status = loop_watch(loop, &loop->clock_watch, fd, LOOP_READ);
	return status;
}

void
loop_at_turn_end(struct loop *loop, void (*hook)(void *context), void *context)
{
	loop->turn_hook = hook;
	loop->turn_context = context;
}

/* How long the kernel may sleep: until the earliest timer, rounded up. */
static int
sleep_ms(const struct loop *loop, int limit_ms)
{
	int64_t wait_ms;

	if (loop->timers == 0)
		return limit_ms;
	wait_ms = loop->heap[0]->at_ms - clock_now_ms();
	if (wait_ms < 0)
		wait_ms = 0;
	if (wait_ms > 86400000)
		wait_ms = 86400000;
	return limit_ms >= 0 && limit_ms < wait_ms ? limit_ms : (int)wait_ms;
}

/* Those that were set before this order, which is that of the turn's beginning. */
static void
run_timers(struct loop *loop, uint64_t order)
{
	int64_t now_ms;

	if (loop->timers == 0)
		return;
	now_ms = clock_now_ms();
	while (loop->timers > 0) {
		struct loop_timer *timer = loop->heap[0];

		if (timer->at_ms > now_ms || timer->order >= order)
			break;
		loop_timer_stop(loop, timer);
		timer->handler(timer->context);
	}
}

static unsigned
happened(uint32_t events)
{
	unsigned happened = 0;

	/* An error or a hang-up shows itself to whoever reads or writes. */
	if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0)
		happened |= LOOP_READ;
	if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
		happened |= LOOP_WRITE;
	return happened;
}

enum status
loop_turn(struct loop *loop, int limit_ms)
{
	/* A timer that is set to 0 ms in this turn waits for the next one, and starves nobody. */
	uint64_t order = loop->timer_order;
	int count = epoll_wait(loop->epoll, loop->ready, EVENTS_MAX, sleep_ms(loop, limit_ms));

	if (count < 0 && errno != EINTR)
		return file_status(errno);
	loop->ready_count = count > 0 ? count : 0;
	loop->ready_next = 0;
	while (loop->ready_next < loop->ready_count) {
		struct epoll_event event = loop->ready[loop->ready_next++];
		struct loop_watch *watch = event.data.ptr;

		if (watch != NULL)
			watch->handler(watch->context, happened(event.events));
	}
	loop->ready_count = 0;
	run_timers(loop, order);
	if (loop->turn_hook != NULL)
		loop->turn_hook(loop->turn_context);
	return STATUS_OK;
}

enum status
loop_run(struct loop *loop)
{
	enum status status = STATUS_OK;

	while (!loop->stopping && status == STATUS_OK)
		status = loop_turn(loop, -1);
	loop->stopping = false;
	return status;
}

void
loop_stop(struct loop *loop)
{
	loop->stopping = true;
}
