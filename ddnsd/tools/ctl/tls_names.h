/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The names and addresses that a certificate is for. Asks no name server. */
#pragma once

#include <stddef.h>

#include "base/status.h"
#include "wire/address.h"

enum { TLS_NAMES_MAX = 64, TLS_NAME_TEXT_MAX = 254 };

struct tls_name {
	struct address address; /* family 0: it is a name */
	char text[TLS_NAME_TEXT_MAX];
};

struct tls_names {
	struct tls_name names[TLS_NAMES_MAX];
	size_t count;
};

/*
 * Adds a DNS name, "*." in front of it allowed, or an address; one that is there already is not added
 * again. STATUS_MALFORMED: it is neither (RFC 5890 names are given in their ASCII form).
 * STATUS_TOO_LARGE: there are TLS_NAMES_MAX.
 */
enum status tls_names_add(struct tls_names *names, const char *text);

/*
 * What this machine is called: its host name, that in the zone, and its addresses but those of loopback
 * and of the link. What does not fit is left out.
 */
void tls_names_add_machine(struct tls_names *names, const char *zone);

/* What its own programs call it: localhost, 127.0.0.1 and ::1. What does not fit is left out. */
void tls_names_add_loopback(struct tls_names *names);
