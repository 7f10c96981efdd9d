/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table: columns, a tree, and nothing for nothing. */
#include "tree.h"

#include "table.h"

static const struct table_column columns[] = { { .name = "WHAT" },
					       { .name = "N", .right = true },
					       { .name = "NAME", .truncating = true } };

static void children_hang_below_their_parent_and_numbers_stand_right(void **state)
{
	_cleanup_table_ struct table *table = NULL;
	struct table_line *line;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(table_new(out, columns, 3, &table), 0);
	assert_int_equal(table_add(table, NULL, (const char *[]){ "a", "1", NULL }, &line), 0);
	assert_int_equal(table_add(table, line, (const char *[]){ "b", "100", "x" }, NULL), 0);
	assert_int_equal(table_print(table), 0);
	fclose(out);
	assert_string_equal(text, "WHAT   N NAME\n"
				  "a      1 \n"
				  "`-b  100 x\n");
	free(text);
}

static void without_a_line_there_is_no_heading(void **state)
{
	_cleanup_table_ struct table *table = NULL;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(table_new(out, columns, 3, &table), 0);
	assert_int_equal(table_print(table), 0);
	fclose(out);
	assert_string_equal(text, "");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(children_hang_below_their_parent_and_numbers_stand_right),
		cmocka_unit_test(without_a_line_there_is_no_heading),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
