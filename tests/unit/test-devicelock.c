/* SPDX-License-Identifier: GPL-2.0-or-later */
/* devicelock: what needs a device's lock is done by a child. That one which sleeps is left is shown
 * by isolate.bats. */
#include "devicelock.h"

#include "pcitree.h"
#include "sysfs.h"

#define GPU "0000:01:00.0"

static void the_lock_is_tried_by_writing_what_is_there(void **state)
{
	const struct tree *tree = *state;
	char text[32];
	pid_t pid = 0;

	pcitree_make(tree, GPU, "0x10de", "0x2684", "0x030000", NULL, NULL);
	assert_int_equal(devicelock_try(&tree->host, GPU, -1, &pid), 0);
	pcitree_attribute(tree, GPU, "power/control", "auto");
	assert_int_equal(devicelock_try(&tree->host, GPU, -1, &pid), 0);
	assert_int_equal(sysfs_read(&tree->host, text, sizeof(text),
				    "bus/pci/devices/" GPU "/power/control"),
			 0);
	assert_string_equal(text, "auto");
	assert_int_equal(pid, 0);
}

static void who_sleeps_is_told_with_the_place(void **state)
{
	const struct tree *tree = *state;
	char sleeper[DEVICELOCK_SLEEPER_SIZE], text[DEVICELOCK_TEXT_SIZE];

	assert_string_equal(devicelock_sleeper(&tree->host, 0, sleeper), "");
	devicelock_tell(GPU, sleeper, text);
	assert_non_null(strstr(text, GPU ": the kernel has let nobody at it for 25 s: "));
	assert_string_equal(devicelock_sleeper(&tree->host, 812, sleeper), "pid 812");
	tree_write(tree, "proc/812/wchan", "device_release_driver_internal");
	devicelock_sleeper(&tree->host, 812, sleeper);
	assert_string_equal(sleeper, "pid 812, waiting in device_release_driver_internal");
	devicelock_tell(GPU, sleeper, text);
	assert_non_null(strstr(text, GPU ": the kernel has let nobody at it for 25 s (pid 812, "
					 "waiting in device_release_driver_internal): "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		tree_test(the_lock_is_tried_by_writing_what_is_there),
		tree_test(who_sleeps_is_told_with_the_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
