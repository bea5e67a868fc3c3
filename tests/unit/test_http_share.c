/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/http_share: nobody takes all streams, and readers that are slow take no more than there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "doors/http_server.h"
#include "http_client.h"
#include "http_running.h"
#include "skewed_clock.h"

enum {
	CONNECTIONS = 32,
	STREAMS = 8,
	STRANGERS = 4,
	OF_ONE = 3,
	FOR_ADMINS = 2,
	LONG_MS = 100000,
	BIG = 1 << 20,
	ANSWERS = 4 * BIG,
	SLOW_MS = 2000, /* http_state.h */
};

static struct principal admin = { .identity = "admin", .is_admin = true };
static struct principal desk = { .identity = "desk" };
static struct principal phone = { .identity = "phone" };
static int clients[CONNECTIONS];
static size_t client_count;

/* Of who connects next. */
static struct principal *principal;
static struct address source;

/* --- a site that streams, and answers with as many octets as the path says --- */

static size_t
body_max(void *context, const char *method, const char *text, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)text;
	(void)peer;
	return 0;
}

static void
receive(void *context, struct http_exchange *exchange)
{
	static char octets[8 * BIG];
	const char *size = strstr(http_path(exchange), "octets/");
	size_t length;

	(void)context;
	if (size != NULL) {
		length = strtoul(size + strlen("octets/"), NULL, 10);
		if (!http_has_room(exchange, length)) {
			assert_int_equal(http_answer(exchange, 503, NULL, NULL, 0), STATUS_OK);
			return;
		}
		memset(octets, 'x', length);
		assert_int_equal(http_answer(exchange, 200, "text/plain", octets, length),
		    STATUS_OK);
	} else if (!http_stream(exchange, "text/event-stream")) {
		assert_int_equal(http_answer(exchange, 503, NULL, NULL, 0), STATUS_OK);
	}
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	(void)exchange;
	(void)commit_status;
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	(void)exchange;
}

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	(void)connection;
	ret_peer->principal = principal;
	ret_peer->source = source;
	ret_peer->door = "test";
	return true;
}

static void
end_turn(void *context)
{
	(void)context;
	http_server_flush(server, STATUS_OK);
}

/* --- the server --- */

static int
set_up(void **state)
{
	static const struct http_site site = { NULL, NULL, body_max, receive, finish, release };
	static const struct http_limits limits = {
		.connections_max = CONNECTIONS,
		.streams_max = STREAMS,
		.idle_ms = LONG_MS,
		.request_ms = LONG_MS,
		.streams_of_strangers = STRANGERS,
		.streams_per_source = OF_ONE,
		.streams_per_principal = OF_ONE,
		.streams_for_admins = FOR_ADMINS,
		.answers_max = ANSWERS,
	};

	(void)state;
	skewed_clock_use();
	folder_make(&folder);
	loop = loop_new();
	assert_non_null(loop);
	server = http_server_new(loop, &site, identify, NULL, &limits);
	start_listening();
	loop_at_turn_end(loop, end_turn, NULL);
	client_count = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	while (client_count > 0)
		(void)close(clients[--client_count]);
	http_server_free(server);
	loop_free(loop);
	folder_remove(&folder);
	clock_replace(NULL);
	return 0;
}

/* Asks, and reads the headers alone. from NULL: from nowhere, as over the Unix socket. */
static unsigned
ask(struct principal *who, const char *from, const char *target)
{
	struct http_reply reply;
	char request[128];
	int fd;

	principal = who;
	source = (struct address){ 0 };
	if (from != NULL)
		assert_int_equal(address_from_text(from, &source), STATUS_OK);
	assert_in_range(client_count, 0, CONNECTIONS - 1);
	fd = http_client_connect(path);
	clients[client_count++] = fd;
	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: x\r\n\r\n", target);
	http_client_send(fd, request);
	http_client_read_head(loop, fd, &reply);
	return reply.code;
}

static unsigned
ask_for_stream(struct principal *who, const char *from)
{
	return ask(who, from, "/stream");
}

static unsigned
ask_for_octets(struct principal *who, const char *from, size_t length)
{
	char target[64];

	(void)snprintf(target, sizeof(target), "/octets/%zu", length);
	return ask(who, from, target);
}

/* The reader goes, with what it has read so far. */
static void
leave(size_t client)
{
	assert_int_equal(shutdown(clients[client], SHUT_RDWR), 0);
	settle();
}

static unsigned
turned_away(void)
{
	struct http_server_report report;

	http_server_report(server, &report);
	return (unsigned)report.turned_away;
}

/* --- streams --- */

static void
who_is_nobody_has_a_part_of_the_streams(void **state)
{
	char from[32];

	(void)state;
	for (int i = 0; i < STRANGERS; i++) {
		(void)snprintf(from, sizeof(from), "192.0.2.%d", i);
		assert_int_equal(ask_for_stream(NULL, from), 200);
	}
	assert_int_equal(ask_for_stream(NULL, "192.0.2.200"), 503);
	assert_int_equal(ask_for_stream(&desk, "192.0.2.200"), 200);
	leave(0);
	assert_int_equal(ask_for_stream(NULL, "192.0.2.200"), 200);
}

static void
a_key_has_its_share_of_streams_from_wherever_it_comes(void **state)
{
	(void)state;
	assert_int_equal(ask_for_stream(&desk, "192.0.2.1"), 200);
	assert_int_equal(ask_for_stream(&desk, "192.0.2.2"), 200);
	assert_int_equal(ask_for_stream(&desk, "192.0.2.3"), 200);
	assert_int_equal(ask_for_stream(&desk, "192.0.2.4"), 503);
	assert_int_equal(ask_for_stream(&phone, "192.0.2.4"), 200);
	leave(1);
	assert_int_equal(ask_for_stream(&desk, "192.0.2.4"), 200);
}

static void
administrators_have_streams_that_nobody_else_gets(void **state)
{
	(void)state;
	for (int i = 0; i < OF_ONE; i++) {
		assert_int_equal(ask_for_stream(&desk, NULL), 200);
		assert_int_equal(ask_for_stream(&phone, NULL), 200);
	}
	assert_int_equal(ask_for_stream(NULL, NULL), 503);
	assert_int_equal(ask_for_stream(&admin, NULL), 200);
	assert_int_equal(ask_for_stream(&admin, NULL), 200);
	/* Of all there are eight. */
	assert_int_equal(ask_for_stream(&admin, NULL), 503);
	leave(0);
	assert_int_equal(ask_for_stream(&admin, NULL), 200);
	assert_int_equal(ask_for_stream(NULL, NULL), 503);
}

static void
who_shares_an_administrators_address_shuts_it_out_as_little(void **state)
{
	(void)state;
	for (int i = 0; i < OF_ONE; i++)
		assert_int_equal(ask_for_stream(i == 0 ? &desk : NULL, "192.0.2.1"), 200);
	assert_int_equal(ask_for_stream(&phone, "192.0.2.1"), 503);
	for (int i = 0; i < OF_ONE; i++)
		assert_int_equal(ask_for_stream(&admin, "192.0.2.1"), 200);
	assert_int_equal(ask_for_stream(&admin, "192.0.2.1"), 503);
	assert_int_equal(ask_for_stream(&admin, "192.0.2.2"), 200);
}

/* --- answers --- */

static void
answers_that_wait_for_their_readers_have_a_common_bound(void **state)
{
	(void)state;
	for (int i = 0; i < ANSWERS / BIG; i++)
		assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 503);
	assert_int_equal(ask_for_octets(&desk, NULL, HTTP_SMALL_ANSWER_MAX), 200);
	assert_int_equal(ask_for_octets(&desk, NULL, HTTP_SMALL_ANSWER_MAX + 1), 503);
	assert_int_equal(turned_away(), 0);
	leave(0);
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 503);
}

static void
an_answer_that_was_read_leaves_its_room(void **state)
{
	struct http_reply reply;

	(void)state;
	for (int i = 0; i < 3 * ANSWERS / BIG; i++) {
		int fd = http_client_connect(path);

		http_client_ask(loop, fd, "GET /octets/1048576 HTTP/1.1\r\nHost: x\r\n\r\n",
		    &reply);
		assert_int_equal(reply.code, 200);
		assert_int_equal(reply.length, BIG);
		(void)close(fd);
	}
}

static void
readers_that_are_slow_give_way_the_slowest_first(void **state)
{
	(void)state;
	for (int i = 0; i < ANSWERS / BIG; i++) {
		assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
		skewed_clock_pass_ms(SLOW_MS / 8);
	}
	assert_int_equal(ask_for_octets(&phone, NULL, BIG), 503);
	skewed_clock_pass_ms(SLOW_MS / 2);
	assert_int_equal(ask_for_octets(&phone, NULL, BIG), 200);
	assert_int_equal(turned_away(), 1);
	http_client_expect_end(loop, clients[0]);
	/* The others have some time left. */
	assert_int_equal(ask_for_octets(&phone, NULL, BIG), 503);
	skewed_clock_pass_ms(SLOW_MS);
	assert_int_equal(ask_for_octets(&phone, NULL, 2 * BIG), 200);
	assert_int_equal(turned_away(), 3);
	http_client_expect_end(loop, clients[1]);
	http_client_expect_end(loop, clients[2]);
}

static void
one_subscriber_has_half_of_the_room(void **state)
{
	(void)state;
	assert_int_equal(ask_for_octets(NULL, "192.0.2.1", BIG), 200);
	assert_int_equal(ask_for_octets(NULL, "192.0.2.1", BIG), 200);
	assert_int_equal(ask_for_octets(NULL, "192.0.2.1", BIG), 503);
	skewed_clock_pass_ms(SLOW_MS);
	assert_int_equal(ask_for_octets(NULL, "192.0.2.2", BIG), 200);
	assert_int_equal(turned_away(), 0);
	/* Its own readers make room for it, and nobody else's. */
	assert_int_equal(ask_for_octets(NULL, "192.0.2.1", BIG), 200);
	assert_int_equal(turned_away(), 1);
	http_client_expect_end(loop, clients[0]);
}

static void
an_answer_larger_than_all_room_goes_alone(void **state)
{
	(void)state;
	assert_int_equal(ask_for_octets(&desk, NULL, 2 * ANSWERS), 200);
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 503);
	leave(0);
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
	assert_int_equal(ask_for_octets(&desk, NULL, 2 * ANSWERS), 503);
}

static void
an_administrator_waits_for_no_reader_that_is_none(void **state)
{
	(void)state;
	for (int i = 0; i < ANSWERS / BIG; i++)
		assert_int_equal(ask_for_octets(i == 0 ? &admin : &desk, NULL, BIG), 200);
	assert_int_equal(ask_for_octets(&admin, NULL, 3 * BIG), 200);
	assert_int_equal(turned_away(), 3);
	assert_int_equal(ask_for_octets(&admin, NULL, BIG), 503);
	skewed_clock_pass_ms(SLOW_MS);
	assert_int_equal(ask_for_octets(&admin, NULL, BIG), 200);
}

static void
an_administrators_answer_stays_one_after_a_reload(void **state)
{
	(void)state;
	assert_int_equal(ask_for_octets(&admin, NULL, ANSWERS), 200);
	http_server_forget_peers(server);
	assert_int_equal(ask_for_octets(&admin, NULL, BIG), 503);
	assert_int_equal(turned_away(), 0);
}

static void
nobody_else_ends_what_an_administrator_reads(void **state)
{
	(void)state;
	assert_int_equal(ask_for_octets(&admin, NULL, 2 * ANSWERS), 200);
	skewed_clock_pass_ms(SLOW_MS);
	assert_int_equal(ask_for_octets(NULL, NULL, BIG), 503);
	assert_int_equal(turned_away(), 0);
	assert_int_equal(ask_for_octets(&admin, NULL, BIG), 200);
}

static void
no_reader_is_lost_where_that_makes_no_room(void **state)
{
	(void)state;
	assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
	skewed_clock_pass_ms(SLOW_MS);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ask_for_octets(&desk, NULL, BIG), 200);
	assert_int_equal(ask_for_octets(&phone, NULL, 2 * BIG), 503);
	assert_int_equal(turned_away(), 0);
	assert_int_equal(ask_for_octets(&phone, NULL, BIG), 200);
	assert_int_equal(turned_away(), 1);
}

int
main(void)
{
#define UNIT(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(who_is_nobody_has_a_part_of_the_streams),
		UNIT(a_key_has_its_share_of_streams_from_wherever_it_comes),
		UNIT(administrators_have_streams_that_nobody_else_gets),
		UNIT(who_shares_an_administrators_address_shuts_it_out_as_little),
		UNIT(answers_that_wait_for_their_readers_have_a_common_bound),
		UNIT(an_answer_that_was_read_leaves_its_room),
		UNIT(readers_that_are_slow_give_way_the_slowest_first),
		UNIT(one_subscriber_has_half_of_the_room),
		UNIT(an_answer_larger_than_all_room_goes_alone),
		UNIT(an_administrator_waits_for_no_reader_that_is_none),
		UNIT(an_administrators_answer_stays_one_after_a_reload),
		UNIT(nobody_else_ends_what_an_administrator_reads),
		UNIT(no_reader_is_lost_where_that_makes_no_room),
	};

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
