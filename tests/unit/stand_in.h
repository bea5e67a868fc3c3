/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Stands in for dnsmasq: a process of any name that counts SIGHUPs, and the datagrams of a server
 * that answers the marker. Fails the test when the system does.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "wire/address.h"

enum { STAND_IN_LIMIT_MS = 10000, STAND_IN_DATAGRAM_MAX = 512 };

/* --- the process --- */

struct stand_in {
	pid_t pid;
	int pipe; /* a byte for each SIGHUP; not blocking */
};

static inline void
stand_in_live(const char *name, int out)
{
	sigset_t hangups;

	sigemptyset(&hangups);
	sigaddset(&hangups, SIGHUP);
	(void)sigprocmask(SIG_BLOCK, &hangups, NULL);
	(void)prctl(PR_SET_NAME, name);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* The first byte says that it is ready. */
	while (write(out, "", 1) == 1) {
		int number;

		if (sigwait(&hangups, &number) != 0)
			break;
	}
	_exit(1);
}

/* True when a signal has come within the limit; takes it. */
static inline bool
stand_in_was_signalled(const struct stand_in *stand_in, int limit_ms)
{
	struct pollfd wanted = { .fd = stand_in->pipe, .events = POLLIN };
	char byte;

	return poll(&wanted, 1, limit_ms) == 1 && read(stand_in->pipe, &byte, 1) == 1;
}

static inline void
stand_in_start(struct stand_in *stand_in, const char *name)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	stand_in->pid = fork();
	assert_true(stand_in->pid >= 0);
	if (stand_in->pid == 0) {
		(void)close(ends[0]);
		stand_in_live(name, ends[1]);
	}
	(void)close(ends[1]);
	stand_in->pipe = ends[0];
	assert_true(stand_in_was_signalled(stand_in, STAND_IN_LIMIT_MS));
}

static inline void
stand_in_stop(struct stand_in *stand_in)
{
	(void)close(stand_in->pipe);
	(void)kill(stand_in->pid, SIGKILL);
	(void)waitpid(stand_in->pid, NULL, 0);
}

/* --- the server --- */

/* A UDP socket on 127.0.0.1: at that port, or at any when it is 0. Where it is comes back. */
static inline int
stand_in_socket(struct endpoint *endpoint)
{
	struct sockaddr_storage address;
	socklen_t size;
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	endpoint->address = (struct address){ .family = 4, .bytes = { 127, 0, 0, 1 } };
	size = endpoint_to_sockaddr(endpoint, &address);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	size = sizeof(address);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	endpoint_from_sockaddr(&address, endpoint);
	return fd;
}

struct stand_in_question {
	struct sockaddr_storage from;
	socklen_t from_size;
	uint8_t wire[STAND_IN_DATAGRAM_MAX];
	size_t size;
};

/* Waits for a question that long. */
static inline bool
stand_in_receive(int fd, struct stand_in_question *question, int limit_ms)
{
	struct pollfd wanted = { .fd = fd, .events = POLLIN };
	ssize_t size;

	*question = (struct stand_in_question){ .size = 0 };
	question->from_size = sizeof(question->from);
	if (poll(&wanted, 1, limit_ms) != 1)
		return false;
	size = recvfrom(fd, question->wire, sizeof(question->wire), 0,
	    (struct sockaddr *)&question->from, &question->from_size);
	question->size = size > 0 ? (size_t)size : 0;
	return size > 0;
}

/* Makes an answer of the question: no record. Returns its size; the RCODE is what was given. */
static inline size_t
stand_in_deny(const struct stand_in_question *question, uint8_t rcode,
    uint8_t answer[static STAND_IN_DATAGRAM_MAX])
{
	memcpy(answer, question->wire, question->size);
	answer[2] = question->wire[2] | 0x80;
	answer[3] = (uint8_t)(0x80 | rcode);
	return question->size;
}

/* The same with one AAAA record. */
static inline size_t
stand_in_answer(const struct stand_in_question *question, const char *address_text,
    uint8_t answer[static STAND_IN_DATAGRAM_MAX])
{
	/* Owner: what the question has. AAAA, IN, TTL 0, 16 octets. */
	static const uint8_t head[] = { 0xc0, 12, 0, 28, 0, 1, 0, 0, 0, 0, 0, 16 };
	size_t size = stand_in_deny(question, 0, answer);
	struct address address;

	assert_int_equal(address_from_text(address_text, &address), STATUS_OK);
	answer[7] = 1;
	memcpy(answer + size, head, sizeof(head));
	memcpy(answer + size + sizeof(head), address.bytes, 16);
	return size + sizeof(head) + 16;
}

static inline void
stand_in_send(int fd, const struct stand_in_question *question, const uint8_t *answer, size_t size)
{
	assert_int_equal(sendto(fd, answer, size, 0, (const struct sockaddr *)&question->from,
			     question->from_size),
	    size);
}
