/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The API of /v1/ (conf/openapi.yaml is its document): JSON in and out over any http_server. Turns
 * requests into struct update and reports, statuses into HTTP's by one table (rule 48). Who may see and do
 * what is as http_peer() says; keys are made in files. No socket.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/loop.h"
#include "base/status.h"
#include "doors/http_server.h"
#include "service/service.h"

/* What only main.c knows, for /v1/status. Texts are borrowed until the next api_set_facts(). */
struct api_facts {
	const char *config_file;
	const char *keys_directory;      /* "" = none */
	const char *made_keys_directory; /* of keys made over the API; "" = none are */
	const char *database;
	const char *user;          /* that it runs as */
	const char *const *listen; /* "127.0.0.1:2136", the DNS door's */
	size_t listen_count;
	const char *const *http_listen; /* "https://192.0.2.1:8053" */
	size_t http_listen_count;
	int64_t tls_until_s;      /* wall clock, the HTTP door's certificate; 0 = no TLS */
	const char *http_problem; /* NULL or "" = none */
};

/* What only main.c can do. */
struct api_calls {
	void *context;
	/*
	 * Asks for a reload, which happens after this turn and ends with api_reloaded(). It cannot
	 * be done at once: a reload replaces the principal that asks for it.
	 */
	void (*reload)(void *context);

	/* Why the lease file cannot be read, "" = nothing is wrong. */
	const char *(*lease_problem)(void *context);

	/* A backup was put in the place of all names: the lease file is to be read again. */
	void (*restored)(void *context);
};

struct api;

/* service is borrowed; calls are copied. NULL when out of memory. */
struct api *api_new(struct loop *loop, struct service *service, const struct api_calls *calls);
void api_free(struct api *api);

/* The site to be served. Lives with the api. */
const struct http_site *api_site(const struct api *api);

void api_set_facts(struct api *api, const struct api_facts *facts);

/*
 * The reload that was asked for is over, or any other: STATUS_OK with what changed, a line each, and
 * problems, likewise: what could not be put in force all the same (NULL: nothing); or STATUS_MALFORMED
 * with the errors. Also kept for /v1/status.
 */
void api_reloaded(struct api *api, enum status status, const struct buffer *lines,
    const struct buffer *problems);

/* At the end of each turn, after the publisher: tells streams what became of publications. */
void api_turn_ended(struct api *api);
