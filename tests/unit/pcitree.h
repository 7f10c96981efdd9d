/* SPDX-License-Identifier: GPL-2.0-or-later */
/* PCI functions in a tree's sysfs, for tests. */
#pragma once

#include "tree.h"

#include "pciaddr.h"

static inline void pcitree_attribute(const struct tree *tree, const char *bdf, const char *name,
				     const char *text)
{
	char path[256], line[128];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", bdf, name);
	snprintf(line, sizeof(line), "%s\n", text);
	tree_write(tree, path, line);
}

static inline void pcitree_link(const struct tree *tree, const char *bdf, const char *name,
				const char *target)
{
	char path[256];

	snprintf(path, sizeof(path), "sys/bus/pci/devices/%s/%s", bdf, name);
	tree_link(tree, path, target);
}

/* A function with what every function has; DRIVER and GROUP may be NULL. */
static inline void pcitree_make(const struct tree *tree, const char *bdf, const char *vendor,
				const char *device, const char *class, const char *group,
				const char *driver)
{
	char target[128];

	pcitree_attribute(tree, bdf, "vendor", vendor);
	pcitree_attribute(tree, bdf, "device", device);
	pcitree_attribute(tree, bdf, "class", class);
	pcitree_attribute(tree, bdf, "subsystem_vendor", "0x1043");
	pcitree_attribute(tree, bdf, "subsystem_device", "0x88e2");
	pcitree_attribute(tree, bdf, "driver_override", "(null)");
	pcitree_attribute(tree, bdf, "numa_node", "-1");
	pcitree_attribute(tree, bdf, "power/control", "auto");
	pcitree_attribute(tree, bdf, "d3cold_allowed", "1");
	if (group) {
		snprintf(target, sizeof(target), "../../../../kernel/iommu_groups/%s", group);
		pcitree_link(tree, bdf, "iommu_group", target);
	}
	if (driver) {
		snprintf(target, sizeof(target), "../../../../bus/pci/drivers/%s", driver);
		pcitree_link(tree, bdf, "driver", target);
	}
}

static inline struct pciaddr pcitree_addr(const char *bdf)
{
	struct pciaddr addr = { 0 };

	assert_int_equal(pciaddr_parse(bdf, &addr), 0);
	return addr;
}
