/* SPDX-License-Identifier: GPL-2.0-or-later */
/* guestfit: what a guest's file asks for, and the machine has not. */
#include "checktree.h"
#include "inputnode.h"
#include "pcitree.h"

#include "guestfit.h"

#define GPU  "0000:01:00.0"
#define HEAD "[Guest]\nMemory=1G\nHugepages=no\n[Disk]\nPath=/d\n[GPU]\nDevice=" GPU "\n"

static void make_machine(const struct tree *tree, const char *config)
{
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	pcitree_make(tree, "0000:02:00.0", "0x1002", "0x73bf", "0x030000", "16", "amdgpu");
	tree_write(tree, "etc/vxm/guests/win11.conf", config);
}

static void look(const struct tree *tree, const struct strlist *known, struct reason_list *list)
{
	_cleanup_guest_ struct guest *guest = NULL;
	struct guest_error error = { .text = "" };

	if (guest_load(&tree->host, "win11", &guest, &error) < 0)
		fail_msg("%s", error.text);
	guestfit_run(&tree->host, guest, known, list);
}

#define LOOK(tree)                                             \
	_cleanup_reason_list_ struct reason_list list = { 0 }; \
	look(tree, &STRLIST_EMPTY, &list)

static void another_card_at_the_address_is_told_with_where_it_is_now(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=1002:73bf\n");
	LOOK(tree);
	checktree_expect(&list, "identity", REASON_BLOCKS, "1002:73bf is at 0000:02:00.0 now",
			 "/etc/vxm/guests/win11.conf");
}

static void a_card_of_another_guest_is_told(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=10de:2684\n");
	tree_write(tree, "run/vxm/other/isolate", GPU " home nouveau\n");
	LOOK(tree);
	checktree_expect(&list, "claimed", REASON_BLOCKS,
			 "0000:01:00.0 is held for the guest other",
			 "systemctl stop vxm-guest@other.service");
}

static void what_is_known_is_not_said_twice(void **state)
{
	_cleanup_strlist_ struct strlist known = STRLIST_EMPTY;
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=1002:73bf\n");
	assert_int_equal(strlist_add(&known, "identity"), 0);
	look(tree, &known, &list);
	assert_null(checktree_find(&list, "identity"));
}

static void pages_that_cannot_be_had_are_told(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, "[Guest]\nMemory=64G\n[Disk]\nPath=/d\n[GPU]\nDevice=" GPU
			   "\nIdentity=10de:2684\n");
	tree_write(tree, "proc/meminfo",
		   "MemTotal: 8388608 kB\nMemFree: 4194304 kB\n"
		   "MemAvailable: 4194304 kB\nHugePages_Rsvd: 0\n");
#define POOL "sys/devices/system/node/node0/hugepages/hugepages-2048kB/"
	tree_write(tree, "sys/devices/system/node/node0/meminfo",
		   "Node 0 MemFree: 4194304 kB\nNode 0 FilePages: 0 kB\n");
	tree_write(tree, POOL "nr_hugepages", "0\n");
	tree_write(tree, POOL "free_hugepages", "0\n");
	tree_write(tree, POOL "surplus_hugepages", "0\n");
	tree_write(tree, "sys/kernel/mm/hugepages/hugepages-2048kB/resv_hugepages", "0\n");
	LOOK(tree);
	checktree_expect(&list, "pages", REASON_BLOCKS, "", "enable vxm-prepare@win11.target");
}

static void a_keyboard_that_fits_nothing_or_lacks_a_key_is_told(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=10de:2684\n[Input]\nKeyboard=auto\n");
	inputnode_make(tree, 3, "ACME Keyboard", "usb-0000:00:14.0-2/input0",
		       INPUTNODE_KEYBOARD | INPUTNODE_ONE_CTRL);
	LOOK(tree);
	checktree_expect(&list, "ctrl-keys", REASON_WARNS, "ACME Keyboard", "another Toggle=");
}

static void a_mouse_that_is_not_there_is_told(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=10de:2684\n[Input]\nMouse=name=Nothing\n");
	inputnode_make(tree, 3, "ACME Keyboard", "usb-0000:00:14.0-2/input0", INPUTNODE_KEYBOARD);
	LOOK(tree);
	checktree_expect(&list, "input", REASON_BLOCKS, "Mouse=", "[Input]");
}

static void files_of_a_record_are_not_judged(void **state)
{
	struct tree *tree = *state;

	make_machine(tree, HEAD "Identity=10de:2684\n");
	LOOK(tree);
	checktree_expect(&list, "files", REASON_UNSEEN, "",
			 "on the machine itself: sudo vxm check win11");
	assert_int_equal(reason_count(&list, REASON_BLOCKS), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(another_card_at_the_address_is_told_with_where_it_is_now),
		tree_test(a_card_of_another_guest_is_told),
		tree_test(what_is_known_is_not_said_twice),
		tree_test(pages_that_cannot_be_had_are_told),
		tree_test(a_keyboard_that_fits_nothing_or_lacks_a_key_is_told),
		tree_test(a_mouse_that_is_not_there_is_told),
		tree_test(files_of_a_record_are_not_judged),
	};

	return cmocka_run_group_tests_name("guestfit", tests, NULL, NULL);
}
