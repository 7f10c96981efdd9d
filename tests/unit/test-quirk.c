/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quirk: the table is sound, and each row holds for what it is about and for nothing else. */
#include "pcitree.h"

#include <ctype.h>

#include "quirk.h"

#define GPU "0000:01:00.0"

static void assert_version(const char *text)
{
	unsigned numbers[4];

	if (text && quirk_parse_version(text, numbers) < 0)
		fail_msg("no version: %s", text);
}

static void assert_order(const char *from, const char *before)
{
	struct quirk quirk = { .kernel_from = from, .kernel_before = before };
	struct quirk_subject subject = { 0 };

	assert_version(from);
	assert_version(before);
	if (!from || !before)
		return;
	snprintf(subject.kernel, sizeof(subject.kernel), "%s", from);
	assert_true(quirk_is_about(&quirk, &subject));
}

static void each_row_has_a_source_and_says_what_to_do(void **state)
{
	size_t count, of_kind[3] = { 0 };
	const struct quirk *table = quirk_table(&count);

	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct quirk *row = &table[i];

		assert_true(row->text && row->fix && row->source);
		assert_int_equal(strncmp(row->source, "https://", 8), 0);
		assert_null(strchr(row->source, ' '));
		assert_true(islower((unsigned char)row->text[0]) ||
			    isupper((unsigned char)row->text[0]));
		assert_int_not_equal(row->text[strlen(row->text) - 1], '.');
		assert_int_not_equal(row->fix[strlen(row->fix) - 1], '.');
		/* Of some vendor's devices, or of some kernels: never of everything. */
		assert_true(row->vendor || row->kernel_from || row->kernel_before);
		assert_true(row->device_first <= row->device_last);
		assert_true(row->driver || (!row->driver_from && !row->driver_before));
		assert_order(row->kernel_from, row->kernel_before);
		assert_order(row->driver_from, row->driver_before);
		of_kind[row->action]++;
	}
	for (size_t i = 0; i < 3; i++)
		assert_true(of_kind[i] > 0);
}

static void a_version_is_its_first_numbers(void **state)
{
	static const struct {
		const char *text;
		unsigned numbers[4];
	} good[] = {
		{ "6.12.23-1-lts", { 6, 12, 23, 0 } }, { "7.2", { 7, 2, 0, 0 } },
		{ "595.58.03", { 595, 58, 3, 0 } },    { "6.14.1.zen1-1", { 6, 14, 1, 0 } },
		{ "6.1.0-44-amd64", { 6, 1, 0, 0 } },  { "1.2.3.4.5", { 1, 2, 3, 4 } },
		{ "7.0-rc1", { 7, 0, 0, 0 } },
	};
	unsigned numbers[4] = { 9, 9, 9, 9 };

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(quirk_parse_version(good[i].text, numbers), 0);
		assert_memory_equal(numbers, good[i].numbers, sizeof(numbers));
	}
	assert_int_equal(quirk_parse_version("", numbers), -EINVAL);
	assert_int_equal(quirk_parse_version("v6.1", numbers), -EINVAL);
	assert_int_equal(quirk_parse_version("99999999999.1", numbers), -ERANGE);
	assert_int_equal(quirk_parse_version("6.99999999999999999", numbers), -ERANGE);
}

static void a_range_begins_with_its_first_and_ends_before_its_last(void **state)
{
	static const struct {
		const char *kernel;
		bool is;
	} cases[] = {
		{ "6.12.22-1-lts", false }, { "6.12.23-1-lts", true }, { "6.12.23", true },
		{ "6.12.24", false },	    { "6.2", false },	       { "", false },
	};
	struct quirk quirk = { .kernel_from = "6.12.23", .kernel_before = "6.12.24" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct quirk_subject subject = { 0 };

		snprintf(subject.kernel, sizeof(subject.kernel), "%s", cases[i].kernel);
		if (quirk_is_about(&quirk, &subject) != cases[i].is)
			fail_msg("%s", cases[i].kernel);
	}
}

static void each_condition_of_a_row_has_to_hold(void **state)
{
	const struct quirk quirk = { .vendor = 0x1002,
				     .device_first = 0x67c0,
				     .device_last = 0x67df,
				     .class = 0x03ff,
				     .driver = "amdgpu",
				     .boot_display = true,
				     .bar_over_mib = 256,
				     .unless_reset = "device_specific",
				     .unless_parameter = "disable_idle_d3" };
	const struct quirk_subject good = { .ids = { .vendor = 0x1002, .device = 0x67df },
					    .class = 0x030200,
					    .boot_display = true,
					    .driver = "amdgpu",
					    .reset_method = "device_specific_not bus",
					    .parameters = " disable_vga  nointxmask ",
					    .bar_mib = 512 };
	struct quirk_subject other[9];

	(void)state;
	assert_true(quirk_is_about(&quirk, &good));
	for (size_t i = 0; i < 9; i++)
		other[i] = good;
	other[0].ids.vendor = 0x10de;
	other[1].ids.device = 0x67e0;
	other[2].ids.device = 0x67bf;
	other[3].class = 0x040300;
	other[4].boot_display = false;
	snprintf(other[5].driver, sizeof(other[5].driver), "radeon");
	snprintf(other[6].reset_method, sizeof(other[6].reset_method), "device_specific bus");
	snprintf(other[7].parameters, sizeof(other[7].parameters), " disable_idle_d3 ");
	other[8].bar_mib = 256;
	for (size_t i = 0; i < 9; i++)
		if (quirk_is_about(&quirk, &other[i]))
			fail_msg("case %zu", i);
}

static void what_the_rows_ask_is_read_from_the_machine(void **state)
{
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);
	struct quirk_subject subject;
	struct pcidev dev;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "1", "nvidia-x");
	pcitree_attribute(tree, GPU, "boot_vga", "1");
	pcitree_attribute(tree, GPU, "reset_method", "flr bus");
	tree_write(tree, "sys/bus/pci/devices/" GPU "/resource",
		   "0x00000000fb000000 0x00000000fbffffff 0x0000000000040200\n"
		   "0x0000000000000000 0x0000000000000000 0x0000000000000000\n"
		   "0x0000007c00000000 0x0000007fffffffff 0x000000000014220c\n"
		   "0x0 0x0 0x0\n0x0 0x0 0x0\n0x0 0x0 0x0\n"
		   "0x0000000000000000 0x000000ffffffffff 0x0000000000000000\n");
	tree_write(tree, "sys/module/nvidia_x/version", "595.58.03\n");
	tree_write(tree, "sys/module/vfio_pci/parameters/disable_idle_d3", "Y\n");
	tree_write(tree, "sys/module/vfio_pci/parameters/ids", "Y10de\n");
	tree_write(tree, "proc/sys/kernel/osrelease", "6.12.23-1-lts\n");
	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
	quirk_observe(&tree->host, &dev, dev.driver, &subject);
	assert_string_equal(subject.driver_version, "595.58.03");
	assert_string_equal(subject.kernel, "6.12.23-1-lts");
	assert_string_equal(subject.reset_method, "flr bus");
	assert_string_equal(subject.parameters, " disable_idle_d3 ");
	assert_int_equal(subject.bar_mib, 16384);
	assert_true(subject.boot_display);
}

static void what_is_not_known_matches_nothing_that_needs_it(void **state)
{
	const struct tree *tree = *state;
	const struct quirk *quirks[QUIRK_LIMIT];
	struct pciaddr addr = pcitree_addr(GPU);
	struct pcidev dev;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "1", "nvidia");
	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
	assert_int_equal(quirk_find(&tree->host, &dev, dev.driver, quirks), 0);
	tree_write(tree, "proc/sys/kernel/osrelease", "6.14.2.zen1-1\n");
	assert_int_equal(quirk_find(&tree->host, &dev, dev.driver, quirks), 1);
	assert_non_null(strstr(quirks[0]->source, "zen-kernel/issues/380"));
}

/* The cards that are named with their trouble, on the kernels they were seen with. */
static void the_named_cards_are_found(void **state)
{
	static const struct {
		const char *vendor, *device, *kernel, *source;
		enum quirk_action action;
	} cards[] = {
		{ "0x1002", "0x7550", "7.2.2-1-cachyos", "linux-cachyos/issues/1023", QUIRK_KEEPS },
		{ "0x1002", "0x67df", "6.12.1", "vendor-reset/issues/46", QUIRK_WARNS },
		{ "0x1002", "0x731f", "6.12.1", "vendor-reset/issues/46", QUIRK_WARNS },
		{ "0x1002", "0x7590", "6.12.1", "Linux/issues/4", QUIRK_WARNS },
		{ "0x8086", "0x37c8", "6.12.1", "vfio_pci.c", QUIRK_REFUSES },
	};
	const struct tree *tree = *state;
	struct pciaddr addr = pcitree_addr(GPU);

	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		const struct quirk *quirks[QUIRK_LIMIT];
		struct pcidev dev;

		pcitree_attribute(tree, GPU, "vendor", cards[i].vendor);
		pcitree_attribute(tree, GPU, "device", cards[i].device);
		pcitree_attribute(tree, GPU, "class", "0x030000");
		tree_write(tree, "proc/sys/kernel/osrelease", cards[i].kernel);
		assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
		assert_true(quirk_find(&tree->host, &dev, "", quirks) > 0);
		assert_int_equal(quirks[0]->action, cards[i].action);
		assert_non_null(strstr(quirks[0]->source, cards[i].source));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_has_a_source_and_says_what_to_do),
		cmocka_unit_test(a_version_is_its_first_numbers),
		cmocka_unit_test(a_range_begins_with_its_first_and_ends_before_its_last),
		cmocka_unit_test(each_condition_of_a_row_has_to_hold),
		tree_test(what_the_rows_ask_is_read_from_the_machine),
		tree_test(what_is_not_known_matches_nothing_that_needs_it),
		tree_test(the_named_cards_are_found),
	};

	return cmocka_run_group_tests_name("quirk", tests, NULL, NULL);
}
