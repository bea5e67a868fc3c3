/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * /v1/names: looking names up, and changes of one name as struct update. Who may do what is the
 * service's to decide; here it is told why.
 */
#include <ctype.h>
#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdio.h>
#include <string.h>

#include "auth/policy.h"
#include "base/duration.h"
#include "base/json_out.h"
#include "doors/api_state.h"
#include "wire/address.h"
#include "wire/name.h"
#include "wire/reverse.h"

enum {
	ITEMS_MAX = 1000,     /* addresses and records of one request */
	TTL_MAX = 0x7fffffff, /* RFC 2181 8 */
	IDENTITY_MAX = 255,
	HINT_MAX = API_ERROR_MAX + 128,
	WHAT_MAX = 300, /* of what somebody sent, in an error */
};

/* The name that a call is about, as it is before the call. */
struct target {
	struct name name;
	char text[NAME_TEXT_MAX];
	struct name zone;
	uint32_t ttl_s; /* where the request gives none */
	bool is_apex;
	bool exists;
	bool is_seen; /* the caller may know whether it exists */
	struct name_report report;
};

/* A change as its body says it. */
struct wish {
	json_t *object;
	const json_t *addresses;
	const json_t *records;
	int64_t ttl_s;
	bool has_lease;
	uint32_t lease_s;
	const char *owner; /* NULL: the caller's own */
	struct change *changes;
	size_t count;
};

/* --- which name --- */

/* False: the call has failed. */
static bool
read_target(struct api_call *call, struct target *target)
{
	enum status status = service_read_name(call->api->service, call->rest, &target->name);
	char zones[API_ERROR_MAX];
	char hint[HINT_MAX];

	if (status == STATUS_MALFORMED) {
		api_fail(call, 400, "labels of 1 to 63 octets with dots between, 253 in all",
		    "\"%.*s\" is no domain name", WHAT_MAX, call->rest);
		return false;
	}
	if (status != STATUS_OK ||
	    !api_find_zone(call->api, target->name.wire, &target->zone, &target->ttl_s)) {
		(void)snprintf(hint, sizeof(hint), "the zones are: %s",
		    api_zones_text(call->api, zones));
		api_fail(call, 404, hint, "%.*s is in no zone of this server", WHAT_MAX,
		    call->rest);
		return false;
	}
	(void)name_to_text(target->name.wire, target->text);
	target->is_apex = name_is_equal(target->name.wire, target->zone.wire);
	target->exists = service_find_name(call->api->service, target->name.wire, &target->report);
	target->is_seen = api_may_see(call, target->name.wire,
	    target->exists ? target->report.owner : "");
	/* Which zone has a short name is not for everybody to know. */
	if (!http_peer(call->exchange)->sees_all)
		(void)snprintf(target->text, sizeof(target->text), "%.*s", WHAT_MAX, call->rest);
	return true;
}

/* --- failures --- */

static void
fail_missing(struct api_call *call, const struct target *target)
{
	api_fail(call, 404,
	    api_is_local(call) ? "ddnsctl list shows the names that there are"
			       : "GET /v1/names lists the names that there are for you",
	    "%s is not registered", target->text);
}

/*
 * The name as a grant would have it. A short one that the caller does not see is completed by the first
 * zone, wherever it is registered.
 */
static const char *
grantable_text(const struct api_call *call, const struct target *target,
    char text[static NAME_TEXT_MAX])
{
	const struct service *service = call->api->service;
	const struct zone *zone = NULL;
	struct zone_report report;
	struct name label;
	struct name full;

	(void)name_to_text(target->name.wire, text);
	if (target->is_seen || name_from_text(call->rest, &label) != STATUS_OK ||
	    name_labels(label.wire) != 1)
		return text;
	while ((zone = service_next_zone(service, zone, &report)) != NULL) {
		if (reverse_is_within(report.apex))
			continue;
		if (name_join(label.wire, report.apex, &full) == STATUS_OK)
			(void)name_to_text(full.wire, text);
		break;
	}
	return text;
}

static void
fail_uncovered(struct api_call *call, const struct target *target)
{
	char text[NAME_TEXT_MAX];
	char hint[NAME_TEXT_MAX + 128];

	(void)snprintf(hint, sizeof(hint),
	    "a grant in its block would permit it: allow = {\"%s A AAAA\"}",
	    grantable_text(call, target, text));
	api_fail(call, 403, hint, "no grant of %s covers %s",
	    http_peer(call->exchange)->principal->identity, target->text);
}

/* What the service, which never hears of it, would have logged. */
static void
log_uncovered(const struct api_call *call, const struct target *target)
{
	const struct http_peer *peer = http_peer(call->exchange);
	struct principal *principal = peer->principal;
	char from[ADDRESS_TEXT_MAX];
	char text[NAME_TEXT_MAX];
	uint64_t left_out = 0;

	if (!log_limit_allows(&principal->refusals, &left_out))
		return;
	if (left_out > 0)
		log_warning("api: %" PRIu64 " more refusals for %s", left_out, principal->identity);
	log_warning("api: refused %s of %s for %s from %s: no grant covers this name",
	    http_method(call->exchange), name_to_text(target->name.wire, text), principal->identity,
	    peer->source.family != 0 ? address_to_text(&peer->source, from) : peer->door);
}

/* The name to change. Whether one exists that the caller may not know of is not told. */
static bool
read_target_to_change(struct api_call *call, struct target *target)
{
	if (!read_target(call, target))
		return false;
	if (target->is_seen)
		return true;
	log_uncovered(call, target);
	fail_uncovered(call, target);
	return false;
}

/* A 403 where no grant helps, a 409 where the name is another's: these need different remedies. */
static void
fail_refused(struct api_call *call, const struct target *target)
{
	const struct principal *principal = http_peer(call->exchange)->principal;
	const struct name_report *report = &target->report;

	if (!policy_may_change(principal, target->zone.wire, target->name.wire, KNOT_RRTYPE_ANY))
		fail_uncovered(call, target);
	else if (target->exists && report->source != SOURCE_LEASE && report->owner[0] != '\0' &&
	    !principal->is_admin && strcmp(report->owner, principal->identity) != 0)
		api_fail(call, 409,
		    "it is free when its owner deletes it or its lease ends; an administrator "
		    "may give it away (ddnsctl add NAME --owner KEY)",
		    "%s belongs to %s", target->text, report->owner);
	else
		api_fail(call, 403, "a grant in its block would permit it; NS needs to be named",
		    "no grant of %s covers all these types at %s", principal->identity,
		    target->text);
}

/* Hands the update to the service. False: the call has failed. */
static bool
update(struct api_call *call, const struct target *target, const struct wish *wish)
{
	const struct http_peer *peer = http_peer(call->exchange);
	struct update update = {
		.zone = target->zone.wire,
		.changes = wish->changes,
		.change_count = wish->count,
		.has_lease = wish->has_lease,
		.lease_s = wish->lease_s,
	};
	struct request request = {
		.principal = peer->principal,
		.source = peer->source,
		.door = peer->door,
		.update = &update,
		.owner = wish->owner,
	};
	struct update_answer answer;
	enum status status = service_update(call->api->service, &request, &call->api->arena,
	    &answer);

	if (status == STATUS_REFUSED)
		fail_refused(call, target);
	else if (status != STATUS_OK)
		api_fail_status(call, status, target->text);
	return status == STATUS_OK;
}

/* --- looking --- */

static void
answer_report(struct api_call *call, unsigned code, const struct name_report *report)
{
	api_write_name_report(&call->body, call, report);
	(void)buffer_append_text(&call->body, "\n");
	api_answer_body(call, code, "application/json");
}

void
api_get_name(struct api_call *call)
{
	struct target target;

	if (!read_target(call, &target))
		return;
	if (target.exists && target.is_seen)
		answer_report(call, 200, &target.report);
	else
		fail_missing(call, &target);
}

/* --- what a body wishes for --- */

/* False: the call has failed. Also for the word "forever". */
static bool
read_lease(struct api_call *call, const json_t *lease, struct wish *wish)
{
	static const char hint[] = "seconds, a text as \"12h\" or \"7d\", or \"forever\"";
	const struct principal *principal = http_peer(call->exchange)->principal;
	int64_t length_s = -1;

	if (lease == NULL || json_is_null(lease))
		return true;
	if (json_is_string(lease) && strcmp(json_string_value(lease), "forever") == 0) {
		/* What an administrator registers without a lease does not end. */
		if (principal->is_admin)
			return true;
		api_fail(call, 403, "leave \"lease\" out, and the zone's default is granted",
		    "a lease without an end is for administrators, and %s is none",
		    principal->identity);
		return false;
	}
	if (json_is_integer(lease))
		length_s = json_integer_value(lease);
	else if (json_is_string(lease) &&
	    duration_from_text(json_string_value(lease), &length_s) != STATUS_OK)
		length_s = -1;
	if (length_s < 0) {
		api_fail(call, 400, hint, "\"lease\" is no length of time");
		return false;
	}
	wish->has_lease = true;
	wish->lease_s = length_s < UINT32_MAX ? (uint32_t)length_s : UINT32_MAX;
	return true;
}

/* The identity that is meant, as it is written in the configuration; NULL: nobody's. */
static const char *
find_identity(struct api *api, const char *text)
{
	struct network network;
	struct name name;
	struct key *key = NULL;

	for (const char *at = text; *at != '\0'; at++) {
		if (!isgraph((unsigned char)*at) || at - text >= IDENTITY_MAX)
			return NULL;
	}
	/* Peers are known to who lets them in only; the lease's own names follow the leases. */
	if (text[0] == '@')
		return text[1] != '\0' && strcmp(text, registry_lease_identity) != 0 ? text : NULL;
	if (strchr(text, '/') != NULL)
		return network_from_text(text, &network) == STATUS_OK ? text : NULL;
	if (service_keyring(api->service) != NULL && name_from_text(text, &name) == STATUS_OK)
		key = keyring_find(service_keyring(api->service), name.wire);
	return key != NULL ? key_principal(key)->identity : NULL;
}

static bool
read_owner(struct api_call *call, const char *owner, struct wish *wish)
{
	const struct principal *principal = http_peer(call->exchange)->principal;

	if (owner == NULL)
		return true;
	if (!principal->is_admin) {
		api_fail(call, 403, "leave \"owner\" out",
		    "only administrators register names for others, and %s is none",
		    principal->identity);
		return false;
	}
	wish->owner = find_identity(call->api, owner);
	if (wish->owner == NULL)
		api_fail(call, 400,
		    "the name of a key (ddnsctl key list), \"@NAME\" of a peer block, or a network",
		    "\"owner\": nobody is called \"%.*s\"", WHAT_MAX, owner);
	return wish->owner != NULL;
}

/* Reads all of the body but the addresses and the records, which need the target. */
static bool
read_wish(struct api_call *call, const struct target *target, struct wish *wish)
{
	static const char *const members[] = { "addresses", "records", "ttl", "lease", "owner",
		NULL };
	char problem[JSON_PROBLEM_MAX] = "";
	const char *owner = NULL;

	*wish = (struct wish){ .ttl_s = target->ttl_s };
	if (!api_read_body(call, members, &wish->object))
		return false;
	if (!json_take_array(wish->object, "addresses", &wish->addresses, problem) ||
	    !json_take_array(wish->object, "records", &wish->records, problem) ||
	    !json_take_integer(wish->object, "ttl", 0, TTL_MAX, &wish->ttl_s, problem) ||
	    !json_take_text(wish->object, "owner", &owner, problem)) {
		api_fail(call, 400, "openapi.yaml describes the body", "%s", problem);
		return false;
	}
	if (json_array_size(wish->addresses) + json_array_size(wish->records) > ITEMS_MAX) {
		api_fail(call, 400, "send them in several requests (POST adds)",
		    "over %d addresses and records in one request", ITEMS_MAX);
		return false;
	}
	return read_lease(call, json_object_get(wish->object, "lease"), wish) &&
	    read_owner(call, owner, wish);
}

static void
add_change(struct wish *wish, enum change_kind kind, const struct target *target, uint16_t type,
    const knot_rdata_t *rdata)
{
	wish->changes[wish->count++] = (struct change){
		.kind = kind,
		.type = type,
		.ttl_s = (uint32_t)wish->ttl_s,
		.name = target->name.wire,
		.rdata = rdata,
	};
}

static bool
read_address(struct api_call *call, const struct target *target, const json_t *item,
    struct wish *wish)
{
	const char *text = json_string_value(item);
	struct address address;
	knot_rdata_t *rdata;
	uint16_t size;

	if (text == NULL || address_from_text(text, &address) != STATUS_OK) {
		api_fail(call, 400, "texts as \"192.0.2.1\" and \"2001:db8::1\"",
		    "\"addresses\": \"%.*s\" is no IP address", WHAT_MAX,
		    text != NULL ? text : "(no text)");
		return false;
	}
	size = address.family == 4 ? 4 : 16;
	rdata = arena_take(&call->api->arena, knot_rdata_size(size));
	if (rdata == NULL) {
		api_fail_status(call, STATUS_NO_MEMORY, NULL);
		return false;
	}
	knot_rdata_init(rdata, size, address.bytes);
	add_change(wish, CHANGE_ADD, target, size == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA, rdata);
	return true;
}

/* Takes {"type", "data", "ttl"} apart. False: the call has failed. */
static bool
read_record_parts(struct api_call *call, const json_t *item, const char **ret_type,
    const char **ret_data, int64_t *ttl_s)
{
	static const char *const members[] = { "type", "data", "ttl", NULL };
	char problem[JSON_PROBLEM_MAX] = "";

	if (!json_is_object(item))
		(void)snprintf(problem, sizeof(problem), "it is no object");
	else if (json_has_only(item, members, problem) &&
	    json_take_text(item, "type", ret_type, problem) &&
	    json_take_text(item, "data", ret_data, problem) &&
	    json_take_integer(item, "ttl", 0, TTL_MAX, ttl_s, problem) &&
	    (*ret_type == NULL || *ret_data == NULL))
		(void)snprintf(problem, sizeof(problem), "it needs \"type\" and \"data\"");
	if (problem[0] != '\0')
		api_fail(call, 400,
		    "{\"type\": \"TXT\", \"data\": \"\\\"text\\\"\", \"ttl\": 60}, ttl is optional",
		    "a member of \"records\": %s", problem);
	return problem[0] == '\0';
}

/* False: the call has failed. */
static bool
read_type(struct api_call *call, const char *text, uint16_t *ret_type)
{
	if (record_type_from_text(text, ret_type) != STATUS_OK)
		api_fail(call, 400, "a mnemonic (A, AAAA, TXT, SRV, ...) or TYPEnnn",
		    "\"%.40s\" is no type of records", text);
	else if (*ret_type == KNOT_RRTYPE_SOA)
		api_fail(call, 400,
		    "nameserver, contact and ttl in the zone's block make it; its serial rises by "
		    "itself",
		    "the SOA is ddnsd's own");
	else
		return true;
	return false;
}

static bool
read_data(struct api_call *call, const struct target *target, uint16_t type, const char *text,
    const knot_rdata_t **ret_rdata)
{
	const char *reason = "malformed";
	char type_text[RECORD_TYPE_TEXT_MAX];
	enum status status = record_data_from_text(type, text, target->zone.wire, &call->api->arena,
	    ret_rdata, &reason);

	if (status == STATUS_OK)
		return true;
	if (status == STATUS_NO_MEMORY)
		api_fail_status(call, status, NULL);
	else
		api_fail(call, 400,
		    "as in a zone file; names that are not below the zone end in a dot",
		    "%s: \"%.*s\" cannot be its data: %s", record_type_to_text(type, type_text),
		    WHAT_MAX, text, reason);
	return false;
}

static bool
read_record(struct api_call *call, const struct target *target, const json_t *item,
    struct wish *wish)
{
	int64_t common_ttl_s = wish->ttl_s;
	const knot_rdata_t *rdata;
	const char *type_text = NULL;
	const char *data = NULL;
	uint16_t type;

	if (!read_record_parts(call, item, &type_text, &data, &wish->ttl_s) ||
	    !read_type(call, type_text, &type) || !read_data(call, target, type, data, &rdata))
		return false;
	add_change(wish, CHANGE_ADD, target, type, rdata);
	wish->ttl_s = common_ttl_s;
	return true;
}

/* The additions, into room for one change more. False: the call has failed. */
static bool
read_additions(struct api_call *call, const struct target *target, struct wish *wish)
{
	size_t address_count = json_array_size(wish->addresses);
	size_t record_count = json_array_size(wish->records);

	for (size_t i = 0; i < address_count; i++) {
		if (!read_address(call, target, json_array_get(wish->addresses, i), wish))
			return false;
	}
	for (size_t i = 0; i < record_count; i++) {
		if (!read_record(call, target, json_array_get(wish->records, i), wish))
			return false;
	}
	return true;
}

static bool
make_room(struct api_call *call, struct wish *wish)
{
	size_t count = 1 + json_array_size(wish->addresses) + json_array_size(wish->records);

	wish->changes = arena_take(&call->api->arena, count * sizeof(*wish->changes));
	if (wish->changes == NULL)
		api_fail_status(call, STATUS_NO_MEMORY, NULL);
	return wish->changes != NULL;
}

/* --- a CNAME stands alone (RFC 1034 3.6.2) --- */

/* True when the name has, and keeps, a record that may not stand beside this type. */
static bool
has_rival(const struct target *target, const struct change *change)
{
	bool is_cname = change->type == KNOT_RRTYPE_CNAME;
	struct records_cursor cursor = { 0 };
	struct record_report record;

	while (target->exists && name_report_next(&target->report, &cursor, &record)) {
		if ((record.type == KNOT_RRTYPE_CNAME) != is_cname)
			return true;
	}
	return false;
}

/* DNS UPDATE passes over such additions without a word (rule 12); here somebody reads the answer. */
static bool
check_cname(struct api_call *call, const struct target *target, const struct wish *wish,
    bool replaces)
{
	const struct change *first = NULL;

	for (size_t i = 0; i < wish->count; i++) {
		const struct change *change = &wish->changes[i];

		if (change->kind != CHANGE_ADD)
			continue;
		if (first != NULL &&
		    (first->type == KNOT_RRTYPE_CNAME || change->type == KNOT_RRTYPE_CNAME)) {
			api_fail(call, 400, "give the CNAME alone, or the other records",
			    "%s cannot have a CNAME and other records", target->text);
			return false;
		}
		first = change;
		/* A lease's records give way to what is registered. */
		if (replaces || (target->exists && target->report.source == SOURCE_LEASE) ||
		    !has_rival(target, change))
			continue;
		api_fail(call, 409, "PUT (ddnsctl add --replace) replaces all records of the name",
		    "%s cannot have a CNAME and other records", target->text);
		return false;
	}
	return true;
}

/* --- changing --- */

static void
answer_changed(struct api_call *call, const struct target *target)
{
	struct name_report report;

	if (service_find_name(call->api->service, target->name.wire, &report))
		answer_report(call, target->exists ? 200 : 201, &report);
	else
		api_fail(call, 409, "none of the records can stand there", "%s was not changed",
		    target->text);
}

/*
 * An administrator gives the name to somebody: by adding what is there already. Of its records the
 * one that ends last is added, for the time that it has left, so that no lease changes.
 */
static void
transfer(struct api_call *call, const struct target *target, struct wish *wish)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;
	struct record_report last = { 0 };
	struct service_report service;
	bool has_last = false;

	service_report(call->api->service, &service);
	while (name_report_next(&target->report, &cursor, &record)) {
		if (!has_last || (last.expires && !record.expires) ||
		    (last.expires && record.expires_s > last.expires_s))
			last = record;
		has_last = true;
	}
	wish->ttl_s = last.ttl_s;
	wish->has_lease = last.expires;
	/* The service counts the second that has begun as over. */
	if (last.expires && last.expires_s > service.wall_s + 1)
		wish->lease_s = (uint32_t)(last.expires_s - service.wall_s - 1);
	add_change(wish, CHANGE_ADD, target, last.type, last.rdata);
	if (update(call, target, wish))
		answer_changed(call, target);
}

/* A body that gives an owner and nothing else. */
static bool
is_transfer(const struct wish *wish)
{
	return wish->owner != NULL && json_object_size(wish->object) == 1;
}

static void
put(struct api_call *call, const struct target *target, struct wish *wish)
{
	if (!make_room(call, wish))
		return;
	if (target->exists)
		add_change(wish, CHANGE_DELETE_NAME, target, 0, NULL);
	if (!read_additions(call, target, wish) || !check_cname(call, target, wish, true))
		return;
	if (wish->count == (target->exists ? 1 : 0))
		api_fail(call, 400, "give \"addresses\" or \"records\"; DELETE removes a name",
		    "there is nothing to put at %s", target->text);
	else if (update(call, target, wish))
		answer_changed(call, target);
}

void
api_put_name(struct api_call *call)
{
	struct target target;
	struct wish wish = { 0 };

	if (!read_target_to_change(call, &target))
		return;
	if (target.is_apex)
		api_fail(call, 409,
		    "POST (ddnsctl add) adds records; DELETE with type= (ddnsctl del NAME TYPE) removes them",
		    "%s is a zone: its SOA and NS cannot be replaced", target.text);
	else if (read_wish(call, &target, &wish))
		put(call, &target, &wish);
	json_decref(wish.object);
}

static void
post(struct api_call *call, const struct target *target, struct wish *wish)
{
	if (!make_room(call, wish) || !read_additions(call, target, wish) ||
	    !check_cname(call, target, wish, false))
		return;
	if (wish->count > 0) {
		if (update(call, target, wish))
			answer_changed(call, target);
	} else if (!is_transfer(wish)) {
		api_fail(call, 400, "give \"addresses\" or \"records\"",
		    "there is nothing to add to %s", target->text);
	} else if (!target->exists) {
		fail_missing(call, target);
	} else if (target->is_apex || target->report.source == SOURCE_LEASE) {
		api_fail(call, 409, "only names that somebody registered have an owner",
		    "%s cannot be given to anybody", target->text);
	} else {
		transfer(call, target, wish);
	}
}

void
api_post_name(struct api_call *call)
{
	struct target target;
	struct wish wish = { 0 };

	if (read_target_to_change(call, &target) && read_wish(call, &target, &wish))
		post(call, &target, &wish);
	json_decref(wish.object);
}

/* --- deleting --- */

/* True when the name has a record of the type, and of the data where they are given. */
static bool
has_record(const struct target *target, uint16_t type, const knot_rdata_t *rdata)
{
	struct records_cursor cursor = { 0 };
	struct record_report record;

	while (name_report_next(&target->report, &cursor, &record)) {
		if (record.type == type &&
		    (rdata == NULL || knot_rdata_cmp(record.rdata, rdata) == 0))
			return true;
	}
	return false;
}

/* The one change that the query asks for. False: the call has failed. */
static bool
read_deletion(struct api_call *call, const struct target *target, struct wish *wish)
{
	const char *type_text = http_argument(call->exchange, "type");
	const char *data = http_argument(call->exchange, "data");
	const knot_rdata_t *rdata = NULL;
	uint16_t type;

	if (type_text == NULL && data == NULL) {
		add_change(wish, CHANGE_DELETE_NAME, target, 0, NULL);
		return true;
	}
	if (type_text == NULL) {
		api_fail(call, 400, "?type=A&data=192.0.2.1", "data needs a type beside it");
		return false;
	}
	if (!read_type(call, type_text, &type) ||
	    (data != NULL && !read_data(call, target, type, data, &rdata)))
		return false;
	if (!has_record(target, type, rdata)) {
		api_fail(call, 404, "GET the name to see its records", "%s has no such record",
		    target->text);
		return false;
	}
	add_change(wish, data != NULL ? CHANGE_DELETE : CHANGE_DELETE_RRSET, target, type, rdata);
	return true;
}

void
api_delete_name(struct api_call *call)
{
	struct change change;
	struct wish wish = { .changes = &change };
	struct target target;

	if (!read_target_to_change(call, &target))
		return;
	if (!target.exists) {
		fail_missing(call, &target);
		return;
	}
	if (target.report.source == SOURCE_LEASE) {
		api_fail(call, 409,
		    "it goes when the device releases its lease; `pins` and `ignore` in leases "
		    "decide what it is called",
		    "%s is the name of a DHCP lease", target.text);
		return;
	}
	if (!read_deletion(call, &target, &wish))
		return;
	if (target.is_apex &&
	    (change.kind == CHANGE_DELETE_NAME || change.type == KNOT_RRTYPE_NS)) {
		api_fail(call, 409, "DELETE with type= removes other records from it",
		    "%s is a zone: its SOA and NS stay", target.text);
		return;
	}
	if (update(call, &target, &wish))
		api_answer_body(call, 204, NULL);
}

/* --- listing --- */

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, PAGE_SIZE_MAX = 8 << 20 };

/* What a listing is narrowed to; each NULL or "" when it is not. */
struct filter {
	char match[NAME_TEXT_MAX];
	bool has_zone;
	struct name zone;
	const char *source;
	const char *owner;
	bool has_after;
	struct name after;
	size_t limit;
};

/* The whole name, or its first label. */
static bool
name_matches(const uint8_t *name, const char *pattern)
{
	char text[NAME_TEXT_MAX];

	(void)name_to_text(name, text);
	if (label_matches(text, pattern))
		return true;
	text[strcspn(text, ".")] = '\0';
	return label_matches(text, pattern);
}

static bool
is_wanted(const struct filter *filter, const struct name_report *report)
{
	if (filter->has_zone && !name_is_equal(report->zone, filter->zone.wire))
		return false;
	if (filter->source != NULL && strcmp(filter->source, name_source_text(report->source)) != 0)
		return false;
	if (filter->owner != NULL && strcmp(filter->owner, report->owner) != 0)
		return false;
	return filter->match[0] == '\0' || name_matches(report->name, filter->match);
}

static bool
is_source(const char *text)
{
	for (enum name_source source = SOURCE_ADMIN; source <= SOURCE_ZONE; source++) {
		if (strcmp(text, name_source_text(source)) == 0)
			return true;
	}
	return false;
}

/* False: the call has failed. */
static bool
read_names(struct api_call *call, struct filter *filter)
{
	const char *zone = http_argument(call->exchange, "zone");
	const char *after = http_argument(call->exchange, "after");
	const struct zone *found = NULL;
	struct zone_report report;
	char zones[API_ERROR_MAX];

	filter->has_after = after != NULL && after[0] != '\0';
	if (filter->has_after && name_from_text(after, &filter->after) != STATUS_OK) {
		api_fail(call, 400, "give \"next\" of the answer before",
		    "after: \"%.*s\" is no domain name", WHAT_MAX, after);
		return false;
	}
	filter->has_zone = zone != NULL;
	if (zone == NULL)
		return true;
	while (name_from_text(zone, &filter->zone) == STATUS_OK &&
	    (found = service_next_zone(call->api->service, found, &report)) != NULL) {
		if (name_is_equal(report.apex, filter->zone.wire))
			return true;
	}
	api_fail(call, 400, api_zones_text(call->api, zones),
	    "zone: %.*s is no zone of this server", WHAT_MAX, zone);
	return false;
}

static bool
read_limit(struct api_call *call, const char *text, size_t *ret_limit)
{
	size_t limit = 0;

	for (; text != NULL && *text >= '0' && *text <= '9' && limit <= PAGE_MAX; text++)
		limit = 10 * limit + (size_t)(*text - '0');
	if (text == NULL) {
		*ret_limit = PAGE_DEFAULT;
		return true;
	}
	if (*text != '\0' || limit == 0 || limit > PAGE_MAX) {
		api_fail(call, 400, "a number from 1 to 1000", "limit is out of range");
		return false;
	}
	*ret_limit = limit;
	return true;
}

static bool
read_filter(struct api_call *call, struct filter *filter)
{
	const char *match = http_argument(call->exchange, "match");
	size_t length = match != NULL ? strlen(match) : 0;

	filter->source = http_argument(call->exchange, "source");
	filter->owner = http_argument(call->exchange, "owner");
	if (length >= sizeof(filter->match)) {
		api_fail(call, 400, "names are shorter", "match is too long");
		return false;
	}
	for (size_t i = 0; i < length; i++)
		filter->match[i] = (char)tolower((unsigned char)match[i]);
	filter->match[length] = '\0';
	if (filter->source != NULL && !is_source(filter->source)) {
		api_fail(call, 400, "admin, registered, lease or zone",
		    "source: there is no \"%.*s\"", WHAT_MAX, filter->source);
		return false;
	}
	return read_limit(call, http_argument(call->exchange, "limit"), &filter->limit) &&
	    read_names(call, filter);
}

void
api_list_names(struct api_call *call)
{
	struct api *api = call->api;
	struct buffer *body = &call->body;
	struct name_report report = { 0 };
	struct name last;
	struct filter filter;
	const uint8_t *after;
	size_t count = 0;
	bool is_cut = false;

	if (!read_filter(call, &filter))
		return;
	json_out_open_object(body, NULL);
	json_out_open_array(body, "names");
	after = filter.has_after ? filter.after.wire : NULL;
	for (; !is_cut && service_next_name(api->service, after, &report); after = report.name) {
		if (!is_wanted(&filter, &report) || !api_may_see(call, report.name, report.owner))
			continue;
		is_cut = count == filter.limit || body->length > PAGE_SIZE_MAX;
		if (is_cut)
			break;
		api_write_name_report(body, call, &report);
		name_copy(&last, report.name);
		count++;
	}
	json_out_close_array(body);
	if (is_cut)
		api_write_name(body, "next", last.wire);
	else
		json_out_null(body, "next");
	json_out_close_object(body);
	(void)buffer_append_text(body, "\n");
	api_answer_body(call, 200, "application/json");
}
