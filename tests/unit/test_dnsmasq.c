/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher/dnsmasq: whom it signals, what it takes for an answer, and a real dnsmasq. */
#include <inttypes.h>
#include <spawn.h>
#include <time.h>

#include "folder.h"
#include "stand_in.h"

#include "publisher/dnsmasq.h"
#include "wire/name.h"

#define DNSMASQ_PROGRAM "/usr/sbin/dnsmasq"

enum { ID = 0x1234 };

static struct folder folder;
static char pid_path[PATH_MAX];
static char problem[DNSMASQ_PROBLEM_MAX];
static struct name marker;
static int server = -1;
static int client = -1;
static struct endpoint endpoint;
static pid_t dnsmasq; /* 0: none runs */

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	(void)folder_entry(&folder, "pid", pid_path);
	(void)snprintf(problem, sizeof(problem), "nothing was said");
	assert_int_equal(name_from_text("ddnsd-publication.home.arpa", &marker), STATUS_OK);
	endpoint.port = 0;
	server = stand_in_socket(&endpoint);
	assert_int_equal(dnsmasq_socket(&endpoint, &client), STATUS_OK);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	if (dnsmasq > 0) {
		(void)kill(dnsmasq, SIGTERM);
		(void)waitpid(dnsmasq, NULL, 0);
		dnsmasq = 0;
	}
	folder_remove(&folder);
	if (server >= 0)
		(void)close(server);
	(void)close(client);
	return 0;
}

static void
write_pid(pid_t pid)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "%d\n", (int)pid);
	folder_write(&folder, "pid", text);
}

static void
expect_problem(const char *part)
{
	if (strstr(problem, part) == NULL)
		fail_msg("\"%s\" lacks \"%s\"", problem, part);
}

static void
expect_signalled(const char *process_name)
{
	struct stand_in process;

	stand_in_start(&process, process_name);
	write_pid(process.pid);
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_OK);
	assert_true(stand_in_was_signalled(&process, STAND_IN_LIMIT_MS));
	assert_string_equal(problem, "");
	stand_in_stop(&process);
}

static void
dnsmasq_is_signalled(void **state)
{
	(void)state;
	expect_signalled("dnsmasq");
}

static void
pihole_is_signalled(void **state)
{
	(void)state;
	expect_signalled("pihole-FTL");
}

static void
a_stranger_is_never_signalled(void **state)
{
	static const char *const names[] = { "postgres", "dnsmasq2", "dnsmas", "DNSMASQ" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct stand_in process;

		stand_in_start(&process, names[i]);
		write_pid(process.pid);
		assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_NOT_FOUND);
		expect_problem(names[i]);
		/* One sent would have been delivered before this one. */
		assert_int_equal(kill(process.pid, SIGHUP), 0);
		assert_true(stand_in_was_signalled(&process, STAND_IN_LIMIT_MS));
		assert_false(stand_in_was_signalled(&process, 0));
		stand_in_stop(&process);
	}
}

static void
a_missing_pid_file_is_named(void **state)
{
	(void)state;
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_NOT_FOUND);
	expect_problem(pid_path);
	expect_problem("pid-file");
}

static void
a_pid_of_nobody_is_not_found(void **state)
{
	struct stand_in process;

	(void)state;
	stand_in_start(&process, "dnsmasq");
	write_pid(process.pid);
	stand_in_stop(&process);
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_NOT_FOUND);
	expect_problem("names process");
}

static void
a_pid_file_without_a_pid_is_damaged(void **state)
{
	static const char *const texts[] = { "", "\n", "dnsmasq\n", "0\n", "-1\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		folder_write(&folder, "pid", texts[i]);
		assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_DAMAGED);
		expect_problem("holds no process id");
	}
}

static void
an_endless_pid_file_is_refused(void **state)
{
	char text[200];

	(void)state;
	memset(text, '1', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	folder_write(&folder, "pid", text);
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_TOO_LARGE);
	expect_problem("cannot be read");
}

/* Waits until the client has something to read. */
static void
await_datagram(void)
{
	struct pollfd wanted = { .fd = client, .events = POLLIN };

	assert_int_equal(poll(&wanted, 1, STAND_IN_LIMIT_MS), 1);
}

static void
ask(struct stand_in_question *question)
{
	*question = (struct stand_in_question){ .size = 0 };
	assert_int_equal(dnsmasq_ask(client, marker.wire, ID), STATUS_OK);
	assert_true(stand_in_receive(server, question, STAND_IN_LIMIT_MS));
}

static enum dnsmasq_answer
answer_with(const struct stand_in_question *question, const uint8_t *bytes, size_t size,
    uint64_t *ret_number)
{
	stand_in_send(server, question, bytes, size);
	await_datagram();
	return dnsmasq_read(client, marker.wire, ID, ret_number);
}

static void
the_question_is_what_any_client_would_ask(void **state)
{
	static const uint8_t expected[] = "\x12\x34\x01\0\0\1\0\0\0\0\0\0"
					  "\021ddnsd-publication\004home\004arpa\0\0\034\0\1";
	struct stand_in_question question;

	(void)state;
	ask(&question);
	assert_int_equal(question.size, sizeof(expected) - 1);
	assert_memory_equal(question.wire, expected, question.size);
}

static void
the_markers_number_is_read(void **state)
{
	uint8_t bytes[STAND_IN_DATAGRAM_MAX];
	struct stand_in_question question;
	uint64_t number = 0;

	(void)state;
	ask(&question);
	assert_int_equal(answer_with(&question, bytes,
			     stand_in_answer(&question, "100::1:0:ffff", bytes), &number),
	    DNSMASQ_NUMBER);
	assert_int_equal(number, UINT64_C(0x10000ffff));
	assert_int_equal(dnsmasq_read(client, marker.wire, ID, &number), DNSMASQ_NOTHING);
}

static void
an_answer_without_the_marker_is_no_name(void **state)
{
	static const uint8_t rcodes[] = { 0, 2, 3, 5 };
	uint8_t bytes[STAND_IN_DATAGRAM_MAX];
	struct stand_in_question question;
	uint64_t number = 42;

	(void)state;
	ask(&question);
	for (size_t i = 0; i < sizeof(rcodes); i++)
		assert_int_equal(answer_with(&question, bytes,
				     stand_in_deny(&question, rcodes[i], bytes), &number),
		    DNSMASQ_NO_NAME);
	assert_int_equal(answer_with(&question, bytes,
			     stand_in_answer(&question, "2001:db8::1", bytes), &number),
	    DNSMASQ_NO_NAME);
	assert_int_equal(number, 42);
}

static void
what_answers_another_question_is_passed_over(void **state)
{
	static const size_t places[] = { 0, 1, 2, 5, 13, 41, 42, 43, 44 };
	static const uint8_t flips[] = { 0xff, 1, 0x80, 2, 1, 1, 1, 1, 2 };
	uint8_t bytes[STAND_IN_DATAGRAM_MAX];
	struct stand_in_question question;
	uint64_t number = 42;

	(void)state;
	ask(&question);
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		size_t size = stand_in_answer(&question, "100::1", bytes);

		bytes[places[i]] ^= flips[i];
		assert_int_equal(answer_with(&question, bytes, size, &number), DNSMASQ_OTHER);
	}
	assert_int_equal(number, 42);
}

static void
a_cut_off_datagram_is_passed_over(void **state)
{
	uint8_t bytes[STAND_IN_DATAGRAM_MAX];
	struct stand_in_question question;
	uint64_t number = 42;
	size_t size;

	(void)state;
	ask(&question);
	size = stand_in_answer(&question, "100::1", bytes);
	for (size_t i = 0; i < size; i++)
		assert_int_equal(answer_with(&question, bytes, i, &number), DNSMASQ_OTHER);
	assert_int_equal(number, 42);
}

static void
a_stranger_cannot_answer(void **state)
{
	uint8_t bytes[STAND_IN_DATAGRAM_MAX];
	struct stand_in_question question;
	struct endpoint other_endpoint = { .port = 0 };
	uint64_t number = 42;
	int other = stand_in_socket(&other_endpoint);

	(void)state;
	ask(&question);
	stand_in_send(other, &question, bytes, stand_in_answer(&question, "100::66", bytes));
	assert_int_equal(answer_with(&question, bytes, stand_in_answer(&question, "100::1", bytes),
			     &number),
	    DNSMASQ_NUMBER);
	assert_int_equal(number, 1);
	(void)close(other);
}

static void
a_port_without_anybody_says_so(void **state)
{
	uint64_t number;

	(void)state;
	(void)close(server);
	server = -1;
	assert_int_equal(dnsmasq_read(client, marker.wire, ID, &number), DNSMASQ_NOTHING);
	assert_int_equal(dnsmasq_ask(client, marker.wire, ID), STATUS_OK);
	await_datagram();
	assert_int_equal(dnsmasq_read(client, marker.wire, ID, &number), DNSMASQ_NOBODY);
	/* The second question finds the refusal of the first, where nobody has read it. */
	assert_int_equal(dnsmasq_ask(client, marker.wire, ID), STATUS_OK);
	await_datagram();
	assert_int_equal(dnsmasq_ask(client, marker.wire, ID), STATUS_REFUSED);
}

static void
ids_are_not_in_a_row(void **state)
{
	uint16_t ids[32];
	unsigned rows = 0;

	(void)state;
	for (unsigned i = 0; i < 32; i++)
		ids[i] = dnsmasq_random_id();
	for (unsigned i = 1; i < 32; i++)
		rows += (uint16_t)(ids[i] - ids[i - 1]) < 16 ? 1 : 0;
	assert_true(rows < 8);
}

/* --- a real dnsmasq --- */

/* An address of loopback that no other test has at this time: any port of it is free. */
static void
use_own_address(void)
{
	pid_t pid = getpid();

	endpoint.address.bytes[1] = (uint8_t)(64 + (pid >> 16 & 63));
	endpoint.address.bytes[2] = (uint8_t)(pid >> 8 & 255);
	endpoint.address.bytes[3] = (uint8_t)(pid & 255);
	(void)close(client);
	assert_int_equal(dnsmasq_socket(&endpoint, &client), STATUS_OK);
}

static void
start_dnsmasq(const char *hosts_path)
{
	char addn_hosts[PATH_MAX + 16];
	char pid_file[PATH_MAX + 16];
	char listen_address[ADDRESS_TEXT_MAX + 32];
	char address_text[ADDRESS_TEXT_MAX];
	char port[16];
	const char *const arguments[] = { "dnsmasq", "--keep-in-foreground",
		"--conf-file=/dev/null", "--no-resolv", "--no-hosts", listen_address,
		"--bind-interfaces", "--log-facility=/dev/null",
		geteuid() == 0 ? "--user=root" : "--no-poll", port, pid_file, addn_hosts, NULL };
	struct timespec pause = { .tv_nsec = 1000000 };

	(void)snprintf(addn_hosts, sizeof(addn_hosts), "--addn-hosts=%s", hosts_path);
	(void)snprintf(pid_file, sizeof(pid_file), "--pid-file=%s", pid_path);
	(void)snprintf(listen_address, sizeof(listen_address), "--listen-address=%s",
	    address_to_text(&endpoint.address, address_text));
	(void)snprintf(port, sizeof(port), "--port=%u", endpoint.port);
	assert_int_equal(posix_spawn(&dnsmasq, DNSMASQ_PROGRAM, NULL, NULL,
			     (char *const *)(uintptr_t)arguments, NULL),
	    0);
	for (int i = 0; i < STAND_IN_LIMIT_MS && access(pid_path, R_OK) != 0; i++)
		(void)nanosleep(&pause, NULL);
}

/* Asks until that answer comes; a question may be read before the signal is. */
static void
expect_dnsmasq(enum dnsmasq_answer expected, uint64_t expected_number)
{
	struct pollfd wanted = { .fd = client, .events = POLLIN };
	struct timespec pause = { .tv_nsec = 1000000 };
	enum dnsmasq_answer answer = DNSMASQ_OTHER;
	uint64_t number = 0;

	for (int i = 0; i < STAND_IN_LIMIT_MS; i++) {
		(void)dnsmasq_ask(client, marker.wire, ID);
		if (poll(&wanted, 1, STAND_IN_LIMIT_MS) == 1)
			answer = dnsmasq_read(client, marker.wire, ID, &number);
		if (answer == expected && number == expected_number)
			return;
		(void)nanosleep(&pause, NULL);
	}
	fail_msg("the last answer was %d, number %" PRIu64, (int)answer, number);
}

static void
a_real_dnsmasq_answers_the_new_number_after_the_signal(void **state)
{
	char hosts_path[PATH_MAX];

	(void)state;
	if (access(DNSMASQ_PROGRAM, X_OK) != 0)
		skip();
	use_own_address();
	folder_write(&folder, "hosts", "10.0.0.1 pc.home.arpa\n");
	start_dnsmasq(folder_entry(&folder, "hosts", hosts_path));
	expect_dnsmasq(DNSMASQ_NO_NAME, 0);
	folder_write(&folder, "hosts", "100::7 ddnsd-publication.home.arpa\n");
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_OK);
	expect_dnsmasq(DNSMASQ_NUMBER, 7);
	folder_write(&folder, "hosts", "100::8 ddnsd-publication.home.arpa\n");
	assert_int_equal(dnsmasq_signal(pid_path, problem), STATUS_OK);
	expect_dnsmasq(DNSMASQ_NUMBER, 8);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(dnsmasq_is_signalled),
		TEST(pihole_is_signalled),
		TEST(a_stranger_is_never_signalled),
		TEST(a_missing_pid_file_is_named),
		TEST(a_pid_of_nobody_is_not_found),
		TEST(a_pid_file_without_a_pid_is_damaged),
		TEST(an_endless_pid_file_is_refused),
		TEST(the_question_is_what_any_client_would_ask),
		TEST(the_markers_number_is_read),
		TEST(an_answer_without_the_marker_is_no_name),
		TEST(what_answers_another_question_is_passed_over),
		TEST(a_cut_off_datagram_is_passed_over),
		TEST(a_stranger_cannot_answer),
		TEST(a_port_without_anybody_says_so),
		TEST(ids_are_not_in_a_row),
		TEST(a_real_dnsmasq_answers_the_new_number_after_the_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
