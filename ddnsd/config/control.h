/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The block control: the Unix socket, and who may connect. Part of config.c; nobody else includes it. */
#pragma once

#include "config/section.h"
#include "doors/control.h"

/* Fills control, or complains. Warns of a socket that everybody may connect to. */
void config_control_read(const struct config_section *section, struct control_options *control);
