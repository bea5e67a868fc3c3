/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's step at the HTTP door: is it served, to whom, and until when is its certificate good. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/ctl/doctor.h"
#include "tools/ctl/look.h"
#include "tools/ctl/output.h"
#include "wire/address.h"

enum { CONNECT_MS = 2000, DAY_S = 24 * 60 * 60, SOON_DAYS = 14 };

static void
say_problem(struct doctor *doctor, const char *problem, bool is_served)
{
	const struct site *site = doctor->site;
	const char *mend =
	    "mend that file (ddnsctl tls self-signed makes new ones); then: ddnsctl reload";

	if (site->tls_cert[0] == '\0')
		mend = doctor_mend(
		    "ddnsctl tls self-signed, and write the tls-cert and tls-key that it tells into "
		    "listen \"http\" of %s",
		    site->file);
	doctor_say(doctor, "http", is_served ? DOCTOR_WARNING : DOCTOR_FAULT, mend, "%s", problem);
}

/* errno of a connection to there; 0 = somebody takes it. An address of all is this machine's too. */
static int
try_connection(const struct endpoint *at)
{
	struct sockaddr_storage address;
	socklen_t length = endpoint_to_sockaddr(at, &address);
	int fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd waiting = { .fd = fd, .events = POLLOUT };
	socklen_t size = sizeof(int);
	int error = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)&address, length) != 0)
		error = errno;
	if (error == EINPROGRESS && poll(&waiting, 1, CONNECT_MS) != 1)
		error = ETIMEDOUT;
	else if (error == EINPROGRESS && getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
		error = errno;
	(void)close(fd);
	return error;
}

/* "https://192.0.2.1:8053"; true when each of them takes connections. */
static bool
try_addresses(struct doctor *doctor, const json_t *listen)
{
	unsigned before = doctor->faults;

	for (size_t i = 0; i < json_array_size(listen); i++) {
		const char *url = json_string_value(json_array_get(listen, i));
		const char *separator = url != NULL ? strstr(url, "://") : NULL;
		struct endpoint at;
		int error;

		if (separator == NULL || endpoint_from_text(separator + 3, &at) != STATUS_OK)
			continue;
		error = try_connection(&at);
		if (error != 0)
			doctor_say(doctor, "http", DOCTOR_FAULT,
			    "is there a firewall on this machine's own addresses? Else: systemctl restart "
			    "ddnsd",
			    "nobody answers at %s: %s", url, strerror(error));
	}
	return doctor->faults == before;
}

static void
look_at_certificate(struct doctor *doctor)
{
	const char *until = look_text(doctor->site->status, "http.tls_until", "");
	const char *file = doctor->site->tls_cert;
	int64_t end_s;
	int64_t left_s;

	if (!output_parse_time(until, &end_s))
		return;
	left_s = end_s - clock_wall_s();
	if (left_s <= 0)
		doctor_say(doctor, "certificate", DOCTOR_FAULT,
		    "renew it (a self-signed one: ddnsctl tls self-signed --force); ddnsd takes the new "
		    "files by itself",
		    "%s ended at %s: clients refuse it", file, until);
	else if (left_s < (int64_t)SOON_DAYS * DAY_S)
		doctor_say(doctor, "certificate", DOCTOR_WARNING,
		    "renew it (a self-signed one: ddnsctl tls self-signed --force)",
		    "%s ends at %s, in %" PRId64 " days", file, until, left_s / DAY_S);
	else
		doctor_say(doctor, "certificate", DOCTOR_OK, NULL, "good for %" PRId64 " days",
		    left_s / DAY_S);
}

void
doctor_look_at_http(struct doctor *doctor)
{
	const struct site *site = doctor->site;
	const json_t *listen = look_value(site->status, "http.listen");
	const char *problem = look_text(site->status, "http.problem", NULL);
	size_t count = json_array_size(listen);

	if (problem != NULL)
		say_problem(doctor, problem, count > 0);
	if (count > 0 && try_addresses(doctor, listen) && problem == NULL)
		doctor_say(doctor, "http", DOCTOR_OK, NULL, "answers at %s%s",
		    json_string_value(json_array_get(listen, 0)), count > 1 ? " and more" : "");
	look_at_certificate(doctor);
	if (count > 0 && site->is_open_to_all)
		doctor_say(doctor, "http", DOCTOR_WARNING,
		    doctor_mend(
			"name your own networks alone, as look = {\"192.168.1.0/24\"}, in listen "
			"\"http\" of %s",
			site->file),
		    "whoever can connect may read all names and addresses, without a key");
}
