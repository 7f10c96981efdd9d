/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reason: a list of them. */
#include "checktree.h"

static void a_fix_is_taken_as_it_is_and_a_text_is_made(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };

	(void)state;
	reason_add(&list, REASON_BLOCKS, "one", "100% sure: %s", "the %s at %d", "card", 7);
	reason_add(&list, REASON_WARNS, "two", "x", "y");
	reason_add(&list, REASON_WARNS, "three", "x", "z");
	assert_false(list.failed);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].text, "the card at 7");
	assert_string_equal(list.items[0].fix, "100% sure: %s");
	assert_int_equal(reason_count(&list, REASON_BLOCKS), 1);
	assert_int_equal(reason_count(&list, REASON_WARNS), 2);
	assert_int_equal(reason_count(&list, REASON_UNSEEN), 0);
}

static void each_level_has_a_word(void **state)
{
	(void)state;
	assert_string_equal(reason_word(REASON_BLOCKS), "blocks");
	assert_string_equal(reason_word(REASON_WARNS), "warns");
	assert_string_equal(reason_word(REASON_UNSEEN), "unseen");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fix_is_taken_as_it_is_and_a_text_is_made),
		cmocka_unit_test(each_level_has_a_word),
	};

	return cmocka_run_group_tests_name("reason", tests, NULL, NULL);
}
