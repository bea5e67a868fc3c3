/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The block listen "http": where HTTP is spoken, with which certificate, and who may look without a
 * key. Opens no file. Part of config.c; nobody else includes it.
 */
#pragma once

#include "config/section.h"
#include "doors/dns_options.h"
#include "doors/web.h"

enum { CONFIG_WEB_PORT = 8053 };

/* The default port is this block's own; to be called before its values are read. */
void config_web_set_defaults(const struct config_section *section);

/* Options of listen "http" in a block of another title are complained about. */
void config_web_refuse_options(const struct config_section *section);

/*
 * Fills all of web but the limits, which another block has. Addresses that need a certificate and
 * have none give way to loopback, with a warning.
 */
void config_web_read(const struct config_section *section, struct web_options *web);

/*
 * Complains about a port that the other door has already, at this line, once both are known: their
 * blocks stand in any order.
 */
void config_web_check(struct config_reader *reader, unsigned line, const struct web_options *web,
    const struct dns_options *dns);
