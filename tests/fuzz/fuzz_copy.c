/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks at hostile bytes as a copy of the database. They stay as they are, what is refused is
 * refused with a reason, and what is not can be restored and holds what was said of it.
 */
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "registry/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[64] = "/tmp/fuzz.ddnsd.XXXXXX";
static struct store *store;

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
remove_store(void)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };

	store_close(store);
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char path[PATH_MAX];

		(void)snprintf(path, sizeof(path), "%s/ddnsd.db%s", folder, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(folder);
}

/* One for all inputs. */
static void
open_store(void)
{
	char problem[STORE_PROBLEM_MAX];
	char path[PATH_MAX];

	expect(mkdtemp(folder) != NULL);
	(void)snprintf(path, sizeof(path), "%s/ddnsd.db", folder);
	expect(store_open(path, &store, problem) == STATUS_OK);
	expect(atexit(remove_store) == 0);
}

static enum status
count_name(void *context, const struct store_row *row)
{
	expect(row->name[0] != '\0' && row->owner != NULL);
	++*(uint64_t *)context;
	return STATUS_OK;
}

static void
expect_restorable(const uint8_t *data, size_t size, const struct store_copy_report *report)
{
	struct store_copy_report again;
	char problem[STORE_PROBLEM_MAX];
	uint64_t names = 0;
	uint8_t *bytes;
	size_t length;

	if (store == NULL)
		open_store();
	expect(store_restore(store, data, size, 1, problem) == STATUS_OK);
	expect(store_load(store, count_name, &names) == STATUS_OK);
	expect(names == report->names);
	expect(store_copy(store, &bytes, &length) == STATUS_OK);
	expect(store_check_copy(bytes, length, &again, problem) == STATUS_OK);
	expect(again.names == report->names && again.facts == report->facts);
	expect(again.newest_s == report->newest_s);
	store_free_copy(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *before = malloc(size + 1);
	struct store_copy_report report;
	char problem[STORE_PROBLEM_MAX];
	enum status status;

	if (before == NULL)
		return 0;
	memcpy(before, data, size);
	status = store_check_copy(data, size, &report, problem);
	expect((status == STATUS_OK) == (problem[0] == '\0'));
	expect(status == STATUS_OK || status == STATUS_MALFORMED || status == STATUS_REFUSED ||
	    status == STATUS_TOO_NEW || status == STATUS_DAMAGED || status == STATUS_NO_MEMORY);
	if (status == STATUS_OK)
		expect_restorable(data, size, &report);
	expect(memcmp(before, data, size) == 0);
	free(before);
	return 0;
}
