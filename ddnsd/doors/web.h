/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The HTTP door over TCP: its listening sockets, TLS, who comes in, and which site has which path:
 * /nic/update and its kin (doors/dyndns), /v1/ (doors/api), /metrics and /healthz (doors/monitor),
 * the page. Knows no JSON and no record.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"
#include "doors/http_server.h"
#include "doors/listen.h"
#include "service/service.h"
#include "wire/address.h"
#include "wire/name.h"

enum {
	WEB_LISTEN_MAX = 8,
	WEB_NETWORKS_MAX = 32,
	WEB_HOSTS_MAX = 16,
	WEB_LISTEN_TEXT_MAX = ENDPOINT_TEXT_MAX + 8,
	WEB_PROBLEM_MAX = 640,
};

struct web_options {
	struct endpoint listen[WEB_LISTEN_MAX]; /* none: no such door */
	size_t listen_count;
	bool is_held_back; /* listen is loopback only, as there is no certificate: for people */
	char certificate[PATH_MAX]; /* PEM; "" = no TLS */
	char key[PATH_MAX];
	uint16_t redirect_port; /* plain HTTP there leads to https; 0 = none */
	bool secrets_in_urls;
	bool has_dyndns_lease;   /* false: as the zones have it */
	uint32_t dyndns_lease_s; /* 0 = for ever */

	/* Who may read all names, or the metrics, without a key. */
	struct network look[WEB_NETWORKS_MAX];
	size_t look_count;
	struct network metrics[WEB_NETWORKS_MAX];
	size_t metrics_count;

	/* Who speaks for others, and says for whom (X-Forwarded-For). */
	struct network proxies[WEB_NETWORKS_MAX];
	size_t proxy_count;

	/* What the server may be called beside addresses, single labels and names in our zones. */
	struct name hosts[WEB_HOSTS_MAX];
	size_t host_count;

	unsigned connections_max;
	unsigned connections_per_source;
	int64_t idle_ms;
};

struct web;

/* The sites behind it, each borrowed. */
struct web_sites {
	const struct http_site *api;
	const struct http_site *dyndns;
	const struct http_site *monitor;
	const struct http_site *page;
};

/* NULL when out of memory. */
struct web *web_new(struct loop *loop, struct service *service, const struct web_sites *sites);

/* Takes NULL. */
void web_free(struct web *web);

/*
 * Binds the addresses, before privileges are dropped; or, at a reload, exchanges what differs. Nobody
 * is answered before web_start(). On failure all is as it was, and ret_problem says why.
 */
enum status web_listen(struct web *web, const struct web_options *options,
    char ret_problem[static LISTEN_PROBLEM_MAX]);

/*
 * Reads the certificate, as the user that the daemon stays, and begins to serve; at a reload, reads it
 * again. A certificate that cannot be had is logged: at a start nobody is served over TLS until a reload
 * finds one, at a reload the old one stays.
 */
void web_start(struct web *web);

/* Keys and networks have been exchanged (service_set_access()). */
void web_forget_peers(struct web *web);

/* After service_commit(), each turn; then web_send() (see http_server_send()). */
void web_flush(struct web *web, enum status commit_status);
void web_send(struct web *web);

struct web_report {
	struct http_server_report server;
	uint64_t logins_failed;
	uint64_t logins_locked;
	int64_t certificate_until_s; /* wall clock; 0 = no TLS */
};
void web_report(const struct web *web, struct web_report *ret_report);

/*
 * Where it listens, as text for people ("https://192.0.2.1:8053"): place from 0; NULL behind the last.
 * Valid until the next call.
 */
const char *web_listen_text(struct web *web, size_t place);

/* What is wrong since the last web_start(), as one sentence; "" = nothing. */
const char *web_problem(const struct web *web);
