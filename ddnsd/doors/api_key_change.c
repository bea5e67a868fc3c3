/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Keys made and ended over the API. What is asked for is checked here and written by api_key_file.c; whether
 * it is in force, the reload behind it tells. A secret is shown once, to who made the key.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "auth/principal.h"
#include "base/base64.h"
#include "doors/api_state.h"
#include "wire/name.h"
#include "wire/tsig.h"

enum {
	ITEMS_MAX = 32, /* grants, and networks */
	GRANT_MAX = 400,
	SECRET_SIZE_MAX = 64,
	SECRET_TEXT_SIZE = BASE64_TEXT_SIZE(SECRET_SIZE_MAX),
	FILE_MAX = 32768,
	TAIL_MAX = 16, /* what stands behind a secret */
	HINT_MAX = PATH_MAX + 256,
	WHO_MAX = HTTP_WHO_MAX + 256 + ADDRESS_TEXT_MAX,
};

struct api_key_change {
	struct api *api;
	bool is_made;   /* else the key ends */
	bool is_secret; /* nobody has been told the secret yet: the key is nobody's */
	struct name name;
	char text[NAME_TEXT_MAX]; /* of the name, lower-cased */
	const char *algorithm;
	char secret[SECRET_TEXT_SIZE];
	json_t *allow;
	json_t *from;
	char who[WHO_MAX]; /* for the log */
};

/* --- the name --- */

static bool
is_plain(const char *text, const char *others)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr(others, *text) == NULL)
			return false;
	}
	return true;
}

/* It names a file, and stands in one. False: the call has failed. */
static bool
read_name(struct api_call *call, const char *text, struct api_key_change *change)
{
	if (text == NULL || strlen(text) > API_MADE_KEY_NAME_MAX || !is_plain(text, ".-_") ||
	    (!isalnum((unsigned char)text[0]) && text[0] != '_') ||
	    name_from_text(text, &change->name) != STATUS_OK) {
		api_fail(call, 400,
		    "letters, digits, - and _ between dots, at most 63 in a label and 240 in all",
		    "\"%.200s\" is no name for a key", text != NULL ? text : "");
		return false;
	}
	(void)name_to_text(change->name.wire, change->text);
	return true;
}

static bool
is_in_force(const struct api *api, const struct name *name)
{
	struct keyring *keyring = service_keyring(api->service);

	return keyring != NULL && keyring_find(keyring, name->wire) != NULL;
}

/* Whoever did it, from where. */
static void
note_who(const struct api_call *call, struct api_key_change *change)
{
	const struct http_peer *peer = http_peer(call->exchange);
	char from[ADDRESS_TEXT_MAX];

	if (peer->source.family != 0)
		(void)snprintf(change->who, sizeof(change->who), "%.255s, from %s", api_who(call),
		    address_to_text(&peer->source, from));
	else
		(void)snprintf(change->who, sizeof(change->who), "%.255s", api_who(call));
}

/* --- what a body asks for --- */

/* False: the call has failed. */
static bool
read_algorithm(struct api_call *call, const char *text, const char **ret_algorithm)
{
	switch (tsig_algorithm_from_text(text)) {
	case TSIG_HMAC_SHA224:
	case TSIG_HMAC_SHA256:
	case TSIG_HMAC_SHA384:
	case TSIG_HMAC_SHA512:
		*ret_algorithm = tsig_algorithm_to_text(tsig_algorithm_from_text(text));
		return true;
	default:
		api_fail(call, 400,
		    "hmac-sha256 is the usual one; hmac-sha224, hmac-sha384, hmac-sha512 are "
		    "allowed too; weaker ones are for ddnsctl key new",
		    "\"algorithm\": \"%.40s\" is not allowed here", text);
		return false;
	}
}

/* A grant whose name no zone has is a mistake. */
static bool
is_in_a_zone(const struct api *api, const struct grant *grant)
{
	const struct zone *zone = NULL;
	struct zone_report report;

	if (grant->pattern == GRANT_SELF || grant->pattern == GRANT_BELOW_SELF)
		return true;
	while ((zone = service_next_zone(api->service, zone, &report)) != NULL) {
		if (name_is_within(grant->name.wire, report.apex) ||
		    (grant->pattern != GRANT_EXACT &&
			name_is_within(report.apex, grant->name.wire)))
			return true;
	}
	return false;
}

/* NULL: it is none, and the call has failed. */
static json_t *
read_grant(struct api_call *call, const char *text)
{
	const char *reason = "letters, digits, \". - _ * :\" and blanks only";
	struct grant grant;

	if (strcasecmp(text, "look") == 0)
		return json_string("look");
	if (strlen(text) <= GRANT_MAX && is_plain(text, ".-_* ") &&
	    grant_from_text(text, &grant, &reason) == STATUS_OK) {
		if (is_in_a_zone(call->api, &grant))
			return json_string(text);
		reason = "it lies in no zone of this server";
	}
	api_fail(call, 400,
	    "\"self A AAAA\", \"*.home.arpa\", \"zone home.arpa\", or the word look",
	    "\"allow\": \"%.200s\": %s", text, reason);
	return NULL;
}

static json_t *
read_network(struct api_call *call, const char *text)
{
	char canonical[NETWORK_TEXT_MAX];
	struct network network;

	if (network_from_text(text, &network) == STATUS_OK)
		return json_string(network_to_text(&network, canonical));
	api_fail(call, 400, "as \"192.168.1.0/24\" or \"2001:db8::/32\"",
	    "\"from\": \"%.80s\" is no network", text);
	return NULL;
}

/* Each of them as it is to be written. False: the call has failed. */
static bool
read_items(struct api_call *call, const char *member, const json_t *items,
    json_t *(*read)(struct api_call *call, const char *text), json_t *list)
{
	if (json_array_size(items) > ITEMS_MAX) {
		api_fail(call, 400, "fewer and wider ones do", "\"%s\" has more than %d items",
		    member, ITEMS_MAX);
		return false;
	}
	for (size_t i = 0; i < json_array_size(items); i++) {
		const char *text = json_string_value(json_array_get(items, i));
		json_t *item;

		if (text == NULL) {
			api_fail(call, 400, "openapi.yaml describes the body",
			    "\"%s\" has an item that is no text", member);
			return false;
		}
		item = read(call, text);
		if (item == NULL || json_array_append_new(list, item) != 0) {
			if (call->code == 0)
				api_fail_status(call, STATUS_NO_MEMORY, NULL);
			return false;
		}
	}
	return true;
}

/* False: the call has failed. */
static bool
read_wish(struct api_call *call, const json_t *object, struct api_key_change *change)
{
	const char *name = NULL;
	const char *algorithm = "hmac-sha256";
	const json_t *allow = NULL;
	const json_t *from = NULL;
	char problem[JSON_PROBLEM_MAX] = "";

	change->allow = json_array();
	change->from = json_array();
	if (!json_take_text(object, "name", &name, problem) ||
	    !json_take_text(object, "algorithm", &algorithm, problem) ||
	    !json_take_array(object, "allow", &allow, problem) ||
	    !json_take_array(object, "from", &from, problem)) {
		api_fail(call, 400, "openapi.yaml describes the body", "%s", problem);
		return false;
	}
	if (!read_name(call, name, change) ||
	    !read_algorithm(call, algorithm, &change->algorithm) ||
	    !read_items(call, "allow", allow, read_grant, change->allow) ||
	    !read_items(call, "from", from, read_network, change->from))
		return false;
	if (json_array_size(change->allow) == 0) {
		api_fail(call, 400, "\"allow\": [\"self A AAAA\"] lets it register its own name",
		    "the key %s would be allowed nothing", change->text);
		return false;
	}
	return true;
}

/* --- the file --- */

/* 256 bits for hmac-sha256; else as many as the hash has (RFC 2104 3: no fewer). */
static bool
make_secret(struct api_key_change *change)
{
	uint8_t bytes[SECRET_SIZE_MAX];
	size_t size = (size_t)strtoul(change->algorithm + strlen("hmac-sha"), NULL, 10) / 8;
	ssize_t got;

	do
		got = getrandom(bytes, size, 0);
	while (got < 0 && errno == EINTR);
	if (got == (ssize_t)size)
		(void)base64_encode(bytes, size, change->secret);
	explicit_bzero(bytes, sizeof(bytes));
	return got == (ssize_t)size;
}

static void
append_list(struct buffer *text, const char *option, const json_t *items)
{
	(void)buffer_format(text, "\t%s = {", option);
	for (size_t i = 0; i < json_array_size(items); i++)
		(void)buffer_format(text, "%s\"%s\"", i > 0 ? ", " : "",
		    json_string_value(json_array_get(items, i)));
	(void)buffer_append_text(text, "}\n");
}

/* The secret last, with room made before: what grows is copied, and leaves what it was behind. */
static void
append_secret(struct buffer *text, const char *before, const char *secret, const char *after)
{
	(void)buffer_append_text(text, before);
	if (buffer_reserve(text, strlen(secret) + TAIL_MAX) != STATUS_OK)
		text->status = STATUS_NO_MEMORY;
	(void)buffer_append_text(text, secret);
	(void)buffer_append_text(text, after);
}

static enum status
write_file(const struct api_key_change *change)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, FILE_MAX);
	(void)buffer_append_text(&text,
	    "# Made over the API, which can end it too, as can \"ddnsctl key revoke\".\n");
	(void)buffer_format(&text, "key \"%s\" {\n\talgorithm = \"%s\"\n", change->text,
	    change->algorithm);
	append_list(&text, "allow", change->allow);
	if (json_array_size(change->from) > 0)
		append_list(&text, "from", change->from);
	append_secret(&text, "\tsecret = \"", change->secret, "\"\n}\n");
	status = text.status;
	if (status == STATUS_OK)
		status = api_made_key_write(change->api, change->text, &text);
	if (text.data != NULL)
		explicit_bzero(text.data, text.capacity);
	buffer_release(&text);
	return status;
}

static void
fail_file(struct api_call *call, const struct api_key_change *change, enum status status)
{
	const char *folder = call->api->facts.made_keys_directory;
	char hint[HINT_MAX];

	(void)snprintf(hint, sizeof(hint),
	    "made-keys-directory in ddnsd.conf is %s: its parent must be there, and the daemon must "
	    "be able to write it",
	    folder);
	api_fail(call, 503, hint, "the file of the key %s cannot be changed: %s", change->text,
	    status_text(status));
	log_error("api: cannot change the file of the key %s in %s: %s", change->text, folder,
	    status_text(status));
}

/* --- making one --- */

static bool
is_new(struct api_call *call, const struct api_key_change *change)
{
	if (!is_in_force(call->api, &change->name) &&
	    !api_made_key_is_there(call->api, change->text))
		return true;
	api_fail(call, 409, "choose another name, or end that one first",
	    "there is a key %s already", change->text);
	return false;
}

static void
make(struct api_call *call, struct api_key_change *change)
{
	enum status status;

	if (!make_secret(change)) {
		api_fail(call, 503, "try again", "the kernel gives no random octets");
		return;
	}
	status = write_file(change);
	if (status != STATUS_OK) {
		fail_file(call, change, status);
		return;
	}
	change->is_secret = true;
	api_await_reload(call);
}

static bool
has_folder(struct api_call *call)
{
	const char *folder = call->api->facts.made_keys_directory;

	if (folder != NULL && folder[0] != '\0')
		return true;
	api_fail(call, 403, "ddnsctl key new makes keys, on the server",
	    "this server makes no keys: made-keys-directory is \"\"");
	return false;
}

/* NULL: the call has failed. */
static struct api_key_change *
begin_change(struct api_call *call, bool is_made)
{
	struct api_key_change *change = calloc(1, sizeof(*change));

	if (change == NULL) {
		api_fail_status(call, STATUS_NO_MEMORY, NULL);
		return NULL;
	}
	change->api = call->api;
	change->is_made = is_made;
	call->key_change = change;
	note_who(call, change);
	return change;
}

void
api_post_key(struct api_call *call)
{
	static const char *const members[] = { "name", "algorithm", "allow", "from", NULL };
	struct api_key_change *change;
	json_t *object = NULL;

	if (!has_folder(call) || !api_read_body(call, members, &object))
		return;
	change = begin_change(call, true);
	if (change != NULL && read_wish(call, object, change) && is_new(call, change))
		make(call, change);
	json_decref(object);
}

/* --- ending one --- */

void
api_delete_key(struct api_call *call)
{
	struct api_key_change *change = begin_change(call, false);
	char hint[NAME_TEXT_MAX + 64];
	enum status status;

	if (change == NULL || !read_name(call, call->rest, change))
		return;
	if (!api_made_key_is_there(call->api, change->text)) {
		(void)snprintf(hint, sizeof(hint), "ddnsctl key revoke %s ends it, on the server",
		    change->text);
		if (is_in_force(call->api, &change->name))
			api_fail(call, 409, hint, "the key %s was not made over the API",
			    change->text);
		else
			api_fail(call, 404, "GET /v1/keys lists those that there are",
			    "there is no key %s", change->text);
		return;
	}
	status = api_made_key_remove(call->api, change->text);
	if (status == STATUS_OK)
		api_await_reload(call);
	else
		fail_file(call, change, status);
}

/* --- after the reload --- */

static void
answer_made(struct api_call *call, struct api_key_change *change)
{
	struct buffer *body = &call->body;

	api_append(body,
	    json_pack("{s:s, s:s, s:O, s:O}", "name", change->text, "algorithm", change->algorithm,
		"allow", change->allow, "from", change->from));
	/* Into that object: behind its last member. */
	if (body->status == STATUS_OK)
		body->length--;
	append_secret(body, ",\"secret\":\"", change->secret, "\"}\n");
	api_answer_body(call, 201, "application/json");
	if (body->status != STATUS_OK)
		return;
	change->is_secret = false;
	log_notice("api: the key %s was made by %s", change->text, change->who);
}

/* What stays undone is told with all that is wrong. */
static void
fail_reload(struct api_call *call, const char *error, json_t *lines)
{
	api_answer_json(call, 409,
	    json_pack("{s:s, s:s, s:O}", "error", error, "hint",
		"mend the lines in \"errors\"; ddnsd -n checks them", "errors", lines));
}

/* The file goes, that the next reload does not find it either. */
static void
take_back(struct api_key_change *change)
{
	enum status status = api_made_key_remove(change->api, change->text);

	change->is_secret = false;
	if (status != STATUS_OK && status != STATUS_NOT_FOUND)
		log_error("api: cannot remove the file of the key %s from %s: %s", change->text,
		    change->api->facts.made_keys_directory, status_text(status));
}

static void
end_making(struct api_call *call, struct api_key_change *change, enum status status, json_t *lines)
{
	if (status == STATUS_OK && is_in_force(call->api, &change->name)) {
		answer_made(call, change);
		return;
	}
	take_back(change);
	if (status != STATUS_OK)
		fail_reload(call,
		    "the configuration has errors, so no key can be added; nothing was changed",
		    lines);
	else
		api_fail(call, 409, "try again",
		    "the configuration was changed meanwhile, and the key %s is not in it",
		    change->text);
}

void
api_end_key_change(struct api_call *call, enum status status, json_t *lines)
{
	struct api_key_change *change = call->key_change;

	if (change->is_made) {
		end_making(call, change, status, lines);
	} else if (status != STATUS_OK) {
		fail_reload(call,
		    "the key's file is removed, but the configuration has errors: until they are "
		    "mended the key stays in force",
		    lines);
	} else {
		log_notice("api: the key %s was ended by %s", change->text, change->who);
		api_answer_body(call, 204, NULL);
	}
}

void
api_forget_key_change(struct api_key_change *change)
{
	if (change == NULL)
		return;
	if (change->is_secret) {
		log_notice("api: the key %s goes again: %s left before the secret was told",
		    change->text, change->who);
		take_back(change);
	}
	json_decref(change->allow);
	json_decref(change->from);
	explicit_bzero(change, sizeof(*change));
	free(change);
}
