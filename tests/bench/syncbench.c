/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * How long a bare fdatasync takes after a write of 4 KB, on the disk of a given folder: what
 * one durable change costs at the least. Never leaves its file behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "histogram.h"
#include "options.h"

#define BLOCK 4096
/* As many blocks as a write-ahead log of 1 MB has; they are overwritten in turn as it does. */
#define BLOCKS 256

/* An unnamed file in FOLDER, filled unless it is to be appended to. */
static int
open_file(const char *folder, bool is_appending)
{
	uint8_t block[BLOCK] = { 0 };
	int fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0)
		options_die(folder, strerror(errno));
	for (int i = 0; i < BLOCKS && !is_appending; i++) {
		if (pwrite(fd, block, BLOCK, (off_t)i * BLOCK) != BLOCK)
			options_die(folder, strerror(errno));
	}
	if (fsync(fd) != 0)
		options_die(folder, strerror(errno));
	return fd;
}

static void
measure(int fd, const char *folder, uint64_t count, bool is_appending, struct histogram *histogram)
{
	uint8_t block[BLOCK];

	for (uint64_t i = 0; i < count; i++) {
		off_t offset = (off_t)(is_appending ? i : i % BLOCKS) * BLOCK;
		uint64_t begin_ns;

		memset(block, (int)(i & 0xff), sizeof(block));
		if (pwrite(fd, block, BLOCK, offset) != BLOCK)
			options_die(folder, strerror(errno));
		begin_ns = clock_now_ns();
		if (fdatasync(fd) != 0)
			options_die(folder, strerror(errno));
		histogram_add(histogram, clock_now_ns() - begin_ns);
	}
}

int
main(int argc, char **argv)
{
	static struct histogram histogram;
	const char *folder = ".";
	uint64_t count = 1000;
	bool is_appending = false;
	bool is_json = false;
	int core = -1;
	int option;
	int fd;

	for (;;) {
		option = getopt(argc, argv, "d:c:p:aj");
		if (option < 0)
			break;
		if (option == 'd')
			folder = optarg;
		else if (option == 'c')
			count = options_number("-c", optarg, 1, 1000000);
		else if (option == 'p')
			core = (int)options_number("-p", optarg, 0, CPU_SETSIZE - 1);
		else if (option == 'a')
			is_appending = true;
		else if (option == 'j')
			is_json = true;
		else
			options_die("usage",
			    "syncbench [-d FOLDER] [-c COUNT] [-p CORE] [-a (append)] [-j (JSON)]");
	}
	if (!clock_pin(core))
		options_die("-p", strerror(errno));
	fd = open_file(folder, is_appending);
	measure(fd, folder, count, is_appending, &histogram);
	close(fd);
	if (is_json) {
		fputs("{\"latency_us\": ", stdout);
		histogram_print_json(&histogram, stdout);
		fputs("}\n", stdout);
	} else {
		histogram_print_line(&histogram, stdout);
	}
	return 0;
}
