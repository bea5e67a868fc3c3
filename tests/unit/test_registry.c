/* SPDX-License-Identifier: GPL-3.0-or-later */
/* registry/registry: order, counts, leases, serials, and the way back to the last commit. */
/* LDWRAP: malloc calloc reallocarray */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "registry/registry.h"

#include "asked.h"
#include "registered.h"
#include "served.h"

/* --- memory that runs out --- */

static unsigned allocations_left = UINT32_MAX;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *bytes, size_t count, size_t size);
void *__wrap_reallocarray(void *bytes, size_t count, size_t size);

static bool
may_allocate(void)
{
	if (allocations_left == 0)
		return false;
	allocations_left--;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return may_allocate() ? __real_malloc(size) : NULL;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return may_allocate() ? __real_calloc(count, size) : NULL;
}

void *
__wrap_reallocarray(void *bytes, size_t count, size_t size)
{
	return may_allocate() ? __real_reallocarray(bytes, count, size) : NULL;
}

static int
restore_memory(void **state)
{
	(void)state;
	allocations_left = UINT32_MAX;
	return 0;
}

/* --- a registry, and short words for what is done to it --- */

struct shelf {
	struct served served; /* its registry and its text alone */
	struct registry *registry;
	struct zone *zone;
	struct arena arena;
	char before[SERVED_TEXT_MAX];
};

static void
begin(struct shelf *shelf)
{
	memset(shelf, 0, sizeof(*shelf));
	shelf->registry = registry_new();
	assert_non_null(shelf->registry);
	shelf->served.registry = shelf->registry;
	arena_init(&shelf->arena, 1 << 20);
	registered_zone(shelf->registry, "home.arpa");
	shelf->zone = registry_next_zone(shelf->registry, NULL);
}

static void
end(struct shelf *shelf)
{
	arena_release(&shelf->arena);
	registry_free(shelf->registry);
}

static struct node *
find(struct shelf *shelf, const char *text)
{
	struct name name;

	asked_name(&name, text, "home.arpa");
	return zone_find(shelf->zone, name.wire);
}

static struct node *
obtain(struct shelf *shelf, const char *text)
{
	struct node *node;
	struct name name;

	asked_name(&name, text, "home.arpa");
	node = registry_obtain(shelf->registry, shelf->zone, name.wire);
	assert_non_null(node);
	return node;
}

static struct owner *
owner(struct shelf *shelf, const char *identity)
{
	struct owner *found = identity != NULL ? registry_owner(shelf->registry, identity) : NULL;

	assert_true(identity == NULL || found != NULL);
	return found;
}

/* The additions of a script as a list of records with one lease. */
static size_t
list_of(struct shelf *shelf, const char *script, struct lease lease, struct record *list)
{
	const struct update *update = asked_for(&shelf->arena, script);

	for (size_t i = 0; i < update->change_count; i++) {
		const struct change *change = &update->changes[i];

		list[i] = (struct record){ change->type, change->ttl_s, change->rdata, lease };
	}
	return update->change_count;
}

static const struct lease forever = { LEASE_FOREVER, LEASE_FOREVER, 0 };

static struct lease
lease_of(int64_t from_s, uint32_t length_s)
{
	return (struct lease){ from_s + length_s, from_s + 2 * (int64_t)length_s, length_s };
}

/* Replaces a name's records by those that the script adds; no script: the name goes. */
static void
replace(struct shelf *shelf, const char *name, const char *script, struct lease lease,
    const char *identity, int64_t wall_s)
{
	struct record list[32];
	size_t count = script != NULL ? list_of(shelf, script, lease, list) : 0;

	assert_int_equal(registry_reserve(shelf->registry, 1), STATUS_OK);
	registry_replace(shelf->registry, obtain(shelf, name), records_build(list, count),
	    owner(shelf, identity), wall_s);
}

/* Gives all records of a name this lease. */
static enum status
renew(struct shelf *shelf, const char *name, struct lease lease)
{
	struct node *node = find(shelf, name);
	struct records_cursor cursor = { 0 };
	struct record list[32];
	size_t count = 0;

	assert_non_null(node);
	assert_int_equal(registry_reserve(shelf->registry, 1), STATUS_OK);
	while (records_next(node_records(node), &cursor, &list[count]))
		list[count++].lease = lease;
	return registry_renew(shelf->registry, node, list, count);
}

static struct lease
lease_in(struct shelf *shelf, const char *name)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	assert_true(records_next(node_records(find(shelf, name)), &cursor, &record));
	return record.lease;
}

static void
remember(struct shelf *shelf)
{
	served_remember(&shelf->served, shelf->before);
}

static void
assert_as_remembered(struct shelf *shelf)
{
	assert_string_equal(served_picture(&shelf->served), shelf->before);
}

/* An apex with an SOA of serial 100, three names of two owners, committed. */
static void
begin_furnished(struct shelf *shelf)
{
	begin(shelf);
	replace(shelf, "@",
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 100 3600 600 1209600 60;"
	    "add @ 60 NS ns.home.arpa.",
	    forever, NULL, 10);
	zone_adopt_serial(shelf->registry, shelf->zone);
	replace(shelf, "laptop", "add laptop 60 A 192.0.2.1; add laptop 60 TXT a",
	    lease_of(1000, 100), "laptop", 20);
	replace(shelf, "printer", "add printer 60 A 192.0.2.2", lease_of(1000, 50), "printer", 30);
	replace(shelf, "scanner", "add scanner 60 A 192.0.2.3", forever, "printer", 40);
	registry_commit(shelf->registry);
	remember(shelf);
}

/* The serial that stands in the SOA. */
static uint32_t
soa_serial(struct shelf *shelf)
{
	knot_rrset_t soa;

	assert_true(records_rrset(node_records(find(shelf, "@")), zone_apex(shelf->zone),
	    KNOT_RRTYPE_SOA, INT64_MIN, NULL, &soa));
	return knot_soa_serial(soa.rrs.rdata);
}

static size_t
touched_count(struct shelf *shelf)
{
	size_t cursor = 0;
	size_t count = 0;

	while (registry_next_touched(shelf->registry, &cursor) != NULL)
		count++;
	return count;
}

/* --- names --- */

static void
names_come_in_canonical_order_whatever_order_they_came_in(void **state)
{
	/* RFC 4034 6.1. */
	static const char *const sorted[] = { "@", "a", "yljkjljk.a", "z.a", "zabc.a", "z",
		"\\001.z", "*.z", "\\200.z" };
	static const int order[] = { 4, 8, 0, 6, 2, 5, 1, 7, 3 };
	struct shelf shelf;
	struct node *node = NULL;

	(void)state;
	begin(&shelf);
	for (size_t i = 0; i < 9; i++)
		replace(&shelf, sorted[order[i]], "add x 60 A 192.0.2.1", forever, NULL, 0);
	for (size_t i = 0; i < 9; i++) {
		node = zone_next(shelf.zone, node);
		assert_ptr_equal(node, find(&shelf, sorted[i]));
		assert_non_null(node);
	}
	assert_null(zone_next(shelf.zone, node));
	assert_int_equal(registry_names(shelf.registry), 9);
	end(&shelf);
}

static void
rule_7_an_empty_non_terminal_is_not_found_but_has_names_below(void **state)
{
	struct shelf shelf;
	struct name name;

	(void)state;
	begin(&shelf);
	replace(&shelf, "b.ent", "add x 60 A 192.0.2.1", forever, NULL, 0);
	registry_commit(shelf.registry);
	assert_null(find(&shelf, "ent"));
	asked_name(&name, "ent", "home.arpa");
	assert_true(zone_has_below(shelf.zone, name.wire));
	asked_name(&name, "b.ent", "home.arpa");
	assert_false(zone_has_below(shelf.zone, name.wire));
	asked_name(&name, "a.ent", "home.arpa");
	assert_false(zone_has_below(shelf.zone, name.wire));
	/* Beside it, and the same letters in another label. */
	asked_name(&name, "en", "home.arpa");
	assert_false(zone_has_below(shelf.zone, name.wire));
	asked_name(&name, "t", "home.arpa");
	assert_false(zone_has_below(shelf.zone, name.wire));
	end(&shelf);
}

static void
a_name_without_records_is_nowhere_to_be_seen(void **state)
{
	struct shelf shelf;
	struct name name;
	struct node *node;

	(void)state;
	begin_furnished(&shelf);
	node = obtain(&shelf, "x.new");
	assert_null(find(&shelf, "x.new"));
	asked_name(&name, "new", "home.arpa");
	assert_false(zone_has_below(shelf.zone, name.wire));
	assert_as_remembered(&shelf);
	assert_ptr_equal(obtain(&shelf, "x.new"), node);
	registry_forget_if_empty(shelf.registry, node);
	assert_as_remembered(&shelf);
	/* One that has records, or had them in this turn, is not forgotten. */
	registry_forget_if_empty(shelf.registry, find(&shelf, "laptop"));
	assert_as_remembered(&shelf);
	node = find(&shelf, "laptop");
	replace(&shelf, "laptop", NULL, forever, NULL, 0);
	registry_forget_if_empty(shelf.registry, node);
	assert_int_equal(touched_count(&shelf), 1);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

/* "A 2, TXT 1": what the zone counts, in the order of the table. */
static const char *
tally_of(struct shelf *shelf, char text[static 256])
{
	const struct tally *tally = zone_tally(shelf->zone);

	text[0] = '\0';
	for (size_t i = 0; i < TALLY_PLACES; i++) {
		size_t used = strlen(text);

		if (tally->records[i] > 0)
			(void)snprintf(text + used, 256 - used, "%s%s %u", used > 0 ? ", " : "",
			    tally_text(i), (unsigned)tally->records[i]);
	}
	return text;
}

static void
records_are_counted_by_type(void **state)
{
	struct shelf shelf;
	char text[256];

	(void)state;
	begin_furnished(&shelf);
	assert_string_equal(tally_of(&shelf, text), "A 3, TXT 1, NS 1, SOA 1");
	replace(&shelf, "laptop",
	    "add x 60 AAAA 2001:db8::1; add x 60 AAAA 2001:db8::2; add x 60 CAA 0 issue \"a\";"
	    "add x 60 TYPE65280 \\# 1 00; add x 60 HTTPS 1 .",
	    forever, "laptop", 50);
	assert_string_equal(tally_of(&shelf, text),
	    "A 2, AAAA 2, NS 1, SOA 1, HTTPS 1, CAA 1, other 1");
	registry_rollback(shelf.registry);
	assert_string_equal(tally_of(&shelf, text), "A 3, TXT 1, NS 1, SOA 1");
	/* One that comes, goes and comes back in a turn, and one that goes. */
	replace(&shelf, "new", "add x 60 A 192.0.2.9", forever, NULL, 60);
	replace(&shelf, "new", NULL, forever, NULL, 60);
	replace(&shelf, "new", "add x 60 MX 10 mail.home.arpa.", forever, NULL, 60);
	replace(&shelf, "laptop", NULL, forever, NULL, 60);
	registry_commit(shelf.registry);
	assert_string_equal(tally_of(&shelf, text), "A 2, MX 1, NS 1, SOA 1");
	/* Renewed with a write, and then undone; moved in the queue of leases. */
	assert_int_equal(renew(&shelf, "printer", lease_of(5000, 50)), STATUS_OK);
	registry_rollback(shelf.registry);
	registry_requeue(shelf.registry, find(&shelf, "printer"));
	assert_string_equal(tally_of(&shelf, text), "A 2, MX 1, NS 1, SOA 1");
	end(&shelf);
}

static void
the_zone_of_a_name_is_the_one_that_it_lies_in(void **state)
{
	struct shelf shelf;
	struct name name;
	struct zone *other;

	(void)state;
	begin(&shelf);
	registered_zone(shelf.registry, "example.net");
	other = registry_next_zone(shelf.registry, shelf.zone);
	assert_non_null(other);
	assert_null(registry_next_zone(shelf.registry, other));
	asked_name(&name, "a.b", "home.arpa");
	assert_ptr_equal(registry_zone_of(shelf.registry, name.wire), shelf.zone);
	assert_null(registry_find_zone(shelf.registry, name.wire));
	asked_name(&name, "@", "example.net");
	assert_ptr_equal(registry_zone_of(shelf.registry, name.wire), other);
	assert_ptr_equal(registry_find_zone(shelf.registry, name.wire), other);
	asked_name(&name, "xhome.arpa.", "");
	assert_null(registry_zone_of(shelf.registry, name.wire));
	/* The same zone again is the same zone with other options. */
	registered_zone(shelf.registry, "example.net");
	assert_ptr_equal(registry_next_zone(shelf.registry, shelf.zone), other);
	assert_null(registry_next_zone(shelf.registry, other));
	end(&shelf);
}

/* --- counts --- */

/* The owner's names are as many as it is said to have, and its own. */
static void
assert_owned(struct shelf *shelf, const char *identity, size_t names)
{
	const struct owner *whose = owner(shelf, identity);
	const struct node *node = NULL;
	size_t count = 0;

	while ((node = owner_next(whose, node)) != NULL) {
		assert_ptr_equal(node_owner(node), whose);
		assert_non_null(node_records(node));
		count++;
	}
	assert_int_equal(count, names);
	assert_int_equal(owner_names(whose), names);
}

static void
an_owners_names_are_met_once_each_whatever_happens_to_them_on_the_way(void **state)
{
	struct shelf shelf;
	const struct node *node = NULL;
	size_t count = 0;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "third", "add x 60 A 192.0.2.9", forever, "printer", 50);
	assert_owned(&shelf, "printer", 3);
	while ((node = owner_next(owner(&shelf, "printer"), node)) != NULL) {
		char name[NAME_TEXT_MAX];

		(void)name_to_text(node_name(node), name);
		name[strlen(name) - strlen(".home.arpa")] = '\0';
		replace(&shelf, name, "add x 60 A 192.0.2.10", forever, "printer", 60);
		count++;
	}
	assert_int_equal(count, 3);
	assert_owned(&shelf, "printer", 3);
	registry_rollback(shelf.registry);
	assert_owned(&shelf, "printer", 2);
	assert_owned(&shelf, "laptop", 1);
	end(&shelf);
}

static void
owners_are_counted_through_replacing_taking_over_and_deleting(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_owned(&shelf, "laptop", 1);
	assert_owned(&shelf, "printer", 2);
	assert_int_equal(registry_names(shelf.registry), 4);
	replace(&shelf, "printer", "add x 60 A 192.0.2.9", forever, "laptop", 50);
	assert_owned(&shelf, "laptop", 2);
	assert_owned(&shelf, "printer", 1);
	replace(&shelf, "laptop", NULL, forever, "laptop", 50);
	assert_owned(&shelf, "laptop", 1);
	assert_int_equal(registry_names(shelf.registry), 3);
	registry_commit(shelf.registry);
	assert_owned(&shelf, "laptop", 1);
	assert_int_equal(registry_names(shelf.registry), 3);
	assert_null(find(&shelf, "laptop"));
	end(&shelf);
}

static void
many_owners_are_told_apart(void **state)
{
	struct shelf shelf;
	struct owner *owners[1000];
	char identity[16];

	(void)state;
	begin(&shelf);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(identity, sizeof(identity), "host%d", i);
		owners[i] = owner(&shelf, identity);
	}
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(identity, sizeof(identity), "host%d", i);
		assert_ptr_equal(owner(&shelf, identity), owners[i]);
		assert_string_equal(owner_identity(owners[i]), identity);
	}
	end(&shelf);
}

static void
a_name_is_dated_when_it_began_and_when_it_changed_last(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "laptop", "add x 60 A 192.0.2.9", forever, "laptop", 77);
	assert_int_equal(node_created_s(find(&shelf, "laptop")), 20);
	assert_int_equal(node_changed_s(find(&shelf, "laptop")), 77);
	replace(&shelf, "laptop", NULL, forever, "laptop", 88);
	replace(&shelf, "laptop", "add x 60 A 192.0.2.9", forever, "laptop", 99);
	assert_int_equal(node_created_s(find(&shelf, "laptop")), 99);
	registry_rollback(shelf.registry);
	assert_int_equal(node_created_s(find(&shelf, "laptop")), 20);
	assert_int_equal(node_changed_s(find(&shelf, "laptop")), 20);
	end(&shelf);
}

static void
a_zone_that_goes_takes_its_names_its_leases_and_its_counts_along(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	registry_remove_zone(shelf.registry, shelf.zone);
	assert_int_equal(registry_names(shelf.registry), 0);
	assert_int_equal(owner_names(owner(&shelf, "laptop")), 0);
	assert_int_equal(owner_names(owner(&shelf, "printer")), 0);
	assert_true(registry_next_expiry(shelf.registry) == LEASE_FOREVER);
	assert_null(registry_next_zone(shelf.registry, NULL));
	end(&shelf);
}

/* --- going back --- */

static void
a_rollback_brings_back_records_owners_dates_counts_and_ends(void **state)
{
	struct shelf shelf;
	uint64_t version;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "laptop", "add x 90 A 192.0.2.77", lease_of(2000, 9), "printer", 500);
	replace(&shelf, "printer", NULL, forever, NULL, 500);
	replace(&shelf, "scanner", "add x 60 TXT b", lease_of(1, 1), NULL, 500);
	replace(&shelf, "x.y.new", "add x 60 A 192.0.2.5", lease_of(5, 5), "laptop", 500);
	zone_raise_serial(shelf.registry, shelf.zone);
	version = registry_version(shelf.registry);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_owned(&shelf, "laptop", 1);
	assert_owned(&shelf, "printer", 2);
	assert_int_equal(soa_serial(&shelf), 100);
	/* Whoever saw the names in between has to look again. */
	assert_true(registry_version(shelf.registry) > version);
	assert_false(registry_is_dirty(shelf.registry));
	assert_null(find(&shelf, "x.y.new"));
	end(&shelf);
}

static void
a_rollback_goes_behind_all_messages_of_the_turn_on_one_name(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	for (int64_t i = 0; i < 200; i++) {
		const char *script = i % 3 == 2 ? NULL : "add x 60 A 192.0.2.77";

		replace(&shelf, "laptop", script, lease_of(3000 + i, 10), "printer", 500 + i);
		replace(&shelf, "new", i % 2 == 1 ? NULL : script, forever, "laptop", 500 + i);
		zone_raise_serial(shelf.registry, shelf.zone);
	}
	assert_int_equal(touched_count(&shelf), 2);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_int_equal(owner_names(owner(&shelf, "laptop")), 1);
	assert_int_equal(soa_serial(&shelf), 100);
	end(&shelf);
}

static void
a_rollback_after_a_rollback_or_a_commit_changes_nothing(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "laptop", NULL, forever, NULL, 500);
	registry_rollback(shelf.registry);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	replace(&shelf, "laptop", NULL, forever, NULL, 500);
	zone_raise_serial(shelf.registry, shelf.zone);
	registry_commit(shelf.registry);
	remember(&shelf);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_int_equal(zone_serial(shelf.zone), 101);
	end(&shelf);
}

static void
an_open_turn_is_freed_with_the_registry(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "laptop", NULL, forever, NULL, 500);
	replace(&shelf, "laptop", "add x 60 A 192.0.2.77", forever, NULL, 500);
	replace(&shelf, "new", "add x 60 A 192.0.2.77", forever, NULL, 500);
	assert_true(registry_is_dirty(shelf.registry));
	end(&shelf);
}

static void
each_touched_name_is_written_once_also_when_it_is_gone(void **state)
{
	struct shelf shelf;
	size_t cursor = 0;
	struct node *node;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "laptop", "add x 60 A 192.0.2.77", forever, NULL, 500);
	replace(&shelf, "laptop", NULL, forever, NULL, 500);
	replace(&shelf, "scanner", "add x 60 A 192.0.2.77", forever, NULL, 500);
	node = registry_next_touched(shelf.registry, &cursor);
	assert_non_null(node);
	assert_null(node_records(node));
	assert_ptr_equal(registry_next_touched(shelf.registry, &cursor), find(&shelf, "scanner"));
	assert_null(registry_next_touched(shelf.registry, &cursor));
	registry_commit(shelf.registry);
	assert_int_equal(touched_count(&shelf), 0);
	end(&shelf);
}

/* --- serials --- */

static void
rule_18_the_serial_rises_in_the_zone_and_in_the_soa(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	zone_raise_serial(shelf.registry, shelf.zone);
	assert_int_equal(zone_serial(shelf.zone), 101);
	assert_int_equal(soa_serial(&shelf), 101);
	registry_rollback(shelf.registry);
	assert_int_equal(zone_serial(shelf.zone), 100);
	assert_int_equal(soa_serial(&shelf), 100);
	end(&shelf);
}

/* The serial that would be stored now. */
static uint32_t
encoded_serial(struct shelf *shelf)
{
	struct records *records;
	struct buffer buffer;
	knot_rrset_t soa;
	uint32_t serial;

	buffer_init(&buffer, RECORDS_SIZE_MAX);
	assert_int_equal(registry_encode(find(shelf, "@"), 0, &buffer), STATUS_OK);
	assert_int_equal(records_decode((const uint8_t *)buffer.data, buffer.length, 0, &records),
	    STATUS_OK);
	assert_true(
	    records_rrset(records, zone_apex(shelf->zone), KNOT_RRTYPE_SOA, INT64_MIN, NULL, &soa));
	serial = knot_soa_serial(soa.rrs.rdata);
	records_free(records);
	buffer_release(&buffer);
	return serial;
}

static void
the_serial_is_stored_ahead_so_that_the_apex_is_seldom_written(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(encoded_serial(&shelf), 100 + SERIAL_AHEAD);
	assert_int_equal(soa_serial(&shelf), 100);
	for (int i = 0; i < SERIAL_AHEAD; i++) {
		assert_int_equal(registry_reserve(shelf.registry, 1), STATUS_OK);
		zone_raise_serial(shelf.registry, shelf.zone);
		assert_false(registry_is_dirty(shelf.registry));
		registry_commit(shelf.registry);
	}
	/* Serving more than what is stored would go back after a crash. */
	for (int i = 0; i < 2; i++) {
		zone_raise_serial(shelf.registry, shelf.zone);
		assert_int_equal(touched_count(&shelf), 1);
		registry_rollback(shelf.registry);
	}
	zone_raise_serial(shelf.registry, shelf.zone);
	registry_commit(shelf.registry);
	zone_raise_serial(shelf.registry, shelf.zone);
	assert_false(registry_is_dirty(shelf.registry));
	end(&shelf);
}

static void
before_an_orderly_end_the_serial_is_stored_as_it_is(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(registry_settle_serials(shelf.registry), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 1);
	assert_int_equal(encoded_serial(&shelf), 100);
	registry_commit(shelf.registry);
	assert_int_equal(registry_settle_serials(shelf.registry), STATUS_OK);
	assert_false(registry_is_dirty(shelf.registry));
	end(&shelf);
}

static void
a_serial_goes_back_also_where_the_apex_was_replaced_after_it_rose(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	/* In the old block first, then in the new one. */
	zone_raise_serial(shelf.registry, shelf.zone);
	replace(&shelf, "@",
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 101 3600 600 1209600 60;"
	    "add @ 60 NS ns.home.arpa.; add @ 60 TXT a",
	    forever, NULL, 600);
	zone_raise_serial(shelf.registry, shelf.zone);
	assert_int_equal(soa_serial(&shelf), 102);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_int_equal(soa_serial(&shelf), 100);
	end(&shelf);
}

static void
a_serial_that_a_client_brought_goes_back_too(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	zone_raise_serial(shelf.registry, shelf.zone);
	replace(&shelf, "@",
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 5000 3600 600 1209600 60;"
	    "add @ 60 NS ns.home.arpa.",
	    forever, "laptop", 600);
	zone_adopt_serial(shelf.registry, shelf.zone);
	assert_int_equal(zone_serial(shelf.zone), 5000);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_int_equal(owner_names(owner(&shelf, "laptop")), 1);
	end(&shelf);
}

static void
a_serial_that_went_once_around_in_a_turn_goes_back(void **state)
{
	static const char *const serials[] = { "2147483747", "4294967294" };
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	zone_raise_serial(shelf.registry, shelf.zone);
	for (size_t i = 0; i < 2; i++) {
		char script[256];

		(void)snprintf(script, sizeof(script),
		    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. %s 3600 600 1209600 60;"
		    "add @ 60 NS ns.home.arpa.",
		    serials[i]);
		replace(&shelf, "@", script, forever, NULL, 600);
		zone_adopt_serial(shelf.registry, shelf.zone);
	}
	while (zone_serial(shelf.zone) != 100)
		zone_raise_serial(shelf.registry, shelf.zone);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

static void
a_serial_rises_over_the_end_and_is_never_0(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "@",
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 4294967295 3600 600 1209600 60",
	    forever, NULL, 600);
	zone_adopt_serial(shelf.registry, shelf.zone);
	zone_raise_serial(shelf.registry, shelf.zone);
	assert_int_equal(zone_serial(shelf.zone), 1);
	assert_int_equal(soa_serial(&shelf), 1);
	end(&shelf);
}

/* --- leases --- */

static void
the_name_that_ends_first_comes_first(void **state)
{
	struct shelf shelf;
	struct node *node;

	(void)state;
	begin_furnished(&shelf);
	assert_true(registry_next_expiry(shelf.registry) == 1050);
	assert_null(registry_next_expired(shelf.registry, 1049));
	node = registry_next_expired(shelf.registry, 1050);
	assert_ptr_equal(node, find(&shelf, "printer"));
	replace(&shelf, "printer", NULL, forever, NULL, 0);
	assert_true(registry_next_expiry(shelf.registry) == 1100);
	replace(&shelf, "laptop", "add x 60 A 192.0.2.1", forever, "laptop", 0);
	assert_true(registry_next_expiry(shelf.registry) == LEASE_FOREVER);
	assert_null(registry_next_expired(shelf.registry, LEASE_FOREVER - 1));
	end(&shelf);
}

static void
names_that_end_together_all_end(void **state)
{
	struct shelf shelf;
	char name[16];

	(void)state;
	begin(&shelf);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "h%d", i);
		replace(&shelf, name, "add x 60 A 192.0.2.1", lease_of(0, 100), NULL, 0);
	}
	registry_commit(shelf.registry);
	for (int i = 0; i < 100; i++) {
		struct node *node = registry_next_expired(shelf.registry, 100);

		assert_non_null(node);
		assert_int_equal(registry_reserve(shelf.registry, 1), STATUS_OK);
		registry_replace(shelf.registry, node, NULL, NULL, 0);
	}
	assert_null(registry_next_expired(shelf.registry, 100));
	assert_int_equal(registry_names(shelf.registry), 0);
	registry_rollback(shelf.registry);
	assert_int_equal(registry_names(shelf.registry), 100);
	assert_true(registry_next_expiry(shelf.registry) == 100);
	end(&shelf);
}

static void
a_refresh_within_what_is_stored_needs_no_write(void **state)
{
	struct shelf shelf;
	uint64_t version;

	(void)state;
	begin_furnished(&shelf);
	version = registry_version(shelf.registry);
	assert_int_equal(renew(&shelf, "laptop", lease_of(1100, 100)), STATUS_OK);
	assert_false(registry_is_dirty(shelf.registry));
	assert_true(registry_version(shelf.registry) == version);
	assert_true(lease_in(&shelf, "laptop").granted_until_s == 1200);
	/* The disk still says this. */
	assert_true(lease_in(&shelf, "laptop").stored_until_s == 1200);
	/* The queue may be early, and is mended by whoever looks. */
	assert_true(registry_next_expiry(shelf.registry) <= 1200);
	replace(&shelf, "printer", NULL, forever, NULL, 0);
	registry_requeue(shelf.registry, find(&shelf, "laptop"));
	assert_true(registry_next_expiry(shelf.registry) == 1200);
	end(&shelf);
}

static void
a_refresh_beyond_what_is_stored_is_written_and_can_be_undone(void **state)
{
	struct shelf shelf;
	uint64_t version;

	(void)state;
	begin_furnished(&shelf);
	version = registry_version(shelf.registry);
	assert_int_equal(renew(&shelf, "laptop", lease_of(1101, 100)), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 1);
	assert_true(registry_version(shelf.registry) == version);
	assert_true(lease_in(&shelf, "laptop").granted_until_s == 1201);
	assert_true(lease_in(&shelf, "laptop").stored_until_s == 1301);
	assert_int_equal(node_changed_s(find(&shelf, "laptop")), 20);
	assert_string_equal(owner_identity(node_owner(find(&shelf, "laptop"))), "laptop");
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_int_equal(renew(&shelf, "laptop", lease_of(1101, 100)), STATUS_OK);
	registry_commit(shelf.registry);
	assert_true(lease_in(&shelf, "laptop").stored_until_s == 1301);
	end(&shelf);
}

static void
a_lease_that_ceases_to_end_is_written(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(renew(&shelf, "printer", forever), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 1);
	assert_true(lease_in(&shelf, "printer").stored_until_s == LEASE_FOREVER);
	assert_true(registry_next_expiry(shelf.registry) == 1100);
	registry_commit(shelf.registry);
	/* Again it is a refresh that needs nothing. */
	assert_int_equal(renew(&shelf, "printer", forever), STATUS_OK);
	assert_false(registry_is_dirty(shelf.registry));
	end(&shelf);
}

static void
a_lease_that_begins_to_end_is_written_and_queued(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(renew(&shelf, "scanner", lease_of(1000, 10)), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 1);
	assert_true(lease_in(&shelf, "scanner").stored_until_s == 1020);
	assert_ptr_equal(registry_next_expired(shelf.registry, 1010), find(&shelf, "scanner"));
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

static void
a_lease_that_becomes_far_shorter_is_written_and_queued(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(renew(&shelf, "laptop", lease_of(1000, 5)), STATUS_OK);
	/* Else a crash would have it live until 1200. */
	assert_int_equal(touched_count(&shelf), 1);
	assert_true(lease_in(&shelf, "laptop").stored_until_s == 1010);
	assert_ptr_equal(registry_next_expired(shelf.registry, 1005), find(&shelf, "laptop"));
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

static void
a_lease_that_becomes_a_little_shorter_is_queued_for_its_new_end(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	replace(&shelf, "printer", NULL, forever, NULL, 0);
	registry_commit(shelf.registry);
	assert_int_equal(renew(&shelf, "laptop", lease_of(1090, 100)), STATUS_OK);
	registry_requeue(shelf.registry, find(&shelf, "laptop"));
	assert_true(registry_next_expiry(shelf.registry) == 1190);
	/* What is stored, 1200, is no later than this lease's own: nothing to write. */
	assert_int_equal(renew(&shelf, "laptop", lease_of(1101, 50)), STATUS_OK);
	assert_false(registry_is_dirty(shelf.registry));
	assert_true(registry_next_expiry(shelf.registry) == 1151);
	end(&shelf);
}

static void
renewing_twice_in_a_turn_goes_back_to_before_the_turn(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(renew(&shelf, "laptop", lease_of(2000, 100)), STATUS_OK);
	assert_int_equal(renew(&shelf, "laptop", lease_of(2050, 100)), STATUS_OK);
	assert_int_equal(renew(&shelf, "laptop", lease_of(9000, 100)), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 1);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

static void
all_names_with_a_lease_can_be_written_anew(void **state)
{
	struct shelf shelf;

	(void)state;
	begin_furnished(&shelf);
	assert_int_equal(registry_touch_leased(shelf.registry), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 2);
	/* In the same turn changes find their room. */
	for (int i = 0; i < 200; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "h%d", i);
		replace(&shelf, name, "add x 60 A 192.0.2.1", lease_of(5, 5), NULL, 0);
	}
	assert_int_equal(registry_touch_leased(shelf.registry), STATUS_OK);
	assert_int_equal(touched_count(&shelf), 202);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	assert_false(registry_is_dirty(shelf.registry));
	end(&shelf);
}

/* --- loading --- */

static void
what_is_loaded_is_there_and_needs_no_write(void **state)
{
	struct record list[4];
	struct shelf shelf;
	size_t count;

	(void)state;
	begin(&shelf);
	for (int i = 0; i < 2; i++) {
		/* A damaged database may hand the same name over twice: the last counts. */
		count = list_of(&shelf, i == 0 ? "add x 60 TXT old" : "add x 60 A 192.0.2.1",
		    lease_of(100, 10), list);
		registry_load(shelf.registry, obtain(&shelf, "laptop"), records_build(list, count),
		    owner(&shelf, "laptop"), 11, 22);
	}
	count = list_of(&shelf,
	    "add @ 60 SOA ns.home.arpa. hostmaster.home.arpa. 7 3600 600 1209600 60", forever,
	    list);
	registry_load(shelf.registry, obtain(&shelf, "@"), records_build(list, count), NULL, 1, 2);
	zone_adopt_serial(shelf.registry, shelf.zone);
	assert_false(registry_is_dirty(shelf.registry));
	assert_string_equal(served_records(&shelf.served, "laptop"), "60 A 192.0.2.1\n");
	assert_int_equal(owner_names(owner(&shelf, "laptop")), 1);
	assert_int_equal(registry_names(shelf.registry), 2);
	assert_int_equal(node_created_s(find(&shelf, "laptop")), 11);
	assert_true(registry_next_expiry(shelf.registry) == 110);
	/* What was loaded is what a rollback goes back to. */
	assert_int_equal(registry_reserve(shelf.registry, 1), STATUS_OK);
	zone_raise_serial(shelf.registry, shelf.zone);
	registry_rollback(shelf.registry);
	assert_int_equal(zone_serial(shelf.zone), 7);
	end(&shelf);
}

/* --- memory --- */

static void
without_memory_nothing_is_half_done(void **state)
{
	struct shelf shelf;
	struct name name;

	(void)state;
	begin_furnished(&shelf);
	asked_name(&name, "new", "home.arpa");
	allocations_left = 0;
	assert_null(registry_obtain(shelf.registry, shelf.zone, name.wire));
	assert_int_equal(registry_reserve(shelf.registry, 100000), STATUS_NO_MEMORY);
	assert_null(registry_owner(shelf.registry, "somebody new"));
	assert_non_null(registry_owner(shelf.registry, "laptop"));
	assert_int_equal(renew(&shelf, "laptop", lease_of(9000, 100)), STATUS_NO_MEMORY);
	allocations_left = 1;
	assert_int_equal(registry_reserve(shelf.registry, 100000), STATUS_NO_MEMORY);
	allocations_left = UINT32_MAX;
	assert_false(registry_is_dirty(shelf.registry));
	assert_as_remembered(&shelf);
	/* And it goes on. */
	for (int i = 0; i < 100; i++)
		replace(&shelf, "laptop", "add x 60 A 192.0.2.77", forever, NULL, 0);
	registry_rollback(shelf.registry);
	assert_as_remembered(&shelf);
	end(&shelf);
}

static void
no_memory_for_a_registry_is_no_registry(void **state)
{
	(void)state;
	allocations_left = 0;
	assert_null(registry_new());
	registry_free(NULL);
}

#define memory_test(test) cmocka_unit_test_teardown(test, restore_memory)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		memory_test(names_come_in_canonical_order_whatever_order_they_came_in),
		memory_test(rule_7_an_empty_non_terminal_is_not_found_but_has_names_below),
		memory_test(a_name_without_records_is_nowhere_to_be_seen),
		memory_test(records_are_counted_by_type),
		memory_test(the_zone_of_a_name_is_the_one_that_it_lies_in),
		memory_test(owners_are_counted_through_replacing_taking_over_and_deleting),
		memory_test(an_owners_names_are_met_once_each_whatever_happens_to_them_on_the_way),
		memory_test(many_owners_are_told_apart),
		memory_test(a_name_is_dated_when_it_began_and_when_it_changed_last),
		memory_test(a_zone_that_goes_takes_its_names_its_leases_and_its_counts_along),
		memory_test(a_rollback_brings_back_records_owners_dates_counts_and_ends),
		memory_test(a_rollback_goes_behind_all_messages_of_the_turn_on_one_name),
		memory_test(a_rollback_after_a_rollback_or_a_commit_changes_nothing),
		memory_test(an_open_turn_is_freed_with_the_registry),
		memory_test(each_touched_name_is_written_once_also_when_it_is_gone),
		memory_test(rule_18_the_serial_rises_in_the_zone_and_in_the_soa),
		memory_test(the_serial_is_stored_ahead_so_that_the_apex_is_seldom_written),
		memory_test(before_an_orderly_end_the_serial_is_stored_as_it_is),
		memory_test(a_serial_goes_back_also_where_the_apex_was_replaced_after_it_rose),
		memory_test(a_serial_that_a_client_brought_goes_back_too),
		memory_test(a_serial_that_went_once_around_in_a_turn_goes_back),
		memory_test(a_serial_rises_over_the_end_and_is_never_0),
		memory_test(the_name_that_ends_first_comes_first),
		memory_test(names_that_end_together_all_end),
		memory_test(a_refresh_within_what_is_stored_needs_no_write),
		memory_test(a_refresh_beyond_what_is_stored_is_written_and_can_be_undone),
		memory_test(a_lease_that_ceases_to_end_is_written),
		memory_test(a_lease_that_begins_to_end_is_written_and_queued),
		memory_test(a_lease_that_becomes_far_shorter_is_written_and_queued),
		memory_test(a_lease_that_becomes_a_little_shorter_is_queued_for_its_new_end),
		memory_test(renewing_twice_in_a_turn_goes_back_to_before_the_turn),
		memory_test(all_names_with_a_lease_can_be_written_anew),
		memory_test(what_is_loaded_is_there_and_needs_no_write),
		memory_test(without_memory_nothing_is_half_done),
		memory_test(no_memory_for_a_registry_is_no_registry),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
