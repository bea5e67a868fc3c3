/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The options of one command: "--name", "--name VALUE" or "--name=VALUE", anywhere before "--". */
#pragma once

#include <stdbool.h>

#include "tools/ctl/command.h"

/* Either flag or value is set; a table ends with an entry whose name is NULL. */
struct option_entry {
	const char *name;   /* with its hyphens: "--zone" */
	bool *flag;         /* becomes true */
	const char **value; /* becomes what was given; the last one counts */
};

/*
 * Takes the options out of argv, and "--" too; what is left moves to the front behind argv[0], and
 * *argc becomes its number. CTL_USAGE (said on stderr): an option that is not among these, or one
 * whose value is missing or too much.
 */
enum ctl_exit options_take(const struct option_entry *options, int *argc, char **argv);

/*
 * CTL_USAGE (said on stderr) unless low <= argc - 1 <= high; missing names what there is too
 * little of.
 */
enum ctl_exit options_count(int argc, char *const *argv, int low, int high, const char *missing);
