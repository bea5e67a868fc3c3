/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * dnsmasq's dhcp-script (dnsmasq(8) --dhcp-script), and OpenWrt's hotplug.d/dhcp, which gets the same
 * with the arguments as variables.
 */
#include <string.h>

#include "tools/ctl/lease_call.h"

struct words {
	const char *action; /* "add", "old", "del" */
	const char *client; /* the MAC, or for IPv6 the DUID */
	const char *address;
	const char *name;
};

/*
 * TIME_REMAINING is there while a lease runs and has an end, LEASE_EXPIRES unless dnsmasq was built for machines without
 * a clock, which have LEASE_LENGTH. Without any the end is not known: the server will tell of it.
 */
static int64_t
remaining_s(const struct lease_call *call)
{
	int64_t remaining = lease_call_seconds(lease_call_variable(call, "DNSMASQ_TIME_REMAINING"),
	    DHCP_FOREVER);
	int64_t expiry;

	if (remaining != DHCP_FOREVER)
		return remaining;
	expiry = lease_call_seconds(lease_call_variable(call, "DNSMASQ_LEASE_EXPIRES"),
	    DHCP_FOREVER);
	if (expiry == DHCP_FOREVER)
		return lease_call_length(lease_call_variable(call, "DNSMASQ_LEASE_LENGTH"));
	if (expiry == 0)
		return DHCP_FOREVER;
	return expiry > call->wall_s ? expiry - call->wall_s : 0;
}

static enum status
add(const struct lease_call *call, const struct words *words, bool is_complete, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	bool is_ipv6 = strchr(words->address, ':') != NULL;
	struct lease_event event = {
		.action = words->action,
		.server = "dnsmasq",
		.address = words->address,
		.hardware = is_ipv6 ? lease_call_variable(call, "DNSMASQ_MAC") : words->client,
		.duid = is_ipv6 ? words->client : "",
		.client_id = lease_call_variable(call, "DNSMASQ_CLIENT_ID"),
		.name = words->name,
		.client_name = lease_call_variable(call, "DNSMASQ_SUPPLIED_HOSTNAME"),
		.domain = lease_call_variable(call, "DNSMASQ_DOMAIN"),
		.is_complete = is_complete,
		.expires_in_s = remaining_s(call),
	};

	return lease_call_add(events, &event, ret_problem);
}

/* init, arp-add, arp-del, tftp, relay-snoop and whatever comes after 2.90 are no leases. */
enum status
lease_dnsmasq_read(const struct lease_call *call, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	struct words words = {
		.action = lease_call_argument(call, 0),
		.client = lease_call_argument(call, 1),
		.address = lease_call_argument(call, 2),
		.name = lease_call_argument(call, 3),
	};
	bool is_complete = *lease_call_variable(call, "DNSMASQ_DATA_MISSING") == '\0';

	if (strcmp(words.action, "add") != 0 && strcmp(words.action, "old") != 0 &&
	    strcmp(words.action, "del") != 0)
		return STATUS_OK;
	return add(call, &words, is_complete, events, ret_problem);
}

enum status
lease_openwrt_read(const struct lease_call *call, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	static const char *const actions[][2] = { { "add", "add" }, { "update", "old" },
		{ "remove", "del" } };
	const char *action = lease_call_variable(call, "ACTION");
	struct words words = {
		.client = lease_call_variable(call, "MACADDR"),
		.address = lease_call_variable(call, "IPADDR"),
		.name = lease_call_variable(call, "HOSTNAME"),
	};
	/* Releases before 23.05 do not pass dnsmasq's variables on. */
	bool is_complete = *lease_call_variable(call, "DNSMASQ_LEASE_EXPIRES") != '\0' &&
	    *lease_call_variable(call, "DNSMASQ_DATA_MISSING") == '\0';

	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (strcmp(actions[i][0], action) == 0)
			words.action = actions[i][1];
	if (words.action == NULL)
		return STATUS_OK;
	return add(call, &words, is_complete, events, ret_problem);
}
