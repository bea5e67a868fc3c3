/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whether rdata are made of their type's fields: what libknot relies on, and does not look at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/*
 * True when [at, end) is made of the fields of that type and nothing more. wire: the beginning of the
 * message, for names that are compressed; NULL: none may be. libknot 3.2.6 lets bytes behind a
 * compressed name pass. Types that libknot does not know have no form.
 */
bool rdata_is_whole(uint16_t type, const uint8_t *at, const uint8_t *end, const uint8_t *wire);
