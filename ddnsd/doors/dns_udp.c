/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Datagrams. A turn takes at most TURN_MAX of them, so that TCP, timers and the publisher have
 * their share under a flood; what is left waits in the sockets.
 */
#include "doors/dns_udp.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"

enum {
	TURN_MAX = 512,
	BATCH = 64,
	DATAGRAM_MAX = 4096, /* nsupdate goes to TCP from 512 on, others from their EDNS size */
	QUEUE_MAX = TURN_MAX * (DATAGRAM_MAX + DNS_UDP_ANSWER_MAX), /* queries that wait, answers */
	SEGMENTS_MAX = 64,  /* of one UDP_SEGMENT send, Linux' UDP_MAX_SEGMENTS */
	CONTROL_SIZE = 128, /* pktinfo and UDP_SEGMENT */
};

/* Where a datagram came from, and where it was sent to: the answer goes the same way back. */
struct path {
	struct listener *listener;
	struct sockaddr_in6 peer; /* large enough for IPv4 too */
	socklen_t peer_length;
	struct address local; /* family 0: the socket has one address anyway */
	unsigned interface;   /* 0: the kernel's to choose; link-local addresses need it */
};

/* One answer of the turn, or one query that waits for its end. */
struct slot {
	struct path path;
	size_t offset; /* into the queue: the answer, or the query's bytes */
	size_t room;
	size_t length;
	bool is_waiting_query;
	struct dns_ticket ticket;
};

struct dns_udp {
	struct dns *dns;
	struct listeners listeners;

	struct slot slots[TURN_MAX];
	size_t slot_count;
	struct buffer queue;

	struct mmsghdr headers[BATCH];
	struct iovec parts[BATCH];
	struct sockaddr_in6 peers[BATCH];
	_Alignas(struct cmsghdr) uint8_t controls[BATCH][CONTROL_SIZE];
	uint8_t datagrams[BATCH][DATAGRAM_MAX];
};

static void receive(void *context, unsigned events);

struct dns_udp *
dns_udp_new(struct loop *loop, struct dns *dns)
{
	struct dns_udp *udp = calloc(1, sizeof(*udp));

	if (udp == NULL)
		return NULL;
	udp->dns = dns;
	udp->listeners = (struct listeners){
		.kind = LISTEN_UDP,
		.loop = loop,
		.handler = receive,
		.owner = udp,
	};
	buffer_init(&udp->queue, QUEUE_MAX);
	return udp;
}

void
dns_udp_free(struct dns_udp *udp)
{
	if (udp == NULL)
		return;
	listeners_close(&udp->listeners);
	buffer_release(&udp->queue);
	free(udp);
}

/* --- receiving --- */

static void
read_info4(const struct cmsghdr *control, struct path *path)
{
	struct in_pktinfo info;

	memcpy(&info, CMSG_DATA(control), sizeof(info));
	(void)address_from_bytes((const uint8_t *)&info.ipi_spec_dst, 4, &path->local);
}

static void
read_info6(const struct cmsghdr *control, struct path *path)
{
	struct in6_pktinfo info;

	memcpy(&info, CMSG_DATA(control), sizeof(info));
	(void)address_from_bytes(info.ipi6_addr.s6_addr, 16, &path->local);
	if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
		path->interface = info.ipi6_ifindex;
}

static void
read_path(struct listener *listener, struct msghdr *header, struct path *ret_path)
{
	struct path path = { .listener = listener, .peer_length = header->msg_namelen };

	memcpy(&path.peer, header->msg_name, sizeof(path.peer));
	for (struct cmsghdr *control = CMSG_FIRSTHDR(header); control != NULL;
	     control = CMSG_NXTHDR(header, control)) {
		if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO)
			read_info4(control, &path);
		else if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO)
			read_info6(control, &path);
	}
	*ret_path = path;
}

static struct dns_origin
origin_of(const struct path *path)
{
	struct dns_origin origin = { .is_udp = true };
	struct sockaddr_storage peer = { 0 };

	memcpy(&peer, &path->peer, sizeof(path->peer));
	endpoint_from_sockaddr(&peer, &origin.source);
	return origin;
}

/* Room for the next slot and its bytes; NULL when the turn is full. */
static struct slot *
next_slot(struct dns_udp *udp, size_t bytes)
{
	if (udp->slot_count == TURN_MAX)
		return NULL;
	if (buffer_reserve(&udp->queue, bytes) != STATUS_OK) {
		udp->queue.status = STATUS_OK;
		return NULL;
	}
	return &udp->slots[udp->slot_count];
}

static void
take_slot(struct dns_udp *udp, struct slot *slot, size_t bytes)
{
	slot->offset = udp->queue.length;
	slot->room = bytes;
	udp->queue.length += bytes;
	udp->slot_count++;
}

/* Keeps a query's bytes until the commit. */
static void
keep_query(struct dns_udp *udp, const struct path *path, const uint8_t *wire, size_t length)
{
	struct slot *slot = next_slot(udp, length);

	if (slot == NULL)
		return;
	memcpy(udp->queue.data + udp->queue.length, wire, length);
	slot->path = *path;
	slot->is_waiting_query = true;
	take_slot(udp, slot, length);
}

static void
receive_one(struct dns_udp *udp, const struct path *path, uint8_t *wire, size_t length)
{
	struct dns_origin origin = origin_of(path);
	struct slot *slot = next_slot(udp, DNS_UDP_ANSWER_MAX);
	size_t room = 0;

	/*
	 * Out of memory: silence, and the client asks again. RFC 768: who sends from port 0 wants no
	 * answer, and none can be sent.
	 */
	if (slot == NULL || origin.source.port == 0)
		return;
	switch (dns_receive(udp->dns, wire, length, &origin,
	    (uint8_t *)udp->queue.data + udp->queue.length, &slot->ticket, &room)) {
	case DNS_SILENCE:
		return;
	case DNS_AFTER_COMMIT:
		keep_query(udp, path, wire, length);
		return;
	case DNS_ANSWER:
		slot->path = *path;
		slot->is_waiting_query = false;
		take_slot(udp, slot, room);
		return;
	}
}

static void
prepare_batch(struct dns_udp *udp, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		udp->parts[i] = (struct iovec){ udp->datagrams[i], DATAGRAM_MAX };
		udp->headers[i].msg_hdr = (struct msghdr){
			.msg_name = &udp->peers[i],
			.msg_namelen = sizeof(udp->peers[i]),
			.msg_iov = &udp->parts[i],
			.msg_iovlen = 1,
			.msg_control = udp->controls[i],
			.msg_controllen = CONTROL_SIZE,
		};
	}
}

/*
 * An empty socket: true when something has come within the patience that a slow card is worth. A
 * client that asks one at a time is not made to wait: nothing else of it can come.
 */
static bool
has_more(const struct dns_udp *udp, int fd, int64_t *patience_ns)
{
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	int64_t begun_ns;
	int count;

	if (udp->slot_count < 2 || *patience_ns == 0)
		return false;
	if (*patience_ns < 0)
		*patience_ns = dns_patience_ns(udp->dns);
	if (*patience_ns <= 0)
		return false;
	begun_ns = clock_now_ns();
	count = ppoll(&poll, 1, &(struct timespec){ .tv_nsec = *patience_ns }, NULL);
	*patience_ns -= clock_now_ns() - begun_ns;
	if (*patience_ns < 0)
		*patience_ns = 0;
	return count > 0;
}

/*
 * Loop handler: drains one socket, up to its share of the turn: a flood of one leaves the others
 * theirs. What comes while a batch is being worked on shares its commit, so only an empty socket
 * ends it earlier. Datagrams that get no answer count too.
 */
static void
receive(void *context, unsigned events)
{
	struct listener *listener = context;
	struct dns_udp *udp = listener->owner;
	unsigned left = TURN_MAX / (unsigned)udp->listeners.count;
	int64_t patience_ns = -1; /* not asked for yet */

	(void)events;
	while (left > 0) {
		unsigned wanted = left < BATCH ? left : BATCH;
		int count;

		prepare_batch(udp, wanted);
		count = recvmmsg(listener->watch.fd, udp->headers, wanted, 0, NULL);
		if (count <= 0 && has_more(udp, listener->watch.fd, &patience_ns))
			continue;
		if (count <= 0)
			return;
		for (int i = 0; i < count; i++) {
			struct path path;

			read_path(listener, &udp->headers[i].msg_hdr, &path);
			receive_one(udp, &path, udp->datagrams[i], udp->headers[i].msg_len);
		}
		left -= (unsigned)count;
	}
}

/* --- sending --- */

static bool
is_same_path(const struct path *one, const struct path *other)
{
	return one->listener == other->listener && one->peer_length == other->peer_length &&
	    memcmp(&one->peer, &other->peer, one->peer_length) == 0 &&
	    one->interface == other->interface && address_is_equal(&one->local, &other->local);
}

/* How many slots from first on can leave in one send: one path, one size, the last may be shorter. */
static size_t
run_length(const struct dns_udp *udp, size_t first, size_t end)
{
	const struct slot *head = &udp->slots[first];
	size_t total = head->length;
	size_t count = 1;

	if (!head->path.listener->takes_segments || head->length == 0)
		return 1;
	while (first + count < end && count < SEGMENTS_MAX) {
		const struct slot *slot = &udp->slots[first + count];

		if (slot->length == 0 || slot->length > head->length ||
		    total + slot->length > MESSAGE_SIZE_MAX - 1000 ||
		    !is_same_path(&head->path, &slot->path))
			break;
		total += slot->length;
		count++;
		if (slot->length < head->length)
			break;
	}
	return count;
}

static void
put_control(struct msghdr *header, int level, int type, const void *data, size_t size)
{
	struct cmsghdr *control = (struct cmsghdr *)(void *)((uint8_t *)header->msg_control +
	    header->msg_controllen);

	control->cmsg_level = level;
	control->cmsg_type = type;
	control->cmsg_len = CMSG_LEN(size);
	memcpy(CMSG_DATA(control), data, size);
	header->msg_controllen += CMSG_SPACE(size);
}

/* The answer leaves from the address that was asked. */
static void
put_local(struct msghdr *header, const struct path *path)
{
	struct in_pktinfo info4 = { 0 };
	struct in6_pktinfo info6 = { .ipi6_ifindex = path->interface };

	if (path->local.family == 4) {
		memcpy(&info4.ipi_spec_dst, path->local.bytes, 4);
		put_control(header, IPPROTO_IP, IP_PKTINFO, &info4, sizeof(info4));
	} else if (path->local.family == 6) {
		memcpy(&info6.ipi6_addr, path->local.bytes, 16);
		put_control(header, IPPROTO_IPV6, IPV6_PKTINFO, &info6, sizeof(info6));
	}
}

/* Sends slots first to first + count - 1 by one call. False: this socket takes no segments. */
static bool
send_run(struct dns_udp *udp, size_t first, size_t count)
{
	struct path *path = &udp->slots[first].path;
	uint16_t size = (uint16_t)udp->slots[first].length;
	_Alignas(struct cmsghdr) uint8_t control[CONTROL_SIZE] = { 0 };
	struct iovec parts[SEGMENTS_MAX];
	struct msghdr header = {
		.msg_name = &path->peer,
		.msg_namelen = path->peer_length,
		.msg_iov = parts,
		.msg_iovlen = count,
		.msg_control = control,
	};

	for (size_t i = 0; i < count; i++)
		parts[i] = (struct iovec){ udp->queue.data + udp->slots[first + i].offset,
			udp->slots[first + i].length };
	put_local(&header, path);
	if (count > 1)
		put_control(&header, IPPROTO_UDP, UDP_SEGMENT, &size, sizeof(size));
	if (header.msg_controllen == 0)
		header.msg_control = NULL;
	/* A full socket buffer or a peer that is gone costs this answer: the client asks again. */
	if (sendmsg(path->listener->watch.fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0 ||
	    count == 1)
		return true;
	/* Without checksums in the device; older than Linux 4.18, or over the MTU. */
	return errno != EIO && errno != EINVAL && errno != EMSGSIZE;
}

static void
send_slots(struct dns_udp *udp, size_t first, size_t end)
{
	while (first < end) {
		size_t count = run_length(udp, first, end);

		if (udp->slots[first].length == 0) {
			first++;
			continue;
		}
		if (!send_run(udp, first, count)) {
			udp->slots[first].path.listener->takes_segments = false;
			continue;
		}
		first += count;
	}
}

/* Answers a query that waited; its bytes give way to the answer in a slot of its own. */
static void
answer_waiting(struct dns_udp *udp, struct slot *slot)
{
	uint8_t wire[DATAGRAM_MAX];
	struct dns_origin origin = origin_of(&slot->path);
	size_t room = 0;

	memcpy(wire, udp->queue.data + slot->offset, slot->room);
	slot->length = 0;
	if (buffer_reserve(&udp->queue, DNS_UDP_ANSWER_MAX) != STATUS_OK ||
	    dns_receive(udp->dns, wire, slot->room, &origin,
		(uint8_t *)udp->queue.data + udp->queue.length, &slot->ticket, &room) != DNS_ANSWER)
		return;
	slot->offset = udp->queue.length;
	slot->room = room;
	udp->queue.length += room;
	slot->length = dns_finish(&slot->ticket, STATUS_OK,
	    (uint8_t *)udp->queue.data + slot->offset, room);
}

void
dns_udp_flush(struct dns_udp *udp, enum status commit_status)
{
	if (udp->slot_count == 0)
		return;
	for (size_t i = 0; i < udp->slot_count; i++) {
		struct slot *slot = &udp->slots[i];

		if (slot->is_waiting_query)
			answer_waiting(udp, slot);
		else
			slot->length = dns_finish(&slot->ticket, commit_status,
			    (uint8_t *)udp->queue.data + slot->offset, slot->room);
	}
	send_slots(udp, 0, udp->slot_count);
	udp->slot_count = 0;
	buffer_clear(&udp->queue);
}

enum status
dns_udp_listen(struct dns_udp *udp, const struct endpoint *at, size_t count,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	return listeners_set(&udp->listeners, at, count, ret_problem);
}
