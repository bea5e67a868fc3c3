/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What changed, in words, for whoever watches live. Costs nothing while nobody does. */
#include <libknot/descriptor.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service/state.h"
#include "wire/record_text.h"

enum {
	CHANGES_A_TURN = 10000,  /* more are not told of */
	CHANGE_TEXT_SIZE = 1024, /* of the records of a name; more end with "..." */
	DATA_TEXT_SIZE = 512,
};

/* One change of the open turn, with its texts. */
struct change_text {
	struct change_text *next;
	struct service_change change;
	struct name name;
	char *before;
	char *after;
	char who[]; /* who, owner, before, after */
};

/* Appends a record: addresses bare, others with their type. */
static void
append_record(struct buffer *text, const struct record *record)
{
	char type[RECORD_TYPE_TEXT_MAX];
	char data[DATA_TEXT_SIZE];

	if (text->length > 0)
		(void)buffer_append_text(text, ", ");
	if (record->type != KNOT_RRTYPE_A && record->type != KNOT_RRTYPE_AAAA)
		(void)buffer_format(text, "%s ", record_type_to_text(record->type, type));
	if (record_data_to_text(record->type, record->rdata, data, sizeof(data)) == STATUS_OK)
		(void)buffer_append_text(text, data);
	else
		(void)buffer_append_text(text, "...");
}

/* The records in one line, ended with NUL. */
static void
describe(const struct records *records, struct buffer *text)
{
	struct records_cursor cursor = { 0 };
	struct record record;

	buffer_clear(text);
	while (records_next(records, &cursor, &record)) {
		if (record.type == KNOT_RRTYPE_SOA)
			continue;
		append_record(text, &record);
		if (text->status != STATUS_OK) {
			text->status = STATUS_OK;
			text->length = text->length < CHANGE_TEXT_SIZE - 4 ? text->length
									   : CHANGE_TEXT_SIZE - 4;
			(void)buffer_append_text(text, "...");
			break;
		}
	}
	(void)buffer_append(text, "", 1);
}

static char *
keep(char **place, const char *text)
{
	char *kept = *place;

	*place = stpcpy(kept, text) + 1;
	return kept;
}

static struct change_text *
make_change(const struct change_note *note, const char *before, const char *after)
{
	const struct owner *of = node_owner(note->node);
	const char *owner = of != NULL ? owner_identity(of) : "";
	struct change_text *text = calloc(1,
	    sizeof(*text) + strlen(note->who) + strlen(owner) + strlen(before) + strlen(after) + 4);
	char *place;

	if (text == NULL)
		return NULL;
	place = text->who;
	name_copy(&text->name, node_name(note->node));
	text->change = (struct service_change){
		.wall_ms = clock_wall_ms(),
		.name = text->name.wire,
		.who = keep(&place, note->who),
		.owner = keep(&place, owner),
		.before = keep(&place, before),
		.after = keep(&place, after),
		.door = note->door,
		.source = note->source,
	};
	return text;
}

void
service_note_change(struct service *service, const struct change_note *note)
{
	struct buffer before;
	struct buffer after;
	struct change_text *text = NULL;

	if (service->watcher == NULL || service->change_count == CHANGES_A_TURN)
		return;
	buffer_init(&before, CHANGE_TEXT_SIZE);
	buffer_init(&after, CHANGE_TEXT_SIZE);
	describe(node_records(note->node), &before);
	describe(note->after, &after);
	if (before.status == STATUS_OK && after.status == STATUS_OK)
		text = make_change(note, before.data, after.data);
	buffer_release(&before);
	buffer_release(&after);
	if (text == NULL)
		return;
	if (service->changes_first == NULL)
		service->changes_end = &service->changes_first;
	*service->changes_end = text;
	service->changes_end = &text->next;
	service->change_count++;
}

void
service_tell_changes(struct service *service, bool is_committed)
{
	struct change_text *text = service->changes_first;

	service->changes_first = NULL;
	service->change_count = 0;
	while (text != NULL) {
		struct change_text *next = text->next;

		if (is_committed && service->watcher != NULL)
			service->watcher->changed(service->watcher->context, &text->change);
		free(text);
		text = next;
	}
}

void
service_set_watcher(struct service *service, const struct service_watcher *watcher)
{
	service->watcher = watcher;
}
