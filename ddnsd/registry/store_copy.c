/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Copies of the whole database in memory: made, looked at, put in the place of what is stored.
 * Bytes come from anywhere: they are read through a connection of their own, which cannot write,
 * trusts nothing that their schema says, and gives up where a sound file would have ended.
 */
#include "registry/store.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "registry/store_state.h"

enum {
	/* Where the file's header says what (SQLite's file format, 1.3). */
	HEADER_SIZE = 100,
	HEADER_FORMATS =
	    18, /* 2, 2: there is a log, which a file in memory cannot have; else 1, 1 */
	HEADER_ENCODING = 56,
	HEADER_VERSION = 60,
	HEADER_APPLICATION = 68,
	UTF_8 = 1,

	KEY_MAX = 1005,    /* a name's text has at most 1,004 octets; a fact's key is shorter */
	ROW_MAX = 1000000, /* records have 65,535 at most */
	VALUES_MAX = 5,

	/*
	 * Steps of SQLite's machine in thousands: to read a sound schema takes some hundred, and
	 * to read and check a row, of 10 octets at least, about 50.
	 */
	STEPS_A_CALL = 1000,
	SCHEMA_CALLS = 20,
	CALLS_AN_OCTET_SHIFT = 7, /* 1,000 / 128: about 8 steps an octet */
};

struct copy {
	sqlite3 *db;
	uint8_t *changed; /* bytes that had to be changed first, or NULL */
	size_t size;
	uint32_t version;
	uint64_t calls_left; /* to the progress handler */
	uint64_t octets;     /* of the rows that were read */
	char *problem;       /* of STORE_PROBLEM_MAX */
	struct store_copy_report report;
	bool has_names; /* rows of names were seen */
};

/* A row as it was read: texts without a NUL, as the schema has them. */
struct values {
	const char *texts[VALUES_MAX]; /* the first ones */
	sqlite3_stmt *select;
};

/* What is to be read of a table. */
struct table {
	const char *select;
	const int *types; /* of its columns, which end with 0 */
	int key_columns;  /* the first ones, of texts */
	size_t key_max;   /* their octets, and a NUL after each */
	enum status (*take)(struct copy *copy, const struct values *values, struct store *into);
};

static uint32_t
number_at(const uint8_t *bytes, size_t place)
{
	uint32_t number;

	memcpy(&number, bytes + place, sizeof(number));
	return be32toh(number);
}

/*
 * Whatever SQLite finds fault with is damage, for nobody else has these bytes. But it also says that
 * there is no memory when a page's number is beyond all (3.40).
 */
static enum status
fail(struct copy *copy, int rc)
{
	if ((rc & 0xff) == SQLITE_NOMEM) {
		store_write_text(copy->problem, "out of memory, or the copy is damaged");
		return STATUS_NO_MEMORY;
	}
	store_write_text(copy->problem, "the copy is damaged: %s",
	    (rc & 0xff) == SQLITE_INTERRUPT ? "it leads in circles" : sqlite3_errmsg(copy->db));
	return STATUS_DAMAGED;
}

static enum status
fail_as_damaged(struct copy *copy, const char *what)
{
	store_write_text(copy->problem, "the copy is damaged: %s", what);
	return STATUS_DAMAGED;
}

/* What the header says, before SQLite sees it. */
static enum status
identify(struct copy *copy, const uint8_t *bytes, size_t size)
{
	static const char magic[16] = "SQLite format 3";

	if (size > STORE_COPY_MAX) {
		store_write_text(copy->problem, "the copy has more than %d octets", STORE_COPY_MAX);
		return STATUS_TOO_LARGE;
	}
	if (size < HEADER_SIZE || memcmp(bytes, magic, sizeof(magic)) != 0) {
		store_write_text(copy->problem, "this is no SQLite database");
		return STATUS_MALFORMED;
	}
	copy->version = number_at(bytes, HEADER_VERSION);
	if (number_at(bytes, HEADER_APPLICATION) != STORE_APPLICATION_ID || copy->version == 0 ||
	    number_at(bytes, HEADER_ENCODING) != UTF_8) {
		store_write_text(copy->problem, "this is the database of another program");
		return STATUS_REFUSED;
	}
	if (copy->version > STORE_SCHEMA_VERSION) {
		store_write_text(copy->problem,
		    "the copy was written by a newer ddnsd (schema %u, this one knows %d)",
		    (unsigned)copy->version, STORE_SCHEMA_VERSION);
		return STATUS_TOO_NEW;
	}
	return STATUS_OK;
}

static int
count_call(void *context)
{
	struct copy *copy = context;

	if (copy->calls_left == 0)
		return 1;
	copy->calls_left--;
	return 0;
}

/* As SQLite's advice for files from strangers has it ("Defense Against The Dark Arts"). */
static int
distrust(struct copy *copy)
{
	static const int settings[][2] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	};
	static const int limits[][2] = {
		{ SQLITE_LIMIT_LENGTH, ROW_MAX },
		{ SQLITE_LIMIT_SQL_LENGTH, 10000 },
		{ SQLITE_LIMIT_COLUMN, 100 },
		{ SQLITE_LIMIT_EXPR_DEPTH, 10 },
		{ SQLITE_LIMIT_COMPOUND_SELECT, 3 },
		{ SQLITE_LIMIT_FUNCTION_ARG, 8 },
		{ SQLITE_LIMIT_ATTACHED, 0 },
		{ SQLITE_LIMIT_TRIGGER_DEPTH, 1 },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		int rc = sqlite3_db_config(copy->db, settings[i][0], settings[i][1], NULL);

		if (rc != SQLITE_OK)
			return rc;
	}
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		(void)sqlite3_limit(copy->db, limits[i][0], limits[i][1]);
	copy->calls_left = SCHEMA_CALLS;
	sqlite3_progress_handler(copy->db, STEPS_A_CALL, count_call, copy);
	return sqlite3_exec(copy->db, "PRAGMA cell_size_check = ON", NULL, NULL, NULL);
}

/* On failure close_copy() too. */
static enum status
open_copy(struct copy *copy, const uint8_t *bytes, size_t size)
{
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE;
	enum status status = identify(copy, bytes, size);
	uint8_t *content;
	int rc;

	if (status != STATUS_OK)
		return status;
	/* SQLite's parameter lacks a const, but it writes to nothing that it was told to be read-only. */
	content = (uint8_t *)(uintptr_t)bytes;
	if (bytes[HEADER_FORMATS] == 2 || bytes[HEADER_FORMATS + 1] == 2) {
		copy->changed = malloc(size);
		if (copy->changed == NULL)
			return fail(copy, SQLITE_NOMEM);
		content = memcpy(copy->changed, bytes, size);
		memset(content + HEADER_FORMATS, 1, 2);
	}
	copy->size = size;
	rc = sqlite3_open_v2(":memory:", &copy->db, flags, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_deserialize(copy->db, "main", content, (sqlite3_int64)size,
		    (sqlite3_int64)size, SQLITE_DESERIALIZE_READONLY);
	if (rc == SQLITE_OK)
		rc = distrust(copy);
	return rc == SQLITE_OK ? STATUS_OK : fail(copy, rc);
}

static void
close_copy(struct copy *copy)
{
	(void)sqlite3_close(copy->db);
	free(copy->changed);
}

static bool
is_text(sqlite3_stmt *select, int column, const char *text)
{
	const char *found = (const char *)sqlite3_column_text(select, column);

	return found != NULL && strcmp(found, text) == 0;
}

/* Nothing is in the schema but our tables, word for word: no trigger, view, generated column. */
static enum status
check_schema(struct copy *copy)
{
	static const char text[] = "SELECT type, name, tbl_name, sql FROM sqlite_schema";
	int wanted = copy->version > 1 ? STORE_TABLES : 1;
	bool is_ours = true;
	sqlite3_stmt *select = NULL;
	int found = 0;
	int rc = sqlite3_prepare_v2(copy->db, text, -1, &select, NULL);

	while (rc == SQLITE_OK && is_ours) {
		rc = sqlite3_step(select);
		if (rc != SQLITE_ROW)
			break;
		rc = SQLITE_OK;
		is_ours = found < wanted && is_text(select, 0, "table") &&
		    is_text(select, 1, store_tables[found].name) &&
		    is_text(select, 2, store_tables[found].name) &&
		    is_text(select, 3, store_tables[found].sql);
		if (!is_ours)
			store_write_text(copy->problem,
			    "another program has put \"%.100s\" into this database; ddnsd takes only"
			    " what it made itself",
			    sqlite3_column_text(select, 1) != NULL
				? (const char *)sqlite3_column_text(select, 1)
				: "");
		found++;
	}
	(void)sqlite3_finalize(select);
	if (!is_ours)
		return STATUS_REFUSED;
	if (rc != SQLITE_DONE)
		return fail(copy, rc);
	return found == wanted ? STATUS_OK : fail_as_damaged(copy, "it lacks a table");
}

/* The key of the row before; each of its texts ends with a NUL. */
struct last_key {
	size_t length;
	char text[KEY_MAX];
};

/* Reads the texts' key columns into key. False when they are none of ours. */
static bool
read_key(const struct table *table, const struct values *values, struct last_key *key)
{
	key->length = 0;
	for (int i = 0; i < table->key_columns; i++) {
		size_t length = strlen(values->texts[i]);

		/* The last two no text of ours has, and a load leaves them out. */
		if (length == 0 || length >= table->key_max - key->length ||
		    strpbrk(values->texts[i], "\1\377") != NULL)
			return false;
		memcpy(key->text + key->length, values->texts[i], length + 1);
		key->length += length + 1;
	}
	return true;
}

static bool
is_before(const struct last_key *one, const struct last_key *other)
{
	size_t common = one->length < other->length ? one->length : other->length;
	int order = memcmp(one->text, other->text, common);

	return order < 0 || (order == 0 && one->length < other->length);
}

/* Texts are whole and short enough, and the key comes after the last one, which it then is. */
static enum status
read_values(struct copy *copy, const struct table *table, struct values *values,
    struct last_key *last)
{
	struct last_key key;

	for (int i = 0; table->types[i] != 0; i++) {
		size_t octets;

		if (sqlite3_column_type(values->select, i) != table->types[i])
			return fail_as_damaged(copy, "a value is of a wrong type");
		if (table->types[i] == SQLITE_INTEGER)
			continue;
		octets = (size_t)sqlite3_column_bytes(values->select, i);
		copy->octets += octets;
		if (table->types[i] != SQLITE_TEXT)
			continue;
		values->texts[i] = (const char *)sqlite3_column_text(values->select, i);
		if (values->texts[i] == NULL)
			return fail(copy, SQLITE_NOMEM);
		if (memchr(values->texts[i], '\0', octets) != NULL || octets > STORE_FACT_MAX)
			return fail_as_damaged(copy, "a text is not as ddnsd writes it");
	}
	if (!read_key(table, values, &key))
		return fail_as_damaged(copy, "a key is not as ddnsd writes it");
	if (!is_before(last, &key))
		return fail_as_damaged(copy, "rows are not in order");
	memcpy(last->text, key.text, key.length);
	last->length = key.length;
	/* In a sound file no two rows share octets. */
	return copy->octets <= copy->size ? STATUS_OK : fail_as_damaged(copy, "rows overlap");
}

/* Reads a table, and puts its rows into a store, or nowhere when that is NULL. */
static enum status
read_table(struct copy *copy, const struct table *table, struct store *into)
{
	struct values values = { .select = NULL };
	enum status status = STATUS_OK;
	struct last_key last = { .length = 0 };
	int rc = sqlite3_prepare_v2(copy->db, table->select, -1, &values.select, NULL);

	while (rc == SQLITE_OK && status == STATUS_OK) {
		rc = sqlite3_step(values.select);
		if (rc != SQLITE_ROW)
			break;
		rc = SQLITE_OK;
		status = read_values(copy, table, &values, &last);
		if (status == STATUS_OK)
			status = table->take(copy, &values, into);
	}
	if (status == STATUS_OK && rc != SQLITE_DONE)
		status = fail(copy, rc);
	(void)sqlite3_finalize(values.select);
	return status;
}

static enum status
take_name(struct copy *copy, const struct values *values, struct store *into)
{
	struct store_row row = {
		.name = values->texts[0],
		.owner = values->texts[1],
		.created_s = sqlite3_column_int64(values->select, 2),
		.changed_s = sqlite3_column_int64(values->select, 3),
		.records = sqlite3_column_blob(values->select, 4),
		.records_size = (size_t)sqlite3_column_bytes(values->select, 4),
	};

	if (!copy->has_names || row.changed_s > copy->report.newest_s)
		copy->report.newest_s = row.changed_s;
	copy->has_names = true;
	/* Nobody registered a zone's own. */
	copy->report.names += row.owner != NULL && row.owner[0] != '\0';
	return into != NULL ? store_put(into, &row) : STATUS_OK;
}

static enum status
take_fact(struct copy *copy, const struct values *values, struct store *into)
{
	copy->report.facts++;
	if (into == NULL)
		return STATUS_OK;
	return store_put_fact(into, values->texts[0], values->texts[1], values->texts[2]);
}

static enum status
read_tables(struct copy *copy, struct store *into)
{
	static const int types_of_names[] = { SQLITE_TEXT, SQLITE_TEXT, SQLITE_INTEGER,
		SQLITE_INTEGER, SQLITE_BLOB, 0 };
	static const int types_of_facts[] = { SQLITE_TEXT, SQLITE_TEXT, SQLITE_TEXT, 0 };
	static const struct table tables[STORE_TABLES] = {
		{ "SELECT name, owner, created, changed, records FROM names", types_of_names, 1,
		    KEY_MAX, take_name },
		{ "SELECT kind, key, value FROM facts", types_of_facts, 2, STORE_FACT_KEY_MAX + 2,
		    take_fact },
	};
	enum status status = STATUS_OK;

	memset(&copy->report, 0, sizeof(copy->report));
	copy->has_names = false;
	copy->octets = 0;
	copy->calls_left = STEPS_A_CALL + (copy->size >> CALLS_AN_OCTET_SHIFT);
	for (int i = 0; status == STATUS_OK && i < (copy->version > 1 ? STORE_TABLES : 1); i++)
		status = read_table(copy, &tables[i], into);
	return status;
}

/* Opens, and looks at everything. */
static enum status
check(struct copy *copy, const uint8_t *bytes, size_t size)
{
	enum status status = open_copy(copy, bytes, size);
	int rc = SQLITE_OK;

	if (status == STATUS_OK)
		status = check_schema(copy);
	/*
	 * Rows first: SQLite's cursors refuse a tree that is deeper than any can be, while its
	 * check goes down such a tree with a call a level (3.40).
	 */
	if (status == STATUS_OK)
		status = read_tables(copy, NULL);
	if (status == STATUS_OK && !store_answers(copy->db, "PRAGMA quick_check(1)", "ok", &rc))
		status = rc == SQLITE_OK ? fail_as_damaged(copy, "its pages are not sound")
					 : fail(copy, rc);
	return status;
}

enum status
store_check_copy(const uint8_t *bytes, size_t size, struct store_copy_report *ret_report,
    char ret_problem[static STORE_PROBLEM_MAX])
{
	struct copy copy = { .problem = ret_problem };
	enum status status;

	ret_problem[0] = '\0';
	status = check(&copy, bytes, size);
	close_copy(&copy);
	if (status == STATUS_OK)
		*ret_report = copy.report;
	return status;
}

enum status
store_copy(struct store *store, uint8_t **ret_bytes, size_t *ret_size)
{
	struct store_copy_report report;
	char reason[STORE_PROBLEM_MAX];
	sqlite3_int64 size = 0;
	enum status status;
	uint8_t *bytes;

	assert(!store->is_open);
	if (!store->has_table) {
		store_tell(store, "%s cannot be written and holds nothing yet", store->path);
		return STATUS_READ_ONLY;
	}
	errno = 0;
	(void)sqlite3_serialize(store->db, "main", &size, SQLITE_SERIALIZE_NOCOPY);
	if (size > STORE_COPY_MAX) {
		store_tell(store, "%s has more than %d octets: copy it with sqlite3's .backup",
		    store->path, STORE_COPY_MAX);
		return STATUS_TOO_LARGE;
	}
	bytes = sqlite3_serialize(store->db, "main", &size, 0);
	if (bytes == NULL) {
		int rc = sqlite3_extended_errcode(store->db);

		return store_fail(store, rc == SQLITE_OK || rc == SQLITE_ROW ? SQLITE_NOMEM : rc);
	}
	/* There is no log beside it, nor need there be one to open it for reading. */
	if (size >= HEADER_SIZE)
		memset(bytes + HEADER_FORMATS, 1, 2);
	/* A page that cannot be read is copied as zeros, and nobody told (3.40). */
	status = store_check_copy(bytes, (size_t)size, &report, reason);
	if (status != STATUS_OK) {
		store_tell(store, "%s cannot be copied: %.300s", store->path, reason);
		sqlite3_free(bytes);
		return status;
	}
	*ret_bytes = bytes;
	*ret_size = (size_t)size;
	return STATUS_OK;
}

void
store_free_copy(uint8_t *bytes)
{
	sqlite3_free(bytes);
}

/* In the transaction that is open. */
static enum status
replace_all(struct store *store, struct copy *copy)
{
	enum status status = store_run(store, STATEMENT_DELETE_ALL);

	if (status == STATUS_OK)
		status = store_run(store, STATEMENT_DELETE_ALL_FACTS);
	if (status == STATUS_OK)
		status = read_tables(copy, store);
	return status;
}

enum status
store_restore(struct store *store, const uint8_t *bytes, size_t size, int64_t wall_s,
    char ret_problem[static STORE_PROBLEM_MAX])
{
	struct copy copy = { .problem = ret_problem };
	enum status status;

	assert(!store->is_open);
	ret_problem[0] = '\0';
	status = check(&copy, bytes, size);
	if (status == STATUS_OK)
		status = store_begin(store);
	if (status == STATUS_OK)
		status = replace_all(store, &copy);
	if (status == STATUS_OK)
		status = store_commit(store,
		    copy.report.newest_s > wall_s ? copy.report.newest_s : wall_s);
	if (status != STATUS_OK) {
		store_rollback(store);
		/* When it was the copy's fault, that has been said. */
		if (ret_problem[0] == '\0')
			memcpy(ret_problem, store->problem, STORE_PROBLEM_MAX);
	}
	close_copy(&copy);
	return status;
}
