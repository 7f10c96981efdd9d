/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All of some bytes to a file, and the directories it stands in. */
#pragma once

#include <stddef.h>

/* write() until SIZE bytes are written, whatever a signal or a full pipe makes of it. 0, -errno. */
int writeout(int fd, const char *bytes, size_t size);

/* Makes the directories above the last component of PATH, below ROOT_FD, mode 0755; those that are
 * there stay. 0, -errno. */
int writeout_parents(int root_fd, const char *path);
