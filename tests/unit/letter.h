/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Requests as bytes, for tests of the DNS doors: put together by hand, signed as a client does.
 * Uses nothing of ddnsd.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tsig_client.h"

struct letter {
	uint8_t wire[CLIENT_WIRE_MAX];
	size_t length;
};

/* Indices of the header's counts. */
enum letter_section { LETTER_PREREQUISITES = 1, LETTER_CHANGES = 2, LETTER_ADDITIONAL = 3 };

/* One question of class IN. */
void letter_query(struct letter *letter, uint16_t id, const char *name, uint16_t type);

/* An update of home.arpa without any change yet. */
void letter_update(struct letter *letter, uint16_t id);

/* Appends a record; the sections come in rising order. */
void letter_put(struct letter *letter, enum letter_section section, const char *owner,
    uint16_t type, uint16_t class, uint32_t ttl, const void *rdata, uint16_t size);

/* Adds an A record with a TTL of 60. */
void letter_add(struct letter *letter, const char *owner, const char *address);

/* Appends an OPT record with these options. */
void letter_put_opt(struct letter *letter, uint8_t version, uint16_t payload, const void *options,
    uint16_t size);

/* Signs by hmac-sha256, with a fudge of 300 s. */
void letter_sign(struct letter *letter, const char *key, const uint8_t *secret, int64_t time_s);

/*
 * True when the answer ends in a TSIG whose MAC is the one that this key makes of the answer and of
 * the request's MAC (RFC 8945 5.3).
 */
bool letter_is_signed(const struct letter *request, const char *key, const uint8_t *secret,
    const uint8_t *answer, size_t length);
