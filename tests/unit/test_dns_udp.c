/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/dns_udp: batches, addresses, sizes, and the order of commit and answer. */
/* LDWRAP: store_commit */
#include <libknot/libknot.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "door.h"
#include "failing_commit.h"

enum {
	BURST = 700, /* more than a turn holds; half of it fits into a socket of any Linux */
	CLIENTS = 4,
	CLIENT_ROOM = 4 << 20,
	ANSWER_MAX = 4096,
};

static struct door door;
static struct endpoint at;

static int
set_up(void **state)
{
	(void)state;
	commit_outcome = STATUS_OK;
	door_open(&door);
	at = door_free_endpoint();
	door_listen(&door, &at, 1, 1);
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

/* A socket that hears only what comes from that endpoint. */
static int
client_of(const struct endpoint *server)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(server, &address);
	int room = CLIENT_ROOM;
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
	assert_int_equal(connect(fd, (struct sockaddr *)&address, size), 0);
	return fd;
}

static size_t
read_answer(int fd, uint8_t answer[static ANSWER_MAX])
{
	ssize_t length;

	assert_true(door_wait(&door, fd));
	length = recv(fd, answer, ANSWER_MAX, MSG_DONTWAIT);
	assert_true(length >= KNOT_WIRE_HEADER_SIZE);
	return (size_t)length;
}

static void
expect_answer(int fd, uint16_t id, unsigned rcode)
{
	uint8_t answer[ANSWER_MAX];

	(void)read_answer(fd, answer);
	assert_int_equal(knot_wire_get_id(answer), id);
	assert_int_equal(knot_wire_get_rcode(answer), rcode);
}

/* --- what comes back --- */

static void
a_query_and_an_update_are_answered(void **state)
{
	int fd = client_of(&at);

	(void)state;
	door_send_query(fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	door_send_update(fd, 2, "192.0.2.1");
	expect_answer(fd, 2, KNOT_RCODE_NOERROR);
	assert_string_equal(served_records(&door.served, "laptop"), "60 A 192.0.2.1\n");
	(void)close(fd);
}

static void
what_deserves_no_answer_gets_none(void **state)
{
	struct pollfd wanted = { .fd = client_of(&at), .events = POLLIN };
	struct letter letter;

	(void)state;
	assert_int_equal(send(wanted.fd, "", 0, 0), 0);
	letter_query(&letter, 1, "home.arpa", KNOT_RRTYPE_SOA);
	knot_wire_set_qr(letter.wire);
	door_send_letter(wanted.fd, &letter);
	assert_int_equal(send(wanted.fd, letter.wire, 11, 0), 11);
	door_send_query(wanted.fd, 2, "home.arpa", KNOT_RRTYPE_SOA);
	/* The first answer there is belongs to the last message. */
	expect_answer(wanted.fd, 2, KNOT_RCODE_NOERROR);
	assert_int_equal(poll(&wanted, 1, 0), 0);
	(void)close(wanted.fd);
}

/* Which of the clients sends this one: in turns, so that answers leave in runs of every length. */
static unsigned
sender_of(unsigned id)
{
	return id / 7 % CLIENTS;
}

static const char *
name_of(unsigned id)
{
	return id % 5 == 0 ? "nobody.home.arpa" : "home.arpa";
}

static void
a_burst_that_fills_several_turns_is_answered_whole(void **state)
{
	struct pollfd wanted[CLIENTS];
	uint8_t answer[ANSWER_MAX];
	bool has_come[BURST] = { false };
	struct endpoint both[2];

	(void)state;
	both[0] = at;
	both[1] = door_free_endpoint();
	door_listen(&door, both, 2, 1);
	for (unsigned i = 0; i < CLIENTS; i++)
		wanted[i] = (struct pollfd){ .fd = client_of(&both[i % 2]), .events = POLLIN };
	for (unsigned id = 0; id < BURST; id++)
		door_send_query(wanted[sender_of(id)].fd, (uint16_t)id, name_of(id),
		    KNOT_RRTYPE_SOA);
	for (unsigned i = 0; i < BURST; i++) {
		unsigned client = 0;
		unsigned id;

		if (poll(wanted, CLIENTS, 0) == 0)
			door_turn(&door, DOOR_LIMIT_MS);
		assert_true(poll(wanted, CLIENTS, 0) > 0);
		while ((wanted[client].revents & POLLIN) == 0)
			client++;
		(void)read_answer(wanted[client].fd, answer);
		id = knot_wire_get_id(answer);
		assert_in_range(id, 0, BURST - 1);
		assert_int_equal(sender_of(id), client);
		assert_int_equal(knot_wire_get_rcode(answer),
		    id % 5 == 0 ? KNOT_RCODE_NXDOMAIN : KNOT_RCODE_NOERROR);
		assert_false(has_come[id]);
		has_come[id] = true;
	}
	for (unsigned i = 0; i < CLIENTS; i++)
		(void)close(wanted[i].fd);
}

/* --- addresses --- */

static void
a_wildcard_socket_answers_from_the_address_that_was_asked(void **state)
{
	struct endpoint everywhere = { .address.family = 4, .port = door_free_port(4) };
	struct endpoint asked = everywhere;
	int fd;

	(void)state;
	/* The wildcard and the one address cannot be had at once. */
	door_listen(&door, NULL, 0, 1);
	door_listen(&door, &everywhere, 1, 1);
	assert_int_equal(address_from_text("127.0.0.2", &asked.address), STATUS_OK);
	fd = client_of(&asked);
	door_send_query(fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

static void
a_wildcard_ipv6_socket_answers_too(void **state)
{
	struct endpoint everywhere = { .address.family = 6, .port = door_free_port(6) };
	struct endpoint asked = everywhere;
	int fd;

	(void)state;
	door_listen(&door, &everywhere, 1, 1);
	assert_int_equal(address_from_text("::1", &asked.address), STATUS_OK);
	fd = client_of(&asked);
	door_send_query(fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	door_send_query(fd, 2, "home.arpa", KNOT_RRTYPE_SOA);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	expect_answer(fd, 2, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

/* As much as a turn takes, and more. */
static void
flood(int fd)
{
	for (int i = 0; i < BURST; i++)
		door_send_query(fd, 2, "home.arpa", KNOT_RRTYPE_SOA);
}

static void
a_flood_of_one_socket_leaves_the_other_its_share(void **state)
{
	static struct endpoint both[2];
	struct pollfd wanted;
	int flooding;

	(void)state;
	both[0] = at;
	both[1] = door_free_endpoint();
	door_listen(&door, both, 2, 1);
	flooding = client_of(&both[0]);
	wanted = (struct pollfd){ .fd = client_of(&both[1]), .events = POLLIN };
	flood(flooding);
	door_send_query(wanted.fd, 1, "home.arpa", KNOT_RRTYPE_SOA);
	door_turn(&door, 0);
	assert_int_equal(poll(&wanted, 1, 0), 1);
	expect_answer(wanted.fd, 1, KNOT_RCODE_NOERROR);
	(void)close(flooding);
	(void)close(wanted.fd);
}

/* --- sizes (rule 37) --- */

/* The answer to a query for a text, asked with so large a payload; 0: without EDNS. */
static size_t
ask_for_text(const char *name, uint16_t payload, uint8_t answer[static ANSWER_MAX])
{
	int fd = client_of(&at);
	struct letter letter;
	size_t length;

	letter_query(&letter, 1, name, KNOT_RRTYPE_TXT);
	if (payload > 0)
		letter_put_opt(&letter, 0, payload, NULL, 0);
	door_send_letter(fd, &letter);
	length = read_answer(fd, answer);
	(void)close(fd);
	return length;
}

static void
an_answer_fits_what_the_client_can_take(void **state)
{
	uint8_t answer[ANSWER_MAX];

	(void)state;
	door_put_text(&door, "some.home.arpa.", 800);
	assert_true(ask_for_text("some.home.arpa", 0, answer) <= 512);
	assert_true(knot_wire_get_tc(answer));
	assert_true(ask_for_text("some.home.arpa", 100, answer) <= 512);
	assert_true(knot_wire_get_tc(answer));
	assert_true(ask_for_text("some.home.arpa", 1232, answer) > 800);
	assert_false(knot_wire_get_tc(answer));
	assert_int_equal(knot_wire_get_ancount(answer), 4);
}

static void
no_answer_is_longer_than_1232_octets(void **state)
{
	uint8_t answer[ANSWER_MAX];

	(void)state;
	door_put_text(&door, "more.home.arpa.", 2000);
	assert_true(ask_for_text("more.home.arpa", 4096, answer) <= 1232);
	assert_true(knot_wire_get_tc(answer));
}

/* --- commit first --- */

static void
a_query_in_the_turn_of_an_update_sees_it_done(void **state)
{
	uint8_t answer[ANSWER_MAX];
	int fd = client_of(&at);

	(void)state;
	door_send_update(fd, 1, "192.0.2.1");
	door_send_query(fd, 2, door_key, KNOT_RRTYPE_A);
	door_turn(&door, DOOR_LIMIT_MS);
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	(void)read_answer(fd, answer);
	assert_int_equal(knot_wire_get_id(answer), 2);
	assert_int_equal(knot_wire_get_ancount(answer), 1);
	(void)close(fd);
}

static void
a_failed_commit_fails_the_updates_and_the_queries_see_none_of_it(void **state)
{
	int fd = client_of(&at);

	(void)state;
	commit_outcome = STATUS_NO_SPACE;
	door_send_update(fd, 1, "192.0.2.1");
	door_send_query(fd, 2, door_key, KNOT_RRTYPE_A);
	door_send_update(fd, 3, "192.0.2.2");
	door_turn(&door, DOOR_LIMIT_MS);
	expect_answer(fd, 1, KNOT_RCODE_SERVFAIL);
	expect_answer(fd, 2, KNOT_RCODE_NXDOMAIN);
	expect_answer(fd, 3, KNOT_RCODE_SERVFAIL);
	commit_outcome = STATUS_OK;
	door_send_update(fd, 4, "192.0.2.2");
	expect_answer(fd, 4, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

static void
large_queries_that_wait_take_no_place_from_others(void **state)
{
	enum { LARGE = 40 };
	static uint8_t padding[1500] = { 0, KNOT_EDNS_OPTION_PADDING, 1496 >> 8, 1496 & 255 };
	int fd = client_of(&at);
	struct letter letter;

	(void)state;
	door_send_update(fd, 1, "192.0.2.1");
	letter_query(&letter, 2, door_key, KNOT_RRTYPE_A);
	letter_put_opt(&letter, 0, 1232, padding, sizeof(padding));
	for (int i = 0; i < LARGE; i++)
		door_send_letter(fd, &letter);
	door_send_update(fd, 3, "192.0.2.2");
	expect_answer(fd, 1, KNOT_RCODE_NOERROR);
	for (int i = 0; i < LARGE; i++)
		expect_answer(fd, 2, KNOT_RCODE_NOERROR);
	expect_answer(fd, 3, KNOT_RCODE_NOERROR);
	(void)close(fd);
}

int
main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_query_and_an_update_are_answered),
		TEST(what_deserves_no_answer_gets_none),
		TEST(a_burst_that_fills_several_turns_is_answered_whole),
		TEST(a_wildcard_socket_answers_from_the_address_that_was_asked),
		TEST(a_wildcard_ipv6_socket_answers_too),
		TEST(a_flood_of_one_socket_leaves_the_other_its_share),
		TEST(an_answer_fits_what_the_client_can_take),
		TEST(no_answer_is_longer_than_1232_octets),
		TEST(a_query_in_the_turn_of_an_update_sees_it_done),
		TEST(a_failed_commit_fails_the_updates_and_the_queries_see_none_of_it),
		TEST(large_queries_that_wait_take_no_place_from_others),
	};
#undef TEST

	return cmocka_run_group_tests_name("dns_udp", tests, NULL, NULL);
}
