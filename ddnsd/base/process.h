/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the kernel says of this process: time on the processor, memory, descriptors. Changes nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct process_report {
	int64_t cpu_ns; /* user and system, of all threads */
	uint64_t resident_bytes;
	uint64_t virtual_bytes;
	uint64_t threads;
	int64_t started_ms; /* wall clock, as it is now: moves when that is set */
	unsigned open_files;
	uint64_t open_files_max; /* UINT64_MAX: no limit */
};

/*
 * Reads /proc/self and asks the kernel. On failure (no /proc) nothing is filled: STATUS_NOT_FOUND,
 * STATUS_PERMISSION, STATUS_IO, or STATUS_MALFORMED where it is not what Linux writes.
 */
enum status process_report(struct process_report *ret_report);

/*
 * Where this process stands among all that started since the machine did: larger is later. It begins when the
 * process is made, not when it executes a program. 0: not known (no /proc).
 */
int64_t process_order(void);

/* The fields of /proc/PID/stat (proc(5)) that the report needs; for tests. False: malformed. */
struct process_stat {
	uint64_t threads;
	uint64_t started_ticks; /* since the machine's start */
	uint64_t virtual_bytes;
	uint64_t resident_pages;
};
bool process_read_stat(const char *text, struct process_stat *ret_stat);
