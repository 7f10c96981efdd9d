/* SPDX-License-Identifier: GPL-2.0-or-later */
/* prepared: which guests are made ready at boot, and the record of what was meant. */
#include "tree.h"

#include "prepared.h"

#define RECORD PREPARED_DIRECTORY "/demo"

static void an_enabled_target_is_found_wherever_it_is_linked(void **state)
{
	const struct tree *tree = *state;
	struct strlist list;

	assert_int_equal(prepared_is_enabled(&tree->host, "demo"), 0);
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target",
		  "/usr/lib/systemd/system/vxm-prepare@.target");
	tree_link(tree, "run/systemd/system/sysinit.target.requires/vxm-prepare@b.c.target", "x");
	tree_link(tree, "etc/systemd/system/other.wants/vxm-prepare@demo.target", "x");
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@.target", "x");
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@UP.target", "x");
	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-guest@x.service", "x");
	tree_link(tree, "etc/systemd/system/vxm-prepare@loose.target", "x");
	assert_int_equal(prepared_is_enabled(&tree->host, "demo"), 1);
	assert_int_equal(prepared_is_enabled(&tree->host, "dem"), 0);
	assert_int_equal(prepared_is_enabled(&tree->host, "loose"), 0);
	assert_int_equal(prepared_is_enabled(&tree->host, "../demo"), -EINVAL);
	assert_int_equal(prepared_list(&tree->host, &list), 0);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0], "b.c");
	assert_string_equal(list.items[1], "demo");
	strlist_done(&list);
}

static void a_masked_target_is_not_enabled(void **state)
{
	const struct tree *tree = *state;

	tree_link(tree, "etc/systemd/system/multi-user.target.wants/vxm-prepare@demo.target", "x");
	tree_link(tree, "etc/systemd/system/vxm-prepare@demo.target", "/dev/null");
	assert_int_equal(prepared_is_enabled(&tree->host, "demo"), 0);
}

static struct prepared_function function(const char *address, const char *ids, const char *driver)
{
	struct prepared_function f = { .driver = "" };

	assert_int_equal(pciaddr_parse(address, &f.addr), 0);
	assert_int_equal(pciids_parse(ids, &f.ids), 0);
	snprintf(f.driver, sizeof(f.driver), "%s", driver);
	return f;
}

static void what_was_written_is_read_back_by_address(void **state)
{
	const struct tree *tree = *state;
	struct prepared made = { NULL, 0 }, read = { NULL, 0 };
	struct prepared_function f = function("0000:01:00.1", "10de:22ba:1043:88e2", "");

	assert_int_equal(prepared_read(&tree->host, "demo", &read), -ENOENT);
	tree_mkdir(tree, "etc");
	assert_int_equal(prepared_add(&made, &f), 0);
	f = function("0000:01:00.0", "10de:2684:1043:88e2", "nouveau");
	assert_int_equal(prepared_add(&made, &f), 0);
	snprintf(f.driver, sizeof(f.driver), "nvidia");
	assert_int_equal(prepared_add(&made, &f), 0);
	assert_int_equal(made.count, 2);
	assert_int_equal(prepared_write(&tree->host, "demo", &made), 0);
	assert_int_equal(prepared_write(&tree->host, "demo", &made), 0);
	assert_int_equal(prepared_read(&tree->host, "demo", &read), 0);
	assert_int_equal(read.count, 2);
	assert_int_equal(read.items[0].addr.function, 0);
	assert_string_equal(read.items[0].driver, "nvidia");
	assert_int_equal(read.items[1].ids.subdevice, 0x88e2);
	assert_string_equal(read.items[1].driver, "");
	assert_ptr_equal(prepared_find(&read, &f.addr), &read.items[0]);
	f.addr.bus = 2;
	assert_null(prepared_find(&read, &f.addr));
	prepared_done(&read);
	prepared_done(&made);
	assert_int_equal(prepared_write(&tree->host, "../x", &made), -EINVAL);
}

static void a_damaged_record_is_told_and_never_half_read(void **state)
{
	static const char *const damaged[] = {
		"0000:01:00.0 10de:2684:1043:88e2 nvidia", /* cut: no newline */
		"0000:01:00.0 10de:2684 nvidia\n",
		"0000:01:00.0 10de:2684:1043:88e2\n",
		"0000:01:00.0 10de:2684:1043:88e2 \n",
		"0000:01:00.0 10de:2684:1043:88e2 a b\n",
		"0000:01:00.0 10de:2684:1043:88e2 ../x\n",
		"0000:01:00.0 10de:2684:1043:88e2 a\tb\n",
		"0000:01:00.0 10de:2684:1043:88e2 a\xa0\n",
		"01:00.0 10de:2684:1043:88e2 -\n",
		"# fine\n\n",
		"0000:01:00.0 10de:2684:1043:88e2 "
		"0123456789012345678901234567890123456789012345678901234567890123\n",
	};
	const struct tree *tree = *state;
	struct prepared read = { NULL, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		tree_write(tree, RECORD, damaged[i]);
		assert_int_equal(prepared_read(&tree->host, "demo", &read), -EBADMSG);
		assert_null(read.items);
	}
	tree_write_bytes(tree, RECORD, "#\0\n", 3);
	assert_int_equal(prepared_read(&tree->host, "demo", &read), -EBADMSG);
	tree_write(tree, RECORD, "");
	assert_int_equal(prepared_read(&tree->host, "demo", &read), 0);
	assert_int_equal(read.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(an_enabled_target_is_found_wherever_it_is_linked),
		tree_test(a_masked_target_is_not_enabled),
		tree_test(what_was_written_is_read_back_by_address),
		tree_test(a_damaged_record_is_told_and_never_half_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
