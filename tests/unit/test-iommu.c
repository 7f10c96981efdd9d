/* SPDX-License-Identifier: GPL-2.0-or-later */
/* iommu: what moves with a device, and who is in the way. */
#include "pcitree.h"

#include "iommu.h"

static struct pcidev make(const char *bdf, unsigned class, unsigned vendor, int group,
			  const char *driver)
{
	struct pcidev dev = { .addr = pcitree_addr(bdf), .class = class, .iommu_group = group };

	dev.ids.vendor = (uint16_t)vendor;
	snprintf(dev.driver, sizeof(dev.driver), "%s", driver);
	return dev;
}

/* A GPU with audio and USB-C; its USB-C sits in a group of its own. */
#define CARD                                                                 \
	make("0000:00:01.0", 0x060400, 0x8086, 14, "pcieport"),              \
		make("0000:01:00.0", 0x030000, 0x10de, 14, "nouveau"),       \
		make("0000:01:00.1", 0x040300, 0x10de, 14, "snd_hda_intel"), \
		make("0000:01:00.2", 0x0c0330, 0x10de, 15, "xhci_hcd")

static struct iommu_set observe(struct pcidev *items, size_t count, const char *bdf,
				bool whole_slot)
{
	struct pcidev_list list = { .items = items, .count = count };
	struct pciaddr addr = pcitree_addr(bdf);
	struct iommu_set set = { 0 };

	assert_int_equal(iommu_observe(&list, &addr, whole_slot, &set), 0);
	return set;
}

#define OBSERVE(items, bdf, whole_slot) \
	observe(items, sizeof(items) / sizeof((items)[0]), bdf, whole_slot)

static void a_card_alone_in_its_groups_is_clean(void **state)
{
	struct pcidev items[] = { CARD };
	struct iommu_set set = OBSERVE(items, "0000:01:00.0", true);

	(void)state;
	assert_int_equal(set.verdict, IOMMU_CLEAN);
	assert_int_equal(set.own_count, 3);
	assert_ptr_equal(set.device, &items[1]);
	assert_int_equal(set.bridge_count, 1);
	assert_int_equal(set.own_other_group_count, 1);
	assert_ptr_equal(set.own_other_groups[0], &items[3]);
	assert_int_equal(set.foreign_count, 0);
	iommu_set_done(&set);
}

static void another_vendor_in_the_slot_stays_with_the_host(void **state)
{
	struct pcidev items[] = { make("0000:04:00.0", 0x030000, 0x1002, 11, ""),
				  make("0000:04:00.1", 0x040300, 0x1002, 12, ""),
				  make("0000:04:00.3", 0x0c0330, 0x1022, 13, "xhci_hcd") };
	struct iommu_set set = OBSERVE(items, "0000:04:00.0", true);

	(void)state;
	assert_int_equal(set.own_count, 2);
	assert_int_equal(set.foreign_count, 0);
	iommu_set_done(&set);
	items[2].iommu_group = 12;
	set = OBSERVE(items, "0000:04:00.0", true);
	assert_int_equal(set.foreign_count, 1);
	assert_int_equal(set.verdict, IOMMU_CLEAN);
	iommu_set_done(&set);
}

static void a_foreign_member_makes_the_group_shared(void **state)
{
	struct pcidev items[] = { CARD, make("0000:03:00.0", 0x020000, 0x8086, 14, "igc") };
	struct iommu_set set = OBSERVE(items, "0000:01:00.0", true);

	(void)state;
	assert_int_equal(set.verdict, IOMMU_SHARED);
	assert_int_equal(set.foreign_count, 1);
	assert_ptr_equal(set.foreign[0], &items[4]);
	iommu_set_done(&set);
}

static void a_bridge_is_foreign_once_its_driver_uses_dma(void **state)
{
	struct pcidev items[] = { CARD };
	struct iommu_set set;

	(void)state;
	snprintf(items[0].driver, sizeof(items[0].driver), "shpchp");
	set = OBSERVE(items, "0000:01:00.0", true);
	assert_int_equal(set.bridge_count, 0);
	assert_int_equal(set.foreign_count, 1);
	iommu_set_done(&set);
	assert_true(iommu_is_group_driver(""));
	assert_true(iommu_is_group_driver("pcieport"));
	assert_true(iommu_is_group_driver("pci-stub"));
	assert_true(iommu_is_group_driver("mlx5_vfio_pci"));
	assert_false(iommu_is_group_driver("ahci"));
}

static void without_a_group_there_is_no_iommu(void **state)
{
	struct pcidev items[] = { make("0000:01:00.0", 0x030000, 0x10de, -1, ""),
				  make("0000:03:00.0", 0x020000, 0x8086, -1, "igc") };
	struct iommu_set set = OBSERVE(items, "0000:01:00.0", true);

	(void)state;
	assert_int_equal(set.verdict, IOMMU_NONE);
	assert_int_equal(set.foreign_count, 0);
	assert_string_equal(iommu_verdict_word(set.verdict), "no-iommu");
	iommu_set_done(&set);
}

static void of_a_pci_device_only_the_function_moves(void **state)
{
	struct pcidev items[] = { CARD };
	struct iommu_set set = OBSERVE(items, "0000:01:00.2", false);

	(void)state;
	assert_int_equal(set.own_count, 1);
	assert_ptr_equal(set.own[0], &items[3]);
	assert_int_equal(set.verdict, IOMMU_CLEAN);
	iommu_set_done(&set);
}

static void an_index_gives_the_same_for_every_device_of_a_large_machine(void **state)
{
	enum { COUNT = 1024 };
	struct pcidev *items = calloc(COUNT, sizeof(*items));
	struct pcidev_list list = { .items = items, .count = COUNT };
	struct iommu_index index;

	(void)state;
	assert_non_null(items);
	for (unsigned i = 0; i < COUNT; i++) {
		items[i].addr = (struct pciaddr){ .bus = (uint8_t)(i / 8), .function = i % 8 };
		items[i].class = i % 8 == 0 ? 0x030000 : i % 8 == 7 ? 0x060400 : 0x040300;
		items[i].ids.vendor = (uint16_t)(i % 8 < 3 ? 0x10de : 0x8086);
		items[i].iommu_group = (int)(i * 7 % 100) - 1; /* -1: none */
	}
	assert_int_equal(iommu_index_make(&list, &index), 0);
	for (unsigned i = 0; i < COUNT; i += 8) {
		struct iommu_set set;
		size_t foreign = 0, bridges = 0;

		assert_int_equal(iommu_observe_indexed(&index, &items[i].addr, true, &set), 0);
		assert_int_equal(set.own_count, 3);
		for (unsigned n = 0; n < COUNT; n++) {
			bool member = false, own = n / 8 == i / 8 && n % 8 < 3;

			for (unsigned k = 0; k < 3; k++)
				member = member ||
					 (items[n].iommu_group >= 0 &&
					  items[n].iommu_group == items[i + k].iommu_group);
			bridges += member && !own && n % 8 == 7;
			foreign += member && !own && n % 8 != 7;
		}
		assert_int_equal(set.foreign_count, foreign);
		assert_int_equal(set.bridge_count, bridges);
		for (size_t n = 1; n < set.foreign_count; n++)
			assert_true(set.foreign[n - 1] <
				    set.foreign[n]); /* by address, each once */
		iommu_set_done(&set);
	}
	iommu_index_done(&index);
	free(items);
}

static void an_absent_device_is_an_error(void **state)
{
	struct pcidev items[] = { CARD };
	struct pcidev_list list = { .items = items, .count = 4 };
	struct pciaddr addr = pcitree_addr("0000:09:00.0");
	struct iommu_set set = { 0 };

	(void)state;
	assert_int_equal(iommu_observe(&list, &addr, true, &set), -ENOENT);
	assert_null(set.own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_alone_in_its_groups_is_clean),
		cmocka_unit_test(another_vendor_in_the_slot_stays_with_the_host),
		cmocka_unit_test(a_foreign_member_makes_the_group_shared),
		cmocka_unit_test(a_bridge_is_foreign_once_its_driver_uses_dma),
		cmocka_unit_test(without_a_group_there_is_no_iommu),
		cmocka_unit_test(of_a_pci_device_only_the_function_moves),
		cmocka_unit_test(an_index_gives_the_same_for_every_device_of_a_large_machine),
		cmocka_unit_test(an_absent_device_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
