/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts, swap areas and stacked devices on the disks of PCI functions. */
#include "diskuse.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "kerneltable.h"
#include "sysfs.h"

/* LVM on LUKS on RAID on a partition is four. */
#define STACK_DEPTH 8

struct tables {
	const struct host *host;
	const char *mounts; /* mountinfo */
	const char *swaps;
};

/* Takes the next word off *LINE; "" at its end. */
static char *take_word(char **line)
{
	char *word = *line + strspn(*line, " \t");
	size_t length = strcspn(word, " \t");

	*line = word + length + (word[length] != '\0');
	word[length] = '\0';
	return word;
}

/* "/dev/nvme0n1p2", "/dev/mapper/home" for a dm device. */
static bool is_source(const struct tables *tables, const char *name, const char *source)
{
	char mapped[128];

	if (strncmp(source, "/dev/", 5) != 0)
		return false;
	if (strcmp(source + 5, name) == 0)
		return true;
	return strncmp(source, "/dev/mapper/", 12) == 0 &&
	       sysfs_read(tables->host, mapped, sizeof(mapped), "class/block/%s/dm/name", name) >=
		       0 &&
	       strcmp(source + 12, mapped) == 0;
}

/*
 * "36 35 259:2 / /home rw shared:1 - ext4 /dev/nvme0n1p2 rw" (proc(5)). btrfs has a device number
 * of its own, hence the source; of a btrfs on several devices that is the first of them, hence
 * sysfs, where a mounted one has all. 1 and the place in BUF, 0, -errno.
 */
static int find_mount(const struct tables *tables, const char *name, const char *number, char *buf,
		      size_t size)
{
	_cleanup_strlist_ struct strlist filesystems = STRLIST_EMPTY;
	_cleanup_free_ char *text = strdup(tables->mounts);
	char *save;
	int r;

	if (!text)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *device, *point, *word;

		take_word(&line);
		take_word(&line);
		device = take_word(&line);
		take_word(&line);
		point = take_word(&line);
		do
			word = take_word(&line);
		while (word[0] && strcmp(word, "-") != 0);
		take_word(&line);
		if (strcmp(device, number) != 0 && !is_source(tables, name, take_word(&line)))
			continue;
		snprintf(buf, size, "%s", point);
		return 1;
	}
	r = sysfs_list(tables->host, &filesystems, "fs/btrfs");
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < filesystems.count; i++) {
		if (sysfs_exists(tables->host, "fs/btrfs/%s/devices/%s", filesystems.items[i],
				 name) < 0)
			continue;
		snprintf(buf, size, "the btrfs %s", filesystems.items[i]);
		return 1;
	}
	return 0;
}

/* 1, 0, -errno. */
static int is_swap(const struct tables *tables, const char *name)
{
	_cleanup_free_ char *text = strdup(tables->swaps);
	char *save;

	if (!text)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (is_source(tables, name, take_word(&line)))
			return 1;
	return 0;
}

/* 1: told, 0: nothing is on NAME or above it, -errno. BASE is the device of the function. */
static int look(const struct tables *tables, const struct pciaddr *addr, const char *base,
		const char *name, unsigned depth, struct hostuse_list *uses)
{
	_cleanup_strlist_ struct strlist above = STRLIST_EMPTY;
	char number[32] = "", point[128], remedy[192];
	int told = 0, r;

	(void)sysfs_read(tables->host, number, sizeof(number), "class/block/%s/dev", name);
	r = find_mount(tables, name, number, point, sizeof(point));
	if (r > 0) {
		snprintf(remedy, sizeof(remedy), "umount %s", point);
		r = hostuse_add(uses, addr, remedy, "%s is mounted from its disk %s", point, base);
		return r < 0 ? r : 1;
	}
	if (r == 0)
		r = is_swap(tables, name);
	if (r < 0)
		return r;
	if (r > 0) {
		snprintf(remedy, sizeof(remedy), "swapoff /dev/%s", name);
		r = hostuse_add(uses, addr, remedy, "the machine swaps to its disk %s", base);
		return r < 0 ? r : 1;
	}
	if (depth >= STACK_DEPTH ||
	    sysfs_list(tables->host, &above, "class/block/%s/holders", name) < 0)
		return 0;
	for (size_t i = 0; i < above.count; i++) {
		r = look(tables, addr, base, above.items[i], depth + 1, uses);
		if (r < 0)
			return r;
		if (r == 0) {
			snprintf(remedy, sizeof(remedy),
				 "take %s apart (vgchange -an, cryptsetup close, mdadm --stop)",
				 above.items[i]);
			r = hostuse_add(uses, addr, remedy, "%s is built on its disk %s",
					above.items[i], base);
		}
		if (r < 0)
			return r;
		told = 1;
	}
	return told;
}

int diskuse_scan(const struct host *host, const struct pcidev *const *devs, size_t count,
		 struct hostuse_list *uses)
{
	_cleanup_holdernode_list_ struct holdernode_list nodes = { 0 };
	_cleanup_free_ char *mounts = NULL, *swaps = NULL;
	struct tables tables = { .host = host };
	int r = holdernode_find(host, devs, count, &nodes);

	if (r < 0)
		return r;
	r = kerneltable_read(host, "mountinfo", &mounts);
	if (r >= 0)
		r = kerneltable_read(host, "swaps", &swaps);
	tables.mounts = mounts;
	tables.swaps = swaps;
	for (size_t i = 0; i < nodes.count && r >= 0; i++)
		if (nodes.items[i].block)
			r = look(&tables, &nodes.items[i].addr, nodes.items[i].path + 5,
				 nodes.items[i].path + 5, 0, uses);
	return r < 0 ? r : 0;
}
