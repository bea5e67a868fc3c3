/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Transaction signatures (RFC 8945): verifying requests and signing answers, over libdnssec's
 * HMACs. Works on bytes; looks up no key and reads no clock. libknot's own check is not used: up
 * to 3.4.6 it rejects every truncated MAC, it does not compare the RR's algorithm with the key's,
 * and it makes a new HMAC context a message.
 */
#pragma once

#include <libknot/packet/pkt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum tsig_algorithm {
	TSIG_UNKNOWN,
	TSIG_HMAC_MD5,
	TSIG_HMAC_SHA1,
	TSIG_HMAC_SHA224,
	TSIG_HMAC_SHA256,
	TSIG_HMAC_SHA384,
	TSIG_HMAC_SHA512,
};

enum {
	TSIG_MAC_MAX = 64,
	TSIG_SECRET_MAX = 512, /* octets, decoded */
	TSIG_FUDGE_S = 300,    /* of our answers, RFC 8945 10 */
	TSIG_ERROR_BADSIG = 16,
	TSIG_ERROR_BADKEY = 17,
	TSIG_ERROR_BADTIME = 18,
	TSIG_ERROR_BADTRUNC = 22,
	TSIG_RR_MAX = 255 + 10 + 255 + 16 + TSIG_MAC_MAX + 6, /* a TSIG RR on the wire */
};

/* "hmac-sha256" and so on, in any case; TSIG_UNKNOWN for others. "hmac-md5" also by its long name. */
enum tsig_algorithm tsig_algorithm_from_text(const char *text);

/* Never NULL. Static storage. */
const char *tsig_algorithm_to_text(enum tsig_algorithm algorithm);

/* Octets of a full MAC; 0 for TSIG_UNKNOWN. */
size_t tsig_mac_size(enum tsig_algorithm algorithm);

/* One secret, ready for use: a keyed HMAC context that is used again for each message. */
struct tsig_secret;

/*
 * Copies the secret into the context and nowhere else. NULL when out of memory, for TSIG_UNKNOWN,
 * and for an empty secret.
 */
struct tsig_secret *tsig_secret_new(enum tsig_algorithm algorithm, const uint8_t *secret,
    size_t size);

/* Takes NULL. */
void tsig_secret_free(struct tsig_secret *secret);

/* What the TSIG RR of a request says. Points into the packet. */
struct tsig_request {
	const uint8_t *key_name;       /* lower-cased */
	const uint8_t *algorithm_name; /* lower-cased; as the client wrote it, also when unknown */
	enum tsig_algorithm algorithm;
	uint64_t time_s; /* Time Signed, 48 bits */
	uint16_t fudge_s;
	uint16_t original_id;
	const uint8_t *mac;
	size_t mac_size;
	const uint8_t *tail; /* Error, Other Len and Other Data as received: only digested */
	size_t tail_size;
};

/*
 * STATUS_MALFORMED when the RR is not as RFC 8945 4.2 wants it (class, TTL, lengths). The packet
 * has a TSIG RR; the algorithm's name in it is lower-cased on the way.
 */
enum status tsig_read(const knot_pkt_t *packet, struct tsig_request *ret_request);

/*
 * Checks the MAC over a parsed request (rules 24, 26). STATUS_OK: the MAC is right, and
 * *ret_is_truncated tells whether it was shorter than the hash. STATUS_MALFORMED: its length is
 * out of bounds. STATUS_UNAUTHENTICATED: it is wrong. Compares in constant time. Time is not looked at.
 */
enum status tsig_verify(const knot_pkt_t *packet, const struct tsig_request *request,
    struct tsig_secret *secret, bool *ret_is_truncated);

/* All that an answer's TSIG needs. Holds copies, so it outlives the request's packet. */
struct tsig_answer {
	struct tsig_secret *secret; /* NULL: the TSIG goes out unsigned (BADKEY, BADSIG) */
	uint64_t time_s;            /* the server's time; BADTIME: the request's */
	uint64_t server_time_s;     /* BADTIME: goes into Other Data */
	uint16_t fudge_s;           /* TSIG_FUDGE_S; BADTIME: the request's */
	uint16_t error;             /* TSIG_ERROR_*, or 0 */
	uint8_t mac_size;
	uint8_t mac[TSIG_MAC_MAX]; /* the request's */
	uint8_t key_name_size;
	uint8_t algorithm_name_size;
	uint8_t names[2 * 255]; /* key name, then algorithm name */
};

/*
 * Fills an answer's TSIG from the request's: names, MAC and, for BADTIME, time and fudge. The
 * secret is borrowed, and is the one that verified the request.
 */
void tsig_answer_init(struct tsig_answer *answer, const struct tsig_request *request,
    struct tsig_secret *secret, uint64_t server_time_s, uint16_t error);

/* Octets that the TSIG RR will take on the wire. */
size_t tsig_answer_size(const struct tsig_answer *answer);

/*
 * Appends the TSIG RR to a finished answer and raises ARCOUNT. Signs when there is a secret: the
 * digest is the request's MAC, the message, the TSIG variables (RFC 8945 5.3). Original ID is the
 * answer's own ID. *length is the message's length and becomes the new one. STATUS_TOO_LARGE when
 * it does not fit into capacity, STATUS_NO_MEMORY when the library cannot make a MAC; the message
 * is as it was then.
 */
enum status tsig_sign(const struct tsig_answer *answer, uint8_t *wire, size_t *length,
    size_t capacity);
