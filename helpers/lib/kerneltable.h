/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table of the kernel's in /proc that tells what the whole machine uses: mounts, swap areas,
 * routes. */
#pragma once

#include "host.h"

/*
 * The table NAME ("mountinfo", "net/route") as the first process has it, else as this one has it: a
 * unit may have mounts and a network of its own. *ret is its text, to be freed, "" where there is
 * none (a recorded machine leaves them out) or where it is not for this user to read. Anything else
 * is -errno, -EFBIG beyond 64 MiB: what cannot be found out is not the same as nothing.
 */
int kerneltable_read(const struct host *host, const char *name, char **ret);
