/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which processes have given device nodes open, by descriptor or by mapping. */
#pragma once

#include <sys/types.h>

#include "holdernode.h"

/*
 * Theory of operation
 *
 * A file stays open for the kernel as long as a descriptor or a mapping of it is there, so both are
 * looked at: /proc/PID/fd and /proc/PID/maps. A program may map a node and close it.
 *
 * Descriptors are compared by device number, not by name, so a node under another name, in a
 * container for instance, is the same node; on a recorded machine by name, for its links lead
 * nowhere. Mappings have no device number: they are told by file and by name.
 *
 * Descriptors under way in a socket (SCM_RIGHTS) are nobody's and are not seen; a compositor takes
 * them out at once.
 */

/* NODE is held by PID; MAPPED: by a mapping. 0 to go on, -errno to end. It may be told more than
 * once of the same. */
typedef int procscan_found(void *data, pid_t pid, const struct holdernode *node, bool mapped);

/* Looks through all processes but our own. ret_unseen: how many of them may not be looked into.
 * 0; -errno of the reading, or of FOUND. */
int procscan_run(const struct host *host, const struct holdernode_list *nodes,
		 procscan_found *found, void *data, size_t *ret_unseen);
