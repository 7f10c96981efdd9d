/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The machine a helper looks at: the running one, or a recorded one below --root=DIR. */
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"

int host_open(const char *root, struct host *ret)
{
	bool recorded = root && strcmp(root, "/") != 0;
	int fd = open(recorded ? root : "/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*ret = (struct host){ .root_fd = fd, .recorded = recorded };
	return 0;
}

void host_done(struct host *host)
{
	closep(&host->root_fd);
	host->root_fd = -1;
}

int host_openat(const struct host *host, const char *path, int flags)
{
	int fd = openat(host->root_fd, path, flags | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : fd;
}

int host_read_file(const struct host *host, const char *path, size_t limit, char **ret,
		   size_t *ret_size)
{
	_cleanup_close_ int fd = host_openat(host, path, O_RDONLY);
	_cleanup_free_ char *text = NULL;
	size_t size = 0, room = 0;

	if (fd < 0)
		return fd;
	for (;;) {
		ssize_t n;

		if (size + 1 >= room) {
			char *more = realloc(text, room ? room * 2 : 4096);

			if (!more)
				return -ENOMEM;
			text = more;
			room = room ? room * 2 : 4096;
		}
		n = read(fd, text + size, room - size - 1);
		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -errno;
		}
		if (n == 0)
			break;
		size += (size_t)n;
		if (size > limit)
			return -EFBIG;
	}
	text[size] = '\0';
	*ret = take_ptr(text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int host_list(const struct host *host, const char *path, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	_cleanup_closedir_ DIR *dir = NULL;
	struct dirent *entry;
	int fd, r;

	fd = host_openat(host, path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		/* A process may have ended since: then its directory has no attributes any more. */
		r = -errno;
		close(fd);
		return r;
	}
	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		r = strlist_add(&names, entry->d_name);
		if (r < 0)
			return r;
	}
	if (errno > 0)
		return -errno;
	strlist_sort(&names);
	*ret = names;
	names = STRLIST_EMPTY;
	return 0;
}
