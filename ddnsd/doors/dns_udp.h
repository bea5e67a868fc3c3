/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS over UDP: batches of datagrams in, batches of answers out, a bounded number a turn. Only
 * sockets; what is said is dns.h's.
 */
#pragma once

#include <stddef.h>

#include "base/loop.h"
#include "base/status.h"
#include "doors/dns.h"
#include "doors/dns_options.h"
#include "doors/listen.h"

struct dns_udp;

/* NULL when out of memory. loop and dns are borrowed. */
struct dns_udp *dns_udp_new(struct loop *loop, struct dns *dns);

/* Closes its sockets. Takes NULL. */
void dns_udp_free(struct dns_udp *udp);

/*
 * Makes these the addresses it receives on: sockets that are there stay, others are opened or closed. On
 * failure the sockets are as they were.
 */
enum status dns_udp_listen(struct dns_udp *udp, const struct endpoint *at, size_t count,
    char ret_problem[static LISTEN_PROBLEM_MAX]);

/* After the commit: finishes and sends the turn's answers, answers the queries that waited. */
void dns_udp_flush(struct dns_udp *udp, enum status commit_status);
