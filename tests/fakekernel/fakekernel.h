/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands in the place of kernel and systemd, between each other. */
#pragma once

#include <stdbool.h>

#include "host.h"

/* Does a change that counts as a write: it may be killed around, or fail, as the environment has it
 * (sysfs.c). What ACT returned, or -errno. */
int fakekernel_change(int (*act)(void *data), void *data);
/* The processes in a cgroup whose path has UNIT in it end, or are there again. */
void fakekernel_end_processes(const struct host *host, const char *unit, bool end);
