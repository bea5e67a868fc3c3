/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The DNS conversation: parse, authenticate, dispatch, translate, sign. */
#include "doors/dns.h"

#include <inttypes.h>
#include <libknot/consts.h>
#include <libknot/descriptor.h>
#include <libknot/wire.h>
#include <stdlib.h>
#include <string.h>

#include "auth/replay.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "wire/message.h"
#include "wire/name.h"

enum {
	/* Parsed records, drafts and texts of the largest message there is. */
	SCRATCH_MAX = 4 << 20,
	OPT_FIXED_SIZE = 11,
};

struct dns {
	struct service *service;
	struct arena scratch;
	struct replay *replay;
	uint64_t replay_mark; /* what came since is not committed yet */
	struct dns_report report;
	struct log_limit malformed;
	struct log_limit unauthenticated;
	struct log_limit unsigned_updates;
	struct message_answer answer;
};

/* One request under way. */
struct exchange {
	struct dns *dns;
	const struct dns_origin *origin;
	struct message message;
	struct tsig_request tsig;
	struct key *key; /* who signed, or NULL */
	uint8_t *answer;
	struct dns_ticket *ticket;
	size_t *room;
};

/* The one place where a status becomes an RCODE. */
static const uint16_t rcodes[STATUS_COUNT] = {
	[STATUS_OK] = KNOT_RCODE_NOERROR,
	[STATUS_MALFORMED] = KNOT_RCODE_FORMERR,
	[STATUS_NOT_IMPLEMENTED] = KNOT_RCODE_NOTIMPL,
	[STATUS_BAD_VERSION] = KNOT_RCODE_BADVERS,
	[STATUS_UNAUTHENTICATED] = KNOT_RCODE_NOTAUTH,
	[STATUS_REFUSED] = KNOT_RCODE_REFUSED,
	[STATUS_LIMITED] = KNOT_RCODE_REFUSED,
	[STATUS_NOT_OUR_ZONE] = KNOT_RCODE_NOTAUTH,
	[STATUS_OUTSIDE_ZONE] = KNOT_RCODE_NOTZONE,
	[STATUS_NAME_EXISTS] = KNOT_RCODE_YXDOMAIN,
	[STATUS_NAME_MISSING] = KNOT_RCODE_NXDOMAIN,
	[STATUS_RRSET_EXISTS] = KNOT_RCODE_YXRRSET,
	[STATUS_RRSET_MISSING] = KNOT_RCODE_NXRRSET,
	[STATUS_IO] = KNOT_RCODE_SERVFAIL,
	[STATUS_NO_SPACE] = KNOT_RCODE_SERVFAIL,
	[STATUS_READ_ONLY] = KNOT_RCODE_SERVFAIL,
	[STATUS_DAMAGED] = KNOT_RCODE_SERVFAIL,
	[STATUS_TOO_NEW] = KNOT_RCODE_SERVFAIL,
	[STATUS_NOT_FOUND] = KNOT_RCODE_SERVFAIL,
	[STATUS_PERMISSION] = KNOT_RCODE_SERVFAIL,
	[STATUS_TOO_LARGE] = KNOT_RCODE_SERVFAIL,
	[STATUS_NO_MEMORY] = KNOT_RCODE_SERVFAIL,
};

struct dns *
dns_new(struct service *service)
{
	struct dns *dns = calloc(1, sizeof(*dns));

	if (dns == NULL)
		return NULL;
	dns->service = service;
	dns->replay = replay_new();
	if (dns->replay == NULL) {
		free(dns);
		return NULL;
	}
	dns->replay_mark = replay_mark(dns->replay);
	arena_init(&dns->scratch, SCRATCH_MAX);
	return dns;
}

void
dns_free(struct dns *dns)
{
	if (dns == NULL)
		return;
	replay_free(dns->replay);
	arena_release(&dns->scratch);
	free(dns);
}

/* True when a line may be written; says before it how many were not. */
static bool
may_log(struct log_limit *limit, const char *kind)
{
	uint64_t left_out = 0;

	if (!log_limit_allows(limit, &left_out))
		return false;
	if (left_out > 0)
		log_warning("dns: %" PRIu64 " more %s messages were not logged", left_out, kind);
	return true;
}

static void
log_malformed(struct exchange *exchange)
{
	char source[ENDPOINT_TEXT_MAX];

	exchange->dns->report.malformed++;
	if (may_log(&exchange->dns->malformed, "malformed"))
		log_warning("dns: malformed message from %s",
		    endpoint_to_text(&exchange->origin->source, source));
}

/* How much an answer may fill over this transport, before its TSIG. */
static size_t
payload_size(const struct exchange *exchange, size_t tsig_size)
{
	const struct message *message = &exchange->message;
	size_t question_end = MESSAGE_HEADER_SIZE + knot_pkt_question_size(message->packet);
	size_t size = MESSAGE_SIZE_MAX;

	if (exchange->origin->is_udp) {
		size = message->has_edns ? message->edns_size : MESSAGE_UDP_SIZE;
		if (size > MESSAGE_UDP_EDNS_MAX)
			size = MESSAGE_UDP_EDNS_MAX;
	}
	/* Rule 27: the question goes out with its TSIG, come what may. */
	if (size < question_end + tsig_size)
		return question_end;
	return size - tsig_size;
}

/* Writes the answer that stands in dns->answer, and fills the ticket. */
static enum dns_outcome
reply(struct exchange *exchange)
{
	struct dns_ticket *ticket = exchange->ticket;
	size_t tsig_size = ticket->has_tsig ? tsig_answer_size(&ticket->tsig) : 0;

	ticket->question_end = (uint16_t)(MESSAGE_HEADER_SIZE +
	    knot_pkt_question_size(exchange->message.packet));
	ticket->length = message_write_answer(&exchange->message, &exchange->dns->answer,
	    &exchange->dns->scratch, exchange->answer, payload_size(exchange, tsig_size));
	ticket->has_opt = ticket->length > ticket->question_end;
	*exchange->room = ticket->length + tsig_size;
	return DNS_ANSWER;
}

static enum dns_outcome
reply_status(struct exchange *exchange, enum status status)
{
	struct message_answer *answer = &exchange->dns->answer;

	answer->rcode = rcodes[status];
	answer->is_authoritative = false;
	answer->has_lease = false;
	answer->rrset_count = 0;
	return reply(exchange);
}

/* For what has no parsed message to answer to: the header alone. */
static enum dns_outcome
reply_header(struct exchange *exchange, const uint8_t *wire, enum status status)
{
	exchange->ticket->has_opt = false;
	exchange->ticket->length = message_write_error(wire, rcodes[status], exchange->answer);
	exchange->ticket->question_end = (uint16_t)exchange->ticket->length;
	*exchange->room = exchange->ticket->length;
	return DNS_ANSWER;
}

static enum dns_signature_error
signature_error_of(const struct tsig_answer *tsig)
{
	switch (tsig->error) {
	case TSIG_ERROR_BADKEY:
		return DNS_SIGNATURE_BADKEY;
	case TSIG_ERROR_BADTIME:
		return DNS_SIGNATURE_BADTIME;
	case TSIG_ERROR_BADTRUNC:
		return DNS_SIGNATURE_BADTRUNC;
	default:
		return DNS_SIGNATURE_BADSIG;
	}
}

static void
log_unauthenticated(struct exchange *exchange)
{
	const struct tsig_request *tsig = &exchange->tsig;
	int64_t ahead_s = (int64_t)tsig->time_s - clock_wall_s();
	char name[NAME_TEXT_MAX];
	char algorithm[NAME_TEXT_MAX];
	char source[ENDPOINT_TEXT_MAX];

	exchange->dns->report.bad_signatures[signature_error_of(&exchange->ticket->tsig)]++;
	if (!may_log(&exchange->dns->unauthenticated, "unauthenticated"))
		return;
	(void)name_to_text(tsig->key_name, name);
	(void)endpoint_to_text(&exchange->origin->source, source);
	switch (exchange->ticket->tsig.error) {
	case TSIG_ERROR_BADKEY:
		if (exchange->key == NULL)
			log_warning("dns: %s signed with key %s, which does not exist here", source,
			    name);
		else
			log_warning("dns: %s signed with key %s by %s, but the key is %s", source,
			    name, name_to_text(tsig->algorithm_name, algorithm),
			    tsig_algorithm_to_text(key_algorithm(exchange->key)));
		break;
	case TSIG_ERROR_BADTIME:
		log_warning("dns: the clock of %s (key %s) is %" PRId64
			    " s %s ours: set the one that is wrong",
		    source, name, ahead_s > 0 ? ahead_s : -ahead_s,
		    ahead_s > 0 ? "ahead of" : "behind");
		break;
	case TSIG_ERROR_BADTRUNC:
		log_warning(
		    "dns: %s signed with key %s by a truncated MAC, which needs allow-truncated",
		    source, name);
		break;
	default:
		log_warning("dns: bad signature from %s with key %s: its secret differs from ours",
		    source, name);
		break;
	}
}

/* Checks the TSIG. STATUS_OK also where there is none: exchange->key stays NULL. */
static enum status
authenticate(struct exchange *exchange)
{
	int64_t wall_s;
	enum status status;

	if (!exchange->message.has_tsig)
		return STATUS_OK;
	status = tsig_read(exchange->message.packet, &exchange->tsig);
	if (status != STATUS_OK)
		return status;
	wall_s = clock_wall_s();
	status = keyring_check(service_keyring(exchange->dns->service), exchange->message.packet,
	    &exchange->tsig, wall_s, &exchange->key, &exchange->ticket->tsig);
	exchange->ticket->has_tsig = status == STATUS_OK || status == STATUS_UNAUTHENTICATED;
	if (status == STATUS_UNAUTHENTICATED)
		log_unauthenticated(exchange);
	else if (status == STATUS_OK)
		key_note_use(exchange->key, wall_s, &exchange->origin->source.address);
	return status;
}

/* Applies an update that has not been seen before. */
static enum status
apply(struct exchange *exchange, struct principal *principal, struct update_answer *ret_answer)
{
	struct dns *dns = exchange->dns;
	struct update update;
	struct request request = {
		.principal = principal,
		.source = exchange->origin->source.address,
		.door = exchange->origin->is_udp ? "udp" : "tcp",
		.update = &update,
	};
	enum status status = message_read_update(&exchange->message, &dns->scratch, &update);

	if (status == STATUS_OK)
		status = service_update(dns->service, &request, &dns->scratch, ret_answer);
	else
		dns->report.malformed++;
	return status;
}

/* Rule 30: a repeat hears what the first one heard, and nothing is applied. */
static enum status
apply_once(struct exchange *exchange, struct update_answer *ret_answer)
{
	struct dns *dns = exchange->dns;
	const struct tsig_request *tsig = &exchange->tsig;
	struct replay_answer first;
	enum status status;

	if (replay_find(dns->replay, tsig->mac, tsig->mac_size, clock_wall_s(), &first)) {
		dns->report.repeats++;
		*ret_answer = (struct update_answer){ .has_lease = first.has_lease,
			.lease_s = first.lease_s };
		return first.status;
	}
	status = apply(exchange, key_principal(exchange->key), ret_answer);
	if (status != STATUS_NO_MEMORY) {
		first = (struct replay_answer){ status, ret_answer->has_lease,
			ret_answer->lease_s };
		replay_add(dns->replay, tsig->mac, tsig->mac_size,
		    (int64_t)tsig->time_s + tsig->fudge_s, &first);
	}
	return status;
}

/* Why an unsigned update is refused: the block that would take it by TCP is worth naming. */
static void
log_unsigned(struct exchange *exchange)
{
	const struct dns_origin *origin = exchange->origin;
	const struct principal *by_tcp = NULL;
	char source[ENDPOINT_TEXT_MAX];

	exchange->dns->report.unsigned_refused++;
	if (!may_log(&exchange->dns->unsigned_updates, "unsigned update"))
		return;
	(void)endpoint_to_text(&origin->source, source);
	if (origin->is_udp)
		by_tcp = service_find_network(exchange->dns->service, &origin->source.address,
		    false);
	if (by_tcp != NULL)
		log_warning(
		    "dns: refused an unsigned update from %s over UDP: network %s takes them "
		    "over TCP only (nsupdate -v), unless it says udp = true",
		    source, by_tcp->identity);
	else
		log_warning("dns: refused an unsigned update from %s: it needs a key, or a network "
			    "block that covers it",
		    source);
}

static enum status
apply_unsigned(struct exchange *exchange, struct update_answer *ret_answer)
{
	const struct dns_origin *origin = exchange->origin;
	struct principal *principal = service_find_network(exchange->dns->service,
	    &origin->source.address, origin->is_udp);

	if (principal != NULL)
		return apply(exchange, principal, ret_answer);
	log_unsigned(exchange);
	return STATUS_REFUSED;
}

static enum dns_outcome
receive_update(struct exchange *exchange)
{
	const struct message *message = &exchange->message;
	struct message_answer *answer = &exchange->dns->answer;
	struct update_answer granted = { 0 };
	enum status status;

	if (message->question_type != KNOT_RRTYPE_SOA || message->question_class != KNOT_CLASS_IN)
		return reply_status(exchange, STATUS_MALFORMED);
	if (!service_has_zone(exchange->dns->service, message->question_name))
		return reply_status(exchange, STATUS_NOT_OUR_ZONE);
	status = exchange->key != NULL ? apply_once(exchange, &granted)
				       : apply_unsigned(exchange, &granted);
	exchange->ticket->is_update = true;
	answer->rcode = rcodes[status];
	answer->is_authoritative = false;
	answer->has_lease = granted.has_lease;
	answer->lease_s = granted.lease_s;
	answer->lease_option_size = message->lease_option_size;
	answer->rrset_count = 0;
	return reply(exchange);
}

static void
count_query(struct dns *dns)
{
	const struct message_answer *answer = &dns->answer;
	bool has_answer = answer->rrset_count > 0 && answer->rrsets[0].section == MESSAGE_ANSWER;
	enum dns_query_result result = DNS_QUERY_FAILED;

	if (answer->rcode == KNOT_RCODE_NOERROR)
		result = has_answer ? DNS_QUERY_ANSWERED : DNS_QUERY_NO_DATA;
	else if (answer->rcode == KNOT_RCODE_NXDOMAIN)
		result = DNS_QUERY_NO_NAME;
	else if (answer->rcode == KNOT_RCODE_REFUSED)
		result = DNS_QUERY_REFUSED;
	dns->report.queries[result]++;
}

static enum dns_outcome
dispatch(struct exchange *exchange)
{
	const struct message *message = &exchange->message;
	enum status status;

	if (message->has_edns && message->edns_version != 0)
		return reply_status(exchange, STATUS_BAD_VERSION);
	status = authenticate(exchange);
	if (status != STATUS_OK)
		return reply_status(exchange, status);
	switch (message->opcode) {
	case MESSAGE_OPCODE_QUERY:
		service_query(exchange->dns->service, message->question_name,
		    message->question_type, message->question_class, &exchange->dns->scratch,
		    &exchange->dns->answer);
		count_query(exchange->dns);
		return reply(exchange);
	case MESSAGE_OPCODE_UPDATE:
		return receive_update(exchange);
	default:
		/* NOTIFY: we are nobody's secondary. */
		return reply_status(exchange, STATUS_REFUSED);
	}
}

enum dns_outcome
dns_receive(struct dns *dns, uint8_t *wire, size_t length, const struct dns_origin *origin,
    uint8_t *answer, struct dns_ticket *ret_ticket, size_t *ret_room)
{
	struct exchange exchange = {
		.dns = dns,
		.origin = origin,
		.answer = answer,
		.ticket = ret_ticket,
		.room = ret_room,
	};
	enum status status;

	if (message_is_to_be_dropped(wire, length))
		return DNS_SILENCE;
	if (knot_wire_get_opcode(wire) == MESSAGE_OPCODE_QUERY && service_is_dirty(dns->service))
		return DNS_AFTER_COMMIT;
	ret_ticket->is_update = false;
	ret_ticket->has_tsig = false;
	arena_reset(&dns->scratch);
	status = message_parse(wire, length, &dns->scratch, &exchange.message);
	if (status == STATUS_OK)
		return dispatch(&exchange);
	log_malformed(&exchange);
	return reply_header(&exchange, wire, status);
}

/* A commit that failed: SERVFAIL, and no lease was granted. */
static size_t
fail(const struct dns_ticket *ticket, enum status commit_status, uint8_t *answer)
{
	size_t length = ticket->question_end;

	knot_wire_set_rcode(answer, (uint8_t)rcodes[commit_status]);
	if (!ticket->has_opt)
		return length;
	/* The OPT record stays, without its options. */
	knot_wire_write_u16(answer + length + OPT_FIXED_SIZE - 2, 0);
	return length + OPT_FIXED_SIZE;
}

size_t
dns_finish(const struct dns_ticket *ticket, enum status commit_status, uint8_t *answer, size_t room)
{
	size_t length = ticket->length;

	if (commit_status != STATUS_OK && ticket->is_update)
		length = fail(ticket, commit_status, answer);
	/* The room was measured for it: signing cannot fail but for want of memory in the HMAC. */
	if (ticket->has_tsig && tsig_sign(&ticket->tsig, answer, &length, room) != STATUS_OK)
		knot_wire_set_rcode(answer, KNOT_RCODE_SERVFAIL);
	return length;
}

const struct dns_report *
dns_report(const struct dns *dns)
{
	return &dns->report;
}

int64_t
dns_patience_ns(const struct dns *dns)
{
	return service_patience_ns(dns->service);
}

void
dns_turn_ended(struct dns *dns, enum status commit_status)
{
	if (commit_status != STATUS_OK)
		replay_forget_since(dns->replay, dns->replay_mark);
	dns->replay_mark = replay_mark(dns->replay);
}
