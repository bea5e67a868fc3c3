/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * doors/http_tls, and doors/http_server over it: certificates read and replaced, and clients that are good,
 * old, slow or gone. Keys are made as the tests run.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "doors/http_server.h"
#include "doors/http_tls.h"
#include "http_client.h"
#include "http_running.h"
#include "skewed_clock.h"

enum {
	CONNECTIONS = 8,
	STREAMS = 2,
	IDLE_MS = 2000,
	MARGIN_MS = 800, /* of real time, which the machine may take meanwhile */
	REQUEST_MS = 3000,
	BODY_MAX = 100000,
	BIG = 1 << 20,
	MANY = 50,
	TEXT_MAX = 4096,
	PEM_MAX = 65536,
	DAY_S = 86400,
};

static char certificate_path[PATH_MAX];
static char key_path[PATH_MAX];
static struct http_tls *tls;
static char problem[HTTP_TLS_PROBLEM_MAX];

/* --- certificates --- */

struct identity {
	gnutls_x509_privkey_t key;
	gnutls_x509_crt_t certificate;
};

static void
check(int code)
{
	if (code < 0)
		fail_msg("GnuTLS: %s", gnutls_strerror(code));
}

/* Of this name, signed by issuer, or by itself. */
static void
make_identity(struct identity *identity, const char *name, gnutls_pk_algorithm_t algorithm,
    const struct identity *issuer, int64_t from_s, int64_t until_s)
{
	static const unsigned char address[] = { 192, 0, 2, 7 };
	static unsigned char serial = 1;
	unsigned bits = algorithm == GNUTLS_PK_RSA
	    ? 2048
	    : (unsigned)GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1);

	serial++;
	check(gnutls_x509_privkey_init(&identity->key));
	check(gnutls_x509_privkey_generate(identity->key, algorithm, bits, 0));
	check(gnutls_x509_crt_init(&identity->certificate));
	check(gnutls_x509_crt_set_version(identity->certificate, 3));
	check(gnutls_x509_crt_set_serial(identity->certificate, &serial, 1));
	check(gnutls_x509_crt_set_dn_by_oid(identity->certificate, GNUTLS_OID_X520_COMMON_NAME, 0,
	    name, (unsigned)strlen(name)));
	check(gnutls_x509_crt_set_subject_alt_name(identity->certificate, GNUTLS_SAN_DNSNAME, name,
	    (unsigned)strlen(name), GNUTLS_FSAN_APPEND));
	check(gnutls_x509_crt_set_subject_alt_name(identity->certificate, GNUTLS_SAN_IPADDRESS,
	    address, sizeof(address), GNUTLS_FSAN_APPEND));
	check(gnutls_x509_crt_set_activation_time(identity->certificate, (time_t)from_s));
	check(gnutls_x509_crt_set_expiration_time(identity->certificate, (time_t)until_s));
	check(gnutls_x509_crt_set_key(identity->certificate, identity->key));
	if (issuer == NULL)
		issuer = identity;
	check(gnutls_x509_crt_sign2(identity->certificate, issuer->certificate, issuer->key,
	    GNUTLS_DIG_SHA256, 0));
}

static void
make_simple(struct identity *identity, const char *name)
{
	make_identity(identity, name, GNUTLS_PK_ECDSA, NULL, SKEWED_WALL_S - DAY_S,
	    SKEWED_WALL_S + DAY_S);
}

static void
release_identity(struct identity *identity)
{
	gnutls_x509_privkey_deinit(identity->key);
	gnutls_x509_crt_deinit(identity->certificate);
}

static void
append_certificate(const struct identity *identity, char pem[static PEM_MAX])
{
	gnutls_datum_t text;

	check(gnutls_x509_crt_export2(identity->certificate, GNUTLS_X509_FMT_PEM, &text));
	assert_true(strlen(pem) + text.size < PEM_MAX);
	strncat(pem, (const char *)text.data, text.size);
	gnutls_free(text.data);
}

/* Leaf first. */
static void
write_chain(const struct identity *const *identities, size_t count)
{
	static char pem[PEM_MAX];

	pem[0] = '\0';
	for (size_t i = 0; i < count; i++)
		append_certificate(identities[i], pem);
	folder_write(&folder, "server.crt", pem);
}

/* password NULL: PKCS #1 or SEC 1 without one; "": PKCS #8 without; else PKCS #8 with it. */
static void
write_key(const struct identity *identity, const char *password)
{
	static char pem[PEM_MAX];
	size_t size = sizeof(pem);

	if (password == NULL)
		check(gnutls_x509_privkey_export(identity->key, GNUTLS_X509_FMT_PEM, pem, &size));
	else
		check(gnutls_x509_privkey_export_pkcs8(identity->key, GNUTLS_X509_FMT_PEM, password,
		    password[0] != '\0' ? GNUTLS_PKCS_PBES2_AES_256 : GNUTLS_PKCS_PLAIN, pem,
		    &size));
	pem[size] = '\0';
	folder_write(&folder, "server.key", pem);
}

static void
write_pair(const struct identity *identity)
{
	write_chain(&identity, 1);
	write_key(identity, NULL);
}

static void
write_simple(const char *name)
{
	struct identity identity;

	make_simple(&identity, name);
	write_pair(&identity);
	release_identity(&identity);
}

static enum status
load(void)
{
	enum status status;

	problem[0] = '\0';
	status = http_tls_load(certificate_path, key_path, &tls, problem);
	assert_int_equal(status == STATUS_OK, problem[0] == '\0');
	return status;
}

static bool
reload(void)
{
	bool is_new;

	assert_int_equal(http_tls_reload(tls, certificate_path, key_path, &is_new, problem),
	    STATUS_OK);
	return is_new;
}

/* --- reading --- */

static int
set_up_files(void **state)
{
	(void)state;
	tls = NULL;
	folder_make(&folder);
	(void)folder_entry(&folder, "server.crt", certificate_path);
	(void)folder_entry(&folder, "server.key", key_path);
	return 0;
}

static int
tear_down_files(void **state)
{
	(void)state;
	http_tls_free(tls);
	folder_remove(&folder);
	return 0;
}

static void
a_pair_is_read_with_its_names_and_times(void **state)
{
	(void)state;
	write_simple("pi.home.arpa");
	assert_int_equal(load(), STATUS_OK);
	assert_string_equal(http_tls_names(tls), "pi.home.arpa, 192.0.2.7");
	assert_int_equal(http_tls_valid_from_s(tls), SKEWED_WALL_S - DAY_S);
	assert_int_equal(http_tls_valid_until_s(tls), SKEWED_WALL_S + DAY_S);
}

static void
keys_of_rsa_and_ecdsa_in_both_forms_are_read(void **state)
{
	static const gnutls_pk_algorithm_t algorithms[] = { GNUTLS_PK_RSA, GNUTLS_PK_ECDSA };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct identity identity;

		make_identity(&identity, "pi.home.arpa", algorithms[i], NULL, SKEWED_WALL_S,
		    SKEWED_WALL_S + 1);
		write_pair(&identity);
		assert_int_equal(load(), STATUS_OK);
		http_tls_free(tls);
		write_key(&identity, "");
		assert_int_equal(load(), STATUS_OK);
		http_tls_free(tls);
		tls = NULL;
		release_identity(&identity);
	}
}

static void
a_certificate_that_is_over_is_read_and_says_so(void **state)
{
	struct identity identity;

	(void)state;
	make_identity(&identity, "pi", GNUTLS_PK_ECDSA, NULL, 1000000000, 1000000001);
	write_pair(&identity);
	release_identity(&identity);
	assert_int_equal(load(), STATUS_OK);
	assert_int_equal(http_tls_valid_until_s(tls), 1000000001);
}

static void
a_key_of_another_certificate_is_refused(void **state)
{
	struct identity other;

	(void)state;
	write_simple("pi.home.arpa");
	make_simple(&other, "pi.home.arpa");
	write_key(&other, NULL);
	release_identity(&other);
	assert_int_equal(load(), STATUS_REFUSED);
	assert_non_null(
	    strstr(problem, "server.key: the key does not belong to the certificate in "));
}

static void
a_chain_that_begins_with_its_issuer_is_refused_with_the_mend(void **state)
{
	struct identity issuer;
	struct identity leaf;
	const struct identity *const chain[] = { &issuer, &leaf };

	(void)state;
	make_simple(&issuer, "issuer");
	make_identity(&leaf, "pi", GNUTLS_PK_ECDSA, &issuer, SKEWED_WALL_S, SKEWED_WALL_S + 1);
	write_chain(chain, 2);
	write_key(&leaf, NULL);
	release_identity(&issuer);
	release_identity(&leaf);
	assert_int_equal(load(), STATUS_REFUSED);
	assert_non_null(strstr(problem, "own certificate must be the first in it"));
}

/* As where somebody gives the file of all authorities that a system knows. */
static void
a_chain_that_is_longer_than_any_is_refused_with_the_mend(void **state)
{
	enum { LONG = 17 };
	const struct identity *chain[LONG];
	struct identity identity;
	struct identity other;

	(void)state;
	make_simple(&identity, "pi");
	make_simple(&other, "an authority");
	chain[0] = &identity;
	for (size_t i = 1; i < LONG; i++)
		chain[i] = &other;
	write_key(&identity, NULL);
	write_chain(chain, LONG);
	release_identity(&identity);
	release_identity(&other);
	assert_int_equal(load(), STATUS_REFUSED);
	assert_non_null(strstr(problem, "server.crt: has 17 certificates, which no chain has"));
}

static void
a_key_with_a_password_is_refused_with_the_mend(void **state)
{
	struct identity identity;

	(void)state;
	make_simple(&identity, "pi");
	write_chain(&(const struct identity *){ &identity }, 1);
	write_key(&identity, "secret");
	release_identity(&identity);
	assert_int_equal(load(), STATUS_REFUSED);
	assert_non_null(strstr(problem, "locked with a password"));
	assert_non_null(strstr(problem, "openssl pkey"));
}

static void
files_that_are_not_what_they_should_be_are_named(void **state)
{
	static char large[300000];
	static const struct {
		const char *file;
		const char *text;
	} cases[] = {
		{ "server.crt", "" },
		{ "server.crt", "nothing" },
		{ "server.crt", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n" },
		{ "server.crt", "-----BEGIN CERTIFICATE-----\n" },
		{ "server.crt", large },
		{ "server.key", "" },
		{ "server.key", "nothing" },
		{ "server.key",
		    "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n" },
		{ "server.key", "-----BEGIN EC PRIVATE KEY-----\n" },
		{ "server.key", large },
	};

	(void)state;
	memset(large, 'x', sizeof(large) - 1);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_simple("pi");
		folder_write(&folder, cases[i].file, cases[i].text);
		assert_int_not_equal(load(), STATUS_OK);
		assert_non_null(strstr(problem, cases[i].file));
		assert_null(strstr(problem, "c2VjcmV0"));
	}
	write_simple("pi");
	assert_int_equal(unlink(key_path), 0);
	assert_int_equal(load(), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, "server.key: there is no such file"));
}

static void
files_that_have_not_changed_are_not_new_and_broken_ones_change_nothing(void **state)
{
	bool is_new;

	(void)state;
	write_simple("one.home.arpa");
	assert_int_equal(load(), STATUS_OK);
	assert_false(reload());
	write_simple("two.home.arpa");
	assert_true(reload());
	assert_string_equal(http_tls_names(tls), "two.home.arpa, 192.0.2.7");
	folder_write(&folder, "server.key", "broken");
	assert_int_equal(http_tls_reload(tls, certificate_path, key_path, &is_new, problem),
	    STATUS_MALFORMED);
	assert_string_equal(http_tls_names(tls), "two.home.arpa, 192.0.2.7");
}

/* --- a server --- */

static struct {
	unsigned received;
	unsigned released;
	bool keeps_waiting;
	struct http_exchange *stream;
	struct http_exchange *waiting;
} seen;

static size_t
body_max(void *context, const char *method, const char *text, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)text;
	(void)peer;
	return BODY_MAX;
}

static void
answer(struct http_exchange *exchange, const char *octets, size_t length)
{
	assert_int_equal(http_answer(exchange, 200, "text/plain", octets, length), STATUS_OK);
}

static void
receive(void *context, struct http_exchange *exchange)
{
	static char big[BIG];
	const char *text = http_path(exchange);
	size_t length;
	const char *body = http_body(exchange, &length);

	(void)context;
	seen.received++;
	if (strcmp(text, "/wait") == 0) {
		seen.waiting = exchange;
		http_wait(exchange);
	} else if (strcmp(text, "/stream") == 0) {
		seen.stream = exchange;
		assert_true(http_stream(exchange, "text/event-stream"));
	} else if (strcmp(text, "/big") == 0) {
		memset(big, 'x', sizeof(big));
		answer(exchange, big, sizeof(big));
	} else if (strcmp(text, "/echo") == 0) {
		answer(exchange, body, length);
	} else {
		answer(exchange, text, strlen(text));
	}
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	(void)commit_status;
	if (!seen.keeps_waiting)
		answer(exchange, "durable", 7);
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	seen.released++;
	if (exchange == seen.stream)
		seen.stream = NULL;
	if (exchange == seen.waiting)
		seen.waiting = NULL;
}

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	(void)connection;
	ret_peer->door = "test";
	return true;
}

static void
end_turn(void *context)
{
	(void)context;
	turns++;
	http_server_flush(server, STATUS_OK);
}

static int
set_up(void **state)
{
	static const struct http_site site = { NULL, NULL, body_max, receive, finish, release };
	static const struct http_limits limits = { .connections_max = CONNECTIONS,
		.streams_max = STREAMS,
		.idle_ms = IDLE_MS,
		.request_ms = REQUEST_MS };

	(void)set_up_files(state);
	memset(&seen, 0, sizeof(seen));
	skewed_clock_use();
	write_simple("one.home.arpa");
	assert_int_equal(load(), STATUS_OK);
	loop = loop_new();
	assert_non_null(loop);
	server = http_server_new_secure(loop, &site, identify, NULL, &limits, tls);
	start_listening();
	loop_at_turn_end(loop, end_turn, NULL);
	return 0;
}

static int
tear_down(void **state)
{
	http_server_free(server);
	assert_int_equal(seen.received, seen.released);
	loop_free(loop);
	clock_replace(NULL);
	return tear_down_files(state);
}

/* --- a client, in the same thread --- */

#define MODERN "NORMAL"
#define ONLY_12 "NORMAL:-VERS-ALL:+VERS-TLS1.2"
#define ONLY_13 "NORMAL:-VERS-ALL:+VERS-TLS1.3"

struct client {
	int fd;
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
};

static void
begin(struct client *client, const char *priorities)
{
	client->fd = http_client_connect(path);
	check(gnutls_certificate_allocate_credentials(&client->credentials));
	check(gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL));
	check(gnutls_priority_set_direct(client->session, priorities, NULL));
	check(gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->credentials));
	assert_int_equal(fcntl(client->fd, F_SETFL, O_NONBLOCK), 0);
	gnutls_transport_set_int(client->session, client->fd);
}

static void
end(struct client *client)
{
	gnutls_deinit(client->session);
	gnutls_certificate_free_credentials(client->credentials);
	(void)close(client->fd);
}

static time_t
limit_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + HTTP_CLIENT_LIMIT_MS / 1000;
}

static bool
is_to_go_on(int code, time_t until_s)
{
	struct timespec now;

	if (code != GNUTLS_E_AGAIN && code != GNUTLS_E_INTERRUPTED)
		return false;
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	assert_true(now.tv_sec <= until_s);
	assert_int_equal(loop_turn(loop, 10), STATUS_OK);
	return true;
}

static int
shake_hands(struct client *client)
{
	time_t until_s = limit_s();
	int code;

	do
		code = gnutls_handshake(client->session);
	while (is_to_go_on(code, until_s));
	return code;
}

static void
connect_with(struct client *client, const char *priorities)
{
	begin(client, priorities);
	check(shake_hands(client));
}

/* A record. */
static void
say(struct client *client, const char *text)
{
	time_t until_s = limit_s();
	size_t length = strlen(text);

	while (length > 0) {
		ssize_t count = gnutls_record_send(client->session, text, length);

		if (is_to_go_on((int)count, until_s))
			continue;
		check((int)count);
		text += count;
		length -= (size_t)count;
	}
}

/* Octets; 0 at its end; or what went wrong. */
static ssize_t
hear(struct client *client, char *octets, size_t room)
{
	time_t until_s = limit_s();
	ssize_t count;

	do
		count = gnutls_record_recv(client->session, octets, room);
	while (is_to_go_on((int)count, until_s));
	return count;
}

static void
expect(struct client *client, const char *text)
{
	char got[TEXT_MAX];
	size_t length = 0;

	while (length < strlen(text)) {
		ssize_t count = hear(client, got + length, strlen(text) - length);

		if (count <= 0)
			fail_msg("%s in the place of %s", gnutls_strerror((int)count),
			    text + length);
		length += (size_t)count;
	}
	assert_memory_equal(got, text, length);
}

/* Octet by octet, up to the end of the headers, and then the body. */
static void
expect_body(struct client *client, const char *text)
{
	char head[TEXT_MAX] = "";
	size_t length = 0;

	while (strstr(head, "\r\n\r\n") == NULL) {
		assert_true(length + 1 < sizeof(head));
		assert_int_equal(hear(client, head + length, 1), 1);
		length++;
		head[length] = '\0';
	}
	assert_non_null(strstr(head, " 200 "));
	expect(client, text);
}

static void
ask(struct client *client, const char *target)
{
	char request[TEXT_MAX];

	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	say(client, request);
	expect_body(client, target);
}

static void
begin_stream(struct client *client)
{
	connect_with(client, MODERN);
	say(client, "GET /stream HTTP/1.0\r\n\r\n");
	expect_body(client, "");
	settle();
	assert_non_null(seen.stream);
}

/* The name in the certificate that it was shown. */
static void
expect_name(const struct client *client, const char *name)
{
	unsigned count;
	const gnutls_datum_t *chain = gnutls_certificate_get_peers(client->session, &count);
	gnutls_x509_crt_t certificate;

	assert_non_null(chain);
	check(gnutls_x509_crt_init(&certificate));
	check(gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER));
	assert_true(gnutls_x509_crt_check_hostname(certificate, name));
	gnutls_x509_crt_deinit(certificate);
}

static bool
is_closed(int fd)
{
	char octets[TEXT_MAX];
	ssize_t count;

	do
		count = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
	while (count > 0);
	return count == 0 || errno != EAGAIN;
}

/* --- requests --- */

static void
both_versions_are_served(void **state)
{
	static const char *const priorities[] = { ONLY_12, ONLY_13, MODERN };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct client client;

		connect_with(&client, priorities[i]);
		expect_name(&client, "one.home.arpa");
		for (int k = 0; k < MANY; k++)
			ask(&client, "/one");
		end(&client);
	}
}

static void
what_is_old_or_weak_is_refused(void **state)
{
	static const char *const priorities[] = {
		"NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%ALLOW_SMALL_RECORDS",
		ONLY_12 ":-KX-ALL:+RSA:+DHE-RSA",
		ONLY_12 ":-CIPHER-ALL:+AES-128-CBC:+AES-256-CBC:+3DES-CBC",
		ONLY_12 ":-SIGN-ALL:+SIGN-ECDSA-SHA1:+SIGN-RSA-SHA1",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++) {
		struct client client;

		begin(&client, priorities[i]);
		assert_true(shake_hands(&client) < 0);
		end(&client);
	}
}

static void
an_rsa_certificate_serves_both_versions(void **state)
{
	static const char *const priorities[] = { ONLY_12, ONLY_13 };
	struct identity identity;

	(void)state;
	make_identity(&identity, "rsa.home.arpa", GNUTLS_PK_RSA, NULL, SKEWED_WALL_S,
	    SKEWED_WALL_S + 1);
	write_pair(&identity);
	release_identity(&identity);
	assert_true(reload());
	for (size_t i = 0; i < 2; i++) {
		struct client client;

		connect_with(&client, priorities[i]);
		expect_name(&client, "rsa.home.arpa");
		ask(&client, "/one");
		end(&client);
	}
}

static void
a_chain_is_shown_whole(void **state)
{
	struct identity issuer;
	struct identity leaf;
	const struct identity *const chain[] = { &leaf, &issuer };
	struct client client;
	unsigned count;

	(void)state;
	make_simple(&issuer, "issuer");
	make_identity(&leaf, "leaf.home.arpa", GNUTLS_PK_ECDSA, &issuer, SKEWED_WALL_S,
	    SKEWED_WALL_S + 1);
	write_chain(chain, 2);
	write_key(&leaf, "");
	release_identity(&issuer);
	release_identity(&leaf);
	assert_true(reload());
	connect_with(&client, MODERN);
	assert_non_null(gnutls_certificate_get_peers(client.session, &count));
	assert_int_equal(count, 2);
	expect_name(&client, "leaf.home.arpa");
	end(&client);
}

static void
requests_in_a_row_are_answered_in_order(void **state)
{
	static const char *const parts[] = { "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
		"PUT /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
		"GET /b HTTP/1.1\r\nHost: x\r\n\r\n", "GET /c HTTP/1.1\r\nHost: x\r\n\r\n" };
	static const char *const answers[] = { "/a", "durable", "/b", "/c" };
	struct client client;
	char all[TEXT_MAX];

	(void)state;
	(void)snprintf(all, sizeof(all), "%s%s%s%s", parts[0], parts[1], parts[2], parts[3]);
	connect_with(&client, MODERN);
	/* Each a record, all there at once; then all in one. */
	for (size_t i = 0; i < 4; i++)
		say(&client, parts[i]);
	for (size_t i = 0; i < 4; i++)
		expect_body(&client, answers[i]);
	say(&client, all);
	for (size_t i = 0; i < 4; i++)
		expect_body(&client, answers[i]);
	end(&client);
}

static void
more_than_one_buffer_of_requests_in_a_row_is_answered(void **state)
{
	static const char request[] = "GET /one-of-very-many-requests HTTP/1.1\r\nHost: x\r\n\r\n";
	static char all[10 * MANY * sizeof(request)];
	struct client client;
	size_t length = 0;

	(void)state;
	for (int i = 0; i < 10 * MANY; i++)
		length += (size_t)snprintf(all + length, sizeof(all) - length, "%s", request);
	connect_with(&client, MODERN);
	say(&client, all);
	for (int i = 0; i < 10 * MANY; i++)
		expect_body(&client, "/one-of-very-many-requests");
	end(&client);
}

static void
a_request_that_comes_octet_by_octet_is_one_request(void **state)
{
	static const char text[] = "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
	struct client client;

	(void)state;
	connect_with(&client, MODERN);
	for (size_t i = 0; text[i] != '\0'; i++) {
		char octet[2] = { text[i], '\0' };

		say(&client, octet);
		settle();
	}
	expect_body(&client, "abc");
	assert_int_equal(seen.received, 1);
	end(&client);
}

static void
large_bodies_and_answers_arrive_whole(void **state)
{
	static char body[BODY_MAX + 1];
	static char request[BODY_MAX + TEXT_MAX];
	static char octets[BIG];
	struct client client;
	size_t got = 0;

	(void)state;
	memset(body, 'b', BODY_MAX);
	(void)snprintf(request, sizeof(request),
	    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s", BODY_MAX, body);
	connect_with(&client, MODERN);
	say(&client, request);
	expect_body(&client, "bbbb");
	for (got = 4; got < BODY_MAX;)
		got += (size_t)hear(&client, octets, BODY_MAX - got);
	say(&client, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	expect_body(&client, "x");
	for (got = 1; got < BIG;) {
		ssize_t count = hear(&client, octets, BIG - got);

		assert_true(count > 0);
		assert_int_equal(octets[count - 1], 'x');
		got += (size_t)count;
	}
	ask(&client, "/one");
	end(&client);
}

static void
a_client_that_has_said_all_gets_its_answer_and_a_proper_end(void **state)
{
	static const char *const requests[] = { "GET /one HTTP/1.0\r\n\r\n",
		"GET /one HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" };
	char octet;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client client;

		connect_with(&client, MODERN);
		say(&client, requests[i]);
		expect_body(&client, "/one");
		assert_int_equal(hear(&client, &octet, 1), 0);
		end(&client);
	}
}

static void
a_client_that_ends_its_side_with_its_request_gets_its_answer(void **state)
{
	static const char *const priorities[] = { ONLY_12, ONLY_13 };
	static const char *const requests[] = { "GET /one HTTP/1.1\r\nHost: x\r\n\r\n",
		"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n" };
	static const char *const answers[] = { "/one", "durable" };
	char octet;

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct client client;

		connect_with(&client, priorities[i / 2]);
		settle();
		say(&client, requests[i % 2]);
		check(gnutls_bye(client.session, GNUTLS_SHUT_WR));
		expect_body(&client, answers[i % 2]);
		assert_true(hear(&client, &octet, 1) <= 0);
		end(&client);
	}
}

static void
plain_http_and_noise_are_turned_away(void **state)
{
	static const char *const texts[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"\x16\x03\x01\x02\x01\x01\n\n", "\x80\x2e\x01\x03\x01", "SSH-2.0-OpenSSH_9.2\r\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		int fd = http_client_connect(path);

		http_client_send(fd, texts[i]);
		settle();
		skewed_clock_pass_ms(IDLE_MS);
		http_client_expect_end(loop, fd);
		(void)close(fd);
	}
	assert_int_equal(seen.received, 0);
}

/* --- certificates that change --- */

static void
a_new_certificate_is_shown_to_newcomers_and_old_connections_live(void **state)
{
	struct client old;
	struct client fresh;

	(void)state;
	connect_with(&old, MODERN);
	write_simple("two.home.arpa");
	assert_true(reload());
	connect_with(&fresh, MODERN);
	expect_name(&fresh, "two.home.arpa");
	expect_name(&old, "one.home.arpa");
	ask(&old, "/one");
	ask(&fresh, "/two");
	end(&old);
	ask(&fresh, "/three");
	end(&fresh);
}

static void
a_handshake_goes_on_with_the_certificate_that_it_began_with(void **state)
{
	static const char *const priorities[] = { ONLY_12, ONLY_13 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client client;

		write_simple("one.home.arpa");
		(void)reload();
		begin(&client, priorities[i]);
		assert_int_equal(gnutls_handshake(client.session), GNUTLS_E_AGAIN);
		settle();
		/* The generation before it would be gone by now. */
		write_simple("two.home.arpa");
		assert_true(reload());
		write_simple("three.home.arpa");
		assert_true(reload());
		check(shake_hands(&client));
		expect_name(&client, "one.home.arpa");
		ask(&client, "/one");
		end(&client);
	}
}

/* --- streams, and waiting --- */

static void
a_stream_says_what_is_written_and_is_silent_without_a_turn(void **state)
{
	struct client client;

	(void)state;
	begin_stream(&client);
	assert_int_equal(turns_while_quiet(), 1);
	http_stream_write(seen.stream, "data: 1\n\n", 9);
	expect(&client, "data: 1\n\n");
	skewed_clock_pass_ms(10 * (IDLE_MS + REQUEST_MS));
	settle();
	http_stream_write(seen.stream, "data: 2\n\n", 9);
	expect(&client, "data: 2\n\n");
	end(&client);
	settle();
	assert_null(seen.stream);
}

static void
a_client_that_talks_to_a_stream_is_not_heard_and_does_not_harm_it(void **state)
{
	struct client client;

	(void)state;
	begin_stream(&client);
	for (int i = 0; i < MANY; i++) {
		say(&client, "GET /one HTTP/1.1\r\nHost: x\r\n\r\n");
		settle();
		http_stream_write(seen.stream, "x", 1);
		expect(&client, "x");
	}
	assert_int_equal(turns_while_quiet(), 1);
	assert_int_equal(seen.received, 1);
	end(&client);
}

static void
a_stream_survives_new_keys_in_both_directions(void **state)
{
	struct client client;

	(void)state;
	begin_stream(&client);
	for (int i = 0; i < 3; i++) {
		check(gnutls_session_key_update(client.session, GNUTLS_KU_PEER));
		settle();
		http_stream_write(seen.stream, "x", 1);
		expect(&client, "x");
	}
	assert_non_null(seen.stream);
	end(&client);
}

static void
a_stream_ends_when_its_client_says_so_or_leaves(void **state)
{
	struct client client;

	(void)state;
	begin_stream(&client);
	check(gnutls_bye(client.session, GNUTLS_SHUT_WR));
	settle();
	assert_null(seen.stream);
	end(&client);
	begin_stream(&client);
	end(&client);
	settle();
	assert_null(seen.stream);
	begin_stream(&client);
	assert_int_equal(send(client.fd, "\x17\x03\x03\x00\x05noise", 10, MSG_NOSIGNAL), 10);
	settle();
	assert_null(seen.stream);
	end(&client);
}

static void
a_stream_that_the_server_ends_ends_properly(void **state)
{
	struct client client;
	char octet;

	(void)state;
	begin_stream(&client);
	http_server_end_streams(server);
	assert_int_equal(hear(&client, &octet, 1), 0);
	settle();
	assert_null(seen.stream);
	end(&client);
}

static void
a_slow_reader_of_a_stream_gets_everything(void **state)
{
	static char part[1000];
	static char octets[BIG];
	struct client client;
	size_t sent = 0;

	(void)state;
	memset(part, 's', sizeof(part));
	begin_stream(&client);
	while (sent + sizeof(part) <= HTTP_STREAM_BACKLOG_MAX) {
		http_stream_write(seen.stream, part, sizeof(part));
		sent += sizeof(part);
		settle();
	}
	for (size_t got = 0; got < sent;) {
		ssize_t count = hear(&client, octets, sizeof(octets));

		assert_true(count > 0);
		got += (size_t)count;
	}
	end(&client);
}

static void
a_client_that_does_not_read_its_answer_wakes_nobody(void **state)
{
	struct client client;

	(void)state;
	connect_with(&client, MODERN);
	say(&client, "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_int_equal(seen.received, 1);
	assert_int_equal(seen.released, 0);
	assert_int_equal(turns_while_quiet(), 1);
	end(&client);
}

static void
a_client_that_leaves_while_it_waits_is_released(void **state)
{
	struct client client;

	(void)state;
	seen.keeps_waiting = true;
	connect_with(&client, MODERN);
	say(&client, "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	assert_non_null(seen.waiting);
	assert_int_equal(turns_while_quiet(), 1);
	end(&client);
	settle();
	assert_null(seen.waiting);
}

/* --- clients that are slow or many --- */

static void
a_connection_that_says_nothing_wakes_nobody_and_is_closed_in_the_end(void **state)
{
	struct client client;
	char octet;

	(void)state;
	connect_with(&client, MODERN);
	assert_int_equal(turns_while_quiet(), 1);
	skewed_clock_pass_ms(IDLE_MS);
	assert_int_equal(hear(&client, &octet, 1), 0);
	end(&client);
}

static void
a_handshake_that_stops_half_way_is_closed_in_the_end(void **state)
{
	static const char *const priorities[] = { ONLY_12, ONLY_13 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct client client;

		begin(&client, priorities[i]);
		assert_int_equal(gnutls_handshake(client.session), GNUTLS_E_AGAIN);
		settle();
		assert_true(http_client_has_something(client.fd));
		assert_int_equal(turns_while_quiet(), 1);
		assert_false(is_closed(client.fd));
		skewed_clock_pass_ms(IDLE_MS - QUIET_MS - MARGIN_MS);
		settle();
		assert_false(is_closed(client.fd));
		skewed_clock_pass_ms(MARGIN_MS);
		settle();
		assert_true(is_closed(client.fd));
		end(&client);
	}
}

static void
a_handshake_that_dribbles_in_is_closed_in_the_end(void **state)
{
	static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
	int fd = http_client_connect(path);
	int64_t passed_ms = 0;

	(void)state;
	assert_int_equal(send(fd, hello, sizeof(hello) - 1, MSG_NOSIGNAL), sizeof(hello) - 1);
	settle();
	while (!is_closed(fd)) {
		assert_true(passed_ms <= IDLE_MS + 100);
		(void)send(fd, "x", 1, MSG_NOSIGNAL);
		skewed_clock_pass_ms(100);
		passed_ms += 100;
		settle();
	}
	(void)close(fd);
}

static void
a_request_that_dribbles_in_is_closed_in_the_end(void **state)
{
	struct client client;
	int64_t passed_ms = 0;

	(void)state;
	connect_with(&client, MODERN);
	say(&client, "GET /one HTTP/1.1\r\nHost: x\r\nX-A: ");
	settle();
	while (passed_ms < REQUEST_MS + 100 && gnutls_record_send(client.session, "x", 1) == 1) {
		skewed_clock_pass_ms(100);
		passed_ms += 100;
		settle();
	}
	settle();
	assert_true(is_closed(client.fd));
	assert_int_equal(seen.received, 0);
	end(&client);
}

static void
many_half_handshakes_do_not_keep_others_out(void **state)
{
	struct client half[2 * CONNECTIONS];
	struct client client;

	(void)state;
	for (int i = 0; i < 2 * CONNECTIONS; i++) {
		begin(&half[i], MODERN);
		assert_int_equal(gnutls_handshake(half[i].session), GNUTLS_E_AGAIN);
		settle();
	}
	connect_with(&client, MODERN);
	ask(&client, "/one");
	assert_true(is_closed(half[0].fd));
	for (int i = 0; i < 2 * CONNECTIONS; i++)
		end(&half[i]);
	end(&client);
}

static void
it_can_be_freed_in_the_middle_of_everything(void **state)
{
	static struct client clients[4];

	(void)state;
	begin_stream(&clients[0]);
	seen.keeps_waiting = true;
	connect_with(&clients[1], MODERN);
	say(&clients[1], "GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
	begin(&clients[2], MODERN);
	assert_int_equal(gnutls_handshake(clients[2].session), GNUTLS_E_AGAIN);
	connect_with(&clients[3], MODERN);
	say(&clients[3], "GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
	settle();
	http_stream_write(seen.stream, "a", 1);
	assert_int_equal(seen.received, 3);
	write_simple("two.home.arpa");
	assert_true(reload());
	/* tear_down() frees it, and sees that all was released. */
	for (int i = 0; i < 4; i++)
		end(&clients[i]);
}

int
main(void)
{
#define FILES(name) cmocka_unit_test_setup_teardown(name, set_up_files, tear_down_files)
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		FILES(a_pair_is_read_with_its_names_and_times),
		FILES(keys_of_rsa_and_ecdsa_in_both_forms_are_read),
		FILES(a_certificate_that_is_over_is_read_and_says_so),
		FILES(a_key_of_another_certificate_is_refused),
		FILES(a_chain_that_begins_with_its_issuer_is_refused_with_the_mend),
		FILES(a_chain_that_is_longer_than_any_is_refused_with_the_mend),
		FILES(a_key_with_a_password_is_refused_with_the_mend),
		FILES(files_that_are_not_what_they_should_be_are_named),
		FILES(files_that_have_not_changed_are_not_new_and_broken_ones_change_nothing),
		UNIT(both_versions_are_served),
		UNIT(what_is_old_or_weak_is_refused),
		UNIT(an_rsa_certificate_serves_both_versions),
		UNIT(a_chain_is_shown_whole),
		UNIT(requests_in_a_row_are_answered_in_order),
		UNIT(more_than_one_buffer_of_requests_in_a_row_is_answered),
		UNIT(a_request_that_comes_octet_by_octet_is_one_request),
		UNIT(large_bodies_and_answers_arrive_whole),
		UNIT(a_client_that_has_said_all_gets_its_answer_and_a_proper_end),
		UNIT(a_client_that_ends_its_side_with_its_request_gets_its_answer),
		UNIT(plain_http_and_noise_are_turned_away),
		UNIT(a_new_certificate_is_shown_to_newcomers_and_old_connections_live),
		UNIT(a_handshake_goes_on_with_the_certificate_that_it_began_with),
		UNIT(a_stream_says_what_is_written_and_is_silent_without_a_turn),
		UNIT(a_client_that_talks_to_a_stream_is_not_heard_and_does_not_harm_it),
		UNIT(a_stream_survives_new_keys_in_both_directions),
		UNIT(a_stream_ends_when_its_client_says_so_or_leaves),
		UNIT(a_stream_that_the_server_ends_ends_properly),
		UNIT(a_slow_reader_of_a_stream_gets_everything),
		UNIT(a_client_that_does_not_read_its_answer_wakes_nobody),
		UNIT(a_client_that_leaves_while_it_waits_is_released),
		UNIT(a_connection_that_says_nothing_wakes_nobody_and_is_closed_in_the_end),
		UNIT(a_handshake_that_stops_half_way_is_closed_in_the_end),
		UNIT(a_handshake_that_dribbles_in_is_closed_in_the_end),
		UNIT(a_request_that_dribbles_in_is_closed_in_the_end),
		UNIT(many_half_handshakes_do_not_keep_others_out),
		UNIT(it_can_be_freed_in_the_middle_of_everything),
	};

	/* As ddnsd does. */
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
