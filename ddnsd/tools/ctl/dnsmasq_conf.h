/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsmasq's configuration as dnsmasq itself would read it: its command line, its files and folders,
 * in their order. Changes nothing, runs nothing, and knows what a few options mean, no more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum {
	DNSMASQ_FILES_MAX = 256,
	DNSMASQ_OPTIONS_MAX = 65536, /* block lists are written as options, too */
	DNSMASQ_FILE_SIZE_MAX = 16 * 1024 * 1024,
};

struct dnsmasq_option {
	char *name;       /* the long name: "addn-hosts" */
	char *value;      /* "" = none */
	const char *file; /* where it stands; "command line" */
	unsigned line;    /* 0 on the command line */
};

struct dnsmasq_conf;

/* root stands before every path ("" = nothing). NULL when out of memory. */
struct dnsmasq_conf *dnsmasq_conf_new(const char *root);

/* Takes NULL. */
void dnsmasq_conf_free(struct dnsmasq_conf *conf);

/*
 * Reads what a process was started with: arguments separated by NULs, as /proc/PID/cmdline has
 * them, and everything that they lead to. Without a conf-file among them: default_file, which may
 * be missing.
 */
enum status dnsmasq_conf_read_command(struct dnsmasq_conf *conf, const char *arguments,
    size_t length, const char *default_file);

/* Reads one file, or a folder as conf-dir= has it, and everything that it leads to. */
enum status dnsmasq_conf_read_file(struct dnsmasq_conf *conf, const char *path);
enum status dnsmasq_conf_read_folder(struct dnsmasq_conf *conf, const char *argument);

/* The options, in the order of reading. */
size_t dnsmasq_conf_count(const struct dnsmasq_conf *conf);
const struct dnsmasq_option *dnsmasq_conf_at(const struct dnsmasq_conf *conf, size_t index);

/* The last option of that name (short ones by their long name); NULL when it is not given. */
const struct dnsmasq_option *dnsmasq_conf_last(const struct dnsmasq_conf *conf, const char *name);

/* The option of that name with exactly that value; a final slash does not count. */
const struct dnsmasq_option *dnsmasq_conf_exact(const struct dnsmasq_conf *conf, const char *name,
    const char *value);

/*
 * The option of that name (server, local, rebind-domain-ok) that speaks of this domain: /A/B/...
 * holds it or a domain above it. ret_rest, where not NULL: what stands behind the last slash.
 */
const struct dnsmasq_option *dnsmasq_conf_domain(const struct dnsmasq_conf *conf, const char *name,
    const char *domain, const char **ret_rest);

/* True when this very folder is read by conf-dir, so that a file put there counts. */
bool dnsmasq_conf_reads_folder(const struct dnsmasq_conf *conf, const char *folder);

/* What could not be followed (a missing file, conf-script), a line each; "" = nothing. */
const char *dnsmasq_conf_problems(const struct dnsmasq_conf *conf);
