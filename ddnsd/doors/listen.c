/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Listening sockets: made, bound, and a reason where that fails. */
#include "doors/listen.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"

enum {
	BACKLOG = 128,
	RECEIVE_BUFFER = 1 << 20, /* rides out a commit on a slow card; the kernel may give less */
};

static const char *
hint_for(int error)
{
	switch (error) {
	case EADDRINUSE:
		return ": another program (another ddnsd?) has that port";
	case EADDRNOTAVAIL:
		return ": this machine does not have that address (yet)";
	case EACCES:
		return ": ports below 1024 need root or CAP_NET_BIND_SERVICE";
	default:
		return "";
	}
}

static enum status
fail(const struct endpoint *at, const char *what, int socket, char *ret_problem)
{
	int error = errno;
	char text[ENDPOINT_TEXT_MAX];

	(void)snprintf(ret_problem, LISTEN_PROBLEM_MAX, "%s %s: %s%s", what,
	    endpoint_to_text(at, text), strerror(error), hint_for(error));
	if (socket >= 0)
		(void)close(socket);
	return file_status(error);
}

static int
make_socket(const struct endpoint *at, int type)
{
	int family = at->address.family == 4 ? AF_INET : AF_INET6;
	int yes = 1;
	int fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	if (family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes)) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool
is_wildcard(const struct address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

/* An answer has to come from the address that was asked (RFC 2181 4.1). */
static int
ask_for_destination(int fd, const struct address *address)
{
	int yes = 1;

	if (!is_wildcard(address))
		return 0;
	if (address->family == 4)
		return setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof(yes));
	return setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof(yes));
}

static enum status
open_udp(const struct endpoint *at, int *ret_socket, char *ret_problem)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(at, &address);
	int size = RECEIVE_BUFFER;
	int fd = make_socket(at, SOCK_DGRAM);

	if (fd < 0 || ask_for_destination(fd, &at->address) != 0 ||
	    bind(fd, (struct sockaddr *)&address, length) != 0)
		return fail(at, "cannot receive on UDP", fd, ret_problem);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	*ret_socket = fd;
	return STATUS_OK;
}

static enum status
open_tcp(const struct endpoint *at, int *ret_socket, char *ret_problem)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(at, &address);
	int yes = 1;
	int fd = make_socket(at, SOCK_STREAM);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
	    bind(fd, (struct sockaddr *)&address, length) != 0 || listen(fd, BACKLOG) != 0)
		return fail(at, "cannot listen on TCP", fd, ret_problem);
	*ret_socket = fd;
	return STATUS_OK;
}

enum status
listen_open(enum listen_kind kind, const struct endpoint *at, int *ret_socket,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	return kind == LISTEN_UDP ? open_udp(at, ret_socket, ret_problem)
				  : open_tcp(at, ret_socket, ret_problem);
}

static void
close_one(struct listeners *listeners, struct listener *listener)
{
	loop_unwatch(listeners->loop, &listener->watch);
	(void)close(listener->watch.fd);
	free(listener);
}

static enum status
open_one(const struct listeners *listeners, const struct endpoint *at,
    struct listener **ret_listener, char *ret_problem)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	enum status status;
	int fd = -1;

	if (listener == NULL)
		return STATUS_NO_MEMORY;
	*listener = (struct listener){
		.watch = { .handler = listeners->handler, .context = listener },
		.at = *at,
		.owner = listeners->owner,
		.takes_segments = true,
	};
	status = listen_open(listeners->kind, at, &fd, ret_problem);
	if (status == STATUS_OK) {
		status = loop_watch(listeners->loop, &listener->watch, fd, LOOP_READ);
		if (status != STATUS_OK)
			(void)close(fd);
	}
	if (status != STATUS_OK) {
		free(listener);
		return status;
	}
	*ret_listener = listener;
	return STATUS_OK;
}

static struct listener *
find(const struct listeners *listeners, const struct endpoint *at)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->list[i]->at.port == at->port &&
		    address_is_equal(&listeners->list[i]->at.address, &at->address))
			return listeners->list[i];
	}
	return NULL;
}

/* Closes those of list that do not stand in kept. */
static void
close_others(struct listeners *listeners, struct listener *const *list, size_t count,
    struct listener *const *kept, size_t kept_count)
{
	for (size_t i = 0; i < count; i++) {
		size_t at = 0;

		while (at < kept_count && kept[at] != list[i])
			at++;
		if (at == kept_count)
			close_one(listeners, list[i]);
	}
}

static bool
is_among(const struct endpoint *at, size_t count, const struct endpoint *wanted)
{
	for (size_t i = 0; i < count; i++) {
		if (at[i].port == wanted->port &&
		    address_is_equal(&at[i].address, &wanted->address))
			return true;
	}
	return false;
}

/* True when one is all addresses of the other's family and port: they cannot both be had. */
static bool
excludes(const struct endpoint *one, const struct endpoint *other)
{
	return one->port == other->port && one->address.family == other->address.family &&
	    (is_wildcard(&one->address) || is_wildcard(&other->address));
}

/* Closes what is not wanted any more and keeps something wanted from being opened. */
static size_t
step_aside(struct listeners *listeners, const struct endpoint *at, size_t count,
    struct endpoint ret_gone[static LISTENERS_MAX])
{
	size_t gone = 0;
	size_t kept = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = listeners->list[i];
		bool stays = true;

		for (size_t j = 0; j < count && !is_among(at, count, &listener->at); j++)
			stays = stays && !excludes(&listener->at, &at[j]);
		if (stays) {
			listeners->list[kept++] = listener;
			continue;
		}
		ret_gone[gone++] = listener->at;
		close_one(listeners, listener);
	}
	listeners->count = kept;
	return gone;
}

/* What stepped aside in vain. */
static void
step_back(struct listeners *listeners, const struct endpoint *gone, size_t count, char *ret_problem)
{
	char problem[LISTEN_PROBLEM_MAX];
	char text[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		size_t length = strlen(ret_problem);

		if (open_one(listeners, &gone[i], &listeners->list[listeners->count], problem) ==
		    STATUS_OK)
			listeners->count++;
		else
			(void)snprintf(ret_problem + length, LISTEN_PROBLEM_MAX - length,
			    "; %s cannot be had again", endpoint_to_text(&gone[i], text));
	}
}

/* Sockets that are there are taken, others opened; those are closed again on failure. */
static enum status
open_wanted(struct listeners *listeners, const struct endpoint *at, size_t count,
    struct listener *ret_wanted[static LISTENERS_MAX], char *ret_problem)
{
	enum status status = STATUS_OK;
	size_t ready = 0;

	(void)snprintf(ret_problem, LISTEN_PROBLEM_MAX, "%s", status_text(STATUS_NO_MEMORY));
	while (ready < count && status == STATUS_OK) {
		ret_wanted[ready] = find(listeners, &at[ready]);
		if (ret_wanted[ready] == NULL)
			status = open_one(listeners, &at[ready], &ret_wanted[ready], ret_problem);
		ready += status == STATUS_OK;
	}
	if (status != STATUS_OK)
		close_others(listeners, ret_wanted, ready, listeners->list, listeners->count);
	return status;
}

/*
 * Nothing is given up before it must be: what is not permitted (a port below 1024, once root's rights are
 * gone) could not be had again either.
 */
enum status
listeners_set(struct listeners *listeners, const struct endpoint *at, size_t count,
    char ret_problem[static LISTEN_PROBLEM_MAX])
{
	struct listener *wanted[LISTENERS_MAX];
	struct endpoint gone[LISTENERS_MAX];
	size_t gone_count = 0;
	enum status status;

	if (count > LISTENERS_MAX) {
		(void)snprintf(ret_problem, LISTEN_PROBLEM_MAX, "over %d addresses", LISTENERS_MAX);
		return STATUS_TOO_LARGE;
	}
	status = open_wanted(listeners, at, count, wanted, ret_problem);
	if (status != STATUS_OK && status != STATUS_PERMISSION) {
		gone_count = step_aside(listeners, at, count, gone);
		if (gone_count > 0)
			status = open_wanted(listeners, at, count, wanted, ret_problem);
	}
	if (status != STATUS_OK) {
		step_back(listeners, gone, gone_count, ret_problem);
		return status;
	}
	close_others(listeners, listeners->list, listeners->count, wanted, count);
	memcpy(listeners->list, wanted, count * sizeof(struct listener *));
	listeners->count = count;
	return STATUS_OK;
}

void
listeners_close(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		close_one(listeners, listeners->list[i]);
	listeners->count = 0;
}
