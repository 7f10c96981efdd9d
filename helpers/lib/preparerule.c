/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules that keep the host's drivers away from a prepared guest's functions. */
#include "preparerule.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Theory of operation
 *
 * At boot udev replays an "add" for each PCI function, and its last rules file loads the driver
 * that the function's modalias names. driver_override is set before that: the attribute is
 * written while the rules are read, modules are loaded after all of them. From then on only
 * vfio-pci may bind.
 *
 * A line takes a function only if it is the one on record (address, vendor, device, subsystem) and
 * has no driver. After a slot shift nothing matches; a card that a driver of the initramfs holds is
 * left to vxm-isolate(8), which can ask who uses it.
 *
 * The file's name sorts before 80-drivers.rules, and before what an admin calls 99.
 */

static void print_rules(FILE *out, const char *name, const struct prepared *prepared)
{
	fprintf(out,
		"# By vxm-generator(8), for vxm-prepare@%s.target, from /" PREPARED_DIRECTORY
		"/%s.\n"
		"# The functions that were meant when the target was enabled, while no driver has "
		"them.\n",
		name, name);
	for (size_t i = 0; i < prepared->count; i++) {
		const struct prepared_function *f = &prepared->items[i];
		char address[PCIADDR_SIZE];

		fprintf(out,
			"ACTION==\"add\", SUBSYSTEM==\"pci\", KERNEL==\"%s\", DRIVER==\"\", "
			"ATTR{vendor}==\"0x%04x\", ATTR{device}==\"0x%04x\", "
			"ATTR{subsystem_vendor}==\"0x%04x\", ATTR{subsystem_device}==\"0x%04x\", "
			"ATTR{driver_override}=\"vfio-pci\", RUN{builtin}+=\"kmod load "
			"vfio-pci\"\n",
			pciaddr_format(&f->addr, address), f->ids.vendor, f->ids.device,
			f->ids.subvendor, f->ids.subdevice);
	}
}

static int make_directories(const struct host *host)
{
	static const char *const directories[] = { "run", "run/udev", PREPARERULE_DIRECTORY };

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		if (mkdirat(host->root_fd, directories[i], 0755) < 0 && errno != EEXIST)
			return -errno;
	return 0;
}

int preparerule_write(const struct host *host, const char *name, const struct prepared *prepared)
{
	char path[PATH_MAX], temporary[PATH_MAX];
	FILE *out;
	int fd, r = make_directories(host);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path),
		 PREPARERULE_DIRECTORY "/" PREPARERULE_PREFIX "%s" PREPARERULE_SUFFIX, name);
	/* udev reads what ends in .rules, and this does not. */
	snprintf(temporary, sizeof(temporary), PREPARERULE_DIRECTORY "/.vxm-%s.new", name);
	fd = openat(host->root_fd, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	out = fdopen(fd, "w");
	if (!out) {
		close(fd);
		return -ENOMEM;
	}
	print_rules(out, name, prepared);
	r = fclose(out) != 0 ? -errno : 0;
	if (r >= 0 && renameat(host->root_fd, temporary, host->root_fd, path) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(host->root_fd, temporary, 0);
	return r;
}

int preparerule_keep(const struct host *host, const struct strlist *keep)
{
	_cleanup_strlist_ struct strlist files = STRLIST_EMPTY;
	size_t prefix = strlen(PREPARERULE_PREFIX), suffix = strlen(PREPARERULE_SUFFIX);
	int r = host_list(host, PREPARERULE_DIRECTORY, &files);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < files.count; i++) {
		char *file = files.items[i], path[PATH_MAX];
		size_t length = strlen(file);

		if (length <= prefix + suffix || strncmp(file, PREPARERULE_PREFIX, prefix) != 0 ||
		    strcmp(file + length - suffix, PREPARERULE_SUFFIX) != 0)
			continue;
		snprintf(path, sizeof(path), PREPARERULE_DIRECTORY "/%s", file);
		file[length - suffix] = '\0';
		if (strlist_has(keep, file + prefix))
			continue;
		if (unlinkat(host->root_fd, path, 0) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}
