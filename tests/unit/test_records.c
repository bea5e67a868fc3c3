/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records block: order, leases, RRsets out of it, and its stored form. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <libknot/libknot.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "registry/records.h"

static const uint8_t owner[] = "\006laptop\004home\004arpa";
static const int64_t wall_offset_s = 1700000000;

/* Rdata in libknot's form, given as bytes. */
struct rdata {
	uint16_t length;
	uint8_t bytes[256];
};

static struct rdata
rdata_of(const void *bytes, size_t length)
{
	struct rdata rdata = { .length = (uint16_t)length };

	memcpy(rdata.bytes, bytes, length);
	return rdata;
}

static struct record
make(uint16_t type, const struct rdata *rdata, int64_t granted_until_s, uint32_t length_s)
{
	return (struct record){
		.type = type,
		.ttl_s = 60,
		.rdata = (const knot_rdata_t *)rdata,
		.lease = { granted_until_s, records_stored_until(granted_until_s, length_s),
		    length_s },
	};
}

struct host {
	struct rdata one;
	struct rdata two;
	struct rdata text;
	struct rdata six;
	struct record list[4];
};

/* Two A, one TXT and one AAAA, in the wrong order. Leases end at 1,000, 2,000, never, 4,000. */
static struct records *
build_host(struct host *host)
{
	host->one = rdata_of("\300\250\001\007", 4);
	host->two = rdata_of("\300\250\001\010", 4);
	host->text = rdata_of("\005hello", 6);
	host->six = rdata_of("\375\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001",
	    16);
	host->list[0] = make(KNOT_RRTYPE_AAAA, &host->six, 4000, 300);
	host->list[1] = make(KNOT_RRTYPE_A, &host->two, 2000, 100);
	host->list[2] = make(KNOT_RRTYPE_TXT, &host->text, LEASE_FOREVER, 0);
	host->list[3] = make(KNOT_RRTYPE_A, &host->one, 1000, 100);
	return records_build(host->list, 4);
}

static void
records_come_out_by_type_and_canonical_rdata(void **state)
{
	static const uint16_t types[] = { KNOT_RRTYPE_A, KNOT_RRTYPE_A, KNOT_RRTYPE_TXT,
		KNOT_RRTYPE_AAAA };
	struct records_cursor cursor = { 0 };
	struct host host;
	struct records *records = build_host(&host);
	struct record record;

	(void)state;
	assert_int_equal(records_count(records), 4);
	for (int i = 0; i < 4; i++) {
		assert_true(records_next(records, &cursor, &record));
		assert_int_equal(record.type, types[i]);
		/* The list was sorted in place, so it is in the block's order now. */
		assert_int_equal(knot_rdata_cmp(record.rdata, host.list[i].rdata), 0);
		assert_true(record.lease.granted_until_s == host.list[i].lease.granted_until_s);
		assert_true(record.lease.stored_until_s == host.list[i].lease.stored_until_s);
		assert_int_equal(record.lease.length_s, host.list[i].lease.length_s);
	}
	assert_false(records_next(records, &cursor, &record));
	assert_int_equal(host.list[0].rdata->data[3], 7);
	records_free(records);
}

static void
many_records_come_out_in_order(void **state)
{
	enum { COUNT = 500 };
	static struct rdata rdata[COUNT];
	static struct record list[COUNT];
	struct records *records;
	knot_rrset_t rrset;
	const knot_rdata_t *last;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		uint32_t address = i * 2654435761U;

		rdata[i] = rdata_of(&address, 4);
		list[i] = make(KNOT_RRTYPE_A, &rdata[i], 1000, 10);
	}
	assert_true(records_fit(list, COUNT));
	records = records_build(list, COUNT);
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, 0, NULL, &rrset));
	assert_int_equal(rrset.rrs.count, COUNT);
	last = rrset.rrs.rdata;
	for (unsigned i = 1; i < COUNT; i++) {
		const knot_rdata_t *next = knot_rdataset_at(&rrset.rrs, (uint16_t)i);

		assert_true(knot_rdata_cmp(last, next) < 0);
		last = next;
	}
	assert_true(knot_rdataset_member(&rrset.rrs, list[COUNT / 3].rdata));
	records_free(records);
}

static void
a_name_with_one_address_takes_less_than_a_hundred_bytes(void **state)
{
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 1000, 100);
	struct records *records = records_build(&record, 1);

	(void)state;
	assert_non_null(records);
	assert_true(malloc_usable_size(records) < 100);
	records_free(records);
}

static void
an_rrset_is_what_libknot_writes(void **state)
{
	struct host host;
	struct records *records = build_host(&host);
	uint8_t wire[512];
	knot_rrset_t rrset;
	int size;

	(void)state;
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, 0, NULL, &rrset));
	assert_int_equal(rrset.rrs.count, 2);
	assert_int_equal(rrset.ttl, 60);
	assert_int_equal(rrset.rclass, KNOT_CLASS_IN);
	size = knot_rrset_to_wire(&rrset, wire, sizeof(wire), NULL);
	assert_int_equal(size, 2 * (18 + 10 + 4));
	assert_memory_equal(wire + size - 4, "\300\250\001\010", 4);
	assert_false(records_rrset(records, owner, KNOT_RRTYPE_SRV, 0, NULL, &rrset));
	assert_false(records_rrset(NULL, owner, KNOT_RRTYPE_A, 0, NULL, &rrset));
	records_free(records);
}

static void
a_record_whose_lease_ended_is_not_shown(void **state)
{
	struct host host;
	struct records *records = build_host(&host);
	struct arena arena;
	knot_rrset_t rrset;

	(void)state;
	arena_init(&arena, 4096);
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, 999, &arena, &rrset));
	assert_int_equal(rrset.rrs.count, 2);
	/* A lease until 1,000 is over at 1,000. */
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, 1000, &arena, &rrset));
	assert_int_equal(rrset.rrs.count, 1);
	assert_int_equal(rrset.rrs.size, 6);
	assert_memory_equal(rrset.rrs.rdata->data, "\300\250\001\010", 4);
	assert_false(records_rrset(records, owner, KNOT_RRTYPE_A, 2000, &arena, &rrset));
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, INT64_MIN, NULL, &rrset));
	assert_int_equal(rrset.rrs.count, 2);
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_TXT, INT64_MAX - 1, &arena, &rrset));
	arena_release(&arena);
	records_free(records);
}

static void
with_no_room_an_ended_record_stays_beside_a_live_one(void **state)
{
	struct host host;
	struct records *records = build_host(&host);
	struct arena arena;
	knot_rrset_t rrset;

	(void)state;
	arena_init(&arena, 0);
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_A, 1000, &arena, &rrset));
	assert_int_equal(rrset.rrs.count, 2);
	arena_release(&arena);
	records_free(records);
}

static void
the_earliest_lease_is_the_next_expiry(void **state)
{
	struct host host;
	struct records *records = build_host(&host);
	struct records *forever = records_build(&host.list[2], 1);

	(void)state;
	assert_int_equal(records_next_expiry(records), 1000);
	assert_true(records_any_live(records, 5000));
	assert_true(records_next_expiry(forever) == LEASE_FOREVER);
	assert_true(records_next_expiry(NULL) == LEASE_FOREVER);
	assert_false(records_any_live(NULL, 0));
	records_free(forever);
	forever = records_build(host.list, 2);
	assert_true(records_any_live(forever, 1999));
	assert_false(records_any_live(forever, 2000));
	records_free(forever);
	records_free(records);
}

static int64_t
stored_of(const struct records *records)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	assert_true(records_next(records, &cursor, &record));
	return record.lease.stored_until_s;
}

/* Renews to granted_until_s, and tells whether the name has to be written. */
static bool
renew(struct records *records, const struct rdata *rdata, int64_t granted_until_s,
    uint32_t length_s)
{
	struct record record = make(KNOT_RRTYPE_A, rdata, granted_until_s, length_s);
	bool must_store = records_must_store(records, &record);

	assert_int_equal(records_renew(records, &record), must_store);
	if (granted_until_s != LEASE_FOREVER)
		assert_int_equal(records_next_expiry(records), granted_until_s);
	return must_store;
}

static void
a_refresh_needs_the_disk_once_a_lease_length(void **state)
{
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 1000, 100);
	struct records *records = records_build(&record, 1);

	(void)state;
	assert_int_equal(stored_of(records), 1100);
	assert_false(renew(records, &address, 1050, 100));
	assert_false(renew(records, &address, 1100, 100));
	assert_int_equal(stored_of(records), 1100);
	assert_true(renew(records, &address, 1101, 100));
	assert_int_equal(stored_of(records), 1201);
	records_free(records);
}

static void
a_lease_that_becomes_or_ceases_to_be_for_ever_is_stored(void **state)
{
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 1000, 100);
	struct records *records = records_build(&record, 1);

	(void)state;
	assert_true(renew(records, &address, LEASE_FOREVER, 0));
	assert_true(stored_of(records) == LEASE_FOREVER);
	assert_false(renew(records, &address, LEASE_FOREVER, 0));
	assert_true(renew(records, &address, 500, 100));
	assert_int_equal(stored_of(records), 600);
	records_free(records);
}

static void
a_shorter_lease_is_stored_once(void **state)
{
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 100000, 90000);
	struct records *records = records_build(&record, 1);

	(void)state;
	assert_true(renew(records, &address, 10060, 60));
	assert_int_equal(stored_of(records), 10120);
	assert_false(renew(records, &address, 10090, 60));
	records_free(records);
}

static void
the_time_of_a_lease_that_ends_never_becomes_for_ever(void **state)
{
	(void)state;
	assert_true(records_stored_until(LEASE_FOREVER, 7) == LEASE_FOREVER);
	assert_true(records_stored_until(LEASE_FOREVER - 1, 7) == LEASE_FOREVER - 1);
	assert_true(records_stored_until(LEASE_FOREVER - 7, 7) == LEASE_FOREVER - 1);
	assert_int_equal(records_stored_until(10, 7), 17);
}

static void
a_block_beyond_its_ceiling_is_not_built(void **state)
{
	enum { COUNT = 3000 };
	static struct rdata rdata[COUNT];
	static struct record list[COUNT];
	size_t fitting = COUNT;

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		rdata[i] = rdata_of(&i, 4);
		list[i] = make(KNOT_RRTYPE_A, &rdata[i], 1000, 10);
	}
	assert_false(records_fit(list, COUNT));
	assert_null(records_build(list, COUNT));
	while (!records_fit(list, fitting))
		fitting--;
	assert_true(fitting > 1000);
	struct records *records = records_build(list, fitting);

	assert_non_null(records);
	records_free(records);
	assert_null(records_build(list, 0));
}

static void
the_serial_is_set_inside_the_soa(void **state)
{
	static const uint8_t bytes[] = "\002ns\000\004host\000\000\000\000\001\000\000\016\020"
				       "\000\000\002\130\000\001\121\200\000\000\000\074";
	struct rdata soa = rdata_of(bytes, sizeof(bytes) - 1);
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record list[] = {
		make(KNOT_RRTYPE_SOA, &soa, LEASE_FOREVER, 0),
		make(KNOT_RRTYPE_A, &address, LEASE_FOREVER, 0),
	};
	struct records *records = records_build(list, 2);
	struct records *without = records_build(list, 1);
	knot_rrset_t rrset;

	(void)state;
	assert_true(records_set_serial(records, 0x01020304));
	assert_true(records_rrset(records, owner, KNOT_RRTYPE_SOA, 0, NULL, &rrset));
	assert_int_equal(knot_soa_serial(rrset.rrs.rdata), 0x01020304);
	assert_int_equal(rrset.rrs.rdata->len, sizeof(bytes) - 1);
	assert_false(records_set_serial(without, 1));
	assert_false(records_set_serial(NULL, 1));
	records_free(without);
	records_free(records);
}

static struct buffer
encode(const struct records *records, int64_t offset_s)
{
	struct buffer buffer;

	buffer_init(&buffer, RECORDS_SIZE_MAX);
	assert_int_equal(records_encode(records, offset_s, &buffer), STATUS_OK);
	return buffer;
}

static enum status
decode(const struct buffer *buffer, int64_t offset_s, struct records **ret_records)
{
	return records_decode((const uint8_t *)buffer->data, buffer->length, offset_s, ret_records);
}

static void
what_is_stored_comes_back_with_the_later_times(void **state)
{
	struct records_cursor cursor = { 0 };
	struct host host;
	struct records *records = build_host(&host);
	struct buffer buffer = encode(records, wall_offset_s);
	struct records *back = NULL;
	struct record record;

	(void)state;
	/* The machine was started again: its running clock is 500 seconds behind. */
	assert_int_equal(decode(&buffer, wall_offset_s + 500, &back), STATUS_OK);
	for (int i = 0; i < 4; i++) {
		int64_t stored_s = host.list[i].lease.stored_until_s;

		assert_true(records_next(back, &cursor, &record));
		assert_int_equal(record.type, host.list[i].type);
		assert_int_equal(record.ttl_s, 60);
		assert_int_equal(knot_rdata_cmp(record.rdata, host.list[i].rdata), 0);
		assert_int_equal(record.lease.length_s, host.list[i].lease.length_s);
		if (stored_s != LEASE_FOREVER)
			stored_s -= 500;
		assert_true(record.lease.stored_until_s == stored_s);
		assert_true(record.lease.granted_until_s == stored_s);
	}
	assert_false(records_next(back, &cursor, &record));
	buffer_release(&buffer);
	records_free(back);
	records_free(records);
}

static void
the_stored_form_is_this(void **state)
{
	static const uint8_t expected[] = "\001\000\001" /* version, RRsets */
					  "\000\001\000\000\000\074\000\001"
					  "\000\000\000\000\000\000\004\114"
					  "\000\000\000\144\000\004\300\250\001\007";
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 1000, 100);
	struct records *records = records_build(&record, 1);
	struct buffer buffer = encode(records, 0);

	(void)state;
	assert_int_equal(buffer.length, sizeof(expected) - 1);
	assert_memory_equal(buffer.data, expected, sizeof(expected) - 1);
	buffer_release(&buffer);
	assert_int_equal(records_encode(NULL, 0, &buffer), STATUS_MALFORMED);
	assert_int_equal(buffer.length, 0);
	records_free(records);
}

static void
a_wild_clock_neither_wraps_times_nor_makes_them_endless(void **state)
{
	static const int64_t offsets[] = { INT64_MIN, -4102444800, 4102444800, INT64_MAX };
	struct rdata address = rdata_of("\300\250\001\007", 4);
	struct record record = make(KNOT_RRTYPE_A, &address, 1000, 100);
	struct records *records = records_build(&record, 1);

	(void)state;
	for (size_t i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++) {
		struct buffer buffer = encode(records, offsets[i]);

		for (size_t j = 0; j < sizeof(offsets) / sizeof(offsets[0]); j++) {
			struct records *back = NULL;

			assert_int_equal(decode(&buffer, offsets[j], &back), STATUS_OK);
			assert_true(records_next_expiry(back) != LEASE_FOREVER);
			if (offsets[i] <= 0 && offsets[j] > 0)
				assert_true(records_next_expiry(back) < 1100);
			if (offsets[i] > 0 && offsets[j] <= 0)
				assert_true(records_next_expiry(back) > 1100);
			records_free(back);
		}
		buffer_release(&buffer);
	}
	records_free(records);
}

static void
every_cut_is_damage(void **state)
{
	struct host host;
	struct records *records = build_host(&host);
	struct buffer buffer = encode(records, 0);
	struct records *back = NULL;

	(void)state;
	for (size_t length = 0; length < buffer.length; length++) {
		/* Of exactly that size, for the sanitizer to see a read beyond it. */
		uint8_t *cut = malloc(length > 0 ? length : 1);

		assert_non_null(cut);
		memcpy(cut, buffer.data, length);
		assert_int_equal(records_decode(cut, length, 0, &back), STATUS_DAMAGED);
		assert_null(back);
		free(cut);
	}
	assert_int_equal(buffer_append(&buffer, "", 1), STATUS_OK);
	assert_int_equal(decode(&buffer, 0, &back), STATUS_DAMAGED);
	buffer_release(&buffer);
	records_free(records);
}

static void
what_is_never_written_is_damage(void **state)
{
#define HEAD "\001\000\001"
#define A_HEAD "\000\001\000\000\000\074"
#define TIMES "\000\000\000\000\000\000\004\114\000\000\000\144"
#define ADDRESS TIMES "\000\004\300\250\001\007"
#define LATER TIMES "\000\004\300\250\001\010"
#define CASE(bytes, status)                      \
	{                                        \
		bytes, sizeof(bytes) - 1, status \
	}
	static const struct {
		const char *bytes;
		size_t length;
		enum status status;
	} cases[] = {
		CASE(HEAD A_HEAD "\000\001" ADDRESS, STATUS_OK),
		CASE(HEAD A_HEAD "\000\002" ADDRESS LATER, STATUS_OK),
		/* Another version, no RRset, no record. */
		CASE("\002\000\001" A_HEAD "\000\001" ADDRESS, STATUS_DAMAGED),
		CASE("\001\000\000", STATUS_DAMAGED),
		CASE(HEAD A_HEAD "\000\000", STATUS_DAMAGED),
		/* Records twice or out of order, RRsets the same. */
		CASE(HEAD A_HEAD "\000\002" ADDRESS ADDRESS, STATUS_DAMAGED),
		CASE(HEAD A_HEAD "\000\002" LATER ADDRESS, STATUS_DAMAGED),
		CASE("\001\000\002" A_HEAD "\000\001" ADDRESS A_HEAD "\000\001" LATER,
		    STATUS_DAMAGED),
		/* Rdata that are not what their type wants: A of 3 and of 5, a cut name, a pointer. */
		CASE(HEAD A_HEAD "\000\001" TIMES "\000\003\300\250\001", STATUS_DAMAGED),
		CASE(HEAD A_HEAD "\000\001" TIMES "\000\005\300\250\001\007\000", STATUS_DAMAGED),
		CASE(HEAD "\000\005\000\000\000\074\000\001" TIMES "\000\004\003www",
		    STATUS_DAMAGED),
		CASE(HEAD "\000\005\000\000\000\074\000\001" TIMES "\000\002\300\014",
		    STATUS_DAMAGED),
		CASE(HEAD "\000\005\000\000\000\074\000\001" TIMES "\000\005\003www\000",
		    STATUS_OK),
		/* NAPTR: whole; its last string cut. */
		CASE(HEAD "\000\043\000\000\000\074\000\001" TIMES
			  "\000\010\000\001\000\002\000\000\000"
			  "\000",
		    STATUS_OK),
		CASE(HEAD "\000\043\000\000\000\074\000\001" TIMES
			  "\000\007\000\001\000\002\000\000\002",
		    STATUS_DAMAGED),
		/* A type nobody knows may hold anything, also nothing. */
		CASE(HEAD "\377\000\000\000\000\074\000\001" TIMES "\000\000", STATUS_OK),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct records *records = NULL;
		enum status status = records_decode((const uint8_t *)cases[i].bytes,
		    cases[i].length, 0, &records);

		if (status != cases[i].status)
			fail_msg("case %zu: %s", i, status_text(status));
		records_free(records);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_come_out_by_type_and_canonical_rdata),
		cmocka_unit_test(many_records_come_out_in_order),
		cmocka_unit_test(a_name_with_one_address_takes_less_than_a_hundred_bytes),
		cmocka_unit_test(an_rrset_is_what_libknot_writes),
		cmocka_unit_test(a_record_whose_lease_ended_is_not_shown),
		cmocka_unit_test(with_no_room_an_ended_record_stays_beside_a_live_one),
		cmocka_unit_test(the_earliest_lease_is_the_next_expiry),
		cmocka_unit_test(a_refresh_needs_the_disk_once_a_lease_length),
		cmocka_unit_test(a_lease_that_becomes_or_ceases_to_be_for_ever_is_stored),
		cmocka_unit_test(a_shorter_lease_is_stored_once),
		cmocka_unit_test(the_time_of_a_lease_that_ends_never_becomes_for_ever),
		cmocka_unit_test(a_block_beyond_its_ceiling_is_not_built),
		cmocka_unit_test(the_serial_is_set_inside_the_soa),
		cmocka_unit_test(what_is_stored_comes_back_with_the_later_times),
		cmocka_unit_test(the_stored_form_is_this),
		cmocka_unit_test(a_wild_clock_neither_wraps_times_nor_makes_them_endless),
		cmocka_unit_test(every_cut_is_damage),
		cmocka_unit_test(what_is_never_written_is_damage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
