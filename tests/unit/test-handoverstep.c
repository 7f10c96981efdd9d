/* SPDX-License-Identifier: GPL-2.0-or-later */
/* handoverstep: a write that had no effect is seen, and what each is called. The steps that move
 * drivers are in test-handover.c. */
#include "pcitree.h"

#include "handover.h"

#define GPU "0000:01:00.0"

#define RESOURCE "0x0000006000000000 0x000000600fffffff 0x000000000014220c\n"

static void an_attribute_is_read_again(void **state)
{
	struct handover_step step = { .op = HANDOVER_D3COLD, .addr = pcitree_addr(GPU) };
	const struct tree *tree = *state;
	struct handover_failure failure;
	char *is = NULL;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	snprintf(step.text, sizeof(step.text), "0");
	assert_int_equal(handoverstep_apply(&tree->host, &step, -1, &failure), 0);
	assert_int_equal(host_read_file(&tree->host, "sys/bus/pci/devices/" GPU "/d3cold_allowed",
					16, &is, NULL),
			 0);
	assert_int_equal(is[0], '0');
	free(is);
	step.op = HANDOVER_RESET_METHOD;
	assert_int_equal(handoverstep_apply(&tree->host, &step, -1, &failure), -ENOENT);
	assert_non_null(strstr(failure.text, GPU ": set reset_method to \"0\": No such file"));
}

/* A file takes the write, and no size changes by that. */
static void a_bar_that_did_not_change_is_seen(void **state)
{
	const struct tree *tree = *state;
	struct handover_failure failure;
	struct handover_plan plan = { 0 };
	struct pciaddr addr = pcitree_addr(GPU);

	tree_write(tree, "sys/bus/pci/devices/" GPU "/resource", RESOURCE);
	pcitree_attribute(tree, GPU, "resource0_resize", "0000000000002100");
	assert_int_equal(handoverstep_add_bar(&plan, &addr, 0, 8192), 0);
	assert_string_equal(plan.steps[0].text, "13");
	assert_int_equal(handoverstep_apply(&tree->host, &plan.steps[0], -1, &failure), -EXDEV);
	assert_non_null(
		strstr(failure.text, GPU ": set the size of BAR 0 to 8G: it is 256M after"));
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/resource0_resize");
	assert_int_equal(handoverstep_apply(&tree->host, &plan.steps[0], -1, &failure), -ENOENT);
	assert_non_null(strstr(failure.text, "a smaller one may fit"));
	handover_plan_done(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(an_attribute_is_read_again),
		tree_test(a_bar_that_did_not_change_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
