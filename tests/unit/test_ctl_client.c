/* SPDX-License-Identifier: GPL-3.0-or-later */
/* tools/ctl/client and tools/ctl/connection: HTTP/1.0 with daemons that answer well, and badly. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "folder.h"
#include "tools/ctl/client.h"
#include "tools/ctl/connection.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A daemon that reads one request and gives one answer, in two pieces. */
struct daemon {
	struct folder folder;
	char path[PATH_MAX];
	struct ctl ctl;
	int listener;
	pthread_t thread;
	const char *answer; /* NULL: none, and the connection stays open until the client leaves */
	size_t length;
	bool reads_nothing;
	char request[4096];
};

static void
read_request(struct daemon *daemon, int fd)
{
	size_t length = 0;

	while (
	    length < sizeof(daemon->request) - 1 && strstr(daemon->request, "\r\n\r\n") == NULL) {
		ssize_t count = recv(fd, daemon->request + length,
		    sizeof(daemon->request) - 1 - length, 0);

		if (count <= 0)
			break;
		length += (size_t)count;
		daemon->request[length] = '\0';
	}
}

static void *
serve(void *context)
{
	struct daemon *daemon = context;
	int fd = accept(daemon->listener, NULL, NULL);
	size_t half = daemon->length / 2;
	char rest;

	if (fd < 0)
		return NULL;
	if (!daemon->reads_nothing)
		read_request(daemon, fd);
	if (daemon->answer != NULL) {
		(void)!send(fd, daemon->answer, half, MSG_NOSIGNAL);
		(void)!send(fd, daemon->answer + half, daemon->length - half, MSG_NOSIGNAL);
	} else {
		while (recv(fd, &rest, 1, 0) > 0)
			continue;
	}
	(void)close(fd);
	return NULL;
}

static void
daemon_start(struct daemon *daemon, const char *answer, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*daemon = (struct daemon){ .answer = answer, .length = length };
	folder_make(&daemon->folder);
	(void)folder_entry(&daemon->folder, "socket", daemon->path);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", daemon->path);
	daemon->ctl.socket = daemon->path;
	daemon->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(daemon->listener, (const struct sockaddr *)&address, sizeof(address)),
	    0);
	assert_int_equal(listen(daemon->listener, 4), 0);
	assert_int_equal(pthread_create(&daemon->thread, NULL, serve, daemon), 0);
}

static void
daemon_stop(struct daemon *daemon)
{
	assert_int_equal(pthread_join(daemon->thread, NULL), 0);
	(void)close(daemon->listener);
	folder_remove(&daemon->folder);
}

static enum ctl_exit
ask(const char *answer, size_t length, struct client_answer *ret_answer, char request[static 4096])
{
	struct client_request wanted = { .method = "GET", .path = "/v1/x" };
	struct daemon daemon;
	enum ctl_exit code;

	daemon_start(&daemon, answer, length);
	code = client_send(&daemon.ctl, &wanted, false, ret_answer);
	daemon_stop(&daemon);
	memcpy(request, daemon.request, 4096);
	return code;
}

static void
an_answer_arrives_whole_with_its_status_and_type(void **state)
{
	static const char *const answers[] = {
		("HTTP/1.0 404 Not Found\r\nContent-Type: application/json; charset=utf-8\r\n"
		 "Content-Length: 2\r\n\r\n{}"),
		"HTTP/1.1 404 Not Found\r\ncontent-type:application/json\r\n\r\n{}",
		"HTTP/1.1 404\r\nContent-Type: \t application/json \r\nContent-Length:2\r\n\r\n{}...",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct client_answer answer;
		char request[4096];

		assert_int_equal(ask(answers[i], strlen(answers[i]), &answer, request), CTL_DONE);
		assert_int_equal(answer.code, 404);
		assert_string_equal(answer.type, "application/json");
		assert_int_equal(answer.body.length, 2);
		assert_memory_equal(answer.body.data, "{}", 2);
		assert_non_null(strstr(request, "GET /v1/x HTTP/1.0\r\nHost: localhost\r\n"));
		assert_null(strstr(request, "Content-Length"));
		client_answer_release(&answer);
	}
}

static void
what_is_no_http_or_breaks_off_has_failed(void **state)
{
	static const char *const answers[] = {
		"",
		"HTTP/1.0 200 OK\r\n",
		"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\nContent-Length: x\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n{}",
		"HTTP/1.0 200 OK\r\nContent-Length: 999999999999\r\n\r\n{}",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"HTTP/1.0 200 OK\r\nno colon\r\n\r\n",
		"HTTP/2.0 200 OK\r\n\r\n",
		"HTTP/1.0 20 OK\r\n\r\n",
		"HTTP/1.0 2000 OK\r\n\r\n",
		"HTTP/1.0 999 OK\r\n\r\n",
		"HTTP/1.0  200 OK\r\n\r\n",
		"SSH-2.0-x\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		struct client_answer answer;
		char request[4096];

		assert_int_equal(ask(answers[i], strlen(answers[i]), &answer, request), CTL_FAILED);
	}
}

static void
a_head_without_an_end_is_given_up(void **state)
{
	size_t length = CONNECTION_HEAD_MAX + 1000;
	char *endless = malloc(length), request[4096];
	struct client_answer answer;

	(void)state;
	assert_non_null(endless);
	memset(endless, 'a', length);
	memcpy(endless, "HTTP/1.0 200 OK\r\n", 17);
	assert_int_equal(ask(endless, length, &answer, request), CTL_FAILED);
	free(endless);
}

static void
a_daemon_that_does_not_answer_is_not_waited_for(void **state)
{
	struct client_request wanted = { .method = "GET", .path = "/", .timeout_ms = 50 };
	struct client_answer answer;
	struct daemon daemon;

	(void)state;
	daemon_start(&daemon, NULL, 0);
	assert_int_equal(client_send(&daemon.ctl, &wanted, false, &answer), CTL_FAILED);
	daemon_stop(&daemon);
}

static void
no_socket_and_no_listener_is_unreachable(void **state)
{
	struct client_request wanted = { .method = "GET", .path = "/" };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct client_answer answer;
	struct folder folder;
	struct ctl ctl = { 0 };
	char path[PATH_MAX], long_path[300];
	int fd;

	(void)state;
	folder_make(&folder);
	ctl.socket = folder_entry(&folder, "socket", path);
	assert_int_equal(client_send(&ctl, &wanted, false, &answer), CTL_UNREACHABLE);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(client_send(&ctl, &wanted, true, &answer), CTL_UNREACHABLE);
	(void)close(fd);
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ctl.socket = long_path;
	assert_int_equal(client_send(&ctl, &wanted, false, &answer), CTL_UNREACHABLE);
	folder_remove(&folder);
}

static void
a_body_goes_with_its_length_and_an_early_answer_is_read(void **state)
{
	static const char answer_text[] = "HTTP/1.0 413 Too Large\r\nContent-Length: 0\r\n\r\n";
	size_t length = 4 * 1024 * 1024;
	char *body = calloc(1, length);
	struct client_request wanted = { .method = "POST",
		.path = "/v1/restore",
		.type = "application/vnd.sqlite3",
		.body = body,
		.length = length };
	struct client_answer answer;
	struct daemon daemon;

	(void)state;
	assert_non_null(body);
	/* It reads the head only, and closes: the rest of the body finds nobody. */
	daemon_start(&daemon, answer_text, strlen(answer_text));
	assert_int_equal(client_send(&daemon.ctl, &wanted, false, &answer), CTL_DONE);
	daemon_stop(&daemon);
	assert_int_equal(answer.code, 413);
	assert_non_null(strstr(daemon.request,
	    "Content-Type: application/vnd.sqlite3\r\nContent-Length: 4194304\r\n\r\n"));
	client_answer_release(&answer);
	free(body);
}

static enum ctl_exit
call(const char *answer, const json_t *body, json_t **ret_json, char request[static 4096])
{
	struct daemon daemon;
	enum ctl_exit code;

	daemon_start(&daemon, answer, strlen(answer));
	code = client_call(&daemon.ctl, body != NULL ? "PUT" : "GET", "/v1/names/a", body,
	    ret_json);
	daemon_stop(&daemon);
	memcpy(request, daemon.request, 4096);
	return code;
}

static void
a_call_takes_json_and_gives_json(void **state)
{
	char request[4096];
	json_t *body, *json = NULL;

	(void)state;
	assert_int_equal(call("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1}",
			     NULL, &json, request),
	    CTL_DONE);
	assert_int_equal(json_integer_value(json_object_get(json, "a")), 1);
	json_decref(json);
	body = json_pack("{s:i}", "ttl", 60);
	assert_int_equal(call("HTTP/1.0 204 No Content\r\n\r\n", body, &json, request), CTL_DONE);
	assert_null(json);
	assert_non_null(
	    strstr(request, "Content-Type: application/json\r\nContent-Length: 10\r\n"));
	json_decref(body);
}

static void
a_call_that_is_refused_or_not_json_has_failed(void **state)
{
	static const char *const answers[] = {
		("HTTP/1.0 403 Forbidden\r\nContent-Type: application/json\r\n\r\n"
		 "{\"error\":\"no\",\"hint\":\"ask\",\"errors\":[\"one\",2]}"),
		"HTTP/1.0 500 Oops\r\n\r\n",
		"HTTP/1.0 500 Oops\r\nContent-Type: application/json\r\n\r\n[]",
		"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{",
		"HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n{}",
		"HTTP/1.0 301 Moved\r\n\r\n",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(answers); i++) {
		json_t *json = NULL;
		char request[4096];

		assert_int_equal(call(answers[i], NULL, &json, request), CTL_FAILED);
		assert_null(json);
	}
}

static bool
count_events(void *context, const char *event, const json_t *data)
{
	unsigned *count = context;

	assert_string_equal(event, "change");
	assert_true(json_is_object(data));
	return ++*count < 2;
}

static enum ctl_exit
follow(const char *answer, unsigned *ret_count)
{
	struct daemon daemon;
	enum ctl_exit code;

	*ret_count = 0;
	daemon_start(&daemon, answer, strlen(answer));
	code = client_follow(&daemon.ctl, "/v1/events", count_events, ret_count);
	daemon_stop(&daemon);
	return code;
}

static void
events_are_followed_until_one_side_ends_it(void **state)
{
	static const char head[] = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
	char answer[512];
	unsigned count;

	(void)state;
	(void)snprintf(answer, sizeof(answer),
	    "%s: hi\n\nevent: change\ndata: {}\n\n"
	    "event: change\ndata: no json\n\n",
	    head);
	assert_int_equal(follow(answer, &count), CTL_UNREACHABLE);
	assert_int_equal(count, 1);
	(void)snprintf(answer, sizeof(answer),
	    "%sevent: change\ndata: {}\n\nevent: change\ndata: {}\n\nevent: change\ndata: {}\n\n",
	    head);
	assert_int_equal(follow(answer, &count), CTL_DONE);
	assert_int_equal(count, 2);
	assert_int_equal(follow("HTTP/1.0 503 Busy\r\n\r\n", &count), CTL_FAILED);
	assert_int_equal(follow("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n", &count),
	    CTL_FAILED);
}

static void
what_is_not_harmless_in_a_path_is_percent_encoded(void **state)
{
	struct buffer path;

	(void)state;
	buffer_init(&path, 256);
	assert_int_equal(client_append_escaped(&path, "a.b-c_d~e/?#%&=+ \xc3\xbc\\032"), STATUS_OK);
	buffer_append(&path, "", 1);
	assert_string_equal(path.data, "a.b-c_d~e%2F%3F%23%25%26%3D%2B%20%C3%BC%5C032");
	buffer_release(&path);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_arrives_whole_with_its_status_and_type),
		cmocka_unit_test(what_is_no_http_or_breaks_off_has_failed),
		cmocka_unit_test(a_head_without_an_end_is_given_up),
		cmocka_unit_test(a_daemon_that_does_not_answer_is_not_waited_for),
		cmocka_unit_test(no_socket_and_no_listener_is_unreachable),
		cmocka_unit_test(a_body_goes_with_its_length_and_an_early_answer_is_read),
		cmocka_unit_test(a_call_takes_json_and_gives_json),
		cmocka_unit_test(a_call_that_is_refused_or_not_json_has_failed),
		cmocka_unit_test(events_are_followed_until_one_side_ends_it),
		cmocka_unit_test(what_is_not_harmless_in_a_path_is_percent_encoded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
