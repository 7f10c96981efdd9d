/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The devices of a guest as arguments of QEMU: cards, disks, network, input. */
#include "qemudevices.h"

#include <errno.h>
#include <stdio.h>

#include "qemujson.h"

#define FUNCTIONS_A_SLOT 8U
#define PCI_PORTS_MAX	 112U			/* 14 slots */
#define OWN_DISKS_MAX	 (7 * FUNCTIONS_A_SLOT) /* virtio-blk and NVMe: a PCI function each */
#define SATA_PORTS	 6
#define SATA_MAX	 (SATA_PORTS * (1 + FUNCTIONS_A_SLOT))
#define SCSI_MAX	 256
#define SLOT_PCI_PORTS	 0x02
#define SLOT_OWN_DISKS	 0x18
#define ADDRESS_SIZE	 8

/* "13.1", as QEMU reads it: hexadecimal. */
static const char *address_of(unsigned slot, unsigned function, char buf[static ADDRESS_SIZE])
{
	snprintf(buf, ADDRESS_SIZE, "%x.%x", slot & 0x1f, function & 7);
	return buf;
}

uint64_t qemudevices_hash(const char *name, uint64_t seed)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;

	for (const char *p = name; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
	return hash;
}

/* --- passed through --- */

/* A function of the host that the guest gets. */
struct passed {
	struct pciaddr addr;
	char id[32];
	const char *rom; /* NULL: the card's own */
	bool is_placed;
};

/* The GPU's functions, then those of [PCI] that are not among them. Returns how many. */
static size_t list_passed(const struct guest *guest, const struct qemuhost *observed,
			  struct passed *ret)
{
	size_t n = 0, gpu_count = observed->gpu_count;

	for (size_t i = 0; i < gpu_count; i++) {
		const struct pciaddr *addr = &observed->gpu[i];
		bool is_display = pciaddr_compare(addr, &guest->gpu.device) == 0;

		ret[n] =
			(struct passed){ .addr = *addr, .rom = is_display ? guest->gpu.rom : NULL };
		snprintf(ret[n++].id, sizeof(ret->id), "gpu%u", addr->function);
	}
	for (size_t i = 0; i < guest->pci_count; i++) {
		const struct pciaddr *addr = &guest->pci[i]->device;
		size_t k = 0;

		while (k < gpu_count && pciaddr_compare(addr, &observed->gpu[k]) != 0)
			k++;
		if (k < gpu_count)
			continue;
		ret[n] = (struct passed){ .addr = *addr };
		snprintf(ret[n++].id, sizeof(ret->id), "pci%zu", i);
	}
	return n;
}

/* The lowest function of FIRST's slot that has no place yet, or NULL. */
static struct passed *next_of_slot(struct passed *passed, size_t count, const struct pciaddr *first)
{
	struct passed *lowest = NULL;

	for (size_t i = 0; i < count; i++)
		if (!passed[i].is_placed && pciaddr_is_same_slot(&passed[i].addr, first) &&
		    (!lowest || passed[i].addr.function < lowest->addr.function))
			lowest = &passed[i];
	return lowest;
}

static int add_function(struct strlist *argv, const struct passed *passed, const char *port,
			unsigned function, bool multifunction)
{
	char host[PCIADDR_SIZE], address[ADDRESS_SIZE];

	return qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s, s:b, s:s*}", "driver",
			    "vfio-pci", "id", passed->id, "host",
			    pciaddr_format(&passed->addr, host), "bus", port, "addr",
			    address_of(0, function, address), "multifunction", multifunction,
			    "romfile", passed->rom);
}

/* Port 0 is the GPU's, in a slot of its own; the others share slots of pcie.0, eight to one. */
static int add_port(struct strlist *argv, unsigned number, char id[static 24])
{
	char address[ADDRESS_SIZE] = "1.0";

	if (number > PCI_PORTS_MAX)
		return -E2BIG;
	snprintf(id, 24, "port-gpu");
	if (number > 0) {
		snprintf(id, 24, "port-pci%u", number - 1);
		address_of(SLOT_PCI_PORTS + (number - 1) / FUNCTIONS_A_SLOT,
			   (number - 1) % FUNCTIONS_A_SLOT, address);
	}
	return qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:b, s:i}", "driver",
			    "pcie-root-port", "id", id, "bus", "pcie.0", "addr", address,
			    "multifunction", number > 0 && (number - 1) % FUNCTIONS_A_SLOT == 0,
			    "chassis", (int)number + 1);
}

/*
 * The functions of one slot of the host sit in one slot of the guest, behind a port of its own and
 * with their numbers: drivers of audio, USB-C and UCSI functions look for function 0 beside them. A
 * slot is found by its function 0 only, so where that one stays with the host the lowest of those
 * that move takes its place.
 */
int qemudevices_add_passed(struct strlist *argv, const struct guest *guest,
			   const struct qemuhost *observed)
{
	_cleanup_free_ struct passed *passed =
		calloc(observed->gpu_count + guest->pci_count + 1, sizeof(*passed));
	size_t count = passed ? list_passed(guest, observed, passed) : 0;
	unsigned ports = 0;
	int r = passed ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && r == 0; i++) {
		struct passed *function;
		bool is_first = true;
		char port[24];

		if (passed[i].is_placed)
			continue;
		r = add_port(argv, ports++, port);
		while (r == 0 && (function = next_of_slot(passed, count, &passed[i].addr))) {
			function->is_placed = true;
			r = add_function(argv, function, port,
					 is_first ? 0 : function->addr.function,
					 is_first && next_of_slot(passed, count, &passed[i].addr));
			is_first = false;
		}
	}
	return r;
}

/* --- disks --- */

/* How many of each kind were placed so far. */
struct places {
	unsigned scsi, own, sata;
	int boot; /* the next bootindex */
};

static int add_node(struct strlist *argv, const char *node, const struct guest_disk *disk,
		    bool is_block, bool has_io_uring)
{
	bool direct = disk->cache == GUEST_CACHE_NONE;
	bool no_flush = disk->cache == GUEST_CACHE_UNSAFE;
	const char *discard = disk->discard ? "unmap" : "ignore";
	/* Without a ring the kernel's own asynchronous I/O does as well, but only past the page
	 * cache. */
	const char *aio = has_io_uring ? "io_uring" : direct ? "native" : "threads";

	return qemujson_add(argv, "-blockdev",
			    "{s:s, s:s, s:s, s:s, s:{s:b, s:b},"
			    " s:{s:s, s:s, s:s, s:s, s:{s:b, s:b}}}",
			    "driver", disk->format == GUEST_FORMAT_QCOW2 ? "qcow2" : "raw",
			    "node-name", node, "discard", discard, "detect-zeroes",
			    disk->discard ? "unmap" : "off", "cache", "direct", direct, "no-flush",
			    no_flush, "file", "driver", is_block ? "host_device" : "file",
			    "filename", disk->path, "aio", aio, "discard", discard, "cache",
			    "direct", direct, "no-flush", no_flush);
}

static int add_scsi(struct strlist *argv, const char *node, struct places *places)
{
	int r = 0;

	if (places->scsi == SCSI_MAX)
		return -E2BIG;
	if (places->scsi == 0)
		r = qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s}", "driver",
				 "virtio-scsi-pci", "id", "scsi0", "bus", "pcie.0", "addr", "10.0",
				 "iothread", "io0");
	if (r < 0)
		return r;
	/* rotation_rate 1 is "not rotating": Windows trims such a disk and does not defragment it.
	 */
	return qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:i, s:i, s:i, s:s, s:s, s:i, s:i}",
			    "driver", "scsi-hd", "id", node, "bus", "scsi0.0", "channel", 0,
			    "scsi-id", (int)places->scsi++, "lun", 0, "drive", node, "serial", node,
			    "rotation_rate", 1, "bootindex", places->boot++);
}

static int add_own(struct strlist *argv, const char *node, bool is_nvme, struct places *places)
{
	char address[ADDRESS_SIZE];
	unsigned i = places->own++;

	if (i >= OWN_DISKS_MAX)
		return -E2BIG;
	address_of(SLOT_OWN_DISKS + i / FUNCTIONS_A_SLOT, i % FUNCTIONS_A_SLOT, address);
	return qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:s*, s:i}",
			    "driver", is_nvme ? "nvme" : "virtio-blk-pci", "id", node, "bus",
			    "pcie.0", "addr", address, "multifunction", i % FUNCTIONS_A_SLOT == 0,
			    "drive", node, "serial", node, "iothread", is_nvme ? NULL : "io0",
			    "bootindex", places->boot++);
}

/* The chip set's controller has six ports; more come with further controllers. */
static int add_sata(struct strlist *argv, const char *node, bool is_cdrom, struct places *places)
{
	unsigned controller = places->sata / SATA_PORTS, port = places->sata % SATA_PORTS;
	char id[16], bus[24], address[ADDRESS_SIZE];
	int r = 0;

	if (places->sata++ >= SATA_MAX)
		return -E2BIG;
	snprintf(id, sizeof(id), "sata%u", controller);
	snprintf(bus, sizeof(bus), "%s.%u", controller ? id : "ide", port);
	if (controller > 0 && port == 0)
		r = qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:b}", "driver",
				 "ich9-ahci", "id", id, "bus", "pcie.0", "addr",
				 address_of(0x17, controller - 1, address), "multifunction",
				 controller == 1);
	if (r < 0)
		return r;
	return qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s, s:i}", "driver",
			    is_cdrom ? "ide-cd" : "ide-hd", "id", node, "bus", bus, "drive", node,
			    "serial", node, "bootindex", places->boot++);
}

static int add_disk(struct strlist *argv, const char *node, const struct guest_disk *disk,
		    struct places *places)
{
	switch (disk->bus) {
	case GUEST_BUS_VIRTIO_BLK:
		return add_own(argv, node, false, places);
	case GUEST_BUS_NVME:
		return add_own(argv, node, true, places);
	case GUEST_BUS_SATA:
		return add_sata(argv, node, false, places);
	case GUEST_BUS_VIRTIO_SCSI:
		break;
	}
	return add_scsi(argv, node, places);
}

/* Disks boot before CD-ROMs: firmware goes on to the medium as long as the disk is empty, and a
 * medium that was left in does not begin the setup again. */
int qemudevices_add_disks(struct strlist *argv, const struct guest *guest,
			  const struct qemuhost *observed)
{
	struct places places = { .boot = 1 };
	char node[24];
	int r = 0;

	if (guest->disk_count > 0)
		r = qemujson_add(argv, "-object", "{s:s, s:s}", "qom-type", "iothread", "id",
				 "io0");
	for (unsigned i = 0; i < guest->disk_count && r == 0; i++) {
		snprintf(node, sizeof(node), "disk%u", i);
		r = add_node(argv, node, guest->disks[i], observed->disk_is_block[i],
			     observed->has_io_uring);
		if (r == 0)
			r = add_disk(argv, node, guest->disks[i], &places);
	}
	for (unsigned i = 0; i < guest->cdrom_count && r == 0; i++) {
		snprintf(node, sizeof(node), "cdrom%u", i);
		r = qemujson_add(argv, "-blockdev", "{s:s, s:s, s:b, s:{s:s, s:s, s:b}}", "driver",
				 "raw", "node-name", node, "read-only", 1, "file", "driver",
				 observed->cdrom_is_block[i] ? "host_device" : "file", "filename",
				 guest->cdroms[i]->path, "read-only", 1);
		if (r == 0)
			r = add_sata(argv, node, true, &places);
	}
	return r;
}

/* --- network, and the small devices --- */

/* 52:54:00 is QEMU's own range of locally administered addresses. No option ROM: the firmware has a
 * driver, and the ROM's file is in a package that need not be there. */
int qemudevices_add_network(struct strlist *argv, const struct guest *guest)
{
	unsigned tail = (unsigned)qemudevices_hash(guest->name, 0) & 0xffffff;
	char mac[18];
	int r;

	if (guest->network == GUEST_NETWORK_NONE)
		return 0;
	snprintf(mac, sizeof(mac), "52:54:00:%02x:%02x:%02x", tail >> 16, tail >> 8 & 0xff,
		 tail & 0xff);
	r = qemujson_add(argv, "-netdev", "{s:s, s:s}", "type", "user", "id", "net0");
	return r == 0 ? qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s, s:s, s:s}",
				     "driver", "virtio-net-pci", "id", "nic0", "bus", "pcie.0",
				     "addr", "11.0", "netdev", "net0", "mac", mac, "romfile", "")
		      : r;
}

/*
 * Keys go to whichever keyboard of the machine woke up last. q35's PS/2 keyboard and mouse are
 * always there: firmware and Windows setup know them. The virtio ones take over once the guest has
 * a driver for them and cost nothing before; USB ones would be polled a hundred times a second.
 */
int qemudevices_add_basics(struct strlist *argv, const struct guest *guest)
{
	int r = qemujson_add(argv, "-object", "{s:s, s:s}", "qom-type", "rng-builtin", "id",
			     "rng0");

	/* edk2 since 2025.02 has no network without a source of random numbers. */
	if (r == 0)
		r = qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s}", "driver",
				 "virtio-rng-pci", "id", "rng0-device", "bus", "pcie.0", "addr",
				 "12.0", "rng", "rng0");
	if (r == 0)
		r = qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:i, s:i}", "driver",
				 "qemu-xhci", "id", "usb", "bus", "pcie.0", "addr", "15.0", "p2",
				 15, "p3", 15);
	if (r < 0 || guest->input_count == 0)
		return r;
	r = qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s}", "driver", "virtio-keyboard-pci",
			 "id", "keyboard0", "bus", "pcie.0", "addr", "13.0");
	return r == 0 ? qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s}", "driver",
				     "virtio-mouse-pci", "id", "mouse0", "bus", "pcie.0", "addr",
				     "14.0")
		      : r;
}

int qemudevices_add_looking_glass(struct strlist *argv, const struct guest *guest)
{
	_cleanup_free_ char *path = NULL;
	int r;

	if (guest->looking_glass_kib == 0)
		return 0;
	if (asprintf(&path, "/dev/shm/looking-glass-%s", guest->name) < 0)
		return -ENOMEM;
	r = qemujson_add(argv, "-object", "{s:s, s:s, s:b, s:s, s:I}", "qom-type",
			 "memory-backend-file", "id", "shm0", "share", 1, "mem-path", path, "size",
			 (long long)guest->looking_glass_kib * 1024);
	return r == 0 ? qemujson_add(argv, "-device", "{s:s, s:s, s:s, s:s, s:s}", "driver",
				     "ivshmem-plain", "id", "shm0-device", "bus", "pcie.0", "addr",
				     "16.0", "memdev", "shm0")
		      : r;
}
