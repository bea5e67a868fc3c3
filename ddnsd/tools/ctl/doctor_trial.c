/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The doctor's last steps: a name from end to end, and what lies about unused. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/file.h"
#include "tools/ctl/dns_ask.h"
#include "tools/ctl/doctor.h"
#include "tools/ctl/key_file.h"
#include "tools/ctl/look.h"
#include "wire/lease_file.h"

enum {
	TRIAL_LIMIT_MS = 5000,
	NOBODY_MS = 1000,
	ASK_TIMEOUT_MS = 500,
	ASK_EVERY_MS = 5,
	LOOK_EVERY_MS = 20,
	LATE_S = 120, /* what ended longer ago should be gone */
	SHOWN = 5,
	LIST_MAX = 512,
};

/* --- publication --- */

static void
judge_publication(struct doctor *doctor, const json_t *status)
{
	const char *problem = look_text(status, "publication.problem", NULL);
	const char *state = look_text(status, "publication.state", "?");
	long long number = json_integer_value(look_value(status, "publication.number"));

	if (problem != NULL)
		doctor_say(doctor, "publication", DOCTOR_FAULT,
		    "the cause stands behind the last colon; ddnsd tries again by itself", "%s",
		    problem);
	else if (doctor->site->confirm[0] == '\0')
		doctor_say(doctor, "publication", DOCTOR_WARNING,
		    doctor_mend("publish { confirm = \"127.0.0.1:53\" } in %s", doctor->site->file),
		    "publication %lld is %s; dnsmasq is not asked whether it has it", number,
		    state);
	else if (strcmp(state, "confirmed") == 0 || strcmp(state, "clean") == 0)
		doctor_say(doctor, "publication", DOCTOR_OK, NULL,
		    "dnsmasq confirmed publication %lld after %.1f ms", number,
		    json_number_value(look_value(status, "publication.confirm_ms")));
	else
		doctor_say(doctor, "publication", DOCTOR_WARNING, "ddnsctl status, in a moment",
		    "publication %lld is %s, and not yet confirmed", number, state);
}

static bool
is_under_way(const struct doctor *doctor, const json_t *status)
{
	const char *state = look_text(status, "publication.state", "?");

	return doctor->site->confirm[0] != '\0' &&
	    look_text(status, "publication.problem", NULL) == NULL &&
	    (strcmp(state, "dirty") == 0 || strcmp(state, "written") == 0);
}

/*
 * As it is now: the trial has published something since the walk began, and its end is still on the
 * way.
 */
void
doctor_look_at_publication(struct doctor *doctor)
{
	int64_t deadline_ms = clock_now_ms() + TRIAL_LIMIT_MS;
	json_t *status;

	if (doctor->site->status == NULL || strcmp(doctor->site->mode, "none") == 0)
		return;
	status = look_get(doctor->ctl, "/v1/status");
	while (is_under_way(doctor, status) && clock_now_ms() < deadline_ms) {
		look_pause(LOOK_EVERY_MS);
		json_decref(status);
		status = look_get(doctor->ctl, "/v1/status");
	}
	judge_publication(doctor, status != NULL ? status : doctor->site->status);
	json_decref(status);
}

/* --- a name from end to end --- */

static volatile sig_atomic_t was_interrupted;

static void
note_interrupt(int number)
{
	(void)number;
	was_interrupted = 1;
}

struct trial {
	char name[SITE_NAME_MAX + 32];
	char path[SITE_NAME_MAX + 64];
	char address_text[ADDRESS_TEXT_MAX];
	struct address address;
};

static bool
make_trial(const struct site *site, struct trial *trial)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), 0) != (ssize_t)sizeof(number))
		return false;
	(void)snprintf(trial->name, sizeof(trial->name), "ddnsd-doctor-%08" PRIx32 ".%s", number,
	    site_first_zone(site));
	(void)snprintf(trial->path, sizeof(trial->path), "/v1/names/%s", trial->name);
	/* TEST-NET-1 (RFC 5737): nobody's address. */
	(void)snprintf(trial->address_text, sizeof(trial->address_text), "192.0.2.%u",
	    (unsigned)(number % 254 + 1));
	return address_from_text(trial->address_text, &trial->address) == STATUS_OK;
}

/* True when dnsmasq answers the name with that address, and with it alone. */
static bool
answers(const struct endpoint *server, const struct trial *trial, enum status *ret_status)
{
	struct dns_reply reply;

	*ret_status = dns_ask(server, trial->name, DNS_TYPE_A, DNS_CLASS_IN, ASK_TIMEOUT_MS,
	    &reply);
	return *ret_status == STATUS_OK && reply.address_count == 1 &&
	    address_is_equal(&reply.addresses[0], &trial->address);
}

static void
resolve(struct doctor *doctor, const struct trial *trial, int64_t since_ns)
{
	const struct site *site = doctor->site;
	int64_t deadline_ms = clock_now_ms() + TRIAL_LIMIT_MS;
	struct endpoint server;
	enum status status = STATUS_OK;

	if (endpoint_from_text(site->confirm, &server) != STATUS_OK) {
		doctor_say(doctor, "trial", DOCTOR_WARNING,
		    doctor_mend("publish { confirm = \"127.0.0.1:53\" } in %s", site->file),
		    "%s was registered; where dnsmasq answers is not known", trial->name);
		return;
	}
	while (was_interrupted == 0 && clock_now_ms() < deadline_ms) {
		/* A dnsmasq that is being restarted is back within a second. */
		if (status == STATUS_NOT_FOUND &&
		    deadline_ms - clock_now_ms() < TRIAL_LIMIT_MS - NOBODY_MS)
			break;
		if (answers(&server, trial, &status)) {
			doctor_say(doctor, "trial", DOCTOR_OK, NULL,
			    "a test name was registered, and dnsmasq answered it after %.1f ms",
			    (double)(clock_now_ns() - since_ns) / 1e6);
			return;
		}
		look_pause(ASK_EVERY_MS);
	}
	if (was_interrupted != 0)
		doctor_say(doctor, "trial", DOCTOR_WARNING, NULL, "interrupted");
	else
		doctor_say(doctor, "trial", DOCTOR_FAULT,
		    "mend the faults above; ddnsctl status shows what ddnsd waits for",
		    "a test name was registered, and %s at %s within %d seconds",
		    status == STATUS_NOT_FOUND ? "nobody answered"
			: status == STATUS_OK  ? "dnsmasq did not answer it"
					       : "dnsmasq did not answer anything",
		    site->confirm,
		    (status == STATUS_NOT_FOUND ? NOBODY_MS : TRIAL_LIMIT_MS) / 1000);
}

static enum doctor_result
result_of(unsigned code)
{
	return code == 403 ? DOCTOR_WARNING : DOCTOR_FAULT;
}

/* Registers the name, and sees to it that it goes again whatever happens. */
static void
run_trial(struct doctor *doctor, const struct trial *trial)
{
	json_t *body = json_pack("{s:[s], s:s}", "addresses", trial->address_text, "lease", "1m");
	int64_t since_ns = clock_now_ns();
	unsigned code;
	json_t *answer;
	enum ctl_exit reach = look_send(doctor->ctl, "PUT", trial->path, body, &code, &answer);

	json_decref(body);
	if (reach != CTL_DONE || code >= 300)
		doctor_say(doctor, "trial", result_of(code),
		    look_text(answer, "hint", "run ddnsctl as root"),
		    "a test name cannot be registered: %s",
		    look_text(answer, "error", "the daemon does not answer"));
	else if (strcmp(doctor->site->mode, "none") != 0 || doctor->site->confirm[0] != '\0')
		resolve(doctor, trial, since_ns);
	json_decref(answer);
	if (reach == CTL_UNREACHABLE || (reach == CTL_DONE && code >= 400 && code < 500))
		return;
	reach = look_send(doctor->ctl, "DELETE", trial->path, NULL, &code, &answer);
	json_decref(answer);
	if (reach != CTL_DONE || (code >= 300 && code != 404))
		doctor_say(doctor, "trial", DOCTOR_WARNING,
		    doctor_mend("ddnsctl del %s", trial->name),
		    "the test name %s could not be removed; it goes when its lease ends",
		    trial->name);
}

void
doctor_try(struct doctor *doctor)
{
	struct sigaction noting = { .sa_handler = note_interrupt };
	struct sigaction before[3];
	static const int signals[3] = { SIGINT, SIGTERM, SIGHUP };
	struct trial trial;

	if (doctor->site->status == NULL ||
	    !json_is_true(look_value(doctor->site->status, "you.admin")) ||
	    !make_trial(doctor->site, &trial))
		return;
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(signals[i], &noting, &before[i]);
	run_trial(doctor, &trial);
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(signals[i], &before[i], NULL);
	/* What was put off comes now. */
	if (was_interrupted != 0)
		(void)raise(SIGINT);
}

/* --- leases --- */

/* A few words of a list, "a, b, ...". */
struct few {
	char text[LIST_MAX];
	unsigned count;
};

static void
add_to(struct few *few, const char *word)
{
	size_t length = strlen(few->text);

	if (few->count < SHOWN)
		(void)snprintf(few->text + length, sizeof(few->text) - length, "%s%s",
		    few->count > 0 ? ", " : "", word);
	else if (few->count == SHOWN)
		(void)snprintf(few->text + length, sizeof(few->text) - length, ", ...");
	few->count++;
}

/* The lease of that address in the daemon's list. */
static const json_t *
find_lease(const json_t *leases, const char *address)
{
	for (size_t i = 0; i < json_array_size(leases); i++) {
		const json_t *lease = json_array_get(leases, i);

		if (strcmp(look_text(lease, "address", ""), address) == 0)
			return lease;
	}
	return NULL;
}

static void
check_ended(struct doctor *doctor, const json_t *leases)
{
	struct few ended = { .count = 0 };

	for (size_t i = 0; i < json_array_size(leases); i++) {
		const json_t *lease = json_array_get(leases, i);
		int64_t end_s;

		if (key_until_from_text(look_text(lease, "expires", ""), &end_s) &&
		    end_s + LATE_S < clock_wall_s())
			add_to(&ended, look_text(lease, "address", "?"));
	}
	if (ended.count > 0)
		doctor_say(doctor, "leases", DOCTOR_WARNING,
		    "ddnsd waits a while after a start or a clock step (ddnsctl status: quiet); else "
		    "restart it",
		    "%u lease%s ended and still there: %s", ended.count,
		    ended.count == 1 ? " has" : "s have", ended.text);
}

/* What dnsmasq's own file has and the daemon does not. */
static void
check_missing(struct doctor *doctor, const json_t *leases)
{
	struct few missing = { .count = 0 };
	struct lease_file file;
	struct dhcp_event event;
	struct buffer text;

	buffer_init(&text, LEASE_FILE_SIZE_MAX);
	if (doctor->site->leases[0] == '\0' ||
	    file_read(doctor->site->leases, &text) != STATUS_OK) {
		buffer_release(&text);
		return;
	}
	lease_file_begin(&file, text.data != NULL ? text.data : "", text.length, clock_wall_s());
	while (lease_file_next(&file, &event)) {
		char address[ADDRESS_TEXT_MAX];

		if (event.remaining_s != 0 &&
		    find_lease(leases, address_to_text(&event.address, address)) == NULL)
			add_to(&missing, address);
	}
	buffer_release(&text);
	if (missing.count > 0)
		doctor_say(doctor, "leases", DOCTOR_FAULT,
		    doctor_mend("ls -l %s: ddnsd must be able to read it; systemctl reload ddnsd",
			doctor->site->leases),
		    "%u lease%s of %s %s not known to ddnsd: %s", missing.count,
		    missing.count == 1 ? "" : "s", doctor->site->leases,
		    missing.count == 1 ? "is" : "are", missing.text);
}

void
doctor_look_at_leases(struct doctor *doctor)
{
	const char *error = look_text(doctor->site->status, "leases.error", NULL);
	unsigned before = doctor->faults + doctor->warnings;
	const json_t *leases;
	json_t *answer;

	if (doctor->site->status == NULL || !doctor->site->has_leases)
		return;
	if (error != NULL)
		doctor_say(doctor, "leases", DOCTOR_FAULT,
		    doctor_mend("ls -l %s: ddnsd must be able to read it", doctor->site->leases),
		    "%s", error);
	answer = look_get(doctor->ctl, "/v1/leases");
	leases = look_value(answer, "leases");
	if (leases != NULL) {
		check_ended(doctor, leases);
		if (error == NULL)
			check_missing(doctor, leases);
		if (doctor->faults + doctor->warnings == before)
			doctor_say(doctor, "leases", DOCTOR_OK, NULL, "%zu lease%s, none stale",
			    json_array_size(leases), json_array_size(leases) == 1 ? "" : "s");
	}
	json_decref(answer);
}

/* --- keys --- */

void
doctor_look_at_keys(struct doctor *doctor)
{
	json_t *answer = doctor->site->status != NULL ? look_get(doctor->ctl, "/v1/keys") : NULL;
	const json_t *keys = look_value(answer, "keys");
	struct few unused = { .count = 0 };

	if (keys == NULL) {
		json_decref(answer);
		return;
	}
	for (size_t i = 0; i < json_array_size(keys); i++) {
		if (look_text(json_array_get(keys, i), "last_used", NULL) == NULL)
			add_to(&unused, look_text(json_array_get(keys, i), "name", "?"));
	}
	if (json_array_size(keys) == 0)
		doctor_say(doctor, "keys", DOCTOR_WARNING, "ddnsctl key new NAME",
		    "there is no key: no machine can register itself with one");
	else if (unused.count > 0)
		doctor_say(doctor, "keys", DOCTOR_WARNING,
		    "ddnsctl key revoke NAME, where nobody needs it", "%u key%s never used: %s",
		    unused.count, unused.count == 1 ? " was" : "s were", unused.text);
	else
		doctor_say(doctor, "keys", DOCTOR_OK, NULL, "%zu key%s, all in use",
		    json_array_size(keys), json_array_size(keys) == 1 ? "" : "s");
	json_decref(answer);
}
