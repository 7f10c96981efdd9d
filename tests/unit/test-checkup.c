/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkup and checkupshow: which GPU the verdict is about, and how it is told. */
#include "checktree.h"
#include "pcitree.h"

#include "checkupshow.h"

#define CARD "0000:01:00.0"
#define BOOT "0000:02:00.0"
#define IGPU "0000:00:02.0"

static void make_machine(const struct tree *tree)
{
	pcitree_make(tree, IGPU, "0x8086", "0x4680", "0x030000", "0", "i915");
	pcitree_make(tree, CARD, "0x10de", "0x2684", "0x030000", "1", "nouveau");
	pcitree_make(tree, BOOT, "0x1002", "0x73bf", "0x030000", "2", "amdgpu");
	pcitree_attribute(tree, BOOT, "boot_vga", "1");
}

static char *show(const struct tree *tree, const struct checkup *checkup, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (json)
		checkupshow_print_json(out, checkup);
	else
		assert_int_equal(checkupshow_print(out, &tree->host, checkup, NULL), 0);
	fclose(out);
	return text;
}

static void the_verdict_is_about_the_best_gpu(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	_cleanup_free_ char *text = NULL;
	struct tree *tree = *state;

	make_machine(tree);
	assert_int_equal(checkup_run(&tree->host, NULL, NULL, &checkup), 0);
	assert_int_equal(checkup.count, 3);
	assert_int_equal(checkup.best, 1);
	assert_true(checkup_is_good(&checkup));
	text = show(tree, &checkup, false);
	assert_non_null(strstr(text, "verdict: yes: nothing stands against giving " CARD));
	assert_non_null(strstr(text, "Device=" CARD "\n      Identity=10de:2684\n"));
	assert_null(strstr(text, "boot-display:"));
}

static void of_one_device_the_verdict_is_its_own(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct pciaddr addr = pcitree_addr(BOOT);
	_cleanup_free_ char *text = NULL;
	struct tree *tree = *state;

	make_machine(tree);
	assert_int_equal(checkup_run(&tree->host, &addr, NULL, &checkup), 0);
	assert_int_equal(checkup.count, 1);
	assert_false(checkup_is_good(&checkup));
	text = show(tree, &checkup, false);
	assert_non_null(strstr(text, "verdict: not yet: 1 thing stands against giving " BOOT));
	assert_non_null(strstr(text, "\n  boot-display: " BOOT));
	assert_null(strstr(text, CARD));
	assert_null(strstr(text, "next:"));
}

static void a_device_that_is_no_gpu_is_judged_by_its_group(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct pciaddr addr = pcitree_addr("0000:05:00.0");
	struct tree *tree = *state;

	make_machine(tree);
	pcitree_make(tree, "0000:05:00.0", "0x1912", "0x0014", "0x0c0330", "9", "xhci_hcd");
	assert_int_equal(checkup_run(&tree->host, &addr, NULL, &checkup), 0);
	assert_int_equal(checkup.devices[0].set->own_count, 1);
	assert_true(checkup_is_good(&checkup));
}

static void nothing_at_the_address_is_an_error(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct pciaddr addr = pcitree_addr("0000:77:00.0");
	struct tree *tree = *state;

	make_machine(tree);
	assert_int_equal(checkup_run(&tree->host, &addr, NULL, &checkup), -ENODEV);
}

static void without_a_gpu_the_answer_is_no(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	_cleanup_free_ char *text = NULL, *json = NULL;
	struct tree *tree = *state;

	pcitree_make(tree, "0000:00:1f.2", "0x8086", "0xa102", "0x010601", "7", "ahci");
	assert_int_equal(checkup_run(&tree->host, NULL, NULL, &checkup), 0);
	assert_false(checkup_is_good(&checkup));
	text = show(tree, &checkup, false);
	json = show(tree, &checkup, true);
	assert_non_null(strstr(text, "verdict: no: this machine has no GPU\n"));
	assert_string_equal(json, "[]\n");
}

static void json_adds_reasons_to_what_list_gpus_says(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	_cleanup_free_ char *text = NULL;
	struct tree *tree = *state;

	pcitree_make(tree, CARD, "0x10de", "0x2684", "0x030000", NULL, NULL);
	assert_int_equal(checkup_run(&tree->host, NULL, NULL, &checkup), 0);
	text = show(tree, &checkup, true);
	assert_non_null(strstr(text, "\"verdict\": \"no-iommu\", \"own\": []"));
	assert_non_null(strstr(text, "\"reasons\": [\n    {\"code\": \"no-iommu\", \"level\": "
				     "\"blocks\", \"text\": \"" CARD));
	assert_non_null(strstr(text, "{\"code\": \"only-gpu\", \"level\": \"blocks\""));
	assert_non_null(strstr(text, "{\"code\": \"programs\", \"level\": \"unseen\""));
}

static void of_a_guest_all_its_devices_count(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct guest_error error = { .text = "" };
	_cleanup_free_ char *text = NULL;
	struct tree *tree = *state;
	struct guest *guest;

	make_machine(tree);
	pcitree_make(tree, "0000:05:00.0", "0x1912", "0x0014", "0x0c0330", "9", "xhci_hcd");
	pcitree_make(tree, "0000:06:00.0", "0x144d", "0xa80a", "0x010802", "9", "nvme");
	tree_write(tree, "etc/vxm/guests/win11.conf",
		   "[Guest]\nMemory=1G\nHugepages=no\n[Disk]\nPath=/d\n[GPU]\nDevice=" CARD
		   "\nIdentity=10de:2684\n[PCI]\nDevice=0000:05:00.0\nIdentity=1912:0014\n");
	assert_int_equal(guest_load(&tree->host, "win11", &guest, &error), 0);
	assert_int_equal(checkup_run(&tree->host, NULL, guest, &checkup), 0);
	assert_int_equal(checkup.count, 2);
	assert_false(checkup_is_good(&checkup));
	text = show(tree, &checkup, false);
	assert_non_null(strstr(text, "against the guest win11"));
	assert_non_null(strstr(text, "foreign-member: 0000:05:00.0 shares IOMMU group 9"));
	/* vxm-isolate would refuse for the same reason, and it is said once. */
	assert_null(strstr(strstr(text, "foreign-member:") + 1, "foreign-member:"));
}

#define GUEST                                                                    \
	"[Guest]\nMemory=1G\nHugepages=no\n[Disk]\nPath=/d\n[GPU]\nDevice=" CARD \
	"\nIdentity=10de:2684\n"

static void of_a_guest_whose_card_is_gone_the_reasons_are_printed(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct guest_error error = { .text = "" };
	_cleanup_free_ char *text = NULL;
	struct tree *tree = *state;
	struct guest *guest;

	pcitree_make(tree, BOOT, "0x1002", "0x73bf", "0x030000", "2", "amdgpu");
	tree_write(tree, "etc/vxm/guests/win11.conf", GUEST);
	assert_int_equal(guest_load(&tree->host, "win11", &guest, &error), 0);
	assert_int_equal(checkup_run(&tree->host, NULL, guest, &checkup), 0);
	assert_false(checkup_is_good(&checkup));
	text = show(tree, &checkup, true);
	assert_non_null(strstr(text, "[\n  {\"bdf\": \"" CARD "\", \"id\": null"));
	assert_non_null(strstr(text, "{\"code\": \"absent\", \"level\": \"blocks\""));
}

/* The guest win11 has the card, and its QEMU the group's node. */
static void make_running(const struct tree *tree)
{
	pcitree_make(tree, BOOT, "0x1002", "0x73bf", "0x030000", "2", "amdgpu");
	pcitree_make(tree, CARD, "0x10de", "0x2684", "0x030000", "1", "vfio-pci");
	tree_write(tree, "etc/vxm/guests/win11.conf", GUEST);
	tree_write(tree, "run/vxm/win11/isolate", CARD " home nouveau\n");
	tree_write(tree, "sys/class/vfio/1/dev", "244:1\n");
	tree_write(tree, "proc/900/comm", "qemu\n");
	tree_write(tree, "proc/900/cgroup", "0::/vxm.slice/vxm-guest@win11.service\n");
	tree_link(tree, "proc/900/fd/9", "/dev/vfio/1");
}

static void a_card_that_a_guest_has_now_is_told_with_its_name(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct pciaddr addr = pcitree_addr(CARD);
	struct tree *tree = *state;

	make_running(tree);
	assert_int_equal(checkup_run(&tree->host, &addr, NULL, &checkup), 0);
	checktree_expect(&checkup.devices[0].reasons, "claimed", REASON_WARNS, "the guest win11",
			 "systemctl stop vxm-guest@win11.service");
	checktree_expect(&checkup.devices[0].reasons, "held", REASON_BLOCKS, "qemu (pid 900",
			 "shut that virtual machine down");
}

static void a_running_guest_does_not_stand_in_its_own_way(void **state)
{
	_cleanup_checkup_ struct checkup checkup = { 0 };
	struct guest_error error = { .text = "" };
	struct tree *tree = *state;
	struct guest *guest;

	make_running(tree);
	assert_int_equal(guest_load(&tree->host, "win11", &guest, &error), 0);
	assert_int_equal(checkup_run(&tree->host, NULL, guest, &checkup), 0);
	assert_null(checktree_find(&checkup.devices[0].reasons, "held"));
	assert_null(checktree_find(&checkup.devices[0].reasons, "claimed"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_verdict_is_about_the_best_gpu),
		tree_test(of_one_device_the_verdict_is_its_own),
		tree_test(a_device_that_is_no_gpu_is_judged_by_its_group),
		tree_test(nothing_at_the_address_is_an_error),
		tree_test(without_a_gpu_the_answer_is_no),
		tree_test(json_adds_reasons_to_what_list_gpus_says),
		tree_test(of_a_guest_all_its_devices_count),
		tree_test(of_a_guest_whose_card_is_gone_the_reasons_are_printed),
		tree_test(a_card_that_a_guest_has_now_is_told_with_its_name),
		tree_test(a_running_guest_does_not_stand_in_its_own_way),
	};

	return cmocka_run_group_tests_name("checkup", tests, NULL, NULL);
}
