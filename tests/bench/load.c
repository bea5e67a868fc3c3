/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A load generator for DNS UPDATE over UDP: keeps a window of messages in flight, from one
 * thread, and counts what comes back and how long it took. Signing happens while it waits, so
 * that an answer is followed at once by the next message. Never retransmits, except to fill a
 * zone (kind setup): a message without an answer is counted as lost and its place is used again.
 *
 * No two signed messages carry the same MAC, or a server that remembers MACs (RFC 8945 5.2.3)
 * would rightly answer the second one from memory. Time Signed counts seconds and the ID has 16
 * bits, so the Fudge varies as well, from 300 to 600 s: 19 million messages a second stay distinct.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "clock.h"
#include "histogram.h"
#include "message.h"
#include "options.h"
#include "signer.h"

#define WINDOW_MAX 4096
/* Messages signed ahead; more would only age. */
#define READY_MAX 64
/* Few enough that the server is at work on the first while the last are being sent. */
#define BATCH 16
#define NO_SLOT UINT16_MAX
#define SWEEP_NS (CLOCK_NS_PER_S / 20)
#define STALL_NS (30 * CLOCK_NS_PER_S)
/* With a rate, the shortest sleep: bursts of 20 at 20,000 a second. Shorter ones cost the core that
 * the measured client shares with an attacker more than they smooth. */
#define NAP_NS (1000 * CLOCK_NS_PER_US)
#define FUDGE_MIN 300
#define FUDGE_STEPS 301

enum kind {
	KIND_CHANGE,
	KIND_REFRESH,
	KIND_SETUP,
	KIND_BAD,
	KIND_UNSIGNED,
	KIND_QUERY,
	KIND_QUERY_SIGNED,
	KIND_COUNT,
};

enum signing {
	SIGNING_NONE,
	SIGNING_TRUE,
	SIGNING_RANDOM,
};

static const struct {
	const char *name;
	bool is_query;
	enum signing signing;
} kinds[KIND_COUNT] = {
	[KIND_CHANGE] = { "change", false, SIGNING_TRUE },
	[KIND_REFRESH] = { "refresh", false, SIGNING_TRUE },
	[KIND_SETUP] = { "setup", false, SIGNING_TRUE },
	[KIND_BAD] = { "bad", false, SIGNING_RANDOM },
	[KIND_UNSIGNED] = { "unsigned", false, SIGNING_NONE },
	[KIND_QUERY] = { "query", true, SIGNING_NONE },
	[KIND_QUERY_SIGNED] = { "query-signed", true, SIGNING_TRUE },
};

static const char *const rcode_names[16] = {
	"NOERROR",
	"FORMERR",
	"SERVFAIL",
	"NXDOMAIN",
	"NOTIMP",
	"REFUSED",
	"YXDOMAIN",
	"YXRRSET",
	"NXRRSET",
	"NOTAUTH",
	"NOTZONE",
	"RCODE11",
	"RCODE12",
	"RCODE13",
	"RCODE14",
	"RCODE15",
};

struct options {
	const char *server;
	uint16_t port;
	const char *zone;
	const char *key_file;
	enum kind kind;
	uint32_t window;
	uint32_t names;
	bool is_sequential;
	uint64_t duration_ns;
	uint64_t count;
	uint64_t rate;
	uint32_t ttl_s;
	uint64_t seed;
	uint64_t timeout_ns;
	int core;
	bool is_verifying;
	bool is_spinning;
	bool is_segmenting;
	bool is_json;
};

struct slot {
	uint64_t sent_ns;
	uint32_t host;
	uint16_t id;
	uint16_t size;
	struct signer_stamp stamp;
	uint8_t mac[SIGNER_MAC_MAX];
	uint8_t wire[MESSAGE_MAX];
};

struct load {
	const struct options *options;
	struct message_zone zone;
	struct signer signer;
	int socket;
	bool is_segmenting;

	struct slot *slots;
	uint16_t slot_count;
	uint16_t *free_slots;
	uint16_t free_count;
	/* A ring of signed messages that wait to be sent. */
	uint16_t ready[READY_MAX];
	uint16_t ready_first;
	uint16_t ready_count;
	uint16_t ready_limit;
	uint16_t slot_of_id[UINT16_MAX + 1];

	uint64_t sequence;
	uint64_t random;
	uint64_t prepared;
	uint32_t next_host;
	uint32_t *again;
	uint32_t again_count;
	uint32_t in_flight;

	uint64_t begin_ns;
	uint64_t end_ns;
	uint64_t last_answer_ns;
	uint64_t next_sweep_ns;
	uint64_t sent;
	uint64_t answered;
	uint64_t answered_in_time;
	uint64_t lost;
	uint64_t strays;
	uint64_t unverified;
	uint64_t socket_errors;
	uint64_t rcodes[16];
	struct histogram latency;
	uint8_t inbox[BATCH][MESSAGE_MAX];
};

static uint64_t
random_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static bool
has_more(const struct load *load)
{
	const struct options *options = load->options;

	if (options->kind == KIND_SETUP)
		return load->next_host < options->names || load->again_count > 0;
	return options->count == 0 || load->prepared < options->count;
}

static uint32_t
next_host(struct load *load)
{
	const struct options *options = load->options;

	if (options->kind == KIND_SETUP) {
		if (load->again_count > 0)
			return load->again[--load->again_count];
		return load->next_host++;
	}
	if (options->is_sequential)
		return (uint32_t)(load->prepared % options->names);
	return (uint32_t)((random_next(&load->random) >> 16) % options->names);
}

/* The next sequence number whose low 16 bits, the message ID, are not in flight. */
static uint64_t
next_sequence(struct load *load)
{
	do {
		load->sequence++;
	} while (load->slot_of_id[(uint16_t)load->sequence] != NO_SLOT);
	return load->sequence;
}

static void
sign(struct load *load, struct slot *slot, size_t size, uint64_t sequence)
{
	slot->stamp.time_s = clock_wall_s();
	slot->stamp.fudge_s = (uint16_t)(FUDGE_MIN + (sequence >> 16) % FUDGE_STEPS);
	if (kinds[load->options->kind].signing == SIGNING_TRUE) {
		signer_mac(&load->signer, NULL, slot->wire, size, slot->stamp, slot->mac);
	} else {
		for (size_t i = 0; i < SIGNER_MAC_MAX; i += 8) {
			uint64_t noise = random_next(&load->random);

			memcpy(slot->mac + i, &noise, sizeof(noise));
		}
	}
	size = signer_append(&load->signer, slot->wire, size, slot->stamp, slot->mac,
	    load->signer.mac_size, 0);
	slot->size = (uint16_t)size;
}

/* Builds and signs one message and puts it at the end of the ready ring. */
static void
prepare(struct load *load)
{
	const struct options *options = load->options;
	uint16_t index = load->free_slots[--load->free_count];
	struct slot *slot = &load->slots[index];
	uint64_t sequence = next_sequence(load);
	uint32_t address;
	size_t size;

	slot->host = next_host(load);
	slot->id = (uint16_t)sequence;
	load->slot_of_id[slot->id] = index;
	if (kinds[options->kind].is_query) {
		size = message_query(slot->wire, &load->zone, slot->id, slot->host);
	} else {
		address = message_settled_address(slot->host);
		if (options->kind == KIND_CHANGE)
			address = message_new_address(sequence);
		size = message_update(slot->wire, &load->zone, slot->id, slot->host, options->ttl_s,
		    address);
	}
	slot->size = (uint16_t)size;
	if (kinds[options->kind].signing != SIGNING_NONE)
		sign(load, slot, size, sequence);
	load->ready[(load->ready_first + load->ready_count) % READY_MAX] = index;
	load->ready_count++;
	load->prepared++;
}

static bool
can_prepare(const struct load *load)
{
	return load->ready_count < load->ready_limit && load->free_count > 0 && has_more(load);
}

/* How many messages may leave now: what the window, the rate and the batch allow. */
static uint32_t
allowance(const struct load *load, uint64_t now_ns)
{
	const struct options *options = load->options;
	uint32_t room = options->window - load->in_flight;
	double due;

	if (options->duration_ns > 0 && now_ns >= load->begin_ns + options->duration_ns)
		return 0;
	if (options->rate > 0) {
		due = (double)(now_ns - load->begin_ns) * (double)options->rate /
		    (double)CLOCK_NS_PER_S;
		if (due < (double)load->sent + 1)
			return 0;
		if (due - (double)load->sent < (double)room)
			room = (uint32_t)(due - (double)load->sent);
	}
	return room < BATCH ? room : BATCH;
}

/*
 * Hands COUNT messages of one size to the kernel. With segmentation that is one packet which
 * the loopback device cuts up in front of the server's socket: the server reads the same
 * datagrams, the client pays for one way through the stack. Returns how many left.
 */
static int
transmit(struct load *load, struct iovec *parts, uint32_t count)
{
	struct mmsghdr headers[BATCH] = { 0 };
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .header = {
			  .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
			  .cmsg_level = SOL_UDP,
			  .cmsg_type = UDP_SEGMENT,
		      } };
	struct msghdr whole = {
		.msg_iov = parts,
		.msg_iovlen = count,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	uint16_t size = (uint16_t)parts[0].iov_len;

	if (load->is_segmenting && count > 1) {
		memcpy(CMSG_DATA(&control.header), &size, sizeof(size));
		if (sendmsg(load->socket, &whole, MSG_DONTWAIT) > 0)
			return (int)count;
		/* EIO and EINVAL: the kernel or the device cannot. */
		load->is_segmenting = errno != EIO && errno != EINVAL;
	}
	for (uint32_t i = 0; i < count; i++) {
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	return sendmmsg(load->socket, headers, count, MSG_DONTWAIT);
}

/* Sends what is ready and allowed. Returns how many messages left. */
static uint32_t
send_batch(struct load *load)
{
	struct iovec parts[BATCH];
	uint64_t now_ns = clock_now_ns();
	uint32_t count = allowance(load, now_ns);
	int sent;

	for (uint32_t i = 0; i < count; i++) {
		struct slot *slot;

		if (load->ready_count <= i && !can_prepare(load)) {
			count = i;
			break;
		}
		if (load->ready_count <= i)
			prepare(load);
		slot = &load->slots[load->ready[(load->ready_first + i) % READY_MAX]];
		parts[i] = (struct iovec){ .iov_base = slot->wire, .iov_len = slot->size };
	}
	if (count == 0)
		return 0;
	now_ns = clock_now_ns();
	sent = transmit(load, parts, count);
	if (sent <= 0) {
		load->socket_errors++;
		return 0;
	}
	for (int i = 0; i < sent; i++)
		load->slots[load->ready[(load->ready_first + i) % READY_MAX]].sent_ns = now_ns;
	load->ready_first = (uint16_t)((load->ready_first + sent) % READY_MAX);
	load->ready_count = (uint16_t)(load->ready_count - sent);
	load->in_flight += (uint32_t)sent;
	load->sent += (uint64_t)sent;
	return (uint32_t)sent;
}

static void
free_slot(struct load *load, uint16_t index)
{
	load->slot_of_id[load->slots[index].id] = NO_SLOT;
	load->slots[index].sent_ns = 0;
	load->free_slots[load->free_count++] = index;
	load->in_flight--;
}

/* Checks an answer's TSIG with libknot's client side (RFC 8945 5.4). */
static bool
verify(struct load *load, const struct slot *slot, uint8_t *wire, size_t size)
{
	knot_pkt_t *packet = knot_pkt_new(wire, (uint16_t)size, NULL);
	bool is_good = false;

	if (packet != NULL && knot_pkt_parse(packet, 0) == KNOT_EOK && packet->tsig_rr != NULL)
		is_good = knot_tsig_client_check(packet->tsig_rr, packet->wire, packet->size,
			      slot->mac, load->signer.mac_size, &load->signer.key, 0) == KNOT_EOK;
	knot_pkt_free(packet);
	return is_good;
}

static void
take_answer(struct load *load, uint8_t *wire, size_t size, uint64_t now_ns)
{
	const struct options *options = load->options;
	uint16_t index = NO_SLOT;
	struct slot *slot;

	if (size >= MESSAGE_HEADER && (wire[2] & 0x80) != 0)
		index = load->slot_of_id[signer_get16(wire)];
	if (index == NO_SLOT || load->slots[index].sent_ns == 0) {
		load->strays++;
		return;
	}
	slot = &load->slots[index];
	load->answered++;
	load->last_answer_ns = now_ns;
	if (options->duration_ns == 0 || now_ns < load->begin_ns + options->duration_ns)
		load->answered_in_time++;
	load->rcodes[message_rcode(wire)]++;
	histogram_add(&load->latency, now_ns - slot->sent_ns);
	if (options->is_verifying && kinds[options->kind].signing == SIGNING_TRUE &&
	    !verify(load, slot, wire, size))
		load->unverified++;
	free_slot(load, index);
}

/* Reads what has arrived. Returns how many messages that were. */
static uint32_t
receive_batch(struct load *load)
{
	struct mmsghdr headers[BATCH] = { 0 };
	struct iovec parts[BATCH];
	uint64_t now_ns;
	int count;

	for (int i = 0; i < BATCH; i++) {
		parts[i] = (struct iovec){ load->inbox[i], sizeof(load->inbox[i]) };
		headers[i].msg_hdr.msg_iov = &parts[i];
		headers[i].msg_hdr.msg_iovlen = 1;
	}
	count = recvmmsg(load->socket, headers, BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0) {
		if (count < 0 && errno != EAGAIN && errno != EINTR)
			load->socket_errors++;
		return 0;
	}
	now_ns = clock_now_ns();
	for (int i = 0; i < count; i++)
		take_answer(load, load->inbox[i], headers[i].msg_len, now_ns);
	return (uint32_t)count;
}

/* Gives up on messages whose answer did not come in time. */
static void
sweep(struct load *load, uint64_t now_ns)
{
	if (now_ns < load->next_sweep_ns)
		return;
	load->next_sweep_ns = now_ns + SWEEP_NS;
	for (uint16_t i = 0; i < load->slot_count; i++) {
		struct slot *slot = &load->slots[i];

		if (slot->sent_ns == 0 || now_ns - slot->sent_ns < load->options->timeout_ns)
			continue;
		load->lost++;
		if (load->options->kind == KIND_SETUP)
			load->again[load->again_count++] = slot->host;
		free_slot(load, i);
	}
}

static void
wait_for_event(const struct load *load, uint64_t now_ns)
{
	const struct options *options = load->options;
	struct pollfd event = { .fd = load->socket, .events = POLLIN };
	uint64_t until_ns = load->next_sweep_ns;
	struct timespec timeout;
	uint64_t wait_ns;

	if (options->is_spinning)
		return;
	if (options->duration_ns > 0 && now_ns < load->begin_ns + options->duration_ns &&
	    until_ns > load->begin_ns + options->duration_ns)
		until_ns = load->begin_ns + options->duration_ns;
	if (options->rate > 0 && load->in_flight < options->window && until_ns > now_ns + NAP_NS)
		until_ns = now_ns + NAP_NS;
	wait_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	timeout.tv_sec = (time_t)(wait_ns / CLOCK_NS_PER_S);
	timeout.tv_nsec = (long)(wait_ns % CLOCK_NS_PER_S);
	if (options->rate > 0 && load->in_flight < options->window) {
		/* Sleeping through answers keeps a paced sender from waking for each of them. */
		clock_sleep_until(until_ns);
		return;
	}
	ppoll(&event, 1, &timeout, NULL);
}

static bool
is_finished(const struct load *load, uint64_t now_ns)
{
	const struct options *options = load->options;
	bool has_time = options->duration_ns == 0 || now_ns < load->begin_ns + options->duration_ns;

	if (has_time && (has_more(load) || load->ready_count > 0))
		return false;
	return load->in_flight == 0;
}

/* Keeps the window full until the time or the count is up and every message is accounted for. */
static void
run(struct load *load)
{
	uint64_t now_ns = clock_now_ns();

	load->begin_ns = now_ns;
	load->last_answer_ns = now_ns;
	load->next_sweep_ns = now_ns + SWEEP_NS;
	while (!is_finished(load, now_ns)) {
		uint32_t moved = receive_batch(load);

		moved += send_batch(load);
		now_ns = clock_now_ns();
		sweep(load, now_ns);
		if (load->options->kind == KIND_SETUP && now_ns - load->last_answer_ns > STALL_NS)
			options_die("setup", "no answer for 30 s");
		if (moved > 0)
			continue;
		if (can_prepare(load))
			prepare(load);
		else
			wait_for_event(load, now_ns);
	}
	load->end_ns = load->options->duration_ns > 0 ? load->begin_ns + load->options->duration_ns
						      : load->last_answer_ns;
	/* The count may have been reached before the time was. */
	if (load->options->count > 0 && load->last_answer_ns < load->end_ns)
		load->end_ns = load->last_answer_ns;
}

static void
load_init(struct load *load, const struct options *options)
{
	uint32_t ready = options->window < READY_MAX ? options->window : READY_MAX;

	memset(load, 0, sizeof(*load));
	load->options = options;
	if (!message_zone_init(&load->zone, options->zone, options->names))
		options_die(options->zone, "is no zone name");
	if (kinds[options->kind].signing != SIGNING_NONE &&
	    !signer_open(&load->signer, options->key_file))
		options_die(options->key_file, "holds no key as ALGORITHM:NAME:BASE64");
	load->socket = options_connect(options->server, options->port);
	load->is_segmenting = options->is_segmenting;
	load->ready_limit = (uint16_t)ready;
	load->slot_count = (uint16_t)(options->window + ready);
	load->slots = calloc(load->slot_count, sizeof(*load->slots));
	load->free_slots = calloc(load->slot_count, sizeof(*load->free_slots));
	load->again = calloc(options->names, sizeof(*load->again));
	if (load->slots == NULL || load->free_slots == NULL || load->again == NULL)
		options_die("memory", strerror(errno));
	for (uint16_t i = 0; i < load->slot_count; i++)
		load->free_slots[load->free_count++] = i;
	memset(load->slot_of_id, 0xff, sizeof(load->slot_of_id));
	load->random = options->seed * 0x9e3779b97f4a7c15ULL + 1;
	/* Two runs within one second must not sign the same bytes. */
	load->sequence = clock_now_ns() * 0x9e3779b97f4a7c15ULL >> 16;
}

static void
load_release(struct load *load)
{
	if (kinds[load->options->kind].signing != SIGNING_NONE)
		signer_release(&load->signer);
	close(load->socket);
	free(load->slots);
	free(load->free_slots);
	free(load->again);
}

static double
cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void
print_json(const struct load *load, double seconds, double rate)
{
	const struct options *options = load->options;
	const char *comma = "";

	printf("{\"kind\": \"%s\", \"window\": %u, \"names\": %u, \"seconds\": %.3f, "
	       "\"sent\": %llu, \"answered\": %llu, \"rate\": %.1f, \"lost\": %llu, "
	       "\"strays\": %llu, \"socket_errors\": %llu, \"cpu_seconds\": %.3f, ",
	    kinds[options->kind].name, options->window, options->names, seconds,
	    (unsigned long long)load->sent, (unsigned long long)load->answered, rate,
	    (unsigned long long)load->lost, (unsigned long long)load->strays,
	    (unsigned long long)load->socket_errors, cpu_seconds());
	if (options->is_verifying)
		printf("\"unverified\": %llu, ", (unsigned long long)load->unverified);
	fputs("\"rcodes\": {", stdout);
	for (int i = 0; i < 16; i++) {
		if (load->rcodes[i] == 0)
			continue;
		printf("%s\"%s\": %llu", comma, rcode_names[i],
		    (unsigned long long)load->rcodes[i]);
		comma = ", ";
	}
	fputs("}, \"latency_us\": ", stdout);
	histogram_print_json(&load->latency, stdout);
	fputs("}\n", stdout);
}

static void
print_human(const struct load *load, double seconds, double rate)
{
	const struct options *options = load->options;

	printf("%s, %u in flight, %u names: %.0f a second over %.2f s\n", kinds[options->kind].name,
	    options->window, options->names, rate, seconds);
	printf("sent %llu, answered %llu, lost %llu, strays %llu, socket errors %llu, CPU %.2f s\n",
	    (unsigned long long)load->sent, (unsigned long long)load->answered,
	    (unsigned long long)load->lost, (unsigned long long)load->strays,
	    (unsigned long long)load->socket_errors, cpu_seconds());
	for (int i = 0; i < 16; i++) {
		if (load->rcodes[i] > 0)
			printf("%s %llu\n", rcode_names[i], (unsigned long long)load->rcodes[i]);
	}
	if (options->is_verifying)
		printf("answers whose TSIG is wrong or missing: %llu\n",
		    (unsigned long long)load->unverified);
	histogram_print_line(&load->latency, stdout);
}

/* Exit code 1 when the run proves nothing: no answer, a refused set-up, a wrong signature. */
static int
report(const struct load *load)
{
	const struct options *options = load->options;
	double seconds = (double)(load->end_ns - load->begin_ns) / (double)CLOCK_NS_PER_S;
	double rate = seconds > 0 ? (double)load->answered_in_time / seconds : 0;

	if (options->is_json)
		print_json(load, seconds, rate);
	else
		print_human(load, seconds, rate);
	if (load->answered == 0 || load->unverified > 0)
		return 1;
	return options->kind == KIND_SETUP && load->rcodes[MESSAGE_NOERROR] != load->answered;
}

static void __attribute__((noreturn)) usage(int code)
{
	fputs(
	    "usage: load [options]\n"
	    "  -s ADDR   server, numeric (127.0.0.1)      -P PORT  its port (2136)\n"
	    "  -z ZONE   zone (bench.test)                -k FILE  key, ALGORITHM:NAME:BASE64\n"
	    "  -K KIND   change refresh setup bad unsigned query query-signed (change)\n"
	    "  -w COUNT  messages in flight (64)          -n COUNT names (100)\n"
	    "  -o ORDER  of the names: random seq         -S SEED  of the random order (1)\n"
	    "  -d SECS   how long, or ...                 -c COUNT ... how many messages\n"
	    "  -r RATE   messages a second, 0: no limit   -t SECS  TTL of the records (60)\n"
	    "  -p CORE   run on this core                 -T MS    an answer is lost after (2000)\n"
	    "  -V        verify each answer's TSIG (takes client time)\n"
	    "  -x        spin instead of sleeping         -j       JSON\n",
	    code == 0 ? stdout : stderr);
	exit(code);
}

static enum kind
parse_kind(const char *text)
{
	for (enum kind kind = 0; kind < KIND_COUNT; kind++) {
		if (strcmp(kinds[kind].name, text) == 0)
			return kind;
	}
	usage(1);
}

static void
parse_option(struct options *options, int option, const char *text)
{
	switch (option) {
	case 's':
		options->server = text;
		break;
	case 'P':
		options->port = (uint16_t)options_number("-P", text, 1, UINT16_MAX);
		break;
	case 'z':
		options->zone = text;
		break;
	case 'k':
		options->key_file = text;
		break;
	case 'K':
		options->kind = parse_kind(text);
		break;
	case 'w':
		options->window = (uint32_t)options_number("-w", text, 1, WINDOW_MAX);
		break;
	case 'n':
		options->names = (uint32_t)options_number("-n", text, 1, MESSAGE_HOSTS_MAX - 1);
		break;
	case 'o':
		options->is_sequential = strcmp(text, "seq") == 0;
		break;
	case 'S':
		options->seed = options_number("-S", text, 0, UINT32_MAX);
		break;
	case 'd':
		options->duration_ns = (uint64_t)(options_fraction("-d", text) *
		    (double)CLOCK_NS_PER_S);
		break;
	case 'c':
		options->count = options_number("-c", text, 1, UINT32_MAX);
		break;
	case 'r':
		options->rate = options_number("-r", text, 0, 10000000);
		break;
	case 't':
		options->ttl_s = (uint32_t)options_number("-t", text, 0, INT32_MAX);
		break;
	case 'p':
		options->core = (int)options_number("-p", text, 0, CPU_SETSIZE - 1);
		break;
	case 'T':
		options->timeout_ns = options_number("-T", text, 1, 600000) * 1000000;
		break;
	case 'V':
		options->is_verifying = true;
		break;
	case 'x':
		options->is_spinning = true;
		break;
	case 'm':
		options->is_segmenting = false;
		break;
	case 'j':
		options->is_json = true;
		break;
	default:
		usage(option == 'h' ? 0 : 1);
	}
}

int
main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "verify", no_argument, NULL, 'V' },
		{ "spin", no_argument, NULL, 'x' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct options options = {
		.server = "127.0.0.1",
		.port = 2136,
		.zone = "bench.test",
		.window = 64,
		.names = 100,
		.ttl_s = 60,
		.seed = 1,
		.timeout_ns = 2 * CLOCK_NS_PER_S,
		.core = -1,
		.is_segmenting = true,
	};
	static struct load load;
	int option;
	int code;

	for (;;) {
		option = getopt_long(argc, argv, "s:P:z:k:K:w:n:o:S:d:c:r:t:p:T:Vxmjh",
		    long_options, NULL);
		if (option < 0)
			break;
		parse_option(&options, option, optarg);
	}
	if (optind != argc)
		usage(1);
	if (kinds[options.kind].signing != SIGNING_NONE && options.key_file == NULL)
		options_die("-k", "a key file is needed for this kind");
	if (options.kind == KIND_SETUP)
		options.duration_ns = options.count = 0;
	else if (options.duration_ns == 0 && options.count == 0)
		options.duration_ns = 5 * CLOCK_NS_PER_S;
	if (!clock_pin(options.core))
		options_die("-p", strerror(errno));
	prctl(PR_SET_TIMERSLACK, 1UL);
	load_init(&load, &options);
	run(&load);
	code = report(&load);
	load_release(&load);
	return code;
}
