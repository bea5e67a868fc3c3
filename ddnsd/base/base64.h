/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 as RFC 4648 section 4 has it, and nothing looser. Both ways. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/*
 * Decodes the whole text: padded to a multiple of four, no blank, no line end, no bit set behind
 * the last octet (RFC 4648 3.5). STATUS_MALFORMED; STATUS_TOO_LARGE when it does not fit. On
 * failure ret_bytes may hold a part, which the caller wipes where it is secret.
 */
enum status base64_decode(const char *text, uint8_t *ret_bytes, size_t capacity, size_t *ret_size);

/* What the text of so many octets takes, its NUL included. */
#define BASE64_TEXT_SIZE(octets) (((octets) + 2) / 3 * 4 + 1)

/* Writes BASE64_TEXT_SIZE(size) characters, padded. Returns text. */
const char *base64_encode(const uint8_t *bytes, size_t size, char *text);
