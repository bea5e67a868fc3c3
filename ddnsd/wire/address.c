/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IP addresses, networks and endpoints: text, bytes, comparison. */
#include "wire/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(ADDRESS_TEXT_MAX == INET6_ADDRSTRLEN, "an address fits its text");

enum status
address_from_text(const char *text, struct address *ret_address)
{
	struct address address = { .family = 4 };

	if (inet_pton(AF_INET, text, address.bytes) != 1) {
		address = (struct address){ .family = 6 };
		if (inet_pton(AF_INET6, text, address.bytes) != 1)
			return STATUS_MALFORMED;
	}
	*ret_address = address;
	return STATUS_OK;
}

const char *
address_to_text(const struct address *address, char text[static ADDRESS_TEXT_MAX])
{
	int family = address->family == 4 ? AF_INET : AF_INET6;

	if (address->family == 0 ||
	    inet_ntop(family, address->bytes, text, ADDRESS_TEXT_MAX) == NULL)
		(void)snprintf(text, ADDRESS_TEXT_MAX, "unknown");
	return text;
}

bool
address_from_bytes(const uint8_t *bytes, size_t length, struct address *ret_address)
{
	if (length != 4 && length != 16)
		return false;
	*ret_address = (struct address){ .family = length == 4 ? 4 : 6 };
	memcpy(ret_address->bytes, bytes, length);
	return true;
}

void
address_unmap(struct address *address)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct address inner = { .family = 4 };

	if (address->family != 6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
		return;
	memcpy(inner.bytes, address->bytes + sizeof(mapped), 4);
	*address = inner;
}

struct address
address_subscriber(const struct address *address)
{
	struct address subscriber = *address;

	if (subscriber.family == 6)
		memset(subscriber.bytes + 8, 0, 8);
	return subscriber;
}

bool
address_is_equal(const struct address *one, const struct address *other)
{
	return one->family == other->family && memcmp(one->bytes, other->bytes, 16) == 0;
}

/* A decimal number of at most five digits, nothing before or behind it. */
static bool
number_from_text(const char *text, unsigned most, unsigned *ret_number)
{
	unsigned number = 0;
	size_t length = strlen(text);

	if (length == 0 || length > 5)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		number = number * 10 + (unsigned)(*text - '0');
	}
	if (number > most)
		return false;
	*ret_number = number;
	return true;
}

enum status
endpoint_from_text(const char *text, struct endpoint *ret_endpoint)
{
	const char *colon = strrchr(text, ':');
	bool has_brackets = text[0] == '[';
	char address_text[ADDRESS_TEXT_MAX + 2];
	struct endpoint endpoint;
	unsigned port;
	size_t length;

	if (colon == NULL || !number_from_text(colon + 1, UINT16_MAX, &port) || port == 0)
		return STATUS_MALFORMED;
	length = (size_t)(colon - text);
	if (length >= sizeof(address_text))
		return STATUS_MALFORMED;
	if (has_brackets) {
		if (length < 2 || colon[-1] != ']')
			return STATUS_MALFORMED;
		text++;
		length -= 2;
	}
	memcpy(address_text, text, length);
	address_text[length] = '\0';
	if (address_from_text(address_text, &endpoint.address) != STATUS_OK ||
	    has_brackets != (endpoint.address.family == 6))
		return STATUS_MALFORMED;
	endpoint.port = (uint16_t)port;
	*ret_endpoint = endpoint;
	return STATUS_OK;
}

const char *
endpoint_to_text(const struct endpoint *endpoint, char text[static ENDPOINT_TEXT_MAX])
{
	char address[ADDRESS_TEXT_MAX];

	if (endpoint->address.family == 6)
		(void)snprintf(text, ENDPOINT_TEXT_MAX, "[%s]:%u",
		    address_to_text(&endpoint->address, address), endpoint->port);
	else
		(void)snprintf(text, ENDPOINT_TEXT_MAX, "%s:%u",
		    address_to_text(&endpoint->address, address), endpoint->port);
	return text;
}

void
endpoint_from_sockaddr(const struct sockaddr_storage *socket_address, struct endpoint *ret_endpoint)
{
	struct endpoint endpoint = { 0 };

	if (socket_address->ss_family == AF_INET) {
		struct sockaddr_in in;

		memcpy(&in, socket_address, sizeof(in));
		endpoint.address.family = 4;
		memcpy(endpoint.address.bytes, &in.sin_addr, 4);
		endpoint.port = ntohs(in.sin_port);
	} else if (socket_address->ss_family == AF_INET6) {
		struct sockaddr_in6 in6;

		memcpy(&in6, socket_address, sizeof(in6));
		endpoint.port = ntohs(in6.sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr)) {
			endpoint.address.family = 4;
			memcpy(endpoint.address.bytes, in6.sin6_addr.s6_addr + 12, 4);
		} else {
			endpoint.address.family = 6;
			memcpy(endpoint.address.bytes, &in6.sin6_addr, 16);
		}
	}
	*ret_endpoint = endpoint;
}

socklen_t
endpoint_to_sockaddr(const struct endpoint *endpoint, struct sockaddr_storage *ret_socket_address)
{
	memset(ret_socket_address, 0, sizeof(*ret_socket_address));
	if (endpoint->address.family == 4) {
		struct sockaddr_in in = { .sin_family = AF_INET,
			.sin_port = htons(endpoint->port) };

		memcpy(&in.sin_addr, endpoint->address.bytes, 4);
		memcpy(ret_socket_address, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(endpoint->port) };

	memcpy(&in6.sin6_addr, endpoint->address.bytes, 16);
	memcpy(ret_socket_address, &in6, sizeof(in6));
	return sizeof(in6);
}

/* True when the first prefix bits agree. */
static bool
agrees(const uint8_t *one, const uint8_t *other, unsigned prefix)
{
	unsigned whole = prefix / 8;
	uint8_t mask = (uint8_t)(0xff00 >> (prefix % 8));

	return memcmp(one, other, whole) == 0 &&
	    (prefix % 8 == 0 || ((one[whole] ^ other[whole]) & mask) == 0);
}

enum status
network_from_text(const char *text, struct network *ret_network)
{
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);
	char address_text[ADDRESS_TEXT_MAX];
	struct network network;
	unsigned bits;
	unsigned prefix;

	if (length >= sizeof(address_text))
		return STATUS_MALFORMED;
	memcpy(address_text, text, length);
	address_text[length] = '\0';
	if (address_from_text(address_text, &network.address) != STATUS_OK)
		return STATUS_MALFORMED;
	bits = network.address.family == 4 ? 32 : 128;
	prefix = bits;
	if (slash != NULL && !number_from_text(slash + 1, bits, &prefix))
		return STATUS_MALFORMED;
	for (unsigned bit = prefix; bit < bits; bit++) {
		if ((network.address.bytes[bit / 8] & (0x80 >> (bit % 8))) != 0)
			return STATUS_MALFORMED;
	}
	network.prefix = (uint8_t)prefix;
	*ret_network = network;
	return STATUS_OK;
}

const char *
network_to_text(const struct network *network, char text[static NETWORK_TEXT_MAX])
{
	char address[ADDRESS_TEXT_MAX];

	(void)snprintf(text, NETWORK_TEXT_MAX, "%s/%u", address_to_text(&network->address, address),
	    network->prefix);
	return text;
}

bool
network_contains(const struct network *network, const struct address *address)
{
	return network->address.family == address->family &&
	    agrees(network->address.bytes, address->bytes, network->prefix);
}

bool
networks_contain(const struct network *networks, size_t count, const struct address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (network_contains(&networks[i], address))
			return true;
	}
	return false;
}
