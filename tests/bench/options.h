/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Owns what the benchmark programs' command lines have in common: numbers, addresses, dying.
 * Never knows what an option means.
 */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* Says WHAT and why on stderr and ends the program with exit code 1. */
static inline void __attribute__((noreturn)) options_die(const char *what, const char *why)
{
	fprintf(stderr, "%s: %s\n", what, why);
	exit(1);
}

/* TEXT as a whole number from MIN to MAX; anything else ends the program, naming OPTION. */
static inline uint64_t
options_number(const char *option, const char *text, uint64_t min, uint64_t max)
{
	char *end = NULL;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < min ||
	    value > max) {
		fprintf(stderr, "%s: '%s' is no number from %llu to %llu\n", option, text,
		    (unsigned long long)min, (unsigned long long)max);
		exit(1);
	}
	return value;
}

/* TEXT as a number above zero, fractions allowed. */
static inline double
options_fraction(const char *option, const char *text)
{
	char *end = NULL;
	double value;

	errno = 0;
	value = strtod(text, &end);
	if (errno != 0 || end == text || *end != '\0' || !(value > 0))
		options_die(option, "wants a number above 0");
	return value;
}

/* A UDP socket connected to ADDRESS (IPv4 or IPv6, numeric) and PORT. It ends the program when that fails. */
static inline int
options_connect(const char *address, uint16_t port)
{
	struct sockaddr_in6 to6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct sockaddr_in to4 = { .sin_family = AF_INET, .sin_port = htons(port) };
	const struct sockaddr *to = (const struct sockaddr *)&to4;
	socklen_t to_size = sizeof(to4);
	int buffer = 4 << 20;
	int fd;

	if (inet_pton(AF_INET, address, &to4.sin_addr) != 1) {
		if (inet_pton(AF_INET6, address, &to6.sin6_addr) != 1)
			options_die(address, "is no IPv4 or IPv6 address");
		to = (const struct sockaddr *)&to6;
		to_size = sizeof(to6);
	}
	fd = socket(to->sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, to, to_size) != 0)
		options_die(address, strerror(errno));
	/* Answers come in bursts of a whole group commit; the default buffer holds about 250. */
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof(buffer));
	return fd;
}
