/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memlock: what the files of the guest's unit say. */
#include "tree.h"

#include "memlock.h"

#define UNIT "usr/lib/systemd/system/vxm-guest@.service"

static int look(const struct tree *tree, char file[static 256])
{
	file[0] = '\0';
	return memlock_is_unlimited(&tree->host, "win11", file);
}

static void a_unit_that_is_not_installed_is_told_apart(void **state)
{
	char file[256];

	assert_int_equal(look(*state, file), -ENOENT);
}

static void the_unit_as_it_comes_is_unlimited(void **state)
{
	struct tree *tree = *state;
	char file[256];

	tree_write(tree, UNIT, "[Service]\n# LimitMEMLOCK=1\nLimitMEMLOCK=infinity\n");
	assert_int_equal(look(tree, file), 1);
}

static void a_unit_without_the_line_has_the_small_default(void **state)
{
	struct tree *tree = *state;
	char file[256];

	tree_write(tree, UNIT, "[Service]\n");
	assert_int_equal(look(tree, file), 0);
	assert_string_equal(file, "/" UNIT);
}

static void a_dropin_is_named_where_it_limits(void **state)
{
	struct tree *tree = *state;
	char file[256];

	tree_write(tree, UNIT, "[Service]\nLimitMEMLOCK=infinity\n");
	tree_write(tree, "etc/systemd/system/vxm-guest@win11.service.d/10-mine.conf",
		   "[Service]\n LimitMEMLOCK = 8G\n");
	tree_write(tree, "etc/systemd/system/vxm-guest@other.service.d/10-mine.conf",
		   "[Service]\nLimitMEMLOCK=1G\n");
	assert_int_equal(look(tree, file), 0);
	assert_string_equal(file, "/etc/systemd/system/vxm-guest@win11.service.d/10-mine.conf");
	assert_int_equal(memlock_is_unlimited(&tree->host, NULL, file), 1);
}

static void the_administrators_unit_hides_ours(void **state)
{
	struct tree *tree = *state;
	char file[256];

	tree_write(tree, UNIT, "[Service]\nLimitMEMLOCK=infinity\n");
	tree_write(tree, "etc/systemd/system/vxm-guest@.service", "[Service]\nLimitMEMLOCK=64M\n");
	assert_int_equal(look(tree, file), 0);
	assert_string_equal(file, "/etc/systemd/system/vxm-guest@.service");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_unit_that_is_not_installed_is_told_apart),
		tree_test(the_unit_as_it_comes_is_unlimited),
		tree_test(a_unit_without_the_line_has_the_small_default),
		tree_test(a_dropin_is_named_where_it_limits),
		tree_test(the_administrators_unit_hides_ours),
	};

	return cmocka_run_group_tests_name("memlock", tests, NULL, NULL);
}
