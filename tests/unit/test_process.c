/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/process: what the kernel says of this very process, and texts it might write. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/process.h"

enum { DESCRIPTORS = 7, MINUTE_MS = 60000 };

static void
the_report_fits_this_process(void **state)
{
	struct process_report report;
	struct rlimit limit;

	(void)state;
	assert_int_equal(process_report(&report), STATUS_OK);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	assert_int_equal(report.open_files_max,
	    limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur);
	assert_true(report.resident_bytes >= 100000);
	assert_true(report.virtual_bytes > report.resident_bytes);
	assert_in_range(report.threads, 1, 8);
	assert_true(report.cpu_ns >= 0);
	/* It began before now, and not long ago. */
	assert_true(report.started_ms <= clock_wall_ms() + 20);
	assert_true(report.started_ms > clock_wall_ms() - 10 * MINUTE_MS);
}

static void
each_open_file_counts_once(void **state)
{
	struct process_report before;
	struct process_report after;
	int opened[DESCRIPTORS];

	(void)state;
	assert_int_equal(process_report(&before), STATUS_OK);
	for (size_t i = 0; i < DESCRIPTORS; i++) {
		opened[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
		assert_true(opened[i] >= 0);
	}
	assert_int_equal(process_report(&after), STATUS_OK);
	assert_int_equal(after.open_files, before.open_files + DESCRIPTORS);
	for (size_t i = 0; i < DESCRIPTORS; i++)
		assert_int_equal(close(opened[i]), 0);
	assert_int_equal(process_report(&after), STATUS_OK);
	assert_int_equal(after.open_files, before.open_files);
}

static void
time_on_the_processor_rises(void **state)
{
	struct process_report before;
	struct process_report after;

	(void)state;
	assert_int_equal(process_report(&before), STATUS_OK);
	do {
		assert_int_equal(process_report(&after), STATUS_OK);
		assert_true(after.cpu_ns >= before.cpu_ns);
	} while (after.cpu_ns < before.cpu_ns + 2000000);
}

static void
a_name_may_hold_parentheses_and_blanks(void **state)
{
	struct process_stat stat;

	(void)state;
	assert_true(process_read_stat(
	    "42 (a) R 1) S 1 42 42 0 -1 4194560 5 6 7 8 90 91 92 93 20 0 3 0 12345 99999744 250 "
	    "18446744073709551615 1 1\n",
	    &stat));
	assert_int_equal(stat.threads, 3);
	assert_int_equal(stat.started_ticks, 12345);
	assert_int_equal(stat.virtual_bytes, 99999744);
	assert_int_equal(stat.resident_pages, 250);
}

static void
what_is_no_stat_is_refused(void **state)
{
	static const char *const texts[] = { "", "42", "42 (ddnsd", "42 (ddnsd)",
		"42 (ddnsd) S 1 42 42 0 -1 4194560 5 6 7 8 90 91 92 93 20 0 3 0 12345 99999744",
		"42 (ddnsd) S 1 42 42 0 -1 4194560 5 6 7 8 90 91 92 93 20 0 x 0 12345 1 2" };
	struct process_stat stat = { .threads = 77 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(process_read_stat(texts[i], &stat));
	assert_int_equal(stat.threads, 77);
}

/* As its child sees it, and 0 where that failed. */
static int64_t
order_of_a_child(void)
{
	int64_t order = 0;
	int ends[2];
	pid_t child;
	int status;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		order = process_order();
		_exit(write(ends[1], &order, sizeof(order)) == sizeof(order) ? 0 : 1);
	}
	assert_int_equal(read(ends[0], &order, sizeof(order)), sizeof(order));
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(close(ends[1]), 0);
	return order;
}

static void
who_was_made_later_stands_behind(void **state)
{
	int64_t before = process_order();

	(void)state;
	assert_true(before > 0);
	for (int i = 0; i < 20; i++) {
		int64_t order = order_of_a_child();

		assert_true(order > before);
		before = order;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_report_fits_this_process),
		cmocka_unit_test(each_open_file_counts_once),
		cmocka_unit_test(who_was_made_later_stands_behind),
		cmocka_unit_test(time_on_the_processor_rises),
		cmocka_unit_test(a_name_may_hold_parentheses_and_blanks),
		cmocka_unit_test(what_is_no_stat_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
