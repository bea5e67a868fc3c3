/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Blocks that fill a part's own options: zone, listen, publish. Each function complains about what is
 * wrong; its result then counts for nothing, as the whole reading fails. Part of config.c; nobody else
 * includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "config/section.h"
#include "doors/dns_options.h"
#include "publisher/publisher.h"
#include "registry/registry.h"

/* A zone that overlaps none of the others, which were read before it. False: there is none to keep. */
bool config_zone_read(const struct config_section *section, const struct zone_options *others,
    size_t other_count, struct zone_options *ret_zone);

/*
 * The block listen "dns". Fills the listen part of dns, which a block before it may have filled: that is
 * complained about.
 */
void config_listen_read(const struct config_section *section, struct dns_options *dns);

void config_publish_read(const struct config_section *section, struct publisher_options *publish);

/* Warns where the folder of a hostsdir holds more than our file. Looks at the file system. */
void config_publish_look(struct config_reader *reader, const struct publisher_options *publish);
