/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HVCTL_TABLE_H
#define HVCTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libsmartcols/libsmartcols.h>

/**
 * struct column - a column that a table can have
 * @name: heading, and the word for -o
 * @right: numbers are right-aligned
 * @help: what it is
 */
struct column {
	const char *name;
	bool right;
	const char *help;
};

/**
 * struct table_options - how the user wants a table
 * @columns: -o: names separated by commas; a leading '+' adds to the default
 * @noheadings: no heading
 * @raw: one space between the columns, what is odd in a cell escaped
 */
struct table_options {
	const char *columns;
	bool noheadings;
	bool raw;
};

/**
 * struct table - a table that is being made
 * @table: libsmartcols' one
 * @columns: which of @all it shows, in order
 * @count: how many
 */
struct table {
	struct libscols_table *table;
	int columns[32];
	size_t count;
};

/**
 * table_open() - begin a table
 * @table: the table
 * @options: how
 * @all: columns that there are, up to 32; ends with a NULL name
 * @standard: default value of @options->columns
 *
 * Return: 0, or the exit status, and the error has been reported.
 */
int table_open(struct table *table, const struct table_options *options,
	       const struct column *all, const char *standard);

/** table_line() - add a line */
struct libscols_line *table_line(struct table *table);

/**
 * table_set() - set a cell
 * @table: the table
 * @line: from table_line()
 * @column: index into the columns that there are; not shown if not chosen
 * @text: its text
 * @color: colour sequence name of libsmartcols, or NULL
 */
void table_set(struct table *table, struct libscols_line *line, int column,
	       const char *text, const char *color);

/** table_number() - set a cell to a number */
void table_number(struct table *table, struct libscols_line *line, int column, uint64_t value);

/** table_seconds() - set a cell to a time, in seconds */
void table_seconds(struct table *table, struct libscols_line *line, int column, uint64_t ns);

/** table_print() - print it, nothing at all if it has no line, and free it */
int table_print(struct table *table);

#endif
