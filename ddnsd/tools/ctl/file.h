/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a command is given to read. */
#pragma once

#include "base/buffer.h"
#include "tools/ctl/command.h"

/*
 * A whole file or pipe, or standard input for "-", up to the buffer's ceiling less 64 KiB. Says what
 * is wrong.
 */
enum ctl_exit ctl_read_file(const char *path, struct buffer *ret_bytes);
