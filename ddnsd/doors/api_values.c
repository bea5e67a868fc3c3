/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How texts, times, publications and zones look in the API's JSON. Changes nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "doors/api_state.h"
#include "wire/address.h"
#include "wire/name.h"

enum { MS_A_S = 1000, NS_A_MS = 1000000, REPLACEMENT_SIZE = 3 };

/* --- texts and times --- */

/* Each octet that is no ASCII as U+FFFD: what a device calls itself may be anything. */
static json_t *
replaced_text(const char *text)
{
	char *copy = malloc(REPLACEMENT_SIZE * strlen(text) + 1);
	char *end = copy;
	json_t *json;

	if (copy == NULL)
		return NULL;
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x80)
			*end++ = *text;
		else
			end = stpcpy(end, "\xef\xbf\xbd");
	}
	*end = '\0';
	json = json_string(copy);
	free(copy);
	return json;
}

json_t *
api_text(const char *text)
{
	json_t *json;

	if (text == NULL)
		return json_null();
	json = json_string(text);
	return json != NULL ? json : replaced_text(text);
}

json_t *
api_name(const uint8_t *name)
{
	char text[NAME_TEXT_MAX];

	return json_string(name_to_text(name, text));
}

json_t *
api_address(const struct address *address)
{
	char text[ADDRESS_TEXT_MAX];

	return address->family != 0 ? json_string(address_to_text(address, text)) : json_null();
}

/* fraction: what stands between the seconds and the Z. */
static json_t *
time_text(int64_t wall_s, const char *fraction)
{
	time_t seconds = wall_s;
	char text[API_TIME_MAX];
	struct tm parts;

	if (wall_s == INT64_MAX || gmtime_r(&seconds, &parts) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0)
		return json_null();
	return json_sprintf("%s%sZ", text, fraction);
}

json_t *
api_time(int64_t wall_s)
{
	return time_text(wall_s, "");
}

json_t *
api_time_ms(int64_t wall_ms)
{
	char fraction[8];

	(void)snprintf(fraction, sizeof(fraction), ".%03u", (unsigned)(wall_ms % MS_A_S));
	return time_text(wall_ms / MS_A_S, fraction);
}

static int
append_chunk(const char *bytes, size_t length, void *context)
{
	return buffer_append(context, bytes, length) == STATUS_OK ? 0 : -1;
}

void
api_append(struct buffer *buffer, json_t *json)
{
	/* Six digits: 1.4, not 1.3999999999999999. */
	if (json == NULL ||
	    json_dump_callback(json, append_chunk, buffer,
		JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6)) != 0) {
		if (buffer->status == STATUS_OK)
			buffer->status = STATUS_NO_MEMORY;
	}
	json_decref(json);
}

/* --- publications and zones --- */

const char *
api_publisher_state(enum publisher_state state)
{
	static const char *const states[] = {
		[PUBLISHER_CLEAN] = "clean",
		[PUBLISHER_DIRTY] = "dirty",
		[PUBLISHER_WRITTEN] = "written",
		[PUBLISHER_CONFIRMED] = "confirmed",
	};

	return states[state];
}

json_t *
api_confirm_ms(const struct publisher_report *report)
{
	if (report->confirmed_number == 0)
		return json_null();
	return json_real((double)report->confirm_ns / NS_A_MS);
}

json_t *
api_zone(const struct zone_report *report)
{
	return json_pack("{s:o, s:I, s:I, s:b}", "zone", api_name(report->apex), "serial",
	    (json_int_t)report->serial, "names", (json_int_t)report->names, "reverse",
	    report->is_reverse);
}
