/* SPDX-License-Identifier: GPL-2.0-or-later */
/* udevnode on a recorded host: marks, owners; what asks udev is the lab's. */
#include "tree.h"

#include <stdbool.h>

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
		tree_test(tells_owner_and_mode),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
