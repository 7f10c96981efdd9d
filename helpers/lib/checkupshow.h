/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prints what `vxm check` found out. */
#pragma once

#include <stdio.h>

#include "checkup.h"
#include "hwname.h"

/*
 * For people: the devices and the ports above them, one verdict, each reason with what puts it
 * right, and what could not be seen; with a good verdict about the machine, what to do next. NAMES
 * may be NULL. 0, -errno.
 */
int checkupshow_print(FILE *out, const struct host *host, const struct checkup *checkup,
		      struct hwname *names);
/* An array of objects as gpushow's, each with reasons: its own, then those of machine and guest, as
 * {code, level, text, fix}. Of a guest none of whose devices is there, one object says so. */
void checkupshow_print_json(FILE *out, const struct checkup *checkup);
