/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The socket's path, group and mode. */
#include "config/control.h"

#include <assert.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "config/account.h"

enum {
	MODE_NEEDED = S_IRUSR | S_IWUSR,
	MODE_ALLOWED = MODE_NEEDED | S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH,
	MODE_DIGITS_MAX = 4,
};

static_assert(sizeof(((struct control_options *)0)->group) >= CONFIG_ACCOUNT_MAX,
    "a group's name fits");

static void
read_socket(const struct config_section *section, struct control_options *control)
{
	char path[PATH_MAX];
	const char *name;

	if (!config_section_path(section, "socket", true, path))
		return;
	name = file_base_name(path);
	if (path[0] != '\0' &&
	    (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0))
		config_section_complain(section, "socket",
		    "names a folder; allowed: the path of a socket");
	else if (strlen(path) >= sizeof(control->socket))
		config_section_complain(section, "socket",
		    "%zu characters, longer than a socket's path can be; allowed: at most %zu",
		    strlen(path), sizeof(control->socket) - 1);
	else
		memcpy(control->socket, path, strlen(path) + 1);
}

/* False for anything but a few octal digits. */
static bool
mode_from_text(const char *text, mode_t *ret_mode)
{
	size_t length = strlen(text);
	mode_t mode = 0;

	if (length > MODE_DIGITS_MAX || strspn(text, "01234567") != length)
		return false;
	for (; *text != '\0'; text++)
		mode = mode << 3 | (mode_t)(*text - '0');
	*ret_mode = mode;
	return true;
}

/* Connecting to a socket is writing to it (unix(7)). */
static void
read_mode(const struct config_section *section, struct control_options *control)
{
	const char *text = config_section_text(section, "mode");
	unsigned line = config_section_line(section, "mode");
	mode_t mode;

	if (!mode_from_text(text, &mode) || (mode & MODE_NEEDED) != MODE_NEEDED ||
	    (mode & ~(mode_t)MODE_ALLOWED) != 0) {
		config_section_complain(section, "mode",
		    "\"%.40s\" is not a mode that is allowed here; allowed: 0600 to 0666, octal and "
		    "without x, as 0660 for the group",
		    text);
		return;
	}
	if ((mode & S_IWOTH) != 0)
		config_warn(section->reader, line,
		    "mode: %04o lets every user of this machine connect and read all names; 0660 lets "
		    "the group",
		    (unsigned)mode);
	control->mode = mode;
}

void
config_control_read(const struct config_section *section, struct control_options *control)
{
	gid_t gid;

	read_socket(section, control);
	(void)config_group_read(section, control->group, &gid);
	read_mode(section, control);
}
