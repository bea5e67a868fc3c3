/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Transaction signatures over libdnssec's HMACs (RFC 8945). Finds no key and reads no clock. */
#include "wire/tsig.h"

#include <assert.h>
#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/name.h"

enum {
	HEADER_SIZE = 12,
	ARCOUNT_AT = 10,
	MAC_MIN = 10,         /* RFC 8945 5.2.2.1 */
	TIME_SIZE = 6,        /* Time Signed, and Other Data of BADTIME */
	BEFORE_MAC_SIZE = 10, /* Time Signed, Fudge, MAC Size */
	AFTER_MAC_SIZE = 6,   /* Original ID, Error, Other Len */
	RR_HEADER_SIZE = 10,  /* type, class, TTL, RDLENGTH */
	/* name, class, TTL, algorithm, time, fudge, error, other length, other data */
	VARIABLES_MAX = 2 * NAME_SIZE_MAX + 2 + 4 + TIME_SIZE + 2 + 2 + 2 + TIME_SIZE,
};

struct tsig_secret {
	enum tsig_algorithm algorithm;
	dnssec_tsig_ctx_t *context;
};

struct algorithm {
	const char *text;
	const char *wire;
	dnssec_tsig_algorithm_t dnssec;
	uint8_t mac_size;
};

static const struct algorithm algorithms[] = {
	[TSIG_UNKNOWN] = { "unknown", "", DNSSEC_TSIG_UNKNOWN, 0 },
	[TSIG_HMAC_MD5] = { "hmac-md5", "\x08hmac-md5\x07sig-alg\x03reg\x03int",
	    DNSSEC_TSIG_HMAC_MD5, 16 },
	[TSIG_HMAC_SHA1] = { "hmac-sha1", "\x09hmac-sha1", DNSSEC_TSIG_HMAC_SHA1, 20 },
	[TSIG_HMAC_SHA224] = { "hmac-sha224", "\x0bhmac-sha224", DNSSEC_TSIG_HMAC_SHA224, 28 },
	[TSIG_HMAC_SHA256] = { "hmac-sha256", "\x0bhmac-sha256", DNSSEC_TSIG_HMAC_SHA256, 32 },
	[TSIG_HMAC_SHA384] = { "hmac-sha384", "\x0bhmac-sha384", DNSSEC_TSIG_HMAC_SHA384, 48 },
	[TSIG_HMAC_SHA512] = { "hmac-sha512", "\x0bhmac-sha512", DNSSEC_TSIG_HMAC_SHA512, 64 },
};

enum { ALGORITHM_COUNT = sizeof(algorithms) / sizeof(algorithms[0]) };

enum tsig_algorithm
tsig_algorithm_from_text(const char *text)
{
	if (strcasecmp(text, "hmac-md5.sig-alg.reg.int") == 0 ||
	    strcasecmp(text, "hmac-md5.sig-alg.reg.int.") == 0)
		return TSIG_HMAC_MD5;
	for (unsigned i = TSIG_HMAC_MD5; i < ALGORITHM_COUNT; i++) {
		if (strcasecmp(text, algorithms[i].text) == 0)
			return (enum tsig_algorithm)i;
	}
	return TSIG_UNKNOWN;
}

static enum tsig_algorithm
algorithm_from_name(const uint8_t *name, size_t size)
{
	for (unsigned i = TSIG_HMAC_MD5; i < ALGORITHM_COUNT; i++) {
		const char *wire = algorithms[i].wire;

		if (strlen(wire) + 1 == size && memcmp(wire, name, size) == 0)
			return (enum tsig_algorithm)i;
	}
	return TSIG_UNKNOWN;
}

const char *
tsig_algorithm_to_text(enum tsig_algorithm algorithm)
{
	return algorithms[(unsigned)algorithm < ALGORITHM_COUNT ? algorithm : TSIG_UNKNOWN].text;
}

size_t
tsig_mac_size(enum tsig_algorithm algorithm)
{
	return algorithms[(unsigned)algorithm < ALGORITHM_COUNT ? algorithm : TSIG_UNKNOWN]
	    .mac_size;
}

/* libdnssec only reads through its binaries, but its type does not say so. */
static dnssec_binary_t
binary(const uint8_t *bytes, size_t size)
{
	return (dnssec_binary_t){ .size = size, .data = (uint8_t *)(uintptr_t)bytes };
}

struct tsig_secret *
tsig_secret_new(enum tsig_algorithm algorithm, const uint8_t *secret, size_t size)
{
	struct tsig_secret *self;
	dnssec_binary_t key = binary(secret, size);

	if (algorithm == TSIG_UNKNOWN || size == 0)
		return NULL;
	self = calloc(1, sizeof(*self));
	if (self == NULL)
		return NULL;
	self->algorithm = algorithm;
	if (dnssec_tsig_new(&self->context, algorithms[algorithm].dnssec, &key) != DNSSEC_EOK) {
		free(self);
		return NULL;
	}
	return self;
}

void
tsig_secret_free(struct tsig_secret *secret)
{
	if (secret == NULL)
		return;
	dnssec_tsig_free(secret->context);
	free(secret);
}

static uint16_t
get_u16(const uint8_t *bytes)
{
	return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint64_t
get_u48(const uint8_t *bytes)
{
	return (uint64_t)get_u16(bytes) << 32 | (uint64_t)get_u16(bytes + 2) << 16 |
	    get_u16(bytes + 4);
}

/* The put functions return the place behind what they wrote. */
static uint8_t *
put_bytes(uint8_t *at, const uint8_t *bytes, size_t size)
{
	memcpy(at, bytes, size);
	return at + size;
}

static uint8_t *
put_u16(uint8_t *at, unsigned value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
	return at + 2;
}

static uint8_t *
put_u48(uint8_t *at, uint64_t value)
{
	for (int i = 5; i >= 0; i--) {
		at[i] = (uint8_t)value;
		value >>= 8;
	}
	return at + TIME_SIZE;
}

/* Class ANY and TTL 0, as they stand in the RR and in the digest. */
static uint8_t *
put_class_and_ttl(uint8_t *at)
{
	return put_bytes(at, (const uint8_t[6]){ 0x00, KNOT_CLASS_ANY }, 6);
}

/*
 * The MAC over these parts. The context is keyed again by dnssec_tsig_write(), so it is always
 * called, or what a failed turn has digested would spoil the next.
 */
static bool
make_mac(struct tsig_secret *secret, const dnssec_binary_t *parts, size_t count,
    uint8_t mac[static TSIG_MAC_MAX])
{
	bool is_ok = true;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].size > 0 && dnssec_tsig_add(secret->context, &parts[i]) != DNSSEC_EOK)
			is_ok = false;
	}
	return dnssec_tsig_write(secret->context, mac) == DNSSEC_EOK && is_ok;
}

enum status
tsig_read(const knot_pkt_t *packet, struct tsig_request *ret_request)
{
	const knot_rrset_t *rr = packet->tsig_rr;
	struct tsig_request request = { .key_name = rr->owner };
	uint8_t *rdata = rr->rrs.rdata->data;
	size_t left = rr->rrs.rdata->len;
	const uint8_t *at;
	int name_length;

	if (rr->rclass != KNOT_CLASS_ANY || rr->ttl != 0)
		return STATUS_MALFORMED;
	name_length = knot_dname_wire_check(rdata, rdata + left, NULL);
	if (name_length <= 0 || left < (size_t)name_length + BEFORE_MAC_SIZE)
		return STATUS_MALFORMED;
	/* libknot lower-cases the owner, but no names in the rdata. */
	knot_dname_to_lower(rdata);
	request.algorithm_name = rdata;
	request.algorithm = algorithm_from_name(rdata, (size_t)name_length);
	at = rdata + name_length;
	request.time_s = get_u48(at);
	request.fudge_s = get_u16(at + TIME_SIZE);
	request.mac_size = get_u16(at + TIME_SIZE + 2);
	request.mac = at + BEFORE_MAC_SIZE;
	left -= (size_t)name_length + BEFORE_MAC_SIZE;
	if (left < request.mac_size + AFTER_MAC_SIZE)
		return STATUS_MALFORMED;
	request.original_id = get_u16(request.mac + request.mac_size);
	request.tail = request.mac + request.mac_size + 2;
	request.tail_size = left - request.mac_size - 2;
	if (request.tail_size != 4 + (size_t)get_u16(request.tail + 2))
		return STATUS_MALFORMED;
	*ret_request = request;
	return STATUS_OK;
}

/* Takes the same time wherever the difference is: every byte of a volatile has to be read. */
static bool
is_same_mac(const volatile uint8_t *one, const volatile uint8_t *other, size_t size)
{
	unsigned difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= one[i] ^ other[i];
	return difference == 0;
}

enum status
tsig_verify(const knot_pkt_t *packet, const struct tsig_request *request,
    struct tsig_secret *secret, bool *ret_is_truncated)
{
	size_t full_size = algorithms[secret->algorithm].mac_size;
	size_t least_size = full_size / 2 > MAC_MIN ? full_size / 2 : MAC_MIN;
	uint8_t header[HEADER_SIZE];
	uint8_t variables[VARIABLES_MAX];
	uint8_t mac[TSIG_MAC_MAX];
	uint8_t *end = variables;

	if (request->mac_size > full_size || request->mac_size < least_size)
		return STATUS_MALFORMED;
	/* The parser has taken the TSIG off the size and ARCOUNT; the ID is left to put back. */
	memcpy(header, packet->wire, HEADER_SIZE);
	put_u16(header, request->original_id);
	end = put_bytes(end, request->key_name, name_size(request->key_name));
	end = put_class_and_ttl(end);
	end = put_bytes(end, request->algorithm_name, name_size(request->algorithm_name));
	end = put_u48(end, request->time_s);
	end = put_u16(end, request->fudge_s);

	const dnssec_binary_t parts[] = {
		binary(header, HEADER_SIZE),
		binary(packet->wire + HEADER_SIZE, packet->size - HEADER_SIZE),
		binary(variables, (size_t)(end - variables)),
		binary(request->tail, request->tail_size),
	};

	if (!make_mac(secret, parts, sizeof(parts) / sizeof(parts[0]), mac) ||
	    !is_same_mac(mac, request->mac, request->mac_size))
		return STATUS_UNAUTHENTICATED;
	*ret_is_truncated = request->mac_size < full_size;
	return STATUS_OK;
}

void
tsig_answer_init(struct tsig_answer *answer, const struct tsig_request *request,
    struct tsig_secret *secret, uint64_t server_time_s, uint16_t error)
{
	bool is_badtime = error == TSIG_ERROR_BADTIME;

	answer->secret = secret;
	answer->server_time_s = server_time_s;
	answer->time_s = is_badtime ? request->time_s : server_time_s;
	answer->fudge_s = is_badtime ? request->fudge_s : TSIG_FUDGE_S;
	answer->error = error;
	answer->mac_size = 0;
	if (secret != NULL) {
		/* It verified, so it is no longer than the hash. */
		assert(request->mac_size <= TSIG_MAC_MAX);
		answer->mac_size = (uint8_t)request->mac_size;
		memcpy(answer->mac, request->mac, request->mac_size);
	}
	answer->key_name_size = (uint8_t)name_size(request->key_name);
	answer->algorithm_name_size = (uint8_t)name_size(request->algorithm_name);
	memcpy(answer->names, request->key_name, answer->key_name_size);
	memcpy(answer->names + answer->key_name_size, request->algorithm_name,
	    answer->algorithm_name_size);
}

static size_t
answer_mac_size(const struct tsig_answer *answer)
{
	return answer->secret != NULL ? algorithms[answer->secret->algorithm].mac_size : 0;
}

static size_t
answer_rdata_size(const struct tsig_answer *answer)
{
	return answer->algorithm_name_size + BEFORE_MAC_SIZE + answer_mac_size(answer) +
	    AFTER_MAC_SIZE + (answer->error == TSIG_ERROR_BADTIME ? TIME_SIZE : 0);
}

size_t
tsig_answer_size(const struct tsig_answer *answer)
{
	return answer->key_name_size + RR_HEADER_SIZE + answer_rdata_size(answer);
}

/* Error, Other Len, Other Data. */
static uint8_t *
put_tail(uint8_t *at, const struct tsig_answer *answer)
{
	at = put_u16(at, answer->error);
	if (answer->error != TSIG_ERROR_BADTIME)
		return put_u16(at, 0);
	at = put_u16(at, TIME_SIZE);
	return put_u48(at, answer->server_time_s);
}

static bool
sign(const struct tsig_answer *answer, const uint8_t *wire, size_t length,
    uint8_t mac[static TSIG_MAC_MAX])
{
	const uint8_t *algorithm_name = answer->names + answer->key_name_size;
	uint8_t prior[2 + TSIG_MAC_MAX];
	uint8_t variables[VARIABLES_MAX];
	uint8_t *end = variables;

	put_bytes(put_u16(prior, answer->mac_size), answer->mac, answer->mac_size);
	end = put_bytes(end, answer->names, answer->key_name_size);
	end = put_class_and_ttl(end);
	end = put_bytes(end, algorithm_name, answer->algorithm_name_size);
	end = put_u48(end, answer->time_s);
	end = put_u16(end, answer->fudge_s);
	end = put_tail(end, answer);

	const dnssec_binary_t parts[] = {
		binary(prior, 2 + (size_t)answer->mac_size),
		binary(wire, length),
		binary(variables, (size_t)(end - variables)),
	};

	return make_mac(answer->secret, parts, sizeof(parts) / sizeof(parts[0]), mac);
}

enum status
tsig_sign(const struct tsig_answer *answer, uint8_t *wire, size_t *length, size_t capacity)
{
	size_t mac_size = answer_mac_size(answer);
	uint8_t mac[TSIG_MAC_MAX];
	uint8_t *at = wire + *length;

	assert(*length >= HEADER_SIZE && *length <= capacity);
	if (capacity - *length < tsig_answer_size(answer))
		return STATUS_TOO_LARGE;
	if (answer->secret != NULL && !sign(answer, wire, *length, mac))
		return STATUS_NO_MEMORY;
	at = put_bytes(at, answer->names, answer->key_name_size);
	at = put_u16(at, KNOT_RRTYPE_TSIG);
	at = put_class_and_ttl(at);
	at = put_u16(at, (unsigned)answer_rdata_size(answer));
	at = put_bytes(at, answer->names + answer->key_name_size, answer->algorithm_name_size);
	at = put_u48(at, answer->time_s);
	at = put_u16(at, answer->fudge_s);
	at = put_u16(at, (unsigned)mac_size);
	at = put_bytes(at, mac, mac_size);
	at = put_bytes(at, wire, 2);
	at = put_tail(at, answer);
	*length = (size_t)(at - wire);
	put_u16(wire + ARCOUNT_AT, get_u16(wire + ARCOUNT_AT) + 1U);
	return STATUS_OK;
}
