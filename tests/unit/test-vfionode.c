/* SPDX-License-Identifier: GPL-2.0-or-later */
/* vfionode: the mark of a group's node, and what counts as given and as given back. That udev hands
 * the node over is the lab's. */
#include "tree.h"

#include <stdbool.h>

#include "vfionode.h"

#define MARK "run/vxm/.access/vfio-14"
#define NODE "dev/vfio/14"

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void a_group_is_marked_by_its_number(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "run");
	assert_int_equal(vfionode_give(&tree->host, 14), 0);
	assert_true(is_there(tree, MARK));
	assert_int_equal(vfionode_give(&tree->host, 4), 0);
	assert_true(is_there(tree, "run/vxm/.access/vfio-4"));
	assert_int_equal(vfionode_take_back(&tree->host, 4), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-4"));
	assert_true(is_there(tree, MARK));
}

static void twice_is_harmless(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "run");
	assert_int_equal(vfionode_take_back(&tree->host, 14), 0);
	assert_int_equal(vfionode_give(&tree->host, 14), 0);
	assert_int_equal(vfionode_give(&tree->host, 14), 0);
	assert_int_equal(vfionode_take_back(&tree->host, 14), 0);
	assert_int_equal(vfionode_take_back(&tree->host, 14), 0);
	assert_false(is_there(tree, MARK));
}

/* Below, the host is not a recorded one, so that the owner of the node counts. */

static void a_group_that_is_not_there_is_not_given(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;
	int r;

	host.recorded = false;
	tree_mkdir(tree, "run");
	r = vfionode_give(&host, 14);
	/* By whether the machine of the test has the user vxm. */
	assert_true(r == -ESRCH || r == -ENODEV);
	assert_false(is_there(tree, MARK));
}

static void a_node_that_went_with_its_group_is_given_back(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;

	host.recorded = false;
	tree_write(tree, MARK, "");
	assert_int_equal(vfionode_take_back(&host, 14), 0);
	assert_false(is_there(tree, MARK));
}

static void a_node_that_is_still_anothers_is_no_success(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;
	char full[PATH_MAX];

	host.recorded = false;
	tree_write(tree, MARK, "");
	tree_write(tree, NODE, "");
	if (geteuid() == 0)
		assert_int_equal(chown(tree_full(tree, NODE, full), 1, 0), 0);
	assert_int_equal(vfionode_take_back(&host, 14), -EPERM);
	assert_false(is_there(tree, MARK));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_group_is_marked_by_its_number),
		tree_test(twice_is_harmless),
		tree_test(a_group_that_is_not_there_is_not_given),
		tree_test(a_node_that_went_with_its_group_is_given_back),
		tree_test(a_node_that_is_still_anothers_is_no_success),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
