/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The TSIG keys: each a principal with one secret, or two while it is rotated. The only place that
 * holds secrets; nothing here is ever logged. Built whole from options and replaced whole at a reload.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "auth/principal.h"
#include "base/status.h"
#include "wire/tsig.h"

struct keyring;

/* One key as the configuration has it. Everything is borrowed and copied by keyring_add(). */
struct key_options {
	const char *name_text; /* as the administrator wrote it: the identity */
	struct name name;
	enum tsig_algorithm algorithm;
	const uint8_t *secret;
	size_t secret_size;
	const uint8_t *old_secret; /* NULL = none */
	size_t old_secret_size;
	int64_t old_until_s; /* wall clock: the old secret is good before it; INT64_MAX: for ever */
	bool allows_truncated;
	bool is_admin;
	const struct grant *grants;
	size_t grant_count;
	const struct network *sources;
	size_t source_count;
	bool may_look;
	const struct interface_id *interface_ids;
	size_t interface_id_count;
	uint32_t updates_per_minute; /* 0 = no limit */
	uint32_t names_max;          /* 0 = no limit */
};

/* NULL when out of memory. */
struct keyring *keyring_new(void);
void keyring_free(struct keyring *keyring);

/*
 * Adds a key; its name is not there yet, and its algorithm and secrets are usable (the
 * configuration has checked that). STATUS_NO_MEMORY.
 */
enum status keyring_add(struct keyring *keyring, const struct key_options *options);

/*
 * Carries the state that a reload must not lose (token buckets, log limits) over from the keyring
 * that is replaced, for keys of the same name.
 */
void keyring_inherit(struct keyring *keyring, const struct keyring *previous);

size_t keyring_count(const struct keyring *keyring);

struct key; /* belongs to the keyring */

/* By lower-cased wire name; NULL when there is none. A hash look-up; the key lives with the keyring. */
struct key *keyring_find(struct keyring *keyring, const uint8_t *name);

/*
 * The key with this name and this secret (base64, as in its file; the alphabet for URLs and missing
 * "=" will do), the old one included while it is good; NULL: there is none. name NULL: by the secret
 * alone, which takes a look at each key. The time does not depend on how much of a secret is right, nor
 * on whether there is a key of that name.
 */
struct key *keyring_log_in(struct keyring *keyring, const uint8_t *name, const char *secret,
    int64_t wall_s);

/* All keys, in no order; NULL begins, NULL ends. */
struct key *keyring_next(const struct keyring *keyring, const struct key *key);

struct principal *key_principal(struct key *key);
bool key_has_old_secret(const struct key *key);
int64_t key_old_until_s(const struct key *key); /* INT64_MAX: for ever */

/* When and from where the key was last used with success; keyring_inherit() carries it over. */
struct key_use {
	int64_t wall_s; /* 0 = never, as far as is known */
	struct address source;
};
void key_note_use(struct key *key, int64_t wall_s, const struct address *source);
const struct key_use *key_last_use(const struct key *key);
enum tsig_algorithm key_algorithm(const struct key *key);

/*
 * The whole check of a signed request against this keyring, in RFC 8945's order: key, MAC, time,
 * truncation (rules 21-26). On STATUS_OK *ret_key is the key and *ret_answer signs the answer.
 * On STATUS_UNAUTHENTICATED *ret_answer says which TSIG error goes back, signed where rule 29 lets
 * it be, and *ret_key is the key where one was found (for the log), else NULL. STATUS_MALFORMED:
 * the MAC's length is impossible, *ret_answer is not set, and the answer is an unsigned FORMERR.
 * wall_s is the server's time.
 */
enum status keyring_check(struct keyring *keyring, const knot_pkt_t *packet,
    const struct tsig_request *request, int64_t wall_s, struct key **ret_key,
    struct tsig_answer *ret_answer);
