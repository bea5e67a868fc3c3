/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scans the configuration's grammar. */
#include "tools/ctl/conf_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
conf_text_begin(struct conf_text *conf, const char *text, size_t length)
{
	*conf = (struct conf_text){ .text = text, .length = length, .line = 1 };
	buffer_init(&conf->values, CONF_SIZE_MAX);
}

void
conf_text_release(struct conf_text *conf)
{
	if (conf->values.data != NULL)
		explicit_bzero(conf->values.data, conf->values.capacity);
	buffer_release(&conf->values);
}

bool
conf_text_is_plain(const char *value)
{
	for (; *value != '\0'; value++) {
		if (iscntrl((unsigned char)*value) || strchr("\"\\", *value) != NULL ||
		    (value[0] == '$' && value[1] == '{'))
			return false;
	}
	return true;
}

/* Returns false, for the caller to hand on. */
__attribute__((format(printf, 2, 3))) static bool
complain(struct conf_text *conf, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	if (conf->problem[0] == '\0')
		(void)vsnprintf(conf->problem, sizeof(conf->problem), format, arguments);
	va_end(arguments);
	return false;
}

static char
peek(const struct conf_text *conf, size_t ahead)
{
	return conf->at + ahead < conf->length ? conf->text[conf->at + ahead] : '\0';
}

static void
step(struct conf_text *conf)
{
	if (peek(conf, 0) == '\n')
		conf->line++;
	conf->at++;
}

static void
skip_to_line_end(struct conf_text *conf)
{
	while (conf->at < conf->length && peek(conf, 0) != '\n')
		conf->at++;
}

static bool
skip_long_comment(struct conf_text *conf)
{
	unsigned first = conf->line;

	for (conf->at += 2; peek(conf, 0) != '*' || peek(conf, 1) != '/'; step(conf)) {
		if (conf->at >= conf->length)
			return complain(conf, "the comment of line %u does not end", first);
	}
	conf->at += 2;
	return true;
}

static bool
skip_blanks(struct conf_text *conf)
{
	while (conf->at < conf->length) {
		char here = peek(conf, 0);
		char next = peek(conf, 1);

		if (here == '#' || (here == '/' && next == '/')) {
			skip_to_line_end(conf);
		} else if (here == '/' && next == '*') {
			if (!skip_long_comment(conf))
				return false;
		} else if (here == ' ' || here == '\t' || here == '\n' || here == '\r') {
			step(conf);
		} else {
			return true;
		}
	}
	return true;
}

static bool
is_word_character(char character)
{
	return isalnum((unsigned char)character) ||
	    (character != '\0' && strchr("._:/-", character) != NULL);
}

/* A string's inside, its escapes undone, appended to the values with a NUL. */
static bool
read_string(struct conf_text *conf)
{
	char quote = peek(conf, 0);
	unsigned line = conf->line;

	for (conf->at++; peek(conf, 0) != quote; conf->at++) {
		char here = peek(conf, 0);

		if (conf->at >= conf->length || here == '\n' || here == '\0')
			return complain(conf, "the string in line %u does not end", line);
		if (here == '\\' && (peek(conf, 1) == '\\' || peek(conf, 1) == quote))
			here = conf->text[++conf->at];
		(void)buffer_append(&conf->values, &here, 1);
	}
	conf->at++;
	return buffer_append(&conf->values, "", 1) == STATUS_OK ||
	    complain(conf, "line %u is too long", line);
}

/* A word or a string. */
static bool
read_value(struct conf_text *conf)
{
	size_t from = conf->at;

	if (peek(conf, 0) == '"' || peek(conf, 0) == '\'')
		return read_string(conf);
	while (is_word_character(peek(conf, 0)))
		conf->at++;
	if (conf->at == from)
		return complain(conf, "a value is missing in line %u", conf->line);
	(void)buffer_append(&conf->values, conf->text + from, conf->at - from);
	return buffer_append(&conf->values, "", 1) == STATUS_OK ||
	    complain(conf, "line %u is too long", conf->line);
}

/* Behind the { of a list. */
static bool
read_list(struct conf_text *conf, struct conf_item *item)
{
	for (;;) {
		if (!skip_blanks(conf))
			return false;
		if (peek(conf, 0) == '}') {
			conf->at++;
			return true;
		}
		if (!read_value(conf) || !skip_blanks(conf))
			return false;
		item->count++;
		if (peek(conf, 0) == ',')
			conf->at++;
		else if (peek(conf, 0) != '}')
			return complain(conf, "a comma or } is missing in line %u", conf->line);
	}
}

/* Behind an option's name, at its = or +=. */
static bool
read_option(struct conf_text *conf, struct conf_item *item)
{
	bool is_read;

	conf->at += peek(conf, 0) == '+' ? 2 : 1;
	if (!skip_blanks(conf))
		return false;
	item->kind = CONF_OPTION;
	item->value.from = conf->at;
	if (peek(conf, 0) == '{') {
		conf->at++;
		is_read = read_list(conf, item);
	} else {
		is_read = read_value(conf);
		item->count = 1;
	}
	item->value.to = conf->at;
	item->whole.to = conf->at;
	return is_read;
}

/* Behind a block's name. */
static bool
read_block(struct conf_text *conf, struct conf_item *item)
{
	if (conf->is_in_block)
		return complain(conf, "= is missing behind a name in line %u", conf->line);
	conf->title[0] = '\0';
	if (peek(conf, 0) != '{') {
		if (!read_value(conf) || !skip_blanks(conf))
			return false;
		if (conf->values.length > sizeof(conf->title))
			return complain(conf, "the title in line %u is too long", conf->line);
		memcpy(conf->title, conf->values.data, conf->values.length);
		item->count = 1;
	}
	if (peek(conf, 0) != '{')
		return complain(conf, "= or { is missing behind a name in line %u", item->line);
	conf->at++;
	conf->is_in_block = true;
	memcpy(conf->block, item->name, sizeof(conf->block));
	item->kind = CONF_BLOCK;
	item->whole.to = conf->at;
	return true;
}

static bool
read_block_end(struct conf_text *conf, struct conf_item *item)
{
	if (!conf->is_in_block)
		return complain(conf, "} without a block in line %u", conf->line);
	conf->at++;
	conf->is_in_block = false;
	item->kind = CONF_BLOCK_END;
	item->whole.to = conf->at;
	return true;
}

static bool
read_statement(struct conf_text *conf, struct conf_item *item)
{
	size_t length;

	if (peek(conf, 0) == '}')
		return read_block_end(conf, item);
	while (is_word_character(peek(conf, 0)))
		conf->at++;
	length = conf->at - item->whole.from;
	if (length == 0 || length >= sizeof(item->name))
		return complain(conf, "the name of an option is missing in line %u", conf->line);
	memcpy(item->name, conf->text + item->whole.from, length);
	if (!skip_blanks(conf))
		return false;
	if (peek(conf, 0) == '=' || (peek(conf, 0) == '+' && peek(conf, 1) == '='))
		return read_option(conf, item);
	return read_block(conf, item);
}

bool
conf_text_next(struct conf_text *conf, struct conf_item *ret_item)
{
	if (conf->values.data != NULL)
		explicit_bzero(conf->values.data, conf->values.length);
	buffer_clear(&conf->values);
	if (conf->problem[0] != '\0' || !skip_blanks(conf))
		return false;
	if (!conf->is_in_block) {
		conf->block[0] = '\0';
		conf->title[0] = '\0';
	}
	if (conf->at >= conf->length)
		return conf->is_in_block ? complain(conf, "the last block does not end") : false;
	*ret_item = (struct conf_item){ .line = conf->line, .whole = { conf->at, conf->at } };
	if (!read_statement(conf, ret_item))
		return false;
	ret_item->first = conf->values.length > 0 ? conf->values.data : "";
	return true;
}

const char *
conf_text_value(const struct conf_text *conf, unsigned index)
{
	const char *value = conf->values.data;

	while (index-- > 0)
		value += strlen(value) + 1;
	return value;
}
