/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * HTTP over listening sockets that others opened (over libmicrohttpd, in our own loop): requests
 * whole or not at all, bounded in size, number and time; answers at once, after the turn's commit,
 * or as a stream. Knows no path, no JSON, and not who may do what.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "base/loop.h"
#include "base/status.h"
#include "wire/address.h"

struct http_server;
struct http_exchange; /* one request and its answer; the server's */
struct http_peer;

enum {
	HTTP_HEADER_MAX = 8192,           /* of one request, its line included */
	HTTP_STREAM_BACKLOG_MAX = 262144, /* a stream whose reader is further behind is ended */
	HTTP_WHO_MAX = 64,
	HTTP_SMALL_ANSWER_MAX = 131072, /* is kept whatever others read */
};

/* What a site does. Every exchange that was received is answered or streamed, then released. */
struct http_site {
	void *context;

	/*
	 * The headers are there: the site may look at them, and say who speaks (http_set_peer()).
	 * Called again before receive() and finish() where principals have gone meanwhile. NULL: not
	 * asked.
	 */
	void (*arrived)(void *context, struct http_exchange *exchange);

	/* The most octets of body for this request; more is 413 without the site seeing it. */
	size_t (*body_max)(void *context, const char *method, const char *path,
	    const struct http_peer *peer);

	/* A complete request. The site calls one of http_answer(), http_wait(), http_stream(). */
	void (*receive)(void *context, struct http_exchange *exchange);

	/*
	 * The turn's commit is over, for an exchange that waits: the site calls http_answer() or
	 * http_stream(), or nothing to wait on (for something else than a commit).
	 */
	void (*finish)(void *context, struct http_exchange *exchange, enum status commit_status);

	/* The exchange ends, answered, or given up by the client: frees what http_keep() kept. */
	void (*release)(void *context, struct http_exchange *exchange);
};

struct http_limits {
	unsigned connections_max;
	unsigned streams_max; /* of those */
	int64_t idle_ms;    /* a connection that says nothing so long is closed; streams are not */
	int64_t request_ms; /* a request that takes longer to arrive is closed */

	/*
	 * Of one subscriber (address_subscriber()). 0: no such limit. Connections without an
	 * address have none.
	 */
	unsigned connections_per_source;
	unsigned streams_per_source;

	/*
	 * Nobody takes all streams: these are the most of those who are nobody in particular, all of them
	 * together, and of one principal that is no administrator. 0: no such limit.
	 */
	unsigned streams_of_strangers;
	unsigned streams_per_principal;
	unsigned streams_for_admins; /* that nobody else gets */

	size_t answers_max; /* octets that are being read, see http_has_room(); 0: no limit */
};

/*
 * Who is at the other end: called once a connection. NULL principal: nobody in particular. False:
 * the connection is closed. door names it for the log, static text ("unix").
 */
struct http_peer {
	struct principal *principal;
	struct address source; /* family 0: none */
	const char *door;
	char who[HTTP_WHO_MAX]; /* for people, whoever it is: "uid 1000 (alice)"; "" = not known */
	bool
	    is_shared; /* others speak through this connection: the limits of one subscriber do not hold */
	bool sees_all; /* may read whatever is registered, not only what its grants cover */

	bool sees_metrics; /* may read the metrics */

	/*
	 * Of a request's credentials. STATUS_OK: the principal is right, or NULL because none is
	 * needed; STATUS_NOT_FOUND: none were given; STATUS_UNAUTHENTICATED: they are wrong;
	 * STATUS_LIMITED: too many were, wait_s longer; STATUS_REFUSED: not from that address.
	 */
	enum status login;
	unsigned wait_s;
};
typedef bool http_identify(void *context, int connection, struct http_peer *ret_peer);

struct http_tls;

/* site, and all that it points to, is borrowed for the server's life. NULL when out of memory. */
struct http_server *http_server_new(struct loop *loop, const struct http_site *site,
    http_identify *identify, void *identify_context, const struct http_limits *limits);

/* The same over TLS. tls is borrowed for the server's life. */
struct http_server *http_server_new_secure(struct loop *loop, const struct http_site *site,
    http_identify *identify, void *identify_context, const struct http_limits *limits,
    struct http_tls *tls);

/*
 * What comes to a server over TLS and does not speak it belongs to this one from now on: people type
 * http:// first. NULL: to nobody. Only where its first octet came with the connection is that known, as
 * TCP_DEFER_ACCEPT on the listening socket makes sure. Borrowed.
 */
void http_server_divert_plain(struct http_server *secure, struct http_server *plain);

/* From now on; connections that are open stay. */
void http_server_set_limits(struct http_server *server, const struct http_limits *limits);

/* What it has done, for the metrics. */
struct http_server_report {
	unsigned connections; /* now */
	unsigned streams;
	uint64_t accepted;
	uint64_t turned_away; /* closed at once, or later to make room, for a limit's sake */
};
void http_server_report(const struct http_server *server, struct http_server_report *ret_report);

/* Ends all connections. Takes NULL. The sockets it listened on are closed with it. */
void http_server_free(struct http_server *server);

/*
 * Listens on this socket too (listening, not blocking, of any family) from now on; it is the server's
 * unless this fails. STATUS_TOO_LARGE: there are sixteen.
 */
enum status http_server_listen(struct http_server *server, int socket);

/* Closes a socket it listens on; connections that came over it stay. */
void http_server_unlisten(struct http_server *server, int socket);

/*
 * Principals that were given out are about to go (a reload): what waits must have been answered;
 * connections that are open are identified again at their next request.
 */
void http_server_forget_peers(struct http_server *server);

/* Ends all streams: whoever was let in may not be any more, and comes again. */
void http_server_end_streams(struct http_server *server);

/* After service_commit(), each turn: lets the site finish what waits. Nobody new is heard meanwhile. */
void http_server_flush(struct http_server *server, enum status commit_status);

/* Then, once all doors are flushed: sends. Requests that come with it open the next turn. */
void http_server_send(struct http_server *server);

/* --- one exchange, for the site --- */

const char *http_method(const struct http_exchange *exchange);
const char *http_path(
    const struct http_exchange *exchange); /* percent-decoded, no query; "/v1/..." */

/* An argument of the query, percent-decoded; "" when it has no value; NULL when not given. */
const char *http_argument(const struct http_exchange *exchange, const char *name);

/* The name of the query's argument at that place, from 0; NULL behind the last. */
const char *http_argument_name(const struct http_exchange *exchange, size_t place);

/* Its value; valid where http_argument_name() is. */
const char *http_argument_value(const struct http_exchange *exchange, size_t place);
const char *http_header(const struct http_exchange *exchange, const char *name);

/* How often the header was given; http_header() has the first. */
size_t http_header_count(const struct http_exchange *exchange, const char *name);

/* The last of them, which whoever stands nearest to us has added; NULL: there is none. */
const char *http_last_header(const struct http_exchange *exchange, const char *name);

/* The body, ended with a NUL that does not count. */
const char *http_body(const struct http_exchange *exchange, size_t *ret_length);
const struct http_peer *http_peer(const struct http_exchange *exchange);

/* Who makes this request, where its headers say it; for the exchange alone, until it is over. */
void http_set_peer(struct http_exchange *exchange, const struct http_peer *peer);

/* The site's own state for the exchange, NULL at first. */
void http_keep(struct http_exchange *exchange, void *state);
void *http_kept(const struct http_exchange *exchange);

/*
 * Answers. The body is copied. type: as of Content-Type; NULL: no body. HEAD gets no body.
 * STATUS_NO_MEMORY: the connection is closed instead.
 */
enum status http_answer(struct http_exchange *exchange, unsigned code, const char *type,
    const void *body, size_t length);

/*
 * Whether an answer of that length may be kept until its reader has it, beside those of others. Readers
 * that are slow are ended for it. False: the site says 503, and the client comes again.
 */
bool http_has_room(struct http_exchange *exchange, size_t length);

/* A header for the answer that follows ("Allow", "Retry-After"). Static or valid until then. */
void http_add_header(struct http_exchange *exchange, const char *name, const char *value);

/* The answer depends on the commit, or on something later: finish() is called each turn. */
void http_wait(struct http_exchange *exchange);

/*
 * Begins an endless answer with status 200. False: there are as many as may be; the site answers otherwise.
 * Then http_stream_write() at any time until release(); it copies, and tells the loop to send.
 */
bool http_stream(struct http_exchange *exchange, const char *type);
void http_stream_write(struct http_exchange *exchange, const char *text, size_t length);
