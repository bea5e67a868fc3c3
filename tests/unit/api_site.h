/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * An API with a service behind it and no socket before it, and requests to it from whom they may come.
 * Each test opens one (open_site(), close_site()).
 */
#pragma once

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/clock.h"
#include "doors/api.h"
#include "publisher/publisher.h"
#include "service/report.h"

#include "fake_exchange.h"
#include "served.h"

enum { TEXT_SIZE = 1 << 20, QUEUE = 4 };

/* Who speaks. */
enum who { ADMIN, EDITOR, OTHER, HOOK, NOBODY, WHOS };

static const char *const identities[] = { "@admin", "@editor", "@other", "@hook" };
static const char *const grants[] = { "zone . ANY NS", "*.home.arpa A AAAA TXT CNAME",
	"*.home.arpa A", "hook.home.arpa A" };

struct site {
	struct served served;
	struct principal principals[NOBODY];
	struct grant grants[NOBODY];
	struct keyring *keyring;
	struct publisher_options publish;
	struct publisher *publisher;
	struct dhcp_options dhcp;
	struct api *api;
	unsigned reloads; /* that were asked for */
	unsigned restores;
	struct http_exchange exchange; /* the last one */
	bool is_open;                  /* it has not been released */
	json_t *json;                  /* its answer */
	const struct http_peer *as; /* asks in the place of whoever is named; NULL: nobody does */
	char text[TEXT_SIZE];
};

/* --- the site --- */

static inline void
ask_for_reload(void *context)
{
	struct site *site = context;

	site->reloads++;
}

static const char *
lease_problem(void *context)
{
	(void)context;
	return "not there";
}

static inline void
note_restore(void *context)
{
	struct site *site = context;

	site->restores++;
}

static inline void
add_principals(struct site *site)
{
	const char *reason;

	for (size_t i = 0; i < NOBODY; i++) {
		site->principals[i] = (struct principal){
			.kind = PRINCIPAL_PEER,
			.identity = identities[i],
			.is_admin = i == ADMIN,
			.may_tell_leases = i == HOOK,
			.grants = &site->grants[i],
			.grant_count = 1,
		};
		assert_int_equal(grant_from_text(grants[i], &site->grants[i], &reason), STATUS_OK);
	}
}

static inline void
add_key(struct site *site, const char *name, bool is_admin)
{
	struct grant grant;
	struct network network;
	const char *reason;
	struct key_options options = {
		.name_text = name,
		.algorithm = TSIG_HMAC_SHA256,
		.secret = (const uint8_t *)"0123456789abcdef0123456789abcdef",
		.secret_size = 32,
		.is_admin = is_admin,
		.grants = &grant,
		.grant_count = 1,
		.sources = &network,
		.source_count = 1,
	};

	assert_int_equal(name_from_text(name, &options.name), STATUS_OK);
	assert_int_equal(grant_from_text("self A AAAA", &grant, &reason), STATUS_OK);
	assert_int_equal(network_from_text("192.0.2.0/24", &network), STATUS_OK);
	assert_int_equal(keyring_add(site->keyring, &options), STATUS_OK);
}

static inline int
open_site(void **state)
{
	struct site *site = calloc(1, sizeof(*site));
	struct api_calls calls = { site, ask_for_reload, lease_problem, note_restore };

	assert_non_null(site);
	served_init(&site->served);
	served_add_zone(&site->served, "2.0.192.in-addr.arpa");
	served_start(&site->served);
	add_principals(site);
	site->keyring = keyring_new();
	assert_non_null(site->keyring);
	add_key(site, "laptop", false);
	add_key(site, "boss", true);
	service_set_access(site->served.service, site->keyring, NULL, 0);
	site->publish.mode = PUBLISH_NONE;
	site->publisher = publisher_new(site->served.loop, site->served.registry,
	    service_leases(site->served.service), &site->publish, service_expiry_clock,
	    site->served.service);
	assert_non_null(site->publisher);
	service_attach_publisher(site->served.service, site->publisher);
	site->dhcp.has_zone = true;
	site->dhcp.ttl_s = 60;
	site->dhcp.remember_s = 86400;
	assert_int_equal(name_from_text("home.arpa", &site->dhcp.zone), STATUS_OK);
	service_set_dhcp_options(site->served.service, &site->dhcp);
	assert_int_equal(service_commit(site->served.service), STATUS_OK);
	site->api = api_new(site->served.loop, site->served.service, &calls);
	assert_non_null(site->api);
	*state = site;
	return 0;
}

static inline void
forget_answer(struct site *site)
{
	const struct http_site *door = api_site(site->api);

	if (site->is_open) {
		door->release(door->context, &site->exchange);
		fake_end(&site->exchange);
	}
	site->is_open = false;
	json_decref(site->json);
	site->json = NULL;
}

static inline int
close_site(void **state)
{
	struct site *site = *state;

	forget_answer(site);
	api_free(site->api);
	publisher_free(site->publisher);
	served_close(&site->served);
	keyring_free(site->keyring);
	free(site);
	return 0;
}

static inline struct http_peer
peer_of(struct site *site, enum who who)
{
	struct http_peer peer = { .door = "unix", .sees_all = true };

	if (site->as != NULL)
		return *site->as;
	if (who != NOBODY)
		peer.principal = &site->principals[who];
	(void)snprintf(peer.who, sizeof(peer.who), "uid 1000 (alice)");
	return peer;
}

/* --- asking --- */

static inline void
begin_bytes(struct site *site, struct http_exchange *exchange, enum who who, const char *method,
    const char *target, const void *body, size_t length)
{
	const struct http_site *door = api_site(site->api);
	struct http_peer peer = peer_of(site, who);

	assert_true(fake_begin(exchange, &peer, method, target, body, length));
	assert_in_range(length, 0,
	    door->body_max(door->context, method, exchange->target.path, &peer));
	door->receive(door->context, exchange);
	assert_true(exchange->code != 0 || exchange->is_waiting);
}

static inline void
begin(struct site *site, struct http_exchange *exchange, enum who who, const char *method,
    const char *target, const char *body)
{
	begin_bytes(site, exchange, who, method, target, body, strlen(body));
}

static inline void
finish(struct site *site, struct http_exchange *exchange, enum status status)
{
	const struct http_site *door = api_site(site->api);

	if (exchange->is_waiting)
		door->finish(door->context, exchange, status);
}

static inline void
end(struct site *site, struct http_exchange *exchange)
{
	const struct http_site *door = api_site(site->api);

	door->release(door->context, exchange);
	fake_end(exchange);
}

static inline unsigned
ask_bytes(struct site *site, enum who who, const char *method, const char *target, const void *body,
    size_t length)
{
	forget_answer(site);
	site->is_open = true;
	begin_bytes(site, &site->exchange, who, method, target, body, length);
	finish(site, &site->exchange, service_commit(site->served.service));
	if (site->exchange.type != NULL && strcmp(site->exchange.type, "application/json") == 0) {
		site->json = json_loads(site->exchange.answer.data, 0, NULL);
		assert_non_null(site->json);
	}
	return site->exchange.code;
}

/* One request that is a turn of its own. Returns the answer's code. */
static inline unsigned
ask(struct site *site, enum who who, const char *method, const char *target, const char *body)
{
	return ask_bytes(site, who, method, target, body, strlen(body));
}

/* What stands at "records.0.data" in the last answer, as JSON; "" when nothing does. */
static inline const char *
at(struct site *site, const char *path)
{
	const json_t *json = site->json;
	char copy[128];
	char *rest = copy;
	char *part;
	char *text;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	while ((part = strsep(&rest, ".")) != NULL)
		json = json_is_array(json) ? json_array_get(json, strtoul(part, NULL, 10))
					   : json_object_get(json, part);
	text = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS);
	(void)snprintf(site->text, sizeof(site->text), "%s", text != NULL ? text : "");
	free(text);
	return site->text;
}

#define expect_ask(site, expected, who, method, target, body)                                    \
	do {                                                                                     \
		if (ask(site, who, method, target, body) != (expected))                          \
			fail_msg("%u: %s", (site)->exchange.code, (site)->exchange.answer.data); \
	} while (0)

/* The last answer is an error in whose error and hint these words stand. */
#define expect_error(site, error_word, hint_word)                       \
	do {                                                            \
		assert_non_null(strstr(at(site, "error"), error_word)); \
		assert_non_null(strstr(at(site, "hint"), hint_word));   \
	} while (0)

static inline const char *
records(struct site *site, const char *name)
{
	return served_records(&site->served, name);
}
