/* SPDX-License-Identifier: GPL-3.0-or-later */
/* wire/message: requests as strangers send them, updates read out of them, and answers. */
#include <libknot/libknot.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "wire/message.h"
#include "wire/name.h"

enum { SCRATCH_MAX = 4 << 20, HEADER = MESSAGE_HEADER_SIZE };
enum { MAILB = 253, MAILA = 254 }; /* RFC 1035 3.2.3 */
enum { UPDATE_FLAGS = MESSAGE_OPCODE_UPDATE << 11 };
enum { PREREQUISITE = 6, UPDATE = 8, EXTRA = 10 }; /* where the sections' counts stand */

/* --- writing requests, byte by byte --- */

struct wire {
	uint8_t bytes[MESSAGE_SIZE_MAX + 1];
	size_t length;
};

static struct wire request;

static void
put(const void *bytes, size_t size)
{
	assert_true(request.length + size <= sizeof(request.bytes));
	memcpy(request.bytes + request.length, bytes, size);
	request.length += size;
}

static void
put_u16(uint16_t value)
{
	uint8_t bytes[2] = { (uint8_t)(value >> 8), (uint8_t)value };

	put(bytes, 2);
}

/* In its own case; "" is the root, "@" the question's name by a pointer. */
static void
put_name(const char *text)
{
	if (strcmp(text, "@") == 0) {
		put_u16(0xc000 | HEADER);
		return;
	}
	while (*text != '\0') {
		size_t size = strcspn(text, ".");
		uint8_t octet = (uint8_t)size;

		put(&octet, 1);
		put(text, size);
		text += size + (text[size] == '.');
	}
	put("", 1);
}

static void
count(size_t section)
{
	knot_wire_write_u16(request.bytes + section,
	    (uint16_t)(knot_wire_read_u16(request.bytes + section) + 1));
}

static void
begin(uint16_t flags)
{
	memset(&request, 0, sizeof(request));
	put_u16(0xbeef);
	put_u16(flags);
	request.length = HEADER;
}

static void
put_question(const char *name, uint16_t type, uint16_t class)
{
	put_name(name);
	put_u16(type);
	put_u16(class);
	count(4);
}

static void
put_rr_head(size_t section, const char *owner, uint16_t type, uint16_t class, uint32_t ttl_s)
{
	put_name(owner);
	put_u16(type);
	put_u16(class);
	put_u16((uint16_t)(ttl_s >> 16));
	put_u16((uint16_t)ttl_s);
	count(section);
}

static void
put_rr(size_t section, const char *owner, uint16_t type, uint16_t class, uint32_t ttl_s,
    const void *rdata, size_t size)
{
	put_rr_head(section, owner, type, class, ttl_s);
	put_u16((uint16_t)size);
	put(rdata, size);
}

/* An OPT record; with an option 2 of that many octets, counting from 1, unless that is negative. */
static void
put_opt(uint16_t udp_size, uint8_t version, int lease_size)
{
	static const uint8_t numbers[] = { 0, 0, 1, 44, 0, 0, 2, 88, 9, 10, 11, 12 };

	put_rr_head(EXTRA, "", KNOT_RRTYPE_OPT, udp_size, (uint32_t)version << 16);
	put_u16((uint16_t)(lease_size < 0 ? 0 : 4 + lease_size));
	if (lease_size < 0)
		return;
	put_u16(2);
	put_u16((uint16_t)lease_size);
	put(numbers, (size_t)lease_size);
}

static void
begin_update(void)
{
	begin(UPDATE_FLAGS);
	put_question("Home.ARPA", KNOT_RRTYPE_SOA, KNOT_CLASS_IN);
}

/* RFC 8945 4.2, with an HMAC that nobody computed. */
static void
put_tsig(size_t section)
{
	static const uint8_t rest[] = { 0, 0, 0x65, 0, 0, 0, 1, 44, 0, 4, 1, 2, 3, 4, 0xbe, 0xef, 0,
		0, 0, 0 };

	put_rr_head(section, "key", KNOT_RRTYPE_TSIG, KNOT_CLASS_ANY, 0);
	put_u16(13 + sizeof(rest));
	put_name("hmac-sha256");
	put(rest, sizeof(rest));
}

/* --- reading them --- */

struct parsed {
	struct arena arena;
	struct message message;
	struct update update;
	uint8_t *wire; /* ends where its memory ends */
};

static enum status
parse_bytes(struct parsed *parsed, const uint8_t *bytes, size_t length)
{
	arena_init(&parsed->arena, SCRATCH_MAX);
	parsed->wire = malloc(length > 0 ? length : 1);
	assert_non_null(parsed->wire);
	memcpy(parsed->wire, bytes, length);
	return message_parse(parsed->wire, length, &parsed->arena, &parsed->message);
}

static enum status
parse(struct parsed *parsed)
{
	return parse_bytes(parsed, request.bytes, request.length);
}

static void
end(struct parsed *parsed)
{
	arena_release(&parsed->arena);
	free(parsed->wire);
}

/* Parses the request, and reads the update out of it; what is read is not kept. */
static enum status
read_request(void)
{
	struct parsed parsed;
	enum status status = parse(&parsed);

	if (status == STATUS_OK)
		status = message_read_update(&parsed.message, &parsed.arena, &parsed.update);
	end(&parsed);
	return status;
}

/* --- what is a request --- */

static void
rule_1_responses_and_scraps_are_dropped(void **state)
{
	(void)state;
	begin_update();
	assert_false(message_is_to_be_dropped(request.bytes, request.length));
	assert_false(message_is_to_be_dropped(request.bytes, HEADER));
	assert_true(message_is_to_be_dropped(request.bytes, HEADER - 1));
	assert_true(message_is_to_be_dropped(request.bytes, 0));
	request.bytes[2] |= 0x80;
	assert_true(message_is_to_be_dropped(request.bytes, request.length));
}

static void
rule_1_opcodes_other_than_query_update_and_notify_are_notimp(void **state)
{
	struct parsed parsed;

	(void)state;
	for (uint16_t opcode = 0; opcode < 16; opcode++) {
		bool is_ours = opcode == 0 || opcode == 4 || opcode == 5;

		begin((uint16_t)(opcode << 11));
		if (is_ours)
			put_question("home.arpa", KNOT_RRTYPE_SOA, KNOT_CLASS_IN);
		assert_int_equal(parse(&parsed), is_ours ? STATUS_OK : STATUS_NOT_IMPLEMENTED);
		assert_int_equal(parsed.message.opcode, opcode);
		assert_int_equal(parsed.message.id, 0xbeef);
		end(&parsed);
	}
}

static void
the_question_is_read_in_lower_case(void **state)
{
	struct parsed parsed;

	(void)state;
	begin(0);
	put_question("LapTop.Home.ARPA", KNOT_RRTYPE_AAAA, KNOT_CLASS_CH);
	assert_int_equal(parse(&parsed), STATUS_OK);
	assert_true(name_is_equal(parsed.message.question_name,
	    (const uint8_t *)"\006laptop\004home\004arpa"));
	assert_int_equal(parsed.message.question_type, KNOT_RRTYPE_AAAA);
	assert_int_equal(parsed.message.question_class, KNOT_CLASS_CH);
	assert_false(parsed.message.has_edns);
	assert_false(parsed.message.has_tsig);
	assert_int_equal(parsed.message.edns_size, 512);
	end(&parsed);
	/* The root is a name. */
	begin(0);
	put_question("", KNOT_RRTYPE_NS, KNOT_CLASS_IN);
	assert_int_equal(parse(&parsed), STATUS_OK);
	end(&parsed);
}

static void
rule_2_no_question_or_two_are_malformed(void **state)
{
	struct parsed parsed;

	(void)state;
	for (int questions = 0; questions < 4; questions++) {
		begin(UPDATE_FLAGS);
		for (int i = 0; i < questions; i++)
			put_question("home.arpa", KNOT_RRTYPE_SOA, KNOT_CLASS_IN);
		assert_int_equal(parse(&parsed), questions == 1 ? STATUS_OK : STATUS_MALFORMED);
		end(&parsed);
	}
	/* A count without the question. */
	begin(UPDATE_FLAGS);
	count(4);
	assert_int_equal(parse(&parsed), STATUS_MALFORMED);
	end(&parsed);
}

/* A message with a bit of everything. */
static void
put_everything(void)
{
	begin_update();
	put_rr(PREREQUISITE, "laptop.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, "", 0);
	put_rr(PREREQUISITE, "@", KNOT_RRTYPE_TXT, KNOT_CLASS_IN, 0, "\002hi", 3);
	put_rr(UPDATE, "Laptop.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, "\300\0\002\001", 4);
	put_rr(UPDATE, "@", KNOT_RRTYPE_MX, KNOT_CLASS_IN, 60, "\0\012\300\014", 4);
	put_rr(UPDATE, "old.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, "", 0);
	put_opt(1400, 0, 8);
	put_tsig(EXTRA);
}

static void
a_message_cut_off_anywhere_is_malformed(void **state)
{
	struct parsed parsed;

	(void)state;
	put_everything();
	assert_int_equal(parse(&parsed), STATUS_OK);
	assert_true(parsed.message.has_tsig);
	assert_true(parsed.message.has_lease_option);
	end(&parsed);
	for (size_t length = HEADER; length < request.length; length++) {
		assert_int_equal(parse_bytes(&parsed, request.bytes, length), STATUS_MALFORMED);
		end(&parsed);
	}
	put("", 1);
	assert_int_equal(parse(&parsed), STATUS_MALFORMED);
	end(&parsed);
}

static void
any_other_byte_anywhere_is_survived(void **state)
{
	uint8_t bytes[512];
	struct parsed parsed;

	(void)state;
	put_everything();
	assert_true(request.length <= sizeof(bytes));
	for (size_t i = 0; i < request.length; i++) {
		for (int change = 1; change < 256; change += i < 60 ? 1 : 7) {
			memcpy(bytes, request.bytes, request.length);
			bytes[i] = (uint8_t)(bytes[i] + change);
			if (parse_bytes(&parsed, bytes, request.length) == STATUS_OK)
				(void)message_read_update(&parsed.message, &parsed.arena,
				    &parsed.update);
			end(&parsed);
		}
	}
}

static void
pointers_that_lead_forward_or_in_a_circle_are_malformed(void **state)
{
	static const uint16_t targets[] = { 0xc000, 0xc00c, 0xc00e, 0xc0ff, 0xffff };
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		begin(0);
		put_u16(targets[i]);
		put_u16(KNOT_RRTYPE_A);
		put_u16(KNOT_CLASS_IN);
		count(4);
		assert_int_equal(parse(&parsed), STATUS_MALFORMED);
		end(&parsed);
	}
}

static void
rule_21_a_tsig_that_is_not_last_or_not_alone_is_malformed(void **state)
{
	(void)state;
	begin_update();
	put_tsig(EXTRA);
	assert_int_equal(read_request(), STATUS_OK);
	put_tsig(EXTRA);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin_update();
	put_tsig(EXTRA);
	put_opt(1232, 0, -1);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin_update();
	put_tsig(EXTRA);
	put_rr(EXTRA, "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 60, "\300\0\002\001", 4);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin_update();
	put_tsig(UPDATE);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin_update();
	put_tsig(PREREQUISITE);
	put_rr(UPDATE, "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 60, "\300\0\002\001", 4);
	assert_int_equal(read_request(), STATUS_MALFORMED);
}

/* --- EDNS --- */

static void
two_opt_records_or_one_that_is_misplaced_are_malformed(void **state)
{
	(void)state;
	begin_update();
	put_opt(1232, 0, -1);
	assert_int_equal(read_request(), STATUS_OK);
	put_opt(1232, 0, -1);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin_update();
	put_rr(UPDATE, "", KNOT_RRTYPE_OPT, 1232, 0, "", 0);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	/* An option longer than its record. */
	begin_update();
	put_rr(EXTRA, "", KNOT_RRTYPE_OPT, 1232, 0, "\0\002\0\010\0\0\0\0", 8);
	assert_int_equal(read_request(), STATUS_MALFORMED);
}

static void
rule_37_the_size_that_a_client_takes_is_at_least_512(void **state)
{
	static const uint16_t sizes[][2] = { { 0, 512 }, { 511, 512 }, { 513, 513 }, { 4096, 4096 },
		{ 65535, 65535 } };
	struct parsed parsed;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		begin(0);
		put_question("home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN);
		put_opt(sizes[i][0], (uint8_t)i, -1);
		assert_int_equal(parse(&parsed), STATUS_OK);
		assert_true(parsed.message.has_edns);
		assert_int_equal(parsed.message.edns_version, i);
		assert_int_equal(parsed.message.edns_size, sizes[i][1]);
		assert_false(parsed.message.has_lease_option);
		end(&parsed);
	}
}

static void
rule_33_a_lease_option_has_4_or_8_octets(void **state)
{
	struct parsed parsed;

	(void)state;
	for (int size = 0; size <= 12; size++) {
		bool is_right = size == 4 || size == 8;

		begin_update();
		put_opt(1232, 0, size);
		assert_int_equal(parse(&parsed), STATUS_OK);
		assert_true(parsed.message.has_lease_option);
		assert_int_equal(parsed.message.lease_option_size, size);
		assert_int_equal(message_read_update(&parsed.message, &parsed.arena,
				     &parsed.update),
		    is_right ? STATUS_OK : STATUS_MALFORMED);
		if (is_right) {
			assert_true(parsed.update.has_lease);
			assert_int_equal(parsed.update.lease_s, 300);
		}
		end(&parsed);
	}
	begin_update();
	put_opt(1232, 0, -1);
	assert_int_equal(parse(&parsed), STATUS_OK);
	assert_int_equal(message_read_update(&parsed.message, &parsed.arena, &parsed.update),
	    STATUS_OK);
	assert_false(parsed.update.has_lease);
	end(&parsed);
}

/* --- rdata --- */

static void
rule_9_bytes_left_over_behind_an_rdata_are_malformed(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t size;
		const char
		    *rdata; /* with pointers to the question's name, and one octet too many */
	} cases[] = {
		{ KNOT_RRTYPE_NS, 2, "\300\014x" },
		{ KNOT_RRTYPE_CNAME, 2, "\300\014x" },
		{ KNOT_RRTYPE_PTR, 2, "\300\014x" },
		{ KNOT_RRTYPE_PTR, 5, "\002ab\300\014x" },
		{ KNOT_RRTYPE_MX, 4, "\0\012\300\014x" },
		{ KNOT_RRTYPE_SRV, 8, "\0\001\0\002\0\003\300\014x" },
		{ KNOT_RRTYPE_SOA, 24, "\300\014\300\0141111222233334444555\065x" },
		{ KNOT_RRTYPE_NAPTR, 11, "\0\001\0\002\001a\001b\001c\0x" },
		{ KNOT_RRTYPE_A, 4, "\300\0\002\001x" },
		{ KNOT_RRTYPE_AAAA, 16, "0123456789abcdefx" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t right = cases[i].size;

		for (size_t size = right - 1; size <= right + 1; size++) {
			begin_update();
			put_rr(UPDATE, "a.home.arpa", cases[i].type, KNOT_CLASS_IN, 60,
			    cases[i].rdata, size);
			/* What follows must not be taken for more of it. */
			put_rr(UPDATE, "b.home.arpa", KNOT_RRTYPE_TXT, KNOT_CLASS_IN, 60,
			    "\004text", 5);
			assert_int_equal(read_request(),
			    size == right ? STATUS_OK : STATUS_MALFORMED);
		}
	}
}

static void
rule_9_rdata_that_is_not_in_its_types_form_is_malformed(void **state)
{
	static const struct {
		uint16_t type;
		uint8_t size;
		const char *rdata;
		enum status expected;
	} cases[] = {
		{ KNOT_RRTYPE_TXT, 6, "\005hello", STATUS_OK },
		{ KNOT_RRTYPE_TXT, 1, "\0", STATUS_OK },
		{ KNOT_RRTYPE_TXT, 5, "\005hell", STATUS_MALFORMED },
		{ KNOT_RRTYPE_TXT, 7, "\005hello\001", STATUS_MALFORMED },
		{ KNOT_RRTYPE_TXT, 0, "", STATUS_MALFORMED },
		{ KNOT_RRTYPE_A, 0, "", STATUS_MALFORMED },
		{ KNOT_RRTYPE_PTR, 0, "", STATUS_MALFORMED },
		{ KNOT_RRTYPE_HINFO, 4, "\001a\001b", STATUS_OK },
		{ KNOT_RRTYPE_HINFO, 2, "\001a", STATUS_MALFORMED },
		{ KNOT_RRTYPE_HINFO, 6, "\001a\001b\001c", STATUS_MALFORMED },
		{ KNOT_RRTYPE_SSHFP, 22, "\001\00101234567890123456789", STATUS_OK },
		{ KNOT_RRTYPE_SSHFP, 1, "\001", STATUS_MALFORMED },
		{ KNOT_RRTYPE_CAA, 8, "\0\005issuea", STATUS_OK },
		{ KNOT_RRTYPE_CAA, 3, "\0\005i", STATUS_MALFORMED },
		{ KNOT_RRTYPE_DHCID, 35, "\0\001\00112345678901234567890123456789012", STATUS_OK },
		{ KNOT_RRTYPE_LOC, 16, "\0\022\026\023\200\0\0\0\200\0\0\0\0\230\226\200",
		    STATUS_OK },
		{ KNOT_RRTYPE_LOC, 15, "\0\022\026\023\200\0\0\0\200\0\0\0\0\230\226",
		    STATUS_MALFORMED },
		{ KNOT_RRTYPE_APL, 0, "", STATUS_OK },
		{ KNOT_RRTYPE_NULL, 3, "\377\376\375", STATUS_OK },
		{ 65280, 3, "\001\002\003", STATUS_OK },
		{ 65280, 0, "", STATUS_OK },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		begin_update();
		put_rr(UPDATE, "a.home.arpa", cases[i].type, KNOT_CLASS_IN, 60, cases[i].rdata,
		    cases[i].size);
		if (read_request() != cases[i].expected)
			fail_msg("case %zu, type %u", i, cases[i].type);
		/* A prerequisite and a deletion are held to the same. */
		begin_update();
		put_rr(PREREQUISITE, "a.home.arpa", cases[i].type, KNOT_CLASS_IN, 0, cases[i].rdata,
		    cases[i].size);
		assert_int_equal(read_request(), cases[i].expected);
		begin_update();
		put_rr(UPDATE, "a.home.arpa", cases[i].type, KNOT_CLASS_NONE, 0, cases[i].rdata,
		    cases[i].size);
		assert_int_equal(read_request(), cases[i].expected);
	}
}

/* --- rules 2 to 6 and 9, RR by RR --- */

static void
rule_2_the_zone_section_holds_an_soa_in_class_in(void **state)
{
	(void)state;
	begin_update();
	assert_int_equal(read_request(), STATUS_OK);
	begin(UPDATE_FLAGS);
	put_question("home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin(UPDATE_FLAGS);
	put_question("home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_IN);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin(UPDATE_FLAGS);
	put_question("home.arpa", KNOT_RRTYPE_SOA, KNOT_CLASS_CH);
	assert_int_equal(read_request(), STATUS_MALFORMED);
	begin(UPDATE_FLAGS);
	put_question("home.arpa", KNOT_RRTYPE_SOA, KNOT_CLASS_ANY);
	assert_int_equal(read_request(), STATUS_MALFORMED);
}

struct rr_case {
	const char *owner;
	uint16_t type;
	uint16_t class;
	uint32_t ttl_s;
	uint8_t size;
	enum status expected;
};

static void
assert_cases(size_t section, const struct rr_case *cases, size_t number)
{
	for (size_t i = 0; i < number; i++) {
		begin_update();
		put_rr(section, cases[i].owner, cases[i].type, cases[i].class, cases[i].ttl_s,
		    "\300\0\002\001", cases[i].size);
		if (read_request() != cases[i].expected)
			fail_msg("case %zu is not %s", i, status_text(cases[i].expected));
	}
}

static void
rules_3_to_6_prerequisites_of_the_wrong_form_are_refused(void **state)
{
	static const struct rr_case cases[] = {
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 0, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, 0, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 0, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 0, 0, STATUS_OK },
		{ "A.HOME.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 0, 4, STATUS_OK },
		{ "home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 0, 4, STATUS_OK },
		/* Rule 3: TTL, zone; the TTL first. */
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 1, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 1, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 1, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 1U << 31, 4, STATUS_MALFORMED },
		{ "a.example.net", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 0, STATUS_OUTSIDE_ZONE },
		{ "arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 0, STATUS_OUTSIDE_ZONE },
		{ "xhome.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 0, STATUS_OUTSIDE_ZONE },
		{ "", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 0, STATUS_OUTSIDE_ZONE },
		{ "a.example.net", KNOT_RRTYPE_A, KNOT_CLASS_IN, 1, 4, STATUS_MALFORMED },
		/* Rules 4 and 5: no rdata. */
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 4, STATUS_MALFORMED },
		/* Rule 6, and other classes. */
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_IN, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 0, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_CH, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, 0, 0, 0, STATUS_MALFORMED },
		/* Types that no record has. */
		{ "a.home.arpa", KNOT_RRTYPE_AXFR, KNOT_CLASS_ANY, 0, 0, STATUS_MALFORMED },
		{ "a.home.arpa", MAILB, KNOT_CLASS_NONE, 0, 0, STATUS_MALFORMED },
		{ "a.home.arpa", 0, KNOT_CLASS_ANY, 0, 0, STATUS_MALFORMED },
	};

	(void)state;
	assert_cases(PREREQUISITE, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
rule_9_changes_of_the_wrong_form_are_refused(void **state)
{
	static const struct rr_case cases[] = {
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, 4, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 0, 4, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, 0, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 0, STATUS_OK },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 0, 4, STATUS_OK },
		{ "home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, 4, STATUS_OK },
		/* RFC 2136 3.4.1.2: the zone is looked at first. */
		{ "a.example.net", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, 4, STATUS_OUTSIDE_ZONE },
		{ "a.example.net", KNOT_RRTYPE_A, KNOT_CLASS_CH, 300, 4, STATUS_OUTSIDE_ZONE },
		{ "arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, 4, STATUS_OUTSIDE_ZONE },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_CH, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, 0, 0, 4, STATUS_MALFORMED },
		/* Class IN and a meta type. */
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_AXFR, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_IXFR, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", MAILA, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", MAILB, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_TKEY, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_OPT, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		{ "a.home.arpa", 0, KNOT_CLASS_IN, 300, 4, STATUS_MALFORMED },
		/* Class ANY with TTL, rdata, or another meta type. */
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 1, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 1, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_AXFR, KNOT_CLASS_ANY, 0, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_TKEY, KNOT_CLASS_ANY, 0, 0, STATUS_MALFORMED },
		/* Class NONE with TTL, a meta type, or without rdata. */
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 1, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 0, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_NONE, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_AXFR, KNOT_CLASS_NONE, 0, 4, STATUS_MALFORMED },
		{ "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 0, 0, STATUS_MALFORMED },
	};

	(void)state;
	assert_cases(UPDATE, cases, sizeof(cases) / sizeof(cases[0]));
}

static void
rule_9_the_last_bad_change_is_found_and_prerequisites_come_first(void **state)
{
	(void)state;
	begin_update();
	for (int i = 0; i < 100; i++)
		put_rr(UPDATE, "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 60, "\300\0\002\001",
		    4);
	put_rr(UPDATE, "a.example.net", KNOT_RRTYPE_A, KNOT_CLASS_IN, 60, "\300\0\002\001", 4);
	assert_int_equal(read_request(), STATUS_OUTSIDE_ZONE);
	begin_update();
	put_rr(PREREQUISITE, "a.example.net", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, "", 0);
	put_rr(UPDATE, "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_CH, 60, "\300\0\002\001", 4);
	assert_int_equal(read_request(), STATUS_OUTSIDE_ZONE);
}

static void
an_update_is_read_in_order_with_names_and_rdata_in_lower_case(void **state)
{
	const struct update *update;
	struct parsed parsed;

	(void)state;
	begin_update();
	put_rr(PREREQUISITE, "One.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, "", 0);
	put_rr(PREREQUISITE, "two.home.arpa", KNOT_RRTYPE_TXT, KNOT_CLASS_IN, 0, "\002Hi", 3);
	put_rr(UPDATE, "@", KNOT_RRTYPE_PTR, KNOT_CLASS_IN, 0x80000001, "\004HOST\300\014", 7);
	put_rr(UPDATE, "FOUR.home.ARPA", KNOT_RRTYPE_A, KNOT_CLASS_ANY, 0, "", 0);
	put_rr(UPDATE, "five.home.arpa", KNOT_RRTYPE_ANY, KNOT_CLASS_ANY, 0, "", 0);
	put_rr(UPDATE, "six.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_NONE, 0, "\300\0\002\001", 4);
	put_rr(EXTRA, "glue.example.net", KNOT_RRTYPE_A, KNOT_CLASS_IN, 9, "\300\0\002\001", 4);
	assert_int_equal(parse(&parsed), STATUS_OK);
	assert_int_equal(message_read_update(&parsed.message, &parsed.arena, &parsed.update),
	    STATUS_OK);
	update = &parsed.update;
	assert_true(name_is_equal(update->zone, (const uint8_t *)"\004home\004arpa"));
	assert_int_equal(update->prerequisite_count, 2);
	assert_int_equal(update->prerequisites[0].kind, PREREQUISITE_NAME_IN_USE);
	assert_true(name_is_equal(update->prerequisites[0].name,
	    (const uint8_t *)"\003one\004home\004arpa"));
	assert_int_equal(update->prerequisites[1].kind, PREREQUISITE_RRSET_EQUALS);
	assert_memory_equal(update->prerequisites[1].rdata->data, "\002Hi", 3);
	assert_int_equal(update->change_count, 4);
	assert_int_equal(update->changes[0].kind, CHANGE_ADD);
	assert_int_equal(update->changes[0].type, KNOT_RRTYPE_PTR);
	/* RFC 2181 8. */
	assert_int_equal(update->changes[0].ttl_s, 0);
	assert_int_equal(update->changes[0].rdata->len, 16);
	assert_memory_equal(update->changes[0].rdata->data, "\004host\004home\004arpa", 16);
	assert_int_equal(update->changes[1].kind, CHANGE_DELETE_RRSET);
	assert_true(
	    name_is_equal(update->changes[1].name, (const uint8_t *)"\004four\004home\004arpa"));
	assert_int_equal(update->changes[2].kind, CHANGE_DELETE_NAME);
	assert_int_equal(update->changes[3].kind, CHANGE_DELETE);
	assert_false(update->has_lease);
	end(&parsed);
}

static void
a_message_larger_than_the_scratch_memory_is_out_of_memory_and_no_more(void **state)
{
	struct message message;
	struct update update;
	struct arena arena;
	enum status status = STATUS_NO_MEMORY;
	unsigned failures = 0;

	(void)state;
	/* Without OPT: libknot 3.2.6 does not survive it there. See the next test. */
	begin_update();
	put_rr(PREREQUISITE, "@", KNOT_RRTYPE_TXT, KNOT_CLASS_IN, 0, "\002hi", 3);
	put_rr(UPDATE, "a.home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN, 300, "\300\0\002\001", 4);
	put_tsig(EXTRA);
	for (size_t ceiling = 0; status != STATUS_OK && ceiling < 100000; ceiling += 16) {
		uint8_t bytes[512];

		memcpy(bytes, request.bytes, request.length);
		arena_init(&arena, ceiling);
		status = message_parse(bytes, request.length, &arena, &message);
		if (status == STATUS_OK)
			status = message_read_update(&message, &arena, &update);
		/* Some of libknot's failures do not say why. */
		failures += status == STATUS_NO_MEMORY || status == STATUS_MALFORMED;
		arena_release(&arena);
	}
	assert_int_equal(status, STATUS_OK);
	assert_true(failures > 10);
}

static void
no_message_fills_the_scratch_memory_while_it_is_parsed(void **state)
{
	static const char label[] =
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	static const struct {
		uint16_t type;
		uint8_t size;
		const char *rdata;
	} cases[] = {
		/* 12 octets become the longest owner, 16 three of the longest names. */
		{ KNOT_RRTYPE_A, 4, "\300\0\002\001" },
		{ KNOT_RRTYPE_PTR, 2, "\300\014" },
		{ KNOT_RRTYPE_MINFO, 4, "\300\014\300\014" },
		{ KNOT_RRTYPE_RP, 4, "\300\014\300\014" },
		{ KNOT_RRTYPE_TXT, 1, "" },
		{ KNOT_RRTYPE_TXT, 255, "\376" },
		{ KNOT_RRTYPE_DHCID, 1, "x" },
	};
	char name[300];

	(void)state;
	(void)snprintf(name, sizeof(name), "%s.%s.%s.%.61s", label, label, label, label);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char rdata[256] = { 0 };
		struct parsed parsed;

		memcpy(rdata, cases[i].rdata, strlen(cases[i].rdata));
		memcpy(rdata, cases[i].rdata, cases[i].size <= 4 ? cases[i].size : 1);
		begin(UPDATE_FLAGS);
		put_question(name, KNOT_RRTYPE_SOA, KNOT_CLASS_IN);
		while (request.length + 12 + cases[i].size + 11 <= MESSAGE_SIZE_MAX)
			put_rr(UPDATE, "@", cases[i].type, KNOT_CLASS_IN, 60, rdata, cases[i].size);
		put_opt(1232, 0, -1);
		assert_int_equal(parse(&parsed), STATUS_OK);
		assert_in_range(parsed.arena.total, 0, SCRATCH_MAX * 7 / 8);
		assert_int_equal(message_read_update(&parsed.message, &parsed.arena,
				     &parsed.update),
		    STATUS_OK);
		end(&parsed);
	}
}

/* --- answers --- */

static struct message_answer answer;
static uint8_t reply[MESSAGE_SIZE_MAX];

/* An RRset of that many A records, or of TXT records of 200 octets. */
static void
answer_with(enum message_section section, const char *owner, uint16_t type, uint16_t number,
    knot_mm_t *memory)
{
	struct message_rrset *item = &answer.rrsets[answer.rrset_count++];
	struct name name;

	assert_int_equal(name_from_text(owner, &name), STATUS_OK);
	item->section = section;
	knot_rrset_init(&item->rrset, knot_dname_copy(name.wire, memory), type, KNOT_CLASS_IN, 60);
	for (uint16_t i = 0; i < number; i++) {
		uint8_t rdata[200] = { 199, 0, (uint8_t)(i >> 8), (uint8_t)i };

		assert_int_equal(knot_rrset_add_rdata(&item->rrset, rdata,
				     type == KNOT_RRTYPE_A ? 4 : sizeof(rdata), memory),
		    KNOT_EOK);
	}
}

static void
begin_answer(uint16_t rcode)
{
	memset(&answer, 0, sizeof(answer));
	answer.rcode = rcode;
}

static void
free_answer(void)
{
	for (size_t i = 0; i < answer.rrset_count; i++)
		knot_rrset_clear(&answer.rrsets[i].rrset, NULL);
}

/* Asks for laptop.Home.arpa A, with EDNS of this size unless it is 0. */
static void
ask(struct parsed *parsed, uint16_t edns_size)
{
	begin(0x0100);
	put_question("LapTop.Home.arpa", KNOT_RRTYPE_A, KNOT_CLASS_IN);
	if (edns_size > 0)
		put_opt(edns_size, 0, -1);
	assert_int_equal(parse(parsed), STATUS_OK);
}

/* Writes the answer into memory of exactly that size; a copy is left in reply. */
static size_t
write_into(struct parsed *parsed, size_t capacity)
{
	uint8_t *wire = malloc(capacity);
	size_t length;

	assert_non_null(wire);
	memset(wire, 0xee, capacity);
	length = message_write_answer(&parsed->message, &answer, &parsed->arena, wire, capacity);
	assert_in_range(length, HEADER, capacity);
	memcpy(reply, wire, length);
	free(wire);
	return length;
}

/* The answer as libknot reads it; whatever is written must be whole. */
static knot_pkt_t *
reread(size_t length)
{
	knot_pkt_t *packet = knot_pkt_new(reply, (uint16_t)length, NULL);

	assert_non_null(packet);
	assert_int_equal(knot_pkt_parse(packet, 0), KNOT_EOK);
	return packet;
}

static const size_t question_size = 18 + 4;

static void
rule_19_an_answer_copies_id_opcode_and_rd_and_the_question_in_its_case(void **state)
{
	struct parsed parsed;

	(void)state;
	for (int with_records = 0; with_records < 2; with_records++) {
		size_t length;

		ask(&parsed, 0);
		begin_answer(KNOT_RCODE_NXDOMAIN);
		answer.is_authoritative = true;
		if (with_records)
			answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_A, 1, NULL);
		length = write_into(&parsed, 512);
		assert_int_equal(knot_wire_get_id(reply), 0xbeef);
		/* QR, AA, RD; no RA, AD, CD, Z. */
		assert_int_equal(reply[2], 0x85);
		assert_int_equal(reply[3], KNOT_RCODE_NXDOMAIN);
		assert_int_equal(knot_wire_get_qdcount(reply), 1);
		assert_int_equal(knot_wire_get_ancount(reply), with_records);
		assert_memory_equal(reply + HEADER, "\006LapTop\004Home\004arpa", 18);
		assert_int_equal(length, HEADER + question_size + (with_records ? 16 : 0));
		knot_pkt_free(reread(length));
		free_answer();
		end(&parsed);
	}
	begin_update();
	assert_int_equal(parse(&parsed), STATUS_OK);
	begin_answer(KNOT_RCODE_YXRRSET);
	assert_int_equal(write_into(&parsed, 512), HEADER + 15);
	assert_int_equal(reply[2], 0xa8);
	assert_int_equal(reply[3], KNOT_RCODE_YXRRSET);
	end(&parsed);
}

static void
bits_that_only_a_request_has_are_not_copied(void **state)
{
	struct parsed parsed;

	(void)state;
	for (int with_records = 0; with_records < 2; with_records++) {
		ask(&parsed, 0);
		/* AA, TC, RA, AD and an RCODE make no sense in a question. */
		parsed.message.packet->wire[2] = 0x06;
		parsed.message.packet->wire[3] = 0xa5;
		begin_answer(KNOT_RCODE_NOERROR);
		if (with_records)
			answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_A, 1, NULL);
		(void)write_into(&parsed, 512);
		assert_int_equal(reply[2], 0x80);
		assert_int_equal(reply[3], 0);
		free_answer();
		end(&parsed);
	}
}

static void
records_come_in_their_sections_and_can_be_read_again(void **state)
{
	struct parsed parsed;
	knot_pkt_t *packet;

	(void)state;
	ask(&parsed, 1232);
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_TXT, 2, NULL);
	answer_with(MESSAGE_AUTHORITY, "home.arpa", KNOT_RRTYPE_A, 3, NULL);
	answer_with(MESSAGE_ADDITIONAL, "ns.home.arpa", KNOT_RRTYPE_A, 1, NULL);
	packet = reread(write_into(&parsed, 1232));
	assert_int_equal(knot_pkt_section(packet, KNOT_ANSWER)->count, 2);
	assert_int_equal(knot_pkt_section(packet, KNOT_AUTHORITY)->count, 3);
	assert_int_equal(knot_pkt_section(packet, KNOT_ADDITIONAL)->count, 2);
	assert_non_null(packet->opt_rr);
	assert_int_equal(knot_edns_get_payload(packet->opt_rr), 1232);
	assert_false(knot_wire_get_tc(reply));
	knot_pkt_free(packet);
	/* A section that is empty is passed over. */
	free_answer();
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_ADDITIONAL, "ns.home.arpa", KNOT_RRTYPE_A, 1, NULL);
	packet = reread(write_into(&parsed, 1232));
	assert_int_equal(knot_pkt_section(packet, KNOT_ADDITIONAL)->count, 2);
	knot_pkt_free(packet);
	free_answer();
	end(&parsed);
}

static void
rule_37_what_does_not_fit_sets_tc_at_every_size(void **state)
{
	struct parsed parsed;
	size_t whole;

	(void)state;
	ask(&parsed, 512);
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_A, 3, NULL);
	answer_with(MESSAGE_AUTHORITY, "home.arpa", KNOT_RRTYPE_A, 2, NULL);
	whole = write_into(&parsed, 1232);
	assert_false(knot_wire_get_tc(reply));
	for (size_t capacity = HEADER + question_size + 11; capacity < whole; capacity++) {
		size_t length = write_into(&parsed, capacity);
		knot_pkt_t *packet = reread(length);

		assert_true(knot_wire_get_tc(reply));
		/* RFC 6891 6.1.1: an OPT for an OPT. */
		assert_non_null(packet->opt_rr);
		/* RFC 2181 9: whole RRsets or nothing. */
		assert_true(knot_wire_get_ancount(reply) == 0 || knot_wire_get_ancount(reply) == 3);
		assert_int_equal(knot_wire_get_nscount(reply), 0);
		knot_pkt_free(packet);
	}
	assert_int_equal(write_into(&parsed, whole), whole);
	assert_false(knot_wire_get_tc(reply));
	free_answer();
	end(&parsed);
}

static void
glue_that_does_not_fit_is_left_out_without_tc(void **state)
{
	struct parsed parsed;
	size_t length;

	(void)state;
	ask(&parsed, 512);
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_AUTHORITY, "home.arpa", KNOT_RRTYPE_A, 2, NULL);
	answer_with(MESSAGE_ADDITIONAL, "big.home.arpa", KNOT_RRTYPE_TXT, 5, NULL);
	answer_with(MESSAGE_ADDITIONAL, "ns.home.arpa", KNOT_RRTYPE_A, 1, NULL);
	length = write_into(&parsed, 512);
	assert_false(knot_wire_get_tc(reply));
	assert_int_equal(knot_wire_get_nscount(reply), 2);
	/* What comes behind it may fit: the small one, and the OPT. */
	assert_int_equal(knot_wire_get_arcount(reply), 2);
	knot_pkt_free(reread(length));
	free_answer();
	end(&parsed);
}

static void
an_rrset_larger_than_any_message_sets_tc(void **state)
{
	struct parsed parsed;
	size_t length;

	(void)state;
	ask(&parsed, 1232);
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_TXT, 400, NULL);
	length = write_into(&parsed, MESSAGE_SIZE_MAX);
	assert_true(knot_wire_get_tc(reply));
	assert_int_equal(knot_wire_get_ancount(reply), 0);
	knot_pkt_free(reread(length));
	free_answer();
	end(&parsed);
}

static void
rule_38_opt_comes_only_when_the_request_has_one(void **state)
{
	struct parsed parsed;
	knot_pkt_t *packet;

	(void)state;
	ask(&parsed, 0);
	begin_answer(KNOT_RCODE_NOERROR);
	packet = reread(write_into(&parsed, 512));
	assert_null(packet->opt_rr);
	assert_int_equal(knot_wire_get_arcount(reply), 0);
	knot_pkt_free(packet);
	end(&parsed);
	/* BADVERS is 16: its upper bits stand in the OPT. */
	ask(&parsed, 512);
	begin_answer(KNOT_RCODE_BADVERS);
	packet = reread(write_into(&parsed, 512));
	assert_int_equal(knot_pkt_ext_rcode(packet), KNOT_RCODE_BADVERS);
	assert_int_equal(knot_wire_get_rcode(reply), 0);
	assert_int_equal(knot_edns_get_version(packet->opt_rr), 0);
	knot_pkt_free(packet);
	end(&parsed);
}

static void
rule_33_the_granted_lease_comes_back_in_the_size_of_the_request(void **state)
{
	static const int sizes[] = { 4, 8 };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct parsed parsed;
		const uint8_t *option;
		knot_pkt_t *packet;

		begin_update();
		put_opt(1232, 0, sizes[i]);
		assert_int_equal(parse(&parsed), STATUS_OK);
		begin_answer(KNOT_RCODE_NOERROR);
		answer.has_lease = true;
		answer.lease_s = 0x01020304;
		answer.lease_option_size = parsed.message.lease_option_size;
		packet = reread(write_into(&parsed, 512));
		option = knot_pkt_edns_option(packet, 2);
		assert_non_null(option);
		assert_int_equal(knot_edns_opt_get_length(option), sizes[i]);
		assert_memory_equal(option + 4, "\001\002\003\004", 4);
		if (sizes[i] == 8)
			assert_memory_equal(option + 8, "\001\002\003\004", 4);
		knot_pkt_free(packet);
		end(&parsed);
	}
}

static void
rule_27_the_question_comes_before_the_opt_where_only_one_has_room(void **state)
{
	struct parsed parsed;

	(void)state;
	for (int with_records = 0; with_records < 2; with_records++) {
		ask(&parsed, 512);
		begin_answer(KNOT_RCODE_NOERROR);
		if (with_records)
			answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_TXT, 1, NULL);
		for (size_t room = 0; room < 11; room++) {
			assert_int_equal(write_into(&parsed, HEADER + question_size + room),
			    HEADER + question_size);
			assert_true(knot_wire_get_tc(reply));
			assert_int_equal(knot_wire_get_qdcount(reply), 1);
			assert_int_equal(knot_wire_get_arcount(reply), 0);
		}
		free_answer();
		end(&parsed);
	}
}

static void
no_room_is_written_beyond_however_little_it_is(void **state)
{
	struct parsed parsed;

	(void)state;
	for (uint16_t edns = 0; edns < 2; edns++) {
		ask(&parsed, (uint16_t)(edns * 512));
		begin_answer(KNOT_RCODE_REFUSED);
		for (size_t capacity = HEADER; capacity < HEADER + question_size; capacity++) {
			assert_int_equal(write_into(&parsed, capacity), HEADER);
			assert_int_equal(knot_wire_get_qdcount(reply), 0);
			assert_int_equal(knot_wire_get_rcode(reply), KNOT_RCODE_REFUSED);
			assert_int_equal(knot_wire_get_id(reply), 0xbeef);
		}
		answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_A, 1, NULL);
		for (size_t capacity = HEADER; capacity < HEADER + question_size; capacity++)
			assert_int_equal(write_into(&parsed, capacity), HEADER);
		free_answer();
		end(&parsed);
	}
}

static void
an_answer_without_memory_is_servfail(void **state)
{
	struct parsed parsed;
	struct arena empty;
	size_t length;

	(void)state;
	ask(&parsed, 512);
	begin_answer(KNOT_RCODE_NOERROR);
	answer_with(MESSAGE_ANSWER, "laptop.home.arpa", KNOT_RRTYPE_A, 1, NULL);
	arena_init(&empty, 0);
	length = message_write_answer(&parsed.message, &answer, &empty, reply, 512);
	assert_int_equal(length, HEADER);
	assert_int_equal(knot_wire_get_rcode(reply), KNOT_RCODE_SERVFAIL);
	assert_int_equal(knot_wire_get_id(reply), 0xbeef);
	arena_release(&empty);
	free_answer();
	end(&parsed);
}

static void
an_error_is_a_header_alone(void **state)
{
	uint8_t wire[HEADER];

	(void)state;
	begin(0x1100);
	put("scraps", 6);
	memset(wire, 0xee, sizeof(wire));
	assert_int_equal(message_write_error(request.bytes, KNOT_RCODE_NOTIMPL, wire), HEADER);
	assert_memory_equal(wire, "\xbe\xef\x91\x04\0\0\0\0\0\0\0\0", HEADER);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rule_1_responses_and_scraps_are_dropped),
		cmocka_unit_test(rule_1_opcodes_other_than_query_update_and_notify_are_notimp),
		cmocka_unit_test(the_question_is_read_in_lower_case),
		cmocka_unit_test(rule_2_no_question_or_two_are_malformed),
		cmocka_unit_test(a_message_cut_off_anywhere_is_malformed),
		cmocka_unit_test(any_other_byte_anywhere_is_survived),
		cmocka_unit_test(pointers_that_lead_forward_or_in_a_circle_are_malformed),
		cmocka_unit_test(rule_21_a_tsig_that_is_not_last_or_not_alone_is_malformed),
		cmocka_unit_test(two_opt_records_or_one_that_is_misplaced_are_malformed),
		cmocka_unit_test(rule_37_the_size_that_a_client_takes_is_at_least_512),
		cmocka_unit_test(rule_33_a_lease_option_has_4_or_8_octets),
		cmocka_unit_test(rule_9_bytes_left_over_behind_an_rdata_are_malformed),
		cmocka_unit_test(rule_9_rdata_that_is_not_in_its_types_form_is_malformed),
		cmocka_unit_test(rule_2_the_zone_section_holds_an_soa_in_class_in),
		cmocka_unit_test(rules_3_to_6_prerequisites_of_the_wrong_form_are_refused),
		cmocka_unit_test(rule_9_changes_of_the_wrong_form_are_refused),
		cmocka_unit_test(rule_9_the_last_bad_change_is_found_and_prerequisites_come_first),
		cmocka_unit_test(an_update_is_read_in_order_with_names_and_rdata_in_lower_case),
		cmocka_unit_test(
		    a_message_larger_than_the_scratch_memory_is_out_of_memory_and_no_more),
		cmocka_unit_test(no_message_fills_the_scratch_memory_while_it_is_parsed),
		cmocka_unit_test(
		    rule_19_an_answer_copies_id_opcode_and_rd_and_the_question_in_its_case),
		cmocka_unit_test(bits_that_only_a_request_has_are_not_copied),
		cmocka_unit_test(records_come_in_their_sections_and_can_be_read_again),
		cmocka_unit_test(rule_37_what_does_not_fit_sets_tc_at_every_size),
		cmocka_unit_test(glue_that_does_not_fit_is_left_out_without_tc),
		cmocka_unit_test(an_rrset_larger_than_any_message_sets_tc),
		cmocka_unit_test(rule_38_opt_comes_only_when_the_request_has_one),
		cmocka_unit_test(rule_33_the_granted_lease_comes_back_in_the_size_of_the_request),
		cmocka_unit_test(rule_27_the_question_comes_before_the_opt_where_only_one_has_room),
		cmocka_unit_test(no_room_is_written_beyond_however_little_it_is),
		cmocka_unit_test(an_answer_without_memory_is_servfail),
		cmocka_unit_test(an_error_is_a_header_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
