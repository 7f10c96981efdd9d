/* SPDX-License-Identifier: GPL-2.0-or-later */
/* giveback: each function for itself, and the node of a group with the last of them. Waiting for a
 * holder is in test-takeover.c. */
#include "pcibench.h"

#include <stdbool.h>

#include "giveback.h"
#include "vfionode.h"

#define RECORD "run/vxm/win11/isolate"

/* What was told, in order: "BDF ERROR\n". */
static char told[256];

static void note(const struct isolation_function *function, const struct giveback *result)
{
	char bdf[PCIADDR_SIZE];
	size_t n = strlen(told);

	snprintf(told + n, sizeof(told) - n, "%s %d\n", pciaddr_format(&function->dev.addr, bdf),
		 result->error);
}

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

/* The card's functions in groups of their own, both nodes the guest's. */
static void make_two_groups(const struct tree *tree, struct pcibench *bench)
{
	told[0] = '\0';
	pcibench_make(tree);
	tree_mkdir(tree, "run");
	pcibench_look(tree, bench);
	bench->iso.functions[0].dev.iommu_group = 15;
	assert_int_equal(vfionode_give(&tree->host, 14), 0);
	assert_int_equal(vfionode_give(&tree->host, 15), 0);
}

static void the_display_is_put_back_first_and_each_is_told(void **state)
{
	const struct tree *tree = *state;
	struct giveback results[2];
	struct pcibench bench;

	told[0] = '\0';
	pcibench_make(tree);
	pcibench_look(tree, &bench);
	giveback_functions(&tree->host, "win11", &bench.iso, 0, -1, note, results);
	assert_string_equal(told, GPU " 0\n" AUDIO " 0\n");
	pcibench_leave(&bench);
}

/* Plain files take what is written and bind nothing, so the GPU stays where it is. */
static void what_fails_does_not_stop_the_rest(void **state)
{
	const struct tree *tree = *state;
	struct giveback results[2];
	struct pcibench bench;

	told[0] = '\0';
	pcibench_make(tree);
	tree_remove(tree, "sys/bus/pci/devices/" GPU "/driver");
	tree_write(tree, "sys/bus/pci/drivers_probe", "");
	pcibench_look(tree, &bench);
	snprintf(bench.iso.functions[1].home, sizeof(bench.iso.functions[1].home), "nouveau");
	giveback_functions(&tree->host, "win11", &bench.iso, 0, -1, note, results);
	assert_true(results[1].error < 0);
	assert_non_null(strstr(results[1].failure.text, GPU));
	assert_int_equal(results[0].error, 0);
	assert_non_null(strstr(told, AUDIO " 0\n"));
	pcibench_leave(&bench);
}

static void a_group_of_which_nothing_is_left_goes_without_the_other(void **state)
{
	struct giveback results[2] = { { .error = -EBUSY }, { .error = 0 } };
	const struct tree *tree = *state;
	struct pcibench bench;

	make_two_groups(tree, &bench);
	assert_int_equal(giveback_finish(&tree->host, "win11", &bench.iso, note, results), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-14"));
	assert_true(is_there(tree, "run/vxm/.access/vfio-15"));
	assert_true(is_there(tree, RECORD));
	assert_string_equal(told, "");
	pcibench_leave(&bench);
}

/* The host is not a recorded one, so that the owner of the node is looked at. */
static void a_node_that_stays_with_the_guest_is_told_and_kept_on_record(void **state)
{
	struct giveback results[2] = { { .error = 0 }, { .error = 0 } };
	const struct tree *tree = *state;
	struct record *record = NULL;
	struct host host = tree->host;
	struct pcibench bench;
	char full[PATH_MAX];

	make_two_groups(tree, &bench);
	tree_write(tree, "dev/vfio/14", "");
	if (geteuid() == 0)
		assert_int_equal(chown(tree_full(tree, "dev/vfio/14", full), 1, 0), 0);
	host.recorded = false;
	assert_int_equal(giveback_finish(&host, "win11", &bench.iso, note, results), 0);
	assert_int_equal(results[1].error, -EPERM);
	assert_string_equal(told, GPU " -1\n");
	assert_non_null(strstr(results[1].failure.text, "/dev/vfio/14 was not given back to root"));
	assert_int_equal(record_load(&tree->host, "win11", "isolate", &record), 0);
	assert_string_equal(record_get(record, GPU, "home"), "nouveau");
	assert_null(record_get(record, AUDIO, "home"));
	record_free(record);
	pcibench_leave(&bench);
}

static void what_is_kept_stays_on_record_and_its_node_goes(void **state)
{
	struct giveback results[2] = { { .kept = true }, { .error = 0 } };
	const struct tree *tree = *state;
	struct record *record = NULL;
	struct pcibench bench;

	make_two_groups(tree, &bench);
	assert_int_equal(giveback_finish(&tree->host, "win11", &bench.iso, note, results), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-14"));
	assert_false(is_there(tree, "run/vxm/.access/vfio-15"));
	assert_int_equal(record_load(&tree->host, "win11", "isolate", &record), 0);
	assert_non_null(record_get(record, AUDIO, "home"));
	assert_null(record_get(record, GPU, "home"));
	record_free(record);
	pcibench_leave(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_display_is_put_back_first_and_each_is_told),
		tree_test(what_fails_does_not_stop_the_rest),
		tree_test(a_group_of_which_nothing_is_left_goes_without_the_other),
		tree_test(a_node_that_stays_with_the_guest_is_told_and_kept_on_record),
		tree_test(what_is_kept_stays_on_record_and_its_node_goes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
