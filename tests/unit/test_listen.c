/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/listen: which sockets there are after an exchange, and what is said when there is none. */
/* LDWRAP: bind */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "door.h"
#include "doors/listen.h"

static struct loop *loop;
static struct listeners listeners;
static struct endpoint at[3];
static char problem[LISTEN_PROBLEM_MAX];

/* What bind() fails with; 0: it does not. */
static int bind_errno;

int __real_bind(int fd, const struct sockaddr *address, socklen_t size);
int __wrap_bind(int fd, const struct sockaddr *address, socklen_t size);

int
__wrap_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	errno = bind_errno;
	return bind_errno == 0 ? __real_bind(fd, address, size) : -1;
}

static void
accept_one(void *context, unsigned events)
{
	(void)context;
	(void)events;
}

static int
set_up(void **state)
{
	loop = loop_new();
	listeners = (struct listeners){
		.kind = *state != NULL ? LISTEN_UDP : LISTEN_TCP,
		.loop = loop,
		.handler = accept_one,
	};
	for (int i = 0; i < 3; i++) {
		at[i] = door_free_endpoint();
		at[i].port = (uint16_t)(20000 + i);
	}
	return loop != NULL ? 0 : -1;
}

static int
tear_down(void **state)
{
	(void)state;
	listeners_close(&listeners);
	assert_int_equal(listeners.count, 0);
	loop_free(loop);
	return 0;
}

static enum status
set(size_t count)
{
	return listeners_set(&listeners, at, count, problem);
}

/* 0, or why this process cannot have the endpoint. */
static int
bind_error(const struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(endpoint, &address);
	int type = listeners.kind == LISTEN_UDP ? SOCK_DGRAM : SOCK_STREAM;
	int fd = socket(address.ss_family, type | SOCK_CLOEXEC, 0);
	int error;

	assert_true(fd >= 0);
	error = bind(fd, (struct sockaddr *)&address, size) == 0 ? 0 : errno;
	(void)close(fd);
	return error;
}

static void
sockets_do_not_block_and_are_closed_on_exec(void **state)
{
	(void)state;
	assert_int_equal(set(2), STATUS_OK);
	assert_int_equal(listeners.count, 2);
	for (size_t i = 0; i < 2; i++) {
		int fd = listeners.list[i]->watch.fd;

		assert_true((fcntl(fd, F_GETFL) & O_NONBLOCK) != 0);
		assert_true((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);
		assert_int_equal(bind_error(&at[i]), EADDRINUSE);
	}
}

static void
an_exchange_keeps_what_is_wanted_again(void **state)
{
	struct listener *kept;
	struct endpoint gone = at[0];

	(void)state;
	assert_int_equal(set(2), STATUS_OK);
	kept = listeners.list[1];
	at[0] = at[1];
	at[1] = at[2];
	assert_int_equal(set(2), STATUS_OK);
	assert_ptr_equal(listeners.list[0], kept);
	assert_int_equal(bind_error(&gone), 0);
	assert_int_equal(bind_error(&at[0]), EADDRINUSE);
	assert_int_equal(bind_error(&at[1]), EADDRINUSE);
}

static void
an_exchange_that_fails_leaves_all_as_it_was(void **state)
{
	struct listener *kept[2];

	(void)state;
	assert_int_equal(set(2), STATUS_OK);
	memcpy(kept, listeners.list, sizeof(kept));
	/* One that is there, one that can be had, one that cannot (RFC 5737). */
	at[0] = at[2];
	assert_int_equal(address_from_text("192.0.2.1", &at[2].address), STATUS_OK);
	assert_int_not_equal(set(3), STATUS_OK);
	assert_int_equal(listeners.count, 2);
	assert_memory_equal(kept, listeners.list, sizeof(kept));
	assert_int_equal(bind_error(&kept[0]->at), EADDRINUSE);
	assert_int_equal(bind_error(&kept[1]->at), EADDRINUSE);
	assert_int_equal(bind_error(&at[0]), 0);
}

static void
an_address_that_is_not_ours_is_named(void **state)
{
	(void)state;
	assert_int_equal(endpoint_from_text("192.0.2.1:5300", &at[0]), STATUS_OK);
	assert_int_not_equal(set(1), STATUS_OK);
	assert_non_null(strstr(problem, "192.0.2.1:5300"));
	assert_non_null(strstr(problem, listeners.kind == LISTEN_UDP ? "UDP" : "TCP"));
	assert_non_null(strstr(problem, "this machine does not have that address"));
}

static void
an_address_that_is_taken_is_named(void **state)
{
	struct listeners other = listeners;
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	assert_int_equal(listeners_set(&other, at, 1, problem), STATUS_OK);
	assert_int_not_equal(set(1), STATUS_OK);
	assert_non_null(strstr(problem, endpoint_to_text(&at[0], text)));
	assert_non_null(strstr(problem, "another program"));
	listeners_close(&other);
	assert_int_equal(set(1), STATUS_OK);
}

static void
both_wildcards_go_together(void **state)
{
	/* Of six, whose wildcard takes in that of four. */
	uint16_t port = door_free_port(6);

	(void)state;
	for (int i = 0; i < 2; i++)
		at[i] = (struct endpoint){ .address.family = i == 0 ? 4 : 6, .port = port };
	assert_int_equal(set(2), STATUS_OK);
}

static void
all_addresses_take_the_place_of_one_and_back(void **state)
{
	struct endpoint one = door_free_endpoint();
	struct endpoint all = { .address.family = 4, .port = door_free_port(4) };

	(void)state;
	one.port = all.port;
	at[0] = one;
	assert_int_equal(set(1), STATUS_OK);
	at[0] = all;
	assert_int_equal(set(1), STATUS_OK);
	assert_int_equal(bind_error(&all), EADDRINUSE);
	at[0] = one;
	assert_int_equal(set(1), STATUS_OK);
	assert_int_equal(listeners.count, 1);
	assert_int_equal(bind_error(&one), EADDRINUSE);
}

static void
what_stepped_aside_in_vain_comes_back(void **state)
{
	struct endpoint one = door_free_endpoint();
	struct endpoint all = { .address.family = 4, .port = one.port };

	(void)state;
	at[0] = one;
	assert_int_equal(set(2), STATUS_OK);
	at[0] = all;
	assert_int_equal(endpoint_from_text("192.0.2.1:5300", &at[2]), STATUS_OK);
	assert_int_not_equal(set(3), STATUS_OK);
	assert_null(strstr(problem, "cannot be had again"));
	assert_int_equal(listeners.count, 2);
	assert_int_equal(bind_error(&one), EADDRINUSE);
	assert_int_equal(bind_error(&at[1]), EADDRINUSE);
}

static void
what_could_not_be_had_again_is_not_given_up(void **state)
{
	struct listener *kept;

	(void)state;
	assert_int_equal(set(1), STATUS_OK);
	kept = listeners.list[0];
	at[0] = (struct endpoint){ .address.family = 4, .port = at[0].port };
	bind_errno = EACCES;
	assert_int_equal(set(1), STATUS_PERMISSION);
	bind_errno = 0;
	assert_int_equal(listeners.count, 1);
	assert_ptr_equal(listeners.list[0], kept);
}

/* Another program has it meanwhile. */
static void
what_is_lost_is_said(void **state)
{
	struct endpoint one = door_free_endpoint();
	char text[ENDPOINT_TEXT_MAX];

	(void)state;
	at[0] = one;
	assert_int_equal(set(1), STATUS_OK);
	at[0] = (struct endpoint){ .address.family = 4, .port = one.port };
	bind_errno = EADDRINUSE;
	assert_int_not_equal(set(1), STATUS_OK);
	bind_errno = 0;
	assert_non_null(strstr(problem, "0.0.0.0"));
	assert_non_null(strstr(problem, "cannot be had again"));
	assert_non_null(strstr(problem, endpoint_to_text(&one, text)));
	assert_int_equal(listeners.count, 0);
}

static void
none_closes_all(void **state)
{
	(void)state;
	assert_int_equal(set(3), STATUS_OK);
	assert_int_equal(set(0), STATUS_OK);
	assert_int_equal(listeners.count, 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(bind_error(&at[i]), 0);
}

int
main(void)
{
	static int is_udp;
#define TEST(function)                                                               \
	cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, NULL), \
	    cmocka_unit_test_prestate_setup_teardown(function, set_up, tear_down, &is_udp)
	const struct CMUnitTest tests[] = {
		TEST(sockets_do_not_block_and_are_closed_on_exec),
		TEST(an_exchange_keeps_what_is_wanted_again),
		TEST(an_exchange_that_fails_leaves_all_as_it_was),
		TEST(an_address_that_is_not_ours_is_named),
		TEST(an_address_that_is_taken_is_named),
		TEST(both_wildcards_go_together),
		TEST(all_addresses_take_the_place_of_one_and_back),
		TEST(what_stepped_aside_in_vain_comes_back),
		TEST(what_could_not_be_had_again_is_not_given_up),
		TEST(what_is_lost_is_said),
		TEST(none_closes_all),
	};
#undef TEST

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
