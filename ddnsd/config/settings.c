/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Settings as text, and the difference between two sets of them. */
#include "config/settings.h"

#include <libdnssec/binary.h>
#include <libdnssec/error.h>
#include <libdnssec/tsig.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
	DIGEST_SIZE = 32,
	VALUE_SHOWN_MAX = 300,
	TEXT_MAX = 4 * 1024 * 1024, /* a file and its punctuation */
};

/* One block: its options in the order of their table, a line "NAME = VALUE" each. */
struct settings_block {
	char *label;
	char *lines;
};

struct config_settings {
	struct settings_block *blocks;
	size_t count;
};

/* The top level's options that only a new process can take up. */
static const char *const fixed_options[] = { "user", "group", "log", "database" };

struct config_settings *
config_settings_new(void)
{
	return calloc(1, sizeof(struct config_settings));
}

void
config_settings_free(struct config_settings *settings)
{
	if (settings == NULL)
		return;
	for (size_t i = 0; i < settings->count; i++) {
		free(settings->blocks[i].label);
		free(settings->blocks[i].lines);
	}
	free(settings->blocks);
	free(settings);
}

static bool
is_secret(const char *option)
{
	return strcmp(option, "secret") == 0 || strcmp(option, "secret-old") == 0;
}

/* An HMAC keyed by the secret tells whether it changed and gives nothing of it away. */
static enum status
append_digest(struct buffer *text, const char *secret)
{
	uint8_t digest[DIGEST_SIZE];
	dnssec_tsig_ctx_t *context = NULL;
	dnssec_binary_t key;
	int result;

	if (secret[0] == '\0')
		return buffer_append_text(text, "none");
	/* libdnssec only reads the key. */
	key.data = (uint8_t *)(uintptr_t)secret;
	key.size = strlen(secret);
	result = dnssec_tsig_new(&context, DNSSEC_TSIG_HMAC_SHA256, &key);
	if (result == DNSSEC_EOK)
		result = dnssec_tsig_write(context, digest);
	dnssec_tsig_free(context);
	for (size_t i = 0; result == DNSSEC_EOK && i < DIGEST_SIZE; i++)
		(void)buffer_format(text, "%02x", digest[i]);
	return result == DNSSEC_EOK ? text->status : STATUS_NO_MEMORY;
}

static void
append_strings(struct buffer *text, cfg_opt_t *option)
{
	bool is_list = (option->flags & CFGF_LIST) != 0;

	(void)buffer_append_text(text, is_list ? "{" : "");
	for (unsigned i = 0; i < cfg_opt_size(option); i++) {
		(void)buffer_append_text(text, i > 0 ? ", \"" : "\"");
		(void)buffer_append_text(text, cfg_opt_getnstr(option, i));
		(void)buffer_append_text(text, "\"");
	}
	(void)buffer_append_text(text, is_list ? "}" : "");
}

static enum status
append_option(struct buffer *text, cfg_opt_t *option)
{
	(void)buffer_format(text, "%s = ", option->name);
	if (option->type == CFGT_INT)
		(void)buffer_format(text, "%ld", cfg_opt_getnint(option, 0));
	else if (option->type == CFGT_BOOL)
		(void)buffer_append_text(text, cfg_opt_getnbool(option, 0) ? "true" : "false");
	else if (is_secret(option->name) &&
	    append_digest(text, cfg_opt_getnstr(option, 0)) != STATUS_OK)
		return STATUS_NO_MEMORY;
	else if (!is_secret(option->name))
		append_strings(text, option);
	return buffer_append(text, "\n", 1);
}

enum status
config_settings_add(struct config_settings *settings, const char *label, const cfg_t *values)
{
	struct settings_block *blocks = reallocarray(settings->blocks, settings->count + 1,
	    sizeof(*blocks));
	struct settings_block *block;
	struct buffer text;
	enum status status = STATUS_OK;

	if (blocks == NULL)
		return STATUS_NO_MEMORY;
	settings->blocks = blocks;
	block = &blocks[settings->count];
	buffer_init(&text, TEXT_MAX);
	for (cfg_opt_t *option = values->opts; option->name != NULL && status == STATUS_OK;
	     option++) {
		if (option->type != CFGT_SEC)
			status = append_option(&text, option);
	}
	block->label = strdup(label);
	block->lines = status == STATUS_OK ? strndup(text.data, text.length) : NULL;
	buffer_release(&text);
	if (block->label == NULL || block->lines == NULL) {
		free(block->label);
		free(block->lines);
		return STATUS_NO_MEMORY;
	}
	settings->count++;
	return STATUS_OK;
}

static int
compare_labels(const void *one, const void *other)
{
	const struct settings_block *first = one;
	const struct settings_block *second = other;

	return strcmp(first->label, second->label);
}

void
config_settings_sort(struct config_settings *settings)
{
	if (settings->count > 0)
		qsort(settings->blocks, settings->count, sizeof(*settings->blocks), compare_labels);
}

static bool
is_fixed(const char *label, const char *name, size_t length)
{
	if (label[0] != '\0')
		return false;
	for (size_t i = 0; i < sizeof(fixed_options) / sizeof(fixed_options[0]); i++) {
		if (strlen(fixed_options[i]) == length &&
		    strncmp(fixed_options[i], name, length) == 0)
			return true;
	}
	return false;
}

/* Two lines "NAME = VALUE" of the same name and different values. */
static void
describe_option(const char *label, const char *before, size_t before_length, const char *after,
    size_t after_length, struct buffer *text)
{
	size_t length = strcspn(after, " ");
	size_t head = length + strlen(" = ");
	int shown_before = (int)(before_length - head);
	int shown_after = (int)(after_length - head);
	char name[64] = "";

	memcpy(name, after, length < sizeof(name) ? length : sizeof(name) - 1);
	(void)buffer_format(text, "%.300s%s%s", label, label[0] != '\0' ? ": " : "", name);
	if (is_secret(name))
		(void)buffer_append_text(text, " changed");
	else
		(void)buffer_format(text, " is now %.*s (was %.*s)",
		    shown_after < VALUE_SHOWN_MAX ? shown_after : VALUE_SHOWN_MAX, after + head,
		    shown_before < VALUE_SHOWN_MAX ? shown_before : VALUE_SHOWN_MAX, before + head);
	(void)buffer_append_text(text,
	    is_fixed(label, name, length) ? "; takes effect at the next start\n" : "\n");
}

/* The same block in both: the same options in the same order. */
static void
describe_block(const struct settings_block *before, const struct settings_block *after,
    struct buffer *text)
{
	const char *old = before->lines;
	const char *new = after->lines;

	while (*old != '\0' && *new != '\0') {
		size_t old_length = strcspn(old, "\n");
		size_t new_length = strcspn(new, "\n");

		if (old_length != new_length || memcmp(old, new, new_length) != 0)
			describe_option(after->label, old, old_length, new, new_length, text);
		old += old_length + 1;
		new += new_length + 1;
	}
}

void
config_settings_describe(const struct config_settings *before, const struct config_settings *after,
    struct buffer *text)
{
	size_t i = 0;
	size_t j = 0;

	while (i < before->count || j < after->count) {
		int order;

		if (i == before->count)
			order = 1;
		else if (j == after->count)
			order = -1;
		else
			order = compare_labels(&before->blocks[i], &after->blocks[j]);
		if (order == 0)
			describe_block(&before->blocks[i++], &after->blocks[j++], text);
		else if (order < 0)
			(void)buffer_format(text, "%.300s: removed\n", before->blocks[i++].label);
		else
			(void)buffer_format(text, "%.300s: added\n", after->blocks[j++].label);
	}
}
