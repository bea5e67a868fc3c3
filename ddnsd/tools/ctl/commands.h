/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of commands seen from outside: which there is, which was meant, and what helps. */
#pragma once

#include <stdio.h>

#include "tools/ctl/command.h"

/* NULL when there is none of that name. */
const struct ctl_entry *commands_find(const char *name);

/* The command that a slip of the fingers made into name; NULL when none is near. */
const char *commands_nearest(const char *name);

/* All commands, a line each. */
void commands_overview(FILE *stream);

/* One command in full, on stdout. */
void commands_explain(const struct ctl_entry *entry);
