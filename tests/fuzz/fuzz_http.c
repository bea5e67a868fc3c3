/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A whole connection of an HTTP client: whatever it says, and in whatever pieces, each request that
 * the site gets is complete, in bounds, and released once; and the connection ends some time after
 * the client has said all.
 */
#include <stdint.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "doors/http_server.h"

#include "small_site.h"
#include "talk.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	INPUT_MAX = 32768,
	LIMIT_MS = 60000,
};

static struct http_server *server;

/* --- a clock that moves when told, so that no time-out depends on the machine --- */

static int64_t now_ns;

static int64_t
told_ns(void)
{
	return now_ns;
}

static int64_t
fixed_s(void)
{
	return 1753000000;
}

static void
pass_time(void)
{
	now_ns += (int64_t)2 * LIMIT_MS * 1000000;
}

static void
end_turn(void *context)
{
	(void)context;
	small_site_end_turn(server);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct http_limits limits = { .connections_max = 2,
		.streams_max = 1,
		.idle_ms = LIMIT_MS,
		.request_ms = LIMIT_MS };
	static const struct clock_source told = { told_ns, fixed_s };
	struct loop *loop;
	struct talk client = { .pass_time = pass_time };
	int listening;

	if (size == 0 || size > INPUT_MAX)
		return 0;
	log_open(LOG_TARGET_STDERR, LOG_LEVEL_ERROR);
	clock_replace(&told);
	loop = loop_new();
	expect(loop != NULL);
	server = http_server_new(loop, &small_site, small_site_identify, NULL, &limits);
	expect(server != NULL);
	listening = talk_listen();
	expect(http_server_listen(server, listening) == STATUS_OK);
	loop_at_turn_end(loop, end_turn, NULL);
	client.loop = loop;
	talk(&client, listening, data[0], data + 1, size - 1);
	small_site_expect_no_exchange();
	http_server_free(server);
	loop_free(loop);
	clock_replace(NULL);
	return 0;
}
