/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rundir: what another user filled is removed, and nothing it only points at. */
#include "tree.h"

#include "rundir.h"

static int is_there(const struct tree *tree, const char *path)
{
	struct stat st;

	return fstatat(tree->host.root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void removes_the_directory_and_the_empty_one_above(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "run/vxm/demo/tpm/.hidden", "");
	tree_write(tree, "run/vxm/demo/tpm/a/b/file", "");
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), 0);
	assert_false(is_there(tree, "run/vxm/demo"));
	assert_true(is_there(tree, "run/vxm"));
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), 0);
}

static void keeps_what_else_the_guest_has_there(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "run/vxm/demo/tpm/swtpm.sock", "");
	tree_write(tree, "run/vxm/demo/isolate", "x");
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), 0);
	assert_false(is_there(tree, "run/vxm/demo/tpm"));
	assert_true(is_there(tree, "run/vxm/demo/isolate"));
}

static void follows_no_link(void **state)
{
	const struct tree *tree = *state;

	tree_write(tree, "etc/precious", "x");
	tree_mkdir(tree, "run/vxm/demo/tpm");
	tree_link(tree, "run/vxm/demo/tpm/link", "../../../../etc");
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), 0);
	assert_true(is_there(tree, "etc/precious"));

	tree_mkdir(tree, "run/vxm/demo");
	tree_link(tree, "run/vxm/demo/tpm", "../../../etc");
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), 0);
	assert_true(is_there(tree, "etc/precious"));

	tree_link(tree, "run/vxm/other", "../../etc");
	assert_int_equal(rundir_remove(&tree->host, "other", "precious"), -ENOTDIR);
	assert_true(is_there(tree, "etc/precious"));
}

static void ends_at_a_depth_that_nobody_of_ours_makes(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "run/vxm/demo/tpm/1/2/3/4/5/6/7/8/9/10");
	assert_int_equal(rundir_remove(&tree->host, "demo", "tpm"), -ELOOP);
}

static void takes_no_name_that_is_no_guests(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "run/tpm");
	assert_int_equal(rundir_remove(&tree->host, "..", "tpm"), -EINVAL);
	assert_true(is_there(tree, "run/tpm"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(removes_the_directory_and_the_empty_one_above),
		tree_test(keeps_what_else_the_guest_has_there),
		tree_test(follows_no_link),
		tree_test(ends_at_a_depth_that_nobody_of_ours_makes),
		tree_test(takes_no_name_that_is_no_guests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
