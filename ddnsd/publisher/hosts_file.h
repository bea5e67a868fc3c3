/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What stands in the hosts file: pure functions from the registry to text and back
 * (rule 43). Reads no clock and no file.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/status.h"
#include "registry/leases.h"
#include "registry/registry.h"
#include "wire/name.h"

/* A ceiling for the text: 100,000 names with three long addresses each are about 30 MB. */
enum { HOSTS_FILE_SIZE_MAX = 128 * 1024 * 1024 };

struct hosts_file_options {
	bool short_names; /* the first label beside the FQDN */
	/*
	 * The leases, whose names the reader answers by itself (but for those with is_ours set);
	 * NULL: it has none, and lease names are written like all others.
	 */
	const struct leases *leases;
	int64_t now_s; /* records whose lease ended at or before it are left out; INT64_MIN: none */

	/* Told of each name that has addresses and may not stand in the file; NULL = not told. */
	void (*on_unfit)(void *context, const uint8_t *name);
	void *context;
};

/*
 * Appends a comment and a line for each address, "ADDRESS FQDN [SHORT] FQDN2 [SHORT2] ...". The
 * same records give the same bytes: lines stand in the order of their first names (zones as
 * configured, canonical order in each), IPv4 before IPv6. Reverse zones are passed over. Unfit are
 * names that break rule 43, and the marker's.
 *
 * The first name of a line is what dnsmasq answers for its PTR, and calls the DHCP client with that
 * address by. Where several names share the address, that is the one of its lease; else the one
 * which a PTR record in a reverse zone of ours gives, if it has the address; else the one that was created first, of several in one second the first in the order
 * above. The others follow in that order.
 *
 * A short name is written for names exactly one label below their zone; where several zones have
 * the same label, for the first of them only. "localhost" never gets one (RFC 6761 6.3).
 *
 * *ret_names: names written. STATUS_NO_MEMORY; STATUS_TOO_LARGE over text's ceiling.
 */
enum status hosts_file_render(const struct registry *registry,
    const struct hosts_file_options *options, struct buffer *text, size_t *ret_names);

/*
 * The marker's name: ddnsd-publication below the first forward zone's apex (the first zone's when
 * all are reverse zones; alone when that would be too long).
 */
void hosts_file_marker(const struct registry *registry, struct name *ret_marker);

/*
 * Appends the marker's line, which ends the file: its AAAA is 100::N (in RFC 6666's discard prefix,
 * which goes nowhere), N being the publication's number.
 */
enum status hosts_file_render_marker(const uint8_t *marker, uint64_t number, struct buffer *text);

/* The number in the marker's line of a text rendered earlier, whatever the marker's name is. */
bool hosts_file_find_number(const char *text, size_t length, uint64_t *ret_number);

/* The number that an address is the marker of; false for any address outside 100::/64. */
bool hosts_file_number_of(const uint8_t address[static 16], uint64_t *ret_number);
