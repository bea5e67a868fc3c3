/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What a browser tells of a request, and what that means: whether another site has it made (CSRF),
 * whether a stranger's name leads here (DNS rebinding), and where https is. Texts in, answers out; knows
 * no exchange and no key.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "service/service.h"
#include "wire/name.h"

/*
 * True when a page of another site made the request: by Sec-Fetch-Site (W3C Fetch Metadata); where a
 * browser does not send that, by an Origin that is of another host. The scheme is not compared: a proxy
 * may speak TLS for us. Each header NULL where it was not given; programs give neither.
 */
bool web_guard_is_cross_site(const char *fetch_site, const char *origin, const char *host);

/*
 * The address for which a proxy speaks: the last one of the header X-Forwarded-For, which is what the
 * proxy itself saw; with a port will do. What is no address ("unknown") is nobody's: of family 0. False:
 * the header is absent, so the proxy speaks for itself.
 */
bool web_guard_read_forwarded(const char *forwarded_for, struct address *ret_source);

/*
 * True when the header Host is an address, one label, below .local or .localhost, in a zone of ours,
 * or one of hosts: a name that nobody else can lead here. NULL (HTTP/1.0): true, for no browser omits it.
 */
bool web_guard_is_our_host(const struct service *service, const struct name *hosts,
    size_t host_count, const char *host);

/*
 * Appends "https://HOST[:PORT]" for the header Host, whatever port it names. False: Host is absent, or
 * no host.
 */
bool web_guard_append_origin(struct buffer *buffer, const char *host, uint16_t port);

/* Appends text with all but unreserved characters (RFC 3986 2.3) and those of also escaped. */
void web_guard_append_escaped(struct buffer *buffer, const char *text, const char *also);
