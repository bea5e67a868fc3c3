/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A lease file of any bytes: what is taken from it are values within their limits, which make the
 * same lease again when they are written as dnsmasq writes them; each line is one lease, or none.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/lease_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const int64_t wall_s = 1795327600;

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static bool
is_same_text(const char *one, const char *other)
{
	return one == NULL || other == NULL ? one == other : strcmp(one, other) == 0;
}

static void
expect_limits(const struct dhcp_event *event)
{
	expect(event->action == DHCP_OLD && strcmp(event->server, "dnsmasq") == 0);
	expect(event->client_name == NULL && !event->is_complete);
	expect(event->remaining_s >= DHCP_FOREVER && event->remaining_s <= UINT32_MAX);
	expect(event->address.family == 4 || event->address.family == 6);
	expect(event->hardware.size <= DHCP_HARDWARE_MAX && event->duid.size <= DHCP_DUID_MAX);
	expect(event->address.family == 4 || event->hardware.size == 0);
	if (event->name != NULL) {
		size_t length = strlen(event->name);

		expect(length > 0 && length <= DHCP_NAME_MAX);
		expect(strcspn(event->name, ". \t\r\n") == length);
	}
	if (event->domain != NULL) {
		expect(event->domain[0] != '\0' && strlen(event->domain) <= DHCP_NAME_MAX);
		expect(event->domain[strcspn(event->domain, " \t\r\n")] == '\0');
	}
}

/* The client's part of a line: what is in the place of the MAC, and the client identifier. */
static void
write_client(const struct dhcp_event *event, char *hardware, size_t hardware_size, char *client_id,
    size_t client_id_size)
{
	char hardware_text[DHCP_HARDWARE_TEXT_MAX];
	char duid_text[DHCP_DUID_TEXT_MAX];
	bool has_duid = event->duid.size > 0;

	(void)dhcp_hardware_to_text(&event->hardware, hardware_text);
	(void)dhcp_duid_to_text(&event->duid, duid_text);
	if (event->address.family == 6)
		(void)snprintf(hardware, hardware_size, "T7");
	else
		(void)snprintf(hardware, hardware_size, "%s",
		    hardware_text[0] != '\0' ? hardware_text : "00-");
	(void)snprintf(client_id, client_id_size, "%s%s",
	    event->address.family == 4 && has_duid ? "ff:00:00:00:07:" : "",
	    has_duid ? duid_text : "*");
}

static void
expect_same_again(const struct dhcp_event *event)
{
	struct lease_file file;
	struct dhcp_event again;
	char line[LEASE_FILE_LINE_MAX + 1];
	char address[ADDRESS_TEXT_MAX];
	char hardware[DHCP_HARDWARE_TEXT_MAX];
	char client_id[DHCP_DUID_TEXT_MAX + 16];
	int64_t expiry_s = event->remaining_s == DHCP_FOREVER ? 0 : wall_s + event->remaining_s;
	int length;

	/* That one stands for no end. */
	if (expiry_s == UINT32_MAX)
		return;
	write_client(event, hardware, sizeof(hardware), client_id, sizeof(client_id));
	length = snprintf(line, sizeof(line), "%" PRId64 " %s %s %s%s%s %s\n", expiry_s, hardware,
	    address_to_text(&event->address, address),
	    event->name == NULL && event->domain == NULL ? "*"
		: event->name == NULL                    ? ""
							 : event->name,
	    event->domain != NULL ? "." : "", event->domain != NULL ? event->domain : "",
	    client_id);
	expect(length > 0 && (size_t)length < sizeof(line));
	lease_file_begin(&file, line, (size_t)length, wall_s);
	expect(lease_file_next(&file, &again));
	expect(again.remaining_s == event->remaining_s);
	expect(address_is_equal(&again.address, &event->address));
	expect(dhcp_hardware_is_equal(&again.hardware, &event->hardware));
	expect(dhcp_duid_is_equal(&again.duid, &event->duid));
	expect(is_same_text(again.name, event->name) && is_same_text(again.domain, event->domain));
	expect(!lease_file_next(&file, &again) && file.skipped == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct lease_file file;
	struct dhcp_event event;
	size_t leases = 0;
	size_t lines = size > 0 && text[size - 1] != '\n';

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	lease_file_begin(&file, text, size, wall_s);
	while (lease_file_next(&file, &event)) {
		expect_limits(&event);
		expect_same_again(&event);
		leases++;
	}
	expect(leases + file.skipped <= lines);
	expect(!lease_file_next(&file, &event));
	expect(lease_file_is_whole(text, size) == (size == 0 || text[size - 1] == '\n'));
	return 0;
}
