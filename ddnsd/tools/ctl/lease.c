/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * "ddnsctl lease": the courier of every DHCP server's hook. Tells the daemon, and is done within a second
 * whatever the daemon does: servers wait for their hooks. Queues nothing; the lease file heals what is missed.
 */
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "tools/ctl/client.h"
#include "tools/ctl/command.h"
#include "tools/ctl/lease_call.h"

enum {
	DEADLINE_MS = 700,
	BACKSTOP_MS =
	    950, /* for what no deadline reaches: a name service, a pipe that nobody reads */
	LINE_MAX_LENGTH = 512,
};

static void
give_up(int number)
{
	(void)number;
	_exit(CTL_UNREACHABLE);
}

/* dnsmasq's helper ignores signals, and its children inherit that. */
static void
set_backstop(void)
{
	const struct sigaction action = { .sa_handler = give_up };
	const struct itimerval timer = { .it_value = { .tv_usec = BACKSTOP_MS * 1000 } };
	sigset_t alarm_only;

	(void)sigemptyset(&alarm_only);
	(void)sigaddset(&alarm_only, SIGALRM);
	(void)sigaction(SIGALRM, &action, NULL);
	(void)sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
}

static const char *
environment_variable(void *context, const char *name)
{
	(void)context;
	return getenv(name);
}

/* One line for the DHCP server's log. What the daemon says may quote a client's name. */
static void
complain(const char *what, const char *hint)
{
	char line[LINE_MAX_LENGTH];

	(void)snprintf(line, sizeof(line), "%s%s%s", what, hint[0] != '\0' ? "; " : "", hint);
	for (char *character = line; *character != '\0'; character++) {
		if ((unsigned char)*character < ' ' || *character == 0x7f)
			*character = '?';
	}
	(void)ctl_fail(CTL_FAILED, "lease: %s", line);
}

static const char *
member(const json_t *answer, const char *name)
{
	const char *text = json_string_value(json_object_get(answer, name));

	return text != NULL ? text : "";
}

static enum ctl_exit
refused(const struct client_answer *answer)
{
	json_t *json = json_loadb(answer->body.data != NULL ? answer->body.data : "",
	    answer->body.length, JSON_REJECT_DUPLICATES, NULL);
	const char *what = member(json, "error");
	char status[32];

	(void)snprintf(status, sizeof(status), "the daemon answered %u", answer->code);
	complain(what[0] != '\0' ? what : status, member(json, "hint"));
	json_decref(json);
	return CTL_FAILED;
}

/*
 * A daemon that is down is no news worth a line for each of 250 leases: the exit code tells. A
 * socket that this user may not open will never work, and has to be said.
 */
static enum ctl_exit
unreachable(const struct ctl *ctl)
{
	const struct passwd *user;

	if (access(ctl->socket, W_OK) == 0 || errno != EACCES) {
		if (isatty(STDERR_FILENO))
			(void)ctl_fail(CTL_UNREACHABLE, "lease: no daemon answers at %s",
			    ctl->socket);
		return CTL_UNREACHABLE;
	}
	user = getpwuid(geteuid());
	return ctl_fail(CTL_FAILED,
	    "lease: %s may not open %s: see \"mode\" and \"group\" of control, and peer, in "
	    "ddnsd.conf(5)",
	    user != NULL ? user->pw_name : "this user", ctl->socket);
}

static enum ctl_exit
tell(const struct ctl *ctl, const json_t *event, int64_t deadline_ms)
{
	int64_t left_ms = deadline_ms - clock_now_ms();
	struct client_request request = {
		.method = "POST",
		.path = "/v1/leases",
		.type = "application/json",
		.timeout_ms = (int)left_ms,
	};
	struct client_answer answer = { 0 };
	enum ctl_exit code;
	char *body;

	if (left_ms <= 0)
		return CTL_UNREACHABLE;
	body = json_dumps(event, JSON_COMPACT);
	if (body == NULL)
		return ctl_fail(CTL_FAILED, "lease: out of memory");
	request.body = body;
	request.length = strlen(body);
	code = client_send(ctl, &request, true, &answer);
	if (code == CTL_DONE && answer.code >= 300)
		code = refused(&answer);
	else if (code != CTL_DONE)
		code = unreachable(ctl);
	client_answer_release(&answer);
	free(body);
	return code;
}

/* All of them, as far as the time goes; the worst is what it ends with. */
static enum ctl_exit
tell_all(const struct ctl *ctl, const json_t *events)
{
	int64_t deadline_ms = clock_now_ms() + DEADLINE_MS;
	enum ctl_exit worst = CTL_DONE;

	for (size_t i = 0; i < json_array_size(events); i++) {
		enum ctl_exit code = tell(ctl, json_array_get(events, i), deadline_ms);

		if (code > worst)
			worst = code;
	}
	return worst;
}

/* Servers that do not wait for their hooks start them in the order in which things happened. */
static bool
put_in_order(json_t *events)
{
	int64_t order = process_order();

	for (size_t i = 0; i < json_array_size(events); i++) {
		if (json_object_set_new(json_array_get(events, i), "order", json_integer(order)) !=
		    0)
			return false;
	}
	return true;
}

enum ctl_exit
ctl_lease(struct ctl *ctl, int argc, char **argv)
{
	char problem[LEASE_CALL_PROBLEM_MAX] = "";
	struct lease_call call = {
		.argc = argc - 2,
		.argv = argv + 2,
		.variable = environment_variable,
		.wall_s = clock_wall_s(),
	};
	json_t *events = NULL;
	enum ctl_exit code;

	if (argc < 2)
		return ctl_usage(argv[0], "which DHCP server calls is missing");
	set_backstop();
	switch (lease_call_read(argv[1], &call, &events, problem)) {
	case STATUS_OK:
		break;
	case STATUS_NOT_FOUND:
		return ctl_usage(argv[0],
		    "no such DHCP server; there are dnsmasq, openwrt, isc-dhcp and kea");
	case STATUS_MALFORMED:
		return ctl_fail(CTL_FAILED, "lease: %s", problem);
	default:
		return ctl_fail(CTL_FAILED, "lease: out of memory");
	}
	code = put_in_order(events) ? tell_all(ctl, events)
				    : ctl_fail(CTL_FAILED, "lease: out of memory");
	json_decref(events);
	return code;
}
