/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/sse: a stream of events, in pieces of every size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tools/ctl/sse.h"

struct record {
	char text[1024];
	unsigned count;
	unsigned limit; /* so many events and no more; 0: all */
};

static bool
note(void *context, const char *event, const char *data, size_t length)
{
	struct record *record = context;
	size_t used = strlen(record->text);

	(void)snprintf(record->text + used, sizeof(record->text) - used, "%s=%.*s;", event,
	    (int)length, data);
	record->count++;
	return record->limit == 0 || record->count < record->limit;
}

/* Feeds text in pieces of that size. */
static void
expect_events(const char *text, size_t piece, const char *expected)
{
	struct record record = { 0 };
	size_t length = strlen(text);
	bool goes_on = true;
	struct sse sse;

	sse_init(&sse);
	for (size_t at = 0; at < length; at += piece) {
		size_t size = length - at < piece ? length - at : piece;

		assert_int_equal(sse_feed(&sse, text + at, size, note, &record, &goes_on),
		    STATUS_OK);
		assert_true(goes_on);
	}
	assert_string_equal(record.text, expected);
	sse_release(&sse);
}

static void
events_are_the_same_however_the_bytes_arrive(void **state)
{
	static const char text[] = ": hello\n\nevent: change\ndata: {\"a\":1}\n\n"
				   "data:one\r\ndata: two\r\nid: 7\r\n\r\n"
				   ": keep-alive\n\n"
				   "event: nothing\n\n"
				   "data\n\n"
				   "event: last\ndata: never ended";

	(void)state;
	for (size_t piece = 1; piece <= sizeof(text); piece++)
		expect_events(text, piece, "change={\"a\":1};message=one\ntwo;message=;");
}

static void
only_one_blank_behind_the_colon_is_dropped(void **state)
{
	(void)state;
	expect_events("data:  x \n\n", 100, "message= x ;");
	expect_events("dat: x\ndatas: x\n data: x\n\n", 100, "");
}

static void
an_event_does_not_inherit_the_name_of_the_one_before(void **state)
{
	(void)state;
	expect_events("event: a\ndata: 1\n\ndata: 2\n\n", 100, "a=1;message=2;");
	expect_events("event: a\n\ndata: 2\n\n", 100, "message=2;");
}

static void
the_handler_ends_the_reading(void **state)
{
	static const char text[] = "data: 1\n\ndata: 2\n\ndata: 3\n\n";
	struct record record = { .limit = 2 };
	bool goes_on = true;
	struct sse sse;

	(void)state;
	sse_init(&sse);
	assert_int_equal(sse_feed(&sse, text, strlen(text), note, &record, &goes_on), STATUS_OK);
	assert_false(goes_on);
	assert_string_equal(record.text, "message=1;message=2;");
	sse_release(&sse);
}

static void
an_event_without_an_end_is_too_large_at_the_ceiling(void **state)
{
	static const char line[] = "data: 0123456789012345678901234567890123456789\n";
	enum status status = STATUS_OK;
	struct record record = { 0 };
	bool goes_on = true;
	size_t fed = 0;
	struct sse sse;

	(void)state;
	sse_init(&sse);
	while (status == STATUS_OK && fed < 2 * SSE_EVENT_MAX) {
		status = sse_feed(&sse, line, strlen(line), note, &record, &goes_on);
		fed += strlen(line);
	}
	assert_int_equal(status, STATUS_TOO_LARGE);
	assert_int_equal(record.count, 0);
	sse_release(&sse);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_the_same_however_the_bytes_arrive),
		cmocka_unit_test(only_one_blank_behind_the_colon_is_dropped),
		cmocka_unit_test(an_event_does_not_inherit_the_name_of_the_one_before),
		cmocka_unit_test(the_handler_ends_the_reading),
		cmocka_unit_test(an_event_without_an_end_is_too_large_at_the_ceiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
