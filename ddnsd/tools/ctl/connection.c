/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTTP/1.0 over a Unix socket, by hand: one request, one answer, a deadline for both. */
#include "tools/ctl/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"

enum { READ_SIZE = 64 * 1024, BACKLOG_PAUSE_MS = 5 };

static enum ctl_exit
broke_off(const struct connection *connection, const char *what, const char *mend)
{
	return ctl_fail(CTL_FAILED, "the daemon at %s %s; %s", connection->socket, what, mend);
}

static enum ctl_exit
too_slow(const struct connection *connection)
{
	return broke_off(connection, "does not answer in time",
	    "it is stopped or very busy: see its log (journalctl -u ddnsd)");
}

/* The daemon cannot be reached; what mends it depends on why. */
static enum ctl_exit
unreachable(const struct connection *connection, int error)
{
	struct stat about;

	if (connection->is_quiet)
		return CTL_UNREACHABLE;
	if (error == EACCES || error == EPERM)
		return ctl_fail(CTL_UNREACHABLE,
		    "no permission for %s; use sudo, or see group and mode of the control block "
		    "in ddnsd.conf",
		    connection->socket);
	if (error == ECONNREFUSED && stat(connection->socket, &about) == 0 &&
	    !S_ISSOCK(about.st_mode))
		return ctl_fail(CTL_UNREACHABLE,
		    "%s is no socket; give that of the control block in ddnsd.conf with -s",
		    connection->socket);
	if (error == ENOENT || error == ECONNREFUSED || error == ENOTDIR)
		return ctl_fail(CTL_UNREACHABLE,
		    "no daemon at %s; start it (systemctl start ddnsd), and see that ddnsd.conf has "
		    "a control block with this socket",
		    connection->socket);
	return ctl_fail(CTL_UNREACHABLE, "%s: %s", connection->socket, strerror(error));
}

/* Waits for an event. False: the deadline came first. */
static bool
wait_for(const struct connection *connection, short events)
{
	struct pollfd entry = { .fd = connection->descriptor, .events = events };
	int64_t left_ms;
	int count;

	do {
		left_ms = connection->deadline_ms - clock_now_ms();
		if (left_ms <= 0)
			return false;
		count = poll(&entry, 1, left_ms > INT32_MAX ? INT32_MAX : (int)left_ms);
	} while (count < 0 && errno == EINTR);
	return count > 0;
}

/* A full backlog refuses with EAGAIN at once, and there is nothing to poll. */
static int
connect_patiently(const struct connection *connection, const struct sockaddr_un *address)
{
	while (connect(connection->descriptor, (const struct sockaddr *)address,
		   sizeof(*address)) != 0) {
		if (errno != EAGAIN && errno != EINTR)
			return errno;
		if (clock_now_ms() >= connection->deadline_ms)
			return ETIMEDOUT;
		(void)poll(NULL, 0, BACKLOG_PAUSE_MS);
	}
	return 0;
}

enum ctl_exit
connection_open(struct connection *connection, const char *socket_path, int timeout_ms,
    bool is_quiet)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int error;

	*connection = (struct connection){
		.descriptor = -1,
		.deadline_ms = clock_now_ms() +
		    (timeout_ms > 0 ? timeout_ms : CONNECTION_TIMEOUT_MS),
		.socket = socket_path,
		.is_quiet = is_quiet,
		.length = -1,
	};
	buffer_init(&connection->received, CLIENT_ANSWER_MAX);
	if (strlen(socket_path) >= sizeof(address.sun_path))
		return ctl_fail(CTL_UNREACHABLE,
		    "the path of a socket has at most %zu characters: %s",
		    sizeof(address.sun_path) - 1, socket_path);
	memcpy(address.sun_path, socket_path, strlen(socket_path) + 1);
	connection->descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (connection->descriptor < 0)
		return ctl_fail(CTL_FAILED, "cannot make a socket: %s", strerror(errno));
	error = connect_patiently(connection, &address);
	if (error == ETIMEDOUT)
		return too_slow(connection);
	return error == 0 ? CTL_DONE : unreachable(connection, error);
}

void
connection_close(struct connection *connection)
{
	if (connection->descriptor >= 0)
		(void)close(connection->descriptor);
	connection->descriptor = -1;
	buffer_release(&connection->received);
}

/* *ret_is_over: the daemon wants no more, and has perhaps said why. */
static enum ctl_exit
send_all(const struct connection *connection, const char *bytes, size_t length, bool *ret_is_over)
{
	while (length > 0 && !*ret_is_over) {
		ssize_t sent = send(connection->descriptor, bytes, length, MSG_NOSIGNAL);

		if (sent >= 0) {
			bytes += sent;
			length -= (size_t)sent;
		} else if (errno == EAGAIN) {
			if (!wait_for(connection, POLLOUT))
				return too_slow(connection);
		} else if (errno == EPIPE || errno == ECONNRESET)
			*ret_is_over = true;
		else if (errno != EINTR)
			return broke_off(connection, strerror(errno), "try again");
	}
	return CTL_DONE;
}

enum ctl_exit
connection_send(struct connection *connection, const struct client_request *request)
{
	struct buffer head;
	enum ctl_exit code = CTL_FAILED;
	bool is_over = false;

	buffer_init(&head, CONNECTION_HEAD_MAX);
	buffer_append_text(&head, request->method);
	buffer_append_text(&head, " ");
	buffer_append_text(&head, request->path);
	buffer_append_text(&head,
	    " HTTP/1.0\r\nHost: localhost\r\nUser-Agent: ddnsctl/" DDNSD_VERSION "\r\n");
	if (request->type != NULL)
		buffer_format(&head, "Content-Type: %s\r\nContent-Length: %zu\r\n", request->type,
		    request->length);
	else if (strcmp(request->method, "GET") != 0)
		buffer_append_text(&head, "Content-Length: 0\r\n");
	buffer_append_text(&head, "\r\n");
	if (head.status != STATUS_OK)
		(void)ctl_fail(CTL_FAILED, "the request is too long");
	else
		code = send_all(connection, head.data, head.length, &is_over);
	buffer_release(&head);
	if (code == CTL_DONE && request->type != NULL)
		code = send_all(connection, request->body, request->length, &is_over);
	return code;
}

enum ctl_exit
connection_read(struct connection *connection, size_t *ret_count)
{
	struct buffer *received = &connection->received;

	*ret_count = 0;
	if (received->length == received->ceiling)
		return broke_off(connection, "sends too much", "is this ddnsd?");
	if (buffer_reserve(received,
		received->ceiling - received->length < READ_SIZE
		    ? received->ceiling - received->length
		    : READ_SIZE) != STATUS_OK)
		return ctl_fail(CTL_FAILED, "no memory for the answer of %s", connection->socket);
	for (;;) {
		ssize_t count = recv(connection->descriptor, received->data + received->length,
		    received->capacity - received->length, 0);

		if (count >= 0) {
			received->length += (size_t)count;
			*ret_count = (size_t)count;
			return CTL_DONE;
		}
		/* A reset is the end: of an answer that is whole, it takes nothing away. */
		if (errno == ECONNRESET)
			return CTL_DONE;
		if (errno != EAGAIN && errno != EINTR)
			return broke_off(connection, strerror(errno), "try again");
		if (!wait_for(connection, POLLIN))
			return too_slow(connection);
	}
}

static bool
parse_status_line(const char *line, size_t length, unsigned *ret_code)
{
	static const char version[] = "HTTP/1.";
	unsigned code = 0;

	if (length < 12 || memcmp(line, version, sizeof(version) - 1) != 0 ||
	    (line[7] != '0' && line[7] != '1') || line[8] != ' ')
		return false;
	for (size_t i = 9; i < 12; i++) {
		if (line[i] < '0' || line[i] > '9')
			return false;
		code = code * 10 + (unsigned)(line[i] - '0');
	}
	if (code < 100 || code > 599 || (length > 12 && line[12] != ' '))
		return false;
	*ret_code = code;
	return true;
}

static bool
parse_length(const char *text, size_t length, int64_t *ret_length)
{
	int64_t number = 0;

	if (length == 0 || length > 18)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		number = number * 10 + (text[i] - '0');
	}
	*ret_length = number;
	return true;
}

static bool
is_header(const char *line, size_t name_length, const char *name)
{
	return name_length == strlen(name) && strncasecmp(line, name, name_length) == 0;
}

static bool
parse_header(struct connection *connection, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	const char *value, *end = line + length;
	size_t name_length;

	if (colon == NULL || colon == line)
		return false;
	name_length = (size_t)(colon - line);
	for (value = colon + 1; value < end && (*value == ' ' || *value == '\t');)
		value++;
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	if (is_header(line, name_length, "Content-Length"))
		return parse_length(value, (size_t)(end - value), &connection->length);
	if (is_header(line, name_length, "Content-Type")) {
		size_t size = 0;

		while (value + size < end && value[size] != ';' && value[size] != ' ')
			size++;
		if (size >= sizeof(connection->type))
			return false;
		memcpy(connection->type, value, size);
		connection->type[size] = '\0';
		return true;
	}
	/* HTTP/1.0 has none, and its bytes would be taken for the body. */
	return !is_header(line, name_length, "Transfer-Encoding");
}

bool
connection_parse_head(struct connection *connection, const char *bytes, size_t length,
    size_t *ret_size)
{
	const char *end = memmem(bytes, length, "\r\n\r\n", 4);
	const char *line = bytes;

	*ret_size = 0;
	if (end == NULL)
		return length < CONNECTION_HEAD_MAX;
	connection->length = -1;
	connection->type[0] = '\0';
	while (line < end + 2) {
		const char *stop = memmem(line, (size_t)(end + 2 - line), "\r\n", 2);
		size_t size = (size_t)(stop - line);

		if (line == bytes ? !parse_status_line(line, size, &connection->code)
				  : !parse_header(connection, line, size))
			return false;
		line = stop + 2;
	}
	*ret_size = (size_t)(end + 4 - bytes);
	return true;
}

enum ctl_exit
connection_read_head(struct connection *connection)
{
	struct buffer *received = &connection->received;
	size_t count = 1, size = 0;

	while (size == 0) {
		enum ctl_exit code = connection_read(connection, &count);

		if (code != CTL_DONE)
			return code;
		if (received->length == 0)
			return broke_off(connection, "ended without an answer",
			    "see its log (journalctl -u ddnsd)");
		if (!connection_parse_head(connection, received->data, received->length, &size))
			return broke_off(connection, "does not speak HTTP/1.0", "is this ddnsd?");
		if (size == 0 && count == 0)
			return broke_off(connection, "broke off its answer", "try again");
	}
	if (connection->length > CLIENT_ANSWER_MAX)
		return broke_off(connection, "sends too much", "is this ddnsd?");
	buffer_consume(received, size);
	return CTL_DONE;
}
