/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which functions move with a device, and who else sits in their IOMMU groups. */
#include "iommu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/*
 * Theory of operation
 *
 * What moves is looked for in the device's slot; its groups are those concerned, and every other
 * function in them is a bridge or a foreign member. So a function that moves but sits in a group of
 * its own brings that group's neighbours into view: handing it over would take them off the host as
 * well.
 *
 * A machine may have a thousand functions and dozens of GPUs, and all are asked about at once. So
 * the functions are sorted by group once, and a device costs what is in its slot and its groups.
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

static int by_group(const void *a, const void *b)
{
	const struct pcidev *x = *(const struct pcidev *const *)a;
	const struct pcidev *y = *(const struct pcidev *const *)b;

	if (x->iommu_group != y->iommu_group)
		return x->iommu_group < y->iommu_group ? -1 : 1;
	return pciaddr_compare(&x->addr, &y->addr);
}

static int by_address(const void *a, const void *b)
{
	const struct pcidev *x = *(const struct pcidev *const *)a;
	const struct pcidev *y = *(const struct pcidev *const *)b;

	return pciaddr_compare(&x->addr, &y->addr);
}

int iommu_index_make(const struct pcidev_list *list, struct iommu_index *ret)
{
	struct iommu_index index = { .list = list };

	index.members = calloc(list->count + 1, sizeof(*index.members));
	if (!index.members)
		return -ENOMEM;
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].iommu_group >= 0)
			index.members[index.count++] = &list->items[i];
	qsort(index.members, index.count, sizeof(*index.members), by_group);
	*ret = index;
	return 0;
}

void iommu_index_done(struct iommu_index *index)
{
	free(index->members);
	*index = (struct iommu_index){ 0 };
}

/* The first of the members of GROUP, and one past the last. */
static size_t find_group(const struct iommu_index *index, int group, size_t *ret_end)
{
	size_t low = 0, high = index->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (index->members[middle]->iommu_group < group)
			low = middle + 1;
		else
			high = middle;
	}
	for (*ret_end = low; *ret_end < index->count; (*ret_end)++)
		if (index->members[*ret_end]->iommu_group != group)
			break;
	return low;
}

static int add(const struct pcidev ***list, size_t *count, const struct pcidev *dev)
{
	const struct pcidev **more = reallocarray(*list, *count + 1, sizeof(struct pcidev *));

	if (!more)
		return -ENOMEM;
	more[(*count)++] = dev;
	*list = more;
	return 0;
}

/* The slot's functions lie side by side in a list by address. */
static int find_own(const struct pcidev_list *list, bool whole_slot, struct iommu_set *set)
{
	const struct pcidev *end = list->items + list->count, *dev = set->device;
	int r = 0;

	while (dev > list->items && pciaddr_is_same_slot(&dev[-1].addr, &set->device->addr))
		dev--;
	for (; r >= 0 && dev < end && pciaddr_is_same_slot(&dev->addr, &set->device->addr); dev++) {
		if (!is_own(set->device, dev, whole_slot))
			continue;
		r = add(&set->own, &set->own_count, dev);
		if (r >= 0 && dev->iommu_group != set->device->iommu_group)
			r = add(&set->own_other_groups, &set->own_other_group_count, dev);
	}
	return r;
}

static int sort_member(struct iommu_set *set, const struct pcidev *dev, bool whole_slot)
{
	if (is_own(set->device, dev, whole_slot))
		return 0;
	if (pcidev_is_bridge(dev) && iommu_is_group_driver(dev->driver))
		return add(&set->bridges, &set->bridge_count, dev);
	if (dev->iommu_group == set->device->iommu_group)
		set->verdict = IOMMU_SHARED;
	return add(&set->foreign, &set->foreign_count, dev);
}

/* Whether an earlier one of the functions that move is in the group of the one at I. */
static bool is_known_group(const struct iommu_set *set, size_t i)
{
	for (size_t n = 0; n < i; n++)
		if (set->own[n]->iommu_group == set->own[i]->iommu_group)
			return true;
	return false;
}

int iommu_observe_indexed(const struct iommu_index *index, const struct pciaddr *device,
			  bool whole_slot, struct iommu_set *ret)
{
	_cleanup_iommu_set_ struct iommu_set set = { .device = pcidev_find(index->list, device) };
	int r;

	if (!set.device)
		return -ENOENT;
	set.verdict = set.device->iommu_group < 0 ? IOMMU_NONE : IOMMU_CLEAN;
	r = find_own(index->list, whole_slot, &set);
	for (size_t i = 0; i < set.own_count && r >= 0; i++) {
		size_t end, n;

		if (set.own[i]->iommu_group < 0 || is_known_group(&set, i))
			continue;
		for (n = find_group(index, set.own[i]->iommu_group, &end); n < end && r >= 0; n++)
			r = sort_member(&set, index->members[n], whole_slot);
	}
	if (r < 0)
		return r;
	if (set.foreign_count > 1)
		qsort(set.foreign, set.foreign_count, sizeof(*set.foreign), by_address);
	if (set.bridge_count > 1)
		qsort(set.bridges, set.bridge_count, sizeof(*set.bridges), by_address);
	*ret = set;
	set = (struct iommu_set){ 0 };
	return 0;
}

int iommu_observe(const struct pcidev_list *list, const struct pciaddr *device, bool whole_slot,
		  struct iommu_set *ret)
{
	struct iommu_index index;
	int r = iommu_index_make(list, &index);

	if (r < 0)
		return r;
	r = iommu_observe_indexed(&index, device, whole_slot, ret);
	iommu_index_done(&index);
	return r;
}

void iommu_set_done(struct iommu_set *set)
{
	free(set->own);
	free(set->foreign);
	free(set->bridges);
	free(set->own_other_groups);
	*set = (struct iommu_set){ 0 };
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
