/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which QEMU is installed. */
#pragma once

#include "host.h"

#define QEMUVERSION_SIZE 128

/*
 * The first line of what QEMU says of itself: "QEMU emulator version 7.2.5 (Debian ...)", without
 * its end. Of the running machine the program is asked, for 10 seconds at most; of a recorded one
 * it is what `vxm record` put in its place. 0; -ENOENT: it is not installed, -ENODATA: it said
 * nothing, -ETIMEDOUT, -errno.
 */
int qemuversion_read(const struct host *host, char ret[static QEMUVERSION_SIZE]);
