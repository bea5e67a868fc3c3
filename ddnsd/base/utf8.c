/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of RFC 3629 4. */
#include "base/utf8.h"

#include <stdint.h>

size_t
utf8_character_size(const char *text)
{
	static const struct {
		uint8_t low, high; /* the first octet */
		uint8_t second_low, second_high;
		size_t size;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const uint8_t *octets = (const uint8_t *)text;

	if (octets[0] < 0x80)
		return octets[0] != '\0';
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		size_t size = 2;

		if (octets[0] < forms[i].low || octets[0] > forms[i].high)
			continue;
		if (octets[1] < forms[i].second_low || octets[1] > forms[i].second_high)
			return 0;
		while (size < forms[i].size && (octets[size] & 0xc0) == 0x80)
			size++;
		return size == forms[i].size ? size : 0;
	}
	return 0;
}
