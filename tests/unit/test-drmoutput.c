/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drmoutput: the outputs of one card, and of no other. */
#include "tree.h"

#include "drmoutput.h"

#define BDF "0000:01:00.0"
#define DRM "sys/bus/pci/devices/" BDF "/drm"

static void a_card_without_a_driver_has_no_answer(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;

	assert_int_equal(drmoutput_list(&tree->host, BDF, &list), 0);
	tree_mkdir(tree, DRM "/renderD128");
	assert_int_equal(drmoutput_list(&tree->host, BDF, &list), 0);
	assert_int_equal(list.count, 0);
}

static void connectors_are_listed_and_what_else_lies_there_is_not(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;

	tree_write(tree, DRM "/card1/card1-HDMI-A-1/enabled", "enabled\n");
	tree_write(tree, DRM "/card1/card1-DP-1/enabled", "disabled\n");
	tree_mkdir(tree, DRM "/card1/card1-Writeback-1");
	tree_mkdir(tree, DRM "/card1/power");
	tree_mkdir(tree, DRM "/card1/card10-DP-9");
	assert_int_equal(drmoutput_list(&tree->host, BDF, &list), 1);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "card1/card1-DP-1");
	assert_string_equal(drmoutput_connector(list.items[1]), "card1-HDMI-A-1");
	assert_string_equal(drmoutput_name(list.items[1]), "HDMI-A-1");
	assert_false(drmoutput_is(&tree->host, BDF, list.items[0], "enabled", "enabled"));
	assert_true(drmoutput_is(&tree->host, BDF, list.items[1], "enabled", "enabled"));
	assert_false(drmoutput_is(&tree->host, BDF, list.items[1], "status", "connected"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_card_without_a_driver_has_no_answer),
		tree_test(connectors_are_listed_and_what_else_lies_there_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
