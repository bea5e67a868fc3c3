/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Kea's run_script hook: the hook point as the argument, leases as variables (Kea ARM, "run_script"; names
 * as 2.2.0 sends them).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/ctl/lease_call.h"

enum { VARIABLE_MAX = 64 };

/* Hook points that are not here tell of nothing that lasts, lease4_select of what is only offered. */
static const struct hook_point {
	const char *name;
	const char *action;
	const char *prefix; /* of its variables */
	const char
	    *gone; /* of those about leases that ended meanwhile; NULL: it tells of one lease */
} hook_points[] = {
	{ "leases4_committed", "add", "LEASES4", "DELETED_LEASES4" },
	{ "lease4_renew", "old", "LEASE4", NULL },
	{ "lease4_release", "del", "LEASE4", NULL },
	{ "lease4_expire", "del", "LEASE4", NULL },
	{ "lease4_decline", "del", "LEASE4", NULL },
	{ "leases6_committed", "add", "LEASES6", "DELETED_LEASES6" },
	{ "lease6_renew", "old", "LEASE6", NULL },
	{ "lease6_rebind", "old", "LEASE6", NULL },
	{ "lease6_release", "del", "LEASE6", NULL },
	{ "lease6_expire", "del", "LEASE6", NULL },
	{ "lease6_decline", "del", "LEASE6", NULL },
};

static const char *
field(const struct lease_call *call, const char *prefix, const char *name)
{
	char variable[VARIABLE_MAX];

	(void)snprintf(variable, sizeof(variable), "%s_%s", prefix, name);
	return lease_call_variable(call, variable);
}

/* Ours has the type in front where it is not Ethernet. */
static const char *
hardware(const struct lease_call *call, const char *prefix, char text[static LEASE_EVENT_TEXT_MAX])
{
	int64_t type = lease_call_seconds(field(call, prefix, "HWADDR_TYPE"), 1);
	const char *address = field(call, prefix, "HWADDR");

	if (type == 1 || type > UINT8_MAX)
		return address;
	(void)snprintf(text, LEASE_EVENT_TEXT_MAX, "%02x-%s", (unsigned)type, address);
	return text;
}

/* One lease; a delegated prefix and an address that its client declined have no name. */
static enum status
add(const struct lease_call *call, const char *action, const char *prefix, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	char hardware_text[LEASE_EVENT_TEXT_MAX];
	struct lease_event event = {
		.action = action,
		.server = "kea",
		.address = field(call, prefix, "ADDRESS"),
		.hardware = hardware(call, prefix, hardware_text),
		.duid = field(call, prefix, "DUID"),
		.client_id = field(call, prefix, "CLIENT_ID"),
		.client_name = field(call, prefix, "HOSTNAME"),
		.is_complete = true,
		.expires_in_s = lease_call_length(field(call, prefix, "VALID_LIFETIME")),
	};

	if (strcmp(field(call, prefix, "TYPE"), "IA_PD") == 0 ||
	    (strcmp(action, "add") == 0 && strcmp(field(call, prefix, "STATE"), "declined") == 0))
		return STATUS_OK;
	return lease_call_add(events, &event, ret_problem);
}

/* LEASES4_SIZE, LEASES4_AT0_ADDRESS, ... */
static enum status
add_each(const struct lease_call *call, const char *action, const char *prefix, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	int64_t count = lease_call_seconds(field(call, prefix, "SIZE"), 0);
	enum status status = STATUS_OK;

	for (int i = 0; i < count && i < LEASE_CALL_EVENTS_MAX && status == STATUS_OK; i++) {
		char at[VARIABLE_MAX];

		(void)snprintf(at, sizeof(at), "%s_AT%d", prefix, i);
		status = add(call, action, at, events, ret_problem);
	}
	return status;
}

enum status
lease_kea_read(const struct lease_call *call, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	const struct hook_point *point = NULL;
	enum status status;

	for (size_t i = 0; i < sizeof(hook_points) / sizeof(hook_points[0]); i++)
		if (strcmp(hook_points[i].name, lease_call_argument(call, 0)) == 0)
			point = &hook_points[i];
	if (point == NULL)
		return STATUS_OK;
	if (point->gone == NULL)
		return add(call, point->action, point->prefix, events, ret_problem);
	/* A client that moves gives its old address up first: its name goes along. */
	status = add_each(call, "del", point->gone, events, ret_problem);
	if (status != STATUS_OK)
		return status;
	return add_each(call, point->action, point->prefix, events, ret_problem);
}
