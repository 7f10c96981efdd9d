/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The only door to the kernel's sysfs. Tests put tests/fakekernel in the place of this object at
 * link time. */
#include "sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "parse.h"

static int sysfs_path(char path[static PATH_MAX], const char *format, va_list ap)
{
	size_t length = strlen(SYSFS_MOUNT);
	int n;

	memcpy(path, SYSFS_MOUNT, length);
	n = vsnprintf(path + length, PATH_MAX - length, format, ap);
	return n < 0 || (size_t)n >= PATH_MAX - length ? -ENAMETOOLONG : 0;
}

/* Fills PATH from the variable arguments of the function it stands in. */
#define SYSFS_PATH(path, format)                    \
	({                                          \
		va_list ap_;                        \
		int r_;                             \
                                                    \
		va_start(ap_, format);              \
		r_ = sysfs_path(path, format, ap_); \
		va_end(ap_);                        \
		r_;                                 \
	})

static int read_text(const struct host *host, const char *path, char *buf, size_t size)
{
	_cleanup_close_ int fd = host_openat(host, path, O_RDONLY);
	ssize_t n;

	if (fd < 0)
		return fd;
	/* One call brings a whole attribute; asking again for its end would make half as many calls
	 * again, and a machine has thousands of attributes. */
	do
		n = read(fd, buf, size);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return 0;
}

int sysfs_read(const struct host *host, char *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);

	return r < 0 ? r : read_text(host, path, buf, size);
}

ssize_t sysfs_read_bytes(const struct host *host, void *buf, size_t size, const char *format, ...)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);
	size_t used = 0;

	if (r < 0)
		return r;
	fd = host_openat(host, path, O_RDONLY);
	if (fd < 0)
		return fd;
	while (used < size) {
		ssize_t n = read(fd, (char *)buf + used, size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	return (ssize_t)used;
}

int sysfs_read_u64(const struct host *host, uint64_t *ret, const char *format, ...)
{
	char path[PATH_MAX], text[64];
	int r = SYSFS_PATH(path, format);

	if (r < 0)
		return r;
	r = read_text(host, path, text, sizeof(text));
	if (r < 0)
		return r;
	return strncmp(text, "0x", 2) == 0 ? parse_hex(text, 16, ret) : parse_u64(text, ret);
}

int sysfs_read_int(const struct host *host, int *ret, const char *format, ...)
{
	char path[PATH_MAX], text[64];
	int r = SYSFS_PATH(path, format);

	if (r < 0)
		return r;
	r = read_text(host, path, text, sizeof(text));
	return r < 0 ? r : parse_int(text, ret);
}

static int read_target(const struct host *host, const char *path, char *buf, size_t size)
{
	ssize_t n = readlinkat(host->root_fd, path, buf, size);

	if (n < 0)
		return -errno;
	if ((size_t)n == size)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return 0;
}

int sysfs_read_target(const struct host *host, char *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);

	return r < 0 ? r : read_target(host, path, buf, size);
}

int sysfs_read_link(const struct host *host, char *buf, size_t size, const char *format, ...)
{
	char path[PATH_MAX], target[PATH_MAX];
	int r = SYSFS_PATH(path, format);
	const char *base;

	if (r >= 0)
		r = read_target(host, path, target, sizeof(target));
	if (r < 0)
		return r;
	base = strrchr(target, '/');
	base = base ? base + 1 : target;
	if (strlen(base) >= size)
		return -ENAMETOOLONG;
	memcpy(buf, base, strlen(base) + 1);
	return 0;
}

int sysfs_list(const struct host *host, struct strlist *ret, const char *format, ...)
{
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);

	return r < 0 ? r : host_list(host, path, ret);
}

int sysfs_exists(const struct host *host, const char *format, ...)
{
	char path[PATH_MAX];
	struct stat st;
	int r = SYSFS_PATH(path, format);

	if (r < 0)
		return r;
	return fstatat(host->root_fd, path, &st, 0) < 0 ? -errno : 0;
}

int sysfs_read_inode(const struct host *host, uint64_t *ret, const char *format, ...)
{
	char path[PATH_MAX];
	struct stat st;
	int r = SYSFS_PATH(path, format);

	if (r < 0)
		return r;
	if (fstatat(host->root_fd, path, &st, 0) < 0)
		return -errno;
	*ret = st.st_ino;
	return 0;
}

int sysfs_write(const struct host *host, const char *text, const char *format, ...)
{
	_cleanup_close_ int fd = -1;
	char path[PATH_MAX];
	int r = SYSFS_PATH(path, format);
	ssize_t n;

	if (r < 0)
		return r;
	fd = host_openat(host, path, O_WRONLY | O_TRUNC);
	if (fd < 0)
		return fd;
	do
		n = write(fd, text, strlen(text));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(text) ? 0 : -EIO;
}
