/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes to people: styles, times, questions; and JSON for programs. Tables are in table.c. */
#include "tools/ctl/output.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "tools/ctl/text.h"

enum { TEXT_MAX = 1024 * 1024 };

static bool
has_colour(FILE *stream)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (no_colour != NULL && no_colour[0] != '\0')
		return false;
	if (terminal == NULL || terminal[0] == '\0' || strcmp(terminal, "dumb") == 0)
		return false;
	return isatty(fileno(stream)) == 1;
}

static const char *
style_begin(enum output_style style)
{
	switch (style) {
	case STYLE_GOOD:
		return "\033[32m";
	case STYLE_WARN:
		return "\033[33m";
	case STYLE_BAD:
		return "\033[1;31m";
	case STYLE_DIM:
		return "\033[2m";
	case STYLE_STRONG:
		return "\033[1m";
	case STYLE_PLAIN:
		break;
	}
	return "";
}

static void
write_escaped(FILE *stream, enum output_style style, const char *bytes, size_t length)
{
	bool is_styled = style != STYLE_PLAIN && length > 0 && has_colour(stream);

	if (is_styled)
		fputs(style_begin(style), stream);
	if (length > 0)
		fwrite(bytes, 1, length, stream);
	if (is_styled)
		fputs("\033[0m", stream);
}

void
output_escaped(enum output_style style, const char *bytes, size_t length)
{
	write_escaped(stdout, style, bytes, length);
}

/* The newline comes behind the style's end, so that the next line does not begin in it. */
static void
write_text(FILE *stream, enum output_style style, const char *text, bool keeps_newlines)
{
	size_t length = strlen(text);
	bool has_newline = length > 0 && text[length - 1] == '\n';
	struct buffer escaped;

	buffer_init(&escaped, TEXT_MAX);
	text_escape(&escaped, text, keeps_newlines);
	if (escaped.status == STATUS_OK && has_newline)
		escaped.length -= keeps_newlines ? 1 : strlen("\\x0a");
	write_escaped(stream, style, escaped.data, escaped.length);
	if (has_newline)
		fputc('\n', stream);
	buffer_release(&escaped);
}

void
output_text(enum output_style style, const char *text)
{
	write_text(stdout, style, text, false);
}

void
output_text_to(FILE *stream, enum output_style style, const char *text)
{
	write_text(stream, style, text, false);
}

void
output_format(enum output_style style, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;
	write_text(stdout, style, text, true);
	free(text);
}

static bool has_json;

void
output_json(const json_t *json)
{
	size_t flags = isatty(STDOUT_FILENO) == 1 ? JSON_INDENT(2) : JSON_COMPACT;

	has_json = true;
	(void)json_dumpf(json, stdout, flags | JSON_ENCODE_ANY);
	fputc('\n', stdout);
}

bool
output_has_json(void)
{
	return has_json;
}

const char *
output_length(int64_t seconds, char text[static 32])
{
	static const struct {
		int64_t seconds;
		const char *unit;
	} units[] = { { 86400, "d" }, { 3600, "h" }, { 60, "min" }, { 1, "s" } };
	size_t i = 0;

	if (seconds < 0)
		seconds = 0;
	while (i < 3 && seconds < units[i].seconds)
		i++;
	/* Beyond a week, and below an hour, the next unit tells nobody anything. */
	if (i == 3 || seconds >= 7 * 86400 || seconds % units[i].seconds < units[i + 1].seconds ||
	    (i == 2 && seconds >= 600))
		snprintf(text, 32, "%" PRId64 " %s", seconds / units[i].seconds, units[i].unit);
	else
		snprintf(text, 32, "%" PRId64 " %s %" PRId64 " %s", seconds / units[i].seconds,
		    units[i].unit, seconds % units[i].seconds / units[i + 1].seconds,
		    units[i + 1].unit);
	return text;
}

bool
output_parse_time(const char *iso, int64_t *ret_wall_s)
{
	struct tm fields = { 0 };
	const char *end;

	if (iso == NULL)
		return false;
	end = strptime(iso, "%Y-%m-%dT%H:%M:%S", &fields);
	if (end == NULL || (*end != '.' && *end != 'Z'))
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	if (strcmp(end, "Z") != 0)
		return false;
	*ret_wall_s = timegm(&fields);
	return true;
}

const char *
output_time(const char *iso, char text[static 32])
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
		"Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = (time_t)clock_wall_s(), time;
	struct tm then, today;
	int64_t wall_s;

	if (!output_parse_time(iso, &wall_s)) {
		snprintf(text, 32, "?");
		return text;
	}
	time = (time_t)wall_s;
	if (localtime_r(&time, &then) == NULL || localtime_r(&now, &today) == NULL)
		snprintf(text, 32, "?");
	else if (then.tm_year != today.tm_year)
		snprintf(text, 32, "%d %s %d", then.tm_mday, months[then.tm_mon],
		    then.tm_year + 1900);
	else if (then.tm_yday != today.tm_yday)
		snprintf(text, 32, "%d %s %02d:%02d", then.tm_mday, months[then.tm_mon],
		    then.tm_hour, then.tm_min);
	else
		snprintf(text, 32, "today %02d:%02d", then.tm_hour, then.tm_min);
	return text;
}

bool
output_ask(const char *question)
{
	char answer[16] = "";
	FILE *terminal;
	bool is_yes;

	/* Not stdin: an import may come from there. */
	terminal = fopen("/dev/tty", "r+e");
	if (terminal == NULL)
		return false;
	(void)fflush(stdout);
	output_text_to(terminal, STYLE_PLAIN, question);
	fputs(" [y/N] ", terminal);
	(void)fflush(terminal);
	is_yes = fgets(answer, sizeof(answer), terminal) != NULL &&
	    (answer[0] == 'y' || answer[0] == 'Y');
	(void)fclose(terminal);
	return is_yes;
}

/* Nobody reads on, as behind "| head": poll() tells, where the errno of the write is gone. */
static bool
is_reader_gone(void)
{
	struct pollfd entry = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&entry, 1, 0) == 1 && (entry.revents & POLLERR) != 0;
}

bool
output_flush(void)
{
	static bool is_said;
	int error = 0;

	errno = 0;
	if (fflush(stdout) != 0)
		error = errno;
	else if (ferror(stdout) == 0)
		return true;
	/* An error in a write before this one is known, but not its number. */
	if (!is_said && error != EPIPE && !is_reader_gone())
		fprintf(stderr, "ddnsctl: cannot write to standard output: %s\n",
		    error != 0 ? strerror(error) : "not all of it was taken");
	is_said = true;
	return false;
}
