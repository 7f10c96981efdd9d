/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The GPUs of a machine, each with what moves with it and who is in its way. */
#pragma once

#include "iommu.h"

/*
 * A GPU is a slot's display function (class 03xxxx: VGA, 3D, other) with the slot's functions of
 * its vendor. Where a slot has several of them, as old cards with a second head have, the first
 * stands for all. What is built into the processor or serves a server's management board is in the
 * list too: whether a guest could use it is another question.
 */
struct gpu_list {
	struct pcidev_list functions; /* all of the machine */
	struct iommu_index index;
	struct iommu_set *items; /* by address of the GPU */
	size_t count;
};

/* Fills *ret where it stands, for the sets point into it: it must not be copied. 0; -ENOENT: there
 * is no PCI bus in sysfs; -errno. */
int gpu_scan(const struct host *host, struct gpu_list *ret);
void gpu_list_done(struct gpu_list *list);
#define _cleanup_gpu_list_ _cleanup_(gpu_list_done)

/* The GPU that the function belongs to, or NULL. */
const struct iommu_set *gpu_find(const struct gpu_list *list, const struct pciaddr *addr);
/* A server's management controller: it draws a remote console, and renders nothing. */
bool gpu_is_management(const struct pcidev *dev);
/* Part of the processor: on bus 0 of Intel's, or what AMD's sets beside the processor's own
 * functions. */
bool gpu_is_integrated(const struct gpu_list *list, const struct pcidev *dev);
