/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prepareplan: rules are made for what was meant, and for nothing when there is doubt. */
#include "tree.h"

#include "prepareplan.h"

#define TARGET "etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target"

static void function(const struct tree *tree, const char *address, const char *ids,
		     const char *driver)
{
	static const char *const names[] = { "vendor", "device", "subsystem_vendor",
					     "subsystem_device" };
	char path[256], text[16];
	struct pciids parsed;
	uint16_t values[4];

	assert_int_equal(pciids_parse(ids, &parsed), 0);
	values[0] = parsed.vendor;
	values[1] = parsed.device;
	values[2] = parsed.subvendor;
	values[3] = parsed.subdevice;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", address, names[i]);
		snprintf(text, sizeof(text), "0x%04x\n", values[i]);
		tree_write(tree, path, text);
	}
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/class", address);
	tree_write(tree, path, "0x030000\n");
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver_override", address);
	tree_write(tree, path, "(null)\n");
	if (!driver)
		return;
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/driver", address);
	snprintf(text, sizeof(text), "../x/%s", driver);
	tree_link(tree, path, text);
}

static struct guest guest_with(const char *identity)
{
	struct guest guest = { .name = "demo" };

	assert_int_equal(pciaddr_parse("0000:01:00.0", &guest.gpu.device), 0);
	assert_int_equal(pciids_parse(identity, &guest.gpu.identity), 0);
	guest.gpu.has_device = guest.gpu.has_identity = true;
	return guest;
}

/* In a machine that has booted. */
static void card(const struct tree *tree)
{
	tree_mkdir(tree, "run/vxm/.lock");
	function(tree, "0000:01:00.0", "10de:2684:1043:88e2", "nouveau");
	function(tree, "0000:01:00.1", "10de:22ba:1043:88e2", NULL);
	function(tree, "0000:01:00.2", "1022:1111:1043:88e2", "xhci_hcd");
	function(tree, "0000:00:02.0", "8086:a780:1043:8882", "i915");
}

static void without_a_record_the_configured_card_counts(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	card(tree);
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_string_equal(warning, "");
	/* The card's functions, and not another vendor's in its slot. */
	assert_int_equal(plan.count, 2);
	assert_string_equal(plan.items[0].driver, "nouveau");
	assert_int_equal(plan.items[1].ids.device, 0x22ba);
	assert_int_equal(plan.items[1].ids.subdevice, 0x88e2);
	prepared_done(&plan);
}

static void a_twin_leaves_doubt_unless_the_subsystem_is_named(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	card(tree);
	function(tree, "0000:05:00.0", "10de:2684:1458:40bf", NULL);
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 0);
	assert_non_null(strstr(warning, "0000:01:00.0 and 0000:05:00.0 are both 10de:2684"));
	guest = guest_with("10de:2684:1043:88e2");
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 2);
	assert_string_equal(warning, "");
	prepared_done(&plan);
}

static void what_moved_is_not_taken_and_its_place_is_told(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	function(tree, "0000:01:00.0", "8086:10d3:0000:0000", "e1000e");
	function(tree, "0000:02:00.0", "10de:2684:1043:88e2", "nouveau");
	for (int recorded = 0; recorded < 2; recorded++) {
		if (recorded)
			tree_write(tree, PREPARED_DIRECTORY "/demo",
				   "0000:01:00.0 10de:2684:1043:88e2 nouveau\n");
		assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
		assert_int_equal(plan.count, 0);
		assert_non_null(strstr(warning, "0000:01:00.0 is 8086:10d3:0000:0000, and "));
		assert_non_null(strstr(warning, "was meant, which is now at 0000:02:00.0."));
	}
	tree_remove(tree, PREPARED_DIRECTORY "/demo");
	guest = guest_with("10de:9999");
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_non_null(strstr(warning, "and 10de:9999 was meant. Nothing"));
}

static void the_record_counts_until_enabled_or_configured_anew(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE], full[PATH_MAX];
	struct prepared plan;

	card(tree);
	tree_link(tree, TARGET, "x");
	tree_write(tree, PREPARED_DIRECTORY "/demo", "0000:01:00.0 10de:2684:1043:88e2 nvidia\n");
	assert_int_equal(prepared_is_renewed(&tree->host, "demo"), 0);
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 1);
	assert_string_equal(plan.items[0].driver, "nvidia");
	prepared_done(&plan);
	tree_full(tree, PREPARED_DIRECTORY "/demo", full);
	assert_int_equal(utimensat(AT_FDCWD, full, (const struct timespec[2]){ 0 }, 0), 0);
	assert_int_equal(prepared_is_renewed(&tree->host, "demo"), 1);
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 2);
	prepared_done(&plan);
	tree_write(tree, PREPARED_DIRECTORY "/demo", "0000:09:00.0 10de:2684:1043:88e2 nvidia\n");
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 2);
	prepared_done(&plan);
	tree_write(tree, PREPARED_DIRECTORY "/demo", "cut");
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 0);
	assert_non_null(strstr(warning, "it is not of its form"));
}

static void without_pci_there_is_nothing_to_take(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 0);
	assert_non_null(strstr(warning, "0000:01:00.0 is absent"));
}

static void it_is_possible_while_the_devices_are_there(void **state)
{
	const struct tree *tree = *state;

	/* What is wrong with its files is told by whoever reads them next. */
	assert_true(prepareplan_is_possible(&tree->host, "demo"));
	tree_write(tree, "etc/vxm/guests/demo.conf",
		   "[Guest]\nMemory=1G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n");
	assert_false(prepareplan_is_possible(&tree->host, "demo"));
	card(tree);
	assert_true(prepareplan_is_possible(&tree->host, "demo"));
}

static void a_card_that_is_not_there_is_planned_for_and_gets_no_pages(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	function(tree, "0000:00:02.0", "8086:a780:1043:8882", "i915");
	tree_write(tree, PREPARED_DIRECTORY "/demo",
		   "0000:01:00.0 10de:2684:1043:88e2 nouveau\n"
		   "0000:01:00.1 10de:22ba:1043:88e2 -\n");
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 2);
	assert_string_equal(warning, "0000:01:00.0, 10de:2684:1043:88e2, is not in the machine. It "
				     "is taken when it appears");
	prepared_done(&plan);
	tree_write(tree, "etc/vxm/guests/demo.conf",
		   "[Guest]\nMemory=1G\n[GPU]\nDevice=0000:01:00.0\nIdentity=10de:2684\n");
	assert_false(prepareplan_is_possible(&tree->host, "demo"));
	/* A part of it elsewhere: that is a shift. */
	function(tree, "0000:05:00.1", "10de:22ba:1043:88e2", NULL);
	assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 0);
	/* An initramfs meets the machine of its own boot. */
	assert_int_equal(prepareplan_make_initramfs(&tree->host, &guest, &plan, warning), 0);
	assert_int_equal(plan.count, 2);
	assert_string_equal(warning, "");
	prepared_done(&plan);
}

static void a_driver_from_the_initramfs_is_told_at_boot_only(void **state)
{
	const struct tree *tree = *state;
	struct guest guest = guest_with("10de:2684");
	char warning[PREPAREPLAN_WARNING_SIZE];
	struct prepared plan;

	function(tree, "0000:01:00.0", "10de:2684:1043:88e2", "nouveau");
	for (int running = 0; running < 2; running++) {
		if (running)
			tree_mkdir(tree, "run/vxm/.lock");
		tree_write(tree, PREPARED_DIRECTORY "/demo",
			   "0000:01:00.0 10de:2684:1043:88e2 nouveau\n");
		assert_int_equal(prepareplan_make(&tree->host, &guest, &plan, warning), 0);
		assert_int_equal(plan.count, 1);
		prepared_done(&plan);
		assert_int_equal(!strstr(warning, "0000:01:00.0 has its driver nouveau already"),
				 running);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_card_that_is_not_there_is_planned_for_and_gets_no_pages),
		tree_test(a_driver_from_the_initramfs_is_told_at_boot_only),
		tree_test(without_a_record_the_configured_card_counts),
		tree_test(a_twin_leaves_doubt_unless_the_subsystem_is_named),
		tree_test(what_moved_is_not_taken_and_its_place_is_told),
		tree_test(the_record_counts_until_enabled_or_configured_anew),
		tree_test(without_pci_there_is_nothing_to_take),
		tree_test(it_is_possible_while_the_devices_are_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
