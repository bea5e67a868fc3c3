/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The ceiling: a UDP server that parses each message, verifies its TSIG and signs an empty
 * NOERROR answer, as a name server must at least do. Never looks at what is asked and never
 * keeps anything.
 */
#include <errno.h>
#include <getopt.h>
#include <netinet/udp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libknot/libknot.h>

#include "clock.h"
#include "message.h"
#include "options.h"
#include "signer.h"

#define BATCH 64
#define TSIG_BADSIG 16
#define ARENA_SIZE 65536
/* 32 answers of up to 1,400 octets stay below the 64 KB of one packet. */
#define SEGMENTS_MAX 32

/* What libknot allocates for one packet; forgotten as a whole before the next one. */
struct arena {
	size_t used;
	_Alignas(16) uint8_t bytes[ARENA_SIZE];
};

struct limit {
	struct signer signer;
	struct arena arena;
	knot_mm_t memory;
	int socket;
	bool is_segmenting;
	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in peers[BATCH];
	uint8_t wires[BATCH][MESSAGE_MAX];
	uint8_t answers[BATCH][MESSAGE_MAX];
};

static void *
arena_alloc(void *context, size_t size)
{
	struct arena *arena = context;
	void *memory;

	size = (size + 15) & ~(size_t)15;
	if (size > ARENA_SIZE - arena->used)
		return NULL;
	memory = arena->bytes + arena->used;
	arena->used += size;
	return memory;
}

static void
arena_free(void *memory)
{
	(void)memory;
}

static bool
is_equal(const uint8_t *one, const uint8_t *two, size_t size)
{
	unsigned int difference = 0;

	for (size_t i = 0; i < size; i++)
		difference |= (unsigned int)(one[i] ^ two[i]);
	return difference == 0;
}

/* Whether the request's MAC is right; leaves its stamp and its MAC. RFC 8945 5.2. */
static bool
check(struct limit *limit, knot_pkt_t *packet, struct signer_stamp *ret_stamp,
    uint8_t ret_mac[static SIGNER_MAC_MAX])
{
	struct signer *signer = &limit->signer;
	const knot_rrset_t *tsig = packet->tsig_rr;
	uint8_t mac[SIGNER_MAC_MAX];
	uint16_t id = signer_get16(packet->wire);
	uint64_t now_s = clock_wall_s();

	if (!knot_tsig_rdata_is_ok(tsig) || knot_tsig_rdata_alg(tsig) != signer->key.algorithm ||
	    !knot_dname_is_equal(tsig->owner, signer->key.name) ||
	    knot_tsig_rdata_mac_length(tsig) != signer->mac_size)
		return false;
	ret_stamp->time_s = knot_tsig_rdata_time_signed(tsig);
	ret_stamp->fudge_s = knot_tsig_rdata_fudge(tsig);
	memcpy(ret_mac, knot_tsig_rdata_mac(tsig), signer->mac_size);
	signer_put16(packet->wire, knot_tsig_rdata_orig_id(tsig));
	signer_mac(signer, NULL, packet->wire, packet->size, *ret_stamp, mac);
	signer_put16(packet->wire, id);
	return is_equal(mac, ret_mac, signer->mac_size) &&
	    now_s <= ret_stamp->time_s + ret_stamp->fudge_s &&
	    ret_stamp->time_s <= now_s + ret_stamp->fudge_s;
}

/* Writes the answer to WIRE into ANSWER. Returns its size; 0 when none is due. */
static size_t
answer(struct limit *limit, uint8_t *wire, size_t size, uint8_t *answer)
{
	struct signer_stamp stamp = { .time_s = clock_wall_s(), .fudge_s = 300 };
	uint8_t request_mac[SIGNER_MAC_MAX];
	uint8_t mac[SIGNER_MAC_MAX] = { 0 };
	knot_pkt_t *packet;
	size_t answer_size;
	bool is_good;

	limit->arena.used = 0;
	packet = knot_pkt_new(wire, (uint16_t)size, &limit->memory);
	if (packet == NULL || knot_pkt_parse(packet, 0) != KNOT_EOK || (wire[2] & 0x80) != 0 ||
	    packet->tsig_rr == NULL)
		return 0;
	is_good = check(limit, packet, &stamp, request_mac);

	answer_size = MESSAGE_HEADER + packet->qname_size + 4U;
	memcpy(answer, wire, answer_size);
	answer[2] |= 0x80;
	answer[3] = is_good ? MESSAGE_NOERROR : MESSAGE_NOTAUTH;
	memset(answer + 6, 0, 6);
	if (!is_good)
		return signer_append(&limit->signer, answer, answer_size, stamp, mac, 0,
		    TSIG_BADSIG);
	stamp.time_s = clock_wall_s();
	signer_mac(&limit->signer, request_mac, answer, answer_size, stamp, mac);
	return signer_append(&limit->signer, answer, answer_size, stamp, mac,
	    limit->signer.mac_size, 0);
}

/* How many answers from FIRST on are for one peer, of one size and fit into one packet. */
static int
run_length(const struct limit *limit, int first, int due)
{
	const struct sockaddr_in *peer = &limit->peers[first];
	int last = first + 1;

	while (last < due && last - first < SEGMENTS_MAX &&
	    limit->parts[last].iov_len == limit->parts[first].iov_len &&
	    limit->peers[last].sin_port == peer->sin_port &&
	    limit->peers[last].sin_addr.s_addr == peer->sin_addr.s_addr)
		last++;
	return last - first;
}

/* Sends the answers with UDP segmentation offload: one way through the stack for a whole run. */
static void
send_segmented(struct limit *limit, int due)
{
	union {
		struct cmsghdr header;
		uint8_t bytes[CMSG_SPACE(sizeof(uint16_t))];
	} control = { .header = {
			  .cmsg_len = CMSG_LEN(sizeof(uint16_t)),
			  .cmsg_level = SOL_UDP,
			  .cmsg_type = UDP_SEGMENT,
		      } };
	int first = 0;

	while (first < due) {
		uint16_t size = (uint16_t)limit->parts[first].iov_len;
		int count = run_length(limit, first, due);
		struct msghdr whole = {
			.msg_name = &limit->peers[first],
			.msg_namelen = sizeof(limit->peers[first]),
			.msg_iov = &limit->parts[first],
			.msg_iovlen = (size_t)count,
			.msg_control = control.bytes,
			.msg_controllen = sizeof(control.bytes),
		};

		memcpy(CMSG_DATA(&control.header), &size, sizeof(size));
		if (sendmsg(limit->socket, &whole, 0) < 0)
			options_die("UDP_SEGMENT", strerror(errno));
		first += count;
	}
}

static void
send_each(struct limit *limit, int due)
{
	int sent = 0;

	for (int i = 0; i < due; i++) {
		limit->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &limit->peers[i],
			.msg_namelen = sizeof(limit->peers[i]),
			.msg_iov = &limit->parts[i],
			.msg_iovlen = 1,
		};
	}
	while (sent < due) {
		int count = sendmmsg(limit->socket, limit->headers + sent,
		    (unsigned int)(due - sent), 0);

		if (count <= 0)
			break;
		sent += count;
	}
}

static void
serve_batch(struct limit *limit)
{
	int received;
	int due = 0;

	for (int i = 0; i < BATCH; i++) {
		limit->parts[i] = (struct iovec){ limit->wires[i], MESSAGE_MAX };
		limit->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &limit->peers[i],
			.msg_namelen = sizeof(limit->peers[i]),
			.msg_iov = &limit->parts[i],
			.msg_iovlen = 1,
		};
	}
	received = recvmmsg(limit->socket, limit->headers, BATCH, MSG_WAITFORONE, NULL);
	for (int i = 0; i < received; i++) {
		size_t size = answer(limit, limit->wires[i], limit->headers[i].msg_len,
		    limit->answers[due]);

		if (size == 0)
			continue;
		limit->parts[due] = (struct iovec){ limit->answers[due], size };
		limit->peers[due] = limit->peers[i];
		due++;
	}
	if (limit->is_segmenting)
		send_segmented(limit, due);
	else
		send_each(limit, due);
}

static void
limit_init(struct limit *limit, const char *key_file, uint16_t port)
{
	struct sockaddr_in here = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	int buffer = 4 << 20;

	if (!signer_open(&limit->signer, key_file))
		options_die(key_file, "holds no key as ALGORITHM:NAME:BASE64");
	limit->memory = (knot_mm_t){ .ctx = &limit->arena,
		.alloc = arena_alloc,
		.free = arena_free };
	limit->socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (limit->socket < 0 ||
	    bind(limit->socket, (const struct sockaddr *)&here, sizeof(here)) != 0)
		options_die("127.0.0.1", strerror(errno));
	setsockopt(limit->socket, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
}

int
main(int argc, char **argv)
{
	static struct limit limit;
	const char *key_file = NULL;
	uint16_t port = 2136;
	int core = -1;
	int option;

	for (;;) {
		option = getopt(argc, argv, "P:k:p:g");
		if (option < 0)
			break;
		if (option == 'P') {
			port = (uint16_t)options_number("-P", optarg, 1, UINT16_MAX);
		} else if (option == 'k') {
			key_file = optarg;
		} else if (option == 'p') {
			core = (int)options_number("-p", optarg, 0, CPU_SETSIZE - 1);
		} else if (option == 'g') {
			limit.is_segmenting = true;
		} else {
			key_file = NULL;
			break;
		}
	}
	if (key_file == NULL || optind != argc)
		options_die("usage",
		    "limit -k KEYFILE [-P PORT] [-p CORE] [-g (segmented answers)]");
	if (!clock_pin(core))
		options_die("-p", strerror(errno));
	limit_init(&limit, key_file, port);
	for (;;)
		serve_batch(&limit);
}
