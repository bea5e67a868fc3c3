/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher/publisher (with telling and diagnosis): when it writes, whom it tells, what it says. */
/* LDWRAP: log_write epoll_wait */
#include <dirent.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>

#include "folder.h"
#include "registered.h"
#include "skewed_clock.h"
#include "stand_in.h"

#include "base/buffer.h"
#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "publisher/hosts_file.h"
#include "publisher/publisher.h"

enum { TURNS_MAX = 1000, TURN_MS = 10, SOON_MS = 50, LOG_MAX = 65536 };

#define HEAD "# Written by ddnsd from what is registered; whatever is changed here is lost.\n"

#define AWAIT(condition)                                                        \
	do {                                                                    \
		for (int turns = 0; turns < TURNS_MAX && !(condition); turns++) \
			assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);  \
		assert_true(condition);                                         \
	} while (0)

static struct folder folder;
static struct registry *registry;
static struct leases *leases;
static struct loop *loop;
static struct publisher_options options;
static struct publisher *publisher;
static struct publisher_report report;
static int64_t rendering_takes_ms; /* on the skewed clock */

/* dnsmasq: a process that takes signals, and a socket that answers. */
enum behaviour { ANSWERS, DENIES, IS_SILENT };
static struct stand_in process;
static struct loop_watch process_watch;
static struct loop_watch server_watch;
static enum behaviour behaviour;
static bool reads_at_signal;
static uint64_t served_number;
static unsigned signals;
static unsigned questions;

static char logged[LOG_MAX];
static bool watches_sleep; /* epoll_wait() returns at once, and says how long it would have slept */
static int slept_ms;

void __wrap_log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int __real_epoll_wait(int fd, struct epoll_event *events, int count, int limit_ms);
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int limit_ms);

void
__wrap_log_write(enum log_level level, const char *format, ...)
{
	static const char *const words[] = { "error", "warning", "notice", "info", "debug" };
	size_t length = strlen(logged);
	va_list arguments;

	length += (size_t)snprintf(logged + length, sizeof(logged) - length, "%s: ", words[level]);
	va_start(arguments, format);
	length += (size_t)vsnprintf(logged + length, sizeof(logged) - length, format, arguments);
	va_end(arguments);
	(void)snprintf(logged + length, sizeof(logged) - length, "\n");
}

int
__wrap_epoll_wait(int fd, struct epoll_event *events, int count, int limit_ms)
{
	if (!watches_sleep)
		return __real_epoll_wait(fd, events, count, limit_ms);
	slept_ms = limit_ms;
	return 0;
}

static unsigned
count_logged(const char *part)
{
	const char *place = logged;
	unsigned count = 0;

	for (place = strstr(place, part); place != NULL; place = strstr(place + 1, part))
		count++;
	return count;
}

static uint64_t
number_on_disk(void)
{
	struct buffer text;
	uint64_t number = 0;

	buffer_init(&text, HOSTS_FILE_SIZE_MAX);
	if (file_read(options.file, &text) == STATUS_OK)
		(void)hosts_file_find_number(text.data, text.length, &number);
	buffer_release(&text);
	return number;
}

static void
take_signal(void *context, unsigned events)
{
	(void)context;
	(void)events;
	if (!stand_in_was_signalled(&process, 0))
		return;
	signals++;
	if (reads_at_signal)
		served_number = number_on_disk();
}

static void
take_question(void *context, unsigned events)
{
	struct stand_in_question question;
	uint8_t answer[STAND_IN_DATAGRAM_MAX];
	char address[64];
	size_t size;

	(void)context;
	(void)events;
	if (!stand_in_receive(server_watch.fd, &question, 0))
		return;
	questions++;
	/* As dnsmasq does, what came first comes first. */
	take_signal(NULL, 0);
	if (behaviour == IS_SILENT)
		return;
	(void)snprintf(address, sizeof(address), "100::%x:%x:%x:%x",
	    (unsigned)(served_number >> 48), (unsigned)(served_number >> 32 & 0xffff),
	    (unsigned)(served_number >> 16 & 0xffff), (unsigned)(served_number & 0xffff));
	size = behaviour == DENIES ? stand_in_deny(&question, 3, answer)
				   : stand_in_answer(&question, address, answer);
	stand_in_send(server_watch.fd, &question, answer, size);
}

static void
open_server(void)
{
	int fd = stand_in_socket(&options.confirm);

	server_watch = (struct loop_watch){ .handler = take_question };
	assert_int_equal(loop_watch(loop, &server_watch, fd, LOOP_READ), STATUS_OK);
}

static void
close_server(void)
{
	if (server_watch.fd < 0)
		return;
	loop_unwatch(loop, &server_watch);
	(void)close(server_watch.fd);
	server_watch.fd = -1;
}

static int64_t
expiry_clock(void *context)
{
	assert_ptr_equal(context, &folder);
	skewed_clock_pass_ms(rendering_takes_ms);
	return 1000;
}

static void
notice(void *context)
{
	(void)context;
	if (publisher != NULL)
		publisher_notice(publisher);
}

static enum status
start(void)
{
	publisher = publisher_new(loop, registry, leases, &options, expiry_clock, &folder);
	assert_non_null(publisher);
	return publisher_start(publisher);
}

static void
stop(void)
{
	publisher_free(publisher);
	publisher = NULL;
}

static const struct publisher_report *
now(void)
{
	publisher_report(publisher, &report);
	return &report;
}

static bool
is_confirmed(void)
{
	return now()->state == PUBLISHER_CONFIRMED;
}

static bool
has_problem(const char *part)
{
	return strstr(now()->problem, part) != NULL;
}

static int
set_up(void **state)
{
	char text[32];

	(void)state;
	skewed_clock_use();
	folder_make(&folder);
	/* mkdtemp() makes it 0700. */
	assert_int_equal(chmod(folder.path, 0755), 0);
	leases = leases_new();
	assert_non_null(leases);
	registry = registry_new();
	assert_non_null(registry);
	registered_zone(registry, "home.arpa");
	registered(registry, "pc.home.arpa", "10.0.0.3");
	loop = loop_new();
	assert_non_null(loop);
	loop_at_turn_end(loop, notice, NULL);

	stand_in_start(&process, "dnsmasq");
	(void)snprintf(text, sizeof(text), "%d\n", (int)process.pid);
	folder_write(&folder, "pid", text);
	process_watch = (struct loop_watch){ .handler = take_signal };
	assert_int_equal(loop_watch(loop, &process_watch, process.pipe, LOOP_READ), STATUS_OK);
	behaviour = ANSWERS;
	reads_at_signal = true;
	served_number = 7;
	signals = 0;
	questions = 0;

	options = (struct publisher_options){
		.mode = PUBLISH_SIGNAL,
		.confirm_timeout_ms = 5000,
		.short_names = true,
	};
	(void)folder_entry(&folder, "hosts", options.file);
	(void)folder_entry(&folder, "pid", options.pid_file);
	open_server();
	logged[0] = '\0';
	watches_sleep = false;
	rendering_takes_ms = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	watches_sleep = false;
	stop();
	close_server();
	loop_unwatch(loop, &process_watch);
	stand_in_stop(&process);
	loop_free(loop);
	registry_free(registry);
	leases_free(leases);
	folder_remove(&folder);
	clock_replace(NULL);
	return 0;
}

static void
expect_file(const char *lines)
{
	char text[2048];

	(void)snprintf(text, sizeof(text),
	    "%s%s100::%" PRIx64 ":%" PRIx64 " ddnsd-publication.home.arpa\n", HEAD, lines,
	    number_on_disk() >> 16, number_on_disk() & 0xffff);
	folder_expect(&folder, "hosts", text);
}

static struct stat
file_stat(void)
{
	struct stat about;

	assert_int_equal(stat(options.file, &about), 0);
	return about;
}

static void
start_confirmed(void)
{
	assert_int_equal(start(), STATUS_OK);
	AWAIT(is_confirmed());
}

/* --- what is written, and when --- */

static void
the_start_writes_the_file_and_dnsmasq_answers_it(void **state)
{
	(void)state;
	assert_int_equal(start(), STATUS_OK);
	expect_file("10.0.0.3 pc.home.arpa pc\n");
	assert_int_equal(file_stat().st_mode & 07777, 0644);
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	AWAIT(is_confirmed());
	assert_int_equal(signals, 1);
	assert_int_equal(report.number, number_on_disk());
	assert_int_equal(report.confirmed_number, report.number);
	assert_int_equal(report.failures, 0);
	assert_string_equal(report.problem, "");
	assert_int_equal(count_logged("notice: dnsmasq answers publication"), 1);
}

static void
a_change_is_in_the_file_before_the_turn_ends(void **state)
{
	uint64_t number;

	(void)state;
	start_confirmed();
	number = report.number;
	skewed_clock_pass_ms(1000);
	registered(registry, "nas.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	expect_file("10.0.0.4 nas.home.arpa nas\n10.0.0.3 pc.home.arpa pc\n");
	assert_int_equal(number_on_disk(), number + 1);
	AWAIT(is_confirmed());
	assert_int_equal(report.confirmed_number, number + 1);
	assert_in_range(report.confirm_ns, 1, 9 * INT64_C(1000000000));
	/* The log tells of states, not of each publication. */
	assert_int_equal(count_logged("notice: "), 1);
}

static void
the_same_content_is_neither_written_nor_signalled(void **state)
{
	struct stat before;

	(void)state;
	start_confirmed();
	before = file_stat();
	skewed_clock_pass_ms(1000);
	registered_text(registry, "txt.home.arpa");
	publisher_notice(publisher);
	registered_no_more(registry, "txt.home.arpa");
	publisher_notice(publisher);
	skewed_clock_pass_ms(1000);
	AWAIT(is_confirmed());
	assert_int_equal(file_stat().st_ino, before.st_ino);
	assert_int_equal(report.number, report.confirmed_number);
	assert_false(stand_in_was_signalled(&process, SOON_MS));
	assert_int_equal(signals, 1);
}

static void
a_file_that_somebody_changed_is_put_right_at_the_next_change(void **state)
{
	(void)state;
	start_confirmed();
	folder_write(&folder, "hosts", "10.0.0.66 pc.home.arpa\n");
	skewed_clock_pass_ms(1000);
	registered_text(registry, "txt.home.arpa");
	publisher_notice(publisher);
	expect_file("10.0.0.3 pc.home.arpa pc\n");
}

static void
a_restart_with_the_same_content_only_asks(void **state)
{
	struct stat before;

	(void)state;
	start_confirmed();
	before = file_stat();
	stop();
	assert_int_equal(file_stat().st_ino, before.st_ino);
	signals = 0;
	start_confirmed();
	assert_int_equal(file_stat().st_ino, before.st_ino);
	assert_false(stand_in_was_signalled(&process, SOON_MS));
	assert_int_equal(signals, 0);
}

static void
a_restart_that_may_not_ask_signals_once(void **state)
{
	struct publisher_options other;
	struct stat before;

	(void)state;
	options.confirm.address.family = 0;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(signals == 1);
	stop();
	before = file_stat();
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(now()->state, PUBLISHER_CLEAN);
	AWAIT(signals == 2);
	/* The same goes for new options. */
	other = options;
	other.confirm_timeout_ms++;
	publisher_set_options(publisher, &other);
	AWAIT(signals == 3);
	assert_int_equal(file_stat().st_ino, before.st_ino);
	skewed_clock_pass_ms(1000);
	registered_text(registry, "txt.home.arpa");
	publisher_notice(publisher);
	assert_false(stand_in_was_signalled(&process, SOON_MS));
	options = other;
}

static void
a_restart_signals_a_dnsmasq_that_missed_the_last_publication(void **state)
{
	(void)state;
	start_confirmed();
	stop();
	served_number--;
	signals = 0;
	start_confirmed();
	assert_int_equal(signals, 1);
}

static void
numbers_go_on_after_a_restart(void **state)
{
	uint64_t number;

	(void)state;
	start_confirmed();
	number = report.number;
	stop();
	registered(registry, "pc.home.arpa", "10.0.0.5");
	start_confirmed();
	assert_int_equal(report.number, number + 1);
}

static void
numbers_rise_when_the_file_was_lost(void **state)
{
	(void)state;
	start_confirmed();
	assert_true(report.number > (uint64_t)SKEWED_WALL_S);
	assert_true(report.number > 7);
}

static void
under_load_a_fifth_of_the_time_is_spent(void **state)
{
	uint64_t number;

	(void)state;
	options.mode = PUBLISH_HOSTSDIR;
	options.confirm.address.family = 0;
	rendering_takes_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(now()->state, PUBLISHER_CLEAN);
	number = number_on_disk();
	registered(registry, "a.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	assert_int_equal(now()->state, PUBLISHER_DIRTY);
	skewed_clock_pass_ms(300);
	registered(registry, "b.home.arpa", "10.0.0.5");
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(number_on_disk(), number);
	skewed_clock_pass_ms(100);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	assert_int_equal(number_on_disk(), number + 1);
	expect_file("10.0.0.4 a.home.arpa a\n10.0.0.5 b.home.arpa b\n10.0.0.3 pc.home.arpa pc\n");
}

static void
the_next_publication_waits_until_dnsmasq_has_read_the_last(void **state)
{
	uint64_t number;

	(void)state;
	start_confirmed();
	number = report.number;
	skewed_clock_pass_ms(1000);
	behaviour = IS_SILENT;
	registered(registry, "a.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	assert_int_equal(number_on_disk(), number + 1);
	registered(registry, "b.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	skewed_clock_pass_ms(500);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_int_equal(number_on_disk(), number + 1);
	behaviour = ANSWERS;
	AWAIT(number_on_disk() == number + 2);
	AWAIT(is_confirmed());
}

static void
nothing_wakes_us_when_all_is_confirmed(void **state)
{
	(void)state;
	start_confirmed();
	watches_sleep = true;
	assert_int_equal(loop_turn(loop, -1), STATUS_OK);
	assert_int_equal(slept_ms, -1);
}

static unsigned
count_descriptors(void)
{
	DIR *list = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(list);
	while (readdir(list) != NULL)
		count++;
	(void)closedir(list);
	return count;
}

static void
no_descriptor_stays_open(void **state)
{
	unsigned before = count_descriptors();

	(void)state;
	start_confirmed();
	assert_int_equal(count_descriptors(), before);
	for (int i = 0; i < 5; i++) {
		skewed_clock_pass_ms(1000);
		registered(registry, "pc.home.arpa", i % 2 == 0 ? "10.0.0.4" : "10.0.0.5");
		publisher_notice(publisher);
		AWAIT(is_confirmed());
	}
	assert_int_equal(count_descriptors(), before);
}

static void
an_unfit_name_is_told_of_once(void **state)
{
	(void)state;
	registered(registry, "my_pc.home.arpa", "10.0.0.9");
	registered(registry, "ddnsd-publication.home.arpa", "100::9");
	start_confirmed();
	skewed_clock_pass_ms(1000);
	registered(registry, "nas.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	AWAIT(is_confirmed());
	assert_int_equal(count_logged("my_pc.home.arpa is not published"), 1);
	assert_int_equal(count_logged("ddnsd-publication.home.arpa is not published"), 1);
}

static void
many_unfit_names_do_not_flood_the_log(void **state)
{
	(void)state;
	for (int i = 0; i < 200; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "bad_%d.home.arpa", i);
		registered(registry, name, "10.0.0.9");
	}
	start_confirmed();
	assert_int_equal(count_logged("is not published"), 64);
	assert_int_equal(count_logged("more such names"), 1);
}

/* --- what goes wrong --- */

static void
a_missing_folder_is_named_and_not_made(void **state)
{
	char path[PATH_MAX];

	(void)state;
	(void)folder_entry(&folder, "sub", path);
	(void)folder_entry(&folder, "sub/hosts", options.file);
	assert_int_equal(start(), STATUS_NOT_FOUND);
	assert_int_equal(now()->state, PUBLISHER_DIRTY);
	assert_int_equal(report.number, 0);
	assert_true(has_problem("does not exist: create it"));
	assert_true(has_problem("/sub "));
	assert_int_not_equal(access(path, F_OK), 0);

	assert_int_equal(mkdir(path, 0755), 0);
	skewed_clock_pass_ms(1000);
	AWAIT(is_confirmed());
	assert_string_equal(report.problem, "");
	assert_int_equal(count_logged("error: "), 1);
	assert_int_equal(count_logged("is written again"), 1);
}

static void
a_failed_write_is_tried_again_ever_more_seldom_or_at_a_change(void **state)
{
	char path[PATH_MAX];

	(void)state;
	(void)folder_entry(&folder, "sub", path);
	(void)folder_entry(&folder, "sub/hosts", options.file);
	assert_int_equal(start(), STATUS_NOT_FOUND);
	for (unsigned failures = 1; failures < 4; failures++) {
		int64_t wait_ms = INT64_C(1000) << (failures - 1);

		assert_int_equal(now()->failures, failures);
		skewed_clock_pass_ms(wait_ms - 500);
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
		assert_int_equal(now()->failures, failures);
		skewed_clock_pass_ms(500);
		AWAIT(now()->failures == failures + 1);
	}
	assert_int_equal(mkdir(path, 0755), 0);
	registered(registry, "a.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	assert_int_equal(now()->state, PUBLISHER_DIRTY);
	skewed_clock_pass_ms(1000);
	AWAIT(is_confirmed());
	assert_int_equal(count_logged("error: "), 1);
}

static void
a_dnsmasq_that_is_not_running_is_confirmed_once_it_is(void **state)
{
	(void)state;
	close_server();
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("nobody answers at 127.0.0.1:"));
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	assert_int_equal(report.failures, 1);
	for (int i = 0; i < 5; i++) {
		skewed_clock_pass_ms(10000);
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
	assert_int_equal(now()->failures, 1);
	assert_int_equal(count_logged("error: "), 1);

	open_server();
	served_number = number_on_disk();
	skewed_clock_pass_ms(10000);
	AWAIT(is_confirmed());
	assert_string_equal(report.problem, "");
	assert_int_equal(count_logged("notice: dnsmasq answers publication"), 1);
}

static void
a_dnsmasq_that_is_not_there_holds_nothing_up(void **state)
{
	uint64_t number;

	(void)state;
	close_server();
	assert_int_equal(start(), STATUS_OK);
	for (int i = 0; i < 5; i++)
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	number = number_on_disk();
	registered(registry, "pc.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	/* At once, or where this machine is slow after the pause that this earns. */
	AWAIT(number_on_disk() == number + 1);
	expect_file("10.0.0.5 pc.home.arpa pc\n");
}

static void
a_dnsmasq_that_does_not_read_the_file_is_told_how(void **state)
{
	(void)state;
	behaviour = DENIES;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("its configuration needs addn-hosts="));
	assert_true(has_problem(options.file));
	assert_int_equal(signals, 1);
}

static void
a_hostsdir_that_is_not_watched_is_told_of(void **state)
{
	(void)state;
	behaviour = DENIES;
	options.mode = PUBLISH_HOSTSDIR;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("its configuration needs hostsdir="));
	assert_int_equal(signals, 0);
}

static void
a_closed_folder_is_named(void **state)
{
	char part[PATH_MAX + 32];

	(void)state;
	assert_int_equal(chmod(folder.path, 0750), 0);
	behaviour = DENIES;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	(void)snprintf(part, sizeof(part), "chmod o+rx %s", folder.path);
	AWAIT(has_problem(part));
}

static void
an_old_number_is_told_of_and_signalled_ever_more_seldom(void **state)
{
	char part[64];

	(void)state;
	reads_at_signal = false;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	(void)snprintf(part, sizeof(part), "answers publication 7, not %" PRIu64, number_on_disk());
	AWAIT(has_problem(part));
	assert_true(has_problem("name another dnsmasq?"));
	assert_int_equal(count_logged("error: "), 1);
	for (int i = 0; i < 40; i++) {
		unsigned before = questions;

		skewed_clock_pass_ms(10000);
		AWAIT(questions > before);
		/* The answer, and the signal that it may lead to. */
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
	assert_in_range(signals, 4, 8);
	reads_at_signal = true;
	skewed_clock_pass_ms(1000000);
	for (int i = 0; i < 40 && !is_confirmed(); i++) {
		skewed_clock_pass_ms(10000);
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
	AWAIT(is_confirmed());
}

/* A clock that stands still, so that it is known what falls due. */
static int64_t still_ns;

static int64_t
still_now_ns(void)
{
	return still_ns;
}

static void
let_pass_ms(int64_t ms)
{
	still_ns += ms * 1000000;
	/* A question, its answer, and the signal that it may lead to. */
	for (int i = 0; i < 3; i++)
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
}

static void
a_late_signal_is_followed_by_questions_and_not_by_another_signal(void **state)
{
	static const struct clock_source still = { still_now_ns, skewed_wall_s };
	unsigned before;

	(void)state;
	still_ns = clock_now_ns();
	clock_replace(&still);
	reads_at_signal = false;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(signals == 1);
	for (int i = 0; i < 100 && now()->failures == 0; i++)
		let_pass_ms(100);
	AWAIT(signals == 2);
	before = questions;
	for (int i = 0; i < 14; i++)
		let_pass_ms(130);
	assert_true(questions - before >= 10);
	assert_int_equal(signals, 2);
	/* The wait behind them is a second, and what it ends with is the next. */
	let_pass_ms(1000);
	AWAIT(signals == 3);
}

static void
a_stale_pid_file_is_told_of_where_it_matters(void **state)
{
	(void)state;
	folder_write(&folder, "pid", "1\n");
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("names process 1"));
	assert_true(has_problem("answers publication 7, not"));
	assert_int_equal(signals, 0);
}

/* Makes it late, and so long that its questions and signals have become rare. */
static void
be_late_for_long(const char *problem)
{
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem(problem));
	for (int i = 0; i < 30; i++) {
		unsigned before = questions;

		skewed_clock_pass_ms(10000);
		AWAIT(questions > before);
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
}

/* The next question comes at once; what follows is not to wait for the one behind it. */
static void
expect_soon_confirmed(void)
{
	int64_t begun_ms;

	skewed_clock_pass_ms(10000);
	begun_ms = clock_now_ms();
	AWAIT(is_confirmed());
	assert_in_range(clock_now_ms() - begun_ms, 0, 5000);
}

static void
a_pid_file_that_comes_back_is_soon_noticed(void **state)
{
	char path[PATH_MAX];
	char text[32];

	(void)state;
	assert_int_equal(unlink(folder_entry(&folder, "pid", path)), 0);
	be_late_for_long("there is no ");
	assert_int_equal(signals, 0);
	(void)snprintf(text, sizeof(text), "%d\n", (int)process.pid);
	folder_write(&folder, "pid", text);
	expect_soon_confirmed();
	assert_int_equal(signals, 1);
}

static void
a_folder_that_is_opened_is_soon_noticed(void **state)
{
	unsigned before;

	(void)state;
	assert_int_equal(chmod(folder.path, 0700), 0);
	reads_at_signal = false;
	be_late_for_long("keeps other users out");
	before = signals;
	assert_int_equal(chmod(folder.path, 0755), 0);
	reads_at_signal = true;
	expect_soon_confirmed();
	assert_int_equal(signals, before + 1);
}

static void
another_publication_is_no_other_cause(void **state)
{
	char part[64];

	(void)state;
	reads_at_signal = false;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("answers publication 7, not"));
	skewed_clock_pass_ms(1000);
	registered(registry, "pc.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	(void)snprintf(part, sizeof(part), "answers publication 7, not %" PRIu64, number_on_disk());
	AWAIT(has_problem(part));
	assert_int_equal(count_logged("error: "), 1);
}

static void
another_cause_is_told_of(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	options.confirm_timeout_ms = 100;
	folder_write(&folder, "pid", "x\n");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("holds no process id"));
	assert_int_equal(count_logged("error: "), 1);
	folder_write(&folder, "pid", "1\n");
	skewed_clock_pass_ms(2000);
	AWAIT(has_problem("names process 1"));
	assert_int_equal(count_logged("error: "), 2);
	assert_int_equal(count_logged("names process 1"), 1);
	assert_int_equal(report.failures, 1);
}

static void
causes_that_alternate_do_not_flood_the_log(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	options.confirm_timeout_ms = 100;
	folder_write(&folder, "pid", "x\n");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("holds no process id"));
	/* Each publication is one more attempt to signal it. */
	for (int i = 0; i < 60; i++) {
		char address[32];

		folder_write(&folder, "pid", i % 2 == 0 ? "1\n" : "x\n");
		(void)snprintf(address, sizeof(address), "10.0.1.%d", i);
		skewed_clock_pass_ms(1000);
		registered(registry, "pc.home.arpa", address);
		publisher_notice(publisher);
		assert_true(has_problem(i % 2 == 0 ? "names process 1" : "holds no process id"));
	}
	assert_in_range(count_logged("error: "), 6, 10);
}

static void
trouble_that_lasts_is_recalled_each_hour(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	options.confirm_timeout_ms = 100;
	folder_write(&folder, "pid", "x\n");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("holds no process id"));
	for (int hour = 0; hour < 3; hour++) {
		assert_int_equal(count_logged("error: still so: "), hour);
		for (int i = 0; i < 365; i++) {
			skewed_clock_pass_ms(10000);
			assert_int_equal(loop_turn(loop, 0), STATUS_OK);
		}
	}
	assert_int_equal(count_logged("error: still so: "), 3);
	assert_int_equal(count_logged("error: "), 4);
}

static void
a_missing_pid_file_is_no_trouble_if_dnsmasq_answers(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(unlink(folder_entry(&folder, "pid", path)), 0);
	behaviour = IS_SILENT;
	assert_int_equal(start(), STATUS_OK);
	/* dnsmasq starts only now, and reads the file by itself. */
	served_number = number_on_disk();
	behaviour = ANSWERS;
	AWAIT(is_confirmed());
	assert_int_equal(report.failures, 0);
	assert_int_equal(count_logged("error: "), 0);
}

static void
silence_is_told_of(void **state)
{
	(void)state;
	behaviour = IS_SILENT;
	options.confirm_timeout_ms = 100;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("no answer from 127.0.0.1:"));
	behaviour = ANSWERS;
	skewed_clock_pass_ms(1000);
	AWAIT(is_confirmed());
	assert_int_equal(count_logged("error: "), 1);
}

static void
without_questions_a_signal_that_cannot_be_sent_is_trouble(void **state)
{
	char text[32];

	(void)state;
	options.confirm.address.family = 0;
	options.confirm_timeout_ms = 100;
	folder_write(&folder, "pid", "1\n");
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	AWAIT(has_problem("dnsmasq was not told: "));
	(void)snprintf(text, sizeof(text), "%d\n", (int)process.pid);
	folder_write(&folder, "pid", text);
	skewed_clock_pass_ms(1000);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	AWAIT(signals == 1);
	assert_string_equal(now()->problem, "");
	assert_int_equal(questions, 0);
}

/* --- the other modes --- */

static void
nothing_is_written_in_mode_none(void **state)
{
	(void)state;
	options.mode = PUBLISH_NONE;
	assert_int_equal(start(), STATUS_OK);
	registered(registry, "pc.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	assert_int_not_equal(access(options.file, F_OK), 0);
	assert_int_equal(now()->state, PUBLISHER_CLEAN);
	assert_int_equal(report.number, 0);
}

static void
a_large_file_in_a_hostsdir_is_warned_of_once(void **state)
{
	(void)state;
	options.mode = PUBLISH_HOSTSDIR;
	options.confirm.address.family = 0;
	for (int i = 0; i < 1000; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "host-%d.home.arpa", i);
		registered(registry, name, "10.0.0.9");
	}
	assert_int_equal(start(), STATUS_OK);
	skewed_clock_pass_ms(10000);
	registered(registry, "pc.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	assert_int_equal(count_logged("warning: 1001 names"), 1);
	assert_int_equal(count_logged("publish mode \"signal\""), 1);
	stop();
	options.mode = PUBLISH_SIGNAL;
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(count_logged("warning: "), 1);
}

static void
use_command(const char *lines)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", lines);
	folder_write(&folder, "program", text);
	(void)folder_entry(&folder, "program", options.command);
	assert_int_equal(chmod(options.command, 0755), 0);
	options.mode = PUBLISH_COMMAND;
}

static void
a_command_is_run_with_the_file(void **state)
{
	char text[PATH_MAX + 2];

	(void)state;
	use_command("echo \"$1\" >\"$0.out\"");
	options.confirm.address.family = 0;
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	(void)snprintf(text, sizeof(text), "%s\n", options.file);
	folder_expect(&folder, "program.out", text);
	assert_int_equal(signals, 0);
}

static void
the_question_follows_the_command(void **state)
{
	(void)state;
	use_command("kill -HUP $(cat \"${0%/*}/pid\")");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(is_confirmed());
	assert_int_equal(signals, 1);
}

static void
a_change_while_the_command_runs_is_published_after_it(void **state)
{
	uint64_t number;

	(void)state;
	options.confirm.address.family = 0;
	use_command("while test ! -e \"$0.go\"; do sleep 0.01; done; echo run >>\"$0.out\"");
	assert_int_equal(start(), STATUS_OK);
	number = number_on_disk();
	registered(registry, "pc.home.arpa", "10.0.0.5");
	publisher_notice(publisher);
	skewed_clock_pass_ms(5000);
	assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	assert_int_equal(number_on_disk(), number);
	folder_write(&folder, "program.go", "");
	AWAIT(number_on_disk() == number + 1);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	folder_expect(&folder, "program.out", "run\nrun\n");
}

static void
a_failing_command_is_told_of_and_run_again(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	use_command("echo run >>\"$0.out\"; test -e \"$0.good\" || exit 3");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("ended with exit status 3; it is run again within a minute"));
	assert_true(has_problem("publish command /"));
	assert_true(has_problem(options.command));
	folder_write(&folder, "program.good", "");
	skewed_clock_pass_ms(1000);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	assert_string_equal(report.problem, "");
	folder_expect(&folder, "program.out", "run\nrun\n");
	assert_int_equal(count_logged("error: "), 1);
	assert_int_equal(report.failures, 1);
}

static void
a_failing_command_is_run_again_only_if_dnsmasq_does_not_answer(void **state)
{
	(void)state;
	use_command("echo run >>\"$0.out\"; kill -HUP $(cat \"${0%/*}/pid\"); exit 3");
	reads_at_signal = false;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(has_problem("status 3; it is run again unless dnsmasq answers the publication"));
	served_number = number_on_disk();
	AWAIT(is_confirmed());
	folder_expect(&folder, "program.out", "run\n");
}

static void
a_restart_that_may_not_ask_runs_the_command_once(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	use_command("echo run >>\"$0.out\"");
	assert_int_equal(start(), STATUS_OK);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	stop();
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	AWAIT(now()->state == PUBLISHER_CLEAN);
	skewed_clock_pass_ms(1000);
	registered_text(registry, "txt.home.arpa");
	publisher_notice(publisher);
	assert_int_equal(now()->state, PUBLISHER_CLEAN);
	folder_expect(&folder, "program.out", "run\nrun\n");
}

static void
a_command_that_is_not_there_is_told_of(void **state)
{
	(void)state;
	use_command("exit 0");
	assert_int_equal(unlink(options.command), 0);
	assert_int_equal(start(), STATUS_OK);
	assert_true(has_problem("/program cannot be run: not found"));
}

/* --- a reload --- */

static void
new_options_take_effect_at_once(void **state)
{
	struct publisher_options other;
	uint64_t number;

	(void)state;
	start_confirmed();
	number = report.number;
	other = options;
	other.short_names = false;
	publisher_set_options(publisher, &other);
	expect_file("10.0.0.3 pc.home.arpa\n");
	AWAIT(is_confirmed());
	assert_int_equal(report.number, number + 1);
}

static void
a_new_path_is_written_and_the_old_file_stays(void **state)
{
	struct publisher_options other;

	(void)state;
	start_confirmed();
	other = options;
	(void)folder_entry(&folder, "other", other.file);
	publisher_set_options(publisher, &other);
	assert_int_equal(access(options.file, R_OK), 0);
	assert_int_equal(access(other.file, R_OK), 0);
	assert_int_equal(count_logged("is no longer written, and stays as it is"), 1);
	options = other;
	AWAIT(is_confirmed());
}

static void
the_same_options_change_nothing(void **state)
{
	struct publisher_options other;

	(void)state;
	start_confirmed();
	other = options;
	publisher_set_options(publisher, &other);
	assert_true(is_confirmed());
	watches_sleep = true;
	assert_int_equal(loop_turn(loop, -1), STATUS_OK);
	assert_int_equal(slept_ms, -1);
}

/* What became of a name, and whether the sentence about it holds this. */
static enum publisher_fate
fate_of(const char *text, const char *part)
{
	char why[PUBLISHER_WHY_MAX];
	struct node *node;
	struct name name;
	enum publisher_fate fate;

	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	node = zone_find(registry_zone_of(registry, name.wire), name.wire);
	assert_non_null(node);
	fate = publisher_explain(publisher, node, why);
	if (part[0] == '\0')
		assert_string_equal(why, "");
	else
		assert_non_null(strstr(why, part));
	return fate;
}

static void
a_name_is_written_and_then_confirmed(void **state)
{
	(void)state;
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(fate_of("pc.home.arpa", ""), FATE_WRITTEN);
	AWAIT(is_confirmed());
	assert_int_equal(fate_of("pc.home.arpa", ""), FATE_CONFIRMED);
}

static void
names_that_no_file_can_hold_say_why(void **state)
{
	(void)state;
	registered_zone(registry, "10.in-addr.arpa");
	registered(registry, "_x.home.arpa", "10.0.0.4");
	registered_text(registry, "text.home.arpa");
	registered(registry, "1.0.0.10.in-addr.arpa", "10.0.0.1");
	start_confirmed();
	assert_int_equal(fate_of("_x.home.arpa", "inner hyphens"), FATE_NOT_PUBLISHED);
	assert_int_equal(fate_of("text.home.arpa", "no address"), FATE_NOT_PUBLISHED);
	assert_int_equal(fate_of("1.0.0.10.in-addr.arpa", "reverse zone"), FATE_NOT_PUBLISHED);
}

static void
without_a_file_no_name_is_published(void **state)
{
	(void)state;
	options.mode = PUBLISH_NONE;
	assert_int_equal(start(), STATUS_OK);
	assert_int_equal(fate_of("pc.home.arpa", "\"none\""), FATE_OFF);
}

static void
a_leases_name_is_the_readers_until_it_is_ours(void **state)
{
	struct dhcp_lease lease = { .label = "desk", .until_s = LEASES_FOREVER };

	(void)state;
	options.leases_held_by_reader = true;
	assert_int_equal(address_from_text("10.0.0.5", &lease.address), STATUS_OK);
	assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	leases_commit(leases);
	registered_of(registry, "desk.home.arpa", "10.0.0.5", "@lease");
	start_confirmed();
	assert_int_equal(fate_of("desk.home.arpa", "its own lease"), FATE_BY_READER);
	expect_file("10.0.0.3 pc.home.arpa pc\n");
	/* Nothing in the registry changes. */
	lease.is_ours = true;
	assert_int_equal(leases_put(leases, &lease, false), STATUS_OK);
	leases_commit(leases);
	publisher_notice(publisher);
	AWAIT(is_confirmed());
	expect_file("10.0.0.5 desk.home.arpa desk\n10.0.0.3 pc.home.arpa pc\n");
	assert_int_equal(fate_of("desk.home.arpa", ""), FATE_CONFIRMED);
}

/* --- what is counted, and asked again --- */

static void
publications_and_their_times_are_counted(void **state)
{
	const struct publisher_counts *counts;

	(void)state;
	start_confirmed();
	counts = publisher_counts(publisher);
	assert_int_equal(counts->publications, 1);
	assert_int_equal(histogram_count(&counts->writing), 1);
	assert_int_equal(histogram_count(&counts->confirming), 1);
	assert_true(histogram_count(&counts->answering) >= 1);
	assert_int_equal(counts->confirmed_wall_s, SKEWED_WALL_S);
	skewed_clock_pass_ms(1000);
	registered(registry, "nas.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	AWAIT(is_confirmed());
	assert_int_equal(counts->publications, 2);
	assert_int_equal(histogram_count(&counts->confirming), 2);
	/* What the file has already is no publication, and no change is confirmed by the answer. */
	stop();
	start_confirmed();
	counts = publisher_counts(publisher);
	assert_int_equal(counts->publications, 0);
	assert_int_equal(histogram_count(&counts->writing), 0);
	assert_int_equal(histogram_count(&counts->confirming), 0);
	assert_int_equal(counts->confirmed_wall_s, SKEWED_WALL_S);
}

static void
a_check_asks_again_and_changes_nothing(void **state)
{
	int64_t confirm_ns;
	uint64_t answered;
	unsigned asked;

	(void)state;
	start_confirmed();
	confirm_ns = report.confirm_ns;
	/* A question that was sent again meanwhile is still to arrive. */
	for (int i = 0; i < 10; i++)
		assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	asked = questions;
	answered = histogram_count(&publisher_counts(publisher)->answering);
	/* It has just been asked. */
	publisher_check(publisher);
	assert_int_equal(loop_turn(loop, SOON_MS), STATUS_OK);
	assert_int_equal(questions, asked);
	skewed_clock_pass_ms(5000);
	publisher_check(publisher);
	assert_int_equal(now()->state, PUBLISHER_CONFIRMED);
	AWAIT(histogram_count(&publisher_counts(publisher)->answering) > answered);
	assert_true(questions > asked);
	assert_int_equal(signals, 1);
	assert_int_equal(now()->state, PUBLISHER_CONFIRMED);
	assert_int_equal(report.confirm_ns, confirm_ns);
	assert_int_equal(histogram_count(&publisher_counts(publisher)->confirming), 1);
}

static void
a_check_finds_a_dnsmasq_that_went_and_sees_it_come_back(void **state)
{
	(void)state;
	start_confirmed();
	behaviour = IS_SILENT;
	skewed_clock_pass_ms(60000);
	publisher_check(publisher);
	assert_int_equal(now()->state, PUBLISHER_CONFIRMED);
	/* It has its time to answer, as after a change. */
	assert_string_equal(report.problem, "");
	skewed_clock_pass_ms(options.confirm_timeout_ms);
	AWAIT(has_problem("no answer from 127.0.0.1:"));
	assert_int_equal(report.state, PUBLISHER_WRITTEN);
	assert_int_equal(report.failures, 1);
	publisher_check(publisher);
	behaviour = ANSWERS;
	skewed_clock_pass_ms(60000);
	AWAIT(is_confirmed());
	assert_string_equal(report.problem, "");
	assert_int_equal(histogram_count(&publisher_counts(publisher)->confirming), 1);
	assert_int_equal(count_logged("notice: dnsmasq answers publication"), 2);
}

static void
a_check_tells_a_dnsmasq_that_lost_the_file_again(void **state)
{
	(void)state;
	start_confirmed();
	served_number = 7;
	skewed_clock_pass_ms(60000);
	publisher_check(publisher);
	AWAIT(signals == 2);
	AWAIT(served_number == number_on_disk());
	AWAIT(is_confirmed());
	assert_string_equal(report.problem, "");
}

static void
a_change_during_a_check_is_timed_from_the_change(void **state)
{
	(void)state;
	start_confirmed();
	behaviour = IS_SILENT;
	skewed_clock_pass_ms(60000);
	publisher_check(publisher);
	skewed_clock_pass_ms(3000);
	registered(registry, "nas.home.arpa", "10.0.0.4");
	publisher_notice(publisher);
	assert_int_equal(now()->state, PUBLISHER_WRITTEN);
	behaviour = ANSWERS;
	AWAIT(is_confirmed());
	assert_in_range(report.confirm_ns, 0, 2 * INT64_C(1000000000));
	assert_int_equal(histogram_count(&publisher_counts(publisher)->confirming), 2);
}

static void
nobody_is_checked_where_nobody_is_asked(void **state)
{
	(void)state;
	options.confirm.address.family = 0;
	assert_int_equal(start(), STATUS_OK);
	AWAIT(signals == 1);
	skewed_clock_pass_ms(60000);
	publisher_check(publisher);
	assert_false(stand_in_was_signalled(&process, SOON_MS));
	assert_int_equal(now()->state, PUBLISHER_CLEAN);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_start_writes_the_file_and_dnsmasq_answers_it),
		TEST(a_change_is_in_the_file_before_the_turn_ends),
		TEST(the_same_content_is_neither_written_nor_signalled),
		TEST(a_file_that_somebody_changed_is_put_right_at_the_next_change),
		TEST(a_restart_with_the_same_content_only_asks),
		TEST(a_restart_that_may_not_ask_signals_once),
		TEST(a_restart_signals_a_dnsmasq_that_missed_the_last_publication),
		TEST(numbers_go_on_after_a_restart),
		TEST(numbers_rise_when_the_file_was_lost),
		TEST(under_load_a_fifth_of_the_time_is_spent),
		TEST(the_next_publication_waits_until_dnsmasq_has_read_the_last),
		TEST(nothing_wakes_us_when_all_is_confirmed),
		TEST(no_descriptor_stays_open),
		TEST(an_unfit_name_is_told_of_once),
		TEST(many_unfit_names_do_not_flood_the_log),
		TEST(a_missing_folder_is_named_and_not_made),
		TEST(a_failed_write_is_tried_again_ever_more_seldom_or_at_a_change),
		TEST(a_dnsmasq_that_is_not_running_is_confirmed_once_it_is),
		TEST(a_dnsmasq_that_is_not_there_holds_nothing_up),
		TEST(a_dnsmasq_that_does_not_read_the_file_is_told_how),
		TEST(a_hostsdir_that_is_not_watched_is_told_of),
		TEST(a_closed_folder_is_named),
		TEST(an_old_number_is_told_of_and_signalled_ever_more_seldom),
		TEST(a_late_signal_is_followed_by_questions_and_not_by_another_signal),
		TEST(a_stale_pid_file_is_told_of_where_it_matters),
		TEST(a_pid_file_that_comes_back_is_soon_noticed),
		TEST(a_folder_that_is_opened_is_soon_noticed),
		TEST(another_publication_is_no_other_cause),
		TEST(another_cause_is_told_of),
		TEST(causes_that_alternate_do_not_flood_the_log),
		TEST(trouble_that_lasts_is_recalled_each_hour),
		TEST(a_missing_pid_file_is_no_trouble_if_dnsmasq_answers),
		TEST(silence_is_told_of),
		TEST(without_questions_a_signal_that_cannot_be_sent_is_trouble),
		TEST(nothing_is_written_in_mode_none),
		TEST(a_large_file_in_a_hostsdir_is_warned_of_once),
		TEST(a_command_is_run_with_the_file),
		TEST(the_question_follows_the_command),
		TEST(a_change_while_the_command_runs_is_published_after_it),
		TEST(a_failing_command_is_told_of_and_run_again),
		TEST(a_failing_command_is_run_again_only_if_dnsmasq_does_not_answer),
		TEST(a_restart_that_may_not_ask_runs_the_command_once),
		TEST(a_command_that_is_not_there_is_told_of),
		TEST(new_options_take_effect_at_once),
		TEST(a_new_path_is_written_and_the_old_file_stays),
		TEST(the_same_options_change_nothing),
		TEST(a_name_is_written_and_then_confirmed),
		TEST(names_that_no_file_can_hold_say_why),
		TEST(without_a_file_no_name_is_published),
		TEST(a_leases_name_is_the_readers_until_it_is_ours),
		TEST(publications_and_their_times_are_counted),
		TEST(a_check_asks_again_and_changes_nothing),
		TEST(a_check_finds_a_dnsmasq_that_went_and_sees_it_come_back),
		TEST(a_check_tells_a_dnsmasq_that_lost_the_file_again),
		TEST(a_change_during_a_check_is_timed_from_the_change),
		TEST(nobody_is_checked_where_nobody_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
