/* SPDX-License-Identifier: GPL-2.0-or-later */
/* isolationshow: what would move, where it goes back to, and what is in the way. */
#include "pcibench.h"

#include "isolationshow.h"

static const struct refusal none = { .code = REFUSAL_NONE };

static char *show(const struct pcibench *bench, const struct refusal *refusal, bool json)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	assert_non_null(out);
	if (json)
		isolationshow_print_json(out, "win11", &bench->iso, refusal);
	else
		isolationshow_print(out, &bench->iso, refusal);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void has(char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
	free(text);
}

static void people_see_the_card_its_groups_and_the_verdict(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;
	char *text;

	pcibench_make(tree);
	pcitree_make(tree, "0000:00:01.0", "0x8086", "0x460d", "0x060400", "14", "pcieport");
	pcitree_make(tree, "0000:01:00.4", "0x8086", "0x15f3", "0x020000", "14", "igc");
	pcibench_look(tree, &bench);
	text = show(&bench, &none, false);
	/* The GPU first, though it is the last one to be taken. */
	assert_true(strstr(text, GPU) < strstr(text, AUDIO));
	has(text, "moves\n"
		  "  0000:01:00.0  10de:2684  class 0300  group 14   nouveau\n"
		  "  0000:01:00.1  10de:22ba  class 0403  group 14   snd_hda_intel\n"
		  "bridges in the same groups, left where they are\n"
		  "  0000:00:01.0  8086:460d  class 0604  group 14   pcieport\n"
		  "others in the same groups, in the way\n"
		  "  0000:01:00.4  8086:15f3  class 0200  group 14   igc\n"
		  "can be handed over\n");
	pcibench_leave(&bench);
}

static void where_each_goes_back_to_is_told(void **state)
{
	struct isolation_function *gpu, *audio;
	struct pcibench bench;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	gpu = &bench.iso.functions[1];
	audio = &bench.iso.functions[0];
	gpu->recorded = true;
	audio->recorded = true;
	snprintf(gpu->home, sizeof(gpu->home), "nouveau");
	snprintf(audio->home, sizeof(audio->home), "%s", ISOLATION_ANY);
	has(show(&bench, &none, false), "nouveau, isolated; goes back to nouveau\n");
	has(show(&bench, &none, false), ", isolated; goes back to the driver of its kind\n");
	has(show(&bench, &none, true), "\"home\": \"nouveau\", \"isolated\": true}");
	audio->home[0] = '\0';
	has(show(&bench, &none, false), ", isolated; goes back to no driver\n");
	has(show(&bench, &none, true), "\"home\": null, \"isolated\": true}");
	pcibench_leave(&bench);
}

static void a_machine_without_iommu_or_driver_is_shown_as_it_is(void **state)
{
	struct pcibench bench;

	pcibench_make(*state);
	pcibench_look(*state, &bench);
	bench.iso.functions[1].dev.iommu_group = -1;
	bench.iso.functions[1].dev.driver[0] = '\0';
	has(show(&bench, &none, false), "10de:2684  class 0300  no group   no driver\n");
	has(show(&bench, &none, true),
	    "\"driver\": null, \"group\": null, \"home\": \"nouveau\", \"isolated\": false}");
	pcibench_leave(&bench);
}

/* Whatever a process calls itself. */
static void a_holder_in_json_has_its_process_unit_and_node(void **state)
{
	struct refusal refusal = { .code = REFUSAL_HELD, .text = "it is \"held\"" };
	struct holder holder = { .pid = 812, .comm = "X\"org", .addr = pcitree_addr(GPU) };
	struct pcibench bench;

	snprintf(holder.path, sizeof(holder.path), "/dev/dri/card1");
	pcibench_make(*state);
	pcibench_look(*state, &bench);
	holder_list_done(&bench.iso.holders);
	bench.iso.holders = (struct holder_list){ .items = &holder, .count = 1 };
	has(show(&bench, &refusal, true),
	    "\"holders\": [\n  {\"pid\": 812, \"command\": \"X\\\"org\", \"unit\": null, "
	    "\"node\": \"/dev/dri/card1\", \"mapped\": false, \"bdf\": \"0000:01:00.0\"}],\n"
	    " \"uses\": [],\n \"refusal\": {\"code\": \"held\", \"text\": \"it is "
	    "\\\"held\\\"\"}}\n");
	snprintf(holder.unit, sizeof(holder.unit), "display-manager.service");
	has(show(&bench, &refusal, true), "\"unit\": \"display-manager.service\"");
	bench.iso.holders = (struct holder_list){ 0 };
	pcibench_leave(&bench);
}

static void a_device_that_is_not_there_is_no_object_in_json(void **state)
{
	const struct tree *tree = *state;
	struct pcibench bench;

	pcitree_make(tree, BOOT, "0x1002", "0x73bf", "0x030000", "16", "amdgpu");
	tree_write(tree, "etc/vxm/guests/win11.conf",
		   "[Guest]\nMemory=1G\n[Disk]\nPath=/d\n[GPU]\nDevice=" GPU
		   "\nIdentity=10de:2684\n");
	pcibench_look(tree, &bench);
	has(show(&bench, &none, true),
	    "{\"guest\": \"win11\", \"devices\": [],\n \"functions\": "
	    "[],\n \"holders\": [],\n \"uses\": [],\n \"refusal\": null}\n");
	pcibench_leave(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(people_see_the_card_its_groups_and_the_verdict),
		tree_test(where_each_goes_back_to_is_told),
		tree_test(a_machine_without_iommu_or_driver_is_shown_as_it_is),
		tree_test(a_holder_in_json_has_its_process_unit_and_node),
		tree_test(a_device_that_is_not_there_is_no_object_in_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
