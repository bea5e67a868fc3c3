/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When libmicrohttpd runs and who may connect. It parses and sends, and polls through an epoll of
 * its own, which our loop watches; listening sockets and time limits are ours.
 */
#include "doors/http_server.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "doors/http_state.h"

enum {
	CONNECTION_MEMORY = 16384, /* libmicrohttpd's, for all of a request but its body */
	ACCEPTS_MAX = 16,          /* connections a turn */
	PAUSE_MS = 1000,
	SLOW_MS = 2000, /* a reader that takes longer gives way to who wants to come in */
	DROP_SIZE = 4096,
	LINE_MAX_OCTETS = 512,
};

/* --- running libmicrohttpd --- */

void
http_server_wake(struct http_server *server)
{
	server->has_work = true;
	if (!server->is_running)
		(void)loop_timer_set(server->loop, &server->wake, 0);
}

void
http_server_resume(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->server;

	if (!exchange->is_suspended || exchange->is_resuming)
		return;
	exchange->is_resuming = true;
	TAILQ_INSERT_TAIL(&server->resuming, exchange, resuming);
	http_server_wake(server);
}

void
http_server_unwatch(struct http_exchange *exchange)
{
	if (exchange->is_watched)
		loop_unwatch(exchange->connection->server->loop, &exchange->watch);
	exchange->is_watched = false;
}

static void
resume(struct http_exchange *exchange)
{
	http_server_unwatch(exchange);
	exchange->is_suspended = false;
	MHD_resume_connection(exchange->handle);
}

/*
 * Its descriptors are edge-triggered: what it has read and not dealt with comes with no event, only
 * as a time-out of 0. With nobody connected there is no time-out at all, and nothing wakes us.
 */
static void
set_wake(struct http_server *server)
{
	MHD_UNSIGNED_LONG_LONG wait_ms = 0;

	if (!server->has_work && MHD_get_timeout(server->daemon, &wait_ms) != MHD_YES) {
		loop_timer_stop(server->loop, &server->wake);
		return;
	}
	(void)loop_timer_set(server->loop, &server->wake,
	    wait_ms < INT_MAX ? (int64_t)wait_ms : INT_MAX);
}

static void
run(struct http_server *server)
{
	assert(!server->is_running);
	server->has_work = false;
	server->is_running = true;
	while (!TAILQ_EMPTY(&server->resuming)) {
		struct http_exchange *exchange = TAILQ_FIRST(&server->resuming);

		TAILQ_REMOVE(&server->resuming, exchange, resuming);
		exchange->is_resuming = false;
		resume(exchange);
	}
	(void)MHD_run(server->daemon);
	server->is_running = false;
	set_wake(server);
}

static void
run_on_timer(void *context)
{
	run(context);
}

static void
run_on_event(void *context, unsigned events)
{
	(void)events;
	run(context);
}

/*
 * libmicrohttpd does not see a client go whose connection it has suspended. What the client of a
 * stream says meanwhile is dropped, for its end comes behind that.
 */
static void
notice_departure(void *context, unsigned events)
{
	struct http_exchange *exchange = context;
	struct http_server *server = exchange->connection->server;

	(void)events;
	if (exchange->is_stream) {
		char octets[DROP_SIZE];
		ssize_t count = recv(exchange->watch.fd, octets, sizeof(octets), MSG_DONTWAIT);

		if (count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR)))
			return;
	}
	exchange->is_gone = true;
	http_server_resume(exchange);
	run(server);
}

void
http_server_suspend(struct http_exchange *exchange)
{
	struct loop *loop = exchange->connection->server->loop;
	unsigned events = exchange->is_stream ? (unsigned)LOOP_READ : 0;

	exchange->is_suspended = true;
	MHD_suspend_connection(exchange->handle);
	exchange->watch = (struct loop_watch){ .handler = notice_departure, .context = exchange };
	exchange->is_watched = loop_watch(loop, &exchange->watch, exchange->connection->fd,
				   events) == STATUS_OK;
}

void
http_server_end(struct http_connection *connection)
{
	struct http_exchange *exchange = connection->exchange;

	(void)shutdown(connection->fd, SHUT_RDWR);
	if (exchange != NULL) {
		exchange->is_gone = true;
		http_server_resume(exchange);
	}
}

/* --- accepting --- */

static void
set_accepting(struct http_server *server, bool is_accepting)
{
	server->is_paused = !is_accepting;
	for (size_t i = 0; i < HTTP_SOCKETS_MAX; i++) {
		if (server->listening[i] != NULL)
			(void)loop_rewatch(server->loop, &server->listening[i]->watch,
			    is_accepting ? (unsigned)LOOP_READ : 0);
	}
}

void
http_server_note_room(struct http_server *server)
{
	if (server->is_paused && !loop_timer_is_set(&server->pause))
		set_accepting(server, true);
}

static void
accept_again(void *context)
{
	set_accepting(context, true);
}

static void
end_at_deadline(void *context)
{
	struct http_connection *connection = context;

	if (connection->exchange != NULL)
		log_debug("http: a request over %s took too long to arrive; closed",
		    connection->peer.door);
	http_server_end(connection);
}

/* Closes the one idle longest. False: all have requests that are being answered. */
static bool
close_longest_idle(struct http_server *server)
{
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &server->connections, entry) {
		if (connection->exchange == NULL || connection->exchange->phase < HTTP_RECEIVED) {
			http_server_end(connection);
			run(server);
			return true;
		}
	}
	return false;
}

/* Of those that read an answer, streams apart, the one that does so longest. */
static struct http_connection *
find_slowest(struct http_server *server)
{
	struct http_connection *slowest = NULL;
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &server->connections, entry) {
		const struct http_exchange *exchange = connection->exchange;

		if (exchange == NULL || exchange->phase != HTTP_SENDING || exchange->is_stream)
			continue;
		if (slowest == NULL || exchange->sent_from_ms < slowest->exchange->sent_from_ms)
			slowest = connection;
	}
	return slowest;
}

/* Readers that take an octet at a time keep nobody out. False: none is that slow, yet. */
static bool
close_slowest(struct http_server *server)
{
	struct http_connection *slowest = find_slowest(server);
	int64_t left_ms;

	if (slowest == NULL)
		return false;
	left_ms = slowest->exchange->sent_from_ms + SLOW_MS - clock_now_ms();
	if (left_ms > 0) {
		(void)loop_timer_set(server->loop, &server->patience, left_ms);
		return false;
	}
	log_debug("http: a slow reader of an answer over %s gives way; closed", slowest->peer.door);
	http_server_end(slowest);
	run(server);
	return true;
}

/* Somebody wants to come in. */
static bool
make_room(struct http_server *server)
{
	return server->connection_count < server->limits.connections_max ||
	    ((close_longest_idle(server) || close_slowest(server)) &&
		server->connection_count < server->limits.connections_max);
}

bool
http_server_identify(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	if (!connection->is_known)
		connection->is_known = server->identify(server->identify_context, connection->fd,
		    &connection->peer);
	return connection->is_known;
}

/* Hands a socket to libmicrohttpd, which closes it. */
static void
adopt(struct http_server *server, int fd, const struct sockaddr_storage *from, socklen_t length)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));

	if (connection == NULL) {
		(void)close(fd);
		return;
	}
	connection->server = server;
	connection->fd = fd;
	connection->deadline = (struct loop_timer){ .handler = end_at_deadline,
		.context = connection };
	if (!http_server_identify(connection)) {
		(void)close(fd);
		free(connection);
		return;
	}
	server->adopting = connection;
	/* When it fails late, note_connection() has freed it. */
	if (MHD_add_connection(server->daemon, fd, (const struct sockaddr *)from, length) !=
		MHD_YES &&
	    server->adopting != NULL)
		free(connection);
	server->adopting = NULL;
}

/* Out of descriptors or memory: the loop would be told of the newcomer for ever. */
static void
pause_accepting(struct http_server *server)
{
	int error = errno;
	uint64_t left_out;

	if (log_limit_allows(&server->told_full, &left_out))
		log_warning("http: cannot accept connections for now: %s", strerror(error));
	set_accepting(server, false);
	(void)loop_timer_set(server->loop, &server->pause, PAUSE_MS);
}

static void
accept_connections(void *context, unsigned events)
{
	struct http_listening *listening = context;
	struct http_server *server = listening->server;

	(void)events;
	if (!make_room(server)) {
		set_accepting(server, false);
		return;
	}
	/* Those who have just come are heard before one of them is thought idle. */
	for (int i = 0;
	     i < ACCEPTS_MAX && server->connection_count < server->limits.connections_max; i++) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		int fd = accept4(listening->watch.fd, (struct sockaddr *)&from, &length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accepting(server);
		if (fd < 0)
			break;
		adopt(server, fd, &from, length);
	}
	run(server);
}

/* From libmicrohttpd, when it takes a connection and when it has closed it. */
static void
note_connection(void *context, struct MHD_Connection *handle, void **socket_context,
    enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = context;
	struct http_connection *connection = *socket_context;

	(void)handle;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		connection = server->adopting;
		*socket_context = connection;
		TAILQ_INSERT_TAIL(&server->connections, connection, entry);
		server->connection_count++;
		(void)loop_timer_set(server->loop, &connection->deadline, server->limits.idle_ms);
		return;
	}
	loop_timer_stop(server->loop, &connection->deadline);
	TAILQ_REMOVE(&server->connections, connection, entry);
	server->connection_count--;
	if (server->adopting == connection)
		server->adopting = NULL;
	free(connection);
	http_server_note_room(server);
}

/* --- the server --- */

__attribute__((format(printf, 2, 0))) static void
log_for_library(void *context, const char *format, va_list arguments)
{
	char line[LINE_MAX_OCTETS];

	(void)context;
	/* 0.9.75 takes any socket that it is handed for TCP, and complains at each answer. */
	if (!log_is_on(LOG_LEVEL_DEBUG) ||
	    strncmp(format, "Setting %s option", strlen("Setting %s option")) == 0 ||
	    strncmp(format, "Failed to push", strlen("Failed to push")) == 0)
		return;
	(void)vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	log_debug("http: libmicrohttpd: %s", line);
}

/* Paths and arguments are decoded by http_target: libmicrohttpd would cut them at a %00. */
static size_t
leave_escaped(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

/*
 * It accepts nobody itself: 0.9.75 takes its listening socket out of its epoll when it is full, and
 * looks whether to put it back only when something else has it run. Its time-out, in whole seconds,
 * is only for clients that do not read their answers; requests have deadlines of ours, which no
 * octet prolongs.
 */
static struct MHD_Daemon *
start_library(struct http_server *server)
{
	const struct http_limits *limits = &server->limits;

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG,
	    0, NULL, NULL, http_exchange_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
	    log_for_library, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, limits->connections_max + 1, MHD_OPTION_CONNECTION_TIMEOUT,
	    (unsigned)((limits->idle_ms + 999) / 1000), MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_URI_LOG_CALLBACK,
	    http_exchange_begin, server, MHD_OPTION_NOTIFY_COMPLETED, http_exchange_end, server,
	    MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_END);
}

struct http_server *
http_server_new(struct loop *loop, const struct http_site *site, http_identify *identify,
    void *identify_context, const struct http_limits *limits)
{
	struct http_server *server = calloc(1, sizeof(*server));
	const union MHD_DaemonInfo *info;

	if (server == NULL)
		return NULL;
	server->loop = loop;
	server->site = site;
	server->identify = identify;
	server->identify_context = identify_context;
	server->limits = *limits;
	server->watch = (struct loop_watch){ .handler = run_on_event, .context = server };
	server->wake = (struct loop_timer){ .handler = run_on_timer, .context = server };
	server->pause = (struct loop_timer){ .handler = accept_again, .context = server };
	server->patience = server->pause;
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->waiting);
	TAILQ_INIT(&server->resuming);
	server->daemon = start_library(server);
	if (server->daemon == NULL) {
		free(server);
		return NULL;
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL ||
	    loop_watch(loop, &server->watch, info->epoll_fd, LOOP_READ) != STATUS_OK) {
		MHD_stop_daemon(server->daemon);
		free(server);
		return NULL;
	}
	return server;
}

void
http_server_free(struct http_server *server)
{
	struct http_connection *connection;

	if (server == NULL)
		return;
	for (size_t i = 0; i < HTTP_SOCKETS_MAX; i++) {
		if (server->listening[i] != NULL)
			http_server_unlisten(server, server->listening[i]->watch.fd);
	}
	loop_unwatch(server->loop, &server->watch);
	server->is_running = true;
	TAILQ_FOREACH(connection, &server->connections, entry) {
		/* It may not be stopped while one is suspended. */
		if (connection->exchange != NULL && connection->exchange->is_suspended)
			resume(connection->exchange);
	}
	MHD_stop_daemon(server->daemon);
	loop_timer_stop(server->loop, &server->wake);
	loop_timer_stop(server->loop, &server->pause);
	loop_timer_stop(server->loop, &server->patience);
	free(server);
}

enum status
http_server_listen(struct http_server *server, int socket)
{
	struct http_listening *listening;
	enum status status;
	size_t place = 0;

	while (place < HTTP_SOCKETS_MAX && server->listening[place] != NULL)
		place++;
	if (place == HTTP_SOCKETS_MAX)
		return STATUS_TOO_LARGE;
	listening = calloc(1, sizeof(*listening));
	if (listening == NULL)
		return STATUS_NO_MEMORY;
	listening->server = server;
	listening->watch = (struct loop_watch){ .handler = accept_connections,
		.context = listening };
	status = loop_watch(server->loop, &listening->watch, socket,
	    server->is_paused ? 0 : (unsigned)LOOP_READ);
	if (status != STATUS_OK) {
		free(listening);
		return status;
	}
	server->listening[place] = listening;
	return STATUS_OK;
}

void
http_server_unlisten(struct http_server *server, int socket)
{
	for (size_t i = 0; i < HTTP_SOCKETS_MAX; i++) {
		struct http_listening *listening = server->listening[i];

		if (listening == NULL || listening->watch.fd != socket)
			continue;
		loop_unwatch(server->loop, &listening->watch);
		(void)close(socket);
		free(listening);
		server->listening[i] = NULL;
	}
}

void
http_server_forget_peers(struct http_server *server)
{
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &server->connections, entry) {
		connection->is_known = false;
		connection->peer.principal = NULL;
	}
}

void
http_server_flush(struct http_server *server, enum status commit_status)
{
	struct http_exchange *exchange;

	server->turn++;
	for (;;) {
		exchange = TAILQ_FIRST(&server->waiting);
		if (exchange == NULL || exchange->turn == server->turn)
			break;
		TAILQ_REMOVE(&server->waiting, exchange, waiting);
		TAILQ_INSERT_TAIL(&server->waiting, exchange, waiting);
		exchange->turn = server->turn;
		server->site->finish(server->site->context, exchange, commit_status);
	}
	if (server->has_work)
		run(server);
}
