/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * One question over UDP, and what the answer says: by hand, so that ddnsctl needs no DNS library.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/address.h"

enum { DNS_ASK_ADDRESSES_MAX = 16, DNS_ASK_TEXT_MAX = 256 };
enum {
	DNS_TYPE_A = 1,
	DNS_TYPE_TXT = 16,
	DNS_TYPE_AAAA = 28,
	DNS_CLASS_IN = 1,
	DNS_CLASS_CHAOS = 3
};

struct dns_reply {
	unsigned rcode;
	struct address addresses[DNS_ASK_ADDRESSES_MAX]; /* of A and AAAA records in the answer */
	size_t address_count;
	char text[DNS_ASK_TEXT_MAX]; /* the first string of the first TXT record */
};

/*
 * Asks server for name (letters, digits, hyphens, dots; no final dot) and waits. STATUS_NOT_FOUND:
 * nobody listens there. STATUS_IO: no answer in timeout_ms. STATUS_MALFORMED: the name, or an
 * answer that makes no sense.
 */
enum status dns_ask(const struct endpoint *server, const char *name, uint16_t type, uint16_t class_,
    int timeout_ms, struct dns_reply *ret_reply);

/* Reads an answer to that question's ID; never past its end. */
enum status dns_ask_read(const uint8_t *message, size_t size, uint16_t id,
    struct dns_reply *ret_reply);
