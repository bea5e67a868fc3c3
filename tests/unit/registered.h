/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Puts names into a registry for one test, each as a turn of its own. Fails the test on errors. */
#pragma once

#include <libknot/descriptor.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "registry/registry.h"
#include "wire/address.h"
#include "wire/name.h"

enum { REGISTERED_MAX = 16 };

static inline void
registered_zone(struct registry *registry, const char *apex)
{
	struct zone_options options = { .ttl_s = 60 };

	assert_int_equal(name_from_text(apex, &options.apex), STATUS_OK);
	assert_int_equal(registry_add_zone(registry, &options), STATUS_OK);
}

/* The name owns these records and nothing else; owner NULL: the zone's own. */
static inline void
registered_replace_by(struct registry *registry, const char *text, struct record *list,
    size_t count, const char *owner)
{
	struct name name;
	struct node *node;
	struct zone *zone;
	struct records *records = records_build(list, count);

	assert_true(count == 0 || records != NULL);
	assert_int_equal(name_from_text(text, &name), STATUS_OK);
	zone = registry_zone_of(registry, name.wire);
	assert_non_null(zone);
	node = registry_obtain(registry, zone, name.wire);
	assert_non_null(node);
	assert_int_equal(registry_reserve(registry, 1), STATUS_OK);
	registry_replace(registry, node, records,
	    owner != NULL ? registry_owner(registry, owner) : NULL, 1000);
	registry_commit(registry);
}

static inline void
registered_replace(struct registry *registry, const char *text, struct record *list, size_t count)
{
	registered_replace_by(registry, text, list, count, NULL);
}

/* The name owns these addresses, separated by blanks, and nothing else; their lease ends then. */
static inline void
registered_addresses(struct registry *registry, const char *name, const char *addresses,
    int64_t until_s, const char *owner)
{
	_Alignas(knot_rdata_t) uint8_t storage[REGISTERED_MAX][24];
	struct record list[REGISTERED_MAX];
	char copy[1024];
	size_t count = 0;

	assert_true(snprintf(copy, sizeof(copy), "%s", addresses) < (int)sizeof(copy));
	for (char *text = strtok(copy, " "); text != NULL; text = strtok(NULL, " ")) {
		knot_rdata_t *rdata = (knot_rdata_t *)storage[count];
		struct address address;

		assert_true(count < REGISTERED_MAX);
		assert_int_equal(address_from_text(text, &address), STATUS_OK);
		knot_rdata_init(rdata, address.family == 4 ? 4 : 16, address.bytes);
		list[count++] = (struct record){
			.type = address.family == 4 ? KNOT_RRTYPE_A : KNOT_RRTYPE_AAAA,
			.ttl_s = 60,
			.rdata = rdata,
			.lease = { .granted_until_s = until_s, .stored_until_s = until_s },
		};
	}
	registered_replace_by(registry, name, list, count, owner);
}

static inline void
registered_until(struct registry *registry, const char *name, const char *addresses,
    int64_t until_s)
{
	registered_addresses(registry, name, addresses, until_s, NULL);
}

static inline void
registered_of(struct registry *registry, const char *name, const char *addresses, const char *owner)
{
	registered_addresses(registry, name, addresses, LEASE_FOREVER, owner);
}

static inline void
registered(struct registry *registry, const char *name, const char *addresses)
{
	registered_until(registry, name, addresses, LEASE_FOREVER);
}

/* The name owns one TXT record and nothing else. */
static inline void
registered_text(struct registry *registry, const char *name)
{
	_Alignas(knot_rdata_t) uint8_t storage[24];
	struct record record = {
		.type = KNOT_RRTYPE_TXT,
		.ttl_s = 60,
		.rdata = (knot_rdata_t *)storage,
		.lease = { .granted_until_s = LEASE_FOREVER, .stored_until_s = LEASE_FOREVER },
	};

	knot_rdata_init((knot_rdata_t *)storage, 3, (const uint8_t *)"\002hi");
	registered_replace(registry, name, &record, 1);
}

static inline void
registered_no_more(struct registry *registry, const char *name)
{
	registered_replace(registry, name, NULL, 0);
}
