/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A zone's file, for whoever prints or exports it. */
#pragma once

#include "tools/ctl/client.h"
#include "tools/ctl/command.h"

/* The zone as a zone file, in an answer that the caller releases. Failures are said on stderr. */
enum ctl_exit zone_fetch(const struct ctl *ctl, const char *zone, struct client_answer *ret_answer);
