/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions move with a device, and who else sits in their IOMMU groups. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "pcidev.h"

/*
 * The rule (design, "Which functions move"): the functions of the device's slot that carry its own
 * vendor id move, also where they sit in other groups. Another vendor's function of that slot stays
 * with the host; in the same group it is foreign. Every other non-bridge member of the groups
 * concerned is foreign, and a group with a foreign member cannot be handed over. Bridges and host
 * bridges are neither moved nor foreign, as long as what drives them leaves DMA to the user of the
 * group: the kernel calls a group viable when each bound driver is one that has driver_managed_dma
 * (drivers/iommu/iommu.c: vfio drivers, pcieport, pci-stub). A bridge with another driver (shpchp,
 * an EDAC driver on a host bridge) blocks the group like any foreign member, and is listed as one.
 */

enum iommu_verdict {
	IOMMU_CLEAN,
	IOMMU_SHARED, /* the device's own group has foreign members */
	IOMMU_NONE,   /* the device is in no group: the IOMMU is off, or not for it */
};

/* Pointers into the pcidev_list it was made from, by address. */
struct iommu_set {
	enum iommu_verdict verdict; /* of the device's own group only; it may move when each of own
				       is in a group, and none is foreign */
	const struct pcidev *device;
	const struct pcidev **own; /* what moves; of a GPU its slot's functions, all groups */
	size_t own_count;
	const struct pcidev **foreign; /* in all groups concerned; iommu_group says in which */
	size_t foreign_count;
	const struct pcidev **bridges; /* bridges in the groups concerned */
	size_t bridge_count;
	const struct pcidev **own_other_groups; /* those of own whose group is not the device's */
	size_t own_other_group_count;
};

/* WHOLE_SLOT true for a GPU; false for a [PCI] device, of which only the function itself moves. 0,
 * -ENOENT, -ENOMEM. The groups concerned are those of all functions that move. */
int iommu_observe(const struct pcidev_list *list, const struct pciaddr *device, bool whole_slot,
		  struct iommu_set *ret);

/* The members of all groups, for those who ask about many devices of one list: made once. It points
 * into the list, which has to be by address. 0, -ENOMEM. */
struct iommu_index {
	const struct pcidev_list *list;
	const struct pcidev **members; /* by group, and in it by address */
	size_t count;
};
int iommu_index_make(const struct pcidev_list *list, struct iommu_index *ret);
void iommu_index_done(struct iommu_index *index);
/* iommu_observe(), in a time that depends on slot and groups alone. */
int iommu_observe_indexed(const struct iommu_index *index, const struct pciaddr *device,
			  bool whole_slot, struct iommu_set *ret);

void iommu_set_done(struct iommu_set *set);
#define _cleanup_iommu_set_ _cleanup_(iommu_set_done)

/* "clean", "shared", "no-iommu" */
const char *iommu_verdict_word(enum iommu_verdict verdict);
/* Whether a driver of this name ("" for none) may stay bound in a group that a guest uses. */
bool iommu_is_group_driver(const char *driver);
