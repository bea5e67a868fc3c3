/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Base64 as RFC 4648 section 4 has it, and nothing looser. */
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
