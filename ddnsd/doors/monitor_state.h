/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The monitor's insides, shared by its own files and by nobody else. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "doors/dns.h"
#include "doors/http_server.h"
#include "doors/monitor.h"
#include "doors/web.h"
#include "service/report.h"

enum {
	/* Ten zones make 30 KB. A configuration of so many that this is too little has no metrics. */
	MONITOR_ANSWER_MAX = 8 << 20,
};

struct monitor {
	struct service *service;
	const struct web *web; /* NULL: none */
	const struct dns *dns; /* likewise */
	struct http_site site;
	int64_t started_ms; /* as shown: a clock that is slewed must not make it another start */
};

/* Appends all metrics. */
void monitor_write_metrics(struct monitor *monitor, struct buffer *text);

/*
 * Appends one line: how the chain stands, from the database to dnsmasq. with_details: also what paths
 * and programs are at fault, not for everybody. False: it fails.
 */
bool monitor_write_health(const struct monitor *monitor, bool with_details, struct buffer *text);
