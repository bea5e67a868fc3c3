/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hosts and interface identifiers, from text. */
#include "config/interface_ids.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "wire/address.h"
#include "wire/reverse.h"

#define INTERFACE_ID_HELP                                                                        \
	"allowed: self or a full name, a blank, and the last 64 bits of its IPv6 addresses, as " \
	"\"nas.home.arpa ::211:32ff:fe12:3456\""

static const struct zone_options *
find_zone(const struct config_keys *keys, const uint8_t *name)
{
	for (size_t i = 0; i < keys->zone_count; i++) {
		if (name_is_within(name, keys->zones[i].apex.wire))
			return &keys->zones[i];
	}
	return NULL;
}

/* A host has one self, where a grant has one in each zone: that of the first zone for names. */
static bool
find_self(const struct config_keys *keys, const struct name *key, struct name *ret_self)
{
	if (find_zone(keys, key->wire) != NULL) {
		*ret_self = *key;
		return true;
	}
	for (size_t i = 0; i < keys->zone_count; i++) {
		const uint8_t *apex = keys->zones[i].apex.wire;

		if (!reverse_is_within(apex))
			return name_join(key->wire, apex, ret_self) == STATUS_OK;
	}
	return false;
}

/* ::IID. All zeros would be the address of the network's routers (RFC 4291 2.6.1). */
static bool
id_from_text(const char *text, uint8_t ret_octets[static INTERFACE_ID_SIZE])
{
	static const uint8_t zeros[INTERFACE_ID_SIZE];
	struct address address;

	if (address_from_text(text, &address) != STATUS_OK || address.family != 6 ||
	    memcmp(address.bytes, zeros, sizeof(zeros)) != 0 ||
	    memcmp(address.bytes + INTERFACE_ID_SIZE, zeros, sizeof(zeros)) == 0)
		return false;
	memcpy(ret_octets, address.bytes + INTERFACE_ID_SIZE, INTERFACE_ID_SIZE);
	return true;
}

static bool
host_from_text(const struct config_keys *keys, const struct name *key, const char *text,
    struct name *ret_host)
{
	if (strcasecmp(text, "self") == 0)
		return find_self(keys, key, ret_host);
	return config_plain_name(text, ret_host);
}

static bool
read_interface_id(const struct config_keys *keys, const struct config_section *section,
    const struct name *key, const char *text, struct interface_id *ret_id)
{
	static const char blanks[] = " \t";
	size_t length = strcspn(text, blanks);
	char host[NAME_TEXT_MAX] = "";

	if (length < sizeof(host))
		memcpy(host, text, length);
	if (!host_from_text(keys, key, host, &ret_id->host) ||
	    !id_from_text(text + length + strspn(text + length, blanks), ret_id->octets)) {
		config_section_complain(section, "interface-ids",
		    "\"%.200s\" is not a host's interface identifier; " INTERFACE_ID_HELP, text);
		return false;
	}
	if (keys->zone_count > 0 && find_zone(keys, ret_id->host.wire) == NULL)
		config_warn(section->reader, config_section_line(section, "interface-ids"),
		    "interface-ids: \"%.200s\" lies in none of the zones, so it does nothing",
		    text);
	return true;
}

bool
config_interface_ids_read(const struct config_keys *keys, const struct config_section *section,
    const struct name *key, struct interface_id **ret_ids, size_t *ret_count)
{
	unsigned count = config_section_items(section, "interface-ids");
	bool are_good = true;

	*ret_ids = NULL;
	*ret_count = 0;
	if (count == 0)
		return true;
	if (count > CONFIG_INTERFACE_IDS_MAX) {
		config_section_complain(section, "interface-ids", "more than %d",
		    CONFIG_INTERFACE_IDS_MAX);
		return false;
	}
	*ret_ids = calloc(count, sizeof(**ret_ids));
	if (*ret_ids == NULL) {
		config_out_of_memory(section->reader);
		return false;
	}
	for (unsigned i = 0; i < count; i++)
		are_good &= read_interface_id(keys, section, key,
		    config_section_item(section, "interface-ids", i), &(*ret_ids)[i]);
	*ret_count = count;
	return are_good;
}
