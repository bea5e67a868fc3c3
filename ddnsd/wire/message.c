/* SPDX-License-Identifier: GPL-3.0-or-later */
/* DNS messages: parsing requests, reading updates out of them, writing answers. */
#include "wire/message.h"

#include <libknot/descriptor.h>
#include <libknot/rrset-dump.h>
#include <libknot/rrtype/opt.h>
#include <libknot/wire.h>
#include <string.h>

#include "wire/name.h"
#include "wire/rdata.h"

enum {
	LEASE_OPTION = 2, /* RFC 9664 4 */
	OPT_RR_SIZE = 11, /* root, type, class, TTL, RDLENGTH */
	OPTION_HEADER_SIZE = 4,
	RR_HEADER_SIZE = 10, /* type, class, TTL, RDLENGTH */
	/*
	 * libknot 3.2.6 follows the labels of a gateway's name (IPSECKEY, AMTRELAY) to wherever they
	 * lead; so many zeros behind the rdata end every label.
	 */
	ZEROS_BEHIND = 64,
};

static void *
take(void *arena, size_t size)
{
	return arena_take(arena, size);
}

static void
keep(void *pointer)
{
	(void)pointer;
}

/* libknot's allocator over an arena: what it frees comes back with the arena. */
static knot_mm_t
memory_of(struct arena *arena)
{
	return (knot_mm_t){ .ctx = arena, .alloc = take, .free = keep };
}

bool
message_is_to_be_dropped(const uint8_t *wire, size_t length)
{
	return length < MESSAGE_HEADER_SIZE || knot_wire_get_qr(wire);
}

/* True when the rdata of the record at offset are what its type wants. */
static bool
is_rdata_whole(const knot_pkt_t *packet, size_t offset, uint16_t type)
{
	const uint8_t *end = packet->wire + packet->size;
	const uint8_t *at = packet->wire + offset;
	int owner_size = knot_dname_wire_check(at, end, packet->wire);
	size_t rdata_size;

	if (owner_size <= 0 || end - at < owner_size + RR_HEADER_SIZE)
		return false;
	at += owner_size;
	rdata_size = knot_wire_read_u16(at + 8);
	at += RR_HEADER_SIZE;
	if (rdata_size == 0)
		return true;
	if ((size_t)(end - at) < rdata_size)
		return false;
	return rdata_is_whole(type, at, at + rdata_size, packet->wire);
}

static bool
are_rdata_whole(const knot_pkt_t *packet)
{
	for (knot_section_t id = KNOT_ANSWER; id <= KNOT_ADDITIONAL; id++) {
		const knot_pktsection_t *section = knot_pkt_section(packet, id);

		for (uint16_t i = 0; i < section->count; i++) {
			uint16_t type = knot_pkt_rr(section, i)->type;

			/* TSIG was taken out of the wire; tsig_read() checks it. */
			if (type != KNOT_RRTYPE_TSIG &&
			    !is_rdata_whole(packet, knot_pkt_rr_offset(section, i), type))
				return false;
		}
	}
	return true;
}

static void
read_edns(struct message *message)
{
	const knot_pkt_t *packet = message->packet;
	const uint8_t *option;

	message->edns_size = MESSAGE_UDP_SIZE;
	message->has_edns = knot_pkt_has_edns(packet);
	if (!message->has_edns)
		return;
	message->edns_version = knot_edns_get_version(packet->opt_rr);
	if (knot_edns_get_payload(packet->opt_rr) > MESSAGE_UDP_SIZE)
		message->edns_size = knot_edns_get_payload(packet->opt_rr);
	option = knot_pkt_edns_option(packet, LEASE_OPTION);
	if (option == NULL)
		return;
	message->has_lease_option = true;
	message->lease_option_size = knot_edns_opt_get_length(option);
	if (message->lease_option_size >= 4)
		message->lease_s = knot_wire_read_u32(option + OPTION_HEADER_SIZE);
}

enum status
message_parse(uint8_t *wire, size_t length, struct arena *arena, struct message *ret_message)
{
	knot_mm_t memory = memory_of(arena);
	knot_pkt_t *packet;

	*ret_message = (struct message){
		.id = knot_wire_get_id(wire),
		.opcode = knot_wire_get_opcode(wire),
	};
	if (ret_message->opcode != MESSAGE_OPCODE_QUERY &&
	    ret_message->opcode != MESSAGE_OPCODE_NOTIFY &&
	    ret_message->opcode != MESSAGE_OPCODE_UPDATE)
		return STATUS_NOT_IMPLEMENTED;
	packet = knot_pkt_new(wire, (uint16_t)length, &memory);
	if (packet == NULL)
		return STATUS_NO_MEMORY;
	switch (knot_pkt_parse(packet, 0)) {
	case KNOT_EOK:
		break;
	case KNOT_ENOMEM:
		return STATUS_NO_MEMORY;
	default:
		return STATUS_MALFORMED;
	}
	if (packet->qname_size == 0 || !are_rdata_whole(packet))
		return STATUS_MALFORMED;
	ret_message->packet = packet;
	ret_message->question_name = knot_pkt_qname(packet);
	ret_message->question_type = knot_pkt_qtype(packet);
	ret_message->question_class = knot_pkt_qclass(packet);
	ret_message->has_tsig = knot_pkt_has_tsig(packet);
	read_edns(ret_message);
	return STATUS_OK;
}

/* RFC 6895 3.1: 0 is reserved, 41 is OPT, 128 to 255 are question and meta types. */
static bool
is_meta_type(uint16_t type)
{
	return type == 0 || type == KNOT_RRTYPE_OPT || (type >= 128 && type <= 255);
}

static bool
has_rdata(const knot_rrset_t *rr)
{
	return rr->rrs.count > 0 && rr->rrs.rdata->len > 0;
}

/* True when the type's format takes whatever bytes there are: nothing is left to check. */
static bool
is_free_form(const knot_rdata_descriptor_t *descriptor)
{
	return descriptor->type_name == NULL;
}

static bool
ends_in_remainder(const knot_rdata_descriptor_t *descriptor)
{
	for (const int *field = descriptor->block_types; *field != KNOT_RDATA_WF_END; field++) {
		if (*field == KNOT_RDATA_WF_REMAINDER)
			return true;
	}
	return false;
}

/* Where rdata are printed, to see whether they can be; used again for each. */
struct paper {
	char *text;
	size_t size;
	knot_rdata_t *rdata;
};

static void
measure(const knot_pktsection_t *section, size_t *longest)
{
	for (uint16_t i = 0; i < section->count; i++) {
		const knot_rrset_t *rr = knot_pkt_rr(section, i);

		if (has_rdata(rr) && rr->rrs.rdata->len > *longest)
			*longest = rr->rrs.rdata->len;
	}
}

/* Room for the longest rdata of the message. */
static enum status
take_paper(const struct message *message, struct arena *arena, struct paper *ret_paper)
{
	size_t longest = 0;

	measure(knot_pkt_section(message->packet, KNOT_ANSWER), &longest);
	measure(knot_pkt_section(message->packet, KNOT_AUTHORITY), &longest);
	/* An octet prints as \ddd at most; quotes, blanks and mnemonics come on top. */
	ret_paper->size = longest * 8 + 1024;
	ret_paper->text = arena_take(arena, ret_paper->size);
	ret_paper->rdata = arena_take(arena, sizeof(*ret_paper->rdata) + longest + ZEROS_BEHIND);
	return ret_paper->text != NULL && ret_paper->rdata != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/*
 * True when the rdata says something in its type's format. Types made of fixed fields and names
 * were checked on the wire; for the others libknot's printer is the check.
 */
static bool
is_rdata_valid(const knot_rrset_t *rr, struct paper *paper)
{
	const knot_rdata_descriptor_t *descriptor = knot_get_rdata_descriptor(rr->type);
	knot_dump_style_t style = KNOT_DUMP_STYLE_DEFAULT;
	knot_rrset_t copy = *rr;

	if (is_free_form(descriptor) || rr->type == KNOT_RRTYPE_APL || rr->type == KNOT_RRTYPE_NULL)
		return true;
	if (!has_rdata(rr))
		return false;
	if (!ends_in_remainder(descriptor))
		return true;
	memcpy(paper->rdata, rr->rrs.rdata, sizeof(*paper->rdata) + rr->rrs.rdata->len);
	memset(paper->rdata->data + rr->rrs.rdata->len, 0, ZEROS_BEHIND);
	copy.rrs.rdata = paper->rdata;
	return knot_rrset_txt_dump_data(&copy, 0, paper->text, paper->size, &style) >= 0;
}

/* Rules 3 to 6. */
static enum status
read_prerequisite(const knot_rrset_t *rr, const uint8_t *zone, struct paper *paper,
    struct prerequisite *ret_prerequisite)
{
	struct prerequisite prerequisite = { .name = rr->owner, .type = rr->type };

	if (rr->ttl != 0)
		return STATUS_MALFORMED;
	if (!name_is_within(rr->owner, zone))
		return STATUS_OUTSIDE_ZONE;
	if (rr->type != KNOT_RRTYPE_ANY && is_meta_type(rr->type))
		return STATUS_MALFORMED;
	switch (rr->rclass) {
	case KNOT_CLASS_ANY:
		prerequisite.kind = rr->type == KNOT_RRTYPE_ANY ? PREREQUISITE_NAME_IN_USE
								: PREREQUISITE_RRSET_EXISTS;
		break;
	case KNOT_CLASS_NONE:
		prerequisite.kind = rr->type == KNOT_RRTYPE_ANY ? PREREQUISITE_NAME_NOT_IN_USE
								: PREREQUISITE_RRSET_ABSENT;
		break;
	case KNOT_CLASS_IN:
		prerequisite.kind = PREREQUISITE_RRSET_EQUALS;
		prerequisite.rdata = rr->rrs.rdata;
		if (rr->type == KNOT_RRTYPE_ANY || !is_rdata_valid(rr, paper))
			return STATUS_MALFORMED;
		break;
	default:
		return STATUS_MALFORMED;
	}
	if (rr->rclass != KNOT_CLASS_IN && has_rdata(rr))
		return STATUS_MALFORMED;
	*ret_prerequisite = prerequisite;
	return STATUS_OK;
}

/* Rule 9. */
static enum status
read_change(const knot_rrset_t *rr, const uint8_t *zone, struct paper *paper,
    struct change *ret_change)
{
	struct change change = { .name = rr->owner, .type = rr->type };
	bool is_any = rr->type == KNOT_RRTYPE_ANY;

	if (!name_is_within(rr->owner, zone))
		return STATUS_OUTSIDE_ZONE;
	if (is_meta_type(rr->type) && !is_any)
		return STATUS_MALFORMED;
	switch (rr->rclass) {
	case KNOT_CLASS_IN:
		if (is_any || !is_rdata_valid(rr, paper))
			return STATUS_MALFORMED;
		change.kind = CHANGE_ADD;
		/* RFC 2181 8: a TTL with its highest bit set counts as 0. */
		change.ttl_s = rr->ttl <= INT32_MAX ? rr->ttl : 0;
		change.rdata = rr->rrs.rdata;
		break;
	case KNOT_CLASS_ANY:
		if (rr->ttl != 0 || has_rdata(rr))
			return STATUS_MALFORMED;
		change.kind = is_any ? CHANGE_DELETE_NAME : CHANGE_DELETE_RRSET;
		break;
	case KNOT_CLASS_NONE:
		if (rr->ttl != 0 || is_any || !is_rdata_valid(rr, paper))
			return STATUS_MALFORMED;
		change.kind = CHANGE_DELETE;
		change.rdata = rr->rrs.rdata;
		break;
	default:
		return STATUS_MALFORMED;
	}
	*ret_change = change;
	return STATUS_OK;
}

enum status
message_read_update(const struct message *message, struct arena *arena, struct update *ret_update)
{
	const knot_pktsection_t *prerequisites = knot_pkt_section(message->packet, KNOT_ANSWER);
	const knot_pktsection_t *changes = knot_pkt_section(message->packet, KNOT_AUTHORITY);
	struct prerequisite *prerequisite_list;
	struct change *change_list;
	struct paper paper;
	enum status status = STATUS_OK;

	*ret_update = (struct update){ .zone = message->question_name };
	if (message->question_type != KNOT_RRTYPE_SOA || message->question_class != KNOT_CLASS_IN)
		return STATUS_MALFORMED;
	if (message->has_lease_option && message->lease_option_size != 4 &&
	    message->lease_option_size != 8)
		return STATUS_MALFORMED;
	prerequisite_list = arena_take(arena, prerequisites->count * sizeof(*prerequisite_list));
	change_list = arena_take(arena, changes->count * sizeof(*change_list));
	if (prerequisite_list == NULL || change_list == NULL ||
	    take_paper(message, arena, &paper) != STATUS_OK)
		return STATUS_NO_MEMORY;
	for (uint16_t i = 0; i < prerequisites->count && status == STATUS_OK; i++)
		status = read_prerequisite(knot_pkt_rr(prerequisites, i), ret_update->zone, &paper,
		    &prerequisite_list[i]);
	for (uint16_t i = 0; i < changes->count && status == STATUS_OK; i++)
		status = read_change(knot_pkt_rr(changes, i), ret_update->zone, &paper,
		    &change_list[i]);
	ret_update->prerequisites = prerequisite_list;
	ret_update->prerequisite_count = prerequisites->count;
	ret_update->changes = change_list;
	ret_update->change_count = changes->count;
	ret_update->has_lease = message->has_lease_option;
	ret_update->lease_s = message->lease_s;
	return status;
}

static size_t
opt_size(const struct message *message, const struct message_answer *answer)
{
	if (!message->has_edns)
		return 0;
	return OPT_RR_SIZE +
	    (answer->has_lease ? OPTION_HEADER_SIZE + (size_t)answer->lease_option_size : 0);
}

/* Appends the OPT record (RFC 6891 6.1.2); the caller has kept room for it. */
static size_t
append_opt(const struct message *message, const struct message_answer *answer, uint8_t *wire,
    size_t length)
{
	uint8_t *at = wire + length;

	memset(at, 0, opt_size(message, answer));
	knot_wire_write_u16(at + 1, KNOT_RRTYPE_OPT);
	knot_wire_write_u16(at + 3, MESSAGE_UDP_EDNS_MAX);
	at[5] = (uint8_t)(answer->rcode >> 4);
	if (answer->has_lease) {
		knot_wire_write_u16(at + 9, OPTION_HEADER_SIZE + answer->lease_option_size);
		knot_wire_write_u16(at + 11, LEASE_OPTION);
		knot_wire_write_u16(at + 13, answer->lease_option_size);
		knot_wire_write_u32(at + 15, answer->lease_s);
		/* The second half speaks of KEY records, which live as long as the rest here. */
		if (answer->lease_option_size == 8)
			knot_wire_write_u32(at + 19, answer->lease_s);
	}
	knot_wire_set_arcount(wire, (uint16_t)(knot_wire_get_arcount(wire) + 1));
	return length + opt_size(message, answer);
}

/* Header and question; returns the length. */
static size_t
begin_answer(const struct message *message, const struct message_answer *answer, uint8_t *wire,
    size_t capacity)
{
	const uint8_t *request = message->packet->wire;
	size_t question_size = knot_pkt_question_size(message->packet);
	size_t length = message_write_error(request, answer->rcode & 0x0f, wire);

	if (answer->is_authoritative)
		knot_wire_set_aa(wire);
	if (capacity < length + question_size)
		return length;
	memcpy(wire + length, request + MESSAGE_HEADER_SIZE, question_size);
	knot_wire_set_qdcount(wire, 1);
	return length + question_size;
}

static const knot_section_t sections[MESSAGE_SECTIONS] = {
	[MESSAGE_ANSWER] = KNOT_ANSWER,
	[MESSAGE_AUTHORITY] = KNOT_AUTHORITY,
	[MESSAGE_ADDITIONAL] = KNOT_ADDITIONAL,
};

/* Lets libknot write (and compress) the RRsets. Returns the new length, or 0 out of memory. */
static size_t
write_rrsets(const struct message *message, const struct message_answer *answer,
    struct arena *arena, uint8_t *wire, size_t capacity)
{
	knot_mm_t memory = memory_of(arena);
	knot_pkt_t *packet = knot_pkt_new(wire, (uint16_t)capacity, &memory);

	if (packet == NULL || knot_pkt_init_response(packet, message->packet) != KNOT_EOK)
		return 0;
	knot_wire_set_rcode(wire, answer->rcode & 0x0f);
	if (answer->is_authoritative)
		knot_wire_set_aa(wire);
	for (size_t i = 0; i < answer->rrset_count; i++) {
		const struct message_rrset *item = &answer->rrsets[i];
		bool is_glue = item->section == MESSAGE_ADDITIONAL;
		bool is_question = name_is_equal(item->rrset.owner, message->question_name);
		int result;

		if (packet->current != sections[item->section])
			(void)knot_pkt_begin(packet, sections[item->section]);
		result = knot_pkt_put(packet,
		    is_question ? KNOT_COMPR_HINT_QNAME : KNOT_COMPR_HINT_NONE, &item->rrset,
		    is_glue ? KNOT_PF_NOTRUNC : 0);
		if (result == KNOT_EOK)
			continue;
		if (result != KNOT_ESPACE)
			return 0;
		if (!is_glue) {
			knot_wire_set_tc(wire);
			break;
		}
	}
	return packet->size;
}

size_t
message_write_answer(const struct message *message, const struct message_answer *answer,
    struct arena *arena, uint8_t *wire, size_t capacity)
{
	size_t question_end = MESSAGE_HEADER_SIZE + knot_pkt_question_size(message->packet);
	size_t reserved = opt_size(message, answer);
	size_t length;

	/* Rule 27: the OPT record gives way before the question does. */
	if (capacity < question_end + reserved)
		reserved = 0;
	if (answer->rrset_count == 0) {
		length = begin_answer(message, answer, wire, capacity - reserved);
	} else {
		length = write_rrsets(message, answer, arena, wire, capacity - reserved);
		if (length == 0)
			return message_write_error(message->packet->wire, KNOT_RCODE_SERVFAIL,
			    wire);
	}
	if (reserved > 0)
		return append_opt(message, answer, wire, length);
	if (message->has_edns)
		knot_wire_set_tc(wire);
	return length;
}

size_t
message_write_error(const uint8_t *request, uint16_t rcode, uint8_t wire[static 12])
{
	memset(wire, 0, MESSAGE_HEADER_SIZE);
	knot_wire_set_id(wire, knot_wire_get_id(request));
	knot_wire_set_qr(wire);
	knot_wire_set_opcode(wire, knot_wire_get_opcode(request));
	if (knot_wire_get_rd(request))
		knot_wire_set_rd(wire);
	knot_wire_set_rcode(wire, (uint8_t)rcode);
	return MESSAGE_HEADER_SIZE;
}
