/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads a file, a pipe or standard input for a command. */
#include "tools/ctl/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"

enum { READ_SIZE = 64 * 1024 };

static enum status
read_all(int descriptor, struct buffer *bytes)
{
	for (;;) {
		enum status status = buffer_reserve(bytes, READ_SIZE);
		ssize_t count;

		if (status != STATUS_OK)
			return status;
		count = read(descriptor, bytes->data + bytes->length,
		    bytes->capacity - bytes->length);
		if (count < 0 && errno != EINTR)
			return file_status(errno);
		if (count == 0)
			return STATUS_OK;
		if (count > 0)
			bytes->length += (size_t)count;
	}
}

enum ctl_exit
ctl_read_file(const char *path, struct buffer *ret_bytes)
{
	bool is_stdin = strcmp(path, "-") == 0;
	/* Not file_read(), which takes regular files only: shells give pipes, as <(command). */
	int descriptor = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum status status = descriptor >= 0 ? read_all(descriptor, ret_bytes) : file_status(errno);
	int error = errno;

	if (descriptor >= 0 && !is_stdin)
		(void)close(descriptor);
	if (status != STATUS_OK && error == EISDIR)
		return ctl_fail(CTL_FAILED, "cannot read %s: it is a folder; name a file in it",
		    path);
	if (status != STATUS_OK)
		return ctl_fail(CTL_FAILED, "cannot read %s: %s",
		    is_stdin ? "standard input" : path, status_text(status));
	return CTL_DONE;
}
