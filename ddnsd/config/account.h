/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The options user and group of a block: names of accounts of this machine, and their numbers where
 * the reading may look. Part of config.c; nobody else includes it.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "config/section.h"

enum { CONFIG_ACCOUNT_MAX = 64 };

/*
 * The block's user; "" where it gives none. One that does not exist is complained about. *ret_uid is
 * its number, (uid_t)-1 for "" and where the reading may not look. False: complained, nothing is set.
 */
bool config_user_read(const struct config_section *section,
    char ret_name[static CONFIG_ACCOUNT_MAX], uid_t *ret_uid);

/* The same of the block's group. */
bool config_group_read(const struct config_section *section,
    char ret_name[static CONFIG_ACCOUNT_MAX], gid_t *ret_gid);
