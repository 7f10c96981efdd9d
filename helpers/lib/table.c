/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns for people, with a tree in the first of them. */
#include "table.h"

#include <errno.h>
#include <libsmartcols.h>

struct table {
	struct libscols_table *columns;
	size_t count;
};

int table_new(FILE *out, const struct table_column *columns, size_t count, struct table **ret)
{
	_cleanup_table_ struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->columns = scols_new_table();
	if (!table->columns)
		return -ENOMEM;
	table->count = count;
	scols_table_set_stream(table->columns, out);
	for (size_t i = 0; i < count; i++) {
		int flags = (i == 0 ? SCOLS_FL_TREE : 0) | (columns[i].right ? SCOLS_FL_RIGHT : 0) |
			    (columns[i].truncating ? SCOLS_FL_TRUNC : 0);

		/* A width of less than 1 is a share of the terminal's, and only a hint. */
		if (!scols_table_new_column(table->columns, columns[i].name,
					    columns[i].truncating ? 0.3 : 0, flags))
			return -ENOMEM;
	}
	*ret = take_ptr(table);
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->columns);
	free(table);
}

int table_add(struct table *table, struct table_line *parent, const char *const *cells,
	      struct table_line **ret_line)
{
	struct libscols_line *line =
		scols_table_new_line(table->columns, (struct libscols_line *)parent);

	if (!line)
		return -ENOMEM;
	for (size_t i = 0; i < table->count; i++)
		if (scols_line_set_data(line, i, cells[i] ? cells[i] : "") < 0)
			return -ENOMEM;
	if (ret_line)
		*ret_line = (struct table_line *)line;
	return 0;
}

int table_print(struct table *table)
{
	return scols_table_is_empty(table->columns) ? 0 : scols_print_table(table->columns);
}
