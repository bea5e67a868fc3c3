/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Labels of host names from whatever devices call themselves. Keeps nothing. */
#include "wire/label.h"

#include <idn2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	LABEL_LENGTH_MAX = LABEL_TEXT_MAX - 1,
	/* More than that no DHCP client can send (RFC 2132 2); the rest of a longer text is not read. */
	TEXT_LENGTH_MAX = 255,
	CHARACTER_MAX = 4, /* octets, RFC 3629 3 */
	NUMBER_TEXT_MAX = 12,
};

/* What becomes of a character. */
enum fate {
	FATE_KEPT,
	FATE_GONE,   /* nothing stands in its place */
	FATE_HYPHEN, /* a hyphen does */
	FATE_END,    /* the first label ends here */
};

/* A label while it is written, still in UTF-8. */
struct draft {
	char text[TEXT_LENGTH_MAX + 1];
	size_t length;
	bool ends_replaced; /* its last character is a hyphen that stands for something else */
};

/* Characters beyond ASCII that IDNA would drop or split at, but that mean something to a person. */
static const struct {
	uint32_t first;
	uint32_t last;
	enum fate fate;
} special_characters[] = {
	{ 0x00a0, 0x00a0, FATE_HYPHEN }, /* no-break space */
	{ 0x00b4, 0x00b4, FATE_GONE },   /* acute accent, typed for an apostrophe */
	{ 0x02bb, 0x02bc, FATE_GONE },   /* modifier letters turned comma, apostrophe */
	{ 0x1680, 0x1680, FATE_HYPHEN }, /* Ogham space */
	{ 0x2000, 0x200a, FATE_HYPHEN }, /* spaces of all widths */
	{ 0x2010, 0x2015, FATE_HYPHEN }, /* hyphens and dashes */
	{ 0x2018, 0x201b, FATE_GONE },   /* typographic apostrophes */
	{ 0x2028, 0x2029, FATE_HYPHEN }, /* line and paragraph separators */
	{ 0x202f, 0x202f, FATE_HYPHEN }, /* narrow no-break space */
	{ 0x2032, 0x2032, FATE_GONE },   /* prime */
	{ 0x205f, 0x205f, FATE_HYPHEN }, /* mathematical space */
	{ 0x2212, 0x2212, FATE_HYPHEN }, /* minus */
	{ 0x3000, 0x3000, FATE_HYPHEN }, /* ideographic space */
	{ 0x3002, 0x3002, FATE_END },    /* ideographic full stop, RFC 3490 3.1 */
	{ 0xff07, 0xff07, FATE_GONE },   /* full-width apostrophe */
	{ 0xff0d, 0xff0d, FATE_HYPHEN }, /* full-width hyphen */
	{ 0xff0e, 0xff0e, FATE_END },    /* full-width full stop */
	{ 0xff3f, 0xff3f, FATE_HYPHEN }, /* full-width underscore */
	{ 0xff61, 0xff61, FATE_END },    /* half-width ideographic full stop */
};

static bool
is_letter_or_digit(char character)
{
	return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9');
}

/* RFC 952, RFC 1123 2.1; lower case. */
static bool
is_label(const char *text)
{
	size_t length = strlen(text);

	if (length == 0 || length > LABEL_LENGTH_MAX || text[0] == '-' || text[length - 1] == '-')
		return false;
	for (; *text != '\0'; text++) {
		if (!is_letter_or_digit(*text) && *text != '-')
			return false;
	}
	return true;
}

/*
 * The size of the well-formed UTF-8 character at the start of a text (RFC 3629 4), or 0. The text's
 * NUL is no continuation, so nothing behind it is read.
 */
static size_t
decode(const char *text, uint32_t *ret_character)
{
	static const uint32_t least[CHARACTER_MAX + 1] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = (uint8_t)text[0];
	size_t size;
	uint32_t character;

	if (lead < 0x80) {
		*ret_character = lead;
		return 1;
	}
	if (lead < 0xc0 || lead > 0xf7)
		return 0;
	size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
	character = lead & (0x7fU >> size);
	for (size_t i = 1; i < size; i++) {
		uint8_t octet = (uint8_t)text[i];

		if ((octet & 0xc0) != 0x80)
			return 0;
		character = character << 6 | (octet & 0x3f);
	}
	if (character < least[size] || character > 0x10ffff ||
	    (character >= 0xd800 && character <= 0xdfff))
		return 0;
	*ret_character = character;
	return size;
}

/* A label in UTF-8 as IDNA writes it. False: IDNA does not take it, or it is no label then. */
static bool
to_ascii(const char *text, char ret_label[static LABEL_TEXT_MAX])
{
	char *ascii = NULL;
	int result = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
	bool is_taken = result == IDN2_OK && is_label(ascii);

	if (is_taken)
		(void)snprintf(ret_label, LABEL_TEXT_MAX, "%s", ascii);
	if (result == IDN2_OK)
		idn2_free(ascii);
	return is_taken;
}

/*
 * True when the character may stand in some label: by itself, or behind a letter, as combining
 * marks do.
 */
static bool
is_taken_by_idna(const char *text, size_t size)
{
	char behind_letter[CHARACTER_MAX + 2] = "a";
	char label[LABEL_TEXT_MAX];

	memcpy(behind_letter + 1, text, size);
	return to_ascii(behind_letter + 1, label) || to_ascii(behind_letter, label);
}

static enum fate
fate_of_ascii(uint32_t character)
{
	if (character == '.')
		return FATE_END;
	if (character == '\'' || character == '`')
		return FATE_GONE;
	return is_letter_or_digit((char)character) || character == '-' ? FATE_KEPT : FATE_HYPHEN;
}

static enum fate
fate_of(uint32_t character, const char *text, size_t size)
{
	if (size == 0)
		return FATE_GONE;
	if (size == 1)
		return fate_of_ascii(character);
	for (size_t i = 0; i < sizeof(special_characters) / sizeof(special_characters[0]); i++) {
		if (character >= special_characters[i].first &&
		    character <= special_characters[i].last)
			return special_characters[i].fate;
	}
	return is_taken_by_idna(text, size) ? FATE_KEPT : FATE_GONE;
}

/* A replacement beside any hyphen is not seen: "a - b" is "a-b", while "a--b" stays. */
static void
append_hyphen(struct draft *draft, bool is_replacement)
{
	if (draft->length == 0)
		return;
	if (draft->text[draft->length - 1] != '-') {
		draft->text[draft->length++] = '-';
		draft->ends_replaced = is_replacement;
	} else if (draft->ends_replaced) {
		draft->ends_replaced = is_replacement;
	} else if (!is_replacement) {
		draft->text[draft->length++] = '-';
	}
}

static void
trim_end(char *text, size_t *length)
{
	while (*length > 0 && text[*length - 1] == '-')
		(*length)--;
	text[*length] = '\0';
}

/* Writes the first label's characters that may stay, without hyphens at the ends. */
static void
write_draft(const char *text, bool is_ascii_only, struct draft *draft)
{
	size_t at = 0;

	*draft = (struct draft){ .length = 0 };
	while (text[at] != '\0') {
		uint32_t character = 0;
		size_t size = decode(text + at, &character);
		size_t step = size > 0 ? size : 1;
		char lower = (char)character;
		enum fate fate;

		if (at + step > TEXT_LENGTH_MAX)
			break;
		if (size == 1 && lower >= 'A' && lower <= 'Z')
			character = (uint8_t)(lower += 'a' - 'A');
		fate = fate_of(character, text + at, size);
		if (fate == FATE_END)
			break;
		if (fate == FATE_HYPHEN || (fate == FATE_KEPT && character == '-')) {
			append_hyphen(draft, fate == FATE_HYPHEN);
		} else if (fate == FATE_KEPT && (size == 1 || !is_ascii_only)) {
			memcpy(draft->text + draft->length, size == 1 ? &lower : text + at, size);
			draft->length += size;
		}
		at += step;
	}
	trim_end(draft->text, &draft->length);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((uint8_t)*text >= 0x80)
			return false;
	}
	return true;
}

bool
label_from_text(const char *text, char ret_label[static LABEL_TEXT_MAX])
{
	struct draft draft;

	write_draft(text, false, &draft);
	if (!is_ascii(draft.text)) {
		if (to_ascii(draft.text, ret_label))
			return true;
		/* Together they break a rule (RFC 5893), or are too long: punycode cannot be cut. */
		write_draft(text, true, &draft);
	}
	if (draft.length > LABEL_LENGTH_MAX)
		draft.length = LABEL_LENGTH_MAX;
	trim_end(draft.text, &draft.length);
	memcpy(ret_label, draft.text, draft.length + 1);
	return draft.length > 0;
}

/* A number behind punycode would be read as a part of it. False: the label is no IDNA's, or too long. */
static bool
number_idna(const char *label, const char *number_text, char ret_label[static LABEL_TEXT_MAX])
{
	char numbered[CHARACTER_MAX * LABEL_TEXT_MAX + NUMBER_TEXT_MAX];
	char *unicode = NULL;
	bool is_done;
	int length;

	if (strncmp(label, "xn--", 4) != 0 || idn2_to_unicode_8z8z(label, &unicode, 0) != IDN2_OK)
		return false;
	length = snprintf(numbered, sizeof(numbered), "%s%s", unicode, number_text);
	is_done = length > 0 && (size_t)length < sizeof(numbered) && to_ascii(numbered, ret_label);
	idn2_free(unicode);
	return is_done;
}

void
label_with_number(const char *label, unsigned number, char ret_label[static LABEL_TEXT_MAX])
{
	char number_text[NUMBER_TEXT_MAX];
	size_t number_length;
	size_t length = strlen(label);

	(void)snprintf(number_text, sizeof(number_text), "-%u", number);
	number_length = strlen(number_text);
	if (number_idna(label, number_text, ret_label))
		return;
	if (length > LABEL_LENGTH_MAX - number_length)
		length = LABEL_LENGTH_MAX - number_length;
	memmove(ret_label, label, length);
	trim_end(ret_label, &length);
	memcpy(ret_label + length, number_text, number_length + 1);
}

bool
label_matches(const char *label, const char *pattern)
{
	const char *behind_star = NULL;
	const char *resume = NULL;

	/* Only the last star can need more: what stood before it has matched at its earliest. */
	while (*label != '\0') {
		if (*pattern == '*') {
			behind_star = ++pattern;
			resume = label;
		} else if (*pattern == *label || *pattern == '?') {
			pattern++;
			label++;
		} else if (behind_star != NULL) {
			pattern = behind_star;
			label = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
