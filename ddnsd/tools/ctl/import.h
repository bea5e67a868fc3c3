/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Names out of files that other programs wrote: text in, requests to the API out. Opens nothing and
 * sends nothing; what it cannot take it names by line.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	IMPORT_SIZE_MAX = 64 * 1024 * 1024, /* octets of a file */
	IMPORT_NAMES_MAX = 200 * 1000,      /* twice what a registry holds by default */
	IMPORT_RECORDS_MAX = 1000,          /* of one name: what one request may hold */
	IMPORT_PROBLEMS_MAX = 1000,
	IMPORT_NAME_MAX = 1024, /* text of a name, each octet escaped */
};

enum import_format {
	IMPORT_HOSTS,  /* hosts(5) */
	IMPORT_LEASES, /* of dnsmasq */
	IMPORT_ZONE,   /* RFC 1035 5 */
	IMPORT_JSON,   /* "ddnsctl export --format json" */
};

struct import {
	const char *zone; /* bare names are below it; borrowed */
	int64_t wall_s;   /* leases that ended before are passed over */
	/* {"printer.home.arpa": {"line": 7, "body": {...}}}; the body is that of a PUT or POST */
	json_t *names;
	json_t *problems;     /* [{"line": 7, "problem": "..."}] */
	size_t problems_more; /* that found no place there */
	size_t passed_over;   /* names and records that are left out as they should be */
	enum status status;   /* STATUS_TOO_LARGE, STATUS_NO_MEMORY: the import is not whole */
};

/* zone is lower-case, without the final dot. */
void import_init(struct import *import, const char *zone, int64_t wall_s);
void import_release(struct import *import);

/* "hosts", "leases", "zone", "json"; false: there is none of that name. */
bool import_format_from_text(const char *text, enum import_format *ret_format);
const char *import_format_to_text(enum import_format format);

/* What a text most likely is, from its first lines. */
enum import_format import_guess(const char *text, size_t length);

/*
 * Reads a text, which need not end with a NUL. Names with several lines come together. The status
 * in import says whether all was read; problems in lines are no failure.
 */
void import_read(struct import *import, enum import_format format, const char *text, size_t length);

/* --- for the formats' own files --- */

/* line 0: none in particular. */
void import_complain(struct import *import, uint64_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The body of a name, new or there already; borrowed; NULL marks the import. */
json_t *import_body(struct import *import, const char *name, uint64_t line);

/* Adds to a body, once: data that are there stay single. ttl_s below 0: none given. */
void import_add_address(struct import *import, const char *name, uint64_t line,
    const char *address);
void import_add_record(struct import *import, const char *name, uint64_t line, const char *type,
    const char *data, int64_t ttl_s);

/*
 * A host name as it stands in a file, to a whole name: lower-case, no final dot, a bare one below
 * the zone. False: it is none (not complained about).
 */
bool import_host_name(const struct import *import, const char *text, size_t length,
    char ret_name[static IMPORT_NAME_MAX]);

/* A zone file, by libzscanner. $INCLUDE is refused: a file read here opens no other. */
void import_zone_file(struct import *import, const char *text, size_t length);
