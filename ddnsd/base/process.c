/* SPDX-License-Identifier: GPL-3.0-or-later */
/* /proc/self/stat, /proc/self/fd, getrusage() and getrlimit(). */
#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"

enum { STAT_SIZE_MAX = 4096 };

/* The number behind so many blanks. */
static bool
read_field(const char *at, unsigned place, uint64_t *ret_number)
{
	char *end;

	for (; place > 0; place--) {
		at = strchr(at, ' ');
		if (at == NULL)
			return false;
		at++;
	}
	*ret_number = strtoull(at, &end, 10);
	return at[0] >= '0' && at[0] <= '9' && (*end == ' ' || *end == '\n' || *end == '\0');
}

bool
process_read_stat(const char *text, struct process_stat *ret_stat)
{
	/* The program's name stands in parentheses and may hold some itself: the last one counts. */
	const char *at = strrchr(text, ')');
	struct process_stat stat;

	/* Behind it is field 3, and a blank before each: num_threads is field 20 of proc(5). */
	if (at == NULL || !read_field(at, 18, &stat.threads) ||
	    !read_field(at, 20, &stat.started_ticks) || !read_field(at, 21, &stat.virtual_bytes) ||
	    !read_field(at, 22, &stat.resident_pages))
		return false;
	*ret_stat = stat;
	return true;
}

static enum status
read_stat(struct process_stat *ret_stat)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, STAT_SIZE_MAX);
	status = file_read("/proc/self/stat", &text);
	if (status == STATUS_OK)
		status = buffer_append(&text, "", 1);
	if (status == STATUS_OK && !process_read_stat(text.data, ret_stat))
		status = STATUS_MALFORMED;
	buffer_release(&text);
	return status;
}

int64_t
process_order(void)
{
	struct process_stat stat;

	/* Ticks are coarse; within one, process numbers (below 2^22, proc(5)) grow too. */
	if (read_stat(&stat) != STATUS_OK)
		return 0;
	return (int64_t)(stat.started_ticks << 22 | (uint64_t)getpid());
}

/* There are no more than the limit lets us open, which bounds the walk. */
static enum status
count_open_files(unsigned *ret_count)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;
	const struct dirent *entry;

	if (folder == NULL)
		return file_status(errno);
	while ((entry = readdir(folder)) != NULL)
		count += entry->d_name[0] != '.';
	(void)closedir(folder);
	/* The one that it was counted by is gone. */
	*ret_count = count > 0 ? count - 1 : 0;
	return STATUS_OK;
}

static int64_t
ns_of(const struct timeval *time)
{
	return (int64_t)time->tv_sec * 1000000000 + (int64_t)time->tv_usec * 1000;
}

enum status
process_report(struct process_report *ret_report)
{
	int64_t ticks_a_second = sysconf(_SC_CLK_TCK);
	int64_t page_size = sysconf(_SC_PAGESIZE);
	struct process_stat stat;
	struct rusage usage;
	struct rlimit limit;
	unsigned open_files = 0;
	int64_t age_ms;
	enum status status = read_stat(&stat);

	if (status == STATUS_OK)
		status = count_open_files(&open_files);
	if (status != STATUS_OK)
		return status;
	if (ticks_a_second <= 0 || page_size <= 0 || getrusage(RUSAGE_SELF, &usage) != 0 ||
	    getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return STATUS_IO;
	/* Both count from the machine's start, its sleep included; /proc/stat may be hidden. */
	age_ms = clock_now_ms() - (int64_t)stat.started_ticks * 1000 / ticks_a_second;
	*ret_report = (struct process_report){
		.cpu_ns = ns_of(&usage.ru_utime) + ns_of(&usage.ru_stime),
		.resident_bytes = stat.resident_pages * (uint64_t)page_size,
		.virtual_bytes = stat.virtual_bytes,
		.threads = stat.threads,
		.started_ms = clock_wall_ms() - age_ms,
		.open_files = open_files,
		.open_files_max = limit.rlim_cur == RLIM_INFINITY ? UINT64_MAX : limit.rlim_cur,
	};
	return STATUS_OK;
}
