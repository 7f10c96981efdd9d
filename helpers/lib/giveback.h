/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts recorded PCI functions back to what they were found with, each for itself. */
#pragma once

#include <stdbool.h>

#include "handover.h"
#include "isolation.h"

struct giveback {
	int error;			 /* 0: the function is as it was found */
	bool kept;			 /* it stays on vfio-pci, as Release=keep has it */
	bool moved;			 /* it came off vfio-pci */
	char driver[PCIDEV_DRIVER_SIZE]; /* then: what it is on now, "" for none */
	struct handover_failure failure; /* when error is not 0; of the display function that is
					    kept: how to have it back */
};

/* Called once a function is through, while others may still be waited for. */
typedef void (*giveback_tell)(const struct isolation_function *function,
			      const struct giveback *result);

/*
 * Tries every function of isolation_recall(); what fails does not stop the rest. A virtual machine
 * that still has a vfio group open is waited for on its pidfd: an unbind written meanwhile would
 * make the kernel ask the guest for the device, and block. TIMEOUT_MS is for all such waits
 * together, so a caller knows when it is told of the last; once it is over, a group is looked at
 * and not waited for. A function that does not answer any more, or fails its reset, stays on
 * vfio-pci, for the probe of a host's driver would hang on it. One that is gone counts as put back.
 * A card that is to be kept (isolation_is_kept()) stays as it is, and in the record; its nodes go
 * back. RESULTS has a place for each, by index of ISO.
 */
void giveback_functions(const struct host *host, const char *guest, const struct isolation *iso,
			unsigned timeout_ms, int lock_fd, giveback_tell tell,
			struct giveback *results);

/*
 * After all functions were tried (RESULTS by index of ISO): the group nodes to root, and the record
 * to what is left; removed when nothing is. A node that stays with vxm makes an error of the first
 * function of its group, which is told. 0, -errno of the record.
 */
int giveback_finish(const struct host *host, const char *guest, const struct isolation *iso,
		    giveback_tell tell, struct giveback *results);

/* Both. 0, -ENOMEM, or the first error of either; that of the record is in ret_record as well, for
 * nobody was told of it. */
int giveback_run(const struct host *host, const char *guest, const struct isolation *iso,
		 unsigned timeout_ms, int lock_fd, giveback_tell tell, int *ret_record);
