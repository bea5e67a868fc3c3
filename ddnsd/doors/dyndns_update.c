/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What becomes of each host of a request: struct update for the service, one a host, and one for each
 * further host of the key when a prefix is new. Knows no words of answers.
 */
#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdio.h>
#include <string.h>

#include "auth/policy.h"
#include "base/clock.h"
#include "doors/dyndns_state.h"
#include "service/report.h"

enum {
	MINUTE_S = 60,
	/* Of one request. What is left over comes with the next one; who is done costs nothing. */
	RENUMBERED_MAX = 4096,
};

/* An AAAA record that a host has. */
struct stored {
	struct address address;
	const knot_rdata_t *rdata;
	bool expires;
	int64_t expires_s;
};

/* One host's change, while it is made; all in the arena, for the host alone. */
struct work {
	struct dyndns_call *call;
	struct dyndns_result *result;
	const uint8_t *host;
	struct zone_report zone;
	uint32_t ttl_s;
	bool exists;
	struct name_report report;
	struct stored *stored;
	size_t stored_count;
	struct change *changes;
	size_t count;
	bool has_additions;
	bool is_new; /* some addition of renumbering is not there yet */
};

static const struct http_peer *
peer_of(const struct dyndns_call *call)
{
	return http_peer(call->exchange);
}

/* What the service has not logged already, once for each host; host "" = the request. */
static void
log_refusal(const struct dyndns_call *call, const char *host, enum verdict verdict)
{
	struct principal *principal = peer_of(call)->principal;
	const char *hint = dyndns_verdict_hint(call, verdict);
	uint64_t left_out = 0;

	if (!log_limit_allows(&principal->refusals, &left_out))
		return;
	if (left_out > 0)
		log_warning("dyndns: %" PRIu64 " more refusals for %s", left_out,
		    principal->identity);
	log_warning("dyndns: refused %s%sfor %s from %s: %s%s%s", host, host[0] != '\0' ? " " : "",
	    principal->identity, peer_of(call)->who, dyndns_verdict_text(call, verdict),
	    hint[0] != '\0' ? "; " : "", hint);
}

/* --- one host's records --- */

static bool
find_zone(struct work *work)
{
	const struct service *service = work->call->dyndns->service;
	const struct zone *zone = NULL;

	while ((zone = service_next_zone(service, zone, &work->zone)) != NULL) {
		if (name_is_within(work->host, work->zone.apex)) {
			work->ttl_s = zone_options(zone)->ttl_s;
			return true;
		}
	}
	return false;
}

/* The next record of that type; false behind the last. */
static bool
next_record(const struct work *work, uint16_t type, struct records_cursor *cursor,
    struct record_report *ret_record)
{
	while (work->exists && name_report_next(&work->report, cursor, ret_record)) {
		if (ret_record->type == type)
			return true;
	}
	return false;
}

static bool
is_alias(const struct work *work)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;

	return next_record(work, KNOT_RRTYPE_CNAME, &cursor, &record);
}

/* The AAAA records that a prefix is about. */
static bool
load_stored(struct work *work)
{
	const struct network *prefix = &work->call->request.prefix;
	struct records_cursor cursor = { 0 };
	struct records_cursor again = { 0 };
	struct record_report record;
	size_t count = 0;

	if (!work->call->request.has_prefix)
		return true;
	while (next_record(work, KNOT_RRTYPE_AAAA, &cursor, &record))
		count++;
	work->stored = arena_take(&work->call->dyndns->arena, (count + 1) * sizeof(struct stored));
	if (work->stored == NULL)
		return false;
	while (next_record(work, KNOT_RRTYPE_AAAA, &again, &record)) {
		struct stored *stored = &work->stored[work->stored_count];

		*stored = (struct stored){
			.rdata = record.rdata,
			.expires = record.expires,
			.expires_s = record.expires_s,
		};
		if (address_from_bytes(record.rdata->data, record.rdata->len, &stored->address) &&
		    dyndns_has_scope_of(&stored->address, prefix))
			work->stored_count++;
	}
	return true;
}

/* False: out of memory. The zone is known. */
static bool
begin(struct work *work)
{
	const struct dyndns_call *call = work->call;
	size_t room;

	work->exists = service_find_name(call->dyndns->service, work->host, &work->report);
	if (!load_stored(work))
		return false;
	/* Two RRsets that go; what is stored, and what takes its place; what was given. */
	room = 2 + 2 * work->stored_count + peer_of(call)->principal->interface_id_count +
	    call->address_count;
	work->changes = arena_take(&call->dyndns->arena, room * sizeof(struct change));
	return work->changes != NULL;
}

static void
add_change(struct work *work, enum change_kind kind, uint16_t type, const knot_rdata_t *rdata)
{
	work->changes[work->count++] = (struct change){
		.kind = kind,
		.type = type,
		.ttl_s = work->ttl_s,
		.name = work->host,
		.rdata = rdata,
	};
}

/* False: out of memory. */
static bool
add_address(struct work *work, const struct address *address)
{
	struct dyndns_result *result = work->result;
	uint16_t size = address->family == 4 ? 4 : 16;
	knot_rdata_t *rdata = arena_take(&work->call->dyndns->arena, knot_rdata_size(size));

	if (rdata == NULL)
		return false;
	knot_rdata_init(rdata, size, address->bytes);
	add_change(work, CHANGE_ADD, size == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, rdata);
	work->has_additions = true;
	if (result->address_count < DYNDNS_ANSWERED_MAX)
		result->addresses[result->address_count++] = *address;
	return true;
}

/* The addresses of one family, in the place of those that there are. */
static bool
put_family(struct work *work, uint8_t family, uint16_t type)
{
	const struct dyndns_call *call = work->call;
	bool is_good = true;
	bool is_first = true;

	for (size_t i = 0; i < call->address_count && is_good; i++) {
		if (call->addresses[i].family != family)
			continue;
		if (is_first)
			add_change(work, CHANGE_DELETE_RRSET, type, NULL);
		is_first = false;
		is_good = add_address(work, &call->addresses[i]);
	}
	return is_good;
}

/* --- a new prefix --- */

static bool
has_interface_id(const struct dyndns_call *call, const uint8_t *host)
{
	const struct principal *principal = peer_of(call)->principal;

	for (size_t i = 0; i < principal->interface_id_count; i++) {
		if (name_is_equal(principal->interface_ids[i].host.wire, host))
			return true;
	}
	return false;
}

static bool
add_renumbered(struct work *work, const struct address *old)
{
	struct address address = dyndns_renumber(old, &work->call->request.prefix);
	bool is_there = false;

	for (size_t i = 0; i < work->stored_count; i++)
		is_there |= address_is_equal(&work->stored[i].address, &address);
	work->is_new |= !is_there;
	return add_address(work, &address);
}

/*
 * What the host has of the prefix's kind gives way to the same below the new prefix: each address with its
 * old bits behind it, or those that the configuration knows the interface by. Between a shorter prefix
 * and the interface stands the number of the subnet, which is kept.
 */
static bool
put_renumbered(struct work *work)
{
	const struct principal *principal = peer_of(work->call)->principal;
	bool is_configured = has_interface_id(work->call, work->host);
	struct address subnet = { .family = 6 };
	bool is_good = true;

	if (work->stored_count > 0)
		subnet = work->stored[0].address;
	for (size_t i = 0; i < work->stored_count; i++)
		add_change(work, CHANGE_DELETE, KNOT_RRTYPE_AAAA, work->stored[i].rdata);
	for (size_t i = 0; i < work->stored_count && is_good && !is_configured; i++)
		is_good = add_renumbered(work, &work->stored[i].address);
	for (size_t i = 0; i < principal->interface_id_count && is_good; i++) {
		const struct interface_id *id = &principal->interface_ids[i];

		if (!name_is_equal(id->host.wire, work->host))
			continue;
		memcpy(subnet.bytes + sizeof(subnet.bytes) - INTERFACE_ID_SIZE, id->octets,
		    INTERFACE_ID_SIZE);
		is_good = add_renumbered(work, &subnet);
	}
	return is_good;
}

/* --- handing it over --- */

static enum verdict
verdict_of(enum update_outcome outcome)
{
	switch (outcome) {
	case OUTCOME_CHANGED:
		return VERDICT_CHANGED;
	case OUTCOME_UNCHANGED:
		return VERDICT_UNCHANGED;
	case OUTCOME_SOURCE:
		return VERDICT_NOT_FROM_THERE;
	case OUTCOME_OWNER:
		return VERDICT_ANOTHERS;
	case OUTCOME_GRANT:
	case OUTCOME_ADDRESS:
		return VERDICT_NO_GRANT;
	case OUTCOME_ZONE:
		return VERDICT_NO_ZONE;
	case OUTCOME_RATE:
		return VERDICT_TOO_OFTEN;
	case OUTCOME_ADDRESSES:
	case OUTCOME_SIZE:
		return VERDICT_TOO_MANY_ADDRESSES;
	case OUTCOME_NAMES:
	case OUTCOME_NAMES_OF_KEY:
		return VERDICT_TOO_MANY_NAMES;
	default:
		return VERDICT_STORE;
	}
}

/* lease_s counts where has_lease; refusals are logged by the service. */
static enum verdict
submit(const struct work *work, bool has_lease, uint32_t lease_s)
{
	struct dyndns_call *call = work->call;
	const struct http_peer *peer = peer_of(call);
	struct update update = {
		.zone = work->zone.apex,
		.changes = work->changes,
		.change_count = work->count,
	};
	struct request request = {
		.principal = peer->principal,
		.source = peer->source,
		.door = peer->door,
		.update = &update,
		.has_lease = has_lease,
		.lease_s = lease_s,
		.is_more = call->is_counted,
	};
	struct update_answer answer;

	(void)service_update(call->dyndns->service, &request, &call->dyndns->arena, &answer);
	if (answer.outcome == OUTCOME_RATE && peer->principal->updates.per_minute > 0)
		call->retry_after_s = (MINUTE_S + peer->principal->updates.per_minute - 1) /
		    peer->principal->updates.per_minute;
	call->is_counted = true;
	return verdict_of(answer.outcome);
}

/* --- hosts that are asked for --- */

/* Both families go, or as many of them as the key may change. */
static void
put_offline(struct work *work)
{
	const struct principal *principal = peer_of(work->call)->principal;
	bool may4 = policy_may_change(principal, work->zone.apex, work->host, KNOT_RRTYPE_A);
	bool may6 = policy_may_change(principal, work->zone.apex, work->host, KNOT_RRTYPE_AAAA);

	if (may4 || !may6)
		add_change(work, CHANGE_DELETE_RRSET, KNOT_RRTYPE_A, NULL);
	if (may6)
		add_change(work, CHANGE_DELETE_RRSET, KNOT_RRTYPE_AAAA, NULL);
}

static bool
put_addresses(struct work *work)
{
	const struct dyndns_call *call = work->call;
	bool is_given6 = call->address_count > 0 &&
	    call->addresses[call->address_count - 1].family == 6;

	if (!put_family(work, 4, KNOT_RRTYPE_A))
		return false;
	/* What is given for IPv6 is most often the router's own; a host's configured part beats it. */
	if (call->request.has_prefix && (!is_given6 || has_interface_id(call, work->host)))
		return put_renumbered(work);
	return put_family(work, 6, KNOT_RRTYPE_AAAA);
}

static bool
is_covered(const struct work *work)
{
	return policy_may_change(peer_of(work->call)->principal, work->zone.apex, work->host,
	    KNOT_RRTYPE_ANY);
}

/* Nothing is told of what stands there: the service refuses what was asked for, and counts and logs it. */
static enum verdict
submit_uncovered(struct work *work)
{
	const struct dyndns_call *call = work->call;

	if (call->request.is_offline)
		put_offline(work);
	else if (!add_address(work,
		     call->address_count > 0 ? &call->addresses[0] : &call->request.prefix.address))
		return VERDICT_STORE;
	/* It does not get them. */
	work->result->address_count = 0;
	return submit(work, false, 0);
}

static enum verdict
update_host(struct dyndns_call *call, const struct dyndns_host *host, struct dyndns_result *result)
{
	struct work work = { .call = call, .result = result, .host = host->name.wire };

	arena_reset(&call->dyndns->arena);
	if (!host->is_name)
		return VERDICT_NO_NAME;
	if (!find_zone(&work))
		return name_labels(work.host) < 2 ? VERDICT_NO_NAME : VERDICT_NO_ZONE;
	if (!begin(&work))
		return VERDICT_STORE;
	if (!is_covered(&work))
		return submit_uncovered(&work);
	if (is_alias(&work))
		return VERDICT_ALIAS;
	if (call->request.is_offline)
		put_offline(&work);
	else if (!put_addresses(&work))
		return VERDICT_STORE;
	else if (!work.has_additions)
		return VERDICT_NO_ADDRESS;
	return submit(&work, call->dyndns->has_lease, call->dyndns->lease_s);
}

static bool
is_logged_here(enum verdict verdict)
{
	return verdict == VERDICT_NO_NAME || verdict == VERDICT_NO_ZONE ||
	    verdict == VERDICT_ALIAS || verdict == VERDICT_NO_ADDRESS;
}

static void
update_hosts(struct dyndns_call *call)
{
	for (size_t i = 0; i < call->request.host_count; i++) {
		const struct dyndns_host *host = &call->request.hosts[i];
		struct dyndns_result *result = &call->results[i];

		result->verdict = update_host(call, host, result);
		if (result->verdict == VERDICT_TOO_OFTEN) {
			dyndns_judge_all(call, VERDICT_TOO_OFTEN);
			return;
		}
		if (is_logged_here(result->verdict))
			log_refusal(call, host->text, result->verdict);
	}
}

/* --- the key's other hosts, when there is a prefix --- */

static bool
is_listed(const struct dyndns_call *call, const uint8_t *host)
{
	for (size_t i = 0; i < call->request.host_count; i++) {
		if (call->request.hosts[i].is_name &&
		    name_is_equal(call->request.hosts[i].name.wire, host))
			return true;
	}
	return false;
}

/*
 * What registered the host goes on renewing it, so its lease stays as long as it was: a renumbered host
 * must not outlive the one that is gone.
 */
static uint32_t
remaining_lease_s(const struct work *work)
{
	int64_t longest_s = MINUTE_S;

	for (size_t i = 0; i < work->stored_count; i++) {
		int64_t left_s = work->stored[i].expires_s - work->call->wall_s;

		if (!work->stored[i].expires)
			return 0;
		if (left_s > longest_s)
			longest_s = left_s;
	}
	return longest_s < UINT32_MAX ? (uint32_t)longest_s : UINT32_MAX;
}

/* Renumbers a host that nobody asked for by name. True: something was handed over. */
static bool
renumber_host(struct dyndns_call *call, const uint8_t *host)
{
	struct dyndns_result unsaid = { 0 };
	struct work work = { .call = call, .result = &unsaid, .host = host };
	bool is_configured = has_interface_id(call, host);

	arena_reset(&call->dyndns->arena);
	if (!find_zone(&work) || !begin(&work) || is_alias(&work) || !put_renumbered(&work))
		return false;
	/* A configured one is renewed as well: nobody else does that. */
	if (!work.has_additions || (!is_configured && !work.is_new))
		return false;
	if (is_configured)
		(void)submit(&work, call->dyndns->has_lease, call->dyndns->lease_s);
	else
		(void)submit(&work, true, remaining_lease_s(&work));
	return true;
}

static void
renumber_others(struct dyndns_call *call)
{
	const struct principal *principal = peer_of(call)->principal;
	struct name_report report = { 0 };
	struct service_report now;
	size_t count = 0;

	service_report(call->dyndns->service, &now);
	call->wall_s = now.wall_s;
	for (size_t i = 0; i < principal->interface_id_count; i++) {
		const uint8_t *host = principal->interface_ids[i].host.wire;
		bool is_done = is_listed(call, host);

		for (size_t before = 0; before < i && !is_done; before++)
			is_done = name_is_equal(principal->interface_ids[before].host.wire, host);
		if (!is_done)
			(void)renumber_host(call, host);
	}
	while (count < RENUMBERED_MAX &&
	    service_next_owned(call->dyndns->service, principal->identity, report.node, &report)) {
		if (!is_listed(call, report.name) && !has_interface_id(call, report.name))
			count += renumber_host(call, report.name);
	}
	if (count == RENUMBERED_MAX)
		log_notice("dyndns: %d hosts of %s have a new prefix; the others follow when it is "
			   "sent again",
		    RENUMBERED_MAX, principal->identity);
}

/* --- the request --- */

static bool
has_family(const struct dyndns_request *request, uint8_t family)
{
	for (size_t i = 0; i < request->address_count; i++) {
		if (request->addresses[i].family == family)
			return true;
	}
	return false;
}

/*
 * True when the source's address is meant (rule 46): nothing else is given, or the parameter for its
 * family stands there empty. An IPv6 source is the router's own, so a prefix comes before it.
 */
static bool
means_source(const struct dyndns_request *request, const struct address *source)
{
	if (request->address_count == 0 && !request->has_prefix)
		return true;
	if (has_family(request, source->family))
		return false;
	return source->family == 4 ? request->asks_source4
				   : request->asks_source6 && !request->has_prefix;
}

/* False: there is nothing that hosts could get. */
static bool
find_addresses(struct dyndns_call *call)
{
	const struct dyndns_request *request = &call->request;
	const struct address *source = &peer_of(call)->source;
	bool is_source = means_source(request, source);

	if (request->bad_value[0] != '\0') {
		(void)snprintf(call->problem, sizeof(call->problem),
		    "\"%s\" is no address that other hosts could reach it by", request->bad_value);
		return false;
	}
	if (is_source && dyndns_is_usable(source) && source->family == 4)
		call->addresses[call->address_count++] = *source;
	memcpy(call->addresses + call->address_count, request->addresses,
	    request->address_count * sizeof(request->addresses[0]));
	call->address_count += request->address_count;
	if (is_source && dyndns_is_usable(source) && source->family == 6)
		call->addresses[call->address_count++] = *source;
	if (request->has_prefix) {
		(void)snprintf(call->problem, sizeof(call->problem),
		    "it has no IPv6 address that could get the prefix; interface-ids in the key's "
		    "block tell what stands behind it");
		return true;
	}
	if (source->family == 0)
		(void)snprintf(call->problem, sizeof(call->problem),
		    "nobody said where the request came from (%s); give myip=ADDRESS",
		    peer_of(call)->who);
	else
		(void)snprintf(call->problem, sizeof(call->problem),
		    "the request came from %s, by which other hosts do not reach it; give "
		    "myip=ADDRESS",
		    peer_of(call)->who);
	return call->address_count > 0;
}

void
dyndns_update(struct dyndns_call *call)
{
	const struct dyndns_request *request = &call->request;

	if (request->has_too_many_hosts) {
		dyndns_judge_all(call, VERDICT_TOO_MANY_HOSTS);
		log_refusal(call, "", VERDICT_TOO_MANY_HOSTS);
		return;
	}
	if (!request->is_offline && !find_addresses(call)) {
		dyndns_judge_all(call, VERDICT_NO_ADDRESS);
		log_refusal(call, request->hosts[0].text, VERDICT_NO_ADDRESS);
		return;
	}
	update_hosts(call);
	if (request->has_prefix && !request->is_offline &&
	    call->results[0].verdict != VERDICT_TOO_OFTEN)
		renumber_others(call);
}
