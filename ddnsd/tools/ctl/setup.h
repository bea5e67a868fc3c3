/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What "ddnsctl setup" is about to do to dnsmasq's configuration, as a plan: made by looking,
 * shown, carried out, recorded, and undone from the record. Paths in it are without the root
 * folder.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "tools/ctl/command.h"
#include "tools/ctl/dnsmasq_conf.h"
#include "tools/ctl/site.h"

enum setup_platform {
	SETUP_DEBIAN,
	SETUP_PIHOLE,
	SETUP_OPENWRT,
	SETUP_NETWORKMANAGER,
	SETUP_PLATFORMS,
};

enum setup_kind {
	SETUP_WRITE, /* a new file */
	SETUP_EDIT,  /* one line of a file is commented out */
	SETUP_LINK,  /* a symbolic link; after is where it leads */
};

struct setup_action {
	enum setup_kind kind;
	char path[PATH_MAX];
	char *before; /* the file's text; NULL unless it is an edit */
	char *after;
	unsigned line; /* of an edit */
};

enum {
	SETUP_ACTIONS_MAX = 4,
	SETUP_PROBLEM_MAX = 2 * PATH_MAX + 512,
	SETUP_PATH_MAX = 2 * PATH_MAX
};

struct setup_plan {
	const char *root; /* "" = / */
	const struct site *site;
	enum setup_platform platform;
	struct dnsmasq_conf *conf;
	struct setup_action actions[SETUP_ACTIONS_MAX];
	size_t count;
	json_t *notes;    /* what the person should know, or do in ddnsd.conf */
	json_t *commands; /* what the person types afterwards */
};

/* The record of what was done, below root. */
extern const char setup_record[];

const char *setup_platform_name(enum setup_platform platform);

/* What the person reads of it. */
const char *setup_platform_title(enum setup_platform platform);

/*
 * Looks, and decides. wanted: a platform's name, or NULL to find it out. CTL_FAILED, said on
 * stderr: no dnsmasq is found, or what is there conflicts (file:line). Free the plan either way.
 */
enum ctl_exit setup_plan_make(struct setup_plan *plan, const struct site *site, const char *root,
    const char *wanted);
void setup_plan_free(struct setup_plan *plan);

/*
 * Does it, writes the record; what was begun is taken back where a step fails. Says why on stderr.
 */
enum ctl_exit setup_apply(const struct setup_plan *plan);

/* True when there is a record below root. */
bool setup_is_done(const char *root);

/*
 * Reads the record; the plan's root is set by it, and its actions are those that were done.
 * CTL_FAILED (said): there is none, or it is damaged, or a file is not as setup left it.
 */
enum ctl_exit setup_recall(struct setup_plan *plan, const char *root);

/* Takes it all back, and the record away. */
enum ctl_exit setup_undo(const struct setup_plan *plan);

/* ROOT and a path. Returns text. */
const char *setup_path(const char *root, const char *path, char text[static SETUP_PATH_MAX]);
