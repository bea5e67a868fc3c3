/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a certificate is for. */
#include "tools/ctl/tls_names.h"

#include <ctype.h>
#include <ifaddrs.h>
#include <limits.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wire/name.h"

static bool
is_there(const struct tls_names *names, const char *text)
{
	for (size_t i = 0; i < names->count; i++) {
		if (strcmp(names->names[i].text, text) == 0)
			return true;
	}
	return false;
}

/* Letters, digits, hyphens; "_" too, which some networks have in names of hosts. */
static bool
has_strange_characters(const char *text)
{
	return text[0] == '\0' || text[0] == '.' || text[0] == '-' ||
	    text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-._")] != '\0';
}

static enum status
read_name(const char *text, struct tls_name *ret_name)
{
	const char *rest = strncmp(text, "*.", 2) == 0 ? text + 2 : text;
	size_t length = strlen(text);
	struct name name;

	if (length >= sizeof(ret_name->text))
		return STATUS_MALFORMED;
	for (size_t i = 0; i <= length; i++)
		ret_name->text[i] = (char)tolower((unsigned char)text[i]);
	if (length > 1 && ret_name->text[length - 1] == '.')
		ret_name->text[length - 1] = '\0';
	if (has_strange_characters(ret_name->text + (rest - text)) ||
	    name_from_text(rest, &name) != STATUS_OK)
		return STATUS_MALFORMED;
	return STATUS_OK;
}

/* A name whose last label is a number is an address that was mistyped (RFC 3696 2). */
static bool
ends_in_a_number(const char *text)
{
	const char *label = strrchr(text, '.');

	label = label != NULL ? label + 1 : text;
	return label[strspn(label, "0123456789")] == '\0';
}

enum status
tls_names_add(struct tls_names *names, const char *text)
{
	struct tls_name name = { 0 };

	if (address_from_text(text, &name.address) == STATUS_OK)
		(void)address_to_text(&name.address, name.text);
	else if (read_name(text, &name) != STATUS_OK || ends_in_a_number(name.text))
		return STATUS_MALFORMED;
	if (is_there(names, name.text))
		return STATUS_OK;
	if (names->count == TLS_NAMES_MAX)
		return STATUS_TOO_LARGE;
	names->names[names->count++] = name;
	return STATUS_OK;
}

static void
add_host(struct tls_names *names, const char *zone)
{
	char host[HOST_NAME_MAX + 1];
	char full[HOST_NAME_MAX + TLS_NAME_TEXT_MAX + 2];

	if (gethostname(host, sizeof(host)) != 0)
		return;
	host[sizeof(host) - 1] = '\0';
	(void)tls_names_add(names, host);
	host[strcspn(host, ".")] = '\0';
	(void)tls_names_add(names, host);
	(void)snprintf(full, sizeof(full), "%s.%s", host, zone);
	(void)tls_names_add(names, full);
}

static bool
is_for_others(const struct address *address)
{
	bool is_of_the_link = (address->family == 6 && address->bytes[0] == 0xfe &&
				  (address->bytes[1] & 0xc0) == 0x80) ||
	    (address->family == 4 && address->bytes[0] == 169 && address->bytes[1] == 254);

	return address->family != 0 && !is_of_the_link;
}

void
tls_names_add_machine(struct tls_names *names, const char *zone)
{
	struct ifaddrs *list = NULL;

	add_host(names, zone);
	if (getifaddrs(&list) != 0)
		return;
	for (const struct ifaddrs *at = list; at != NULL; at = at->ifa_next) {
		struct sockaddr_storage socket_address = { 0 };
		struct endpoint endpoint;
		char text[ADDRESS_TEXT_MAX];

		if (at->ifa_addr == NULL || (at->ifa_flags & IFF_LOOPBACK) != 0 ||
		    (at->ifa_flags & IFF_UP) == 0)
			continue;
		if (at->ifa_addr->sa_family == AF_INET)
			memcpy(&socket_address, at->ifa_addr, sizeof(struct sockaddr_in));
		else if (at->ifa_addr->sa_family == AF_INET6)
			memcpy(&socket_address, at->ifa_addr, sizeof(struct sockaddr_in6));
		endpoint_from_sockaddr(&socket_address, &endpoint);
		if (is_for_others(&endpoint.address))
			(void)tls_names_add(names, address_to_text(&endpoint.address, text));
	}
	freeifaddrs(list);
}

void
tls_names_add_loopback(struct tls_names *names)
{
	static const char *const texts[] = { "localhost", "127.0.0.1", "::1" };

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		(void)tls_names_add(names, texts[i]);
}
