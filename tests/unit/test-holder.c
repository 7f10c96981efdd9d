/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holder: whose descriptors stand on a function's nodes. */
#include "pcitree.h"

#include "holder.h"

#define GPU "0000:01:00.0"

/* A device number of GPU: NAME in /dev, and its place below the function. */
static void make_node(const struct tree *tree, const char *kind, const char *number,
		      const char *name, const char *place)
{
	char path[256], text[128];

	snprintf(text, sizeof(text), "MAJOR=1\nDEVNAME=%s\nDEVTYPE=x\n", name);
	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/uevent", place);
	tree_write(tree, path, text);
	snprintf(path, sizeof(path), "sys/dev/%s/%s", kind, number);
	snprintf(text, sizeof(text), "../../bus/pci/devices/%s", place);
	tree_link(tree, path, text);
}

static void make_process(const struct tree *tree, const char *pid, const char *cgroup,
			 const char *node)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "proc/%s/fd/7", pid);
	tree_link(tree, path, node);
	snprintf(path, sizeof(path), "proc/%s/comm", pid);
	tree_write(tree, path, "program\n");
	snprintf(path, sizeof(path), "proc/%s/cgroup", pid);
	snprintf(text, sizeof(text), "1:name=x:/old.service\n0::%s\n", cgroup);
	tree_write(tree, path, text);
}

static struct holder_list scan(const struct tree *tree)
{
	struct pciaddr addr = pcitree_addr(GPU);
	struct holder_list list = { 0 };
	struct pcidev dev;
	const struct pcidev *devs[] = { &dev };

	assert_int_equal(pcidev_read(&tree->host, &addr, &dev), 0);
	assert_int_equal(holder_scan(&tree->host, devs, 1, &list), 0);
	return list;
}

static void a_holder_is_named_with_its_innermost_unit(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	make_node(tree, "char", "226:1", "dri/card1", GPU "/drm/card1");
	make_process(tree, "900", "/user.slice/user@1000.service/app.slice/kwin.service",
		     "/dev/dri/card1");
	make_process(tree, "901", "/", "/dev/dri/card0");
	list = scan(tree);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].pid, 900);
	assert_string_equal(list.items[0].comm, "program");
	assert_string_equal(list.items[0].unit, "kwin.service");
	assert_string_equal(list.items[0].path, "/dev/dri/card1");
	assert_int_equal(list.items[0].addr.bus, 1);
	holder_list_done(&list);
}

static void nodes_of_others_and_what_may_be_unplugged_do_not_count(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	make_node(tree, "char", "13:70", "input/event6", GPU "/sound/card1/input17/event6");
	make_node(tree, "char", "189:1", "bus/usb/003/001", GPU "/usb3/3-1");
	make_node(tree, "char", "226:0", "dri/card0", "0000:02:00.0/drm/card0");
	/* Behind a bridge: the last address counts. */
	make_node(tree, "char", "226:2", "dri/card2", GPU "/0000:03:00.0/drm/card2");
	make_process(tree, "900", "/", "/dev/input/event6");
	make_process(tree, "901", "/", "/dev/bus/usb/003/001");
	make_process(tree, "902", "/", "/dev/dri/card0");
	make_process(tree, "903", "/", "/dev/dri/card2");
	list = scan(tree);
	assert_int_equal(list.count, 0);
	holder_list_done(&list);
}

static void a_disk_counts_also_behind_usb(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	make_node(tree, "block", "8:16", "sdb", GPU "/usb3/3-1/block/sdb");
	make_process(tree, "900", "/", "/dev/sdb");
	list = scan(tree);
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].unit, "");
	holder_list_done(&list);
}

static void the_vfio_group_and_nvidia_are_found_by_number(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;
	struct holder last;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "vfio-pci");
	tree_write(tree, "sys/class/vfio/14/dev", "244:0\n");
	tree_write(tree, "proc/driver/nvidia/gpus/" GPU "/information",
		   "Model: \t x\nDevice Minor: \t 3\nBlacklisted: No\n");
	make_process(tree, "900", "/vxm.slice/vxm-guest@a.service", "/dev/vfio/14");
	make_process(tree, "901", "/", "/dev/nvidia3");
	make_process(tree, "902", "/", "/dev/nvidiactl");
	list = scan(tree);
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].unit, "vxm-guest@a.service");
	assert_string_equal(list.items[1].path, "/dev/nvidia3");
	holder_list_done(&list);
	assert_int_equal(holder_scan_group(&tree->host, 14, &list), 0);
	assert_int_equal(list.count, 1);
	holder_list_done(&list);
	assert_int_equal(holder_await_group(&tree->host, 14, 1000, &last), -ETIMEDOUT);
	assert_int_equal(last.pid, 900);
	assert_int_equal(holder_await_group(&tree->host, 15, 1000, &last), 0);
}

static void one_process_with_a_node_twice_is_one_holder(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	make_node(tree, "char", "226:1", "dri/card1", GPU "/drm/card1");
	make_process(tree, "900", "/", "/dev/dri/card1");
	tree_link(tree, "proc/900/fd/8", "/dev/dri/card1");
	list = scan(tree);
	assert_int_equal(list.count, 1);
	holder_list_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(a_holder_is_named_with_its_innermost_unit),
		tree_test(nodes_of_others_and_what_may_be_unplugged_do_not_count),
		tree_test(a_disk_counts_also_behind_usb),
		tree_test(the_vfio_group_and_nvidia_are_found_by_number),
		tree_test(one_process_with_a_node_twice_is_one_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
