// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drmhold NODE [ignore]: has /dev/dri/cardN open, as a compositor has, and follows udev's events of
 * it.
 *
 * On "remove" it closes the node and on "add" opens it again; with "ignore" it keeps it, as a
 * compositor does that does not know how to let go. It says each event on a line of its own, and
 * READY=1 to systemd once it has the node and listens.
 */
#include <fcntl.h>
#include <libudev.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

int main(int argc, char *argv[])
{
	struct udev_monitor *monitor;
	struct udev *udev = udev_new();
	int fd, ignore = argc > 2 && strcmp(argv[2], "ignore") == 0;

	if (argc < 2 || !udev)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	monitor = udev_monitor_new_from_netlink(udev, "udev");
	if (!monitor || udev_monitor_filter_add_match_subsystem_devtype(monitor, "drm", NULL) < 0 ||
	    udev_monitor_enable_receiving(monitor) < 0)
		return 1;
	fd = open(argv[1], O_RDWR | O_CLOEXEC);
	if (fd < 0) {
		perror(argv[1]);
		return 1;
	}
	sd_notify(0, "READY=1");
	for (;;) {
		struct pollfd pfd = { .fd = udev_monitor_get_fd(monitor), .events = POLLIN };
		struct udev_device *device;
		const char *action, *node;

		if (poll(&pfd, 1, -1) < 0)
			return 1;
		device = udev_monitor_receive_device(monitor);
		action = device ? udev_device_get_action(device) : NULL;
		node = device ? udev_device_get_devnode(device) : NULL;
		if (action && node && strcmp(node, argv[1]) == 0) {
			printf("%s %s\n", action, node);
			if (!ignore && strcmp(action, "remove") == 0 && fd >= 0) {
				close(fd);
				fd = -1;
			}
			if (!ignore && strcmp(action, "add") == 0 && fd < 0)
				fd = open(argv[1], O_RDWR | O_CLOEXEC);
		}
		udev_device_unref(device);
	}
}
