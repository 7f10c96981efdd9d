/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hostcheck: what the machine lacks. */
#include "checktree.h"
#include "inputnode.h"

#include "hostcheck.h"

static void look(const struct tree *tree, const struct guest *guest, struct reason_list *list)
{
	struct machine machine = { .product = "ACME 1" };

	hostcheck_run(&tree->host, &machine, guest, list);
}

#define LOOK(tree, guest)                                      \
	_cleanup_reason_list_ struct reason_list list = { 0 }; \
	look(tree, guest, &list)

/* All that it asks for. */
static void make_machine(const struct tree *tree)
{
	tree_write(tree, "usr/bin/qemu-system-x86_64", "");
	tree_write(tree, "usr/bin/swtpm", "");
	tree_write(tree, "usr/bin/swtpm_setup", "");
	tree_write(tree, "usr/share/OVMF/CODE", "");
	tree_write(tree, "usr/share/OVMF/VARS", "");
	tree_write(tree, "usr/share/qemu/firmware/40-secure.json",
		   "{\"interface-types\": [\"uefi\"], \"mapping\": {\"device\": \"flash\", "
		   "\"executable\": {\"filename\": \"/usr/share/OVMF/CODE\", \"format\": \"raw\"}, "
		   "\"nvram-template\": {\"filename\": \"/usr/share/OVMF/VARS\", \"format\": "
		   "\"raw\"}}, \"targets\": [{\"architecture\": \"x86_64\", \"machines\": "
		   "[\"pc-q35-*\"]}], \"features\": [\"secure-boot\", \"enrolled-keys\", "
		   "\"requires-smm\"], \"tags\": []}");
	tree_write(tree, "usr/lib/systemd/system/vxm-guest@.service", "LimitMEMLOCK=infinity\n");
	tree_write(tree, "dev/kvm", "");
	tree_write(tree, "proc/meminfo",
		   "MemTotal:       33554432 kB\nMemFree:  1 kB\nMemAvailable:   16777216 kB\n");
}

#define PHYS "usb-0000:00:14.0-2/input0"

static void a_machine_with_everything_has_nothing_against_it(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	inputnode_make(tree, 3, "ACME Keyboard", PHYS, INPUTNODE_KEYBOARD);
	LOOK(tree, NULL);
	for (size_t i = 0; i < list.count; i++)
		print_message("# %s: %s\n", list.items[i].code, list.items[i].text);
	assert_int_equal(list.count, 0);
}

static void what_is_not_installed_is_named_with_its_package(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	tree_remove(tree, "usr/bin/qemu-system-x86_64");
	tree_remove(tree, "usr/bin/swtpm_setup");
	tree_remove(tree, "usr/share/qemu/firmware/40-secure.json");
	LOOK(tree, NULL);
	checktree_expect(&list, "qemu", REASON_BLOCKS, "/usr/bin/qemu",
			 "apt install qemu-system-x86");
	checktree_expect(&list, "tpm", REASON_BLOCKS, "swtpm_setup",
			 "apt install swtpm swtpm-tools");
	checktree_expect(&list, "firmware", REASON_BLOCKS, "secure-boot", "apt install ovmf");
}

static void firmware_whose_files_are_gone_is_told(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	tree_remove(tree, "usr/share/OVMF/VARS");
	LOOK(tree, NULL);
	checktree_expect(&list, "firmware", REASON_BLOCKS, "files are not there",
			 "--reinstall ovmf");
}

static void a_guest_without_tpm_needs_no_swtpm(void **state)
{
	struct guest guest = { .name = "g", .tpm = false, .memory_kib = 1 << 20 };
	struct tree *tree = *state;

	make_machine(tree);
	tree_remove(tree, "usr/bin/swtpm");
	LOOK(tree, &guest);
	assert_null(checktree_find(&list, "tpm"));
}

static void without_kvm_the_firmware_has_it_off(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	tree_remove(tree, "dev/kvm");
	LOOK(tree, NULL);
	checktree_expect(&list, "kvm", REASON_BLOCKS, "/dev/kvm", "SVM Mode");
}

static void more_memory_than_there_is_is_refused(void **state)
{
	struct guest guest = { .name = "g", .memory_kib = UINT64_C(32) << 20 };
	struct tree *tree = *state;

	make_machine(tree);
	LOOK(tree, &guest);
	checktree_expect(&list, "memory", REASON_BLOCKS, "32768 MiB", "lower Memory=");
}

static void a_limit_on_locked_memory_is_found(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	tree_write(tree, "etc/systemd/system/vxm-guest@.service.d/mine.conf", "LimitMEMLOCK=64K\n");
	LOOK(tree, NULL);
	checktree_expect(&list, "memlock", REASON_BLOCKS,
			 "/etc/systemd/system/vxm-guest@.service.d/mine.conf", "daemon-reload");
}

static void a_keyboard_without_right_ctrl_gets_another_toggle(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	inputnode_make(tree, 3, "ACME Keyboard", PHYS, INPUTNODE_KEYBOARD | INPUTNODE_ONE_CTRL);
	LOOK(tree, NULL);
	checktree_expect(&list, "ctrl-keys", REASON_WARNS, "ACME Keyboard (/dev/input/event3)",
			 "Toggle=shift-shift");
}

static void idle_pages_answer_where_the_memory_is(void **state)
{
	struct tree *tree = *state;

	make_machine(tree);
	tree_write(tree, "sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "4096\n");
#define POOL "sys/devices/system/node/node0/hugepages/hugepages-2048kB/"
	tree_write(tree, POOL "nr_hugepages", "4096\n");
	tree_write(tree, POOL "free_hugepages", "4096\n");
	tree_write(tree, POOL "surplus_hugepages", "0\n");
	LOOK(tree, NULL);
	checktree_expect(&list, "pages-kept", REASON_WARNS, "8192 MiB", "vxm-prepare@NAME.target");
}

static void a_record_of_sysfs_alone_says_what_was_not_seen(void **state)
{
	LOOK(*state, NULL);
	checktree_expect(&list, "programs", REASON_UNSEEN, "not on record",
			 "on the machine itself");
	checktree_expect(&list, "kvm", REASON_UNSEEN, "not on record", "on the machine itself");
	checktree_expect(&list, "memory", REASON_UNSEEN, "/proc/meminfo", "on the machine itself");
	checktree_expect(&list, "keyboard", REASON_UNSEEN, "no input device", "machine itself");
	assert_int_equal(reason_count(&list, REASON_BLOCKS), 0);
}

static void a_laptop_is_told_what_that_means(void **state)
{
	_cleanup_reason_list_ struct reason_list list = { 0 };
	struct machine machine = { .product = "LENOVO 20XX", .laptop = true };
	struct tree *tree = *state;

	hostcheck_run(&tree->host, &machine, NULL, &list);
	checktree_expect(&list, "laptop", REASON_WARNS, "LENOVO 20XX", "Looking Glass");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_machine_with_everything_has_nothing_against_it),
		tree_test(what_is_not_installed_is_named_with_its_package),
		tree_test(firmware_whose_files_are_gone_is_told),
		tree_test(a_guest_without_tpm_needs_no_swtpm),
		tree_test(without_kvm_the_firmware_has_it_off),
		tree_test(more_memory_than_there_is_is_refused),
		tree_test(a_limit_on_locked_memory_is_found),
		tree_test(a_keyboard_without_right_ctrl_gets_another_toggle),
		tree_test(idle_pages_answer_where_the_memory_is),
		tree_test(a_record_of_sysfs_alone_says_what_was_not_seen),
		tree_test(a_laptop_is_told_what_that_means),
	};

	return cmocka_run_group_tests_name("hostcheck", tests, NULL, NULL);
}
