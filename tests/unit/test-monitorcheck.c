/* SPDX-License-Identifier: GPL-2.0-or-later */
/* monitorcheck: who can be asked, and who is not. */
#include "checktree.h"

#include "monitorcheck.h"

static void a_recorded_machine_has_none_to_ask(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct tree *tree = *state;

	monitorcheck_run(&tree->host, NULL, &list);
	checktree_expect(&list, "monitor", REASON_UNSEEN, "recorded machine", "sudo vxm check");
}

static void a_guest_without_display_is_not_asked_about(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct guest guest = { .display_count = 0 };
	struct tree *tree = *state;

	monitorcheck_run(&tree->host, &guest, &list);
	assert_int_equal(list.count, 0);
}

static void without_a_bus_the_module_is_missing(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct tree *tree = *state;
	struct host live = tree->host;

	live.recorded = false;
	tree_mkdir(tree, "dev");
	monitorcheck_run(&live, NULL, &list);
	checktree_expect(&list, "i2c", REASON_WARNS, "/dev/i2c-N", "modprobe i2c-dev");
}

/* The child asks this machine's own buses, and finds no such monitor on them. */
static void a_monitor_that_is_not_there_is_named(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct guest_display display = { .maker = "ZZZ", .product = 0xa0c4 };
	struct guest_display *displays[] = { &display };
	struct guest guest = { .displays = displays, .display_count = 1 };
	struct tree *tree = *state;
	struct host live = tree->host;

	live.recorded = false;
	tree_write(tree, "dev/i2c-7", "");
	monitorcheck_run(&live, &guest, &list);
	checktree_expect(&list, "monitor", REASON_WARNS, "ZZZ:a0c4", "vxm-display show");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_recorded_machine_has_none_to_ask),
		tree_test(a_guest_without_display_is_not_asked_about),
		tree_test(without_a_bus_the_module_is_missing),
		tree_test(a_monitor_that_is_not_there_is_named),
	};

	return cmocka_run_group_tests_name("monitorcheck", tests, NULL, NULL);
}
