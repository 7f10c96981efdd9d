/* SPDX-License-Identifier: GPL-2.0-or-later */
/* preparerule: one line for each function, exact; and the files of those who are not prepared go.
 */
#include "tree.h"

#include "preparerule.h"

#define DEMO PREPARERULE_DIRECTORY "/71-vxm-prepare-demo.rules"

static struct prepared record(void)
{
	struct prepared prepared = { NULL, 0 };
	struct prepared_function f = { .driver = "nvidia" };

	assert_int_equal(pciaddr_parse("10000:0a:0b.3", &f.addr), 0);
	assert_int_equal(pciids_parse("10de:0004:0043:88e2", &f.ids), 0);
	assert_int_equal(prepared_add(&prepared, &f), 0);
	return prepared;
}

static void a_line_has_every_condition_before_its_acts(void **state)
{
	const struct tree *tree = *state;
	struct prepared prepared = record();
	char *text = NULL, *line;

	assert_int_equal(preparerule_write(&tree->host, "demo", &prepared), 0);
	assert_int_equal(preparerule_write(&tree->host, "demo", &prepared), 0);
	assert_int_equal(host_read_file(&tree->host, DEMO, 4096, &text, NULL), 0);
	line = strstr(text, "ACTION");
	assert_non_null(line);
	assert_string_equal(line,
			    "ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"10000:0a:0b.3\", "
			    "DRIVER==\"\", ATTR{vendor}==\"0x10de\", ATTR{device}==\"0x0004\", "
			    "ATTR{subsystem_vendor}==\"0x0043\", "
			    "ATTR{subsystem_device}==\"0x88e2\", "
			    "ATTR{driver_override}=\"vfio-pci\", "
			    "RUN{builtin}+=\"kmod load vfio-pci\"\n");
	free(text);
	prepared_done(&prepared);
}

static void only_the_kept_ones_stay(void **state)
{
	const struct tree *tree = *state;
	struct strlist keep = STRLIST_EMPTY, names;

	assert_int_equal(preparerule_keep(&tree->host, &keep), 0);
	tree_write(tree, DEMO, "");
	tree_write(tree, PREPARERULE_DIRECTORY "/71-vxm-prepare-other.rules", "");
	tree_write(tree, PREPARERULE_DIRECTORY "/71-vxm-prepare-.rules", "");
	tree_write(tree, PREPARERULE_DIRECTORY "/71-vxm.rules", "");
	tree_write(tree, PREPARERULE_DIRECTORY "/71-vxm-prepare-x.rules.bak", "");
	assert_int_equal(strlist_add(&keep, "demo"), 0);
	assert_int_equal(preparerule_keep(&tree->host, &keep), 0);
	assert_int_equal(host_list(&tree->host, PREPARERULE_DIRECTORY, &names), 0);
	assert_int_equal(names.count, 4);
	assert_false(strlist_has(&names, "71-vxm-prepare-other.rules"));
	strlist_done(&names);
	strlist_done(&keep);
}

static void a_write_that_fails_leaves_nothing_behind(void **state)
{
	const struct tree *tree = *state;
	struct prepared prepared = record();
	char full[PATH_MAX];

	tree_mkdir(tree, DEMO);
	tree_write(tree, DEMO "/x", "");
	assert_int_equal(preparerule_write(&tree->host, "demo", &prepared), -EISDIR);
	assert_int_equal(
		access(tree_full(tree, PREPARERULE_DIRECTORY "/.vxm-demo.new", full), F_OK), -1);
	prepared_done(&prepared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_line_has_every_condition_before_its_acts),
		tree_test(only_the_kept_ones_stay),
		tree_test(a_write_that_fails_leaves_nothing_behind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
