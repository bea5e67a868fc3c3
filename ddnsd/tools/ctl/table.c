/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Tables as wide as the terminal: gathered first, measured, then written. Part of output.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "tools/ctl/output.h"
#include "tools/ctl/text.h"

enum {
	TABLE_MAX = 256 * 1024 * 1024, /* 100,000 names with all their addresses */
	COLUMNS_MAX = 16,
	GAP = 2,
	FLEXIBLE_MIN = 8, /* columns below which nothing shrinks */
};

struct cell {
	size_t offset; /* into text */
	size_t length;
	size_t width;
	enum output_style style;
};

struct output_table {
	struct output_column columns[COLUMNS_MAX];
	size_t count;
	struct buffer text;  /* escaped */
	struct buffer cells; /* struct cell, row by row; the headings first */
};

static void
add_cell(struct output_table *table, const char *text, enum output_style style)
{
	struct cell cell = { .offset = table->text.length, .style = style };

	text_escape(&table->text, text, false);
	cell.length = table->text.length - cell.offset;
	if (cell.length > 0)
		cell.width = text_width(table->text.data + cell.offset, cell.length);
	buffer_append(&table->cells, &cell, sizeof(cell));
}

struct output_table *
output_table_new(const struct output_column *columns, size_t count)
{
	struct output_table *table = calloc(1, sizeof(*table));

	if (table == NULL || count == 0 || count > COLUMNS_MAX) {
		free(table);
		return NULL;
	}
	memcpy(table->columns, columns, count * sizeof(*columns));
	table->count = count;
	buffer_init(&table->text, TABLE_MAX);
	buffer_init(&table->cells, TABLE_MAX);
	for (size_t i = 0; i < count; i++)
		add_cell(table, columns[i].heading, STYLE_DIM);
	return table;
}

void
output_table_add(struct output_table *table, const char *const *cells,
    const enum output_style *styles)
{
	if (table == NULL)
		return;
	for (size_t i = 0; i < table->count; i++)
		add_cell(table, cells[i], styles != NULL ? styles[i] : STYLE_PLAIN);
}

/* Columns of the terminal that stdout is; 0: it is none. */
static size_t
terminal_width(void)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;

	if (isatty(STDOUT_FILENO) != 1)
		return 0;
	if (columns != NULL) {
		long width = strtol(columns, NULL, 10);

		if (width > 0 && width < 65536)
			return (size_t)width;
	}
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return 80;
}

/* The widest flexible column gives until all fits, or none has more to give. */
static void
shrink(const struct output_table *table, size_t *widths, size_t available)
{
	size_t total = GAP * (table->count - 1);

	for (size_t i = 0; i < table->count; i++)
		total += widths[i];
	while (total > available) {
		size_t widest = table->count;

		for (size_t i = 0; i < table->count; i++)
			if (table->columns[i].is_flexible && widths[i] > FLEXIBLE_MIN &&
			    (widest == table->count || widths[i] > widths[widest]))
				widest = i;
		if (widest == table->count)
			return;
		widths[widest]--;
		total--;
	}
}

static void
pad(size_t width)
{
	while (width-- > 0)
		fputc(' ', stdout);
}

/* Blanks that are due go to *pending, so that none ends a line. */
static void
print_cell(const struct output_table *table, const struct cell *cell, size_t width, bool is_right,
    size_t *pending)
{
	static const char cut_mark[] = "\xe2\x80\xa6";
	size_t length = cell->length, shown = cell->width;
	bool is_cut = cell->width > width;

	if (is_cut) {
		length = text_cut(table->text.data + cell->offset, length, width - 1);
		shown = text_width(table->text.data + cell->offset, length) + 1;
	}
	if (is_right)
		*pending += width - shown;
	if (cell->length > 0) {
		pad(*pending);
		*pending = 0;
	}
	if (length > 0)
		output_escaped(cell->style, table->text.data + cell->offset, length);
	if (is_cut)
		fputs(text_is_utf8() ? cut_mark : ">", stdout);
	*pending += GAP + (is_right ? 0 : width - shown);
}

void
output_table_print(const struct output_table *table)
{
	const struct cell *cells;
	size_t widths[COLUMNS_MAX] = { 0 }, available = terminal_width(), total, pending = 0;

	if (table == NULL || table->text.status != STATUS_OK || table->cells.status != STATUS_OK) {
		fputs("ddnsctl: no memory for a table\n", stderr);
		return;
	}
	cells = (const struct cell *)(const void *)table->cells.data;
	total = table->cells.length / sizeof(*cells);
	for (size_t i = 0; i < total; i++)
		if (cells[i].width > widths[i % table->count])
			widths[i % table->count] = cells[i].width;
	if (available > 0)
		shrink(table, widths, available);
	for (size_t i = 0; i < total; i++) {
		size_t column = i % table->count;

		pending = column == 0 ? 0 : pending;
		print_cell(table, &cells[i], widths[column], table->columns[column].is_right,
		    &pending);
		if (column + 1 == table->count)
			fputc('\n', stdout);
	}
}

void
output_table_free(struct output_table *table)
{
	if (table == NULL)
		return;
	buffer_release(&table->text);
	buffer_release(&table->cells);
	free(table);
}
