/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a client of dyndns2 asks for, out of a query, a form or JSON (rules 45, 46): hosts, addresses,
 * a prefix, or to go offline. Text in, values out; knows no key, no zone and no socket.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/address.h"
#include "wire/name.h"

enum {
	DYNDNS_HOSTS_MAX = 20, /* more are "numhost", as with the service that invented this */
	DYNDNS_ADDRESSES_MAX = 16,
	DYNDNS_QUOTE_MAX = 128, /* of what a client wrote, for errors */
	DYNDNS_PROBLEM_MAX = 256,
};

struct dyndns_host {
	bool is_name; /* it reads as a domain name */
	struct name name;
	char text[DYNDNS_QUOTE_MAX]; /* as it was given, cut */
};

struct dyndns_request {
	struct dyndns_host hosts[DYNDNS_HOSTS_MAX]; /* in the order given */
	size_t host_count;
	bool has_too_many_hosts;

	/* Each once, IPv4 first, and none that is not dyndns_is_usable(). */
	struct address addresses[DYNDNS_ADDRESSES_MAX];
	size_t address_count;

	/* An address parameter was given and empty: where the request came from is meant (rule 46). */
	bool asks_source4; /* one that may be IPv4 */
	bool asks_source6;

	bool has_prefix; /* ip6lanprefix: of 1 to 64 bits, global or unique local (RFC 4193) */
	struct network prefix;

	bool is_offline;

	/* An address or a prefix that cannot be used: then nothing is to be changed. "" = none. */
	char bad_value[DYNDNS_QUOTE_MAX];
};

void dyndns_request_init(struct dyndns_request *request);

/*
 * One parameter of a query or form, decoded. Unknown ones are ignored, as routers send what their other
 * providers want. One that is given twice adds to its list.
 */
void dyndns_request_take(struct dyndns_request *request, const char *name, const char *value);

/*
 * A body, which adds to what the query said: JSON where type (as of Content-Type; NULL: not given) or
 * its first character says so, a form (application/x-www-form-urlencoded) otherwise. Members of the JSON
 * object are called as the parameters, and are texts, or arrays of texts. STATUS_MALFORMED: ret_problem
 * is a sentence. STATUS_NO_MEMORY. body is ended with a NUL behind length.
 */
enum status dyndns_request_take_body(struct dyndns_request *request, const char *type,
    const char *body, size_t length, char ret_problem[static DYNDNS_PROBLEM_MAX]);

/* False for what no other host could reach it by: unspecified, loopback, link-local, multicast. */
bool dyndns_is_usable(const struct address *address);

/* True when an address is of the prefix's kind: both global, or both unique local (RFC 4193). */
bool dyndns_has_scope_of(const struct address *address, const struct network *prefix);

/* The address with its first bits taken from the prefix, all of them. */
struct address dyndns_renumber(const struct address *address, const struct network *prefix);
