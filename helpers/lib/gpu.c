/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GPUs of a machine, each with what moves with it and who is in its way. */
#include "gpu.h"

#include <errno.h>
#include <stdlib.h>

#define VENDOR_AMD     0x1002
#define VENDOR_AMD_CPU 0x1022 /* host bridges, USB and PSP of AMD's processors */
#define VENDOR_INTEL   0x8086

static bool is_second_head(const struct pcidev_list *functions, const struct pcidev *dev)
{
	for (const struct pcidev *p = dev; p-- > functions->items;) {
		if (!pciaddr_is_same_slot(&p->addr, &dev->addr))
			break;
		if (pcidev_is_display(p) && p->ids.vendor == dev->ids.vendor)
			return true;
	}
	return false;
}

int gpu_scan(const struct host *host, struct gpu_list *ret)
{
	int r;

	*ret = (struct gpu_list){ 0 };
	r = pcidev_scan(host, &ret->functions);
	if (r >= 0)
		r = iommu_index_make(&ret->functions, &ret->index);
	if (r >= 0) {
		ret->items = calloc(ret->functions.count + 1, sizeof(*ret->items));
		r = ret->items ? 0 : -ENOMEM;
	}
	for (size_t i = 0; i < ret->functions.count && r >= 0; i++) {
		const struct pcidev *dev = &ret->functions.items[i];

		if (!pcidev_is_display(dev) || is_second_head(&ret->functions, dev))
			continue;
		r = iommu_observe_indexed(&ret->index, &dev->addr, true, &ret->items[ret->count]);
		if (r >= 0)
			ret->count++;
	}
	if (r < 0)
		gpu_list_done(ret);
	return r;
}

void gpu_list_done(struct gpu_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		iommu_set_done(&list->items[i]);
	free(list->items);
	iommu_index_done(&list->index);
	pcidev_list_done(&list->functions);
	*list = (struct gpu_list){ 0 };
}

const struct iommu_set *gpu_find(const struct gpu_list *list, const struct pciaddr *addr)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t n = 0; n < list->items[i].own_count; n++)
			if (pciaddr_compare(&list->items[i].own[n]->addr, addr) == 0)
				return &list->items[i];
	return NULL;
}

bool gpu_is_management(const struct pcidev *dev)
{
	/* ASPEED; Matrox's G200 for servers, from G200e on; Huawei's and HPE's own. */
	switch (dev->ids.vendor) {
	case 0x1a03:
		return true;
	case 0x102b:
		return dev->ids.device >= 0x0522;
	case 0x19e5:
		return dev->ids.device == 0x1711;
	default:
		return false;
	}
}

bool gpu_is_integrated(const struct gpu_list *list, const struct pcidev *dev)
{
	const struct pcidev *end = list->functions.items + list->functions.count, *p = dev;

	if (dev->addr.bus == 0)
		return dev->ids.vendor == VENDOR_INTEL || dev->ids.vendor == VENDOR_AMD;
	if (dev->ids.vendor != VENDOR_AMD)
		return false;
	/* The slot of an APU's GPU also holds functions of the processor itself. */
	for (; p < end && pciaddr_is_same_slot(&p->addr, &dev->addr); p++)
		if (p->ids.vendor == VENDOR_AMD_CPU)
			return true;
	return false;
}
