/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Complaints with their place, and files read whole. */
#include "config/reader.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/denial.h"

enum { COMPLAINT_MAX = 1024 };

static void __attribute__((format(printf, 4, 0))) append_line(struct buffer *lines,
    const char *file, unsigned line, const char *format, va_list words)
{
	char text[COMPLAINT_MAX + 1];
	size_t before = lines->length;

	if (vsnprintf(text, sizeof(text), format, words) < 0)
		text[0] = '\0';
	(void)buffer_append_text(lines, file);
	if (line > 0)
		(void)buffer_format(lines, ":%u", line);
	(void)buffer_append_text(lines, ": ");
	(void)buffer_append_text(lines, text);
	/* A file's name may hold anything; it forges no line. */
	for (size_t i = before; i < lines->length; i++) {
		if (iscntrl((unsigned char)lines->data[i]))
			lines->data[i] = '?';
	}
	/* A full buffer holds whole lines only. */
	if (buffer_append(lines, "\n", 1) != STATUS_OK)
		lines->length = before;
}

void
config_complain(struct config_reader *reader, unsigned line, const char *format, ...)
{
	va_list words;

	va_start(words, format);
	append_line(reader->errors, reader->file, line, format, words);
	va_end(words);
	if (reader->status == STATUS_OK)
		reader->status = STATUS_MALFORMED;
}

void
config_warn(struct config_reader *reader, unsigned line, const char *format, ...)
{
	va_list words;

	va_start(words, format);
	append_line(reader->warnings, reader->file, line, format, words);
	va_end(words);
}

void
config_out_of_memory(struct config_reader *reader)
{
	if (reader->status != STATUS_NO_MEMORY)
		config_complain(reader, 0, "cannot be read: %s", status_text(STATUS_NO_MEMORY));
	reader->status = STATUS_NO_MEMORY;
}

void
config_complain_access(struct config_reader *reader, const char *what, bool is_folder, int error)
{
	enum status status = file_status(error);
	char denial[CONFIG_DENIAL_MAX] = "";

	if (status == STATUS_PERMISSION)
		(void)config_denial(reader->file, is_folder, reader->user, reader->group, denial);
	config_complain(reader, 0, "%s: %s%s", what, status_text(status), denial);
}

/* Reads what is there now, which may have grown since fstat(). */
static enum status
read_whole(int fd, size_t size, struct buffer *text)
{
	/* One octet more shows a file that grew; another holds the NUL. Growing would leave copies. */
	enum status status = buffer_reserve(text, size + 2);

	if (status != STATUS_OK)
		return status;
	while (text->length <= size) {
		ssize_t got = read(fd, text->data + text->length, size + 1 - text->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return file_status(errno);
		if (got == 0)
			break;
		text->length += (size_t)got;
	}
	if (text->length > size)
		return STATUS_DAMAGED;
	text->data[text->length] = '\0';
	return STATUS_OK;
}

static bool
read_open_file(struct config_reader *reader, int fd, struct buffer *text, mode_t *ret_mode)
{
	struct stat about;
	enum status status;

	if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
		config_complain(reader, 0, "is not a regular file; a text file is expected here");
		return false;
	}
	if (about.st_size > CONFIG_FILE_MAX) {
		config_complain(reader, 0, "is larger than %d bytes, the most that is read",
		    CONFIG_FILE_MAX);
		return false;
	}
	status = read_whole(fd, (size_t)about.st_size, text);
	if (status == STATUS_DAMAGED) {
		config_complain(reader, 0, "changed while it was read; read it again");
		return false;
	}
	if (status == STATUS_NO_MEMORY) {
		config_out_of_memory(reader);
		return false;
	}
	if (status != STATUS_OK) {
		config_complain(reader, 0, "cannot be read: %s", status_text(status));
		return false;
	}
	if (memchr(text->data, '\0', text->length) != NULL) {
		config_complain(reader, 0, "holds a NUL byte; a text file is expected here");
		return false;
	}
	*ret_mode = about.st_mode;
	return true;
}

bool
config_read_file(struct config_reader *reader, struct buffer *ret_text, mode_t *ret_mode)
{
	/* O_NONBLOCK: a FIFO in this place must not hold the daemon up. */
	int follow = reader->refuses_links ? O_NOFOLLOW : 0;
	int fd = open(reader->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | follow);
	bool is_read;

	buffer_init(ret_text, CONFIG_FILE_MAX + 2);
	if (fd < 0 && errno == ELOOP && reader->refuses_links) {
		config_complain(reader, 0,
		    "is a symbolic link, which is not followed here; put the "
		    "file itself there");
		return false;
	}
	if (fd < 0) {
		config_complain_access(reader, "cannot be opened", false, errno);
		return false;
	}
	is_read = read_open_file(reader, fd, ret_text, ret_mode);
	(void)close(fd);
	return is_read;
}

void
config_wipe(struct buffer *buffer)
{
	if (buffer->data != NULL)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_release(buffer);
}
