/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One line an event, to stderr (with journald's level prefixes when it listens) or to syslog.
 * Whatever a line quotes is escaped here, so that no input can forge a line; secrets never come here.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

enum log_target { LOG_TARGET_STDERR, LOG_TARGET_SYSLOG };

/* Ready before the first call: stderr, up to INFO. */
void log_open(enum log_target target, enum log_level most);

/*
 * Writes one line. The text is cut at 1,000 bytes; then control characters and bytes outside ASCII
 * become \ooo.
 */
void log_write(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...) log_write(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

/* True when lines of this level are written: lets a caller spare the work of making one. */
bool log_is_on(enum log_level level);

/*
 * A limit for lines that a stranger can cause: a few at once, then one every interval. Zeroed is
 * ready for use. When the limit lets a line through again, it says how many were left out.
 */
struct log_limit {
	int64_t since_ms; /* the last time a line came back */
	unsigned written; /* lines not yet come back, at most LOG_LIMIT_LINES */
	uint64_t left_out;
};

enum { LOG_LIMIT_LINES = 5, LOG_LIMIT_INTERVAL_MS = 10000 };

/* True when the line may be written. *ret_left_out: lines swallowed since the last one, or 0. */
bool log_limit_allows(struct log_limit *limit, uint64_t *ret_left_out);
