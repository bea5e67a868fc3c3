/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * All settings in force, defaults included, as text a block, kept so that a reload can say what it
 * changed. Of secrets it keeps a digest. Part of config.c; nobody else includes it.
 */
#pragma once

#include <confuse.h>

#include "base/buffer.h"
#include "base/status.h"

struct config_settings;

/* NULL when out of memory. */
struct config_settings *config_settings_new(void);

/* Takes NULL. */
void config_settings_free(struct config_settings *settings);

/* Adds a block under its label: "" for the top level, "limits", "key laptop". No label twice. */
enum status config_settings_add(struct config_settings *settings, const char *label,
    const cfg_t *values);

/* To be called once, behind the last config_settings_add(). */
void config_settings_sort(struct config_settings *settings);

/* Appends what differs, a line each. */
void config_settings_describe(const struct config_settings *before,
    const struct config_settings *after, struct buffer *text);
