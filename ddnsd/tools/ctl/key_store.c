/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files of keys. */
#include "tools/ctl/key_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"

enum { MODE = 0640, READ_SIZE = 4096 };

static const char suffix[] = ".conf";

__attribute__((format(printf, 2, 3))) static void
say(char problem[static KEY_STORE_PROBLEM_MAX], const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(problem, KEY_STORE_PROBLEM_MAX, format, arguments);
	va_end(arguments);
}

void
key_store_wipe(struct buffer *secret_text)
{
	if (secret_text->data != NULL)
		explicit_bzero(secret_text->data, secret_text->capacity);
	buffer_release(secret_text);
}

void
key_place_release(struct key_place *place)
{
	key_store_wipe(&place->text);
	explicit_bzero(&place->found, sizeof(place->found));
	if (place->has_folder)
		(void)close(place->folder);
	place->has_folder = false;
}

bool
key_store_path(const char *folder, const char *name, char ret_path[static PATH_MAX])
{
	int length = snprintf(ret_path, PATH_MAX, "%s/%s%s", folder, name, suffix);

	return length > 0 && length < PATH_MAX &&
	    strlen(name) + strlen(suffix) + strlen(".0123456789abcdef") <= NAME_MAX;
}

/* --- writing --- */

/*
 * The group that lets the daemon read: the folder's, or ddnsd's where root alone has the folder.
 */
static gid_t
readers(int folder)
{
	struct stat about;
	struct group *group;

	if (fstat(folder, &about) != 0)
		return getegid();
	if (about.st_gid != 0)
		return about.st_gid;
	group = getgrnam("ddnsd");
	return group != NULL ? group->gr_gid : 0;
}

/* A temporary name that the daemon does not read: it begins with a dot. */
static enum status
open_temporary(int folder, const char *name, char temporary[static NAME_MAX + 1], int *ret_fd)
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return STATUS_IO;
	(void)snprintf(temporary, NAME_MAX + 1, ".%.200s.%016llx", name,
	    (unsigned long long)number);
	*ret_fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    0600);
	return *ret_fd >= 0 ? STATUS_OK : file_status(errno);
}

static enum status
write_all(int fd, const struct buffer *text)
{
	size_t written = 0;

	while (written < text->length) {
		ssize_t step = write(fd, text->data + written, text->length - written);

		if (step < 0 && errno == EINTR)
			continue;
		if (step < 0)
			return file_status(errno);
		written += (size_t)step;
	}
	return STATUS_OK;
}

/* Owner, then mode: chown() takes bits of it away. Closes fd. */
static enum status
finish(int fd, const struct buffer *text, uid_t owner, gid_t group, mode_t mode)
{
	enum status status = write_all(fd, text);
	struct stat about;

	if (status == STATUS_OK && fstat(fd, &about) != 0)
		status = file_status(errno);
	if (status == STATUS_OK && (about.st_uid != owner || about.st_gid != group) &&
	    fchown(fd, owner, group) != 0)
		status = file_status(errno);
	if (status == STATUS_OK && fchmod(fd, mode) != 0)
		status = file_status(errno);
	if (status == STATUS_OK && fsync(fd) != 0)
		status = file_status(errno);
	if (close(fd) != 0 && status == STATUS_OK)
		status = file_status(errno);
	return status;
}

static void
say_why(char problem[static KEY_STORE_PROBLEM_MAX], const char *path, enum status status)
{
	if (status == STATUS_PERMISSION)
		say(problem, "%s cannot be written: run ddnsctl as root", path);
	else
		say(problem, "%s cannot be written: %s", path, status_text(status));
}

/* flags: O_NOFOLLOW or 0. */
static enum status
open_folder(const char *folder, int flags, int *ret_fd, char problem[static KEY_STORE_PROBLEM_MAX])
{
	enum status status = STATUS_OK;

	*ret_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags);
	if (*ret_fd >= 0)
		return STATUS_OK;
	status = file_status(errno);
	if (status == STATUS_NOT_FOUND)
		say(problem,
		    "the folder %s is not there; run: install -d -o root -g ddnsd -m 750 %s",
		    folder, folder);
	else if (status == STATUS_PERMISSION)
		say(problem, "the folder %s is closed to you: run ddnsctl as root", folder);
	else
		say(problem, "the folder %s cannot be opened: %s", folder, status_text(status));
	return status;
}

/* The temporary file becomes NAME.conf where there is none. */
static enum status
link_new(int folder, const char *temporary, const char *name,
    char problem[static KEY_STORE_PROBLEM_MAX], const char *path)
{
	enum status status = STATUS_OK;

	if (linkat(folder, temporary, folder, name, 0) != 0) {
		status = errno == EEXIST ? STATUS_NAME_EXISTS : file_status(errno);
		if (status == STATUS_NAME_EXISTS)
			say(problem,
			    "%s is there already; \"ddnsctl key rotate\" gives the key a new secret, "
			    "\"ddnsctl key revoke\" ends it",
			    path);
		else
			say_why(problem, path, status);
	}
	return status;
}

bool
key_store_is_safe(const char *folder)
{
	struct stat about;

	return stat(folder, &about) != 0 ||
	    ((about.st_uid == 0 || about.st_uid == geteuid()) && (about.st_mode & 022) == 0);
}

enum status
key_store_add(const char *folder, const char *name, const struct buffer *text,
    char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	char temporary[NAME_MAX + 1];
	char path[PATH_MAX];
	int directory;
	int fd;
	enum status status = open_folder(folder, 0, &directory, ret_problem);

	if (status != STATUS_OK)
		return status;
	if (!key_store_path(folder, name, path)) {
		say(ret_problem, "the name is too long for a file");
		status = STATUS_TOO_LARGE;
		goto out;
	}
	status = open_temporary(directory, name, temporary, &fd);
	if (status != STATUS_OK) {
		say_why(ret_problem, path, status);
		goto out;
	}
	status = finish(fd, text, geteuid(), readers(directory), MODE);
	if (status != STATUS_OK)
		say_why(ret_problem, path, status);
	else
		status = link_new(directory, temporary, file_base_name(path), ret_problem, path);
	(void)unlinkat(directory, temporary, 0);
	if (status == STATUS_OK && fsync(directory) != 0) {
		status = file_status(errno);
		say_why(ret_problem, path, status);
	}
out:
	(void)close(directory);
	return status;
}

/* --- finding --- */

static int
is_key_file(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return entry->d_name[0] != '.' && entry->d_name[0] != '#' && length > strlen(suffix) &&
	    strcmp(entry->d_name + length - strlen(suffix), suffix) == 0;
}

/* The folder is opened as at says, and called so. */
static enum status
walk(int at, const char *path_at, const char *folder,
    bool (*handler)(void *context, const char *path), void *context)
{
	struct dirent **entries = NULL;
	int count = scandirat(at, path_at, &entries, is_key_file, alphasort);
	enum status status = count < 0 ? file_status(errno) : STATUS_OK;
	bool goes_on = true;

	for (int i = 0; i < count; i++) {
		char path[PATH_MAX];
		int length = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);

		if (goes_on && length > 0 && (size_t)length < sizeof(path))
			goes_on = handler(context, path);
		free(entries[i]);
	}
	free(entries);
	return status;
}

enum status
key_store_walk(const char *folder, bool (*handler)(void *context, const char *path), void *context)
{
	return walk(AT_FDCWD, folder, folder, handler, context);
}

static enum status
read_all(int fd, struct buffer *text)
{
	for (;;) {
		enum status status = buffer_reserve(text, READ_SIZE);
		ssize_t step;

		if (status != STATUS_OK)
			return status;
		step = read(fd, text->data + text->length, text->capacity - text->length);
		if (step < 0 && errno != EINTR)
			return file_status(errno);
		if (step == 0)
			return STATUS_OK;
		if (step > 0)
			text->length += (size_t)step;
	}
}

/* Where the daemon may write, a second name may be that of a file of somebody else's. */
static bool
is_plain(const struct key_place *place)
{
	const struct stat *about = &place->about;

	if (!S_ISREG(about->st_mode))
		return false;
	return !place->is_daemons ||
	    (about->st_nlink == 1 &&
		(about->st_uid == 0 || about->st_uid == place->about_folder.st_uid));
}

/*
 * What is read is what was looked at: in a folder that others may write, one file may stand in the
 * place of another at any moment.
 */
static enum status
read_place(struct key_place *place)
{
	int fd = openat(place->folder, file_base_name(place->path),
	    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	enum status status = STATUS_OK;

	if (fd < 0)
		return errno == ELOOP ? STATUS_REFUSED : file_status(errno);
	if (fstat(fd, &place->about) != 0)
		status = file_status(errno);
	else if (!is_plain(place))
		status = STATUS_REFUSED;
	if (status == STATUS_OK)
		status = read_all(fd, &place->text);
	(void)close(fd);
	return status;
}

/* Reads one file and looks into it. */
static enum status
look_into(struct key_place *place, const char *path, const char *name,
    char problem[static KEY_STORE_PROBLEM_MAX])
{
	char reason[KEY_PROBLEM_MAX];
	enum status status;

	buffer_clear(&place->text);
	(void)snprintf(place->path, sizeof(place->path), "%s", path);
	status = read_place(place);
	if (status == STATUS_NOT_FOUND)
		return status;
	if (status == STATUS_REFUSED) {
		say(problem,
		    place->is_daemons
			? "%s is no plain file of the daemon's own, and stays as it is: look at who put "
			  "it there"
			: "%s is no plain file: edit what it leads to by hand",
		    path);
		return status;
	}
	if (status != STATUS_OK) {
		say(problem, "%s cannot be read: %s%s", path, status_text(status),
		    status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
		return status;
	}
	status = key_file_find(place->text.data != NULL ? place->text.data : "", place->text.length,
	    name, &place->found, reason);
	if (status == STATUS_MALFORMED)
		say(problem, "%s is not understood, and stays as it is: %s", path, reason);
	return status;
}

struct search {
	struct key_place *place;
	const char *name;
	char *problem;
	enum status status;
};

static bool
search_file(void *context, const char *path)
{
	struct search *search = context;

	search->status = look_into(search->place, path, search->name, search->problem);
	return search->status != STATUS_OK;
}

/* Begins with nothing found in that folder. */
static enum status
begin(const char *folder, bool is_daemons, struct key_place *place,
    char problem[static KEY_STORE_PROBLEM_MAX])
{
	enum status status;

	*place = (struct key_place){ .is_daemons = is_daemons };
	buffer_init(&place->text, KEY_FILE_MAX);
	status = open_folder(folder, is_daemons ? O_NOFOLLOW : 0, &place->folder, problem);
	place->has_folder = status == STATUS_OK;
	if (status == STATUS_OK && fstat(place->folder, &place->about_folder) != 0)
		status = file_status(errno);
	return status;
}

static enum status
find(const char *folder, bool is_daemons, const char *name, struct key_place *ret_place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	struct search search = { ret_place, name, ret_problem, STATUS_NOT_FOUND };
	char path[PATH_MAX];
	enum status status = begin(folder, is_daemons, ret_place, ret_problem);

	if (status != STATUS_OK)
		return status;
	if (key_store_path(folder, name, path)) {
		status = look_into(ret_place, path, name, ret_problem);
		/* What is wrong with the file of that very name is what has to be told. */
		if (status != STATUS_NOT_FOUND)
			return status;
	}
	(void)walk(ret_place->folder, ".", folder, search_file, &search);
	if (search.status != STATUS_OK) {
		say(ret_problem,
		    "no file in %s has the key \"%s\"; \"ddnsctl key list\" shows them", folder,
		    name);
		return STATUS_NOT_FOUND;
	}
	return STATUS_OK;
}

enum status
key_store_find(const char *folder, const char *name, struct key_place *ret_place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	return find(folder, false, name, ret_place, ret_problem);
}

enum status
key_store_find_made(const char *folder, const char *name, struct key_place *ret_place,
    char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	return find(folder, true, name, ret_place, ret_problem);
}

enum status
key_store_read_made(const char *path, struct buffer *ret_text)
{
	char folder[PATH_MAX];
	char problem[KEY_STORE_PROBLEM_MAX];
	struct key_place place;
	enum status status;

	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(file_base_name(path) - path - 1),
	    path);
	status = begin(folder, true, &place, problem);
	if (status == STATUS_OK) {
		(void)snprintf(place.path, sizeof(place.path), "%s", path);
		status = read_place(&place);
	}
	if (status == STATUS_OK)
		status = buffer_append(ret_text, place.text.data, place.text.length);
	key_place_release(&place);
	return status;
}

/* --- changing --- */

static bool
is_unchanged(int directory, const struct key_place *place,
    char problem[static KEY_STORE_PROBLEM_MAX])
{
	struct stat now;

	if (fstatat(directory, file_base_name(place->path), &now, AT_SYMLINK_NOFOLLOW) == 0 &&
	    now.st_ino == place->about.st_ino && now.st_dev == place->about.st_dev &&
	    now.st_size == place->about.st_size &&
	    now.st_mtim.tv_sec == place->about.st_mtim.tv_sec &&
	    now.st_mtim.tv_nsec == place->about.st_mtim.tv_nsec)
		return true;
	say(problem, "%s was changed meanwhile, and stays as it is: try again", place->path);
	return false;
}

enum status
key_store_replace(const struct key_place *place, const struct buffer *text,
    char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	const char *name = file_base_name(place->path);
	char temporary[NAME_MAX + 1];
	int directory = place->folder;
	int fd;
	enum status status = open_temporary(directory, name, temporary, &fd);

	if (status != STATUS_OK) {
		say_why(ret_problem, place->path, status);
		return status;
	}
	status = finish(fd, text, place->about.st_uid, place->about.st_gid,
	    place->about.st_mode & 07777);
	if (status != STATUS_OK) {
		say_why(ret_problem, place->path, status);
	} else if (!is_unchanged(directory, place, ret_problem)) {
		status = STATUS_REFUSED;
	} else if (renameat(directory, temporary, directory, name) != 0 || fsync(directory) != 0) {
		status = file_status(errno);
		say_why(ret_problem, place->path, status);
	}
	if (status != STATUS_OK)
		(void)unlinkat(directory, temporary, 0);
	return status;
}

enum status
key_store_remove(const struct key_place *place, char ret_problem[static KEY_STORE_PROBLEM_MAX])
{
	int directory = place->folder;
	enum status status = STATUS_OK;

	if (!is_unchanged(directory, place, ret_problem)) {
		status = STATUS_REFUSED;
	} else if (unlinkat(directory, file_base_name(place->path), 0) != 0 ||
	    fsync(directory) != 0) {
		status = file_status(errno);
		say(ret_problem, "%s cannot be removed: %s%s", place->path, status_text(status),
		    status == STATUS_PERMISSION ? "; run ddnsctl as root" : "");
	}
	return status;
}
