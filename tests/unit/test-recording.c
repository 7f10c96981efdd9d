/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recording: links, places, and what becomes of a record that cannot be made. */
#include "tree.h"

#include <stdlib.h>

#include "recording.h"
#include "sysfs.h"

#define BDF  "0000:01:00.0"
#define REAL "sys/devices/pci0000:00/0000:00:01.0/" BDF

/* As the kernel has it: the bus has links, which lead below devices. */
static void make_machine(const struct tree *tree)
{
	tree_write(tree, REAL "/vendor", "0x10de\n");
	tree_write(tree, REAL "/class", "0x030000\n");
	tree_write(tree, REAL "/serial", "SECRET\n");
	tree_link(tree, REAL "/driver", "../../../../bus/pci/drivers/nouveau");
	tree_mkdir(tree, "sys/bus/pci/drivers/nouveau");
	tree_link(tree, "sys/bus/pci/devices/" BDF,
		  "../../../devices/pci0000:00/0000:00:01.0/" BDF);
}

/* Opens the record that was made at DIR below the tree. */
static struct host opened(const struct tree *tree, const char *dir)
{
	struct host host;
	char full[PATH_MAX];

	assert_int_equal(host_open(tree_full(tree, dir, full), &host), 0);
	return host;
}

static int make(const struct tree *tree, const char *dir, struct recording *recording)
{
	char full[PATH_MAX];

	return recording_make(&tree->host, tree_full(tree, dir, full), recording);
}

static void links_lead_where_they_led(void **state)
{
	const struct tree *tree = *state;
	struct recording recording;
	char text[256];

	make_machine(tree);
	assert_int_equal(make(tree, "record", &recording), 0);
	assert_int_equal(recording.files, 2);
	assert_int_equal(recording.unseen, 0);

	_cleanup_host_ struct host host = opened(tree, "record");

	assert_int_equal(sysfs_read_target(&host, text, sizeof(text), "bus/pci/devices/" BDF), 0);
	assert_string_equal(text, "../../../devices/pci0000:00/0000:00:01.0/" BDF);
	assert_int_equal(sysfs_read(&host, text, sizeof(text), "bus/pci/devices/" BDF "/vendor"),
			 0);
	assert_string_equal(text, "0x10de");
	assert_int_equal(sysfs_exists(&host, "bus/pci/drivers/nouveau"), 0);
	assert_int_equal(sysfs_exists(&host, "bus/pci/devices/" BDF "/driver"), 0);
	assert_int_equal(sysfs_exists(&host, "bus/pci/devices/" BDF "/serial"), -ENOENT);
}

/* A record is made with what the kernel prints, which a reader of it takes for none. */
static void overrides_are_recorded_as_the_kernel_prints_them(void **state)
{
	const struct tree *tree = *state;
	struct recording recording;
	char text[256];

	make_machine(tree);
	tree_write(tree, REAL "/driver_override", "(null)\n");
	assert_int_equal(make(tree, "one", &recording), 0);
	tree_write(tree, REAL "/driver_override", "vfio-pci\n");
	assert_int_equal(make(tree, "two", &recording), 0);

	_cleanup_host_ struct host one = opened(tree, "one"), two = opened(tree, "two");

	assert_int_equal(
		sysfs_read(&one, text, sizeof(text), "bus/pci/devices/" BDF "/driver_override"), 0);
	assert_string_equal(text, "(null)");
	assert_int_equal(
		sysfs_read(&two, text, sizeof(text), "bus/pci/devices/" BDF "/driver_override"), 0);
	assert_string_equal(text, "vfio-pci");
}

static void links_that_leave_the_root_or_go_round_end(void **state)
{
	const struct tree *tree = *state;
	struct recording recording;

	make_machine(tree);
	tree_link(tree, "sys/bus/pci/devices/0000:02:00.0", "0000:03:00.0");
	tree_link(tree, "sys/bus/pci/devices/0000:03:00.0", "0000:02:00.0");
	tree_link(tree, "etc/os-release", "../../../../../../../../../usr/lib/os-release");
	tree_write(tree, "usr/lib/os-release", "ID=debian\n");
	assert_int_equal(make(tree, "record", &recording), 0);

	_cleanup_host_ struct host host = opened(tree, "record");

	assert_int_equal(faccessat(host.root_fd, "usr/lib/os-release", F_OK, 0), 0);
	assert_int_equal(sysfs_exists(&host, "bus/pci/devices/0000:02:00.0"), -ELOOP);
}

static size_t count_names(const struct tree *tree)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;

	assert_int_equal(host_list(&tree->host, ".", &names), 0);
	return names.count;
}

static void a_place_that_is_taken_is_left_alone(void **state)
{
	const struct tree *tree = *state;
	struct recording recording;

	make_machine(tree);
	tree_write(tree, "taken/file", "mine\n");
	tree_write(tree, "file", "mine\n");
	tree_write(tree, "hidden/.file", "mine\n");
	assert_int_equal(make(tree, "taken", &recording), -ENOTEMPTY);
	assert_int_equal(make(tree, "file", &recording), -ENOTDIR);
	assert_int_equal(make(tree, "hidden", &recording), -ENOTEMPTY);
	assert_int_equal(make(tree, "nowhere/record", &recording), -ENOENT);
	assert_int_equal(count_names(tree), 4);
	/* An empty one is taken, and a slash at its end is no other name. */
	tree_mkdir(tree, "empty");
	assert_int_equal(make(tree, "empty/", &recording), 0);
	assert_int_equal(recording.files, 2);
	assert_int_equal(count_names(tree), 5);
}

static void names_with_an_address_in_them_are_changed_everywhere(void **state)
{
	const struct tree *tree = *state;
	struct recording recording;

	make_machine(tree);
	tree_write(tree, "sys/devices/hid/hid-aa:bb:cc:dd:ee:ff-battery/type", "Battery\n");
	tree_link(tree, "sys/class/power_supply/hid-aa:bb:cc:dd:ee:ff-battery",
		  "../../devices/hid/hid-aa:bb:cc:dd:ee:ff-battery");
	assert_int_equal(make(tree, "record", &recording), 0);

	_cleanup_host_ struct host host = opened(tree, "record");

	assert_int_equal(
		sysfs_exists(&host, "class/power_supply/hid-00:00:00:00:00:01-battery/type"), 0);
	assert_int_equal(sysfs_exists(&host, "devices/hid/hid-aa:bb:cc:dd:ee:ff-battery"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(links_lead_where_they_led),
		tree_test(overrides_are_recorded_as_the_kernel_prints_them),
		tree_test(links_that_leave_the_root_or_go_round_end),
		tree_test(a_place_that_is_taken_is_left_alone),
		tree_test(names_with_an_address_in_them_are_changed_everywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
