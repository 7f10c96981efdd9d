/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hands a device node to the user vxm and back, by a mark that a udev rule tests. */
#pragma once

#include <sys/types.h>

#include "host.h"

/*
 * SUBSYSTEM and SYSNAME say the device ("input", "event3"; "vfio", "26"): class/SUBSYSTEM/SYSNAME.
 * MARKNAME is the mark's file below /run/vxm/.access, as udev-rules/71-vxm.rules spells it:
 * "vfio-26" for a vfio group, "event3-input17" for an input node (node and parent).
 *
 * On a recorded host only the mark is written or removed.
 */

/* How long udev may take over one event. */
#define UDEVNODE_TIMEOUT_MS 5000

/*
 * Makes the mark, then has udev run its rules over the device and waits until it has. 0: udev is
 * through with it, and the caller verifies the owner by udevnode_owner(). -ENODEV: there is no such
 * device; the mark is gone again. -ETIMEDOUT: udev did not get to it within UDEVNODE_TIMEOUT_MS (it
 * does not run, or is stuck); the mark stays and udevnode_unmark() is due. -errno of the mark or of
 * the socket.
 */
int udevnode_mark(const struct host *host, const char *subsystem, const char *sysname,
		  const char *markname);
/*
 * Takes the mark away, and has udev give the node to root. A mark or a device that is not there is
 * success. -ETIMEDOUT as above, or another -errno: the mark is gone all the same, the owner is not
 * known to be back.
 */
int udevnode_unmark(const struct host *host, const char *subsystem, const char *sysname,
		    const char *markname);

/* Owner and mode (permission bits only) of the node at PATH, relative to the host's root:
 * "dev/input/event3". -ENOENT. ret_mode may be NULL. */
int udevnode_owner(const struct host *host, const char *path, uid_t *ret_uid, mode_t *ret_mode);
/* The user vxm on the running machine. -ESRCH: there is none (systemd-sysusers has not run). */
int udevnode_vxm_uid(uid_t *ret);
