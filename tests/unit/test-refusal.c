/* SPDX-License-Identifier: GPL-2.0-or-later */
/* refusal and isolationshow: the first reason, and how it is shown. */
#include "pcibench.h"

#include "isolationshow.h"
#include "refusal.h"

static void assert_refused(struct pcibench *bench, enum refusal_code code, const char *text)
{
	struct refusal refusal = { 0 };

	assert_int_equal(refusal_find(bench->guest, &bench->iso, &refusal), code != REFUSAL_NONE);
	if (refusal.code != code || !strstr(refusal.text, text))
		fail_msg("%s: %s", refusal_word(refusal.code), refusal.text);
}

static void a_card_that_may_go_is_not_refused(void **state)
{
	struct pcibench bench;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	assert_refused(&bench, REFUSAL_NONE, "");
	pcibench_leave(&bench);
}

static void what_is_wrong_first_is_told_first(void **state)
{
	struct isolation_function *gpu;
	struct pcibench bench;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	gpu = &bench.iso.functions[1];
	gpu->dev.boot_vga = 1;
	assert_refused(&bench, REFUSAL_BOOT_DISPLAY,
		       "/etc/vxm/guests/win11.conf:6: Device=" GPU " is the boot display");
	gpu->dev.iommu_group = -1;
	assert_refused(&bench, REFUSAL_NO_IOMMU, GPU " is in no IOMMU group");
	snprintf(gpu->owner, sizeof(gpu->owner), "linux");
	assert_refused(&bench, REFUSAL_CLAIMED, "held for the guest linux");
	gpu->dev.removable = true;
	assert_refused(&bench, REFUSAL_REMOVABLE, GPU " is removable");
	gpu->dev.vf_count = 3;
	assert_refused(&bench, REFUSAL_VIRTUAL_FUNCTIONS, GPU " has 3 virtual functions");
	snprintf(bench.iso.leftover, sizeof(bench.iso.leftover), "0000:09:00.0");
	assert_refused(&bench, REFUSAL_LEFTOVER, "0000:09:00.0 is still held for this guest");
	pcibench_leave(&bench);
}

static void many_foreign_members_are_named_up_to_six(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	pcibench_make(tree);
	for (unsigned i = 0; i < 8; i++) {
		char bdf[24];

		snprintf(bdf, sizeof(bdf), "0000:03:00.%u", i);
		pcitree_make(tree, bdf, "0x8086", "0x15f3", "0x020000", "14", "igc");
	}
	pcibench_look(tree, &bench);
	assert_refused(&bench, REFUSAL_FOREIGN,
		       "0000:03:00.5 (group 14, 8086:15f3, driver igc) and 2 more; a group is");
	pcibench_leave(&bench);
}

static void holders_that_may_not_be_seen_are_no_reason_to_go_on(void **state)
{
	struct pcibench bench;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	bench.iso.holders.unseen = 4;
	assert_refused(&bench, REFUSAL_HELD, "4 processes may not be looked into");
	pcibench_leave(&bench);
}

static void a_gpu_on_vfio_is_none_that_the_host_keeps(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	pcibench_make(tree);
	tree_remove(tree, "sys/bus/pci/devices/" BOOT "/driver");
	pcitree_link(tree, BOOT, "driver", "../../../../bus/pci/drivers/vfio-pci");
	pcibench_look(tree, &bench);
	assert_refused(&bench, REFUSAL_ONLY_GPU, GPU " is the only GPU");
	pcibench_leave(&bench);
}

static void each_code_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = REFUSAL_NONE; i <= REFUSAL_HELD; i++) {
		assert_non_null(refusal_word((enum refusal_code)i));
		for (int n = 0; n < i; n++)
			assert_string_not_equal(refusal_word((enum refusal_code)i),
						refusal_word((enum refusal_code)n));
	}
}

static void show_prints_what_moves_and_why_not(void **state)
{
	struct refusal refusal = { .code = REFUSAL_HELD, .text = "it is \"held\"" };
	struct pcibench bench;
	char *text = NULL;
	size_t size = 0;
	FILE *out;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	out = open_memstream(&text, &size);
	isolationshow_print_json(out, "win11", &bench.iso, &refusal);
	fclose(out);
	assert_non_null(strstr(text, "\"own\": [\"" GPU "\", \"" AUDIO "\"]"));
	assert_non_null(strstr(text, "{\"code\": \"held\", \"text\": \"it is \\\"held\\\"\"}"));
	free(text);
	out = open_memstream(&text, &size);
	isolationshow_print(out, &bench.iso, &refusal);
	fclose(out);
	assert_non_null(strstr(text, GPU));
	assert_non_null(strstr(text, "cannot be handed over: it is \"held\"\n"));
	free(text);
	pcibench_leave(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_card_that_may_go_is_not_refused),
		tree_test(what_is_wrong_first_is_told_first),
		tree_test(many_foreign_members_are_named_up_to_six),
		tree_test(holders_that_may_not_be_seen_are_no_reason_to_go_on),
		tree_test(a_gpu_on_vfio_is_none_that_the_host_keeps),
		cmocka_unit_test(each_code_has_a_word_of_its_own),
		tree_test(show_prints_what_moves_and_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
