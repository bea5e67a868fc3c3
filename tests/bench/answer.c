/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Measures what a person waits for: from sending a signed change until dnsmasq answers a query
 * with the new address. Spins while it waits. Never overlaps two changes: it pauses long
 * enough that the pace of publishing (a fifth of the time at most) does not matter.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "message.h"
#include "options.h"
#include "signer.h"

#define GIVE_UP_NS (30 * CLOCK_NS_PER_S)
#define QUERY_LOST_NS CLOCK_NS_PER_S
#define UPDATE_LOST_NS (2 * CLOCK_NS_PER_S)
#define PAUSE_MIN_NS (20 * 1000 * CLOCK_NS_PER_US)
/* Publishing waits four times as long as it last took; two more for the confirmation. */
#define PAUSE_FACTOR 6

struct options {
	const char *server;
	uint16_t update_port;
	uint16_t query_port;
	const char *zone;
	const char *key_file;
	uint32_t names;
	uint32_t repeats;
	uint64_t limit_ns;
	uint64_t gap_ns;
	uint32_t ttl_s;
	int core;
	bool is_json;
};

struct probe {
	const struct options *options;
	struct message_zone zone;
	struct signer signer;
	int update_socket;
	int query_socket;
	uint64_t random;
	uint16_t id;
	uint32_t failures;
	uint32_t refusals;
	struct histogram answered;
	struct histogram acknowledged;
};

/* One change under way. */
struct change {
	uint32_t host;
	uint32_t address;
	uint64_t begin_ns;
	uint64_t resend_ns;
	bool is_acknowledged;
	size_t size;
	uint8_t wire[MESSAGE_MAX];
};

static uint64_t
random_next(struct probe *probe)
{
	probe->random ^= probe->random << 13;
	probe->random ^= probe->random >> 7;
	probe->random ^= probe->random << 17;
	return probe->random;
}

static void
send_change(struct probe *probe, struct change *change)
{
	struct signer_stamp stamp = { .time_s = clock_wall_s(), .fudge_s = 300 };
	uint8_t mac[SIGNER_MAC_MAX];

	change->host = (uint32_t)((random_next(probe) >> 16) % probe->options->names);
	change->address = message_new_address(random_next(probe) >> 16);
	change->is_acknowledged = false;
	change->size = message_update(change->wire, &probe->zone, ++probe->id, change->host,
	    probe->options->ttl_s, change->address);
	signer_mac(&probe->signer, NULL, change->wire, change->size, stamp, mac);
	change->size = signer_append(&probe->signer, change->wire, change->size, stamp, mac,
	    probe->signer.mac_size, 0);
	change->begin_ns = clock_now_ns();
	change->resend_ns = change->begin_ns + UPDATE_LOST_NS;
	if (send(probe->update_socket, change->wire, change->size, 0) < 0)
		probe->failures++;
}

/* Takes the server's answer to the change, if it is there; repeats the change if it is late. */
static void
watch_change(struct probe *probe, struct change *change, uint64_t now_ns)
{
	uint8_t wire[MESSAGE_MAX];
	ssize_t size;

	if (change->is_acknowledged)
		return;
	size = recv(probe->update_socket, wire, sizeof(wire), MSG_DONTWAIT);
	if (size >= MESSAGE_HEADER && signer_get16(wire) == probe->id) {
		change->is_acknowledged = true;
		histogram_add(&probe->acknowledged, now_ns - change->begin_ns);
		if (message_rcode(wire) != MESSAGE_NOERROR)
			probe->refusals++;
	} else if (now_ns >= change->resend_ns) {
		change->resend_ns = now_ns + UPDATE_LOST_NS;
		if (send(probe->update_socket, change->wire, change->size, 0) < 0)
			probe->failures++;
	}
}

/* Asks dnsmasq once; whether its answer is the new address. */
static bool
ask(struct probe *probe, struct change *change)
{
	uint8_t query[MESSAGE_MAX];
	uint8_t wire[MESSAGE_MAX];
	uint16_t id = (uint16_t)(random_next(probe) >> 24);
	size_t query_size = message_query(query, &probe->zone, id, change->host);
	uint64_t lost_ns = clock_now_ns() + QUERY_LOST_NS;
	uint64_t now_ns;
	ssize_t size;

	if (send(probe->query_socket, query, query_size, 0) < 0)
		return false;
	for (;;) {
		now_ns = clock_now_ns();
		watch_change(probe, change, now_ns);
		size = recv(probe->query_socket, wire, sizeof(wire), MSG_DONTWAIT);
		if (size >= MESSAGE_HEADER && signer_get16(wire) == id)
			return message_answers(wire, (size_t)size, query_size - MESSAGE_HEADER,
			    change->address);
		if (now_ns >= lost_ns)
			return false;
	}
}

/* One change from sending to the new answer. Returns how long that took, 0 when it never came. */
static uint64_t
measure(struct probe *probe)
{
	struct change change;
	uint64_t now_ns;
	uint64_t next_ns;

	send_change(probe, &change);
	do {
		bool is_new = ask(probe, &change);

		now_ns = clock_now_ns();
		if (is_new)
			return now_ns - change.begin_ns;
		next_ns = now_ns + probe->options->gap_ns;
		while (now_ns < next_ns) {
			watch_change(probe, &change, now_ns);
			now_ns = clock_now_ns();
		}
	} while (now_ns - change.begin_ns < GIVE_UP_NS);
	return 0;
}

static void
pause_after(struct probe *probe, uint64_t took_ns)
{
	uint64_t pause_ns = took_ns * PAUSE_FACTOR;
	uint8_t wire[MESSAGE_MAX];

	if (pause_ns < PAUSE_MIN_NS)
		pause_ns = PAUSE_MIN_NS;
	/* Up to 1 ms more, so that no timer anywhere runs in step with this. */
	pause_ns += random_next(probe) % 1000000;
	clock_sleep_until(clock_now_ns() + pause_ns);
	while (recv(probe->update_socket, wire, sizeof(wire), MSG_DONTWAIT) > 0)
		continue;
}

static uint32_t
run(struct probe *probe)
{
	uint64_t end_ns = clock_now_ns() + probe->options->limit_ns;
	uint32_t done = 0;

	while (done < probe->options->repeats && clock_now_ns() < end_ns) {
		uint64_t took_ns = measure(probe);

		if (took_ns > 0)
			histogram_add(&probe->answered, took_ns);
		else
			probe->failures++;
		done++;
		pause_after(probe, took_ns);
	}
	return done;
}

static void
report(const struct probe *probe, uint32_t done)
{
	if (!probe->options->is_json) {
		printf("%u changes, %u refused, %u failed\nanswered by dnsmasq: ", done,
		    probe->refusals, probe->failures);
		histogram_print_line(&probe->answered, stdout);
		fputs("acknowledged:        ", stdout);
		histogram_print_line(&probe->acknowledged, stdout);
		return;
	}
	printf("{\"changes\": %u, \"refused\": %u, \"failed\": %u, \"answered_us\": ", done,
	    probe->refusals, probe->failures);
	histogram_print_json(&probe->answered, stdout);
	fputs(", \"acknowledged_us\": ", stdout);
	histogram_print_json(&probe->acknowledged, stdout);
	fputs("}\n", stdout);
}

static void
probe_init(struct probe *probe, const struct options *options)
{
	memset(probe, 0, sizeof(*probe));
	probe->options = options;
	if (!message_zone_init(&probe->zone, options->zone, options->names))
		options_die(options->zone, "is no zone name");
	if (!signer_open(&probe->signer, options->key_file))
		options_die(options->key_file, "holds no key as ALGORITHM:NAME:BASE64");
	probe->update_socket = options_connect(options->server, options->update_port);
	probe->query_socket = options_connect(options->server, options->query_port);
	probe->random = clock_now_ns() | 1;
}

static void
probe_release(struct probe *probe)
{
	signer_release(&probe->signer);
	close(probe->update_socket);
	close(probe->query_socket);
}

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: answer -k KEYFILE [options]\n"
	      "  -s ADDR   address of both servers (127.0.0.1)\n"
	      "  -P PORT   where updates go (2136)      -Q PORT  where dnsmasq answers (53)\n"
	      "  -z ZONE   zone (bench.test)            -n COUNT names in it (100)\n"
	      "  -c COUNT  changes (200)                -d SECS  at the longest (60)\n"
	      "  -g US     between two queries (100)    -t SECS  TTL of the records (60)\n"
	      "  -p CORE   run on this core             -j       JSON\n",
	    stderr);
	exit(1);
}

static void
parse_option(struct options *options, int option, const char *text)
{
	switch (option) {
	case 's':
		options->server = text;
		break;
	case 'P':
		options->update_port = (uint16_t)options_number("-P", text, 1, UINT16_MAX);
		break;
	case 'Q':
		options->query_port = (uint16_t)options_number("-Q", text, 1, UINT16_MAX);
		break;
	case 'z':
		options->zone = text;
		break;
	case 'k':
		options->key_file = text;
		break;
	case 'n':
		options->names = (uint32_t)options_number("-n", text, 1, MESSAGE_HOSTS_MAX - 1);
		break;
	case 'c':
		options->repeats = (uint32_t)options_number("-c", text, 1, 1000000);
		break;
	case 'd':
		options->limit_ns = (uint64_t)(options_fraction("-d", text) *
		    (double)CLOCK_NS_PER_S);
		break;
	case 'g':
		options->gap_ns = options_number("-g", text, 0, 1000000) * CLOCK_NS_PER_US;
		break;
	case 't':
		options->ttl_s = (uint32_t)options_number("-t", text, 0, INT32_MAX);
		break;
	case 'p':
		options->core = (int)options_number("-p", text, 0, CPU_SETSIZE - 1);
		break;
	case 'j':
		options->is_json = true;
		break;
	default:
		usage();
	}
}

int
main(int argc, char **argv)
{
	struct options options = {
		.server = "127.0.0.1",
		.update_port = 2136,
		.query_port = 53,
		.zone = "bench.test",
		.names = 100,
		.repeats = 200,
		.limit_ns = 60 * CLOCK_NS_PER_S,
		.gap_ns = 100 * CLOCK_NS_PER_US,
		.ttl_s = 60,
		.core = -1,
	};
	static struct probe probe;
	uint32_t done;
	int option;

	for (;;) {
		option = getopt(argc, argv, "s:P:Q:z:k:n:c:d:g:t:p:jh");
		if (option < 0)
			break;
		parse_option(&options, option, optarg);
	}
	if (optind != argc || options.key_file == NULL)
		usage();
	if (!clock_pin(options.core))
		options_die("-p", strerror(errno));
	probe_init(&probe, &options);
	done = run(&probe);
	report(&probe, done);
	probe_release(&probe);
	return probe.failures + probe.refusals > 0 || probe.answered.count == 0;
}
