/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doors for tests: putting them together, and turning the loop. */
#include "door.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

const char door_key[] = "laptop.home.arpa";
const char door_admin[] = "admin";
const char door_careful_network[] = "192.0.2.0/24";
const char door_careless_network[] = "198.51.100.0/24";

/* --- building --- */

static void
add_key(struct door *door, const char *name, const uint8_t *secret, const char *const *texts,
    size_t count)
{
	struct grant grants[2];
	struct key_options options = {
		.name_text = name,
		.algorithm = TSIG_HMAC_SHA256,
		.secret = secret,
		.secret_size = CLIENT_SECRET_SIZE,
		.is_admin = strcmp(name, door_admin) == 0,
		.grants = grants,
		.grant_count = count,
	};
	const char *reason;

	assert_int_equal(name_from_text(name, &options.name), STATUS_OK);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(grant_from_text(texts[i], &grants[i], &reason), STATUS_OK);
	assert_int_equal(keyring_add(door->keyring, &options), STATUS_OK);
}

static void
add_network(struct door *door, size_t place, const char *text, bool is_careful)
{
	struct network_principal *network = &door->principals[place];

	assert_int_equal(network_from_text(text, &door->networks[place]), STATUS_OK);
	*network = (struct network_principal){
		.principal = {
			.kind = PRINCIPAL_NETWORK,
			.identity = text,
			.grants = &door->network_grant,
			.grant_count = 1,
			.sources = &door->networks[place],
			.source_count = 1,
			.own_address_only = is_careful,
		},
		.allows_udp = !is_careful,
	};
}

static void
end_turn(void *context)
{
	struct door *door = context;

	door->commit_status = service_commit(door->served.service);
	dns_turn_ended(door->dns, door->commit_status);
	dns_udp_flush(door->udp, door->commit_status);
	dns_tcp_flush(door->tcp, door->commit_status);
}

void
door_open(struct door *door)
{
	static const char *const own[] = { "self A AAAA TXT", "*.self" };
	static const char *const all[] = { "zone home.arpa ANY SOA NS" };
	const char *reason;

	served_open(&door->served);
	door->keyring = keyring_new();
	assert_non_null(door->keyring);
	add_key(door, door_key, client_secret, own, 2);
	add_key(door, door_admin, client_other_secret, all, 1);
	assert_int_equal(grant_from_text("*.home.arpa A AAAA", &door->network_grant, &reason),
	    STATUS_OK);
	add_network(door, 0, door_careful_network, true);
	add_network(door, 1, door_careless_network, false);
	service_set_access(door->served.service, door->keyring, door->principals, DOOR_NETWORKS);
	door->dns = dns_new(door->served.service);
	assert_non_null(door->dns);
	door->udp = dns_udp_new(door->served.loop, door->dns);
	door->tcp = dns_tcp_new(door->served.loop, door->dns);
	assert_non_null(door->udp);
	assert_non_null(door->tcp);
	loop_at_turn_end(door->served.loop, end_turn, door);
}

void
door_close(struct door *door)
{
	dns_tcp_free(door->tcp);
	dns_udp_free(door->udp);
	dns_free(door->dns);
	served_close(&door->served);
	keyring_free(door->keyring);
}

void
door_listen(struct door *door, const struct endpoint *at, size_t count, unsigned connections)
{
	struct dns_options options = {
		.listen_count = count,
		.tcp_connections_max = connections,
		.tcp_idle_ms = DOOR_IDLE_MS,
	};
	char problem[LISTEN_PROBLEM_MAX];

	for (size_t i = 0; i < count; i++)
		options.listen[i] = at[i];
	if (dns_udp_listen(door->udp, at, count, problem) != STATUS_OK ||
	    dns_tcp_listen(door->tcp, &options, problem) != STATUS_OK)
		fail_msg("%s", problem);
}

/* --- time and the loop --- */

struct endpoint
door_free_endpoint(void)
{
	/* Other tests run beside this one: an address of the process, not only a port. */
	uint32_t number = (uint32_t)getpid();
	struct endpoint endpoint = {
		.address = {
			.family = 4,
			.bytes = { 127, (uint8_t)(1 + (number >> 16 & 63)), (uint8_t)(number >> 8),
			    (uint8_t)number },
		},
	};
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(&endpoint, &address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	endpoint_from_sockaddr(&address, &endpoint);
	(void)close(fd);
	return endpoint;
}

static bool
is_free(const struct endpoint *everywhere, int type)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(everywhere, &address);
	int fd = socket(everywhere->address.family == 4 ? AF_INET : AF_INET6, type | SOCK_CLOEXEC,
	    0);
	bool is_bound;

	assert_true(fd >= 0);
	is_bound = bind(fd, (struct sockaddr *)&address, size) == 0;
	(void)close(fd);
	return is_bound;
}

uint16_t
door_free_port(uint8_t family)
{
	/* Below those that the kernel gives to the connections of tests that run beside this one. */
	enum { FIRST = 20000, PORTS = 12000, TRIES = 1000 };
	struct endpoint everywhere = { .address.family = family };

	for (unsigned i = 0; i < TRIES; i++) {
		everywhere.port = (uint16_t)(FIRST + ((unsigned)getpid() * 131 + i) % PORTS);
		if (is_free(&everywhere, SOCK_DGRAM) && is_free(&everywhere, SOCK_STREAM))
			return everywhere.port;
	}
	fail_msg("no port is free");
	return 0;
}

void
door_turn(struct door *door, int limit_ms)
{
	assert_int_equal(loop_turn(door->served.loop, limit_ms), STATUS_OK);
}

static int64_t
now_ms(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool
door_wait(struct door *door, int client)
{
	struct pollfd wanted = { .fd = client, .events = POLLIN };
	int64_t until_ms = now_ms() + DOOR_LIMIT_MS;

	while (poll(&wanted, 1, 0) == 0) {
		if (now_ms() > until_ms)
			return false;
		door_turn(door, 10);
	}
	return true;
}

/* --- clients --- */

void
door_send_letter(int client, const struct letter *letter)
{
	uint8_t prefix[] = { (uint8_t)(letter->length >> 8), (uint8_t)letter->length };
	struct iovec parts[] = {
		{ prefix, sizeof(prefix) },
		{ (void *)(uintptr_t)letter->wire, letter->length },
	};
	struct msghdr message = { .msg_iov = parts, .msg_iovlen = 2 };
	size_t length = sizeof(prefix) + letter->length;
	socklen_t size = sizeof(int);
	int type;

	assert_int_equal(getsockopt(client, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	if (type == SOCK_DGRAM) {
		message = (struct msghdr){ .msg_iov = parts + 1, .msg_iovlen = 1 };
		length = letter->length;
	}
	assert_int_equal(sendmsg(client, &message, MSG_NOSIGNAL), length);
}

void
door_send_query(int client, uint16_t id, const char *name, uint16_t type)
{
	struct letter letter;

	letter_query(&letter, id, name, type);
	door_send_letter(client, &letter);
}

void
door_send_update(int client, uint16_t id, const char *address)
{
	struct letter letter;

	letter_update(&letter, id);
	letter_add(&letter, door_key, address);
	letter_sign(&letter, door_key, client_secret, served_wall_s);
	door_send_letter(client, &letter);
}

void
door_put_text(struct door *door, const char *name, size_t octets)
{
	static char script[SERVED_TEXT_MAX];
	size_t used = 0;

	for (size_t done = 0; done < octets; done += DOOR_TEXT_SIZE)
		used += (size_t)snprintf(script + used, sizeof(script) - used,
		    "add %s 60 TXT \"%0*zu\";", name, DOOR_TEXT_SIZE - 1, done);
	assert_true(used < sizeof(script));
	assert_int_equal(served_do(&door->served,
			     served_key(&door->served, door_admin, "zone home.arpa"), script),
	    STATUS_OK);
}
