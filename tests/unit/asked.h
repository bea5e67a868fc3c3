/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Updates for tests, written as a person writes them for nsupdate. Fails the test on what it cannot
 * read; decides nothing about what may be asked.
 */
#pragma once

#include "base/arena.h"
#include "wire/name.h"
#include "wire/update.h"

/*
 * Lines end with a newline or a semicolon. Names without a final dot are below the zone, "@" is its
 * apex. The zone is home.arpa until a line says otherwise.
 *
 *   zone example.net                 lease 3600
 *   add NAME TTL TYPE RDATA          delete NAME [TYPE [RDATA]]
 *   yxdomain NAME                    nxdomain NAME
 *   yxrrset NAME TYPE [RDATA]        nxrrset NAME TYPE
 *
 * All that comes back lives in the arena.
 */
const struct update *asked_for(struct arena *arena, const char *text);

/* One name, read in the same way. */
void asked_name(struct name *ret_name, const char *text, const char *zone);
