/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What people read: tables as wide as the terminal allows, colour on a terminal only (and never
 * with NO_COLOR, https://no-color.org), times and lengths of time in words; and JSON for programs.
 * What came from the network is shown with control characters escaped.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum output_style { STYLE_PLAIN, STYLE_GOOD, STYLE_WARN, STYLE_BAD, STYLE_DIM, STYLE_STRONG };

/*
 * Text on stdout in a style, escaped: control characters, what is no UTF-8 and what turns the
 * direction of writing become \xNN. A newline passes at the very end of output_text(), where the
 * caller put it, and anywhere in output_format(): a text that may hold one itself goes by the
 * former.
 */
void output_text(enum output_style style, const char *text);
void output_format(enum output_style style, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* As output_text(), on stdout or stderr. */
void output_text_to(FILE *stream, enum output_style style, const char *text);

/* What text_escape() made, as it is. */
void output_escaped(enum output_style style, const char *bytes, size_t length);

/* The JSON, indented on a terminal, one line otherwise. */
void output_json(const json_t *json);

/* True when output_json() has written something. */
bool output_has_json(void);

struct output_table;

/*
 * Columns by their headings; flexible ones shrink (their text is cut with "…" on a terminal, never
 * in a pipe) where the terminal is too narrow.
 */
struct output_column {
	const char *heading;
	bool is_flexible;
	bool is_right; /* numbers */
};
struct output_table *output_table_new(const struct output_column *columns, size_t count);
void output_table_add(struct output_table *table, const char *const *cells,
    const enum output_style *styles); /* styles NULL: plain */
void output_table_print(const struct output_table *table);
void output_table_free(struct output_table *table);

/* "3 d 4 h", "12 s". */
const char *output_length(int64_t seconds, char text[static 32]);

/* "2026-11-22T10:00:00Z" as "today 10:00", "22 Nov 10:00", local time; "?" for what is none. */
const char *output_time(const char *iso, char text[static 32]);

/*
 * Seconds since 1970 of "2026-11-22T10:00:00Z", fractions dropped; false: it is no time, or NULL.
 */
bool output_parse_time(const char *iso, int64_t *ret_wall_s);

/* Asks "QUESTION [y/N] " on the terminal; false without one. --yes is the caller's to look at. */
bool output_ask(const char *question);

/*
 * True when everything written to stdout arrived. What went wrong (a full disk) is said on stderr,
 * once; a pipe that was closed goes without saying.
 */
bool output_flush(void);
