/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Connections. Each has one buffer in and one out, both with a ceiling; a peer that does not read
 * its answers is not read from. Only whole messages count as signs of life.
 */
#include "doors/dns_tcp.h"

#include <bsd/sys/queue.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"

enum {
	TURN_MAX = 256,      /* messages a turn, over all connections */
	QUEUE_MAX = 1 << 20, /* their answers */
	ACCEPTS_MAX = 64,    /* connections a turn */
	PREFIX_SIZE = 2,     /* RFC 1035 4.2.2 */
	IN_MAX = PREFIX_SIZE + MESSAGE_SIZE_MAX,
	READ_SIZE = 4096,
	OUT_FULL = 128 << 10, /* from here on the peer is not read from */
	OUT_MAX = OUT_FULL + DNS_TCP_ANSWER_MAX + (TURN_MAX + 1) * PREFIX_SIZE,
};

struct connection {
	TAILQ_ENTRY(connection) entry;
	struct loop_watch watch;
	struct loop_timer idle;
	struct dns_tcp *tcp;
	struct endpoint peer;
	struct buffer in;
	struct buffer out;
	unsigned waited_for; /* the events asked of the loop */
	unsigned held;       /* answers that wait for the commit */
	size_t held_size;    /* their octets */
	bool is_ended;       /* the peer sends no more */
	bool is_unfinished;  /* whole messages are left for the next turn */
};

TAILQ_HEAD(connections, connection);

/* One answer of the turn. */
struct slot {
	struct connection *connection; /* NULL: it has gone */
	size_t offset;
	size_t room;
	struct dns_ticket ticket;
};

struct dns_tcp {
	struct loop *loop;
	struct dns *dns;
	struct listeners listeners;
	struct connections connections; /* the one idle longest first */
	unsigned connection_count;
	unsigned connections_max;
	int64_t idle_ms;
	struct loop_timer resume;

	struct slot slots[TURN_MAX];
	size_t slot_count;
	struct buffer queue;
};

static void resume_unfinished(void *context);
static void accept_connections(void *context, unsigned events);

struct dns_tcp *
dns_tcp_new(struct loop *loop, struct dns *dns)
{
	struct dns_tcp *tcp = calloc(1, sizeof(*tcp));

	if (tcp == NULL)
		return NULL;
	tcp->loop = loop;
	tcp->dns = dns;
	tcp->listeners = (struct listeners){
		.kind = LISTEN_TCP,
		.loop = loop,
		.handler = accept_connections,
		.owner = tcp,
	};
	tcp->resume = (struct loop_timer){ .handler = resume_unfinished, .context = tcp };
	TAILQ_INIT(&tcp->connections);
	buffer_init(&tcp->queue, QUEUE_MAX);
	return tcp;
}

static void
close_connection(struct connection *connection)
{
	struct dns_tcp *tcp = connection->tcp;

	for (size_t i = 0; i < tcp->slot_count && connection->held > 0; i++) {
		if (tcp->slots[i].connection == connection)
			tcp->slots[i].connection = NULL;
	}
	loop_unwatch(tcp->loop, &connection->watch);
	loop_timer_stop(tcp->loop, &connection->idle);
	(void)close(connection->watch.fd);
	TAILQ_REMOVE(&tcp->connections, connection, entry);
	tcp->connection_count--;
	buffer_release(&connection->in);
	buffer_release(&connection->out);
	free(connection);
}

static void
close_idle(void *context)
{
	close_connection(context);
}

void
dns_tcp_free(struct dns_tcp *tcp)
{
	if (tcp == NULL)
		return;
	while (!TAILQ_EMPTY(&tcp->connections))
		close_connection(TAILQ_FIRST(&tcp->connections));
	listeners_close(&tcp->listeners);
	loop_timer_stop(tcp->loop, &tcp->resume);
	buffer_release(&tcp->queue);
	free(tcp);
}

/* --- messages --- */

/* A whole message has come: the connection lives, and moves to the end of the row. */
static void
mark_alive(struct connection *connection)
{
	struct dns_tcp *tcp = connection->tcp;

	TAILQ_REMOVE(&tcp->connections, connection, entry);
	TAILQ_INSERT_TAIL(&tcp->connections, connection, entry);
	(void)loop_timer_set(tcp->loop, &connection->idle, tcp->idle_ms);
}

/* The octets of the first message in the buffer, or 0 when it is not whole yet. */
static size_t
whole_message(const struct connection *connection, size_t from)
{
	const uint8_t *bytes = (const uint8_t *)connection->in.data + from;
	size_t there = connection->in.length - from;
	size_t length;

	if (there < PREFIX_SIZE)
		return 0;
	length = (size_t)bytes[0] << 8 | bytes[1];
	return there >= PREFIX_SIZE + length ? PREFIX_SIZE + length : 0;
}

/* Takes one message. False: it has to wait for the next turn. */
static bool
take_message(struct connection *connection, uint8_t *wire, size_t length)
{
	struct dns_tcp *tcp = connection->tcp;
	struct dns_origin origin = { .source = connection->peer };
	struct slot *slot = &tcp->slots[tcp->slot_count];
	size_t room = 0;

	if (tcp->slot_count == TURN_MAX ||
	    buffer_reserve(&tcp->queue, DNS_TCP_ANSWER_MAX) != STATUS_OK) {
		tcp->queue.status = STATUS_OK;
		return false;
	}
	switch (dns_receive(tcp->dns, wire, length, &origin,
	    (uint8_t *)tcp->queue.data + tcp->queue.length, &slot->ticket, &room)) {
	case DNS_SILENCE:
		break;
	case DNS_AFTER_COMMIT:
		return false;
	case DNS_ANSWER:
		slot->connection = connection;
		slot->offset = tcp->queue.length;
		slot->room = room;
		tcp->queue.length += room;
		tcp->slot_count++;
		connection->held++;
		connection->held_size += room;
		break;
	}
	return true;
}

/*
 * Messages that were left wait for a peer that does not read its answers, or for the next turn: its
 * timers run before anything else, so a query that waited for a commit meets no new change.
 */
static void
resume_later(struct connection *connection)
{
	if (connection->is_unfinished && connection->out.length < OUT_FULL)
		(void)loop_timer_set(connection->tcp->loop, &connection->tcp->resume, 0);
}

static void
take_messages(struct connection *connection)
{
	struct buffer *in = &connection->in;
	size_t taken = 0;
	size_t size;

	connection->is_unfinished = false;
	while ((size = whole_message(connection, taken)) > 0) {
		uint8_t *wire = (uint8_t *)in->data + taken + PREFIX_SIZE;

		if (connection->out.length + connection->held_size >= OUT_FULL ||
		    !take_message(connection, wire, size - PREFIX_SIZE)) {
			connection->is_unfinished = true;
			break;
		}
		taken += size;
	}
	resume_later(connection);
	if (taken == 0)
		return;
	mark_alive(connection);
	buffer_consume(in, taken);
	if (in->length == 0)
		buffer_release(in);
}

/* --- connections --- */

/* Waits for what the connection can use now; closes it when nothing more can come of it. */
static void
settle(struct connection *connection)
{
	bool is_full = connection->out.length >= OUT_FULL || connection->is_unfinished;
	unsigned events = connection->out.length > 0 ? LOOP_WRITE : 0;

	if (!connection->is_ended && !is_full)
		events |= LOOP_READ;
	if (connection->is_ended && connection->held == 0 && connection->out.length == 0 &&
	    !connection->is_unfinished) {
		close_connection(connection);
		return;
	}
	if (events != connection->waited_for &&
	    loop_rewatch(connection->tcp->loop, &connection->watch, events) == STATUS_OK)
		connection->waited_for = events;
}

static void
resume_unfinished(void *context)
{
	struct dns_tcp *tcp = context;
	struct connection *connection;
	struct connection *next;

	TAILQ_FOREACH_SAFE(connection, &tcp->connections, entry, next) {
		if (!connection->is_unfinished)
			continue;
		take_messages(connection);
		settle(connection);
	}
}

/* Sends what there is. False: the connection broke and is closed. */
static bool
send_out(struct connection *connection)
{
	struct buffer *out = &connection->out;
	size_t sent = 0;

	while (sent < out->length) {
		ssize_t count = send(connection->watch.fd, out->data + sent, out->length - sent,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0 && errno == EAGAIN)
			break;
		if (count < 0) {
			close_connection(connection);
			return false;
		}
		sent += (size_t)count;
	}
	buffer_consume(out, sent);
	if (out->length == 0)
		buffer_release(out);
	resume_later(connection);
	return true;
}

/* Reads what there is. False: the connection broke and is closed. */
static bool
read_in(struct connection *connection)
{
	struct buffer *in = &connection->in;
	size_t room = IN_MAX - in->length;
	ssize_t count;

	if (room > READ_SIZE)
		room = READ_SIZE;
	if (room == 0)
		return true;
	if (buffer_reserve(in, room) != STATUS_OK) {
		close_connection(connection);
		return false;
	}
	count = recv(connection->watch.fd, in->data + in->length, room, MSG_DONTWAIT);
	if (count < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (count < 0) {
		close_connection(connection);
		return false;
	}
	connection->is_ended = count == 0;
	in->length += (size_t)count;
	return true;
}

static void
serve(void *context, unsigned events)
{
	struct connection *connection = context;

	if ((events & LOOP_WRITE) != 0 && connection->out.length > 0 && !send_out(connection))
		return;
	if ((events & LOOP_READ) != 0 && !connection->is_ended && !read_in(connection))
		return;
	if (!connection->is_unfinished)
		take_messages(connection);
	settle(connection);
}

/* Closes the one idle longest, unless an answer is on its way to it. False: to each one is. */
static bool
close_longest_idle(struct dns_tcp *tcp)
{
	struct connection *connection;

	TAILQ_FOREACH(connection, &tcp->connections, entry) {
		if (connection->held == 0) {
			close_connection(connection);
			return true;
		}
	}
	return false;
}

/* Room for one more; the limit may have been lowered. */
static bool
make_room(struct dns_tcp *tcp)
{
	while (tcp->connection_count >= tcp->connections_max) {
		if (!close_longest_idle(tcp))
			return false;
	}
	return true;
}

static void
begin_connection(struct dns_tcp *tcp, int fd, const struct sockaddr_storage *peer)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int yes = 1;

	if (connection == NULL) {
		(void)close(fd);
		return;
	}
	*connection = (struct connection){
		.watch = { .handler = serve, .context = connection },
		.idle = { .handler = close_idle, .context = connection },
		.tcp = tcp,
		.waited_for = LOOP_READ,
	};
	endpoint_from_sockaddr(peer, &connection->peer);
	buffer_init(&connection->in, IN_MAX);
	buffer_init(&connection->out, OUT_MAX);
	/* Answers leave whole: waiting for more to send would only delay them. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (loop_watch(tcp->loop, &connection->watch, fd, LOOP_READ) != STATUS_OK ||
	    loop_timer_set(tcp->loop, &connection->idle, tcp->idle_ms) != STATUS_OK) {
		(void)close(fd);
		free(connection);
		return;
	}
	TAILQ_INSERT_TAIL(&tcp->connections, connection, entry);
	tcp->connection_count++;
}

static void
accept_connections(void *context, unsigned events)
{
	struct listener *listener = context;
	struct dns_tcp *tcp = listener->owner;

	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);
		int fd = accept4(listener->watch.fd, (struct sockaddr *)&peer, &length,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);

		/* Out of descriptors: without one the loop would be told of this socket for ever. */
		if (fd < 0 && errno == EMFILE && close_longest_idle(tcp))
			continue;
		if (fd < 0)
			return;
		if (make_room(tcp))
			begin_connection(tcp, fd, &peer);
		else
			(void)close(fd);
	}
}

/* Finishes an answer and moves it, behind its length, to where it is sent from. */
static void
put_answer(struct dns_tcp *tcp, const struct slot *slot, enum status commit_status)
{
	struct connection *connection = slot->connection;
	uint8_t *wire = (uint8_t *)tcp->queue.data + slot->offset;
	size_t length = dns_finish(&slot->ticket, commit_status, wire, slot->room);
	uint8_t prefix[PREFIX_SIZE] = { (uint8_t)(length >> 8), (uint8_t)length };

	connection->held--;
	connection->held_size -= slot->room;
	/* Out of memory: the connection ends, so that the client does not wait for this answer. */
	if (buffer_reserve(&connection->out, PREFIX_SIZE + length) != STATUS_OK) {
		connection->is_ended = true;
		return;
	}
	(void)buffer_append(&connection->out, prefix, PREFIX_SIZE);
	(void)buffer_append(&connection->out, wire, length);
}

void
dns_tcp_flush(struct dns_tcp *tcp, enum status commit_status)
{
	for (size_t i = 0; i < tcp->slot_count; i++) {
		if (tcp->slots[i].connection != NULL)
			put_answer(tcp, &tcp->slots[i], commit_status);
	}
	for (size_t i = 0; i < tcp->slot_count; i++) {
		struct connection *connection = tcp->slots[i].connection;

		/* One send for all answers of a connection: the first to be met sends them. */
		for (size_t j = i; connection != NULL && j < tcp->slot_count; j++) {
			if (tcp->slots[j].connection == connection)
				tcp->slots[j].connection = NULL;
		}
		if (connection != NULL && send_out(connection))
			settle(connection);
	}
	tcp->slot_count = 0;
	buffer_clear(&tcp->queue);
}

enum status
dns_tcp_listen(struct dns_tcp *tcp, const struct dns_options *options,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	enum status status = listeners_set(&tcp->listeners, options->listen, options->listen_count,
	    ret_problem);

	if (status != STATUS_OK)
		return status;
	tcp->connections_max = options->tcp_connections_max;
	tcp->idle_ms = options->tcp_idle_ms;
	return STATUS_OK;
}
