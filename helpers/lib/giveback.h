/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Puts recorded PCI functions back to what they were found with, each for itself. */
#pragma once

#include <stdbool.h>

#include "handover.h"
#include "isolation.h"

struct giveback {
	int error;			 /* 0: the function is as it was found */
	bool moved;			 /* it came off vfio-pci */
	char driver[PCIDEV_DRIVER_SIZE]; /* then: what it is on now, "" for none */
	struct handover_failure failure; /* when error is not 0 */
};

/*
 * One function of isolation_recall(). A virtual machine that still has the vfio group open is
 * waited for, at most TIMEOUT_MS, on its pidfd: an unbind written meanwhile would make the kernel
 * ask the guest for the device, and block. A function that is gone counts as put back.
 */
void giveback_function(const struct host *host, const struct isolation_function *function,
		       unsigned timeout_ms, int lock_fd, struct giveback *ret);

/*
 * After all functions were tried (RESULTS by index of ISO): the group nodes to root, and the record
 * to what is left; removed when nothing is. A node that stays with vxm makes the error of its
 * group's functions. 0, -errno of the record.
 */
int giveback_finish(const struct host *host, const char *guest, const struct isolation *iso,
		    struct giveback *results);
