/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor's paths, who may read what, and when. What they say is in monitor_*.c. */
#include "doors/monitor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "doors/monitor_state.h"

enum { SECONDS_TEXT_MAX = 16 };

static const char plain[] = "text/plain; charset=utf-8";
static const char exposition[] = "text/plain; version=0.0.4; charset=utf-8";

static void
answer_text(struct http_exchange *exchange, unsigned code, const char *text)
{
	(void)http_answer(exchange, code, plain, text, strlen(text));
}

static void
answer_buffer(struct http_exchange *exchange, unsigned code, const char *type, struct buffer *text)
{
	if (text->status == STATUS_OK)
		(void)http_answer(exchange, code, type, text->data, text->length);
	else
		answer_text(exchange, 503, "out of memory\n");
	buffer_release(text);
}

/* --- the metrics --- */

/* A log-in that failed is told so, also from where none is needed: the secret there is wrong. */
static unsigned
refusal_of(const struct http_peer *peer)
{
	switch (peer->login) {
	case STATUS_UNAUTHENTICATED:
		return 401;
	case STATUS_LIMITED:
		return 429;
	case STATUS_REFUSED:
		return 403;
	default:
		break;
	}
	if (peer->sees_all || peer->sees_metrics)
		return 0;
	return peer->principal == NULL && peer->login == STATUS_NOT_FOUND ? 401 : 403;
}

static void
refuse(struct http_exchange *exchange, unsigned code)
{
	char seconds[SECONDS_TEXT_MAX];
	const char *text = "this key may not read the metrics: it needs the grant \"look\"\n";

	if (code == 429) {
		(void)snprintf(seconds, sizeof(seconds), "%u", http_peer(exchange)->wait_s);
		http_add_header(exchange, "Retry-After", seconds);
		text = "too many failed log-ins: try again later\n";
	} else if (code == 401) {
		http_add_header(exchange, "WWW-Authenticate", "Bearer realm=\"ddnsd\"");
		http_add_header(exchange, "WWW-Authenticate", "Basic realm=\"ddnsd\"");
		text =
		    "the metrics need a key that may look, or an address of the option `metrics` "
		    "in listen \"http\"\n";
	} else if (http_peer(exchange)->login == STATUS_REFUSED) {
		text = "this key may not be used from there (`from`)\n";
	}
	answer_text(exchange, code, text);
}

static void
answer_metrics(struct monitor *monitor, struct http_exchange *exchange)
{
	unsigned code = refusal_of(http_peer(exchange));
	struct buffer text;

	if (code != 0) {
		refuse(exchange, code);
		return;
	}
	buffer_init(&text, MONITOR_ANSWER_MAX);
	monitor_write_metrics(monitor, &text);
	service_check_publication(monitor->service);
	answer_buffer(exchange, 200, exposition, &text);
}

/* --- health --- */

/* Waits for the question that it causes, or that somebody else has caused. */
static void
answer_ready(struct monitor *monitor, struct http_exchange *exchange)
{
	struct buffer text;
	bool is_well;

	service_check_publication(monitor->service);
	if (publisher_is_checking(service_publisher(monitor->service))) {
		http_wait(exchange);
		return;
	}
	buffer_init(&text, MONITOR_ANSWER_MAX);
	is_well = monitor_write_health(monitor, http_peer(exchange)->sees_all, &text);
	answer_buffer(exchange, is_well ? 200 : 503, plain, &text);
}

/* Whoever reads this was answered by the loop. */
static void
answer_live(struct monitor *monitor, struct http_exchange *exchange)
{
	(void)monitor;
	answer_text(exchange, 200, "ok: ddnsd runs\n");
}

/* --- the site --- */

static const struct route {
	const char *path;
	void (*answer)(struct monitor *monitor, struct http_exchange *exchange);
	bool waits; /* until nothing is uncommitted: a report must not show what may be undone */
} routes[] = {
	{ "/metrics", answer_metrics, true },
	{ "/healthz", answer_ready, true },
	{ "/healthz/ready", answer_ready, true },
	{ "/healthz/live", answer_live, false },
};

static const struct route *
find_route(const char *path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		if (strcmp(routes[i].path, path) == 0)
			return &routes[i];
	}
	return NULL;
}

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)path;
	(void)peer;
	return 0;
}

static void
receive(void *context, struct http_exchange *exchange)
{
	struct monitor *monitor = context;
	const struct route *route = find_route(http_path(exchange));
	const char *method = http_method(exchange);

	if (route == NULL) {
		answer_text(exchange, 404, "there are /metrics, /healthz and /healthz/live\n");
	} else if (strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
		http_add_header(exchange, "Allow", "GET, HEAD");
		answer_text(exchange, 405, "this can only be read\n");
	} else if (route->waits && service_is_dirty(monitor->service)) {
		http_wait(exchange);
	} else {
		route->answer(monitor, exchange);
	}
}

/* Each turn, for what waits; it may look whether the commit succeeded or not. */
static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	const struct route *route = find_route(http_path(exchange));

	(void)commit_status;
	if (route != NULL)
		route->answer(context, exchange);
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	(void)exchange;
}

/* --- life --- */

struct monitor *
monitor_new(struct service *service)
{
	struct monitor *monitor = calloc(1, sizeof(*monitor));

	if (monitor == NULL)
		return NULL;
	monitor->service = service;
	monitor->site = (struct http_site){
		.context = monitor,
		.body_max = body_max,
		.receive = receive,
		.finish = finish,
		.release = release,
	};
	return monitor;
}

void
monitor_free(struct monitor *monitor)
{
	free(monitor);
}

void
monitor_attach_web(struct monitor *monitor, const struct web *web)
{
	monitor->web = web;
}

void
monitor_attach_dns(struct monitor *monitor, const struct dns *dns)
{
	monitor->dns = dns;
}

const struct http_site *
monitor_site(const struct monitor *monitor)
{
	return &monitor->site;
}
