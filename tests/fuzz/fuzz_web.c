/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole connection to the HTTP door of TCP, as octets: log-in, guards, dyndns, the API, the metrics and
 * the page, with the service behind them and a commit at the end of each turn.
 *
 * The first octet of an input says how long the pieces are in which the others come (0 = all at once);
 * the second holds flags; after each so many turns as the third says, keys are exchanged (0 = never); the
 * fourth says where the client is. In the rest marks stand for credentials (credentials.h),
 * "<#>" for the length of the next body, which ends at "<.>" or with the input.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "doors/dyndns.h"
#include "doors/listen.h"
#include "doors/monitor.h"
#include "doors/page.h"
#include "doors/web.h"
#include "registry/registry.h"
#include "service/service.h"

#include "api_world.h"
#include "credentials.h"
#include "quiet_log.h"
#include "talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 16384,
	OCTETS_MAX = 8 * INPUT_MAX,
	SETTINGS = 4,
	IDLE_MS = 60000,
	LEASE_S = 3600,
	HOUR_S = 3600,
	HOURS = 10,

	/* Flags. */
	FAILS = 1,         /* no commit goes well */
	IN_URLS = 2,       /* secrets may stand in URLs */
	REDIRECTS = 4,     /* there is a certificate, and this is the plain port beside it */
	KEYS_GO = 8,       /* with the first exchange there are no keys any more */
	HAS_NO_LEASE = 16, /* what comes by URL has the zone's lease */
	EXPIRES = 32,      /* keys stay; an hour passes in their stead */
};

/* The first is a proxy too, the second may read all names, the last the metrics. */
static const char *const places[] = { "127.0.0.1", "198.51.100.7", "2001:db8::7", "192.0.2.77" };

enum { PROXY, LOOKER, STRANGER, MEASURER, PLACES };

static struct api_world all;
static struct dyndns *dyndns;
static struct monitor *monitor;
static struct web *web;
static int listening;
static unsigned flags;
static unsigned place;
static unsigned reload_turns;
static unsigned turns;
static bool has_passed; /* time, by which names expire */
static bool has_copy;   /* a copy of the database was sent, which is no text */
static bool has_lost_keys;
static bool is_said[WORLD_KEYS]; /* the key's secret is among what the client says */

/* What was registered when the input began, and what is now. */
static struct buffer before;
static struct buffer after;

/* --- in the place of doors/listen.c and of the kernel --- */

enum status
listen_open(enum listen_kind kind, const struct endpoint *at, int *ret_socket,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	(void)at;
	(void)ret_problem;
	expect(kind == LISTEN_TCP);
	listening = talk_listen();
	*ret_socket = listening;
	return STATUS_OK;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with "__". */
int
getpeername(int connection, __SOCKADDR_ARG address, socklen_t *length)
{
	struct endpoint from = { .port = 4711 };
	struct sockaddr_storage storage;
	socklen_t size;

	(void)connection;
	expect(address_from_text(places[place], &from.address) == STATUS_OK);
	size = endpoint_to_sockaddr(&from, &storage);
	expect(size <= *length);
	memcpy(address.__sockaddr__, &storage, size);
	*length = size;
	return 0;
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* memmem() would tell a fuzzer what is looked for. */
static bool
is_in(const char *octets, size_t length, const char *text)
{
	size_t size = strlen(text);
	const char *end;

	if (length == 0)
		return false;
	end = octets + length;
	while ((octets = memchr(octets, text[0], (size_t)(end - octets))) != NULL) {
		size_t same = 1;

		while (same < size && octets + same < end && octets[same] == text[same])
			same++;
		if (same == size)
			return true;
		octets++;
	}
	return false;
}

/* --- what marks stand for --- */

/* What follows the next empty line, up to "<.>". */
static size_t
body_length(const uint8_t *data, size_t size)
{
	const uint8_t *body = memmem(data, size, "\r\n\r\n", 4);
	const uint8_t *end;

	if (body == NULL)
		return 0;
	body += 4;
	end = memmem(body, (size_t)(data + size - body), "<.>", 3);
	return (size_t)((end != NULL ? end : data + size) - body);
}

/* False: it is no mark. */
static bool
append_mark(const uint8_t *data, size_t size, struct buffer *octets)
{
	enum world_key key;

	if (credentials_append_mark(data, size, octets, &key)) {
		is_said[key] = true;
		return true;
	}
	if (size < CREDENTIALS_MARK_SIZE || data[0] != '<' || data[2] != '>')
		return false;
	if (data[1] == '#')
		(void)buffer_format(octets, "%zu", body_length(data, size));
	return data[1] == '#' || data[1] == '.';
}

static void
expand(const uint8_t *data, size_t size, struct buffer *octets)
{
	char secret[CREDENTIALS_SECRET_SIZE];

	memset(is_said, 0, sizeof(is_said));
	for (size_t i = 0; i < size;) {
		if (append_mark(data + i, size - i, octets)) {
			i += CREDENTIALS_MARK_SIZE;
		} else {
			(void)buffer_append(octets, data + i, 1);
			i++;
		}
	}
	for (enum world_key key = 0; key < WORLD_KEYS; key++)
		is_said[key] |= is_in(octets->data, octets->length,
		    credentials_secret(key, secret));
}

/* --- what is always true --- */

/* Who is nobody changes nothing, and what cannot be stored is not kept. */
static void
check_turn(bool was_dirty, enum status status)
{
	if (has_passed)
		return;
	expect(!was_dirty || (!has_lost_keys && (is_said[WORLD_ADMIN] || is_said[WORLD_LAPTOP])));
	if (status == STATUS_OK)
		return;
	world_serialise(&all.world, &after);
	expect(after.length == before.length && memcmp(after.data, before.data, after.length) == 0);
}

/* A secret that nobody has sent is told nobody. */
static void
check_secrets(const char *octets, size_t length)
{
	char secret[CREDENTIALS_SECRET_SIZE];

	for (enum world_key key = 0; key < WORLD_KEYS; key++)
		expect(is_said[key] || !is_in(octets, length, credentials_secret(key, secret)));
}

void
quiet_log_look(const char *line, size_t length)
{
	check_secrets(line, length);
}

/*
 * Whatever was sent, no answer can end a line where ddnsd did not, or reach a terminal's controls; it holds
 * names only for who may look.
 */
static void
check_octets(const char *octets, size_t length)
{
	bool may_look = is_said[WORLD_ADMIN] || place == LOOKER || place == PROXY;

	if (is_in(octets, length, "Content-Type: application/vnd.sqlite3\r\n"))
		has_copy = true;
	expect(!has_copy || is_said[WORLD_ADMIN]);
	for (size_t i = 0; i < length && !has_copy; i++)
		expect((unsigned char)octets[i] >= ' ' || strchr("\t\r\n", octets[i]) != NULL);
	expect(may_look || !is_in(octets, length, WORLD_HIDDEN_TEXT));
	check_secrets(octets, length);
}

/* --- turns --- */

/* As the daemon's: what waits has been answered, and nobody who was known is any more. */
static void
reload(void)
{
	bool has_keys = (flags & KEYS_GO) == 0;

	world_replace_keys(&all.world, has_keys);
	web_forget_peers(web);
	has_lost_keys |= !has_keys;
	api_world_answer_reload(&all, (flags & FAILS) != 0);
	web_flush(web, STATUS_OK);
}

static void
pass(int64_t seconds)
{
	has_passed = true;
	world_pass(&all.world, seconds);
}

static void
pass_time(void)
{
	pass(2 * IDLE_MS / 1000);
}

static void
end_turn(void *context)
{
	bool was_dirty = service_is_dirty(all.world.service);
	enum status status = api_world_commit(&all, (flags & FAILS) != 0);
	bool is_time;

	(void)context;
	check_turn(was_dirty, status);
	web_flush(web, status);
	publisher_notice(all.publisher);
	api_turn_ended(all.api);
	turns++;
	is_time = reload_turns > 0 && turns % reload_turns == 0;
	if (all.is_reload_asked || (is_time && (flags & EXPIRES) == 0))
		reload();
	else if (is_time && turns / reload_turns < HOURS)
		pass(HOUR_S);
}

/* --- life --- */

static struct network
to_network(const char *text)
{
	struct network network;

	expect(network_from_text(text, &network) == STATUS_OK);
	return network;
}

static void
listen_and_serve(void)
{
	char problem[LISTEN_PROBLEM_MAX];
	struct web_options options = {
		.listen_count = 1,
		.secrets_in_urls = (flags & IN_URLS) != 0,
		.look = { to_network(places[LOOKER]) },
		.look_count = 1,
		.metrics = { to_network(places[MEASURER]) },
		.metrics_count = 1,
		.proxies = { to_network(places[PROXY]) },
		.proxy_count = 1,
		.connections_max = 2,
		.connections_per_source = 2,
		.idle_ms = IDLE_MS,
	};

	expect(endpoint_from_text("192.0.2.1:8053", &options.listen[0]) == STATUS_OK);
	expect(web_listen(web, &options, problem) == STATUS_OK);
	web_start(web);
	if ((flags & REDIRECTS) == 0)
		return;
	/* The socket stays with the plain server, as that of a redirector does. */
	options.certificate[0] = '/';
	expect(web_listen(web, &options, problem) == STATUS_OK);
}

static void
build(void)
{
	/* A folder that cannot be: what is asked for is looked at whole, and nothing is written. */
	const struct api_facts facts = {
		.config_file = "c",
		.keys_directory = "",
		.made_keys_directory = "/proc/ddnsd-keys",
		.database = "d",
	};
	struct web_sites sites = { .page = page_site() };

	api_world_build(&all);
	api_set_facts(all.api, &facts);
	dyndns = dyndns_new(all.world.service);
	monitor = monitor_new(all.world.service);
	expect(dyndns != NULL && monitor != NULL);
	dyndns_set_lease(dyndns, (flags & HAS_NO_LEASE) == 0, LEASE_S);
	sites.api = api_site(all.api);
	sites.dyndns = dyndns_site(dyndns);
	sites.monitor = monitor_site(monitor);
	web = web_new(all.world.loop, all.world.service, &sites);
	expect(web != NULL);
	monitor_attach_web(monitor, web);
	monitor_attach_dns(monitor, all.world.dns);
	loop_at_turn_end(all.world.loop, end_turn, NULL);
	listen_and_serve();
}

static void
release(void)
{
	web_free(web);
	monitor_free(monitor);
	dyndns_free(dyndns);
	api_world_release(&all);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talk client = { .pass_time = pass_time, .hear = check_octets };
	struct buffer octets;

	if (size <= SETTINGS || size > INPUT_MAX)
		return 0;
	flags = data[1];
	reload_turns = data[2];
	place = data[3] % PLACES;
	turns = 0;
	has_passed = false;
	has_copy = false;
	has_lost_keys = false;
	buffer_init(&octets, OCTETS_MAX);
	expand(data + SETTINGS, size - SETTINGS, &octets);
	build();
	client.loop = all.world.loop;
	world_serialise(&all.world, &before);
	talk(&client, listening, data[0], (const uint8_t *)octets.data, octets.length);
	/* The administrator may give others what they may not make. */
	if (!is_said[WORLD_ADMIN])
		world_check(&all.world);
	expect(registry_names(all.world.registry) <= WORLD_NAMES);
	release();
	buffer_release(&octets);
	return 0;
}
