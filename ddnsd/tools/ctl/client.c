/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to the daemon and what its answers mean. The bytes are the connection's. */
#include "tools/ctl/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/ctl/connection.h"
#include "tools/ctl/output.h"
#include "tools/ctl/sse.h"

/* The daemon sends a comment each 30 s; twice that and a little is a daemon that hangs. */
enum { SILENCE_MAX_MS = 75 * 1000, LINE_MAX_OCTETS = 512 };

static enum ctl_exit
read_body(struct connection *connection)
{
	size_t count = 1;

	while (count > 0 &&
	    (connection->length < 0 || connection->received.length < (size_t)connection->length)) {
		enum ctl_exit code = connection_read(connection, &count);

		if (code != CTL_DONE)
			return code;
	}
	if (connection->length < 0)
		return CTL_DONE;
	if (connection->received.length < (size_t)connection->length)
		return ctl_fail(CTL_FAILED, "the daemon at %s broke off its answer; try again",
		    connection->socket);
	connection->received.length = (size_t)connection->length;
	return CTL_DONE;
}

static enum ctl_exit
exchange(struct connection *connection, const struct client_request *request)
{
	enum ctl_exit code = connection_send(connection, request);

	if (code == CTL_DONE)
		code = connection_read_head(connection);
	if (code == CTL_DONE)
		code = read_body(connection);
	return code;
}

enum ctl_exit
client_send(const struct ctl *ctl, const struct client_request *request, bool is_quiet,
    struct client_answer *ret_answer)
{
	struct connection connection;
	enum ctl_exit code;

	code = connection_open(&connection, ctl->socket, request->timeout_ms, is_quiet);
	if (code == CTL_DONE)
		code = exchange(&connection, request);
	if (code == CTL_DONE) {
		ret_answer->code = connection.code;
		memcpy(ret_answer->type, connection.type, sizeof(ret_answer->type));
		ret_answer->body = connection.received;
		buffer_init(&connection.received, 0);
	}
	connection_close(&connection);
	return code;
}

void
client_answer_release(struct client_answer *answer)
{
	buffer_release(&answer->body);
}

static json_t *
parse_answer(const struct client_answer *answer)
{
	if (answer->body.length == 0 || strcmp(answer->type, "application/json") != 0)
		return NULL;
	return json_loadb(answer->body.data, answer->body.length, JSON_REJECT_DUPLICATES, NULL);
}

/* A member as text that a terminal may see. */
static void
say(const char *before, const char *text)
{
	if (text == NULL)
		return;
	fputs(before, stderr);
	output_text_to(stderr, STYLE_PLAIN, text);
	fputc('\n', stderr);
}

/* Of its first line, whose end does not count; what is longer than a line is no reason. */
static int
line_length(const struct buffer *body)
{
	size_t length = 0;

	while (length < body->length && length < LINE_MAX_OCTETS && body->data[length] != '\n')
		length++;
	return (int)length;
}

enum ctl_exit
client_refused(const struct ctl *ctl, const struct client_answer *answer)
{
	json_t *json = parse_answer(answer);
	const char *error = json_string_value(json_object_get(json, "error"));
	const char *hint = json_string_value(json_object_get(json, "hint"));
	const json_t *errors = json_object_get(json, "errors");

	if (error == NULL && strcmp(answer->type, "text/plain") == 0)
		return ctl_fail(CTL_FAILED, "the daemon at %s answered %u: %.*s", ctl->socket,
		    answer->code, line_length(&answer->body), answer->body.data);
	if (error == NULL) {
		json_decref(json);
		return ctl_fail(CTL_FAILED, "the daemon at %s answered %u, without a reason",
		    ctl->socket, answer->code);
	}
	(void)fflush(stdout);
	say("ddnsctl: ", error);
	for (size_t i = 0; i < json_array_size(errors); i++)
		say("  ", json_string_value(json_array_get(errors, i)));
	if (hint != NULL && hint[0] != '\0')
		say("  hint: ", hint);
	ctl_keep_failure(json);
	return CTL_FAILED;
}

/* What a 2xx answer holds. */
static enum ctl_exit
take_json(const struct ctl *ctl, const struct client_answer *answer, json_t **ret_json)
{
	json_t *json = NULL;

	if (answer->code != 204 && answer->body.length > 0) {
		json = parse_answer(answer);
		if (json == NULL)
			return ctl_fail(CTL_FAILED,
			    "the daemon at %s answered with something else than JSON; is it ddnsd?",
			    ctl->socket);
	}
	if (ret_json != NULL)
		*ret_json = json;
	else
		json_decref(json);
	return CTL_DONE;
}

enum ctl_exit
client_send_json(const struct ctl *ctl, struct client_request *request, const json_t *body,
    bool is_quiet, struct client_answer *ret_answer)
{
	char *text = NULL;
	enum ctl_exit code;

	if (body != NULL) {
		text = json_dumps(body, JSON_COMPACT);
		if (text == NULL) {
			(void)ctl_fail(CTL_FAILED, "no memory");
			return CTL_FAILED;
		}
		request->type = "application/json";
		request->body = text;
		request->length = strlen(text);
	}
	code = client_send(ctl, request, is_quiet, ret_answer);
	request->body = NULL;
	free(text);
	return code;
}

enum ctl_exit
client_call(const struct ctl *ctl, const char *method, const char *path, const json_t *body,
    json_t **ret_json)
{
	struct client_request request = { .method = method, .path = path };
	struct client_answer answer;
	enum ctl_exit code = client_send_json(ctl, &request, body, false, &answer);

	if (code != CTL_DONE)
		return code;
	code = answer.code >= 200 && answer.code < 300 ? take_json(ctl, &answer, ret_json)
						       : client_refused(ctl, &answer);
	client_answer_release(&answer);
	return code;
}

struct follower {
	bool (*handler)(void *context, const char *event, const json_t *data);
	void *context;
};

static bool
take_event(void *context, const char *event, const char *data, size_t length)
{
	const struct follower *follower = context;
	json_t *json = json_loadb(data, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
	bool goes_on = true;

	if (json != NULL)
		goes_on = follower->handler(follower->context, event, json);
	json_decref(json);
	return goes_on;
}

/* Until the daemon ends the stream (CTL_UNREACHABLE) or the handler does (CTL_DONE). */
static enum ctl_exit
read_events(struct connection *connection, struct follower *follower)
{
	struct buffer *received = &connection->received;
	enum ctl_exit code = CTL_DONE;
	bool goes_on = true;
	size_t count = 1;
	struct sse sse;

	sse_init(&sse);
	while (code == CTL_DONE && goes_on && count > 0) {
		if (received->length > 0 &&
		    sse_feed(&sse, received->data, received->length, take_event, follower,
			&goes_on) != STATUS_OK)
			code = ctl_fail(CTL_FAILED, "an event of the daemon at %s is too large",
			    connection->socket);
		buffer_clear(received);
		connection->deadline_ms = clock_now_ms() + SILENCE_MAX_MS;
		if (code == CTL_DONE && goes_on)
			code = connection_read(connection, &count);
	}
	sse_release(&sse);
	return code == CTL_DONE && goes_on ? CTL_UNREACHABLE : code;
}

/* The stream did not begin: the answer is an error's. */
static enum ctl_exit
read_refusal(const struct ctl *ctl, struct connection *connection)
{
	struct client_answer answer = { .code = connection->code };
	enum ctl_exit code = read_body(connection);

	if (code != CTL_DONE)
		return code;
	memcpy(answer.type, connection->type, sizeof(answer.type));
	answer.body = connection->received;
	return client_refused(ctl, &answer);
}

enum ctl_exit
client_follow(const struct ctl *ctl, const char *path,
    bool (*handler)(void *context, const char *event, const json_t *data), void *context)
{
	struct client_request request = { .method = "GET", .path = path };
	struct follower follower = { .handler = handler, .context = context };
	struct connection connection;
	enum ctl_exit code;

	code = connection_open(&connection, ctl->socket, 0, false);
	if (code == CTL_DONE)
		code = connection_send(&connection, &request);
	if (code == CTL_DONE)
		code = connection_read_head(&connection);
	if (code == CTL_DONE && connection.code != 200)
		code = read_refusal(ctl, &connection);
	else if (code == CTL_DONE && strcmp(connection.type, "text/event-stream") != 0)
		code = ctl_fail(CTL_FAILED, "the daemon at %s sends no events; is it ddnsd?",
		    ctl->socket);
	else if (code == CTL_DONE)
		code = read_events(&connection, &follower);
	connection_close(&connection);
	return code;
}

enum status
client_append_escaped(struct buffer *path, const char *text)
{
	static const char hexadecimal[] = "0123456789ABCDEF";
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					 "0123456789-._~";

	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;
		char escaped[3] = { '%', hexadecimal[octet >> 4], hexadecimal[octet & 15] };

		if (strchr(unreserved, octet) != NULL)
			buffer_append(path, text, 1);
		else
			buffer_append(path, escaped, sizeof(escaped));
	}
	return path->status;
}
