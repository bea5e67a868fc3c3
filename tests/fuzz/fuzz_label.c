/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Texts from strangers: any bytes as a device's name, a hardware address, a DUID, a record ("TYPE
 * data") and JSON. What is taken is within its limits and is itself again when it is written out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/dhcp.h"
#include "wire/json.h"
#include "wire/label.h"
#include "wire/record_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

static void
expect_label(const char *label)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t length = strlen(label);

	expect(length > 0 && length < LABEL_TEXT_MAX && strspn(label, allowed) == length);
	expect(label[0] != '-' && label[length - 1] != '-');
}

static void
try_label(const char *text)
{
	char label[LABEL_TEXT_MAX];
	char again[LABEL_TEXT_MAX];
	char second[LABEL_TEXT_MAX];
	char third[LABEL_TEXT_MAX];

	(void)label_matches(text, text + strlen(text) / 2);
	if (!label_from_text(text, label)) {
		expect(label[0] == '\0');
		return;
	}
	expect_label(label);
	expect(label_from_text(label, again) && strcmp(again, label) == 0);
	label_with_number(label, 2, second);
	label_with_number(label, 3000000000, third);
	expect_label(second);
	expect_label(third);
	expect(strcmp(second, third) != 0);
	expect(label_matches(label, label) && label_matches(label, "*"));
}

static void
try_dhcp(const char *text)
{
	char hardware_text[DHCP_HARDWARE_TEXT_MAX];
	char duid_text[DHCP_DUID_TEXT_MAX];
	struct dhcp_hardware hardware;
	struct dhcp_hardware hardware_again;
	struct dhcp_duid duid;
	struct dhcp_duid duid_again;

	if (dhcp_hardware_from_text(text, &hardware) == STATUS_OK) {
		expect(hardware.size > 0 && hardware.size <= DHCP_HARDWARE_MAX);
		(void)dhcp_hardware_to_text(&hardware, hardware_text);
		expect(dhcp_hardware_from_text(hardware_text, &hardware_again) == STATUS_OK);
		expect(dhcp_hardware_is_equal(&hardware, &hardware_again));
	}
	if (dhcp_duid_from_text(text, &duid) != STATUS_OK && !dhcp_duid_from_client_id(text, &duid))
		return;
	expect(duid.size > 0 && duid.size <= DHCP_DUID_MAX);
	(void)dhcp_duid_to_text(&duid, duid_text);
	expect(dhcp_duid_from_text(duid_text, &duid_again) == STATUS_OK);
	expect(dhcp_duid_is_equal(&duid, &duid_again));
	if (dhcp_hardware_of_duid(&duid, &hardware))
		expect(hardware.size > 0 && hardware.size <= DHCP_HARDWARE_MAX);
}

static void
expect_read_back(uint16_t type, const knot_rdata_t *rdata, struct arena *arena)
{
	static const uint8_t root[1];
	char *text = malloc(RECORD_DATA_TEXT_MAX);
	const knot_rdata_t *again = NULL;
	const char *reason = NULL;

	if (text == NULL)
		return;
	expect(record_data_to_text(type, rdata, text, RECORD_DATA_TEXT_MAX) == STATUS_OK);
	expect(text[strcspn(text, "\r\n")] == '\0');
	expect(record_data_from_text(type, text, root, arena, &again, &reason) == STATUS_OK);
	expect(again->len == rdata->len && memcmp(again->data, rdata->data, rdata->len) == 0);
	free(text);
}

/* text is changed. */
static void
try_record(char *text)
{
	static const uint8_t origin[] = "\004home\004arpa";
	char *data = strchr(text, ' ');
	const knot_rdata_t *rdata = NULL;
	const char *reason = NULL;
	struct arena arena;
	uint16_t type;

	if (data == NULL)
		return;
	*data++ = '\0';
	if (record_type_from_text(text, &type) != STATUS_OK)
		return;
	arena_init(&arena, 1024 * 1024);
	if (record_data_from_text(type, data, origin, &arena, &rdata, &reason) == STATUS_OK)
		expect_read_back(type, rdata, &arena);
	else
		expect(rdata == NULL && reason != NULL && reason[0] != '\0');
	arena_release(&arena);
}

static void
try_json(const char *text, size_t size)
{
	static const char *const members[] = { "name", "ttl", NULL };
	char problem[JSON_PROBLEM_MAX];
	json_t *object = NULL;
	const char *name = NULL;
	int64_t ttl_s = 0;

	if (json_parse_object(text, size, &object, problem) == STATUS_OK) {
		expect(json_is_object(object) && problem[0] == '\0');
		if (json_take_text(object, "name", &name, problem) &&
		    json_take_integer(object, "ttl", 0, INT32_MAX, &ttl_s, problem) &&
		    json_has_only(object, members, problem))
			expect(problem[0] == '\0' && ttl_s >= 0 && ttl_s <= INT32_MAX);
		else
			expect(problem[0] != '\0');
	} else {
		expect(object == NULL && problem[0] != '\0');
	}
	for (const char *at = problem; *at != '\0'; at++)
		expect(*at >= ' ' && *at <= '~');
	json_decref(object);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	try_json((const char *)data, size);
	try_label(text);
	try_dhcp(text);
	try_record(text);
	free(text);
	return 0;
}
