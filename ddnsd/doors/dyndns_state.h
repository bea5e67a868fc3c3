/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What dyndns.c (paths, log-in, answers) and dyndns_update.c (what becomes of each host) share.
 * Nobody else includes this.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/log.h"
#include "doors/dyndns.h"
#include "doors/dyndns_request.h"
#include "doors/http_server.h"

enum { DYNDNS_ANSWERED_MAX = 2 * DYNDNS_ADDRESSES_MAX };

/* What a host, or a whole request, is told: a word to clients of dyndns2, a status to others. */
enum verdict {
	VERDICT_CHANGED,
	VERDICT_UNCHANGED,
	/* Of the whole request. */
	VERDICT_NO_LOGIN,
	VERDICT_NOT_FROM_THERE,
	VERDICT_MALFORMED,
	VERDICT_NO_HOST,
	VERDICT_TOO_MANY_HOSTS,
	VERDICT_LOCKED_OUT,
	VERDICT_TOO_OFTEN,
	/* Of a host. */
	VERDICT_NO_NAME, /* no domain name, or one without a dot */
	VERDICT_NO_ZONE,
	VERDICT_NO_GRANT,
	VERDICT_ANOTHERS,
	VERDICT_NO_ADDRESS,
	VERDICT_ALIAS, /* a CNAME stands there, and nothing beside it */
	VERDICT_TOO_MANY_ADDRESSES,
	VERDICT_TOO_MANY_NAMES,
	VERDICT_STORE,
	VERDICTS
};

struct dyndns_result {
	enum verdict verdict;
	struct address addresses[DYNDNS_ANSWERED_MAX]; /* that it has now, of what was asked for */
	size_t address_count;
};

struct dyndns {
	struct service *service;
	struct http_site site;
	struct arena arena; /* of the host that is under way */
	bool has_lease;
	uint32_t lease_s;
	struct log_limit strangers;
};

/* One exchange. */
struct dyndns_call {
	struct dyndns *dyndns;
	struct http_exchange *exchange;
	bool is_json; /* /v1/update */
	struct dyndns_request request;
	struct dyndns_result results[DYNDNS_HOSTS_MAX]; /* beside request.hosts */

	/* Those of the request, or its source: what hosts are to get, but for a prefix. */
	struct address addresses[DYNDNS_ADDRESSES_MAX + 1];
	size_t address_count;

	bool is_counted;                  /* by the rate limit */
	int64_t wall_s;                   /* the service's, while hosts are renumbered */
	unsigned retry_after_s;           /* 0: no such header */
	char problem[DYNDNS_PROBLEM_MAX]; /* more than the verdict says; "" = nothing */
};

/* The same for every host. */
void dyndns_judge_all(struct dyndns_call *call, enum verdict verdict);

/* What a verdict means, in a sentence's end; for logs and JSON. Static, or the call's. */
const char *dyndns_verdict_text(const struct dyndns_call *call, enum verdict verdict);

/* The mend; "" where the text has it already. */
const char *dyndns_verdict_hint(const struct dyndns_call *call, enum verdict verdict);

/* --- dyndns_update.c --- */

/*
 * Does what the request asks for, in the open turn, and fills the results. The peer's principal is
 * known, and the request has at least one host.
 */
void dyndns_update(struct dyndns_call *call);
