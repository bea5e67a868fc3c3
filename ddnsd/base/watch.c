/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A watch is a list of paths and, recomputed after each event, of the places where a change of them
 * would show: a name in a folder, or a whole folder or file.
 */
#include "base/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"

enum {
	LINKS_MAX = 40, /* as the kernel's own limit, path_resolution(7) */
	TRIES_MAX = 3,
	EVENTS_SIZE = 4096,
};

/* Entries come, go and change their mode. What is written into them shows at the file itself. */
static const uint32_t entry_mask = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB |
    IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
static const uint32_t content_mask = IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF |
    IN_MOVE_SELF;
/* What makes a place useless, whatever it was for. */
static const uint32_t gone_mask = IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT;

struct place {
	int descriptor;
	char name[NAME_MAX + 1]; /* "" = everything */
	bool is_wanted;
};

struct watched_path {
	char *path;
	bool is_directory;
};

struct watch {
	struct loop *loop;
	void (*handler)(void *context);
	void *context;
	struct loop_watch events;
	struct loop_timer settled;
	int64_t first_ms; /* when the change that settles was first seen */

	struct watched_path paths[WATCH_PATHS_MAX];
	size_t path_count;
	struct place places[WATCH_PLACES_MAX];
	size_t place_count;
};

/* How far a path has been walked. Neither part holds a link that was not followed. */
struct walk {
	char folder[PATH_MAX]; /* "." or "/" or ends without a slash */
	char rest[PATH_MAX];   /* what is still to be walked from there */
	char name[NAME_MAX + 1];
	int links;
};

static enum status
add_place(struct watch *watch, const char *path, uint32_t mask, const char *name)
{
	int descriptor = inotify_add_watch(watch->events.fd, path, mask | IN_MASK_ADD);
	struct place *place = watch->places;
	struct place *end = watch->places + watch->place_count;

	if (descriptor < 0)
		return errno == ENOSPC ? STATUS_LIMITED : file_status(errno);
	while (place < end && (place->descriptor != descriptor || strcmp(place->name, name) != 0))
		place++;
	if (place == end) {
		if (watch->place_count == WATCH_PLACES_MAX)
			return STATUS_TOO_LARGE;
		watch->place_count++;
		place->descriptor = descriptor;
		memcpy(place->name, name, strlen(name) + 1);
	}
	place->is_wanted = true;
	return STATUS_OK;
}

/* Writes folder/name to path. */
static enum status
join(const char *folder, const char *name, char path[static PATH_MAX])
{
	size_t folder_length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
	size_t name_length = strlen(name);

	if (folder_length + 1 + name_length >= PATH_MAX)
		return STATUS_TOO_LARGE;
	memcpy(path, folder, folder_length);
	path[folder_length] = '/';
	memcpy(path + folder_length + 1, name, name_length + 1);
	return STATUS_OK;
}

/* Puts more before what is still to be walked; an absolute path starts anew. */
static enum status
walk_onto(struct walk *walk, const char *more)
{
	char rest[PATH_MAX];
	enum status status = join(more, walk->rest, rest);

	if (status != STATUS_OK)
		return status;
	memcpy(walk->rest, rest, strlen(rest) + 1);
	if (more[0] == '/')
		memcpy(walk->folder, "/", 2);
	return STATUS_OK;
}

/* Takes the next component off the rest. Its end leaves an empty name. */
static enum status
next_name(struct walk *walk)
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");
	const char *after = start + length;

	if (length > NAME_MAX)
		return STATUS_TOO_LARGE;
	memcpy(walk->name, start, length);
	walk->name[length] = '\0';
	after += strspn(after, "/");
	memmove(walk->rest, after, strlen(after) + 1);
	return STATUS_OK;
}

static enum status
follow_link(struct watch *watch, struct walk *walk, const char *path)
{
	char target[PATH_MAX];
	ssize_t length;
	enum status status = add_place(watch, walk->folder, entry_mask, walk->name);

	if (status != STATUS_OK)
		return status;
	if (++walk->links > LINKS_MAX)
		return STATUS_TOO_LARGE;
	length = readlink(path, target, sizeof(target));
	/* EINVAL: something else stands there by now. */
	if (length < 0)
		return errno == EINVAL ? STATUS_NOT_FOUND : file_status(errno);
	if ((size_t)length == sizeof(target))
		return STATUS_TOO_LARGE;
	target[length] = '\0';
	return walk_onto(walk, target);
}

/* At the last component: its place in the folder, and itself when it is there. */
static enum status
watch_last(struct watch *watch, const struct walk *walk, const char *path, bool is_directory)
{
	enum status status = add_place(watch, walk->folder, entry_mask, walk->name);

	if (status != STATUS_OK)
		return status;
	status = add_place(watch, path,
	    is_directory ? entry_mask | content_mask : content_mask | IN_DONT_FOLLOW, "");
	/* Not there yet, not a folder, not ours to read: the folder shows when that changes. */
	return status == STATUS_NOT_FOUND || status == STATUS_PERMISSION ? STATUS_OK : status;
}

/*
 * The walk cannot go on: its next component is no folder. Watches for it to become one. If it just
 * did, STATUS_NOT_FOUND: try again.
 */
static enum status
watch_gap(struct watch *watch, const struct walk *walk, const char *path)
{
	enum status status = add_place(watch, walk->folder, entry_mask, walk->name);
	struct stat about;

	if (status == STATUS_OK && lstat(path, &about) == 0 &&
	    (S_ISDIR(about.st_mode) || S_ISLNK(about.st_mode)))
		return STATUS_NOT_FOUND;
	return status;
}

/*
 * Adds every place where a change of this path would show. *ret_reached: the folder that should
 * hold it is there. STATUS_NOT_FOUND: something came or went meanwhile; try again.
 */
static enum status
walk_path(struct watch *watch, const struct watched_path *watched, bool *ret_reached)
{
	struct walk walk = { .folder = "." };
	enum status status = walk_onto(&walk, watched->path);

	*ret_reached = false;
	while (status == STATUS_OK) {
		char path[PATH_MAX];
		struct stat about;
		bool is_there;

		status = next_name(&walk);
		if (status == STATUS_OK)
			status = join(walk.folder, walk.name, path);
		if (status != STATUS_OK)
			break;
		is_there = lstat(path, &about) == 0;
		if (is_there && S_ISLNK(about.st_mode)) {
			status = follow_link(watch, &walk, path);
		} else if (walk.rest[0] == '\0') {
			*ret_reached = true;
			return watch_last(watch, &walk, path, watched->is_directory);
		} else if (is_there && S_ISDIR(about.st_mode)) {
			memcpy(walk.folder, path, strlen(path) + 1);
		} else {
			return watch_gap(watch, &walk, path);
		}
	}
	return status;
}

static void
drop_unwanted_places(struct watch *watch)
{
	size_t kept = 0;

	for (size_t i = 0; i < watch->place_count; i++) {
		bool is_used = false;

		for (size_t j = 0; j < watch->place_count; j++)
			is_used = is_used ||
			    (watch->places[j].is_wanted &&
				watch->places[j].descriptor == watch->places[i].descriptor);
		/* The kernel may have dropped it already: EINVAL. */
		if (!is_used)
			(void)inotify_rm_watch(watch->events.fd, watch->places[i].descriptor);
	}
	for (size_t i = 0; i < watch->place_count; i++) {
		if (watch->places[i].is_wanted)
			watch->places[kept++] = watch->places[i];
	}
	watch->place_count = kept;
}

static enum status
add_places(struct watch *watch, const struct watched_path *watched, bool *ret_reached)
{
	enum status status = STATUS_NOT_FOUND;

	for (int tries = 0; tries < TRIES_MAX && status == STATUS_NOT_FOUND; tries++)
		status = walk_path(watch, watched, ret_reached);
	return status;
}

/* Finds the places anew: files were replaced, folders moved, links turned. */
static void
refresh(struct watch *watch)
{
	bool is_complete = true;
	bool reached;

	for (size_t i = 0; i < watch->place_count; i++)
		watch->places[i].is_wanted = false;
	for (size_t i = 0; i < watch->path_count; i++) {
		if (add_places(watch, &watch->paths[i], &reached) != STATUS_OK)
			is_complete = false;
	}
	/* A folder that is closed to us for the moment: its old watches go on working. */
	if (is_complete || watch->place_count == WATCH_PLACES_MAX)
		drop_unwanted_places(watch);
}

static void
report(void *context)
{
	struct watch *watch = context;

	watch->handler(watch->context);
}

static bool
is_ours(const struct watch *watch, const struct inotify_event *event)
{
	const char *name = event->len > 0 ? event->name : "";

	if ((event->mask & IN_Q_OVERFLOW) != 0)
		return true;
	for (size_t i = 0; i < watch->place_count; i++) {
		const struct place *place = &watch->places[i];

		if (place->descriptor != event->wd)
			continue;
		if (place->name[0] == '\0' || strcmp(place->name, name) == 0 ||
		    (event->mask & gone_mask) != 0)
			return true;
	}
	return false;
}

static void
settle(struct watch *watch)
{
	int64_t now_ms = clock_now_ms();
	int64_t left_ms;

	if (!loop_timer_is_set(&watch->settled))
		watch->first_ms = now_ms;
	left_ms = watch->first_ms + WATCH_LATEST_MS - now_ms;
	/* No memory for a timer: the next event tries again. */
	(void)loop_timer_set(watch->loop, &watch->settled,
	    left_ms < WATCH_QUIET_MS ? left_ms : WATCH_QUIET_MS);
}

/* True when there was one of ours among the events that wait. */
static bool
read_changes(struct watch *watch)
{
	alignas(struct inotify_event) char bytes[EVENTS_SIZE];
	ssize_t length = read(watch->events.fd, bytes, sizeof(bytes));
	bool is_changed = false;

	for (ssize_t at = 0; at < length;) {
		const struct inotify_event *event = (const struct inotify_event *)(bytes + at);

		is_changed = is_changed || is_ours(watch, event);
		at += (ssize_t)(sizeof(*event) + event->len);
	}
	return is_changed;
}

static void
read_events(void *context, unsigned happened)
{
	struct watch *watch = context;

	(void)happened;
	if (!read_changes(watch))
		return;
	/* At once: what is still being written into a new file, or changes from now on, is seen. */
	refresh(watch);
	settle(watch);
}

struct watch *
watch_new(struct loop *loop, void (*handler)(void *context), void *context)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int fd;

	if (watch == NULL)
		return NULL;
	fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (fd < 0) {
		free(watch);
		return NULL;
	}
	watch->loop = loop;
	watch->handler = handler;
	watch->context = context;
	watch->settled = (struct loop_timer){ .handler = report, .context = watch };
	watch->events = (struct loop_watch){ .handler = read_events, .context = watch };
	if (loop_watch(loop, &watch->events, fd, LOOP_READ) != STATUS_OK) {
		(void)close(fd);
		free(watch);
		return NULL;
	}
	return watch;
}

void
watch_free(struct watch *watch)
{
	if (watch == NULL)
		return;
	loop_timer_stop(watch->loop, &watch->settled);
	loop_unwatch(watch->loop, &watch->events);
	(void)close(watch->events.fd);
	for (size_t i = 0; i < watch->path_count; i++)
		free(watch->paths[i].path);
	free(watch);
}

void
watch_take_over(struct watch *watch, struct watch *previous)
{
	if (previous != NULL && (loop_timer_is_set(&previous->settled) || read_changes(previous)))
		settle(watch);
	watch_free(previous);
}

static enum status
watch_path(struct watch *watch, const char *path, bool is_directory)
{
	struct watched_path *watched;
	bool reached;
	enum status status;

	if (watch->path_count == WATCH_PATHS_MAX)
		return STATUS_TOO_LARGE;
	if (path[0] == '\0')
		return STATUS_NOT_FOUND;
	watched = &watch->paths[watch->path_count];
	watched->path = strdup(path);
	if (watched->path == NULL)
		return STATUS_NO_MEMORY;
	watched->is_directory = is_directory;
	status = add_places(watch, watched, &reached);
	if (status == STATUS_OK && !reached && !is_directory)
		status = STATUS_NOT_FOUND;
	if (status == STATUS_OK) {
		watch->path_count++;
		return STATUS_OK;
	}
	free(watched->path);
	refresh(watch);
	return status;
}

enum status
watch_file(struct watch *watch, const char *path)
{
	return watch_path(watch, path, false);
}

enum status
watch_directory(struct watch *watch, const char *path)
{
	return watch_path(watch, path, true);
}
