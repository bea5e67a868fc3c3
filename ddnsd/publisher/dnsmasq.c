/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Signals dnsmasq without ever hitting a stranger, and asks it one question. */
#include "publisher/dnsmasq.h"

#include <errno.h>
#include <libknot/packet/pkt.h>
#include <libknot/packet/wire.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "publisher/hosts_file.h"
#include "wire/name.h"

enum {
	PID_FILE_SIZE_MAX = 64,
	COMM_SIZE_MAX = 64, /* 16 for processes; kernel threads have longer ones */
	ANSWER_SIZE_MAX = 512,
	QUESTION_SIZE_MAX = KNOT_WIRE_HEADER_SIZE + NAME_SIZE_MAX + 4,
};

/* Reads a small file as a text without what follows its first line. */
static enum status
read_line(const char *path, size_t size_max, char line[static COMM_SIZE_MAX + 1])
{
	struct buffer content;
	enum status status;

	buffer_init(&content, size_max);
	status = file_read(path, &content);
	if (status == STATUS_OK) {
		memcpy(line, content.data, content.length);
		line[content.length] = '\0';
		line[strcspn(line, "\n")] = '\0';
	}
	buffer_release(&content);
	return status;
}

static enum status
read_pid(const char *pid_file, pid_t *ret_pid, char ret_problem[static DNSMASQ_PROBLEM_MAX])
{
	char line[COMM_SIZE_MAX + 1];
	enum status status = read_line(pid_file, PID_FILE_SIZE_MAX, line);
	long pid;

	if (status == STATUS_NOT_FOUND) {
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX,
		    "there is no %s: is dnsmasq running, is `pid-file` right?", pid_file);
		return status;
	}
	if (status != STATUS_OK) {
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX, "%s cannot be read: %s", pid_file,
		    status_text(status));
		return status;
	}
	/* No digits are 0; too many are LONG_MAX. */
	pid = strtol(line, NULL, 10);
	if (pid <= 0 || pid > INT32_MAX) {
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX, "%s holds no process id",
		    pid_file);
		return STATUS_DAMAGED;
	}
	*ret_pid = (pid_t)pid;
	return STATUS_OK;
}

static bool
is_dnsmasq(const char *comm)
{
	return strcmp(comm, "dnsmasq") == 0 || strcmp(comm, "pihole-FTL") == 0;
}

/* Should the process end meanwhile and its pid go to another, then process no longer takes signals. */
static enum status
signal_process(int process, pid_t pid, const char *pid_file,
    char ret_problem[static DNSMASQ_PROBLEM_MAX])
{
	char comm[COMM_SIZE_MAX + 1];
	char path[32];
	enum status status;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	status = read_line(path, COMM_SIZE_MAX, comm);
	if (status != STATUS_OK) {
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX,
		    "%s names process %d, and %s cannot be read: %s", pid_file, (int)pid, path,
		    status_text(status));
		return status;
	}
	if (!is_dnsmasq(comm)) {
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX,
		    "%s names process %d, which is \"%s\" and not dnsmasq: it is not signalled",
		    pid_file, (int)pid, comm);
		return STATUS_NOT_FOUND;
	}
	if (syscall(SYS_pidfd_send_signal, process, SIGHUP, NULL, 0) == 0)
		return STATUS_OK;
	status = file_status(errno);
	(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX,
	    "dnsmasq, process %d, cannot be signalled: %s; ddnsd needs CAP_KILL or the user of dnsmasq",
	    (int)pid, status_text(status));
	return status;
}

enum status
dnsmasq_signal(const char *pid_file, char ret_problem[static DNSMASQ_PROBLEM_MAX])
{
	enum status status;
	int process;
	pid_t pid;

	ret_problem[0] = '\0';
	status = read_pid(pid_file, &pid, ret_problem);
	if (status != STATUS_OK)
		return status;
	/* By number: the C libraries got their wrapper late. The descriptor is close-on-exec. */
	process = (int)syscall(SYS_pidfd_open, pid, 0);
	if (process < 0) {
		status = file_status(errno);
		(void)snprintf(ret_problem, DNSMASQ_PROBLEM_MAX,
		    "%s names process %d, which cannot be opened: %s", pid_file, (int)pid,
		    status_text(status));
		return status;
	}
	status = signal_process(process, pid, pid_file, ret_problem);
	(void)close(process);
	return status;
}

enum status
dnsmasq_socket(const struct endpoint *server, int *ret_socket)
{
	struct sockaddr_storage address;
	socklen_t size = endpoint_to_sockaddr(server, &address);
	int fd = socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	enum status status;

	if (fd < 0)
		return file_status(errno);
	if (connect(fd, (const struct sockaddr *)&address, size) != 0) {
		status = file_status(errno);
		(void)close(fd);
		return status;
	}
	*ret_socket = fd;
	return STATUS_OK;
}

uint16_t
dnsmasq_random_id(void)
{
	uint16_t id;

	/* Early at boot there may be no randomness yet, and nobody waits for it here. */
	if (getrandom(&id, sizeof(id), GRND_NONBLOCK) != (ssize_t)sizeof(id))
		id = (uint16_t)(clock_now_ns() >> 4);
	return id;
}

enum status
dnsmasq_ask(int socket, const uint8_t *name, uint16_t id)
{
	uint8_t question[QUESTION_SIZE_MAX] = { 0 };
	size_t size = KNOT_WIRE_HEADER_SIZE;

	knot_wire_set_id(question, id);
	knot_wire_set_rd(question);
	knot_wire_set_qdcount(question, 1);
	memcpy(question + size, name, name_size(name));
	size += name_size(name);
	knot_wire_write_u16(question + size, KNOT_RRTYPE_AAAA);
	knot_wire_write_u16(question + size + 2, KNOT_CLASS_IN);
	size += 4;
	if (send(socket, question, size, 0) == (ssize_t)size)
		return STATUS_OK;
	return errno == ECONNREFUSED ? STATUS_REFUSED : file_status(errno);
}

static bool
is_answer_to(const knot_pkt_t *packet, const uint8_t *name, uint16_t id)
{
	return knot_wire_get_id(packet->wire) == id && knot_wire_get_qr(packet->wire) &&
	    knot_wire_get_opcode(packet->wire) == KNOT_OPCODE_QUERY &&
	    knot_wire_get_qdcount(packet->wire) == 1 &&
	    knot_pkt_qtype(packet) == KNOT_RRTYPE_AAAA &&
	    knot_pkt_qclass(packet) == KNOT_CLASS_IN && name_is_equal(knot_pkt_qname(packet), name);
}

static enum dnsmasq_answer
find_number(const knot_pkt_t *packet, uint64_t *ret_number)
{
	const knot_pktsection_t *answers = knot_pkt_section(packet, KNOT_ANSWER);

	for (unsigned i = 0; i < answers->count; i++) {
		const knot_rrset_t *rrset = knot_pkt_rr(answers, (uint16_t)i);
		const knot_rdata_t *rdata = rrset->rrs.rdata;

		if (rrset->type == KNOT_RRTYPE_AAAA && rrset->rrs.count > 0 && rdata->len == 16 &&
		    hosts_file_number_of(rdata->data, ret_number))
			return DNSMASQ_NUMBER;
	}
	return DNSMASQ_NO_NAME;
}

/*
 * What dnsmasq does not know itself is NXDOMAIN (local=), REFUSED (no upstream server) or whatever its
 * upstream says, SERVFAIL included: all one to us.
 */
static enum dnsmasq_answer
read_answer(knot_pkt_t *packet, const uint8_t *name, uint16_t id, uint64_t *ret_number)
{
	if (knot_pkt_parse(packet, 0) != KNOT_EOK || !is_answer_to(packet, name, id))
		return DNSMASQ_OTHER;
	return find_number(packet, ret_number);
}

enum dnsmasq_answer
dnsmasq_read(int socket, const uint8_t *name, uint16_t id, uint64_t *ret_number)
{
	uint8_t datagram[ANSWER_SIZE_MAX];
	ssize_t size = recv(socket, datagram, sizeof(datagram), 0);
	enum dnsmasq_answer answer;
	knot_pkt_t *packet;

	if (size < 0)
		return errno == EAGAIN || errno == EINTR ? DNSMASQ_NOTHING : DNSMASQ_NOBODY;
	packet = knot_pkt_new(datagram, (uint16_t)size, NULL);
	if (packet == NULL)
		return DNSMASQ_OTHER;
	answer = read_answer(packet, name, id, ret_number);
	knot_pkt_free(packet);
	return answer;
}
