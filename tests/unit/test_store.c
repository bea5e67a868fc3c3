/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The database on real files: what is acknowledged survives, also kill -9, full disks, read-only
 * media, failing syncs and damaged pages; what is not ours stays as it is.
 */
#include <errno.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "database.h"

enum { MANY = 3000, CONTENT_MAX = 4 * 1024 * 1024 };

/* --- helpers --- */

static enum status
put(struct store *store, int number, int content)
{
	struct store_row row = {
		.name = host(number),
		.owner = "laptop.home.arpa",
		.created_s = 1700000000,
		.changed_s = 1700000000 + content,
		.records = (const uint8_t *)&content,
		.records_size = sizeof(content),
	};

	return store_put(store, &row);
}

/* What a load finds: contents[number] of host(number), -1 where there is none. */
struct found {
	size_t count;
	int contents[MANY];
};
static struct found found;

static enum status
find(void *context, const struct store_row *row)
{
	struct found *finds = context;
	int number;

	finds->count++;
	assert_int_equal(row->records_size, sizeof(int));
	number = (int)strtol(row->name + strlen("host"), NULL, 10);
	assert_string_equal(row->name, host(number));
	assert_string_equal(row->owner, "laptop.home.arpa");
	assert_in_range(number, 0, MANY - 1);
	/* Nothing comes twice. */
	assert_int_equal(finds->contents[number], -1);
	memcpy(&finds->contents[number], row->records, sizeof(int));
	assert_int_equal(row->changed_s, 1700000000 + finds->contents[number]);
	return STATUS_OK;
}

static size_t
load(struct store *store)
{
	memset(&found, 0xff, sizeof(found));
	found.count = 0;
	assert_int_equal(store_load(store, find, &found), STATUS_OK);
	return found.count;
}

static const char *
beside(const char *suffix)
{
	static char other[PATH_MAX];

	assert_true(snprintf(other, sizeof(other), "%s%s", path, suffix) < PATH_MAX);
	return other;
}

static bool
is_there(const char *suffix)
{
	return access(beside(suffix), F_OK) == 0;
}

static char *
content_of(const char *file, size_t *ret_length)
{
	char *content = malloc(CONTENT_MAX);
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t length;

	assert_non_null(content);
	assert_true(fd >= 0);
	length = read(fd, content, CONTENT_MAX);
	assert_in_range(length, 0, CONTENT_MAX - 1);
	(void)close(fd);
	*ret_length = (size_t)length;
	return content;
}

/* A child stores these rows, commits each ten, and dies without closing: the log stays. */
static void
store_and_die(int from, int to, int content)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		struct store *store = NULL;
		bool is_good = store_open(path, &store, problem) == STATUS_OK;

		for (int i = from; is_good && i < to; i++) {
			is_good = put(store, i, content) == STATUS_OK;
			if (is_good && (i % 10 == 9 || i == to - 1))
				is_good = store_commit(store, 1700000000) == STATUS_OK;
		}
		if (is_good)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
}

/* --- what it is for --- */

static void
a_new_database_is_empty_and_undated(void **state)
{
	struct store *store = open_ok();
	struct stat about;

	(void)state;
	assert_int_equal(load(store), 0);
	assert_int_equal(store_last_commit_s(store), 0);
	/* Its log is filled beforehand: see below. */
	assert_int_equal(stat(beside("-wal"), &about), 0);
	assert_true(about.st_size >= 1000 * 1048);
	store_close(store);
	store_close(NULL);
	assert_false(is_there("-wal"));
}

static enum status
expect_row(void *context, const struct store_row *row)
{
	const struct store_row *expected = context;

	assert_string_equal(row->name, expected->name);
	assert_string_equal(row->owner, expected->owner);
	assert_true(row->created_s == expected->created_s);
	assert_true(row->changed_s == expected->changed_s);
	assert_int_equal(row->records_size, expected->records_size);
	assert_memory_equal(row->records, expected->records, expected->records_size);
	return STATUS_OK;
}

static void
what_is_committed_comes_back_as_it_was(void **state)
{
	static uint8_t records[65535];
	struct store_row row = {
		.name = "a\\000b.\\255.home.arpa",
		.owner = "",
		.created_s = INT64_MIN,
		.changed_s = INT64_MAX,
		.records = records,
		.records_size = sizeof(records),
	};
	struct store *store = open_ok();

	(void)state;
	for (size_t i = 0; i < sizeof(records); i++)
		records[i] = (uint8_t)(i * 7);
	assert_int_equal(store_put(store, &row), STATUS_OK);
	assert_int_equal(store_commit(store, 1700000000), STATUS_OK);
	assert_int_equal(store_last_commit_s(store), 1700000000);
	store_close(store);
	store = open_ok();
	assert_int_equal(store_load(store, expect_row, &row), STATUS_OK);
	store_close(store);
}

static void
a_put_replaces_and_a_delete_removes(void **state)
{
	struct store *store = open_ok();

	(void)state;
	for (int i = 0; i < 30; i++)
		assert_int_equal(put(store, i, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	for (int i = 0; i < 30; i += 2)
		assert_int_equal(put(store, i, 2), STATUS_OK);
	assert_int_equal(store_delete(store, host(7)), STATUS_OK);
	assert_int_equal(store_delete(store, host(99)), STATUS_OK);
	assert_int_equal(store_commit(store, 2), STATUS_OK);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), 29);
	assert_int_equal(found.contents[6], 2);
	assert_int_equal(found.contents[7], -1);
	assert_int_equal(found.contents[9], 1);
	store_close(store);
}

static void
what_is_rolled_back_is_not_there(void **state)
{
	struct store *store = open_ok();

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(put(store, 1, 2), STATUS_OK);
	assert_int_equal(put(store, 2, 2), STATUS_OK);
	store_rollback(store);
	store_rollback(store);
	assert_int_equal(put(store, 3, 3), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(put(store, 4, 4), STATUS_OK);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), 2);
	assert_int_equal(found.contents[1], 1);
	assert_int_equal(found.contents[3], 3);
	store_close(store);
}

static void
a_commit_of_nothing_touches_no_file(void **state)
{
	struct store *store = open_ok();
	uint64_t size;

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	size = store_size(store);
	calls_seen = 0;
	assert_int_equal(store_commit(store, 2), STATUS_OK);
	assert_int_equal(calls_seen, 0);
	assert_true(store_size(store) == size);
	assert_int_equal(store_last_commit_s(store), 1);
	store_close(store);
}

static void
deleting_what_is_not_there_touches_no_file(void **state)
{
	struct store *store = open_ok();
	size_t length_before;
	size_t length_after;
	char *before;
	char *after;

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_put_fact(store, "lease", "192.0.2.1", "{}"), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	before = content_of(beside("-wal"), &length_before);
	calls_seen = 0;
	assert_int_equal(store_delete(store, host(2)), STATUS_OK);
	assert_int_equal(store_delete_fact(store, "lease", "192.0.2.2"), STATUS_OK);
	assert_int_equal(store_delete_fact(store, "device", "192.0.2.1"), STATUS_OK);
	assert_int_equal(store_commit(store, 2), STATUS_OK);
	assert_int_equal(calls_seen, 0);
	after = content_of(beside("-wal"), &length_after);
	assert_int_equal(length_before, length_after);
	assert_memory_equal(before, after, length_before);
	free(before);
	free(after);
	/* And one that is there does. */
	assert_int_equal(store_delete_fact(store, "lease", "192.0.2.1"), STATUS_OK);
	assert_int_equal(store_commit(store, 3), STATUS_OK);
	assert_true(calls_seen > 0);
	store_close(store);
}

static void
a_commit_is_one_sync(void **state)
{
	struct store *store = open_ok();

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_put_fact(store, "lease", "192.0.2.1", "{}"), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(put(store, 1, 2), STATUS_OK);
	calls_seen = 0;
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	/* The frame's head, its page, the sync. */
	assert_in_range(calls_seen, 1, 3);
	assert_int_equal(put(store, 1, 3), STATUS_OK);
	assert_int_equal(store_put_fact(store, "lease", "192.0.2.1", "{ }"), STATUS_OK);
	calls_seen = 0;
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	/* Two pages, one sync. */
	assert_in_range(calls_seen, 1, 5);
	store_close(store);
}

static enum status
refuse(void *context, const struct store_row *row)
{
	(void)row;
	++*(int *)context;
	return STATUS_NO_MEMORY;
}

static void
a_handler_that_fails_ends_the_load(void **state)
{
	struct store *store = open_ok();
	int calls = 0;

	(void)state;
	for (int i = 0; i < 30; i++)
		assert_int_equal(put(store, i, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(store_load(store, refuse, &calls), STATUS_NO_MEMORY);
	assert_int_equal(calls, 1);
	store_close(store);
}

static void
the_files_are_for_owner_and_group_whatever_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 077, 0777 };
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	(void)state;
	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		mode_t before = umask(masks[i]);
		struct store *store = open_ok();
		struct stat about;

		assert_int_equal(put(store, 1, 1), STATUS_OK);
		assert_int_equal(store_commit(store, 1), STATUS_OK);
		for (size_t j = 0; j < sizeof(suffixes) / sizeof(suffixes[0]); j++) {
			assert_int_equal(stat(beside(suffixes[j]), &about), 0);
			assert_int_equal(about.st_mode & 07777, 0640);
		}
		store_close(store);
		(void)umask(before);
		assert_int_equal(unlink(path), 0);
	}
}

static void
the_last_commit_is_dated_by_rows_and_files(void **state)
{
	static const struct timespec times[2] = { { .tv_sec = 1600000000 },
		{ .tv_sec = 1600000000 } };
	struct store *store = open_ok();

	(void)state;
	assert_int_equal(put(store, 1, 5), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	store = open_ok();
	assert_int_equal(store_last_commit_s(store), 1700000005);
	assert_int_equal(store_delete(store, host(1)), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	store = open_ok();
	assert_int_equal(store_last_commit_s(store), 1600000000);
	store_close(store);
}

/* --- crashes --- */

static void
all_that_was_acknowledged_survives_kill_9(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		int pipes[2];
		pid_t child;
		int acknowledged = -1;
		struct store *store;

		assert_int_equal(pipe(pipes), 0);
		child = fork();
		assert_true(child >= 0);
		if (child == 0) {
			if (store_open(path, &store, problem) != STATUS_OK)
				_exit(1);
			for (int i = 0;; i++) {
				if (put(store, i % MANY, round * 1000000 + i) != STATUS_OK ||
				    store_commit(store, 1) != STATUS_OK ||
				    write(pipes[1], &i, sizeof(i)) != sizeof(i))
					_exit(1);
			}
		}
		(void)close(pipes[1]);
		/* Somewhere in the middle of the next one. */
		while (acknowledged < 100 + round * 150)
			assert_int_equal(read(pipes[0], &acknowledged, sizeof(int)), sizeof(int));
		assert_int_equal(kill(child, SIGKILL), 0);
		assert_int_equal(waitpid(child, NULL, 0), child);
		while (read(pipes[0], &acknowledged, sizeof(int)) == sizeof(int))
			continue;
		(void)close(pipes[0]);
		store = open_ok();
		(void)load(store);
		for (int i = 0; i <= acknowledged && i < MANY; i++)
			assert_true(found.contents[i] >= round * 1000000);
		store_close(store);
	}
}

static bool
log_begins_with_zeros(void)
{
	static const char zeros[32];
	char header[sizeof(zeros)];
	FILE *log = fopen(beside("-wal"), "r");
	bool are_zeros = log != NULL && fread(header, sizeof(header), 1, log) == 1 &&
	    memcmp(header, zeros, sizeof(zeros)) == 0;

	if (log != NULL)
		assert_int_equal(fclose(log), 0);
	return are_zeros;
}

static void
the_log_of_a_crash_is_folded_in_at_the_start(void **state)
{
	struct store *store;
	struct stat about;

	(void)state;
	store_and_die(0, 100, 1);
	assert_int_equal(stat(beside("-wal"), &about), 0);
	assert_true(about.st_size > 0);
	store = open_ok();
	/* Filled with zeros behind what is in use, and nothing is. */
	assert_int_equal(stat(beside("-wal"), &about), 0);
	assert_true(about.st_size >= 1000 * 1048);
	assert_true(log_begins_with_zeros());
	assert_int_equal(load(store), 100);
	store_close(store);
}

/* --- company --- */

static void
a_second_daemon_is_refused(void **state)
{
	struct store *store = open_ok();
	pid_t child;
	int status;

	(void)state;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct store *second = NULL;

		_exit(store_open(path, &second, problem) == STATUS_IO && second == NULL &&
			    strstr(problem, "in use by another ddnsd") != NULL
			? 0
			: 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	store_close(open_ok());
}

/* A child that reads inside a transaction until told to end. */
struct reader {
	pid_t pid;
	int end;
};

static struct reader
start_reader(const char *begin)
{
	struct reader reader;
	int ready[2];
	int end[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	assert_int_equal(pipe(end), 0);
	reader.pid = fork();
	assert_true(reader.pid >= 0);
	if (reader.pid == 0) {
		sqlite3 *db = NULL;

		(void)close(end[1]);
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, begin, NULL, NULL, NULL) != SQLITE_OK ||
		    sqlite3_exec(db, "SELECT count(*) FROM names", NULL, NULL, NULL) != SQLITE_OK ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		while (read(end[0], &byte, 1) > 0)
			continue;
		(void)sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
		_exit(0);
	}
	(void)close(ready[1]);
	(void)close(end[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	(void)close(ready[0]);
	reader.end = end[1];
	return reader;
}

static void
end_reader(const struct reader *reader)
{
	int status;

	(void)close(reader->end);
	assert_int_equal(waitpid(reader->pid, &status, 0), reader->pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
a_person_can_look_in_while_it_is_open(void **state)
{
	struct store *store = open_ok();
	struct reader reader;

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	run_sql("SELECT owner FROM names WHERE name = 'host00001.home.arpa'");
	reader = start_reader("BEGIN");
	assert_int_equal(put(store, 2, 2), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	end_reader(&reader);
	assert_int_equal(load(store), 2);
	store_close(store);
}

static void
a_person_who_holds_the_lock_costs_only_that_commit(void **state)
{
	struct store *store = open_ok();
	struct reader reader = start_reader("BEGIN IMMEDIATE");

	(void)state;
	assert_int_equal(put(store, 1, 1), STATUS_IO);
	assert_non_null(strstr(store_problem(store), "locked by another program"));
	store_rollback(store);
	end_reader(&reader);
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
}

static void
the_log_stays_small(void **state)
{
	struct store *store = open_ok();

	(void)state;
	for (int i = 0; i < 20 * MANY; i++) {
		assert_int_equal(put(store, (i * 7) % MANY, i), STATUS_OK);
		if (i % 16 == 15)
			assert_int_equal(store_commit(store, 1), STATUS_OK);
	}
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_true(store_size(store) < 3 * 1024 * 1024);
	store_close(store);
}

static void
a_reader_that_holds_the_log_up_meets_a_ceiling(void **state)
{
	struct store *store = open_ok();
	struct reader reader;
	enum status status = STATUS_OK;

	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(put(store, i, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	reader = start_reader("BEGIN");
	for (int i = 0; status == STATUS_OK && i < 1000; i++) {
		for (int j = 0; status == STATUS_OK && j < MANY; j += 8)
			status = put(store, j, i);
		if (status == STATUS_OK)
			status = store_commit(store, 1);
	}
	assert_int_equal(status, STATUS_NO_SPACE);
	assert_non_null(strstr(store_problem(store), "ceiling"));
	assert_true(store_size(store) < 80 * 1024 * 1024);
	store_rollback(store);
	end_reader(&reader);
	assert_int_equal(put(store, 1, 2), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(put(store, 1, 3), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_true(store_size(store) < 4 * 1024 * 1024);
	store_close(store);
}

/* --- failing disks --- */

/* Commits with each system call failing in turn; what was acknowledged before must be there. */
static void
check_each_failure(int error, enum status expected, bool forever)
{
	struct store *store = open_ok();
	int failures = 0;
	int acknowledged[40];
	int last = 0;

	for (int i = 0; i < 40; i++) {
		assert_int_equal(put(store, i, 0), STATUS_OK);
		acknowledged[i] = 0;
	}
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	/* The calls of a commit of five names, and a good one after each that failed. */
	for (int number = 1; number <= 20; number++) {
		enum status status = STATUS_OK;

		for (int i = 0; i < 5 && status == STATUS_OK; i++)
			status = put(store, (number + i * 8) % 40, number);
		assert_int_equal(status, STATUS_OK);
		let_fail(number, error, forever);
		status = store_commit(store, 1);
		if (status != STATUS_OK) {
			assert_int_equal(status, expected);
			assert_non_null(strstr(store_problem(store), "ddnsd.db"));
			failures++;
		}
		if (status != STATUS_OK && forever) {
			/* Still failing: refused again, and no worse. */
			status = put(store, 0, 77);
			if (status == STATUS_OK)
				status = store_commit(store, 1);
			assert_int_equal(status, expected);
			store_rollback(store);
		}
		let_fail(0, 0, false);
		if (status == STATUS_OK)
			for (int i = 0; i < 5; i++)
				acknowledged[(number + i * 8) % 40] = number;
		last = 1000 + number;
		assert_int_equal(put(store, 39, last), STATUS_OK);
		assert_int_equal(store_commit(store, 1), STATUS_OK);
		acknowledged[39] = last;
	}
	assert_in_range(failures, 3, 19);
	assert_int_equal(load(store), 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(found.contents[i], acknowledged[i]);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), 40);
	for (int i = 0; i < 40; i++)
		assert_int_equal(found.contents[i], acknowledged[i]);
	store_close(store);
}

static void
a_failing_sync_or_write_loses_nothing_acknowledged(void **state)
{
	(void)state;
	check_each_failure(EIO, STATUS_IO, false);
}

static void
a_disk_that_goes_on_failing_loses_nothing_acknowledged(void **state)
{
	(void)state;
	check_each_failure(EIO, STATUS_IO, true);
}

static void
a_full_disk_is_told_and_loses_nothing(void **state)
{
	(void)state;
	check_each_failure(ENOSPC, STATUS_NO_SPACE, true);
}

static void
a_full_quota_is_a_full_disk(void **state)
{
	(void)state;
	check_each_failure(EDQUOT, STATUS_NO_SPACE, true);
}

static void
a_medium_that_turns_read_only_is_told_and_loses_nothing(void **state)
{
	(void)state;
	check_each_failure(EROFS, STATUS_READ_ONLY, true);
}

static void
a_commit_that_failed_is_not_there_after_a_crash_and_more_commits(void **state)
{
	pid_t child = fork();
	int status;
	struct store *store;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		bool is_good = store_open(path, &store, problem) == STATUS_OK &&
		    put(store, 1, 1) == STATUS_OK && store_commit(store, 1) == STATUS_OK &&
		    put(store, 1, 2) == STATUS_OK && put(store, 2, 2) == STATUS_OK;

		/* All is in the log but the sync of it. */
		let_fail(1, EIO, false);
		only_syncs_fail = true;
		is_good = is_good && store_commit(store, 1) == STATUS_IO && fail_errno == 0 &&
		    put(store, 3, 3) == STATUS_OK && store_commit(store, 1) == STATUS_OK;
		if (is_good)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	store = open_ok();
	assert_int_equal(load(store), 2);
	assert_int_equal(found.contents[1], 1);
	assert_int_equal(found.contents[3], 3);
	store_close(store);
}

static void
a_checkpoint_that_fails_fails_no_commit(void **state)
{
	struct store *store = open_ok();
	int commits = 0;

	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_int_equal(put(store, i, 0), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	/* The log is beyond its thousand frames soon; the database itself takes no write. */
	for (int i = 0; i < 500; i++) {
		for (int j = 0; j < 10; j++)
			assert_int_equal(put(store, (i * 10 + j) * 13 % MANY, 1), STATUS_OK);
		/* A commit of ten pages at most makes 21 calls; what follows is the checkpoint. */
		let_fail(40, EIO, true);
		assert_int_equal(store_commit(store, 1), STATUS_OK);
		commits += fail_errno != 0 && calls_to_fail <= 1 ? 1 : 0;
		let_fail(0, 0, false);
	}
	assert_true(commits > 0);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), MANY);
	store_close(store);
}

/* A real file system that is full, and then is not. */
static void
a_full_file_system_costs_updates_until_there_is_room(void **state)
{
	struct store *store;
	enum status status = STATUS_OK;
	int stored = 0;
	int filler;
	char block[4096] = { 0 };

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=1m,mode=0755"), 0);
	store = open_ok();
	filler = openat(AT_FDCWD, beside(".filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(filler >= 0);
	while (write(filler, block, sizeof(block)) > 0)
		continue;
	while (status == STATUS_OK && stored < MANY) {
		status = put(store, stored, 1);
		if (status == STATUS_OK)
			status = store_commit(store, 1);
		stored += status == STATUS_OK ? 1 : 0;
	}
	assert_int_equal(status, STATUS_NO_SPACE);
	assert_true(stored < MANY);
	store_rollback(store);
	assert_int_equal(load(store), stored);
	assert_int_equal(ftruncate(filler, 0), 0);
	(void)close(filler);
	assert_int_equal(put(store, stored, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), stored + 1);
	store_close(store);
}

static void
names_are_read_from_a_full_file_system(void **state)
{
	struct store *store;
	int filler;
	char block[4096] = { 0 };

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=1m,mode=0755"), 0);
	store_and_die(0, 100, 1);
	assert_int_equal(unlink(beside("-shm")), 0);
	filler = openat(AT_FDCWD, beside(".filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(filler >= 0);
	while (write(filler, block, sizeof(block)) > 0)
		continue;
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	assert_int_equal(load(store), 100);
	assert_int_equal(put(store, 1, 2), STATUS_NO_SPACE);
	store_rollback(store);
	assert_int_equal(load(store), 100);
	assert_int_equal(ftruncate(filler, 0), 0);
	(void)close(filler);
	assert_int_equal(put(store, 1, 2), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
}

/* --- read-only media --- */

static void
remount(unsigned long flags)
{
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | flags, NULL), 0);
}

static void
check_read_only(int rows)
{
	struct store *store = NULL;

	remount(MS_RDONLY);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	assert_non_null(strstr(problem, "cannot be written"));
	assert_true(store_is_read_only(store));
	assert_int_equal(load(store), rows);
	assert_int_equal(put(store, 0, 5), STATUS_READ_ONLY);
	store_rollback(store);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(store_delete(store, host(0)), STATUS_READ_ONLY);
	assert_int_equal(load(store), rows);
	remount(0);
	assert_int_equal(put(store, 0, 6), STATUS_OK);
	assert_false(store_is_read_only(store));
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	assert_int_equal(load(store), rows > 0 ? rows : 1);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), rows > 0 ? rows : 1);
	assert_int_equal(found.contents[0], 6);
	store_close(store);
}

static void
a_read_only_medium_is_read_and_written_when_it_can_be_again(void **state)
{
	struct store *store;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	store = open_ok();
	for (int i = 0; i < 10; i++)
		assert_int_equal(put(store, i, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	check_read_only(10);
}

static void
a_log_on_a_read_only_medium_is_read_too(void **state)
{
	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	store_and_die(0, 200, 1);
	assert_true(is_there("-wal"));
	check_read_only(200);
	store_and_die(200, 300, 1);
	assert_int_equal(unlink(beside("-shm")), 0);
	check_read_only(300);
}

static void
a_new_file_on_a_read_only_medium_waits_for_its_table(void **state)
{
	int fd;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0640);
	assert_true(fd >= 0);
	(void)close(fd);
	check_read_only(0);
}

static void
no_file_on_a_read_only_medium_is_told(void **state)
{
	struct store *store = NULL;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", MS_RDONLY, "size=4m,mode=0755"), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_IO);
	assert_null(store);
	assert_non_null(strstr(problem, "Read-only file system"));
}

/* --- paths --- */

static void
a_missing_folder_is_told_with_its_mend(void **state)
{
	struct store *store = NULL;

	(void)state;
	(void)folder_entry(&folder, "missing/below/it.db", path);
	assert_int_equal(store_open(path, &store, problem), STATUS_NOT_FOUND);
	assert_null(store);
	assert_non_null(strstr(problem, "missing/below/it.db"));
	assert_non_null(strstr(problem, "folder does not exist"));
}

static void
a_folder_is_no_database(void **state)
{
	struct store *store = NULL;

	(void)state;
	assert_int_equal(mkdir(path, 0755), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_IO);
	assert_non_null(strstr(problem, "is not a file"));
}

static void
a_path_with_signs_that_uris_use_is_a_path(void **state)
{
	struct store *store;

	(void)state;
	(void)folder_entry(&folder, "50% of #1?.db", path);
	store = open_ok();
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	assert_true(is_there(""));
	if (may_mount) {
		assert_int_equal(mount(folder.path, folder.path, NULL, MS_BIND, NULL), 0);
		remount(MS_BIND | MS_RDONLY);
		assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
		assert_int_equal(load(store), 1);
		store_close(store);
	}
}

/* --- other people's files --- */

/* Opening must fail so, with that word, and leave the file as it is. */
static void
expect_untouched(enum status expected, const char *word)
{
	struct store *store = NULL;
	size_t length_before;
	size_t length_after;
	char *before = content_of(path, &length_before);
	char *after;

	assert_int_equal(store_open(path, &store, problem), expected);
	assert_null(store);
	assert_non_null(strstr(problem, word));
	assert_non_null(strstr(problem, path));
	after = content_of(path, &length_after);
	assert_int_equal(length_before, length_after);
	assert_memory_equal(before, after, length_before);
	assert_false(is_there(".damaged-1"));
	free(before);
	free(after);
}

static void
a_newer_schema_is_left_untouched(void **state)
{
	(void)state;
	store_close(open_ok());
	run_sql("PRAGMA user_version = 3");
	expect_untouched(STATUS_TOO_NEW, "newer");
}

static void
a_database_of_another_program_is_left_untouched(void **state)
{
	(void)state;
	run_sql("CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')");
	expect_untouched(STATUS_REFUSED, "another program");
	run_sql("PRAGMA application_id = 77");
	expect_untouched(STATUS_REFUSED, "another program");
}

/* --- damage --- */

static void
fill(int rows)
{
	struct store *store = open_ok();

	for (int i = 0; i < rows; i++)
		assert_int_equal(put(store, i, i), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
}

static void
what_is_no_database_is_moved_aside_and_kept(void **state)
{
	struct store *store;

	(void)state;
	folder_write(&folder, "ddnsd.db", "these are not the pages you are looking for");
	store = open_mended("0 names");
	assert_int_equal(load(store), 0);
	assert_int_equal(put(store, 1, 1), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	folder_expect(&folder, "ddnsd.db.damaged-1", "these are not the pages you are looking for");
	folder_write(&folder, "ddnsd.db", "nor these");
	store_close(open_mended("ddnsd.db.damaged-2"));
	folder_expect(&folder, "ddnsd.db.damaged-1", "these are not the pages you are looking for");
	folder_expect(&folder, "ddnsd.db.damaged-2", "nor these");
	assert_false(is_there(".salvaging"));
	assert_false(is_there(".salvaged"));
}

/* Breaks pages far apart; a page has eleven rows at most, and one above the leaves as many leaves. */
static void
rows_around_damaged_pages_are_brought_over(void **state)
{
	enum { BROKEN = 5 };
	struct store *store;
	struct stat about;
	size_t rows;

	(void)state;
	fill(MANY);
	assert_int_equal(stat(path, &about), 0);
	for (int i = 1; i <= BROKEN; i++)
		overwrite(about.st_size / 1024 * i / (BROKEN + 1) * 1024, 1024);
	store = open_mended("could not be read");
	rows = load(store);
	assert_in_range(rows, MANY - BROKEN * 150, MANY - 1);
	for (int i = 0; i < MANY; i++)
		assert_true(found.contents[i] == i || found.contents[i] == -1);
	assert_int_equal(put(store, 0, 0), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	store = open_ok();
	assert_int_equal(load(store), found.contents[0] == 0 ? rows : rows + 1);
	store_close(store);
	assert_true(is_there(".damaged-1"));
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0640);
}

static enum status
count_fact(void *context, const char *key, const char *value)
{
	assert_string_equal(key, value);
	++*(size_t *)context;
	return STATUS_OK;
}

static size_t
load_facts(struct store *store)
{
	size_t count = 0;

	assert_int_equal(store_load_facts(store, "device", count_fact, &count), STATUS_OK);
	return count;
}

static void
any_page_may_be_damaged(void **state)
{
	enum { NAMES = 200, FACTS = 300 };
	struct store *store;
	struct stat about;
	size_t most = 0;
	size_t length;
	char *good;

	(void)state;
	fill(NAMES);
	store = open_ok();
	for (int i = 0; i < FACTS; i++)
		assert_int_equal(store_put_fact(store, "device", host(i), host(i)), STATUS_OK);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	good = content_of(path, &length);
	assert_int_equal(stat(path, &about), 0);
	for (off_t page = 0; page < about.st_size; page += 1024) {
		size_t facts;
		size_t rows;
		int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

		assert_int_equal(write(fd, good, length), length);
		(void)close(fd);
		overwrite(page, 1024);
		store = open_mended("was damaged");
		rows = load(store);
		facts = load_facts(store);
		if (rows + facts > most)
			most = rows + facts;
		/* A page belongs to one of the tables: the other is whole. */
		assert_true(rows + facts < NAMES + FACTS);
		assert_true(page == 0 || rows == NAMES || facts == FACTS);
		store_close(store);
		store_close(open_ok());
	}
	free(good);
	assert_in_range(most, NAMES + FACTS - 15, NAMES + FACTS - 1);
}

static void
rows_in_the_log_of_a_damaged_database_are_brought_over(void **state)
{
	struct store *store;

	(void)state;
	fill(100);
	store_and_die(100, 200, 3);
	/* The leaf page that the log does not replace. */
	overwrite(3 * 1024L, 1024);
	store = open_mended("was damaged");
	assert_in_range(load(store), 180, 199);
	for (int i = 100; i < 200; i++)
		assert_int_equal(found.contents[i], 3);
	store_close(store);
	assert_true(is_there(".damaged-1-wal"));
	assert_false(is_there("-wal"));
}

static void
a_mending_that_a_crash_interrupted_is_finished(void **state)
{
	char salvaged[PATH_MAX];
	struct store *store;

	(void)state;
	fill(50);
	(void)folder_entry(&folder, "ddnsd.db.salvaged", salvaged);
	assert_int_equal(rename(path, salvaged), 0);
	folder_write(&folder, "ddnsd.db", "damaged");
	folder_write(&folder, "ddnsd.db-wal", "of the damaged one");
	store = open_mended("is finished");
	assert_int_equal(load(store), 50);
	store_close(store);
	folder_expect(&folder, "ddnsd.db.damaged-1", "damaged");
	folder_expect(&folder, "ddnsd.db.damaged-1-wal", "of the damaged one");

	/* The same, with the damaged one moved away already. */
	assert_int_equal(rename(path, salvaged), 0);
	store = open_mended("is finished");
	assert_int_equal(load(store), 50);
	store_close(store);
	store_close(open_ok());
}

static void
a_damaged_database_on_a_read_only_medium_is_read_around(void **state)
{
	struct store *store;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	fill(1000);
	overwrite(50 * 1024L, 1024);
	remount(MS_RDONLY);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	assert_non_null(strstr(problem, "damaged"));
	assert_in_range(load(store), 850, 999);
	remount(0);
	assert_int_equal(put(store, 1, 1), STATUS_READ_ONLY);
	store_rollback(store);
	store_close(store);
	store = open_mended("was damaged");
	assert_in_range(load(store), 850, 999);
	store_close(store);
}

static void
a_database_replaced_under_the_daemon_is_not_written_to(void **state)
{
	struct store *store;
	struct stat about;

	(void)state;
	fill(10);
	store = open_ok();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(put(store, 1, 1), STATUS_IO);
	assert_non_null(strstr(store_problem(store), "restart ddnsd"));
	store_rollback(store);
	store_close(store);
	assert_int_equal(stat(path, &about), -1);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_new_database_is_empty_and_undated),
		TEST(what_is_committed_comes_back_as_it_was),
		TEST(a_put_replaces_and_a_delete_removes),
		TEST(what_is_rolled_back_is_not_there),
		TEST(a_commit_of_nothing_touches_no_file),
		TEST(deleting_what_is_not_there_touches_no_file),
		TEST(a_commit_is_one_sync),
		TEST(a_handler_that_fails_ends_the_load),
		TEST(the_files_are_for_owner_and_group_whatever_the_umask),
		TEST(the_last_commit_is_dated_by_rows_and_files),
		TEST(all_that_was_acknowledged_survives_kill_9),
		TEST(the_log_of_a_crash_is_folded_in_at_the_start),
		TEST(a_second_daemon_is_refused),
		TEST(a_person_can_look_in_while_it_is_open),
		TEST(a_person_who_holds_the_lock_costs_only_that_commit),
		TEST(the_log_stays_small),
		TEST(a_reader_that_holds_the_log_up_meets_a_ceiling),
		TEST(a_failing_sync_or_write_loses_nothing_acknowledged),
		TEST(a_disk_that_goes_on_failing_loses_nothing_acknowledged),
		TEST(a_full_disk_is_told_and_loses_nothing),
		TEST(a_full_quota_is_a_full_disk),
		TEST(a_medium_that_turns_read_only_is_told_and_loses_nothing),
		TEST(a_commit_that_failed_is_not_there_after_a_crash_and_more_commits),
		TEST(a_checkpoint_that_fails_fails_no_commit),
		TEST(a_full_file_system_costs_updates_until_there_is_room),
		TEST(names_are_read_from_a_full_file_system),
		TEST(a_read_only_medium_is_read_and_written_when_it_can_be_again),
		TEST(a_log_on_a_read_only_medium_is_read_too),
		TEST(a_new_file_on_a_read_only_medium_waits_for_its_table),
		TEST(no_file_on_a_read_only_medium_is_told),
		TEST(a_missing_folder_is_told_with_its_mend),
		TEST(a_folder_is_no_database),
		TEST(a_path_with_signs_that_uris_use_is_a_path),
		TEST(a_newer_schema_is_left_untouched),
		TEST(a_database_of_another_program_is_left_untouched),
		TEST(what_is_no_database_is_moved_aside_and_kept),
		TEST(rows_around_damaged_pages_are_brought_over),
		TEST(any_page_may_be_damaged),
		TEST(rows_in_the_log_of_a_damaged_database_are_brought_over),
		TEST(a_mending_that_a_crash_interrupted_is_finished),
		TEST(a_damaged_database_on_a_read_only_medium_is_read_around),
		TEST(a_database_replaced_under_the_daemon_is_not_written_to),
	};

	enter_namespace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
