/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hardware addresses and DUIDs: text, bytes, comparison. */
#include "wire/dhcp.h"

#include <assert.h>
#include <string.h>

enum {
	OCTETS_MAX = 255, /* of a client identifier: an option's length has one octet, RFC 2132 2 */
	TYPE_ETHERNET = 1,
	CLIENT_ID_DUID = 255, /* RFC 4361 6.1 */
	CLIENT_ID_HEAD = 5,   /* type and IAID */
	DUID_LEAST = 3,       /* RFC 8415 11.1: type and one octet */
	DUID_LLT = 1,
	DUID_LL = 3,
	DUID_LLT_HEAD = 8, /* type, hardware type, time */
	DUID_LL_HEAD = 4,
};

static_assert(DHCP_DUID_MAX <= UINT8_MAX, "a DUID's size fits its field");

struct octets {
	size_t size;
	uint8_t bytes[OCTETS_MAX];
};

/* The value of a hexadecimal digit, or -1. */
static int
digit(char character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	if (character >= 'A' && character <= 'F')
		return character - 'A' + 10;
	return -1;
}

/* The value of two hexadecimal digits, or -1. */
static int
octet(const char *text)
{
	int high = digit(text[0]);
	int low = high >= 0 ? digit(text[1]) : -1;

	return low >= 0 ? high << 4 | low : -1;
}

/* One octet or more, two digits each; a colon between all of them or, where allowed, none. */
static bool
octets_from_text(const char *text, bool may_lack_colons, size_t most, struct octets *ret_octets)
{
	bool has_colons = !may_lack_colons || strchr(text, ':') != NULL;

	ret_octets->size = 0;
	for (;;) {
		int value = octet(text);

		if (value < 0 || ret_octets->size == most)
			return false;
		ret_octets->bytes[ret_octets->size++] = (uint8_t)value;
		text += 2;
		if (*text == '\0')
			return true;
		if (has_colons && *text++ != ':')
			return false;
	}
}

static char *
append_octet(char *end, uint8_t value)
{
	static const char digits[] = "0123456789abcdef";

	*end++ = digits[value >> 4];
	*end++ = digits[value & 0x0f];
	return end;
}

static void
append_octets(char *end, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (i > 0)
			*end++ = ':';
		end = append_octet(end, bytes[i]);
	}
	*end = '\0';
}

enum status
dhcp_hardware_from_text(const char *text, struct dhcp_hardware *ret_hardware)
{
	struct dhcp_hardware hardware = { .type = TYPE_ETHERNET };
	struct octets octets;
	int type = octet(text);

	if (type >= 0 && text[2] == '-') {
		hardware.type = (uint8_t)type;
		text += 3;
	}
	if (!octets_from_text(text, false, DHCP_HARDWARE_MAX, &octets))
		return STATUS_MALFORMED;
	hardware.size = (uint8_t)octets.size;
	memcpy(hardware.bytes, octets.bytes, octets.size);
	*ret_hardware = hardware;
	return STATUS_OK;
}

const char *
dhcp_hardware_to_text(const struct dhcp_hardware *hardware,
    char text[static DHCP_HARDWARE_TEXT_MAX])
{
	char *end = text;

	if (hardware->size > 0 && hardware->type != TYPE_ETHERNET) {
		end = append_octet(end, hardware->type);
		*end++ = '-';
	}
	append_octets(end, hardware->bytes, hardware->size);
	return text;
}

bool
dhcp_hardware_is_equal(const struct dhcp_hardware *one, const struct dhcp_hardware *other)
{
	return one->size == other->size && (one->size == 0 || one->type == other->type) &&
	    memcmp(one->bytes, other->bytes, one->size) == 0;
}

enum status
dhcp_duid_from_text(const char *text, struct dhcp_duid *ret_duid)
{
	struct dhcp_duid duid = { 0 };
	struct octets octets;

	if (!octets_from_text(text, true, DHCP_DUID_MAX, &octets))
		return STATUS_MALFORMED;
	duid.size = (uint8_t)octets.size;
	memcpy(duid.bytes, octets.bytes, octets.size);
	*ret_duid = duid;
	return STATUS_OK;
}

const char *
dhcp_duid_to_text(const struct dhcp_duid *duid, char text[static DHCP_DUID_TEXT_MAX])
{
	append_octets(text, duid->bytes, duid->size);
	return text;
}

bool
dhcp_duid_is_equal(const struct dhcp_duid *one, const struct dhcp_duid *other)
{
	return one->size == other->size && memcmp(one->bytes, other->bytes, one->size) == 0;
}

bool
dhcp_duid_from_client_id(const char *client_id, struct dhcp_duid *ret_duid)
{
	struct dhcp_duid duid = { 0 };
	struct octets octets;

	if (!octets_from_text(client_id, true, CLIENT_ID_HEAD + DHCP_DUID_MAX, &octets) ||
	    octets.bytes[0] != CLIENT_ID_DUID || octets.size < CLIENT_ID_HEAD + DUID_LEAST)
		return false;
	duid.size = (uint8_t)(octets.size - CLIENT_ID_HEAD);
	memcpy(duid.bytes, octets.bytes + CLIENT_ID_HEAD, duid.size);
	*ret_duid = duid;
	return true;
}

bool
dhcp_hardware_of_duid(const struct dhcp_duid *duid, struct dhcp_hardware *ret_hardware)
{
	struct dhcp_hardware hardware = { 0 };
	size_t head;

	if (duid->size < DUID_LL_HEAD || duid->bytes[0] != 0)
		return false;
	if (duid->bytes[1] == DUID_LLT)
		head = DUID_LLT_HEAD;
	else if (duid->bytes[1] == DUID_LL)
		head = DUID_LL_HEAD;
	else
		return false;
	/* The hardware type has two octets here, and one in an IPv4 message. */
	if (duid->bytes[2] != 0 || duid->size <= head || duid->size - head > DHCP_HARDWARE_MAX)
		return false;
	hardware.type = duid->bytes[3];
	hardware.size = (uint8_t)(duid->size - head);
	memcpy(hardware.bytes, duid->bytes + head, hardware.size);
	*ret_hardware = hardware;
	return true;
}
