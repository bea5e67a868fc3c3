/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The folder of keys that are made over the API, for fuzz targets: it is there while an input has keys
 * made, in memory where the system has a place for that. Random octets are the same each time here, and
 * with them the secrets of these keys.
 */
#pragma once

#include "auth/keyring.h"
#include "base/base64.h"

enum {
	MADE_KEYS_SECRET_SIZE = 32,
	MADE_KEYS_SECRET_TEXT = BASE64_TEXT_SIZE(MADE_KEYS_SECRET_SIZE)
};

/* It may not be there. */
const char *made_keys_folder(void);

/* The secret of each of them that has the usual algorithm. Returns text. */
const char *made_keys_secret(char text[static MADE_KEYS_SECRET_TEXT]);

/*
 * As the configuration does: adds the keys of all files. Aborts when a file is not what it has to
 * be: for its owner alone, of one key that is no administrator's and has the file's name.
 */
void made_keys_load(struct keyring *keyring);

/* The input is over: nothing stays. */
void made_keys_empty(void);
