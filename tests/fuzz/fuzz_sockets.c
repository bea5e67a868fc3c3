/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Reloads that have the HTTP door listen elsewhere, with a certificate or without, some of which fail:
 * afterwards exactly the sockets are open that the options in force ask for, and nothing is closed twice.
 *
 * An input is reloads of three octets. The first is a set of addresses; of the second, two bits each are
 * the port, that of the redirector, and the certificate (enum security); the third says which
 * attempt to open a socket fails, and above that, in FAILS_FOR_GOOD, that all do from there on.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "doors/listen.h"
#include "doors/web.h"

#include "certificate.h"
#include "quiet_log.h"
#include "world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	RELOAD_SIZE = 3,
	RELOADS_MAX = 40,
	FAILS_FOR_GOOD = 64,
	IS_DENIED = 128, /* what fails is not permitted */
	ATTEMPTS = 64,
	IDLE_MS = 1000,
};

enum security { SECURITY_NONE, SECURITY_TLS, SECURITY_OTHER_TLS, SECURITY_BROKEN };

/* All addresses of a family, then some of it. */
static const char *const addresses[] = { "0.0.0.0", "127.0.0.1", "192.0.2.1", "::", "::1" };
static const uint16_t ports[] = { 8053, 443, 80 };

enum {
	ADDRESSES = sizeof(addresses) / sizeof(addresses[0]),
	PORTS = sizeof(ports) / sizeof(ports[0])
};

static unsigned attempts;
static unsigned fails_at; /* 0: none does */
static bool fails_for_good;
static bool is_denied;

void
quiet_log_look(const char *line, size_t length)
{
	(void)line;
	(void)length;
}

/* --- in the place of doors/listen.c: an abstract name stands for an endpoint --- */

static struct sockaddr_un
name_of(const struct endpoint *at, socklen_t *ret_size)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	char text[ENDPOINT_TEXT_MAX];

	(void)snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ddnsd-fuzz-%d-%s",
	    (int)getpid(), endpoint_to_text(at, text));
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(name.sun_path + 1));
	return name;
}

/* -1: the name is taken. */
static int
take_name(const struct endpoint *at)
{
	socklen_t size;
	struct sockaddr_un name = name_of(at, &size);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	expect(fd >= 0);
	if (bind(fd, (struct sockaddr *)&name, size) == 0)
		return fd;
	expect(errno == EADDRINUSE);
	(void)close(fd);
	return -1;
}

static struct endpoint
endpoint_of(size_t address, size_t port)
{
	struct endpoint endpoint = { .port = ports[port] };

	expect(address_from_text(addresses[address], &endpoint.address) == STATUS_OK);
	return endpoint;
}

static bool
is_open(const struct endpoint *at)
{
	int fd = take_name(at);

	if (fd >= 0)
		(void)close(fd);
	return fd < 0;
}

static bool
is_wildcard(const struct address *address)
{
	static const struct address none;

	return memcmp(address->bytes, none.bytes, sizeof(none.bytes)) == 0;
}

/* A wildcard address excludes the others of its family. */
static bool
has_rival(const struct endpoint *at)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		struct endpoint other = endpoint_of(i, 0);

		other.port = at->port;
		if (other.address.family == at->address.family &&
		    (is_wildcard(&other.address) || is_wildcard(&at->address)) && is_open(&other))
			return true;
	}
	return false;
}

enum status
listen_open(enum listen_kind kind, const struct endpoint *at, int *ret_socket,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	bool fails = ++attempts == fails_at || (fails_for_good && attempts > fails_at);
	int fd;

	expect(kind == LISTEN_TCP);
	if (fails) {
		(void)snprintf(ret_problem, LISTEN_PROBLEM_MAX, "no");
		return is_denied ? STATUS_PERMISSION : STATUS_IO;
	}
	fd = has_rival(at) ? -1 : take_name(at);
	if (fd < 0) {
		(void)snprintf(ret_problem, LISTEN_PROBLEM_MAX, "taken");
		return STATUS_IO;
	}
	expect(listen(fd, 1) == 0);
	*ret_socket = fd;
	return STATUS_OK;
}

/* --- reloads --- */

/* As the configuration has it: no other address beside one that stands for all of its family. */
static void
add_addresses(struct web_options *options, unsigned set, size_t port)
{
	for (size_t i = 0; i < ADDRESSES; i++) {
		size_t wildcard = i < 3 ? 0 : 3;

		if ((set & 1U << i) != 0 && (i == wildcard || (set & 1U << wildcard) == 0))
			options->listen[options->listen_count++] = endpoint_of(i, port);
	}
}

static struct web_options
read_options(const uint8_t *octets)
{
	size_t port = octets[1] % 4 % PORTS;
	size_t redirect = octets[1] / 4 % 4;
	enum security security = octets[1] / 16 % 4;
	struct web_options options = {
		.connections_max = 2,
		.idle_ms = IDLE_MS,
	};

	add_addresses(&options, octets[0], port);
	if (security == SECURITY_NONE || options.listen_count == 0)
		return options;
	if (redirect < PORTS && redirect != port)
		options.redirect_port = ports[redirect];
	(void)snprintf(options.certificate, sizeof(options.certificate), "%s",
	    security == SECURITY_BROKEN ? "/nowhere" : certificate_path(security - 1));
	(void)snprintf(options.key, sizeof(options.key), "%s",
	    certificate_key_path(security == SECURITY_OTHER_TLS ? 1 : 0));
	return options;
}

/* Sets of endpoints: a bit each. */
static unsigned
bit_of(size_t address, size_t port)
{
	return 1U << (address * PORTS + port);
}

static unsigned
open_endpoints(void)
{
	unsigned set = 0;

	for (size_t i = 0; i < ADDRESSES; i++) {
		for (size_t j = 0; j < PORTS; j++) {
			struct endpoint at = endpoint_of(i, j);

			if (is_open(&at))
				set |= bit_of(i, j);
		}
	}
	return set;
}

static bool
wants(const struct web_options *options, const struct endpoint *at)
{
	for (size_t i = 0; i < options->listen_count; i++) {
		if (address_is_equal(&options->listen[i].address, &at->address) &&
		    (options->listen[i].port == at->port || options->redirect_port == at->port))
			return true;
	}
	return false;
}

static unsigned
wanted_endpoints(const struct web_options *options)
{
	unsigned set = 0;

	for (size_t i = 0; i < ADDRESSES; i++) {
		for (size_t j = 0; j < PORTS; j++) {
			struct endpoint at = endpoint_of(i, j);

			if (wants(options, &at))
				set |= bit_of(i, j);
		}
	}
	return set;
}

/* options are those in force, and those that are after it. */
static void
reload(struct web *web, const uint8_t *octets, struct web_options *options)
{
	struct web_options wanted = read_options(octets);
	char problem[LISTEN_PROBLEM_MAX] = "";
	unsigned before = open_endpoints();
	enum status status;

	attempts = 0;
	fails_at = octets[2] % ATTEMPTS;
	fails_for_good = fails_at != 0 && (octets[2] & FAILS_FOR_GOOD) != 0;
	is_denied = (octets[2] & IS_DENIED) != 0;
	status = web_listen(web, &wanted, problem);
	if (status == STATUS_OK) {
		*options = wanted;
		expect(open_endpoints() == wanted_endpoints(options));
	} else {
		expect(problem[0] != '\0' && memchr(problem, '\0', sizeof(problem)) != NULL);
		expect((open_endpoints() & ~(before | wanted_endpoints(options))) == 0);
		if (!fails_for_good && before == wanted_endpoints(options))
			expect(open_endpoints() == before);
	}
	web_start(web);
	web_forget_peers(web);
	if (web_problem(web)[0] == '\0')
		return;
	/* Nobody is served where there is no certificate, nor was one before. */
	expect(options->certificate[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct web_sites sites = { 0 };
	struct web_options options = { 0 };
	struct world world;
	struct web *web;
	int first;

	/* What is made once is made before descriptors are counted. */
	for (unsigned i = 0; i < CERTIFICATE_PAIRS; i++)
		(void)certificate_key_path(i);
	world_build(&world);
	first = dup(STDERR_FILENO);
	(void)close(first);
	web = web_new(world.loop, world.service, &sites);
	expect(web != NULL);
	for (size_t i = 0; i < RELOADS_MAX && (i + 1) * RELOAD_SIZE <= size; i++) {
		reload(web, data + i * RELOAD_SIZE, &options);
		expect(loop_turn(world.loop, 0) == STATUS_OK);
	}
	web_free(web);
	expect(open_endpoints() == 0);
	expect(dup(STDERR_FILENO) == first);
	(void)close(first);
	world_release(&world);
	return 0;
}
