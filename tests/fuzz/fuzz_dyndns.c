/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * What clients of dyndns2 send: one line of a query, then a body, as a form and as JSON. What is read is
 * within its bounds and usable, and a body takes nothing back that the query said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "doors/dyndns_request.h"
#include "doors/http_target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 16384 };

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
expect_addresses(const struct dyndns_request *request)
{
	expect(request->address_count <= DYNDNS_ADDRESSES_MAX);
	for (size_t i = 0; i < request->address_count; i++) {
		expect(dyndns_is_usable(&request->addresses[i]));
		for (size_t other = 0; other < i; other++) {
			expect(request->addresses[other].family <= request->addresses[i].family);
			expect(
			    !address_is_equal(&request->addresses[other], &request->addresses[i]));
		}
	}
}

static void
expect_prefix(const struct dyndns_request *request)
{
	static const struct address zero = { .family = 6 };
	struct address address;

	if (!request->has_prefix)
		return;
	expect(request->prefix.address.family == 6);
	expect(request->prefix.prefix >= 1 && request->prefix.prefix <= 64);
	address = dyndns_renumber(&zero, &request->prefix);
	expect(address_is_equal(&address, &request->prefix.address));
	for (size_t i = 0; i < request->address_count; i++) {
		if (request->addresses[i].family != 6)
			continue;
		address = dyndns_renumber(&request->addresses[i], &request->prefix);
		expect(network_contains(&request->prefix, &address));
		expect(memcmp(address.bytes + 8, request->addresses[i].bytes + 8, 8) == 0);
	}
}

static void
expect_sound(const struct dyndns_request *request)
{
	expect(request->host_count <= DYNDNS_HOSTS_MAX);
	expect(!request->has_too_many_hosts || request->host_count == DYNDNS_HOSTS_MAX);
	for (size_t i = 0; i < request->host_count; i++) {
		const struct dyndns_host *host = &request->hosts[i];

		expect(memchr(host->text, '\0', sizeof(host->text)) != NULL);
		expect(host->text[0] != '\0');
		expect(!host->is_name || name_size(host->name.wire) <= NAME_SIZE_MAX);
	}
	expect(memchr(request->bad_value, '\0', sizeof(request->bad_value)) != NULL);
	expect_addresses(request);
	expect_prefix(request);
}

static void
try_query(const char *query, struct dyndns_request *request)
{
	struct http_target target;

	if (http_target_init(&target, query) != STATUS_OK)
		return;
	for (size_t i = 0; i < target.argument_count; i++)
		dyndns_request_take(request, target.arguments[i].name, target.arguments[i].value);
	http_target_release(&target);
	expect_sound(request);
}

static void
try_body(const struct dyndns_request *before, const char *type, const char *body, size_t length)
{
	static struct dyndns_request request;
	char problem[DYNDNS_PROBLEM_MAX];
	enum status status;

	request = *before;
	status = dyndns_request_take_body(&request, type, body, length, problem);
	expect(status == STATUS_OK || status == STATUS_MALFORMED);
	expect((status == STATUS_OK) == (problem[0] == '\0'));
	expect_sound(&request);
	/* A body adds, and takes nothing back. */
	expect(request.host_count >= before->host_count);
	expect(request.address_count >= before->address_count);
	expect(before->bad_value[0] == '\0' || strcmp(request.bad_value, before->bad_value) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dyndns_request request;
	char *text;
	char *body;

	if (size > INPUT_MAX)
		return 0;
	text = malloc(size + 1);
	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	body = memchr(text, '\n', size);
	if (body != NULL)
		*body++ = '\0';
	dyndns_request_init(&request);
	try_query(text, &request);
	if (body != NULL) {
		size_t length = size - (size_t)(body - text);

		try_body(&request, "application/x-www-form-urlencoded", body, length);
		try_body(&request, "application/json", body, length);
		try_body(&request, NULL, body, length);
	}
	free(text);
	return 0;
}
