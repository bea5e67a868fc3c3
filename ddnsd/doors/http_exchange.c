/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One request from its first line to its answer: what libmicrohttpd says of it, and what the site
 * wants with it. Polls nothing and accepts nobody.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "doors/http_server.h"
#include "doors/http_state.h"

enum {
	SWALLOW_MAX = 65536, /* of a body without a length, behind what is too large of it */
	STREAM_BLOCK = 4096,
};

/* --- a request --- */

void *
http_exchange_begin(void *context, const char *text, struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(handle,
	    MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct http_connection *connection = info->socket_context;
	struct http_server *server = context;
	struct http_exchange *exchange = calloc(1, sizeof(*exchange));
	enum status status;

	if (exchange == NULL)
		return NULL;
	status = http_target_init(&exchange->target, text != NULL ? text : "");
	if (status == STATUS_NO_MEMORY) {
		free(exchange);
		return NULL;
	}
	exchange->is_malformed = status != STATUS_OK;
	exchange->connection = connection;
	exchange->handle = handle;
	buffer_init(&exchange->body, 1);
	buffer_init(&exchange->backlog, HTTP_STREAM_BACKLOG_MAX);
	connection->exchange = exchange;
	(void)loop_timer_set(server->loop, &connection->deadline, server->limits.request_ms);
	return exchange;
}

/*
 * True when the client will say no more. libmicrohttpd does not see it where the end came together
 * with the request: it reads again only after another event.
 */
static bool
has_ended(int fd)
{
	char octet;

	return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void
http_exchange_free(struct http_exchange *exchange)
{
	struct http_connection *connection = exchange->connection;
	struct http_server *server = connection->server;

	if (exchange->phase == HTTP_WAITING)
		TAILQ_REMOVE(&server->waiting, exchange, waiting);
	if (exchange->is_resuming)
		TAILQ_REMOVE(&server->resuming, exchange, resuming);
	http_server_unwatch(exchange);
	if (exchange->phase >= HTTP_RECEIVED)
		server->site->release(server->site->context, exchange);
	if (exchange->is_stream)
		server->stream_count--;
	http_share_give_back(exchange);
	if (exchange->response != NULL)
		MHD_destroy_response(exchange->response);
	http_target_release(&exchange->target);
	buffer_release(&exchange->body);
	buffer_release(&exchange->backlog);
	free(exchange);
	connection->exchange = NULL;
}

void
http_exchange_end(void *context, struct MHD_Connection *handle, void **request_context,
    enum MHD_RequestTerminationCode how)
{
	struct http_server *server = context;
	struct http_exchange *exchange = *request_context;
	struct http_connection *connection;

	(void)handle;
	(void)how;
	if (exchange == NULL)
		return;
	connection = exchange->connection;
	http_exchange_free(exchange);
	TAILQ_REMOVE(&server->connections, connection, entry);
	TAILQ_INSERT_TAIL(&server->connections, connection, entry);
	(void)loop_timer_set(server->loop, &connection->deadline,
	    has_ended(connection->fd) ? 0 : server->limits.idle_ms);
	http_server_note_room(server);
}

static void
take_response(struct http_exchange *exchange, unsigned code, struct MHD_Response *response)
{
	for (size_t i = 0; i < exchange->header_count && response != NULL; i++) {
		if (MHD_add_response_header(response, exchange->headers[i].name,
			exchange->headers[i].value) != MHD_YES) {
			MHD_destroy_response(response);
			response = NULL;
		}
	}
	exchange->code = code;
	exchange->response = response;
}

/* A body that is sent: it may hold a secret, so nothing of it stays. */
struct body_copy {
	size_t length;
	char octets[];
};

static void
free_copy(void *context)
{
	struct body_copy *copy = context;

	explicit_bzero(copy->octets, copy->length);
	free(copy);
}

static struct MHD_Response *
copy_body(const void *body, size_t length)
{
	struct MHD_Response *response;
	struct body_copy *copy;

	if (length == 0)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	copy = malloc(sizeof(*copy) + length);
	if (copy == NULL)
		return NULL;
	copy->length = length;
	memcpy(copy->octets, body, length);
	response = MHD_create_response_from_buffer_with_free_callback_cls(length, copy->octets,
	    free_copy, copy);
	if (response == NULL)
		free_copy(copy);
	return response;
}

/* Makes the answer that libmicrohttpd is given when it asks next; none when memory is short. */
static void
make_answer(struct http_exchange *exchange, unsigned code, const char *type, const void *body,
    size_t length)
{
	if (type != NULL)
		http_add_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	take_response(exchange, code, copy_body(body, type != NULL ? length : 0));
	http_share_take_octets(exchange, exchange->response != NULL && type != NULL ? length : 0);
}

/* Inside MHD_run() only. */
static enum MHD_Result
queue_answer(struct http_exchange *exchange)
{
	struct MHD_Response *response = exchange->response;
	enum MHD_Result result;

	exchange->response = NULL;
	if (response == NULL)
		return MHD_NO;
	/* A stream may be silent, and its reader slow, for as long as the backlog lets it. */
	if (exchange->is_stream)
		(void)MHD_set_connection_option(exchange->handle, MHD_CONNECTION_OPTION_TIMEOUT,
		    0U);
	result = MHD_queue_response(exchange->handle, exchange->code, response);
	MHD_destroy_response(response);
	if (exchange->phase >= HTTP_RECEIVED)
		exchange->phase = HTTP_SENDING;
	exchange->sent_from_ms = clock_now_ms();
	return result;
}

/* An answer of our own, before the site is asked. What is left of the request is not read. */
static enum MHD_Result
refuse(struct http_exchange *exchange, unsigned code, const char *text)
{
	loop_timer_stop(exchange->connection->server->loop, &exchange->connection->deadline);
	make_answer(exchange, code, "text/plain", text, strlen(text));
	return queue_answer(exchange);
}

struct framing {
	unsigned lengths;
	unsigned codings;
	const char *length;
	const char *coding;
	unsigned hosts;
	bool has_strange_name;
};

static enum MHD_Result
note_framing(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct framing *framing = context;

	(void)kind;
	if (strcasecmp(name, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0) {
		framing->lengths++;
		framing->length = value;
	} else if (strcasecmp(name, MHD_HTTP_HEADER_TRANSFER_ENCODING) == 0) {
		framing->codings++;
		framing->coding = value;
	}
	framing->hosts += strcasecmp(name, MHD_HTTP_HEADER_HOST) == 0;
	/* "Content-Length : 3" is no Content-Length to libmicrohttpd (RFC 9112 5.1). */
	if (strpbrk(name, " \t") != NULL)
		framing->has_strange_name = true;
	return MHD_YES;
}

bool
http_exchange_learn_peer(struct http_exchange *exchange)
{
	const struct http_site *site = exchange->connection->server->site;

	if (!http_server_identify(exchange->connection))
		return false;
	exchange->peer = exchange->connection->peer;
	exchange->has_lost_peer = false;
	if (site->arrived != NULL)
		site->arrived(site->context, exchange);
	return true;
}

/*
 * The headers are there. libmicrohttpd 0.9.75 takes the first Content-Length of several, and none beside
 * Transfer-Encoding; whoever stands between the client and us may see it otherwise (RFC 9112 6.3).
 */
static enum MHD_Result
check_headers(struct http_exchange *exchange)
{
	const struct http_site *site = exchange->connection->server->site;
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(exchange->handle,
	    MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	struct framing framing = { 0 };

	if (info == NULL || info->header_size > HTTP_HEADER_MAX)
		return refuse(exchange, MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE,
		    "The request's headers are too large.\n");
	if (exchange->is_malformed)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST, "The path is malformed.\n");
	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, note_framing, &framing);
	if (framing.has_strange_name)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST,
		    "A header's name has a blank in it, or behind it.\n");
	if (framing.lengths + framing.codings > 1)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST,
		    "The request has more than one length.\n");
	/* RFC 9112 3.2. */
	if (framing.hosts > 1)
		return refuse(exchange, MHD_HTTP_BAD_REQUEST,
		    "The request has more than one host.\n");
	if (framing.coding != NULL && strcasecmp(framing.coding, "chunked") != 0)
		return refuse(exchange, MHD_HTTP_NOT_IMPLEMENTED,
		    "Transfer-Encoding can only be chunked.\n");
	if (!http_exchange_learn_peer(exchange))
		return MHD_NO;
	exchange->body_max = site->body_max(site->context, exchange->method, exchange->target.path,
	    &exchange->peer);
	if (framing.length != NULL && strtoull(framing.length, NULL, 10) > exchange->body_max)
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "The body is too large.\n");
	/* The NUL behind it is the one more. */
	buffer_init(&exchange->body, exchange->body_max + 1);
	exchange->phase = HTTP_ARRIVING;
	return MHD_YES;
}

/* What is too large and came without its length is read to its end, within bounds, to be answered. */
static enum MHD_Result
take_body(struct http_exchange *exchange, const char *octets, size_t length)
{
	if (exchange->swallowed > 0 || length > exchange->body_max - exchange->body.length) {
		buffer_release(&exchange->body);
		exchange->swallowed += length;
		return exchange->swallowed <= SWALLOW_MAX ? MHD_YES : MHD_NO;
	}
	return buffer_append(&exchange->body, octets, length) == STATUS_OK ? MHD_YES : MHD_NO;
}

/* The request is complete. */
static enum MHD_Result
receive(struct http_exchange *exchange)
{
	struct http_connection *connection = exchange->connection;
	struct http_server *server = connection->server;

	/* It is asked again as soon as it runs again. */
	if (http_server_is_over_its_time(server)) {
		http_server_wake(server);
		return MHD_YES;
	}
	loop_timer_stop(server->loop, &connection->deadline);
	if (exchange->swallowed > 0)
		return refuse(exchange, MHD_HTTP_CONTENT_TOO_LARGE, "The body is too large.\n");
	if (exchange->has_lost_peer && !http_exchange_learn_peer(exchange))
		return MHD_NO;
	if (buffer_reserve(&exchange->body, 1) != STATUS_OK)
		return MHD_NO;
	exchange->body.data[exchange->body.length] = '\0';
	exchange->phase = HTTP_RECEIVED;
	server->has_handed_over = true;
	server->site->receive(server->site->context, exchange);
	assert(exchange->phase != HTTP_RECEIVED);
	return exchange->phase == HTTP_READY ? queue_answer(exchange) : MHD_YES;
}

/*
 * It waits suspended only from the second time on: suspended at once, it would still believe that
 * it has to read, and take the end of a client that has said all for the end of the connection.
 */
enum MHD_Result
http_exchange_handle(void *context, struct MHD_Connection *handle, const char *url,
    const char *method, const char *version, const char *octets, size_t *length,
    void **request_context)
{
	struct http_exchange *exchange = *request_context;
	size_t available = *length;

	(void)context;
	(void)handle;
	(void)url;
	(void)version;
	if (exchange == NULL || exchange->is_gone)
		return MHD_NO;
	switch (exchange->phase) {
	case HTTP_BEGUN:
		exchange->method = method;
		return check_headers(exchange);
	case HTTP_ARRIVING:
		*length = 0;
		return available > 0 ? take_body(exchange, octets, available) : receive(exchange);
	case HTTP_WAITING:
		http_server_suspend(exchange);
		return MHD_YES;
	case HTTP_READY:
		return queue_answer(exchange);
	case HTTP_RECEIVED:
	case HTTP_SENDING:
		break;
	}
	return MHD_NO;
}

/* --- the site's side --- */

const char *
http_method(const struct http_exchange *exchange)
{
	return exchange->method;
}

const char *
http_path(const struct http_exchange *exchange)
{
	return exchange->target.path;
}

const char *
http_argument(const struct http_exchange *exchange, const char *name)
{
	return http_target_argument(&exchange->target, name);
}

const char *
http_argument_name(const struct http_exchange *exchange, size_t place)
{
	const struct http_target *target = &exchange->target;

	return place < target->argument_count ? target->arguments[place].name : NULL;
}

const char *
http_argument_value(const struct http_exchange *exchange, size_t place)
{
	return exchange->target.arguments[place].value;
}

const char *
http_header(const struct http_exchange *exchange, const char *name)
{
	return MHD_lookup_connection_value(exchange->handle, MHD_HEADER_KIND, name);
}

struct header_lines {
	const char *name;
	size_t count;
	const char *last;
};

static enum MHD_Result
note_header(void *context, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct header_lines *lines = context;

	(void)kind;
	if (strcasecmp(name, lines->name) != 0)
		return MHD_YES;
	lines->count++;
	lines->last = value;
	return MHD_YES;
}

size_t
http_header_count(const struct http_exchange *exchange, const char *name)
{
	struct header_lines lines = { .name = name };

	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, note_header, &lines);
	return lines.count;
}

const char *
http_last_header(const struct http_exchange *exchange, const char *name)
{
	struct header_lines lines = { .name = name };

	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, note_header, &lines);
	return lines.last;
}

const char *
http_body(const struct http_exchange *exchange, size_t *ret_length)
{
	*ret_length = exchange->body.length;
	return exchange->body.data;
}

const struct http_peer *
http_peer(const struct http_exchange *exchange)
{
	return &exchange->peer;
}

void
http_set_peer(struct http_exchange *exchange, const struct http_peer *peer)
{
	exchange->peer = *peer;
}

void
http_keep(struct http_exchange *exchange, void *state)
{
	exchange->kept = state;
}

void *
http_kept(const struct http_exchange *exchange)
{
	return exchange->kept;
}

/* There is an answer: sent where receive() goes on, or when libmicrohttpd is run next. */
static void
set_ready(struct http_exchange *exchange)
{
	struct http_server *server = exchange->connection->server;

	assert(exchange->phase == HTTP_RECEIVED || exchange->phase == HTTP_WAITING);
	if (exchange->phase == HTTP_WAITING) {
		TAILQ_REMOVE(&server->waiting, exchange, waiting);
		http_server_wake(server);
	}
	exchange->phase = HTTP_READY;
	http_server_resume(exchange);
}

enum status
http_answer(struct http_exchange *exchange, unsigned code, const char *type, const void *body,
    size_t length)
{
	make_answer(exchange, code, type, body, length);
	set_ready(exchange);
	return exchange->response != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void
http_add_header(struct http_exchange *exchange, const char *name, const char *value)
{
	assert(exchange->header_count < HTTP_HEADERS_MAX);
	exchange->headers[exchange->header_count++] = (struct http_argument){ name, value };
}

void
http_wait(struct http_exchange *exchange)
{
	if (exchange->phase == HTTP_WAITING)
		return;
	assert(exchange->phase == HTTP_RECEIVED);
	exchange->phase = HTTP_WAITING;
	TAILQ_INSERT_TAIL(&exchange->connection->server->waiting, exchange, waiting);
}

/* From libmicrohttpd, which wants more of a stream. */
static ssize_t
read_stream(void *context, uint64_t position, char *octets, size_t room)
{
	struct http_exchange *exchange = context;
	struct buffer *backlog = &exchange->backlog;
	size_t length = backlog->length < room ? backlog->length : room;

	(void)position;
	if (exchange->is_gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (length == 0) {
		http_server_suspend(exchange);
		return 0;
	}
	memcpy(octets, backlog->data, length);
	buffer_consume(backlog, length);
	return (ssize_t)length;
}

bool
http_stream(struct http_exchange *exchange, const char *type)
{
	if (!http_share_take_stream(exchange))
		return false;
	http_add_header(exchange, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	take_response(exchange, MHD_HTTP_OK,
	    MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream, exchange,
		NULL));
	set_ready(exchange);
	return true;
}

void
http_stream_write(struct http_exchange *exchange, const char *text, size_t length)
{
	struct http_connection *connection = exchange->connection;
	uint64_t left_out;

	if (exchange->is_gone)
		return;
	if (buffer_append(&exchange->backlog, text, length) == STATUS_OK) {
		http_server_resume(exchange);
		return;
	}
	if (log_limit_allows(&connection->server->told_late, &left_out))
		log_notice("http: the reader of a stream over %s is too far behind; closed",
		    connection->peer.door);
	buffer_release(&exchange->backlog);
	http_server_end(connection);
}
