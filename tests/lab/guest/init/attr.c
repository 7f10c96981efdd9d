// SPDX-License-Identifier: GPL-2.0-or-later
/* One-line files of the kernel, read and written by the lab guest. */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int attr_read(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, size - 1);
	r = n < 0 ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	return (int)strlen(text);
}

int attr_parse_number(const char *text, unsigned int base, uint64_t *ret_number)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t number = 0;

	if (!*text)
		return -EINVAL;
	for (; *text; text++) {
		const char *digit = memchr(digits, *text | 0x20, base);

		if (!digit)
			return -EINVAL;
		number = number * base + (uint64_t)(digit - digits);
	}
	*ret_number = number;
	return 0;
}

int attr_read_number(const char *dir, const char *name, uint64_t *ret_number)
{
	char text[64] = "";
	int r = attr_read(dir, name, text, sizeof(text));

	if (r < 0)
		return r;
	if (strncmp(text, "0x", 2) == 0)
		return attr_parse_number(text + 2, 16, ret_number);
	return attr_parse_number(text, 10, ret_number);
}

int attr_read_link(const char *dir, const char *name, char *text, size_t size)
{
	char path[PATH_MAX];
	char target[PATH_MAX];
	const char *last;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	n = readlink(path, target, sizeof(target) - 1);
	if (n < 0)
		return -errno;
	target[n] = '\0';
	last = strrchr(target, '/');
	snprintf(text, size, "%s", last ? last + 1 : target);
	return 0;
}

int attr_write(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX];
	int fd;
	int r;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
	close(fd);
	return r;
}
