/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cardcheck: what stands against one device, each with its way out. */
#include "checktree.h"
#include "pcitree.h"

#include "cardcheck.h"
#include "configspace.h"

#define GPU  "0000:01:00.0"
#define HOST "0000:02:00.0"
#define NIC  "0000:05:00.0"

struct look {
	struct gpu_list gpus;
	struct machine machine;
	struct holder_list holders;
	struct reason_list reasons;
};

static void make_machine(const struct tree *tree)
{
	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "1", "nouveau");
	pcitree_make(tree, "0000:01:00.1", "0x10de", "0x22ba", "0x040300", "1", "snd_hda_intel");
	pcitree_make(tree, HOST, "0x1002", "0x73bf", "0x030000", "2", "amdgpu");
	pcitree_make(tree, NIC, "0x8086", "0x10d3", "0x020000", "3", "e1000e");
}

static void look(const struct tree *tree, const char *bdf, const struct guest *guest,
		 struct look *ret)
{
	struct pciaddr addr = pcitree_addr(bdf);
	struct cardcheck check = { .host = &tree->host,
				   .machine = &ret->machine,
				   .gpus = &ret->gpus,
				   .holders = &ret->holders,
				   .uses = &(struct hostuse_list){ 0 },
				   .guest = guest };
	const struct iommu_set *set;

	*ret = (struct look){ 0 };
	assert_int_equal(gpu_scan(&tree->host, &ret->gpus), 0);
	assert_int_equal(machine_observe(&tree->host, &ret->gpus, &ret->machine), 0);
	set = gpu_find(&ret->gpus, &addr);
	assert_non_null(set);
	assert_int_equal(holder_scan(&tree->host, set->own, set->own_count, &ret->holders), 0);
	cardcheck_run(&check, set, &ret->reasons);
}

static void leave(struct look *look)
{
	reason_list_done(&look->reasons);
	holder_list_done(&look->holders);
	machine_done(&look->machine);
	gpu_list_done(&look->gpus);
}

static void a_second_card_alone_in_its_group_has_nothing_against_it(void **state)
{
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	look(tree, GPU, NULL, &l);
	assert_int_equal(reason_count(&l.reasons, REASON_BLOCKS), 0);
	assert_int_equal(reason_count(&l.reasons, REASON_WARNS), 0);
	leave(&l);
}

static void each_foreign_member_is_named_with_its_driver(void **state)
{
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	pcitree_make(tree, "0000:06:00.0", "0x144d", "0xa80a", "0x010802", "1", "nvme");
	pcitree_make(tree, "0000:07:00.0", "0x8086", "0x1533", "0x020000", "1", NULL);
	look(tree, GPU, NULL, &l);
	checktree_expect(
		&l.reasons, "foreign-member", REASON_BLOCKS,
		"0000:06:00.0 (144d:a80a, driver nvme), 0000:07:00.0 (8086:1533, no driver)",
		"another slot");
	/* This tree has functions in the place of links, so nobody knows the ports. */
	checktree_expect(&l.reasons, "acs", REASON_UNSEEN, "not on record", "vxm check");
	leave(&l);
}

static void what_the_guest_gets_as_well_is_not_foreign(void **state)
{
	struct guest_device nvme = { .device = pcitree_addr("0000:06:00.0") };
	struct guest_device *pci[] = { &nvme };
	struct guest guest = { .pci = pci, .pci_count = 1 };
	struct tree *tree = *state;
	struct look l;

	guest.gpu.device = pcitree_addr(GPU);
	make_machine(tree);
	pcitree_make(tree, "0000:06:00.0", "0x144d", "0xa80a", "0x010802", "1", "nvme");
	look(tree, GPU, &guest, &l);
	assert_null(checktree_find(&l.reasons, "foreign-member"));
	leave(&l);
}

static void a_port_without_acs_is_why(void **state)
{
	unsigned char config[CONFIGSPACE_SIZE];
	struct tree *tree = *state;
	struct look l;

	pcitree_make(tree, HOST, "0x1002", "0x73bf", "0x030000", "2", "amdgpu");
	pcitree_make(tree, "0000:06:00.0", "0x144d", "0xa80a", "0x010802", "1", "nvme");
	/* The card as the kernel shows it: a link to where it hangs. */
	tree_link(tree, "sys/bus/pci/devices/" GPU,
		  "../../../devices/pci0000:00/0000:00:01.0/" GPU);
	for (unsigned i = 0; i < 3; i++) {
		static const char *const lines[][2] = { { "vendor", "0x10de\n" },
							{ "device", "0x2684\n" },
							{ "class", "0x030000\n" } };
		char path[128];

		snprintf(path, sizeof(path), "sys/devices/pci0000:00/0000:00:01.0/" GPU "/%s",
			 lines[i][0]);
		tree_write(tree, path, lines[i][1]);
	}
	tree_link(tree, "sys/devices/pci0000:00/0000:00:01.0/" GPU "/iommu_group",
		  "../../../../kernel/iommu_groups/1");
	pcitree_make(tree, "0000:00:01.0", "0x8086", "0x1901", "0x060400", "1", "pcieport");
	configspace_port(config, CONFIGSPACE_ROOT, -1);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:00:01.0/config", config, sizeof(config));
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "acs", REASON_WARNS,
			 "root port 0000:00:01.0 above it has no ACS", "another port");
	leave(&l);
	configspace_port(config, CONFIGSPACE_ROOT, 0);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:00:01.0/config", config, sizeof(config));
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "acs", REASON_WARNS, "ACS switched off", "firmware's setup");
	leave(&l);
	tree_write_bytes(tree, "sys/bus/pci/devices/0000:00:01.0/config", config, 64);
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "acs", REASON_UNSEEN, "config space is root's",
			 "sudo vxm check");
	leave(&l);
}

static void the_only_gpu_and_the_boot_display_stay(void **state)
{
	struct tree *tree = *state;
	struct look l;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "1", "nouveau");
	pcitree_attribute(tree, GPU, "boot_vga", "1");
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "only-gpu", REASON_BLOCKS, GPU, "second card");
	checktree_expect(&l.reasons, "boot-display", REASON_BLOCKS, GPU, "Allow=boot-display");
	leave(&l);
}

static void the_boot_display_may_go_where_the_guests_file_says_so(void **state)
{
	struct guest guest = { .gpu.allow = GUEST_ALLOW_BOOT_DISPLAY | GUEST_ALLOW_REMOVABLE };
	struct tree *tree = *state;
	struct look l;

	guest.gpu.device = pcitree_addr(GPU);
	make_machine(tree);
	pcitree_attribute(tree, GPU, "boot_vga", "1");
	pcitree_attribute(tree, GPU, "removable", "removable");
	look(tree, GPU, &guest, &l);
	assert_int_equal(reason_count(&l.reasons, REASON_BLOCKS), 0);
	leave(&l);
}

static void kinds_that_cannot_go_are_told(void **state)
{
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	pcitree_attribute(tree, GPU, "removable", "removable");
	pcitree_attribute(tree, GPU, "sriov_numvfs", "3");
	pcitree_make(tree, "0000:0a:00.0", "0x1a03", "0x2000", "0x030000", "9", "ast");
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "removable", REASON_BLOCKS, "Thunderbolt", "Allow=removable");
	checktree_expect(&l.reasons, "virtual-functions", REASON_BLOCKS, "3 virtual functions",
			 "echo 0 | sudo tee /sys/bus/pci/devices/" GPU "/sriov_numvfs");
	leave(&l);
	look(tree, "0000:0a:00.0", NULL, &l);
	checktree_expect(&l.reasons, "management-display", REASON_BLOCKS, "management", "host");
	leave(&l);
}

static void amds_without_a_reset_may_not_start_twice(void **state)
{
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	pcitree_attribute(tree, HOST, "reset_method", "pm");
	look(tree, HOST, NULL, &l);
	checktree_expect(&l.reasons, "reset", REASON_WARNS, "second time", "vendor-reset");
	leave(&l);
	pcitree_attribute(tree, HOST, "reset_method", "device_specific pm");
	look(tree, HOST, NULL, &l);
	assert_null(checktree_find(&l.reasons, "reset"));
	leave(&l);
}

static void a_holder_is_named_with_what_ends_it(void **state)
{
	struct guest guest = { .name = "win11" };
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	tree_write(tree, "sys/bus/pci/devices/" GPU "/drm/card1/uevent", "DEVNAME=dri/card1\n");
	tree_link(tree, "sys/dev/char/226:1", "../../bus/pci/devices/" GPU "/drm/card1");
	tree_write(tree, "proc/812/comm", "Xorg\n");
	tree_write(tree, "proc/812/cgroup", "0::/system.slice/display-manager.service\n");
	tree_link(tree, "proc/812/fd/3", "/dev/dri/card1");
	look(tree, GPU, NULL, &l);
	checktree_expect(&l.reasons, "held", REASON_BLOCKS,
			 GPU " is held by Xorg (pid 812, display-manager.service) through "
			     "/dev/dri/card1",
			 "systemctl stop display-manager.service");
	leave(&l);
	guest.gpu.session = GUEST_SESSION_RELEASE;
	look(tree, GPU, &guest, &l);
	checktree_expect(&l.reasons, "held-asked", REASON_WARNS, "/dev/dri/card1",
			 "a start asks it to let go");
	leave(&l);
}

static void known_quirks_are_told_with_their_source(void **state)
{
	struct tree *tree = *state;
	struct look l;

	make_machine(tree);
	tree_write(tree, "proc/sys/kernel/osrelease", "7.2.2-1-cachyos\n");
	pcitree_attribute(tree, HOST, "device", "0x7550");
	look(tree, HOST, NULL, &l);
	checktree_expect(&l.reasons, "quirk", REASON_WARNS,
			 HOST ": with this kernel the unbind of a Navi 48", "boot another kernel");
	checktree_expect(&l.reasons, "quirk", REASON_WARNS,
			 "(https://github.com/CachyOS/linux-cachyos/issues/1023)", "");
	leave(&l);
	pcitree_attribute(tree, HOST, "vendor", "0x8086");
	pcitree_attribute(tree, HOST, "device", "0x0b25");
	look(tree, HOST, NULL, &l);
	checktree_expect(&l.reasons, "quirk", REASON_BLOCKS, "vfio-pci does not take", "");
	leave(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_second_card_alone_in_its_group_has_nothing_against_it),
		tree_test(each_foreign_member_is_named_with_its_driver),
		tree_test(what_the_guest_gets_as_well_is_not_foreign),
		tree_test(a_port_without_acs_is_why),
		tree_test(the_only_gpu_and_the_boot_display_stay),
		tree_test(the_boot_display_may_go_where_the_guests_file_says_so),
		tree_test(kinds_that_cannot_go_are_told),
		tree_test(amds_without_a_reset_may_not_start_twice),
		tree_test(known_quirks_are_told_with_their_source),
		tree_test(a_holder_is_named_with_what_ends_it),
	};

	return cmocka_run_group_tests_name("cardcheck", tests, NULL, NULL);
}
