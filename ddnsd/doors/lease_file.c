/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When to read the lease file, and what to make of a file that is missing, unreadable, or caught
 * while dnsmasq was writing it: it is rewritten in place, so that a reader may see half of it.
 */
#include "doors/lease_file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/watch.h"
#include "service/dhcp.h"
#include "wire/lease_file.h"

enum {
	TORN_RETRY_MS = 200, /* dnsmasq writes a thousand leases in a few milliseconds */
	TORN_RETRIES = 25,   /* then it is as it is: a dnsmasq that died while it wrote */
	/* A lease that is missing from one reading ends when the next one does not have it either. */
	MISSING_RETRY_MS = 1000,
	UNWATCHED_RETRY_MS = 60000,
	UNSTORED_RETRY_MS = 10000,
	PROBLEM_MAX = 2 * PATH_MAX,
};

struct lease_reader {
	struct loop *loop;
	struct service *service;
	struct watch *watch;
	struct loop_timer timer;
	char file[PATH_MAX];
	char problem[PROBLEM_MAX];
	size_t missing;     /* of the last reading */
	int64_t missing_ms; /* when they were first found missing */
	unsigned torn;      /* readings in a row */
	bool is_watched;
};

static void read_file(struct lease_reader *reader, bool is_change);
static void on_timer(void *context);

static void
on_change(void *context)
{
	read_file(context, true);
}

struct lease_reader *
lease_reader_new(struct loop *loop, struct service *service)
{
	struct lease_reader *reader = calloc(1, sizeof(*reader));

	if (reader == NULL)
		return NULL;
	reader->loop = loop;
	reader->service = service;
	reader->timer = (struct loop_timer){ .handler = on_timer, .context = reader };
	return reader;
}

void
lease_reader_free(struct lease_reader *reader)
{
	if (reader == NULL)
		return;
	loop_timer_stop(reader->loop, &reader->timer);
	watch_free(reader->watch);
	free(reader);
}

const char *
lease_reader_problem(const struct lease_reader *reader)
{
	return reader->problem;
}

/* One line for each new problem, and one when it is over. */
static void
note_problem(struct lease_reader *reader, const char *problem)
{
	if (strcmp(reader->problem, problem) == 0)
		return;
	(void)snprintf(reader->problem, sizeof(reader->problem), "%s", problem);
	if (problem[0] != '\0')
		log_warning("leases: %s", problem);
	else
		log_notice("leases: %s can be read again", reader->file);
}

static const char *
mend_for(enum status status)
{
	switch (status) {
	case STATUS_PERMISSION:
		return "let ddnsd's user read it (chmod o+r), and enter its folder (chmod o+x)";
	case STATUS_TOO_LARGE:
		return "it is larger than any lease file can be: is the path right?";
	default:
		return "is `file` in `leases` the file that dnsmasq writes (dhcp-leasefile)?";
	}
}

/* True when the text holds lines, and none of them is a lease's: another file, or a spoilt one. */
static bool
is_garbage(const struct buffer *text)
{
	struct lease_file file;
	struct dhcp_event event;

	lease_file_begin(&file, text->data != NULL ? text->data : "", text->length, clock_wall_s());
	return !lease_file_next(&file, &event) && file.skipped > 0;
}

static void
note_garbage(struct lease_reader *reader)
{
	char problem[PROBLEM_MAX];

	(void)snprintf(problem, sizeof(problem),
	    "%s holds nothing that is a lease, and was left alone; %s", reader->file,
	    mend_for(STATUS_MALFORMED));
	note_problem(reader, problem);
	reader->missing = 0;
}

/* Hands a whole file over. Returns how many leases it lacks that were there before. */
static size_t
hand_over(struct lease_reader *reader, const struct buffer *text, bool keeps_missing)
{
	struct lease_file file;
	struct dhcp_event event;
	enum status status = STATUS_OK;

	lease_file_begin(&file, text->data != NULL ? text->data : "", text->length, clock_wall_s());
	service_dhcp_begin_reading(reader->service);
	while (status == STATUS_OK && lease_file_next(&file, &event))
		status = service_dhcp_event(reader->service, &event, "lease-file");
	if (status == STATUS_LIMITED)
		log_error("leases: %s holds more than %d leases; the rest is left out",
		    reader->file, LEASES_MAX);
	else if (status != STATUS_OK)
		log_error("leases: %s: %s", reader->file, status_text(status));
	/* What was not read must not look as if it had ended. */
	return service_dhcp_end_reading(reader->service, keeps_missing || status != STATUS_OK);
}

/*
 * A change tells that dnsmasq is writing, and half a file may end where a line does: only a look at
 * another time ends what is missing.
 */
static void
take_reading(struct lease_reader *reader, const struct buffer *text, bool is_change)
{
	int64_t now_ms = clock_now_ms();
	int64_t left_ms;
	bool is_second_look = !is_change && reader->missing > 0 &&
	    now_ms >= reader->missing_ms + MISSING_RETRY_MS;

	if (is_garbage(text)) {
		note_garbage(reader);
		return;
	}
	note_problem(reader, "");
	if (reader->missing == 0)
		reader->missing_ms = now_ms;
	reader->missing = hand_over(reader, text, !is_second_look);
	if (is_second_look)
		reader->missing = 0;
	if (reader->missing == 0)
		return;
	left_ms = reader->missing_ms + MISSING_RETRY_MS - now_ms;
	(void)loop_timer_set(reader->loop, &reader->timer,
	    left_ms > TORN_RETRY_MS ? left_ms : TORN_RETRY_MS);
}

static void
note_unreadable(struct lease_reader *reader, enum status status)
{
	char problem[PROBLEM_MAX];

	/* dnsmasq makes it with the first lease, and may be installed later than we are. */
	if (status == STATUS_NOT_FOUND) {
		note_problem(reader, "");
		return;
	}
	(void)snprintf(problem, sizeof(problem), "%s cannot be read: %s; %s", reader->file,
	    status_text(status), mend_for(status));
	note_problem(reader, problem);
}

static void
watch_it(struct lease_reader *reader)
{
	char problem[PROBLEM_MAX];
	enum status status;

	if (reader->is_watched || reader->file[0] == '\0')
		return;
	watch_free(reader->watch);
	reader->watch = watch_new(reader->loop, on_change, reader);
	status = reader->watch != NULL ? watch_file(reader->watch, reader->file) : STATUS_NO_MEMORY;
	reader->is_watched = status == STATUS_OK;
	if (reader->is_watched)
		return;
	(void)snprintf(problem, sizeof(problem), "%s cannot be watched for changes: %s; %s",
	    reader->file, status_text(status), mend_for(status));
	note_problem(reader, problem);
	(void)loop_timer_set(reader->loop, &reader->timer, UNWATCHED_RETRY_MS);
}

static void
read_file(struct lease_reader *reader, bool is_change)
{
	struct buffer text;
	enum status status;
	bool is_whole;

	loop_timer_stop(reader->loop, &reader->timer);
	watch_it(reader);
	if (reader->file[0] == '\0')
		return;
	buffer_init(&text, LEASE_FILE_SIZE_MAX);
	status = file_read(reader->file, &text);
	is_whole = lease_file_is_whole(text.data != NULL ? text.data : "", text.length);
	if (status != STATUS_OK) {
		if (reader->is_watched)
			note_unreadable(reader, status);
	} else if (is_whole || reader->torn == TORN_RETRIES) {
		if (is_whole)
			reader->torn = 0;
		take_reading(reader, &text, is_change);
	} else {
		reader->torn++;
		(void)loop_timer_set(reader->loop, &reader->timer, TORN_RETRY_MS);
	}
	buffer_release(&text);
}

static void
on_timer(void *context)
{
	read_file(context, false);
}

void
lease_reader_again(struct lease_reader *reader)
{
	if (reader->file[0] != '\0')
		(void)loop_timer_set(reader->loop, &reader->timer, 0);
}

void
lease_reader_turn_ended(struct lease_reader *reader, enum status commit_status)
{
	if (commit_status != STATUS_OK && reader->file[0] != '\0' &&
	    !loop_timer_is_set(&reader->timer))
		(void)loop_timer_set(reader->loop, &reader->timer, UNSTORED_RETRY_MS);
}

void
lease_reader_set_file(struct lease_reader *reader, const char *file)
{
	if (strcmp(reader->file, file) == 0 && reader->is_watched)
		return;
	loop_timer_stop(reader->loop, &reader->timer);
	watch_free(reader->watch);
	reader->watch = NULL;
	reader->is_watched = false;
	reader->missing = 0;
	reader->torn = 0;
	reader->problem[0] = '\0';
	(void)snprintf(reader->file, sizeof(reader->file), "%s", file);
	read_file(reader, false);
}
