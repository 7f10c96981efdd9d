/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rulefile: a file is written whole or not at all, and those of who has none any more go. */
#include "tree.h"

#include "rulefile.h"

#define PREFIX "71-vxm-x-"
#define DEMO   RULEFILE_DIRECTORY "/" PREFIX "demo.rules"

static int write_rules(const struct tree *tree, const char *text, struct strlist *written)
{
	FILE *out = rulefile_create(&tree->host, "demo");

	assert_non_null(out);
	fputs(text, out);
	return rulefile_commit(&tree->host, out, PREFIX, "demo", written);
}

static void a_second_write_replaces_the_first(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strlist_ struct strlist written = STRLIST_EMPTY;
	char *text = NULL;

	assert_int_equal(write_rules(tree, "A==\"1\"\nB==\"2\"\n", &written), 0);
	assert_int_equal(write_rules(tree, "C\n", &written), 0);
	assert_int_equal(host_read_file(&tree->host, DEMO, 4096, &text, NULL), 0);
	assert_string_equal(text, "C\n");
	free(text);
}

static void only_the_kept_ones_of_the_prefix_stay(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strlist_ struct strlist written = STRLIST_EMPTY;
	struct strlist names;

	assert_int_equal(rulefile_keep(&tree->host, PREFIX, &written), 0);
	assert_int_equal(write_rules(tree, "C\n", &written), 0);
	tree_write(tree, RULEFILE_DIRECTORY "/" PREFIX "other.rules", "");
	tree_write(tree, RULEFILE_DIRECTORY "/" PREFIX ".rules", "");
	tree_write(tree, RULEFILE_DIRECTORY "/71-vxm.rules", "");
	tree_write(tree, RULEFILE_DIRECTORY "/72-vxm-x-other.rules", "");
	tree_write(tree, RULEFILE_DIRECTORY "/" PREFIX "x.rules.bak", "");
	assert_int_equal(rulefile_keep(&tree->host, PREFIX, &written), 0);
	assert_int_equal(host_list(&tree->host, RULEFILE_DIRECTORY, &names), 0);
	assert_int_equal(names.count, 5);
	assert_false(strlist_has(&names, PREFIX "other.rules"));
	strlist_done(&names);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
	const struct tree *tree = *state;
	_cleanup_strlist_ struct strlist written = STRLIST_EMPTY;
	char full[PATH_MAX];

	tree_mkdir(tree, DEMO);
	tree_write(tree, DEMO "/x", "");
	assert_int_equal(write_rules(tree, "C\n", &written), -EISDIR);
	assert_int_equal(access(tree_full(tree, RULEFILE_DIRECTORY "/.vxm-demo.new", full), F_OK),
			 -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_second_write_replaces_the_first),
		tree_test(only_the_kept_ones_of_the_prefix_stay),
		tree_test(a_write_that_fails_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
