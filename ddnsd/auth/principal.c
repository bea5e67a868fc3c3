/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Turns the administrator's words into grants. Decides nothing: that is policy's. */
#include "auth/principal.h"

#include <libknot/descriptor.h>
#include <string.h>
#include <strings.h>

static const char blanks[] = " \t";

enum { WORD_MAX = NAME_TEXT_MAX };

/* Takes the next word off *text; an empty one at the end. False when it is longer than any name. */
static bool
next_word(const char **text, char word[static WORD_MAX])
{
	const char *start = *text + strspn(*text, blanks);
	size_t length = strcspn(start, blanks);

	if (length >= WORD_MAX)
		return false;
	memcpy(word, start, length);
	word[length] = '\0';
	*text = start + length;
	return true;
}

static const char *
read_name(const char *text, struct grant *grant)
{
	if (text[0] == '\0')
		return "the name is missing";
	if (strchr(text, '*') != NULL)
		return "\"*\" stands only at the front, as in \"*.home.arpa\" or \"*.self\"";
	if (name_from_text(text, &grant->name) != STATUS_OK)
		return "the name is not a domain name";
	return NULL;
}

/* The pattern functions return the reason why not, or NULL. */
static const char *
read_pattern(const char **text, struct grant *grant)
{
	char word[WORD_MAX];

	if (!next_word(text, word))
		return "the name is too long";
	if (word[0] == '\0')
		return "the grant is empty; allowed are self, *.self, NAME, *.NAME and zone NAME";
	if (strcasecmp(word, "self") == 0) {
		grant->pattern = GRANT_SELF;
		return NULL;
	}
	if (strcasecmp(word, "*.self") == 0) {
		grant->pattern = GRANT_BELOW_SELF;
		return NULL;
	}
	if (strcasecmp(word, "zone") == 0) {
		grant->pattern = GRANT_ZONE;
		return next_word(text, word) ? read_name(word, grant) : "the name is too long";
	}
	if (strncmp(word, "*.", 2) == 0) {
		grant->pattern = GRANT_BELOW;
		return read_name(word + 2, grant);
	}
	grant->pattern = GRANT_EXACT;
	return read_name(word, grant);
}

/* Never the type of a stored record: 0, OPT, and the range that RFC 6895 3.1 keeps for queries. */
static bool
is_meta(uint16_t type)
{
	return type == 0 || type == KNOT_RRTYPE_OPT || (type >= 128 && type <= 255) ||
	    type == UINT16_MAX;
}

static bool
has_type(const struct grant *grant, uint16_t type)
{
	for (size_t i = 0; i < grant->type_count; i++) {
		if (grant->types[i] == type)
			return true;
	}
	return false;
}

static const char *
read_type(const char *word, struct grant *grant)
{
	uint16_t type;

	if (knot_rrtype_from_string(word, &type) != 0)
		return "the type is unknown; write its name, TYPE and a number, or ANY";
	if (type == KNOT_RRTYPE_ANY) {
		grant->any_type = true;
		return NULL;
	}
	if (is_meta(type))
		return "the type is one that only queries and messages have, not records";
	if (has_type(grant, type))
		return NULL;
	if (grant->type_count == GRANT_TYPES_MAX)
		return "more than 32 types; write ANY, or several grants";
	grant->types[grant->type_count++] = type;
	return NULL;
}

static const char *
read_grant(const char *text, struct grant *grant)
{
	char word[WORD_MAX];
	const char *reason = read_pattern(&text, grant);

	while (reason == NULL) {
		if (!next_word(&text, word))
			return "the type is unknown; write its name, TYPE and a number, or ANY";
		if (word[0] == '\0')
			break;
		reason = read_type(word, grant);
	}
	if (grant->type_count == 0)
		grant->any_type = true;
	return reason;
}

enum status
grant_from_text(const char *text, struct grant *ret_grant, const char **ret_reason)
{
	struct grant grant = { 0 };
	const char *reason = read_grant(text, &grant);

	if (reason != NULL) {
		*ret_reason = reason;
		return STATUS_MALFORMED;
	}
	*ret_grant = grant;
	return STATUS_OK;
}
