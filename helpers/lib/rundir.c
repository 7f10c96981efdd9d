/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing a run-time directory that belongs to the user vxm, as root and safely. */
#include "rundir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"
#include "record.h"

#define RUNDIR_DEPTH_MAX 8

static int remove_below(int parent_fd, const char *name, unsigned depth);

static int remove_contents(int fd, unsigned depth)
{
	_cleanup_closedir_ DIR *dir = fdopendir(fd);
	struct dirent *entry;
	int r = 0;

	if (!dir) {
		r = -errno;
		close(fd);
		return r;
	}
	while (r >= 0 && (errno = 0, entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = remove_below(dirfd(dir), entry->d_name, depth + 1);
	return r < 0 ? r : -errno;
}

static int remove_below(int parent_fd, const char *name, unsigned depth)
{
	int fd, r;

	if (unlinkat(parent_fd, name, 0) == 0 || errno == ENOENT)
		return 0;
	/* unlink(2): Linux says EISDIR where POSIX says EPERM. */
	if (errno != EISDIR)
		return -errno;
	if (depth > RUNDIR_DEPTH_MAX)
		return -ELOOP;
	fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = remove_contents(fd, depth);
	if (r < 0)
		return r;
	return unlinkat(parent_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

/*
 * systemd mounts a RuntimeDirectory= over itself to keep it writable under ProtectSystem=strict,
 * and does so for ExecStopPost=+ lines too, which are said to be free of such things (seen with
 * 257: a bind mount in /proc/self/mountinfo). The root of a mount cannot be removed. This one is of
 * the mount namespace that systemd made for the process; a mount of another file system is not its.
 */
static int unmount_own(int parent_fd, const char *guest, const char *sub)
{
	char path[PATH_MAX];
	struct stat above, st;

	if (fstat(parent_fd, &above) < 0 || fstatat(parent_fd, sub, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (above.st_dev != st.st_dev)
		return -EBUSY;
	snprintf(path, sizeof(path), "/run/vxm/%s/%s", guest, sub);
	return umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 ? -errno : 0;
}

int rundir_remove(const struct host *host, const char *guest, const char *sub)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	int r = parse_guest_name(guest);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "run/vxm/%s", guest);
	fd = host_openat(host, path, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	r = remove_below(fd, sub, 0);
	if (r == -EBUSY && !host->recorded) {
		r = unmount_own(fd, guest, sub);
		if (r >= 0)
			r = remove_below(fd, sub, 0);
	}
	return r < 0 ? r : record_leave(host, guest);
}
