/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Removing a run-time directory that belongs to the user vxm, as root and safely. */
#pragma once

#include "host.h"

/*
 * Removes /run/vxm/GUEST/SUB with all that is in it, and then /run/vxm/GUEST if that is empty. What
 * is not there is success. No link is followed: the user vxm may have put anything into SUB. -ELOOP
 * for directories nested deeper than 8; -ENOTDIR when /run/vxm/GUEST is no directory; -EBUSY when
 * another file system is mounted there; -errno.
 *
 * Why not systemd's RuntimeDirectory= alone: that removes only the innermost directory, and after
 * ExecStopPost=, so that an empty /run/vxm/GUEST would be left once the last record is gone.
 */
int rundir_remove(const struct host *host, const char *guest, const char *sub);
