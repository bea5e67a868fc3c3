/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Formats, escapes and writes log lines. Never blocks on anything but the log itself. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"

enum { TEXT_MAX = 1000 };

static enum log_target target = LOG_TARGET_STDERR;
static enum log_level most_level = LOG_LEVEL_INFO;

static const struct {
	const char *word;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_NOTICE] = { "notice", LOG_NOTICE },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

void
log_open(enum log_target new_target, enum log_level most)
{
	target = new_target;
	most_level = most;
	if (target == LOG_TARGET_SYSLOG)
		openlog("ddnsd", LOG_PID | LOG_NDELAY, LOG_DAEMON);
}

bool
log_is_on(enum log_level level)
{
	return level <= most_level;
}

/* Copies text to out, which has room for four bytes a character, and returns the length. */
static size_t
escape(const char *text, char *out)
{
	size_t length = 0;

	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c >= 0x20 && c < 0x7f) {
			out[length++] = (char)c;
			continue;
		}
		out[length++] = '\\';
		out[length++] = (char)('0' + (c >> 6));
		out[length++] = (char)('0' + ((c >> 3) & 7));
		out[length++] = (char)('0' + (c & 7));
	}
	return length;
}

void
log_write(enum log_level level, const char *format, ...)
{
	char raw[TEXT_MAX + 1];
	char line[16 + 4 * TEXT_MAX + 2];
	int prefix;
	va_list arguments;

	if (!log_is_on(level))
		return;
	va_start(arguments, format);
	(void)vsnprintf(raw, sizeof(raw), format, arguments);
	va_end(arguments);

	/* sd-daemon(3): "<N>" in front of a line on stderr gives its level to journald. */
	if (target == LOG_TARGET_SYSLOG)
		prefix = 0;
	else if (getenv("JOURNAL_STREAM") != NULL)
		prefix = snprintf(line, sizeof(line), "<%d>", levels[level].priority);
	else
		prefix = snprintf(line, sizeof(line), "ddnsd: %s: ", levels[level].word);

	size_t length = (size_t)prefix + escape(raw, line + prefix);

	line[length] = '\0';
	if (target == LOG_TARGET_SYSLOG) {
		syslog(levels[level].priority, "%s", line);
		return;
	}
	line[length++] = '\n';
	/* One write a line keeps lines whole; where stderr is gone there is nobody to tell. */
	if (write(STDERR_FILENO, line, length) < 0)
		return;
}

bool
log_limit_allows(struct log_limit *limit, uint64_t *ret_left_out)
{
	int64_t now_ms = clock_now_ms();
	int64_t back = (now_ms - limit->since_ms) / LOG_LIMIT_INTERVAL_MS;

	if (back >= limit->written) {
		limit->since_ms = now_ms;
		limit->written = 0;
	} else {
		limit->since_ms += back * LOG_LIMIT_INTERVAL_MS;
		limit->written -= (unsigned)back;
	}
	if (limit->written >= LOG_LIMIT_LINES) {
		limit->left_out++;
		return false;
	}
	limit->written++;
	*ret_left_out = limit->left_out;
	limit->left_out = 0;
	return true;
}
