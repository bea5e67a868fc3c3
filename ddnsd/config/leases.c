/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The zone, pins, patterns and templates of DHCP leases' names. */
#include "config/leases.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "wire/reverse.h"

enum {
	YEAR_S = 365 * 24 * 60 * 60,
	ITEMS_MAX = 1000, /* of a list: each is held against each lease's name */
	ZONES_SHOWN_MAX = 400,
	ADDRESS_CHARACTERS = 39, /* 8 groups of 4 digits and what is between them */
	HARDWARE_CHARACTERS = 6, /* three octets in hexadecimal */
};

#define REMEMBER_MAX_S (INT64_C(10) * YEAR_S)
#define HARDWARE_HELP "a MAC address such as 02:00:00:00:00:01"
#define LABEL_HELP "letters, digits and -, the - at neither end, at most 63 in all"

struct config_leases {
	struct dhcp_pin *pins;
	struct dhcp_hardware *ignored;
	char (*labels)[LABEL_TEXT_MAX];
	const char **label_pointers; /* to the labels */
};

/* --- texts --- */

/* In lower case, if all of it are letters, digits and of these others. False, and nothing set: not so. */
static bool
copy_characters(const char *text, const char *others, char ret_text[static LABEL_TEXT_MAX])
{
	size_t length = strlen(text);

	if (length == 0 || length >= LABEL_TEXT_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		if (!isalnum((unsigned char)text[i]) && strchr(others, text[i]) == NULL)
			return false;
	}
	for (size_t i = 0; i <= length; i++)
		ret_text[i] = (char)tolower((unsigned char)text[i]);
	return true;
}

/* A label of RFC 1123 2.1, in lower case. */
static bool
copy_label(const char *text, char ret_label[static LABEL_TEXT_MAX])
{
	return text[0] != '-' && text[0] != '\0' && text[strlen(text) - 1] != '-' &&
	    copy_characters(text, "-", ret_label);
}

/* --- file and zone --- */

static void
read_file(const struct config_section *section, struct dhcp_options *dhcp)
{
	const char *name;

	if (!config_section_path(section, "file", true, dhcp->file) || dhcp->file[0] == '\0')
		return;
	name = file_base_name(dhcp->file);
	if (name[0] == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		config_section_complain(section, "file",
		    "names a folder; allowed: the path of a file, or \"\"");
}

/* The forward zones as a list for people. Returns text, which is empty when there is none. */
static const char *
list_zones(const struct zone_options *zones, size_t zone_count, char text[static ZONES_SHOWN_MAX])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < zone_count && length < ZONES_SHOWN_MAX; i++) {
		char name[NAME_TEXT_MAX];

		if (!reverse_is_within(zones[i].apex.wire))
			length += (size_t)snprintf(text + length, ZONES_SHOWN_MAX - length, "%s%s",
			    length > 0 ? ", " : "", name_to_text(zones[i].apex.wire, name));
	}
	return text;
}

static void
read_zone(const struct config_section *section, const struct zone_options *zones, size_t zone_count,
    bool are_all_zones, struct dhcp_options *dhcp)
{
	const char *text = config_section_text(section, "zone");
	char allowed[ZONES_SHOWN_MAX];
	struct name name = { 0 }; /* the root, which is no zone here */

	if (text[0] != '\0')
		(void)name_from_text(text, &name);
	for (size_t i = 0; i < zone_count && !dhcp->has_zone; i++) {
		const struct name *apex = &zones[i].apex;

		if (reverse_is_within(apex->wire) ||
		    (text[0] != '\0' && !name_is_equal(name.wire, apex->wire)))
			continue;
		dhcp->has_zone = true;
		dhcp->zone = *apex;
	}
	if (dhcp->has_zone || !are_all_zones)
		return;
	if (list_zones(zones, zone_count, allowed)[0] == '\0')
		config_section_complain(section, "zone",
		    "names need a zone that is not for reverse names; add one, as: zone "
		    "\"home.arpa\" { }");
	else
		config_section_complain(section, "zone",
		    "\"%.200s\" is not one of the zones for names; allowed: %s, or \"\" for the first",
		    text, allowed);
}

/* --- pins --- */

/* "MAC LABEL", which complains. */
static bool
read_pin(const struct config_section *section, const char *text, struct dhcp_pin *ret_pin)
{
	size_t length = strcspn(text, " ");
	const char *label = text + length + strspn(text + length, " ");
	char hardware[DHCP_HARDWARE_TEXT_MAX] = "";

	if (length < sizeof(hardware))
		memcpy(hardware, text, length);
	if (dhcp_hardware_from_text(hardware, &ret_pin->hardware) != STATUS_OK ||
	    label[0] == '\0') {
		config_section_complain(section, "pins",
		    "\"%.200s\" is not a pin; allowed: " HARDWARE_HELP ", a blank, and a name",
		    text);
		return false;
	}
	if (!copy_label(label, ret_pin->label)) {
		config_section_complain(section, "pins",
		    "\"%.200s\": \"%.80s\" is not a host's name; allowed: " LABEL_HELP, text,
		    label);
		return false;
	}
	return true;
}

/* One name may have several devices: a laptop by cable and by radio. One device has one name. */
static bool
is_pinned(const struct config_section *section, const char *text, const struct dhcp_options *dhcp,
    const struct dhcp_pin *pin)
{
	for (size_t i = 0; i < dhcp->pin_count; i++) {
		const struct dhcp_pin *other = &dhcp->pins[i];
		char hardware[DHCP_HARDWARE_TEXT_MAX];

		if (!dhcp_hardware_is_equal(&other->hardware, &pin->hardware))
			continue;
		config_section_complain(section, "pins",
		    "\"%.200s\": %s is pinned twice, first to \"%s\"; keep one", text,
		    dhcp_hardware_to_text(&pin->hardware, hardware), other->label);
		return true;
	}
	return false;
}

/* False, with a complaint, when the list is too long or there is no memory for it. */
static bool
make_list(const struct config_section *section, const char *option, size_t size, void **ret_list)
{
	unsigned count = config_section_items(section, option);

	if (count > ITEMS_MAX) {
		config_section_complain(section, option, "more than %d", ITEMS_MAX);
		return false;
	}
	*ret_list = calloc(count + 1, size);
	if (*ret_list == NULL)
		config_out_of_memory(section->reader);
	return *ret_list != NULL;
}

static void
read_pins(const struct config_section *section, struct config_leases *leases,
    struct dhcp_options *dhcp)
{
	void *list;

	if (!make_list(section, "pins", sizeof(*leases->pins), &list))
		return;
	leases->pins = list;
	dhcp->pins = leases->pins;
	for (unsigned i = 0; i < config_section_items(section, "pins"); i++) {
		const char *text = config_section_item(section, "pins", i);
		struct dhcp_pin *pin = &leases->pins[dhcp->pin_count];

		if (read_pin(section, text, pin) && !is_pinned(section, text, dhcp, pin))
			dhcp->pin_count++;
	}
}

/* --- ignored devices and names --- */

static void
read_ignored_item(const struct config_section *section, const char *text,
    struct config_leases *leases, struct dhcp_options *dhcp)
{
	char *label = leases->labels[dhcp->ignored_label_count];

	/* Without a colon it is a name, be it of hexadecimal digits: "be" is no hardware address. */
	if (strchr(text, ':') != NULL &&
	    dhcp_hardware_from_text(text, &leases->ignored[dhcp->ignored_count]) == STATUS_OK)
		dhcp->ignored_count++;
	else if (copy_characters(text, "-*?", label))
		leases->label_pointers[dhcp->ignored_label_count++] = label;
	else
		config_section_complain(section, "ignore",
		    "\"%.200s\" is neither a name nor a device; allowed: letters, digits, -, * for any "
		    "of them and ? for one, at most 63 in all, or " HARDWARE_HELP,
		    text);
}

static void
read_ignored(const struct config_section *section, struct config_leases *leases,
    struct dhcp_options *dhcp)
{
	void *ignored;
	void *labels;
	void *pointers;

	if (!make_list(section, "ignore", sizeof(*leases->ignored), &ignored))
		return;
	leases->ignored = ignored;
	if (!make_list(section, "ignore", sizeof(*leases->labels), &labels))
		return;
	leases->labels = labels;
	if (!make_list(section, "ignore", sizeof(*leases->label_pointers), &pointers))
		return;
	leases->label_pointers = pointers;
	dhcp->ignored = leases->ignored;
	dhcp->ignored_labels = leases->label_pointers;
	for (unsigned i = 0; i < config_section_items(section, "ignore"); i++)
		read_ignored_item(section, config_section_item(section, "ignore", i), leases, dhcp);
}

/* --- names for those without --- */

/*
 * The longest label that comes of a template, with an x for each character of an address; empty when
 * it is longer than any label may be, or something else than %a or %m stands behind a %.
 */
static void
fill_template(const char *text, char ret_label[static LABEL_TEXT_MAX])
{
	char label[LABEL_TEXT_MAX] = "";
	size_t length = 0;

	ret_label[0] = '\0';
	for (; *text != '\0'; text++) {
		size_t added = 1;
		char character = *text;

		if (character == '%') {
			text++;
			if (*text != 'a' && *text != 'm')
				return;
			added = *text == 'a' ? ADDRESS_CHARACTERS : HARDWARE_CHARACTERS;
			character = 'x';
		}
		if (length + added >= sizeof(label))
			return;
		memset(label + length, character, added);
		length += added;
	}
	memcpy(ret_label, label, sizeof(label));
}

static void
read_nameless(const struct config_section *section, struct dhcp_options *dhcp)
{
	const char *text = config_section_text(section, "nameless");
	char longest[LABEL_TEXT_MAX];

	if (text[0] == '\0')
		return;
	fill_template(text, longest);
	if (strchr(text, '%') == NULL)
		config_section_complain(section, "nameless",
		    "\"%.80s\" would be the name of all; it needs %%a, the address, or %%m, the end of "
		    "the MAC address, as dhcp-%%a",
		    text);
	else if (!copy_label(longest, longest) || !copy_characters(text, "-%", dhcp->nameless))
		config_section_complain(section, "nameless",
		    "\"%.80s\" does not make a host's name; allowed: %%a (up to %d characters), %%m (%d), "
		    "and " LABEL_HELP,
		    text, ADDRESS_CHARACTERS, HARDWARE_CHARACTERS);
}

/* --- the whole --- */

struct config_leases *
config_leases_read(const struct config_section *section, const struct zone_options *zones,
    size_t zone_count, bool are_all_zones, struct dhcp_options *dhcp)
{
	struct config_leases *leases = calloc(1, sizeof(*leases));
	int64_t ttl_s;

	if (leases == NULL) {
		config_out_of_memory(section->reader);
		return NULL;
	}
	read_file(section, dhcp);
	read_zone(section, zones, zone_count, are_all_zones, dhcp);
	if (config_section_duration(section, "ttl", 0, YEAR_S, -1, &ttl_s))
		dhcp->ttl_s = (uint32_t)ttl_s;
	read_pins(section, leases, dhcp);
	read_ignored(section, leases, dhcp);
	read_nameless(section, dhcp);
	(void)config_section_duration(section, "remember", 0, REMEMBER_MAX_S, -1,
	    &dhcp->remember_s);
	return leases;
}

void
config_leases_free(struct config_leases *leases)
{
	if (leases == NULL)
		return;
	free(leases->pins);
	free(leases->ignored);
	free(leases->labels);
	free(leases->label_pointers);
	free(leases);
}
