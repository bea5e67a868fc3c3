/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How dnsmasq hears of a new file, and whether it did: the signal by pidfd, and one question for
 * the marker over UDP. Knows neither the registry nor when to publish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/address.h"

enum { DNSMASQ_PROBLEM_MAX = 256 };

/*
 * Sends SIGHUP to the process of the pid file: pidfd_open(), then /proc/PID/comm must be "dnsmasq" or
 * "pihole-FTL" (a stale pid file may name anybody), then pidfd_send_signal(). STATUS_NOT_FOUND: no pid
 * file or no such process, or it is not dnsmasq; STATUS_PERMISSION; STATUS_DAMAGED: no pid in the
 * file. ret_problem says which, with path and pid; it is empty on success.
 */
enum status dnsmasq_signal(const char *pid_file, char ret_problem[static DNSMASQ_PROBLEM_MAX]);

/*
 * A connected, non-blocking UDP socket: the kernel picks a random port and lets nobody else's
 * datagrams through. Caller closes it.
 */
enum status dnsmasq_socket(const struct endpoint *server, int *ret_socket);

/* Not to be guessed by who cannot see the question. */
uint16_t dnsmasq_random_id(void);

/* Sends one AAAA question for name. STATUS_REFUSED: nobody listens there (ICMP). */
enum status dnsmasq_ask(int socket, const uint8_t *name, uint16_t id);

enum dnsmasq_answer {
	DNSMASQ_NOTHING, /* no datagram waiting */
	DNSMASQ_OTHER,   /* not an answer to this question: go on reading */
	DNSMASQ_NOBODY,  /* nobody listens there (ICMP) */
	DNSMASQ_NO_NAME, /* no marker, whatever the RCODE: it does not read our file (yet) */
	DNSMASQ_NUMBER,  /* *ret_number is what its marker says */
};

/* Reads one datagram. *ret_number is untouched unless DNSMASQ_NUMBER comes back. */
enum dnsmasq_answer dnsmasq_read(int socket, const uint8_t *name, uint16_t id,
    uint64_t *ret_number);
