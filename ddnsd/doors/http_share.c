/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who may have how much of what all clients of a server share: connections, streams, and the octets of
 * answers that are being sent. Accepts nobody and sends nothing.
 */
#include "base/clock.h"
#include "doors/http_server.h"
#include "doors/http_state.h"

/* --- whose --- */

bool
http_share_is_of(const struct http_connection *connection, const struct address *subscriber)
{
	return connection->subscriber.family != 0 &&
	    address_is_equal(&connection->subscriber, subscriber);
}

static bool
is_admin(const struct http_exchange *exchange)
{
	const struct principal *principal = exchange->peer.principal;

	return principal != NULL && principal->is_admin;
}

/* --- connections --- */

bool
http_share_is_used_up(const struct http_server *server, const struct address *subscriber)
{
	unsigned most = server->limits.connections_per_source;
	const struct http_connection *connection;
	unsigned count = 0;

	if (subscriber->family == 0 || most == 0)
		return false;
	TAILQ_FOREACH(connection, &server->connections, entry)
		count += http_share_is_of(connection, subscriber);
	return count >= most;
}

/* --- streams --- */

/* The streams that stand against one more. */
struct rivals {
	unsigned all; /* without administrators' */
	unsigned strangers;
	unsigned of_source;
	unsigned of_principal;
};

/* Administrators and others do not count against each other, wherever they come from. */
static struct rivals
count_rivals(const struct http_exchange *exchange)
{
	const struct http_connection *own = exchange->connection;
	const struct http_connection *connection;
	struct rivals rivals = { 0 };

	TAILQ_FOREACH(connection, &own->server->connections, entry) {
		const struct http_exchange *other = connection->exchange;

		if (other == NULL || !other->is_stream || other->is_of_admin != is_admin(exchange))
			continue;
		rivals.all += !other->is_of_admin;
		rivals.strangers += other->is_of_stranger;
		rivals.of_source += http_share_is_of(connection, &own->subscriber);
		rivals.of_principal += other->peer.principal == exchange->peer.principal;
	}
	return rivals;
}

/* most 0: no limit. */
static bool
is_below(unsigned count, unsigned most)
{
	return most == 0 || count < most;
}

bool
http_share_take_stream(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->server;
	const struct http_limits *limits = &server->limits;
	bool is_stranger = exchange->peer.principal == NULL;
	struct rivals rivals = count_rivals(exchange);

	if (server->stream_count >= limits->streams_max ||
	    !is_below(rivals.of_source, limits->streams_per_source))
		return false;
	if (!is_admin(exchange) &&
	    (rivals.all + limits->streams_for_admins >= limits->streams_max ||
		!is_below(is_stranger ? rivals.strangers : rivals.of_principal,
		    is_stranger ? limits->streams_of_strangers : limits->streams_per_principal)))
		return false;
	server->stream_count++;
	exchange->is_stream = true;
	exchange->is_of_stranger = is_stranger;
	exchange->is_of_admin = is_admin(exchange);
	return true;
}

/* --- answers --- */

/* Of large answers, those that this one's reader has. */
static size_t
count_own_octets(const struct http_exchange *exchange)
{
	const struct http_connection *own = exchange->connection;
	const struct http_connection *connection;
	size_t count = 0;

	TAILQ_FOREACH(connection, &own->server->connections, entry) {
		if (connection->exchange != NULL && http_share_is_of(connection, &own->subscriber))
			count += connection->exchange->held;
	}
	return count;
}

/* One that is larger than all there is goes alone: a copy of the database may be. */
static bool
fits(size_t held, size_t length, size_t most)
{
	return held == 0 || (length <= most && held <= most - length);
}

/* An administrator waits for nobody but other administrators, and gives way to no one else. */
static bool
gives_way(const struct http_exchange *holder, const struct http_exchange *exchange)
{
	if (holder == NULL || holder->held == 0 || holder->phase != HTTP_SENDING)
		return false;
	if (holder->is_of_admin != is_admin(exchange))
		return is_admin(exchange);
	return clock_now_ms() - holder->sent_from_ms >= HTTP_SLOW_MS;
}

/* The one that reads a large answer longest, of those that give way. NULL: none does. */
static struct http_connection *
find_holder(const struct http_exchange *exchange, bool only_own)
{
	const struct http_connection *own = exchange->connection;
	struct http_connection *connection;
	struct http_connection *found = NULL;

	TAILQ_FOREACH(connection, &own->server->connections, entry) {
		const struct http_exchange *holder = connection->exchange;

		if (!gives_way(holder, exchange) ||
		    (only_own && !http_share_is_of(connection, &own->subscriber)))
			continue;
		if (found == NULL || holder->sent_from_ms < found->exchange->sent_from_ms)
			found = connection;
	}
	return found;
}

/* Whether there is room once all who give way are gone: else none of them is lost for nothing. */
static bool
can_have_room(const struct http_exchange *exchange, size_t length, size_t most)
{
	const struct http_connection *own = exchange->connection;
	const struct http_connection *connection;
	size_t all = own->server->held;
	size_t of_own = count_own_octets(exchange);

	TAILQ_FOREACH(connection, &own->server->connections, entry) {
		if (!gives_way(connection->exchange, exchange))
			continue;
		all -= connection->exchange->held;
		if (http_share_is_of(connection, &own->subscriber))
			of_own -= connection->exchange->held;
	}
	return fits(of_own, length, most / 2) && fits(all, length, most);
}

static void
end_reader(struct http_connection *connection)
{
	log_debug("http: the reader of an answer over %s gives way to another; closed",
	    connection->peer.door);
	connection->server->turned_away++;
	http_share_give_back(connection->exchange);
	http_server_end(connection);
}

/* Half of all is for one subscriber, so that none keeps the others from theirs. */
bool
http_has_room(struct http_exchange *exchange, size_t length)
{
	struct http_server *server = exchange->connection->server;
	size_t most = server->limits.answers_max;
	struct http_connection *holder;
	uint64_t left_out;

	if (length <= HTTP_SMALL_ANSWER_MAX || most == 0)
		return true;
	while (can_have_room(exchange, length, most)) {
		bool has_share = fits(count_own_octets(exchange), length, most / 2);

		if (has_share && fits(server->held, length, most))
			return true;
		holder = find_holder(exchange, !has_share);
		if (holder == NULL)
			break;
		end_reader(holder);
	}
	if (log_limit_allows(&server->told_crowd, &left_out))
		log_notice("http: %zu octets of answers over %s wait for their readers: %s has to "
			   "come again",
		    server->held, exchange->peer.door,
		    exchange->peer.who[0] != '\0' ? exchange->peer.who : "somebody");
	return false;
}

void
http_share_take_octets(struct http_exchange *exchange, size_t length)
{
	if (length <= HTTP_SMALL_ANSWER_MAX)
		return;
	exchange->held = length;
	exchange->is_of_admin = is_admin(exchange);
	exchange->connection->server->held += length;
}

void
http_share_give_back(struct http_exchange *exchange)
{
	exchange->connection->server->held -= exchange->held;
	exchange->held = 0;
}
