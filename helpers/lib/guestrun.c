/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be there before the helper becomes a guest's QEMU: sockets, shared memory, limits. */
#include "guestrun.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guestlife.h"
#include "parse.h"
#include "rundir.h"
#include "unixsock.h"

/* Beside the sockets, of a run's guest. */
#define SHUTDOWN "run/vxm/%s/qemu/shutdown"

void guestrun_done(struct guestrun *run)
{
	closep(&run->control_fd);
	closep(&run->events_fd);
	*run = GUESTRUN_NONE;
}

static int bind_socket(const struct host *host, const char *name, const char *socket_name,
		       int *ret_fd, struct guest_error *ret_error)
{
	char path[96];
	int r;

	snprintf(path, sizeof(path), "run/vxm/%s/qemu/%s", name, socket_name);
	r = unixsock_listen(host, path, 0600, ret_fd);
	if (r == -EADDRINUSE)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "another QEMU of this guest listens on /%s: systemctl stop "
			 "vxm-guest@%s.service",
			 path, name);
	else if (r < 0)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "listening on /%s failed: %s; its directory has to be the user vxm's, as "
			 "vxm-guest@.service makes it",
			 path, strerror(-r));
	return r;
}

/*
 * /dev/shm is everybody's to write: a file of that name that is not ours, or has a second name, was
 * put there by somebody who wants to read or to redirect what the guest shows.
 */
static int make_shared(const struct host *host, const struct guest *guest)
{
	char path[80];
	_cleanup_close_ int fd = -1;
	struct stat st;

	snprintf(path, sizeof(path), "dev/shm/looking-glass-%s", guest->name);
	fd = openat(host->root_fd, path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
		    0600);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1)
		return -EEXIST;
	if (fchmod(fd, 0600) < 0 || ftruncate(fd, (off_t)guest->looking_glass_kib * 1024) < 0)
		return -errno;
	return 0;
}

static int note_shutdown(const struct host *host, const struct guest *guest)
{
	_cleanup_close_ int fd = -1;
	char path[96], text[16];
	int size = snprintf(text, sizeof(text), "%u\n", guest->shutdown_s);

	snprintf(path, sizeof(path), SHUTDOWN, guest->name);
	fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0600);
	if (fd < 0)
		return -errno;
	if (write(fd, text, (size_t)size) != size)
		return -ENOSPC;
	return 0;
}

int guestrun_read_shutdown(const struct host *host, const char *name, unsigned *ret_s)
{
	_cleanup_free_ char *text = NULL;
	char path[96];
	int r;

	snprintf(path, sizeof(path), SHUTDOWN, name);
	r = host_read_file(host, path, 16, &text, NULL);
	if (r < 0)
		return r;
	text[strcspn(text, "\n")] = '\0';
	return parse_uint(text, ret_s);
}

int guestrun_prepare(const struct host *host, const struct guest *guest, struct guestrun *ret,
		     struct guest_error *ret_error)
{
	_cleanup_guestrun_ struct guestrun run = GUESTRUN_NONE;
	int r = bind_socket(host, guest->name, GUESTLIFE_CONTROL, &run.control_fd, ret_error);

	if (r == 0)
		r = bind_socket(host, guest->name, GUESTLIFE_EVENTS, &run.events_fd, ret_error);
	if (r < 0)
		return r;
	r = note_shutdown(host, guest);
	if (r < 0) {
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "writing /" SHUTDOWN " failed: %s; /run may be full: df /run", guest->name,
			 strerror(-r));
		return r;
	}
	r = guest->looking_glass_kib > 0 ? make_shared(host, guest) : 0;
	if (r < 0) {
		snprintf(
			ret_error->text, sizeof(ret_error->text),
			"making /dev/shm/looking-glass-%s failed: %s; if it is there it is not the "
			"user vxm's: see whose it is, and remove it",
			guest->name, strerror(-r));
		return r;
	}
	*ret = run;
	run = GUESTRUN_NONE;
	return 0;
}

int guestrun_limit_memlock(uint64_t bytes, struct guest_error *ret_error)
{
	const struct rlimit wanted = { bytes, bytes };
	struct rlimit now;

	int r;

	if (getrlimit(RLIMIT_MEMLOCK, &now) < 0)
		now.rlim_max = RLIM_INFINITY; /* never so; then setrlimit() tells */
	if (now.rlim_max < bytes) {	      /* RLIM_INFINITY is the greatest value */
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "the limit of locked memory is %llu MiB and the guest needs %llu: it is "
			 "started by vxm-guest@.service, which has LimitMEMLOCK=infinity",
			 (unsigned long long)now.rlim_max >> 20, (unsigned long long)bytes >> 20);
		return -EPERM;
	}
	r = setrlimit(RLIMIT_MEMLOCK, &wanted) < 0 ? -errno : 0;
	if (r < 0)
		snprintf(ret_error->text, sizeof(ret_error->text),
			 "setting the limit of locked memory failed: %s", strerror(-r));
	return r;
}

int guestrun_observe_left(const struct host *host, const char *name, struct guestrun_left *ret)
{
	struct guestrun_left left = { false, false };
	struct stat owner, st;
	char path[80];

	int r = parse_guest_name(name);

	if (r < 0)
		return r;
	/* systemd made it for the unit's user, and root owns the directory above. */
	snprintf(path, sizeof(path), "run/vxm/%s/qemu", name);
	left.directory = fstatat(host->root_fd, path, &owner, AT_SYMLINK_NOFOLLOW) == 0;
	if (!left.directory && errno != ENOENT)
		return -errno;
	if (left.directory) {
		snprintf(path, sizeof(path), "dev/shm/looking-glass-%s", name);
		if (fstatat(host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			left.shared = S_ISREG(st.st_mode) && st.st_uid == owner.st_uid;
		else if (errno != ENOENT)
			return -errno;
	}
	*ret = left;
	return 0;
}

int guestrun_clean(const struct host *host, const char *name)
{
	struct guestrun_left left = { false, false };
	int shared = guestrun_observe_left(host, name, &left), r;
	char path[80];

	/* The bit that keeps users from each other's files in /dev/shm kept this one from being
	 * swapped since. The directory goes last: without it nobody knows whose the memory is. */
	snprintf(path, sizeof(path), "dev/shm/looking-glass-%s", name);
	if (left.shared && unlinkat(host->root_fd, path, 0) < 0 && errno != ENOENT)
		shared = -errno;
	r = rundir_remove(host, name, "qemu");
	return shared < 0 ? shared : r;
}
