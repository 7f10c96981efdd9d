/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A listening unix socket that a helper binds itself and hands to the server it turns into. */
#include "unixsock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "cleanup.h"

/*
 * Theory of operation
 *
 * systemd counts a unit as started when its process says READY=1, and what is ordered after it
 * connects at once. Neither swtpm nor QEMU says anything, so the helper binds and listens before it
 * becomes them: from then on a connect() succeeds and waits in the backlog until the server accepts
 * it. The server gets a descriptor instead of a path, and has nothing left to race for.
 *
 * The address of the socket is absolute on the running machine: QEMU unlinks the name that
 * getsockname() gives when it closes a listening socket. Below --root the address is relative to
 * that directory, whose own name may be longer than sun_path.
 *
 * A socket file outlives its listener. connect() tells the two apart: ECONNREFUSED is a file that
 * nobody listens on. It does not block, a full backlog (EAGAIN) is a listener like any other.
 */

static int make_address(const struct host *host, const char *path, struct sockaddr_un *ret)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) + 2 > sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s%s", host->recorded ? "" : "/",
		 path);
	*ret = address;
	return 0;
}

static int remove_stale(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = -1;
	struct stat st;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
		return -EADDRINUSE;
	if (errno != ECONNREFUSED && errno != ENOENT)
		return -errno;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

static int bind_and_listen(const struct sockaddr_un *address, mode_t mode, int *ret_fd)
{
	_cleanup_close_ int fd = -1;
	int r = remove_stale(address);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && fd <= STDERR_FILENO) {
		int low = fd;

		fd = fcntl(low, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		close(low);
	}
	if (fd < 0)
		return -errno;
	/* Linux makes the file with the mode of the socket's own inode (net/unix/af_unix.c,
	 * unix_bind_bsd()), so it is never open to others, not even for a moment. */
	if (fchmod(fd, mode) < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (listen(fd, SOMAXCONN) < 0) {
		r = -errno;
		unlink(address->sun_path);
		return r;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int unixsock_listen(const struct host *host, const char *path, mode_t mode, int *ret_fd)
{
	_cleanup_close_ int back = -1;
	struct sockaddr_un address;
	int fd = -1, r;

	r = make_address(host, path, &address);
	if (r < 0)
		return r;
	if (!host->recorded)
		return bind_and_listen(&address, mode, ret_fd);

	back = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (back < 0)
		return -errno;
	if (fchdir(host->root_fd) < 0)
		return -errno;
	r = bind_and_listen(&address, mode, &fd);
	if (fchdir(back) < 0) {
		closep(&fd);
		return -errno;
	}
	if (r >= 0)
		*ret_fd = fd;
	return r;
}

int unixsock_keep(int fd)
{
	return fcntl(fd, F_SETFD, 0) < 0 ? -errno : 0;
}
