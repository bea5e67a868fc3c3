/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judges the headers Host, Origin and Sec-Fetch-Site, and writes addresses of pages. */
#include "doors/web_guard.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "service/report.h"
#include "wire/address.h"

enum { HOST_MAX = 256, HTTPS_PORT = 443 };

/* The host without its port, and without the brackets of an IPv6 address. False: it is none. */
static bool
split_host(const char *text, char host[static HOST_MAX], bool *ret_is_bracketed)
{
	const char *end = strrchr(text, ':');
	size_t length;

	*ret_is_bracketed = text[0] == '[';
	if (*ret_is_bracketed)
		end = strchr(++text, ']');
	length = end != NULL ? (size_t)(end - text) : strlen(text);
	if (length == 0 || length >= HOST_MAX || (*ret_is_bracketed && end == NULL))
		return false;
	memcpy(host, text, length);
	host[length] = '\0';
	return host[strspn(host,
		   "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-._:")] == '\0';
}

bool
web_guard_is_cross_site(const char *fetch_site, const char *origin, const char *host)
{
	const char *of;

	if (fetch_site != NULL)
		return strcmp(fetch_site, "same-origin") != 0 && strcmp(fetch_site, "none") != 0;
	if (origin == NULL)
		return false;
	of = strstr(origin, "://");
	return of == NULL || host == NULL || strcasecmp(of + 3, host) != 0;
}

/* An address, bare, in brackets, or with a port. */
static bool
read_source(const char *text, struct address *ret_source)
{
	struct endpoint endpoint;
	char host[HOST_MAX];
	bool is_bracketed;

	if (address_from_text(text, ret_source) == STATUS_OK)
		return true;
	if (endpoint_from_text(text, &endpoint) == STATUS_OK) {
		*ret_source = endpoint.address;
		return true;
	}
	return split_host(text, host, &is_bracketed) && is_bracketed &&
	    address_from_text(host, ret_source) == STATUS_OK;
}

bool
web_guard_read_forwarded(const char *forwarded_for, struct address *ret_source)
{
	static const char blanks[] = " \t";
	const char *last = forwarded_for != NULL ? strrchr(forwarded_for, ',') : NULL;
	char text[HOST_MAX];
	size_t length;

	if (forwarded_for == NULL)
		return false;
	last = last != NULL ? last + 1 : forwarded_for;
	last += strspn(last, blanks);
	/* libmicrohttpd leaves blanks behind a header's value there. */
	length = strcspn(last, blanks);
	(void)snprintf(text, sizeof(text), "%.*s", (int)(length < HOST_MAX ? length : 0), last);
	if (last[length + strspn(last + length, blanks)] == '\0' && read_source(text, ret_source))
		address_unmap(ret_source);
	else
		*ret_source = (struct address){ 0 };
	return true;
}

static bool
is_below(const struct name *name, const char *suffix)
{
	struct name above;

	return name_from_text(suffix, &above) == STATUS_OK &&
	    name_is_within(name->wire, above.wire);
}

bool
web_guard_is_our_host(const struct service *service, const struct name *hosts, size_t host_count,
    const char *text)
{
	char host[HOST_MAX];
	bool is_bracketed;
	struct address address;
	struct name name;
	struct name full;

	if (text == NULL)
		return true;
	if (!split_host(text, host, &is_bracketed))
		return false;
	if (address_from_text(host, &address) == STATUS_OK)
		return true;
	if (is_bracketed || name_from_text(host, &name) != STATUS_OK)
		return false;
	if (name_labels(name.wire) == 1 || is_below(&name, "local") ||
	    is_below(&name, "localhost") || service_read_name(service, host, &full) == STATUS_OK)
		return true;
	for (size_t i = 0; i < host_count; i++) {
		if (name_is_equal(name.wire, hosts[i].wire))
			return true;
	}
	return false;
}

bool
web_guard_append_origin(struct buffer *buffer, const char *text, uint16_t port)
{
	char host[HOST_MAX];
	bool is_bracketed;

	if (text == NULL || !split_host(text, host, &is_bracketed))
		return false;
	(void)buffer_format(buffer, is_bracketed ? "https://[%s]" : "https://%s", host);
	if (port != HTTPS_PORT)
		(void)buffer_format(buffer, ":%u", (unsigned)port);
	return true;
}

void
web_guard_append_escaped(struct buffer *buffer, const char *text, const char *also)
{
	for (; *text != '\0'; text++) {
		unsigned char octet = (unsigned char)*text;

		if (isalnum(octet) || strchr("-._~", octet) != NULL || strchr(also, octet) != NULL)
			(void)buffer_append(buffer, text, 1);
		else
			(void)buffer_format(buffer, "%%%02X", octet);
	}
}
