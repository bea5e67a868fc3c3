/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of "ddnsctl doctor" share: what is known so far, and how a finding is told. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "tools/ctl/command.h"
#include "tools/ctl/dnsmasq_conf.h"
#include "tools/ctl/process.h"
#include "tools/ctl/site.h"

enum doctor_result { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAULT };

struct doctor {
	const struct ctl *ctl;
	struct site *site;
	bool has_dnsmasq; /* process is the one that reads our names */
	struct process dnsmasq;
	struct dnsmasq_conf *conf; /* its configuration; NULL: not known */
	unsigned version;          /* 290 is 2.90; 0 = not known */
	json_t *findings;          /* for --json */
	unsigned faults;
	unsigned warnings;
};

/* One finding. mend: what to type or to write; NULL where nothing is to be done. */
void doctor_say(struct doctor *doctor, const char *check, enum doctor_result result,
    const char *mend, const char *format, ...) __attribute__((format(printf, 5, 6)));

/*
 * For a mend that has to be made up: printf into a buffer of its own; returns it. Overwritten by
 * the next call.
 */
const char *doctor_mend(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The steps, in their order; each says what it found. */
void doctor_look_at_daemon(struct doctor *doctor);
void doctor_look_at_clock(struct doctor *doctor);
void doctor_look_at_configuration(struct doctor *doctor);
void doctor_look_at_files(struct doctor *doctor);
void doctor_look_at_http(struct doctor *doctor);
void doctor_find_dnsmasq(struct doctor *doctor);
void doctor_look_at_dnsmasq(struct doctor *doctor);
void doctor_look_for_dangers(struct doctor *doctor);
void doctor_look_at_dhcp(struct doctor *doctor);
void doctor_look_at_publication(struct doctor *doctor);
void doctor_try(struct doctor *doctor);
void doctor_look_at_leases(struct doctor *doctor);
void doctor_look_at_keys(struct doctor *doctor);
