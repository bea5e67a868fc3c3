/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lengths of time as people write them: "90", "10s", "7d". Reads no clock. */
#pragma once

#include <stdint.h>

#include "base/status.h"

enum { DURATION_TEXT_MAX = 24 };

/*
 * A decimal number of seconds, or one with a unit behind it: s, m, h, d (24 hours) or w (7 days).
 * No sign, no blank, no fraction. STATUS_MALFORMED; STATUS_TOO_LARGE beyond 10^12 seconds.
 */
enum status duration_from_text(const char *text, int64_t *ret_s);

/* In the largest unit that divides it ("7d" gives "1w"). seconds is not negative. Returns text. */
const char *duration_to_text(int64_t seconds, char text[static DURATION_TEXT_MAX]);
