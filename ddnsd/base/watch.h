/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Notices that files and folders changed (inotify) and says so once things are quiet, so that an
 * editor's dance of temporary files and renames is one call. Reads no file; reading one never counts
 * as a change.
 */
#pragma once

#include "base/loop.h"
#include "base/status.h"

struct watch;

enum {
	WATCH_PATHS_MAX = 8,    /* files and folders of one watch */
	WATCH_PLACES_MAX = 64,  /* folders that have to be looked at for them, links followed */
	WATCH_QUIET_MS = 100,   /* nothing happened for that long: handler is called */
	WATCH_LATEST_MS = 1000, /* or, where it goes on and on, that long after the first change */
};

/*
 * handler is called from the loop after any change, with all watches in force again: what it then
 * reads is either seen now or reported by a further call. It may call watch_free(). NULL when out
 * of memory or of inotify instances (/proc/sys/fs/inotify/max_user_instances).
 */
struct watch *watch_new(struct loop *loop, void (*handler)(void *context), void *context);

/* Takes NULL. No call comes afterwards. */
void watch_free(struct watch *watch);

/*
 * watch stands in for previous from now on, which is freed (NULL will do): what that one saw and has
 * not reported yet is reported by this one.
 */
void watch_take_over(struct watch *watch, struct watch *previous);

/*
 * One file: written in place, replaced by a rename, deleted, made (it need not be there yet), its
 * mode or owner changed. Where path, or a folder on the way to it, is a symbolic link, the link
 * itself is watched as well as the file it leads to. Other entries of the folder do not count.
 * STATUS_NOT_FOUND: the folder that should hold it (or the link's target) is not there.
 * STATUS_LIMITED: the kernel's limit of watches (max_user_watches). STATUS_TOO_LARGE: over the
 * numbers above, or too many links. On failure path is not watched.
 */
enum status watch_file(struct watch *watch, const char *path);

/*
 * A folder: any change of an entry in it, of itself, and its own coming and going. It need not be
 * there yet. What lies in folders below it does not count. Fails like watch_file(), but for
 * STATUS_NOT_FOUND.
 */
enum status watch_directory(struct watch *watch, const char *path);
