/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What is UTF-8 (RFC 3629) and what is not. Changes nothing. */
#pragma once

#include <stddef.h>

/* The octets of the character that text begins with, 1 to 4; 0: it is none. text ends with a NUL. */
size_t utf8_character_size(const char *text);
