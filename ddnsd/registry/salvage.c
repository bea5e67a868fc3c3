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
	KEY_MAX = 1024, /* a name's text has at most 1,004 octets */
	ASIDE_MAX = 10000,
};

/* A name, or a point between names. */
struct key {
	size_t length;
	char text[KEY_MAX + sizeof(uint64_t)];
};

/* The names between two keys, neither included. */
struct gap {
	TAILQ_ENTRY(gap) entry;
	struct key begin;
	struct key end;
};
TAILQ_HEAD(gaps, gap);

struct salvage {
	sqlite3_stmt *up;
	sqlite3_stmt *down;
	enum status (*handler)(void *context, const struct store_row *row);
	void *context;
	struct gaps gaps;
	size_t searches;
	bool has_lost;
};

static int
compare(const struct key *one, const char *text, size_t length)
{
	size_t common = one->length < length ? one->length : length;
	int order = memcmp(one->text, text, common);

	if (order == 0 && one->length != length)
		order = one->length < length ? -1 : 1;
	return order;
}

static void
set_key(struct key *key, const char *text, size_t length)
{
	key->length = length < KEY_MAX ? length : KEY_MAX;
	memcpy(key->text, text, key->length);
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
	/* No name's text has the octet 1: the point is never a name itself. */
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
is_inside(const struct gap *gap, const char *name, size_t length)
{
	return compare(&gap->begin, name, length) < 0 && compare(&gap->end, name, length) > 0;
}

static enum status
hand_out(struct salvage *salvage, sqlite3_stmt *select, const char *name)
{
	const char *owner = (const char *)sqlite3_column_text(select, 1);
	struct store_row row = {
		.name = name,
		.owner = owner != NULL ? owner : "",
		.created_s = sqlite3_column_int64(select, 2),
		.changed_s = sqlite3_column_int64(select, 3),
		.records = sqlite3_column_blob(select, 4),
		.records_size = (size_t)sqlite3_column_bytes(select, 4),
	};

	return salvage->handler(salvage->context, &row);
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
	rc = sqlite3_bind_text(select, 1, side->text, (int)side->length, SQLITE_TRANSIENT);
	while (rc == SQLITE_OK || rc == SQLITE_ROW) {
		const char *name;
		size_t length;
		int order;

		rc = sqlite3_step(select);
		name = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(select, 0) : NULL;
		length = rc == SQLITE_ROW ? (size_t)sqlite3_column_bytes(select, 0) : 0;
		*ret_is_done = rc == SQLITE_DONE || (name != NULL && !is_inside(gap, name, length));
		if (name == NULL || *ret_is_done)
			break;
		order = compare(&last, name, length);
		/* Out of order is damage as well: the row before this one may be the wrong one. */
		if (is_upwards ? order >= 0 : order <= 0)
			break;
		status = hand_out(salvage, select, name);
		if (status != STATUS_OK)
			break;
		*side = last;
		set_key(&last, name, length);
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

static enum status
prepare(sqlite3 *db, struct salvage *salvage)
{
	static const char up[] = "SELECT name, owner, created, changed, records FROM names"
				 " WHERE name > ?1 ORDER BY name";
	static const char down[] = "SELECT name, owner, created, changed, records FROM names"
				   " WHERE name < ?1 ORDER BY name DESC";

	if (sqlite3_prepare_v2(db, up, -1, &salvage->up, NULL) != SQLITE_OK ||
	    sqlite3_prepare_v2(db, down, -1, &salvage->down, NULL) != SQLITE_OK)
		return STATUS_DAMAGED;
	return STATUS_OK;
}

enum status
salvage_rows(sqlite3 *db, enum status (*handler)(void *context, const struct store_row *row),
    void *context, bool *ret_is_whole)
{
	static const struct key first = { .length = 0 };
	static const struct key behind_last = { .length = 8,
		.text = "\377\377\377\377\377\377\377\377" };
	struct salvage salvage = { .handler = handler, .context = context };
	enum status status = prepare(db, &salvage);
	struct gap *gap;

	TAILQ_INIT(&salvage.gaps);
	if (status == STATUS_OK)
		status = add_gap(&salvage, &first, &behind_last);
	while (status == STATUS_OK && !TAILQ_EMPTY(&salvage.gaps)) {
		gap = TAILQ_FIRST(&salvage.gaps);
		TAILQ_REMOVE(&salvage.gaps, gap, entry);
		status = read_gap(&salvage, gap);
		free(gap);
	}
	while (!TAILQ_EMPTY(&salvage.gaps)) {
		gap = TAILQ_FIRST(&salvage.gaps);
		TAILQ_REMOVE(&salvage.gaps, gap, entry);
		free(gap);
	}
	(void)sqlite3_finalize(salvage.up);
	(void)sqlite3_finalize(salvage.down);
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
