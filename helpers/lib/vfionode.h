/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node of a vfio group, /dev/vfio/N: to the user vxm and back to root. */
#pragma once

#include "host.h"

/*
 * The group's device has no parent in sysfs (drivers/vfio/group.c sets no dev.parent), so no udev
 * rule can match it by PCI address: it is marked by its number, see udevnode.h.
 */

/* 0: the node is vxm's. -ESRCH: there is no such user; -EPERM: udev has handled the event and the
 * owner is another; what udevnode_mark() returns. On a recorded host only the mark is made. */
int vfionode_give(const struct host *host, int group);
/* 0: root's, or gone with the last function of the group. */
int vfionode_take_back(const struct host *host, int group);
