/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Speaks to the daemon: HTTP/1.0 over the Unix socket, one request, read to the end. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "tools/ctl/command.h"

enum { CLIENT_ANSWER_MAX = 256 * 1024 * 1024 };

struct client_answer {
	unsigned code; /* HTTP status */
	char type[64]; /* Content-Type without parameters */
	struct buffer body;
};

struct client_request {
	const char *method;
	const char *path; /* with query; percent-encoded by client_append_escaped() */
	const char *type; /* of the body; NULL: no body */
	const void *body;
	size_t length;
	int timeout_ms; /* for all of it; 0 = 30 s */
};

/*
 * One request. CTL_DONE: there is an answer, whatever it says; the caller releases it.
 * CTL_UNREACHABLE: there is no daemon (said on stderr with the mend, unless is_quiet). CTL_FAILED:
 * it broke off or took too long.
 */
enum ctl_exit client_send(const struct ctl *ctl, const struct client_request *request,
    bool is_quiet, struct client_answer *ret_answer);

/* The same with this JSON as the request's body, unless it is NULL. */
enum ctl_exit client_send_json(const struct ctl *ctl, struct client_request *request,
    const json_t *body, bool is_quiet, struct client_answer *ret_answer);
void client_answer_release(struct client_answer *answer);

/* Says the error and the hint of an answer that refuses, as client_call() does. CTL_FAILED. */
enum ctl_exit client_refused(const struct ctl *ctl, const struct client_answer *answer);

/*
 * The usual way: a JSON body or NULL goes, JSON comes back (*ret_json may be NULL: 204; freed with
 * json_decref()). Statuses from 400 on are CTL_FAILED, error and hint said on stderr: as
 * "ddnsctl: ERROR" and a line "  hint: HINT"; with --json the answer is what stdout
 * gets in the end (ctl_tell_failure()).
 */
enum ctl_exit client_call(const struct ctl *ctl, const char *method, const char *path,
    const json_t *body, json_t **ret_json);

/*
 * A stream of events (text/event-stream). handler gets each event's name and data, and ends it by
 * returning false, which is CTL_DONE. CTL_UNREACHABLE: the daemon ended it (not said), or is not
 * there (said).
 */
enum ctl_exit client_follow(const struct ctl *ctl, const char *path,
    bool (*handler)(void *context, const char *event, const json_t *data), void *context);

/* Appends text percent-encoded for a path segment or a query's value. */
enum status client_append_escaped(struct buffer *path, const char *text);
