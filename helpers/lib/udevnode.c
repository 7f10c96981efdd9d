/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands a device node to the user vxm and back, by a mark that a udev rule tests. */

/*
 * Theory of operation
 *
 * A node's owner is udev's to set: a chown behind its back is undone by the next event, and missed
 * by the node that comes back after a replug. So a mark (an empty file of root's) is made, the
 * kernel is asked for a "change" event of the device, and the rules in 71-vxm.rules do the rest.
 *
 * udev resets nothing by itself: a rule that no longer matches leaves the owner where it was. Hence
 * the second mark, NAME.back, which stands only while a node is given back, and whose rule says
 * OWNER="root". Without one of the two marks our rules do not touch any node, so what the machine's
 * own rules say about other nodes stays true. The one becomes the other by a rename, which needs no
 * room: a full /run must not be what keeps a node with vxm. Whatever happens, a return leaves no
 * mark behind: the next event, or a device that comes back under that name, would give it away.
 *
 * The event carries a UUID of ours (Documentation/ABI/testing/sysfs-uevent), which udevd hands on
 * as SYNTH_UUID after it has run the rules and set the node's permissions. The monitor is there
 * before the event is asked for, so the answer cannot be missed.
 */
#include "udevnode.h"

#include <errno.h>
#include <fcntl.h>
#include <libudev.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#include "cleanup.h"
#include "sysfs.h"

#define UDEVNODE_DIRECTORY "run/vxm/.access"
#define UDEVNODE_UUID_SIZE 37

CLEANUP_DEFINE(struct udev, udev_unref)
CLEANUP_DEFINE(struct udev_monitor, udev_monitor_unref)
CLEANUP_DEFINE(struct udev_device, udev_device_unref)

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int mark_path(char path[static PATH_MAX], const char *markname, const char *suffix)
{
	int n;

	if (!markname[0] || markname[0] == '.' || strchr(markname, '/'))
		return -EINVAL;
	n = snprintf(path, PATH_MAX, UDEVNODE_DIRECTORY "/%s%s", markname, suffix);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int mark_make(const struct host *host, const char *markname, const char *suffix)
{
	static const char *const parents[] = { "run/vxm", UDEVNODE_DIRECTORY };
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	int r = mark_path(path, markname, suffix);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
		if (mkdirat(host->root_fd, parents[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : 0;
}

static int mark_drop(const struct host *host, const char *markname, const char *suffix)
{
	char path[PATH_MAX];
	int r = mark_path(path, markname, suffix);

	if (r < 0)
		return r;
	return unlinkat(host->root_fd, path, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* The mark into that of a return; where there is none, as after a return that was killed, anew. */
static int mark_turn(const struct host *host, const char *markname)
{
	char mark[PATH_MAX], back[PATH_MAX];
	int r = mark_path(mark, markname, "");

	if (r >= 0)
		r = mark_path(back, markname, ".back");
	if (r < 0)
		return r;
	if (renameat(host->root_fd, mark, host->root_fd, back) == 0)
		return 0;
	return errno == ENOENT ? mark_make(host, markname, ".back") : -errno;
}

/* A random UUID in the form that the kernel asks for. */
static int make_uuid(char uuid[static UDEVNODE_UUID_SIZE])
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != (ssize_t)sizeof(b))
		return -EIO;
	b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
	b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
	snprintf(uuid, UDEVNODE_UUID_SIZE,
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1],
		 b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14],
		 b[15]);
	return 0;
}

static int open_monitor(struct udev *udev, const char *subsystem, struct udev_monitor **ret)
{
	_cleanup_(udev_monitor_unrefp) struct udev_monitor *monitor =
		udev_monitor_new_from_netlink(udev, "udev");
	int r;

	if (!monitor)
		return errno > 0 ? -errno : -ENOMEM;
	r = udev_monitor_filter_add_match_subsystem_devtype(monitor, subsystem, NULL);
	if (r >= 0)
		r = udev_monitor_enable_receiving(monitor);
	if (r < 0)
		return r;
	*ret = take_ptr(monitor);
	return 0;
}

static int await_event(struct udev_monitor *monitor, const char *uuid)
{
	int64_t end = now_ms() + UDEVNODE_TIMEOUT_MS;

	for (;;) {
		_cleanup_(udev_device_unrefp) struct udev_device *device = NULL;
		struct pollfd pfd = { .fd = udev_monitor_get_fd(monitor), .events = POLLIN };
		int64_t left = end - now_ms();
		const char *value;
		int r;

		r = left > 0 ? poll(&pfd, 1, (int)left) : 0;
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		if (r == 0)
			return -ETIMEDOUT;
		/* NULL for what libudev does not trust or understand: somebody else's. */
		device = udev_monitor_receive_device(monitor);
		value = device ? udev_device_get_property_value(device, "SYNTH_UUID") : NULL;
		if (value && strcmp(value, uuid) == 0)
			return 0;
	}
}

/* Has udev run its rules over the device. -ENODEV when there is no such device. */
static int send_change(const struct host *host, const char *subsystem, const char *sysname)
{
	_cleanup_(udev_monitor_unrefp) struct udev_monitor *monitor = NULL;
	_cleanup_(udev_unrefp) struct udev *udev = NULL;
	char uuid[UDEVNODE_UUID_SIZE], text[64];
	int r;

	udev = udev_new();
	if (!udev)
		return -ENOMEM;
	r = open_monitor(udev, subsystem, &monitor);
	if (r >= 0)
		r = make_uuid(uuid);
	if (r < 0)
		return r;
	snprintf(text, sizeof(text), "change %s", uuid);
	r = sysfs_write(host, text, "class/%s/%s/uevent", subsystem, sysname);
	if (r == -ENOENT || r == -ENODEV)
		return -ENODEV;
	return r < 0 ? r : await_event(monitor, uuid);
}

int udevnode_mark(const struct host *host, const char *subsystem, const char *sysname,
		  const char *markname)
{
	int r = mark_drop(host, markname, ".back");

	if (r >= 0)
		r = mark_make(host, markname, "");
	if (r < 0 || host->recorded)
		return r;
	r = send_change(host, subsystem, sysname);
	if (r == -ENODEV)
		(void)mark_drop(host, markname, "");
	return r;
}

int udevnode_unmark(const struct host *host, const char *subsystem, const char *sysname,
		    const char *markname)
{
	int r, dropped;

	if (host->recorded)
		return mark_drop(host, markname, "");
	r = mark_turn(host, markname);
	dropped = mark_drop(host, markname, "");
	if (r >= 0)
		r = send_change(host, subsystem, sysname);
	if (r >= 0 || r == -ENODEV)
		r = dropped;
	dropped = mark_drop(host, markname, ".back");
	return r < 0 ? r : dropped;
}

int udevnode_owner(const struct host *host, const char *path, uid_t *ret_uid, mode_t *ret_mode)
{
	struct stat st;

	if (fstatat(host->root_fd, path, &st, 0) < 0)
		return -errno;
	*ret_uid = st.st_uid;
	if (ret_mode)
		*ret_mode = st.st_mode & 07777;
	return 0;
}

int udevnode_vxm_uid(uid_t *ret)
{
	char buf[4096];
	struct passwd entry, *found;
	int r = getpwnam_r("vxm", &entry, buf, sizeof(buf), &found);

	if (r != 0)
		return -r;
	if (!found)
		return -ESRCH;
	*ret = entry.pw_uid;
	return 0;
}
