/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device nodes that belong to PCI functions. */
#include "holdernode.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "parse.h"
#include "sysfs.h"

/* Documentation/admin-guide/devices.txt: 195 char is NVIDIA's, 254 and 255 are those of all cards.
 */
#define NVIDIA_MAJOR	     195
#define NVIDIA_MINOR_MODESET 254
#define NVIDIA_MINOR_CONTROL 255
#define NVIDIA_GPUS	     "proc/driver/nvidia/gpus"
#define TEXT_LIMIT	     ((size_t)64 * 1024)

void holdernode_list_done(struct holdernode_list *list)
{
	free(list->items);
	*list = (struct holdernode_list){ 0 };
}

/* What mappings are told by, see procscan.c. Of a node without a file in /dev there are none. */
static void read_inode(const struct host *host, struct holdernode *node)
{
	struct stat st;

	if (host->recorded || fstatat(host->root_fd, node->path + 1, &st, 0) < 0)
		return;
	node->dev = (unsigned long)st.st_dev;
	node->inode = st.st_ino;
}

static int add_node(const struct host *host, struct holdernode_list *nodes,
		    const struct holdernode *node)
{
	struct holdernode *items = reallocarray(nodes->items, nodes->count + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	nodes->items = items;
	items[nodes->count] = *node;
	read_inode(host, &items[nodes->count++]);
	return 0;
}

int holdernode_parse_number(const char *text, unsigned *ret_major, unsigned *ret_minor)
{
	char major[16];
	const char *colon = strchr(text, ':');

	if (!colon || (size_t)(colon - text) >= sizeof(major))
		return -EINVAL;
	memcpy(major, text, (size_t)(colon - text));
	major[colon - text] = '\0';
	return parse_uint(major, ret_major) < 0 || parse_uint(colon + 1, ret_minor) < 0 ? -EINVAL
											: 0;
}

/*
 * Reads a place like "../../devices/pci0000:00/0000:00:01.0/0000:01:00.0/drm/card1": 1 and the last
 * PCI address in it, 0 when there is none or when what is below it may be unplugged at any time.
 */
static int parse_place(char *place, bool block, struct pciaddr *ret)
{
	int found = 0;
	char *save;

	for (char *part = strtok_r(place, "/", &save); part; part = strtok_r(NULL, "/", &save)) {
		if (pciaddr_parse(part, ret) >= 0)
			found = 1;
		else if (!block && found &&
			 (strncmp(part, "input", 5) == 0 || strncmp(part, "usb", 3) == 0))
			return 0;
	}
	return found;
}

/* "DEVNAME=dri/card1" of a device's uevent file. */
static void read_node_path(const struct host *host, const char *kind, const char *number,
			   char path[static HOLDERNODE_PATH_SIZE])
{
	char text[SYSFS_TEXT_SIZE], *name;

	snprintf(path, HOLDERNODE_PATH_SIZE, "/dev/%s/%s", kind, number);
	if (sysfs_read(host, text, sizeof(text), "dev/%s/%s/uevent", kind, number) < 0)
		return;
	name = strstr(text, "DEVNAME=");
	if (!name)
		return;
	name += strlen("DEVNAME=");
	name[strcspn(name, "\n")] = '\0';
	if (strlen(name) + sizeof("/dev/") <= HOLDERNODE_PATH_SIZE)
		snprintf(path, HOLDERNODE_PATH_SIZE, "/dev/%.58s", name);
}

static bool is_wanted(const struct pcidev *const *devs, size_t count, const struct pciaddr *addr)
{
	for (size_t i = 0; i < count; i++)
		if (pciaddr_compare(&devs[i]->addr, addr) == 0)
			return true;
	return false;
}

static int find_sysfs_nodes(const struct host *host, const char *kind,
			    const struct pcidev *const *devs, size_t count,
			    struct holdernode_list *nodes)
{
	_cleanup_strlist_ struct strlist numbers = STRLIST_EMPTY;
	int r = sysfs_list(host, &numbers, "dev/%s", kind);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < numbers.count; i++) {
		struct holdernode node = { .block = strcmp(kind, "block") == 0 };
		char place[PATH_MAX];

		r = sysfs_read_target(host, place, sizeof(place), "dev/%s/%s", kind,
				      numbers.items[i]);
		if (r == -ENOENT) /* gone since the listing */
			continue;
		if (r < 0)
			return r;
		if (!parse_place(place, node.block, &node.addr) ||
		    !is_wanted(devs, count, &node.addr) ||
		    holdernode_parse_number(numbers.items[i], &node.major, &node.minor) < 0)
			continue;
		read_node_path(host, kind, numbers.items[i], node.path);
		r = add_node(host, nodes, &node);
		if (r < 0)
			return r;
	}
	return 0;
}

static int find_nvidia_node(const struct host *host, const struct pciaddr *addr,
			    struct holdernode_list *nodes)
{
	struct holdernode node = { .addr = *addr, .major = NVIDIA_MAJOR };
	char path[96], bdf[PCIADDR_SIZE], *minor;
	_cleanup_free_ char *text = NULL;
	int r;

	snprintf(path, sizeof(path), NVIDIA_GPUS "/%s/information", pciaddr_format(addr, bdf));
	r = host_read_file(host, path, TEXT_LIMIT, &text, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	minor = strstr(text, "Device Minor:");
	if (!minor)
		return 0;
	minor += strlen("Device Minor:");
	minor += strspn(minor, " \t");
	minor[strcspn(minor, " \t\n")] = '\0';
	if (parse_uint(minor, &node.minor) < 0)
		return 0;
	snprintf(node.path, sizeof(node.path), "/dev/nvidia%u", node.minor);
	return add_node(host, nodes, &node);
}

int holdernode_find_group(const struct host *host, unsigned group, const struct pciaddr *addr,
			  struct holdernode_list *nodes)
{
	struct holdernode node = { .addr = *addr };
	char number[64];
	int r;

	r = sysfs_read(host, number, sizeof(number), "class/vfio/%u/dev", group);
	/* ENODEV: its last device has just gone from the group (device_del() under an open
	 * attribute). */
	if (r < 0)
		return r == -ENOENT || r == -ENODEV ? 0 : r;
	if (holdernode_parse_number(number, &node.major, &node.minor) < 0)
		return -EBADMSG;
	snprintf(node.path, sizeof(node.path), "/dev/vfio/%u", group);
	return add_node(host, nodes, &node);
}

/* "235 nvidia-uvm" of /proc/devices. 1 and the number, 0 when there is no such driver. */
static int find_major(const struct host *host, const char *name, unsigned *ret)
{
	_cleanup_free_ char *text = NULL;
	char *save;
	int r = host_read_file(host, "proc/devices", TEXT_LIMIT, &text, NULL);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *number = line + strspn(line, " "), *blank = strchr(number, ' ');

		if (!blank || strcmp(blank + 1, name) != 0)
			continue;
		*blank = '\0';
		return parse_uint(number, ret) >= 0;
	}
	return 0;
}

/* The nodes that all cards of NVIDIA's driver share, when each of those cards is among DEVS. */
static int find_nvidia_shared(const struct host *host, const struct pcidev *const *devs,
			      size_t count, struct holdernode_list *nodes)
{
	struct holdernode control = { .major = NVIDIA_MAJOR, .minor = NVIDIA_MINOR_CONTROL };
	struct holdernode modeset = { .major = NVIDIA_MAJOR, .minor = NVIDIA_MINOR_MODESET };
	struct holdernode uvm = { .any_minor = true };
	_cleanup_strlist_ struct strlist gpus = STRLIST_EMPTY;
	struct pciaddr addr;
	int r = host_list(host, NVIDIA_GPUS, &gpus);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	for (size_t i = 0; i < gpus.count; i++)
		if (pciaddr_parse(gpus.items[i], &addr) < 0 || !is_wanted(devs, count, &addr))
			return 0;
	if (gpus.count == 0)
		return 0;
	control.addr = modeset.addr = uvm.addr = addr;
	snprintf(control.path, sizeof(control.path), "/dev/nvidiactl");
	snprintf(modeset.path, sizeof(modeset.path), "/dev/nvidia-modeset");
	snprintf(uvm.path, sizeof(uvm.path), "/dev/nvidia-uvm");
	r = add_node(host, nodes, &control);
	if (r >= 0)
		r = add_node(host, nodes, &modeset);
	if (r >= 0)
		r = find_major(host, "nvidia-uvm", &uvm.major);
	if (r > 0 || (r == 0 && host->recorded))
		r = add_node(host, nodes, &uvm);
	return r;
}

int holdernode_find(const struct host *host, const struct pcidev *const *devs, size_t count,
		    struct holdernode_list *ret)
{
	_cleanup_holdernode_list_ struct holdernode_list nodes = { 0 };
	int r = find_sysfs_nodes(host, "char", devs, count, &nodes);

	if (r >= 0)
		r = find_sysfs_nodes(host, "block", devs, count, &nodes);
	for (size_t i = 0; i < count && r >= 0; i++) {
		r = find_nvidia_node(host, &devs[i]->addr, &nodes);
		if (r >= 0 && devs[i]->iommu_group >= 0)
			r = holdernode_find_group(host, (unsigned)devs[i]->iommu_group,
						  &devs[i]->addr, &nodes);
	}
	if (r >= 0)
		r = find_nvidia_shared(host, devs, count, &nodes);
	if (r < 0)
		return r;
	*ret = nodes;
	nodes = (struct holdernode_list){ 0 };
	return 0;
}
