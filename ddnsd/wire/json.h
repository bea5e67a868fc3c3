/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * JSON from strangers (over jansson): strict parsing, and members taken out one by one with a
 * sentence about what is wrong. Values live in their json_t.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum { JSON_PROBLEM_MAX = 256 };

/*
 * One object and nothing behind it; members given twice, bad UTF-8, a NUL in a text and nesting
 * deeper than 32 are refused. STATUS_MALFORMED (ret_problem says what and where), STATUS_NO_MEMORY.
 * The caller frees with json_decref().
 */
enum status json_parse_object(const char *text, size_t length, json_t **ret_object,
    char ret_problem[static JSON_PROBLEM_MAX]);

/*
 * Taking members out. A member that is not there, or is null, leaves ret_ as it is and is fine. One of the wrong
 * kind makes the result false and ret_problem a sentence, unless that holds one already: so a chain
 * of calls needs one look at the end.
 */
bool json_take_text(const json_t *object, const char *member, const char **ret_text,
    char ret_problem[static JSON_PROBLEM_MAX]);
bool json_take_integer(const json_t *object, const char *member, int64_t low, int64_t high,
    int64_t *ret_number, char ret_problem[static JSON_PROBLEM_MAX]);
bool json_take_flag(const json_t *object, const char *member, bool *ret_flag,
    char ret_problem[static JSON_PROBLEM_MAX]);
bool json_take_array(const json_t *object, const char *member, const json_t **ret_array,
    char ret_problem[static JSON_PROBLEM_MAX]);

/* Complains about the first member that is not among these (NULL ends them): a typing error. */
bool json_has_only(const json_t *object, const char *const *members,
    char ret_problem[static JSON_PROBLEM_MAX]);
