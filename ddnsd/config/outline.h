/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The outline of a configuration's text: which block and which option stands on which line, and a
 * text without traps for libconfuse. Judges names and form, never values. Part of config.c; nobody
 * else includes it.
 *
 * It is needed because libconfuse 3.3 stops at the first unknown option, lets a second block or option of
 * the same name replace the first, takes a file that ends inside a block, skips characters that it does
 * not know, follows "a|b" into other blocks, replaces ${NAME} by the environment, reads 010 as
 * 8, and counts a line with a comment three times.
 */
#pragma once

#include <confuse.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "config/reader.h"

enum {
	CONFIG_BLOCKS_MAX = 10000, /* in one file */
	CONFIG_OPTIONS_MAX = 16,   /* in one block */
	CONFIG_STRING_MAX = 4096,  /* octets in one value */
};

/* A block as it stands in the file: zone "home.arpa" { ... }. */
struct config_block {
	const cfg_opt_t *section;           /* in the table of options; NULL: the top level */
	char *title;                        /* NULL = none */
	unsigned line;                      /* where it begins */
	unsigned lines[CONFIG_OPTIONS_MAX]; /* by place in the table; 0 = not given */
	char *written[CONFIG_OPTIONS_MAX];  /* numbers and flags as they stand there; NULL = none */
};

struct config_outline {
	struct buffer text;          /* for cfg_parse_buf(), ended by a NUL; secrets among it */
	struct config_block *blocks; /* in the file's order; the first is the top level */
	size_t block_count;
};

/*
 * Reads the outline of text. options is the table of the top level: a section marked CFGF_MULTI has a
 * title, and the title is left out of the text for libconfuse, which then keeps the blocks in order
 * and apart. Unknown names, things given twice and the wrong kind of value are complained about and left out
 * of the text. False when the text's form is broken, so that the rest of it has no meaning.
 */
bool config_outline_read(struct config_outline *ret_outline, struct config_reader *reader,
    const cfg_opt_t *options, const char *text);

/* Wipes the text. */
void config_outline_release(struct config_outline *outline);
