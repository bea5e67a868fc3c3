/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walks libknot's description of a type's fields. */
#include "wire/rdata.h"

#include <libknot/descriptor.h>
#include <libknot/dname.h>
#include <stddef.h>

/* The end of one field, or NULL when it runs over the end. */
static const uint8_t *
skip_field(const uint8_t *at, const uint8_t *end, int field, const uint8_t *wire)
{
	int size = field;

	switch (field) {
	case KNOT_RDATA_WF_COMPRESSIBLE_DNAME:
	case KNOT_RDATA_WF_DECOMPRESSIBLE_DNAME:
	case KNOT_RDATA_WF_FIXED_DNAME:
		size = knot_dname_wire_check(at, end, wire);
		break;
	case KNOT_RDATA_WF_NAPTR_HEADER:
		size = 4;
		for (int texts = 0; texts < 3 && size < end - at; texts++)
			size += 1 + at[size];
		break;
	case KNOT_RDATA_WF_REMAINDER:
		return end;
	default:
		break;
	}
	return size > 0 && size <= end - at ? at + size : NULL;
}

bool
rdata_is_whole(uint16_t type, const uint8_t *at, const uint8_t *end, const uint8_t *wire)
{
	const knot_rdata_descriptor_t *descriptor = knot_get_rdata_descriptor(type);

	if (descriptor->type_name == NULL)
		descriptor = knot_get_obsolete_rdata_descriptor(type);
	for (const int *field = descriptor->block_types; *field != KNOT_RDATA_WF_END; field++) {
		at = skip_field(at, end, *field, wire);
		if (at == NULL)
			return false;
	}
	return at == end;
}
