/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the calls of all DHCP servers have in common, and which server's is read where. */
#include "tools/ctl/lease_call.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "wire/address.h"

static const struct {
	const char *server;
	lease_call_reader *read;
} readers[] = {
	{ "dnsmasq", lease_dnsmasq_read },
	{ "openwrt", lease_openwrt_read },
	{ "isc-dhcp", lease_isc_read },
	{ "kea", lease_kea_read },
};

const char *
lease_call_argument(const struct lease_call *call, int index)
{
	return index < call->argc ? call->argv[index] : "";
}

const char *
lease_call_variable(const struct lease_call *call, const char *name)
{
	const char *value = call->variable(call->context, name);

	return value != NULL ? value : "";
}

int64_t
lease_call_seconds(const char *text, int64_t fallback)
{
	int64_t seconds;

	return duration_from_text(text, &seconds) == STATUS_OK ? seconds : fallback;
}

int64_t
lease_call_length(const char *text)
{
	int64_t seconds = lease_call_seconds(text, DHCP_FOREVER);

	return seconds < UINT32_MAX ? seconds : DHCP_FOREVER;
}

enum status
lease_call_add(json_t *events, const struct lease_event *event,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	struct address address;

	if (address_from_text(event->address, &address) != STATUS_OK) {
		(void)snprintf(ret_problem, LEASE_CALL_PROBLEM_MAX,
		    "what %s's hook gave as the address is none", event->server);
		return STATUS_MALFORMED;
	}
	return json_array_append_new(events, lease_event_to_json(event)) == 0 ? STATUS_OK
									      : STATUS_NO_MEMORY;
}

enum status
lease_call_read(const char *server, const struct lease_call *call, json_t **ret_events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	lease_call_reader *read = NULL;
	enum status status;
	json_t *events;

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
		if (strcmp(readers[i].server, server) == 0)
			read = readers[i].read;
	if (read == NULL)
		return STATUS_NOT_FOUND;
	events = json_array();
	if (events == NULL)
		return STATUS_NO_MEMORY;
	status = read(call, events, ret_problem);
	if (status != STATUS_OK) {
		json_decref(events);
		return status;
	}
	*ret_events = events;
	return STATUS_OK;
}
