/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the form of a configuration's text: tokens, then statements. */
#include "config/outline.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_SHOWN_MAX = 20, FORM_MAX = 128, ALLOWED_MAX = 512 };

enum token_kind {
	TOKEN_END,
	TOKEN_WORD,
	TOKEN_STRING,
	TOKEN_ASSIGN, /* = */
	TOKEN_APPEND, /* += */
	TOKEN_OPEN,
	TOKEN_CLOSE,
	TOKEN_COMMA,
};

struct token {
	enum token_kind kind;
	const char *start; /* a string's quotes belong to it */
	size_t length;
};

/* What the next token is. */
enum state {
	EXPECT_NAME, /* of an option or a block, or a block's end */
	AFTER_NAME,
	AFTER_TITLE,
	EXPECT_VALUE,
	EXPECT_ITEM,
	AFTER_ITEM,
	FINISHED,
};

struct scanner {
	struct config_reader *reader;
	struct config_outline *outline;
	const cfg_opt_t *top;
	const cfg_opt_t
	    *options; /* of this block; NULL: an unknown block, in which nothing is judged */
	const char *at;
	unsigned line;
	enum state state;
	struct token name;       /* of the statement */
	struct token title;      /* length 0 = none */
	struct token assign;     /* still to be written, once the value's kind is known */
	const cfg_opt_t *option; /* of the statement; NULL = leave it out */
	unsigned name_line;
	bool is_in_block;
};

#define complain(scanner, ...) config_complain((scanner)->reader, (scanner)->line, __VA_ARGS__)

static struct config_block *
current_block(struct scanner *scanner)
{
	size_t last = scanner->is_in_block ? scanner->outline->block_count - 1 : 0;

	return &scanner->outline->blocks[last];
}

static void
write_token(struct scanner *scanner, const struct token *token)
{
	(void)buffer_append(&scanner->outline->text, token->start, token->length);
	(void)buffer_append(&scanner->outline->text, " ", 1);
}

/* --- what a complaint shows --- */

/* A stray word may be a piece of a secret: shown only where it looks like an option's name. */
static const char *
shown_name(const struct token *token, char text[static NAME_SHOWN_MAX + 3])
{
	size_t length = token->length;

	for (size_t i = 0; i < length; i++) {
		char character = token->start[i];

		if (length > NAME_SHOWN_MAX ||
		    !(islower((unsigned char)character) || character == '-' ||
			(character == '_' && i > 0)))
			return "this word";
	}
	(void)snprintf(text, NAME_SHOWN_MAX + 3, "\"%.*s\"", (int)length, token->start);
	return text;
}

static const cfg_opt_t *
find_option(const cfg_opt_t *options, const struct token *name)
{
	for (; options != NULL && options->name != NULL; options++) {
		if (strlen(options->name) == name->length &&
		    memcmp(options->name, name->start, name->length) == 0)
			return options;
	}
	return NULL;
}

/* How the option or block is written, with its default as the example. */
static const char *
form_of(const cfg_opt_t *option, char form[static FORM_MAX])
{
	const char *example = option->def.string;

	if (option->type == CFGT_SEC)
		(void)snprintf(form, FORM_MAX, "%s%s { ... }", option->name,
		    (option->flags & CFGF_MULTI) != 0 ? " \"NAME\"" : "");
	else if ((option->flags & CFGF_LIST) != 0)
		(void)snprintf(form, FORM_MAX, "%s = {\"...\"}", option->name);
	else if (option->type == CFGT_INT)
		(void)snprintf(form, FORM_MAX, "%s = %ld", option->name, option->def.number);
	else if (option->type == CFGT_BOOL)
		(void)snprintf(form, FORM_MAX, "%s = %s", option->name,
		    option->def.boolean ? "true" : "false");
	else
		(void)snprintf(form, FORM_MAX, "%s = \"%s\"", option->name,
		    example != NULL && example[0] != '\0' ? example : "...");
	return form;
}

/* Behind an option's name. */
static void
complain_missing_sign(struct scanner *scanner)
{
	const cfg_opt_t *option = find_option(scanner->options, &scanner->name);
	bool is_section = option != NULL && option->type == CFGT_SEC;
	char shown[NAME_SHOWN_MAX + 3];
	char form[FORM_MAX];

	config_complain(scanner->reader, scanner->name_line, "%s is missing behind %s%s%s%s",
	    is_section ? "{" : "=", shown_name(&scanner->name, shown),
	    is_section && scanner->title.length > 0 ? " and its name" : "",
	    option != NULL ? "; write: " : "", option != NULL ? form_of(option, form) : "");
}

/* Most often it comes from the key file of another program, which has no = and a ; behind values. */
static void
complain_character(struct scanner *scanner, char character)
{
	const cfg_opt_t *option = find_option(scanner->options, &scanner->name);
	char form[FORM_MAX];

	if (!isgraph((unsigned char)character))
		complain(scanner,
		    "byte 0x%02x does not belong here; a value that holds it must stand in quotes",
		    (unsigned)(unsigned char)character);
	else if (character != ';')
		complain(scanner,
		    "\"%c\" does not belong here; a value that holds it must stand in quotes",
		    character);
	else if (option == NULL || option->type == CFGT_SEC)
		complain(scanner, "\";\" does not belong here; remove it");
	else
		complain(scanner, "\";\" does not belong here; options are written: %s",
		    form_of(option, form));
}

/* --- tokens --- */

static void
end_line(struct scanner *scanner)
{
	scanner->line++;
	(void)buffer_append(&scanner->outline->text, "\n", 1);
}

/* Behind "/" and "*". False when it does not end. */
static bool
skip_long_comment(struct scanner *scanner)
{
	unsigned first = scanner->line;

	for (scanner->at += 2; scanner->at[0] != '*' || scanner->at[1] != '/'; scanner->at++) {
		if (scanner->at[0] == '\0') {
			config_complain(scanner->reader, first,
			    "this comment does not end; \"*/\" is missing");
			return false;
		}
		if (scanner->at[0] == '\n')
			end_line(scanner);
	}
	scanner->at += 2;
	return true;
}

/* To the next token. False when a comment does not end. */
static bool
skip_blanks(struct scanner *scanner)
{
	for (;;) {
		const char *at = scanner->at;

		if (at[0] == '#' || (at[0] == '/' && at[1] == '/')) {
			scanner->at += strcspn(at, "\n");
		} else if (at[0] == '/' && at[1] == '*') {
			if (!skip_long_comment(scanner))
				return false;
		} else if (at[0] == '\n') {
			end_line(scanner);
			scanner->at++;
		} else if (at[0] == ' ' || at[0] == '\t' || (at[0] == '\r' && at[1] == '\n')) {
			scanner->at++;
		} else {
			return true;
		}
	}
}

/* Escape sequences are few, so that what is read is what is seen. */
static bool
may_be_escaped(char quote, char character)
{
	return character == '\\' || character == quote;
}

/* The character at *at in a string; steps over it. False, with a complaint, when it may not be there. */
static bool
read_string_character(struct scanner *scanner, char quote, const char **at)
{
	const char *here = *at;

	if (here[0] == '\0' || here[0] == '\n') {
		complain(scanner, "this string does not end on its line; %c is missing", quote);
		return false;
	}
	if (iscntrl((unsigned char)here[0])) {
		complain(scanner, "control character 0x%02x in a string; remove it",
		    (unsigned)(unsigned char)here[0]);
		return false;
	}
	if (quote == '"' && here[0] == '$' && here[1] == '{') {
		complain(scanner,
		    "${...} is not replaced by anything here; write the value itself");
		return false;
	}
	if (here[0] == '\\' && may_be_escaped(quote, here[1])) {
		*at += 2;
		return true;
	}
	if (here[0] == '\\' && quote == '"') {
		complain(scanner,
		    "a single \\ in a string; write \\\\ for it, there are no other "
		    "escapes but \\\"");
		return false;
	}
	*at += 1;
	return true;
}

static bool
read_string(struct scanner *scanner, struct token *token)
{
	char quote = *scanner->at;
	const char *at = scanner->at + 1;

	while (*at != quote) {
		if (!read_string_character(scanner, quote, &at))
			return false;
	}
	token->kind = TOKEN_STRING;
	token->length = (size_t)(at + 1 - scanner->at);
	if (token->length > CONFIG_STRING_MAX) {
		complain(scanner, "this string is longer than %d characters", CONFIG_STRING_MAX);
		return false;
	}
	return true;
}

static bool
is_word_character(char character)
{
	return isalnum((unsigned char)character) ||
	    (character != '\0' && strchr("._:/-", character));
}

static bool
read_word(struct scanner *scanner, struct token *token)
{
	token->kind = TOKEN_WORD;
	while (is_word_character(token->start[token->length]))
		token->length++;
	if (token->length == 0) {
		complain_character(scanner, *token->start);
		return false;
	}
	if (token->length > CONFIG_STRING_MAX) {
		complain(scanner, "this word is longer than %d characters", CONFIG_STRING_MAX);
		return false;
	}
	return true;
}

/* False, with a complaint, when there is none. */
static bool
read_token(struct scanner *scanner, struct token *ret_token)
{
	static const struct {
		const char *text;
		enum token_kind kind;
	} signs[] = {
		{ "=", TOKEN_ASSIGN },
		{ "+=", TOKEN_APPEND },
		{ "{", TOKEN_OPEN },
		{ "}", TOKEN_CLOSE },
		{ ",", TOKEN_COMMA },
	};
	struct token token = { 0 };
	bool is_read = true;

	if (!skip_blanks(scanner))
		return false;
	token.start = scanner->at;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]) && token.length == 0; i++) {
		if (strncmp(scanner->at, signs[i].text, strlen(signs[i].text)) == 0) {
			token.kind = signs[i].kind;
			token.length = strlen(signs[i].text);
		}
	}
	if (*scanner->at == '\0')
		token.kind = TOKEN_END;
	else if (*scanner->at == '"' || *scanner->at == '\'')
		is_read = read_string(scanner, &token);
	else if (token.length == 0)
		is_read = read_word(scanner, &token);
	scanner->at += token.length;
	*ret_token = token;
	return is_read;
}

/* --- statements --- */

static void
complain_unknown(struct scanner *scanner)
{
	const cfg_opt_t *section = current_block(scanner)->section;
	char shown[NAME_SHOWN_MAX + 3];
	char allowed[ALLOWED_MAX] = "";
	size_t length = 0;

	for (const cfg_opt_t *option = scanner->options; option->name != NULL; option++) {
		length += (size_t)snprintf(allowed + length, sizeof(allowed) - length, "%s%s",
		    length > 0 ? ", " : "", option->name);
		if (length >= sizeof(allowed))
			break;
	}
	config_complain(scanner->reader, scanner->name_line, "%s is unknown %s%s; allowed: %s",
	    shown_name(&scanner->name, shown), section != NULL ? "in a block of " : "here",
	    section != NULL ? section->name : "", allowed);
}

static bool
expect_name(struct scanner *scanner, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_WORD:
		scanner->name = *token;
		scanner->name_line = scanner->line;
		scanner->title.length = 0;
		scanner->state = AFTER_NAME;
		return true;
	case TOKEN_CLOSE:
		if (!scanner->is_in_block) {
			complain(scanner, "unexpected }; no block is open here");
			return false;
		}
		if (scanner->options != NULL)
			write_token(scanner, token);
		scanner->is_in_block = false;
		scanner->options = scanner->top;
		return true;
	case TOKEN_END:
		if (scanner->is_in_block) {
			config_complain(scanner->reader, current_block(scanner)->line,
			    "this block does not end; } is missing");
			return false;
		}
		scanner->state = FINISHED;
		return true;
	default:
		complain(scanner, "the name of an option or a block is missing here");
		return false;
	}
}

/* An option's name and = or += were read. */
static bool
begin_option(struct scanner *scanner, const struct token *token)
{
	const cfg_opt_t *option = find_option(scanner->options, &scanner->name);
	char form[FORM_MAX];
	unsigned *line;

	scanner->state = EXPECT_VALUE;
	scanner->assign = *token;
	scanner->option = NULL;
	if (scanner->options == NULL)
		return true;
	if (option == NULL) {
		complain_unknown(scanner);
		return true;
	}
	if (option->type == CFGT_SEC) {
		complain(scanner, "%s is a block, not an option; write: %s", option->name,
		    form_of(option, form));
		return true;
	}
	if (token->kind == TOKEN_APPEND && (option->flags & CFGF_LIST) == 0) {
		complain(scanner, "%s takes one value; write = in place of +=", option->name);
		return true;
	}
	line = &current_block(scanner)->lines[option - scanner->options];
	if (token->kind == TOKEN_ASSIGN && *line != 0) {
		complain(scanner, "%s is given twice, first in line %u; keep one", option->name,
		    *line);
		return true;
	}
	if (*line == 0)
		*line = scanner->name_line;
	scanner->option = option;
	return true;
}

/* A word or a string as it is meant, a copy. NULL when out of memory. */
static char *
value_text(const struct token *token)
{
	bool is_string = token->kind == TOKEN_STRING;
	const char *from = token->start + (is_string ? 1 : 0);
	const char *end = token->start + token->length - (is_string ? 1 : 0);
	char *text = malloc(token->length + 1);
	size_t length = 0;

	if (text == NULL)
		return NULL;
	for (; from < end; from++) {
		if (is_string && *from == '\\' && may_be_escaped(*token->start, from[1]))
			from++;
		text[length++] = *from;
	}
	text[length] = '\0';
	return text;
}

static bool
add_block(struct scanner *scanner, const cfg_opt_t *section)
{
	struct config_outline *outline = scanner->outline;
	struct config_block *block = &outline->blocks[outline->block_count];

	if (outline->block_count == CONFIG_BLOCKS_MAX) {
		complain(scanner, "more than %d blocks in one file", CONFIG_BLOCKS_MAX);
		return false;
	}
	/* Grows by doubling: a count that is a power of two is a full array. */
	if ((outline->block_count & (outline->block_count - 1)) == 0) {
		block = reallocarray(outline->blocks, outline->block_count * 2, sizeof(*block));
		if (block == NULL) {
			config_out_of_memory(scanner->reader);
			return false;
		}
		outline->blocks = block;
		block += outline->block_count;
	}
	*block = (struct config_block){ .section = section, .line = scanner->name_line };
	if (scanner->title.length > 0) {
		block->title = value_text(&scanner->title);
		if (block->title == NULL) {
			config_out_of_memory(scanner->reader);
			return false;
		}
	}
	outline->block_count++;
	return true;
}

/* What is wrong with how this block begins is complained about; false: leave it out. */
static bool
is_good_block(struct scanner *scanner, const cfg_opt_t *section)
{
	const struct config_outline *outline = scanner->outline;
	char form[FORM_MAX];
	bool needs_title;

	if (section == NULL) {
		complain_unknown(scanner);
		return false;
	}
	if (section->type != CFGT_SEC) {
		complain(scanner, "%s is an option, not a block; write: %s", section->name,
		    form_of(section, form));
		return false;
	}
	needs_title = (section->flags & CFGF_MULTI) != 0;
	if (needs_title && scanner->title.length == 0) {
		complain(scanner, "%s needs a name in front of {; write: %s", section->name,
		    form_of(section, form));
		return false;
	}
	if (!needs_title && scanner->title.length > 0) {
		complain(scanner, "%s takes no name; write: %s", section->name,
		    form_of(section, form));
		return false;
	}
	for (size_t i = 0; !needs_title && i < outline->block_count; i++) {
		if (outline->blocks[i].section == section) {
			complain(scanner, "%s is given twice, first in line %u; join the blocks",
			    section->name, outline->blocks[i].line);
			return false;
		}
	}
	return true;
}

/* A block's name, perhaps a title, and { were read. */
static bool
begin_block(struct scanner *scanner, const struct token *token)
{
	const cfg_opt_t *section;
	bool is_good;

	if (scanner->is_in_block) {
		complain(scanner,
		    "a block cannot stand inside another, which began in line %u; is a } "
		    "missing above?",
		    current_block(scanner)->line);
		return false;
	}
	section = find_option(scanner->top, &scanner->name);
	is_good = is_good_block(scanner, section);
	if (!add_block(scanner, is_good ? section : NULL))
		return false;
	scanner->is_in_block = true;
	scanner->options = is_good ? section->subopts : NULL;
	scanner->state = EXPECT_NAME;
	if (is_good) {
		write_token(scanner, &scanner->name);
		write_token(scanner, token);
	}
	return true;
}

static bool
after_name(struct scanner *scanner, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_ASSIGN:
	case TOKEN_APPEND:
		return begin_option(scanner, token);
	case TOKEN_OPEN:
		return begin_block(scanner, token);
	case TOKEN_WORD:
	case TOKEN_STRING:
		scanner->title = *token;
		scanner->state = AFTER_TITLE;
		return true;
	default:
		complain_missing_sign(scanner);
		return false;
	}
}

static bool
after_title(struct scanner *scanner, const struct token *token)
{
	if (token->kind == TOKEN_OPEN)
		return begin_block(scanner, token);
	complain_missing_sign(scanner);
	return false;
}

static void
begin_value(struct scanner *scanner)
{
	if (scanner->option == NULL)
		return;
	write_token(scanner, &scanner->name);
	write_token(scanner, &scanner->assign);
}

/* libconfuse keeps no more of a number or a flag than what it makes of it. */
static bool
keep_written(struct scanner *scanner, const struct token *token)
{
	const cfg_opt_t *option = scanner->option;
	char **text;

	if (option == NULL || (option->type != CFGT_INT && option->type != CFGT_BOOL))
		return true;
	text = &current_block(scanner)->written[option - scanner->options];
	*text = value_text(token);
	if (*text == NULL)
		config_out_of_memory(scanner->reader);
	return *text != NULL;
}

static bool
expect_value(struct scanner *scanner, const struct token *token)
{
	const cfg_opt_t *option = scanner->option;
	bool is_list = token->kind == TOKEN_OPEN;

	if (!is_list && token->kind != TOKEN_WORD && token->kind != TOKEN_STRING) {
		complain(scanner, "a value is missing behind =");
		return false;
	}
	if (is_list && option != NULL && (option->flags & CFGF_LIST) == 0) {
		complain(scanner, "%s takes one value, not a list", option->name);
		scanner->option = NULL;
	}
	if (!keep_written(scanner, token))
		return false;
	begin_value(scanner);
	if (scanner->option != NULL)
		write_token(scanner, token);
	scanner->state = is_list ? EXPECT_ITEM : EXPECT_NAME;
	return true;
}

static bool
expect_item(struct scanner *scanner, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_WORD:
	case TOKEN_STRING:
		scanner->state = AFTER_ITEM;
		break;
	case TOKEN_CLOSE:
		scanner->state = EXPECT_NAME;
		break;
	default:
		complain(scanner, "a value or } is missing in this list");
		return false;
	}
	if (scanner->option != NULL)
		write_token(scanner, token);
	return true;
}

static bool
after_item(struct scanner *scanner, const struct token *token)
{
	switch (token->kind) {
	case TOKEN_COMMA:
		scanner->state = EXPECT_ITEM;
		break;
	case TOKEN_CLOSE:
		scanner->state = EXPECT_NAME;
		break;
	default:
		complain(scanner, "a comma or } is missing in this list");
		return false;
	}
	if (scanner->option != NULL)
		write_token(scanner, token);
	return true;
}

static bool (*const steps[FINISHED])(struct scanner *scanner, const struct token *token) = {
	[EXPECT_NAME] = expect_name,
	[AFTER_NAME] = after_name,
	[AFTER_TITLE] = after_title,
	[EXPECT_VALUE] = expect_value,
	[EXPECT_ITEM] = expect_item,
	[AFTER_ITEM] = after_item,
};

bool
config_outline_read(struct config_outline *ret_outline, struct config_reader *reader,
    const cfg_opt_t *options, const char *text)
{
	size_t size = 2 * strlen(text) + 1;
	struct scanner scanner = {
		.reader = reader,
		.outline = ret_outline,
		.top = options,
		.options = options,
		.at = text,
		.line = 1,
	};

	/* A blank behind each token at most doubles the text; growing would leave copies of secrets. */
	buffer_init(&ret_outline->text, size);
	ret_outline->block_count = 1;
	ret_outline->blocks = calloc(1, sizeof(struct config_block));
	if (ret_outline->blocks == NULL || buffer_reserve(&ret_outline->text, size) != STATUS_OK) {
		config_out_of_memory(reader);
		return false;
	}
	while (scanner.state != FINISHED) {
		struct token token;

		if (!read_token(&scanner, &token) || !steps[scanner.state](&scanner, &token))
			return false;
	}
	return buffer_append(&ret_outline->text, "", 1) == STATUS_OK;
}

void
config_outline_release(struct config_outline *outline)
{
	for (size_t i = 0; outline->blocks != NULL && i < outline->block_count; i++) {
		free(outline->blocks[i].title);
		for (size_t j = 0; j < CONFIG_OPTIONS_MAX; j++)
			free(outline->blocks[i].written[j]);
	}
	free(outline->blocks);
	config_wipe(&outline->text);
}
