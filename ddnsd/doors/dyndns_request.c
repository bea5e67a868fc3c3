/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads parameters as routers and update clients write them; lenient where no harm can come of it. */
#include "doors/dyndns_request.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doors/http_target.h"
#include "wire/json.h"

enum { PREFIX_DEFAULT = 64, PREFIX_LONGEST = 64, ITEM_MAX = NAME_TEXT_MAX };

enum parameter_kind {
	HOSTS,
	ADDRESSES,      /* of either family */
	IPV4_ADDRESSES, /* what it means when it is empty; either family may stand in it */
	IPV6_ADDRESSES,
	PREFIX,
	OFFLINE,
};

struct parameter {
	const char *name;
	enum parameter_kind kind;
};

static const struct parameter parameters[] = {
	{ "hostname", HOSTS },
	{ "hostnames", HOSTS },
	{ "host", HOSTS },
	{ "hosts", HOSTS },
	{ "domain", HOSTS },
	{ "domains", HOSTS },
	{ "myip", ADDRESSES },
	{ "ip", ADDRESSES },
	{ "address", ADDRESSES },
	{ "ipaddr", ADDRESSES },
	{ "myipv4", IPV4_ADDRESSES },
	{ "ipv4", IPV4_ADDRESSES },
	{ "ip4", IPV4_ADDRESSES },
	{ "ip4addr", IPV4_ADDRESSES },
	{ "myipv6", IPV6_ADDRESSES },
	{ "myip6", IPV6_ADDRESSES },
	{ "ipv6", IPV6_ADDRESSES },
	{ "ip6", IPV6_ADDRESSES },
	{ "ip6addr", IPV6_ADDRESSES },
	{ "ip6lanprefix", PREFIX },
	{ "offline", OFFLINE },
};

static const struct parameter *
find_parameter(const char *name)
{
	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++) {
		if (strcasecmp(parameters[i].name, name) == 0)
			return &parameters[i];
	}
	return NULL;
}

static void
quote(char quoted[static DYNDNS_QUOTE_MAX], const char *text)
{
	(void)snprintf(quoted, DYNDNS_QUOTE_MAX, "%s", text);
}

static void
note_bad(struct dyndns_request *request, const char *text)
{
	if (request->bad_value[0] == '\0')
		quote(request->bad_value, text);
}

/* --- values --- */

static void
take_host(struct dyndns_request *request, const char *text)
{
	struct dyndns_host *host;

	if (request->host_count == DYNDNS_HOSTS_MAX) {
		request->has_too_many_hosts = true;
		return;
	}
	host = &request->hosts[request->host_count++];
	quote(host->text, text);
	host->is_name = name_from_text(text, &host->name) == STATUS_OK;
}

/* "64"; false when it is no number of up to three digits. */
static bool
read_bits(const char *text, int *ret_bits)
{
	int bits = 0;

	if (*text == '\0' || strlen(text) > 3)
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9')
			return false;
		bits = 10 * bits + (*text - '0');
	}
	*ret_bits = bits;
	return true;
}

/* "ADDR", "[ADDR]", and either with "/NN" behind it, whose bits are given back; -1: without. */
static enum status
read_address(const char *text, struct address *ret_address, int *ret_bits)
{
	char copy[ADDRESS_TEXT_MAX + 2];
	const char *slash = strchr(text, '/');
	size_t length = slash != NULL ? (size_t)(slash - text) : strlen(text);

	*ret_bits = -1;
	if (slash != NULL && !read_bits(slash + 1, ret_bits))
		return STATUS_MALFORMED;
	if (length > 1 && text[0] == '[' && text[length - 1] == ']') {
		text++;
		length -= 2;
	}
	if (length >= sizeof(copy))
		return STATUS_MALFORMED;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return address_from_text(copy, ret_address);
}

static void
take_address(struct dyndns_request *request, const char *text)
{
	struct address address;
	size_t at = 0;
	int bits;

	if (read_address(text, &address, &bits) != STATUS_OK ||
	    bits > (address.family == 4 ? 32 : 128)) {
		note_bad(request, text);
		return;
	}
	address_unmap(&address);
	if (!dyndns_is_usable(&address)) {
		note_bad(request, text);
		return;
	}
	for (size_t i = 0; i < request->address_count; i++) {
		if (address_is_equal(&request->addresses[i], &address))
			return;
		at += request->addresses[i].family <= address.family;
	}
	if (request->address_count == DYNDNS_ADDRESSES_MAX) {
		note_bad(request, text);
		return;
	}
	memmove(&request->addresses[at + 1], &request->addresses[at],
	    (request->address_count - at) * sizeof(address));
	request->addresses[at] = address;
	request->address_count++;
}

static void
take_prefix(struct dyndns_request *request, const char *text)
{
	static const struct address zero = { .family = 6 };
	struct network prefix = { .prefix = 128 };
	int bits;

	if (read_address(text, &prefix.address, &bits) != STATUS_OK || prefix.address.family != 6 ||
	    bits == 0 || bits > PREFIX_LONGEST) {
		note_bad(request, text);
		return;
	}
	prefix.prefix = (uint8_t)(bits > 0 ? bits : PREFIX_DEFAULT);
	prefix.address = dyndns_renumber(&zero, &prefix);
	if (!dyndns_is_usable(&prefix.address)) {
		note_bad(request, text);
		return;
	}
	request->has_prefix = true;
	request->prefix = prefix;
}

/* Hands the parts of a list between commas, semicolons and blanks over, one by one. */
static void
take_list(struct dyndns_request *request, const char *text,
    void (*take)(struct dyndns_request *, const char *))
{
	static const char separators[] = ",; \t";

	for (;;) {
		char item[ITEM_MAX];
		size_t length;

		text += strspn(text, separators);
		length = strcspn(text, separators);
		if (length == 0)
			return;
		(void)snprintf(item, sizeof(item), "%.*s",
		    (int)(length < ITEM_MAX ? length : ITEM_MAX), text);
		take(request, item);
		text += length;
	}
}

static bool
is_yes(const char *text)
{
	return strcasecmp(text, "yes") == 0 || strcasecmp(text, "true") == 0 ||
	    strcmp(text, "1") == 0;
}

void
dyndns_request_init(struct dyndns_request *request)
{
	memset(request, 0, sizeof(*request));
}

void
dyndns_request_take(struct dyndns_request *request, const char *name, const char *value)
{
	const struct parameter *parameter = find_parameter(name);
	bool is_empty = value[strspn(value, ",; \t")] == '\0';

	if (parameter == NULL)
		return;
	switch (parameter->kind) {
	case HOSTS:
		take_list(request, value, take_host);
		break;
	case ADDRESSES:
	case IPV4_ADDRESSES:
	case IPV6_ADDRESSES:
		request->asks_source4 |= is_empty && parameter->kind != IPV6_ADDRESSES;
		request->asks_source6 |= is_empty && parameter->kind != IPV4_ADDRESSES;
		take_list(request, value, take_address);
		break;
	case PREFIX:
		if (!is_empty)
			take_prefix(request, value);
		break;
	case OFFLINE:
		request->is_offline |= is_yes(value);
		break;
	}
}

/* --- bodies --- */

static enum status
take_form(struct dyndns_request *request, const char *body, size_t length,
    char ret_problem[static DYNDNS_PROBLEM_MAX])
{
	struct http_target target;
	enum status status;
	char *text;

	while (length > 0 && isspace((unsigned char)body[length - 1]))
		length--;
	if (memchr(body, '\0', length) != NULL) {
		(void)snprintf(ret_problem, DYNDNS_PROBLEM_MAX, "the form has a NUL in it");
		return STATUS_MALFORMED;
	}
	if (asprintf(&text, "/?%.*s", (int)length, body) < 0)
		return STATUS_NO_MEMORY;
	status = http_target_init(&target, text);
	free(text);
	if (status == STATUS_MALFORMED)
		(void)snprintf(ret_problem, DYNDNS_PROBLEM_MAX,
		    "the form is not NAME=VALUE&..., percent-encoded, of %d parameters at most",
		    HTTP_ARGUMENTS_MAX);
	if (status != STATUS_OK)
		return status;
	for (size_t i = 0; i < target.argument_count; i++)
		dyndns_request_take(request, target.arguments[i].name, target.arguments[i].value);
	http_target_release(&target);
	return STATUS_OK;
}

/* False: it is of no kind that a parameter has. */
static bool
take_member(struct dyndns_request *request, const char *name, const json_t *value)
{
	if (json_is_string(value)) {
		dyndns_request_take(request, name, json_string_value(value));
		return true;
	}
	if (json_is_boolean(value)) {
		dyndns_request_take(request, name, json_is_true(value) ? "true" : "");
		return true;
	}
	for (size_t i = 0; json_is_array(value) && i < json_array_size(value); i++) {
		const char *text = json_string_value(json_array_get(value, i));

		if (text == NULL)
			return false;
		dyndns_request_take(request, name, text);
	}
	return json_is_array(value) || json_is_null(value);
}

static enum status
take_json(struct dyndns_request *request, const char *body, size_t length,
    char ret_problem[static DYNDNS_PROBLEM_MAX])
{
	char problem[JSON_PROBLEM_MAX] = "";
	json_t *object = NULL;
	enum status status = json_parse_object(body, length, &object, problem);
	const char *name;
	json_t *value;

	if (status != STATUS_OK) {
		(void)snprintf(ret_problem, DYNDNS_PROBLEM_MAX, "%s", problem);
		return status;
	}
	json_object_foreach(object, name, value)
	{
		const struct parameter *parameter = find_parameter(name);

		if (parameter == NULL || take_member(request, parameter->name, value))
			continue;
		(void)snprintf(ret_problem, DYNDNS_PROBLEM_MAX,
		    "\"%s\" is neither a text nor an array of texts", parameter->name);
		status = STATUS_MALFORMED;
	}
	json_decref(object);
	return status;
}

static bool
has_type(const char *type, const char *wanted)
{
	return type != NULL && strncasecmp(type, wanted, strlen(wanted)) == 0;
}

enum status
dyndns_request_take_body(struct dyndns_request *request, const char *type, const char *body,
    size_t length, char ret_problem[static DYNDNS_PROBLEM_MAX])
{
	size_t blanks = strspn(body, " \t\r\n");

	ret_problem[0] = '\0';
	if (blanks >= length)
		return STATUS_OK;
	if (has_type(type, "multipart/")) {
		(void)snprintf(ret_problem, DYNDNS_PROBLEM_MAX,
		    "a form is to be sent as application/x-www-form-urlencoded");
		return STATUS_MALFORMED;
	}
	if (has_type(type, "application/json") || body[blanks] == '{')
		return take_json(request, body, length, ret_problem);
	return take_form(request, body + blanks, length - blanks, ret_problem);
}

/* --- addresses --- */

bool
dyndns_is_usable(const struct address *address)
{
	static const char *const unusable[] = { "0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16",
		"224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8" };

	for (size_t i = 0; i < sizeof(unusable) / sizeof(unusable[0]); i++) {
		struct network network;

		if (network_from_text(unusable[i], &network) == STATUS_OK &&
		    network_contains(&network, address))
			return false;
	}
	return address->family != 0;
}

static bool
is_unique_local(const struct address *address)
{
	return (address->bytes[0] & 0xfe) == 0xfc;
}

bool
dyndns_has_scope_of(const struct address *address, const struct network *prefix)
{
	return address->family == 6 && dyndns_is_usable(address) &&
	    is_unique_local(address) == is_unique_local(&prefix->address);
}

struct address
dyndns_renumber(const struct address *address, const struct network *prefix)
{
	struct address renumbered = *address;

	for (unsigned bit = 0; bit < prefix->prefix; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);

		renumbered.bytes[bit / 8] = (uint8_t)((renumbered.bytes[bit / 8] & ~mask) |
		    (prefix->address.bytes[bit / 8] & mask));
	}
	return renumbered;
}
