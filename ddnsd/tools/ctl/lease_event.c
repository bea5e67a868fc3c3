/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases to JSON: cleaning texts, leaving out what is malformed. */
#include "tools/ctl/lease_event.h"

#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static bool
is_between(uint8_t octet, uint8_t low, uint8_t high)
{
	return octet >= low && octet <= high;
}

/* The octets of the character that begins here, or 0: it is none (RFC 3629 4, its table). */
static size_t
character_size(const uint8_t *text)
{
	static const struct {
		uint8_t low, high; /* the first octet */
		uint8_t second_low, second_high;
		size_t size;
	} table[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		size_t size = 2;

		if (!is_between(text[0], table[i].low, table[i].high))
			continue;
		if (!is_between(text[1], table[i].second_low, table[i].second_high))
			return 0;
		while (size < table[i].size && is_between(text[size], 0x80, 0xbf))
			size++;
		return size == table[i].size ? size : 0;
	}
	return 0;
}

void
lease_event_clean(const char *text, char ret_clean[static LEASE_EVENT_TEXT_MAX + 1])
{
	size_t length = 0;

	while (*text != '\0') {
		size_t size = character_size((const uint8_t *)text);
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
