/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Leases and devices in trees, an undo log that keeps what was replaced, and their stored form. */
#include "registry/leases.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json.h"

const char leases_fact_lease[] = "lease";
const char leases_fact_device[] = "device";

/* What is stored as a time is at most that, so that sums of times are numbers. */
#define TIME_MAX_S (INT64_MAX / 4)

RB_HEAD(address_tree, dhcp_lease);
RB_HEAD(label_tree, dhcp_lease);
RB_HEAD(wish_tree, dhcp_lease);
RB_HEAD(end_tree, dhcp_lease);
RB_HEAD(hardware_tree, dhcp_lease);
RB_HEAD(duid_tree, dhcp_lease);
RB_HEAD(device_tree, dhcp_device);
RB_HEAD(device_label_tree, dhcp_device);
RB_HEAD(device_seen_tree, dhcp_device);

/* What one call took away: of a lease or of a device. */
struct undo {
	bool is_device;
	bool must_store;
	struct address address;
	struct dhcp_lease *lease; /* NULL: there was none */
	char *id;
	struct dhcp_device *device;
};

struct leases {
	struct address_tree addresses;
	struct label_tree labels;
	struct wish_tree wishes;
	struct end_tree ends;
	struct hardware_tree hardwares;
	struct duid_tree duids;
	struct device_tree devices;
	struct device_label_tree device_labels;
	struct device_seen_tree devices_seen;
	size_t count;
	size_t device_count;
	size_t named;
	uint64_t version;
	struct undo *undos;
	size_t undo_count;
	size_t undo_capacity;
	char address_text[ADDRESS_TEXT_MAX];
	char *value; /* of the fact that was handed out last */
};

static int
compare_addresses(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	if (one->address.family != other->address.family)
		return one->address.family < other->address.family ? -1 : 1;
	return memcmp(one->address.bytes, other->address.bytes, sizeof(one->address.bytes));
}

static int
compare_labels(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	int order = strcmp(one->label, other->label);

	return order != 0 ? order : compare_addresses(one, other);
}

static int
compare_wishes(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	int order = strcmp(one->wish, other->wish);

	return order != 0 ? order : compare_addresses(one, other);
}

static int
compare_ends(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	if (one->until_s != other->until_s)
		return one->until_s < other->until_s ? -1 : 1;
	return compare_addresses(one, other);
}

/* Bytes of unequal length: the shorter first. */
static int
compare_bytes(const uint8_t *one, size_t one_size, const uint8_t *other, size_t other_size)
{
	if (one_size != other_size)
		return one_size < other_size ? -1 : 1;
	return memcmp(one, other, one_size);
}

static int
compare_hardware_only(const struct dhcp_hardware *one, const struct dhcp_hardware *other)
{
	if (one->type != other->type)
		return one->type < other->type ? -1 : 1;
	return compare_bytes(one->bytes, one->size, other->bytes, other->size);
}

static int
compare_hardwares(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	int order = compare_hardware_only(&one->hardware, &other->hardware);

	return order != 0 ? order : compare_addresses(one, other);
}

static int
compare_duid_only(const struct dhcp_duid *one, const struct dhcp_duid *other)
{
	return compare_bytes(one->bytes, one->size, other->bytes, other->size);
}

static int
compare_duids(const struct dhcp_lease *one, const struct dhcp_lease *other)
{
	int order = compare_duid_only(&one->duid, &other->duid);

	return order != 0 ? order : compare_addresses(one, other);
}

static int
compare_ids(const struct dhcp_device *one, const struct dhcp_device *other)
{
	return strcmp(one->id, other->id);
}

static int
compare_device_labels(const struct dhcp_device *one, const struct dhcp_device *other)
{
	int order = strcmp(one->label, other->label);

	return order != 0 ? order : compare_ids(one, other);
}

static int
compare_seen(const struct dhcp_device *one, const struct dhcp_device *other)
{
	if (one->seen_s != other->seen_s)
		return one->seen_s < other->seen_s ? -1 : 1;
	return compare_ids(one, other);
}

/* RB_GENERATE_STATIC() wants a macro that libbsd defines only where it overlays the system. */
#define UNUSED_STATIC __attribute__((unused)) static
RB_GENERATE_INTERNAL(address_tree, dhcp_lease, by_address, compare_addresses, UNUSED_STATIC)
RB_GENERATE_INTERNAL(label_tree, dhcp_lease, by_label, compare_labels, UNUSED_STATIC)
RB_GENERATE_INTERNAL(wish_tree, dhcp_lease, by_wish, compare_wishes, UNUSED_STATIC)
RB_GENERATE_INTERNAL(end_tree, dhcp_lease, by_end, compare_ends, UNUSED_STATIC)
RB_GENERATE_INTERNAL(device_tree, dhcp_device, by_id, compare_ids, UNUSED_STATIC)
RB_GENERATE_INTERNAL(device_label_tree, dhcp_device, by_label, compare_device_labels, UNUSED_STATIC)
RB_GENERATE_INTERNAL(device_seen_tree, dhcp_device, by_seen, compare_seen, UNUSED_STATIC)
RB_GENERATE_INTERNAL(hardware_tree, dhcp_lease, by_hardware, compare_hardwares, UNUSED_STATIC)
RB_GENERATE_INTERNAL(duid_tree, dhcp_lease, by_duid, compare_duids, UNUSED_STATIC)

struct leases *
leases_new(void)
{
	return calloc(1, sizeof(struct leases));
}

/* A lease takes its place in the trees, or gives it up. */
static void
lease_link(struct leases *leases, struct dhcp_lease *lease)
{
	RB_INSERT(address_tree, &leases->addresses, lease);
	if (lease->label[0] != '\0') {
		RB_INSERT(label_tree, &leases->labels, lease);
		leases->named++;
	}
	if (lease->wish[0] != '\0')
		RB_INSERT(wish_tree, &leases->wishes, lease);
	if (lease->until_s != LEASES_FOREVER)
		RB_INSERT(end_tree, &leases->ends, lease);
	if (lease->hardware.size > 0)
		RB_INSERT(hardware_tree, &leases->hardwares, lease);
	if (lease->duid.size > 0)
		RB_INSERT(duid_tree, &leases->duids, lease);
	leases->count++;
}

static void
lease_unlink(struct leases *leases, struct dhcp_lease *lease)
{
	RB_REMOVE(address_tree, &leases->addresses, lease);
	if (lease->label[0] != '\0') {
		RB_REMOVE(label_tree, &leases->labels, lease);
		leases->named--;
	}
	if (lease->wish[0] != '\0')
		RB_REMOVE(wish_tree, &leases->wishes, lease);
	if (lease->until_s != LEASES_FOREVER)
		RB_REMOVE(end_tree, &leases->ends, lease);
	if (lease->hardware.size > 0)
		RB_REMOVE(hardware_tree, &leases->hardwares, lease);
	if (lease->duid.size > 0)
		RB_REMOVE(duid_tree, &leases->duids, lease);
	leases->count--;
}

static void
device_link(struct leases *leases, struct dhcp_device *device)
{
	RB_INSERT(device_tree, &leases->devices, device);
	RB_INSERT(device_label_tree, &leases->device_labels, device);
	RB_INSERT(device_seen_tree, &leases->devices_seen, device);
	leases->device_count++;
}

static void
device_unlink(struct leases *leases, struct dhcp_device *device)
{
	RB_REMOVE(device_tree, &leases->devices, device);
	RB_REMOVE(device_label_tree, &leases->device_labels, device);
	RB_REMOVE(device_seen_tree, &leases->devices_seen, device);
	leases->device_count--;
}

void
leases_clear(struct leases *leases)
{
	struct dhcp_lease *lease;
	struct dhcp_device *device;

	leases->version += leases->count > 0;
	while ((lease = RB_ROOT(&leases->addresses)) != NULL) {
		lease_unlink(leases, lease);
		free(lease);
	}
	while ((device = RB_ROOT(&leases->devices)) != NULL) {
		device_unlink(leases, device);
		free(device);
	}
}

void
leases_free(struct leases *leases)
{
	if (leases == NULL)
		return;
	leases_commit(leases);
	leases_clear(leases);
	free(leases->undos);
	free(leases->value);
	free(leases);
}

size_t
leases_count(const struct leases *leases)
{
	return leases->count;
}

uint64_t
leases_version(const struct leases *leases)
{
	return leases->version;
}

size_t
leases_named(const struct leases *leases)
{
	return leases->named;
}

/*
 * libbsd's macros take no const, so searches descend by themselves: through the field, to the right
 * where is_before holds for a lease. The result is the first for which it does not.
 */
#define FIRST_NOT(root, field, is_before)                 \
	do {                                              \
		struct dhcp_lease *at = (root);           \
                                                          \
		while (at != NULL) {                      \
			if (is_before) {                  \
				at = RB_RIGHT(at, field); \
			} else {                          \
				found = at;               \
				at = RB_LEFT(at, field);  \
			}                                 \
		}                                         \
	} while (0)

static struct dhcp_lease *
find(const struct leases *leases, const struct address *address)
{
	const struct dhcp_lease wanted = { .address = *address };
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->addresses), by_address, compare_addresses(at, &wanted) < 0);
	return found != NULL && compare_addresses(found, &wanted) == 0 ? found : NULL;
}

const struct dhcp_lease *
leases_find(const struct leases *leases, const struct address *address)
{
	return find(leases, address);
}

const struct dhcp_lease *
leases_next(const struct leases *leases, const struct dhcp_lease *lease)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->addresses), by_address,
	    lease != NULL && compare_addresses(at, lease) <= 0);
	return found;
}

const struct dhcp_lease *
leases_next_labelled(const struct leases *leases, const char *label, const struct dhcp_lease *lease)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->labels), by_label,
	    lease != NULL ? compare_labels(at, lease) <= 0 : strcmp(at->label, label) < 0);
	return found != NULL && strcmp(found->label, label) == 0 ? found : NULL;
}

const struct dhcp_lease *
leases_next_wishing(const struct leases *leases, const char *wish, const struct dhcp_lease *lease)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->wishes), by_wish,
	    lease != NULL ? compare_wishes(at, lease) <= 0 : strcmp(at->wish, wish) < 0);
	return found != NULL && strcmp(found->wish, wish) == 0 ? found : NULL;
}

const struct dhcp_lease *
leases_next_of_hardware(const struct leases *leases, const struct dhcp_hardware *hardware,
    const struct dhcp_lease *lease)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->hardwares), by_hardware,
	    lease != NULL ? compare_hardwares(at, lease) <= 0
			  : compare_hardware_only(&at->hardware, hardware) < 0);
	return found != NULL && compare_hardware_only(&found->hardware, hardware) == 0 ? found
										       : NULL;
}

const struct dhcp_lease *
leases_next_of_duid(const struct leases *leases, const struct dhcp_duid *duid,
    const struct dhcp_lease *lease)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->duids), by_duid,
	    lease != NULL ? compare_duids(at, lease) <= 0 : compare_duid_only(&at->duid, duid) < 0);
	return found != NULL && compare_duid_only(&found->duid, duid) == 0 ? found : NULL;
}

const struct dhcp_lease *
leases_first_to_end(const struct leases *leases)
{
	struct dhcp_lease *found = NULL;

	FIRST_NOT(RB_ROOT(&leases->ends), by_end, false);
	return found;
}

/* Room for one more entry of the undo log. */
static enum status
reserve_undo(struct leases *leases)
{
	size_t capacity = leases->undo_capacity > 0 ? 2 * leases->undo_capacity : 16;
	struct undo *undos;

	if (leases->undo_count < leases->undo_capacity)
		return STATUS_OK;
	undos = reallocarray(leases->undos, capacity, sizeof(*undos));
	if (undos == NULL)
		return STATUS_NO_MEMORY;
	leases->undos = undos;
	leases->undo_capacity = capacity;
	return STATUS_OK;
}

/* Copies the text behind the lease itself, where *place is moved on; NULL stays NULL. */
static const char *
keep_text(const char *text, char **place)
{
	char *kept = *place;

	if (text == NULL)
		return NULL;
	*place = stpcpy(kept, text) + 1;
	return kept;
}

/* The lease and its texts, in one piece. */
static struct dhcp_lease *
lease_copy(const struct dhcp_lease *lease)
{
	size_t client_size = lease->client_name != NULL ? strlen(lease->client_name) + 1 : 0;
	size_t server_size = lease->server_name != NULL ? strlen(lease->server_name) + 1 : 0;
	struct dhcp_lease *copy = malloc(sizeof(*copy) + client_size + server_size);
	char *place;

	if (copy == NULL)
		return NULL;
	place = (char *)(copy + 1);
	*copy = *lease;
	copy->client_name = keep_text(lease->client_name, &place);
	copy->server_name = keep_text(lease->server_name, &place);
	return copy;
}

enum status
leases_put(struct leases *leases, const struct dhcp_lease *lease, bool must_store)
{
	struct dhcp_lease *old = find(leases, &lease->address);
	struct dhcp_lease *copy;

	if (old == NULL && leases->count >= LEASES_MAX)
		return STATUS_LIMITED;
	copy = lease_copy(lease);
	if (copy == NULL || reserve_undo(leases) != STATUS_OK) {
		free(copy);
		return STATUS_NO_MEMORY;
	}
	if (old != NULL)
		lease_unlink(leases, old);
	lease_link(leases, copy);
	if (strcmp(old != NULL ? old->label : "", copy->label) != 0 ||
	    (old != NULL && old->is_ours != copy->is_ours))
		leases->version++;
	leases->undos[leases->undo_count++] = (struct undo){
		.must_store = must_store,
		.address = copy->address,
		.lease = old,
	};
	return STATUS_OK;
}

enum status
leases_remove(struct leases *leases, const struct address *address)
{
	struct dhcp_lease *old = find(leases, address);

	if (old == NULL)
		return STATUS_OK;
	if (reserve_undo(leases) != STATUS_OK)
		return STATUS_NO_MEMORY;
	lease_unlink(leases, old);
	leases->version += old->label[0] != '\0';
	leases->undos[leases->undo_count++] = (struct undo){
		.must_store = true,
		.address = old->address,
		.lease = old,
	};
	return STATUS_OK;
}

void
leases_renew(struct leases *leases, const struct dhcp_lease *lease, int64_t until_s)
{
	struct dhcp_lease *own = find(leases, &lease->address);

	lease_unlink(leases, own);
	own->until_s = until_s;
	lease_link(leases, own);
}

enum status
leases_touch_all(struct leases *leases)
{
	const struct dhcp_lease *lease = NULL;
	enum status status = STATUS_OK;

	while (status == STATUS_OK && (lease = leases_next(leases, lease)) != NULL) {
		struct dhcp_lease same = *lease;

		status = leases_put(leases, &same, true);
	}
	return status;
}

void
leases_mark(struct leases *leases, const struct dhcp_lease *lease, uint64_t reading)
{
	find(leases, &lease->address)->reading = reading;
}

/* --- devices --- */

const char *
leases_device_id(const struct dhcp_lease *lease, char id[static LEASES_DEVICE_MAX])
{
	char hardware[DHCP_HARDWARE_TEXT_MAX];
	char duid[DHCP_DUID_TEXT_MAX];

	/* A hardware address first: it joins the families, where both are known. */
	if (lease->hardware.size > 0)
		(void)snprintf(id, LEASES_DEVICE_MAX, "hw:%s",
		    dhcp_hardware_to_text(&lease->hardware, hardware));
	else if (lease->duid.size > 0)
		(void)snprintf(id, LEASES_DEVICE_MAX, "duid:%s",
		    dhcp_duid_to_text(&lease->duid, duid));
	else
		id[0] = '\0';
	return id;
}

static struct dhcp_device *
device_new(const char *id, const char *wish, const char *label, int64_t seen_s)
{
	size_t size = strlen(id) + 1;
	struct dhcp_device *device = calloc(1, sizeof(*device) + size);

	if (device == NULL)
		return NULL;
	memcpy(device->id, id, size);
	(void)snprintf(device->wish, sizeof(device->wish), "%s", wish);
	(void)snprintf(device->label, sizeof(device->label), "%s", label);
	device->seen_s = seen_s;
	return device;
}

static struct dhcp_device *
find_device(const struct leases *leases, const char *id)
{
	struct dhcp_device *device = RB_ROOT(&leases->devices);

	while (device != NULL) {
		int order = strcmp(id, device->id);

		if (order == 0)
			break;
		device = order < 0 ? RB_LEFT(device, by_id) : RB_RIGHT(device, by_id);
	}
	return device;
}

const struct dhcp_device *
leases_find_device(const struct leases *leases, const char *id)
{
	return find_device(leases, id);
}

const struct dhcp_device *
leases_find_labelled_device(const struct leases *leases, const char *label)
{
	const struct dhcp_device *device = RB_ROOT(&leases->device_labels);

	while (device != NULL) {
		int order = strcmp(label, device->label);

		if (order == 0)
			break;
		device = order < 0 ? RB_LEFT(device, by_label) : RB_RIGHT(device, by_label);
	}
	return device;
}

const struct dhcp_device *
leases_next_device(const struct leases *leases, const struct dhcp_device *device)
{
	struct dhcp_device *at = RB_ROOT(&leases->devices);
	struct dhcp_device *next = NULL;

	while (at != NULL) {
		if (device != NULL && compare_ids(at, device) <= 0) {
			at = RB_RIGHT(at, by_id);
		} else {
			next = at;
			at = RB_LEFT(at, by_id);
		}
	}
	return next;
}

size_t
leases_devices(const struct leases *leases)
{
	return leases->device_count;
}

const struct dhcp_device *
leases_oldest_device(const struct leases *leases)
{
	const struct dhcp_device *device = RB_ROOT(&leases->devices_seen);

	while (device != NULL && RB_LEFT(device, by_seen) != NULL)
		device = RB_LEFT(device, by_seen);
	return device;
}

/* Puts a device in the place of the one with that id; NULL: it goes. */
static enum status
exchange_device(struct leases *leases, const char *id, struct dhcp_device *device)
{
	struct dhcp_device *old = find_device(leases, id);
	char *copy = strdup(id);

	if (copy == NULL || reserve_undo(leases) != STATUS_OK) {
		free(copy);
		free(device);
		return STATUS_NO_MEMORY;
	}
	if (old != NULL)
		device_unlink(leases, old);
	if (device != NULL)
		device_link(leases, device);
	leases->undos[leases->undo_count++] = (struct undo){
		.is_device = true,
		.must_store = true,
		.id = copy,
		.device = old,
	};
	return STATUS_OK;
}

/* At the ceiling the device not seen for longest goes, unless the new one takes its own place. */
static enum status
make_way(struct leases *leases, const char *id)
{
	const struct dhcp_device *oldest = leases_oldest_device(leases);

	if (oldest == NULL || leases->device_count < LEASES_DEVICES_MAX ||
	    find_device(leases, id) != NULL)
		return STATUS_OK;
	return exchange_device(leases, oldest->id, NULL);
}

enum status
leases_remember(struct leases *leases, const char *id, const char *wish, const char *label,
    int64_t seen_s)
{
	struct dhcp_device *device;
	enum status status = make_way(leases, id);

	if (status != STATUS_OK)
		return status;
	device = device_new(id, wish, label, seen_s);
	return device != NULL ? exchange_device(leases, id, device) : STATUS_NO_MEMORY;
}

enum status
leases_forget(struct leases *leases, const char *id)
{
	return find_device(leases, id) != NULL ? exchange_device(leases, id, NULL) : STATUS_OK;
}

/* --- turns --- */

bool
leases_is_dirty(const struct leases *leases)
{
	return leases->undo_count > 0;
}

static void
undo_release(struct undo *undo)
{
	free(undo->lease);
	free(undo->device);
	free(undo->id);
}

void
leases_commit(struct leases *leases)
{
	for (size_t i = 0; i < leases->undo_count; i++)
		undo_release(&leases->undos[i]);
	leases->undo_count = 0;
}

static void
roll_back_lease(struct leases *leases, struct undo *undo)
{
	struct dhcp_lease *discarded = find(leases, &undo->address);

	if (discarded != NULL) {
		lease_unlink(leases, discarded);
		free(discarded);
	}
	if (undo->lease != NULL)
		lease_link(leases, undo->lease);
	undo->lease = NULL;
}

static void
roll_back_device(struct leases *leases, struct undo *undo)
{
	struct dhcp_device *discarded = find_device(leases, undo->id);

	if (discarded != NULL) {
		device_unlink(leases, discarded);
		free(discarded);
	}
	if (undo->device != NULL)
		device_link(leases, undo->device);
	undo->device = NULL;
}

void
leases_rollback(struct leases *leases)
{
	leases->version += leases->undo_count > 0;
	while (leases->undo_count > 0) {
		struct undo *undo = &leases->undos[--leases->undo_count];

		if (undo->is_device)
			roll_back_device(leases, undo);
		else
			roll_back_lease(leases, undo);
		undo_release(undo);
	}
}

/* --- the stored form --- */

/* Text as JSON; what is no UTF-8 has no stored form, and is not worth more than that. */
static json_t *
text_value(const char *text)
{
	json_t *value = text != NULL ? json_string(text) : NULL;

	return value != NULL ? value : json_null();
}

static json_t *
lease_to_json(const struct dhcp_lease *lease, int64_t wall_offset_s)
{
	char hardware[DHCP_HARDWARE_TEXT_MAX] = "";
	char duid[DHCP_DUID_TEXT_MAX] = "";

	if (lease->hardware.size > 0)
		(void)dhcp_hardware_to_text(&lease->hardware, hardware);
	if (lease->duid.size > 0)
		(void)dhcp_duid_to_text(&lease->duid, duid);
	return json_pack("{s:s s:b s:s s:s s:o s:o s:s s:s s:b s:b s:b s:I s:o}", "hardware",
	    hardware, "proven", lease->is_hardware_proven, "duid", duid, "server", lease->server,
	    "client_name", text_value(lease->client_name), "server_name",
	    text_value(lease->server_name), "wish", lease->wish, "label", lease->label, "ours",
	    lease->is_ours, "pinned", lease->is_pinned, "ignored", lease->is_ignored, "since",
	    (json_int_t)lease->since_s, "until",
	    lease->stored_until_s == LEASES_FOREVER
		? json_null()
		: json_integer(lease->stored_until_s + wall_offset_s));
}

static enum status
fill_value(struct leases *leases, json_t *json, struct leases_fact *fact)
{
	free(leases->value);
	leases->value = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
	json_decref(json);
	fact->value = leases->value;
	return leases->value != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status
leases_next_fact(struct leases *leases, size_t *cursor, int64_t wall_offset_s,
    struct leases_fact *ret_fact)
{
	const struct dhcp_device *device;
	const struct dhcp_lease *lease;
	const struct undo *undo;

	while (*cursor < leases->undo_count && !leases->undos[*cursor].must_store)
		++*cursor;
	if (*cursor >= leases->undo_count)
		return STATUS_NOT_FOUND;
	undo = &leases->undos[(*cursor)++];
	if (undo->is_device) {
		device = find_device(leases, undo->id);
		*ret_fact = (struct leases_fact){ leases_fact_device, undo->id, NULL };
		if (device == NULL)
			return STATUS_OK;
		return fill_value(leases,
		    json_pack("{s:s s:s s:I}", "wish", device->wish, "label", device->label, "seen",
			(json_int_t)device->seen_s),
		    ret_fact);
	}
	lease = find(leases, &undo->address);
	*ret_fact = (struct leases_fact){ leases_fact_lease,
		address_to_text(&undo->address, leases->address_text), NULL };
	return lease != NULL ? fill_value(leases, lease_to_json(lease, wall_offset_s), ret_fact)
			     : STATUS_OK;
}

/* What a stored text may be: at most that long, and where it is a label, one. */
static bool
take_into(const json_t *object, const char *member, char *ret_text, size_t size,
    char problem[static JSON_PROBLEM_MAX])
{
	const char *text = "";

	if (!json_take_text(object, member, &text, problem) || strlen(text) >= size)
		return false;
	(void)snprintf(ret_text, size, "%s", text);
	return true;
}

static bool
take_label(const json_t *object, const char *member, char ret_label[static LABEL_TEXT_MAX],
    char problem[static JSON_PROBLEM_MAX])
{
	char label[LABEL_TEXT_MAX];

	if (!take_into(object, member, ret_label, LABEL_TEXT_MAX, problem))
		return false;
	return ret_label[0] == '\0' ||
	    (label_from_text(ret_label, label) && strcmp(label, ret_label) == 0);
}

static bool
take_device(const json_t *object, struct dhcp_lease *lease, char problem[static JSON_PROBLEM_MAX])
{
	const char *hardware = "";
	const char *duid = "";

	if (!json_take_text(object, "hardware", &hardware, problem) ||
	    !json_take_text(object, "duid", &duid, problem))
		return false;
	if (hardware[0] != '\0' && dhcp_hardware_from_text(hardware, &lease->hardware) != STATUS_OK)
		return false;
	return duid[0] == '\0' || dhcp_duid_from_text(duid, &lease->duid) == STATUS_OK;
}

/* Texts of *ret_lease live in the object. */
static bool
lease_from_json(const json_t *object, const char *key, int64_t wall_offset_s,
    struct dhcp_lease *ret_lease)
{
	struct dhcp_lease lease = { 0 };
	char problem[JSON_PROBLEM_MAX] = "";
	const char *client_name = NULL;
	const char *server_name = NULL;
	int64_t until_s = INT64_MIN;
	bool is_good = address_from_text(key, &lease.address) == STATUS_OK;

	is_good = is_good && take_device(object, &lease, problem) &&
	    json_take_flag(object, "proven", &lease.is_hardware_proven, problem) &&
	    take_into(object, "server", lease.server, sizeof(lease.server), problem) &&
	    json_take_text(object, "client_name", &client_name, problem) &&
	    json_take_text(object, "server_name", &server_name, problem) &&
	    take_label(object, "wish", lease.wish, problem) &&
	    take_label(object, "label", lease.label, problem) &&
	    json_take_flag(object, "ours", &lease.is_ours, problem) &&
	    json_take_flag(object, "pinned", &lease.is_pinned, problem) &&
	    json_take_flag(object, "ignored", &lease.is_ignored, problem) &&
	    json_take_integer(object, "since", 0, TIME_MAX_S, &lease.since_s, problem) &&
	    json_take_integer(object, "until", 0, TIME_MAX_S, &until_s, problem);
	if (!is_good)
		return false;
	lease.client_name = client_name;
	lease.server_name = server_name;
	lease.until_s = until_s == INT64_MIN ? LEASES_FOREVER : until_s - wall_offset_s;
	lease.stored_until_s = lease.until_s;
	*ret_lease = lease;
	return true;
}

static enum status
load_lease(struct leases *leases, const char *key, const json_t *object, int64_t wall_offset_s)
{
	struct dhcp_lease lease;
	struct dhcp_lease *copy;

	if (!lease_from_json(object, key, wall_offset_s, &lease) ||
	    find(leases, &lease.address) != NULL)
		return STATUS_DAMAGED;
	if (leases->count >= LEASES_MAX)
		return STATUS_LIMITED;
	copy = lease_copy(&lease);
	if (copy == NULL)
		return STATUS_NO_MEMORY;
	lease_link(leases, copy);
	return STATUS_OK;
}

static enum status
load_device(struct leases *leases, const char *key, const json_t *object)
{
	char problem[JSON_PROBLEM_MAX] = "";
	char wish[LABEL_TEXT_MAX];
	char label[LABEL_TEXT_MAX];
	struct dhcp_device *device;
	int64_t seen_s = 0;

	if (!take_label(object, "wish", wish, problem) ||
	    !take_label(object, "label", label, problem) ||
	    !json_take_integer(object, "seen", 0, TIME_MAX_S, &seen_s, problem) || key[0] == '\0' ||
	    label[0] == '\0' || find_device(leases, key) != NULL)
		return STATUS_DAMAGED;
	if (leases->device_count >= LEASES_DEVICES_MAX)
		return STATUS_LIMITED;
	device = device_new(key, wish, label, seen_s);
	if (device == NULL)
		return STATUS_NO_MEMORY;
	device_link(leases, device);
	return STATUS_OK;
}

enum status
leases_load(struct leases *leases, const char *kind, const char *key, const char *value,
    int64_t wall_offset_s)
{
	char problem[JSON_PROBLEM_MAX];
	json_t *object;
	enum status status = json_parse_object(value, strlen(value), &object, problem);

	if (status != STATUS_OK)
		return status == STATUS_NO_MEMORY ? status : STATUS_DAMAGED;
	status = strcmp(kind, leases_fact_lease) == 0
	    ? load_lease(leases, key, object, wall_offset_s)
	    : load_device(leases, key, object);
	json_decref(object);
	return status;
}
