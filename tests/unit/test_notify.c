/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/notify: what a service manager receives, and that nothing can hold us up. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "folder.h"

#include "base/clock.h"
#include "base/notify.h"

static struct folder folder;
static int manager;

static int
make_folder(void **state)
{
	(void)state;
	(void)unsetenv("NOTIFY_SOCKET");
	(void)unsetenv("WATCHDOG_USEC");
	(void)unsetenv("WATCHDOG_PID");
	manager = -1;
	folder_make(&folder);
	return 0;
}

static int
remove_folder(void **state)
{
	(void)state;
	if (manager >= 0)
		(void)close(manager);
	folder_remove(&folder);
	return 0;
}

static void
listen_on(const struct sockaddr_un *address, socklen_t size)
{
	manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(manager >= 0);
	assert_int_equal(bind(manager, (const struct sockaddr *)address, size), 0);
}

/* A manager at a path in the test's folder, named in the environment. */
static void
listen_at_path(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[PATH_MAX];

	(void)folder_entry(&folder, "notify", path);
	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path));
	listen_on(&address, sizeof(address));
	assert_int_equal(setenv("NOTIFY_SOCKET", path, 1), 0);
}

static void
expect_message(const char *text)
{
	char message[256];
	ssize_t length = recv(manager, message, sizeof(message) - 1, 0);

	assert_true(length >= 0);
	message[length] = '\0';
	assert_string_equal(message, text);
}

static void
expect_silence(void)
{
	char message[256];

	assert_int_equal(recv(manager, message, sizeof(message), 0), -1);
	assert_int_equal(errno, EAGAIN);
}

static void
a_message_is_one_datagram_at_a_path(void **state)
{
	(void)state;
	listen_at_path();
	notify_send("READY=1\nSTATUS=2 zones, 17 names");
	notify_send("STOPPING=1");
	expect_message("READY=1\nSTATUS=2 zones, 17 names");
	expect_message("STOPPING=1");
	expect_silence();
}

static void
a_message_reaches_an_abstract_socket(void **state)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int length = snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "ddnsd-%ld",
	    (long)getpid());
	char name[128];

	(void)state;
	listen_on(&address,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length));
	(void)snprintf(name, sizeof(name), "@%s", address.sun_path + 1);
	assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
	notify_send("READY=1");
	expect_message("READY=1");
}

static void
the_environment_stays_for_later_messages(void **state)
{
	(void)state;
	listen_at_path();
	for (unsigned i = 0; i < 3; i++) {
		notify_send("WATCHDOG=1");
		expect_message("WATCHDOG=1");
	}
	assert_non_null(getenv("NOTIFY_SOCKET"));
}

static void
a_reload_carries_the_time_at_which_it_began(void **state)
{
	static const char beginning[] = "RELOADING=1\nMONOTONIC_USEC=";
	int64_t before, after;
	char *end;
	char message[256];
	ssize_t length;

	(void)state;
	listen_at_path();
	before = clock_monotonic_us();
	notify_reloading();
	after = clock_monotonic_us();
	length = recv(manager, message, sizeof(message) - 1, 0);
	assert_true(length > (ssize_t)strlen(beginning));
	message[length] = '\0';
	assert_memory_equal(message, beginning, strlen(beginning));
	assert_in_range(strtoll(message + strlen(beginning), &end, 10), before, after);
	assert_string_equal(end, "");
}

static unsigned
count_descriptors(void)
{
	unsigned count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
	return count;
}

static void
no_descriptor_is_left_open(void **state)
{
	unsigned before;

	(void)state;
	listen_at_path();
	before = count_descriptors();
	notify_send("READY=1");
	assert_int_equal(setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1), 0);
	notify_send("READY=1");
	assert_int_equal(count_descriptors(), before);
}

static void
without_a_manager_or_with_a_strange_one_nothing_is_sent(void **state)
{
	static const char *const addresses[] = { "", "@", "/", "relative", "vsock:2:1234" };
	char too_long[200];
	char path[PATH_MAX];

	(void)state;
	listen_at_path();
	(void)unsetenv("NOTIFY_SOCKET");
	notify_send("READY=1");
	for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
		assert_int_equal(setenv("NOTIFY_SOCKET", addresses[i], 1), 0);
		notify_send("READY=1");
	}
	memset(too_long, 'x', sizeof(too_long));
	too_long[0] = '/';
	too_long[sizeof(too_long) - 1] = '\0';
	assert_int_equal(setenv("NOTIFY_SOCKET", too_long, 1), 0);
	notify_send("READY=1");
	expect_silence();

	/* And one that does not listen any more. */
	assert_int_equal(setenv("NOTIFY_SOCKET", folder_entry(&folder, "notify", path), 1), 0);
	(void)close(manager);
	manager = -1;
	notify_send("READY=1");
}

static void
a_manager_that_does_not_read_holds_nobody_up(void **state)
{
	unsigned received = 0;
	char message[16];

	(void)state;
	listen_at_path();
	/* A socket's queue holds at most net.unix.max_dgram_qlen, and its buffer is finite. */
	for (unsigned i = 0; i < 5000; i++)
		notify_send("WATCHDOG=1");
	while (recv(manager, message, sizeof(message), 0) > 0)
		received++;
	assert_in_range(received, 1, 4999);
}

static void
expect_watchdog(const char *limit_us, const char *pid, int64_t expected_ms)
{
	if (limit_us != NULL)
		assert_int_equal(setenv("WATCHDOG_USEC", limit_us, 1), 0);
	else
		(void)unsetenv("WATCHDOG_USEC");
	if (pid != NULL)
		assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
	else
		(void)unsetenv("WATCHDOG_PID");
	if (notify_watchdog_ms() != expected_ms)
		fail_msg("WATCHDOG_USEC=%s WATCHDOG_PID=%s: %" PRId64 " ms, expected %" PRId64,
		    limit_us != NULL ? limit_us : "-", pid != NULL ? pid : "-",
		    notify_watchdog_ms(), expected_ms);
}

static void
the_watchdog_is_fed_twice_as_often_as_it_asks(void **state)
{
	char own[24];

	(void)state;
	(void)snprintf(own, sizeof(own), "%ld", (long)getpid());
	expect_watchdog("30000000", NULL, 15000);
	expect_watchdog("30000000", own, 15000);
	expect_watchdog("2000", own, 1);
	expect_watchdog("1", own, 1);
	expect_watchdog("9000000000000000000", own, INT64_C(4500000000000000));
}

static void
a_watchdog_of_nobody_or_of_another_process_is_off(void **state)
{
	char parent[24];

	(void)state;
	(void)snprintf(parent, sizeof(parent), "%ld", (long)getppid());
	expect_watchdog(NULL, NULL, 0);
	expect_watchdog(NULL, parent, 0);
	expect_watchdog("30000000", parent, 0);
	expect_watchdog("30000000", "", 0);
	expect_watchdog("30000000", "x", 0);
	expect_watchdog("0", NULL, 0);
	expect_watchdog("", NULL, 0);
	expect_watchdog("-5", NULL, 0);
	expect_watchdog("30s", NULL, 0);
	expect_watchdog(" 30000000", NULL, 0);
	expect_watchdog("99999999999999999999", NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_message_is_one_datagram_at_a_path),
		TEST(a_message_reaches_an_abstract_socket),
		TEST(the_environment_stays_for_later_messages),
		TEST(a_reload_carries_the_time_at_which_it_began),
		TEST(no_descriptor_is_left_open),
		TEST(without_a_manager_or_with_a_strange_one_nothing_is_sent),
		TEST(a_manager_that_does_not_read_holds_nobody_up),
		TEST(the_watchdog_is_fed_twice_as_often_as_it_asks),
		TEST(a_watchdog_of_nobody_or_of_another_process_is_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
