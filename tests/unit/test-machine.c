/* SPDX-License-Identifier: GPL-2.0-or-later */
/* machine: whose fault it is that the IOMMU is off, and what kind of machine it is. */
#include "checktree.h"
#include "pcitree.h"

#include "machine.h"

/* A machine whose host bridge is VENDOR's, with a GPU in GROUP (NULL: none). */
static void look(const struct tree *tree, const char *vendor, const char *group,
		 struct machine *machine, struct reason_list *reasons)
{
	struct gpu_list gpus;

	pcitree_make(tree, "0000:00:00.0", vendor, "0x1234", "0x060000", NULL, NULL);
	pcitree_make(tree, "0000:01:00.0", "0x10de", "0x2684", "0x030000", NULL, NULL);
	pcitree_make(tree, "0000:02:00.0", "0x1002", "0x73bf", "0x030000", group, NULL);
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	assert_int_equal(machine_observe(&tree->host, &gpus, machine), 0);
	machine_explain_iommu(machine, gpus.items[0].device, reasons);
	gpu_list_done(&gpus);
}

#define LOOK(tree, vendor, group)                              \
	_cleanup_reason_list_ struct reason_list list = { 0 }; \
	_cleanup_machine_ struct machine machine = { 0 };      \
	look(tree, vendor, group, &machine, &list)

static void without_a_table_the_firmware_has_it_off(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/firmware/acpi/tables/FACP", "");
	LOOK(tree, "0x8086", NULL);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "firmware has the IOMMU switched off",
			 "VT-d");
}

static void of_amds_the_firmware_calls_it_iommu(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/firmware/acpi/tables/FACP", "");
	LOOK(tree, "0x1022", NULL);
	assert_int_equal(machine.cpu, MACHINE_CPU_AMD);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "firmware", "\"IOMMU\"");
}

static void with_a_table_intels_wants_a_word_for_the_kernel(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/firmware/acpi/tables/DMAR", "");
	tree_write(tree, "proc/cmdline", "quiet splash\n");
	LOOK(tree, "0x8086", NULL);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "the kernel does not use it",
			 "add intel_iommu=on");
}

static void amds_is_never_told_a_word_that_the_kernel_does_not_know(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/firmware/acpi/tables/IVRS", "");
	LOOK(tree, "0x1022", NULL);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "does not use it",
			 "journalctl -k -g AMD-Vi");
}

static void a_word_that_keeps_it_off_is_to_be_removed(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/firmware/acpi/tables/DMAR", "");
	tree_write(tree, "proc/cmdline", "quiet intel_iommu=off nointel_iommu=off");
	LOOK(tree, "0x8086", NULL);
	assert_true(machine_has_option(&machine, "quiet"));
	assert_false(machine_has_option(&machine, "intel_iommu"));
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "told to leave the IOMMU off",
			 "remove intel_iommu=off");
}

static void a_record_of_sysfs_alone_has_both_ways(void **state)
{
	struct tree *tree = *state;

	LOOK(tree, "0x8086", NULL);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "not on record", "intel_iommu=on");
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "", "VT-d");
}

static void others_in_groups_mean_that_it_is_on(void **state)
{
	struct tree *tree = *state;

	LOOK(tree, "0x8086", "7");
	assert_true(machine.has_groups);
	checktree_expect(&list, "no-iommu", REASON_BLOCKS, "although others are", "journalctl -k");
}

static void the_processors_name_counts_before_the_bridges(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "proc/cpuinfo", "processor\t: 0\nvendor_id\t: AuthenticAMD\n");
	LOOK(tree, "0x8086", NULL);
	assert_int_equal(machine.cpu, MACHINE_CPU_AMD);
}

static void a_laptop_is_told_by_its_case_or_its_battery(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/class/dmi/id/chassis_type", "10\n");
	tree_write(tree, "sys/class/dmi/id/sys_vendor", "LENOVO\n");
	tree_write(tree, "sys/class/dmi/id/product_name", "20XX\n");
	LOOK(tree, "0x8086", NULL);
	assert_true(machine.laptop);
	assert_string_equal(machine.product, "LENOVO 20XX");
}

static void a_mouse_with_a_battery_makes_no_laptop(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/class/dmi/id/chassis_type", "3\n");
	tree_write(tree, "sys/class/power_supply/hidpp_battery_0/type", "Battery\n");
	tree_write(tree, "sys/class/power_supply/hidpp_battery_0/scope", "Device\n");
	LOOK(tree, "0x8086", NULL);
	assert_false(machine.laptop);
}

static void a_battery_of_its_own_does(void **state)
{
	struct tree *tree = *state;

	tree_write(tree, "sys/class/power_supply/BAT0/type", "Battery\n");
	LOOK(tree, "0x8086", NULL);
	assert_true(machine.laptop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(without_a_table_the_firmware_has_it_off),
		tree_test(of_amds_the_firmware_calls_it_iommu),
		tree_test(with_a_table_intels_wants_a_word_for_the_kernel),
		tree_test(amds_is_never_told_a_word_that_the_kernel_does_not_know),
		tree_test(a_word_that_keeps_it_off_is_to_be_removed),
		tree_test(a_record_of_sysfs_alone_has_both_ways),
		tree_test(others_in_groups_mean_that_it_is_on),
		tree_test(the_processors_name_counts_before_the_bridges),
		tree_test(a_laptop_is_told_by_its_case_or_its_battery),
		tree_test(a_mouse_with_a_battery_makes_no_laptop),
		tree_test(a_battery_of_its_own_does),
	};

	return cmocka_run_group_tests_name("machine", tests, NULL, NULL);
}
