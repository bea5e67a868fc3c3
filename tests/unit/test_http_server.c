/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/http_server: requests, commits, streams, and clients that are slow, greedy or gone. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "doors/http_server.h"
#include "http_client.h"
#include "http_running.h"
#include "skewed_clock.h"

enum {
	CONNECTIONS = 8,
	STREAMS = 2,
	IDLE_MS = 2000,
	MARGIN_MS = 800, /* of real time, which the machine may take meanwhile */
	REQUEST_MS = 3000,
	BODY_MAX = 100000,
	BIG = 1 << 20,
	MANY = 100,
	SLOW_MS = 2000, /* http_server.c */
	RUN_MS = 10,    /* likewise */
	SHARE = 3,
	STREAM_SHARE = 1,
};

/* --- a site: what it does depends on the path --- */

static struct {
	unsigned received;
	unsigned finished;
	unsigned released;
	unsigned identified;
	bool refuses_all;
	struct address source; /* of the next who connects */
	bool is_shared;        /* as is */
	bool keeps_waiting;    /* "/wait" is not answered by the commit */
	enum status commit_status;
	struct http_exchange *stream;
	struct http_exchange *waiting;
	char last[1024]; /* what the last request was, as text */
} seen;

static struct principal principal;

static size_t
body_max(void *context, const char *method, const char *text, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	assert_string_equal(peer->door, "test");
	return strcmp(text, "/none") == 0 ? 0 : BODY_MAX;
}

static void
answer_text(struct http_exchange *exchange, unsigned code, const char *text)
{
	assert_int_equal(http_answer(exchange, code, "text/plain", text, strlen(text)), STATUS_OK);
}

static void
answer_big(struct http_exchange *exchange)
{
	static char octets[BIG];

	memset(octets, 'x', sizeof(octets));
	assert_int_equal(http_answer(exchange, 200, "text/plain", octets, sizeof(octets)),
	    STATUS_OK);
}

static void
receive(void *context, struct http_exchange *exchange)
{
	const char *text = http_path(exchange);
	size_t length;
	const char *body = http_body(exchange, &length);

	(void)context;
	seen.received++;
	assert_null(http_kept(exchange));
	http_keep(exchange, &seen);
	assert_int_equal(body[length], '\0');
	(void)snprintf(seen.last, sizeof(seen.last), "%s %s %zu", http_method(exchange), text,
	    length);
	if (strcmp(text, "/wait") == 0) {
		seen.waiting = exchange;
		http_wait(exchange);
	} else if (strcmp(text, "/slow") == 0) {
		skewed_clock_pass_ms(RUN_MS);
		answer_text(exchange, 200, text);
	} else if (strcmp(text, "/big") == 0) {
		answer_big(exchange);
	} else if (strcmp(text, "/echo") == 0) {
		assert_int_equal(http_answer(exchange, 200, "text/plain", body, length), STATUS_OK);
	} else if (strcmp(text, "/nothing") == 0) {
		assert_int_equal(http_answer(exchange, 204, NULL, NULL, 0), STATUS_OK);
	} else if (strcmp(text, "/header") == 0) {
		const char *value = http_header(exchange, "x-thing");

		http_add_header(exchange, "Allow", "GET");
		answer_text(exchange, 405, value != NULL ? value : "none");
	} else if (strcmp(text, "/argument") == 0) {
		const char *value = http_argument(exchange, "a");

		answer_text(exchange, 200, value != NULL ? value : "none");
	} else if (strcmp(text, "/stream") == 0) {
		seen.stream = exchange;
		if (!http_stream(exchange, "text/event-stream"))
			answer_text(exchange, 503, "too many");
	} else {
		answer_text(exchange, 200, text);
	}
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	seen.finished++;
	assert_ptr_equal(http_kept(exchange), &seen);
	if (seen.keeps_waiting)
		return;
	if (commit_status == STATUS_OK)
		answer_text(exchange, 200, "durable");
	else
		answer_text(exchange, 503, status_text(commit_status));
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	seen.released++;
	assert_ptr_equal(http_kept(exchange), &seen);
	if (exchange == seen.stream)
		seen.stream = NULL;
	if (exchange == seen.waiting)
		seen.waiting = NULL;
}

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	assert_true(connection >= 0);
	seen.identified++;
	ret_peer->principal = &principal;
	ret_peer->door = "test";
	ret_peer->source = seen.source;
	ret_peer->is_shared = seen.is_shared;
	return !seen.refuses_all;
}

static void
end_turn(void *context)
{
	(void)context;
	turns++;
	http_server_flush(server, seen.commit_status);
	http_server_send(server);
}

/* --- the server --- */

static int
set_up(void **state)
{
	static const struct http_site site = { NULL, NULL, body_max, receive, finish, release };
	static const struct http_limits limits = { .connections_max = CONNECTIONS,
		.streams_max = STREAMS,
		.idle_ms = IDLE_MS,
		.request_ms = REQUEST_MS,
		.connections_per_source = SHARE,
		.streams_per_source = STREAM_SHARE };

	(void)state;
	memset(&seen, 0, sizeof(seen));
	skewed_clock_use();
	folder_make(&folder);
	loop = loop_new();
	assert_non_null(loop);
	server = http_server_new(loop, &site, identify, NULL, &limits);
	start_listening();
	loop_at_turn_end(loop, end_turn, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	http_server_free(server);
	assert_int_equal(seen.received, seen.released);
	loop_free(loop);
	folder_remove(&folder);
	clock_replace(NULL);
	return 0;
}

static int
begin(void)
{
	return http_client_connect(path);
}

static void
ask(int fd, const char *text, struct http_reply *reply)
{
	http_client_ask(loop, fd, text, reply);
}

/* --- requests --- */

static void
a_request_is_answered_in_one_turn(void **state)
{
	int fd = begin();

	(void)state;
	http_client_send(fd, "GET /v1/here HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
	assert_true(http_client_has_something(fd));
	assert_string_equal(seen.last, "GET /v1/here 0");
	(void)close(fd);
}

static void
an_answer_has_its_length_and_no_name_of_the_server(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /v1/here HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 200);
	assert_string_equal(reply.body, "/v1/here");
	assert_string_equal(http_client_header(&reply, "Content-Length"), "8");
	assert_string_equal(http_client_header(&reply, "Content-Type"), "text/plain");
	assert_null(http_client_header(&reply, "Server"));
	assert_null(http_client_header(&reply, "Transfer-Encoding"));
	(void)close(fd);
}

static void
a_connection_serves_one_request_after_the_other(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	for (int i = 0; i < MANY; i++) {
		ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
		assert_string_equal(reply.body, "/one");
	}
	assert_int_equal(seen.received, MANY);
	assert_int_equal(seen.identified, 1);
	(void)close(fd);
}

static void
requests_in_a_row_are_answered_in_order(void **state)
{
	static const char *const paths[] = { "/a", "/b", "/c" };
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd,
	    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	    "PUT /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"
	    "GET /b HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
	for (size_t i = 0; i < 3; i++) {
		http_client_read(loop, fd, &reply);
		assert_string_equal(reply.body, paths[i]);
		if (i == 0) {
			http_client_read(loop, fd, &reply);
			assert_string_equal(reply.body, "durable");
		}
	}
	(void)close(fd);
}

static void
a_request_that_comes_octet_by_octet_is_one_request(void **state)
{
	static const char text[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
	struct http_reply reply;
	int fd = begin();

	(void)state;
	for (size_t i = 0; text[i] != '\0'; i++) {
		char octet[2] = { text[i], '\0' };

		assert_int_equal(seen.received, 0);
		http_client_send(fd, octet);
		settle();
	}
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "abc");
	(void)close(fd);
}

static void
http_1_0_gets_an_answer_and_the_end(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /one HTTP/1.0\r\n\r\n", &reply);
	assert_int_equal(reply.code, 200);
	assert_string_equal(reply.body, "/one");
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
a_client_that_ends_its_side_gets_its_answer_all_the_same(void **state)
{
	static const char *const requests[] = { "GET /one HTTP/1.0\r\n\r\n",
		"GET /one HTTP/1.1\r\nHost: x\r\n\r\n", "GET /wait HTTP/1.0\r\n\r\n",
		"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx" };

	/* libmicrohttpd looks first at the connection that has been there longest. */
	int older = begin();

	(void)state;
	settle();
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct http_reply reply;
		int fd = begin();

		http_client_send(fd, requests[i]);
		assert_int_equal(shutdown(fd, SHUT_WR), 0);
		http_client_read(loop, fd, &reply);
		assert_int_equal(reply.code, 200);
		settle();
		assert_true(http_client_has_something(fd));
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	(void)close(older);
}

static void
requests_in_a_row_are_all_answered_to_a_client_that_has_ended_its_side(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd,
	    "GET /a HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /c HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "/a");
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "durable");
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "/c");
	settle();
	assert_true(http_client_has_something(fd));
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
head_says_what_get_would_and_has_no_body(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd, "HEAD /one HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_read_head(loop, fd, &reply);
	assert_int_equal(reply.code, 200);
	assert_string_equal(http_client_header(&reply, "Content-Length"), "4");
	assert_string_equal(seen.last, "HEAD /one 0");
	ask(fd, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/two");
	(void)close(fd);
}

static void
any_method_reaches_the_site(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "PURGE-ALL /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(seen.last, "PURGE-ALL /one 0");
	(void)close(fd);
}

static void
an_answer_without_a_body_has_none(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "DELETE /nothing HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 204);
	assert_null(http_client_header(&reply, "Content-Type"));
	ask(fd, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/two");
	(void)close(fd);
}

static void
headers_go_both_ways(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /header HTTP/1.1\r\nHost: x\r\nX-Thing: some thing\r\n\r\n", &reply);
	assert_int_equal(reply.code, 405);
	assert_string_equal(http_client_header(&reply, "Allow"), "GET");
	assert_string_equal(reply.body, "some thing");
	(void)close(fd);
}

static void
a_large_answer_arrives_whole_at_a_client_that_reads_slowly(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.length, BIG);
	assert_int_equal(strspn(reply.body, "x"), BIG);
	(void)close(fd);
}

/* --- paths and arguments --- */

static void
path_and_arguments_are_decoded(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /v1/n%61mes/%2A.x+y?a=1 HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/v1/names/*.x+y");
	ask(fd, "GET /argument?b=1&a=%2a+b%26c&a=2 HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "* b&c");
	ask(fd, "GET /argument?x&a HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "");
	ask(fd, "GET /argument? HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "none");
	ask(fd, "GET http://host:1/argument?a=b HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "b");
	(void)close(fd);
}

static void
a_malformed_path_or_argument_is_400(void **state)
{
	static const char *const targets[] = { "/a%00b", "/a%", "/a%4", "/a%zz", "/a%0a", "*", "a",
		"http://host", "http://host?/a", "/a?x=%00", "/a?%zz=1",
		"/a?1&2&3&4&5&6&7&8&9&10&11&12&13&14&15&16&17" };

	(void)state;
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		char request[128];
		struct http_reply reply;
		int fd = begin();

		(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n",
		    targets[i]);
		ask(fd, request, &reply);
		assert_int_equal(reply.code, 400);
		assert_string_equal(http_client_header(&reply, "Content-Type"), "text/plain");
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

static void
what_is_no_http_is_turned_away(void **state)
{
	static const char *const requests[] = { "\x16\x03\x01\x02\x01\x01\n\n",
		"GET / HTTP/3.7\r\n\r\n", "GET /\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n\r\n",
		"GET /one HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nno colon\r\n\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		int fd = begin();

		http_client_send(fd, requests[i]);
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

/*
 * With a cookie that is none and no host libmicrohttpd 0.9.75 closes the connection, and does not say that
 * the request is over. (The sanitizer sees what is left too; mallinfo2() says nothing with it.)
 */
static void
a_request_with_two_mistakes_leaves_nothing_behind(void **state)
{
	enum { REQUESTS = 300, PATH_SIZE = 4000 };
	static char request[PATH_SIZE + 100];
	size_t before = 0;

	(void)state;
	(void)snprintf(request, sizeof(request),
	    "GET /%0*d HTTP/1.1\r\nCookie: a=b; c\"=\"\r\n\r\n", PATH_SIZE, 0);
	for (int i = 0; i < 2 * REQUESTS; i++) {
		int fd = begin();

		if (i == REQUESTS)
			before = mallinfo2().uordblks;
		http_client_send(fd, request);
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	assert_true(mallinfo2().uordblks < before + (size_t)REQUESTS * PATH_SIZE / 2);
	assert_int_equal(seen.received, 0);
}

static void
headers_that_are_too_large_are_431(void **state)
{
	static char request[HTTP_HEADER_MAX + 100];
	struct http_reply reply;
	int fd = begin();
	int length = snprintf(request, sizeof(request), "GET / HTTP/1.1\r\nHost: x\r\nX-Long: ");

	(void)state;
	memset(request + length, 'x', (size_t)(HTTP_HEADER_MAX - length));
	(void)snprintf(request + HTTP_HEADER_MAX, 100, "\r\n\r\n");
	ask(fd, request, &reply);
	assert_int_equal(reply.code, 431);
	(void)close(fd);
	assert_int_equal(seen.received, 0);
}

static void
headers_that_just_fit_are_taken(void **state)
{
	static char request[HTTP_HEADER_MAX + 1];
	struct http_reply reply;
	int fd = begin();
	int length = snprintf(request, sizeof(request), "GET /one HTTP/1.1\r\nHost: x\r\nX-Long: ");

	(void)state;
	memset(request + length, 'x', (size_t)(HTTP_HEADER_MAX - 4 - length));
	memcpy(request + HTTP_HEADER_MAX - 4, "\r\n\r\n", 5);
	ask(fd, request, &reply);
	assert_int_equal(reply.code, 200);
	(void)close(fd);
}

static void
endless_headers_are_ended(void **state)
{
	struct http_reply reply;
	int fd = begin();
	char line[256];

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "X-Long: ", 8);
	memcpy(line + sizeof(line) - 3, "\r\n", 3);
	http_client_send(fd, "GET / HTTP/1.1\r\nHost: x\r\n");
	while (!http_client_has_something(fd)) {
		http_client_send(fd, line);
		settle();
	}
	http_client_read(loop, fd, &reply);
	assert_int_equal(reply.code, 431);
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

/* --- bodies --- */

static void
a_body_comes_whole(void **state)
{
	static char request[BODY_MAX + 200];
	struct http_reply reply;
	int fd = begin();
	int length = snprintf(request, sizeof(request),
	    "PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", BODY_MAX);

	(void)state;
	memset(request + length, 'y', BODY_MAX);
	ask(fd, request, &reply);
	assert_int_equal(reply.code, 200);
	assert_int_equal(reply.length, BODY_MAX);
	assert_int_equal(strspn(reply.body, "y"), BODY_MAX);
	(void)close(fd);
}

static void
a_chunked_body_comes_whole(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd,
	    "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n",
	    &reply);
	assert_string_equal(reply.body, "abcde");
	ask(fd, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/two");
	(void)close(fd);
}

static void
a_body_with_a_length_that_is_too_large_is_413_before_it_comes(void **state)
{
	static const char *const requests[] = {
		"PUT /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100001\r\n\r\n",
		"PUT /none HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551615\r\n\r\n",
		"PUT /x HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 100001\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct http_reply reply;
		int fd = begin();

		ask(fd, requests[i], &reply);
		assert_int_equal(reply.code, 413);
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

static void
a_chunked_body_that_is_too_large_is_413(void **state)
{
	static char chunk[10010];
	struct http_reply reply;
	int fd = begin();
	int length = snprintf(chunk, sizeof(chunk), "2710\r\n");

	(void)state;
	memset(chunk + length, 'z', 10000);
	memcpy(chunk + length + 10000, "\r\n", 3);
	http_client_send(fd, "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 0; i <= BODY_MAX / 10000; i++) {
		http_client_send(fd, chunk);
		settle();
	}
	ask(fd, "0\r\n\r\n", &reply);
	assert_int_equal(reply.code, 413);
	assert_int_equal(seen.received, 0);
	(void)close(fd);
}

static void
an_endless_chunked_body_is_ended(void **state)
{
	static char chunk[10010];
	int fd = begin();
	int length = snprintf(chunk, sizeof(chunk), "2710\r\n");
	int sent = 0;

	(void)state;
	memset(chunk + length, 'z', 10000);
	memcpy(chunk + length + 10000, "\r\n", 3);
	http_client_send(fd, "PUT /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (!http_client_has_something(fd)) {
		assert_true(sent++ < MANY);
		(void)send(fd, chunk, strlen(chunk), MSG_NOSIGNAL);
		settle();
	}
	http_client_expect_end(loop, fd);
	assert_int_equal(seen.received, 0);
	(void)close(fd);
}

static void
strange_lengths_are_400_and_strange_codings_501(void **state)
{
	static const struct {
		const char *headers;
		unsigned code;
	} cases[] = {
		{ "Content-Length: 3\r\nContent-Length: 4\r\n", 400 },
		{ "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", 400 },
		{ "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400 },
		{ "Transfer-Encoding: gzip\r\n", 501 },
		{ "Content-Length: x\r\n", 400 },
		{ "Content-Length: -1\r\n", 400 },
		{ "Content-Length : 3\r\n", 400 },
		{ "Content-Length\t: 3\r\n", 400 },
		{ "Transfer-Encoding : chunked\r\n", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[256];
		struct http_reply reply;
		int fd = begin();

		(void)snprintf(request, sizeof(request),
		    "PUT /echo HTTP/1.1\r\nHost: x\r\n%s\r\nabc", cases[i].headers);
		ask(fd, request, &reply);
		assert_int_equal(reply.code, cases[i].code);
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

static void
requests_that_take_long_leave_turns_to_others(void **state)
{
	enum { AT_ONCE = 6 };
	int fds[AT_ONCE];

	(void)state;
	for (size_t i = 0; i < AT_ONCE; i++)
		fds[i] = begin();
	settle();
	for (size_t i = 0; i < AT_ONCE; i++)
		http_client_send(fds[i], "GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
	for (unsigned before = 0; seen.received < AT_ONCE; before = seen.received) {
		assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
		/* One as the turn begins, one at its end. */
		assert_in_range(seen.received, before + 1, before + 2);
	}
	assert_in_range(turns_while_quiet(), 0, 2);
	for (size_t i = 0; i < AT_ONCE; i++) {
		assert_true(http_client_has_something(fds[i]));
		(void)close(fds[i]);
	}
}

static void
two_hosts_are_400(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n", &reply);
	assert_int_equal(reply.code, 400);
	assert_int_equal(seen.received, 0);
	(void)close(fd);
}

static void
a_client_that_asks_whether_to_continue_is_told_so(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd,
	    "PUT /echo HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
	http_client_read_head(loop, fd, &reply);
	assert_int_equal(reply.code, 100);
	ask(fd, "ok", &reply);
	assert_int_equal(reply.code, 200);
	assert_string_equal(reply.body, "ok");
	(void)close(fd);
}

/* --- the commit --- */

/* A commit may come before a reload: what is heard in between would be uncommitted still. */
static void
nobody_new_is_heard_until_all_doors_are_flushed(void **state)
{
	int fd = begin();
	int other = begin();

	(void)state;
	loop_at_turn_end(loop, NULL, NULL);
	http_client_send(fd, "PUT /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	settle();
	http_client_send(other, "GET /there HTTP/1.1\r\nHost: x\r\n\r\n");
	http_server_flush(server, STATUS_OK);
	assert_int_equal(seen.finished, 1);
	assert_int_equal(seen.received, 1);
	http_server_send(server);
	settle();
	assert_int_equal(seen.received, 2);
	assert_true(http_client_has_something(fd));
	(void)close(fd);
	(void)close(other);
}

static void
nothing_is_said_before_the_commit(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	loop_at_turn_end(loop, NULL, NULL);
	http_client_send(fd, "PUT /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	settle();
	assert_int_equal(seen.received, 1);
	assert_int_equal(seen.finished, 0);
	assert_false(http_client_has_something(fd));
	http_server_flush(server, STATUS_OK);
	http_server_send(server);
	assert_int_equal(seen.finished, 1);
	assert_true(http_client_has_something(fd));
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "durable");
	(void)close(fd);
}

static void
a_change_is_answered_in_the_turn_that_it_came_in(void **state)
{
	int fd = begin();

	(void)state;
	http_client_send(fd, "PUT /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
	assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
	assert_true(http_client_has_something(fd));
	(void)close(fd);
}

static void
a_commit_that_fails_is_told_to_the_site(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	seen.commit_status = STATUS_NO_SPACE;
	ask(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 503);
	(void)close(fd);
}

static void
what_comes_while_answers_go_out_waits_for_the_next_commit_which_comes_at_once(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd,
	    "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n"
	    "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
	while (seen.received < 2) {
		assert_int_equal(seen.finished, 1);
		assert_int_equal(loop_turn(loop, QUIET_MS), STATUS_OK);
	}
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "durable");
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "durable");
	assert_int_equal(seen.finished, 2);
	(void)close(fd);
}

static void
what_waits_longer_is_asked_about_each_turn_and_wakes_nobody(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	seen.keeps_waiting = true;
	http_client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(turns_while_quiet(), 1);
	assert_in_range(seen.finished, 2, 20);
	assert_int_equal(seen.released, 0);
	seen.keeps_waiting = false;
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "durable");
	(void)close(fd);
}

static void
what_waits_can_be_answered_outside_of_a_commit(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	seen.keeps_waiting = true;
	http_client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	answer_text(seen.waiting, 200, "early");
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_true(http_client_has_something(fd));
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "early");
	(void)close(fd);
}

static void
a_client_that_leaves_while_it_waits_is_released_at_once(void **state)
{
	int fd = begin();

	(void)state;
	seen.keeps_waiting = true;
	http_client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_int_equal(seen.received, 1);
	(void)close(fd);
	settle();
	assert_int_equal(seen.released, 1);
}

static void
a_client_that_leaves_before_the_commit_costs_nothing(void **state)
{
	int fd = begin();

	(void)state;
	loop_at_turn_end(loop, NULL, NULL);
	http_client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
	assert_int_equal(seen.received, 1);
	(void)close(fd);
	loop_at_turn_end(loop, end_turn, NULL);
	settle();
	assert_int_equal(seen.released, 1);
}

/* --- streams --- */

static int
begin_stream(const char *version)
{
	char request[64];
	struct http_reply reply;
	int fd = begin();

	(void)snprintf(request, sizeof(request), "GET /stream %s\r\nHost: x\r\n\r\n", version);
	http_client_send(fd, request);
	http_client_read_head(loop, fd, &reply);
	assert_int_equal(reply.code, 200);
	assert_string_equal(http_client_header(&reply, "Content-Type"), "text/event-stream");
	assert_null(http_client_header(&reply, "Content-Length"));
	assert_non_null(seen.stream);
	return fd;
}

static void
expect_text(int fd, const char *text)
{
	char octets[256];
	size_t length = 0;

	while (length < strlen(text)) {
		size_t count = http_client_receive(loop, fd, octets + length,
		    strlen(text) - length);

		assert_true(count > 0);
		length += count;
	}
	assert_memory_equal(octets, text, length);
}

static void
a_stream_says_what_is_written_in_the_next_turn(void **state)
{
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	settle();
	assert_false(http_client_has_something(fd));
	http_stream_write(seen.stream, "event: a\n\n", 10);
	assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS), STATUS_OK);
	expect_text(fd, "A\r\nevent: a\n\n\r\n");
	http_stream_write(seen.stream, "b", 1);
	http_stream_write(seen.stream, "c", 1);
	expect_text(fd, "2\r\nbc\r\n");
	(void)close(fd);
}

static void
what_is_written_before_the_flush_goes_out_with_it(void **state)
{
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	settle();
	http_stream_write(seen.stream, "a", 1);
	http_server_flush(server, STATUS_OK);
	http_server_send(server);
	assert_true(http_client_has_something(fd));
	(void)close(fd);
}

static void
a_stream_to_http_1_0_is_not_chunked(void **state)
{
	int fd = begin_stream("HTTP/1.0");

	(void)state;
	http_stream_write(seen.stream, "event", 5);
	expect_text(fd, "event");
	(void)close(fd);
}

static void
a_stream_that_is_silent_stays_open_and_wakes_nobody(void **state)
{
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	assert_int_equal(turns_while_quiet(), 1);
	skewed_clock_pass_ms(10 * (IDLE_MS + REQUEST_MS));
	settle();
	assert_int_equal(seen.released, 0);
	http_stream_write(seen.stream, "a", 1);
	expect_text(fd, "1\r\na\r\n");
	(void)close(fd);
}

static void
a_stream_whose_client_leaves_is_released_at_once(void **state)
{
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	settle();
	(void)close(fd);
	settle();
	assert_null(seen.stream);
	fd = begin_stream("HTTP/1.1");
	settle();
	(void)shutdown(fd, SHUT_WR);
	settle();
	assert_null(seen.stream);
	(void)close(fd);
}

static void
a_client_that_talks_to_a_stream_is_not_heard_and_wakes_nobody(void **state)
{
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	settle();
	http_client_send(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(turns_while_quiet(), 1);
	http_stream_write(seen.stream, "a", 1);
	expect_text(fd, "1\r\na\r\n");
	assert_int_equal(turns_while_quiet(), 1);
	assert_int_equal(seen.received, 1);
	(void)close(fd);
	settle();
	assert_null(seen.stream);
}

static void
a_slow_reader_gets_everything_within_the_backlog(void **state)
{
	static char part[1000];
	static char octets[BIG];
	size_t sent = 0;
	size_t got = 0;
	int fd = begin_stream("HTTP/1.0");

	(void)state;
	memset(part, 's', sizeof(part));
	while (sent + sizeof(part) <= HTTP_STREAM_BACKLOG_MAX) {
		http_stream_write(seen.stream, part, sizeof(part));
		sent += sizeof(part);
		settle();
	}
	skewed_clock_pass_ms(10 * (IDLE_MS + REQUEST_MS));
	settle();
	assert_non_null(seen.stream);
	while (got < sent)
		got += http_client_receive(loop, fd, octets + got, sizeof(octets) - got);
	assert_int_equal(got, sent);
	assert_int_equal(strspn(octets, "s"), sent);
	(void)close(fd);
}

static void
a_reader_too_far_behind_is_cut_off(void **state)
{
	static char part[HTTP_STREAM_BACKLOG_MAX / 4];
	int fd = begin_stream("HTTP/1.1");

	(void)state;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	memset(part, 's', sizeof(part));
	for (int i = 0; i < MANY && seen.stream != NULL; i++) {
		http_stream_write(seen.stream, part, sizeof(part));
		/* Once more in the same turn is no matter. */
		http_stream_write(seen.stream, part, sizeof(part));
		settle();
	}
	assert_null(seen.stream);
	http_client_expect_end(loop, fd);
	(void)close(fd);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
}

static void
more_streams_than_allowed_are_refused_until_one_ends(void **state)
{
	struct http_reply reply;
	int fds[STREAMS];
	int fd;

	(void)state;
	for (int i = 0; i < STREAMS; i++)
		fds[i] = begin_stream("HTTP/1.1");
	fd = begin();
	ask(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 503);
	(void)close(fds[0]);
	settle();
	(void)close(begin_stream("HTTP/1.1"));
	(void)close(fds[1]);
	(void)close(fd);
}

static void
head_of_a_stream_ends_with_its_headers(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	http_client_send(fd, "HEAD /stream HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_read_head(loop, fd, &reply);
	assert_int_equal(reply.code, 200);
	settle();
	assert_null(seen.stream);
	(void)close(fd);
}

/* --- clients that are slow or many --- */

static void
nobody_connected_wakes_nobody(void **state)
{
	struct http_reply reply;
	int fd;

	(void)state;
	assert_int_equal(turns_while_quiet(), 1);
	fd = begin();
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	(void)close(fd);
	assert_int_equal(turns_while_quiet(), 1);
}

/* A machine that took all the time for itself is no reason to complain. */
static void
expect_open(int fd, int64_t since_ms)
{
	bool has_something = http_client_has_something(fd);

	if (clock_now_ms() - since_ms < IDLE_MS)
		assert_false(has_something);
}

static void
a_client_that_says_nothing_wakes_nobody_and_is_closed_in_the_end(void **state)
{
	int64_t since_ms = clock_now_ms();
	int fd = begin();

	(void)state;
	assert_int_equal(turns_while_quiet(), 1);
	skewed_clock_pass_ms(IDLE_MS - QUIET_MS - MARGIN_MS);
	settle();
	expect_open(fd, since_ms);
	skewed_clock_pass_ms(MARGIN_MS);
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
a_request_that_dribbles_in_is_closed_in_the_end(void **state)
{
	static const char *const beginnings[] = {
		"G",
		"GET /one HTTP/1.1\r\n",
		"GET /one HTTP/1.1\r\nHost: x\r\nX-A: ",
		"PUT /one HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++) {
		int fd = begin();
		int64_t passed_ms = 0;

		http_client_send(fd, beginnings[i]);
		settle();
		while (!http_client_has_something(fd)) {
			assert_true(passed_ms <= IDLE_MS + REQUEST_MS);
			(void)send(fd, "x", 1, MSG_NOSIGNAL);
			skewed_clock_pass_ms(100);
			passed_ms += 100;
			settle();
		}
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

static void
a_client_that_does_not_read_its_answer_is_closed_in_the_end_but_not_a_stream(void **state)
{
	static char part[HTTP_STREAM_BACKLOG_MAX];
	int stream = begin_stream("HTTP/1.1");
	int fd = begin();

	(void)state;
	memset(part, 's', sizeof(part));
	http_stream_write(seen.stream, part, sizeof(part));
	settle();
	http_client_send(fd, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_int_equal(seen.received, 2);
	/* The time-out is libmicrohttpd's, on its own clock: IDLE_MS go by. */
	for (int i = 0; i < MANY && seen.released == 0; i++)
		assert_int_equal(loop_turn(loop, HTTP_CLIENT_LIMIT_MS / MANY), STATUS_OK);
	settle();
	assert_int_equal(seen.released, 1);
	assert_non_null(seen.stream);
	(void)close(fd);
	(void)close(stream);
}

static void
a_keep_alive_connection_is_closed_when_it_is_idle(void **state)
{
	struct http_reply reply;
	int fd = begin();
	int64_t since_ms;

	(void)state;
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	skewed_clock_pass_ms(IDLE_MS - MARGIN_MS);
	since_ms = clock_now_ms();
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	skewed_clock_pass_ms(IDLE_MS - MARGIN_MS);
	settle();
	expect_open(fd, since_ms);
	skewed_clock_pass_ms(MARGIN_MS);
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
many_idle_connections_do_not_keep_others_out(void **state)
{
	struct http_reply reply;
	int idle[2 * CONNECTIONS];
	int fd;

	(void)state;
	for (int i = 0; i < 2 * CONNECTIONS; i++) {
		idle[i] = begin();
		settle();
	}
	fd = begin();
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 200);
	http_client_expect_end(loop, idle[0]);
	assert_false(http_client_has_something(idle[2 * CONNECTIONS - 1]));
	for (int i = 0; i < 2 * CONNECTIONS; i++)
		(void)close(idle[i]);
	(void)close(fd);
}

static void
when_all_are_busy_newcomers_wait_until_one_is_answered(void **state)
{
	struct http_reply reply;
	int busy[CONNECTIONS];
	int fd;

	(void)state;
	seen.keeps_waiting = true;
	for (int i = 0; i < CONNECTIONS; i++) {
		busy[i] = begin();
		http_client_send(busy[i], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	settle();
	assert_int_equal(seen.received, CONNECTIONS);
	fd = begin();
	http_client_send(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
	assert_int_equal(turns_while_quiet(), 1);
	assert_int_equal(seen.received, CONNECTIONS);
	seen.keeps_waiting = false;
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "/one");
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(busy[i]);
	(void)close(fd);
}

static void
readers_that_are_slow_keep_others_out_for_a_moment_only(void **state)
{
	struct http_reply reply;
	int slow[CONNECTIONS];
	char octets[100];
	int fd;

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		slow[i] = begin();
		http_client_send(slow[i], "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
		assert_true(http_client_receive(loop, slow[i], octets, sizeof(octets)) > 0);
	}
	fd = begin();
	http_client_send(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_int_equal(seen.received, CONNECTIONS);
	assert_int_equal(seen.released, 0);
	skewed_clock_pass_ms(SLOW_MS);
	http_client_read(loop, fd, &reply);
	assert_string_equal(reply.body, "/one");
	assert_int_equal(seen.released, 2);
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(slow[i]);
	(void)close(fd);
}

static void
it_recovers_when_all_leave_at_once(void **state)
{
	struct http_reply reply;
	int busy[CONNECTIONS];
	int fd;

	(void)state;
	for (int round = 0; round < 3; round++) {
		seen.keeps_waiting = true;
		for (int i = 0; i < CONNECTIONS; i++) {
			busy[i] = begin();
			http_client_send(busy[i], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
		}
		settle();
		fd = begin();
		settle();
		for (int i = 0; i < CONNECTIONS; i++)
			(void)close(busy[i]);
		seen.keeps_waiting = false;
		ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
		assert_int_equal(reply.code, 200);
		(void)close(fd);
	}
}

static void
many_at_once_are_all_answered(void **state)
{
	struct http_reply reply;
	int fds[CONNECTIONS];

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = begin();
		http_client_send(fds[i], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < CONNECTIONS; i++) {
		http_client_read(loop, fds[i], &reply);
		assert_string_equal(reply.body, "durable");
		(void)close(fds[i]);
	}
}

/* --- shares --- */

static int
begin_from(const char *source)
{
	int fd;

	assert_int_equal(address_from_text(source, &seen.source), STATUS_OK);
	fd = begin();
	settle();
	return fd;
}

static bool
is_served(int fd)
{
	struct http_reply reply;

	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	return reply.code == 200;
}

static struct http_server_report
report(void)
{
	struct http_server_report now;

	http_server_report(server, &now);
	return now;
}

static void
a_subscriber_over_its_share_loses_the_connection_that_is_idle_longest(void **state)
{
	int fds[SHARE + 1];
	int other = begin_from("192.0.2.9");

	(void)state;
	for (int i = 0; i < SHARE; i++)
		fds[i] = begin_from("192.0.2.1");
	assert_int_equal(report().turned_away, 0);
	assert_true(is_served(fds[0]));
	fds[SHARE] = begin_from("192.0.2.1");
	assert_true(is_served(fds[SHARE]));
	http_client_expect_end(loop, fds[1]);
	assert_int_equal(report().turned_away, 1);
	assert_int_equal(report().connections, SHARE + 1);
	assert_int_equal(report().accepted, SHARE + 2);
	assert_true(is_served(fds[0]));
	assert_true(is_served(fds[2]));
	assert_true(is_served(other));
	for (int i = 0; i <= SHARE; i++)
		(void)close(fds[i]);
	(void)close(other);
}

static void
a_subscriber_whose_share_is_busy_is_turned_away_and_others_are_not(void **state)
{
	int busy[SHARE];
	int fd;

	(void)state;
	seen.keeps_waiting = true;
	for (int i = 0; i < SHARE; i++) {
		busy[i] = begin_from("192.0.2.1");
		http_client_send(busy[i], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	settle();
	fd = begin_from("192.0.2.1");
	assert_true(http_client_has_something(fd));
	http_client_expect_end(loop, fd);
	(void)close(fd);
	assert_int_equal(report().turned_away, 1);
	fd = begin_from("192.0.2.2");
	assert_true(is_served(fd));
	assert_int_equal(report().connections, SHARE + 1);
	for (int i = 0; i < SHARE; i++)
		(void)close(busy[i]);
	(void)close(fd);
}

static void
one_subscriber_can_keep_nobody_out_when_all_is_full(void **state)
{
	static const char *const others[] = { "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5",
		"192.0.2.6" };
	int fds[CONNECTIONS - SHARE];
	int greedy[MANY];

	(void)state;
	for (int i = 0; i < CONNECTIONS - SHARE; i++)
		fds[i] = begin_from(others[i]);
	for (int i = 0; i < MANY; i++)
		greedy[i] = begin_from("192.0.2.1");
	assert_int_equal(report().connections, CONNECTIONS);
	for (int i = 0; i < CONNECTIONS - SHARE; i++) {
		assert_true(is_served(fds[i]));
		(void)close(fds[i]);
	}
	for (int i = 0; i < MANY; i++)
		(void)close(greedy[i]);
}

static void
requests_that_have_come_with_more_connections_than_the_share_are_all_answered(void **state)
{
	struct http_reply reply;
	int fds[SHARE + 2];

	(void)state;
	assert_int_equal(address_from_text("192.0.2.1", &seen.source), STATUS_OK);
	for (int i = 0; i < SHARE + 2; i++) {
		fds[i] = begin();
		http_client_send(fds[i], "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
	}
	for (int i = 0; i < SHARE + 2; i++) {
		http_client_read(loop, fds[i], &reply);
		assert_int_equal(reply.code, 200);
		(void)close(fds[i]);
	}
}

static void
connections_that_others_speak_through_have_no_share(void **state)
{
	int fds[CONNECTIONS];

	(void)state;
	seen.is_shared = true;
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = begin_from("192.0.2.1");
	assert_int_equal(report().connections, CONNECTIONS);
	assert_int_equal(report().turned_away, 0);
	for (int i = 0; i < CONNECTIONS; i++) {
		assert_true(is_served(fds[i]));
		(void)close(fds[i]);
	}
}

static void
all_addresses_of_an_ipv6_subscriber_have_one_share(void **state)
{
	static const char *const sources[] = { "2001:db8::1", "2001:db8::2", "2001:db8::3:4" };
	int fds[SHARE];
	int fd;

	(void)state;
	for (int i = 0; i < SHARE; i++)
		fds[i] = begin_from(sources[i]);
	fd = begin_from("2001:db8:0:1::1");
	assert_false(http_client_has_something(fds[0]));
	(void)close(fd);
	fd = begin_from("2001:db8::ffff");
	assert_true(http_client_has_something(fds[0]));
	(void)close(fd);
	for (int i = 0; i < SHARE; i++)
		(void)close(fds[i]);
}

static void
connections_without_an_address_have_no_share(void **state)
{
	int fds[CONNECTIONS];

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++) {
		fds[i] = begin();
		settle();
	}
	assert_int_equal(report().connections, CONNECTIONS);
	assert_int_equal(report().turned_away, 0);
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(fds[i]);
}

static void
a_subscriber_has_its_share_of_streams(void **state)
{
	struct http_reply reply;
	int streams[STREAMS];
	int fd;

	(void)state;
	assert_int_equal(address_from_text("192.0.2.1", &seen.source), STATUS_OK);
	streams[0] = begin_stream("HTTP/1.1");
	fd = begin_from("192.0.2.1");
	ask(fd, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(reply.code, 503);
	assert_int_equal(address_from_text("192.0.2.2", &seen.source), STATUS_OK);
	streams[1] = begin_stream("HTTP/1.1");
	assert_int_equal(report().streams, 2);
	(void)close(streams[0]);
	(void)close(streams[1]);
	settle();
	assert_int_equal(report().streams, 0);
	(void)close(fd);
}

static void
limits_can_be_raised_and_lowered_later(void **state)
{
	static const struct http_limits more = { .connections_max = 4 * CONNECTIONS,
		.streams_max = STREAMS,
		.idle_ms = 4 * IDLE_MS,
		.request_ms = REQUEST_MS };
	static const struct http_limits less = { .connections_max = 1,
		.streams_max = STREAMS,
		.idle_ms = IDLE_MS,
		.request_ms = REQUEST_MS };
	int fds[4 * CONNECTIONS];

	(void)state;
	http_server_set_limits(server, &more);
	for (int i = 0; i < 4 * CONNECTIONS; i++)
		fds[i] = begin_from("192.0.2.1");
	assert_int_equal(report().connections, 4 * CONNECTIONS);
	skewed_clock_pass_ms(2 * IDLE_MS);
	settle();
	assert_int_equal(report().connections, 4 * CONNECTIONS);
	http_server_set_limits(server, &less);
	for (int i = 0; i < 4 * CONNECTIONS; i++) {
		assert_true(is_served(fds[i]));
		(void)close(fds[i]);
	}
	settle();
	fds[0] = begin_from("192.0.2.1");
	fds[1] = begin_from("192.0.2.1");
	assert_int_equal(report().connections, 1);
	assert_true(is_served(fds[1]));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/* --- who is there --- */

static void
who_may_not_connect_is_closed(void **state)
{
	int fd = begin();

	(void)state;
	seen.refuses_all = true;
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
after_a_reload_a_connection_is_identified_again(void **state)
{
	struct http_reply reply;
	int fd = begin();

	(void)state;
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	http_server_forget_peers(server);
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(seen.identified, 2);
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_int_equal(seen.identified, 2);
	http_server_forget_peers(server);
	seen.refuses_all = true;
	http_client_send(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

static void
what_waits_over_a_reload_has_no_principal_until_it_goes_on(void **state)
{
	int fd = begin();

	(void)state;
	seen.keeps_waiting = true;
	http_client_send(fd, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_ptr_equal(http_peer(seen.waiting)->principal, &principal);
	http_server_forget_peers(server);
	assert_null(http_peer(seen.waiting)->principal);
	http_server_flush(server, STATUS_OK);
	http_server_send(server);
	assert_ptr_equal(http_peer(seen.waiting)->principal, &principal);
	http_server_forget_peers(server);
	seen.refuses_all = true;
	seen.keeps_waiting = false;
	http_client_expect_end(loop, fd);
	(void)close(fd);
}

/* --- sockets --- */

static void
several_sockets_are_served_and_one_can_be_taken_away(void **state)
{
	struct http_reply reply;
	char other[PATH_MAX];
	int second = listen_at(folder_entry(&folder, "t", other));
	int fd = begin();
	int late;

	(void)state;
	assert_int_equal(http_server_listen(server, second), STATUS_OK);
	ask(fd, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	late = http_client_connect(other);
	ask(late, "GET /two HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/two");
	http_server_unlisten(server, second);
	ask(late, "GET /three HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/three");
	ask(fd, "GET /four HTTP/1.1\r\nHost: x\r\n\r\n", &reply);
	assert_string_equal(reply.body, "/four");
	(void)close(late);
	(void)close(fd);
}

static void
all_its_descriptors_are_closed_on_exec(void **state)
{
	int stream = begin_stream("HTTP/1.1");
	int fd = begin();
	DIR *open_ones = opendir("/proc/self/fd");
	struct dirent *entry;

	(void)state;
	http_client_send(fd, "GET ");
	settle();
	assert_non_null(open_ones);
	for (entry = readdir(open_ones); entry != NULL; entry = readdir(open_ones)) {
		int number = (int)strtol(entry->d_name, NULL, 10);

		if (number > STDERR_FILENO && fcntl(number, F_GETFD) >= 0) {
			struct stat about;

			assert_int_equal(fstat(number, &about), 0);
			if (S_ISSOCK(about.st_mode) || (about.st_mode & S_IFMT) == 0)
				assert_int_equal(fcntl(number, F_GETFD), FD_CLOEXEC);
		}
	}
	(void)closedir(open_ones);
	(void)close(fd);
	(void)close(stream);
}

static void
it_can_be_freed_in_the_middle_of_everything(void **state)
{
	int stream = begin_stream("HTTP/1.1");
	int waiting = begin();
	int fresh = begin();
	int sending = begin();

	(void)state;
	seen.keeps_waiting = true;
	http_client_send(waiting, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	http_client_send(fresh, "GET /wait HTTP/1.1\r\nHost: x\r\nX-");
	http_client_send(sending, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	http_stream_write(seen.stream, "a", 1);
	answer_text(seen.waiting, 200, "late");
	/* tear_down() frees it, and sees that all was released. */
	assert_int_equal(seen.received, 3);
	(void)close(stream);
	(void)close(waiting);
	(void)close(fresh);
	(void)close(sending);
}

int
main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(a_request_is_answered_in_one_turn),
		UNIT(an_answer_has_its_length_and_no_name_of_the_server),
		UNIT(a_connection_serves_one_request_after_the_other),
		UNIT(requests_in_a_row_are_answered_in_order),
		UNIT(a_request_that_comes_octet_by_octet_is_one_request),
		UNIT(http_1_0_gets_an_answer_and_the_end),
		UNIT(a_client_that_ends_its_side_gets_its_answer_all_the_same),
		UNIT(requests_in_a_row_are_all_answered_to_a_client_that_has_ended_its_side),
		UNIT(head_says_what_get_would_and_has_no_body),
		UNIT(any_method_reaches_the_site),
		UNIT(an_answer_without_a_body_has_none),
		UNIT(headers_go_both_ways),
		UNIT(a_large_answer_arrives_whole_at_a_client_that_reads_slowly),
		UNIT(path_and_arguments_are_decoded),
		UNIT(a_malformed_path_or_argument_is_400),
		UNIT(a_request_with_two_mistakes_leaves_nothing_behind),
		UNIT(what_is_no_http_is_turned_away),
		UNIT(headers_that_are_too_large_are_431),
		UNIT(headers_that_just_fit_are_taken),
		UNIT(endless_headers_are_ended),
		UNIT(a_body_comes_whole),
		UNIT(a_chunked_body_comes_whole),
		UNIT(a_body_with_a_length_that_is_too_large_is_413_before_it_comes),
		UNIT(a_chunked_body_that_is_too_large_is_413),
		UNIT(an_endless_chunked_body_is_ended),
		UNIT(strange_lengths_are_400_and_strange_codings_501),
		UNIT(requests_that_take_long_leave_turns_to_others),
		UNIT(two_hosts_are_400),
		UNIT(a_client_that_asks_whether_to_continue_is_told_so),
		UNIT(nothing_is_said_before_the_commit),
		UNIT(nobody_new_is_heard_until_all_doors_are_flushed),
		UNIT(a_change_is_answered_in_the_turn_that_it_came_in),
		UNIT(a_commit_that_fails_is_told_to_the_site),
		UNIT(what_comes_while_answers_go_out_waits_for_the_next_commit_which_comes_at_once),
		UNIT(what_waits_longer_is_asked_about_each_turn_and_wakes_nobody),
		UNIT(what_waits_can_be_answered_outside_of_a_commit),
		UNIT(a_client_that_leaves_while_it_waits_is_released_at_once),
		UNIT(a_client_that_leaves_before_the_commit_costs_nothing),
		UNIT(a_stream_says_what_is_written_in_the_next_turn),
		UNIT(what_is_written_before_the_flush_goes_out_with_it),
		UNIT(a_stream_to_http_1_0_is_not_chunked),
		UNIT(a_stream_that_is_silent_stays_open_and_wakes_nobody),
		UNIT(a_stream_whose_client_leaves_is_released_at_once),
		UNIT(a_client_that_talks_to_a_stream_is_not_heard_and_wakes_nobody),
		UNIT(a_slow_reader_gets_everything_within_the_backlog),
		UNIT(a_reader_too_far_behind_is_cut_off),
		UNIT(more_streams_than_allowed_are_refused_until_one_ends),
		UNIT(head_of_a_stream_ends_with_its_headers),
		UNIT(nobody_connected_wakes_nobody),
		UNIT(a_client_that_says_nothing_wakes_nobody_and_is_closed_in_the_end),
		UNIT(a_request_that_dribbles_in_is_closed_in_the_end),
		UNIT(a_client_that_does_not_read_its_answer_is_closed_in_the_end_but_not_a_stream),
		UNIT(a_keep_alive_connection_is_closed_when_it_is_idle),
		UNIT(many_idle_connections_do_not_keep_others_out),
		UNIT(when_all_are_busy_newcomers_wait_until_one_is_answered),
		UNIT(readers_that_are_slow_keep_others_out_for_a_moment_only),
		UNIT(it_recovers_when_all_leave_at_once),
		UNIT(many_at_once_are_all_answered),
		UNIT(a_subscriber_over_its_share_loses_the_connection_that_is_idle_longest),
		UNIT(a_subscriber_whose_share_is_busy_is_turned_away_and_others_are_not),
		UNIT(one_subscriber_can_keep_nobody_out_when_all_is_full),
		UNIT(requests_that_have_come_with_more_connections_than_the_share_are_all_answered),
		UNIT(connections_that_others_speak_through_have_no_share),
		UNIT(all_addresses_of_an_ipv6_subscriber_have_one_share),
		UNIT(connections_without_an_address_have_no_share),
		UNIT(a_subscriber_has_its_share_of_streams),
		UNIT(limits_can_be_raised_and_lowered_later),
		UNIT(who_may_not_connect_is_closed),
		UNIT(after_a_reload_a_connection_is_identified_again),
		UNIT(what_waits_over_a_reload_has_no_principal_until_it_goes_on),
		UNIT(several_sockets_are_served_and_one_can_be_taken_away),
		UNIT(all_its_descriptors_are_closed_on_exec),
		UNIT(it_can_be_freed_in_the_middle_of_everything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
