/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Who makes a request over TCP: Basic and Bearer credentials, tokens in the query where that is
 * allowed, made a key's principal; failures counted, and answered no more for a while. No socket.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "doors/http_server.h"
#include "service/service.h"

struct login;

/* service is borrowed. NULL when out of memory. */
struct login *login_new(struct service *service);
void login_free(struct login *login);

/*
 * Fills principal, who, login, wait_s and sees_all of *peer, which has source and door, from the
 * exchange's headers: "Basic" NAME:SECRET (RFC 7617), "Bearer" NAME:SECRET or SECRET (RFC 6750); where
 * takes_query also the arguments token=NAME:SECRET or token=SECRET, username= (or user=) with
 * password= (or pass=). Success is noted as the key's use, failures are logged, never what was tried.
 */
void login_identify(struct login *login, struct http_exchange *exchange, bool takes_query,
    struct http_peer *peer);

/* The keys may be other ones now: nobody waits for having failed with the old ones. */
void login_forget_failures(struct login *login);

/* For the metrics. */
struct login_report {
	uint64_t failed; /* wrong name or secret */
	uint64_t locked; /* not looked at, after too many of those */
};
void login_report(const struct login *login, struct login_report *ret_report);
