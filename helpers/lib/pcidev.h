/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions as sysfs shows them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host.h"
#include "pciaddr.h"

#define PCIDEV_DRIVER_SIZE 64

struct pcidev {
	struct pciaddr addr;
	struct pciids ids; /* has_subsystem is true */
	uint32_t class;	   /* 24 bits: 0x030000 VGA, 0x030200 3D, 0x040300 audio, 0x0604xx bridge */
	char driver[PCIDEV_DRIVER_SIZE]; /* "" when none is bound */
	int iommu_group;		 /* -1: none */
	int numa_node;			 /* -1: unknown */
	int boot_vga;	   /* 1, 0, or -1 where the kernel has no such attribute for the class */
	bool removable;	   /* attribute "removable" says "removable" (Thunderbolt) */
	unsigned vf_count; /* virtual functions that this physical function has now */
};

struct pcidev_list {
	struct pcidev *items; /* by address */
	size_t count;
};

/* All functions of the host. 0, -errno; an attribute that a function lacks is the value documented
 * above, not an error. */
int pcidev_scan(const struct host *host, struct pcidev_list *ret);
void pcidev_list_done(struct pcidev_list *list);
#define _cleanup_pcidev_list_ _cleanup_(pcidev_list_done)

/* Reads one function again. -ENOENT: there is none at that address. */
int pcidev_read(const struct host *host, const struct pciaddr *addr, struct pcidev *ret);

/* How long reading one driver_override may take: a probe by a driver in good health has seconds. */
#define PCIDEV_LOCK_TIMEOUT_MS 25000
/*
 * driver_override, "" when it is unset (the kernel prints "(null)") or there is no such attribute.
 * It is not among what pcidev_read() reads, for where the attribute is PCI's own
 * (driver_override_show() in drivers/pci/pci-sysfs.c; a later kernel has it in drivers/base, with a
 * spinlock) reading it takes the device's lock: beside an unbind that never ends, the reader never
 * would either, beyond any signal. So a child reads it. 0, -errno; -ETIMEDOUT: somebody has that
 * lock and does not let go of it, and *ret_pid (may be NULL) is the child, which sleeps there.
 */
int pcidev_read_override(const struct host *host, const struct pciaddr *addr,
			 char ret[static PCIDEV_DRIVER_SIZE], pid_t *ret_pid);
/* NULL when there is none. */
const struct pcidev *pcidev_find(const struct pcidev_list *list, const struct pciaddr *addr);
bool pcidev_is_display(const struct pcidev *dev); /* class 03xxxx */
bool pcidev_is_bridge(const struct pcidev *dev);  /* class 06xxxx: 0600 host, 0604 PCI, ... */
