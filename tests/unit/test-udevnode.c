/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udevnode on a recorded host: marks, owners; what asks udev is the lab's. */
#include "tree.h"

#include <stdbool.h>
#include <sys/resource.h>

#include "udevnode.h"

static bool is_there(const struct tree *tree, const char *path)
{
	char full[PATH_MAX];

	return access(tree_full(tree, path, full), F_OK) == 0;
}

static void a_mark_comes_and_goes(void **state)
{
	const struct tree *tree = *state;

	tree_mkdir(tree, "run");
	assert_int_equal(udevnode_mark(&tree->host, "vfio", "26", "vfio-26"), 0);
	assert_true(is_there(tree, "run/vxm/.access/vfio-26"));
	assert_int_equal(udevnode_mark(&tree->host, "vfio", "26", "vfio-26"), 0);
	assert_int_equal(udevnode_unmark(&tree->host, "vfio", "26", "vfio-26"), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-26"));
	assert_int_equal(udevnode_unmark(&tree->host, "vfio", "26", "vfio-26"), 0);
}

static void a_mark_does_not_leave_its_directory(void **state)
{
	static const char *const wrong[] = { "", ".hidden", "../x", "a/b" };
	const struct tree *tree = *state;

	tree_mkdir(tree, "run");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(udevnode_mark(&tree->host, "input", "event1", wrong[i]), -EINVAL);
		assert_int_equal(udevnode_unmark(&tree->host, "input", "event1", wrong[i]),
				 -EINVAL);
	}
}

/* A directory stands where the mark of the return would be made. The host is not a recorded one, so
 * that the return is walked. */
static void a_return_that_cannot_be_marked_leaves_no_mark(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;

	host.recorded = false;
	tree_write(tree, "run/vxm/.access/vfio-26", "");
	tree_mkdir(tree, "run/vxm/.access/vfio-26.back");
	assert_true(udevnode_unmark(&host, "vfio", "26", "vfio-26") < 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-26"));
}

static void a_return_of_an_absent_device_leaves_no_mark(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;

	host.recorded = false;
	tree_write(tree, "run/vxm/.access/vfio-26", "");
	assert_int_equal(udevnode_unmark(&host, "vfio", "26", "vfio-26"), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-26"));
	assert_false(is_there(tree, "run/vxm/.access/vfio-26.back"));
	/* Nor does the one after a return that was killed. */
	tree_write(tree, "run/vxm/.access/vfio-26.back", "");
	assert_int_equal(udevnode_unmark(&host, "vfio", "26", "vfio-26"), 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-26.back"));
}

/* No descriptor is left, so no file can be made, as in a full /run. */
static void a_return_that_can_make_nothing_leaves_no_mark(void **state)
{
	const struct tree *tree = *state;
	struct host host = tree->host;
	struct rlimit before, few;
	int next, r;

	host.recorded = false;
	tree_write(tree, "run/vxm/.access/vfio-26", "");
	next = dup(STDERR_FILENO);
	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	few = (struct rlimit){ .rlim_cur = (rlim_t)next, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	r = udevnode_unmark(&host, "vfio", "26", "vfio-26");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(r < 0);
	assert_false(is_there(tree, "run/vxm/.access/vfio-26"));
	assert_false(is_there(tree, "run/vxm/.access/vfio-26.back"));
}

static void tells_owner_and_mode(void **state)
{
	const struct tree *tree = *state;
	mode_t mode;
	uid_t uid;

	tree_write(tree, "dev/input/event1", "");
	assert_int_equal(udevnode_owner(&tree->host, "dev/input/event1", &uid, &mode), 0);
	assert_int_equal(uid, getuid());
	assert_int_equal(mode, 0644);
	assert_int_equal(udevnode_owner(&tree->host, "dev/input/event2", &uid, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_mark_comes_and_goes),
		tree_test(a_mark_does_not_leave_its_directory),
		tree_test(a_return_that_cannot_be_marked_leaves_no_mark),
		tree_test(a_return_of_an_absent_device_leaves_no_mark),
		tree_test(a_return_that_can_make_nothing_leaves_no_mark),
		tree_test(tells_owner_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
