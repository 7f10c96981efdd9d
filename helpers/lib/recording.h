/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record of a machine: a directory that --root= takes in the place of the machine. */
#pragma once

#include "host.h"

struct recording {
	size_t files;  /* that were recorded, links not counted */
	size_t unseen; /* that are there, and not ours to read */
};

/*
 * Records HOST into the directory DIR, which must not be there or be empty; what belongs to a
 * record is recordingpart.h's to say, and serials are taken out (redact.h). The record is made in a
 * directory beside DIR, named after it with ".unfinished-" and more, and renamed in the end: DIR is
 * whole or as it was, wherever this is killed. 0; -ENOTEMPTY, -ENOTDIR: DIR is something else
 * already; -errno of making it. What was made is removed again.
 */
int recording_make(const struct host *host, const char *dir, struct recording *ret);
