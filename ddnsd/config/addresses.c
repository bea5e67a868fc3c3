/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses of a door, from a list's texts to endpoints. */
#include "config/addresses.h"

#include <string.h>

bool
config_address_is_wildcard(const struct address *address)
{
	static const uint8_t zeros[sizeof(address->bytes)];

	return memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

/* Binding both all addresses and one of them to a port fails. */
static bool
is_taken(const struct config_section *section, const char *text, const struct address *address,
    const struct endpoint *endpoints, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct address *other = &endpoints[i].address;
		bool is_all = config_address_is_wildcard(address);
		char one[ADDRESS_TEXT_MAX];
		char all[ADDRESS_TEXT_MAX];

		if (address_is_equal(other, address)) {
			config_section_complain(section, "addresses",
			    "\"%.80s\" is given twice; keep one", text);
			return true;
		}
		if (other->family != address->family ||
		    (!is_all && !config_address_is_wildcard(other)))
			continue;
		config_section_complain(section, "addresses",
		    "\"%s\" is all IPv%u addresses, \"%s\" among them; keep one of the two",
		    address_to_text(is_all ? address : other, all), address->family,
		    address_to_text(is_all ? other : address, one));
		return true;
	}
	return false;
}

void
config_addresses_read(const struct config_section *section, uint16_t port,
    struct endpoint *ret_endpoints, size_t most, size_t *ret_count)
{
	unsigned count = config_section_items(section, "addresses");

	*ret_count = 0;
	if (count == 0)
		config_section_complain(section, "addresses",
		    "empty; allowed: one address or more, as {\"0.0.0.0\", \"::\"} for all");
	for (unsigned i = 0; i < count; i++) {
		const char *text = config_section_item(section, "addresses", i);
		struct endpoint endpoint = { .port = port };

		if (*ret_count == most)
			config_section_complain(section, "addresses", "more than %zu", most);
		else if (address_from_text(text, &endpoint.address) != STATUS_OK)
			config_section_complain(section, "addresses",
			    "\"%.80s\" is not an address; allowed: IPv4 and IPv6 addresses without a "
			    "port, as 0.0.0.0 and :: for all",
			    text);
		else if (!is_taken(section, text, &endpoint.address, ret_endpoints, *ret_count))
			ret_endpoints[(*ret_count)++] = endpoint;
	}
}
