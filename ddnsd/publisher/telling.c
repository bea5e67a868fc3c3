/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One timer, one socket, one command: steps until dnsmasq answers. */
#include "publisher/telling.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

/* The wait behind each question. A small file is read in under 1 ms, 10,000 names in 8 ms. */
static const int16_t waits_ms[] = { 1, 1, 2, 2, 4, 8, 16, 32, 64, 128 };

enum {
	WAITS = sizeof(waits_ms) / sizeof(waits_ms[0]),
	WAIT_MS = 200,       /* from then on until it is late */
	LATE_WAIT_MS = 1000, /* doubles up to: */
	LATE_WAIT_MOST_MS = 10000,
	RETRY_MOST_MS = 60000, /* where each retry runs a command */
	ANSWERS_A_TURN = 64,
	/*
	 * Asked again as soon as a wrong answer comes: where signal and question meet dnsmasq in one
	 * poll(), it answers first and reads then.
	 */
	QUICK_QUESTIONS_MAX = 2,
};

static void step(void *context);
static void read_answers(void *context, unsigned events);
static void end_command(void *context, const char *problem);

static bool
has_questions(const struct telling *telling)
{
	return telling->options->confirm.address.family != 0;
}

void
telling_init(struct telling *telling, struct loop *loop, void (*on_told)(void *context),
    void (*on_trouble)(void *context, const struct diagnosis *diagnosis), void *context)
{
	*telling = (struct telling){
		.loop = loop,
		.on_told = on_told,
		.on_trouble = on_trouble,
		.context = context,
		.timer = { .handler = step, .context = telling },
		.watch = { .handler = read_answers, .context = telling, .fd = -1 },
	};
	command_init(&telling->command, loop, end_command, telling);
}

static void
close_socket(struct telling *telling)
{
	if (telling->watch.fd < 0)
		return;
	loop_unwatch(telling->loop, &telling->watch);
	(void)close(telling->watch.fd);
	telling->watch.fd = -1;
}

void
telling_stop(struct telling *telling)
{
	close_socket(telling);
	loop_timer_stop(telling->loop, &telling->timer);
	telling->is_busy = false;
	telling->is_late = false;
}

void
telling_release(struct telling *telling)
{
	telling_stop(telling);
	command_release(&telling->command);
}

static void
finish(struct telling *telling)
{
	telling_stop(telling);
	telling->on_told(telling->context);
}

static void
report_trouble(struct telling *telling, enum trouble trouble)
{
	struct diagnosis_facts facts = {
		.options = telling->options,
		.number = telling->number,
		.answered = telling->answered_number,
		.signal_problem = telling->signal_problem,
	};
	struct diagnosis diagnosis;

	diagnosis_of_telling(trouble, &facts, &diagnosis);
	telling->on_trouble(telling->context, &diagnosis);
}

static void
report_command(struct telling *telling, const char *what)
{
	struct diagnosis diagnosis;

	diagnosis_of_command(telling->options, what, &diagnosis);
	telling->on_trouble(telling->context, &diagnosis);
}

static void
start_command(struct telling *telling)
{
	const struct publisher_options *options = telling->options;
	char what[COMMAND_PROBLEM_MAX];
	enum status status;

	if (command_is_running(&telling->command))
		return;
	telling->wants_nudge = false;
	telling->command_begun_ms = clock_now_ms();
	status = command_start(&telling->command, options->command, options->file);
	if (status == STATUS_OK)
		return;
	(void)snprintf(what, sizeof(what), "cannot be run: %s", status_text(status));
	telling->wants_nudge = !has_questions(telling);
	report_command(telling, what);
}

/* Told late, dnsmasq is asked as often as after a publication: what kept it away may be mended. */
static void
hurry(struct telling *telling)
{
	if (!telling->is_late)
		return;
	telling->steps = 0;
	telling->quick_questions = 0;
	(void)loop_timer_set(telling->loop, &telling->timer, waits_ms[0]);
}

static void
nudge(struct telling *telling)
{
	if (telling->options->mode == PUBLISH_COMMAND) {
		start_command(telling);
		return;
	}
	telling->wants_nudge = dnsmasq_signal(telling->options->pid_file,
				   telling->signal_problem) != STATUS_OK;
	if (!telling->wants_nudge)
		hurry(telling);
}

/* True when the step is one to nudge at; with questions, most wait for a wrong answer. */
static bool
is_time_to_nudge(const struct telling *telling)
{
	if (!telling->wants_nudge)
		return false;
	if (!has_questions(telling) || (telling->steps == 0 && telling->nudges_first))
		return true;
	/* Where the command carries the file elsewhere, there may be no answer before it ran. */
	return telling->is_late && telling->options->mode == PUBLISH_COMMAND;
}

static void
note_nobody(struct telling *telling)
{
	telling->answer = DNSMASQ_NOBODY;
	telling->was_nobody_there = true;
}

static void
ask(struct telling *telling)
{
	int fd = telling->watch.fd;

	if (fd < 0) {
		if (dnsmasq_socket(&telling->options->confirm, &fd) != STATUS_OK) {
			note_nobody(telling);
			return;
		}
		if (loop_watch(telling->loop, &telling->watch, fd, LOOP_READ) != STATUS_OK) {
			(void)close(fd);
			return;
		}
		telling->id = dnsmasq_random_id();
	}
	telling->asked_ns = clock_now_ns();
	if (dnsmasq_ask(fd, telling->marker.wire, telling->id) != STATUS_OK)
		note_nobody(telling);
}

static enum trouble
trouble_of(const struct telling *telling)
{
	if (!has_questions(telling))
		return TROUBLE_UNSIGNALLED;
	switch (telling->answer) {
	case DNSMASQ_NOBODY:
		return TROUBLE_NOBODY;
	case DNSMASQ_NO_NAME:
		return TROUBLE_NOT_READ;
	case DNSMASQ_NUMBER:
		return TROUBLE_OLD;
	default:
		return TROUBLE_SILENT;
	}
}

/*
 * A signal flushes dnsmasq's cache and runs its lease script, so that telling it again what it was
 * told already happens ever more seldom: at steps 1, 2, 4, 8, 16 ...
 */
static void
count_late_step(struct telling *telling)
{
	telling->is_late = true;
	telling->late_steps++;
	if ((telling->late_steps & (telling->late_steps - 1)) == 0)
		telling->wants_nudge = telling->options->mode != PUBLISH_HOSTSDIR;
}

/* So many questions follow each other in short sequence; they are not steps behind the limit. */
static bool
is_in_sequence(const struct telling *telling, unsigned length)
{
	return has_questions(telling) && telling->steps <= length;
}

/* Behind the time limit, or at the end of a sequence there: it may have ended with a signal. */
static void
be_late(struct telling *telling)
{
	const struct publisher_options *options = telling->options;
	bool is_closed = has_questions(telling) && diagnosis_is_closed(options);

	if (!telling->is_late || !is_in_sequence(telling, WAITS + 1))
		count_late_step(telling);
	/* The one obstacle that is seen to go away; what dnsmasq was told before did not help. */
	if (telling->was_closed && !is_closed)
		telling->wants_nudge = options->mode != PUBLISH_HOSTSDIR;
	telling->was_closed = is_closed;
	if (has_questions(telling) || options->mode != PUBLISH_COMMAND)
		report_trouble(telling, trouble_of(telling));
}

static int64_t
late_wait_ms(const struct telling *telling)
{
	bool is_costly = !has_questions(telling) && telling->options->mode == PUBLISH_COMMAND;
	int64_t most_ms = is_costly ? RETRY_MOST_MS : LATE_WAIT_MOST_MS;
	int64_t wait_ms = LATE_WAIT_MS;

	for (unsigned i = 1; i < telling->late_steps && wait_ms < most_ms; i++)
		wait_ms *= 2;
	return wait_ms < most_ms ? wait_ms : most_ms;
}

static int64_t
next_wait_ms(const struct telling *telling)
{
	int64_t left_ms = telling->begun_ms + telling->options->confirm_timeout_ms - clock_now_ms();
	int64_t wait_ms = WAIT_MS;

	if (is_in_sequence(telling, WAITS))
		wait_ms = waits_ms[telling->steps - 1];
	else if (telling->is_late)
		return late_wait_ms(telling);
	else if (!has_questions(telling))
		wait_ms = LATE_WAIT_MS;
	/* The trouble is reported in time. */
	return telling->is_late || wait_ms < left_ms ? wait_ms : left_ms;
}

static void
step(void *context)
{
	struct telling *telling = context;
	int64_t limit_ms = telling->begun_ms + telling->options->confirm_timeout_ms;

	if (is_time_to_nudge(telling))
		nudge(telling);
	/* Nothing is asked before the command has ended; that goes on from there. */
	if (command_is_running(&telling->command))
		return;
	if (!has_questions(telling) && !telling->wants_nudge) {
		finish(telling);
		return;
	}
	if (has_questions(telling))
		ask(telling);
	telling->steps++;
	/* A new publication's first questions belong to it, not to the old trouble. */
	if (clock_now_ms() >= limit_ms && (!telling->is_late || !is_in_sequence(telling, WAITS)))
		be_late(telling);
	(void)loop_timer_set(telling->loop, &telling->timer, next_wait_ms(telling));
}

static void
end_command(void *context, const char *problem)
{
	struct telling *telling = context;
	int64_t from_ms = telling->command_begun_ms;

	if (!telling->is_busy)
		return;
	/* The time limit is dnsmasq's, and it could not know before. */
	if (from_ms < telling->begun_ms)
		from_ms = telling->begun_ms;
	telling->begun_ms += clock_now_ms() - from_ms;
	if (problem != NULL)
		report_command(telling, problem);
	/* With questions, the answers tell whether it has to run again. */
	if (problem == NULL || has_questions(telling)) {
		hurry(telling);
		step(telling);
		return;
	}
	telling->wants_nudge = true;
	telling->is_late = true;
	telling->late_steps++;
	(void)loop_timer_set(telling->loop, &telling->timer, late_wait_ms(telling));
}

/* Of questions that overtake each other, the first answer counts, and for the last question. */
static void
note_answer(struct telling *telling, enum dnsmasq_answer answer)
{
	telling->answer = answer;
	if (answer == DNSMASQ_NOBODY || telling->asked_ns == 0)
		return;
	if (telling->answering != NULL)
		histogram_note(telling->answering, clock_now_ns() - telling->asked_ns);
	telling->asked_ns = 0;
}

static void
read_answers(void *context, unsigned events)
{
	struct telling *telling = context;
	bool is_wrong = false;

	(void)events;
	for (unsigned i = 0; i < ANSWERS_A_TURN; i++) {
		uint64_t number = 0;
		enum dnsmasq_answer answer = dnsmasq_read(telling->watch.fd, telling->marker.wire,
		    telling->id, &number);

		if (answer == DNSMASQ_NOTHING)
			break;
		if (answer == DNSMASQ_OTHER)
			continue;
		note_answer(telling, answer);
		telling->answered_number = number;
		if (answer == DNSMASQ_NUMBER && number == telling->number) {
			finish(telling);
			return;
		}
		if (answer == DNSMASQ_NOBODY)
			note_nobody(telling);
		else
			is_wrong = true;
	}
	if (!is_wrong)
		return;
	if (telling->wants_nudge)
		nudge(telling);
	if (command_is_running(&telling->command))
		loop_timer_stop(telling->loop, &telling->timer);
	else if (telling->quick_questions++ < QUICK_QUESTIONS_MAX)
		ask(telling);
}

void
telling_begin(struct telling *telling, const struct publisher_options *options,
    const uint8_t *marker, uint64_t number, bool is_new)
{
	bool can_nudge = options->mode == PUBLISH_SIGNAL || options->mode == PUBLISH_COMMAND;

	telling->options = options;
	if (!telling->is_busy) {
		telling->is_busy = true;
		telling->is_late = false;
		telling->was_nobody_there = false;
		telling->begun_ms = clock_now_ms();
		telling->late_steps = 0;
		telling->was_closed = false;
		telling->answer = DNSMASQ_NOTHING;
	}
	name_copy(&telling->marker, marker);
	telling->number = number;
	telling->steps = 0;
	telling->quick_questions = 0;
	telling->nudges_first = is_new;
	telling->wants_nudge = can_nudge;
	telling->signal_problem[0] = '\0';
	step(telling);
}
