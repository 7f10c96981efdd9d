/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fuzzes what reads the kernel's tables and attributes: buddyinfo, meminfo, sysfs, config space,
 * EDID. */
#include "fuzz.h"

#include <inttypes.h>

#include "edid.h"
#include "freemem.h"
#include "guestspec.h"
#include "hugepool.h"
#include "optionvalue.h"
#include "parse.h"
#include "pcidev.h"
#include "pciport.h"
#include "sysfs.h"

#define DEVICE	 "sys/bus/pci/devices/0000:01:00.0/"
#define NODE	 "sys/devices/system/node/node0/"
#define POOL	 NODE "hugepages/hugepages-2048kB/"
#define PAGE_KIB 2048

/* A small machine. The first byte of an input chooses the file that has the rest in it. */
static const struct {
	const char *path, *text;
} files[] = {
	{ DEVICE "vendor", "0x10de\n" },
	{ DEVICE "device", "0x2684\n" },
	{ DEVICE "class", "0x030000\n" },
	{ DEVICE "subsystem_vendor", "0x1043\n" },
	{ DEVICE "subsystem_device", "0x88e2\n" },
	{ DEVICE "driver_override", "(null)\n" },
	{ DEVICE "numa_node", "-1\n" },
	{ DEVICE "boot_vga", "1\n" },
	{ DEVICE "removable", "fixed\n" },
	{ DEVICE "sriov_numvfs", "0\n" },
	{ POOL "nr_hugepages", "12\n" },
	{ POOL "surplus_hugepages", "2\n" },
	{ POOL "free_hugepages", "7\n" },
	{ NODE "meminfo", "Node 0 MemFree: 100 kB\nNode 0 Active(file): 2 kB\n"
			  "Node 0 Inactive(file): 3 kB\n" },
	{ "proc/meminfo", "MemTotal: 8000 kB\nMemAvailable: 4000 kB\n" },
	{ "proc/buddyinfo", "Node 0, zone Normal 1 2 3 4 5 6 7 8 9 10 11\n" },
};

static struct host host;

static void restore(size_t i)
{
	fuzz_write(&host, files[i].path, files[i].text, strlen(files[i].text));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	host = fuzz_root();
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		restore(i);
	return 0;
}

static void buddyinfo(const char *text)
{
	uint64_t pieces[12], fewer;
	int r[12];

	for (unsigned order = 0; order < ARRAY_SIZE(pieces); order++) {
		fuzz_mark(&pieces[order], sizeof(pieces[order]));
		r[order] = freemem_pieces(text, 0, order, &pieces[order]);
		demand(r[order] == 0 || r[order] == -ENODATA || r[order] == -EINVAL);
		demand(r[order] == 0 || fuzz_is_marked(&pieces[order], sizeof(pieces[order])));
		if (order == 0 || r[order - 1] < 0)
			continue;
		/* A block is two of the order below, and what is too small for an order is only
		 * left out. */
		demand(r[order] != -EINVAL);
		demand(r[order] < 0 || pieces[order] <= pieces[order - 1] / 2);
	}
	/* Another node's lines do not count. */
	demand(freemem_pieces(text, 4294967295U, 0, &fewer) < 0 || strstr(text, "4294967295,"));
}

static void meminfo(const char *text)
{
	static const char *const fields[] = { "MemAvailable", "MemTotal", "MemFree",
					      "Active(file)" };

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		char number[32];
		uint64_t kib;
		int r;

		fuzz_mark(&kib, sizeof(kib));
		r = freemem_field(text, fields[i], &kib);
		demand(r == 0 || r == -ENODATA || r == -EINVAL);
		demand(r == 0 || fuzz_is_marked(&kib, sizeof(kib)));
		snprintf(number, sizeof(number), "%" PRIu64, kib);
		demand(r < 0 || (strstr(text, fields[i]) && strstr(text, number)));
	}
}

/* The text of an attribute is what its file has, less one newline. */
static void attribute(const char *path, const uint8_t *data, size_t size)
{
	const char *name = path + strlen("sys/");
	char buf[SYSFS_TEXT_SIZE], raw[SYSFS_TEXT_SIZE];
	uint64_t number, same;
	int r, small;

	fuzz_mark(&number, sizeof(number));
	r = sysfs_read(&host, buf, sizeof(buf), "%s", name);
	demand(r == (size >= sizeof(buf) ? -ENAMETOOLONG : 0));
	if (r < 0)
		return;
	memcpy(raw, data, size);
	raw[size - (size > 0 && raw[size - 1] == '\n')] = '\0';
	demand(strcmp(buf, raw) == 0);
	demand(sysfs_read_bytes(&host, raw, sizeof(raw), "%s", name) == (ssize_t)size);
	demand(memcmp(raw, data, size) == 0);
	r = sysfs_read_u64(&host, &number, "%s", name);
	if (r < 0)
		demand(fuzz_is_marked(&number, sizeof(number)));
	else
		demand((parse_u64(buf, &same) == 0 || parse_hex(buf, 16, &same) == 0) &&
		       number == same);
	if (sysfs_read_int(&host, &small, "%s", name) == 0)
		demand(r < 0 || strncmp(buf, "0x", 2) == 0 || number == (uint64_t)small);
}

static void devices(void)
{
	_cleanup_pcidev_list_ struct pcidev_list list = { 0 };
	int r = pcidev_scan(&host, &list);

	if (r < 0) {
		demand(!list.items && list.count == 0);
		return;
	}
	for (size_t i = 0; i < list.count; i++) {
		const struct pcidev *dev = &list.items[i];

		demand(pcidev_find(&list, &dev->addr) == dev);
		demand(dev->class <= 0xffffff && dev->ids.has_subsystem);
		demand(dev->iommu_group >= -1);
	}
}

static void pools(void)
{
	_cleanup_free_ struct hugepool *list = NULL;
	size_t count = 0;
	uint64_t pages, pieces, share;
	char *text = NULL;
	int r = hugepool_list(&host, PAGE_KIB, &list, &count);

	demand(r < 0 ? !list && count == 0 : count == 1);
	if (r == 0) {
		demand(list[0].node == 0 && list[0].page_kib == PAGE_KIB);
		demand(hugepool_persistent(&list[0]) <= list[0].total);
		demand(hugepool_plan(list, 1, -1, 512, &share) == 0 && share == 512);
	}
	demand(host_read_file(&host, "proc/buddyinfo", SIZE_MAX, &text, NULL) == 0);
	r = freemem_pages(&host, 0, PAGE_KIB, &pages);
	demand(r == freemem_pieces(text, 0, 9, &pieces) || r == -EFBIG);
	demand(r < 0 || pages == pieces);
	free(text);
}

static void ports(const uint8_t *config, size_t size)
{
	struct pciport port = { .addr = { .bus = 1 } };

	pciport_parse(config, size, &port);
	demand(port.addr.bus == 1);
	demand(port.kind <= PCIPORT_BRIDGE && port.acs <= PCIPORT_ACS_NEEDLESS);
	demand(*pciport_kind_word(port.kind) && *pciport_acs_word(port.acs));
	/* An extended capability is not in the 64, or 256, bytes that all may read. */
	demand(size > 256 || (port.acs != PCIPORT_ACS_ON && port.acs != PCIPORT_ACS_OFF));
}

static void monitors(const uint8_t *data, size_t size)
{
	char buf[EDID_IDENTITY_SIZE];
	struct edid edid;

	edid_parse(data, size, &edid);
	demand(edid.block_count <= EDID_BLOCKS_MAX && edid.block_count <= size / EDID_BLOCK_SIZE);
	demand(fuzz_is_line(edid.model_name) && fuzz_is_line(edid.serial_text));
	if (!edid.is_usable) {
		demand(!*edid.manufacturer && !edid.has_serial_text && !edid.serial_number);
		return;
	}
	edid_format(&edid, buf);
	demand(fuzz_is_line(buf) && !strchr(buf, ' '));
	demand(edid_is(&edid, edid.manufacturer, edid.product_code, NULL));
	demand(!*edid.serial_text || edid_has_serial(&edid, edid.serial_text));
	/* What is shown of a monitor can be written below [Display], and means this monitor. */
	if (strspn(edid.manufacturer, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 3 &&
	    !strchr(edid.serial_text, ' ')) {
		_cleanup_strlist_ struct strlist texts = STRLIST_EMPTY;
		struct guest_display display = { .label = NULL };

		demand(optionvalue_monitor(NULL, buf, &display, &texts) == 0);
		demand(edid_is(&edid, display.maker, display.product, display.serial));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = fuzz_text(data, size);
	uint8_t *exact = malloc(size + !size); /* a byte read behind the end is found */
	size_t chosen = size > 0 ? data[0] % ARRAY_SIZE(files) : 0;

	buddyinfo(text);
	meminfo(text);
	demand(exact);
	memcpy(exact, data, size);
	monitors(exact, size);
	ports(exact, size);
	free(exact);
	if (size == 0)
		return 0;
	fuzz_write(&host, files[chosen].path, data + 1, size - 1);
	if (strncmp(files[chosen].path, "sys/", 4) == 0)
		attribute(files[chosen].path, data + 1, size - 1);
	devices();
	pools();
	restore(chosen);
	return 0;
}
