/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints the GPUs of a machine: for people as a tree with the members of their groups, for programs
 * as JSON. */
#pragma once

#include <stdio.h>

#include "gpu.h"
#include "hwname.h"

/* One tree: each GPU with its verdict, below it what moves with it, the bridges and the foreign
 * members of the groups concerned. COUNT may be 1 of many. NAMES may be NULL. 0, -errno. */
int gpushow_print(FILE *out, const struct iommu_set *items, size_t count, struct hwname *names);
/* An array of objects as iommushow_device() writes them. */
void gpushow_print_json(FILE *out, const struct gpu_list *list);
