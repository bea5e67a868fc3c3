/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client's own configuration looks like for a key: text to paste, and the grants it needs.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "tools/ctl/key_file.h"
#include "tools/ctl/site.h"

enum {
	SNIPPET_GRANTS_MAX = 8,
	SNIPPET_GRANT_MAX = SITE_NAME_MAX + 64,
	SNIPPET_SIZE_MAX = 65536,
	SNIPPET_NOTES_MAX = 2,
	SNIPPET_NOTE_MAX = PATH_MAX + 320,
};

struct snippet_facts {
	const struct site *site;
	const char *key;
	const char *secret;
	const struct key_algorithm *algorithm;
	const char *server;  /* as the client reaches it: a name or an address */
	const char *address; /* of it; "" = it has none that we know */
	unsigned port;
	const char *name; /* what `self` is in the first zone, without a final dot */
	const char *zone; /* that holds it */
};

struct snippet;

/* NULL when there is no such client. */
const struct snippet *snippet_find(const char *client);

/* "nsupdate, kea, ..." for messages. */
extern const char snippet_clients[];

const char *snippet_client(const struct snippet *snippet);

/* True when its configuration takes no host name for the server. */
bool snippet_needs_address(const struct snippet *snippet);

/* True when one key speaks for many machines. */
bool snippet_is_for_many(const struct snippet *snippet);

/* True when it comes by the HTTP door, not by DNS. */
bool snippet_speaks_http(const struct snippet *snippet);

/* "https", or "http" where that is all that the HTTP door speaks. */
const char *snippet_scheme(const struct site *site);

/* The first address of the door that it comes by; "" = not known. */
const char *snippet_listen(const struct snippet *snippet, const struct site *site);

/* As key_secret_make(); without "+" and "/" for a client that may write it into a URL as it is. */
bool snippet_make_secret(const struct snippet *snippet, const struct key_algorithm *algorithm,
    char secret[static KEY_SECRET_TEXT_MAX]);

/* What the door that it comes by lacks, a sentence each without a final stop; returns how many. */
size_t snippet_notes(const struct snippet *snippet, const struct snippet_facts *facts,
    char notes[static SNIPPET_NOTES_MAX][SNIPPET_NOTE_MAX]);

/* The grants that this client needs; returns how many. */
size_t snippet_grants(const struct snippet *snippet, const struct snippet_facts *facts,
    char grants[static SNIPPET_GRANTS_MAX][SNIPPET_GRANT_MAX]);

/* Appends the text. The secret stands in it once. */
enum status snippet_append(const struct snippet *snippet, const struct snippet_facts *facts,
    struct buffer *text);
