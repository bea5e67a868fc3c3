/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An update's way (RFC 2136 3): zone, permission, prerequisites, drafts, limits, registry. Each
 * step may end it, and only the last one changes anything.
 */
#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "service/draft.h"
#include "service/lease.h"
#include "service/prerequisite.h"
#include "service/service.h"
#include "service/state.h"

enum { TYPE_TEXT_MAX = 16, REASON_MAX = 320 };

/* One update under way. */
struct attempt {
	struct service *service;
	const struct request *request;
	struct zone *zone;
	struct arena *arena;
	int64_t now_s; /* as records_rrset() wants it: nothing has expired in quiet times */
	struct draft *drafts;
	size_t draft_count;
	enum update_outcome *outcome; /* why, where the status alone does not say it */
};

/* --- permission (rules 8, 31, 32) --- */

/* Where a request came from: an address, else the door. */
static const char *
origin_of(const struct request *request, char text[static ADDRESS_TEXT_MAX])
{
	if (request->source.family == 0)
		return request->door;
	return address_to_text(&request->source, text);
}

/* One line for a refusal; a principal that is refused all day gets few. name may be NULL. */
static void
log_refusal(const struct request *request, const char *what, const uint8_t *name, const char *why)
{
	struct principal *principal = request->principal;
	char text[NAME_TEXT_MAX];
	char origin[ADDRESS_TEXT_MAX];
	uint64_t left_out = 0;

	if (!log_limit_allows(&principal->refusals, &left_out))
		return;
	if (left_out > 0)
		log_warning("update: %" PRIu64 " more refusals for %s", left_out,
		    principal->identity);
	log_warning("update: refused %s%s%s for %s from %s: %s", what, name != NULL ? " of " : "",
	    name != NULL ? name_to_text(name, text) : "", principal->identity,
	    origin_of(request, origin), why);
}

static const char *
type_text(uint16_t type, char text[static TYPE_TEXT_MAX])
{
	if (knot_rrtype_to_string(type, text, TYPE_TEXT_MAX) < 0)
		(void)snprintf(text, TYPE_TEXT_MAX, "TYPE%u", type);
	return text;
}

/* What a lease may be called is decided where the request is made; see service/dhcp. */
static bool
may_change(const struct attempt *attempt, const uint8_t *name, uint16_t type)
{
	const struct principal *principal = attempt->request->principal;

	return principal->kind == PRINCIPAL_LEASE ||
	    policy_may_change(principal, zone_apex(attempt->zone), name, type);
}

static bool
may_delete_name(const struct attempt *attempt, const uint8_t *name, const struct node *node)
{
	bool is_apex = name_is_equal(name, zone_apex(attempt->zone));
	struct records_cursor cursor = { 0 };
	struct record record;

	if (!may_change(attempt, name, KNOT_RRTYPE_ANY))
		return false;
	while (node != NULL && records_next(node_records(node), &cursor, &record)) {
		/* Rule 14: these two stay at the apex whoever asks. */
		if (is_apex && (record.type == KNOT_RRTYPE_SOA || record.type == KNOT_RRTYPE_NS))
			continue;
		if (!may_change(attempt, name, record.type))
			return false;
	}
	return true;
}

static bool
is_own_address(const struct request *request, const struct change *change)
{
	struct address address;

	return (change->type == KNOT_RRTYPE_A || change->type == KNOT_RRTYPE_AAAA) &&
	    address_from_bytes(change->rdata->data, change->rdata->len, &address) &&
	    address_is_equal(&address, &request->source);
}

/* A lease's name gives way to everybody else. */
static bool
is_over_lease(const struct attempt *attempt, const struct node *node)
{
	return attempt->request->principal->kind != PRINCIPAL_LEASE && node_is_of_lease(node);
}

/* Rule 32: true when the name is somebody else's. */
static bool
belongs_to_another(const struct attempt *attempt, const struct node *node)
{
	const struct principal *principal = attempt->request->principal;

	return node != NULL && node_owner(node) != NULL && !principal->is_admin &&
	    !is_over_lease(attempt, node) &&
	    !name_is_equal(node_name(node), zone_apex(attempt->zone)) &&
	    strcmp(owner_identity(node_owner(node)), principal->identity) != 0 &&
	    records_any_live(node_records(node), attempt->now_s);
}

/* False when the change is not permitted; reason then says why. */
static bool
is_permitted(const struct attempt *attempt, const struct change *change,
    char reason[static REASON_MAX])
{
	const struct principal *principal = attempt->request->principal;
	const struct node *node = zone_find(attempt->zone, change->name);
	const char *why = NULL;

	if (change->kind == CHANGE_DELETE_NAME) {
		if (!may_delete_name(attempt, change->name, node))
			why = "no grant covers the name with all its types";
	} else if (!may_change(attempt, change->name, change->type)) {
		why = "no grant covers this name and type";
	}
	if (why == NULL && principal->own_address_only && change->kind == CHANGE_ADD &&
	    !is_own_address(attempt->request, change)) {
		why = "unsigned updates may add nothing but the sender's own address";
		*attempt->outcome = OUTCOME_ADDRESS;
	}
	if (why != NULL) {
		(void)snprintf(reason, REASON_MAX, "%s", why);
		return false;
	}
	if (belongs_to_another(attempt, node)) {
		*attempt->outcome = OUTCOME_OWNER;
		(void)snprintf(reason, REASON_MAX, "the name belongs to %s",
		    owner_identity(node_owner(node)));
		return false;
	}
	return true;
}

static enum status
authorise(const struct attempt *attempt)
{
	const struct request *request = attempt->request;
	const struct update *update = request->update;
	char reason[REASON_MAX];

	if (!policy_may_speak_from(request->principal, &request->source)) {
		log_refusal(request, "a message", NULL,
		    "its key may not be used from there (`from`)");
		*attempt->outcome = OUTCOME_SOURCE;
		return STATUS_REFUSED;
	}
	if (!request->is_more && !rate_limit_take(&request->principal->updates, clock_now_ms())) {
		(void)snprintf(reason, sizeof(reason), "over its updates-per-minute (%" PRIu32 ")",
		    request->principal->updates.per_minute);
		log_refusal(request, "a message", NULL, reason);
		*attempt->outcome = OUTCOME_RATE;
		return STATUS_LIMITED;
	}
	for (size_t i = 0; i < update->change_count; i++) {
		const struct change *change = &update->changes[i];
		char what[TYPE_TEXT_MAX + 32];
		char type[TYPE_TEXT_MAX];

		if (is_permitted(attempt, change, reason))
			continue;
		(void)snprintf(what, sizeof(what), "the %s of %s",
		    change->kind == CHANGE_ADD ? "addition" : "deletion",
		    change->kind == CHANGE_DELETE_NAME ? "all" : type_text(change->type, type));
		log_refusal(request, what, change->name, reason);
		return STATUS_REFUSED;
	}
	return STATUS_OK;
}

/* --- drafts --- */

static struct draft *
find_draft(struct attempt *attempt, const struct node *node)
{
	/* The changes of one name mostly stand together: look at the last draft first. */
	for (size_t i = attempt->draft_count; i > 0; i--) {
		if (attempt->drafts[i - 1].node == node)
			return &attempt->drafts[i - 1];
	}
	return NULL;
}

static enum status
apply_change(struct attempt *attempt, const struct change *change, const struct lease *lease)
{
	struct node *node = registry_obtain(attempt->service->registry, attempt->zone,
	    change->name);
	struct draft *draft;
	enum status status;

	if (node == NULL)
		return STATUS_NO_MEMORY;
	draft = find_draft(attempt, node);
	if (draft == NULL) {
		draft = &attempt->drafts[attempt->draft_count];
		status = draft_init(draft, node, is_over_lease(attempt, node), attempt->now_s,
		    attempt->arena);
		if (status != STATUS_OK) {
			registry_forget_if_empty(attempt->service->registry, node);
			return status;
		}
		attempt->draft_count++;
	}
	return draft_apply(draft, change, lease, attempt->arena);
}

static enum status
make_drafts(struct attempt *attempt, const struct lease *lease)
{
	const struct update *update = attempt->request->update;
	enum status status = STATUS_OK;

	attempt->drafts = arena_take(attempt->arena, update->change_count * sizeof(struct draft));
	if (attempt->drafts == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < update->change_count && status == STATUS_OK; i++)
		status = apply_change(attempt, &update->changes[i], lease);
	return status;
}

/* --- limits --- */

/* Whose what is added becomes. */
static const char *
new_owner(const struct attempt *attempt)
{
	const struct request *request = attempt->request;

	return request->owner != NULL ? request->owner : request->principal->identity;
}

/*
 * True when the name would become the new owner's: by what it adds, not by what it deletes, so that
 * an administrator can mend a name without taking it away (rule 32).
 */
static bool
changes_owner(const struct attempt *attempt, const struct draft *draft)
{
	const struct owner *owner = node_owner(draft->node);

	if (draft->is_apex)
		return draft_changes_apex_types(draft);
	return draft->count > 0 && draft->has_additions &&
	    (owner == NULL || strcmp(owner_identity(owner), new_owner(attempt)) != 0);
}

/* How many names there would be more, of all and of the principal's own; fewer are negative. */
static void
count_new_names(const struct attempt *attempt, int64_t *ret_all, int64_t *ret_own)
{
	const char *identity = new_owner(attempt);

	*ret_all = 0;
	*ret_own = 0;
	for (size_t i = 0; i < attempt->draft_count; i++) {
		const struct draft *draft = &attempt->drafts[i];
		const struct owner *owner = node_owner(draft->node);

		if (draft->is_apex)
			continue;
		if (draft->is_over_lease && draft->count == 0)
			continue;
		*ret_all += (draft->count > 0) - (node_records(draft->node) != NULL);
		if (changes_owner(attempt, draft))
			++*ret_own;
		else if (draft->count == 0 && owner != NULL &&
		    strcmp(owner_identity(owner), identity) == 0)
			--*ret_own;
	}
}

/* The last name that would become the principal's: what a refusal is about. */
static const uint8_t *
newest_name(const struct attempt *attempt)
{
	for (size_t i = attempt->draft_count; i > 0; i--) {
		if (changes_owner(attempt, &attempt->drafts[i - 1]))
			return node_name(attempt->drafts[i - 1].node);
	}
	return NULL;
}

/* True when there would be too many, and more than before: what is over a limit may shrink. */
static bool
is_over(size_t names, int64_t new_names, size_t names_max)
{
	return names_max > 0 && new_names > 0 && names + (size_t)new_names > names_max;
}

static enum status
check_limits(const struct attempt *attempt)
{
	const struct service_options *options = &attempt->service->options;
	const struct request *request = attempt->request;
	struct registry *registry = attempt->service->registry;
	const struct owner *owner = registry_owner(registry, new_owner(attempt));
	int64_t new_names;
	int64_t own_names;

	if (owner == NULL)
		return STATUS_NO_MEMORY;
	for (size_t i = 0; i < attempt->draft_count; i++) {
		const struct draft *draft = &attempt->drafts[i];
		const uint8_t *name = node_name(draft->node);
		size_t addresses = draft_addresses(draft);

		if (options->addresses_per_name > 0 && addresses > options->addresses_per_name &&
		    addresses > draft->addresses_before) {
			log_refusal(request, "an address", name, "over addresses-per-name");
			*attempt->outcome = OUTCOME_ADDRESSES;
			return STATUS_LIMITED;
		}
		if (!records_fit(draft->list, draft->count)) {
			log_refusal(request, "records", name, "the name would hold too much data");
			*attempt->outcome = OUTCOME_SIZE;
			return STATUS_LIMITED;
		}
	}
	count_new_names(attempt, &new_names, &own_names);
	if (is_over(registry_names(registry), new_names, options->names_max)) {
		log_refusal(request, "the addition", newest_name(attempt),
		    "the limit of all `names` is reached");
		*attempt->outcome = OUTCOME_NAMES;
		return STATUS_LIMITED;
	}
	if (is_over(owner_names(owner), own_names, request->principal->names_max)) {
		log_refusal(request, "the addition", newest_name(attempt),
		    "over its names-per-key");
		*attempt->outcome = OUTCOME_NAMES_OF_KEY;
		return STATUS_LIMITED;
	}
	return STATUS_OK;
}

/* --- the registry --- */

/* What one draft will do, prepared so that doing it cannot fail. */
struct step {
	struct draft *draft;
	struct records *records; /* NULL: the name goes, or only its leases change */
	bool is_visible;
	bool changes_owner;
};

static enum status
prepare(const struct attempt *attempt, struct step *steps)
{
	for (size_t i = 0; i < attempt->draft_count; i++) {
		struct draft *draft = &attempt->drafts[i];
		struct step *step = &steps[i];

		*step = (struct step){
			.draft = draft,
			.is_visible = !draft_is_unchanged(draft),
			.changes_owner = changes_owner(attempt, draft),
		};
		if (draft->count == 0 || (!step->is_visible && !step->changes_owner))
			continue;
		step->records = records_build(draft->list, draft->count);
		if (step->records == NULL) {
			while (i-- > 0)
				records_free(steps[i].records);
			return STATUS_NO_MEMORY;
		}
	}
	return STATUS_OK;
}

static void
log_change(struct attempt *attempt, const struct step *step)
{
	const struct principal *principal = attempt->request->principal;
	char name[NAME_TEXT_MAX];
	char origin[ADDRESS_TEXT_MAX];
	uint64_t left_out = 0;

	if (!log_limit_allows(&attempt->service->changes, &left_out))
		return;
	if (left_out > 0)
		service_note(attempt->service, "update: %" PRIu64 " more changes", left_out);
	service_note(attempt->service, "update: %s %s by %s from %s",
	    name_to_text(node_name(step->draft->node), name),
	    step->records == NULL ? "removed" : "changed", principal->identity,
	    origin_of(attempt->request, origin));
}

static bool
only_renews(const struct step *step)
{
	return !step->is_visible && !step->changes_owner;
}

/* Renewed leases first: where one finds no memory, nothing of the message has been done yet. */
static enum status
renew(struct attempt *attempt, const struct step *steps)
{
	enum status status = STATUS_OK;

	for (size_t i = 0; i < attempt->draft_count && status == STATUS_OK; i++) {
		struct draft *draft = steps[i].draft;

		if (only_renews(&steps[i]) && draft->count > 0)
			status = registry_renew(attempt->service->registry, draft->node,
			    draft->list, draft->count);
	}
	for (size_t i = 0; i < attempt->draft_count && status != STATUS_OK; i++)
		records_free(steps[i].records);
	/* No commit may follow, and a new end may be the next one. */
	service_plan_expiry(attempt->service);
	return status;
}

/* Puts one draft into the registry. Cannot fail. */
static void
do_step(struct attempt *attempt, const struct step *step, struct owner *owner)
{
	struct node *node = step->draft->node;

	log_change(attempt, step);
	service_note_change(attempt->service,
	    &(struct change_note){
		.node = node,
		.after = step->records,
		.who = attempt->request->principal->identity,
		.door = attempt->request->door,
		.source = attempt->request->source,
	    });
	registry_replace(attempt->service->registry, node, step->records,
	    step->changes_owner ? owner : node_owner(node), service_wall_s(attempt->service));
}

static enum status
put_into_registry(struct attempt *attempt, bool *ret_is_visible)
{
	struct registry *registry = attempt->service->registry;
	struct owner *owner = registry_owner(registry, new_owner(attempt));
	struct step *steps = arena_take(attempt->arena, attempt->draft_count * sizeof(*steps));
	bool is_visible = false;
	bool has_own_serial = false;
	enum status status;

	if (owner == NULL || steps == NULL ||
	    registry_reserve(registry, attempt->draft_count) != STATUS_OK)
		return STATUS_NO_MEMORY;
	status = prepare(attempt, steps);
	if (status == STATUS_OK)
		status = renew(attempt, steps);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < attempt->draft_count; i++) {
		if (only_renews(&steps[i]))
			continue;
		is_visible |= steps[i].is_visible;
		has_own_serial |= steps[i].is_visible && draft_changes_serial(steps[i].draft);
		do_step(attempt, &steps[i], owner);
	}
	if (has_own_serial)
		zone_adopt_serial(registry, attempt->zone);
	else if (is_visible)
		zone_raise_serial(registry, attempt->zone);
	*ret_is_visible = is_visible;
	return STATUS_OK;
}

/* Names that were made for drafts and stayed empty. */
static void
forget_empty(struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->draft_count; i++)
		registry_forget_if_empty(attempt->service->registry, attempt->drafts[i].node);
}

static enum status
do_update(struct attempt *attempt, struct update_answer *ret_answer)
{
	struct service *service = attempt->service;
	const struct request *request = attempt->request;
	const struct update *update = request->update;
	struct lease lease;
	uint32_t length_s;
	enum status status;

	attempt->zone = registry_find_zone(service->registry, update->zone);
	if (attempt->zone == NULL)
		return STATUS_NOT_OUR_ZONE;
	status = authorise(attempt);
	if (status == STATUS_OK)
		status = prerequisite_check(attempt->zone, update, attempt->now_s, attempt->arena);
	if (status != STATUS_OK)
		return status;
	length_s = lease_length_s(zone_options(attempt->zone), update->has_lease, update->lease_s,
	    request->principal->is_admin || request->principal->kind == PRINCIPAL_LEASE);
	if (request->has_lease && !update->has_lease)
		length_s = request->lease_s;
	/* The second that has begun counts as over: a lease may be too long, never too short. */
	lease = lease_begin(clock_now_s() + 1, length_s);
	status = make_drafts(attempt, &lease);
	if (status == STATUS_OK)
		status = check_limits(attempt);
	if (status == STATUS_OK)
		status = put_into_registry(attempt, &ret_answer->is_changed);
	forget_empty(attempt);
	if (status == STATUS_OK && update->has_lease) {
		ret_answer->has_lease = true;
		ret_answer->lease_s = length_s;
	}
	return status;
}

/* The one place where updates are counted. */
static enum update_outcome
count_update(struct attempt *attempt, enum status status, bool is_changed)
{
	const struct request *request = attempt->request;
	enum counted_door door = request->principal->kind == PRINCIPAL_LEASE
	    ? COUNTED_LEASE
	    : counted_door_of(request->door);
	enum update_outcome outcome = *attempt->outcome;

	if (is_changed)
		outcome = OUTCOME_CHANGED;
	else if (outcome == OUTCOMES)
		outcome = update_outcome_of(status);
	counts_note_update(&attempt->service->counts, door, outcome);
	return outcome;
}

enum status
service_update(struct service *service, const struct request *request, struct arena *scratch,
    struct update_answer *ret_answer)
{
	enum update_outcome outcome = OUTCOMES;
	struct attempt attempt = {
		.service = service,
		.request = request,
		.arena = scratch,
		.now_s = service_expiry_clock(service),
		.outcome = &outcome,
	};
	enum status status;

	*ret_answer = (struct update_answer){ 0 };
	status = do_update(&attempt, ret_answer);
	ret_answer->outcome = count_update(&attempt, status, ret_answer->is_changed);
	return status;
}
