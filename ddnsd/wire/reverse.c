/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An address' octets or nibbles as labels, the last one first. */
#include "wire/reverse.h"

#include <stdio.h>
#include <string.h>

static const uint8_t in_addr_arpa[] = "\007in-addr\004arpa";
static const uint8_t ip6_arpa[] = "\003ip6\004arpa";
static const char digits[] = "0123456789abcdef";

bool
reverse_is_within(const uint8_t *name)
{
	return name_is_within(name, in_addr_arpa) || name_is_within(name, ip6_arpa);
}

static uint8_t *
put_octet(uint8_t *place, uint8_t octet)
{
	char text[4];
	int length = snprintf(text, sizeof(text), "%u", octet);

	*place++ = (uint8_t)length;
	memcpy(place, text, (size_t)length);
	return place + length;
}

void
reverse_name(const struct address *address, struct name *ret_name)
{
	uint8_t *place = ret_name->wire;

	if (address->family == 4) {
		for (unsigned i = 4; i-- > 0;)
			place = put_octet(place, address->bytes[i]);
		memcpy(place, in_addr_arpa, sizeof(in_addr_arpa));
		return;
	}
	for (unsigned i = 16; i-- > 0;) {
		*place++ = 1;
		*place++ = (uint8_t)digits[address->bytes[i] & 15];
		*place++ = 1;
		*place++ = (uint8_t)digits[address->bytes[i] >> 4];
	}
	memcpy(place, ip6_arpa, sizeof(ip6_arpa));
}

/* One to three digits, the value of an octet, no zero in front. */
static bool
read_octet(const uint8_t *label, uint8_t *ret_octet)
{
	unsigned value = 0;

	if (label[0] < 1 || label[0] > 3 || (label[0] > 1 && label[1] == '0'))
		return false;
	for (unsigned i = 1; i <= label[0]; i++) {
		if (label[i] < '0' || label[i] > '9')
			return false;
		value = 10 * value + (label[i] - '0');
	}
	*ret_octet = (uint8_t)value;
	return value <= 255;
}

static bool
read_nibble(const uint8_t *label, uint8_t *ret_nibble)
{
	const char *digit = label[0] == 1 && label[1] != '\0' ? strchr(digits, label[1]) : NULL;

	if (digit == NULL)
		return false;
	*ret_nibble = (uint8_t)(digit - digits);
	return true;
}

bool
reverse_address(const uint8_t *name, struct address *ret_address)
{
	struct address address = { 0 };
	uint8_t nibble = 0;

	if (name_labels(name) == 4 + 2 && name_is_within(name, in_addr_arpa)) {
		address.family = 4;
		for (unsigned i = 4; i-- > 0; name = name_parent(name)) {
			if (!read_octet(name, &address.bytes[i]))
				return false;
		}
	} else if (name_labels(name) == 32 + 2 && name_is_within(name, ip6_arpa)) {
		address.family = 6;
		for (unsigned i = 32; i-- > 0; name = name_parent(name)) {
			if (!read_nibble(name, &nibble))
				return false;
			address.bytes[i / 2] |= (uint8_t)(i % 2 == 1 ? nibble : nibble << 4);
		}
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}
