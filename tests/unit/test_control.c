/* SPDX-License-Identifier: GPL-3.0-or-later */
/* doors/control: how its socket comes and goes, and whom it takes its clients for. */
/* LDWRAP: listen getsockopt */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "doors/control.h"
#include "folder.h"
#include "http_client.h"

enum { SOMEBODY = 4321, PRIMARY = 5001, SECOND = 5002, THIRD = 5003, QUEUE = 4 };

static const char request[] = "GET /one HTTP/1.1\r\nHost: x\r\n\r\n";

static struct folder folder;
static struct loop *loop;
static struct control *control;
static struct control_options options;
static char problem[CONTROL_PROBLEM_MAX];
static char who[HTTP_WHO_MAX];
static const struct principal *principal;

/* --- what the system says --- */

static struct stat at_listening; /* the file at options.socket when it begins to listen */
static bool is_somebody;         /* a client is SOMEBODY, whoever it is */
static int groups_error;         /* of SO_PEERGROUPS; 0 = none */

int __real_listen(int fd, int backlog);
int __wrap_listen(int fd, int backlog);
int __real_getsockopt(int fd, int level, int name, void *value, socklen_t *size);
int __wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size);

int
__wrap_listen(int fd, int backlog)
{
	(void)lstat(options.socket, &at_listening);
	return __real_listen(fd, backlog);
}

int
__wrap_getsockopt(int fd, int level, int name, void *value, socklen_t *size)
{
	static const gid_t groups[] = { SECOND, THIRD };
	struct ucred somebody = { .pid = 1, .uid = SOMEBODY, .gid = PRIMARY };

	if (is_somebody && level == SOL_SOCKET && name == SO_PEERCRED) {
		assert_int_equal(*size, sizeof(somebody));
		memcpy(value, &somebody, sizeof(somebody));
		return 0;
	}
	if (is_somebody && level == SOL_SOCKET && name == SO_PEERGROUPS) {
		if (groups_error != 0) {
			errno = groups_error;
			return -1;
		}
		assert_true(*size >= sizeof(groups));
		memcpy(value, groups, sizeof(groups));
		*size = sizeof(groups);
		return 0;
	}
	return __real_getsockopt(fd, level, name, value, size);
}

/* --- a site that says who asks --- */

static size_t
body_max(void *context, const char *method, const char *path, const struct http_peer *peer)
{
	(void)context;
	(void)method;
	(void)path;
	(void)peer;
	return 0;
}

static void
receive(void *context, struct http_exchange *exchange)
{
	const struct http_peer *peer = http_peer(exchange);

	(void)context;
	assert_string_equal(peer->door, "unix");
	assert_int_equal(peer->source.family, 0);
	principal = peer->principal;
	(void)snprintf(who, sizeof(who), "%s", peer->who);
	http_wait(exchange);
}

static void
finish(void *context, struct http_exchange *exchange, enum status commit_status)
{
	(void)context;
	assert_int_equal(commit_status, STATUS_OK);
	assert_int_equal(http_answer(exchange, 200, "text/plain", "hello", 5), STATUS_OK);
}

static void
release(void *context, struct http_exchange *exchange)
{
	(void)context;
	(void)exchange;
}

static void
end_turn(void *context)
{
	(void)context;
	control_flush(control, STATUS_OK);
}

static void
set_path(const char *name)
{
	char path[PATH_MAX];
	size_t length = strlen(folder_entry(&folder, name, path));

	assert_true(length < sizeof(options.socket));
	memset(options.socket, 0, sizeof(options.socket));
	memcpy(options.socket, path, length);
}

static int
set_up(void **state)
{
	static const struct http_site site = { NULL, NULL, body_max, receive, finish, release };

	(void)state;
	is_somebody = false;
	groups_error = 0;
	principal = NULL;
	folder_make(&folder);
	loop = loop_new();
	assert_non_null(loop);
	control = control_new(loop, &site);
	assert_non_null(control);
	loop_at_turn_end(loop, end_turn, NULL);
	options = (struct control_options){ .mode = 0660 };
	set_path("control.sock");
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	control_free(control);
	loop_free(loop);
	folder_remove(&folder);
	return 0;
}

static enum status
try_to_listen(void)
{
	problem[0] = '\0';
	return control_listen(control, &options, problem);
}

static void
expect_served(int fd)
{
	struct http_reply reply;

	http_client_ask(loop, fd, request, &reply);
	assert_string_equal(reply.body, "hello");
}

/* Somebody who connects anew is served. */
static void
expect_open(const char *path)
{
	int fd = http_client_connect(path);

	expect_served(fd);
	(void)close(fd);
}

static bool
is_there(const char *path)
{
	struct stat about;

	return lstat(path, &about) == 0;
}

/* A socket of somebody else's. Returns its descriptor, which listens or does not. */
static int
make_other(bool is_listening)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	memcpy(address.sun_path, options.socket, sizeof(address.sun_path));
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	if (is_listening)
		assert_int_equal(__real_listen(fd, QUEUE), 0);
	return fd;
}

/* --- the socket --- */

static void
it_is_there_with_its_mode_whatever_the_umask(void **state)
{
	static const mode_t modes[] = { 0600, 0660, 0666 };

	(void)state;
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		struct stat about;
		mode_t mask = umask(077);

		options.mode = modes[i];
		assert_int_equal(try_to_listen(), STATUS_OK);
		assert_int_equal(umask(mask), 077);
		assert_int_equal(lstat(options.socket, &about), 0);
		assert_true(S_ISSOCK(about.st_mode));
		assert_int_equal(about.st_mode & 07777, modes[i]);
		expect_open(options.socket);
	}
}

/* A group that we may give it to: any for root, else our own. */
static gid_t
choose_group(void)
{
	const struct group *group = geteuid() == 0 ? getgrnam("daemon") : getgrgid(getegid());

	assert_non_null(group);
	(void)snprintf(options.group, sizeof(options.group), "%s", group->gr_name);
	return group->gr_gid;
}

static void
mode_and_group_are_right_before_anybody_can_connect(void **state)
{
	gid_t group = choose_group();

	(void)state;
	options.mode = 0640;
	memset(&at_listening, 0, sizeof(at_listening));
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_true(S_ISSOCK(at_listening.st_mode));
	assert_int_equal(at_listening.st_mode & 07777, 0640);
	assert_int_equal(at_listening.st_gid, group);
}

static void
a_group_that_is_not_there_is_told(void **state)
{
	(void)state;
	(void)snprintf(options.group, sizeof(options.group), "no-such-group");
	assert_int_equal(try_to_listen(), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, "no-such-group"));
	assert_false(is_there(options.socket));
}

static void
what_a_dead_daemon_left_is_taken_over(void **state)
{
	(void)state;
	(void)close(make_other(true));
	assert_true(is_there(options.socket));
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(options.socket);
}

static void
the_socket_of_a_daemon_that_lives_is_left_alone(void **state)
{
	int other = make_other(true);
	int queued[QUEUE + 2];

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_REFUSED);
	assert_non_null(strstr(problem, options.socket));
	(void)close(http_client_connect(options.socket));

	/* Also when it is so busy that its queue is full. */
	for (int i = 0; i < QUEUE + 2; i++) {
		struct sockaddr_un address = { .sun_family = AF_UNIX };

		memcpy(address.sun_path, options.socket, sizeof(address.sun_path));
		queued[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(queued[i], (struct sockaddr *)&address, sizeof(address));
	}
	assert_int_equal(try_to_listen(), STATUS_REFUSED);
	for (int i = 0; i < QUEUE + 2; i++)
		(void)close(queued[i]);
	(void)close(other);
}

static void
anything_but_a_socket_is_left_alone(void **state)
{
	(void)state;
	folder_write(&folder, "control.sock", "precious");
	assert_int_equal(try_to_listen(), STATUS_IO);
	assert_non_null(strstr(problem, options.socket));
	folder_expect(&folder, "control.sock", "precious");

	assert_int_equal(unlink(options.socket), 0);
	folder_write(&folder, "target", "precious");
	assert_int_equal(symlink("target", options.socket), 0);
	assert_int_equal(try_to_listen(), STATUS_IO);
	folder_expect(&folder, "target", "precious");
}

static void
a_folder_that_is_not_there_is_told_with_the_mend(void **state)
{
	(void)state;
	set_path("none/control.sock");
	assert_int_equal(try_to_listen(), STATUS_NOT_FOUND);
	assert_non_null(strstr(problem, options.socket));
	assert_non_null(strstr(problem, "make it"));
}

static void
a_path_as_long_as_can_be_works_and_can_be_exchanged(void **state)
{
	size_t length = strlen(folder.path);
	struct stat before;
	struct stat after;

	(void)state;
	set_path("");
	memset(options.socket + length + 1, 's', sizeof(options.socket) - length - 2);
	assert_int_equal(strlen(options.socket), sizeof(options.socket) - 1);
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(options.socket);
	assert_int_equal(lstat(options.socket, &before), 0);
	options.mode = 0600;
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(lstat(options.socket, &after), 0);
	assert_int_not_equal(before.st_ino, after.st_ino);
	expect_open(options.socket);
}

/* --- reloads --- */

static void
a_reload_without_a_change_leaves_the_socket(void **state)
{
	struct stat before;
	struct stat after;

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(lstat(options.socket, &before), 0);
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(lstat(options.socket, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	expect_open(options.socket);
}

static void
a_reload_with_another_mode_exchanges_it_and_keeps_connections(void **state)
{
	struct stat before;
	struct stat about;
	int fd;

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(lstat(options.socket, &before), 0);
	fd = http_client_connect(options.socket);
	expect_served(fd);
	options.mode = 0600;
	assert_int_equal(try_to_listen(), STATUS_OK);
	/* The old one is there until the new one is ready. */
	assert_int_equal(at_listening.st_ino, before.st_ino);
	assert_int_equal(lstat(options.socket, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	expect_open(options.socket);
	expect_served(fd);
	(void)close(fd);
	/* Nothing else is left in the folder. */
	assert_int_equal(unlink(options.socket), 0);
	assert_int_equal(rmdir(folder.path), 0);
}

static void
a_reload_with_another_path_moves_it_and_keeps_connections(void **state)
{
	char before[sizeof(options.socket)];
	int fd;

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	memcpy(before, options.socket, sizeof(before));
	fd = http_client_connect(options.socket);
	expect_served(fd);
	set_path("other.sock");
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_false(is_there(before));
	expect_open(options.socket);
	expect_served(fd);
	(void)close(fd);
}

static void
a_reload_that_fails_leaves_all_as_it_was(void **state)
{
	char before[sizeof(options.socket)];

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	memcpy(before, options.socket, sizeof(before));
	set_path("none/other.sock");
	assert_int_equal(try_to_listen(), STATUS_NOT_FOUND);
	expect_open(before);
	memcpy(options.socket, before, sizeof(before));
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(before);
}

static void
a_reload_makes_anew_what_somebody_has_removed(void **state)
{
	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(unlink(options.socket), 0);
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(options.socket);
}

static void
without_a_path_there_is_none(void **state)
{
	char before[sizeof(options.socket)];
	int fd;

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	memcpy(before, options.socket, sizeof(before));
	fd = http_client_connect(before);
	expect_served(fd);
	options.socket[0] = '\0';
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_false(is_there(before));
	expect_served(fd);
	(void)close(fd);
}

static void
at_the_end_it_removes_its_socket(void **state)
{
	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	control_free(control);
	control = NULL;
	assert_false(is_there(options.socket));
}

static void
at_the_end_it_does_not_remove_somebody_elses(void **state)
{
	int other;

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	assert_int_equal(unlink(options.socket), 0);
	other = make_other(true);
	control_free(control);
	control = NULL;
	assert_true(is_there(options.socket));
	(void)close(other);
}

/* --- clients --- */

static void
whoever_runs_the_daemon_is_admin(void **state)
{
	char expected[HTTP_WHO_MAX];

	(void)state;
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(options.socket);
	assert_non_null(principal);
	assert_int_equal(principal->kind, PRINCIPAL_PEER);
	assert_string_equal(principal->identity, PRINCIPAL_ADMIN_IDENTITY);
	assert_true(principal->is_admin);
	assert_true(principal->may_tell_leases);
	assert_int_equal(principal->grant_count, 0);
	(void)snprintf(expected, sizeof(expected), "uid %u (", (unsigned)geteuid());
	assert_memory_equal(who, expected, strlen(expected));
}

static void
anybody_else_may_look_and_has_no_principal(void **state)
{
	(void)state;
	is_somebody = true;
	assert_int_equal(try_to_listen(), STATUS_OK);
	expect_open(options.socket);
	assert_null(principal);
	assert_string_equal(who, "uid 4321");
}

static void
peers_are_found_by_user_and_by_any_of_their_groups(void **state)
{
	struct peer_principal peer = { .has_user = true, .uid = SOMEBODY };
	static const gid_t groups[] = { PRIMARY, SECOND, THIRD };

	(void)state;
	is_somebody = true;
	assert_int_equal(try_to_listen(), STATUS_OK);
	control_set_peers(control, &peer, 1);
	expect_open(options.socket);
	assert_ptr_equal(principal, &peer.principal);
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		peer = (struct peer_principal){ .has_group = true, .gid = groups[i] };
		expect_open(options.socket);
		assert_ptr_equal(principal, &peer.principal);
	}
	peer.gid = THIRD + 1;
	expect_open(options.socket);
	assert_null(principal);
}

static void
where_the_kernel_does_not_tell_groups_the_primary_one_counts(void **state)
{
	struct peer_principal peer = { .has_group = true, .gid = PRIMARY };

	(void)state;
	is_somebody = true;
	groups_error = ENOPROTOOPT;
	assert_int_equal(try_to_listen(), STATUS_OK);
	control_set_peers(control, &peer, 1);
	expect_open(options.socket);
	assert_ptr_equal(principal, &peer.principal);
	peer.gid = SECOND;
	expect_open(options.socket);
	assert_null(principal);
	groups_error = ERANGE;
	expect_open(options.socket);
	assert_null(principal);
}

static void
new_peers_count_for_open_connections_too(void **state)
{
	struct peer_principal before = { .has_user = true, .uid = SOMEBODY };
	struct peer_principal after = { .has_user = true, .uid = SOMEBODY };
	int fd;

	(void)state;
	is_somebody = true;
	assert_int_equal(try_to_listen(), STATUS_OK);
	control_set_peers(control, &before, 1);
	fd = http_client_connect(options.socket);
	expect_served(fd);
	assert_ptr_equal(principal, &before.principal);
	control_set_peers(control, &after, 1);
	expect_served(fd);
	assert_ptr_equal(principal, &after.principal);
	control_set_peers(control, NULL, 0);
	expect_served(fd);
	assert_null(principal);
	(void)close(fd);
}

int
main(void)
{
#define UNIT(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		UNIT(it_is_there_with_its_mode_whatever_the_umask),
		UNIT(mode_and_group_are_right_before_anybody_can_connect),
		UNIT(a_group_that_is_not_there_is_told),
		UNIT(what_a_dead_daemon_left_is_taken_over),
		UNIT(the_socket_of_a_daemon_that_lives_is_left_alone),
		UNIT(anything_but_a_socket_is_left_alone),
		UNIT(a_folder_that_is_not_there_is_told_with_the_mend),
		UNIT(a_path_as_long_as_can_be_works_and_can_be_exchanged),
		UNIT(a_reload_without_a_change_leaves_the_socket),
		UNIT(a_reload_with_another_mode_exchanges_it_and_keeps_connections),
		UNIT(a_reload_with_another_path_moves_it_and_keeps_connections),
		UNIT(a_reload_that_fails_leaves_all_as_it_was),
		UNIT(a_reload_makes_anew_what_somebody_has_removed),
		UNIT(without_a_path_there_is_none),
		UNIT(at_the_end_it_removes_its_socket),
		UNIT(at_the_end_it_does_not_remove_somebody_elses),
		UNIT(whoever_runs_the_daemon_is_admin),
		UNIT(anybody_else_may_look_and_has_no_principal),
		UNIT(peers_are_found_by_user_and_by_any_of_their_groups),
		UNIT(where_the_kernel_does_not_tell_groups_the_primary_one_counts),
		UNIT(new_peers_count_for_open_connections_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
