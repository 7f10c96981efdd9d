/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All that `vxm check` finds out, and the verdict it comes to. */
#pragma once

#include "gpu.h"
#include "guest.h"
#include "machine.h"
#include "reason.h"

struct checkup_device {
	const struct iommu_set *set;
	struct iommu_set own_set;   /* of one that is no GPU; set points to it */
	struct reason_list reasons; /* its own alone */
};

struct checkup {
	struct gpu_list gpus;
	struct machine machine;
	struct guest *guest;		/* of `check NAME`; NULL otherwise */
	struct reason_list reasons;	/* of the machine, and of the guest */
	struct checkup_device *devices; /* what is asked about; all GPUs without an argument */
	size_t count;
	size_t best; /* the one that the verdict is about; COUNT: there is none */
};

/*
 * Fills *ret where it stands, for its parts point into each other. ADDR: of that device; GUEST
 * (handed over): of what it names; neither: of all GPUs. 0; -ENOENT: no PCI bus; -ENODEV: nothing
 * is at ADDR; -errno. Runs for as long as the monitors of a live machine need to answer, else some
 * milliseconds.
 */
int checkup_run(const struct host *host, const struct pciaddr *addr, struct guest *guest,
		struct checkup *ret);
void checkup_done(struct checkup *checkup);
#define _cleanup_checkup_ _cleanup_(checkup_done)

/* Nothing blocks: of `check NAME` all its devices, else the best one. */
bool checkup_is_good(const struct checkup *checkup);
