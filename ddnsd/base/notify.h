/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Tells the service manager how we are: sd_notify(3)'s protocol, spoken by hand. Does nothing when
 * no manager asked (NOTIFY_SOCKET), never waits for it, and leaves the environment as it is.
 */
#pragma once

#include <stdint.h>

/*
 * Sends one message of "NAME=value" lines joined by newlines, such as "READY=1\nSTATUS=...". Lost
 * without a word when the manager does not listen: a daemon cannot do anything about that.
 */
void notify_send(const char *text);

/* Says that a reload begins ("RELOADING=1" and its time); READY=1 ends it. */
void notify_reloading(void);

/*
 * Milliseconds between two WATCHDOG=1, half of what the manager allows, at least 1; 0: it does not
 * watch us (sd_watchdog_enabled(3)).
 */
int64_t notify_watchdog_ms(void);
