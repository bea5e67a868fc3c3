/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes names and secrets of the fuzz targets' keys. Checks nothing. */
#include "credentials.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 512 };

/* A row a key, in the order of enum world_key. */
static const char letters[WORLD_KEYS][5] = { "ABTS", "abts", "nomr" };

enum form { FORM_BASIC, FORM_BEARER, FORM_TOKEN, FORM_SECRET };

const char *
credentials_secret(enum world_key key, char text[static CREDENTIALS_SECRET_SIZE])
{
	return base64_encode(world_secrets[key], WORLD_SECRET_SIZE, text);
}

static void
append(enum world_key key, enum form form, struct buffer *octets)
{
	char secret[CREDENTIALS_SECRET_SIZE];
	char token[TEXT_MAX];
	char basic[BASE64_TEXT_SIZE(TEXT_MAX)];

	(void)snprintf(token, sizeof(token), "%s:%s", world_key_names[key],
	    credentials_secret(key, secret));
	(void)base64_encode((const uint8_t *)token, strlen(token), basic);
	if (form == FORM_BASIC)
		(void)buffer_format(octets, "Basic %s", basic);
	else if (form == FORM_BEARER)
		(void)buffer_format(octets, "Bearer %s", token);
	else
		(void)buffer_append_text(octets, form == FORM_TOKEN ? token : secret);
}

bool
credentials_append_mark(const uint8_t *data, size_t size, struct buffer *octets,
    enum world_key *ret_key)
{
	if (size < CREDENTIALS_MARK_SIZE || data[0] != '<' || data[1] == '\0' || data[2] != '>')
		return false;
	for (enum world_key key = 0; key < WORLD_KEYS; key++) {
		const char *letter = strchr(letters[key], data[1]);

		if (letter != NULL) {
			append(key, (enum form)(letter - letters[key]), octets);
			*ret_key = key;
			return true;
		}
	}
	return false;
}
