/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of a block: numbers, durations, paths, names. */
#include "config/section.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/duration.h"

enum {
	NUMBER_DIGITS_MAX = 9, /* fits a 32-bit long */
	FLAG_INVALID = 2,      /* in place of cfg_false and cfg_true */
	COMPLAINT_MAX = 768,
};

#define NUMBER_INVALID LONG_MIN

static bool
is_plain_label(const uint8_t *label)
{
	for (unsigned i = 1; i <= label[0]; i++) {
		if (!isalnum(label[i]) && label[i] != '-' && label[i] != '_' && label[i] != '/')
			return false;
	}
	return true;
}

bool
config_plain_name(const char *text, struct name *ret_name)
{
	struct name name;

	if (name_from_text(text, &name) != STATUS_OK || name_labels(name.wire) == 0)
		return false;
	for (const uint8_t *rest = name.wire; rest[0] != 0; rest = name_parent(rest)) {
		if (!is_plain_label(rest))
			return false;
	}
	*ret_name = name;
	return true;
}

/* Decimal digits, perhaps behind a minus. Leading zeros do not make it octal. */
static long
number_from_text(const char *text)
{
	bool is_negative = text[0] == '-';
	const char *digits = text + (is_negative ? 1 : 0);
	size_t length = strlen(digits);
	long number = 0;

	if (length == 0 || length > NUMBER_DIGITS_MAX || strspn(digits, "0123456789") != length)
		return NUMBER_INVALID;
	for (; *digits != '\0'; digits++)
		number = number * 10 + (*digits - '0');
	return is_negative ? -number : number;
}

int
config_section_int(cfg_t *values, cfg_opt_t *option, const char *text, void *ret_long)
{
	(void)values;
	(void)option;
	*(long *)ret_long = number_from_text(text);
	return 0;
}

int
config_section_bool(cfg_t *values, cfg_opt_t *option, const char *text, void *ret_int)
{
	int flag = cfg_parse_boolean(text);

	(void)values;
	(void)option;
	*(int *)ret_int = flag == 0 || flag == 1 ? flag : FLAG_INVALID;
	return 0;
}

/* Its place in the table. */
static size_t
place_of(const struct config_section *section, const char *option)
{
	return (size_t)(cfg_getopt(section->values, option) - section->values->opts);
}

static unsigned
given_line(const struct config_section *section, const char *option)
{
	return section->block->lines[place_of(section, option)];
}

/* A number or flag as the file has it. */
static const char *
written(const struct config_section *section, const char *option)
{
	const char *text = section->block->written[place_of(section, option)];

	return text != NULL ? text : "";
}

unsigned
config_section_line(const struct config_section *section, const char *option)
{
	unsigned line = given_line(section, option);

	return line > 0 ? line : section->block->line;
}

bool
config_section_has(const struct config_section *section, const char *option)
{
	return given_line(section, option) > 0;
}

void
config_section_complain(const struct config_section *section, const char *option,
    const char *format, ...)
{
	char text[COMPLAINT_MAX];
	va_list words;

	va_start(words, format);
	if (vsnprintf(text, sizeof(text), format, words) < 0)
		text[0] = '\0';
	va_end(words);
	config_complain(section->reader, config_section_line(section, option), "%s: %s", option,
	    text);
}

const char *
config_section_text(const struct config_section *section, const char *option)
{
	return cfg_getstr(section->values, option);
}

unsigned
config_section_items(const struct config_section *section, const char *option)
{
	return cfg_size(section->values, option);
}

const char *
config_section_item(const struct config_section *section, const char *option, unsigned index)
{
	return cfg_getnstr(section->values, option, index);
}

bool
config_section_number(const struct config_section *section, const char *option, long low, long high,
    long *ret_number)
{
	long number = cfg_getint(section->values, option);

	if (number == NUMBER_INVALID) {
		config_section_complain(section, option,
		    "\"%.40s\" is not a number that is allowed here; allowed: %ld to %ld",
		    written(section, option), low, high);
		return false;
	}
	if (number < low || number > high) {
		config_section_complain(section, option, "%ld is not allowed; allowed: %ld to %ld",
		    number, low, high);
		return false;
	}
	*ret_number = number;
	return true;
}

bool
config_section_limit(const struct config_section *section, const char *option, long most,
    uint32_t otherwise, uint32_t *ret_limit)
{
	long number;

	if (!config_section_number(section, option, -1, most, &number))
		return false;
	*ret_limit = number < 0 ? otherwise : (uint32_t)number;
	return true;
}

bool
config_section_flag(const struct config_section *section, const char *option, bool *ret_flag)
{
	int flag = (int)cfg_getbool(section->values, option);

	if (flag == FLAG_INVALID) {
		config_section_complain(section, option,
		    "\"%.40s\" is neither true nor false; allowed: true, false, yes, no, on, off",
		    written(section, option));
		return false;
	}
	*ret_flag = flag == 1;
	return true;
}

bool
config_section_duration(const struct config_section *section, const char *option, int64_t low_s,
    int64_t high_s, int64_t forever_s, int64_t *ret_s)
{
	const char *text = config_section_text(section, option);
	bool may_be_forever = forever_s >= 0;
	char low[DURATION_TEXT_MAX];
	char high[DURATION_TEXT_MAX];
	int64_t seconds;

	if (may_be_forever && strcmp(text, "forever") == 0) {
		*ret_s = forever_s;
		return true;
	}
	if (duration_from_text(text, &seconds) != STATUS_OK || seconds < low_s ||
	    seconds > high_s) {
		config_section_complain(section, option,
		    "\"%.40s\" is not a time that is allowed here; allowed: %s to %s%s, as a number "
		    "and s, m, h, d or w",
		    text, duration_to_text(low_s, low), duration_to_text(high_s, high),
		    may_be_forever ? " or \"forever\"" : "");
		return false;
	}
	*ret_s = seconds;
	return true;
}

bool
config_section_path(const struct config_section *section, const char *option, bool may_be_empty,
    char ret_path[static PATH_MAX])
{
	const char *path = config_section_text(section, option);
	size_t length = strlen(path);

	if (length >= PATH_MAX) {
		config_section_complain(section, option, "longer than a path can be");
		return false;
	}
	if (length == 0 ? !may_be_empty : path[0] != '/') {
		config_section_complain(section, option,
		    "\"%.200s\" is not an absolute path; allowed: a path that begins with /%s",
		    path, may_be_empty ? ", or \"\"" : "");
		return false;
	}
	memcpy(ret_path, path, length + 1);
	return true;
}

bool
config_section_choice(const struct config_section *section, const char *option,
    const char *const *choices, int *ret_index)
{
	const char *text = config_section_text(section, option);
	char allowed[COMPLAINT_MAX / 2] = "";
	size_t length = 0;

	for (int i = 0; choices[i] != NULL; i++) {
		if (strcmp(text, choices[i]) == 0) {
			*ret_index = i;
			return true;
		}
		length += (size_t)snprintf(allowed + length, sizeof(allowed) - length, "%s%s",
		    i > 0 ? ", " : "", choices[i]);
		if (length >= sizeof(allowed))
			break;
	}
	config_section_complain(section, option, "\"%.40s\" is unknown; allowed: %s", text,
	    allowed);
	return false;
}

bool
config_section_name(const struct config_section *section, const char *option, const char *label,
    const struct name *suffix, struct name *ret_name)
{
	const char *text = config_section_text(section, option);
	struct name name;

	if (text[0] == '\0') {
		if (name_from_text(label, &name) == STATUS_OK &&
		    name_join(name.wire, suffix->wire, ret_name) == STATUS_OK)
			return true;
		config_section_complain(section, option,
		    "the default, %s in front of the zone's name, is too long a name; set it",
		    label);
		return false;
	}
	if (!config_plain_name(text, ret_name)) {
		config_section_complain(section, option, "\"%.200s\" is not a name; %s", text,
		    strchr(text, '@') != NULL ? "write . in place of @" : CONFIG_NAME_HELP);
		return false;
	}
	return true;
}
