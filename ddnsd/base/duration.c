/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lengths of time, from text and to text. */
#include "base/duration.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

/* Keeps the product of number and unit inside 64 bits. */
#define SECONDS_MAX INT64_C(1000000000000)

static const struct {
	char letter;
	int32_t seconds;
} units[] = {
	{ 'w', 7 * 24 * 60 * 60 },
	{ 'd', 24 * 60 * 60 },
	{ 'h', 60 * 60 },
	{ 'm', 60 },
	{ 's', 1 },
};

enum { UNIT_COUNT = sizeof(units) / sizeof(units[0]) };

/* Seconds in one unit; 0 when there is no such unit. */
static int32_t
unit_seconds(const char *text)
{
	if (text[0] == '\0')
		return 1;
	for (size_t i = 0; i < UNIT_COUNT; i++) {
		if (text[0] == units[i].letter && text[1] == '\0')
			return units[i].seconds;
	}
	return 0;
}

enum status
duration_from_text(const char *text, int64_t *ret_s)
{
	int64_t number = 0;
	int32_t unit;

	if (*text < '0' || *text > '9')
		return STATUS_MALFORMED;
	for (; *text >= '0' && *text <= '9'; text++) {
		number = number * 10 + (*text - '0');
		if (number > SECONDS_MAX)
			return STATUS_TOO_LARGE;
	}
	unit = unit_seconds(text);
	if (unit == 0)
		return STATUS_MALFORMED;
	if (number > SECONDS_MAX / unit)
		return STATUS_TOO_LARGE;
	*ret_s = number * unit;
	return STATUS_OK;
}

const char *
duration_to_text(int64_t seconds, char text[static DURATION_TEXT_MAX])
{
	size_t unit = seconds == 0 ? UNIT_COUNT - 1 : 0;

	while (seconds % units[unit].seconds != 0)
		unit++;
	(void)snprintf(text, DURATION_TEXT_MAX, "%" PRId64 "%c", seconds / units[unit].seconds,
	    units[unit].letter);
	return text;
}
