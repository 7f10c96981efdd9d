/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions move with a device, and who else sits in their IOMMU groups. */
#include "iommu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * Two passes over all functions, both pure. The first finds what moves, and by that the groups
 * concerned; the second sorts every other function of those groups into bridges and foreign
 * members. So a function that moves but sits in a group of its own brings that group's neighbours
 * into view: handing it over would take them off the host as well.
 */

bool iommu_is_group_driver(const char *driver)
{
	static const char *const shared[] = {
		"",
		"pcieport",
		"pci-stub",
		"vfio-pci",
	};

	for (size_t i = 0; i < sizeof(shared) / sizeof(shared[0]); i++)
		if (strcmp(driver, shared[i]) == 0)
			return true;
	/* The kernel's variants of vfio-pci: mlx5_vfio_pci and its like. */
	return strstr(driver, "vfio_pci") || strstr(driver, "vfio-pci");
}

static bool is_own(const struct pcidev *device, const struct pcidev *dev, bool whole_slot)
{
	if (dev == device)
		return true;
	return whole_slot && pciaddr_is_same_slot(&dev->addr, &device->addr) &&
	       dev->ids.vendor == device->ids.vendor && !pcidev_is_bridge(dev);
}

static bool is_member(const struct iommu_set *set, const struct pcidev *dev)
{
	for (size_t i = 0; i < set->own_count; i++)
		if (dev->iommu_group >= 0 && set->own[i]->iommu_group == dev->iommu_group)
			return true;
	return false;
}

int iommu_observe(const struct pcidev_list *list, const struct pciaddr *device, bool whole_slot,
		  struct iommu_set *ret)
{
	_cleanup_iommu_set_ struct iommu_set set = { .device = pcidev_find(list, device) };

	if (!set.device)
		return -ENOENT;
	set.own = calloc(list->count, sizeof(struct pcidev *));
	set.foreign = calloc(list->count, sizeof(struct pcidev *));
	set.bridges = calloc(list->count, sizeof(struct pcidev *));
	set.own_other_groups = calloc(list->count, sizeof(struct pcidev *));
	if (!set.own || !set.foreign || !set.bridges || !set.own_other_groups)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++) {
		const struct pcidev *dev = &list->items[i];

		if (!is_own(set.device, dev, whole_slot))
			continue;
		set.own[set.own_count++] = dev;
		if (dev->iommu_group != set.device->iommu_group)
			set.own_other_groups[set.own_other_group_count++] = dev;
	}
	set.verdict = set.device->iommu_group < 0 ? IOMMU_NONE : IOMMU_CLEAN;
	for (size_t i = 0; i < list->count; i++) {
		const struct pcidev *dev = &list->items[i];

		if (!is_member(&set, dev) || is_own(set.device, dev, whole_slot))
			continue;
		if (pcidev_is_bridge(dev) && iommu_is_group_driver(dev->driver)) {
			set.bridges[set.bridge_count++] = dev;
			continue;
		}
		set.foreign[set.foreign_count++] = dev;
		if (dev->iommu_group == set.device->iommu_group)
			set.verdict = IOMMU_SHARED;
	}
	*ret = set;
	set = (struct iommu_set){ 0 };
	return 0;
}

void iommu_set_done(struct iommu_set *set)
{
	free(set->own);
	free(set->foreign);
	free(set->bridges);
	free(set->own_other_groups);
	*set = (struct iommu_set){ 0 };
}

bool iommu_is_movable(const struct iommu_set *set)
{
	for (size_t i = 0; i < set->own_count; i++)
		if (set->own[i]->iommu_group < 0)
			return false;
	return set->foreign_count == 0;
}

const char *iommu_verdict_word(enum iommu_verdict verdict)
{
	switch (verdict) {
	case IOMMU_SHARED:
		return "shared";
	case IOMMU_NONE:
		return "no-iommu";
	case IOMMU_CLEAN:
	default:
		return "clean";
	}
}
