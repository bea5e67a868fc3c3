/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * DNS over TCP (RFC 7766): connections, framing, time-outs, and their limit. Only sockets; what is
 * said is dns.h's.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/status.h"
#include "doors/dns.h"
#include "doors/dns_options.h"
#include "doors/listen.h"

struct dns_tcp;

/* NULL when out of memory. loop and dns are borrowed. */
struct dns_tcp *dns_tcp_new(struct loop *loop, struct dns *dns);

/* Closes its sockets. Takes NULL. */
void dns_tcp_free(struct dns_tcp *tcp);

/*
 * Makes these the addresses it listens on (see dns_udp_listen()), and these its limits: when all
 * connections are taken a new one takes the place of the one that has been idle longest.
 */
enum status dns_tcp_listen(struct dns_tcp *tcp, const struct dns_options *options,
    char ret_problem[static LISTEN_PROBLEM_MAX]);

/* After the commit: finishes and sends the turn's answers. */
void dns_tcp_flush(struct dns_tcp *tcp, enum status commit_status);
