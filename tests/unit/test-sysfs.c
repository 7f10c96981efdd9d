/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sysfs: attributes become text or numbers at once, links their last name, writes are whole. */
#include "tree.h"

#include "sysfs.h"

#define SYS "sys/" /* where the tree has it */

static void text_loses_its_last_newline_and_no_other(void **state)
{
	const struct tree *tree = *state;
	char text[64], tight[5];

	tree_write(tree, SYS "bus/pci/x", "0x10de\n");
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "bus/%s/x", "pci"), 0);
	assert_string_equal(text, "0x10de");
	tree_write(tree, SYS "x", "a\nb\n\n");
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "x"), 0);
	assert_string_equal(text, "a\nb\n");
	tree_write(tree, SYS "x", "");
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "x"), 0);
	assert_string_equal(text, "");
	tree_write(tree, SYS "x", "abcd");
	assert_int_equal(sysfs_read(&tree->host, tight, sizeof(tight), "x"), 0);
	assert_string_equal(tight, "abcd");
	tree_write(tree, SYS "x", "abcde");
	assert_int_equal(sysfs_read(&tree->host, tight, sizeof(tight), "x"), -ENAMETOOLONG);
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "absent"), -ENOENT);
}

static void numbers_are_whole_or_refused(void **state)
{
	const struct tree *tree = *state;
	uint64_t value = 7;
	int number = 7;

	tree_write(tree, SYS "x", "0x030000\n");
	assert_int_equal(sysfs_read_u64(&tree->host, &value, "x"), 0);
	assert_int_equal(value, 0x30000);
	tree_write(tree, SYS "x", "256\n");
	assert_int_equal(sysfs_read_u64(&tree->host, &value, "x"), 0);
	assert_int_equal(value, 256);
	tree_write(tree, SYS "x", "(null)\n");
	assert_int_equal(sysfs_read_u64(&tree->host, &value, "x"), -EINVAL);
	assert_int_equal(sysfs_read_int(&tree->host, &number, "x"), -EINVAL);
	assert_int_equal(value, 256);
	assert_int_equal(number, 7);
	tree_write(tree, SYS "x", "-1\n");
	assert_int_equal(sysfs_read_int(&tree->host, &number, "x"), 0);
	assert_int_equal(number, -1);
	assert_int_equal(sysfs_read_u64(&tree->host, &value, "absent"), -ENOENT);
}

static void bytes_are_counted_and_not_cut_at_a_nul(void **state)
{
	struct tree *tree = *state;
	unsigned char bytes[64] = { 0x86, 0x80 }, buf[128];

	bytes[63] = '\n';
	tree_write_bytes(tree, "sys/bus/pci/devices/x/config", bytes, sizeof(bytes));
	assert_int_equal(
		sysfs_read_bytes(&tree->host, buf, sizeof(buf), "bus/pci/devices/x/config"), 64);
	assert_memory_equal(buf, bytes, 64);
	assert_int_equal(sysfs_read_bytes(&tree->host, buf, 16, "bus/pci/devices/x/config"), 16);
	assert_int_equal(sysfs_read_bytes(&tree->host, buf, 16, "bus/pci/devices/y/config"),
			 -ENOENT);
}

static void a_link_is_the_last_name_of_its_target(void **state)
{
	const struct tree *tree = *state;
	char text[64], tight[8];

	tree_link(tree, SYS "d/driver", "../../bus/pci/drivers/vfio-pci");
	tree_link(tree, SYS "d/plain", "vfio");
	assert_int_equal(sysfs_read_link(&tree->host, text, sizeof(text), "d/driver"), 0);
	assert_string_equal(text, "vfio-pci");
	assert_int_equal(sysfs_read_link(&tree->host, text, sizeof(text), "d/plain"), 0);
	assert_string_equal(text, "vfio");
	assert_int_equal(sysfs_read_link(&tree->host, tight, sizeof(tight), "d/driver"),
			 -ENAMETOOLONG);
	assert_int_equal(sysfs_read_link(&tree->host, text, sizeof(text), "d/absent"), -ENOENT);
	tree_write(tree, SYS "d/file", "");
	assert_int_equal(sysfs_read_link(&tree->host, text, sizeof(text), "d/file"), -EINVAL);
}

static void a_write_is_one_and_to_what_is_there(void **state)
{
	const struct tree *tree = *state;
	char text[64];

	tree_write(tree, SYS "x", "a longer text from before\n");
	assert_int_equal(sysfs_write(&tree->host, "vfio-pci", "x"), 0);
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "x"), 0);
	assert_string_equal(text, "vfio-pci");
	assert_int_equal(sysfs_write(&tree->host, "\n", "x"), 0);
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "x"), 0);
	assert_string_equal(text, "");
	/* An attribute that is not there is never made. */
	assert_int_equal(sysfs_write(&tree->host, "1", "absent"), -ENOENT);
	assert_int_equal(sysfs_exists(&tree->host, "absent"), -ENOENT);
	assert_int_equal(sysfs_exists(&tree->host, "x"), 0);
	/* What the kernel's handler says comes through: this one takes nothing. */
	tree_link(tree, SYS "full", "/dev/full");
	assert_int_equal(sysfs_write(&tree->host, "1", "full"), -ENOSPC);
}

static void lists_are_in_byte_order(void **state)
{
	const struct tree *tree = *state;
	struct strlist names;

	tree_mkdir(tree, SYS "bus/pci/devices/0000:01:00.1");
	tree_mkdir(tree, SYS "bus/pci/devices/0000:01:00.0");
	assert_int_equal(sysfs_list(&tree->host, &names, "bus/%s/devices", "pci"), 0);
	assert_int_equal(names.count, 2);
	assert_string_equal(names.items[0], "0000:01:00.0");
	strlist_done(&names);
	assert_int_equal(sysfs_list(&tree->host, &names, "absent"), -ENOENT);
}

static void a_path_that_is_too_long_is_refused_and_not_cut(void **state)
{
	const struct tree *tree = *state;
	static char name[PATH_MAX + 1];
	char text[8];

	memset(name, 'x', PATH_MAX);
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text), "%s", name), -ENAMETOOLONG);
	assert_int_equal(sysfs_write(&tree->host, "1", "%s", name), -ENAMETOOLONG);
	assert_int_equal(sysfs_exists(&tree->host, "%s", name), -ENAMETOOLONG);
}

static void what_was_removed_and_made_again_is_another_one(void **state)
{
	const struct tree *tree = *state;
	uint64_t first = 0, second = 0;

	tree_mkdir(tree, SYS "drm/card1");
	assert_int_equal(sysfs_read_inode(&tree->host, &first, "drm/%s", "card1"), 0);
	assert_int_equal(sysfs_read_inode(&tree->host, &second, "drm/card1"), 0);
	assert_int_equal(first, second);
	tree_mkdir(tree, SYS "drm/card2");
	assert_int_equal(sysfs_read_inode(&tree->host, &second, "drm/card2"), 0);
	assert_int_not_equal(first, second);
	assert_int_equal(sysfs_read_inode(&tree->host, &second, "drm/card3"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(text_loses_its_last_newline_and_no_other),
		tree_test(numbers_are_whole_or_refused),
		tree_test(bytes_are_counted_and_not_cut_at_a_nul),
		tree_test(a_link_is_the_last_name_of_its_target),
		tree_test(a_write_is_one_and_to_what_is_there),
		tree_test(lists_are_in_byte_order),
		tree_test(a_path_that_is_too_long_is_refused_and_not_cut),
		tree_test(what_was_removed_and_made_again_is_another_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
