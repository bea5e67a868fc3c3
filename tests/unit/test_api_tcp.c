/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the API shows over TCP, and to which key; keys that it makes and ends. */
#include <dirent.h>
#include <sys/stat.h>

#include "api_site.h"
#include "folder.h"

#include "base/base64.h"

/* Keys that come over TCP, and those without one. */
enum caller { NAS, BOSS, LOOKER, GUEST, STRANGER, CALLERS };

struct web {
	struct site *site;
	struct folder folder;
	char keys[PATH_MAX];
	struct grant grants[STRANGER];
	struct principal principals[STRANGER];
	struct http_peer peers[CALLERS];
};

static void
add_caller(struct web *web, enum caller caller, const char *grant)
{
	static const char *const names[] = { "nas", "chief", "looker" };
	struct principal *principal = &web->principals[caller];
	const char *reason;

	*principal = (struct principal){
		.kind = PRINCIPAL_KEY,
		.identity = names[caller],
		.is_admin = caller == BOSS,
		/* A door that honoured this would let a key take names from devices. */
		.may_tell_leases = caller == LOOKER,
		.may_look = caller == LOOKER,
		.grants = &web->grants[caller],
		.grant_count = 1,
	};
	assert_int_equal(grant_from_text(grant, &web->grants[caller], &reason), STATUS_OK);
	assert_int_equal(name_from_text(names[caller], &principal->name), STATUS_OK);
	web->peers[caller].principal = principal;
	web->peers[caller].login = STATUS_OK;
	web->peers[caller].sees_all = caller != NAS;
}

static int
open_web(void **state)
{
	struct web *web = calloc(1, sizeof(*web));
	void *site = NULL;

	assert_non_null(web);
	assert_int_equal(open_site(&site), 0);
	web->site = site;
	folder_make(&web->folder);
	(void)folder_entry(&web->folder, "keys.d", web->keys);
	for (enum caller caller = NAS; caller < CALLERS; caller++)
		web->peers[caller] = (struct http_peer){
			.door = "http",
			.source = { .family = 4, .bytes = { 192, 0, 2, 99 } },
			.login = STATUS_NOT_FOUND,
			.sees_all = caller == GUEST,
		};
	add_caller(web, NAS, "self A AAAA TXT");
	add_caller(web, BOSS, "zone home.arpa");
	add_caller(web, LOOKER, "self A");
	api_set_facts(web->site->api,
	    &(struct api_facts){ .config_file = "/etc/ddnsd.conf",
		.keys_directory = "/etc/keys",
		.made_keys_directory = web->keys,
		.database = "/var/db",
		.user = "ddnsd" });
	*state = web;
	return 0;
}

static int
close_web(void **state)
{
	struct web *web = *state;
	void *site = web->site;

	assert_int_equal(close_site(&site), 0);
	folder_remove(&web->folder);
	free(web);
	return 0;
}

static unsigned
ask_as(struct web *web, enum caller caller, const char *method, const char *target,
    const char *body)
{
	unsigned code;

	web->site->as = &web->peers[caller];
	code = ask(web->site, NOBODY, method, target, body);
	web->site->as = NULL;
	return code;
}

#define expect_as(web, expected, caller, method, target, body)               \
	do {                                                                 \
		if (ask_as(web, caller, method, target, body) != (expected)) \
			fail_msg("%u: %s", (web)->site->exchange.code,       \
			    (web)->site->exchange.answer.data != NULL        \
				? (web)->site->exchange.answer.data          \
				: "");                                       \
	} while (0)

#define expect_at(web, path, text) assert_string_equal(at((web)->site, path), text)

/* desk is an administrator's, nas is the key's, box is the key's and outside of its grants. */
static void
register_some(struct web *web)
{
	expect_as(web, 201, BOSS, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_as(web, 201, NAS, "PUT", "/v1/names/nas", "{\"addresses\":[\"192.0.2.2\"]}");
	expect_ask(web->site, 201, ADMIN, "PUT", "/v1/names/box",
	    "{\"addresses\":[\"192.0.2.3\"]}");
	expect_ask(web->site, 200, ADMIN, "POST", "/v1/names/box", "{\"owner\":\"@other\"}");
}

static const char *
header(struct web *web, const char *name)
{
	const char *value = fake_header(&web->site->exchange, name);

	return value != NULL ? value : "";
}

/* --- logging in --- */

static void
what_became_of_a_login_is_told_first(void **state)
{
	struct web *web = *state;
	struct http_peer *peer = &web->peers[STRANGER];

	peer->login = STATUS_UNAUTHENTICATED;
	peer->sees_all = true;
	expect_as(web, 401, STRANGER, "GET", "/v1/names", "");
	assert_string_equal(header(web, "WWW-Authenticate"), "Bearer realm=\"ddnsd\"");
	expect_error(web->site, "no such key", "Bearer NAME:SECRET");
	expect_as(web, 401, STRANGER, "GET", "/v1/nonsense", "");
	peer->login = STATUS_LIMITED;
	peer->wait_s = 17;
	expect_as(web, 429, STRANGER, "GET", "/v1/status", "");
	assert_string_equal(header(web, "Retry-After"), "17");
	assert_string_equal(header(web, "WWW-Authenticate"), "");
	expect_error(web->site, "192.0.2.99", "secret");
	peer->login = STATUS_REFUSED;
	expect_as(web, 403, STRANGER, "PUT", "/v1/names/desk", "{}");
	expect_error(web->site, "may not be used from 192.0.2.99", "`from`");
}

static void
who_says_nothing_is_asked_for_a_key(void **state)
{
	static const char *const paths[] = { "/v1/status", "/v1/names", "/v1/names/nas",
		"/v1/leases", "/v1/zones", "/v1/zones/home.arpa", "/v1/events", "/v1/keys",
		"/v1/backup" };
	struct web *web = *state;

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		expect_as(web, 401, STRANGER, "GET", paths[i], "");
		assert_string_equal(header(web, "WWW-Authenticate"), "Bearer realm=\"ddnsd\"");
	}
	expect_as(web, 401, STRANGER, "PUT", "/v1/names/nas", "{\"addresses\":[\"192.0.2.1\"]}");
	expect_as(web, 404, STRANGER, "GET", "/v1/nonsense", "");
	expect_as(web, 405, STRANGER, "OPTIONS", "/v1/names", "");
}

static void
a_strangers_body_is_not_kept(void **state)
{
	struct web *web = *state;
	const struct http_site *door = api_site(web->site->api);

	assert_in_range(door->body_max(door->context, "POST", "/v1/restore", &web->peers[STRANGER]),
	    1, 16384);
	assert_in_range(door->body_max(door->context, "POST", "/v1/restore", &web->peers[NAS]), 1,
	    262144);
	assert_true(
	    door->body_max(door->context, "POST", "/v1/restore", &web->peers[BOSS]) > 262144);
}

/* --- what is seen --- */

static void
a_key_sees_what_is_its_own(void **state)
{
	struct web *web = *state;

	register_some(web);
	expect_as(web, 200, NAS, "GET", "/v1/names", "");
	assert_int_equal(json_array_size(json_object_get(web->site->json, "names")), 1);
	expect_at(web, "names.0.name", "\"nas.home.arpa\"");
	expect_as(web, 200, NAS, "GET", "/v1/names/nas", "");
	expect_as(web, 404, NAS, "GET", "/v1/names/desk", "");
	expect_as(web, 404, NAS, "GET", "/v1/names/nobody", "");
	expect_as(web, 403, NAS, "GET", "/v1/leases", "");
	expect_error(web->site, "its own names", "look");
	expect_as(web, 403, NAS, "GET", "/v1/zones/home.arpa", "");
	expect_as(web, 200, NAS, "GET", "/v1/zones", "");
	/* A name that became its own by somebody's gift is seen without a grant. */
	web->principals[NAS].identity = "@other";
	expect_as(web, 200, NAS, "GET", "/v1/names?limit=1", "");
	expect_at(web, "names.0.name", "\"box.home.arpa\"");
	expect_at(web, "next", "\"box.home.arpa\"");
	expect_as(web, 200, NAS, "GET", "/v1/names?limit=1&after=box.home.arpa", "");
	expect_at(web, "names.0.name", "\"nas.home.arpa\"");
	expect_at(web, "next", "null");
}

static void
whether_a_name_of_another_exists_is_not_told(void **state)
{
	static const char *const methods[] = { "GET", "PUT", "POST", "DELETE" };
	struct web *web = *state;
	char there[4096];

	register_some(web);
	for (size_t i = 0; i < 4; i++) {
		const char *body = i == 1 || i == 2 ? "{\"addresses\":[\"192.0.2.9\"]}" : "";

		assert_int_equal(ask_as(web, NAS, methods[i], "/v1/names/desk", body),
		    i == 0 ? 404 : 403);
		(void)snprintf(there, sizeof(there), "%s", web->site->exchange.answer.data);
		assert_int_equal(ask_as(web, NAS, methods[i], "/v1/names/dosk", body),
		    i == 0 ? 404 : 403);
		memcpy(strstr(there, "desk"), "dosk", 4);
		if (strstr(there, "desk") != NULL)
			memcpy(strstr(there, "desk"), "dosk", 4);
		assert_string_equal(there, web->site->exchange.answer.data);
	}
}

static void
which_zone_has_a_short_name_is_not_told(void **state)
{
	struct web *web = *state;
	struct served *served = &web->site->served;

	served_add_zone(served, "lab.example");
	assert_int_equal(service_set_zones(served->service, served->zones, served->zone_count),
	    STATUS_OK);
	expect_ask(web->site, 201, ADMIN, "PUT", "/v1/names/desk.lab.example",
	    "{\"addresses\":[\"192.0.2.1\"]}");
	expect_as(web, 403, NAS, "DELETE", "/v1/names/desk", "");
	expect_error(web->site, "covers desk", "{\\\"desk.home.arpa A AAAA\\\"}");
	expect_as(web, 403, NAS, "DELETE", "/v1/names/desk.lab.example", "");
	expect_error(web->site, "covers desk.lab.example", "{\\\"desk.lab.example A AAAA\\\"}");
}

static void
who_may_look_sees_all_and_changes_nothing_more(void **state)
{
	struct web *web = *state;

	register_some(web);
	for (enum caller caller = BOSS; caller <= GUEST; caller++) {
		expect_as(web, 200, caller, "GET", "/v1/names?zone=home.arpa&owner=chief", "");
		expect_at(web, "names.0.name", "\"desk.home.arpa\"");
		expect_as(web, 200, caller, "GET", "/v1/leases", "");
		expect_as(web, 200, caller, "GET", "/v1/zones/home.arpa", "");
		assert_non_null(strstr(web->site->exchange.answer.data, "192.0.2.1"));
	}
	expect_as(web, 403, LOOKER, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.9\"]}");
	expect_error(web->site, "no grant of looker covers desk", "desk.home.arpa A AAAA");
	expect_as(web, 403, LOOKER, "GET", "/v1/keys", "");
	expect_error(web->site, "administrators", "key block");
	assert_null(strstr(at(web->site, "hint"), "peer block"));
	expect_as(web, 401, GUEST, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.9\"]}");
	expect_as(web, 401, GUEST, "GET", "/v1/keys", "");
}

static void
leases_are_told_by_administrators_alone(void **state)
{
	static const char lease[] =
	    "{\"action\":\"add\",\"address\":\"192.0.2.17\",\"hardware\":\"02:00:00:00:00:01\","
	    "\"name\":\"tv\"}";
	struct web *web = *state;

	expect_as(web, 403, LOOKER, "POST", "/v1/leases", lease);
	expect_as(web, 200, BOSS, "POST", "/v1/leases", lease);
	/* To have a name with that address is no way to learn who holds it. */
	expect_as(web, 201, NAS, "PUT", "/v1/names/nas", "{\"addresses\":[\"192.0.2.17\"]}");
	expect_at(web, "leases", "[]");
	expect_as(web, 200, LOOKER, "GET", "/v1/names/nas", "");
	expect_at(web, "leases.0.hardware", "\"02:00:00:00:00:01\"");
}

static void
paths_and_problems_are_for_administrators(void **state)
{
	struct web *web = *state;

	for (enum caller caller = NAS; caller <= GUEST; caller++) {
		bool is_told = caller == BOSS;

		expect_as(web, 200, caller, "GET", "/v1/status", "");
		expect_at(web, "configuration.file", is_told ? "\"/etc/ddnsd.conf\"" : "\"\"");
		expect_at(web, "database.file", is_told ? "\"/var/db\"" : "\"\"");
		expect_at(web, "user", is_told ? "\"ddnsd\"" : "\"\"");
		assert_int_equal(strcmp(at(web->site, "pid"), "0") != 0, is_told);
		assert_int_equal(strstr(at(web->site, "leases.error"), "not there") != NULL,
		    is_told);
		assert_string_not_equal(at(web->site, "leases.error"), "\"\"");
		assert_int_equal(strstr(web->site->exchange.answer.data, web->keys) != NULL,
		    is_told);
	}
	expect_as(web, 200, NAS, "GET", "/v1/status", "");
	expect_at(web, "you", "{\"admin\":false,\"identity\":\"nas\"}");
}

/* --- events --- */

static void
a_stream_tells_what_its_reader_may_see(void **state)
{
	struct web *web = *state;
	struct site *site = web->site;
	struct http_exchange own;
	struct http_exchange all;

	register_some(web);
	site->as = &web->peers[NAS];
	begin(site, &own, NOBODY, "GET", "/v1/events", "");
	site->as = &web->peers[GUEST];
	begin(site, &all, NOBODY, "GET", "/v1/events", "");
	site->as = NULL;
	expect_as(web, 200, BOSS, "PUT", "/v1/names/desk", "{\"addresses\":[\"192.0.2.8\"]}");
	assert_null(strstr(own.answer.data, "desk"));
	assert_non_null(strstr(all.answer.data, "desk"));
	expect_as(web, 204, NAS, "DELETE", "/v1/names/nas", "");
	assert_non_null(strstr(own.answer.data, "nas.home.arpa"));
	/* What it had without a grant, and has no more. */
	web->principals[NAS].identity = "@other";
	expect_ask(site, 204, ADMIN, "DELETE", "/v1/names/box", "");
	assert_non_null(strstr(own.answer.data, "box.home.arpa"));
	/* A reload takes its principal away, before the server ends it. */
	own.peer.principal = NULL;
	expect_as(web, 201, BOSS, "PUT", "/v1/names/nas", "{\"addresses\":[\"192.0.2.8\"]}");
	assert_null(strstr(own.answer.data, "192.0.2.8"));
	end(site, &own);
	end(site, &all);
}

/* What waits for a commit while a reload takes rights away is judged by what is left. */
static void
who_may_look_no_more_when_the_turn_ends_sees_nothing(void **state)
{
	struct web *web = *state;
	struct site *site = web->site;
	struct http_exchange change;
	struct http_exchange stream;

	site->as = &web->peers[NAS];
	begin(site, &change, NOBODY, "PUT", "/v1/names/nas", "{\"addresses\":[\"192.0.2.8\"]}");
	site->as = &web->peers[GUEST];
	begin(site, &stream, NOBODY, "GET", "/v1/events", "");
	site->as = NULL;
	assert_true(stream.is_waiting);
	stream.peer = web->peers[STRANGER];
	finish(site, &stream, service_commit(site->served.service));
	assert_false(stream.is_stream);
	assert_int_equal(stream.code, 401);
	finish(site, &change, STATUS_OK);
	end(site, &stream);
	end(site, &change);
}

/* --- keys --- */

static void
expect_no_file(struct web *web)
{
	DIR *list = opendir(web->keys);
	struct dirent *entry;

	while (list != NULL && (entry = readdir(list)) != NULL)
		assert_int_equal(entry->d_name[0], '.');
	if (list != NULL)
		(void)closedir(list);
}

/* The reload that was asked for is over. */
static unsigned
reloaded(struct web *web, enum status status)
{
	struct site *site = web->site;
	const struct http_site *door = api_site(site->api);
	struct buffer lines;

	buffer_init(&lines, 1024);
	(void)buffer_append_text(&lines, "ddnsd.conf:3: no such option\n");
	api_reloaded(site->api, status, &lines, NULL);
	buffer_release(&lines);
	door->finish(door->context, &site->exchange, STATUS_OK);
	if (site->exchange.type != NULL)
		site->json = json_loads(site->exchange.answer.data, 0, NULL);
	return site->exchange.code;
}

static void
read_made(struct web *web, const char *name, char text[static 4096])
{
	char path[PATH_MAX];
	struct stat about;
	FILE *file;
	size_t length;

	(void)snprintf(path, sizeof(path), "%.3000s/%s", web->keys, name);
	assert_int_equal(stat(path, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0600);
	assert_int_equal(stat(web->keys, &about), 0);
	assert_int_equal(about.st_mode & 07777, 0700);
	file = fopen(path, "re");
	assert_non_null(file);
	length = fread(text, 1, 4095, file);
	text[length] = '\0';
	(void)fclose(file);
}

static void
a_key_is_made_and_told_once_it_is_in_force(void **state)
{
	struct web *web = *state;
	struct site *site = web->site;
	char file[4096];
	uint8_t bytes[64];
	size_t size;

	assert_int_equal(ask_as(web, BOSS, "POST", "/v1/keys",
			     "{\"name\":\"TV\",\"allow\":[\"self A AAAA\",\"LOOK\"],"
			     "\"from\":[\"192.0.2.0/24\"]}"),
	    0);
	assert_int_equal(site->reloads, 1);
	read_made(web, "tv.conf", file);
	assert_non_null(strstr(file, "key \"tv\" {"));
	assert_non_null(strstr(file, "algorithm = \"hmac-sha256\""));
	assert_non_null(strstr(file, "allow = {\"self A AAAA\", \"look\"}"));
	assert_non_null(strstr(file, "from = {\"192.0.2.0/24\"}"));
	assert_null(strstr(file, "admin"));
	add_key(site, "tv", false);
	assert_int_equal(reloaded(web, STATUS_OK), 201);
	expect_at(web, "name", "\"tv\"");
	expect_at(web, "allow", "[\"self A AAAA\",\"look\"]");
	assert_int_equal(base64_decode(json_string_value(json_object_get(site->json, "secret")),
			     bytes, sizeof(bytes), &size),
	    STATUS_OK);
	assert_int_equal(size, 32);
	assert_non_null(strstr(file, json_string_value(json_object_get(site->json, "secret"))));
	expect_as(web, 200, BOSS, "GET", "/v1/keys", "");
	expect_at(web, "keys.2.name", "\"tv\"");
	expect_at(web, "keys.2.made", "true");
	expect_at(web, "keys.0.made", "false");
	expect_as(web, 409, BOSS, "POST", "/v1/keys", "{\"name\":\"tv\",\"allow\":[\"self\"]}");
}

static void
a_secret_is_as_long_as_its_hash(void **state)
{
	static const struct {
		const char *algorithm;
		size_t size;
	} hashes[] = { { "hmac-sha224", 28 }, { "hmac-sha384", 48 }, { "hmac-sha512", 64 } };
	struct web *web = *state;
	char text[128];
	uint8_t bytes[64];
	size_t size;

	for (size_t i = 0; i < 3; i++) {
		(void)snprintf(text, sizeof(text),
		    "{\"name\":\"k%zu\",\"algorithm\":\"%s\",\"allow\":[\"self\"]}", i,
		    hashes[i].algorithm);
		assert_int_equal(ask_as(web, BOSS, "POST", "/v1/keys", text), 0);
		(void)snprintf(text, sizeof(text), "k%zu", i);
		add_key(web->site, text, false);
		assert_int_equal(reloaded(web, STATUS_OK), 201);
		assert_int_equal(base64_decode(json_string_value(
						   json_object_get(web->site->json, "secret")),
				     bytes, sizeof(bytes), &size),
		    STATUS_OK);
		assert_int_equal(size, hashes[i].size);
	}
}

static void
a_key_that_cannot_be_is_told_why(void **state)
{
	static const struct {
		const char *body;
		const char *error;
	} bodies[] = {
		{ "{}", "name" },
		{ "{\"name\":\"\",\"allow\":[\"self\"]}", "no name" },
		{ "{\"name\":\"a/b\",\"allow\":[\"self\"]}", "a/b" },
		{ "{\"name\":\"../b\",\"allow\":[\"self\"]}", "../b" },
		{ "{\"name\":\".b\",\"allow\":[\"self\"]}", ".b" },
		{ "{\"name\":\"-b\",\"allow\":[\"self\"]}", "-b" },
		{ "{\"name\":\"a\\\"b\",\"allow\":[\"self\"]}", "no name" },
		{ "{\"name\":\"a\\nb\",\"allow\":[\"self\"]}", "no name" },
		{ "{\"name\":\"@admin\",\"allow\":[\"self\"]}", "@admin" },
		{ "{\"name\":\"x\",\"allow\":[]}", "nothing" },
		{ "{\"name\":\"x\"}", "nothing" },
		{ "{\"name\":\"x\",\"allow\":\"self\"}", "allow" },
		{ "{\"name\":\"x\",\"allow\":[1]}", "no text" },
		{ "{\"name\":\"x\",\"allow\":[\"self NONSENSE\"]}", "NONSENSE" },
		{ "{\"name\":\"x\",\"allow\":[\"lease\"]}", "no zone" },
		{ "{\"name\":\"x\",\"allow\":[\"desk.example.net A\"]}", "no zone" },
		{ "{\"name\":\"x\",\"allow\":[\"zone example.net\"]}", "no zone" },
		{ "{\"name\":\"x\",\"allow\":[\"*.example.net\"]}", "no zone" },
		{ "{\"name\":\"x\",\"allow\":[\"self\\\"} admin = true #\"]}", "only" },
		{ "{\"name\":\"x\",\"allow\":[\"self\"],\"from\":[\"192.0.2.1/8\"]}", "network" },
		{ "{\"name\":\"x\",\"allow\":[\"self\"],\"algorithm\":\"hmac-md5\"}", "hmac-md5" },
		{ "{\"name\":\"x\",\"allow\":[\"self\"],\"admin\":true}", "admin" },
	};
	struct web *web = *state;
	struct site *site = web->site;

	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		expect_as(web, 400, BOSS, "POST", "/v1/keys", bodies[i].body);
		if (strstr(at(site, "error"), bodies[i].error) == NULL)
			fail_msg("%s: %s", bodies[i].body, site->exchange.answer.data);
	}
	expect_as(web, 409, BOSS, "POST", "/v1/keys", "{\"name\":\"Laptop\",\"allow\":[\"self\"]}");
	expect_as(web, 403, LOOKER, "POST", "/v1/keys", "{\"name\":\"x\",\"allow\":[\"self\"]}");
	expect_as(web, 401, GUEST, "POST", "/v1/keys", "{\"name\":\"x\",\"allow\":[\"self\"]}");
	assert_int_equal(site->reloads, 0);
	expect_no_file(web);
}

static void
a_folder_that_cannot_be_is_named(void **state)
{
	struct web *web = *state;
	static const char body[] = "{\"name\":\"x\",\"allow\":[\"self\"]}";
	struct api_facts facts = { .made_keys_directory = "" };
	char path[PATH_MAX];

	api_set_facts(web->site->api, &facts);
	expect_as(web, 403, BOSS, "POST", "/v1/keys", body);
	expect_error(web->site, "made-keys-directory", "ddnsctl key new");
	facts.made_keys_directory = folder_entry(&web->folder, "missing/keys.d", path);
	api_set_facts(web->site->api, &facts);
	expect_as(web, 503, BOSS, "POST", "/v1/keys", body);
	expect_error(web->site, "x", "made-keys-directory");
	/* Nobody is led elsewhere. */
	assert_int_equal(symlink(".", folder_entry(&web->folder, "link", path)), 0);
	facts.made_keys_directory = path;
	api_set_facts(web->site->api, &facts);
	expect_as(web, 503, BOSS, "POST", "/v1/keys", body);
}

static void
a_key_that_does_not_come_into_force_is_taken_back(void **state)
{
	struct web *web = *state;
	static const char body[] = "{\"name\":\"x\",\"allow\":[\"self\"]}";

	assert_int_equal(ask_as(web, BOSS, "POST", "/v1/keys", body), 0);
	assert_int_equal(reloaded(web, STATUS_MALFORMED), 409);
	expect_error(web->site, "nothing was changed", "ddnsd -n");
	expect_at(web, "errors", "[\"ddnsd.conf:3: no such option\"]");
	expect_no_file(web);
	/* Nor one that a reload does not bring. */
	assert_int_equal(ask_as(web, BOSS, "POST", "/v1/keys", body), 0);
	assert_int_equal(reloaded(web, STATUS_OK), 409);
	expect_no_file(web);
	/* Nor one whose secret nobody is there to hear. */
	assert_int_equal(ask_as(web, BOSS, "POST", "/v1/keys", body), 0);
	forget_answer(web->site);
	expect_no_file(web);
}

static void
a_key_that_was_made_can_be_ended(void **state)
{
	struct web *web = *state;
	char path[PATH_MAX];

	assert_int_equal(mkdir(web->keys, 0700), 0);
	(void)folder_entry(&web->folder, "keys.d/tv.conf", path);
	folder_write(&web->folder, "keys.d/tv.conf", "key \"tv\" {}\n");
	expect_as(web, 404, BOSS, "DELETE", "/v1/keys/nobody", "");
	expect_as(web, 400, BOSS, "DELETE", "/v1/keys/..%2Ftv", "");
	expect_as(web, 409, BOSS, "DELETE", "/v1/keys/laptop", "");
	expect_error(web->site, "laptop", "ddnsctl key revoke laptop");
	expect_as(web, 403, NAS, "DELETE", "/v1/keys/tv", "");
	assert_int_equal(web->site->reloads, 0);
	assert_int_equal(ask_as(web, BOSS, "DELETE", "/v1/keys/TV", ""), 0);
	assert_int_equal(web->site->reloads, 1);
	expect_no_file(web);
	assert_int_equal(reloaded(web, STATUS_OK), 204);
	/* While there are errors elsewhere, what is in memory goes on. */
	folder_write(&web->folder, "keys.d/tv.conf", "key \"tv\" {}\n");
	assert_int_equal(ask_as(web, BOSS, "DELETE", "/v1/keys/tv", ""), 0);
	assert_int_equal(reloaded(web, STATUS_MALFORMED), 409);
	expect_error(web->site, "stays in force", "mend");
	expect_no_file(web);
}

#define web_test(name) cmocka_unit_test_setup_teardown(name, open_web, close_web)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		web_test(what_became_of_a_login_is_told_first),
		web_test(who_says_nothing_is_asked_for_a_key),
		web_test(a_strangers_body_is_not_kept),
		web_test(a_key_sees_what_is_its_own),
		web_test(whether_a_name_of_another_exists_is_not_told),
		web_test(which_zone_has_a_short_name_is_not_told),
		web_test(who_may_look_sees_all_and_changes_nothing_more),
		web_test(leases_are_told_by_administrators_alone),
		web_test(paths_and_problems_are_for_administrators),
		web_test(a_stream_tells_what_its_reader_may_see),
		web_test(who_may_look_no_more_when_the_turn_ends_sees_nothing),
		web_test(a_key_is_made_and_told_once_it_is_in_force),
		web_test(a_secret_is_as_long_as_its_hash),
		web_test(a_key_that_cannot_be_is_told_why),
		web_test(a_folder_that_cannot_be_is_named),
		web_test(a_key_that_does_not_come_into_force_is_taken_back),
		web_test(a_key_that_was_made_can_be_ended),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
