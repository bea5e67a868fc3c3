/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The configuration: any text is read, or refused with a reason, and leaves nothing behind in
 * libconfuse's scanner that would spoil the next reading.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good[] = "zone home.arpa { ttl = 61 }\n"
			   "listen 'dns' { port = 5300 }\n"
			   "database = \"/good\"\n";

static void
expect(bool holds)
{
	if (!holds)
		abort();
}

/* What the outline lets through, libconfuse takes: none of its own complaints is ever heard. */
static void
expect_no_word_of_libconfuse(const struct buffer *errors)
{
	static const char *const words[] = { "premature end", "unexpected token", "no such option",
		"no sub-section", "missing", "attempt to append", "invalid", "found duplicate",
		"cannot be read" };
	const char *line = errors->data;
	const char *end = errors->length > 0 ? line + errors->length : line;

	while (line < end) {
		const char *colon = line + strlen("fuzz:");
		const char *text = colon + strspn(colon, "0123456789") + strlen(": ");

		for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
			expect(strncmp(text, words[i], strlen(words[i])) != 0);
		line = (const char *)memchr(line, '\n', (size_t)(end - line)) + 1;
	}
}

static enum status
parse(const char *text, struct config **ret_config, struct buffer *errors)
{
	struct buffer warnings;
	enum status status;

	buffer_init(&warnings, 65536);
	status = config_parse("fuzz", text, ret_config, errors, &warnings);
	buffer_release(&warnings);
	return status;
}

static void
expect_good_text_to_be_read(const struct config *other)
{
	struct config *config = NULL;
	struct buffer text;

	buffer_init(&text, 1024 * 1024);
	expect(parse(good, &config, &text) == STATUS_OK);
	expect(text.length == 0);
	expect(config->zone_count == 1 && config->zones[0].ttl_s == 61);
	expect(config->dns.listen_count == 2 && config->dns.listen[1].port == 5300);
	expect(strcmp(config->database, "/good") == 0);
	if (other != NULL) {
		config_describe_changes(other, config, &text);
		buffer_clear(&text);
		config_describe_changes(other, other, &text);
		expect(text.length == 0);
	}
	config_free(config);
	buffer_release(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct config *config = NULL;
	struct buffer errors;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	buffer_init(&errors, 65536);
	if (parse(text, &config, &errors) == STATUS_OK)
		expect(config != NULL && errors.length == 0 && config->zone_count > 0);
	else
		expect(
		    config == NULL && errors.length > 0 && errors.data[errors.length - 1] == '\n');
	expect_no_word_of_libconfuse(&errors);
	expect_good_text_to_be_read(config);
	config_free(config);
	buffer_release(&errors);
	free(text);
	return 0;
}
