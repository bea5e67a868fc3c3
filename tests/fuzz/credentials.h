/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What clients of HTTP say of the keys of world.h, for inputs: marks in them stand for secrets, which
 * no fuzzer finds. "<A>", "<B>", "<T>", "<S>" are Basic credentials, Bearer credentials, NAME:SECRET and
 * the secret of the administrator; "<a>", "<b>", "<t>", "<s>" those of the laptop, "<n>", "<o>", "<m>",
 * "<r>" those of the long name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base64.h"
#include "base/buffer.h"

#include "world.h"

enum {
	CREDENTIALS_MARK_SIZE = 3,
	CREDENTIALS_SECRET_SIZE = BASE64_TEXT_SIZE(WORLD_SECRET_SIZE),
};

/* The secret as it stands in a key's file. Returns text. */
const char *credentials_secret(enum world_key key, char text[static CREDENTIALS_SECRET_SIZE]);

/* Appends what the mark that data begins with stands for. False: there is none. */
bool credentials_append_mark(const uint8_t *data, size_t size, struct buffer *octets,
    enum world_key *ret_key);
