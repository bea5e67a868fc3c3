/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One reading of a configuration and all that came of it, for tests. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "config.h"

/* Two lines that a configuration needs; what a test adds begins in line 3. */
#define FRAME "zone \"home.arpa\" { }\nlisten \"dns\" { }\n"

/* 24 octets. */
#define SECRET "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"

struct reading {
	enum status status;
	struct config *config; /* NULL after errors */
	struct buffer errors;  /* ended by NUL */
	struct buffer warnings;
};

static inline void
reading_init(struct reading *reading)
{
	*reading = (struct reading){ 0 };
	buffer_init(&reading->errors, 64 * 1024);
	buffer_init(&reading->warnings, 64 * 1024);
}

/* Checks what holds of every reading. */
static inline void
reading_settle(struct reading *reading)
{
	assert_int_equal(buffer_append(&reading->errors, "", 1), STATUS_OK);
	assert_int_equal(buffer_append(&reading->warnings, "", 1), STATUS_OK);
	if (reading->status == STATUS_OK) {
		assert_string_equal(reading->errors.data, "");
		assert_non_null(reading->config);
	} else {
		assert_string_not_equal(reading->errors.data, "");
		assert_null(reading->config);
	}
}

static inline void
reading_of_text(struct reading *reading, const char *text)
{
	reading_init(reading);
	reading->status = config_parse("t.conf", text, &reading->config, &reading->errors,
	    &reading->warnings);
	reading_settle(reading);
}

static inline void
reading_of_file(struct reading *reading, const char *path)
{
	reading_init(reading);
	reading->status = config_load(path, &reading->config, &reading->errors, &reading->warnings);
	reading_settle(reading);
}

static inline void
reading_release(struct reading *reading)
{
	config_free(reading->config);
	buffer_release(&reading->errors);
	buffer_release(&reading->warnings);
}

/* The text is refused for exactly these reasons, in this order. */
static inline void
expect_errors(const char *text, const char *errors)
{
	struct reading reading;

	reading_of_text(&reading, text);
	assert_string_equal(reading.errors.data, errors);
	assert_int_equal(reading.status, STATUS_MALFORMED);
	reading_release(&reading);
}

/* The text is accepted; the caller releases the reading. */
static inline struct config *
expect_good(struct reading *reading, const char *text)
{
	reading_of_text(reading, text);
	assert_string_equal(reading->errors.data, "");
	return reading->config;
}

/* The text is accepted with exactly these warnings. */
static inline void
expect_warnings(const char *text, const char *warnings)
{
	struct reading reading;

	expect_good(&reading, text);
	assert_string_equal(reading.warnings.data, warnings);
	reading_release(&reading);
}

/* What a reload from one text to the other says. */
static inline void
expect_changes(const char *before, const char *after, const char *changes)
{
	struct reading old;
	struct reading new;
	struct buffer text;

	buffer_init(&text, 16384);
	expect_good(&old, before);
	expect_good(&new, after);
	config_describe_changes(old.config, new.config, &text);
	assert_int_equal(buffer_append(&text, "", 1), STATUS_OK);
	assert_string_equal(text.data, changes);
	buffer_release(&text);
	reading_release(&old);
	reading_release(&new);
}

/* Sets text to head, count times the filler, and tail. */
static inline void
stretch(char *text, size_t size, const char *head, char filler, size_t count, const char *tail)
{
	size_t length = strlen(head);

	assert_true(length + count + strlen(tail) < size);
	memcpy(text, head, length);
	memset(text + length, filler, count);
	memcpy(text + length + count, tail, strlen(tail) + 1);
}

struct refusal {
	const char *text;   /* stands behind FRAME */
	const char *errors; /* without "t.conf:" */
};

static inline void
expect_refusals(const struct refusal *refusals, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[8192];
		char errors[2048];

		(void)snprintf(text, sizeof(text), FRAME "%s", refusals[i].text);
		(void)snprintf(errors, sizeof(errors), "t.conf:%s\n", refusals[i].errors);
		expect_errors(text, errors);
	}
}

#define EXPECT_REFUSALS(table) expect_refusals(table, sizeof(table) / sizeof((table)[0]))
