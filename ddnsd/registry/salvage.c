/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Rows of a damaged database: forwards from the front and backwards from the end until SQLite
 * meets a bad page, then from points inside the gap that is left, halving it.
 */
#include "registry/salvage.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/file.h"

enum {
	/* A search costs some microseconds: seconds at most, and gaps cut into thousands. */
	SEARCHES_MAX = 20000,
	KEY_MAX = 1024, /* a name's text has at most 1,004 octets, a fact's kind and key 1,001 */
	ASIDE_MAX = 10000,
};

/*
 * A row's primary key, or a point between such. The columns of a key that has two stand with a NUL
 * between them, which has the order that SQLite gives them; a point without a NUL has an empty second.
 */
struct key {
	size_t length;
	char text[KEY_MAX + sizeof(uint64_t)];
};

/* The rows between two keys, neither included. */
struct gap {
	TAILQ_ENTRY(gap) entry;
	struct key begin;
	struct key end;
};
TAILQ_HEAD(gaps, gap);

struct salvage;

/* What differs between the tables. The key's columns come first. */
struct table {
	const char *up;
	const char *down;
	int key_columns; /* 1 or 2 */
	enum status (*hand_out)(struct salvage *salvage, sqlite3_stmt *select);
};

struct salvage {
	const struct table *table;
	sqlite3_stmt *up;
	sqlite3_stmt *down;
	enum status (*row_handler)(void *context, const struct store_row *row);
	enum status (*fact_handler)(void *context, const struct salvage_fact *fact);
	void *context;
	struct gaps gaps;
	size_t searches;
	bool has_lost;
};

static int
compare(const struct key *one, const struct key *other)
{
	size_t common = one->length < other->length ? one->length : other->length;
	int order = memcmp(one->text, other->text, common);

	if (order == 0 && one->length != other->length)
		order = one->length < other->length ? -1 : 1;
	return order;
}

static void
add_text(struct key *key, const char *text, size_t length)
{
	size_t room = KEY_MAX - key->length;

	if (length > room)
		length = room;
	memcpy(key->text + key->length, text, length);
	key->length += length;
}

/* The key of the row that select is at. False when it has none. */
static bool
read_key(const struct table *table, sqlite3_stmt *select, struct key *ret_key)
{
	ret_key->length = 0;
	for (int i = 0; i < table->key_columns; i++) {
		const char *text = (const char *)sqlite3_column_text(select, i);

		if (text == NULL)
			return false;
		if (i > 0)
			add_text(ret_key, "", 1);
		add_text(ret_key, text, (size_t)sqlite3_column_bytes(select, i));
	}
	return true;
}

/* Has the search begin at the key. */
static int
bind_key(const struct table *table, sqlite3_stmt *select, const struct key *key)
{
	size_t length = table->key_columns > 1 ? strnlen(key->text, key->length) : key->length;
	size_t second = length < key->length ? length + 1 : length;
	int rc = sqlite3_bind_text(select, 1, key->text, (int)length, SQLITE_TRANSIENT);

	if (rc == SQLITE_OK && table->key_columns > 1)
		rc = sqlite3_bind_text(select, 2, key->text + second, (int)(key->length - second),
		    SQLITE_TRANSIENT);
	return rc;
}

/* The eight octets from this place on as a number, as if zeros followed. */
static uint64_t
octets_at(const struct key *key, size_t place)
{
	uint64_t octets = 0;

	if (place < key->length)
		memcpy(&octets, key->text + place,
		    key->length - place < sizeof(octets) ? key->length - place : sizeof(octets));
	return be64toh(octets);
}

/* A point in the middle of the gap. False when it has none. */
static bool
find_middle(const struct gap *gap, struct key *ret_middle)
{
	size_t common = 0;
	uint64_t low;
	uint64_t high;
	uint64_t middle;

	while (common < gap->begin.length && common < gap->end.length &&
	    gap->begin.text[common] == gap->end.text[common])
		common++;
	low = octets_at(&gap->begin, common);
	high = octets_at(&gap->end, common);
	/* No row's key has the octet 1: the point is never a key itself. */
	middle = ((low / 2 + high / 2) & ~(uint64_t)0xff) | 1;
	if (middle <= low || middle >= high || common > KEY_MAX)
		return false;
	middle = htobe64(middle);
	memcpy(ret_middle->text, gap->begin.text, common);
	memcpy(ret_middle->text + common, &middle, sizeof(middle));
	ret_middle->length = common + sizeof(middle);
	return true;
}

static bool
is_inside(const struct gap *gap, const struct key *key)
{
	return compare(&gap->begin, key) < 0 && compare(&gap->end, key) > 0;
}

static enum status
hand_out_row(struct salvage *salvage, sqlite3_stmt *select)
{
	const char *owner = (const char *)sqlite3_column_text(select, 1);
	struct store_row row = {
		.name = (const char *)sqlite3_column_text(select, 0),
		.owner = owner != NULL ? owner : "",
		.created_s = sqlite3_column_int64(select, 2),
		.changed_s = sqlite3_column_int64(select, 3),
		.records = sqlite3_column_blob(select, 4),
		.records_size = (size_t)sqlite3_column_bytes(select, 4),
	};

	return salvage->row_handler(salvage->context, &row);
}

static enum status
hand_out_fact(struct salvage *salvage, sqlite3_stmt *select)
{
	struct salvage_fact fact = {
		.kind = (const char *)sqlite3_column_text(select, 0),
		.key = (const char *)sqlite3_column_text(select, 1),
		.value = (const char *)sqlite3_column_text(select, 2),
	};

	if (fact.value == NULL) {
		salvage->has_lost = true;
		return STATUS_OK;
	}
	return salvage->fact_handler(salvage->context, &fact);
}

/*
 * Hands out the gap's rows from one side until its other side, or until a bad page. Moves that
 * side of the gap to the last row read. *ret_is_done: nothing is left between.
 */
static enum status
read_side(struct salvage *salvage, struct gap *gap, bool is_upwards, bool *ret_is_done)
{
	sqlite3_stmt *select = is_upwards ? salvage->up : salvage->down;
	struct key *side = is_upwards ? &gap->begin : &gap->end;
	struct key last = *side;
	enum status status = STATUS_OK;
	int rc;

	salvage->searches++;
	*ret_is_done = false;
	rc = bind_key(salvage->table, select, side);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		struct key key;
		bool has_key;
		int order;

		rc = sqlite3_step(select);
		has_key = rc == SQLITE_ROW && read_key(salvage->table, select, &key);
		*ret_is_done = rc == SQLITE_DONE || (has_key && !is_inside(gap, &key));
		if (!has_key || *ret_is_done)
			break;
		order = compare(&last, &key);
		/* Out of order is damage as well: the row before this one may be the wrong one. */
		if (is_upwards ? order >= 0 : order <= 0)
			break;
		status = salvage->table->hand_out(salvage, select);
		if (status != STATUS_OK)
			break;
		*side = last;
		last.length = 0;
		add_text(&last, key.text, key.length);
	}
	if (rc != SQLITE_ROW || *ret_is_done)
		*side = last;
	(void)sqlite3_reset(select);
	return (rc & 0xff) == SQLITE_NOMEM ? STATUS_NO_MEMORY : status;
}

static enum status
add_gap(struct salvage *salvage, const struct key *begin, const struct key *end)
{
	struct gap *gap = malloc(sizeof(*gap));

	if (gap == NULL)
		return STATUS_NO_MEMORY;
	gap->begin = *begin;
	gap->end = *end;
	TAILQ_INSERT_TAIL(&salvage->gaps, gap, entry);
	return STATUS_OK;
}

/* Reads a gap from both sides, and puts the two halves of what is left at the queue's end. */
static enum status
read_gap(struct salvage *salvage, struct gap *gap)
{
	bool is_done = false;
	enum status status = read_side(salvage, gap, true, &is_done);
	struct key middle;

	if (status == STATUS_OK && !is_done)
		status = read_side(salvage, gap, false, &is_done);
	if (status != STATUS_OK || is_done)
		return status;
	if (salvage->searches >= SEARCHES_MAX || !find_middle(gap, &middle)) {
		salvage->has_lost = true;
		return STATUS_OK;
	}
	status = add_gap(salvage, &gap->begin, &middle);
	if (status == STATUS_OK)
		status = add_gap(salvage, &middle, &gap->end);
	return status;
}

/* Hands out what lies between two keys. */
static enum status
read_between(sqlite3 *db, struct salvage *salvage, const struct key *begin, const struct key *end)
{
	const struct table *table = salvage->table;
	enum status status = STATUS_DAMAGED;
	struct gap *gap;

	TAILQ_INIT(&salvage->gaps);
	if (sqlite3_prepare_v2(db, table->up, -1, &salvage->up, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(db, table->down, -1, &salvage->down, NULL) == SQLITE_OK)
		status = add_gap(salvage, begin, end);
	while (status == STATUS_OK && !TAILQ_EMPTY(&salvage->gaps)) {
		gap = TAILQ_FIRST(&salvage->gaps);
		TAILQ_REMOVE(&salvage->gaps, gap, entry);
		status = read_gap(salvage, gap);
		free(gap);
	}
	while (!TAILQ_EMPTY(&salvage->gaps)) {
		gap = TAILQ_FIRST(&salvage->gaps);
		TAILQ_REMOVE(&salvage->gaps, gap, entry);
		free(gap);
	}
	(void)sqlite3_finalize(salvage->up);
	(void)sqlite3_finalize(salvage->down);
	return status;
}

static const struct key first = { .length = 0 };
static const struct key behind_last = { .length = 8, .text = "\377\377\377\377\377\377\377\377" };

enum status
salvage_rows(sqlite3 *db, enum status (*handler)(void *context, const struct store_row *row),
    void *context, bool *ret_is_whole)
{
	static const struct table names = {
		.up = "SELECT name, owner, created, changed, records FROM names"
		      " WHERE name > ?1 ORDER BY name",
		.down = "SELECT name, owner, created, changed, records FROM names"
			" WHERE name < ?1 ORDER BY name DESC",
		.key_columns = 1,
		.hand_out = hand_out_row,
	};
	struct salvage salvage = { .table = &names, .row_handler = handler, .context = context };
	enum status status = read_between(db, &salvage, &first, &behind_last);

	*ret_is_whole = !salvage.has_lost;
	return status;
}

enum status
salvage_facts(sqlite3 *db, const char *kind,
    enum status (*handler)(void *context, const struct salvage_fact *fact), void *context,
    bool *ret_is_whole)
{
	static const struct table facts = {
		.up = "SELECT kind, key, value FROM facts"
		      " WHERE (kind, key) > (?1, ?2) ORDER BY kind, key",
		.down = "SELECT kind, key, value FROM facts"
			" WHERE (kind, key) < (?1, ?2) ORDER BY kind DESC, key DESC",
		.key_columns = 2,
		.hand_out = hand_out_fact,
	};
	struct salvage salvage = { .table = &facts, .fact_handler = handler, .context = context };
	struct key begin = first;
	struct key end = behind_last;
	enum status status;

	if (kind != NULL) {
		add_text(&begin, kind, strlen(kind));
		end = begin;
		add_text(&end, "\1", 1);
	}
	status = read_between(db, &salvage, &begin, &end);
	*ret_is_whole = !salvage.has_lost;
	return status;
}

static const char *const suffixes[] = { "", "-wal", "-shm" };
enum { SUFFIXES = sizeof(suffixes) / sizeof(suffixes[0]) };

/* True when none of the three files of this name is there. */
static bool
is_free(const char *name)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < SUFFIXES; i++) {
		int length = snprintf(path, sizeof(path), "%s%s", name, suffixes[i]);

		if (length < 0 || (size_t)length >= sizeof(path) ||
		    faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT)
			return false;
	}
	return true;
}

enum status
salvage_move_aside(const char *path, size_t aside_size, char *ret_aside)
{
	int number = 0;
	int length;

	do {
		length = snprintf(ret_aside, aside_size, "%s.damaged-%d", path, ++number);
		if (length < 0 || (size_t)length >= aside_size || number >= ASIDE_MAX)
			return STATUS_TOO_LARGE;
	} while (!is_free(ret_aside));

	/* The log first: beside a new database it would be taken for that one's. */
	for (size_t i = SUFFIXES; i > 0; i--) {
		char from[PATH_MAX];
		char to[PATH_MAX];

		if (snprintf(from, sizeof(from), "%s%s", path, suffixes[i - 1]) >= PATH_MAX ||
		    snprintf(to, sizeof(to), "%s%s", ret_aside, suffixes[i - 1]) >= PATH_MAX)
			return STATUS_TOO_LARGE;
		if (rename(from, to) != 0 && errno != ENOENT)
			return file_status(errno);
	}
	return STATUS_OK;
}
