/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads what can be read of a database whose pages are partly damaged, by going around the
 * damage, and moves such a file aside. Never writes into it, never deletes one.
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"
#include "registry/store.h"

/*
 * Hands each row that SQLite still reaches to handler, in any order, and ends at its first failure.
 * Once each; a row beside a name that is out of order may come twice. *ret_is_whole: there was no
 * page that could not be read. STATUS_DAMAGED when not even a search can be begun.
 */
enum status salvage_rows(sqlite3 *db,
    enum status (*handler)(void *context, const struct store_row *row), void *context,
    bool *ret_is_whole);

struct salvage_fact {
	const char *kind;
	const char *key;
	const char *value;
};

/* The same for facts: those of a kind, or all when it is NULL. */
enum status salvage_facts(sqlite3 *db, const char *kind,
    enum status (*handler)(void *context, const struct salvage_fact *fact), void *context,
    bool *ret_is_whole);

/*
 * Renames path, path-wal and path-shm, where they exist, to path.damaged-N and so on, with the first
 * N that no file has; ret_aside is that name. SQLite opens them together under the new name.
 */
enum status salvage_move_aside(const char *path, size_t aside_size, char *ret_aside);
