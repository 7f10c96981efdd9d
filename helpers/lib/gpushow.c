/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the GPUs of a machine: for people as a tree with the members of their groups, for programs
 * as JSON. */
#include "gpushow.h"

#include "iommushow.h"
#include "table.h"

static const struct table_column columns[] = {
	{ .name = "ADDRESS" },
	{ .name = "ID" },
	{ .name = "CLASS" },
	{ .name = "GROUP", .right = true },
	{ .name = "DRIVER" },
	{ .name = "VERDICT" },
	{ .name = "NAME", .truncating = true },
};

static int add(struct table *table, struct table_line *parent, const struct pcidev *dev,
	       const char *word, struct hwname *names, struct table_line **ret)
{
	char bdf[PCIADDR_SIZE], id[PCIIDS_SIZE], class[8], group[16] = "-", name[256];
	struct pciids ids = dev->ids;
	const char *const cells[] = {
		pciaddr_format(&dev->addr, bdf),
		pciids_format(&ids, id),
		class,
		group,
		dev->driver[0] ? dev->driver : "-",
		word,
		hwname_device(names, dev, name, sizeof(name)),
	};

	ids.has_subsystem = false;
	pciids_format(&ids, id);
	snprintf(class, sizeof(class), "%04x", dev->class >> 8 & 0xffff);
	if (dev->iommu_group >= 0)
		snprintf(group, sizeof(group), "%d", dev->iommu_group);
	return table_add(table, parent, cells, ret);
}

static int add_all(struct table *table, struct table_line *parent, const struct iommu_set *set,
		   struct hwname *names)
{
	int r = 0;

	for (size_t i = 0; i < set->own_count && r >= 0; i++)
		if (set->own[i] != set->device)
			r = add(table, parent, set->own[i], "moves with it", names, NULL);
	for (size_t i = 0; i < set->bridge_count && r >= 0; i++)
		r = add(table, parent, set->bridges[i], "bridge, stays", names, NULL);
	for (size_t i = 0; i < set->foreign_count && r >= 0; i++)
		r = add(table, parent, set->foreign[i], "in the way", names, NULL);
	return r;
}

int gpushow_print(FILE *out, const struct iommu_set *items, size_t count, struct hwname *names)
{
	_cleanup_table_ struct table *table = NULL;
	int r = table_new(out, columns, ARRAY_SIZE(columns), &table);

	for (size_t i = 0; i < count && r >= 0; i++) {
		const struct iommu_set *set = &items[i];
		char word[64];
		struct table_line *line;

		snprintf(word, sizeof(word), "%s%s", iommu_verdict_word(set->verdict),
			 set->device->boot_vga == 1 ? ", boot display" : "");
		r = add(table, NULL, set->device, word, names, &line);
		if (r >= 0)
			r = add_all(table, line, set, names);
	}
	return r < 0 ? r : table_print(table);
}

void gpushow_print_json(FILE *out, const struct gpu_list *list)
{
	fprintf(out, "[");
	for (size_t i = 0; i < list->count; i++) {
		fprintf(out, "%s\n  ", i > 0 ? "," : "");
		iommushow_device(out, &list->items[i]);
		fprintf(out, "}");
	}
	fprintf(out, "%s]\n", list->count > 0 ? "\n" : "");
}
