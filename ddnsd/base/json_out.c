/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values, escapes and commas of JSON texts. Keeps nothing but the buffer. */
#include "base/json_out.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum {
	ESCAPE_MAX = 8,   /* \u001F and a NUL */
	INTEGER_MAX = 24, /* a sign, 19 digits, and a NUL */
	REAL_MAX = 32,
	DAY_S = 24 * 60 * 60,
	YEAR_MAX = 9999,
};

/* --- what stands before a value --- */

/* Each value ends in a quote, a bracket, a digit or a letter; what ends otherwise is no value. */
static bool
is_behind_value(const struct buffer *out)
{
	switch (out->length > 0 ? out->data[out->length - 1] : '\n') {
	case '{':
	case '[':
	case ' ':
	case '\n':
		return false;
	default:
		return true;
	}
}

/* The comma, where one is due, and the member's name; then there is room for so many octets. */
static bool
begin_value(struct buffer *out, const char *name, size_t room)
{
	size_t length = name != NULL ? strlen(name) : 0;
	char *end;

	if (buffer_reserve(out, length + room + sizeof(",\"\":")) != STATUS_OK)
		return false;
	end = out->data + out->length;
	if (is_behind_value(out))
		*end++ = ',';
	if (name != NULL) {
		*end++ = '"';
		end = mempcpy(end, name, length);
		end = mempcpy(end, "\":", 2);
	}
	out->length = (size_t)(end - out->data);
	return true;
}

static void
put(struct buffer *out, const char *name, const char *value, size_t length)
{
	if (begin_value(out, name, length))
		(void)buffer_append(out, value, length);
}

void
json_out_open_object(struct buffer *out, const char *name)
{
	put(out, name, "{", 1);
}

void
json_out_close_object(struct buffer *out)
{
	(void)buffer_append(out, "}", 1);
}

void
json_out_open_array(struct buffer *out, const char *name)
{
	put(out, name, "[", 1);
}

void
json_out_close_array(struct buffer *out)
{
	(void)buffer_append(out, "]", 1);
}

void
json_out_flag(struct buffer *out, const char *name, bool flag)
{
	put(out, name, flag ? "true" : "false", flag ? 4 : 5);
}

void
json_out_null(struct buffer *out, const char *name)
{
	put(out, name, "null", 4);
}

/* --- texts --- */

static bool
is_plain(unsigned char octet)
{
	return octet >= 0x20 && octet != '"' && octet != '\\';
}

static bool
is_utf8(const char *text)
{
	while (*text != '\0') {
		size_t size = utf8_character_size(text);

		if (size == 0)
			return false;
		text += size;
	}
	return true;
}

static void
append_escape(struct buffer *out, unsigned char octet)
{
	static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	char escape[ESCAPE_MAX];

	for (const char *at = letters; *at != '\0'; at += 2) {
		if ((unsigned char)*at == octet) {
			(void)buffer_append(out, (const char[]){ '\\', at[1] }, 2);
			return;
		}
	}
	(void)snprintf(escape, sizeof(escape), "\\u%04X", octet);
	(void)buffer_append_text(out, escape);
}

/* What needs another form than its own is rare: the rest goes in runs. */
static void
append_escaped(struct buffer *out, const char *text)
{
	bool may_pass = is_utf8(text);

	while (*text != '\0') {
		size_t run = 0;

		while (is_plain((unsigned char)text[run]) &&
		    (may_pass || (unsigned char)text[run] < 0x80))
			run++;
		(void)buffer_append(out, text, run);
		text += run;
		if (*text == '\0')
			break;
		if ((unsigned char)*text >= 0x80)
			(void)buffer_append_text(out, "\xef\xbf\xbd");
		else
			append_escape(out, (unsigned char)*text);
		text++;
	}
}

void
json_out_text(struct buffer *out, const char *name, const char *text)
{
	if (text == NULL) {
		json_out_null(out, name);
		return;
	}
	put(out, name, "\"", 1);
	append_escaped(out, text);
	(void)buffer_append(out, "\"", 1);
}

/* --- numbers --- */

void
json_out_integer(struct buffer *out, const char *name, int64_t integer)
{
	uint64_t left = integer < 0 ? -(uint64_t)integer : (uint64_t)integer;
	char digits[INTEGER_MAX];
	char *begin = digits + sizeof(digits);

	do {
		*--begin = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (integer < 0)
		*--begin = '-';
	put(out, name, begin, (size_t)(digits + sizeof(digits) - begin));
}

void
json_out_real(struct buffer *out, const char *name, double real)
{
	char text[REAL_MAX];

	(void)snprintf(text, sizeof(text), "%.6g", real);
	put(out, name, text, strlen(text));
	/* Else it would be an integer to whoever tells them apart. */
	if (strpbrk(text, ".e") == NULL)
		(void)buffer_append(out, ".0", 2);
}

/* --- times --- */

struct date {
	int64_t year;
	unsigned month;
	unsigned day;
};

/*
 * Of a day counted from 1970-01-01. Years are taken to begin in March, so that the day of a leap year is
 * their last, and go in circles of 400 (146,097 days).
 */
static struct date
date_of(int64_t days)
{
	int64_t since = days + 719468; /* 0000-03-01 */
	int64_t circle = (since >= 0 ? since : since - 146096) / 146097;
	unsigned in_circle = (unsigned)(since - circle * 146097);
	unsigned year = (in_circle - in_circle / 1460 + in_circle / 36524 - in_circle / 146096) /
	    365;
	unsigned in_year = in_circle - (365 * year + year / 4 - year / 100);
	unsigned month = (5 * in_year + 2) / 153;

	return (struct date){
		.year = year + circle * 400 + (month >= 10),
		.month = month < 10 ? month + 3 : month - 9,
		.day = in_year - (153 * month + 2) / 5 + 1,
	};
}

static void
put_digits(char *text, unsigned number, unsigned count)
{
	while (count-- > 0) {
		text[count] = (char)('0' + number % 10);
		number /= 10;
	}
}

/* Not strftime(), whose gmtime_r() takes a lock: a listing has thousands of times. */
void
json_out_time(struct buffer *out, const char *name, int64_t wall_s)
{
	char text[] = "\"0000-00-00T00:00:00Z\"";
	int64_t days = wall_s / DAY_S - (wall_s % DAY_S < 0);
	unsigned second = (unsigned)(wall_s - days * DAY_S);
	struct date date = date_of(days);

	if (date.year < 0 || date.year > YEAR_MAX) {
		json_out_null(out, name);
		return;
	}
	put_digits(text + 1, (unsigned)date.year, 4);
	put_digits(text + 6, date.month, 2);
	put_digits(text + 9, date.day, 2);
	put_digits(text + 12, second / 3600, 2);
	put_digits(text + 15, second / 60 % 60, 2);
	put_digits(text + 18, second % 60, 2);
	put(out, name, text, sizeof(text) - 1);
}
