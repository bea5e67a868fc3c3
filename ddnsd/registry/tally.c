/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of types that have a place of their own. */
#include "registry/tally.h"

#include <libknot/descriptor.h>

enum {
	OTHER = TALLY_PLACES - 1,
	LOW_TYPES = 256, /* below, one look into a table; above there is only CAA */
};

static const char *const texts[TALLY_PLACES] = { "A", "AAAA", "CNAME", "PTR", "TXT", "SRV", "MX",
	"NS", "SOA", "HTTPS", "SVCB", "TLSA", "SSHFP", "DHCID", "NAPTR", "LOC", "CAA", "other" };

/* Counted from 1, as what is not mentioned is 0. */
static const uint8_t places[LOW_TYPES] = {
	[KNOT_RRTYPE_A] = 1,
	[KNOT_RRTYPE_AAAA] = 2,
	[KNOT_RRTYPE_CNAME] = 3,
	[KNOT_RRTYPE_PTR] = 4,
	[KNOT_RRTYPE_TXT] = 5,
	[KNOT_RRTYPE_SRV] = 6,
	[KNOT_RRTYPE_MX] = 7,
	[KNOT_RRTYPE_NS] = 8,
	[KNOT_RRTYPE_SOA] = 9,
	[KNOT_RRTYPE_HTTPS] = 10,
	[KNOT_RRTYPE_SVCB] = 11,
	[KNOT_RRTYPE_TLSA] = 12,
	[KNOT_RRTYPE_SSHFP] = 13,
	[KNOT_RRTYPE_DHCID] = 14,
	[KNOT_RRTYPE_NAPTR] = 15,
	[KNOT_RRTYPE_LOC] = 16,
};

static size_t
place_of(uint16_t type)
{
	if (type == KNOT_RRTYPE_CAA)
		return OTHER - 1;
	return type < LOW_TYPES && places[type] != 0 ? places[type] - 1u : OTHER;
}

void
tally_add(struct tally *tally, const struct records *records)
{
	uint16_t type;
	uint16_t count;

	for (size_t i = 0; records_type(records, i, &type, &count); i++)
		tally->records[place_of(type)] += count;
}

void
tally_take_off(struct tally *tally, const struct records *records)
{
	uint16_t type;
	uint16_t count;

	for (size_t i = 0; records_type(records, i, &type, &count); i++)
		tally->records[place_of(type)] -= count;
}

const char *
tally_text(size_t place)
{
	return texts[place];
}
