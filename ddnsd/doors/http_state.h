/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What http_server.c (when libmicrohttpd runs, and who may connect) and http_exchange.c (what
 * becomes of a request) share. Nobody else includes this.
 */
#pragma once

#include <bsd/sys/queue.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/http_server.h"
#include "doors/http_target.h"
#include "doors/http_tls.h"
#include "wire/address.h"

enum {
	HTTP_HEADERS_MAX = 16,
	HTTP_SOCKETS_MAX = 16,
	HTTP_SLOW_MS = 2000, /* a reader that takes longer gives way to others */
};

enum http_phase {
	HTTP_BEGUN,    /* its first line is there */
	HTTP_ARRIVING, /* its headers are, and the body may come */
	HTTP_RECEIVED, /* the site has it */
	HTTP_WAITING,  /* for the commit, or for more */
	HTTP_READY,    /* there is an answer, which libmicrohttpd has still to ask for */
	HTTP_SENDING,
};

struct http_connection {
	TAILQ_ENTRY(http_connection) entry;
	struct http_server *server;
	int fd;
	struct http_peer peer;
	bool is_known;             /* peer is right */
	struct address subscriber; /* whose share it is of; family 0: nobody's */
	struct http_tls_hold *tls; /* NULL: plain */
	struct MHD_Connection *handle;
	TAILQ_ENTRY(http_connection) shaking; /* where is_shaking */
	bool is_shaking;                      /* its TLS handshake goes on */
	bool is_parked;                       /* and is suspended until the client goes on */
	struct loop_watch watch;              /* where is_parked */
	struct loop_timer deadline;
	struct http_exchange *exchange; /* NULL between requests */
};

struct http_exchange {
	TAILQ_ENTRY(http_exchange) waiting;
	TAILQ_ENTRY(http_exchange) resuming;
	struct http_connection *connection;
	struct MHD_Connection *handle;
	enum http_phase phase;
	uint64_t turn; /* the last flush that found it waiting; 0 = none */

	const char *method;
	struct http_target target;
	bool is_malformed;
	struct http_peer peer; /* the connection's, or what the site made of the headers */
	bool has_lost_peer;    /* principals have gone since */
	size_t body_max;
	struct buffer body;
	size_t swallowed; /* of a body that is too large */

	unsigned code;
	struct MHD_Response *response;
	struct http_argument headers[HTTP_HEADERS_MAX];
	size_t header_count;
	void *kept;

	bool is_suspended;
	bool is_resuming;
	bool is_gone; /* the client is, or has to go */
	bool is_watched;
	struct loop_watch watch;

	int64_t sent_from_ms; /* clock_now_ms() when HTTP_SENDING began */
	size_t held;          /* octets of a large answer, until it is sent */
	bool is_stream;
	/* Whose it is that streams, or holds octets: a reload takes the principal away. */
	bool is_of_stranger;
	bool is_of_admin;
	struct buffer backlog;
};

TAILQ_HEAD(http_connections, http_connection);
TAILQ_HEAD(http_exchanges, http_exchange);

struct http_listening {
	struct http_server *server;
	struct loop_watch watch;
};

struct http_server {
	struct loop *loop;
	const struct http_site *site;
	struct http_server *plain; /* for what is not TLS; NULL = none */
	http_identify *identify;
	void *identify_context;
	struct http_limits limits;
	struct http_tls *tls; /* NULL: plain */
	unsigned timeout_s;   /* what libmicrohttpd was started with */
	struct MHD_Daemon *daemon;
	struct loop_watch watch;
	struct loop_timer wake;
	bool is_running;
	int64_t run_from_ms;  /* clock_now_ms() when it began to */
	bool has_handed_over; /* a request to the site, since then */
	bool has_work;        /* for libmicrohttpd, which it cannot know of */

	struct http_listening *listening[HTTP_SOCKETS_MAX];
	bool is_paused; /* listens, but accepts nobody */
	struct loop_timer pause;
	struct loop_timer patience; /* set while paused for readers that are slow */

	struct http_connections connections; /* the one idle longest first */
	unsigned connection_count;
	struct http_connections shaking;
	struct http_connection *adopting;
	struct http_exchanges waiting;
	struct http_exchanges resuming;
	unsigned stream_count;
	size_t held; /* octets of large answers that are being sent */
	uint64_t accepted;
	uint64_t turned_away;
	uint64_t turn;
	struct log_limit told_late;
	struct log_limit told_full;
	struct log_limit told_crowd;
};

/* --- http_server.c --- */

/* Has libmicrohttpd run: at the end of this turn, or else at once in the next. */
void http_server_wake(struct http_server *server);

/* True when it has run so long that it is others' turn: DNS waits meanwhile. */
bool http_server_is_over_its_time(const struct http_server *server);

/* The exchange goes on, where it was suspended, as soon as libmicrohttpd runs. */
void http_server_resume(struct http_exchange *exchange);

/* Suspends it until then; a client that leaves is noticed all the same. Only as libmicrohttpd runs. */
void http_server_suspend(struct http_exchange *exchange);

/* No more events of the client, while suspended. */
void http_server_unwatch(struct http_exchange *exchange);

/* Ends a connection, whatever it does. */
void http_server_end(struct http_connection *connection);

/* There may be room for newcomers again. */
void http_server_note_room(struct http_server *server);

/* Asks who is at the other end, where that is not known. False: it has no business here. */
bool http_server_identify(struct http_connection *connection);

/* --- http_share.c --- */

bool http_share_is_of(const struct http_connection *connection, const struct address *subscriber);

/* True when the subscriber has as many connections as it may. */
bool http_share_is_used_up(const struct http_server *server, const struct address *subscriber);

/* Makes the exchange a stream; false: whoever asks has as many as there are for it. */
bool http_share_take_stream(struct http_exchange *exchange);

/* Notes the octets of an answer; they are given back when it is sent, or sooner. */
void http_share_take_octets(struct http_exchange *exchange, size_t length);
void http_share_give_back(struct http_exchange *exchange);

/* --- http_exchange.c: what libmicrohttpd calls --- */

/* The first line of a request is there. What it returns is the request's context. */
void *http_exchange_begin(void *context, const char *text, struct MHD_Connection *handle);

/* The headers, each part of the body, the end of the request; then whenever it runs until answered. */
enum MHD_Result http_exchange_handle(void *context, struct MHD_Connection *handle, const char *url,
    const char *method, const char *version, const char *octets, size_t *length,
    void **request_context);

/*
 * Who speaks: as the connection has it, and as the site knows from the headers. False: it has no
 * business here any more.
 */
bool http_exchange_learn_peer(struct http_exchange *exchange);

/* Ends what the site has of it too. */
void http_exchange_free(struct http_exchange *exchange);

/* The request has been answered, or the connection has ended. */
void http_exchange_end(void *context, struct MHD_Connection *handle, void **request_context,
    enum MHD_RequestTerminationCode how);
