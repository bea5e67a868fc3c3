/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The API's paths and answers, for the commands: paths put together, members taken out, and the
 * things that several commands show alike (addresses, expiries, publications).
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "tools/ctl/command.h"
#include "tools/ctl/output.h"

enum { PATH_TEXT_MAX = 8 * 1024, SENTENCE_MAX = 512 };

/* Begins a path; segments and a query follow. The caller releases it. */
void path_init(struct buffer *path, const char *begin);
void path_add_segment(struct buffer *path, const char *segment);

/* Adds "?key=value" or "&key=value"; nothing when value is NULL. */
void path_add_query(struct buffer *path, const char *key, const char *value);

/* The path as text, valid until it changes; NULL (said on stderr): it is too long. */
const char *path_text(struct buffer *path);

/* client_call() with a path that path_init() began; releases it. */
enum ctl_exit path_call(const struct ctl *ctl, const char *method, struct buffer *path,
    const json_t *body, json_t **ret_json);

/* A text that is a member; "" when it is none. Valid as long as the object. */
const char *answer_text(const json_t *object, const char *member);
int64_t answer_number(const json_t *object, const char *member);
bool answer_is_true(const json_t *object, const char *member);

/* The addresses of a NAME, separated by that; of one that has none its types, in brackets. */
void answer_addresses(const json_t *name, const char *separator, struct buffer *ret_text);

/* The earliest expiry among a NAME's records; NULL: none ends. */
const char *answer_expiry(const json_t *name);

/* "29 Nov 10:00 (in 6 d)"; "never" for NULL. Returns text. */
const char *answer_until(const char *iso, char text[static SENTENCE_MAX]);

/*
 * A publication in words: "confirmed" and so on become a sentence that begins small and ends
 * without a point. object is that of a NAME, of the status or of an event. Returns text.
 */
const char *answer_publication(const json_t *object, enum output_style *ret_style,
    char text[static SENTENCE_MAX]);

/*
 * Gets all names of GET /v1/names with these filters (each may be NULL), page by page, as an array
 * of NAME that the caller frees.
 */
struct answer_filter {
	const char *match;
	const char *zone;
	const char *source;
	const char *owner;
};
enum ctl_exit answer_names(const struct ctl *ctl, const struct answer_filter *filter,
    json_t **ret_names);

/* The zones of the daemon, an array that the caller frees. */
enum ctl_exit answer_zones(const struct ctl *ctl, json_t **ret_zones);

/*
 * True when a name fits a pattern with * and ?, whatever its case. A pattern without a dot fits the
 * first label too.
 */
bool answer_name_fits(const char *name, const char *pattern);
