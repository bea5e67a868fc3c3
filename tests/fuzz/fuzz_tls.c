/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Clients of a server over TLS that do as they like before, in and after their handshakes: whatever comes,
 * each connection ends some time after the client has gone, and each request is released once.
 *
 * An input is steps with "\n%%\n" between them, after an octet of flags. The first octet of a step says what
 * the client does, with the octets behind it: 'r' sends them past its session, 's' says them in it (after a
 * handshake), 'h' goes on with the handshake so many times as there are octets, 'a' hears what there is, 'u' has new
 * keys made, 'b' says good-bye, 'e' will send no more, 'c' goes; '0', '1' and '2': that client, from here on. Or
 * what happens meanwhile: 'l' another certificate is loaded, 'p' time passes, 'f' peers are
 * forgotten, 'x' streams are ended.
 */
#include <gnutls/gnutls.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/http_server.h"
#include "doors/http_tls.h"

#include "certificate.h"
#include "small_site.h"
#include "talk.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 16384,
	LIMIT_MS = 60000,
	WALL_S = 1753000000,
	CLIENTS = 3,
	QUIET_TURNS = 4,
	ROUNDS = 20, /* a handshake is over before */
	TURNS_MAX = 2000,
	PATIENCE = 50,

	/* Flags. */
	OLDER = 1,       /* the clients know TLS 1.2 only */
	DIVERTS = 2,     /* there is a server without TLS beside it */
	NARROW = 4,      /* little fits into the connection */
	INATTENTIVE = 8, /* the clients hear only when a step says so */
	FROM_ONE = 16,   /* the clients share an address */
	STOPS = 32,      /* the server ends before its clients do */
	LOSES = 64,      /* nobody is known any more, once forgotten */
	PASSES = 128,    /* time passes whenever somebody looks */
	TICK_NS = 6000000,
};

struct client {
	int fd; /* -1: it has gone */
	gnutls_session_t session;
	gnutls_certificate_credentials_t credentials;
	bool is_shaken;
	bool is_over; /* nothing can be said any more */
};

static struct loop *loop;
static struct http_server *secure;
static struct http_server *plain;
static struct http_tls *tls;
static int listening;
static struct client clients[CLIENTS];
static unsigned flags;
static unsigned loads;
static bool is_forgotten;

/* --- a clock that moves when told --- */

static int64_t now_ns;

static int64_t
told_ns(void)
{
	if ((flags & PASSES) != 0)
		now_ns += TICK_NS;
	return now_ns;
}

static int64_t
fixed_s(void)
{
	return WALL_S;
}

static void
pass_time(void)
{
	now_ns += (int64_t)2 * LIMIT_MS * 1000000;
}

/* --- certificates --- */

static void
load_next(void)
{
	unsigned pair = loads++ % CERTIFICATE_PAIRS;
	const char *certificate = certificate_path(pair);
	const char *key = certificate_key_path(pair);
	char problem[HTTP_TLS_PROBLEM_MAX];
	bool is_new;

	if (tls == NULL)
		expect(http_tls_load(certificate, key, &tls, problem) == STATUS_OK);
	else
		expect(http_tls_reload(tls, certificate, key, &is_new, problem) == STATUS_OK &&
		    is_new);
}

/* --- clients --- */

static void
come(struct client *client)
{
	*client = (struct client){ .fd = talk_connect(listening) };
	expect(gnutls_certificate_allocate_credentials(&client->credentials) == 0);
	expect(
	    gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL) == 0);
	expect(gnutls_priority_set_direct(client->session,
		   (flags & OLDER) != 0 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" : "NORMAL", NULL) == 0);
	expect(gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE,
		   client->credentials) == 0);
	gnutls_transport_set_int(client->session, client->fd);
}

static void
leave(struct client *client)
{
	if (client->fd < 0)
		return;
	(void)close(client->fd);
	client->fd = -1;
	gnutls_deinit(client->session);
	gnutls_certificate_free_credentials(client->credentials);
}

static bool
may_speak(const struct client *client)
{
	return client->fd >= 0 && !client->is_over;
}

static void
note_code(struct client *client, ssize_t code)
{
	if (code < 0 && gnutls_error_is_fatal((int)code) != 0)
		client->is_over = true;
}

static void
hear(struct client *client)
{
	static char octets[32768];
	ssize_t count;

	if (client->fd < 0)
		return;
	do {
		count = client->is_shaken && !client->is_over
		    ? gnutls_record_recv(client->session, octets, sizeof(octets))
		    : recv(client->fd, octets, client->is_over ? sizeof(octets) : 0, 0);
	} while (count > 0);
	if (client->is_shaken && !client->is_over) {
		note_code(client, count);
		client->is_over |= count == 0;
	}
}

static void
settle(void)
{
	for (int i = 0; i < QUIET_TURNS; i++) {
		expect(loop_turn(loop, 0) == STATUS_OK);
		for (size_t j = 0; j < CLIENTS && (flags & INATTENTIVE) == 0; j++)
			hear(&clients[j]);
	}
}

static void
shake_hands(struct client *client, size_t rounds)
{
	for (size_t i = 0; i < rounds && !client->is_shaken && may_speak(client); i++) {
		int code = gnutls_handshake(client->session);

		client->is_shaken = code == GNUTLS_E_SUCCESS;
		note_code(client, code);
		settle();
	}
}

static void
say(struct client *client, const uint8_t *octets, size_t size)
{
	shake_hands(client, ROUNDS);
	for (int i = 0; i < ROUNDS && size > 0 && client->is_shaken && may_speak(client); i++) {
		ssize_t count = gnutls_record_send(client->session, octets, size);

		note_code(client, count);
		if (count > 0) {
			octets += count;
			size -= (size_t)count;
		}
		settle();
	}
}

/* --- steps --- */

static void
forget(void)
{
	is_forgotten = true;
	http_server_forget_peers(secure);
	if (plain != NULL)
		http_server_forget_peers(plain);
}

static void
meanwhile(char what)
{
	if (what == 'l')
		load_next();
	else if (what == 'p')
		pass_time();
	else if (what == 'f')
		forget();
	else if (what == 'x')
		http_server_end_streams(secure);
}

static void
act(struct client *client, char what, const uint8_t *octets, size_t size)
{
	if (client->fd < 0)
		come(client);
	if (what == 'r' && size > 0)
		(void)send(client->fd, octets, size, MSG_NOSIGNAL);
	else if (what == 's')
		say(client, octets, size);
	else if (what == 'h')
		shake_hands(client, size);
	else if (what == 'a')
		hear(client);
	else if (what == 'u' && client->is_shaken && may_speak(client))
		note_code(client, gnutls_session_key_update(client->session, GNUTLS_KU_PEER));
	else if (what == 'b' && client->is_shaken && may_speak(client))
		note_code(client, gnutls_bye(client->session, GNUTLS_SHUT_WR));
	else if (what == 'e')
		(void)shutdown(client->fd, SHUT_WR);
	else if (what == 'c')
		leave(client);
}

static void
take_steps(const uint8_t *data, size_t size)
{
	const uint8_t *end = data + size;
	struct client *client = &clients[0];

	while (data < end) {
		const uint8_t *next = memmem(data, (size_t)(end - data), "\n%%\n", 4);
		const uint8_t *stop = next != NULL ? next : end;

		if (data < stop && (data[0] >= '0' && data[0] < '0' + CLIENTS))
			client = &clients[data[0] - '0'];
		else if (data < stop && strchr("lpfx", data[0]) != NULL)
			meanwhile((char)data[0]);
		else if (data < stop)
			act(client, (char)data[0], data + 1, (size_t)(stop - data - 1));
		settle();
		data = next != NULL ? next + 4 : end;
	}
}

/* --- the server --- */

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	const int little = 1;

	if ((flags & NARROW) != 0)
		(void)setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	if ((flags & FROM_ONE) != 0)
		expect(address_from_text("192.0.2.1", &ret_peer->source) == STATUS_OK);
	if (is_forgotten && (flags & LOSES) != 0)
		return false;
	return small_site_identify(context, connection, ret_peer);
}

static void
end_turn(void *context)
{
	(void)context;
	if (plain != NULL) {
		http_server_flush(plain, STATUS_OK);
		http_server_send(plain);
	}
	small_site_end_turn(secure);
}

static unsigned
count_connections(void)
{
	struct http_server_report of_secure;
	struct http_server_report of_plain = { 0 };

	http_server_report(secure, &of_secure);
	if (plain != NULL)
		http_server_report(plain, &of_plain);
	return of_secure.connections + of_plain.connections;
}

static void
build(void)
{
	static const struct http_limits limits = {
		.connections_max = 3,
		.streams_max = 2,
		.idle_ms = LIMIT_MS,
		.request_ms = LIMIT_MS,
		.connections_per_source = 2,
		.streams_of_strangers = 1,
		.answers_max = 300000,
	};

	loop = loop_new();
	expect(loop != NULL);
	tls = NULL;
	plain = NULL;
	loads = 0;
	is_forgotten = false;
	load_next();
	secure = http_server_new_secure(loop, &small_site, identify, NULL, &limits, tls);
	expect(secure != NULL);
	if ((flags & DIVERTS) != 0) {
		plain = http_server_new(loop, &small_site, identify, NULL, &limits);
		expect(plain != NULL);
		http_server_divert_plain(secure, plain);
	}
	listening = talk_listen();
	expect(http_server_listen(secure, listening) == STATUS_OK);
	loop_at_turn_end(loop, end_turn, NULL);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i].fd = -1;
}

/* The clients go, and some time later their connections. */
static void
expect_end(void)
{
	for (size_t i = 0; i < CLIENTS; i++)
		leave(&clients[i]);
	for (int turns = 1; count_connections() > 0; turns++) {
		expect(turns < TURNS_MAX);
		settle();
		if (turns % PATIENCE == 0)
			pass_time();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct clock_source told = { told_ns, fixed_s };

	if (size == 0 || size > INPUT_MAX)
		return 0;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	clock_replace(&told);
	flags = data[0];
	build();
	take_steps(data + 1, size - 1);
	if ((flags & STOPS) == 0)
		expect_end();
	http_server_free(secure);
	http_server_free(plain);
	small_site_expect_no_exchange();
	for (size_t i = 0; i < CLIENTS; i++)
		leave(&clients[i]);
	http_tls_free(tls);
	loop_free(loop);
	clock_replace(NULL);
	return 0;
}
