/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One block's values, checked: each function takes an option by its name, complains about a value that
 * is not allowed at the line where it stands, and leaves ret_ alone then. Part of config.c; nobody else
 * includes it.
 */
#pragma once

#include <confuse.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/outline.h"
#include "config/reader.h"
#include "wire/name.h"

#define CONFIG_NAME_HELP \
	"allowed: letters, digits, - _ and / between dots, at most 63 in a label and 253 in all"
#define CONFIG_NETWORK_HELP \
	"allowed: ADDRESS/BITS with no bit set behind them, as 192.168.1.0/24 or fd00::/8, or one address"

struct config_section {
	struct config_reader *reader;
	const struct config_block *block;
	cfg_t *values;
};

/* A name of ordinary characters, not the root. Stricter than DNS: a typing error is no name. */
bool config_plain_name(const char *text, struct name *ret_name);

/* For CFG_INT_CB and CFG_BOOL_CB: unlike libconfuse's own they go on after a wrong value. */
int config_section_int(cfg_t *values, cfg_opt_t *option, const char *text, void *ret_long);
int config_section_bool(cfg_t *values, cfg_opt_t *option, const char *text, void *ret_int);

/* Where the option stands; the block's line when it is not given. */
unsigned config_section_line(const struct config_section *section, const char *option);

/* True when the file gives the option, be it the default's value. */
bool config_section_has(const struct config_section *section, const char *option);

/* A complaint at the option's line, "OPTION: text". */
void config_section_complain(const struct config_section *section, const char *option,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* A string as it is. Belongs to libconfuse. */
const char *config_section_text(const struct config_section *section, const char *option);

/* Items of a list, and one of them. */
unsigned config_section_items(const struct config_section *section, const char *option);
const char *config_section_item(const struct config_section *section, const char *option,
    unsigned index);

bool config_section_number(const struct config_section *section, const char *option, long low,
    long high, long *ret_number);

/* A limit of this block's own, at most this; -1 is that of others. */
bool config_section_limit(const struct config_section *section, const char *option, long most,
    uint32_t otherwise, uint32_t *ret_limit);

bool config_section_flag(const struct config_section *section, const char *option, bool *ret_flag);

/* In seconds, within these. forever is what the word "forever" gives; negative: it is not allowed. */
bool config_section_duration(const struct config_section *section, const char *option,
    int64_t low_s, int64_t high_s, int64_t forever_s, int64_t *ret_s);

/* An absolute path that fits; an empty text only where it may be. */
bool config_section_path(const struct config_section *section, const char *option,
    bool may_be_empty, char ret_path[static PATH_MAX]);

/* The index of the text among these, which end with NULL. */
bool config_section_choice(const struct config_section *section, const char *option,
    const char *const *choices, int *ret_index);

/* A domain name; "" gives label (one label) in front of suffix. */
bool config_section_name(const struct config_section *section, const char *option,
    const char *label, const struct name *suffix, struct name *ret_name);
