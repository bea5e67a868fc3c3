/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ISC dhcpd's execute() as hooks/isc-dhcp/ddnsd.conf has it: commit ADDRESS HARDWARE SECONDS CLIENT-ID NAME,
 * release ADDRESS, expiry ADDRESS.
 */
#include <string.h>

#include "tools/ctl/lease_call.h"

enum { OCTETS_TEXT_MAX = 3 * LEASE_EVENT_OCTETS_MAX };

/*
 * binary-to-ascii(16, 8, ":", ...) writes an octet below 16 with one digit: "1:2:0:0:0:0:1". Empty
 * when it is no such text.
 */
static void
pad_octets(const char *text, char ret_padded[static OCTETS_TEXT_MAX])
{
	char *end = ret_padded;

	ret_padded[0] = '\0';
	for (;;) {
		size_t digits = strspn(text, "0123456789abcdef");

		if (digits == 0 || digits > 2 || end - ret_padded > OCTETS_TEXT_MAX - 4)
			break;
		if (digits == 1)
			*end++ = '0';
		memcpy(end, text, digits);
		end += digits;
		if (text[digits] == '\0') {
			*end = '\0';
			return;
		}
		if (text[digits] != ':')
			break;
		*end++ = ':';
		text += digits + 1;
	}
	ret_padded[0] = '\0';
}

/* dhcpd's "hardware" begins with the type (dhcp-eval(5)); ours sets it off with a hyphen. */
static void
separate_type(char *hardware)
{
	if (hardware[0] != '\0' && hardware[2] == ':')
		hardware[2] = '-';
}

enum status
lease_isc_read(const struct lease_call *call, json_t *events,
    char ret_problem[static LEASE_CALL_PROBLEM_MAX])
{
	const char *action = lease_call_argument(call, 0);
	char hardware[OCTETS_TEXT_MAX], client_id[OCTETS_TEXT_MAX];
	struct lease_event event = {
		.server = "isc-dhcp",
		.address = lease_call_argument(call, 1),
		.hardware = hardware,
		.client_id = client_id,
		.client_name = lease_call_argument(call, 5),
		.expires_in_s = lease_call_length(lease_call_argument(call, 3)),
	};

	if (strcmp(action, "commit") == 0)
		event.action = "add";
	else if (strcmp(action, "release") == 0 || strcmp(action, "expiry") == 0)
		event.action = "del";
	else
		return STATUS_OK;
	event.is_complete = strcmp(event.action, "add") == 0;
	pad_octets(lease_call_argument(call, 2), hardware);
	separate_type(hardware);
	pad_octets(lease_call_argument(call, 4), client_id);
	return lease_call_add(events, &event, ret_problem);
}
