// SPDX-License-Identifier: GPL-2.0-only
/* Tables, by libsmartcols. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "output.h"
#include "table.h"

#define COLUMNS_MAX	32

static int column_index(const char *name, const struct column *all)
{
	int i;

	for (i = 0; all[i].name; i++) {
		if (!strcasecmp(name, all[i].name))
			return i;
	}
	return -1;
}

static int choose(struct table *table, const char *list, const struct column *all)
{
	char *copy = strdup(list);
	char *rest = copy;
	char *name;
	int ret = HVCTL_OK;

	while (!ret && (name = strsep(&rest, ","))) {
		int index = column_index(name, all);

		if (index < 0)
			ret = fail(HVCTL_USAGE, EINVAL, "-o",
				   "'hvctl help VERB' lists the columns",
				   "unknown column '%s'", name);
		else if (table->count == COLUMNS_MAX)
			ret = fail(HVCTL_USAGE, E2BIG, "-o", NULL, "too many columns");
		else
			table->columns[table->count++] = index;
	}
	free(copy);
	return ret;
}

static int choose_columns(struct table *table, const struct table_options *options,
			  const struct column *all, const char *standard)
{
	const char *wanted = options->columns;
	int ret;

	table->count = 0;
	if (!wanted)
		return choose(table, standard, all);
	if (*wanted != '+')
		return choose(table, wanted, all);
	ret = choose(table, standard, all);
	return ret ? ret : choose(table, wanted + 1, all);
}

int table_open(struct table *table, const struct table_options *options,
	       const struct column *all, const char *standard)
{
	int ret = choose_columns(table, options, all, standard);
	size_t i;

	if (ret)
		return ret;
	scols_init_debug(0);
	table->table = scols_new_table();
	if (!table->table)
		return fail(HVCTL_FAILED, ENOMEM, NULL, NULL, "out of memory");
	scols_table_enable_noheadings(table->table, options->noheadings);
	scols_table_enable_raw(table->table, options->raw);
	scols_table_enable_colors(table->table, use_color(stdout));
	for (i = 0; i < table->count; i++) {
		const struct column *c = &all[table->columns[i]];

		scols_table_new_column(table->table, c->name, 0,
				       c->right ? SCOLS_FL_RIGHT : 0);
	}
	return HVCTL_OK;
}

struct libscols_line *table_line(struct table *table)
{
	return scols_table_new_line(table->table, NULL);
}

void table_set(struct table *table, struct libscols_line *line, int column,
	       const char *text, const char *color)
{
	size_t i;

	for (i = 0; i < table->count && line; i++) {
		if (table->columns[i] != column)
			continue;
		scols_line_set_data(line, i, text);
		if (color)
			scols_cell_set_color(scols_line_get_cell(line, i), color);
	}
}

void table_number(struct table *table, struct libscols_line *line, int column, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, value);
	table_set(table, line, column, text, NULL);
}

void table_seconds(struct table *table, struct libscols_line *line, int column, uint64_t ns)
{
	char text[32];

	snprintf(text, sizeof(text), "%.2f", ns / 1e9);
	table_set(table, line, column, text, NULL);
}

int table_print(struct table *table)
{
	int err = 0;

	if (!scols_table_is_empty(table->table))
		err = scols_print_table(table->table);
	scols_unref_table(table->table);
	if (err)
		return fail(HVCTL_FAILED, -err, NULL, NULL, "cannot print the table: %s",
			    strerror(-err));
	return HVCTL_OK;
}
