/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Files: bounded reading, and atomic replacement through a directory descriptor. Knows paths and
 * bytes, and nothing of what is in them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/buffer.h"
#include "base/status.h"

/* The status that an errno value means. */
enum status file_status(int error);

/*
 * Appends a whole regular file to ret_content, whose ceiling bounds it (STATUS_TOO_LARGE). Anything
 * but a regular file is STATUS_IO. On failure nothing is appended.
 */
enum status file_read(const char *path, struct buffer *ret_content);

/* Opens the directory that holds path, close-on-exec, for file_replace(). Caller closes it. */
enum status file_open_directory_of(const char *path, int *ret_directory);

/* The last component of path; points into it. */
const char *file_base_name(const char *path);

/*
 * Replaces directory/name by these bytes: written to ".NAME.tmp" beside it with that mode, every
 * write checked, renamed over it. Synced (file, then directory) unless the file system is memory
 * (tmpfs, ramfs), which has nothing to sync. On failure the old file stays and the temporary one
 * is removed; only when the directory's sync fails is the new file there in spite of the status.
 */
enum status file_replace(int directory, const char *name, const char *bytes, size_t length,
    mode_t mode);

/*
 * Opens the folder for file_replace(), close-on-exec, making it with that mode where it is not there
 * (its parent is). A link in its place is not followed: STATUS_NOT_FOUND or STATUS_IO. Caller closes it.
 */
enum status file_open_directory(const char *path, mode_t mode, int *ret_directory);

/* Removes directory/name, synced. STATUS_NOT_FOUND. */
enum status file_remove(int directory, const char *name);

/* True when directory/name exists, is a regular file of that mode and holds exactly these bytes. */
bool file_is_same(int directory, const char *name, const char *bytes, size_t length, mode_t mode);
