/* SPDX-License-Identifier: GPL-3.0-or-later */
/* publisher/command: how a program is run, how it ends, and what is said of it. */
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "folder.h"
#include "skewed_clock.h"

#include "base/loop.h"
#include "publisher/command.h"

enum { TURNS_MAX = 1000, TURN_MS = 20 };

static struct folder folder;
static char program[PATH_MAX];
static struct loop *loop;
static struct command command;
static unsigned ends;
static bool is_good;
static char problem[COMMAND_PROBLEM_MAX];

static void
note_end(void *context, const char *what)
{
	assert_ptr_equal(context, &folder);
	ends++;
	is_good = what == NULL;
	(void)snprintf(problem, sizeof(problem), "%s", what != NULL ? what : "");
}

static int
set_up(void **state)
{
	(void)state;
	folder_make(&folder);
	(void)folder_entry(&folder, "program", program);
	skewed_clock_use();
	loop = loop_new();
	assert_non_null(loop);
	command_init(&command, loop, note_end, &folder);
	ends = 0;
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	command_release(&command);
	loop_free(loop);
	clock_replace(NULL);
	folder_remove(&folder);
	return 0;
}

static void
write_program(const char *lines)
{
	char text[1024];

	(void)snprintf(text, sizeof(text), "#!/bin/sh\n%s\n", lines);
	folder_write(&folder, "program", text);
	assert_int_equal(chmod(program, 0755), 0);
}

static void
await_end(void)
{
	unsigned before = ends;

	for (int i = 0; i < TURNS_MAX && ends == before; i++)
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	assert_int_equal(ends, before + 1);
	assert_false(command_is_running(&command));
}

static void
it_gets_the_file_as_its_only_argument_and_no_shell(void **state)
{
	char text[PATH_MAX + 64];

	(void)state;
	write_program("printf '%s/%s' $# \"$1\" >\"$0.out\"; cat >>\"$0.out\"");
	assert_int_equal(command_start(&command, program, "/x y;$(z)"), STATUS_OK);
	assert_true(command_is_running(&command));
	await_end();
	assert_true(is_good);
	(void)snprintf(text, sizeof(text), "1//x y;$(z)");
	folder_expect(&folder, "program.out", text);
}

static void
no_signal_is_blocked_or_ignored_in_it(void **state)
{
	sigset_t blocked;

	(void)state;
	sigemptyset(&blocked);
	sigaddset(&blocked, SIGTERM);
	assert_int_equal(sigprocmask(SIG_BLOCK, &blocked, NULL), 0);
	assert_true(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	/* Signals 1 to 28: two behind those belong to the C library and may be ignored for good. */
	write_program(
	    "sed -En 's/^Sig(Blk|Ign):.*(.{7})$/\\1 \\2/p' /proc/self/status >\"$0.out\"");
	assert_int_equal(command_start(&command, program, "x"), STATUS_OK);
	await_end();
	folder_expect(&folder, "program.out", "Blk 0000000\nIgn 0000000\n");
	assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
	assert_int_equal(sigprocmask(SIG_UNBLOCK, &blocked, NULL), 0);
}

static void
its_exit_status_is_told(void **state)
{
	(void)state;
	write_program("exit 3");
	assert_int_equal(command_start(&command, program, "x"), STATUS_OK);
	await_end();
	assert_false(is_good);
	assert_string_equal(problem, "ended with exit status 3");
}

static void
the_signal_that_ended_it_is_told(void **state)
{
	(void)state;
	write_program("kill -TERM $$");
	assert_int_equal(command_start(&command, program, "x"), STATUS_OK);
	await_end();
	assert_string_equal(problem, "was ended by signal 15");
}

static void
what_cannot_be_run_says_why(void **state)
{
	(void)state;
	assert_int_equal(command_start(&command, program, "x"), STATUS_NOT_FOUND);
	folder_write(&folder, "program", "#!/bin/sh\n");
	assert_int_equal(chmod(program, 0644), 0);
	assert_int_equal(command_start(&command, program, "x"), STATUS_PERMISSION);
	assert_false(command_is_running(&command));
	assert_int_equal(ends, 0);
}

static void
what_takes_too_long_is_killed_with_its_children(void **state)
{
	char path[PATH_MAX];
	char text[32] = "";
	long child;
	FILE *file;

	(void)state;
	write_program("sleep 1000 & echo $! >\"$0.pid\"; mv \"$0.pid\" \"$0.child\"; wait");
	assert_int_equal(command_start(&command, program, "x"), STATUS_OK);
	(void)folder_entry(&folder, "program.child", path);
	for (int i = 0; i < TURNS_MAX && access(path, R_OK) != 0; i++)
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	skewed_clock_pass_ms(COMMAND_LIMIT_MS - 5000);
	assert_int_equal(loop_turn(loop, 0), STATUS_OK);
	assert_true(command_is_running(&command));
	skewed_clock_pass_ms(5000);
	await_end();
	assert_string_equal(problem, "ran longer than 30 s and was killed");

	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(fgets(text, sizeof(text), file));
	(void)fclose(file);
	child = strtol(text, NULL, 10);
	assert_true(child > 1);
	/* It is init's to collect: gone, or a zombie until then. */
	for (int i = 0; i < TURNS_MAX; i++) {
		char status_path[64];
		char line[256] = "";

		(void)snprintf(status_path, sizeof(status_path), "/proc/%ld/stat", child);
		file = fopen(status_path, "r");
		if (file == NULL)
			return;
		assert_true(fgets(line, sizeof(line), file) != NULL || ferror(file) != 0);
		(void)fclose(file);
		if (line[0] == '\0' || strstr(line, ") Z ") != NULL)
			return;
		assert_int_equal(loop_turn(loop, TURN_MS), STATUS_OK);
	}
	fail_msg("the child lives on");
}

static void
one_may_follow_another(void **state)
{
	(void)state;
	write_program("exit 0");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(command_start(&command, program, "x"), STATUS_OK);
		await_end();
		assert_true(is_good);
	}
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(it_gets_the_file_as_its_only_argument_and_no_shell),
		TEST(no_signal_is_blocked_or_ignored_in_it),
		TEST(its_exit_status_is_told),
		TEST(the_signal_that_ended_it_is_told),
		TEST(what_cannot_be_run_says_why),
		TEST(what_takes_too_long_is_killed_with_its_children),
		TEST(one_may_follow_another),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
