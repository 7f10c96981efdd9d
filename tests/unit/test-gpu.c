/* SPDX-License-Identifier: GPL-2.0-or-later */
/* gpu: which functions are GPUs, and of which kind. */
#include "pcitree.h"

#include "gpu.h"

static void a_slot_with_two_heads_is_one_gpu(void **state)
{
	struct tree *tree = *state;
	struct pciaddr head = pcitree_addr("0000:01:00.1");
	struct gpu_list gpus;

	pcitree_make(tree, "0000:01:00.0", "0x1002", "0x9588", "0x030000", "1", NULL);
	pcitree_make(tree, "0000:01:00.1", "0x1002", "0x95a0", "0x038000", "1", NULL);
	pcitree_make(tree, "0000:02:00.0", "0x10de", "0x1eb8", "0x030200", "2", NULL);
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	assert_int_equal(gpus.count, 2);
	assert_int_equal(gpus.items[0].own_count, 2);
	assert_int_equal(gpus.items[1].device->addr.bus, 2);
	assert_ptr_equal(gpu_find(&gpus, &head), &gpus.items[0]);
	gpu_list_done(&gpus);
}

static void a_machine_without_gpu_has_none_and_one_without_pci_is_an_error(void **state)
{
	struct tree *tree = *state;
	struct gpu_list gpus;

	assert_int_equal(gpu_scan(&tree->host, &gpus), -ENOENT);
	tree_mkdir(tree, "sys/bus/pci/devices");
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	assert_int_equal(gpus.count, 0);
	gpu_list_done(&gpus);
	pcitree_make(tree, "0000:00:1f.2", "0x8086", "0xa102", "0x010601", "7", "ahci");
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	assert_int_equal(gpus.count, 0);
	gpu_list_done(&gpus);
}

static void a_management_display_is_told_from_a_card_of_its_maker(void **state)
{
	struct pcidev aspeed = { .ids = { .vendor = 0x1a03, .device = 0x2000 } };
	struct pcidev server = { .ids = { .vendor = 0x102b, .device = 0x0534 } };
	struct pcidev card = { .ids = { .vendor = 0x102b, .device = 0x0521 } };

	(void)state;
	assert_true(gpu_is_management(&aspeed));
	assert_true(gpu_is_management(&server));
	assert_false(gpu_is_management(&card));
}

static void an_apu_shares_its_slot_with_the_processor(void **state)
{
	struct tree *tree = *state;
	struct gpu_list gpus;

	pcitree_make(tree, "0000:00:02.0", "0x8086", "0x4680", "0x030000", "0", "i915");
	pcitree_make(tree, "0000:03:00.0", "0x1002", "0x73bf", "0x030000", "1", "amdgpu");
	pcitree_make(tree, "0000:c1:00.0", "0x1002", "0x15bf", "0x030000", "2", "amdgpu");
	pcitree_make(tree, "0000:c1:00.2", "0x1022", "0x15c7", "0x108000", "3", NULL);
	assert_int_equal(gpu_scan(&tree->host, &gpus), 0);
	assert_int_equal(gpus.count, 3);
	assert_true(gpu_is_integrated(&gpus, gpus.items[0].device));
	assert_false(gpu_is_integrated(&gpus, gpus.items[1].device));
	assert_true(gpu_is_integrated(&gpus, gpus.items[2].device));
	gpu_list_done(&gpus);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_slot_with_two_heads_is_one_gpu),
		tree_test(a_machine_without_gpu_has_none_and_one_without_pci_is_an_error),
		cmocka_unit_test(a_management_display_is_told_from_a_card_of_its_maker),
		tree_test(an_apu_shares_its_slot_with_the_processor),
	};

	return cmocka_run_group_tests_name("gpu", tests, NULL, NULL);
}
