// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The lab guest's shared memory: BAR 2 of QEMU's ivshmem-plain.
 *
 * With secure boot the kernel is locked down and refuses to map a BAR by sysfs, and Debian's kernel
 * has no VFIO without an IOMMU. uio_cif maps BARs 0 and 2 of whatever function it is given and
 * touches neither while no interrupt comes (an ivshmem-plain has none), so the function is given to
 * it by new_id; BAR 2 is its map1. The same way without secure boot.
 */
#include "guest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHM_DRIVER "/sys/bus/pci/drivers/hilscher"
#define SHM_UIO	   "/sys/class/uio/uio0"

/* Gives the function to uio_cif once; later calls only measure. Returns 0 or -errno. */
static int shm_size(uint64_t *ret_size)
{
	static bool given;

	if (!given && attr_write(SHM_DRIVER, "new_id", "1af4 1110") == 0)
		given = true;
	return attr_read_number(SHM_UIO "/maps/map1", "size", ret_size);
}

static int shm_map(char **ret_map, size_t *ret_size)
{
	uint64_t size = 0;
	char *map = NULL;
	int r = shm_size(&size);
	int fd;

	if (r < 0)
		return -ENODEV;
	fd = open("/dev/uio0", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* UIO: the offset is the number of the map in pages. */
	map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, sysconf(_SC_PAGESIZE));
	r = map == MAP_FAILED ? -errno : 0;
	close(fd);
	if (r < 0)
		return r;
	*ret_map = map;
	*ret_size = size;
	return 0;
}

void shm_report(void)
{
	uint64_t size;

	if (shm_size(&size) < 0)
		line_print("ivshmem absent");
	else
		line_print("ivshmem %llu", (unsigned long long)size);
}

int shm_write(const char *text)
{
	char *map = NULL;
	size_t size = 0;
	int r = shm_map(&map, &size);

	if (r < 0)
		return r;
	if (strlen(text) >= size)
		r = -ENAMETOOLONG;
	else
		memcpy(map, text, strlen(text) + 1);
	munmap(map, size);
	return r;
}

int shm_read(char *ret_text, size_t size)
{
	char *map = NULL;
	size_t mapped = 0;
	int r = shm_map(&map, &mapped);

	if (r < 0)
		return r;
	snprintf(ret_text, size, "%.*s", (int)(size - 1), map);
	munmap(map, mapped);
	return 0;
}
