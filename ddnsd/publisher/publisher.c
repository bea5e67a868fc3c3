/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of a publication, its pace, its failures, and what the log says of them. */
#include "publisher/publisher.h"

#include <inttypes.h>
#include <libknot/descriptor.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "publisher/diagnosis.h"
#include "publisher/hosts_file.h"
#include "publisher/telling.h"
#include "wire/name.h"
#include "wire/reverse.h"

enum {
	FILE_MODE = 0644, /* dnsmasq reads it as a user of its own */
	HOSTSDIR_NAMES_FINE = 1000,
	UNFIT_REMEMBERED = 64,
	PACE =
	    4, /* waits so many times as long as the last publication took: a fifth of the time */
	RETRY_MOST_MS = 60000,
	CAUSES_AT_ONCE = 4,
};

#define SECOND_NS INT64_C(1000000000)
#define PACE_MOST_NS (60 * SECOND_NS)
#define CHECK_AFTER_NS (5 * SECOND_NS)

/* Between two lines about one trouble; and about causes that change, after the first few. */
#define REMINDER_NS (3600 * SECOND_NS)
#define CHANGE_OF_CAUSE_NS (10 * SECOND_NS)

struct publisher {
	struct loop *loop;
	const struct registry *registry;
	const struct leases *leases;
	const struct publisher_options *options;
	int64_t (*expiry_clock)(void *context);
	void *context;

	uint64_t seen_version; /* of the registry and the leases, at the last look */
	bool is_dirty;         /* a change was seen that is not written */
	int64_t dirty_ns;      /* when the first such change was seen */
	struct loop_timer timer;
	int64_t not_before_ns; /* the next publication, where nothing is being told */

	struct name marker;
	uint64_t number; /* of the last publication, or the one to count on from */
	bool has_published;
	int64_t written_wall_s; /* when it was last known to be in the file */
	bool must_tell;         /* also when the file needs no change: dnsmasq may not know it */
	size_t size;            /* of the last text, in octets */
	int64_t begun_ns;       /* when the last publication began */
	unsigned failed_writes; /* in a row */

	struct telling telling;
	int64_t change_ns; /* when the first change of what is being told was seen */
	bool has_told;     /* some publication, since the options are what they are */
	uint64_t confirmed_number;
	int64_t confirm_ns;
	bool tells_change; /* something of what is being told is new */
	bool is_checking;  /* it is told already, and asked whether it still knows */
	int64_t answered_ns;
	struct publisher_counts counts;

	enum trouble trouble;
	unsigned troubles; /* a bit each, since all was well */
	uint64_t failures;
	char problem[PUBLISHER_PROBLEM_MAX];
	unsigned logged_lines; /* since all was well; of the last of them: */
	int64_t logged_ns;
	enum trouble logged_trouble;
	char logged_cause[PUBLISHER_PROBLEM_MAX];

	bool has_warned_of_size;
	uint64_t unfit[UNFIT_REMEMBERED]; /* hashes of names that the log spoke of */
	size_t unfit_count;
};

static void run_timer(void *context);
static void note_told(void *context);
static void note_trouble(void *context, const struct diagnosis *diagnosis);

struct publisher *
publisher_new(struct loop *loop, const struct registry *registry, const struct leases *leases,
    const struct publisher_options *options, int64_t (*expiry_clock)(void *context), void *context)
{
	struct publisher *publisher = calloc(1, sizeof(*publisher));

	if (publisher == NULL)
		return NULL;
	publisher->loop = loop;
	publisher->registry = registry;
	publisher->leases = leases;
	publisher->options = options;
	publisher->expiry_clock = expiry_clock;
	publisher->context = context;
	publisher->timer = (struct loop_timer){ .handler = run_timer, .context = publisher };
	telling_init(&publisher->telling, loop, note_told, note_trouble, publisher);
	publisher->telling.answering = &publisher->counts.answering;
	return publisher;
}

void
publisher_free(struct publisher *publisher)
{
	if (publisher == NULL)
		return;
	telling_release(&publisher->telling);
	loop_timer_stop(publisher->loop, &publisher->timer);
	free(publisher);
}

static bool
is_confirmed(const struct publisher *publisher)
{
	return publisher->has_published && publisher->confirmed_number == publisher->number &&
	    (!publisher->is_checking || !publisher->telling.is_late);
}

static void
clear_trouble(struct publisher *publisher)
{
	publisher->trouble = TROUBLE_NONE;
	publisher->troubles = 0;
	publisher->logged_lines = 0;
	publisher->problem[0] = '\0';
}

/*
 * A line for each new cause, and a reminder each hour: trouble comes again at every retry. Causes
 * that alternate get fewer lines than they have changes.
 */
static void
log_trouble(struct publisher *publisher, const struct diagnosis *diagnosis)
{
	const char *cause = diagnosis->problem + diagnosis->cause;
	bool is_first = publisher->logged_lines == 0;
	bool is_known = !is_first && publisher->logged_trouble == diagnosis->trouble &&
	    strcmp(publisher->logged_cause, cause) == 0;
	bool may_wait = is_known || publisher->logged_lines >= CAUSES_AT_ONCE;
	int64_t wait_ns = is_known ? REMINDER_NS : CHANGE_OF_CAUSE_NS;
	int64_t now_ns = clock_now_ns();

	if (may_wait && now_ns - publisher->logged_ns < wait_ns)
		return;
	log_error("%s%s", is_known ? "still so: " : "", diagnosis->problem);
	publisher->logged_lines++;
	publisher->logged_ns = now_ns;
	publisher->logged_trouble = diagnosis->trouble;
	(void)snprintf(publisher->logged_cause, sizeof(publisher->logged_cause), "%s", cause);
}

/* The report has the latest. */
static void
note_trouble(void *context, const struct diagnosis *diagnosis)
{
	struct publisher *publisher = context;
	enum trouble trouble = diagnosis->trouble;
	unsigned bit = 1u << trouble;

	/* Waiting on for the same answer is no new failure. */
	if ((publisher->troubles & bit) == 0 || trouble == TROUBLE_UNWRITTEN ||
	    trouble == TROUBLE_COMMAND)
		publisher->failures++;
	publisher->troubles |= bit;
	publisher->trouble = trouble;
	(void)snprintf(publisher->problem, sizeof(publisher->problem), "%s", diagnosis->problem);
	log_trouble(publisher, diagnosis);
}

/* FNV-1a. Two names with one hash cost a line in the log, no more. */
static uint64_t
hash_of(const uint8_t *name)
{
	uint64_t hash = UINT64_C(14695981039346656037);
	size_t size = name_size(name);

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ name[i]) * UINT64_C(1099511628211);
	return hash;
}

static void
note_unfit(void *context, const uint8_t *name)
{
	struct publisher *publisher = context;
	char text[NAME_TEXT_MAX];
	uint64_t hash;

	if (publisher->unfit_count == UNFIT_REMEMBERED)
		return;
	hash = hash_of(name);
	for (size_t i = 0; i < publisher->unfit_count; i++) {
		if (publisher->unfit[i] == hash)
			return;
	}
	publisher->unfit[publisher->unfit_count++] = hash;
	log_notice("%s is not published: %s%s", name_to_text(name, text),
	    name_is_equal(name, publisher->marker.wire)
		? "the name is ddnsd's own"
		: "a hosts file takes letters, digits and inner hyphens only",
	    publisher->unfit_count == UNFIT_REMEMBERED ? "; more such names are not reported" : "");
}

static enum status
render(struct publisher *publisher, struct buffer *text)
{
	struct hosts_file_options options = {
		.short_names = publisher->options->short_names,
		.leases = publisher->options->leases_held_by_reader ? publisher->leases : NULL,
		.now_s = publisher->expiry_clock(publisher->context),
		.on_unfit = note_unfit,
		.context = publisher,
	};
	size_t names = 0;
	enum status status;

	/* Most often it grows by a name or none. */
	(void)buffer_reserve(text, publisher->size + publisher->size / 16);
	buffer_clear(text);
	status = hosts_file_render(publisher->registry, &options, text, &names);
	if (status != STATUS_OK)
		return status;
	if (publisher->options->mode == PUBLISH_HOSTSDIR && names > HOSTSDIR_NAMES_FINE &&
	    !publisher->has_warned_of_size) {
		publisher->has_warned_of_size = true;
		log_warning("%zu names in one file of a hostsdir make dnsmasq stall at each change: "
			    "publish mode \"signal\" is better beyond %d",
		    names, HOSTSDIR_NAMES_FINE);
	}
	return STATUS_OK;
}

/*
 * Writes the text with the next number, unless the file on disk holds it with the present one: the
 * bytes themselves are compared, so nothing is missed, nor kept in memory for it.
 */
static enum status
write_text(struct publisher *publisher, struct buffer *text, bool *ret_is_new)
{
	const char *name = file_base_name(publisher->options->file);
	uint64_t number = publisher->number;
	size_t length = text->length;
	enum status status;
	int directory;

	status = hosts_file_render_marker(publisher->marker.wire, number, text);
	if (status != STATUS_OK)
		return status;
	status = file_open_directory_of(publisher->options->file, &directory);
	if (status != STATUS_OK)
		return status;
	if (file_is_same(directory, name, text->data, text->length, FILE_MODE)) {
		(void)close(directory);
		*ret_is_new = false;
		return STATUS_OK;
	}
	number++;
	text->length = length;
	status = hosts_file_render_marker(publisher->marker.wire, number, text);
	if (status == STATUS_OK)
		status = file_replace(directory, name, text->data, text->length, FILE_MODE);
	(void)close(directory);
	if (status != STATUS_OK)
		return status;
	publisher->number = number;
	*ret_is_new = true;
	return STATUS_OK;
}

static enum status
render_and_write(struct publisher *publisher, bool *ret_is_new)
{
	struct buffer text;
	enum status status;

	buffer_init(&text, HOSTS_FILE_SIZE_MAX);
	hosts_file_marker(publisher->registry, &publisher->marker);
	status = render(publisher, &text);
	if (status == STATUS_OK)
		status = write_text(publisher, &text, ret_is_new);
	publisher->size = text.length;
	buffer_release(&text);
	return status;
}

static void
set_timer(struct publisher *publisher, int64_t wait_ns)
{
	int64_t wait_ms = wait_ns > 0 ? (wait_ns + 999999) / 1000000 : 0;

	(void)loop_timer_set(publisher->loop, &publisher->timer, wait_ms);
}

static void
note_unwritten(struct publisher *publisher, enum status status)
{
	struct diagnosis diagnosis;
	int64_t wait_ms = 1000;

	for (unsigned i = 0; i < publisher->failed_writes && wait_ms < RETRY_MOST_MS; i++)
		wait_ms *= 2;
	if (wait_ms > RETRY_MOST_MS)
		wait_ms = RETRY_MOST_MS;
	publisher->failed_writes++;
	/* A new change may try earlier, but not more often than that. */
	publisher->not_before_ns = clock_now_ns() + SECOND_NS;
	set_timer(publisher, wait_ms * 1000000);
	diagnosis_of_writing(publisher->options->file, status, &diagnosis);
	note_trouble(publisher, &diagnosis);
}

static void
note_written(struct publisher *publisher)
{
	if (publisher->failed_writes > 0)
		log_notice("%s is written again", publisher->options->file);
	publisher->failed_writes = 0;
	if (publisher->trouble == TROUBLE_UNWRITTEN)
		clear_trouble(publisher);
	publisher->is_dirty = false;
	publisher->has_published = true;
	publisher->written_wall_s = clock_wall_s();
}

/* The next publication waits in proportion to this one. */
static void
pace(struct publisher *publisher, int64_t took_ns)
{
	int64_t wait_ns = took_ns < PACE_MOST_NS / PACE ? PACE * took_ns : PACE_MOST_NS;

	publisher->not_before_ns = clock_now_ns() + wait_ns;
}

static enum status
publish(struct publisher *publisher)
{
	bool is_new = false;
	enum status status;

	loop_timer_stop(publisher->loop, &publisher->timer);
	publisher->begun_ns = clock_now_ns();
	if (!publisher->is_dirty)
		publisher->dirty_ns = publisher->begun_ns;
	publisher->is_dirty = true;
	status = render_and_write(publisher, &is_new);
	if (status != STATUS_OK) {
		note_unwritten(publisher, status);
		return status;
	}
	note_written(publisher);
	if (is_new) {
		publisher->counts.publications++;
		histogram_note(&publisher->counts.writing, clock_now_ns() - publisher->begun_ns);
	}
	if (is_new)
		log_debug("publication %" PRIu64 ", %zu bytes", publisher->number, publisher->size);
	if (is_new || publisher->must_tell) {
		/* What is still being told is told with this; its change came first. */
		if (!publisher->telling.is_busy || publisher->is_checking) {
			publisher->change_ns = publisher->dirty_ns;
			publisher->tells_change = false;
		}
		publisher->tells_change |= is_new;
		publisher->must_tell = false;
		publisher->is_checking = false;
		telling_begin(&publisher->telling, publisher->options, publisher->marker.wire,
		    publisher->number, is_new);
	}
	pace(publisher, clock_now_ns() - publisher->begun_ns);
	return STATUS_OK;
}

/*
 * When the next publication may be: not while dnsmasq reads the last one, as far as a second; nor
 * while the command runs.
 */
static int64_t
earliest_ns(const struct publisher *publisher, int64_t now_ns)
{
	const struct telling *telling = &publisher->telling;
	int64_t at_ns = publisher->not_before_ns;
	int64_t patience_ns = publisher->begun_ns + SECOND_NS;

	if (publisher->failed_writes > 0 || !telling->is_busy)
		return at_ns;
	if (command_is_running(&telling->command))
		patience_ns = now_ns + SECOND_NS;
	else if (telling->is_late || telling->was_nobody_there)
		return at_ns;
	return at_ns > patience_ns ? at_ns : patience_ns;
}

/* Sees to it that a change is published, in this turn if it may be. */
static void
schedule(struct publisher *publisher, bool may_publish)
{
	int64_t now_ns = clock_now_ns();
	int64_t at_ns = earliest_ns(publisher, now_ns);

	if (may_publish && at_ns <= now_ns)
		(void)publish(publisher);
	else
		set_timer(publisher, at_ns - now_ns);
}

static void
run_timer(void *context)
{
	struct publisher *publisher = context;

	schedule(publisher, true);
}

static bool
has_questions(const struct publisher *publisher)
{
	return publisher->options->confirm.address.family != 0;
}

/* Worth a line is the first, and the first after trouble. */
static void
log_told(const struct publisher *publisher, int64_t took_us)
{
	bool is_news = publisher->troubles != 0 || !publisher->has_told;
	enum log_level level = is_news ? LOG_LEVEL_NOTICE : LOG_LEVEL_DEBUG;

	if (!has_questions(publisher))
		log_write(level, "publication %" PRIu64 " is written to %s", publisher->number,
		    publisher->options->file);
	else
		log_write(level,
		    "dnsmasq answers publication %" PRIu64 " after %" PRId64 ".%03d ms",
		    publisher->number, took_us / 1000, (int)(took_us % 1000));
}

/* dnsmasq answers the last number: after a change, or because it was asked once more. */
static void
note_confirmed(struct publisher *publisher, int64_t now_ns)
{
	publisher->confirmed_number = publisher->number;
	publisher->answered_ns = now_ns;
	publisher->counts.confirmed_wall_s = clock_wall_s();
	if (publisher->is_checking)
		return;
	publisher->confirm_ns = now_ns - publisher->change_ns;
	if (publisher->tells_change)
		histogram_note(&publisher->counts.confirming, publisher->confirm_ns);
}

static void
note_told(void *context)
{
	struct publisher *publisher = context;
	int64_t now_ns = clock_now_ns();
	int64_t took_ns = now_ns - publisher->begun_ns;

	log_told(publisher, (now_ns - publisher->change_ns) / 1000);
	publisher->has_told = true;
	if (publisher->failed_writes == 0)
		clear_trouble(publisher);
	if (has_questions(publisher))
		note_confirmed(publisher, now_ns);
	publisher->is_checking = false;
	/*
	 * dnsmasq's time to read the file counts as well: it is as long deaf to everybody. The time
	 * until somebody has started it does not.
	 */
	if (!publisher->telling.was_nobody_there && took_ns <= SECOND_NS)
		pace(publisher, took_ns);
	if (publisher->is_dirty && publisher->failed_writes == 0)
		schedule(publisher, false);
}

static void
adopt_number(struct publisher *publisher)
{
	uint64_t number = (uint64_t)clock_wall_s();
	struct buffer text;

	buffer_init(&text, HOSTS_FILE_SIZE_MAX);
	if (file_read(publisher->options->file, &text) == STATUS_OK)
		(void)hosts_file_find_number(text.data, text.length, &number);
	buffer_release(&text);
	if (number > publisher->number)
		publisher->number = number;
}

/* Both only rise, so their sum tells of a change of either. */
static uint64_t
version_of(const struct publisher *publisher)
{
	return registry_version(publisher->registry) + leases_version(publisher->leases);
}

enum status
publisher_start(struct publisher *publisher)
{
	publisher->seen_version = version_of(publisher);
	if (publisher->options->mode == PUBLISH_NONE)
		return STATUS_OK;
	adopt_number(publisher);
	publisher->must_tell = true;
	return publish(publisher);
}

void
publisher_check(struct publisher *publisher)
{
	int64_t now_ns = clock_now_ns();

	if (publisher->options->mode == PUBLISH_NONE || !has_questions(publisher) ||
	    publisher->is_dirty || publisher->telling.is_busy || !is_confirmed(publisher) ||
	    now_ns - publisher->answered_ns < CHECK_AFTER_NS)
		return;
	publisher->is_checking = true;
	publisher->tells_change = false;
	publisher->change_ns = now_ns;
	telling_begin(&publisher->telling, publisher->options, publisher->marker.wire,
	    publisher->number, false);
}

bool
publisher_is_checking(const struct publisher *publisher)
{
	return publisher->is_checking && publisher->telling.is_busy && !publisher->telling.is_late;
}

void
publisher_notice(struct publisher *publisher)
{
	uint64_t version = version_of(publisher);

	if (version == publisher->seen_version)
		return;
	publisher->seen_version = version;
	if (publisher->options->mode == PUBLISH_NONE)
		return;
	if (!publisher->is_dirty)
		publisher->dirty_ns = clock_now_ns();
	publisher->is_dirty = true;
	schedule(publisher, true);
}

static bool
is_same(const struct publisher_options *one, const struct publisher_options *other)
{
	return one->mode == other->mode && strcmp(one->file, other->file) == 0 &&
	    strcmp(one->pid_file, other->pid_file) == 0 &&
	    strcmp(one->command, other->command) == 0 && one->confirm.port == other->confirm.port &&
	    address_is_equal(&one->confirm.address, &other->confirm.address) &&
	    one->confirm_timeout_ms == other->confirm_timeout_ms &&
	    one->short_names == other->short_names &&
	    one->leases_held_by_reader == other->leases_held_by_reader;
}

void
publisher_set_options(struct publisher *publisher, const struct publisher_options *options)
{
	const struct publisher_options *old = publisher->options;

	publisher->options = options;
	if (is_same(old, options)) {
		publisher->telling.options = options;
		return;
	}
	if (old->mode != PUBLISH_NONE &&
	    (options->mode == PUBLISH_NONE || strcmp(old->file, options->file) != 0))
		log_notice("%s is no longer written, and stays as it is", old->file);
	telling_stop(&publisher->telling);
	loop_timer_stop(publisher->loop, &publisher->timer);
	clear_trouble(publisher);
	publisher->is_checking = false;
	publisher->is_dirty = false;
	publisher->has_published = false;
	publisher->has_told = false;
	publisher->failed_writes = 0;
	publisher->confirmed_number = 0;
	(void)publisher_start(publisher);
}

static enum publisher_state
state_of(const struct publisher *publisher)
{
	if (publisher->is_dirty)
		return PUBLISHER_DIRTY;
	if (publisher->telling.is_busy && (!publisher->is_checking || publisher->telling.is_late))
		return PUBLISHER_WRITTEN;
	return is_confirmed(publisher) ? PUBLISHER_CONFIRMED : PUBLISHER_CLEAN;
}

void
publisher_report(const struct publisher *publisher, struct publisher_report *ret_report)
{
	*ret_report = (struct publisher_report){
		.state = state_of(publisher),
		.number = publisher->has_published ? publisher->number : 0,
		.confirmed_number = publisher->confirmed_number,
		.confirm_ns = publisher->confirm_ns,
		.failures = publisher->failures,
		.is_unwritten = publisher->trouble == TROUBLE_UNWRITTEN,
	};
	memcpy(ret_report->problem, publisher->problem, sizeof(publisher->problem));
}

const struct publisher_counts *
publisher_counts(const struct publisher *publisher)
{
	return &publisher->counts;
}

const struct publisher_options *
publisher_options(const struct publisher *publisher)
{
	return publisher->options;
}

/* What the addresses of a name are to the file. */
struct presence {
	bool has_address;
	bool is_written; /* an address that is no lease's, or of one whose server lacks the name */
};

static struct presence
find_presence(const struct publisher *publisher, const struct node *node)
{
	bool may_be_known = node_is_of_lease(node) && publisher->options->leases_held_by_reader;
	int64_t now_s = publisher->expiry_clock(publisher->context);
	struct records_cursor cursor = { 0 };
	struct presence presence = { 0 };
	struct record record;
	struct address address;

	while (records_next(node_records(node), &cursor, &record)) {
		const struct dhcp_lease *lease = NULL;

		if ((record.type != KNOT_RRTYPE_A && record.type != KNOT_RRTYPE_AAAA) ||
		    record.lease.granted_until_s <= now_s ||
		    !address_from_bytes(record.rdata->data, record.rdata->len, &address))
			continue;
		if (may_be_known)
			lease = leases_find(publisher->leases, &address);
		presence.has_address = true;
		presence.is_written |= lease == NULL || lease->is_ours;
	}
	return presence;
}

/* Why a name is in no hosts file of ours whatever happens; NULL: it is in it. */
static const char *
find_obstacle(const struct publisher *publisher, const struct node *node,
    const struct presence *presence)
{
	if (publisher->options->mode == PUBLISH_NONE)
		return "publish mode is \"none\": dnsmasq has to forward the zone to ddnsd";
	if (reverse_is_within(zone_apex(node_zone(node))))
		return "it is in a reverse zone: dnsmasq answers PTR from the addresses in the file";
	if (!presence->has_address)
		return "it has no address, and a hosts file holds addresses only";
	if (name_is_equal(node_name(node), publisher->marker.wire))
		return "the name is ddnsd's own";
	if (!name_is_host(node_name(node)))
		return "a hosts file takes letters, digits and inner hyphens only";
	return NULL;
}

enum publisher_fate
publisher_explain(const struct publisher *publisher, const struct node *node,
    char ret_why[static PUBLISHER_WHY_MAX])
{
	struct presence presence = find_presence(publisher, node);
	const char *obstacle = find_obstacle(publisher, node, &presence);
	const char *problem = publisher->problem;

	ret_why[0] = '\0';
	if (obstacle != NULL) {
		(void)snprintf(ret_why, PUBLISHER_WHY_MAX, "%s", obstacle);
		return publisher->options->mode == PUBLISH_NONE ? FATE_OFF : FATE_NOT_PUBLISHED;
	}
	if (!presence.is_written) {
		(void)snprintf(ret_why, PUBLISHER_WHY_MAX,
		    "dnsmasq answers it by itself, from its own lease");
		return FATE_BY_READER;
	}
	/* What changed in the second of the last writing may or may not be in it: it waits. */
	if ((publisher->is_dirty || version_of(publisher) != publisher->seen_version) &&
	    node_changed_s(node) >= publisher->written_wall_s) {
		(void)snprintf(ret_why, PUBLISHER_WHY_MAX, "%s",
		    problem[0] != '\0' ? problem : "the next publication is about to be written");
		return FATE_WAITING;
	}
	(void)snprintf(ret_why, PUBLISHER_WHY_MAX, "%s", problem);
	return is_confirmed(publisher) ? FATE_CONFIRMED : FATE_WRITTEN;
}
