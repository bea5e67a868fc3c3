/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Records in presentation form (RFC 1035 5.1, RFC 3597), both ways, for people and for JSON. */
#pragma once

#include <libknot/rdata.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

enum { RECORD_TYPE_TEXT_MAX = 16, RECORD_DATA_TEXT_MAX = 4 * 65536 };

/* "AAAA", "TYPE65280". Returns text. */
const char *record_type_to_text(uint16_t type, char text[static RECORD_TYPE_TEXT_MAX]);

/* Mnemonics in any case and TYPEnnn; ANY and other meta types are STATUS_MALFORMED. */
enum status record_type_from_text(const char *text, uint16_t *ret_type);

/*
 * Rdata as text, without owner, TTL, class and type, ended with NUL, that record_data_from_text()
 * reads back: as RFC 3597 5 has it where libknot's own form is not. STATUS_TOO_LARGE when it does
 * not fit into size; STATUS_MALFORMED when the rdata are not of the type's form; STATUS_NO_MEMORY.
 */
enum status record_data_to_text(uint16_t type, const knot_rdata_t *rdata, char *text, size_t size);

/*
 * Text to canonical rdata in the arena; relative names in it are below origin (lower-cased wire
 * form). One record and nothing else: a newline, a bracket left open or a directive is
 * STATUS_MALFORMED, and *ret_reason (static text) says what is wrong. STATUS_NO_MEMORY.
 */
enum status record_data_from_text(uint16_t type, const char *text, const uint8_t *origin,
    struct arena *arena, const knot_rdata_t **ret_rdata, const char **ret_reason);
