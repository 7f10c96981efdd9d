/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cardscreen: outputs and memory windows of a GPU. */
#include "checktree.h"
#include "pcitree.h"

#include "cardscreen.h"

#define BDF    "0000:01:00.0"
#define DEVICE "sys/bus/pci/devices/" BDF

static void look(const struct tree *tree, unsigned class, struct reason_list *list)
{
	struct pcidev dev = { .addr = pcitree_addr(BDF), .class = class };

	cardscreen_check(&tree->host, &dev, NULL, list);
}

#define LOOK(tree, class)                                      \
	_cleanup_reason_list_ struct reason_list list = { 0 }; \
	look(tree, class, &list)

static void a_3d_controller_needs_looking_glass(void **state)
{
	LOOK(*state, 0x030200);
	checktree_expect(&list, "no-outputs", REASON_WARNS, "3D controller", "[LookingGlass]");
}

static void so_does_a_card_without_a_connector(void **state)
{
	struct tree *tree = *state;

	tree_mkdir(tree, DEVICE "/drm/card1");
	tree_mkdir(tree, DEVICE "/drm/renderD129");
	LOOK(tree, 0x030000);
	checktree_expect(&list, "no-outputs", REASON_WARNS, "no connector", "[LookingGlass]");
}

static void nvidias_driver_may_hide_its_connectors(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct pcidev dev = { .addr = pcitree_addr(BDF), .class = 0x030000, .driver = "nvidia" };
	struct tree *tree = *state;

	tree_mkdir(tree, DEVICE "/drm/card1");
	cardscreen_check(&tree->host, &dev, NULL, &list);
	assert_int_equal(list.count, 0);
}

static void a_guest_that_has_looking_glass_is_told_nothing(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct guest guest = { .looking_glass_kib = 65536 };
	struct pcidev dev = { .addr = pcitree_addr(BDF), .class = 0x030200 };
	struct tree *tree = *state;

	cardscreen_check(&tree->host, &dev, &guest, &list);
	assert_int_equal(list.count, 0);
}

static void an_output_that_shows_the_desktop_blocks(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, DEVICE "/drm/card1/card1-DP-1/status", "connected\n");
	tree_write(tree, DEVICE "/drm/card1/card1-DP-1/enabled", "enabled\n");
	tree_write(tree, DEVICE "/drm/card1/card1-HDMI-A-1/status", "disconnected\n");
	LOOK(tree, 0x030000);
	checktree_expect(&list, "output-in-use", REASON_BLOCKS, "card1-DP-1",
			 "switch that screen off");
	assert_null(checktree_find(&list, "no-monitor"));
}

static void a_card_without_a_cable_is_told(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, DEVICE "/drm/card1/card1-DP-1/status", "disconnected\n");
	LOOK(tree, 0x030000);
	checktree_expect(&list, "no-monitor", REASON_WARNS, BDF, "cable");
}

/* 16 MiB; 256 MiB of 64 bits below 4 GiB; its upper half; a port. */
#define RESOURCE                                                     \
	"0x00000000f6000000 0x00000000f6ffffff 0x0000000000040200\n" \
	"0x00000000e0000000 0x00000000efffffff 0x000000000014220c\n" \
	"0x0000000000000000 0x0000000000000000 0x0000000000000000\n" \
	"0x000000000000e000 0x000000000000e07f 0x0000000000040101\n"

static void a_large_window_below_4g_is_told(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, DEVICE "/resource", RESOURCE);
	LOOK(tree, 0x030000);
	assert_int_equal(list.count, 1);
	checktree_expect(&list, "below-4g", REASON_WARNS, "BAR 1 (256 MiB)", "Above 4G Decoding");
}

static void a_large_window_above_4g_is_as_it_should_be(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, DEVICE "/resource",
		   "0x0000004000000000 0x00000043ffffffff 0x000000000014220c\n");
	LOOK(tree, 0x030000);
	assert_int_equal(list.count, 0);
}

static void a_window_without_an_address_blocks(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, DEVICE "/resource",
		   "0x0000000000000000 0x00000003ffffffff 0x000000002014220c\n");
	LOOK(tree, 0x030000);
	checktree_expect(&list, "bar-unassigned", REASON_BLOCKS, "BAR 0 (16384 MiB)",
			 "Above 4G Decoding");
}

static void a_text_of_another_form_is_refused(void **state)
{
	struct cardscreen_bar bars[CARDSCREEN_BARS];

	(void)state;
	assert_int_equal(cardscreen_parse_bars(RESOURCE, bars), 0);
	assert_int_equal(bars[1].size, 256 << 20);
	assert_false(bars[3].is_memory);
	assert_int_equal(cardscreen_parse_bars("", bars), 0);
	assert_int_equal(cardscreen_parse_bars("0x1 0x2\n", bars), -EINVAL);
	assert_int_equal(cardscreen_parse_bars("0x1 0xg 0x2\n", bars), -EINVAL);
	assert_int_equal(cardscreen_parse_bars("0x1  0x2 0x3\n", bars), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_3d_controller_needs_looking_glass),
		tree_test(so_does_a_card_without_a_connector),
		tree_test(nvidias_driver_may_hide_its_connectors),
		tree_test(a_guest_that_has_looking_glass_is_told_nothing),
		tree_test(an_output_that_shows_the_desktop_blocks),
		tree_test(a_card_without_a_cable_is_told),
		tree_test(a_large_window_below_4g_is_told),
		tree_test(a_large_window_above_4g_is_as_it_should_be),
		tree_test(a_window_without_an_address_blocks),
		cmocka_unit_test(a_text_of_another_form_is_refused),
	};

	return cmocka_run_group_tests_name("cardscreen", tests, NULL, NULL);
}
