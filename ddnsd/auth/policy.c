/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers who may change what. Keeps nothing and changes nothing. */
#include "auth/policy.h"

#include <libknot/descriptor.h>

bool
policy_may_speak_from(const struct principal *principal, const struct address *source)
{
	return principal->source_count == 0 ||
	    networks_contain(principal->sources, principal->source_count, source);
}

static bool
is_below(const uint8_t *name, const uint8_t *ancestor)
{
	return name_is_within(name, ancestor) && !name_is_equal(name, ancestor);
}

/* What `self` means in this zone. False when the principal has no name that fits there. */
static bool
find_self(const struct principal *principal, const uint8_t *zone, struct name *ret_self)
{
	const uint8_t *name = principal->name.wire;

	if (principal->kind != PRINCIPAL_KEY)
		return false;
	if (name_is_within(name, zone)) {
		name_copy(ret_self, name);
		return true;
	}
	return name_join(name, zone, ret_self) == STATUS_OK;
}

static bool
covers_name(const struct grant *grant, const struct principal *principal, const uint8_t *zone,
    const uint8_t *name)
{
	struct name self;

	switch (grant->pattern) {
	case GRANT_SELF:
		return find_self(principal, zone, &self) && name_is_equal(name, self.wire);
	case GRANT_BELOW_SELF:
		return find_self(principal, zone, &self) && is_below(name, self.wire);
	case GRANT_EXACT:
		return name_is_equal(name, grant->name.wire);
	case GRANT_BELOW:
		return is_below(name, grant->name.wire);
	case GRANT_ZONE:
		return name_is_within(name, grant->name.wire);
	}
	return false;
}

static bool
covers_type(const struct grant *grant, uint16_t type)
{
	if (type == KNOT_RRTYPE_ANY)
		return true;
	for (size_t i = 0; i < grant->type_count; i++) {
		if (grant->types[i] == type)
			return true;
	}
	/* SOA and NS steer the whole zone, so only their own names give them (rule 31). */
	return grant->any_type && type != KNOT_RRTYPE_SOA && type != KNOT_RRTYPE_NS;
}

/* Root needs no grants; an administrator among the peers who has some is held to them. */
static bool
is_unbounded(const struct principal *principal)
{
	return principal->kind == PRINCIPAL_PEER && principal->is_admin &&
	    principal->grant_count == 0;
}

bool
policy_may_change(const struct principal *principal, const uint8_t *zone, const uint8_t *name,
    uint16_t type)
{
	if (!name_is_within(name, zone))
		return false;
	if (is_unbounded(principal))
		return true;
	for (size_t i = 0; i < principal->grant_count; i++) {
		const struct grant *grant = &principal->grants[i];

		if (covers_type(grant, type) && covers_name(grant, principal, zone, name))
			return true;
	}
	return false;
}

struct principal *
policy_find_network(struct network_principal *networks, size_t count, const struct address *source,
    bool is_udp)
{
	struct network_principal *best = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct network *block = &networks[i].principal.sources[0];

		if (network_contains(block, source) &&
		    (best == NULL || block->prefix > best->principal.sources[0].prefix))
			best = &networks[i];
	}
	if (best == NULL || (is_udp && !best->allows_udp))
		return NULL;
	return &best->principal;
}
