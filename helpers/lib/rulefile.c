/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules of this boot that are made from the guests' files: one file for each guest and
 * kind. */
#include "rulefile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SUFFIX ".rules"

static int make_directories(const struct host *host)
{
	static const char *const directories[] = { "run", "run/udev", RULEFILE_DIRECTORY };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(host->root_fd, directories[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

/* udev reads what ends in .rules, and this does not. */
static void temporary_path(char path[static PATH_MAX], const char *name)
{
	snprintf(path, PATH_MAX, RULEFILE_DIRECTORY "/.vxm-%s.new", name);
}

FILE *rulefile_create(const struct host *host, const char *name)
{
	int r = make_directories(host), fd;
	char path[PATH_MAX];
	FILE *out;

	if (r < 0) {
		errno = -r;
		return NULL;
	}
	temporary_path(path, name);
	fd = openat(host->root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return NULL;
	out = fdopen(fd, "w");
	if (!out)
		close(fd);
	return out;
}

int rulefile_commit(const struct host *host, FILE *out, const char *prefix, const char *name,
		    struct strlist *written)
{
	char path[PATH_MAX], temporary[PATH_MAX], file[NAME_MAX];
	int r = ferror(out) ? -EIO : 0;

	if (fclose(out) != 0)
		r = -errno;
	temporary_path(temporary, name);
	snprintf(file, sizeof(file), "%s%s" SUFFIX, prefix, name);
	snprintf(path, sizeof(path), RULEFILE_DIRECTORY "/%s", file);
	if (r >= 0 && renameat(host->root_fd, temporary, host->root_fd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(host->root_fd, temporary, 0);
	return r < 0 ? r : strlist_add(written, file);
}

int rulefile_keep(const struct host *host, const char *prefix, const struct strlist *written)
{
	_cleanup_strlist_ struct strlist files = STRLIST_EMPTY;
	size_t start = strlen(prefix), end = strlen(SUFFIX);
	int r = host_list(host, RULEFILE_DIRECTORY, &files);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < files.count; i++) {
		const char *file = files.items[i];
		size_t length = strlen(file);
		char path[PATH_MAX];

		if (length <= start + end || strncmp(file, prefix, start) != 0 ||
		    strcmp(file + length - end, SUFFIX) != 0 || strlist_has(written, file))
			continue;
		snprintf(path, sizeof(path), RULEFILE_DIRECTORY "/%s", file);
		if (unlinkat(host->root_fd, path, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}
