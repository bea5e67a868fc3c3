/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key files in their folder: made without ever replacing one, changed atomically with owner and
 * mode kept, found, removed. Secrets appear in no message and in no file that others may read, not
 * even for a moment.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/status.h"
#include "tools/ctl/key_file.h"

enum { KEY_STORE_PROBLEM_MAX = PATH_MAX + 512, KEY_FILE_MAX = 1024 * 1024 };

/* A key's file as it was read. */
struct key_place {
	char path[PATH_MAX];
	int folder; /* open, that what is changed lies where it was read; see has_folder */
	bool has_folder;
	bool is_daemons; /* whoever the folder belongs to may put there what they like */
	struct stat about_folder;
	struct buffer text; /* secrets among it */
	struct stat about;
	struct key_found found;
};

/*
 * Writes FOLDER/NAME.conf, mode 0640, group of the folder (of ddnsd where the folder is root's),
 * synced. On failure (there is one: STATUS_NAME_EXISTS) ret_problem is a sentence with the mend.
 */
enum status key_store_add(const char *folder, const char *name, const struct buffer *text,
    char ret_problem[static KEY_STORE_PROBLEM_MAX]);

/* False: others than root and us may write the folder, and so put keys of their own there. */
bool key_store_is_safe(const char *folder);

/* FOLDER/NAME.conf. False when it is too long. */
bool key_store_path(const char *folder, const char *name, char ret_path[static PATH_MAX]);

/*
 * Looks for the key in FOLDER/NAME.conf, then in the folder's other files. On failure
 * (STATUS_NOT_FOUND: no file has it) ret_problem is a sentence. Release it either way.
 */
enum status key_store_find(const char *folder, const char *name, struct key_place *ret_place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX]);

/*
 * The same in a folder that the daemon may write: neither the folder nor a file in it may be a link, nor a
 * second name of something else, and each file must be root's or the folder's owner's (STATUS_REFUSED).
 */
enum status key_store_find_made(const char *folder, const char *name, struct key_place *ret_place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX]);

/* Appends such a file of such a folder. */
enum status key_store_read_made(const char *path, struct buffer *ret_text);

/* Replaces the file by this text, unless it changed since it was read. */
enum status key_store_replace(const struct key_place *place, const struct buffer *text,
    char ret_problem[static KEY_STORE_PROBLEM_MAX]);

/* Removes the file, unless it changed since it was read. */
enum status key_store_remove(const struct key_place *place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX]);

/* Wipes and frees. */
void key_place_release(struct key_place *place);
void key_store_wipe(struct buffer *secret_text);

/* Calls handler with each key file's path, in the order of names, until it returns false. */
enum status key_store_walk(const char *folder, bool (*handler)(void *context, const char *path),
    void *context);
