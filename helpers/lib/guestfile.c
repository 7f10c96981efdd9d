/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files that a guest is made of: where they lie, and whether systemd has seen them as they are.
 */
#include "guestfile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "parse.h"

#ifndef VXM_PREFIX
#define VXM_PREFIX "/usr"
#endif

static int add_if_there(const struct host *host, const char *path, struct strlist *list)
{
	struct stat st;

	/* A link that leads nowhere is there: reading it is an error that is to be told. */
	if (fstatat(host->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? -ENOENT : -errno;
	return strlist_add(list, path);
}

static int add_dropins(const struct host *host, const char *name, struct strlist *list)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	char path[PATH_MAX];
	int r;

	snprintf(path, sizeof(path), GUESTFILE_DIRECTORY "/%s.conf.d", name);
	r = host_list(host, path, &names);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < names.count; i++) {
		size_t length = strlen(names.items[i]);

		if (length <= strlen(".conf") ||
		    strcmp(names.items[i] + length - strlen(".conf"), ".conf") != 0)
			continue;
		r = strlist_addf(list, "%s/%s", path, names.items[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

int guestfile_layers(const struct host *host, const char *name, struct strlist *ret)
{
	static const char *const shared[] = { VXM_PREFIX "/lib/vxm/guest.conf",
					      "/etc/vxm/guest.conf" };
	_cleanup_strlist_ struct strlist list = STRLIST_EMPTY;
	char path[PATH_MAX];
	int r = parse_guest_name(name);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(shared); i++) {
		r = add_if_there(host, shared[i] + 1, &list);
		if (r < 0 && r != -ENOENT)
			return r;
	}
	snprintf(path, sizeof(path), GUESTFILE_DIRECTORY "/%s.conf", name);
	r = add_if_there(host, path, &list);
	if (r < 0)
		return r;
	r = add_dropins(host, name, &list);
	if (r < 0)
		return r;
	*ret = list;
	list = STRLIST_EMPTY;
	return 0;
}

/* Of NAME.conf those whose NAME is a guest's, without ".conf"; or the others, as they are. */
static int list_files(const struct host *host, bool good, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist files = STRLIST_EMPTY, names = STRLIST_EMPTY;
	int r = host_list(host, GUESTFILE_DIRECTORY, &files);

	for (size_t i = 0; r >= 0 && i < files.count; i++) {
		char *dot = strrchr(files.items[i], '.');

		if (!dot || strcmp(dot, ".conf") != 0)
			continue;
		*dot = '\0';
		if ((parse_guest_name(files.items[i]) == 0) == good)
			r = strlist_addf(&names, "%s%s", files.items[i], good ? "" : ".conf");
	}
	if (r < 0 && r != -ENOENT)
		return r;
	strlist_sort(&names);
	*ret = names;
	names = STRLIST_EMPTY;
	return 0;
}

int guestfile_list(const struct host *host, struct strlist *ret)
{
	return list_files(host, true, ret);
}

int guestfile_list_misnamed(const struct host *host, struct strlist *ret)
{
	return list_files(host, false, ret);
}

/* A newline in a file's name must not become a line of a unit file. */
static void hide_control(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

int guestfile_stamps(const struct host *host, const char *name, struct strlist *ret)
{
	_cleanup_strlist_ struct strlist files = STRLIST_EMPTY, stamps = STRLIST_EMPTY;
	int r = guestfile_layers(host, name, &files);

	for (size_t i = 0; r >= 0 && i < files.count; i++) {
		struct stat st;

		if (fstatat(host->root_fd, files.items[i], &st, 0) < 0)
			return -errno;
		hide_control(files.items[i]);
		r = strlist_addf(&stamps, "/%s %lld.%09ld %lld", files.items[i],
				 (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
				 (long long)st.st_size);
	}
	if (r < 0)
		return r;
	*ret = stamps;
	stamps = STRLIST_EMPTY;
	return 0;
}

/* The stamps of a drop-in's text, which is cut at its newlines. */
static int read_stamps(char *text, struct strlist *list)
{
	char *rest = text;

	for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
		size_t length = strlen(GUESTFILE_STAMP_PREFIX);
		int r;

		if (strncmp(line, GUESTFILE_STAMP_PREFIX, length) != 0)
			continue;
		r = strlist_add(list, line + length);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The path of a stamp, which may hold blanks: all but its last two words. */
static void copy_path(const char *stamp, char ret[static 256])
{
	size_t length = strlen(stamp);

	for (int words = 0; words < 2; words++) {
		while (length > 0 && stamp[length - 1] != ' ')
			length--;
		if (length > 0)
			length--;
	}
	snprintf(ret, 256, "%.*s", (int)(length < 255 ? length : 255), stamp);
}

int guestfile_is_generated(const struct host *host, const char *name, char ret_file[256])
{
	_cleanup_strlist_ struct strlist now = STRLIST_EMPTY, then = STRLIST_EMPTY;
	_cleanup_free_ char *text = NULL;
	char path[PATH_MAX];
	int r = guestfile_stamps(host, name, &now);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), GUESTFILE_GENERATED "/vxm-guest@%s.service.d/%s", name,
		 GUESTFILE_DROPIN);
	r = host_read_file(host, path, (size_t)256 * 1024, &text, NULL);
	if (r >= 0)
		r = read_stamps(text, &then);
	if (r < 0 && r != -ENOENT)
		return r;
	for (size_t i = 0; i < now.count; i++)
		if (!strlist_has(&then, now.items[i])) {
			copy_path(now.items[i], ret_file);
			return 0;
		}
	for (size_t i = 0; i < then.count; i++)
		if (!strlist_has(&now, then.items[i])) {
			copy_path(then.items[i], ret_file);
			return 0;
		}
	return 1;
}

const char *guestfile_remedy(int error)
{
	return error == -EACCES || error == -EPERM
		       ? ": the user vxm reads it too: chmod 644 the file, chmod 755 its directory"
		       : "";
}
