/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people call a PCI function, from udev's hardware database. */
#pragma once

#include <stddef.h>

#include "pcidev.h"

struct hwname;

/* Opens the running system's database, whatever machine is looked at: it holds names only. 0;
 * -ENOENT: there is none. */
int hwname_open(struct hwname **ret);
void hwname_close(struct hwname *names);
CLEANUP_DEFINE(struct hwname, hwname_close)
#define _cleanup_hwname_ _cleanup_(hwname_closep)

/* "NVIDIA Corporation AD102 [GeForce RTX 4090]"; "" when it is not known, or NAMES is NULL. Returns
 * buf. */
const char *hwname_device(struct hwname *names, const struct pcidev *dev, char *buf, size_t size);
