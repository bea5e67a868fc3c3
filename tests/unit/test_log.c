/* SPDX-License-Identifier: GPL-3.0-or-later */
/* base/log: what a person reads, and what no stranger can make them read. */
/* LDWRAP: syslog __syslog_chk openlog */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <syslog.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

static int saved_stderr;
static int captured;
static char output[16384];

static int syslog_priority;
static char syslog_line[8192];
static char syslog_identity[32];

void __wrap_openlog(const char *identity, int option, int facility);
void __wrap_syslog(int priority, const char *format, ...) __attribute__((format(printf, 2, 3)));
void __wrap___syslog_chk(int priority, int flag, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void
__wrap_openlog(const char *identity, int option, int facility)
{
	(void)option;
	(void)facility;
	(void)snprintf(syslog_identity, sizeof(syslog_identity), "%s", identity);
}

void
__wrap_syslog(int priority, const char *format, ...)
{
	va_list arguments;

	syslog_priority = priority;
	va_start(arguments, format);
	(void)vsnprintf(syslog_line, sizeof(syslog_line), format, arguments);
	va_end(arguments);
}

/* What _FORTIFY_SOURCE makes of syslog(). */
void
__wrap___syslog_chk(int priority, int flag, const char *format, ...)
{
	va_list arguments;

	(void)flag;
	syslog_priority = priority;
	va_start(arguments, format);
	(void)vsnprintf(syslog_line, sizeof(syslog_line), format, arguments);
	va_end(arguments);
}

static int
capture_stderr(void **state)
{
	(void)state;
	(void)unsetenv("JOURNAL_STREAM");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	captured = memfd_create("stderr", MFD_CLOEXEC);
	saved_stderr = dup(STDERR_FILENO);
	return captured >= 0 && saved_stderr >= 0 && dup2(captured, STDERR_FILENO) >= 0 ? 0 : -1;
}

static int
release_stderr(void **state)
{
	(void)state;
	(void)unsetenv("JOURNAL_STREAM");
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_INFO);
	clock_replace(NULL);
	(void)dup2(saved_stderr, STDERR_FILENO);
	(void)close(saved_stderr);
	return close(captured);
}

/* What stands on stderr since the test began. */
static const char *
written(void)
{
	ssize_t length = pread(captured, output, sizeof(output) - 1, 0);

	assert_true(length >= 0);
	output[length] = '\0';
	return output;
}

static void
a_line_on_stderr_names_the_program_and_the_level(void **state)
{
	(void)state;
	log_error("one %d", 1);
	log_warning("two");
	log_notice("three");
	log_info("four");
	assert_string_equal(written(),
	    "ddnsd: error: one 1\n"
	    "ddnsd: warning: two\n"
	    "ddnsd: notice: three\n"
	    "ddnsd: info: four\n");
}

static void
journald_gets_its_level_prefix_instead(void **state)
{
	(void)state;
	assert_int_equal(setenv("JOURNAL_STREAM", "8:1234", 1), 0);
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
	log_error("one");
	log_warning("two");
	log_notice("three");
	log_info("four");
	log_debug("five");
	assert_string_equal(written(), "<3>one\n<4>two\n<5>three\n<6>four\n<7>five\n");
}

static void
what_is_above_the_chosen_level_is_not_written(void **state)
{
	(void)state;
	log_debug("unheard");
	assert_string_equal(written(), "");
	assert_false(log_is_on(LOG_LEVEL_DEBUG));
	assert_true(log_is_on(LOG_LEVEL_INFO));

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	log_warning("unheard too");
	assert_string_equal(written(), "");
	log_error("heard");
	assert_string_equal(written(), "ddnsd: error: heard\n");

	log_open(LOG_TARGET_STDERR, LOG_LEVEL_DEBUG);
	assert_true(log_is_on(LOG_LEVEL_DEBUG));
}

static void
a_newline_in_what_a_line_quotes_cannot_forge_a_second_line(void **state)
{
	(void)state;
	log_info("name %s", "a\nddnsd: error: forged\r\n");
	assert_string_equal(written(), "ddnsd: info: name a\\012ddnsd: error: forged\\015\\012\n");
}

static void
control_characters_and_bytes_outside_ascii_are_escaped(void **state)
{
	(void)state;
	log_info("%s", "\x01\x1b[31m\x7f\x80\xff\t ~");
	assert_string_equal(written(), "ddnsd: info: \\001\\033[31m\\177\\200\\377\\011 ~\n");
}

static void
a_text_of_1000_bytes_is_written_whole(void **state)
{
	char text[1001];

	(void)state;
	memset(text, 'x', 1000);
	text[1000] = '\0';
	log_info("%s", text);
	assert_int_equal(strlen(written()), strlen("ddnsd: info: ") + 1000 + 1);
}

static void
a_longer_text_is_cut_at_1000_bytes_and_still_ends_its_line(void **state)
{
	char text[5001];

	(void)state;
	memset(text, 'x', 5000);
	text[5000] = '\0';
	log_info("%s", text);
	assert_int_equal(strlen(written()), strlen("ddnsd: info: ") + 1000 + 1);
	assert_int_equal(output[strlen(output) - 1], '\n');
}

static void
the_longest_text_has_room_when_every_byte_is_escaped(void **state)
{
	char text[2001];

	(void)state;
	memset(text, '\n', 2000);
	text[2000] = '\0';
	log_warning("%s", text);
	assert_int_equal(strlen(written()), strlen("ddnsd: warning: ") + 4 * 1000 + 1);
	assert_int_equal(strcspn(output, "\n"), strlen(output) - 1);
}

static void
syslog_gets_the_escaped_text_with_its_priority_and_stderr_nothing(void **state)
{
	static const int priorities[] = {
		[LOG_LEVEL_ERROR] = LOG_ERR,
		[LOG_LEVEL_WARNING] = LOG_WARNING,
		[LOG_LEVEL_NOTICE] = LOG_NOTICE,
		[LOG_LEVEL_INFO] = LOG_INFO,
		[LOG_LEVEL_DEBUG] = LOG_DEBUG,
	};

	(void)state;
	log_open(LOG_TARGET_SYSLOG, LOG_LEVEL_DEBUG);
	assert_string_equal(syslog_identity, "ddnsd");
	for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
		log_write((enum log_level)level, "%s at %d", "100%s\n", level);
		assert_int_equal(syslog_priority, priorities[level]);
		assert_memory_equal(syslog_line, "100%s\\012 at ", 13);
	}
	assert_string_equal(written(), "");
}

static int64_t fake_now_ns;

static int64_t
read_fake_now_ns(void)
{
	return fake_now_ns;
}

static int64_t
read_no_wall_s(void)
{
	return 0;
}

static const struct clock_source fake = { .now_ns = read_fake_now_ns, .wall_s = read_no_wall_s };

static void
pass_ms(int64_t ms)
{
	fake_now_ns += ms * 1000000;
}

static void
a_limit_lets_a_few_lines_through_and_counts_the_rest(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t left_out = 77;

	(void)state;
	clock_replace(&fake);
	for (int i = 0; i < LOG_LIMIT_LINES; i++) {
		assert_true(log_limit_allows(&limit, &left_out));
		assert_int_equal(left_out, 0);
	}
	for (int i = 0; i < 1000; i++)
		assert_false(log_limit_allows(&limit, &left_out));
	pass_ms(LOG_LIMIT_INTERVAL_MS - 1);
	assert_false(log_limit_allows(&limit, &left_out));
	pass_ms(1);
	assert_true(log_limit_allows(&limit, &left_out));
	assert_int_equal(left_out, 1001);
	pass_ms(LOG_LIMIT_INTERVAL_MS);
	assert_true(log_limit_allows(&limit, &left_out));
	assert_int_equal(left_out, 0);
}

static void
under_a_lasting_flood_a_limit_gives_one_line_an_interval(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t left_out;
	unsigned lines = 0;

	(void)state;
	clock_replace(&fake);
	for (int ms = 0; ms < 100 * LOG_LIMIT_INTERVAL_MS; ms += 100) {
		if (log_limit_allows(&limit, &left_out))
			lines++;
		pass_ms(100);
	}
	assert_int_equal(lines, LOG_LIMIT_LINES + 99);
}

static void
after_quiet_times_a_limit_lets_a_few_lines_through_again_but_no_more(void **state)
{
	struct log_limit limit = { 0 };
	uint64_t left_out;
	unsigned lines = 0;

	(void)state;
	clock_replace(&fake);
	while (log_limit_allows(&limit, &left_out))
		;
	pass_ms(1000 * (int64_t)LOG_LIMIT_INTERVAL_MS);
	while (log_limit_allows(&limit, &left_out))
		lines++;
	assert_int_equal(lines, LOG_LIMIT_LINES);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, capture_stderr, release_stderr)

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(a_line_on_stderr_names_the_program_and_the_level),
		TEST(journald_gets_its_level_prefix_instead),
		TEST(what_is_above_the_chosen_level_is_not_written),
		TEST(a_newline_in_what_a_line_quotes_cannot_forge_a_second_line),
		TEST(control_characters_and_bytes_outside_ascii_are_escaped),
		TEST(a_text_of_1000_bytes_is_written_whole),
		TEST(a_longer_text_is_cut_at_1000_bytes_and_still_ends_its_line),
		TEST(the_longest_text_has_room_when_every_byte_is_escaped),
		TEST(syslog_gets_the_escaped_text_with_its_priority_and_stderr_nothing),
		TEST(a_limit_lets_a_few_lines_through_and_counts_the_rest),
		TEST(under_a_lasting_flood_a_limit_gives_one_line_an_interval),
		TEST(after_quiet_times_a_limit_lets_a_few_lines_through_again_but_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
