/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mounts, swap areas and stacked devices on the disks of PCI functions. */
#pragma once

#include "holder.h"
#include "hostuse.h"

/* Adds a use for each disk or partition of the functions that something is on. 0, -errno. */
int diskuse_scan(const struct host *host, const struct pcidev *const *devs, size_t count,
		 struct hostuse_list *uses);
