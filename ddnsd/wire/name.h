/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Domain names. Everywhere in ddnsd a name is a pointer to its uncompressed, lower-cased wire form
 * (RFC 1035 3.1, RFC 4343): what libknot's parser yields. Only this file turns text into names.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	NAME_SIZE_MAX = 255,  /* octets on the wire, RFC 1035 2.3.4 */
	NAME_KEY_MAX = 512,   /* every octet of a name may need two in its key */
	NAME_TEXT_MAX = 1005, /* each octet escaped as \ddd, dots, NUL */
};

/* Storage for one name. */
struct name {
	uint8_t wire[NAME_SIZE_MAX];
};

/* Presentation form, with or without the final dot; always taken as fully qualified. Lower-cases. */
enum status name_from_text(const char *text, struct name *ret_name);

/* Presentation form without the final dot ("." for the root). Returns text. */
const char *name_to_text(const uint8_t *name, char text[static NAME_TEXT_MAX]);

/* Octets of the wire form, the root's zero included. */
size_t name_size(const uint8_t *name);

/* Number of labels, the root not counted. */
unsigned name_labels(const uint8_t *name);

void name_copy(struct name *ret_name, const uint8_t *name);

/* Copies any-case wire form and lower-cases it. */
void name_copy_lower(struct name *ret_name, const uint8_t *name);

bool name_is_equal(const uint8_t *one, const uint8_t *other);

/* Equal to ancestor, or below it. */
bool name_is_within(const uint8_t *name, const uint8_t *ancestor);

/* First label is "*" (RFC 4592 2.1.1). */
bool name_is_wildcard(const uint8_t *name);

/* The name without its first label; points into name. The root's parent is the root. */
const uint8_t *name_parent(const uint8_t *name);

/* prefix (a relative name in wire form, its final root ignored) before suffix. */
enum status name_join(const uint8_t *prefix, const uint8_t *suffix, struct name *ret_name);

/*
 * The key that sorts names by bytes in canonical order (RFC 4034 6.1): labels from the root down,
 * each ended by 0x00, with 0x00 and 0x01 inside a label written as 0x01 0x01 and 0x01 0x02. So no
 * two names share a key (libknot's lookup format has such pairs), and the names below a name are
 * those whose key begins with its key. Returns the length in octets.
 */
size_t name_key(const uint8_t *name, uint8_t key[static NAME_KEY_MAX]);

/*
 * May stand in a hosts file (RFC 952, RFC 1123 2.1): letters, digits and hyphens, a hyphen at
 * neither end of a label, at most 253 characters, at least one label.
 */
bool name_is_host(const uint8_t *name);
