/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A PCI function and what its IOMMU groups hold, as JSON: the same words from every program. */
#pragma once

#include <stdio.h>

#include "iommu.h"

/* Both open an object and leave it open, for what else the caller has to say. */

/* {"bdf", "id", "class", "driver" (null: none), "group" (null: none) */
void iommushow_open(FILE *out, const struct pcidev *dev);
/*
 * The same, and boot_display, verdict of its own group; own and bridges and foreign in that group;
 * own_other_groups as objects with bdf, class, group and foreign.
 */
void iommushow_device(FILE *out, const struct iommu_set *set);
