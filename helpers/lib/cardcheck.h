/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands against giving one PCI device to a guest. */
#pragma once

#include "guest.h"
#include "holder.h"
#include "hostuse.h"
#include "machine.h"

/* What is asked about, and what is known already. */
struct cardcheck {
	const struct host *host;
	const struct machine *machine;
	const struct gpu_list *gpus;
	const struct holder_list *holders; /* of everything that is asked about */
	const struct hostuse_list *uses;   /* the same, but for what display functions show */
	const struct guest *guest;	   /* whose device it is to be, or NULL */
};

/* Adds the reasons that concern the device of SET. Reads its attributes, and writes nothing. */
void cardcheck_run(const struct cardcheck *check, const struct iommu_set *set,
		   struct reason_list *reasons);
