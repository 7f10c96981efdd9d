/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What kind of machine this is, and why its IOMMU is off. */
#pragma once

#include <stdbool.h>

#include "gpu.h"
#include "reason.h"

enum machine_cpu { MACHINE_CPU_UNKNOWN, MACHINE_CPU_INTEL, MACHINE_CPU_AMD };

/* Whether the firmware describes an IOMMU to the kernel (ACPI's DMAR or IVRS). */
enum machine_table { MACHINE_TABLE_UNKNOWN, MACHINE_TABLE_ABSENT, MACHINE_TABLE_PRESENT };

struct machine {
	enum machine_cpu cpu;
	char product[128]; /* DMI's vendor and product; "" when not known */
	bool laptop;
	enum machine_table table;
	bool has_groups; /* any function is in an IOMMU group */
	char *cmdline;	 /* of the kernel; NULL when not known */
};

/* 0, -ENOMEM. What cannot be read is unknown. */
int machine_observe(const struct host *host, const struct gpu_list *gpus, struct machine *ret);
void machine_done(struct machine *machine);
#define _cleanup_machine_ _cleanup_(machine_done)

/* Says why the function is in no IOMMU group, and what switches the IOMMU on: code "no-iommu". */
void machine_explain_iommu(const struct machine *machine, const struct pcidev *dev,
			   struct reason_list *reasons);
/* The word OPTION ("iommu=off") stands on the kernel's command line. */
bool machine_has_option(const struct machine *machine, const char *option);
