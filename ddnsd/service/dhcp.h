/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The names of DHCP leases: from what hooks and the lease file tell to labels, and from labels to
 * records, by service_update() like everybody's. Hook and file agree on one state.
 */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "registry/leases.h"
#include "wire/dhcp.h"
#include "wire/label.h"
#include "wire/name.h"

struct service;

struct dhcp_pin {
	struct dhcp_hardware hardware;
	char label[LABEL_TEXT_MAX];
};

/* Borrowed by service_set_dhcp_options() until its next call. */
struct dhcp_options {
	bool has_zone;       /* false: leases are kept, but none is named */
	struct name zone;    /* where their names are */
	char file[PATH_MAX]; /* dnsmasq's lease file, "" = none */
	const struct dhcp_pin *pins;
	size_t pin_count;
	const struct dhcp_hardware *ignored; /* devices that get no name */
	size_t ignored_count;
	const char *const *ignored_labels; /* patterns for label_matches() */
	size_t ignored_label_count;
	char nameless
	    [LABEL_TEXT_MAX]; /* of leases without a name: text with %a (address), %m (MAC); "" = none */
	uint32_t ttl_s;
	int64_t remember_s; /* how long a device that is gone keeps its label */
};

/* Re-reads every lease by the new options. Part of a turn that the caller commits. */
void service_set_dhcp_options(struct service *service, const struct dhcp_options *options);
const struct dhcp_options *service_dhcp_options(const struct service *service);

/*
 * One event, from somebody who may tell of leases. What it changes is in memory until
 * service_commit(); one that was overtaken (its order) changes nothing. STATUS_MALFORMED: no address, or texts that no server says; STATUS_LIMITED: too many
 * leases; STATUS_NO_MEMORY. door as in struct request.
 */
enum status service_dhcp_event(struct service *service, const struct dhcp_event *event,
    const char *door);

/*
 * A whole reading of dnsmasq's lease file: begin, an event for each lease in it, end. What dnsmasq had given and is not
 * in it any more ends. keeps_missing: it does not (the reading may have been early); the result of
 * service_dhcp_end_reading() is how many these are.
 */
void service_dhcp_begin_reading(struct service *service);
size_t service_dhcp_end_reading(struct service *service, bool keeps_missing);

const struct leases *service_leases(const struct service *service);

/* Why a lease has no name, or another one than it asked for; "" where there is nothing to say. */
enum { SERVICE_DHCP_WHY_MAX = 256 };
void service_dhcp_explain(const struct service *service, const struct dhcp_lease *lease,
    char ret_why[static SERVICE_DHCP_WHY_MAX]);
