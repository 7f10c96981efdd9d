/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions as sysfs shows them. */
#include "pcidev.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "deadline.h"
#include "parse.h"
#include "sysfs.h"

#define PCIDEV_DIR "bus/pci/devices/%s/"

/* An attribute of a fixed number of hexadecimal digits; ABSENT when the function has none. */
static int read_hex(const struct host *host, const char *bdf, const char *attribute,
		    uint64_t absent, uint64_t *ret)
{
	int r = sysfs_read_u64(host, ret, PCIDEV_DIR "%s", bdf, attribute);

	if (r != -ENOENT)
		return r;
	*ret = absent;
	return 0;
}

static int read_ids(const struct host *host, const char *bdf, struct pcidev *dev)
{
	uint64_t vendor, device, subvendor, subdevice, class;
	int r;

	r = sysfs_read_u64(host, &vendor, PCIDEV_DIR "vendor", bdf);
	if (r >= 0)
		r = sysfs_read_u64(host, &device, PCIDEV_DIR "device", bdf);
	if (r >= 0)
		r = sysfs_read_u64(host, &class, PCIDEV_DIR "class", bdf);
	if (r >= 0)
		r = read_hex(host, bdf, "subsystem_vendor", 0, &subvendor);
	if (r >= 0)
		r = read_hex(host, bdf, "subsystem_device", 0, &subdevice);
	if (r < 0)
		return r;
	dev->ids = (struct pciids){ .vendor = (uint16_t)vendor,
				    .device = (uint16_t)device,
				    .subvendor = (uint16_t)subvendor,
				    .subdevice = (uint16_t)subdevice,
				    .has_subsystem = true };
	dev->class = (uint32_t)(class & 0xffffff);
	return 0;
}

static int read_driver(const struct host *host, const char *bdf, struct pcidev *dev)
{
	int r = sysfs_read_link(host, dev->driver, sizeof(dev->driver), PCIDEV_DIR "driver", bdf);

	return r == -ENOENT ? 0 : r;
}

struct override_job {
	const struct host *host;
	char bdf[PCIADDR_SIZE];
	char *text; /* shared with the child */
};

static int read_override(void *data)
{
	const struct override_job *job = data;
	int r = sysfs_read(job->host, job->text, PCIDEV_DRIVER_SIZE, PCIDEV_DIR "driver_override",
			   job->bdf);

	return r == -ENOENT ? 0 : r;
}

int pcidev_read_override(const struct host *host, const struct pciaddr *addr,
			 char ret[static PCIDEV_DRIVER_SIZE], pid_t *ret_pid)
{
	struct override_job job = { .host = host };
	int r;

	job.text = mmap(NULL, PCIDEV_DRIVER_SIZE, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (job.text == MAP_FAILED)
		return -ENOMEM;
	pciaddr_format(addr, job.bdf);
	r = deadline_run_silent(read_override, &job, PCIDEV_LOCK_TIMEOUT_MS, -1, ret_pid);
	/* The kernel's sysfs_emit() of a NULL pointer; writing it back would set an override of
	 * that name. */
	if (r >= 0)
		snprintf(ret, PCIDEV_DRIVER_SIZE, "%s",
			 strcmp(job.text, "(null)") == 0 ? "" : job.text);
	munmap(job.text, PCIDEV_DRIVER_SIZE);
	return r;
}

/*
 * A physical function has a link virtfnN to each of its virtual ones (pci_iov_sysfs_link()).
 * sriov_numvfs is not read: since Linux 5.9 its readers wait for the device's lock
 * (sriov_numvfs_show()), and beside a driver that never comes back they never would either. On a
 * recorded machine it is a file like any other, and may be all there is.
 */
static int count_virtual(const struct host *host, const char *bdf, unsigned *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	uint64_t value = 0;
	unsigned count = 0;
	int r = host->recorded ? read_hex(host, bdf, "sriov_numvfs", 0, &value) : 0;

	if (r >= 0 && sysfs_exists(host, PCIDEV_DIR "sriov_totalvfs", bdf) >= 0)
		r = sysfs_list(host, &names, PCIDEV_DIR, bdf);
	if (r < 0)
		return r;
	for (size_t i = 0; i < names.count; i++)
		count += strncmp(names.items[i], "virtfn", 6) == 0;
	*ret = count > value ? count : (unsigned)value;
	return 0;
}

static int read_place(const struct host *host, const char *bdf, struct pcidev *dev)
{
	char text[32];
	unsigned group;
	int r;

	dev->iommu_group = -1;
	r = sysfs_read_link(host, text, sizeof(text), PCIDEV_DIR "iommu_group", bdf);
	if (r >= 0)
		r = parse_uint(text, &group);
	if (r >= 0)
		dev->iommu_group = (int)group;
	else if (r != -ENOENT)
		return r;
	dev->numa_node = -1;
	r = sysfs_read_int(host, &dev->numa_node, PCIDEV_DIR "numa_node", bdf);
	if (r < 0 && r != -ENOENT)
		return r;
	dev->boot_vga = -1;
	r = sysfs_read_int(host, &dev->boot_vga, PCIDEV_DIR "boot_vga", bdf);
	if (r < 0 && r != -ENOENT)
		return r;
	r = sysfs_read(host, text, sizeof(text), PCIDEV_DIR "removable", bdf);
	if (r < 0 && r != -ENOENT)
		return r;
	dev->removable = r >= 0 && strcmp(text, "removable") == 0;
	return count_virtual(host, bdf, &dev->vf_count);
}

int pcidev_read(const struct host *host, const struct pciaddr *addr, struct pcidev *ret)
{
	struct pcidev dev = { .addr = *addr };
	char bdf[PCIADDR_SIZE];
	int r;

	pciaddr_format(addr, bdf);
	r = read_ids(host, bdf, &dev);
	if (r >= 0)
		r = read_driver(host, bdf, &dev);
	if (r >= 0)
		r = read_place(host, bdf, &dev);
	if (r < 0)
		return r;
	*ret = dev;
	return 0;
}

static int by_address(const void *a, const void *b)
{
	const struct pcidev *x = a, *y = b;

	return pciaddr_compare(&x->addr, &y->addr);
}

int pcidev_scan(const struct host *host, struct pcidev_list *ret)
{
	_cleanup_strlist_ struct strlist names = STRLIST_EMPTY;
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	int r;

	r = sysfs_list(host, &names, "bus/pci/devices");
	if (r < 0)
		return r;
	list.items = calloc(names.count + 1, sizeof(*list.items));
	if (!list.items)
		return -ENOMEM;
	for (size_t i = 0; i < names.count; i++) {
		struct pciaddr addr;

		r = pciaddr_parse(names.items[i], &addr);
		if (r < 0)
			return r;
		r = pcidev_read(host, &addr, &list.items[list.count]);
		if (r == -ENOENT || r == -ENODEV) /* unplugged since the listing */
			continue;
		if (r < 0)
			return r;
		list.count++;
	}
	qsort(list.items, list.count, sizeof(*list.items), by_address);
	*ret = list;
	list = (struct pcidev_list){ 0 };
	return 0;
}

void pcidev_list_done(struct pcidev_list *list)
{
	free(list->items);
	*list = (struct pcidev_list){ 0 };
}

const struct pcidev *pcidev_find(const struct pcidev_list *list, const struct pciaddr *addr)
{
	struct pcidev wanted = { .addr = *addr };

	return list->count == 0 ? NULL
				: bsearch(&wanted, list->items, list->count, sizeof(*list->items),
					  by_address);
}

bool pcidev_is_display(const struct pcidev *dev)
{
	return dev->class >> 16 == 0x03;
}

bool pcidev_is_bridge(const struct pcidev *dev)
{
	return dev->class >> 16 == 0x06;
}
