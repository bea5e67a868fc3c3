/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The DNS conversation, the same over UDP and TCP: a request's bytes in, an answer's bytes out.
 * Authenticates (TSIG, networks), remembers repeats, and translates statuses to RCODEs. No socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "service/service.h"
#include "wire/address.h"
#include "wire/tsig.h"

enum {
	/* The longest answer to a datagram: what EDNS may carry, and a TSIG that had to go on top. */
	DNS_UDP_ANSWER_MAX = MESSAGE_UDP_EDNS_MAX + TSIG_RR_MAX,
	DNS_TCP_ANSWER_MAX = MESSAGE_SIZE_MAX,
};

struct dns;

/* service is borrowed. NULL when out of memory. */
struct dns *dns_new(struct service *service);
void dns_free(struct dns *dns);

struct dns_origin {
	struct endpoint source;
	bool is_udp;
};

/* What is to be known of an answer while it waits for the turn's commit. */
struct dns_ticket {
	size_t length;         /* of the answer, unsigned */
	uint16_t question_end; /* where the question ends in it */
	bool has_opt;          /* of an update: the OPT record stands behind the question */
	bool is_update;        /* depends on the commit */
	bool has_tsig;
	struct tsig_answer tsig;
};

enum dns_outcome {
	DNS_SILENCE,      /* nothing is to be said */
	DNS_ANSWER,       /* answer and ticket are filled; dns_finish() after the commit */
	DNS_AFTER_COMMIT, /* a query while changes are open: the bytes are untouched, come again then */
};

/*
 * Takes one request. wire is changed (unless DNS_AFTER_COMMIT). The unsigned answer goes to
 * answer, which has room for DNS_UDP_ANSWER_MAX octets (UDP) or DNS_TCP_ANSWER_MAX (TCP). With what
 * dns_finish() adds it will take at most *ret_room octets.
 */
enum dns_outcome dns_receive(struct dns *dns, uint8_t *wire, size_t length,
    const struct dns_origin *origin, uint8_t *answer, struct dns_ticket *ret_ticket,
    size_t *ret_room);

/* Turns the answer into a failure where the commit failed, and signs it. Returns its length. */
size_t dns_finish(const struct dns_ticket *ticket, enum status commit_status, uint8_t *answer,
    size_t room);

/* What came in so far, for the metrics. Updates that got as far as the service are counted there. */
enum dns_query_result {
	DNS_QUERY_ANSWERED,
	DNS_QUERY_NO_DATA, /* the name is there, the type is not; or it lies deeper */
	DNS_QUERY_NO_NAME,
	DNS_QUERY_REFUSED, /* not our zone */
	DNS_QUERY_FAILED,
	DNS_QUERY_RESULTS
};

enum dns_signature_error {
	DNS_SIGNATURE_BADSIG,
	DNS_SIGNATURE_BADKEY,
	DNS_SIGNATURE_BADTIME,
	DNS_SIGNATURE_BADTRUNC,
	DNS_SIGNATURE_ERRORS
};

struct dns_report {
	uint64_t queries[DNS_QUERY_RESULTS];
	uint64_t bad_signatures[DNS_SIGNATURE_ERRORS];
	uint64_t malformed;        /* messages, or updates within them */
	uint64_t unsigned_refused; /* updates, of no network block */
	uint64_t repeats;          /* of signed updates (rule 30) */
};
const struct dns_report *dns_report(const struct dns *dns);

/* How long to wait for more requests before the turn ends: service_patience_ns(). */
int64_t dns_patience_ns(const struct dns *dns);

/* The turn's commit is over; when it failed, its messages count as never seen (rule 30). */
void dns_turn_ended(struct dns *dns, enum status commit_status);
