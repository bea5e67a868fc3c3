/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reads as dnsmasq's option.c does (2.73 to 2.93): quotes and escapes, comments, conf-file,
 * conf-dir with its suffixes, each file once.
 */
#include "tools/ctl/dnsmasq_conf.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/file.h"

enum { DEPTH_MAX = 8, PROBLEMS_MAX = 4096, SUFFIXES_MAX = 16 };

struct dnsmasq_conf {
	char *root;
	struct dnsmasq_option *options;
	size_t count;
	size_t capacity;
	char *files[DNSMASQ_FILES_MAX]; /* as they are named, without root */
	struct {
		dev_t device;
		ino_t inode;
	} places[DNSMASQ_FILES_MAX];
	size_t file_count;
	char *folders[DNSMASQ_FILES_MAX]; /* read by conf-dir */
	size_t folder_count;
	unsigned depth;
	char problems[PROBLEMS_MAX];
};

static enum status read_options_of(struct dnsmasq_conf *conf, const char *name, const char *value,
    const char *file, unsigned line);

struct dnsmasq_conf *
dnsmasq_conf_new(const char *root)
{
	struct dnsmasq_conf *conf = calloc(1, sizeof(*conf));

	if (conf == NULL)
		return NULL;
	conf->root = strdup(root);
	if (conf->root == NULL) {
		dnsmasq_conf_free(conf);
		return NULL;
	}
	return conf;
}

void
dnsmasq_conf_free(struct dnsmasq_conf *conf)
{
	if (conf == NULL)
		return;
	for (size_t i = 0; i < conf->count; i++) {
		free(conf->options[i].name);
		free(conf->options[i].value);
	}
	for (size_t i = 0; i < conf->file_count; i++)
		free(conf->files[i]);
	for (size_t i = 0; i < conf->folder_count; i++)
		free(conf->folders[i]);
	free(conf->options);
	free(conf->root);
	free(conf);
}

static void
complain(struct dnsmasq_conf *conf, const char *subject, const char *what)
{
	size_t length = strlen(conf->problems);

	(void)snprintf(conf->problems + length, sizeof(conf->problems) - length, "%.900s: %s\n",
	    subject, what);
}

/* --- options --- */

/* Those short ones that take a value, as far as dnsmasq has them. */
static const char with_value[] = "rmpclsituga"
				 "xSCATHQIBFGOMXVUjPJWY2467803";

static const struct {
	char letter;
	const char *name;
} short_names[] = {
	{ 'C', "conf-file" },
	{ '7', "conf-dir" },
	{ 'H', "addn-hosts" },
	{ 'S', "server" },
	{ 's', "domain" },
	{ 'x', "pid-file" },
	{ '6', "dhcp-script" },
	{ 'l', "dhcp-leasefile" },
	{ 'F', "dhcp-range" },
	{ 'p', "port" },
	{ 'a', "listen-address" },
	{ 'u', "user" },
	{ 'E', "expand-hosts" },
	{ 'h', "no-hosts" },
	{ 'A', "address" },
	{ 'T', "local-ttl" },
	{ 'b', "bogus-priv" },
	{ 'r', "resolv-file" },
};

static enum status
add_option(struct dnsmasq_conf *conf, const char *name, const char *value, const char *file,
    unsigned line)
{
	struct dnsmasq_option *option;

	if (conf->count == DNSMASQ_OPTIONS_MAX)
		return STATUS_TOO_LARGE;
	if (conf->count == conf->capacity) {
		size_t capacity = conf->capacity > 0 ? 2 * conf->capacity : 64;
		struct dnsmasq_option *options = reallocarray(conf->options, capacity,
		    sizeof(*options));

		if (options == NULL)
			return STATUS_NO_MEMORY;
		conf->options = options;
		conf->capacity = capacity;
	}
	option = &conf->options[conf->count];
	*option = (struct dnsmasq_option){ strdup(name), strdup(value), file, line };
	conf->count++;
	return option->name != NULL && option->value != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* --- one file --- */

/* Remembers it; *ret_is_new is false where it was read before, by whatever name. */
static enum status
remember_file(struct dnsmasq_conf *conf, const char *path, const struct stat *about,
    bool *ret_is_new)
{
	*ret_is_new = true;
	for (size_t i = 0; i < conf->file_count; i++) {
		if (conf->places[i].device == about->st_dev &&
		    conf->places[i].inode == about->st_ino)
			*ret_is_new = false;
	}
	if (!*ret_is_new)
		return STATUS_OK;
	if (conf->file_count == DNSMASQ_FILES_MAX)
		return STATUS_TOO_LARGE;
	conf->files[conf->file_count] = strdup(path);
	if (conf->files[conf->file_count] == NULL)
		return STATUS_NO_MEMORY;
	conf->places[conf->file_count].device = about->st_dev;
	conf->places[conf->file_count].inode = about->st_ino;
	conf->file_count++;
	return STATUS_OK;
}

static char *
trim(char *text)
{
	size_t length;

	while (isspace((unsigned char)*text))
		text++;
	length = strlen(text);
	while (length > 0 && isspace((unsigned char)text[length - 1]))
		text[--length] = '\0';
	return text;
}

/* Undoes quotes and their escapes, and cuts a comment: a # at the front or behind a blank. */
static void
clean_line(char *line)
{
	static const char escapes[] = "\\\"tebrn";
	static const char meant[] = "\\\"\t\033\b\r\n";
	bool is_quoted = false;
	bool is_after_blank = true;
	char *to = line;

	for (const char *from = line; *from != '\0'; from++) {
		const char *escape = is_quoted && *from == '\\' && from[1] != '\0'
		    ? strchr(escapes, from[1])
		    : NULL;

		if (*from == '"') {
			is_quoted = !is_quoted;
			is_after_blank = false;
			continue;
		}
		if (!is_quoted && *from == '#' && is_after_blank)
			break;
		is_after_blank = !is_quoted && isspace((unsigned char)*from);
		if (escape != NULL) {
			*to++ = meant[escape - escapes];
			from++;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
}

static enum status
read_line(struct dnsmasq_conf *conf, char *line, const char *file, unsigned number)
{
	char *name;
	char *value;

	clean_line(line);
	name = trim(line);
	if (*name == '\0')
		return STATUS_OK;
	value = strchr(name, '=');
	if (value != NULL)
		*value++ = '\0';
	return read_options_of(conf, trim(name), value != NULL ? trim(value) : "", file, number);
}

static enum status
read_lines(struct dnsmasq_conf *conf, char *text, const char *file)
{
	enum status status = STATUS_OK;
	unsigned number = 0;

	while (text != NULL && status == STATUS_OK) {
		char *line = strsep(&text, "\n");

		number++;
		status = read_line(conf, line, file, number);
	}
	return status;
}

static bool
full_path(const struct dnsmasq_conf *conf, const char *path, char full[static PATH_MAX])
{
	int length = snprintf(full, PATH_MAX, "%s%s", conf->root, path);

	return length >= 0 && length < PATH_MAX;
}

enum status
dnsmasq_conf_read_file(struct dnsmasq_conf *conf, const char *path)
{
	char full[PATH_MAX];
	struct stat about;
	struct buffer text;
	bool is_new;
	enum status status;

	if (!full_path(conf, path, full) || conf->depth == DEPTH_MAX)
		return STATUS_TOO_LARGE;
	if (stat(full, &about) != 0) {
		complain(conf, path, "is not there, or closed to us");
		return STATUS_NOT_FOUND;
	}
	/* NetworkManager's has /dev/null. */
	if (S_ISCHR(about.st_mode))
		return STATUS_OK;
	status = remember_file(conf, path, &about, &is_new);
	if (status != STATUS_OK || !is_new)
		return status;
	buffer_init(&text, DNSMASQ_FILE_SIZE_MAX + 1);
	status = file_read(full, &text);
	if (status == STATUS_OK)
		status = buffer_append(&text, "", 1);
	if (status == STATUS_OK) {
		conf->depth++;
		status = read_lines(conf, text.data, conf->files[conf->file_count - 1]);
		conf->depth--;
	} else {
		complain(conf, path, status_text(status));
	}
	buffer_release(&text);
	return status;
}

/* --- folders --- */

static bool
ends_with(const char *name, const char *suffix)
{
	size_t length = strlen(name);
	size_t tail = strlen(suffix);

	return length > tail && strcmp(name + length - tail, suffix) == 0;
}

/* What conf-dir's suffixes let through; "*.conf" are wanted ones, others are left out. */
static bool
is_wanted(const char *name, char *const *suffixes, size_t count)
{
	size_t length = strlen(name);
	bool needs_one = false;
	bool has_one = false;

	if (name[0] == '.' || name[length - 1] == '~' ||
	    (name[0] == '#' && name[length - 1] == '#'))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (suffixes[i][0] == '*') {
			needs_one = true;
			has_one |= ends_with(name, suffixes[i] + 1);
		} else if (suffixes[i][0] != '\0' && ends_with(name, suffixes[i])) {
			return false;
		}
	}
	return !needs_one || has_one;
}

static enum status
read_entries(struct dnsmasq_conf *conf, const char *folder, struct dirent **entries, int count,
    char *const *suffixes, size_t suffix_count)
{
	enum status status = STATUS_OK;

	for (int i = 0; i < count && status == STATUS_OK; i++) {
		const char *name = entries[i]->d_name;
		char path[PATH_MAX];
		char full[PATH_MAX];
		struct stat about;
		int length = snprintf(path, sizeof(path), "%s/%s", folder, name);

		if (!is_wanted(name, suffixes, suffix_count) || length < 0 ||
		    (size_t)length >= sizeof(path) || !full_path(conf, path, full))
			continue;
		if (stat(full, &about) == 0 && S_ISREG(about.st_mode))
			status = dnsmasq_conf_read_file(conf, path);
		/* What cannot be read is noted; the others count all the same. */
		if (status != STATUS_NO_MEMORY && status != STATUS_TOO_LARGE)
			status = STATUS_OK;
	}
	return status;
}

enum status
dnsmasq_conf_read_folder(struct dnsmasq_conf *conf, const char *argument)
{
	char *copy = strdup(argument);
	char *rest = copy;
	char *folder;
	char *suffixes[SUFFIXES_MAX];
	size_t suffix_count = 0;
	struct dirent **entries = NULL;
	char full[PATH_MAX];
	enum status status = STATUS_OK;
	int count;

	if (copy == NULL)
		return STATUS_NO_MEMORY;
	folder = trim(strsep(&rest, ","));
	while (strlen(folder) > 1 && folder[strlen(folder) - 1] == '/')
		folder[strlen(folder) - 1] = '\0';
	while (rest != NULL && suffix_count < SUFFIXES_MAX)
		suffixes[suffix_count++] = trim(strsep(&rest, ","));
	if (conf->folder_count < DNSMASQ_FILES_MAX) {
		conf->folders[conf->folder_count] = strdup(folder);
		if (conf->folders[conf->folder_count] != NULL)
			conf->folder_count++;
	}
	count = full_path(conf, folder, full) ? scandir(full, &entries, NULL, alphasort) : -1;
	if (count < 0)
		complain(conf, folder, "is not there, or closed to us");
	else
		status = read_entries(conf, folder, entries, count, suffixes, suffix_count);
	for (int i = 0; i < count; i++)
		free(entries[i]);
	free(entries);
	free(copy);
	return status;
}

/* --- following --- */

static enum status
read_options_of(struct dnsmasq_conf *conf, const char *name, const char *value, const char *file,
    unsigned line)
{
	enum status status = add_option(conf, name, value, file, line);

	if (status != STATUS_OK || conf->depth >= DEPTH_MAX)
		return status;
	if (strcmp(name, "conf-file") == 0 && value[0] != '\0')
		status = dnsmasq_conf_read_file(conf, value);
	else if (strcmp(name, "servers-file") == 0 && value[0] != '\0')
		status = dnsmasq_conf_read_file(conf, value);
	else if (strcmp(name, "conf-dir") == 0 && value[0] != '\0')
		status = dnsmasq_conf_read_folder(conf, value);
	else if (strcmp(name, "conf-script") == 0)
		complain(conf, value, "a conf-script is not run, so what it says is not known");
	return status == STATUS_NO_MEMORY || status == STATUS_TOO_LARGE ? status : STATUS_OK;
}

static const char *
long_name(char letter, char text[static 2])
{
	for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
		if (short_names[i].letter == letter)
			return short_names[i].name;
	}
	text[0] = letter;
	text[1] = '\0';
	return text;
}

/* One argument of short options, "-kH" or "-7/etc/dnsmasq.d"; next is the argument behind it. */
static enum status
read_short(struct dnsmasq_conf *conf, const char *argument, const char *next, bool *ret_took_next)
{
	for (const char *at = argument + 1; *at != '\0'; at++) {
		char text[2];
		const char *name = long_name(*at, text);
		enum status status;

		if (strchr(with_value, *at) != NULL) {
			*ret_took_next = at[1] == '\0';
			return read_options_of(conf, name,
			    at[1] != '\0' ? at + 1 : (next != NULL ? next : ""), "command line", 0);
		}
		status = add_option(conf, name, "", "command line", 0);
		if (status != STATUS_OK)
			return status;
	}
	return STATUS_OK;
}

/* Long options that take a value in an argument of its own: those that lead us somewhere. */
static bool
takes_value(const char *name)
{
	for (size_t i = 0; i < sizeof(short_names) / sizeof(short_names[0]); i++) {
		if (strcmp(name, short_names[i].name) == 0)
			return strchr(with_value, short_names[i].letter) != NULL;
	}
	return strcmp(name, "hostsdir") == 0 || strcmp(name, "local") == 0;
}

static enum status
read_long(struct dnsmasq_conf *conf, const char *argument, const char *next, bool *ret_took_next)
{
	const char *equals = strchr(argument, '=');
	char name[64];
	size_t length = equals != NULL ? (size_t)(equals - argument) : strlen(argument);

	if (length >= sizeof(name))
		return STATUS_OK;
	memcpy(name, argument, length);
	name[length] = '\0';
	if (equals != NULL)
		return read_options_of(conf, name, equals + 1, "command line", 0);
	*ret_took_next = takes_value(name) && next != NULL;
	return read_options_of(conf, name, *ret_took_next ? next : "", "command line", 0);
}

enum status
dnsmasq_conf_read_command(struct dnsmasq_conf *conf, const char *arguments, size_t length,
    const char *default_file)
{
	const char *end = arguments + length;
	const char *at = arguments + strnlen(arguments, length) + 1;
	enum status status = STATUS_OK;

	/* /proc/PID/cmdline ends with a NUL, or is cut by the caller so that it does. */
	while (at < end && status == STATUS_OK) {
		const char *next = at + strlen(at) + 1;
		bool took_next = false;

		if (strncmp(at, "--", 2) == 0)
			status = read_long(conf, at + 2, next < end ? next : NULL, &took_next);
		else if (at[0] == '-' && at[1] != '\0')
			status = read_short(conf, at, next < end ? next : NULL, &took_next);
		at = next;
		if (took_next && at < end)
			at += strlen(at) + 1;
	}
	if (status == STATUS_OK && dnsmasq_conf_last(conf, "conf-file") == NULL) {
		char full[PATH_MAX];
		struct stat about;

		if (full_path(conf, default_file, full) && stat(full, &about) == 0)
			status = dnsmasq_conf_read_file(conf, default_file);
	}
	return status;
}

/* --- questions --- */

size_t
dnsmasq_conf_count(const struct dnsmasq_conf *conf)
{
	return conf->count;
}

const struct dnsmasq_option *
dnsmasq_conf_at(const struct dnsmasq_conf *conf, size_t index)
{
	return &conf->options[index];
}

const struct dnsmasq_option *
dnsmasq_conf_last(const struct dnsmasq_conf *conf, const char *name)
{
	for (size_t i = conf->count; i > 0; i--) {
		if (strcmp(conf->options[i - 1].name, name) == 0)
			return &conf->options[i - 1];
	}
	return NULL;
}

static bool
is_same_path(const char *one, const char *other)
{
	size_t length = strlen(one);
	size_t other_length = strlen(other);

	while (length > 1 && one[length - 1] == '/')
		length--;
	while (other_length > 1 && other[other_length - 1] == '/')
		other_length--;
	return length == other_length && memcmp(one, other, length) == 0;
}

const struct dnsmasq_option *
dnsmasq_conf_exact(const struct dnsmasq_conf *conf, const char *name, const char *value)
{
	for (size_t i = 0; i < conf->count; i++) {
		if (strcmp(conf->options[i].name, name) == 0 &&
		    is_same_path(conf->options[i].value, value))
			return &conf->options[i];
	}
	return NULL;
}

/* domain is this piece of /A/B/, or below it. */
static bool
covers(const char *piece, size_t length, const char *domain)
{
	size_t whole = strlen(domain);

	if (length == 0 || length > whole ||
	    strncasecmp(domain + whole - length, piece, length) != 0)
		return false;
	return length == whole || domain[whole - length - 1] == '.';
}

const struct dnsmasq_option *
dnsmasq_conf_domain(const struct dnsmasq_conf *conf, const char *name, const char *domain,
    const char **ret_rest)
{
	for (size_t i = 0; i < conf->count; i++) {
		const struct dnsmasq_option *option = &conf->options[i];
		const char *at = option->value;
		bool is_covered = false;

		if (strcmp(option->name, name) != 0 || *at != '/')
			continue;
		for (const char *slash = strchr(at + 1, '/'); slash != NULL;
		     slash = strchr(at + 1, '/')) {
			is_covered |= covers(at + 1, (size_t)(slash - at - 1), domain);
			at = slash;
		}
		if (is_covered) {
			if (ret_rest != NULL)
				*ret_rest = at + 1;
			return option;
		}
	}
	return NULL;
}

bool
dnsmasq_conf_reads_folder(const struct dnsmasq_conf *conf, const char *folder)
{
	for (size_t i = 0; i < conf->folder_count; i++) {
		if (is_same_path(conf->folders[i], folder))
			return true;
	}
	return false;
}

const char *
dnsmasq_conf_problems(const struct dnsmasq_conf *conf)
{
	return conf->problems;
}
