/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Strict base64, and how it is written. */
#include "base/base64.h"

#include <string.h>

/* The six bits of a character; -1 for one that is not in the alphabet. */
static int
bits_of(char character)
{
	if (character >= 'A' && character <= 'Z')
		return character - 'A';
	if (character >= 'a' && character <= 'z')
		return character - 'a' + 26;
	if (character >= '0' && character <= '9')
		return character - '0' + 52;
	if (character == '+')
		return 62;
	return character == '/' ? 63 : -1;
}

enum status
base64_decode(const char *text, uint8_t *ret_bytes, size_t capacity, size_t *ret_size)
{
	size_t length = strlen(text);
	size_t padding = 0;
	size_t size = 0;
	uint32_t bits = 0;

	if (length == 0 || length % 4 != 0)
		return STATUS_MALFORMED;
	while (padding < 2 && text[length - 1 - padding] == '=')
		padding++;
	for (size_t i = 0; i < length - padding; i++) {
		int value = bits_of(text[i]);

		if (value < 0)
			return STATUS_MALFORMED;
		bits = bits << 6 | (uint32_t)value;
		/* The first of four characters completes no octet. */
		if (i % 4 == 0)
			continue;
		if (size == capacity)
			return STATUS_TOO_LARGE;
		ret_bytes[size++] = (uint8_t)(bits >> (6 - 2 * (i % 4)));
	}
	if (padding > 0 && (bits & ((1U << 2 * padding) - 1)) != 0)
		return STATUS_MALFORMED;
	*ret_size = size;
	return STATUS_OK;
}

const char *
base64_encode(const uint8_t *bytes, size_t size, char *text)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *at = text;

	for (size_t i = 0; i < size; i += 3) {
		size_t left = size - i;
		uint32_t bits = (uint32_t)bytes[i] << 16;

		bits |= left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0;
		bits |= left > 2 ? bytes[i + 2] : 0;
		*at++ = digits[bits >> 18];
		*at++ = digits[bits >> 12 & 63];
		*at++ = left > 1 ? digits[bits >> 6 & 63] : '=';
		*at++ = left > 2 ? digits[bits & 63] : '=';
	}
	*at = '\0';
	return text;
}
