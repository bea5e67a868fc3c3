/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Grants of a list, one by one, held against the zones. */
#include "config/grants.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A grant for a name that no zone can hold is a mistake, though a harmless one. */
static bool
concerns_a_zone(const struct grant *grant, const struct config_keys *keys)
{
	bool is_exact = grant->pattern == GRANT_EXACT;

	if (grant->pattern == GRANT_SELF || grant->pattern == GRANT_BELOW_SELF)
		return true;
	for (size_t i = 0; i < keys->zone_count; i++) {
		const uint8_t *apex = keys->zones[i].apex.wire;

		if (name_is_within(grant->name.wire, apex) ||
		    (!is_exact && name_is_within(apex, grant->name.wire)))
			return true;
	}
	return false;
}

/* The word, which is no name whatever stands behind it. */
static bool
begins_with_look(const char *text)
{
	size_t length = strlen("look");

	return strncasecmp(text, "look", length) == 0 &&
	    (text[length] == '\0' || text[length] == ' ' || text[length] == '\t');
}

static bool
read_grant(const struct config_keys *keys, const struct config_section *section,
    enum config_speaker speaker, const char *text, struct grant *ret_grant)
{
	const char *reason = "";

	if (begins_with_look(text)) {
		config_section_complain(section, "allow", "\"%.200s\": %s", text,
		    speaker == CONFIG_NETWORK
			? "a network may not look; allowed: look in a key, or the network in look of "
			  "listen \"http\""
			: "look has no types; allowed: look");
		return false;
	}
	if (grant_from_text(text, ret_grant, &reason) != STATUS_OK) {
		config_section_complain(section, "allow", "\"%.200s\": %s", text, reason);
		return false;
	}
	if (speaker != CONFIG_KEY &&
	    (ret_grant->pattern == GRANT_SELF || ret_grant->pattern == GRANT_BELOW_SELF)) {
		config_section_complain(section, "allow",
		    "\"%.200s\": self is a key's own name, and a %s has none; allowed: %sNAME, "
		    "*.NAME, zone NAME",
		    text, section->block->section->name,
		    speaker == CONFIG_PEER ? "lease, look, " : "");
		return false;
	}
	if (!concerns_a_zone(ret_grant, keys))
		config_warn(section->reader, config_section_line(section, "allow"),
		    "allow: \"%.200s\" lies in none of the zones, so it allows nothing", text);
	return true;
}

bool
config_grants_read(const struct config_keys *keys, const struct config_section *section,
    enum config_speaker speaker, struct config_grants *ret_grants)
{
	unsigned count = config_section_items(section, "allow");
	bool are_good = true;

	*ret_grants = (struct config_grants){ 0 };
	if (count == 0)
		return true;
	ret_grants->items = calloc(count, sizeof(*ret_grants->items));
	if (ret_grants->items == NULL) {
		config_out_of_memory(section->reader);
		return false;
	}
	for (unsigned i = 0; i < count; i++) {
		const char *text = config_section_item(section, "allow", i);

		if (speaker == CONFIG_PEER && strcasecmp(text, "lease") == 0)
			ret_grants->may_tell_leases = true;
		else if (speaker != CONFIG_NETWORK && strcasecmp(text, "look") == 0)
			ret_grants->may_look = true;
		else if (read_grant(keys, section, speaker, text,
			     &ret_grants->items[ret_grants->count]))
			ret_grants->count++;
		else
			are_good = false;
	}
	return are_good;
}

void
config_grants_warn_empty(const struct config_section *section)
{
	config_warn(section->reader, config_section_line(section, "allow"),
	    "%s \"%.80s\" allows nothing: allow is empty", section->block->section->name,
	    section->block->title);
}
