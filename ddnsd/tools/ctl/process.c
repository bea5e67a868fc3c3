/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Looks through /proc. */
#include "tools/ctl/process.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"

enum { STATUS_FILE_MAX = 65536, START_FIELD = 22 };

static enum status
read_proc(pid_t pid, const char *name, struct buffer *text)
{
	char path[64];
	enum status status;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	buffer_init(text, PROCESS_COMMAND_MAX);
	status = file_read(path, text);
	if (status == STATUS_OK)
		status = buffer_append(text, "", 1);
	if (status != STATUS_OK)
		buffer_release(text);
	return status;
}

/* Behind "NAME:" at the start of a line; NULL when there is none. */
static const char *
field(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (; text != NULL; text = strchr(text, '\n')) {
		text += *text == '\n' ? 1 : 0;
		if (strncmp(text, name, length) == 0 && text[length] == ':')
			return text + length + 1;
	}
	return NULL;
}

/* The number in that place of a row of numbers. */
static unsigned long
number(const char *row, unsigned place)
{
	char *end = NULL;
	unsigned long value = 0;

	for (unsigned i = 0; row != NULL && i <= place; i++) {
		value = strtoul(row, &end, 10);
		row = end;
	}
	return value;
}

static void
read_groups(struct process *process, const char *row)
{
	while (row != NULL && process->group_count < PROCESS_GROUPS_MAX) {
		char *end;
		unsigned long group = strtoul(row, &end, 10);

		if (end == row || memchr(row, '\n', (size_t)(end - row)) != NULL)
			return;
		process->groups[process->group_count++] = (gid_t)group;
		row = end;
	}
}

/* The comm may hold blanks and brackets: the fields are counted from behind its last bracket. */
static int64_t
read_start(pid_t pid)
{
	struct buffer text;
	const char *at;
	struct timespec up;
	long ticks = sysconf(_SC_CLK_TCK);
	int64_t age_s = 0;

	if (ticks <= 0 || read_proc(pid, "stat", &text) != STATUS_OK)
		return 0;
	at = strrchr(text.data, ')');
	for (unsigned i = 2; at != NULL && i < START_FIELD; i++)
		at = strchr(at + 1, ' ');
	if (at != NULL && clock_gettime(CLOCK_BOOTTIME, &up) == 0)
		age_s = up.tv_sec - (int64_t)(strtoull(at, NULL, 10) / (unsigned long)ticks);
	buffer_release(&text);
	return at != NULL ? (int64_t)time(NULL) - age_s : 0;
}

static bool
has_other_root(pid_t pid)
{
	struct stat ours;
	struct stat its;
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/root/.", (int)pid);
	return stat("/", &ours) == 0 && stat(path, &its) == 0 &&
	    (ours.st_dev != its.st_dev || ours.st_ino != its.st_ino);
}

bool
process_read(pid_t pid, struct process *ret_process)
{
	struct process process = { .pid = pid };
	struct buffer text;
	const char *name;
	size_t length;

	if (pid <= 0 || read_proc(pid, "status", &text) != STATUS_OK)
		return false;
	name = field(text.data, "Name");
	if (name == NULL) {
		buffer_release(&text);
		return false;
	}
	name += strspn(name, "\t ");
	length = strcspn(name, "\n");
	if (length >= sizeof(process.comm))
		length = sizeof(process.comm) - 1;
	memcpy(process.comm, name, length);
	process.parent = (pid_t)number(field(text.data, "PPid"), 0);
	process.uid = (uid_t)number(field(text.data, "Uid"), 1);
	process.groups[process.group_count++] = (gid_t)number(field(text.data, "Gid"), 1);
	read_groups(&process, field(text.data, "Groups"));
	buffer_release(&text);
	process.started_wall_s = read_start(pid);
	process.is_elsewhere = has_other_root(pid);
	*ret_process = process;
	return true;
}

bool
process_is_dnsmasq(const struct process *process)
{
	return strcmp(process->comm, "dnsmasq") == 0 || strcmp(process->comm, "pihole-FTL") == 0;
}

pid_t
process_of_pid_file(const char *path)
{
	struct buffer text;
	pid_t pid = 0;

	buffer_init(&text, 64);
	if (path[0] != '\0' && file_read(path, &text) == STATUS_OK &&
	    buffer_append(&text, "", 1) == STATUS_OK)
		pid = (pid_t)strtol(text.data, NULL, 10);
	buffer_release(&text);
	return pid;
}

/* Calls handler for each process until it returns false. */
static void
walk(bool (*handler)(void *context, const struct process *process), void *context)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	bool goes_on = true;

	if (folder == NULL)
		return;
	while (goes_on) {
		struct process process;

		entry = readdir(folder);
		if (entry == NULL)
			break;
		if (isdigit((unsigned char)entry->d_name[0]) &&
		    process_read((pid_t)strtol(entry->d_name, NULL, 10), &process))
			goes_on = handler(context, &process);
	}
	(void)closedir(folder);
}

struct search {
	struct process *found;
	const char *comm;
	unsigned capacity;
	unsigned count;
};

static bool
take_dnsmasq(void *context, const struct process *process)
{
	struct search *search = context;
	struct process parent;

	if (!process_is_dnsmasq(process) ||
	    (process_read(process->parent, &parent) && process_is_dnsmasq(&parent)))
		return true;
	if (search->count < search->capacity)
		search->found[search->count] = *process;
	search->count++;
	return true;
}

unsigned
process_find_dnsmasq(struct process *processes, unsigned capacity)
{
	struct search search = { .found = processes, .capacity = capacity };

	walk(take_dnsmasq, &search);
	return search.count;
}

static bool
compare_comm(void *context, const struct process *process)
{
	struct search *search = context;

	if (strcmp(process->comm, search->comm) == 0)
		search->count++;
	return search->count == 0;
}

bool
process_is_running(const char *comm)
{
	struct search search = { .comm = comm };

	walk(compare_comm, &search);
	return search.count > 0;
}

enum status
process_command(pid_t pid, struct buffer *ret_arguments)
{
	struct buffer text;
	enum status status = read_proc(pid, "cmdline", &text);

	if (status != STATUS_OK)
		return status;
	status = buffer_append(ret_arguments, text.data, text.length);
	buffer_release(&text);
	return status;
}

const char *
process_root(const struct process *process, char text[static 32])
{
	text[0] = '\0';
	if (process->is_elsewhere)
		(void)snprintf(text, 32, "/proc/%d/root", (int)process->pid);
	return text;
}

static bool
may_here(const struct process *process, const struct stat *about, int mode)
{
	mode_t bits = about->st_mode;

	if (process->uid == 0)
		return (mode & X_OK) == 0 || S_ISDIR(bits) || (bits & 0111) != 0;
	if (about->st_uid == process->uid)
		return ((int)(bits >> 6) & mode) == mode;
	for (unsigned i = 0; i < process->group_count; i++) {
		if (about->st_gid == process->groups[i])
			return ((int)(bits >> 3) & mode) == mode;
	}
	return ((int)bits & mode) == mode;
}

bool
process_may(const struct process *process, const char *path, int mode,
    char ret_obstacle[static PATH_MAX])
{
	struct stat about;
	size_t length = strlen(path);

	ret_obstacle[0] = '\0';
	if (length >= PATH_MAX)
		return false;
	for (const char *slash = strchr(path + 1, '/'); slash != NULL;
	     slash = strchr(slash + 1, '/')) {
		memcpy(ret_obstacle, path, (size_t)(slash - path));
		ret_obstacle[slash - path] = '\0';
		if (stat(ret_obstacle, &about) != 0) {
			ret_obstacle[0] = '\0';
			return false;
		}
		if (!may_here(process, &about, X_OK))
			return false;
	}
	if (stat(path, &about) != 0) {
		ret_obstacle[0] = '\0';
		return false;
	}
	memcpy(ret_obstacle, path, length + 1);
	if (!may_here(process, &about, mode))
		return false;
	ret_obstacle[0] = '\0';
	return true;
}
