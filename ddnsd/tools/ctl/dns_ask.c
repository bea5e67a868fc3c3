/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A question and its answer, octet by octet (RFC 1035 4). */
#include "tools/ctl/dns_ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum {
	HEADER = 12,
	LABEL_MAX = 63,
	QUESTION_MAX = HEADER + 255 + 4,
	MESSAGE_MAX = 4096,
	FLAG_RD = 0x01, /* in the third octet */
	FLAG_QR = 0x80,
	POINTER = 0xc0,
};

static uint16_t
read16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

static void
write16(uint8_t *at, uint16_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

/* Returns the message's size; 0 when the name is none. */
static size_t
write_question(uint8_t message[static QUESTION_MAX], uint16_t id, const char *name, uint16_t type,
    uint16_t class_)
{
	size_t at = HEADER;

	memset(message, 0, HEADER);
	write16(message, id);
	message[2] = FLAG_RD;
	write16(message + 4, 1);
	while (*name != '\0') {
		size_t length = strcspn(name, ".");

		if (length == 0 || length > LABEL_MAX || at + length + 1 + 5 > QUESTION_MAX)
			return 0;
		message[at++] = (uint8_t)length;
		memcpy(message + at, name, length);
		at += length;
		name += length;
		if (*name == '.')
			name++;
	}
	message[at++] = 0;
	write16(message + at, type);
	write16(message + at + 2, class_);
	return at + 4;
}

/* Steps over a name; 0 when it runs out of the message. */
static size_t
skip_name(const uint8_t *message, size_t size, size_t at)
{
	while (at < size) {
		uint8_t length = message[at];

		if ((length & POINTER) == POINTER)
			return at + 2 <= size ? at + 2 : 0;
		if ((length & POINTER) != 0)
			return 0;
		at += 1 + (size_t)length;
		if (length == 0)
			return at <= size ? at : 0;
	}
	return 0;
}

static void
take_rdata(uint16_t type, const uint8_t *rdata, size_t length, struct dns_reply *reply)
{
	bool is_address = (type == DNS_TYPE_A && length == 4) ||
	    (type == DNS_TYPE_AAAA && length == 16);

	if (is_address && reply->address_count < DNS_ASK_ADDRESSES_MAX) {
		if (address_from_bytes(rdata, length, &reply->addresses[reply->address_count]))
			reply->address_count++;
	} else if (type == DNS_TYPE_TXT && length > 0 && (size_t)rdata[0] < length &&
	    reply->text[0] == '\0') {
		memcpy(reply->text, rdata + 1, rdata[0]);
		reply->text[rdata[0]] = '\0';
	}
}

enum status
dns_ask_read(const uint8_t *message, size_t size, uint16_t id, struct dns_reply *ret_reply)
{
	size_t at = HEADER;
	unsigned questions;
	unsigned answers;

	*ret_reply = (struct dns_reply){ 0 };
	if (size < HEADER || read16(message) != id || (message[2] & FLAG_QR) == 0)
		return STATUS_MALFORMED;
	ret_reply->rcode = message[3] & 0x0f;
	questions = read16(message + 4);
	answers = read16(message + 6);
	for (; questions > 0; questions--) {
		at = skip_name(message, size, at);
		if (at == 0 || size - at < 4)
			return STATUS_MALFORMED;
		at += 4;
	}
	for (; answers > 0; answers--) {
		size_t length;

		at = skip_name(message, size, at);
		if (at == 0 || size - at < 10)
			return STATUS_MALFORMED;
		length = read16(message + at + 8);
		if (size - at - 10 < length)
			return STATUS_MALFORMED;
		take_rdata(read16(message + at), message + at + 10, length, ret_reply);
		at += 10 + length;
	}
	return STATUS_OK;
}

static enum status
wait_for_answer(int fd, uint16_t id, int timeout_ms, struct dns_reply *ret_reply)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;

	for (;;) {
		int64_t left_ms = deadline_ms - clock_now_ms();
		struct pollfd waiting = { .fd = fd, .events = POLLIN };
		uint8_t message[MESSAGE_MAX];
		ssize_t size;

		if (left_ms <= 0 || poll(&waiting, 1, (int)left_ms) <= 0)
			return STATUS_IO;
		size = recv(fd, message, sizeof(message), 0);
		if (size < 0)
			return errno == ECONNREFUSED ? STATUS_NOT_FOUND : STATUS_IO;
		/* Something late, or a stranger's: go on waiting. */
		if (dns_ask_read(message, (size_t)size, id, ret_reply) == STATUS_OK)
			return STATUS_OK;
	}
}

enum status
dns_ask(const struct endpoint *server, const char *name, uint16_t type, uint16_t class_,
    int timeout_ms, struct dns_reply *ret_reply)
{
	struct sockaddr_storage address;
	socklen_t address_size = endpoint_to_sockaddr(server, &address);
	uint8_t question[QUESTION_MAX];
	enum status status = STATUS_IO;
	uint16_t id;
	size_t size;
	int fd;

	*ret_reply = (struct dns_reply){ 0 };
	if (getrandom(&id, sizeof(id), 0) != (ssize_t)sizeof(id))
		return STATUS_IO;
	size = write_question(question, id, name, type, class_);
	if (size == 0)
		return STATUS_MALFORMED;
	fd = socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return STATUS_IO;
	if (connect(fd, (const struct sockaddr *)&address, address_size) == 0 &&
	    send(fd, question, size, 0) == (ssize_t)size)
		status = wait_for_answer(fd, id, timeout_ms, ret_reply);
	else if (errno == ECONNREFUSED)
		status = STATUS_NOT_FOUND;
	(void)close(fd);
	return status;
}
