/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owns one TSIG key and its HMAC context, which is used again for every message (RFC 8945).
 * Never reads a clock: the caller says when a message is signed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <libknot/dname.h>
#include <libknot/errcode.h>
#include <libknot/tsig.h>

#define SIGNER_MAC_MAX 64
/* NAME, CLASS, TTL, algorithm name, time, fudge, error, other length: RFC 8945 4.3.3. */
#define SIGNER_VARIABLES_MAX (2 * KNOT_DNAME_MAXLEN + 2 + 4 + 6 + 2 + 2 + 2)

/* The two fields of a TSIG that differ from one message to the next. */
struct signer_stamp {
	uint64_t time_s;
	uint16_t fudge_s;
};

struct signer {
	knot_tsig_key_t key;
	dnssec_tsig_ctx_t *hmac;
	size_t mac_size;
	size_t name_size;
	const uint8_t *algorithm;
	size_t algorithm_size;
	/* The digest's variables; the last 12 octets are filled in for each message. */
	uint8_t variables[SIGNER_VARIABLES_MAX];
	size_t variables_size;
};

static inline uint8_t *
signer_put16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static inline uint16_t
signer_get16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static inline uint8_t *
signer_put32(uint8_t *at, uint32_t value)
{
	return signer_put16(signer_put16(at, (uint16_t)(value >> 16)), (uint16_t)value);
}

static inline uint8_t *
signer_put_bytes(uint8_t *at, const void *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

/* Time Signed (48 bits) and Fudge, as they stand in the record and in the digest. */
static inline uint8_t *
signer_put_stamp(uint8_t *at, struct signer_stamp stamp)
{
	at = signer_put16(at, (uint16_t)(stamp.time_s >> 32));
	at = signer_put32(at, (uint32_t)stamp.time_s);
	return signer_put16(at, stamp.fudge_s);
}

/*
 * Reads the key from FILE, whose first line is ALGORITHM:NAME:BASE64 as kdig -k takes it.
 * False when the file cannot be read or holds no usable key. Release with signer_release().
 */
static inline bool
signer_open(struct signer *signer, const char *file)
{
	uint8_t *at = signer->variables;

	memset(signer, 0, sizeof(*signer));
	if (knot_tsig_key_init_file(&signer->key, file) != KNOT_EOK)
		return false;
	if (dnssec_tsig_new(&signer->hmac, signer->key.algorithm, &signer->key.secret) !=
	    DNSSEC_EOK) {
		knot_tsig_key_deinit(&signer->key);
		return false;
	}
	signer->mac_size = dnssec_tsig_size(signer->hmac);
	signer->name_size = knot_dname_size(signer->key.name);
	signer->algorithm = dnssec_tsig_algorithm_to_dname(signer->key.algorithm);
	signer->algorithm_size = knot_dname_size(signer->algorithm);
	at = signer_put_bytes(at, signer->key.name, signer->name_size);
	at = signer_put32(signer_put16(at, 255), 0);
	at = signer_put_bytes(at, signer->algorithm, signer->algorithm_size);
	memset(at, 0, 12);
	signer->variables_size = (size_t)(at - signer->variables) + 12;
	return true;
}

static inline void
signer_release(struct signer *signer)
{
	dnssec_tsig_free(signer->hmac);
	knot_tsig_key_deinit(&signer->key);
}

static inline void
signer_digest(struct signer *signer, uint8_t *data, size_t size)
{
	dnssec_binary_t part = { .size = size, .data = data };

	dnssec_tsig_add(signer->hmac, &part);
}

/*
 * The MAC over the message WIRE (whose ARCOUNT does not count the TSIG and whose ID is the
 * original one). An answer's digest begins with the request's MAC, PRIOR; NULL for a request.
 */
static inline void
signer_mac(struct signer *signer, uint8_t *prior, uint8_t *wire, size_t size,
    struct signer_stamp stamp, uint8_t ret_mac[static SIGNER_MAC_MAX])
{
	uint8_t length[2];

	if (prior != NULL) {
		signer_put16(length, (uint16_t)signer->mac_size);
		signer_digest(signer, length, sizeof(length));
		signer_digest(signer, prior, signer->mac_size);
	}
	signer_put_stamp(signer->variables + signer->variables_size - 12, stamp);
	signer_digest(signer, wire, size);
	signer_digest(signer, signer->variables, signer->variables_size);
	dnssec_tsig_write(signer->hmac, ret_mac);
}

/* Octets that signer_append() adds. */
static inline size_t
signer_record_size(const struct signer *signer)
{
	return signer->name_size + 10 + signer->algorithm_size + 16 + signer->mac_size;
}

/*
 * Appends the TSIG record with MAC (MAC_SIZE octets, 0 for the unsigned BADKEY and BADSIG
 * answers) and ERROR to the message and counts it. WIRE has signer_record_size() octets of
 * room. Returns the new size.
 */
static inline size_t
signer_append(const struct signer *signer, uint8_t *wire, size_t size, struct signer_stamp stamp,
    const uint8_t *mac, size_t mac_size, uint16_t error)
{
	uint8_t *at = wire + size;

	at = signer_put_bytes(at, signer->key.name, signer->name_size);
	at = signer_put16(at, 250);
	at = signer_put16(at, 255);
	at = signer_put32(at, 0);
	at = signer_put16(at, (uint16_t)(signer->algorithm_size + 16 + mac_size));
	at = signer_put_bytes(at, signer->algorithm, signer->algorithm_size);
	at = signer_put_stamp(at, stamp);
	at = signer_put16(at, (uint16_t)mac_size);
	at = signer_put_bytes(at, mac, mac_size);
	at = signer_put_bytes(at, wire, 2);
	at = signer_put16(at, error);
	at = signer_put16(at, 0);
	signer_put16(wire + 10, (uint16_t)(signer_get16(wire + 10) + 1));
	return (size_t)(at - wire);
}
