/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether a guest's unit may lock the memory that VFIO pins. */
#pragma once

#include "host.h"

/*
 * vxm-guest@.service says LimitMEMLOCK=infinity, and a drop-in of the administrator's may say
 * something else. 1: unlimited; 0: limited, and ret_file says where ("/etc/systemd/system/...");
 * -ENOENT: the unit is not installed; -errno. NAME is a guest's, or NULL for what holds for all.
 */
int memlock_is_unlimited(const struct host *host, const char *name, char ret_file[static 256]);
