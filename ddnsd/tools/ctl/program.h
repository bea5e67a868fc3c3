/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program without a shell and listens to what it says, for a bounded time. */
#pragma once

#include "base/buffer.h"
#include "base/status.h"

/*
 * Runs argv[0] (looked up in PATH unless it has a slash) with argv, stdin empty, stdout and stderr
 * appended to ret_output with a NUL behind it that length does not count. It is killed after
 * timeout_ms (STATUS_IO). STATUS_NOT_FOUND: there is no such program. *ret_code: its exit status,
 * 128 + N for a signal.
 */
enum status program_run(const char *const *argv, int timeout_ms, struct buffer *ret_output,
    int *ret_code);
