/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What this machine's ddnsd is set to: told by the running daemon, and by its configuration file
 * for the rest and when it is down. Reads; judges nothing.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/ctl/command.h"

enum {
	SITE_ZONES_MAX = 64,
	SITE_NAME_MAX = 256,
	SITE_ENDPOINT_MAX = 64,
	SITE_ACCOUNT_MAX = 64,
	SITE_PROBLEM_MAX = 256,
};

struct site_zone {
	char name[SITE_NAME_MAX]; /* lower case, no final dot */
	bool is_reverse;
};

struct site {
	json_t *status;      /* of /v1/status; NULL: the daemon does not answer, or was not asked */
	enum ctl_exit reach; /* CTL_DONE where status is there */
	bool has_file;       /* the configuration file was read */
	char problem[SITE_PROBLEM_MAX]; /* why not; "" = it was */

	char file[PATH_MAX]; /* the configuration file */
	char keys[PATH_MAX]; /* the folder of keys; "" = none */
	char made_keys
	    [PATH_MAX]; /* of those that the daemon makes, and could tamper with; "" = none */
	char database[PATH_MAX];
	char user[SITE_ACCOUNT_MAX];
	struct site_zone zones[SITE_ZONES_MAX];
	size_t zone_count;
	bool is_zone_guessed;           /* none is known, so home.arpa stands for it */
	unsigned port;                  /* of listen "dns" */
	char listen[SITE_ENDPOINT_MAX]; /* its first address; "" = not known */

	bool has_http;      /* a block listen "http" stands in the file, or it is served */
	unsigned http_port; /* of listen "http" */
	char http_listen[SITE_ENDPOINT_MAX]; /* its first address */
	bool is_https;
	bool is_open_to_all;     /* whoever connects may read all names, without a key */
	char tls_cert[PATH_MAX]; /* "" = none */
	char tls_key[PATH_MAX];

	char mode[16]; /* of publish, and the others of that block */
	char hosts[PATH_MAX];
	char pid_file[PATH_MAX];
	char confirm[SITE_ENDPOINT_MAX];
	bool leases_held_by_reader;

	bool has_control; /* a block control { } stands in the file */
	bool has_leases;
	char leases[PATH_MAX];
	char leases_zone[SITE_NAME_MAX]; /* resolved: the first forward zone where none is named */
};

/*
 * Asks the daemon, and reads its file (the default one when it does not answer). root, when not "",
 * stands before the file's path, and the daemon is not asked. NULL when out of memory.
 */
struct site *site_new(const struct ctl *ctl, const char *root);

/* Takes NULL. */
void site_free(struct site *site);

/* The first forward zone, else "home.arpa". */
const char *site_first_zone(const struct site *site);

/* The zone that holds the name, or is it; NULL when none does. */
const struct site_zone *site_zone_of(const struct site *site, const char *name);

/* True when name is ancestor or lies below it; without regard to case and final dots. */
bool site_is_within(const char *name, const char *ancestor);
