/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The udev rules of this boot that are made from the guests' files: one file for each guest and
 * kind. */
#pragma once

#include <stdio.h>

#include "host.h"
#include "strlist.h"

/* Relative to the host's root. udev reads it beside /etc and /usr/lib, and sorts files by name:
 * they are RULEFILE_DIRECTORY/PREFIX+NAME.rules. */
#define RULEFILE_DIRECTORY "run/udev/rules.d"

/*
 * A file to print rules of NAME to, until rulefile_commit() puts it in its place and closes it.
 * NULL and errno.
 */
FILE *rulefile_create(const struct host *host, const char *name);
/*
 * Atomic: on failure, of the printing too, an earlier file stands. Adds the file to WRITTEN, for
 * rulefile_keep(). -errno.
 */
int rulefile_commit(const struct host *host, FILE *out, const char *prefix, const char *name,
		    struct strlist *written);
/* Removes the files of PREFIX that are not in WRITTEN. -errno. */
int rulefile_keep(const struct host *host, const char *prefix, const struct strlist *written);
