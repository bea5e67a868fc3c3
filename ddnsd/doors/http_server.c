/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When libmicrohttpd runs and who may connect. It parses and sends, and polls through an epoll of
 * its own, which our loop watches; listening sockets and time limits are ours.
 */
#include "doors/http_server.h"

#include <assert.h>
#include <errno.h>
#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
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
	CONNECTIONS_CEILING =
	    10000, /* libmicrohttpd's, which a reload cannot change; ours is below */
	PAUSE_MS = 1000,
	RUN_MS = 10, /* then what has arrived waits for the next turn, as DNS does */
	DROP_SIZE = 4096,
	LINE_MAX_OCTETS = 512,
	TLS_HANDSHAKE = 22, /* the type of its first record */
};

/* --- running libmicrohttpd --- */

void
http_server_wake(struct http_server *server)
{
	server->has_work = true;
	if (!server->is_running)
		(void)loop_timer_set(server->loop, &server->wake, 0);
}

bool
http_server_is_over_its_time(const struct http_server *server)
{
	return server->has_handed_over && clock_now_ms() - server->run_from_ms >= RUN_MS;
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

static void run_on_event(void *context, unsigned events);

static void
unpark(struct http_connection *connection)
{
	if (!connection->is_parked)
		return;
	loop_unwatch(connection->server->loop, &connection->watch);
	connection->is_parked = false;
	MHD_resume_connection(connection->handle);
}

static void
go_on_shaking(void *context, unsigned events)
{
	struct http_connection *connection = context;
	struct http_server *server = connection->server;

	unpark(connection);
	run_on_event(server, events);
}

/* Suspended until there is something to read, or room to write. False: no memory. */
static bool
park(struct http_connection *connection)
{
	unsigned events = http_tls_wants_to_write(connection->tls) ? LOOP_WRITE : LOOP_READ;

	connection->watch = (struct loop_watch){ .handler = go_on_shaking, .context = connection };
	if (loop_watch(connection->server->loop, &connection->watch, connection->fd, events) !=
	    STATUS_OK)
		return false;
	connection->is_parked = true;
	MHD_suspend_connection(connection->handle);
	return true;
}

/*
 * libmicrohttpd 0.9.75 does not notice that a handshake waits for the client: with epoll it tries again and
 * again, and MHD_get_timeout() stays 0. So such a connection is suspended meanwhile.
 */
static void
park_handshakes(struct http_server *server)
{
	struct http_connection *connection;
	struct http_connection *next;

	TAILQ_FOREACH_SAFE(connection, &server->shaking, shaking, next) {
		if (http_tls_has_shaken_hands(connection->tls)) {
			TAILQ_REMOVE(&server->shaking, connection, shaking);
			connection->is_shaking = false;
		} else if (!connection->is_parked && !park(connection)) {
			(void)shutdown(connection->fd, SHUT_RDWR);
		}
	}
}

static void
run(struct http_server *server)
{
	assert(!server->is_running);
	server->has_work = false;
	server->is_running = true;
	server->run_from_ms = clock_now_ms();
	server->has_handed_over = false;
	while (!TAILQ_EMPTY(&server->resuming)) {
		struct http_exchange *exchange = TAILQ_FIRST(&server->resuming);

		TAILQ_REMOVE(&server->resuming, exchange, resuming);
		exchange->is_resuming = false;
		resume(exchange);
	}
	(void)MHD_run(server->daemon);
	server->is_running = false;
	park_handshakes(server);
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

/* Drops what the client has said. False: it says no more. */
static bool
drop_octets(const struct http_connection *connection)
{
	char octets[DROP_SIZE];
	ssize_t count;

	if (connection->tls != NULL)
		return http_tls_drop_octets(connection->tls);
	count = recv(connection->fd, octets, sizeof(octets), MSG_DONTWAIT);
	return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR));
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
	if (exchange->is_stream && drop_octets(exchange->connection))
		return;
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

	/* In the middle of an answer it would look whole. */
	if (connection->tls != NULL && (exchange == NULL || exchange->is_stream))
		http_tls_say_goodbye(connection->tls);
	(void)shutdown(connection->fd, SHUT_RDWR);
	if (connection->is_parked) {
		unpark(connection);
		http_server_wake(connection->server);
	}
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

/* subscriber NULL: anybody's. NULL: all have requests that are being answered. */
static struct http_connection *
find_longest_idle(struct http_server *server, const struct address *subscriber)
{
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &server->connections, entry) {
		if (subscriber != NULL && !http_share_is_of(connection, subscriber))
			continue;
		if (connection->exchange == NULL || connection->exchange->phase < HTTP_RECEIVED)
			return connection;
	}
	return NULL;
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

/*
 * Who gives way to somebody who wants to come in. Readers that take an octet at a time keep nobody
 * out. NULL: all are busy, and none is that slow, yet.
 */
static struct http_connection *
find_dispensable(struct http_server *server)
{
	struct http_connection *found = find_longest_idle(server, NULL);
	int64_t left_ms;

	if (found != NULL)
		return found;
	found = find_slowest(server);
	if (found == NULL)
		return NULL;
	left_ms = found->exchange->sent_from_ms + HTTP_SLOW_MS - clock_now_ms();
	if (left_ms <= 0)
		return found;
	(void)loop_timer_set(server->loop, &server->patience, left_ms);
	return NULL;
}

static void
turn_away(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	log_debug("http: a connection over %s gives way to another; closed", connection->peer.door);
	server->turned_away++;
	http_server_end(connection);
	run(server);
}

static bool
is_full(const struct http_server *server)
{
	return server->connection_count >= server->limits.connections_max;
}

/*
 * Makes room for somebody who has come, at the cost of his own connections before that of others'.
 * False: there is none.
 */
static bool
make_room(struct http_server *server, const struct address *subscriber)
{
	struct http_connection *found;

	if (http_share_is_used_up(server, subscriber)) {
		/* Those who have just come are heard before one of them is thought idle. */
		run(server);
		found = find_longest_idle(server, subscriber);
		if (found == NULL)
			return false;
		turn_away(found);
	}
	if (is_full(server)) {
		found = find_dispensable(server);
		if (found != NULL)
			turn_away(found);
	}
	return !is_full(server) && !http_share_is_used_up(server, subscriber);
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

/* Whoever it is, may it stay? */
static bool
admit(struct http_connection *connection)
{
	struct http_server *server = connection->server;

	if (!http_server_identify(connection))
		return false;
	if (!connection->peer.is_shared)
		connection->subscriber = address_subscriber(&connection->peer.source);
	if (make_room(server, &connection->subscriber))
		return true;
	log_debug("http: no room for one more connection over %s; closed", connection->peer.door);
	server->turned_away++;
	return false;
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
	if (!admit(connection)) {
		(void)close(fd);
		free(connection);
		return;
	}
	server->accepted++;
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

void
http_server_divert_plain(struct http_server *secure, struct http_server *plain)
{
	secure->plain = plain;
}

/* True where it begins with something else than a handshake (RFC 8446 5.1), and is not ours any more. */
static bool
divert(struct http_server *server, int fd, const struct sockaddr_storage *from, socklen_t length)
{
	uint8_t octet;

	if (server->plain == NULL || recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) != 1 ||
	    octet == TLS_HANDSHAKE)
		return false;
	adopt(server->plain, fd, from, length);
	http_server_wake(server->plain);
	return true;
}

static void
accept_connections(void *context, unsigned events)
{
	struct http_listening *listening = context;
	struct http_server *server = listening->server;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage from;
		socklen_t length = sizeof(from);
		int fd;

		/* When nobody can give way, who comes waits outside, and is not closed. */
		if (is_full(server))
			run(server);
		if (is_full(server) && find_dispensable(server) == NULL) {
			set_accepting(server, false);
			break;
		}
		fd = accept4(listening->watch.fd, (struct sockaddr *)&from, &length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			pause_accepting(server);
		if (fd < 0)
			break;
		if (!divert(server, fd, &from, length))
			adopt(server, fd, &from, length);
	}
	run(server);
}

static unsigned
timeout_s(const struct http_limits *limits)
{
	return (unsigned)((limits->idle_ms + 999) / 1000);
}

/* A certificate for its whole life. Where there is none, choose_certificate() ends the handshake. */
static void
begin_tls(struct http_connection *connection, struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle,
	    MHD_CONNECTION_INFO_GNUTLS_SESSION);

	if (info != NULL)
		connection->tls = http_tls_hold(connection->server->tls, info->tls_session);
	connection->is_shaking = connection->tls != NULL;
	if (connection->is_shaking)
		TAILQ_INSERT_TAIL(&connection->server->shaking, connection, shaking);
}

static void
begin_connection(struct http_server *server, struct MHD_Connection *handle)
{
	struct http_connection *connection = server->adopting;

	connection->handle = handle;
	TAILQ_INSERT_TAIL(&server->connections, connection, entry);
	server->connection_count++;
	(void)loop_timer_set(server->loop, &connection->deadline, server->limits.idle_ms);
	if (timeout_s(&server->limits) != server->timeout_s)
		(void)MHD_set_connection_option(handle, MHD_CONNECTION_OPTION_TIMEOUT,
		    timeout_s(&server->limits));
	if (server->tls != NULL)
		begin_tls(connection, handle);
}

/* From libmicrohttpd, when it takes a connection and when it has closed it. */
static void
note_connection(void *context, struct MHD_Connection *handle, void **socket_context,
    enum MHD_ConnectionNotificationCode what)
{
	struct http_server *server = context;
	struct http_connection *connection = *socket_context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		*socket_context = server->adopting;
		begin_connection(server, handle);
		return;
	}
	/* 0.9.75 does not say that a request is over in which it finds a second mistake. */
	if (connection->exchange != NULL)
		http_exchange_free(connection->exchange);
	loop_timer_stop(server->loop, &connection->deadline);
	TAILQ_REMOVE(&server->connections, connection, entry);
	server->connection_count--;
	if (connection->is_shaking)
		TAILQ_REMOVE(&server->shaking, connection, shaking);
	if (server->adopting == connection)
		server->adopting = NULL;
	http_tls_drop(connection->tls);
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
 * libmicrohttpd would have all connections share one credentials object, whose certificate cannot be
 * exchanged while one shakes hands; so each has its own (begin_tls()), and this is not asked.
 */
static int
choose_certificate(gnutls_session_t session, const gnutls_datum_t *authorities, int authority_count,
    const gnutls_pk_algorithm_t *algorithms, int algorithm_count, gnutls_pcert_st **ret_chain,
    unsigned *ret_chain_length, gnutls_privkey_t *ret_key)
{
	(void)session;
	(void)authorities;
	(void)authority_count;
	(void)algorithms;
	(void)algorithm_count;
	(void)ret_chain;
	(void)ret_chain_length;
	(void)ret_key;
	return -1;
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
	bool is_secure = server->tls != NULL;

	return MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
		MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (is_secure ? MHD_USE_TLS : 0),
	    0, NULL, NULL, http_exchange_handle, server, MHD_OPTION_EXTERNAL_LOGGER,
	    log_for_library, NULL, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_CEILING,
	    MHD_OPTION_CONNECTION_TIMEOUT, server->timeout_s, MHD_OPTION_STRICT_FOR_CLIENT, 1,
	    MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_URI_LOG_CALLBACK,
	    http_exchange_begin, server, MHD_OPTION_NOTIFY_COMPLETED, http_exchange_end, server,
	    MHD_OPTION_NOTIFY_CONNECTION, note_connection, server,
	    is_secure ? MHD_OPTION_HTTPS_PRIORITIES : MHD_OPTION_END, http_tls_priorities,
	    MHD_OPTION_HTTPS_CERT_CALLBACK, choose_certificate, MHD_OPTION_END);
}

struct http_server *
http_server_new(struct loop *loop, const struct http_site *site, http_identify *identify,
    void *identify_context, const struct http_limits *limits)
{
	return http_server_new_secure(loop, site, identify, identify_context, limits, NULL);
}

struct http_server *
http_server_new_secure(struct loop *loop, const struct http_site *site, http_identify *identify,
    void *identify_context, const struct http_limits *limits, struct http_tls *tls)
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
	server->tls = tls;
	server->timeout_s = timeout_s(limits);
	server->watch = (struct loop_watch){ .handler = run_on_event, .context = server };
	server->wake = (struct loop_timer){ .handler = run_on_timer, .context = server };
	server->pause = (struct loop_timer){ .handler = accept_again, .context = server };
	server->patience = server->pause;
	TAILQ_INIT(&server->connections);
	TAILQ_INIT(&server->shaking);
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
		unpark(connection);
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
		if (connection->exchange != NULL) {
			connection->exchange->peer.principal = NULL;
			connection->exchange->has_lost_peer = true;
		}
	}
}

void
http_server_end_streams(struct http_server *server)
{
	struct http_connection *connection;

	TAILQ_FOREACH(connection, &server->connections, entry) {
		if (connection->exchange != NULL && connection->exchange->is_stream)
			http_server_end(connection);
	}
}

void
http_server_set_limits(struct http_server *server, const struct http_limits *limits)
{
	server->limits = *limits;
	http_server_note_room(server);
}

void
http_server_report(const struct http_server *server, struct http_server_report *ret_report)
{
	*ret_report = (struct http_server_report){
		.connections = server->connection_count,
		.streams = server->stream_count,
		.accepted = server->accepted,
		.turned_away = server->turned_away,
	};
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
		/* Its key may be gone since, or have other rights. */
		if (exchange->has_lost_peer && !http_exchange_learn_peer(exchange)) {
			http_server_end(exchange->connection);
			continue;
		}
		server->site->finish(server->site->context, exchange, commit_status);
	}
}

void
http_server_send(struct http_server *server)
{
	if (server->has_work)
		run(server);
}
