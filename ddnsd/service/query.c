/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Answers questions from the registry (RFC 1034 4.3.2, rules 36 and 37). Changes nothing. */
#include <libknot/descriptor.h>
#include <libknot/packet/pkt.h>
#include <libknot/rrtype/soa.h>

#include "service/service.h"
#include "service/state.h"

enum { CNAMES_MAX = 16 };

/* One question under way. */
struct search {
	const struct zone *zone;
	struct arena *arena;
	int64_t now_s;
	uint16_t type;
	struct message_answer *answer;
};

static bool
put(struct search *search, enum message_section section, const knot_rrset_t *rrset)
{
	if (search->answer->rrset_count == MESSAGE_RRSETS_MAX)
		return false;
	search->answer->rrsets[search->answer->rrset_count++] = (struct message_rrset){ section,
		*rrset };
	return true;
}

/* The live RRset of a node, owned by owner (which differs from the node's name under a wildcard). */
static bool
get(const struct search *search, const struct node *node, const uint8_t *owner, uint16_t type,
    knot_rrset_t *ret_rrset)
{
	return node != NULL &&
	    records_rrset(node_records(node), owner, type, search->now_s, search->arena, ret_rrset);
}

static const struct node *
find_live(const struct search *search, const uint8_t *name)
{
	const struct node *node = zone_find(search->zone, name);

	return node != NULL && records_any_live(node_records(node), search->now_s) ? node : NULL;
}

/* RFC 2308 3: the SOA, with the lesser of its TTL and its minimum. */
static void
put_soa(struct search *search)
{
	const uint8_t *apex = zone_apex(search->zone);
	knot_rrset_t soa;

	if (!get(search, zone_find(search->zone, apex), apex, KNOT_RRTYPE_SOA, &soa))
		return;
	if (knot_soa_minimum(soa.rrs.rdata) < soa.ttl)
		soa.ttl = knot_soa_minimum(soa.rrs.rdata);
	(void)put(search, MESSAGE_AUTHORITY, &soa);
}

/* Addresses of a delegation's servers, where they are ours to give. */
static void
put_glue(struct search *search, const knot_rrset_t *ns)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_AAAA };
	const knot_rdata_t *rdata = ns->rrs.rdata;

	for (uint16_t i = 0; i < ns->rrs.count; i++) {
		const uint8_t *server = rdata->data;

		for (size_t t = 0; t < 2 && name_is_within(server, zone_apex(search->zone)); t++) {
			knot_rrset_t glue;

			if (get(search, zone_find(search->zone, server), server, types[t], &glue))
				(void)put(search, MESSAGE_ADDITIONAL, &glue);
		}
		rdata = (const knot_rdata_t *)((const uint8_t *)rdata +
		    knot_rdata_size(rdata->len));
	}
}

/*
 * Looks for a zone cut between the apex and the name. True when there is one: the answer is a
 * referral. A DS at the cut itself is the parent's to answer (RFC 4035 3.1.4.1).
 */
static bool
put_referral(struct search *search, const uint8_t *name)
{
	const uint8_t *apex = zone_apex(search->zone);
	const uint8_t *cut = NULL;
	knot_rrset_t found;
	knot_rrset_t ns;

	for (const uint8_t *at = name; !name_is_equal(at, apex); at = name_parent(at)) {
		if (at == name && search->type == KNOT_RRTYPE_DS)
			continue;
		/* The highest cut counts: what lies below it is not ours. */
		if (get(search, zone_find(search->zone, at), at, KNOT_RRTYPE_NS, &ns)) {
			cut = at;
			found = ns;
		}
	}
	if (cut == NULL)
		return false;
	(void)put(search, MESSAGE_AUTHORITY, &found);
	put_glue(search, &found);
	return true;
}

static bool
exists(const struct search *search, const uint8_t *name)
{
	return find_live(search, name) != NULL || zone_has_below(search->zone, name);
}

/* RFC 4592 3.3.1: the node of the wildcard below the closest encloser, or NULL. */
static const struct node *
find_wildcard(const struct search *search, const uint8_t *name)
{
	static const uint8_t asterisk[] = { 1, '*', 0 };
	struct name wildcard;

	do {
		name = name_parent(name);
	} while (
	    !exists(search, name) && name_is_within(name, zone_apex(search->zone)) && name[0] != 0);
	if (name_join(asterisk, name, &wildcard) != STATUS_OK)
		return NULL;
	return find_live(search, wildcard.wire);
}

/* Rule 37, RFC 8482 4.1: any one RRset is an answer to ANY. */
static bool
get_any(const struct search *search, const struct node *node, const uint8_t *owner,
    knot_rrset_t *ret_rrset)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	while (records_next(node_records(node), &cursor, &record)) {
		if (get(search, node, owner, record.type, ret_rrset))
			return true;
	}
	return false;
}

enum outcome { DONE, FOLLOW };

/* Answers for one name. FOLLOW: a CNAME was put, *name is its target. */
static enum outcome
answer_name(struct search *search, const uint8_t **name)
{
	const struct node *node;
	knot_rrset_t rrset;

	if (put_referral(search, *name)) {
		/* Not our data, unless a CNAME of ours led here. */
		search->answer->is_authoritative = search->answer->rrsets[0].section ==
		    MESSAGE_ANSWER;
		return DONE;
	}
	node = find_live(search, *name);
	if (node == NULL && !zone_has_below(search->zone, *name)) {
		node = find_wildcard(search, *name);
		if (node == NULL) {
			search->answer->rcode = KNOT_RCODE_NXDOMAIN;
			put_soa(search);
			return DONE;
		}
	}
	if (node != NULL && search->type == KNOT_RRTYPE_ANY &&
	    get_any(search, node, *name, &rrset)) {
		(void)put(search, MESSAGE_ANSWER, &rrset);
		return DONE;
	}
	if (get(search, node, *name, search->type, &rrset)) {
		(void)put(search, MESSAGE_ANSWER, &rrset);
		return DONE;
	}
	if (get(search, node, *name, KNOT_RRTYPE_CNAME, &rrset)) {
		(void)put(search, MESSAGE_ANSWER, &rrset);
		*name = rrset.rrs.rdata->data;
		return FOLLOW;
	}
	put_soa(search);
	return DONE;
}

/* True when the answer has this name already: its CNAMEs lead in a circle. */
static bool
is_answered(const struct search *search, const uint8_t *name)
{
	for (size_t i = 0; i < search->answer->rrset_count; i++) {
		if (name_is_equal(search->answer->rrsets[i].rrset.owner, name))
			return true;
	}
	return false;
}

static bool
is_transfer(uint16_t type)
{
	return type == KNOT_RRTYPE_AXFR || type == KNOT_RRTYPE_IXFR;
}

void
service_query(struct service *service, const uint8_t *name, uint16_t type, uint16_t class,
    struct arena *scratch, struct message_answer *ret_answer)
{
	struct search search = {
		.zone = registry_zone_of(service->registry, name),
		.arena = scratch,
		.now_s = service_expiry_clock(service),
		.type = type,
		.answer = ret_answer,
	};

	ret_answer->rcode = KNOT_RCODE_NOERROR;
	ret_answer->has_lease = false;
	ret_answer->rrset_count = 0;
	ret_answer->is_authoritative = false;
	if (search.zone == NULL || class != KNOT_CLASS_IN || is_transfer(type)) {
		ret_answer->rcode = KNOT_RCODE_REFUSED;
		return;
	}
	ret_answer->is_authoritative = true;
	for (int i = 0; i < CNAMES_MAX; i++) {
		if (answer_name(&search, &name) == DONE)
			return;
		/* A target elsewhere is for the client to look up. */
		if (!name_is_within(name, zone_apex(search.zone)) || is_answered(&search, name))
			return;
	}
}
