/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Facts beside the names: stored in the same transactions, brought over from damaged databases,
 * and given to databases of version 1, which had none.
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "database.h"

enum { MANY = 3000 };

/* As version 1 was made: this text must never change. */
static const char version_1[] =
    "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE;"
    "CREATE TABLE names (name TEXT PRIMARY KEY, owner TEXT NOT NULL, created INTEGER NOT NULL,"
    " changed INTEGER NOT NULL, records BLOB NOT NULL) STRICT, WITHOUT ROWID;"
    "PRAGMA application_id = 1684303475; PRAGMA user_version = 1; COMMIT;"
    "INSERT INTO names VALUES ('old.home.arpa', 'laptop', 1600000000, 1600000001, x'01020304');";

/* --- helpers --- */

static const char *
key_of(int number)
{
	static char key[64];

	(void)snprintf(key, sizeof(key), "2001:db8::%04x", (unsigned)number);
	return key;
}

static void
put_fact(struct store *store, const char *kind, const char *key, const char *value)
{
	assert_int_equal(store_put_fact(store, kind, key, value), STATUS_OK);
}

static void
put_name(struct store *store, const char *name, int64_t changed_s)
{
	struct store_row row = {
		.name = name,
		.owner = "laptop",
		.changed_s = changed_s,
		.records = (const uint8_t *)"",
		.records_size = 1,
	};

	assert_int_equal(store_put(store, &row), STATUS_OK);
}

static void
commit(struct store *store)
{
	assert_int_equal(store_commit(store, 1700000000), STATUS_OK);
}

/* "key=value;" for each fact, in order. */
struct facts {
	char text[4096];
	size_t length;
	size_t count;
};

static enum status
note_fact(void *context, const char *key, const char *value)
{
	struct facts *facts = context;

	facts->count++;
	if (facts->length < sizeof(facts->text))
		facts->length += (size_t)snprintf(facts->text + facts->length,
		    sizeof(facts->text) - facts->length, "%s=%s;", key, value);
	return STATUS_OK;
}

static void
expect_facts(struct store *store, const char *kind, const char *expected)
{
	struct facts facts = { .length = 0 };

	assert_int_equal(store_load_facts(store, kind, note_fact, &facts), STATUS_OK);
	assert_string_equal(facts.text, expected);
}

static size_t
count_facts(struct store *store, const char *kind)
{
	struct facts facts = { .length = 0 };

	assert_int_equal(store_load_facts(store, kind, note_fact, &facts), STATUS_OK);
	return facts.count;
}

static enum status
note_name(void *context, const struct store_row *row)
{
	char *names = context;
	size_t length = strlen(names);

	(void)snprintf(names + length, 256 - length, "%s;", row->name);
	return STATUS_OK;
}

static void
expect_names(struct store *store, const char *expected)
{
	char names[256] = "";

	assert_int_equal(store_load(store, note_name, names), STATUS_OK);
	assert_string_equal(names, expected);
}

/* The only value of a query; the store is closed. */
static const char *
ask_sql(const char *sql)
{
	static char answer[1024];
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	(void)snprintf(answer, sizeof(answer), "%s",
	    (const char *)sqlite3_column_text(statement, 0));
	assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return answer;
}

static off_t
file_size(void)
{
	struct stat about;

	assert_int_equal(stat(path, &about), 0);
	return about.st_size;
}

/* --- what they are for --- */

static void
facts_come_back_as_they_were_each_under_its_kind(void **state)
{
	static char longest[STORE_FACT_MAX + 1];
	static char key[STORE_FACT_KEY_MAX - 3];
	struct facts facts = { .length = 0 };
	struct store *store = open_ok();

	(void)state;
	memset(longest, 'v', sizeof(longest) - 1);
	memset(key, 'k', sizeof(key) - 1);
	put_fact(store, "lease", "192.0.2.2", "two");
	put_fact(store, "lease", "192.0.2.1", "one");
	put_fact(store, "lease", "\x02", "");
	put_fact(store, "lease", "\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe", "last");
	put_fact(store, "leas", "e", "of another kind");
	put_fact(store, "leases", "a", "of a third kind");
	put_fact(store, "long", key, longest);
	commit(store);
	store_close(store);
	store = open_ok();
	expect_facts(store, "lease",
	    "\x02=;192.0.2.1=one;192.0.2.2=two;\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe\xfe=last;");
	expect_facts(store, "leas", "e=of another kind;");
	expect_facts(store, "leases", "a=of a third kind;");
	expect_facts(store, "none", "");
	assert_int_equal(store_load_facts(store, "long", note_fact, &facts), STATUS_OK);
	assert_int_equal(facts.length, strlen(key) + strlen(longest) + 2);
	expect_names(store, "");
	store_close(store);
}

static void
a_put_replaces_a_fact_and_a_delete_removes_it(void **state)
{
	struct store *store = open_ok();

	(void)state;
	put_fact(store, "lease", "a", "1");
	put_fact(store, "lease", "b", "1");
	put_fact(store, "device", "b", "1");
	commit(store);
	put_fact(store, "lease", "a", "2");
	assert_int_equal(store_delete_fact(store, "lease", "b"), STATUS_OK);
	assert_int_equal(store_delete_fact(store, "lease", "c"), STATUS_OK);
	commit(store);
	store_close(store);
	store = open_ok();
	expect_facts(store, "lease", "a=2;");
	expect_facts(store, "device", "b=1;");
	store_close(store);
}

static void
names_and_facts_of_a_turn_are_stored_together_or_not_at_all(void **state)
{
	struct store *store = open_ok();

	(void)state;
	put_name(store, "a", 1);
	put_fact(store, "lease", "a", "1");
	commit(store);
	put_name(store, "b", 1);
	put_fact(store, "lease", "b", "1");
	assert_int_equal(store_delete_fact(store, "lease", "a"), STATUS_OK);
	store_rollback(store);
	expect_names(store, "a;");
	expect_facts(store, "lease", "a=1;");
	for (int number = 1; number <= 8; number++) {
		put_fact(store, "lease", "c", "1");
		put_name(store, "c", 1);
		let_fail(number, EIO, true);
		if (store_commit(store, 1) == STATUS_OK)
			break;
		let_fail(0, 0, false);
		expect_names(store, "a;");
		expect_facts(store, "lease", "a=1;");
		assert_true(number < 8);
	}
	let_fail(0, 0, false);
	store_close(store);
	store = open_ok();
	expect_names(store, "a;c;");
	expect_facts(store, "lease", "a=1;c=1;");
	store_close(store);
}

static void
a_fact_over_a_ceiling_is_refused_and_the_turn_goes_on(void **state)
{
	static char value[STORE_FACT_MAX + 2];
	static char key[STORE_FACT_KEY_MAX - 3];
	struct store *store = open_ok();

	(void)state;
	memset(value, 'v', sizeof(value) - 1);
	memset(key, 'k', sizeof(key) - 1);
	put_fact(store, "lease", "a", "1");
	assert_int_equal(store_put_fact(store, "lease", "b", value), STATUS_TOO_LARGE);
	assert_non_null(strstr(store_problem(store), "lease b is too large"));
	assert_int_equal(store_put_fact(store, "kinds", key, ""), STATUS_TOO_LARGE);
	put_fact(store, "lease", "c", "1");
	commit(store);
	expect_facts(store, "lease", "a=1;c=1;");
	store_close(store);
}

static enum status
refuse(void *context, const char *key, const char *value)
{
	(void)key;
	(void)value;
	++*(int *)context;
	return STATUS_DAMAGED;
}

static void
a_handler_that_fails_ends_the_load(void **state)
{
	struct store *store = open_ok();
	int calls = 0;

	(void)state;
	put_fact(store, "lease", "a", "1");
	put_fact(store, "lease", "b", "1");
	commit(store);
	assert_int_equal(store_load_facts(store, "lease", refuse, &calls), STATUS_DAMAGED);
	assert_int_equal(calls, 1);
	store_close(store);
}

static void
facts_survive_kill_9(void **state)
{
	pid_t child = fork();
	int status;
	struct store *store = NULL;

	(void)state;
	assert_true(child >= 0);
	if (child == 0) {
		if (store_open(path, &store, problem) == STATUS_OK &&
		    store_put_fact(store, "lease", "a", "1") == STATUS_OK &&
		    store_commit(store, 1) == STATUS_OK &&
		    store_put_fact(store, "lease", "b", "1") == STATUS_OK)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	store = open_ok();
	expect_facts(store, "lease", "a=1;");
	store_close(store);
}

/* --- version 1 --- */

static void
expect_upgraded(const char *names)
{
	struct store *store = open_ok();
	char schema[1024];

	/* The database, and its log filled beforehand. */
	assert_true(store_size(store) >= 1000 * 1048);
	expect_names(store, names);
	expect_facts(store, "lease", "");
	put_fact(store, "lease", "a", "1");
	commit(store);
	store_close(store);
	store = open_ok();
	expect_names(store, names);
	expect_facts(store, "lease", "a=1;");
	store_close(store);
	assert_string_equal(ask_sql("PRAGMA user_version"), "2");
	assert_string_equal(ask_sql("PRAGMA application_id"), "1684303475");
	/* It is the same as a new one. */
	(void)snprintf(schema, sizeof(schema), "%s",
	    ask_sql("SELECT group_concat(type || name || sql) FROM sqlite_schema"));
	assert_int_equal(unlink(path), 0);
	store_close(open_ok());
	assert_string_equal(schema,
	    ask_sql("SELECT group_concat(type || name || sql) FROM sqlite_schema"));
}

static void
a_database_of_version_1_is_upgraded(void **state)
{
	(void)state;
	run_sql(version_1);
	assert_string_equal(ask_sql("PRAGMA user_version"), "1");
	expect_upgraded("old.home.arpa;");
}

static void
a_database_of_version_1_that_crashed_is_upgraded(void **state)
{
	(void)state;
	run_sql(version_1);
	run_sql_and_die("INSERT INTO names VALUES ('older.home.arpa', '', 1, 2, x'01')");
	expect_upgraded("old.home.arpa;older.home.arpa;");
}

static void
an_upgrade_that_fails_leaves_version_1_and_is_made_up_for(void **state)
{
	int failures = 0;

	(void)state;
	for (int number = 1;; number++) {
		struct store *store = NULL;
		enum status status;
		bool has_failed;

		run_sql(version_1);
		let_fail(number, ENOSPC, true);
		status = store_open(path, &store, problem);
		has_failed = calls_to_fail <= 1;
		if (status != STATUS_OK) {
			assert_int_equal(status, STATUS_READ_ONLY);
			assert_non_null(strstr(problem, "ddnsd.db"));
			expect_names(store, "old.home.arpa;");
			expect_facts(store, "lease", "");
			assert_int_equal(store_put_fact(store, "lease", "a", "1"), STATUS_NO_SPACE);
			store_rollback(store);
			expect_names(store, "old.home.arpa;");
			failures++;
		}
		let_fail(0, 0, false);
		if (status != STATUS_OK && number % 2 == 0) {
			store_close(store);
			store = open_ok();
		}
		put_fact(store, "lease", "a", "1");
		commit(store);
		store_close(store);
		store = open_ok();
		expect_names(store, "old.home.arpa;");
		expect_facts(store, "lease", "a=1;");
		store_close(store);
		assert_int_equal(unlink(path), 0);
		if (!has_failed)
			break;
	}
	assert_true(failures > 4);
}

static void
version_1_on_a_read_only_medium_has_no_facts_until_it_can_be_written(void **state)
{
	struct store *store = NULL;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	run_sql(version_1);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	expect_names(store, "old.home.arpa;");
	expect_facts(store, "lease", "");
	assert_int_equal(store_put_fact(store, "lease", "a", "1"), STATUS_READ_ONLY);
	store_rollback(store);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT, NULL), 0);
	put_fact(store, "lease", "a", "1");
	commit(store);
	expect_names(store, "old.home.arpa;");
	expect_facts(store, "lease", "a=1;");
	store_close(store);
	assert_string_equal(ask_sql("PRAGMA user_version"), "2");
}

/* --- damage --- */

static void
fill(int facts)
{
	struct store *store = open_ok();

	put_name(store, "a.home.arpa", 1);
	for (int i = 0; i < facts; i++) {
		put_fact(store, "device", key_of(i),
		    "of the first kind: it comes before the other");
		put_fact(store, "lease", key_of(i), "of the second kind, which comes after it");
	}
	commit(store);
	store_close(store);
}

/* A page has fifteen facts at most, and one above the leaves as many leaves. */
static void
facts_around_damaged_pages_are_brought_over(void **state)
{
	enum { BROKEN = 6, LOST_MAX = BROKEN * 300 };
	size_t devices;
	size_t leases;
	struct store *store;

	(void)state;
	fill(MANY);
	for (int i = 1; i <= BROKEN; i++)
		overwrite(file_size() / 1024 * (2 * i - 1) / (2 * BROKEN) * 1024, 1024);
	store = open_mended("could not be read");
	devices = count_facts(store, "device");
	leases = count_facts(store, "lease");
	assert_in_range(devices + leases, 2 * MANY - LOST_MAX, 2 * MANY - BROKEN);
	assert_true(devices > 0 && devices < MANY);
	assert_true(leases > 0 && leases < MANY);
	expect_names(store, "a.home.arpa;");
	put_fact(store, "device", key_of(0), "");
	commit(store);
	store_close(store);
	store_close(open_ok());
}

static void
version_1_is_mended_into_the_new_one(void **state)
{
	struct store *store;

	(void)state;
	run_sql(version_1);
	run_sql("WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 199)"
		" INSERT INTO names SELECT 'host' || i, '', 1, 1, zeroblob(40) FROM n");
	/* Not the root, nor what is above the leaves. */
	overwrite(file_size() - 1024, 1024);
	store = open_mended("and 0 facts");
	put_fact(store, "lease", "a", "1");
	commit(store);
	store_close(store);
	assert_string_equal(ask_sql("PRAGMA user_version"), "2");
	assert_in_range(strtol(ask_sql("SELECT count(*) FROM names"), NULL, 10), 70, 100);

	/* Only the number of free pages is wrong, in the header. */
	assert_int_equal(unlink(path), 0);
	run_sql(version_1);
	overwrite(36, 4);
	store = open_mended("1 names and 0 facts beside them were brought over into a new one,"
			    " which is all of them");
	expect_names(store, "old.home.arpa;");
	store_close(store);
}

static void
facts_that_are_none_of_ours_do_not_stop_the_mending(void **state)
{
	struct store *store;

	(void)state;
	fill(MANY);
	run_sql("INSERT INTO facts VALUES ('device', printf('%01001d', 7), 'x'),"
		" ('lease', 'b', printf('%016385d', 7)), ('lease', '192.0.2.1', 'good')");
	overwrite(file_size() / 2048 * 1024, 1024);
	store = open_mended("could not be read");
	assert_true(count_facts(store, "lease") > 1);
	store_close(store);
	assert_string_equal(ask_sql("SELECT value FROM facts WHERE key = '192.0.2.1'"), "good");
	assert_string_equal(ask_sql("SELECT count(*) FROM facts WHERE key = 'b'"), "0");
}

static void
facts_of_a_damaged_database_on_a_read_only_medium_are_read_around(void **state)
{
	struct store *store = NULL;

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	fill(MANY);
	overwrite(file_size() / 4096 * 1024, 1024);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	assert_non_null(strstr(problem, "damaged"));
	assert_in_range(count_facts(store, "device"), MANY - 300, MANY - 1);
	assert_int_equal(count_facts(store, "lease"), MANY);
	store_close(store);
}

static void
facts_damaged_since_the_start_are_told(void **state)
{
	enum { FACTS = 20000 }; /* more than the cache holds */
	struct facts facts = { .length = 0 };
	struct store *store;

	(void)state;
	fill(FACTS);
	store = open_ok();
	overwrite(file_size() / 4096 * 1024, 1024);
	assert_int_equal(store_load_facts(store, "device", note_fact, &facts), STATUS_DAMAGED);
	assert_in_range(facts.count, FACTS - 300, FACTS - 1);
	assert_non_null(strstr(store_problem(store), "restart ddnsd"));
	store_close(store);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(facts_come_back_as_they_were_each_under_its_kind),
		TEST(a_put_replaces_a_fact_and_a_delete_removes_it),
		TEST(names_and_facts_of_a_turn_are_stored_together_or_not_at_all),
		TEST(a_fact_over_a_ceiling_is_refused_and_the_turn_goes_on),
		TEST(a_handler_that_fails_ends_the_load),
		TEST(facts_survive_kill_9),
		TEST(a_database_of_version_1_is_upgraded),
		TEST(a_database_of_version_1_that_crashed_is_upgraded),
		TEST(an_upgrade_that_fails_leaves_version_1_and_is_made_up_for),
		TEST(version_1_on_a_read_only_medium_has_no_facts_until_it_can_be_written),
		TEST(facts_around_damaged_pages_are_brought_over),
		TEST(version_1_is_mended_into_the_new_one),
		TEST(facts_that_are_none_of_ours_do_not_stop_the_mending),
		TEST(facts_of_a_damaged_database_on_a_read_only_medium_are_read_around),
		TEST(facts_damaged_since_the_start_are_told),
	};

	enter_namespace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
