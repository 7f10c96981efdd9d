/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inputdev: bit maps, what a node is, and reading nodes from sysfs. */
#include "tree.h"

#include <linux/input.h>

#include "inputdev.h"
#include "inputnode.h"

static void reads_the_kernels_bit_maps(void **state)
{
	uint64_t bits[2] = { 7, 7 };

	(void)state;
	assert_int_equal(inputdev_parse_bits("0", bits, 2), 0);
	assert_true(bits[0] == 0 && bits[1] == 0);
	assert_int_equal(inputdev_parse_bits("7 ffffffffffffffff", bits, 2), 0);
	assert_true(bits[0] == UINT64_MAX && bits[1] == 7);
}

static void refuses_what_is_no_bit_map(void **state)
{
	static const char *const wrong[] = { "", " ", "g", "0x", "-1", "11111111111111111" };
	uint64_t bits[2] = { 1, 2 };

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_true(inputdev_parse_bits(wrong[i], bits, 2) < 0);
	assert_int_equal(inputdev_parse_bits("1 2 3", bits, 2), -ERANGE);
	assert_true(bits[0] == 1 && bits[1] == 2);
}

static void a_toggle_needs_both_keys_on_the_node(void **state)
{
	struct inputdev dev = { 0 };

	(void)state;
	inputnode_set_key(&dev, KEY_LEFTCTRL);
	assert_false(inputdev_has_toggle(&dev, "ctrl-ctrl"));
	inputnode_set_key(&dev, KEY_RIGHTCTRL);
	assert_true(inputdev_has_toggle(&dev, "ctrl-ctrl"));
	assert_false(inputdev_has_toggle(&dev, "alt-alt"));
	assert_false(inputdev_has_toggle(&dev, "ctrl-scrolllock"));
	inputnode_set_key(&dev, KEY_SCROLLLOCK);
	assert_true(inputdev_has_toggle(&dev, "ctrl-scrolllock"));
	assert_true(inputdev_has_toggle(&dev, "scrolllock"));
	assert_false(inputdev_has_toggle(&dev, "hyper-hyper"));
}

static void a_mark_names_node_and_parent(void **state)
{
	struct inputdev dev = { .node = "event3", .parent = "input17" };
	char buf[INPUTDEV_MARK_SIZE];

	(void)state;
	assert_string_equal(inputdev_mark(&dev, buf), "event3-input17");
}

/* Every node of the fixture that is not ambiguous is what a person would call it. */
static void classifies_the_recorded_nodes(void **state)
{
	struct inputnode_record *records;
	size_t count = inputnode_read_fixture(&records), scored = 0, wrong = 0;

	(void)state;
	for (size_t i = 0; i < count; i++) {
		struct inputdev_list list;
		const struct inputdev *dev;
		enum inputdev_class class;

		if (records[i].is_ambiguous)
			continue;
		dev = inputnode_group(records, count, i, &list);
		class = inputdev_classify(&list, dev);
		scored++;
		if (class != records[i].class) {
			print_message("# %s \"%s\": %d, and %d is right\n", records[i].id,
				      dev->name, class, records[i].class);
			wrong++;
		}
		inputdev_list_done(&list);
	}
	free(records);
	print_message("# %zu nodes scored\n", scored);
	assert_true(scored > 50);
	assert_int_equal(wrong, 0);
}

static void scans_sysfs_in_the_order_of_numbers(void **state)
{
	const struct tree *tree = *state;
	struct inputdev_list list;

	inputnode_make(tree, 10, "Ten", "usb-1/input0", INPUTNODE_KEYBOARD);
	inputnode_make(tree, 2, "Two", "usb-2/input0", INPUTNODE_MOUSE);
	tree_mkdir(tree, "sys/class/input/mouse0");
	tree_mkdir(tree, "sys/class/input/event99"); /* unreadable: left out */
	assert_int_equal(inputdev_scan(&tree->host, &list), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].node, "event2");
	assert_string_equal(list.items[1].path, "/dev/input/event10");
	assert_string_equal(list.items[1].parent, "input110");
	assert_string_equal(list.items[1].name, "Ten");
	assert_int_equal(list.items[1].bus, BUS_USB);
	assert_false(list.items[1].is_virtual);
	assert_int_equal(inputdev_classify(&list, &list.items[0]), INPUTDEV_MOUSE);
	assert_int_equal(inputdev_classify(&list, &list.items[1]), INPUTDEV_KEYBOARD);
	inputdev_list_done(&list);
}

static void a_machine_without_input_devices_has_an_empty_list(void **state)
{
	const struct tree *tree = *state;
	struct inputdev_list list;

	assert_int_equal(inputdev_scan(&tree->host, &list), 0);
	assert_int_equal(list.count, 0);
	inputdev_list_done(&list);
}

static void a_node_that_hangs_on_nothing_is_virtual(void **state)
{
	const struct tree *tree = *state;
	struct inputdev_list list;

	inputnode_make(tree, 1, "keyd keyboard", "", INPUTNODE_KEYBOARD | INPUTNODE_VIRTUAL);
	assert_int_equal(inputdev_scan(&tree->host, &list), 0);
	assert_true(list.items[0].is_virtual);
	assert_int_equal(inputdev_classify(&list, &list.items[0]), INPUTDEV_NEITHER);
	assert_true(inputdev_is_capable(&list.items[0], INPUTDEV_KEYBOARD));
	inputdev_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_kernels_bit_maps),
		cmocka_unit_test(refuses_what_is_no_bit_map),
		cmocka_unit_test(a_toggle_needs_both_keys_on_the_node),
		cmocka_unit_test(a_mark_names_node_and_parent),
		cmocka_unit_test(classifies_the_recorded_nodes),
		tree_test(scans_sysfs_in_the_order_of_numbers),
		tree_test(a_machine_without_input_devices_has_an_empty_list),
		tree_test(a_node_that_hangs_on_nothing_is_virtual),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
