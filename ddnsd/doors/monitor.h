/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /metrics in the Prometheus text format (version 0.0.4), and /healthz (ready), /healthz/live. Reads
 * reports of all parts and changes nothing, but has dnsmasq asked again where its last answer is a
 * while ago (service_check_publication()); /healthz waits for what comes of it. No socket.
 */
#pragma once

#include <stdbool.h>

#include "doors/dns.h"
#include "doors/http_server.h"
#include "doors/web.h"
#include "service/service.h"

struct monitor;

/* service is borrowed. NULL when out of memory. */
struct monitor *monitor_new(struct service *service);
void monitor_free(struct monitor *monitor);

/* Whose connections and log-ins are shown, once; borrowed. */
void monitor_attach_web(struct monitor *monitor, const struct web *web);

/* Whose messages are counted, once; borrowed. */
void monitor_attach_dns(struct monitor *monitor, const struct dns *dns);

/* Lives with the monitor. A peer reads the metrics when sees_all or sees_metrics. */
const struct http_site *monitor_site(const struct monitor *monitor);
