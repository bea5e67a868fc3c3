/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Log-ins over HTTP, one after the other: whatever is tried, nobody is let in without a key's secret, whoever
 * has it is, and guesses run into the lock-out.
 *
 * An input is lines. The first character of each is where the client is, the second what it says in the rest:
 * B its Basic credentials, before they are encoded; T a token; H a whole header; Q a query; + time
 * passes. Marks stand for credentials (credentials.h).
 */
#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/fake_exchange.h"
#include "auth/lockout.h"
#include "base/clock.h"
#include "doors/login.h"

#include "credentials.h"
#include "quiet_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 8192,
	LINE_MAX_SIZE = 4096,
	OLD_FOR_S = 1000,
	UPDATES = 60,
};

static const char *const places[] = { "192.0.2.77", "198.51.100.7", "2001:db8::7" };

/* The laptop may speak from the first one only. */
enum { PLACE_OF_LAPTOP, PLACES = sizeof(places) / sizeof(places[0]) };

static const int64_t times_s[10] = { 0, 1, 2, 5, 30, 60, 900, 1000, 3600, 86400 };

/* What happened at one place. */
struct guesses {
	unsigned attempts; /* that did not succeed */
	unsigned
	    at_once; /* of these, those that were looked at since time went by or one succeeded */
	int64_t last_wall_s; /* of those attempts */
};

static struct service *service;
static struct login *login;
static struct guesses guesses[PLACES];
static uint64_t failed;
static uint64_t locked;
static int64_t passed_s;

/* --- time --- */

static int64_t
now_ns(void)
{
	return (1000 + passed_s) * 1000000000;
}

static int64_t
wall_s(void)
{
	return WORLD_WALL_S + passed_s;
}

/* --- the log --- */

void
quiet_log_look(const char *line, size_t length)
{
	expect(memchr(line, '\0', length) == NULL);
}

/* --- keys --- */

/* That of the long name, which is never said. */
static const uint8_t unsaid[] = "what is the secret now, 32 octets";

static void
add_key(struct keyring *keyring, enum world_key which, const struct network *sources)
{
	bool is_old = which == WORLD_LONG;
	struct key_options options = {
		.name_text = world_key_names[which],
		.algorithm = TSIG_HMAC_SHA256,
		.secret = is_old ? unsaid : world_secrets[which],
		.secret_size = WORLD_SECRET_SIZE,
		.old_secret = is_old ? world_secrets[which] : NULL,
		.old_secret_size = is_old ? WORLD_SECRET_SIZE : 0,
		.old_until_s = WORLD_WALL_S + OLD_FOR_S,
		.is_admin = which == WORLD_ADMIN,
		.may_look = is_old,
		.sources = sources,
		.source_count = sources != NULL,
		.updates_per_minute = UPDATES,
	};

	expect(name_from_text(world_key_names[which], &options.name) == STATUS_OK);
	expect(keyring_add(keyring, &options) == STATUS_OK);
}

/* Once: log-ins change nothing of it. */
static void
build_service(void)
{
	static const struct service_options options = { .names_max = 1 };
	struct keyring *keyring = keyring_new();
	struct loop *loop = loop_new();
	struct registry *registry = registry_new();
	struct network place;

	expect(keyring != NULL && loop != NULL && registry != NULL);
	service = service_new(loop, registry, &options);
	expect(service != NULL);
	expect(network_from_text(places[PLACE_OF_LAPTOP], &place) == STATUS_OK);
	add_key(keyring, WORLD_ADMIN, NULL);
	add_key(keyring, WORLD_LAPTOP, &place);
	add_key(keyring, WORLD_LONG, NULL);
	service_set_access(service, keyring, NULL, 0);
}

/* --- the model --- */

/* Base64 with both alphabets, and whatever is neither left out: more than any server takes. */
static void
decode_all(const char *text, struct buffer *octets)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned bits = 0;
	unsigned count = 0;

	for (; *text != '\0'; text++) {
		char plain = *text == '-' ? '+' : *text == '_' ? '/' : *text;
		const char *at = strchr(alphabet, plain);

		if (at == NULL)
			continue;
		bits = bits << 6 | (unsigned)(at - alphabet);
		count += 6;
		if (count >= 8) {
			char octet = (char)(bits >> (count - 8));

			count -= 8;
			(void)buffer_append(octets, &octet, 1);
		}
	}
}

/* True when the secret stands somewhere in the octets, in either alphabet. */
static bool
has_secret(const char *octets, size_t length, enum world_key key)
{
	char secret[CREDENTIALS_SECRET_SIZE];
	size_t size = strcspn(credentials_secret(key, secret), "=");

	for (size_t i = 0; i + size <= length; i++) {
		size_t same = 0;

		while (same < size &&
		    (octets[i + same] == secret[same] ||
			(octets[i + same] == '-' && secret[same] == '+') ||
			(octets[i + same] == '_' && secret[same] == '/')))
			same++;
		if (same == size)
			return true;
	}
	return false;
}

/* True when this could be taken for the key's secret by somebody careless. */
static bool
says_secret(const struct http_exchange *exchange, enum world_key key)
{
	const char *header = http_header(exchange, "Authorization");
	struct buffer decoded;
	bool says = false;

	for (size_t i = 0; http_argument_name(exchange, i) != NULL; i++) {
		const char *value = http_argument_value(exchange, i);

		says |= has_secret(value, strlen(value), key);
	}
	if (header == NULL)
		return says;
	buffer_init(&decoded, LINE_MAX_SIZE);
	header += strcspn(header, " \t");
	decode_all(header, &decoded);
	says |= has_secret(header, strlen(header), key) ||
	    (decoded.length > 0 && has_secret(decoded.data, decoded.length, key));
	buffer_release(&decoded);
	return says;
}

static enum world_key
key_of(const struct principal *principal)
{
	enum world_key key = 0;

	while (key < WORLD_KEYS && strcmp(world_key_names[key], principal->identity) != 0)
		key++;
	expect(key < WORLD_KEYS);
	return key;
}

static void
check_let_in(const struct http_exchange *exchange, const struct http_peer *peer, unsigned place)
{
	enum world_key key = key_of(peer->principal);

	expect(says_secret(exchange, key));
	expect(key != WORLD_LAPTOP || place == PLACE_OF_LAPTOP);
	expect(key != WORLD_LONG || passed_s < OLD_FOR_S);
	expect(peer->sees_all == (key != WORLD_LAPTOP));
}

/* Few guesses are looked at, and a while after the last one everybody has another. */
static void
check_lockout(const struct http_peer *peer, unsigned place)
{
	struct guesses *here = &guesses[place];

	expect((peer->login == STATUS_LIMITED) == (peer->wait_s > 0));
	if (peer->login == STATUS_LIMITED) {
		expect(here->attempts >= LOCKOUT_FREE_PAIR);
		expect(wall_s() - here->last_wall_s <= LOCKOUT_LAST_MS / 1000);
		expect(peer->wait_s <= LOCKOUT_LAST_MS / 1000);
		locked++;
	}
	if (peer->login == STATUS_UNAUTHENTICATED) {
		expect(here->at_once++ <= LOCKOUT_FREE_SOURCE);
		failed++;
	}
	/* Whoever has a secret gets some of the guesses back. */
	if (peer->login == STATUS_OK || peer->login == STATUS_REFUSED)
		here->at_once = 0;
	if (peer->login != STATUS_OK && peer->login != STATUS_NOT_FOUND) {
		here->attempts++;
		here->last_wall_s = wall_s();
	}
}

static void
check_report(void)
{
	struct login_report report;

	login_report(login, &report);
	expect(report.failed == failed && report.locked == locked);
}

/* What comes of the credentials when they are looked at: name and secret as the key's file has them. */
static enum status
status_of_key(enum world_key key, unsigned place)
{
	if (key == WORLD_LONG && passed_s >= OLD_FOR_S)
		return STATUS_UNAUTHENTICATED;
	return key == WORLD_LAPTOP && place != PLACE_OF_LAPTOP ? STATUS_REFUSED : STATUS_OK;
}

static void
check_known(const struct http_peer *peer, const char *said, unsigned place)
{
	char secret[CREDENTIALS_SECRET_SIZE];
	char token[LINE_MAX_SIZE];

	for (enum world_key key = 0; key < WORLD_KEYS; key++) {
		(void)snprintf(token, sizeof(token), "%s:%s", world_key_names[key],
		    credentials_secret(key, secret));
		if (strcmp(token, said) == 0 && peer->login != STATUS_LIMITED)
			expect(peer->login == status_of_key(key, place));
	}
}

/* --- one attempt --- */

static void
identify(struct http_exchange *exchange, unsigned place, const char *said, bool takes_query)
{
	struct http_peer peer = exchange->peer;

	login_identify(login, exchange, takes_query, &peer);
	expect((peer.login == STATUS_OK) == (peer.principal != NULL));
	expect(peer.login == STATUS_OK || !peer.sees_all);
	expect(memchr(peer.who, '\0', sizeof(peer.who)) != NULL);
	for (const char *at = peer.who; *at != '\0'; at++)
		expect(isprint((unsigned char)*at));
	if (peer.principal != NULL)
		check_let_in(exchange, &peer, place);
	check_lockout(&peer, place);
	check_known(&peer, said, place);
	check_report();
}

/* What the header is: "" for none. */
static void
write_header(char kind, const char *text, size_t length, struct buffer *header)
{
	char basic[BASE64_TEXT_SIZE(LINE_MAX_SIZE)];

	if (kind == 'B')
		(void)buffer_append_text(header, "Basic ");
	if (kind == 'T')
		(void)buffer_append_text(header, "Bearer ");
	if (kind == 'B')
		(void)buffer_append_text(header,
		    base64_encode((const uint8_t *)text, length, basic));
	else if (kind != 'Q')
		(void)buffer_append(header, text, length);
	(void)buffer_append(header, "", 1);
}

/* The line has its marks replaced, and ends with a NUL that does not count. */
static void
attempt(unsigned place, char kind, const char *text, size_t length)
{
	static const char path[] = "/nic/update?";
	char target[sizeof(path) + LINE_MAX_SIZE];
	struct http_peer peer = { .door = "https", .login = STATUS_NOT_FOUND };
	struct http_argument headers[] = { { "Authorization", NULL }, { NULL, NULL } };
	struct http_exchange exchange;
	struct buffer header;

	expect(address_from_text(places[place], &peer.source) == STATUS_OK);
	(void)snprintf(peer.who, sizeof(peer.who), "%s", places[place]);
	(void)snprintf(target, sizeof(target), "%s%s", path, kind == 'Q' ? text : "");
	if (!fake_begin(&exchange, &peer, "GET", target, "", 0))
		return;
	buffer_init(&header, 2 * LINE_MAX_SIZE);
	write_header(kind, text, length, &header);
	headers[0].value = header.data;
	exchange.asked = kind == 'Q' ? NULL : headers;
	/* A NUL would end what is said. */
	identify(&exchange, place,
	    (kind == 'B' || kind == 'T') && strlen(text) == length ? text : "", kind == 'Q');
	buffer_release(&header);
	fake_end(&exchange);
}

static void
pass_time(char digit)
{
	passed_s += isdigit((unsigned char)digit) ? times_s[digit - '0'] : 1;
	for (size_t i = 0; i < PLACES; i++)
		guesses[i].at_once = 0;
}

static void
take_line(const uint8_t *line, size_t size)
{
	struct buffer text;
	enum world_key key;
	unsigned place;

	if (size < 2)
		return;
	if (line[1] == '+') {
		pass_time(size > 2 ? (char)line[2] : '0');
		return;
	}
	place = line[0] % PLACES;
	buffer_init(&text, LINE_MAX_SIZE);
	for (size_t i = 2; i < size;) {
		bool is_mark = credentials_append_mark(line + i, size - i, &text, &key);

		if (!is_mark)
			(void)buffer_append(&text, line + i, 1);
		i += is_mark ? CREDENTIALS_MARK_SIZE : 1;
	}
	if (buffer_append(&text, "", 1) == STATUS_OK)
		attempt(place, (char)line[1], text.data, text.length - 1);
	buffer_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock_source source = { now_ns, wall_s };
	const uint8_t *end = data + size;

	if (size > INPUT_MAX)
		return 0;
	passed_s = 0;
	clock_replace(&source);
	if (service == NULL)
		build_service();
	memset(guesses, 0, sizeof(guesses));
	failed = 0;
	locked = 0;
	login = login_new(service);
	expect(login != NULL);
	while (data < end) {
		const uint8_t *newline = memchr(data, '\n', (size_t)(end - data));
		const uint8_t *stop = newline != NULL ? newline : end;

		take_line(data, (size_t)(stop - data));
		data = newline != NULL ? newline + 1 : end;
	}
	login_free(login);
	clock_replace(NULL);
	return 0;
}
