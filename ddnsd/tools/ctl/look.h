/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Looks at the daemon without a word on the terminal: for commands that judge the answer
 * themselves.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "tools/ctl/command.h"

/*
 * One request with a JSON body (NULL: none). CTL_DONE: there is an answer, whatever it says: its
 * status in ret_code, its JSON in ret_json (NULL where it had none; freed with json_decref()).
 * CTL_UNREACHABLE, CTL_FAILED as client_send(); ret_json is NULL then.
 */
enum ctl_exit look_send(const struct ctl *ctl, const char *method, const char *path,
    const json_t *body, unsigned *ret_code, json_t **ret_json);

/* GET with status 200, or NULL. */
json_t *look_get(const struct ctl *ctl, const char *path);

/* A text by its path ("publication.mode"); otherwise, where it is not there, no text, or empty. */
const char *look_text(const json_t *json, const char *path, const char *otherwise);

/* By its path; borrowed; NULL where it is not there or null. */
const json_t *look_value(const json_t *json, const char *path);

/* Waits a little between two looks. */
void look_pause(unsigned ms);
