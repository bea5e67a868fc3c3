/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bounded reads and atomic replacement of files. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { READ_SIZE = 16384 };

enum status
file_status(int error)
{
	switch (error) {
	case 0:
		return STATUS_OK;
	case ENOENT:
	case ENOTDIR:
	case ESRCH:
		return STATUS_NOT_FOUND;
	case EACCES:
	case EPERM:
		return STATUS_PERMISSION;
	case ENOSPC:
	case EDQUOT:
		return STATUS_NO_SPACE;
	case EROFS:
		return STATUS_READ_ONLY;
	case ENOMEM:
		return STATUS_NO_MEMORY;
	case ENAMETOOLONG:
	case EFBIG:
		return STATUS_TOO_LARGE;
	default:
		return STATUS_IO;
	}
}

static enum status
read_all(int fd, struct buffer *content)
{
	for (;;) {
		size_t left = content->ceiling - content->length;
		size_t room = left < READ_SIZE ? left : READ_SIZE;
		enum status status = buffer_reserve(content, room);
		char beyond;
		ssize_t got;

		if (status != STATUS_OK)
			return status;
		/* At the ceiling the end of the file is fine, and one byte more is too much. */
		if (room == 0)
			got = read(fd, &beyond, 1);
		else
			got = read(fd, content->data + content->length, room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_status(errno);
		if (got == 0)
			return STATUS_OK;
		if (room == 0) {
			content->status = STATUS_TOO_LARGE;
			return STATUS_TOO_LARGE;
		}
		content->length += (size_t)got;
	}
}

enum status
file_read(const char *path, struct buffer *ret_content)
{
	/* Non-blocking: opening a FIFO that somebody put there must not hang the daemon. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t before = ret_content->length;
	struct stat about;
	enum status status;

	if (fd < 0)
		return file_status(errno);
	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
		status = STATUS_IO;
	else
		status = read_all(fd, ret_content);
	if (status != STATUS_OK)
		ret_content->length = before;
	(void)close(fd);
	return status;
}

const char *
file_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

enum status
file_open_directory_of(const char *path, int *ret_directory)
{
	size_t length = (size_t)(file_base_name(path) - path);
	char folder[PATH_MAX];
	int fd;

	if (length >= sizeof(folder))
		return STATUS_TOO_LARGE;
	if (length == 0) {
		folder[0] = '.';
		length = 1;
	} else {
		memcpy(folder, path, length);
	}
	folder[length] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return file_status(errno);
	*ret_directory = fd;
	return STATUS_OK;
}

static enum status
write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return file_status(errno);
		bytes += written;
		length -= (size_t)written;
	}
	return STATUS_OK;
}

static bool
is_in_memory(int fd)
{
	struct statfs where;

	return fstatfs(fd, &where) == 0 &&
	    (where.f_type == TMPFS_MAGIC || where.f_type == RAMFS_MAGIC);
}

/* Writes the temporary file and makes it ready to be renamed. Closes fd. */
static enum status
fill(int fd, const char *bytes, size_t length, mode_t mode)
{
	enum status status = write_all(fd, bytes, length);

	/* The mode given to openat() went through the umask. */
	if (status == STATUS_OK && fchmod(fd, mode) != 0)
		status = file_status(errno);
	if (status == STATUS_OK && !is_in_memory(fd) && fsync(fd) != 0)
		status = file_status(errno);
	if (close(fd) != 0 && status == STATUS_OK)
		status = file_status(errno);
	return status;
}

enum status
file_replace(int directory, const char *name, const char *bytes, size_t length, mode_t mode)
{
	char temporary[NAME_MAX + 1];
	int needed = snprintf(temporary, sizeof(temporary), ".%s.tmp", name);
	enum status status;
	int fd;

	if (needed < 0 || (size_t)needed >= sizeof(temporary))
		return STATUS_TOO_LARGE;
	/* One left behind by a crash may have another owner or be a link: never write through it. */
	if (unlinkat(directory, temporary, 0) != 0 && errno != ENOENT)
		return file_status(errno);
	fd = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
	    mode);
	if (fd < 0)
		return file_status(errno);
	status = fill(fd, bytes, length, mode);
	if (status == STATUS_OK && renameat(directory, temporary, directory, name) != 0)
		status = file_status(errno);
	if (status != STATUS_OK) {
		(void)unlinkat(directory, temporary, 0);
		return status;
	}
	if (!is_in_memory(directory) && fsync(directory) != 0)
		return file_status(errno);
	return STATUS_OK;
}

/* Compares the rest of fd with bytes, piece by piece. */
static bool
holds(int fd, const char *bytes, size_t length)
{
	char piece[READ_SIZE];

	for (;;) {
		ssize_t got = read(fd, piece, sizeof(piece));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got == 0 && length == 0;
		if ((size_t)got > length || memcmp(piece, bytes, (size_t)got) != 0)
			return false;
		bytes += got;
		length -= (size_t)got;
	}
}

bool
file_is_same(int directory, const char *name, const char *bytes, size_t length, mode_t mode)
{
	int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat about;
	bool same;

	if (fd < 0)
		return false;
	same = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) &&
	    (about.st_mode & 07777) == mode && (size_t)about.st_size == length &&
	    holds(fd, bytes, length);
	(void)close(fd);
	return same;
}

enum status
file_open_directory(const char *path, mode_t mode, int *ret_directory)
{
	int fd;

	if (mkdir(path, mode) != 0 && errno != EEXIST)
		return file_status(errno);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return file_status(errno);
	*ret_directory = fd;
	return STATUS_OK;
}

enum status
file_remove(int directory, const char *name)
{
	if (unlinkat(directory, name, 0) != 0 || fsync(directory) != 0)
		return file_status(errno);
	return STATUS_OK;
}
