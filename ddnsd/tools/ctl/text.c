/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Escapes and measures text for a terminal. */
#include "tools/ctl/text.h"

#include <langinfo.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

bool
text_is_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* One character of UTF-8 (RFC 3629 4): its octets, or 0 when it is none. */
static size_t
decode(const char *text, size_t length, uint32_t *ret_character)
{
	static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
	unsigned char first = (unsigned char)text[0];
	size_t size = first < 0x80 ? 1 : first < 0xc0 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	uint32_t character;

	if (size == 0 || size > length || first > 0xf4)
		return 0;
	character = size == 1 ? first : first & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		if (((unsigned char)text[i] & 0xc0) != 0x80)
			return 0;
		character = character << 6 | ((unsigned char)text[i] & 0x3f);
	}
	if (size > 1 &&
	    (character < smallest[size] || character > 0x10ffff ||
		(character >= 0xd800 && character <= 0xdfff)))
		return 0;
	*ret_character = character;
	return size;
}

/* Columns; -1: nothing that may be shown as it is. */
static int
columns_of(uint32_t character)
{
	if (character < 0x20 || (character >= 0x7f && character < 0xa0))
		return -1;
	if (character < 0x80)
		return 1;
	/* Marks of direction and joiners: zero width, and they change what is beside them. */
	if ((character >= 0x200b && character <= 0x200f) ||
	    (character >= 0x2028 && character <= 0x202e) ||
	    (character >= 0x2060 && character <= 0x206f) || character == 0x061c ||
	    character == 0xfeff)
		return -1;
	return wcwidth((wchar_t)character);
}

void
text_escape(struct buffer *buffer, const char *text, bool keeps_newlines)
{
	size_t length = strlen(text);
	bool is_utf8 = text_is_utf8();

	while (length > 0) {
		uint32_t character = 0;
		size_t size = decode(text, length, &character);
		bool passes = size > 0 && (size == 1 || is_utf8) && columns_of(character) >= 0;

		if (passes || (*text == '\n' && keeps_newlines)) {
			buffer_append(buffer, text, size);
		} else {
			size = size > 0 ? size : 1;
			for (size_t i = 0; i < size; i++)
				buffer_format(buffer, "\\x%02x", (unsigned char)text[i]);
		}
		text += size;
		length -= size;
	}
}

static size_t
measure(const char *text, size_t length, size_t limit, size_t *ret_width)
{
	size_t at = 0, width = 0;

	while (at < length) {
		uint32_t character = 0;
		size_t size = decode(text + at, length - at, &character);
		int columns = size > 0 ? columns_of(character) : 1;
		size_t more = columns > 0 ? (size_t)columns : 0;

		if (width + more > limit)
			break;
		width += more;
		at += size > 0 ? size : 1;
	}
	*ret_width = width;
	return at;
}

size_t
text_width(const char *text, size_t length)
{
	size_t width;

	(void)measure(text, length, SIZE_MAX, &width);
	return width;
}

size_t
text_cut(const char *text, size_t length, size_t width)
{
	size_t reached;

	return measure(text, length, width, &reached);
}
