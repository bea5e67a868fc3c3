/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One datagram a message, on a socket that is opened and closed for it: no child inherits one. */
#include "base/notify.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

/* Returns the address's length, or 0: none, or of a kind that we do not speak. */
static socklen_t
manager_address(struct sockaddr_un *ret_address)
{
	const char *path = getenv("NOTIFY_SOCKET");
	size_t length = path != NULL ? strlen(path) : 0;

	if (length < 2 || (path[0] != '/' && path[0] != '@') ||
	    length >= sizeof(ret_address->sun_path))
		return 0;
	*ret_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(ret_address->sun_path, path, length);
	/* An abstract name begins with NUL and ends where the address ends. */
	if (path[0] == '@')
		ret_address->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
}

void
notify_send(const char *text)
{
	struct sockaddr_un address;
	socklen_t size = manager_address(&address);
	int fd;

	if (size == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&address, size);
	(void)close(fd);
}

void
notify_reloading(void)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    clock_monotonic_us());
	notify_send(text);
}

/* A positive decimal number and nothing else. */
static bool
read_number(const char *text, int64_t *ret_number)
{
	int64_t number = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || number > (INT64_MAX - 9) / 10)
			return false;
		number = 10 * number + (*text - '0');
	}
	*ret_number = number;
	return number > 0;
}

int64_t
notify_watchdog_ms(void)
{
	const char *limit = getenv("WATCHDOG_USEC");
	const char *pid = getenv("WATCHDOG_PID");
	int64_t number;

	if (limit == NULL)
		return 0;
	/* The environment is inherited; the watchdog is not. */
	if (pid != NULL && (!read_number(pid, &number) || number != getpid()))
		return 0;
	if (!read_number(limit, &number))
		return 0;
	return number < 2000 ? 1 : number / 2000;
}
