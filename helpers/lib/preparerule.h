/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules that keep the host's drivers away from a prepared guest's functions. */
#pragma once

#include "host.h"
#include "prepared.h"

/* Relative to the host's root. */
#define PREPARERULE_DIRECTORY "run/udev/rules.d"
#define PREPARERULE_PREFIX    "71-vxm-prepare-"
#define PREPARERULE_SUFFIX    ".rules"

/* Writes PREPARERULE_DIRECTORY/71-vxm-prepare-NAME.rules, one line for each function on record.
 * Atomic. -errno. */
int preparerule_write(const struct host *host, const char *name, const struct prepared *prepared);
/* Removes the rules of all guests that are not in KEEP. -errno. */
int preparerule_keep(const struct host *host, const struct strlist *keep);
