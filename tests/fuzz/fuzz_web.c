/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Whole connections to the HTTP door of TCP, as octets: log-in, guards, dyndns, the API, the metrics and
 * the page, with the service behind them and a commit at the end of each turn.
 *
 * The first octet of an input says how long the pieces are in which the others come (0 = all at once);
 * the second holds flags; after each so many turns as the third says, keys are exchanged (0 = never); the
 * fourth says where the clients are, two bits each, and has two flags more. In the rest marks stand for credentials
 * (credentials.h), "<k>" for the secret of a key that the API makes, "<#>" for the length of the next body,
 * which ends at "<.>" or with the input; "<0>", "<1>", "<2>" have that client go on.
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
#include "made_keys.h"
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
	CHANGES = 64,      /* with the keys other options come, in three variants */
	SLOW = 128,        /* the clients read little and seldom */

	/* Of the fourth octet. */
	PUBLISHES = 64,    /* into a folder that is not there */
	HAS_NO_ROOM = 128, /* no key can be written */

	VARIANTS = 3,
	PARTS_MAX = 64,
	TAIL = 64, /* of what was heard before, so that nothing is missed between two pieces */
	HEARD_MAX = 65536,
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
static unsigned whereabouts;
static unsigned variant;
static bool has_been_looker[PLACES];
static unsigned reload_turns;
static unsigned turns;
static bool has_passed;              /* time, by which names expire */
static bool has_copy[TALK_CLIENTS];  /* a copy of the database was sent */
static bool is_binary[TALK_CLIENTS]; /* that, or a file of the page, compressed */
static bool has_lost_keys;
static bool is_said[WORLD_KEYS]; /* the key's secret is among what the clients say */
static bool is_made_said;        /* as is that of a key that was made */

static struct talk_part parts[PARTS_MAX];
static size_t part_count;

/* The last that a client was told. */
struct heard {
	char octets[TAIL + HEARD_MAX];
	size_t length;
};
static struct heard heard[TALK_CLIENTS];

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

static unsigned
place_of(unsigned client)
{
	return (whereabouts >> 2 * client) % PLACES;
}

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): glibc's begin with "__". */
int
getpeername(int connection, __SOCKADDR_ARG address, socklen_t *length)
{
	struct endpoint from = { .port = 4711 };
	const int little = 1;
	struct sockaddr_storage storage;
	socklen_t size;

	if ((flags & SLOW) != 0)
		(void)setsockopt(connection, SOL_SOCKET, SO_SNDBUF, &little, sizeof(little));
	expect(address_from_text(places[place_of(talk_client_of(connection))], &from.address) ==
	    STATUS_OK);
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

/* From here on that client speaks. */
static void
begin_part(unsigned client, const struct buffer *octets)
{
	if (part_count == PARTS_MAX)
		return;
	/* Where they begin, for now: they may move. */
	parts[part_count++] = (struct talk_part){ .client = client, .size = octets->length };
}

static void
end_parts(const struct buffer *octets)
{
	size_t end = octets->length;

	/* There is no memory then, nor anything to say. */
	if (end == 0)
		part_count = 0;
	for (size_t i = part_count; i-- > 0;) {
		size_t begin = parts[i].size;

		parts[i].octets = (const uint8_t *)octets->data + begin;
		parts[i].size = end - begin;
		end = begin;
	}
}

/* False: it is no mark. */
static bool
append_mark(const uint8_t *data, size_t size, struct buffer *octets)
{
	char secret[MADE_KEYS_SECRET_TEXT];
	enum world_key key;

	if (credentials_append_mark(data, size, octets, &key)) {
		is_said[key] = true;
		return true;
	}
	if (size < CREDENTIALS_MARK_SIZE || data[0] != '<' || data[2] != '>')
		return false;
	if (data[1] == '#')
		(void)buffer_format(octets, "%zu", body_length(data, size));
	else if (data[1] == 'k')
		(void)buffer_append_text(octets, made_keys_secret(secret));
	else if (data[1] >= '0' && data[1] < '0' + TALK_CLIENTS)
		begin_part(data[1] - '0', octets);
	else
		return data[1] == '.';
	return true;
}

static void
expand(const uint8_t *data, size_t size, struct buffer *octets)
{
	char secret[CREDENTIALS_SECRET_SIZE];

	memset(is_said, 0, sizeof(is_said));
	part_count = 0;
	begin_part(0, octets);
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
	is_made_said = is_in(octets->data, octets->length, made_keys_secret(secret));
	end_parts(octets);
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
	char secret[MADE_KEYS_SECRET_TEXT];

	check_secrets(line, length);
	expect(is_made_said || !is_in(line, length, made_keys_secret(secret)));
}

static const char *
hear(unsigned client, const char *octets, size_t length, size_t *ret_length)
{
	struct heard *all_heard = &heard[client];
	size_t kept = all_heard->length < TAIL ? all_heard->length : TAIL;

	expect(length <= HEARD_MAX);
	memmove(all_heard->octets, all_heard->octets + all_heard->length - kept, kept);
	memcpy(all_heard->octets + kept, octets, length);
	all_heard->length = kept + length;
	*ret_length = all_heard->length;
	return all_heard->octets;
}

/*
 * Whatever was sent, no answer can end a line where ddnsd did not, or reach a terminal's controls; it holds
 * names only for who may look.
 */
static void
check_octets(unsigned client, const char *new_octets, size_t new_length)
{
	unsigned place = place_of(client);
	bool may_look = is_said[WORLD_ADMIN] || place == PROXY || has_been_looker[place];
	char secret[MADE_KEYS_SECRET_TEXT];
	size_t length;
	const char *octets = hear(client, new_octets, new_length, &length);

	has_copy[client] |= is_in(octets, length, "Content-Type: application/vnd.sqlite3\r\n");
	expect(!has_copy[client] || is_said[WORLD_ADMIN]);
	is_binary[client] |= has_copy[client] ||
	    is_in(octets, length, "Content-Encoding: gzip\r\n");
	for (size_t i = 0; i < length && !is_binary[client]; i++)
		expect((unsigned char)octets[i] >= ' ' || strchr("\t\r\n", octets[i]) != NULL);
	expect(may_look || !is_in(octets, length, WORLD_HIDDEN_TEXT));
	check_secrets(octets, length);
	expect(is_said[WORLD_ADMIN] || is_made_said ||
	    !is_in(octets, length, made_keys_secret(secret)));
}

/* --- turns --- */

static void set_options(void);

/* As the daemon's: what waits has been answered, and nobody who was known is any more. */
static void
reload(void)
{
	bool has_keys = (flags & KEYS_GO) == 0;

	/* One that was asked for, of files that have errors, changes nothing. */
	if (!all.is_reload_asked || (flags & FAILS) == 0) {
		api_world_replace_keys(&all, has_keys);
		has_lost_keys |= !has_keys;
		variant = (flags & CHANGES) != 0 ? (variant + 1) % VARIANTS : 0;
		set_options();
		web_forget_peers(web);
	}
	api_world_answer_reload(&all, (flags & FAILS) != 0);
	web_flush(web, STATUS_OK);
	web_send(web);
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
	web_send(web);
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

/* At first the looker may look; then somebody else, more can be said in URLs, and nobody speaks for others. */
static struct web_options
make_options(void)
{
	unsigned looker = variant == 0 ? LOOKER : STRANGER;
	struct web_options options = {
		.listen_count = 1,
		.secrets_in_urls = ((flags & IN_URLS) != 0) != (variant > 0),
		.look = { to_network(places[looker]) },
		.look_count = 1,
		.metrics = { to_network(places[MEASURER]) },
		.metrics_count = variant == 0 ? 1 : 0,
		.proxies = { to_network(places[PROXY]) },
		.proxy_count = variant == 0 ? 1 : 0,
		.connections_max = variant == 0 ? 2 : 1,
		.connections_per_source = 2,
		.idle_ms = variant == 0 ? IDLE_MS : IDLE_MS / 2,
	};

	has_been_looker[looker] = true;
	expect(endpoint_from_text("192.0.2.1:8053", &options.listen[0]) == STATUS_OK);
	expect(name_from_text("pi.example", &options.hosts[0]) == STATUS_OK);
	options.host_count = variant == 0 ? 0 : 1;
	return options;
}

/* In the last variant there is no such door any more. */
static void
set_options(void)
{
	char problem[LISTEN_PROBLEM_MAX];
	struct web_options options = make_options();

	if (variant == VARIANTS - 1)
		options.listen_count = 0;
	/* As main.c does. */
	dyndns_set_lease(dyndns, ((flags & HAS_NO_LEASE) == 0) == (variant == 0), LEASE_S);
	expect(web_listen(web, &options, problem) == STATUS_OK);
	web_start(web);
	if ((flags & REDIRECTS) == 0)
		return;
	/* The socket stays with the plain server, as that of a redirector does; until nobody serves it. */
	options.certificate[0] = '/';
	expect(web_listen(web, &options, problem) == STATUS_OK);
	if (variant == 0)
		return;
	web_start(web);
	expect((web_problem(web)[0] != '\0') == (options.listen_count > 0));
	expect(web_listen_text(web, 0) == NULL);
}

static void
set_extras(void)
{
	const struct api_facts facts = {
		.config_file = "c",
		.keys_directory = "",
		.made_keys_directory = "/proc/ddnsd-keys",
		.database = "d",
	};

	if ((whereabouts & HAS_NO_ROOM) != 0)
		api_set_facts(all.api, &facts);
	if ((whereabouts & PUBLISHES) == 0)
		return;
	all.publish.mode = PUBLISH_HOSTSDIR;
	(void)strcpy(all.publish.file, "/nowhere/hosts");
	publisher_set_options(all.publisher, &all.publish);
}

static void
build(void)
{
	struct web_sites sites = { .page = page_site() };

	api_world_build(&all);
	set_extras();
	dyndns = dyndns_new(all.world.service);
	monitor = monitor_new(all.world.service);
	expect(dyndns != NULL && monitor != NULL);
	sites.api = api_site(all.api);
	sites.dyndns = dyndns_site(dyndns);
	sites.monitor = monitor_site(monitor);
	web = web_new(all.world.loop, all.world.service, &sites);
	expect(web != NULL);
	monitor_attach_web(monitor, web);
	monitor_attach_dns(monitor, all.world.dns);
	loop_at_turn_end(all.world.loop, end_turn, NULL);
	set_options();
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
	struct talk clients = { .pass_time = pass_time, .hear = check_octets };
	struct buffer octets;

	if (size <= SETTINGS || size > INPUT_MAX)
		return 0;
	flags = data[1];
	reload_turns = data[2];
	whereabouts = data[3];
	variant = 0;
	memset(has_been_looker, 0, sizeof(has_been_looker));
	turns = 0;
	has_passed = false;
	memset(has_copy, 0, sizeof(has_copy));
	memset(is_binary, 0, sizeof(is_binary));
	for (size_t i = 0; i < TALK_CLIENTS; i++)
		heard[i].length = 0;
	has_lost_keys = false;
	buffer_init(&octets, OCTETS_MAX);
	expand(data + SETTINGS, size - SETTINGS, &octets);
	build();
	clients.loop = all.world.loop;
	clients.is_slow = (flags & SLOW) != 0;
	world_serialise(&all.world, &before);
	talk_in_turns(&clients, listening, data[0], parts, part_count);
	/* The administrator may give others what they may not make. */
	if (!is_said[WORLD_ADMIN])
		world_check(&all.world);
	expect(registry_names(all.world.registry) <= WORLD_NAMES);
	release();
	buffer_release(&octets);
	return 0;
}
