/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pcidev: what sysfs says of a function, as numbers. */
#include "pcitree.h"

#include <sys/stat.h>
#include <unistd.h>

#include "pcidev.h"

#define GPU "0000:01:00.0"

static void every_attribute_becomes_a_number(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);
	struct pcidev dev;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	pcitree_attribute(tree, GPU, "boot_vga", "1");
	pcitree_attribute(tree, GPU, "removable", "removable");
	pcitree_attribute(tree, GPU, "sriov_numvfs", "2");
	pcitree_attribute(tree, GPU, "numa_node", "1");
	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
	assert_int_equal(dev.ids.vendor, 0x10de);
	assert_int_equal(dev.ids.device, 0x2684);
	assert_int_equal(dev.ids.subvendor, 0x1043);
	assert_int_equal(dev.ids.subdevice, 0x88e2);
	assert_true(dev.ids.has_subsystem);
	assert_int_equal(dev.class, 0x030000);
	assert_string_equal(dev.driver, "nouveau");
	assert_int_equal(dev.iommu_group, 14);
	assert_int_equal(dev.numa_node, 1);
	assert_int_equal(dev.boot_vga, 1);
	assert_true(dev.removable);
	assert_int_equal(dev.vf_count, 2);
	assert_true(pcidev_is_display(&dev));
	assert_false(pcidev_is_bridge(&dev));
}

static void what_a_function_lacks_has_its_documented_value(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr("10000:e0:06.0");
	struct pcidev dev;

	pcitree_attribute(tree, "10000:e0:06.0", "vendor", "0x8086");
	pcitree_attribute(tree, "10000:e0:06.0", "device", "0xa74d");
	pcitree_attribute(tree, "10000:e0:06.0", "class", "0x060400");
	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
	assert_string_equal(dev.driver, "");
	assert_int_equal(dev.iommu_group, -1);
	assert_int_equal(dev.numa_node, -1);
	assert_int_equal(dev.boot_vga, -1);
	assert_false(dev.removable);
	assert_int_equal(dev.vf_count, 0);
	assert_true(pcidev_is_bridge(&dev));
}

static void an_unset_override_is_empty_and_a_set_one_is_not(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);
	char text[PCIDEV_DRIVER_SIZE] = "x";

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", NULL, NULL);
	assert_int_equal(pcidev_read_override(&tree->host, &addr, text, NULL), 0);
	assert_string_equal(text, "");
	pcitree_attribute(tree, GPU, "driver_override", "vfio-pci");
	assert_int_equal(pcidev_read_override(&tree->host, &addr, text, NULL), 0);
	assert_string_equal(text, "vfio-pci");
	addr.function = 7;
	assert_int_equal(pcidev_read_override(&tree->host, &addr, text, NULL), 0);
	assert_string_equal(text, "");
}

static void a_scan_is_by_address_and_finds_each(void **state)
{
	static const char *const bdfs[] = { "0000:00:00.0", "0000:02:00.0", "0000:02:00.1",
					    "0000:0a:00.0", "10000:00:01.0" };
	const struct tree *tree = *state;
	struct pciaddr absent = pcitree_addr("0000:03:00.0");
	struct pcidev_list list = { 0 };

	for (size_t i = 5; i-- > 0;)
		pcitree_make(tree, bdfs[i], "0x8086", "0x1234", "0x020000", NULL, NULL);
	assert_int_equal(pcidev_scan(&tree->host, &list), 0);
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < 5; i++) {
		struct pciaddr addr = pcitree_addr(bdfs[i]);

		assert_ptr_equal(pcidev_find(&list, &addr), &list.items[i]);
	}
	assert_null(pcidev_find(&list, &absent));
	pcidev_list_done(&list);
	assert_null(pcidev_find(&list, &absent));
}

static void an_absent_function_and_nonsense_are_errors(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);
	struct pcidev_list list = { 0 };
	struct pcidev dev;

	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), -ENOENT);
	assert_int_equal(pcidev_scan(&tree->host, &list), -ENOENT);
	pcitree_make(tree, GPU, "0x10dez", "0x2684", "0x030000", NULL, NULL);
	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), -EINVAL);
	assert_int_equal(pcidev_scan(&tree->host, &list), -EINVAL);
	assert_null(list.items);
}

/* Its reader sleeps for good here, as one does beside a driver that has the device's lock. */
static void virtual_functions_are_counted_without_the_lock(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);
	struct host running = tree->host;
	char full[PATH_MAX];
	struct pcidev dev;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	assert_int_equal(
		mkfifo(tree_full(tree, "sys/bus/pci/devices/" GPU "/sriov_numvfs", full), 0600), 0);
	pcitree_attribute(tree, GPU, "sriov_totalvfs", "7");
	running.recorded = false;
	alarm(60);
	assert_int_equal(pcidev_read(&running, &addr, &dev), 0);
	assert_int_equal(dev.vf_count, 0);
	pcitree_link(tree, GPU, "virtfn0", "../0000:01:10.0");
	pcitree_link(tree, GPU, "virtfn1", "../0000:01:10.2");
	assert_int_equal(pcidev_read(&running, &addr, &dev), 0);
	assert_int_equal(dev.vf_count, 2);
	alarm(0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(every_attribute_becomes_a_number),
		tree_test(what_a_function_lacks_has_its_documented_value),
		tree_test(an_unset_override_is_empty_and_a_set_one_is_not),
		tree_test(a_scan_is_by_address_and_finds_each),
		tree_test(virtual_functions_are_counted_without_the_lock),
		tree_test(an_absent_function_and_nonsense_are_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
