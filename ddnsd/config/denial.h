/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Why the machine does not let us read a file of the configuration, and how to mend it. Looks, and
 * changes nothing. Part of config.c; nobody else includes it.
 */
#pragma once

#include <stdbool.h>

enum { CONFIG_DENIAL_MAX = 1024 };

/*
 * To stand behind "permission denied": who we are, and a command that mends it, or whom the file is
 * for. is_folder: path was to be listed. user and group are whom ddnsd becomes, so that the file is
 * made theirs; both "": the group of this process. Returns text.
 */
const char *config_denial(const char *path, bool is_folder, const char *user, const char *group,
    char text[static CONFIG_DENIAL_MAX]);
