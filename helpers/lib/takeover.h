/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Takes a guest's PCI functions to vfio-pci, with the record first. */
#pragma once

#include "handover.h"
#include "isolation.h"

/* Writes the record of every old value, and with it the claim. 0, -errno of record_save(). */
int takeover_record(const struct host *host, const char *guest, const struct isolation *iso);

/*
 * Writes the record of every old value, walks the plan, and gives the vfio groups' nodes to the
 * user vxm. 0; -errno, and ret_failure says it all, including whether something has changed. What
 * has moved by then is put back by a stop.
 */
int takeover_run(const struct host *host, const char *guest, const struct isolation *iso,
		 const struct handover_plan *plan, int lock_fd,
		 struct handover_failure *ret_failure);
