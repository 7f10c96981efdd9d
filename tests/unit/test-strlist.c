/* SPDX-License-Identifier: GPL-2.0-or-later */
/* strlist: it owns its texts, ends like an argv, and sorts by bytes. */
#include "tree.h"

#include "strlist.h"

static void an_empty_list_is_harmless(void **state)
{
	struct strlist list = STRLIST_EMPTY;

	(void)state;
	strlist_sort(&list);
	assert_false(strlist_has(&list, ""));
	strlist_done(&list);
	strlist_done(&list);
	assert_null(list.items);
}

static void it_copies_and_ends_like_an_argv(void **state)
{
	struct strlist list = STRLIST_EMPTY;
	char text[] = "first";

	(void)state;
	assert_int_equal(strlist_add(&list, text), 0);
	text[0] = 'x';
	assert_int_equal(strlist_addf(&list, "%s-%d", "second", 2), 0);
	assert_int_equal(strlist_add(&list, ""), 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0], "first");
	assert_string_equal(list.items[1], "second-2");
	assert_string_equal(list.items[2], "");
	assert_null(list.items[3]);
	assert_true(strlist_has(&list, "second-2"));
	assert_false(strlist_has(&list, "second"));
	strlist_done(&list);
}

static void it_sorts_by_bytes_and_keeps_the_end(void **state)
{
	static const char *const texts[] = { "b", "a", "B", "10", "9", "a", "" };
	static const char *const sorted[] = { "", "10", "9", "B", "a", "a", "b" };
	struct strlist list = STRLIST_EMPTY;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(strlist_add(&list, texts[i]), 0);
	strlist_sort(&list);
	for (size_t i = 0; i < ARRAY_SIZE(sorted); i++)
		assert_string_equal(list.items[i], sorted[i]);
	assert_null(list.items[ARRAY_SIZE(sorted)]);
	strlist_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_list_is_harmless),
		cmocka_unit_test(it_copies_and_ends_like_an_argv),
		cmocka_unit_test(it_sorts_by_bytes_and_keeps_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
