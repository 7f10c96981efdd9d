/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Columns for people, with a tree in the first of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "cleanup.h"

struct table;
struct table_line;

struct table_column {
	const char *name;
	bool right;	 /* numbers */
	bool truncating; /* may lose its end where the terminal is narrow */
};

/*
 * The first column carries the tree. In a locale of UTF-8 its branches are drawn, else they are
 * made of ASCII: the caller has set LC_CTYPE. Not for programs: their JSON has objects in objects
 * and an array at its root, and libsmartcols makes one object of flat rows. 0, -ENOMEM.
 */
int table_new(FILE *out, const struct table_column *columns, size_t count, struct table **ret);
void table_free(struct table *table);
CLEANUP_DEFINE(struct table, table_free)
#define _cleanup_table_ _cleanup_(table_freep)

/* A line below PARENT (NULL: at the root), with a cell for each column; cells are copied, and NULL
 * is an empty one. 0, -ENOMEM. ret_line may be NULL; the line is the table's. */
int table_add(struct table *table, struct table_line *parent, const char *const *cells,
	      struct table_line **ret_line);
/* Prints all lines, and the columns' names above them. Nothing when there is no line. 0, -errno. */
int table_print(struct table *table);
