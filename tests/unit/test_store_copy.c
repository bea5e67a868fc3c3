/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of the whole database: they hold all that is committed, hostile ones are refused, and
 * one is restored as a whole or not at all.
 */
/* LDWRAP: malloc sqlite3_serialize sqlite3_deserialize sqlite3_open_v2 */
/* LDWRAP: sqlite3_prepare_v2 sqlite3_prepare_v3 sqlite3_step sqlite3_exec */
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "database.h"

enum { MANY = 2000, PAGE = 1024 };

/* --- SQLite and malloc(), which fail on request --- */

static int wrapped_calls;
static int call_that_fails; /* 0: none */
static int copies_made;
static sqlite3_int64 pretended_size;

static bool
call_fails(void)
{
	wrapped_calls++;
	return wrapped_calls == call_that_fails;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *
__wrap_malloc(size_t size)
{
	return call_fails() ? NULL : __real_malloc(size);
}

unsigned char *__real_sqlite3_serialize(sqlite3 *db, const char *schema, sqlite3_int64 *size,
    unsigned flags);
unsigned char *__wrap_sqlite3_serialize(sqlite3 *db, const char *schema, sqlite3_int64 *size,
    unsigned flags);
unsigned char *
__wrap_sqlite3_serialize(sqlite3 *db, const char *schema, sqlite3_int64 *size, unsigned flags)
{
	unsigned char *bytes;

	if (call_fails())
		return NULL;
	bytes = __real_sqlite3_serialize(db, schema, size, flags);
	copies_made += (flags & SQLITE_SERIALIZE_NOCOPY) == 0 ? 1 : 0;
	if (pretended_size > 0)
		*size = pretended_size;
	return bytes;
}

int __real_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
    sqlite3_int64 size, sqlite3_int64 room, unsigned flags);
int __wrap_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
    sqlite3_int64 size, sqlite3_int64 room, unsigned flags);
int
__wrap_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
    sqlite3_int64 size, sqlite3_int64 room, unsigned flags)
{
	return call_fails() ? SQLITE_NOMEM
			    : __real_sqlite3_deserialize(db, schema, bytes, size, room, flags);
}

int __real_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs);
int __wrap_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs);
int
__wrap_sqlite3_open_v2(const char *file, sqlite3 **db, int flags, const char *vfs)
{
	return call_fails() ? SQLITE_NOMEM : __real_sqlite3_open_v2(file, db, flags, vfs);
}

int __real_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length, sqlite3_stmt **statement,
    const char **tail);
int __wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length, sqlite3_stmt **statement,
    const char **tail);
int
__wrap_sqlite3_prepare_v2(sqlite3 *db, const char *sql, int length, sqlite3_stmt **statement,
    const char **tail)
{
	return call_fails() ? SQLITE_NOMEM
			    : __real_sqlite3_prepare_v2(db, sql, length, statement, tail);
}

int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
    sqlite3_stmt **statement, const char **tail);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
    sqlite3_stmt **statement, const char **tail);
int
__wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int length, unsigned flags,
    sqlite3_stmt **statement, const char **tail)
{
	return call_fails() ? SQLITE_NOMEM
			    : __real_sqlite3_prepare_v3(db, sql, length, flags, statement, tail);
}

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);
int
__wrap_sqlite3_step(sqlite3_stmt *statement)
{
	return call_fails() ? SQLITE_NOMEM : __real_sqlite3_step(statement);
}

int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*handler)(void *, int, char **, char **),
    void *context, char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*handler)(void *, int, char **, char **),
    void *context, char **error);
int
__wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*handler)(void *, int, char **, char **),
    void *context, char **error)
{
	return call_fails() ? SQLITE_NOMEM : __real_sqlite3_exec(db, sql, handler, context, error);
}

static void
let_call_fail(int number)
{
	wrapped_calls = 0;
	call_that_fails = number;
}

/* --- helpers --- */

struct bytes {
	uint8_t *data;
	size_t size;
};

static void
put(struct store *store, int number, int content)
{
	struct store_row row = {
		.name = host(number),
		.owner = "laptop",
		.created_s = 1600000000,
		.changed_s = 1600000000 + content,
		.records = (const uint8_t *)&content,
		.records_size = sizeof(content),
	};
	char value[32];

	(void)snprintf(value, sizeof(value), "%d", content);
	assert_int_equal(store_put(store, &row), STATUS_OK);
	assert_int_equal(store_put_fact(store, "lease", host(number), value), STATUS_OK);
}

/* A store with names and facts of this content from 0 on, some in the log only. */
static struct store *
open_filled(int count, int content)
{
	struct store *store = open_ok();

	for (int i = 0; i < count; i++)
		put(store, i, content);
	assert_int_equal(store_commit(store, 1700000000), STATUS_OK);
	return store;
}

struct sums {
	int count;
	int content; /* of all rows alike */
};

static enum status
sum_row(void *context, const struct store_row *row)
{
	struct sums *sums = context;

	assert_string_equal(row->name, host(sums->count));
	assert_string_equal(row->owner, "laptop");
	assert_int_equal(row->created_s, 1600000000);
	assert_int_equal(row->records_size, sizeof(int));
	assert_memory_equal(row->records, &sums->content, sizeof(int));
	assert_int_equal(row->changed_s, 1600000000 + sums->content);
	sums->count++;
	return STATUS_OK;
}

static enum status
sum_fact(void *context, const char *key, const char *value)
{
	struct sums *sums = context;

	assert_string_equal(key, host(sums->count));
	assert_int_equal(strtol(value, NULL, 10), sums->content);
	sums->count++;
	return STATUS_OK;
}

/* The store holds so many names and facts, all of this content, and nothing else. */
static void
expect_stored(struct store *store, int count, int content)
{
	struct sums names = { .content = content };
	struct sums facts = { .content = content };

	assert_int_equal(store_load(store, sum_row, &names), STATUS_OK);
	assert_int_equal(names.count, count);
	assert_int_equal(store_load_facts(store, "lease", sum_fact, &facts), STATUS_OK);
	assert_int_equal(facts.count, count);
}

static struct bytes
copy_ok(struct store *store)
{
	struct bytes copy = { .data = NULL };

	if (store_copy(store, &copy.data, &copy.size) != STATUS_OK)
		fail_msg("%s", store_problem(store));
	return copy;
}

/* What SQLite makes of this SQL, as the bytes of a file. */
static struct bytes
bytes_of(const char *sql)
{
	struct bytes copy;
	sqlite3_int64 size = 0;
	sqlite3 *db = NULL;
	char *error = NULL;

	assert_int_equal(sqlite3_open(":memory:", &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s", error);
	copy.data = sqlite3_serialize(db, "main", &size, 0);
	assert_non_null(copy.data);
	copy.size = (size_t)size;
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return copy;
}

#define IDENTITY "PRAGMA application_id = 1684303475; PRAGMA user_version = "
#define NAMES_COLUMNS                                                            \
	"(name TEXT PRIMARY KEY, owner TEXT NOT NULL, created INTEGER NOT NULL," \
	" changed INTEGER NOT NULL, records BLOB NOT NULL)"
#define NAMES "CREATE TABLE names " NAMES_COLUMNS " STRICT, WITHOUT ROWID;"
#define FACTS                                                                             \
	"CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL," \
	" PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID;"
#define VERSION_1 "PRAGMA page_size = 1024;" IDENTITY "1;" NAMES
#define VERSION_2 "PRAGMA page_size = 1024;" IDENTITY "2;" NAMES FACTS
#define ROW "INSERT INTO names VALUES ('a', 'laptop', 1, 2, x'00');"

/* Checks a copy, which must come out so, with these words, and as it was. */
static void
expect_copy(const struct bytes *copy, enum status expected, const char *words)
{
	struct store_copy_report report = { .names = 4711 };
	uint8_t *before = __real_malloc(copy->size + 1);
	enum status status;

	memcpy(before, copy->data, copy->size);
	status = store_check_copy(copy->data, copy->size, &report, problem);
	if (status != expected || strstr(problem, words) == NULL)
		fail_msg("%s: %s; wanted: %s: %s", status_text(status), problem,
		    status_text(expected), words);
	assert_int_equal(report.names == 4711, status != STATUS_OK);
	assert_memory_equal(before, copy->data, copy->size);
	free(before);
}

/* The same for what SQL makes. */
static void
expect_copy_of(const char *sql, enum status expected, const char *words)
{
	struct bytes copy = bytes_of(sql);

	expect_copy(&copy, expected, words);
	store_free_copy(copy.data);
}

static void
write_file(const char *name, const struct bytes *content)
{
	char file[PATH_MAX];
	int fd = open(folder_entry(&folder, name, file), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0444);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, content->data, content->size), content->size);
	(void)close(fd);
}

static struct bytes
read_file(const char *name)
{
	struct bytes content;
	struct stat about = { .st_size = 0 };
	char file[PATH_MAX];
	int fd = open(folder_entry(&folder, name, file), O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && fstat(fd, &about) == 0);
	content.size = (size_t)about.st_size;
	content.data = sqlite3_malloc64(content.size + 1);
	assert_int_equal(read(fd, content.data, content.size), content.size);
	(void)close(fd);
	return content;
}

static int
set_up_copies(void **state)
{
	let_call_fail(0);
	pretended_size = 0;
	return set_up(state);
}

static int
tear_down_copies(void **state)
{
	let_call_fail(0);
	return tear_down(state);
}

static void
set_number(uint8_t *place, uint32_t number, int octets)
{
	for (int i = 0; i < octets; i++)
		place[i] = (uint8_t)(number >> 8 * (octets - 1 - i));
}

/* --- copies that are made --- */

static void
a_copy_holds_what_is_committed_and_costs_no_write(void **state)
{
	struct store *store = open_filled(MANY, 1);
	struct store_copy_report report;
	struct bytes copy;

	(void)state;
	put(store, 0, 1);
	put(store, MANY, 1);
	assert_int_equal(store_commit(store, 1700000001), STATUS_OK);
	put(store, MANY + 1, 1);
	store_rollback(store);
	calls_seen = 0;
	copy = copy_ok(store);
	assert_int_equal(calls_seen, 0);
	assert_int_equal(store_check_copy(copy.data, copy.size, &report, problem), STATUS_OK);
	assert_string_equal(problem, "");
	assert_int_equal(report.names, MANY + 1);
	assert_int_equal(report.facts, MANY + 1);
	assert_int_equal(report.newest_s, 1600000001);
	put(store, 1, 1);
	assert_int_equal(store_commit(store, 1700000001), STATUS_OK);
	store_free_copy(copy.data);
	store_free_copy(NULL);
	store_close(store);
}

static void
a_copy_is_a_file_that_sqlite_opens_where_nothing_can_be_written(void **state)
{
	struct store *store = open_filled(MANY, 1);
	struct bytes copy = copy_ok(store);
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;
	char file[PATH_MAX];

	(void)state;
	store_close(store);
	assert_int_equal(mkdir(folder_entry(&folder, "medium", file), 0755), 0);
	if (may_mount)
		assert_int_equal(mount("tmpfs", file, "tmpfs", 0, "size=8m,mode=0755"), 0);
	write_file("medium/copy.db", &copy);
	if (may_mount)
		assert_int_equal(mount(NULL, file, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(sqlite3_open_v2(folder_entry(&folder, "medium/copy.db", file), &db,
			     SQLITE_OPEN_READONLY, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
			     "SELECT count(*), (SELECT count(*) FROM facts), integrity_check"
			     " FROM names, pragma_integrity_check",
			     -1, &statement, NULL),
	    SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_int_equal(sqlite3_column_int(statement, 0), MANY);
	assert_int_equal(sqlite3_column_int(statement, 1), MANY);
	assert_string_equal((const char *)sqlite3_column_text(statement, 2), "ok");
	(void)sqlite3_finalize(statement);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	(void)umount2(folder_entry(&folder, "medium", file), MNT_DETACH);
	store_free_copy(copy.data);
}

static void
a_daemon_starts_with_a_copy_as_its_database(void **state)
{
	struct store *store = open_filled(100, 1);
	struct bytes copy = copy_ok(store);

	(void)state;
	store_close(store);
	write_file("other.db", &copy);
	(void)folder_entry(&folder, "other.db", path);
	assert_int_equal(chmod(path, 0640), 0);
	store = open_ok();
	expect_stored(store, 100, 1);
	put(store, 100, 1);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_copy_over_the_ceiling_is_refused_before_it_is_made(void **state)
{
	struct store *store = open_filled(1, 1);
	struct bytes copy = { .data = NULL };

	(void)state;
	copies_made = 0;
	pretended_size = STORE_COPY_MAX + 1;
	assert_int_equal(store_copy(store, &copy.data, &copy.size), STATUS_TOO_LARGE);
	assert_non_null(strstr(store_problem(store), ".backup"));
	assert_int_equal(copies_made, 0);
	assert_null(copy.data);
	store_close(store);
	copy = bytes_of(VERSION_2);
	assert_int_equal(store_check_copy(copy.data, STORE_COPY_MAX + (size_t)1, NULL, problem),
	    STATUS_TOO_LARGE);
	store_free_copy(copy.data);
}

static void
a_copy_of_damaged_pages_is_refused(void **state)
{
	struct store *store = open_filled(40 * MANY, 1);
	struct bytes copy = { .data = NULL };
	struct stat about;
	char garbage[PAGE];
	int fd;

	(void)state;
	store_close(store);
	store = open_ok();
	/* More than the cache holds. */
	assert_int_equal(stat(path, &about), 0);
	assert_true(about.st_size > 4 * 1024 * 1024);
	memset(garbage, 0xa5, sizeof(garbage));
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(syscall(SYS_pwrite64, fd, garbage, PAGE, about.st_size / 3 / PAGE * PAGE),
	    PAGE);
	assert_int_equal(store_copy(store, &copy.data, &copy.size), STATUS_DAMAGED);
	assert_non_null(strstr(store_problem(store), "damaged"));
	assert_null(copy.data);
	store_close(store);
	(void)close(fd);
}

/* What a person puts into the database makes copies that could not be restored: it is told at once. */
static void
a_copy_with_a_table_of_somebody_else_is_refused(void **state)
{
	struct store *store;
	struct bytes copy = { .data = NULL };
	sqlite3 *db = NULL;

	(void)state;
	store_close(open_filled(10, 1));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "CREATE TABLE mine (a)", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	store = open_ok();
	assert_int_equal(store_copy(store, &copy.data, &copy.size), STATUS_REFUSED);
	assert_non_null(strstr(store_problem(store), "\"mine\""));
	expect_stored(store, 10, 1);
	store_close(store);
}

static void
a_store_on_a_read_only_medium_is_copied(void **state)
{
	struct store *store = NULL;
	struct bytes copy = { .data = NULL };

	(void)state;
	if (!may_mount)
		skip();
	assert_int_equal(mount("tmpfs", folder.path, "tmpfs", 0, "size=4m,mode=0755"), 0);
	folder_write(&folder, "ddnsd.db", "");
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	assert_int_equal(store_copy(store, &copy.data, &copy.size), STATUS_READ_ONLY);
	assert_non_null(strstr(store_problem(store), "holds nothing"));
	store_close(store);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT, NULL), 0);
	store_close(open_filled(100, 1));
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	assert_int_equal(store_open(path, &store, problem), STATUS_READ_ONLY);
	copy = copy_ok(store);
	expect_copy(&copy, STATUS_OK, "");
	/* And it takes one when it can be written again. */
	assert_int_equal(store_restore(store, copy.data, copy.size, 1, problem), STATUS_READ_ONLY);
	assert_non_null(strstr(problem, "cannot be written"));
	expect_stored(store, 100, 1);
	assert_int_equal(mount(NULL, folder.path, NULL, MS_REMOUNT, NULL), 0);
	assert_int_equal(store_restore(store, copy.data, copy.size, 1, problem), STATUS_OK);
	expect_stored(store, 100, 1);
	store_free_copy(copy.data);
	store_close(store);
}

/* --- copies that are looked at --- */

static void
copies_of_both_versions_are_known(void **state)
{
	struct store_copy_report report;
	struct bytes copy = bytes_of(VERSION_1 ROW);

	(void)state;
	assert_int_equal(store_check_copy(copy.data, copy.size, &report, problem), STATUS_OK);
	assert_int_equal(report.names, 1);
	assert_int_equal(report.facts, 0);
	assert_int_equal(report.newest_s, 2);
	store_free_copy(copy.data);
	copy = bytes_of(VERSION_2 ROW "INSERT INTO names VALUES ('b', '', 3, -9, x'');"
				      "INSERT INTO facts VALUES ('lease', 'a', ''),"
				      " ('lease', 'b', ''), ('leases', 'a', '')");
	assert_int_equal(store_check_copy(copy.data, copy.size, &report, problem), STATUS_OK);
	/* The one that nobody owns is a zone's. */
	assert_int_equal(report.names, 1);
	assert_int_equal(report.facts, 3);
	assert_int_equal(report.newest_s, 2);
	store_free_copy(copy.data);
	copy = bytes_of(VERSION_2);
	assert_int_equal(store_check_copy(copy.data, copy.size, &report, problem), STATUS_OK);
	assert_int_equal(report.names, 0);
	assert_int_equal(report.newest_s, 0);
	store_free_copy(copy.data);
	/* A time before 1970 is the newest when there is no other. */
	copy = bytes_of(VERSION_2 "INSERT INTO names VALUES ('b', '', 3, -9, x'')");
	assert_int_equal(store_check_copy(copy.data, copy.size, &report, problem), STATUS_OK);
	assert_int_equal(report.newest_s, -9);
	store_free_copy(copy.data);
}

static void
a_file_that_was_copied_by_hand_is_known(void **state)
{
	struct bytes copy;
	char file[PATH_MAX];
	char sql[PATH_MAX + 32];
	sqlite3 *db = NULL;

	(void)state;
	store_close(open_filled(MANY, 1));
	/* Its header says that there is a log. */
	copy = read_file("ddnsd.db");
	assert_int_equal(copy.data[18], 2);
	expect_copy(&copy, STATUS_OK, "");
	store_free_copy(copy.data);
	(void)snprintf(sql, sizeof(sql), "VACUUM INTO '%s'",
	    folder_entry(&folder, "vacuumed.db", file));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	copy = read_file("vacuumed.db");
	expect_copy(&copy, STATUS_OK, "");
	store_free_copy(copy.data);
}

static void
many_small_rows_are_no_circle(void **state)
{
	(void)state;
	expect_copy_of(VERSION_2
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
	    " INSERT INTO facts SELECT 'k', printf('%x', i), '' FROM n;"
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
	    " INSERT INTO names SELECT printf('%x', i), '', 0, 0, x'' FROM n;",
	    STATUS_OK, "");
}

static void
what_is_no_database_is_malformed(void **state)
{
	struct bytes copy = bytes_of(VERSION_2);
	uint8_t byte = 0;

	(void)state;
	assert_int_equal(store_check_copy(&byte, 0, NULL, problem), STATUS_MALFORMED);
	assert_non_null(strstr(problem, "no SQLite database"));
	copy.size = 99;
	expect_copy(&copy, STATUS_MALFORMED, "no SQLite database");
	copy.size = PAGE;
	copy.data[15] = 1;
	expect_copy(&copy, STATUS_MALFORMED, "no SQLite database");
	store_free_copy(copy.data);
}

static void
the_database_of_another_program_is_refused(void **state)
{
	(void)state;
	expect_copy_of("CREATE TABLE bookmarks (url)", STATUS_REFUSED, "of another program");
	expect_copy_of("PRAGMA user_version = 2;" NAMES FACTS, STATUS_REFUSED,
	    "of another program");
	expect_copy_of(IDENTITY "0;" NAMES FACTS, STATUS_REFUSED, "of another program");
	expect_copy_of("PRAGMA encoding = 'UTF-16le';" VERSION_2, STATUS_REFUSED,
	    "of another program");
	expect_copy_of(IDENTITY "3;" NAMES FACTS, STATUS_TOO_NEW, "newer ddnsd (schema 3");
	expect_copy_of(IDENTITY "-1;" NAMES FACTS, STATUS_TOO_NEW, "newer");
}

/* All that a schema may hold beside or in the place of our tables. */
static void
a_schema_that_is_not_ours_is_refused(void **state)
{
	static const char *const others[] = {
		VERSION_2 "CREATE TABLE mine (a)",
		VERSION_1 FACTS,
		VERSION_2 "CREATE INDEX mine ON names (owner)",
		VERSION_2 "CREATE VIEW mine AS SELECT * FROM names",
		VERSION_2 "CREATE TRIGGER mine AFTER INSERT ON names BEGIN DELETE FROM names; END",
		VERSION_2 "CREATE VIRTUAL TABLE mine USING fts5 (a)",
		VERSION_2 ROW "ANALYZE",
		IDENTITY "2;" NAMES "CREATE VIEW facts AS SELECT name kind, name key, name value"
			 " FROM names",
		IDENTITY "2;" FACTS "CREATE TABLE names (name TEXT PRIMARY KEY, owner TEXT,"
			 " created INTEGER, changed INTEGER AS (created),"
			 " records BLOB) STRICT, WITHOUT ROWID",
		IDENTITY "2;" NAMES "CREATE TABLE facts (kind TEXT, key TEXT, value TEXT)",
		IDENTITY "1;CREATE TABLE names " NAMES_COLUMNS,
		IDENTITY "2;" FACTS NAMES,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		expect_copy_of(others[i], STATUS_REFUSED, "another program has put");
	expect_copy_of(IDENTITY "2;" NAMES, STATUS_DAMAGED, "lacks a table");
	expect_copy_of(IDENTITY "1; CREATE TABLE mine (a); DROP TABLE mine;", STATUS_DAMAGED,
	    "lacks a table");
}

/* A row that our tables cannot hold: it is put into another table, which is then called ours. */
static void
expect_copy_of_row(const char *row, const char *words)
{
	static const char rename[] =
	    "PRAGMA writable_schema = ON;"
	    "UPDATE sqlite_schema SET name = 'facts', tbl_name = 'facts', sql ="
	    " 'CREATE TABLE facts (kind TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,"
	    " PRIMARY KEY (kind, key)) STRICT, WITHOUT ROWID' WHERE name = 'loose'";
	char sql[4096];

	(void)snprintf(sql, sizeof(sql),
	    "PRAGMA page_size = 1024;" IDENTITY "2;" NAMES
	    "CREATE TABLE loose (kind, key, value, PRIMARY KEY (kind, key)) WITHOUT ROWID;"
	    "INSERT INTO loose VALUES %s;%s",
	    row, rename);
	expect_copy_of(sql, STATUS_DAMAGED, words);
}

static void
rows_that_are_not_as_we_write_them_are_damage(void **state)
{
	struct bytes copy;
	uint8_t *row;

	(void)state;
	expect_copy_of_row("('lease', 'a', 5)", "wrong type");
	expect_copy_of_row("('lease', x'61', 'v')", "wrong type");
	expect_copy_of_row("(5, 'a', 'v')", "wrong type");
	expect_copy_of_row("('lease', 'a', CAST(x'610062' AS TEXT))", "a text is not");
	expect_copy_of_row("('lease', CAST(x'6100' AS TEXT), '')", "a text is not");
	expect_copy_of_row("('lease', 'a', printf('%016385d', 7))", "a text is not");
	expect_copy_of_row("('', 'a', 'v')", "a key is not");
	expect_copy_of_row("('lease', '', 'v')", "a key is not");
	expect_copy_of_row("('lease', printf('%0996d', 7), 'v')", "a key is not");
	expect_copy_of_row("('lease', CAST(x'6101' AS TEXT), 'v')", "a key is not");
	expect_copy_of_row("(CAST(x'ff' AS TEXT), 'a', 'v')", "a key is not");
	expect_copy_of(VERSION_2 "INSERT INTO names VALUES ('', '', 1, 1, x'')", STATUS_DAMAGED,
	    "a key is not");
	expect_copy_of(VERSION_2 "INSERT INTO names VALUES (CAST(x'ff' AS TEXT), '', 1, 1, x'')",
	    STATUS_DAMAGED, "a key is not");
	expect_copy_of(VERSION_2 "INSERT INTO names VALUES (printf('%01005d', 7), '', 1, 1, x'')",
	    STATUS_DAMAGED, "a key is not");
	expect_copy_of(VERSION_2 "INSERT INTO names VALUES (printf('%01004d', 7), '', 1, 1, x'')",
	    STATUS_OK, "");
	expect_copy_of(VERSION_2 "INSERT INTO facts VALUES ('lease', printf('%0995d', 7), '')",
	    STATUS_OK, "");
	copy = bytes_of(VERSION_2 "INSERT INTO facts VALUES ('lease', 'a', 'first'),"
				  " ('lease', 'b', 'second')");
	row = memmem(copy.data, copy.size, "leaseafirst", 11);
	assert_non_null(row);
	row[5] = 'b';
	expect_copy(&copy, STATUS_DAMAGED, "not in order");
	row[5] = 'c';
	expect_copy(&copy, STATUS_DAMAGED, "not in order");
	store_free_copy(copy.data);
}

static void
a_copy_cut_short_anywhere_is_damaged(void **state)
{
	struct store *store = open_filled(100, 1);
	struct bytes copy = copy_ok(store);
	size_t whole = copy.size;

	(void)state;
	store_close(store);
	for (copy.size = 100; copy.size < whole; copy.size += 412)
		expect_copy(&copy, STATUS_DAMAGED, "damaged");
	store_free_copy(copy.data);
}

static void
a_copy_with_any_page_overwritten_is_damaged(void **state)
{
	struct store *store = open_filled(200, 1);
	struct bytes copy = copy_ok(store);
	uint8_t page[PAGE];

	(void)state;
	store_close(store);
	for (size_t i = 1; i < copy.size / PAGE; i++) {
		memcpy(page, copy.data + i * PAGE, PAGE);
		memset(copy.data + i * PAGE, 0, PAGE);
		expect_copy(&copy, STATUS_DAMAGED, "damaged");
		memset(copy.data + i * PAGE, 0xa5, PAGE);
		expect_copy(&copy, STATUS_DAMAGED, "damaged");
		memcpy(copy.data + i * PAGE, page, PAGE);
	}
	expect_copy(&copy, STATUS_OK, "");
	store_free_copy(copy.data);
}

static void
a_copy_whose_rows_can_be_read_but_not_its_free_pages_is_damaged(void **state)
{
	struct bytes copy = bytes_of(VERSION_2 ROW);

	(void)state;
	/* The header's number of free pages. */
	set_number(copy.data + 36, 7, 4);
	expect_copy(&copy, STATUS_DAMAGED, "not sound");
	store_free_copy(copy.data);
}

/* A tree of facts as deep as there are pages, which SQLite's own check goes down call by call. */
static void
a_tree_without_an_end_is_damage(void **state)
{
	enum { SMALL = 512, LEVELS = 200000, ROOT = 3 };
	struct bytes seed = bytes_of("PRAGMA page_size = 512;" IDENTITY "2;" NAMES FACTS);
	struct bytes copy = { .size = (size_t)SMALL * (ROOT + LEVELS) };

	(void)state;
	copy.data = calloc(1, copy.size);
	assert_non_null(copy.data);
	assert_int_equal(seed.size, ROOT * SMALL);
	memcpy(copy.data, seed.data, seed.size);
	store_free_copy(seed.data);
	set_number(copy.data + 28, ROOT + LEVELS, 4);
	for (uint32_t i = ROOT; i < ROOT + LEVELS; i++) {
		uint8_t *page = copy.data + (size_t)SMALL * (i - 1);

		/* An inner page of an index, without a cell, and its right child. */
		page[0] = 2;
		set_number(page + 5, SMALL, 2);
		set_number(page + 8, i + 1, 4);
	}
	expect_copy(&copy, STATUS_DAMAGED, "damaged");
	free(copy.data);
}

/* Inner pages of the schema whose children are all the same: 50 to the power of 15 rows. */
static void
a_schema_that_leads_in_circles_is_damage(void **state)
{
	enum { SMALL = 512, CELLS = 50, LEVELS = 15 };
	struct bytes copy = { .size = (size_t)SMALL * (LEVELS + 1) };
	struct bytes seed = bytes_of("PRAGMA page_size = 512;" IDENTITY "2;" NAMES);

	(void)state;
	copy.data = calloc(1, copy.size);
	assert_non_null(copy.data);
	memcpy(copy.data, seed.data, SMALL);
	/* The leaf at the end is that of a sound schema; its cells lie at the page's end. */
	memcpy(copy.data + copy.size - SMALL, seed.data + 100, 100);
	memcpy(copy.data + copy.size - SMALL + 100, seed.data + 100, SMALL - 100);
	memcpy(copy.data + copy.size - SMALL, seed.data + 100, 12);
	store_free_copy(seed.data);
	set_number(copy.data + 28, LEVELS + 1, 4);
	for (uint32_t i = 0; i < LEVELS; i++) {
		uint8_t *page = copy.data + (size_t)SMALL * i + (i == 0 ? 100 : 0);

		memset(page, 0, SMALL - (i == 0 ? 100 : 0));
		page[0] = 5;
		set_number(page + 3, CELLS, 2);
		set_number(page + 5, SMALL - CELLS * 5, 2);
		set_number(page + 8, i + 2, 4);
		for (int j = 0; j < CELLS; j++) {
			uint8_t *cell = copy.data + (size_t)SMALL * (i + 1) - (CELLS - j) * 5;

			set_number(page + 12 + j * 2, SMALL - (CELLS - j) * 5, 2);
			set_number(cell, i + 2, 4);
			cell[4] = 1;
		}
	}
	expect_copy(&copy, STATUS_DAMAGED, "circles");
	free(copy.data);
}

/* --- copies that are restored --- */

static void
a_restore_puts_the_copy_in_the_place_of_everything(void **state)
{
	struct store *store = open_filled(MANY, 1);
	struct bytes copy = copy_ok(store);

	(void)state;
	for (int i = 0; i < MANY; i += 3)
		put(store, i, 2);
	for (int i = 1; i < MANY; i += 3) {
		assert_int_equal(store_delete(store, host(i)), STATUS_OK);
		assert_int_equal(store_delete_fact(store, "lease", host(i)), STATUS_OK);
	}
	put(store, MANY, 3);
	assert_int_equal(store_put_fact(store, "zebra", "a", ""), STATUS_OK);
	assert_int_equal(store_commit(store, 1700000005), STATUS_OK);
	assert_int_equal(store_restore(store, copy.data, copy.size, 1700000009, problem),
	    STATUS_OK);
	assert_string_equal(problem, "");
	assert_int_equal(store_last_commit_s(store), 1700000009);
	expect_stored(store, MANY, 1);
	store_close(store);
	store = open_ok();
	expect_stored(store, MANY, 1);
	{
		struct sums zebras = { .count = 0 };

		assert_int_equal(store_load_facts(store, "zebra", sum_fact, &zebras), STATUS_OK);
	}
	put(store, 0, 1);
	assert_int_equal(store_commit(store, 1700000010), STATUS_OK);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_copy_that_is_newer_than_the_clock_dates_the_commit(void **state)
{
	struct store *store = open_filled(5, 1000);
	struct bytes copy = copy_ok(store);

	(void)state;
	assert_int_equal(store_restore(store, copy.data, copy.size, 7, problem), STATUS_OK);
	assert_int_equal(store_last_commit_s(store), 1600001000);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_copy_of_version_1_is_restored_without_facts(void **state)
{
	struct bytes copy = bytes_of(VERSION_1
	    "INSERT INTO names SELECT 'host00000.home.arpa', 'laptop', 1600000000, 1600000001,"
	    " x'01000000'");
	struct store *store = open_filled(10, 2);
	struct sums sums = { .content = 1 };

	(void)state;
	assert_int_equal(store_restore(store, copy.data, copy.size, 1700000009, problem),
	    STATUS_OK);
	assert_int_equal(store_load(store, sum_row, &sums), STATUS_OK);
	assert_int_equal(sums.count, 1);
	assert_int_equal(store_load_facts(store, "lease", sum_fact, &sums), STATUS_OK);
	assert_int_equal(sums.count, 1);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_restore_survives_kill_9(void **state)
{
	struct store *store = open_filled(MANY, 1);
	struct bytes copy = copy_ok(store);
	pid_t child;
	int status;

	(void)state;
	put(store, 5, 2);
	assert_int_equal(store_commit(store, 1), STATUS_OK);
	store_close(store);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (store_open(path, &store, problem) == STATUS_OK &&
		    store_restore(store, copy.data, copy.size, 1, problem) == STATUS_OK)
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	store = open_ok();
	expect_stored(store, MANY, 1);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_copy_that_is_refused_changes_nothing(void **state)
{
	struct store *store = open_filled(10, 1);
	struct bytes copy = bytes_of(VERSION_2 ROW "CREATE TABLE mine (a)");

	(void)state;
	calls_seen = 0;
	assert_int_equal(store_restore(store, copy.data, copy.size, 1700000009, problem),
	    STATUS_REFUSED);
	assert_non_null(strstr(problem, "\"mine\""));
	assert_int_equal(store_restore(store, (const uint8_t *)"text", 4, 1700000009, problem),
	    STATUS_MALFORMED);
	assert_int_equal(calls_seen, 0);
	assert_int_equal(store_last_commit_s(store), 1700000000);
	expect_stored(store, 10, 1);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_restore_while_another_program_holds_the_lock_changes_nothing(void **state)
{
	struct store *store = open_filled(10, 1);
	struct bytes copy = copy_ok(store);
	int ready[2];
	int end[2];
	char byte;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(ready) + pipe(end), 0);
	child = fork();
	if (child == 0) {
		sqlite3 *db = NULL;

		(void)close(end[1]);
		if (sqlite3_open(path, &db) != SQLITE_OK ||
		    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK ||
		    write(ready[1], "", 1) != 1)
			_exit(1);
		_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
	}
	(void)close(end[0]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(store_restore(store, copy.data, copy.size, 1, problem), STATUS_IO);
	assert_non_null(strstr(problem, "locked by another program"));
	expect_stored(store, 10, 1);
	(void)close(end[1]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(store_restore(store, copy.data, copy.size, 1, problem), STATUS_OK);
	(void)close(ready[0]);
	(void)close(ready[1]);
	store_close(store);
	store_free_copy(copy.data);
}

/* With each system call failing in turn, and the disk in order again after it. */
static void
a_restore_that_a_disk_fails_changes_nothing(void **state)
{
	static const struct {
		int error;
		enum status expected;
	} kinds[] = { { EIO, STATUS_IO }, { ENOSPC, STATUS_NO_SPACE },
		{ EROFS, STATUS_READ_ONLY } };
	struct store *store = open_filled(60, 1);
	struct bytes copy = copy_ok(store);
	int failures = 0;

	(void)state;
	for (int i = 0; i < 50; i++)
		put(store, i, 2);
	for (int i = 50; i < 60; i++) {
		assert_int_equal(store_delete(store, host(i)), STATUS_OK);
		assert_int_equal(store_delete_fact(store, "lease", host(i)), STATUS_OK);
	}
	assert_int_equal(store_commit(store, 1700000001), STATUS_OK);
	for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		enum status status = STATUS_IO;

		for (int number = 1; status != STATUS_OK; number++) {
			let_fail(number, kinds[kind].error, true);
			status = store_restore(store, copy.data, copy.size, 1700000009, problem);
			let_fail(0, 0, false);
			if (status == STATUS_OK)
				break;
			assert_int_equal(status, kinds[kind].expected);
			assert_non_null(strstr(problem, "ddnsd.db"));
			assert_int_equal(store_last_commit_s(store), 1700000001);
			expect_stored(store, 50, 2);
			failures++;
		}
		expect_stored(store, 60, 1);
		for (int i = 0; i < 50; i++)
			put(store, i, 2);
		for (int i = 50; i < 60; i++) {
			assert_int_equal(store_delete(store, host(i)), STATUS_OK);
			assert_int_equal(store_delete_fact(store, "lease", host(i)), STATUS_OK);
		}
		assert_int_equal(store_commit(store, 1700000001), STATUS_OK);
	}
	assert_true(failures > 30);
	store_close(store);
	store = open_ok();
	expect_stored(store, 50, 2);
	store_close(store);
	store_free_copy(copy.data);
}

/* With each call of SQLite's, and of malloc(), failing in turn. */
static void
a_restore_short_of_memory_changes_nothing(void **state)
{
	struct store *store = open_filled(5, 1);
	struct bytes copy;
	enum status status = STATUS_NO_MEMORY;
	int number;

	(void)state;
	store_close(store);
	copy = read_file("ddnsd.db");
	store = open_ok();
	for (int i = 0; i < 5; i++)
		put(store, i, 2);
	assert_int_equal(store_commit(store, 1700000001), STATUS_OK);
	for (number = 1; status != STATUS_OK; number++) {
		let_call_fail(number);
		status = store_restore(store, copy.data, copy.size, 1700000009, problem);
		let_call_fail(0);
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_NO_MEMORY);
		assert_string_not_equal(problem, "");
		assert_int_equal(store_last_commit_s(store), 1700000001);
		expect_stored(store, 5, 2);
	}
	/* Each row twice, to check and to put; ten puts; and some more. */
	assert_true(number > 2 * 10 + 10 + 10);
	expect_stored(store, 5, 1);
	store_close(store);
	store_free_copy(copy.data);
}

static void
a_copy_short_of_memory_is_not_made(void **state)
{
	struct store *store = open_filled(5, 1);
	struct bytes copy = { .data = NULL };
	enum status status = STATUS_NO_MEMORY;
	int number;

	(void)state;
	for (number = 1; status != STATUS_OK; number++) {
		let_call_fail(number);
		status = store_copy(store, &copy.data, &copy.size);
		/* Only the size was not known beforehand. */
		if (status == STATUS_OK && number == 1) {
			store_free_copy(copy.data);
			copy.data = NULL;
			status = STATUS_NO_MEMORY;
			continue;
		}
		if (status == STATUS_OK)
			break;
		assert_int_equal(status, STATUS_NO_MEMORY);
		assert_null(copy.data);
		assert_non_null(strstr(store_problem(store), "ddnsd.db"));
	}
	let_call_fail(0);
	assert_true(number > 20);
	expect_copy(&copy, STATUS_OK, "");
	store_free_copy(copy.data);
	store_close(store);
}

static void
the_log_stays_small_after_a_restore(void **state)
{
	struct store *store = open_filled(20 * MANY, 1);
	struct bytes copy = copy_ok(store);

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(store_restore(store, copy.data, copy.size, 1, problem), STATUS_OK);
	for (int i = 0; i < 3; i++) {
		put(store, i, 1);
		assert_int_equal(store_commit(store, 1), STATUS_OK);
	}
	expect_stored(store, 20 * MANY, 1);
	assert_true(store_size(store) < 2 * copy.size + 4 * 1024 * 1024);
	store_close(store);
	store_free_copy(copy.data);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_copies, tear_down_copies)
	const struct CMUnitTest tests[] = {
		TEST(a_copy_holds_what_is_committed_and_costs_no_write),
		TEST(a_copy_is_a_file_that_sqlite_opens_where_nothing_can_be_written),
		TEST(a_daemon_starts_with_a_copy_as_its_database),
		TEST(a_copy_over_the_ceiling_is_refused_before_it_is_made),
		TEST(a_copy_of_damaged_pages_is_refused),
		TEST(a_copy_with_a_table_of_somebody_else_is_refused),
		TEST(a_store_on_a_read_only_medium_is_copied),
		TEST(copies_of_both_versions_are_known),
		TEST(a_file_that_was_copied_by_hand_is_known),
		TEST(many_small_rows_are_no_circle),
		TEST(what_is_no_database_is_malformed),
		TEST(the_database_of_another_program_is_refused),
		TEST(a_schema_that_is_not_ours_is_refused),
		TEST(rows_that_are_not_as_we_write_them_are_damage),
		TEST(a_copy_cut_short_anywhere_is_damaged),
		TEST(a_copy_with_any_page_overwritten_is_damaged),
		TEST(a_copy_whose_rows_can_be_read_but_not_its_free_pages_is_damaged),
		TEST(a_tree_without_an_end_is_damage),
		TEST(a_schema_that_leads_in_circles_is_damage),
		TEST(a_restore_puts_the_copy_in_the_place_of_everything),
		TEST(a_copy_that_is_newer_than_the_clock_dates_the_commit),
		TEST(a_copy_of_version_1_is_restored_without_facts),
		TEST(a_restore_survives_kill_9),
		TEST(a_copy_that_is_refused_changes_nothing),
		TEST(a_restore_while_another_program_holds_the_lock_changes_nothing),
		TEST(a_restore_that_a_disk_fails_changes_nothing),
		TEST(a_restore_short_of_memory_changes_nothing),
		TEST(a_copy_short_of_memory_is_not_made),
		TEST(the_log_stays_small_after_a_restore),
	};

	enter_namespace();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
