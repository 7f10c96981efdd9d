/* SPDX-License-Identifier: GPL-2.0-or-later */
/* holder: whose descriptors stand on a function's nodes. */
#include "pcitree.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "holder.h"
#include "procscan.h"

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

struct seen {
	pid_t pid;
	bool mapped;
};

static int note(void *data, pid_t pid, const struct holdernode *node, bool mapped)
{
	struct seen *seen = data;

	(void)node;
	if (pid == seen->pid)
		seen->mapped = mapped;
	return 0;
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
	tree_write(tree, "proc/driver/nvidia/gpus/0000:02:00.0/information", "Device Minor: 0\n");
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

/* A second NVIDIA card keeps nvidiactl and the like from saying anything about the first. */
static void what_all_nvidia_cards_share_counts_once_none_stays_with_the_host(void **state)
{
	const struct tree *tree = *state;
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nvidia");
	tree_write(tree, "proc/driver/nvidia/gpus/" GPU "/information", "Device Minor: \t 0\n");
	tree_write(tree, "proc/driver/nvidia/gpus/0000:02:00.0/information",
		   "Device Minor: \t 1\n");
	make_process(tree, "900", "/", "/dev/nvidia-modeset");
	make_process(tree, "901", "/", "/dev/nvidiactl");
	make_process(tree, "902", "/", "/dev/nvidia-uvm");
	list = scan(tree);
	assert_int_equal(list.count, 0);
	holder_list_done(&list);
	tree_remove(tree, "proc/driver/nvidia/gpus/0000:02:00.0/information");
	tree_remove(tree, "proc/driver/nvidia/gpus/0000:02:00.0");
	list = scan(tree);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].path, "/dev/nvidia-modeset");
	assert_string_equal(list.items[2].path, "/dev/nvidia-uvm");
	holder_list_done(&list);
}

static void a_mapping_holds_as_much_as_a_descriptor(void **state)
{
	const struct tree *tree = *state;
	char text[HOLDER_TEXT_SIZE];
	struct holder_list list;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", "14", "nouveau");
	make_node(tree, "char", "226:1", "dri/card1", GPU "/drm/card1");
	make_process(tree, "900", "/", "/dev/null");
	tree_write(tree, "proc/900/maps",
		   "55d0-55d1 r-xp 00000000 08:01 1234    /usr/bin/x /dev/dri/card1x\n"
		   "7f12-7f13 rw-s 100000000 00:05 123    /dev/dri/card1\n"
		   "7f14-7f15 rw-s 100001000 00:05 123    /dev/dri/card1\n");
	make_process(tree, "901", "/", "/dev/null");
	tree_write(tree, "proc/901/maps", "7f12-7f13 rw-s 0 00:05 124    /dev/dri/card10\n");
	make_process(tree, "902", "/", "/dev/null");
	tree_write(tree, "proc/902/maps",
		   "7f12-7f13 rw-s 0 00:05 123    /dev/dri/card1 (deleted)\n");
	tree_write(tree, "proc/903/maps", "");
	list = scan(tree);
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].pid, 900);
	assert_true(list.items[0].mapped);
	assert_int_equal(list.items[1].pid, 902);
	assert_string_equal(holder_format(&list.items[0], text),
			    "program (pid 900) through a mapping of /dev/dri/card1");
	holder_list_done(&list);
}

/* On the running machine, in a process whose descriptor is closed: the file itself is told. */
static void a_mapping_is_told_by_device_and_inode(void **state)
{
	const struct tree *tree = *state;
	struct holdernode node = { .path = "/dev/under/another/name" };
	struct holdernode_list nodes = { .items = &node, .count = 1 };
	struct seen seen = { 0 };
	struct host host;
	char path[PATH_MAX];
	size_t unseen;
	struct stat st;
	int fd, ready[2];
	char byte;

	tree_write(tree, "file", "0123456789");
	fd = open(tree_full(tree, "file", path), O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	node.dev = (unsigned long)st.st_dev;
	node.inode = st.st_ino;
	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	seen.pid = fork();
	if (seen.pid == 0) {
		if (mmap(NULL, 10, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
			_exit(1);
		close(fd);
		(void)!write(ready[1], "x", 1);
		pause();
	}
	close(fd);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	assert_int_equal(host_open(NULL, &host), 0);
	assert_int_equal(procscan_run(&host, &nodes, note, &seen, &unseen), 0);
	kill(seen.pid, SIGKILL);
	waitpid(seen.pid, NULL, 0);
	host_done(&host);
	close(ready[0]);
	close(ready[1]);
	assert_true(seen.mapped);
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
		tree_test(what_all_nvidia_cards_share_counts_once_none_stays_with_the_host),
		tree_test(a_mapping_holds_as_much_as_a_descriptor),
		tree_test(a_mapping_is_told_by_device_and_inode),
		tree_test(one_process_with_a_node_twice_is_one_holder),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
