/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the machine itself uses of PCI functions, without a process that has a node open. */
#pragma once

#include "holder.h"
#include "hostuse.h"

/*
 * Theory of operation
 *
 * A mount, a swap area, a route, a text console: the kernel is the user, and no descriptor in /proc
 * shows it. An unbind would take the disk from below its file system, or the network, keyboard or
 * screen from the person who asked for it. So it is found by what the kernel tells of each:
 *
 *   - a block device below the function, and what is stacked on it (dm, md: /sys/block/X/holders),
 *     among the mounts and swap areas of the first process: a unit's own mounts are fewer;
 *   - a network interface below it that has a route, an address of more than its own link, or a
 *     bridge or bond above it, in the network of the first process: vxm-check@ has a network of
 *     its own, in which there is nothing;
 *   - the only keyboard of the machine behind it (a USB controller);
 *   - an output of it that is on, and the text console.
 *
 * Not seen: a file system that is mounted in another mount namespace alone, ZFS, and a console that
 * was moved to another framebuffer by con2fbmap(1).
 */

/*
 * All uses of COUNT functions. HOLDERS, of the same functions, tell whether a program draws on a
 * card. 0, -errno. A table that is not there, or not for this user to read, shows no use; any other
 * failure is one, for what cannot be found out may be in use.
 */
int usescan_run(const struct host *host, const struct pcidev *const *devs, size_t count,
		const struct holder_list *holders, struct hostuse_list *ret);
