/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The text of ddnsd.conf and of key files, statement by statement and with the place of each, so
 * that one can be changed and every other byte stays. Knows the form of the grammar and no option's
 * meaning; judging is the daemon's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum {
	CONF_SIZE_MAX = 4 * 1024 * 1024, /* of a file */
	CONF_WORD_MAX = 64,
	CONF_TITLE_MAX = 1024,
	CONF_PROBLEM_MAX = 160,
};

enum conf_kind {
	CONF_BLOCK,     /* NAME "TITLE" { */
	CONF_OPTION,    /* NAME = VALUE, NAME = {VALUE, ...} */
	CONF_BLOCK_END, /* } */
};

/* Bytes of the text, from the first to behind the last. */
struct conf_span {
	size_t from;
	size_t to;
};

struct conf_item {
	enum conf_kind kind;
	char name[CONF_WORD_MAX]; /* of the option or the block */
	unsigned line;
	struct conf_span whole; /* a block's: its name to its {; an end's: the } */
	struct conf_span value; /* of an option, quotes and braces included */
	const char *first;      /* the first value as it is meant; "" where there is none */
	unsigned count;         /* of values */
};

struct conf_text {
	const char *text;
	size_t length;
	size_t at;
	unsigned line;
	bool is_in_block;
	char block[CONF_WORD_MAX];  /* that the last item is in, or begins, or ends; "" = none */
	char title[CONF_TITLE_MAX]; /* of that block; "" = none */
	char problem
	    [CONF_PROBLEM_MAX]; /* why reading ended early; "" = it did not. No secret in it. */
	struct buffer values;   /* of the last item, each ended by a NUL; may hold secrets */
};

/* text is borrowed. */
void conf_text_begin(struct conf_text *conf, const char *text, size_t length);

/* The next statement; false at the end, and where the form is broken (conf->problem says why). */
bool conf_text_next(struct conf_text *conf, struct conf_item *ret_item);

/* The values of the last item; index is below its count. Valid until the next call. */
const char *conf_text_value(const struct conf_text *conf, unsigned index);

/* Wipes and frees the values. */
void conf_text_release(struct conf_text *conf);

/* True when the text can stand between quotes in such a file as it is. */
bool conf_text_is_plain(const char *value);
