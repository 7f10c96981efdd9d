/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI function and what its IOMMU groups hold, as JSON: the same words from every program. */
#include "iommushow.h"

#include "jsontext.h"

static const char *format_id(const struct pcidev *dev, char buf[static PCIIDS_SIZE])
{
	struct pciids ids = dev->ids;

	ids.has_subsystem = false;
	return pciids_format(&ids, buf);
}

static void print_bdf(FILE *out, const struct pcidev *dev, size_t *n)
{
	char bdf[PCIADDR_SIZE];

	fprintf(out, "%s\"%s\"", (*n)++ > 0 ? ", " : "", pciaddr_format(&dev->addr, bdf));
}

/* "KEY": [...] of those of DEVS that are in GROUP. */
static void print_group(FILE *out, const char *key, const struct pcidev *const *devs, size_t count,
			int group)
{
	size_t n = 0;

	fprintf(out, ", \"%s\": [", key);
	for (size_t i = 0; i < count; i++)
		if (group >= 0 && devs[i]->iommu_group == group)
			print_bdf(out, devs[i], &n);
	fprintf(out, "]");
}

void iommushow_open(FILE *out, const struct pcidev *dev)
{
	char bdf[PCIADDR_SIZE], id[PCIIDS_SIZE];

	fprintf(out, "{\"bdf\": \"%s\", \"id\": \"%s\", \"class\": \"%04x\", \"driver\": ",
		pciaddr_format(&dev->addr, bdf), format_id(dev, id), dev->class >> 8);
	jsontext_print(out, dev->driver[0] ? dev->driver : NULL);
	if (dev->iommu_group >= 0)
		fprintf(out, ", \"group\": %d", dev->iommu_group);
	else
		fprintf(out, ", \"group\": null");
}

static void print_other_groups(FILE *out, const struct iommu_set *set)
{
	fprintf(out, ", \"own_other_groups\": [");
	for (size_t i = 0; i < set->own_other_group_count; i++) {
		const struct pcidev *dev = set->own_other_groups[i];
		char bdf[PCIADDR_SIZE];

		fprintf(out,
			"%s{\"bdf\": \"%s\", \"class\": \"%04x\", \"group\": ", i > 0 ? ", " : "",
			pciaddr_format(&dev->addr, bdf), dev->class >> 8);
		if (dev->iommu_group >= 0)
			fprintf(out, "%d", dev->iommu_group);
		else
			fprintf(out, "null");
		print_group(out, "foreign", set->foreign, set->foreign_count, dev->iommu_group);
		fprintf(out, "}");
	}
	fprintf(out, "]");
}

void iommushow_device(FILE *out, const struct iommu_set *set)
{
	const struct pcidev *dev = set->device;

	iommushow_open(out, dev);
	fprintf(out, ", \"boot_display\": %s, \"verdict\": \"%s\"",
		dev->boot_vga == 1 ? "true" : "false", iommu_verdict_word(set->verdict));
	print_group(out, "own", set->own, set->own_count, dev->iommu_group);
	print_group(out, "bridges", set->bridges, set->bridge_count, dev->iommu_group);
	print_group(out, "foreign", set->foreign, set->foreign_count, dev->iommu_group);
	print_other_groups(out, set);
}
