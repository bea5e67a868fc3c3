/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases to JSON: cleaning texts, leaving out what is malformed. */
#include "tools/ctl/lease_event.h"

#include <string.h>

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

void
lease_event_clean(const char *text, char ret_clean[static LEASE_EVENT_TEXT_MAX + 1])
{
	size_t length = 0;

	while (*text != '\0') {
		size_t size = utf8_character_size(text);
		const char *from = size > 0 ? text : replacement;
		size_t width = size > 0 ? size : strlen(replacement);

		if (length + width > LEASE_EVENT_TEXT_MAX)
			break;
		memcpy(ret_clean + length, from, width);
		length += width;
		text += size > 0 ? size : 1;
	}
	ret_clean[length] = '\0';
}

static json_t *
text_or_null(const char *text)
{
	char clean[LEASE_EVENT_TEXT_MAX + 1];

	if (text == NULL || text[0] == '\0')
		return json_null();
	lease_event_clean(text, clean);
	return json_string(clean);
}

static json_t *
hardware_or_null(const char *text)
{
	char canonical[DHCP_HARDWARE_TEXT_MAX];
	struct dhcp_hardware hardware;

	if (text == NULL || dhcp_hardware_from_text(text, &hardware) != STATUS_OK)
		return json_null();
	return json_string(dhcp_hardware_to_text(&hardware, canonical));
}

static json_t *
duid_or_null(const char *text)
{
	char canonical[DHCP_DUID_TEXT_MAX];
	struct dhcp_duid duid;

	if (text == NULL || dhcp_duid_from_text(text, &duid) != STATUS_OK)
		return json_null();
	return json_string(dhcp_duid_to_text(&duid, canonical));
}

static json_t *
client_id_or_null(const char *text)
{
	size_t length = text != NULL ? strlen(text) : 0;

	if (length == 0 || length >= 3 * LEASE_EVENT_OCTETS_MAX ||
	    strspn(text, "0123456789abcdefABCDEF:") != length)
		return json_null();
	return json_string(text);
}

/* Of 32 bits at most, as DHCP counts (RFC 2131 4.4.5). */
static json_t *
expiry_or_null(int64_t expires_in_s)
{
	if (expires_in_s == DHCP_FOREVER)
		return json_null();
	return json_integer(expires_in_s < UINT32_MAX ? expires_in_s : UINT32_MAX);
}

json_t *
lease_event_to_json(const struct lease_event *event)
{
	/* "o" takes the reference, and fails the whole for a NULL. */
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o}", "action",
	    text_or_null(event->action), "server", text_or_null(event->server), "address",
	    text_or_null(event->address), "hardware", hardware_or_null(event->hardware), "duid",
	    duid_or_null(event->duid), "client_id", client_id_or_null(event->client_id), "name",
	    text_or_null(event->name), "client_name", text_or_null(event->client_name), "complete",
	    event->is_complete, "domain", text_or_null(event->domain), "expires_in_s",
	    expiry_or_null(event->expires_in_s));
}
