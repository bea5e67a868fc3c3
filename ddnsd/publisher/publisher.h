/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * When to publish: clean -> dirty -> written -> confirmed. Paces itself under load,
 * leaves identical content alone, tells dnsmasq, asks it for the marker until it answers the new
 * number, and says in the log what goes wrong and why. Reads the registry, never changes it.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/histogram.h"
#include "base/loop.h"
#include "base/status.h"
#include "registry/leases.h"
#include "registry/registry.h"
#include "wire/address.h"

enum publish_mode { PUBLISH_SIGNAL, PUBLISH_HOSTSDIR, PUBLISH_COMMAND, PUBLISH_NONE };

struct publisher_options {
	enum publish_mode mode;
	char file[PATH_MAX];
	char pid_file[PATH_MAX];
	char command[PATH_MAX];  /* run without a shell; the file is its argument */
	struct endpoint confirm; /* family 0: do not ask */
	int64_t confirm_timeout_ms;
	bool short_names;
	bool leases_held_by_reader; /* the dnsmasq that reads the file gives the leases itself */
};

enum publisher_state {
	PUBLISHER_CLEAN,     /* nothing to publish, and nobody to ask */
	PUBLISHER_DIRTY,     /* a change waits to be written */
	PUBLISHER_WRITTEN,   /* written; dnsmasq does not answer it yet, or cannot be told yet */
	PUBLISHER_CONFIRMED, /* dnsmasq answers the last publication */
};

enum { PUBLISHER_PROBLEM_MAX = 512 };

struct publisher_report {
	enum publisher_state state;
	uint64_t number; /* of the last publication, 0 = none yet */
	uint64_t confirmed_number;
	int64_t confirm_ns; /* from the first change of it to the answer, of the last confirmed */
	uint64_t
	    failures; /* files not written, commands failed, publications not answered in time */
	char problem[PUBLISHER_PROBLEM_MAX]; /* the current error in words, "" = none */
	bool is_unwritten;                   /* it is that the file could not be written */
};

struct publisher;

/*
 * expiry_clock gives the now_s for hosts_file_render() (the quiet time is the service's to know).
 * All borrowed for the publisher's life; the options until publisher_set_options(). NULL when out of
 * memory.
 */
struct publisher *publisher_new(struct loop *loop, const struct registry *registry,
    const struct leases *leases, const struct publisher_options *options,
    int64_t (*expiry_clock)(void *context), void *context);

/* Takes NULL. The hosts file stays as it is, and dnsmasq goes on answering. */
void publisher_free(struct publisher *publisher);

/*
 * The first publication, at start: writes the file now if it differs. STATUS_OK also when dnsmasq
 * is not there yet; the file is what counts. Any other status: it could not be written; the daemon
 * goes on and the publisher retries with back-off.
 */
enum status publisher_start(struct publisher *publisher);

/*
 * Somebody wants to know whether dnsmasq still answers the last publication: asks it, unless it was asked
 * in the last five seconds. When it does not answer in time, that is trouble as after a change, and
 * it is told again.
 */
void publisher_check(struct publisher *publisher);

/*
 * Whether such a question waits for its answer still, and within its time. It ends in a turn of the
 * loop: by the answer, by trouble after confirm_timeout_ms, or by a publication that takes its place.
 */
bool publisher_is_checking(const struct publisher *publisher);

/* After a commit: looks at registry_version() and publishes now, or when pacing allows. Cheap. */
void publisher_notice(struct publisher *publisher);

/*
 * New options at a reload; publishes anew when they differ. The old ones must still be there during
 * the call. A file that is no longer published to is left as it is.
 */
void publisher_set_options(struct publisher *publisher, const struct publisher_options *options);

/* What became of one name. */
enum publisher_fate {
	FATE_OFF,           /* no name is: publish mode "none" */
	FATE_NOT_PUBLISHED, /* and will not be; why says why */
	FATE_WAITING,       /* changed after the last publication, or that could not be written */
	FATE_WRITTEN,       /* in the file; dnsmasq has not answered it yet, or is not asked */
	FATE_CONFIRMED,     /* in the file that dnsmasq answers from */
	FATE_BY_READER,     /* a lease's name, which dnsmasq answers by itself */
};

enum { PUBLISHER_WHY_MAX = 640 };

/*
 * What became of a name, and in ret_why a sentence for whoever wonders: why it is not published or
 * still waits ("" where there is nothing to say).
 */
enum publisher_fate publisher_explain(const struct publisher *publisher, const struct node *node,
    char ret_why[static PUBLISHER_WHY_MAX]);

/* The options in force. */
const struct publisher_options *publisher_options(const struct publisher *publisher);

void publisher_report(const struct publisher *publisher, struct publisher_report *ret_report);

/* What was done since it began. */
struct publisher_counts {
	uint64_t publications;       /* files written, each with a number of its own */
	struct histogram writing;    /* from the look at the registry until the file is there */
	struct histogram confirming; /* from a publication's first change to dnsmasq's answer */
	struct histogram answering;  /* from a question to its answer, whatever that was */
	int64_t confirmed_wall_s;    /* when dnsmasq last answered the last number; 0 = never */
};

/* Lives with the publisher, and goes on counting. */
const struct publisher_counts *publisher_counts(const struct publisher *publisher);
