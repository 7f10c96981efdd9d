/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether the kernel lets anybody at a PCI function. */
#pragma once

#include <sys/types.h>

#include "host.h"

/*
 * A driver whose probe() or remove() does not return keeps the device's lock (drivers/base/dd.c),
 * and whoever needs it then sleeps where no signal reaches him: writers of unbind, drivers_probe
 * and power/control, and where the kernel has it so, writers and readers of driver_override, see
 * pcidev_read_override(), whose deadline this has.
 */
#define DEVICELOCK_TEXT_SIZE	512
#define DEVICELOCK_SLEEPER_SIZE 128

/*
 * Takes the lock and gives it back, by writing to power/control what it says already, which changes
 * nothing. 0 also for a function without it; -ETIMEDOUT, and *ret_pid sleeps there; -errno.
 */
int devicelock_try(const struct host *host, const char *bdf, int lock_fd, pid_t *ret_pid);
/* "pid 812, waiting in device_release_driver_internal"; the place only where the kernel tells; ""
 * of pid 0. */
const char *devicelock_sleeper(const struct host *host, pid_t pid,
			       char buf[static DEVICELOCK_SLEEPER_SIZE]);
/* One sentence with the object, the reason and the way out, without a full stop. SLEEPER: who was
 * left behind, as devicelock_sleeper() has it, or "". */
const char *devicelock_tell(const char *bdf, const char *sleeper,
			    char buf[static DEVICELOCK_TEXT_SIZE]);
