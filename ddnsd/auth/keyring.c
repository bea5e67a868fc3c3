/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TSIG keys, found by a hash of their names. Never logs, and never gives a secret away. */
#include "auth/keyring.h"

#include <assert.h>
#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "wire/name.h"

enum { SLOTS_MIN = 16, PROOF_SIZE = 32 };

/*
 * What a secret is compared by where it comes as text: its HMAC-SHA256 under a key that no file has.
 * Of one size whatever the secret's, and of no use to who reads it from memory.
 */
struct proof {
	uint8_t octets[PROOF_SIZE];
};

struct key {
	struct principal principal;
	enum tsig_algorithm algorithm;
	bool allows_truncated;
	struct tsig_secret *secret;
	struct tsig_secret *old_secret; /* NULL = none */
	int64_t old_until_s;
	struct proof proof;
	struct proof old_proof;
	struct key_use use;
	char *identity;
	struct grant *grants;
	struct network *sources;
	struct interface_id *interface_ids;
};

/* Open addressing; a power of two of slots, at most half of them taken. Keys are never removed. */
struct keyring {
	struct key **slots;
	size_t slot_count;
	size_t key_count;
	dnssec_tsig_ctx_t *prover;
};

static dnssec_tsig_ctx_t *
prover_new(void)
{
	uint8_t octets[PROOF_SIZE];
	const dnssec_binary_t random = { .data = octets, .size = sizeof(octets) };
	dnssec_tsig_ctx_t *prover = NULL;

	if (getrandom(octets, sizeof(octets), 0) != (ssize_t)sizeof(octets) ||
	    dnssec_tsig_new(&prover, DNSSEC_TSIG_HMAC_SHA256, &random) != DNSSEC_EOK)
		prover = NULL;
	explicit_bzero(octets, sizeof(octets));
	return prover;
}

/* A context may be used again once it has been written out (see wire/tsig). False: no memory. */
static bool
prove(const struct keyring *keyring, const uint8_t *secret, size_t size, struct proof *ret_proof)
{
	uint8_t copy[TSIG_SECRET_MAX];
	const dnssec_binary_t data = { .data = copy, .size = size };
	bool is_proven;

	if (size > sizeof(copy))
		return false;
	memcpy(copy, secret, size);
	is_proven = dnssec_tsig_add(keyring->prover, &data) == DNSSEC_EOK &&
	    dnssec_tsig_write(keyring->prover, ret_proof->octets) == DNSSEC_EOK;
	explicit_bzero(copy, sizeof(copy));
	return is_proven;
}

/* Takes as long wherever they differ. */
static bool
is_same(const struct proof *one, const struct proof *other)
{
	uint8_t difference = 0;

	for (size_t i = 0; i < PROOF_SIZE; i++)
		difference |= one->octets[i] ^ other->octets[i];
	return difference == 0;
}

struct keyring *
keyring_new(void)
{
	struct keyring *keyring = calloc(1, sizeof(*keyring));

	if (keyring == NULL)
		return NULL;
	keyring->slots = calloc(SLOTS_MIN, sizeof(struct key *));
	if (keyring->slots == NULL) {
		free(keyring);
		return NULL;
	}
	keyring->slot_count = SLOTS_MIN;
	keyring->prover = prover_new();
	if (keyring->prover == NULL) {
		keyring_free(keyring);
		return NULL;
	}
	return keyring;
}

static void
key_free(struct key *key)
{
	if (key == NULL)
		return;
	tsig_secret_free(key->secret);
	tsig_secret_free(key->old_secret);
	free(key->identity);
	free(key->grants);
	free(key->sources);
	free(key->interface_ids);
	free(key);
}

void
keyring_free(struct keyring *keyring)
{
	if (keyring == NULL)
		return;
	for (size_t i = 0; i < keyring->slot_count; i++)
		key_free(keyring->slots[i]);
	free(keyring->slots);
	dnssec_tsig_free(keyring->prover);
	free(keyring);
}

/* FNV-1a. The names in the table are the administrator's, so nobody can crowd a slot. */
static uint32_t
hash_name(const uint8_t *name)
{
	size_t size = name_size(name);
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ name[i]) * 16777619U;
	return hash;
}

/* The slot that holds this name, or the empty one where it belongs. */
static struct key **
find_slot(struct key **slots, size_t slot_count, const uint8_t *name)
{
	size_t i = hash_name(name) & (slot_count - 1);

	while (slots[i] != NULL && !name_is_equal(slots[i]->principal.name.wire, name))
		i = (i + 1) & (slot_count - 1);
	return &slots[i];
}

static enum status
grow(struct keyring *keyring)
{
	size_t slot_count = keyring->slot_count * 2;
	struct key **slots = calloc(slot_count, sizeof(struct key *));

	if (slots == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < keyring->slot_count; i++) {
		struct key *key = keyring->slots[i];

		if (key != NULL)
			*find_slot(slots, slot_count, key->principal.name.wire) = key;
	}
	free(keyring->slots);
	keyring->slots = slots;
	keyring->slot_count = slot_count;
	return STATUS_OK;
}

/* NULL when out of memory; one more byte than asked for, so that nothing to copy is not NULL. */
static void *
copy(const void *from, size_t size)
{
	void *to = malloc(size + 1);

	if (to != NULL && size > 0)
		memcpy(to, from, size);
	return to;
}

static struct key *
key_new(const struct key_options *options)
{
	struct key *key = calloc(1, sizeof(*key));

	if (key == NULL)
		return NULL;
	key->algorithm = options->algorithm;
	key->allows_truncated = options->allows_truncated;
	key->secret = tsig_secret_new(options->algorithm, options->secret, options->secret_size);
	if (options->old_secret != NULL)
		key->old_secret = tsig_secret_new(options->algorithm, options->old_secret,
		    options->old_secret_size);
	key->old_until_s = options->old_until_s;
	key->identity = strdup(options->name_text);
	key->grants = copy(options->grants, options->grant_count * sizeof(*options->grants));
	key->sources = copy(options->sources, options->source_count * sizeof(*options->sources));
	key->interface_ids = copy(options->interface_ids,
	    options->interface_id_count * sizeof(*options->interface_ids));
	key->principal = (struct principal){
		.kind = PRINCIPAL_KEY,
		.identity = key->identity,
		.name = options->name,
		.is_admin = options->is_admin,
		.may_look = options->may_look,
		.interface_ids = key->interface_ids,
		.interface_id_count = options->interface_id_count,
		.grants = key->grants,
		.grant_count = options->grant_count,
		.sources = key->sources,
		.source_count = options->source_count,
		.names_max = options->names_max,
	};
	rate_limit_init(&key->principal.updates, options->updates_per_minute);
	if (key->secret == NULL || (options->old_secret != NULL && key->old_secret == NULL) ||
	    key->identity == NULL || key->grants == NULL || key->sources == NULL ||
	    key->interface_ids == NULL) {
		key_free(key);
		return NULL;
	}
	return key;
}

enum status
keyring_add(struct keyring *keyring, const struct key_options *options)
{
	struct key *key;
	struct key **slot;

	if (keyring->key_count >= keyring->slot_count / 2 && grow(keyring) != STATUS_OK)
		return STATUS_NO_MEMORY;
	slot = find_slot(keyring->slots, keyring->slot_count, options->name.wire);
	assert(*slot == NULL);
	key = key_new(options);
	if (key == NULL)
		return STATUS_NO_MEMORY;
	if (!prove(keyring, options->secret, options->secret_size, &key->proof) ||
	    (key->old_secret != NULL &&
		!prove(keyring, options->old_secret, options->old_secret_size, &key->old_proof))) {
		key_free(key);
		return STATUS_NO_MEMORY;
	}
	*slot = key;
	keyring->key_count++;
	return STATUS_OK;
}

void
keyring_inherit(struct keyring *keyring, const struct keyring *previous)
{
	for (size_t i = 0; i < previous->slot_count; i++) {
		const struct key *from = previous->slots[i];
		struct key *to;

		if (from == NULL)
			continue;
		to = keyring_find(keyring, from->principal.name.wire);
		if (to == NULL)
			continue;
		rate_limit_inherit(&to->principal.updates, &from->principal.updates);
		to->principal.refusals = from->principal.refusals;
		to->use = from->use;
	}
}

size_t
keyring_count(const struct keyring *keyring)
{
	return keyring->key_count;
}

struct key *
keyring_find(struct keyring *keyring, const uint8_t *name)
{
	return *find_slot(keyring->slots, keyring->slot_count, name);
}

/*
 * From how people and devices write base64: the alphabet for URLs, a blank where a form has made one of
 * a "+", no "=" at the end. False: it is none.
 */
static bool
decode_secret(const char *text, uint8_t octets[static TSIG_SECRET_MAX], size_t *ret_size)
{
	char base64[BASE64_TEXT_SIZE(TSIG_SECRET_MAX) + 3];
	size_t length = strlen(text);
	bool is_decoded;

	while (length > 0 && text[length - 1] == '=')
		length--;
	if (length == 0 || length > sizeof(base64) - 4)
		return false;
	for (size_t i = 0; i < length; i++) {
		base64[i] = text[i];
		if (text[i] == '-' || text[i] == ' ')
			base64[i] = '+';
		else if (text[i] == '_')
			base64[i] = '/';
	}
	while (length % 4 != 0)
		base64[length++] = '=';
	base64[length] = '\0';
	is_decoded = base64_decode(base64, octets, TSIG_SECRET_MAX, ret_size) == STATUS_OK;
	explicit_bzero(base64, sizeof(base64));
	return is_decoded;
}

static bool
has_proof(const struct key *key, const struct proof *proof, int64_t wall_s)
{
	bool is_new = is_same(&key->proof, proof);
	bool is_old = is_same(&key->old_proof, proof);

	return is_new || (is_old && key->old_secret != NULL && wall_s < key->old_until_s);
}

struct key *
keyring_log_in(struct keyring *keyring, const uint8_t *name, const char *secret, int64_t wall_s)
{
	static const struct key nobody;
	uint8_t octets[TSIG_SECRET_MAX];
	struct key *named = name != NULL ? keyring_find(keyring, name) : NULL;
	struct key *found = NULL;
	struct proof proof = { 0 };
	size_t size = 0;
	bool is_proven = decode_secret(secret, octets, &size) &&
	    prove(keyring, octets, size, &proof);

	explicit_bzero(octets, sizeof(octets));
	if (name != NULL)
		return has_proof(named != NULL ? named : &nobody, &proof, wall_s) && is_proven
		    ? named
		    : NULL;
	for (size_t i = 0; i < keyring->slot_count && is_proven; i++) {
		struct key *key = keyring->slots[i];

		if (key != NULL && has_proof(key, &proof, wall_s))
			found = key;
	}
	return found;
}

struct key *
keyring_next(const struct keyring *keyring, const struct key *key)
{
	size_t i = 0;

	if (key != NULL)
		i = (size_t)(find_slot(keyring->slots, keyring->slot_count,
				 key->principal.name.wire) -
			keyring->slots) +
		    1;
	while (i < keyring->slot_count && keyring->slots[i] == NULL)
		i++;
	return i < keyring->slot_count ? keyring->slots[i] : NULL;
}

struct principal *
key_principal(struct key *key)
{
	return &key->principal;
}

bool
key_has_old_secret(const struct key *key)
{
	return key->old_secret != NULL;
}

int64_t
key_old_until_s(const struct key *key)
{
	return key->old_until_s;
}

void
key_note_use(struct key *key, int64_t wall_s, const struct address *source)
{
	key->use = (struct key_use){ .wall_s = wall_s, .source = *source };
}

const struct key_use *
key_last_use(const struct key *key)
{
	return &key->use;
}

enum tsig_algorithm
key_algorithm(const struct key *key)
{
	return key->algorithm;
}

/* While a secret is rotated the new one is tried first; the one that fits signs the answer. */
static enum status
verify(const struct key *key, const knot_pkt_t *packet, const struct tsig_request *request,
    int64_t wall_s, struct tsig_secret **ret_secret, bool *ret_is_truncated)
{
	enum status status = tsig_verify(packet, request, key->secret, ret_is_truncated);

	*ret_secret = key->secret;
	if (status != STATUS_UNAUTHENTICATED || key->old_secret == NULL ||
	    wall_s >= key->old_until_s)
		return status;
	*ret_secret = key->old_secret;
	return tsig_verify(packet, request, key->old_secret, ret_is_truncated);
}

static bool
is_in_time(const struct tsig_request *request, uint64_t now_s)
{
	uint64_t apart_s = request->time_s - now_s;

	if (now_s > request->time_s)
		apart_s = now_s - request->time_s;
	return apart_s <= request->fudge_s;
}

enum status
keyring_check(struct keyring *keyring, const knot_pkt_t *packet, const struct tsig_request *request,
    int64_t wall_s, struct key **ret_key, struct tsig_answer *ret_answer)
{
	/* A clock before 1970 has no place in 48 bits without a sign. */
	uint64_t now_s = wall_s > 0 ? (uint64_t)wall_s : 0;
	struct key *key = keyring_find(keyring, request->key_name);
	struct tsig_secret *secret = NULL;
	bool is_truncated = false;
	uint16_t error = 0;
	enum status status;

	*ret_key = key;
	if (key == NULL || key->algorithm != request->algorithm) {
		tsig_answer_init(ret_answer, request, NULL, now_s, TSIG_ERROR_BADKEY);
		return STATUS_UNAUTHENTICATED;
	}
	status = verify(key, packet, request, wall_s, &secret, &is_truncated);
	if (status == STATUS_MALFORMED)
		return STATUS_MALFORMED;
	if (status != STATUS_OK) {
		tsig_answer_init(ret_answer, request, NULL, now_s, TSIG_ERROR_BADSIG);
		return STATUS_UNAUTHENTICATED;
	}
	if (!is_in_time(request, now_s))
		error = TSIG_ERROR_BADTIME;
	else if (is_truncated && !key->allows_truncated)
		error = TSIG_ERROR_BADTRUNC;
	tsig_answer_init(ret_answer, request, secret, now_s, error);
	return error == 0 ? STATUS_OK : STATUS_UNAUTHENTICATED;
}
