/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Key files that ddnsctl edits: a text that is understood is still understood afterwards, says what was
 * meant, and any other is refused with a reason.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/key_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char name[] = "laptop";
static const char secret[] = "bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmV3bmU=";

enum { UNTIL_S = 1796083200 }; /* 2026-12-01T00:00:00Z */

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static const char *
text_of(const struct buffer *buffer)
{
	return buffer->data != NULL ? buffer->data : "";
}

/* What is refused says why; what is taken is the key's new secret, the old one beside it. */
static void
rotate(const char *text, size_t size)
{
	char problem[KEY_PROBLEM_MAX];
	struct key_found before;
	struct key_found after;
	struct buffer edited;
	enum status found = key_file_find(text, size, name, &before, problem);
	enum status status;

	buffer_init(&edited, 2 * size + 4096);
	status = key_file_rotate(text, size, name, secret, UNTIL_S, &edited, problem);
	if (status == STATUS_OK) {
		expect(found == STATUS_OK);
		expect(key_file_find(text_of(&edited), edited.length, name, &after, problem) ==
		    STATUS_OK);
		expect(strcmp(after.secret, secret) == 0);
		expect(strcmp(after.old_until, "2026-12-01T00:00:00Z") == 0);
		expect(strcmp(after.algorithm, before.algorithm) == 0);
		expect(after.keys == before.keys);
		expect(after.has_old_secret == (before.secret[0] != '\0'));
	} else {
		expect(edited.length == 0);
		expect(status == STATUS_NOT_FOUND || problem[0] != '\0');
	}
	buffer_release(&edited);
}

static void
take_away(const char *text, size_t size)
{
	char problem[KEY_PROBLEM_MAX];
	struct key_found found;
	struct buffer left;

	buffer_init(&left, size + 1);
	if (key_file_remove(text, size, name, &left, problem) == STATUS_OK)
		expect(key_file_find(text_of(&left), left.length, name, &found, problem) ==
		    STATUS_NOT_FOUND);
	buffer_release(&left);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A block of its own, not ended by a NUL: a step too far is seen. */
	char *text = malloc(size > 0 ? size : 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	rotate(text, size);
	take_away(text, size);
	free(text);
	return 0;
}
