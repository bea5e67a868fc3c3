/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole connection to the control door, as octets: the HTTP server, the API and the service
 * behind them, with a commit at the end of each turn.
 *
 * The first octet of an input says how long the pieces are in which the others come (0 = all at
 * once). Of the second, the low two bits are the peer (3 = nobody in particular); FAILS: no commit
 * goes well; DEMOTES: a reload takes the peer's rights away.
 */
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "doors/http_server.h"
#include "service/service.h"

#include "api_world.h"
#include "talk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 32768,
	SETTINGS = 2,
	FAILS = 4,
	DEMOTES = 8,
	LIMIT_MS = 60000,
};

static struct api_world all;
static struct http_server *server;
static int peer;
static bool fails;
static bool demotes;
static bool has_passed; /* time, by which names expire */
static bool has_copy;   /* a copy of the database was sent, which is no text */

/* What was registered when the input began, and what is now. */
static struct buffer before;
static struct buffer after;

static bool
identify(void *context, int connection, struct http_peer *ret_peer)
{
	(void)context;
	(void)connection;
	*ret_peer = (struct http_peer){ .door = "unix", .who = "uid 1000" };
	if (peer < API_WORLD_PEERS)
		ret_peer->principal = &all.principals[peer];
	return true;
}

/* Nobody changes anything, and what cannot be stored is not kept. */
static void
check_turn(bool was_dirty, enum status status)
{
	if (has_passed)
		return;
	expect(peer < API_WORLD_PEERS || !was_dirty);
	if (status == STATUS_OK)
		return;
	world_serialise(&all.world, &after);
	expect(after.length == before.length && memcmp(after.data, before.data, after.length) == 0);
}

/* As the daemon's: commit, answers, publication; then a reload, if one was asked for. */
static void
end_turn(void *context)
{
	bool was_dirty = service_is_dirty(all.world.service);
	enum status status = api_world_commit(&all, fails);

	(void)context;
	check_turn(was_dirty, status);
	http_server_flush(server, status);
	http_server_send(server);
	publisher_notice(all.publisher);
	api_turn_ended(all.api);
	if (!all.is_reload_asked)
		return;
	if (demotes)
		peer = API_WORLD_PEERS;
	if (!fails)
		api_world_replace_keys(&all, true);
	http_server_forget_peers(server);
	api_world_answer_reload(&all, fails);
	http_server_flush(server, STATUS_OK);
	http_server_send(server);
}

static void
pass_time(void)
{
	has_passed = true;
	world_pass(&all.world, 2 * LIMIT_MS / 1000);
}

/* Whatever was sent, no answer can end a line where ddnsd did not, or reach a terminal's controls. */
static void
check_octets(unsigned client, const char *octets, size_t length)
{
	static const char copy_type[] = "Content-Type: application/vnd.sqlite3\r\n";

	(void)client;
	if (memmem(octets, length, copy_type, strlen(copy_type)) != NULL)
		has_copy = true;
	for (size_t i = 0; i < length && !has_copy; i++)
		expect((unsigned char)octets[i] >= ' ' || strchr("\t\r\n", octets[i]) != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits limits = { .connections_max = 2,
		.streams_max = 1,
		.idle_ms = LIMIT_MS,
		.request_ms = LIMIT_MS };
	int listening;
	struct talk client = { .pass_time = pass_time, .hear = check_octets };

	if (size < SETTINGS || size > INPUT_MAX)
		return 0;
	peer = data[1] % 4;
	fails = (data[1] & FAILS) != 0;
	demotes = (data[1] & DEMOTES) != 0;
	has_passed = false;
	has_copy = false;
	api_world_build(&all);
	client.loop = all.world.loop;
	world_serialise(&all.world, &before);
	server = http_server_new(client.loop, api_site(all.api), identify, NULL, &limits);
	expect(server != NULL);
	loop_at_turn_end(client.loop, end_turn, NULL);
	listening = talk_listen();
	expect(http_server_listen(server, listening) == STATUS_OK);
	talk(&client, listening, data[0], data + SETTINGS, size - SETTINGS);
	expect(registry_names(all.world.registry) <= WORLD_NAMES);
	http_server_free(server);
	api_world_release(&all);
	return 0;
}
