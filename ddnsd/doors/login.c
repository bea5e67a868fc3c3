/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the header Authorization, or arguments, to a key's principal. What was tried is never shown. */
#include "doors/login.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "auth/keyring.h"
#include "auth/lockout.h"
#include "auth/policy.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/name.h"
#include "wire/tsig.h"

enum {
	SECOND_MS = 1000,
	/* NAME:SECRET, each as long as it can be, and nothing longer. */
	CREDENTIALS_MAX = NAME_TEXT_MAX + 1 + BASE64_TEXT_SIZE(TSIG_SECRET_MAX),
};

struct login {
	struct service *service;
	struct lockout *lockout;
	struct login_report report;
	struct log_limit failures;
	struct log_limit locked;
	struct log_limit in_urls;
};

/* Whom a request says it is from. */
struct credentials {
	char text[CREDENTIALS_MAX]; /* NAME:SECRET, or SECRET; cut at the colon */
	const char *name;           /* "" = by the secret alone */
	const char *secret;
};

struct login *
login_new(struct service *service)
{
	struct login *login = calloc(1, sizeof(*login));

	if (login == NULL)
		return NULL;
	login->service = service;
	login->lockout = lockout_new();
	if (login->lockout == NULL) {
		free(login);
		return NULL;
	}
	return login;
}

void
login_free(struct login *login)
{
	if (login == NULL)
		return;
	lockout_free(login->lockout);
	free(login);
}

/* --- what was sent --- */

/* Behind the scheme and its blanks, or NULL where it is another one. */
static const char *
skip_scheme(const char *header, const char *scheme)
{
	size_t length = strlen(scheme);

	if (strncasecmp(header, scheme, length) != 0 || header[length] != ' ')
		return NULL;
	return header + length + strspn(header + length, " ");
}

/* Takes "NAME:SECRET" or "SECRET" apart, which stands in text. */
static void
split(struct credentials *credentials, bool needs_name)
{
	char *colon = strchr(credentials->text, ':');

	credentials->name = "";
	credentials->secret = credentials->text;
	if (colon == NULL && needs_name) {
		credentials->name = credentials->text;
		credentials->secret = "";
	} else if (colon != NULL) {
		*colon = '\0';
		credentials->name = credentials->text;
		credentials->secret = colon + 1;
	}
}

static bool
take_text(struct credentials *credentials, const char *name, const char *colon, const char *secret)
{
	int length = snprintf(credentials->text, sizeof(credentials->text), "%s%s%s", name, colon,
	    secret);

	return length >= 0 && (size_t)length < sizeof(credentials->text);
}

/* "Basic" of RFC 7617, "Bearer" of RFC 6750. False: neither, or not as it has to be. */
static bool
read_header(const char *header, struct credentials *credentials)
{
	const char *value = skip_scheme(header, "Basic");
	size_t size;

	if (value != NULL) {
		if (base64_decode(value, (uint8_t *)credentials->text,
			sizeof(credentials->text) - 1, &size) != STATUS_OK ||
		    memchr(credentials->text, '\0', size) != NULL)
			return false;
		credentials->text[size] = '\0';
		split(credentials, true);
		return true;
	}
	value = skip_scheme(header, "Bearer");
	if (value == NULL || !take_text(credentials, "", "", value))
		return false;
	split(credentials, false);
	return true;
}

static const char *
first_argument(const struct http_exchange *exchange, const char *name, const char *other)
{
	const char *value = http_argument(exchange, name);

	return value != NULL ? value : http_argument(exchange, other);
}

/* STATUS_NOT_FOUND: there are none. */
static enum status
read_query(const struct http_exchange *exchange, struct credentials *credentials)
{
	const char *token = http_argument(exchange, "token");
	const char *name = first_argument(exchange, "username", "user");
	const char *secret = first_argument(exchange, "password", "pass");
	bool fits;

	if (token != NULL)
		fits = take_text(credentials, "", "", token);
	else if (name != NULL && secret != NULL)
		fits = take_text(credentials, name, ":", secret);
	else
		return STATUS_NOT_FOUND;
	if (fits)
		split(credentials, token == NULL);
	return fits ? STATUS_OK : STATUS_MALFORMED;
}

/* STATUS_MALFORMED: there is something, but no credentials. */
static enum status
read_credentials(struct login *login, const struct http_exchange *exchange, bool takes_query,
    struct credentials *credentials)
{
	const char *header = http_header(exchange, "Authorization");
	uint64_t left_out;
	enum status status;

	/* Which of several counts is not for us to guess: who stands in front may see another one. */
	if (http_header_count(exchange, "Authorization") > 1)
		return STATUS_MALFORMED;
	if (header != NULL)
		return read_header(header, credentials) ? STATUS_OK : STATUS_MALFORMED;
	status = read_query(exchange, credentials);
	if (status == STATUS_NOT_FOUND || takes_query)
		return status;
	if (log_limit_allows(&login->in_urls, &left_out))
		log_notice(
		    "http: %s sent a key in a URL, which was not looked at; have the client use "
		    "HTTP authentication, or set secrets-in-urls in listen \"http\" for "
		    "/nic/update",
		    http_peer(exchange)->who);
	return STATUS_NOT_FOUND;
}

/* --- who that is --- */

static struct key *
find_key(struct login *login, const struct credentials *credentials, bool *ret_is_known)
{
	struct keyring *keyring = service_keyring(login->service);
	bool is_named = credentials->name[0] != '\0';
	struct name name;

	*ret_is_known = false;
	if (keyring == NULL)
		return NULL;
	/* What cannot be a key's name is looked for all the same: it takes as long. */
	if (is_named && name_from_text(credentials->name, &name) != STATUS_OK)
		name = (struct name){ 0 };
	*ret_is_known = is_named && keyring_find(keyring, name.wire) != NULL;
	return keyring_log_in(keyring, is_named ? name.wire : NULL, credentials->secret,
	    clock_wall_s());
}

/*
 * True where the secret stands in the place of the name: people mix the two fields up, and no log may
 * tell. No name has these characters, and most secrets end with one.
 */
static bool
is_secret(struct login *login, const struct credentials *credentials)
{
	struct keyring *keyring = service_keyring(login->service);

	if (credentials->name[0] == '\0')
		return false;
	/* As it was given: the name is lower-cased by now. */
	return strpbrk(credentials->text, "+=") != NULL ||
	    (keyring != NULL &&
		keyring_log_in(keyring, NULL, credentials->text, clock_wall_s()) != NULL);
}

static void
note_failure(struct login *login, const struct http_peer *peer,
    const struct credentials *credentials, bool is_known)
{
	uint64_t left_out = 0;
	bool is_misplaced;

	login->report.failed++;
	lockout_note_failure(login->lockout, &peer->source, credentials->name,
	    strlen(credentials->name), clock_now_ms());
	if (!log_limit_allows(&login->failures, &left_out))
		return;
	if (left_out > 0)
		log_warning("http: %" PRIu64 " more log-ins failed", left_out);
	/* Also for a name that is known: it takes as long. */
	is_misplaced = is_secret(login, credentials);
	if (is_known)
		log_warning("http: wrong secret for the key %.255s from %s", credentials->name,
		    peer->who);
	else if (is_misplaced)
		log_warning("http: %s gave a secret where the name belongs (user name: the key's "
			    "name, password: its secret)",
		    peer->who);
	else if (credentials->name[0] != '\0')
		log_warning("http: there is no key \"%.255s\", which %s gave (user name: the key's "
			    "name, password: its secret)",
		    credentials->name, peer->who);
	else
		log_warning("http: no key has the secret that %s gave", peer->who);
}

/* True while nobody from there is heard as that name. */
static bool
is_locked_out(struct login *login, struct http_peer *peer, const struct credentials *credentials)
{
	const char *name = credentials->name;
	int64_t wait_ms = lockout_wait_ms(login->lockout, &peer->source, name, strlen(name),
	    clock_now_ms());
	uint64_t left_out;

	if (wait_ms <= 0)
		return false;
	login->report.locked++;
	peer->login = STATUS_LIMITED;
	peer->wait_s = (unsigned)((wait_ms + SECOND_MS - 1) / SECOND_MS);
	if (log_limit_allows(&login->locked, &left_out))
		log_warning(
		    "http: after too many failed log-ins \"%.255s\" from %s is not heard for "
		    "%u s",
		    is_secret(login, credentials) ? "(a secret)" : name, peer->who, peer->wait_s);
	return true;
}

static void
log_in(struct login *login, struct http_peer *peer, const struct credentials *credentials)
{
	bool is_known;
	struct key *key = find_key(login, credentials, &is_known);
	struct principal *principal;
	uint64_t left_out;

	if (key == NULL) {
		note_failure(login, peer, credentials, is_known);
		peer->login = STATUS_UNAUTHENTICATED;
		return;
	}
	lockout_note_success(login->lockout, &peer->source, credentials->name,
	    strlen(credentials->name), clock_now_ms());
	principal = key_principal(key);
	if (!policy_may_speak_from(principal, &peer->source)) {
		peer->login = STATUS_REFUSED;
		if (log_limit_allows(&principal->refusals, &left_out))
			log_warning(
			    "http: the key %s may not be used from %s: its `from` does not cover it",
			    principal->identity, peer->who);
		return;
	}
	key_note_use(key, clock_wall_s(), &peer->source);
	peer->login = STATUS_OK;
	peer->principal = principal;
	peer->sees_all |= principal->is_admin || principal->may_look;
}

void
login_identify(struct login *login, struct http_exchange *exchange, bool takes_query,
    struct http_peer *peer)
{
	struct credentials credentials = { .name = "", .secret = "" };
	char name_text[NAME_TEXT_MAX];
	struct name name;
	enum status status = read_credentials(login, exchange, takes_query, &credentials);

	peer->login = STATUS_NOT_FOUND;
	if (status == STATUS_MALFORMED) {
		credentials.name = "";
		credentials.secret = "";
	}
	/* However it is written, failures of one name count together. */
	if (name_from_text(credentials.name, &name) == STATUS_OK)
		credentials.name = name_to_text(name.wire, name_text);
	if (status != STATUS_NOT_FOUND && !is_locked_out(login, peer, &credentials))
		log_in(login, peer, &credentials);
	explicit_bzero(&credentials, sizeof(credentials));
}

void
login_forget_failures(struct login *login)
{
	lockout_forget_failures(login->lockout);
}

void
login_report(const struct login *login, struct login_report *ret_report)
{
	*ret_report = login->report;
}
