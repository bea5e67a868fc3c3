/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/dns_tcp: framing, pipelines, time-outs, and peers that are slow, greedy or gone. */
/* LDWRAP: accept4 */
#include <errno.h>
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "door.h"

enum {
	CONNECTIONS = 8,
	BURST = 600, /* more than UDP's and TCP's turns hold */
	STREAM_MAX = 1 << 20,
	PREFIX_SIZE = 2,
};

static struct door door;
static struct endpoint at;

/* How much the kernel takes of what the server sends; 0 = as it likes. */
static int send_room;

int __real_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);
int __wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags);

int
__wrap_accept4(int listener, struct sockaddr *address, socklen_t *size, int flags)
{
	int fd = __real_accept4(listener, address, size, flags);

	if (fd >= 0 && send_room > 0)
		assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_room,
				     sizeof(send_room)),
		    0);
	return fd;
}

static int
set_up(void **state)
{
	(void)state;
	send_room = 0;
	door_open(&door);
	at = door_free_endpoint();
	door_listen(&door, &at, 1, CONNECTIONS);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	door_close(&door);
	return 0;
}

/* --- a client --- */

static int
begin(void)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&at, &address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

/* As begin(), and the server has accepted it. */
static int
begin_accepted(void)
{
	int fd = begin();

	door_turn(&door, DOOR_LIMIT_MS);
	return fd;
}

static void
send_all(int fd, const uint8_t *bytes, size_t size)
{
	assert_int_equal(send(fd, bytes, size, MSG_NOSIGNAL), size);
}

/* Puts a message behind its length. Returns the octets of both. */
static size_t
frame(const struct letter *letter, uint8_t *stream)
{
	stream[0] = (uint8_t)(letter->length >> 8);
	stream[1] = (uint8_t)letter->length;
	memcpy(stream + PREFIX_SIZE, letter->wire, letter->length);
	return PREFIX_SIZE + letter->length;
}

/* Reads so many octets, turning the loop meanwhile. False at the end of the stream. */
static bool
read_octets(int fd, uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count;

		assert_true(door_wait(&door, fd));
		count = recv(fd, bytes, size, MSG_DONTWAIT);
		if (count <= 0)
			return false;
		bytes += count;
		size -= (size_t)count;
	}
	return true;
}

/* One answer; its length is 0 at the end of the stream. */
static size_t
read_answer(int fd, uint8_t answer[static MESSAGE_SIZE_MAX])
{
	uint8_t prefix[PREFIX_SIZE];
	size_t length;

	if (!read_octets(fd, prefix, sizeof(prefix)))
		return 0;
	length = (size_t)prefix[0] << 8 | prefix[1];
	assert_true(length >= KNOT_WIRE_HEADER_SIZE);
	assert_true(read_octets(fd, answer, length));
	return length;
}

static void
expect_answer(int fd, uint16_t id, unsigned rcode)
{
	static uint8_t answer[MESSAGE_SIZE_MAX];

	assert_true(read_answer(fd, answer) > 0);
	assert_int_equal(knot_wire_get_id(answer), id);
	assert_int_equal(knot_wire_get_rcode(answer), rcode);
}

static void
expect_end(int fd)
{
	uint8_t octet;

	assert_false(read_octets(fd, &octet, 1));
}

/* Turns until the server has nothing to do any more. */
static void
settle(void)
{
	for (int i = 0; i < 20; i++)
		door_turn(&door, 0);
}

/* An answer, or the end. */
static bool
has_something(int fd)
{
	uint8_t octet;

	settle();
	return recv(fd, &octet, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN;
}

/* --- framing --- */

static void
a_query_and_an_update_are_answered(void **state)
{
	int fd = begin();

	(void)state;
	door_send_query(fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	door_send_update(fd, 2, "192.0.2.1");
	expect_answer(fd, 2, KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "laptop"), "60 A 192.0.2.1\n");
	(void)close(fd);
}

static void
a_message_that_comes_octet_by_octet_is_one_message(void **state)
{
	uint8_t stream[PREFIX_SIZE + CLIENT_WIRE_MAX];
	struct letter letter;
	int fd = begin();
	size_t size;

	(void)state;
	letter_query(&letter, 3, "home.arpa", KNOT_RRTYPE_SOA);
	size = frame(&letter, stream);
	for (size_t i = 0; i < size; i++) {
		assert_false(has_something(fd));
		send_all(fd, stream + i, 1);
	}
	expect_answer(fd, 3, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

static void
a_burst_of_messages_gets_all_its_answers_in_order(void **state)
{
	static uint8_t stream[STREAM_MAX];
	size_t size = 0;
	int fd = begin();

	(void)state;
	for (unsigned id = 0; id < BURST; id++) {
		struct letter letter;

		letter_query(&letter, (uint16_t)id, "home.arpa", KNOT_RRTYPE_SOA);
		size += frame(&letter, stream + size);
	}
	send_all(fd, stream, size);
	for (unsigned id = 0; id < BURST; id++)
		expect_answer(fd, (uint16_t)id, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

static void
the_largest_message_and_the_emptiest_are_read_past(void **state)
{
	static uint8_t stream[PREFIX_SIZE + MESSAGE_SIZE_MAX + PREFIX_SIZE];
	int fd = begin_accepted();
	size_t sent = 0;

	(void)state;
	memset(stream, 0, sizeof(stream));
	stream[0] = stream[1] = 0xff;
	/* An unknown opcode, so that it is answered: NOTIMP. */
	stream[PREFIX_SIZE + 2] = 0x10;
	while (sent < sizeof(stream)) {
		size_t part = sizeof(stream) - sent > 8192 ? 8192 : sizeof(stream) - sent;

		send_all(fd, stream + sent, part);
		sent += part;
		settle();
	}
	door_send_query(fd, 5, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 0, KNOT_RCODE_NOTIMPL);
	expect_answer(fd, 5, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

static void
a_query_behind_an_update_sees_what_the_update_did(void **state)
{
	static uint8_t answer[MESSAGE_SIZE_MAX];
	int fd = begin_accepted();

	(void)state;
	door_send_update(fd, 6, "192.0.2.1");
	door_send_query(fd, 7, door_key, KNOT_RRTYPE_A);
	door_send_update(fd, 8, "192.0.2.2");
	expect_answer(fd, 6, KNOT_RCODE_NOERROR);
	assert_true(read_answer(fd, answer) > 0);
	assert_int_equal(knot_wire_get_id(answer), 7);
	assert_int_equal(knot_wire_get_ancount(answer), 1);
	expect_answer(fd, 8, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

/* --- ends --- */

static void
a_client_that_sends_no_more_gets_its_answers_and_the_end(void **state)
{
	int fd = begin();

	(void)state;
	door_send_update(fd, 1, "192.0.2.1");
	door_send_query(fd, 2, door_key, KNOT_RRTYPE_A);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	expect_answer(fd, 2, KNOT_RCODE_NOERROR);
	expect_end(fd);
	(void)close(fd);
}

static void
a_client_that_sends_no_more_gets_long_answers_too(void **state)
{
	static uint8_t answer[MESSAGE_SIZE_MAX];
	int fd;

	(void)state;
	send_room = 1;
	door_put_text(&door, "big", 50000);
	fd = begin_accepted();
	door_send_query(fd, 1, "big.home.arpa", KNOT_RRTYPE_TXT);
	door_send_query(fd, 2, "big.home.arpa", KNOT_RRTYPE_TXT);
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	settle();
	assert_true(read_answer(fd, answer) > 50000);
	assert_true(read_answer(fd, answer) > 50000);
	expect_end(fd);
	(void)close(fd);
}

static void
half_a_message_and_the_end_is_an_end(void **state)
{
	static const uint8_t scrap[] = { 0, 40, 1, 2, 3 };
	int fd = begin();

	(void)state;
	send_all(fd, scrap, sizeof(scrap));
	assert_int_equal(shutdown(fd, SHUT_WR), 0);
	expect_end(fd);
	(void)close(fd);
}

/* Closes so that the server is told of an error. */
static void
break_off(int fd)
{
	struct linger at_once = { .l_onoff = 1 };

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	(void)close(fd);
}

static void
a_client_that_breaks_off_harms_nobody(void **state)
{
	int other = begin_accepted();
	int fd = begin_accepted();

	(void)state;
	door_send_update(fd, 1, "192.0.2.1");
	break_off(fd);
	settle();
	fd = begin_accepted();
	door_send_update(fd, 2, "192.0.2.2");
	door_send_query(fd, 3, door_key, KNOT_RRTYPE_A);
	door_turn(&door, DOOR_LIMIT_MS);
	/* The query has waited for the commit: its turn comes together with the news of the end. */
	break_off(fd);
	settle();
	door_send_query(other, 4, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(other, 4, KNOT_RCODE_NOERROR);
	(void)close(other);
}

/* --- time --- */

static void
an_idle_connection_is_closed(void **state)
{
	int fd = begin_accepted();

	(void)state;
	served_now_ms += DOOR_IDLE_MS - 1;
	assert_false(has_something(fd));
	served_now_ms += 1;
	expect_end(fd);
	(void)close(fd);
}

static void
a_message_now_and_then_keeps_a_connection(void **state)
{
	int fd = begin_accepted();

	(void)state;
	for (uint16_t id = 0; id < 5; id++) {
		served_now_ms += DOOR_IDLE_MS - 1;
		door_send_query(fd, id, "home.arpa", KNOT_RRTYPE_SOA);
		/* It has come when the time is over. */
		expect_answer(fd, id, KNOT_RCODE_NOERROR);
	}
	(void)close(fd);
}

static void
octets_that_never_make_a_message_do_not_keep_a_connection(void **state)
{
	int fd = begin_accepted();

	(void)state;
	for (int seconds = 0; seconds < DOOR_IDLE_MS / 1000; seconds++) {
		assert_false(has_something(fd));
		served_now_ms += 1000;
		send_all(fd, (const uint8_t *)"x", 1);
	}
	assert_true(has_something(fd));
	(void)close(fd);
}

/* --- how many --- */

static void
one_more_than_there_may_be_takes_the_place_of_the_longest_idle(void **state)
{
	int fds[CONNECTIONS + 1];

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = begin_accepted();
	/* The first speaks, so the second is now idle longest. */
	door_send_query(fds[0], 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fds[0], 1, KNOT_RCODE_NOERROR);
	fds[CONNECTIONS] = begin_accepted();
	expect_end(fds[1]);
	for (int i = 0; i <= CONNECTIONS; i++) {
		if (i != 1) {
			door_send_query(fds[i], (uint16_t)i, "home.arpa", KNOT_RRTYPE_SOA);
			expect_answer(fds[i], (uint16_t)i, KNOT_RCODE_NOERROR);
		}
		(void)close(fds[i]);
	}
}

static void
a_place_is_taken_while_its_owner_is_about_to_be_heard(void **state)
{
	int old[CONNECTIONS];
	int new[CONNECTIONS];
	int fd;

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++)
		old[i] = begin_accepted();
	/* One turn is told of all: messages on the old ones, and as many that want their places. */
	for (int i = 0; i < CONNECTIONS; i++) {
		door_send_query(old[i], (uint16_t)i, "home.arpa", KNOT_RRTYPE_SOA);
		new[i] = begin();
	}
	settle();
	fd = begin();
	door_send_query(fd, 99, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 99, KNOT_RCODE_NOERROR);
	for (int i = 0; i < CONNECTIONS; i++) {
		(void)close(old[i]);
		(void)close(new[i]);
	}
	(void)close(fd);
}

static void
a_limit_that_was_lowered_holds_from_the_next_connection_on(void **state)
{
	int fds[CONNECTIONS];
	int fd;

	(void)state;
	for (int i = 0; i < CONNECTIONS; i++)
		fds[i] = begin_accepted();
	door_listen(&door, &at, 1, 2);
	fd = begin_accepted();
	for (int i = 0; i < CONNECTIONS - 1; i++)
		expect_end(fds[i]);
	door_send_query(fds[CONNECTIONS - 1], 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fds[CONNECTIONS - 1], 1, KNOT_RCODE_NOERROR);
	for (int i = 0; i < CONNECTIONS; i++)
		(void)close(fds[i]);
	(void)close(fd);
}

static void
connections_outlive_the_address_they_came_to(void **state)
{
	int fd = begin_accepted();

	(void)state;
	at = door_free_endpoint();
	door_listen(&door, &at, 1, CONNECTIONS);
	door_send_query(fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

/* --- greed --- */

/* Sends queries for a large answer until nothing more is taken, for many turns. */
static unsigned
send_until_full(int fd)
{
	uint8_t stream[PREFIX_SIZE + CLIENT_WIRE_MAX];
	struct letter letter;
	size_t size;
	size_t sent = 0;
	unsigned whole = 0;

	letter_query(&letter, 1, "big.home.arpa", KNOT_RRTYPE_TXT);
	size = frame(&letter, stream);
	for (int refused = 0; refused < 50;) {
		ssize_t count = send(fd, stream + sent, size - sent, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (count < 0) {
			assert_int_equal(errno, EAGAIN);
			refused++;
			door_turn(&door, 0);
			continue;
		}
		refused = 0;
		sent += (size_t)count;
		if (sent == size) {
			sent = 0;
			assert_true(++whole < 1000000);
		}
	}
	return whole;
}

static void
a_peer_that_does_not_read_is_not_read_from_and_loses_nothing(void **state)
{
	static uint8_t answer[MESSAGE_SIZE_MAX];
	int greedy = begin_accepted();
	int other = begin_accepted();
	unsigned asked;

	(void)state;
	door_put_text(&door, "big", 20000);
	asked = send_until_full(greedy);
	/* What was asked would be answered by much more than it is allowed to pile up. */
	assert_true((size_t)asked * 20000 > (size_t)16 << 20);
	door_send_query(other, 2, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(other, 2, KNOT_RCODE_NOERROR);
	assert_int_equal(shutdown(greedy, SHUT_WR), 0);
	for (unsigned i = 0; i < asked; i++)
		assert_true(read_answer(greedy, answer) > 20000);
	expect_end(greedy);
	(void)close(greedy);
	(void)close(other);
}

/* Keeps a connection's buffers full of small queries, and throws its answers away. */
static void
flood(int fd)
{
	static uint8_t stream[64 << 10];
	static size_t size;
	uint8_t answers[64 << 10];
	struct letter letter;

	if (size == 0) {
		letter_query(&letter, 7, "abcd.home.arpa", KNOT_RRTYPE_A);
		while (size + PREFIX_SIZE + letter.length <= sizeof(stream))
			size += frame(&letter, stream + size);
	}
	while (recv(fd, answers, sizeof(answers), MSG_DONTWAIT) > 0)
		continue;
	/* What a short write cuts is no message any more; it floods all the same. */
	(void)send(fd, stream, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void
floods_leave_the_others_their_turn(void **state)
{
	int floods[CONNECTIONS - 1];
	int good;

	(void)state;
	for (int i = 0; i < CONNECTIONS - 1; i++)
		floods[i] = begin_accepted();
	good = begin_accepted();
	for (uint16_t id = 0; id < 20; id++) {
		int turns = 0;
		int waiting = 0;

		door_send_query(good, id, "home.arpa", KNOT_RRTYPE_SOA);
		while (waiting == 0) {
			for (int i = 0; i < CONNECTIONS - 1; i++)
				flood(floods[i]);
			door_turn(&door, 0);
			assert_int_equal(ioctl(good, FIONREAD, &waiting), 0);
			assert_true(++turns < 20);
		}
		expect_answer(good, id, KNOT_RCODE_NOERROR);
	}
	for (int i = 0; i < CONNECTIONS - 1; i++)
		(void)close(floods[i]);
	(void)close(good);
}

static void
a_query_is_answered_while_every_turn_has_an_update(void **state)
{
	static uint8_t answers[64 << 10];
	int writer = begin_accepted();
	int reader = begin_accepted();
	uint16_t id = 0;
	int waiting = 0;

	(void)state;
	while (waiting == 0) {
		char address[] = "192.0.2.1";

		address[sizeof(address) - 2] = (char)('1' + id % 9);
		door_send_update(writer, id, address);
		if (id == 2)
			door_send_query(reader, 7, "home.arpa", KNOT_RRTYPE_SOA);
		door_turn(&door, 0);
		(void)recv(writer, answers, sizeof(answers), MSG_DONTWAIT);
		assert_int_equal(ioctl(reader, FIONREAD, &waiting), 0);
		assert_true(++id < 20);
	}
	expect_answer(reader, 7, KNOT_RCODE_NOERROR);
	(void)close(writer);
	(void)close(reader);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_query_and_an_update_are_answered),
		TEST(a_message_that_comes_octet_by_octet_is_one_message),
		TEST(a_burst_of_messages_gets_all_its_answers_in_order),
		TEST(the_largest_message_and_the_emptiest_are_read_past),
		TEST(a_query_behind_an_update_sees_what_the_update_did),
		TEST(a_client_that_sends_no_more_gets_its_answers_and_the_end),
		TEST(a_client_that_sends_no_more_gets_long_answers_too),
		TEST(half_a_message_and_the_end_is_an_end),
		TEST(a_client_that_breaks_off_harms_nobody),
		TEST(an_idle_connection_is_closed),
		TEST(a_message_now_and_then_keeps_a_connection),
		TEST(octets_that_never_make_a_message_do_not_keep_a_connection),
		TEST(one_more_than_there_may_be_takes_the_place_of_the_longest_idle),
		TEST(a_place_is_taken_while_its_owner_is_about_to_be_heard),
		TEST(a_limit_that_was_lowered_holds_from_the_next_connection_on),
		TEST(connections_outlive_the_address_they_came_to),
		TEST(a_peer_that_does_not_read_is_not_read_from_and_loses_nothing),
		TEST(floods_leave_the_others_their_turn),
		TEST(a_query_is_answered_while_every_turn_has_an_update),
	};
#undef TEST

	return cmocka_run_group_tests_name("dns_tcp", tests, NULL, NULL);
}
