/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules that keep the host's drivers away from a prepared guest's functions. */
#pragma once

#include <stdio.h>

#include "prepared.h"

/* Before 72-vxm-initramfs.rules, which looks at what these did. */
#define PREPARERULE_PREFIX "71-vxm-prepare-"

/* The rules of one guest for the running system: rulefile.h. Errors are OUT's (ferror()). */
void preparerule_print(FILE *out, const char *name, const struct prepared *prepared);
/* Those for an initramfs. */
void preparerule_print_initramfs(FILE *out, const char *name, const struct prepared *prepared);
